"""The BPTT explorer: how a reader uses it, and what it must then show."""

import numpy as np

from rnncore.explorers import BPTTExplorer as Explorer
from rnncore.reference import Elman, Readout, losses, unroll, unroll_backward
from rnncore.reference.elman import State

WATCHED = (".summary", "input.number")
GIVEN = ("u", "w", "v", "b", "c", "h0", "x", "targets")  # the traits that a reader or a kernel sets
SETTINGS = [
    {},
    {"w": -1.4, "u": 2.1, "b": -0.3, "c": 0.4, "h0": -0.7, "x": [0.3, 1.2, -2, 0.5, 1, -1], "targets": [1, 0, -1, 0.5, 0.2, 1]},
    {"w": 2.5, "v": -0.4, "x": [1, 0], "targets": [0, 1]},
]


def reference_bptt(ex, only=None):
    """Gradients of the whole loss, or of one step's, by the reference."""
    cell, readout, params = Elman(1, 1), Readout(1, 1), ex.params
    h, _, caches = unroll(cell, params, ex.x[:, None, None], State(np.array([[ex.h0]])))
    o = readout.forward(params, h)
    loss, do = losses.squared_error(o, ex.targets[:, None, None], reduction="sum")
    if only is not None:
        do = do * (np.arange(len(do)) == only)[:, None, None]
    dh, grads = readout.backward(params, do, h)
    _, dstate, more = unroll_backward(cell, params, dh, None, caches)
    grads = {key.lower(): value.item() for key, value in (grads | more).items()} | {"h0": dstate.h.item()}
    return h.ravel(), o.ravel(), loss, grads


def use(shown) -> None:
    """A little of everything, so that what is checked is a state that a reader reaches."""
    shown.press("Reset")
    shown.root.get_by_label("Length T").select_option("4")
    shown.press("Forward one step", 4)
    shown.press("Backward one step", 2)
    shown.slide("w (recurrent)", -1.2)
    shown.root.get_by_label("of the loss").select_option("1")


def compare(traits: dict):
    """(what, its value in the page, its value by the reference) for these traits."""
    ex = Explorer(**{key: traits[key] for key in ("u", "w", "v", "b", "c", "h0", "x", "targets")})
    h, o, loss, grads = reference_bptt(ex)
    yield from (("h", traits["h"], h), ("o", traits["o"], o), ("loss", traits["loss"], loss))
    for key, value in grads.items():
        yield f"∂L/∂{key}", traits["grads"][key], value
    each = [reference_bptt(ex, only=t)[3] for t in range(len(h))]
    for key in ("w", "u"):
        yield f"paths of {key}", np.sum(traits[f"paths_{key}"], axis=1), [grads[key] for grads in each]
