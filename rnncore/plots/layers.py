r"""Cell diagrams (`reference.diagrams`), drawn: as a cell with its delays, unfolded with the deepest path, and by order of computation.

Rows are what lies on top of each other inside one step, from the input at the bottom to the output at the top; columns are steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from matplotlib.patches import FancyArrowPatch, Rectangle

from .. import checks
from ..errors import SettingError
from ..reference import depth
from ..reference.diagrams import Diagram, Edge
from .graphs import RADIUS, Box, arrow, node
from .style import COLOR

DX, DY = 1.5, 1.25
_PLAIN = "#9a9a9a"
MARKS = ("cycle", "path", "none")


def order_of_computation(ax, diagram: Diagram, T: int, *, upto: int | None = None, fontsize: float = 11):
    """The diagram unfolded over T steps; the number in a node is the round in which it can be computed (`depth.rounds`).

    Nodes with one number, joined by a dotted line, need nothing of each other: they may be computed at the same time.
    Args: upto: only rounds up to this one are filled in, as after so many rounds. Returns: ax.
    """
    rounds = depth.rounds(diagram, T)
    last = max(rounds.values())
    if upto is not None:
        checks.indices("upto", [upto], (1,), last + 1)
    at = _unfold(ax, diagram, T, fontsize)
    for r in range(1, last + 1):
        together = sorted((at[n] for n in rounds if rounds[n] == r), key=lambda xy: (xy[0], -xy[1]))
        for (x0, y0), (x1, y1) in pairwise(together):
            ax.plot([x0, x1], [y0, y1], ls=":", lw=1.4, color=COLOR["gradient"], zorder=1)
    for (name, t), xy in at.items():
        r = rounds[name, t]
        done = upto is None or r <= upto
        given = name in diagram.inputs
        text = "" if not done else f"${symbol(name)}_{{{t}}}$" if given else str(r)
        node(ax, xy, text, _color(diagram, name) if done else _PLAIN, given=given, dashed=not done, fontsize=fontsize)
    return ax


def deepest(ax, diagram: Diagram, T: int, *, path: Sequence[tuple[str, int]] | None = None, fontsize: float = 11):
    """The diagram unfolded over T steps, with a longest path from an input to an output (or the path given) in thick black.

    Args: path: nodes (name, step), each with an edge to the next, as from `depth.longest_path`. Returns: ax.
    """
    path = depth.longest_path(diagram, T) if path is None else list(path)
    edges = set(depth.unrolled(diagram, T).edges)
    missing = [step for step in pairwise(path) if step not in edges]
    if missing or not path:
        raise SettingError(f"path: expected nodes with an edge from each to the next, got {missing[0] if missing else path!r}")
    at = _unfold(ax, diagram, T, fontsize, set(pairwise(path)))
    for (name, t), xy in at.items():
        color = COLOR["target"] if (name, t) in path else _color(diagram, name)
        node(ax, xy, f"${symbol(name)}_{{{t}}}$", color, given=name in diagram.inputs, fontsize=_size(name, fontsize))
    return ax


def cell_diagram(ax, diagram: Diagram, *, mark: str = "cycle", fontsize: float = 11):
    """The diagram itself: a black square on an edge is its delay, with the number of steps.

    Args: mark: what is drawn in thick black: "cycle", the cycle that gives the recurrent depth; "path", the path that gives the
        feed-forward depth; "none". Returns: ax.
    """
    checks.one_of("mark", mark, MARKS)
    depth.recurrent_depth(diagram)  # refuses what is no diagram
    thick = {"cycle": depth.deepest_cycle, "path": depth.deepest_path, "none": lambda d: []}[mark](diagram)
    at = _places(diagram)
    reach = max(x for x, _ in at.values()) + RADIUS
    columns = _columns(diagram, at)
    for e in diagram.edges:
        if not e.delay:
            _straight(ax, at[e.source], at[e.target], e in thick, fontsize)
    for e, column in columns.items():
        _around(ax, at[e.source], at[e.target], reach + 0.7 + 0.75 * column, e.delay, e in thick, fontsize)
    for name, xy in at.items():
        given = name in diagram.inputs
        node(ax, xy, f"${symbol(name)}$", _color(diagram, name), given=given, fontsize=_size(name, fontsize))
    low, high = (f(y for _, y in at.values()) for f in (min, max))
    left = min(x for x, _ in at.values()) - (1.0 if _bent(at, diagram) else 0.6)
    return _frame(ax, Box(left, reach + 1.2 + 0.75 * max(columns.values(), default=0), low - 0.6, high + 0.6))


def symbol(name: str) -> str:
    """A node's name as mathematics: "h2" is h with the superscript (2), for the layer; "h.1" has a prime, "h.2" two, "h2.1" both."""
    letter, (layer, _, stage) = name[0], name[1:].partition(".")
    raised = (f"({layer})" if layer else "") + r"\prime" * int(stage or 0)
    return f"{letter}^{{{raised}}}" if raised else letter


def _size(name: str, fontsize: float) -> float:
    return fontsize * (1 if len(name) < 2 else 0.82)


def _color(diagram: Diagram, name: str) -> str:
    return COLOR["x"] if name in diagram.inputs else COLOR["o"] if name in diagram.outputs or name[0] == "o" else COLOR["h"]


def _rows(diagram: Diagram) -> dict[str, int]:
    """Row of each node: the longest path without delay that leads to it; never that of an input if it is computed."""
    rows: dict[str, int] = {}
    for name in diagram.nodes:
        below = [rows[e.source] + 1 for e in diagram.edges if e.target == name and not e.delay]
        rows[name] = max(below, default=0 if name in diagram.inputs else 1)
    return rows


