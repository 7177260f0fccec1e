"""Typical mistakes in 09_attention, the marks that they get, and right answers in another form."""

from grading.harness import RightAnswer, WrongAnswer

WRONG_ANSWERS = [
    WrongAnswer(
        "a zero item without a weight; the mask after the softmax; a longer query has a larger slope",
        [("by-hand", "[0.665, 0.090, 0.245], [1.421, 0.845]", "[0.881, 0.119, 0], [1.881, 1.119]"),
         ("by-hand", "[0.881, 0.119]", "[0.665, 0.090]"), ("by-hand", "1.0, False", "1.0, True")],
        {"check-by-hand": 1},
    ),  # fmt: skip
    WrongAnswer("scores times mask", [("softmax", "np.where(mask, scores, -np.inf)", "scores * mask")], {"check-softmax": 2}),
    WrongAnswer("weights set to zero afterwards",
                [("softmax", "np.where(mask, scores, -np.inf)", "scores"), ("softmax", "return e / e.sum(axis=0)", "return e / e.sum(axis=0) * mask")],
                {"check-softmax": 2}),  # fmt: skip
    WrongAnswer("sum over the batch", [("softmax", "e / e.sum(axis=0)", "e / e.sum(axis=-1, keepdims=True)")], {"check-softmax": 1}),
    WrongAnswer("nothing subtracted", [("softmax", "hidden - hidden.max(axis=0)", "hidden")], {"check-softmax": 3}),
    WrongAnswer("the largest of all, padding too", [("softmax", "hidden - hidden.max(axis=0)", "hidden - scores.max(axis=0)")], {"check-softmax": 3}),
    WrongAnswer("memory and query exchanged", [("additive", 'p["W_q"] @ q + p["W_k"] @ m', 'p["W_k"] @ q + p["W_q"] @ m')], {"check-additive": 0}),
    WrongAnswer("tanh of each term alone", [("additive", 'np.tanh(p["W_q"] @ q + p["W_k"] @ m)', 'np.tanh(p["W_q"] @ q) + np.tanh(p["W_k"] @ m)')],
                {"check-additive": 0}),  # fmt: skip
    WrongAnswer("never looks at the memory", [("additive", 'p["W_k"] @ m)', 'p["W_k"] @ (0 * m))')], {"check-additive": 0}),
    WrongAnswer("items compared, not averaged", [("back", "dm = w[:, None] * dc + de", "dm = de")], {"check-back": 3}),
    WrongAnswer("items averaged, not compared", [("back", " + de[:, None] * q", "")], {"check-back": 3}),
    WrongAnswer("the softmax's diagonal alone", [("back", "de = w * (dw - (w * dw).sum(axis=0))", "de = w * (1 - w) * dw")], {"check-back": 0}),
    WrongAnswer("the mean left out", [("back", "dw - (w * dw).sum(axis=0)", "dw")], {"check-back": 0}),
    WrongAnswer("summed over the batch", [("back", "(de[:, None] * m).sum(axis=0)", "(de[:, None] * m).sum(axis=(0, 2))[:, None]")], {"check-back": 3}),
    WrongAnswer("one sequence alone", [("faults", "draw.standard_normal((4, 3)), draw.standard_normal((5, 4, 3))", "draw.standard_normal((4, 1)), draw.standard_normal((5, 4, 1))"),
                                       ("faults", "look(draw.standard_normal((4, 3)), m)", "look(draw.standard_normal((4, 1)), m)")],
                {"check-faults": 4}),  # fmt: skip
    WrongAnswer("only the first item replaced", [("faults", "for s in range(5)", "for s in range(1)")], {"check-faults": 4.5}),
    WrongAnswer("everything changed at once", [("faults", "other[s, :, 0] = draw.standard_normal(4)", "other = draw.standard_normal(m.shape)")], {"check-faults": 1.5}),
    WrongAnswer("the sum alone", [("faults", "for s in range(5)", "for s in []"), ("faults", "if np.allclose(look(draw", "if False and np.allclose(look(draw")],
                {"check-faults": 2}),  # fmt: skip
    WrongAnswer("minus one is the last", [("mass", "np.nonzero(alignment >= 0)", "np.nonzero(alignment >= -1)")], {"check-mass": 0}),
    WrongAnswer("the largest weight", [("mass", "weights[t, alignment[t, b], b].mean()", "weights[t, :, b].max(axis=1).mean()")], {"check-mass": 0}),
    WrongAnswer("mean of the sequences' means",
                [("mass", "float(weights[t, alignment[t, b], b].mean())",
                  "float(np.mean([weights[t[b == n], alignment[t[b == n], n], n].mean() for n in range(alignment.shape[1])]))")],
                {"check-mass": 1.5}),  # fmt: skip
]

RIGHT_ANSWERS = [
    RightAnswer(
        "more digits, other forms of the same functions",
        [
            ("by-hand", "[1, -1, 0], [0.665, 0.090, 0.245], [1.421, 0.845]", "(1.0, -1.0, 0.0), np.exp([1, -1, 0]) / np.exp([1, -1, 0]).sum(), [1.4205, 0.846]"),
            ("by-hand", "[0.881, 0.119]", "[np.e / (np.e + 1 / np.e), 0.1192]"),
            ("by-hand", "1.0, False", "0.99995, False"),
            ("softmax", "e / e.sum(axis=0)", "np.exp(np.log(np.where(mask, e, 1)) - np.log(e.sum(axis=0))) * mask"),
            ("additive", '(p["v"] * u).sum(axis=1)', 'np.einsum("ai,sab->sb", p["v"], u)'),
            ("back", "de = w * (dw - (w * dw).sum(axis=0))", "de = w * dw - w * (w * dw).sum(axis=0, keepdims=True)"),
            ("back", "(de[:, None] * m).sum(axis=0)", 'np.einsum("sb,sqb->qb", de, m)'),
            ("faults", "return found", "return frozenset(found)"),
            ("mass", "float(weights[t, alignment[t, b], b].mean())", "np.mean([weights[i, alignment[i, j], j] for i, j in zip(t, b)])"),
        ],
    ),
]
