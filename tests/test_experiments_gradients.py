"""The nets and measures of the experiments on gradients, against cells of the library and Torch's autograd."""

import numpy as np
import pytest
import torch

from experiments import clipping, remedies, tanh_nets, variants
from rnncore.reference.elman import Elman
from rnncore.reference.model import Batch, Model
from rnncore.reference.readout import Readout
from rnncore.reference.unroll import unroll


@pytest.fixture
def nets():
    """Three nets with longer weights than in the experiment, so that errors grow as well as shrink; ids, classes."""
    rngs = [np.random.default_rng([3, n]) for n in range(3)]
    params = tanh_nets.draw(rngs, 7, clipping.D, clipping.K, 0.5, np.float64)
    params = {k: p + (0.1 * rngs[0].standard_normal(p.shape) if k in "bc" else 0) for k, p in params.items()}
    return params, *clipping.order(rngs, 5, 20)


def test_side_by_side_is_one_net_after_the_other(nets):
    params, ids, classes = nets
    run = tanh_nets.forward(params, ids)
    grads, omega = tanh_nets.backward(params, run, classes)
    model = Model(Elman(clipping.D, 7), Readout(7, clipping.K), output="last")
    for n in range(3):
        loss, own, _ = model.loss_and_gradients({k: p[n] for k, p in params.items()}, Batch(ids[:, n], classes[n : n + 1]), None)
        assert tanh_nets.loss(run, classes)[n] == pytest.approx(loss, rel=1e-12)
        for k, g in own.items():
            np.testing.assert_allclose(grads[k][n], g, rtol=1e-11, atol=1e-13, err_msg=k)
    assert not omega.any()


def regulariser(params: dict, ids: np.ndarray, classes: np.ndarray, n: int, form: str) -> tuple[float, np.ndarray]:
    """Ω and its immediate gradient by autograd: the Jacobian-vector product is written with W alone free to move."""
    p = {k: torch.tensor(v[n], requires_grad=True) for k, v in params.items()}
    h, B = [torch.zeros(7, ids.shape[2], dtype=torch.float64, requires_grad=True)], ids.shape[2]
    for i in ids[:, n]:
        h.append(torch.tanh(p["U"][:, torch.tensor(i)] + p["W"] @ h[-1] + p["b"]))
    loss = torch.nn.functional.cross_entropy((p["V"] @ h[-1] + p["c"]).T, torch.tensor(classes[n]))
    errors = [e.detach() for e in torch.autograd.grad(loss, h)]
    total = 0
    for error, state in zip(errors[1:], h[1:]):
        v = p["W"].T @ ((1 - state.detach() ** 2) * error)
        squares = (v**2).sum(0) / (error**2).sum(0)
        total = total + ((squares - 1) ** 2 / len(ids) if form == "program" else (squares**0.5 - 1) ** 2).sum() / B
    return total.item(), torch.autograd.grad(total, p["W"])[0].numpy()


@pytest.mark.parametrize("form", ["paper", "program"])
def test_the_regulariser_and_its_immediate_gradient(nets, form):
    params, ids, classes = nets
    run = tanh_nets.forward(params, ids)
    plain, _ = tanh_nets.backward(params, run, classes)
    grads, omega = tanh_nets.backward(params, run, classes, 4.0, form)
    for n in range(3):
        value, gradient = regulariser(params, ids, classes, n, form)
        assert omega[n] == pytest.approx(value, rel=1e-10)
        np.testing.assert_allclose((grads["W"] - plain["W"])[n] / 4, gradient, rtol=1e-9, atol=1e-12)
    assert all((grads[k] == plain[k]).all() for k in "UbVc")


def test_errors_that_are_gone_do_not_pull(nets):
    params, ids, classes = nets
    params["W"][0] = 0
    grads, omega = tanh_nets.backward(params, tanh_nets.forward(params, ids), classes, 4.0)
    assert np.isfinite(omega).all() and all(np.isfinite(g).all() for g in grads.values())


def test_each_net_is_clipped_by_its_own_length(nets):
    params, ids, classes = nets
    grads, _ = tanh_nets.backward(params, tanh_nets.forward(params, ids), classes)
    length = np.sqrt(sum((g**2).sum(axis=(1, 2)) for g in grads.values()))
    limit = float(np.sort(length)[1])
    short, before = tanh_nets.clip(grads, limit)
    np.testing.assert_allclose(before, length, rtol=1e-12)
    np.testing.assert_allclose(np.sqrt(sum((g**2).sum(axis=(1, 2)) for g in short.values())), np.minimum(length, limit), rtol=1e-12)
    assert tanh_nets.clip(grads, None)[0] is grads


