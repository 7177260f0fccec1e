r"""Pictures of attention: one look at a memory with its numbers, and where a decoder looks at each of its steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.patches import Rectangle

from .. import checks
from ..errors import SettingError
from ..reference.attention import masked_softmax
from .boxes import _SHADE, _ink, number
from .style import COLOR

GAP, HIGH = 1.7, 0.42


def look(ax, query: np.ndarray, memory: np.ndarray, names: Sequence[str], scale: float = 1.0):
    """One look with the dot score, every number written out: query and items, scores, weights as bars, context.

    Args: query (Q,), memory (S, Q), names of the S items; scale: what scores are multiplied by. Returns ax.
    """
    query = checks.array("query", np.asarray(query, dtype=float), ("Q",))
    memory = checks.array("memory", np.asarray(memory, dtype=float), (len(names), len(query)))
    S, Q = memory.shape
    scores = scale * memory @ query
    weights = masked_softmax(scores[:, None], None)[:, 0]
    context = weights @ memory
    top = {"items": 0.0, "scores": -Q * HIGH - 0.75, "weights": -Q * HIGH - 2.35}

    def column(x: float, values: np.ndarray, color: str, digits: int) -> None:
        for i, value in enumerate(values):
            corner = (x - 0.4, top["items"] - (i + 1) * HIGH)
            ax.add_patch(Rectangle(corner, 0.8, HIGH, fc="white", ec=color, lw=1.4))
            ax.text(x, corner[1] + HIGH / 2, number(value, digits), ha="center", va="center", fontsize=10)

    digits = 0 if np.allclose(memory, memory.round()) and np.allclose(query, query.round()) else 2
    words = {"ha": "center", "va": "center", "fontsize": 10}
    column(0, query, COLOR["h"], digits)
    ax.text(0, 0.3, "query $q$", color=COLOR["h"], **words)
    for s, name in enumerate(names):
        x = GAP * (s + 1)
        column(x, memory[s], COLOR["x"], digits)
        ax.text(x, 0.3, f"{name}, $m_{s + 1}$", color=COLOR["x"], **words)
        ax.annotate("", (x, top["scores"] + 0.2), (x, -Q * HIGH - 0.05), arrowprops={"arrowstyle": "-|>", "color": COLOR["muted"]})
        ax.text(x, top["scores"], number(scores[s], 2 if scale != 1 or digits else 0), **words)
        ax.add_patch(Rectangle((x - 0.3, top["weights"]), 0.6, weights[s], fc=COLOR["c"], ec="none"))
        ax.text(x, top["weights"] + weights[s] + 0.17, number(weights[s], 3), **words)
    for key, text in (("scores", "scores $e_s$"), ("weights", "weights $w_s$")):
        ax.text(0, top[key] + (0 if key == "scores" else 0.2), text, color=COLOR["muted"], **words)
    end = GAP * (S + 1) + 0.5
    column(end, context, COLOR["o"], 3)
    ax.text(end, 0.3, "context $c$", color=COLOR["o"], **words)
    ax.plot([GAP - 0.5, GAP * S + 0.5], [top["weights"]] * 2, color=COLOR["muted"], lw=1)
    ax.set(xlim=(-0.8, end + 0.7), ylim=(top["weights"] - 0.15, 0.6), aspect="equal")
    ax.axis("off")
    return ax


def alignment(ax, weights: np.ndarray, read: Sequence[str], written: Sequence[str], true: Sequence[int] | None = None, *,
              numbers: bool = False):  # fmt: skip
    """Where a decoder looks: a row for each symbol written, a column for each read; dark is a weight near one.

    Args: weights (T, S), rows that sum to one; read (S), written (T); true: the step of the source that each row should look at,
        framed, −1 for none; numbers: write the weights into the fields. Returns ax.
    """
    weights = checks.array("weights", np.asarray(weights, dtype=float), (len(written), len(read)))
    if (weights < 0).any() or not np.allclose(weights.sum(axis=1), 1, atol=1e-4):
        raise SettingError("weights: expected rows of numbers from 0 that sum to one, got others")
    if true is not None:
        true = checks.array("true", np.asarray(true), (len(written),), kind="index")
    ax.imshow(weights, cmap=_SHADE["h"], vmin=0, vmax=1, aspect="equal")
    for (t, s), w in np.ndenumerate(weights):
        if numbers:
            ax.text(s, t, number(w), ha="center", va="center", fontsize=8, color=_ink(_SHADE["h"](w)))
    for t, s in enumerate([] if true is None else true):
        if s >= 0:
            ax.add_patch(Rectangle((s - 0.5, t - 0.5), 1, 1, fill=False, ec=COLOR["target"], lw=1.3))
    ax.set_xticks(range(len(read)), read)
    ax.set_yticks(range(len(written)), written)
    ax.tick_params(length=0, labelsize=9)
    ax.set(xlabel="read", ylabel="written")
    ax.grid(False)
    ax.spines[:].set_visible(False)
    return ax
