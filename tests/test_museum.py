"""The museum's tools judge rightly, and the exhibits are wrong in the way that their solutions say."""

import inspect
import linecache
from pathlib import Path

import numpy as np
import pytest

from book import notebooks
from rnncore import gradcheck, museum
from rnncore.errors import SettingError, ShapeError
from rnncore.reference import softmax

ROOT = Path(__file__).resolve().parents[1]
WRONG = {1: "UWb", 2: "UWb", 3: "W", 4: "W", 5: "UWbVc", 6: "UWb", 7: "UWb", 8: "b", 9: ""}


@pytest.fixture(scope="module")
def exhibits() -> dict:
    """The functions that hang in room 1, with their source where `inspect` finds it."""
    namespace = {"np": np, "softmax": softmax}
    for cell in notebooks.read(ROOT / "solutions/03_bug_museum/03_bug_museum.ipynb").cells:
        if cell.source.startswith("def exhibit_"):
            name = f"<{cell.id}>"
            linecache.cache[name] = (len(cell.source), None, cell.source.splitlines(keepends=True), name)
            exec(compile(cell.source, name, "exec"), namespace)
    return {n: namespace[f"exhibit_{n}"] for n in WRONG}


def doubled(params, x, h0, y):
    """A fault for the tests: the gradient of b is twice too large."""
    loss, grads = museum.right(params, x, h0, y)
    factor = 2
    return loss, {**grads, "b": factor * grads["b"]}


def test_the_right_gradient_passes_the_check():
    assert max(museum.errors(museum.right).values()) < 1e-8
    assert museum.passes(museum.right, seeds=range(3))


def test_the_right_gradient_agrees_with_the_complex_step():
    params, x, h0, y = museum.case(3)
    numeric = gradcheck.complex_step(lambda p: museum.right(p, x, h0, y)[0], params)
    assert max(gradcheck.compare(museum.right(params, x, h0, y)[1], numeric).values()) < 1e-13


def test_a_wrong_gradient_does_not_pass():
    assert not museum.passes(doubled)
    assert {k for k, e in museum.errors(doubled).items() if e > museum.TOLERANCE} == {"b"}


def test_a_wrong_loss_does_not_pass():
    assert not museum.passes(lambda *case: (2 * museum.right(*case)[0], museum.right(*case)[1]))


def test_case_has_the_asked_shapes_and_states():
    params, x, h0, y = museum.case(0, T=3, B=2, D=4, H=5, K=6, state="zero", W="identity")
    assert (x.shape, h0.shape, y.shape) == ((3, 4, 2), (5, 2), (3, 6, 2))
    assert not h0.any() and np.array_equal(params["W"], 0.5 * np.eye(5)) and np.array_equal(y.sum(axis=1), np.ones((3, 2)))
    assert museum.case(0).h0.all()


@pytest.mark.parametrize("setting", [{"T": 0}, {"B": 1.5}, {"state": "warm"}, {"W": "orthogonal"}])
def test_case_refuses_impossible_settings(setting):
    with pytest.raises(SettingError, match=next(iter(setting))):
        museum.case(0, **setting)


def test_agrees_is_false_for_whatever_is_no_such_array():
    want = np.ones((2, 1))
    assert museum.agrees(want + 1e-9, want)
    for got in (None, "1", np.ones(2), np.ones((2, 2)), want + 1e-3, np.full((2, 1), np.nan), [[1], [1, 2]]):
        assert not museum.agrees(got, want)


def test_judge_says_what_is_wrong(capsys):
    museum.judge({"U": np.ones((2, 2)), "b": np.ones(2)}, {"U": np.ones((2, 2)), "b": np.ones((2, 1)), "c": np.ones((3, 1))})
    right, shape, missing = capsys.readouterr().out.splitlines()
    assert "right" in right and "shape (2,), expected (2, 1)" in shape and "expected (3, 1)" in missing


def test_examine_refuses_a_gradient_of_another_shape():
    with pytest.raises(ShapeError, match="'b'"):
        museum.examine(lambda *case: (museum.right(*case)[0], {**museum.right(*case)[1], "b": np.ones(4)}))


