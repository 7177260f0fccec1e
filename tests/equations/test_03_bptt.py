"""The displayed equations of chapter 3.

A gradient's test writes the displayed formula out in NumPy and compares it with the reference code, with the complex step
and central differences of a forward pass written here, and with Torch autograd of a forward pass written on torch.nn.
The forward passes accept something to be added to every a_t, h_t and o_t ("+a", "+h", "+o"): the derivative with respect to
it is the total derivative with respect to that quantity.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from rnncore import gpu, gradcheck
from rnncore.reference import (
    Batch,
    Elman,
    Model,
    Readout,
    Untied,
    binary_cross_entropy,
    logistic,
    rtrl,
    softmax,
    softmax_cross_entropy,
    squared_error,
    truncated_backward,
    unroll,
    unroll_backward,
)
from rnncore.reference.activations import ACTIVATIONS
from rnncore.reference.elman import State
from rnncore.reference.losses import LOSSES
from rnncore.reference.optimizers import SGD, Adam, RMSProp, clip_by_norm, clip_by_value, global_norm
from rnncore.reference.rtrl import influence, rtrl_step
from tests import cases

T, D, H, K = 6, 3, 4, 5
PHI = {"tanh": np.tanh, "relu": lambda a: np.maximum(a, 0), "logistic": lambda a: 1 / (1 + np.exp(-a)), "identity": np.array}
TORCH_PHI = {"tanh": torch.tanh, "relu": torch.relu, "logistic": torch.sigmoid, "identity": lambda a: a}
TRIANGLE = [(t, k) for t in range(1, T + 1) for k in range(1, t + 1)]
SOFTMAX = "softmax_cross_entropy"
ALL_LOSSES = pytest.mark.parametrize("loss", list(LOSSES))
ALL_ACTIVATIONS = pytest.mark.parametrize("activation", cases.ACTIVATIONS)
PREDICTION = {SOFTMAX: lambda o: softmax(o, axis=-2), "squared_error": lambda o: o, "binary_cross_entropy": logistic}


def case(loss=SOFTMAX, activation="tanh", B=1, seed=0):
    """A net with everything random, what its forward pass computed, and the gradients of the reference.

    h[t], slope[t], J[t], do[t], e[t], delta[t] and dh[t] are those of step t, counted from 1; h[0] is the initial state.
    """
    rng = np.random.default_rng(seed)
    model = Model(Elman(D, H, activation), Readout(H, K), loss=loss)
    c = SimpleNamespace(model=model, cell=model.cell, params=cases.parameters(model, rng), B=B, loss=loss, activation=activation)
    c.h0, c.inputs = cases.state(model.cell, rng, B), cases.sequence(rng, T, D, B)
    c.y = cases.targets(loss, rng, T, K, B)
    c.x = [None, *c.inputs]
    c.U, c.W, c.b, c.V, c.c = (c.params[k] for k in "UWbVc")
    states, _, c.caches = unroll(model.cell, c.params, c.inputs, c.h0)
    c.h = [c.h0.h, *states]
    c.logits = model.readout.forward(c.params, states)
    c.y_columns = np.eye(K)[c.y].transpose(0, 2, 1) if loss == SOFTMAX else c.y
    _, d_logits = LOSSES[loss](c.logits, c.y, reduction="sum")
    c.do = [None, *d_logits]
    c.slope = [None, *(ACTIVATIONS[activation].slope(h) for h in states)]
    c.J = [None] + [np.diag(s[:, 0]) @ c.W for s in c.slope[1:]]  # of the first sequence; used with B = 1
    # the reference, step by step, and as a whole
    dy, readout = model.readout.backward(c.params, d_logits, states)
    c.e, c.delta, c.dh, carried = [None, *dy], [None] * (T + 1), [None] * (T + 1), State(np.zeros((H, B)))
    for t in range(T, 0, -1):
        c.dh[t] = dy[t - 1] + carried.h
        _, carried, step = model.cell.step_backward(c.params, dy[t - 1], carried, c.caches[t - 1])
        c.delta[t] = step["b"] if B == 1 else None  # with one sequence the step's gradient of b is δ_t
    dx, dh0, cell = unroll_backward(model.cell, c.params, dy, None, c.caches)
    c.reference = cell | readout | {"x": dx, "h0": dh0.h, "+o": d_logits}
    if B == 1:
        c.reference |= {"+a": np.stack(c.delta[1:]), "+h": np.stack(c.dh[1:])}
    zeros = {"+a": np.zeros((T, H, B)), "+h": np.zeros((T, H, B)), "+o": np.zeros((T, K, B))}
    c.point = c.params | {"x": c.inputs, "h0": c.h0.h} | zeros
    return c


def forward(c, q):
    """Logits and states for the quantities in q, in plain NumPy, fit for complex numbers."""
    phi, h, states, logits = ACTIVATIONS[c.activation].function, q["h0"], [], []
    for t in range(T):
        h = phi(q["U"] @ q["x"][t] + q["W"] @ h + q["b"] + q["+a"][t]) + q["+h"][t]
        states.append(h)
        logits.append(q["V"] @ h + q["c"] + q["+o"][t])
    return np.stack(logits), states


def loss_at(c, q, steps=slice(None)):
    """The loss, or that of some steps alone."""
    return LOSSES[c.loss](forward(c, q)[0][steps], c.y[steps], reduction="sum")[0]


def torch_loss(c, q, steps=slice(None)):
    """The same with Torch's own losses, rows as sequences."""
    phi, h, logits = TORCH_PHI[c.activation], q["h0"], []
    for t in range(T):
        h = phi(q["U"] @ q["x"][t] + q["W"] @ h + q["b"] + q["+a"][t]) + q["+h"][t]
        logits.append(q["V"] @ h + q["c"] + q["+o"][t])
    o, y = torch.stack(logits)[steps], torch.tensor(c.y[steps])
    if c.loss == SOFTMAX:
        return F.cross_entropy(o.transpose(1, 2).reshape(-1, K), y.reshape(-1), reduction="sum")
    if c.loss == "squared_error":
        return 0.5 * F.mse_loss(o, y, reduction="sum")
    return F.binary_cross_entropy_with_logits(o, y, reduction="sum")


def check_formula(c, key, formula, steps=slice(None), reference=None):
    """The displayed formula against the reference, two numerical derivatives, and autograd."""
    formula = np.asarray(formula)
    reference = c.reference[key] if reference is None else reference
    leaves = {k: torch.tensor(v, requires_grad=True) for k, v in c.point.items()}
    torch_loss(c, leaves, steps).backward()
    assert np.abs(formula).max() > 1e-3, "a gradient that is zero would agree with anything"
    assert gradcheck.relative_error(formula, reference) < 1e-12
    assert gradcheck.relative_error(formula, leaves[key].grad.numpy()) < 1e-12
    assert gradcheck.relative_error(formula, gradcheck.complex_step(lambda q: loss_at(c, q, steps), c.point, [key])[key]) < 1e-10
    assert gradcheck.relative_error(formula, gradcheck.central_differences(lambda q: loss_at(c, q, steps), c.point, [key])[key]) < 1e-7


