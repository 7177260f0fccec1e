"""Every displayed equation has a label, every label a test of its own, and no test outlives its equation."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENTS = "equation|align|alignat|gather|multline|flalign|eqnarray"
PARTS = re.compile(
    r"(?P<code>^(?P<fence>`{3,}|~{3,})(?!\s*\{)[^\n]*\n.*?^(?P=fence)[ \t]*$)"  # a fence that is no directive: code
    r"|(?P<inline>(?<!`)`[^`\n]+`(?!`))"
    r"|\$\$(?P<dollars>.*?)\$\$(?:[ \t]*\((?P<label>[^()\s]+)\))?"
    r"|^(?P<f>`{3,}|:{3,})\{math\}(?P<directive>.*?)^(?P=f)[ \t]*$"
    rf"|\\begin\{{(?P<env>(?:{ENVIRONMENTS})\*?)\}}(?P<bare>.*?)\\end\{{(?P=env)\}}",
    re.S | re.M,
)


class Equation(NamedTuple):
    page: str
    latex: str
    label: str | None

    def __str__(self) -> str:
        return f"{self.page}: {' '.join(self.latex.split())[:70]}"

    @property
    def is_gradient(self) -> bool:
        return bool(re.search(r"\\partial|\\nabla", self.latex)) or (self.label or "").startswith("grad-")


class Test(NamedTuple):
    __test__ = False  # not a test itself, whatever its name
    place: str
    labels: list
    faults: list


def displayed(page: str, text: str) -> list[Equation]:
    """The displayed equations of a page in MyST: $$ … $$ (label), {math} directives, and bare LaTeX environments."""
    found = []
    for m in PARTS.finditer(text):
        if m["dollars"] is not None:
            found.append(Equation(page, m["dollars"], m["label"]))
        elif m["directive"] is not None:
            label = re.search(r"^:label:[ \t]*(\S+)", m["directive"], re.M)
            found.append(Equation(page, re.sub(r"^:\w+:.*$", "", m["directive"], flags=re.M), label and label[1]))
        elif m["bare"] is not None:
            label = re.search(r"\\label\{([^}]+)\}", m["bare"])
            found.append(Equation(page, m["bare"], label and label[1]))
    return found


def equations(root: Path) -> list[Equation]:
    """All displayed equations of the chapters and the front matter."""
    found = []
    for path in sorted((root / "chapters").rglob("*")):
        page = path.relative_to(root).as_posix()
        if ".ipynb_checkpoints" in path.parts:
            continue
        if path.suffix == ".ipynb":
            for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
                if cell["cell_type"] == "markdown":
                    found += displayed(page, "".join(cell["source"]))
        elif path.suffix == ".md":
            found += displayed(page, path.read_text(encoding="utf-8"))
    return found


def marks(node: ast.AST, name: str) -> list[ast.AST]:
    """All uses of pytest.mark.<name> in a decorator, those inside pytest.param too."""
    return [n for n in ast.walk(node) if isinstance(n, ast.Attribute) and n.attr == name
            and isinstance(n.value, ast.Attribute) and n.value.attr == "mark"]


def marked(root: Path) -> list[Test]:
    """All tests under tests/equations that are marked with a label, and what is wrong with each."""
    found = []
    for path in sorted((root / "tests" / "equations").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                continue
            calls = [c for d in node.decorator_list for c in ast.walk(d) if isinstance(c, ast.Call) and c.func in marks(d, "equation")]
            if not calls:
                continue
            labels = [a.value if isinstance(a, ast.Constant) and isinstance(a.value, str) else None for c in calls for a in c.args]
            faults = []
            if len(labels) != 1 or None in labels:
                faults.append(f"expected one label, as text; got {labels}")
            if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
                faults.append("is no test function")
            for name in ("skip", "skipif", "xfail"):
                if any(marks(d, name) for d in node.decorator_list):
                    faults.append(f"may be left out ({name})")
            called = [getattr(n.func, "attr", getattr(n.func, "id", "")) for n in ast.walk(node) if isinstance(n, ast.Call)]
            if not any(isinstance(n, ast.Assert) for n in ast.walk(node)) and not any(re.search("assert|check|close|raises", c) for c in called):
                faults.append("asserts nothing")
            found.append(Test(f"{path.relative_to(root).as_posix()}::{node.name}", [x for x in labels if x], faults))
    return found


def problems(root: Path) -> list[str]:
    """What is wrong with labels and tests, in sentences."""
    shown, tests = equations(root), marked(root)
    found = [f"{'gradient' if e.is_gradient else 'equation'} without a label: {e}" for e in shown if e.label is None]
    labels = Counter(e.label for e in shown if e.label)
    found += [f"label {label!r} stands at {n} equations" for label, n in labels.items() if n > 1]
    found += [f"{t.place}: {fault}" for t in tests for fault in t.faults]
    served = Counter(label for t in tests if len(t.labels) == 1 for label in t.labels)
    found += [f"no test of its own for {label!r} ({next(str(e) for e in shown if e.label == label)})" for label in labels if not served[label]]
    found += [f"{t.place}: label {label!r} is displayed nowhere" for t in tests for label in t.labels if label not in labels]
    return found


def test_every_displayed_equation_has_a_label_and_every_label_a_test_of_its_own():
    found = problems(ROOT)
    assert not found, "\n" + "\n".join(found)


# --- the test of the test ---

GOOD_TEST = '@pytest.mark.equation("{0}")\ndef test_{1}():\n    assert 1 + 1 == 2\n'


def book(root: Path, markdown: str, tests: str, front: str = "") -> list[str]:
    """The problems of a book of one chapter."""
    (root / "chapters" / "front").mkdir(parents=True)
    (root / "tests" / "equations").mkdir(parents=True)
    cells = [{"cell_type": "code", "source": ["x = '$$ \\\\partial code $$'"], "metadata": {}, "outputs": [], "execution_count": None},
             {"cell_type": "markdown", "source": markdown.splitlines(keepends=True), "metadata": {}}]
    (root / "chapters" / "01_tiny.ipynb").write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    (root / "chapters" / "front" / "notation.md").write_text(front)
    (root / "tests" / "equations" / "test_01_tiny.py").write_text("import pytest\n\n" + tests)
    return problems(root)


ONE = "Text.\n\n$$\nh_t = \\tanh(a_t)\n$$ (eq-one)\n\nMore, and inline $x$.\n"
TWO = "$$\\frac{\\partial L}{\\partial h_t}$$ (grad-two)\n"
TESTS = GOOD_TEST.format("eq-one", "one") + "\n\n" + GOOD_TEST.format("grad-two", "two")


def test_a_good_book_has_no_problems(tmp_path):
    assert book(tmp_path, ONE + "\n" + TWO, TESTS) == []


@pytest.mark.parametrize("markdown,tests,message", [
    (ONE + "$$\n\\frac{\\partial L}{\\partial W}\n$$\n", TESTS, "gradient without a label"),
    (ONE + "$$\\nabla L$$", TESTS, "gradient without a label"),
    (ONE + "$$ a = b $$", TESTS, "equation without a label"),
    (ONE + "```{math}\n\\partial L\n```\n", TESTS, "gradient without a label"),
    (ONE + "\\begin{align}\n\\partial L\n\\end{align}\n", TESTS, "gradient without a label"),
    (ONE + ":::{dropdown} Proof\n$$ \\partial L $$\n:::\n", TESTS, "gradient without a label"),
    (ONE + TWO + "$$c$$ (eq-three)", TESTS, "no test of its own for 'eq-three'"),
    (ONE + TWO + "```{math}\n:label: grad-three\nc\n```\n", TESTS, "no test of its own for 'grad-three'"),
    (ONE + TWO + ":::{math}\n:label: grad-three\nc\n:::\n", TESTS, "no test of its own for 'grad-three'"),
    (ONE + TWO + "\\begin{equation}\\label{eq-three} c \\end{equation}", TESTS, "no test of its own for 'eq-three'"),
    (ONE, TESTS, "label 'grad-two' is displayed nowhere"),
    (ONE + TWO + ONE, TESTS, "label 'eq-one' stands at 2 equations"),
    (ONE + TWO, TESTS.replace("test_two", "two"), "two: is no test function"),
    (ONE + TWO, TESTS.replace("    assert 1 + 1 == 2", "    1 + 1"), "test_one: asserts nothing"),
    (ONE + TWO, '@pytest.mark.skip("later")\n' + TESTS, "test_one: may be left out (skip)"),
    (ONE + TWO, '@pytest.mark.equation("grad-two")\n' + GOOD_TEST.format("eq-one", "both"), "expected one label"),
    (ONE + TWO, '@pytest.mark.equation("grad-two")\n' + GOOD_TEST.format("eq-one", "both"), "no test of its own for 'grad-two'"),
    (ONE + TWO, '@pytest.mark.parametrize("k", [pytest.param(1, marks=pytest.mark.equation("grad-two"))])\n'
     + GOOD_TEST.format("eq-one", "both"), "expected one label"),
    (ONE + TWO, TESTS.replace('equation("eq-one")', "equation(LABEL)"), "expected one label, as text"),
    (ONE + TWO, TESTS.replace('equation("eq-one")', 'equation("eq-one", "grad-two")'), "expected one label"),
])
def test_each_kind_of_problem_is_found(tmp_path, markdown, tests, message):
    assert any(message in p for p in book(tmp_path, markdown, tests)), message


def test_the_front_matter_counts_too(tmp_path):
    assert "no test of its own for 'eq-front'" in book(tmp_path, ONE + TWO, TESTS, front="$$ x $$ (eq-front)")[0]


def test_code_is_not_taken_for_an_equation(tmp_path):
    code = "\n```python\ns = '$$ \\\\partial $$'\n```\n\n`$$ \\nabla $$` in a line, and\n\n~~~\n$$ \\partial $$\n~~~\n"
    assert book(tmp_path, ONE + code + TWO, TESTS) == []