def _places(diagram: Diagram) -> dict[str, tuple[float, float]]:
    """Where each node lies inside one step; nodes of one row beside each other."""
    rows, places = _rows(diagram), {}
    for row in set(rows.values()):
        names = [name for name in diagram.nodes if rows[name] == row]
        places |= {name: (DX * (i - (len(names) - 1) / 2), DY * row) for i, name in enumerate(names)}
    return places


def _bent(at: dict, diagram: Diagram) -> bool:
    """Whether an edge without delay passes by a node."""
    return any(not e.delay and abs(at[e.source][1] - at[e.target][1]) > 1.5 * DY for e in diagram.edges)


def _unfold(ax, diagram: Diagram, T: int, fontsize: float, thick=frozenset()) -> dict[tuple[str, int], tuple[float, float]]:
    """Rows, columns and arrows of the unfolded diagram; where each node lies."""
    graph, places = depth.unrolled(diagram, T), _places(diagram)
    wide = max(x for x, _ in places.values()) - min(x for x, _ in places.values())
    step = DX + wide + (0.4 if _bent(places, diagram) else 0)
    at = {(name, t): (step * t + places[name][0], places[name][1]) for name, t in graph.nodes}
    for a, b in graph.edges:
        (x0, y0), (x1, y1) = at[a], at[b]
        far = b[1] - a[1] > 1 and any(abs(_beside(at[n], (x0, y0), (x1, y1))) < 1.2 * RADIUS for n in at if n not in (a, b))
        if far:
            color, lw = (COLOR["target"], 3) if (a, b) in thick else (_PLAIN, 1.3)
            arrow(ax, at[a], at[b], color, curve=-0.3, lw=lw, fontsize=fontsize)
        else:
            _straight(ax, at[a], at[b], (a, b) in thick, fontsize)
    low, high = (f(y for _, y in at.values()) for f in (min, max))
    for t in range(1, T + 1):
        ax.text(step * t, low - 0.75, f"$t = {t}$", ha="center", va="center", color=COLOR["muted"], fontsize=fontsize)
    left = min(x for x, _ in at.values())
    rows = _rows(diagram)
    for row in set(rows.values()):
        names = ", ".join(f"${symbol(name)}_t$" for name in diagram.nodes if rows[name] == row)
        x = left - 0.7 - 0.35 * _bent(places, diagram)
        ax.text(x, DY * row, names, ha="right", va="center", color=COLOR["muted"], fontsize=fontsize)
    top = high + (0.6 if all(e.delay < 2 for e in diagram.edges) else 0.9)
    _frame(ax, Box(left - 1.5 - 0.35 * _bent(places, diagram), step * T + wide / 2 + 0.55, low - 1.05, top))
    return at


def _columns(diagram: Diagram, at: dict) -> dict[Edge, int]:
    """For each delayed edge the innermost column at the right that is free over its height."""
    columns: dict[Edge, int] = {}
    for e in sorted((e for e in diagram.edges if e.delay), key=lambda e: (abs(at[e.source][1] - at[e.target][1]), e.delay)):
        low, high = sorted((at[e.source][1], at[e.target][1]))
        taken = {c for other, c in columns.items() if low <= max(at[n][1] for n in other[:2]) and min(at[n][1] for n in other[:2]) <= high}
        columns[e] = min(set(range(len(taken) + 1)) - taken)
    return columns


def _beside(p, a, b) -> float:
    """Distance of a point from the stretch between two others."""
    (x, y), (x0, y0), (x1, y1) = p, a, b
    dx, dy = x1 - x0, y1 - y0
    along = min(1.0, max(0.0, ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy)))
    return ((x - x0 - along * dx) ** 2 + (y - y0 - along * dy) ** 2) ** 0.5


def _straight(ax, start, end, thick: bool, fontsize: float) -> None:
    """A straight arrow, or one that bends to the left around what lies between."""
    curve = -0.35 if start[0] == end[0] and abs(start[1] - end[1]) > 1.5 * DY else 0.0
    arrow(ax, start, end, COLOR["target"] if thick else _PLAIN, curve=curve, lw=3 if thick else 1.3, fontsize=fontsize)


def _around(ax, start, end, x: float, delay: int, thick: bool, fontsize: float) -> None:
    """A delayed edge, out to the right to x and back, through its delay."""
    color, lw, z = (COLOR["target"], 3, 2) if thick else (_PLAIN, 1.3, 1.5)
    up = 0.45 * RADIUS if start == end else -0.75 * RADIUS if start[1] > end[1] else 0.75 * RADIUS  # a loop lies within the others
    rim = (RADIUS**2 - up**2) ** 0.5
    a, b = (start[0] + rim, start[1] + up), (end[0] + rim, end[1] - up)
    points = [a, (x, a[1]), (x, b[1]), b]
    ax.plot(*zip(*points[:3], points[2]), color=color, lw=lw, zorder=z, solid_joinstyle="round")
    style = {"arrowstyle": "-|>", "color": color, "lw": lw, "mutation_scale": 1.15 * fontsize, "shrinkA": 0, "shrinkB": 0, "zorder": z}
    ax.add_patch(FancyArrowPatch(points[2], b, **style))
    y = (a[1] + b[1]) / 2
    ax.add_patch(Rectangle((x - 0.11, y - 0.11), 0.22, 0.22, color="black", zorder=4))
    ax.text(x + 0.2, y, str(delay), ha="left", va="center", fontsize=fontsize, color=COLOR["muted"])


def _frame(ax, box: Box):
    ax.set(xlim=(box.left, box.right), ylim=(box.bottom, box.top), aspect="equal")
    ax.axis("off")
    return ax
