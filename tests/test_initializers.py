"""Initial values and activation functions."""

import numpy as np
import pytest

from rnncore import gpu, gradcheck
from rnncore.reference import ACTIVATIONS, constant, glorot, identity, logistic, normal, orthogonal, softmax, uniform, zeros

SHAPE = (60, 60)
DRAWS = {"zeros": zeros(), "constant": constant(0.3), "uniform": uniform(0.2), "normal": normal(0.1), "glorot": glorot(),
         "orthogonal": orthogonal(1.5), "identity": identity(0.5)}


def draw(name, shape=SHAPE, seed=0, dtype=np.float64):
    return DRAWS[name](np.random.default_rng(seed), shape, dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", DRAWS)
def test_shape_precision_and_seed(name, dtype):
    a = draw(name, dtype=dtype)
    assert a.shape == SHAPE and a.dtype == dtype and np.isfinite(a).all()
    np.testing.assert_array_equal(a, draw(name, dtype=dtype))
    if name not in ("zeros", "constant", "identity"):
        assert not np.array_equal(a, draw(name, seed=1, dtype=dtype))


def test_distributions():
    assert not draw("zeros").any() and (draw("constant") == 0.3).all()
    a = draw("uniform", (200, 300))
    assert np.abs(a).max() <= 0.2 and a.std() == pytest.approx(0.2 / 3**0.5, rel=0.02)
    assert draw("normal", (200, 300)).std() == pytest.approx(0.1, rel=0.02)
    a = draw("glorot", (40, 200))
    assert np.abs(a).max() <= (6 / 240) ** 0.5 and a.std() == pytest.approx((2 / 240) ** 0.5, rel=0.05)


def test_matrices():
    Q = draw("orthogonal")
    np.testing.assert_allclose(Q.T @ Q, 2.25 * np.eye(60), atol=1e-13)
    np.testing.assert_allclose(np.linalg.svd(Q)[1], 1.5, rtol=1e-13)
    np.testing.assert_array_equal(draw("identity"), 0.5 * np.eye(60))
    signs = [np.sign(np.trace(orthogonal()(np.random.default_rng(s), (2, 2)))) for s in range(200)]
    assert 60 < sum(s > 0 for s in signs) < 140  # no preferred sign, as a plain QR would have


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_and_slopes(name):
    function, slope = ACTIVATIONS[name]
    a = np.linspace(-3, 3, 12)[:, None]  # without zero, where relu has no derivative
    gradcheck.check(lambda q: function(q["a"]).sum(), {"a": a}, {"a": slope(function(a))}, tolerance=1e-12)
    theirs = gpu.to_torch(a).requires_grad_()
    h = gpu.ACTIVATIONS[name].function(theirs)
    h.sum().backward()
    np.testing.assert_allclose(h.detach().numpy(), function(a), atol=1e-15)
    np.testing.assert_allclose(theirs.grad.numpy(), slope(function(a)), atol=1e-15)
    np.testing.assert_allclose(gpu.ACTIVATIONS[name].slope(h.detach()).numpy(), slope(function(a)), atol=1e-15)


def test_the_slope_of_relu_at_zero_is_zero_in_both_twins():
    zero = np.zeros((1, 1))
    assert ACTIVATIONS["relu"].slope(zero) == 0 and gpu.ACTIVATIONS["relu"].slope(gpu.to_torch(zero)) == 0


def test_no_overflow():
    with np.errstate(all="raise", under="ignore"):
        assert logistic(np.array([-1e4, 0.0, 1e4])).tolist() == [0, 0.5, 1]
        np.testing.assert_array_equal(softmax(np.array([[1e4], [-1e4]])), [[1], [0]])
    p = softmax(np.random.default_rng(0).standard_normal((4, 3, 2)))
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert softmax(np.zeros((3, 5)), axis=1).tolist() == [[0.2] * 5] * 3
