"""The nets of the long-lag table and of the Reber strings: weights, learning as Torch's autograd has it, who counts as solved."""

import numpy as np
import pytest
import torch

from experiments.experiment import Job
from experiments.long_lag_cell import OneCell
from experiments.long_lag_chunker import sequences as chunker_sequences
from experiments.long_lag_nets import OneUnit
from experiments.long_lag_train import train
from experiments.reber_training import Adam, Reber
from rnncore.reference.memory_blocks import MemoryBlocks, generators
from rnncore.tasks.long_lag import LongLag, noise_free
from rnncore.tasks.reber import EMBEDDED, VOCABULARY
from rnncore.tasks.reber_prediction import strings, train_and_test
from tests.cases import close

P, RATES = 5, np.array([0.7, 1.5, 4.0])


def sequences(keys, p=P):
    """The same sequences as the task makes them."""
    middle = np.tile(np.arange(p - 1)[:, None], len(keys))
    whole = np.concatenate([(p - 1 + keys)[None], middle, (p - 1 + keys)[None]])
    return LongLag(whole[:-1], whole[1:], None, slice(None))


def weights(net):
    names = ("W", "U", "w", "V") if isinstance(net, OneUnit) else ("W", "gate_weights", "cell_weights", "V")
    return {k: torch.tensor(getattr(net, k)) for k in names}


def outputs_at(kind, past, ids):
    """The outputs of step t out of the weights that the net had at each step up to t."""
    n = torch.arange(ids.shape[1])
    h = torch.zeros(ids.shape[1], dtype=torch.float64)
    for theta, x in zip(past, torch.tensor(ids)):
        if kind is OneUnit:
            h = torch.sigmoid(theta["U"][x, n] + theta["w"] * h)
        else:
            h = h + torch.sigmoid(theta["gate_weights"][x, n]) * torch.sigmoid(theta["cell_weights"][x, n])
    theta = past[-1]
    return torch.sigmoid(theta["W"][x, :, n].T + theta["V"] * h)


def online(kind, theta, task, rates):
    """All weights change at every step, by the gradient of its loss with respect to a change that all steps before had in common."""
    past, worst, squared = [], 0, 0
    for t, target in enumerate(task.targets):
        change = {k: torch.zeros_like(v, requires_grad=True) for k, v in theta.items()}
        past.append(theta)
        y = outputs_at(kind, [{k: old[k] + change[k] for k in old} for old in past], task.ids[: t + 1])
        miss = torch.nn.functional.one_hot(torch.tensor(target), P + 1).T - y
        grads = torch.autograd.grad((miss**2).sum() / 2, list(change.values()))
        theta = {k: v - torch.tensor(rates) * g for (k, v), g in zip(theta.items(), grads)}
        worst, squared = np.maximum(worst, abs(miss.detach().numpy()).max(axis=0)), squared + (miss.detach().numpy() ** 2).sum(axis=0)
    return theta, worst, squared


def made(kind, **settings):
    net = kind(np.random.default_rng(3), P, RATES, spread=1.0, **settings)
    if kind is OneCell:
        net.on[:] = True
    return net


@pytest.mark.parametrize("kind", [OneUnit, OneCell])
def test_learning_is_online_and_by_the_gradient(kind):
    net = made(kind)
    for keys in np.array([[0, 1, 1], [1, 1, 0], [0, 0, 1]]):
        theta, worst, squared = online(kind, weights(net), sequences(keys), RATES)
        largest = net.learn(keys)
        close(largest, worst, 1e-12)
        close(net.squared(), squared, 1e-12)
        for k, v in weights(net).items():
            close(v.numpy(), theta[k].numpy(), 1e-11)


def test_bptt_is_the_gradient_of_the_whole_sequence():
    net, keys = made(OneUnit, online=False), np.array([0, 1, 1])
    theta, task = {k: v.requires_grad_() for k, v in weights(net).items()}, sequences(np.array([0, 1, 1]))
    loss = 0
    for t, target in enumerate(task.targets):
        y = outputs_at(OneUnit, [theta] * (t + 1), task.ids[: t + 1])
        loss = loss + ((torch.nn.functional.one_hot(torch.tensor(target), P + 1).T - y) ** 2).sum() / 2
    grads = dict(zip(theta, torch.autograd.grad(loss, list(theta.values()))))
    net.learn(keys)
    for k, v in weights(net).items():
        close(((theta[k] - v) / torch.tensor(RATES)).detach().numpy(), grads[k].numpy(), 1e-12)


