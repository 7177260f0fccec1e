"""The structures explorer against the reference: numbers, shapes, what is fed, what depends on what, and which distribution is modelled."""

import re

import numpy as np
import pytest

from rnncore import explorers
from rnncore.explorers.structures import STRUCTURES
from tests.explorers.cases.structures import FEEDS, SETTINGS, compare, inputs_of, run

pytestmark = pytest.mark.browser
SYMBOL = {"output": "ŷ", "targets": "y*"}
ALL = [(structure, feed) for structure in STRUCTURES for feed in FEEDS[structure]]


def low(n) -> str:
    return str(n).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def ids(shown, faint: bool) -> set:
    found = shown.root.locator(f"g[data-id]{'.faint' if faint else ':not(.faint)'}")
    return set(found.evaluate_all("els => els.map(e => e.dataset.id)"))


@pytest.mark.parametrize("settings", SETTINGS)
def test_numbers_and_shapes(show, settings):
    shown = show(explorers.StructuresExplorer(**settings))
    for what, value, expected in compare(shown.page.evaluate("window.shown.a.state")):
        np.testing.assert_allclose(value, expected, rtol=1e-11, atol=1e-13, err_msg=what)


def test_a_planted_fault_is_seen(show):
    """The comparison would notice a net that forgets its state, or feeds another symbol."""
    shown = show(explorers.StructuresExplorer(structure="one_to_many", feed="output", T=6))
    traits = shown.page.evaluate("window.shown.a.state")
    for key, other in (("feed", "targets"), ("structure", "synced"), ("T", 5)):
        pairs = [(np.asarray(a, float), np.asarray(b, float)) for what, a, b in compare(traits | {key: other}) if what == "y"]
        assert any(a.shape != b.shape or not np.allclose(a, b) for a, b in pairs)


