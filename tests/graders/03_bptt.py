"""Typical mistakes in 03_bptt, and the marks that they get."""

from grading.harness import WrongAnswer

WRONG_ANSWERS = [
    WrongAnswer(
        "immediate for total derivative",
        [("predict", '"total": 15', '"total": 5'), ("predict", '"dw": 30', '"dw": 10')],
        {"check-predict": 2.5},
    ),
    WrongAnswer("parts in reverse order", [("predict", "[8, 12, 10]", "[10, 12, 8]")], {"check-predict": 3}),
    WrongAnswer("step without transpose of W", [("step-backward", 'params["W"].T @ da', 'params["W"] @ da')], {"check-step": 4}),
    WrongAnswer("bias without its column", [("step-backward", "da.sum(axis=1, keepdims=True)", "da.sum(axis=1)")], {"check-step": 4}),
    WrongAnswer("bias as a mean over sequences", [("step-backward", "da.sum(axis=1, keepdims=True)", "da.mean(axis=1, keepdims=True)")],
                {"check-step": 4}),  # fmt: skip
    WrongAnswer("slope left out", [("step-backward", "da = dh * (1 - h**2)", "da = dh")], {"check-step": 0}),
    WrongAnswer("state after the step in dW", [("step-backward", "da @ h_prev.T", "da @ h.T")], {"check-step": 4}),
    WrongAnswer("carried gradient not handed on", [("bptt", "_, carried, additions", "_, lost, additions")], {"check-bptt": 1}),
    WrongAnswer("overwritten instead of added up", [("bptt", "grads[key] += value", "grads[key] = value")], {"check-bptt": 2}),
    WrongAnswer("loop from first to last", [("bptt", "reversed(range(len(caches)))", "range(len(caches))")], {"check-bptt": 1}),
    WrongAnswer(
        "gradient of the last state ignored",
        [("bptt", "for t in reversed(", "carried = State(0 * dh_last)\n    for t in reversed(")],
        {"check-bptt": 1},
    ),
    WrongAnswer("V forgotten", [("bptt", 'grads["V"] += do[t] @ h[t].T', "pass")], {"check-bptt": 3}),
    WrongAnswer("Jacobians in reverse order", [("jacobian", "((1 - h[j] ** 2) * W) @ J", "J @ ((1 - h[j] ** 2) * W)")], {"check-jacobian": 0.5}),
    WrongAnswer("slope on the columns of W", [("jacobian", "((1 - h[j] ** 2) * W)", "((1 - h[j] ** 2).T * W)")], {"check-jacobian": 0}),
    WrongAnswer("one factor too many", [("jacobian", "range(k + 1, t + 1)", "range(k, t + 1)")], {"check-jacobian": 0}),
    WrongAnswer("path with the state after the step", [("path", "h[k - 1].T", "h[k].T")], {"check-path": 0}),
    WrongAnswer("path without transpose", [("path", "J.T @ dh", "J @ dh")], {"check-path": 0}),
    WrongAnswer("influence without the past", [("influence", 'np.einsum("lm,mij->lij", W, P)', "np.zeros_like(P)")], {"check-influence": 1}),
    WrongAnswer("influence through the transpose", [("influence", '"lm,mij->lij"', '"ml,mij->lij"')], {"check-influence": 1}),
    WrongAnswer("zero state thought harmless", [("predict-misses", '"C": {"first step", "batch mean"}', '"C": {"batch mean"}')],
                {"check-misses": 1.5}),  # fmt: skip
    WrongAnswer("two steps thought enough", [("config", '"T": 3', '"T": 2')], {"check-config": 0}),
    WrongAnswer("careful but dear", [("config", '"T": 3', '"T": 5')], {"check-config": 1}),
    WrongAnswer("zero state in the check", [("config", '"state": "random"', '"state": "zero"')], {"check-config": 0}),
]
