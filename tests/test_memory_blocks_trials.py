"""Whole sequences against step by step; trials side by side: their data, their criterion, their independence, going on."""

import pickle

import numpy as np
import pytest

from rnncore.errors import RNNCoreError
from rnncore.reference.memory_blocks import MemoryBlocks, generators
from rnncore.reference.memory_blocks_sequences import run_to_end
from rnncore.reference.memory_blocks_trials import OnlineTrials, Sequences, frozen_errors
from rnncore.tasks.success import solved_after

N, T, K = 4, 9, 2
NETS = {
    "1997": dict(), "forget": dict(forget_gate=True, bias="gates"), "no output gate": dict(output_gate=False, recurrent="cells", bias="none"),
    "not fed back": dict(recurrent="none", shortcut=True, output_bias=False, forget_gate=True),
}  # fmt: skip


def draw(rng, B, D=5, low=3, high=6):
    """Which of the first two symbols came first? Short sequences of different length."""
    lengths, key = rng.integers(low, high + 1, B), rng.integers(2, size=B)
    x = rng.integers(2, D, (lengths.max(), B))
    x[0] = key
    return x, lengths, np.arange(K)[:, None] == key


def stepped(net, params, x, starts):
    state = net.start(len(starts))
    for t in range(len(x)):
        state.reset(np.flatnonzero(starts == t))
        y, state = net.step(params, x[t], state)
    return y.copy(), state


@pytest.mark.parametrize("symbols", [None, 5, 30])
@pytest.mark.parametrize("name", NETS)
def test_whole_sequences_leave_what_steps_leave(name, symbols):
    net = MemoryBlocks(symbols or 5, K, 2, 2, **NETS[name])
    params, rng = net.init(generators(0, N), 0.9), np.random.default_rng(1)
    x = rng.integers(symbols, size=(T, N)) if symbols else rng.standard_normal((T, N, 5))
    starts = np.array([0, 3, 8, 3])
    y, state = stepped(net, params, x, starts)
    end = run_to_end(net, params, x, starts)
    np.testing.assert_allclose(net.read(params, end), y, rtol=1e-12)
    ours, theirs = net.gradient(params, end, y - 0.3), net.gradient(params, state, y - 0.3)
    for k in theirs:
        np.testing.assert_allclose(ours[k], theirs[k], rtol=1e-10, atol=1e-14, err_msg=k)
    for k in ("s", "h", "yc", "y", "trace", "a", "before"):
        rows = starts < T - 1 if k == "before" else slice(None)  # who begins at the last step has nothing before
        np.testing.assert_allclose(getattr(end, k)[rows], getattr(state, k)[rows], rtol=1e-10, atol=1e-14, err_msg=k)
    after, _ = net.step(params, x[0], end)  # and the steps go on from there
    np.testing.assert_allclose(after, net.step(params, x[0], state)[0], rtol=1e-12)
    assert not run_to_end(net, params, x, starts, learns=False).trace.any()


def test_sequences_end_together():
    drawn = Sequences(draw, generators(0, N), 10)
    for n, rng in enumerate(generators(0, N)):
        x, lengths, targets = draw(rng, 10)
        for i in range(10):
            ids, starts, want = drawn[i]
            assert starts.min() == 0 and np.array_equal(want[n], targets[:, i])
            assert np.array_equal(ids[starts[n] :, n], x[: lengths[i], i])


def trials(n=N, seed=0, **settings):
    net, rngs = MemoryBlocks(5, K, 2), generators(seed, n)
    return OnlineTrials(net, net.init(rngs, 0.3), rngs, draw, **dict(lr=2.0, tolerance=0.4, window=30, mean_below=0.3, block=20) | settings)


def test_a_trial_learns_as_it_does_alone_step_by_step():
    run = trials(3).run(50)
    net, rng = MemoryBlocks(5, K, 2), generators(0, 2)[1]
    params, e = net.init([rng], 0.3), []
    for _ in range(3):
        x, lengths, targets = draw(rng, 20)
        for i in range(20):
            if len(e) < 50:
                y, state = stepped(net, params, x[: lengths[i], i, None], np.zeros(1, int))
                e.append(np.abs(y - targets[:, i]).max())
                net.descend(params, state, y - targets[:, i], 2.0)
    for k in params:
        np.testing.assert_allclose(run.final[k][1], params[k][0], rtol=1e-9, atol=1e-12)
    assert run.after == [None] * 3 and run.count == 50 and len(run.curve) == 2


