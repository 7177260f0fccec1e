"""The attention explorer against the reference's attention: every number that it writes, the mask, the reader's own scores."""

import re

import numpy as np
import pytest

from rnncore import explorers
from rnncore.explorers.attention import GIVEN, SOURCE, TARGET
from rnncore.reference.attention import KINDS
from tests.explorers.cases.attention import SETTINGS, reference_attention

ALIGNED = [0, 2, 1, 3]  # il: the, gatto: cat, nero: black, dorme: sleeps


def numbers(text: str) -> list[float]:
    return [float(n) for n in re.findall(r"-?\d+\.\d+", text.replace("\u2212", "-"))]


def same_as_reference(shown):
    expected = reference_attention(explorers.AttentionExplorer(**{key: shown[key] for key in GIVEN}))
    for name, value in expected.items():
        np.testing.assert_allclose(shown[name], value, rtol=1e-12, atol=1e-14, err_msg=name)
    return expected


# ---- in Python ----


@pytest.mark.parametrize("kind", KINDS)
def test_every_score_finds_the_alignment(kind):
    ex = explorers.AttentionExplorer(kind=kind)
    contexts, weights, _ = ex.attention.forward(ex.params, ex.Q, ex.K, ex.mask)
    assert weights[..., 0].argmax(axis=1).tolist() == ALIGNED and weights.max(axis=1).min() > 0.75 and not weights[:, 4].any()
    np.testing.assert_array_equal(weights, reference_attention(ex)["weights"])
    ex.masked = False
    assert 0.15 < reference_attention(ex)["weights"][3, 4, 0] < 0.35  # what the padding takes from "sleeps"


def test_the_temperature_is_a_finite_number():
    for value in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(Exception, match="AttentionExplorer.temperature: expected a number from 0.05 to 20"):
            explorers.AttentionExplorer(temperature=value)


# ---- in a page ----


@pytest.mark.browser
@pytest.mark.parametrize("settings", SETTINGS)
def test_scores_weights_contexts(show, settings):
    shown = show(explorers.AttentionExplorer(**settings))
    expected = same_as_reference(shown)
    drawn = shown.cells("Weights")
    assert [row[0] for row in drawn] == list(TARGET)
    np.testing.assert_allclose([[float(cell) for cell in row[1:]] for row in drawn], expected["weights"][..., 0], atol=0.0051)


@pytest.mark.browser
@pytest.mark.parametrize("settings", SETTINGS)
def test_every_number_of_a_look_is_written_out(show, settings):
    ex = explorers.AttentionExplorer(**settings)
    shown, expected = show(ex), reference_attention(ex)
    values = ex.K if ex.tied else ex.V
    key = ex.attention.keys(ex.params, ex.K)[..., 0]
    for t, word in enumerate(TARGET):
        shown.press(word)
        score, weight = expected["scores"][t, :, 0], expected["weights"][t, :, 0]
        for s, row in enumerate(shown.cells("1. Scores")):
            found = numbers(row[1])
            if ex.kind == "additive":
                u = np.tanh(ex.W_q @ ex.Q[t] + ex.W_k @ ex.K[s])[:, 0]
                want = [*key[s], *u, *np.stack([ex.v[:, 0], u], axis=1).ravel()]
            else:
                want = [*(key[s] if ex.kind == "general" else ()), *np.stack([ex.Q[t, :, 0], key[s]], axis=1).ravel()]
            assert found[: len(want)] == pytest.approx(want, abs=0.0051) and row[0] == SOURCE[s]
            if ex.added.any():
                assert found[len(want):] == pytest.approx([score[s] - ex.added[t, s, 0], ex.added[t, s, 0]], abs=0.0051)
            field = shown.root.get_by_label(f"Score of {SOURCE[s]}", exact=True)
            assert float(field.input_value()) == pytest.approx(score[s], abs=0.0051)
        rows = shown.cells("2. Softmax")
        real = 4 if ex.masked else 5
        power = np.exp((score[:real] - score[:real].max()) / ex.temperature)
        assert [float(row[1]) for row in rows[:real]] == pytest.approx(score[:real] / ex.temperature, abs=0.0051)
        assert [float(row[2]) for row in rows[:real]] == pytest.approx(power, abs=0.00051)
        assert [float(row[3]) for row in rows[:5]] == pytest.approx(weight, abs=0.00051)
        assert float(rows[5][2]) == pytest.approx(power.sum(), abs=0.00051)
        rows = shown.cells("3. Context")
        for s in range(5):
            want = [number for m in values[s, :, 0] for number in (weight[s], m, weight[s] * m)]
            assert numbers(" ".join(rows[s][1:])) == pytest.approx(want, abs=0.0051)
        assert numbers(" ".join(rows[5][1:])) == pytest.approx(expected["contexts"][t, :, 0], abs=0.00051)


@pytest.mark.browser
def test_pointing_shows_a_word_and_leaves_the_chosen_one(show):
    shown = show(explorers.AttentionExplorer())
    title = lambda: shown.root.locator(".steps .part").first.inner_text()  # noqa: E731
    assert "gatto" in title()
    shown.root.get_by_role("button", name="dorme").hover()
    assert "dorme" in title() and shown["word"] == 1 and "“dorme” looks at “sleeps” with 0.97" in shown.root.locator(".summary").inner_text()
    shown.page.mouse.move(5, 5)
    assert "gatto" in title()
    shown.root.locator("table.heat td").nth(2).click()
    assert shown["word"] == 0
    shown.root.get_by_role("button", name="il", exact=True).focus()
    shown.page.keyboard.press("Tab")
    shown.page.keyboard.press("Tab")
    assert shown["word"] == 2 and "nero" in title()  # reached by keys, it is looked at
    shown.root.get_by_label("Q, row 2, column 4 (dorme)").focus()
    assert shown["word"] == 3


