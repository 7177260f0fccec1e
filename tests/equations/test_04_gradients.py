"""The displayed equations of chapter 4.

Derivatives: the displayed formula against the reference code, the complex step and central differences of a forward pass written
here, and Torch autograd. Bounds and limits: random nets of many kinds, each bound also shown to be reached, or it would hold of
anything that is large enough.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rnncore.reference import Elman, analysis, orthogonal, unroll, unroll_backward
from rnncore.reference.activations import ACTIVATIONS
from rnncore.reference.elman import State
from rnncore.reference.optimizers import clip_by_norm, clip_by_value
from tests import cases

T, D, H = 7, 3, 5
GAMMA = {"identity": 1.0, "tanh": 1.0, "relu": 1.0, "logistic": 0.25}
TORCH_PHI = {"tanh": torch.tanh, "relu": torch.relu, "logistic": torch.sigmoid, "identity": lambda a: a}
ALL_ACTIVATIONS = pytest.mark.parametrize("activation", cases.ACTIVATIONS)


def complex_step(f, v):
    """df/dv of a function of one number."""
    return f(v + 1e-30j).imag / 1e-30


def close(a, b, tolerance=1e-11):
    scale = max(np.abs(a).max(), np.abs(b).max())
    assert scale > 1e-12, "numbers that are zero would agree with anything"
    assert np.abs(np.asarray(a) - np.asarray(b)).max() <= tolerance * scale


def net(activation, seed=0, steps=T):
    """A random net: cell, parameters, input, initial state, states h[0] … h[T], slopes[1 … T], caches."""
    rng = np.random.default_rng(seed)
    cell = Elman(D, H, activation)
    p = {"U": rng.normal(size=(H, D)), "W": rng.normal(size=(H, H)), "b": rng.normal(size=(H, 1)) + 3 * (activation == "relu")}
    x, h0 = rng.normal(size=(steps, D, 1)), rng.normal(size=(H, 1))
    states, _, caches = unroll(cell, p, x, State(h0))
    phi = ACTIVATIONS[activation]
    h, a = [h0], [None]
    for x_t in x:
        a.append(p["U"] @ x_t + p["W"] @ h[-1] + p["b"])
        h.append(phi.function(a[-1]))
    np.testing.assert_allclose(states, h[1:], rtol=1e-13)
    slopes = [None] + [complex_slope(activation, a_t) for a_t in a[1:]]
    return cell, p, x, h, slopes, caches


def complex_slope(activation, a):
    """φ'(a), entry by entry, from φ alone."""
    return ACTIVATIONS[activation].function(a + 1e-30j).imag / 1e-30


def torch_states(activation, p, x, h0):
    """The states by Torch, and the leaf h_0."""
    phi, q = TORCH_PHI[activation], {k: torch.tensor(v) for k, v in p.items()}
    h = [torch.tensor(h0, requires_grad=True)]
    for x_t in x:
        h.append(phi(q["U"] @ torch.tensor(x_t) + q["W"] @ h[-1] + q["b"]))
    return h


def autograd_jacobian(activation, p, x, h0):
    """∂h_T/∂h_0 by Torch."""
    phi, q = TORCH_PHI[activation], {k: torch.tensor(v) for k, v in p.items()}

    def final(v):
        h = v[:, None]
        for x_t in x:
            h = phi(q["U"] @ torch.tensor(x_t) + q["W"] @ h + q["b"])
        return h[:, 0]

    return torch.autograd.functional.jacobian(final, torch.tensor(h0[:, 0])).numpy()


def final_state(activation, p, x, h0, copies=None):
    """h_T from h_0, complex numbers too; `copies`: a W for each step."""
    for t, x_t in enumerate(x):
        h0 = ACTIVATIONS[activation].function(p["U"] @ x_t + (p["W"] if copies is None else copies[t]) @ h0 + p["b"])
    return h0


