"""The pictures of an encoder–decoder hold every word once at its place, the hypotheses as given, failures too."""

import itertools

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import Circle, FancyArrowPatch

from rnncore import plots
from rnncore.errors import NotFiniteError, SettingError, ShapeError

READ, WRITTEN = "the black dog".split(), "il cane nero [END]".split()


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


@pytest.fixture
def ax():
    return plt.subplots(figsize=(7.4, 3))[1]


def words(ax):
    return [t.get_text() for t in ax.texts]


def test_the_two_nets_have_a_state_for_each_word_and_each_written_word_is_fed_back(ax):
    plots.encoder_decoder(ax, READ, WRITTEN)
    assert sum(isinstance(p, Circle) for p in ax.patches) == 7
    assert sum(isinstance(p, FancyArrowPatch) for p in ax.patches) == 2 + 3 + 1 + 3 + 2 * 4  # in the nets and between, in, in and out
    below = {t.get_text(): t.get_position() for t in ax.texts if t.get_position()[1] == 0}
    above = {t.get_text(): t.get_position() for t in ax.texts if t.get_position()[1] > 2}
    assert list(below) == [*READ, "[START]", "il", "cane", "nero"] and list(above) == WRITTEN
    assert below["cane"][0] == above["nero"][0] and below["[START]"][0] == above["il"][0]  # read beside what is written from it


def test_no_texts_of_the_two_nets_overlap(ax):
    plots.encoder_decoder(ax, READ, WRITTEN)
    ax.figure.canvas.draw()
    boxes = [t.get_window_extent() for t in ax.texts]
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))


@pytest.mark.parametrize("read, written", [([], WRITTEN), (READ, []), ("the", WRITTEN)])
def test_two_nets_without_words(ax, read, written):
    with pytest.raises(SettingError, match="expected at least one word"):
        plots.encoder_decoder(ax, read, written)


LEVELS = [[((2,), 0.4, True), ((3,), 0.35, True), ((4,), 0.25, False)], [((3, 1), 0.2, True), ((2, 5), 0.16, True), ((2, 6), 0.14, False)]]


def test_a_beam_shows_all_hypotheses_beside_those_that_they_continue(ax):
    plots.beams(ax, LEVELS, name="abcdefg".__getitem__, end=1)
    shown = {t.get_text(): t for t in ax.texts if "\n" in t.get_text()}
    assert list(shown) == ["c\n0.40", "d\n0.35", "e\n0.25", "b\n0.20", "f\n0.16", "g\n0.14"]
    solid = [line for line in ax.lines if line.get_linestyle() == "-"]
    assert len(ax.lines) == 6 and len(solid) == 4  # the others fell out
    assert solid[2].get_ydata()[0] == shown["d\n0.35"].get_position()[1]  # "b" continues "d"
    framed = [t for t, text in shown.items() if text.get_bbox_patch().get_edgecolor()[3] > 0]
    assert framed == ["b\n0.20"]


@pytest.mark.parametrize("levels, error", [([], SettingError), ([[]], SettingError), ([LEVELS[0], [((4, 5), 0.1, True)]], ShapeError),
                                           ([[((2, 3), 0.1, True)]], ShapeError)])
def test_beams_that_cannot_be(ax, levels, error):
    with pytest.raises(error, match="levels"):
        plots.beams(ax, levels)


def test_updates_show_every_start_its_median_and_who_never_got_there(ax):
    plots.updates_needed(ax, {"as it is": [900, None, None, 1200], "reversed": [300, 320, 500]}, 2000)
    dots = [(line.get_marker(), sorted(line.get_xdata())) for line in ax.lines if line.get_linestyle() == "None" and len(line.get_xdata())]
    assert dots == [("o", [900, 1200]), ("x", [2000, 2000]), ("s", [300, 320, 500])]
    bars = [list(line.get_xdata()) for line in ax.lines if line.get_linestyle() == "-"]
    assert bars == [[320, 320]]  # half of the others never got there: they have no median
    assert [t.get_text() for t in ax.get_yticklabels()] == ["as it is", "reversed"]
    with pytest.raises(SettingError, match="expected at least one start"):
        plots.updates_needed(ax, {"none": []}, 2000)
    with pytest.raises(SettingError, match="cap"):
        plots.updates_needed(ax, {"one": [3]}, 0)


def test_accuracy_by_length_is_a_mean_in_per_cent_with_a_band_and_the_lengths_of_training(ax):
    plots.accuracy_by_length(ax, [2, 4, 6], {"fixed": [[1, 0.8, 0.2], [1, 0.6, 0.0]], "other": [[0.5, 0.5, 0.5]]}, (2, 4))
    assert np.allclose(ax.lines[0].get_ydata(), [100, 70, 10]) and np.allclose(ax.lines[1].get_ydata(), 50)
    assert ax.get_legend_handles_labels()[1] == ["lengths in training", "fixed", "other"]
    bands = ax.collections[0].get_paths()[0].vertices
    assert bands[:, 1].min() == 0 and bands[:, 1].max() == 100


@pytest.mark.parametrize("runs, error", [({}, SettingError), ({"a": [[1.0, 70.0]]}, SettingError), ({"a": [[0.1]]}, ShapeError),
                                         ({"a": [[0.1, np.nan]]}, (SettingError, NotFiniteError))])
def test_accuracies_that_cannot_be(ax, runs, error):
    with pytest.raises(error):
        plots.accuracy_by_length(ax, [1, 2], runs)
