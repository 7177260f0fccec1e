"""Backwards and in order: targets, masks and alignment say the same."""

import numpy as np
import pytest

from rnncore.reference import GRU, Readout
from rnncore.reference.attention import Attention
from rnncore.reference.clipping import clip_by_norm
from rnncore.reference.encoder_decoder import EncoderDecoder
from rnncore.reference.optimizers import Adam
from rnncore.tasks.alignment import END, START, backwards, in_order
from rnncore.training import fit

def backwards_once(*arguments):
    return backwards(*arguments, repeats=False)


KINDS = {"backwards": (backwards, lambda s: s[::-1]), "backwards_once": (backwards_once, lambda s: s[::-1]), "in_order": (in_order, sorted)}


@pytest.mark.parametrize("kind", KINDS)
def test_targets_and_alignment(kind):
    make, solve = KINDS[kind]
    task = make(np.random.default_rng(0), 500, (2, 6), 7)
    assert task.ids.shape == (6, 500) and task.targets.shape == (7, 500)
    lengths = task.x_mask.sum(axis=0)
    assert set(lengths) == {2, 3, 4, 5, 6} and (task.mask.sum(axis=0) == lengths + 1).all()
    for b, n in enumerate(lengths):
        source, order = task.ids[:n, b].tolist(), task.alignment[:n, b]
        assert task.targets[:n, b].tolist() == list(solve(source)) and task.targets[n, b] == END
        assert [source[s] for s in order] == task.targets[:n, b].tolist() and sorted(order) == list(range(n))
        assert (task.alignment[n:, b] == -1).all() and task.x_mask[:n, b].all() and task.mask[: n + 1, b].all()
        assert kind == "backwards" or len(set(source)) == n
    assert set(task.ids[task.x_mask]) == set(range(2, 9)) and (task.ids[~task.x_mask] == END).all()


def test_repeats_point_at_their_own_step():
    task = backwards(np.random.default_rng(1), 300, (4, 4), 2)
    assert (task.alignment[:4] == np.array([3, 2, 1, 0])[:, None]).all()


def test_sorting_needs_no_order_and_reading_backwards_does():
    rng = np.random.default_rng(2)
    for make, same in ((in_order, True), (backwards, False)):
        task = make(rng, 4000, (3, 3), 3)
        answers = {}
        for source, target in zip(task.ids.T, task.targets.T):
            answers.setdefault(tuple(sorted(source)), set()).add(tuple(target))
        assert all((len(a) == 1) is same for k, a in answers.items() if len(set(k)) > 1)


def test_marks():
    task = backwards(np.random.default_rng(3), 6, (2, 4))
    written = np.where(task.mask, task.targets, 5)
    assert task.right(written).all()
    written[task.x_mask.sum(axis=0)[4], 4] = START  # the end is missed
    written[0, 1] += 1
    assert task.right(written).tolist() == [True, False, True, True, False, True]
    weights = (np.arange(4)[:, None] == np.maximum(task.alignment, 0)[:, None]).astype(float)
    assert task.attention_mass(weights) == 1
    even = (task.x_mask / task.x_mask.sum(axis=0))[None] * np.ones((5, 1, 1))
    lengths = task.x_mask.sum(axis=0)
    assert task.attention_mass(even) == pytest.approx(6 / lengths.sum())  # every symbol weighs the same, its own step 1/n


def test_as_a_batch_for_an_encoder_and_a_decoder():
    task = backwards(np.random.default_rng(4), 5, (2, 4), 3)
    model = EncoderDecoder(GRU(5, 6), GRU(11, 6), Readout(12, 5), Attention("dot", 6, 6), start=START)
    params = model.init(np.random.default_rng(5))
    loss, grads, _ = model.loss_and_gradients(params, task.batch)
    weights = model.forward(params, task.ids, task.targets, task.x_mask, task.mask)[1]
    assert np.isfinite(loss) and grads.keys() == params.keys() and 0 < task.attention_mass(weights) < 1


def test_a_small_net_finds_the_alignment():
    test = backwards(np.random.default_rng(9), 200, (2, 4), 5)
    model = EncoderDecoder(GRU(7, 12), GRU(7 + 12, 12), Readout(24, 7), Attention("additive", 12, 12, 12), start=START)
    rng = np.random.default_rng(0)
    run = fit(model, model.init(rng), lambda step, rng: backwards(rng, 32, (2, 4), 5).batch, Adam(0.03), steps=200, rng=rng, progress=False,
              clip=lambda g: clip_by_norm(g, 1.0))
    logits, weights, _ = model.forward(run.params, test.ids, test.targets, test.x_mask, test.mask)
    assert test.right(logits.argmax(axis=1)).mean() > 0.98 and test.attention_mass(weights) > 0.8  # 1/3 where it looks everywhere
