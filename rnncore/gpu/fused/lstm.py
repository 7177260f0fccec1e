r"""The LSTM's recurrence: gates from $g_t + W h_{t-1}$, where $g_t = U x_t + b$ comes in ready for all steps.

Gates lie side by side as o i f g, without f in "1997", "1997-truncated" and "coupled": the logistic ones together, and
those whose gradients come through c together.

On the way back, what a step's derivatives owe to the forward pass alone is computed for many steps at once: $J_k$ for each
gate, $\delta_o = J_o \odot \partial L/\partial h_t$ and $\delta_k = J_k \odot \partial L/\partial c_t$ for the others; `read`, by
which $\partial L/\partial h_t$ enters $\partial L/\partial c_t$; `keep`, by which that becomes $\partial L/\partial c_{t-1}$.

With a projection (Sak, Senior and Beaufays 2014) $h_t = R\,(o_t \odot \tanh c_t)$ is shorter than c.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .products import add_matmul, matmul, matmul_into, over_time
from .steps import Carry, Gradient, Steps

THREE = ("1997", "1997-truncated", "coupled")  # variants with three gates of their own


@dataclass(frozen=True)
class LSTM:
    """Weights: W (gates · H, P) with P = H or the projection's size; "peephole": p (3 H,) for o i f; projected: R (P, H)."""

    variant: str = "1999"
    projected: bool = False
    states = 2

    @property
    def gates(self) -> str:
        """The gates in order."""
        return "oig" if self.variant in THREE else "oifg"

    def memory(self, G: torch.Tensor, first: tuple) -> tuple:
        """Widths of what `forward` keeps besides its outputs."""
        return G.shape[1], first[1].shape[1], first[1].shape[1]

    def step(self, g: torch.Tensor, state: tuple, weights: tuple) -> tuple:
        """One step in plain operators, which autograd can follow. Returns the new state; its first part is the output."""
        (h, c), (W, p, R) = state, self._named(weights)
        a = g + (h.detach() if self.variant == "1997-truncated" else h) @ W.t()
        a = dict(zip(self.gates, a.chunk(len(self.gates), 1)))
        if p is not None:
            p_o, p_i, p_f = p.chunk(3)
            a["i"], a["f"] = a["i"] + p_i * c, a["f"] + p_f * c
        i = torch.sigmoid(a["i"])
        kept = c if "1997" in self.variant else (1 - i if self.variant == "coupled" else torch.sigmoid(a["f"])) * c
        c = kept + i * torch.tanh(a["g"])
        h = torch.sigmoid(a["o"] if p is None else a["o"] + p_o * c) * torch.tanh(c)
        return h if R is None else h @ R.t(), c

    def forward(self, run: Steps, G: torch.Tensor, first: tuple, weights: tuple) -> tuple:
        """All steps: outputs (N, P), last state, memory."""
        (h_0, c_0), (W, p, R) = first, self._named(weights)
        (N, H), Wt = (len(G), c_0.shape[1]), W.t()
        S, C, tanh_C, out = torch.empty_like(G), G.new_empty(N, H), G.new_empty(N, H), G.new_empty(N, h_0.shape[1])
        M = out if R is None else G.new_empty(N, H)  # what is read out of the memory
        now = S[:, (0 if p is None else H): -H]  # o has to wait for the new c if it sees it
        cut = [S, now, *S.split(H, 1)]
        h, c = Carry(h_0), Carry(c_0)
        for g, a, logistic, o, i, *f, cand, c_t, tanh_c, m, h_t in zip(*map(run.blocks, (G, *cut, C, tanh_C, M, out))):
            before = c.at(len(g))
            add_matmul(a, g, h.at(len(g)), Wt)
            if p is not None:
                i.addcmul_(before, p[H : 2 * H])
                f[0].addcmul_(before, p[2 * H :])
            logistic.sigmoid_()
            cand.tanh_()
            if f:
                torch.mul(f[0], before, out=c_t).addcmul_(i, cand)
            elif self.variant == "coupled":
                torch.lerp(before, cand, i, out=c_t)  # c + i (g - c)
            else:
                torch.addcmul(before, i, cand, out=c_t)
            if p is not None:
                o.addcmul_(c_t, p[:H]).sigmoid_()
            torch.mul(o, torch.tanh(c_t, out=tanh_c), out=m)
            if R is not None:
                matmul_into(h_t, m, R.t())
            h.now, c.now = h_t, c_t
        return out, (h.final(), c.final()), (S, C, tanh_C)

    def backward(self, run: Steps, dout: torch.Tensor, dlast: tuple, first: tuple, weights: tuple, out: torch.Tensor,
                 memory: tuple) -> tuple:
        """Gradients of G, of the first state, of the weights."""
        (h_0, c_0), (W, p, R), (S, C, tanh_C) = first, self._named(weights), memory
        H, before = c_0.shape[1], run.before(c_0, C)
        dG = torch.empty_like(S)
        dh, dc = Gradient(dlast[0]), Gradient(dlast[1])
        arrived = None if R is None else torch.empty_like(out)  # gradients of all h
        for rows, piece in run.pieces(H):
            J = dG[rows]
            read, keep = self._local(S[rows], tanh_C[rows], before[rows], p, J)
            parts = (dout[rows], J, J[:, :H], J[:, H:], read, read if keep is None else keep, (dout if R is None else arrived)[rows])
            for dy, da, da_o, da_c, read_t, keep_t, total in zip(*(piece.blocks(v)[::-1] for v in parts)):
                b = len(da)
                dh_t, dc_t = dh.at(b).add_(dy), dc.at(b)
                dm = dh_t if R is None else matmul(total.copy_(dh_t), R)
                dc_t.addcmul_(dm, read_t)
                da_o.mul_(dm)
                da_c.view(b, da_c.shape[1] // H, H).mul_(dc_t[:, None])
                if keep is not None:
                    dc_t.mul_(keep_t)
                if self.variant == "1997-truncated":
                    dh_t.zero_()
                else:
                    matmul_into(dh_t, da, W)
        dweights = [over_time(dG, run.before(h_0, out))]
        if p is not None:  # o saw the new c, i and f that of the step before
            dweights.append(torch.cat([(dG[:, :H] * C).sum(0), (dG[:, H : 2 * H] * before).sum(0), (dG[:, 2 * H : 3 * H] * before).sum(0)]))
        if R is not None:
            dweights.append(over_time(arrived, S[:, :H] * tanh_C))
        return dG, (dh.whole, dc.whole), tuple(dweights)

    def _local(self, S: torch.Tensor, tanh_C: torch.Tensor, before: torch.Tensor, p: torch.Tensor | None, J: torch.Tensor) -> tuple:
        """J, side by side as the gates, is written; read and keep (None for one) are returned."""
        H = before.shape[1]
        o, i, *f, g = S.split(H, 1)
        J_o, J_i, *J_f, J_g = J.split(H, 1)
        logistic = S[:, :-H]
        torch.addcmul(logistic, logistic, logistic, value=-1, out=J[:, :-H])  # s (1 - s)
        J_o.mul_(tanh_C)
        J_i.mul_(g - before if self.variant == "coupled" else g)
        torch.addcmul(i, i * g, g, value=-1, out=J_g)
        read = torch.addcmul(o, o * tanh_C, tanh_C, value=-1)
        if not f:
            return read, 1 - i if self.variant == "coupled" else None
        J_f[0].mul_(before)
        if p is None:
            return read, f[0]
        p_o, p_i, p_f = p.chunk(3)
        return read.addcmul_(J_o, p_o), f[0] + p_i * J_i + p_f * J_f[0]

    def _named(self, weights: tuple) -> tuple:
        """W, p and R, None for what this variant has not."""
        W, *more = weights
        return W, more.pop(0) if self.variant == "peephole" else None, more.pop(0) if self.projected else None
