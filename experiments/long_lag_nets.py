r"""The small nets of the long-lag table, N at once, each with weights, keys and a learning rate of its own.

The task (2a) is `rnncore.tasks.long_lag.noise_free`: a key, the letters a_1 … a_{p−1} in order, the key again; predict every next
symbol. Outputs and hidden units are logistic, the error is squared, there is no bias:

$$y_t = \sigma(W_{x_t} + V h_t),\; e_t = y_t (1 - y_t)(y^*_t - y_t), \quad \Delta W_{x_t} = \eta\, e_t, \quad \Delta V = \eta\, e_t h_t$$

where $W_{x_t}$ is the column of the inputs' weights that the symbol picks. Every symbol is read once in a sequence. So a weight from an
input is not read again before the next sequence, and all these may be changed at its end: that is no approximation of online learning.
V, and the weight from a hidden unit to itself, are changed at every step.

The trials are the last axis here, since that is what NumPy is fast with: W (symbols, K, N) · V (K, N) · what a step makes (K, N)
or (N,). Symbols and T = p steps as in the task: a_i is i − 1, then x, then y.

Source: Hochreiter and Schmidhuber 1997, section 5.2 and appendix A.1; Williams and Zipser 1989 for `OneUnit` with `online`.
"""

from __future__ import annotations

import numpy as np


class Predictor:
    """What all nets here share: weights from the inputs to the outputs, and a learning rate, of N trials.

    Args: rng; p; rates: η of each trial, (N,); spread: weights are drawn from −spread … spread; dtype: of all arrays.
    """

    buffers = ("e", "miss", "target", "net")

    def __init__(self, rng: np.random.Generator, p: int, rates, spread: float = 0.2, dtype=np.float64):
        self.p, self.rates = p, np.asarray(rates, dtype)
        self.W = rng.uniform(-spread, spread, (p + 1, p + 1, len(self.rates))).astype(dtype)
        self.one = self.W.dtype.type(1)
        self._make_buffers()

    def _make_buffers(self) -> None:
        p, N = self.p, len(self.rates)
        self.e, self.miss, self.net = np.empty((3, p, p + 1, N), self.W.dtype)
        # 2 y* − 1; the last step's are put in for each key
        self.target = np.where(np.eye(p, p + 1) > 0, 1, -1)[:, :, None].repeat(N, 2).astype(self.W.dtype)

    @property
    def weights(self) -> int:
        """How many a single net has."""
        return (self.p + 1) ** 2

    def keep(self, which: np.ndarray) -> None:
        """Go on with these trials alone."""
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray) and name not in self.buffers:
                setattr(self, name, np.ascontiguousarray(value[..., which]))
        self._make_buffers()

    def learn(self, keys: np.ndarray) -> np.ndarray:
        """A sequence for each net, whose keys are (N,) of 0 (x) and 1 (y). Returns: the largest error of each, (N,)."""
        raise NotImplementedError

    def _columns(self, keys: np.ndarray) -> None:
        """`net` becomes half of what the inputs alone send to the outputs, (T, K, N), and the targets those of the keys."""
        p, half = self.p, self.W.dtype.type(0.5)  # half, since σ(a) = (1 + tanh(a/2)) / 2
        np.multiply(self.W[: p - 1], half, out=self.net[1:])
        np.multiply(np.where(keys, self.W[p], self.W[p - 1]), half, out=self.net[0])
        self.target[p - 1, p - 1], self.target[p - 1, p] = 1 - 2 * keys, 2 * keys - 1

    def _errors(self, steps) -> None:
        """8 e and 2 (y* − y) of these steps, out of half the `net`, which is overwritten."""
        y, e, miss = self.net[steps], self.e[steps], self.miss[steps]
        np.tanh(y, out=y)  # 2 y − 1
        np.subtract(self.target[steps], y, out=miss)
        np.multiply(y, y, out=y)
        np.subtract(self.one, y, out=y)
        np.multiply(y, miss, out=e)

    def _end(self, keys: np.ndarray) -> np.ndarray:
        """Change the weights from the inputs to the outputs, and tell the errors."""
        self.e *= self.rates / 8
        self.W[: self.p - 1] += self.e[1:]
        self.W[self.p - 1] += self.e[0] * (1 - keys)
        self.W[self.p] += self.e[0] * keys
        return np.abs(self.miss).max(axis=(0, 1)) / 2

    def squared(self) -> np.ndarray:
        """The squared error of the last sequence, (N,)."""
        return np.square(self.miss).sum(axis=(0, 1), dtype=float) / 4