def complex_jacobian(activation, p, x, h0):
    """∂h_T/∂h_0 by a complex step in each entry of h_0."""
    return np.hstack([final_state(activation, p, x, h0 + 1e-30j * np.eye(H)[:, [j]]).imag / 1e-30 for j in range(H)])


def product_of(p, slopes, last, lag):
    """diag(φ') W, newest on the left, as displayed."""
    product = np.eye(H)
    for t in range(last, last - lag, -1):
        product = product @ (np.diag(slopes[t][:, 0]) @ p["W"])
    return product


@pytest.mark.equation("grad-scalar-power")
@pytest.mark.parametrize("w", [0.8, -0.95, 1.0, 1.2])
def test_scalar_power(w):
    rng = np.random.default_rng(0)
    u, x = rng.normal(), rng.normal(size=12)
    cell, p = Elman(1, 1, "identity"), {"U": np.full((1, 1), u), "W": np.full((1, 1), w), "b": np.zeros((1, 1))}
    by_lag = analysis.lag_products(analysis.jacobians(cell, p, x.reshape(-1, 1, 1)))[:, 0, 0, 0]

    def run(h):
        for x_t in x:
            h = w * h + u * x_t
        return h

    close([w**lag for lag in range(13)], by_lag)
    close(w**12, complex_step(run, 0.3))
    leaf = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    run(leaf).backward()
    close(w**12, leaf.grad.item())


@pytest.mark.equation("grad-scalar-tanh")
@pytest.mark.parametrize("w", [0.9, 1.5, -2.0])
def test_scalar_tanh(w):
    rng = np.random.default_rng(1)
    u, x, h0 = 0.3, 0.3 * rng.normal(size=4), 0.2
    h, product = h0, 1.0
    for x_t in x:
        h = np.tanh(w * h + u * x_t)
        product *= w * (1 - h**2)
    cell, p = Elman(1, 1), {"U": np.full((1, 1), u), "W": np.full((1, 1), w), "b": np.zeros((1, 1))}

    def run(h, tanh=np.tanh):
        for x_t in x:
            h = tanh(w * h + u * x_t)
        return h

    close(product, analysis.lag_products(analysis.jacobians(cell, p, x.reshape(-1, 1, 1), State(np.full((1, 1), h0))))[4, 0, 0, 0])
    close(product, complex_step(run, h0))
    close(product, (run(h0 + 1e-6) - run(h0 - 1e-6)) / 2e-6, 1e-7)
    leaf = torch.tensor(h0, dtype=torch.float64, requires_grad=True)
    run(leaf, torch.tanh).backward()
    close(product, leaf.grad.item())


@pytest.mark.equation("eq-fixed-point-slope")
@pytest.mark.parametrize("w", [1.01, 1.1, 1.5, 3.0, 4.0])
def test_slope_at_the_fixed_point(w):
    low, high = 1e-3, 1.0  # tanh(w h) − h is above zero just after 0 and below zero at 1
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if np.tanh(w * middle) > middle else (low, middle)
    h = low
    assert abs(np.tanh(w * h) - h) < 1e-14 and h > 0.01
    slope = complex_step(lambda v: np.tanh(w * v), h)
    close(slope, w * (1 - h**2), 1e-12)
    chord = (np.tanh(w * h) - np.tanh(0)) / (h - 0)
    assert 0 < slope < chord and abs(chord - 1) < 1e-12
    assert complex_step(lambda v: np.tanh(w * v), 0.0) > 1  # at the other fixed point, 0, it is not