@pytest.mark.parametrize("p,count", [(4, 36), (10, 144), (100, 10404)])
def test_the_nets_have_as_many_weights_as_in_the_table(p, count):
    net = OneUnit(np.random.default_rng(0), p, [1.0, 1.0])
    assert net.weights == count == sum(getattr(net, k).size for k in ("W", "U", "w", "V")) / 2


def test_the_cell_has_as_many_weights_as_in_the_table():
    net = OneCell(np.random.default_rng(0), 100, [1.0, 1.0], gate=-5.0)
    assert net.weights == 10504 == sum(getattr(net, k).size for k in ("W", "gate_weights", "cell_weights", "V")) / 2
    assert abs(net.gate_weights.mean() + 5) < 0.1 > abs(net.cell_weights.mean()) and abs(net.gate_weights + 5).max() <= 0.2


def test_the_sequences_are_those_of_the_task():
    task = noise_free(np.random.default_rng(0), 8, P)
    ours = sequences(task.ids[0] - P + 1)
    np.testing.assert_array_equal(ours.ids, task.ids)
    np.testing.assert_array_equal(ours.targets, task.targets)
    whole = chunker_sequences(task.ids[0] - P + 1, P)[:, :, 0]
    np.testing.assert_array_equal(whole, np.concatenate([task.ids, task.targets[-1:]]))


def test_nets_that_leave_do_not_change_the_others():
    for kind in (OneUnit, OneCell):
        rng = np.random.default_rng(1)
        together, alone = made(kind), made(kind)
        alone.keep(np.array([True, False, True]))
        for _ in range(5):
            keys = rng.integers(2, size=3)
            close(alone.learn(keys[[0, 2]]), together.learn(keys)[[0, 2]], 1e-13)
        close(alone.W, together.W[..., [0, 2]], 1e-13)


def test_the_cell_comes_when_the_error_has_stopped_falling():
    net, keys = OneCell(np.random.default_rng(0), 3, [1.0], window=4, wait=0.9), np.random.default_rng(1)
    errors = []
    while not net.on[0]:
        before = net.V.copy()
        net.learn(keys.integers(2, size=1))
        np.testing.assert_array_equal(net.V, before)  # nothing of the cell learns before it is there
        errors.append(net.squared()[0])
    windows = np.add.reduceat(errors, range(0, len(errors), 4))
    ratios = windows[1:] / windows[:-1]
    assert net.added[0] == len(errors) and len(ratios) > 2 and ratios[-1] > 0.9 and (ratios[:-1] <= 0.9).all()
    net.learn(np.array([1]))
    assert (net.V != before).all()


class Script:
    """Errors as written down, for three nets."""

    def __init__(self, errors):
        self.errors, self.n, self.alive = errors, 0, np.arange(errors.shape[1])

    def learn(self, keys):
        assert len(keys) == len(self.alive)
        self.n += 1
        return self.errors[self.n - 1, self.alive]

    def keep(self, which):
        self.alive = self.alive[which]


def test_what_comes_before_the_sequences_in_a_row_is_counted():
    errors = np.full((1000, 4), 0.2)
    errors[:37, 0] = 0.25  # not below
    errors[::50, 1] = 0.3
    errors[:151, 2] = errors[215:, 2] = 0.9
    errors[:300, 3] = 0.9  # begins in time, by one
    found = train(Job("a"), lambda rng: Script(errors), 4, seed=0, cap=301, run=60)
    assert found["after"] == [37, None, 151, 300] and found["error"][1] == pytest.approx(0.202)
    assert train(Job("a"), lambda rng: Script(errors), 4, seed=0, cap=300, run=60)["after"] == [37, None, 151, None]


def test_adam_is_that_of_torch_with_a_rate_for_each_trial():
    rng, rates = np.random.default_rng(0), np.array([0.1, 0.3])
    ours = {"W": rng.standard_normal((2, 3, 4)), "c": rng.standard_normal((2, 3))}
    theirs = [{k: torch.tensor(p[n], requires_grad=True) for k, p in ours.items()} for n in range(2)]
    optimizers = [torch.optim.Adam(list(t.values()), lr=r) for t, r in zip(theirs, rates)]
    adam = Adam(ours, rates, np.inf)
    for _ in range(4):
        grads = {k: 1e6 * rng.standard_normal(p.shape) for k, p in ours.items()}  # large: the 1e-8 in the division stands elsewhere
        for n, optimizer in enumerate(optimizers):
            for k, t in theirs[n].items():
                t.grad = torch.tensor(grads[k][n])
            optimizer.step()
        adam.update(ours, grads)
    for n in range(2):
        for k, p in ours.items():
            close(p[n], theirs[n][k].detach().numpy(), 1e-9)


