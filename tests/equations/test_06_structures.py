"""The displayed equations of chapter 6: against the reference, and gradients by autograd, complex step and differences too.

A gradient with respect to a state or a pre-activation is that of a nudge added to it. Steps are counted from 1, as in the text.
"""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
import torch

from rnncore import gradcheck
from rnncore.reference import (GRU, LSTM, Batch, Bidirectional, Elman, EncoderDecoder, Model, Readout, Stacked, depth, from_last, mask_from_lengths,
                               one_to_many, one_to_many_backward, run, run_backward, softmax, softmax_cross_entropy, unroll)
from rnncore.search import decode, steps_of
from rnncore.tasks.lookahead import bound, lookahead
from rnncore.tasks.pronoun import NAMES, every_sentence, one_direction
from tests import cases
from tests.cases import B, D, H, K, T

TANH = {np: np.tanh, torch: torch.tanh}


def vanilla(q, x, lib, name="", h=None, back=False, mask=None):
    """States h[1 … T] of a vanilla cell, from `h` or zeros; q may have nudges "+a" and "+h" for it, (T, H, B)."""
    T, zero = len(x), 0 * (q[name + "W"] @ q[name + "b"])
    h, out = zero if h is None else h, [None] * (T + 1)
    for t in range(T, 0, -1) if back else range(1, T + 1):
        new = TANH[lib](q[name + "U"] @ x[t - 1] + q[name + "W"] @ h + q[name + "b"] + (q[name + "+a"][t - 1] if name + "+a" in q else 0))
        new = new + (q[name + "+h"][t - 1] if name + "+h" in q else 0)
        h = new if mask is None else mask[t - 1] * new + (1 - mask[t - 1]) * h
        out[t] = h
    return out


def judge(loss, point, **formulas):
    """Each displayed formula against autograd, complex step and central differences. `loss(q, lib)`; "_x" stands for "+x"."""
    formulas = {k.replace("__", ".").replace("add_", "+"): v for k, v in formulas.items()}
    leaves = {k: torch.tensor(v, requires_grad=True) for k, v in point.items()}
    loss(leaves, torch).backward()
    for key, formula in formulas.items():
        assert formula.shape == point[key].shape
        assert np.abs(formula).max() > 1e-3, "a gradient that is zero would agree with anything"
        assert gradcheck.relative_error(formula, leaves[key].grad.numpy()) < 1e-12, key
        f = lambda q: loss(q, np)  # noqa: E731
        assert gradcheck.relative_error(formula, gradcheck.complex_step(f, point, [key])[key]) < 1e-10, key
        assert gradcheck.relative_error(formula, gradcheck.central_differences(f, point, [key])[key]) < 1e-7, key


def weights(part, seed=0):
    return cases.parameters(part, np.random.default_rng(seed))


def nudges(*names, H=H, B=B):
    return {name: np.zeros((T, H, B)) for name in names}


def as_lib(v, lib):
    return torch.tensor(v) if lib is torch else v


# --- one to one ---


@pytest.mark.equation("eq-one-to-one")
def test_one_to_one_is_a_feed_forward_net():
    model, rng = Model(Elman(D, H), Readout(H, K)), np.random.default_rng(0)
    p, x = weights(model), rng.standard_normal((1, D, B))
    y_hat = softmax(model.forward(p, x)[0])[0]
    displayed = softmax((p["V"] @ np.tanh(p["U"] @ x[0] + p["W"] @ np.zeros((H, B)) + p["b"]) + p["c"])[None])[0]
    net = torch.nn.Sequential(torch.nn.Linear(D, H), torch.nn.Tanh(), torch.nn.Linear(H, K)).double()
    for theirs, ours in zip(net.parameters(), (p["U"], p["b"][:, 0], p["V"], p["c"][:, 0])):
        theirs.data = torch.tensor(ours)
    theirs = torch.softmax(net(torch.tensor(x[0].T)), dim=1).detach().numpy().T
    cases.close(y_hat, displayed)
    cases.close(y_hat, theirs)
    cases.close(model.forward(p | {"W": 5 * p["W"]}, x)[0], model.forward(p, x)[0])
    assert np.abs(model.forward(p | {"W": 5 * p["W"]}, np.repeat(x, 2, axis=0))[0][1] - model.forward(p, np.repeat(x, 2, axis=0))[0][1]).max() > 0.01


