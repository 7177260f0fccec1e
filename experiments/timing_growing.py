"""Timed spikes with intervals that grow: a net that keeps time at F = 10 goes on to 11, 12 … steps. Trials run one after the other.

At each length the first solved net goes on, with copies of it that have a little noise on their weights. Who is not right after
`round_` streams at a length begins anew, with other first weights, at the first length.
"""

from __future__ import annotations

import numpy as np

from rnncore.reference.optimizers import Adam
from rnncore.tasks.timed_spikes import steps_right, timed_spikes

from . import timing


def one_round(theta: np.ndarray, variant: str, F: int, read: str, tolerance: float, lr: float, limit: int) -> tuple:
    """Train nets θ (numbers of a net, N) at one length. Returns the first that is solved, or None; and how many streams it took."""
    T, optimizer = timing.WINDOW * F, Adam(lr)
    target, state = timed_spikes(T, F, theta.shape[1]).targets, optimizer.init({"θ": theta})
    for n in range(limit):
        y, h, tape = timing.run(variant, theta, T, read)
        if n % 10 == 0:  # a test costs as much as some ten streams
            ready = np.flatnonzero(steps_right(y, target, tolerance) == T)
            if len(ready) and len(solved := ready[timing.survives(variant, theta[:, ready], F, read, tolerance)]):
                return theta[:, solved[0]], n
        g = timing.clipped(timing.slopes(variant, theta, y, h, timing.errors(y, target, F), tape, read))
        new, state = optimizer.update({"θ": theta}, {"θ": g}, state)
        theta = new["θ"]
    return None, limit


def train(job, *, variant: str, first: int, F: int, read: str, tolerance: float, trials: int, seed: int, starts: int, round_: int,
          most: int, lr: float, scale: float, noise: float) -> dict:  # fmt: skip
    """Each trial until a net is right for 1000 intervals of F, or `most` streams are over."""
    done = job.restore() or []
    for rng in np.random.default_rng(seed).spawn(trials)[len(done) :]:
        at, streams, longest, theta = first, 0, 0, timing.draw(variant, rng, starts, scale)
        while at <= F and streams < most:
            net, n = one_round(theta, variant, at, read, tolerance, lr, min(round_, most - streams))
            streams += n
            if net is None:
                at, theta = first, timing.draw(variant, rng, starts, scale)
                continue
            theta = np.column_stack([net, *(net + rng.normal(0, noise, len(net)) for _ in range(starts - 1))])
            longest, at = max(longest, at), at + 1
            job.say(f"trial {len(done)}: {streams} streams, right at F = {at - 1}")
        done.append({"after": streams if at > F else None, "found": theta[:, 0] if at > F else None, "longest": longest})
        job.save(lambda: done)
    r = {"after": [d["after"] for d in done], "found": [d["found"] for d in done]}
    return timing.report(r, variant, F, read, tolerance, most) | {"longest interval": [d["longest"] for d in done]}
