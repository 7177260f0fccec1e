"""An answer at each step, rain, or one at the end, sentences; each beside what can be had without a recurrent net.

Rain: a GRU on the days, judged on 2015. Baselines are the majority, yesterday again, the best table of patterns of wet and dry days
(chosen on 2014), and logistic regression on the same seven numbers of one day, which is the same task with no memory. The test has
365 days, so that the standard error of an accuracy is above two points: differences of one point say nothing.

Sentences: an LSTM on word vectors, against naive Bayes, which does not look at the order of words.
"""

from __future__ import annotations

import numpy as np

from rnncore.reference import GRU, LSTM, Batch, Embedding, Readout
from rnncore.tasks import rain, sentiment
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
