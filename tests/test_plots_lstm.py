"""The diagram of the LSTM cell and the curves of its gates show what they claim."""

import itertools

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import Circle, FancyArrowPatch

from rnncore import plots
from rnncore.errors import SettingError
from rnncore.plots import lstm
from rnncore.reference import LSTM, unroll
from tests import cases


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def test_the_cell_has_all_its_parts():
    ax = plots.cell(plt.figure(figsize=(7.2, 4.2)).add_subplot())
    found = [t.get_text() for t in ax.texts]
    assert {"$c_{t-1}$", "$c_t$", "$h_{t-1}$", "$h_t$", "$x_t$", "tanh", "forget gate", "input gate", "candidate", "output gate"} <= set(found)
    assert sum(r"\sigma" in text for text in found) == 3 and found.count(r"$\odot$") == 3 and found.count("$+$") == 1
    signs = {tuple(np.round(p.center, 6)) for p in ax.patches if isinstance(p, Circle) and p.radius > 0.2}
    assert signs == {(lstm.PLACE["f"], lstm.BELT), (4.8, lstm.BELT), (4.8, lstm.WRITE), (lstm.PLACE["o"], lstm.READ)}


def ends(ax):
    """Start and end of every arrow."""
    return [p.get_path().vertices[[0, -1]] if p._posA_posB is None else np.array(p._posA_posB) for p in ax.patches if isinstance(p, FancyArrowPatch)]


def test_every_gate_reads_the_bus_and_reaches_its_valve():
    arrows = ends(plots.cell(plt.figure().add_subplot()))
    leads = lambda a, b: any(np.hypot(*(s - a)) < 0.55 and np.hypot(*(e - b)) < 0.55 for s, e in arrows)  # noqa: E731
    write = (lstm.PLACE["i"] + lstm.PLACE["g"]) / 2
    for x in lstm.PLACE.values():
        assert leads((x, lstm.BUS), (x, lstm.GATE - 0.4))
    targets = {"f": (lstm.PLACE["f"], lstm.BELT), "i": (write, lstm.WRITE), "g": (write, lstm.WRITE), "o": (lstm.PLACE["o"], lstm.READ)}
    for k, target in targets.items():
        assert leads((lstm.PLACE[k], lstm.GATE + 0.4), target)
    assert leads((write, lstm.WRITE), (write, lstm.BELT)) and leads((lstm.PLACE["o"], lstm.READ), (lstm.EDGE[1], lstm.READ))
    assert not leads((lstm.PLACE["o"], lstm.GATE + 0.4), (lstm.PLACE["o"], lstm.BELT))


def test_no_text_of_the_cell_lies_on_another_or_outside():
    fig = plt.figure(figsize=(7.2, 4.2))
    ax = plots.cell(fig.add_subplot())
    fig.canvas.draw()
    boxes = [t.get_window_extent() for t in ax.texts]
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    frame = ax.get_window_extent()
    assert all(frame.x0 - 1 <= b.x0 and b.x1 <= frame.x1 + 1 for b in boxes)


@pytest.mark.parametrize("unit", [0, 2])
def test_curves_are_the_gates_and_states_of_the_unit(unit):
    cell, rng = LSTM(3, 4), np.random.default_rng(0)
    start = cases.state(cell, rng)
    h, _, caches = unroll(cell, cases.parameters(cell, rng), cases.sequence(rng), start)
    axes = plots.gates(plt.figure().subplots(2, 1), caches, unit)
    for line, name in zip(axes[0].lines, "fio", strict=True):
        np.testing.assert_array_equal(line.get_ydata(), [getattr(cache, name)[unit, 0] for cache in caches])
        assert f"${name}_t$" in line.get_label()
    c, hidden = axes[1].lines[:2]
    np.testing.assert_array_equal(c.get_ydata(), [start.c[unit, 0], *(cache.c[unit, 0] for cache in caches)])
    np.testing.assert_allclose(hidden.get_ydata(), h[:, unit, 0], rtol=1e-12)
    assert c.get_xdata()[0] == 0 and hidden.get_xdata()[0] == 1
    assert len({(line.get_linestyle(), line.get_marker()) for line in axes[0].lines}) == 3


def test_doors():
    cell, rng = LSTM(3, 4), np.random.default_rng(0)
    caches = unroll(cell, cell.init(rng), cases.sequence(rng))[2]
    axes = plt.figure().subplots(2, 1)
    for call, text in ((lambda: plots.gates(axes[:1], caches), "axes: expected two"), (lambda: plots.gates(axes, caches, 4), "unit: expected an index from 0 to 3, got 4")):
        with pytest.raises(SettingError, match=text):
            call()
