"""The pictures of the spectrum and of the Jacobian product show the numbers that they are given."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import Circle

from rnncore import plots
from rnncore.errors import ShapeError


@pytest.fixture
def ax():
    yield plt.figure().add_subplot()
    plt.close("all")


@pytest.mark.parametrize("W", [[[0.9, -0.3], [0.3, 0.9]], [[0.9, 0.0], [1.5, 0.8]], np.diag([0.2, -1.4, 0.5])])
def test_eigenvalues_and_circles(ax, W):
    W = np.asarray(W)
    plots.spectrum(ax, W)
    dots = next(line for line in ax.lines if line.get_marker() == "o")
    shown = np.sort_complex(np.asarray(dots.get_xdata()) + 1j * np.asarray(dots.get_ydata()))
    np.testing.assert_allclose(shown, np.sort_complex(np.linalg.eigvals(W)), atol=1e-12)
    radii = [patch.radius for patch in ax.patches if isinstance(patch, Circle)]
    np.testing.assert_allclose(radii, [1, abs(shown).max(), np.linalg.svd(W)[1][0]])
    assert ax.get_xlim()[1] > max(radii) and ax.get_xlim() == ax.get_ylim()
    assert len({(p.get_linestyle(), p.get_edgecolor()) for p in ax.patches}) == 3


def test_norms_are_the_numbers_that_came_and_zero_is_left_out(ax):
    plots.jacobian_norms(ax, range(4), {"a": [1, 0.5, 0.25, 0]}, {"bound": [1, 10, 100, 1000]})
    curve, bound = ax.lines
    np.testing.assert_array_equal(curve.get_ydata(), [1, 0.5, 0.25, np.nan])
    np.testing.assert_array_equal(bound.get_ydata(), [1, 10, 100, 1000])
    low, high = ax.get_ylim()
    assert 0 < low < 0.25 and 1 < high < 10 and ax.get_yscale() == "log"  # fits the norms, cuts the bound off
    assert curve.get_linestyle() != bound.get_linestyle() and curve.get_marker() == "o"


def test_doors(ax):
    with pytest.raises(ShapeError, match="W: expected shape"):
        plots.spectrum(ax, np.ones((2, 3)))
    with pytest.raises(ShapeError, match="a: expected shape"):
        plots.jacobian_norms(ax, range(4), {"a": [1.0, 2.0]})
