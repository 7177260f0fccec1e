"""The unfolding explorer: how a reader uses it, and what it must then show."""

import numpy as np

from rnncore.explorers import UnfoldingExplorer as Explorer
from rnncore.reference import Elman, Jordan, Model, Readout, Untied
from rnncore.reference.elman import State

WATCHED = (".summary", ".nested", "output", "select")
GIVEN = ("u", "w", "b", "v", "c", "h0", "x", "pattern", "unfolded", "weight", "step")  # the traits that a reader or a kernel sets
SETTINGS = [
    {},
    {"pattern": "output", "w": -1.4, "u": 2.1, "b": -0.3, "v": 0.7, "c": 0.4, "h0": -0.7, "x": [0.3, 1.2, -2, 0.5, 1, -1, 0.25, 3], "step": 5, "weight": "w"},
    {"pattern": "last", "w": 2.5, "v": -0.4, "c": -1.5, "h0": 1, "x": [1, 0, 0, 0, -0.125], "unfolded": 0, "weight": "v"},
    {"pattern": "last", "x": [-1], "unfolded": 0.4, "step": 8},
    {"pattern": "output", "x": [2, -1], "v": -2.5, "weight": "c", "step": 1},
]


def net_of(pattern: str) -> Model:
    """The scalar net of this pattern in the reference."""
    if pattern == "output":
        return Model(Jordan(1, 1, 1), loss="squared_error")
    return Model(Elman(1, 1), Readout(1, 1), loss="squared_error", output="last" if pattern == "last" else "every")


def run(ex, x=None):
    """States, outputs, and uses of each weight, by the reference."""
    net, x = net_of(ex.pattern), ex.x if x is None else np.asarray(x, float)
    start = None if ex.pattern == "output" else State(np.array([[ex.h0]]))
    o, _, (_, caches, _) = net.forward(ex.params, x[:, None, None], start)
    uses = {key: len(caches) for key in net.cell.shapes} | {key: len(o) for key in (net.readout.shapes if net.readout else {})}
    return np.array([cache.h.item() for cache in caches]), o.ravel(), {key.lower(): n for key, n in uses.items()}


def numbers(shapes: dict) -> int:
    return sum(int(np.prod(shape)) for shape in shapes.values())


def use(shown) -> None:
    """A little of everything, so that what is checked is a state that a reader reaches."""
    shown.root.get_by_label("Pattern").select_option("output")
    shown.slide("Length T", 6)
    shown.slide("w (recurrent)", -1.2)
    shown.root.get_by_label("x at t = 5", exact=True).fill("0.75")
    shown.press("w, the recurrent weight")
    shown.slide("Past of step t", 4)
    shown.slide("Unfolded", 0.5)
    shown.press("Fold")
    shown.press("Unfold")
    shown.page.wait_for_timeout(900)  # until it has opened


def compare(traits: dict):
    """(what, its value in the page, its value by the reference) for these traits."""
    ex = Explorer(**{key: traits[key] for key in GIVEN})
    h, o, uses = run(ex)
    yield from (("h", traits["h"], h), ("o", traits["o"], o))
    assert traits["uses"].keys() == uses.keys()
    yield from ((f"uses of {key}", traits["uses"][key], n) for key, n in uses.items())
    yield "n_params", traits["n_params"], numbers(net_of(ex.pattern).shapes)
    own = numbers(Untied(Elman(1, 1), Readout(1, 1), ex.T).shapes) if ex.pattern == "hidden" else sum(uses.values())
    yield "n_own", traits["n_own"], own