@pytest.mark.equation("grad-step-jacobian")
@ALL_ACTIVATIONS
def test_jacobian_of_a_step(activation):
    cell, p, x, h, slopes, _ = net(activation)
    for t in (1, 3, T):
        shown = np.diag(slopes[t][:, 0]) @ p["W"]
        entries = np.array([[slopes[t][i, 0] * p["W"][i, j] for j in range(H)] for i in range(H)])
        close(shown, entries, 1e-14)
        close(shown, analysis.step_jacobian(cell, p, x[t - 1], State(h[t - 1]))[0])
        close(shown, autograd_jacobian(activation, p, x[t - 1 : t], h[t - 1]))
        close(shown, complex_jacobian(activation, p, x[t - 1 : t], h[t - 1]))
        if activation == "tanh":
            close(shown, np.diag(1 - h[t][:, 0] ** 2) @ p["W"], 1e-13)
        assert np.abs(shown - p["W"] @ np.diag(slopes[t][:, 0])).max() > 1e-3 or activation == "identity"  # the order counts


@pytest.mark.equation("grad-jacobian-product")
@ALL_ACTIVATIONS
def test_product_of_jacobians(activation):
    cell, p, x, h, slopes, _ = net(activation, 1)
    library = analysis.lag_products(analysis.jacobians(cell, p, x, State(h[0])))[:, 0]
    for lag in (1, 2, 4, T):
        shown = product_of(p, slopes, T, lag)
        close(shown, library[lag])
        close(shown, autograd_jacobian(activation, p, x[T - lag :], h[T - lag]))
        close(shown, complex_jacobian(activation, p, x[T - lag :], h[T - lag]))


@pytest.mark.equation("grad-carried")
@ALL_ACTIVATIONS
def test_gradient_goes_back_through_the_transpose(activation):
    cell, p, x, h, slopes, caches = net(activation, 2)
    g = np.random.default_rng(5).normal(size=(H, 1))
    states = torch_states(activation, p, x, h[0])
    for state in states[1:]:
        state.retain_grad()
    (torch.tensor(g) * states[-1]).sum().backward()
    norms = analysis.gradient_by_lag(cell, p, State(g), caches)[:, 0]
    _, start, _ = unroll_backward(cell, p, np.zeros((T, H, 1)), State(g), caches)
    for lag in range(T + 1):
        shown = product_of(p, slopes, T, lag).T @ g
        close(shown, states[T - lag].grad.numpy())
        close(shown, complex_jacobian(activation, p, x[T - lag :], h[T - lag]).T @ g if lag else g)
        close(np.linalg.norm(shown), norms[lag])
    close(shown, start.h)


MATRICES = {
    "random": lambda rng: rng.normal(size=(6, 6)) / 2,
    "orthogonal": lambda rng: orthogonal(1.1)(rng, (6, 6)),
    "symmetric": lambda rng: (lambda A: (A + A.T) / 3)(rng.normal(size=(6, 6))),
    "sheared": lambda rng: np.diag([0.9, 0.8, -0.7, 0.6, 0.5, 0.4]) + 2 * np.tril(rng.normal(size=(6, 6)), -1),
    "rotation": lambda rng: np.kron(np.eye(3), [[1.0, -0.4], [0.4, 1.0]]) + 0.1 * rng.normal(size=(6, 6)),
}
ALL_MATRICES = pytest.mark.parametrize("kind", MATRICES)


@pytest.mark.equation("eq-power-bounds")
@ALL_MATRICES
def test_bounds_of_powers(kind):
    for seed in range(10):
        W = MATRICES[kind](np.random.default_rng(seed))
        rho, sigma = np.abs(np.linalg.eigvals(W)).max(), np.linalg.svd(W, compute_uv=False)[0]
        close(rho, analysis.spectral_radius(W), 1e-12)
        close(sigma, analysis.largest_singular_value(W), 1e-12)
        for lag in range(1, 15):
            norm = np.linalg.svd(np.linalg.matrix_power(W, lag), compute_uv=False)[0]
            assert rho**lag * (1 - 1e-10) <= norm <= sigma**lag * (1 + 1e-10)
            if kind in ("orthogonal", "symmetric"):  # normal: both are reached
                close([rho**lag, sigma**lag], [norm, norm], 1e-9)


