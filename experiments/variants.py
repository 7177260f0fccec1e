r"""Which gate matters? Variants of the LSTM, the GRU and the vanilla cell on two tasks, with as many parameters each.

"memory" is delayed recall: one of 4 symbols, 60 fillers drawn from 4 others, then the question which symbol it was. "text" is the next
character of a novel, in small letters, read in chunks of 40; the state is zero at the start of each.

Every variant has about as many trained parameters as the standard LSTM (forget gate, no peepholes) with 24 units on "memory" and 48 on
"text": its number of units is chosen so. All get the same updates, Adam, two learning rates, the same for all, gradients shortened to 1,
and five starts. On "text" the rate is chosen on one part of the held-out text and judged on another; on "memory" every sequence is new.

A gate that is taken out stands open: its weights are zero and its bias is 30, where the logistic function is 1 to all digits of
float32 and has no slope, so that nothing of it is ever trained; it is not counted. "No forget gate" is the cell of 1997. On "memory"
all gates that keep begin with a bias of ln u, u uniform from 1 to the lag, and all gates that write with its negative (the "chrono"
start of Tallec and Ollivier 2018), the same rule for every variant that has such a gate; the vanilla cell begins with an orthogonal W.
On "text" all begin as the library begins them.

Small nets, short training, two rates: this tells what a gate is for, not which cell is best. On "text" 600 updates are still early in a
training (a table of pairs of letters has 3.38 bits on the same text), and a longer one may order close rows otherwise. So may other rates.
"""

from __future__ import annotations

import time
from functools import lru_cache

import numpy as np

from rnncore import data
from rnncore.reference import fused
from rnncore.reference.clipping import clip_by_norm
from rnncore.reference.elman import Elman
from rnncore.reference.fused.symbols import Adam, flatten, readout_and_loss
from rnncore.reference.gru import GRU
from rnncore.reference.initializers import orthogonal
from rnncore.reference.lstm import LSTM
from rnncore.reference.readout import Readout
from rnncore.results import trials

from .experiment import Experiment, Run

# kind, variant, the gate that stands open, the gates that keep and that write (with their sign: coupled gates and GRU have one for both)
VARIANTS = {
    "LSTM": (LSTM, "1999", None, {"b_f": 1, "b_i": -1}),
    "LSTM 1997: no forget gate": (LSTM, "1997", None, {"b_i": -1}),
    "no input gate": (LSTM, "1999", "i", {"b_f": 1}),
    "no output gate": (LSTM, "1999", "o", {"b_f": 1, "b_i": -1}),
    "coupled input and forget gate": (LSTM, "coupled", None, {"b_i": -1}),
    "peepholes": (LSTM, "peephole", None, {"b_f": 1, "b_i": -1}),
    "GRU, reset after": (GRU, "after", None, {"b_z": 1}),
    "GRU, reset before": (GRU, "before", None, {"b_z": 1}),
    "vanilla": (Elman, "tanh", None, {}),
}
BASE = {"memory": 24, "text": 48}
SYMBOLS, FILLERS = 4, 4
LETTERS = " abcdefghijklmnopqrstuvwxyz.,;'-"


@lru_cache(maxsize=1)
def letters() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The novel in small letters as indices: to train on, to choose the rate on, to judge on (the last twentieths)."""
    text = " ".join("".join(c if c in LETTERS else " " for c in data.load_novel().lower()).split())
    ids = np.array([LETTERS.index(c) for c in text])
    cut = len(ids) // 20
    return ids[: -2 * cut], ids[-2 * cut : -cut], ids[-cut:]


def sizes(task: str) -> tuple[int, int]:
    """Number of inputs and of outputs."""
    return (SYMBOLS + FILLERS, SYMBOLS) if task == "memory" else (len(LETTERS), len(LETTERS))


def trained(name: str, H: int, D: int, K: int) -> int:
    """How many parameters of a variant with H units are trained, readout included."""
    kind, variant, opened, _ = VARIANTS[name]
    shapes = kind(D, H, variant).shapes | Readout(H, K).shapes
    return sum(r * c for k, (r, c) in shapes.items() if opened is None or not k.endswith(f"_{opened}"))


def units(name: str, task: str, base: int) -> int:
    """The number of units that brings a variant closest to the standard LSTM with `base` units."""
    D, K = sizes(task)
    return min(range(2, 8 * base), key=lambda H: abs(trained(name, H, D, K) - trained("LSTM", base, D, K)))


def begin(name: str, task: str, H: int, lag: int, rng: np.random.Generator) -> tuple:
    """The cell, and its parameters with those of the readout."""
    kind, variant, opened, biases = VARIANTS[name]
    D, K = sizes(task)
    cell = kind(D, H, variant)
    params = cell.init(rng, np.float32, **({"W": orthogonal()} if kind is Elman and task == "memory" else {}))
    if task == "memory":
        bias = np.log(rng.uniform(1, lag, (H, 1))).astype(np.float32)
        params |= {k: sign * bias for k, sign in biases.items()}
    if opened:
        params |= {k: np.zeros_like(params[k]) for k in (f"U_{opened}", f"W_{opened}")} | {f"b_{opened}": np.full((H, 1), 30, np.float32)}
    return cell, params | Readout(H, K).init(rng, np.float32)


def batch(task: str, rng: np.random.Generator, B: int, T: int, text: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Inputs (T, B), and the targets: symbols (T, B), or one row of them, asked for at the end."""
    if task == "memory":
        first = rng.integers(SYMBOLS, size=(1, B))
        return np.concatenate([first, SYMBOLS + rng.integers(FILLERS, size=(T, B))]), first
    ids = text[rng.integers(len(text) - T, size=B) + np.arange(T + 1)[:, None]]
    return ids[:-1], ids[1:]


