r"""A cell, a readout and a loss put together: what a training loop needs.

Parameters of all parts lie in one flat dict (`U W b V c`), because their symbols differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .. import checks
from ..errors import SettingError
from .losses import LOSSES
from .readout import Readout
from .unroll import truncated_backward, unroll, unroll_backward, windows


class Batch(NamedTuple):
    """What a model is trained on at one step."""

    x: np.ndarray  # (T, D, B)
    targets: np.ndarray  # (T, B) classes or (T, K, B); with output="last": (1, B) or (1, K, B)
    mask: np.ndarray | None = None  # (T, B)
    carry: bool = False  # start from the state in which the batch before ended


@dataclass(frozen=True)
class Model:
    """A recurrent model.

    Args:
        cell: what recurs, for instance `Elman(D, H)` or `Jordan(D, H, K)`.
        readout: `Readout(H, K)`; None where the cell has its own (Jordan).
        loss: a name out of `losses.LOSSES`.
        output: "every" step or only the "last" one.
        truncate: None for full BPTT, or (k1, k2).

    Raises: SettingError for names that are not known and parts that do not fit.
    """

    cell: object
    readout: Readout | None = None
    loss: str = "softmax_cross_entropy"
    output: str = "every"
    truncate: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        checks.one_of("loss", self.loss, LOSSES)
        checks.one_of("output", self.output, ("every", "last"))
        if self.readout is not None and self.cell.shapes.keys() & self.readout.shapes.keys():
            raise SettingError(f"readout: expected None, since {type(self.cell).__name__} has its own, got {self.readout}")
        if self.readout is not None and self.readout.H != self.cell.outputs:
            raise SettingError(f"readout: expected H = {self.cell.outputs}, the outputs of the cell, got {self.readout.H}")
        if self.output == "last" and self.readout is None:
            raise SettingError('output: "last" needs a readout')
        if self.output == "last" and "h" not in self.cell.initial_state()._fields:
            raise SettingError(f'output: expected "every", since {type(self.cell).__name__} hands no h to its next step; got "last"')
        if self.output == "last" and self.truncate is not None:
            raise SettingError('truncate: expected None with output="last", where the only error arises at the end')
        if self.truncate is not None:
            windows(1, *pair(self.truncate))  # raises for impossible numbers

    @property
    def shapes(self) -> dict:
        """Shape of every parameter, by its symbol."""
        return self.cell.shapes | (self.readout.shapes if self.readout else {})

    def init(self, rng: np.random.Generator, dtype=np.float64, **how) -> dict:
        """Draw all parameters; `how` maps a symbol to an initialiser."""
        mine = {k: v for k, v in how.items() if self.readout and k in self.readout.shapes}
        params = self.cell.init(rng, dtype, **{k: v for k, v in how.items() if k not in mine})
        return params | (self.readout.init(rng, dtype, **mine) if self.readout else {})

    def initial_state(self, B: int = 1, dtype=np.float64):
        """The cell's initial state."""
        return self.cell.initial_state(B, dtype)

    def step_logits(self, params: dict, x_t: np.ndarray, state) -> tuple[np.ndarray, object]:
        """One step for generation: logits (K, B) and the new state, from x_t (D, B)."""
        y, state, _ = self.cell.step(params, x_t, state)
        return (self.readout.forward(params, y) if self.readout else y), state

    def forward(self, params: dict, x: np.ndarray, state=None, mask=None) -> tuple[np.ndarray, object, tuple]:
        """Logits (T, K, B), or (1, K, B) with output="last"; the final state; what `backward` needs."""
        checks.parameters(params, self.shapes)
        h, state, caches = unroll(self.cell, params, x, state, mask)
        if self.output == "last":
            h = state.h[None]  # with a mask: the true last step of each sequence
        o = self.readout.forward(params, h) if self.readout else h
        return o, state, (h, caches, mask)

    def backward(self, params: dict, do: np.ndarray, memory: tuple) -> dict:
        """Gradients of all parameters, from those of the logits."""
        h, caches, mask = memory
        dh, grads = self.readout.backward(params, do, h) if self.readout else (do, {})
        if self.output == "last":
            zero = np.zeros((len(caches), *dh.shape[1:]), dh.dtype)
            dstate = self.initial_state(dh.shape[2], dh.dtype)._replace(h=dh[0])
            return unroll_backward(self.cell, params, zero, dstate, caches, mask)[2] | grads
        if self.truncate:
            return truncated_backward(self.cell, params, dh, caches, *self.truncate, mask) | grads
        return unroll_backward(self.cell, params, dh, None, caches, mask)[2] | grads

    def loss_and_gradients(self, params: dict, batch: Batch, state=None, reduction: str = "mean") -> tuple:
        """Loss, gradients of all parameters, and the final state. `state` is used if the batch carries on."""
        check_batch(batch)
        o, final, memory = self.forward(params, batch.x, state if batch.carry else None, batch.mask)
        loss, do = LOSSES[self.loss](o, batch.targets, self._loss_mask(batch), reduction)
        return loss, self.backward(params, do, memory), final

    def loss_value(self, params: dict, batch: Batch, state=None, reduction: str = "mean") -> float:
        """The loss alone; it accepts complex parameters, for the complex-step derivative."""
        check_batch(batch)
        o, _, _ = self.forward(params, batch.x, state if batch.carry else None, batch.mask)
        return LOSSES[self.loss](o, batch.targets, self._loss_mask(batch), reduction)[0]

    def _loss_mask(self, batch: Batch):
        return None if self.output == "last" else batch.mask


def check_batch(batch) -> None:
    """What is trained on has the fields of a batch."""
    if getattr(batch, "_fields", None) != Batch._fields:
        raise SettingError(f"batch: expected a Batch with the fields {Batch._fields}, got {type(batch).__name__}")


def pair(truncate) -> tuple[int, int]:
    """(k1, k2)."""
    if not isinstance(truncate, tuple) or len(truncate) != 2:
        raise SettingError(f"truncate: expected None or two numbers (k1, k2), got {truncate!r}")
    return truncate
