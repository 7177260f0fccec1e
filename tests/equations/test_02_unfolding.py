"""The displayed equations of chapter 2."""

import itertools

import numpy as np
import pytest
import torch

from rnncore import decoding
from rnncore.reference import Batch, Elman, Jordan, Model, Readout, TeacherForced, Untied, losses, softmax, unroll
from rnncore.reference.elman import State
from rnncore.text import Vocabulary
from tests import cases
from tests.cases import B, D, H, K, T


def case(seed=0):
    """A vanilla cell with random parameters, a random state and a random sequence."""
    cell, rng = Elman(D, H), np.random.default_rng(seed)
    return cell, cases.parameters(cell, rng), cases.sequence(rng), cases.state(cell, rng)


def size(net):
    return sum(int(np.prod(shape)) for shape in net.shapes.values())


@pytest.mark.equation("eq-dynamical-system")
def test_a_system_that_runs_by_itself_is_a_cell_whose_input_is_zero():
    cell, p, x, start = case()
    W, b = p["W"], p["b"]
    s = start.h
    for _ in range(T):
        s = np.tanh(W @ s + b)  # s_t = f(s_{t-1}; θ)
    assert np.allclose(unroll(cell, p, 0 * x, start)[1].h, s, atol=1e-14)


@pytest.mark.equation("eq-unfold-three")
def test_three_steps_are_f_of_f_of_f():
    cell, p, x, start = case()

    def f(s, theta):
        return cell.step(theta, 0 * x[0], State(s))[0]

    s1, s2, s3 = unroll(cell, p, 0 * x[:3], start)[0]
    assert np.array_equal(f(f(f(start.h, p), p), p), s3)
    assert np.array_equal(f(f(s1, p), p), s3) and np.array_equal(f(s2, p), s3)


@pytest.mark.equation("eq-driven-system")
def test_the_state_is_driven_by_the_inputs_one_after_another():
    cell, p, x, h = case()
    states = unroll(cell, p, x, h)[0]
    for t in range(T):
        h = cell.step(p, x[t], h)[1]
        assert np.array_equal(states[t], h.h)
    torch_rnn = torch.nn.RNN(D, H, dtype=torch.float64)
    with torch.no_grad():
        for name, value in (("weight_ih_l0", p["U"]), ("weight_hh_l0", p["W"]), ("bias_ih_l0", p["b"][:, 0]), ("bias_hh_l0", 0 * p["b"][:, 0])):
            getattr(torch_rnn, name).copy_(torch.tensor(value))
        start = case()[3].h
        y, _ = torch_rnn(torch.tensor(x).transpose(1, 2), torch.tensor(start.T.copy())[None])
    assert np.allclose(y.numpy().transpose(0, 2, 1), states, atol=1e-14)


@pytest.mark.equation("eq-whole-past")
def test_the_state_is_a_function_of_all_inputs_so_far_and_of_no_later_one():
    cell, p, x, start = case()
    states = unroll(cell, p, x, start)[0]
    for k in range(T):
        other = x.copy()
        other[k] += 0.1
        moved = np.abs(unroll(cell, p, other, start)[0] - states).max(axis=(1, 2)) > 0
        assert moved.tolist() == [t >= k for t in range(T)]


@pytest.mark.equation("eq-barrel-past")
def test_the_barrel_is_a_linear_cell_and_its_past_a_weighted_sum():
    theta, rng = 0.7, np.random.default_rng(0)
    barrel, p = Elman(1, 1, "identity"), {"U": np.ones((1, 1)), "W": np.full((1, 1), theta), "b": np.zeros((1, 1))}
    x = rng.uniform(0, 4, (T, 1, 1))
    states = unroll(barrel, p, x)[0]
    for t in range(1, T + 1):
        assert np.isclose(states[t - 1, 0, 0], sum(theta ** (t - k) * x[k - 1, 0, 0] for k in range(1, t + 1)), rtol=1e-13)


