"""Long time lags with distractors (Hochreiter and Schmidhuber 1997, experiment 2c): a key, q or more random letters, the question.

Memory blocks learn online, from the error at the end of each sequence, with the truncated gradient: literally as the paper has it,
and with a change. What is fed back of the gates, which stand near ½, is a bias of the cells: a little is added to their states at each
of the steps between, and they saturate before anything is learnt ("states before learning" measures it; the paper calls it drift).
So nothing but a cell's own state is fed back in the tuned nets. The vanilla nets get what helps them at long lags: orthogonal weights,
BPTT through the whole sequence, Adam, clipping, batches of 25 sequences, 16 hidden units, and four learning rates side by side.
Every sequence is new. It is judged before it is learnt from, for all nets alike.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from experiments.experiment import Experiment, Job, Run
from experiments.vanilla_lag import Vanilla
from rnncore import results
from rnncore.reference.memory_blocks import MemoryBlocks, generators
from rnncore.reference.memory_blocks_sequences import run_to_end
from rnncore.reference.memory_blocks_trials import OnlineTrials, Sequences
from rnncore.tasks.long_lag import distracted
from rnncore.tasks.success import solved_after

TOLERANCE = 0.2


def draw(rng: np.random.Generator, B: int, lag: int) -> tuple:
    """B sequences with q = p = lag as `OnlineTrials` takes them: symbols, lengths, targets (2, B)."""
    task = distracted(rng, B, lag, lag)
    return task.ids, task.mask.sum(axis=0), np.arange(2)[:, None] == task.targets


def blocks(job: Job, lag: int, lr: float, recurrent: str, in_bias: tuple | None, cap: int, trials: int, seed: int, window: int) -> dict:
    """The nets of 1997, two blocks of one cell. Args: in_bias: of the input gates; None for nets whose units have no bias at all."""
    run = job.restore()
    if run is None:
        biased = in_bias is not None
        net = MemoryBlocks(lag + 4, 2, 2, recurrent=recurrent, bias="gates" if biased else "none", output_bias=biased)
        rngs = generators(seed, trials)
        run = OnlineTrials(net, net.init(rngs, 0.2, in_=in_bias), rngs, partial(draw, lag=lag), lr, TOLERANCE, window)

    def tell(run: OnlineTrials) -> None:
        job.save(lambda: run)
        job.say(f"{run.count} sequences, {trials - len(run.alive)} of {trials} solved, error {run.curve[-1][1]:.3f}")

    run.run(cap, tell)
    return summary(run.after, cap, window, run.net.weights, run.curve)


def states(job: Job, lags: tuple, trials: int, seed: int, sequences: int) -> dict:
    """Where the cells' states are at the end of a sequence before anything is learnt: between nets, and between sequences of a net."""
    found = {}
    for lag in lags:
        for name, recurrent, bias in (("literal", "all", None), ("tuned", "none", (-1, -2))):
            net = MemoryBlocks(lag + 4, 2, 2, recurrent=recurrent, bias="gates" if bias else "none", output_bias=False)
            params = net.init(generators(seed, trials), 0.2, in_=bias)
            drawn = Sequences(partial(draw, lag=lag), generators(seed + 1, trials), sequences)
            s = np.array([run_to_end(net, params, *drawn[i][:2], learns=False).s for i in range(sequences)])
            found[f"{name}, q = p = {lag}"] = {"rms of a net's mean": round(float(np.sqrt((s.mean(axis=0) ** 2).mean())), 3),
                                               "deviation within a net": round(float(s.std(axis=0).mean()), 3)}  # fmt: skip
            job.say(f"{name}, lag {lag}")
    return found


