"""A cell made live, as a part of its page: height, theme, names, keys, errors. The page is light on a dark system, as a reader may have it."""

import pytest

from book import browser
from tests.test_live_page import MINUTES, run, troubles, watch_live

pytestmark = pytest.mark.browser
LINE = ".jp-CodeConsole-promptCell .cm-content"
ACTIVE = "document.activeElement.className"


def switch_to(page, theme):
    for _ in range(3):  # light, dark, as the system
        if page.evaluate("document.documentElement.dataset.theme") != theme:
            page.locator("button.theme-switch-button").first.evaluate("button => button.click()")
    page.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=theme)


@pytest.fixture(scope="module")
def page(chromium, address):
    page = browser.open_page(chromium, address, "chapters/03_bptt", browser.NARROW, scheme="dark")
    watch_live(page)
    switch_to(page, "light")
    page.get_by_role("button", name="Make it live").first.press("Enter")
    page.locator(".live-status", has_text="Live.").first.wait_for(timeout=3 * MINUTES)
    yield page
    page.context.close()


@pytest.fixture(scope="module")
def inside(page):
    return page.locator(".live-frame").element_handle().content_frame()


def shown(page, part) -> bool:
    """All of a part of the frame lies within it."""
    frame, box = page.locator(".live-frame").bounding_box(), part.bounding_box()
    return frame["y"] <= box["y"] and box["y"] + box["height"] <= frame["y"] + frame["height"] + 1


def test_the_reader_keeps_the_focus_and_comes_back_by_keys(page, inside):
    assert page.evaluate("document.activeElement.textContent") == "Stop"
    reached = []
    while "jp-CodeConsole-input" not in (reached or [""])[-1]:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.tagName") == "IFRAME" and len(reached) < 12
        reached.append(inside.evaluate(ACTIVE))
    assert sum("noUi-handle" in name for name in reached) == 2
    page.keyboard.press("Enter")
    assert "cm-content" in inside.evaluate(ACTIVE)
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") != "IFRAME"


def test_frame_is_as_high_as_what_it_shows(page, inside):
    sliders = inside.get_by_role("slider")
    assert sliders.count() == 2 and all(shown(page, part) for part in [*sliders.all(), inside.locator("img"), inside.locator(LINE)])
    before = page.locator(".live-frame").bounding_box()["height"]
    assert run(page, "print('1\\n2\\n3\\n4')").endswith("4")
    page.wait_for_function("before => document.querySelector('.live-frame').offsetHeight > before + 40", arg=before)
    assert shown(page, sliders.first) and shown(page, inside.locator(LINE))


def test_theme_follows_the_page_and_axe_finds_nothing_in_either(page, inside):
    for theme, light in (("dark", "false"), ("light", "true")):
        switch_to(page, theme)
        inside.wait_for_function("light => document.body.dataset.jpThemeLight === light", arg=light)
        page.wait_for_timeout(500)  # its style sheet comes after
        assert browser.axe(inside, tags=browser.WCAG) == [] and browser.axe(page, tags=browser.WCAG, context={"include": [[".live"]]}) == []


def test_sliders_and_figure_are_named(inside):
    sliders = inside.get_by_role("slider")
    assert [slider.get_attribute("aria-label") for slider in sliders.all()] == ["w", "x"]
    alt = inside.locator("img").first.get_attribute("alt")
    sliders.first.press("ArrowLeft")
    inside.wait_for_function("before => document.querySelector('.jp-OutputArea-output img').src !== before", arg=inside.locator("img").get_attribute("src"))
    assert len(alt.split()) >= 12 and inside.locator("img").first.get_attribute("alt") == alt


def test_an_error_in_typed_code_is_told_and_python_goes_on(page, inside):
    assert "ZeroDivisionError" in run(page, "0.5 / 0")
    assert run(page, "print(arrives(w=0.5).axes[0].get_title(loc='left'))") == "w = 0.50, every input 0.50"
    assert page.locator(".live").first.get_attribute("data-state") == "live"


def test_the_line_to_type_in_stays_in_view_after_a_long_output(page, inside):
    run(page, "for i in range(100): print(i)")
    page.wait_for_function("document.querySelector('.live-frame').offsetHeight === 900")
    page.wait_for_timeout(300)
    assert shown(page, inside.locator(LINE))
    assert [problem for problem in troubles(page) if "resolvePath" not in problem and "404" not in problem] == []


def test_an_error_in_the_cell_itself_is_told_in_one_line(chromium, address):
    page = browser.open_page(chromium, address, "chapters/02_unfolding")
    page.evaluate("""() => document.querySelectorAll('.live').forEach((box) => {
      const again = box.cloneNode(true), script = again.querySelector('script');
      const data = JSON.parse(script.textContent);
      script.textContent = JSON.stringify({ ...data, code: ['missing_name'] });
      again.querySelectorAll('button, .live-status').forEach((part) => part.remove());
      box.replaceWith(again);
    })""")
    page.add_script_tag(url=f"{address}_static/live.js")
    page.get_by_role("button", name="Make it live").click()
    page.locator(".live[data-state=failed]").wait_for(timeout=3 * MINUTES)
    assert page.locator(".live-status").inner_text() == "Python stopped with an error: NameError: name 'missing_name' is not defined"
    assert page.locator(".cell.tag_live .cell_output").first.is_visible()
    page.context.close()
