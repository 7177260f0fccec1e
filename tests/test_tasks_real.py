"""Tasks on real records: nothing of the test in training, each answer where it belongs, baselines with the values that they have."""

import re
from collections import Counter

import numpy as np
import pytest

from rnncore import data, reference
from rnncore.tasks import dates, dna, ecg, names, numbers, phrases, rain, records, sentiment

TASKS = {"first names": names.first_names, "surnames": names.surnames, "sentiment": sentiment.sentiment, "dates": dates.dates,
         "numbers": numbers.numbers, "number words": lambda: numbers.numbers("en", "digits"), "phrases": phrases.phrases}


@pytest.fixture(scope="module", params=list(TASKS))
def task(request):
    return TASKS[request.param]()


def records_of(part):
    return {"".join(t) if isinstance(t, str) else " ".join(t) for t in (part.texts if isinstance(part, records.Labelled) else part.sources)}


def test_no_record_is_in_two_parts(task):
    parts = [p for p in task if isinstance(p, (records.Labelled, records.Translated))]
    texts = [records_of(p) for p in parts]
    assert all(texts) and not any(a & b for i, a in enumerate(texts) for b in texts[:i])


def test_ids_mask_and_answers_spell_the_records(task):
    for part in task[:3]:
        if isinstance(part, records.Labelled):
            assert part.ids.shape == part.mask.shape and part.classes.shape == (len(part.texts),)
            for n in range(0, len(part.texts), 7):
                length = part.mask[:, n].sum()
                assert part.mask[:length, n].all() and length == len(part.texts[n])  # padding at the end alone
                assert [task.symbols.symbols[i] for i in part.ids[:length, n]] == list(part.texts[n])
        else:
            sides = (part.sources, part.ids, part.x_mask, task.source_symbols), (part.wanted, part.targets, part.mask, task.target_symbols)
            for texts, ids, mask, symbols in sides:
                for n in range(0, len(texts), 13):
                    got = [symbols.symbols[i] for i in ids[mask[:, n], n]]
                    known = [s if s in symbols.index else sentiment.UNKNOWN for s in texts[n]]
                    assert got == known + [records.END] * (texts is part.wanted) and (np.diff(mask[:, n].astype(int)) <= 0).all()


def test_batches_fit_nets_and_hold_whole_records(task):
    batch = task.train.draw(np.random.default_rng(0), 5)
    same = task.train.draw(np.random.default_rng(0), 5)
    assert all(np.array_equal(a, b) for a, b in zip(batch[:3], same[:3]))
    if isinstance(task.train, records.Labelled):
        assert batch.x.shape[0] == batch.mask.sum(axis=0).max() and batch.targets.shape == (1, 5)
        model = reference.Model(reference.Elman(len(task.symbols), 3), reference.Readout(3, int(task.train.classes.max()) + 1), output="last")
        assert np.isfinite(model.loss_value(model.init(np.random.default_rng(0)), batch))
        columns = {(tuple(x[:m.sum()]), c) for x, m, c in zip(task.train.ids.T, task.train.mask.T, task.train.classes)}
        assert {(tuple(x[m]), c) for x, m, c in zip(batch.x.T, batch.mask.T, batch.targets[0])} <= columns
    else:
        K, L = len(task.source_symbols), len(task.target_symbols)
        model = reference.EncoderDecoder(reference.Elman(K, 3), reference.Elman(L, 3), reference.Readout(3, L),
                                         start=task.target_symbols.index[records.START])
        assert np.isfinite(model.loss_value(model.init(np.random.default_rng(0)), batch))
        pairs = {(tuple(x[m]), tuple(y[n])) for x, m, y, n in zip(task.train.ids.T, task.train.x_mask.T, task.train.targets.T, task.train.mask.T)}
        assert {(tuple(x[m]), tuple(y[n])) for x, m, y, n in zip(batch.x.T, batch.x_mask.T, batch.targets.T, batch.mask.T)} <= pairs


def test_parts_are_of_the_size_that_is_said():
    share = Counter(records.part_of(f"record {n}") for n in range(20_000))
    assert share["test"] / 20_000 == pytest.approx(0.1, abs=0.01) and share["valid"] / 20_000 == pytest.approx(0.1, abs=0.01)
    assert records.part_of("abc") == records.part_of("abc") and {records.part_of("a", 0.4, 0.5) for _ in range(3)} == {records.part_of("a", 0.4, 0.5)}


