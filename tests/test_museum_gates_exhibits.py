"""The exhibits of the museum's second room are wrong in the way that their solutions say."""

import inspect
import linecache
from pathlib import Path

import numpy as np
import pytest

from book import notebooks
from rnncore import museum
from rnncore.museum_gates import Room

ROOT = Path(__file__).resolve().parents[1]
KIND = dict.fromkeys(range(1, 6), "lstm") | {6: "peephole", 7: "peephole", 8: "gru", 9: "gru", 10: "gru-before", 11: "gru"}
WRONG = dict.fromkeys((1, 2, 3, 5), "i f g o") | {4: "g o", 6: "p_o", 7: "i f g o p", 8: "r z n", 9: "W_n", 10: "r z n", 11: "none"}
AT_ONE_STEP = {1: "none", 2: "f", 3: "i f g", 4: "g o", 5: "i f g", 6: "p_o", 7: "none", 8: "none", 9: "W_n", 10: "none", 11: "none"}


@pytest.fixture(scope="module")
def exhibits() -> dict:
    """The functions that hang in room 2, with their source where `inspect` finds it."""
    namespace = {"np": np}
    for cell in notebooks.read(ROOT / "solutions/05_bug_museum/05_bug_museum.ipynb").cells:
        if cell.source.startswith("def exhibit_"):
            name = f"<gates {cell.id}>"
            linecache.cache[name] = (len(cell.source), None, cell.source.splitlines(keepends=True), name)
            exec(compile(cell.source, name, "exec"), namespace)
    return {n: namespace[f"exhibit_{n}"] for n in WRONG}


def found(n, exhibit, seed, **setting) -> set:
    return {k for k, error in Room(KIND[n]).errors(exhibit, seed, **setting).items() if error > museum.TOLERANCE}


@pytest.mark.parametrize("n", WRONG)
def test_exhibit_is_wrong_where_its_solution_says(exhibits, n):
    parameters = Room(KIND[n]).report(exhibits[n]).parameters
    for seed in range(3):
        errors = Room(KIND[n]).errors(exhibits[n], seed)
        assert all(error > 1e-4 for error in errors.values() if error > museum.TOLERANCE)  # a wide gap between right and wrong
        assert found(n, exhibits[n], seed) == parameters(WRONG[n])
        assert found(n, exhibits[n], seed, T=1) == parameters(AT_ONE_STEP[n])


def test_what_the_solutions_say_about_weak_checks(exhibits):
    def missed(**setting):
        return {n for n in range(1, 11) if Room(KIND[n]).misses(exhibits[n], **setting)}

    assert missed(T=1, B=1, H=3, state="zero") == {1, 2, 7, 8, 9, 10}
    assert missed(T=1, B=2, H=3) == {1, 7, 8, 10}
    assert missed(T=5, B=2, H=3, state="zero") == set()
    assert missed(T=5, B=2, H=1) == {9}


def test_sources_fit_on_a_screen(exhibits):
    assert max(len(inspect.getsource(f).splitlines()) for f in exhibits.values()) <= 32