@pytest.mark.equation("grad-idle-recurrence")
def test_the_recurrent_weights_of_one_step_get_no_gradient():
    model, rng = Model(Elman(D, H), Readout(H, K)), np.random.default_rng(0)
    p, x, y = weights(model), rng.standard_normal((2, D, B)), rng.integers(K, size=(2, B))
    one, two = (model.loss_and_gradients(p, Batch(x[:n], y[:n]))[1]["W"] for n in (1, 2))
    assert not one.any() and np.abs(two).max() > 1e-3
    leaf = {k: torch.tensor(v, requires_grad=True) for k, v in p.items()}
    o = leaf["V"] @ vanilla(leaf, torch.tensor(x[:1]), torch)[1] + leaf["c"]
    torch.nn.functional.cross_entropy(o.T, torch.tensor(y[0])).backward()
    assert not leaf["W"].grad.any() and leaf["U"].grad.any()
    delta, h_0 = np.ones((H, B)), np.zeros((H, B))
    np.testing.assert_array_equal(one, delta @ h_0.T)
    f = lambda q: model.loss_value(p | q, Batch(x[:1], y[:1]))  # noqa: E731
    assert not gradcheck.complex_step(f, {"W": p["W"]})["W"].any()


# --- one to many ---


@pytest.mark.equation("eq-one-to-many")
def test_one_to_many_is_a_product_of_what_is_said_to_what_was_said():
    model = Model(GRU(K, H), Readout(H, K))
    p, x, y = weights(model), 1, [2, 0, 3, 0]
    state, product = model.initial_state(1), 1.0
    for said, before in zip(y, [x, *y]):
        h, state, _ = model.cell.step({k: p[k] for k in model.cell.shapes}, np.eye(K)[:, [before]], state)
        product *= softmax((p["V"] @ h + p["c"])[None])[0][said, 0]
    ids = np.array([[x, *y[:-1]], y])[:, :, None]
    assert np.isclose(model.loss_value(p, Batch(ids[0], ids[1]), reduction="sum"), -np.log(product))
    step, start = steps_of(model, p)
    greedy = decode(step, start, x, K - 1, 6)[0]
    model_says = lambda said: softmax(model.forward(p, np.array([x, *said])[:, None])[0])[-1].argmax()  # noqa: E731
    assert greedy == [model_says(greedy[:t]) for t in range(len(greedy))]
    total = sum(np.exp(-model.loss_value(p, Batch(np.array([[x], [a]]), np.array([[a], [b]])), reduction="sum"))
                for a, b in itertools.product(range(K), repeat=2))  # fmt: skip
    assert np.isclose(total, 1)


@pytest.mark.equation("grad-one-input")
@pytest.mark.parametrize("every", [False, True])
def test_the_gradient_of_one_input(every):
    cell, rng = Elman(D, H), np.random.default_rng(1)
    p, x, sent = weights(cell), rng.standard_normal((D, B)), rng.standard_normal((T, H, B))
    _, _, memory = run(cell, p, one_to_many(x, T, every))
    dx, _, _ = run_backward(cell, p, sent, None, memory)

    def loss(q, lib):
        steps = [q["x"] if every or t == 0 else 0 * q["x"] for t in range(T)]
        return sum((as_lib(e, lib) * h).sum() for e, h in zip(sent, vanilla(q, steps, lib)[1:]))

    leaf = {k: torch.tensor(v, requires_grad=True) for k, v in (p | {"x": x} | nudges("+a")).items()}
    loss(leaf, torch).backward()
    delta = leaf["+a"].grad.numpy()
    formula = p["U"].T @ (delta.sum(axis=0) if every else delta[0])
    cases.close(formula, one_to_many_backward(dx, every))
    judge(loss, p | {"x": x} | nudges("+a"), x=formula)


# --- many to one ---


