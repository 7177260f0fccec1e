"""The spectrum explorer against the reference and numpy.linalg; dragging, keys, examples."""

import re

import numpy as np
import pytest

from rnncore import explorers
from tests.explorers.cases.spectrum import SETTINGS, compare, jacobian_norms, run, use

pytestmark = pytest.mark.browser
EXAMPLES = ["Fades", "Grows first", "Explodes", "Held by tanh", "Saturates", "ReLU dies"]


def check(shown):
    for what, value, expected in compare(shown.page.evaluate("window.shown.a.state")):
        np.testing.assert_allclose(value, expected, rtol=1e-9, atol=1e-11, err_msg=what)


def number(text) -> float:
    """A number as the page writes it, 1.23 · 10⁻⁴ for one."""
    text = text.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻\u2212", "0123456789--")).replace(" ", "").replace("·10", "e")
    return float(text)


def eigenvalues(shown) -> np.ndarray:
    return np.sort_complex(np.linalg.eigvals(shown["W"]))


def handle(shown, i):
    return shown.root.get_by_role("slider", name=f"Eigenvalue {i}")


def point(shown, re_, im):
    """Where re + i im stands in the window."""
    box = shown.root.locator(".plane").bounding_box()
    unit = box["width"] / 2 / 1.7
    return box["x"] + box["width"] / 2 + re_ * unit, box["y"] + box["height"] / 2 - im * unit


def drag(shown, i, *places):
    handle(shown, i).locator(".dot").scroll_into_view_if_needed()
    box = handle(shown, i).locator(".dot").bounding_box()
    shown.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    shown.page.mouse.down()
    for place in places:
        shown.page.mouse.move(*point(shown, *place))
    shown.page.mouse.up()


@pytest.mark.parametrize("settings", SETTINGS)
def test_equals_the_reference(show, settings):
    check(show(explorers.SpectrumExplorer(**settings)))


def test_examples_are_what_they_are_called(show):
    shown = show(explorers.SpectrumExplorer())
    seen = {}
    for name in EXAMPLES:
        shown.press(name)
        check(shown)
        seen[name] = shown["jacobian_norms"]
        if name in ("Fades", "Grows first"):
            assert shown["rho"] < 1
        if name in ("Explodes", "Held by tanh", "Saturates", "ReLU dies"):
            assert shown["rho"] > 1
        if name == "Saturates":
            assert shown["saturated"] > 0.9
    assert np.diff(seen["Fades"]).max() < 0 and seen["Fades"][-1] < 0.01
    assert seen["Grows first"].max() > 3 and seen["Grows first"][-1] < 0.5
    assert seen["Explodes"][-1] > 100 and 0.5 < seen["Held by tanh"].min() < seen["Held by tanh"].max() < 2
    assert seen["Saturates"][-1] < 1e-20 and (seen["ReLU dies"][1:] == 0).all()


def test_a_pair_meets_the_axis_and_leaves_it_again(show):
    shown = show(explorers.SpectrumExplorer())
    drag(shown, 1, (0.6, 0.5))
    np.testing.assert_allclose(eigenvalues(shown), [0.6 - 0.5j, 0.6 + 0.5j], atol=0.006)
    assert shown["sigma_max"] == pytest.approx(shown["rho"])  # normal, as before
    drag(shown, 1, (0.5, 0.2), (0.5, 0.01), (0.9, 0.0))  # one goes on along the axis, the other stays where they met
    np.testing.assert_allclose(eigenvalues(shown), [0.5, 0.9], atol=0.006)
    assert shown.root.get_by_label("Eigenvalues", exact=True).input_value() == "real"
    drag(shown, 1, (0.7, 0.2))  # alone it cannot leave the axis
    np.testing.assert_allclose(eigenvalues(shown), [0.5, 0.7], atol=0.006)
    drag(shown, 1, (0.51, 0.0), (0.5, -0.1), (0.4, -0.3))
    np.testing.assert_allclose(eigenvalues(shown), [0.4 - 0.3j, 0.4 + 0.3j], atol=0.006)
    assert "− 0.3" in handle(shown, 1).get_attribute("aria-valuetext")  # the one that was dragged is below now
    check(shown)


