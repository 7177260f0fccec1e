r"""Dates and number words, letter by letter: a second and a third task for the encoder–decoder, with whole ranges held out.

An LSTM reads the letters, an LSTM writes them, as in `translation`. Dates: five languages, three styles, 8000 texts to train on and no
date of the test among them, in any language. Number words, Italian: whole ranges of numbers are left out, two holes in what is read
(3000 … 3499, 6000 … 6499), and all from 9000 on, where a digit stands at a place where it was never read.

Dates and "words to numbers" learn for 500 updates. "Numbers to words" writes up to 40 letters and learns for 1500: after 500, a first
try, it was right on 12 to 46 % of the test hole.

Baselines: `copied` takes over year and day and names always the same month; `composed` joins the words of the thousands with those of
the rest; "nearest" answers with that of the training text which shares most pairs of letters in a row.
"""

from __future__ import annotations

import numpy as np

from rnncore import data, results
from rnncore.tasks.dates import CUTS, copied, dates
from rnncore.tasks.numbers import RANGES, composed, numbers

from .experiment import Experiment, Run
from .pair_trainer import written
from .translation import END, net, train

HELD = ("valid", "test", "beyond")


def texts(task, ids: list) -> list[str]:
    """Sequences of symbols as texts."""
    return ["".join(task.target_symbols.symbols[k] for k in sequence) for sequence in ids]


def right(said: list, part) -> float:
    """The share of texts that are right in every letter."""
    return round(sum(s == w for s, w in zip(said, part.wanted)) / len(part.wanted), 4)


def learn(job, task, seeds: list, H: int, E: int, attention: bool, B: int, updates: int, rate: float, keep: str | None) -> dict:
    """All seeds on a task: the share right in each part that is held out; the first seed's net is kept and its failures are told."""
    done, model = job.restore() or {}, net(task, H, E, attention)
    parts = {name: getattr(task, name) for name in HELD if name in task._fields}
    for seed in seeds[len(done.get("loss", [])):]:
        params, losses = train(job, model, task.train, seed, updates, B, rate)
        first = not done
        if first and keep:
            params = results.keep(keep, params)
        said = {name: texts(task, written(model, params, part, END)) for name, part in parts.items()}
        for name, part in parts.items():
            done.setdefault(name, []).append(right(said[name], part))
        done.setdefault("loss", []).append(losses)
        if first:
            done["said"] = said
        job.save(lambda: done)
    found = {"parameters": sum(r * c for r, c in model.shapes.values()), "weights": keep}
    found |= {name: {"right": done[name], "mean": round(float(np.mean(done[name])), 4)} for name in parts}
    wrong = {name: [[s, w, o] for s, w, o in zip(part.sources, part.wanted, done["said"][name]) if o != w] for name, part in parts.items()}
    return found | {"nearest": {name: right(nearest(task, part), part) for name, part in parts.items()}, "loss": done["loss"],
                    "failures": {name: lines[:12] for name, lines in wrong.items()}, "said": done["said"]}  # fmt: skip


def of_dates(job, **settings) -> dict:
    """Dates; the share right in the test by language too, with the first seed's net."""
    task = dates()
    found = learn(job, task, **settings)
    said, table = found.pop("said")["test"], data.load_dates()
    good = np.array([s == w for s, w in zip(said, task.test.wanted)])
    locale = np.array(table.locale[CUTS[1]:])
    by = {str(name): round(float(good[locale == name].mean()), 4) for name in sorted(set(locale))}
    return found | {"by language": by, "copied": {name: right(copied(task, getattr(task, name)), getattr(task, name)) for name in HELD[:2]}}


def of_numbers(job, to: str, **settings) -> dict:
    """Number words, to words or to digits."""
    task = numbers("it", to)
    found = learn(job, task, **settings)
    del found["said"]
    if to == "words":
        found["composed"] = {name: right([composed(n) for n in RANGES[name]], getattr(task, name)) for name in HELD}
    return found


def nearest(task, part) -> list[str]:
    """The answers that belong to the training texts which share most pairs of letters (cosine of their counts; the first of equal ones)."""
    K = len(task.source_symbols) + 1

    def counts(p):
        ids = np.where(p.x_mask, p.ids + 1, 0)
        ids = np.vstack([np.zeros_like(ids[:1]), ids, np.zeros_like(ids[:1])])  # beginning and end are letters too
        found = np.zeros((ids.shape[1], K * K), np.float32)
        for a, b in zip(ids, ids[1:]):
            np.add.at(found, (np.arange(len(found)), K * a + b), a + b > 0)
        return found / np.linalg.norm(found, axis=1, keepdims=True)

    return [task.train.wanted[n] for n in (counts(part) @ counts(task.train).T).argmax(axis=1)]


SETTINGS = {"seeds": [[73, k] for k in range(3)], "H": 64, "E": 16, "attention": False, "B": 64, "updates": 500, "rate": 0.01}
QUICK = {"seeds": [[1], [2]], "H": 3, "E": 2, "B": 4, "updates": 2, "keep": None}


def date_row(attention: bool, keep: str | None) -> Run:
    """Dates, with a fixed vector or with attention."""
    return Run(
        of_dates,
        SETTINGS | {"attention": attention, "keep": keep},
        criterion="whole dates right, written greedily: 1000 of the test, none of them read in any language",
        mark="right on at least 95 % of the test, with every seed",
        reached=lambda found: min(found["test"]["right"]) >= 0.95,
        quick=QUICK,
    )


def number_row(to: str, keep: str | None, updates: int = 500) -> Run:
    """Italian numbers, to words or to digits."""
    return Run(
        of_numbers,
        SETTINGS | {"to": to, "keep": keep, "updates": updates},
        criterion=f"whole {'words' if to == 'words' else 'numbers'} right, written greedily: 500 in each hole, 1000 beyond",
        mark="right on at least half of the test, a hole in what was read, with every seed",
        reached=lambda found: min(found["test"]["right"]) >= 0.5,
        quick=QUICK,
    )


RUNS = {
    "dates, plain": date_row(False, "dates"),
    "dates, attention": date_row(True, None),
    "numbers to words": number_row("words", "number_words", 1500),
    "words to numbers": number_row("digits", "number_digits"),
}
EXPERIMENT = Experiment("second_tasks", "Dates and number words, with whole ranges held out", "sutskever2014", RUNS)
