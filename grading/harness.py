"""Marks without a gradebook: run a notebook as nbgrader does, and read the points of its graded cells.

    from grading.harness import WrongAnswer, score
    score("solutions/03_bptt/03_bptt.ipynb")                                            # full marks
    score("solutions/03_bptt/03_bptt.ipynb", [("bptt-step", "W.T @ da", "W @ da")])     # what that mistake costs
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import ClearSolutions, Execute
from nbgrader.utils import determine_grade, is_grade, is_solution

from book import notebooks

SECONDS_A_CELL = 60
Edit = tuple[str, str, str]


@dataclass(frozen=True)
class WrongAnswer:
    """A typical mistake: what to replace in which cells of the solution, and the points that it must then get.

    Cells that `expect` does not name must get full marks: a mistake costs its own task only.
    """

    name: str
    edits: list[Edit]
    expect: Mapping[str, float]
    why: str = field(default="")


@dataclass(frozen=True)
class RightAnswer:
    """An answer in another form than the solution's that must get full marks too."""

    name: str
    edits: list[Edit]


def load(path: str | Path, edits: Iterable[Edit] = (), *, stub: bool = False) -> NotebookNode:
    """The notebook with edits `(grade_id, old, new)` applied; `stub=True` first takes the solutions out."""
    nb = nbformat.read(path, as_version=4)
    if stub:
        nb, _ = ClearSolutions().preprocess(nb, {})
    cells = {cell.metadata.nbgrader.grade_id: cell for cell in nb.cells if "nbgrader" in cell.metadata}
    for grade_id, old, new in edits:
        if grade_id not in cells:
            raise KeyError(f"{path}: expected one of the cells {sorted(cells)}, got {grade_id!r}")
        if cells[grade_id].source.count(old) != 1:
            raise ValueError(f"{path}: expected {old!r} once in cell {grade_id!r}, found {cells[grade_id].source.count(old)} times")
        cells[grade_id].source = cells[grade_id].source.replace(old, new)
    return nb


def run(nb: NotebookNode, folder: str | Path) -> NotebookNode:
    """Execute all cells, errors or not, in one kernel."""
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.execution_count, cell.outputs = None, []
    execute = Execute(timeout=SECONDS_A_CELL, record_timing=False, extra_arguments=notebooks.QUIET)
    execute.log.setLevel(logging.ERROR)
    nb, _ = execute.preprocess(nb, {"metadata": {"path": str(folder)}})
    return nb


def is_automatic(cell: NotebookNode) -> bool:
    """Marked by its output; answers in free text are marked by a person."""
    return is_grade(cell) and not is_solution(cell) and cell.cell_type == "code"


def points(nb: NotebookNode) -> dict[str, float]:
    """The points of every automatically marked cell of an executed notebook."""
    return {cell.metadata.nbgrader.grade_id: float(determine_grade(cell)[0]) for cell in nb.cells if is_automatic(cell)}


def full_marks(path: str | Path) -> dict[str, float]:
    nb = nbformat.read(path, as_version=4)
    return {cell.metadata.nbgrader.grade_id: float(cell.metadata.nbgrader.points) for cell in nb.cells if is_automatic(cell)}


def score(path: str | Path, edits: Iterable[Edit] = (), *, stub: bool = False) -> dict[str, float]:
    """Run a notebook with edits and return {grade_id: points}."""
    return points(run(load(path, edits, stub=stub), Path(path).parent))
