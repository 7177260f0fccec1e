r"""A small net for one number at the end of a sequence: a cell on its fast twin, a linear readout, Adam, clipping; float32.

$$y = V h_T + c, \qquad E = \frac1B \sum_b (y_b - y^*_b)^2$$

A net whose gradient is no longer finite has failed: it stays as it is and says so.
"""

from __future__ import annotations

import numpy as np

from rnncore.reference import Readout
from rnncore.reference.clipping import clip_by_norm, global_norm
from rnncore.reference.optimizers import Adam
from rnncore.reference.sequences import from_last, last, run, run_backward
from rnncore.errors import NotFiniteError


class Learner:
    """A net that learns; it can be pickled. Args: how: initialisers by symbol; rate: Adam's; clip: greatest length of the gradient."""

    def __init__(self, cell, rng: np.random.Generator, rate: float, clip: float, how: dict, dtype=np.float32) -> None:
        self.cell, self.clip, self.optimizer, self.diverged = cell, clip, Adam(rate), False
        self.params = cell.init(rng, dtype, **how) | Readout(cell.outputs, 1).init(rng, dtype)
        self.state = self.optimizer.init(self.params)

    @property
    def parameters(self) -> int:
        """How many there are."""
        return sum(p.size for p in self.params.values())

    def outputs(self, x: np.ndarray, mask=None) -> tuple:
        """y (1, 1, B), and what the way back needs; x (T, D, B)."""
        own = {k: self.params[k] for k in self.cell.shapes}
        h, final, memory = run(self.cell, own, x.astype(self.params["V"].dtype, copy=False), mask=mask, fused=True)
        return self.params["V"] @ last(self.cell, final)[None] + self.params["c"], (own, h, final, memory)

    def gradients(self, x: np.ndarray, targets: np.ndarray, mask=None) -> tuple:
        """y (1, 1, B) and the gradients of E."""
        y, (own, h, final, memory) = self.outputs(x, mask)
        dy = 2 * (y[0] - targets[0].astype(y.dtype)) / y.shape[2]  # (1, B)
        dfinal = from_last(self.cell, self.params["V"].T @ dy)
        _, _, grads = run_backward(self.cell, own, np.zeros_like(h), dfinal, memory)
        return y, dict(grads) | {"V": dy @ last(self.cell, final).T, "c": dy.sum(axis=1, keepdims=True)}

    def learn(self, x: np.ndarray, targets: np.ndarray, mask=None) -> np.ndarray | None:
        """One update. Returns: y (1, 1, B) as it was before, None if the net has failed."""
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows is looked at
            try:
                y, grads = self.gradients(x, targets, mask)
                finite = np.isfinite(global_norm(grads))
            except NotFiniteError:
                finite = False
            if not finite:
                self.diverged = True
                return None
            self.params, self.state = self.optimizer.update(self.params, clip_by_norm(grads, self.clip)[0], self.state)
        return y

    def mse(self, task) -> float:
        """Mean squared error over a `Marked`; infinite where the net has failed."""
        with np.errstate(over="ignore", invalid="ignore"):
            try:
                found = float(np.mean((self.outputs(task.x, task.mask)[0] - task.targets) ** 2))
            except NotFiniteError:
                found = np.inf
        return found if np.isfinite(found) else np.inf