def jacobian(f, v):
    """∂f/∂v in numerator layout by the complex step: f from a column to a column."""
    columns = []
    for j in range(v.size):
        moved = v.astype(complex)
        moved.flat[j] += 1e-30j
        columns.append(np.ravel(f(moved)).imag / 1e-30)
    return np.stack(columns, axis=1)


def states_jacobian(c, t, k):
    """∂h_t/∂h_k = J_t J_{t−1} ⋯ J_{k+1}, multiplied out."""
    product = np.eye(H)
    for j in range(k + 1, t + 1):
        product = c.J[j] @ product
    return product


# --- losses -----------------------------------------------------------------------------------------------------------


@ALL_ACTIVATIONS
@pytest.mark.equation("eq-bptt-forward")
def test_the_net(activation):
    c = case(activation=activation, B=2)
    h = c.h0.h
    for t in range(1, T + 1):
        a = c.U @ c.x[t] + c.W @ h + c.b
        h = PHI[activation](a)
        np.testing.assert_allclose(c.h[t], h, rtol=0, atol=1e-14)
        np.testing.assert_allclose(c.logits[t - 1], c.V @ h + c.c, rtol=0, atol=1e-14)
    logits, _, _ = c.model.forward(c.params, c.inputs, c.h0)
    np.testing.assert_array_equal(logits, c.logits)


@pytest.mark.equation("eq-cross-entropy")
def test_cross_entropy():
    c = case(B=1)
    y_hat = np.exp(c.logits) / np.exp(c.logits).sum(axis=1, keepdims=True)
    for t in range(T):
        L_t = -sum(c.y_columns[t, k, 0] * np.log(y_hat[t, k, 0]) for k in range(K))
        assert np.isclose(L_t, softmax_cross_entropy(c.logits[t : t + 1], c.y[t : t + 1], reduction="sum")[0], rtol=1e-13)
        assert np.isclose(L_t, F.cross_entropy(torch.tensor(c.logits[t].T), torch.tensor(c.y[t])).item(), rtol=1e-13)


@pytest.mark.equation("eq-squared-error")
def test_squared_error_over_steps_and_sequences():
    c = case("squared_error", B=3)
    L = 0.5 * sum(np.linalg.norm(c.logits[t, :, i] - c.y[t, :, i]) ** 2 for t in range(T) for i in range(3))
    assert np.isclose(L, squared_error(c.logits, c.y, reduction="sum")[0], rtol=1e-13)
    assert np.isclose(L, 0.5 * F.mse_loss(torch.tensor(c.logits), torch.tensor(c.y), reduction="sum").item(), rtol=1e-13)


@pytest.mark.equation("eq-bce")
def test_binary_cross_entropy():
    c = case("binary_cross_entropy")
    y_hat = 1 / (1 + np.exp(-c.logits))
    for t in range(T):
        y, p = c.y[t, :, 0], y_hat[t, :, 0]
        L_t = -sum(y[k] * np.log(p[k]) + (1 - y[k]) * np.log(1 - p[k]) for k in range(K))
        assert np.isclose(L_t, binary_cross_entropy(c.logits[t : t + 1], c.y[t : t + 1], reduction="sum")[0], rtol=1e-12)
        assert np.isclose(L_t, F.binary_cross_entropy(torch.tensor(p), torch.tensor(y), reduction="sum").item(), rtol=1e-12)


@pytest.mark.equation("eq-total-loss")
def test_the_sum_of_losses_is_a_negative_log_likelihood():
    c = case()
    p = softmax(c.logits)
    product, by_steps = 1.0, 0.0
    for t in range(T):
        product *= p[t, c.y[t, 0], 0]
        by_steps += softmax_cross_entropy(c.logits[t : t + 1], c.y[t : t + 1], reduction="sum")[0]
    total = softmax_cross_entropy(c.logits, c.y, reduction="sum")[0]
    assert np.isclose(total, by_steps, rtol=1e-13) and np.isclose(total, -np.log(product), rtol=1e-12)
    # given x_1 … x_t alone: later inputs do not change the probability at step t
    later = c.inputs.copy()
    later[3:] += 1
    changed, _, _ = c.model.forward(c.params, later, c.h0)
    np.testing.assert_array_equal(changed[:3], c.logits[:3])


# --- scalars ----------------------------------------------------------------------------------------------------------


@pytest.mark.equation("eq-total-derivative")
def test_immediate_and_total_derivative():
    rng = np.random.default_rng(1)
    for phi, slope in ((lambda a: a, lambda h: 1.0), (np.tanh, lambda h: 1 - h * h)):
        w, h0 = rng.normal(size=2)
        h1 = phi(w * h0)
        h2 = phi(w * h1)
        immediate, dh2_dh1, dh1_dw = slope(h2) * h1, slope(h2) * w, slope(h1) * h0
        by_complex_step = phi((w + 1e-30j) * phi((w + 1e-30j) * h0)).imag / 1e-30
        assert np.isclose(phi((w + 1e-30j) * h1).imag / 1e-30, immediate, rtol=1e-13)  # h_1 held fixed
        assert np.isclose(by_complex_step, immediate + dh2_dh1 * dh1_dw, rtol=1e-13)
        assert not np.isclose(by_complex_step, immediate, rtol=1e-3)
    assert 2 * 0.5 == 0.5 + 0.5 * 1.0  # the numbers of the page: w = 1/2, h_0 = 1


def paper(x, w, h0, u=1.0):
    h = [h0]
    for x_t in x:
        h.append(u * x_t + w * h[-1])
    return h


@pytest.mark.equation("eq-paper-states")
def test_the_states_on_paper():
    assert paper([1, 2, -1], 0.5, 2) == [2, 2, 3, 0.5]
    one = {k: np.full((1, 1), v) for k, v in (("U", 1.0), ("W", 0.5), ("b", 0.0))}
    states, _, _ = unroll(Elman(1, 1, "identity"), one, np.array([1.0, 2, -1]).reshape(3, 1, 1), State(np.full((1, 1), 2.0)))
    assert states.ravel().tolist() == [2, 3, 0.5]


