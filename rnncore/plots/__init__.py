"""Figures: functions (ax, data) -> ax, and diagrams drawn by code. Colours are fixed per quantity."""

from .bands import band
from .boxes import activities, confidences, distribution, matrix
from .graphs import circuit, circuit_and_unfolded, neurons, unfolded
from .history import patterns, time_line
from .memory import four_memories
from .museum import loss_beside_right
from .style import COLOR, LINES, MARKERS, use_style

__all__ = [
    "COLOR", "LINES", "MARKERS", "activities", "band", "circuit", "circuit_and_unfolded", "confidences",
    "distribution", "four_memories", "loss_beside_right", "matrix", "neurons", "patterns", "time_line", "unfolded",
    "use_style",
]