def test_echo_batch_is_what_the_text_says():
    x, y = museum.echo_batch(np.random.default_rng(0), T=50, B=3)
    symbol, wanted = x.argmax(axis=1), y.argmax(axis=1)
    assert np.array_equal(wanted[symbol != 0], symbol[symbol != 0])
    assert np.array_equal(wanted[2:][symbol[2:] == 0], symbol[:-2][symbol[2:] == 0])


def test_training_is_repeatable_and_learns():
    run = museum.train(museum.right, seeds=2, steps=40)
    assert run.losses.shape == (2, 40) and np.allclose(run.cosines, 1)
    assert np.array_equal(run.losses, museum.train.__wrapped__(museum.right, seeds=2, steps=40).losses)
    first, last = museum.ends(run)
    assert last < 0.8 * first


def test_repair_replaces_one_piece():
    mended = museum.repair(doubled, "factor = 2", "factor = 1")
    assert museum.passes(mended) and not museum.passes(doubled)


@pytest.mark.parametrize("piece", ["factor = 3", "grads"])
def test_repair_refuses_a_piece_that_does_not_occur_once(piece):
    with pytest.raises(SettingError, match="occurs once"):
        museum.repair(doubled, piece, "")


def test_report_is_marked_point_by_point():
    full = {"wrong": "b", "fault": "mean-for-sum", "replace": "factor = 2", "by": "factor = 1"}
    assert museum.Report(doubled, **full).marks("b", "mean-for-sum") == 3
    assert museum.Report(doubled, **{**full, "wrong": "U, b"}).marks("b", "mean-for-sum") == 2
    assert museum.Report(doubled, wrong="b").marks("b", "mean-for-sum") == 1
    assert museum.Report(doubled).marks("b", "mean-for-sum") == 0
    assert museum.Report(doubled, **{**full, "by": "factor = nothing"}).marks("b", "mean-for-sum") == 2
    assert museum.Report(museum.right, wrong="none", fault="none").marks("none", "none") == 2
    assert museum.Report(museum.right, wrong="b", fault="none").marks("none", "none") == 1
    assert museum.Report(museum.right).marks("none", "none") == 0


def test_report_shows_that_a_repair_fails(capsys):
    museum.Report(doubled, replace="factor = 2", by="factor = nothing").show()
    assert "NameError" in capsys.readouterr().out


@pytest.mark.parametrize("said", [{"wrong": "U X"}, {"fault": "gremlins"}])
def test_report_refuses_unknown_names(said):
    with pytest.raises(SettingError, match=next(iter(said))):
        museum.Report(doubled, **said)


@pytest.mark.parametrize("n", WRONG)
def test_exhibit_is_wrong_where_its_solution_says(exhibits, n):
    for seed in range(8):
        found = museum.errors(exhibits[n], seed)
        assert "".join(k for k in museum.PARAMETERS if found[k] > museum.TOLERANCE) == WRONG[n]
        assert all(error > 0.01 for error in found.values() if error > museum.TOLERANCE)


@pytest.mark.parametrize("n", WRONG)
def test_forward_pass_of_every_exhibit_is_right(exhibits, n):
    one = museum.case(5, T=4, B=3)
    assert exhibits[n](*one)[0] == pytest.approx(museum.right(*one)[0], rel=1e-13)


def test_what_the_solutions_say_about_weak_checks(exhibits):
    assert [n for n in WRONG if max(museum.errors(exhibits[n], T=1).values()) < 1e-7] == [1, 2, 4, 9]
    assert max(museum.errors(exhibits[1], W="identity").values()) < 1e-7


def test_sources_fit_on_a_screen(exhibits):
    assert max(len(inspect.getsource(f).splitlines()) for f in exhibits.values()) <= 30


def test_wall():
    import matplotlib.pyplot as plt

    from rnncore import plots

    fig, ax = plt.subplots()
    run = museum.train(museum.right, seeds=2, steps=40)
    plots.loss_beside_right(ax, run.losses, run.losses, title="exhibit", window=10)
    assert [len(line.get_xdata()) for line in ax.lines] == [31, 31] and ax.get_yscale() == "log"
    fig.canvas.draw()
    plt.close(fig)
