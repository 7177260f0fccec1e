"""Exclusive or in time: the stream, the pieces, and the best that a net can do without knowing the phase."""

import numpy as np
import pytest

from rnncore.errors import SettingError
from rnncore.tasks.temporal_xor import errors_by_place, pieces, stream


def test_every_third_bit_is_the_exclusive_or():
    bits = stream(np.random.default_rng(0), 500).reshape(-1, 3).astype(int)
    assert (bits[:, 2] == bits[:, 0] ^ bits[:, 1]).all()
    assert 0.4 < bits[:, :2].mean() < 0.6


def test_pieces_ask_for_the_next_bit():
    bits = stream(np.random.default_rng(1), 40)
    batch = pieces(np.random.default_rng(2), bits, 10, 7)
    assert batch.x.shape == batch.targets.shape == (10, 1, 7)
    assert (batch.x[1:] == batch.targets[:-1]).all()
    with pytest.raises(SettingError):
        pieces(np.random.default_rng(2), bits, 120, 7)


def test_errors_of_a_net_that_does_not_know_the_phase():
    bits = stream(np.random.default_rng(3), 20_000)
    said = np.full(len(bits) - 1, 0.5)
    said[1:] = np.where(bits[:-2] != bits[1:-1], 2 / 3, 1 / 3)
    by_place = errors_by_place(said, bits)
    np.testing.assert_allclose(by_place, [np.sqrt(5 / 18), np.sqrt(5 / 18), 1 / 3], atol=5e-3)


def test_errors_of_a_net_that_knows_it():
    bits = stream(np.random.default_rng(4), 1000)
    said = np.full(len(bits) - 1, 0.5)
    said[1::3] = bits[2::3]
    np.testing.assert_allclose(errors_by_place(said, bits), [0.5, 0.5, 0])