class OneUnit(Predictor):
    r"""One logistic hidden unit with a weight to itself, $h_t = \sigma(u_{x_t} + w h_{t-1})$; (p + 1)² + 2 (p + 1) + 1 weights.

    Args: online: True for real-time recurrent learning, with a change of all weights at every step; False for BPTT over the whole
    sequence, with a change at its end.

    RTRL carries the influence of every weight on the unit: $P_t = \sigma'(a_t)(w P_{t-1} + \partial^+ a_t)$, where the last is 1 for the
    weight of the symbol now read and $h_{t-1}$ for w. It is exact but for what the changes of w on the way make of it.
    """

    def __init__(self, rng: np.random.Generator, p: int, rates, spread: float = 0.2, online: bool = True):
        super().__init__(rng, p, rates, spread)
        N, self.online = len(self.rates), online
        self.U, self.w = rng.uniform(-spread, spread, (p + 1, N)), rng.uniform(-spread, spread, N)
        self.V = rng.uniform(-spread, spread, (p + 1, N))

    @property
    def weights(self) -> int:
        return super().weights + 2 * (self.p + 1) + 1

    def learn(self, keys: np.ndarray) -> np.ndarray:
        p = self.p
        self._columns(keys)
        u = np.concatenate([np.where(keys, self.U[p], self.U[p - 1])[None], self.U[: p - 1]])  # (T, N), as the symbols come
        dU = (self._forward if self.online else self._back)(u)
        self.U[: p - 1] += dU[1:]
        self.U[p - 1] += dU[0] * (1 - keys)
        self.U[p] += dU[0] * keys
        return self._end(keys)

    def _forward(self, u: np.ndarray) -> np.ndarray:
        """Real-time recurrent learning. P[0] is the influence of w, P[1 + t] that of the symbol that came at step t."""
        rates, V, w, h = self.rates / 8, self.V, self.w, np.zeros_like(self.w)
        P, change = np.zeros((self.p + 1, len(w))), np.zeros((self.p + 1, len(w)))
        part = np.empty_like(V)
        for t in range(self.p):
            new = np.tanh(0.5 * (w * h + u[t]))
            slope = 0.25 - 0.25 * new * new
            P[: t + 1] *= slope * w
            P[0] += slope * h
            P[t + 1] = slope
            h = 0.5 * new + 0.5
            np.multiply(V, 0.5 * h, out=part)
            self.net[t] += part
            self._errors(t)
            np.multiply(V, self.e[t], out=part)
            now = P[: t + 2] * (part.sum(axis=0) * rates)
            change[: t + 2] += now
            w += now[0]
            np.multiply(self.e[t], rates * h, out=part)
            V += part
        return change[1:]

    def _back(self, u: np.ndarray) -> np.ndarray:
        """Backpropagation through time."""
        h, rates = np.zeros((self.p + 1, len(self.w))), self.rates / 8
        for t in range(self.p):
            h[t + 1] = 0.5 + 0.5 * np.tanh(0.5 * (u[t] + self.w * h[t]))
        self.net += self.V * (0.5 * h[1:, None])
        self._errors(slice(None))
        of_h = (self.V * self.e).sum(axis=1)
        slope, da = h[1:] * (1 - h[1:]), np.empty_like(of_h)
        later = np.zeros_like(self.w)
        for t in reversed(range(self.p)):
            da[t] = slope[t] * (of_h[t] + later)
            later = self.w * da[t]
        self.V += rates * (self.e * h[1:, None]).sum(axis=0)
        self.w += rates * (da * h[:-1]).sum(axis=0)
        return rates * da
