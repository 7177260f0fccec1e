"""Wrong input to the tasks: one clear error each, that says what was expected and what came."""

import numpy as np
import pytest

from rnncore.errors import DtypeError, EmptySequenceError, NotFiniteError, SettingError, ShapeError, UnknownSymbolError
from rnncore.tasks import (
    adding, alignment, copy_memory, delayed, long_lag, moving_digits, multiplication, pronoun, reber, reber_prediction, recall, success,
    temporal_order,
)  # fmt: skip


def rng():
    return np.random.default_rng(0)


IMAGES, LABELS = np.full((4, 8, 8), 0.5), np.arange(4)
# function -> good arguments besides rng and B
MAKERS = {
    adding.adding: dict(T=8), adding.adding_1997: dict(T=12), multiplication.multiplication: dict(T=12), temporal_order.temporal_order: {},
    copy_memory.copy_memory: dict(blanks=5), long_lag.noise_free: dict(p=4), long_lag.random_middle: dict(p=4), long_lag.distracted: dict(q=3, p=4),
    pronoun.pronoun: {}, alignment.backwards: {}, alignment.in_order: {}, moving_digits.moving_digits: dict(T=5, images=IMAGES, labels=LABELS),
    delayed.delayed: dict(delay=4), recall.recall: dict(delays=(1, 3), T=6),
}
SETTINGS = [(make, key, bad) for make, good in MAKERS.items() for key in good if key in ("T", "p", "q", "blanks", "delay")
            for bad in (0, -3, 2.5, True, "7", None)]
SETTINGS += [
    (adding.adding, "T", 1), (adding.adding_1997, "T", 3), (adding.adding_1997, "early", 12), (adding.adding_1997, "early", 0),
    (adding.adding_1997, "first", "zeroed"), (multiplication.multiplication, "early", 99), (multiplication.multiplication, "first", None),
    (temporal_order.temporal_order, "places", ((10, 20), (15, 60))), (temporal_order.temporal_order, "places", ((20, 10), (50, 60))),
    (temporal_order.temporal_order, "places", ((1, 5), (50, 60))), (temporal_order.temporal_order, "places", ()),
    (temporal_order.temporal_order, "places", ((2, 5, 7),)), (temporal_order.temporal_order, "places", 5),
    (temporal_order.temporal_order, "places", ((2.0, 5.5), (8, 9))), (temporal_order.temporal_order, "length", (60, 110)),
    (temporal_order.temporal_order, "length", 100),
    (copy_memory.copy_memory, "blanks", (5, 3)), (copy_memory.copy_memory, "blanks", (1, 2, 3)), (copy_memory.copy_memory, "recall", 0),
    (copy_memory.copy_memory, "symbols", 1.5),
    (long_lag.noise_free, "p", 1), (long_lag.distracted, "stop", 0), (long_lag.distracted, "stop", 1.5),
    (alignment.backwards, "length", (5, 3)), (alignment.backwards, "length", 5), (alignment.backwards, "length", (0, 3)),
    (alignment.backwards, "symbols", 0), (alignment.backwards, "repeats", 1), (alignment.in_order, "symbols", 7),
    (moving_digits.moving_digits, "field", 8), (moving_digits.moving_digits, "dark", 1.0), (moving_digits.moving_digits, "dark", "half"),
    (moving_digits.moving_digits, "images", IMAGES * 32),
]  # fmt: skip


@pytest.mark.parametrize("make,key,bad", SETTINGS, ids=[f"{m.__name__}-{k}={str(b)[:20]}" for m, k, b in SETTINGS])
def test_impossible_settings(make, key, bad):
    with pytest.raises(SettingError, match=rf"{key}.*expected.*got"):
        make(rng(), 4, **{**MAKERS[make], key: bad})


@pytest.mark.parametrize("make", MAKERS, ids=lambda m: m.__name__)
def test_no_generator_and_no_sequences(make):
    for bad in (None, 0, np.random):
        with pytest.raises(SettingError, match="rng: expected"):
            make(bad, 4, **MAKERS[make])
    for bad in (0, -1, 2.0, True):
        with pytest.raises(SettingError, match="B: expected"):
            make(rng(), bad, **MAKERS[make])


