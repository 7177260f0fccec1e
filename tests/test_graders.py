"""The marking, tried out: the solution gets everything, the empty exercise nothing, typical mistakes what they deserve.

tests/graders/NN_slug.py lists the mistakes of an assignment: WRONG_ANSWERS = [WrongAnswer(...), ...], and may list right answers
in another form: RIGHT_ANSWERS = [RightAnswer(...), ...].
"""

import importlib.util
from pathlib import Path

import nbformat
import pytest

pytest.importorskip("nbgrader")

from grading import harness, release  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]


def notebook(slug: str) -> Path:
    return ROOT / "solutions" / slug / f"{slug}.ipynb"


def listed(slug: str, name: str = "WRONG_ANSWERS") -> list:
    path = ROOT / "tests" / "graders" / f"{slug}.py"
    if not path.exists():
        return []
    spec = importlib.util.spec_from_file_location(f"graders_{slug}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name, [])


def errors(nb) -> list[tuple[str, str, str]]:
    """(cell, kind of error, message) of every cell that failed."""
    return [
        (cell.metadata.get("nbgrader", {}).get("grade_id", cell.id), output.ename, output.evalue)
        for cell in nb.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "error"
    ]


class Assignment:
    """The tests of one assignment; a class of its own, so that two assignments can be tried at the same time."""

    slug: str

    def test_solution_gets_full_marks(self):
        nb = harness.run(harness.load(notebook(self.slug)), notebook(self.slug).parent)
        assert errors(nb) == []
        full = harness.full_marks(notebook(self.slug))
        assert full and harness.points(nb) == full

    def test_empty_exercise_gets_nothing_and_fails_only_where_work_is_missing(self):
        nb = harness.run(harness.load(notebook(self.slug), stub=True), notebook(self.slug).parent)
        assert set(harness.points(nb).values()) == {0.0}
        graded = {cell.metadata.nbgrader.grade_id for cell in nb.cells if harness.is_automatic(cell)}
        assert [error for error in errors(nb) if error[0] not in graded and error[1] != "NotImplementedError"] == []

    def test_five_mistakes_or_more_are_listed(self):
        answers = listed(self.slug)
        assert len(answers) >= 5
        assert len({answer.name for answer in answers}) == len(answers)

    def test_mistake_costs_what_it_should(self, answer):
        full = harness.full_marks(notebook(self.slug))
        assert set(answer.expect) <= set(full), "expect names cells that are not marked automatically"
        assert {**full, **answer.expect} != full, "a mistake must cost something"
        assert harness.score(notebook(self.slug), answer.edits) == pytest.approx({**full, **answer.expect})

    def test_metadata_is_in_order(self):
        nb = nbformat.read(notebook(self.slug), as_version=4)
        marked = [cell.metadata.nbgrader for cell in nb.cells if "nbgrader" in cell.metadata]
        ids = [entry.grade_id for entry in marked]
        assert len(set(ids)) == len(ids)
        assert {entry.schema_version for entry in marked} == {3}
        assert all(entry.locked for entry in marked if entry.grade and not entry.solution)


class Alternatives:
    """The tests of an assignment that lists right answers in another form."""

    def test_right_answer_in_another_form_gets_full_marks(self, other):
        nb = harness.run(harness.load(notebook(self.slug), other.edits), notebook(self.slug).parent)
        assert errors(nb) == []
        assert harness.points(nb) == harness.full_marks(notebook(self.slug))


def pytest_generate_tests(metafunc):
    for fixture, name in (("answer", "WRONG_ANSWERS"), ("other", "RIGHT_ANSWERS")):
        if fixture in metafunc.fixturenames:
            metafunc.parametrize(fixture, listed(metafunc.cls.slug, name), ids=lambda answer: answer.name)


for _slug in release.slugs():
    _bases = (Assignment, Alternatives) if listed(_slug, "RIGHT_ANSWERS") else (Assignment,)
    globals()[f"Test_{_slug}"] = type(f"Test_{_slug}", _bases, {"slug": _slug})
