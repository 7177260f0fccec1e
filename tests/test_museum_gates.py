"""The tools of the museum's second room judge rightly."""

import numpy as np
import pytest

from rnncore import gradcheck, museum
from rnncore.errors import SettingError, ShapeError
from rnncore.museum_gates import CELLS, FAULTS, Report, Room
from rnncore.reference import Batch

ROOMS = [Room(kind) for kind in CELLS]


def doubled(params, steps):
    """A fault for the tests: the gradient of W_o is twice too large."""
    grads = Room("lstm").right(params, steps)
    factor = 2
    return {**grads, "W_o": factor * grads["W_o"]}


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.kind)
def test_the_right_gradient_is_that_of_the_model_and_of_the_complex_step(room):
    params, x, start, y = room.case(3, T=4, B=3)
    found = room.right(params, room.steps(params, x, start, y))
    model = room.model(3, 4, 5)
    loss, want, _ = model.loss_and_gradients(params, Batch(x, y, carry=True), start, reduction="sum")
    assert set(found) == set(want) == {k for keys in room.groups.values() for k in keys}
    assert max(gradcheck.compare(found, want).values()) < 1e-13
    assert room.loss(params, x, start, y) == pytest.approx(loss, rel=1e-14)
    assert max(room.errors(room.right, seed=3).values()) < 1e-13 and room.passes(room.right) and room.misses(room.right)


def test_a_wrong_gradient_does_not_pass():
    lstm = Room("lstm")
    assert not lstm.passes(doubled) and not lstm.misses(doubled)
    assert {k for k, error in lstm.errors(doubled).items() if error > museum.TOLERANCE} == {"W_o"}
    assert not lstm.passes(lambda params, steps: {k: v for k, v in lstm.right(params, steps).items() if k != "b_f"})


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.kind)
def test_records_hold_the_forward_pass(room):
    params, x, start, y = room.case(5, T=3, state="zero", H=2)
    assert not any(field.any() for field in start)
    steps = room.steps(params, x, start, y)
    assert len(steps) == 3 and np.array_equal(steps[1].h_prev, steps[0].h)
    for s, x_t, y_t in zip(steps, x, y):
        logits = params["V"] @ s.h + params["c"]
        assert np.array_equal(s.x, x_t) and np.allclose(s.e, np.exp(logits) / np.exp(logits).sum(axis=0) - y_t)
        blend = (1 - s.z) * s.n + s.z * s.h_prev if "z" in s._fields else s.o * np.tanh(s.f * s.c_prev + s.i * s.g)
        assert np.allclose(s.h, blend, rtol=1e-14)


def test_groups_are_the_gates_the_peepholes_and_the_readout():
    assert list(Room("peephole").groups) == ["i", "f", "g", "o", "p", "out"]
    assert Room("peephole").groups["p"] == ["p_i", "p_f", "p_o"]
    assert Room("gru").groups["n"] == ["U_n", "W_n", "b_n", "d_n"] and "d_n" not in Room("gru-before").groups["n"]


@pytest.mark.parametrize("setting", [{"T": 0}, {"H": 1.5}, {"state": "warm"}])
def test_case_refuses_impossible_settings(setting):
    with pytest.raises(SettingError, match=next(iter(setting))):
        Room("gru").case(0, **setting)
    with pytest.raises(SettingError, match="kind"):
        Room("mut1")


def test_examine_prints_gate_by_gate(capsys):
    Room("lstm").examine(doubled)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5 and [line for line in lines if "WRONG" in line] == [lines[3]]
    assert "U_o right" in lines[3] and "W_o WRONG 0.5" in lines[3]


def test_examine_refuses_a_gradient_of_another_shape():
    lstm = Room("lstm")
    with pytest.raises(ShapeError, match="'b_i'"):
        lstm.examine(lambda *case: {**lstm.right(*case), "b_i": np.ones(4)})


def test_training_is_repeatable_learns_and_tells_the_loss():
    lstm = Room("lstm")
    run = lstm.train(lstm.right, seeds=2, steps=40)
    assert run.losses.shape == (2, 40) and np.allclose(run.cosines, 1)
    first, last = museum.ends(run)
    assert last < 0.8 * first
    rng = np.random.default_rng(0)
    x, _ = museum.echo_batch(rng)
    params, start = lstm.model(4, 8, 4).init(rng), lstm.model(4, 8, 4).cell.initial_state(16)
    x, y = museum.echo_batch(rng)
    assert run.losses[0, 0] == pytest.approx(lstm.loss(params, x, start, y) / 160, rel=1e-12)


def test_visit_compares_with_the_right_gradient(capsys):
    gru = Room("gru")
    gru.visit(gru.right)
    last, right = capsys.readouterr().out.split("start, ")[1].split(" after 100 steps; with right gradients ")
    assert float(last) == float(right) < 0.3


def test_report_is_marked_point_by_point():
    lstm = Room("lstm")
    full = {"wrong": "W_o", "fault": "sign", "replace": "factor = 2", "by": "factor = 1"}
    assert lstm.report(doubled, **full).marks("W_o", "sign") == 3
    assert lstm.report(doubled, **{**full, "wrong": "o"}).marks("W_o", "sign") == 2
    assert lstm.report(doubled, wrong="U_o, W_o b_o").marks("o", "sign") == 1
    assert lstm.report(doubled).marks("W_o", "sign") == 0
    assert lstm.report(doubled, **{**full, "by": "factor = nothing"}).marks("W_o", "sign") == 2
    assert lstm.report(lstm.right, wrong="none", fault="none").marks("none", "none") == 2
    assert lstm.report(lstm.right).marks("none", "none") == 0


@pytest.mark.parametrize("said", [{"wrong": "i q"}, {"wrong": "z"}, {"wrong": "p"}, {"fault": "carry"}])
def test_report_refuses_names_that_are_not_of_this_cell(said):
    with pytest.raises(SettingError, match=next(iter(said))):
        Room("lstm").report(doubled, **said)


def test_report_shows_the_mended_function(capsys):
    Room("lstm").report(doubled, replace="factor = 2", by="factor = 1").show()
    shown = capsys.readouterr().out
    assert "(not said)" in shown and "W_o right" in shown and "WRONG" not in shown
    assert Report.faults is FAULTS and museum.Report.faults is museum.FAULTS
