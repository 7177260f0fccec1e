r"""Losses on logits, on Torch: the definitions, masks and reductions of `rnncore.reference.losses`.

Each returns the loss alone, a tensor without axes; autograd supplies the gradient of the logits.

Shapes: logits (T, K, B) · class targets (T, B) · other targets (T, K, B) · mask (T, B), one where a step counts.
"""

from __future__ import annotations

import torch

from ..errors import SettingError, ShapeError
from . import checks


def _door(o: torch.Tensor, mask, reduction: str) -> tuple[torch.Tensor, torch.Tensor, float]:
    """Checked logits, the mask as numbers (T, 1, B), and what to divide by."""
    o = checks.array("logits", o, ("T", "K", "B"))
    checks.one_of("reduction", reduction, ("mean", "sum"))
    T, _, B = o.shape
    m = checks.mask(mask, T, B, o.device)
    m = torch.ones((T, 1, B), dtype=o.dtype, device=o.device) if m is None else m[:, None, :].to(o.dtype)
    return o, m, float(m.sum()) if reduction == "mean" else 1.0


def softmax_cross_entropy(o: torch.Tensor, targets: torch.Tensor, mask=None, reduction: str = "mean") -> torch.Tensor:
    r"""$L_t = -\sum_k y^*_{t,k} \log \mathrm{softmax}(o_t)_k$.

    Args: o (T, K, B); targets (T, B) class indices, or (T, K, B) with columns that sum to one.
    Raises: UnknownSymbolError for a class outside 0 … K − 1.
    """
    o, m, n = _door(o, mask, reduction)
    T, K, B = o.shape
    y = one_hot(targets, T, K, B, o)
    return -(m * y * torch.log_softmax(o, dim=1)).sum() / n


def squared_error(y: torch.Tensor, targets: torch.Tensor, mask=None, reduction: str = "mean") -> torch.Tensor:
    r"""$L_t = \tfrac12 \lVert y_t - y^*_t \rVert^2$."""
    y, m, n = _door(y, mask, reduction)
    g = checks.array("targets", targets, tuple(y.shape)).to(y)
    error = m * (y - g)
    return 0.5 * (error * error).sum() / n


def binary_cross_entropy(o: torch.Tensor, targets: torch.Tensor, mask=None, reduction: str = "mean") -> torch.Tensor:
    r"""$L_t = -\sum_k [y^*_k \log \sigma(o_k) + (1 - y^*_k) \log(1 - \sigma(o_k))]$, as $\log(1 + e^{o}) - y^* o$."""
    o, m, n = _door(o, mask, reduction)
    d = checks.array("targets", targets, tuple(o.shape)).to(o)
    if ((d < 0) | (d > 1)).any():
        raise SettingError("targets: expected probabilities from 0 to 1, got values outside")
    return (m * (torch.logaddexp(o, torch.zeros_like(o)) - d * o)).sum() / n


def one_hot(targets: torch.Tensor, T: int, K: int, B: int, like: torch.Tensor) -> torch.Tensor:
    """Class indices (T, B) as columns with a single one, (T, K, B); distributions of that shape pass through, checked."""
    if getattr(targets, "ndim", 2) == 3:
        y = checks.array("targets", targets, (T, K, B)).to(like)
        if (y < 0).any() or not torch.allclose(y.sum(dim=1), torch.ones_like(y[:, 0]), atol=1e-5):
            raise SettingError("targets: expected columns of probabilities that sum to one, got others")
        return y
    if getattr(targets, "ndim", 2) != 2:
        raise ShapeError(f"targets: expected shape {checks.describe((T, B))} or {checks.describe((T, K, B))}, got {tuple(targets.shape)}")
    ids = checks.indices("targets", targets, (T, B), K).to(like.device, torch.int64)
    return torch.zeros_like(like).scatter(1, ids[:, None, :], 1)


LOSSES = {
    "softmax_cross_entropy": softmax_cross_entropy,
    "squared_error": squared_error,
    "binary_cross_entropy": binary_cross_entropy,
}
