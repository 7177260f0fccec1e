"""The unfolding explorer against the reference: numbers, expression, copies, and what depends on what."""

import re

import numpy as np
import pytest

from rnncore import explorers
from tests.explorers.cases.unfolding import GIVEN, SETTINGS, compare, run

pytestmark = pytest.mark.browser
PATTERNS = ("hidden", "output", "last")
X = [1.0, -0.5, 0.8, 0.3]
DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
WIDTHS = "els => els.map(e => parseFloat(getComputedStyle(e).strokeWidth))"


def number(text: str) -> float:
    return float(text.replace("\u2212", "-"))


def copies(shown, key):
    return shown.root.locator(f".copy.{key}")


def lit(shown) -> set:
    """The weights whose copies are all thick; the others must all be thin."""
    found = set()
    for key in "uwbvc":
        widths = shown.root.locator(f".copy.{key} .wire").evaluate_all(WIDTHS)
        tag = shown.root.locator(f".rail.{key} .tag").is_visible()
        assert set(widths) in ({1.8}, {4.0}) and tag == (widths[0] == 4.0)
        found |= {key} if tag else set()
    return found


@pytest.mark.parametrize("settings", SETTINGS)
def test_states_outputs_and_counts(show, settings):
    shown = show(explorers.UnfoldingExplorer(**settings))
    for what, value, expected in compare(shown.page.evaluate("window.shown.a.state")):
        np.testing.assert_allclose(value, expected, rtol=1e-12, atol=1e-14, err_msg=what)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_an_edit_changes_all_steps(show, pattern):
    shown = show(explorers.UnfoldingExplorer(pattern=pattern, x=X))
    for label, value in (("u (input)", 1.7), ("w (recurrent)", -1.3), ("b (bias)", -0.4), ("v (output)", -2.2), ("c (bias)", 0.6)):
        before = shown["h"], shown["o"]
        shown.slide(label, value)
        ex = explorers.UnfoldingExplorer(**{key: shown.page.evaluate("name => window.shown.a.state[name]", key) for key in GIVEN})
        h, o, _ = run(ex)
        np.testing.assert_allclose(shown["h"], h, rtol=1e-12)
        np.testing.assert_allclose(shown["o"], o, rtol=1e-12)
        after = shown["h"], shown["o"]
        inner = label[0] in "ub" or (label[0] == "w" and pattern != "output")
        if inner:
            assert (before[0] != after[0]).all()
        assert (before[1] != after[1])[1:].all()


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_picture_shows_the_numbers(show, pattern):
    ex = explorers.UnfoldingExplorer(pattern=pattern, x=X, w=-1.1)
    shown = show(ex)
    h, o, uses = run(ex)
    value = lambda part, t: number(shown.root.locator(f"[data-part={part}][data-step='{t}'] .value").inner_html())  # noqa: E731
    for t in range(1, 5):
        assert (value("x", t), value("h", t)) == pytest.approx((X[t - 1], h[t - 1]), abs=0.0051)
    answers = [4] if pattern == "last" else [1, 2, 3, 4]
    assert [value("o", t) for t in answers] == pytest.approx(o, abs=0.0051)
    assert {key: copies(shown, key).count() for key in uses} == uses
    shown.slide("Unfolded", 0)
    assert {copies(shown, key).count() for key in uses} == {1} and shown.root.locator(".value").count() == 0
    assert shown.root.locator(".delay").evaluate_all("els => els.map(e => e.getBBox().width)") == [13]
    shown.slide("Past of step t", 3)  # the circuit at step 3: its delay holds what step 2 has sent
    held = (o if pattern == "output" else h)[1]
    assert f"{'ŷ' if pattern == 'output' else 'h'}₂ = {held:.2f}".replace("-", "\u2212") in shown.root.locator("svg").inner_html()
    assert value("h", 3) == pytest.approx(h[2], abs=0.0051)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_expression_gives_the_state(show, pattern):
    ex = explorers.UnfoldingExplorer(pattern=pattern, x=X, w=-1.1, h0=0.3)
    shown = show(ex)
    h = run(ex)[0]
    names = {f"x{t}": x for t, x in enumerate(X, 1)} | {"h0": ex.h0, "f": lambda r, x: np.tanh(ex.u * x + ex.w * r + ex.b), "g": lambda h: ex.v * h + ex.c}
    value = lambda selector: eval(shown.root.locator(selector).first.inner_text().translate(DIGITS), {}, names)  # noqa: E731, S307
    for t in range(1, 5):
        shown.slide("Past of step t", t)
        assert value(".nested") == pytest.approx(h[3], rel=1e-12) and value(".nested.picked") == pytest.approx(h[t - 1], rel=1e-12)
        bold = shown.root.locator(".lines dd").last.locator("b").first.inner_text()
        assert number(bold) == pytest.approx(h[t - 1], abs=0.0051)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_marked_past_is_what_the_state_depends_on(show, pattern):
    ex = explorers.UnfoldingExplorer(pattern=pattern, x=X, w=-1.1)
    shown = show(ex)
    h, o, _ = run(ex)
    moved = []
    for k in range(4):
        other = np.array(X)
        other[k] += 0.5
        moved.append(run(ex, other)[0] != h)
    for t in range(1, 5):
        shown.slide("Past of step t", t)
        clear = lambda part: {int(s) for s in shown.root.locator(f"g[data-part={part}]:not(.faint)").evaluate_all("els => els.map(e => e.dataset.step)")}  # noqa: E731
        assert clear("x") == {k + 1 for k in range(4) if moved[k][t - 1]} == set(range(1, t + 1)) == clear("h")
        own = {t} if pattern != "last" or t == 4 else set()
        assert clear("o") == (set(range(1, t + 1)) if pattern == "output" else own)
        text = shown.root.locator(".summary").inner_text()
        assert f"h{'₀₁₂₃₄'[t]}" in text and "on no later input" in text and ("h₀" in text) == (pattern != "output")


