"""The "hello" explorer against the reference's cell, loss, gradients and optimizers."""

import numpy as np
import pytest

from rnncore import explorers
from rnncore.explorers.base import mulberry32
from rnncore.reference import optimizers
from tests.explorers.cases.hello import reference_hello


def assert_hello(shown, params):
    h, o, y_hat, loss, _ = reference_hello(params)
    for name, expected in {"h": h, "o": o, "y_hat": y_hat, "loss": loss, **params}.items():
        np.testing.assert_allclose(shown[name], expected, rtol=1e-9, atol=1e-12, err_msg=name)
    np.testing.assert_allclose(shown["losses"].sum(), loss, rtol=1e-12)
    t = shown["step"] - 1
    rows = shown.cells("softmax")
    np.testing.assert_allclose([float(row[3]) for row in rows], o[t, :, 0], atol=0.0051)
    np.testing.assert_allclose([float(row[4]) for row in rows], y_hat[t, :, 0], atol=0.00051)
    np.testing.assert_allclose([float(row[5]) for row in shown.cells("tanh")], h[t, :, 0], atol=0.00051)
    assert f"L = {loss:.3f}" in shown.root.locator(".summary").inner_text()


@pytest.mark.browser
def test_hello_after_edits(show):
    ex = explorers.HelloExplorer(step=3)
    shown = show(ex)
    params = ex.params
    assert_hello(shown, params)
    assert shown["spelled"] == "hello"
    shown.root.get_by_label("W, row 2 (h₂), column 3 (h₃)").fill("-1.25")
    params["W"][1, 2] = -1.25
    assert_hello(shown, params)
    shown.slide("Entry W2,3", 2.5)
    params["W"][1, 2] = 2.5
    assert_hello(shown, params)
    shown.root.get_by_label("c, row 4 (o)").focus()
    shown.page.keyboard.press("ArrowUp")
    shown.page.keyboard.press("Shift+ArrowDown")
    params["c"][3, 0] += 0.1 - 1
    assert_hello(shown, params)
    shown.press("Set entry to 0")
    params["c"][3, 0] = 0
    shown.press("l → o")
    assert shown["step"] == 4
    assert_hello(shown, params)
    shown.press("Next")
    assert shown["step"] == 1
    shown.press("Trained weights")
    assert_hello(shown, ex.params)
    shown.set("W", (0 * ex.W).tolist())  # as Python does
    assert_hello(shown, ex.params | {"W": 0 * ex.W})
    assert shown.root.get_by_label("W, row 1 (h₁), column 1 (h₁)").input_value() == "0.00"


@pytest.mark.browser
@pytest.mark.parametrize(("kind", "lr"), [("adam", 0.05), ("sgd", 0.2)])
def test_hello_training(show, kind, lr):
    ex = explorers.HelloExplorer(optimizer=kind, lr=lr, seed=4)
    shown = show(ex)
    shown.press("Random weights")
    params = {key: shown[key].astype(float) for key in ex.params}
    draw = mulberry32(5)
    np.testing.assert_array_equal(params["U"].ravel(), [2 * next(draw) - 1 for _ in range(12)])
    assert_hello(shown, params)
    shown.press("Train 10 steps")
    shown.press("Train 100 steps")
    optimizer = {"adam": optimizers.Adam, "sgd": optimizers.SGD}[kind](lr)
    state, history = optimizer.init(params), []
    for _ in range(110):
        *_, loss, grads = reference_hello(params)
        history.append(loss)
        params, state = optimizer.update(params, grads, state)
    assert_hello(shown, params)
    np.testing.assert_allclose(shown["loss_history"][:-1], history, rtol=1e-8)
    assert shown["loss_history"].size == 111 and shown["loss"] < 0.3 < history[0]
    assert shown["spelled"] == "hello"


@pytest.mark.browser
def test_hello_half_typed_numbers_change_nothing(show):
    ex = explorers.HelloExplorer()
    shown = show(ex)
    field = shown.root.get_by_label("b, row 1 (h₁)")
    field.fill("")
    assert field.get_attribute("aria-invalid") == "true"
    assert_hello(shown, ex.params)
    field.blur()
    assert field.input_value() == "-0.27" and field.get_attribute("aria-invalid") is None