def test_keys_move_an_eigenvalue(show):
    shown = show(explorers.SpectrumExplorer(W=[[0.5, -0.1], [0.1, 0.5]]))
    handle(shown, 2).press("Shift+ArrowRight")
    np.testing.assert_allclose(eigenvalues(shown), [0.6 - 0.1j, 0.6 + 0.1j], atol=1e-12)
    handle(shown, 1).press("ArrowUp")
    np.testing.assert_allclose(eigenvalues(shown), [0.6 - 0.12j, 0.6 + 0.12j], atol=1e-12)
    for _ in range(6):
        handle(shown, 1).press("ArrowDown")
    np.testing.assert_allclose(eigenvalues(shown), [0.6, 0.6], atol=1e-12)
    handle(shown, 1).press("Shift+ArrowLeft")
    np.testing.assert_allclose(eigenvalues(shown), [0.5, 0.6], atol=1e-12)
    handle(shown, 1).press("ArrowUp")  # alone on the axis: no way up
    np.testing.assert_allclose(eigenvalues(shown), [0.5, 0.6], atol=1e-12)
    for _ in range(5):
        handle(shown, 1).press("ArrowRight")
    handle(shown, 1).press("ArrowUp")
    np.testing.assert_allclose(eigenvalues(shown), [0.6 - 0.02j, 0.6 + 0.02j], atol=1e-12)
    assert handle(shown, 1).get_attribute("aria-valuetext") == "0.60 + 0.02 i, modulus 0.60"
    assert shown.root.evaluate("el => el.getRootNode().activeElement.getAttribute('role')") == "slider"  # the focus has stayed


@pytest.mark.parametrize(
    "W", [[[0.3, -0.9], [0.2, 0.7]], [[0.3, 1.1], [-0.4, 0.2]], [[0.9, 0.4], [0.1, -0.8]], [[0.2, 0], [1.5, 0.9]], [[0.5, 1], [0, 0.5]]]
)
def test_the_schur_form_gives_W_back_and_keeps_what_is_not_dragged(show, W):
    shown = show(explorers.SpectrumExplorer(W=W))
    henrici = lambda: np.sqrt(max(np.sum(shown["W"] ** 2) - np.sum(abs(np.linalg.eigvals(shown["W"])) ** 2), 0))  # noqa: E731
    before, s = eigenvalues(shown), henrici()
    handle(shown, 1).press("ArrowRight")
    assert not np.allclose(eigenvalues(shown), before, atol=0.015) and henrici() == pytest.approx(s, abs=1e-7)
    handle(shown, 1).press("ArrowLeft")
    np.testing.assert_allclose(shown["W"], W, atol=1e-12)
    shown.slide("Non-normality s", 2)
    np.testing.assert_allclose(eigenvalues(shown), before, atol=1e-7)
    assert henrici() == pytest.approx(2, abs=1e-7)
    check(shown)


def test_sliders_set_modulus_angle_and_the_real_ones(show):
    shown = show(explorers.SpectrumExplorer())
    shown.slide("Modulus r", 0.8)
    shown.slide("Angle θ", 120)
    np.testing.assert_allclose(eigenvalues(shown)[1], 0.8 * np.exp(2j * np.pi / 3), atol=1e-12)
    shown.root.get_by_label("Eigenvalues", exact=True).select_option("real")
    shown.slide("λ₁", -0.7)
    shown.slide("λ₂", 1.1)
    np.testing.assert_allclose(eigenvalues(shown), [-0.7, 1.1], atol=1e-12)
    shown.root.get_by_label("Eigenvalues", exact=True).select_option("pair")
    np.testing.assert_allclose(eigenvalues(shown), [0.2 - 0.9j, 0.2 + 0.9j], atol=1e-12)
    check(shown)


def test_numbers_and_judgement_on_the_page(show):
    shown = show(explorers.SpectrumExplorer(W=[[0.9, 0], [1.5, 0.8]], phi="identity", T=40, threshold=0.5))
    shown.root.locator("summary").click()
    norms = jacobian_norms(shown["W"], run(explorers.SpectrumExplorer(W=shown["W"], phi="identity", T=40))[2])
    for lag, norm, bound in shown.cells("By lag"):
        assert number(norm) == pytest.approx(norms[int(lag)], rel=6e-3) and number(bound) == pytest.approx(
            shown["sigma_max"] ** int(lag), rel=6e-3
        )
    rows = {row[0]: [number(cell) for cell in row[1:]] for row in shown.cells("One step")}
    assert rows["‖∂L/∂W‖"] == pytest.approx([shown["grad_norm"], 0.5], rel=6e-3)
    assert rows["loss after"] == pytest.approx(shown["losses_after"], rel=6e-3)
    ratio = [rows["part, last 5 steps"][i] / rows["part, earlier steps"][i] for i in (0, 1)]
    assert ratio == pytest.approx([shown["parts"][0] / shown["parts"][1]] * 2, rel=0.02)  # clipping leaves the shares
    verdict = lambda: shown.root.locator(".verdict").inner_text()  # noqa: E731
    assert "in the long run the norm vanishes" in verdict() and "it grows first" in verdict()
    shown.root.get_by_label("Units φ").select_option("tanh")
    assert "necessary for exploding, not sufficient" in verdict()
    shown.set("W", [[0.5, 0.1], [0.0, 0.4]])
    assert "sufficient for vanishing" in verdict()
    shown.set("phi", "identity")
    shown.set("W", [[1.0, 0.0], [0.0, -1.3]])
    assert "it explodes" in verdict()
    shown.set("W", [[0.0, -1.0], [1.0, 0.0]])
    assert "never falls below 1" in verdict()
    shown.set("phi", "relu")
    assert "cannot exceed 1" in verdict()


