r"""How much truth a decoder is fed, falling in the course of the training: functions of the update i, counted from 0.

| decay | $\epsilon_i$ | settings |
|---|---|---|
| `Linear` | $\max(\epsilon_\text{end},\ k - c\, i)$ | $k \le 1$ at the start, slope $c > 0$ |
| `Exponential` | $k^i$ | $0 < k < 1$ |
| `InverseSigmoid` | $\dfrac{k}{k + e^{i/k}}$ | $k \ge 1$ |

`Feeding(decay(i))` is what the decoder is fed at update i. Each is a pure function of i and has a readable `repr`.

Source: Bengio, Vinyals, Jaitly and Shazeer 2015, section 2.4. Where we differ: i is counted from 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .. import checks
from ..errors import SettingError


@dataclass(frozen=True)
class Linear:
    r"""$\epsilon_i = \max(\epsilon_\text{end},\ k - c\, i)$.

    Args: k, the start, above 0 and up to 1; slope c, above 0; floor $\epsilon_\text{end}$, from 0 up to k. Raises: SettingError.
    """

    slope: float
    k: float = 1.0
    floor: float = 0.0

    def __post_init__(self) -> None:
        checks.positive("slope", self.slope)
        checks.positive("k", self.k)
        if self.k > 1:
            raise SettingError(f"k: expected a probability above 0 and up to 1, got {self.k!r}")
        if isinstance(self.floor, bool) or not isinstance(self.floor, (int, float)) or not 0 <= self.floor <= self.k:
            raise SettingError(f"floor: expected a number from 0 to k = {self.k}, got {self.floor!r}")

    def __call__(self, i: int) -> float:
        """ε of update i."""
        return max(self.floor, self.k - self.slope * _update(i))


@dataclass(frozen=True)
class Exponential:
    r"""$\epsilon_i = k^i$. Args: k, above 0 and below 1. Raises: SettingError for others."""

    k: float

    def __post_init__(self) -> None:
        checks.positive("k", self.k)
        if self.k >= 1:
            raise SettingError(f"k: expected a number above 0 and below 1, got {self.k!r}")

    def __call__(self, i: int) -> float:
        """ε of update i."""
        return self.k ** _update(i)


@dataclass(frozen=True)
class InverseSigmoid:
    r"""$\epsilon_i = k / (k + e^{i/k})$: near 1 for long, one half at $i = k \ln k$, then near 0. Args: k from 1. Raises: SettingError."""

    k: float

    def __post_init__(self) -> None:
        checks.positive("k", self.k)
        if self.k < 1:
            raise SettingError(f"k: expected a number from 1, got {self.k!r}")

    def __call__(self, i: int) -> float:
        """ε of update i."""
        falling = math.exp(-_update(i) / self.k)  # the same fraction, written so that nothing overflows
        return self.k * falling / (self.k * falling + 1)


def _update(i: int) -> int:
    if isinstance(i, bool) or not isinstance(i, (int, np.integer)) or i < 0:
        raise SettingError(f"i: expected an update, a whole number from 0 on, got {i!r}")
    return int(i)
