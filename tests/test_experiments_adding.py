"""The adding problem, old and new: the small net's gradients, the stop rule, the nets side by side, the search for a rate."""

import math
import pickle

import numpy as np
import pytest
import torch

from experiments import adding, adding_modern, fast_fit
from experiments.experiment import Job
from rnncore import results
from rnncore.reference.lstm import LSTM
from rnncore.reference.memory_blocks import MemoryBlocks
from rnncore.tasks import adding as tasks


@pytest.mark.parametrize("model", adding_modern.MODELS)
def test_gradients_are_those_of_autograd(model):
    cell, how = adding_modern.MODELS[model]
    net = fast_fit.Learner(cell, np.random.default_rng(0), 1e-3, 1.0, how, np.float64)
    task = tasks.adding(np.random.default_rng(1), 5, 7)
    y, grads = net.gradients(task.x, task.targets)
    p = {k: torch.tensor(v, requires_grad=True) for k, v in net.params.items()}
    h = c = torch.zeros(cell.H, 5, dtype=torch.float64)
    for x in torch.tensor(task.x):
        a = lambda k, h: p[f"U_{k}"] @ x + p[f"W_{k}"] @ h + p[f"b_{k}"]  # noqa: B023, E731
        if "LSTM" in model:
            c = torch.sigmoid(a("f", h)) * c + torch.sigmoid(a("i", h)) * torch.tanh(a("g", h))
            h = torch.sigmoid(a("o", h)) * torch.tanh(c)
        elif model == "GRU":
            z = torch.sigmoid(a("z", h))
            n = torch.tanh(p["U_n"] @ x + p["b_n"] + torch.sigmoid(a("r", h)) * (p["W_n"] @ h + p["d_n"]))
            h = z * h + (1 - z) * n
        else:
            h = (torch.relu if model == "IRNN" else torch.tanh)(p["U"] @ x + p["W"] @ h + p["b"])
    out = p["V"] @ h + p["c"]
    torch.mean((out - torch.tensor(task.targets[0])) ** 2).backward()
    np.testing.assert_allclose(y[0], out.detach(), atol=1e-14)
    assert grads.keys() == p.keys()
    for k, g in grads.items():
        np.testing.assert_allclose(g, p[k].grad, atol=1e-13, err_msg=k)


def test_padding_changes_nothing():
    net = fast_fit.Learner(LSTM(2, 4, "1997"), np.random.default_rng(0), 1e-2, 1.0, {"b_i": adding.four_biases}, np.float64)
    task = tasks.adding_1997(np.random.default_rng(2), 3, 40)
    assert not task.mask.all()
    together = net.outputs(task.x, task.mask)[0][0, 0]
    for b, length in enumerate(task.mask.sum(axis=0)):
        assert net.outputs(task.x[:length, :, b : b + 1])[0][0, 0, 0] == pytest.approx(together[b], abs=1e-12)
    np.testing.assert_array_equal(net.params["b_i"].ravel(), [-3, -3, -6, -6])


def test_models_are_of_about_one_size_and_learn_alike():
    nets = [adding_modern.Trial(m, 10, 1e-3, 0, 8, 1.0).net for m in adding_modern.MODELS]
    sizes = [net.parameters for net in nets]
    assert max(sizes) < 1.01 * min(sizes)
    rows = adding_modern.EXPERIMENT.runs
    assert len({str({k: v for k, v in r.settings.items() if k not in ("model", "T", "rates")}) for r in rows.values()}) == 1, "cap, batches"
    assert len({str(r.settings["rates"]) for r in rows.values() if r.settings["T"] < 400}) == 1, "the same search"


def test_gates_that_are_open_keep_for_as_long_as_the_sequence():
    net = adding_modern.Trial(adding_modern.OPEN, 50, 1e-3, 0, 8, 1.0).net
    keeps = np.exp(net.params["b_f"])  # u, where f = u / (u + 1): kept for about u steps
    assert 1 < keeps.min() < keeps.max() < 49 and keeps.std() > 5
    np.testing.assert_array_equal(net.params["b_i"], -net.params["b_f"])
    assert (adding_modern.Trial("LSTM", 50, 1e-3, 0, 8, 1.0).net.params["b_f"] == 1).all()


def test_rates_at_400_are_those_found_at_200():
    runs = results.load("adding_modern")["runs"]
    for label, r in adding_modern.EXPERIMENT.runs.items():
        before = label.replace("400", "200")
        if r.settings["T"] == 400 and before in runs:
            searched = runs[before]["result"]
            assert r.settings["rates"] == [searched["rate"]] == [adding_modern.chosen(searched["search"])]


def test_a_step_is_cut_and_a_failed_net_says_so():
    net = fast_fit.Learner(LSTM(2, 3), np.random.default_rng(0), 1e-3, 1e-12, {})
    task = tasks.adding(np.random.default_rng(1), 4, 6)
    net.learn(task.x, task.targets)
    assert math.sqrt(sum(float((m**2).sum()) for m in net.state["mean"].values())) == pytest.approx(0.1 * 1e-12, rel=1e-3)  # 1 − β₁ of it
    cell, how = adding_modern.MODELS["IRNN"]
    net = fast_fit.Learner(cell, np.random.default_rng(0), 1e-3, 1.0, {"U": how["U"], "W": lambda rng, shape, dtype: np.full(shape, 9, dtype)})
    task = tasks.adding(np.random.default_rng(1), 4, 60)
    before = net.params
    assert net.learn(task.x, task.targets) is None and net.diverged and net.params is before
    assert net.mse(task) == math.inf


