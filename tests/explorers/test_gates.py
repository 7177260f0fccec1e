"""The gates explorer against the reference's LSTM, product by product; its presets, its belt."""

import numpy as np
import pytest

from rnncore import explorers
from rnncore.explorers.gates import GIVEN, NAMES, PRESETS
from tests.explorers.cases.gates import SETTINGS, reference_gates
from tests.explorers.shown import state_of

PARTS = {"Forget": "f", "Input": "i", "Candidate": "g", "Update": None, "Output": "o"}


def numbers(text: str) -> list[float]:
    return [float(word.strip("()%.,;").replace("\u2212", "-")) for word in text.split() if word.strip("()%.,;\u2212").replace(".", "").isdigit()]


# ---- in Python ----


def test_the_worked_example_by_the_reference():
    """The numbers of the promise: forget (0, 0), candidates tanh 9, output gate σ(1), h = σ(1) tanh(tanh 9)."""
    found = reference_gates(explorers.GatesExplorer())
    assert (found["i"] == 1).all() and found["f"].max() < 1e-40
    assert found["a_g"].ravel().tolist() == [9, 9] and found["a_o"].ravel().tolist() == [1, 1]
    assert found["c"].round(3).ravel().tolist() == [1, 1]
    assert found["o"].round(3).ravel().tolist() == [0.731, 0.731] and found["h"].round(3).ravel().tolist() == [0.557, 0.557]


def test_the_presets_do_what_their_names_say():
    found = {name: reference_gates(explorers.GatesExplorer(preset=name)) for name in NAMES}
    c, h = found["remember"]["c"], found["remember"]["h"]
    assert np.abs(c[0]).min() > 0.95 and np.abs(c - c[0]).max() < 0.02  # the value rides the belt, whatever the spiders do
    assert np.abs(h[:7]).max() < 0.02 and np.abs(h[7]).min() > 0.7  # and is read at 6 AM
    assert np.abs(found["remember"]["g"][1:7]).min() > 0.9  # the disturbance is there; the closed input gate keeps it out
    np.testing.assert_allclose(found["leak"]["f"], 0.9, rtol=1e-12)
    np.testing.assert_allclose(found["leak"]["c"][7] / found["leak"]["c"][0], 0.9**7, atol=0.02)
    c = found["erase"]["c"]
    assert np.abs(c[2]).min() > 0.95 and np.abs(c[3]).max() < 0.01 and np.abs(c[5:]).min() > 0.4
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(c[5:], c[:1] * np.ones((3, 1, 1)), atol=0.1)  # another value than before


def test_presets_edits_and_names_in_python():
    ex = explorers.GatesExplorer()
    assert ex.preset == "worked example" and ex.x.shape == (1, 3, 1)
    ex.step, ex.part = 1, "output"
    ex.preset = "erase"
    assert all(np.array_equal(getattr(ex, key), value) for key, value in PRESETS["erase"].items()) and (ex.step, ex.part) == (1, "forget")
    ex.b_f = ex.b_f + 1
    assert ex.preset == "" and ex.x.shape == (8, 3, 1)
    params = ex.params
    ex.params = {key: 2 * value for key, value in params.items()}
    np.testing.assert_array_equal(ex.U_i, 2 * params["U_i"])
    assert explorers.GatesExplorer(preset="remember").preset == "remember"
    mixed = explorers.GatesExplorer(preset="remember", c0=[[1.0], [2.0]])
    assert mixed.preset == "" and mixed.x.shape == (8, 3, 1) and mixed.c0.ravel().tolist() == [1, 2]
    assert explorers.GatesExplorer(params).preset == ""


# ---- in a page ----


@pytest.mark.browser
@pytest.mark.parametrize("settings", SETTINGS)
def test_all_gates_at_all_steps(show, settings):
    ex = explorers.GatesExplorer(**settings)
    shown = show(ex)
    for name, expected in reference_gates(ex).items():
        np.testing.assert_allclose(shown[name], expected, rtol=1e-12, atol=1e-14, err_msg=name)
    assert shown["preset"] == ex.preset


