"""The beam explorer against rnncore.search and against all sentences, tried one by one; what it says about each candidate."""

import re

import numpy as np
import pytest

from rnncore import explorers
from rnncore.explorers.beam import END, PRESETS, WORDS
from tests.explorers.cases.beam import GIVEN, SETTINGS, all_sentences, compare, padded, reference_beam

COMPUTED = ("ids", "log_probs", "scores", "best_ids", "best_log_prob")


def said(ids) -> str:
    return " ".join(WORDS[int(k)] for k in ids if k >= 0)


def best(preset, alpha=0.0):
    return said(reference_beam(explorers.BeamExplorer(preset=preset, alpha=alpha))["best_ids"])


def found(preset, width, alpha=0.0):
    return said(explorers.BeamExplorer(preset=preset, width=width, alpha=alpha).search()[0].ids)


def same_as_reference(shown):
    for name, seen, expected in compare({name: shown[name] for name in (*GIVEN, *COMPUTED)}):
        np.testing.assert_allclose(seen, expected, rtol=1e-10, atol=1e-12, err_msg=name)


# ---- in Python ----


def test_the_presets_do_what_their_names_say():
    assert found("greedy loses", 1) != best("greedy loses") == found("greedy loses", 2) == "the dog barks [END]"
    assert found("width 2 loses", 1) == found("width 2 loses", 2) != best("width 2 loses") == found("width 2 loses", 3) == "dog barks [END]"
    assert found("short wins", 1) == "the dog barks [END]" and found("short wins", 2) == best("short wins") == "[END]"
    assert best("short wins", 0.5) == found("short wins", 2, 0.5) == "the dog barks [END]"
    assert all((np.sum(counts, axis=1) == 100).all() for counts in PRESETS.values())


def test_presets_and_edits_in_python():
    ex = explorers.BeamExplorer(width=2)
    assert ex.preset == "greedy loses" and said(ex.search()[0].ids) == "the dog barks [END]"
    ex.preset = "short wins"
    np.testing.assert_array_equal(ex.counts, PRESETS["short wins"])
    ex.counts = 1 + 0 * ex.counts
    assert ex.preset == ""
    mixed = explorers.BeamExplorer(preset="short wins", counts=np.ones((7, 7)))
    assert mixed.preset == "" and (mixed.counts == 1).all()
    assert len(all_sentences(ex.counts)) == 9331


# ---- in a page ----


@pytest.mark.browser
@pytest.mark.parametrize("settings", SETTINGS)
def test_search_and_best_of_all(show, settings):
    ex = explorers.BeamExplorer(**settings)
    shown, expected = show(ex), reference_beam(ex)
    same_as_reference(shown)
    shown.press("To the end")
    rows = shown.cells("Found by the search")
    assert [row[1].removesuffix(" …") for row in rows] == [said(ids) for ids in expected["ids"]]
    np.testing.assert_allclose([[float(row[2]), float(row[4])] for row in rows], np.transpose([expected["log_probs"], expected["scores"]]), atol=0.0051)
    ranked = sorted(all_sentences(ex.counts), key=lambda one: -one[0] / len(one[1]) ** ex.alpha)[:5]
    rows = shown.cells("The best of all 9331")
    np.testing.assert_allclose([float(row[3]) for row in rows], [log_p / len(ids) ** ex.alpha for log_p, ids in ranked], atol=0.0051)
    assert rows[0][1] == said(ranked[0][1]) and [row[4] for row in rows] == ["yes" if row[1] in map(said, expected["ids"]) else "no" for row in rows]
    assert ("It is the best of all." in shown.root.locator(".summary").inner_text()) == (expected["ids"][0] == expected["best_ids"])


@pytest.mark.browser
@pytest.mark.parametrize("settings", SETTINGS[-4:])
def test_candidates_of_every_step_by_hand(show, settings):
    """Ranks, probabilities and fates of each step, from the table alone: all continuations of what was kept, sorted."""
    ex = explorers.BeamExplorer(**settings, step=0)
    shown, log_p, alive = show(ex), np.log(ex.counts / ex.counts.sum(axis=1, keepdims=True)), [((), 0.0)]
    steps = 0
    while shown.root.get_by_role("button", name="Next step").get_attribute("aria-disabled") == "false":
        shown.press("Next step")
        steps += 1
        made = sorted((((*ids, k), lp + log_p[ids[-1] + 1 if ids else 0, k]) for ids, lp in alive for k in range(7)), key=lambda one: -one[1])
        rows = shown.cells(f"candidates at step {steps}")
        assert f"of {len(made)}" in shown.root.locator(".ranks .part").first.inner_text() and len(rows) == min(ex.width + 3, len(made))
        for k, (row, (ids, lp)) in enumerate(zip(rows, made)):
            fate = "cut" if k >= ex.width else "ended" if ids[-1] == END else "kept"
            assert (row[0], row[1], row[4]) == (str(k + 1), said(ids), fate) and float(row[3]) == pytest.approx(lp, abs=0.0051)
        alive = [one for one in made[: ex.width] if one[0][-1] != END]
        drawn = {kind: shown.root.locator(f"g.node.{kind}").count() for kind in ("kept", "ended", "cut")}
        assert drawn["cut"] == 3 * steps - (ex.width == 5) and drawn["kept"] + drawn["ended"] <= ex.width * steps
    assert steps == shown["step"] >= len(ex.search()[0].ids)


