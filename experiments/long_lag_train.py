"""Online training of N nets until each has done what counts as solving the long-lag task, with a way to go on later."""
from __future__ import annotations

import numpy as np

from .experiment import Job

CHUNK = 100  # sequences between two looks at who is done


def train(job: Job, make, trials: int, seed: int, cap: int, run: int = 10_000, tolerance: float = 0.25) -> dict:
    """Train N nets until each has had `run` sequences in a row with no output further than `tolerance` from its target.

    Learning goes on in these; how many came before them is the number that counts.

    Args: make: rng -> the nets; trials: how many they are; cap: a net that has not begun such a run after so many sequences is given up.
    Returns: "after" of each trial, None for a failure; "error", the mean of each net's largest errors when it was left; "added", after
    how many sequences a net got its cell; "curve", every 200 sequences (2,000 if the cap is above 40,000): sequences, nets that are done,
    the mean of the largest errors of those at work.
    """
    state = job.restore()
    if state is None:
        rng = np.random.default_rng(seed)
        state = {"net": make(rng), "rng": rng, "n": 0, "streak": np.zeros(trials, int), "alive": np.arange(trials),
                 "after": [None] * trials, "error": [None] * trials, "added": [None] * trials, "curve": []}
    net, rng, after, n = state["net"], state["rng"], state["after"], state["n"]
    every = 200 if cap <= 40_000 else 2_000
    while len(state["alive"]):
        keys = rng.integers(2, size=(CHUNK, trials))[:, state["alive"]]  # of those that are done too: no trial depends on another
        errors = np.stack([net.learn(k) for k in keys])
        wrong = errors >= tolerance
        any_wrong, streak = wrong.any(axis=0), state["streak"]
        reached = streak + np.where(any_wrong, wrong.argmax(axis=0), CHUNK) >= run
        begun = n - streak
        n += CHUNK
        streak = np.where(any_wrong, wrong[::-1].argmax(axis=0), streak + CHUNK)
        if n % every == 0:
            state["curve"].append([n, trials - len(state["alive"]), round(float(errors.mean()), 4)])
        gone = reached | (n - streak >= cap)
        if gone.any():
            for i in np.flatnonzero(gone):
                trial = state["alive"][i]
                after[trial] = max(1, int(begun[i])) if reached[i] else None
                state["error"][trial] = float(errors[:, i].mean())
                state["added"][trial] = int(net.added[i]) if hasattr(net, "added") and net.on[i] else None
            net.keep(~gone)
            streak, state["alive"] = streak[~gone], state["alive"][~gone]
        state |= {"n": n, "streak": streak}
        job.say(f"{n} sequences, {sum(a is not None for a in after)} solved, {len(state['alive'])} at work")
        job.save(lambda state=state: state)
    return {k: state[k] for k in ("after", "error", "added", "curve")}
