r"""The readout on Torch: $o_t = V h_t + c$, the same weights at every step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from .. import reference
from . import checks
from .devices import to_torch


@dataclass(frozen=True)
class Readout:
    """The readout from H hidden units to K outputs; keys, shapes and errors as in `rnncore.reference.Readout`."""

    H: int
    K: int

    __post_init__ = reference.Readout.__post_init__
    shapes = reference.Readout.shapes

    def init(self, rng: np.random.Generator, dtype=torch.float64, device="cpu", **how) -> dict:
        """The reference's initial values for this rng, as tensors."""
        return to_torch(reference.Readout.init(self, rng, **how), device, dtype)

    def forward(self, params: dict, h: torch.Tensor) -> torch.Tensor:
        """Logits (T, K, B) from hidden states (T, H, B); one step, (H, B), gives (K, B)."""
        h = checks.array("h", h, ("T", self.H, "B") if getattr(h, "ndim", 0) == 3 else (self.H, "B"))
        checks.parameters(params, self.shapes, h)
        return params["V"] @ h + params["c"]
