"""Embedded Reber strings, learned one by one by many nets of memory blocks side by side, each with strings of its own.

The nets do not wait for each other: at every step each is somewhere in a string, and one that has come to the end begins its next.
A net is tested, frozen, on all 512 strings whenever `every` of its own have passed since the last look and the last `clean` of them
were right while it learned: that cannot miss a success by more than about so many strings, and saves nearly all the tests.
"""

from __future__ import annotations

import numpy as np

from rnncore.reference.memory_blocks import MemoryBlocks, generators
from rnncore.tasks.reber_prediction import Strings, all_legal, strings, train_and_test


class Adam:
    """Kingma and Ba 2015, over arrays that have the trials in front; a trial's first step is its own."""

    def __init__(self, params: dict, lr: float, half: float, beta1: float = 0.9, beta2: float = 0.999):
        self.lr, self.half, self.betas = lr, half, (beta1, beta2)
        self.t = np.zeros(len(next(iter(params.values()))), int)
        self.m, self.v = ({k: np.zeros_like(p) for k, p in params.items()} for _ in range(2))

    def update(self, params: dict, grads: dict) -> None:
        (b1, b2), self.t = self.betas, self.t + 1
        rate = self.lr / (1 - b1**self.t) * np.sqrt(1 - b2**self.t) / (1 + self.t / self.half)
        for k, g in grads.items():
            m, v = self.m[k], self.v[k]
            m *= b1
            m += (1 - b1) * g
            v *= b2
            v += (1 - b2) * g * g
            params[k] -= rate.reshape(-1, *[1] * (g.ndim - 1)) * m / (np.sqrt(v) + 1e-8)

    def forget(self, i: int) -> None:
        """Begin anew for one trial."""
        self.t[i] = 0
        for moment in (self.m, self.v):
            for a in moment.values():
                a[i] = 0

    def keep(self, which: np.ndarray) -> None:
        self.m, self.v = ({k: a[which] for k, a in moment.items()} for moment in (self.m, self.v))
        self.t = self.t[which]
        self.lr, self.half = (x[which] if np.ndim(x) else x for x in (self.lr, self.half))


