r"""Generate timed spikes: a one at every F-th step and zeros between, for ever, from an input that never changes.

$$x_t = 1, \qquad y^*_t = \begin{cases} 1 & F \text{ divides } t \\ 0 & \text{else} \end{cases} \qquad t = 1, 2, 3, \dots$$

The input says nothing, so the net has to be its own clock: to count to F, to fire, and to begin again by itself. It is right at a
step if $\lvert y_t - y^*_t \rvert < 0.49$. One spike a step too early or too late is an error, and after it all others would be.

Source: Gers, Schraudolph and Schmidhuber, "Learning precise timing with LSTM recurrent networks", 2002, where it is the task GTS.
Where we differ: the first spike comes after F steps, and the constant input is one.
"""

from __future__ import annotations

import numpy as np

from .. import checks
from ..reference.model import Batch


def timed_spikes(T: int, F: int, B: int = 1) -> Batch:
    """T steps of the task for B sequences, all alike: x (T, 1, B) ones, targets (T, 1, B).

    Args: F: steps from one spike to the next. If it divides T, the stream goes on with the same again.
    Raises: SettingError for a number that is not above zero.
    """
    for name, value in (("T", T), ("F", F), ("B", B)):
        checks.positive(name, value, integer=True)
    targets = np.zeros((T, 1, B))
    targets[F - 1 :: F] = 1  # step t is at index t - 1
    return Batch(np.ones((T, 1, B)), targets)


def steps_right(outputs: np.ndarray, targets: np.ndarray, tolerance: float = 0.49) -> np.ndarray:
    r"""How many steps of each sequence are right before the first that is wrong, (B,); T where none is.

    Args: outputs, targets (T, K, B): what the net says (not logits) and should say; tolerance: the error that is too much.
    """
    outputs = checks.array("outputs", outputs, ("T", "K", "B"))
    targets = checks.array("targets", targets, outputs.shape)
    checks.positive("tolerance", tolerance)
    wrong = (np.abs(outputs - targets) >= tolerance).any(axis=1)
    return np.where(wrong.any(axis=0), wrong.argmax(axis=0), len(wrong))
