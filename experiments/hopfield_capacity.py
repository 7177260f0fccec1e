"""How many patterns does a Hopfield net hold? Overlap with the stored pattern against the load, at two sizes.

Patterns are drawn at random and stored by Hebb's rule; the net starts in one of them and runs until nothing changes. Below the
limit little is lost, above it nearly all. The limit of 0.138 N is one of infinite nets; at finite size the fall is less abrupt,
and it moves from one draw of the patterns to the next, so the curve is a mean over several draws.
"""

from __future__ import annotations

import numpy as np

from rnncore.reference.hopfield import capacity_experiment

from .experiment import Experiment, Run

LOADS = [0.05, 0.08, 0.1, 0.11, 0.12, 0.13, 0.138, 0.145, 0.15, 0.155, 0.16, 0.17, 0.18, 0.2]


def capacity(job, N: int, loads: list, draws: int, starts: int, seed: int) -> dict:
    """Overlaps, a list over the draws of the weights for each load; each is the mean over `starts` patterns of the draw."""
    rng, rows = np.random.default_rng(seed), []
    counts, actual = [], []
    for load in loads:
        found = capacity_experiment(N, [load], rng, trials=draws, starts=starts)
        counts.append(int(found.patterns[0]))
        actual.append(round(float(found.load[0]), 4))
        rows.append([round(float(m), 4) for m in found.overlap[0]])
        job.say(f"load {load}: overlap {np.mean(rows[-1]):.3f}")
    mean = [round(float(np.mean(row)), 4) for row in rows]
    return {"load": actual, "patterns": counts, "overlap": rows, "mean": mean,
            "at_0.13": mean[loads.index(0.13)], "at_0.18": mean[loads.index(0.18)]}  # fmt: skip


def row(N: int, seed: int) -> Run:
    """The curve of one size."""
    return Run(
        capacity,
        {"N": N, "loads": LOADS, "draws": 10, "starts": 10, "seed": seed},
        criterion="overlap of the state reached with the pattern started from; mean over 10 draws of the weights, 10 patterns of each",
        published={"limit of infinite nets": "0.138 N, with an overlap of about 0.97 just below it (Amit, Gutfreund and Sompolinsky 1985)",
                   "Hopfield 1982": "about 0.15 N patterns before errors are severe"},  # fmt: skip
        mark="overlap at least 0.97 at 0.13 N and at most 0.6 at 0.18 N",
        reached=lambda found: found["at_0.13"] >= 0.97 and found["at_0.18"] <= 0.6,
        quick={"N": 60, "loads": [0.05, 0.13, 0.18], "draws": 2, "starts": 2},
    )


RUNS = {f"N = {N}": row(N, seed) for N, seed in ((2000, 0), (4000, 1))}
EXPERIMENT = Experiment("hopfield_capacity", "How many patterns a Hopfield net holds", "hopfield1982", RUNS)
