r"""The layer-normalised LSTM over a whole sequence: the same numbers as `unroll`.

Subtracting the mean of the rows is a linear map, $z - \mu = C z$ with $C = I - \frac1n 1 1^\top$, so it is done once to the
weights: $C (W h) = (C W) h$. What remains of the normalisation in a step is the scale $s = (\frac1n \sum_j z_j^2 + \varepsilon)^{1/2}$.
On the way back the same: $W^\top C = (C W)^\top$, and the gradient of W is centred once, after the sum over time.
$U x$ is normalised for many steps at once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..layer_norm import EPS
from ..lstm import LSTM, State
from .buffers import add_lookup_gradient, add_over_time, carried_past, inputs, kernel, pieces, product, silence, stack, turned
from .door import shapes
from .lstm import order, shut
from .lstm_backward import local_derivatives


class Norm(NamedTuple):
    """Normalised columns of all steps and what they were divided by."""

    n: np.ndarray  # (T, rows, B)
    s: np.ndarray  # (T, 1, B)

    def take(self, piece: slice) -> Norm:
        """Some of the steps."""
        return Norm(self.n[piece], self.s[piece])


class Memory(NamedTuple):
    """What the way back needs."""

    V: np.ndarray  # (T + 1, H + 1, B): h_{t-1} and below it a one, which is not used
    x: np.ndarray  # (T, D, B), or ids (T, B)
    S: np.ndarray  # (T + 1, 5H, B): o i f g of step t and below them c of step t - 1
    read: np.ndarray  # (T, H, B): tanh of what is made of c
    U: Norm
    W: Norm
    c: Norm
    mask: np.ndarray | None  # (T, B)


def centred(weights: np.ndarray) -> np.ndarray:
    """C times the weights: every column with mean zero."""
    return weights - weights.mean(axis=0, keepdims=True)


def scale(z: np.ndarray, mean: np.ndarray, eps: np.ndarray, s: np.ndarray, n: np.ndarray) -> None:
    """s and n = z / s of one step, or of several, for columns z with mean zero; `mean` is the row that takes a mean."""
    np.multiply(z, z, out=n)
    (np.dot if n.ndim == 2 else np.matmul)(mean, n, out=s)
    s += eps
    np.sqrt(s, out=s)
    np.divide(z, s, out=n)


def scale_backward(dn: np.ndarray, n: np.ndarray, s: np.ndarray, mean: np.ndarray) -> None:
    """The gradient of z in place of that of n, but for its mean, which C takes away."""
    dn -= n * (np.dot if n.ndim == 2 else np.matmul)(mean, n * dn)
    dn /= s


def each(params: dict, gates: tuple[str, ...], name: str, B: int) -> np.ndarray:
    """A gain or shift for all gates, (4H, B): repeated for each sequence, since NumPy is faster so."""
    return np.repeat(stack(params, gates, (name,)), B, axis=1)


def forward(cell: LSTM, params: dict, x: np.ndarray, state: State, mask) -> tuple[np.ndarray, State, Memory]:
    """x (T, D, B) or ids (T, B), checked before."""
    H, (T, B), gates, dtype = cell.H, (len(x), x.shape[-1]), order(cell), state.h.dtype
    V = inputs(np.empty((T, 0), int), state.h)
    S = np.empty((T + 1, 5 * H, B), dtype)
    S[0, 4 * H :] = state.c
    h, c, tanh_m = V[1:, :H], S[1:, 4 * H :], np.empty((T, H, B), dtype)
    by_U, by_W, by_c = (Norm(np.empty((T, rows, B), dtype), np.empty((T, 1, B), dtype)) for rows in (4 * H, 4 * H, H))
    U, W = centred(stack(params, gates, "U")), centred(stack(params, gates, "W"))
    dot = kernel(W, B)
    s_U, s_W, b = (each(params, gates, name, B) for name in ("s_U", "s_W", "b"))
    s_c, b_c = (np.repeat(params[k], B, axis=1) for k in ("s_c", "b_c"))
    tall, short = np.full((1, 4 * H), 1 / (4 * H), dtype), np.full((1, H), 1 / H, dtype)
    half, eps = np.array(0.5, dtype), np.array(EPS, dtype)
    for of_a in (s_U, s_W, b):
        of_a[: 3 * H] *= half  # logistic gates
    z, both, m = np.empty((4 * H, B), dtype), np.empty((2 * H, B), dtype), np.empty((H, B), dtype)
    for piece in reversed(list(pieces(T, B))):
        fed = np.empty((len(x[piece]), 4 * H, B), dtype)
        if x.ndim == 3:
            product(U, x[piece], out=fed)
        else:
            fed[:] = U[:, x[piece]].swapaxes(0, 1)
        scale(fed, tall, eps, by_U.s[piece], by_U.n[piece])
        np.multiply(s_U, by_U.n[piece], out=fed)
        fed += b
        for t, fed_t in zip(range(T)[piece], fed):
            real = None if mask is None or mask[t].all() else mask[t]
            a, logistic, c_t = S[t, : 4 * H], S[t, : 3 * H], c[t]
            dot(W, V[t, :H], out=z)
            scale(z, tall, eps, by_W.s[t], by_W.n[t])
            np.multiply(s_W, by_W.n[t], out=a)
            a += fed_t
            np.tanh(a, out=a)
            logistic *= half
            logistic += half
            if real is not None:
                shut(S[t, H : 3 * H], real, H)
            np.multiply(S[t, H : 3 * H], S[t, 3 * H :], out=both)
            np.add(both[:H], both[H:], out=c_t)
            np.subtract(c_t, np.dot(short, c_t), out=m)
            scale(m, short, eps, by_c.s[t], by_c.n[t])
            np.multiply(s_c, by_c.n[t], out=m)
            m += b_c
            np.tanh(m, out=tanh_m[t])
            np.multiply(S[t, :H], tanh_m[t], out=h[t])
            if real is not None:
                np.copyto(S[t, :H], 0, where=~real)
                np.copyto(h[t], V[t, :H], where=~real)
    return silence(h, mask), State(h[-1].copy(), c[-1].copy()), Memory(V, x, S, tanh_m, by_U, by_W, by_c, mask)


def backward(cell: LSTM, params: dict, dy: np.ndarray, dstate: State, memory: Memory) -> tuple[np.ndarray | None, State, dict]:
    """dx (None for ids), gradient of the initial state, gradients of the parameters."""
    V, x, S, tanh_m, by_U, by_W, by_c, mask = memory
    (T, H, B), gates = dy.shape, order(cell)
    U, W = centred(stack(params, gates, "U")), centred(stack(params, gates, "W"))
    dot = kernel(W, B)
    Wt = turned(W, dot)
    s_U, s_W = (each(params, gates, name, B) for name in ("s_U", "s_W"))
    s_c = np.repeat(params["s_c"], B, axis=1)
    tall, short = np.full((1, 4 * H), 1 / (4 * H), dy.dtype), np.full((1, H), 1 / H, dy.dtype)
    dx = np.empty((T, cell.D, B), dy.dtype) if x.ndim == 3 else None
    total = {k: np.zeros((rows, B), dy.dtype) for k, rows in {"s_U": 4 * H, "s_W": 4 * H, "b": 4 * H, "s_c": H, "b_c": H}.items()}
    dW = dU = None
    dh, dc = dstate.h.copy(), dstate.c.copy()
    dy = silence(dy, mask)
    for piece in pieces(T, B):
        J, dm = local_derivatives(cell, {}, S[piece], tanh_m[piece])
        da, below_o = J[:, : 4 * H], J[:, H:].reshape(len(J), 4, H, B)
        n, dz = by_W.n[piece], np.empty_like(da)
        for k, t in zip(reversed(range(len(da))), reversed(range(T)[piece])):
            dh += dy[t]
            past = None if mask is None else carried_past(dh, mask[t])
            dm[k] *= dh
            dn = s_c * dm[k]
            scale_backward(dn, by_c.n[t], by_c.s[t], short)
            dc += dn
            dc -= np.dot(short, dn)  # c itself was centred in every step
            da[k, :H] *= dh
            below_o[k] *= dc
            dc = below_o[k, 3]  # keep, times dc
            np.multiply(s_W, da[k], out=dz[k])
            scale_backward(dz[k], n[k], by_W.s[t], tall)
            dot(Wt, dz[k], out=dh)
            if past is not None:
                dh += past
        dW = add_over_time(dW, dz, V[piece, :H])
        for name, gradient in {"b": da, "s_U": da * by_U.n[piece], "s_W": da * n, "b_c": dm, "s_c": dm * by_c.n[piece]}.items():
            total[name] += gradient.sum(axis=0)
        np.multiply(s_U, da, out=dz)
        scale_backward(dz, *by_U.take(piece), tall)
        if dx is None:
            dU = add_lookup_gradient(dU, cell.D, dz, x[piece])
        else:
            dU = add_over_time(dU, dz, x[piece])
            product(U.T, dz, out=dx[piece])
    grads = {name: d.sum(axis=1, keepdims=True) for name, d in total.items()}
    grads |= {"U": centred(dU if x.ndim == 3 else dU.T), "W": centred(dW)}
    for name in ("U", "W", "b", "s_U", "s_W"):
        grads |= {name + gate: rows for gate, rows in zip(gates, grads.pop(name).reshape(4, H, -1))}
    return dx, State(dh, dc), {k: grads[k] for k in shapes(cell)}