@pytest.mark.equation("eq-gelfand")
@ALL_MATRICES
def test_roots_of_norms_of_powers_tend_to_the_radius(kind):
    W = MATRICES[kind](np.random.default_rng(3))
    rho = np.abs(np.linalg.eigvals(W)).max()
    P, logs, lags = np.eye(6), 0.0, 4096
    roots = {}
    for lag in range(1, lags + 1):  # scaled as it goes, so that nothing overflows
        P = P @ W
        size = np.linalg.norm(P, 2)
        P, logs = P / size, logs + np.log(size)
        roots[lag] = np.exp(logs / lag)
    assert abs(roots[lags] / rho - 1) < 0.005
    if kind == "sheared":
        assert abs(roots[1] / rho - 1) > 1 and abs(roots[64] / rho - 1) > abs(roots[lags] / rho - 1)
    defective = np.array([[0.9, 1.0], [0.0, 0.9]])  # without a basis of eigenvectors: the factor in front grows like the lag
    powers = {lag: np.linalg.norm(np.linalg.matrix_power(defective, lag), 2) for lag in (100, 200, 4000)}
    assert abs(powers[4000] ** (1 / 4000) / 0.9 - 1) < 0.005
    assert 1.9 < powers[200] / powers[100] / 0.9**100 < 2.1
    shear = np.linalg.matrix_power(np.array([[1, 1], [0, 1]]), 17)
    assert (shear == [[1, 17], [0, 1]]).all()


@pytest.mark.equation("eq-condition-bound")
@ALL_MATRICES
def test_bound_by_the_eigenvectors(kind):
    for seed in range(10):
        W = MATRICES[kind](np.random.default_rng(seed))
        values, Q = np.linalg.eig(W)
        inverse = np.linalg.inv(Q)
        factor = np.linalg.norm(Q, 2) * np.linalg.norm(inverse, 2)
        assert factor < 1e8
        for lag in (1, 2, 5, 20):
            power = np.linalg.matrix_power(W, lag)
            close(Q @ np.diag(values**lag) @ inverse, power, 1e-9 * factor)
            assert np.linalg.norm(power, 2) <= factor * np.abs(values).max() ** lag * (1 + 1e-9)
        if kind in ("symmetric",):
            close(factor, 1.0, 1e-9)


@pytest.mark.equation("eq-sigma-bound")
@ALL_ACTIVATIONS
def test_bound_by_singular_value_and_slope(activation):
    gamma, grid = GAMMA[activation], np.linspace(-30, 30, 60_001)
    slopes = complex_slope(activation, grid)
    assert slopes.max() <= gamma * (1 + 1e-12) and abs(slopes[np.argmin(np.abs(grid - 1e-3))] - gamma) < 1e-4  # γ is the greatest slope
    for seed in range(20):
        cell, p, x, h, _, _ = net(activation, seed)
        p = p | {"W": p["W"] * (0.2 + 0.2 * seed)}
        norms = analysis.lag_norms(cell, p, x, State(h[0]))[:, 0]
        sigma = np.linalg.svd(p["W"], compute_uv=False)[0]
        assert (norms <= (gamma * sigma) ** np.arange(T + 1) * (1 + 1e-10)).all()
    # it is reached, so no smaller bound holds: all slopes at their greatest, all singular values alike
    W = 1.3 * np.eye(H) if activation == "relu" else orthogonal(1.3)(np.random.default_rng(0), (H, H))  # so that all units stay on
    b = -0.5 * W.sum(axis=1, keepdims=True) if activation == "logistic" else np.zeros((H, 1))
    start = {"logistic": 0.5, "relu": 1.0}.get(activation, 0.0)
    norms = analysis.lag_norms(Elman(D, H, activation), {"U": np.zeros((H, D)), "W": W, "b": b}, np.zeros((T, D, 1)), State(np.full((H, 1), start)))
    close(norms[:, 0], (gamma * 1.3) ** np.arange(T + 1), 1e-9)


