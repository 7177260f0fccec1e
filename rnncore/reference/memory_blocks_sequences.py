r"""Memory blocks over whole sequences whose only error is at the end: the fast twin of `MemoryBlocks.step`.

Between the errors weights stay as they are, so the derivatives need not be carried from step to step. What a step adds is a
coefficient times the sources, and the sum over all steps is one matrix product for each trial:

$$\frac{\partial s_c}{\partial w_j}(T) = \sum_{t=1}^{T} \Bigl( \prod_{\tau = t+1}^{T} y^{\varphi}(\tau) \Bigr)\, \kappa_c(t)\, z_j(t),
\qquad \kappa_c = y^{in} g'(a^c), \quad g(a^c) f'(a^{in}), \quad s_c(t-1) f'(a^{\varphi})$$

for the weights into the cell, its input gate, its forget gate. This keeps the steps, in exchange for the time of some NumPy calls at
each of them; the numbers are those of `step`. Sequences of different length are aligned at their ends: some trials begin later.
"""

from __future__ import annotations

import numpy as np

from .. import checks
from ..errors import SettingError, ShapeError
from .memory_blocks import SPARSE, MemoryBlocks
from .memory_blocks_state import State

FLOAT64 = np.zeros(1)


def run_to_end(net: MemoryBlocks, params: dict, x: np.ndarray, starts: np.ndarray | None = None, learns: bool = True) -> State:
    """The state after the last step, as stepping through would have left it: `net.read`, `net.gradient`, `net.descend` go on from it.

    Args:
        x: (T, N, D), or symbols (T, N), a sequence for each of N trials.
        starts: (N,), at which step each trial's sequence begins, from 0 to T − 1; all at 0 if None. What x holds before does not count.
        learns: whether derivatives are wanted.
    Raises: SettingError for a net with peepholes, or other functions than the paper's; ShapeError, DtypeError, NotFiniteError,
        UnknownSymbolError for the arrays.
    """
    if not isinstance(net, MemoryBlocks) or net.peephole or (net.g, net.h) != ("centred", "centred"):
        raise SettingError(f"net: expected MemoryBlocks without peepholes, with g and h centred, got {net!r}; others go step by step")
    check_weights(net, params)
    N = len(params["W"])
    symbols = np.ndim(x) == 2
    x = checks.indices("x", x, ("T", N), net.D) if symbols else checks.array("x", x, ("T", N, net.D))
    if not isinstance(learns, bool):
        raise SettingError(f"learns: expected True or False, got {learns!r}")
    starts = np.zeros(N, int) if starts is None else checks.array("starts", starts, (N,), kind="index")
    if starts.min() < 0 or starts.max() >= len(x):
        raise ShapeError(f"starts: expected steps from 0 to T − 1 = {len(x) - 1}, got {starts.tolist()}")
    state = net.start(N)
    state.x, state.sparse = x[-1], symbols and net.D >= SPARSE
    tanh, r, s = _forward(net, params, x, starts)
    C, hidden = net.cells, net.fed_back
    np.multiply(s[-1], 2, out=state.s)
    np.multiply(s[-2], 2, out=state.before)
    np.copyto(state.h, np.tanh(s[-1]))
    np.copyto(state.yc, r[-1][:, :C])
    np.copyto(state.y, tanh[-1] * 0.5 + 0.5)
    np.copyto(state.a, 2 * np.arctanh(np.clip(tanh[-1], -1 + 1e-16, 1 - 1e-16)))
    if hidden:
        state.v[:, net.D : net.D + hidden] = r[-2][:, :hidden]
    if not state.sparse:
        state.v[:, : net.D] = state.eye[x[-1]] if symbols else x[-1]
    if learns:
        _trace(net, state, x, starts, tanh, r, s)
    return state


def check_weights(net: MemoryBlocks, params: dict) -> None:
    """All there, float64, for one and the same number of trials."""
    checks.keys(params, net.shapes)
    checks.array("params['W']", params["W"], ("N", *net.shapes["W"]))
    checks.parameters(params, {k: (len(params["W"]), *shape) for k, shape in net.shapes.items()}, FLOAT64)


