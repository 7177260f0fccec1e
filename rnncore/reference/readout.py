r"""The readout: from hidden state to logits, the same weights at every step.

$$o_t = V h_t + c$$

Shapes: $h_t$ (H, B) · $o_t$ (K, B) · V (K, H) · c (K, 1). All functions take a whole sequence, (T, H, B), as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import checks
from .initializers import draw_parameters


@dataclass(frozen=True)
class Readout:
    """The readout from H hidden units to K outputs. Raises SettingError for a size below one."""

    H: int
    K: int

    def __post_init__(self) -> None:
        checks.positive("H", self.H, integer=True)
        checks.positive("K", self.K, integer=True)

    @property
    def shapes(self) -> dict:
        """Shape of every parameter, by its symbol."""
        return {"V": (self.K, self.H), "c": (self.K, 1)}

    def init(self, rng: np.random.Generator, dtype=np.float64, **how) -> dict:
        """Draw parameters; `how` maps a symbol to an initialiser."""
        return draw_parameters(rng, self.shapes, how, dtype, self.H)

    def forward(self, params: dict, h: np.ndarray) -> np.ndarray:
        """Logits (T, K, B) from hidden states (T, H, B); one step, (H, B), gives (K, B)."""
        h = checks.array("h", h, ("T", self.H, "B") if np.ndim(h) == 3 else (self.H, "B"))
        checks.parameters(params, self.shapes, like=h)
        return params["V"] @ h + params["c"]

    def backward(self, params: dict, do: np.ndarray, h: np.ndarray) -> tuple[np.ndarray, dict]:
        r"""$\partial L/\partial h_t$ through the readout, $V^\top \partial L/\partial o_t$, and the gradients of V and c.

        $$\frac{\partial L}{\partial V} = \sum_t \frac{\partial L}{\partial o_t} h_t^\top, \qquad
        \frac{\partial L}{\partial c} = \sum_t \frac{\partial L}{\partial o_t}$$

        Args: do (T, K, B), h (T, H, B). Returns: dh (T, H, B), {"V": (K, H), "c": (K, 1)}.
        """
        h = checks.sequence("h", h, self.H)
        do = checks.array("do", do, (len(h), self.K, h.shape[2]))
        checks.precision("h", h, do, "do")
        checks.parameters(params, self.shapes, like=do)
        dV = np.tensordot(do, h, axes=([0, 2], [0, 2]))  # sums over steps and sequences
        dc = do.sum(axis=(0, 2))[:, None]
        return params["V"].T @ do, {"V": dV, "c": dc}
