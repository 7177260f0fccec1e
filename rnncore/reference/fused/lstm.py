r"""The LSTM over a whole sequence, forward: the same numbers as `unroll`, one product a step.

Three ideas make it fast; each is an identity, none an approximation.

1. One product a step: $[a_o; a_i; a_f; a_g] = [W\; U\; b]\, v_t$ with $v_t = [h_{t-1};\, x_t;\, 1]$ (see `buffers`).
2. One tanh for all gates: $\sigma(a) = (1 + \tanh(a / 2)) / 2$; the halves are put into the weights.
3. $c_{t-1}$ lies below g, so that both products of the memory's equation are one: $[i; f] \odot [g; c_{t-1}]$.

The variants differ in three places: which gates there are, how $c_t$ is made, and whether c reaches the gates. The way
back is in `lstm_backward`; the layer-normalised variant, where sums run over all units, in `lstm_normalised`.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import repeat
from typing import NamedTuple

import numpy as np

from ..lstm import LSTM, State
from .buffers import fed_to_one, for_each, inputs, kernel, silence, stack

VARIANTS = ("1997", "1997-truncated", "1999", "peephole", "coupled")


class Memory(NamedTuple):
    """What the way back needs. n is the number of gates, four or three."""

    V: np.ndarray  # (T + 1, N, B), the v_t; h_t lies in the upper H rows of V[t + 1]
    S: np.ndarray  # (T + 1, (n + 1) H, B): o i f g of step t and below them c of step t - 1
    tanh_c: np.ndarray  # (T, H, B)
    ids: np.ndarray | None  # (T, B)
    mask: np.ndarray | None  # (T, B)


@lru_cache(maxsize=256)
def order(cell: LSTM) -> tuple[str, ...]:
    """The gates from top to bottom: logistic ones together, i and f above g and c. Without f in three of the variants."""
    return tuple(f"_{k}" for k in "oifg" if k in cell.gates)


def weights(params: dict, gates: tuple[str, ...], names: str, H: int) -> np.ndarray:
    """All weights in one matrix, with the rows of the logistic gates halved."""
    W = stack(params, gates, names)
    W[:-H] *= 0.5
    return W


def forward(cell: LSTM, params: dict, x: np.ndarray, state: State, mask) -> tuple[np.ndarray, State, Memory]:
    """x (T, D, B) or ids (T, B), checked before."""
    H, (T, B), gates = cell.H, (len(x), x.shape[-1]), order(cell)
    n, forget, coupled, peephole = len(gates), len(gates) == 4, cell.variant == "coupled", cell.variant == "peephole"
    ids = x if x.ndim == 2 else None
    V = inputs(x, state.h)
    S = np.empty((T + 1, (n + 1) * H, B), V.dtype)
    tanh_c = np.empty((T, H, B), V.dtype)
    h, c = V[1:, :H], S[1:, n * H :]  # where the states go
    S[0, n * H :] = state.c
    half = np.array(0.5, V.dtype)  # an array: NumPy takes longer with a Python number
    fed, U = repeat(None), None
    if B == 1:
        W = weights(params, gates, "W", H)
        fed = fed_to_one(stack(params, gates, "U"), stack(params, gates, "b"), x)
        fed[:, :-H] *= half
    else:
        W = weights(params, gates, "WUb" if ids is None else "Wb", H)
        U = None if ids is None else weights(params, gates, "U", H)
        looked_up = np.empty((n * H, B), V.dtype)
    dot = kernel(W, B)
    both = np.empty((2 * H, B), V.dtype)
    written, kept = both[:H], both[H:]
    first = H if peephole else 0  # o has to wait for the new c
    if peephole:
        p_i, p_f, p_o = (for_each(half * params[k], B) for k in ("p_i", "p_f", "p_o"))
        seen = np.empty_like(both)
        seen_i, seen_f = seen[:H], seen[H:]
    steps = (S[:T, : n * H], S[:, first : n * H], S[:, first : (n - 1) * H], S[:, :H], S[:, H : (n - 1) * H], S[:, (n - 1) * H :])
    for t, (v, fed_t, a, now, logistic, o, i_f, g_c, c_t, tanh_c_t, h_t) in enumerate(zip(V[:, : W.shape[1]], fed, *steps, c, tanh_c, h)):
        real = None if mask is None or mask[t].all() else mask[t]
        dot(W, v, out=a)
        if fed_t is not None:
            a += fed_t
        elif ids is not None:
            a += U.take(ids[t], axis=1, out=looked_up, mode="clip")
        if peephole:
            c_before = g_c[H:]
            np.multiply(p_i, c_before, out=seen_i)
            np.multiply(p_f, c_before, out=seen_f)
            i_f += seen
        np.tanh(now, out=now)
        logistic *= half
        logistic += half
        if real is not None:
            shut(i_f, real, H)
        if forget:
            np.multiply(i_f, g_c, out=both)
            np.add(written, kept, out=c_t)  # c_t = i g + f c
        elif coupled:
            np.subtract(g_c[:H], g_c[H:], out=written)
            np.multiply(i_f, written, out=written)
            np.add(g_c[H:], written, out=c_t)  # c_t = c + i (g - c)
        else:
            np.multiply(i_f, g_c[:H], out=written)
            np.add(g_c[H:], written, out=c_t)  # c_t = c + i g
        np.tanh(c_t, out=tanh_c_t)
        if peephole:
            np.multiply(p_o, c_t, out=written)
            o += written
            np.tanh(o, out=o)
            o *= half
            o += half
        np.multiply(o, tanh_c_t, out=h_t)
        if real is not None:
            np.copyto(o, 0, where=~real)
            np.copyto(h_t, v[:H], where=~real)
    return silence(h, mask), State(h[-1].copy(), c[-1].copy()), Memory(V, S, tanh_c, ids, mask)


def shut(i_f: np.ndarray, real: np.ndarray, H: int) -> None:
    """At padding nothing is written and all is kept: then c stays, and its gradient passes unchanged."""
    np.copyto(i_f[:H], 0, where=~real)
    np.copyto(i_f[H:], 1, where=~real)
