"""Numbers in boxes: every number is there, readable on its colour, and the right answer is framed."""

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from rnncore.errors import ShapeError
from rnncore.plots import boxes

Y_HAT = np.array([[0.1, 0.2, 0.3, 0.4], [0.25, 0.25, 0.25, 0.25], [0.0, 0.97, 0.03, 0.0]])


@pytest.fixture
def ax():
    yield plt.figure().add_subplot()
    plt.close("all")


def texts(ax):
    return [t.get_text() for t in ax.texts]


def luminance(color):
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in to_rgb(color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_numbers():
    assert [boxes.number(v, d) for v, d in ((-1.25, 1), (-0.001, 2), (0.4, 0), (3, 2))] == ["\u22121.2", "0.00", "0", "3.00"]


def test_matrix_shows_every_entry_with_enough_contrast(ax):
    M = np.array([[-3.0, 0.2, 2.9], [0.0, 1.5, -1.4]])
    boxes.matrix(ax, M, ["a", "b"], ["1", "2", "3"], "U")
    assert texts(ax) == [boxes.number(v, 1) for v in M.ravel()]
    image = ax.images[0]
    for text, value in zip(ax.texts, M.ravel()):
        a, b = sorted((luminance(text.get_color()), luminance(image.cmap(image.norm(value)))))
        assert (b + 0.05) / (a + 0.05) >= 4.5


def test_confidences_frame_the_right_answer(ax):
    boxes.confidences(ax, Y_HAT, "helo", "hel", "ell")
    assert len(texts(ax)) == 12 and [t.get_text() for t in ax.get_yticklabels()] == list("helo")
    frames = [p for p in ax.patches if isinstance(p, Rectangle)]
    assert [round(f.get_y() + 0.47) for f in frames] == [1, 2, 2]
    with pytest.raises(ShapeError, match="y_hat"):
        boxes.confidences(ax, Y_HAT, "helo", "he")


def test_activities_hold_all_numbers(ax):
    h = np.array([[0.5, -0.25], [0.1, 0.9], [-1.0, 0.0]])
    boxes.activities(ax, np.eye(4)[[0, 1, 2]], h, Y_HAT, "helo", "ell")
    shown = texts(ax)
    assert all(boxes.number(v) in shown for v in h.ravel()) and all(boxes.number(v) in shown for v in Y_HAT.ravel())
    assert shown.count("“l”") == 3 and shown.count("$W$") == 2 and shown.count("$U$") == 3
    with pytest.raises(ShapeError, match="h: expected"):
        boxes.activities(ax, np.eye(4)[[0, 1, 2]], h[:2], Y_HAT, "helo", "ell")


def test_distribution_before_and_after(ax):
    boxes.distribution(ax, np.array([0.0, 0.75, 0.25]), "abc", np.array([0.2, 0.6, 0.2]))
    assert texts(ax) == ["0.00", "0.75", "0.25"] and len(ax.patches) == 6
    with pytest.raises(ShapeError, match="before"):
        boxes.distribution(ax, np.array([0.5, 0.5]), "ab", np.array([1.0]))
