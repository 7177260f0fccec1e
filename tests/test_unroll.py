"""The time loop: masks, truncation, and the definitions that they must equal."""

import numpy as np
import pytest

from rnncore.gradcheck import relative_error
from rnncore.reference import Elman, truncated_backward, unroll, unroll_backward
from rnncore.reference.unroll import windows
from tests import cases
from tests.cases import CELLS, HOLES, LENGTHS, MASK, B, T, close, columns

SLOPE = {"tanh": lambda h: 1 - h**2, "relu": lambda h: 1.0 * (h > 0), "logistic": lambda h: h * (1 - h), "identity": np.ones_like}


def draw(cell, seed=0, T=T):
    rng = np.random.default_rng(seed)
    params, x, start = cases.parameters(cell, rng), cases.sequence(rng, T), cases.state(cell, rng)
    return params, x, start, rng.standard_normal((T, cell.outputs, B))


@pytest.mark.parametrize("name", CELLS)
def test_the_loop_is_repeated_steps(name):
    cell = CELLS[name]
    params, x, state, _ = draw(cell)
    y, final, caches = unroll(cell, params, x, state)
    for t in range(T):
        out, state, _ = cell.step(params, x[t], state)
        np.testing.assert_array_equal(y[t], out)
    for ours, theirs in zip(final, state):
        np.testing.assert_array_equal(ours, theirs)
    assert len(caches) == T and y.shape == (T, cell.outputs, B)


def test_an_elman_network_by_hand():
    """Two steps of numbers small enough for a pencil."""
    cell, params = Elman(1, 1, "identity"), {"U": np.array([[2.0]]), "W": np.array([[3.0]]), "b": np.array([[1.0]])}
    y, final, caches = unroll(cell, params, np.array([[[1.0]], [[4.0]]]))
    assert y.ravel().tolist() == [3.0, 18.0] and final.h.item() == 18.0
    dx, dstate, grads = unroll_backward(cell, params, np.array([[[10.0]], [[1.0]]]), None, caches)
    assert dx.ravel().tolist() == [26.0, 2.0] and dstate.h.item() == 39.0  # 10 + 3 · 1 = 13 reaches the first step
    assert {k: g.item() for k, g in grads.items()} == {"U": 13.0 + 4.0, "W": 0.0 + 3.0, "b": 14.0}


def test_sequences_of_a_batch_do_not_mix():
    cell = cases.vanilla()
    params, x, start, dy = draw(cell)
    y, final, caches = unroll(cell, params, x, start)
    dx, dstart, grads = unroll_backward(cell, params, dy, None, caches)
    parts = []
    for i in range(B):
        one = slice(i, i + 1)
        y1, final1, caches1 = unroll(cell, params, x[..., one], type(start)(start.h[:, one]))
        close(y1, y[..., one])
        dx1, dstart1, grads1 = unroll_backward(cell, params, dy[..., one], None, caches1)
        close(dx1, dx[..., one])
        close(dstart1.h, dstart.h[:, one])
        parts.append(grads1)
    for k in grads:
        close(grads[k], sum(p[k] for p in parts))


@pytest.mark.parametrize("name", CELLS)
def test_two_halves_with_the_state_handed_over_are_the_whole(name):
    cell = CELLS[name]
    params, x, start, dy = draw(cell)
    y, final, caches = unroll(cell, params, x, start)
    dx, dstart, grads = unroll_backward(cell, params, dy, None, caches)
    y1, middle, first = unroll(cell, params, x[:3], start)
    y2, end, second = unroll(cell, params, x[3:], middle)
    np.testing.assert_array_equal(np.concatenate([y1, y2]), y)
    for ours, theirs in zip(end, final):
        np.testing.assert_array_equal(ours, theirs)
    dx2, dmiddle, grads2 = unroll_backward(cell, params, dy[3:], None, second)
    dx1, dstart1, grads1 = unroll_backward(cell, params, dy[:3], dmiddle, first)
    close(np.concatenate([dx1, dx2]), dx)
    for ours, theirs in zip(dstart1, dstart):
        close(ours, theirs)
    for k in grads:
        close(grads1[k] + grads2[k], grads[k])


