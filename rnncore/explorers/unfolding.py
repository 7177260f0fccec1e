"""Explorer of unfolding: the circuit, the graph, and the weights that all steps share."""

from __future__ import annotations

import numpy as np
import traitlets

from .base import Array, Explorer, front_end


class UnfoldingExplorer(Explorer):
    r"""Fold and unfold a net with one unit: one column and a loop through a delay, or one column for each step.

    $$h_t = \tanh(u x_t + w h_{t-1} + b), \quad o_t = v h_t + c$$

    With recurrence from the output, $w h_{t-1}$ becomes $w \hat y_{t-1}$ with $\hat y_t = o_t$ and $\hat y_0 = 0$, as in
    `rnncore.reference.Jordan` with its defaults.

    Usage:

        ex = explorers.UnfoldingExplorer()                           # three steps, unfolded
        ex = explorers.UnfoldingExplorer(x=[1, 0, 0, 0, 0], w=0.5, pattern="last", unfolded=0)
        ex                                                           # last line of a cell: shows it
        ex.h, ex.o, ex.uses, ex.n_params, ex.n_own                   # what the page has computed
        ex.w = 1.2                                                   # one number, all steps follow

    Args:
        u, w, b, v, c: the weights, numbers; `w` leads from the output to the hidden unit if `pattern` is "output".
        h0: initial state (pattern "output" starts from 0 and does not use it).
        x: inputs (T,), with T from 1 to 8. Its length is the number of steps: there is no other T.
        pattern: "hidden" (output each step, hidden recurrence), "output" (output each step, output recurrence) or
            "last" (one output at the end).
        unfolded: from 0, the circuit, to 1, the unfolded graph.
        weight: whose copies are marked: "u", "w", "b", "v", "c", or "" for none.
        step: the step t whose past is marked, or 0 for none; one beyond T counts as T.

    Traits that the page fills once it is shown: `h` (T,); `o` (T,), or (1,) if `pattern` is "last"; `uses`, a dict that says how
    often each weight is used; `n_params`, the numbers that are stored; `n_own`, those of a net with weights of its own at every step.

    Raises: TraitError for a wrong shape or length and for numbers that are not finite.
    """

    _esm = front_end("unfolding_net", "unfolding_picture", "unfolding")

    u = traitlets.Float(0.8).tag(sync=True)
    w = traitlets.Float(0.9).tag(sync=True)
    b = traitlets.Float(0.0).tag(sync=True)
    v = traitlets.Float(1.2).tag(sync=True)
    c = traitlets.Float(0.0).tag(sync=True)
    h0 = traitlets.Float(0.5).tag(sync=True)
    x = Array(("T",), [1.0, -0.5, 0.8])
    pattern = traitlets.Enum(["hidden", "output", "last"], default_value="hidden").tag(sync=True)
    unfolded = traitlets.Float(1.0, min=0.0, max=1.0).tag(sync=True)
    weight = traitlets.Enum(["", "u", "w", "b", "v", "c"], default_value="").tag(sync=True)
    step = traitlets.Int(0, min=0, max=8).tag(sync=True)
    h = Array(("T",), computed=True)
    o = Array(("N",), computed=True)
    uses = traitlets.Dict().tag(sync=True)
    n_params = traitlets.Int(0).tag(sync=True)
    n_own = traitlets.Int(0).tag(sync=True)

    @traitlets.validate("u", "w", "b", "v", "c", "h0", "unfolded")
    def _finite(self, proposal):
        if not np.isfinite(proposal.value):
            self._refuse(proposal.trait.name, "a finite number", proposal.value)
        return proposal.value

    @traitlets.validate("x")
    def _short(self, proposal):
        if not 1 <= len(proposal.value) <= 8:
            self._refuse("x", "1 to 8 steps", proposal.value.shape)
        return proposal.value

    @property
    def T(self) -> int:
        """The number of steps, the length of x."""
        return len(self.x)

    @property
    def params(self) -> dict[str, np.ndarray]:
        """The weights as a flat dict of (1, 1) arrays, as rnncore.reference takes them."""
        return {key: np.array([[getattr(self, key.lower())]]) for key in ("U", "W", "b", "V", "c")}
