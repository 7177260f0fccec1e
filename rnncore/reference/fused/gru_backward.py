r"""The GRU over a whole sequence, backward.

What depends on the forward pass alone is computed for many steps at once, before the loop. Write $\partial h_t$ for
$\partial L/\partial h_t$ and $m_t$ for what the reset gate meets. With $J_n = (1 - z)(1 - n^2)$ and $J_z = (h_{t-1} - n)\, z(1-z)$ always

$$\delta_n = J_n \odot \partial h_t, \qquad \delta_z = J_z \odot \partial h_t$$

Reset after the product, $m = W_n h_{t-1} + d_n$:

$$\delta_m = r \odot J_n \odot \partial h_t, \quad \delta_r = m\, r(1-r) \odot J_n \odot \partial h_t$$

$$\partial h_{t-1} = z \odot \partial h_t + [W_n; W_r; W_z]^\top [\delta_m; \delta_r; \delta_z]$$

Reset before the product, $m = r \odot h_{t-1}$, needs $\partial m = W_n^\top \delta_n$ first:

$$\delta_r = h_{t-1}\, r(1-r) \odot \partial m, \quad
\partial h_{t-1} = z \odot \partial h_t + r \odot \partial m + [W_r; W_z]^\top [\delta_r; \delta_z]$$
"""

from __future__ import annotations

import numpy as np

from ..gru import GRU, State
from .buffers import add_lookup_gradient, add_over_time, kernel, pieces, product, silence, stack, turned
from .door import shapes
from .gru import GATES, Memory


def local_derivatives(S: np.ndarray, h_prev: np.ndarray, after: bool) -> np.ndarray:
    """J (steps, 5H, B) in the order m r z n, and z below: by it the state is kept. The rows of m are left open with "before"."""
    H = h_prev.shape[1]
    m, r, z, n = (S[:, k * H : (k + 1) * H] for k in range(4))
    J = np.empty((len(S), 5 * H, S.shape[2]), S.dtype)
    J_m, J_r, J_z, J_n, J_keep = (J[:, k * H : (k + 1) * H] for k in range(5))
    J_keep[:] = z
    np.multiply(S[:, H : 3 * H], S[:, H : 3 * H], out=J[:, H : 3 * H])
    np.subtract(S[:, H : 3 * H], J[:, H : 3 * H], out=J[:, H : 3 * H])  # s (1 - s)
    np.multiply(n, n, out=J_n)
    np.subtract(1, J_n, out=J_n)
    J_n *= 1 - z
    J_z *= h_prev - n
    if after:
        np.multiply(J_n, r, out=J_m)
        J_r *= m
        J_r *= J_n
    else:
        J_r *= h_prev
    return J


def backward(cell: GRU, params: dict, dy: np.ndarray, dstate: State, memory: Memory) -> tuple[np.ndarray | None, State, dict]:
    """dx (None for ids), gradient of the initial state, gradients of the parameters."""
    V, X, S, ids, mask = memory
    (T, H, B), after = dy.shape, cell.variant == "after"
    recurrent_gates = ("_n", "_r", "_z") if after else ("_r", "_z")
    W = stack(params, recurrent_gates, "W")
    dot = kernel(W if after else params["W_n"], B)
    Wt, W_nt, U = turned(W, dot), turned(params["W_n"], dot), stack(params, GATES, "U")
    dx = np.empty((T, cell.D, B), dy.dtype) if ids is None else None
    dU = dW = dW_n = dUb = None
    dh, dm = dstate.h.copy(), np.empty((H, B), dy.dtype)
    dy = silence(dy, mask)
    for piece in pieces(T, B):
        J = local_derivatives(S[piece], V[piece, :H], after)
        da, through_h = J[:, H : 4 * H], J[:, : 3 * H] if after else J[:, H : 3 * H]
        of_dh = J.reshape(len(J), 5, H, B)[:, 0 if after else 2 :]  # all that is a multiple of it
        views = (dy[piece], through_h, of_dh, J[:, H : 2 * H], J[:, 3 * H : 4 * H], J[:, 4 * H :], S[piece, H : 2 * H])
        for dy_t, recurrent, deltas, d_r, d_n, kept, r in zip(*(v[::-1] for v in views)):
            dh += dy_t
            deltas *= dh
            if not after:
                dot(W_nt, d_n, out=dm)
                d_r *= dm
                dm *= r
                kept += dm
            dot(Wt, recurrent, out=dh)
            dh += kept
        dW = add_over_time(dW, through_h, V[piece])
        if not after:
            dW_n = add_over_time(dW_n, da[:, 2 * H :], S[piece, :H])
        if ids is None:
            dUb = add_over_time(dUb, da, X[piece])
            product(U.T, da, out=dx[piece])
        else:
            dU = add_lookup_gradient(dU, cell.D, da, ids[piece])
            db = da.sum(axis=(0, 2))[:, None]
            dUb = db if dUb is None else dUb + db
    grads = {"W" + gate: rows[:, :H] for gate, rows in zip(recurrent_gates, dW.reshape(len(recurrent_gates), H, -1))}
    grads |= {"d_n": dW[:H, H:]} if after else {"W_n": dW_n}
    grads |= {"b" + gate: rows for gate, rows in zip(GATES, dUb[:, -1:].reshape(3, H, 1))}
    grads |= {"U" + gate: rows for gate, rows in zip(GATES, (dUb[:, :-1] if dU is None else dU.T).reshape(3, H, -1))}
    return dx, State(dh), {k: grads[k] for k in shapes(cell)}
