"""Typical mistakes in 05_lstm_gru, the marks that they get, and right answers in another form."""

from grading.harness import RightAnswer, WrongAnswer

WRONG_ANSWERS = [
    WrongAnswer(
        "everything that looks odd called a slip",
        [("slips", "{5, 8, 9}, False", "{3, 5, 6, 7, 8, 9}, True"), ("slips", "[0.891, -0.576]", "[1.62, -0.667]")],
        {"check-slips": 2.5},
    ),
    WrongAnswer("the slips repeated", [("slips", "[8, 8], 0.731, [0.557, 0.557]", "[10, 10], 0.9, [0.731, 0.731]"), ("slips", "{5, 8, 9}", "{8, 9}")],
                {"check-slips": 3}),  # fmt: skip
    WrongAnswer("output gate with the old memory", [("lstm-step", 'a["o"] + p["p_o"] * c\n', 'a["o"] + p["p_o"] * c_prev\n')], {"check-step": 3}),
    WrongAnswer("tanh of the memory left out", [("lstm-step", 'logistic(a["o"]) * np.tanh(c), c', 'logistic(a["o"]) * c, c')], {"check-step": 2}),
    WrongAnswer(
        "input and forget gate exchanged; z writes",
        [("lstm-step", 'c = logistic(a["f"]) * c_prev + logistic(a["i"])', 'c = logistic(a["i"]) * c_prev + logistic(a["f"])'),
         ("gru-step", "return (1 - z) * np.tanh", "return z * np.tanh"), ("gru-step", "+ past) + z * h_prev", "+ past) + (1 - z) * h_prev")],
        {"check-step": 0, "check-gru": 0},
    ),  # fmt: skip
    WrongAnswer("no peepholes", [("lstm-step", "if peephole:\n        a[\"i\"]", "if False:\n        a[\"i\"]")], {"check-step": 2}),
    WrongAnswer("carried memory forgotten", [("lstm-back", "dc = dc + dh * o * (1 - m**2)", "dc = dh * o * (1 - m**2)")], {"check-back": 1}),
    WrongAnswer("memory carried without f; peephole-like df", [("lstm-back", ", dc * f, grads", ", dc, grads"), ("lstm-back", "dc * c_prev * f", "dc * c * f")],
                {"check-back": 3}),  # fmt: skip
    WrongAnswer("slope of tanh at c", [("lstm-back", "(1 - m**2)", "(1 - c**2)")], {"check-back": 1}),
    WrongAnswer("W without its transpose", [("lstm-back", 'p[f"W_{k}"].T', 'p[f"W_{k}"]')], {"check-back": 6}),
    WrongAnswer("bias as a vector", [("lstm-back", "a.sum(axis=1, keepdims=True)", "a.sum(axis=1)")], {"check-back": 3}),
    WrongAnswer(
        "d_n out of the reset gate's reach; bias of z not turned; four blocks for the coupled cell",
        [("gru-step", 'r * (p["W_n"] @ h_prev + p["d_n"])', 'r * (p["W_n"] @ h_prev) + p["d_n"]'),
         ("convert", '-v if k.endswith("_z") else v', '-v if k in ("U_z", "W_z") else v'),
         ("count", '"coupled": 3', '"coupled": 4')],
        {"check-gru": 1.5, "check-convert": 0, "check-count": 1.6},
    ),  # fmt: skip
    WrongAnswer(
        "before for after; one minus the weights; the first size above the budget",
        [("gru-step", 'if reset == "before"', 'if reset != "before"'), ("convert", "-v if", "1 - v if"), ("size", "    return H\n", "    return H + 1\n")],
        {"check-gru": 0, "check-convert": 0, "check-size": 0},
    ),
    WrongAnswer(
        "the caller's arrays turned too; bias not counted; time constants for half-lives; an index for a lag",
        [("convert", "return {k: -v if", "for k in (\"U_z\", \"W_z\", \"b_z\"):\n        p[k] *= -1\n    return p\n    return {k: -v if"),
         ("count", "(H * D + H * H + H)", "(H * D + H * H)"),
         ("predict-span", '"half_0": 1.0, "half_1": 2.21, "half_4": 38.2', '"half_0": 2, "half_1": 3.7, "half_4": 55'),
         ("measure-span", "int(below[0]) + 1", "int(below[0])")],
        {"check-convert": 1.5, "check-count": 0, "check-span": 0.5, "check-measure": 0},
    ),  # fmt: skip
    WrongAnswer("product from the first step", [("measure-span", "forget[::-1]", "forget")], {"check-measure": 0}),
    WrongAnswer("no lag taken for the first", [("measure-span", " if len(below) else None", ""), ("measure-span", "np.flatnonzero(left <= 0.5)", "[np.argmax(left <= 0.5)]")],
                {"check-measure": 1.5}),  # fmt: skip
]

RIGHT_ANSWERS = [
    RightAnswer(
        "three digits or more, other forms of the same functions",
        [
            ("slips", "{5, 8, 9}", "[9, 8, 5]"),
            ("slips", "[8, 8], 0.731, [0.557, 0.557]", "np.array([8.0, 8.0]), 0.73106, (0.5568, 0.5568)"),
            ("lstm-back", "dh * o * (1 - m**2)", "dh * o / np.cosh(c) ** 2"),
            ("convert", '{k: -v if k.endswith("_z") else v for k, v in p.items()}', '{**p, **{k: 0 - p[k] for k in ("U_z", "W_z", "b_z")}}'),
            ("count", "(H * D + H * H + H)", "H * (D + H + 1)"),
            ("predict-span", '"half_1": 2.21', '"half_1": np.log(0.5) / np.log(1 / (1 + np.exp(-1)))'),
            ("measure-span", "np.cumprod(forget[::-1])", "np.exp(np.cumsum(np.log(forget[::-1])))"),
        ],
    ),
]
