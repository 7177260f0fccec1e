"""Pictures of attention: the numbers shown are those of the library, frames stand on the true alignment."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from rnncore import plots
from rnncore.errors import RNNCoreError, SettingError, ShapeError
from rnncore.reference import Attention

ITEMS = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])


@pytest.fixture
def ax():
    fig, ax = plt.subplots()
    yield ax
    plt.close(fig)


@pytest.mark.parametrize("kind, scale", [("dot", 1.0), ("scaled", 2**-0.5)])
def test_a_look_shows_scores_weights_and_context_of_the_library(ax, kind, scale):
    query = np.array([1.0, 2.0])
    context, weights, _ = Attention(kind, 2, 2).forward({}, query[:, None], ITEMS[:, :, None])
    plots.look(ax, query, ITEMS, "abc", scale)
    shown = [t.get_text() for t in ax.texts]
    assert all(f"{w:.3f}" in shown for w in weights[:, 0]) and all(f"{c:.3f}" in shown for c in context[:, 0])
    bars = [p.get_height() for p in ax.patches if np.isclose(p.get_width(), 0.6)]
    assert np.allclose(bars, weights[:, 0])
    scores = ITEMS @ query * scale
    assert all((f"{e:.0f}" if scale == 1 else f"{e:.2f}") in shown for e in scores)


def test_numbers_that_are_not_whole_get_digits(ax):
    plots.look(ax, [0.25, -1.0], ITEMS / 2, "abc")
    shown = [t.get_text() for t in ax.texts]
    assert "0.25" in shown and "\u22121.00" in shown and "0.50" in shown


@pytest.mark.parametrize("query, memory, names", [([1.0, 2.0], ITEMS, "ab"), ([1.0], ITEMS, "abc"), ([np.nan, 1.0], ITEMS, "abc")])
def test_looks_that_cannot_be(ax, query, memory, names):
    with pytest.raises(RNNCoreError, match="query|memory"):
        plots.look(ax, query, memory, names)


def test_an_alignment_has_rows_written_columns_read_and_frames_on_the_true_steps(ax):
    weights = np.array([[0.1, 0.9], [0.8, 0.2], [0.5, 0.5]])
    plots.alignment(ax, weights, ["a", "b"], ["b", "a", "[END]"], [1, 0, -1], numbers=True)
    assert np.allclose(ax.images[0].get_array(), weights)
    assert [(p.get_x() + 0.5, p.get_y() + 0.5) for p in ax.patches] == [(1, 0), (0, 1)]
    assert [t.get_text() for t in ax.texts] == ["0.10", "0.90", "0.80", "0.20", "0.50", "0.50"]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["a", "b"]
    plots.alignment(ax, weights, ["a", "b"], ["b", "a", "[END]"])


@pytest.mark.parametrize("weights, true, error", [([[0.5, 0.6]], None, SettingError), ([[-0.5, 1.5]], None, SettingError),
                                                  ([[0.5, 0.5, 0.0]], None, ShapeError), ([[0.5, 0.5]], [0, 1], ShapeError)])
def test_alignments_that_cannot_be(ax, weights, true, error):
    with pytest.raises(error):
        plots.alignment(ax, weights, ["a", "b"], ["c"], true)