def last_only(seed=2):
    model, rng = Model(Elman(D, H), Readout(H, K), output="last"), np.random.default_rng(seed)
    return model, weights(model), rng.standard_normal((T, D, B)), rng.integers(K, size=B)


@pytest.mark.equation("eq-many-to-one")
def test_many_to_one_reads_out_the_last_state():
    model, p, x, y = last_only()
    h_T = vanilla(p, x, np)[T]
    y_hat = softmax((p["V"] @ h_T + p["c"])[None])[0]
    cases.close(softmax(model.forward(p, x)[0])[0], y_hat)
    assert np.isclose(model.loss_value(p, Batch(x, y[None])), -np.log(y_hat[y, np.arange(B)]).mean())


@pytest.mark.equation("grad-many-to-one")
def test_the_error_of_many_to_one_arises_at_the_end():
    model, p, x, y = last_only()

    def loss(q, lib):
        o = q["V"] @ vanilla(q, as_lib(x, lib), lib)[T] + q["c"]
        return (lib.log(lib.exp(o).sum(0)) - o[y, range(B)]).sum()

    h = vanilla(p, x, np)
    y_hat, e_y = softmax((p["V"] @ h[T] + p["c"])[None])[0], np.eye(K)[:, y]
    dh = [None] * T + [p["V"].T @ (y_hat - e_y)]
    for t in range(T - 1, 0, -1):
        dh[t] = p["W"].T @ ((1 - h[t + 1] ** 2) * dh[t + 1])
    judge(loss, p | nudges("+h"), add_h=np.stack(dh[1:]))
    _, grads, _ = model.loss_and_gradients(p, Batch(x, y[None]), reduction="sum")
    cases.close(grads["b"], sum(((1 - h[t] ** 2) * dh[t]).sum(axis=1, keepdims=True) for t in range(1, T + 1)))


# --- one after the other ---


@pytest.mark.equation("eq-two-nets")
def test_the_decoder_starts_where_the_encoder_ends():
    pair, rng = EncoderDecoder(GRU(K, H), GRU(K, H), Readout(H, K), start=1), np.random.default_rng(3)
    p, x, y = weights(pair), rng.integers(K, size=(4, 1)), [3, 0, 2]
    part = lambda name: {k.removeprefix(name + "."): v for k, v in p.items() if k.startswith(name + ".")}  # noqa: E731
    _, s, _ = unroll(pair.encoder, part("encoder"), x)
    product = 1.0
    for said, before in zip(y, [1, *y]):
        h, s, _ = pair.decoder.step(part("decoder"), np.eye(K)[:, [before]], s)
        product *= softmax((part("readout")["V"] @ h + part("readout")["c"])[None])[0][said, 0]
    o, _, _ = pair.forward(p, x, np.array(y)[:, None])
    assert np.isclose(softmax_cross_entropy(o, np.array(y)[:, None], None, "sum")[0], -np.log(product))


# --- both directions ---


def two_ways(B=B, seed=4):
    model, rng = Model(Bidirectional(Elman(D, H), Elman(D, H)), Readout(2 * H, K)), np.random.default_rng(seed)
    return model, weights(model), rng.standard_normal((T, D, B))


def two_way_logits(q, x, lib):
    ahead, back = vanilla(q, x, lib, "ahead."), vanilla(q, x, lib, "back.", back=True)
    join = np.concatenate if lib is np else torch.cat
    return [None, *(q["V"] @ join([ahead[t], back[t]]) + q["c"] for t in range(1, T + 1))]


@pytest.mark.equation("eq-bidirectional")
def test_two_directions_meet_in_the_readout():
    model, p, x = two_ways()
    cases.close(model.forward(p, x)[0], np.stack(two_way_logits(p, x, np)[1:]))
    theirs = torch.nn.RNN(D, H, bidirectional=True).double()
    for end, name in (("", "ahead."), ("_reverse", "back.")):
        for ours, their in (("U", "weight_ih_l0"), ("W", "weight_hh_l0"), ("b", "bias_ih_l0")):
            getattr(theirs, their + end).data = torch.tensor(p[name + ours]).reshape(getattr(theirs, their + end).shape)
        getattr(theirs, "bias_hh_l0" + end).data.zero_()
    h = theirs(torch.tensor(x.transpose(0, 2, 1)))[0].detach().numpy().transpose(0, 2, 1)
    cases.close(model.forward(p, x)[0], p["V"] @ h + p["c"])