def small(**settings):
    net = MemoryBlocks(7, 7, 2, 2, shortcut=True)
    return net, Reber(net, 0, 2, 2, **dict(scale=0.5, biases={"out": [-1, -2]}, lr=0.3, cap=6) | settings)


def test_each_net_learns_its_own_strings_one_by_one():
    net, run = small()
    start, order, sets = {k: p.copy() for k, p in run.params.items()}, run.order.copy(), run.set.copy()
    texts = [train_and_test(np.random.default_rng([0, d]))[0].text for d in range(2)]
    seen = {}
    run.share_right = lambda i: seen.setdefault(int(run.trial[i]), {k: p[i].copy() for k, p in run.params.items()}) and 0.5
    while len(run.trial):
        run.step()
    assert run.after == [None] * 4 and run.left == [0.5] * 4
    for n in range(4):
        params = {k: p[n : n + 1] for k, p in start.items()}
        for which in order[n, :6]:
            letters, state = VOCABULARY.encode(texts[sets[n]][which]), net.start(1)
            for x, target in zip(letters[:-1], letters[1:]):
                y, _ = net.step(params, np.array([x]), state)
                net.descend(params, state, y - np.eye(7)[target], 0.3)
        for k, p in params.items():
            close(seen[n][k], p[0], 1e-12)


def test_a_string_is_right_if_all_its_letters_are():
    net, run = small()
    task = run.all[1] = strings(run.all[1].text[:40])
    for p in run.params.values():
        p *= 8
    got = []
    for text in task.text:
        state, params = net.start(1), {k: p[2:3] for k, p in run.params.items()}
        y = [net.step(params, np.array([x]), state)[0][0].copy() for x in VOCABULARY.encode(text)[:-1]]
        legal = [set(EMBEDDED.next_letters(text[: t + 1])) for t in range(len(y))]
        got.append(all(set(np.array(VOCABULARY.symbols)[np.argsort(-o)[: len(ok)]]) == ok for o, ok in zip(y, legal)))
    assert run.share_right(2) == np.mean(got)


def test_a_net_that_has_all_strings_right_leaves_and_the_others_go_on():
    seen = []
    for last in (1, 0):
        run, looks = small(every=1, clean=0, cap=4)[1], {n: [] for n in range(4)}

        def share(i, run=run, looks=looks, last=last):
            n = int(run.trial[i])
            looks[n].append(run.params["W"][i].copy())
            return float(last and n == 1 and run.done[i] == 2)

        run.share_right = share
        while len(run.trial):
            run.step()
        seen.append(looks)
        assert run.after == [None, 2 if last else None, None, None] and len(run.left) == 4 - last
    assert [len(looks[1]) for looks in seen] == [2, 4]
    for n in (0, 2, 3):
        close(np.array(seen[0][n]), np.array(seen[1][n]), 1e-12)


def test_a_net_that_is_slow_begins_anew_and_its_strings_count():
    net = MemoryBlocks(7, 7, 2, 2, shortcut=True)
    how = dict(scale=0.5, biases={"out": [-1, -2]}, lr=0.1, adam=True, every=2, clean=0, average=0.5)
    run = Reber(net, 0, 1, 2, cap=5, restart=2, **how)
    run.share_right = lambda i: float(run.trial[i] == 1 and run.done[i] == 4)
    first = {k: p.copy() for k, p in run.params.items()}
    while run.begun[0] == 0:
        run.step()
    rng = generators(0, 2)[0]
    assert (net.init([rng], 0.5, out=[-1, -2])["W"] == first["W"][0]).all()
    rng.integers(256, size=6)
    anew = net.init([rng], 0.5, out=[-1, -2])
    for k, p in anew.items():
        np.testing.assert_array_equal(run.params[k][0], p[0])
        np.testing.assert_array_equal(run.mean[k][0], p[0])
        assert not run.adam.m[k][0].any() and not run.sum[k][0].any() and (run.mean[k][1] != first[k][1]).any()
    assert run.adam.t[0] == 0 and run.done[0] == run.begun[0] == 2
    while len(run.trial):
        run.step()
    assert run.after == [None, 4] and run.left == [0.0]
