"""The "hello" explorer: how a reader uses it, and what it must then show."""

import numpy as np

from rnncore.reference import Elman, Readout, losses, unroll, unroll_backward

WATCHED = ("input.number",)
GIVEN = ("U", "W", "b", "V", "c", "step", "seed")  # the traits that a reader or a kernel sets
SETTINGS = [{}, {"step": 3, "W": np.diag([2.0, -1.5, 0.3])}, {"U": np.linspace(-3, 3, 12).reshape(3, 4), "step": 4, "seed": 8}]

CELL, READOUT = Elman(4, 3), Readout(3, 4)
X = np.eye(4)[:, [0, 1, 2, 2]].T[:, :, None]  # (T, D, B): h e l l
TARGETS = np.array([[1], [2], [2], [3]])


def reference_hello(params):
    h, _, caches = unroll(CELL, params, X)
    o = READOUT.forward(params, h)
    loss, do = losses.softmax_cross_entropy(o, TARGETS, reduction="sum")
    dh, grads = READOUT.backward(params, do, h)
    grads |= unroll_backward(CELL, params, dh, None, caches)[2]
    return h, o, np.exp(o) / np.exp(o).sum(axis=1, keepdims=True), loss, grads


def use(shown) -> None:
    """A little of everything, so that what is checked is a state that a reader reaches."""
    shown.press("Random weights")
    shown.press("Train 100 steps")
    shown.press("e → l")
    shown.root.locator("summary").click()


def compare(traits: dict):
    """(what, its value in the page, its value by the reference) for these traits."""
    names = ("h", "o", "y_hat", "loss")
    for name, value in zip(names, reference_hello({key: np.array(traits[key], float) for key in ("U", "W", "b", "V", "c")})):
        yield name, traits[name], value