@pytest.mark.equation("eq-with-future")
def test_every_answer_knows_every_input():
    model, p, x = two_ways(1)
    one = Model(Elman(D, H), Readout(H, K))
    q = weights(one)
    for t, s in itertools.product(range(T), repeat=2):
        changed = x.copy()
        changed[s] += 1
        moved = lambda net, p, changed=changed, t=t: np.abs(net.forward(p, changed)[0][t] - net.forward(p, x)[0][t]).max() > 1e-9  # noqa: E731
        assert moved(model, p) and moved(one, q) == (s <= t)
    y = np.random.default_rng(0).integers(K, size=(T, 1))
    steps = softmax(model.forward(p, x)[0])[np.arange(T), y[:, 0], 0]
    assert np.isclose(model.loss_value(p, Batch(x, y), reduction="sum"), -np.log(np.prod(steps)))


@pytest.mark.equation("grad-two-directions")
def test_the_gradient_through_two_directions():
    model, p, x = two_ways()
    do = np.random.default_rng(5).standard_normal((T, K, B))

    def loss(q, lib):
        return sum((as_lib(d, lib) * o).sum() for d, o in zip(do, two_way_logits(q, q["x"], lib)[1:]))

    ahead, back = vanilla(p, x, np, "ahead."), vanilla(p, x, np, "back.", back=True)
    V = {"ahead": p["V"][:, :H], "back": p["V"][:, H:]}
    da, db = [0] * (T + 2), [0] * (T + 2)
    for t in range(T, 0, -1):
        da[t] = (1 - ahead[t] ** 2) * (V["ahead"].T @ do[t - 1] + p["ahead.W"].T @ (da[t + 1] if t < T else np.zeros((H, B))))
    for t in range(1, T + 1):
        db[t] = (1 - back[t] ** 2) * (V["back"].T @ do[t - 1] + p["back.W"].T @ (db[t - 1] if t > 1 else np.zeros((H, B))))
    dx = np.stack([p["ahead.U"].T @ da[t] + p["back.U"].T @ db[t] for t in range(1, T + 1)])
    _, _, memory = model.forward(p, x)
    grads = model.backward(p, do, memory)
    cases.close(grads["back.b"], sum(d.sum(axis=1, keepdims=True) for d in db[1 : T + 1]))
    _, _, (_, ran, _) = model.forward(p, x)
    cases.close(run_backward(model.cell, p, p["V"].T @ do, None, ran)[0], dx)
    point = p | {"x": x} | nudges("ahead.+a", "back.+a")
    judge(loss, point, x=dx, back__add_a=np.stack(db[1 : T + 1]), ahead__add_a=np.stack(da[1 : T + 1]))


@pytest.mark.equation("eq-one-direction-bound")
def test_the_bound_for_one_direction():
    """Counted over all sentences: after the words up to "he" the name that is most probable."""
    N = len(NAMES)
    assert one_direction() == 0.5 + 1 / (2 * N) == 5 / 8
    task, right, share = every_sentence(), {}, {0: 0.5 / 16, 1: 0.5 / 48}
    for sentence, he, kind, b in zip(task.text, task.he, task.kind, range(64)):
        read = tuple(sentence.split()[: he + 1])
        who = right.setdefault(read, {})
        who[int(task.targets[he, b])] = who.get(int(task.targets[he, b]), 0) + share[int(kind)]
    assert np.isclose(sum(max(who.values()) for who in right.values()), one_direction())


