"""The attention explorer: how a reader uses it, and what it must then show."""

import numpy as np

from rnncore.explorers import AttentionExplorer as Explorer
from rnncore.explorers.attention import GIVEN
from rnncore.reference.attention import KINDS, masked_softmax

WATCHED = (".summary", "input.number", "select", "table.heat")
RNG = np.random.default_rng(0)
DRAWN = {"Q": 2 * RNG.standard_normal((4, 2, 1)), "K": RNG.standard_normal((5, 2, 1)), "V": RNG.standard_normal((5, 2, 1))}
SETTINGS = [
    *({"kind": kind} for kind in KINDS),
    {"masked": False, "tied": False, "word": 3},
    {"kind": "general", "W_a": [[0.5, -2.0], [1.0, 0.0]], "temperature": 0.3, **DRAWN},
    {"kind": "additive", "added": RNG.standard_normal((4, 5, 1)), "temperature": 2.5, "masked": False, "tied": False, **DRAWN},
]


def reference_attention(ex) -> dict:
    """Weights and contexts of all words; scores are written out, for they are no output of the reference."""
    values = ex.K if ex.tied else ex.V
    with_keys = ex.attention.keys(ex.params, ex.K)
    contexts, weights, cache = ex.attention.look(ex.params, ex.Q, with_keys, values, ex.mask.astype(bool))
    if ex.kind == "additive":
        scores = np.einsum("a,tsa->ts", ex.v[:, 0], cache.u[..., 0])
    else:
        scores = np.einsum("ti,si->ts", ex.Q[..., 0], with_keys[..., 0]) / (2**0.5 if ex.kind == "scaled" else 1)
    scores = scores[..., None] + ex.added
    if ex.temperature != 1 or ex.added.any():
        weights = masked_softmax(scores / ex.temperature, ex.mask.astype(bool))
        contexts = (weights[:, :, None] * values).sum(axis=1)
    return {"scores": scores, "weights": weights, "contexts": contexts}


def use(shown) -> None:
    """A little of everything, so that what is checked is a state that a reader reaches."""
    shown.root.get_by_label("Score", exact=True).select_option("additive")
    shown.press("nero")
    shown.root.get_by_label("Values are the keys").uncheck()
    shown.root.get_by_label("V, row 1, column 2 (black)").fill("-1.25")
    shown.root.get_by_label("Score of the", exact=True).fill("2.5")
    shown.root.get_by_label("Mask the padding").uncheck()
    shown.slide("Temperature", 1.5)
    shown.root.locator("details summary").click()


def compare(traits: dict):
    """(what, its value in the page, its value by the reference) for these traits."""
    ex = Explorer(**{key: traits[key] for key in GIVEN})
    for name, expected in reference_attention(ex).items():
        yield name, traits[name], expected