@pytest.mark.equation("grad-scalar-paths")
def test_three_paths_on_paper():
    for x, w, h0 in (([1.0, 2, -1], 0.5, 2.0), (list(np.random.default_rng(2).normal(size=3)), -0.7, 0.3)):
        h = paper(x, w, h0)
        formula = h[2] + w * h[1] + w**2 * h[0]
        assert np.isclose(formula, paper(x, w + 1e-30j, h0)[3].imag / 1e-30, rtol=1e-13)
        assert np.isclose(formula, (paper(x, w + 1e-5, h0)[3] - paper(x, w - 1e-5, h0)[3]) / 2e-5, rtol=1e-8)
        theta = torch.tensor(w, dtype=torch.float64, requires_grad=True)
        paper(x, theta, h0)[3].backward()
        assert np.isclose(formula, theta.grad.item(), rtol=1e-13)
    h = paper([1, 2, -1], 0.5, 2)
    assert h[2] + 0.5 * h[1] + 0.25 * h[0] == 4.5 == 2 + 2 * 0.5 + 6 * 0.5**2
    totals = {1: h[0], 2: h[1] + 0.5 * h[0], 3: 4.5}
    assert sum(0.5 ** (3 - k) * totals[k] for k in (1, 2, 3)) == 6.5  # what the mistake yields


@ALL_ACTIVATIONS
@pytest.mark.equation("grad-scalar-recursion")
def test_scalar_recursion(activation):
    rng = np.random.default_rng(3)
    model = Model(Elman(1, 1, activation), Readout(1, 1), loss="squared_error")
    zero, one = np.zeros((1, 1)), np.ones((1, 1))
    params = {"U": rng.normal(size=(1, 1)), "W": rng.normal(size=(1, 1)), "b": zero, "V": one, "c": zero}
    batch, h0 = Batch(rng.normal(size=(7, 1, 1)), rng.normal(size=(7, 1, 1)), carry=True), State(rng.normal(size=(1, 1)))
    w, x, y = params["W"].item(), [None, *batch.x.ravel()], [None, *batch.targets.ravel()]
    h = [h0.h.item(), *unroll(model.cell, params, batch.x, h0)[0].ravel()]
    delta, dw, du = 0.0, 0.0, 0.0
    for t in range(7, 0, -1):
        delta = ACTIVATIONS[activation].slope(np.float64(h[t])) * ((h[t] - y[t]) + w * delta)
        dw, du = dw + delta * h[t - 1], du + delta * x[t]
    _, grads, _ = model.loss_and_gradients(params, batch, h0, "sum")
    formula = {"W": np.full((1, 1), dw), "U": np.full((1, 1), du)}
    assert max(gradcheck.compare(formula, {k: grads[k] for k in "WU"}).values()) < 1e-12
    for method, tolerance in (("complex_step", 1e-10), ("central_differences", 1e-7)):
        gradcheck.check(lambda q: model.loss_value(q, batch, h0, "sum"), params, formula, tolerance=tolerance, method=method)
    twin = gpu.Model(gpu.Elman(1, 1, activation), gpu.Readout(1, 1), loss="squared_error")
    tensors = {k: torch.tensor(v) for k, v in params.items()}
    _, theirs, _ = twin.loss_and_gradients(tensors, batch, State(torch.tensor(h0.h)), "sum")
    assert max(gradcheck.compare(formula, {k: theirs[k].numpy() for k in "WU"}).values()) < 1e-12


def test_the_table_of_the_page():
    h, y, delta, rows = paper([1, 2, -1], 0.5, 2), [None, 1, 3, 0], 0.0, []
    for t in (3, 2, 1):
        delta = h[t] - y[t] + 0.5 * delta
        rows.append((delta, delta * h[t - 1], delta * [1, 2, -1][t - 1]))
    assert rows == [(0.5, 1.5, -0.5), (0.25, 0.5, 0.5), (1.125, 2.25, 1.125)]
    assert sum(r[1] for r in rows) == 4.25 and sum(r[2] for r in rows) == 1.125


# --- matrices ---------------------------------------------------------------------------------------------------------


@pytest.mark.equation("eq-chain-rule-jacobian")
def test_a_gradient_goes_back_through_the_transposed_jacobian():
    rng = np.random.default_rng(4)
    A, v, m = rng.normal(size=(4, 3)), rng.normal(size=(3, 1)), rng.normal(size=(4, 1))

    def f(v):
        return np.tanh(A @ v) * (A @ v)

    z = f(v)
    J = jacobian(f, v)  # (4, 3): outputs in rows
    dz = m * np.cos(z)  # L = Σ m sin(z)
    assert J.shape == (4, 3) and np.allclose(jacobian(lambda v: A @ v, v), A, atol=1e-14)
    leaf = torch.tensor(v, requires_grad=True)
    at = torch.tensor(A)
    (torch.tensor(m) * torch.sin(torch.tanh(at @ leaf) * (at @ leaf))).sum().backward()
    assert gradcheck.relative_error(J.T @ dz, leaf.grad.numpy()) < 1e-12
    gradcheck.check(lambda q: (m * np.sin(f(q["v"]))).sum(), {"v": v}, {"v": J.T @ dz}, tolerance=1e-10)


@pytest.mark.equation("grad-outer")
def test_one_use_of_a_matrix_is_an_outer_product():
    rng = np.random.default_rng(5)
    W, h, b, m = rng.normal(size=(3, 4)), rng.normal(size=(4, 1)), rng.normal(size=(3, 1)), rng.normal(size=(3, 1))

    def loss(q):
        return (m * np.sin(q["W"] @ q["h"] + q["b"])).sum()

    da = m * np.cos(W @ h + b)
    by_indices = np.zeros_like(W)
    for row in range(3):
        for n in range(4):
            by_indices[row, n] = sum(da[i, 0] * (i == row) * h[n, 0] for i in range(3))
    formula = {"W": da @ h.T, "h": W.T @ da, "b": da}
    np.testing.assert_allclose(by_indices, formula["W"], rtol=1e-13)
    values = {"W": W, "h": h, "b": b}
    gradcheck.check(loss, values, formula, tolerance=1e-10)
    gradcheck.check(loss, values, formula, tolerance=1e-7, method="central_differences")
    leaves = {k: torch.tensor(v, requires_grad=True) for k, v in values.items()}
    (torch.tensor(m) * torch.sin(leaves["W"] @ leaves["h"] + leaves["b"])).sum().backward()
    assert max(gradcheck.compare(formula, {k: v.grad.numpy() for k, v in leaves.items()}).values()) < 1e-12


@pytest.mark.equation("eq-softmax-jacobian")
def test_softmax_jacobian():
    o = np.random.default_rng(6).normal(size=(K, 1))
    e, S = np.exp(o[:, 0]), np.exp(o).sum()
    p = e / S
    by_quotient = np.array([[((i == j) * e[i] * S - e[i] * e[j]) / S**2 for j in range(K)] for i in range(K)])
    by_entries = np.array([[p[i] * ((i == j) - p[j]) for j in range(K)] for i in range(K)])
    by_matrix = np.diag(p) - np.outer(p, p)
    numeric = jacobian(lambda v: softmax(v, axis=0), o)
    theirs = torch.autograd.functional.jacobian(lambda v: torch.softmax(v, 0), torch.tensor(o[:, 0])).numpy()
    for formula in (by_quotient, by_entries, by_matrix):
        assert gradcheck.relative_error(formula, numeric) < 1e-12 and gradcheck.relative_error(formula, theirs) < 1e-12


