"""Tables of counts against the same thing said slowly, with dictionaries."""

from collections import Counter

import numpy as np
import pytest

from rnncore.errors import SettingError
from rnncore.tasks.count_table import table_bits


def slowly(train, held, order, lean):
    train, held = list(train), list(held)
    total = 0.0
    for i in range(order, len(held)):
        p = train.count(held[i]) / len(train)
        for n in range(1, order + 1):
            context = tuple(held[i - n : i])
            followers = Counter(train[j] for j in range(n, len(train)) if tuple(train[j - n : j]) == context)
            p = (followers[held[i]] + lean * p) / (sum(followers.values()) + lean)
        total -= np.log2(p)
    return total / (len(held) - order)


@pytest.mark.parametrize("order", [0, 1, 2, 3])
@pytest.mark.parametrize("lean", [0.5, 5.0])
def test_against_dictionaries(order, lean):
    rng = np.random.default_rng(order)
    train, held = np.append(rng.integers(0, 4, 120), [0, 1, 2, 3]), rng.integers(0, 4, 40)
    assert np.isclose(table_bits(train, held, 4, order, lean), slowly(train, held, order, lean), rtol=1e-12)


def test_known_values():
    assert np.isclose(table_bits(np.arange(8), np.arange(8), 8, 0), 3)  # eight symbols, equally frequent: three bits
    cycle = np.tile(np.arange(4), 500)
    assert table_bits(cycle, cycle, 4, 1) < 0.02  # one symbol before says it all


def test_doors():
    text = np.arange(5)
    for bad, match in ((-1, "order"), (1.5, "order"), (40, "order"), (5, "length")):
        with pytest.raises(SettingError, match=match):
            table_bits(text, text, 5, bad)
    with pytest.raises(SettingError, match="never counted"):
        table_bits(text, text + 1, 6, 0)
    with pytest.raises(SettingError, match="lean"):
        table_bits(text, text, 5, 1, lean=0)
