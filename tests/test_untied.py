"""The unfolded net without shared weights: equal to the recurrent net where the weights agree, its gradients right."""

import numpy as np
import pytest

from rnncore import gradcheck
from rnncore.errors import SettingError, ShapeError
from rnncore.reference import Batch, Elman, Model, Readout, Untied
from tests import cases
from tests.cases import MASK, B, D, H, K, T

LOSSES = ("softmax_cross_entropy", "squared_error", "binary_cross_entropy")


def drawn(net, rng):
    return {k: p + 0.3 * rng.standard_normal(p.shape) for k, p in net.init(rng).items()}


@pytest.mark.parametrize("loss", LOSSES)
def test_gradients(loss):
    net, rng = Untied(Elman(D, H), Readout(H, K), T, loss), np.random.default_rng(1)
    params, batch = drawn(net, rng), cases.batch(loss, rng, mask=MASK, carry=False)

    def value(q):
        return net.loss_and_gradients(q, batch, reduction="sum")[0]

    grads = net.loss_and_gradients(params, batch, reduction="sum")[1]
    assert {k: g.shape for k, g in grads.items()} == net.shapes
    gradcheck.check(value, params, grads, tolerance=1e-9)


def test_with_equal_weights_it_is_the_recurrent_net_and_its_gradients_sum_to_the_shared_one():
    rng = np.random.default_rng(2)
    model, net = Model(Elman(D, H), Readout(H, K)), Untied(Elman(D, H), Readout(H, K), T)
    shared, batch = cases.parameters(model, rng), cases.batch("softmax_cross_entropy", rng, carry=False)
    params = {f"{k}_{t}": v for t in range(1, T + 1) for k, v in shared.items()}
    assert np.array_equal(net.forward(params, batch.x)[0], model.forward(shared, batch.x)[0])
    loss, grads, state = net.loss_and_gradients(params, batch)
    want_loss, want, _ = model.loss_and_gradients(shared, batch)
    assert loss == want_loss and state is None
    for k in shared:
        assert gradcheck.relative_error(sum(grads[f"{k}_{t}"] for t in range(1, T + 1)), want[k]) < 1e-13


def test_shorter_sequences_use_the_first_weights_and_longer_ones_are_refused():
    net, rng = Untied(Elman(D, H), Readout(H, K), 3), np.random.default_rng(3)
    params, x = drawn(net, rng), cases.sequence(rng)
    assert np.array_equal(net.forward(params, x[:2])[0], net.forward(params, x[:3])[0][:2])
    grads = net.loss_and_gradients(params, Batch(x[:2], np.zeros((2, B), int)))[1]
    assert not grads["U_3"].any() and grads["U_2"].any()
    with pytest.raises(ShapeError, match="at most T = 3"):
        net.forward(params, x)


def test_every_step_is_drawn_anew():
    params = Untied(Elman(D, H), Readout(H, K), 2).init(np.random.default_rng(4))
    assert list(params) == [f"{k}_{t}" for t in (1, 2) for k in "UWbVc"] and (params["U_1"] != params["U_2"]).all()


@pytest.mark.parametrize("settings", [{"T": 0}, {"T": 2.0}, {"loss": "hinge"}, {"readout": None}, {"readout": Readout(H + 1, K)}])
def test_impossible_settings(settings):
    with pytest.raises(SettingError, match="expected"):
        Untied(**{"cell": Elman(D, H), "readout": Readout(H, K), "T": 3} | settings)