def test_padding_and_simple_baselines():
    symbols = records.alphabet(["ba", "c"], records.END)
    assert symbols.symbols == (records.END, "a", "b", "c")
    ids, mask = records.pad(["ba", "c", "abc"], symbols)
    assert ids.tolist() == [[2, 3, 1], [1, 0, 2], [0, 0, 3]] and mask.tolist() == [[1, 1, 1], [1, 0, 1], [0, 0, 1]]
    assert records.majority(np.array([0, 1, 1]), np.array([1, 0, 1, 1])) == 0.75
    assert records.majority(np.array([0, 1, 1]), np.array([0, 0, 1])) == 1 / 3
    source, target = records.alphabet(["xy"]), records.alphabet(["pq"], records.START, records.END)
    train = records.translated([("x", "p"), ("y", "pq"), ("x", "qq")], source, target)
    test = records.translated([("y", "pp"), ("x", "pqpq")], source, target)
    # step 1: p; step 2: q; step 3: END; later: nothing was ever there
    assert records.per_position(train, test) == (1 + 0 + 1 + 1 + 1) / 8


# names


def test_first_names_with_two_answers_are_left_out_and_counted():
    task, table = names.first_names(), data.load_first_names()
    assert task.left_out == 331 and sum(len(p.texts) for p in task[:3]) == 5163 - 331
    sex = {n: t for n, t in zip(table.name, table.table)}
    for part in task[:3]:
        assert all(task.classes[c] == sex[n] for n, c in zip(part.texts, part.classes))
        assert all(records.part_of(n) == p for n in part.texts for p in ("train", "valid", "test") if part is getattr(task, p))
    assert [len(p.texts) for p in task[:3]] == [3856, 508, 468]


def test_surnames_in_small_letters_and_one_language_each():
    task, (surnames, languages) = names.surnames(), data.load_surnames()
    where = {}
    for n, x in zip(surnames, languages):
        where.setdefault(n.lower(), set()).add(x)
    assert task.left_out == sum(len(x) > 1 for x in where.values()) == 261
    assert all(where[n] == {task.classes[c]} for p in task[:3] for n, c in zip(p.texts, p.classes))
    assert len(task.classes) == 11


def test_the_last_letters_as_a_baseline():
    task = names.first_names()
    assert names.accuracy(task.test, names.ending(task, task.test, 0)) == records.majority(task.train.classes, task.test.classes)
    last = {}
    for n, c in zip(task.train.texts, task.train.classes):
        last.setdefault(n[-1], []).append(c)
    by_hand = np.mean([round(np.mean(last.get(n[-1], [0]))) == c for n, c in zip(task.test.texts, task.test.classes)])
    assert names.accuracy(task.test, names.ending(task, task.test, 1)) == pytest.approx(by_hand)
    assert [round(names.accuracy(task.test, names.ending(task, task.test, n)), 3) for n in (0, 1, 3)] == [0.778, 0.84, 0.876]
    surnames = names.surnames()
    assert round(names.accuracy(surnames.test, names.ending(surnames, surnames.test, 3)), 3) == 0.73


# sentiment


def test_words_and_naive_bayes():
    assert sentiment.words("Don't BUY this - really... (no)!") == ["don't", "buy", "this", "really", ".", ".", ".", "no", "!"]
    task, sentences = sentiment.sentiment(), data.load_sentiment()
    label = {" ".join(sentiment.words(t)): int(c) for t, c in zip(sentences.text, sentences.positive)}
    assert sum(len(p.texts) for p in task[:3]) == len(label) == 2979
    assert all(label[" ".join(sentiment.words(t))] == c for t, c in zip(sentences.text, sentences.positive))  # none is both
    counts = [Counter(), Counter()]
    for text, c in label.items():
        if records.part_of(text) == "train":
            counts[c].update(w if w in task.symbols.index else sentiment.UNKNOWN for w in text.split())
    total, K = [c.total() for c in counts], len(task.symbols)
    ratio = lambda w: np.log((counts[1][w] + 1) / (total[1] + K)) - np.log((counts[0][w] + 1) / (total[0] + K))  # noqa: E731
    prior = np.log(task.train.classes.mean() / (1 - task.train.classes.mean()))
    got = sentiment.naive_bayes(task, task.test)
    np.testing.assert_allclose(got[:20], [prior + sum(map(ratio, t)) for t in task.test.texts[:20]])
    assert round(float(((got > 0) == task.test.classes).mean()), 3) == 0.814
    for text, c in zip(task.valid.texts, task.valid.classes):
        if sentiment.UNKNOWN not in text:
            assert label[" ".join(text)] == c


