"""The Jordan cell: feedback of the output, state units with memory, teacher forcing."""

import numpy as np
import pytest

from rnncore import gpu, gradcheck
from rnncore.reference import Jordan, unroll, unroll_backward
from tests import cases
from tests.cases import CELLS, B, H, K, T, close

JORDANS = [cell for cell in CELLS.values() if isinstance(cell, Jordan)]


def draw(cell, seed=0):
    rng = np.random.default_rng(seed)
    return cases.parameters(cell, rng), cases.sequence(rng), cases.distributions(rng), rng


def test_two_steps_by_hand():
    cell = Jordan(1, 1, 1, "identity", "identity", decay=0.5)
    params = {"U": 2.0, "W": 10.0, "b": 1.0, "V": 3.0, "c": -1.0}
    params = {k: np.array([[v]]) for k, v in params.items()}
    o, state, _ = unroll(cell, params, np.array([[[1.0]], [[2.0]], [[0.0]]]))
    assert o.ravel().tolist() == [8.0, 3 * (4 + 80 + 1) - 1, 3 * (10 * (0.5 * 8 + 254) + 1) - 1]
    assert state.s.item() == 0.5 * (0.5 * 8 + 254) + o[2].item()


@pytest.mark.parametrize("cell", JORDANS)
def test_the_state_units_follow_their_equation(cell):
    params, x, _, rng = draw(cell)
    state = cases.state(cell, rng)
    for x_t in x:
        o, new, _ = cell.step(params, x_t, state)
        close(new.s, cell.decay * state.s + cell.psi(o))
        state = new
    if cell.output == "softmax":
        close(cell.psi(o).sum(axis=0), np.ones(B))


@pytest.mark.parametrize("cell", JORDANS)
def test_teacher_forcing_is_stepping_with_the_targets_in_the_state_units(cell):
    params, x, goal, rng = draw(cell)
    o, cache = cell.teacher_forced(params, x, goal)
    state, steps = cell.initial_state(B), []
    for t in range(T):
        y, _, step_cache = cell.step(params, x[t], state)
        close(o[t], y)
        steps.append((state, step_cache))
        state = type(state)(cell.decay * state.s + goal[t])
    do = rng.standard_normal(o.shape)
    got = cell.teacher_forced_backward(params, do, cache)
    each = [cell.step_backward(params, do[t], cell.initial_state(B), c)[2] for t, (_, c) in enumerate(steps)]
    for k in got:
        close(got[k], sum(g[k] for g in each))
    gradcheck.check(lambda q: (do * cell.teacher_forced(q, x, goal)[0]).sum(), params, got, tolerance=1e-11)

    leaves = {k: v.requires_grad_() for k, v in gpu.to_torch(params).items()}
    twin = gpu.Jordan(**vars(cell)).teacher_forced(leaves, gpu.to_torch(x), gpu.to_torch(goal))
    close(twin.detach().numpy(), o)
    (twin * gpu.to_torch(do)).sum().backward()
    for k in got:
        close(got[k], leaves[k].grad.numpy())


@pytest.mark.parametrize("cell", JORDANS)
def test_teacher_forcing_with_its_own_outputs_is_the_free_run(cell):
    params, x, _, _ = draw(cell)
    o, _, _ = unroll(cell, params, x)
    forced, _ = cell.teacher_forced(params, x, np.stack([cell.psi(o_t) for o_t in o]))
    close(forced, o)


def test_forcing_is_another_gradient_than_running_free():
    """Same outputs, other gradient: the forced one does not go back through the state units."""
    cell = cases.jordan()
    params, x, _, rng = draw(cell)
    o, _, caches = unroll(cell, params, x)
    do = rng.standard_normal(o.shape)
    free = unroll_backward(cell, params, do, None, caches)[2]
    forced = cell.teacher_forced_backward(params, do, cell.teacher_forced(params, x, np.stack([cell.psi(o_t) for o_t in o]))[1])
    for k in ("U", "W", "b", "V", "c"):
        assert gradcheck.relative_error(free[k], forced[k]) > 1e-2
    assert free["W"].shape == (H, K)
