r"""Activation functions by name, each with its slope written in terms of its own output.

tanh: $\phi' = 1 - h^2$ · relu: $\phi' = [h > 0]$ · logistic: $\phi' = h(1 - h)$ · identity: $\phi' = 1$.

Writing the slope in terms of $h = \phi(a)$ means that the forward pass has to keep $h$ alone. The slope of relu at
exactly zero is taken as 0 (PyTorch does the same). All of them accept complex numbers, so that the complex-step
derivative (`rnncore.gradcheck`) can run through them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Activation(NamedTuple):
    """A function and its slope as a function of the output."""

    function: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray], np.ndarray]


def relu(a: np.ndarray) -> np.ndarray:
    """max(a, 0); for complex a the real part decides."""
    return np.where(a.real > 0, a, np.zeros((), a.dtype))


def logistic(a: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(−a)), written by tanh, which cannot overflow."""
    return 0.5 * (1 + np.tanh(0.5 * a))


def softmax(o: np.ndarray, axis: int = -2) -> np.ndarray:
    r"""$\hat y_k = e^{o_k} / \sum_j e^{o_j}$ along the class axis (the last but one: columns are sequences).

    The largest logit is subtracted first, which changes nothing in the result and keeps exp from overflowing.
    """
    e = np.exp(o - o.real.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


ACTIVATIONS = {
    "tanh": Activation(np.tanh, lambda h: 1 - h * h),
    "relu": Activation(relu, lambda h: (h.real > 0).astype(h.real.dtype)),
    "logistic": Activation(logistic, lambda h: h * (1 - h)),
    "identity": Activation(lambda a: a, np.ones_like),
}
