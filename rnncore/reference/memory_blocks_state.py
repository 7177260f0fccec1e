"""What a net of memory blocks keeps from step to step: plain arrays, trials in front, that can be pickled or taken in part."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np


@dataclass
class State:
    """Activations and derivatives after a step, of N trials. B blocks of S cells; C = B·S cells in all, J sources."""

    s: np.ndarray  # (N, B, S)
    before: np.ndarray  # (N, B, S): s of the step before
    h: np.ndarray  # (N, B, S): h(s)
    yc: np.ndarray  # (N, C): outputs of the cells
    a: np.ndarray  # (N, units): net inputs
    y: np.ndarray  # (N, units): f of them
    v: np.ndarray  # (N, J): the sources; its inputs are not filled in where they are looked up
    trace: np.ndarray  # (N, B, S, kinds, J): ∂s/∂w of the weights into the cell itself, the input gate, the forget gate
    peep: np.ndarray | None  # (N, B, S, kinds − 1, S): the same of the peepholes
    work: np.ndarray  # as trace
    trials: np.ndarray  # 0 … N − 1
    eye: np.ndarray | None  # one-hot rows
    x: np.ndarray | None = None
    sparse: bool = False
    out: np.ndarray | None = None  # (N, K)

    @classmethod
    def zeros(cls, net, N: int) -> State:
        """Before a sequence."""
        B, S, (U, J), kinds = net.blocks, net.size, net.shapes["W"], 2 + net.forget_gate
        v = np.zeros((N, J))
        if net.bias != "none":
            v[:, -1] = 1
        peep = np.zeros((N, B, S, kinds - 1, S)) if net.peephole else None
        return cls(*np.zeros((3, N, B, S)), np.zeros((N, B * S)), np.zeros((N, U)), np.zeros((N, U)), v, np.zeros((N, B, S, kinds, J)),
                   peep, np.empty((N, B, S, kinds, J)), np.arange(N), np.eye(net.D))  # fmt: skip

    def reset(self, trials=slice(None)) -> None:
        """A sequence begins, for all trials or for some: activations and derivatives are zero again."""
        for a in (self.s, self.yc, self.y, self.trace, self.peep):
            if a is not None:
                a[trials] = 0

    def take(self, trials: np.ndarray) -> State:
        """A state of some of the trials only, an array of its own."""
        parts = {f.name: getattr(self, f.name) for f in fields(self)}
        shared = ("eye", "sparse")
        parts = {k: p if p is None or k in shared else p[trials].copy() for k, p in parts.items()}
        return State(**parts | {"trials": np.arange(len(parts["s"]))})
