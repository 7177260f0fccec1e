"""The forcing explorer against the reference: what is fed, what is picked, the losses, the training; and what the page tells of it."""

import numpy as np
import pytest
import torch
import traitlets

from rnncore import explorers
from rnncore.explorers.forcing import LINE, TARGETS, WORDS, read_line, start_weights, train_line
from rnncore.reference.feeding import FREE, TEACHER
from tests.explorers.cases.forcing import GIVEN, SETTINGS, Tosses, compare, reference_forcing, told

TRUE = [WORDS[k] for k in TARGETS[:, 0]]


def wrong(seed, history, feeding):
    return told(read_line(train_line(seed, history), feeding)[1])["wrong"]


def same_as_reference(shown):
    traits = {key: shown[key] for key in (*GIVEN, "fed", "picked", "y_hat", "losses", "loss", "forced_losses", "free_losses", "wrong_forced", "wrong_free")}
    traits["history"] = [str(mode) for mode in np.atleast_1d(traits["history"])]
    for name, seen, expected in compare(traits):
        np.testing.assert_allclose(seen, expected, rtol=1e-8, atol=1e-11, err_msg=name)


# ---- in Python ----


def test_forced_it_is_right_long_before_it_is_free():
    """The default: after 12 updates one word of ten is wrong when forced and six when free; after 40 none in both."""
    found = {n: (wrong(1, ["forced"] * n, TEACHER), wrong(1, ["forced"] * n, FREE)) for n in (12, 40)}
    assert found == {12: (1, 6), 40: (0, 0)}


@pytest.mark.parametrize("mode", ["forced", "free"])
def test_one_update_takes_the_gradient_of_autograd(mode):
    """With what was fed as given: Adam's first step is the rate times the sign of the gradient."""
    p = {key: torch.tensor(value, requires_grad=True) for key, value in start_weights(4).items()}
    fed, _ = read_line(start_weights(4), TEACHER if mode == "forced" else FREE)
    h, logits = torch.zeros(8, 1, dtype=torch.float64), []
    for word in fed:
        h = torch.tanh(p["U"][:, [word]] + p["W"] @ h + p["b"])
        logits.append((p["V"] @ h + p["c"])[:, 0])
    torch.nn.functional.cross_entropy(torch.stack(logits), torch.tensor(TARGETS[:, 0])).backward()
    after = train_line(4, [mode])
    for key, value in p.items():
        g = value.grad.numpy()
        np.testing.assert_allclose(start_weights(4)[key] - after[key], 0.03 * g / (np.abs(g) + 1e-8), rtol=1e-6, atol=1e-12)


def test_settings_of_the_forcing_explorer():
    ex = explorers.ForcingExplorer(history=["free"] * 3, updates=2)
    np.testing.assert_array_equal(ex.params["W"], train_line(1, ["free"] * 2)["W"])
    for name, value in (("history", ["forced"] * 401), ("history", ["forced", "fed"]), ("epsilon", float("nan")), ("updates", -1)):
        with pytest.raises(traitlets.TraitError, match=name):
            setattr(ex, name, value)
    assert LINE.split()[1:] == TRUE and len(WORDS) == len(set(LINE.split()))


# ---- in a page ----


@pytest.mark.browser
@pytest.mark.parametrize("settings", SETTINGS)
def test_every_step_in_every_way_of_feeding(show, settings):
    ex = explorers.ForcingExplorer(**settings)
    shown, expected = show(ex), reference_forcing(ex)
    same_as_reference(shown)
    shown.press("All")
    rows = shown.cells("Step by step")
    assert [row[1].split()[-1] for row in rows] == [WORDS[k] for k in expected["fed"]] and [row[3] for row in rows] == TRUE
    assert [row[2].split()[0] for row in rows] == [WORDS[k] for k in expected["picked"]]
    np.testing.assert_allclose([float(row[2].split()[1]) for row in rows], expected["y_hat"].max(axis=1)[:, 0], atol=0.0051)
    np.testing.assert_allclose([float(row[4]) for row in rows], expected["losses"], atol=0.0051)
    assert f"loss {expected['loss']:.2f} a word" in shown.root.locator(".summary").inner_text()
    right = shown.root.locator("table.steps .hit").count()
    assert right == (expected["picked"] == TARGETS[:, 0]).sum() == 10 - shown.root.locator("table.steps .miss").count()
    bars = shown.root.locator("rect.share").evaluate_all("els => els.map(e => Number(e.getAttribute('width')) / Number(e.previousElementSibling.getAttribute('width')))")
    np.testing.assert_allclose(bars, expected["y_hat"][9, :, 0], atol=1e-6)


