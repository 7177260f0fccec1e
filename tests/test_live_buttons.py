"""The extension that puts the live buttons on the pages, in a book of one notebook."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = Path(__file__).resolve().parents[1]
CONF = f"""
import sys
sys.path.insert(0, {str(ROOT / "book" / "ext")!r})
extensions = ["myst_nb", "live_buttons"]
html_theme = "sphinx_book_theme"
nb_execution_mode = "off"
suppress_warnings = ["mystnb.unknown_mime_type"]
"""


def cell(source, *tags):
    return new_code_cell(source, metadata={"tags": list(tags)}, execution_count=1)


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """Build the book with LIVE set to a value; returns the page of the notebook, which lies in a folder, and its text."""

    def build(live: str) -> BeautifulSoup:
        folder = tmp_path_factory.mktemp("book")
        (folder / "conf.py").write_text(CONF)
        (folder / "index.md").write_text("# Book\n\n```{toctree}\nch/one\n```\n")
        (folder / "ch").mkdir()
        cells = [
            new_markdown_cell("# One"),
            cell("import math"),
            cell("unused = 1"),
            cell("data = [1, 2]", "live-setup"),
            cell('draw("<b></script>", data)', "live"),
            cell("data = [3]", "live-setup"),
        ]
        nbformat.write(new_notebook(cells=cells, metadata={"language_info": {"name": "python", "pygments_lexer": "ipython3"}}), folder / "ch" / "one.ipynb")
        command = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", str(folder), str(folder / "out")]
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"LIVE": live})
        assert done.returncode == 0, done.stderr
        return BeautifulSoup((folder / "out" / "ch" / "one.html").read_text(encoding="utf-8"), "html.parser")

    return build


def test_a_live_cell_carries_its_code_and_what_it_needs(build):
    page = build("1")
    (box,) = page.select(".cell.tag_live .live")
    data = json.loads(box.find("script").string)
    assert data == {"root": "../lite/", "code": ["import math\n\ndata = [1, 2]", 'draw("<b></script>", data)']}
    (link,) = page.select("a.btn-live-button")
    assert link["href"] == "../lite/notebooks/index.html?path=ch/one.ipynb"
    assert page.select("script[src*='live.js']")


def test_without_live_nothing_of_it_is_on_the_page(build):
    page = build("0")
    assert page.select(".cell.tag_live") and not page.select(".live, a.btn-live-button, script[src*='live.js']")
