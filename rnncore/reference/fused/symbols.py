r"""Training on symbols, fast: a recurrent net that predicts the next symbol, with Adam and clipping in place.

The numbers are those of `Model` with `softmax_cross_entropy`, `clip_by_norm` and `Adam`. What differs is that no step asks
for memory that the step before had: all parameters lie in one vector $\theta$, their names are views of it, and the
optimizer goes over $\theta$ in parts that stay in the processor's cache.
"""

from __future__ import annotations

import math

import numpy as np

from ... import checks
from ...errors import DtypeError, NotFiniteError, ShapeError
from ..readout import Readout
from . import door
from .buffers import flat

PART = 2**14  # numbers that the optimizer treats at a time


def flatten(params: dict) -> tuple[np.ndarray, dict]:
    """All parameters in one vector, and the same by name as views of it."""
    vector = np.concatenate([p.ravel() for p in params.values()])
    ends = np.cumsum([p.size for p in params.values()])[:-1]
    return vector, {k: part.reshape(p.shape) for (k, p), part in zip(params.items(), np.split(vector, ends))}


def readout_and_loss(params: dict, h: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray, dict]:
    r"""Mean cross-entropy of symbols $y^*$ under $\mathrm{softmax}(V h_t + c)$; the gradients of h, and of V and c.

    Args: h (T, H, B), targets (T, B), checked before. In place, the logits become probabilities and then their own gradient.
    """
    (T, H, B), V = h.shape, params["V"]
    h = flat(h)
    o = V @ h
    o += params["c"]
    o -= o.max(axis=0)
    here = targets.ravel(), np.arange(T * B)
    chosen = o[here]
    np.exp(o, out=o)
    sums = o.sum(axis=0)
    loss = float((np.log(sums) - chosen).sum()) / (T * B)
    o /= sums * (T * B)
    o[here] -= 1 / (T * B)
    dh = np.ascontiguousarray((V.T @ o).reshape(H, T, B).swapaxes(0, 1))
    return loss, dh, {"V": o @ h.T, "c": o.sum(axis=1, keepdims=True)}


class Adam:
    r"""Adam in place, on one vector; the definition is that of `optimizers.Adam`.

    Every pass over a vector counts, so the factors $1 - \beta_1$ and $1 - \beta_2$ are left out of the two means. What is kept
    is $m / (1 - \beta_1)$ and $v / (1 - \beta_2)$; with the corrections of the first steps they go into the rate and into eps.
    """

    def __init__(self, theta: np.ndarray, lr: float = 1e-3, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8) -> None:
        self.theta, self.lr, self.beta1, self.beta2, self.eps, self.t = theta, lr, beta1, beta2, eps, 0
        self.mean, self.square = np.zeros_like(theta), np.zeros_like(theta)
        self.scratch = np.empty(min(PART, theta.size), theta.dtype)

    def step(self, g: np.ndarray, shrink: float = 1.0) -> None:
        """One step with the gradient `shrink` · g; g is used up."""
        self.t += 1
        unit = math.sqrt((1 - self.beta2) / (1 - self.beta2**self.t))  # times the root of `square`: that of the corrected mean
        rate = self.lr * (1 - self.beta1) / (1 - self.beta1**self.t) / unit
        eps = self.eps / unit
        for start in range(0, g.size, PART):
            part = slice(start, start + PART)
            theta, mean, square, slope = self.theta[part], self.mean[part], self.square[part], g[part]
            scratch = self.scratch[: slope.size]
            if shrink != 1:
                slope *= shrink
            mean *= self.beta1
            mean += slope
            slope *= slope
            square *= self.beta2
            square += slope
            np.sqrt(square, out=scratch)
            scratch += eps
            np.divide(mean, scratch, out=scratch)
            scratch *= rate
            theta -= scratch


class SymbolTrainer:
    r"""Trains a cell with a readout to predict symbols; the state is carried from call to call.

    Args:
        cell: one with a fast twin; its D is the number of symbols K that come in.
        params: the cell's and the readout's (`V`, `c`) in one dict, copied; `trainer.params` are the trained ones.
        lr, max_norm: Adam's learning rate, and the length to which a longer gradient is cut.
    Raises: as `forward`; ShapeError for targets of another shape than the inputs; NotFiniteError where a gradient grew too long.
    """

    def __init__(self, cell, params: dict, lr: float = 1e-3, max_norm: float = 5.0) -> None:
        from . import twin

        self.twin, self.cell, self.max_norm = twin(cell), cell, max_norm
        checks.positive("lr", lr)
        checks.positive("max_norm", max_norm)
        checks.keys(params, cell.shapes | {"V": (), "c": ()})
        if not isinstance(params["V"], np.ndarray):
            raise DtypeError(f"params['V']: expected a NumPy array, got {type(params['V']).__name__}")
        readout = Readout(cell.outputs, len(checks.array("params['V']", params["V"], ("K", cell.outputs))))
        door.parameters(params, cell.shapes | readout.shapes, like=params["V"])
        vector, self.params = flatten({k: params[k] for k in cell.shapes | readout.shapes})
        self.gradient, self._slots = flatten(self.params)
        self.optimizer, self.state = Adam(vector, lr), None

    def step(self, ids: np.ndarray, targets: np.ndarray) -> float:
        """One step of training on ids (T, B) and the symbols that should come out, (T, B). Returns the loss before it."""
        cell, K = self.cell, len(self.params["V"])
        ids = checks.indices("ids", ids, ("T", "B"), cell.D)
        targets = checks.indices("targets", targets, ids.shape, K)
        B = ids.shape[1]
        state = cell.initial_state(B, self.params["V"].dtype) if self.state is None else self.state
        if state[0].shape[1] != B:
            raise ShapeError(f"ids: expected {state[0].shape[1]} sequences, as many as carry a state, got {B}")
        y, self.state, memory = self.twin.forward(cell, self.params, ids, state, None)  # what it looks at has been checked
        loss, dh, grads = readout_and_loss(self.params, y, targets)
        grads |= self._gradients(dh, memory)
        for k, slot in self._slots.items():
            slot[:] = grads[k]
        norm = math.sqrt(np.vdot(self.gradient, self.gradient))
        if not math.isfinite(norm):
            raise NotFiniteError(f"gradient: expected a finite length to shorten, got {norm}")
        self.optimizer.step(self.gradient, self.max_norm / norm if norm > self.max_norm else 1.0)
        return loss

    def _gradients(self, dh: np.ndarray, memory) -> dict:
        """Gradients of the cell's parameters, from those of its outputs (T, H, B) and what `forward` kept."""
        return self.twin.backward(self.cell, self.params, dh, self.cell.initial_state(dh.shape[2], dh.dtype), memory)[2]
