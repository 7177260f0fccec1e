"""What is the future worth? One direction against two, with equally many parameters, on a novel, on a genome and on surnames.

Novel: illegible letters, see `directions_text`, where there is enough to learn from.

Genome (`rnncore.tasks.dna`): for every base, does it code for a protein, and on which strand? A gene is long, and what marks it lies on
both sides of a base. What is read at a base is the word of three that ends there, one of 64, so that a stop
codon is one symbol. Half the training windows are turned round: the other strand, in the other direction, which exchanges the two coding
classes. A test reads each block of 4000 bases as a whole. There are no more than 96,000 bases to learn from: what a net
gains on them it need not gain on the test. The baseline is naive Bayes on the words around a base (`dna.window`), its word
length and radius chosen on the validation blocks. The bases of one gene stand together: 16,000 test bases are few independent cases, and
another choice of test blocks may move all rows by several points.

Surnames (`rnncore.tasks.names`): one answer at the end. A net that reads ahead has seen the whole name there, so that the future is no
reason for two directions; what is left is that the beginning, too, is fresh in one of the two states.
"""

from __future__ import annotations

import numpy as np

from rnncore.reference import LSTM, Batch, Bidirectional, Readout
from rnncore.tasks import dna, names

from . import directions_text
from .experiment import Experiment, Run
from .fast_model import FastModel
from .short_training import figures, kept, size, train

WORD = 3
COMPLEMENT = np.array([3, 2, 1, 0])  # of A, C, G, T
OTHER_STRAND = np.array([0, 2, 1])  # of the classes


def words(ids: np.ndarray) -> np.ndarray:
    """The word of three bases that ends at each base, as a number below 64; what would lie before the first base counts as A. (T, B)"""
    found = np.zeros_like(ids)
    for k in range(WORD):
        found[k:] += 4**k * ids[: len(ids) - k]
    return found


