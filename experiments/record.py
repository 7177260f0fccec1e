"""The records: `experiments/results/NAME.json`, a run for each row, with all that is needed to judge it and to do it again."""

from __future__ import annotations

import datetime
import hashlib
import json
import platform
import re
from importlib.metadata import version
from pathlib import Path

from filelock import FileLock

from benchmarks.machine import blas, processor

from .experiment import Experiment, Run

RESULTS = Path(__file__).parent / "results"


def slug(label: str) -> str:
    """A label as part of a file's name."""
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")


def fingerprint(run: Run) -> str:
    """Stands for the settings: unfinished work goes on only with the same."""
    return hashlib.sha256(json.dumps(run.settings, sort_keys=True).encode()).hexdigest()[:10]


def read(name: str) -> dict:
    """A record; an empty one if there is none."""
    file = RESULTS / f"{name}.json"
    return json.loads(file.read_text()) if file.exists() else {"runs": {}}


def is_fresh(name: str, label: str, run: Run) -> bool:
    """Whether a run is recorded, with the settings and the mark that it has now."""
    found = read(name)["runs"].get(label)
    if found is None or found["settings"] != json.loads(json.dumps(run.settings)):
        return False
    return found["reached"] is (None if run.reached is None else bool(run.reached(found["result"]))) and found["mark"] == run.mark


def write(experiment: Experiment, label: str, run: Run, result: dict, seconds: float) -> None:
    """Put a run into the record. Two that end at the same time do not lose each other."""
    found = {
        "tier": run.tier, "change": run.change, "criterion": run.criterion, "published": run.published, "settings": run.settings,
        "result": result, "mark": run.mark, "reached": None if run.reached is None else bool(run.reached(result)),
        "seconds": round(seconds, 1), "date": datetime.date.today().isoformat(),
        "versions": {"python": platform.python_version(), "numpy": version("numpy"), "torch": version("torch")},
        "machine": f"{processor()}; {blas()}",
    }
    update(experiment, {label: found})


def update(experiment: Experiment, found: dict | None = None) -> None:
    """The record with new runs in it, in the experiment's order, and the names of all its rows, so that it tells what is not yet run."""
    RESULTS.mkdir(exist_ok=True)
    with FileLock(RESULTS.parents[1] / "build" / f"{experiment.name}.lock"):
        runs = read(experiment.name)["runs"] | (found or {})
        whole = {"name": experiment.name, "title": experiment.title, "source": experiment.source, "rows": list(experiment.runs)}
        whole["runs"] = {k: runs[k] for k in experiment.runs if k in runs}  # rows that are no more go
        text = json.dumps(whole, indent=1, ensure_ascii=False, allow_nan=False)
        # short lists on one line: a list of 30 numbers is one fact
        text = re.sub(r"\[\s+([^\[\]{}]{0,4000}?)\s+\]", lambda m: "[" + re.sub(r"\s*\n\s*", " ", m[1]) + "]", text)
        (RESULTS / f"{experiment.name}.json").write_text(text + "\n")
