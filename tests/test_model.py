"""Model: the parts put together, one output or many, batches that carry on, truncation."""

import numpy as np
import pytest

from rnncore.reference import Batch, Model, Readout, constant, truncated_backward, unroll, unroll_backward
from rnncore.reference.losses import LOSSES
from tests import cases
from tests.cases import CELLS, LENGTHS, MASK, B, D, H, K, T, close


def draw(model, output="every", seed=0, **how):
    rng = np.random.default_rng(seed)
    return cases.parameters(model, rng), cases.batch(model.loss, rng, output, **how), cases.state(model.cell, rng)


@pytest.mark.parametrize("name", CELLS)
def test_the_model_is_its_parts(name):
    model = cases.model(CELLS[name])
    params, batch, start = draw(model, mask=MASK)
    y, final, caches = unroll(model.cell, params, batch.x, start, MASK)
    o = model.readout.forward(params, y) if model.readout else y
    loss, do = LOSSES[model.loss](o, batch.targets, MASK)
    dy, grads = model.readout.backward(params, do, y) if model.readout else (do, {})
    grads |= unroll_backward(model.cell, params, dy, None, caches, MASK)[2]
    got, got_grads, got_final = model.loss_and_gradients(params, batch, start)
    assert got == loss and got_grads.keys() == grads.keys()
    for ours, theirs in zip(got_final, final):
        np.testing.assert_array_equal(ours, theirs)
    for k in grads:
        np.testing.assert_array_equal(got_grads[k], grads[k])


def test_one_output_is_read_from_the_true_last_step():
    model = cases.model(cases.vanilla(), output="last")
    params, batch, start = draw(model, "last", mask=MASK)
    o, final, _ = model.forward(params, batch.x, start, MASK)
    every, _, _ = cases.model(cases.vanilla()).forward(params, batch.x, start, MASK)
    assert o.shape == (1, K, B)
    for i, n in enumerate(LENGTHS):
        close(o[0, :, i], every[n - 1, :, i])
    loss, grads, _ = model.loss_and_gradients(params, batch, start)
    alone = [model.loss_and_gradients(params, Batch(batch.x[:n, :, i : i + 1], batch.targets[:, i : i + 1], None, True),
                                      type(start)(start.h[:, i : i + 1])) for i, n in enumerate(LENGTHS)]
    close(loss, np.mean([a[0] for a in alone]))  # the mean is over sequences: each has one output
    for k in grads:
        close(grads[k], np.mean([a[1][k] for a in alone], axis=0))


def test_the_state_is_used_by_batches_that_carry_on_and_only_by_them():
    model = cases.model(cases.vanilla())
    params, batch, start = draw(model)
    carried = model.loss_and_gradients(params, batch, start)
    fresh = model.loss_and_gradients(params, batch._replace(carry=False), start)
    assert carried[0] != fresh[0]
    assert fresh[0] == model.loss_and_gradients(params, batch, None)[0] == model.loss_value(params, batch._replace(carry=False), start)
    zero = model.initial_state(B)
    assert fresh[0] == model.loss_and_gradients(params, batch, zero)[0]


@pytest.mark.parametrize("mask", [None, MASK], ids=["full", "padded"])
@pytest.mark.parametrize("name", CELLS)
def test_truncation_reaches_the_cell_and_leaves_the_readout_alone(name, mask):
    full, short = cases.model(CELLS[name]), cases.model(CELLS[name], truncate=(2, 3))
    params, batch, start = draw(full, mask=mask)
    o, _, (y, caches, _) = full.forward(params, batch.x, start, mask)
    _, do = LOSSES[full.loss](o, batch.targets, mask)
    dy, readout = full.readout.backward(params, do, y) if full.readout else (do, {})
    want = truncated_backward(full.cell, params, dy, caches, 2, 3, mask) | readout
    loss, got, _ = short.loss_and_gradients(params, batch, start)
    assert loss == full.loss_value(params, batch, start)
    for k in want:
        np.testing.assert_array_equal(got[k], want[k])


@pytest.mark.parametrize("name", CELLS)
def test_generation_step_by_step_gives_the_logits_of_the_whole(name):
    model = cases.model(CELLS[name])
    params, batch, state = draw(model)
    o, final, _ = model.forward(params, batch.x, state)
    for t in range(T):
        step, state = model.step_logits(params, batch.x[t], state)
        close(step, o[t])
    for ours, theirs in zip(state, final):
        close(ours, theirs)


def test_drawing_parameters():
    model = Model(cases.vanilla(), Readout(H, K))
    params = model.init(np.random.default_rng(0))
    assert {k: p.shape for k, p in params.items()} == model.shapes == {"U": (H, D), "W": (H, H), "b": (H, 1), "V": (K, H), "c": (K, 1)}
    assert not params["b"].any() and not params["c"].any()
    assert all(0 < np.abs(params[k]).max() <= H**-0.5 for k in "UWV")
    again = model.init(np.random.default_rng(0))
    other = model.init(np.random.default_rng(1))
    assert all((params[k] == again[k]).all() for k in params) and (params["U"] != other["U"]).all()
    chosen = model.init(np.random.default_rng(0), np.float32, W=constant(0.5), c=constant(2.0))
    assert (chosen["W"] == 0.5).all() and (chosen["c"] == 2).all() and {p.dtype for p in chosen.values()} == {np.dtype("float32")}
    square = Model(cases.jordan(), None)
    assert square.shapes["W"] == (H, K) and square.init(np.random.default_rng(0))["W"].shape == (H, K)


@pytest.mark.parametrize("output,mask", [("every", None), ("every", MASK), ("last", MASK)])
@pytest.mark.parametrize("loss", LOSSES)
def test_training_a_little_lowers_the_loss(loss, output, mask):
    """As a user would: build, step down the gradient, twice in a row from the same object."""
    model = cases.model(cases.vanilla(), loss=loss, output=output)
    params, batch, _ = draw(model, output, mask=mask)
    values = []
    for _ in range(20):
        value, grads, _ = model.loss_and_gradients(params, batch)
        params = {k: p - 0.1 * grads[k] for k, p in params.items()}
        values.append(value)
    assert values == sorted(values, reverse=True) and values[-1] < 0.95 * values[0]
