r"""Sequence to sequence on number words: 1987 → millenovecentottantasette, and back.

Not single numbers are held out but whole ranges, so that what is asked for was never near what was read:

| part | numbers | what they are |
|---|---|---|
| train | 0 … 8999 without the next two | 8000 of them |
| valid | 3000 … 3499 | a hole in what was read |
| test | 6000 … 6499 | another |
| beyond | 9000 … 9999 | a leading digit that was never read in this place |

Training on `below` some number shows how a net does on longer ones: then the training part is cut off there.

`few` is the small task: numbers below 1000 in Italian words, of which only some are read. Which ones follows from their SHA-256, not from
their size; the 500 that are last in this order are the test.

`composed` is the rule that a net can at best discover here: the words for the thousands, and the words for the rest.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import NamedTuple

from .. import checks, data
from ..errors import SettingError
from ..text import Vocabulary
from .records import END, START, Translated, alphabet, translated

RANGES = {"valid": range(3000, 3500), "test": range(6000, 6500), "beyond": range(9000, 10000)}
LANGUAGES = ("en", "it")


class Numbers(NamedTuple):
    """The four parts and the symbols on both sides."""

    train: Translated
    valid: Translated
    test: Translated
    beyond: Translated
    source_symbols: Vocabulary
    target_symbols: Vocabulary


def numbers(language: str = "it", to: str = "words", below: int = 9000) -> Numbers:
    """Numbers in digits and in words, letter by letter.

    Args:
        language: "it" or "en".
        to: "words" (from digits), or "digits" (from words).
        below: only smaller numbers are for training.
    Raises: SettingError.
    """
    checks.one_of("to", to, ("words", "digits"))
    checks.positive("below", below, integer=True)
    if below > 9000:
        raise SettingError(f"below: expected at most 9000, where the part begins that is beyond, got {below}")
    words = _words(language)
    every = [(str(n), w)[:: 1 if to == "words" else -1] for n, w in enumerate(words)]
    source, target = alphabet(s for s, _ in every), alphabet((t for _, t in every), START, END)
    held = {n for r in RANGES.values() for n in r}
    chosen = [[n for n in range(below) if n not in held], *RANGES.values()]
    return Numbers(*(translated([every[n] for n in part], source, target) for part in chosen), source, target)


class Few(NamedTuple):
    """Two parts and the symbols on both sides."""

    train: Translated
    test: Translated
    source_symbols: Vocabulary
    target_symbols: Vocabulary


def few(train: int = 150, language: str = "it") -> Few:
    """Numbers below 1000, digits to words: `train` of them to learn from, 500 others to be judged by. Raises: SettingError."""
    checks.positive("train", train, integer=True)
    if train > 500:
        raise SettingError(f"train: expected at most 500, which leaves 500 for the test, got {train}")
    whole = numbers(language)
    words = _words(language)
    mixed = sorted(range(1000), key=lambda n: hashlib.sha256(str(n).encode()).digest())
    parts = ([(str(n), words[n]) for n in chosen] for chosen in (mixed[:train], mixed[500:]))
    return Few(*(translated(part, *whole[-2:]) for part in parts), *whole[-2:])


def composed(n: int, language: str = "it") -> str:
    """The words of n put together from those of its thousands and of the rest, as a table of what was seen would do it."""
    words = _words(language)
    if isinstance(n, bool) or not isinstance(n, int) or not 0 <= n < len(words):
        raise SettingError(f"n: expected a whole number from 0 to {len(words) - 1}, got {n!r}")
    thousands, rest = divmod(n, 1000)
    if not thousands or not rest:
        return words[n]
    between = "" if language == "it" else " and " if rest < 100 else ", "
    return words[1000 * thousands] + between + words[rest]


@cache  # `composed` asks number by number
def _words(language: str) -> tuple[str, ...]:
    checks.one_of("language", language, LANGUAGES)
    return data.load_number_words()[LANGUAGES.index(language)]