def test_pointing_at_one_copy_lights_up_all(show):
    shown = show(explorers.UnfoldingExplorer(x=X))
    assert lit(shown) == set()
    for key in "uwbvc":
        copies(shown, key).nth(2).locator("text").hover()
        assert lit(shown) == {key} and f"One {key}, used 4 times" in shown.root.locator(".summary").inner_text()
    shown.page.mouse.move(2, 2)
    assert lit(shown) == set() and shown.root.locator(".summary").inner_text() == "Unfolded over T = 4: 4 columns, no loop."
    shown.root.get_by_label("v (output)").focus()
    assert lit(shown) == {"v"}
    shown.root.get_by_label("h₀ (start)").focus()
    assert lit(shown) == set()
    copies(shown, "w").nth(1).locator("text").click()
    shown.page.mouse.move(2, 2)
    assert lit(shown) == {"w"} and shown["weight"] == "w"
    assert "One w, used 4 times" in shown.root.locator(".summary").inner_text()
    shown.slide("Length T", 7)
    text = shown.root.locator(".summary").inner_text()
    assert "One w, used 7 times" in text and "The gradient of a loss with respect to w is the sum over its 7 copies" in text
    pressed = shown.root.locator("[aria-pressed=true]")
    assert pressed.all_inner_texts() == ["w"]
    pressed.press("Enter")
    assert shown["weight"] == ""


def test_touch_marks_weights_and_steps(show):
    shown = show(explorers.UnfoldingExplorer(x=X, pattern="last"), width=390, has_touch=True)
    copies(shown, "v").locator("text").tap()
    assert shown["weight"] == "v" and "One v, used once, at the last step" in shown.root.locator(".summary").inner_text()
    shown.root.locator("[data-part=h][data-step='2']").tap()
    assert shown["step"] == 2
    shown.root.locator("[data-part=h][data-step='2']").tap()
    assert shown["step"] == 0


def test_a_phone_scrolls_the_picture_alone_and_to_the_picked_step(show):
    shown = show(explorers.UnfoldingExplorer(x=2 * X), width=390)
    box, page = shown.root.locator(".unfolding"), "document.documentElement.scrollWidth"
    sizes = "el => [el.scrollLeft, el.scrollWidth - el.clientWidth]"
    assert box.evaluate(sizes)[0] == 0 and box.evaluate(sizes)[1] > 100 and shown.page.evaluate(page) <= 390
    inside = lambda t: shown.root.locator(f"[data-part=h][data-step='{t}'] circle").evaluate("""el => {
        const a = el.getBoundingClientRect(), b = el.closest('.scroll').getBoundingClientRect(); return a.left >= b.left && a.right <= b.right; }""")  # noqa: E731
    assert inside(1) and not inside(8)
    shown.slide("Past of step t", 8)
    assert inside(8) and not inside(1)
    shown.slide("Past of step t", 1)
    assert inside(1)
    shown.slide("Unfolded", 0)
    assert box.evaluate(sizes) == [0, 0] and inside(1)


