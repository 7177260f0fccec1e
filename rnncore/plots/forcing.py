"""Teacher forcing in pictures: what a decoder reads and says, step by step, and its errors at every step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .. import checks
from ..errors import SettingError, ShapeError
from .bands import band
from .style import COLOR, LINES, MARKERS

_ORDER = ("x", "o", "h", "gradient", "c", "other")


def reads_and_says(ax, reads: Sequence[str], says: Sequence[str], wanted: Sequence[str], *, fontsize: float = 8.5):
    """Two rows of words over the steps: what is read, and what is said. What is wrong has a thick frame of another colour.

    A word that is read is wrong if it is not the one that was wanted a step before; an arrow leads from a word that was said to where
    it is read, wherever both are the same.
    Args: reads, says, wanted: T words each; the first that is read is the start symbol. Returns ax.
    """
    T = len(wanted)
    for name, words in (("reads", reads), ("says", says)):
        if len(words) != T or not T:
            raise ShapeError(f"{name}: expected as many words as wanted, at least one, {T}, got {len(words)}")
    truth = [reads[0], *wanted[:-1]]
    for t in range(T):
        for y, word, right in ((0, reads[t], truth[t]), (1, says[t], wanted[t])):
            wrong = word != right
            color = COLOR["o"] if wrong else COLOR["x"] if y == 0 else COLOR["h"]
            ax.text(t + 1, y, word, ha="center", va="center", fontsize=fontsize, zorder=3,
                    bbox={"boxstyle": "round,pad=0.3", "facecolor": "white", "edgecolor": color, "lw": 2.4 if wrong else 1.1,
                          "ls": "--" if wrong else "-"})  # fmt: skip
        ax.annotate("", (t + 1, 0.78), (t + 1, 0.22), arrowprops={"arrowstyle": "-|>", "color": COLOR["muted"], "lw": 1.0})
        if t + 1 < T and says[t] == reads[t + 1]:
            on = {"arrowstyle": "-|>", "color": COLOR["muted"], "lw": 0.9, "ls": ":"}
            ax.annotate("", (t + 1.86, 0.2), (t + 1.14, 0.8), arrowprops=on)
    ax.set(xlim=(0.3, T + 0.7), ylim=(-0.45, 1.45), yticks=[0, 1], yticklabels=["reads", "says"], xticks=range(1, T + 1))
    ax.set_xlabel("time step t")
    ax.grid(False)
    return ax


def by_step(ax, runs: Mapping[str, np.ndarray], *, ylabel: str = "wrong symbols in %"):
    """A share at every step for several ways of feeding: mean over the seeds, the range as a band.

    Args: runs: name -> shares (seeds, T). Returns ax.
    """
    if not 0 < len(runs) <= len(_ORDER):
        raise SettingError(f"runs: expected one to {len(_ORDER)} curves, got {len(runs)}")
    for k, (name, shares) in enumerate(runs.items()):
        shares = checks.array(f"runs[{name!r}]", np.asarray(shares, dtype=float), ("seeds", "T"))
        steps = np.arange(1, shares.shape[1] + 1)
        band(ax, steps, 100 * shares, COLOR[_ORDER[k]], name, line=LINES[k % 4], marker=MARKERS[k], markersize=4)
    ax.set(xlabel="time step t", ylabel=ylabel)
    ax.set_ylim(bottom=0)
    return ax
