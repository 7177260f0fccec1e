"""Labels that need the future: counted over all sequences, and shown by nets."""

import itertools

import numpy as np
import pytest

from rnncore.errors import SettingError
from rnncore.reference import Elman, Model, Readout
from rnncore.reference.optimizers import Adam
from rnncore.tasks.lookahead import bound, lookahead
from rnncore.training import fit


@pytest.mark.parametrize("past", [None, 0, 2])
@pytest.mark.parametrize("delay", [0, 1, 3])
def test_labels_lie_where_they_should(past, delay):
    task = lookahead(np.random.default_rng(0), 4, T=6, ks=(0, 1, 3), delay=delay, past=past)
    symbols, before = task.x.argmax(axis=1), past or 0
    assert task.x.shape == (before + 6 + 3, 2, 4) and (task.x.sum(axis=1) == 1).all() and task.asked.sum() == 6
    for t in range(before, before + 6):
        assert task.asked[t + delay]
        for n, k in enumerate((0, 1, 3)):
            want = symbols[t + k] if past is None else symbols[t + k] ^ symbols[t - past]
            np.testing.assert_array_equal(task.targets[t + delay, n], want)
    assert not task.targets[~task.asked].any()
    said = 2 * task.targets - 1
    assert task.right(said).tolist() == [1, 1, 1]
    said[:, 1] *= -1
    said[~task.asked] = 5
    assert task.right(said).tolist() == [1, 0, 1] and task.batch.x is task.x


@pytest.mark.parametrize("k,delay", list(itertools.product(range(4), repeat=2)))
def test_the_bound_is_what_counting_gives(k, delay):
    """All sequences of 8 symbols, the label of step 3: the most frequent label after each beginning that the net has read."""
    after = {}
    for s in itertools.product((0, 1), repeat=8):
        after.setdefault(s[: 3 + delay], []).append(s[2 + k])
    assert sum(max(labels.count(0), labels.count(1)) for labels in after.values()) / 2**8 == bound(k, delay)


def test_a_delayed_net_knows_labels_up_to_its_delay():
    draw = lambda rng, B: lookahead(rng, B, 8, (0, 1, 2), delay=1, dtype=np.float32)  # noqa: E731
    model, rng = Model(Elman(2, 12), Readout(12, 3), "binary_cross_entropy"), np.random.default_rng(0)
    run = fit(model, model.init(rng, np.float32), lambda step, rng: draw(rng, 32).batch, Adam(0.02), steps=120, rng=rng, progress=False)
    test = draw(np.random.default_rng(1), 400)
    right = test.right(model.forward(run.params, test.x)[0])
    assert right[:2].min() > 0.99 and abs(right[2] - bound(2, 1)) < 0.04


@pytest.mark.parametrize("bad", [dict(B=0), dict(T=0), dict(ks=()), dict(ks=3), dict(ks=(-1,)), dict(ks=(True,)), dict(delay=4), dict(delay=-1),
                                 dict(past=-1), dict(past=1.5), dict(rng=3)])  # fmt: skip
def test_impossible_settings_are_refused(bad):
    with pytest.raises(SettingError, match="expected"):
        lookahead(**dict(rng=np.random.default_rng(0), B=2) | bad)


def test_the_bound_of_no_steps_is_refused():
    for bad in (dict(k=-1), dict(k=1, delay=0.5)):
        with pytest.raises(SettingError, match="expected"):
            bound(**bad)
