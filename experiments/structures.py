"""Every structure on a small real task, beside what can be had without a recurrent net: what each is worth, also where that is little.

One to many: surnames written letter by letter; captions of scenes. Many to one: from which list a name is, whether a sentence praises.
Many to many in step: rain, and moving digits; the coding bases of a genome are in `directions`. The modules beside this one tell what is
measured and how.

All nets are small and trained for a minute or less; the starts differ in first values and batches. Where validation data exist, the
parameters that did best on them are taken, and of several starts the one that did best there is kept; the test is looked at once.
"""

from __future__ import annotations

from . import structures_labels as labels
from . import structures_names as names
from . import structures_scenes as scenes
from .experiment import Experiment, Run

SMALL = {"steps": 3, "B": 4, "keep": None}


def seeds(row: int, n: int) -> list:
    """Of n starts."""
    return [[600 + row, k] for k in range(n)]


def names_row(task: str, H: int, steps: int, row: int, keep: str) -> Run:
    """Many to one on names."""
    return Run(
        names.recognise,
        {"task": task, "cell": "GRU", "H": H, "steps": steps, "B": 64, "lr": 0.01, "longest": 5, "seeds": seeds(row, 3), "keep": keep},
        criterion="share of test names whose list is named; three starts, each with the parameters that did best on the validation names",
        mark="above the ending of the name", reached=lambda found: found["test"]["mean"] > found["ending"]["test"],
        quick=SMALL | {"longest": 2, "seeds": seeds(row, 1)},
    )  # fmt: skip


RUNS = {
    "one to many: names": Run(
        names.generate,
        {"every": True, "H": 64, "steps": 1500, "B": 64, "lr": 0.01, "draws": 50, "longest": 5, "seeds": seeds(0, 2),
         "keep": "names_writer"},
        criterion="mean negative log-likelihood of a letter of the test surnames, ends included, in nats; two starts; 50 names of each "
        "list drawn from the start that did best on the validation names",
        mark="below the bigrams", reached=lambda found: found["nats"]["mean"] < found["tables"]["2"]["nats"],
        quick=SMALL | {"draws": 1, "longest": 3, "seeds": seeds(0, 1)},
    ),
    "one to many: captions": Run(
        scenes.caption,
        {"H": 48, "H_at_once": 140, "steps": 800, "B": 64, "lr": 0.01, "known": 5000, "asked": 500, "seeds": seeds(1, 3),
         "keep": "captions"},
        criterion="share of 500 test scenes whose caption is right in every word, and BLEU; three starts; pictures of the test are new, in "
        "the second half so is at least one pair of digits",
        mark="above the nearest scene in both", reached=lambda found: all(
            found[k]["exact"]["mean"] > found[k]["nearest"]["exact"] for k in ("pairs seen", "pairs held out")),
        quick=SMALL | {"known": 20, "asked": 5, "seeds": seeds(1, 1)},
    ),
    "many to one: first names": names_row("first names", 32, 600, 2, "first_names"),
    "many to one: surnames": names_row("surnames", 48, 1000, 3, "surnames"),
    "many to one: sentences": Run(
        labels.sentences,
        {"D": 16, "H": 16, "steps": 300, "B": 32, "lr": 0.01, "seeds": seeds(4, 5)},
        criterion="share of test sentences judged right; five starts, each with the parameters that did best on the validation sentences",
        mark="above naive Bayes", reached=lambda found: found["test"]["mean"] > found["naive Bayes"],
        quick={"steps": 3, "B": 4, "seeds": seeds(4, 1)},
    ),
    "in step: rain": Run(
        labels.tomorrow,
        {"H": 8, "steps": 300, "B": 32, "T": 60, "lr": 0.01, "seeds": seeds(5, 5), "keep": "rain"},
        criterion="share of the days of 2015 foretold right; five starts, each with the parameters that did best on 2014",
        mark="above yesterday again", reached=lambda found: found["test"]["mean"] > found["baselines"]["yesterday"]["test"],
        quick=SMALL | {"seeds": seeds(5, 1)},
    ),
    "in step: moving digits": Run(
        scenes.films,
        {"H": 48, "field": 12, "T": 12, "dark": 0.5, "steps": 600, "B": 32, "lr": 0.01, "asked": 1000, "seeds": seeds(7, 3),
         "keep": "moving_digits"},
        criterion="share of the frames of 1000 test films named right, where there is light and where it is dark; three starts",
        mark="with memory at least 0.7 in the dark, frame by frame at most 0.15",
        reached=lambda found: found["memory"]["dark"]["mean"] >= 0.7 and found["frame by frame"]["dark"]["mean"] <= 0.15,
        quick=SMALL | {"asked": 5, "seeds": seeds(7, 1)},
    ),
}  # fmt: skip
EXPERIMENT = Experiment("structures", "Each structure on a task of its own", "karpathy2015", RUNS)
