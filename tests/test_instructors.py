"""The instructors' page tells the true marks of every assignment."""

from pathlib import Path

import nbformat
import pytest

pytest.importorskip("nbgrader")

from nbgrader.utils import is_grade  # noqa: E402

from grading import harness, release  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
TABLE = [line.split("|") for line in (ROOT / "chapters/front/instructors.md").read_text().splitlines() if line.startswith("| `")]
ROWS = {row[1].strip().strip("`"): tuple(float(entry) for entry in row[3:6]) for row in TABLE}


def marks(slug: str) -> tuple[float, float, float]:
    cells = [c for c in nbformat.read(ROOT / f"solutions/{slug}/{slug}.ipynb", as_version=4).cells if is_grade(c)]
    automatic = sum(c.metadata.nbgrader.points for c in cells if harness.is_automatic(c))
    total = sum(c.metadata.nbgrader.points for c in cells)
    return automatic, total - automatic, total


@pytest.mark.parametrize("slug", release.slugs())
def test_marks_of_every_assignment_are_told(slug):
    assert ROWS.get(slug) == marks(slug), "the table in chapters/front/instructors.md has to hold (automatic, by hand, total)"


def test_no_row_is_left_over():
    assert set(ROWS) <= set(release.slugs())