@pytest.mark.equation("eq-past-recursion")
def test_every_f_has_its_g():
    cell, p, x, start = case()

    def g(past):
        return start if len(past) == 0 else cell.step(p, past[-1], g(past[:-1]))[1]

    states = unroll(cell, p, x, start)[0]
    assert all(np.array_equal(g(x[:t]).h, states[t - 1]) for t in range(1, T + 1))


@pytest.mark.equation("eq-vanilla-step")
def test_the_vanilla_step_entry_by_entry():
    cell, p, x, start = case()
    h, _, _ = cell.step(p, x[0], start)
    a = np.empty((H, B))
    for i, n in np.ndindex(H, B):
        a[i, n] = (sum(p["U"][i, j] * x[0, j, n] for j in range(D)) + sum(p["W"][i, j] * start.h[j, n] for j in range(H)) + p["b"][i, 0])
    assert h.shape == (H, B) and np.allclose(h, np.tanh(a), atol=1e-15)


@pytest.mark.equation("eq-vanilla-readout")
def test_the_readout_and_its_confidences():
    readout, rng = Readout(H, K), np.random.default_rng(1)
    p, h = cases.parameters(readout, rng), rng.standard_normal((H, B))
    o = readout.forward(p, h)
    want = np.array([[sum(p["V"][k, i] * h[i, n] for i in range(H)) + p["c"][k, 0] for n in range(B)] for k in range(K)])
    assert np.allclose(o, want, atol=1e-14)
    assert np.allclose(softmax(o), torch.softmax(torch.tensor(o), dim=0).numpy(), atol=1e-15)
    assert (softmax(o) > 0).all() and np.allclose(softmax(o).sum(axis=0), 1)


@pytest.mark.equation("eq-nested-state")
def test_two_steps_of_past_written_into_the_state():
    cell, p, x, _ = case()
    U, W, b = p["U"], p["W"], p["b"]
    states = unroll(cell, p, x)[0]
    for t in range(1, T - 2):  # h_{t-1} is states[t - 1], x_t is x[t]
        nested = np.tanh(U @ x[t + 2] + W @ np.tanh(U @ x[t + 1] + W @ np.tanh(U @ x[t] + W @ states[t - 1] + b) + b) + b)
        assert np.array_equal(nested, states[t + 2])


@pytest.mark.equation("eq-weight-counts")
def test_weight_counts():
    for d, h, k, steps in ((1, 1, 1, 1), (3, 4, 5, 7), (10, 20, 5, 70)):
        shared = h * (d + h + 1) + k * (h + 1)
        assert size(Model(Elman(d, h), Readout(h, k))) == shared
        assert size(Untied(Elman(d, h), Readout(h, k), steps)) == steps * shared
        at_once = torch.nn.Sequential(torch.nn.Linear(steps * d, h), torch.nn.Tanh(), torch.nn.Linear(h, k))
        assert sum(p.numel() for p in at_once.parameters()) == h * (steps * d + 1) + k * (h + 1)
    assert size(Model(Elman(10, 20), Readout(20, 5))) == 725  # self-check 1


@pytest.mark.equation("eq-memory-capacity")
def test_the_recall_of_a_linear_net_sums_to_its_number_of_units_and_that_of_a_saturated_one_to_less():
    rng = np.random.default_rng(2)
    U, W = rng.standard_normal((H, 1)), 0.8 * np.linalg.qr(rng.standard_normal((H, H)))[0]
    seen = np.stack([np.linalg.matrix_power(W, n) @ U for n in range(400)])[:, :, 0]  # h_t = Σ_n W^n U x_{t-n}
    covariance = seen.T @ seen
    # The best linear guess of x_{t-n} from h_t explains c' Σ^-1 c of its variance, c being their covariance W^n U.
    recall = np.einsum("ni,ij,nj->n", seen, np.linalg.inv(covariance), seen)
    assert ((recall >= 0) & (recall <= 1 + 1e-12)).all() and np.isclose(recall.sum(), H)

    steps, lags = 40_000, 40
    x = rng.choice([-1.0, 1.0], (steps, 1, 1))
    h = unroll(Elman(1, H), {"U": 2 * U, "W": W, "b": np.zeros((H, 1))}, x)[0][:, :, 0]
    now = np.hstack([h, np.ones((steps, 1))])[lags:]
    past = np.stack([x[lags - n : steps - n, 0, 0] for n in range(lags)], axis=1)
    residual = past - now @ np.linalg.lstsq(now, past, rcond=None)[0]
    measured = 1 - residual.var(axis=0) / past.var(axis=0)
    assert 1 < measured.sum() < H - 0.2


