"""Typical mistakes in 06_structures, the marks that they get, and right answers in another form."""

from grading.harness import RightAnswer, WrongAnswer

WRONG_ANSWERS = [
    WrongAnswer(
        "the future known to an alarm; a picture taken for a sequence; no axis for the last step; readout of one direction",
        [("choose", '"alarm": "in step"', '"alarm": "both directions"'), ("choose", '"caption": "one to many"', '"caption": "encoder-decoder"'),
         ("choose", '"last": (1, 2, 5)', '"last": (2, 5)'), ("choose", '"V": (2, 8)', '"V": (2, 4)')],
        {"check-choose": 3},
    ),  # fmt: skip
    WrongAnswer("axes exchanged", [("choose", '"states": (7, 8, 5)', '"states": (5, 7, 8)'), ("choose", '"mask": (7, 5)', '"mask": (5, 7)')],
                {"check-choose": 4}),  # fmt: skip
    WrongAnswer("read at every step in both forms", [("one-to-many", "x if every or t == 0 else np.zeros_like(x)", "x")], {"check-one-to-many": 2}),
    WrongAnswer("no bias after the first step", [("one-to-many", "step(p, x if every or t == 0 else np.zeros_like(x), h)",
                "step(p, x, h) if every or t == 0 else np.tanh(p[\"W\"] @ h)")], {"check-one-to-many": 2}),  # fmt: skip
    WrongAnswer("a step too many", [("one-to-many", "range(T)", "range(T + 1)")], {"check-one-to-many": 0}),
    WrongAnswer("the state forgotten at padding", [("padded", "np.where(real, step(p, x_t, h), h)", "real * step(p, x_t, h)")], {"check-padded": 2}),
    WrongAnswer("the last state of the array", [("padded", "return np.stack(states), h", "return np.stack(states), states[-1]")], {"check-padded": 2}),
    WrongAnswer("padding read, then the outputs blanked", [("padded", "np.where(real, step(p, x_t, h), h)", "step(p, x_t, h)")], {"check-padded": 2}),
    WrongAnswer("outputs not blanked", [("padded", "states.append(np.where(real, h, 0))", "states.append(h)")], {"check-padded": 3}),
    WrongAnswer("mean over padding too", [("mean-loss", "/ mask.sum()", "/ mask.size")], {"check-mean-loss": 0}),
    WrongAnswer("mean of the means of sequences", [("mean-loss", "losses[mask].sum() / mask.sum()", "((losses * mask).sum(0) / mask.sum(0)).mean()")],
                {"check-mean-loss": 0}),  # fmt: skip
    WrongAnswer("padding times zero", [("mean-loss", "losses[mask].sum()", "(losses * mask).sum()")], {"check-mean-loss": 1.5}),
    WrongAnswer("all five called bugs; one step thought to show all but padding", [("bugs", '{"a", "b", "d"}, {"b", "d"}', 'set("abcde"), {"b"}')],
                {"check-bugs": 0.5}),  # fmt: skip
    WrongAnswer("one direction twice", [("both-ways", "read(back, alone[::-1])[::-1]", "read(ahead, alone)")], {"check-both-ways": 0}),
    WrongAnswer("states of the direction back not turned", [("both-ways", "read(back, alone[::-1])[::-1]", "read(back, alone[::-1])")],
                {"check-both-ways": 0}),  # fmt: skip
    WrongAnswer(
        "the direction back begins with padding",
        [("both-ways", "read(back, alone[::-1])[::-1]", "read(back, x[::-1, :, [b]])[::-1][:n]")],
        {"check-both-ways": 1.5},
    ),
    WrongAnswer("layers counted as recurrent depth; the delay of a path forgotten",
                [("depths", '"two layers": (1, 3)', '"two layers": (2, 3)'), ("depths", '"late output": (1, 1)', '"late output": (1, 2)')],
                {"check-depths": 1.2}),  # fmt: skip
    WrongAnswer("an edge counted once for each step that it takes", [("longest", "- delay] + 1)", "- delay] + max(delay, 1))")], {"check-longest": 2.5}),
    WrongAnswer("any delay taken for one step", [("longest", "if b == node and (a, t - delay) in best", "delay = min(delay, 1)\n                if b == node and (a, t - delay) in best")],
                {"check-longest": 2.5}),  # fmt: skip
    WrongAnswer("nodes of one step in the wrong order", [("longest", "for node in order", "for node in order[::-1]")], {"check-longest": 0}),
    WrongAnswer(
        "zeros say nothing; zeros up to n",
        [("predict-padding", '"joins_no_mask": "yes"', '"joins_no_mask": "no"'), ("break-padding", "np.zeros((n, *x.shape[1:]))", "np.zeros((max(n - len(x), 0), *x.shape[1:]))")],
        {"check-predict": 0.5, "check-break": 1},
    ),
    WrongAnswer("the last real step looked at", [("break-padding", "[-1]", "[len(x) - 1]")], {"check-break": 1}),
]

RIGHT_ANSWERS = [
    RightAnswer(
        "whole batches at once, other forms of the same functions",
        [
            ("choose", "(7, 8, 5)", "[7, 2 * 4, 5]"),
            ("one-to-many", "x if every or t == 0 else np.zeros_like(x)", "x * (every or t < 1)"),
            ("padded", "np.where(real, step(p, x_t, h), h)", "h + real * (step(p, x_t, h) - h)"),
            ("mean-loss", "losses[mask].sum() / mask.sum()", "np.where(mask, losses, 0).sum() / np.count_nonzero(mask)"),
            ("bugs", '{"a", "b", "d"}, {"b", "d"}', '["d", "b", "a"], ("d", "b")'),
            ("both-ways", "read(back, alone[::-1])[::-1]", "np.flip(read(back, np.flip(alone, 0)), 0)"),
            ("depths", '"deep step": (2, 3)', '"deep step": [2.0, 3.0]'),
            ("longest", "max(ways)", "sorted(ways)[-1]"),
            ("break-padding", "np.abs(last[:, 0] - last[:, 1]).max()", "np.ptp(last, axis=1).max()"),
        ],
    ),
]
