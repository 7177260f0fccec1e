r"""One task with a long lag, every remedy switched on: what does each cure, and what not?

Delayed recall: one of 4 symbols, then 100 fillers drawn from 4 others, then the question which symbol it was. Without memory of the
first step one in four answers is right. All nets have 32 units and see 6,000 sequences, 20 in an update. Each row is trained from
five starts with each of three learning rates, the same three for all rows of an optimizer; the rate with the most solved starts is
shown (of equals: the one with the lowest loss in the end), and what the other two gave is told beside it. So a remedy has as much
tuning as the net without one.

Most rows use Adam, as most of today's training does. It divides by the size of the gradients, which is a remedy of its own: a plain
tanh net that plain gradient descent leaves where it was now and then finds its way with Adam. It also hides how much clipping matters;
so the rows about clipping are there with momentum (0.9) in its place. "none", and all that names no other start, draws W uniform on
±1/√32, a spectral radius of about 0.58; "scaled" is Gaussian with a radius of about 1, "large" of about 1.5.

What is measured: solved starts; sequences until solved; largest length of a gradient; and at the start, before any training, the
length of $\partial L / \partial s_{T-\ell}$ for all lags, with the share that lies before half of the lag:
$\sum_{\ell > T/2} \lVert \partial L / \partial s_{T-\ell} \rVert / \sum_{\ell} \lVert \partial L / \partial s_{T-\ell} \rVert$.

Truncation shortens the way back to the last 50 steps. The gradient-free search has no gradient to lose: its population sees the same
number of sequences in all, and in a second row five times as many; its three settings are the first spread of its members. All 25
members of a generation are judged on the same 20 sequences, which count 25 times; so "the last 500 sequences" are for the search 20
different ones, answered by the middle of its population.
"""

from __future__ import annotations

import numpy as np

from rnncore.reference import fused
from rnncore.reference.analysis import gradient_by_lag
from rnncore.reference.clipping import clip_by_norm, clip_by_value, global_norm
from rnncore.reference.elman import IRNN, Elman
from rnncore.reference.evolution import SNES
from rnncore.reference.gru import GRU
from rnncore.reference.initializers import identity, normal, orthogonal
from rnncore.reference.lstm import LSTM
from rnncore.reference.optimizers import SGD, Adam
from rnncore.reference.readout import Readout
from rnncore.reference.unroll import unroll
from rnncore.results import trials

from .experiment import Experiment, Run

H, K, FILLERS, B, WINDOW = 32, 4, 4, 20, 50
CELLS = {"tanh": Elman(K + FILLERS, H), "relu": Elman(K + FILLERS, H, "relu"), "LSTM": LSTM(K + FILLERS, H), "GRU": GRU(K + FILLERS, H)}
STARTS = {"default": {}, "scaled": {"W": normal(H**-0.5)}, "large": {"W": normal(1.5 * H**-0.5)}, "orthogonal": {"W": orthogonal()},
          "identity": {"W": identity()}, "IRNN": IRNN}  # fmt: skip
CLIPS = {"none": None, "norm": clip_by_norm, "value": clip_by_value}


def draw(rng: np.random.Generator, B: int, lag: int) -> tuple[np.ndarray, np.ndarray]:
    """Symbols (lag + 1, B) and what was the first, (B,)."""
    first = rng.integers(K, size=B)
    return np.concatenate([first[None], K + rng.integers(FILLERS, size=(lag, B))]), first


def begin(cell: str, start: str, lag: int, seed: list, dtype=np.float32) -> tuple[dict, np.random.Generator]:
    """Parameters of cell and readout, and the generator of the data. "open": the gates keep what they hold, for about the lag."""
    rng, one = np.random.default_rng(seed), CELLS[cell]
    params = one.init(rng, dtype, **STARTS.get(start, {}))
    if start == "open":
        bias = np.log(rng.uniform(1, lag, (H, 1))).astype(dtype)  # keeps for u steps, u uniform up to the lag
        params |= {"b_f": bias, "b_i": -bias} if cell == "LSTM" else {"b_z": bias}
    return params | Readout(H, K).init(rng, dtype), rng


def answer(params: dict, h: np.ndarray, first: np.ndarray) -> tuple[float, float, np.ndarray]:
    """Loss, share of right answers, and the gradient of the logits, from the last state (H, B)."""
    o = params["V"] @ h + params["c"]
    y = np.exp(o - o.max(axis=0))
    y /= y.sum(axis=0)
    column, right = np.arange(len(first)), float((y.argmax(axis=0) == first).mean())
    loss = float(-np.log(y[first, column] + 1e-30).mean())
    y[first, column] -= 1
    return loss, right, y / len(first)


