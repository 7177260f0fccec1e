"""The fast twins' checks at the door: the same refusals as `unroll`, after a quick look that is enough for good input."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from ... import checks
from ...errors import DtypeError, ShapeError
from ..unroll import check_state


@lru_cache(maxsize=256)
def shapes(cell) -> dict:
    """`cell.shapes`, made once: small nets would spend a tenth of their time on it. To be read only."""
    return cell.shapes


def sound(a, shape: tuple, dtype) -> bool:
    """A quick look: real numbers of this shape and precision, and the sum of their squares is finite."""
    return type(a) is np.ndarray and a.shape == shape and a.dtype == dtype and dtype.kind == "f" and math.isfinite(np.vdot(a, a))


def sequence(name: str, value, size: int) -> np.ndarray:
    """(T, size, B), real."""
    a = np.asarray(value)
    if a.ndim != 3 or a.dtype.kind != "f" or not a.size or not sound(a, (len(a), size, a.shape[2]), a.dtype):
        a = checks.sequence(name, value, size)
    if a.dtype.kind == "c":
        raise DtypeError(f"{name}: expected real numbers, got {a.dtype}; complex ones (the complex step) go through unroll")
    return a


def sequence_or_ids(name: str, value, D: int) -> np.ndarray:
    """(T, D, B), or ids (T, B) from 0 to D − 1."""
    a = np.asarray(value)
    if a.dtype.kind in "iu" and a.ndim == 2:
        return checks.indices(name, a, ("T", "B"), D)
    return sequence(name, a, D)


def parameters(params: Mapping, shapes: Mapping[str, tuple], like: np.ndarray) -> None:
    """As `checks.parameters`; complex ones are refused."""
    dtype = like.dtype
    if type(params) is dict and dtype.kind == "f":
        for key, shape in shapes.items():  # `sound`, written out: twelve calls would be a tenth of a small net's time
            a = params.get(key)
            if type(a) is not np.ndarray or a.shape != shape or a.dtype is not dtype or not math.isfinite(np.vdot(a, a)):
                break
        else:
            return
    checks.parameters(params, shapes, like)
    for key in shapes:
        if np.iscomplexobj(params[key]):
            raise DtypeError(f"params[{key!r}]: expected real numbers; complex ones (the complex step) go through unroll")


def same_length(dy: np.ndarray, shape: tuple) -> None:
    """The gradients belong to the outputs that the forward pass has returned."""
    if dy.shape != shape:
        raise ShapeError(f"dy: expected shape {checks.describe(shape)}, that of the outputs, got {dy.shape}")


def first(params: Mapping, shapes: Mapping[str, tuple]) -> np.ndarray:
    """The parameter that sets the precision where the inputs are ids."""
    checks.keys(params, shapes)
    key = next(iter(shapes))
    return checks.array(f"params[{key!r}]", params[key], shapes[key])


def state(cell, value, B: int, like: np.ndarray, name: str = "state"):
    """As `check_state`; None stands for zeros."""
    zeros = cell.initial_state(B, like.dtype)
    if value is None:
        return zeros
    if type(value) is type(zeros) and all(sound(v, zero.shape, like.dtype) for v, zero in zip(value, zeros)):
        return value
    return check_state(cell, value, B, like, name)
