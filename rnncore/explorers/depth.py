"""Explorer of depth: build a cell diagram, and see how deep the net is and in which order it can be computed."""

from __future__ import annotations

import traitlets

from ..errors import RNNCoreError
from ..reference.diagrams import Diagram, cell
from .base import Explorer, front_end

MOST_EDGES = 6


class DepthExplorer(Explorer):
    r"""Build a cell diagram: recurrent depth $d_r$, feed-forward depth $d_f$ and skip coefficient $s$ as exact fractions.

    The diagrams are those of `rnncore.reference.diagrams.cell`, with further edges; the measures those of `rnncore.reference.depth`.

    Usage:

        ex = explorers.DepthExplorer()                                     # the vanilla cell
        ex = explorers.DepthExplorer(layers=3, edges=[["h3", "h1", 2]])    # the top layer feeds the lowest, two steps later
        ex                                                                 # last line of a cell: shows it
        ex.d_r, ex.d_f, ex.s                                               # "3/2", "4", "1": what the page has computed
        ex.diagram                                                         # the same for `rnncore.reference.depth`

    Args:
        layers: recurrent layers, from 1 to 4; transition: steps of computation from state to state, from 1 to 3.
        output: steps of computation from the last state to the output, from 1 to 3.
        skip: a further edge in each layer, from its state to that so many steps later, from 2 to 6; 1 for none.
        shortcuts: whether the input leads to every layer and every layer to the output.
        edges: further edges [source, target, delay], up to 6, with delays up to 6. One that does not fit is left out: one that
            names a node that is not there, leads into the input, is there already, or closes a cycle without delay.
        T: steps of the unfolded graph, from 1 to 7.
        show: "path" (the longest from an input to an output) or "order" (of computation); round: how many rounds are done.
        mark: what is thick in the cell: "deep" (the deepest cycle), "path" (the deepest path) or "short" (the shortest cycle).

    Traits that the page fills once it is shown: `d_r`, `d_f`, `s`, fractions as texts; `used`, the edges; `n_rounds`; `rounds`, a dict
    from "name@t" to the round in which that node can be computed; `path`, the nodes of the longest path; `over`, for n = 1, 2, 4,
    8, 16 and 32 the lengths of the longest and of the shortest path over n steps.

    Raises: TraitError for sizes outside the ranges, names that are not known, and edges that are none.
    """

    _esm = front_end("renew", "graph", "depth_net", "depth_picture", "depth")

    layers = traitlets.Int(1, min=1, max=4).tag(sync=True)
    transition = traitlets.Int(1, min=1, max=3).tag(sync=True)
    output = traitlets.Int(1, min=1, max=3).tag(sync=True)
    skip = traitlets.Int(1, min=1, max=6).tag(sync=True)
    shortcuts = traitlets.Bool(False).tag(sync=True)
    edges = traitlets.List().tag(sync=True)
    T = traitlets.Int(5, min=1, max=7).tag(sync=True)
    show = traitlets.Enum(["path", "order"], default_value="path").tag(sync=True)
    mark = traitlets.Enum(["deep", "path", "short"], default_value="deep").tag(sync=True)
    round = traitlets.Int(1, min=0).tag(sync=True)
    d_r, d_f, s = (traitlets.Unicode("").tag(sync=True) for _ in range(3))
    n_rounds = traitlets.Int(0).tag(sync=True)
    rounds = traitlets.Dict().tag(sync=True)
    path, used, over = (traitlets.List().tag(sync=True) for _ in range(3))

    @traitlets.validate("edges")
    def _are_edges(self, proposal):
        edges = [list(edge) if isinstance(edge, (list, tuple)) else edge for edge in proposal.value]
        for edge in edges:
            fits = isinstance(edge, list) and len(edge) == 3 and all(isinstance(name, str) and name for name in edge[:2])
            if not fits or type(edge[2]) is not int or not 0 <= edge[2] <= 6:
                self._refuse("edges", "[source, target, delay], two names and a whole number from 0 to 6", edge)
        if len(edges) > MOST_EDGES:
            self._refuse("edges", f"at most {MOST_EDGES} edges", len(edges))
        return edges

    @property
    def diagram(self) -> Diagram:
        """The diagram with those of the further edges that fit."""
        found = cell(self.layers, self.transition, self.output, None if self.skip == 1 else self.skip, self.shortcuts)
        names = found.nodes
        for source, target, delay in self.edges:
            if source in names and target in names:
                try:
                    found = Diagram((*found.edges, (source, target, delay)))
                except RNNCoreError:  # it does not fit
                    continue
        return found
