r"""The LSTM over a whole sequence, backward: for every variant the same loop.

What a step's derivatives owe to the forward pass alone is computed for many steps at once, before the loop:

- $J_k$ for each gate: $\delta_o = J_o \odot \partial L/\partial h_t$ and $\delta_k = J_k \odot \partial L/\partial c_t$ for i, f, g;
- $\text{read}_t$, by which $\partial L/\partial h_t$ enters $\partial L/\partial c_t$;
- $\text{keep}_t$, by which $\partial L/\partial c_t$ becomes $\partial L/\partial c_{t-1}$.

| | $J_i$ | $J_f$ | keep | read |
|---|---|---|---|---|
| 1999 | $g\, i(1-i)$ | $c_{t-1} f(1-f)$ | $f$ | $o\,(1 - \tanh^2 c)$ |
| 1997 | same | – | 1 | same |
| coupled | $(g - c_{t-1})\, i(1-i)$ | – | $1 - i$ | same |
| peephole | as 1999 | as 1999 | $f + p_i J_i + p_f J_f$ | $o\,(1 - \tanh^2 c) + p_o J_o$ |

Always $J_o = \tanh(c)\, o(1-o)$ and $J_g = i\,(1 - g^2)$. Peepholes thus cost the loop nothing. With the truncated gradient of
1997 nothing is carried through h, and what is carried through c is a sum: there is no product of matrices in the loop.
"""

from __future__ import annotations

import numpy as np

from ..lstm import LSTM, State
from .buffers import add_lookup_gradient, add_over_time, carried_past, for_each, kernel, pieces, product, silence, stack, turned, unstack
from .door import shapes
from .lstm import Memory, order


def local_derivatives(cell: LSTM, p: dict, S: np.ndarray, tanh_c: np.ndarray) -> tuple:
    """J in the order of the gates with keep below them, (steps, (n + 1) H, B), and read (steps, H, B). Where keep is one it is left out.

    The peepholes p come as (H, B).
    """
    H, n, one = cell.H, S.shape[1] // cell.H - 1, cell.variant.startswith("1997")
    o, i, g = S[:, :H], S[:, H : 2 * H], S[:, (n - 1) * H : n * H]
    J = np.empty_like(S[:, : n * H] if one else S)
    logistic, J_o, J_if, J_g, keep = (J[:, from_ * H : to * H] for from_, to in ((0, n - 1), (0, 1), (1, n - 1), (n - 1, n), (n, n + 1)))
    np.multiply(S[:, : (n - 1) * H], S[:, : (n - 1) * H], out=logistic)
    np.subtract(S[:, : (n - 1) * H], logistic, out=logistic)  # s (1 - s)
    J_o *= tanh_c
    np.multiply(g, g, out=J_g)
    np.subtract(1, J_g, out=J_g)
    J_g *= i
    read = tanh_c * tanh_c
    np.subtract(1, read, out=read)
    read *= o
    if one:
        J_if *= g
    elif cell.variant == "coupled":
        J_if *= g - S[:, n * H :]
        np.subtract(1, i, out=keep)
    else:
        J_if *= S[:, (n - 1) * H :]  # i with g, and f with c of the step before
        keep[:] = S[:, 2 * H : 3 * H]
    if cell.variant == "peephole":
        read += p["p_o"] * J_o
        keep += p["p_i"] * J_if[:, :H]
        keep += p["p_f"] * J_if[:, H:]
    return J, read


def backward(cell: LSTM, params: dict, dy: np.ndarray, dstate: State, memory: Memory) -> tuple[np.ndarray | None, State, dict]:
    """dx (None for ids), gradient of the initial state, gradients of the parameters."""
    V, S, tanh_c, ids, mask = memory
    (T, H, B), gates, cut = dy.shape, order(cell), cell.variant == "1997-truncated"
    n, keeps = len(gates), not cell.variant.startswith("1997")
    W, U = stack(params, gates, "W"), stack(params, gates, "U")
    dot = kernel(W, B)
    Wt = turned(W, dot)
    dx = np.empty((T, cell.D, B), dy.dtype) if ids is None else None
    total = dU = None
    peepholes = {k: for_each(params[k], B) for k in shapes(cell) if k.startswith("p_")}
    dp = {k: np.zeros((H, B), dy.dtype) for k in peepholes}
    dh, dc, through_h = dstate.h.copy(), dstate.c.copy(), np.empty((H, B), dy.dtype)
    dy = silence(dy, mask)
    for piece in pieces(T, B):
        J, read = local_derivatives(cell, peepholes, S[piece], tanh_c[piece])
        da, below_o = J[:, : n * H], J[:, H:].reshape(len(J), -1, H, B)
        for t, dy_t, read_t, delta, delta_o, deltas in zip(*(s[::-1] for s in (range(T)[piece], dy[piece], read, da, J[:, :H], below_o))):
            dh += dy_t
            past = None if mask is None else carried_past(dh, mask[t])
            np.multiply(dh, read_t, out=through_h)
            dc += through_h
            delta_o *= dh
            deltas *= dc
            if keeps:
                dc = deltas[-1]  # keep, times dc
            if cut:
                dh[:] = 0
            else:
                dot(Wt, delta, out=dh)
            if past is not None:
                dh += past
        total = add_over_time(total, da, V[piece])
        for k in peepholes:  # i and f saw c of the step before, o the new one
            seen = S[piece.start + 1 : piece.stop + 1, n * H :] if k == "p_o" else S[piece, n * H :]
            top = gates.index(k[1:]) * H
            dp[k] += (da[:, top : top + H] * seen).sum(axis=0)
        if ids is None:
            product(U.T, da, out=dx[piece])
        else:
            dU = add_lookup_gradient(dU, cell.D, da, ids[piece])
    grads = unstack(total, gates, H) | {k: d.sum(axis=1, keepdims=True) for k, d in dp.items()}
    if ids is not None:
        grads |= {"U" + gate: d for gate, d in zip(gates, dU.T.reshape(n, H, -1))}
    return dx, State(dh, dc), {k: grads[k] for k in shapes(cell)}
