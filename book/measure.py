"""Measure the built book in a browser: `make measure` writes build/reports/page.md and page.json.

The book is served by `python -m http.server`, uncompressed; no other host exists for the browser.
"""

from __future__ import annotations

import json
import os
import platform
import re
from pathlib import Path

import numpy as np

from book import browser
from book.browser import NARROW, ROOT, SITE, WIDE
from book.shots import use

REPORTS = ROOT / "build" / "reports"
EVENTS = 60  # per control
# From an event to the finished layout: the handlers, the layout that they ask for, and what they have put off to the next
# frame. The wait for that frame is not counted, nor what the browser paints.
STEPS = """async (el, count) => {
  const root = el.getRootNode(), times = [];
  const settle = () => root.querySelectorAll("svg, canvas, table, output").forEach((part) => part.getBoundingClientRect());
  const frame = (f) => new Promise((done) => requestAnimationFrame(() => done(f())));
  for (let i = 0; i < count; i++) {
    await frame(settle);
    el.value = Number(el.min) + ((5 * i) % 11 + 1) * (el.max - el.min) / 12;
    const opened = frame(() => performance.now());
    const start = performance.now();
    el.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
    settle();
    const atOnce = performance.now() - start;
    const closed = frame(() => { settle(); return performance.now(); });
    times.push(atOnce + (await closed) - (await opened));
  }
  return times;
}"""
LISTEN = """(el) => {
  const root = el.getRootNode();
  const settle = () => root.querySelectorAll("svg, canvas, table, output").forEach((part) => part.getBoundingClientRect());
  window.dragged = [];
  window.listening?.abort();
  window.listening = new AbortController();
  let start = 0;
  for (const kind of ["input", "pointermove"]) {
    addEventListener(kind, () => { start = performance.now(); }, { capture: true, signal: window.listening.signal });
    addEventListener(kind, (event) => {
      if (kind === "pointermove" && (el.type === "range" || !event.buttons)) return;
      settle();
      window.dragged.push(performance.now() - start);
    }, { signal: window.listening.signal });
  }
}"""

STARTS, DRAWS = 3, 24
UNTIL_LIVE = """(box) => {
  window.live = new Promise((done) => box.addEventListener("click", () => {
    const start = performance.now();
    const look = () => box.dataset.state === "live" ? done(performance.now() - start) : setTimeout(look, 20);
    look();
  }, { capture: true, once: true }));
}"""
# In the frame: from a key to the decoded next picture.
REDRAWN = """(body) => {
  const area = body.querySelector(".jp-CodeConsole-content");
  let start = 0, shown = area.querySelector("img").src, arrived;
  const next = () => { window.arrival = new Promise((done) => { arrived = done; }); };
  next();
  addEventListener("keydown", () => { start = performance.now(); }, true);
  new MutationObserver(async () => {
    const now = area.querySelector("img");
    if (!now || now.src === shown) return;
    shown = now.src;
    await now.decode();
    arrived(performance.now() - start);
  }).observe(area, { subtree: true, childList: true, attributes: true });
  window.redrawn = async () => { const time = await window.arrival; next(); return time; };
}"""


def machine(running) -> dict:
    try:
        cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())[1]
    except (OSError, TypeError):
        cpu = platform.processor()
    return {"cores": os.cpu_count(), "cpu": cpu, "chromium": running.version, "system": platform.system()}


def drag(page, control) -> list[float]:
    """Drag a slider or a handle to and fro with the mouse; the times of the events that this makes."""
    control.scroll_into_view_if_needed()
    control.evaluate(LISTEN)
    box = control.bounding_box()
    reach = box["width"] if control.get_attribute("type") == "range" else 160
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for k in range(1, EVENTS + 1):
        page.mouse.move(x + 0.4 * reach * np.sin(k / 4), y + (0 if reach == box["width"] else 0.2 * reach * np.sin(k / 5)))
        page.wait_for_timeout(17)  # one event a frame, as a hand makes them
    page.mouse.up()
    return page.evaluate("window.dragged")


