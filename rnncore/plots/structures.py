r"""The structures of `rnncore.reference.structures`, unfolded: what is fed where, what comes out, which way the states hand on.

Squares are given, circles computed. A dashed arrow feeds an output back as the next input: in use the net's own, in training the
right one (teacher forcing). It is dashed because the structure does not need it where the outputs do not depend on each other.
"""

from __future__ import annotations

from .. import checks
from .graphs import DX, DY, RADIUS, Box, arrow, node
from .style import COLOR

STRUCTURES = ("one to one", "one to many", "many to one", "many to many, in step", "many to many, one after the other", "bidirectional")
_BACK = COLOR["c"]  # what belongs to the direction back
_FED = (0, (3, 2))


def structure(ax, kind: str, T: int = 3, *, fontsize: float = 11):
    """Draw one structure.

    Args: kind: one of `STRUCTURES`; T: steps (of the encoder and of the decoder each; one to one has a single one whatever T).
    Returns: ax.
    """
    checks.one_of("kind", kind, STRUCTURES)
    checks.positive("T", T, integer=True)
    if kind == "bidirectional":
        return _bidirectional(ax, T, fontsize)
    if kind == "many to many, one after the other":
        return _one_after_the_other(ax, T, fontsize)
    T = 1 if kind == "one to one" else T
    read = [1] if kind.startswith("one") else list(range(1, T + 1))
    said = [T] if kind.endswith("to one") else list(range(1, T + 1))
    _chain(ax, range(1, T + 1), "h", fontsize)
    _inputs(ax, read, fontsize)
    _outputs(ax, said, "h", fontsize)
    if kind == "one to many":
        _fed_back(ax, said, fontsize)
    return _frame(ax, Box(-0.55, DX * T + 0.6, -0.55, 2 * DY + 0.6))


def _place(row: int, t: float) -> tuple[float, float]:
    return DX * t, DY * row


def _chain(ax, steps, letter: str, fontsize: float, start: bool = True) -> None:
    """States from the first step to the last, from a state of zeros."""
    color = COLOR["h"]
    for n, t in enumerate(steps, 1):
        node(ax, _place(1, t), f"${letter}_{{{n}}}$", color, fontsize=fontsize)
        if n > 1 or start:
            arrow(ax, _place(1, t - 1), _place(1, t), color, fontsize=fontsize)
    if start:
        node(ax, _place(1, steps[0] - 1), f"${letter}_0$", color, dashed=True, fontsize=fontsize)


def _inputs(ax, steps, fontsize: float) -> None:
    for t in steps:
        name = "$x$" if len(steps) == 1 else f"$x_{{{t}}}$"
        node(ax, _place(0, t), name, COLOR["x"], given=True, fontsize=fontsize)
        arrow(ax, _place(0, t), _place(1, t), COLOR["x"], fontsize=fontsize)


def _outputs(ax, steps, letter: str, fontsize: float, first: int = 1) -> None:
    for t in steps:
        name = r"$\hat{y}$" if len(steps) == 1 else rf"$\hat{{y}}_{{{t - first + 1}}}$"
        node(ax, _place(2, t), name, COLOR["o"], fontsize=fontsize)
        arrow(ax, _place(1, t), _place(2, t), COLOR["o"], fontsize=fontsize)


def _fed_back(ax, steps, fontsize: float) -> None:
    for a, b in zip(steps, steps[1:]):
        arrow(ax, _place(2, a), _place(1, b), COLOR["muted"], ls=_FED, lw=1.3, fontsize=fontsize)


def _one_after_the_other(ax, T: int, fontsize: float):
    """An encoder, and a decoder that starts from its last state."""
    reads, writes = list(range(1, T + 1)), list(range(T + 1, 2 * T + 1))
    _chain(ax, reads, "h", fontsize)
    _inputs(ax, reads, fontsize)
    _chain(ax, writes, "s", fontsize, start=False)
    arrow(ax, _place(1, T), _place(1, T + 1), COLOR["target"], lw=2.6, fontsize=fontsize)
    _outputs(ax, writes, "s", fontsize, first=T + 1)
    _fed_back(ax, writes, fontsize)
    low = DY + RADIUS + 0.12
    for steps, name in ((reads, "encoder"), (writes, "decoder")):
        y = low if name == "encoder" else DY - RADIUS - 0.25
        ax.text(DX * (steps[0] + steps[-1]) / 2, y, name, ha="center", va="bottom" if name == "encoder" else "top", color=COLOR["muted"],
                fontsize=fontsize)
    return _frame(ax, Box(-0.55, 2 * DX * T + 0.6, -0.55, 2 * DY + 0.6))


def _bidirectional(ax, T: int, fontsize: float):
    """Two chains of states, one for each direction, that meet in the outputs."""
    wide, rows, ahead, back = 2.3, (0.0, 1.5, 2.9, 4.4), COLOR["h"], _BACK
    at = {(k, t): (wide * t + shift, rows[row]) for t in range(T + 2) for k, row, shift in
          (("x", 0, 0.0), ("ahead", 1, -0.45), ("back", 2, 0.45), ("y", 3, 0.0))}  # fmt: skip
    names = {"x": "x_{%d}", "ahead": r"\overrightarrow{h}_{%d}", "back": r"\overleftarrow{h}_{%d}", "y": r"\hat{y}_{%d}"}
    colors = {"x": COLOR["x"], "ahead": ahead, "back": back, "y": COLOR["o"]}
    for t in range(1, T + 1):
        for kind, name in names.items():
            node(ax, at[kind, t], f"${name % t}$", colors[kind], given=kind == "x", fontsize=fontsize)
        for kind in ("ahead", "back"):
            arrow(ax, at["x", t], at[kind, t], COLOR["x"], fontsize=fontsize)
            arrow(ax, at[kind, t], at["y", t], COLOR["o"], fontsize=fontsize)
        arrow(ax, at["ahead", t - 1], at["ahead", t], ahead, fontsize=fontsize)
        arrow(ax, at["back", t + 1], at["back", t], back, fontsize=fontsize)
    node(ax, at["ahead", 0], "$0$", ahead, dashed=True, fontsize=fontsize)
    node(ax, at["back", T + 1], "$0$", back, dashed=True, fontsize=fontsize)
    return _frame(ax, Box(-0.45 - 0.55, wide * (T + 1) + 0.45 + 0.55, -0.55, rows[3] + 0.6))


def _frame(ax, box: Box):
    ax.set(xlim=(box.left, box.right), ylim=(box.bottom, box.top), aspect="equal")
    ax.axis("off")
    return ax
