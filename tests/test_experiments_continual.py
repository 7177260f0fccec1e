"""The experiments on streams: every piece against a second way to get the same."""

import numpy as np
import pytest
import torch

from experiments import continual_reber, reber_online, reber_streams, reber_symbols, timing
from experiments.experiment import Job
from rnncore import gpu
from rnncore.reference import LSTM, Readout, unroll
from rnncore.reference.activations import logistic
from rnncore.reference.fused import twin
from rnncore.reference.fused.symbols import SymbolTrainer
from rnncore.reference.lstm import State
from rnncore.reference.memory_blocks import generators
from rnncore.tasks.reber import CONTINUAL, VOCABULARY
from rnncore.tasks.reber_prediction import first_mistake
from rnncore.tasks.timed_spikes import timed_spikes


def rngs(N, seed=0):
    return np.random.default_rng(seed).spawn(N)


def test_streams_are_of_the_grammar_and_both_choices_are_alike():
    streams, text, states = reber_streams.Streams(rngs(3)), [], []
    for _ in range(6000):
        text.append(streams.letter.copy())
        states.append(streams.state.copy())
        streams.advance()
    ids, states = np.array(text), np.array(states)
    for b in range(3):
        path = CONTINUAL.path(VOCABULARY.decode(ids[:, b]))  # raises where a letter may not come
        np.testing.assert_array_equal(states[:, b], path[1:])
    assert (ids[:, 0] != ids[:, 1]).any()
    after = np.bincount(ids[1:][states[:-1] == 1], minlength=7)  # state 1: T or P
    assert abs(after[VOCABULARY.index["T"]] / after.sum() - 0.5) < 0.05 and after[VOCABULARY.index["T"]] + after[VOCABULARY.index["P"]] == after.sum()


def test_streams_that_begin_anew_and_streams_left_alone():
    streams, alone = reber_streams.Streams(rngs(2)), reber_streams.Streams(rngs(2))
    for _ in range(5):
        streams.advance()
        alone.advance()
    streams.begin(np.array([0]))
    assert VOCABULARY.symbols[streams.letter[0]] == "B" and streams.state[0] == CONTINUAL.path("B")[-1]
    streams.take(np.array([1]))
    for _ in range(5000):
        streams.advance()
        alone.advance()
        assert streams.letter[0] == alone.letter[1] and streams.state[0] == alone.state[1]


def test_choices_are_drawn_anew_when_they_are_used_up():
    streams = reber_streams.Streams(rngs(2))
    first = streams.choices.copy()
    for _ in range(reber_streams.AHEAD):
        streams.advance()
    assert (streams.at == 0).all() and 0.4 < (streams.choices != first).mean() < 0.6


def test_right_is_what_the_task_says():
    streams, rng, outputs, states, ids = reber_streams.Streams(rngs(1)), np.random.default_rng(1), [], [], []
    for _ in range(400):
        ids.append(streams.letter[0])
        states.append(streams.state[0])
        streams.advance()
    outputs = CONTINUAL.table.T[states] + rng.normal(0, 0.12, (400, 7))
    right = reber_streams.all_legal(outputs, np.array(states))
    assert 0 < right.argmin() < 399
    assert first_mistake(outputs[:-1], np.array(ids)) == right.argmin()


def test_the_threshold_of_2000_lets_a_net_pass_that_has_forgotten():
    """Why it is not used: a net that knows all but which of T and P to repeat is never wrong by it."""
    streams, ids, outputs, states = reber_streams.Streams(rngs(1)), [], [], []
    ends = [s for s in range(len(CONTINUAL.states)) if len(CONTINUAL.states[s]) == 1 and CONTINUAL.states[s][0][0] in "TP"]
    for _ in range(500):
        ids.append(streams.letter[0])
        states.append(streams.state[0])
        p = CONTINUAL.table[:, streams.state[0]].copy()
        if streams.state[0] in ends:
            p[[VOCABULARY.index["T"], VOCABULARY.index["P"]]] = 0.5
        outputs.append(p)
        streams.advance()
    outputs, ids = np.array(outputs)[:-1], np.array(ids)
    assert first_mistake(outputs, ids, 0.49) == 499
    assert first_mistake(outputs, ids) < 40
    assert not reber_streams.all_legal(outputs, np.array(states)[:-1]).all()


@pytest.mark.parametrize("forget,weights", [(True, 424), (False, 360)])
def test_the_net_has_as_many_weights_as_the_paper_counts(forget, weights):
    assert continual_reber.blocks(forget).weights == weights
    params = continual_reber.first_weights(continual_reber.blocks(forget), 0, 2)
    net = continual_reber.blocks(forget)
    np.testing.assert_allclose(params["W"][0, net.rows("in"), -1], [-0.5, -1, -1.5, -2])
    if forget:
        np.testing.assert_allclose(params["W"][1, net.rows("forget"), -1], [0.5, 1, 1.5, 2])


