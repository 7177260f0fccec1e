"""The museum's wall: what the loss of a wrong backward pass looks like."""

from __future__ import annotations

import numpy as np

from .style import COLOR


def loss_beside_right(ax, losses: np.ndarray, right: np.ndarray, title: str = "", window: int = 20):
    """Loss curves of one exhibit and of the right gradient: median over seeds, band from least to greatest.

    Args: losses, right (seeds, steps); smoothed by a running mean over `window` steps. Returns: the axes.
    """
    from matplotlib.ticker import LogLocator, NullLocator

    for values, color, style, label in ((right, COLOR["muted"], "--", "right gradient"), (losses, COLOR["gradient"], "-", "exhibit")):
        smooth = np.stack([np.convolve(seed, np.full(window, 1 / window), mode="valid") for seed in values])
        step = np.arange(smooth.shape[1]) + window
        ax.fill_between(step, smooth.min(axis=0), smooth.max(axis=0), color=color, alpha=0.2, linewidth=0)
        ax.plot(step, np.median(smooth, axis=0), style, color=color, label=label)
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter("{x:g}")
    ax.yaxis.set_minor_locator(NullLocator())
    ax.set_title(title)
    return ax
