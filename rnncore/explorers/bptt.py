"""Explorer of backpropagation through time on a net of one unit."""

from __future__ import annotations

import numpy as np
import traitlets

from .base import Array, Explorer, front_end


class BPTTExplorer(Explorer):
    r"""Forward pushes, backward pops: every number of BPTT on a net with one hidden unit.

    $$a_t = u x_t + w h_{t-1} + b, \quad h_t = \tanh(a_t), \quad o_t = v h_t + c, \quad L = \tfrac12 \sum_t (o_t - y^*_t)^2$$

    Below the two passes, $\partial L_t / \partial w$ (or u) as a sum over paths,
    $\sum_{k \le t} \frac{\partial L_t}{\partial h_t} \frac{\partial h_t}{\partial h_k} \frac{\partial^+ h_k}{\partial w}$,
    beside what the recursion gives.

    Usage:

        ex = explorers.BPTTExplorer()                                # four steps
        ex = explorers.BPTTExplorer(w=0.3, x=[1, 0, 0, 0, 0], targets=[0, 0, 0, 0, 1], position=5)
        ex                                                           # last line of a cell: shows it
        ex.h, ex.delta, ex.grads["w"], ex.paths_w                    # what the page has computed
        ex.w = 1.5                                                   # the view follows

    Args:
        u, w, v, b, c, h0: weights, biases and initial state, numbers (the net is scalar).
        x, targets: inputs and targets, each (T,), with T from 2 to 6.
        position: steps taken: 1 … T forward, T + 1 … 2 T backward; 0 is the start.
        path_loss: which loss the sum over paths takes apart, t, or 0 for their sum L.
        path_weight: "w" or "u".

    Traits that the page fills once it is shown: `a`, `h`, `o`, `delta`, `losses` (T,), `loss`, `grads` and `numerical`
    (dicts with u w v b c h0), `paths_w`, `paths_u` (T, T): row t − 1, column k − 1.

    Raises: TraitError for a wrong shape or length and for numbers that are not finite.
    """

    _esm = front_end("charts", "bptt_net", "bptt_picture", "bptt")

    u = traitlets.Float(0.8).tag(sync=True)
    w = traitlets.Float(0.9).tag(sync=True)
    v = traitlets.Float(1.2).tag(sync=True)
    b = traitlets.Float(0.1).tag(sync=True)
    c = traitlets.Float(0.0).tag(sync=True)
    h0 = traitlets.Float(0.5).tag(sync=True)
    x = Array(("T",), [1.0, -0.5, 0.8, 0.3])
    targets = Array(("T",), [0.5, 0.2, -0.3, 0.6])
    position = traitlets.Int(0, min=0).tag(sync=True)
    path_loss = traitlets.Int(0, min=0).tag(sync=True)
    path_weight = traitlets.Enum(["w", "u"], default_value="w").tag(sync=True)
    a = Array(("T",), computed=True)
    h = Array(("T",), computed=True)
    o = Array(("T",), computed=True)
    delta = Array(("T",), computed=True)
    losses = Array(("T",), computed=True)
    loss = traitlets.Float(0.0).tag(sync=True)
    grads = traitlets.Dict().tag(sync=True)
    numerical = traitlets.Dict().tag(sync=True)
    paths_w = Array(("T", "T"), computed=True)
    paths_u = Array(("T", "T"), computed=True)

    def __init__(self, **traits) -> None:
        super().__init__(**traits)
        if len(self.x) != len(self.targets):
            self._refuse("targets", f"{len(self.x)} entries, as many as x", self.targets.shape)

    @traitlets.validate("u", "w", "v", "b", "c", "h0")
    def _finite(self, proposal):
        if not np.isfinite(proposal.value):
            self._refuse(proposal.trait.name, "a finite number", proposal.value)
        return proposal.value

    @traitlets.validate("x", "targets")
    def _short(self, proposal):
        if not 2 <= len(proposal.value) <= 6:
            self._refuse(proposal.trait.name, "2 to 6 steps", proposal.value.shape)
        return proposal.value

    @property
    def params(self) -> dict[str, np.ndarray]:
        """The weights as a flat dict of (1, 1) arrays, as rnncore.reference takes them."""
        return {key: np.array([[getattr(self, key.lower())]]) for key in ("U", "W", "b", "V", "c")}
