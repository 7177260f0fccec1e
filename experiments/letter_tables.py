r"""Letters by counting: what the letters before say about the next, in names of several lists. A baseline for nets on names.

$$P_n(c \mid \ell, s) = \frac{N(\ell, s, c) + \kappa\, P_{n-1}(c \mid \ell, s')}{N(\ell, s) + \kappa}$$

$\ell$ is the list, s the n − 1 letters before, s' all but the first of them, N counts in training names, which end in an end symbol.
Below the unigram lies the uniform distribution. κ is chosen on the validation names. (Interpolation with the shorter context, in the
form of a Dirichlet prior: MacKay and Peto 1995.)
"""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np

END = "\n"


class Tables:
    """Tables of n letters (n = 1: unigrams) for names of some lists."""

    def __init__(self, names, lists, n: int, kappa: float) -> None:
        self.n, self.kappa = n, kappa
        self.letters = sorted({c for name in names for c in name}) + [END]
        self.lists = sorted(set(map(int, lists)))
        self.counts: dict = defaultdict(Counter)
        for name, which in zip(names, lists):
            for before, c in self.steps(name):
                for k in range(len(before) + 1):
                    self.counts[int(which), before[k:]][c] += 1
        self.totals = {k: sum(c.values()) for k, c in self.counts.items()}

    def steps(self, name: str):
        """Every letter and the end, each with the letters before it (fewer at the start)."""
        name = "\r" * (self.n - 1) + name + END
        return [(name[k - self.n + 1 : k], name[k]) for k in range(self.n - 1, len(name))]

    def probability(self, which: int, before: str, c: str) -> float:
        """Of the next letter."""
        lower = self.probability(which, before[1:], c) if before else 1 / len(self.letters)
        key = which, before
        return (self.counts[key][c] + self.kappa * lower) / (self.totals[key] + self.kappa) if key in self.totals else lower

    def log_probability(self, which: int, name: str) -> float:
        """Of a whole name, in nats, its end included."""
        return float(sum(np.log(self.probability(which, before, c)) for before, c in self.steps(name)))

    def loss(self, names, lists) -> float:
        """Mean negative log-probability of a letter (ends included), in nats."""
        return -sum(self.log_probability(int(w), name) for name, w in zip(names, lists)) / sum(len(name) + 1 for name in names)

    def classify(self, names, shares) -> np.ndarray:
        """The list in which a name is most probable, given the shares of the lists."""
        score = [[np.log(shares[w]) + self.log_probability(w, name) for w in self.lists] for name in names]
        return np.array(self.lists)[np.argmax(score, axis=1)]

    def draw(self, which: int, rng: np.random.Generator, longest: int = 30) -> str:
        """A name at random."""
        name = "\r" * (self.n - 1)
        while len(name) < longest + self.n - 1:
            before = name[len(name) - self.n + 1 :]
            c = self.letters[rng.choice(len(self.letters), p=[self.probability(which, before, c) for c in self.letters])]
            if c == END:
                break
            name += c
        return name[self.n - 1 :]


def best(task, n: int, kappas=(0.5, 1, 2, 5, 10, 20)) -> Tables:
    """The tables of the training names of a task (`rnncore.tasks.names`) with the κ that is best on its validation names."""
    tables = Tables(task.train.texts, task.train.classes, n, kappas[0])
    losses = {}
    for tables.kappa in kappas:
        losses[tables.kappa] = tables.loss(task.valid.texts, task.valid.classes)
    tables.kappa = min(losses, key=losses.get)
    return tables
