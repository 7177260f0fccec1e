r"""How memory blocks learn online: derivatives of the cells' states are carried forward, errors go back through one step alone.

Derivatives of net inputs with respect to activations (and, with peepholes, states) of earlier steps are taken to be zero. What is
left of $\partial s_c / \partial w$ can be carried along, one number for each weight into the block, with $z_j$ the sources:

$$\frac{\partial s_c}{\partial w_{cj}} = y^{\varphi} \Bigl[\frac{\partial s_c}{\partial w_{cj}}\Bigr]_{t-1} + y^{in} g'(a^c)\, z_j$$

$$\frac{\partial s_c}{\partial w_{in,j}} = y^{\varphi} \Bigl[\cdot\Bigr]_{t-1} + g(a^c) f'(a^{in})\, z_j, \qquad
\frac{\partial s_c}{\partial w_{\varphi j}} = y^{\varphi} \Bigl[\cdot\Bigr]_{t-1} + s_c(t-1) f'(a^{\varphi})\, z_j$$

An error at step t then reaches every weight at once. With $\delta_k = \partial E / \partial a_k$ at the outputs:

$$\epsilon_c = y^{out} h'(s_c) \sum_k v_{kc} \delta_k, \qquad
\frac{\partial E}{\partial w_{out,j}} = f'(a^{out}) \Bigl(\sum_c h(s_c) \sum_k v_{kc} \delta_k\Bigr) z_j, \qquad
\frac{\partial E}{\partial w} = \sum_c \epsilon_c \frac{\partial s_c}{\partial w}$$

No unrolling, nothing of the past is stored, a few products for each weight and step. Without recurrent weights and peepholes nothing
is left out, and the sum over all steps is the gradient of BPTT.

Source: Hochreiter and Schmidhuber 1997, appendix A.1; Gers, Schmidhuber and Cummins 2000. Their equation 16 has
$E = \sum_k (t_k - y_k)^2$ without ½, so that `e` is 2(y − t); in equation 19 the 2 is left out, `e` is y − t. The factor is the caller's.
"""

from __future__ import annotations

import numpy as np


def carry(net, state, g: np.ndarray) -> None:
    """The derivatives go one step on. Called at the end of a step; g (N, blocks, size) is g(a) of the cells."""
    T, s, C, y_in = state.trace, state.s, net.cells, state.y[:, net.rows("in"), None]
    d = state.y * (1 - state.y)  # f'
    coefficient = np.empty(T.shape[:4])
    if net.g == "identity":
        coefficient[..., 0] = y_in
    else:
        np.multiply(d[:, :C].reshape(s.shape), y_in * 4 if net.g == "centred" else y_in, out=coefficient[..., 0])
    np.multiply(g, d[:, net.rows("in"), None], out=coefficient[..., 1])
    if net.forget_gate:
        np.multiply(state.before, d[:, net.rows("forget"), None], out=coefficient[..., 2])
        y_forget = state.y[:, net.rows("forget"), None, None, None]
        T *= y_forget
    if net.peephole:
        if net.forget_gate:
            state.peep *= y_forget
        state.peep += coefficient[..., 1:, None] * state.before[:, :, None, None, :]
    if not state.sparse:
        T += np.multiply(coefficient[..., None], state.v[:, None, None, None, :], out=state.work)
        return
    T[state.trials, :, :, :, state.x] += coefficient  # a symbol's column alone: all its other inputs are zero
    if T.shape[-1] > net.D:
        T[..., net.D :] += coefficient[..., None] * state.v[:, None, None, None, net.D :]


def gradient(net, params: dict, state, e: np.ndarray, at: str = "outputs") -> dict[str, np.ndarray]:
    r"""Truncated gradients of the error of one step, $\partial E(t)/\partial w$, with the keys and shapes of the weights.

    Args: e (N, K): $\partial E/\partial y_k$ of what `read` gave last, or $\partial E/\partial a_k$ if `at` is "net inputs" (y − t for the
    cross-entropy of logistic outputs). A trial whose e is zero gets zeros.
    """
    delta, grads = _parts(net, params, state, e, at)
    if net.shortcut:
        x = state.eye[state.x] if state.x.ndim == 1 else state.x
        grads["S"] = delta[:, :, None] * x[:, None, :]
    return grads


def descend(net, params: dict, state, e: np.ndarray, lr, at: str = "outputs") -> None:
    """weights −= lr · gradient, in place. Args: lr: a number, one for each trial (N,), or a dict of such for the keys of the weights."""
    delta, grads = _parts(net, params, state, e, at)
    rates = {k: np.asarray(lr[k] if isinstance(lr, dict) else lr) for k in params}
    rates = {k: r if r.ndim == 0 else r.reshape(-1, *[1] * (params[k].ndim - 1)) for k, r in rates.items()}
    for key, grad in grads.items():
        grad *= rates[key]
        params[key] -= grad
    if net.shortcut and state.x.ndim == 1:
        params["S"][state.trials, :, state.x] -= delta * rates["S"].reshape(-1, 1)
    elif net.shortcut:
        params["S"] -= rates["S"] * (delta[:, :, None] * state.x[:, None, :])


def _parts(net, params: dict, state, e: np.ndarray, at: str) -> tuple[np.ndarray, dict]:
    """δ (N, K) and all gradients but that of the shortcut, which a symbol makes sparse."""
    N, C, T, v = len(e), net.cells, state.trace, state.v
    delta = e * state.out * (1 - state.out) if net.output == "logistic" and at == "outputs" else e
    back = (delta[:, None, :] @ params["V"]).reshape(state.s.shape)
    slope = {"centred": lambda h: 0.5 - 0.5 * h * h, "logistic": lambda h: h * (1 - h), "identity": np.ones_like}[net.h](state.h)
    eps = back * slope
    grads = {"W": np.empty_like(params["W"]), "V": delta[:, :, None] * state.yc[:, None, :]}
    dW = grads["W"]
    if net.output_gate:
        y_out = state.y[:, net.rows("out")]
        eps *= y_out[:, :, None]
        e_out = (state.h * back).sum(axis=2) * y_out * (1 - y_out)
        if state.sparse:
            v[:, : net.D] = state.eye[state.x]
        np.multiply(e_out[:, :, None], v[:, None, :], out=dW[:, net.rows("out")])
    np.multiply(eps.reshape(N, C, 1), T[:, :, :, 0].reshape(N, C, -1), out=dW[:, :C])
    early = ("in", "forget")[: 1 + net.forget_gate]
    for kind, gate in enumerate(early, 1):
        dW[:, net.rows(gate)] = np.einsum("nbs,nbsj->nbj", eps, T[:, :, :, kind])
    if net.bias == "gates":
        dW[:, :C, -1] = 0
    if net.peephole:
        dP = grads["P"] = np.empty_like(params["P"])
        for kind in range(len(early)):
            dP[:, kind] = np.einsum("nbs,nbsc->nbc", eps, state.peep[:, :, :, kind])
        if net.output_gate:
            dP[:, -1] = e_out[:, :, None] * state.s
    if net.output_bias:
        grads["c"] = delta.copy()
    return delta, grads
