"""A fresh page for an explorer, which notes every error."""

import pytest

from tests.explorers.shown import PAGE, Shown


@pytest.fixture
def show(chromium):
    """Show an explorer in a fresh page that notes every error."""
    contexts = []

    def open_page(widget, width=1000, theme="light", page=None, place="a", **context):
        if page is None:
            contexts.append(chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=theme, **context))
            page = contexts[-1].new_page()
            page.problems = []
            page.on("console", lambda message: page.problems.append(message.text) if message.type in ("error", "warning") else None)
            page.on("pageerror", lambda error: page.problems.append(str(error)))
            page.set_content(PAGE)
        return Shown(page, widget, place)

    yield open_page
    for context in contexts:
        assert context.pages[0].problems == []
        context.close()
