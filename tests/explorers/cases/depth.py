"""The depth explorer: how a reader uses it, and what it must then show, by the reference."""

from fractions import Fraction

from rnncore.explorers import DepthExplorer as Explorer
from rnncore.reference import depth

WATCHED = (".summary", ".lines", "output", "select", "table")
GIVEN = ("layers", "transition", "output", "skip", "shortcuts", "edges", "T", "show", "mark", "round")  # the traits that a reader or a kernel sets
SETTINGS = [
    {}, {"layers": 4, "T": 7}, {"transition": 3, "mark": "short"}, {"output": 3, "mark": "path"}, {"skip": 5, "T": 7, "show": "order", "round": 4},
    {"layers": 3, "edges": [["h3", "h1", 2]], "show": "order", "round": 99}, {"layers": 2, "transition": 3, "output": 2, "skip": 3, "shortcuts": True},
    {"layers": 4, "transition": 3, "output": 3, "skip": 6, "shortcuts": True, "T": 3, "edges": [["h4.1", "h1.2", 1], ["o", "h1.1", 2], ["x", "o.1", 3]]},
    {"layers": 2, "edges": [["h2", "h1", 0], ["h1", "x", 1], ["h9", "h1", 1], ["h1", "h2", 0], ["o", "h1", 4], ["h1", "h2", 3]], "T": 1},
]  # fmt: skip


def use(shown) -> None:
    """A little of everything, so that what is checked is a state that a reader reaches."""
    shown.root.get_by_label("Example").select_option("feedback")
    shown.root.get_by_label("Mark in the cell").select_option("short")
    shown.slide("Transition depth k", 2)
    shown.slide("Skip of steps", 3)
    shown.slide("Steps T", 6)
    shown.root.get_by_label("shortcuts past the layers").check()
    shown.root.get_by_label("from", exact=True).select_option("h2")
    shown.root.get_by_label("to", exact=True).select_option("h1.1")
    shown.slide("delay", 0)
    shown.press("Add edge")
    shown.slide("delay", 4)
    shown.press("Add edge")
    shown.press("Next round", 3)
    shown.slide("Rounds done", 5)


def compare(traits: dict):
    """(what, its value in the page, its value by the reference) for these traits."""
    ex = Explorer(**{key: traits[key] for key in GIVEN})
    diagram, T = ex.diagram, ex.T
    for name, measure in (("d_r", depth.recurrent_depth), ("d_f", depth.feedforward_depth), ("s", depth.skip_coefficient)):
        yield name, float(Fraction(traits[name])), float(measure(diagram))
    assert [tuple(edge) for edge in traits["used"]] == list(diagram.edges)
    rounds = {f"{name}@{t}": r for (name, t), r in depth.rounds(diagram, T).items()}
    assert traits["rounds"].keys() == rounds.keys()
    yield from ((f"round of {key}", traits["rounds"][key], r) for key, r in rounds.items())
    yield "n_rounds", traits["n_rounds"], max(rounds.values())
    yield "length of the longest path", len(traits["path"]), len(depth.longest_path(diagram, T))
    lengths = [[depth.over_steps(diagram, n, shortest=shortest) for shortest in (False, True)] for n in (1, 2, 4, 8, 16, 32)]
    yield "over n steps", [[n or 0 for n in row] for row in traits["over"]], [[n or 0 for n in row] for row in lengths]
