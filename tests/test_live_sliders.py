"""`rnncore.live.sliders`: the first figure at once, another one after each move, clear words for wrong controls."""

import io

import ipywidgets
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from rnncore import live
from rnncore.errors import SettingError

matplotlib.use("agg")


@pytest.fixture
def shown(monkeypatch):
    """What the cell displays, and every later picture."""
    displayed = []

    class Handle:
        def update(self, picture):
            displayed.append(picture)

    def display(thing, display_id=False):
        displayed.append(thing)
        return Handle() if display_id else None

    monkeypatch.setattr("IPython.display.display", display)
    return displayed


def line(slope=1.0, points=3, colour="black"):
    fig, ax = plt.subplots(figsize=(3, 2))
    ax.plot(slope * np.arange(points), color=colour)
    ax.set_title(f"{slope:.2f}")
    return fig


def pixels(picture) -> np.ndarray:
    return plt.imread(io.BytesIO(picture.data))


def test_the_first_figure_is_there_and_a_move_draws_another(shown):
    live.sliders(line, slope=(-2.0, 2.0, 0.5), points=(2, 9, 1), colour=["black", "red"])
    controls, first = shown
    slope, points, colour = controls.children
    assert [type(c) for c in controls.children] == [ipywidgets.FloatSlider, ipywidgets.IntSlider, ipywidgets.Dropdown]
    assert (slope.value, slope.min, slope.max, slope.step, points.value, colour.value) == (1.0, -2.0, 2.0, 0.5, 3, "black")
    slope.value = -1.5
    colour.value = "red"
    assert len(shown) == 4
    assert pixels(first).shape == pixels(shown[2]).shape == pixels(shown[3]).shape
    assert not np.array_equal(pixels(first), pixels(shown[2])) and not np.array_equal(pixels(shown[2]), pixels(shown[3]))
    assert plt.get_fignums() == []


def test_a_move_draws_what_a_fresh_call_would(shown):
    live.sliders(line, slope=(-2.0, 2.0, 0.5))
    shown[0].children[0].value = 1.5
    shown[0].children[0].value = 1.0
    assert np.array_equal(pixels(shown[-1]), pixels(shown[1]))


def test_labels_are_not_cut_off(shown):
    def labelled(size=1.0):
        fig, ax = plt.subplots(figsize=(4, 2), layout="constrained")
        ax.set(xlabel="time step t", ylabel="a label")
        return fig

    live.sliders(labelled, size=(0.0, 2.0, 1.0))
    shown[0].children[0].value = 2.0
    for picture in shown[1:]:
        edge = pixels(picture)[:, :, :3]
        assert all((side > 0.99).all() for side in (edge[0], edge[-1], edge[:, 0], edge[:, -1]))


@pytest.mark.parametrize(
    ("controls", "message"),
    [
        ({}, r"at least one control.*got none"),
        ({"slop": (0, 1, 1)}, r"arguments of line \(slope, points, colour\), got 'slop'"),
        ({"slope": (2.0, 3.0, 0.5)}, r"slope: expected \(lowest, highest, step\) or a list around the default 1.0, got \(2.0, 3.0, 0.5\)"),
        ({"slope": (0.0, 3.0)}, r"slope: expected \(lowest, highest, step\)"),
        ({"slope": (0.0, 3.0, 0.0)}, r"slope: expected \(lowest, highest, step\)"),
        ({"colour": ["red", "blue"]}, "a list around the default 'black'"),
    ],
)
def test_wrong_controls_are_refused(shown, controls, message):
    with pytest.raises(SettingError, match=message):
        live.sliders(line, **controls)
    assert shown == []


def test_an_argument_needs_a_default(shown):
    def without(w):
        return line(w)

    with pytest.raises(SettingError, match="expected a default for w in without"):
        live.sliders(without, w=(0, 1, 1))


def test_what_is_drawn_must_be_a_figure(shown):
    def nothing(w=1):
        return None

    with pytest.raises(SettingError, match="expected nothing to return a matplotlib figure, got NoneType"):
        live.sliders(nothing, w=(0, 2, 1))