def gradients(one, params: dict, ids: np.ndarray, first: np.ndarray, window: int | None) -> tuple[float, float, dict]:
    """Loss, share of right answers, gradients; with a window no error goes further back than so many steps."""
    own = {k: params[k] for k in one.shapes}
    state, late = None, ids
    if window is not None:
        _, state, _ = fused.forward(one, own, ids[:-window])
        late = ids[-window:]
    h, _, memory = fused.forward(one, own, late, state)
    loss, right, do = answer(params, h[-1], first)
    dy = np.zeros_like(h)
    dy[-1] = params["V"].T @ do
    grads = fused.backward(one, own, dy, None, memory)[2]
    return loss, right, grads | {"V": do @ h[-1].T, "c": do.sum(axis=1, keepdims=True)}


def train_one(cell: str, start: str, clip: str, window: int | None, optimizer: str, lr: float, lag: int, updates: int, seed: list) -> dict:
    """One start with one rate: loss and share of right answers of every update, largest gradient, whether numbers stayed finite."""
    params, rng = begin(cell, start, lag, seed)
    step = {"Adam": Adam(lr), "SGD": SGD(lr, momentum=0.9)}[optimizer]
    state, losses, right, steepest = step.init(params), [], [], 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(updates):
            loss, good, grads = gradients(CELLS[cell], params, *draw(rng, B, lag), window)
            norm = global_norm(grads)
            if not norm < 1e15:  # squares of float32 beyond
                break
            losses, right, steepest = [*losses, loss], [*right, good], max(steepest, norm)
            grads = CLIPS[clip](grads, 1.0 if clip == "norm" else 0.1)[0] if clip != "none" else grads
            params, state = step.update(params, grads, state)
            if not all(np.abs(p).max() < 1e15 for p in params.values()):
                break
    return {"losses": losses, "right": right, "steepest": steepest, "lost": len(losses) < updates}


def search_one(sigma: float, lag: int, updates: int, seed: list) -> dict:
    """The same for the gradient-free search: every generation judges all its members on the same 20 sequences."""
    params, rng = begin("tanh", "default", lag, seed, np.float64)
    strategy = SNES(sigma)
    one, losses, right, state = CELLS["tanh"], [], [], strategy.init(params)
    while len(losses) < updates:
        ids, first = draw(rng, B, lag)

        def loss(p, ids=ids, first=first):
            h = fused.forward(one, {k: p[k] for k in one.shapes}, ids)[0]
            return answer(p, h[-1], first)[0]

        middle = answer(params, fused.forward(one, {k: params[k] for k in one.shapes}, ids)[0][-1], first)
        params, state, members = strategy.update(params, loss, state, rng)
        losses += [middle[0]] * len(members)  # a generation costs as many updates' worth of sequences as it has members
        right += [middle[1]] * len(members)
    return {"losses": losses[:updates], "right": right[:updates], "steepest": 0.0, "lost": False}


def after(right: list) -> int | None:
    """Updates until 99 % of the last 25 updates' sequences, all new to the net, were answered right."""
    sums = np.convolve(right, np.ones(25) / 25, "valid") if len(right) >= 25 else np.zeros(0)
    good = np.flatnonzero(sums >= 0.99 - 1e-9)
    return int(good[0]) + 25 if len(good) else None


def by_lag(cell: str, start: str, lag: int, seeds: list) -> np.ndarray:
    """Length of the gradient of the state at each lag before training, (lag + 1,): the geometric mean over sequences and starts."""
    logs = []
    for seed in seeds:
        params, rng = begin(cell, start, lag, seed, np.float64)
        one, (ids, first) = CELLS[cell], draw(rng, B, lag)
        own = {k: params[k] for k in one.shapes}
        _, final, caches = unroll(one, own, np.eye(one.D)[:, ids].transpose(1, 0, 2))
        dh = params["V"].T @ answer(params, final.h, first)[2]
        dstate = type(final)(dh, *(np.zeros_like(dh) for _ in final[1:]))
        logs.append(np.log(gradient_by_lag(one, own, dstate, caches) + 1e-300).mean(axis=1))
    return np.exp(np.mean(logs, axis=0))


def thin(rows: list, updates: int, points: int) -> list:
    """Curves as means over stretches of updates; a curve that broke off stays where it was."""
    full = np.array([row + [row[-1] if row else float(np.log(K))] * (updates - len(row)) for row in rows])
    return [[round(float(part.mean()), 4) for part in np.array_split(row, points)] for row in full]


