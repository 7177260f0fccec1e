"""Real sequences with an answer at each step, or one at the end: rain, DNA, sentences. Each beside what can be had without a recurrent net.

Rain: a GRU on the days, judged on 2015. Baselines are the majority, yesterday again, the best table of patterns of wet and dry days
(chosen on 2014), and logistic regression on the same seven numbers of one day, which is the same task with no memory. The test has
365 days, so that the standard error of an accuracy is above two points: differences of one point say nothing.

DNA: a bidirectional LSTM on windows of a genome; the baseline is naive Bayes on the words around a base (`dna.window`), its word length
and radius chosen on the validation blocks. Bases of one gene stand together, so that the effective number of test cases is far below
the number of bases.

Sentences: an LSTM on word vectors, against naive Bayes, which does not look at the order of words.
"""

from __future__ import annotations

import numpy as np

from rnncore.reference import GRU, LSTM, Batch, Bidirectional, Embedding, Readout
from rnncore.tasks import dna, rain, sentiment
from rnncore.tasks.names import accuracy

from .fast_model import FastModel
from .short_training import figures, kept, size, train


def forecaster(H: int) -> FastModel:
    """The net that says at every day how probable rain is on the next."""
    return FastModel(GRU(len(rain.FEATURES), H), Readout(H, 1), loss="binary_cross_entropy")


def probabilities(model, params: dict, task: rain.Rain) -> np.ndarray:
    """What it says of each day, (T,), the days before all read in their order."""
    return 1 / (1 + np.exp(-model.forward(params, task.x.astype(np.float32))[0][:, 0, 0].astype(float)))


def log_loss(task: rain.Rain, said: np.ndarray, part: slice) -> float:
    """Mean negative log-likelihood of a part, in nats: infinite for who was certain once, and wrong."""
    wet = task.targets[part, 0, 0] == 1
    with np.errstate(divide="ignore"):
        return float(-np.log(np.where(wet, said[part], 1 - said[part])).mean())


def logistic_regression(task: rain.Rain, rounds: int = 30) -> np.ndarray:
    """Rain from the seven numbers of the day before alone, by Newton's method on the training days; probabilities (T,)."""
    x = np.concatenate([task.x[:, :, 0], np.ones((len(task.x), 1))], axis=1)
    a, wanted, w = x[task.train], task.targets[task.train, 0, 0], np.zeros(x.shape[1])
    for _ in range(rounds):
        p = 1 / (1 + np.exp(-a @ w))
        w += np.linalg.solve(a.T @ (a * (p * (1 - p))[:, None]) + 1e-3 * np.eye(len(w)), a.T @ (wanted - p) - 1e-3 * w)
    return 1 / (1 + np.exp(-x @ w))


def tomorrow(job, H: int, steps: int, B: int, T: int, lr: float, seeds: list, keep: str | None) -> dict:
    """Will it rain tomorrow?"""
    task, model = rain.rain(), forecaster(H)
    pieces = rain.segments(task, T, 5)
    pieces = Batch(pieces.x.astype(np.float32), pieces.targets.astype(np.float32))

    def draw(step: int, rng: np.random.Generator) -> Batch:
        n = rng.choice(pieces.x.shape[2], B, replace=False)
        return Batch(np.ascontiguousarray(pieces.x[:, :, n]), np.ascontiguousarray(pieces.targets[:, :, n]))

    loss = lambda params: log_loss(task, probabilities(model, params, task), task.valid)  # noqa: E731
    nets = [train(job, model, draw, seed, steps, lr, loss, 20) for seed in seeds]
    best = min(range(len(nets)), key=lambda k: loss(nets[k]))
    nets[best] = kept(keep, nets[best])
    days = max(range(1, 7), key=lambda d: rain.right(task, rain.table(task, d), task.valid))
    said = {"majority": rain.always(task), "yesterday": rain.persistence(task), "table": rain.table(task, days),
            "logistic regression": logistic_regression(task)}  # fmt: skip
    nats = lambda p: round(log_loss(task, p, task.test), 4)  # noqa: E731
    marks = lambda p: {"test": round(rain.right(task, p, task.test), 4), "nats": nats(p) if 0 < p.min() and p.max() < 1 else None}  # noqa: E731
    by_net = [probabilities(model, params, task) for params in nets]
    n = task.test.stop - task.test.start
    return {"parameters": size(model), "weights": keep, "kept": best, "test days": n, "days of the table": days,
            "standard error": round(float(np.sqrt(0.75 * 0.25 / n)), 4), "test": figures(rain.right(task, p, task.test) for p in by_net),
            "nats": figures(log_loss(task, p, task.test) for p in by_net), "mean of the nets": marks(np.mean(by_net, axis=0)),
            "baselines": {k: marks(p) for k, p in said.items()}}  # fmt: skip


