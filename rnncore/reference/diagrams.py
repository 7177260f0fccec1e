r"""Cell diagrams: which value of a recurrent net is computed from which, and how many steps later.

A diagram is a graph with cycles. An edge from a to b with delay d says that b at step t is computed from a at step t − d. What
can be told from it (how deep the net is, in which order it can be computed) is in `reference.depth`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .. import checks
from ..errors import SettingError


class Edge(NamedTuple):
    """From `source` to `target`, `delay` steps later."""

    source: str
    target: str
    delay: int = 0


@dataclass(frozen=True)
class Diagram:
    """A cell diagram.

    Args:
        edges: `Edge`s, or tuples (source, target, delay).
        inputs, outputs: names of nodes. Nothing leads into an input; an output may lead on.
    The nodes are those that the edges name (`nodes`, in an order in which one step can be computed).
    Raises: SettingError for nodes that no edge names, for a cycle without delay (a value that would need itself), for a negative
        delay, for an edge into an input or given twice, and for a node that no input leads to or that leads to no output.
    """

    edges: tuple[Edge, ...]
    inputs: tuple[str, ...] = ("x",)
    outputs: tuple[str, ...] = ("o",)

    def __post_init__(self) -> None:
        object.__setattr__(self, "edges", _edges(self.edges))
        named = dict.fromkeys(name for e in self.edges for name in e[:2])
        for which in ("inputs", "outputs"):
            object.__setattr__(self, which, _names(which, getattr(self, which), named))
        for e in self.edges:
            if e.target in self.inputs:
                raise SettingError(f"edges: expected no edge into an input, got {tuple(e)}")
        object.__setattr__(self, "nodes", _order(named, self.edges))
        for start, edges, told in ((self.inputs, self.edges, "an input leads to"),
                                   (self.outputs, [Edge(e.target, e.source) for e in self.edges], "leads to an output")):  # fmt: skip
            lost = [name for name in named if name not in _reached(start, edges)]
            if lost:
                raise SettingError(f"edges: expected nodes each of which {told}, got {lost[0]!r}")


def cell(layers: int = 1, transition: int = 1, output: int = 1, skip: int | None = None, shortcuts: bool = False) -> Diagram:
    """A family of diagrams, from an input "x" to an output "o".

    Args:
        layers: L recurrent layers, each fed by the one below.
        transition: k, the steps of computation from a layer's state to its next state.
        output: the steps of computation from the last layer's state to the output.
        skip: a further edge in each layer from its state to that `skip` steps later; None for none.
        shortcuts: further edges from the input to every layer and from every layer to the output.
    Names: "h" is the state of the only layer, "h2" that of the second; "h.1" or "h2.1" comes first inside a layer, and "o.1" after it.
    Raises: SettingError.
    """
    for name, value in (("layers", layers), ("transition", transition), ("output", output)):
        checks.positive(name, value, integer=True)
    if skip is not None:
        checks.positive("skip", skip, integer=True)
        if skip == 1:
            raise SettingError("skip: expected two steps or more, got 1: that edge is there already")
    tail = [f"o.{j}" for j in range(1, output)] + ["o"]
    edges, below = [], "x"
    for layer in range(1, layers + 1):
        state = f"h{layer if layers > 1 else ''}"
        stages = [f"{state}.{j}" for j in range(1, transition)] + [state]
        edges += [(below, stages[0], 0), *((a, b, 0) for a, b in zip(stages, stages[1:])), (state, stages[0], 1)]
        edges += [] if skip is None else [(state, stages[0], skip)]
        edges += [("x", stages[0], 0)] if shortcuts and layer > 1 else []
        edges += [(state, tail[0], 0)] if shortcuts and layer < layers else []
        below = state
    return Diagram((*edges, *((a, b, 0) for a, b in zip([below, *tail], tail))))


def vanilla() -> Diagram:
    """Input, hidden state, output: $d_r = 1$, $d_f = 2$, $s = 1$."""
    return cell()


def stacked(L: int) -> Diagram:
    """L layers: $d_r = 1$, $d_f = L + 1$, $s = 1$. Raises: SettingError."""
    return cell(layers=L)


def deep_transition(k: int) -> Diagram:
    """k steps of computation from state to state (Pascanu et al. 2014): $d_r = k$, $d_f = k + 1$, $s = 1/k$. Raises: SettingError."""
    return cell(transition=k)


def deep_output(k: int) -> Diagram:
    """k steps of computation from state to output: $d_r = 1$, $d_f = k + 1$, $s = 1$. Raises: SettingError."""
    return cell(output=k)


def skipping(s: int) -> Diagram:
    """The vanilla cell with a second edge, of delay s, from the state to itself: $d_r = 1$, $d_f = 2$, and s. Raises: SettingError."""
    return cell(skip=s)


def _edges(edges) -> tuple[Edge, ...]:
    if not isinstance(edges, Sequence) or isinstance(edges, str) or not edges:
        raise SettingError(f"edges: expected a list of (source, target, delay), got {edges!r}")
    for e in edges:
        fits = isinstance(e, tuple) and len(e) in (2, 3) and all(isinstance(name, str) and name for name in e[:2])
        if not fits or isinstance(e[-1], bool) or (len(e) == 3 and not (isinstance(e[2], (int, np.integer)) and e[2] >= 0)):
            raise SettingError(f"edges: expected (source, target, delay) of two names and a whole number from zero on, got {e!r}")
    edges = tuple(Edge(*e) for e in edges)
    twice = [tuple(e) for i, e in enumerate(edges) if e in edges[:i]]
    if twice:
        raise SettingError(f"edges: expected each edge once, got {twice[0]} twice")
    return edges


def _names(which: str, names, named) -> tuple[str, ...]:
    if not isinstance(names, Sequence) or isinstance(names, str) or not names:
        raise SettingError(f"{which}: expected a tuple of names of nodes, got {names!r}")
    for name in names:
        checks.one_of(which, name, tuple(named))
    return tuple(names)


def _order(named, edges) -> tuple[str, ...]:
    """The nodes such that each comes after all that it needs of its own step; refused if there is no such order."""
    left, order = list(named), []
    while left:
        free = [name for name in left if not any(e.target == name and e.delay == 0 and e.source in left for e in edges)]
        if not free:
            raise SettingError(f"edges: expected a delay in every cycle, got none in one through some of {left}")
        order += free
        left = [name for name in left if name not in free]
    return tuple(order)


def _reached(start, edges) -> set[str]:
    reached = set(start)
    while more := {e.target for e in edges if e.source in reached} - reached:
        reached |= more
    return reached
