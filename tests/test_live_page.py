"""Python in the built page, in a browser that reaches no other host: the buttons, the numbers, the launch of a notebook, politeness."""

import json
import re
from pathlib import Path

import nbformat
import pytest

from book import browser
from tests.test_book_build import documents

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = [name for name in documents() if (ROOT / f"{name}.ipynb").exists()]
MINUTES = 60_000


def troubles(page) -> list[str]:
    """What went wrong, without JupyterLab's remarks on its own menus and settings: those are warnings, and not ours."""
    return [problem for problem in page.problems if problem not in page.warnings]


def watch_live(page):
    page.warnings = []
    page.on("console", lambda message: message.type == "warning" and page.warnings.append(f"console: {message.text}"))


def live_cells(name) -> list[str]:
    cells = nbformat.read(ROOT / f"{name}.ipynb", as_version=4).cells
    return [cell.source for cell in cells if "live" in cell.metadata.get("tags", [])]


PLACES = [(name, i) for name in NOTEBOOKS for i in range(len(live_cells(name)))]


@pytest.fixture
def visit(chromium, address):
    """Open a page of the book, at most two at a time: each has a Python of its own."""
    pages = []

    def open_page(name, **options):
        pages.append(browser.open_page(chromium, address, name, **options))
        watch_live(pages[-1])
        return pages[-1]

    yield open_page
    for page in pages:
        page.context.close()


def test_every_chapter_has_a_place_that_can_be_made_live():
    chapters = {name for name in NOTEBOOKS if re.match(r"chapters/[0-9]", name)}
    assert {name for name, _ in PLACES} >= chapters


def test_nothing_of_python_is_loaded_before_the_click(visit):
    page = visit(PLACES[0][0])
    page.wait_for_load_state("networkidle")
    assert [request.url for request in page.answers if "/lite/" in request.url] == []


@pytest.mark.parametrize(("name", "i"), PLACES)
def test_a_cell_is_made_live_and_its_sliders_draw(visit, name, i):
    page = visit(name)
    box = page.locator(".live").nth(i)
    still = page.locator(".cell.tag_live .cell_output").nth(i)
    assert still.is_visible()
    box.get_by_role("button", name="Make it live").click()
    box.locator("[role=status]", has_text="Live.").wait_for(timeout=3 * MINUTES)
    assert not still.is_visible()
    frame = box.frame_locator("iframe")
    picture, sliders = frame.locator(".jp-OutputArea-output img"), frame.get_by_role("slider")
    controls = live_cells(name)[i].split("live.sliders(")[1]
    assert picture.count() == 1 and sliders.count() == controls.count("=(")
    assert frame.locator(".jp-OutputArea-output select").count() == controls.count("=[")  # a list is a choice
    for slider in sliders.all():
        before = picture.get_attribute("src")
        slider.press("ArrowLeft")
        frame.locator(f".jp-OutputArea-output img:not([src='{before}'])").wait_for(timeout=MINUTES)
    assert troubles(page) == []
    box.get_by_role("button", name="Stop").click()
    assert still.is_visible() and box.locator("iframe").count() == 0


def run(page, code: str) -> str:
    """Run code in the live console and return what it prints."""
    frame = page.frame_locator(".live-frame")
    cells = frame.locator(".jp-CodeConsole-content .jp-CodeCell")
    count = cells.count()
    line = frame.locator(".jp-CodeConsole-promptCell .cm-content")
    line.click()
    line.fill(code)
    page.keyboard.press("Shift+Enter")
    return cells.nth(count).locator(".jp-OutputArea-output").first.inner_text(timeout=MINUTES).strip()


@pytest.fixture(scope="module")
def console(chromium, address):
    """A page whose first live cell runs."""
    page = browser.open_page(chromium, address, PLACES[0][0])
    watch_live(page)
    page.get_by_role("button", name="Make it live").first.click()
    page.locator(".live-status", has_text="Live.").first.wait_for(timeout=3 * MINUTES)
    yield page
    page.context.close()


def test_a_plain_import_and_the_numbers_of_the_reference(console):
    code = """import json, rnncore, numpy as np
from rnncore.gradcheck import complex_step
from rnncore.reference import Elman, unroll
cell = Elman(3, 4)
p = cell.init(np.random.default_rng(7))
h, _, _ = unroll(cell, p, np.random.default_rng(8).standard_normal((6, 3, 2)))
print(json.dumps([rnncore.__file__, h.ravel().tolist()]))"""
    where, there = json.loads(run(console, code))
    assert "site-packages" in where
    import numpy as np

    from rnncore.reference import Elman, unroll

    cell = Elman(3, 4)
    p = cell.init(np.random.default_rng(7))
    h, _, _ = unroll(cell, p, np.random.default_rng(8).standard_normal((6, 3, 2)))
    np.testing.assert_allclose(there, h.ravel(), rtol=1e-12, atol=1e-14)


def test_an_explorer_in_the_pages_python_hands_its_numbers_to_it(console):
    run(console, "from rnncore import explorers\nex = explorers.HelloExplorer()\nprint(ex.step)")
    frame = console.frame_locator(".live-frame")
    line = frame.locator(".jp-CodeConsole-promptCell .cm-content")
    line.click()
    line.fill("ex")
    console.keyboard.press("Shift+Enter")
    root = frame.locator(".rnx")
    root.wait_for(timeout=MINUTES)
    root.get_by_label("W, row 2 (h₂), column 3 (h₃)").fill("-1.25")
    assert run(console, "print(ex.W[1, 2])") == "-1.25"
    run(console, "ex.step = 2; print('set')")
    root.get_by_role("button", name="e → l", pressed=True).wait_for(timeout=MINUTES)
    assert troubles(console) == []


def test_torch_refuses_politely(console):
    said = run(console, "import torch\ntorch.tensor([1.0])")
    assert said.startswith("torch.tensor: PyTorch does not run in the browser.") and "JupyterLab" in said
    assert "Traceback" not in said and "line 1" not in said


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_notebook_has_a_launch_button_that_leads_to_its_live_copy(visit, site, name):
    page = visit(name)
    link = page.get_by_role("link", name="Live", exact=True)
    assert link.is_visible()
    target = link.evaluate("a => a.href")
    assert target.endswith(f"lite/notebooks/index.html?path={name}.ipynb") and (site / "lite" / "files" / f"{name}.ipynb").exists()
    page.set_viewport_size(browser.NARROW)
    assert link.is_visible()


def test_launched_notebook_runs_from_the_top(chromium, address):
    """The Rosetta page: its first cell imports torch, its first check does without, the others need it."""
    name = "chapters/front/rosetta"
    page = browser.open_page(chromium, address, name)
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Live", exact=True).click()
    live = opened.value
    browser.watch(live, address)
    watch_live(live)
    live.locator(".jp-Notebook .jp-Cell", has_text="This copy runs in your browser").first.wait_for(timeout=2 * MINUTES)
    live.locator(".jp-Notebook .jp-CodeCell").first.click()
    live.keyboard.press("Escape")
    live.get_by_role("menuitem", name="Run", exact=True).click()
    live.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    polite = live.locator(".jp-OutputArea-output", has_text="PyTorch does not run in the browser")
    polite.first.wait_for(timeout=3 * MINUTES)
    first = live.locator(".jp-Notebook .jp-CodeCell").first.locator(".jp-InputPrompt")
    assert re.fullmatch(r"\[\d+\]:", first.inner_text().strip())
    assert troubles(live) == []
    assert live.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0
    page.context.close()
