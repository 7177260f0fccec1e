r"""The LSTM cell on Torch: $c_t = f_t \odot c_{t-1} + i_t \odot g_t$, $h_t = o_t \odot \tanh(c_t)$.

Shapes, keys and sources are those of `rnncore.reference.lstm`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from .. import reference
from ..reference.lstm import State
from .activations import ACTIVATIONS, logistic
from .devices import to_torch

tanh = ACTIVATIONS["tanh"].function


@dataclass(frozen=True)
class LSTM:
    """The LSTM cell with D inputs and H hidden units; arguments and errors as in `rnncore.reference.LSTM`."""

    D: int
    H: int
    variant: str = "1999"

    __post_init__ = reference.LSTM.__post_init__
    outputs = reference.LSTM.outputs
    shapes = reference.LSTM.shapes

    def init(self, rng: np.random.Generator, dtype=torch.float64, device="cpu", **how) -> dict:
        """The reference's initial values for this rng, as tensors; `how` maps a symbol to an initialiser of the reference."""
        return to_torch(reference.LSTM.init(self, rng, **how), device, dtype)

    def initial_state(self, B: int = 1, dtype=torch.float64, device="cpu") -> State:
        """$h_0 = 0$ and $c_0 = 0$ for B sequences."""
        return to_torch(reference.LSTM.initial_state(self, B), device, dtype)

    def step(self, params: dict, x_t: torch.Tensor, state: State) -> tuple[torch.Tensor, State]:
        r"""One step: $c_t = f_t \odot c_{t-1} + i_t \odot g_t$, $h_t = o_t \odot \tanh(c_t)$. Returns: $h_t$, the new state."""
        p = params
        i = logistic(p["U_i"] @ x_t + p["W_i"] @ state.h + p["b_i"])  # (H, B), how far to write
        f = logistic(p["U_f"] @ x_t + p["W_f"] @ state.h + p["b_f"])  # how far to keep
        g = tanh(p["U_g"] @ x_t + p["W_g"] @ state.h + p["b_g"])  # what to write
        o = logistic(p["U_o"] @ x_t + p["W_o"] @ state.h + p["b_o"])  # how far to read
        c = f * state.c + i * g
        h = o * tanh(c)
        return h, State(h, c)
