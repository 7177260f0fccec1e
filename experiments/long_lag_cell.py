r"""The LSTM of the long-lag table, N at once: one cell with an input gate and nothing else, added to a net that has learned what it can.

$$s_t = s_{t-1} + \sigma(u^{in}_{x_t})\, \sigma(u^c_{x_t}), \qquad y_t = \sigma(W_{x_t} + V s_t)$$

No output gate, no bias, no recurrent weight but the cell's own of one; h is the identity and g the logistic function. With
nothing recurrent to cut, the truncated gradient of 1997 is the whole one:

$$\Delta u^{in}_j = \eta \sum_t (V^\top e_t) \frac{\partial s_t}{\partial u^{in}_j}, \qquad
\frac{\partial s_t}{\partial u^{in}_j} = \begin{cases} \sigma'(u^{in}_j)\, \sigma(u^c_j) & j \text{ came} \\ 0 & \text{else} \end{cases}$$

A symbol comes once in a sequence, so that the whole way of s is known at its start; V alone changes from step to step.

Source: Hochreiter and Schmidhuber 1997, section 5.2; "sequential network construction", section 4, for adding the cell when the error
has stopped falling. Ours: when it has stopped. That is not said there.
"""

from __future__ import annotations

import numpy as np

from .long_lag_nets import Predictor


def logistic(a: np.ndarray) -> np.ndarray:
    """σ(a), by way of tanh, which cannot overflow."""
    return 0.5 + 0.5 * np.tanh(0.5 * a)


class OneCell(Predictor):
    """The net with the cell; (p + 1)² + 3 (p + 1) weights. Each setting is a number, or one for each trial.

    Args:
        wait: the cell is added when the mean squared error of `window` sequences is more than this part of that of the `window`
            sequences before; 0 has it there after the first window.
        gate: mean of the initial weights into the input gate. Every step has one input that is 1, so −5 does what a bias of −5 does.
        inward, outward: the learning rate of the weights into the cell and its gate, and of those out of it, is so many times η.
        first: the learning rate is so many times η before the cell is there.
    """

    def __init__(self, rng: np.random.Generator, p: int, rates, spread: float = 0.2, wait=0.98, window: int = 100, gate=0.0,
                 inward=1.0, outward=1.0, first=1.0, dtype=np.float64):
        super().__init__(rng, p, rates, spread, dtype)
        N = len(self.rates)
        into = rng.uniform(-spread, spread, (2, p + 1, N))
        self.gate_weights, self.cell_weights = (into[0] + gate).astype(dtype), into[1].astype(dtype)
        self.V = (rng.uniform(-1, 1, (p + 1, N)) * spread).astype(dtype)
        self.wait, self.inward, self.outward, self.first = (np.broadcast_to(v, N).astype(dtype) for v in (wait, inward, outward, first))
        self.window, self.seen = window, 0
        self.on, self.total, self.before = np.zeros(N, bool), np.zeros(N), np.full(N, 1e300)
        self.added = np.zeros(N, int)  # after how many sequences

    @property
    def weights(self) -> int:
        return super().weights + 3 * (self.p + 1)

    def learn(self, keys: np.ndarray) -> np.ndarray:
        self._columns(keys)
        if self.on.any():
            self._cell(keys)
        else:
            self._errors(slice(None))
        self.e *= np.where(self.on, 1, self.first)
        largest = self._end(keys)
        if not self.on.all():
            self._watch()
        return largest

    def _watch(self) -> None:
        """Add the cell where the error has stopped falling."""
        self.seen += 1
        self.total += self.squared()
        if self.seen % self.window == 0:
            new = ~self.on & (self.total > self.wait * self.before)
            self.on |= new
            self.added[new] = self.seen
            self.before, self.total = self.total, np.zeros_like(self.total)

    def _cell(self, keys: np.ndarray) -> None:
        """All that the cell does in a sequence, its learning too."""
        y_in, g = (logistic(np.concatenate([np.where(keys, u[-1], u[-2])[None], u[:-2]])) for u in (self.gate_weights, self.cell_weights))
        s = np.cumsum(y_in * g, axis=0) * self.on
        half, out, of_s, part = 0.5 * s, self.rates / 8 * self.outward * s, np.empty_like(s), np.empty_like(self.V)
        for t in range(self.p):
            np.multiply(self.V, half[t], out=part)
            self.net[t] += part
            self._errors(t)
            np.multiply(self.V, self.e[t], out=part)
            part.sum(axis=0, out=of_s[t])
            np.multiply(self.e[t], out[t], out=part)
            self.V += part
        later = np.cumsum(of_s[::-1], axis=0)[::-1] * y_in * g * (self.rates / 8 * self.inward * self.on)
        for u, y in ((self.gate_weights, y_in), (self.cell_weights, g)):
            change = later * (1 - y)
            u[:-2] += change[1:]
            u[-2] += change[0] * (1 - keys)
            u[-1] += change[0] * keys
