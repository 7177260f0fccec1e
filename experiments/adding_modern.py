r"""The adding problem as it is posed today, by length: vanilla, identity-recurrent (IRNN), LSTM and GRU at about 4,500 parameters each.

Two numbers of T, uniform in [0, 1], are marked, one in each half; the target is their sum (`rnncore.tasks.adding`). Who always says
1 has the mean squared error 1/6 = 0.1667; papers print 0.1767 for it, which is not the variance of that sum.

The same for every model: float32, batches of 20 new sequences, Adam, gradients cut at length 1 (all parameters together), and a search
over the same three learning rates for each model at T = 100 and 200, by a net of another seed. Its rates are tried from the largest
down, and one that takes longer than an earlier one is given up. What is found goes to the trials (at T = 400 what is found at 200, for
every model); the record holds the search.
The weights start as the library draws them: uniform on ±1/√H, but the forget gate's bias at 1; the IRNN as in its paper, from W = I and
input weights of standard deviation 0.001. Where we differ from that paper: its nets had 100 units and were trained by SGD.
"gates open" is the LSTM with forget biases of ln u, u uniform from 1 to T − 1, and input biases of −ln u (Tallec and Ollivier 2018).
"""

from __future__ import annotations

import math

import numpy as np

from rnncore import results
from rnncore.reference import GRU, LSTM, Elman
from rnncore.reference.elman import IRNN
from rnncore.tasks.adding import adding, window_mse

from .experiment import Experiment, Job, Run
from .fast_fit import Learner

OPEN = "LSTM, gates open"
MODELS = {"tanh": (Elman(2, 65), {}), "IRNN": (Elman(2, 65, "relu"), IRNN), "LSTM": (LSTM(2, 32), {}), "GRU": (GRU(2, 37), {}),
          OPEN: (LSTM(2, 32), {})}  # fmt: skip
LENGTHS = (100, 200, 400)
POINTS = 50  # of a curve


class Trial:
    """A net that learns until the test says that it is solved, or `cap` sequences are over. It can be pickled."""

    def __init__(self, model: str, T: int, rate: float, seed: int, B: int, clip: float) -> None:
        cell, how = MODELS[model]
        self.rng = np.random.default_rng([seed, T])
        self.net, self.T, self.B, self.n = Learner(cell, self.rng, rate, clip, how), T, B, 0
        if model == OPEN:
            bias = np.log(self.rng.uniform(1, T - 1, (cell.H, 1))).astype(np.float32)
            self.net.params |= {"b_f": bias, "b_i": -bias}
        self.mse = []  # at each test

    def go_on(self, job: Job, save, test, cap: int, test_every: int, mark: float) -> int | None:
        """After how many sequences it was solved, or None."""
        while self.n * self.B < cap and not self.net.diverged:
            task = adding(self.rng, self.B, self.T)
            self.net.learn(task.x, task.targets)
            self.n += 1
            if self.n % test_every == 0:
                self.mse.append(self.net.mse(test))
                job.say(f"{self.n * self.B} sequences, test MSE {self.mse[-1]:.4f}")
                if self.mse[-1] < mark:
                    return self.n * self.B
                job.save(save)
        return None

    @property
    def best(self) -> float:
        """The lowest error at a test."""
        return min(self.mse, default=math.inf)

    def curve(self, test_every: int) -> dict:
        """The test's errors, thinned; failed tests are left out."""
        stride = max(1, math.ceil(len(self.mse) / POINTS))
        kept = {*range(stride - 1, len(self.mse), stride), len(self.mse) - 1}  # the last one too
        pairs = [((k + 1) * test_every * self.B, rounded(self.mse[k])) for k in sorted(kept) if k >= 0 and math.isfinite(self.mse[k])]
        return {"sequences": [n for n, _ in pairs], "mse": [mse for _, mse in pairs]}

    def below(self, level: float, test_every: int) -> int | None:
        """After how many sequences a test's error was first below `level`."""
        return next(((k + 1) * test_every * self.B for k, mse in enumerate(self.mse) if mse < level), None)


