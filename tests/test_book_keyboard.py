"""The book without a mouse, on paper, without motion, and in the reader's own colours."""

import pytest

from book import browser
from book.browser import DETAILS, NARROW, WIDE

pytestmark = pytest.mark.browser
TYPICAL = ["chapters/front/how_to_use", "chapters/01_motivation", "exercises/02_unfolding/02_unfolding"]
# The element that has the focus, also inside an explorer; how the focus is shown; whether it can be seen at all.
FOCUS = """() => {
  let el = document.activeElement, host = null;
  while (el.shadowRoot?.activeElement) [host, el] = [el, el.shadowRoot.activeElement];
  if (el === document.body) return null;
  const style = getComputedStyle(el), box = el.getBoundingClientRect();
  window.stops ??= [];
  if (!window.stops.includes(el)) window.stops.push(el);
  const before = window.stops[window.stops.indexOf(el) - 1];
  const top = (node) => (node.getRootNode().host ?? node);
  return {
    name: `${el.tagName} ${(el.innerText || el.getAttribute("aria-label") || el.title || el.type || "").trim().slice(0, 40)}`,
    stop: window.stops.indexOf(el),
    ring: (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== "none",
    seen: box.width > 1 && box.height > 1 && box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth && el.checkVisibility({ opacityProperty: true, visibilityProperty: true }),
    ordered: !before || top(before) === top(el) || Boolean(top(before).compareDocumentPosition(top(el)) & Node.DOCUMENT_POSITION_FOLLOWING),
  };
}"""


@pytest.fixture
def visit(chromium, address):
    pages = []

    def open_page(name, viewport=WIDE, scheme="light", **context):
        pages.append(browser.open_page(chromium, address, name, viewport, scheme, **context))
        return pages[-1]

    yield open_page
    for page in pages:
        page.context.close()
        assert page.problems == []


def walk(page, most=700) -> list[dict]:
    """Press Tab until the focus leaves the page: every stop on the way."""
    stops = []
    for _ in range(most):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUS)
        if stop is None or (stops and stop["stop"] == 0):
            return stops
        stops.append(stop)
    pytest.fail(f"the focus does not come out of the page; last at {stops[-3:]}")


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("name", TYPICAL)
def test_tab_walks_through_the_page(visit, name, viewport):
    page = visit(name, viewport, reduced_motion="reduce")
    stops = walk(page)
    assert len(stops) > 10
    assert stops[0]["name"] == "A Skip to main content"
    assert [stop["name"] for stop in stops if not stop["ring"]] == [], "the focus is not seen"
    assert [stop["name"] for stop in stops if not stop["seen"]] == [], "hidden, or outside the window"
    assert [stop["name"] for stop in stops if not stop["ordered"]] == [], "before what stands before it"
    assert [stop["name"] for stop in stops if not stop["name"].split(" ", 1)[1]] == [], "without a name"
    assert len({stop["stop"] for stop in stops}) == len(stops), "the focus goes in a circle"


def test_skip_link_leads_past_the_contents(visit):
    page = visit(TYPICAL[0])
    page.keyboard.press("Tab")
    page.wait_for_function("document.querySelector('#pst-skip-link a').getBoundingClientRect().top >= 0")  # it slides in
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_theme_is_switched_by_a_key(visit):
    page = visit(TYPICAL[0])
    page.locator(".theme-switch-button").focus()
    seen = set()
    for _ in range(3):
        page.keyboard.press("Enter")
        seen.add(page.evaluate("document.documentElement.dataset.mode"))
        page.wait_for_function("document.activeElement.classList.contains('theme-switch-button')")
    assert seen == {"auto", "light", "dark"}


def test_answers_and_hidden_code_open_by_a_key(visit):
    page = visit("chapters/01_motivation")
    for kind in ("details.sd-dropdown", "details.hide"):
        block = page.locator(kind).first
        block.locator("summary").focus()
        page.keyboard.press("Enter")
        assert block.evaluate("el => el.open")
        page.keyboard.press("Space")
        assert not block.evaluate("el => el.open")


def test_code_too_wide_for_a_phone_is_moved_by_keys(visit):
    page = visit("chapters/01_motivation", NARROW)
    page.evaluate(DETAILS, True)
    page.wait_for_timeout(100)
    wide = page.locator("article pre").evaluate_all("els => els.map((el, k) => [k, el.scrollWidth > el.clientWidth + 1, el.tabIndex])")
    assert any(too_wide for _, too_wide, _ in wide)
    assert [k for k, too_wide, index in wide if too_wide and index != 0] == []
    block = page.locator("article pre").nth(next(k for k, too_wide, _ in wide if too_wide))
    block.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.activeElement.scrollLeft > 0")


def test_nothing_moves_for_those_who_asked_for_stillness(visit):
    moving = """() => { const all = (root) => [...root.querySelectorAll("*")].flatMap((el) => [el, ...(el.shadowRoot ? all(el.shadowRoot) : [])]);
        return all(document).filter((el) => { const s = getComputedStyle(el); return s.animationName !== "none" || s.transitionDuration.split(", ").some((t) => parseFloat(t) > 0) || s.scrollBehavior === "smooth"; })
        .slice(0, 5).map((el) => el.outerHTML.slice(0, 80)); }"""
    still, lively = (visit("chapters/01_motivation", reduced_motion=choice) for choice in ("reduce", "no-preference"))
    for page in (still, lively):
        page.evaluate(DETAILS, True)
    assert still.evaluate(moving) == []
    assert lively.evaluate(moving) != []  # otherwise this test sees nothing


def test_on_paper_the_text_stands_alone(visit):
    page = visit("chapters/01_motivation", scheme="dark")
    page.emulate_media(media="print")
    shown = "sel => [...document.querySelectorAll(sel)].filter((el) => el.checkVisibility()).length"
    for frame in (".bd-sidebar-primary", ".bd-sidebar-secondary", ".bd-header-article", ".prev-next-footer", ".explorer", "button", "#jb-print-docs-body"):
        assert page.evaluate(shown, frame) == 0, frame
    assert page.evaluate(shown, "article figure") >= 10 and page.evaluate(shown, "article h2") >= 10
    light = """() => { const [r, g, b] = getComputedStyle(document.querySelector("article p")).color.match(/[0-9.]+/g).map(Number);
        return r + g + b; }"""
    assert page.evaluate(light) < 250, "pale text, for a dark ground that a printer leaves out"


def test_in_forced_colours_controls_keep_their_edges(visit):
    page = visit("chapters/01_motivation")
    page.emulate_media(forced_colors="active")
    edges = """() => { const roots = [document, ...[...document.querySelectorAll(".explorer > *")].map((el) => el.shadowRoot)];
        return roots.flatMap((root) => [...root.querySelectorAll(".button, details.sd-dropdown, .admonition, .rnx select")]).filter((el) => el.checkVisibility())
        .filter((el) => parseFloat(getComputedStyle(el).borderTopWidth) < 1).map((el) => el.outerHTML.slice(0, 80)); }"""
    assert page.evaluate("matchMedia('(forced-colors: active)').matches")
    assert page.evaluate(edges) == []