def train_one(name: str, task: str, H: int, lr: float, updates: int, B: int, T: int, seed: list, parts: tuple) -> dict:
    """One start with one rate: losses of all updates, and what the task is judged by."""
    rng = np.random.default_rng(seed)
    cell, params = begin(name, task, H, T, rng)
    theta, params = flatten(params)
    optimizer, losses, right = Adam(theta, lr), [], []
    for _ in range(updates):
        ids, targets = batch(task, rng, B, T, parts[0])
        h, _, memory = fused.forward(cell, {k: params[k] for k in cell.shapes}, ids)
        seen = h[-len(targets) :]
        loss, late, grads = readout_and_loss(params, np.ascontiguousarray(seen), targets)
        losses.append(loss)
        if task == "memory":
            right.append(float(((params["V"] @ seen[0] + params["c"]).argmax(axis=0) == targets[0]).mean()))
        dy = np.zeros_like(h)
        dy[-len(targets) :] = late
        grads |= fused.backward(cell, {k: params[k] for k in cell.shapes}, dy, None, memory)[2]
        grads = clip_by_norm(grads, 1.0)[0]
        optimizer.step(np.concatenate([grads[k].ravel() for k in params]))
    if task == "memory":
        return {"losses": losses, "right": right}
    return {"losses": losses, "choose": bits(cell, params, parts[1], T), "judge": bits(cell, params, parts[2], T)}


def bits(cell, params: dict, text: np.ndarray, T: int) -> float:
    """Bits a character over 200 chunks of a text, spread evenly."""
    ids = text[np.linspace(0, len(text) - T - 2, 200).astype(int) + np.arange(T + 1)[:, None]]
    h = fused.forward(cell, {k: params[k] for k in cell.shapes}, ids[:-1])[0]
    return readout_and_loss(params, h, ids[1:])[0] / float(np.log(2))


def after(right: list) -> int | None:
    """Updates until 99 % of the last 25 updates' sequences were answered right."""
    good = np.flatnonzero(np.convolve(right, np.ones(25) / 25, "valid") >= 0.99 - 1e-9) if len(right) >= 25 else []
    return int(good[0]) + 25 if len(good) else None


