"""The reference: NumPy only, every backward pass written by hand."""

from . import losses
from .activations import ACTIVATIONS, logistic, relu, softmax
from .delay_line import InputWindow, OutputLoop
from .elman import Elman
from .initializers import constant, glorot, identity, normal, orthogonal, uniform, zeros
from .jordan import Jordan
from .losses import binary_cross_entropy, softmax_cross_entropy, squared_error
from .lstm import LSTM
from .model import Batch, Model
from .readout import Readout
from .rtrl import rtrl
from .teacher_forced import TeacherForced
from .unroll import truncated_backward, unroll, unroll_backward
from .untied import Untied

__all__ = [
    "ACTIVATIONS", "Batch", "Elman", "InputWindow", "Jordan", "LSTM", "Model", "OutputLoop", "Readout",
    "TeacherForced", "Untied", "binary_cross_entropy", "constant", "glorot", "identity", "logistic", "losses", "normal",
    "orthogonal", "relu", "rtrl", "softmax", "softmax_cross_entropy", "squared_error", "truncated_backward",
    "uniform", "unroll", "unroll_backward", "zeros",
]
