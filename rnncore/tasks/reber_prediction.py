r"""Which letters may come next? Embedded Reber strings one by one, and the continual stream.

Where two letters may follow, each comes half of the time, so a good net gives both half; it is never told which letters are legal,
only which one came. Who has forgotten the second letter of a string cannot beat ln 2 at its last but one: `floor`.

| | a prediction is right if |
|---|---|
| `all_legal`, 1997 | the letters that may follow are the most active outputs |
| `first_mistake`, 2000 | the same, or: the squared error of every output, against the letter that came, is below 0.49 |

Source: Hochreiter and Schmidhuber 1997, section 5.1 (256 strings to train on, 256 others to test on; solved when every letter of
all 512 is predicted right); Gers, Schmidhuber and Cummins 2000 (a stream ends at the first mistake; 0.49 as others report it).
Whether strings may occur twice within a set is not said. All different ones leave out most of the short strings: such sets have 18
letters a string on the average, where strings as they are drawn have 12, and literal nets have it harder with them.
"""

from __future__ import annotations

from itertools import islice
from typing import NamedTuple

import numpy as np

from .. import checks
from ..errors import SettingError
from ..reference.lengths import mask_from_lengths
from ..reference.model import Batch
from .reber import CONTINUAL, EMBEDDED, VOCABULARY, Grammar


class Strings(NamedTuple):
    """B strings without their last letter, and what is to be predicted. Padding is B and stands at the end."""

    text: tuple[str, ...]
    ids: np.ndarray  # (T, B) of reber.VOCABULARY
    targets: np.ndarray  # (T, B) the letter that came next
    probabilities: np.ndarray  # (T, 7, B) of every letter to come next, given all before; zero at padding
    mask: np.ndarray  # (T, B)

    @property
    def batch(self) -> Batch:
        """As `training.fit` takes it; its x are symbols."""
        return Batch(self.ids, self.targets, self.mask)


def strings(text: list[str] | tuple[str, ...], grammar: Grammar = EMBEDDED) -> Strings:
    """The task on given strings. Raises: UnknownSymbolError for one that is not of the grammar, SettingError for none."""
    if isinstance(text, str) or not len(text):
        raise SettingError(f"text: expected a list of strings, got {text!r}")
    paths = [grammar.path(s) for s in text]
    for s, path in zip(text, paths):
        if len(s) < 2 or grammar.states[path[-1]] and not grammar.endless:
            raise SettingError(f"text: expected whole strings, got {s!r}")
    mask = mask_from_lengths([len(s) - 1 for s in text])
    ids, targets = np.zeros(mask.shape, int), np.zeros(mask.shape, int)
    probabilities = np.zeros((len(mask), len(VOCABULARY), len(text)))
    for b, (s, path) in enumerate(zip(text, paths)):
        letters, T = VOCABULARY.encode(s), len(s) - 1
        ids[:T, b], targets[:T, b] = letters[:-1], letters[1:]
        probabilities[:T, :, b] = grammar.table[:, path[1:-1]].T
    return Strings(tuple(text), ids, targets, probabilities, mask)


def train_and_test(rng: np.random.Generator, train: int = 256, test: int = 256, grammar: Grammar = EMBEDDED,
                   different: bool = True) -> tuple[Strings, Strings]:  # fmt: skip
    """Two sets of strings, drawn by the grammar's probabilities; none is in both.

    Args: different: no string occurs twice, within each set too; False: strings as they are drawn.
    Raises: SettingError if there are not so many.
    """
    checks.positive("train", train, integer=True)
    checks.positive("test", test, integer=True)
    if not isinstance(different, bool):
        raise SettingError(f"different: expected True or False, got {different!r}")
    if not different:
        text = [grammar.draw(rng) for _ in range(train)]
        known = set(text)
        others = (s for s in (grammar.draw(rng) for _ in range(1000 * test)) if s not in known)
        if len(held_out := list(islice(others, test))) < test:
            raise SettingError(f"test: expected as many strings that are not in the training set as the grammar has, got {test}")
        return strings(text, grammar), strings(held_out, grammar)
    drawn: dict[str, None] = {}
    for _ in range(1000 * (train + test)):
        drawn[grammar.draw(rng)] = None
        if len(drawn) == train + test:
            break
    else:
        raise SettingError(f"train + test: expected as many different strings as the grammar has, got {train + test}; found {len(drawn)}")
    text = [list(drawn)[i] for i in rng.permutation(train + test)]  # in the order drawn, the later ones would be the longer ones
    return strings(text[:train], grammar), strings(text[train:], grammar)


def stream(rng: np.random.Generator, letters: int) -> np.ndarray:
    """The continual stream as indices (letters,); `text_stream.TextStream` cuts it into batches that carry on."""
    return VOCABULARY.encode(CONTINUAL.draw(rng, letters))


def all_legal(outputs: np.ndarray, task: Strings) -> np.ndarray:
    """Which strings are predicted right throughout, (B,). Args: outputs (T, 7, B), logits or probabilities."""
    outputs = checks.array("outputs", outputs, task.probabilities.shape)
    return _ranked(outputs, task.probabilities > 0).all(axis=0)  # at padding no letter is legal, so nothing is wrong


def first_mistake(outputs: np.ndarray, ids: np.ndarray, squared: float | None = None) -> int:
    """How many predictions of a stream are right before the first that is wrong (all, if none is).

    Args:
        outputs: (n − 1, 7), what is said after each letter but the last.
        ids: (n,), the stream from its start.
        squared: None for the criterion of 1997; 0.49 for that of 2000, which needs outputs from 0 to 1.
    """
    ids = checks.indices("ids", ids, ("n",), len(VOCABULARY))
    outputs = checks.array("outputs", outputs, (len(ids) - 1, len(VOCABULARY)))
    path = CONTINUAL.path(VOCABULARY.decode(ids))
    if squared is None:
        right = _ranked(outputs, CONTINUAL.table[:, path[1:-1]].T > 0)
    else:
        checks.positive("squared", squared)
        right = ((outputs - np.eye(len(VOCABULARY))[ids[1:]]) ** 2 < squared).all(axis=1)
    return len(right) if right.all() else int(np.argmin(right))


def floor(grammar: Grammar = EMBEDDED, remembers: bool = True) -> float:
    """The lowest expected cross-entropy of a string's predictions, in nats; in the continual stream, per letter.

    Args: remembers: whether the net still knows the second letter when it is to be repeated; if not, ln 2 more a string.
    """
    forgotten = grammar.visits[0] * np.log(2)  # once a string
    return float(grammar.entropy + (0 if remembers else forgotten))


def _ranked(outputs: np.ndarray, legal: np.ndarray) -> np.ndarray:
    """Whether every legal output is above every other, along axis 1."""
    return np.where(legal, outputs, np.inf).min(axis=1) > np.where(legal, -np.inf, outputs).max(axis=1)
