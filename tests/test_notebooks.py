"""The form of every stored notebook. (That its outputs are true is nbval's part of `make test`.)"""

import json
import re
from pathlib import Path

import pytest

from book import notebooks

ROOT = Path(__file__).resolve().parents[1]
ALL = notebooks.notebooks()
CHAPTERS = sorted((ROOT / "chapters").glob("[0-9]*.ipynb"))
DISPLAY = re.compile(r"\$\$(.+?)\$\$(.*)", re.DOTALL)


def names(paths):
    return [path.relative_to(ROOT).as_posix() for path in paths]


def markdown(path):
    return [cell.source for cell in notebooks.read(path).cells if cell.cell_type == "markdown"]


def test_the_book_has_its_notebooks():
    assert len(CHAPTERS) >= 3 and len(ALL) >= 8


@pytest.mark.parametrize("path", ALL, ids=names(ALL))
def test_notebook_is_executed_and_normalised(path):
    assert notebooks.problems(path) == []


@pytest.mark.parametrize("path", ALL, ids=names(ALL))
def test_normalising_twice_changes_nothing(path):
    once = notebooks.normalise(notebooks.read(path), path.stem)
    assert notebooks.text_of(notebooks.normalise(once, path.stem)) == notebooks.text_of(once)


@pytest.mark.parametrize("path", CHAPTERS, ids=names(CHAPTERS))
def test_displayed_equations_are_labelled(path):
    bare = []
    for text in markdown(path):
        text = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
        parts = text.split("$$")
        assert len(parts) % 2 == 1, f"an odd number of $$ in: {text[:200]}"
        for equation, after in zip(parts[1::2], parts[2::2]):
            if not re.match(r" \((eq|grad)-[A-Za-z0-9-]+\)[ \t]*(\n|$)", after):
                bare.append(equation.strip()[:80])
    assert bare == []


@pytest.mark.parametrize("path", CHAPTERS, ids=names(CHAPTERS))
def test_cells_are_short(path):
    sources = [cell.source.split("\n") for cell in notebooks.read(path).cells if cell.cell_type == "code"]
    assert [lines[0] for lines in sources if len(lines) > 20] == []


@pytest.mark.parametrize("path", CHAPTERS, ids=names(CHAPTERS))
def test_code_that_is_shown_fits_the_page(path):
    shown = [cell for cell in notebooks.read(path).cells if cell.cell_type == "code" and "hide-input" not in cell.metadata.get("tags", [])]
    assert [line for cell in shown for line in cell.source.split("\n") if len(line) > 86] == []


@pytest.mark.parametrize("path", ALL, ids=names(ALL))
def test_nothing_of_the_machine_is_stored(path):
    cells = notebooks.read(path).cells
    text = json.dumps([[cell.source, [o for o in cell.get("outputs", []) if "image/png" not in o.get("data", {})]] for cell in cells])
    assert re.findall(r"(?<![\w.])/(?:work|opt|root|home|tmp|Users|usr)/[\w./-]*", text) == []
    assert re.findall(r"(?:pip|conda|apt(?:-get)?) install", text) == []


@pytest.mark.parametrize("path", ALL, ids=names(ALL))
def test_explorers_are_stored_with_their_state(path):
    """Otherwise the static page shows nothing in their place."""
    nb = notebooks.read(path)
    state = nb.metadata.get("widgets", {}).get(notebooks.STATE, {}).get("state", {})
    for cell in nb.cells:
        for output in cell.get("outputs", []):
            view = output.get("data", {}).get(notebooks.VIEW)
            if view:
                assert state[view["model_id"]]["model_module"] == "anywidget"
                assert "nbval-ignore-output" in cell.metadata.get("tags", [])


def test_normalise_takes_away_what_changes_by_itself():
    def notebook(model, address, stamp):
        pieces = [{"output_type": "stream", "name": "stdout", "text": text} for text in "ab"]
        data = {notebooks.VIEW: {"model_id": model}, "text/plain": f"<E object at {address}>"}
        result = {"output_type": "execute_result", "execution_count": 7, "data": data, "metadata": {}}
        cell = {"cell_type": "code", "id": stamp, "execution_count": 7, "source": "E()  ", "outputs": [*pieces, result]}
        cell["metadata"] = {"execution": {"started": stamp}}
        state = {model: {"state": {"layout": f"IPY_MODEL_{model}b"}}, f"{model}b": {"state": {}}, "unseen": {"state": {}}}
        metadata = {"widgets": {notebooks.STATE: {"state": state}}}
        return notebooks.nbformat.from_dict({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": [cell]})

    one = notebooks.normalise(notebook("1" * 32, "0x7f0000000001", "aa"), "slug")
    two = notebooks.normalise(notebook("2" * 32, "0x7f0000000002", "bb"), "slug")
    assert notebooks.text_of(one) == notebooks.text_of(two)
    assert len(one.metadata.widgets[notebooks.STATE].state) == 2
    assert one.cells[0].outputs[0].text == "ab"


ASSIGNMENTS = sorted((ROOT / "solutions").glob("*/*.ipynb"))


@pytest.mark.parametrize("path", ASSIGNMENTS, ids=names(ASSIGNMENTS))
def test_assignments_name_nothing(path):
    """Solution and exercise are two pages with the same text: a label in it would stand there twice."""
    text = "\n".join(markdown(path))
    assert re.findall(r"\$\$ \([a-z][a-z0-9-]*\)|^\([a-z][a-z0-9-]*\)=|^:(?:name|label):.*", text, re.MULTILINE) == []
    figures = [cell.metadata.get("mystnb", {}).get("figure", {}) for cell in notebooks.read(path).cells]
    assert [figure["name"] for figure in figures if "name" in figure] == []