@pytest.mark.equation("grad-o-softmax")
def test_gradient_of_the_logits_softmax():
    c = case(SOFTMAX)
    y_hat = softmax(c.logits)
    through_softmax = [np.array([[sum(p[i] * ((i == j) - p[j]) * (-y[i] / p[i]) for i in range(K))] for j in range(K)])
                       for p, y in zip(y_hat[:, :, 0], c.y_columns[:, :, 0])]  # fmt: skip
    np.testing.assert_allclose(np.stack(through_softmax), y_hat - c.y_columns, rtol=0, atol=1e-14)
    check_formula(c, "+o", y_hat - c.y_columns)


@pytest.mark.equation("grad-squared-error")
def test_gradient_of_the_logits_squared_error():
    c = case("squared_error")
    check_formula(c, "+o", c.logits - c.y)


@pytest.mark.equation("grad-bce")
def test_gradient_of_the_logits_binary():
    c = case("binary_cross_entropy")
    y_hat = logistic(c.logits)
    through_logistic = (-c.y / y_hat + (1 - c.y) / (1 - y_hat)) * y_hat * (1 - y_hat)
    np.testing.assert_allclose(through_logistic, y_hat - c.y, rtol=0, atol=1e-14)
    check_formula(c, "+o", y_hat - c.y)


@ALL_LOSSES
@pytest.mark.equation("grad-V")
def test_gradient_of_V(loss):
    c = case(loss, B=2)
    check_formula(c, "V", sum(c.do[t] @ c.h[t].T for t in range(1, T + 1)))


@ALL_LOSSES
@pytest.mark.equation("grad-c")
def test_gradient_of_c(loss):
    c = case(loss)
    check_formula(c, "c", sum(c.do[t] for t in range(1, T + 1)))


@ALL_LOSSES
@pytest.mark.equation("grad-h-local")
def test_what_one_loss_sends_to_its_own_state(loss):
    c = case(loss)
    for t in range(1, T + 1):
        of_step = np.zeros((T, H, 1))
        of_step[t - 1] = c.V.T @ c.do[t]
        numeric = gradcheck.complex_step(lambda q, t=t: loss_at(c, q, slice(t - 1, t)), c.point, ["+h"])["+h"]
        assert gradcheck.relative_error(of_step[t - 1], numeric[t - 1]) < 1e-10
        leaves = {k: torch.tensor(v, requires_grad=True) for k, v in c.point.items()}
        torch_loss(c, leaves, slice(t - 1, t)).backward()
        assert gradcheck.relative_error(of_step[t - 1], leaves["+h"].grad[t - 1].numpy()) < 1e-12
        np.testing.assert_array_equal(c.e[t], of_step[t - 1])  # the reference


# --- the sum over paths -----------------------------------------------------------------------------------------------


@pytest.mark.equation("eq-three-states")
def test_three_states_one_inside_the_other():
    c = case()
    h1 = np.tanh(c.U @ c.x[1] + c.W @ c.h0.h + c.b)
    h2 = np.tanh(c.U @ c.x[2] + c.W @ h1 + c.b)
    h3 = np.tanh(c.U @ c.x[3] + c.W @ h2 + c.b)
    for mine, theirs in zip((h1, h2, h3), c.h[1:]):
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-14)


@ALL_ACTIVATIONS
@pytest.mark.equation("eq-jacobian-product")
def test_product_of_step_jacobians(activation):
    c = case(activation=activation)
    for k in range(1, T + 1):
        np.testing.assert_allclose(c.J[k], np.array([[c.slope[k][i, 0] * c.W[i, j] for j in range(H)] for i in range(H)]), rtol=1e-13)
    for t in range(1, T + 1):
        for k in range(1, t + 1):
            def h_t(dh, k=k, t=t):
                added = np.zeros((T, H, 1), complex)
                added[k - 1] = dh
                return forward(c, c.point | {"+h": added})[1][t - 1]

            numeric = jacobian(h_t, np.zeros((H, 1)))
            assert np.abs(states_jacobian(c, t, k) - numeric).max() < 1e-12
    if activation == "tanh":
        assert np.abs(states_jacobian(c, 5, 2) - c.J[3] @ c.J[4] @ c.J[5]).max() > 1e-3  # the order matters


@ALL_ACTIVATIONS
@pytest.mark.equation("grad-immediate")
def test_immediate_derivative_contracted_with_a_gradient(activation):
    c, rng = case(activation=activation), np.random.default_rng(7)
    g = rng.normal(size=(H, 1))
    for k in range(1, T + 1):
        formula = {"W": (c.slope[k] * g) @ c.h[k - 1].T, "U": (c.slope[k] * g) @ c.x[k].T}
        for key, seen in (("W", c.h[k - 1]), ("U", c.x[k])):
            tensor = np.zeros((H, *c.params[key].shape))
            for i in range(H):
                tensor[i, i, :] = c.slope[k][i, 0] * seen[:, 0]  # [i, m, n]: φ'(a_k,i) [i = m] seen_n
            np.testing.assert_allclose(np.einsum("imn,i->mn", tensor, g[:, 0]), formula[key], rtol=0, atol=1e-14)

        def of_one_step(q, k=k):  # h_{k−1} held fixed
            return (g * c.cell.step(q, c.x[k], State(c.h[k - 1]))[0]).sum()

        gradcheck.check(of_one_step, c.params, formula, keys=["W", "U"], tolerance=1e-10)
        gradcheck.check(of_one_step, c.params, formula, keys=["W", "U"], tolerance=1e-7, method="central_differences")
        leaves = {key: torch.tensor(c.params[key], requires_grad=True) for key in "UW"}
        a = leaves["U"] @ torch.tensor(c.x[k]) + leaves["W"] @ torch.tensor(c.h[k - 1]) + torch.tensor(c.b)
        (torch.tensor(g) * TORCH_PHI[activation](a)).sum().backward()
        assert max(gradcheck.compare(formula, {key: leaf.grad.numpy() for key, leaf in leaves.items()}).values()) < 1e-12
        _, _, reference = c.cell.step_backward(c.params, g, State(np.zeros((H, 1))), c.caches[k - 1])
        assert max(gradcheck.compare(formula, {key: reference[key] for key in "WU"}).values()) < 1e-12


def immediate_tensor(c, k):
    """∂⁺h_k/∂W: [i, m, n], zero for k = 0."""
    tensor = np.zeros((H, H, H))
    for i in range(H):
        if k > 0:
            tensor[i, i, :] = c.slope[k][i, 0] * c.h[k - 1][:, 0]
    return tensor


