"""Captions of scenes: what the caption says stands where it says, parts and pairs are kept apart, the baselines are what they say."""

import numpy as np
import pytest

from rnncore import data, metrics, search
from rnncore.errors import DtypeError, NotFiniteError, SettingError, ShapeError, UnknownSymbolError
from rnncore.reference import GRU, Model, Readout
from rnncore.tasks import captions
from rnncore.tasks.captions import DIGITS, FIELD, PLACES, SYMBOLS, caption, held_out, scenes

K = len(SYMBOLS)


def rng(seed=0):
    return np.random.default_rng(seed)


def told(words):
    """Layout and digits, read out of a caption by other means than those that write it."""
    digits = tuple(DIGITS.index(w) for w in words if w in DIGITS)
    return "three" if "and" in words else "left" if "left" in words else "above", digits


@pytest.mark.parametrize("part", ["train", "valid", "test"])
@pytest.mark.parametrize("jitter", [0, 1])
def test_what_is_told_is_there(part, jitter):
    images, labels = data.load_digits()
    found, moved = scenes(rng(), 60, part, jitter=jitter), set()
    for n, text in enumerate(found.captions):
        layout, digits = told(text.split())
        assert digits == found.digits[n] and caption(layout, digits) == text.split()
        field = found.pictures[:, n].reshape(FIELD, FIELD).copy()
        for digit, (r, c) in zip(digits, PLACES[layout]):
            fits = [(a, b) for a in range(r - jitter, r + jitter + 1) for b in range(c - jitter, c + jitter + 1)
                    for k in np.flatnonzero(labels == digit) if captions.PICTURES[part].start <= k < (captions.PICTURES[part].stop or 1797)
                    and np.array_equal(field[a : a + 8, b : b + 8], images[k])]  # fmt: skip
            assert fits, (text, digit)
            a, b = fits[0]
            field[a : a + 8, b : b + 8] = 0
            moved.add((a - r, b - c))
        assert not field.any(), "nothing else is in the field"
    assert len(moved) == (9 if jitter else 1)


def test_captions_are_english():
    assert caption("above", (7, 2)) == "a seven above a two".split() and caption("left", (8, 8)) == "an eight left of an eight".split()
    assert caption("three", (4, 0, 8)) == "a four above a zero and an eight".split()


def test_pictures_of_the_parts_are_different_ones():
    parts = [set(range(*where.indices(1797))) for where in captions.PICTURES.values()]
    assert set.union(*parts) == set(range(1797)) and sum(map(len, parts)) == 1797


def test_pairs_are_held_out():
    share = np.mean([held_out(a, b) for a in range(10) for b in range(10)])
    assert 0.1 < share < 0.25
    pairs = lambda found: {(a, b) for d in found.digits for k, a in enumerate(d) for b in d[k + 1 :]}  # noqa: E731
    seen, new = scenes(rng(), 2000), scenes(rng(), 400, "test", True)
    assert not any(held_out(*pair) for pair in pairs(seen))
    assert pairs(seen) == {(a, b) for a in range(10) for b in range(10) if not held_out(a, b)}
    assert all(any(held_out(a, b) for k, a in enumerate(d) for b in d[k + 1 :]) for d in new.digits)
    assert not set(new.captions) & set(seen.captions) and {d for d in np.concatenate(new.digits)} == set(range(10))
    assert set(map(len, seen.digits)) == {2, 3}


def test_the_batch_is_one_picture_and_the_word_before():
    found = scenes(rng(), 5, dtype=np.float32)
    x, targets, mask, *_ = found.batch
    assert x.shape == (len(targets), FIELD**2 + K, 5) and x.dtype == np.float32
    assert np.array_equal(x[0, : FIELD**2], found.pictures) and not x[1:, : FIELD**2].any()
    for n, text in enumerate(found.captions):
        words = [*text.split(), "[END]"]
        assert [SYMBOLS.symbols[k] for k in targets[mask[:, n], n]] == words
        before = x[: len(words), FIELD**2 :, n]
        assert (before.sum(axis=1) == 1).all() and [SYMBOLS.symbols[k] for k in before.argmax(axis=1)] == ["[START]", *words[:-1]]


