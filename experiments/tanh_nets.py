r"""Vanilla nets side by side, asked at the end of a sequence: the passes of the experiments on clipping, trials as the first axis.

$$h_t = \tanh(U x_t + W h_{t-1} + b), \qquad \hat y = \mathrm{softmax}(V h_T + c), \qquad L = -\frac1B \sum \ln \hat y_{y^*}$$

All arrays have the N trials in front: U (N, H, D) · W (N, H, H) · b (N, H, 1) · V (N, K, H) · c (N, K, 1); symbols come in, ids (T, N, B).

The norm regulariser asks that an error keeps its length from step to step, whatever its direction:

$$\Omega = \sum_t \Bigl( \frac{\lVert v_t \rVert}{\lVert \partial L / \partial h_{t+1} \rVert} - 1 \Bigr)^2, \qquad
v_t = \Bigl( \frac{\partial h_{t+1}}{\partial h_t} \Bigr)^{\!\top} \frac{\partial L}{\partial h_{t+1}} = W^\top \delta_{t+1}$$

and its gradient is taken with all but that W held fixed, states and errors too:

$$\frac{\partial^+ \Omega}{\partial W}
= \sum_t \delta_{t+1} \Bigl( \frac{2 (r_t - 1)\, v_t}{\lVert v_t \rVert \, \lVert \partial L / \partial h_{t+1} \rVert} \Bigr)^{\!\top},
\qquad r_t = \frac{\lVert v_t \rVert}{\lVert \partial L / \partial h_{t+1} \rVert}$$

Source: Pascanu, Mikolov and Bengio 2013, section 3.3. Where we differ: our state is what comes out of the tanh, theirs what goes in;
the norms are those of each sequence, and $\Omega$ is the mean over sequences. The authors' program has the squares of the norms in
place of the norms and the mean over the steps in place of the sum (`form="program"`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

TINY = 1e-20  # squared length below which an error says nothing about direction or growth (the authors' program has the same)


class Pass(NamedTuple):
    """What the way back needs: ids (T, N, B), states h (T + 1, N, H, B), probabilities (N, K, B)."""

    ids: np.ndarray
    h: np.ndarray
    y: np.ndarray


def draw(rngs: list, H: int, D: int, K: int, sd: float, dtype=np.float32) -> dict:
    """Parameters of one net for each generator: weights N(0, sd²), biases zero."""
    shapes = {"U": (H, D), "W": (H, H), "V": (K, H)}
    params = {k: np.stack([sd * rng.standard_normal(shape) for rng in rngs]).astype(dtype) for k, shape in shapes.items()}
    return params | {"b": np.zeros((len(rngs), H, 1), dtype), "c": np.zeros((len(rngs), K, 1), dtype)}


def forward(params: dict, ids: np.ndarray) -> Pass:
    """All states and the probabilities at the end."""
    U, W, b, V, c = (params[k] for k in "UWbVc")
    (T, N, B), H = ids.shape, W.shape[1]
    fed = U + b  # every input is one column of U
    h = np.zeros((T + 1, N, H, B), W.dtype)
    for t in range(T):
        np.matmul(W, h[t], out=h[t + 1])
        h[t + 1] += np.take_along_axis(fed, ids[t][:, None, :], axis=2)
        np.tanh(h[t + 1], out=h[t + 1])
    o = V @ h[T] + c
    y = np.exp(o - o.max(axis=1, keepdims=True))
    return Pass(ids, h, y / y.sum(axis=1, keepdims=True))


def loss(run: Pass, targets: np.ndarray) -> np.ndarray:
    """Cross-entropy of each net, (N,). Args: targets (N, B)."""
    return -np.log(np.take_along_axis(run.y, targets[:, None], axis=1) + 1e-30).mean(axis=(1, 2))


def backward(params: dict, run: Pass, targets: np.ndarray, weight: float = 0.0, form: str = "paper") -> tuple[dict, np.ndarray]:
    r"""Gradients of all parameters, with `weight` times that of $\Omega$ in W's, and $\Omega$ itself (N,) (zeros if weight is 0)."""
    (T, N, B), (ids, h, y), W, V = run.ids.shape, run, params["W"], params["V"]
    H, Wt = W.shape[1], np.ascontiguousarray(W.swapaxes(1, 2))
    do = (y - (np.arange(y.shape[1])[:, None] == targets[:, None])).astype(W.dtype) / B
    slope = 1 - h[1:] * h[1:]
    dh = np.empty((T + 1, N, H, B), W.dtype)  # dh[t]: the error at the state before step t, dh[T] at the last one
    dh[T] = V.swapaxes(1, 2) @ do
    da = slope  # in place
    for t in reversed(range(T)):
        da[t] *= dh[t + 1]
        np.matmul(Wt, da[t], out=dh[t])
    columns = wide(da)
    grads = {
        "W": columns @ wide(h[:-1]).swapaxes(1, 2),
        "U": by_symbol(columns, ids, params["U"].shape[2]),
        "b": columns.sum(axis=2, keepdims=True),
        "V": do @ h[T].swapaxes(1, 2),
        "c": do.sum(axis=2, keepdims=True),
    }
    omega = np.zeros(N, W.dtype)
    if weight:
        omega, pull = pulls(dh, form)
        grads["W"] = grads["W"] + weight * (columns @ wide(pull).swapaxes(1, 2))
    return grads, omega


