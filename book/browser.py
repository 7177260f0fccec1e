"""The built book in a browser: two servers for it, and a Chromium for which no other host exists.

Shared by the tests, by `make measure` and by `make shots`.
"""

from __future__ import annotations

import functools
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
SITE = Path(os.environ.get("BOOK_SITE") or ROOT / "_build" / "html")  # BOOK_SITE: look at a book that was built elsewhere
PREFIX = "/rnn-book/"  # the book must not mind where it is served
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
GENERATED = ["search", "genindex", "py-modindex", "404"]  # pages that are in no table of contents

# Formulas are set, and every explorer stands: only then is a page what the reader sees.
READY = """async () => {
  if (document.querySelector('.math') && !(await window.MathJax?.startup?.promise?.then(() => true))) return false;
  const views = document.querySelectorAll("script[type='application/vnd.jupyter.widget-view+json']").length;
  return document.querySelectorAll('.explorer[data-ready], .explorer-note').length >= views;
}"""
DETAILS = "open => document.querySelectorAll('article details').forEach((el) => { el.open = open; })"


def documents() -> list[str]:
    """Every page that the table of contents lists."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    return [toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])]


class _Handler(http.server.SimpleHTTPRequestHandler):
    """As project pages are served on GitHub: below a sub-path, with the book's 404 page for what is not there."""

    def translate_path(self, path):
        return super().translate_path(path[len(PREFIX) - 1 :] if path.startswith(PREFIX) else "/outside-the-book")

    def send_error(self, code, message=None, explain=None):
        page = Path(self.directory) / "404.html"
        if code != 404 or not page.exists():
            return super().send_error(code, message, explain)
        body = page.read_bytes()
        self.send_response(404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *args):
        pass


@contextmanager
def project_pages(site: Path = SITE) -> Iterator[str]:
    """Serve the book under a sub-path; yields its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}{PREFIX}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def plain_server(site: Path = SITE) -> Iterator[str]:
    """Serve the book by `python -m http.server`, at the root; yields its address."""
    command = [sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory", str(site), "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            yield re.search(r"http://[^/ ]+/", server.stdout.readline())[0]
        finally:
            server.terminate()


def find_chromium() -> str | None:
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def chromium(path: str) -> Iterator:
    """A browser for which no host but this machine's own exists."""
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--disable-dev-shm-usage"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


def watch(page, address: str) -> None:
    """Note whatever goes wrong in page.problems, what is asked of other hosts in page.foreign, what has come in page.answers."""
    page.problems, page.foreign, page.answers = [], [], []

    def asked(request):
        if not request.url.startswith((address, "data:", "blob:")):
            page.foreign.append(request.url)
            page.problems.append(f"request outside the book: {request.url}")

    def failed(request):
        if "ABORTED" not in (request.failure or ""):  # aborted: by leaving the page
            page.problems.append(f"failed: {request.url} ({request.failure})")

    def said(message):
        known = "Anchored content block not found" in message.text  # Sphinx's search does not quote a dot in `module.function`
        if message.type in ("error", "warning") and not known:
            page.problems.append(f"console: {message.text}")

    page.on("request", asked)
    page.on("requestfailed", failed)
    page.on("requestfinished", lambda request: page.answers.append(request))
    page.on("response", lambda response: response.status >= 400 and page.problems.append(f"{response.status}: {response.url}"))
    page.on("console", said)
    page.on("pageerror", lambda error: page.problems.append(f"error: {error}"))


def open_page(browser, address: str, name: str, viewport=WIDE, scheme="light", **context):
    """A page of the book in a context of its own, watched from the first request on, once it is ready."""
    page = browser.new_context(viewport=viewport, color_scheme=scheme, **context).new_page()
    watch(page, address)
    page.goto(f"{address}{name}.html", wait_until="load")
    page.wait_for_function(READY)
    return page


def weight(page) -> int:
    """Bytes of all answers so far, heads included, as they came over the wire."""
    page.wait_for_load_state("networkidle")
    return bytes_so_far(page)


def bytes_so_far(page) -> int:
    sizes = [request.sizes() for request in page.answers if request.url.startswith("http")]
    return sum(size["responseHeadersSize"] + size["responseBodySize"] for size in sizes)


WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def axe(page, tags=(*WCAG, "best-practice"), context=None, kind="violations", rules=(), without=()) -> list[str]:
    """What axe-core finds, one line an element; best practice is asked for too. `rules`: these alone; `without`: all but these."""
    from axe_playwright_python.sync_playwright import Axe

    only = {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": list(tags)}
    options = {"runOnly": only, "resultTypes": [kind], "preload": False, "rules": {name: {"enabled": False} for name in without}}
    found = Axe().run(page, context=context, options=options).response[kind]
    nodes = [(rule, node) for rule in found for node in rule["nodes"] if not _named_formula(rule, node)]
    return [f"{rule['id']} ({rule['impact']}): {node['target']} {node['html'][:120]}" for rule, node in nodes]


def _named_formula(rule, node) -> bool:
    """A heading that is a formula is seen and has a name, but no text in axe's sense: MathJax draws by style sheet."""
    return rule["id"] == "empty-table-header" and " aria-label=" in node["html"]
