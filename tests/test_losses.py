"""Losses: definitions, gradients, masks, extreme logits."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from rnncore import gradcheck, gpu
from rnncore.reference.losses import LOSSES, binary_cross_entropy, one_hot, softmax_cross_entropy, squared_error
from tests import cases
from tests.cases import MASK, B, K, T


def draw(loss, seed=0):
    rng = np.random.default_rng(seed)
    return cases.sequence(rng, D=K) * 2, cases.targets(loss, rng)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("mask", [None, MASK], ids=["full", "padded"])
@pytest.mark.parametrize("loss", [*LOSSES, "distributions"])
def test_against_numerical_gradients_and_torch_functions(loss, mask, reduction):
    """torch.nn.functional defines the per-step losses; the mask and the reduction are spelt out here."""
    function = LOSSES.get(loss, softmax_cross_entropy)
    o, y = draw(loss if loss in LOSSES else "softmax_cross_entropy")
    y = cases.distributions(np.random.default_rng(1)) if loss == "distributions" else y
    value, d = function(o, y, mask, reduction)
    assert np.ndim(value) == 0 and d.shape == o.shape
    gradcheck.check(lambda q: function(q["o"], y, mask, reduction)[0], {"o": o}, {"o": d}, tolerance=1e-12)
    gradcheck.check(lambda q: function(q["o"], y, mask, reduction)[0], {"o": o}, {"o": d}, method="central_differences")

    logits, goal = torch.tensor(o, requires_grad=True), torch.tensor(y)
    if function is softmax_cross_entropy:
        each = F.cross_entropy(logits.transpose(1, 2).reshape(-1, K), goal.transpose(1, 2).reshape(-1, K) if goal.ndim == 3
                               else goal.reshape(-1), reduction="none").reshape(T, B)
    elif function is squared_error:
        each = 0.5 * F.mse_loss(logits, goal, reduction="none").sum(dim=1)
    else:
        each = F.binary_cross_entropy_with_logits(logits, goal, reduction="none").sum(dim=1)
    real = torch.ones(T, B) if mask is None else torch.tensor(mask)
    oracle = (each * real).sum() / (real.sum() if reduction == "mean" else 1)
    oracle.backward()
    assert abs(value - oracle.item()) < 1e-12 * abs(value)
    assert gradcheck.relative_error(d, logits.grad.numpy()) < 1e-12

    leaf = torch.tensor(o, requires_grad=True)
    twin = gpu.losses.LOSSES.get(loss, gpu.softmax_cross_entropy)(leaf, goal, mask, reduction)
    twin.backward()
    assert abs(value - twin.item()) < 1e-12 * abs(value)
    assert gradcheck.relative_error(d, leaf.grad.numpy()) < 1e-12


@pytest.mark.parametrize("loss", LOSSES)
def test_mean_and_sum(loss):
    """The sum adds over steps and sequences; the mean divides by the number of real steps, and only by that."""
    function, (o, y) = LOSSES[loss], draw(loss)
    total, d_total = function(o, y, MASK, "sum")
    mean, d_mean = function(o, y, MASK)
    assert mean == pytest.approx(total / 11) and MASK.sum() == 11
    cases.close(d_mean, d_total / 11)
    parts = [function(o[t : t + 1, :, b : b + 1], y[t : t + 1, ..., b : b + 1], None, "sum")[0] for t, b in np.argwhere(MASK)]
    assert total == pytest.approx(sum(parts), rel=1e-13)
    assert not d_total[~np.broadcast_to(MASK[:, None], o.shape)].any()


def test_by_hand():
    o = np.log(np.array([[[1.0], [2.0], [5.0]]]))  # softmax: 1/8, 2/8, 5/8
    value, d = softmax_cross_entropy(o, np.array([[1]]))
    assert value == pytest.approx(np.log(4)) and d.ravel() == pytest.approx([1 / 8, 2 / 8 - 1, 5 / 8])
    value, d = squared_error(np.array([[[3.0], [1.0]]]), np.array([[[1.0], [2.0]]]))
    assert value == 2.5 and d.ravel().tolist() == [2.0, -1.0]
    value, d = binary_cross_entropy(np.log(np.array([[[3.0]]])), np.array([[[1.0]]]))  # sigma = 3/4
    assert value == pytest.approx(-np.log(0.75)) and d.item() == pytest.approx(-0.25)


@pytest.mark.parametrize("size", [30.0, 800.0, 1e5])
def test_large_logits_neither_overflow_nor_lose_the_gradient(size):
    o = np.array([[[size], [-size], [0.0]]])
    with np.errstate(all="raise", under="ignore"):
        value, d = softmax_cross_entropy(o, np.array([[1]]))
        assert value == pytest.approx(2 * size) and d.ravel() == pytest.approx([1, -1, 0], abs=1e-12)
        value, d = binary_cross_entropy(o, np.array([[[0.0], [1.0], [0.5]]]))
        assert value == pytest.approx(2 * size + np.log(2)) and d.ravel() == pytest.approx([1, -1, 0], abs=1e-12)


def test_softmax_is_blind_to_a_shift_of_all_logits():
    o, y = draw("softmax_cross_entropy")
    a, b = softmax_cross_entropy(o, y), softmax_cross_entropy(o + 7, y)
    assert a[0] == pytest.approx(b[0], rel=1e-13)
    np.testing.assert_allclose(a[1], b[1], atol=1e-14)
    np.testing.assert_allclose(a[1].sum(axis=1), 0, atol=1e-15)


def test_one_hot():
    ids = np.array([[0, 2], [1, 1]])
    y = one_hot(ids, 2, 3, 2)
    assert y.shape == (2, 3, 2) and (y.sum(axis=1) == 1).all() and (y.argmax(axis=1) == ids).all()
    same = softmax_cross_entropy(np.ones((2, 3, 2)), ids)
    assert softmax_cross_entropy(np.ones((2, 3, 2)), y)[0] == same[0]
