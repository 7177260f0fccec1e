"""The Hopfield twin: the reference's weights, energies and paths, from the same orders."""

import numpy as np
import pytest
import torch

from rnncore import gpu
from rnncore.errors import DtypeError, EmptySequenceError, NotFiniteError, SettingError, ShapeError
from rnncore.gpu import hopfield as twin
from rnncore.reference import hopfield

PLACES = ["cpu", pytest.param("cuda", marks=[pytest.mark.cuda, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")])]


def draw(N=40, P=3, seed=0):
    rng = np.random.default_rng(seed)
    xi = rng.choice([-1.0, 1.0], size=(N, P))
    s = xi[:, :1].copy()
    s[rng.permutation(N)[: N // 5]] *= -1
    return xi, s


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("dtype,tolerance", [(np.float64, 1e-12), (np.float32, 1e-5)])
@pytest.mark.parametrize("N,P", [(40, 3), (30, 8), (7, 7), (2, 1)])
def test_equal_to_the_reference(N, P, dtype, tolerance, place):
    xi, s = draw(N, P)
    W = hopfield.store(xi)
    t_xi, t_s = gpu.to_torch(xi, place, dtype), gpu.to_torch(s, place, dtype)
    t_W = twin.store(t_xi)
    assert t_W.dtype == t_xi.dtype and t_W.device.type == place
    np.testing.assert_allclose(t_W.cpu(), W, atol=tolerance)
    assert twin.energy(t_W, t_s) == pytest.approx(hopfield.energy(W, s), abs=N * tolerance)
    assert twin.overlap(t_s, t_xi[:, :1]) == pytest.approx(hopfield.overlap(s, xi[:, :1]), abs=tolerance)
    for i in range(N):
        np.testing.assert_array_equal(twin.update(t_W, t_s, i).cpu(), hopfield.update(W, s, i))
    pairs = [(hopfield.recall(W, s, np.random.default_rng(1)), twin.recall(t_W, t_s, np.random.default_rng(1))),
             (hopfield.recall_synchronous(W, s), twin.recall_synchronous(t_W, t_s))]
    for ours, theirs in pairs:
        np.testing.assert_array_equal(theirs.state.cpu(), ours.state)
        np.testing.assert_allclose(theirs.energies, ours.energies, atol=N * tolerance)
        assert (theirs.sweeps, theirs.converged) == (ours.sweeps, ours.converged)
    np.testing.assert_array_equal(t_s.cpu(), s)  # the start stays


def test_a_pattern_is_recalled_and_the_energy_falls():
    xi, s = draw(100, 5)
    end = twin.recall(twin.store(gpu.to_torch(xi)), gpu.to_torch(s), np.random.default_rng(0))
    assert twin.overlap(end.state, gpu.to_torch(xi[:, :1])) == 1 and end.converged
    assert (end.energies.diff() <= 1e-12).all()


def test_whole_numbers_will_do():
    xi, s = draw()
    np.testing.assert_array_equal(twin.store(torch.tensor(xi.astype(int))), hopfield.store(xi))


@pytest.mark.parametrize("lib,given", [(hopfield, lambda a: a), (twin, lambda a: torch.tensor(a) if isinstance(a, np.ndarray) else a)])
def test_refusals(lib, given):
    xi, s = draw()
    W, rng = hopfield.store(xi), np.random.default_rng(0)
    skew = W.copy()
    skew[0, 1] += 1
    for call, error in [
        (lambda: lib.store(given(xi[:, 0])), ShapeError), (lambda: lib.store(given(xi[:0])), EmptySequenceError),
        (lambda: lib.store(given(0.5 * xi)), SettingError), (lambda: lib.store(given(xi * np.nan)), NotFiniteError),
        (lambda: lib.store(given(xi > 0)), DtypeError), (lambda: lib.energy(given(W), given(xi)), ShapeError),
        (lambda: lib.energy(given(W[1:]), given(s)), ShapeError), (lambda: lib.energy(given(W), given(0 * s)), SettingError),
        (lambda: lib.update(given(W), given(s), 40), SettingError), (lambda: lib.update(given(W), given(s), -1), SettingError),
        (lambda: lib.recall(given(skew), given(s), rng), SettingError), (lambda: lib.recall(given(W + np.eye(40)), given(s), rng), SettingError),
        (lambda: lib.recall(given(W), given(s), rng, 0), SettingError), (lambda: lib.recall_synchronous(given(W), given(s), 0), SettingError),
        (lambda: lib.overlap(given(s), given(s[1:])), ShapeError), (lambda: lib.energy(given(np.full_like(W, np.inf)), given(s)), NotFiniteError),
    ]:
        with pytest.raises(error, match="expected.*got|NaN or infinite"):
            call()
    with pytest.raises(DtypeError, match="to_torch"):
        twin.store(xi)