def _forward(net, params, x, starts) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """tanh(a/2) of all units (T, N, U); activations before each step and after the last (T + 1, N, U); s/2 (T + 1, N, B, S)."""
    W, D, C, R = params["W"] * 0.5, net.D, net.cells, net.fed_back
    (N, U, _), T, trials = W.shape, len(x), np.arange(len(W))
    # Shapes say trials first; in memory they are last, where all calls but one run over long pieces: a third of the time
    tanh, r = np.empty((T, U, N)).swapaxes(1, 2), np.zeros((T + 1, U, N)).swapaxes(1, 2)
    s = np.moveaxis(np.zeros((T + 1, net.blocks, net.size, N)), -1, 1)
    tanh[:] = W[trials, :, x] if x.ndim == 2 else (W[:, :, :D] @ x.transpose(1, 2, 0)).transpose(2, 0, 1)
    if net.bias != "none":
        tanh += W[:, :, -1]
    back = np.ascontiguousarray(W[:, :, D : D + R].transpose(2, 1, 0))  # (R, U, N)
    late = {t: np.flatnonzero(starts == t) for t in np.unique(starts[starts > 0])}
    gates, now = {gate: r[1:, :, net.rows(gate), None] for gate in net.gates}, s[1:]
    y_in, y_forget, y_out = (gates.get(gate, now) for gate in ("in", "forget", "out"))
    fed = r[:, :, :R].swapaxes(1, 2)[:, :, None]
    steps = zip(tanh, tanh[:, :, :C].reshape(now.shape), tanh[:, :, C:], r[1:, :, C:], r[1:, :, :C].reshape(now.shape), fed, s, now,
                y_in, y_forget, y_out)  # fmt: skip
    products, sums, kept, h = np.empty((R, U, N)), np.empty((U, N)), np.empty_like(s[0]), np.empty_like(s[0])
    for t, (a, a_cells, a_gates, y, yc, past, before, half, i, f, o) in enumerate(steps):
        if t in late:
            r[t, late[t]] = 0
            s[t, late[t]] = 0
        if R:
            np.multiply(back, past, products)
            np.add.reduce(products, axis=0, out=sums)
            np.add(a, sums.T, a)
        np.tanh(a, a)
        np.multiply(a_gates, 0.5, y)
        np.add(y, 0.5, y)
        np.multiply(a_cells, i, half)  # s/2: what h takes, and g/2 is the tanh itself
        np.add(half, np.multiply(before, f, kept) if net.forget_gate else before, half)
        if net.output_gate:
            np.tanh(half, h)
            np.multiply(h, o, yc)
        else:
            np.tanh(half, yc)
    return tanh, r, s


def _trace(net, state: State, x, starts, tanh, r, s) -> None:
    """All derivatives at the end, into `state.trace`."""
    T, N, C, B, D, R = *tanh.shape[:2], net.cells, net.blocks, net.D, net.fed_back
    shape = (T, N, B, net.size)
    coefficient = np.empty((*shape, state.trace.shape[3]))
    th = tanh[:, :, :C].reshape(shape)
    slope = lambda gate: 0.25 - 0.25 * tanh[:, :, net.rows(gate), None] ** 2  # noqa: E731 (f' by tanh(a/2))
    coefficient[..., 0] = (1 - th * th) * r[1:, :, net.rows("in"), None]
    np.multiply(2 * th, slope("in"), out=coefficient[..., 1])
    if net.forget_gate:
        np.multiply(2 * s[:-1], slope("forget"), out=coefficient[..., 2])
        kept = np.ones((T, N, B))
        kept[:-1] = np.cumprod(r[:1:-1, :, net.rows("forget")], axis=0)[::-1]
        coefficient *= kept[..., None, None]
    if starts.any():
        coefficient[np.arange(T)[:, None] < starts] = 0
    rows = coefficient.reshape(T, N, -1).transpose(1, 2, 0)  # (N, C·kinds, T)
    trace = state.trace.reshape(N, -1, state.trace.shape[-1])
    if state.sparse:
        place = (np.arange(N)[:, None] * rows.shape[1] + np.arange(rows.shape[1])) * D + x[:, :, None]  # (T, N, C·kinds)
        found = np.bincount(place.ravel(), coefficient.ravel(), N * rows.shape[1] * D)
        trace[:, :, :D] = found.reshape(N, -1, D)
    else:
        trace[:, :, :D] = rows @ (state.eye[x] if x.ndim == 2 else x).transpose(1, 0, 2)
    if R:
        trace[:, :, D : D + R] = rows @ r[:-1, :, :R].transpose(1, 0, 2)
    if net.bias != "none":
        trace[:, :, -1] = rows.sum(axis=2)
