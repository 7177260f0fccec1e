"""The beam explorer: how a reader uses it, and what it must then show."""

from itertools import product

import numpy as np

from rnncore.explorers import BeamExplorer as Explorer
from rnncore.explorers.beam import END, LONGEST, PRESETS

WATCHED = (".summary", "select", "input[type=range]", "input.number")
GIVEN = ("counts", "width", "alpha", "step")  # the traits that a reader or a kernel sets
RNG = np.random.default_rng(0)
SETTINGS = [
    *({"preset": name, "width": width} for name in PRESETS for width in (1, 2, 3)),
    {"preset": "short wins", "width": 5, "alpha": 0.7, "step": 2},
    *({"counts": RNG.gamma(0.5, 20, (7, 7)) + 0.01, "width": width, "alpha": alpha} for width, alpha in ((1, 0.0), (2, 1.0), (4, 0.4), (5, 2.0))),
]


def padded(ids) -> list[int]:
    return [*ids, *[-1] * (LONGEST - len(ids))]


def all_sentences(counts) -> list[tuple[float, list[int]]]:
    """(log P, symbols) of every sentence that ends within the longest, one by one."""
    log_p = np.log(counts / counts.sum(axis=1, keepdims=True))
    every = [[*words, END] for length in range(LONGEST) for words in product(range(END), repeat=length)]
    return [(sum(log_p[before, k] for before, k in zip([0, *(w + 1 for w in ids)], ids)), ids) for ids in every]


def reference_beam(ex) -> dict:
    found = ex.search()
    log_prob, ids = max(all_sentences(ex.counts), key=lambda one: one[0] / len(one[1]) ** ex.alpha)
    return {"ids": [padded(h.ids) for h in found], "log_probs": [h.log_prob for h in found], "scores": [h.score for h in found],
            "best_ids": padded(ids), "best_log_prob": log_prob}  # fmt: skip


def use(shown) -> None:
    """A little of everything, so that what is checked is a state that a reader reaches."""
    shown.root.get_by_label("Start from").select_option("width 2 loses")
    shown.slide("Width", 3)
    shown.slide("Length penalty α", 0.4)
    shown.root.get_by_label("barks after dog", exact=True).fill("60")
    shown.press("Back")
    shown.root.get_by_label("Why?").select_option(index=4)
    shown.press("To the end")


def compare(traits: dict):
    """(what, its value in the page, its value by the reference) for these traits."""
    ex = Explorer(**{key: np.array(traits[key]) if key == "counts" else traits[key] for key in GIVEN})
    for name, expected in reference_beam(ex).items():
        yield name, traits[name], expected
