"""Names: one to many (a list goes in, a surname comes out letter by letter), and many to one (a name goes in, its list comes out).

Baselines are tables of letters (`letter_tables`), which know the list, and the ending of the name (`rnncore.tasks.names.ending`).
The net that writes has one input, the list, at the first step or at every one; besides it reads what it has said. It is judged by the mean
negative log-likelihood of a letter of the test names, and its samples by whether they are new, and by whether trigrams, which know nothing
of the net, take them for names of the list that was asked for, as often as they do with real ones.
"""

from __future__ import annotations

import numpy as np

from rnncore import metrics, search
from rnncore.decoding import temperature
from rnncore.reference import GRU, LSTM, Batch, Elman, Readout
from rnncore.reference.structures import one_to_many
from rnncore.tasks import names
from rnncore.tasks.records import END, START, pad
from rnncore.text import Vocabulary

from . import letter_tables
from .fast_model import FastModel
from .short_training import figures, kept, size, train

CELLS = {"LSTM": LSTM, "GRU": GRU, "vanilla": Elman}
TASKS = {"surnames": names.surnames, "first names": names.first_names}


def symbols(task: names.Names) -> Vocabulary:
    """What the net that writes says, and reads again: the start and the end, the letters."""
    return Vocabulary((START, END, *task.symbols.symbols))


def writer(task: names.Names, H: int) -> FastModel:
    """The net that writes names: the list and the letter before go in, both one-hot, the letter comes out."""
    K = len(symbols(task))
    return FastModel(LSTM(len(task.classes) + K, H), Readout(H, K))


def reads(task: names.Names, which: np.ndarray, before: np.ndarray, every: bool) -> np.ndarray:
    """What it reads, (T, lists + K, B): the list (B,), at every step or the first; the symbols before, (T, B)."""
    lists = np.eye(len(task.classes), dtype=np.float32)[:, which]
    return np.concatenate([one_to_many(lists, len(before), every), symbols(task).one_hot(before, np.float32)], axis=1)


def to_write(task: names.Names, part, every: bool, chosen=slice(None)) -> Batch:
    """The names of a part for the writer, all or some of them; wanted are the letters, then the end."""
    which = np.arange(len(part.texts))[chosen]
    ids, mask = pad([[START, *part.texts[b], END] for b in which], symbols(task))
    return Batch(reads(task, part.classes[which], ids[:-1], every), ids[1:], mask[1:])


def write(task: names.Names, model, params: dict, which: int, n: int, every: bool, rng: np.random.Generator) -> list[str]:
    """n names of a list, of 30 letters at most, drawn letter by letter from what the net says."""
    letters = symbols(task)
    start, end = letters.index[START], letters.index[END]

    def step(ids: np.ndarray, state):
        x = reads(task, np.full(n, which), ids[None], True)[0]
        x[: len(task.classes)] *= every or ids == start
        return model.step_logits(params, x, state)

    found = search.decode(step, model.initial_state(n, np.float32), start, end, 30, temperature(1.0), rng)
    return ["".join(letters.symbols[k] for k in ids if k != end) for ids in found]


def samples(task: names.Names, said: list[list[str]], judge, shares) -> dict:
    """What names that were drawn, a list of them for each class, are like."""
    flat, asked = [name for of in said for name in of], np.repeat(np.arange(len(said)), [len(of) for of in said])
    whole = [bool(name) and set(name) <= set(task.symbols.symbols) for name in flat]
    known = set(task.train.texts)
    return {"drawn": len(flat), "new": round(float(np.mean([name not in known for name in flat])), 4),
            "different": round(len(set(flat)) / len(flat), 4), "of letters alone": round(float(np.mean(whole)), 4),
            "taken for the list": round(float((judge.classify(flat, shares) == asked).mean()), 4)}  # fmt: skip


