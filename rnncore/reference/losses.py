r"""Losses on logits. Each returns `(loss, d_logits)`.

The total loss of a sequence is the sum over its steps, $L = \sum_t L_t$. `reduction="sum"` gives exactly that, summed
over the sequences of the batch as well; `reduction="mean"` divides it by the number of steps that are not padding, counted
over all sequences, so that the size of a gradient step does not depend on lengths.

Shapes: logits (T, K, B) · class targets (T, B) · other targets (T, K, B) · mask (T, B), one where a step counts.
"""

from __future__ import annotations

import numpy as np

from .. import checks
from ..errors import SettingError, ShapeError
from .activations import logistic, softmax


def _door(o: np.ndarray, mask, reduction: str) -> tuple[np.ndarray, np.ndarray, float]:
    """Checked logits, the mask as numbers (T, 1, B), and what to divide by."""
    o = checks.array("logits", o, ("T", "K", "B"))
    checks.one_of("reduction", reduction, ("mean", "sum"))
    T, _, B = o.shape
    m = checks.mask(mask, T, B)
    m = np.ones((T, 1, B), o.real.dtype) if m is None else m[:, None, :].astype(o.real.dtype)
    # A Python float: a NumPy scalar would turn float32 arrays into float64.
    return o, m, float(m.sum()) if reduction == "mean" else 1.0


def softmax_cross_entropy(o: np.ndarray, targets: np.ndarray, mask=None, reduction: str = "mean") -> tuple:
    r"""Negative log-likelihood of the target classes, $L_t = -\sum_k y^*_{t,k} \log \mathrm{softmax}(o_t)_k$.

    $$\frac{\partial L_t}{\partial o_t} = \hat y_t - y^*_t$$

    Args: o (T, K, B); targets (T, B) class indices, or (T, K, B) with columns that sum to one.
    Raises: UnknownSymbolError for a class outside 0 … K − 1.
    """
    o, m, n = _door(o, mask, reduction)
    T, K, B = o.shape
    y = one_hot(targets, T, K, B, o.real.dtype)
    top = o.real.max(axis=1, keepdims=True)
    log_sum = top + np.log(np.exp(o - top).sum(axis=1, keepdims=True))  # shifted: exp cannot overflow
    loss = (m * y * (log_sum - o)).sum() / n
    return loss, m * (softmax(o) - y) / n


def squared_error(y: np.ndarray, targets: np.ndarray, mask=None, reduction: str = "mean") -> tuple:
    r"""$L_t = \tfrac12 \lVert y_t - y^*_t \rVert^2$, with gradient $y_t - y^*_t$. The outputs are the logits themselves."""
    y, m, n = _door(y, mask, reduction)
    g = checks.array("targets", targets, y.shape).astype(y.real.dtype)
    error = m * (y - g)
    return 0.5 * (error * error).sum() / n, error / n


def binary_cross_entropy(o: np.ndarray, targets: np.ndarray, mask=None, reduction: str = "mean") -> tuple:
    r"""K independent yes/no questions: $L_t = -\sum_k [y^*_k \log \sigma(o_k) + (1 - y^*_k) \log(1 - \sigma(o_k))]$.

    The gradient is $\sigma(o_t) - y^*_t$. Computed as $\log(1 + e^{o}) - y^* o$ with the larger exponent taken out.
    Raises: SettingError for targets outside [0, 1].
    """
    o, m, n = _door(o, mask, reduction)
    d = checks.array("targets", targets, o.shape).astype(o.real.dtype)
    if ((d < 0) | (d > 1)).any():
        raise SettingError("targets: expected probabilities from 0 to 1, got values outside")
    positive = o.real > 0
    softplus = np.where(positive, o, 0) + np.log1p(np.exp(np.where(positive, -o, o)))
    return (m * (softplus - d * o)).sum() / n, m * (logistic(o) - d) / n


def one_hot(targets: np.ndarray, T: int, K: int, B: int, dtype=np.float64) -> np.ndarray:
    """Class indices (T, B) as columns with a single one, (T, K, B); distributions of that shape pass through, checked."""
    targets = np.asarray(targets)
    if targets.ndim == 3:
        y = checks.array("targets", targets, (T, K, B))
        if (y < 0).any() or not np.allclose(y.sum(axis=1), 1, atol=1e-5):
            raise SettingError("targets: expected columns of probabilities that sum to one, got others")
        return y.astype(dtype)
    if targets.ndim != 2:
        raise ShapeError(f"targets: expected shape {checks.describe((T, B))} or {checks.describe((T, K, B))}, got {targets.shape}")
    ids = checks.indices("targets", targets, (T, B), K)
    y = np.zeros((T, K, B), dtype)
    np.put_along_axis(y, ids[:, None, :], 1, axis=1)
    return y


LOSSES = {
    "softmax_cross_entropy": softmax_cross_entropy,
    "squared_error": squared_error,
    "binary_cross_entropy": binary_cross_entropy,
}
