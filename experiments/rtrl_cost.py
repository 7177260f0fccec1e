r"""Real-time recurrent learning against backpropagation through time: the same gradient, another price.

With weights that stay fixed over the sequence both give the gradient. RTRL stores nothing of the past, so its memory does not grow
with T; but with n inputs and n hidden units the influence has $n^2 (2n + 1)$ entries, and every step multiplies it by W:
$n^3 (2n + 1)$ multiplications.

Time is the process's own (what others do on the machine does not count), the least of several repetitions. NumPy's product of
float64 matrices is a tuned kernel whose price for one multiplication falls as the matrices grow, and a call costs some microseconds
whatever it does; both hide the law at n = 4 … 32. So the same step is timed twice: in float64, as one would use it, and in extended
precision, for which NumPy has plain loops, so that every multiplication costs the same.
"""

from __future__ import annotations

import time
import tracemalloc

import numpy as np

from rnncore.reference.elman import Elman
from rnncore.reference.gru import GRU
from rnncore.reference.lstm import LSTM
from rnncore.reference.rtrl import influence, rtrl, rtrl_step
from rnncore.reference.unroll import unroll, unroll_backward

from .experiment import Experiment, Run

CELLS = {"vanilla": Elman, "LSTM": LSTM, "GRU": GRU}


def both(cell, params: dict, x: np.ndarray, targets: np.ndarray) -> tuple[dict, dict]:
    """The gradients of half the squared distance to the targets, (T, H, B), by RTRL and by BPTT."""
    forward = rtrl(cell, params, x, lambda t, h: h - targets[t])
    h, _, caches = unroll(cell, params, x)
    return forward, unroll_backward(cell, params, h - targets, None, caches)[2]


def equality(job, lengths: list, D: int, H: int, B: int, seed: int) -> dict:
    """The largest difference between the two gradients, divided by the largest entry, for each cell and length."""
    rng, found = np.random.default_rng(seed), {}
    for name, kind in CELLS.items():
        cell, found[name] = kind(D, H), []
        for T in lengths:
            params = cell.init(rng)
            ours, theirs = both(cell, params, rng.standard_normal((T, D, B)), rng.standard_normal((T, H, B)))
            size = max(np.abs(g).max() for g in theirs.values())
            found[name].append(float(max(np.abs(ours[k] - theirs[k]).max() for k in theirs) / size))
            job.say(f"{name}, T = {T}")
    return {"T": lengths, "difference": {k: [float(f"{d:.1e}") for d in v] for k, v in found.items()},
            "largest": float(f"{max(max(v) for v in found.values()):.1e}")}  # fmt: skip


def step_time(n: int, B: int, dtype, repetitions: int, seconds: float, rng: np.random.Generator) -> float:
    """Process time of one step of B sequences, in microseconds: the least of the repetitions, each at least so long."""
    cell = Elman(n, n)
    params = {k: v.astype(dtype) for k, v in cell.init(rng).items()}
    x, state, P = rng.standard_normal((n, B)).astype(dtype), cell.initial_state(B, dtype), influence(cell, n, B, dtype)
    best = np.inf
    for _ in range(repetitions):
        start, steps = time.process_time(), 0
        while (spent := time.process_time() - start) < seconds or not steps:
            state, P = rtrl_step(cell, params, x, state, P)
            steps += 1
        best = min(best, spent / steps)
    return best * 1e6


def price(job, sizes: list, B: int, dtype: str, repetitions: int, seconds: float, seed: int) -> dict:
    """Time of a step against the number of units, and the slope on two logarithmic axes."""
    rng, times = np.random.default_rng(seed), []
    for n in sizes:
        times.append(step_time(n, B, getattr(np, dtype), repetitions, seconds, rng))
        job.say(f"n = {n}: {times[-1]:.0f} µs")
    slope = np.polyfit(np.log(sizes), np.log(times), 1)[0]
    counted = np.polyfit(np.log(sizes), np.log([n**3 * (2 * n + 1) for n in sizes]), 1)[0]
    return {"n": sizes, "microseconds": [float(f"{t:.4g}") for t in times],
            "slope": round(float(slope), 3), "slope of the multiplications": round(float(counted), 3)}  # fmt: skip


def memory(job, lengths: list, n: int, B: int, seed: int) -> dict:
    """The most memory that was held at a time, in kB, beyond inputs and parameters."""
    rng, cell, peak = np.random.default_rng(seed), Elman(n, n), {"RTRL": [], "BPTT": []}
    params = cell.init(rng)
    for T in lengths:
        x, dy = rng.standard_normal((T, n, B)), np.ones((T, n, B))

        def backprop(x=x, dy=dy):
            unroll_backward(cell, params, dy, None, unroll(cell, params, x)[2])

        for name, way in (("RTRL", lambda x=x, dy=dy: rtrl(cell, params, x, lambda t, h: dy[t])), ("BPTT", backprop)):
            tracemalloc.start()
            way()
            peak[name].append(round(tracemalloc.get_traced_memory()[1] / 1000, 1))
            tracemalloc.stop()
        job.say(f"T = {T}")
    growth = {name: round(values[-1] / values[0], 3) for name, values in peak.items()}
    return {"T": lengths, "kB": peak, "growth": growth, "times as long": lengths[-1] / lengths[0]}


SIZES = [4, 6, 8, 12, 16, 24, 32]
LAW = "n = 4 … 32 inputs and hidden units, 64 sequences; least process time of the repetitions; straight line on two logarithmic axes"
EXPERIMENT = Experiment(
    "rtrl_cost",
    "RTRL and BPTT: one gradient, two prices",
    "williams1989",
    {
        "gradient": Run(
            equality,
            {"lengths": [1, 10, 100], "D": 3, "H": 6, "B": 2, "seed": 0},
            criterion="largest difference of any entry, divided by the largest entry of the gradient; weights fixed over the sequence",
            mark="at most 1e-10",
            reached=lambda found: found["largest"] <= 1e-10,
            quick={"lengths": [1, 5]},
        ),
        "time, every multiplication at the same price": Run(
            price,
            {"sizes": SIZES, "B": 64, "dtype": "longdouble", "repetitions": 5, "seconds": 0.1, "seed": 0},
            criterion=LAW,
            mark="slope from 3.7 to 4.1",
            reached=lambda found: 3.7 <= found["slope"] <= 4.1,
            quick={"sizes": [2, 4], "repetitions": 1, "seconds": 0.01},
        ),
        "time, float64 with a tuned product": Run(
            price,
            {"sizes": SIZES, "B": 64, "dtype": "float64", "repetitions": 5, "seconds": 0.1, "seed": 0},
            criterion=LAW,
            quick={"sizes": [2, 4], "repetitions": 1, "seconds": 0.01},
        ),
        "memory": Run(
            memory,
            {"lengths": [50, 100, 200, 400, 800], "n": 8, "B": 1, "seed": 0},
            criterion="most memory held at a time, beyond inputs and parameters",
            mark="RTRL's grows by less than 5 %, BPTT's at least tenfold, from 50 to 800 steps",
            reached=lambda found: found["growth"]["RTRL"] < 1.05 and found["growth"]["BPTT"] >= 10,
            quick={"lengths": [20, 40]},
        ),
    },
)
