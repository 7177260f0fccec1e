"""Wrong input to the tasks on real records: one clear error each."""

import numpy as np
import pytest

from rnncore.errors import DtypeError, EmptySequenceError, NotFiniteError, SettingError, ShapeError, UnknownSymbolError
from rnncore.tasks import dna, ecg, names, numbers, phrases, rain, records, sentiment
from rnncore.text import Vocabulary

RNG = np.random.default_rng(0)
AB = Vocabulary("ab")
PART = records.labelled(["ab", "b"], AB, [0, 1])
PAIRS = records.translated([("a", "b")], AB, Vocabulary((records.START, records.END, "b")))


@pytest.fixture(scope="module")
def made():
    return {"names": names.first_names(), "rain": rain.rain(), "dna": dna.dna(), "ecg": ecg.ecg(), "phrases": phrases.phrases()}


CASES = [
    ("part_of: no text", SettingError, lambda m: records.part_of(3)),
    ("part_of: shares", SettingError, lambda m: records.part_of("a", 0.5, 0.5)),
    ("part_of: no share", SettingError, lambda m: records.part_of("a", 0.0)),
    ("pad: nothing", EmptySequenceError, lambda m: records.pad([], AB)),
    ("pad: empty text", EmptySequenceError, lambda m: records.pad(["a", ""], AB)),
    ("pad: unknown", UnknownSymbolError, lambda m: records.pad(["a", "c"], AB)),
    ("labelled: numbers differ", ShapeError, lambda m: records.labelled(["a"], AB, [0, 1])),
    ("translated: unknown", UnknownSymbolError, lambda m: records.translated([("a", "c")], AB, PAIRS and Vocabulary((records.END, "b")))),
    ("translated: nothing", EmptySequenceError, lambda m: records.translated([], AB, AB)),
    ("draw: too many", SettingError, lambda m: PART.draw(RNG, 3)),
    ("draw: none", SettingError, lambda m: PART.draw(RNG, 0)),
    ("draw: no generator", SettingError, lambda m: PART.draw(0, 1)),
    ("draw pairs: too many", SettingError, lambda m: PAIRS.draw(RNG, 2)),
    ("majority: floats", DtypeError, lambda m: records.majority(np.zeros(3), np.zeros(3, int))),
    ("majority: empty", EmptySequenceError, lambda m: records.majority(np.zeros(3, int), np.zeros(0, int))),
    ("ending: half a letter", SettingError, lambda m: names.ending(m["names"], m["names"].test, 1.5)),
    ("ending: negative", SettingError, lambda m: names.ending(m["names"], m["names"].test, -1)),
    ("accuracy: shape", ShapeError, lambda m: names.accuracy(m["names"].test, np.zeros(3, int))),
    ("words: no text", SettingError, lambda m: sentiment.words(["no"])),
    ("sentiment: at_least", SettingError, lambda m: sentiment.sentiment(0)),
    ("rain: shape", ShapeError, lambda m: rain.right(m["rain"], np.zeros(3), m["rain"].test)),
    ("rain: NaN", NotFiniteError, lambda m: rain.right(m["rain"], np.full(1460, np.nan), m["rain"].test)),
    ("rain: T", SettingError, lambda m: rain.segments(m["rain"], 731)),
    ("rain: stride", SettingError, lambda m: rain.segments(m["rain"], 10, 0)),
    ("rain: no days", SettingError, lambda m: rain.table(m["rain"], 0)),
    ("rain: many days", SettingError, lambda m: rain.table(m["rain"], 11)),
    ("dna: T", SettingError, lambda m: m["dna"].train.windows(4001)),
    ("dna: no T", SettingError, lambda m: m["dna"].train.windows(0)),
    ("dna: even words", SettingError, lambda m: dna.window(m["dna"], m["dna"].test, 2)),
    ("dna: radius", SettingError, lambda m: dna.window(m["dna"], m["dna"].test, 3, 0)),
    ("ecg: T", SettingError, lambda m: ecg.segments(m["ecg"], 1440)),
    ("ecg: stride", SettingError, lambda m: ecg.segments(m["ecg"], 10, -1)),
    ("ecg: shape", ShapeError, lambda m: ecg.surprise(m["ecg"], np.zeros(3))),
    ("ecg: NaN", NotFiniteError, lambda m: ecg.surprise(m["ecg"], np.full(26999, np.nan))),
    ("ecg: N", SettingError, lambda m: ecg.autoregression(m["ecg"], 720)),
    ("ecg: no beats", EmptySequenceError, lambda m: ecg.beats(np.zeros(100))),
    ("ecg: beats of integers", DtypeError, lambda m: ecg.beats(np.zeros(100, int))),
    ("ecg: kind", SettingError, lambda m: ecg.altered(m["ecg"], "louder")),
    ("auc: one kind", SettingError, lambda m: ecg.auc(np.zeros(2), np.array([True, True]))),
    ("auc: lengths", SettingError, lambda m: ecg.auc(np.zeros(2), np.array([True, False, True]))),
    ("auc: NaN", NotFiniteError, lambda m: ecg.auc(np.array([0, np.nan]), np.array([True, False]))),
    ("numbers: language", SettingError, lambda m: numbers.numbers("fr")),
    ("numbers: to", SettingError, lambda m: numbers.numbers("it", "letters")),
    ("numbers: below", SettingError, lambda m: numbers.numbers(below=9001)),
    ("numbers: below none", SettingError, lambda m: numbers.numbers(below=0)),
    ("few: more than half", SettingError, lambda m: numbers.few(501)),
    ("few: none", SettingError, lambda m: numbers.few(0)),
    ("few: language", SettingError, lambda m: numbers.few(5, "fr")),
    ("composed: too large", SettingError, lambda m: numbers.composed(10_000)),
    ("composed: language", SettingError, lambda m: numbers.composed(3, "fr")),
    ("composed: no number", SettingError, lambda m: numbers.composed("3")),
]


@pytest.mark.parametrize("error, call", [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_one_clear_error(made, error, call):
    with pytest.raises(error, match="expected|not in the vocabulary|entries are NaN"):
        call(made)
