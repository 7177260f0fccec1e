"""Explorer of the Hopfield network."""

from __future__ import annotations

import itertools

import numpy as np
import traitlets

from .base import Array, Explorer, front_end, mulberry32

LETTERS = {
    "H": "##......## ##......## ##......## ##......## ########## ########## ##......## ##......## ##......## ##......##",
    "L": "###....... ###....... ###....... ###....... ###....... ###....... ###....... ########## ########## ##########",
    "X": "##......## ###....### .###..###. ..######.. ...####... ...####... ..######.. .###..###. ###....### ##......##",
    "J": "....###### ....###### .......### .......### .......### .......### ##.....### ###....### .########. ..######..",
    "Z": "########## ########## ......#### .....####. ....####.. ...####... ..####.... .####..... ########## ##########",
    "E": "########## ########## ##........ ##........ ########.. ########.. ##........ ##........ ########## ##########",
}


def letters(names: str = "HLXJZE") -> np.ndarray:
    """Letters on a grid of 10 × 10 units as columns of ±1, (100, P); there are H, L, X, J, Z and E."""
    return np.array([[1.0 if c == "#" else -1.0 for c in LETTERS[name] if c != " "] for name in names]).T


class HopfieldExplorer(Explorer):
    r"""Store patterns by Hebb's rule, disturb a state, and watch the network recall.

    $$W = \frac1N \sum_\mu \xi^\mu \xi^{\mu\top}, \quad W_{ii} = 0, \qquad
    s_i \leftarrow \mathrm{sgn}\Big(\sum_j W_{ij} s_j\Big), \qquad E = -\tfrac12 s^\top W s$$

    One unit is updated at a time. A sweep visits every unit once, in a random order that `seed` fixes; a unit whose field
    is exactly zero stays as it is.

    Usage:

        ex = explorers.HopfieldExplorer()                      # six letters on 10 × 10 units, four of them stored
        ex = explorers.HopfieldExplorer(stored=[0, 1], noise=0.3, seed=7)
        ex = explorers.HopfieldExplorer(my_patterns, shape=(8, 8), names=["A", "B"])   # my_patterns: (64, 2), entries ±1
        ex                                                     # last line of a cell: shows it
        ex.state, ex.energy, ex.updates, ex.overlap            # what the reader has reached
        ex.state = ex.patterns[:, [2]]                         # the view follows

    Args:
        patterns: (N, P), one pattern per column, entries ±1; default `letters()`.
        names: a name for each pattern. Setting another number of patterns later renews names and stored.
        shape: rows and columns of the grid, N = rows · columns.
        stored: indices of the patterns that the weights hold; default the first four.
        state: start state (N, 1); default the first pattern.
        extra: number of random patterns that are stored as well, 0 to 30.
        noise: part of the units that "Add noise" flips, 0 to 0.5.
        seed: of the update order and of the random patterns.

    Traits that the page fills once it is shown: `energy` (updates + 1,), `updates`, `overlap` (P,).

    Raises: TraitError for a wrong shape, a value other than ±1, an unknown index.

    Source: Hopfield 1982. There the units are 0 and 1 and W is not divided by N; see `rnncore.reference.hopfield`.
    """

    _esm = front_end("charts", "hopfield_net", "hopfield_grid", "hopfield")

    rows = traitlets.Int(10).tag(sync=True)
    cols = traitlets.Int(10).tag(sync=True)
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    patterns = Array(("N", "P"), letters(), values=(-1, 1))
    stored = traitlets.List(traitlets.Bool()).tag(sync=True)
    extra = traitlets.Int(0, min=0, max=30).tag(sync=True)
    noise = traitlets.Float(0.2, min=0, max=0.5).tag(sync=True)
    seed = traitlets.Int(0, min=0).tag(sync=True)
    state = Array(("N", 1), letters("H"), values=(-1, 1))
    energy = Array(("updates + 1",), computed=True)
    overlap = Array(("P",), computed=True)
    updates = traitlets.Int(0).tag(sync=True)

    def __init__(self, patterns=None, *, names=None, shape=(10, 10), stored=None, state=None, **traits) -> None:
        rows, cols = shape
        own = np.asarray(letters() if patterns is None else patterns)
        if own.ndim != 2 or own.shape[0] != rows * cols:
            self._refuse("patterns", f"shape ({rows * cols}, P) for a grid of {rows} × {cols}", own.shape)
        P = own.shape[1]
        names = names or (list(LETTERS) if patterns is None else [f"{k + 1}" for k in range(P)])
        stored = range(min(4, P)) if stored is None else stored
        if any(k not in range(P) for k in stored):
            self._refuse("stored", f"indices of patterns, 0 to {P - 1}", list(stored))
        super().__init__(
            patterns=own, names=list(names), rows=rows, cols=cols, stored=[k in stored for k in range(P)],
            state=own[:, :1] if state is None else state, **traits,
        )  # fmt: skip

    @traitlets.validate("patterns", "state")
    def _fits_grid(self, proposal):
        name, value, N = proposal.trait.name, proposal.value, self.rows * self.cols
        if value.shape[0] != N:
            self._refuse(name, f"{N} rows for a grid of {self.rows} × {self.cols}", value.shape)
        return value

    @traitlets.validate("names", "stored")
    def _one_per_pattern(self, proposal):
        if len(proposal.value) != self.patterns.shape[1]:
            self._refuse(proposal.trait.name, f"{self.patterns.shape[1]} entries, one per pattern", proposal.value)
        return proposal.value

    @traitlets.observe("patterns")
    def _renew(self, change):
        P = change.new.shape[1]
        if len(self.names) != P:
            self.names, self.stored = [f"{k + 1}" for k in range(P)], [k < 4 for k in range(P)]

    @property
    def W(self) -> np.ndarray:
        """The weights (N, N) of the patterns that are stored now, the random ones included."""
        N = self.rows * self.cols
        draw = mulberry32(self.seed + 1000)
        extras = np.array([1.0 if u >= 0.5 else -1.0 for u in itertools.islice(draw, N * self.extra)]).reshape(-1, N).T
        xi = np.hstack([self.patterns[:, self.stored], extras])
        W = xi @ xi.T / N
        np.fill_diagonal(W, 0.0)
        return W
