"""Explorers: widgets that compute in the page, in the built book as in JupyterLab."""

from .attention import AttentionExplorer
from .beam import BeamExplorer
from .bptt import BPTTExplorer
from .depth import DepthExplorer
from .forcing import ForcingExplorer
from .gates import GatesExplorer
from .hello import HelloExplorer
from .hopfield import HopfieldExplorer
from .spectrum import SpectrumExplorer
from .structures import StructuresExplorer
from .unfolding import UnfoldingExplorer

__all__ = [
    "AttentionExplorer",
    "BPTTExplorer",
    "BeamExplorer",
    "DepthExplorer",
    "ForcingExplorer",
    "GatesExplorer",
    "HelloExplorer",
    "HopfieldExplorer",
    "SpectrumExplorer",
    "StructuresExplorer",
    "UnfoldingExplorer",
]