def test_the_search_takes_what_solved_it_first():
    row = lambda rate, solved, best: {"rate": rate, "solved": solved, "best": best}  # noqa: E731
    assert adding_modern.chosen([row(1, None, 0.01), row(2, 90, 0.0009), row(3, 80, 0.00095)]) == 3
    assert adding_modern.chosen([row(1, None, None), row(2, None, 0.16), row(3, None, 0.17)]) == 2


def test_a_trial_stops_at_the_mark_and_goes_on_where_it_was():
    test = tasks.adding(np.random.default_rng(9), 50, 6)
    whole = adding_modern.Trial("GRU", 6, 1e-2, 3, 20, 1.0)
    assert whole.go_on(Job("a"), dict, test, 20_000, 50, 0.02) == len(whole.mse) * 1000 <= 20_000
    assert whole.mse[-1] < 0.02 <= min(whole.mse[:-1]) and whole.net.mse(test) == whole.mse[-1]
    assert whole.below(0.02, 50) == whole.n * 20 and whole.below(1e-9, 50) is None
    cut = adding_modern.Trial("GRU", 6, 1e-2, 3, 20, 1.0)
    assert cut.go_on(Job("a"), dict, test, 2000, 50, 0.02) is None
    cut = pickle.loads(pickle.dumps(cut))
    cut.go_on(Job("a"), dict, test, 20_000, 50, 0.02)
    assert cut.mse == whole.mse
    curve = whole.curve(50)
    assert len(curve["mse"]) <= adding_modern.POINTS + 1 and curve["sequences"][-1] == whole.n * 20


def test_the_stop_rule():
    rng, seen = np.random.default_rng(0), adding.Window(1)
    errors = rng.uniform(0, 0.019, 2300)  # their mean is below 0.01
    errors[100] = 0.041
    met = [bool(seen.add(np.array([[e]]))[0]) for e in errors]
    assert met.index(True) == 2100 and all(met[2100:])  # the wrong one has gone out: 2,101 sequences seen
    seen = adding.Window(2)
    assert seen.add(np.full((1999, 2), 0.001)).tolist() == [False, False]
    assert seen.add(np.array([[0.001, 0.05]])).tolist() == [True, False]
    assert adding.Window(1).add(np.full((2000, 1), 0.02)).tolist() == [False]  # all right, but their mean is too large
    seen.take(np.array([False, True]))
    assert seen.errors.shape == (2000, 1) and seen.errors[1999, 0] == 0.05


def nets(N=3, **other):
    return adding.Nets(**{"seed": 1, "N": N, "T": 20, "blocks": 2, "size": 2, "scale": 0.1, "in_": [-3, -6], "first": "skipped", "window": 30} | other)


def test_nets_side_by_side_are_nets_alone():
    """The literal recipe, done again for one net, step by step and one sequence at a time."""
    many = nets()
    many.learn(0.5, 2, 25)
    other = nets()
    net, rng = MemoryBlocks(2, 1, 2, 2), other.rngs[1]
    params = {k: p[1:2].copy() for k, p in other.params.items()}
    assert params["W"][0, net.rows("in"), -1].tolist() == [-3, -6] and net.weights == 93
    task, errors = tasks.adding_1997(rng, 25, 20), []
    for b in range(25):
        state = net.start(1)
        for t in range(int(task.mask[:, b].sum())):
            y, state = net.step(params, task.x[t, :, b][None], state)
        errors.append(abs(y[0, 0] - task.targets[0, 0, b]))
        net.descend(params, state, 2 * (y - task.targets[0, :, b]), 0.5)
    np.testing.assert_allclose(many.window.errors[:25, 1], errors, atol=1e-12)
    for k, p in params.items():
        np.testing.assert_allclose(many.params[k][1], p[0], atol=1e-12, err_msg=k)


def test_nets_that_stop_leave_with_their_weights(monkeypatch):
    monkeypatch.setattr(adding, "TOLERANCE", 0.4)
    monkeypatch.setattr(adding, "MEAN", 0.16)
    some, endless = nets(4), nets(4, window=10_000)  # no stop before so many
    while len(some.left) == 4 and some.window.n < 2000:
        some.learn(0.1, 2, 1)
        endless.learn(0.1, 2, 1)
    gone = [k for k, n in enumerate(some.solved) if n is not None]
    assert gone and not set(gone) & set(some.left.tolist()) and all(some.solved[k] == some.window.n >= 30 for k in gone)
    kept = {k: some.finished[k][gone].copy() for k in some.finished}
    assert all((endless.params[k][gone] == kept[k]).all() for k in kept)
    some.learn(0.1, 2, 5)
    errors = some.asked(40)
    assert errors.shape == (40, 4) and (errors > 0).all()
    assert all((some.finished[k][gone] == kept[k]).all() for k in kept)


def test_the_record_tells_what_the_mark_asks():
    done = [{"solved": 50, "wrong": 1, "mse": 0.1}, {"solved": 70, "wrong": 3, "mse": 0.2}]
    assert adding.at_most_three(adding.told(done, 93, 100, 2560))
    for spoilt in ({"solved": None}, {"wrong": 4}):
        found = adding.told([done[0], done[1] | spoilt], 93, 100, 2560)
        assert not adding.at_most_three(found) and found["wrong"][1] == spoilt.get("wrong", 3)
