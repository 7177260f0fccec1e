"""Typical mistakes in 02_unfolding, and the marks that they get."""

from grading.harness import WrongAnswer

LOOP = "h = np.tanh(params[\"U\"] @ x[t] + params[\"W\"] @ h + params[\"b\"])"

WRONG_ANSWERS = [
    WrongAnswer("weight as (in, out)", [("predict", '"U": (8, 5)', '"U": (5, 8)')], {"check-predict": 1.75}),
    WrongAnswer("weights counted once per step", [("predict", '"weights_200": 139', '"weights_200": 1390')], {"check-predict": 1.75}),
    WrongAnswer("batch forgotten", [("predict", '"h_t": (8, 10)', '"h_t": (8, 1)'), ("predict", "(20, 3, 10)", "(20, 3, 1)")],
                {"check-predict": 1.5}),  # fmt: skip
    WrongAnswer("readout of the state before", [("step", "h = np.tanh(U @ x_t + W @ h + b)\n    return h, V @ h + c",
                                                 "return np.tanh(U @ x_t + W @ h + b), V @ h + c")], {"check-step": 0}),  # fmt: skip
    WrongAnswer("hidden bias left out", [("step", "W @ h + b)", "W @ h)")], {"check-step": 0}),
    WrongAnswer("output bias left out", [("step", "V @ h + c\n", "V @ h\n")], {"check-step": 1}),
    WrongAnswer("logistic for tanh", [("step", "np.tanh(U @ x_t + W @ h + b)", "1 / (1 + np.exp(-(U @ x_t + W @ h + b)))")],
                {"check-step": 0}),  # fmt: skip
    WrongAnswer("every step from a zero state", [("forward", "o, state = model.step_logits(params, x_t, state)",
                                                  "o, state = model.step_logits(params, x_t, model.initial_state(B))")],
                {"check-forward": 0}),  # fmt: skip
    WrongAnswer("first state returned as the last", [("forward", "return np.stack(logits), state", "return np.stack(logits), model.initial_state(B)")],
                {"check-forward": 1}),  # fmt: skip
    WrongAnswer("sequence read backwards", [("forward", "for x_t in x:", "for x_t in x[::-1]:")], {"check-forward": 0}),
    WrongAnswer("one bias for three steps", [("nested", "W @ h0 + b) + b) + b)", "W @ h0)) + b)")], {"check-nested": 0.5}),
    WrongAnswer("W counted three times", [("nested", "times_W = 2", "times_W = 3")], {"check-nested": 1.5}),
    WrongAnswer("influence transposed", [("influence", "moved[k] = ", "moved[:, k] = ")], {"check-influence": 1}),
    WrongAnswer("influence changes its x", [("influence", "other = x.copy()", "other = x")], {"check-influence": 0}),
    WrongAnswer("slip taken for lateness only", [("repaired", "row = 4", "row = 0")], {"check-repaired": 1.5}),
    WrongAnswer("slip moved to the other side", [("repaired", LOOP, LOOP.replace("x[t]", "x[(t + 1) % len(x)]"))], {"check-repaired": 0.5}),
    WrongAnswer("temperature multiplied", [("temperature", "(o - o.max()) / tau", "(o - o.max()) * tau")], {"check-temperature": 0.5}),
    WrongAnswer("softmax without shift", [("temperature", "np.exp((o - o.max()) / tau)", "np.exp(o / tau)")], {"check-temperature": 1.5}),
    WrongAnswer("top-k not renormalised", [("top-k", "return kept / kept.sum()", "return kept")], {"check-top-k": 0}),
    WrongAnswer("the k smallest", [("top-k", "np.argsort(-p)[:k]", "np.argsort(p)[:k]")], {"check-top-k": 0}),
    WrongAnswer("nucleus without the symbol that reaches q", [("nucleus", "- 1e-12) + 1", "- 1e-12)")], {"check-nucleus": 0}),
    WrongAnswer("nucleus that goes on after reaching q", [("nucleus", "< q - 1e-12) + 1", "<= q + 1e-12) + 1")], {"check-nucleus": 1.5}),
    WrongAnswer("nucleus as a threshold", [("nucleus", "np.count_nonzero(np.cumsum(p[order]) < q - 1e-12) + 1", "np.count_nonzero(p >= q)")],
                {"check-nucleus": 0.5}),  # fmt: skip
    WrongAnswer("memory thought idle where the task does not need it", [("cut", "unchanged, equal = {1}", "unchanged, equal = {1, 2, 3}")],
                {"check-cut": 1.5}),  # fmt: skip
    WrongAnswer("trained net destroyed", [("cut", 'return {**params, "W": np.zeros_like(params["W"])}', 'params["W"][:] = 0\n    return params')],
                {"check-cut": 1.5}),  # fmt: skip
    WrongAnswer("last letter counted too", [("bound", "first.count(a)", "word.count(a)")], {"check-bound": 1.0}),
    WrongAnswer("every pair once", [("bound", "for a, b in pairs)", "for a, b in set(pairs))")], {"check-bound": 1.5}),
    WrongAnswer("targets are the inputs", [("data", "ids[1:])", "ids[:-1])")], {"check-data": 0}),
    WrongAnswer("vocabulary sorted", [("data", "Vocabulary(tuple(dict.fromkeys(word)))", "Vocabulary(tuple(sorted(set(word))))")],
                {"check-data": 1}),  # fmt: skip
]
