"""The gates explorer: how a reader uses it, and what it must then show."""

import numpy as np

from rnncore.explorers import GatesExplorer as Explorer
from rnncore.explorers.gates import GIVEN, KEYS
from rnncore.reference import LSTM, unroll
from rnncore.reference.lstm import GATES, State
from tests import cases

WATCHED = (".summary", "input.number", "select")
RNG = np.random.default_rng(0)
CELL = LSTM(3, 2)
SETTINGS = [
    {},
    {"preset": "remember"},
    {"preset": "leak"},
    {"preset": "erase"},
    {"params": cases.parameters(CELL, RNG), "x": RNG.standard_normal((5, 3, 1)), "h0": RNG.standard_normal((2, 1)), "c0": RNG.standard_normal((2, 1))},
    {"params": {k: 3 * v for k, v in cases.parameters(CELL, RNG).items()}, "x": 2 * RNG.standard_normal((8, 3, 1)), "c0": [[3.0], [-2.0]]},
]
assert set(GIVEN) == {*KEYS, "x", "h0", "c0"}  # the traits that a reader or a kernel sets


def reference_gates(ex) -> dict:
    """Gates, sums before the squashing and states of all steps, each (T, 2, 1)."""
    h, _, caches = unroll(CELL, ex.params, ex.x, State(ex.h0, ex.c0))
    found = {name: np.stack([getattr(cache, name) for cache in caches]) for name in (*GATES, "c")} | {"h": h}
    before = np.concatenate([ex.h0[None], h[:-1]])
    return found | {f"a_{k}": ex.params[f"U_{k}"] @ ex.x + ex.params[f"W_{k}"] @ before + ex.params[f"b_{k}"] for k in GATES}


def use(shown) -> None:
    """A little of everything, so that what is checked is a state that a reader reaches."""
    shown.root.get_by_label("Start from").select_option("remember")
    shown.press("Next", 6)
    shown.root.get_by_label("U_i, row 1 (mood), column 2 (spider)").fill("3.25")
    shown.root.get_by_label("Steps T").select_option("6")
    shown.root.get_by_role("button", name="0: 6 AM at t = 4").click()
    shown.root.get_by_role("slider", name="Step looked at").press("ArrowRight")
    shown.press("Output")


def compare(traits: dict):
    """(what, its value in the page, its value by the reference) for these traits."""
    ex = Explorer(**{key: traits[key] for key in GIVEN})
    for name, expected in reference_gates(ex).items():
        yield name, traits[name], expected
