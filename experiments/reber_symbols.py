"""The continual Reber stream for the package's LSTM: gradients within windows, Adam, several streams at once, states carried on.

The gradients are exact, or truncated as in 1997: then no error leaves a step but through the memory c.
"""

from __future__ import annotations

import math

import numpy as np

from rnncore import results
from rnncore.reference import LSTM, Readout, fused
from rnncore.reference.fused.symbols import SymbolTrainer
from rnncore.reference.lstm import State
from rnncore.tasks.reber import VOCABULARY

from .reber_streams import K, Streams, all_legal, shares

class Truncated(SymbolTrainer):
    """With the truncated gradient, for any variant: the way back is that of a cell whose recurrent weights are zero."""

    def _gradients(self, dh: np.ndarray, memory) -> dict:
        cut = {k: np.zeros_like(p) if k.startswith("W_") else p for k, p in self.params.items()}
        return self.twin.backward(self.cell, cut, dh, self.cell.initial_state(dh.shape[2], dh.dtype), memory)[2]


PIECE = 500  # letters of a test that are run in one go


def window(streams: Streams, T: int) -> tuple[np.ndarray, np.ndarray]:
    """The next T + 1 letters of each stream, (T + 1, B), and the states of the grammar after each; the last letter is the next first."""
    ids, states = np.empty((2, T + 1, len(streams.at)), int)
    for t in range(T + 1):
        ids[t], states[t] = streams.letter, streams.state
        if t < T:
            streams.advance()
    return ids, states


def test(cell: LSTM, params: dict, rngs: list[np.random.Generator], letters: int, give_up: bool = False) -> list[int]:
    """As `reber_streams.test`, for one net of the package; streams run on until all have ended."""
    streams, state = Streams(rngs), cell.initial_state(len(rngs))
    own, length, alive = {k: params[k] for k in cell.shapes}, np.zeros(len(rngs), int), np.ones(len(rngs), bool)
    for start in range(0, letters, PIECE):
        T = min(PIECE, letters - start)
        ids, states = window(streams, T)
        h, state, _ = fused.forward(cell, own, ids[:T], state)
        o = params["V"] @ h + params["c"]
        right = all_legal(o.swapaxes(1, 2).reshape(-1, K), states[:T].ravel()).reshape(T, -1)
        length += np.where(alive, np.where(right.all(axis=0), T, right.argmin(axis=0)), 0)
        alive &= right.all(axis=0)
        if not alive.any() or give_up and not alive.all():
            break
    return length.tolist()


def drift(cell: LSTM, params: dict, seed: int, letters: int, points: int = 50, close: int = 60, first: State | None = None) -> dict:
    """As `reber_streams.drift`; `first` is the state to begin with, zeros if None."""
    streams, own = Streams([np.random.default_rng(seed)]), {k: params[k] for k in cell.shapes}
    ids, states = window(streams, letters)
    h, _, memory = fused.forward(cell, own, ids[:-1], first or cell.initial_state(1))
    n, H = len(cell.gates), cell.H
    memory = memory.memory
    c = memory.S[1:, n * H :, 0]
    right = all_legal((params["V"] @ h + params["c"])[:, :, 0], states[:-1, 0])
    at = np.arange(max(1, letters // points) - 1, letters, max(1, letters // points))
    near = {"text": VOCABULARY.decode(ids[-1 - close : -1, 0]), "s": c[-close:].round(3).tolist(),
            "forget": memory.S[-1 - close : -1, 2 * H : 3 * H, 0].round(3).tolist() if "f" in cell.gates else []}  # fmt: skip
    largest = np.maximum.accumulate(np.abs(c).max(axis=1))
    return {"letters": (at + 1).tolist(), "s": c[at].round(3).tolist(), "largest": largest[at].round(3).tolist(),
            "mistakes": np.cumsum(~right)[at].tolist(), "close": near}  # fmt: skip


def train_one(job, cell: LSTM, seed: list[int], B: int, T: int, lr: float, updates: int, check: int, renew: int, stream: int,
              truncated: bool = False) -> dict:  # fmt: skip
    """One net: after how many letters it was first perfect (None if never), its test lengths, its weights. The rate falls as a cosine."""
    rng = np.random.default_rng(seed)
    trainer = (Truncated if truncated else SymbolTrainer)(cell, cell.init(rng) | Readout(cell.H, K).init(rng), lr)
    streams, tests = Streams(rng.spawn(B)), 0
    for n in range(1, updates + 1):
        trainer.optimizer.lr = lr * (0.5 + 0.5 * math.cos(math.pi * (n - 1) / updates))
        if n % renew == 0:
            streams.begin(np.arange(B))
            trainer.state = None
        ids, _ = window(streams, T)
        trainer.step(ids[:-1], ids[1:])
        if n % check == 0 or n == updates:
            tests += 1
            lengths = test(cell, trainer.params, [np.random.default_rng([*seed, tests, j]) for j in range(10)], stream, give_up=n < updates)
            job.say(f"net {seed[-1]}: {n} of {updates} windows, shortest of the test streams {min(lengths)}")
            if min(lengths) == stream:
                return {"after": n * B * T, "lengths": lengths, "params": trainer.params}
    return {"after": None, "lengths": lengths, "params": trainer.params}


def train(job, *, variant: str, H: int, trials: int, seed: int, B: int, T: int, lr: float, updates: int, check: int, renew: int,
          stream: int, drift_letters: int, truncated: bool = False) -> dict:  # fmt: skip
    """The nets one after the other."""
    cell, nets = LSTM(K, H, variant), job.restore() or []
    while len(nets) < trials:
        nets.append(train_one(job, cell, [seed, len(nets)], B, T, lr, updates, check, renew, stream, truncated))
        job.save(lambda: nets)
    means = [float(np.mean(net["lengths"])) for net in nets]
    perfect = [k for k, net in enumerate(nets) if net["after"] is not None]
    shown = perfect[0] if perfect else int(np.argmax(means))
    return {
        "letters": results.trials([net["after"] for net in nets], updates * B * T), **shares(means, perfect),
        "mean length of test streams": [round(m, 1) for m in means],
        "weights": sum(p.size for p in nets[0]["params"].values()),
        "drift": {"trial": shown, **drift(cell, nets[shown]["params"], seed, drift_letters)},
    }  # fmt: skip


def frozen(job, *, variant: str, H: int, trials: int, seed: int, B: int, T: int, lr: float, updates: int, check: int, renew: int,
           stream: int, drift_letters: int, trial: int) -> dict:  # fmt: skip
    """One net again: does it need its memories? Those that have drifted beyond 100 are set to so much that nothing written counts."""
    cell = LSTM(K, H, variant)
    net = train_one(job, cell, [seed, trial], B, T, lr, updates, check, renew, stream)
    before = drift(cell, net["params"], seed, drift_letters)
    s = np.array(before["s"][-1])[:, None]
    far = np.abs(s) > 100
    first = State(np.zeros_like(s), np.where(far, np.sign(s) * 1e12, 0.0))
    after = drift(cell, net["params"], seed, drift_letters, first=first)
    return {"trial": trial, "after": net["after"], "letters": drift_letters, "drifted cells": int(far.sum()), "cells": H,
            "mistakes": before["mistakes"][-1], "mistakes with drifted memories frozen": after["mistakes"][-1],
            "of them in the first hundredth": after["mistakes"][0]}  # fmt: skip
