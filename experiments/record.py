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
LOCKS = Path(__file__).parents[1] / "build"


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


def words(run: Run) -> dict:
    """What a record says of a run in words, as the run says it now."""
    return json.loads(json.dumps({"tier": run.tier, "change": run.change, "criterion": run.criterion, "published": run.published}))


def is_current(experiment: Experiment) -> bool:
    """Whether a record has the names of the experiment's rows, and their words."""
    found = read(experiment.name)
    said = {k: {what: run[what] for what in words(experiment.runs[k])} for k, run in found["runs"].items() if k in experiment.runs}
    return found.get("rows") == list(experiment.runs) and all(said[k] == words(experiment.runs[k]) for k in said)


def write(experiment: Experiment, label: str, run: Run, result: dict, seconds: float) -> None:
    """Put a run into the record. Two that end at the same time do not lose each other."""
    found = {
        **words(run), "settings": run.settings, "result": result,
        "mark": run.mark, "reached": None if run.reached is None else bool(run.reached(result)),
        "seconds": round(seconds, 1), "date": datetime.date.today().isoformat(),
        "versions": {"python": platform.python_version(), "numpy": version("numpy"), "torch": version("torch")},
        "machine": f"{processor()}; {blas()}",
    }
    update(experiment, {label: found})


def update(experiment: Experiment, found: dict | None = None) -> None:
    """The record with new runs in it, in the experiment's order, and the names of all its rows, so that it tells what is not yet run.

    Words of runs that were recorded with the settings of now are renewed; results are not.
    """
    RESULTS.mkdir(exist_ok=True)
    LOCKS.mkdir(exist_ok=True)
    with FileLock(LOCKS / f"{experiment.name}.lock"):
        runs = read(experiment.name)["runs"] | (found or {})
        whole = {"name": experiment.name, "title": experiment.title, "source": experiment.source, "rows": list(experiment.runs)}
        whole["runs"] = {k: runs[k] for k in experiment.runs if k in runs}  # rows that are no more go
        for k, run in whole["runs"].items():
            if run["settings"] == json.loads(json.dumps(experiment.runs[k].settings)):
                run |= words(experiment.runs[k])
        text = json.dumps(whole, indent=1, ensure_ascii=False, allow_nan=False)
        # short lists on one line: a list of 30 numbers is one fact
        text = re.sub(r"\[\s+([^\[\]{}]{0,4000}?)\s+\]", lambda m: "[" + re.sub(r"\s*\n\s*", " ", m[1]) + "]", text)
        (RESULTS / f"{experiment.name}.json").write_text(text + "\n")
