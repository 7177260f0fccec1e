"""Teacher forcing in training: right gradients, no path through time, and a net that then runs alone."""

import numpy as np
import pytest

from rnncore import gradcheck
from rnncore.errors import SettingError
from rnncore.reference import Elman, Jordan, TeacherForced, losses, unroll
from rnncore.reference.jordan import State
from rnncore.reference.optimizers import Adam
from rnncore.tasks.parity import parity
from rnncore.training import fit
from tests import cases
from tests.cases import MASK


@pytest.mark.parametrize("mask", [None, MASK], ids=["full", "padded"])
@pytest.mark.parametrize(("output", "loss"), [("softmax", "softmax_cross_entropy"), ("identity", "squared_error"),
                                              ("logistic", "binary_cross_entropy")])  # fmt: skip
def test_gradients(output, loss, mask):
    net, rng = TeacherForced(cases.jordan("tanh", output), loss), np.random.default_rng(1)
    params, batch = cases.parameters(net, rng), cases.batch(loss, rng, mask=mask, carry=False)

    def value(q):
        o, _ = net.cell.teacher_forced(q, batch.x, net.teacher(batch.targets, *batch.x.shape[::2]))
        return losses.LOSSES[loss](o, batch.targets, mask, "sum")[0]

    gradcheck.check(value, params, net.loss_and_gradients(params, batch, reduction="sum")[1], tolerance=1e-9)


def test_it_is_the_loop_that_is_fed_the_targets():
    net, rng = TeacherForced(cases.jordan("tanh", "softmax", 0.3)), np.random.default_rng(2)
    params, batch = cases.parameters(net, rng), cases.batch("softmax_cross_entropy", rng, carry=False)
    o, _ = net.forward(params, batch.x, batch.targets)
    y = net.teacher(batch.targets, *batch.x.shape[::2])
    s = np.zeros_like(y[0])
    for t, x_t in enumerate(batch.x):
        assert np.allclose(net.cell.step(params, x_t, State(s))[0], o[t], atol=1e-14)
        s = 0.3 * s + y[t]


def test_trained_with_a_teacher_it_runs_alone():
    net, rng = TeacherForced(Jordan(1, 8, 1, output="logistic"), "binary_cross_entropy"), np.random.default_rng(0)
    run = fit(net, net.init(rng), lambda step, rng: parity(10, 32, rng), Adam(0.03), steps=400, rng=rng, progress=False)
    test = parity(200, 20, rng)
    o, _, _ = unroll(net.cell, run.params, test.x)
    assert ((o > 0) == (test.targets > 0.5)).all()


def test_doors():
    with pytest.raises(SettingError, match="Jordan"):
        TeacherForced(Elman(2, 3))
    with pytest.raises(SettingError, match="loss"):
        TeacherForced(Jordan(2, 3, 4), "hinge")