def test_parameters_stay_while_uses_grow(show):
    shown = show(explorers.UnfoldingExplorer(x=[1, -0.5, 0.66]))
    for T in (8, 1, 5):
        shown.slide("Length T", T)
        assert [row[6] for row in shown.cells("Numbers of this net")] == ["5", str(5 * T)]
        assert re.findall(r"\d+", shown.root.locator(".count").inner_text()) == ["5", str(5 * T)]
        assert shown["h"].size == T == shown["x"].size
    assert shown["x"].tolist() == [1, -0.5, 0.66, 0.3, -1]  # what was cut off comes back
    shown.slide("Past of step t", 5)
    shown.slide("Length T", 2)
    assert shown["step"] == 2
    shown.root.get_by_label("Input", exact=True).select_option("pulse")
    assert shown["x"].tolist() == [1, 0]
    shown.root.get_by_label("x at t = 2", exact=True).fill("0.25")
    assert shown["x"].tolist() == [1, 0.25] and shown.root.get_by_label("Input", exact=True).input_value() == "own"


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_the_button_opens_and_closes(show, motion):
    shown = show(explorers.UnfoldingExplorer(unfolded=0, x=X), reduced_motion=motion)
    drawn = lambda: shown.root.locator("[data-part=h]").count()  # noqa: E731
    assert drawn() == 1
    steps = shown.root.get_by_role("button", name="Unfold", exact=True).evaluate("""async (button) => {
        const root = button.getRootNode(), xs = new Set(), now = () => root.querySelector(".copy.u .wire").getAttribute("d");
        button.click();
        for (const end = performance.now() + 1000; performance.now() < end;) { xs.add(now()); await new Promise(requestAnimationFrame); }
        return xs.size; }""")
    assert steps == 1 if motion == "reduce" else steps > 5
    assert drawn() == 4 and shown["unfolded"] == 1 and "no loop" in shown.root.locator(".summary").inner_text()
    shown.set("unfolded", 0.0)  # from Python
    assert drawn() == 1 and shown.root.get_by_role("button", name="Unfold", exact=True).count() == 1


@pytest.mark.parametrize("what", ["Unfolded", "u (input)", "Past of step t", "picture"])
def test_a_drag_is_followed_at_once(show, what):
    """Pointer moves on a slider, and over the picture, with eight steps: from the event to the finished layout."""
    shown = show(explorers.UnfoldingExplorer(x=[1.0, -0.5, 0.8, 0.3, -1, 0.6, 0.2, -0.7]))
    place = shown.root.locator(".unfolding") if what == "picture" else shown.root.get_by_label(what, exact=True)
    kind = "pointerover" if what == "picture" else "input"
    place.evaluate("""(el, kind) => { const root = el.getRootNode(); window.times = []; let start;
        el.addEventListener(kind, () => { start = performance.now(); }, true);
        el.addEventListener(kind, () => { root.querySelector("svg").getBoundingClientRect(); root.host.offsetHeight; window.times.push(performance.now() - start); }); }""", kind)
    box = place.bounding_box()
    at = lambda part: (box["x"] + part * box["width"], box["y"] + box["height"] * (0.66 if what == "picture" else 0.5))  # noqa: E731
    shown.page.mouse.move(*at(0.1))
    shown.page.mouse.down()
    for i in range(60):
        shown.page.mouse.move(*at(0.1 + 0.8 * i / 59))
    shown.page.mouse.up()
    times = np.array(shown.page.evaluate("window.times"))
    print(f"drag, {what}: median {np.median(times):.1f} ms, 95th percentile {np.quantile(times, 0.95):.1f} ms of {len(times)}")
    assert len(times) > 6 and np.quantile(times, 0.25) < 50