def by_length(job: Job, model: str, T: int, rates, search_seed: int, search_cap: int, seeds, cap: int, B: int, clip: float,
              test_every: int, tests: int, mark: float) -> dict:  # fmt: skip
    """Search for the learning rate if there is more than one to choose from, then the trials."""
    test = adding(np.random.default_rng([0, T, 1]), tests, T)
    state = job.restore() or {"search": [], "trials": [], "now": None}

    def finish(rate: float, seed: int, limit: int) -> tuple:
        if state["now"] is None:
            state["now"] = Trial(model, T, rate, seed, B, clip)
        trial = state["now"]
        solved = trial.go_on(job, lambda: state, test, limit, test_every, mark)
        state["now"] = None
        return trial, solved

    for rate in list(rates)[len(state["search"]):] if len(rates) > 1 else []:
        limit = min([search_cap, *(s["solved"] for s in state["search"] if s["solved"])])
        trial, solved = finish(rate, search_seed, limit)
        state["search"].append({"rate": rate, "cap": limit, "solved": solved, "best": number(trial.best), "diverged": trial.net.diverged})
    rate = chosen(state["search"]) if len(rates) > 1 else rates[0]
    for seed in list(seeds)[len(state["trials"]):]:
        trial, solved = finish(rate, seed, cap)
        new = adding(np.random.default_rng([seed, T, 2]), 2 * tests, T)
        state["trials"].append({
            "solved": solved, "below": trial.below(0.01, test_every), "diverged": trial.net.diverged, "best": number(trial.best),
            "new": number(trial.net.mse(new)), "parameters": trial.net.parameters, "curve": trial.curve(test_every),
        })  # fmt: skip
    done = state["trials"]
    return {
        "parameters": done[0]["parameters"], "baseline": rounded(window_mse(T, 0)), "rate": rate, "search": state["search"],
        "trials": results.trials([t["solved"] for t in done], cap), "below 0.01": results.trials([t["below"] for t in done], cap),
        "diverged": sum(t["diverged"] for t in done), "best": [t["best"] for t in done], "new": [t["new"] for t in done],
        "curves": [t["curve"] for t in done],
    }  # fmt: skip


def chosen(search: list[dict]) -> float:
    """The rate that solved it first; if none did, the one with the lowest error."""
    solved = [s for s in search if s["solved"]]
    best = min(solved, key=lambda s: s["solved"]) if solved else min(search, key=lambda s: math.inf if s["best"] is None else s["best"])
    return best["rate"]


def rounded(value: float) -> float:
    """Four significant digits."""
    return float(f"{value:.4g}")


def number(value: float) -> float | None:
    """As JSON has it: None for a net that has failed."""
    return rounded(value) if math.isfinite(value) else None


def all_solved(result: dict) -> bool:
    """No trial failed."""
    return result["trials"]["solved"] == result["trials"]["trials"]


SETTINGS = {"rates": [1e-2, 3e-3, 1e-3], "search_seed": 100, "search_cap": 60_000, "seeds": [0, 1, 2], "cap": 100_000, "B": 20,
            "clip": 1.0, "test_every": 100, "tests": 500, "mark": 1e-3}  # fmt: skip
QUICK = {"rates": [1e-2, 1e-3], "search_cap": 96, "seeds": [0, 1], "cap": 128, "test_every": 2, "tests": 20}
SOLVED = "mean squared error below 0.001 over 500 test sequences, looked at every 2,000 training sequences; given up after 100,000"
SEARCHED = "the best of three (0.01, 0.003, 0.001) on another seed, each for at most 60,000 sequences"
AS_BEFORE = "the one found at T = 200"
FOUND = {"tanh": 3e-3, "IRNN": 1e-3, "LSTM": 1e-2, "GRU": 1e-2, OPEN: 1e-2}  # by the searches at T = 200; they cost most


def row(model: str, T: int) -> Run:
    gated, again = model in ("LSTM", "GRU", OPEN), T == 400
    return Run(by_length, {"model": model, "T": T} | SETTINGS | ({"rates": [FOUND[model]]} if again else {}),
               f"{SOLVED}. Learning rate: {AS_BEFORE if again else SEARCHED}", quick={"T": 10} | QUICK,
               mark="mean squared error below 0.001 in every trial" if gated else "", reached=all_solved if gated else None)  # fmt: skip


EXPERIMENT = Experiment("adding_modern", "The adding problem today: four nets by length", "le2015",
                        {f"{model}, T = {T}": row(model, T) for T in LENGTHS for model in MODELS if model != OPEN or T > 100})  # fmt: skip