def compare(
    job, lag: int, updates: int, seeds: list, rates: list, points: int, cell: str = "tanh", start: str = "default",
    clip: str = "none", window: int | None = None, optimizer: str = "Adam", times: int = 1,
) -> dict:  # fmt: skip
    """One row: all rates, all starts. `rates` are first spreads where the optimizer is SNES."""
    done, updates = job.restore() or {}, updates * times
    for rate in rates:
        for seed in seeds:
            if (rate, str(seed)) not in done:
                done[rate, str(seed)] = (search_one(rate, lag, updates, seed) if optimizer == "SNES" else
                                         train_one(cell, start, clip, window, optimizer, rate, lag, updates, seed))  # fmt: skip
                job.say(f"rate {rate}, seed {seed}: {np.mean(done[rate, str(seed)]['right'][-25:]):.2f} right in the end")
                job.save(lambda: done)
    runs = {rate: [done[rate, str(seed)] for seed in seeds] for rate in rates}
    solved = {rate: [after(r["right"]) for r in of] for rate, of in runs.items()}
    end = {rate: float(np.mean([1e9 if r["lost"] else np.mean(r["losses"][-25:]) for r in of])) for rate, of in runs.items()}
    best = min(rates, key=lambda rate: (sum(n is None for n in solved[rate]), end[rate]))
    own, norms = runs[best], by_lag(cell, start, lag, seeds)
    return {
        "trials": trials([None if n is None else n * B for n in solved[best]], updates * B),
        "rate": best,
        "solved at each rate": {str(rate): sum(n is not None for n in s) for rate, s in solved.items()},
        "right in the end": [round(float(np.mean(r["right"][-25:])), 3) if not r["lost"] else None for r in own],
        "numbers lost": sum(r["lost"] for r in own),
        "largest gradient": {str(rate): float(f"{max(r['steepest'] for r in of):.3g}") for rate, of in runs.items()},
        "sequences": [round(float(part.mean() + 1) * B) for part in np.array_split(np.arange(updates), points)],
        "loss": thin([r["losses"] for r in own], updates, points),
        "gradient by lag at the start": [float(f"{x:.3g}") for x in norms],
        "share before half the lag": float(f"{norms[lag // 2 + 1 :].sum() / norms.sum():.3g}"),
    }


COMMON = {"lag": 100, "updates": 300, "seeds": [[50, k] for k in range(5)], "points": 30}
RATES = {"Adam": [0.001, 0.003, 0.01], "SGD": [0.003, 0.01, 0.03], "SNES": [0.03, 0.1, 0.3]}
ROWS = {
    "none": {},
    "scaled Gaussian": {"start": "scaled"},
    "identity": {"start": "identity"},
    "orthogonal": {"start": "orthogonal"},
    "ReLU (IRNN)": {"cell": "relu", "start": "IRNN"},
    "ReLU (IRNN), clipping by norm": {"cell": "relu", "start": "IRNN", "clip": "norm"},
    "clipping by norm": {"clip": "norm"},
    "orthogonal, truncation": {"start": "orthogonal", "window": WINDOW},
    "gradient-free search": {"optimizer": "SNES"},
    "gradient-free search, five times the sequences": {"optimizer": "SNES", "times": 5},
    "LSTM": {"cell": "LSTM"},
    "LSTM, gates open": {"cell": "LSTM", "start": "open"},
    "GRU, gates open": {"cell": "GRU", "start": "open"},
    "momentum: large Gaussian": {"optimizer": "SGD", "start": "large"},
    "momentum: large Gaussian, clipping by norm": {"optimizer": "SGD", "start": "large", "clip": "norm"},
    "momentum: large Gaussian, clipping by value": {"optimizer": "SGD", "start": "large", "clip": "value"},
}
QUICK = {"lag": 6, "updates": 30, "seeds": [[0, 0]], "points": 5}


def row(settings: dict) -> Run:
    """A remedy with what all rows share."""
    rates = RATES[settings.get("optimizer", "Adam")]
    return Run(
        compare,
        COMMON | settings | {"rates": rates},
        criterion="99 % of the last 500 sequences right, all of them new to the net, within "
        f"{COMMON['updates'] * B * settings.get('times', 1):,} sequences; the best of three rates, five starts",
        quick=QUICK | {"rates": rates[:1]} | ({"window": 3} if "window" in settings else {}),
    )


EXPERIMENT = Experiment("remedies", "One long lag, every remedy", "pascanu2013", {name: row(settings) for name, settings in ROWS.items()})
