"""What the tests share: the built book, a server for it, a browser that sees no other host."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from book import browser

ROOT = Path(__file__).resolve().parents[1]
SITE = browser.SITE
SOURCES = ["chapters", "exercises", "solutions", "experiments/results", "book/ext", "book/live", "book/static", "rnncore", "_config.yml", "_toc.yml", "references.bib"]


def _newest(paths) -> float:
    files = [f for p in paths for f in ([p] if p.is_file() else p.rglob("*")) if f.is_file() and "__pycache__" not in f.parts]
    return max(f.stat().st_mtime for f in files)


@pytest.fixture(scope="session")
def site() -> Path:
    """The built book; `make test` has built it just before, a lone pytest run builds it if it is out of date."""
    from filelock import FileLock

    if os.environ.get("BOOK_SITE"):
        return SITE
    (ROOT / "build").mkdir(exist_ok=True)
    with FileLock(ROOT / "build" / "site.lock"):
        index = SITE / "searchindex.js"
        live = os.environ.get("LIVE", "1") != "0"
        unfinished = not index.exists() or live and not (SITE / "lite").is_dir()
        if unfinished or index.stat().st_mtime < _newest(ROOT / name for name in SOURCES):
            subprocess.run(["make", "book"], cwd=ROOT, check=True, capture_output=True)
    return SITE


@pytest.fixture(scope="session")
def address(site) -> str:
    """The book under a sub-path, as on a project site."""
    with browser.project_pages(site) as address:
        yield address


@pytest.fixture(scope="session")
def root_address(site) -> str:
    """The book at the root of a plain static server."""
    with browser.plain_server(site) as address:
        yield address


@pytest.fixture(scope="session")
def chromium():
    """A browser for which no host but our server exists."""
    path = browser.find_chromium()
    if path is None:
        pytest.skip("Chromium is not installed")
    with browser.chromium(path) as running:
        yield running
