"""Figures: functions (ax, data) -> ax, and diagrams drawn by code. Colours are fixed per quantity."""

from .graphs import circuit, circuit_and_unfolded, neurons, unfolded
from .style import COLOR, LINES, MARKERS, use_style

__all__ = ["COLOR", "LINES", "MARKERS", "circuit", "circuit_and_unfolded", "neurons", "unfolded", "use_style"]