def pulls(dh: np.ndarray, form: str) -> tuple[np.ndarray, np.ndarray]:
    r"""$\Omega$ (N,) and $\partial^+ \Omega / \partial v_t$ for all steps, (T, N, H, B).

    Since the loss looks at the last state alone, $v_t$ is the error of the state before. Args: dh (T + 1, N, H, B). The errors of
    one sequence scale with 1/B, which is in both norms and falls out of their ratio.
    """
    T, B = len(dh) - 1, dh.shape[3]
    square = np.einsum("tnhb,tnhb->tnb", dh, dh) * B**2
    after, before = square[1:], square[:-1]
    alive = (after >= TINY) & (before >= TINY)
    r2 = np.where(alive, before / np.where(alive, after, 1), 1)
    if form == "program":
        omega, factor = ((r2 - 1) ** 2).sum(axis=0), 4 * (r2 - 1) / np.where(alive, after, 1)
        omega, factor = omega / T, factor / T
    else:
        r = np.sqrt(r2)
        omega, factor = ((r - 1) ** 2).sum(axis=0), 2 * (r - 1) / np.sqrt(np.where(alive, before * after, 1))
    factor = np.where(alive, factor, 0) / B * B**2  # the mean over sequences; and both dh and v carry 1/B
    return omega.mean(axis=1), factor[:, :, None] * dh[:-1]


def clip(grads: dict, limit: float | None) -> tuple[dict, np.ndarray]:
    """Each net's gradient shortened to `limit` if it is longer (not at all if None), and its length before, (N,)."""
    norm = np.sqrt(sum(np.einsum("nij,nij->n", g, g, dtype=np.float64) for g in grads.values()))
    if limit is None:
        return grads, norm
    shrink = np.minimum(1, limit / np.maximum(norm, 1e-300)).astype(grads["W"].dtype)[:, None, None]
    return {k: g * shrink for k, g in grads.items()}, norm


def wide(sequence: np.ndarray) -> np.ndarray:
    """(T, N, F, B) as (N, F, T·B)."""
    T, N, F, B = sequence.shape
    return sequence.transpose(1, 2, 0, 3).reshape(N, F, T * B)


def by_symbol(columns: np.ndarray, ids: np.ndarray, D: int) -> np.ndarray:
    """The sum of the columns (N, H, T·B) of each symbol, (N, H, D)."""
    flat = ids.transpose(1, 0, 2).reshape(ids.shape[1], -1)
    return columns @ (flat[:, :, None] == np.arange(D)).astype(columns.dtype)
