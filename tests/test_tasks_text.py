"""The hello task, delayed recall, windows of a series, batches of a text."""

import numpy as np
import pytest

from rnncore import data
from rnncore.decoding import generate, greedy
from rnncore.errors import EmptySequenceError, NotFiniteError, SettingError, ShapeError, UnknownSymbolError
from rnncore.reference import Elman, Model, Readout
from rnncore.reference.optimizers import Adam
from rnncore.tasks import delayed, hello, text_stream, windows
from rnncore.text import Vocabulary
from rnncore.training import fit

RNG = np.random.default_rng


def test_hello_is_spelled_after_training():
    batch = hello.hello()
    assert batch.x.shape == (4, 4, 1) and batch.targets.shape == (4, 1)
    assert hello.VOCABULARY.decode(batch.x.argmax(axis=1)[:, 0]) == "hell" and hello.VOCABULARY.decode(batch.targets[:, 0]) == "ello"
    model = Model(Elman(4, 3), Readout(3, 4))
    run = fit(model, model.init(RNG(0)), hello.data, Adam(0.1), steps=150, rng=RNG(0), progress=False)
    assert run.history.loss[-1] < 0.05
    ids = generate(model, run.params, hello.VOCABULARY.encode("h"), 4, greedy(), RNG(0))
    assert hello.VOCABULARY.decode(ids) == "ello"


def test_delayed_recall_asks_for_the_first_symbol():
    batch = delayed.delayed(RNG(0), B=200, delay=6, symbols=3, fillers=2)
    assert batch.x.shape == (7, 5, 200) and batch.targets.shape == (1, 200)
    np.testing.assert_array_equal(batch.x.sum(axis=1), 1)
    np.testing.assert_array_equal(batch.x[0].argmax(axis=0), batch.targets[0])
    assert set(batch.targets[0]) == {0, 1, 2} and (batch.x[1:, :3] == 0).all()
    assert set(batch.x[1:].argmax(axis=1).flat) == {3, 4}
    with pytest.raises(SettingError, match="delay: expected a whole number"):
        delayed.delayed(RNG(0), B=1, delay=0)


def test_delayed_recall_is_learned():
    model = Model(Elman(5, 12), Readout(12, 4), output="last")
    run = fit(model, model.init(RNG(0)), lambda step, rng: delayed.delayed(rng, 32, 3), Adam(0.02), steps=150, rng=RNG(1), progress=False)
    assert run.history.loss[0] > 1 and run.history.loss[-1] < 0.1  # ln 4 = 1.39 without memory


def test_windows_hold_what_comes_later():
    values = np.arange(20.0).reshape(10, 2)
    batch = windows.windows(values, T=3, stride=2, ahead=2)
    assert batch.x.shape == batch.targets.shape == (3, 2, 3)
    np.testing.assert_array_equal(batch.x[:, 0, 1], [4, 6, 8])
    np.testing.assert_array_equal(batch.targets[:, 0, 1], [8, 10, 12])
    np.testing.assert_array_equal(batch.targets[:, 1, 2], [13, 15, 17])
    assert windows.windows(values, T=9).x.shape == (9, 2, 1)


def test_nothing_of_the_future_reaches_the_training_part():
    values = RNG(0).normal(3, 2, size=(100, 2))
    before = windows.series(values, T=5)
    changed = values.copy()
    changed[70:] = 1e6 * RNG(1).normal(size=(30, 2))
    after = windows.series(changed, T=5)
    np.testing.assert_array_equal(before.train.x, after.train.x)
    np.testing.assert_array_equal(before.train.targets, after.train.targets)
    np.testing.assert_array_equal(before.scale.sd, after.scale.sd)
    counts = [part.x.shape[2] for part in before[:3]]
    assert counts == [70 - 5, 15 - 5, 15 - 5]  # no window crosses a border
    np.testing.assert_allclose(before.scale.restore(before.test.x)[:, 1, 0], values[85:90, 1])
    z = before.scale.standardise(values[:70])
    np.testing.assert_allclose([z.mean(axis=0), z.std(axis=0)], [[0, 0], [1, 1]], atol=1e-12)


