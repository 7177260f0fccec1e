r"""The GRU as a diagram: its state rides the belt itself, and the reset gate acts before or after the product with $W_n$."""

from __future__ import annotations

import numpy as np
from matplotlib.patches import Circle, Rectangle

from .. import checks
from ..reference.gru import VARIANTS
from .lstm import BELT, EDGE, GATE, WRITE, _arrow, _box, _gate, _sign, _squash
from .style import COLOR

UPDATE, RESET, CANDIDATE = 2.1, 4.3, 8.0  # where the boxes stand
H_BUS, X_BUS = 0.35, -0.35  # heights
STATIONS = (5.6, 6.75)  # on the way of the past to the candidate
NAMES = {"z": "update gate", "r": "reset gate", "n": "candidate"}


def gru(ax, variant: str = "after", *, fontsize: float = 10):
    """One step of a GRU. Args: variant: "after" or "before", where the reset gate acts. Returns: ax."""
    checks.one_of("variant", variant, VARIANTS)
    ax.add_patch(Rectangle((EDGE[0] + 0.55, BELT - 0.24), EDGE[1] - EDGE[0] - 1.1, 0.48, fc="#dff0ea", ec=COLOR["h"], lw=0.8, zorder=0))
    for x in np.arange(EDGE[0] + 0.8, EDGE[1] - 0.6, 0.35):
        ax.add_patch(Circle((x, BELT - 0.34), 0.08, fc="white", ec=COLOR["h"], lw=0.9, zorder=0))
    for start, end in ((EDGE[0] + 0.5, UPDATE - 0.26), (UPDATE + 0.24, CANDIDATE - 0.26), (CANDIDATE + 0.24, EDGE[1] - 0.5)):
        _arrow(ax, (start, BELT), (end, BELT), "h")
    for place, text, part in (((EDGE[0], BELT), "$h_{t-1}$", "h"), ((EDGE[1], BELT), "$h_t$", "h"),
                              ((EDGE[0], H_BUS), "$h_{t-1}$", "h"), ((EDGE[0], X_BUS), "$x_t$", "x")):  # fmt: skip
        _box(ax, place, text, part, fontsize)
    ax.plot([EDGE[0] + 0.5, CANDIDATE + 0.35], [X_BUS, X_BUS], color=COLOR["x"], lw=1.5, zorder=1)
    ax.plot([EDGE[0] + 0.5, STATIONS[0]], [H_BUS, H_BUS], color=COLOR["h"], lw=1.5, zorder=1)
    for k, x in (("z", UPDATE), ("r", RESET)):
        _arrow(ax, (x - 0.3, H_BUS), (x - 0.3, GATE - 0.5), "h")
        _arrow(ax, (x + 0.3, X_BUS), (x + 0.3, GATE - 0.5), "x")
        _gate(ax, x, k, fontsize, NAMES[k])
    _gate(ax, CANDIDATE, "n", fontsize, NAMES["n"])
    _arrow(ax, (CANDIDATE + 0.35, X_BUS), (CANDIDATE + 0.35, GATE - 0.5), "x")
    product, weights = STATIONS if variant == "before" else STATIONS[::-1]
    _arrow(ax, (STATIONS[0] + 0.2, H_BUS), (STATIONS[1] - 0.3, H_BUS), "h")
    ax.plot([STATIONS[1] + 0.2, CANDIDATE - 0.35], [H_BUS, H_BUS], color=COLOR["h"], lw=1.6, zorder=1)
    _arrow(ax, (CANDIDATE - 0.35, H_BUS), (CANDIDATE - 0.35, GATE - 0.5), "h")
    ax.plot([RESET + 0.8, product], [GATE, GATE], color=COLOR["muted"], lw=1.6, zorder=1)
    _arrow(ax, (product, GATE), (product, H_BUS + 0.26))
    _squash(ax, (weights, H_BUS), "$W_n$" if variant == "before" else "$W_n, d_n$", fontsize, 0.42)
    _arrow(ax, (UPDATE, GATE + 0.48), (UPDATE, BELT - 0.26))
    ax.plot([UPDATE, CANDIDATE - 0.3], [WRITE, WRITE], color=COLOR["muted"], lw=1.6, zorder=1)
    _arrow(ax, (CANDIDATE - 0.8, WRITE), (CANDIDATE - 0.26, WRITE))
    _squash(ax, ((UPDATE + CANDIDATE) / 2, WRITE), "$1 - z_t$", fontsize, 0.62)
    _arrow(ax, (CANDIDATE, GATE + 0.48), (CANDIDATE, WRITE - 0.26))
    _arrow(ax, (CANDIDATE, WRITE + 0.24), (CANDIDATE, BELT - 0.26), "h")
    signs = {(UPDATE, BELT): r"$\odot$", (CANDIDATE, BELT): "$+$", (CANDIDATE, WRITE): r"$\odot$", (product, H_BUS): r"$\odot$"}
    for place, sign in signs.items():
        _sign(ax, place, sign, fontsize)
    left = variant == "after"  # of the arrow: where there is room
    names = {(UPDATE + 0.16, 4.3): "keep", (CANDIDATE + 0.16, 4.3): "write", (product + (-0.14 if left else 0.14), 1.1): "let through"}
    for (x, y), words in names.items():
        side = "right" if left and words == "let through" else "left"
        ax.text(x, y, words, fontsize=0.9 * fontsize, color=COLOR["muted"], va="center", style="italic", ha=side)
    ax.set(xlim=(EDGE[0] - 0.62, EDGE[1] + 0.62), ylim=(X_BUS - 0.4, BELT + 0.5), aspect="equal")
    ax.axis("off")
    return ax