# rain


def test_each_day_is_asked_about_the_next():
    task, w = rain.rain(), data.load_seattle_weather()
    assert task.x.shape == (1460, 7, 1) and task.targets.shape == (1460, 1, 1)
    for t in (0, 17, 729, 1459):
        day = int(np.flatnonzero(w.date == task.date[t])[0])
        assert task.targets[t, 0, 0] == (w.precipitation[day] > 0) and task.x[t, 0, 0] == (w.precipitation[day - 1] > 0)
    assert (task.x[1:, 0] == task.targets[:-1, 0]).all()
    assert [str(d) for part in (task.train, task.valid, task.test) for d in task.date[part][[0, -1]]] == [
        "2012-01-02", "2013-12-31", "2014-01-01", "2014-12-31", "2015-01-01", "2015-12-31"]
    np.testing.assert_allclose(task.x[:730, 1:5, 0].mean(axis=0), 0, atol=1e-12)  # of the training days, and of no others
    np.testing.assert_allclose(task.x[:730, 1:5, 0].std(axis=0), 1)
    np.testing.assert_allclose(task.x[:, 5] ** 2 + task.x[:, 6] ** 2, 1)


def test_rain_baselines_have_their_values():
    task, w = rain.rain(), data.load_seattle_weather()
    wet = w.precipitation > 0
    assert round(rain.right(task, rain.persistence(task), slice(0, 1460)), 3) == round(float((wet[1:] == wet[:-1]).mean()), 3) == 0.721
    assert round(rain.right(task, rain.always(task), slice(0, 1460)), 3) == 0.573
    year = w.date >= np.datetime64("2015-01-01")
    assert rain.right(task, rain.persistence(task), task.test) == (wet[1:] == wet[:-1])[year[1:]].mean() == pytest.approx(0.704, abs=5e-4)
    after = [wet[1:731][wet[:730] == before] for before in (False, True)]
    one = rain.table(task, 1)
    for before in (False, True):
        assert one[wet[:-1] == before] == pytest.approx((after[before].sum() + 1) / (len(after[before]) + 2))
    two = rain.table(task, 2)
    t = 100
    same = [s for s in range(1, 730) if (wet[s - 1], wet[s]) == (wet[t - 1], wet[t])] + ([0] if (False, wet[0]) == (wet[t - 1], wet[t]) else [])
    assert two[t] == pytest.approx((sum(wet[s + 1] for s in same) + 1) / (len(same) + 2))
    batch = rain.segments(task)
    assert batch.x.shape == (60, 7, 34) and batch.targets.shape == (60, 1, 34) and (batch.x[1:, 0] == batch.targets[:-1, 0]).all()
    assert (batch.targets[:, 0, 33] == task.targets[660:720, 0, 0]).all()


# the genome


def test_coding_bases_are_labelled_where_they_are():
    task, genome = dna.dna(), data.load_chloroplast()
    assert [p.ids.shape for p in task[:3]] == [(4000, 24), (4000, 4), (4000, 4)]
    places = {"train": [b for b in range(32) if b % 4 != 3], "valid": [3, 11, 19, 27], "test": [7, 15, 23, 31]}
    for name, blocks in places.items():
        part = getattr(task, name)
        for n, b in enumerate(blocks):
            here = slice(4000 * b, 4000 * b + 4000)
            assert task.symbols.decode(part.ids[:, n]) == genome.bases[here]
            assert (part.classes[:, n] == np.where(genome.forward[here], 1, 2 * genome.backward[here])).all()
    assert 4000 * 32 <= 128_214


def test_no_stretch_of_the_test_is_read_in_training_in_either_direction():
    task, other = dna.dna(), str.maketrans("ACGT", "TGCA")
    pieces = lambda part: {text[j : j + 30] for n in range(part.ids.shape[1]) for text in [task.symbols.decode(part.ids[:, n])]  # noqa: E731
                           for j in range(4000 - 29)}
    train, held = pieces(task.train), pieces(task.test) | pieces(task.valid)
    assert not held & train and not {s[::-1].translate(other) for s in held} & train


