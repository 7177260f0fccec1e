"""Delayed recall: the task is what it says, and a window sees the bit exactly as long as it reaches."""

import numpy as np
import pytest

from rnncore.errors import SettingError
from rnncore.tasks.recall import answers_right, recall


def test_bit_cue_and_target_lie_where_they_should():
    e = recall(np.random.default_rng(0), 500, (1, 9), 12, noise=0.0)
    column = np.arange(500)
    assert (e.x[e.asked - e.delay, 0, column] == e.bit).all() and (np.abs(e.x[:, 0]).sum(axis=0) == 1).all()
    assert (e.x[e.asked, 1, column] == 1).all() and (e.x[:, 1].sum(axis=0) == 1).all()
    assert (e.targets[e.asked, 0, column] == e.bit).all() and (np.abs(e.targets).sum(axis=(0, 1)) == 1).all()
    assert set(e.delay) == set(range(1, 10)) and set(e.bit) == {-1, 1}
    assert e.batch.x is e.x and e.batch.targets is e.targets


def test_marks():
    e = recall(np.random.default_rng(1), 300, (2, 5), 8)
    assert answers_right(e.targets, e) == 1
    assert answers_right(-e.targets, e) == 0
    assert answers_right(np.ones_like(e.targets), e) == pytest.approx(np.mean(e.bit == 1))


@pytest.mark.parametrize("delays", [(0, 3), (4, 3), (1, 8)])
def test_impossible_delays_are_refused(delays):
    with pytest.raises(SettingError):
        recall(np.random.default_rng(2), 4, delays, 8)
