"""The depths of cell diagrams, against every simple cycle and path (networkx), and against the longest paths of unfolded graphs."""

from fractions import Fraction
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rnncore.errors import SettingError
from rnncore.reference import Elman, Readout, Stacked, depth, run
from rnncore.reference.diagrams import Diagram, cell


@st.composite
def diagrams(draw):
    """Up to five hidden nodes between an input and an output, with any edges that are allowed."""
    hidden = [f"h{i}" for i in range(draw(st.integers(1, 5)))]
    pairs = [(a, b) for a in hidden for b in hidden]
    edges = []
    for a, b in draw(st.lists(st.sampled_from(pairs), max_size=9, unique=True)):
        first = 0 if hidden.index(a) < hidden.index(b) else 1  # no cycle without delay
        edges += [(a, b, d) for d in draw(st.lists(st.integers(first, 4), min_size=1, max_size=2, unique=True))]
    into, out = (draw(st.lists(st.sampled_from(hidden), min_size=1, unique=True)) for _ in range(2))
    edges += [("x", h, draw(st.integers(0, 2))) for h in into] + [(h, "o", draw(st.integers(0, 2))) for h in out]
    edges += [("o", draw(st.sampled_from(hidden)), draw(st.integers(1, 3)))] if draw(st.booleans()) else []
    try:
        return Diagram(tuple(draw(st.permutations(edges))))
    except SettingError:  # a node that no input leads to, or that leads nowhere
        assume(False)


def every_way(diagram, nodes):
    """All edge sequences along a list of nodes: there may be several edges between two."""
    ways = [[]]
    for a, b in pairwise(nodes):
        ways = [[*way, e] for way in ways for e in diagram.edges if e[:2] == (a, b)]
    return ways


def simple_cycles(diagram):
    graph = nx.DiGraph([e[:2] for e in diagram.edges])
    return [way for c in nx.simple_cycles(graph) for way in every_way(diagram, [*c, c[0]])]


def ratios(diagram):
    return [Fraction(len(way), sum(e.delay for e in way)) for way in simple_cycles(diagram)]


@settings(deadline=None, max_examples=200)
@given(diagrams())
def test_measures_are_extremes_over_all_cycles_and_paths(diagram):
    found = ratios(diagram)
    assert depth.recurrent_depth(diagram) == max(found, default=0)
    if found:
        assert depth.skip_coefficient(diagram) == 1 / min(found)
    else:
        with pytest.raises(SettingError, match="at least one cycle"):
            depth.skip_coefficient(diagram)
    paths = nx.all_simple_paths(nx.DiGraph([e[:2] for e in diagram.edges]), "x", "o")
    worth = [len(w) - depth.recurrent_depth(diagram) * sum(e.delay for e in w) for p in paths for w in every_way(diagram, p)]
    assert depth.feedforward_depth(diagram) == max(worth)


