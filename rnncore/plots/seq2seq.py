r"""Pictures of an encoder–decoder: the two nets with one state between them, the hypotheses of a beam, and how soon nets learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .. import checks
from ..errors import SettingError, ShapeError
from .graphs import DX, DY, RADIUS, Box, _frame, arrow, node
from .style import COLOR, MARKERS


def encoder_decoder(ax, read: Sequence[str], written: Sequence[str], *, fontsize: float = 10):
    """Two nets unfolded in time, the last state of the one being the first state of the other. What is written is fed back.

    Args: read: the words of the source; written: those of the target, the end symbol the last of them. Returns ax.
    """
    for name, words in (("read", read), ("written", written)):
        if isinstance(words, str) or not len(words):
            raise SettingError(f"{name}: expected at least one word, as a list, got {words!r}")
    S, T = len(read), len(written)
    row = lambda t, level: (DX * (t + (0.4 if t > S else 0)), DY * level)  # noqa: E731  (a gap between the nets)
    words = {"ha": "center", "va": "center", "fontsize": fontsize}
    for j, word in enumerate(read, 1):
        node(ax, row(j, 1), rf"$\bar h_{{{j}}}$", COLOR["x"], fontsize=fontsize)
        arrow(ax, (row(j, 1)[0], 0.1), row(j, 1), COLOR["x"])
        ax.text(row(j, 1)[0], 0, word, color=COLOR["x"], **words)
        if j > 1:
            arrow(ax, row(j - 1, 1), row(j, 1), COLOR["x"])
    for t, word in enumerate(written, 1):
        here = row(S + t, 1)
        node(ax, here, f"$h_{{{t}}}$", COLOR["h"], fontsize=fontsize)
        arrow(ax, (here[0], 0.1), here, COLOR["o"])
        ax.text(here[0], 0, "[START]" if t == 1 else written[t - 2], color=COLOR["o"], **words)
        arrow(ax, here, (here[0], 2 * DY - 0.1), COLOR["o"])
        ax.text(here[0], 2 * DY, word, color=COLOR["o"], **words)
        if t > 1:
            arrow(ax, row(S + t - 1, 1), here, COLOR["h"])
    arrow(ax, row(S, 1), row(S + 1, 1), COLOR["c"], lw=4)
    ax.text((row(S, 1)[0] + row(S + 1, 1)[0]) / 2, DY + 0.42, r"$h_0$", color="black", **words)
    for left, right, name in ((1, S, "encoder reads"), (S + 1, S + T, "decoder writes")):
        ax.text((row(left, 0)[0] + row(right, 0)[0]) / 2, -0.75, name, color=COLOR["muted"], **words)
    return _frame(ax, Box(DX - 2 * RADIUS, row(S + T, 0)[0] + 2 * RADIUS, -1.05, 2 * DY + 0.4))


def beams(ax, levels: Sequence[Sequence[tuple]], *, name=str, end=None, fontsize: float = 9):
    """The hypotheses of a beam search, step by step: kept ones in colour, those that fell out grey and dashed.

    Args:
        levels: for each step, the best first, (symbols, probability, kept?); a hypothesis is drawn beside the one that it continues.
        name: what to call a symbol. end: the symbol that ends a hypothesis; it is framed.
    Returns: ax.
    """
    if not len(levels) or not all(len(level) for level in levels):
        raise SettingError("levels: expected at least one hypothesis at each step, got none")
    wide, high, at = 2.1, 1.0, {(): (0.0, 0.0)}
    ax.text(0, 0, "[START]", ha="center", va="center", fontsize=fontsize, color=COLOR["muted"])
    for t, level in enumerate(levels, 1):
        for rank, (ids, probability, kept) in enumerate(level):
            ids = tuple(ids)
            if len(ids) != t or ids[:-1] not in at:
                raise ShapeError(f"levels[{t - 1}]: expected {t} symbols, of which the first {t - 1} were kept, got {ids}")
            x, y = wide * t, -high * rank
            parent, color = at[ids[:-1]], COLOR["h"] if kept else COLOR["muted"]
            lw, ls = (1.8, "-") if kept else (1, (0, (3, 2)))
            ax.plot((parent[0] + 0.55, x - 0.6), (parent[1], y), color=color, lw=lw, ls=ls, zorder=1)
            box = {"boxstyle": "round,pad=0.25", "fc": "white", "ec": COLOR["target"] if ids[-1] == end else "none", "lw": 1}
            ax.text(x, y, f"{name(ids[-1])}\n{probability:.2f}", ha="center", va="center", fontsize=fontsize, bbox=box,
                    color="black" if kept else COLOR["muted"])  # fmt: skip
            if kept:
                at[ids] = (x, y)
    rows = max(len(level) for level in levels)
    for t in range(1, len(levels) + 1):
        ax.text(wide * t, 0.75, f"$t={t}$", ha="center", fontsize=fontsize, color=COLOR["muted"])
    ax.set(xlim=(-0.8, wide * len(levels) + 0.8), ylim=(-high * (rows - 1) - 0.6, 1.1))
    ax.axis("off")
    return ax


def updates_needed(ax, runs: Mapping[str, Sequence[int | None]], cap: int):
    """After how many updates each net has learned: a marker for each start, a bar at the median, a cross at the cap where not.

    Args: runs: name -> updates, None for a start that had not learned at `cap`. Returns ax.
    """
    checks.positive("cap", cap, integer=True)
    if not len(runs) or not all(len(found) for found in runs.values()):
        raise SettingError("runs: expected at least one start for each net, got none")
    order = ("muted", "h", "o", "x", "gradient", "other")
    for k, (found, color, marker) in enumerate(zip(runs.values(), order, MARKERS)):
        y = [k + 0.72 * ((i + 0.5) / len(found) - 0.5) for i in range(len(found))]
        reached = [(n, b) for n, b in zip(found, y) if n is not None]
        never = [(cap, b) for n, b in zip(found, y) if n is None]
        ax.plot(*zip(*reached) if reached else ([], []), marker, color=COLOR[color], ls="", markersize=6)
        ax.plot(*zip(*never) if never else ([], []), "x", color=COLOR[color], ls="", markersize=8)
        if len(reached) > len(found) / 2:
            middle = sorted(cap + 1 if n is None else n for n in found)
            middle = (middle[(len(found) - 1) // 2] + middle[len(found) // 2]) / 2
            ax.plot((middle, middle), (k - 0.42, k + 0.42), color=COLOR[color], lw=1.2, zorder=1)
    ax.set(xlim=(0, 1.06 * cap), ylim=(len(runs) - 0.5, -0.5), xlabel="updates until learned")
    ax.set_yticks(range(len(runs)), list(runs))
    return ax
