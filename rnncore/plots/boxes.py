"""Numbers in boxes: weight matrices, confidences step by step, the activities of a small net, distributions over symbols."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.patches import FancyArrowPatch, Rectangle

from .. import checks
from .style import COLOR

_SHADE = {part: LinearSegmentedColormap.from_list(part, ["#ffffff", COLOR[part]]) for part in ("x", "h", "o")}


def number(value: float, digits: int = 2) -> str:
    """A number with a true minus sign; what rounds to zero gets none."""
    text = f"{value:.{digits}f}"
    return text.replace("-", "" if float(text) == 0 else "\u2212")


def _ink(rgba) -> str:
    """Black or white, whichever reads better on this colour."""
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in to_rgb(rgba)]
    light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "black" if (light + 0.05) / 0.05 > 1.05 / (light + 0.05) else "white"


def matrix(ax, M: np.ndarray, rows: Sequence[str] = (), columns: Sequence[str] = (), title: str = "", *,
           limit: float | None = None, digits: int = 1):  # fmt: skip
    """A matrix as a heat map with its numbers: red above zero, blue below, white at zero.

    Args: M (rows, columns). rows, columns: names of both. limit: the value of full colour (the largest entry if None).
    Returns: ax.
    """
    M = checks.array("M", M, ("rows", "columns"))
    limit = float(np.abs(M).max()) or 1.0 if limit is None else limit
    image = ax.imshow(M, cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="equal")
    for (i, j), value in np.ndenumerate(M):
        ax.text(j, i, number(value, digits), ha="center", va="center", fontsize=9, color=_ink(image.cmap(image.norm(value))))
    ax.set_xticks(range(len(columns)), columns)
    ax.set_yticks(range(len(rows)), rows)
    ax.tick_params(length=0, labelsize=9, labeltop=True, labelbottom=False)
    ax.set_title(title, fontsize=10)
    ax.grid(False)
    ax.spines[:].set_visible(False)
    return ax


def confidences(ax, y_hat: np.ndarray, symbols: Sequence[str], inputs: Sequence[str], targets: Sequence[str] = (), title: str = ""):
    """Confidence in every symbol (rows) after every input (columns), each with its number; the right next symbol is framed.

    Args: y_hat (T, K), rows that sum to one. symbols: the K symbols. inputs, targets: T symbols each.
    Returns: ax.
    """
    y_hat = checks.array("y_hat", y_hat, (len(inputs), len(symbols)))
    ax.imshow(y_hat.T, cmap=_SHADE["o"], vmin=0, vmax=1, aspect="equal")
    for (t, k), value in np.ndenumerate(y_hat):
        ax.text(t, k, number(value), ha="center", va="center", fontsize=9, color=_ink(_SHADE["o"](value)))
    for t, target in enumerate(targets):
        ax.add_patch(Rectangle((t - 0.47, list(symbols).index(target) - 0.47), 0.94, 0.94, fill=False, ec=COLOR["target"], lw=2))
    ax.set_xticks(range(len(inputs)), inputs)
    ax.set_yticks(range(len(symbols)), symbols)
    ax.tick_params(length=0)
    ax.set(xlabel="input character, step by step", ylabel="next character")
    ax.set_title(title, fontsize=10)
    ax.grid(False)
    ax.spines[:].set_visible(False)
    return ax


def activities(ax, x: np.ndarray, h: np.ndarray, y_hat: np.ndarray, symbols: Sequence[str], targets: Sequence[str]):
    """All activities of a small net that reads symbols, unfolded: one-hot inputs, hidden states, confidences.

    Args: x (T, K), h (T, H), y_hat (T, K): one sequence. symbols: the K symbols. targets: the T right answers, framed.
    Returns: ax.
    """
    T, K = np.shape(y_hat)
    x, h = checks.array("x", x, (T, K)), checks.array("h", h, (T, "H"))
    H, wide, high, gap, apart = h.shape[1], 0.86, 0.36, 0.95, 1.85
    base = {"x": 0.0, "h": K * high + gap, "o": (K + H) * high + 2 * gap}
    top = base["o"] + K * high

    def stack(part: str, t: int, values: np.ndarray, strength: np.ndarray, digits: int) -> None:
        n = len(values)
        for i, (value, s) in enumerate(zip(values, strength)):
            corner = (apart * t - wide / 2, base[part] + (n - 1 - i) * high)
            face = _SHADE[part](0.85 * s)
            ax.add_patch(Rectangle(corner, wide, high, fc=face, ec=COLOR[part], lw=1.1, zorder=3))
            style = {"ha": "center", "va": "center", "fontsize": 8.5, "color": _ink(face), "zorder": 4}
            ax.text(apart * t, corner[1] + high / 2, number(value, digits), **style)

    def up(t: int, low: float, name: str, part: str) -> None:
        style = {"arrowstyle": "-|>", "mutation_scale": 12, "lw": 1.6, "shrinkA": 0, "shrinkB": 0, "color": COLOR[part]}
        ax.add_patch(FancyArrowPatch((apart * t, low + 0.06), (apart * t, low + gap - 0.04), **style))
        ax.text(apart * t + 0.1, low + gap / 2, f"${name}$", color=COLOR[part], va="center", fontsize=11)

    for t in range(T):
        stack("x", t, x[t], x[t], 0)
        stack("h", t, h[t], np.abs(h[t]), 2)
        stack("o", t, y_hat[t], y_hat[t], 2)
        right = list(symbols).index(targets[t])
        corner = (apart * t - wide / 2, base["o"] + (K - 1 - right) * high)
        ax.add_patch(Rectangle(corner, wide, high, fill=False, ec=COLOR["target"], lw=2.4, zorder=5))
        up(t, K * high, "U", "x")
        up(t, base["h"] + H * high, "V", "o")
        ax.text(apart * t, -0.3, f"“{symbols[int(x[t].argmax())]}”", ha="center", va="center", fontsize=12)
        ax.text(apart * t, top + 0.28, f"“{targets[t]}”", ha="center", va="center", fontsize=12)
        if t:
            y = base["h"] + H * high / 2
            style = {"arrowstyle": "-|>", "mutation_scale": 12, "lw": 1.6, "shrinkA": 0, "shrinkB": 0, "color": COLOR["h"]}
            ax.add_patch(FancyArrowPatch((apart * (t - 1) + wide / 2 + 0.04, y), (apart * t - wide / 2 - 0.04, y), **style))
            ax.text(apart * (t - 0.5), y + 0.2, "$W$", color=COLOR["h"], ha="center", fontsize=11)
    left = -wide / 2 - 0.25
    for part, n, name in (("x", K, "input\n$x_t$"), ("h", H, "hidden state\n$h_t$"), ("o", K, "confidence\n$\\hat{y}_t$")):
        ax.text(left - 0.28, base[part] + n * high / 2, name, ha="right", va="center", fontsize=9.5, color=COLOR["muted"], linespacing=1.4)
        for i in range(n if part != "h" else 0):
            ax.text(left, base[part] + (n - 1 - i + 0.5) * high, symbols[i], ha="center", va="center", fontsize=9, color=COLOR["muted"])
    ax.text(left - 0.28, top + 0.28, "right answer", ha="right", va="center", fontsize=9.5, color=COLOR["muted"])
    ax.set(xlim=(left - 1.75, apart * (T - 1) + wide / 2 + 0.1), ylim=(-0.55, top + 0.55), aspect="equal")
    ax.axis("off")
    return ax


def distribution(ax, p: np.ndarray, symbols: Sequence[str], before: np.ndarray | None = None, title: str = ""):
    """Probabilities of symbols as bars with their numbers; `before` adds, as empty bars, what they were before a change.

    Args: p, before (K,), each summing to one. symbols: the K symbols.
    Returns: ax.
    """
    p = checks.array("p", p, (len(symbols),))
    place = np.arange(len(symbols))
    ax.bar(place, p, 0.7, color=COLOR["o"], label="after")
    if before is not None:
        before = checks.array("before", before, p.shape)
        ax.bar(place, before, 0.7, fill=False, ec=COLOR["target"], lw=1.2, ls=(0, (3, 2)), label="before")
    for k, value in enumerate(p):
        top = max(value, 0 if before is None else before[k])
        ax.text(k, top + 0.02, number(value), ha="center", va="bottom", fontsize=8.5)
    ax.set_xticks(place, symbols)
    ax.set(ylim=(0, 1.12), title=title)
    ax.grid(False, axis="x")
    ax.tick_params(axis="x", length=0)
    return ax
