"""A real series as sequences to learn from: split in the order of time, standardised, cut into windows.

The order matters. The series is split first; mean and standard deviation are taken from the training part alone; windows
are cut inside each part, so that no window reaches from one part into another. Anything else lets the future leak in.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .. import checks
from ..errors import SettingError
from ..reference.model import Batch


class Scale(NamedTuple):
    """Mean and standard deviation of each of D variables, both (D,)."""

    mean: np.ndarray
    sd: np.ndarray

    def standardise(self, values: np.ndarray) -> np.ndarray:
        """Values (n, D) to mean 0 and standard deviation 1, by these statistics."""
        return (values - self.mean) / self.sd

    def restore(self, z: np.ndarray) -> np.ndarray:
        """The inverse, for sequences (T, D, B)."""
        return z * self.sd[:, None] + self.mean[:, None]


class Series(NamedTuple):
    """The three parts, each a batch of windows, and the scale of the training part."""

    train: Batch
    validation: Batch
    test: Batch
    scale: Scale


def split(values: np.ndarray, train: float = 0.7, validation: float = 0.15) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cut a series (n, D) in three, oldest first; the shares are of n, the rest is for the test.

    Raises:
        SettingError: the shares are not above zero, or leave nothing for the test.
        EmptySequenceError: a part has no values.
    """
    checks.positive("train", train)
    checks.positive("validation", validation)
    if train + validation >= 1:
        raise SettingError(f"train + validation: expected less than 1, so that a test part remains; got {train + validation:g}")
    values = checks.array("values", values, ("n", "D"))
    a, b = (int(round(share * len(values))) for share in (train, train + validation))
    parts = values[:a], values[a:b], values[b:]
    for name, part in zip(("train", "validation", "test"), parts):
        checks.array(f"{name} part", part, ("n", "D"))
    return parts


def measure(values: np.ndarray) -> Scale:
    """Mean and standard deviation of a training part (n, D).

    Raises:
        SettingError: a variable never changes, so that it cannot be standardised.
    """
    values = checks.array("values", values, ("n", "D"))
    constant = np.flatnonzero(values.max(axis=0) == values.min(axis=0))
    if constant.size:
        raise SettingError(f"values: expected variables that change, got a constant in column {constant[0]}")
    return Scale(values.mean(axis=0), values.std(axis=0))


def windows(values: np.ndarray, T: int, stride: int = 1, ahead: int = 1) -> Batch:
    """Every window of T steps of a series (n, D), and what comes `ahead` steps later as its targets.

    Args:
        stride: steps from the start of one window to the start of the next.
        ahead: how far the targets lie in the future.

    Returns:
        x (T, D, B), targets (T, D, B): targets[t] is the value `ahead` steps after x[t].

    Raises:
        SettingError: the series is shorter than T + ahead.
    """
    values = checks.array("values", values, ("n", "D"))
    for name, value in (("T", T), ("stride", stride), ("ahead", ahead)):
        checks.positive(name, value, integer=True)
    if len(values) < T + ahead:
        raise SettingError(f"T + ahead: expected at most the {len(values)} values of the series, got {T + ahead}")
    starts = np.arange(0, len(values) - T - ahead + 1, stride)
    index = np.arange(T)[:, None] + starts  # (T, B)
    return Batch(np.moveaxis(values[index], 2, 1), np.moveaxis(values[index + ahead], 2, 1))


def series(
    values: np.ndarray, T: int, *, train: float = 0.7, validation: float = 0.15, stride: int = 1, ahead: int = 1
) -> Series:
    """All three steps, in the right order: split, standardise by the training part, cut windows.

    Args: values (n, D); a series of single numbers has D = 1, `values[:, None]`. The rest as in `split` and `windows`.
    """
    parts = split(values, train, validation)
    scale = measure(parts[0])
    return Series(*(windows(scale.standardise(part), T, stride, ahead) for part in parts), scale)