@pytest.mark.parametrize("mean_below", [None, 0.25])
def test_solved_is_what_the_task_says(mean_below):
    """Each trial's errors, kept until all are solved, judged again by `solved_after`."""
    run, errors = trials(mean_below=mean_below), [[] for _ in range(N)]
    while len(run.alive):
        alive = run.alive
        for n, e in zip(alive, run.next()):
            errors[n].append(e)
        assert run.count < 5000
    assert run.after == [solved_after(np.array(e), 0.4, 30, mean_below=mean_below) for e in errors] and len(set(run.after)) > 1
    alone = trials(2, mean_below=mean_below).run(5000)
    assert alone.after == run.after[:2]
    np.testing.assert_allclose(alone.final["W"], run.final["W"][:2], rtol=1e-6)


def test_each_trial_its_rate():
    run = trials(2, lr=np.array([2.0, 0.5])).run(40)
    for n, rate in enumerate((2.0, 0.5)):
        np.testing.assert_allclose(run.final["W"][n], trials(2, lr=rate).run(40).final["W"][n], rtol=1e-9)


def test_an_interrupted_run_goes_on_where_it_was():
    whole, part = trials().run(1000), trials().run(37)
    part = pickle.loads(pickle.dumps(part)).run(1000)
    assert part.after == whole.after and part.curve == whole.curve
    assert all(np.array_equal(part.final[k], whole.final[k]) for k in whole.final)


def test_frozen_errors_are_those_of_fresh_sequences():
    run = trials(2).run(3000)
    before = {k: p.copy() for k, p in run.final.items()}
    e = frozen_errors(run.net, run.final, generators(9, 2), draw, 30, block=20)
    assert e.shape == (30, 2) and (e < 0.4).mean() > 0.95 and all(np.array_equal(run.final[k], before[k]) for k in before)
    x, lengths, targets = draw(generators(9, 2)[1], 20)
    y, _ = stepped(run.net, {k: p[1:] for k, p in run.final.items()}, x[: lengths[4], 4, None], np.zeros(1, int))
    np.testing.assert_allclose(e[4, 1], np.abs(y - targets[:, 4]).max(), rtol=1e-10)


NET = MemoryBlocks(5, K, 2)
PARAMS = NET.init(generators(0, 2))
X = np.ones((3, 2), int)
REFUSED = {
    "peepholes": lambda: run_to_end(MemoryBlocks(5, K, 2, peephole=True), PARAMS, X), "g": lambda: run_to_end(MemoryBlocks(5, K, 2, g="identity"), PARAMS, X),
    "no net": lambda: run_to_end(None, PARAMS, X), "no weights": lambda: run_to_end(NET, {}, X), "one weight": lambda: run_to_end(NET, PARAMS | {"V": PARAMS["V"][0]}, X),
    "symbol": lambda: run_to_end(NET, PARAMS, X * 5), "trials": lambda: run_to_end(NET, PARAMS, X[:, :1]), "inputs": lambda: run_to_end(NET, PARAMS, np.ones((3, 2, 4))),
    "nan": lambda: run_to_end(NET, PARAMS, np.full((3, 2, 5), np.nan)), "starts": lambda: run_to_end(NET, PARAMS, X, np.array([0, 3])),
    "learner": lambda: OnlineTrials(None, PARAMS, generators(0, 2), draw), "generators": lambda: OnlineTrials(NET, PARAMS, generators(0, 3), draw),
    "a seed": lambda: OnlineTrials(NET, PARAMS, [1, 2], draw), "draw": lambda: OnlineTrials(NET, PARAMS, generators(0, 2), None),
    "lr": lambda: OnlineTrials(NET, PARAMS, generators(0, 2), draw, lr=0), "rates": lambda: OnlineTrials(NET, PARAMS, generators(0, 2), draw, lr=np.ones(3)),
    "window": lambda: OnlineTrials(NET, PARAMS, generators(0, 2), draw, window=0), "mean": lambda: OnlineTrials(NET, PARAMS, generators(0, 2), draw, mean_below=-1),
    "cap": lambda: trials(1).run(0), "tests": lambda: frozen_errors(NET, PARAMS, generators(0, 2), draw, 0),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    with pytest.raises(RNNCoreError, match="expected|NaN"):
        REFUSED[name]()
