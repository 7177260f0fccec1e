r"""Labels that need the future: what is the symbol k steps later, and is it another one than a symbol of the past?

Symbols $s_t$ are zeros and ones, independent and equally probable. There is one label for each k,

$$y_t^{(k)} = s_{t+k} \qquad \text{or, with a } \texttt{past} \text{ of p steps,} \qquad y_t^{(k)} = s_{t-p} \oplus s_{t+k}$$

| what answers | right at best |
|---|---|
| a net that reads up to step t, or up to t + d with d < k | 1/2: given what it has read, the label is a fair coin |
| a net that answers d ≥ k steps late, or reads in both directions | 1 |

The net reads the symbols and, before the first and after the last step that is asked for, as many more as any label needs.

Task: our own, of the kind in Schuster and Paliwal 1997, who compare delayed nets of one direction with nets of two.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .. import checks
from ..errors import SettingError
from ..reference.model import Batch


class Lookahead(NamedTuple):
    """B sequences of S steps, of which T are asked for."""

    x: np.ndarray  # (S, 2, B) the symbol of each step, one-hot
    targets: np.ndarray  # (S, K, B) the label of the step `delay` steps before, for each k; zero where nothing is asked
    asked: np.ndarray  # (S,) at which steps there is an answer

    @property
    def batch(self) -> Batch:
        """For a `Model` with K outputs and the loss "binary_cross_entropy"."""
        return Batch(self.x, self.targets)

    def right(self, outputs: np.ndarray) -> np.ndarray:
        """Share of right answers for each k, (K,). Args: outputs (S, K, B), logits: above zero they say one."""
        outputs = checks.array("outputs", outputs, self.targets.shape)
        return ((outputs > 0) == (self.targets == 1))[self.asked].mean(axis=(0, 2))


def lookahead(rng: np.random.Generator, B: int, T: int = 12, ks: tuple[int, ...] = (0, 1, 2, 3), delay: int = 0, past: int | None = None,
              dtype: type = np.float64) -> Lookahead:
    """Draw B sequences.

    Args:
        T: how many steps are asked for.
        ks: how far ahead each label lies, from 0 on.
        delay: how many steps late the answer is due; at most the greatest k.
        past: how many steps back the other symbol lies; None for labels that are the later symbol alone.
    Raises: SettingError.
    """
    checks.generator(rng)
    for name, value in (("B", B), ("T", T)):
        checks.positive(name, value, integer=True)
    if not isinstance(ks, tuple) or not ks:
        raise SettingError(f"ks: expected a tuple of numbers of steps, got {ks!r}")
    for name, value in [("ks", k) for k in ks] + [("delay", delay)] + ([] if past is None else [("past", past)]):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 0:
            raise SettingError(f"{name}: expected a whole number of steps, from 0, got {value!r}")
    if delay > max(ks):
        raise SettingError(f"delay: expected at most the greatest k, {max(ks)}, beyond which nothing is gained, got {delay}")
    before, S = past or 0, (past or 0) + T + max(ks)
    symbols = rng.integers(2, size=(S, B))
    x = np.stack([1 - symbols, symbols], axis=1).astype(dtype)
    targets, asked = np.zeros((S, len(ks), B), dtype), np.zeros(S, bool)
    here = slice(before + delay, before + delay + T)
    asked[here] = True
    for n, k in enumerate(ks):
        later = symbols[before + k : before + k + T]
        targets[here, n] = later if past is None else later ^ symbols[:T]
    return Lookahead(x, targets, asked)


def bound(k: int, delay: int = 0) -> float:
    """The best share of right answers for label k of a net that runs forward and answers `delay` steps late: 1 or a half.

    Raises: SettingError for numbers that are none of steps.
    """
    for name, value in (("k", k), ("delay", delay)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 0:
            raise SettingError(f"{name}: expected a whole number of steps, from 0, got {value!r}")
    return 1.0 if delay >= k else 0.5
