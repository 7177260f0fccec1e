"""Trainings of a minute or less: a few starts of one net, the best of each by what was held out for that, and one of them kept."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rnncore import results
from rnncore.reference.clipping import clip_by_norm
from rnncore.reference.optimizers import Adam
from rnncore.reference.schedules import Cosine
from rnncore.training import fit


def train(job, model, data: Callable, seed: list, steps: int, lr: float, validate: Callable | None = None, every: int = 100) -> dict:
    """Adam with a rate that falls like half a cosine, gradients shortened to 1, float32.

    Args: data: as for `fit`; validate: parameters -> number, smaller is better.
    Returns: the parameters after the last update, or those that did best in a validation.
    """
    rng = np.random.default_rng(seed)
    optimizer, start = Adam(Cosine(lr, steps)), model.init(rng, np.float32)

    def tell(run) -> None:
        job.say(f"start {seed}, update {run.step}: loss {np.mean(run.history.loss[-every:]):.3f}")

    run = fit(model, start, data, optimizer, steps=steps, rng=rng, clip=lambda g: clip_by_norm(g, 1.0), validate=validate,
              validate_every=every, progress=False, callback=tell)  # fmt: skip
    return run.params if validate is None else run.best_params


def kept(name: str | None, params: dict) -> dict:
    """The parameters as they are stored under a name, rounded to half precision; as they are for no name."""
    return params if name is None else results.keep(name, params)


def figures(values) -> dict:
    """Results of several starts: each, their mean, and their standard deviation (None for one)."""
    values = [round(float(v), 4) for v in values]
    sd = round(float(np.std(values, ddof=1)), 4) if len(values) > 1 else None
    return {"each": values, "mean": round(float(np.mean(values)), 4), "sd": sd}


def size(model) -> int:
    """How many numbers are trained."""
    return sum(r * c for r, c in model.shapes.values())
