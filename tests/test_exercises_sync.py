"""exercises/ is what nbgrader makes of solutions/, byte for byte, and it gives nothing away."""

import re
from pathlib import Path

import pytest

pytest.importorskip("nbgrader")

from book import notebooks  # noqa: E402
from grading import release  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
REGION = re.compile(r"### BEGIN (SOLUTION|HIDDEN TESTS)\n(.*?)### END \1", re.DOTALL)


@pytest.fixture(scope="module")
def generated(tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("exercises")
    release.release(target)
    return target


def files(folder: Path) -> dict[str, bytes]:
    paths = [p for p in folder.rglob("*") if p.is_file() and ".ipynb_checkpoints" not in p.parts]
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in paths}


def test_exercises_are_those_of_the_solutions(generated):
    fresh, stored = files(generated), files(ROOT / "exercises")
    assert set(fresh) == set(stored), "run make exercises"
    assert [name for name in fresh if fresh[name] != stored[name]] == [], "run make exercises"


def test_there_is_something_to_release():
    assert len(release.slugs()) >= 4


@pytest.mark.parametrize("slug", release.slugs())
def test_nothing_is_given_away(slug):
    solution = notebooks.read(ROOT / "solutions" / slug / f"{slug}.ipynb")
    exercise = notebooks.read(ROOT / "exercises" / slug / f"{slug}.ipynb")
    text = "\n".join(cell.source for cell in exercise.cells)
    assert not re.search(r"(BEGIN|END) (SOLUTION|HIDDEN|MARK)", text)
    regions = [match[2].strip() for cell in solution.cells for match in REGION.finditer(cell.source)]
    written = [cell.source for cell in solution.cells if cell.cell_type == "markdown" and cell.metadata.get("nbgrader", {}).get("solution")]
    assert regions and [region for region in regions + written if region in text] == []
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in exercise.cells)
    assert "widgets" not in exercise.metadata


@pytest.mark.parametrize("slug", release.slugs())
def test_cells_that_are_not_graded_are_the_same(slug):
    solution = notebooks.read(ROOT / "solutions" / slug / f"{slug}.ipynb")
    exercise = notebooks.read(ROOT / "exercises" / slug / f"{slug}.ipynb")
    plain = [[cell.source for cell in nb.cells if "nbgrader" not in cell.metadata] for nb in (solution, exercise)]
    assert plain[0] == plain[1]
