"""Lagged exclusive or: targets by their definition, and the floor reached by a perfect answer and by nothing better."""

import numpy as np
import pytest

from rnncore.errors import SettingError
from rnncore.reference import binary_cross_entropy
from rnncore.tasks.lagged_xor import floor, lagged_xor


@pytest.mark.parametrize("lag", [1, 3])
def test_targets_are_the_exclusive_or(lag):
    batch = lagged_xor(9, 50, lag, np.random.default_rng(0))
    assert batch.x.shape == batch.targets.shape == (9, 1, 50)
    assert set(np.unique(batch.x)) == {-1, 1} and set(np.unique(batch.targets)) == {0, 1}
    differs = batch.x[lag:] != batch.x[:-lag]
    np.testing.assert_array_equal(batch.targets[lag:], differs)


def test_the_first_answers_cannot_be_known():
    """Given the visible bits, both answers of the first steps are equally frequent."""
    batch = lagged_xor(6, 40000, 2, np.random.default_rng(1))
    for t in range(2):
        for bit in (-1, 1):
            assert abs(batch.targets[t, 0][batch.x[t, 0] == bit].mean() - 0.5) < 0.02


def test_floor_is_the_loss_of_the_best_answer():
    T, lag = 8, 3
    batch = lagged_xor(T, 64, lag, np.random.default_rng(2))
    logits = 60 * (2 * batch.targets - 1)
    logits[:lag] = 0
    assert np.isclose(binary_cross_entropy(logits, batch.targets)[0], floor(T, lag), atol=1e-12)


def test_doors():
    rng = np.random.default_rng(0)
    for T, B, lag, text in ((0, 1, 1, "T: expected"), (5, 0, 1, "B: expected"), (5, 1, 0, "lag: expected"), (5, 1, 5, "less than T")):
        with pytest.raises(SettingError, match=text):
            lagged_xor(T, B, lag, rng)
