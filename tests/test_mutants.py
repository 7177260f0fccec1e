"""The tests notice what is wrong: each planted fault of tests/mutants.py makes one of them fail."""

import json
import os
import subprocess
import sys

import pytest

from tests.mutants import MUTANTS, ROOT, caught


@pytest.fixture(scope="module")
def results() -> dict:
    """All mutants, run once, in a process that has not loaded the package."""
    run = subprocess.run([sys.executable, ROOT / "tests" / "mutants.py", "--json"], capture_output=True, text=True, check=True,
                         env={**os.environ, "OMP_NUM_THREADS": "1"})
    return {r["name"]: r for r in json.loads(run.stdout)}


def test_the_list_is_in_order():
    assert len(MUTANTS) >= 16
    assert len({m.name for m in MUTANTS}) == len(MUTANTS) == len({(m.file, m.old, m.new) for m in MUTANTS})
    for m in MUTANTS:
        text = (ROOT / "rnncore" / m.file).read_text(encoding="utf-8")
        assert text.count(m.old) == 1, f"{m.name}: the text to replace occurs {text.count(m.old)} times in rnncore/{m.file}"
        compile(text.replace(m.old, m.new), m.file, "exec")


def test_without_a_fault_all_tests_pass(results):
    healthy = results["no fault"]
    assert healthy["code"] == 0 and healthy["ran"] > 100, healthy["log"]


@pytest.mark.parametrize("name", [m.name for m in MUTANTS])
def test_the_fault_is_caught(results, name):
    r = results[name]
    assert caught(r), f"pytest ended with {r['code']} after {r['ran']} tests\n{r['log']}"
