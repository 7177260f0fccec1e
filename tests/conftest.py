"""What the tests share: the built book, a server for it, a browser that sees no other host."""

from __future__ import annotations

import functools
import http.server
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
PREFIX = "/rnn-book/"  # the book must not mind where it is served
SOURCES = ["chapters", "exercises", "solutions", "book/ext", "book/static", "rnncore", "_config.yml", "_toc.yml", "references.bib"]


def _newest(paths) -> float:
    files = [f for p in paths for f in ([p] if p.is_file() else p.rglob("*")) if f.is_file() and "__pycache__" not in f.parts]
    return max(f.stat().st_mtime for f in files)


@pytest.fixture(scope="session")
def site() -> Path:
    """The built book; `make test` has built it just before, a lone pytest run builds it if it is out of date."""
    from filelock import FileLock

    (ROOT / "build").mkdir(exist_ok=True)
    with FileLock(ROOT / "build" / "site.lock"):
        index = SITE / "searchindex.js"
        if not index.exists() or index.stat().st_mtime < _newest(ROOT / name for name in SOURCES):
            subprocess.run(["make", "book"], cwd=ROOT, check=True, capture_output=True)
    return SITE


class _Handler(http.server.SimpleHTTPRequestHandler):
    def translate_path(self, path):
        return super().translate_path(path[len(PREFIX) - 1 :] if path.startswith(PREFIX) else "/outside-the-book")

    def log_message(self, *args):
        pass


@pytest.fixture(scope="session")
def address(site) -> str:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}{PREFIX}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def chromium():
    """A browser for which no host but our server exists."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()
