"""Figures of chapter 1: they draw what they are given, and refuse what cannot be drawn."""

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402

from rnncore import plots  # noqa: E402
from rnncore.errors import SettingError, ShapeError  # noqa: E402
from rnncore.plots.memory import memory  # noqa: E402


@pytest.fixture
def ax():
    fig, ax = plt.subplots()
    yield ax
    plt.close(fig)


def texts(ax):
    return " ".join(text.get_text() for text in ax.texts)


def test_the_four_memories_name_what_they_keep(ax):
    fig = plots.four_memories()
    none, inputs, outputs, state = fig.axes
    assert "x_{t-1}" not in texts(none) and "h_{t-1}" not in texts(none)
    assert "x_{t-2}" in texts(inputs) and "o_{t-1}" in texts(outputs) and "h_{t-1}" in texts(state)
    plt.close(fig)
    with pytest.raises(SettingError):
        memory(ax, "weights")


def test_time_line_writes_every_event_and_wants_them_in_order(ax):
    plots.time_line(ax, [(1982, "Hopfield"), (1986, "Jordan"), (1990, "Elman")])
    assert all(word in texts(ax) for word in ("1982  Hopfield", "1986  Jordan", "1990  Elman"))
    with pytest.raises(SettingError):
        plots.time_line(ax, [(1990, "Elman"), (1982, "Hopfield")])


def test_patterns_are_shown_as_they_are():
    fig, axes = plt.subplots(1, 2)
    columns = np.array([[1.0, -1.0, 1.0, 1.0, -1.0, -1.0], [1.0] * 6]).T
    plots.patterns(axes, columns, (2, 3), ["a"])
    assert (axes[0].images[0].get_array() == columns[:, 0].reshape(2, 3)).all()
    with pytest.raises(ShapeError):
        plots.patterns(axes, columns, (2, 4))
    plt.close(fig)


def test_band_runs_from_the_smallest_to_the_largest(ax):
    runs = np.array([[1.0, 2.0, 6.0], [3.0, 2.0, 0.0]])
    plots.band(ax, [1, 2, 3], runs, "black", "curve")
    assert ax.lines[0].get_ydata().tolist() == [2.0, 2.0, 3.0]
    low, high = ax.collections[0].get_datalim(ax.transData).intervaly
    assert (low, high) == (0.0, 6.0)
    with pytest.raises(ShapeError):
        plots.band(ax, [1, 2], runs, "black")
