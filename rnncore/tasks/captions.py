r"""One to many on pictures: a scene of two or three handwritten digits goes in once, and a caption comes out, word by word.

| what the field of 20 × 20 points shows | caption |
|---|---|
| a digit over another | a seven above a two |
| a digit beside another | a seven left of a two |
| one over two | a four above a zero and a nine |

The pictures of the digits are real (`rnncore.data.load_digits`), the scenes are put together by the table, so the right caption of
every scene is known exactly. With `jitter` each digit stands up to one point off its place.

Nothing of one part is in another: the pictures from which scenes for training, validation and test are made are different ones
(1200, 300 and 297, in the order of the file). **Held out** are combinations besides: of the 100 ordered pairs of digits about one in
six (by SHA-256) is never together in a scene for training. Who has learnt whole captions, and not words, fails on those.

What the net reads (`Scenes.batch`) is the picture at the first step and dark after it, and at every step the word before: the start
symbol first. The baselines are `nearest`, the caption of the training scene that looks most alike, and `most_frequent`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from functools import cache
from typing import NamedTuple

import numpy as np

from .. import checks, data
from ..errors import SettingError, ShapeError
from ..reference.model import Batch
from ..reference.structures import one_to_many
from ..text import Vocabulary
from .moving_digits import SIDE
from .records import END, START, pad

FIELD = 20
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
SYMBOLS = Vocabulary((START, END, "a", "an", "above", "and", "left", "of", *DIGITS))
PLACES = {"above": ((1, 6), (11, 6)), "left": ((6, 1), (6, 11)), "three": ((1, 6), (11, 1), (11, 11))}  # upper left points
LAYOUTS = tuple(PLACES)
PICTURES = {"train": slice(0, 1200), "valid": slice(1200, 1500), "test": slice(1500, None)}


class Scenes(NamedTuple):
    """N pictures and their captions."""

    pictures: np.ndarray  # (400, N) light of each point, from 0 to 1, row by row
    captions: tuple[str, ...]  # N of them
    digits: tuple[tuple[int, ...], ...]  # in the order in which the caption names them
    targets: np.ndarray  # (T, N) words, each caption with its end symbol
    mask: np.ndarray  # (T, N), one where a word is real

    @property
    def batch(self) -> Batch:
        """For a `Model` of 400 + K inputs and K outputs: the picture at the first step, the word before at every step."""
        start = np.full((1, len(self.captions)), SYMBOLS.index[START])
        before = np.concatenate([start, self.targets[:-1]])
        x = np.concatenate([one_to_many(self.pictures, len(before)), SYMBOLS.one_hot(before, self.pictures.dtype)], axis=1)
        return Batch(x, self.targets, self.mask)


def caption(layout: str, digits: tuple[int, ...]) -> list[str]:
    """The words for a scene: ``caption("above", (7, 2)) == ["a", "seven", "above", "a", "two"]``.

    Raises: SettingError for a layout that is none of `LAYOUTS`, or digits that are not as many as it has places.
    """
    checks.one_of("layout", layout, LAYOUTS)
    if not isinstance(digits, tuple) or len(digits) != len(PLACES[layout]) or not all(map(_is_digit, digits)):
        raise SettingError(f"digits: expected a tuple of {len(PLACES[layout])} digits for {layout!r}, got {digits!r}")
    first, *others = (["an" if d == 8 else "a", DIGITS[d]] for d in digits)
    between = ["left", "of"] if layout == "left" else ["above"]
    return first + between + others[0] + (["and", *others[1]] if len(others) > 1 else [])


def held_out(first: int, second: int) -> bool:
    """Whether two digits, in the order in which a caption names them, are never together in a scene for training."""
    for name, digit in (("first", first), ("second", second)):
        if not _is_digit(digit):
            raise SettingError(f"{name}: expected a digit, got {digit!r}")
    return hashlib.sha256(f"{first} {second}".encode()).digest()[0] < 43


def scenes(rng: np.random.Generator, N: int, part: str = "train", held: bool = False, jitter: int = 0, dtype: type = np.float64) -> Scenes:
    """Draw N scenes.

    Args:
        part: "train", "valid" or "test": which pictures of digits they are made of.
        held: False for scenes without any pair that is held out; True for scenes each of which has at least one.
        jitter: 1 to move each digit by up to one point in both directions, at random.
        dtype: of the pictures.
    Raises: SettingError.
    """
    checks.generator(rng)
    checks.positive("N", N, integer=True)
    checks.one_of("part", part, PICTURES)
    if not isinstance(held, bool):
        raise SettingError(f"held: expected True or False, got {held!r}")
    if isinstance(jitter, bool) or jitter not in (0, 1):
        raise SettingError(f"jitter: expected 0 or 1, got {jitter!r}")
    if dtype not in (np.float32, np.float64):
        raise SettingError(f"dtype: expected np.float32 or np.float64, got {dtype!r}")
    images, which = _pictures(part)
    field, words, digits = np.zeros((N, FIELD, FIELD), dtype), [], []
    for n in range(N):
        layout = LAYOUTS[rng.integers(len(LAYOUTS))]
        chosen = _digits(rng, len(PLACES[layout]), held)
        for digit, place in zip(chosen, PLACES[layout]):
            r, c = place + rng.integers(-jitter, jitter + 1, 2)
            field[n, r : r + SIDE, c : c + SIDE] = images[which[digit][rng.integers(len(which[digit]))]]
        words.append(caption(layout, chosen))
        digits.append(chosen)
    targets, mask = pad([[*w, END] for w in words], SYMBOLS)
    return Scenes(np.ascontiguousarray(field.reshape(N, -1).T), tuple(map(" ".join, words)), tuple(digits), targets, mask)


def nearest(train: Scenes, pictures: np.ndarray) -> list[str]:
    """The baseline: for each picture (400, N) the caption of the training picture with the least squared distance from it."""
    pictures = checks.array("pictures", pictures, (FIELD * FIELD, "N"))
    if not isinstance(train, Scenes):
        raise SettingError(f"train: expected what scenes() returns, got {type(train).__name__}")
    distance = (train.pictures**2).sum(axis=0)[:, None] - 2 * train.pictures.T @ pictures  # but for what is alike for all
    return [train.captions[k] for k in distance.argmin(axis=0)]


def most_frequent(train: Scenes) -> str:
    """The caption that training scenes have most often; of equally frequent ones the first in the alphabet."""
    if not isinstance(train, Scenes):
        raise SettingError(f"train: expected what scenes() returns, got {type(train).__name__}")
    count = Counter(train.captions)
    return min(count, key=lambda text: (-count[text], text))


def stepper(model, params: dict, pictures: np.ndarray):
    """`step` and `state` for `rnncore.search.decode`, one column for each picture (400, N): the picture goes in with the start symbol.

    Args: model: a `Model` of a cell with 400 + K inputs and K outputs; params: its parameters, NumPy's.
    Raises: SettingError, ShapeError, DtypeError, NotFiniteError.
    """
    checks.has("model", model, "a model that goes on step by step", "step_logits", "initial_state", "shapes", "inputs")
    if model.inputs != FIELD * FIELD + len(SYMBOLS):
        raise ShapeError(f"model: expected one with {FIELD * FIELD + len(SYMBOLS)} inputs, got {model.inputs}")
    pictures = checks.array("pictures", pictures, (FIELD * FIELD, "N"))
    checks.parameters(params, model.shapes, like=pictures)

    def step(ids: np.ndarray, state):
        x = np.concatenate([pictures * (ids == SYMBOLS.index[START]), SYMBOLS.one_hot(ids[None], pictures.dtype)[0]])
        return model.step_logits(params, x, state)

    return step, model.initial_state(pictures.shape[1], pictures.dtype)


def text(ids: list[int]) -> str:
    """A caption from its words, without the end symbol."""
    checks.has("ids", ids, "a list of symbols", "__iter__")
    words = [i for i in ids if i != SYMBOLS.index[END]]
    return SYMBOLS.decode(words, " ") if words else ""


def _is_digit(value) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and 0 <= value < 10


def _digits(rng: np.random.Generator, n: int, held: bool) -> tuple[int, ...]:
    """n digits of which no pair is held out, or at least one is."""
    while True:
        digits = tuple(rng.integers(10, size=n).tolist())
        if any(held_out(a, b) for k, a in enumerate(digits) for b in digits[k + 1 :]) == held:
            return digits


@cache
def _pictures(part: str) -> tuple[np.ndarray, list[np.ndarray]]:
    """The pictures of a part, and which of them show each digit."""
    images, labels = (a[PICTURES[part]] for a in data.load_digits())
    return images, [np.flatnonzero(labels == d) for d in range(10)]
