"""Figures: functions (ax, data) -> ax, and diagrams drawn by code. Colours are fixed per quantity."""

from .style import COLOR, LINES, MARKERS, use_style

__all__ = ["COLOR", "LINES", "MARKERS", "use_style"]
