"""The smallest character model: read "hell", say "ello". After the second l it must know where it stands."""

from __future__ import annotations

import numpy as np

from ..reference.model import Batch
from ..text import Vocabulary

WORD = "hello"
VOCABULARY = Vocabulary("helo")


def hello(dtype: type = np.float64) -> Batch:
    """One sequence of four steps: x (4, 4, 1), the one-hot letters h e l l; targets (4, 1), the indices of e l l o.

    The letter l is followed once by l and once by o: no net without memory can get both right.
    """
    ids = VOCABULARY.encode(WORD)[:, None]
    return Batch(VOCABULARY.one_hot(ids[:-1], dtype), ids[1:])


def data(step: int, rng: np.random.Generator) -> Batch:
    """The same sequence at every step, as `training.fit` asks for it."""
    return hello()
