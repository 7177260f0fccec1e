"""The pictures of teacher forcing show what they are given, and mark what is wrong."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from rnncore import plots
from rnncore.errors import NotFiniteError, SettingError, ShapeError

WANTED = ["a", "b", "c", "d"]


@pytest.fixture
def ax():
    yield plt.figure().add_subplot()
    plt.close("all")


def frames(ax):
    return {(t.get_position()[0], t.get_position()[1]): (t.get_text(), to_hex(t.get_bbox_patch().get_edgecolor())) for t in ax.texts if t.get_text()}


def arrows(ax):
    """From which step to which: those that go up, and those that hand a word on."""
    pairs = [(round(t.xyann[0] - 1e-9), round(t.xy[0])) for t in ax.texts if not t.get_text()]
    return [p for p in pairs if p[0] == p[1]], [p for p in pairs if p[0] != p[1]]


def test_a_mistake_is_marked_where_it_is_said_and_where_it_is_read(ax):
    plots.reads_and_says(ax, ["S", "a", "x", "c"], ["a", "x", "c", "d"], WANTED)
    wrong = plots.COLOR["o"].lower()
    assert {at for at, (_, color) in frames(ax).items() if color == wrong} == {(2, 1), (3, 0)}
    assert frames(ax)[2, 1][0] == "x" and frames(ax)[3, 0][0] == "x"
    up, on = arrows(ax)
    assert up == [(1, 1), (2, 2), (3, 3), (4, 4)] and on == [(1, 2), (2, 3), (3, 4)]


def test_a_teacher_cuts_the_arrow_from_a_wrong_word(ax):
    plots.reads_and_says(ax, ["S", "a", "b", "c"], ["a", "x", "c", "d"], WANTED)
    assert [at for at, (_, color) in frames(ax).items() if color == plots.COLOR["o"].lower()] == [(2, 1)]
    assert arrows(ax)[1] == [(1, 2), (3, 4)]


def test_shares_by_step(ax):
    plots.by_step(ax, {"forced": np.array([[0.1, 0.2], [0.3, 0.2]]), "free": np.array([[0.1, 0.4]])})
    forced, free = ax.lines
    np.testing.assert_allclose(forced.get_ydata(), [20, 20])
    np.testing.assert_allclose(free.get_ydata(), [10, 40])
    assert list(forced.get_xdata()) == [1, 2] and ax.get_xlabel() == "time step t" and ax.get_ylim()[0] == 0
    assert forced.get_linestyle() != free.get_linestyle() and forced.get_color() != free.get_color() and len(ax.collections) == 2


def test_doors(ax):
    with pytest.raises(ShapeError, match="says: expected as many words as wanted, at least one, 4, got 3"):
        plots.reads_and_says(ax, ["S", "a", "b", "c"], ["a", "b", "c"], WANTED)
    with pytest.raises(ShapeError, match="at least one, 0"):
        plots.reads_and_says(ax, [], [], [])
    with pytest.raises(SettingError, match="one to 6 curves, got 0"):
        plots.by_step(ax, {})
    with pytest.raises(ShapeError, match="runs"):
        plots.by_step(ax, {"a": np.zeros(3)})
    with pytest.raises(NotFiniteError, match="runs"):
        plots.by_step(ax, {"a": np.full((1, 2), np.nan)})
