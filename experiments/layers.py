"""What do layers give? One, two and three of them, with equally many parameters, on three tasks.

"text" is the next character of a novel (`variants.letters`), LSTM, in pieces of 60 characters. Each further layer puts one more step of
computation between a character and the prediction. "memory" is delayed recall (`rnncore.tasks.delayed`): one of 4 symbols, 60 fillers
drawn from 4 others, then the question; LSTM, all gates that keep begin with a bias of ln u, u uniform from 1 to the lag, and all that
write with its negative, in every layer. Layers make the way through a step longer and not the way over the steps shorter, so nothing is
to be hoped for. "exclusive or" asks whether the bit of now differs from the one of `lag` steps ago (`rnncore.tasks.lagged_xor`), vanilla
cells: it takes memory and, at each step, a function that no linear readout of the two bits gives.

Equally many parameters means that three layers are narrow ones. All get the same updates, the same batches for equal starts, Adam with
one rate for each task, and gradients shortened to 1. A rate that suits one depth better than another is part of what is measured.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnncore import results
from rnncore.reference import LSTM, Batch, Elman, Readout, Stacked
from rnncore.tasks.delayed import delayed
from rnncore.tasks.lagged_xor import floor, lagged_xor

from .experiment import Experiment, Run
from .fast_model import FastModel
from .short_training import figures, size, train
from .variants import LETTERS, letters

SYMBOLS, FILLERS = 4, 4
CELLS = {"text": LSTM, "memory": LSTM, "exclusive or": Elman}
LOSS = {"text": "softmax_cross_entropy", "memory": "softmax_cross_entropy", "exclusive or": "binary_cross_entropy"}
SIZES = {"text": (len(LETTERS), len(LETTERS)), "memory": (SYMBOLS + FILLERS, SYMBOLS), "exclusive or": (1, 1)}


@dataclass(frozen=True)
class Chrono(FastModel):
    """A model whose LSTMs begin as `lag` asks for; None begins as the library does."""

    lag: int | None = None

    def init(self, rng: np.random.Generator, dtype=np.float64, **how) -> dict:
        """As `Model.init`."""
        params = super().init(rng, dtype, **how)
        for key in [k for k in params if k.endswith("b_f")] if self.lag else []:
            params[key] = np.log(rng.uniform(1, self.lag, params[key].shape)).astype(dtype)
            params[key[:-1] + "i"] = -params[key]
        return params


def stack(task: str, layers: int, H: int, lag: int | None = None) -> FastModel:
    """So many layers of H units each."""
    D, K = SIZES[task]
    cells = tuple(CELLS[task](D if n == 0 else H, H) for n in range(layers))
    return Chrono(Stacked(cells), Readout(H, K), LOSS[task], "last" if task == "memory" else "every", lag=lag)


def units(task: str, layers: int, base: int) -> int:
    """The width that brings a stack closest to one layer of `base` units in its number of parameters."""
    want = size(stack(task, 1, base))
    return min(range(2, base + 1), key=lambda H: abs(size(stack(task, layers, H)) - want))


def chunks(text: np.ndarray, start: np.ndarray, T: int) -> Batch:
    """Pieces of a text from given places on: characters, and the ones after them."""
    ids = text[start + np.arange(T + 1)[:, None]]
    return Batch(ids[:-1], ids[1:])


def draws(task: str, B: int, T: int, lag: int):
    """Batches for training."""
    if task == "text":
        return lambda step, rng: chunks(letters()[0], rng.integers(len(letters()[0]) - T, size=B), T)
    if task == "memory":
        return lambda step, rng: delayed(rng, B, lag, SYMBOLS, FILLERS, np.float32)
    return lambda step, rng: Batch(*(a.astype(np.float32) for a in lagged_xor(T, B, lag, rng)[:2]))


def judge(task: str, model, params: dict, T: int, lag: int) -> float:
    """Bits a character on held-out text; or the share of right answers on 2000 new sequences."""
    if task == "text":
        text = letters()[2]
        return model.loss_value(params, chunks(text, np.linspace(0, len(text) - T - 2, 300).astype(int), T)) / float(np.log(2))
    rng = np.random.default_rng(999)
    batch = delayed(rng, 2000, lag, SYMBOLS, FILLERS, np.float32) if task == "memory" else lagged_xor(T, 2000, lag, rng)
    o = model.forward(params, np.asarray(batch.x, np.float32))[0]
    if task == "memory":
        return float((o[0].argmax(axis=0) == batch.targets[0]).mean())
    return float(((o > 0) == (batch.targets > 0.5))[lag:].mean())


def study(job, task: str, layers: int, base: int, updates: int, B: int, T: int, lag: int, lr: float, seeds: list) -> dict:
    """One depth on one task: all starts."""
    H = units(task, layers, base)
    model = stack(task, layers, H, lag if task == "memory" else None)
    found = []
    for seed in seeds:
        found.append(judge(task, model, train(job, model, draws(task, B, T, lag), seed, updates, lr), T, lag))
    result = {"H": H, "parameters": size(model)}
    if task == "text":
        return result | {"bits": figures(found)}
    right = {"right": figures(found), "trials": results.trials([updates * B if f >= 0.99 else None for f in found], updates * B)}
    return result | right | ({"floor": round(floor(T, lag), 4)} if task == "exclusive or" else {})


SETTINGS = {
    "text": {"base": 64, "updates": 400, "B": 32, "T": 60, "lag": 0, "lr": 0.01},
    "memory": {"base": 24, "updates": 250, "B": 20, "T": 61, "lag": 60, "lr": 0.01},
    "exclusive or": {"base": 24, "updates": 1000, "B": 32, "T": 30, "lag": 4, "lr": 0.005},
}
STARTS = {"text": 3, "memory": 5, "exclusive or": 5}
CRITERION = {
    "text": "bits a character on held-out text after 400 updates; three starts",
    "memory": "share of 2000 new sequences answered right after 250 updates of 20; solved: 99 % of them, looked at then alone; five starts",
    "exclusive or": "share of right answers from the first on that can be known, 2000 new sequences, after "
    "1000 updates of 32; solved: 99 % of them, looked at then alone; five starts",
}
QUICK = {"text": {"updates": 2, "B": 4}, "memory": {"updates": 2, "B": 4}, "exclusive or": {"updates": 2, "B": 4}}
RUNS = {
    f"{task}: {layers} layer{'s' if layers > 1 else ''}": Run(
        study, {"task": task, "layers": layers} | SETTINGS[task] | {"seeds": [[670, k] for k in range(STARTS[task])]}, CRITERION[task],
        quick=QUICK[task] | {"seeds": [[670, 0]]},
    )
    for task in CELLS for layers in (1, 2, 3)
}  # fmt: skip
EXPERIMENT = Experiment("layers", "One, two and three layers with equally many parameters", "zhang2016", RUNS)
