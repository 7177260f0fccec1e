"""Typical mistakes in 04_gradients, the marks that they get, and right answers in another form."""

from grading.harness import RightAnswer, WrongAnswer

WRONG_ANSWERS = [
    WrongAnswer(
        "weights above one explode",
        [("predict", '"tanh": 2 * (1 - 0.9575**2)', '"tanh": 2'), ("claims", '"c": False', '"c": True')],
        {"check-predict": 3, "check-claims": 2},
    ),
    WrongAnswer("one step too early, and a dead unit that lives", [("predict", '"lag": 132', '"lag": 131'), ("predict", '"dead": 0', '"dead": -117')],
                {"check-predict": 2.5}),  # fmt: skip
    WrongAnswer("Jacobians in reverse order", [("norms", "J = J @ (slope[:, None] * W)", "J = (slope[:, None] * W) @ J")], {"check-norms": 3}),
    WrongAnswer(
        "slope on the columns of W",
        [("norms", "slope[:, None] * W", "slope * W")],
        {"check-norms": 2},
    ),
    WrongAnswer("Frobenius norm", [("norms", "np.linalg.norm(J, 2)", "np.linalg.norm(J)")], {"check-norms": 2}),
    WrongAnswer("bound by the spectral radius", [("norms", "slope.max() * np.linalg.norm(W, 2)", "slope.max() * spectral_radius(W)")],
                {"check-norms": 2}),  # fmt: skip
    WrongAnswer(
        "bound without slopes; a matrix that grows a little; all claims true",
        [
            ("norms", "slope.max() * np.linalg.norm(W, 2)", "np.linalg.norm(W, 2)"),
            ("find-w", "[[0.9, 10.0]", "[[0.9, 2.0]"),
            ("claims", '"c": False, "d": True, "e": False, "f": False', '"c": True, "d": True, "e": True, "f": True'),
        ],
        {"check-norms": 2, "check-find-w": 1, "check-claims": 0},
    ),
    WrongAnswer(
        "a symmetric matrix; every parameter clipped by itself",
        [
            ("find-w", "[[0.9, 10.0], [0.0, 0.9]]", "[[0.9, 10.0], [10.0, 0.9]]"),
            ("clip", "norm = np.sqrt(sum((g**2).sum() for g in grads.values()))", "norm = max(np.linalg.norm(g) for g in grads.values())"),
            ("clip", "{k: factor * g for k, g in grads.items()}", "{k: g * min(1, max_norm / np.linalg.norm(g)) for k, g in grads.items()}"),
        ],
        {"check-find-w": 0, "check-clip": 1},
    ),
    WrongAnswer("a short gradient made longer", [("clip", "min(1.0, max_norm / norm) if", "max_norm / norm if")], {"check-clip": 3}),
    WrongAnswer("the caller's arrays changed", [("clip", "np.clip(g, -limit, limit)", "np.clip(g, -limit, limit, out=g)")], {"check-clip": 3}),
    WrongAnswer(
        "examples that turn nothing; by value thought to go uphill",
        [
            ("break", "a, b = [10, 0], [1, 0]", "a, b = [10, 0], [10, 0]"),
            ("break", "[[10, 0], [-1, 0], [-1, 0], [-1, 0]]", "[[10, 0], [-1, 0]]"),
            ("break", "False, 0.71", "True, -1"),
        ],
        {"check-break": 0},
    ),
    WrongAnswer(
        "scaled by the singular value; orthogonality thought to survive tanh",
        [("start", "A / spectral_radius(A)", "A / np.linalg.norm(A, 2)"), ("kept", '("orthogonal", "linear"),', '("orthogonal", "linear"), ("orthogonal", "tanh"),')],
        {"check-start": 2, "check-kept": 1.5},
    ),
    WrongAnswer(
        "columns of length one; nothing thought to be kept",
        [("start", "return Q * np.sign(np.diag(R))", "return A / np.linalg.norm(A, axis=0)"),
         ("kept", '{("orthogonal", "linear"), ("identity", "linear"), ("identity", "relu")}', "set()")],
        {"check-start": 2, "check-kept": 0},
    ),  # fmt: skip
    WrongAnswer("the same matrix at every call", [("start", "A = rng.standard_normal", "A = np.random.default_rng(0).standard_normal")],
                {"check-start": 1}),  # fmt: skip
]

RIGHT_ANSWERS = [
    RightAnswer(
        "two digits, other examples, the same numbers by other ways",
        [
            ("predict", '"shrinks": 0.9**50', '"shrinks": 5.2e-3'),
            ("predict", '"grows": 1.1**50', '"grows": 120'),
            ("norms", "np.linalg.norm(J, 2)", "np.linalg.svd(J)[1].max()"),
            ("find-w", "[[0.9, 10.0], [0.0, 0.9]]", "[[0.0, 0.01], [81.0, 0.0]]"),
            ("clip", "factor = min(1.0, max_norm / norm) if norm > 0 else 1.0", "factor = max_norm / max(norm, max_norm)"),
            ("break", "a, b = [10, 0], [1, 0]", "a, b = [0.0, -1.0], [30.0, 40.0]"),
            ("break", "[[10, 0], [-1, 0], [-1, 0], [-1, 0]]", "[[3, 4], [-0.6, -0.9], [-0.6, -0.9]]"),
            ("start", "Q * np.sign(np.diag(R))", "Q"),
        ],
    ),
]
