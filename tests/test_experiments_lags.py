"""The nets of the long-lag table: weights counted, learning as Torch's autograd has it, step by step, and who counts as solved."""

import numpy as np
import pytest
import torch

from experiments.experiment import Job
from experiments.long_lag_cell import OneCell
from experiments.long_lag_nets import OneUnit
from experiments.long_lag_train import train
from rnncore.tasks.long_lag import LongLag
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
