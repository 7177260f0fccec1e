"""The sequence chunker on the long lag: an automatiser that reads all, a chunker that runs at what surprised it."""

from __future__ import annotations

import numpy as np

from rnncore import results
from rnncore.reference.chunker import Chunker
from rnncore.reference.model import Batch
from rnncore.reference.optimizers import Adam

from .experiment import Job


def sequences(keys: np.ndarray, p: int) -> np.ndarray:
    """Whole sequences (p + 1, N, 1): the key, the letters in order, the key again."""
    key = (p - 1 + keys)[None, :, None]
    return np.concatenate([key, np.broadcast_to(np.arange(p - 1)[:, None, None], (p - 1, len(keys), 1)), key])


def judge(net: Chunker, params: dict, p: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """On the two sequences that there are, with frozen weights.

    Returns: for each trial the automatiser's largest error after the first symbol, the chunker's at the last, and the surprises a sequence.
    """
    N = len(params["A.U"])
    ids = np.concatenate([sequences(np.full(N, key), p) for key in (0, 1)], axis=2)
    trace, _ = net.forward(params, ids)
    target = np.moveaxis(np.eye(p + 1)[ids], 3, 2)
    of_A, of_C = (np.abs(said - target) for said in (trace.p_A, trace.p_C))
    return of_A[1:].max(axis=(0, 2, 3)), of_C[-1].max(axis=(1, 2)), trace.surprise.sum(axis=0).mean(axis=1)


def chunker(job: Job, p: int, H_A: int, H_C: int, lr: float, trials: int, seed: int, cap: int, every: int) -> dict:
    """N chunkers, one sequence each and one update a time; frozen and judged every so many sequences."""
    net, optimizer = Chunker(p + 1, H_A, H_C), Adam(lr)
    state = job.restore()
    if state is None:
        params = net.init(np.random.default_rng([seed, 1]), trials)
        state = {"params": params, "adam": optimizer.init(params), "rng": np.random.default_rng([seed, 2]), "n": 0, "curve": [],
                 "alive": np.arange(trials), "after": [None] * trials, "chunker": [None] * trials}
    while len(state["alive"]) and state["n"] < cap:
        for _ in range(every):
            keys = state["rng"].integers(2, size=trials)[state["alive"]]
            _, grads, _ = net.loss_and_gradients(state["params"], Batch(sequences(keys, p), None))
            state["params"], state["adam"] = optimizer.update(state["params"], grads, state["adam"])
        state["n"] += every
        of_A, of_C, surprises = judge(net, state["params"], p)
        for i, trial in enumerate(state["alive"]):
            if of_C[i] < 0.25 and state["chunker"][trial] is None:
                state["chunker"][trial] = state["n"]
            if of_A[i] < 0.25:
                state["after"][trial] = state["n"]
        state["curve"].append([state["n"], int((of_A < 0.25).sum()) + trials - len(of_A), round(float(surprises.mean()), 2)])
        if (of_A < 0.25).any():
            keep = of_A >= 0.25
            state["alive"] = state["alive"][keep]
            state["params"] = {k: v[keep] for k, v in state["params"].items()}
            state["adam"] = {k: {name: a[keep] for name, a in v.items()} if isinstance(v, dict) else v for k, v in state["adam"].items()}
        job.say(f"{state['n']} sequences, {trials - len(state['alive'])} solved, {surprises.mean():.1f} surprises a sequence")
        job.save(lambda: state)
    weights = sum(r * c for r, c in net.shapes.values())
    return {"weights": weights, "trials": results.trials(state["after"], cap), "chunker": results.trials(state["chunker"], cap),
            "curve": state["curve"]}