def one_by_one(net, params, rng, letters):
    """The test of one stream, without a batch: how many predictions are right before the first mistake."""
    streams, state, outputs, ids = reber_streams.Streams([rng]), net.start(1), [], []
    for _ in range(letters + 1):
        ids.append(streams.letter[0])
        outputs.append(net.step(params, streams.letter, state, learns=False)[0][0].copy())
        streams.advance()
    return first_mistake(np.array(outputs[:-1]), np.array(ids))


def test_test_streams_of_the_blocks():
    net = continual_reber.blocks(True)
    params = continual_reber.first_weights(net, 1, 1)
    for pair in ("B TP", "T SX", "P B", "S XE", "X VS", "V VP", "E B"):  # right at some places: streams have their mistakes at different ones
        before, after = pair.split()
        for letter in after:
            params["S"][0, VOCABULARY.index[letter], VOCABULARY.index[before]] = 5
    want = [one_by_one(net, params, rng, 30) for rng in rngs(40, 4)]
    assert reber_streams.test(net, params, rngs(40, 4), 30) == want
    assert len(set(want)) > 1


def half_trained():
    """A net that is right at first and then wrong, sooner or later."""
    cell = LSTM(7, 6)
    return cell, reber_symbols.train_one(Job("a"), cell, [0], B=8, T=20, lr=0.03, updates=150, check=150, renew=5, stream=10)["params"]


def random_net(variant):
    """An LSTM and a readout with random weights."""
    cell, rng = LSTM(7, 5, variant), np.random.default_rng(2)
    return cell, {k: 3 * p for k, p in (cell.init(rng) | Readout(5, 7).init(rng)).items()}


@pytest.mark.parametrize("piece", [3, 500])
def test_test_streams_of_the_package_cell(piece, monkeypatch):
    monkeypatch.setattr(reber_symbols, "PIECE", piece)
    cell, params = half_trained()
    want = []
    for rng in rngs(60, 6):
        ids, _ = reber_symbols.window(reber_streams.Streams([rng]), 20)
        h = unroll(cell, {k: params[k] for k in cell.shapes}, ids[:-1])[0]
        want.append(first_mistake((params["V"] @ h + params["c"])[:, :, 0], ids[:, 0]))
    assert reber_symbols.test(cell, params, rngs(60, 6), 20) == want and len(set(want)) > 1


@pytest.mark.parametrize("variant", ["1999", "1997"])
def test_drift_is_the_memory(variant):
    cell, params = random_net(variant)
    first = State(*np.random.default_rng(4).normal(0, 3, (2, 5, 1))) if variant == "1997" else None
    found = reber_symbols.drift(cell, params, 3, 200, points=20, close=10, first=first)
    ids, states = reber_symbols.window(reber_streams.Streams([np.random.default_rng(3)]), 200)
    h, _, caches = unroll(cell, {k: params[k] for k in cell.shapes}, ids[:-1], first)
    c = np.array([cache.c[:, 0] for cache in caches])
    np.testing.assert_allclose(found["s"], c[np.array(found["letters"]) - 1], atol=6e-4)
    np.testing.assert_allclose(found["largest"][-1], np.abs(c).max(), atol=6e-4)
    np.testing.assert_allclose(found["close"]["s"], c[-10:], atol=6e-4)
    assert found["close"]["text"] == VOCABULARY.decode(ids[-11:-1, 0]) and found["letters"][-1] == 200
    if variant == "1999":
        np.testing.assert_allclose(found["close"]["forget"], [cache.f[:, 0] for cache in caches[-10:]], atol=6e-4)
    wrong = ~reber_streams.all_legal((params["V"] @ h + params["c"])[:, :, 0], states[:-1, 0])
    assert found["mistakes"][-1] == wrong.sum()


READ = dict(decay=0.9, reset=False, targets="came", rule="most active")


def right_alone(y, state, rule):
    """What is right, said once more."""
    legal = {VOCABULARY.index[letter] for letter, _ in CONTINUAL.states[state]}
    if rule == "any":  # so that streams get as far as the next string
        return True
    if rule == "0.49":
        return all(abs(y[q] - (q in legal)) < 0.49 for q in range(7))
    return min(y[q] for q in legal) > max(y[q] for q in range(7) if q not in legal)


