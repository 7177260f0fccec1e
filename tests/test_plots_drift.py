"""The pictures of memories show the numbers that they are given."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from rnncore import plots
from rnncore.errors import SettingError, ShapeError


@pytest.fixture
def axes():
    yield plt.figure().subplots(2)
    plt.close("all")


def test_drift_of_two_nets(axes):
    runs = {"1997": {"letters": [1, 10, 100], "largest": [1.0, 20.0, 300.0]}, "forget gates": {"letters": [1, 10], "largest": [1.0, 2.0]}}
    ax = plots.drift(axes[0], runs)
    assert [line.get_label() for line in ax.lines] == list(runs) and ax.get_xscale() == ax.get_yscale() == "log"
    for line, found in zip(ax.lines, runs.values()):
        np.testing.assert_array_equal(line.get_xydata(), np.transpose([found["letters"], found["largest"]]))
    assert ax.lines[0].get_color() != ax.lines[1].get_color() and ax.lines[0].get_linestyle() != ax.lines[1].get_linestyle()
    with pytest.raises(ShapeError, match="largest"):
        plots.drift(axes[1], {"a": {"letters": [1, 2], "largest": [1.0]}})


def test_every_cell_has_its_line(axes):
    s = np.arange(6.0).reshape(3, 2)
    ax = plots.states(axes[0], {"letters": [5, 10, 15], "s": s.tolist()})
    np.testing.assert_array_equal([line.get_ydata() for line in ax.lines], s.T)
    with pytest.raises(ShapeError, match="s: expected"):
        plots.states(axes[1], {"letters": [5, 10], "s": s.tolist()})


def test_forgetting_by_letter(axes):
    close = {"text": "PEBTE", "s": np.arange(10.0).reshape(5, 2).tolist(), "forget": [[0.1], [0.2], [0.3], [0.4], [0.5]]}
    above, below = plots.forgetting(axes, close, [1], 0)
    np.testing.assert_array_equal(above.lines[0].get_ydata(), [1, 3, 5, 7, 9])
    np.testing.assert_array_equal(below.lines[0].get_ydata(), [0.1, 0.2, 0.3, 0.4, 0.5])
    assert [list(line.get_xdata()) for line in above.lines[1:]] == [[1.5, 1.5]]  # between E and B
    assert [tick.get_text() for tick in below.get_xticklabels()] == list("PEBTE")
    with pytest.raises(ShapeError, match="forget"):
        plots.forgetting(axes, close | {"forget": [[0.1]]}, [1], 0)
    with pytest.raises(ShapeError, match="axes"):
        plots.forgetting(axes[:1], close, [1], 0)


def test_a_counter(axes):
    rng = np.random.default_rng(0)
    found = {k: rng.random(6).tolist() for k in "cyifo"}
    above, below = plots.counter(axes, found, 3)
    drawn = {line.get_label(): list(line.get_ydata()) for ax in axes for line in ax.lines}
    assert drawn["memory $c_t$"] == found["c"] and drawn["output"] == found["y"]
    assert all(drawn[f"${k}_t$"] == found[k] for k in "ifo")
    assert [line.get_xdata()[0] for line in above.lines[2:]] == [3, 6] and above.lines[0].get_xdata()[0] == 1
    shared = plots.counter(plt.figure().subplots(2, sharex=True), found, 3)
    assert [list(ax.get_xticks()) for ax in shared] == [[3, 6]] * 2 and all(ax.get_ylabel() for ax in shared)
    with pytest.raises(SettingError, match="F: expected"):
        plots.counter(axes, found, 0)
    with pytest.raises(ShapeError, match="f: expected"):
        plots.counter(axes, found | {"f": [1.0]}, 3)
    with pytest.raises(ShapeError, match="axes"):
        plots.counter(axes[:1], found, 3)
