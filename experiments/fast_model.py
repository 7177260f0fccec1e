"""A `Model` whose cells run on their fast twins: the same keys and numbers, several times sooner."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnncore import checks
from rnncore.reference.model import Model
from rnncore.reference.sequences import last, run


@dataclass(frozen=True)
class FastModel(Model):
    """As `Model`, for training: real numbers alone, and no `truncate`. What it has learnt a `Model` of the same parts takes."""

    _stepwise = False

    def forward(self, params: dict, x: np.ndarray, state=None, mask=None, rng: np.random.Generator | None = None) -> tuple:
        """As `Model.forward`."""
        checks.parameters(params, self.shapes)
        columns = self.embedding.forward(params, x) if self.embedding else x
        h, state, memory = run(self.cell, params, columns, state, mask, rng, fused=True)
        if self.output == "last":
            h = last(self.cell, state)[None]
        o = self.readout.forward(params, h) if self.readout else h
        return o, state, (h, memory, (x, mask))


@dataclass(frozen=True)
class Asked(FastModel):
    """A model whose batches' mask tells at which steps an answer is wanted; all steps are read."""

    def forward(self, params: dict, x: np.ndarray, state=None, mask=None, rng: np.random.Generator | None = None) -> tuple:
        """As `Model.forward` without a mask."""
        return super().forward(params, x, state, None, rng)
