"""Every displayed equation of chapter 1, against the code that the chapter runs and, where there is one, a second way."""

import itertools

import numpy as np
import pytest

from rnncore.reference import Elman, InputWindow, Jordan, Model, OutputLoop, Readout, brain_state, hopfield, softmax, unroll
from rnncore.tasks import order, sunspots, temporal_xor

T, D, H, K, B, N = 6, 2, 5, 3, 4, 3


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def drawn(part, rng):
    """Parameters with biases that are not zero."""
    return {k: p + 0.3 * rng.standard_normal(p.shape) for k, p in part.init(rng).items()}


def signs(rng, *shape):
    return rng.choice([-1.0, 1.0], shape)


@pytest.mark.equation("eq-conditional-entropy")
def test_conditional_entropy_counted_pair_by_pair(rng):
    ids = rng.integers(0, K, 300) * rng.integers(0, 2, 300)
    pairs = list(zip(ids[:-1], ids[1:]))
    total = 0.0
    for a, b in itertools.product(range(K), repeat=2):
        joint = pairs.count((a, b)) / len(pairs)
        conditional = pairs.count((a, b)) / sum(first == a for first, _ in pairs)
        total -= joint * np.log2(conditional) if joint else 0
    assert order.conditional_entropy(ids, K) == pytest.approx(total, abs=1e-12)


@pytest.mark.equation("eq-chain-rule")
def test_chain_rule_on_an_arbitrary_joint_distribution(rng):
    P = rng.random((K, K, K))
    P /= P.sum()
    for i, j, k in np.ndindex(P.shape):
        first, second, third = P[i].sum(), P[i, j].sum() / P[i].sum(), P[i, j, k] / P[i, j].sum()
        assert first * second * third == pytest.approx(P[i, j, k], rel=1e-12)


@pytest.mark.equation("eq-conditional-chain-rule")
def test_chain_rule_behind_the_bar(rng):
    P = rng.random((2, 2, K, K))  # x_1, x_2, y_1, y_2
    P /= P.sum()
    for x1, x2, y1, y2 in np.ndindex(P.shape):
        given = P[x1, x2] / P[x1, x2].sum()  # P(y_1, y_2 | x_1, x_2)
        assert given[y1].sum() * (given[y1, y2] / given[y1].sum()) == pytest.approx(given[y1, y2], rel=1e-12)


@pytest.mark.equation("eq-state-for-past")
def test_a_recurrent_net_gives_a_distribution_over_sequences(rng):
    model = Model(Elman(K, H), Readout(H, K))
    params = drawn(model, rng)
    total = 0.0
    for ids in itertools.product(range(K), repeat=4):
        state, product = model.initial_state(1), 1.0
        for t, symbol in enumerate(ids):
            x_t = np.zeros((K, 1))
            if t:
                x_t[ids[t - 1]] = 1
            _, state, _ = model.cell.step(params, x_t, state)  # has seen the symbols before t, and nothing else
            product *= softmax(params["V"] @ state.h + params["c"])[symbol, 0]
        total += product
    assert total == pytest.approx(1, abs=1e-12)


@pytest.mark.equation("eq-in-step")
def test_one_answer_per_step_is_a_product_that_does_not_look_ahead(rng):
    model = Model(Elman(D, H), Readout(H, K))
    params, x = drawn(model, rng), rng.standard_normal((3, D, 1))
    y_hat = softmax(model.forward(params, x)[0])[:, :, 0]
    product = np.einsum("a,b,c->abc", *y_hat)
    assert product.sum() == pytest.approx(1, abs=1e-12)
    for t in range(3):
        np.testing.assert_allclose(product.sum(axis=tuple(a for a in range(3) if a != t)), y_hat[t], rtol=1e-12)
        np.testing.assert_allclose(softmax(model.forward(params, x[: t + 1])[0])[-1, :, 0], y_hat[t], rtol=1e-12)


