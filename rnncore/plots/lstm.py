r"""The LSTM: its cell as a diagram, and what its gates do over a sequence.

The memory c runs along the top like a conveyor belt (amber); the gates are valves on the ways to it, along it and from it;
h (green) is what the rest of the net sees.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Rectangle

from .. import checks
from ..errors import SettingError
from .style import COLOR, LINES, MARKERS

BELT, READ, WRITE, GATE, BUS, INPUT = 5.0, 3.05, 3.5, 1.75, 0.55, -0.45  # heights
PLACE = {"f": 2.1, "i": 3.9, "g": 5.7, "o": 7.5}
NAME = {"f": "forget gate", "i": "input gate", "g": "candidate", "o": "output gate"}
EDGE = (0.0, 9.9)
DRAWN = ("1997", "1999", "peephole", "coupled")
GATE_LOOK = {"f": COLOR["target"], "i": COLOR["other"], "o": COLOR["muted"]}


def cell(ax, variant: str = "1999", *, fontsize: float = 10, brief: bool = False):
    """One step of an LSTM cell: the gates and the candidate, what is kept, written and read.

    Args: variant: "1999"; "1997", with nothing on the belt that could forget; "peephole", whose gates see the belt (dashed);
        or "coupled", which keeps what it does not write. brief: gates as words and letters, without their functions, for small
        pictures. Returns: ax.
    """
    checks.one_of("variant", variant, DRAWN)
    write = (PLACE["i"] + PLACE["g"]) / 2
    boxes = {k: x for k, x in PLACE.items() if k != "f" or variant in ("1999", "peephole")}
    ax.add_patch(Rectangle((EDGE[0] + 0.55, BELT - 0.24), EDGE[1] - EDGE[0] - 1.1, 0.48, fc="#fbeecb", ec=COLOR["c"], lw=0.8, zorder=0))
    for x in np.arange(EDGE[0] + 0.8, EDGE[1] - 0.6, 0.35):
        ax.add_patch(Circle((x, BELT - 0.34), 0.08, fc="white", ec=COLOR["c"], lw=0.9, zorder=0))
    stops = ((EDGE[0] + 0.5, PLACE["f"] - 0.26), (PLACE["f"] + 0.24, write - 0.26), (write + 0.24, EDGE[1] - 0.5))
    stops = stops if variant != "1997" else ((EDGE[0] + 0.5, write - 0.26), stops[-1])
    for start, end in stops:
        _arrow(ax, (start, BELT), (end, BELT), "c")
    _box(ax, (EDGE[0], BELT), "$c_{t-1}$", "c", fontsize)
    _box(ax, (EDGE[1], BELT), "$c_t$", "c", fontsize)
    _box(ax, (EDGE[0], BUS), "$h_{t-1}$", "h", fontsize)
    _box(ax, (EDGE[1], READ), "$h_t$", "h", fontsize)
    _box(ax, (write, INPUT), "$x_t$", "x", fontsize)
    ax.plot([EDGE[0] + 0.5, PLACE["o"]], [BUS, BUS], color=COLOR["muted"], lw=1.5, zorder=1)
    _arrow(ax, (write, INPUT + 0.33), (write, BUS - 0.02), "x")
    for k, x in boxes.items():
        _arrow(ax, (x, BUS), (x, GATE - 0.5))
        _gate(ax, x, k, fontsize, NAME[k].removesuffix(" gate") if brief else "", brief=brief)
    if "f" in boxes:
        _arrow(ax, (PLACE["f"], GATE + 0.48), (PLACE["f"], BELT - 0.26))
    if variant == "coupled":
        ax.plot([PLACE["i"] - 0.8, PLACE["f"]], [GATE, GATE], color=COLOR["muted"], lw=1.6, zorder=1)
        _arrow(ax, (PLACE["f"], GATE), (PLACE["f"], BELT - 0.26))
        _squash(ax, (PLACE["f"], 2.9), "$1 - i_t$", fontsize, 0.62)
    if variant == "peephole":
        for start, k in ((1.0, "f"), (1.0, "i"), (6.2, "o")):
            _arrow(ax, (start, BELT), (PLACE[k] - 0.42, GATE + 0.5), "c", linestyle=(0, (3, 2)), lw=1.3)
    _arrow(ax, (PLACE["i"], GATE + 0.48), (write - 0.18, WRITE - 0.2))
    _arrow(ax, (PLACE["g"], GATE + 0.48), (write + 0.18, WRITE - 0.2))
    _arrow(ax, (write, WRITE + 0.24), (write, BELT - 0.26), "c")
    x, squash = PLACE["o"], 4.0
    _arrow(ax, (x, BELT), (x, squash + 0.24), "c")
    _arrow(ax, (x, squash - 0.24), (x, READ + 0.26))
    _arrow(ax, (x, GATE + 0.48), (x, READ - 0.26))
    _arrow(ax, (x + 0.24, READ), (EDGE[1] - 0.5, READ), "h")
    _squash(ax, (x, squash), "tanh", fontsize)
    signs = {(PLACE["f"], BELT): r"$\odot$", (write, BELT): "$+$", (write, WRITE): r"$\odot$", (x, READ): r"$\odot$"}
    names = {(PLACE["f"] + 0.16, 3.9): "keep", (write + 0.16, 4.35): "write", (x + 0.55, READ + 0.22): "read"}
    if variant == "1997":
        del signs[PLACE["f"], BELT], names[PLACE["f"] + 0.16, 3.9]
    for place, sign in signs.items():
        _sign(ax, place, sign, fontsize)
    for place, words in names.items():
        ax.text(*place, words, fontsize=0.9 * fontsize, color=COLOR["muted"], va="center", style="italic")
    ax.set(xlim=(EDGE[0] - 0.62, EDGE[1] + 0.62), ylim=(INPUT - 0.4, BELT + 0.5), aspect="equal")
    ax.axis("off")
    return ax


def gates(axes: Sequence, caches: Sequence, unit: int = 0):
    r"""How far the gates of one unit are open at each step, and below what its memory does.

    Args: axes: two. caches: those of `unroll` for an LSTM (the first sequence of the batch is shown). unit: which unit.
    Returns: axes.
    """
    if len(axes) != 2:
        raise SettingError(f"axes: expected two, for the gates and for the memory, got {len(axes)}")
    H = len(caches[0].c)
    if not 0 <= unit < H:
        raise SettingError(f"unit: expected an index from 0 to {H - 1}, got {unit}")
    of = lambda name: checks.array(name, np.array([getattr(cache, name)[unit, 0] for cache in caches]), ("T",))  # noqa: E731
    c, t = of("c"), np.arange(1, len(caches) + 1)
    for k, line, marker in zip(GATE_LOOK, LINES, MARKERS):
        axes[0].plot(t, of(k), line, marker=marker, ms=5, color=GATE_LOOK[k], label=f"{NAME[k]} ${k}_t$")
    start = caches[0].c_prev[unit, 0]
    axes[1].plot([0, *t], [start, *c], "-", marker="o", ms=5, color=COLOR["c"], label="memory $c_t$")
    axes[1].plot(t, of("o") * np.tanh(c), "--", marker="s", ms=4.5, color=COLOR["h"], label="hidden state $h_t$")
    axes[0].set(ylim=(-0.06, 1.06), ylabel="opening")
    axes[1].set(ylabel="value", xlabel="time step t")
    axes[1].axhline(0, color=COLOR["muted"], lw=0.8)
    for ax in axes:
        ax.set(xlim=(-0.3, len(t) + 0.3), xticks=[0, *t])
        ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return axes


def _arrow(ax, start, end, part: str = "muted", **look) -> None:
    style = {"arrowstyle": "-|>", "mutation_scale": 11, "lw": 1.6, "shrinkA": 0, "shrinkB": 0, "zorder": 2} | look
    ax.add_patch(FancyArrowPatch(start, end, color=COLOR[part], **style))


def _box(ax, place, text: str, part: str, fontsize: float) -> None:
    """A value that comes in or goes out."""
    (x, y), tint = place, {"c": "#fdf6e3", "h": "#dff0ea", "x": "#dfebf4"}[part]
    ax.add_patch(FancyBboxPatch((x - 0.42, y - 0.25), 0.84, 0.5, boxstyle="round,pad=0.06", fc=tint, ec=COLOR[part], lw=1.6, zorder=3))
    ax.text(x, y, text, ha="center", va="center_baseline", fontsize=1.15 * fontsize, zorder=4)


def _sign(ax, place, sign: str, fontsize: float) -> None:
    """A product or a sum."""
    ax.add_patch(Circle(place, 0.24, fc="white", ec=COLOR["muted"], lw=1.3, zorder=3))
    ax.text(*place, sign, ha="center", va="center", fontsize=1.15 * fontsize, zorder=4)


def _squash(ax, place, text: str, fontsize: float, half: float = 0.4) -> None:
    """A function on the way."""
    (x, y), rim = place, {"boxstyle": "round,pad=0.08", "fc": "white", "ec": COLOR["muted"], "lw": 1.3, "zorder": 3}
    ax.add_patch(FancyBboxPatch((x - half, y - 0.14), 2 * half, 0.28, **rim))
    ax.text(x, y, text, ha="center", va="center_baseline", fontsize=0.9 * fontsize, zorder=4)


def _gate(ax, x: float, k: str, fontsize: float, name: str = "", *, brief: bool = False) -> None:
    """A gate (or the candidate) with its name and its function, or with its letter alone."""
    rim = {"boxstyle": "round,pad=0.08", "fc": "#f3f4f6", "ec": COLOR["muted"], "lw": 1.4, "zorder": 3}
    ax.add_patch(FancyBboxPatch((x - 0.72, GATE - 0.4), 1.44, 0.8, **rim))
    squash = r"\tanh" if k in "gn" else r"\sigma"
    ax.text(x, GATE + 0.2, name or NAME[k], ha="center", va="center_baseline", fontsize=0.88 * fontsize, zorder=4)
    letter = f"${k}_t$" if brief else f"${k}_t = {squash}(\\cdot)$"
    ax.text(x, GATE - 0.2, letter, ha="center", va="center_baseline", fontsize=fontsize, zorder=4)
