"""Reber's grammar: strings, states, probabilities and lowest losses, against an expression and a count written anew."""

import re
from itertools import product

import numpy as np
import pytest

from rnncore.errors import SettingError, UnknownSymbolError
from rnncore.reference.losses import softmax_cross_entropy
from rnncore.tasks import reber_prediction as task
from rnncore.tasks.reber import CONTINUAL, EMBEDDED, REBER, VOCABULARY, Grammar
from tests.window_counts import best_from_the_end

# The graph as a regular expression, worked out by hand: FOUR is what may follow at state 4, FIVE at state 5.
FOUR = "(?:XT*VP)*(?:S|XT*VV)"
FIVE = f"(?:V|P{FOUR})"
INNER = f"B(?:TS*X{FOUR}|PT*V{FIVE})E"
WHOLE = f"B(?:T{INNER}T|P{INNER}P)E"


def test_every_short_text_as_the_expression_says():
    texts = ["B" + "".join(rest) for n in range(6) for rest in product("BTPSXVE", repeat=n)]
    accepted = [s for s in texts if REBER.accepts(s)]
    assert accepted == [s for s in texts if re.fullmatch(INNER, s)] and len(accepted) == 5
    assert not REBER.accepts("TXSE") and not REBER.accepts("") and not REBER.accepts("BTXSEB")


def test_embedded_strings_repeat_their_second_letter():
    rng = np.random.default_rng(0)
    drawn = [EMBEDDED.draw(rng) for _ in range(3000)]
    assert all(re.fullmatch(WHOLE, s) and EMBEDDED.accepts(s) and s[1] == s[-2] and REBER.accepts(s[2:-2]) for s in drawn)
    assert min(map(len, drawn)) == 9 and 0.45 < np.mean([s[1] == "T" for s in drawn]) < 0.55
    for s in drawn[:200]:
        flipped = s[:-2] + {"T": "P", "P": "T"}[s[-2]] + "E"
        assert not EMBEDDED.accepts(flipped) and EMBEDDED.next_letters(s[:-2]) == {s[1]: 1.0}
        early = s[0] + {"T": "P", "P": "T"}[s[1]] + s[2:-2]
        assert EMBEDDED.next_letters(early) == {early[1]: 1.0}  # the early letter flipped flips the answer


def test_choices_are_halves():
    rng, n = np.random.default_rng(1), 20_000
    drawn = [REBER.draw(rng) for _ in range(n)]
    for s in ("BTXSE", "BPVVE", "BTSXSE", "BPTVPSE"):  # one half for each choice
        choices = {"BTXSE": 3, "BPVVE": 3, "BTSXSE": 4, "BPTVPSE": 5}[s]
        assert drawn.count(s) / n == pytest.approx(0.5**choices, rel=0.1)
        assert np.prod([REBER.next_letters(s[:t])[s[t]] for t in range(len(s))]) == 0.5**choices
    assert np.mean([len(s) for s in drawn]) == pytest.approx(REBER.mean_length, rel=0.01) and REBER.mean_length == pytest.approx(8)
    assert EMBEDDED.mean_length == pytest.approx(12)
    assert REBER.entropy == pytest.approx(6 * np.log(2)) and EMBEDDED.entropy == pytest.approx(7 * np.log(2))


def test_the_stream_is_strings_without_end():
    text = CONTINUAL.draw(np.random.default_rng(2), 20_000)
    whole = re.findall(WHOLE, text)
    assert len(text) == 20_000 and text.startswith("".join(whole)) and len(text) - len("".join(whole)) < 100
    assert len(whole) == pytest.approx(20_000 / 12, rel=0.03)
    assert CONTINUAL.endless and not EMBEDDED.endless and CONTINUAL.accepts(text[:57]) and not CONTINUAL.accepts("BB")
    assert CONTINUAL.next_letters(whole[0]) == {"B": 1.0}
    assert CONTINUAL.entropy == pytest.approx(7 * np.log(2) / 12)
    assert (task.stream(np.random.default_rng(2), 20_000) == VOCABULARY.encode(text)).all()


def test_what_may_come_next_and_what_did():
    s = task.strings(["BTBPVVETE", "BPBTSXSEPE"])
    assert s.ids.shape == (9, 2) and s.mask.sum(axis=0).tolist() == [8, 9]
    for b, text in enumerate(s.text):
        for t in range(len(text) - 1):
            assert VOCABULARY.symbols[s.ids[t, b]] == text[t] and VOCABULARY.symbols[s.targets[t, b]] == text[t + 1]
            want = EMBEDDED.next_letters(text[: t + 1])
            assert s.probabilities[t, :, b].tolist() == [want.get(letter, 0) for letter in VOCABULARY.symbols]
    assert (s.probabilities.sum(axis=1) == s.mask).all()


