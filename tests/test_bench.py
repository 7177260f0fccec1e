"""The benchmark: its opponents compute the right numbers, its ratios are ratios, and the fast twin is faster than the clear one."""

import json
import statistics
import time

import numpy as np
import pytest

from benchmarks import cells, charlm, machine, memory, problems, processes, tutorial
from benchmarks.contestants import CONTESTANTS, GATES
from benchmarks.problems import SIZES, Size
from benchmarks.report import report
from rnncore.reference import LSTM, fused, unroll, unroll_backward
from tests import cases

SMALL = Size(3, 6, 4, 5)


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setitem(problems.SIZES, "A", SMALL)


@pytest.mark.parametrize("library", [name for name in CONTESTANTS if name not in ("torch.nn", "Keras")])
@pytest.mark.parametrize("kind", cells.KINDS)
def test_contestants_agree_with_torch_nn(small, kind, library):
    """Keras is judged in the benchmark itself: its import takes longer than all of this."""
    found, judge = CONTESTANTS[library](kind, "A").numbers(), CONTESTANTS["torch.nn"](kind, "A").numbers()
    assert found.keys() == judge.keys()
    for k in judge:
        assert found[k].dtype == np.float32
        cases.close(found[k], judge[k], 1e-5)


@pytest.mark.parametrize("kind", cells.KINDS)
def test_the_tutorials_gradients_in_float64(kind):
    """So that the opponent is slow, and not wrong."""
    cell, rng = problems.cell_of(kind, 3, 4), np.random.default_rng(1)
    params, x, dy = cases.parameters(cell, rng), cases.sequence(rng, 6, 3), cases.sequence(rng, 6, 4)
    y, _, caches = unroll(cell, params, x)
    dx, _, grads = unroll_backward(cell, params, dy, None, caches)
    net = getattr(tutorial, kind)(params, GATES[kind], 4)
    cases.close(net.forward(x.swapaxes(1, 2)).swapaxes(1, 2), y)
    dx2, grads2 = net.backward(dy.swapaxes(1, 2))
    cases.close(dx2.swapaxes(1, 2), dx)
    for k in grads:
        cases.close(grads2[k], grads[k])


def test_character_models_take_the_same_steps(monkeypatch):
    monkeypatch.setitem(charlm.SETTINGS, "a", (5, 3, 6))
    monkeypatch.setattr(charlm, "text", lambda: np.tile(np.arange(7), 60))  # the package's source changes; this does not
    losses = [trainer("a").numbers()["losses"] for trainer in charlm.TRAINERS.values()]
    for found in losses:
        np.testing.assert_allclose(found, losses[-1], rtol=1e-5)
    assert losses[0][3] < losses[0][0]


def test_ratio_is_the_median_of_the_rounds():
    assert processes.ratio({"we": [1.0, 2.0, 4.0], "they": [2.0, 3.0, 20.0]}, "we", "they") == 2.0


def test_a_wrong_number_stops_the_benchmark(tmp_path):
    class Worker:
        def __init__(self, library, error):
            self.library, self.error, self.process, self.pid = library, error, self, library

        def ask(self, file, **_):
            np.savez(file, y=np.array([1.0, 2.0 + self.error]))

    assert cells.disagreement([Worker("torch.nn", 0), Worker("x", 1e-6)], "LSTM", "A", tmp_path) < 1e-6
    with pytest.raises(AssertionError, match="y differs"):
        cells.disagreement([Worker("torch.nn", 0), Worker("x", 1e-2)], "LSTM", "A", tmp_path)


def test_machine_names_processor_and_blas():
    found = machine.describe()
    assert found["processor"] and found["blas"] and found["versions"]["numpy"] == np.__version__


def test_memory_of_both_ways_at_a_small_size(capsys):
    """The gradients agree (asserted there), and checkpoints take less; the marks themselves are for `make bench`."""
    rows = memory.run(steps=1500)
    assert [r["way"] for r in rows] == ["all states", "checkpoints"]
    assert rows[1]["bytes"] < 0.8 * rows[0]["bytes"]
    assert "MiB" in capsys.readouterr().out


def test_report():
    """All tables of made-up results, and the same results through JSON."""
    libraries = {k: 2.0 for k in (*cells.NUMPY_AND_OTHERS, *cells.TORCH)}
    row = {"against torch.nn": libraries, "against the loop": 3.0, "torch function against its loop": 2.5, "share of roof": 0.5}
    result = {
        "machine": machine.describe(), "rounds": 3,
        "cells": {"table": [row | {"kind": k, "size": s, "what": w} for k in cells.KINDS for s in SIZES for w in ("forward", "forward+backward")],
                  "variants": [{"variant": v, "size": s, "time of the standard LSTM": 1.1} for v in problems.VARIANTS for s in SIZES],
                  "sgemm": 1e11, "largest disagreement": 1e-6},
        "characters": [{"setting": "a", "H": 128, "B": 32, "T": 50, "target": 0.9, "against torch.nn": libraries, "tokens per second": libraries}],
        "memory": [{"way": "all states", "bytes": 2**30, "seconds": 1.0}],
    }
    page = report(json.loads(json.dumps(result)))
    assert page.count("2.00 / 2.00") == 3 * 5 * (len(libraries) - 1) and "50 %" in page and "1024 MiB" in page and "1.10" in page


def test_the_fast_twin_is_faster_than_the_clear_one():
    """CPU time in turns, the median of the ratios; a third of the usual advantage is enough, and a busy machine gets three tries."""
    cell, rng = LSTM(32, 64), np.random.default_rng(2)
    params, x, dy = cases.parameters(cell, rng, np.float32), cases.sequence(rng, 30, 32, 16, np.float32), cases.sequence(rng, 30, 64, 16, np.float32)

    def fast():
        fused.backward(cell, params, dy, None, fused.forward(cell, params, x)[2])

    def clear():
        unroll_backward(cell, params, dy, None, unroll(cell, params, x)[2])

    def seconds(call):
        start = time.process_time()
        for _ in range(5):
            call()
        return time.process_time() - start

    seconds(fast), seconds(clear)
    ratios = []
    for _ in range(3):
        ratios += [statistics.median([seconds(clear) / seconds(fast) for _ in range(5)])]
        if ratios[-1] > 1.3:
            return
    pytest.fail(f"expected the fast twin to be at least 1.3 times as fast as the clear one, got {ratios}")
