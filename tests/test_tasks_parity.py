"""Parity: the targets follow the recursion of the docstring, and all sequences are all of them."""

import numpy as np
import pytest

from rnncore.errors import SettingError, UnknownSymbolError
from rnncore.tasks import parity as task


def test_targets_follow_the_recursion():
    batch = task.parity(9, 50, np.random.default_rng(0))
    assert batch.x.shape == batch.targets.shape == (9, 1, 50)
    assert set(np.unique(batch.x)) == {-1, 1} and set(np.unique(batch.targets)) == {0, 1}
    y = np.zeros((1, 50))
    for x_t, target in zip(batch.x, batch.targets):
        y = np.where(x_t > 0, 1 - y, y)
        assert np.array_equal(y, target)


def test_all_sequences():
    batch = task.every_sequence(4)
    bits = (batch.x[:, 0, :] + 1) / 2
    assert np.array_equal(np.array([8, 4, 2, 1]) @ bits, np.arange(16))
    assert batch.targets[-1].sum() == 8


def test_a_given_sequence():
    batch = task.from_bits(np.array([[1], [0], [1], [1]]))
    assert batch.targets[:, 0, 0].tolist() == [1, 1, 0, 1]


def test_doors():
    with pytest.raises(SettingError, match="T: expected"):
        task.parity(0, 1, np.random.default_rng(0))
    with pytest.raises(SettingError, match="T: expected"):
        task.every_sequence(2.5)
    with pytest.raises(UnknownSymbolError):
        task.from_bits(np.array([[2]]))
