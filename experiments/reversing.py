r"""Reversing the source: how much sooner an encoder–decoder learns to repeat what it has read.

Sequences of 5 to 10 random symbols are read by a cell and written by another one, the same symbols in the same order; the writer
starts from the reader's last state. Read as it is, every symbol of a sequence of n is written n steps after it was read. Read from its
end, the first symbol is written right after it was read, the last one 2n steps after: the mean distance is the same, but there are
short ones to begin with, which is the reason that Sutskever, Vinyals and Le give.

Two cells are compared, each with itself. Both ways get the same sequences, starts, rates and batches; the rate of a cell is the
one at which a pilot with one seed learnt at all, and it was not tuned for either way. Every `every` updates 500 sequences, the same
all along and drawn apart from those for training, are written greedily; learnt means that 95 % of them are right from the first
symbol to the end.
"""

from __future__ import annotations

import numpy as np

from rnncore.reference import LSTM, Elman, EncoderDecoder, Pairs, Readout
from rnncore.reference.lengths import mask_from_lengths
from rnncore.results import trials
from rnncore.search import decode

from .experiment import Experiment, Run
from .pair_trainer import PairTrainer

START, END = 0, 1
CELLS = {"LSTM": LSTM, "vanilla": Elman}


def sequences(rng: np.random.Generator, B: int, symbols: int, shortest: int, longest: int, reverse: bool) -> Pairs:
    """B sequences to repeat; with `reverse` the source is read from its end. What is drawn does not depend on it."""
    lengths = rng.integers(shortest, longest + 1, B)
    ids = rng.integers(symbols, size=(longest, B))
    steps = np.arange(longest + 1)[:, None]
    targets = np.where(steps < lengths, np.vstack([ids, ids[:1]]) + 2, END) * (steps <= lengths)
    place = np.where(steps[:-1] < lengths, lengths - 1 - steps[:-1], steps[:-1])
    x = np.take_along_axis(ids, place, axis=0) if reverse else ids
    S = lengths.max()
    return Pairs(x[:S], targets[: S + 1], mask_from_lengths(lengths), mask_from_lengths(lengths + 1))


def net(symbols: int, H: int, cell: str = "LSTM") -> EncoderDecoder:
    """Two cells on one-hot columns, the reader's last state copied."""
    cell = CELLS[cell]
    return EncoderDecoder(cell(symbols, H), cell(symbols + 2, H), Readout(H, symbols + 2), start=START)


def right(model, params: dict, pairs: Pairs) -> float:
    """The share of sequences that are written right, greedily, to the end symbol."""
    step, state = model.stepper(params, pairs.x, pairs.x_mask)
    found = decode(step, state, START, END, len(pairs.targets))
    return float(np.mean([ids == list(true[m]) for ids, true, m in zip(found, pairs.targets.T, pairs.mask.T)]))


def one(job, seed: list, reverse: bool, symbols: int, cell: str, H: int, lengths: list, B: int, rate: float, cap: int, every: int,
        enough: float, tested: int) -> dict:  # fmt: skip
    """One start: updates until learnt (None if the cap came first), and the share right at every test."""
    rng, held = np.random.default_rng(seed), sequences(np.random.default_rng([99, *seed]), tested, symbols, *lengths, reverse)
    model = net(symbols, H, cell)
    trainer, curve = PairTrainer(model, model.init(rng, np.float32), rate), []
    for update in range(1, cap + 1):
        loss = trainer.learn(sequences(rng, B, symbols, *lengths, reverse))
        if update % every == 0:
            curve.append(round(right(model, trainer.params, held), 4))
            job.say(f"seed {seed}, update {update}: loss {loss:.3f}, right {curve[-1]}")
            if curve[-1] >= enough:
                return {"after": update, "right": curve}
    return {"after": None, "right": curve}


def both(job, seeds: list, **settings) -> dict:
    """The source as it is and reversed, from the same starts."""
    done = job.restore() or {}
    for seed in seeds:
        for way in ("as it is", "reversed"):
            if (way, str(seed)) not in done:
                done[way, str(seed)] = one(job, seed, way == "reversed", **settings)
                job.save(lambda: done)
    found = {way: [done[way, str(seed)] for seed in seeds] for way in ("as it is", "reversed")}
    after = {way: [r["after"] for r in runs] for way, runs in found.items()}
    model = net(settings["symbols"], settings["H"], settings["cell"])
    return {"parameters": sum(r * c for r, c in model.shapes.values()), "every": settings["every"],
            **{way: {"trials": trials(after[way], settings["cap"]), "right": [r["right"] for r in found[way]]} for way in found},
            "times sooner": [round(a / b, 2) if a and b else None for a, b in zip(*after.values())]}  # fmt: skip


def row(cell: str, rate: float, cap: int) -> Run:
    """The two ways with one kind of cell."""
    return Run(
        both,
        {"seeds": [[72, k] for k in range(3)], "symbols": 4, "cell": cell, "H": 64, "lengths": [5, 10], "B": 64, "rate": rate, "cap": cap,
         "every": 50, "enough": 0.95, "tested": 500},
        criterion=f"95 % of 500 held-out sequences written right, greedily, within {cap:,} updates of 64 sequences",
        published={"perplexity, source as it is and reversed": [5.8, 4.7], "BLEU, source as it is and reversed": [25.9, 30.6],
                   "where": "WMT 2014, English to French, section 3.3: another task, and no updates are told"},
        mark="all starts learn it reversed, the middle one in half the updates or fewer (as it is, what is given up counts its cap)",
        reached=halved,
        quick={"seeds": [[1], [2]], "H": 4, "B": 4, "cap": 4, "every": 2, "tested": 5},
    )  # fmt: skip


def halved(found: dict) -> bool:
    """Whether all learn reversed, and the median start needs at most half the updates."""
    slow, fast = (found[way]["trials"] for way in ("as it is", "reversed"))
    ratio = [(a or slow["cap"]) / b for a, b in zip(slow["after"], fast["after"]) if b]
    return fast["solved"] == fast["trials"] and float(np.median(ratio)) >= 2


RUNS = {"vanilla": row("vanilla", 0.002, 3000), "LSTM": row("LSTM", 0.01, 2000)}
EXPERIMENT = Experiment("reversing", "Reversing the source: updates until it is learnt", "sutskever2014", RUNS)