@pytest.mark.equation("eq-feed-forward")
def test_feed_forward_is_a_window_of_one(rng):
    model = Model(InputWindow(D, H), Readout(H, K), "squared_error")
    p, x = drawn(model, rng), rng.standard_normal((T, D, B))
    o = model.forward(p, x)[0]
    for t in range(T):
        h = np.tanh(p["U"] @ x[t] + p["b"])
        np.testing.assert_allclose(o[t], p["V"] @ h + p["c"], rtol=1e-12)


@pytest.mark.equation("eq-receptive-field")
@pytest.mark.parametrize("L, k", [(1, 1), (1, 4), (2, 5), (3, 3), (4, 2)])
def test_receptive_field_of_stacked_windows(rng, L, k):
    x = np.zeros((30, 1, 2))
    x[5, 0, 1] = 1
    for layer in [InputWindow(1, 3, k)] + [InputWindow(3, 3, k)] * (L - 1):
        x = unroll(layer, drawn(layer, rng), x)[0]
    moved = (x[:, :, 0] != x[:, :, 1]).any(axis=1)
    assert moved.tolist() == [5 <= t < 5 + 1 + L * (k - 1) for t in range(30)]


@pytest.mark.equation("eq-delay")
def test_a_delay_hands_out_what_came_a_step_before(rng):
    cell = InputWindow(1, 1, 2, "identity")
    only_the_delay = {"U": np.array([[0.0, 1.0]]), "b": np.zeros((1, 1))}
    z = rng.standard_normal((T, 1, B))
    d = unroll(cell, only_the_delay, z)[0]
    assert (d[0] == 0).all() and (d[1:] == z[:-1]).all()


@pytest.mark.equation("eq-window")
def test_window(rng):
    cell = InputWindow(D, H, N)
    p, x = drawn(cell, rng), rng.standard_normal((T, D, B))
    h = unroll(cell, p, x)[0]
    for t in range(N - 1, T):
        np.testing.assert_allclose(h[t], np.tanh(p["U"] @ np.concatenate([x[t], x[t - 1], x[t - 2]]) + p["b"]), rtol=1e-12)


@pytest.mark.equation("eq-output-loop")
def test_output_loop(rng):
    cell = OutputLoop(D, H, K, N)
    p, x = drawn(cell, rng), rng.standard_normal((T, D, B))
    o = unroll(cell, p, x)[0]
    for t in range(N, T):
        h = np.tanh(p["U"] @ x[t] + p["W"] @ np.concatenate([o[t - 1], o[t - 2], o[t - 3]]) + p["b"])
        np.testing.assert_allclose(o[t], p["V"] @ h + p["c"], rtol=1e-12)


@pytest.mark.equation("eq-two-sources")
def test_recurrent_net(rng):
    model = Model(Elman(D, H), Readout(H, K), "squared_error")
    p, x = drawn(model, rng), rng.standard_normal((T, D, B))
    o, h = model.forward(p, x)[0], np.zeros((H, B))
    for t in range(T):
        h = np.tanh(p["U"] @ x[t] + p["W"] @ h + p["b"])
        np.testing.assert_allclose(o[t], p["V"] @ h + p["c"], rtol=1e-12)


@pytest.mark.equation("eq-autoregression")
def test_autoregression_is_the_weighted_sum_with_the_least_squares():
    task = sunspots.load()
    model, params = sunspots.autoregression(task, 3)
    said, x = sunspots.one_step(model, params, task), task.x[:, 0, 0]
    w, w0 = params["U"][0], params["b"].item()
    for t in (2, 50, 300):
        assert said[t] == pytest.approx(w0 + w[0] * x[t] + w[1] * x[t - 1] + w[2] * x[t - 2], abs=1e-12)
    fit = slice(2, task.train.stop)
    for key, size in (("U", 3), ("b", 1)):
        for i in range(size):
            for change in (-1e-3, 1e-3):  # no small change of any weight does better on the training years
                other = {k: v.copy() for k, v in params.items()}
                other[key].flat[i] += change
                assert sunspots.rmse(task, sunspots.one_step(model, other, task), fit) > sunspots.rmse(task, said, fit)


