r"""How deep is a recurrent net? Recurrent depth, feed-forward depth and skip coefficient of a cell diagram, as exact fractions.

A cell diagram is a graph with cycles. An edge $e$ from $a$ to $b$ with delay $\sigma(e)$ says that $b$ at step $t$ is computed
from $a$ at step $t - \sigma(e)$. The length of a path is its number of edges, its delay is the sum of theirs.

| measure | what it is | how it is found |
|---|---|---|
| recurrent depth $d_r$ | $\lim_n D_n / n$, $D_n$ the longest path over $n$ steps | the largest length / delay of a cycle |
| feed-forward depth $d_f$ | $\sup_n (D^*_n - n \, d_r)$ | the longest path if an edge weighs $1 - \sigma d_r$ |
| recurrent skip coefficient $s$ | $1 / \lim_n (d_n / n)$, $d_n$ the shortest path over $n$ steps | the largest delay / length of a cycle |

$D_n$ and $d_n$ are over all pairs of nodes $n$ steps apart, $D^*_n$ over the paths from an input to an output $n$ steps later.

Source: Zhang et al. 2016 (arXiv 1602.08210). Where we differ: every step is alike (their graphs may have a longer
period), delays are not negative (so nothing runs backward in time, as half of a bidirectional net does), and an output may feed
back into the net. Where nothing recurs, $d_r = 0$ here and there is no skip coefficient.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from .. import checks
from ..errors import SettingError
from .diagrams import Diagram, Edge, cell, deep_output, deep_transition, skipping, stacked, vanilla

__all__ = [
    "Diagram", "Edge", "Unrolled", "cell", "deep_output", "deep_transition", "deepest_cycle", "deepest_path", "feedforward_depth",
    "longest_path", "over_steps", "recurrent_depth", "rounds", "shortest_cycle", "skip_coefficient", "skipping", "stacked",
    "unrolled", "vanilla",
]


class Unrolled(NamedTuple):
    """A graph without cycles: nodes (name, step) in an order in which they can be computed, edges between them."""

    nodes: list[tuple[str, int]]
    edges: list[tuple[tuple[str, int], tuple[str, int]]]


def unrolled(diagram: Diagram, T: int) -> Unrolled:
    """The diagram unfolded over the steps 1 … T. What lies before step 1 is given, and no node. Raises: SettingError."""
    _look(diagram)
    checks.positive("T", T, integer=True)
    edges = [((e.source, t - e.delay), (e.target, t)) for t in range(1, T + 1) for e in diagram.edges if t > e.delay]
    return Unrolled([(name, t) for t in range(1, T + 1) for name in diagram.nodes], edges)


def rounds(diagram: Diagram, T: int) -> dict[tuple[str, int], int]:
    """In which round a node (name, step) can be computed at the earliest: 0 for inputs, else one more than the last that it needs.

    Nodes of one round need nothing of each other: they may be computed at the same time. Raises: SettingError.
    """
    graph = unrolled(diagram, T)
    best, _ = _longest(graph, {node: 0 if node[0] in diagram.inputs else 1 for node in graph.nodes})
    return best


def longest_path(diagram: Diagram, T: int) -> list[tuple[str, int]]:
    """The nodes of a longest path from an input to an output of the diagram unfolded over T steps.

    Raises: SettingError, also where no path is that short.
    """
    graph = unrolled(diagram, T)
    best, came = _longest(graph, {node: 0 for node in graph.nodes if node[0] in diagram.inputs})
    ends = [node for node in best if node[0] in diagram.outputs]
    if not ends:
        raise SettingError(f"T: expected more steps: from an input to an output there is no path within them, got {T}")
    return _back(came, max(ends, key=best.__getitem__))


def over_steps(diagram: Diagram, n: int, *, shortest: bool = False) -> int | None:
    r"""Length $D_n$ of the longest path over n steps (or $d_n$ of the shortest); None if there is none. Raises: SettingError."""
    checks.positive("n", n, integer=True)
    graph = unrolled(diagram, n + 1)
    best, _ = _longest(graph, {node: 0 for node in graph.nodes if node[1] == 1}, -1 if shortest else 1)
    found = [length for node, length in best.items() if node[1] == n + 1]
    return abs(max(found)) if found else None


def recurrent_depth(diagram: Diagram) -> Fraction:
    r"""$d_r = \lim_n D_n / n$: the largest length per delay of all cycles; 0 if there is no cycle. Raises: SettingError."""
    cycle = deepest_cycle(diagram)
    return _per_delay(cycle) if cycle else Fraction(0)


def feedforward_depth(diagram: Diagram) -> Fraction:
    r"""$d_f$: the largest length $- \, d_r \cdot$ delay of all paths from an input to an output. Raises: SettingError."""
    depth = recurrent_depth(diagram)
    return sum((1 - depth * e.delay for e in deepest_path(diagram)), Fraction(0))


def skip_coefficient(diagram: Diagram) -> Fraction:
    r"""$s$: one over the smallest length per delay of all cycles. Raises: SettingError, also where nothing recurs."""
    cycle = shortest_cycle(diagram)
    if not cycle:
        raise SettingError("diagram: expected at least one cycle, got none: over many steps there is no path")
    return 1 / _per_delay(cycle)


def deepest_cycle(diagram: Diagram) -> list[Edge]:
    """The edges of a cycle whose length per delay is $d_r$; empty if there is no cycle. Raises: SettingError."""
    return _extreme_cycle(diagram, 1)


def shortest_cycle(diagram: Diagram) -> list[Edge]:
    """The edges of a cycle whose length per delay is $1 / s$; empty if there is no cycle. Raises: SettingError."""
    return _extreme_cycle(diagram, -1)


def deepest_path(diagram: Diagram) -> list[Edge]:
    """The edges of a path from an input to an output whose length $-$ d_r · delay is $d_f$. Raises: SettingError."""
    depth = recurrent_depth(diagram)
    best, came = {name: Fraction(0) for name in diagram.inputs}, {}
    _relax(diagram, best, came, lambda e: 1 - depth * e.delay)
    path, node = [], max((name for name in diagram.outputs if name in best), key=best.__getitem__)
    while node in came:
        path.append(came[node])
        node = path[-1].source
    return path[::-1]


def _look(diagram) -> None:
    if not isinstance(diagram, Diagram):
        raise SettingError(f"diagram: expected a Diagram, got {diagram!r}")


def _longest(graph: Unrolled, start: dict, weight: int = 1) -> tuple[dict, dict]:
    """Length of the longest path (with weight −1: minus that of the shortest) to each node, and the node before it on the path."""
    best, came, into = dict(start), {}, {node: [] for node in graph.nodes}
    for a, b in graph.edges:
        into[b].append(a)
    for node in graph.nodes:
        for a in into[node]:
            if a in best and (node not in best or best[a] + weight > best[node]):
                best[node], came[node] = best[a] + weight, a
    return best, came


def _back(came: dict, node) -> list:
    path = [node]
    while path[-1] in came:
        path.append(came[path[-1]])
    return path[::-1]


def _per_delay(cycle: list[Edge]) -> Fraction:
    return Fraction(len(cycle), sum(e.delay for e in cycle))


def _extreme_cycle(diagram: Diagram, sign: int) -> list[Edge]:
    """The cycle with the largest length per delay (sign 1) or the smallest (−1): while there is a better one, take it."""
    _look(diagram)
    best, better = [], _positive_cycle(diagram, lambda e: 1)
    while better:
        best, value = better, _per_delay(better)
        better = _positive_cycle(diagram, lambda e, value=value: sign * (1 - value * e.delay))
    return best


def _positive_cycle(diagram: Diagram, weight: Callable[[Edge], Fraction | int]) -> list[Edge]:
    """A cycle whose weights sum to more than zero, or an empty list."""
    came: dict[str, Edge] = {}
    node = _relax(diagram, dict.fromkeys(diagram.nodes, 0), came, weight)
    if node is None:
        return []
    for _ in diagram.nodes:  # now on the cycle
        node = came[node].source
    cycle = [came[node]]
    while cycle[-1].source != node:
        cycle.append(came[cycle[-1].source])
    return cycle[::-1]


def _relax(diagram: Diagram, best: dict, came: dict, weight: Callable) -> str | None:
    """Bellman and Ford: longest paths in place; a node that still improves after as many rounds as nodes lies behind a positive cycle."""
    for _ in diagram.nodes:
        last = None
        for e in diagram.edges:
            if e.source in best and (e.target not in best or best[e.source] + weight(e) > best[e.target]):
                best[e.target], came[e.target], last = best[e.source] + weight(e), e, e.target
        if last is None:
            break
    return last