@pytest.mark.equation("grad-share")
@ALL_ACTIVATIONS
def test_shares_are_those_of_the_terms_of_the_gradient(activation):
    cell, p, x, h, slopes, caches = net(activation, 3)
    g = np.random.default_rng(5).normal(size=(H, 1))
    terms, e = [], g
    for t in range(T, 0, -1):
        delta = slopes[t] * e
        terms.append(delta @ h[t - 1].T)
        e = p["W"].T @ delta
    lengths = np.array([np.sqrt((term**2).sum()) for term in terms])
    shares = lengths / lengths.sum()
    # a copy of W for each step: Torch's gradient of copy t is the term of lag T − t
    phi, q = TORCH_PHI[activation], {k: torch.tensor(v) for k, v in p.items()}
    copies = [q["W"].clone().requires_grad_() for _ in range(T)]
    state = torch.tensor(h[0])
    for x_t, copy in zip(x, copies):
        state = phi(q["U"] @ torch.tensor(x_t) + copy @ state + q["b"])
    (torch.tensor(g) * state).sum().backward()
    theirs = np.array([np.linalg.norm(copy.grad.numpy()) for copy in copies[::-1]])
    close(shares, theirs / theirs.sum())
    for t, term in zip(range(T, 0, -1), terms):  # one entry of each term, by a complex step in that entry of the copy
        i, j = np.unravel_index(np.abs(term).argmax(), term.shape)
        stepped = [p["W"] + 1e-30j * (k == t - 1) * np.outer(np.eye(H)[i], np.eye(H)[j]) for k in range(T)]
        close(term[i, j], (g * final_state(activation, p, x, h[0], stepped)).sum().imag / 1e-30)
    assert abs(shares.sum() - 1) < 1e-12
    _, _, grads = unroll_backward(cell, p, np.zeros((T, H, 1)), State(g), caches)
    close(sum(terms), grads["W"])  # the terms are those of the gradient


def cliff_state(w, b, h=0.5, steps=50):
    for _ in range(steps):
        h = w / (1 + np.exp(-h)) + b
    return h


def chapter(name):
    """A function that a code cell of the chapter defines."""
    import nbformat

    from rnncore.reference import logistic

    cells = nbformat.read(cases_root() / "chapters/04_gradients.ipynb", as_version=4).cells
    source = next(c.source for c in cells if c.cell_type == "code" and f"def {name}(" in c.source)
    space = {"np": np, "logistic": logistic}
    exec(source, space)
    return space[name]


def cases_root():
    from pathlib import Path

    return Path(__file__).resolve().parents[2]


POINTS = [(4.7, -1.6), (4.25, -2.1), (5.0, -2.5), (3.5, -1.0), (6.0, -3.5)]


@pytest.mark.equation("eq-cliff")
@pytest.mark.parametrize("w,b", POINTS)
def test_the_loss_of_the_cliff(w, b):
    """Against the library's net: with a_t for the h_t of the text, a_t = W σ(a_{t−1}) + b is a step of the logistic cell."""
    cell = Elman(1, 1, "logistic")
    p = {"U": np.zeros((1, 1)), "W": np.full((1, 1), w), "b": np.full((1, 1), b)}
    states, _, _ = unroll(cell, p, np.zeros((49, 1, 1)), State(1 / (1 + np.exp(-np.full((1, 1), 0.5)))))
    last = w * states[-1].item() + b
    close((last - 0.7) ** 2, chapter("cliff")(w, b)[0], 1e-9)
    close((cliff_state(w, b) - 0.7) ** 2, chapter("cliff")(w, b)[0], 1e-9)


