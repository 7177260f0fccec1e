"""The book's own Sphinx extension: docstrings for the API page, citations, solution pages."""

import importlib.util
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def unrolled():
    spec = importlib.util.spec_from_file_location("unrolled", ROOT / "book" / "ext" / "unrolled.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("written", "translated"),
    [
        (r"the state $h_t$ of `step`", r"the state \ :math:`h_t`\  of \ ``step``\ "),
        (r"a price of \$5", r"a price of \$5"),
        ("already ``code`` and :math:`x`", "already ``code`` and :math:`x`"),
        ("`echo $x $y`", r"\ ``echo $x $y``\ "),
    ],
)
def test_inline_markup_is_translated(unrolled, written, translated):
    lines = [written]
    unrolled.translate_docstring(None, "function", "f", None, None, lines)
    assert lines[0] == translated


def test_displayed_equation_keeps_its_indent_and_its_backslashes(unrolled):
    lines = ["One.", "", r"    $$h_t = \tanh(a_t), \qquad", r"    o_t = V h_t$$", "", "Two."]
    unrolled.translate_docstring(None, "function", "f", None, None, lines)
    assert r"       h_t = \tanh(a_t), \qquad o_t = V h_t" in lines
    assert "    .. math::" in lines and lines[-2:] == ["Two.", ""]


def test_table_is_translated(unrolled):
    lines = ["| here | there |", "|---|---|", "| U | `weight` |", "", "After."]
    unrolled.translate_docstring(None, "module", "m", None, None, lines)
    text = "\n".join(lines)
    assert ".. list-table::\n   :header-rows: 1\n\n   * - here\n     - there\n   * - U\n" in text
    assert text.rstrip().endswith("After.")


def test_usage_is_shown_as_code(unrolled):
    lines = ["One.", "", "Usage:", "", '    ex = Explorer(names=["A"])   # shown', "", "Args:", "    x: a number"]
    unrolled.translate_docstring(None, "class", "C", None, None, lines)
    assert "\n.. code-block:: python\n\n    ex = Explorer(names=[\"A\"])   # shown\n" in "\n".join(lines)
    assert "Args:" in lines and "Usage:" not in lines


def test_a_section_in_one_line_gets_a_head_of_its_own(unrolled):
    lines = ["One step. Args: x (D, B). Returns: dx: (D, B),", "and the rest.", "Raises: SettingError, ShapeError if x; DtypeError for y.", ""]
    unrolled.translate_docstring(None, "function", "f", None, None, lines)
    unrolled.restore_colons(None, "function", "f", None, None, lines)
    kept = [line for line in lines if line]
    assert kept[:4] == ["One step.", "Args: x (D, B).", "Returns:", "    dx: (D, B), and the rest."]
    assert kept[4:] == ["Raises:", "    SettingError, ShapeError: if x.", "    DtypeError: for y."]


def test_sections_that_napoleon_knows_stay(unrolled):
    lines = ["Draw.", "", "Args:", "    x: (D, B).", "", "Returns:", "    y (D, B).", ""]
    unrolled.translate_docstring(None, "function", "f", None, None, lines)
    assert [line for line in lines if line] == ["Draw.", "Args:", "    x: (D, B).", "Returns:", "    y (D, B)."]


def test_a_colon_in_a_property_is_not_a_type(unrolled):
    lines = ["Number of outputs: its hidden units."]
    unrolled.translate_docstring(None, "property", "p", None, None, lines)
    assert ":" not in lines[0]
    unrolled.restore_colons(None, "property", "p", None, None, lines)
    assert lines[0] == "Number of outputs: its hidden units."


@pytest.fixture(scope="module")
def api_fields():
    spec = importlib.util.spec_from_file_location("api_fields", ROOT / "book" / "ext" / "api_fields.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("(K: int, dtype: type = <class 'numpy.float64'>)", "(K: int, dtype: type = np.float64)"),
        ("(kind: type = <class 'int'>, loss: list[float] = <factory>)", "(kind: type = int, loss: list[float] = ...)"),
        ("(*args: t.Any, **kwargs: t.Any)", "(*args, **kwargs)"),
    ],
)
def test_signatures_are_python(api_fields, written, plain):
    assert api_fields.plain_signature(None, "class", "C", None, None, written, "int") == (plain, "int")
    assert api_fields.plain_signature(None, "class", "C", None, None, None, None) is None


def test_a_word_after_a_line_that_ends_in_code_keeps_its_distance(unrolled, api_fields):
    lines = ["grads and `numerical`", "(dicts), `x`", "", "Next."]
    unrolled.translate_docstring(None, "class", "C", None, None, lines)
    api_fields.keep_spaces(None, "class", "C", None, None, lines)
    assert lines[:4] == ["grads and \\ ``numerical``", "(dicts), \\ ``x``\\ ", "", "Next."]


@pytest.mark.parametrize("name", ["api", "api_more", "api_tools", "api_tasks"])
def test_api_page_is_tidy(site, name):
    article = BeautifulSoup((site / f"chapters/front/{name}.html").read_text(encoding="utf-8"), "html.parser").find("article")
    for signature in article.select("dt.sig"):
        assert not re.search(r"<|~|\bt\.Any", signature.text), signature.text
    for entry in article.select("dl.field-list ul"):
        said = [item.text.partition("–")[2].strip() for item in entry.find_all("li", recursive=False)]
        assert all(a != b or not a for a, b in zip(said, said[1:])), said
    assert len(article.select("dt.sig")) > 40
    assert name != "api" or "D, H – number of inputs and of hidden units." in article.text


def test_colours_on_the_notation_page_are_those_of_the_figures():
    from rnncore.plots import COLOR

    text = (ROOT / "chapters/front/notation.md").read_text(encoding="utf-8")
    written = re.findall(r'<span class="swatch" style="background: (#\w+)">', text)
    assert written == [COLOR[key] for key in ("x", "h", "o", "gradient", "c", "target", "muted")]


@pytest.mark.parametrize(("names", "label"), [(["A"], "A, 1990"), (["A", "B"], "A and B, 1990"), (["A", "B", "C"], "A et al., 1990")])
def test_citations_name_up_to_two_authors(unrolled, names, label):
    people = [SimpleNamespace(prelast_names=[], last_names=[name]) for name in names]
    entry = SimpleNamespace(persons={"author": people}, fields={"year": "1990"}, key="k")
    assert list(unrolled.AuthorYear().format_labels([entry])) == [label]


@pytest.mark.parametrize("path", sorted((ROOT / "solutions").glob("*/*.ipynb")), ids=lambda path: path.stem)
def test_solution_page_is_told_from_its_exercise(site, path):
    page = path.relative_to(ROOT).with_suffix(".html").as_posix()
    solution, exercise = (
        BeautifulSoup((site / name).read_text(encoding="utf-8"), "html.parser").find("article")
        for name in (page, page.replace("solutions/", "exercises/"))
    )
    assert "olution" in solution.find("h1").text and solution.find("h1").text != exercise.find("h1").text
    assert solution.select_one(".admonition a[href*='exercises/']")
    for article in (solution, exercise):
        assert "### BEGIN" not in article.text and "### END" not in article.text
