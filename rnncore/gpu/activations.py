"""Activation functions by name, each with its slope written in terms of its own output, as in the reference."""

from __future__ import annotations

import torch

from ..reference.activations import Activation

relu = torch.relu  # its slope at zero is 0, in both twins
logistic = torch.sigmoid


def softmax(o: torch.Tensor, axis: int = -2) -> torch.Tensor:
    """Probabilities along the class axis (the last but one: columns are sequences)."""
    return torch.softmax(o, dim=axis)


ACTIVATIONS = {
    "tanh": Activation(torch.tanh, lambda h: 1 - h * h),
    "relu": Activation(relu, lambda h: (h > 0).to(h.dtype)),
    "logistic": Activation(logistic, lambda h: h * (1 - h)),
    "identity": Activation(lambda a: a, torch.ones_like),
}
