"""Memory blocks of 1997 and 2000: weight counts of the papers; gradients carried forward against Torch autograd; many trials, looked-up symbols."""

import pickle
from itertools import product

import numpy as np
import pytest
import torch

from rnncore.errors import RNNCoreError
from rnncore.reference.memory_blocks import MemoryBlocks, generators

T, N, D, K = 7, 3, 4, 2
COUNTS = {
    "exp. 1, four blocks of one": (264, dict(D=7, K=7, blocks=4, bias="gates", output_bias=False)),
    "exp. 1, three blocks of two": (276, dict(D=7, K=7, blocks=3, size=2, bias="gates", output_bias=False)),
    "exp. 2a, p = 100": (10504, dict(D=101, K=101, blocks=1, output_gate=False, recurrent="none", shortcut=True, bias="none", output_bias=False)),
    "exp. 2c, p = 50": (364, dict(D=54, K=2, blocks=2, bias="none", output_bias=False)),
    "exp. 2c, p = 1000": (6064, dict(D=1004, K=2, blocks=2, bias="none", output_bias=False)),
    "exp. 3": (102, dict(D=1, K=1, blocks=3, output_bias=False)),
    "exp. 4": (93, dict(D=2, K=1, blocks=2, size=2)),
    "exp. 6a": (156, dict(D=8, K=4, blocks=2, size=2)),
    "exp. 6b": (308, dict(D=8, K=8, blocks=3, size=2)),
    "continual Reber": (424, dict(D=7, K=7, blocks=4, size=2, forget_gate=True, recurrent="cells", shortcut=True, bias="gates")),
    "timing": (17, dict(D=1, K=1, blocks=1, forget_gate=True, peephole=True, recurrent="cells", g="identity")),
}  # fmt: skip
GATES = [dict(output_gate=o, forget_gate=f, peephole=p) for o, f, p in product((True, False), repeat=3)]
WIRES = [dict(recurrent=r, shortcut=s, bias=b, output_bias=c) for r, s, b, c in
         [("all", True, "hidden", True), ("cells", False, "gates", True), ("none", True, "none", False), ("all", False, "gates", False)]]  # fmt: skip
FUNCTIONS = [dict(g=g, h=h, output=o) for g, h, o in [("identity", "logistic", "identity"), ("logistic", "identity", "logistic")]]
OPTIONS = [g | w for g in GATES for w in WIRES] + FUNCTIONS


def squash(name, a, times):
    return {"centred": times * torch.sigmoid(a) - times / 2, "logistic": torch.sigmoid(a), "identity": a}[name]


def by_torch(net, params, x, target, cut=True):
    """Gradients of ½ Σ (y − t)² over all steps and trials, of the equations written down again; `cut`: detached where 1997 truncates."""
    p = {k: torch.tensor(v, requires_grad=True) for k, v in params.items()}
    C, B, S, n = net.cells, net.blocks, net.size, len(x[0])
    off = (lambda q: q.detach()) if cut else (lambda q: q)
    one = torch.ones(n, 1, dtype=torch.float64)
    s, yc, y_gates = torch.zeros(n, B, S, dtype=torch.float64), torch.zeros(n, C, dtype=torch.float64), {}
    loss, ys = 0, []
    for t in range(len(x)):
        hidden = [yc, *(y_gates.get(g, torch.zeros(n, B, dtype=torch.float64)) for g in net.gates)]
        fed = {"all": hidden, "cells": hidden[:1], "none": []}[net.recurrent]
        z = torch.cat([torch.tensor(x[t]), *map(off, fed), *([one] if net.bias != "none" else [])], 1)
        W = p["W"]
        if net.bias == "gates":
            keep = torch.ones_like(W)
            keep[:, :C, -1] = 0
            W = W * keep
        a = torch.einsum("nuj,nj->nu", W, z)
        gate = {g: a[:, net.rows(g)] for g in net.gates}
        if net.peephole:
            for i, g in enumerate(net.gates):
                if g != "out":
                    gate[g] = gate[g] + (p["P"][:, i] * off(s)).sum(2)
        y = {g: torch.sigmoid(gate[g]) for g in gate if g != "out"}
        s = (s * y["forget"][:, :, None] if net.forget_gate else s) + y["in"][:, :, None] * squash(net.g, a[:, :C].reshape(n, B, S), 4)
        h = squash(net.h, s, 2)
        if net.output_gate:
            y["out"] = torch.sigmoid(gate["out"] + ((p["P"][:, -1] * off(s)).sum(2) if net.peephole else 0))
            h = h * y["out"][:, :, None]
        yc, y_gates = h.reshape(n, C), y
        o = torch.einsum("nkc,nc->nk", p["V"], yc)
        if net.shortcut:
            o = o + torch.einsum("nkd,nd->nk", p["S"], torch.tensor(x[t]))
        if net.output_bias:
            o = o + p["c"]
        ys.append(torch.sigmoid(o) if net.output == "logistic" else o)
        loss = loss + ((ys[-1] - torch.tensor(target[t])) ** 2).sum() / 2
    loss.backward()
    return {k: (v.grad if v.grad is not None else torch.zeros_like(v)).numpy() for k, v in p.items()}, torch.stack(ys).detach().numpy()


