"""Chapter 6's experiments: their pieces against a second way, and the nets that were kept against the records."""

import numpy as np
import pytest

from experiments import directions, directions_text, layers, letter_tables, structures, structures_labels, structures_names, structures_scenes
from experiments.fast_model import FastModel
from rnncore import metrics, results
from rnncore.reference import LSTM, Batch, Bidirectional, Embedding, Model, Readout, Stacked
from rnncore.reference.lengths import mask_from_lengths
from rnncore.tasks import captions, dna, names, rain
from rnncore.tasks.moving_digits import moving_digits

RECORD = results.load("structures")["runs"]


def found(label):
    return RECORD[label]["result"]


def plain(model):
    """The same net as a `Model` of the library, its cells step by step."""
    return Model(model.cell, model.readout, model.loss, model.output, embedding=model.embedding)


@pytest.mark.parametrize("cell", [LSTM(3, 4), Bidirectional(LSTM(3, 4), LSTM(3, 2)), Stacked((LSTM(3, 4), LSTM(4, 5)))])
@pytest.mark.parametrize("output", ["every", "last"])
def test_a_fast_model_is_the_model(cell, output):
    rng = np.random.default_rng(0)
    mask = mask_from_lengths([6, 2, 4])
    targets = rng.integers(3, size=(1 if output == "last" else 6, 3))
    for embedding, x in ((None, rng.standard_normal((6, 3, 3))), (Embedding(7, 3), rng.integers(7, size=(6, 3)))):
        fast = FastModel(cell, Readout(cell.outputs, 3), output=output, embedding=embedding)
        params = fast.init(rng)
        batch = Batch(x, targets, mask)
        loss, grads, _ = fast.loss_and_gradients(params, batch)
        want, slow, _ = plain(fast).loss_and_gradients(params, batch)
        assert loss == pytest.approx(want, rel=1e-12)
        assert grads.keys() == slow.keys() and all(np.allclose(grads[k], slow[k], atol=1e-12) for k in grads)


# ---- letters by counting


def test_tables_of_letters_by_hand():
    made = letter_tables.Tables(["ab", "b", "aa"], [0, 0, 1], 2, kappa=2.0)
    assert made.letters == ["a", "b", "\n"]
    one = lambda which, c, n, total: (n + 2 / 3) / (total + 2)  # noqa: E731
    counts = {0: {"a": 1, "b": 2, "\n": 2}, 1: {"a": 2, "b": 0, "\n": 1}}
    for which, of in counts.items():
        for c, n in of.items():
            assert made.probability(which, "", c) == pytest.approx(one(which, c, n, sum(of.values())))
    assert made.probability(0, "a", "b") == pytest.approx((1 + 2 * made.probability(0, "", "b")) / (1 + 2))
    assert made.probability(1, "b", "a") == made.probability(1, "", "a"), "never seen: the shorter context"
    for which in (0, 1):
        for before in ("\r", "a", "b"):
            assert sum(made.probability(which, before, c) for c in made.letters) == pytest.approx(1)
    want = sum(np.log(made.probability(0, before, c)) for before, c in (("\r", "b"), ("b", "a"), ("a", "\n")))
    assert made.log_probability(0, "ba") == pytest.approx(want) and made.loss(["ba"], [0]) == pytest.approx(-want / 3)
    assert made.classify(["ab", "aa"], [0.5, 0.5]).tolist() == [0, 1] and made.classify(["ab", "aa"], [1e-9, 1]).tolist() == [1, 1]


def test_tables_draw_what_they_say():
    made, rng = letter_tables.Tables(["ab", "b"], [0, 0], 2, kappa=1e-9), np.random.default_rng(0)
    drawn = [made.draw(0, rng) for _ in range(300)]
    assert set(drawn) == {"ab", "b"} and abs(drawn.count("ab") / 300 - 0.5) < 0.1


def test_kappa_is_the_best_on_validation_names():
    task = names.first_names()
    made = letter_tables.best(task, 2, (0.5, 5, 100))
    losses = {k: letter_tables.Tables(task.train.texts, task.train.classes, 2, k).loss(task.valid.texts, task.valid.classes) for k in (0.5, 5, 100)}
    assert made.kappa == min(losses, key=losses.get) and len({round(v, 6) for v in losses.values()}) == 3


# ---- names


