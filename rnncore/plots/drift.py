"""Memories over a long stream: how far they drift, when they are wiped, and a memory that counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .. import checks
from ..errors import ShapeError
from .style import COLOR, LINES

_OF_NET = ("o", "x", "h", "gradient")


def drift(ax, runs: Mapping[str, Mapping]):
    """The largest state of any cell so far, for each net; both axes logarithmic, so that steady growth is a straight line.

    Args: runs: net -> what an experiment found under "drift": "letters" (n,) and "largest" (n,). Returns ax.
    """
    for (name, found), color, line in zip(runs.items(), _OF_NET, LINES):
        letters = checks.array("letters", np.asarray(found["letters"], float), ("n",))
        largest = checks.array("largest", np.asarray(found["largest"], float), (len(letters),))
        ax.plot(letters, largest, line, color=COLOR[color], label=name)
    ax.set(xscale="log", yscale="log", xlabel="letters of the stream", ylabel=r"largest $|s|$ so far")
    ax.legend()
    return ax


def states(ax, found: Mapping):
    """The state of every cell over the stream. Args: found: "letters" (n,) and "s" (n, cells). Returns ax."""
    letters = checks.array("letters", np.asarray(found["letters"], float), ("n",))
    s = checks.array("s", np.asarray(found["s"], float), (len(letters), "cells"))
    for k, cell in enumerate(s.T):
        ax.plot(letters, cell, LINES[k % len(LINES)], color=COLOR["c"], alpha=0.35 + 0.65 * (k + 1) / s.shape[1], lw=1.2)
    ax.set(xlabel="letters of the stream", ylabel="cell state $s$")
    return ax


def forgetting(axes: Sequence, close: Mapping, cells: Sequence[int], gate: int):
    """Some cells and their forget gate, letter by letter: where the gate shuts, the memory is wiped. Ends of strings are marked.

    Args: axes: two; close: "text" (n letters), "s" (n, cells), "forget" (n, gates); cells: which; gate: which. Returns axes.
    """
    if len(axes) != 2:
        raise ShapeError(f"axes: expected two, for the states and for the gate, got {len(axes)}")
    text = close["text"]
    s = checks.array("s", np.asarray(close["s"], float), (len(text), "cells"))
    f = checks.array("forget", np.asarray(close["forget"], float), (len(text), "gates"))
    steps, above, below = np.arange(len(text)), *axes
    for k, cell in enumerate(cells):
        above.plot(steps, s[:, cell], LINES[k % len(LINES)], color=COLOR["c"], label=f"cell {cell + 1}")
    below.step(steps, f[:, gate], where="mid", color=COLOR["target"])
    for ax in axes:
        for t in range(1, len(text)):
            if text[t - 1 : t + 1] == "EB":  # E ends a string, and the inner one too: only after the outer does B come
                ax.axvline(t - 0.5, color=COLOR["muted"], lw=0.8, ls=":")
    above.set(ylabel="cell state $s$", xticks=[])
    above.legend()
    below.set(ylabel="forget gate", ylim=(-0.05, 1.05), xlabel="letter that came", xlim=above.get_xlim())
    below.set_xticks(steps, list(text), fontsize=7)
    return axes


def counter(axes: Sequence, found: Mapping, F: int):
    """A cell that counts: its memory and output above, its gates below; dotted where a spike is due.

    Args: axes: two; found: what an experiment found for "a solved net": "c", "y", "i", "f", "o", each (n,); F: steps between spikes.
    Returns: axes.
    """
    if len(axes) != 2:
        raise ShapeError(f"axes: expected two, for the memory and for the gates, got {len(axes)}")
    checks.positive("F", F, integer=True)
    n = len(found["c"])
    lines = {k: checks.array(k, np.asarray(found[k], float), (n,)) for k in ("c", "y", "i", "f", "o")}
    steps, above, below = np.arange(1, n + 1), *axes
    above.plot(steps, lines["c"], "-", marker=".", color=COLOR["c"], label="memory $c_t$")
    above.plot(steps, lines["y"], "--", color=COLOR["o"], label="output")
    for gate, color, line in (("f", "target", "-"), ("i", "other", "--"), ("o", "muted", "-.")):
        below.plot(steps, lines[gate], line, color=COLOR[color], label=f"${gate}_t$")
    for ax in axes:
        for t in range(F, n + 1, F):
            ax.axvline(t, color=COLOR["muted"], lw=0.8, ls=":")
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    above.tick_params(labelbottom=False)
    above.set(ylabel="value")
    below.set(xlabel="time step t", ylim=(-0.05, 1.05), ylabel="opening", xlim=above.get_xlim(), xticks=range(F, n + 1, F))
    return axes
