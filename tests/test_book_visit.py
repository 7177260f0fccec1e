"""Every page of the built book, visited once at the root of a plain static server: what was asked, what came, what stands there.

What is read off the pages here is what a reader's browser has made of them, after all scripts.
"""

from urllib.parse import unquote, urldefrag, urlsplit

import pytest

from book import browser
from book.browser import GENERATED, documents

pytestmark = pytest.mark.browser
PAGES = [*documents(), *GENERATED]
WIDTHS = (1920, 1280, 768, 640, 390, 320)  # 640 is a window of 1280 at 200 percent, 320 one at 400 percent
OVERFLOW = """() => {
  const room = document.documentElement.clientWidth;
  const scrolls = (el) => el && (/auto|scroll|hidden/.test(getComputedStyle(el).overflowX) || scrolls(el.parentElement));
  const tell = (el) => `${el.tagName}.${el.className}: ${el.textContent.trim().slice(0, 40)}`;
  const boxes = [...document.querySelectorAll(".explorer")].filter((el) => el.scrollWidth > el.clientWidth + 1);
  const wide = document.documentElement.scrollWidth > room + 1;
  const parts = [...document.querySelectorAll("body *")].filter((el) => wide && el.getBoundingClientRect().right > room + 1 && !scrolls(el.parentElement));
  return [...(wide ? ["the page scrolls sideways"] : []), ...boxes.map(tell), ...parts.slice(0, 5).map(tell)];
}"""
# WCAG 1.4.12: with these spacings, set by the reader, nothing may be cut off.
SPACING = """* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
p { margin-bottom: 2em !important; } mjx-container * { line-height: 0 !important; letter-spacing: 0 !important; word-spacing: 0 !important; }"""
CUT = """() => [...document.querySelectorAll("article *, nav *, button, .admonition")].filter((el) => {
  const style = getComputedStyle(el);
  if (!el.checkVisibility() || el.closest(".math, svg, .explorer") || !el.textContent.trim()) return false;
  if (style.position === "absolute" || el.clientWidth < 3) return false; // for screen readers alone
  return (/hidden|clip/.test(style.overflowX) && el.scrollWidth > el.clientWidth + 2) || (/hidden|clip/.test(style.overflowY) && el.scrollHeight > el.clientHeight + 3);
}).slice(0, 5).map((el) => `cut off: ${el.tagName}.${el.className}: ${el.textContent.trim().slice(0, 40)}`)"""
STANDS = """() => ({
  title: document.title, lang: document.documentElement.lang, mains: document.querySelectorAll("main, [role=main]").length,
  heads: [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].filter((el) => el.checkVisibility()).map((el) => [Number(el.tagName[1]), el.textContent.trim()]),
  links: [...new Set([...document.querySelectorAll("a[href], area[href]")].map((el) => el.href))],
  anchors: [...document.querySelectorAll("[id], a[name]")].flatMap((el) => [el.id, el.name]).filter((name) => typeof name === "string" && name),
})"""
FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 30))))"


def look(page) -> dict:
    """Everything that is read off one page, in one visit. The first load is weighed before anything is moved."""
    seen = {"bytes": browser.weight(page), "requests": len(page.answers), **page.evaluate(STANDS), "overflow": {}}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(FRAMES)
        seen["overflow"][width] = page.evaluate(OVERFLOW)
    page.add_style_tag(content=SPACING)
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(FRAMES)
        seen["overflow"][f"{width}, wide spacing"] = page.evaluate(OVERFLOW) + page.evaluate(CUT)
    return seen | {"problems": page.problems, "foreign": page.foreign, "url": urldefrag(page.url)[0]}


@pytest.fixture(scope="module")
def visits(chromium, root_address) -> dict[str, dict]:
    seen = {}
    for name in PAGES:
        page = browser.open_page(chromium, root_address, name)
        seen[name] = look(page)
        page.context.close()
    print("\n" + "\n".join(f"{name:45} {v['bytes'] / 1e6:5.2f} MB {v['requests']:3} requests" for name, v in seen.items()))
    return seen


@pytest.mark.parametrize("name", PAGES)
def test_nothing_goes_wrong(visits, name):
    assert visits[name]["problems"] == []
    assert visits[name]["foreign"] == []
    assert visits[name]["requests"] > 20 or name == "404"


@pytest.mark.parametrize("name", PAGES)
def test_first_load_is_light(visits, name):
    """Three megabytes at most before anything is clicked or scrolled to, uncompressed."""
    assert 1_000 < visits[name]["bytes"] <= 3_000_000


