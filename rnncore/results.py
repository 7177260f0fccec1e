"""What the experiments found: the records that `make experiments` writes, for the chapters that show them.

The records lie in the repository, beside the package, in `experiments/results/`. An installed package without them says so.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from . import checks
from .errors import SettingError

RESULTS = Path(__file__).resolve().parents[1] / "experiments" / "results"


def names() -> list[str]:
    """The experiments that have a record."""
    return sorted(p.stem for p in RESULTS.glob("*.json"))


def load(name: str) -> dict:
    """A record: title, source, and under "runs" for each row its tier, settings, criterion, published figures, result, seconds, versions.

    Raises: SettingError for a name that has no record.
    """
    if name not in names():
        raise SettingError(f"name: expected an experiment with a record in {RESULTS.name}/ ({', '.join(names()) or 'none'}), got {name!r}")
    return json.loads((RESULTS / f"{name}.json").read_text())


def trials(solved: Sequence[int | None], cap: int | None = None) -> dict:
    """Trials in a few numbers, successes and failures: what a run's result holds.

    Args: solved: for each trial after how many sequences it was solved, None if it never was; cap: after how many it was given up.
    Returns: {"trials", "solved" (how many), "mean", "median", "min", "max" (of the solved ones, None without any), "after", "cap"}.
    Raises: SettingError for no trial, or a number that is not above zero.
    """
    if not len(solved):
        raise SettingError("solved: expected at least one trial, got none")
    after = [None if n is None else int(n) for n in solved]
    done = [n for n in after if n is not None]
    for n in done:
        checks.positive("solved", n, integer=True)
    middle = {"mean": round(float(np.mean(done)), 1), "median": float(np.median(done)), "min": min(done), "max": max(done)} if done else {}
    return {"trials": len(after), "solved": len(done), **dict.fromkeys(("mean", "median", "min", "max")), **middle, "after": after, "cap": cap}
