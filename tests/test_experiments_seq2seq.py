"""Encoder–decoders that learn in experiments: gradients against autograd, kept weights against the records, pieces a second way."""

import numpy as np
import pytest
import torch

from experiments import reversing, translation
from experiments.experiment import Job
from experiments.pair_trainer import PairTrainer, masked_loss, reversed_sources, written
from rnncore import results
from rnncore.errors import SettingError
from rnncore.metrics import bleu
from rnncore.reference import LSTM, Attention, Bidirectional, Embedding, EncoderDecoder, Pairs, Readout, mask_from_lengths
from rnncore.search import beam_search
from rnncore.tasks.phrases import phrases
from tests import attended

S, T, K = 5, 6, 7
X_MASK, MASK = mask_from_lengths([5, 2, 4]), mask_from_lengths([3, 6, 4])
MODELS = {
    "plain": EncoderDecoder(LSTM(3, 4), LSTM(2, 4), Readout(4, K), None, "copy", Embedding(K, 3), Embedding(K, 2), 0, "after"),
    "one-hot, linear": EncoderDecoder(LSTM(K, 4), LSTM(K, 3), Readout(3, K), None, "linear", start=2),
    "attention": EncoderDecoder(Bidirectional(LSTM(3, 2), LSTM(3, 2)), LSTM(2, 4), Readout(8, K), Attention("general", 4, 4), "copy",
                                Embedding(K, 3), Embedding(K, 2), 0, "after"),
}  # fmt: skip


def pairs():
    rng = np.random.default_rng(3)
    return Pairs(rng.integers(K, size=(S, 3)), rng.integers(K, size=(T, 3)), X_MASK, MASK)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_the_trainers_gradients_are_those_of_autograd(model):
    batch, params = pairs(), model.init(np.random.default_rng(0))
    trainer = PairTrainer(model, params, 0.01)
    loss, grads = trainer.gradients(batch)
    p = {k: torch.tensor(v, requires_grad=True) for k, v in params.items()}
    total = 0
    for b, (n, m) in enumerate(zip(X_MASK.sum(axis=0), MASK.sum(axis=0))):
        true = torch.tensor(batch.targets[:m, b])
        o = attended.logits(model, p, torch.tensor(batch.x[:n, b]), [model.start, *true[:-1].tolist()])
        total = total + torch.nn.functional.cross_entropy(o, true, reduction="sum")
    total = total / MASK.sum()
    total.backward()
    assert loss == pytest.approx(total.item(), abs=1e-12) and grads.keys() == params.keys()
    for k in params:
        np.testing.assert_allclose(grads[k], p[k].grad, atol=1e-12, err_msg=k)
    assert loss == pytest.approx(model.loss_value(params, batch), abs=1e-12)


def test_a_trainer_learns_and_refuses_what_it_cannot_do_at_once():
    batch, rng = pairs(), np.random.default_rng(1)
    trainer = PairTrainer(MODELS["attention"], MODELS["attention"].init(rng, np.float32), 0.05)
    losses = [trainer.learn(batch) for _ in range(60)]
    assert losses[-1] < 0.2 * losses[0]
    before = EncoderDecoder(LSTM(K, 4), LSTM(K + 4, 4), Readout(8, K), Attention("dot", 4, 4))
    with pytest.raises(SettingError, match='looks "after"'):
        PairTrainer(before, before.init(rng), 0.05)


def test_the_loss_leaves_padding_out():
    rng = np.random.default_rng(4)
    r, targets, params = rng.normal(size=(T, 4, 3)), rng.integers(K, size=(T, 3)), Readout(4, K).init(rng)
    loss, dr, _ = masked_loss(params, r, targets, MASK)
    other = np.where(MASK[:, None], r, 9.0), np.where(MASK, targets, 1)
    assert loss == pytest.approx(masked_loss(params, *other, MASK)[0], abs=1e-14) and not dr.transpose(1, 0, 2)[:, ~MASK].any()
    assert loss != pytest.approx(masked_loss(params, *other, None)[0], abs=1e-3)


def test_sources_are_turned_round_each_within_its_length():
    part = translation.grammar(50).train
    turned = reversed_sources(part)
    symbols = translation.grammar(50).source_symbols
    for n, words in enumerate(part.sources):
        assert [symbols.symbols[k] for k in turned.ids[: len(words), n]] == list(words)[::-1]
    assert np.array_equal(reversed_sources(turned).ids, part.ids) and turned.targets is part.targets
    assert {len(s) for s in translation.up_to(part, 3).sources} == {2, 3}


def test_a_sequences_probability_is_that_of_the_forward_pass():
    model = MODELS["attention"]
    params, batch = model.init(np.random.default_rng(5)), pairs()
    by_hand = [translation.log_probability(*model.stepper(params, batch.x[:n, [b]]), 0, batch.targets[:m, b])
               for b, (n, m) in enumerate(zip(X_MASK.sum(axis=0), MASK.sum(axis=0)))]  # fmt: skip
    assert -sum(by_hand) == pytest.approx(model.loss_and_gradients(params, batch, reduction="sum")[0], abs=1e-10)
    found = beam_search(*model.stepper(params, batch.x[:5, [0]]), 0, 1, 4, 6)
    for h in found:
        assert h.log_prob == pytest.approx(translation.log_probability(*model.stepper(params, batch.x[:5, [0]]), 0, h.ids), abs=1e-10)


