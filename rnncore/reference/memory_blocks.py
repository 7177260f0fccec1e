r"""Nets of memory blocks as they were in 1997 and 2000, many trials side by side, with all that learning needs carried forward in time.

A block has S cells $c$ that share an input gate and, as the settings say, an output gate and a forget gate; f is the logistic function:

$$y^{in} = f(a^{in}), \quad y^{\varphi} = f(a^{\varphi}), \quad y^{out} = f(a^{out})$$

$$s_c(t) = y^{\varphi}(t)\, s_c(t-1) + y^{in}(t)\, g(a^c(t)), \qquad y^c = y^{out} h(s_c)$$

($y^{\varphi} = 1$ without forget gates, $y^{out} = 1$ without output gates). Cells and gates see the input $x(t)$ and the activations of
step t − 1; outputs $y_k = f(\sum_c v_{kc}\, y^c + \sum_j u_{kj}\, x_j + c_k)$ see the cells of step t. With peepholes the input and
the forget gate also see $s(t-1)$, the output gate $s(t)$, each those of its own block.

All arrays have the trials in front: N nets that never meet. Source: Hochreiter and Schmidhuber 1997, appendix A.1; Gers, Schmidhuber
and Cummins 2000 (forget gates); Gers, Schraudolph and Schmidhuber 2002 (peepholes). How they learn: `memory_blocks_learning`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .. import checks
from ..errors import SettingError, ShapeError
from . import memory_blocks_learning as learning
from .memory_blocks_state import State

SPARSE = 24  # from so many symbols on a column is looked up; below, a short one-hot vector costs less


@dataclass(frozen=True)
class MemoryBlocks:
    r"""N nets side by side. Weights are `W` (N, units, sources), `V` (N, K, cells), and with their options `S` (N, K, D), `c` (N, K), `P`.

    Units are in the order: cells (block by block), input gates, forget gates, output gates; sources: inputs, the units whose
    activations of t − 1 are fed back, and a one for the bias. `P` (N, gates, blocks, size) are the peepholes, gates in the same order.

    Args:
        D, K: inputs (or symbols), outputs.
        blocks, size: number of blocks, and of cells in each.
        output_gate, forget_gate, peephole: which parts there are.
        recurrent: whose activations are fed back to the units: "all" (cells and gates), "cells", "none".
        shortcut: whether inputs are also wired to the outputs.
        bias: which units have one: "none", "gates", "hidden" (cells and gates); output_bias: whether outputs have.
        g, h: "centred" ($4f - 2$ for g, $2f - 1$ for h, as in the paper), "logistic", "identity".
        output: "logistic" or "identity".
    Raises: SettingError for a setting outside its range.
    """

    D: int
    K: int
    blocks: int
    size: int = 1
    output_gate: bool = True
    forget_gate: bool = False
    peephole: bool = False
    recurrent: str = "all"
    shortcut: bool = False
    bias: str = "hidden"
    output_bias: bool = True
    g: str = "centred"
    h: str = "centred"
    output: str = "logistic"

    def __post_init__(self) -> None:
        for name in ("D", "K", "blocks", "size"):
            checks.positive(name, getattr(self, name), integer=True)
        for name in ("output_gate", "forget_gate", "peephole", "shortcut", "output_bias"):
            if not isinstance(getattr(self, name), bool):
                raise SettingError(f"{name}: expected True or False, got {getattr(self, name)!r}")
        checks.one_of("recurrent", self.recurrent, ("all", "cells", "none"))
        checks.one_of("bias", self.bias, ("none", "gates", "hidden"))
        checks.one_of("g", self.g, ("centred", "logistic", "identity"))
        checks.one_of("h", self.h, ("centred", "logistic", "identity"))
        checks.one_of("output", self.output, ("logistic", "identity"))

    @property
    def cells(self) -> int:
        """Cells in all blocks together."""
        return self.blocks * self.size

    @property
    def gates(self) -> tuple[str, ...]:
        """The gates of a block, in the order of the units."""
        return ("in", *("forget",) * self.forget_gate, *("out",) * self.output_gate)

    def rows(self, gate: str) -> slice:
        """Where the units of a gate stand in W."""
        first = self.cells + self.gates.index(gate) * self.blocks
        return slice(first, first + self.blocks)

    @property
    def fed_back(self) -> int:
        """How many activations of t − 1 are sources."""
        return {"all": self.cells + len(self.gates) * self.blocks, "cells": self.cells, "none": 0}[self.recurrent]

    @property
    def shapes(self) -> dict[str, tuple]:
        """Shapes of one net's weights."""
        U, J = self.cells + len(self.gates) * self.blocks, self.D + self.fed_back + (self.bias != "none")
        shapes = {"W": (U, J), "V": (self.K, self.cells)}
        shapes |= {"P": (len(self.gates), self.blocks, self.size)} if self.peephole else {}
        shapes |= {"S": (self.K, self.D)} if self.shortcut else {}
        return shapes | ({"c": (self.K,)} if self.output_bias else {})

    @property
    def weights(self) -> int:
        """Number of weights of one net, as the papers count them."""
        return sum(int(np.prod(s)) for s in self.shapes.values()) - self.cells * (self.bias == "gates")

    def init(self, rngs: Sequence[np.random.Generator], scale: float = 0.1, **biases: float | Sequence[float]) -> dict[str, np.ndarray]:
        r"""First weights, uniform in [−scale, scale], for as many nets as there are generators: a trial does not depend on the others.

        Args: rngs: one generator for each trial (`generators`); biases: of gates, `in_=(-2, -4)`, `forget=1.0`, `out=...`, a number
        for all blocks or one for each, in place of what was drawn.
        """
        if isinstance(rngs, np.random.Generator) or not isinstance(rngs, Sequence) or not len(rngs):
            raise SettingError(f"rngs: expected a list of numpy.random.Generator, one for each trial, got {rngs!r}")
        for rng in rngs:
            checks.generator(rng)
        checks.positive("scale", scale)
        values = {gate.rstrip("_"): value for gate, value in biases.items() if value is not None}
        for gate in values:
            checks.one_of("biases", gate, self.gates)
            if self.bias == "none":
                raise SettingError(f"biases: expected none for a net whose units have no bias, got {gate}")
        shapes = self.shapes
        drawn = np.stack([rng.uniform(-scale, scale, sum(int(np.prod(s)) for s in shapes.values())) for rng in rngs])
        cuts = np.cumsum([np.prod(s) for s in shapes.values()])[:-1]
        params = {k: np.ascontiguousarray(p).reshape(len(rngs), *shapes[k]) for k, p in zip(shapes, np.split(drawn, cuts, axis=1))}
        if self.bias == "gates":
            params["W"][:, : self.cells, -1] = 0  # no weights, though they have a place; `learning` keeps them there
        for gate, value in values.items():
            each = list(value) if isinstance(value, (list, tuple, np.ndarray)) else [value] * self.blocks
            for number in each:
                checks.number(gate, number)
            if len(each) != self.blocks:
                raise ShapeError(f"biases: expected a number for {gate}, or {self.blocks}, one for each block, got {value}")
            params["W"][:, self.rows(gate), -1] = each
        if self.shortcut:  # a symbol's column lies in one piece: it is what is looked up at every step
            params["S"] = np.ascontiguousarray(params["S"].swapaxes(1, 2)).swapaxes(1, 2)
        return params

    def start(self, N: int) -> State:
        """The state before a sequence, zeros: `step` writes into it. `state.reset(trials)` does it again for some of the trials."""
        checks.positive("N", N, integer=True)
        return State.zeros(self, N)

    def step(self, params: dict, x_t: np.ndarray, state: State, learns: bool = True, read: bool = True) -> tuple[np.ndarray | None, State]:
        """One step of all nets.

        Args: x_t (N, D), or symbols (N,), integers; state: is written into; learns: carry on the derivatives (not needed to test);
        read: whether outputs are asked for. Returns: outputs (N, K) or None, and the state.
        """
        C, D, W = self.cells, self.D, params["W"]
        s, v, a, y = state.s, state.v, state.a, state.y
        if self.fed_back:
            v[:, D : D + C] = state.yc
            v[:, D + C : D + self.fed_back] = y[:, C : self.fed_back]
        state.x, state.sparse = x_t, x_t.ndim == 1 and D >= SPARSE
        if state.sparse:
            np.copyto(a, W[state.trials, :, x_t])
            if v.shape[1] > D:
                a += (W[:, :, D:] @ v[:, D:, None])[:, :, 0]
        else:
            v[:, :D] = state.eye[x_t] if x_t.ndim == 1 else x_t
            np.matmul(W, v[:, :, None], out=a[:, :, None])
        np.copyto(state.before, s)
        if self.peephole:
            P, early = params["P"], 1 + self.forget_gate
            a[:, C : C + early * self.blocks] += (P[:, :early] * s[:, None]).sum(axis=3).reshape(len(a), -1)
        logistic(a, y)
        y_in = y[:, self.rows("in"), None]
        cells = y[:, :C].reshape(s.shape)
        g = cells * 4 - 2 if self.g == "centred" else cells if self.g == "logistic" else a[:, :C].reshape(s.shape)
        if self.forget_gate:
            s *= y[:, self.rows("forget"), None]
        s += y_in * g
        if self.h == "centred":
            np.multiply(s, 0.5, out=state.h)
            np.tanh(state.h, out=state.h)
        else:
            logistic(s, state.h) if self.h == "logistic" else np.copyto(state.h, s)
        if self.output_gate:
            if self.peephole:
                out = self.rows("out")
                a[:, out] += (P[:, -1] * s).sum(axis=2)
                y[:, out] = logistic(a[:, out], np.empty_like(a[:, out]))
            np.multiply(state.h, y[:, self.rows("out"), None], out=state.yc.reshape(s.shape))
        else:
            np.copyto(state.yc, state.h.reshape(state.yc.shape))
        if learns:
            learning.carry(self, state, g)
        return (self.read(params, state) if read else None), state

    def read(self, params: dict, state: State) -> np.ndarray:
        """Outputs (N, K) at the step just done."""
        o = (params["V"] @ state.yc[:, :, None])[:, :, 0]
        if self.shortcut:
            x = state.x
            o += params["S"][state.trials, :, x] if x.ndim == 1 else (params["S"] @ x[:, :, None])[:, :, 0]
        if self.output_bias:
            o += params["c"]
        state.out = logistic(o, o) if self.output == "logistic" else o
        return state.out

    def gradient(self, params: dict, state: State, e: np.ndarray, at: str = "outputs") -> dict[str, np.ndarray]:
        """Gradients of the error of this step, see `memory_blocks_learning.gradient`. To be called after `read`."""
        return learning.gradient(self, params, state, e, at)

    def descend(self, params: dict, state: State, e: np.ndarray, lr, at: str = "outputs") -> None:
        """A step downhill, written into the weights, see `memory_blocks_learning.descend`. To be called after `read`."""
        learning.descend(self, params, state, e, lr, at)


def logistic(a: np.ndarray, out: np.ndarray) -> np.ndarray:
    """f into `out`; by way of tanh, which does not overflow."""
    np.multiply(a, 0.5, out=out)
    np.tanh(out, out=out)
    out *= 0.5
    out += 0.5
    return out


def generators(seed: int, N: int) -> list[np.random.Generator]:
    """N generators of one seed: the first are the same whatever N is."""
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise SettingError(f"seed: expected a whole number from 0, got {seed!r}")
    checks.positive("N", N, integer=True)
    return [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(N)]
