"""Curves over several seeds: the mean as a line, the range from smallest to largest as a band."""

from __future__ import annotations

import numpy as np

from .. import checks


def band(ax, x, runs: np.ndarray, color: str, label: str = "", *, line: str = "-", marker: str = "", **style):
    """One curve from several runs. Args: x (n,), runs (seeds, n). Returns ax."""
    runs = checks.array("runs", np.asarray(runs, dtype=float), ("seeds", len(x)))
    ax.fill_between(x, runs.min(axis=0), runs.max(axis=0), color=color, alpha=0.2, lw=0)
    ax.plot(x, runs.mean(axis=0), line, color=color, marker=marker, label=label, **style)
    return ax