@pytest.mark.equation("eq-output-recurrence")
def test_the_output_is_all_that_recurs():
    rng = np.random.default_rng(3)
    for name in ("logistic", "softmax", "identity"):
        cell = Jordan(D, H, K, output=name)
        p, x, y = cases.parameters(cell, rng), cases.sequence(rng), np.zeros((K, B))
        logits, _, _ = unroll(cell, p, x)
        for t in range(T):
            h = np.tanh(p["U"] @ x[t] + p["W"] @ y + p["b"])
            o = p["V"] @ h + p["c"]
            y = {"logistic": lambda o: 1 / (1 + np.exp(-o)), "softmax": softmax, "identity": lambda o: o}[name](o)
            assert np.allclose(logits[t], o, atol=1e-13)


@pytest.mark.equation("eq-teacher-forced-step")
def test_with_a_teacher_every_step_stands_alone():
    rng = np.random.default_rng(4)
    net = TeacherForced(Jordan(D, H, K, output="logistic"), "binary_cross_entropy")
    p, x, y = cases.parameters(net, rng), cases.sequence(rng), rng.integers(0, 2, (T, K, B)).astype(float)
    logits, _ = net.forward(p, x, y)
    for t in range(T):
        before = y[t - 1] if t else np.zeros((K, B))
        h = np.tanh(p["U"] @ x[t] + p["W"] @ before + p["b"])
        assert np.allclose(logits[t], p["V"] @ h + p["c"], atol=1e-13)


@pytest.mark.equation("eq-output-bound")
def test_what_the_output_does_not_show_costs_log_2():
    joint = {}
    for older, previous, now in itertools.product((0, 1), repeat=3):  # x_{t-2}, x_{t-1}, x_t: fair and independent
        key = (now, older, previous)  # x_t, y_{t-1} = x_{t-2}, y_t = x_{t-1}
        joint[key] = joint.get(key, 0) + 1 / 8
    total = 0
    for (x, y_before, _), p in joint.items():
        given = sum(q for (a, b, _), q in joint.items() if (a, b) == (x, y_before))
        total -= p * np.log(p / given)
    assert np.isclose(total, np.log(2))

    # No table of confidences for the four cases (x_t, y_{t-1}) does better, and a net is such a table.
    table = np.random.default_rng(5).uniform(0.01, 0.99, (1000, 2, 2))
    cost = [-sum(p * np.log(q[x, b] if y else 1 - q[x, b]) for (x, b, y), p in joint.items()) for q in table]
    assert min(cost) > total


@pytest.mark.equation("eq-last-output")
def test_one_output_at_the_end():
    rng = np.random.default_rng(6)
    model = Model(Elman(D, H), Readout(H, K), output="last")
    p, x, target = cases.parameters(model, rng), cases.sequence(rng), rng.integers(0, K, (1, B))
    o, _, _ = model.forward(p, x)
    h = unroll(model.cell, p, x)[0]
    assert o.shape == (1, K, B) and np.allclose(o[0], p["V"] @ h[-1] + p["c"], atol=1e-15)
    want = -np.log(softmax(o)[0, target[0], np.arange(B)]).sum()
    assert np.isclose(model.loss_value(p, Batch(x, target), reduction="sum"), want)