def by_hand(net, params, x, target, N=N):
    """The sum of the online gradients, with frozen weights."""
    state, total, ys = net.start(N), {k: np.zeros_like(v) for k, v in params.items()}, []
    for x_t, want in zip(x, target):
        y, state = net.step(params, x_t, state)
        ys.append(y.copy())
        for k, g in net.gradient(params, state, y - want).items():
            total[k] += g
    return total, np.array(ys)


def drawn(symbols=False, D=D, N=N):
    rng = np.random.default_rng(3)
    target = rng.random((T, N, K))
    return (rng.integers(D, size=(T, N)) if symbols else rng.standard_normal((T, N, D))), target


def agree(ours, theirs):
    assert ours.keys() == theirs.keys()
    for k in ours:
        np.testing.assert_allclose(ours[k], theirs[k], rtol=1e-10, atol=1e-12, err_msg=k)


@pytest.mark.parametrize("name", COUNTS)
def test_nets_have_as_many_weights_as_in_the_papers(name):
    count, settings = COUNTS[name]
    net = MemoryBlocks(**settings)
    params = net.init(generators(0, 1))
    assert net.weights == count == sum(int((p != 0).sum()) for p in params.values())


@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: "-".join(k if v is True else str(v) for k, v in o.items() if v is not False))
def test_online_gradients_are_those_of_autograd_cut_where_1997_cuts(options):
    net = MemoryBlocks(D, K, 2, 2, **options)
    params = net.init(generators(1, N), 0.8)
    x, target = drawn()
    ours, ys = by_hand(net, params, x, target)
    theirs, ys_torch = by_torch(net, params, x, target)
    np.testing.assert_allclose(ys, ys_torch, rtol=1e-12, atol=1e-14)
    agree(ours, theirs)
    assert all(np.abs(g).max() > 1e-4 for g in ours.values())


@pytest.mark.parametrize("forget_gate", [True, False])
def test_nothing_is_cut_off_without_recurrent_weights(forget_gate):
    net = MemoryBlocks(D, K, 2, 2, recurrent="none", forget_gate=forget_gate)
    params, (x, target) = net.init(generators(1, N), 0.8), drawn()
    agree(by_hand(net, params, x, target)[0], by_torch(net, params, x, target, cut=False)[0])


def test_with_recurrent_weights_something_is():
    net = MemoryBlocks(D, K, 2, 2)
    params, (x, target) = net.init(generators(1, N), 0.8), drawn()
    ours, whole = by_hand(net, params, x, target)[0], by_torch(net, params, x, target, cut=False)[0]
    assert np.abs(ours["W"] - whole["W"]).max() > 1e-3


@pytest.mark.parametrize("symbols", [4, 30])
@pytest.mark.parametrize("options", [dict(shortcut=True), dict(recurrent="none", bias="none", output_bias=False, output_gate=False, shortcut=True),
                                     dict(forget_gate=True, peephole=True, bias="gates")], ids=str)  # fmt: skip
def test_symbols_are_one_hot_inputs(symbols, options):
    net = MemoryBlocks(symbols, K, 2, 2, **options)
    params = net.init(generators(1, N), 0.8)
    ids, target = drawn(True, symbols)
    ours, ys = by_hand(net, params, ids, target)
    theirs, same = by_hand(net, params, np.eye(symbols)[ids], target)
    np.testing.assert_allclose(ys, same, rtol=1e-13)
    agree(ours, theirs)


@pytest.mark.parametrize("symbols", [None, 4, 30])
@pytest.mark.parametrize("at", ["outputs", "net inputs"])
def test_descend_goes_down_the_gradient(symbols, at):
    net = MemoryBlocks(symbols or D, K, 2, shortcut=True, forget_gate=True, peephole=True)
    params = net.init(generators(1, N), 0.8)
    x, target = drawn(symbols is not None, symbols or D)
    state = net.start(N)
    for x_t, want in zip(x, target):
        y, _ = net.step(params, x_t, state)
        rate = {k: np.array([0.1, 0.0, 0.3]) for k in params} | {"V": 0.5}
        before = {k: v.copy() for k, v in params.items()}
        grads = net.gradient(params, state, y - want, at)
        net.descend(params, state, y - want, rate, at)
        for k in params:
            r = rate[k] if k == "V" else rate[k].reshape(-1, *[1] * (params[k].ndim - 1))
            np.testing.assert_allclose(params[k], before[k] - r * grads[k], rtol=1e-12, atol=1e-15)
    assert not np.array_equal(params["V"][1], net.init(generators(1, N), 0.8)["V"][1])