@settings(deadline=None, max_examples=60)
@given(diagrams())
def test_measures_are_what_the_unfolded_graph_shows(diagram):
    """The definitions themselves: D_n stays within a constant of n d_r, d_n of n / s, and d_f is the supremum over n."""
    n, bound = 36, len(diagram.nodes)  # 36 steps: longer than any simple path's delay
    graph = nx.DiGraph(depth.unrolled(diagram, n + 1).edges)
    d_r = depth.recurrent_depth(diagram)
    for m in (n // 2, n):
        longest = depth.over_steps(diagram, m)
        assert longest is None or longest <= m * d_r + bound
        shortest = depth.over_steps(diagram, m, shortest=True)
        assert shortest is None or shortest >= m / depth.skip_coefficient(diagram) - bound
    for cycle, sign in ((depth.deepest_cycle(diagram), 1), (depth.shortest_cycle(diagram), -1)):
        if cycle:
            m = n // sum(e.delay for e in cycle) * sum(e.delay for e in cycle)
            around = Fraction(len(cycle), sum(e.delay for e in cycle)) * m
            assert m == 0 or sign * depth.over_steps(diagram, m, shortest=sign < 0) >= sign * around
    lengths = {("x", 1): 0}
    for node in nx.topological_sort(graph):
        best = [lengths[a] + 1 for a in graph.predecessors(node) if a in lengths]
        if best:
            lengths[node] = max(best)
    outputs = {t - 1: lengths[name, t] for name, t in lengths if name == "o"}
    assert depth.feedforward_depth(diagram) == max(length - m * d_r for m, length in outputs.items())


@settings(deadline=None, max_examples=60)
@given(diagrams(), st.integers(1, 6))
def test_unfolded_graph_rounds_and_longest_path(diagram, T):
    graph = nx.DiGraph()
    made = depth.unrolled(diagram, T)
    graph.add_nodes_from(made.nodes)
    graph.add_edges_from(made.edges)
    assert nx.is_directed_acyclic_graph(graph) and len(made.nodes) == T * len(diagram.nodes)
    assert all(made.nodes.index(a) < made.nodes.index(b) for a, b in made.edges)
    rounds = depth.rounds(diagram, T)
    for node in made.nodes:
        before = [rounds[a] + 1 for a in graph.predecessors(node)]
        assert rounds[node] == (0 if node[0] == "x" else max([1, *before]))
    path = depth.longest_path(diagram, T) if any(nx.has_path(graph, ("x", 1), ("o", t)) for t in range(1, T + 1)) else None
    if path:
        below = nx.DiGraph(made.edges).subgraph({n for s in range(1, T + 1) for n in nx.descendants(graph, ("x", s)) | {("x", s)}})
        ends = {n for t in range(1, T + 1) if ("o", t) in below for n in nx.ancestors(below, ("o", t)) | {("o", t)}}
        assert len(path) - 1 == nx.dag_longest_path_length(below.subgraph(ends))
        assert path[0][0] == "x" and path[-1][0] == "o" and all(graph.has_edge(*e) for e in pairwise(path))


@pytest.mark.parametrize(("diagram", "measures"), [
    (depth.vanilla(), (1, 2, 1)), (depth.stacked(1), (1, 2, 1)), (depth.stacked(4), (1, 5, 1)),
    (depth.deep_transition(3), (3, 4, Fraction(1, 3))), (depth.deep_output(3), (1, 4, 1)), (depth.skipping(5), (1, 2, 5)),
    (cell(2, 3, 2, 6), (3, 8, 2)), (cell(3, shortcuts=True), (1, 4, 1)),
    (Diagram((("x", "a"), ("a", "b"), ("b", "c"), ("c", "a", 2), ("c", "o"))), (Fraction(3, 2), 4, Fraction(2, 3))),
    (Diagram((("x", "h"), ("h", "o"), ("o", "h", 1))), (2, 2, Fraction(1, 2))),  # Jordan: the output feeds back
    (Diagram((("x", "h"), ("x", "h", 3), ("h", "o"))), (0, 2, None)),  # a window of inputs: nothing recurs
    (Diagram((("x", "h", 2), ("h", "h", 4), ("h", "o"))), (Fraction(1, 4), Fraction(3, 2), 4)),  # a delay on the way costs half
])  # fmt: skip
def test_measures_of_known_diagrams(diagram, measures):
    assert (depth.recurrent_depth(diagram), depth.feedforward_depth(diagram)) == measures[:2]
    assert measures[2] is None or depth.skip_coefficient(diagram) == measures[2]


def test_order_of_computation_of_a_stacked_net():
    """Layer l at step t can be computed in round l + t − 1: T + L rounds for all, in place of one after another."""
    rounds = depth.rounds(depth.stacked(3), 4)
    assert all(rounds[f"h{layer}", t] == layer + t - 1 for layer in (1, 2, 3) for t in range(1, 5))
    assert all(rounds["o", t] == 3 + t for t in range(1, 5)) and max(rounds.values()) == 4 + 3


@pytest.mark.parametrize("L", [1, 3])
def test_the_diagram_tells_what_a_real_net_depends_on(L):
    """An output changes with an input exactly where the unfolded diagram has a path."""
    rng, T = np.random.default_rng(0), 4
    net, readout = Stacked(tuple(Elman(2, 2) for _ in range(L))), Readout(2, 1)
    params, last = net.init(rng), readout.init(rng)
    diagram = depth.stacked(L)
    graph = nx.DiGraph(depth.unrolled(diagram, T).edges)
    x = rng.standard_normal((T, 2, 1))
    before = readout.forward(last, run(net, params, x)[0])
    for s in range(T):
        moved = x.copy()
        moved[s] += 1
        changed = (readout.forward(last, run(net, params, moved)[0]) != before).any(axis=(1, 2))
        assert changed.tolist() == [nx.has_path(graph, ("x", s + 1), ("o", t + 1)) for t in range(T)]


@pytest.mark.parametrize(("edges", "says"), [
    ((("x", "a"), ("a", "b"), ("b", "a"), ("b", "o")), "a delay in every cycle"),
    ((("x", "h"), ("h", "h", 0), ("h", "o")), "a delay in every cycle"),
    ((("x", "h"), ("h", "o"), ("h", "x", 1)), "no edge into an input"),
    ((("x", "h"), ("h", "o"), ("g", "h", 1)), "an input leads to, got 'g'"),
    ((("x", "h"), ("h", "o"), ("h", "g")), "leads to an output, got 'g'"),
    ((("x", "h"), ("h", "o"), ("h", "h", -1)), "from zero on"),
    ((("x", "h"), ("h", "o"), ("h", "h", 1.0)), "from zero on"),
    ((("x", "h"), ("h", "o"), ("h", "h", True)), "from zero on"),
    ((("x", "h"), ("h", "o"), ("h", "h", 1), ("h", "h", 1)), "twice"),
    ((("x", "h"), ("h", "y")), "outputs: expected one of"),
    ((("a", "h"), ("h", "o")), "inputs: expected one of"),
    ("xh", "a list of"), ((("x", ""), ("h", "o")), "two names"),
])  # fmt: skip
def test_refusals(edges, says):
    with pytest.raises(SettingError, match=says):
        Diagram(edges)


def test_refusals_of_further_arguments():
    with pytest.raises(SettingError, match="two steps or more"):
        cell(skip=1)
    with pytest.raises(SettingError, match="no path"):
        depth.longest_path(Diagram((("x", "h", 3), ("h", "o"))), 2)
