r"""Sequence to sequence with a known alignment: write what was read backwards, or sorted.

| | read | written | the step of the source that step t of the target comes from |
|---|---|---|---|
| `backwards` | c a b | b a c [END] | S + 1 − t |
| `in_order` | c a b | a b c [END] | the place of the t-th smallest |

So what an attention has learnt can be judged: `attention_mass` is the weight that it puts on the right steps. Reading backwards
depends on the order of all that was read; sorting does not, and a net that only knows which symbols there were can do it.

The tasks are commonly used; settings and the convention about the end are our own.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .. import checks
from ..errors import SettingError
from ..reference.lengths import mask_from_lengths
from ..reference.pairs import Pairs

START, END = 0, 1


class Aligned(NamedTuple):
    """B pairs of sequences. Symbols are 2 … K + 1, in the source as in the target; padding is END and stands at the end."""

    ids: np.ndarray  # (S, B), what is read; no end symbol
    targets: np.ndarray  # (S + 1, B), what is to be written, with END
    x_mask: np.ndarray  # (S, B)
    mask: np.ndarray  # (S + 1, B)
    alignment: np.ndarray  # (S + 1, B) steps of the source, from 0; −1 at END and padding

    @property
    def batch(self) -> Pairs:
        """As an `EncoderDecoder` takes it, with START as its first symbol."""
        return Pairs(self.ids, self.targets, self.x_mask, self.mask)

    def right(self, written: np.ndarray) -> np.ndarray:
        """Which sequences are right up to their END, (B,). Args: written (T, B), symbols, T being S + 1."""
        written = checks.array("written", written, self.targets.shape, kind="index")
        return ((written == self.targets) | ~self.mask).all(axis=0)

    def attention_mass(self, weights: np.ndarray) -> float:
        """Mean weight of the right step of the source, END left out. Args: weights (S + 1, S, B), columns that sum to one."""
        (S, B), asked = self.ids.shape, self.alignment >= 0
        weights = checks.array("weights", weights, (S + 1, S, B))
        if (weights < 0).any() or not np.allclose(weights.sum(axis=1)[self.mask], 1, atol=1e-5):
            raise SettingError("weights: expected numbers from 0 that sum to one over the source at each step, got others")
        at = np.take_along_axis(weights, np.maximum(self.alignment, 0)[:, None], axis=1)[:, 0]
        return float(at[asked].mean())


def backwards(rng: np.random.Generator, B: int, length: tuple[int, int] = (3, 8), symbols: int = 10, repeats: bool = True) -> Aligned:
    """Sequences of random symbols, to be written from the last to the first.

    Args: length: the least and the greatest, all equally probable; symbols: K, out of so many; repeats: False if no symbol may occur twice
    in a sequence: then each is found by what it is.
    """
    lengths, steps = _door(rng, B, length, symbols)
    if not isinstance(repeats, bool):
        raise SettingError(f"repeats: expected True or False, got {repeats!r}")
    source = rng.integers(symbols, size=(len(steps), B)) if repeats else _different(rng, B, length[1], symbols)[: len(steps)]
    return _pairs(source, lengths, np.where(steps < lengths, lengths - 1 - steps, -1))


def in_order(rng: np.random.Generator, B: int, length: tuple[int, int] = (3, 8), symbols: int = 10) -> Aligned:
    """Sequences of different symbols, to be written from the least to the greatest.

    Args: as of `backwards`; no symbol occurs twice in a sequence, so K may not be below the greatest length.
    """
    lengths, steps = _door(rng, B, length, symbols)
    source = _different(rng, B, length[1], symbols)[: len(steps)]
    ranked = np.argsort(np.where(steps < lengths, source, symbols), axis=0)  # padding comes last
    return _pairs(source, lengths, np.where(steps < lengths, ranked, -1))


def _different(rng: np.random.Generator, B: int, longest: int, symbols: int) -> np.ndarray:
    """All symbols in an order of its own for each sequence, (K, B)."""
    if longest > symbols:
        raise SettingError(f"symbols: expected at least {longest}, so that all in a sequence can differ, got {symbols}")
    return rng.permuted(np.tile(np.arange(symbols)[:, None], B), axis=0)


def _pairs(source: np.ndarray, lengths: np.ndarray, order: np.ndarray) -> Aligned:
    """Source symbols from 0, and from which step each symbol of the target comes; −1 where there is none."""
    x_mask = mask_from_lengths(lengths)
    ids = np.where(x_mask, source + 2, END)
    alignment = np.concatenate([order, np.full((1, len(lengths)), -1)])
    written = np.take_along_axis(ids, np.maximum(alignment, 0), axis=0)
    return Aligned(ids, np.where(alignment < 0, END, written), x_mask, mask_from_lengths(lengths + 1), alignment)


def _door(rng, B: int, length, symbols: int) -> tuple[np.ndarray, np.ndarray]:
    checks.generator(rng)
    checks.positive("B", B, integer=True)
    checks.positive("symbols", symbols, integer=True)
    if not isinstance(length, tuple) or len(length) != 2:
        raise SettingError(f"length: expected the least and the greatest, as in (3, 8), got {length!r}")
    for n in length:
        checks.positive("length", n, integer=True)
    if length[0] > length[1]:
        raise SettingError(f"length: expected the least first, got {length}")
    lengths = rng.integers(length[0], length[1] + 1, B)
    return lengths, np.arange(lengths.max())[:, None]
