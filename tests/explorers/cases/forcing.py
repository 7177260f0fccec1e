"""The forcing explorer: how a reader uses it, and what it must then show."""

import numpy as np

from rnncore.explorers import ForcingExplorer as Explorer
from rnncore.explorers.base import mulberry32
from rnncore.explorers.forcing import TARGETS, read_line, train_line
from rnncore.reference.activations import softmax
from rnncore.reference.feeding import FREE, TEACHER, Feeding

WATCHED = (".summary", "table.steps", "input[type=range]")
GIVEN = ("seed", "history", "updates", "feeding", "epsilon", "toss", "step")  # the traits that a reader or a kernel sets
SETTINGS = [
    {},
    {"feeding": "free", "updates": 12},
    {"feeding": "free", "updates": 30, "history": ["free"] * 30, "seed": 3, "step": 4},
    {"feeding": "coin", "epsilon": 0.5, "toss": 7, "updates": 8, "seed": 2},
    {"feeding": "coin", "epsilon": 0.0, "updates": 0, "history": []},
    {"history": ["forced"] * 6 + ["free"] * 4 + ["forced"] * 3, "updates": 400, "seed": 5},
]


class Tosses(np.random.Generator):
    """A generator whose uniform numbers are those of the page."""

    def __new__(cls, seed):
        return super().__new__(cls, np.random.PCG64(0))

    def __init__(self, seed):
        super().__init__(np.random.PCG64(0))
        self.draws = mulberry32(seed)

    def random(self, size):
        return np.array([next(self.draws) for _ in range(size)])


def told(logits) -> dict:
    """Picks, distributions and losses from the logits (T, K, 1)."""
    y_hat = softmax(logits)
    own = logits.argmax(axis=1)[:, 0]
    return {"picked": own, "y_hat": y_hat, "losses": -np.log(y_hat[np.arange(10), TARGETS[:, 0], 0]), "wrong": (own != TARGETS[:, 0]).sum()}


def reference_forcing(ex) -> dict:
    params = train_line(ex.seed, ex.history[: ex.updates])
    how = {"forced": TEACHER, "free": FREE, "coin": Feeding(ex.epsilon, own="greedy")}[ex.feeding]
    fed, logits = read_line(params, how, Tosses(ex.toss))
    found = told(logits)
    forced, free = (told(read_line(params, mode)[1]) for mode in (TEACHER, FREE))
    return {"fed": fed, **{name: found[name] for name in ("picked", "y_hat", "losses")}, "loss": found["losses"].mean(),
            "forced_losses": forced["losses"], "free_losses": free["losses"], "now": [forced["wrong"], free["wrong"]]}  # fmt: skip


def use(shown) -> None:
    """A little of everything, so that what is checked is a state that a reader reaches."""
    shown.slide("Updates of training", 10)
    shown.press("Train 5, free")
    shown.press("Toss again")
    shown.slide("ε, true word", 0.3)
    shown.press("Free")
    shown.press("Back", 3)
    shown.root.locator("details summary").click()


def compare(traits: dict):
    """(what, its value in the page, its value by the reference) for these traits."""
    ex = Explorer(**{key: list(traits[key]) if key == "history" else traits[key] for key in GIVEN})
    now = min(ex.updates, len(ex.history))
    for name, expected in reference_forcing(ex).items():
        yield name, [traits["wrong_forced"][now], traits["wrong_free"][now]] if name == "now" else traits[name], expected