@pytest.mark.browser
def test_the_mask_shuts_the_padding_out(show):
    shown = show(explorers.AttentionExplorer(word=3))
    before = shown["weights"]
    for row in (1, 2):
        shown.root.get_by_label(f"K, row {row}, column 5 ([PAD])").fill("9")
    np.testing.assert_array_equal(shown["weights"], before)
    assert (before[:, 4] == 0).all() and shown.root.locator("table.heat td.out").count() == 4
    shown.root.get_by_label("Mask the padding").uncheck()
    same_as_reference(shown)
    assert shown["weights"][1, 4, 0] > 0.99 and shown.root.locator("table.heat td.out").count() == 0


@pytest.mark.browser
def test_own_scores_are_kept_and_taken_back(show):
    shown = show(explorers.AttentionExplorer())
    start = shown["weights"]
    shown.root.get_by_label("Score of sleeps", exact=True).fill("4")
    assert shown["scores"][1, 3, 0] == pytest.approx(4) and shown["added"][1, 3, 0] == pytest.approx(4 - (1.2 * 1.5 - 1.6 * 1.2))
    same_as_reference(shown)
    assert "by the rule" in shown.cells("1. Scores")[3][1] and (shown["weights"][[0, 2, 3]] == start[[0, 2, 3]]).all()
    shown.root.get_by_label("Score of black", exact=True).press("Shift+ArrowUp")
    assert shown["added"][1, 1, 0] == pytest.approx(1)
    same_as_reference(shown)
    shown.press("Take my scores back")
    np.testing.assert_array_equal(shown["weights"], start)


@pytest.mark.browser
def test_edits_of_vectors_weights_and_the_way_back(show):
    shown = show(explorers.AttentionExplorer(kind="general"))
    start = shown["contexts"]
    shown.root.get_by_label("W_a, row 1, column 2").fill("-1")
    shown.slide("W_a: row 1, column 2", 2.5)
    assert shown["W_a"][0, 1] == 2.5
    assert shown.root.get_by_label("V, row 1, column 1 (the)").count() == 0  # the values are the keys
    shown.root.get_by_label("Values are the keys").uncheck()
    shown.root.get_by_label("V, row 1, column 1 (the)").fill("3")
    shown.root.get_by_label("K, row 2, column 3 (cat)").press("ArrowDown")
    assert shown["V"][0, 0, 0] == 3 and shown["K"][2, 1, 0] == pytest.approx(1.3)
    same_as_reference(shown)
    shown.root.get_by_label("Score", exact=True).select_option("dot")
    same_as_reference(shown)
    shown.press("Back to the start")
    assert shown["kind"] == "general"
    np.testing.assert_array_equal(shown["contexts"], start)
    shown.set("W_a", [[1, 0], [0, 1]])  # as Python does: then it is the dot product
    general = shown["weights"]
    shown.set("kind", "dot")
    np.testing.assert_allclose(shown["weights"], general, rtol=1e-14)


@pytest.mark.browser
def test_scaled_is_a_temperature(show):
    shown = show(explorers.AttentionExplorer(kind="scaled"))
    scaled = shown["weights"]
    shown.set("kind", "dot")
    shown.set("temperature", 2**0.5)
    np.testing.assert_allclose(shown["weights"], scaled, rtol=1e-12)


@pytest.mark.browser
def test_the_picture_has_the_numbers(show):
    """Areas of circles are the weights, less what keeps a circle of weight zero in sight; the context lies where the mean lies."""
    ex = explorers.AttentionExplorer(masked=False, tied=False, word=3)
    shown, expected = show(ex), reference_attention(ex)
    radius = np.array(shown.root.locator("circle.value").evaluate_all("els => els.map(e => Number(e.getAttribute('r')))"))
    np.testing.assert_allclose(((radius - 3) / 19) ** 2, expected["weights"][3, :, 0], atol=0.006)
    centre = np.array(shown.root.locator("circle.value").evaluate_all("els => els.map(e => [Number(e.getAttribute('cx')), Number(e.getAttribute('cy'))])"))
    diamond = shown.root.locator("path.context").get_attribute("d")
    x, y = (float(n) for n in re.match(r"M([\d.]+) ([\d.]+)", diamond).groups())
    np.testing.assert_allclose([x, y + 7], expected["weights"][3, :, 0] @ centre, atol=1e-6)
    assert shown.root.locator("rect.key").count() == 5
    shown.root.get_by_label("Values are the keys").check()
    assert shown.root.locator("rect.key").count() == 0


COVERED = """(picture) => {
  const boxes = [...picture.querySelectorAll("text")].map((text) => [text.textContent, text.getBoundingClientRect()]), found = [];
  boxes.forEach(([one, a], i) => boxes.slice(0, i).forEach(([other, b]) => {
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left), high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (wide > 0.5 && high > 2.5) found.push([one, other]);  // a box is a little higher than its letters
  }));
  return found;
}"""


@pytest.mark.browser
@pytest.mark.parametrize("settings", [{}, {"tied": False}, *SETTINGS[4:]])
def test_no_label_of_the_picture_covers_another(show, settings):
    shown = show(explorers.AttentionExplorer(**settings), width=390)
    for word in range(4):
        shown.set("word", word)
        assert shown.root.locator("svg[role]").evaluate(COVERED) == []
