r"""Gradient descent and its relatives, and gradient clipping: pure functions of flat dicts.

Only operators and methods that `numpy.ndarray` and `torch.Tensor` share are used, so that the same text serves both
libraries, and one seed gives both the same path.

`state = optimizer.init(params)` once, then `params, state = optimizer.update(params, grads, state)` at every step. Nothing
is changed in place: the parameters of the step before stay as they were.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import checks
from ..errors import NotFiniteError, SettingError, ShapeError

Params = dict[str, Any]  # the equation's symbol -> array or tensor


@dataclass(frozen=True)
class SGD:
    r"""Stochastic gradient descent, with momentum if asked for.

    $$v \leftarrow \mu v + g, \qquad \theta \leftarrow \theta - \eta v$$

    Args:
        lr: learning rate η.
        momentum: μ, from 0 (plain gradient descent) up to but without 1.

    Raises:
        SettingError: a setting lies outside its range.

    Source: Polyak, "Some methods of speeding up the convergence of iteration methods", 1964.
    As in `torch.optim.SGD`, η stands outside v; Polyak and many texts write v ← μ v − η g, which differs once η changes.
    """

    lr: float
    momentum: float = 0.0

    def __post_init__(self) -> None:
        checks.positive("lr", self.lr)
        _fraction("momentum", self.momentum)

    def init(self, params: Params) -> dict:
        """The state before the first step: v = 0."""
        return {"velocity": _zeros(params)}

    def update(self, params: Params, grads: Params, state: dict) -> tuple[Params, dict]:
        """One step: new parameters and new state, each with the keys and shapes of the old."""
        _check(params, grads)
        v = {k: self.momentum * state["velocity"][k] + g for k, g in grads.items()}
        return {k: p - self.lr * v[k] for k, p in params.items()}, {"velocity": v}


@dataclass(frozen=True)
class RMSProp:
    r"""Each parameter's step is divided by a running root mean square of its gradient.

    $$s \leftarrow \alpha s + (1 - \alpha)\, g^2, \qquad \theta \leftarrow \theta - \eta \frac{g}{\sqrt{s} + \varepsilon}$$

    Args:
        lr: learning rate η.
        alpha: memory of the running mean, from 0 up to but without 1.
        eps: keeps the division finite.

    Raises:
        SettingError: a setting lies outside its range.

    Source: Tieleman & Hinton, "Lecture 6.5: rmsprop", 2012, which has no ε. As in `torch.optim.RMSprop`, ε stands outside the root.
    """

    lr: float = 0.01
    alpha: float = 0.99
    eps: float = 1e-8

    def __post_init__(self) -> None:
        checks.positive("lr", self.lr)
        _fraction("alpha", self.alpha)
        checks.positive("eps", self.eps)

    def init(self, params: Params) -> dict:
        """The state before the first step: s = 0."""
        return {"square": _zeros(params)}

    def update(self, params: Params, grads: Params, state: dict) -> tuple[Params, dict]:
        """One step: new parameters and new state, each with the keys and shapes of the old."""
        _check(params, grads)
        s = {k: self.alpha * state["square"][k] + (1 - self.alpha) * g**2 for k, g in grads.items()}
        return {k: p - self.lr * grads[k] / (s[k] ** 0.5 + self.eps) for k, p in params.items()}, {"square": s}


@dataclass(frozen=True)
class Adam:
    r"""Running means of the gradient and of its square, both corrected for having started at zero.

    $$m \leftarrow \beta_1 m + (1 - \beta_1)\, g, \quad \hat m = \frac{m}{1 - \beta_1^t}, \qquad
    s \leftarrow \beta_2 s + (1 - \beta_2)\, g^2, \quad \hat s = \frac{s}{1 - \beta_2^t}$$

    $$\theta \leftarrow \theta - \eta \frac{\hat m}{\sqrt{\hat s} + \varepsilon}$$

    Args:
        lr: learning rate η.
        beta1, beta2: memories of the two running means, from 0 up to but without 1.
        eps: keeps the division finite.

    Raises:
        SettingError: a setting lies outside its range.

    Source: Kingma & Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1 (where s is called v).
    """

    lr: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8

    def __post_init__(self) -> None:
        checks.positive("lr", self.lr)
        _fraction("beta1", self.beta1)
        _fraction("beta2", self.beta2)
        checks.positive("eps", self.eps)

    def init(self, params: Params) -> dict:
        """The state before the first step: t = 0, m = 0, s = 0."""
        return {"t": 0, "mean": _zeros(params), "square": _zeros(params)}

    def update(self, params: Params, grads: Params, state: dict) -> tuple[Params, dict]:
        """One step: new parameters and new state, each with the keys and shapes of the old."""
        _check(params, grads)
        t = state["t"] + 1
        m = {k: self.beta1 * state["mean"][k] + (1 - self.beta1) * g for k, g in grads.items()}
        s = {k: self.beta2 * state["square"][k] + (1 - self.beta2) * g**2 for k, g in grads.items()}

        def step(k: str) -> Any:
            m_hat = m[k] / (1 - self.beta1**t)
            s_hat = s[k] / (1 - self.beta2**t)
            return self.lr * m_hat / (s_hat**0.5 + self.eps)

        return {k: p - step(k) for k, p in params.items()}, {"t": t, "mean": m, "square": s}


def global_norm(grads: Params) -> float:
    r"""The length of all gradients taken as one vector, √(Σ g²). Not finite if a gradient is not, or if the sum overflows."""
    with np.errstate(over="ignore", invalid="ignore"):
        return math.sqrt(float(sum((g * g).sum() for g in grads.values())))


def all_finite(arrays: Params) -> bool:
    """No entry of any array is NaN or infinite."""
    return math.isfinite(float(sum(abs(a).max() for a in arrays.values())))  # NaN wins over every number, in both libraries


def clip_by_norm(grads: Params, max_norm: float) -> tuple[Params, float]:
    r"""Shorten the gradient to length `max_norm` if it is longer; its direction stays.

    $$g \leftarrow g \, \frac{\text{max\_norm}}{\lVert g \rVert} \quad \text{if } \lVert g \rVert > \text{max\_norm}$$

    Args:
        grads: flat dict of gradients; the norm is taken over all of them together.
        max_norm: the greatest length that passes.

    Returns:
        (clipped gradients, norm before clipping).

    Raises:
        SettingError: `max_norm` is not above zero.
        NotFiniteError: a gradient, or the sum of squares, is not finite.

    Source: Pascanu, Mikolov & Bengio, "On the difficulty of training recurrent neural networks", 2013, algorithm 1.
    `torch.nn.utils.clip_grad_norm_` divides by ‖g‖ + 10⁻⁶ so as never to divide by zero. Here the division only happens
    where ‖g‖ > max_norm > 0, so nothing is added: the clipped gradient has length `max_norm` exactly, and a gradient
    that is short enough comes back unchanged.
    """
    checks.positive("max_norm", max_norm)
    norm = global_norm(grads)
    if not math.isfinite(norm):  # else an infinite norm would turn every gradient into zero, in silence
        raise NotFiniteError(f"grads: expected a finite norm to shorten, got {norm}")
    if norm <= max_norm:
        return dict(grads), norm
    return {k: g * (max_norm / norm) for k, g in grads.items()}, norm


def clip_by_value(grads: Params, limit: float) -> tuple[Params, float]:
    r"""Cut each entry of the gradient to [−limit, limit]; the direction may change.

    Args:
        grads: flat dict of gradients.
        limit: the greatest absolute value that passes.

    Returns:
        (clipped gradients, norm before clipping).

    Raises:
        SettingError: `limit` is not above zero.
        NotFiniteError: a gradient holds NaN or infinity.

    Source: Mikolov, "Statistical language models based on neural networks", 2012, §3.3.
    """
    checks.positive("limit", limit)
    _check_finite(grads)
    return {k: g.clip(-limit, limit) for k, g in grads.items()}, global_norm(grads)


def _zeros(params: Params) -> Params:
    _check_finite(params, "params")
    return {k: 0 * p for k, p in params.items()}


def _fraction(name: str, value: float) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1:
        raise SettingError(f"{name}: expected a number from 0 up to but without 1, got {value!r}")


def _check(params: Params, grads: Params) -> None:
    if params.keys() != grads.keys():
        missing, extra = sorted(params.keys() - grads.keys()), sorted(grads.keys() - params.keys())
        raise ShapeError(f"grads: expected the keys of params, {sorted(params)}; missing {missing}, not expected {extra}")
    for k, p in params.items():
        if tuple(p.shape) != tuple(grads[k].shape):  # else broadcasting would go on in silence
            raise ShapeError(f"grads[{k!r}]: expected shape {tuple(p.shape)}, got {tuple(grads[k].shape)}")
    _check_finite(grads)


def _check_finite(arrays: Params, name: str = "grads") -> None:
    if not all_finite(arrays):
        bad = [k for k, a in arrays.items() if not all_finite({k: a})]
        raise NotFiniteError(f"{name}: expected finite numbers, got NaN or infinity in {bad}")