def spoilt(shape):
    """(bad array, error) for outputs that must have this shape."""
    good = np.zeros(shape)
    yield good[..., :-1], ShapeError
    yield good[..., None], ShapeError
    yield good[:0], EmptySequenceError
    yield good.astype(int), DtypeError
    yield np.where(np.arange(good.size).reshape(shape) == 1, np.nan, good), NotFiniteError
    yield None, DtypeError


WORDS = reber_prediction.strings(["BTBPVVETE", "BPBTXSEPE"])
STREAM = reber_prediction.stream(rng(), 30)
SCORES = {
    "adding": (lambda o: adding.adding(rng(), 4, 6).errors(o), (1, 1, 4)),
    "temporal order": (lambda o: temporal_order.temporal_order(rng(), 4).errors(o), (1, 4, 4)),
    "copy": (lambda o: copy_memory.copy_memory(rng(), 4, 5).recalled(o), (25, 9, 4)),
    "2a": (lambda o: long_lag.noise_free(rng(), 4, 5).errors(o), (5, 6, 4)),
    "2c": (lambda o: long_lag.distracted(rng(), 4, 5, 5).errors(o), (1, 2, 4)),
    "legal": (lambda o: reber_prediction.all_legal(o, WORDS), (8, 7, 2)),
    "first mistake": (lambda o: reber_prediction.first_mistake(o, STREAM), (29, 7)),
    "pronoun": (lambda o: pronoun.every_sentence().right(o), (11, 5, 64)),
    "digits": (lambda o: moving_digits.moving_digits(rng(), 4, 5, IMAGES, LABELS).right(o), (5, 10, 4)),
    "largest errors": (lambda o: success.largest_errors(o, np.zeros((3, 4), int)), (3, 2, 4)),
}


@pytest.mark.parametrize("name", SCORES)
def test_scores_of_wrong_outputs(name):
    score, shape = SCORES[name]
    score(np.zeros(shape))
    for bad, error in spoilt(shape):
        with pytest.raises(error, match="(outputs|targets): "):
            score(bad)


def test_alignment_scores():
    task = alignment.backwards(rng(), 3, (2, 4))
    S = len(task.ids)
    for bad, error in ((np.zeros((S + 1, 3)), DtypeError), (np.zeros((S, 3), int), ShapeError), (task.targets[0], ShapeError)):
        with pytest.raises(error, match="written: "):
            task.right(bad)
    for bad, error in ((np.zeros((S + 1, S, 3)), SettingError), (np.full((S + 1, S, 3), -1.0), SettingError), (np.ones((S, S, 3)), ShapeError),
                       (np.full((S + 1, S, 3), np.nan), NotFiniteError)):
        with pytest.raises(error, match="weights: "):
            task.attention_mass(bad)


def test_digits_refuse_what_is_no_picture():
    def film(images=IMAGES, labels=LABELS):
        moving_digits.moving_digits(rng(), 2, 3, images, labels)

    for bad, error in ((IMAGES[0], ShapeError), (IMAGES[:, :7], ShapeError), (IMAGES[:0], EmptySequenceError), (IMAGES.astype(int), DtypeError),
                       (IMAGES * np.nan, NotFiniteError), (-IMAGES, SettingError)):
        with pytest.raises(error, match="images: "):
            film(images=bad)
    for bad, error in ((LABELS + 9, UnknownSymbolError), (LABELS - 1, UnknownSymbolError), (LABELS[:2], ShapeError), (LABELS * 1.0, DtypeError)):
        with pytest.raises(error, match="labels: "):
            film(labels=bad)