@pytest.mark.equation("grad-h3-W")
def test_total_derivative_of_the_third_state():
    c = case()
    dh = {0: np.zeros((H, H, H))}  # total derivatives, by the first line of the equation
    for k in (1, 2, 3):
        dh[k] = immediate_tensor(c, k) + np.einsum("ij,jmn->imn", c.J[k], dh[k - 1])
    terms = [np.einsum("ij,jmn->imn", states_jacobian(c, 3, k), immediate_tensor(c, k)) for k in range(4)]
    assert not terms[0].any() and all(np.abs(term).max() > 1e-3 for term in terms[1:])
    np.testing.assert_allclose(sum(terms), dh[3], rtol=0, atol=1e-14)
    for i in range(H):
        numeric = gradcheck.complex_step(lambda q, i=i: forward(c, q)[1][2][i, 0], c.point, ["W"])["W"]
        assert gradcheck.relative_error(sum(terms)[i], numeric) < 1e-10
    leaf = torch.tensor(c.W, requires_grad=True)
    h = torch.tensor(c.h0.h)
    for t in (1, 2, 3):
        h = torch.tanh(torch.tensor(c.U @ c.x[t] + c.b) + leaf @ h)
    theirs = torch.stack([torch.autograd.grad(h[i, 0], leaf, retain_graph=True)[0] for i in range(H)]).numpy()
    assert gradcheck.relative_error(sum(terms), theirs) < 1e-12


def only_step(c, t):
    """The reference's gradients with the loss of step t alone."""
    dy = np.zeros((T, H, 1))
    dy[t - 1] = c.e[t]
    return unroll_backward(c.cell, c.params, dy, None, c.caches)[2]


@ALL_LOSSES
@ALL_ACTIVATIONS
@pytest.mark.equation("grad-W-t3")
def test_all_four_terms_for_W(loss, activation):
    c = case(loss, activation)
    g = c.V.T @ c.do[3]
    terms = [(c.slope[3] * g) @ c.h[2].T, (c.slope[2] * (c.J[3].T @ g)) @ c.h[1].T,
             (c.slope[1] * (c.J[2].T @ c.J[3].T @ g)) @ c.h[0].T, np.zeros((H, H))]  # fmt: skip
    check_formula(c, "W", sum(terms), slice(2, 3), only_step(c, 3)["W"])


@ALL_LOSSES
@ALL_ACTIVATIONS
@pytest.mark.equation("grad-U-t3")
def test_all_four_terms_for_U(loss, activation):
    c = case(loss, activation)
    g = c.V.T @ c.do[3]
    terms = [(c.slope[3] * g) @ c.x[3].T, (c.slope[2] * (c.J[3].T @ g)) @ c.x[2].T,
             (c.slope[1] * (c.J[2].T @ c.J[3].T @ g)) @ c.x[1].T, np.zeros((H, D))]  # fmt: skip
    check_formula(c, "U", sum(terms), slice(2, 3), only_step(c, 3)["U"])


@ALL_LOSSES
@ALL_ACTIVATIONS
@pytest.mark.equation("grad-W-paths")
def test_double_sum_for_W(loss, activation):
    c = case(loss, activation)
    check_formula(c, "W", sum((c.slope[k] * (states_jacobian(c, t, k).T @ c.e[t])) @ c.h[k - 1].T for t, k in TRIANGLE))


@ALL_LOSSES
@ALL_ACTIVATIONS
@pytest.mark.equation("grad-U-paths")
def test_double_sum_for_U(loss, activation):
    c = case(loss, activation)
    check_formula(c, "U", sum((c.slope[k] * (states_jacobian(c, t, k).T @ c.e[t])) @ c.x[k].T for t, k in TRIANGLE))
    check_formula(c, "b", sum(c.slope[k] * (states_jacobian(c, t, k).T @ c.e[t]) for t, k in TRIANGLE))  # no row at the end


# --- the recursion ----------------------------------------------------------------------------------------------------


@ALL_LOSSES
@pytest.mark.equation("grad-h-last")
def test_last_state(loss):
    c = case(loss)
    check_formula(c, "+h", np.stack([*c.dh[1:T], c.V.T @ c.do[T]]))


@ALL_LOSSES
@ALL_ACTIVATIONS
@pytest.mark.equation("grad-h-inner")
def test_inner_states(loss, activation):
    c = case(loss, activation)
    dh = [None] * T + [c.V.T @ c.do[T]]
    for t in range(T - 1, 0, -1):
        dh[t] = c.V.T @ c.do[t] + c.J[t + 1].T @ dh[t + 1]
        np.testing.assert_allclose(dh[t], c.V.T @ c.do[t] + c.W.T @ (c.slope[t + 1] * dh[t + 1]), rtol=0, atol=1e-13)
    check_formula(c, "+h", np.stack(dh[1:]))


@ALL_LOSSES
@ALL_ACTIVATIONS
@pytest.mark.equation("grad-a")
def test_delta(loss, activation):
    c = case(loss, activation)
    check_formula(c, "+a", np.stack([c.slope[t] * c.dh[t] for t in range(1, T + 1)]))


def deltas(c):
    """δ_1 … δ_T by the displayed recursion, for any number of sequences."""
    delta = [None] * (T + 1) + [np.zeros((H, c.B))]
    for t in range(T, 0, -1):
        delta[t] = c.slope[t] * (c.V.T @ c.do[t] + c.W.T @ delta[t + 1])
    return delta


@ALL_LOSSES
@ALL_ACTIVATIONS
@pytest.mark.parametrize("B", [1, 3])
@pytest.mark.equation("grad-W")
def test_gradient_of_W(loss, activation, B):
    c = case(loss, activation, B)
    check_formula(c, "W", sum(deltas(c)[t] @ c.h[t - 1].T for t in range(1, T + 1)))


@ALL_LOSSES
@ALL_ACTIVATIONS
@pytest.mark.parametrize("B", [1, 3])
@pytest.mark.equation("grad-U")
def test_gradient_of_U(loss, activation, B):
    c = case(loss, activation, B)
    check_formula(c, "U", sum(deltas(c)[t] @ c.x[t].T for t in range(1, T + 1)))


@ALL_LOSSES
@ALL_ACTIVATIONS
@pytest.mark.parametrize("B", [1, 3])
@pytest.mark.equation("grad-b")
def test_gradient_of_b(loss, activation, B):
    c = case(loss, activation, B)
    check_formula(c, "b", sum(deltas(c)[t] for t in range(1, T + 1)).sum(axis=1, keepdims=True))


@ALL_LOSSES
@ALL_ACTIVATIONS
@pytest.mark.equation("grad-h0")
def test_gradient_of_the_initial_state(loss, activation):
    c = case(loss, activation, B=2)
    check_formula(c, "h0", c.W.T @ deltas(c)[1])


@ALL_LOSSES
@ALL_ACTIVATIONS
@pytest.mark.equation("grad-x")
def test_gradient_of_the_inputs(loss, activation):
    c = case(loss, activation, B=2)
    check_formula(c, "x", np.stack([c.U.T @ deltas(c)[t] for t in range(1, T + 1)]))


