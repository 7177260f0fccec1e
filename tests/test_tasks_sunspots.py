"""The sunspot task: no look into the future, and forecasts that mean what they say."""

import numpy as np
import pytest

from rnncore import data
from rnncore.errors import SettingError
from rnncore.reference import Elman, InputWindow, Model, OutputLoop, Readout
from rnncore.tasks import sunspots


def models():
    return [Model(InputWindow(1, 3, 4), Readout(3, 1), "squared_error"), Model(OutputLoop(1, 3, 1, 2), None, "squared_error"),
            Model(Elman(1, 3), Readout(3, 1), "squared_error")]


def test_each_step_asks_for_the_next_year():
    task = sunspots.load()
    years, values = data.load_sunspots()
    assert (task.years == years[1:]).all()
    np.testing.assert_allclose(task.x[:, 0, 0] * task.sd + task.mean, values[:-1])
    np.testing.assert_allclose(task.targets[:, 0, 0] * task.sd + task.mean, values[1:])
    assert task.years[task.train][-1] == 1920 and task.years[task.valid][[0, -1]].tolist() == [1921, 1955]
    assert task.years[task.test][[0, -1]].tolist() == [1956, 2008]


def test_later_years_do_not_reach_the_standardisation(monkeypatch):
    task = sunspots.load()
    years, values = data.load_sunspots()
    monkeypatch.setattr(data, "load_sunspots", lambda: (years, np.where(years > 1920, 1e6, values)))
    changed = sunspots.load()
    assert (changed.mean, changed.sd) == (task.mean, task.sd)
    assert (changed.x[:221] == task.x[:221]).all()


def test_segments_hold_training_years_only_and_each_target_is_the_next_input():
    task = sunspots.load()
    batch = sunspots.segments(task, 60, 20)
    assert batch.x.shape == batch.targets.shape == (60, 1, 9)
    assert (batch.x[1:] == batch.targets[:-1]).all()
    assert (batch.x[:, 0, 2] == task.x[40:100, 0, 0]).all()
    assert np.isin(batch.targets, task.targets[task.train]).all()


def test_autoregression_is_the_least_squares_solution():
    task = sunspots.load()
    model, params = sunspots.autoregression(task, 9)
    said, end = sunspots.one_step(model, params, task), task.train.stop
    error = (said - task.targets[:, 0, 0])[8:end]
    for k in range(9):  # the error is orthogonal to every regressor
        assert abs(error @ task.x[8 - k : end - k, 0, 0]) < 1e-9
    assert abs(error.sum()) < 1e-9


@pytest.mark.parametrize("model", models())
def test_free_run_is_feeding_outputs_back_one_by_one(model):
    task = sunspots.load()
    params = model.init(np.random.default_rng(0))
    starts = np.array([0, 5, 30])
    forecasts = sunspots.free_run(model, params, task, starts, 4)
    for column, start in enumerate(starts):
        x = task.x[: start + 1]
        for row in range(4):
            out = model.forward(params, x)[0][-1:]
            assert abs(out.item() - forecasts[row, column]) < 1e-12
            x = np.concatenate([x, out])
    np.testing.assert_allclose(forecasts[0], sunspots.one_step(model, params, task)[starts], atol=1e-12)


def test_settings_are_checked():
    task = sunspots.load()
    for make in (lambda: sunspots.load(1955, 1920), lambda: sunspots.segments(task, 500), lambda: sunspots.autoregression(task, 200)):
        with pytest.raises(SettingError):
            make()
