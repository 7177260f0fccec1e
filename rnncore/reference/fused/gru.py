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


def forward(cell: GRU, params: dict, x: np.ndarray, state: State, mask) -> tuple[np.ndarray, State, Memory]:
    """x (T, D, B) or ids (T, B), checked before."""
    H, (T, B), after = cell.H, (len(x), x.shape[-1]), cell.variant == "after"
    ids = x if x.ndim == 2 else None
    V = inputs(np.empty((T, 0), int), state.h)
    h = V[1:, :H]
    S = np.empty((T, 4 * H, B), V.dtype)
    half = np.array(0.5, V.dtype)
    X = U = fed_one = None
    if ids is None:
        X = np.empty((T, cell.D + 1, B), V.dtype)
        X[:, :-1], X[:, -1] = x, 1
    if B == 1:
        fed_one = fed_to_one(stack(params, GATES, "U"), stack(params, GATES, "b"), x)
        fed_one[:, : 2 * H] *= half
    else:
        U = stack(params, GATES, "Ub")
        U[: 2 * H] *= half
        if ids is not None:
            U = U[:, :-1] + U[:, -1:]
    W_n, W_rz = params["W_n"], (stack(params, ("_r", "_z"), "W") if not after else None)
    if after:  # the column of d_n meets the one below h
        W = np.empty((3 * H, H + 1), V.dtype)
        W[:, H:] = 0
        np.concatenate((W_n, params["W_r"], params["W_z"]), out=W[:, :H])
        W[H:] *= half
        W[:H, H:] = params["d_n"]
    else:
        W_rz *= half
    dot = kernel(W if after else W_n, B)
    difference = np.empty((H, B), V.dtype)
    for piece in reversed(list(pieces(T, B))):
        S_now = S[piece]
        if fed_one is not None:
            fed = fed_one[piece]
        else:
            fed = np.empty((len(S_now), 3 * H, B), V.dtype)
            if ids is None:
                product(U, X[piece], out=fed)
        views = zip(range(T)[piece], V[piece], V[piece, :H], h[piece], fed, fed[:, : 2 * H], fed[:, 2 * H :], S_now[:, : 3 * H],
                    S_now[:, H : 3 * H], S_now[:, :H], S_now[:, H : 2 * H], S_now[:, 2 * H : 3 * H], S_now[:, 3 * H :])
        for t, v, h_prev, h_t, fed_t, fed_rz, fed_n, m_r_z, r_z, m, r, z, n in views:
            if U is not None and ids is not None:
                U.take(ids[t], axis=1, out=fed_t, mode="clip")
            dot(W, v, out=m_r_z) if after else dot(W_rz, h_prev, out=r_z)
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
