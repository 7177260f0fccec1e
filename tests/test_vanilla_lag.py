"""The vanilla nets that memory blocks are compared with in the experiment on noisy lags: gradients by Torch, a rate for each trial."""

import numpy as np
import torch

from experiments.vanilla_lag import Vanilla
from rnncore.reference.memory_blocks import generators

N, T, D, H, K, B = 2, 7, 6, 5, 2, 3


def case(rates=(0.01, 0.02), clip=1.0):
    nets, rng = Vanilla(generators(0, N), D, H, K, np.array(rates), clip), np.random.default_rng(1)
    ids, ticks, targets = rng.integers(D, size=(T, N, B)), np.ones((T, N, B), bool), rng.integers(K, size=(N, B))
    ticks[:3, 1, 0] = ticks[:5, 0, 2] = False  # sequences that begin later
    return nets, ids, ticks, targets


def test_gradients_are_those_of_autograd():
    nets, ids, ticks, targets = case()
    nets.params = {k: p.astype(float) for k, p in nets.params.items()}
    y, grads = nets.gradients(ids, ticks, targets)
    p, loss = {k: torch.tensor(v, requires_grad=True) for k, v in nets.params.items()}, 0
    for n in range(N):
        for b in range(B):
            h = torch.zeros(H, 1, dtype=torch.float64)
            for t in np.flatnonzero(ticks[:, n, b]):
                h = torch.tanh(p["U"][n][:, [ids[t, n, b]]] + p["W"][n] @ h + p["b"][n])
            o = torch.log_softmax(p["V"][n] @ h + p["c"][n], 0)
            np.testing.assert_allclose(y[n, :, b], o.exp().detach().numpy()[:, 0], rtol=1e-12)
            loss = loss - o[targets[n, b], 0] / B
    loss.backward()
    for k in p:
        np.testing.assert_allclose(grads[k], p[k].grad.numpy(), rtol=1e-10, atol=1e-13, err_msg=k)


def test_a_trial_learns_as_it_would_alone_with_its_rate():
    nets, ids, ticks, targets = case()
    start = {k: p.copy() for k, p in nets.params.items()}
    for _ in range(3):
        nets.learn(ids, ticks, targets)
    for n, rate in enumerate((0.01, 0.02)):
        alone = Vanilla(generators(0, N)[n : n + 1], D, H, K, np.array([rate]))
        for _ in range(3):
            alone.learn(ids[:, n : n + 1], ticks[:, n : n + 1], targets[n : n + 1])
        for k, p in alone.params.items():
            np.testing.assert_allclose(p[0], nets.params[k][n], rtol=1e-5, atol=1e-6)
            assert np.abs(p[0] - start[k][n]).max() < 3.2 * rate  # Adam's steps are no longer than the rate


def test_long_gradients_are_cut_to_length_one():
    """Each net's own: a net with a long gradient has no say in how far another one goes."""
    seen = []
    nets, ids, ticks, targets = case(clip=0.01)
    update = nets.optimizer.update

    class Spy:
        def update(self, params, grads, state):
            seen.append(grads)
            return update(params, grads, state)

    nets.optimizer = Spy()
    nets.learn(ids, ticks, targets)
    length = np.sqrt(sum((g**2).sum(axis=(1, 2)) for g in seen[0].values()))
    np.testing.assert_allclose(length, 0.01, rtol=1e-5)
