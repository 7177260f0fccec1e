"""axe-core over every page: light and dark, wide and narrow, as found and with everything open, before and after use of the explorers.

To judge colours axe asks for each piece of text what lies behind it, which takes most of its time: a chapter has ten thousand pieces,
nearly all of them words of code in one of a dozen styles. So colours are judged once in each theme, on the wide page with everything
open, and of text in the same style on the same ground one piece stands for all. Explorers are left as they are, and what only a narrow
page has (drawers, the search button) is judged with all rules in both themes too.
"""

import importlib

import pytest

from book import browser
from book.browser import DETAILS, GENERATED, NARROW, WIDE, axe, documents
from tests.explorers.shown import BuiltExplorer

pytestmark = pytest.mark.browser
PAGES = [*documents(), *GENERATED]
COLOURS = ["color-contrast", "link-in-text-block"]  # the rules that depend on the theme
# What only the visible headings of a page make right or wrong; all else of a page as found is there when everything is open too.
ORDER = ["heading-order", "page-has-heading-one", "region", "landmark-unique"]
# Leaves out what axe would judge again. axe sees no text in a drawn formula, whose letters come from the style sheet. Two elements are
# of the same style on the same ground if they and all that they stand in agree in tag, class, own style and colours. The longest
# piece stays: axe does not judge a single letter.
ONE_OF_A_KIND = """() => {
  for (const el of document.querySelectorAll("mjx-math")) el.remove();
  const paths = new Map();
  const path = (el) => {
    if (!el) return "";
    if (!paths.has(el)) {
      const { color, backgroundColor, fontSize, fontWeight, opacity } = getComputedStyle(el);
      const own = [el.tagName, el.getAttribute("class"), el.getAttribute("style"), color, backgroundColor, fontSize, fontWeight, opacity];
      paths.set(el, `${path(el.parentElement)} > ${own.join(" ")}`);
    }
    return paths.get(el);
  };
  const kinds = new Map();
  for (const el of document.querySelectorAll("article *")) {
    if (el.childElementCount || !el.textContent.trim() || el.closest(".explorer, svg, mjx-container")) continue;
    if (!kinds.has(path(el))) kinds.set(path(el), []);
    kinds.get(path(el)).push(el);
  }
  const length = (el) => el.textContent.trim().length;
  for (const kind of kinds.values()) for (const el of kind.sort((a, b) => length(b) - length(a)).slice(1)) el.remove();
}"""
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
        assert axe(page, without=COLOURS) == []
        use_explorers(page)
        page.evaluate(ONE_OF_A_KIND)
        in_both_themes(page, rules=COLOURS)

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
        assert axe(page, rules=ORDER) == []
        page.evaluate(DETAILS, True)
        page.wait_for_timeout(400)
        assert axe(page, without=COLOURS) == []

    @pytest.mark.parametrize("toggle", ["primary", "secondary"])
    def test_drawer(self, visit, toggle):
        page = visit(documents()[1], NARROW)
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


def test_one_of_a_kind_leaves_every_colour(chromium):
    """Of ten equal words one is left; a word that is pale by class, by its own style or by its ground is found, behind a letter too."""
    page = chromium.new_page(viewport=NARROW)
    words = "<span class=w>word</span> " * 10
    page.set_content(f"""<!doctype html><html lang="en"><title>t</title><style>.pale {{ color: #999 }} .dark {{ background: #555 }}</style>
        <main><h1>h</h1><article><pre>{words}<span class="w pale">a</span> <span class="w pale" id=a>pale</span></pre><pre>{words}<span class=w style="color: #aaa" id=b>pale</span></pre>
        <pre class=dark>{words}</pre></article></main>""")
    page.evaluate(ONE_OF_A_KIND)
    assert page.locator(".w").count() == 4
    found = axe(page, rules=COLOURS)
    assert [line.split(": ")[0] for line in found] == ["color-contrast (serious)"] * 3
    assert "#a" in found[0] and "#b" in found[1] and ".dark" in found[2]
    page.close()
