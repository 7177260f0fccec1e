"""Typical mistakes in 07_seq2seq, the marks that they get, and right answers in another form."""

from grading.harness import RightAnswer, WrongAnswer

POOLED = "pairs = [(sum(map(grams, hypotheses), Counter()), sum(map(grams, references), Counter()))]"
LATE = "        if fed == END:\n            break\n        log_p += log_y[fed]\n"

WRONG_ANSWERS = [
    WrongAnswer(
        "the end left out everywhere",
        [
            ("two", '0.288, "p_long": 0.252', '0.36, "p_long": 0.36'),
            ("two", '"best_0": "short", "best_1": "long", "tie": 0.354', '"best_0": "long", "best_1": "long", "tie": 0.0'),
            ("greedy", "    return ids\n", "    return [k for k in ids if k != END]\n"),
            ("repair", "        log_p += log_y[fed]\n        if fed == END:\n            break\n", LATE),
        ],
        {"check-two": 1, "check-greedy": 1, "check-repair": 2},
    ),
    WrongAnswer(
        "raw logits for log-probabilities; the more negative score taken for the better one",
        [
            ("two", '"best_0": "short", "best_1": "long"', '"best_0": "long", "best_1": "short"'),
            ("chain", "o[k] - np.log(np.exp(o).sum())", "logits[k, 0]"),
            ("beam", " - np.log(np.exp(o).sum(axis=0))", ""),
        ],
        {"check-two": 2, "check-chain": 0, "check-beam": 0},
    ),
    WrongAnswer(
        "start fed at every step",
        [
            ("chain", "        fed = k\n", ""),
            ("greedy", "np.array([fed])", "np.array([START])"),
            ("repair", "np.array([fed])", "np.array([START])"),
            ("symptoms", '"A", 0', '"C", 3'),
        ],
        {"check-chain": 2, "check-greedy": 2, "check-repair": 2, "check-symptoms": 0},
    ),
    WrongAnswer(
        "state not carried",
        [("chain", "logits, state = ", "logits, _ = "), ("greedy", "logits, state = ", "logits, _ = "), ("repair", "logits, state = ", "logits, _ = ")],
        {"check-chain": 2, "check-greedy": 1, "check-repair": 2},
    ),
    WrongAnswer(
        "the word that is judged is fed; one step too many; every step of the beam starts from nothing; no clipping",
        [
            ("chain", "np.array([fed])", "np.array([k])"),
            ("greedy", "len(ids) < max_steps", "len(ids) <= max_steps"),
            ("beam", "total = log_p + o", "total = o"),
            ("count", "(h & r).total()", "sum(v for g, v in h.items() if g in r)"),
        ],
        {"check-chain": 1, "check-greedy": 1, "check-beam": 0, "check-count": 0},
    ),
    WrongAnswer(
        "no maximum taken off; row and column exchanged; clipped over the whole set; c and r exchanged",
        [
            ("chain", " - logits[:, 0].max()", ""),
            ("beam", "symbol, parent = np.divmod", "parent, symbol = np.divmod"),
            ("count", "pairs = [(grams(h), grams(r)) for h, r in zip(hypotheses, references)]", POOLED),
            ("brevity", "1.0 if c >= r else float(np.exp(1 - r / c))", "1.0 if r >= c else float(np.exp(1 - c / r))"),
        ],
        {"check-chain": 2, "check-beam": 1, "check-count": 1, "check-brevity": 0},
    ),
    WrongAnswer(
        "the worst of the beam first; sets for counts; a mean of the precisions",
        [
            ("beam", "np.argsort(-total.ravel())[:width]", "np.argsort(total.ravel())[-width:]"),
            ("count", "return Counter(", "return Counter(set("),
            ("count", "- n + 1))\n", "- n + 1)))\n"),
            ("bleu", "np.log(found / every)", "found / every"),
            ("bleu", "float(np.exp(mean))", "float(mean)"),
        ],
        {"check-beam": 3, "check-count": 0, "check-bleu": 0},
    ),
    WrongAnswer(
        "the best of each hypothesis; greedy taken for the most probable; no penalty in BLEU, a ratio for it",
        [
            ("two", '"greedy": "long"', '"greedy": "short"'),
            ("beam", "np.argsort(-total.ravel())[:width]", "total.argmax(axis=0) * total.shape[1] + np.arange(total.shape[1])"),
            ("brevity", "float(np.exp(1 - r / c))", "c / r"),
            ("bleu", "100 * brevity(c, r) * ", "100 * "),
        ],
        {"check-two": 2.5, "check-beam": 0, "check-brevity": 0, "check-bleu": 1},
    ),
]

RIGHT_ANSWERS = [
    RightAnswer(
        "other forms of the same functions",
        [
            ("two", '"tie": 0.354', '"tie": float(np.log(np.log(0.252) / np.log(0.288)) / np.log(4 / 3))'),
            ("chain", "o[k] - np.log(np.exp(o).sum())", "np.log(np.exp(o[k]) / np.exp(o).sum())"),
            ("greedy", "int(logits[:, 0].argmax())", "max(range(len(logits)), key=lambda k: logits[k, 0])"),
            ("beam", "o = logits - logits.max(axis=0)", "o = logits - logits.max()"),
            ("beam", "return parent, symbol, total.ravel()[best]", "return list(parent), symbol, list(total[symbol, parent])"),
            ("repair", "    return ids, log_p", "    return np.array(ids), float(log_p)"),
            ("count", "sum((h & r).total() for h, r in pairs)", "sum(min(v, r[g]) for h, r in pairs for g, v in h.items())"),
            ("brevity", "1.0 if c >= r else float(np.exp(1 - r / c))", "min(1.0, np.exp(1 - r / c))"),
            ("bleu", "float(np.exp(mean))", "np.prod([found / every for found, every in counts]) ** 0.25"),
        ],
    ),
]