# --- the proof --------------------------------------------------------------------------------------------------------


def ahead(c, k):
    """Σ_{t ≥ k} (∂h_t/∂h_k)ᵀ e_t."""
    return sum(states_jacobian(c, t, k).T @ c.e[t] for t in range(k, T + 1))


@ALL_ACTIVATIONS
@pytest.mark.equation("grad-h-paths")
def test_the_claim(activation):
    c = case(activation=activation)
    check_formula(c, "+h", np.stack([ahead(c, k) for k in range(1, T + 1)]))


@ALL_ACTIVATIONS
@pytest.mark.equation("grad-h-induction")
def test_the_step_of_the_induction(activation):
    c = case(activation=activation)
    for k in range(1, T):
        middle = c.e[k] + c.J[k + 1].T @ sum(states_jacobian(c, t, k + 1).T @ c.e[t] for t in range(k + 1, T + 1))
        right = states_jacobian(c, k, k).T @ c.e[k] + sum(states_jacobian(c, t, k).T @ c.e[t] for t in range(k + 1, T + 1))
        for t in range(k + 1, T + 1):
            np.testing.assert_allclose(c.J[k + 1].T @ states_jacobian(c, t, k + 1).T, states_jacobian(c, t, k).T, rtol=0, atol=1e-13)
        np.testing.assert_allclose(middle, right, rtol=0, atol=1e-13)
        assert gradcheck.relative_error(middle, c.dh[k]) < 1e-12
    check_formula(c, "+h", np.stack([ahead(c, k) for k in range(1, T)] + [c.e[T]]))


@ALL_ACTIVATIONS
@pytest.mark.equation("grad-W-exchange")
def test_the_exchange_of_the_sums(activation):
    c = case(activation=activation)
    left = sum(deltas(c)[k] @ c.h[k - 1].T for k in range(1, T + 1))
    middle = sum((c.slope[k] * ahead(c, k)) @ c.h[k - 1].T for k in range(1, T + 1))
    right = sum((c.slope[k] * (states_jacobian(c, t, k).T @ c.e[t])) @ c.h[k - 1].T for t, k in TRIANGLE)
    np.testing.assert_allclose(left, middle, rtol=0, atol=1e-13)
    np.testing.assert_allclose(middle, right, rtol=0, atol=1e-13)
    check_formula(c, "W", middle)


# --- judges -----------------------------------------------------------------------------------------------------------


@pytest.mark.equation("eq-central-differences")
def test_central_differences():
    c = case()

    def L(w):
        return loss_at(c, c.point | {"W": c.W + w * np.eye(H)[[1]].T * np.eye(H)[2]})

    truth = c.reference["W"][1, 2]
    at = {eps: (L(eps) - L(-eps)) / (2 * eps) for eps in (1e-2, 1e-3, 1e-5)}
    assert np.isclose(at[1e-5], gradcheck.central_differences(lambda q: loss_at(c, q), c.point, ["W"])["W"][1, 2], rtol=1e-9)
    assert abs(at[1e-5] - truth) < 1e-9
    assert 80 < abs(at[1e-2] - truth) / abs(at[1e-3] - truth) < 120  # the error shrinks with the square of the step


@pytest.mark.equation("eq-complex-step")
def test_complex_step():
    c = case()

    def L(w):
        return loss_at(c, c.point | {"W": c.W + w * np.eye(H)[[1]].T * np.eye(H)[2]})

    truth = c.reference["W"][1, 2]
    assert np.isclose(L(1e-30j).imag / 1e-30, truth, rtol=1e-13)
    assert np.isclose(gradcheck.complex_step(lambda q: loss_at(c, q), c.point, ["W"])["W"][1, 2], truth, rtol=1e-13)
    assert 80 < abs(L(1e-2j).imag / 1e-2 - truth) / abs(L(1e-3j).imag / 1e-3 - truth) < 120


@ALL_LOSSES
@pytest.mark.equation("grad-tied")
def test_tied_weights_get_the_sum_of_their_copies(loss):
    c = case(loss, B=2)
    deep = Untied(c.cell, c.model.readout, T, loss=loss)
    copies = {f"{k}_{t}": c.params[k] for t in range(1, T + 1) for k in c.params}
    _, of_copies, _ = deep.loss_and_gradients(copies, Batch(c.inputs, c.y), reduction="sum")
    _, tied, _ = c.model.loss_and_gradients(c.params, Batch(c.inputs, c.y), reduction="sum")
    leaves = {k: torch.tensor(v, requires_grad=True) for k, v in copies.items()}
    h, logits = torch.zeros(H, 2, dtype=torch.float64), []
    for t in range(1, T + 1):
        h = torch.tanh(leaves[f"U_{t}"] @ torch.tensor(c.x[t]) + leaves[f"W_{t}"] @ h + leaves[f"b_{t}"])
        logits.append(leaves[f"V_{t}"] @ h + leaves[f"c_{t}"])
    o, y = torch.stack(logits), torch.tensor(c.y_columns)
    {SOFTMAX: lambda: -(y * torch.log_softmax(o, 1)).sum(), "squared_error": lambda: 0.5 * ((o - y) ** 2).sum(),
     "binary_cross_entropy": lambda: F.binary_cross_entropy_with_logits(o, y, reduction="sum")}[loss]().backward()  # fmt: skip
    zero_start = c.point | {"h0": np.zeros((H, 2))}
    numeric = gradcheck.complex_step(lambda q: loss_at(c, q), zero_start, list(c.params))
    for k in c.params:
        formula = sum(of_copies[f"{k}_{t}"] for t in range(1, T + 1))
        assert gradcheck.relative_error(formula, tied[k]) < 1e-12
        assert gradcheck.relative_error(formula, sum(leaves[f"{k}_{t}"].grad for t in range(1, T + 1)).numpy()) < 1e-12
        assert gradcheck.relative_error(formula, numeric[k]) < 1e-10
    assert any(np.abs(of_copies["W_2"] - of_copies[f"W_{t}"]).max() > 1e-3 for t in range(3, T + 1))  # the copies differ


# --- cost -------------------------------------------------------------------------------------------------------------


class Counted(np.ndarray):
    """An array that counts the multiply-adds of the matrix products in which it takes part."""

    total = 0

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **kwargs):
        plain = [np.asarray(i) if isinstance(i, Counted) else i for i in inputs]
        if out is not None:
            kwargs["out"] = tuple(np.asarray(o) for o in out)
        result = getattr(ufunc, method)(*plain, **kwargs)
        if ufunc is np.matmul:
            Counted.total += result.size * plain[0].shape[-1]
        return result.view(Counted) if isinstance(result, np.ndarray) else result


