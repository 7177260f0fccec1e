"""The depth explorer against the reference: measures, marked cycles and paths, order of computation, and edges that do not fit."""

import re
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import traitlets

from rnncore import explorers
from rnncore.reference import depth
from tests.explorers.cases.depth import SETTINGS, compare

pytestmark = pytest.mark.browser
TOP_DOWN = {"layers": 3, "edges": [["h3", "h1", 2]]}


def summary(shown) -> str:
    return shown.root.locator(".summary").inner_text().replace("\u2060", "")  # without what only keeps a name in one line


def drawn(shown, look: str) -> set:
    """Nodes of the unfolded graph that look so."""
    return set(shown.root.locator(f"[data-node]:has(.{look})").evaluate_all("els => els.map(e => e.dataset.node)"))


@pytest.mark.parametrize("settings", SETTINGS)
def test_measures_rounds_and_paths(show, settings):
    shown = show(explorers.DepthExplorer(**settings))
    for what, value, expected in compare(shown.page.evaluate("window.shown.a.state")):
        np.testing.assert_allclose(value, expected, rtol=1e-12, err_msg=what)
    path = [(name, int(t)) for name, t in (node.split("@") for node in shown["path"])]
    ex = explorers.DepthExplorer(**settings)
    edges = set(depth.unrolled(ex.diagram, ex.T).edges)
    assert path[0][0] == "x" and path[-1][0] == "o" and all(step in edges for step in pairwise(path))


def test_a_planted_fault_is_seen(show):
    traits = show(explorers.DepthExplorer(**TOP_DOWN)).page.evaluate("window.shown.a.state")
    assert (traits["d_r"], traits["d_f"], traits["s"]) == ("3/2", "4", "1")
    wrong = {what for what, value, expected in compare(traits | {"d_r": "1", "path": traits["path"][1:]}) if value != expected}
    assert wrong == {"d_r", "length of the longest path"}


def test_the_python_side_tells_the_same_diagram():
    ex = explorers.DepthExplorer(**TOP_DOWN)
    assert depth.recurrent_depth(ex.diagram) == Fraction(3, 2)
    ex.layers = 1  # now the edge names nodes that are not there
    assert depth.recurrent_depth(ex.diagram) == 1 and len(ex.diagram.edges) == 3


@pytest.mark.parametrize("edges", [[["h", "h"]], [["h", "h", -1]], [["h", "h", 7]], [["h", "h", 1.5]], [["h", 1, 1]], ["hh1"], [["h", "h", 2]] * 7])
def test_edges_that_are_none_are_refused(edges):
    with pytest.raises(traitlets.TraitError, match="DepthExplorer.edges: expected"):
        explorers.DepthExplorer(edges=edges)


@pytest.mark.parametrize("name", ["vanilla", "stacked", "transition", "output", "skip", "feedback"])
def test_examples(show, name):
    shown = show(explorers.DepthExplorer(layers=2, transition=2, shortcuts=True))
    select = shown.root.get_by_label("Example")
    assert select.input_value() == "own"
    select.select_option(name)
    expected = {"vanilla": ("1", "2", "1"), "stacked": ("1", "4", "1"), "transition": ("3", "4", "1/3"), "output": ("1", "4", "1"),
                "skip": ("1", "2", "5"), "feedback": ("3/2", "4", "1")}[name]  # fmt: skip
    assert (str(shown["d_r"]), str(shown["d_f"]), str(shown["s"])) == expected and select.input_value() == name
    assert summary(shown).startswith("Recurrent depth {}, feed-forward depth {}, skip coefficient {}.".format(*expected))
    told = shown.root.locator(".lines dt").all_inner_texts()
    assert [re.split(r" = ", text)[1] for text in told] == list(expected)


@pytest.mark.parametrize(("mark", "edges"), [("deep", depth.deepest_cycle), ("path", depth.deepest_path), ("short", depth.shortest_cycle)])
def test_what_is_thick_in_the_cell(show, mark, edges):
    ex = explorers.DepthExplorer(**TOP_DOWN)
    shown = show(ex)
    shown.root.get_by_label("Mark in the cell").select_option(mark)
    cell = shown.root.get_by_role("img", name=re.compile("^Cell diagram"))
    assert cell.locator(".wire").count() == len(ex.diagram.edges) and cell.locator(".delay").count() == 4
    assert cell.locator(".wire.thick").count() == len(edges(ex.diagram))