def reactions(running, address) -> list[dict]:
    """How long each explorer of the built pages takes for one event, after some use."""
    rows = []
    for name in browser.documents():
        page = browser.open_page(running, address, name)
        for i in range(page.locator(".explorer").count()):
            box = page.locator(".explorer").nth(i)
            kind = box.evaluate("el => el.explorer.get('_anywidget_id')").rpartition(".")[2]
            use(page, i, kind)  # some have nothing to drag before
            slider, handle = box.locator("input[type=range]"), box.locator("[role=slider]")
            measured = {}
            if slider.count():
                measured["slider"] = slider.first.evaluate(STEPS, EVENTS)
            if slider.count() or handle.count():
                measured["drag"] = drag(page, (handle if handle.count() else slider).first)
            for control, times in measured.items():
                p50, p95 = np.quantile(times, [0.5, 0.95]) if times else (np.nan, np.nan)
                row = {"page": name, "explorer": kind, "control": control, "events": len(times)}
                rows.append(row | {"p50": round(p50, 1), "p95": round(p95, 1)})
        page.context.close()
    return rows


def loads(running, address) -> list[dict]:
    """What a page weighs before anything is touched, what it asks of others, and what axe-core finds on it."""
    rows = []
    for name in [*browser.documents(), *browser.GENERATED]:
        page = browser.open_page(running, address, name, reduced_motion="reduce")
        row = {"page": name, "bytes": browser.weight(page), "requests": len(page.answers)}
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            for label, viewport in (("wide", WIDE), ("narrow", NARROW)):
                page.set_viewport_size(viewport)
                page.evaluate(browser.DETAILS, label == "narrow")
                page.wait_for_timeout(400)  # the theme looks at what has changed its size a little later
                row[f"axe {theme}, {label}"] = len(browser.axe(page, tags=browser.WCAG))
        rows.append(row | {"other hosts": len(page.foreign)})
        page.context.close()
    return rows


def live(running, address) -> list[dict]:
    """Python in the page, wherever it can be made live: from the click to the figure, and from a key to the next one."""
    rows = []
    for name in browser.documents():
        html = SITE / f"{name}.html"
        for i in range(html.read_text(encoding="utf-8").count('class="live"')):
            starts, draws, page = [], [], None
            for _ in range(STARTS):
                if page:
                    page.context.close()
                page = browser.open_page(running, address, name)
                page.wait_for_load_state("networkidle")
                before = browser.weight(page)
                box = page.locator(".live").nth(i)
                box.evaluate(UNTIL_LIVE)
                box.get_by_role("button").click()
                starts.append(page.evaluate("window.live") / 1000)
            loaded = browser.bytes_so_far(page) - before
            frame = box.frame_locator("iframe")
            frame.locator("body").evaluate(REDRAWN)
            slider = frame.get_by_role("slider").first
            for k in range(DRAWS):
                slider.press("ArrowLeft" if k // 4 % 2 == 0 else "ArrowRight")
                draws.append(frame.locator("body").evaluate("() => window.redrawn()"))
            row = {"page": name, "loaded": loaded, "live, s": " / ".join(f"{second:.1f}" for second in starts)}
            rows.append(row | {"draws": len(draws), "p50, ms": round(np.median(draws)), "p95, ms": round(np.quantile(draws, 0.95))})
            rows[-1]["other hosts"] = len(page.foreign)
            page.context.close()
    return rows


def table(rows: list[dict]) -> str:
    if not rows:
        return "Not measured.\n"
    heads = list(rows[0])
    cell = lambda value: f"{value / 1e6:.2f} MB" if isinstance(value, int) and value > 10_000 else str(value)  # noqa: E731
    lines = [heads, ["---"] * len(heads), *([cell(row[head]) for head in heads] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> None:
    path = browser.find_chromium()
    if path is None:
        raise SystemExit("Chromium is needed.")
    with browser.plain_server() as address, browser.chromium(path) as running:
        found = {"machine": machine(running)}
        for part in (reactions, live, loads):
            found[part.__name__] = part(running, address)
    REPORTS.mkdir(parents=True, exist_ok=True)
    (REPORTS / "page.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    parts = [
        "# The built book, measured\n",
        ", ".join(f"{key}: {value}" for key, value in found["machine"].items()) + ". Served uncompressed by `python -m http.server`.\n",
        "## Explorers: milliseconds from an event to the finished layout\n",
        table(found["reactions"]),
        "## Python in the page\n",
        table(found["live"]),
        "## Pages: first load, violations of WCAG 2.2 A and AA that axe-core finds, requests to other hosts\n",
        table(found["loads"]),
    ]
    (REPORTS / "page.md").write_text("\n".join(parts), encoding="utf-8")
    print("\n".join(parts))


if __name__ == "__main__":
    main()