@pytest.mark.equation("eq-hello-loss")
def test_the_loss_of_a_word_is_minus_the_logarithm_of_its_probability():
    vocabulary, rng = Vocabulary("helo"), np.random.default_rng(7)
    model = Model(Elman(4, 3), Readout(3, 4))
    p, ids = cases.parameters(model, rng), vocabulary.encode("hello")[:, None]
    y_hat = softmax(model.forward(p, vocabulary.one_hot(ids[:-1]))[0])[:, :, 0]
    loss = model.loss_value(p, Batch(vocabulary.one_hot(ids[:-1]), ids[1:]), reduction="sum")
    assert np.isclose(loss, -sum(np.log(y_hat[t, ids[t + 1, 0]]) for t in range(4)))

    def probability(word):
        state, product = model.initial_state(), 1.0
        for a, b in zip(("h", *word), word):
            o, state = model.step_logits(p, vocabulary.one_hot(vocabulary.encode(a)[:, None])[0], state)
            product *= softmax(o)[vocabulary.index[b], 0]
        return product

    assert np.isclose(loss, -np.log(probability("ello")))
    assert np.isclose(sum(probability(word) for word in itertools.product("helo", repeat=4)), 1)  # P is a distribution over words


@pytest.mark.equation("eq-memoryless-bound")
def test_no_memoryless_net_gets_below_two_log_two():
    grid = np.linspace(0.001, 0.999, 999)
    l, o = np.meshgrid(grid, grid)
    cost = np.where(l + o <= 1 + 1e-12, -np.log(l) - np.log(o), np.inf)
    assert np.isclose(cost.min(), 2 * np.log(2)) and np.isclose(grid[cost.argmin() % 999], 0.5)

    ids = Vocabulary("helo").encode("hello")
    logits = 5 * np.random.default_rng(8).standard_normal((2000, 4, 4))  # any memoryless net is a table: logits for each input
    loss = [losses.softmax_cross_entropy(table[ids[:-1]][:, :, None], ids[1:, None], reduction="sum")[0] for table in logits]
    assert min(loss) > 2 * np.log(2)
    best = np.full((4, 4), -40.0)  # sure of e after h and of l after e; l or o after l
    best[[0, 1, 2, 2], [1, 2, 2, 3]] = 0
    assert np.isclose(losses.softmax_cross_entropy(best[ids[:-1]][:, :, None], ids[1:, None], reduction="sum")[0], 2 * np.log(2))


@pytest.mark.equation("eq-temperature")
def test_temperature():
    o = np.random.default_rng(9).standard_normal(K)
    for tau in (0.3, 1.0, 4.0):
        want = np.array([np.exp(o[k] / tau) / sum(np.exp(o[j] / tau) for j in range(K)) for k in range(K)])
        assert np.allclose(decoding.temperature(tau).distribution(o), want, atol=1e-15)
    assert np.allclose(decoding.temperature(1.0).distribution(o), softmax(o[:, None])[:, 0])
    assert np.allclose(decoding.temperature(1e-3).distribution(o), np.eye(K)[o.argmax()])
    assert np.allclose(decoding.temperature(1e6).distribution(o), 1 / K, atol=1e-5)


@pytest.mark.equation("eq-top-k")
def test_top_k():
    o = np.random.default_rng(10).standard_normal(K)
    y_hat = softmax(o[:, None])[:, 0]
    for k in range(1, K + 1):
        S = set(sorted(range(K), key=lambda j: -y_hat[j])[:k])
        want = [y_hat[j] * (j in S) / sum(y_hat[i] for i in S) for j in range(K)]
        assert np.allclose(decoding.top_k(k).distribution(o), want, atol=1e-15)


@pytest.mark.equation("eq-nucleus")
def test_nucleus():
    rng = np.random.default_rng(11)
    for p in (0.05, 0.5, 0.8, 0.99, 1.0):
        o = 2 * rng.standard_normal(K)
        y_hat = softmax(o[:, None])[:, 0]
        order = sorted(range(K), key=lambda j: -y_hat[j])
        m = min((n for n in range(1, K + 1) if sum(y_hat[j] for j in order[:n]) >= p), default=K)  # rounding may miss p = 1
        S = set(order[:m])
        want = [y_hat[j] * (j in S) / sum(y_hat[i] for i in S) for j in range(K)]
        assert np.allclose(decoding.nucleus(p).distribution(o), want, atol=1e-15)
    assert np.allclose(decoding.nucleus(0.8).distribution(np.log([0.5, 0.3, 0.15, 0.05])), [0.625, 0.375, 0, 0])  # self-check 5
