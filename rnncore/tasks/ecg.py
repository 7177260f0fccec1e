r"""Something is wrong here: a predictor that has seen a regular heartbeat alone is surprised by another one.

Step t reads one sample of an electrocardiogram and is asked for the next. Training is on the first sixteen seconds, where the
documentation of the recording says that the rhythm is normal; the test is from second 214 on, where broad beats (extrasystoles,
which start in a chamber of the heart) come between the narrow ones. No label is used in training; what stands out is where the
prediction is wrong.

The recording has no labels. Ours are measured: a beat is broad if the wave stays above half of its height for at least 7 samples
(78 ms), narrow if for at most 3 (33 ms). The widths fall into two heaps; the few between them are not judged. This is a property
of the curve, not a diagnosis, and nobody with a medical training has looked at it.

The samples are means of four (90 Hz), less the median of a second around each (which removes the slow wander of the baseline; half of
that second lies in the future, so this is no detector for a ward), in units of the training part's standard deviation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .. import checks, data
from ..errors import EmptySequenceError, SettingError
from ..reference.model import Batch

HZ = 90
CALM, LATER = 16, 214  # seconds: training ends, the test begins
NARROW, BROAD = 3, 7  # samples at half height
NEAR = 15  # samples before and after a peak that belong to its beat
AROUND, KINDS = 9, ("backwards", "upside down", "left out")  # 0.1 s on both sides, and what `altered` does with them


class Ecg(NamedTuple):
    """The series as a task; `train` and `test` are slices of the T steps."""

    seconds: np.ndarray  # (T,) when the sample is, that is asked for
    x: np.ndarray  # (T, 1, 1)
    targets: np.ndarray  # (T, 1, 1)
    train: slice
    test: slice
    beats: np.ndarray  # (n,) steps at which the peak of a beat of the test part is asked for
    broad: np.ndarray  # (n,) whether it is broad; beats that are neither are left out


def ecg() -> Ecg:
    """The recording of `data.load_ecg` as a task."""
    mv = data.load_ecg().reshape(-1, data.ECG_HZ // HZ).mean(axis=1)
    wander = np.median(np.lib.stride_tricks.sliding_window_view(np.pad(mv, HZ // 2, mode="edge"), 2 * (HZ // 2) + 1), axis=1)
    z = mv - wander
    peaks, width = beats(z)
    kept = (peaks >= LATER * HZ + NEAR) & (peaks < len(z) - NEAR) & ((width <= NARROW) | (width >= BROAD))
    z = z / z[: CALM * HZ].std()
    series = z[:, None, None]
    return Ecg(np.arange(1, len(z)) / HZ, series[:-1], series[1:], slice(0, CALM * HZ - 1), slice(LATER * HZ - 1, len(z) - 1),
               peaks[kept] - 1, width[kept] >= BROAD)


def beats(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Peaks of the beats, and how many samples around each (0.1 s on both sides) are above half of its height.

    A peak is the highest sample within 20 on both sides, and above 0.6 mV. Args: z (n,) in mV, without wander. Raises: EmptySequenceError.
    """
    z = checks.array("z", z, ("n",))
    around = np.lib.stride_tricks.sliding_window_view(np.pad(z, 20, constant_values=-np.inf), 41).max(axis=1)
    peaks = np.flatnonzero((z == around) & (z > 0.6))
    if not peaks.size:
        raise EmptySequenceError("z: expected at least one peak above 0.6, got none")
    padded = np.pad(z, 9, constant_values=-np.inf)
    near = padded[peaks[:, None] + np.arange(19)]
    return peaks, (near > z[peaks, None] / 2).sum(axis=1)


def segments(task: Ecg, T: int = 180, stride: int = 45) -> Batch:
    """The training seconds as a batch of pieces of T steps, one starting every `stride` steps."""
    checks.positive("T", T, integer=True)
    checks.positive("stride", stride, integer=True)
    if task.train.stop < T:
        raise SettingError(f"T: expected at most the {task.train.stop} training steps, got {T}")
    index = np.arange(T)[:, None] + np.arange(0, task.train.stop - T + 1, stride)
    return Batch(task.x[index, 0, 0][:, None], task.targets[index, 0, 0][:, None])


def surprise(task: Ecg, prediction: np.ndarray) -> np.ndarray:
    """For each beat of the test the mean squared error from 15 samples before its peak to 15 after it, (n,). Args: prediction (T,)."""
    error = (checks.array("prediction", prediction, (len(task.seconds),)) - task.targets[:, 0, 0]) ** 2
    return error[task.beats[:, None] + np.arange(-NEAR, NEAR + 1)].mean(axis=1)


def altered(task: Ecg, kind: str) -> Ecg:
    """The recording with every fourth narrow beat of the test changed by us: anomalies that are not told by the strength of the wave.

    The changed beats are marked in `broad`; the truly broad ones are left out. What is changed are the `AROUND` samples before and after
    a peak, with it: "backwards" in time, "upside down", or "left out", a straight line in their place. The training part stays as it is.

    Raises: SettingError for another kind.
    """
    checks.one_of("kind", kind, KINDS)
    series = np.concatenate([task.x[:1, 0, 0], task.targets[:, 0, 0]])
    narrow = task.beats[~task.broad]
    changed = np.arange(len(narrow)) % 4 == 1
    for peak in narrow[changed] + 1:
        near = slice(peak - AROUND, peak + AROUND + 1)
        beat = series[near]
        series[near] = {"backwards": beat[::-1].copy(), "upside down": -beat, "left out": np.linspace(beat[0], beat[-1], len(beat))}[kind]
    series = series[:, None, None]
    return task._replace(x=series[:-1], targets=series[1:], beats=narrow, broad=changed)


def auc(scores: np.ndarray, positive: np.ndarray) -> float:
    """How probable it is that a positive case has a higher score than another; ties count half. 1 is perfect, 0.5 is chance.

    Args: scores (n,); positive (n,) booleans, both kinds being there. Raises: ShapeError, SettingError.
    """
    scores, positive = checks.array("scores", scores, ("n",)), np.asarray(positive)
    if positive.shape != scores.shape or positive.dtype != bool or positive.all() or not positive.any():
        raise SettingError(f"positive: expected {scores.shape} booleans of both kinds, got {positive.shape} of dtype {positive.dtype}")
    difference = scores[positive][:, None] - scores[~positive]
    return float((difference > 0).mean() + (difference == 0).mean() / 2)


def persistence(task: Ecg) -> np.ndarray:
    """The baseline that says: the same again, (T,)."""
    return task.x[:, 0, 0].copy()


def silence(task: Ecg) -> np.ndarray:
    """The baseline that says zero, (T,): its error is the strength of the wave, which alone tells most broad beats from narrow ones."""
    return np.zeros(len(task.seconds))


def autoregression(task: Ecg, N: int = 20) -> np.ndarray:
    """The linear prediction from the last N samples, least squares on the training steps, (T,); the first N − 1 are the sample before."""
    checks.positive("N", N, integer=True)
    if 2 * N > task.train.stop:
        raise SettingError(f"N: expected at most half of the {task.train.stop} training steps, got {N}")
    x = task.x[:, 0, 0]
    past = np.column_stack([np.lib.stride_tricks.sliding_window_view(x, N), np.ones(len(x) - N + 1)])
    fit = slice(0, task.train.stop - N + 1)
    w = np.linalg.lstsq(past[fit], task.targets[N - 1 : task.train.stop, 0, 0], rcond=None)[0]
    return np.concatenate([x[: N - 1], past @ w])
