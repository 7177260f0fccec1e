r"""Fast twins of `unroll` and `unroll_backward`: a whole sequence at a time, the same keys, the same numbers.

The clear twin calls `cell.step` and can be laid over the equation; these know each cell by name. Where there is no fast
twin (Jordan, complex numbers) `unroll` stays the way.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from ... import checks
from ...errors import SettingError, ShapeError
from ..elman import Elman
from ..gru import GRU
from ..lstm import LSTM
from . import checkpoint, door, elman, gru, gru_backward, lstm, lstm_backward, lstm_normalised
from .checkpoint import Checkpoints

__all__ = ["backward", "checkpointed", "forward", "twin"]


class Twin(NamedTuple):
    """The fast twin of a cell."""

    forward: Callable
    backward: Callable


class Tape(NamedTuple):
    """What a forward pass leaves for `backward`."""

    cell: object
    shape: tuple  # of the outputs
    memory: object  # the twin's own, or Checkpoints


_LSTM = Twin(lstm.forward, lstm_backward.backward)
TWINS = {(Elman, ""): Twin(elman.forward, elman.backward)} | {(LSTM, v): _LSTM for v in lstm.VARIANTS}
TWINS[LSTM, "layer-norm"] = Twin(lstm_normalised.forward, lstm_normalised.backward)
TWINS |= {(GRU, v): Twin(gru.forward, gru_backward.backward) for v in gru.VARIANTS}


def twin(cell) -> Twin:
    """The fast twin of a cell.

    Raises: SettingError if it has none.
    """
    key = type(cell), getattr(cell, "variant", "")
    if key not in TWINS:
        known = sorted(f"{kind.__name__} {variant}".strip() for kind, variant in TWINS)
        raise SettingError(f"cell: expected one with a fast twin ({', '.join(known)}), got {cell!r}; unroll takes any cell")
    return TWINS[key]


def forward(cell, params: dict, x: np.ndarray, state=None, mask=None) -> tuple[np.ndarray, object, Tape]:
    r"""Run a cell over a sequence, as `unroll` does.

    Args:
        x: (T, D, B); or integer ids (T, B), which stand for one-hot columns: $U x_t$ is then a column of U. It may be kept and not
            copied: leave it unchanged until `backward`.
        state: initial state, zeros if None.
        mask: (T, B), one where a step is real.
    Returns: outputs (T, H, B), a view of the memory that cannot be written to; the final state; the memory for `backward`.
    Raises:
        ShapeError, DtypeError, NotFiniteError, EmptySequenceError, UnknownSymbolError: before the first step; complex numbers
            are refused too.
        SettingError: a cell without fast twin.
    """
    fast = twin(cell)
    x, state, mask = _check(cell, params, x, state, mask)
    y, final, memory = fast.forward(cell, params, x, state, mask)
    y.flags.writeable = False
    return y, final, Tape(cell, y.shape, memory)


def checkpointed(cell, params: dict, x: np.ndarray, state=None, mask=None, every: int | None = None) -> tuple[np.ndarray, object, Tape]:
    r"""`forward` in little memory: of every `every` steps one state is kept, and `backward` computes the others again.

    Args:
        x, state, mask: as in `forward`. x is kept and not copied: leave it unchanged until `backward`.
        every: steps from one kept state to the next; None for the root of T.
    Returns: outputs (T, H, B), the final state, the memory for `backward`.
    Raises: as `forward`; SettingError if `every` is below one.
    Source: Chen et al. 2016; Gruslys et al. 2016.
    """
    fast = twin(cell)
    if every is not None:
        checks.positive("every", every, integer=True)
    x, state, mask = _check(cell, params, x, state, mask)
    y, final, memory = checkpoint.forward(partial(fast.forward, cell, params), x, state, mask, every)
    return y, final, Tape(cell, y.shape, memory)


def backward(cell, params: dict, dy: np.ndarray, dstate, memory) -> tuple[np.ndarray | None, object, dict]:
    r"""Backpropagation through time, as `unroll_backward` does.

    Args:
        dy: gradients that the loss sends to the outputs, (T, H, B).
        dstate: gradient of the loss with respect to the final state; None means zero.
        memory: what `forward` or `checkpointed` returned; it holds the mask, and is left as it was.
    Returns: dx (T, D, B), None where ids came in; gradient of the initial state; gradients of all parameters.
    Raises:
        ShapeError, DtypeError, NotFiniteError, EmptySequenceError: for `dy`, `dstate` and `memory`.
    """
    fast = twin(cell)
    if not isinstance(memory, Tape):
        raise ShapeError(f"memory: expected the third result of forward or checkpointed, got {type(memory).__name__}")
    if memory.cell is not cell and memory.cell != cell:
        raise ShapeError(f"memory: expected that of a forward pass of {cell}, got that of {memory.cell}")
    dy = door.sequence("dy", dy, cell.outputs)
    door.same_length(dy, memory.shape)
    door.parameters(params, door.shapes(cell), dy)
    B = dy.shape[2]
    dstate = door.state(cell, dstate, B, dy, "dstate")
    if isinstance(memory.memory, Checkpoints):
        return checkpoint.backward(partial(fast.forward, cell, params), partial(fast.backward, cell, params), dy, dstate, memory.memory)
    return fast.backward(cell, params, dy, dstate, memory.memory)


def _check(cell, params: dict, x: np.ndarray, state, mask) -> tuple:
    """x, initial state and mask, as the twins want them."""
    x, shapes = door.sequence_or_ids("x", x, cell.D), door.shapes(cell)
    like = x if x.ndim == 3 else door.first(params, shapes)
    door.parameters(params, shapes, like)
    T, B = len(x), x.shape[-1]
    return x, door.state(cell, state, B, like), checks.mask(mask, T, B)
