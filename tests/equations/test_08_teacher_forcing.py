"""The displayed equations of chapter 8, each against the reference and against engines that we did not write.

`own_loss` is a forward pass written here from the displayed equations, for NumPy (complex too) and Torch. Symbols are drawn or chosen
from the real parts, as in use.
"""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
import torch

from rnncore import gradcheck
from rnncore.metrics import errors_by_step
from rnncore.reference import FREE, TEACHER, Elman, EncoderDecoder, Feeding, Pairs, Readout, softmax_cross_entropy
from rnncore.reference.decays import Exponential, InverseSigmoid, Linear

K, H, T, START = 4, 3, 6, 0
NET = EncoderDecoder(Elman(1, H), Elman(K, H), Readout(H, K), bridge="zero", start=START)
NAMES = {"U": "decoder.U", "W": "decoder.W", "b": "decoder.b", "V": "readout.V", "c": "readout.c"}
EYE = np.eye(K)


def draw(seed, B=1):
    rng = np.random.default_rng(seed)
    params = {k: rng.standard_normal(shape) for k, shape in NET.shapes.items()}
    return params, {k: params[name] for k, name in NAMES.items()}, rng.integers(K, size=(T, B))


def softmax(o):
    e = np.exp(o - o.real.max(axis=0))
    return e / e.sum(axis=0)


def own_loss(q, targets, feed, lib="numpy"):
    """L of one sequence, by the equations; `feed(t, logits, y_hat)` gives the column that is read at step t > 0, by number."""
    torched = lib == "torch"
    column = (lambda k: torch.tensor(EYE[:, [k]])) if torched else (lambda k: EYE[:, [k]])
    tanh, total = (torch.tanh if torched else np.tanh), 0
    h, x = (torch.zeros(H, 1, dtype=torch.float64) if torched else np.zeros((H, 1))), column(START)
    for t, target in enumerate(targets):
        h = tanh(q["U"] @ x + q["W"] @ h + q["b"])
        o = q["V"] @ h + q["c"]
        y = torch.softmax(o, 0) if torched else softmax(o)
        total = total - (torch.log(y[target, 0]) if torched else np.log(y[target, 0]))
        if t + 1 < len(targets):
            fed = feed(t + 1, o, y)
            x = column(fed) if isinstance(fed, int) else fed
    return total


def teacher(targets):
    return lambda t, o, y: int(targets[t - 1])


def greedy(t, o, y):
    return int(np.argmax((o.detach().numpy() if hasattr(o, "detach") else o).real[:, 0]))


def states(q, targets, fed):
    """h_t, ŷ_t and the columns read, lists counted from 1; fed: columns, or indices."""
    h, y, x = [np.zeros((H, 1))], [None], [None]
    for t in range(T):
        x.append(EYE[:, [fed[t]]] if np.ndim(fed[t]) == 0 else fed[t])
        h.append(np.tanh(q["U"] @ x[-1] + q["W"] @ h[-1] + q["b"]))
        y.append(softmax(q["V"] @ h[-1] + q["c"]))
    return h, y, x


def judged(q, formula, loss):
    """The displayed gradient of U, W and V against autograd, complex step and central differences of the whole loss."""
    leaves = {k: torch.tensor(v, requires_grad=True) for k, v in q.items()}
    loss(leaves, "torch").backward()
    exact = gradcheck.complex_step(lambda p: loss(p, "numpy"), q)
    near = gradcheck.central_differences(lambda p: loss(p, "numpy"), q)
    for k, g in formula.items():
        assert np.abs(g).max() > 1e-3
        assert gradcheck.relative_error(g, leaves[k].grad.numpy()) < 1e-12, k
        assert gradcheck.relative_error(g, exact[k]) < 1e-10, k
        assert gradcheck.relative_error(g, near[k]) < 1e-6, k


@pytest.mark.equation("eq-fed")
def test_fed():
    params, _, targets = draw(0, 4000)
    x = np.zeros((1, 1, 4000))
    for feeding, share in ((TEACHER, 1.0), (Feeding(0.7, own="greedy"), 0.7), (FREE, 0.0)):
        o, _, memory = NET.forward(params, x, targets, feeding=feeding, rng=np.random.default_rng(1))
        fed, own = memory.fed, o.argmax(axis=1)
        assert (fed[0] == START).all()
        true, mine = fed[1:] == targets[:-1], fed[1:] == own[:-1]
        assert (true | mine).all()
        differ = targets[:-1] != own[:-1]  # where the two can be told apart
        assert differ.mean() > 0.5 and abs(true[differ].mean() - share) < 0.01


