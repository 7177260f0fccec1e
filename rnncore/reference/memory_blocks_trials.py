r"""Trials of an experiment of 1997 side by side: online learning, an error at the end of each sequence, until the task counts as solved.

A trial has a net, a generator and sequences of its own, and meets each sequence once: it is judged, $e = \max_k |y_k - t_k|$, and
learnt from at once, $w \leftarrow w - \eta\, \partial E / \partial w$. It is solved when the last `window` sequences all had
$e < \varepsilon$ and their mean e lies below a bound, as `tasks.success.solved_after` counts. Solved trials leave; the others go on.

Source: Hochreiter and Schmidhuber 1997, sections 5.2 and 5.4 to 5.6. Where we differ: which error they average is not said there; here e.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .. import checks
from ..errors import SettingError, ShapeError
from .memory_blocks import MemoryBlocks
from .memory_blocks_sequences import check_weights, run_to_end


class Sequences:
    """Sequences drawn for N trials, a block at a time, aligned at their ends. `draw(rng, B)` gives (x, lengths, targets):
    x (T, B) symbols or (T, D, B), lengths (B,), targets (K, B)."""

    def __init__(self, draw: Callable, rngs: Sequence[np.random.Generator], block: int) -> None:
        found = [draw(rng, block) for rng in rngs]
        T = max(len(x) for x, _, _ in found)
        self.T, self.starts = T, np.stack([T - lengths for _, lengths, _ in found], axis=1)  # (block, N)
        self.targets = np.stack([targets.T for _, _, targets in found], axis=1).astype(float)  # (block, N, K)
        first = found[0][0]
        self.x = np.empty((block, T, len(rngs), *first.shape[1:-1]), first.dtype)
        for n, (x, lengths, _) in enumerate(found):
            at = np.maximum(np.arange(T) - (T - lengths)[:, None], 0)  # what stands before the start does not count
            self.x[:, :, n] = (x if x.ndim == 2 else np.moveaxis(x, -1, 1))[at, np.arange(block)[:, None]]

    def __getitem__(self, i: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The i-th of all trials: x, starts, targets."""
        skip = self.starts[i].min()
        return self.x[i, skip:], self.starts[i] - skip, self.targets[i]

    def take(self, trials: np.ndarray) -> None:
        """Go on with some of the trials."""
        self.x, self.starts, self.targets = self.x[:, :, trials], self.starts[:, trials], self.targets[:, trials]