@pytest.fixture
def counting(monkeypatch):
    """Counts the multiply-adds of `@` on Counted arrays, and of tensordot on any."""
    tensordot = np.tensordot

    def counted(a, b, axes):
        result = tensordot(np.asarray(a), np.asarray(b), axes)
        Counted.total += result.size * int(np.prod([a.shape[i] for i in axes[0]]))
        return result

    monkeypatch.setattr(np, "tensordot", counted)

    def count(f):
        Counted.total = 0
        result = f()
        return Counted.total, result

    return count


@pytest.mark.parametrize("sizes", [(6, 2, 3, 4, 5), (3, 1, 2, 7, 2), (9, 4, 5, 3, 3)])
@pytest.mark.equation("eq-cost")
def test_multiply_adds(counting, sizes):
    steps, B, D, H, K = sizes
    model, rng = Model(Elman(D, H), Readout(H, K)), np.random.default_rng(8)
    params = {k: v.view(Counted) for k, v in model.init(rng).items()}
    x, do = rng.normal(size=(steps, D, B)), rng.normal(size=(steps, K, B))
    forward_count, (_, _, memory) = counting(lambda: model.forward(params, x))
    backward_count, _ = counting(lambda: model.backward(params, do, memory))
    assert forward_count == steps * B * (H * D + H * H + K * H)
    assert backward_count == 2 * forward_count


@pytest.mark.parametrize("sizes", [(6, 2, 3, 4), (50, 1, 2, 7)])
@pytest.mark.equation("eq-memory")
def test_numbers_kept_for_the_way_back(sizes):
    steps, B, D, H = sizes
    cell, rng = Elman(D, H), np.random.default_rng(9)
    _, _, caches = unroll(cell, cell.init(rng), rng.normal(size=(steps, D, B)))
    arrays = {id(array): array for cache in caches for array in cache}
    assert sum(a.size for a in arrays.values()) == steps * B * (D + H) + B * H


# --- truncation -------------------------------------------------------------------------------------------------------


def by_windows(c, k1, k2):
    """Truncated BPTT by autograd: for each group of k1 steps, go on from the detached state k2 − k1 steps before it."""
    leaves = {k: torch.tensor(v, requires_grad=True) for k, v in c.params.items()}
    for first in range(0, T, k1):
        group = range(first, min(first + k1, T))
        start = 0 if k2 >= T else max(0, first - (k2 - k1))
        h, total = torch.tensor(c.h[start]), torch.zeros((), dtype=torch.float64)
        for t in range(start, group[-1] + 1):
            h = torch.tanh(leaves["U"] @ torch.tensor(c.inputs[t]) + leaves["W"] @ h + leaves["b"])
            if t in group:
                o = leaves["V"] @ h + leaves["c"]
                total = total - (torch.tensor(c.y_columns[t]) * torch.log_softmax(o, 0)).sum()
        total.backward()
    return {k: leaf.grad.numpy() for k, leaf in leaves.items()}


@pytest.mark.parametrize("k1,k2", [(1, 1), (1, 2), (1, 4), (2, 2), (2, 3), (2, 5), (3, 3), (3, 4), (4, 4), (4, 5), (5, 5),
                                   (1, 6), (4, 6), (3, 9)])  # fmt: skip
