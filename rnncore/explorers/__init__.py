"""Explorers: widgets that compute in the page, in the built book as in JupyterLab."""

from .bptt import BPTTExplorer
from .hello import HelloExplorer
from .hopfield import HopfieldExplorer
from .unfolding import UnfoldingExplorer

__all__ = ["BPTTExplorer", "HelloExplorer", "HopfieldExplorer", "UnfoldingExplorer"]