def test_entries_out_of_range_are_held_at_the_edge(show):
    shown = show(explorers.SpectrumExplorer())
    field = shown.root.get_by_label("W, row 1, column 2", exact=True)
    field.fill("7")
    assert shown["W"][0, 1] == 5
    field.blur()
    shown.page.wait_for_timeout(50)
    assert field.input_value() == "5.00"
    check(shown)


@pytest.mark.parametrize("width", [320, 390, 800, 1280])
def test_the_plane_stays_where_it_is(show, width):
    """Else it would move away under the finger that drags."""
    shown = show(explorers.SpectrumExplorer(), width=width)
    top = lambda: shown.root.locator(".plane").evaluate("el => el.getBoundingClientRect().top + scrollY")  # noqa: E731
    places = {top()}
    for settings in SETTINGS:
        for name, value in settings.items():
            shown.set(name, value)
        places.add(top())
    for name in EXAMPLES:
        shown.press(name)
        places.add(top())
    assert len(places) == 1


def test_touch_drags(show):
    shown = show(explorers.SpectrumExplorer(), width=390, has_touch=True, is_mobile=True)
    handle(shown, 1).scroll_into_view_if_needed()
    x, y = point(shown, 0.9, 0.3)
    to = point(shown, 0.3, 0.7)
    client = shown.page.context.new_cdp_session(shown.page)
    touch = lambda kind, *at: client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": a, "y": b} for a, b in at]})  # noqa: E731
    touch("touchStart", (x, y))
    for k in range(1, 6):
        touch("touchMove", (x + (to[0] - x) * k / 5, y + (to[1] - y) * k / 5))
    touch("touchEnd")
    np.testing.assert_allclose(eigenvalues(shown)[1], 0.3 + 0.7j, atol=0.02)


def test_reacts_at_once_to_a_drag(show):
    """From a pointer move to the finished layout; the longest sequence, the lower quartile, as others may be at work."""
    shown = show(explorers.SpectrumExplorer(T=60))
    shown.root.locator("summary").click()
    times = handle(shown, 1).evaluate("""(el) => { const box = el.ownerSVGElement.getBoundingClientRect();
        el.setPointerCapture = () => {}; el.hasPointerCapture = () => true;
        return Array.from({ length: 60 }, (_, i) => {
            const angle = 0.3 + i * 0.04, to = { clientX: box.left + box.width * (0.5 + 0.3 * Math.cos(angle)), clientY: box.top + box.height * (0.5 - 0.3 * Math.sin(angle)) };
            const start = performance.now();
            el.dispatchEvent(new PointerEvent('pointermove', { pointerId: 1, ...to }));
            el.getRootNode().querySelector('svg').getBoundingClientRect();
            return performance.now() - start; }); }""")
    moved = np.angle(eigenvalues(shown)[1])
    print(
        f"drag: median {np.median(times):.1f} ms, 95th percentile {np.quantile(times, 0.95):.1f} ms of {len(times)}"
    )  # shown by pytest -s
    assert moved == pytest.approx(0.3 + 59 * 0.04, abs=0.02) and np.quantile(times, 0.25) < 50


def test_the_listed_controls_announce_what_they_hold(show):
    shown = show(explorers.SpectrumExplorer())
    use(shown)
    for i in (1, 2):
        text = handle(shown, i).get_attribute("aria-valuetext")
        assert re.fullmatch(r"−?\d\.\d\d [+−] \d\.\d\d i, modulus \d\.\d\d", text), text
        assert float(handle(shown, i).get_attribute("aria-valuenow")) == pytest.approx(shown["rho"], abs=1e-3)
