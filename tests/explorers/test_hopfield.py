"""The Hopfield explorer against `rnncore.reference.hopfield`."""

import itertools

import numpy as np
import pytest

from rnncore import explorers
from rnncore.explorers.base import mulberry32
from rnncore.explorers.hopfield import letters
from rnncore.reference import hopfield
from tests.explorers.cases.hopfield import recall
from tests.explorers.shown import flatten


def test_own_patterns_and_weights():
    xi = np.where(np.random.default_rng(0).random((64, 3)) < 0.5, -1.0, 1.0)
    ex = explorers.HopfieldExplorer(xi, shape=(8, 8), stored=[0, 2])
    np.testing.assert_allclose(ex.W, hopfield.store(xi[:, [0, 2]]), atol=1e-15)
    assert ex.names == ["1", "2", "3"] and np.array_equal(ex.state, xi[:, :1])


def test_another_number_of_patterns():
    ex = explorers.HopfieldExplorer()
    ex.patterns = letters("HLX")
    assert ex.names == ["1", "2", "3"] and ex.stored == [True] * 3 and ex.W.shape == (100, 100)


def test_all_six_letters_are_fixed_points():
    ex = explorers.HopfieldExplorer(stored=range(6))
    assert (ex.patterns * (ex.W @ ex.patterns) > 0).all()


def test_letters_have_no_other_values():
    assert set(np.unique(letters())) == {-1.0, 1.0} and letters().shape == (100, 6)


@pytest.mark.browser
def test_mulberry32_is_the_page_generator(show):
    shown = show(explorers.HopfieldExplorer())
    code = explorers.HopfieldExplorer._esm
    source = code[code.index("function mulberry32") : code.index("/** 0 … n − 1")]
    ours = list(itertools.islice(mulberry32(12345), 50))
    assert shown.page.evaluate(f"() => {{ {source} const r = mulberry32(12345); return Array.from({{ length: 50 }}, r); }}") == ours


@pytest.mark.browser
@pytest.mark.parametrize(
    ("stored", "extra", "noise", "seed", "sweeps"), [([0, 1, 2, 3], 0, 0.2, 0, 1), ([1, 4], 0, 0.45, 7, 3), (range(6), 14, 0.1, 3, 4)]
)
def test_hopfield_recall_and_energy(show, stored, extra, noise, seed, sweeps):
    ex = explorers.HopfieldExplorer(stored=list(stored), extra=extra, noise=noise, seed=seed)
    shown = show(ex)
    shown.press("Add noise")
    start = flatten(shown["state"])
    assert (start != ex.state[:, 0]).sum() == round(100 * noise)
    shown.press("One unit", 3)
    shown.press("One sweep", sweeps)
    s, energy = recall(ex.W, start, seed, 3 + 100 * sweeps)
    assert np.array_equal(shown["state"], s)
    np.testing.assert_allclose(shown["energy"], energy, atol=1e-9)
    assert (np.diff(energy) <= 1e-12).all() and shown["updates"] == 3 + 100 * sweeps
    np.testing.assert_allclose(shown["overlap"], [hopfield.overlap(s, ex.patterns[:, [k]]) for k in range(6)], atol=1e-12)
    assert f"{energy[-1]:.2f}" in shown.root.locator(".summary").inner_text().replace("\u2212", "-")
    assert shown.root.locator(".pixel[aria-pressed=true]").count() == (s > 0).sum()


@pytest.mark.browser
def test_hopfield_run_reaches_a_fixed_point_and_reset_goes_back(show):
    ex = explorers.HopfieldExplorer(noise=0.3, seed=5)
    shown = show(ex, reduced_motion="no-preference")
    shown.press("Add noise")
    start = flatten(shown["state"])
    shown.press("Run")
    shown.root.locator(".summary", has_text="Fixed point").wait_for(timeout=20_000)
    s = flatten(shown["state"])
    assert (s * (ex.W @ s) >= -1e-12).all() and np.array_equal(s, ex.patterns[:, 0])
    shown.press("Reset")
    assert np.array_equal(flatten(shown["state"]), start) and shown["updates"] == 0


@pytest.mark.browser
def test_hopfield_choices_and_traits(show):
    ex = explorers.HopfieldExplorer()
    shown = show(ex)
    shown.root.get_by_label("Store Z").check()
    shown.slide("Random patterns", 5)
    assert list(shown["stored"]) == [True] * 5 + [False] and shown["extra"] == 5
    shown.root.get_by_role("button", name="Start from L").click()
    ex.stored, ex.extra = shown["stored"].tolist(), 5
    s = ex.patterns[:, 1]
    np.testing.assert_allclose(shown["energy"], [-0.5 * s @ ex.W @ s], atol=1e-9)
    shown.set("state", ex.patterns[:, [2]].tolist())  # as Python does
    assert shown.root.locator(".pixel[aria-pressed=true]").count() == (ex.patterns[:, 2] > 0).sum()
    shown.set("stored", [False] * 6)
    shown.set("extra", 0)
    assert "Nothing is stored" in shown.root.locator(".summary").inner_text()


@pytest.mark.browser
def test_hopfield_by_keyboard_mouse_and_touch(show):
    shown = show(explorers.HopfieldExplorer(), has_touch=True)
    page, s = shown.page, lambda: flatten(shown["state"])
    before = s()
    assert shown.root.locator(".pixel[tabindex='0']").count() == 1
    shown.root.locator(".pixel").nth(0).focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "Space"):
        page.keyboard.press(key)
    assert np.flatnonzero(s() != before).tolist() == [12]
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    assert np.flatnonzero(s() != before).tolist() == [10, 12]
    shown.root.locator(".pixel").nth(55).tap()
    assert np.flatnonzero(s() != before).tolist() == [10, 12, 55]
    boxes = [shown.root.locator(".pixel").nth(i).bounding_box() for i in (23, 26)]
    page.mouse.move(boxes[0]["x"] + 9, boxes[0]["y"] + 9)
    page.mouse.down()
    page.mouse.move(boxes[1]["x"] + 9, boxes[1]["y"] + 9, steps=12)
    page.mouse.up()
    assert s()[23:27].tolist() == [-before[23]] * 4