def vanilla(job: Job, lag: int, rates: tuple, H: int, B: int, cap: int, trials: int, seed: int, window: int) -> dict:
    """Vanilla nets, `trials` for each of Adam's learning rates."""
    run = job.restore()
    if run is None:
        rngs = generators(seed, trials * len(rates))
        run = {"rngs": rngs, "nets": Vanilla(rngs, lag + 4, H, 2, np.repeat(rates, trials)), "errors": []}
    rngs, nets, errors = run["rngs"], run["nets"], run["errors"]
    N = len(rngs)
    while len(errors) * B < cap:
        drawn = Sequences(partial(draw, lag=lag), rngs, B)
        starts, targets = drawn.starts.T, drawn.targets.argmax(axis=2).T  # (N, B)
        y = nets.learn(np.moveaxis(drawn.x, 0, 2), np.arange(drawn.T)[:, None, None] >= starts, targets)
        errors.append(np.abs(y - (np.arange(2)[:, None] == targets[:, None])).max(axis=1).astype(np.float32))  # (N, B)
        job.save(lambda: run)
        job.say(f"{len(errors) * B} sequences, error {errors[-1].mean():.3f}")
    whole = np.concatenate(errors, axis=1)
    after = [solved_after(e, TOLERANCE, window) for e in whole.astype(float)]
    mean = whole.reshape(len(rates), trials, -1, B).mean(axis=(1, 3))
    at = [(i + 1) * B for i in range(len(errors))]
    found, right = {}, {}
    for i, rate in enumerate(rates):
        mine = slice(i * trials, (i + 1) * trials)
        found[f"rate {rate}"] = summary(after[mine], cap, window, None, list(zip(at, mean[i])))
        right[f"rate {rate}"] = round(float((whole[mine, -1000:] < 0.5).mean()), 3)
    best = max(found, key=lambda k: (found[k]["solving"]["solved"], right[k]))
    weights = sum(p[0].size for p in nets.params.values())
    return found[best] | {"weights": weights, "best": best, "right of the last 1000": right, "solved by rate": {
        k: f["solving"]["solved"] for k, f in found.items()}, "trials": N}  # fmt: skip


def summary(after: list, cap: int, window: int, weights: int | None, curve: list) -> dict:
    """What a row says; "before" is when the window begins, where an author may have stopped to count."""
    began = [n - window for n in after if n is not None]
    thin = curve[:: max(1, len(curve) // 60)]
    return {"weights": weights, "solving": results.trials(after, cap), "before": round(float(np.mean(began)), 1) if began else None,
            "curve": {"sequences": [n for n, _ in thin], "mean error": [round(float(e), 4) for _, e in thin]}}  # fmt: skip


PUBLISHED = {50: 30000, 100: 31000, 200: 33000}
HELD = "Hochreiter and Schmidhuber 1997, table 3"
CRITERION = "10,000 sequences in a row with both outputs within 0.2 of the target, which are counted too; at most {:,} sequences"
CHANGE = ("nothing fed back but the cells' own states; learning rate 0.5 (with the 2 of equation 16); gates and outputs have biases, "
          "those of the input gates −1 and −2 at first")  # fmt: skip
TUNED = dict(lr=1.0, recurrent="none", in_bias=[-1, -2])
SAME = dict(trials=20, seed=1997, window=10_000)
QUICK = dict(cap=60, trials=2, window=20)


def row(lag: int, tier: str, cap: int, **settings) -> Run:
    """A run of the memory blocks."""
    published = {"trials": 20, "mean": PUBLISHED[lag], "where": HELD} if lag in PUBLISHED else {}
    change = CHANGE if tier == "tuned" else "learning rate 0.01, with the 2 of equation 16"
    return Run(blocks, dict(lag=lag, cap=cap, **settings, **SAME), CRITERION.format(cap), tier, published, change, quick=QUICK)


def dead(lag: int, cap: int = 60_000) -> Run:
    """A run of the vanilla nets. The lowest rate was the best of those tried first, so lower ones are tried too."""
    rates = [0.0003, 0.001, 0.003, 0.01] if lag in (50, 100) else [0.001, 0.003, 0.01, 0.03]
    settings = dict(lag=lag, rates=rates, H=16, B=25, cap=cap, **SAME | dict(trials=5))
    return Run(vanilla, settings, CRITERION.format(cap), "ours", quick=QUICK | dict(trials=1))


EXPERIMENT = Experiment("noisy_lag", "A key, distractors, and the question", "hochreiter1997", {
    **{f"LSTM, tuned, q = p = {lag}": row(lag, "tuned", 100_000, **TUNED) for lag in (20, 50, 100, 200)},
    **{f"vanilla, q = p = {lag}": dead(lag) for lag in (20, 50, 100, 200)},
    "states before learning": Run(states, dict(lags=[20, 50, 100, 200], trials=100, seed=1997, sequences=20), "none: weights as drawn",
                                  quick=dict(lags=[20], trials=2, sequences=2)),
    "LSTM, literal, q = p = 20": row(20, "literal", 100_000, lr=0.02, recurrent="all", in_bias=None),
    "LSTM, literal, q = p = 50": row(50, "literal", 150_000, lr=0.02, recurrent="all", in_bias=None),
})  # fmt: skip