def study(job, name: str, task: str, base: int, updates: int, B: int, T: int, rates: list, seeds: list, points: int) -> dict:
    """A variant on a task: all rates, all starts; the best rate in full."""
    H, parts = units(name, task, base), letters() if task == "text" else (None, None, None)
    done = job.restore() or {}
    for rate in rates:
        for seed in seeds:
            if (rate, str(seed)) not in done:
                done[rate, str(seed)] = train_one(name, task, H, rate, updates, B, T, seed, parts)
                job.say(f"rate {rate}, seed {seed}: loss {np.mean(done[rate, str(seed)]['losses'][-25:]):.3f}")
                job.save(lambda: done)
    runs = {rate: [done[rate, str(seed)] for seed in seeds] for rate in rates}
    D, K = sizes(task)
    when = [round(float(p.mean() + 1)) for p in np.array_split(np.arange(updates), points)]
    found = {"H": H, "parameters": trained(name, H, D, K), "updates": when}
    if task == "memory":
        solved = {rate: [after(r["right"]) for r in of] for rate, of in runs.items()}
        best = min(rates, key=lambda rate: (sum(n is None for n in solved[rate]), np.mean([r["losses"] for r in runs[rate]])))
        found |= {"rate": best, "trials": trials([None if n is None else n * B for n in solved[best]], updates * B),
                  "solved at each rate": {str(rate): sum(n is not None for n in s) for rate, s in solved.items()},
                  "right in the end": [round(float(np.mean(r["right"][-25:])), 3) for r in runs[best]]}  # fmt: skip
    else:
        best = min(rates, key=lambda rate: np.mean([r["choose"] for r in runs[rate]]))
        judged = {rate: [r["judge"] for r in of] for rate, of in runs.items()}
        found |= {"rate": best, "bits": [round(b, 4) for b in judged[best]], "mean": round(float(np.mean(judged[best])), 4),
                  "sd": round(float(np.std(judged[best], ddof=1)), 4) if len(seeds) > 1 else None,
                  "mean at each rate": {str(rate): round(float(np.mean(of)), 4) for rate, of in judged.items()}}  # fmt: skip
    curves = np.array([r["losses"] for r in runs[best]])
    return found | {"loss": [[round(float(p.mean()), 4) for p in np.array_split(row, points)] for row in curves]}


def step_times(job, H: int, D: int, B: int, T: int, repetitions: int, seed: int) -> dict:
    """Process time of a step, forward and backward, at equal H: the median of its ratios to the standard LSTM in the same round."""
    rng = np.random.default_rng(seed)
    ids, dy, spent = rng.integers(D, size=(T, B)), rng.standard_normal((T, H, B)).astype(np.float32), {}
    names = [name for name, (_, _, opened, _) in VARIANTS.items() if opened is None]  # an open gate is still computed here
    cells = {name: VARIANTS[name][0](D, H, VARIANTS[name][1]) for name in names}
    params = {name: cell.init(rng, np.float32) for name, cell in cells.items()}
    for turn in range(repetitions + 1):
        for name in rng.permutation(names).tolist():  # in a fixed order a variant would always follow the same one, in its cache
            cell, start = cells[name], time.process_time()
            memory = fused.forward(cell, params[name], ids)[2]
            fused.backward(cell, params[name], dy, None, memory)
            if turn:  # the first round warms up
                spent.setdefault(name, []).append((time.process_time() - start) / T * 1e6)
        job.say(f"round {turn}")
    ratio = {name: float(np.median(np.array(spent[name]) / np.array(spent["LSTM"]))) for name in names}
    count = {name: sum(r * c for r, c in cell.shapes.values()) for name, cell in cells.items()}
    return {"H": H, "microseconds": {name: round(float(np.median(spent[name])), 1) for name in names},
            "relative to the LSTM": {name: round(r, 2) for name, r in ratio.items()}, "parameters of the cell": count}  # fmt: skip


RATES, SEEDS = {"memory": [0.003, 0.01], "text": [0.01, 0.03]}, [[60, k] for k in range(5)]
SETTINGS = {"memory": {"updates": 250, "B": 20, "T": 60}, "text": {"updates": 600, "B": 32, "T": 40}}
CRITERION = {
    "memory": "99 % of the last 500 sequences right, all new to the net, within 5,000 sequences; the better of two rates, five starts",
    "text": "bits a character on held-out text after 600 updates; the better of two rates on another held-out part, five starts",
}
QUICK = {"base": 4, "updates": 27, "B": 2, "T": 5, "rates": [0.01], "seeds": [[0, 0]], "points": 3}
RUNS = {
    f"{task}: {name}": Run(
        study,
        {"name": name, "task": task, "base": BASE[task], **SETTINGS[task], "rates": RATES[task], "seeds": SEEDS, "points": 30},
        criterion=CRITERION[task],
        quick=QUICK,
    )
    for task in SETTINGS
    for name in VARIANTS
}
RUNS["time of a step"] = Run(
    step_times,
    {"H": 64, "D": len(LETTERS), "B": 32, "T": 50, "repetitions": 61, "seed": 0},
    criterion="process time of a step, forward and backward, fast twins, float32, symbols as inputs, 64 units, 32 sequences of 50 steps; "
    "medians of 61 rounds, in each of which every variant ran once, in random order",
    quick={"H": 4, "T": 4, "repetitions": 2},
)
EXPERIMENT = Experiment("variants", "Variants of the gated cell at equal size", "greff2017", RUNS)
