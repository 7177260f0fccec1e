"""Metrics by hand, and BLEU by sacrebleu's own functions."""

import math
import sys

import numpy as np
import pytest
import sacrebleu

from rnncore.errors import EmptySequenceError, MissingPackageError, SettingError, ShapeError
from rnncore.metrics import bits_per_character, bleu, edit_distance, errors_by_step, perplexity, sequence_accuracy
from rnncore.reference import softmax_cross_entropy


def test_perplexity_and_bits_of_known_distributions():
    loss, _ = softmax_cross_entropy(np.zeros((5, 8, 2)), np.zeros((5, 2), int))  # eight symbols, equally probable
    assert math.isclose(perplexity(loss), 8, rel_tol=1e-14) and math.isclose(bits_per_character(loss), 3, rel_tol=1e-14)
    assert perplexity(0) == 1 and bits_per_character(0.0) == 0 and perplexity(1e4) == math.inf
    assert math.isclose(perplexity(np.float32(1.5)), math.e**1.5, rel_tol=1e-12)
    p = np.array([0.5, 0.25, 0.125, 0.125])  # entropy 1.75 bits
    assert math.isclose(bits_per_character(-(p * np.log(p)).sum()), 1.75, rel_tol=1e-14)


@pytest.mark.parametrize("loss", [-0.1, np.nan, math.inf, None, "1", True, np.ones(2)])
def test_what_is_no_loss(loss):
    for metric in (perplexity, bits_per_character):
        with pytest.raises(SettingError, match="loss: expected a finite number not below zero, got"):
            metric(loss)


def test_sequences_right_in_every_symbol():
    assert sequence_accuracy([[1, 2], [3], [4, 5]], [np.array([1, 2]), [3, 0], [4, 6]]) == 1 / 3
    with pytest.raises(ShapeError, match="found: expected as many sequences as targets, 2, got 1"):
        sequence_accuracy([[1]], [[1], [2]])
    with pytest.raises(EmptySequenceError, match="targets: expected at least one"):
        sequence_accuracy([], [])


def test_errors_by_step():
    said, targets = np.array([[1, 2, 3], [1, 0, 3], [5, 5, 5], [0, 0, 0]]), np.array([[1, 2, 0], [1, 2, 0], [5, 0, 0], [0, 0, 0]])
    mask = np.array([[1, 1, 1], [1, 1, 1], [1, 1, 0], [0, 0, 0]], bool)
    np.testing.assert_array_equal(errors_by_step(said, targets, mask), [1 / 3, 2 / 3, 1 / 2, np.nan])
    np.testing.assert_array_equal(errors_by_step(said, targets), [1 / 3, 2 / 3, 2 / 3, 0])
    with pytest.raises(ShapeError, match="targets: expected shape"):
        errors_by_step(said, targets[:, :2])


def test_edit_distance_by_hand_and_by_trying_all_ways():
    assert edit_distance("kitten", "sitting") == 3 and edit_distance("", "abc") == edit_distance([1, 2, 3], []) == 3
    assert edit_distance("venticinque", "vencinque") == 2 and edit_distance([1, 2], np.array([1, 2])) == 0

    def slow(a, b):
        if not a or not b:
            return len(a) + len(b)
        return min(slow(a[1:], b) + 1, slow(a, b[1:]) + 1, slow(a[1:], b[1:]) + (a[0] != b[0]))

    rng = np.random.default_rng(0)
    for _ in range(30):
        a, b = (rng.integers(3, size=rng.integers(0, 6)).tolist() for _ in range(2))
        assert edit_distance(a, b) == edit_distance(b, a) == slow(a, b)


FOUND = ["the black cat jumped over the dog today", "a dog sleeps", "the cat"]
RIGHT = ["the black cat jumped over the dog", "the dog sleeps well tonight", "the cat"]
OTHER = [["a black cat jumped over the dog today"], [], ["cats"]]


def test_bleu_is_sacrebleus():
    want = sacrebleu.corpus_bleu(FOUND, [RIGHT])
    got = bleu(FOUND, RIGHT)
    assert got.score == want.score and got.precisions == tuple(want.precisions) and got.brevity_penalty == want.bp
    assert "version:" in got.signature and f"nrefs:{1}" in got.signature
    several = [[r, *more] for r, more in zip(RIGHT, OTHER)]
    want = sacrebleu.corpus_bleu(FOUND, [RIGHT, [o[0] if o else None for o in OTHER]])
    assert bleu(FOUND, several).score == want.score > got.score
    assert bleu(FOUND, RIGHT, tokenize="char").score == sacrebleu.corpus_bleu(FOUND, [RIGHT], tokenize="char").score != got.score


def test_bleu_by_hand():
    perfect = bleu(RIGHT, RIGHT)
    assert math.isclose(perfect.score, 100, rel_tol=1e-12) and perfect.brevity_penalty == 1
    one = bleu(["a b c d e f"], ["a b c d e x g h"])  # 5 of 6, 4 of 5, 3 of 4, 2 of 3; two words too short
    np.testing.assert_allclose(one.precisions, [100 * 5 / 6, 80, 75, 100 * 2 / 3], rtol=1e-12)
    assert math.isclose(one.brevity_penalty, math.exp(1 - 8 / 6), rel_tol=1e-12)
    assert math.isclose(one.score, 100 * math.exp(-1 / 3) * (5 / 6 * 0.8 * 0.75 * 2 / 3) ** 0.25, rel_tol=1e-12)
    assert one.score != bleu(["a b c d e x g h"], ["a b c d e f"]).score


@pytest.mark.parametrize("found,right,error,match", [
    (FOUND, RIGHT[:2], ShapeError, "references: expected as many as hypotheses, 3, got 2"),
    (FOUND, "the dog", ShapeError, "references: expected as many as hypotheses, 3, got one text"),
    ("the dog", RIGHT, SettingError, "hypotheses: expected a list of texts, got one text"),
    ([], [], EmptySequenceError, "hypotheses: expected at least one text, got none"),
    (FOUND, [RIGHT, [], ["x"]], EmptySequenceError, "references: expected at least one text, got none"),
    ([1, 2, 3], RIGHT, SettingError, "hypotheses: expected a list of texts, got .*int"),
    (FOUND, [[1], ["a"], ["b"]], SettingError, "references: expected a list of texts, got .*int"),
])
def test_what_bleu_refuses(found, right, error, match):
    with pytest.raises(error, match=match):
        bleu(found, right)


def test_unknown_settings_and_a_missing_package(monkeypatch):
    for settings in (dict(colour="red"), dict(tokenize="nothing")):
        with pytest.raises(SettingError, match="settings: expected some of sacrebleu.BLEU, got"):
            bleu(FOUND, RIGHT, **settings)
    monkeypatch.setitem(sys.modules, "sacrebleu", None)
    with pytest.raises(MissingPackageError, match="pip install"):
        bleu(FOUND, RIGHT)