def generate(job, every: bool, H: int, steps: int, B: int, lr: float, draws: int, longest: int, seeds: list, keep: str | None) -> dict:
    """The net that writes surnames, and tables of one to `longest` letters."""
    task = names.surnames()
    model, valid, test = writer(task, H), to_write(task, task.valid, every), to_write(task, task.test, every)
    validate = lambda params: model.loss_value(params, valid)  # noqa: E731

    def draw(step: int, rng: np.random.Generator) -> Batch:
        return to_write(task, task.train, every, rng.choice(len(task.train.texts), B, replace=False))

    nets = [train(job, model, draw, seed, steps, lr, validate) for seed in seeds]
    best = min(range(len(nets)), key=lambda k: validate(nets[k]))
    nets[best] = kept(keep, nets[best])
    losses = [model.loss_value(params, test) for params in nets]
    tables = {n: letter_tables.best(task, n) for n in range(1, longest + 1)}
    shares, rng = np.bincount(task.train.classes) / len(task.train.texts), np.random.default_rng(seeds[0])
    lists = range(len(task.classes))
    by_net = [write(task, model, nets[best], which, draws, every, rng) for which in lists]
    by_table = [[tables[3].draw(which, rng) for _ in range(draws)] for which in lists]
    real = tables[3].classify(task.test.texts, shares)
    return {
        "parameters": size(model), "weights": keep, "kept": best, "nats": figures(losses),
        "perplexity": round(metrics.perplexity(float(np.mean(losses))), 3),
        "tables": {str(n): {"kappa": t.kappa, "nats": round(t.loss(task.test.texts, task.test.classes), 4)} for n, t in tables.items()},
        "samples": samples(task, by_net, tables[3], shares), "samples of trigrams": samples(task, by_table, tables[3], shares),
        "trigrams take real test names for their list": round(names.accuracy(task.test, real), 4),
        "examples": {task.classes[which]: [n for n in by_net[which] if n and n not in task.train.texts][:5] for which in lists},
    }  # fmt: skip


def reader(task: names.Names, cell: str, H: int) -> FastModel:
    """The net that reads a name and says at its end which list it is from."""
    return FastModel(CELLS[cell](len(task.symbols), H), Readout(H, len(task.classes)), output="last")


def said(model, params: dict, part) -> np.ndarray:
    """The classes that it says, (N,)."""
    return model.forward(params, part.ids, mask=part.mask)[0][0].argmax(axis=0)


def recognise(job, task: str, cell: str, H: int, steps: int, B: int, lr: float, longest: int, seeds: list, keep: str | None) -> dict:
    """The net that reads names, the ending of the name, and tables of letters as a classifier."""
    task = TASKS[task]()
    model = reader(task, cell, H)
    wrong = lambda params, part: 1 - names.accuracy(part, said(model, params, part))  # noqa: E731
    loss = lambda params: model.loss_value(params, task.valid.batch)  # noqa: E731
    nets = [train(job, model, lambda step, rng: task.train.draw(rng, B), seed, steps, lr, loss) for seed in seeds]
    best = min(range(len(nets)), key=lambda k: loss(nets[k]))
    nets[best] = kept(keep, nets[best])
    shares = np.bincount(task.train.classes) / len(task.train.texts)
    n = max(range(6), key=lambda n: names.accuracy(task.valid, names.ending(task, task.valid, n)))
    tables = [letter_tables.best(task, k) for k in range(1, longest + 1)]
    table = max(tables, key=lambda t: names.accuracy(task.valid, t.classify(task.valid.texts, shares)))
    ask = lambda found: round(names.accuracy(task.test, found), 4)  # noqa: E731
    return {
        "parameters": size(model), "weights": keep, "kept": best, "names": [len(p.texts) for p in (task.train, task.valid, task.test)],
        "left out": task.left_out, "test": figures(1 - wrong(params, task.test) for params in nets),
        "train": figures(1 - wrong(params, task.train) for params in nets),
        "majority": ask(names.ending(task, task.test, 0)), "ending": {"letters": n, "test": ask(names.ending(task, task.test, n))},
        "tables": {"letters": table.n, "test": ask(table.classify(task.test.texts, shares))},
    }  # fmt: skip