def test_what_is_judged():
    part = translation.grammar(50).test
    said = [w if n % 2 else (*w, "e") for n, w in enumerate(part.wanted)]
    found = translation.judged(said, part)
    assert found["right"] == 0.5 and sum(v[0] for v in found["by length"].values()) == 200
    assert sum(v[1] for v in found["by length"].values()) == 400
    both = translation.pooled([found, translation.judged(list(part.wanted), part)])
    assert both["right"] == [0.5, 1.0] and both["mean"] == 0.75 and both["bleu"][1] == pytest.approx(100, abs=0.01)
    assert np.average(list(both["by length"].values()), weights=list(both["phrases of each length"].values())) == pytest.approx(0.75, abs=1e-3)


RUNS = results.load("translation")["runs"]


@pytest.mark.parametrize("label,name,part", [("plain", "translation", "test"), ("plain", "translation", "valid"),
                                             ("real phrases, plain", "phrases", "test")])  # fmt: skip
def test_kept_weights_give_the_recorded_numbers_again(label, name, part):
    found, settings = RUNS[label]["result"], RUNS[label]["settings"]
    assert found["weights"] == settings["keep"] == name
    task = translation.grammar(settings["pairs"]) if name == "translation" else phrases()
    model, params, chosen = translation.net(task, settings["H"], settings["E"]), results.weights(name), getattr(task, part)
    said = translation.words(task, written(model, params, chosen, translation.END))
    right = np.mean([s == tuple(w) for s, w in zip(said, chosen.wanted)])
    assert right == pytest.approx(found[part]["right"][0], abs=1.5 / len(said))  # one phrase may hang on the last digit of another machine
    assert bleu([" ".join(s) for s in said], [" ".join(w) for w in chosen.wanted]).score == pytest.approx(found[part]["bleu"][0], abs=1)
    if name == "phrases":
        assert sum(line == [*map(" ".join, (e, i, s))] for line, e, i, s in zip(found["said"], chosen.sources, chosen.wanted, said)) >= 127
    damaged = {k: np.roll(v, 1, axis=0) for k, v in params.items()}
    assert np.mean([s == tuple(w) for s, w in zip(translation.words(task, written(model, damaged, chosen, 1)), chosen.wanted)]) < right / 2


def test_wider_beams_find_what_is_more_probable():
    for run in RUNS.values():
        for alpha in (0.0, 1.0):
            rows = [b for b in run["result"]["beams"] or [] if b["length_penalty"] == alpha]
            if alpha == 0 and rows:
                assert [b["width"] for b in rows] == [1, 2, 5, 10] and rows == sorted(rows, key=lambda b: b["log-probability"])
                assert rows[-1]["words"] <= rows[0]["words"]
    greedy = RUNS["plain"]["result"]["beams"][0]
    assert greedy["width"] == 1 and greedy["right"] == RUNS["plain"]["result"]["test"]["right"][0]


def test_a_small_run_keeps_and_measures_what_it_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    run = translation.RUNS["plain"]
    settings = run.settings | run.quick | {"keep": "small", "pairs": 60, "updates": 30, "H": 8, "B": 20, "widths": [1]}
    found = run.function(Job("small"), **settings)
    task = translation.grammar(60)
    model = translation.net(task, 8, settings["E"])
    said = translation.words(task, written(model, results.weights("small"), task.test, 1))
    assert translation.judged(said, task.test)["bleu"] == found["test"]["bleu"][0] and found["beams"][0]["bleu"] == found["test"]["bleu"][0]


def test_what_is_repeated_is_what_was_read_and_both_ways_get_the_same():
    as_it_is, turned = (reversing.sequences(np.random.default_rng(3), 200, 4, 5, 10, way) for way in (False, True))
    assert np.array_equal(as_it_is.targets, turned.targets) and np.array_equal(as_it_is.mask, turned.mask)
    lengths = as_it_is.x_mask.sum(axis=0)
    assert set(lengths) == set(range(5, 11)) and np.array_equal(as_it_is.mask.sum(axis=0), lengths + 1)
    for b, n in enumerate(lengths):
        wanted = as_it_is.targets[:, b]
        assert list(as_it_is.x[:n, b] + 2) == list(wanted[:n]) == list(turned.x[:n, b] + 2)[::-1] and wanted[n] == reversing.END
    symbols = np.unique(as_it_is.targets[as_it_is.mask])
    assert list(symbols) == [1, 2, 3, 4, 5] and reversing.START not in symbols


def test_a_sequence_that_is_repeated_is_right_only_with_its_end():
    model = reversing.net(4, 3, "LSTM")
    params = model.init(np.random.default_rng(0)) | {"readout.V": np.zeros((6, 3))}
    pairs = reversing.sequences(np.random.default_rng(1), 50, 4, 1, 1, False)
    params["readout.c"] = np.array([[0.0], [0.0], [9.0], [0.0], [0.0], [0.0]])
    assert reversing.right(model, params, pairs) == 0  # it writes the same symbol and never ends
    always = Pairs(np.zeros((1, 3), int), np.array([[2] * 3, [2] * 3]))
    assert reversing.right(model, params, always._replace(mask=np.ones((2, 3), bool))) == 1


def test_half_the_updates():
    def found(slow, fast):
        return {"as it is": {"trials": results.trials(slow, 100)}, "reversed": {"trials": results.trials(fast, 100)}}

    assert reversing.halved(found([None, 60, 60], [50, 30, 20])) and not reversing.halved(found([60, 60, 60], [20, 40, 40]))
    assert not reversing.halved(found([None, None, None], [20, 20, None]))


def test_the_recorded_starts_are_those_of_the_run():
    for run in results.load("reversing")["runs"].values():
        for way in ("as it is", "reversed"):
            found = run["result"][way]
            for after, right in zip(found["trials"]["after"], found["right"], strict=True):
                assert (right[-1] >= run["settings"]["enough"]) == (after is not None) and max(right[:-1]) < run["settings"]["enough"]
                assert len(right) * run["result"]["every"] == (after or run["settings"]["cap"])
