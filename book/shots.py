"""Pictures to look at: `make shots` puts every page, and every explorer after use, at three widths and in both themes into build/shots/.

    python -m book.shots chapters/01_motivation    # one page alone
"""

from __future__ import annotations

import importlib
import shutil
import sys

from book import browser
from book.browser import DETAILS, ROOT

SHOTS = ROOT / "build" / "shots"
WIDTHS = (390, 800, 1280)
THEMES = ("light", "dark")
# What follows the reader down the page would lie across a picture that is taller than the window.
STILL = "#pst-skip-link { visibility: hidden } .bd-header-article { position: static !important }"
EAGER = """async () => {
  const images = [...document.images];
  for (const image of images) image.loading = "eager";
  await Promise.all(images.map((image) => image.decode().catch(() => {})));
}"""


def use(page, i: int, kind: str) -> None:
    """As the explorer's own tests use it."""
    from tests.explorers.shown import BuiltExplorer

    case = importlib.import_module(f"tests.explorers.cases.{kind.removesuffix('Explorer').lower()}")
    case.use(BuiltExplorer(page, i))


def shoot(running, address, name: str) -> int:
    """All pictures of one page. The whole page with its answers and hidden code open, since a reader sees these too."""
    stem, taken = name.replace("/", "_"), 0
    for theme in THEMES:
        page = browser.open_page(running, address, name, scheme=theme, reduced_motion="reduce")
        boxes = page.locator(".explorer")
        kinds = [boxes.nth(i).evaluate("el => el.explorer.get('_anywidget_id')").rpartition(".")[2] for i in range(boxes.count())]
        for i, kind in enumerate(kinds):
            use(page, i, kind)
        page.add_style_tag(content=STILL)
        page.evaluate(EAGER)
        page.evaluate(DETAILS, True)
        page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0); }")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(400)
            page.screenshot(path=SHOTS / f"{stem}-{width}-{theme}.png", full_page=True)
            for i, kind in enumerate(kinds):
                boxes.nth(i).screenshot(path=SHOTS / f"explorer-{kind.removesuffix('Explorer').lower()}-{width}-{theme}.png")
            taken += 1 + len(kinds)
        page.context.close()
    return taken


def main(names: list[str]) -> None:
    path = browser.find_chromium()
    if path is None:
        raise SystemExit("Chromium is needed.")
    if not names:
        shutil.rmtree(SHOTS, ignore_errors=True)
    SHOTS.mkdir(parents=True, exist_ok=True)
    with browser.plain_server() as address, browser.chromium(path) as running:
        taken = sum(shoot(running, address, name) for name in names or [*browser.documents(), *browser.GENERATED])
    print(f"{taken} pictures in {SHOTS.relative_to(ROOT)}")


if __name__ == "__main__":
    main(sys.argv[1:])
