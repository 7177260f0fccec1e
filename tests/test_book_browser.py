"""What a reader does with the built book: read formulas, search, download, turn pages, use explorers. (Visits, axe and keys: test_book_*.py.)"""

import json
import re

import pytest

from book import browser
from book.browser import documents

pytestmark = pytest.mark.browser
CONTENT = "el => [el, ...el.querySelectorAll('*')].map((part) => (part.shadowRoot ?? part).innerHTML).join()"


@pytest.fixture
def visit(chromium, address):
    """Open a page; whatever goes wrong on the way is collected in page.problems."""
    pages = []

    def open_page(name, **context):
        pages.append(browser.open_page(chromium, address, name, **context))
        return pages[-1]

    yield open_page
    for page in pages:
        page.context.close()


@pytest.mark.parametrize("name", documents())
def test_formulas_and_icons_are_drawn(visit, name):
    page = visit(name)
    assert page.locator("article .math").count() <= page.locator("article mjx-container").count()
    assert page.locator("mjx-merror, [data-mjx-error]").all_text_contents() == []
    missing = "i[class*='fa-'], svg.svg-inline--fa:not(:has(path))"  # a script puts each icon in place, a little after the page
    page.wait_for_function("icons => !document.querySelector(icons)", arg=missing)
    assert page.problems == []


def test_front_door_leads_to_the_first_page(visit):
    page = visit("index")
    page.wait_for_url(re.compile(f"{documents()[0]}.html$"))
    assert page.problems == []


def test_search_finds(visit):
    page = visit("search")
    page.goto(page.url + "?q=gradient", wait_until="load")
    page.wait_for_selector("#search-results li a")
    assert page.locator("#search-results li a").count() >= 3
    assert page.problems == []


def test_search_opens_from_the_keyboard(visit):
    page = visit(documents()[1])
    page.keyboard.press("Control+k")
    page.keyboard.type("recurrent")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results li a")
    assert page.problems == []


def test_every_notebook_can_be_downloaded(visit):
    page = visit("chapters/01_motivation")
    page.locator(".dropdown-download-buttons > button").click()
    with page.expect_download() as download:
        page.locator(".btn-download-source-button").click()
    assert download.value.suggested_filename == "01_motivation.ipynb"


def test_a_term_shows_its_meaning_under_the_pointer(visit):
    page = visit("chapters/01_motivation")
    term = page.locator("a.term-link", has_text="delay unit").first
    assert term.get_attribute("title") == "An element that hands on its input one step later."


def test_next_page_is_a_click_away(visit):
    page = visit("chapters/01_motivation")
    page.locator(".prev-next-footer a.right-next").click()
    page.wait_for_url(re.compile("02_unfolding"))
    assert page.problems == []


def test_code_can_be_copied(visit):
    page = visit("chapters/01_motivation")
    assert page.locator("div.cell_input button.copybtn").count() >= 1


@pytest.mark.parametrize("name", [name for name in documents() if re.match(r"chapters/[0-9]", name)])
def test_explorers_live_without_a_kernel(visit, name):
    page = visit(name)
    views = page.locator("script[type='application/vnd.jupyter.widget-view+json']").count()
    page.wait_for_function(f"document.querySelectorAll('.explorer[data-ready]').length === {views}")
    assert page.locator(".explorer-note").all_text_contents() == []
    assert views >= 1, "every chapter has an explorer"
    for explorer in page.locator(".explorer").all():
        before = explorer.evaluate(CONTENT)
        sliders = explorer.locator("input[type=range], [role=slider]")
        control = (sliders if sliders.count() else explorer.locator("input, select, button:enabled")).first
        control.focus()
        for key in ("ArrowRight", "ArrowLeft", "ArrowDown", "Enter"):  # whichever the control understands, and is not at its end
            page.keyboard.press(key)
            page.wait_for_timeout(250)
            if explorer.evaluate(CONTENT) != before:
                break
        else:
            pytest.fail(f"an explorer does not react to the keyboard: {control.evaluate('el => el.outerHTML')}")
    assert page.problems == []


def test_dead_widgets_say_so(chromium, site):
    """What is not an anywidget gets a clear word in its place, and does not stop the others."""
    page = chromium.new_page()
    module = "export default { render({ model, el }) { model.on('change:n', (m, n) => (el.textContent = n)); model.set('n', 2); } }"
    state = {"state": {"a": {"state": {}}, "b": {"state": {"n": 1, "_css": "b { color: red }", "_esm": module}}}}
    tags = [("state", state), ("view", {"model_id": "a"}), ("view", {"model_id": "b"})]
    scripts = [f'<script type="application/vnd.jupyter.widget-{kind}+json">{json.dumps(value)}</script>' for kind, value in tags]
    page.set_content(f"<body>{''.join(scripts)}</body>")
    page.add_script_tag(path=site / "_static" / "afm-host.js")
    page.wait_for_selector(".explorer[data-ready]")
    assert page.locator(".explorer").text_content() == "2"
    assert "kernel" in page.locator(".explorer-note").text_content()
    page.close()