# --- masks ---


@pytest.mark.parametrize("name", CELLS)
def test_padding_changes_nothing(name):
    """A padded batch is its sequences run one by one at their true lengths, whatever numbers the padding holds."""
    cell = CELLS[name]
    params, x, start, dy = draw(cell)
    end = cases.state(cell, np.random.default_rng(9))
    y, final, caches = unroll(cell, params, x, start, MASK)
    dx, dstart, grads = unroll_backward(cell, params, dy, end, caches, MASK)
    alone = []
    for i, n in enumerate(LENGTHS):
        one = slice(i, i + 1)
        y1, final1, caches1 = unroll(cell, params, x[:n, :, one], columns(start, one))
        close(y[:n, :, one], y1)
        for ours, theirs in zip(columns(final, one), final1):  # the state of the true last step
            close(ours, theirs)
        assert not y[n:, :, one].any()
        dx1, dstart1, g = unroll_backward(cell, params, dy[:n, :, one], columns(end, one), caches1)
        close(dx[:n, :, one], dx1)
        for ours, theirs in zip(columns(dstart, one), dstart1):
            close(ours, theirs)
        assert not dx[n:, :, one].any()
        alone.append(g)
    for k in grads:
        close(grads[k], sum(a[k] for a in alone))
    other = np.where(MASK[:, None, :], x, 100.0)
    np.testing.assert_array_equal(unroll(cell, params, other, start, MASK)[0], y)


def test_masks_of_every_kind_of_number_and_holes_inside():
    cell = cases.vanilla()
    params, x, start, dy = draw(cell)
    hole = np.ones((T, B))
    hole[2, 0] = hole[5, 1] = 0
    want = unroll(cell, params, x, start, hole)
    for kind in (bool, np.int64, np.float32):
        np.testing.assert_array_equal(unroll(cell, params, x, start, hole.astype(kind))[0], want[0])
    keep = [t for t in range(T) if t != 2]
    close(want[1].h[:, :1], unroll(cell, params, x[keep][..., :1], type(start)(start.h[:, :1]))[1].h)


def test_a_full_mask_is_no_mask_and_a_sequence_of_padding_alone_keeps_its_state():
    cell = cases.vanilla()
    params, x, start, dy = draw(cell)
    for a, b in zip(unroll(cell, params, x, start)[:2], unroll(cell, params, x, start, np.ones((T, B)))[:2]):
        np.testing.assert_array_equal(a, b)
    nothing = np.ones((T, B))
    nothing[:, 1] = 0
    _, final, caches = unroll(cell, params, x, start, nothing)
    np.testing.assert_array_equal(final.h[:, 1], start.h[:, 1])
    _, dstart, _ = unroll_backward(cell, params, dy, final, caches, nothing)
    np.testing.assert_array_equal(dstart.h[:, 1], final.h[:, 1])


# --- truncation ---