@pytest.mark.equation("eq-free-running")
@pytest.mark.parametrize("cell", [InputWindow(1, H, N), Elman(1, H)])
def test_free_running_puts_the_output_in_the_place_of_the_input(rng, cell):
    task, model = sunspots.load(), Model(cell, Readout(H, 1), "squared_error")
    params = drawn(model, rng)
    forecasts = sunspots.free_run(model, params, task, np.array([20]), 5)[:, 0]
    state = unroll(cell, params, task.x[:20])[1]
    value = task.x[20]
    for k in range(5):
        value, state = model.step_logits(params, value, state)
        assert forecasts[k] == pytest.approx(value.item(), abs=1e-12)


@pytest.mark.equation("eq-state-in-a-box")
def test_state_in_a_box(rng):
    W, s = rng.standard_normal((N, N)), rng.uniform(-1, 1, (N, B))
    path = brain_state.run(W, s, alpha=0.4, steps=T).x
    for t in range(T):
        s = np.maximum(-1, np.minimum(1, s + 0.4 * (W @ s)))
        np.testing.assert_allclose(path[t + 1], s, rtol=1e-12)


@pytest.mark.equation("eq-hopfield-store")
def test_hebbs_rule_entry_by_entry(rng):
    xi = signs(rng, 7, 3)
    W = hopfield.store(xi)
    for i, j in np.ndindex(7, 7):
        want = 0 if i == j else sum(xi[i, m] * xi[j, m] for m in range(3)) / 7
        assert W[i, j] == pytest.approx(want, abs=1e-15)


@pytest.mark.equation("eq-hopfield-update")
def test_a_unit_takes_the_sign_of_its_field(rng):
    W, s = hopfield.store(signs(rng, 9, 2)), signs(rng, 9, 1)
    for i in range(9):
        field = sum(W[i, j] * s[j, 0] for j in range(9))
        new = hopfield.update(W, s, i)
        assert field == 0 or new[i, 0] == np.sign(field)
        assert (np.delete(new, i) == np.delete(s, i)).all()


@pytest.mark.equation("eq-hopfield-energy")
def test_energy_as_a_sum_over_pairs(rng):
    W, s = hopfield.store(signs(rng, 8, 3)), signs(rng, 8, 1)
    pairs = sum(W[i, j] * s[i, 0] * s[j, 0] for i in range(8) for j in range(i))
    assert hopfield.energy(W, s) == pytest.approx(-pairs, abs=1e-12)


@pytest.mark.equation("eq-energy-falls")
def test_what_a_change_of_one_unit_does_to_the_energy(rng):
    for _ in range(20):
        W, s = hopfield.store(signs(rng, 12, 4)), signs(rng, 12, 1)
        for i in rng.permutation(12):
            new = hopfield.update(W, s, i)
            change = -(new[i, 0] - s[i, 0]) * (W[i] @ s).item()
            assert hopfield.energy(W, new) - hopfield.energy(W, s) == pytest.approx(change, abs=1e-12)
            assert change <= 0
            s = new


@pytest.mark.equation("eq-overlap")
def test_overlap(rng):
    s, xi = signs(rng, 11, 1), signs(rng, 11, 1)
    assert hopfield.overlap(s, xi) == pytest.approx(sum(s[i, 0] * xi[i, 0] for i in range(11)) / 11)
    assert hopfield.overlap(xi, xi) == 1 and hopfield.overlap(-xi, xi) == -1


@pytest.mark.equation("eq-state-units")
def test_state_units_keep_a_part_and_add_the_output(rng):
    cell = Jordan(D, H, K, output="softmax", decay=0.5)
    p, state = drawn(cell, rng), cell.initial_state(B)
    for _ in range(T):
        before = state.s
        o, state, _ = cell.step(p, rng.standard_normal((D, B)), state)
        np.testing.assert_allclose(state.s, 0.5 * before + softmax(o), rtol=1e-12)


@pytest.mark.equation("eq-temporal-xor")
def test_every_third_bit(rng):
    x = temporal_xor.stream(rng, 50).astype(int)
    for k in range(1, 51):  # steps count from 1 in the text
        assert x[3 * k - 1] == x[3 * k - 3] ^ x[3 * k - 2]