@pytest.mark.parametrize("name", PAGES)
def test_nothing_overflows(visits, name):
    assert {width: found for width, found in visits[name]["overflow"].items() if found} == {}


@pytest.mark.parametrize("name", PAGES)
def test_page_says_what_it_is(visits, name):
    page = visits[name]
    assert page["lang"] == "en" and page["mains"] == 1
    titles = [other["title"] for other in visits.values()]
    assert page["title"] and titles.count(page["title"]) == 1
    levels = [level for level, _ in page["heads"]]
    assert levels.count(1) == 1 and levels[0] == 1
    assert [head for before, head in zip(levels, page["heads"][1:]) if head[0] > before + 1] == []
    assert all(text for _, text in page["heads"])


def dead_links(visits, site, address) -> list[tuple[str, str]]:
    """Links of these pages that lead to no file, to a folder without a start page, or to no such place on a page."""
    anchors = {page["url"]: set(page["anchors"]) for page in visits.values()}
    dead = []
    for name, page in visits.items():
        for link in page["links"]:
            url, place = urldefrag(link)
            if not url.startswith(address):
                continue
            path = site / unquote(urlsplit(url).path).lstrip("/")
            file = path / "index.html" if path.is_dir() else path
            if not file.is_file() or (place and url in anchors and unquote(place) not in anchors[url]):
                dead.append((name, link))
    return dead


def test_links_lead_somewhere(visits, site, root_address):
    assert sum(link.startswith(root_address) for page in visits.values() for link in page["links"]) > 500
    assert dead_links(visits, site, root_address) == []


def test_a_dead_link_is_seen(site, root_address):
    page = {"url": f"{root_address}search.html", "anchors": ["here"]}
    links = ["search.html#here", "search.html#there", "missing.html", "chapters/", "index.html", "search.html?q=lstm#here"]
    page["links"] = [root_address + link for link in links]
    assert [link.removeprefix(root_address) for _, link in dead_links({"a": page}, site, root_address)] == ["search.html#there", "missing.html", "chapters/"]


def test_whatever_goes_wrong_is_seen(chromium, tmp_path):
    """A page with a missing picture, a complaint, a crash, a question to another host, and three megabytes too many."""
    (tmp_path / "large.js").write_text("//" + "x" * 3_100_000)
    (tmp_path / "bad.html").write_text("""<!doctype html><title>t</title><link rel="icon" href="data:,"><img src="missing.png">
        <script src="large.js"></script><script>console.error("complaint")</script><script>throw Error("crash")</script>
        <script>fetch("https://example.org/").catch(() => {})</script>""")
    with browser.plain_server(tmp_path) as address:
        page = browser.open_page(chromium, address, "bad")
        assert browser.weight(page) > 3_100_000
        for sign in ("404: ", "console: complaint", "error: crash", "request outside the book: https://example.org/", "failed: https://example.org/"):
            assert any(problem.startswith(sign) for problem in page.problems), sign
        assert page.foreign == ["https://example.org/"]
        page.context.close()


def test_overflow_and_cut_text_are_seen(chromium):
    page = chromium.new_page(viewport={"width": 390, "height": 800})
    page.set_content("<article><p style='width: 500px'>wide</p><p style='height: 9px; overflow: hidden'>cut<br>off</p></article>")
    assert page.evaluate(OVERFLOW) == ["the page scrolls sideways", "P.: wide"]
    assert page.evaluate(CUT) == ["cut off: P.: cutoff"]
    page.close()


# ---- what a server shows for an address that is not there ----


@pytest.mark.parametrize("path", ["nothing.html", "chapters/nothing.html", "chapters/a/b/nothing"])
def test_unknown_address_leads_back(chromium, address, path):
    page = chromium.new_page()
    assert page.goto(address + path).status == 404
    page.wait_for_selector("html[data-root]", state="attached")
    links = page.locator("a").evaluate_all("els => els.map((el) => el.href)")
    assert len(links) >= 3 and [page.request.get(link).status for link in links] == [200] * len(links)
    page.get_by_role("searchbox").fill("gradient")
    page.get_by_role("button", name="Search").click()
    page.wait_for_selector("#search-results li a")
    page.close()


def test_folders_with_an_underscore_are_served(site):
    """GitHub's own page builder leaves them out, unless this file tells it not to run."""
    assert (site / ".nojekyll").exists()
