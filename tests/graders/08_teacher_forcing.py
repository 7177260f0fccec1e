"""Typical mistakes in 08_teacher_forcing, the marks that they get, and right answers in another form."""

from grading.harness import RightAnswer, WrongAnswer

WRONG_ANSWERS = [
    WrongAnswer(
        "nothing is moved by a step",
        [("predict", '["[START]", *wanted[:-1]]', "wanted"), ("predict", '["[START]", *says[:-1]]', "says"),
         ("feed", "read[1:] = np.where(coins[1:], targets[:-1], own[:-1])", "read[1:] = np.where(coins[1:], targets[1:], own[1:])")],
        {"check-predict": 2, "check-feed": 0.5},
    ),  # fmt: skip
    WrongAnswer(
        "only the next step counted; the loss of a forced net said to depend on what it says",
        [("predict", "= 0, 7", "= 0, 1"), ("predict", '{"b", "d"}', '{"b", "c", "d"}')],
        {"check-predict": 3},
    ),
    WrongAnswer("forced and free exchanged", [("predict", "*wanted[:-1]", "*says[:-1]"), ("predict", "*says[:-1]]\nchanged", "*wanted[:-1]]\nchanged")],
                {"check-predict": 2}),  # fmt: skip
    WrongAnswer("the coin of the step before", [("feed", "coins[1:]", "coins[:-1]")], {"check-feed": 0.5}),
    WrongAnswer("truth and own symbol exchanged", [("feed", "targets[:-1], own[:-1]", "own[:-1], targets[:-1]")], {"check-feed": 0.5}),
    WrongAnswer("the start symbol left to the coin", [("feed", "np.full(targets.shape, start)", "targets.copy()")], {"check-feed": 2.5}),
    WrongAnswer(
        "the targets overwritten",
        [("feed", "read = np.full(targets.shape, start)\n    read[1:] = np.where(coins[1:], targets[:-1], own[:-1])\n    return read",
          "targets[1:] = np.where(coins[1:], targets[:-1], own[:-1])\n    targets[0] = start\n    return targets")],
        {"check-feed": 3},
    ),  # fmt: skip
    WrongAnswer(
        "no floor; k itself 0.01; an overflow",
        [("decay", "return max(0.0, 1 - i / n)", "return 1 - i / n"), ("decay", "0.01 ** (i / n)", "0.01**i"),
         ("decay", "falling = k * np.exp(-i / k)\n    return falling / (falling + 1)", "return k / (k + np.exp(i / k))")],
        {"check-decay": 1},
    ),  # fmt: skip
    WrongAnswer("padding in the mean", [("by-step", "/ mask.sum(axis=1)", "/ mask.shape[1]")], {"check-by-step": 2}),
    WrongAnswer("padding counted as wrong", [("by-step", "((said != targets) & mask)", "(said != targets)"), ("by-step", "(said == targets) | ~mask", "said == targets")],
                {"check-by-step": 0}),  # fmt: skip
    WrongAnswer("earlier mistakes forgotten", [("by-step", "np.logical_and.accumulate((said == targets) | ~mask, axis=0)", "((said == targets) | ~mask)")],
                {"check-by-step": 2}),  # fmt: skip
    WrongAnswer(
        "moved the wrong way; the first step is enough; [END] forgotten in the least loss",
        [("shift", "return whole[:-1, None], whole[1:, None]", "return whole[1:, None], whole[:-1, None]"),
         ("shift", "(read == want)[mask].all()", "(read == want)[0].all()"), ("shift", '"[START]", 1.730', '"[START]", 1.946')],
        {"check-shift": 0.5},
    ),  # fmt: skip
    WrongAnswer(
        "never told to stop; one equal pair is enough; the first word of the song",
        [("shift", "whole = np.array([start, *ids, end])", "whole = np.array([start, *ids])"), ("shift", ".all()", ".any()"), ("shift", '"[START]", 1.730', '"the", 1.730')],
        {"check-shift": 0.5},
    ),  # fmt: skip
    WrongAnswer("padding looked at by the guard", [("shift", "(read == want)[mask].all()", "(read == want).all()")], {"check-shift": 4}),
    WrongAnswer("the probability of the first word for that of the second", [("learned", "np.outer(p.sum(axis=1), p.sum(axis=0))", "np.outer(p.sum(axis=1), p.sum(axis=1))")],
                {"check-learned": 1}),  # fmt: skip
    WrongAnswer(
        "divided by a probability that can be zero",
        [("learned", "return eps * p + (1 - eps) * np.outer(p.sum(axis=1), p.sum(axis=0))",
          "first = p.sum(axis=1, keepdims=True)\n    return first * (eps * p / first + (1 - eps) * p.sum(axis=0))")],
        {"check-learned": 0},
    ),  # fmt: skip
]

RIGHT_ANSWERS = [
    RightAnswer(
        "other forms of the same",
        [
            ("predict", '["[START]", *wanted[:-1]]', '("[START]", "the", "wheels", "on", "the", "bus", "go", "round", "and", "round")'),
            ("predict", '{"b", "d"}', '["d", "b"]'),
            ("feed", "read = np.full(targets.shape, start)\n    read[1:] = np.where(coins[1:], targets[:-1], own[:-1])\n    return read",
             "first = np.full((1, targets.shape[1]), start)\n    return np.concatenate([first, np.where(coins, targets, 0)[:0], "
             "targets[:-1] * coins[1:] + own[:-1] * ~coins[1:]])"),
            ("decay", "return max(0.0, 1 - i / n)", "return float(np.clip(1 - i / n, 0, None))"),
            ("decay", "falling = k * np.exp(-i / k)\n    return falling / (falling + 1)", "return 1 / (1 + np.exp(min(i / k, 700) - np.log(k)))"),
            ("by-step", "np.logical_and.accumulate((said == targets) | ~mask, axis=0)", "(np.cumsum((said != targets) & mask, axis=0) == 0)"),
            ("shift", "whole = np.array([start, *ids, end])", "whole = np.concatenate([[start], ids, [end]])"),
            ("shift", '"[START]", 1.730', '"[START]", 8 * np.log(7) / 9'),
            ("learned", "np.outer(p.sum(axis=1), p.sum(axis=0))", "p.sum(axis=1, keepdims=True) * p.sum(axis=0)"),
        ],
    ),
]  # fmt: skip