def test_a_net_says_step_by_step_what_it_says_of_whole_sequences():
    found = scenes(rng(), 4)
    model = Model(GRU(FIELD**2 + K, 5), Readout(5, K))
    params = model.init(rng(1))
    step, state = captions.stepper(model, params, found.pictures)
    before = np.concatenate([np.zeros((1, 4), int), found.targets[:-1]])
    for ids, want, real in zip(before, model.forward(params, found.batch.x)[0], found.mask):
        o, state = step(ids, state)
        assert np.allclose(o[:, real], want[:, real])
    said = search.decode(*captions.stepper(model, params, found.pictures), 0, 1, 6)
    assert len(said) == 4 and captions.text([*SYMBOLS.encode(found.captions[0].split()), 1]) == found.captions[0] and captions.text([1]) == ""


def test_baselines():
    train, test = scenes(rng(), 400), scenes(rng(1), 30, "test")
    said = captions.nearest(train, test.pictures)
    for n in range(30):
        distance = ((train.pictures - test.pictures[:, [n]]) ** 2).sum(axis=0)
        assert said[n] == train.captions[int(distance.argmin())]
    assert captions.nearest(train, train.pictures) == list(train.captions)
    assert max(map(train.captions.count, train.captions)) == train.captions.count(captions.most_frequent(train))
    new = scenes(rng(2), 30, "test", True)
    assert metrics.sequence_accuracy(captions.nearest(train, new.pictures), new.captions) == 0


def test_what_is_refused():
    found = scenes(rng(), 3)
    model = Model(GRU(FIELD**2 + K, 2), Readout(2, K))
    params = model.init(rng())
    for call, error, name in (
        (lambda: scenes(0, 3), SettingError, "rng"), (lambda: scenes(rng(), 0), SettingError, "N"), (lambda: scenes(rng(), 2.5), SettingError, "N"),
        (lambda: scenes(rng(), 3, "all"), SettingError, "part"), (lambda: scenes(rng(), 3, held=1), SettingError, "held"),
        (lambda: scenes(rng(), 3, jitter=2), SettingError, "jitter"), (lambda: scenes(rng(), 3, jitter=True), SettingError, "jitter"),
        (lambda: scenes(rng(), 3, dtype=int), SettingError, "dtype"), (lambda: scenes(rng(), 3, dtype="thin"), SettingError, "dtype"),
        (lambda: caption("below", (1, 2)), SettingError, "layout"), (lambda: caption("above", (1, 2, 3)), SettingError, "digits"),
        (lambda: caption("above", (1, 10)), SettingError, "digits"), (lambda: caption("above", [1, 2]), SettingError, "digits"),
        (lambda: held_out(10, 1), SettingError, "first"), (lambda: held_out(1, "1"), SettingError, "second"),
        (lambda: captions.nearest(found, found.pictures[1:]), ShapeError, "pictures"),
        (lambda: captions.nearest(found, found.pictures * np.nan), NotFiniteError, "pictures"),
        (lambda: captions.nearest(found.pictures, found.pictures), SettingError, "train"),
        (lambda: captions.most_frequent(found.captions), SettingError, "train"),
        (lambda: captions.stepper(None, params, found.pictures), SettingError, "model"),
        (lambda: captions.stepper(Model(GRU(K, 2), Readout(2, K)), params, found.pictures), ShapeError, "model"),
        (lambda: captions.stepper(model, params, found.pictures.astype(int)), DtypeError, "pictures"),
        (lambda: captions.stepper(model, params, found.pictures.astype(np.float32)), DtypeError, "params"),
        (lambda: captions.text([1, 99]), UnknownSymbolError, "ids"), (lambda: captions.text(3), SettingError, "ids"),
    ):  # fmt: skip
        with pytest.raises(error, match=f"{name}.*expected.*got|{name}.*NaN"):
            call()
