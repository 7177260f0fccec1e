"""The diagrams hold what they promise: one node per part and step, shared weights alike at every step, nothing on top of another."""

import itertools

import matplotlib
import pytest

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from rnncore.errors import SettingError
from rnncore.plots import graphs

MIDDLE = ["t-1", "t", "t+1"]
CASES = [(1, "xho", "hidden"), (3, "h", "hidden"), (3, "xhoLy", "hidden"), (6, "xho", "hidden"), (4, "xhoLy", "last"),
         (5, "xhoLy", "output"), (MIDDLE, "xh", "hidden"), (MIDDLE, "xhoLy", "output"), (9, "xhoL", "hidden")]  # fmt: skip


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def labels(ax, text):
    return [t for t in ax.texts if t.get_text() == text]


def nodes(ax):
    return [p for p in ax.patches if isinstance(p, (Circle, FancyBboxPatch))]


@pytest.mark.parametrize(("steps", "parts", "pattern"), CASES)
def test_nothing_overlaps(steps, parts, pattern):
    """At the size in which the book prints them: no two nodes touch, and no text of an arrow touches a node or another text."""
    fig = graphs.circuit_and_unfolded(steps, parts, pattern)
    fig.canvas.draw()
    for ax in fig.axes:
        boxes = [n.get_window_extent() for n in nodes(ax)]
        assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
        texts = [t.get_window_extent() for t in ax.texts]
        assert not any(a.overlaps(b) for a, b in itertools.combinations(texts, 2))
        for text, box in itertools.product(texts, boxes):
            inside = box.x0 <= text.x0 and text.x1 <= box.x1 and box.y0 <= text.y0 and text.y1 <= box.y1
            assert inside or not text.overlaps(box)
        frame = ax.get_window_extent()
        assert all(frame.x0 - 1 <= b.x0 and b.x1 <= frame.x1 + 1 and frame.y0 - 1 <= b.y0 and b.y1 <= frame.y1 + 1 for b in boxes + texts)


@pytest.mark.parametrize("T", [1, 2, 7])
def test_every_step_has_the_same_weights_in_the_same_colour(T):
    ax = graphs.unfolded(plt.figure().add_subplot(), T, "xho")
    for weight in "UWV":
        found = labels(ax, f"${weight}$")
        assert len(found) == T and {t.get_color() for t in found} == {graphs._WEIGHT_COLOR[weight]}
    assert len(nodes(ax)) == 3 * T + 1  # and h_0
    assert sum(isinstance(p, FancyArrowPatch) for p in ax.patches) == 3 * T


def test_own_weights_are_numbered():
    ax = graphs.unfolded(plt.figure().add_subplot(), 3, "xh", shared=False)
    assert [len(labels(ax, f"$U^{{({t})}}$")) for t in (1, 2, 3)] == [1, 1, 1] and not labels(ax, "$U$")


def test_the_patterns_differ_in_what_recurs_and_where_output_is():
    last = graphs.unfolded(plt.figure().add_subplot(), 4, "xhoLy", "last")
    assert len(labels(last, "$V$")) == 1 and labels(last, "$o_{4}$") and not labels(last, "$o_{3}$")
    out = graphs.unfolded(plt.figure().add_subplot(), 4, "xho", "output")
    slanted = [t.get_position() for t in labels(out, "$W$")]
    y = {part: graphs.position(part, 0)[1] for part in "ho"}
    assert len(slanted) == 4 and all(y["h"] < yy < y["o"] for _, yy in slanted)


def test_values_and_neurons():
    ax = graphs.unfolded(plt.figure().add_subplot(), 4, "xho", values={"x": "hell", "o": "ello"})
    assert len(labels(ax, "l")) == 4 and not labels(ax, "$x_{1}$") and labels(ax, "$h_{1}$")
    ax = graphs.neurons(plt.figure().add_subplot(), 3, 2, 4)
    assert len(nodes(ax)) == 3 + 2 + 2 + 4
    assert sum(isinstance(p, FancyArrowPatch) for p in ax.patches) == 2 * 3 + 2 * 2 + 4 * 2 + 1


@pytest.mark.parametrize("bad", [
    lambda ax: graphs.unfolded(ax, 0),
    lambda ax: graphs.unfolded(ax, 2.5),
    lambda ax: graphs.unfolded(ax, []),
    lambda ax: graphs.unfolded(ax, "abc"),
    lambda ax: graphs.unfolded(ax, 3, "xhq"),
    lambda ax: graphs.unfolded(ax, 3, "x"),
    lambda ax: graphs.unfolded(ax, 3, "xhL"),
    lambda ax: graphs.unfolded(ax, 3, "xh", "output"),
    lambda ax: graphs.unfolded(ax, 3, values={"x": "ab"}),
    lambda ax: graphs.unfolded(ax, 3, "xh", values={"o": "abc"}),
    lambda ax: graphs.circuit(ax, "xho", "sideways"),
    lambda ax: graphs.neurons(ax, 0, 1, 1),
    lambda ax: graphs.position("z", 1),
])  # fmt: skip
def test_impossible_diagrams_are_refused(bad):
    with pytest.raises(SettingError, match="expected"):
        bad(plt.figure().add_subplot())
