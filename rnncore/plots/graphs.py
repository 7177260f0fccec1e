r"""Diagrams of recurrent nets, drawn by code: the circuit with its delay, the same net unfolded in time, single units.

A part of the net is named by a letter, from bottom to top: "x" input, "h" hidden state, "o" output, "L" loss, "y" target.
What is given (inputs, targets) is a square, what is computed a circle. Every weight has one colour and one label wherever it
occurs: U that of the input, W that of the hidden state, V that of the output.

`position` tells where a node lies and `arrow` draws one more arrow, so that another figure can be built on top.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import matplotlib.pyplot as plt
from matplotlib.colors import to_rgb
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Rectangle
from matplotlib.path import Path

from .. import checks
from ..errors import SettingError
from .style import COLOR

DX, DY, RADIUS = 1.6, 1.5, 0.36
PARTS = "xhoLy"
PATTERNS = ("hidden", "output", "last")
_PART_COLOR = {"x": COLOR["x"], "h": COLOR["h"], "o": COLOR["o"], "L": COLOR["gradient"], "y": COLOR["target"]}
_WEIGHT_COLOR = {"U": COLOR["x"], "W": COLOR["h"], "V": COLOR["o"]}
_NAME = {"x": "x", "h": "h", "o": "o", "L": "L", "y": r"y^{*}"}


class Box(NamedTuple):
    """What a diagram covers, in its own units."""

    left: float
    right: float
    bottom: float
    top: float


def position(part: str, t: float) -> tuple[float, float]:
    """Centre of the node of a part ("x", "h", "o", "L" or "y") at step t; h_0 lies at t = 0."""
    checks.one_of("part", part, tuple(PARTS))
    return DX * t, DY * PARTS.index(part)


def arrow(ax, start, end, color: str = COLOR["muted"], label: str = "", *, curve: float = 0.0, fontsize: float = 11, **style):
    """An arrow between the rims of two nodes given by their centres, with a label beside its middle. Returns ax."""
    (x0, y0), (x1, y1) = start, end
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
    gap = RADIUS + 0.03
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    style = {"lw": 1.7, "mutation_scale": 1.15 * fontsize, "zorder": 2} | style
    ax.add_patch(FancyArrowPatch((x0 + gap * ux, y0 + gap * uy), (x1 - gap * ux, y1 - gap * uy), arrowstyle="-|>", color=color,
                                 shrinkA=0, shrinkB=0, connectionstyle=f"arc3,rad={curve}", **style))  # fmt: skip
    if label:
        _weight_label(ax, (x0 + x1) / 2, (y0 + y1) / 2, label, color, fontsize, upright=abs(uy) > 0.9, level=abs(ux) > 0.9)
    return ax


def node(ax, xy, text: str, color: str, *, given: bool = False, dashed: bool = False, fontsize: float = 11):
    """A node: a circle, or a rounded square if its value is given from outside. Returns ax."""
    tint = 0.06 if color == COLOR["target"] else 0.16
    face = tuple(1 - tint * (1 - c) for c in to_rgb(color))
    style = {"facecolor": face, "edgecolor": color, "lw": 1.7, "ls": (0, (3, 2)) if dashed else "-", "zorder": 3}
    if given:
        side = 1.56 * RADIUS
        corner = (xy[0] - side / 2, xy[1] - side / 2)
        ax.add_patch(FancyBboxPatch(corner, side, side, boxstyle="round,pad=0.03,rounding_size=0.08", **style))
    else:
        ax.add_patch(Circle(xy, RADIUS, **style))
    ax.text(*xy, text, ha="center", va="center_baseline", fontsize=fontsize, color="black", zorder=4)
    return ax


def circuit(ax, parts: str = "xho", pattern: str = "hidden", *, fontsize: float = 11, delay_label: bool = True):
    """The net as a circuit: every part once, and a loop through a delay of one step (the black square).

    Args:
        parts: which parts to draw, letters out of "xhoLy"; "h" alone is a system that runs by itself, with state s.
        pattern: "hidden" (recurrence between hidden states, output at every step), "output" (recurrence from the output to the
            hidden state), "last" (recurrence between hidden states, output after the last step only).
    Returns: ax.
    """
    parts = _check(parts, pattern)
    at = {p: position(p, 0) for p in parts}
    late = {"ls": (0, (3, 2))} if pattern == "last" else {}
    for p in parts:
        node(ax, at[p], f"${_NAME[p] if parts != 'h' else 's'}$", _PART_COLOR[p], given=p in "xy", fontsize=fontsize)
    if "x" in parts:
        arrow(ax, at["x"], at["h"], _WEIGHT_COLOR["U"], "$U$", fontsize=fontsize)
    if "o" in parts:
        arrow(ax, at["h"], at["o"], _WEIGHT_COLOR["V"], "$V$", fontsize=fontsize, **late)
    if "L" in parts:
        arrow(ax, at["o"], at["L"], fontsize=fontsize, **late)
    if "y" in parts:
        arrow(ax, at["y"], at["L"], fontsize=fontsize, **late)
    _loop(ax, at["o"] if pattern == "output" else at["h"], at["h"], "$W$" if parts != "h" else "$f$", fontsize, delay_label)
    if pattern == "last":
        ax.text(at["o"][0] - RADIUS - 0.12, at["o"][1], "after the\nlast step", ha="right", va="center", fontsize=0.8 * fontsize,
                color=COLOR["muted"])  # fmt: skip
    return _frame(ax, circuit_box(parts, pattern))


def unfolded(ax, steps: int | Sequence[str], parts: str = "xho", pattern: str = "hidden", *, shared: bool = True, weights: bool = True,
             values: dict[str, Sequence[str]] | None = None, fontsize: float = 11):  # fmt: skip
    """The same net unfolded in time: every part once for each step, and the same weights in the same colour again and again.

    Args:
        steps: T, for steps 1 … T; or names of steps, as in `["t-1", "t", "t+1"]`, for a piece out of the middle.
        parts, pattern: as in `circuit`.
        shared: False gives every step its own weights, numbered and grey.
        weights: whether to write the names of the weights.
        values: what to write inside the nodes of a part in place of its symbol, `{"x": ["h", "e", "l", "l"]}`.
    Returns: ax.
    """
    parts = _check(parts, pattern)
    names, whole = _step_names(steps)
    T, values = len(names), values or {}
    for p, texts in values.items():
        checks.one_of("values", p, tuple(parts))
        if len(texts) != T:
            raise SettingError(f"values[{p!r}]: expected {T} texts, one for each step, got {len(texts)}")

    def edge(symbol: str, t: int, start, end, **style):
        label = f"${symbol}$" if shared else f"${symbol}^{{({names[t - 1]})}}$"
        color = _WEIGHT_COLOR[symbol] if shared else str(0.1 + 0.36 * (t - 1) / max(1, T - 1))
        if parts == "h":
            label = "$f$"
        arrow(ax, start, end, color, label if weights else "", fontsize=fontsize, **style)

    shown = {p: [T] if pattern == "last" and p in "oLy" else list(range(1, T + 1)) for p in parts}
    for p in parts:
        for t in shown[p]:
            text = values[p][t - 1] if p in values else f"${_NAME[p] if parts != 'h' else 's'}_{{{names[t - 1]}}}$"
            node(ax, position(p, t), text, _PART_COLOR[p], given=p in "xy", fontsize=fontsize if len(names[t - 1]) < 3 else 0.85 * fontsize)
    for t in range(1, T + 1):
        if "x" in parts:
            edge("U", t, position("x", t), position("h", t))
        if "o" in parts and t in shown["o"]:
            edge("V", t, position("h", t), position("o", t))
        for p in "oy":
            if "L" in parts and p in parts and t in shown["L"]:
                arrow(ax, position(p, t), position("L", t), fontsize=fontsize)
    source = "o" if pattern == "output" else "h"
    for t in range(1, T + 1 if whole else T + 2):
        if t == 1 and not whole:
            ax.text(*position(source, 0.2), r"$\cdots$", ha="center", va="center", fontsize=1.3 * fontsize)
        if t == 1 and whole:
            zero = "$0$" if source == "o" else "$s_0$" if parts == "h" else "$h_0$"
            node(ax, position(source, 0), zero, _PART_COLOR[source], dashed=True, fontsize=fontsize)
        start = position(source, t - 1 if t > 1 or whole else 0.2)
        if t <= T:
            edge("W", t, start, position("h", t))
        else:
            end = position("h", T + 0.8)
            ax.text(*end, r"$\cdots$", ha="center", va="center", fontsize=1.3 * fontsize)
            edge("W", T, start, end)
    return _frame(ax, unfolded_box(steps, parts, pattern))


def circuit_and_unfolded(steps: int | Sequence[str], parts: str = "xho", pattern: str = "hidden", *, width: float = 7.4, **options):
    """Both drawings beside each other, to one scale. Returns the figure. `options` go to `unfolded`."""
    parts = _check(parts, pattern)
    a, b = circuit_box(parts, pattern), unfolded_box(steps, parts, pattern)
    wide = [a.right - a.left, 0.9, b.right - b.left]
    scale = min(0.62, width / sum(wide))
    fontsize = options.pop("fontsize", max(7.0, 19 * scale))
    size = (scale * sum(wide), scale * (b.top - b.bottom))
    fig, axes = plt.subplots(1, 3, figsize=size, width_ratios=wide, layout="none")
    fig.subplots_adjust(left=0, right=1, bottom=0, top=1, wspace=0)
    circuit(axes[0], parts, pattern, fontsize=fontsize)
    unfolded(axes[2], steps, parts, pattern, fontsize=fontsize, **options)
    for ax in axes:
        ax.set_ylim(b.bottom, b.top)
    h = position("h", 0)[1]
    axes[1].set(xlim=(-0.45, 0.45), aspect="equal")
    axes[1].axis("off")
    axes[1].add_patch(FancyArrowPatch((-0.35, h), (0.4, h), arrowstyle="simple,head_width=9,head_length=8,tail_width=3", color="#b8b8b8"))
    axes[1].text(0, h + 0.32, "unfold", ha="center", color=COLOR["muted"], fontsize=0.9 * fontsize)
    return fig


def neurons(ax, D: int, H: int, K: int, *, fontsize: float = 11):
    """The vanilla cell unit by unit: D inputs, H hidden units, K outputs, and a copy of the hidden units one step old. Returns ax."""
    for name, value in (("D", D), ("H", H), ("K", K)):
        checks.positive(name, value, integer=True)
    gap, rise = 1.15, 2.1
    below = [((i - (D + H) / 2 + 0.5) * gap + (0.45 if i >= D else -0.45), 0.0) for i in range(D + H)]
    inputs, before = below[:D], below[D:]
    hidden = [((i - (H - 1) / 2) * gap * 1.25, rise) for i in range(H)]
    outputs = [((i - (K - 1) / 2) * gap * 1.25, 2 * rise) for i in range(K)]
    for sources, ends, weight in ((inputs, hidden, "U"), (before, hidden, "W"), (hidden, outputs, "V")):
        for a in sources:
            for b in ends:
                arrow(ax, a, b, _WEIGHT_COLOR[weight], fontsize=0.8 * fontsize, lw=1.1)
    rows = ((inputs, "x_{t,%d}", "x"), (before, "h_{t-1,%d}", "h"), (hidden, "h_{t,%d}", "h"), (outputs, "o_{t,%d}", "o"))
    for i, (places, name, part) in enumerate(rows):
        for j, xy in enumerate(places, 1):
            size = (0.7 if i == 1 else 0.9) * fontsize
            node(ax, xy, f"${name % j}$", _PART_COLOR[part], given=part == "x", dashed=i == 1, fontsize=size)
    right = max(before[-1][0], hidden[-1][0]) + 1.0
    top, low = (hidden[-1][0] + RADIUS, rise), (before[-1][0] + RADIUS, 0.0)
    path = Path([top, (right + 0.5, rise), (right + 0.5, 0.0), low], [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
    ax.add_patch(FancyArrowPatch(path=path, arrowstyle="-|>", mutation_scale=fontsize, color=COLOR["muted"], lw=1.5, ls=(0, (3, 2))))
    middle = (top[0] + 3 * (right + 0.5) * 2 + low[0]) / 8
    _delay(ax, middle, rise / 2)
    ax.text(middle + 0.22, rise / 2, "copied,\none step\nlater", va="center", fontsize=0.8 * fontsize, color=COLOR["muted"])
    for weight, y, a, b in (("U", rise / 2, inputs[0], hidden[0]), ("V", 1.5 * rise, hidden[0], outputs[0])):
        text = f"{weight}  ({H}, {D})" if weight == "U" else f"{weight}  ({K}, {H})"
        ax.text((a[0] + b[0]) / 2 - 0.3, y, text, ha="right", va="center", color=_WEIGHT_COLOR[weight], fontsize=fontsize)
    left = min(inputs[0][0], hidden[0][0], outputs[0][0])
    middle_before = (before[0][0] + before[-1][0]) / 2
    ax.text(middle_before, -0.72, f"W  ({H}, {H})", ha="center", va="center", color=_WEIGHT_COLOR["W"], fontsize=fontsize)
    return _frame(ax, Box(left - 1.2, middle + 1.4, -1.0, 2 * rise + 0.6))


def circuit_box(parts: str = "xho", pattern: str = "hidden") -> Box:
    """What `circuit` covers."""
    rows = [position(p, 0)[1] for p in parts]
    left, right = -1.55 if pattern == "last" else -0.6, 1.95 if pattern == "output" else 1.62
    return Box(left, right, min(rows) - (0.75 if parts == "h" else 0.55), max(rows) + 0.62)


def unfolded_box(steps: int | Sequence[str], parts: str = "xho", pattern: str = "hidden") -> Box:
    """What `unfolded` covers."""
    names, whole = _step_names(steps)
    rows = [position(p, 0)[1] for p in parts]
    low = min(rows) - (0.75 if parts == "h" else 0.55)
    return Box(-0.55 if whole else 0.05, DX * (len(names) + (0 if whole else 1)) + (0.55 if whole else 0.0), low, max(rows) + 0.62)


def _check(parts: str, pattern: str) -> str:
    checks.one_of("pattern", pattern, PATTERNS)
    unknown = sorted(set(parts) - set(PARTS))
    need = {"h"} | ({"o"} if pattern != "hidden" or "L" in parts else set()) | ({"L"} if "y" in parts else set())
    if unknown or not need <= set(parts):
        raise SettingError(f"parts: expected letters out of {PARTS!r}, {sorted(need)} among them, got {parts!r}")
    return "".join(p for p in PARTS if p in parts)


def _step_names(steps) -> tuple[list[str], bool]:
    """Names of the steps, and whether they are a whole sequence."""
    if isinstance(steps, str) or not isinstance(steps, Sequence):
        checks.positive("steps", steps, integer=True)
        return [str(t) for t in range(1, steps + 1)], True
    checks.positive("the number of steps", len(steps), integer=True)
    return list(steps), False


def _loop(ax, start, end, label: str, fontsize: float, delay_label: bool) -> None:
    """The recurrent arrow, out to the right, through the delay, and back."""
    reach = 1.25
    if start == end:
        a, b = (start[0] + 0.8 * RADIUS, start[1] + 0.65 * RADIUS), (end[0] + 0.84 * RADIUS, end[1] - 0.66 * RADIUS)
        points = [a, (reach, a[1] + 0.6), (reach, b[1] - 0.6), b]
    else:
        a, b = (start[0] + RADIUS, start[1]), (end[0] + RADIUS + 0.03, end[1])
        points = [a, (reach, a[1]), (reach, b[1]), b]
    path = Path(points, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
    ax.add_patch(FancyArrowPatch(path=path, arrowstyle="-|>", color=_WEIGHT_COLOR["W"], lw=1.7, mutation_scale=1.15 * fontsize, zorder=2))
    x, y = (a[0] + b[0] + 6 * reach) / 8, (a[1] + b[1]) / 2
    _delay(ax, x, y)
    ax.text(x + 0.2, y, label, color=_WEIGHT_COLOR["W"], ha="left", va="center", fontsize=fontsize)
    if delay_label:
        place = (x + 0.02, y - 0.62, "center") if start == end else (x + 0.2, y - 0.3, "left")
        ax.text(*place[:2], "delay", color=COLOR["muted"], ha=place[2], va="center", fontsize=0.8 * fontsize)


def _delay(ax, x: float, y: float, side: float = 0.2) -> None:
    ax.add_patch(Rectangle((x - side / 2, y - side / 2), side, side, color="black", zorder=4))


def _weight_label(ax, x: float, y: float, label: str, color: str, fontsize: float, upright: bool, level: bool) -> None:
    if upright:
        ax.text(x + 0.12, y, label, color=color, ha="left", va="center", fontsize=fontsize)
    elif level:
        ax.text(x - 0.03, y + 0.1, label, color=color, ha="center", va="bottom", fontsize=fontsize)
    else:
        box = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
        ax.text(x, y, label, color=color, ha="center", va="center", fontsize=fontsize, bbox=box, zorder=2.5)


def _frame(ax, box: Box):
    ax.set(xlim=(box.left, box.right), ylim=(box.bottom, box.top), aspect="equal")
    ax.axis("off")
    return ax