def test_window_baseline_counts_words_around_a_base():
    task = dna.dna()
    got = dna.window(task, task.test, 3, 20)
    words, classes = [], []
    for n in range(24):
        text = task.symbols.decode(task.train.ids[:, n])
        words += [text[j - 1 : j + 2] for j in range(1, 3999)]
        classes += task.train.classes[1:3999, n].tolist()
    counts = [Counter(w for w, k in zip(words, classes) if k == c) for c in range(3)]
    for n in range(4):
        text = task.symbols.decode(task.test.ids[:, n])
        each = np.array([[np.log((counts[c][text[j - 1 : j + 2]] + 1) / (counts[c].total() + 64)) for j in range(1, 3999)] for c in range(3)])
        score = [np.convolve(np.pad(e, 1), np.ones(41), "same") + np.log((task.train.classes == c).mean()) for c, e in enumerate(each)]
        assert (got[:, n] == np.argmax(score, axis=0)).mean() > 0.9999
    batch = task.train.windows(300)
    assert batch.x.shape == batch.targets.shape == (300, 24 * 13)
    for n in range(24):
        for k in range(13):
            here = slice(300 * k, 300 * k + 300)
            assert (batch.x[:, 24 * k + n] == task.train.ids[here, n]).all() and (batch.targets[:, 24 * k + n] == task.train.classes[here, n]).all()


# the heartbeat


def test_ecg_asks_for_the_next_sample_and_learns_from_the_calm_part_alone():
    task = ecg.ecg()
    assert (task.x[1:] == task.targets[:-1]).all() and task.seconds[0] == 1 / 90
    assert task.seconds[task.train][-1] < 16 <= task.seconds[task.train.stop] and task.seconds[task.test][0] == 214
    assert task.x[: task.train.stop + 1].std() == pytest.approx(1)
    assert ecg.segments(task).x.shape == (180, 1, 28) and (ecg.segments(task).x[1:] == ecg.segments(task).targets[:-1]).all()
    assert (np.diff(task.beats) > 20).all() and (len(task.beats), task.broad.sum()) == (134, 38)
    around = task.targets[task.beats[:, None] + np.arange(-15, 16), 0, 0]
    assert (around.argmax(axis=1) == 15).all()  # the step at which the peak itself is asked for
    early = np.diff(task.seconds[task.beats], prepend=np.nan)
    assert np.nanmedian(early[task.broad]) < np.nanmedian(early[~task.broad])  # extrasystoles come early: not used for the labels


def test_ecg_widths_of_waves_that_we_made():
    z = np.zeros(400)
    z[100], z[99], z[101] = 2, 0.9, 1.1  # 2 samples above the half
    z[250:260] = 1.5 - 0.01 * np.abs(np.arange(-5, 5))
    peaks, width = ecg.beats(z)
    assert peaks.tolist() == [100, 255] and width.tolist() == [2, 10]


def test_ecg_scores_and_baselines():
    assert ecg.auc(np.array([1.0, 2, 3, 3]), np.array([False, True, False, True])) == (1 + 0 + 1 + 0.5) / 4
    task = ecg.ecg()
    y = task.targets[:, 0, 0]
    said = y.copy()
    said[task.beats[3] + 15] += 3
    score = ecg.surprise(task, said)
    assert score[3] == pytest.approx(9 / 31) and (np.delete(score, 3) == 0).all()
    a = ecg.autoregression(task, 5)
    error = (a - y)[4 : task.train.stop]
    for k in range(5):  # the error is orthogonal to every regressor
        assert abs(error @ task.x[4 - k : task.train.stop - k, 0, 0]) < 1e-8
    values = [ecg.auc(ecg.surprise(task, p), task.broad) for p in (ecg.persistence(task), ecg.autoregression(task), ecg.silence(task))]
    assert [round(v, 2) for v in values] == [0.0, 0.94, 0.99]


@pytest.mark.parametrize("kind", ecg.KINDS)
def test_ecg_altered_beats_are_every_fourth_narrow_one(kind):
    task = ecg.ecg()
    there = task.targets.copy()
    found = ecg.altered(task, kind)
    assert (task.targets == there).all() and (found.x[1:] == found.targets[:-1]).all() and found.x.shape == task.x.shape
    assert (found.beats == task.beats[~task.broad]).all() and found.broad.tolist() == [n % 4 == 1 for n in range(96)]
    differs = np.flatnonzero(found.targets[:, 0, 0] != task.targets[:, 0, 0])
    assert differs[0] >= task.test.start and {int(abs(found.beats[found.broad] - n).min()) for n in differs} <= set(range(10))
    here = found.beats[found.broad][:, None] + np.arange(-9, 10)
    beat, was = found.targets[here, 0, 0], task.targets[here, 0, 0]
    expected = {"backwards": was[:, ::-1], "upside down": -was}.get(kind)
    if kind == "left out":
        assert np.allclose(np.diff(beat, n=2), 0) and (beat[:, [0, -1]] == was[:, [0, -1]]).all()
    else:
        assert (beat == expected).all()
        strength = [ecg.auc(ecg.surprise(t, ecg.silence(t)), t.broad) for t in (found, task)]
        assert abs(strength[0] - 0.5) < 0.05 and strength[1] > 0.99  # strength is blind to it


