r"""The GRU over a whole sequence, forward: the same numbers as `unroll`.

1. $U x_t + b$ is computed for many steps at once, since the reset gate acts on the part that comes from $h_{t-1}$ alone.
   Integer ids take columns of $U + b$.
2. One tanh for both gates: $\sigma(a) = (1 + \tanh(a / 2)) / 2$; the halves are put into the weights.

The way back is in `gru_backward`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..gru import GRU, State
from .buffers import fed_to_one, inputs, kernel, pieces, product, silence, stack

VARIANTS = ("after", "before")
GATES = ("_r", "_z", "_n")


class Memory(NamedTuple):
    """What the way back needs."""

    V: np.ndarray  # (T + 1, H + 1, B): h_{t-1} and below it a one
    X: np.ndarray | None  # (T, D + 1, B): x_t and below it a one; None with ids
    S: np.ndarray  # (T, 4H, B): m r z n
    ids: np.ndarray | None  # (T, B)
    mask: np.ndarray | None  # (T, B)


def recurrent(cell: GRU, params: dict) -> np.ndarray:
    """The weights of $h_{t-1}$, rows of r and z halved: with "after" also W_n, on top, and beside it d_n, which meets the one below h."""
    if cell.variant == "before":
        return 0.5 * stack(params, ("_r", "_z"), "W")
    H, W = cell.H, np.empty((3 * cell.H, cell.H + 1), params["W_n"].dtype)
    np.concatenate((params["W_n"], params["W_r"], params["W_z"]), out=W[:, :H])
    W[:H, H:], W[H:, H:] = params["d_n"], 0
    W[H:] *= 0.5
    return W


def fed_to_many(Ub: np.ndarray, X: np.ndarray) -> np.ndarray:
    """$U x_t + b$ of some steps."""
    fed = np.empty((len(X), len(Ub), X.shape[2]), X.dtype)
    product(Ub, X, out=fed)
    return fed


def looked_up(Ub: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """The same for ids: columns of $U + b$."""
    columns, fed = Ub[:, :-1] + Ub[:, -1:], np.empty((len(ids), len(Ub), ids.shape[1]), Ub.dtype)
    for now, out in zip(ids, fed):
        columns.take(now, axis=1, out=out, mode="clip")  # without the mode NumPy takes a copy of `out`
    return fed


def forward(cell: GRU, params: dict, x: np.ndarray, state: State, mask) -> tuple[np.ndarray, State, Memory]:
    """x (T, D, B) or ids (T, B), checked before."""
    H, (T, B), after = cell.H, (len(x), x.shape[-1]), cell.variant == "after"
    ids = x if x.ndim == 2 else None
    V = inputs(np.empty((T, 0), int), state.h)
    h = V[1:, :H]
    S = np.empty((T, 4 * H, B), V.dtype)
    half = np.array(0.5, V.dtype)
    X = None
    if ids is None:
        X = np.empty((T, cell.D + 1, B), V.dtype)
        X[:, :-1], X[:, -1] = x, 1
    if B == 1:
        fed_to_it = fed_to_one(stack(params, GATES, "U"), stack(params, GATES, "b"), x)
        fed_to_it[:, : 2 * H] *= half
    else:
        Ub = stack(params, GATES, "Ub")
        Ub[: 2 * H] *= half
    W, W_n = recurrent(cell, params), params["W_n"]
    dot = kernel(W if after else W_n, B)
    difference = np.empty((H, B), V.dtype)
    for piece in reversed(list(pieces(T, B))):
        S_now = S[piece]
        fed = fed_to_it[piece] if B == 1 else fed_to_many(Ub, X[piece]) if ids is None else looked_up(Ub, ids[piece])
        views = zip(range(T)[piece], V[piece], V[piece, :H], h[piece], fed[:, : 2 * H], fed[:, 2 * H :], S_now[:, : 3 * H],
                    S_now[:, H : 3 * H], S_now[:, :H], S_now[:, H : 2 * H], S_now[:, 2 * H : 3 * H], S_now[:, 3 * H :])
        for t, v, h_prev, h_t, fed_rz, fed_n, m_r_z, r_z, m, r, z, n in views:
            dot(W, v, out=m_r_z) if after else dot(W, h_prev, out=r_z)
            r_z += fed_rz
            np.tanh(r_z, out=r_z)
            r_z *= half
            r_z += half
            if after:
                np.multiply(r, m, out=n)
            else:
                np.multiply(r, h_prev, out=m)
                dot(W_n, m, out=n)
            n += fed_n
            np.tanh(n, out=n)
            np.subtract(h_prev, n, out=difference)
            difference *= z
            np.add(n, difference, out=h_t)  # h_t = n + z (h_{t-1} - n)
            if mask is not None:
                np.copyto(z, 1, where=~mask[t])  # at padding all is kept: no error enters
                np.copyto(h_t, h_prev, where=~mask[t])
    return silence(h, mask), State(h[-1].copy()), Memory(V, X, S, ids, mask)
