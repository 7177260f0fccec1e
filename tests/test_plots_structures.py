"""The pictures of structures have the nodes and arrows that the structures have."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pytest
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from rnncore import plots
from rnncore.errors import SettingError
from rnncore.plots.structures import STRUCTURES

GIVEN = {"one to one": 1, "one to many": 1, "many to one": 4, "many to many, in step": 4, "many to many, one after the other": 4, "bidirectional": 4}
CIRCLES = {"one to one": 3, "one to many": 9, "many to one": 6, "many to many, in step": 9, "many to many, one after the other": 13, "bidirectional": 14}
ARROWS = {"one to one": 3, "one to many": 1 + 4 + 4 + 3, "many to one": 4 + 4 + 1, "many to many, in step": 12,
          "many to many, one after the other": 4 + 4 + 1 + 3 + 4 + 3, "bidirectional": 6 * 4}  # fmt: skip


@pytest.fixture
def ax():
    yield plt.figure().subplots()
    plt.close("all")


@pytest.mark.parametrize("kind", STRUCTURES)
def test_nodes_and_arrows(ax, kind):
    assert plots.structure(ax, kind, 4) is ax
    count = lambda sort: sum(type(p) is sort for p in ax.patches)  # noqa: E731
    assert (count(FancyBboxPatch), count(Circle), count(FancyArrowPatch)) == (GIVEN[kind], CIRCLES[kind], ARROWS[kind])
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    for p in ax.patches:
        if isinstance(p, Circle):
            assert left < p.center[0] - p.radius and p.center[0] + p.radius < right and low < p.center[1] - p.radius and p.center[1] + p.radius < high


def test_names_of_one_and_of_many(ax):
    plots.structure(ax, "one to many", 2)
    texts = [t.get_text() for t in ax.texts]
    assert "$x$" in texts and r"$\hat{y}_{2}$" in texts and r"$\hat{y}$" not in texts


def test_what_is_no_structure_is_refused(ax):
    for bad in (dict(kind="two to two"), dict(kind="one to many", T=0), dict(kind="one to many", T=1.5)):
        with pytest.raises(SettingError, match="expected"):
            plots.structure(ax, **bad)