def half_right():
    """Three nets that are right where the last letter says what may come."""
    params = continual_reber.first_weights(continual_reber.blocks(True), 4, 3)
    follows = np.zeros((7, 7), bool)
    for offers in CONTINUAL.states:
        for letter, state in offers:
            follows[[VOCABULARY.index[after] for after, _ in CONTINUAL.states[state]], VOCABULARY.index[letter]] = True
    params["S"][:] = np.where(follows, 2.0, -2.0)
    return params


@pytest.mark.parametrize("reset,targets,rule", [(False, "came", "most active"), (True, "legal", "any"), (False, "legal", "0.49")])
def test_nets_side_by_side_learn_as_each_alone(reset, targets, rule, monkeypatch):
    settings = dict(seed=4, lr=0.5, decay=0.9, reset=reset, targets=targets, rule=rule, most_letters=400, most_streams=10**6, stream=40,
                    test_from=10**6, drift_letters=10)  # fmt: skip
    monkeypatch.setattr(reber_online, "report", lambda net, r, *_: r)
    monkeypatch.setitem(reber_online.RULES, "any", lambda y, state: np.ones(len(y), bool))
    net = continual_reber.blocks(True)
    found = reber_online.train(Job("a"), net=net, params=half_right(), **settings)
    counts = []
    for k in range(3):
        params = {name: p[[k]] for name, p in half_right().items()}
        streams = reber_streams.Streams([generators(5, 3)[k]])
        state, rate, length, counted = net.start(1), 0.5, 0, [0, 0, 0]  # streams, empty memories within one, letters right
        for _ in range(400):
            y, _ = net.step(params, streams.letter, state)
            good, legal = right_alone(y[0], streams.state[0], rule), np.zeros((1, 7))
            legal[0, [VOCABULARY.index[letter] for letter, _ in CONTINUAL.states[streams.state[0]]]] = 1
            streams.advance()
            net.descend(params, state, y - (np.eye(7)[streams.letter] if targets == "came" else legal), rate)
            rate, length, counted[2] = rate * 0.9, length + good, counted[2] + good
            if reset and VOCABULARY.symbols[streams.letter[0]] == "B" and streams.state[0] == reber_streams.FOLLOWING[0, 0]:
                state.reset()
                counted[1] += 1
            if not good or length == 40:
                state.reset()
                streams.begin(np.array([0]))
                rate, length, counted[0] = 0.5, 0, counted[0] + 1
        for name, p in params.items():
            np.testing.assert_allclose(found["params"][name][k], p[0], rtol=0, atol=1e-12)
        assert found["done"][k] == counted[0] and found["length"][k] == length
        counts.append(counted)
    counts = np.array(counts).sum(axis=0)
    assert counts[0] > 20 and counts[2] > 50 and (counts[1] > 0) == reset


def test_an_interrupted_run_of_the_blocks_comes_to_the_same(tmp_path, monkeypatch):
    from experiments import experiment

    settings = continual_reber.ONLINE | continual_reber.SMALL | dict(forget_gate=True, lr=2.0, most_letters=600) | READ
    monkeypatch.setattr(reber_online, "report", lambda net, r, *_: {k: p.tolist() for k, p in r["params"].items()}
                        | {k: r[k].tolist() for k in ("done", "length", "longest", "tests")} | {"n": r["n"]})  # fmt: skip
    whole = continual_reber.train(Job("a"), **settings)
    monkeypatch.setattr(experiment, "SAVE_EVERY", -1)
    stops = {"n": 0}

    def stop(text):
        stops["n"] += 1
        if stops["n"] == 1:
            raise KeyboardInterrupt

    job = Job("a", tmp_path / "a.pickle")
    save = job.save
    job.save = lambda state: (save(state), stop(""))
    with pytest.raises(KeyboardInterrupt):
        continual_reber.train(job, **settings)  # stops at the hundredth letter
    again = continual_reber.train(Job("a", tmp_path / "a.pickle"), **settings)
    assert again == whole and whole["n"] == 600


def test_shares_are_the_columns_of_the_table():
    found = reber_streams.shares([100.0, 2000.0, 1000.0, 100.0], [0])
    assert [found[k]["%"] for k in ("perfect", "good", "rest")] == [25, 25, 50]
    assert [found[k]["mean length"] for k in ("perfect", "good", "rest")] == [100, 2000, 550]