def test_errors_at_net_inputs_are_those_of_the_cross_entropy():
    net = MemoryBlocks(D, K, 2)
    params, (x, target) = net.init(generators(1, N), 0.8), drawn()
    state = net.start(N)
    y, _ = net.step(params, x[0], state)
    through = net.gradient(params, state, (y - target[0]) / (y * (1 - y)))
    agree(net.gradient(params, state, y - target[0], "net inputs"), through)


def test_a_trial_does_not_depend_on_the_others_and_can_be_taken_out():
    net = MemoryBlocks(D, K, 2, 2, forget_gate=True, peephole=True, shortcut=True, bias="gates")
    many, few = (net.init(generators(5, n), 0.5, in_=(-1, -2), forget=1, out=None) for n in (N, 2))
    assert all(np.array_equal(many[k][:2], few[k]) for k in few)
    assert (many["W"][:, net.rows("in"), -1] == [-1, -2]).all() and (many["W"][:, net.rows("forget"), -1] == 1).all()
    assert (many["W"][:, :4, -1] == 0).all() and (many["W"][:, net.rows("out"), -1] != 0).all()
    x, target = drawn()
    ours, alone = by_hand(net, many, x, target)[0], by_hand(net, few, x[:, :2], target[:, :2], 2)[0]
    agree({k: v[:2] for k, v in ours.items()}, alone)
    state = net.start(N)
    for x_t in x[:4]:
        net.step(many, x_t, state)
    part, kept = state.take(np.array([2, 0])), pickle.loads(pickle.dumps(state))
    a, _ = net.step({k: v[[2, 0]] for k, v in many.items()}, x[4][[2, 0]], part)
    b, _ = net.step(many, x[4], kept)
    np.testing.assert_allclose(a, b[[2, 0]], rtol=1e-13)
    np.testing.assert_allclose(part.trace, kept.trace[[2, 0]], rtol=1e-13)


def test_a_reset_begins_a_sequence_for_the_trials_that_are_named():
    net = MemoryBlocks(D, K, 2, 2, forget_gate=True, peephole=True)
    params, (x, _) = net.init(generators(1, N), 0.8), drawn()
    state, fresh = net.start(N), net.start(N)
    for x_t in x[:3]:
        net.step(params, x_t, state)
    state.reset(np.array([True, False, True]))
    y, _ = net.step(params, x[3], state)
    want, _ = net.step(params, x[3], fresh)
    assert np.array_equal(y[[0, 2]], want[[0, 2]]) and not np.allclose(y[1], want[1])
    for name in ("trace", "peep", "s"):
        assert np.array_equal(getattr(state, name)[[0, 2]], getattr(fresh, name)[[0, 2]])


def test_without_learning_the_outputs_are_the_same():
    net = MemoryBlocks(D, K, 2, 2)
    params, (x, target) = net.init(generators(1, N), 0.8), drawn()
    state = net.start(N)
    for x_t in x:
        y, _ = net.step(params, x_t, state, learns=False, read=False)
        assert y is None
    np.testing.assert_array_equal(net.read(params, state), by_hand(net, params, x, target)[1][-1])
    assert not state.trace.any()


BAD = [dict(recurrent="some"), dict(bias="all"), dict(g="tanh"), dict(h=1), dict(output="softmax"), dict(blocks=0), dict(size=1.5), dict(peephole=1)]


@pytest.mark.parametrize("bad", BAD, ids=str)
def test_settings_are_refused(bad):
    with pytest.raises(RNNCoreError, match="expected .*got"):
        MemoryBlocks(**dict(D=D, K=K, blocks=2) | bad)


@pytest.mark.parametrize("arguments", [
    dict(rngs=np.random.default_rng(0)), dict(rngs=[]), dict(rngs=[0]), dict(scale=0), dict(forget=1.0), dict(in_=(1, 2, 3)), dict(in_=np.nan), dict(cell=1)],
    ids=["no list", "none", "a number", "scale", "gate that is not there", "too many", "NaN", "unknown"])  # fmt: skip
def test_first_values_are_refused(arguments):
    net = MemoryBlocks(D, K, 2)
    with pytest.raises(RNNCoreError, match="expected .*got"):
        net.init(**dict(rngs=generators(0, 2)) | arguments)
    with pytest.raises(RNNCoreError, match="expected"):
        MemoryBlocks(D, K, 2, bias="none").init(generators(0, 2), in_=1.0)


def test_numbers_of_trials_and_seeds_are_refused():
    for call in (lambda: generators(-1, 2), lambda: generators(0, 0), lambda: generators(1.5, 2), lambda: MemoryBlocks(D, K, 2).start(0)):
        with pytest.raises(RNNCoreError, match="expected .*got"):
            call()
