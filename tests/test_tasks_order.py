"""Entropies of sequences of which they are known."""

import numpy as np
import pytest

from rnncore.errors import SettingError, UnknownSymbolError
from rnncore.tasks.order import conditional_entropy, entropy


def test_a_strict_alternation_tells_everything():
    ids = np.tile([0, 1], 50)
    assert entropy(ids, 2) == pytest.approx(1)
    assert conditional_entropy(ids, 2) == pytest.approx(0)


def test_independent_symbols_tell_nothing():
    ids = np.random.default_rng(0).integers(0, 4, 200_000)
    assert entropy(ids, 4) == pytest.approx(2, abs=1e-3)
    assert conditional_entropy(ids, 4) == pytest.approx(2, abs=1e-3)


def test_a_symmetric_markov_chain_has_the_entropy_of_its_switch():
    switches = np.random.default_rng(1).random(400_000) < 0.1
    ids = np.cumsum(switches) % 2
    assert conditional_entropy(ids, 2) == pytest.approx(-(0.1 * np.log2(0.1) + 0.9 * np.log2(0.9)), abs=0.01)


def test_what_cannot_be_counted_is_refused():
    with pytest.raises(SettingError):
        conditional_entropy(np.array([0]), 2)
    with pytest.raises(UnknownSymbolError):
        entropy(np.array([0, 2]), 2)
