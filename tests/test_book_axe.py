"""axe-core over every page: light and dark, wide and narrow, as found and with everything open, before and after use of the explorers.

To judge colours axe lays out the whole page anew, which takes most of its time. So they are judged once in each theme, on the wide
page with everything open; what only a narrow page has (drawers, the search button) is judged with all rules in both themes too.
"""

import importlib

import pytest

from book import browser
from book.browser import DETAILS, GENERATED, NARROW, WIDE, axe, documents
from tests.explorers.shown import BuiltExplorer

pytestmark = pytest.mark.browser
PAGES = [*documents(), *GENERATED]
COLOURS = ["color-contrast", "link-in-text-block"]  # the rules that depend on the theme
# axe sees no text in a drawn formula, whose letters come from the style sheet; without them the page is half as large.
NO_FORMULAS = "mjx-math { display: none !important }"
SETTLED = "() => Promise.all(document.getAnimations().map((a) => a.finished.catch(() => {})))"


@pytest.fixture
def visit(chromium, address):
    pages = []

    def open_page(name, viewport):
        pages.append(browser.open_page(chromium, address, name, viewport, reduced_motion="reduce"))
        return pages[-1]

    yield open_page
    for page in pages:
        page.context.close()
        assert page.problems == []


def set_theme(page, theme):
    page.emulate_media(color_scheme=theme)
    if page.locator("#pst-primary-sidebar").count():  # not on the page for what is not there
        page.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=theme)
    page.evaluate(SETTLED)


def in_both_themes(page, **options):
    for theme in ("dark", "light"):
        set_theme(page, theme)
        assert axe(page, **options) == [], theme


def use_explorers(page) -> None:
    """Use every explorer of the page a little, as its own tests do. In both themes those look at it too, with all rules."""
    boxes = page.locator(".explorer")
    for i in range(boxes.count()):
        kind = boxes.nth(i).evaluate("el => el.explorer.get('_anywidget_id')").rpartition(".")[2]
        importlib.import_module(f"tests.explorers.cases.{kind.removesuffix('Explorer').lower()}").use(BuiltExplorer(page, i))


class TestWide:
    @pytest.mark.parametrize("name", PAGES)
    def test_page(self, visit, name):
        page = visit(name, WIDE)
        page.evaluate(DETAILS, True)
        page.wait_for_timeout(400)  # the theme looks a little later at what has changed its size
        assert axe(page) == []
        use_explorers(page)
        set_theme(page, "dark")
        page.add_style_tag(content=NO_FORMULAS)
        assert axe(page, rules=COLOURS) == []

    def test_search_and_download(self, visit):
        page = visit(documents()[1], WIDE)
        page.keyboard.press("Control+k")
        page.wait_for_selector("#pst-search-dialog[open]")
        in_both_themes(page)
        page.keyboard.press("Escape")
        page.locator(".dropdown-download-buttons > button").click()
        page.wait_for_selector(".dropdown-menu.show")
        in_both_themes(page)


class TestNarrow:
    @pytest.mark.parametrize("name", PAGES)
    def test_page_as_found_and_with_everything_open(self, visit, name):
        page = visit(name, NARROW)
        assert axe(page, without=COLOURS) == []
        page.evaluate(DETAILS, True)
        page.wait_for_timeout(400)
        assert axe(page, without=COLOURS) == []

    @pytest.mark.parametrize("toggle", ["primary", "secondary"])
    def test_drawer(self, visit, toggle):
        page = visit("chapters/01_motivation", NARROW)
        button = page.locator(f".{toggle}-toggle")
        button.click()
        page.wait_for_selector(f"#pst-{toggle}-sidebar-modal[open] a")
        in_both_themes(page)
        page.keyboard.press("Escape")
        page.wait_for_selector(f"#pst-{toggle}-sidebar-modal:not([open])", state="attached")
        page.wait_for_function("toggle => document.activeElement.classList.contains(`${toggle}-toggle`)", arg=toggle)

    def test_search(self, visit):
        page = visit(documents()[1], NARROW)
        page.locator(".article-header-buttons .search-button").click()
        page.wait_for_selector("#pst-search-dialog[open]")
        in_both_themes(page)


def test_axe_finds_what_is_planted(chromium):
    """In the light and in a folded block: a picture without words, a pale text, a button without a name."""
    page = chromium.new_page(viewport=NARROW)
    page.set_content("""<!doctype html><html lang="en"><title>t</title><main><h1>h</h1><article><details><summary>s</summary>
        <p style="color: #999; background: #fff">pale</p><button></button><img src="data:," style="width: 9px"></details></article></main>""")
    assert axe(page) == []
    page.evaluate(DETAILS, True)
    assert {line.split()[0] for line in axe(page)} == {"color-contrast", "button-name", "image-alt"}
    assert {line.split()[0] for line in axe(page, rules=COLOURS)} == {"color-contrast"}
    assert {line.split()[0] for line in axe(page, without=COLOURS)} == {"button-name", "image-alt"}
    page.close()
