"""The BPTT explorer against the reference's gradients, whole and one loss at a time."""

import re

import numpy as np
import pytest

from rnncore import explorers
from tests.explorers.cases.bptt import SETTINGS, reference_bptt


@pytest.mark.browser
@pytest.mark.parametrize("settings", SETTINGS)
def test_bptt_gradients_and_paths(show, settings):
    ex = explorers.BPTTExplorer(**settings)
    shown = show(ex)
    h, o, loss, grads = reference_bptt(ex)
    for name, expected in {"h": h, "o": o, "loss": loss}.items():
        np.testing.assert_allclose(shown[name], expected, rtol=1e-12, atol=1e-14, err_msg=name)
    for key, expected in grads.items():
        np.testing.assert_allclose(shown["grads"][key], expected, rtol=1e-10, atol=1e-13, err_msg=key)
        np.testing.assert_allclose(shown["numerical"][key], expected, rtol=1e-6, atol=1e-8, err_msg=key)
    for t in range(len(h)):
        each = reference_bptt(ex, only=t)[3]
        for key in ("w", "u"):
            np.testing.assert_allclose(shown[f"paths_{key}"][t].sum(), each[key], rtol=1e-10, atol=1e-13)
            shown.root.get_by_label("of the loss").select_option(str(t + 1))
            shown.root.get_by_label("with respect to").select_option(key)
            text = shown.root.locator(".path-sum b").all_inner_texts()
            assert [float(number.replace("\u2212", "-")) for number in text] == pytest.approx([each[key]] * 2, abs=1e-6)


@pytest.mark.browser
def test_bptt_step_by_step(show):
    ex = explorers.BPTTExplorer(x=[1.0, -0.5, 0.8], targets=[0.5, 0.2, -0.3])
    shown = show(ex)
    h, o, _, grads = reference_bptt(ex)
    held = lambda: [row[1:] for row in shown.cells("Stack") if row[1]]  # noqa: E731
    for t in range(3):
        shown.press("Forward one step")
        assert len(held()) == t + 1 and float(held()[0][3]) == pytest.approx(h[t], abs=0.0051)
    shown.root.get_by_role("button", name="Forward one step").press("Enter")  # nothing left to push
    assert shown["position"] == 3
    dW = 0.0
    carried = 0.0
    for t in (2, 1, 0):
        shown.press("Backward one step")
        dh = ex.v * (o[t] - ex.targets[t]) + carried
        da = (1 - h[t] ** 2) * dh
        added = da * (h[t - 1] if t else ex.h0)
        dW, carried = dW + added, ex.w * da
        assert len(held()) == t
        text = shown.root.locator(".lines").inner_text().replace("\u2212", "-")
        assert f"{dh:.4f}" in text and f"{da:.4f}" in text and f"{carried:.4f}" in text
        row = shown.cells("Gradients")[1]
        numbers = row[2:4] if t else row[1:3]
        assert [float(n) for n in numbers] == pytest.approx([added, dW], abs=6e-5)
    assert dW == pytest.approx(grads["w"]) and carried == pytest.approx(grads["h0"])
    for row, key in zip(shown.cells("complete"), ("u", "w", "v", "b", "c", "h0")):
        assert float(row[2]) == pytest.approx(grads[key], abs=6e-5) and float(row[4]) < 1e-8
    shown.press("Reset")
    assert shown["position"] == 0 and held() == []


@pytest.mark.browser
def test_bptt_edits_length_and_traits(show):
    shown = show(explorers.BPTTExplorer(position=4))
    shown.slide("w (recurrent)", -1.3)
    shown.root.get_by_label("x at t = 2", exact=True).fill("1.75")
    x = shown["x"]
    assert x[1] == 1.75 and shown["w"] == -1.3 and shown["position"] == 4
    np.testing.assert_allclose(shown["grads"]["u"], reference_bptt(explorers.BPTTExplorer(w=-1.3, x=x))[3]["u"], rtol=1e-10)
    shown.root.get_by_label("Length T").select_option("6")
    assert shown["x"].tolist() == [*x, 0, 0] and shown["h"].size == 6 and shown["position"] == 0
    shown.set("x", [1.0, 2.0])  # as Python does, one after the other
    shown.set("targets", [0.0, 1.0])
    assert shown["h"].size == 2 and shown.root.get_by_label("Length T").input_value() == "2"
    shown.set("position", 4)
    assert "Backward pass complete" in shown.root.locator(".summary").inner_text()


@pytest.mark.browser
def test_bptt_plays_to_the_end(show):
    shown = show(explorers.BPTTExplorer(x=[1.0, 0.5], targets=[0.0, 1.0]))
    shown.press("Play")
    shown.root.locator(".summary", has_text="Backward pass complete").wait_for(timeout=15_000)
    assert shown["position"] == 4 and shown.root.get_by_role("button", name="Play").count() == 1


@pytest.mark.browser
@pytest.mark.parametrize("position", range(1, 7))
def test_bptt_lines_can_be_checked_by_hand(show, position):
    """Numbers are multiplied and added as they are printed, negative ones in parentheses."""
    shown = show(explorers.BPTTExplorer(w=-1.2, b=-0.3, c=0.4, x=[1.0, -0.5, 0.8], targets=[0.5, 0.2, -0.3], position=position))
    checked = 0
    for line in shown.root.locator(".lines dd").all_inner_texts():
        *_, formula, result = line.replace("\u2212", "-").replace("·", "*").split(" = ")
        if not re.search("[a-zA-Zδ₀-₉]", formula):
            assert "+ -" not in formula and "* -" not in formula
            assert eval(formula) == pytest.approx(float(result), abs=3e-4)  # noqa: S307
            checked += 1
    assert checked == 2
