"""Generate exercises/ from solutions/ with nbgrader: `python -m grading.release` (make exercises).

The result depends on the solution notebooks alone, so the tests generate it again and compare byte for byte.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from pathlib import Path

from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config, PyFileConfigLoader

from book import notebooks

ROOT = Path(__file__).resolve().parents[1]


def slugs() -> list[str]:
    return sorted(path.stem for path in (ROOT / "solutions").glob("*/*.ipynb") if path.stem == path.parent.name)


def settings(release: Path, source: Path = ROOT / "solutions") -> Config:
    config = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()
    config.CourseDirectory.root = str(ROOT)
    config.CourseDirectory.source_directory = os.path.relpath(source, ROOT)
    config.CourseDirectory.release_directory = os.path.relpath(release, ROOT)
    # As nbgrader's --no-db: the gradebook is the business of `nbgrader generate_assignment`.
    config.GenerateAssignment.no_database = True
    config.SaveCells.enabled = False
    return config


def release(target: Path, only: list[str] | None = None) -> None:
    """Write the exercise of every assignment (or of some) to `target`, replacing what lies there."""
    for slug in only or slugs():
        with tempfile.TemporaryDirectory() as scratch:
            course = CourseDirectory(config=settings(Path(scratch)))
            course.assignment_id = slug
            generate = GenerateAssignment(coursedir=course, config=course.config)
            generate.log.setLevel(logging.ERROR)
            generate.start()
            made = Path(scratch) / slug
            for path in made.rglob("*.ipynb"):
                notebooks.write(notebooks.normalise(notebooks.read(path), path.stem, outputs=False), path)
            shutil.rmtree(target / slug, ignore_errors=True)
            shutil.copytree(made, target / slug)
    if only is None:
        for folder in target.iterdir():
            if folder.is_dir() and folder.name not in slugs():
                shutil.rmtree(folder)


if __name__ == "__main__":
    release(ROOT / "exercises")
    print("exercises/ holds " + ", ".join(slugs()))
