"""A cell, a readout and a loss put together, on Torch. `rnncore.training.fit` trains it as it trains the reference's.

A batch may hold NumPy arrays: they are copied to the device of the parameters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from .. import reference
from ..reference.model import Batch, check_batch
from . import checks
from .devices import to_torch
from .losses import LOSSES
from .readout import Readout
from .unroll import detach, unroll


@dataclass(frozen=True)
class Model:
    """A recurrent model; arguments and errors as in `rnncore.reference.Model`."""

    cell: object
    readout: Readout | None = None
    loss: str = "softmax_cross_entropy"
    output: str = "every"
    truncate: tuple[int, int] | None = None

    __post_init__ = reference.Model.__post_init__
    shapes = reference.Model.shapes

    def init(self, rng: np.random.Generator, dtype=torch.float64, device="cpu", **how) -> dict:
        """The reference's initial values for this rng, as tensors; `how` maps a symbol to an initialiser of the reference."""
        mine = {k: v for k, v in how.items() if self.readout and k in self.readout.shapes}
        params = self.cell.init(rng, dtype, device, **{k: v for k, v in how.items() if k not in mine})
        return params | (self.readout.init(rng, dtype, device, **mine) if self.readout else {})

    def initial_state(self, B: int = 1, dtype=torch.float64, device="cpu"):
        """The cell's initial state."""
        return self.cell.initial_state(B, dtype, device)

    def step_logits(self, params: dict, x_t: torch.Tensor, state) -> tuple[torch.Tensor, object]:
        """One step for generation: logits (K, B) and the new state, from x_t (D, B)."""
        y, state = self.cell.step(params, x_t, state)
        return (self.readout.forward(params, y) if self.readout else y), state

    def forward(self, params: dict, x: torch.Tensor, state=None, mask=None) -> tuple[torch.Tensor, object]:
        """Logits (T, K, B), or (1, K, B) with output="last", and the final state."""
        checks.parameters(params, self.shapes)
        place = next(iter(params.values())).device
        x, state = _tensors(x, place), _tensors(state, place)
        h, state = unroll(self.cell, params, x, state, mask, self.truncate)
        if self.output == "last":
            h = state.h[None]  # with a mask: the true last step of each sequence
        return (self.readout.forward(params, h) if self.readout else h), state

    def loss_and_gradients(self, params: dict, batch: Batch, state=None, reduction: str = "mean") -> tuple:
        """Loss (a Python float), gradients of all parameters, and the final state, cut off from the tape.

        `state` is used if the batch carries on. The parameters may be plain tensors; they are not changed.
        """
        check_batch(batch)
        checks.parameters(params, self.shapes)
        theta = {k: params[k].detach().requires_grad_() for k in self.shapes}
        loss, final = self._loss(theta, batch, state, reduction)
        grads = torch.autograd.grad(loss, list(theta.values()))
        return loss.item(), dict(zip(theta, grads)), detach(final)

    def loss_value(self, params: dict, batch: Batch, state=None, reduction: str = "mean") -> torch.Tensor:
        """The loss alone, with its tape where the parameters require gradients."""
        return self._loss(params, batch, state, reduction)[0]

    def _loss(self, params: dict, batch: Batch, state, reduction: str) -> tuple[torch.Tensor, object]:
        check_batch(batch)
        o, final = self.forward(params, batch.x, state if batch.carry else None, batch.mask)
        mask = None if self.output == "last" else batch.mask
        return LOSSES[self.loss](o, _tensors(batch.targets, o.device), mask, reduction), final


def _tensors(value, place: torch.device):
    """NumPy arrays, alone or in a state, as tensors on the device; tensors and all else as they are."""
    if isinstance(value, np.ndarray):
        return to_torch(value, place)
    if hasattr(value, "_fields"):
        return type(value)(*(_tensors(v, place) for v in value))
    return value