@pytest.mark.parametrize("variant", ["1999", "peephole"])
@pytest.mark.parametrize("read", ["h", "weighted"])
def test_cells_side_by_side_are_cells_alone(variant, read):
    theta = timing.draw(variant, np.random.default_rng(0), 4, 1.0)
    y, h, _ = timing.run(variant, theta, 12, read)
    cell = LSTM(1, 1, variant)
    for k in range(4):
        params = {name: theta[n, k].reshape(1, 1) for n, name in enumerate(timing.names(variant)[:-2])}
        alone = unroll(cell, params, np.ones((12, 1, 1)))[0][:, 0, 0]
        np.testing.assert_allclose(h[:, k], alone, atol=1e-14)
        np.testing.assert_allclose(y[:, 0, k], alone if read == "h" else logistic(theta[-2, k] * alone + theta[-1, k]), atol=1e-14)


@pytest.mark.parametrize("variant", ["1999", "peephole"])
@pytest.mark.parametrize("read", ["h", "weighted"])
def test_slopes_are_those_of_torch(variant, read):
    theta = timing.draw(variant, np.random.default_rng(1), 3, 1.0)
    target = timed_spikes(15, 5, 3).targets
    y, h, tape = timing.run(variant, theta, 15, read)
    found = timing.slopes(variant, theta, y, h, y - target, tape, read)
    for k in range(3):
        rows = torch.tensor(theta[:, k], requires_grad=True)
        params = {name: rows[n].reshape(1, 1) for n, name in enumerate(timing.names(variant)[:-2])}
        o = gpu.unroll(gpu.LSTM(1, 1, variant), params, torch.ones(15, 1, 1, dtype=torch.float64))[0]
        out = o if read == "h" else torch.sigmoid(rows[-2] * o + rows[-1])
        (0.5 * (out - torch.tensor(target[:, :, [k]])) ** 2).sum().backward()
        np.testing.assert_allclose(found[:, k], rows.grad.numpy(), atol=1e-12)


def clock(F=10):
    """A cell that counts to F, by hand: c grows by a tenth, the output gate opens near one, h wipes the memory and nothing is written."""
    rows = dict.fromkeys(timing.names("peephole"), 0.0)
    rows |= {"b_i": 40.0, "b_g": np.arctanh(1 / F), "b_f": 20.0, "W_f": -60.0, "b_o": -400 * (1 - 0.5 / F), "p_o": 400.0}
    return np.array([[rows[k]] for k in timing.names("peephole")])


def test_a_clock_made_by_hand_survives_and_needs_its_peephole():
    theta = clock()
    both = np.hstack([theta, theta * 0.9])
    np.testing.assert_array_equal(timing.survives("peephole", both, 10, "h", 0.49), [True, False])
    assert not timing.survives("peephole", theta, 11, "h", 0.49)[0]
    assert timing.blind("peephole", theta, 10, "h", 0.49) == {"works without h at the gates": False, "works without c at the gates": False}
    found = timing.trace("peephole", theta, 10, "h", 2)
    assert [t for t, h in enumerate(found["h"]) if h > 0.5] == [9, 19]
    np.testing.assert_allclose(np.diff(found["c"][:10]), 0.1, atol=1e-3)
    assert max(found["f"]) > 0.99 > 0.01 > min(found["f"])


def test_truncated_trainer_has_the_gradient_of_1997_truncated_and_cuts_other_variants_alike():
    rng = np.random.default_rng(5)
    ids, dh = rng.integers(7, size=(6, 2)), rng.standard_normal((6, 3, 2))
    found = {}
    for variant in ("1997", "1997-truncated", "1999"):
        cell = LSTM(7, 3, variant)
        trainer = reber_symbols.Truncated(cell, cell.init(np.random.default_rng(6)) | Readout(3, 7).init(np.random.default_rng(7)))
        memory = twin(cell).forward(cell, trainer.params, ids, cell.initial_state(2), None)[2]
        found[variant] = (SymbolTrainer if variant == "1997-truncated" else reber_symbols.Truncated)._gradients(trainer, dh.copy(), memory)
    for k, g in found["1997-truncated"].items():
        np.testing.assert_array_equal(found["1997"][k], g)
    params = {k: torch.tensor(p, requires_grad=True) for k, p in trainer.params.items() if k in cell.shapes}
    h, c, loss = torch.zeros(3, 2, dtype=torch.float64), torch.zeros(3, 2, dtype=torch.float64), 0.0
    for t in range(6):
        x, seen = torch.eye(7, dtype=torch.float64)[:, ids[t]], h.detach()
        i, f, g, o = (params[f"U_{k}"] @ x + params[f"W_{k}"] @ seen + params[f"b_{k}"] for k in "ifgo")
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        loss = loss + (h * torch.tensor(dh[t])).sum()
    loss.backward()
    for k, p in params.items():
        np.testing.assert_allclose(found["1999"][k], p.grad.numpy(), rtol=0, atol=1e-12)