@pytest.mark.equation("grad-truncated")
def test_truncated_double_sum(k1, k2):
    c = case(SOFTMAX)
    dW = np.zeros((H, H))
    for t in range(1, T + 1):
        before = k1 * ((t - 1) // k1)  # κ(t)
        lowest = max(1, before + 1 - (k2 - k1)) if k2 < T else 1
        for k in range(lowest, t + 1):
            dW += (c.slope[k] * (states_jacobian(c, t, k).T @ c.e[t])) @ c.h[k - 1].T
    reference = truncated_backward(c.cell, c.params, np.stack(c.e[1:]), c.caches, k1, k2)["W"]
    assert gradcheck.relative_error(dW, reference) < 1e-12
    theirs = by_windows(c, k1, k2)
    assert gradcheck.relative_error(dW, theirs["W"]) < 1e-12
    assert gradcheck.relative_error(c.reference["V"], theirs["V"]) < 1e-12  # the readout is not touched
    error = gradcheck.relative_error(dW, c.reference["W"])
    assert error < 1e-12 if k2 >= T else error > 1e-3


# --- RTRL -------------------------------------------------------------------------------------------------------------


def flat(U, W, b):
    """θ = [U W b] as one column, row by row."""
    return np.concatenate([U, W, b], axis=1).reshape(-1, 1)


@ALL_ACTIVATIONS
@pytest.mark.equation("eq-rtrl")
def test_influence_of_all_parameters_on_the_state(activation):
    c = case(activation=activation)
    n = D + H + 1
    P, state, library = np.zeros((H, H * n)), c.h0, influence(c.cell, H, 1)
    for t in range(1, T + 1):
        z = np.concatenate([c.x[t], c.h[t - 1], np.ones((1, 1))])[:, 0]
        immediate = np.zeros((H, H * n))  # ∂⁺a_t/∂θ: row i of θ acts on unit i only
        for i in range(H):
            immediate[i, i * n : (i + 1) * n] = z
        other_form = np.diag(c.slope[t][:, 0]) @ immediate + c.J[t] @ P
        P = np.diag(c.slope[t][:, 0]) @ (immediate + c.W @ P)
        np.testing.assert_allclose(P, other_form, rtol=0, atol=1e-13)
        state, library = rtrl_step(c.cell, c.params, c.x[t], state, library)
        np.testing.assert_allclose(P, library.reshape(H, H * n), rtol=0, atol=1e-13)

        def h_t(theta, t=t):
            theta = theta.reshape(H, n)
            return forward(c, c.point | {"U": theta[:, :D], "W": theta[:, D:-1], "b": theta[:, -1:]})[1][t - 1]

        assert gradcheck.relative_error(P, jacobian(h_t, flat(c.U, c.W, c.b))) < 1e-10


@ALL_LOSSES
@ALL_ACTIVATIONS
@pytest.mark.equation("grad-rtrl")
def test_the_same_gradient_forward_in_time(loss, activation):
    c = case(loss, activation)
    n, state, P = D + H + 1, c.h0, influence(c.cell, H, 1)
    total = np.zeros((H * n, 1))
    for t in range(1, T + 1):
        state, P = rtrl_step(c.cell, c.params, c.x[t], state, P)
        total += P.reshape(H, H * n).T @ c.e[t]
    formula = total.reshape(H, n)
    library = rtrl(c.cell, c.params, c.inputs, lambda t, h_t: c.e[t + 1], c.h0)
    for key, part in (("U", formula[:, :D]), ("W", formula[:, D:-1]), ("b", formula[:, -1:])):
        check_formula(c, key, part, reference=library[key])
        assert gradcheck.relative_error(part, c.reference[key]) < 1e-12


@pytest.mark.parametrize("D,H", [(3, 4), (2, 7), (5, 3)])
@pytest.mark.equation("eq-rtrl-cost")
def test_multiply_adds_of_both_per_step(counting, D, H):
    cell, rng = Elman(D, H), np.random.default_rng(10)
    params = {k: v.view(Counted) for k, v in cell.init(rng).items()}
    x, dh = rng.normal(size=(5, D, 1)), rng.normal(size=(5, H, 1))
    one_step, _ = counting(lambda: cell.step(params, x[0], cell.initial_state()))
    with_influence, _ = counting(lambda: rtrl_step(cell, params, x[0], cell.initial_state(), influence(cell, H, 1)))
    assert with_influence - one_step == H**3 * (D + H + 1)
    both_ways, _ = counting(lambda: unroll_backward(cell, params, dh, None, unroll(cell, params, x)[2]))
    assert both_ways == 5 * 3 * H * (D + H)


# --- training ---------------------------------------------------------------------------------------------------------


def check_descent(optimizer, theirs, displayed, steps=7):
    """The displayed rule, the library and torch.optim on the same gradients."""
    rng = np.random.default_rng(11)
    start = rng.normal(size=(3, 2))
    mine, params, state = start.copy(), {"U": start}, optimizer.init({"U": start})
    leaf = torch.tensor(start, requires_grad=True)
    oracle, memory = theirs([leaf]), {}
    for n in range(1, steps + 1):
        g = rng.normal(size=(3, 2))
        mine, memory = displayed(mine, g, memory, n)
        params, state = optimizer.update(params, {"U": g}, state)
        leaf.grad = torch.tensor(g)
        oracle.step()
        np.testing.assert_allclose(mine, params["U"], rtol=0, atol=1e-13)
        np.testing.assert_allclose(mine, leaf.detach().numpy(), rtol=0, atol=1e-13)


@pytest.mark.parametrize("mu", [0.0, 0.9])
@pytest.mark.equation("eq-momentum")
def test_momentum(mu):
    def displayed(theta, g, memory, n):
        v = mu * memory.get("v", 0) + g
        return theta - 0.1 * v, {"v": v}

    check_descent(SGD(0.1, momentum=mu), lambda p: torch.optim.SGD(p, lr=0.1, momentum=mu), displayed)


@pytest.mark.equation("eq-rmsprop")
def test_rmsprop():
    def displayed(theta, g, memory, n):
        s = 0.9 * memory.get("s", 0) + (1 - 0.9) * g**2
        return theta - 0.02 * g / (np.sqrt(s) + 1e-3), {"s": s}

    check_descent(RMSProp(0.02, 0.9, 1e-3), lambda p: torch.optim.RMSprop(p, lr=0.02, alpha=0.9, eps=1e-3), displayed)


@pytest.mark.equation("eq-adam")
def test_adam():
    def displayed(theta, g, memory, n):
        m, s = 0.8 * memory.get("m", 0) + 0.2 * g, 0.95 * memory.get("s", 0) + 0.05 * g**2
        return theta - 0.03 * (m / (1 - 0.8**n)) / (np.sqrt(s / (1 - 0.95**n)) + 1e-3), {"m": m, "s": s}

    check_descent(Adam(0.03, 0.8, 0.95, 1e-3), lambda p: torch.optim.Adam(p, lr=0.03, betas=(0.8, 0.95), eps=1e-3), displayed)


@pytest.mark.parametrize("rho", [0.5, 100.0])
@pytest.mark.equation("eq-clip-norm")
def test_clipping_by_norm(rho):
    rng = np.random.default_rng(12)
    grads = {"U": rng.normal(size=(3, 2)), "W": rng.normal(size=(3, 3))}
    norm = np.sqrt(sum((g**2).sum() for g in grads.values()))
    clipped, before = clip_by_norm(grads, rho)
    assert np.isclose(before, norm, rtol=1e-13) and global_norm(clipped) <= rho * (1 + 1e-12)
    leaves = [torch.zeros(g.shape, dtype=torch.float64, requires_grad=True) for g in grads.values()]
    for leaf, g in zip(leaves, grads.values()):
        leaf.grad = torch.tensor(g)
    torch.nn.utils.clip_grad_norm_(leaves, rho)
    for (k, g), leaf in zip(grads.items(), leaves):
        np.testing.assert_allclose(clipped[k], g * min(1, rho / norm), rtol=1e-13)
        np.testing.assert_allclose(clipped[k], leaf.grad.numpy(), rtol=1e-5)  # Torch adds 1e-6 to the norm


@pytest.mark.equation("eq-clip-value")
def test_clipping_by_value():
    g = np.random.default_rng(13).normal(size=(4, 3))
    clipped, _ = clip_by_value({"U": g}, 0.7)
    displayed = np.array([[min(0.7, max(-0.7, entry)) for entry in row] for row in g])
    np.testing.assert_array_equal(clipped["U"], displayed)
    leaf = torch.zeros(4, 3, dtype=torch.float64, requires_grad=True)
    leaf.grad = torch.tensor(g)
    torch.nn.utils.clip_grad_value_([leaf], 0.7)
    np.testing.assert_array_equal(clipped["U"], leaf.grad.numpy())
    assert (np.abs(g) > 0.7).any() and (np.abs(g) < 0.7).any()


@pytest.mark.equation("eq-bits")
def test_bits_per_character():
    c = case(SOFTMAX)
    losses = [softmax_cross_entropy(c.logits[t : t + 1], c.y[t : t + 1], reduction="sum")[0] for t in range(T)]
    bits = sum(losses) / (T * np.log(2))
    p = softmax(c.logits)
    assert np.isclose(bits, np.mean([-np.log2(p[t, c.y[t, 0], 0]) for t in range(T)]), rtol=1e-13)
    assert np.isclose(bits, softmax_cross_entropy(c.logits, c.y, reduction="mean")[0] / np.log(2), rtol=1e-13)
    uniform = softmax_cross_entropy(np.zeros((T, K, 1)), c.y)[0] / np.log(2)
    assert np.isclose(uniform, np.log2(K), rtol=1e-13)


@pytest.mark.equation("eq-descent")
def test_a_small_step_along_any_direction():
    c = case(SOFTMAX)
    rng = np.random.default_rng(14)
    for _ in range(5):
        g_hat = {k: rng.normal(size=v.shape) for k, v in c.params.items()}
        inner = sum((c.reference[k] * g_hat[k]).sum() for k in c.params)

        def change(eta, g_hat=g_hat):
            return loss_at(c, c.point | {k: c.params[k] - eta * g_hat[k] for k in c.params}) - loss_at(c, c.point)

        first, second = (change(eta) + eta * inner for eta in (1e-3, 1e-4))
        assert abs(second) < 0.02 * abs(1e-4 * inner) + 1e-7  # the first order is what is displayed
        assert 50 < abs(first / second) < 200  # and what is left over is of second order
