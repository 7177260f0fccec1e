"""The built pages, read as files: nothing from elsewhere, no dead link, every promise of the table of contents kept."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup

from book.browser import documents

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def pages(site) -> dict[Path, BeautifulSoup]:
    paths = [path for path in site.rglob("*.html") if "_static" not in path.parts]
    return {path: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser") for path in paths}


def test_every_document_has_its_page(site):
    assert [name for name in documents() if not (site / f"{name}.html").exists()] == []


def test_every_notebook_is_in_the_contents():
    paths = [path for top in ("chapters", "exercises", "solutions") for path in (ROOT / top).rglob("*.ipynb")]
    names = {path.relative_to(ROOT).with_suffix("").as_posix() for path in paths if ".ipynb_checkpoints" not in path.parts}
    assert names - set(documents()) == set()


def test_pages_load_nothing_from_another_host(pages):
    foreign = []
    for path, soup in pages.items():
        for tag in soup.find_all(["script", "link", "img", "iframe", "source", "video", "audio", "object", "embed"]):
            address = tag.get("src") or tag.get("href") or tag.get("data") or ""
            if urlsplit(address).netloc:
                foreign.append((path.name, address))
        for script in soup.find_all("script"):
            if "widget" not in (script.get("type") or "") and re.search(r"https?://(?!www\.w3\.org)", script.string or ""):
                foreign.append((path.name, script.string[:80]))
    assert foreign == []


def test_every_page_names_an_icon_that_is_there(pages):
    """Without one, a browser asks the host for /favicon.ico: a 404 that comes or not, as the page is left sooner or later."""
    ours = {path: soup for path, soup in pages.items() if "lite" not in path.parts}  # JupyterLite's own pages; the tests of the live page look there
    icons = {path: soup.select_one("link[rel~=icon][href]") for path, soup in ours.items()}
    assert [path.name for path, icon in icons.items() if not icon or not (icon["href"].startswith("data:") or (path.parent / icon["href"]).exists())] == []


def test_own_styles_load_nothing_from_another_host(site):
    styles = {p.name: p.read_text(encoding="utf-8", errors="replace") for p in (site / "_static").rglob("*.css")}
    assert [name for name, text in styles.items() if re.search(r"(@import|url\()\s*[\"']?(https?:)?//", text)] == []


def test_internal_links_lead_somewhere(site, pages):
    anchors = {path: {tag["id"] for tag in soup.find_all(id=True)} for path, soup in pages.items()}
    dead = []
    for path, soup in pages.items():
        for tag in soup.find_all("a", href=True):
            parts = urlsplit(tag["href"])
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_relative_to(site.resolve()) or not target.exists():
                dead.append((path.relative_to(site).as_posix(), tag["href"]))
            elif parts.fragment and target in anchors and unquote(parts.fragment) not in anchors[target]:
                dead.append((path.relative_to(site).as_posix(), tag["href"]))
    assert dead == []


def test_outward_links_are_encrypted(pages):
    plain = {(path.name, tag["href"]) for path, soup in pages.items() for tag in soup.find_all("a", href=re.compile("^http://"))}
    assert plain == set()


def test_equations_are_not_left_as_source(pages):
    raw = []
    for path, soup in pages.items():
        article = BeautifulSoup(str(soup.find("article") or ""), "html.parser")
        for tag in article.select("pre, code, script, .math"):
            tag.decompose()
        if "$$" in article.text or re.search(r"\\(begin|frac|tanh|partial)\b", article.text):
            raw.append(path.name)
    assert raw == []


def test_downloads_are_the_notebooks(site):
    for name in documents():
        source = next(ROOT / f"{name}{suffix}" for suffix in (".ipynb", ".md") if (ROOT / f"{name}{suffix}").exists())
        assert (site / "_sources" / f"{name}{source.suffix}").read_bytes() == source.read_bytes(), name


def test_pictures_keep_their_place_free(pages):
    tags = [tag for soup in pages.values() for tag in soup.select("article .cell_output img[src$='.png']")]
    sized = [tag for tag in tags if tag.get("loading") == "lazy" and int(tag.get("width", 0)) > 100 and int(tag.get("height", 0)) > 50]
    assert tags and [tag["alt"] for tag in tags if tag not in sized] == []
