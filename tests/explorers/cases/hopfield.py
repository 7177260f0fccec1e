"""The Hopfield explorer: how a reader uses it, and what it must then show."""

import numpy as np

from rnncore.explorers import HopfieldExplorer as Explorer
from rnncore.explorers.base import mulberry32
from rnncore.reference import hopfield

WATCHED = ("input[type=range]",)
GIVEN = ("patterns", "stored", "extra", "seed", "noise", "state")  # the traits that a reader or a kernel sets
SETTINGS = [{}, {"stored": [0, 2]}, {"stored": range(6), "extra": 9, "noise": 0.35, "seed": 3}]


def use(shown) -> None:
    """A little of everything, so that what is checked is a state that a reader reaches."""
    shown.slide("Random patterns", 3)
    shown.press("Add noise")
    shown.press("One sweep")


def compare(traits: dict):
    """(what, its value in the page, its value by the reference) for these traits."""
    ex = Explorer(**{key: traits[key] for key in ("patterns", "extra", "seed")}, stored=np.flatnonzero(traits["stored"]))
    s = np.reshape(traits["state"], (-1, 1))
    yield "energy", np.ravel(traits["energy"])[-1], hopfield.energy(ex.W, s)
    yield "overlap", traits["overlap"], [hopfield.overlap(s, ex.patterns[:, [k]]) for k in range(6)]


def shuffled(n, random) -> list[int]:
    order = list(range(n))
    for i in range(n - 1, 0, -1):
        j = int(next(random) * (i + 1))
        order[i], order[j] = order[j], order[i]
    return order


def recall(W, start, seed, updates):
    """The reference's updates in the page's order: the last state (N, 1), and the energy before and after each update."""
    s, random, order = start.reshape(-1, 1), mulberry32(seed), []
    energies = [hopfield.energy(W, s)]
    for _ in range(updates):
        order = order or shuffled(len(s), random)
        s = hopfield.update(W, s, order.pop(0))
        energies.append(hopfield.energy(W, s))
    return s, np.array(energies)
