"""Real-time recurrent learning gives the gradient of backpropagation through time."""

import numpy as np
import pytest

from rnncore import gradcheck, gpu
from rnncore.reference import rtrl, unroll, unroll_backward
from rnncore.reference.rtrl import influence, rtrl_step
from tests import cases


@pytest.mark.parametrize("activation", cases.ACTIVATIONS)
@pytest.mark.parametrize("T,B", [(1, 1), (7, 2), (30, 3)])
def test_equal_to_bptt(activation, T, B):
    cell, rng = cases.vanilla(activation), np.random.default_rng(1)
    params = cases.parameters(cell, rng)
    params["W"] *= 0.7
    x, start, goal = cases.sequence(rng, T, B=B), cases.state(cell, rng, B), cases.sequence(rng, T, cell.H, B)
    y, _, caches = unroll(cell, params, x, start)
    want = unroll_backward(cell, params, np.tanh(y - goal), None, caches)[2]
    got = rtrl(cell, params, x, lambda t, h: np.tanh(h - goal[t]), start)
    twin = gpu.to_torch({"x": x, "goal": goal, "h": start.h})
    theirs = gpu.rtrl(gpu.Elman(cell.D, cell.H, activation), gpu.to_torch(params), twin["x"],
                      lambda t, h: (h - twin["goal"][t]).tanh(), type(start)(twin["h"]))
    assert got.keys() == want.keys() == theirs.keys()
    for k in want:
        assert gradcheck.relative_error(got[k], want[k]) < 1e-12
        assert gradcheck.relative_error(theirs[k].numpy(), want[k]) < 1e-12


def test_the_influence_is_the_derivative_of_the_state():
    """Every entry of P against the complex step, for each sequence of the batch by itself."""
    cell, rng = cases.vanilla(), np.random.default_rng(2)
    params, x, start = cases.parameters(cell, rng), cases.sequence(rng), cases.state(cell, rng)
    state, P = start, influence(cell, cell.H, cases.B)
    for x_t in x:
        state, P = rtrl_step(cell, params, x_t, state, P)
    for b in range(cases.B):
        for k in range(cell.H):
            numeric = gradcheck.complex_step(lambda q, k=k, b=b: unroll(cell, q, x, start)[1].h[k, b], params)
            numeric = np.concatenate([numeric["U"], numeric["W"], numeric["b"]], axis=1)
            assert gradcheck.relative_error(P[b, k], numeric) < 1e-12


def test_the_loss_is_asked_at_every_step_in_order():
    cell, rng = cases.vanilla(), np.random.default_rng(3)
    params, x = cases.parameters(cell, rng), cases.sequence(rng)
    y, asked = unroll(cell, params, x)[0], []

    def d_loss(t, h):
        np.testing.assert_array_equal(h, y[t])
        asked.append(t)
        return np.zeros_like(h)

    grads = rtrl(cell, params, x, d_loss)
    assert asked == list(range(len(x))) and not any(g.any() for g in grads.values())