@pytest.mark.equation("eq-forced-likelihood")
def test_forced_likelihood():
    params, q, _ = draw(1)
    every = np.array(list(itertools.product(range(K), repeat=4))).T  # all sequences of four symbols
    o = NET.forward(params, np.zeros((1, 1, every.shape[1])), every)[0]
    L = np.array([softmax_cross_entropy(o[:, :, [b]], every[:, [b]], None, "sum")[0] for b in range(every.shape[1])])
    assert math.isclose(np.exp(-L).sum(), 1, rel_tol=1e-12)  # a distribution over whole sequences
    logs = torch.log_softmax(torch.tensor(o), dim=1).numpy()
    by_chain = np.array([sum(logs[t, y, b] for t, y in enumerate(every[:, b])) for b in range(every.shape[1])])
    np.testing.assert_allclose(-L, by_chain, rtol=1e-12)
    start = np.exp(-L.reshape(K, -1)).sum(axis=1)  # P(y_1) from the sum over what follows: the factors are conditional probabilities
    np.testing.assert_allclose(start, softmax(o[0])[:, 0], rtol=1e-12)
    np.testing.assert_allclose(L[7], own_loss(q, every[:, 7], teacher(every[:, 7])), rtol=1e-12)


def by_hand(q, targets, fed):
    """The displayed formulas: δ_t from the end to the start, and the gradients of U, W and V."""
    h, y, x = states(q, targets, fed)
    delta = [None] * (T + 1) + [np.zeros((H, 1))]
    for t in range(T, 0, -1):
        dh = q["V"].T @ (y[t] - EYE[:, [targets[t - 1]]]) + q["W"].T @ delta[t + 1]
        delta[t] = (1 - h[t] ** 2) * dh
    steps = range(1, T + 1)
    return {"U": sum(delta[t] @ x[t].T for t in steps), "W": sum(delta[t] @ h[t - 1].T for t in steps),
            "V": sum((y[t] - EYE[:, [targets[t - 1]]]) @ h[t].T for t in steps)}  # fmt: skip


@pytest.mark.equation("grad-forced")
def test_gradient_when_forced():
    params, q, targets = draw(2)
    fed = [START, *targets[:-1, 0]]
    formula = by_hand(q, targets[:, 0], fed)
    judged(q, formula, lambda p, lib: own_loss(p, targets[:, 0], teacher(targets[:, 0]), lib))
    _, grads, _ = NET.loss_and_gradients(params, Pairs(np.zeros((1, 1, 1)), targets), reduction="sum")
    for k, g in formula.items():
        assert gradcheck.relative_error(g, grads[NAMES[k]]) < 1e-12


@pytest.mark.equation("grad-argmax")
def test_argmax_hands_no_gradient_back():
    """The net that reads its own choices: the same formula with what was read held fixed is the whole derivative of the loss."""
    params, q, targets = draw(3)
    batch = Pairs(np.zeros((1, 1, 1)), targets, feeding=FREE)
    fed = NET.forward(params, *batch)[2].fed[:, 0]
    assert (fed[1:] != targets[:-1, 0]).any() and len(set(fed)) > 1
    formula = by_hand(q, targets[:, 0], list(fed))
    judged(q, formula, lambda p, lib: own_loss(p, targets[:, 0], greedy, lib))  # the choice is made anew at every shifted point
    _, grads, _ = NET.loss_and_gradients(params, batch, reduction="sum")
    for k, g in formula.items():
        assert gradcheck.relative_error(g, grads[NAMES[k]]) < 1e-12
    o, eps = np.array([0.3, 1.2, -0.5, 1.1]), 1e-6
    chosen = lambda o: EYE[o.argmax()]  # noqa: E731
    assert all((chosen(o + eps * e) == chosen(o - eps * e)).all() for e in EYE)
    tie = np.array([0.0, 1.0, 1.0, 0.0])
    assert (chosen(tie + eps * EYE[2]) != chosen(tie - eps * EYE[2])).any()  # no derivative where two are level


