"""Hopfield network and brain-state-in-a-box: the rules by hand, the energy, recall, capacity."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.errors import DtypeError, NotFiniteError, SettingError, ShapeError
from rnncore.reference import brain_state, hopfield
from rnncore.reference.hopfield import capacity_experiment, energy, overlap, recall, recall_synchronous, store, update


def patterns(N, P, seed=0):
    return np.random.default_rng(seed).choice([-1.0, 1.0], size=(N, P))


def spoil(pattern, flips, seed=0):
    s = pattern.copy()
    s[np.random.default_rng(seed).permutation(len(s))[:flips]] *= -1
    return s


def test_hebb_s_rule_entry_by_entry():
    xi = patterns(5, 3)
    W = store(xi)
    for i in range(5):
        for j in range(5):
            assert W[i, j] == pytest.approx(0 if i == j else sum(xi[i, m] * xi[j, m] for m in range(3)) / 5)
    np.testing.assert_array_equal(store(xi.astype(int)), W)


def test_energy_is_the_double_sum():
    W, s = store(patterns(6, 2)), patterns(6, 1, 3)
    double = -0.5 * sum(W[i, j] * s[i, 0] * s[j, 0] for i in range(6) for j in range(6))
    assert energy(W, s) == pytest.approx(double, abs=1e-14)


def test_one_update_looks_at_the_field_and_a_zero_field_keeps_the_state():
    W = np.array([[0, 0.5, -0.5], [0.5, 0, 0.25], [-0.5, 0.25, 0]])
    s = np.array([[-1.0], [1.0], [1.0]])
    np.testing.assert_array_equal(update(W, s, 0), s)  # 0.5 − 0.5 = 0
    np.testing.assert_array_equal(update(W, -s, 0), -s)
    np.testing.assert_array_equal(update(W, s, 1)[:, 0], [-1, -1, 1])  # −0.5 + 0.25 < 0
    np.testing.assert_array_equal(s[:, 0], [-1, 1, 1])  # s itself stays


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 30), st.integers(1, 6), st.integers(0, 10**6))
def test_the_energy_falls_and_is_the_energy(N, P, seed):
    W, s = store(patterns(N, P, seed)), patterns(N, 1, seed + 1)
    run = recall(W, s, np.random.default_rng(seed))
    assert run.converged and (np.diff(run.energies) <= 0).all()
    assert len(run.energies) == run.sweeps * N + 1
    assert run.energies[0] == pytest.approx(energy(W, s), abs=1e-12)
    assert run.energies[-1] == pytest.approx(energy(W, run.state), abs=1e-12)
    for i in range(N):  # a resting point: no unit wants to change
        np.testing.assert_array_equal(update(W, run.state, i), run.state)


def test_recall_is_update_after_update():
    W, s = store(patterns(12, 3)), patterns(12, 1, 9)
    run, rng, by_hand = recall(W, s, np.random.default_rng(4)), np.random.default_rng(4), s
    for _ in range(run.sweeps):
        for i in rng.permutation(12):
            by_hand = update(W, by_hand, int(i))
    np.testing.assert_array_equal(run.state, by_hand)


def test_stored_patterns_are_recalled_from_spoilt_ones_and_so_are_their_negatives():
    xi = patterns(200, 8)
    W, rng = store(xi), np.random.default_rng(0)
    for m in range(8):
        assert overlap(recall(W, spoil(xi[:, [m]], 50), rng).state, xi[:, [m]]) > 0.97
        assert overlap(recall(W, -spoil(xi[:, [m]], 50), rng).state, xi[:, [m]]) < -0.97


def test_all_at_once_may_alternate_for_ever():
    W, s = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[1.0], [-1.0]])
    run = recall_synchronous(W, s, max_sweeps=7)
    assert not run.converged and run.sweeps == 7
    np.testing.assert_array_equal(run.state, -s)
    assert recall(W, s, np.random.default_rng(0)).converged
    xi = patterns(200, 5)
    assert overlap(recall_synchronous(store(xi), spoil(xi[:, [2]], 40)).state, xi[:, [2]]) == 1


def test_a_sweep_that_changes_nothing_is_the_last():
    xi = patterns(200, 3)
    assert recall(store(xi), xi[:, [0]], np.random.default_rng(0))[2:] == (1, True)


def test_max_sweeps_is_a_bound():
    W, s = store(patterns(100, 30)), patterns(100, 1, 5)
    assert recall(W, s, np.random.default_rng(0)).sweeps > 2
    run = recall(W, s, np.random.default_rng(0), max_sweeps=1)
    assert not run.converged and run.sweeps == 1 and len(run.energies) == 101


def test_capacity_breaks_down_near_0_138_N_and_fast_enough():
    start = time.perf_counter()
    run = capacity_experiment(1000, [0.05, 0.12, 0.2, 0.3], np.random.default_rng(0), trials=2)
    assert run.overlap.shape == (4, 2)
    assert time.perf_counter() - start < 5
    np.testing.assert_array_equal(run.patterns, [50, 120, 200, 300])
    mean = run.overlap.mean(axis=1)
    assert mean[0] > 0.999 and mean[1] > 0.95 and mean[2] < 0.7 and mean[3] < 0.5


def test_the_fast_run_of_the_experiment_ends_where_no_unit_wants_to_change():
    xi = patterns(300, 60)
    W = xi @ xi.T
    np.fill_diagonal(W, 0)
    s = hopfield._settle(W, xi[:, 0].copy(), np.random.default_rng(0))
    assert ((W @ s) * s >= 0).all() and not np.array_equal(s, xi[:, 0])


def test_brain_state_step_by_hand():
    W, x = np.array([[0.0, 1.0], [2.0, 0.0]]), np.array([[0.5, -0.2], [0.25, 0.4]])
    np.testing.assert_allclose(brain_state.step(W, x, 0.5), [[0.625, 0.0], [0.75, 0.2]])
    np.testing.assert_array_equal(brain_state.step(W, x, 100.0), [[1, 1], [1, -1]])


def test_brain_state_grows_into_the_stored_corner():
    xi = patterns(60, 3)
    W = brain_state.store(xi)
    np.testing.assert_array_equal(W - np.diag(np.diag(W)), store(xi))
    x = 0.2 * xi + 0.1 * np.random.default_rng(1).normal(size=(60, 3)).clip(-3, 3)
    run = brain_state.run(W, x, 0.3, 60)
    assert run.x.shape == (61, 60, 3) and run.settled.all()
    np.testing.assert_array_equal(run.x[-1], xi)
    falling = -0.5 * np.einsum("tib,ij,tjb->tb", run.x, W, run.x)
    assert (np.diff(falling, axis=0) <= 1e-12).all()
    assert not brain_state.run(W, x, 0.3, 2).settled.any()
    wall = brain_state.run(np.eye(2), np.array([[1.0, 1.0], [0.1, -1.0]]), 0.3, 3)  # at a wall is not yet at rest
    np.testing.assert_array_equal(wall.settled, [False, True])


GOOD = patterns(4, 1)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: store(np.array([[0.5], [1.0]])), SettingError),
        (lambda: store(np.ones(3)), ShapeError),
        (lambda: store(np.array([["a"]])), DtypeError),
        (lambda: energy(np.eye(3), GOOD), ShapeError),
        (lambda: energy(np.full((4, 4), np.nan), GOOD), NotFiniteError),
        (lambda: update(np.zeros((4, 4)), GOOD, 4), SettingError),
        (lambda: update(np.zeros((4, 4)), GOOD, -1), SettingError),
        (lambda: recall(np.eye(4), GOOD, np.random.default_rng(0)), SettingError),
        (lambda: recall(np.triu(np.ones((4, 4)), 1), GOOD, np.random.default_rng(0)), SettingError),
        (lambda: recall(np.zeros((4, 4)), GOOD, np.random.default_rng(0), max_sweeps=0), SettingError),
        (lambda: recall_synchronous(np.zeros((4, 4)), 0 * GOOD), SettingError),
        (lambda: overlap(GOOD, patterns(5, 1)), ShapeError),
        (lambda: capacity_experiment(0, [0.1], np.random.default_rng(0)), SettingError),
        (lambda: capacity_experiment(10, [0.1, -0.1], np.random.default_rng(0)), SettingError),
        (lambda: brain_state.store(np.zeros((3, 1))), SettingError),
        (lambda: brain_state.run(np.eye(4), 2 * GOOD, 0.1, 3), SettingError),
        (lambda: brain_state.run(np.eye(3), GOOD, 0.1, 3), ShapeError),
        (lambda: brain_state.run(np.eye(4), GOOD, 0.0, 3), SettingError),
        (lambda: brain_state.run(np.eye(4), GOOD, 0.1, 0), SettingError),
    ],
)
def test_what_is_refused(call, error):
    with pytest.raises(error):
        call()
