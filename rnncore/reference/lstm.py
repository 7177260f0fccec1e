r"""The LSTM cell: a memory that gates write, keep and read.

$$i_t = \sigma(U_i x_t + W_i h_{t-1} + b_i), \quad f_t = \sigma(U_f x_t + W_f h_{t-1} + b_f), \quad
o_t = \sigma(U_o x_t + W_o h_{t-1} + b_o)$$

$$g_t = \tanh(U_g x_t + W_g h_{t-1} + b_g), \qquad c_t = f_t \odot c_{t-1} + i_t \odot g_t, \qquad h_t = o_t \odot \tanh(c_t)$$

Shapes: $x_t$ (D, B) · $h_t, c_t, i_t, f_t, g_t, o_t$ (H, B) · each U (H, D) · each W (H, H) · each b (H, 1).

Source: Hochreiter and Schmidhuber 1997; the forget gate is that of Gers, Schmidhuber and Cummins 2000.
Where we differ: one cell in each memory block, so every cell has gates of its own; tanh for the candidate and the cell's
output, where they have logistic functions scaled to (−2, 2) and (−1, 1); the gradient is not cut at the gates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .. import checks
from .activations import ACTIVATIONS, logistic
from .initializers import constant, draw_parameters

GATES = ("i", "f", "g", "o")  # the order in which the blocks of a stacked weight matrix lie
VARIANTS = ("1999",)  # by the year in which each was first presented
tanh = ACTIVATIONS["tanh"].function


class State(NamedTuple):
    """What the cell hands to its next step."""

    h: np.ndarray  # (H, B)
    c: np.ndarray  # (H, B)


class Cache(NamedTuple):
    """What the backward step needs from the forward step, each (H, B) but x (D, B)."""

    x: np.ndarray
    h_prev: np.ndarray
    c_prev: np.ndarray
    i: np.ndarray
    f: np.ndarray
    g: np.ndarray
    o: np.ndarray
    c: np.ndarray


@dataclass(frozen=True)
class LSTM:
    """The LSTM cell with D inputs and H hidden units.

    Args:
        D, H: number of inputs and of hidden units.
        variant: "1999", the cell with a forget gate and without peepholes.

    Raises:
        SettingError: a size below one or an unknown variant.
    """

    D: int
    H: int
    variant: str = "1999"

    def __post_init__(self) -> None:
        checks.positive("D", self.D, integer=True)
        checks.positive("H", self.H, integer=True)
        checks.one_of("variant", self.variant, VARIANTS)

    @property
    def outputs(self) -> int:
        """Number of outputs of a step: its hidden units."""
        return self.H

    @property
    def shapes(self) -> dict:
        """Shape of every parameter, by its symbol: `U_i W_i b_i`, then the same for f, g and o."""
        block = {"U": (self.H, self.D), "W": (self.H, self.H), "b": (self.H, 1)}
        return {f"{k}_{gate}": shape for gate in GATES for k, shape in block.items()}

    def init(self, rng: np.random.Generator, dtype=np.float64, **how) -> dict:
        r"""Draw parameters; `how` maps a symbol to an initialiser, as in `init(rng, b_i=constant(-1.0))`.

        The forget gates start with a bias of 1, so that a new cell keeps most of what it holds ($\sigma(1) = 0.73$ a step,
        against 0.5 with a bias of zero) and errors reach back further (Gers et al. 2000; Jozefowicz et al. 2015).
        """
        return draw_parameters(rng, self.shapes, {"b_f": constant(1.0)} | how, dtype, self.H)

    def initial_state(self, B: int = 1, dtype=np.float64) -> State:
        """$h_0 = 0$ and $c_0 = 0$ for B sequences."""
        checks.positive("B", B, integer=True)
        return State(np.zeros((self.H, B), dtype), np.zeros((self.H, B), dtype))

    def step(self, params: dict, x_t: np.ndarray, state: State) -> tuple[np.ndarray, State, Cache]:
        r"""One step forward: $c_t = f_t \odot c_{t-1} + i_t \odot g_t$, $h_t = o_t \odot \tanh(c_t)$.

        Args: x_t (D, B), state with h and c (H, B). Returns: the output, which is $h_t$ itself (H, B), the new state, the cache.
        """
        p = params
        i = logistic(p["U_i"] @ x_t + p["W_i"] @ state.h + p["b_i"])  # (H, B), how far to write
        f = logistic(p["U_f"] @ x_t + p["W_f"] @ state.h + p["b_f"])  # how far to keep
        g = tanh(p["U_g"] @ x_t + p["W_g"] @ state.h + p["b_g"])  # what to write
        o = logistic(p["U_o"] @ x_t + p["W_o"] @ state.h + p["b_o"])  # how far to read
        c = f * state.c + i * g
        h = o * tanh(c)
        return h, State(h, c), Cache(x_t, state.h, state.c, i, f, g, o, c)

    def step_backward(self, params: dict, dy: np.ndarray, dstate: State, cache: Cache) -> tuple[np.ndarray, State, dict]:
        r"""One step backward, the forward lines in reverse order.

        $$\frac{\partial L}{\partial c_t} = \frac{\partial L}{\partial c_t}\bigg|_{\text{carried}}
        + \frac{\partial L}{\partial h_t} \odot o_t \odot (1 - \tanh^2 c_t), \qquad
        \frac{\partial L}{\partial c_{t-1}} = f_t \odot \frac{\partial L}{\partial c_t}$$

        Args:
            dy: gradient that reaches $h_t$ at this step (from the readout), (H, B).
            dstate: gradients carried back from step t + 1, h and c (H, B).
        Returns: dx_t (D, B), gradients of the state before, and this step's additions to the gradients of all parameters.
        """
        x, h_prev, c_prev, i, f, g, o, c = cache
        tanh_c = tanh(c)
        dh = dy + dstate.h  # (H, B)
        dc = dstate.c + dh * o * (1 - tanh_c * tanh_c)
        da = {
            "i": dc * g * i * (1 - i),
            "f": dc * c_prev * f * (1 - f),
            "g": dc * i * (1 - g * g),
            "o": dh * tanh_c * o * (1 - o),
        }
        dparams = {}
        for k in GATES:
            dparams |= {f"U_{k}": da[k] @ x.T, f"W_{k}": da[k] @ h_prev.T, f"b_{k}": da[k].sum(axis=1, keepdims=True)}
        dx = sum(params[f"U_{k}"].T @ da[k] for k in GATES)
        dh_prev = sum(params[f"W_{k}"].T @ da[k] for k in GATES)
        return dx, State(dh_prev, dc * f), dparams