@pytest.mark.equation("eq-delay-enough")
@pytest.mark.parametrize("d,k", list(itertools.product(range(4), repeat=2)))
def test_a_delay_is_enough_or_of_no_use(d, k):
    """Over all sequences of 7 coins, step 3: given s_1 … s_{t+d}, the label is known or a fair coin."""
    after = {}
    for s in itertools.product((0, 1), repeat=7):
        after.setdefault(s[: 3 + d], []).append(s[2 + k])
    shares = {np.mean(labels) for labels in after.values()}
    assert shares == ({0.0, 1.0} if d >= k else {0.5}) and bound(k, d) == (1 if d >= k else 0.5)
    task = lookahead(np.random.default_rng(0), 3, T=5, ks=(k, 3), delay=d)
    symbols = task.x.argmax(axis=1)
    np.testing.assert_array_equal(task.targets[d : d + 5, 0], symbols[k : k + 5])


@pytest.mark.equation("eq-directions-add")
def test_in_one_layer_the_directions_add():
    model = Model(Bidirectional(LSTM(2, H), GRU(2, H)), Readout(2 * H, 1), "binary_cross_entropy")
    p, rng = weights(model), np.random.default_rng(6)
    other = rng.integers(2, size=5)

    def logit(net, p, before, after):
        s = other.copy()
        s[1], s[3] = before, after
        return net.forward(p, np.eye(2)[s].T[None].transpose(2, 1, 0))[0][2, 0, 0]

    at = {case: logit(model, p, *case) for case in itertools.product((0, 1), repeat=2)}
    assert np.isclose(at[0, 0] + at[1, 1], at[0, 1] + at[1, 0], atol=1e-12) and abs(at[0, 0] - at[1, 1]) > 1e-3
    high = Model(Stacked((model.cell, Elman(2 * H, H))), Readout(H, 1), "binary_cross_entropy")
    q = weights(high)
    at = {case: logit(high, q, *case) for case in itertools.product((0, 1), repeat=2)}
    assert abs(at[0, 0] + at[1, 1] - at[0, 1] - at[1, 0]) > 1e-4  # with a layer on top it need not be


@pytest.mark.equation("eq-forward-twice")
def test_the_forward_state_twice_is_one_direction():
    model, p, x = two_ways()
    h = np.stack(vanilla(p, x, np, "ahead.")[1:])
    V1, V2 = p["V"][:, :H], p["V"][:, H:]
    one = Model(Elman(D, H), Readout(H, K))
    q = {k: p["ahead." + k] for k in one.cell.shapes} | {"V": V1 + V2, "c": p["c"]}
    cases.close(p["V"] @ np.concatenate([h, h], axis=1) + p["c"], one.forward(q, x)[0])
    assert np.abs(one.forward(q, x)[0] - model.forward(p, x)[0]).max() > 0.01


# --- layers ---

STACK = Stacked((Elman(D, H), Elman(H, H), Elman(H, H)))


def stack_logits(q, x, lib):
    h = list(x)
    for n in range(3):
        h = vanilla(q, h, lib, f"{n}.")[1:]
    return [q["V"] @ v + q["c"] for v in h]


@pytest.mark.equation("eq-stacked")
def test_each_layer_reads_the_one_below():
    model, rng = Model(STACK, Readout(H, K)), np.random.default_rng(7)
    p, x = weights(model), rng.standard_normal((T, D, B))
    cases.close(model.forward(p, x)[0], np.stack(stack_logits(p, x, np)))
    theirs = torch.nn.RNN(D, H, 3).double()
    for n, (ours, their) in itertools.product(range(3), (("U", "weight_ih"), ("W", "weight_hh"), ("b", "bias_ih"))):
        value = getattr(theirs, f"{their}_l{n}")
        value.data = torch.tensor(p[f"{n}.{ours}"]).reshape(value.shape)
        getattr(theirs, f"bias_hh_l{n}").data.zero_()
    h = theirs(torch.tensor(x.transpose(0, 2, 1)))[0].detach().numpy().transpose(0, 2, 1)
    cases.close(model.forward(p, x)[0], p["V"] @ h + p["c"])