@pytest.mark.equation("grad-soft")
def test_gradient_through_a_fed_distribution():
    _, q, targets = draw(4)
    y = targets[:, 0]
    x = [EYE[:, [START]]]
    h = np.zeros((H, 1))
    for _ in range(T - 1):
        h = np.tanh(q["U"] @ x[-1] + q["W"] @ h + q["b"])
        x.append(softmax(q["V"] @ h + q["c"]))
    h, p, x = states(q, y, x)
    delta, d_o = [None] * (T + 1) + [np.zeros((H, 1))], [None] * (T + 1)
    for t in range(T, 0, -1):
        J = np.diag(p[t][:, 0]) - p[t] @ p[t].T
        d_o[t] = p[t] - EYE[:, [y[t - 1]]] + J @ q["U"].T @ delta[t + 1]
        delta[t] = (1 - h[t] ** 2) * (q["V"].T @ d_o[t] + q["W"].T @ delta[t + 1])
    steps = range(1, T + 1)
    formula = {"U": sum(delta[t] @ x[t].T for t in steps), "W": sum(delta[t] @ h[t - 1].T for t in steps), "V": sum(d_o[t] @ h[t].T for t in steps)}
    judged(q, formula, lambda params, lib: own_loss(params, y, lambda t, o, p: p, lib))
    without = by_hand(q, y, x[1:])
    assert all(gradcheck.relative_error(without[k], formula[k]) > 0.01 for k in formula)  # the term matters


@pytest.mark.equation("grad-expected")
def test_what_the_gradient_with_fixed_symbols_leaves_out():
    """Two steps, one own symbol: all its values are gone through, so that the expectation is a sum."""
    _, q, targets = draw(5)
    y = targets[:2, 0]

    def parts(p, z):
        """P(z) of the symbol drawn after step 1, and the loss if it is z."""
        h = torch.tanh(p["U"] @ torch.tensor(EYE[:, [START]]) + p["b"])
        first = torch.log_softmax(p["V"] @ h + p["c"], 0)[:, 0]
        h = torch.tanh(p["U"] @ torch.tensor(EYE[:, [z]]) + p["W"] @ h + p["b"])
        return first[z], -first[y[0]] - torch.log_softmax(p["V"] @ h + p["c"], 0)[y[1], 0]

    def grads(value, leaves):
        return [g.numpy() for g in torch.autograd.grad(value, list(leaves.values()), retain_graph=True, allow_unused=True, materialize_grads=True)]

    leaves = {k: torch.tensor(v, requires_grad=True) for k, v in q.items()}
    total = [parts(leaves, z) for z in range(K)]
    whole = grads(sum(log_p.exp() * L for log_p, L in total), leaves)
    fixed, other = [0] * 5, [0] * 5
    for log_p, L in total:
        weight = log_p.exp().item()
        fixed = [a + weight * g for a, g in zip(fixed, grads(L, leaves))]
        other = [a + weight * L.item() * g for a, g in zip(other, grads(log_p, leaves))]
    for a, b, c in zip(whole, fixed, other):
        assert gradcheck.relative_error(b + c, a) < 1e-12
    assert max(np.abs(c).max() for c in other) > 0.01
    # and the mean of the package's gradients is the part with fixed symbols
    params = draw(5)[0]
    n = 20_000
    batch = Pairs(np.zeros((1, 1, n)), np.repeat(targets[:2], n, axis=1), feeding=Feeding(0.0), rng=np.random.default_rng(0))
    _, mine, _ = NET.loss_and_gradients(params, batch, reduction="sum")
    V = list(leaves).index("V")
    assert gradcheck.relative_error(mine["readout.V"] / n, fixed[V]) < 0.02 < gradcheck.relative_error(mine["readout.V"] / n, whole[V])


def first_mistakes(said, targets):
    """The number of right symbols before the first wrong one."""
    return (said == targets).cumprod(axis=0).sum(axis=0)


@pytest.mark.equation("eq-first-mistake")
def test_the_first_mistake_is_the_same():
    params, _, _ = draw(6)
    rng, B = np.random.default_rng(7), 3000
    targets = rng.integers(K, size=(T, B))
    said = {f: NET.forward(params, np.zeros((1, 1, B)), targets, feeding=f)[0].argmax(axis=1) for f in (TEACHER, FREE)}
    same = first_mistakes(said[TEACHER], targets)
    np.testing.assert_array_equal(same, first_mistakes(said[FREE], targets))
    assert len(set(same)) > 3 and (said[TEACHER] != said[FREE]).any()