@pytest.mark.browser
def test_every_product_of_every_part_is_written_out(show):
    ex = explorers.GatesExplorer(**SETTINGS[4])
    shown, expected = show(ex), reference_gates(ex)
    for t in range(len(ex.x)):
        before = expected["h"][t - 1] if t else ex.h0
        for part, k in PARTS.items():
            assert shown["step"] == t + 1 and shown["part"] == part.lower()
            rows = shown.cells(" = ")
            if k:
                values = np.concatenate([ex.x[t], before])
                weights = np.concatenate([ex.params[f"U_{k}"], ex.params[f"W_{k}"]], axis=1)
                for j, row in enumerate(rows[:5]):
                    for unit, cell in enumerate(row[1:]):
                        w, v, product = (float(n) for n in cell.replace("(", "").replace(")", "").replace("=", "·").split("·"))
                        assert [w, v, product] == pytest.approx([weights[unit, j], values[j, 0], weights[unit, j] * values[j, 0]], abs=6e-4)
                assert [float(n) for n in rows[5][1:]] == pytest.approx(ex.params[f"b_{k}"].ravel(), abs=6e-4)
                assert [float(n) for n in rows[6][1:]] == pytest.approx(expected[f"a_{k}"][t].ravel(), abs=6e-4)
                assert [float(n) for n in rows[7][1:]] == pytest.approx(expected[k][t].ravel(), abs=6e-4)
                if k == "o":
                    assert [float(n.split("=")[-1]) for n in rows[9][1:]] == pytest.approx(expected["h"][t].ravel(), abs=6e-4)
            else:
                kept = expected["f"][t] * (expected["c"][t - 1] if t else ex.c0)
                written = expected["i"][t] * expected["g"][t]
                for row, want in zip(rows, (kept, written, expected["c"][t])):
                    assert [float(n.split("=")[-1]) for n in row[1:]] == pytest.approx(want.ravel(), abs=6e-4)
            shown.root.get_by_role("button", name="Next", exact=True).press("Enter")
    assert shown["step"] == len(ex.x) and shown["part"] == "output"  # nothing left
    shown.press("Back", 5)
    assert shown["step"] == len(ex.x) - 1 and shown["part"] == "output"


@pytest.mark.browser
def test_the_true_numbers_of_the_slips_are_those_of_the_reference(show):
    shown, found = show(explorers.GatesExplorer()), reference_gates(explorers.GatesExplorer())
    shown.root.get_by_label("Start from").select_option("erase")  # they stay those of the worked example
    true = shown.root.locator(".puzzle li b").all_text_contents()
    assert [float(n) for n in true] == pytest.approx([found[name][0, 0, 0] for name in ("a_g", "o", "h")], abs=6e-4)
    claimed = [float(n) for n in shown.root.locator(".puzzle > p b").all_inner_texts()]
    assert all(abs(a - float(b)) > 0.1 for a, b in zip(claimed, true, strict=True))  # and differ from what is claimed


@pytest.mark.browser
def test_editing_weights_inputs_and_start(show):
    shown = show(explorers.GatesExplorer())
    shown.root.get_by_label("U_f, row 1 (mood), column 3 (6 AM)").fill("2.5")
    shown.root.get_by_label("h0, row 2 (alarm)").fill("-0.5")
    shown.root.get_by_label("c0, row 1 (mood)").fill("2")
    shown.root.get_by_label("x, row 2 (spider)").fill("0.25")
    assert shown["U_f"][0, 2] == 2.5 and shown["h0"][1, 0] == -0.5 and shown["c0"][0, 0] == 2 and shown["x"][0, 1, 0] == 0.25
    assert shown["preset"] == "" and shown.root.get_by_label("Start from").input_value() == ""
    same_as_reference(shown)
    shown.press("Candidate")
    shown.root.get_by_label("W_g, row 2 (alarm), column 1 (mood)").click()
    shown.slide("W_g: alarm, mood", 1.5)
    assert shown["W_g"][1, 0] == 1.5
    shown.root.get_by_label("Steps T").select_option("3")
    assert shown["x"].shape == (3, 3, 1) and not shown["x"][1:].any()
    shown.press("Next", 5)
    assert shown["step"] == 2 and shown.root.get_by_label("h0, row 1 (mood)").is_disabled()  # it comes from the step before
    assert float(shown.root.get_by_label("c0, row 1 (mood)").input_value()) == pytest.approx(shown["c"][0, 0, 0], abs=0.006)
    same_as_reference(shown)
    shown.root.get_by_label("Steps T").select_option("1")
    assert shown["step"] == 1
    same_as_reference(shown)


