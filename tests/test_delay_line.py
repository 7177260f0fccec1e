"""Delay lines: the cells whose memory is fixed before training."""

import numpy as np
import pytest

from rnncore import gradcheck
from rnncore.errors import SettingError
from rnncore.reference import Batch, InputWindow, Model, OutputLoop, Readout, unroll, unroll_backward

T, D, H, K, B, N = 7, 2, 5, 3, 4, 3


def draw(model, rng):
    """Parameters with non-zero biases and a random batch."""
    params = {k: p + 0.3 * rng.standard_normal(p.shape) for k, p in model.init(rng).items()}
    return params, Batch(rng.standard_normal((T, D, B)), rng.standard_normal((T, K, B)))


@pytest.mark.parametrize("activation", ["tanh", "logistic", "identity"])
@pytest.mark.parametrize("n", [1, N, T + 2])
def test_gradients(n, activation):
    rng = np.random.default_rng(0)
    for model in (Model(InputWindow(D, H, n, activation), Readout(H, K), "squared_error"),
                  Model(OutputLoop(D, H, K, n, activation), None, "squared_error")):
        params, batch = draw(model, rng)
        _, grads, _ = model.loss_and_gradients(params, batch)
        gradcheck.check(lambda p, m=model, b=batch: m.loss_value(p, b), params, grads, tolerance=1e-9)


@pytest.mark.parametrize("cell", [InputWindow(D, H, N), OutputLoop(D, H, K, N)])
def test_gradients_of_inputs_and_of_the_initial_line(cell):
    rng = np.random.default_rng(1)
    params = cell.init(rng)
    state = type(cell.initial_state(B))(rng.standard_normal(cell.initial_state(B).s.shape))
    x, weight = rng.standard_normal((T, D, B)), rng.standard_normal((T, cell.outputs, B))
    end = type(state)(rng.standard_normal(state.s.shape))

    def value(q):
        y, final, _ = unroll(cell, params, q["x"], type(state)(q["s"]))
        return (weight * y).sum() + (end.s * final.s).sum()

    _, _, caches = unroll(cell, params, x, state)
    dx, dstate, _ = unroll_backward(cell, params, weight, end, caches)
    gradcheck.check(value, {"x": x, "s": state.s}, {"x": dx, "s": dstate.s}, tolerance=1e-9)


def test_an_input_leaves_the_window_after_n_steps():
    cell = InputWindow(D, H, N)
    rng = np.random.default_rng(2)
    params, x = cell.init(rng), rng.standard_normal((T, D, B))
    changed = x.copy()
    changed[1] += 1
    differs = (unroll(cell, params, x)[0] != unroll(cell, params, changed)[0]).any(axis=(1, 2))
    assert differs.tolist() == [1 <= t < 1 + N for t in range(T)]


def test_outputs_come_back_in_order_newest_first():
    cell = OutputLoop(D, H, K, N)
    rng = np.random.default_rng(3)
    o, state, _ = unroll(cell, cell.init(rng), rng.standard_normal((T, D, B)))
    assert (state.s == np.concatenate([o[-1], o[-2], o[-3]])).all()


def test_settings_are_checked():
    for make in (lambda: InputWindow(1, 1, 0), lambda: OutputLoop(1, 1, 1, 0), lambda: OutputLoop(1, 1, 1, 1, "sigmoid")):
        with pytest.raises(SettingError):
            make()