@pytest.mark.equation("eq-survival")
def test_survival():
    rng = np.random.default_rng(8)
    right = rng.random((T, 5000)) > np.linspace(0.05, 0.3, T)[:, None]
    alive = np.vstack([np.ones(5000, bool), right.cumprod(axis=0).astype(bool)])
    rate = [Fraction(int((alive[k] & ~right[k]).sum()), int(alive[k].sum())) for k in range(T)]
    for k in range(1, T + 1):
        assert Fraction(int(alive[k].sum()), 5000) == math.prod(1 - r for r in rate[:k])
    e, L = 0.01, 30  # the sentence in the text: one in a hundred, thirty steps
    assert 0.73 < (1 - e) ** L < 0.75
    assert errors_by_step((~alive[1:]).astype(int), np.zeros((T, 5000), int))[-1] == pytest.approx(1 - alive[-1].mean())


def check_decay(decay, formula, updates=(0, 1, 7, 50, 300)):
    for i in updates:
        assert math.isclose(decay(i), formula(i), rel_tol=1e-12, abs_tol=1e-300), i


@pytest.mark.equation("eq-decay-linear")
def test_linear():
    check_decay(Linear(0.004, 0.95, 0.1), lambda i: max(0.1, 0.95 - 0.004 * i))


@pytest.mark.equation("eq-decay-exponential")
def test_exponential():
    check_decay(Exponential(0.97), lambda i: 0.97**i)


@pytest.mark.equation("eq-decay-sigmoid")
def test_inverse_sigmoid():
    check_decay(InverseSigmoid(25.0), lambda i: 25 / (25 + math.exp(i / 25)))


def optimum(p, truth):
    """The displayed distribution of the second symbol after the first, (first, second), from the joint one of the data."""
    return truth * p / p.sum(axis=1, keepdims=True) + (1 - truth) * p.sum(axis=0)


def minimised(p, truth):
    """Torch minimises the expected loss with the fed symbols' probabilities held fixed, as scheduled sampling does."""
    P = torch.tensor(p)
    a, b = torch.zeros(len(p), dtype=torch.float64, requires_grad=True), torch.zeros(p.shape, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([a, b], lr=1, max_iter=500, tolerance_grad=1e-12, tolerance_change=1e-16, line_search_fn="strong_wolfe")

    def loss():
        optimizer.zero_grad()
        first, second = torch.log_softmax(a, 0), torch.log_softmax(b, 1)
        own = first.exp().detach()  # no gradient through the choice
        fed = truth * P + (1 - truth) * own[:, None] * P.sum(0)  # joint probability of (symbol fed, second symbol wanted)
        value = -(P.sum(1) * first).sum() - (fed * second).sum()
        value.backward()
        return value

    for _ in range(5):
        optimizer.step(loss)
    return torch.softmax(a, 0).detach().numpy(), torch.softmax(b, 1).detach().numpy()


@pytest.mark.equation("eq-scheduled-optimum")
def test_where_scheduled_sampling_ends():
    for p in (np.array([[0.5, 0.0], [0.0, 0.5]]), np.random.default_rng(9).dirichlet(np.ones(9)).reshape(3, 3)):
        for truth in (1.0, 0.6, 0.0):
            first, second = minimised(p, truth)
            np.testing.assert_allclose(first, p.sum(axis=1), atol=2e-3)
            np.testing.assert_allclose(second, optimum(p, truth), atol=2e-3)


@pytest.mark.equation("eq-writer")
def test_one_step_of_the_writer():
    params, q, targets = draw(10)
    o, _, memory = NET.forward(params, np.zeros((1, 1, 1)), targets, feeding=FREE)
    h, y, _ = states(q, targets[:, 0], list(memory.fed[:, 0]))
    leaves = {k: torch.tensor(v) for k, v in q.items()}
    cell = torch.nn.RNNCell(K, H).double()
    with torch.no_grad():
        for name, value in (("weight_ih", leaves["U"]), ("weight_hh", leaves["W"]), ("bias_ih", leaves["b"][:, 0]), ("bias_hh", 0 * leaves["b"][:, 0])):
            getattr(cell, name).copy_(value)
        state = torch.zeros(1, H, dtype=torch.float64)
        for t in range(T):
            state = cell(torch.tensor(EYE[[memory.fed[t, 0]]]), state)
            np.testing.assert_allclose(h[t + 1][:, 0], state[0].numpy(), atol=1e-14)
            np.testing.assert_allclose(y[t + 1][:, 0], torch.softmax(leaves["V"] @ state[0] + leaves["c"][:, 0], 0).numpy(), atol=1e-14)
            np.testing.assert_allclose(o[t], (leaves["V"] @ state[0])[:, None].numpy() + q["c"], atol=1e-13)
