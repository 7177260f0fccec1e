"""Timed spikes: the targets by counting, the first wrong step by looking at each."""

import numpy as np
import pytest

from rnncore.errors import SettingError, ShapeError
from rnncore.tasks.timed_spikes import steps_right, timed_spikes


@pytest.mark.parametrize("F", [1, 3, 10])
def test_a_spike_every_so_many_steps(F):
    batch = timed_spikes(31, F, 2)
    assert batch.x.shape == batch.targets.shape == (31, 1, 2) and (batch.x == 1).all() and batch.mask is None
    for t in range(1, 32):
        assert (batch.targets[t - 1] == (t % F == 0)).all()


def test_a_stream_goes_on_as_it_began():
    whole = timed_spikes(24, 6).targets
    np.testing.assert_array_equal(np.concatenate([timed_spikes(12, 6).targets] * 2), whole)


def test_the_first_wrong_step_ends_it():
    rng = np.random.default_rng(0)
    targets = timed_spikes(40, 7, 60).targets
    outputs = targets + rng.uniform(-0.52, 0.52, targets.shape)
    found = steps_right(outputs, targets)
    for b, n in enumerate(found):
        errors = np.abs(outputs - targets)[:, 0, b]
        assert (errors[:n] < 0.49).all() and (n == 40 or errors[n] >= 0.49)
    assert len(set(found)) > 5


def test_all_outputs_count_and_a_whole_stream_can_be_right():
    targets = np.zeros((5, 2, 3))
    outputs = targets.copy()
    outputs[3, 1, 0] = -0.5
    outputs[2, 0, 1] = 0.3
    np.testing.assert_array_equal(steps_right(outputs, targets), [3, 5, 5])
    np.testing.assert_array_equal(steps_right(outputs, targets, 0.3), [3, 2, 5])  # an error as large as the tolerance is too large


def test_a_spike_one_step_late_is_wrong_where_it_should_have_been():
    targets = timed_spikes(30, 10).targets
    assert steps_right(np.roll(targets, 1, axis=0), targets) == [0]  # the roll brings the last spike to the first step
    assert steps_right(np.where(np.arange(30)[:, None, None] < 10, targets, np.roll(targets, 1, axis=0)), targets) == [10]


def test_doors():
    for T, F, B, text in ((0, 1, 1, "T: expected"), (5, 0, 1, "F: expected"), (5, 1, 0, "B: expected"), (5, 2.5, 1, "F: expected")):
        with pytest.raises(SettingError, match=text):
            timed_spikes(T, F, B)
    with pytest.raises(ShapeError, match="targets"):
        steps_right(np.zeros((3, 1, 2)), np.zeros((3, 1, 1)))
    with pytest.raises(SettingError, match="tolerance"):
        steps_right(np.zeros((3, 1, 2)), np.zeros((3, 1, 2)), 0.0)
