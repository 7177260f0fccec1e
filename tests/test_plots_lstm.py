"""The diagram of the LSTM cell and the curves of its gates show what they claim."""

import functools
import itertools

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import Circle, FancyArrowPatch

from rnncore import plots
from rnncore.errors import SettingError
from rnncore.plots import gated, lstm
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


DRAWINGS = [(plots.cell, v) for v in lstm.DRAWN] + [(plots.gru, v) for v in ("after", "before")]
DRAWINGS += [(functools.partial(plots.cell, brief=True, fontsize=14), v) for v in lstm.DRAWN]  # the size of two in a row


@pytest.mark.parametrize("draw,variant", DRAWINGS)
def test_no_text_of_a_cell_lies_on_another_or_outside(draw, variant):
    fig = plt.figure(figsize=(7.2, 4.2))
    ax = draw(fig.add_subplot(), variant)
    fig.canvas.draw()
    boxes = [t.get_window_extent() for t in ax.texts]
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    frame = ax.get_window_extent()
    assert all(frame.x0 - 1 <= b.x0 and b.x1 <= frame.x1 + 1 for b in boxes)


def test_a_small_picture_names_the_gates_by_word_and_letter():
    words = [t.get_text() for t in plots.cell(plt.figure().add_subplot(), brief=True).texts]
    assert {"forget", "$f_t$", "input", "$i_t$", "candidate", "$g_t$", "output", "$o_t$"} <= set(words)
    assert not any("sigma" in text for text in words)


def near(a, b, reach=0.55):
    return np.hypot(*np.subtract(a, b)) < reach


def test_the_switches_of_the_cell_are_drawn():
    of = {v: plots.cell(plt.figure().add_subplot(), v) for v in lstm.DRAWN}
    words = {v: [t.get_text() for t in ax.texts] for v, ax in of.items()}
    assert [v for v in lstm.DRAWN if "forget gate" in words[v]] == ["1999", "peephole"]
    assert [v for v in lstm.DRAWN if "keep" in words[v]] == ["1999", "peephole", "coupled"] and "$1 - i_t$" in words["coupled"]
    dashed = [np.array(p._posA_posB) for p in of["peephole"].patches if isinstance(p, FancyArrowPatch) and p.get_linestyle() != "solid"]
    assert len(dashed) == 3 and all(start[1] == lstm.BELT for start, _ in dashed)
    seen = {k for k, x in lstm.PLACE.items() for start, end in dashed if near(end, (x - 0.42, lstm.GATE + 0.5))}
    after = [start[0] for start, end in dashed if near(end, (lstm.PLACE["o"] - 0.42, lstm.GATE + 0.5))]
    assert seen == {"f", "i", "o"} and after[0] > 4.8 > max(s[0] for s, _ in dashed if s[0] != after[0])  # o sees the new memory
    with pytest.raises(SettingError, match="variant: expected one of"):
        plots.cell(of["1997"], "2000")


@pytest.mark.parametrize("variant,weights_first", [("after", True), ("before", False)])
def test_the_reset_gate_acts_where_the_variant_says(variant, weights_first):
    ax = plots.gru(plt.figure().add_subplot(), variant)
    weights = next(t.get_position()[0] for t in ax.texts if "W_n" in t.get_text())
    product = next(t.get_position()[0] for t in ax.texts if t.get_text() == r"$\odot$" and t.get_position()[1] == gated.H_BUS)
    assert (weights < product) == weights_first and any("d_n" in t.get_text() for t in ax.texts) == weights_first
    with pytest.raises(SettingError, match="variant: expected one of"):
        plots.gru(ax, "between")


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