def test_sunspots_as_windows():
    _, values = data.load_sunspots()
    parts = windows.series(values[:, None], T=22)
    assert parts.train.x.shape[:2] == (22, 1) and np.isfinite(parts.test.x).all()


TEXT = "abcdefghijklmnopqrstuvwxyz"
VOCABULARY = Vocabulary.from_text(TEXT)


def read(stream, step, b):
    batch = stream(step)
    return VOCABULARY.decode(batch.x.argmax(axis=1)[:, b]), VOCABULARY.decode(batch.targets[:, b])


def test_a_stream_reads_on_where_it_stopped():
    stream = text_stream.TextStream(VOCABULARY.encode(TEXT), 26, T=4, B=2)
    assert stream.batches == 3
    assert [read(stream, s, 0) for s in range(4)] == [("abcd", "bcde"), ("efgh", "fghi"), ("ijkl", "jklm"), ("abcd", "bcde")]
    assert [read(stream, s, 1)[0] for s in range(3)] == ["mnop", "qrst", "uvwx"]
    uneven = text_stream.TextStream(VOCABULARY.encode(TEXT), 26, T=5, B=2)  # two symbols of each piece are left over
    assert uneven.batches == 2 and read(uneven, 1, 0) == ("fghij", "ghijk") and read(uneven, 0, 1) == ("mnopq", "nopqr")
    assert [stream(s).carry for s in range(7)] == [False, True, True, False, True, True, False]


def test_carrying_the_state_is_reading_without_a_break():
    model = Model(Elman(26, 5), Readout(5, 26))
    params = model.init(RNG(0))
    stream = text_stream.TextStream(VOCABULARY.encode(TEXT), 26, T=4, B=2)
    long = text_stream.TextStream(VOCABULARY.encode(TEXT), 26, T=12, B=2)
    whole = model.loss_and_gradients(params, long(0), None)[0]
    assert text_stream.mean_loss(model, params, stream) == pytest.approx(whole, rel=1e-12)
    first = model.loss_and_gradients(params, stream(0), None)[0]
    assert text_stream.mean_loss(model, params, stream, batches=1) == first


def test_chunks_come_from_everywhere_and_only_from_the_text():
    chunks = text_stream.TextChunks(VOCABULARY.encode(TEXT), 26, T=4, B=300)
    batch = chunks(0, RNG(0))
    starts = batch.x[0].argmax(axis=0)
    assert set(starts) == set(range(22)) and not batch.carry
    np.testing.assert_array_equal(batch.targets, starts + np.arange(1, 5)[:, None])
    np.testing.assert_array_equal(chunks(7, RNG(0)).x, batch.x)


def test_held_out_text_is_the_end():
    train, valid = text_stream.held_out(VOCABULARY.encode(TEXT), 0.2)
    assert VOCABULARY.decode(valid) == "vwxyz" and len(train) == 21


IDS, SERIES = VOCABULARY.encode(TEXT), np.arange(20.0)[:, None]


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: text_stream.TextStream(IDS, 26, T=13, B=2), SettingError),
        (lambda: text_stream.TextStream(IDS, 25, T=4, B=2), UnknownSymbolError),
        (lambda: text_stream.TextStream(IDS[:, None], 26, T=4, B=2), ShapeError),
        (lambda: text_stream.TextStream(IDS, 26, T=0, B=2), SettingError),
        (lambda: text_stream.TextChunks(IDS, 26, T=26, B=2), SettingError),
        (lambda: text_stream.held_out(IDS, 0.0), SettingError),
        (lambda: text_stream.held_out(IDS, 1.0), SettingError),
        (lambda: windows.windows(SERIES, T=20), SettingError),
        (lambda: windows.windows(SERIES[:, 0], T=5), ShapeError),
        (lambda: windows.windows(np.full((9, 1), np.nan), T=5), NotFiniteError),
        (lambda: windows.windows(SERIES, T=5, ahead=0), SettingError),
        (lambda: windows.split(SERIES, 0.8, 0.2), SettingError),
        (lambda: windows.split(SERIES[:2], 0.5, 0.1), EmptySequenceError),
        (lambda: windows.series(np.ones((20, 1)), 3), SettingError),
    ],
)
def test_what_is_refused(call, error):
    with pytest.raises(error):
        call()
