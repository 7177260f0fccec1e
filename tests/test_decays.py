"""How much truth is fed: the three decays against numbers by hand, and what they refuse."""

import math

import numpy as np
import pytest

from rnncore.errors import SettingError
from rnncore.reference import Feeding
from rnncore.reference.decays import Exponential, InverseSigmoid, Linear
from rnncore.reference.feeding import check_feeding

ALL = (Linear(0.01), Linear(0.02, 0.9, 0.1), Exponential(0.99), InverseSigmoid(30.0))


def test_numbers_by_hand():
    assert [Linear(0.25, 1.0, 0.2)(i) for i in range(5)] == [1.0, 0.75, 0.5, 0.25, 0.2]
    assert [Exponential(0.5)(i) for i in range(4)] == [1.0, 0.5, 0.25, 0.125]
    np.testing.assert_allclose([InverseSigmoid(10.0)(i) for i in (0, 10, 50)], [10 / 11, 10 / (10 + math.e), 10 / (10 + math.e**5)], rtol=1e-14)


def test_one_half_where_the_docstring_says():
    k = 40.0
    assert abs(InverseSigmoid(k)(round(k * math.log(k))) - 0.5) < 0.01


@pytest.mark.parametrize("decay", ALL, ids=repr)
def test_they_fall_and_are_probabilities_for_ever(decay):
    values = [decay(i) for i in (*range(200), 10_000, 10**7)]
    assert all(a >= b for a, b in zip(values, values[1:])) and values[0] > 0.8 and values[-1] <= 0.1
    for value in values:
        check_feeding(Feeding(value), np.random.default_rng(0))
    assert eval(repr(decay)) == decay and decay(np.int64(3)) == decay(3)


@pytest.mark.parametrize("decay", ALL, ids=repr)
@pytest.mark.parametrize("i", [-1, 1.5, True, None, "1"])
def test_what_is_no_update(decay, i):
    with pytest.raises(SettingError, match="i: expected an update, a whole number from 0 on, got"):
        decay(i)


@pytest.mark.parametrize("kind,arguments,message", [
    (Linear, (0.0,), "slope"), (Linear, (0.1, 1.1), "k: expected a probability"), (Linear, (0.1, 0.5, 0.6), "floor: expected a number from 0 to k = 0.5"),
    (Exponential, (1.0,), "k: expected a number above 0 and below 1, got 1.0"), (InverseSigmoid, (0.5,), "k: expected a number from 1, got 0.5"),
])  # fmt: skip
def test_settings_outside_their_range(kind, arguments, message):
    with pytest.raises(SettingError, match=message):
        kind(*arguments)