def turned(ids: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same piece as the other strand is read."""
    return COMPLEMENT[ids[::-1]], OTHER_STRAND[classes[::-1]]


def pieces(part: dna.Part, rng: np.random.Generator, B: int, T: int) -> tuple[np.ndarray, np.ndarray]:
    """B windows of T bases from anywhere in the blocks, half of them turned round: bases and classes, (T, B)."""
    start, block = rng.integers(dna.BLOCK - T + 1, size=B), rng.integers(part.ids.shape[1], size=B)
    at, half = start + np.arange(T)[:, None], rng.random(B) < 0.5
    straight = part.ids[at, block], part.classes[at, block]
    return tuple(np.where(half, a, b) for a, b in zip(turned(*straight), straight))


def tagger(directions: int, H: int) -> FastModel:
    """The net that says of every base whether it codes: an LSTM, or one in each direction."""
    cell = Bidirectional(LSTM(4**WORD, H), LSTM(4**WORD, H)) if directions == 2 else LSTM(4**WORD, H)
    return FastModel(cell, Readout(directions * H, len(dna.CLASSES)))


def tags(model, params: dict, part: dna.Part) -> np.ndarray:
    """The class that it says of every base of the blocks, (4000, N)."""
    return model.forward(params, words(part.ids))[0].argmax(axis=1)


def marks(said: np.ndarray, wanted: np.ndarray) -> tuple[float, float]:
    """Share of bases that are right, and the mean of the three classes' shares."""
    right = said == wanted
    return float(right.mean()), float(np.mean([right[wanted == c].mean() for c in range(len(dna.CLASSES))]))


def coding(job, directions: int, H: int, steps: int, B: int, T: int, lr: float, every: int, seeds: list, keep: str | None) -> dict:
    """Which bases code for a protein?"""
    task, model = dna.dna(), tagger(directions, H)
    valid = Batch(words(task.valid.ids), task.valid.classes)
    loss = lambda params: model.loss_value(params, valid)  # noqa: E731

    def draw(step: int, rng: np.random.Generator) -> Batch:
        ids, classes = pieces(task.train, rng, B, T)
        return Batch(words(ids), classes)

    nets = [train(job, model, draw, seed, steps, lr, loss, every) for seed in seeds]
    best = min(range(len(nets)), key=lambda k: loss(nets[k]))
    nets[best] = kept(keep, nets[best])
    found = [marks(tags(model, params, task.test), task.test.classes) for params in nets]
    seen = [marks(tags(model, params, task.train), task.train.classes)[0] for params in nets]
    return {"parameters": size(model), "weights": keep, "kept": best, "test": figures(right for right, _ in found),
            "balanced": figures(mean for _, mean in found), "train": figures(seen)}  # fmt: skip


def counted(job, words: list, radii: list) -> dict:
    """The baselines: the commonest class, and `dna.window` with the settings that are best on the validation blocks."""
    task = dna.dna()
    tried = {(k, r): marks(dna.window(task, task.valid, k, r), task.valid.classes)[0] for k in words for r in radii}
    k, radius = max(tried, key=tried.get)
    right, mean = marks(dna.window(task, task.test, k, radius), task.test.classes)
    common = np.bincount(task.train.classes.ravel()).argmax()
    return {"word": k, "radius": radius, "test": round(right, 4), "balanced": round(mean, 4),
            "majority": round(float((task.test.classes == common).mean()), 4)}  # fmt: skip


def surnames(job, directions: int, H: int, steps: int, B: int, lr: float, seeds: list) -> dict:
    """From which list is a surname?"""
    task = names.surnames()
    D = len(task.symbols)
    cell = Bidirectional(LSTM(D, H), LSTM(D, H)) if directions == 2 else LSTM(D, H)
    model = FastModel(cell, Readout(directions * H, len(task.classes)), output="last")
    loss = lambda params: model.loss_value(params, task.valid.batch)  # noqa: E731
    nets = [train(job, model, lambda step, rng: task.train.draw(rng, B), seed, steps, lr, loss) for seed in seeds]
    said = (model.forward(params, task.test.ids, mask=task.test.mask)[0][0].argmax(axis=0) for params in nets)
    n = len(task.test.texts)
    return {"parameters": size(model), "test": figures(names.accuracy(task.test, s) for s in said), "names": n,
            "standard error": round(float(np.sqrt(0.8 * 0.2 / n)), 4)}  # fmt: skip


def genome(directions: int, H: int, keep: str | None) -> Run:
    """One kind of net on the genome."""
    settings = {"directions": directions, "H": H, "steps": 300, "B": 32, "T": 400, "lr": 0.01, "every": 50,
                "seeds": [[650, k] for k in range(3)], "keep": keep}  # fmt: skip
    criterion = ("share of the 16,000 test bases whose class is right, and the mean of the three classes' shares; each start with "
                 "the parameters that did best on the validation blocks")  # fmt: skip
    return Run(coding, settings, criterion, quick={"steps": 2, "B": 2, "T": 90, "every": 1, "seeds": [[650, 0]], "keep": None})


def names_run(directions: int, H: int) -> Run:
    """One kind of net on surnames."""
    settings = {"directions": directions, "H": H, "steps": 600, "B": 64, "lr": 0.01, "seeds": [[660, k] for k in range(3)]}
    criterion = "share of test names whose list is named; three starts, each with the parameters that did best on the validation names"
    return Run(surnames, settings, criterion, quick={"steps": 2, "B": 4, "seeds": [[660, 0]]})


RUNS = directions_text.RUNS | {
    "genome: counting": Run(counted, {"words": [3, 5], "radii": [30, 60, 120, 240]}, "share of the 16,000 test bases whose class is right",
                            quick={"words": [3], "radii": [30]}),
    "genome: one direction": genome(1, 41, None),
    "genome: two directions": genome(2, 24, "dna_directions"),
    "surnames: one direction": names_run(1, 48),
    "surnames: two directions": names_run(2, 29),
}  # fmt: skip
EXPERIMENT = Experiment("directions", "One direction against two", "schuster1997", RUNS)