def loss_by_hand(task, model, params, every, columns):
    """Nats a letter of some test names, each alone, letter by letter with the cell's step; the probability that it gives is summed up."""
    letters, total, n = structures_names.symbols(task), 0.0, 0
    for b in columns:
        state, before = model.initial_state(1, np.float32), "[START]"
        for t, c in enumerate([*task.test.texts[b], "[END]"]):
            x = np.zeros((model.inputs, 1), np.float32)
            x[len(task.classes) + letters.index[before]] = 1
            x[task.test.classes[b]] = every or t == 0
            o, state = model.step_logits(params, x, state)
            p = np.exp(o[:, 0] - o.max())
            total, n, before = total - np.log(p[letters.index[c]] / p.sum()), n + 1, c
    return total / n


@pytest.mark.parametrize("every", [False, True])
def test_what_the_writer_reads(every):
    task = names.surnames()
    model, few = structures_names.writer(task, 5), [0, 17, 400]
    params = model.init(np.random.default_rng(0), np.float32)
    whole = structures_names.to_write(task, task.test, every)
    batch = Batch(whole.x[..., few], whole.targets[:, few], whole.mask[:, few])
    assert plain(model).loss_value(params, batch) == pytest.approx(loss_by_hand(task, model, params, every, few), rel=1e-5)


def test_the_writer_that_was_kept_has_the_recorded_loss():
    label = "one to many: names"
    task, run = names.surnames(), found(label)
    model = structures_names.writer(task, RECORD[label]["settings"]["H"])
    params = results.weights(run["weights"])
    loss = plain(model).loss_value(params, structures_names.to_write(task, task.test, True))
    assert loss == pytest.approx(run["nats"]["each"][run["kept"]], abs=2e-4)
    spoilt = params | {"V": params["V"][::-1].copy()}
    assert abs(plain(model).loss_value(spoilt, structures_names.to_write(task, task.test, True)) - loss) > 0.1
    said = structures_names.write(task, model, params, 3, 20, True, np.random.default_rng(0))
    assert len(said) == 20 and len(set(said)) > 15 and all(set(name) <= set(task.symbols.symbols) | set("[START]") for name in said)


@pytest.mark.parametrize("label,make", [("many to one: surnames", names.surnames), ("many to one: first names", names.first_names)])
def test_the_readers_that_were_kept_have_the_recorded_accuracy(label, make):
    task, run, settings = make(), found(label), RECORD[label]["settings"]
    model = structures_names.reader(task, settings["cell"], settings["H"])
    params = results.weights(run["weights"])
    o = plain(model).forward(params, task.test.ids, mask=task.test.mask)[0][0]
    assert np.mean(o.argmax(axis=0) == task.test.classes) == pytest.approx(run["test"]["each"][run["kept"]], abs=1.1 / len(task.test.texts))
    assert run["majority"] == pytest.approx(np.mean(task.test.classes == np.bincount(task.train.classes).argmax()), abs=1e-4)
    few = range(0, len(task.test.texts), 100)  # alone, without any padding
    alone = [plain(model).forward(params, task.symbols.encode(task.test.texts[b])[:, None])[0][0].argmax() for b in few]
    assert alone == o.argmax(axis=0)[list(few)].tolist()
    unmasked = plain(model).forward(params, task.test.ids)[0][0].argmax(axis=0)
    assert np.mean(unmasked == task.test.classes) < run["test"]["mean"] - 0.05, "padding read as letters costs something"


# ---- scenes


def test_the_captioner_that_was_kept_has_the_recorded_marks():
    run, settings = found("one to many: captions"), RECORD["one to many: captions"]["settings"]
    model = structures_scenes.captioner(settings["H"])
    params = results.weights(run["weights"])
    for name, seed, held in (("pairs seen", 92, False), ("pairs held out", 93, True)):
        test = captions.scenes(np.random.default_rng([62, seed]), settings["asked"], "test", held, dtype=np.float32)
        said = structures_scenes.captions_of(model, params, test.pictures)
        exact = np.mean([a == b for a, b in zip(said, test.captions)])
        assert exact == pytest.approx(run[name]["exact"]["each"][run["kept"]], abs=2.1 / settings["asked"])
        assert metrics.bleu(said, test.captions).score == pytest.approx(run[name]["BLEU"]["each"][run["kept"]], abs=0.3)
        train = captions.scenes(np.random.default_rng([62, 90]), settings["known"], dtype=np.float32)
        nearest = np.mean([a == b for a, b in zip(captions.nearest(train, test.pictures), test.captions)])
        assert nearest == pytest.approx(run[name]["nearest"]["exact"], abs=2.1 / settings["asked"])
        assert held is bool(nearest == 0)
    dark = structures_scenes.captions_of(model, params, np.zeros_like(test.pictures))
    assert len(set(dark)) == 1, "what it says comes from the picture"


