"""The picture of a surprised predictor shows the numbers that it is given."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from rnncore import plots
from rnncore.errors import NotFiniteError, SettingError, ShapeError


@pytest.fixture
def axes():
    yield plt.figure().subplots(2)
    plt.close("all")


def test_series_prediction_and_error(axes):
    seconds, series, predicted = np.arange(5.0), np.array([0, 1, 2, 1, 0.0]), np.array([0, 1, 0, 1, 0.5])
    above, below = plots.surprise(axes, seconds, series, predicted, marked=[2.0], half=0.5)
    np.testing.assert_array_equal([line.get_ydata() for line in above.lines], [series, predicted])
    np.testing.assert_array_equal(below.lines[0].get_xydata(), np.transpose([seconds, [0, 0, 4, 0, 0.25]]))
    for ax in axes:
        assert [(p.get_x(), p.get_width()) for p in ax.patches] == [(1.5, 1.0)] and ax.get_xlim() == (0, 4)


def test_what_is_refused(axes):
    t = np.arange(3.0)
    with pytest.raises(ShapeError, match="two"):
        plots.surprise(axes[:1], t, t, t)
    with pytest.raises(ShapeError, match="predicted"):
        plots.surprise(axes, t, t, t[:2])
    with pytest.raises(NotFiniteError, match="series"):
        plots.surprise(axes, t, t * np.nan, t)
    with pytest.raises(SettingError, match="half"):
        plots.surprise(axes, t, t, t, half=0)
