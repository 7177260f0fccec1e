"""Optimizers and clipping: the same path as torch.optim, and clear refusals."""

import numpy as np
import pytest
import torch

from rnncore.errors import NotFiniteError, SettingError, ShapeError
from rnncore.reference.optimizers import SGD, Adam, RMSProp, clip_by_norm, clip_by_value, global_norm

PAIRS = {
    "sgd": (SGD(0.05), lambda p: torch.optim.SGD(p, lr=0.05)),
    "momentum": (SGD(0.02, momentum=0.9), lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9)),
    "rmsprop": (RMSProp(0.01, alpha=0.9, eps=1e-3), lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.9, eps=1e-3)),
    "adam": (Adam(0.03, 0.8, 0.95, eps=1e-2), lambda p: torch.optim.Adam(p, lr=0.03, betas=(0.8, 0.95), eps=1e-2)),
}


def start(seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    return {"U": rng.normal(size=(3, 2)).astype(dtype), "b": rng.normal(size=(3, 1)).astype(dtype)}, rng


def bowl(params, target):
    """A loss that is not quadratic, so that the gradient's size changes on the way; its gradient."""
    return {k: (p - target[k]) ** 3 + 0.3 * (p - target[k]) for k, p in params.items()}


@pytest.mark.parametrize("name", PAIRS)
def test_fifty_steps_as_torch_optim(name):
    optimizer, make = PAIRS[name]
    params, rng = start()
    target = {k: rng.normal(size=p.shape) for k, p in params.items()}
    theirs = {k: torch.tensor(p, requires_grad=True) for k, p in params.items()}
    oracle = make(list(theirs.values()))
    state = optimizer.init(params)
    for _ in range(50):
        params, state = optimizer.update(params, bowl(params, target), state)
        for k, g in bowl({k: p.detach().numpy() for k, p in theirs.items()}, target).items():
            theirs[k].grad = torch.tensor(g)
        oracle.step()
        for k, p in params.items():
            np.testing.assert_allclose(p, theirs[k].detach().numpy(), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_same_text_serves_both_libraries_and_changes_nothing_in_place(name, dtype):
    optimizer, _ = PAIRS[name]
    params, rng = start(dtype=dtype)
    ours, theirs = params, {k: torch.tensor(p) for k, p in params.items()}
    kept = {k: p.copy() for k, p in params.items()}
    ours_state, theirs_state = optimizer.init(ours), optimizer.init(theirs)
    for _ in range(5):
        grads = {k: rng.normal(size=p.shape).astype(dtype) for k, p in params.items()}
        ours, ours_state = optimizer.update(ours, grads, ours_state)
        theirs, theirs_state = optimizer.update(theirs, {k: torch.tensor(g) for k, g in grads.items()}, theirs_state)
    for k in params:
        assert ours[k].dtype == dtype and isinstance(theirs[k], torch.Tensor)
        np.testing.assert_allclose(ours[k], theirs[k].numpy(), rtol=1e-5 if dtype == np.float32 else 1e-14)
        np.testing.assert_array_equal(params[k], kept[k])


@pytest.mark.parametrize(
    "make",
    [
        lambda: SGD(0.0),
        lambda: SGD(-1.0),
        lambda: SGD(float("nan")),
        lambda: SGD(0.1, momentum=1.0),
        lambda: SGD(0.1, momentum=-0.1),
        lambda: RMSProp(alpha=1.0),
        lambda: RMSProp(eps=0.0),
        lambda: Adam(lr=0),
        lambda: Adam(beta1=1.0),
        lambda: Adam(beta2=-0.5),
        lambda: Adam(beta2=float("nan")),
        lambda: Adam(eps=-1e-8),
    ],
)
def test_bad_settings_are_refused(make):
    with pytest.raises(SettingError, match="expected"):
        make()


@pytest.mark.parametrize("optimizer", [SGD(0.1), RMSProp(), Adam()])
def test_gradients_that_do_not_fit_are_refused(optimizer):
    params, _ = start()
    state = optimizer.init(params)
    with pytest.raises(ShapeError, match=r"missing \['b'\]"):
        optimizer.update(params, {"U": params["U"]}, state)
    with pytest.raises(ShapeError, match=r"not expected \['W'\]"):
        optimizer.update(params, {**params, "W": params["U"]}, state)
    with pytest.raises(ShapeError, match=r"grads\['b'\]: expected shape \(3, 1\), got \(3,\)"):
        optimizer.update(params, {**params, "b": np.ones(3)}, state)
    with pytest.raises(NotFiniteError, match=r"grads: .* in \['U'\]"):
        optimizer.update(params, {**params, "U": np.full((3, 2), np.nan)}, state)


@pytest.mark.parametrize("share", [0.1, 0.9, 1.1, 1e9])
def test_clip_by_norm_as_torch(share):
    grads, _ = start(4)
    max_norm = share * global_norm(grads)
    tensors = [torch.zeros(g.shape, dtype=torch.float64) for g in grads.values()]
    for t, g in zip(tensors, grads.values()):
        t.grad = torch.tensor(g)
    theirs = torch.nn.utils.clip_grad_norm_(tensors, max_norm)
    clipped, norm = clip_by_norm(grads, max_norm)
    assert norm == pytest.approx(float(theirs), rel=1e-14)
    for t, g in zip(tensors, clipped.values()):
        np.testing.assert_allclose(g, t.grad.numpy(), rtol=2e-6)  # they add 1e-6 to the norm, we do not
    assert global_norm(clipped) == pytest.approx(min(norm, max_norm), rel=1e-14)


def test_clip_by_value_cuts_each_entry_in_both_libraries():
    grads = {"U": np.array([[3.0, -0.2]]), "b": np.array([[-5.0]])}
    for kind in (np.asarray, torch.tensor):
        clipped, norm = clip_by_value({k: kind(g) for k, g in grads.items()}, 1.0)
        np.testing.assert_array_equal(np.asarray(clipped["U"]), [[1.0, -0.2]])
        np.testing.assert_array_equal(np.asarray(clipped["b"]), [[-1.0]])
        assert norm == pytest.approx(np.sqrt(34.04))


@pytest.mark.parametrize("clip", [clip_by_norm, clip_by_value])
def test_clipping_refuses_bad_limits_and_nan(clip):
    with pytest.raises(SettingError):
        clip({"b": np.ones((1, 1))}, 0.0)
    for bad in (np.nan, np.inf):
        with pytest.raises(NotFiniteError):
            clip({"b": np.array([[bad]])}, 1.0)


def test_a_norm_that_overflows_is_not_taken_for_a_gradient_of_zero():
    with pytest.raises(NotFiniteError, match="finite norm"):
        clip_by_norm({"b": np.full((2, 1), 1e30, dtype=np.float32)}, 1.0)
