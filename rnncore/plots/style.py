"""One look for all figures: colours with a fixed meaning, safe for colour-blind readers (Okabe and Ito's palette)."""

from __future__ import annotations

COLOR = {
    "x": "#0072B2",  # input
    "h": "#009E73",  # hidden state
    "o": "#D55E00",  # output: logits, prediction
    "gradient": "#CC79A7",  # whatever flows back
    "target": "#000000",
    "c": "#E69F00",  # cell state (and a fourth curve where there is no cell)
    "other": "#56B4E9",
    "muted": "#6E6E6E",  # baselines, annotations
}
LINES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P")

_RC = {
    "figure.figsize": (7.0, 3.2),
    "figure.dpi": 110,
    "savefig.bbox": "tight",
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e6e6e6",
    "axes.axisbelow": True,
    "axes.titlesize": "medium",
    "axes.titlelocation": "left",
    "legend.frameon": False,
    "font.size": 10,
    "lines.linewidth": 1.8,
    "image.cmap": "RdBu_r",
}


def use_style() -> None:
    """Set matplotlib's defaults for the book's figures."""
    import matplotlib as mpl
    from cycler import cycler

    order = ("x", "o", "h", "gradient", "c", "other")
    mpl.rcParams.update(_RC)
    mpl.rcParams["axes.prop_cycle"] = cycler(color=[COLOR[k] for k in order])
