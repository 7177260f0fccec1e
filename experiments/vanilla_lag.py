r"""Vanilla nets side by side on sequences whose key stands at the start and whose answer is asked for at the end.

$$h_t = \tanh(U x_t + W h_{t-1} + b), \qquad \hat y = \mathrm{softmax}(V h_T + c), \qquad L = -\frac1B \sum \ln \hat y_{y^*}$$

Full BPTT, Adam, W orthogonal at first, the gradient of each net clipped to length 1: what helps a vanilla net most at long lags
(chapter 4). A learning rate for each trial, so that several are tried at once. Trials are the first axis.
"""

from __future__ import annotations

import numpy as np

from rnncore.reference.activations import softmax
from rnncore.reference.initializers import glorot, orthogonal
from rnncore.reference.many_nets import forward, wide
from rnncore.reference.optimizers import Adam


class Vanilla:
    """Nets that learn from batches; it can be pickled. Args: rngs: a generator for each trial; rates: Adam's, (N,)."""

    def __init__(self, rngs: list, D: int, H: int, K: int, rates: np.ndarray, clip: float = 1.0) -> None:
        nets = [{"U": glorot()(r, (H, D)), "W": orthogonal()(r, (H, H)), "b": np.zeros((H, 1)), "V": glorot()(r, (K, H)),
                 "c": np.zeros((K, 1))}
                for r in rngs]  # fmt: skip
        self.params = {k: np.stack([net[k] for net in nets]).astype(np.float32) for k in nets[0]}
        self.rates, self.clip, self.optimizer = np.asarray(rates, np.float32)[:, None, None], np.float32(clip), Adam(1.0)
        self.state = self.optimizer.init(self.params)

    def gradients(self, ids: np.ndarray, ticks: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, dict]:
        """Probabilities (N, K, B), and gradients. Args: ids, ticks (T, N, B), where each sequence runs; targets (N, B), classes."""
        p = self.params
        T, N, B = ids.shape
        h = forward(p["U"], p["W"], p["b"], ids, np.zeros((N, p["W"].shape[1], B), p["W"].dtype), ticks)
        y = softmax(p["V"] @ h[-1] + p["c"], axis=1)
        d = (y - (np.arange(y.shape[1])[:, None] == targets[:, None])) / p["W"].dtype.type(B)
        grads = self._back(h, ids, ticks, p["V"].swapaxes(1, 2) @ d)
        return y, grads | {"V": d @ h[-1].swapaxes(1, 2), "c": d.sum(axis=2, keepdims=True)}

    def _back(self, h: np.ndarray, ids: np.ndarray, ticks: np.ndarray, dh: np.ndarray) -> dict:
        """BPTT with an error at the end alone, dh (N, H, B)."""
        U, Wt = self.params["U"], np.ascontiguousarray(self.params["W"].swapaxes(1, 2))
        da = (1 - h[1:] ** 2) * ticks[:, :, None]  # before its start a sequence has no say
        for t in reversed(range(len(da))):
            da[t] *= dh
            np.matmul(Wt, da[t], out=dh)
        N, H, D = U.shape
        columns = (np.arange(N * H).reshape(N, H, 1) * D + ids[:, :, None, :]).ravel()  # every input is one column of U
        dU = np.bincount(columns, da.ravel(), U.size).reshape(U.shape).astype(U.dtype)
        flat = wide(da)
        return {"U": dU, "W": flat @ wide(h[:-1]).swapaxes(1, 2), "b": flat.sum(axis=2, keepdims=True)}

    def learn(self, ids: np.ndarray, ticks: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """One update of each net. Returns: the probabilities (N, K, B) before it."""
        y, grads = self.gradients(ids, ticks, targets)
        length = np.sqrt(sum((g * g).sum(axis=(1, 2), keepdims=True) for g in grads.values()))
        shrink = np.minimum(1, self.clip / np.maximum(length, 1e-12))
        new, self.state = self.optimizer.update(self.params, {k: g * shrink for k, g in grads.items()}, self.state)
        self.params = {k: p + self.rates * (new[k] - p) for k, p in self.params.items()}  # Adam's step is proportional to its rate
        return y
