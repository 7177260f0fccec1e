"""The explorers as the built book shows them: the code of today, and the numbers of the reference, for several settings each."""

import json

import numpy as np
import pytest
from bs4 import BeautifulSoup

from book.browser import documents
from rnncore import explorers
from tests.explorers.shown import BuiltExplorer, state_of
from tests.explorers.test_every_explorer import case

pytestmark = pytest.mark.browser
STATE, VIEW = (f"script[type='application/vnd.jupyter.widget-{kind}+json']" for kind in ("state", "view"))
ID = "_anywidget_id"  # module and class of an anywidget


@pytest.fixture(scope="module")
def places(site) -> list[tuple[str, int, str, dict]]:
    """(page, how manieth explorer of the page, class, stored state) of every explorer in the book."""
    found = []
    for name in documents():
        soup = BeautifulSoup((site / f"{name}.html").read_text(encoding="utf-8"), "html.parser")
        states = {key: entry["state"] for tag in soup.select(STATE) for key, entry in json.loads(tag.string)["state"].items()}
        for i, tag in enumerate(soup.select(VIEW)):
            state = states[json.loads(tag.string)["model_id"]]
            found.append((name, i, state.get(ID, "").rpartition(".")[2], state))
    return found


def test_every_explorer_is_in_the_book(places):
    assert {kind for *_, kind, _ in places} == set(explorers.__all__)


def test_the_book_shows_the_code_of_today(places):
    old = [(name, kind) for name, _, kind, state in places if state["_esm"] != str(getattr(explorers, kind)._esm)]
    assert old == [], "run `make notebooks` on these"


def assert_same(traits, kind):
    for what, shown, expected in case(kind).compare(traits):
        np.testing.assert_allclose(shown, expected, rtol=1e-8, atol=1e-10, err_msg=f"{kind}: {what}")


@pytest.mark.parametrize("kind", explorers.__all__)
def test_the_page_computes_what_the_reference_computes(places, chromium, address, kind):
    for name, i, *_ in [place for place in places if place[2] == kind]:
        page = chromium.new_page()
        page.goto(f"{address}{name}.html")
        shown = BuiltExplorer(page, i)
        assert_same(shown.traits, kind)  # as the reader finds it
        for settings in case(kind).SETTINGS:
            given = state_of(getattr(explorers, kind)(**settings))
            shown.set_all({key: given[key] for key in case(kind).GIVEN})
            assert_same(shown.traits, kind)
        case(kind).use(shown)
        assert_same(shown.traits, kind)
        page.close()