@pytest.mark.equation("grad-stacked")
def test_a_state_hears_from_its_next_step_and_from_the_layer_above():
    model, rng = Model(STACK, Readout(H, K)), np.random.default_rng(8)
    p, x, do = weights(model), rng.standard_normal((T, D, B)), rng.standard_normal((T, K, B))
    loss = lambda q, lib: sum((as_lib(d, lib) * o).sum() for d, o in zip(do, stack_logits(q, as_lib(x, lib), lib)))  # noqa: E731
    h, below = [], list(x)
    for n in range(3):
        h.append(vanilla(p, below, np, f"{n}."))
        below = h[n][1:]
    zero, delta, dh = np.zeros((H, B)), {}, {}
    for n, t in itertools.product((2, 1, 0), range(T, 0, -1)):
        above = p["V"].T @ do[t - 1] if n == 2 else p[f"{n + 1}.U"].T @ delta[n + 1, t]
        dh[n, t] = p[f"{n}.W"].T @ delta.get((n, t + 1), zero) + above
        delta[n, t] = (1 - h[n][t] ** 2) * dh[n, t]
    formulas = {f"{n}__add_h": np.stack([dh[n, t] for t in range(1, T + 1)]) for n in range(3)}
    judge(loss, p | nudges("0.+h", "1.+h", "2.+h"), **formulas)
    grads = model.backward(p, do, model.forward(p, x)[2])
    for n in range(3):
        cases.close(grads[f"{n}.b"], sum(delta[n, t].sum(axis=1, keepdims=True) for t in range(1, T + 1)))


@pytest.mark.equation("eq-rounds")
@pytest.mark.parametrize("L", [1, 2, 4])
def test_the_round_in_which_a_state_can_be_computed(L):
    """Each round computes all that needs nothing that is missing, and nothing else."""
    done, found, r = {(0, t) for t in range(1, 6)} | {(n, 0) for n in range(L + 1)}, {}, 0
    while len(found) < 5 * L:
        r += 1
        ready = [(n, t) for n in range(1, L + 1) for t in range(1, 6) if (n, t) not in done and {(n - 1, t), (n, t - 1)} <= done]
        found |= dict.fromkeys(ready, r)
        done |= set(ready)
    assert found == {(n, t): n + t - 1 for n in range(1, L + 1) for t in range(1, 6)} and r == 5 + L - 1
    rounds = depth.rounds(depth.stacked(L), 5)
    name = lambda n: "h" if L == 1 else f"h{n}"  # noqa: E731
    assert all(rounds[name(n), t] == r for (n, t), r in found.items())


def longest(diagram, n, through):
    """Edges of the longest path over n steps, by walking all of them. `through`: may it start and end anywhere."""
    starts = diagram.nodes if through else diagram.inputs
    ends = diagram.nodes if through else diagram.outputs

    def walk(node, t):
        best = 0 if t == n and node in ends else -np.inf
        for e in diagram.edges:
            if e.source == node and t + e.delay <= n:
                best = max(best, 1 + walk(e.target, t + e.delay))
        return best

    return max(walk(node, 0) for node in starts)


NETS = {"vanilla": (depth.vanilla(), 1, 2), "two layers": (depth.stacked(2), 1, 3), "three layers": (depth.stacked(3), 1, 4),
        "deep transition": (depth.deep_transition(2), 2, 3), "deep output": (depth.deep_output(3), 1, 4)}  # fmt: skip


@pytest.mark.equation("eq-recurrent-depth")
@pytest.mark.parametrize("name", NETS)
def test_recurrent_depth(name):
    diagram, d_r, _ = NETS[name]
    D = [longest(diagram, n, True) for n in range(1, 7)]
    assert set(np.diff(D)) == {d_r} and depth.recurrent_depth(diagram) == d_r  # D_n grows by d_r a step, so D_n / n → d_r


@pytest.mark.equation("eq-feedforward-depth")
@pytest.mark.parametrize("name", NETS)
def test_feedforward_depth(name):
    diagram, d_r, d_f = NETS[name]
    assert max(longest(diagram, n, False) - n * d_r for n in range(6)) == d_f == depth.feedforward_depth(diagram)


def shortest(diagram, n):
    """Edges of the shortest path over n steps, from any node to any other, by layers of nodes that are one edge further."""
    reached, edges = {(node, 0) for node in diagram.nodes}, 0
    while not any(t == n for _, t in reached):
        edges += 1
        reached = {(e.target, t + e.delay) for node, t in reached for e in diagram.edges if e.source == node and t + e.delay <= n}
    return edges