# dates and numbers


def test_dates_are_cut_by_place_and_the_baseline_knows_all_but_the_month():
    task, table = dates.dates(), data.load_dates()
    assert [len(p.sources) for p in task[:3]] == [8000, 1000, 1000]
    assert task.train.sources + task.valid.sources + task.test.sources == table.text
    assert task.train.wanted + task.valid.wanted + task.test.wanted == table.iso
    assert task.target_symbols.symbols == (records.START, records.END, "-", *"0123456789")
    said = dates.copied(task, task.test)
    month = Counter(i[5:7] for i in task.train.wanted).most_common(1)[0][0]
    assert all(s[:4] == i[:4] and s[8:] == i[8:] for s, i in zip(said, task.test.wanted)) and {s[5:7] for s in said} == {month}
    assert np.mean([s == i for s, i in zip(said, task.test.wanted)]) == pytest.approx(0.085)


def test_whole_ranges_of_numbers_are_held_out():
    task = numbers.numbers()
    parts = [sorted(int(s) for s in p.sources) for p in task[:4]]
    assert parts[1:] == [list(range(3000, 3500)), list(range(6000, 6500)), list(range(9000, 10000))]
    assert parts[0] == [n for n in range(9000) if not 3000 <= n < 3500 and not 6000 <= n < 6500]
    words = data.load_number_words()[1]
    assert all(words[int(s)] == w for p in task[:4] for s, w in zip(p.sources, p.wanted))
    back = numbers.numbers("en", "digits", below=1000)
    assert len(back.train.sources) == 1000 and back.train.wanted[999] == "999" and back.train.sources[21] == "twenty-one"
    assert len(back.test.sources) == 500 and re.fullmatch("six thousand(, .*| and .*)?", back.test.sources[7])


def test_few_numbers_to_learn_from_and_always_the_same_test():
    small, large = numbers.few(20), numbers.few(500, "en")
    assert small.test.sources == large.test.sources and small.train.sources == large.train.sources[:20]
    assert {int(s) for p in (large.train, large.test) for s in p.sources} == set(range(1000)) and len(large.test.sources) == 500
    whole = numbers.numbers("it", below=1000)
    words = dict(zip(whole.train.sources, whole.train.wanted))
    assert all(words[s] == w for p in (small.train, small.test) for s, w in zip(p.sources, p.wanted))
    assert small.target_symbols == whole.target_symbols and small.source_symbols == whole.source_symbols
    hundreds = np.bincount([int(s) // 100 for s in small.test.sources], minlength=10)
    assert hundreds.min() > 30  # from everywhere, not the largest


def test_numbers_put_together():
    task = numbers.numbers()
    share = [np.mean([numbers.composed(int(s)) == w for s, w in zip(p.sources, p.wanted)]) for p in task[:4]]
    assert share[2] == 499 / 500 and numbers.composed(6003) == "seimilatre"  # 3 alone has no accent
    english = data.load_number_words()[0]
    assert all(numbers.composed(n, "en") == english[n] for n in range(0, 10_000, 7))


# phrases


def test_phrases_and_what_can_be_reached():
    task = phrases.phrases()
    pairs = {(" ".join(e), " ".join(i)) for p in task[:3] for e, i in zip(p.sources, p.wanted)}
    assert ("black cat", "gatto nero") in pairs and len(pairs) == sum(len(p.sources) for p in task[:3]) == 1349
    assert phrases.reachable(task, task.train) == 1 and phrases.reachable(task, task.test) == pytest.approx(0.411, abs=5e-4)
    seen = {w for i in task.train.wanted for w in i}
    assert set(task.target_symbols.symbols) - seen == {records.START, records.END, sentiment.UNKNOWN}
    said = phrases.nearest(task, task.test)
    assert phrases.nearest(task, task.train._replace(sources=(("black", "cat"),)))[0] in (("gatto", "nero"), *task.train.wanted)
    assert np.mean([s == i for s, i in zip(said, task.test.wanted)]) == 0 and set(said) <= set(task.train.wanted)