def test_marks_of_captions():
    scenes = captions.scenes(np.random.default_rng(0), 20, "test")
    right = list(scenes.captions)
    assert structures_scenes.mark(right, scenes) == {"exact": 1.0, "BLEU": 100.0}
    assert structures_scenes.mark(["a"] + right[1:], scenes)["exact"] == 0.95


def test_the_watcher_that_was_kept_remembers():
    run, settings = found("in step: moving digits"), RECORD["in step: moving digits"]["settings"]
    images, labels = structures_scenes.data.load_digits()
    of = structures_scenes.OF_TEST
    test = moving_digits(np.random.default_rng([63, 90]), settings["asked"], settings["T"], images[of].astype(np.float32), labels[of],
                         settings["field"], settings["dark"])  # fmt: skip
    model = plain(structures_scenes.watcher(settings["H"], settings["field"]))
    params = results.weights(run["weights"])
    light, dark = test.right(model.forward(params, test.x)[0])
    assert light == pytest.approx(run["memory"]["light"]["each"][0], abs=1e-3)
    assert dark == pytest.approx(run["memory"]["dark"]["each"][0], abs=1e-3)
    alone = model.forward(params, structures_scenes.one_by_one(test.batch).x)[0].reshape(10, settings["T"], -1).transpose(1, 0, 2)
    assert test.right(alone)[1] < 0.2 < 0.7 < dark, "what it knows in the dark comes from the frames before"


def test_every_frame_a_film_of_its_own():
    rng = np.random.default_rng(0)
    batch = Batch(rng.standard_normal((4, 9, 3)), rng.integers(10, size=(4, 3)))
    alone = structures_scenes.one_by_one(batch)
    for t in range(4):
        for b in range(3):
            assert np.array_equal(alone.x[0, :, t * 3 + b], batch.x[t, :, b]) and alone.targets[0, t * 3 + b] == batch.targets[t, b]


# ---- rain and sentences


def test_the_forecaster_that_was_kept_has_the_recorded_accuracy():
    run, task = found("in step: rain"), rain.rain()
    model = structures_labels.forecaster(RECORD["in step: rain"]["settings"]["H"])
    params = results.weights(run["weights"])
    said, state = [], model.initial_state(1, np.float32)
    for x_t in task.x.astype(np.float32):
        o, state = model.step_logits(params, x_t, state)
        said.append(1 / (1 + np.exp(-float(o[0, 0]))))
    said = np.array(said)
    assert rain.right(task, said, task.test) == pytest.approx(run["test"]["each"][run["kept"]], abs=1.1 / 365)
    assert structures_labels.log_loss(task, said, task.test) == pytest.approx(run["nats"]["each"][run["kept"]], abs=1e-3)
    for name, p in (("majority", rain.always(task)), ("yesterday", rain.persistence(task))):
        assert run["baselines"][name]["test"] == pytest.approx(rain.right(task, p, task.test), abs=1e-4)


def test_logistic_regression_is_at_its_minimum():
    task = rain.rain()
    p = structures_labels.logistic_regression(task)
    x = np.concatenate([task.x[task.train, :, 0], np.ones((task.train.stop, 1))], axis=1)
    wrong = p[task.train] - task.targets[task.train, 0, 0]
    logit = np.log(p / (1 - p))[task.train]
    w = np.linalg.lstsq(x, logit, rcond=None)[0]
    assert np.allclose(x @ w, logit) and np.allclose(x.T @ wrong + 1e-3 * w, 0, atol=1e-6)
    with_bias = structures_labels.log_loss(task, p, task.train)
    assert with_bias < structures_labels.log_loss(task, rain.always(task), task.train)
    assert structures_labels.log_loss(task, np.full(1460, 0.5), task.test) == pytest.approx(np.log(2))


# ---- directions


def test_words_end_at_their_base():
    ids = np.random.default_rng(0).integers(4, size=(9, 2))
    seen = directions.words(ids)
    for t in range(9):
        for b in range(2):
            a, c, d = ([0, 0, *ids[:, b]][t + k] for k in range(3))
            assert seen[t, b] == 16 * a + 4 * c + d