@pytest.mark.equation("eq-skip-coefficient")
@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("name", NETS)
def test_skip_coefficient(name, k):
    """d_n grows by 1 / s a step: by an edge or more where a step is one, by one in k steps where an edge leads over k."""
    diagram, d_r, _ = NETS[name]  # in all of these there is one cycle a layer, and it is the shortest as well
    assert np.diff([shortest(diagram, n) for n in range(1, 5)]).tolist() == [d_r] * 3 and depth.skip_coefficient(diagram) == Fraction(1, d_r)
    assert [shortest(depth.skipping(k), k * n) for n in (1, 2, 4)] == [1, 2, 4] and depth.skip_coefficient(depth.skipping(k)) == k


# --- padding ---


@pytest.mark.equation("eq-masked-step")
def test_at_padding_the_state_stays():
    cell, rng = Elman(D, H), np.random.default_rng(9)
    p, x, mask = weights(cell), rng.standard_normal((T, D, 3)), mask_from_lengths((T, 2, 4))
    _, final, _ = run(cell, p, np.where(mask[:, None], x, 1e6), mask=mask)
    h = np.zeros((H, 3))
    for t in range(T):
        h = mask[t] * np.tanh(p["U"] @ x[t] + p["W"] @ h + p["b"]) + (1 - mask[t]) * h
    cases.close(final.h, h)
    for b, n in enumerate((T, 2, 4)):
        cases.close(final.h[:, [b]], run(cell, p, x[:n, :, [b]])[1].h)


@pytest.mark.equation("eq-mean-of-real-steps")
def test_the_mean_is_over_real_steps():
    model, rng = Model(GRU(D, H), Readout(H, K)), np.random.default_rng(10)
    p, x, y, lengths = weights(model), rng.standard_normal((T, D, 3)), rng.integers(K, size=(T, 3)), (T, 2, 4)
    mask = mask_from_lengths(lengths)
    sums = [model.loss_value(p, Batch(x[:n, :, [b]], y[:n, [b]]), reduction="sum") for b, n in enumerate(lengths)]
    assert np.isclose(model.loss_value(p, Batch(x, y, mask)), sum(sums) / sum(lengths))
    theirs = torch.nn.functional.cross_entropy(torch.tensor(model.forward(p, x, mask=mask)[0]).transpose(1, 2).reshape(-1, K),
                                               torch.tensor(np.where(mask, y, -100)).reshape(-1))  # fmt: skip
    assert np.isclose(model.loss_value(p, Batch(x, y, mask)), theirs.item())


@pytest.mark.equation("grad-masked-step")
def test_the_gradient_is_handed_on_where_the_state_is():
    cell, rng = Elman(D, H), np.random.default_rng(11)
    p, x, mask = weights(cell), rng.standard_normal((T, D, B)), mask_from_lengths((T, 3)).astype(float)
    sent, end = rng.standard_normal((T, H, B)) * mask[:, None], rng.standard_normal((H, B))  # a masked loss sends nothing from padding

    def loss(q, lib):
        m = as_lib(mask, lib)
        h = vanilla(q, as_lib(x, lib), lib, h=q["h0"], mask=m)
        return sum((as_lib(e, lib) * v).sum() for e, v in zip(sent, h[1:])) + (as_lib(end, lib) * h[T]).sum()

    h0 = rng.standard_normal((H, B))
    h = [h0, *vanilla(p, x, np, h=h0, mask=mask)[1:]]
    dh = end + sent[T - 1]
    for t in range(T, 0, -1):
        dh = mask[t - 1] * (p["W"].T @ ((1 - h[t] ** 2) * dh)) + (1 - mask[t - 1]) * dh + (sent[t - 2] if t > 1 else 0)
    state = cell.initial_state(B)._replace(h=h0)
    _, _, memory = run(cell, p, x, state, mask)
    _, dstart, _ = run_backward(cell, p, sent, from_last(cell, end), memory)
    cases.close(dstart.h, dh)
    judge(loss, p | {"h0": h0}, h0=dh)
