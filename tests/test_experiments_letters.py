"""Dates and number words in experiments: kept weights against the records, and the baseline."""

from types import SimpleNamespace

import pytest

from experiments import second_tasks, translation
from experiments.pair_trainer import written
from rnncore import results
from rnncore.tasks.dates import dates
from rnncore.tasks.numbers import numbers
from rnncore.tasks.records import translated
from rnncore.text import Vocabulary


def test_nearest_shares_most_pairs_of_letters():
    symbols = Vocabulary("abcd")
    task = SimpleNamespace(source_symbols=symbols, train=translated([("abab", "x"), ("cd", "y")], symbols, Vocabulary(("[START]", "[END]", "x", "y"))))
    assert second_tasks.nearest(task, translated([("ab", "x"), ("dcd", "x"), ("c", "x")], symbols, Vocabulary(("[START]", "[END]", "x", "y")))) == [
        "x", "y", "y"]  # fmt: skip


@pytest.mark.parametrize("label", ["dates, plain", "numbers to words", "words to numbers"])
def test_kept_letters_give_the_recorded_numbers_again(label):
    run = results.load("second_tasks")["runs"][label]
    found, settings = run["result"], run["settings"]
    task = dates() if "dates" in label else numbers("it", settings["to"])
    model, params = translation.net(task, settings["H"], settings["E"]), results.weights(found["weights"])
    said = second_tasks.texts(task, written(model, params, task.test, translation.END))
    assert second_tasks.right(said, task.test) == pytest.approx(found["test"]["right"][0], abs=0.004)
    wrong = [[s, w, o] for s, w, o in zip(task.test.sources, task.test.wanted, said) if o != w][:12]
    assert sum(line in wrong for line in found["failures"]["test"]) >= len(wrong) - 2
    held = {n for part in ("valid", "test") for n in getattr(task, part).sources} & set(task.train.sources)
    assert not held
