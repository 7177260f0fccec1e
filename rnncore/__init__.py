"""Recurrent nets with every gradient written out: the package behind *Recurrent Neural Networks, Unrolled*."""

__version__ = "0.1.0"