class OnlineTrials:
    r"""N trials that learn sequence by sequence. It can be pickled if `draw` can, and then goes on where it was.

    Args:
        net: memory blocks that `run_to_end` takes.
        params: their weights (N, …), left as they are.
        rngs: a generator for each trial.
        draw: see `Sequences`.
        lr: a number, or one for each trial, for $E = \tfrac12 \sum_k (y_k - t_k)^2$; twice as much for equation 16, without the ½.
        tolerance, window, mean_below: when a trial is solved; mean_below None leaves the mean out.
        block: how many sequences of a trial are drawn at a time.
    Raises: SettingError, ShapeError for what does not fit.
    """

    def __init__(self, net: MemoryBlocks, params: dict, rngs: Sequence, draw: Callable, lr: float = 0.5, tolerance: float = 0.3,
                 window: int = 2000, mean_below: float | None = None, block: int = 100) -> None:  # fmt: skip
        _door(net, params, rngs, draw)
        for rate in np.broadcast_to(lr, len(rngs)).tolist() if np.shape(lr) in ((), (len(rngs),)) else [lr]:
            checks.positive("lr", rate)
        for name, value in dict(tolerance=tolerance, mean_below=1 if mean_below is None else mean_below).items():
            checks.positive(name, value)
        for name, value in dict(window=window, block=block).items():
            checks.positive(name, value, integer=True)
        N = len(rngs)
        self.net, self.draw, self.lr, self.tolerance, self.window, self.mean_below, self.block = (
            net, draw, np.broadcast_to(lr, N), tolerance, window, mean_below, block)  # fmt: skip
        self.rngs, self.params = list(rngs), {k: p.copy(order="K") for k, p in params.items()}
        self.final = {k: p.copy() for k, p in params.items()}
        self.count, self.after, self.alive = 0, [None] * N, np.arange(N)
        self.streak, self.ring, self.total = np.zeros(N, int), np.zeros((N, window if mean_below else 0)), np.zeros(N)
        self.curve, self.recent, self.sequences = [], [], None  # the curve: mean e of the trials that still learn, for each block

    def next(self) -> np.ndarray:
        """One sequence for each trial that is not solved: judge, learn. Returns: e of those trials."""
        i = self.count % self.block
        if i == 0:
            self.sequences = Sequences(self.draw, [self.rngs[n] for n in self.alive], self.block)
        x, starts, targets = self.sequences[i]
        state = run_to_end(self.net, self.params, x, starts)
        difference = self.net.read(self.params, state) - targets
        self.net.descend(self.params, state, difference, self.lr)
        e = np.abs(difference).max(axis=1)
        self.streak = np.where(e < self.tolerance, self.streak + 1, 0)
        solved = self.streak >= self.window
        if self.mean_below is not None:
            slot = self.count % self.window
            self.total += e - self.ring[:, slot]
            self.ring[:, slot] = e
            solved &= self.total / self.window < self.mean_below
        self.count += 1
        self.recent.append(e.mean())
        if i == self.block - 1:
            self.curve.append((self.count, float(np.mean(self.recent))))
            self.recent = []
        if solved.any():
            self._leave(solved)
        return e

    def run(self, cap: int, tell: Callable = lambda trials: None) -> OnlineTrials:
        """Until all are solved or have seen `cap` sequences. `tell(self)` is called after each block: to save, to say how far it is."""
        checks.positive("cap", cap, integer=True)
        while len(self.alive) and self.count < cap:
            self.next()
            if self.count % self.block == 0:
                tell(self)
        for k, p in self.params.items():
            self.final[k][self.alive] = p
        return self

    def _leave(self, solved: np.ndarray) -> None:
        for k, p in self.params.items():
            self.final[k][self.alive[solved]] = p[solved]
        for n in self.alive[solved]:
            self.after[n] = self.count
        stay = np.flatnonzero(~solved)
        self.alive, self.params = self.alive[stay], {k: p[stay] for k, p in self.params.items()}
        self.streak, self.ring, self.total = self.streak[stay], self.ring[stay], self.total[stay]
        self.lr = self.lr[stay]
        self.sequences.take(stay)


def frozen_errors(net: MemoryBlocks, params: dict, rngs: Sequence, draw: Callable, sequences: int, block: int = 100) -> np.ndarray:
    """e of fresh sequences with weights as they are, (sequences, N). Args: as those of `OnlineTrials`."""
    _door(net, params, rngs, draw)
    checks.positive("sequences", sequences, integer=True)
    checks.positive("block", block, integer=True)
    found = []
    for done in range(0, sequences, block):
        drawn = Sequences(draw, rngs, min(block, sequences - done))
        for i in range(len(drawn.starts)):
            x, starts, targets = drawn[i]
            state = run_to_end(net, params, x, starts, learns=False)
            found.append(np.abs(net.read(params, state) - targets).max(axis=1))
    return np.array(found)


def _door(net, params, rngs, draw) -> None:
    if not isinstance(net, MemoryBlocks):
        raise SettingError(f"net: expected MemoryBlocks, got {net!r}")
    check_weights(net, params)
    if not isinstance(rngs, (list, tuple)) or len(rngs) != len(params["W"]):
        raise ShapeError(f"rngs: expected a list of {len(params['W'])} generators, one for each trial, got {rngs!r}")
    for rng in rngs:
        checks.generator(rng)
    checks.function("draw", draw, "(rng, B)")