def test_longest_path_in_the_drawing(show):
    shown = show(explorers.DepthExplorer(**TOP_DOWN))
    path = shown["path"].tolist()
    assert len(path) == 11 and drawn(shown, "picked") == set(path)
    numbers = {node: shown.root.locator(f"[data-node='{node}'] text").inner_html() for node in path}
    assert [numbers[node] for node in path] == [str(i) for i in range(11)]
    unfolded = shown.root.get_by_role("img", name=re.compile("^Unfolded"))
    assert unfolded.locator(".wire.thick").count() == 10
    assert "10 edges, of at most 4 + 4 · 3/2 = 10" in summary(shown)


def test_the_order_step_by_step(show):
    """After each round exactly the nodes of that round are marked, and those of later rounds are empty."""
    shown = show(explorers.DepthExplorer(layers=2, T=3))
    rounds = {f"{name}@{t}": r for (name, t), r in depth.rounds(depth.stacked(2), 3).items()}
    for done in range(1, max(rounds.values()) + 1):
        shown.press("Next round")
        assert shown["round"] == done and str(shown["show"]) == "order"
        assert drawn(shown, "picked") == {key for key, r in rounds.items() if r == done}
        assert drawn(shown, "later") == {key for key, r in rounds.items() if r > done}
        assert f"9 nodes to compute, in 5 rounds. Round {done}: " in summary(shown)
    assert "h⁽²⁾₃" not in summary(shown) and "Round 5: o₃." in summary(shown)
    shown.press("Next round")  # from the beginning
    assert shown["round"] == 1
    shown.slide("Rounds done", 3)
    assert "Round 3: o₁, h⁽²⁾₂, h⁽¹⁾₃, at the same time." in summary(shown)


def test_edges_are_added_refused_and_removed(show):
    shown = show(explorers.DepthExplorer(layers=2))
    choose = lambda a, b, d: (shown.root.get_by_label("from", exact=True).select_option(a), shown.root.get_by_label("to", exact=True).select_option(b),  # noqa: E731
                              shown.slide("delay", d), shown.press("Add edge"))  # fmt: skip
    why = shown.root.locator(".why")
    choose("h2", "h1", 0)
    assert "would need itself" in why.inner_text() and len(shown["edges"]) == 0
    choose("h1", "h1", 1)
    assert "there already" in why.inner_text() and len(shown["edges"]) == 0
    choose("h2", "h1", 1)
    assert why.inner_text() == "" and str(shown["d_r"]) == "2" and str(shown["s"]) == "1"
    assert shown.root.get_by_label("to", exact=True).locator("option[value=x]").count() == 0  # nothing leads into an input
    choose("o", "h1", 1)
    assert str(shown["d_r"]) == "3"
    for delay in (2, 3, 4, 5):
        choose("o", "h1", delay)
    choose("o", "h1", 6)
    assert "room for 6" in why.inner_text() and len(shown["edges"]) == 6
    shown.press("Remove o → h⁽¹⁾, delay 1")
    assert str(shown["d_r"]) == "2" and len(shown["edges"]) == 5
    assert shown.page.evaluate("document.querySelector('#a > div').shadowRoot.activeElement.textContent") == "Remove o → h⁽¹⁾, delay 2"


def test_by_keyboard(show):
    shown = show(explorers.DepthExplorer())
    shown.root.get_by_label("Layers L").focus()
    shown.page.keyboard.press("ArrowRight")
    shown.page.keyboard.press("ArrowRight")
    assert shown["layers"] == 3 and str(shown["d_f"]) == "4"
    shown.root.get_by_label("shortcuts past the layers").focus()
    shown.page.keyboard.press("Space")
    assert bool(shown["shortcuts"])
    shown.root.get_by_role("button", name="Next round").focus()
    shown.page.keyboard.press("Enter")
    shown.page.keyboard.press("Tab")
    shown.page.keyboard.press("End")
    assert shown["round"] == shown["n_rounds"] and drawn(shown, "later") == set()