def test_a_turned_piece_is_the_other_strand():
    task = dna.dna()
    text, kind = "".join("ACGT"[i] for i in task.train.ids[:60, 3]), task.train.classes[:60, 3]
    ids, classes = directions.turned(task.train.ids[:60, [3]], task.train.classes[:60, [3]])
    assert "".join("ACGT"[i] for i in ids[:, 0]) == text[::-1].translate(str.maketrans("ACGT", "TGCA"))
    assert [{0: 0, 1: 2, 2: 1}[c] for c in kind[::-1]] == classes[:, 0].tolist()
    twice = directions.turned(*directions.turned(task.train.ids[:60], task.train.classes[:60]))
    assert np.array_equal(twice[0], task.train.ids[:60]) and np.array_equal(twice[1], task.train.classes[:60])


def held_out_pieces_come_from_the_part_half_of_them_turned():
    part = dna.dna().train
    ids, classes = directions.pieces(part, np.random.default_rng(0), 40, 300)
    blocks = ["".join(map(str, part.ids[:, b])) for b in range(part.ids.shape[1])]
    turned = 0
    for b in range(40):
        one = "".join(map(str, ids[:, b]))
        other, kinds = directions.turned(ids[:, [b]], classes[:, [b]])
        straight = [(k, block.find(one)) for k, block in enumerate(blocks) if one in block]
        if not straight:
            turned += 1
            straight = [(k, block.find("".join(map(str, other[:, 0])))) for k, block in enumerate(blocks) if "".join(map(str, other[:, 0])) in block]
        else:
            kinds = classes[:, [b]]
        k, at = straight[0]
        assert np.array_equal(part.classes[at : at + 300, k], kinds[:, 0])
    assert 8 < turned < 32


def test_marks_of_tags():
    wanted = np.arange(4000)[:, None] % 4 % 3 + np.zeros((1, 4), int)  # twice as many of class 0
    assert directions.marks(wanted, wanted) == (1, 1)
    assert directions.marks(np.zeros((4000, 4), int), wanted) == (0.5, pytest.approx(1 / 3))


def test_the_tagger_that_was_kept_has_the_recorded_accuracy():
    record, task = results.load("directions")["runs"]["genome: two directions"], dna.dna()
    run, model = record["result"], directions.tagger(2, record["settings"]["H"])
    params = results.weights(run["weights"])
    block = Model(model.cell, model.readout).forward(params, directions.words(task.test.ids[:, :1]))[0].argmax(axis=1)
    said = directions.tags(model, params, task.test)
    assert np.array_equal(block, said[:, :1])
    assert np.mean(said == task.test.classes) == pytest.approx(run["test"]["each"][run["kept"]], abs=2e-3)
    counted = results.load("directions")["runs"]["genome: counting"]["result"]
    again = dna.window(task, task.test, counted["word"], counted["radius"])
    assert counted["test"] == pytest.approx(np.mean(again == task.test.classes), abs=1e-4)
    assert counted["majority"] == pytest.approx(np.mean(task.test.classes == 0), abs=1e-4)


def test_a_delayed_answer_is_that_of_an_earlier_letter():
    ids = directions_text.letters()[0][:240].reshape(60, 4)
    seen, where = directions_text.hidden(ids, np.random.default_rng(0))
    assert np.array_equal(seen == directions_text.HIDDEN, where) and np.array_equal(seen[~where], ids[~where]) and 0.1 < where.mean() < 0.2
    for delay in (0, 3):
        batch = directions_text.asked(ids, where, seen, delay)
        assert batch.x is seen and not batch.mask[:delay].any() and batch.mask.sum() == where[: 60 - delay].sum()
        for t, b in np.argwhere(batch.mask):
            assert seen[t - delay, b] == directions_text.HIDDEN and batch.targets[t, b] == ids[t - delay, b]