class Reber:
    """N nets at work. `after`: for each trial after how many strings it was solved, None if it was not within `cap`.

    `left`: what part of the 512 strings the others had right when they were given up.

    Args:
        net: the shape of all nets.
        sets: so many data sets, of 256 strings to train on and 256 to test on; inits: nets on each of them.
        scale, biases: for `MemoryBlocks.init`.
        lr: learning rate, of Adam if `adam`, else of plain descent after every letter; half: Adam's rate is halved after so many updates,
            and falls like 1/t after; batch: letters between its updates.
        average: what is tested is a running mean of the weights, which moves by this part at each of Adam's updates; 0 tests the weights.
        at: "outputs" for the squared error, "net inputs" for the cross-entropy.
        cap: strings after which a trial is given up; every, clean: when a net is tested.
        restart: a net that is not solved after so many strings gets new weights; the strings it has had count. 0: never.
        different: whether no string occurs twice within a data set.
    """

    def __init__(self, net: MemoryBlocks, seed: int, sets: int, inits: int, scale: float, biases: dict, lr: float, cap: int,
                 adam: bool = False, batch: int = 1, half: float = np.inf, average: float = 0.0, at: str = "outputs", every: int = 100,
                 clean: int = 20, restart: int = 0, different: bool = True):
        N = sets * inits
        self.net, self.lr, self.at, self.cap, self.every, self.clean = net, lr, at, cap, every, clean
        pairs = [train_and_test(np.random.default_rng([seed, d]), different=different) for d in range(sets)]
        self.all = [strings(a.text + b.text) for a, b in pairs]
        self._store([a for a, _ in pairs])
        self.set, self.trial, self.after = np.repeat(np.arange(sets), inits), np.arange(N), [None] * N
        self.restart, self.init, self.rngs = restart, (scale, biases), generators(seed, N)
        self.params, self.state = net.init(self.rngs, scale, **biases), net.start(N)
        self.order = np.stack([rng.integers(256, size=cap + 1) for rng in self.rngs]).astype(np.int16)  # which string comes when
        self.adam = Adam(self.params, lr, half) if adam else None
        self.average, self.mean = average, {k: p.copy() for k, p in self.params.items()} if average else None
        self.batch, self.sum = batch, {k: np.zeros_like(p) for k, p in self.params.items()}
        self.at_letter, self.done, self.looked, self.begun = np.zeros((4, N), int)
        self.right = np.zeros(N, int)  # strings in a row without a mistake
        self.fine, self.left, self.now = np.ones(N, bool), [], 0
        self.string = self.order[:, 0].astype(int)

    def _store(self, train: list[Strings]) -> None:
        T = max(len(s.ids) for s in train)
        self.ids, self.targets = np.zeros((2, len(train), 256, T), int)
        self.last = np.zeros((len(train), 256), int)
        self.legal = np.zeros((len(train), 256, T, 7), bool)
        for d, s in enumerate(train):
            n = len(s.ids)
            self.ids[d, :, :n], self.targets[d, :, :n] = s.ids.T, s.targets.T
            self.legal[d, :, :n], self.last[d] = s.probabilities.transpose(2, 0, 1) > 0, s.mask.sum(axis=0) - 1

    def step(self) -> None:
        """A letter for each net; who has come to the end of its string may be tested, and goes on with the next."""
        where = (self.set, self.string, self.at_letter)
        y, _ = self.net.step(self.params, self.ids[where], self.state)
        legal = self.legal[where]
        self.fine &= np.where(legal, y, 2).min(axis=1) > np.where(legal, -1, y).max(axis=1)
        self.now += 1
        e = y.copy()
        e[self.state.trials, self.targets[where]] -= 1
        if self.adam:
            for k, g in self.net.gradient(self.params, self.state, e, self.at).items():
                self.sum[k] += g
            if self.now % self.batch == 0:
                self.adam.update(self.params, self.sum)
                for k, g in self.sum.items():
                    g[...] = 0
                    if self.average:
                        self.mean[k] += self.average * (self.params[k] - self.mean[k])
        else:
            self.net.descend(self.params, self.state, e, self.lr, self.at)
        end = self.at_letter == self.last[self.set, self.string]
        self.at_letter += 1
        if end.any():
            self._ends(end)

    def _ends(self, end: np.ndarray) -> None:
        self.done += end
        self.right = np.where(end, (self.right + 1) * self.fine, self.right)
        self.fine |= end
        self.at_letter[end] = 0
        self.state.reset(end)
        self.string = np.where(end, self.order[self.state.trials, self.done], self.string)
        leaves = end & (self.done >= self.cap)
        for i in np.flatnonzero(end & (self.right >= self.clean) & (self.done - self.looked >= self.every) | leaves):
            self.looked[i] = self.done[i]
            share = self.share_right(i)
            if share == 1:
                self.after[self.trial[i]] = int(self.done[i])
                leaves[i] = True
            elif leaves[i]:
                self.left.append(round(share, 3))
        if self.restart:
            for i in np.flatnonzero(end & ~leaves & (self.done - self.begun >= self.restart)):
                self._begin_anew(i)
        if leaves.any():
            self._keep(~leaves)

    def _begin_anew(self, i: int) -> None:
        scale, biases = self.init
        new = self.net.init([self.rngs[self.trial[i]]], scale, **biases)
        for k, p in self.params.items():
            p[i], self.sum[k][i] = new[k][0], 0
            if self.mean:
                self.mean[k][i] = p[i]
        if self.adam:
            self.adam.forget(i)
        self.begun[i] = self.done[i]

    def share_right(self, i: int) -> float:
        """How many of the 512 strings a net predicts right, frozen."""
        task = self.all[self.set[i]]
        B = len(task.text)
        params = {k: np.repeat(p[i : i + 1], B, axis=0) for k, p in (self.mean or self.params).items()}
        state = self.net.start(B)
        outputs = np.stack([self.net.step(params, x_t, state, learns=False)[0].T.copy() for x_t in task.ids])
        return float(all_legal(outputs, task).mean())

    def _keep(self, which: np.ndarray) -> None:
        for name in ("set", "trial", "order", "at_letter", "done", "looked", "begun", "right", "fine", "string"):
            setattr(self, name, getattr(self, name)[which])
        self.params, self.state = {k: p[which] for k, p in self.params.items()}, self.state.take(which)
        self.sum = {k: g[which] for k, g in self.sum.items()}
        self.mean = self.mean and {k: p[which] for k, p in self.mean.items()}
        if self.adam:
            self.adam.keep(which)
