"""A series beside what was predicted, and the error below: where a predictor is surprised."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .. import checks
from ..errors import ShapeError
from .style import COLOR


def surprise(axes: Sequence, seconds, series, predicted, marked=(), half: float = 0.167):
    """The series and the one-step prediction above, the squared error below; stretches around marked moments are shaded.

    Args:
        axes: two, one above the other.
        seconds, series, predicted: (n,) each.
        marked: the moments, in seconds, to be shaded.
        half: seconds to shade on both sides of each.

    Returns: axes.
    Raises: ShapeError for other numbers of axes or lengths; NotFiniteError; SettingError for a half that is not above zero.
    """
    if len(axes) != 2:
        raise ShapeError(f"axes: expected two, for the series and for the error, got {len(axes)}")
    seconds = checks.array("seconds", np.asarray(seconds, float), ("n",))
    series = checks.array("series", np.asarray(series, float), (len(seconds),))
    predicted = checks.array("predicted", np.asarray(predicted, float), (len(seconds),))
    checks.positive("half", half)
    above, below = axes
    above.plot(seconds, series, "-", color=COLOR["target"], lw=1.0, label="recorded")
    above.plot(seconds, predicted, "--", color=COLOR["o"], lw=1.0, label="predicted")
    below.plot(seconds, (series - predicted) ** 2, "-", color=COLOR["gradient"], lw=1.0)
    for ax in axes:
        for moment in marked:
            ax.axvspan(moment - half, moment + half, color=COLOR["c"], alpha=0.25, lw=0)
        ax.set_xlim(seconds[0], seconds[-1])
    above.legend(loc="upper right", ncols=2)
    above.tick_params(labelbottom=False)
    above.set(ylabel="standard deviations")
    below.set(xlabel="seconds", ylabel="squared error")
    return axes