def reach(t, k, k1, k2, n):
    """Does the error of step t reach step k ≤ t? (Steps count from 0.) From the end of t's group of k1 steps, k2 steps back."""
    return k2 >= n or k >= (t // k1 + 1) * k1 - k2


def over_paths(cell, params, x, h, dy, mask, k1, k2):
    """The gradient by its definition: a sum over all pairs (t, k), each with its own product of Jacobians, no recursion."""
    n, _, batch = x.shape
    total = {k: np.zeros(s) for k, s in cell.shapes.items()}
    for i in range(batch):
        real = [t for t in range(n) if mask is None or mask[t, i]]
        for t in real:
            for k in (k for k in real if k <= t and reach(t, k, k1, k2, n)):
                jacobian = np.eye(cell.H)
                for j in (j for j in real if k < j <= t):
                    jacobian = np.diag(SLOPE[cell.activation](h[j + 1, :, i])) @ params["W"] @ jacobian
                da = SLOPE[cell.activation](h[k + 1, :, i]) * (dy[t, :, i] @ jacobian)
                before = h[max([j + 1 for j in real if j < k], default=0), :, i]
                total["U"] += np.outer(da, x[k, :, i])
                total["W"] += np.outer(da, before)
                total["b"] += da[:, None]
    return total


@pytest.mark.parametrize("mask", [None, MASK, HOLES], ids=["full", "padded", "holes"])
@pytest.mark.parametrize("k1,k2", [(1, 1), (1, 3), (2, 2), (2, 3), (2, 5), (3, 4), (3, 7), (4, 4), (5, 6), (7, 7), (9, 20), (2, 7)])
@pytest.mark.parametrize("activation", cases.ACTIVATIONS)
def test_truncation_is_the_sum_over_paths_that_are_short_enough(activation, k1, k2, mask):
    cell = cases.vanilla(activation)
    params, x, start, dy = draw(cell)
    y, _, caches = unroll(cell, params, x, start, mask)
    h = np.concatenate([start.h[None], y])
    if mask is not None:
        h = np.where(np.concatenate([np.ones((1, B), bool), mask])[:, None, :], h, np.nan)  # nothing may use these
    want = over_paths(cell, params, x, h, dy, mask, k1, k2)
    got = truncated_backward(cell, params, dy, caches, k1, k2, mask)
    for k in want:
        close(got[k], want[k])


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("mask", [None, MASK], ids=["full", "padded"])
def test_a_long_enough_window_is_the_full_gradient_whatever_k1(name, mask):
    cell = CELLS[name]
    params, x, start, dy = draw(cell)
    caches = unroll(cell, params, x, start, mask)[2]
    full = unroll_backward(cell, params, dy, None, caches, mask)[2]
    for k1 in range(1, T + 3):
        for k2 in (max(k1, T), max(k1, T) + 1, 3 * T):
            got = truncated_backward(cell, params, dy, caches, k1, k2, mask)
            for k in full:
                close(got[k], full[k])


def test_truncated_to_one_is_the_sum_of_single_steps():
    cell = cases.vanilla()
    params, x, start, dy = draw(cell)
    caches = unroll(cell, params, x, start)[2]
    zero = cell.initial_state(B)
    single = [cell.step_backward(params, dy[t], zero, caches[t])[2] for t in range(T)]
    got = truncated_backward(cell, params, dy, caches, 1, 1)
    full = unroll_backward(cell, params, dy, None, caches)[2]
    for k in got:
        close(got[k], sum(s[k] for s in single))
        assert relative_error(got[k], full[k]) > 1e-2  # the truncation is seen


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8])
def test_equal_windows_are_pieces_with_the_state_handed_over(n):
    cell = cases.vanilla()
    params, x, state, dy = draw(cell)
    got = truncated_backward(cell, params, dy, unroll(cell, params, x, state)[2], n, n)
    pieces = []
    for at in range(0, T, n):
        _, state, caches = unroll(cell, params, x[at : at + n], state)
        pieces.append(unroll_backward(cell, params, dy[at : at + n], None, caches)[2])
    for k in got:
        close(got[k], sum(p[k] for p in pieces))


def test_the_windows():
    assert windows(7, 2, 3) == [(0, 0, 2), (1, 2, 4), (3, 4, 6), (5, 6, 7)]
    assert windows(6, 3, 3) == [(0, 0, 3), (3, 3, 6)]
    assert windows(5, 2, 5) == [(0, 0, 2), (0, 2, 4), (0, 4, 5)]
    for n in range(1, 9):
        for k1 in range(1, 11):
            for k2 in range(k1, 12):
                fresh = [t for _, first, end in windows(n, k1, k2) for t in range(first, end)]
                assert fresh == list(range(n))  # every error is used once
                assert all(end - start <= k2 for start, _, end in windows(n, k1, k2))
