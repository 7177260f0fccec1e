"""Figures: functions (ax, data) -> ax, and diagrams drawn by code. Colours are fixed per quantity."""

from .attention import alignment, look
from .bands import band
from .boxes import activities, confidences, distribution, matrix
from .bptt import activity_stack, paths, truncation_windows
from .by_length import accuracy_by_length, sequences_by_length, solved_by_length
from .drift import counter, drift, forgetting, states
from .forcing import by_step, reads_and_says
from .gated import gru
from .gradients import against_window, clipping, contributions, growth, step_size
from .graphs import circuit, circuit_and_unfolded, neurons, unfolded
from .history import patterns, time_line
from .layers import cell_diagram, deepest, order_of_computation
from .lstm import cell, gates
from .memory import four_memories
from .museum import loss_beside_right
from .seq2seq import beams, encoder_decoder, updates_needed
from .spectrum import jacobian_norms, spectrum
from .structures import STRUCTURES, structure
from .style import COLOR, LINES, MARKERS, use_style
from .surprise import surprise

__all__ = [
    "COLOR", "LINES", "MARKERS", "STRUCTURES", "accuracy_by_length", "activities", "activity_stack", "against_window",
    "alignment", "band", "beams", "by_step", "cell", "cell_diagram", "circuit", "circuit_and_unfolded", "clipping",
    "confidences", "contributions", "counter", "deepest", "distribution", "drift", "encoder_decoder", "forgetting",
    "four_memories", "gates", "growth", "gru", "jacobian_norms", "look", "loss_beside_right", "matrix", "neurons",
    "order_of_computation", "paths", "patterns", "reads_and_says", "sequences_by_length", "solved_by_length",
    "spectrum", "states", "step_size", "structure", "surprise", "time_line", "truncation_windows", "unfolded",
    "updates_needed", "use_style",
]