def same_as_reference(shown):
    expected = reference_gates(explorers.GatesExplorer(**{key: shown[key] for key in GIVEN}))
    for name, value in expected.items():
        np.testing.assert_allclose(shown[name], value, rtol=1e-12, atol=1e-14, err_msg=name)


@pytest.mark.browser
def test_inputs_are_switched_by_mouse_and_by_keys(show):
    shown = show(explorers.GatesExplorer(preset="remember"))
    cell = shown.root.locator(".input").nth(10)  # spider at t = 3
    seen = []
    for _ in range(3):
        cell.click()
        seen.append(shown["x"][2, 1, 0])
        assert cell.get_attribute("aria-label").startswith(cell.inner_text()) and "spider at t = 3" in cell.get_attribute("aria-label")
    assert seen == [-1, 0, 1]
    cell.press("ArrowDown")
    shown.page.keyboard.press("ArrowRight")
    shown.page.keyboard.press("Enter")
    assert shown["x"][3, 2, 0] == 1 and shown.root.locator(".input[tabindex='0']").count() == 1
    same_as_reference(shown)


@pytest.mark.browser
def test_the_step_is_dragged_touched_and_moved_by_keys(show):
    shown = show(explorers.GatesExplorer(preset="remember"))
    handle = shown.root.get_by_role("slider", name="Step looked at")
    shown.root.locator(".belt-holder").scroll_into_view_if_needed()
    box = shown.root.locator(".belt-holder").bounding_box()
    column = lambda t: box["x"] + handle.evaluate("el => el.offsetWidth") * (t - 0.5) + 54  # noqa: E731
    shown.page.mouse.move(column(2), box["y"] + 200)
    shown.page.mouse.down()
    assert shown["step"] == 2
    shown.page.mouse.move(column(6), box["y"] + 220, steps=5)
    assert shown["step"] == 6
    shown.page.mouse.up()
    shown.page.mouse.move(column(3), box["y"] + 220)
    assert shown["step"] == 6  # let go
    for key, step in (("ArrowLeft", 5), ("Shift+ArrowLeft", 1), ("ArrowLeft", 1), ("End", 8), ("ArrowRight", 8), ("Home", 1), ("ArrowUp", 2)):
        shown.page.keyboard.press(key)  # the handle has the focus and keeps it
        assert shown["step"] == step
    assert handle.get_attribute("aria-valuenow") == "2"
    expected = reference_gates(explorers.GatesExplorer(preset="remember"))
    told = numbers(handle.get_attribute("aria-valuetext").split(":")[1])
    assert told == pytest.approx(np.concatenate([expected[k][1].ravel() for k in ("f", "i", "o", "c", "h")]), abs=0.0051)


@pytest.mark.browser
def test_gates_are_drawn_as_far_open_as_they_are(show):
    ex = explorers.GatesExplorer(preset="leak", part="output", step=1)
    shown, expected = show(ex), reference_gates(ex)
    share = "els => els.map(e => Number(e.getAttribute('width')) / Number(e.previousElementSibling.getAttribute('width')))"
    drawn = shown.root.locator(".drawing .valve").evaluate_all(share)
    want = [expected["f"], expected["i"], np.abs(expected["g"]) / 2, expected["o"]]
    np.testing.assert_allclose(drawn, np.concatenate([value[0].ravel() for value in want]), atol=1e-6)
    share = share.replace("width", "height")
    drawn = np.array(shown.root.locator(".belt-holder .valve").evaluate_all(share)).reshape(3, 8, 2)
    np.testing.assert_allclose(drawn, np.stack([expected[k][..., 0] for k in "fio"]), atol=1e-6)
    ends = "els => els.map(e => [e, e.previousElementSibling].map(r => Number(r.getAttribute('y')) + Number(r.getAttribute('height'))))"
    bar, slot = np.transpose(shown.root.locator(".belt-holder .valve").evaluate_all(ends))
    np.testing.assert_allclose(bar, slot, atol=1e-6)  # bars stand on the ground
    x, y = (shown.root.locator(".trace.c.alarm").last.evaluate("(el, k) => [...el.points].map(p => p[k])", k) for k in "xy")
    np.testing.assert_allclose((y[0] - np.array(y[1:])) / 59, expected["c"][:, 1, 0], atol=2e-3)
    assert len(x) == 9 and (np.diff(x) > 0).all()