def tagger(directions: int, H: int) -> FastModel:
    """The net that says of every base whether it codes: one LSTM, or one in each direction."""
    cell = Bidirectional(LSTM(4, H), LSTM(4, H)) if directions == 2 else LSTM(4, H)
    return FastModel(cell, Readout(directions * H, len(dna.CLASSES)))


def tags(model, params: dict, part: dna.Part, T: int) -> np.ndarray:
    """What it says of every base, (T, ·), in windows as `dna.Part.windows` cuts them."""
    return model.forward(params, part.windows(T).x)[0].argmax(axis=1)


def balanced(said: np.ndarray, wanted: np.ndarray) -> float:
    """Mean over the classes of the share that is right."""
    return float(np.mean([(said == wanted)[wanted == c].mean() for c in range(len(dna.CLASSES))]))


def pieces_of(part: dna.Part, rng: np.random.Generator, B: int, T: int) -> Batch:
    """B windows of T bases from anywhere in the blocks."""
    start, block = rng.integers(dna.BLOCK - T + 1, size=B), rng.integers(part.ids.shape[1], size=B)
    at = start + np.arange(T)[:, None]
    return Batch(part.ids[at, block], part.classes[at, block])


def window_baseline(task: dna.Dna, T: int) -> dict:
    """`dna.window` with the word length and radius that are best on the validation blocks."""
    tried = [(k, radius) for k in (3, 5) for radius in (30, 60, 120, 240)]
    k, radius = max(tried, key=lambda s: float((dna.window(task, task.valid, *s) == task.valid.classes).mean()))
    said = dna.window(task, task.test, k, radius)
    return {"k": k, "radius": radius, "test": round(float((said == task.test.classes).mean()), 4),
            "balanced": round(balanced(said, task.test.classes), 4)}  # fmt: skip


def coding(job, directions: int, H: int, steps: int, B: int, T: int, lr: float, seeds: list, keep: str | None) -> dict:
    """Which bases code for a protein?"""
    task = dna.dna()
    model, wanted = tagger(directions, H), task.test.windows(T).targets
    valid = task.valid.windows(T)
    loss = lambda params: model.loss_value(params, valid)  # noqa: E731
    nets = [train(job, model, lambda step, rng: pieces_of(task.train, rng, B, T), seed, steps, lr, loss, 50) for seed in seeds]
    best = min(range(len(nets)), key=lambda k: loss(nets[k]))
    nets[best] = kept(keep, nets[best])
    said = [tags(model, params, task.test, T) for params in nets]
    common = np.bincount(task.train.classes.ravel()).argmax()
    return {"parameters": size(model), "weights": keep, "kept": best, "test": figures((s == wanted).mean() for s in said),
            "balanced": figures(balanced(s, wanted) for s in said), "majority": round(float((task.test.classes == common).mean()), 4),
            "window": window_baseline(task, T)}  # fmt: skip


def critic(task: sentiment.Sentiment, D: int, H: int) -> FastModel:
    """The net that says whether a sentence praises."""
    return FastModel(LSTM(D, H), Readout(H, 2), output="last", embedding=Embedding(len(task.symbols), D))


def sentences(job, D: int, H: int, steps: int, B: int, lr: float, seeds: list) -> dict:
    """Praise or blame?"""
    task = sentiment.sentiment()
    model = critic(task, D, H)
    loss = lambda params: model.loss_value(params, task.valid.batch)  # noqa: E731
    nets = [train(job, model, lambda step, rng: task.train.draw(rng, B), seed, steps, lr, loss, 20) for seed in seeds]
    right = lambda part, params: accuracy(part, model.forward(params, part.ids, mask=part.mask)[0][0].argmax(axis=0))  # noqa: E731
    bayes = accuracy(task.test, (sentiment.naive_bayes(task, task.test) > 0).astype(int))
    n = len(task.test.texts)
    return {"parameters": size(model), "symbols": len(task.symbols), "sentences": [len(p.texts) for p in task[:3]],
            "standard error": round(float(np.sqrt(bayes * (1 - bayes) / n)), 4), "test": figures(right(task.test, p) for p in nets),
            "train": figures(right(task.train, p) for p in nets), "naive Bayes": round(bayes, 4),
            "majority": round(float((task.test.classes == np.bincount(task.train.classes).argmax()).mean()), 4)}  # fmt: skip
