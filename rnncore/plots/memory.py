"""Where a net keeps the past: four nets with one hidden layer that differ only in what a delay holds."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.patches import FancyArrowPatch, Rectangle
from matplotlib.path import Path

from .. import checks
from .graphs import DY, RADIUS, arrow, node
from .style import COLOR

TITLES = {"none": "no memory", "inputs": "window of inputs", "outputs": "loop of outputs", "state": "recurrent net"}
SIDE = 0.2


def four_memories(*, fontsize: float = 10.5):
    """The four nets beside each other. Returns the figure."""
    fig, axes = plt.subplots(1, 4, figsize=(7.4, 2.75), width_ratios=(1.5, 3.15, 3.4, 2.5), layout="none")
    fig.subplots_adjust(left=0.01, right=0.99, bottom=0.02, top=0.88, wspace=0.03)
    for ax, kind, right in zip(axes, TITLES, (0.75, 2.4, 2.65, 1.75)):
        memory(ax, kind, fontsize=fontsize)
        ax.set(xlim=(-0.75, right), ylim=(-0.95, 2 * DY + 0.6), aspect="equal")
        ax.set_title(TITLES[kind], fontsize=fontsize, loc="left")
        ax.axis("off")
    return fig


def memory(ax, kind: str, *, fontsize: float = 10.5):
    """One of the four nets; `kind` is "none", "inputs", "outputs" or "state". Returns ax."""
    checks.one_of("kind", kind, TITLES)
    x, h, o = (0.0, 0.0), (0.0, DY), (0.0, 2 * DY)
    arrow(ax, x, h, COLOR["x"], "" if kind == "inputs" else "$U$", fontsize=fontsize)
    arrow(ax, h, o, COLOR["o"], "$V$", fontsize=fontsize)
    for place, text, part in ((x, "$x_t$", "x"), (h, "$h_t$", "h"), (o, "$o_t$", "o")):
        node(ax, place, text, COLOR[part], given=part == "x", fontsize=fontsize)
    if kind == "inputs":
        _line(ax, x, h, "x", "U", fontsize)
    elif kind == "outputs":
        _line(ax, o, h, "o", "W", fontsize)
    elif kind == "state":
        a, b = (0.8 * RADIUS, DY + 0.65 * RADIUS), (0.84 * RADIUS, DY - 0.66 * RADIUS)
        _curve(ax, [a, (1.35, a[1] + 0.65), (1.35, b[1] - 0.65), b], COLOR["h"])
        _delay(ax, (a[0] + b[0] + 6 * 1.35) / 8, DY)
        ax.text(1.27, DY, "$W$", color=COLOR["h"], va="center", fontsize=fontsize)
        ax.text(1.08, DY - 0.75, "$h_{t-1}$", color=COLOR["h"], ha="center", va="center", fontsize=0.9 * fontsize)
    return ax


def _line(ax, start, end, part: str, weight: str, fontsize: float) -> None:
    """A delay line to the right of `start`, each of its entries with an arrow to `end`."""
    y, xs = start[1], (0.78, 1.5)
    ax.plot([RADIUS, xs[-1] + 0.55], [y, y], color=COLOR[part], lw=1.5, zorder=1)
    ax.text(xs[-1] + 0.62, y, r"$\cdots$", va="center", color=COLOR[part], fontsize=fontsize)
    below = y - 0.47 if part == "x" else y + 0.33
    for k, x in enumerate(xs, 1):
        _delay(ax, x, y)
        ax.text(x + 0.26, below, f"${part}_{{t-{k}}}$", ha="center", color=COLOR[part], fontsize=0.85 * fontsize)
        tap = (x + 0.3, y)
        ax.plot(*tap, "o", ms=3.2, color=COLOR[part], zorder=3)
        _to(ax, tap, end, COLOR["x" if weight == "U" else "h"])
    place, side = ((-0.08, 0.5 * DY), "right") if part == "x" else ((1.62, 1.28 * DY), "left")
    ax.text(*place, f"${weight}$", ha=side, va="center", color=COLOR["x" if weight == "U" else "h"], fontsize=fontsize)


def _to(ax, start, centre, color: str) -> None:
    """An arrow from a point to the rim of a node."""
    dx, dy = centre[0] - start[0], centre[1] - start[1]
    length = (dx * dx + dy * dy) ** 0.5
    rim = (centre[0] - (RADIUS + 0.03) * dx / length, centre[1] - (RADIUS + 0.03) * dy / length)
    ax.add_patch(FancyArrowPatch(start, rim, arrowstyle="-|>", color=color, lw=1.3, mutation_scale=9, shrinkA=0, shrinkB=0, zorder=2))


def _curve(ax, points, color: str) -> None:
    path = Path(points, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
    ax.add_patch(FancyArrowPatch(path=path, arrowstyle="-|>", color=color, lw=1.7, mutation_scale=12, zorder=2))


def _delay(ax, x: float, y: float) -> None:
    ax.add_patch(Rectangle((x - SIDE / 2, y - SIDE / 2), SIDE, SIDE, color="black", zorder=4))