@pytest.mark.browser
def test_parts_not_yet_reached_are_hidden_in_the_drawing(show):
    shown = show(explorers.GatesExplorer())
    held = []
    for part in PARTS:
        shown.press(part)
        held.append(shown.root.locator(".drawing .waiting").count())
        assert shown.root.get_by_role("button", name=part, exact=True).get_attribute("aria-pressed") == "true"
    assert held == [5, 4, 3, 2, 0]  # i g o c h, and so on
    shown.root.locator(".drawing .gate").first.click()
    assert shown["part"] == "forget"


@pytest.mark.browser
@pytest.mark.parametrize("name", NAMES)
def test_presets_set_from_the_page_and_from_python(show, name):
    shown = show(explorers.GatesExplorer(part="output", preset="remember" if name == NAMES[0] else NAMES[0]))
    shown.root.get_by_label("Start from").select_option(name)
    want = state_of(explorers.GatesExplorer(preset=name))
    for by in ("page", "kernel"):
        assert {key: shown[key].tolist() for key in GIVEN} == {key: want[key] for key in GIVEN}, by
        assert shown["preset"] == name and shown["part"] == "forget"
        shown.set("b_o", [[0.0], [7.0]])
        assert shown["preset"] == ""
        shown.set("preset", name)
        same_as_reference(shown)


@pytest.mark.browser
def test_dragging_reacts_at_once(show):
    """From a pointer move to the finished layout; the lower quartile, as others may be at work."""
    shown = show(explorers.GatesExplorer(preset="remember", part="output"))
    times = shown.root.locator(".belt-holder").evaluate("""(el) => {
        const box = el.getBoundingClientRect(), send = (kind, t) => el.dispatchEvent(new PointerEvent(kind, { pointerId: 1, button: 0, clientX: box.left + 54 + el.querySelector('.scrub').offsetWidth * t, clientY: box.top + 50, bubbles: true }));
        el.setPointerCapture = () => {};
        send('pointerdown', 0.5);
        const times = Array.from({ length: 30 }, (_, i) => { const start = performance.now(); send('pointermove', i % 8 + 0.5); el.getBoundingClientRect(); return performance.now() - start; });
        send('pointerup', 0.5);
        return times; }""")
    print(f"drag: median {np.median(times):.1f} ms, 95th percentile {np.quantile(times, 0.95):.1f} ms of {len(times)}")
    assert shown["step"] == 6 and np.quantile(times, 0.25) < 50


@pytest.mark.browser
def test_a_finger_moves_the_frame_and_scrolls_the_page(show):
    shown = show(explorers.GatesExplorer(preset="remember"), width=390, has_touch=True, is_mobile=True)
    belt = shown.root.locator(".belt-holder")
    belt.scroll_into_view_if_needed()
    box, touch = belt.bounding_box(), shown.page.context.new_cdp_session(shown.page)
    x, y = (lambda t: box["x"] + 54 + (t - 0.5) * (box["width"] - 58) / 8), box["y"] + 150

    def swipe(x1, y1, x2, y2):
        points = [{"x": x1 + (x2 - x1) * k / 8, "y": y1 + (y2 - y1) * k / 8} for k in range(9)]
        for kind, where in [("touchStart", points[:1]), *(("touchMove", [point]) for point in points[1:]), ("touchEnd", [])]:
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": where})
            shown.page.wait_for_timeout(15)

    swipe(x(1), y, x(6), y)
    assert shown["step"] == 6
    shown.page.touchscreen.tap(x(3), y)
    assert shown["step"] == 3
    before = shown.page.evaluate("scrollY")
    swipe(x(7), y, x(7), y - 120)
    assert shown["step"] == 3 and shown.page.evaluate("scrollY") > before
