"""What the experiments found: the records that `make experiments` writes, for the chapters that show them.

The records lie in the repository, beside the package, in `experiments/results/`; the package of the live page holds a copy. A
package that is installed without them says so. Nets that train longer than a chapter's minute have their weights there too.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import checkpoint, checks
from .errors import SettingError

_HERE = Path(__file__).resolve().parent
RESULTS = next((p for p in (_HERE.parent / "experiments" / "results", _HERE / "records") if p.is_dir()), _HERE / "records")


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


def keep(name: str, params: dict) -> dict:
    """Store trained parameters beside the records, as `weights/NAME.npz`, in half precision: a book need not carry digits that nobody sees.

    Args: name: small letters, digits and "_"; params: a flat dict of arrays, NumPy's or Torch's on the CPU.
    Returns: the parameters as `weights` gives them back, rounded: measure these, and the record tells of what is stored.
    Raises: SettingError for a name that makes no good file name, for no parameters, or for numbers that half precision cannot hold.
    """
    if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9_]+", name):
        raise SettingError(f"name: expected small letters, digits and _, got {name!r}")
    if not isinstance(params, dict) or not params:
        raise SettingError(f"params: expected a dict with at least one array, got {params!r}")
    with np.errstate(over="ignore"):
        half = {k: np.asarray(v).astype(np.float16) for k, v in params.items()}
    for k, v in half.items():
        if not np.isfinite(v).all():
            raise SettingError(f"params[{k!r}]: expected finite numbers up to 65504, got others")
    (RESULTS / "weights").mkdir(exist_ok=True)
    checkpoint.save(RESULTS / "weights" / f"{name}.npz", half)
    return weights(name)


def weights(name: str, dtype: type = np.float32) -> dict:
    """Parameters that an experiment has trained and kept: a flat dict of arrays, for the model that the experiment's module names.

    Raises: SettingError for a name under which nothing is kept.
    """
    kept = sorted(p.stem for p in (RESULTS / "weights").glob("*.npz"))
    if name not in kept:
        raise SettingError(f"name: expected weights that were kept ({', '.join(kept) or 'none are'}), got {name!r}")
    return {k: v.astype(dtype) for k, v in checkpoint.load(RESULTS / "weights" / f"{name}.npz").items()}


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
    middle = dict.fromkeys(("mean", "median", "min", "max")) | middle
    return {"trials": len(after), "solved": len(done), **middle, "after": after, "cap": cap}


@dataclass(frozen=True, repr=False)
class Table:
    """A head and rows of texts. A notebook shows it as a table, `print` in columns."""

    head: tuple
    rows: tuple

    def __str__(self) -> str:
        lines = [self.head, *self.rows]
        width = [max(len(line[k]) for line in lines) for k in range(len(self.head))]
        return "\n".join("  ".join(text.ljust(w) for text, w in zip(line, width)).rstrip() for line in lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        whole = lambda text: html.escape(text if len(text) > 14 else text.replace(" ", "\u00a0"))  # noqa: E731  (not broken in two)
        line = lambda tag, texts: "<tr>" + "".join(f"<{tag}>{text}</{tag}>" for text in texts) + "</tr>"  # noqa: E731
        head, body = line("th", map(html.escape, self.head)), "".join(line("td", map(whole, texts)) for texts in self.rows)
        table = f'<table class="table dataframe"><thead>{head}</thead><tbody>{body}</tbody></table>'
        return f'<div class="pst-scrollable-table-container">{table}</div>'  # scrolls by itself where the page is narrow


def table(name: str, columns: dict, rows: Sequence[str] | dict[str, str] | None = None, first: str = "run") -> Table:
    """Rows of a record, side by side: what the paper prints and what was found here.

    Args:
        name: of the record.
        columns: by heading, where the value lies in a run, as "published.mean" or "result.trials.solved"; or a function of the run.
            What a run does not have is shown as a dash.
        rows: labels of the runs to show, in this order, or a dict from labels to what to call them; all if None.
        first: heading of the column of labels.
    Returns: a `Table`; large numbers get commas, others three digits.
    Raises: SettingError for a name that has no record, a label that it does not have, or columns that are no dict.
    """
    runs = load(name)["runs"]
    if not isinstance(columns, dict) or not all(isinstance(c, str) or callable(c) for c in columns.values()):
        raise SettingError(f"columns: expected a dict from headings to paths such as 'result.mean' or functions of a run, got {columns!r}")
    for label in runs if rows is None else rows:
        checks.one_of("rows", label, list(runs))
    names, body = rows if isinstance(rows, dict) else {}, []
    for label in runs if rows is None else rows:
        values = (where(runs[label]) if callable(where) else at(runs[label], where) for where in columns.values())
        body.append((names.get(label, label), *map(shown, values)))
    return Table((first, *columns), tuple(body))


def outcome(run: dict) -> str:
    """How many trials of a run were solved, and after how many sequences on average: "18 of 18, 4,100"; "" for a run without trials.

    Args: run: one of those of a record. Raises: SettingError for what is none.
    """
    if not isinstance(run, dict) or not isinstance(run.get("result"), dict):
        raise SettingError(f"run: expected a run of a record, got {run!r}")
    parts = []
    for name, found in _trials(run["result"]):
        mean = "" if found["mean"] is None else f", {found['mean']:,.0f}"
        parts.append((f"{name}: " if name != "trials" else "") + f"{found['solved']} of {found['trials']}{mean}")
    return "; ".join(parts)


def _trials(found: dict, name: str = "") -> list[tuple[str, dict]]:
    """What `trials` has made, wherever it lies in a result, with the key that tells what it is of."""
    if {"trials", "solved", "mean"} <= found.keys() and not isinstance(found["trials"], dict):
        return [(name, found)]
    inner = [(name if key == "trials" and name else key, value) for key, value in found.items() if isinstance(value, dict)]
    return [pair for key, value in inner for pair in _trials(value, key)]


def at(run: dict, path: str):
    """What lies at a path of keys with dots between them; None if nothing does."""
    for key in path.split("."):
        run = run.get(key) if isinstance(run, dict) else None
    return run


def shown(value) -> str:
    """A value as a table shows it: yes or no, 12,345, three digits, a dash for None."""
    if value is None or isinstance(value, bool):
        return {None: "–", True: "yes", False: "no"}[value]
    if isinstance(value, int | float):
        return f"{value:,.0f}" if isinstance(value, int) or abs(value) >= 1000 else f"{value:.3g}"
    return ", ".join(map(shown, value)) if isinstance(value, list | tuple) else str(value)