def test_an_asked_model_reads_all_steps():
    model = directions_text.reader(1, 4)
    params = model.init(np.random.default_rng(0))
    ids = directions_text.letters()[0][:40].reshape(20, 2)
    seen, where = directions_text.hidden(ids, np.random.default_rng(0))
    loss, grads, _ = model.loss_and_gradients(params, directions_text.asked(ids, where, seen, 0))
    o = Model(model.cell, model.readout).forward(params, seen)[0]
    log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
    want = -np.mean([log_p[t, ids[t, b], b] for t, b in np.argwhere(where)])
    assert loss == pytest.approx(want)
    eps = np.zeros_like(params["W_f"])
    eps[1, 2] = 1e-6
    more, less = (model.loss_value(params | {"W_f": params["W_f"] + s * eps}, directions_text.asked(ids, where, seen, 0)) for s in (1, -1))
    assert grads["W_f"][1, 2] == pytest.approx((more - less) / 2e-6, rel=1e-4)


def test_counts_of_three_letters_in_a_row():
    text, N, K = directions_text.letters()[0], directions_text.triples(), directions_text.K
    assert N[K, K, K] == len(text) - 2 and (N[:K, :K, :K].sum(axis=2) == N[:K, :K, K]).all() and (N[:K, :K, K].sum(axis=0) == N[K, :K, K]).all()
    words = "".join(directions_text.LETTERS[k] for k in text)
    for three in ("the", "wha", " an"):
        a, b, c = (directions_text.LETTERS.index(x) for x in three)
        assert N[a, b, c] == sum(words.startswith(three, k) for k in range(len(words) - 2))


def test_the_reader_of_illegible_letters_that_was_kept():
    record = results.load("directions")["runs"]
    run, settings = record["novel: two directions"]["result"], record["novel: two directions"]["settings"]
    ids, where, seen = directions_text.held_out_pieces(settings["asks"], settings["T"])
    model = directions_text.reader(2, settings["H"])
    params = results.weights(run["weights"])
    few = slice(0, 40)
    o = Model(model.cell, model.readout).forward(params, seen[:, few])[0].argmax(axis=1)
    said = directions_text.say(model, params, seen, 0)
    assert np.array_equal(o, said[:, few]) and where[-directions_text.LONGEST :].sum() == 0
    assert np.mean((said == ids)[where]) == pytest.approx(run["right"]["each"][run["kept"]], abs=1e-3)
    late = seen.copy()
    late[-1] = (late[-1] + 1) % directions_text.K
    assert (directions_text.say(model, params, late, 0)[-10:-1] != said[-10:-1]).any(), "it depends on what comes later"
    assert record["novel: one direction"]["result"]["right"]["mean"] < run["right"]["mean"]


def test_both_sides_of_a_comparison_have_equally_many_parameters():
    for start in ("novel: one direction", "genome: one direction", "surnames: one direction"):
        one, two = (results.load("directions")["runs"][label]["result"]["parameters"] for label in (start, start.replace("one", "two") + "s"))
        assert abs(one / two - 1) < 0.03
    for task in layers.CELLS:
        sizes = [layers.size(layers.stack(task, n, layers.units(task, n, layers.SETTINGS[task]["base"]))) for n in (1, 2, 3)]
        assert max(sizes) / min(sizes) < 1.07, (task, sizes)


# ---- layers


def test_stacks_begin_as_they_should():
    model = layers.stack("memory", 2, 6, lag=60)
    params = model.init(np.random.default_rng(0), np.float32)
    for n in (0, 1):
        keep = np.exp(params[f"{n}.b_f"])
        assert (keep >= 1).all() and (keep <= 60).all() and np.ptp(keep) > 5 and np.array_equal(params[f"{n}.b_i"], -params[f"{n}.b_f"])
    other = layers.stack("text", 2, 6).init(np.random.default_rng(0), np.float32)
    assert np.ptp(other["0.b_f"]) == 0


def test_bits_and_shares_of_nets_that_know_nothing():
    model = layers.stack("text", 1, 4)
    nothing = {k: np.zeros(shape, np.float32) for k, shape in model.shapes.items()}
    assert layers.judge("text", model, nothing, 60, 0) == pytest.approx(np.log2(len(layers.LETTERS)), rel=1e-4)
    model = layers.stack("memory", 1, 4)
    nothing = {k: np.zeros(shape, np.float32) for k, shape in model.shapes.items()}
    assert layers.judge("memory", model, nothing, 61, 60) == pytest.approx(0.25, abs=0.04)


def test_the_records_name_their_baselines():
    for run in structures.RUNS.values():
        assert run.mark and run.reached is not None
    assert found("many to one: sentences")["naive Bayes"] > 0.75 and found("in step: rain")["baselines"].keys() == {
        "majority", "yesterday", "table", "logistic regression"}  # fmt: skip
