"""Typical mistakes in 01_motivation, and the marks that they get."""

from grading.harness import WrongAnswer

WRONG_ANSWERS = [
    WrongAnswer(
        "a large window thought enough",
        [("predict", '"ever above 3": "state", "parity": "state"', '"ever above 3": "window", "parity": "state"')],
        {"check-predict": 3.5},
    ),  # fmt: skip
    WrongAnswer(
        "state wherever the past matters",
        [("predict", '"mean of 5": "window"', '"mean of 5": "state"'), ("predict", '"echo": "window"', '"echo": "state"')],
        {"check-predict": 3},
    ),  # fmt: skip
    WrongAnswer(
        "delay line that wraps round",
        [
            (
                "delay-line",
                "padded = np.concatenate([np.zeros((N - 1, D, B)), x])",
                "return np.concatenate([np.roll(x, k, axis=0) for k in range(N)], axis=1)",
            )
        ],
        {"check-delay-line": 2},
    ),  # fmt: skip
    WrongAnswer("delay line oldest first", [("delay-line", "for k in range(N)]", "for k in reversed(range(N))]")], {"check-delay-line": 1}),
    WrongAnswer(
        "delay line into the future",
        [("delay-line", "np.concatenate([np.zeros((N - 1, D, B)), x])", "np.concatenate([x, np.zeros((N - 1, D, B))])")],
        {"check-delay-line": 1},
    ),  # fmt: skip
    WrongAnswer(
        "standardised by the whole series",
        [("standardise", "values[:train].mean(), values[:train].std()", "values.mean(), values.std()")],
        {"check-standardise": 0},
    ),  # fmt: skip
    WrongAnswer("divided by n - 1", [("standardise", "values[:train].std()", "values[:train].std(ddof=1)")], {"check-standardise": 0}),
    WrongAnswer(
        "fitted to the test years too",
        [
            ("autoregression", "z[N - k : train - k]", "z[N - k : len(z) - k]"),
            ("autoregression", "np.ones(train - N)", "np.ones(len(z) - N)"),
            ("autoregression", "z[N:train]", "z[N:]"),
        ],
        {"check-autoregression": 1},
    ),  # fmt: skip
    WrongAnswer(
        "target among the inputs", [("autoregression", "for k in range(1, N + 1)", "for k in range(N)")], {"check-autoregression": 0}
    ),
    WrongAnswer(
        "weights oldest first", [("autoregression", "for k in range(1, N + 1)", "for k in range(N, 0, -1)")], {"check-autoregression": 1}
    ),
    WrongAnswer(
        "error in standardised units",
        [("errors", '"persistence": sd * ', '"persistence": '), ("errors", '"linear": sd * ', '"linear": ')],
        {"check-errors": 0},
    ),
    WrongAnswer("same as two years ago", [("errors", "z[256:] - z[255:-1]", "z[256:] - z[254:-2]")], {"check-errors": 1}),
    WrongAnswer("diagonal kept", [("hopfield", "    np.fill_diagonal(W, 0)\n", "")], {"check-hopfield": 2.5}),
    WrongAnswer("divided by P", [("hopfield", "/ len(patterns)", "/ patterns.shape[1]")], {"check-hopfield": 3}),
    WrongAnswer("all units at once", [("hopfield", "(W[i] @ s).item()", "(W[i] @ before).item()")], {"check-hopfield": 3}),
    WrongAnswer(
        "sign of zero is zero",
        [("hopfield", "            if field != 0:\n                s[i] = np.sign(field)", "            s[i] = np.sign(field)")],
        {"check-hopfield": 3.5},
    ),
    WrongAnswer("a start that rests", [("break", "np.array([[1.0], [1.0]])", "np.array([[1.0], [-1.0]])")], {"check-break": 1.5}),
    WrongAnswer(
        "symmetric where it must not be",
        [("break", "W_asym = np.array([[0.0, 1.0], [-1.0, 0.0]])", "W_asym = np.array([[0.0, 1.0], [1.0, 0.0]])")],
        {"check-break": 1.5},
    ),
    WrongAnswer("a leaking memory", [("by-hand", "u, w = 16.0, 10.0", "u, w = 1.0, 1.0")], {"check-by-hand": 1}),
    WrongAnswer("a memory too weak for the noise", [("by-hand", "u, w = 16.0, 10.0", "u, w = 4.0, 2.0")], {"check-by-hand": 2}),
    WrongAnswer("a bit too weak to set it", [("by-hand", "u, w = 16.0, 10.0", "u, w = 8.0, 10.0")], {"check-by-hand": 0}),
    WrongAnswer("a memory that changes sign", [("by-hand", "u, w = 16.0, 10.0", "u, w = 16.0, -10.0")], {"check-by-hand": 2}),
]
