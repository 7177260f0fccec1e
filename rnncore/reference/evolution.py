r"""Learning without gradients: a search distribution over all parameters, which moves to where the loss is low.

Each parameter has a mean θ and a spread σ of its own. At every step a population is drawn, ranked by its loss, and both move
along the natural gradient of the expected rank:

$$\theta_k = \theta + \sigma \odot z_k, \quad z_k \sim \mathcal N(0, 1)$$

$$\theta \leftarrow \theta + \eta_\theta\, \sigma \odot \sum_k u_k z_k, \qquad
\sigma \leftarrow \sigma \odot \exp\!\Bigl( \tfrac{\eta_\sigma}{2} \sum_k u_k (z_k^2 - 1) \Bigr)$$

The utility $u_k$ depends on the rank alone: high for the lowest loss, negative for the worse half, zero in sum. So neither the
scale of the loss nor an outlier matters, the loss need not have a gradient, and no error has to travel back through time. The
price is one run of the net for each member of the population, and noise that grows with the number of parameters.

Source: Schaul, Glasmachers and Schmidhuber, "High dimensions and heavy tails for natural evolution strategies", 2011 (the
separable strategy, SNES); Wierstra, Schaul, Glasmachers, Sun, Peters and Schmidhuber, "Natural evolution strategies", 2014, also
for the utilities and the settings. Where we differ: equal losses share what their ranks are worth, so chance does not choose.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .. import checks
from ..errors import NotFiniteError, SettingError, ShapeError
from .clipping import Params, check_finite, check_real


@dataclass(frozen=True)
class SNES:
    r"""The separable natural evolution strategy, used like an optimizer but with the loss in place of its gradients.

    `state = strategy.init(params)` once, then `params, state, losses = strategy.update(params, loss, state, rng)`. Parameters may
    be NumPy arrays or Torch tensors; random numbers are drawn by NumPy for both.

    Args:
        sigma: spread of every parameter at the start, above zero.
        population: runs of the net at each step, 2 or more; $4 + \lfloor 3 \ln n \rfloor$ for n parameters if None.
        lr: $\eta_\theta$, the rate of the mean.
        lr_sigma: $\eta_\sigma$, that of the spread; $(3 + \ln n) / (5 \sqrt n)$ if None.

    Raises: SettingError if a setting lies outside its range.
    """

    sigma: float = 0.1
    population: int | None = None
    lr: float = 1.0
    lr_sigma: float | None = None

    def __post_init__(self) -> None:
        checks.positive("sigma", self.sigma)
        checks.positive("lr", self.lr)
        if self.lr_sigma is not None:
            checks.positive("lr_sigma", self.lr_sigma)
        if self.population is not None:
            checks.positive("population", self.population, integer=True)
            if self.population < 2:
                raise SettingError(f"population: expected two or more, since they are ranked; got {self.population}")

    def init(self, params: Params) -> dict:
        """The state before the first step: the spread of every parameter."""
        check_finite(params, "params")
        return {"sigma": {k: np.full(tuple(p.shape), float(self.sigma)) for k, p in params.items()}}

    def update(self, params: Params, loss: Callable[[Params], float], state: dict, rng: np.random.Generator) -> tuple:
        """One step.

        Args:
            loss: a function from parameters to a number, smaller is better. Where it is not finite the member is ranked last.
            rng: draws the population, n numbers for each member, in the order of the keys.
        Returns: new parameters, new state, and the losses of the population (population,).
        Raises: ShapeError if the state does not fit; SettingError for no generator; NotFiniteError if no loss is finite.
        """
        checks.generator(rng)
        checks.function("loss", loss, "the parameters")
        check_real(params, "params")
        sigma = state.get("sigma", {}) if isinstance(state, dict) else {}
        if {k: tuple(p.shape) for k, p in params.items()} != {k: s.shape for k, s in sigma.items()}:
            raise ShapeError(f"state: expected the keys and shapes of params, {sorted(params)}; got {sorted(sigma)} or other shapes")
        n = sum(s.size for s in sigma.values())
        size = self.population or 4 + int(3 * math.log(n))
        rate = self.lr_sigma or (3 + math.log(n)) / (5 * math.sqrt(n))
        z = [{k: rng.standard_normal(s.shape) for k, s in sigma.items()} for _ in range(size)]
        losses = np.array([float(loss({k: p + _like(p, sigma[k] * member[k]) for k, p in params.items()})) for member in z])
        u = utilities(losses)
        pull = {k: sum(u_k * member[k] for u_k, member in zip(u, z)) for k in params}
        widen = {k: sum(u_k * (member[k] ** 2 - 1) for u_k, member in zip(u, z)) for k in params}
        new = {k: p + _like(p, self.lr * sigma[k] * pull[k]) for k, p in params.items()}
        return new, {"sigma": {k: s * np.exp(0.5 * rate * widen[k]) for k, s in sigma.items()}}, losses


def utilities(losses: np.ndarray) -> np.ndarray:
    r"""What each member's rank is worth, in the order of the losses; the sum is zero, and equal losses share.

    $$u = \frac{\max(0, \ln(\lambda / 2 + 1) - \ln r)}{\sum_j \max(0, \ln(\lambda / 2 + 1) - \ln j)} - \frac{1}{\lambda}, \qquad
    r = 1 \text{ for the lowest of } \lambda \text{ losses}$$

    Raises: NotFiniteError if no loss is finite; ShapeError, DtypeError, EmptySequenceError for what is no list of losses.
    """
    losses = np.asarray(losses)
    if losses.dtype.kind == "f" and losses.ndim == 1 and losses.size and not np.isfinite(losses).any():
        raise NotFiniteError(f"losses: expected at least one finite loss to rank, got {losses.size} that are NaN or infinite")
    losses = np.where(np.isfinite(losses), losses, np.inf) if losses.dtype.kind == "f" else losses
    checks.array("losses", np.zeros_like(losses), ("population",))
    ranks = np.arange(1, len(losses) + 1)
    worth = np.maximum(0, math.log(len(losses) / 2 + 1) - np.log(ranks))
    worth = worth / worth.sum() - 1 / len(losses)
    _, place, count = np.unique(losses, return_inverse=True, return_counts=True)
    shares = np.add.reduceat(worth, np.cumsum(count) - count) / count  # equal losses know no order: chance must not choose
    return shares[place]


def _like(p, a: np.ndarray):
    """An array in the library, precision and place of a parameter."""
    return a.astype(p.dtype) if isinstance(p, np.ndarray) else p.new_tensor(a)
