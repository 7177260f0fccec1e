"""Devices by name, and arrays to tensors and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from ..errors import DeviceError, SettingError


def device(name: str | torch.device = "cpu") -> torch.device:
    """The device of that name: "cpu", "cuda", "cuda:1", "mps".

    Raises: DeviceError if the name is not known or this machine has no such device; nothing falls back to the CPU in silence.
    """
    try:
        found = torch.device(name)
    except (RuntimeError, TypeError, ValueError):
        found = None
    if found is None or found.type not in ("cpu", "cuda", "mps"):
        raise DeviceError(f"device: expected 'cpu', 'cuda', 'cuda:<index>' or 'mps', got {name!r}")
    if found.type == "mps":
        there = int(torch.backends.mps.is_available())
    else:
        there = torch.cuda.device_count() if found.type == "cuda" else 1
    if not there:
        raise DeviceError(f"device: expected one that this machine has ('cpu' always is), got {name!r}; PyTorch finds no such device")
    if (found.index or 0) >= there:
        raise DeviceError(f"device: expected an index from 0 to {there - 1} for '{found.type}', got {name!r}")
    return found


def as_dtype(dtype: Any) -> torch.dtype:
    """A floating-point type of Torch, from one of Torch or of NumPy."""
    if not isinstance(dtype, torch.dtype):
        dtype = getattr(torch, np.dtype(dtype).name, None)
    if dtype not in (torch.float32, torch.float64, torch.float16, torch.bfloat16):
        raise SettingError(f"dtype: expected a floating-point type, such as torch.float32, got {dtype}")
    return dtype


def to_torch(params: Any, device: str | torch.device = "cpu", dtype: Any = None) -> Any:
    """Copies as tensors, on a device; `dtype=None` keeps the precision.

    Args: params: a flat dict of arrays; a state, a dict of dicts (an optimizer's state) or a single array will do as well.
    Raises: DeviceError for a device that is not there; SettingError for a dtype that is no floating-point one.
    """
    place, dtype = _device(device), None if dtype is None else as_dtype(dtype)

    def convert(a):
        if isinstance(a, torch.Tensor):
            tensor = a.detach().clone()
        else:  # Torch computes little with unsigned integers
            tensor = torch.from_numpy(np.array(a, np.int64 if a.dtype.kind == "u" else None, order="C"))
        return tensor.to(place, dtype if tensor.is_floating_point() else None)

    return _each(params, convert)


def to_numpy(params: Any) -> Any:
    """Copies as NumPy arrays: the inverse of `to_torch`."""
    return _each(params, lambda a: np.array(a.detach().cpu().numpy() if isinstance(a, torch.Tensor) else a))


_device = device  # `to_torch` has an argument of that name


def _each(tree: Any, function) -> Any:
    """Apply the function to every array; what is no array (a step count) stays."""
    if isinstance(tree, Mapping):
        return {k: _each(v, function) for k, v in tree.items()}
    if hasattr(tree, "_fields"):
        return type(tree)(*(_each(v, function) for v in tree))
    return function(tree) if isinstance(tree, (np.ndarray, torch.Tensor)) else tree