@pytest.mark.browser
def test_why_one_died(show):
    shown = show(explorers.BeamExplorer(step=1))
    why, summary = shown.root.locator(".why"), shown.root.locator(".summary")
    assert "1 of 4 steps done, 1 alive" in summary.inner_text()
    shown.press("Next step")
    text = why.inner_text().replace("\u2212", "-")  # where the best sentence of all is lost
    assert "“the dog” has log P = -0.06 + (-0.92) = -0.98, rank 2 of 7 at step 2" in text and "the last kept, “the nice”, has -0.76" in text
    assert "here the search loses it" in text
    shown.press("To the end")
    assert "“the nice house [END]”" in summary.inner_text() and "The best of all is “the dog barks [END]”" in summary.inner_text()
    shown.slide("Width", 2)
    assert "It is the best of all." in summary.inner_text() and "loses it" not in why.inner_text()
    shown.root.get_by_label("Why?").select_option("0 2 4")
    assert "It lives on" in why.inner_text()
    shown.root.locator("g.node", has_text="[END]").first.click()
    assert "rank" in why.inner_text()
    shown.root.get_by_label("Start from").select_option("width 2 loses")
    shown.slide("Width", 3)
    options = shown.root.get_by_label("Why?").locator("option").all_text_contents()
    dead = [text for text in options if text.startswith("✗")]
    assert "✗ nice" in dead and len(dead) > 3  # kept at step 1, with no child among the three of step 2
    shown.root.get_by_label("Why?").select_option("1")
    assert "It was kept, but died at step 2" in why.inner_text()
    child, last = (float(n) for n in re.findall(r"has (-\d\.\d\d)", why.inner_text().replace("\u2212", "-"))[-2:])
    assert child < last


@pytest.mark.browser
def test_counts_presets_and_keys(show):
    shown = show(explorers.BeamExplorer())
    field = shown.root.get_by_label("dog after the", exact=True)
    field.fill("70")
    assert shown["counts"][1, 2] == 70 and shown["preset"] == "" and said(shown["ids"][0]) == "the dog barks [END]"
    same_as_reference(shown)
    field.press("Shift+ArrowDown")
    field.press("ArrowUp")
    assert shown["counts"][1, 2] == 61
    field.fill("0")
    assert field.get_attribute("aria-invalid") == "true" and shown["counts"][1, 2] == 61
    field.blur()
    assert field.input_value() == "61"
    shown.root.get_by_label("Start from").select_option("short wins")
    assert shown["preset"] == "short wins" and field.input_value() == "80"
    shown.root.get_by_label("Width", exact=True).press("ArrowRight")
    assert shown["width"] == 2 and said(shown["ids"][0]) == "[END]"
    shown.slide("Length penalty α", 0.5)
    assert said(shown["ids"][0]) == "the dog barks [END]"
    same_as_reference(shown)
    shown.set("preset", "greedy loses")  # as Python does
    assert shown["counts"][1, 2] == 40
    shown.set("counts", np.full((7, 7), 2.0).tolist())
    assert shown["preset"] == "" and shown["best_ids"].tolist() == padded([END])


@pytest.mark.browser
def test_steps_back_and_forth(show):
    shown = show(explorers.BeamExplorer(width=5, step=6))
    whole = shown["step"]
    shown.press("Start")
    assert shown["step"] == 0 and shown.root.locator("g.node").count() == 0 and "No step yet" in shown.root.inner_text()
    shown.root.get_by_role("button", name="Next step").press("Enter")
    assert shown["step"] == 1 and shown.root.locator("g.node").count() == 7
    shown.press("To the end")
    assert shown["step"] <= whole and shown.root.locator("g.node.ended").count() >= 5
    shown.press("Back")
    shown.press("Back")
    shown.press("Next step")
    same_as_reference(shown)
