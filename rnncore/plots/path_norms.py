"""How much each path of the double sum over t and k brings to the gradient."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .style import COLOR


def path_norms(ax, paths: Mapping[tuple[int, int], np.ndarray]):
    """A triangle of squares, one for each path from the error of step t to a use at step k, shaded by the norm of its addition.

    Args: paths: (t, k) with 1 <= k <= t -> the addition to the gradient, any shape. Returns: the axes.
    """
    from matplotlib.colors import LinearSegmentedColormap

    T = max(t for t, _ in paths)
    norms = np.full((T, T), np.nan)
    for (t, k), addition in paths.items():
        norms[t - 1, k - 1] = np.linalg.norm(addition)
    shades = LinearSegmentedColormap.from_list("gradient", ["white", COLOR["gradient"]])
    ax.imshow(norms, cmap=shades, vmin=0, extent=(0.5, T + 0.5, T + 0.5, 0.5))
    for t, k in paths:
        ax.text(k, t, f"{norms[t - 1, k - 1]:.2f}", ha="center", va="center", fontsize="small")
    ax.set(xlabel="time step k at which W is used", ylabel="time step t of the error")
    ax.set_xticks(range(1, T + 1))
    ax.set_yticks(range(1, T + 1))
    ax.grid(False)
    return ax