def test_training_and_test_strings_differ():
    train, test = task.train_and_test(np.random.default_rng(3))
    assert len(set(train.text) | set(test.text)) == 512 and len(train.text) == len(test.text) == 256
    assert abs(np.mean([len(s) for s in train.text]) - np.mean([len(s) for s in test.text])) < 1.5
    assert abs(np.mean([len(s) for s in train.text]) - 18) < 0.7 and EMBEDDED.mean_length == pytest.approx(12)  # as the head says
    finite = Grammar(((("B", 1),), ()))
    with pytest.raises(SettingError, match="train"):
        task.train_and_test(np.random.default_rng(3), 1, 1, finite)


def test_strings_as_drawn_may_occur_twice_but_not_in_both_sets():
    train, test = task.train_and_test(np.random.default_rng(5), 2000, 500, different=False)
    assert len(train.text) == 2000 and len(test.text) == 500 and not set(train.text) & set(test.text)
    assert len(set(train.text)) < 1500 and abs(np.mean([len(s) for s in train.text]) - EMBEDDED.mean_length) < 0.3
    with pytest.raises(SettingError, match="test"):
        task.train_and_test(np.random.default_rng(3), 1, 1, Grammar(((("B", 1),), ())), different=False)


def test_lowest_losses():
    """The best predictor's loss on strings as they are drawn, with and without the second letter."""
    rng = np.random.default_rng(4)
    s = task.strings([EMBEDDED.draw(rng) for _ in range(4000)])
    logits = np.log(s.probabilities + 1e-300)
    loss = softmax_cross_entropy(logits, s.targets, s.mask, "sum")[0] / 4000
    assert loss == pytest.approx(task.floor(), rel=0.02)
    closing = s.mask.sum(axis=0) - 2, np.arange(4000)
    forgotten = s.probabilities.copy()
    forgotten[closing[0], :, closing[1]] = np.isin(list(VOCABULARY.symbols), ["T", "P"]) / 2
    loss = softmax_cross_entropy(np.log(forgotten + 1e-300), s.targets, s.mask, "sum")[0] / 4000
    assert loss == pytest.approx(task.floor(remembers=False), rel=0.02)
    assert task.floor(remembers=False) - task.floor() == pytest.approx(np.log(2))
    assert task.floor(CONTINUAL, False) - task.floor(CONTINUAL) == pytest.approx(np.log(2) / 12)


def test_the_last_five_letters_do_not_tell_the_closing_one():
    inner = [s for n in range(3, 6) for rest in product("TPSXV", repeat=n) if REBER.accepts(s := "B" + "".join(rest) + "E")]
    every = [("B" + k + s, k, 0.5 / len(inner)) for k in "TP" for s in inner]
    assert best_from_the_end(every, 5) == pytest.approx(0.5)
    assert best_from_the_end(every, 6) > 0.5


def test_legal_letters_must_be_on_top():
    s = task.strings(["BTBPVVETE", "BPBTSXSEPE"])
    assert task.all_legal(s.probabilities, s).all()
    said = s.probabilities.copy()
    said[6, VOCABULARY.index["P"], 0] = 0.5  # after BTBPVVE only T may follow
    assert task.all_legal(said, s).all()
    said[6, VOCABULARY.index["P"], 0] = 1.0
    assert task.all_legal(said, s).tolist() == [False, True]
    said = s.probabilities.copy()
    said[3, VOCABULARY.index["V"], 0] = 0  # one of the two legal ones does not stand out
    assert task.all_legal(said, s).tolist() == [False, True]
    said[8, :, 0] = np.arange(7)  # padding is not judged
    said[3] = s.probabilities[3]
    assert task.all_legal(said, s).all()


def test_first_mistake_in_a_stream():
    ids = task.stream(np.random.default_rng(5), 400)
    path = CONTINUAL.path(VOCABULARY.decode(ids))
    said = CONTINUAL.table[:, path[1:-1]].T.copy()
    assert task.first_mistake(said, ids) == task.first_mistake(said, ids, squared=0.49) == 399
    wrong = said.copy()
    wrong[123] = np.eye(7)[(ids[124] + 1) % 7] * 2
    assert task.first_mistake(wrong, ids) == task.first_mistake(wrong, ids, 0.49) == 123
    said[77, ids[78]] = 0.31
    assert task.first_mistake(said, ids, 0.49) == 399
    said[77, ids[78]] = 0.29  # (1 − 0.29)² > 0.49
    assert task.first_mistake(said, ids, 0.49) == 77


def test_illegal_text_is_refused_with_what_was_legal():
    with pytest.raises(UnknownSymbolError, match="expected T or P at position 1, got 'X'"):
        EMBEDDED.path("BX")
    with pytest.raises(UnknownSymbolError, match="nothing more"):
        REBER.path("BTXSEB")
