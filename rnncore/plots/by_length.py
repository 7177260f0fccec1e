"""By the length of the sequences: trials solved, after how many sequences, what share is right. Each model has its colour and line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .. import checks
from ..errors import SettingError, ShapeError
from .bands import band
from .style import COLOR, LINES, MARKERS

_ORDER = ("muted", "x", "o", "h", "gradient", "other")


def solved_by_length(ax, lengths: Sequence[int], runs: Mapping[str, Sequence[dict]], *, length: str = "length of the sequences T"):
    """The share of trials that were solved. Args: runs: model -> for each length what `results.trials` gave. Returns ax."""
    for name, x, rows, style in _models(lengths, runs):
        ax.plot(x, [100 * row["solved"] / row["trials"] for row in rows], label=name, **style)
    ax.set(xlabel=length, ylabel="trials solved in %", ylim=(-5, 105))
    return _lengths(ax, lengths)


def sequences_by_length(ax, lengths: Sequence[int], runs: Mapping[str, Sequence[dict]], *, length: str = "length of the sequences T"):
    """After how many sequences each trial was solved; the line joins their medians, of the solved ones alone.

    A trial that failed is a cross at the number at which it was given up.
    Args: runs: model -> for each length what `results.trials` gave, with its cap. Returns ax.
    """
    for name, x, rows, style in _models(lengths, runs):
        ax.plot(x, [np.nan if row["median"] is None else row["median"] for row in rows], label=name, **style)
        dots = [(a, n) for a, row in zip(x, rows) for n in row["after"] if n is not None]
        ax.plot(*zip(*dots) if dots else ([], []), style["marker"], color=style["color"], markersize=4, alpha=0.6)
        failed = [(a, row["cap"]) for a, row in zip(x, rows) for n in row["after"] if n is None]
        if any(cap is None for _, cap in failed):
            raise SettingError(f"runs: expected a cap where a trial failed, got None for {name}")
        ax.plot(*zip(*failed) if failed else ([], []), "x", color=style["color"], markersize=8)
    ax.set(yscale="log", xlabel=length, ylabel="training sequences until solved")
    return _lengths(ax, lengths)


def _lengths(ax, lengths: Sequence[int]):
    """A logarithmic axis whose ticks are the lengths."""
    ax.set_xscale("log")
    ax.set_xticks(lengths, [f"{n:,}" for n in lengths])
    ax.xaxis.set_tick_params(which="minor", bottom=False, labelbottom=False)
    return ax


def _models(lengths: Sequence[int], runs: Mapping[str, Sequence[dict]]):
    """Name, where to draw, rows and style of each model: side by side, or they hide each other."""
    lengths = checks.array("lengths", np.asarray(lengths, dtype=float), ("lengths",))
    if not 0 < len(runs) <= len(_ORDER):
        raise SettingError(f"runs: expected one to {len(_ORDER)} models, got {len(runs)}")
    for k, (name, rows), color, line, marker in zip(range(len(runs)), runs.items(), _ORDER, LINES + LINES, MARKERS):
        if len(rows) != len(lengths):
            raise ShapeError(f"runs: expected {len(lengths)} results for {name}, one for each length, got {len(rows)}")
        x = lengths * 1.06 ** (k - (len(runs) - 1) / 2)
        yield name, x, rows, {"color": COLOR[color], "linestyle": line, "marker": marker, "markersize": 6}


def accuracy_by_length(ax, lengths: Sequence[int], runs: Mapping[str, np.ndarray], trained: tuple[int, int] | None = None):
    """The share of sequences that are right in every symbol, for each length: the mean over starts and a band from worst to best.

    Args: lengths (n,); runs: model -> shares from 0 to 1, (starts, n); trained: least and greatest length in training, shaded. Returns ax.
    """
    lengths = checks.array("lengths", np.asarray(lengths, dtype=float), ("lengths",))
    if not 0 < len(runs) <= len(_ORDER):
        raise SettingError(f"runs: expected one to {len(_ORDER)} models, got {len(runs)}")
    if trained is not None:
        ax.axvspan(trained[0] - 0.5, trained[1] + 0.5, color=COLOR["other"], alpha=0.15, lw=0, label="lengths in training")
    for (name, shares), color, line, marker in zip(runs.items(), ("o", "h", "x", "gradient", "muted", "other"), LINES + LINES, MARKERS):
        shares = np.asarray(shares, dtype=float)
        if not (0 <= shares.min() and shares.max() <= 1):
            raise SettingError(f"runs: expected shares from 0 to 1 for {name}, got {shares.min():.3g} to {shares.max():.3g}")
        band(ax, lengths, 100 * shares, COLOR[color], name, line=line, marker=marker, markersize=4)
    ax.set(xlabel="length of the source S", ylabel="sequences right in %", ylim=(-4, 104))
    ax.xaxis.get_major_locator().set_params(integer=True)
    return ax