@pytest.mark.equation("grad-cliff")
@pytest.mark.parametrize("w,b", POINTS)
def test_the_gradient_of_the_cliff(w, b):
    h, dw, db = 0.5, 0.0, 0.0
    for _ in range(50):
        s = 1 / (1 + np.exp(-h))
        dw, db = s + w * s * (1 - s) * dw, 1 + w * s * (1 - s) * db
        h = w * s + b
    close(dw, complex_step(lambda v: cliff_state(v, b), w))
    close(db, complex_step(lambda v: cliff_state(w, v), b))
    leaf = torch.tensor([w, b], dtype=torch.float64, requires_grad=True)
    state = torch.tensor(0.5, dtype=torch.float64)
    for _ in range(50):
        state = leaf[0] * torch.sigmoid(state) + leaf[1]
    ((state - 0.7) ** 2).backward()
    _, loss_dw, loss_db = chapter("cliff")(w, b)
    close([loss_dw, loss_db], leaf.grad.numpy(), 1e-9)
    close([loss_dw, loss_db], [2 * (h - 0.7) * dw, 2 * (h - 0.7) * db], 1e-9)


@pytest.mark.equation("eq-clip-both")
def test_clipping_by_norm_and_by_value():
    rng = np.random.default_rng(0)
    for size in (0.01, 0.3, 1.0, 50.0):
        g = {"W": size * rng.normal(size=(4, 4)), "b": size * rng.normal(size=(4, 1))}
        flat = np.concatenate([v.ravel() for v in g.values()])
        for kappa in (0.1, 1.0, 3.0):
            by_norm = flat * min(1.0, kappa / np.sqrt((flat**2).sum()))
            by_value = np.array([min(kappa, max(-kappa, v)) for v in flat])
            close(by_norm, np.concatenate([v.ravel() for v in clip_by_norm(g, kappa)[0].values()]), 1e-13)
            close(by_value, np.concatenate([v.ravel() for v in clip_by_value(g, kappa)[0].values()]), 1e-13)
            leaves = [torch.nn.Parameter(torch.zeros(v.shape, dtype=torch.float64)) for v in g.values()]
            for leaf, v in zip(leaves, g.values()):
                leaf.grad = torch.tensor(v)
            torch.nn.utils.clip_grad_value_(leaves, kappa)
            close(by_value, torch.cat([leaf.grad.ravel() for leaf in leaves]).numpy(), 1e-13)
            cosine = lambda c: flat @ c / np.linalg.norm(flat) / np.linalg.norm(c)  # noqa: E731, B023
            assert cosine(by_norm) > 1 - 1e-12 and 0 < cosine(by_value) <= 1 + 1e-12
            assert np.linalg.norm(by_norm) <= kappa * (1 + 1e-12)


@pytest.mark.equation("eq-regulariser")
@ALL_ACTIVATIONS
def test_regulariser_of_the_carried_gradient(activation):
    _, p, x, h, slopes, caches = net(activation, 4)
    g = np.random.default_rng(5).normal(size=(H, 1))
    states = torch_states(activation, p, x, h[0])
    for state in states[1:]:
        state.retain_grad()
    (torch.tensor(g) * states[-1]).sum().backward()
    errors = [state.grad.numpy() for state in states]  # ∂L/∂h_t for t = 0 … T
    shown = 0.0
    for t in range(T):
        J = np.diag(slopes[t + 1][:, 0]) @ p["W"]
        shown += (np.linalg.norm(J.T @ errors[t + 1]) / np.linalg.norm(errors[t + 1]) - 1) ** 2
    norms = analysis.gradient_by_lag(Elman(D, H, activation), p, State(g), caches)[:, 0]
    close(shown, chapter("omega")(norms))  # with a loss at the last step alone
    Q = orthogonal()(np.random.default_rng(0), (H, H))
    keeps = analysis.lag_norms(Elman(1, H, "identity"), {"U": np.zeros((H, 1)), "W": Q, "b": np.zeros((H, 1))}, np.zeros((T, 1, 1)))[:, 0]
    assert chapter("omega")(keeps) < 1e-20
