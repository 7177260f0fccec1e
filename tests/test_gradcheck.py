"""The judge itself: right gradients pass, wrong ones do not, and what it cannot judge it refuses."""

import numpy as np
import pytest

from rnncore import gradcheck
from rnncore.errors import DtypeError, GradientError, NotFiniteError, SettingError, ShapeError

PARAMS = {"a": np.array([[1.0, -2.0], [0.5, 3.0]]), "b": np.array([[0.3]])}


def f(p):
    return (np.sin(p["a"]) * p["b"] ** 2).sum()


GRADS = {"a": np.cos(PARAMS["a"]) * 0.09, "b": 2 * PARAMS["b"] * np.sin(PARAMS["a"]).sum()}


@pytest.mark.parametrize("method,tolerance", [("complex_step", 1e-14), ("central_differences", 1e-9)])
def test_a_right_gradient_passes(method, tolerance):
    kept = {k: v.copy() for k, v in PARAMS.items()}
    errors = gradcheck.check(f, PARAMS, GRADS, tolerance=tolerance, method=method)
    assert errors.keys() == GRADS.keys() and max(errors.values()) <= tolerance
    assert all((PARAMS[k] == kept[k]).all() for k in kept)


@pytest.mark.parametrize("method", ["complex_step", "central_differences"])
def test_a_wrong_gradient_is_named_with_its_place(method):
    wrong = {**GRADS, "a": GRADS["a"].copy()}
    wrong["a"][1, 0] *= 1.001
    with pytest.raises(GradientError, match=r"'a'.*\(1, 0\)"):
        gradcheck.check(f, PARAMS, wrong, method=method)
    gradcheck.check(f, PARAMS, wrong, keys=["b"], method=method)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_gradient_that_is_not_finite_never_passes(bad):
    with pytest.raises(GradientError):
        gradcheck.check(f, PARAMS, {"b": np.array([[bad]])})


def test_order_of_the_errors():
    errors = [gradcheck.relative_error(gradcheck.central_differences(f, PARAMS, ["a"], eps)["a"], GRADS["a"]) for eps in (1e-2, 1e-3)]
    assert errors[0] / errors[1] == pytest.approx(100, rel=0.05)  # O(eps²)
    for eps in (1e-10, 1e-30, 1e-100):
        assert gradcheck.relative_error(gradcheck.complex_step(f, PARAMS, ["a"], eps)["a"], GRADS["a"]) < 1e-15


@pytest.mark.parametrize("call,error", [
    (lambda: gradcheck.complex_step(lambda p: float(np.real(f(p))), PARAMS), DtypeError),
    (lambda: gradcheck.complex_step(f, {"a": PARAMS["a"].astype(np.float32), "b": PARAMS["b"]}), DtypeError),
    (lambda: gradcheck.complex_step(f, {"a": np.array([[1]]), "b": PARAMS["b"]}), DtypeError),
    (lambda: gradcheck.central_differences(f, {**PARAMS, "b": np.array([[np.nan]])}), NotFiniteError),
    (lambda: gradcheck.central_differences(lambda p: np.nan, PARAMS), NotFiniteError),
    (lambda: gradcheck.central_differences(f, PARAMS, ["z"]), ShapeError),
    (lambda: gradcheck.central_differences(f, PARAMS, eps=0), SettingError),
    (lambda: gradcheck.check(f, PARAMS, GRADS, method="guess"), SettingError),
    (lambda: gradcheck.check(f, PARAMS, {"a": GRADS["a"].T[:1]}), ShapeError),
    (lambda: gradcheck.check(f, PARAMS, {"a": GRADS["a"]}, keys=["a", "b"]), ShapeError),
    (lambda: gradcheck.relative_error(np.zeros(2), np.zeros(3)), ShapeError),
])
def test_refusals(call, error):
    with pytest.raises(error, match=r"expected|not finite|NaN"):
        call()


def test_relative_error():
    assert gradcheck.relative_error(np.zeros(3), np.zeros(3)) == 0
    assert gradcheck.relative_error(np.array([100.0, 1.0]), np.array([100.0, 2.0])) == pytest.approx(0.01)
    assert gradcheck.relative_error(np.array([1e-300]), np.array([2e-300])) == pytest.approx(0.5)
    for bad in (np.nan, np.inf):
        assert gradcheck.relative_error(np.zeros(2), np.array([0, bad])) == np.inf
        assert gradcheck.relative_error(np.array([0, bad]), np.ones(2)) == np.inf
