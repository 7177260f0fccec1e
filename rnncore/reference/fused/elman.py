r"""The vanilla cell over a whole sequence: the same numbers as `unroll`, one product a step each way.

$$a_t = [W\; U\; b] \begin{bmatrix} h_{t-1} \\ x_t \\ 1 \end{bmatrix}, \qquad h_t = \phi(a_t)$$

Back: $\delta_t = \phi'(a_t) \odot (\partial L / \partial h_t)$ step by step; inputs' and parameters' gradients of many steps at once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..activations import ACTIVATIONS
from ..elman import Elman, State
from .buffers import add_lookup_gradient, add_over_time, carried_past, inputs, kernel, pieces, product, silence, stack, turned, unstack
from .door import shapes


class Memory(NamedTuple):
    """What the way back needs."""

    V: np.ndarray  # (T + 1, N, B), the v_t; h_t lies in the upper H rows of V[t + 1]
    ids: np.ndarray | None  # (T, B)
    mask: np.ndarray | None  # (T, B)


def logistic(a: np.ndarray, out: np.ndarray) -> None:
    """In place, so that no step asks for memory."""
    np.tanh(np.multiply(a, 0.5, out=out), out=out)
    np.add(np.multiply(out, 0.5, out=out), 0.5, out=out)


IN_PLACE = {"tanh": np.tanh, "relu": lambda a, out: np.maximum(a, 0, out=out), "logistic": logistic, "identity": lambda a, out: None}


def forward(cell: Elman, params: dict, x: np.ndarray, state: State, mask) -> tuple[np.ndarray, State, Memory]:
    """x (T, D, B) or ids (T, B), checked before."""
    H, phi = cell.H, IN_PLACE[cell.activation]
    ids = x if x.ndim == 2 else None
    V = inputs(x, state.h)
    h = V[1:, :H]  # where the outputs of all steps go
    weights = stack(params, ("",), "WUb" if ids is None else "Wb")
    dot = kernel(weights, x.shape[-1])
    for t, (v, h_t) in enumerate(zip(V, h)):
        dot(weights, v, out=h_t)
        if ids is not None:
            h_t += params["U"].take(ids[t], axis=1)
        phi(h_t, out=h_t)
        if mask is not None:
            np.copyto(h_t, v[:H], where=~mask[t])  # at padding the state stays
    return silence(h, mask), State(h[-1].copy()), Memory(V, ids, mask)


def backward(cell: Elman, params: dict, dy: np.ndarray, dstate: State, memory: Memory) -> tuple[np.ndarray | None, State, dict]:
    """dx (None for ids), gradient of the initial state, gradients of the parameters."""
    V, ids, mask = memory
    T, H, B = dy.shape
    W, slope, dot = params["W"], ACTIVATIONS[cell.activation].slope, kernel(params["W"], B)
    Wt = turned(W, dot)
    dx = np.empty((T, cell.D, B), dy.dtype) if ids is None else None
    total = dU = None
    dh = dstate.h.copy()
    dy = silence(dy, mask)
    for piece in pieces(T, B):
        da = slope(V[1:, :H][piece])
        if mask is not None:
            da *= mask[piece, None]  # a step that did not happen
        for t, dy_t, delta in zip(range(T)[piece][::-1], dy[piece][::-1], da[::-1]):
            dh += dy_t
            past = None if mask is None else carried_past(dh, mask[t])
            delta *= dh
            dot(Wt, delta, out=dh)
            if past is not None:
                dh += past
        total = add_over_time(total, da, V[piece])
        if ids is None:
            product(params["U"].T, da, out=dx[piece])
        else:
            dU = add_lookup_gradient(dU, cell.D, da, ids[piece])
    grads = unstack(total, ("",), H)
    return dx, State(dh), {k: grads[k] if k in grads else dU.T for k in shapes(cell)}
