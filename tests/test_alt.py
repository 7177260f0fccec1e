"""Every figure says in words what is to be seen: the rule, the notebooks, the Markdown pages, the built pages."""

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from book import notebooks
from book.alt import faults
from book.browser import documents

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = notebooks.notebooks()
TEXTS = [*NOTEBOOKS, *sorted((ROOT / "chapters").rglob("*.md"))]
CAPTION = "Learning curves, mean and range of three seeds."
BAD = {
    "": "0 words",
    "plot": "1 words",
    "Loss curve.": "2 words",
    "Figure 3": "kind of thing",
    "This figure shows the loss of the net, which falls from about four to nearly zero in training.": "kind of thing",
    "A diagram of the recurrent net in which every hidden state is joined to the next one by an arrow.": "kind of thing",
    "Image: the loss of the net falls from about four to nearly zero during its training.": "kind of thing",
    "Loss of four optimizers against the training step for three seeds each, with a logarithmic horizontal axis.": "what it looks like",
    "The loss, drawn with plt, falls from about four to nearly zero during the whole training of the net.": "code",
    "The curve of train_loss falls from about four to nearly zero during the whole training of the net.": "code",
    "The result of plots.learning_curve falls from about four to nearly zero during the training of the net.": "code",
    "The curve that softmax(o) gives falls from about four to nearly zero during the training of the net.": "code",
    "The picture fig-loss.png in which the loss falls from about four to nearly zero during training.": "file",
    r"The norm of $\partial L$ falls from about four to nearly zero during the whole training of the net.": "TeX",
    "The loss falls from about four to nearly zero during the whole training of the net": "full stop",
    "The loss falls from four to zero. " * 20: "more than",
}  # fmt: skip
GOOD = [
    "Scatter plot of 1024 points that fall on a handful of tight spots, squares right of zero, circles left of it.",
    "Two curves over 300 updates. The training loss falls steadily towards 0.2; the validation loss rises again, e.g. to 1.",
    "An unfolded graph of four steps in which every weight carries the number of its step, U(1) to U(4).",
    "Log-log plot. The curve of central differences falls to about 1e-10 and rises again for smaller steps.",
]


@pytest.mark.parametrize(("alt", "fault"), BAD.items())
def test_bad_texts_are_refused(alt, fault):
    assert any(fault in found for found in faults(alt)), faults(alt)


@pytest.mark.parametrize("alt", GOOD)
def test_good_texts_pass(alt):
    assert faults(alt, CAPTION, [*GOOD[:1], "another"] if alt != GOOD[0] else []) == []


def test_repetitions_are_refused():
    alt = GOOD[1]
    assert faults(alt, caption=alt.upper()) == ["repeats the caption, which is read out anyway"]
    assert faults(alt, caption=alt + " More.") == ["repeats the caption, which is read out anyway"]
    assert faults(alt, others=[alt]) == ["is the alt text of another figure"]


def figures(path) -> list[tuple[str, str, str]]:
    """(place, alt, caption) of every figure of a notebook or Markdown page, drawn by a cell or written in the text."""
    if path.suffix == ".md":
        cells, text = [], path.read_text(encoding="utf-8")
    else:
        cells = notebooks.read(path).cells
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    found = []
    for number, cell in enumerate(cells, 1):
        settings = cell.metadata.get("mystnb", {})
        drawn = any(kind.startswith("image/") for out in cell.get("outputs", []) for kind in out.get("data", {}))
        if drawn or "figure" in settings or "image" in settings:
            found.append((f"cell {number}", settings.get("image", {}).get("alt", ""), settings.get("figure", {}).get("caption", "")))
    text = re.sub(r"^(`{3,})\s*\{?code.*?^\1|`[^`\n]+`", "", text, flags=re.MULTILINE | re.DOTALL)
    found += [("Markdown", alt, "") for alt in re.findall(r"!\[([^\]]*)\]\(", text)]
    for block in re.findall(r"^(`{3,}|:{3,})\{(?:figure|image)\}(.*?)^\1", text, flags=re.MULTILINE | re.DOTALL):
        alt = re.search(r"^:alt:(.*)$", block[1], re.MULTILINE)
        found.append(("directive", alt[1].strip() if alt else "", ""))
    found += [("HTML", (re.search(r'alt="([^"]*)"', tag) or ["", ""])[1], "") for tag in re.findall(r"<img[^>]*>", text)]
    return found


@pytest.mark.parametrize("path", TEXTS, ids=[path.relative_to(ROOT).as_posix() for path in TEXTS])
def test_sources(path):
    found = figures(path)
    wrong = {}
    for k, (place, alt, caption) in enumerate(found):
        others = [other for j, (_, other, _) in enumerate(found) if j != k]
        if problems := faults(alt, caption, others):
            wrong[place] = (problems, alt)
    assert wrong == {}


def test_figures_are_found_wherever_they_are_written(tmp_path):
    page = tmp_path / "page.md"
    page.write_text('![one](a.png)\n\n```{figure} b.png\n:alt: two\n```\n\n:::{image} c.png\n:::\n\n<img src="d.png" alt="four">\n\n`![not one](e.png)`\n')
    assert [alt for _, alt, _ in figures(page)] == ["one", "two", "", "four"]
    assert sum(len(figures(path)) for path in NOTEBOOKS) > 40


def test_no_alt_text_stands_twice_in_the_chapters():
    alts = [alt for path in NOTEBOOKS if path.is_relative_to(ROOT / "chapters") for _, alt, _ in figures(path)]
    assert sorted({alt for alt in alts if alts.count(alt) > 1}) == []


@pytest.mark.parametrize("name", documents())
def test_built_page(site, name):
    soup = BeautifulSoup((site / f"{name}.html").read_text(encoding="utf-8"), "html.parser")
    images = soup.select("article img, article svg[role=img], article object, article canvas")
    wrong = []
    for image in images:
        caption = (figure := image.find_parent("figure")) and figure.figcaption
        others = [other.get("alt") or other.get("aria-label") or "" for other in images if other is not image]
        alt = image.get("alt") or image.get("aria-label") or ""
        wrong += [(problems, alt) for problems in [faults(alt, caption.get_text() if caption else "", others)] if problems]
    assert wrong == []
