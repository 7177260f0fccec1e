r"""What all fast twins share: the inputs of all steps in one buffer, pieces of time, and sums over time as one product.

A step sees $v_t = [h_{t-1};\, x_t;\, 1]$, so one matrix $[W\; U\; b]$ holds all its weights, and
$a_t = [W\; U\; b]\, v_t$ is one product. The bias is the weight from a constant one, as in Hochreiter and Schmidhuber
1997. A step writes $h_t$ into the upper rows of $v_{t+1}$: nothing is copied.

Integer ids in place of x stand for one-hot columns. Then $v_t = [h_{t-1};\, 1]$, and $U x_t$ is a column of U.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np

ENOUGH = 512  # columns in one product of `add_over_time`: more do not make it faster, and need more memory

_other: ContextVar[tuple] = ContextVar("other", default=(np.dot, 0))


@contextmanager
def products_by(multiply: Callable, enough: int) -> Iterator[None]:
    """Inside this context products of `enough` multiplications and more are made by another kernel than `np.dot`, called as it is."""
    token = _other.set((multiply, enough))
    try:
        yield
    finally:
        _other.reset(token)


def kernel(M: np.ndarray, B: int) -> Callable:
    """What multiplies M and a matrix of B columns."""
    multiply, enough = _other.get()
    return multiply if M.size * B >= enough else np.dot


def turned(W: np.ndarray, dot: Callable) -> np.ndarray:
    """W transposed: a view, which is enough for `np.dot`; other kernels would copy it in every step, so it is done once."""
    return W.T if dot is np.dot else np.ascontiguousarray(W.T)


def inputs(x: np.ndarray, h: np.ndarray) -> np.ndarray:
    """The buffer V (T + 1, N, B) of all $v_t$, with the first h in place: N = H + D + 1, or H + 1 where x holds ids."""
    H, B = h.shape
    T, D = len(x), x.shape[1] if x.ndim == 3 else 0
    V = np.empty((T + 1, H + D + 1, B), h.dtype)
    V[0, :H] = h
    V[:, -1] = 1
    if D:
        V[:-1, H:-1] = x
    return V


def stack(params: dict, gates: tuple[str, ...], names: str | tuple[str, ...]) -> np.ndarray:
    """The weights of all gates on top of each other and side by side, as in `names`: "WUb" or, with ids, "Wb"."""
    if len(names) == 1:
        return np.concatenate([params[names[0] + gate] for gate in gates])
    if len(gates) == 1:
        return np.concatenate([params[name + gates[0]] for name in names], axis=1)
    rows = [[params[name + gate] for name in names] for gate in gates]
    weights = np.empty((len(gates), len(rows[0][0]), sum(block.shape[1] for block in rows[0])), rows[0][0].dtype)
    for blocks, out in zip(rows, weights):
        np.concatenate(blocks, axis=1, out=out)
    return weights.reshape(-1, weights.shape[2])


def fed_to_one(U: np.ndarray, b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """$U x_t + b$ of all steps of a single sequence, (T, rows, 1): U is read once, and not in every step."""
    fed = x[:, :, 0] @ U.T if x.ndim == 3 else U.T.take(x[:, 0], axis=0)
    fed += b[:, 0]
    return fed[:, :, None]


def for_each(column: np.ndarray, B: int) -> np.ndarray:
    """A column (H, 1) once for each sequence, (H, B): NumPy is faster where nothing has to be repeated in every step."""
    return column if B == 1 else np.repeat(column, B, axis=1)


def unstack(total: np.ndarray, gates: tuple[str, ...], H: int) -> dict:
    """The gradients of the separate parameters, out of that of the stacked matrix: the way back of `stack`."""
    grads = {}
    for gate, rows in zip(gates, total.reshape(len(gates), H, -1)):
        grads["W" + gate], grads["b" + gate] = rows[:, :H], rows[:, -1:]
        if rows.shape[1] > H + 1:
            grads["U" + gate] = rows[:, H:-1]
    return grads


def pieces(T: int, B: int) -> Iterator[slice]:
    """The sequence in pieces, the last one first: what the way back holds in memory at a time."""
    n = -(-ENOUGH // B)
    for end in range(T, 0, -n):
        yield slice(max(0, end - n), end)


def add_over_time(total: np.ndarray | None, da: np.ndarray, v: np.ndarray) -> np.ndarray:
    r"""Add $\sum_t \delta_t v_t^\top$, one product of two matrices whose columns run over steps and sequences."""
    da, v = flat(da), flat(v).T
    now = kernel(da, v.shape[1])(da, v)
    return now if total is None else np.add(total, now, out=total)


def flat(a: np.ndarray) -> np.ndarray:
    """(n, rows, B) as (rows, n · B)."""
    return a.transpose(1, 0, 2).reshape(a.shape[1], -1)


def add_lookup_gradient(dU: np.ndarray | None, D: int, da: np.ndarray, ids: np.ndarray) -> np.ndarray:
    r"""Add $\sum_t \delta_t x_t^\top$ for one-hot $x_t$ to the transpose of dU: each column of `da` goes to one of its rows."""
    if dU is None:  # one sequence adds little: there it is cheaper to write across memory than to turn all of dU in the end
        dU = np.zeros((D, da.shape[1]), da.dtype, order="F" if da.shape[2] == 1 else "C")
    rows, columns = list(dU), da.transpose(0, 2, 1).reshape(ids.size, -1)
    for symbol, column in zip(ids.ravel().tolist(), columns):
        row = rows[symbol]
        np.add(row, column, out=row)
    return dU


def product(M: np.ndarray, steps: np.ndarray, out: np.ndarray) -> None:
    """M times every step of (n, rows, B)."""
    if steps.shape[2] == 1:
        np.matmul(steps[:, :, 0], M.T, out=out[:, :, 0])  # one sequence: the steps are the rows of one product
    elif (dot := kernel(M, steps.shape[2])) is np.dot:
        np.matmul(M, steps, out=out)
    else:
        M = np.ascontiguousarray(M)
        for step, out_t in zip(steps, out):
            dot(M, step, out=out_t)


def silence(y: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    """Outputs (or what reaches them) with zeros at padding: a copy if there is a mask."""
    return y if mask is None else np.where(mask[:, None], y, 0)


def carried_past(dh: np.ndarray, real: np.ndarray) -> np.ndarray | None:
    """At padding the state went past the cell: the part of its gradient that does so too; None if all columns are real."""
    return None if real.all() else np.where(real, 0, dh)
