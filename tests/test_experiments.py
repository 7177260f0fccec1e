"""The experiments: every record was made by the code as it is, every run works, an interrupted one goes on."""

import json

import pytest

from experiments import experiment, record
from experiments.__main__ import experiments, main
from rnncore import results
from rnncore.errors import SettingError

RUNS = [(e, label, run) for e in experiments().values() for label, run in e.runs.items()]
IDS = [f"{e.name}-{record.slug(label)}" for e, label, _ in RUNS]
FIELDS = {"tier", "change", "criterion", "published", "settings", "result", "mark", "reached", "seconds", "date", "versions", "machine"}


RECORDED = [(e, label, run) for e, label, run in RUNS if label in record.read(e.name)["runs"]]


@pytest.mark.parametrize("e,label,run", RECORDED, ids=[f"{e.name}-{record.slug(label)}" for e, label, _ in RECORDED])
def test_the_record_is_of_the_run_as_it_is(e, label, run):
    assert record.is_fresh(e.name, label, run), f"with other settings, or another mark: python -m experiments {e.name} --row '{label}'"
    found = results.load(e.name)["runs"][label]
    assert set(found) == FIELDS
    assert {k: found[k] for k in record.words(run)} == record.words(run) and run.tier in ("literal", "tuned", "ours")
    assert run.tier != "tuned" or run.change, "a tuned run says what was changed"


def test_a_record_names_all_rows_also_those_not_yet_run():
    known = experiments()
    for name in results.names():
        assert results.load(name)["rows"] == list(known[name].runs), f"{name}: python -m experiments {name}"
        assert record.is_current(known[name]), f"{name}: python -m experiments {name}"
    assert set(known) == set(results.names()), "an experiment without any record"


@pytest.mark.parametrize("e,label,run", RUNS, ids=IDS)
def test_every_run_works_in_small(e, label, run):
    found = run.function(experiment.Job(label), **run.settings | run.quick)
    json.dumps(found, allow_nan=False)


def test_an_interrupted_run_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(experiment, "SAVE_EVERY", -1)
    file = tmp_path / "run.pickle"
    assert experiment.Job("a", file).restore() is None
    experiment.Job("a", file).save(lambda: {"n": 3})
    job = experiment.Job("a", file)
    assert job.restore() == {"n": 3} and job.seconds >= job.before > 0
    job.done()
    assert experiment.Job("a", file).restore() is None


class Interrupted(experiment.Job):
    """Counts how often it is asked to save, and stops the run at the save numbered `stop`."""

    saves, stop = 0, None

    def save(self, state):
        super().save(state)
        self.saves += 1
        if self.saves == self.stop:
            raise KeyboardInterrupt


LONGER = {"noisy_lag.blocks": dict(cap=230), "reber.learn": dict(cap=130)}  # in small they are over before the first save
FUNCTIONS = {f"{run.function.__module__.split('.')[-1]}.{run.function.__name__}": (label, run) for _, label, run in reversed(RUNS)}
SHORT = {"reber_symbols.frozen", "hopfield_capacity.capacity", "noisy_lag.states", "rtrl_cost.equality", "rtrl_cost.price", "rtrl_cost.memory",
         "variants.step_times", "structures_names.generate", "structures_names.recognise", "structures_scenes.caption", "structures_scenes.films",
         "structures_labels.sentences", "structures_labels.tomorrow", "directions.coding", "directions.counted", "directions.surnames",
         "directions_text.counted", "directions_text.restore", "layers.study"}  # fmt: skip


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - SHORT))
def test_an_interrupted_run_finds_what_a_whole_one_finds(name, tmp_path, monkeypatch):
    monkeypatch.setattr(experiment, "SAVE_EVERY", -1)
    label, run = FUNCTIONS[name]
    settings = run.settings | run.quick | LONGER.get(name, {})
    counted = Interrupted(label)
    whole = json.dumps(run.function(counted, **settings))
    assert counted.saves, "it cannot be interrupted: among the SHORT ones, or LONGER"
    for stop in {1, (counted.saves + 1) // 2, counted.saves}:
        job = Interrupted(label, tmp_path / f"{stop}.pickle")
        job.stop = stop
        with pytest.raises(KeyboardInterrupt):
            run.function(job, **settings)
        assert json.dumps(run.function(experiment.Job(label, job.file), **settings)) == whole, f"after save {stop} of {counted.saves}"


def test_only_what_is_missing_runs(capsys):
    main(["--list"])
    out = capsys.readouterr().out
    assert len(out.splitlines()) == len(RUNS) and out.count("to be run") == len(RUNS) - len(RECORDED)
    with pytest.raises(SystemExit):
        main(["no such experiment"])


def test_trials_tell_failures_too():
    found = results.trials([30, None, 10], cap=50)
    assert (found["trials"], found["solved"], found["mean"], found["median"], found["min"], found["max"]) == (3, 2, 20.0, 20.0, 10, 30)
    assert found["after"] == [30, None, 10] and found["cap"] == 50
    assert results.trials([None])["mean"] is None
    run = {"result": {"weights": 36, "rate 4": {"trials": found}, "trials": results.trials([7])}}
    assert results.outcome(run) == "rate 4: 2 of 3, 20; 1 of 1, 7" and results.outcome({"result": {"slope": 4.0}}) == ""
    with pytest.raises(SettingError, match="expected a run"):
        results.outcome(found)
    with pytest.raises(SettingError, match="at least one trial"):
        results.trials([])
    with pytest.raises(SettingError, match="record"):
        results.load("no such experiment")


def test_words_of_a_record_are_renewed_and_results_are_not(tmp_path, monkeypatch):
    monkeypatch.setattr(record, "RESULTS", tmp_path)
    monkeypatch.setattr(record, "LOCKS", tmp_path)

    def said(criterion, n=1, rows=("a",)):
        run = experiment.Run(len, {"n": n}, criterion)
        return experiment.Experiment("small", "A title", "a source", dict.fromkeys(rows, run))

    record.write(said("once"), "a", said("once").runs["a"], {"found": 7}, 1.0)
    assert record.is_current(said("once")) and not record.is_current(said("twice")) and not record.is_current(said("once", rows=("a", "b")))
    record.update(said("twice", rows=("a", "b")))
    found = record.read("small")
    assert found["rows"] == ["a", "b"] and found["runs"]["a"]["criterion"] == "twice" and found["runs"]["a"]["result"] == {"found": 7}
    record.update(said("other settings", n=2))
    assert record.read("small")["runs"]["a"]["criterion"] == "twice" and record.read("small")["rows"] == ["a"]