@pytest.mark.parametrize(("structure", "feed"), ALL)
def test_marked_inputs_are_those_that_change_the_output(show, structure, feed):
    """Each input is moved in the reference: the outputs that follow are those in whose past it is drawn."""
    ex = explorers.StructuresExplorer(structure=structure, feed=feed, T=4, S=3)
    shown = show(ex)
    x, _ = inputs_of(ex)
    before = run(ex)[0]
    moves = []
    for s in range(len(x)):
        other = x.copy()
        other[s] += 1e-4  # so little that no symbol changes that is fed
        moves.append((run(ex, other)[0] != before).any(axis=(1, 2)))
    name = (lambda s: "x") if len(x) == 1 else lambda s: f"x{low(s + 1)}"
    depends = shown.page.evaluate("window.shown.a.state.depends")
    for t in range(len(before)):
        reached = {name(s) for s in range(len(x)) if moves[s][t]}
        assert {text for text in depends[t] if text[0] == "x"} == reached
        shown.slide("Past of output", t + 1)
        text = shown.root.locator(".summary").inner_text()
        assert re.search(rf"Output {t + 1} depends on ", text)
        no = text.partition("not on ")[2].strip(".").split(", ") if "not on" in text else []
        assert {n for n in no if n[0] == "x"} == {name(s) for s in range(len(x))} - reached
        lit = [i for i in ids(shown, False) if i.startswith("fed:")]
        texts = shown.root.locator("g[data-id^='fed']:not(.faint) text").evaluate_all("els => els.map(e => e.textContent)")
        assert {text.translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")) for text in texts if text[0] == "x"} == reached and len(lit) == len(texts)


@pytest.mark.parametrize(("structure", "feed"), ALL)
def test_what_is_fed(show, structure, feed):
    shown = show(explorers.StructuresExplorer(structure=structure, feed=feed, T=3, S=2))
    symbols = ["START", *(f"{SYMBOL[feed]}{low(t)}" for t in (1, 2))] if feed in SYMBOL else None
    expected = {"one_to_one": ["x"], "many_to_one": ["x₁", "x₂", "x₃"], "bidirectional": ["x₁", "x₂", "x₃"]}.get(structure)
    if structure == "synced":
        expected = [f"{symbols[t]} and x{low(t + 1)}" if symbols else f"x{low(t + 1)}" for t in range(3)]
    if structure == "one_to_many":
        xs = ["x"] * 3 if feed == "every" else ["x", "zeros", "zeros"]
        expected = [f"{y} and {x}" for y, x in zip(symbols, xs)] if symbols else xs
    if structure == "encoder_decoder":
        expected = ["x₁", "x₂", *symbols]
    assert shown["fed"].tolist() == expected
    told = [row[1] for row in shown.cells("Step by step")]
    assert [re.sub(r" \(class \d\)", "", text) for text in told] == expected
    drawn = shown.root.locator("[data-loss]").count()
    assert drawn == len(shown["losses"]) == (1 if structure in ("one_to_one", "many_to_one") else 3)


@pytest.mark.parametrize(("structure", "feed", "whole", "second"), [
    ("one_to_one", "x", "P(y | x)", None), ("many_to_one", "x", "P(y | x₁, x₂, x₃)", None),
    ("one_to_many", "zeros", "P(y₁, y₂, y₃ | x)", "P(y₂ | x)"), ("one_to_many", "output", "P(y₁, y₂, y₃ | x)", "P(y₂ | x, y₁)"),
    ("synced", "x", "P(y₁, y₂, y₃ | x₁, x₂, x₃)", "P(y₂ | x₁, x₂)"), ("synced", "output", "P(y₁, y₂, y₃ | x₁, x₂, x₃)", "P(y₂ | x₁, x₂, y₁)"),
    ("bidirectional", "x", "P(y₁, y₂, y₃ | x₁, x₂, x₃)", "P(y₂ | x₁, x₂, x₃)"),
    ("encoder_decoder", "targets", "P(y₁, y₂, y₃ | x₁, …, x₄)", "P(y₂ | x₁, …, x₄, y₁)"),
])  # fmt: skip
def test_the_distribution(show, structure, feed, whole, second):
    shown = show(explorers.StructuresExplorer(structure=structure, feed=feed, T=3, S=4, output=2))
    assert shown["probability"] == whole and shown.root.locator(".formula b").inner_text() == whole
    factors = shown.root.locator(".factor").all_inner_texts()
    if second is None:
        assert factors == []
    else:
        assert factors == shown["factors"].tolist() and factors[1] == second and len(factors) == 3
        assert shown.root.locator(".factor.picked").all_inner_texts() == [second]


def test_pointing_clicking_and_touching(show):
    shown = show(explorers.StructuresExplorer(), has_touch=True)
    assert ids(shown, True) == set()
    output = shown.root.locator("g[data-output='2']")
    output.hover()
    assert "h:2" in ids(shown, True) and shown["output"] == 0 and "Output 2 depends on x₁, x₂, and not on x₃, x₄" in shown.root.locator(".summary").inner_text()
    shown.page.mouse.move(2, 2)
    assert ids(shown, True) == set()
    output.click()
    shown.page.mouse.move(2, 2)
    assert shown["output"] == 2 and {"fed:2:0", "o:0", "o:3"} <= ids(shown, True)
    output.tap()
    assert shown["output"] == 0
    shown.root.locator("rect[data-output='3']").tap(position={"x": 8, "y": 8})
    assert shown["output"] == 3


def test_by_keyboard(show):
    shown = show(explorers.StructuresExplorer())
    shown.root.get_by_label("Structure").focus()
    shown.page.keyboard.type("enc")
    assert shown["structure"] == "encoder_decoder"
    shown.page.keyboard.press("Tab")
    shown.page.keyboard.press("ArrowDown")
    assert shown["feed"] == "output" and shown["fed"].tolist() == ["x₁", "x₂", "x₃", "START", "ŷ₁", "ŷ₂", "ŷ₃"]
    shown.root.get_by_label("Past of output").focus()
    shown.page.keyboard.press("ArrowRight")
    assert shown["output"] == 1 and {"o:4", "h:4"} <= ids(shown, True)
    shown.page.keyboard.press("End")
    assert shown["output"] == 4 and ids(shown, True) == set()
    shown.root.get_by_label("T, steps").focus()
    shown.page.keyboard.press("Home")
    assert shown["T"] == 1 and len(shown["losses"]) == 1 and "output" not in shown.root.locator(".summary").inner_text().split(".")[1].split()


def test_a_feed_that_is_not_offered_counts_as_the_first(show):
    shown = show(explorers.StructuresExplorer(structure="bidirectional", feed="output"))
    assert shown.root.get_by_label("Fed", exact=True).input_value() == "x" and shown["fed"].tolist() == ["x₁", "x₂", "x₃", "x₄"]
    shown.set("structure", "synced")  # from Python: there it is offered
    assert shown.root.get_by_label("Fed", exact=True).input_value() == "output"