CALLS = [
    (lambda: success.solved_after(np.zeros((3, 3)), 0.1), ShapeError), (lambda: success.solved_after(np.zeros(0), 0.1), EmptySequenceError),
    (lambda: success.solved_after(np.full(3, np.nan), 0.1), NotFiniteError), (lambda: success.solved_after(np.zeros(3), 0), SettingError),
    (lambda: success.solved_after(np.zeros(3), 0.1, window=0), SettingError), (lambda: success.solved_after(np.zeros(3), 0.1, 3, wrong=3), SettingError),
    (lambda: success.solved_after(np.zeros(3), 0.1, 3, wrong=True), SettingError), (lambda: success.solved_after(np.zeros(3), 0.1, 3, mean_below=-1), SettingError),
    (lambda: success.largest_errors(np.zeros((2, 3, 4)), np.zeros((2, 3, 5))), ShapeError),
    (lambda: success.largest_errors(np.zeros((2, 3, 4)), np.full((2, 4), 3)), UnknownSymbolError),
    (lambda: success.largest_errors(np.zeros((2, 3, 4)), np.zeros((2, 3, 4)), np.ones((4, 2))), ShapeError),
    (lambda: adding.window_mse(8, 9), SettingError), (lambda: adding.window_mse(8, -1), SettingError), (lambda: adding.window_mse(1, 0), SettingError),
    (lambda: adding.constant_mse_1997(3), SettingError), (lambda: multiplication.constant_answer(8, 8), SettingError),
    (lambda: temporal_order.window_accuracy(-1), SettingError), (lambda: temporal_order.window_accuracy(1.5), SettingError),
    (lambda: temporal_order.window_accuracy(3, ((5, 4),)), SettingError), (lambda: copy_memory.baseline(0), SettingError),
    (lambda: long_lag.floor(1), SettingError), (lambda: long_lag.floor(5, "distracted"), SettingError), (lambda: long_lag.names(1), SettingError),
    (lambda: long_lag.names(0, distractors=True), SettingError), (lambda: long_lag.names("five"), SettingError),
    (lambda: reber.EMBEDDED.draw(rng(), 5), SettingError), (lambda: reber.CONTINUAL.draw(rng()), SettingError),
    (lambda: reber.CONTINUAL.draw(rng(), 0), SettingError), (lambda: reber.REBER.draw(None), SettingError), (lambda: reber.CONTINUAL.mean_length, SettingError),
    (lambda: reber.REBER.path(["B"]), SettingError), (lambda: reber.REBER.next_letters("TB"), UnknownSymbolError),
    (lambda: reber.Grammar(((("B", 2),), ())), SettingError), (lambda: reber.Grammar(((("A", 1),), ())), SettingError),
    (lambda: reber_prediction.strings([]), SettingError), (lambda: reber_prediction.strings("BTBPVVETE"), SettingError),
    (lambda: reber_prediction.strings(["BTBPVVET"]), SettingError), (lambda: reber_prediction.strings(["BTBPVVEPE"]), UnknownSymbolError),
    (lambda: reber_prediction.train_and_test(rng(), 3, 3, different=1), SettingError),
    (lambda: reber_prediction.strings([""]), SettingError), (lambda: reber_prediction.train_and_test(rng(), 0, 3), SettingError),
    (lambda: reber_prediction.stream(rng(), 0), SettingError), (lambda: reber_prediction.stream(None, 5), SettingError),
    (lambda: reber_prediction.first_mistake(np.zeros((1, 7)), np.array([0, 7])), UnknownSymbolError),
    (lambda: reber_prediction.first_mistake(np.zeros((1, 7)), np.array([1, 2])), UnknownSymbolError),
    (lambda: reber_prediction.first_mistake(np.zeros((29, 7)), STREAM, squared=0), SettingError),
    (lambda: pronoun.every_sentence().right(np.zeros((11, 5, 64)), "present"), SettingError),
]  # fmt: skip


@pytest.mark.parametrize("call,error", CALLS)
def test_other_wrong_arguments(call, error):
    with pytest.raises(error) as caught:
        call()
    message = str(caught.value)
    assert ("expected" in message and "got" in message) or "NaN" in message, message


def test_a_kind_that_is_not_there():
    task = next(t for t in (pronoun.pronoun(np.random.default_rng(seed), 2) for seed in range(20)) if t.kind.sum() == 0)
    with pytest.raises(SettingError, match="kind: expected one that is among"):
        task.right(np.zeros((len(task.ids), 5, 2)), "future")
