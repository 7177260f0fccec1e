"""Drawn cell diagrams: a node and an arrow for all that there is, the marked path in thick, the rounds as numbers, nothing on top of another."""

import itertools
import re

import matplotlib
import pytest

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Rectangle

from rnncore import plots
from rnncore.errors import SettingError
from rnncore.plots import layers
from rnncore.reference import depth
from rnncore.reference.diagrams import Diagram, cell

TWO = Diagram((("x", "h"), ("x", "g"), ("h", "o"), ("g", "o"), ("h", "g", 1), ("g", "h", 2), ("o", "h", 1)))
ALL = [depth.vanilla(), depth.stacked(3), depth.deep_transition(3), cell(2, 2, 2, 3), cell(3, shortcuts=True), depth.skipping(3), TWO]


@pytest.fixture
def ax():
    yield plt.figure(figsize=(9, 7)).add_subplot()
    plt.close("all")


def nodes(ax):
    return [p for p in ax.patches if isinstance(p, (Circle, FancyBboxPatch))]


def arrows(ax):
    return [p for p in ax.patches if isinstance(p, FancyArrowPatch)]


def apart(ax):
    """No two nodes touch, no two texts overlap, all lies inside the frame."""
    ax.figure.canvas.draw()
    boxes, texts = [n.get_window_extent() for n in nodes(ax)], [t.get_window_extent() for t in ax.texts if t.get_text()]
    frame = ax.get_window_extent()
    for kind in (boxes, texts):
        assert not any(a.overlaps(b) for a, b in itertools.combinations(kind, 2))
        assert all(frame.x0 - 1 <= b.x0 and b.x1 <= frame.x1 + 1 and frame.y0 - 1 <= b.y0 and b.y1 <= frame.y1 + 1 for b in kind)


@pytest.mark.parametrize("diagram", ALL)
def test_every_round_is_written_in_its_node(ax, diagram):
    layers.order_of_computation(ax, diagram, 4)
    rounds = depth.rounds(diagram, 4)
    assert sorted(int(t.get_text()) for t in ax.texts if t.get_text().isdigit()) == sorted(r for r in rounds.values() if r)
    graph = depth.unrolled(diagram, 4)
    assert len(nodes(ax)) == len(graph.nodes) and len(arrows(ax)) == len(graph.edges)
    apart(ax)


def test_rounds_to_come_are_empty(ax):
    layers.order_of_computation(ax, depth.stacked(2), 3, upto=2)
    assert sorted(t.get_text() for t in ax.texts if t.get_text().isdigit()) == ["1", "2", "2"]


def test_nodes_of_one_round_are_joined(ax):
    layers.order_of_computation(ax, depth.stacked(2), 3)
    rounds = depth.rounds(depth.stacked(2), 3)
    sizes = [sum(r == k for r in rounds.values()) for k in range(1, 6)]
    assert len(ax.lines) == sum(n - 1 for n in sizes)
    x, y = ax.lines[0].get_data()  # h1 at step 2 and h2 at step 1
    assert abs(x[0] - x[1]) == pytest.approx(layers.DX) and abs(y[0] - y[1]) == pytest.approx(layers.DY)


@pytest.mark.parametrize("diagram", ALL)
def test_the_deepest_path_is_thick(ax, diagram):
    layers.deepest(ax, diagram, 4)
    path = depth.longest_path(diagram, 4)
    assert sum(a.get_linewidth() == 3 for a in arrows(ax)) == len(path) - 1
    black = [n for n in nodes(ax) if n.get_edgecolor()[:3] == (0, 0, 0)]
    assert len(black) == len(path)
    apart(ax)


@pytest.mark.parametrize("diagram", ALL)
@pytest.mark.parametrize("mark", layers.MARKS)
def test_cell_diagram(ax, diagram, mark):
    layers.cell_diagram(ax, diagram, mark=mark)
    thick = sum(a.get_linewidth() == 3 for a in arrows(ax))
    assert thick == len({"cycle": depth.deepest_cycle, "path": depth.deepest_path, "none": lambda d: []}[mark](diagram))
    assert len(arrows(ax)) == len(diagram.edges) and len(nodes(ax)) == len(diagram.nodes)
    squares = [p for p in ax.patches if type(p) is Rectangle]
    delays = sorted(int(t.get_text()) for t in ax.texts if re.fullmatch(r"\d+", t.get_text()))
    assert len(squares) == len(delays) and delays == sorted(e.delay for e in diagram.edges if e.delay)
    middles = [p.get_center() for p in squares]
    assert all(abs(a[0] - b[0]) + abs(a[1] - b[1]) > 0.3 for a, b in itertools.combinations(middles, 2))
    apart(ax)


def test_symbols_and_names():
    assert [layers.symbol(name) for name in ("h", "h2", "h.1", "h2.1")] == ["h", "h^{(2)}", r"h^{\prime}", r"h^{(2)\prime}"]
    assert {"cell_diagram", "deepest", "order_of_computation"} <= set(plots.__all__)


@pytest.mark.parametrize(("draw", "says"), [
    (lambda ax: layers.order_of_computation(ax, depth.vanilla(), 0), "T: expected"),
    (lambda ax: layers.order_of_computation(ax, "vanilla", 2), "expected a Diagram"),
    (lambda ax: layers.deepest(ax, depth.vanilla(), 2, path=[("x", 1), ("h", 2)]), "an edge from each to the next"),
    (lambda ax: layers.deepest(ax, depth.vanilla(), 2, path=[]), "an edge from each to the next"),
    (lambda ax: layers.cell_diagram(ax, depth.vanilla(), mark="all"), "mark: expected"),
    (lambda ax: layers.cell_diagram(ax, None), "expected a Diagram"),
])  # fmt: skip
def test_refusals(ax, draw, says):
    with pytest.raises(SettingError, match=says):
        draw(ax)