@pytest.mark.browser
def test_forced_free_and_coin(show):
    shown = show(explorers.ForcingExplorer())
    assert [WORDS[int(k)] for k in shown["fed"]] == ["[START]", *TRUE[:-1]]
    shown.press("Free")
    assert (shown["fed"][1:] == shown["picked"][:-1]).all() and shown["feeding"] == "free"
    assert shown.root.locator("table.steps .own").count() == 9
    same_as_reference(shown)
    shown.slide("ε, true word", 0.5)
    tosses = [Tosses(0).random(9) < 0.5][0]
    assert shown["feeding"] == "coin" and shown.root.locator("table.steps .own").count() == 9 - tosses.sum()
    same_as_reference(shown)
    shown.press("Toss again")
    assert shown["toss"] == 1
    same_as_reference(shown)
    shown.slide("ε, true word", 1)
    forced = shown["y_hat"]
    shown.press("Forced")
    np.testing.assert_array_equal(shown["y_hat"], forced)


@pytest.mark.browser
def test_training_goes_on_from_the_stage_shown(show):
    shown = show(explorers.ForcingExplorer())
    counts = shown["wrong_free"]
    assert counts.size == 41 and counts[0] == 9
    shown.slide("Updates of training", 6)
    same_as_reference(shown)
    shown.press("Train 5, free")
    shown.press("Train 5, forced")
    assert list(shown["history"]) == ["forced"] * 6 + ["free"] * 5 + ["forced"] * 5 and shown["updates"] == 16
    same_as_reference(shown)
    np.testing.assert_array_equal(shown["wrong_free"][:7], counts[:7])
    ends = shown["wrong_forced"][-1], shown["wrong_free"][-1]
    assert ends == tuple(wrong(1, list(shown["history"]), mode) for mode in (TEACHER, FREE))
    assert shown.root.locator("rect.fed.free").count() == 5 and shown.root.locator("rect.fed.forced").count() == 11
    shown.press("Other weights")
    assert shown["seed"] == 2 and shown["updates"] == 16
    same_as_reference(shown)
    shown.press("Untrained")
    assert shown["wrong_free"].size == 1
    same_as_reference(shown)
    shown.set("history", ["free"] * 400)  # as Python does
    shown.set("updates", 399)
    same_as_reference(shown)
    full = shown.root.get_by_role("button", name="Train 5, free")
    full.press("Enter")
    assert shown["history"].size == 400 and full.get_attribute("aria-disabled") == "true"


@pytest.mark.browser
def test_steps_by_keys_and_by_mouse(show):
    shown = show(explorers.ForcingExplorer(step=2))
    rows = lambda: [row[2] for row in shown.cells("Step by step")]  # noqa: E731
    assert rows()[2:] == ["·"] * 8 and "·" not in rows()[:2]
    shown.root.get_by_role("button", name="Next", exact=True).press("Enter")
    shown.page.keyboard.press("Space")
    assert shown["step"] == 4
    shown.press("Back")
    shown.root.locator("table.steps tbody tr").nth(7).click()
    assert shown["step"] == 8 and shown.root.locator("tr.now th").inner_text() == "8"
    shown.press("All")
    shown.press("Next")
    assert shown["step"] == 1  # after the last the first
    shown.root.get_by_label("Updates of training").press("ArrowRight")
    assert shown["updates"] == 13
    same_as_reference(shown)
