"""The pictures by length show the numbers that they are given, failures too."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from rnncore import plots, results
from rnncore.errors import SettingError, ShapeError

LENGTHS = (100, 200)
RUNS = {
    "tanh": [results.trials([None, None], 90_000), results.trials([None, None], 90_000)],
    "LSTM": [results.trials([10_000, 30_000], 90_000), results.trials([70_000, None], 90_000)],
}


@pytest.fixture
def ax():
    yield plt.figure().add_subplot()
    plt.close("all")


def test_shares(ax):
    plots.solved_by_length(ax, LENGTHS, RUNS)
    tanh, lstm = ax.lines
    assert [line.get_label() for line in ax.lines] == ["tanh", "LSTM"]
    assert list(tanh.get_ydata()) == [0, 0] and list(lstm.get_ydata()) == [100, 50]
    np.testing.assert_allclose(np.sqrt(np.multiply(tanh.get_xdata(), lstm.get_xdata())), LENGTHS)  # side by side
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["100", "200"] and ax.get_xscale() == "log"
    assert len({(line.get_color(), line.get_linestyle(), line.get_marker()) for line in ax.lines}) == 2
    assert tanh.get_color() != lstm.get_color() and tanh.get_marker() != lstm.get_marker()


def test_every_trial_is_there_and_failures_stand_at_the_cap(ax):
    plots.sequences_by_length(ax, LENGTHS, RUNS)
    line, dots, crosses = ax.lines[3:]
    np.testing.assert_array_equal(line.get_ydata(), [20_000, 70_000])
    assert list(dots.get_ydata()) == [10_000, 30_000, 70_000] and list(crosses.get_ydata()) == [90_000]
    assert crosses.get_marker() == "x" and crosses.get_color() == line.get_color()
    np.testing.assert_allclose(crosses.get_xdata()[0], line.get_xdata()[1])
    line, dots, crosses = ax.lines[:3]
    assert np.isnan(np.asarray(line.get_ydata(), float)).all() and len(dots.get_xdata()) == 0 and list(crosses.get_ydata()) == [90_000] * 4
    assert abs(np.log(line.get_xdata()[0] / 100)) < 0.1 and line.get_xdata()[0] != ax.lines[3].get_xdata()[0]


def test_doors(ax):
    with pytest.raises(ShapeError, match="expected 3 results for tanh"):
        plots.solved_by_length(ax, (1, 2, 3), RUNS)
    with pytest.raises(SettingError, match="cap"):
        plots.sequences_by_length(ax, (100,), {"a": [results.trials([None])]})
    with pytest.raises(SettingError, match="one to 6 models, got 0"):
        plots.sequences_by_length(ax, (100,), {})