def test_marks_stand_where_the_paper_has_them():
    ids, classes = clipping.order([np.random.default_rng(0)], 2000, 50)
    marks = ids[:, 0] < 2
    first, last = marks.argmax(axis=0), 49 - marks[::-1].argmax(axis=0)
    assert (marks.sum(axis=0) == 2).all() and set(first) == set(range(5, 10)) and set(last) == set(range(25, 30))
    column = np.arange(2000)
    np.testing.assert_array_equal(classes[0], 2 * ids[first, 0, column] + ids[last, 0, column])
    assert np.abs(np.bincount(classes[0]) / 2000 - 0.25).max() < 0.04


@pytest.mark.parametrize("cell", list(remedies.CELLS))
def test_a_window_keeps_errors_from_going_further_back(cell):
    one = remedies.CELLS[cell]
    params, rng = remedies.begin(cell, "default", 9, [1], np.float64)
    ids, first = remedies.draw(rng, 3, 9)
    model = Model(one, Readout(remedies.H, remedies.K), output="last")
    loss, _, whole = remedies.gradients(one, params, ids, first, None)
    expected, own, _ = model.loss_and_gradients(params, Batch(ids, first[None]), None)
    _, state, _ = unroll(one, {k: params[k] for k in one.shapes}, ids[:-4])
    _, late, _ = model.loss_and_gradients(params, Batch(ids[-4:], first[None], carry=True), state)
    again, _, short = remedies.gradients(one, params, ids, first, 4)
    assert loss == pytest.approx(expected, rel=1e-12) and again == pytest.approx(expected, rel=1e-12)
    for k in params:
        np.testing.assert_allclose(whole[k], own[k], rtol=1e-10, atol=1e-14, err_msg=k)
        np.testing.assert_allclose(short[k], late[k], rtol=1e-10, atol=1e-14, err_msg=k)
    assert np.abs(whole[next(iter(one.shapes))] - short[next(iter(one.shapes))]).max() > 1e-9


def test_the_gradient_by_lag_is_autograd_s():
    found = remedies.by_lag("tanh", "orthogonal", 6, [[5]])
    params, rng = remedies.begin("tanh", "orthogonal", 6, [5], np.float64)
    ids, first = remedies.draw(rng, remedies.B, 6)
    p, h = {k: torch.tensor(v) for k, v in params.items()}, [torch.zeros(remedies.H, remedies.B, dtype=torch.float64, requires_grad=True)]
    for i in ids:
        h.append(torch.tanh(p["U"][:, torch.tensor(i)] + p["W"] @ h[-1] + p["b"]))
    loss = torch.nn.functional.cross_entropy((p["V"] @ h[-1] + p["c"]).T, torch.tensor(first))
    norms = [g.norm(dim=0).log().mean().exp().item() for g in torch.autograd.grad(loss, h)]
    np.testing.assert_allclose(found, norms[::-1], rtol=1e-10)


def test_solved_after():
    assert remedies.after([0.0] * 10 + [1.0] * 30) == 35 == variants.after([0.0] * 10 + [1.0] * 30)
    assert remedies.after([0.9] * 100) is None and remedies.after([1.0] * 24) is None
    assert remedies.after([1.0] * 24 + [0.75]) == 25  # 495 of 500 right
    assert remedies.after([1.0] * 24 + [0.70]) is None


@pytest.mark.parametrize("task", list(variants.BASE))
def test_variants_have_equal_size_and_an_open_gate_stays_open(task):
    D, K = variants.sizes(task)
    target = variants.trained("LSTM", variants.BASE[task], D, K)
    for name, (_, _, opened, _) in variants.VARIANTS.items():
        H = variants.units(name, task, variants.BASE[task])
        cell, params = variants.begin(name, task, H, 10, np.random.default_rng(0))
        frozen = sum(p.size for k, p in params.items() if opened and k in (f"U_{opened}", f"W_{opened}", f"b_{opened}"))
        assert variants.trained(name, H, D, K) == sum(p.size for p in params.values()) - frozen
        assert abs(variants.trained(name, H, D, K) / target - 1) < 0.03
        assert variants.trained("LSTM 1997: no forget gate", H, D, K) == variants.trained("no input gate", H, D, K)


def test_an_open_gate_is_not_trained(monkeypatch):
    seen = {}
    real = variants.begin

    def watched(*args):
        cell, params = real(*args)
        return cell, seen.setdefault("before", params)

    def flat(params):
        vector, views = fused_flatten(params)
        seen["after"] = views
        return vector, views

    fused_flatten = variants.flatten
    monkeypatch.setattr(variants, "begin", watched)
    monkeypatch.setattr(variants, "flatten", flat)
    variants.train_one("no output gate", "memory", 4, 0.03, 5, 2, 6, [0], (None, None, None))
    for k, p in seen["after"].items():
        assert (p == seen["before"][k]).all() == k.endswith("_o"), k
