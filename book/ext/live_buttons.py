"""Python in the page: a launch button on every page that is a notebook, and a button below every cell tagged `live`.

The button's cell runs with the notebook's first cell (its imports) and all cells above it that are tagged `live-setup` in front.
Without LIVE (`make book LIVE=0`) neither button is there.
"""

import json
import os
from pathlib import Path

from docutils import nodes

NOTE = "Runs this cell's Python in your browser; loads about 50 MB once."


def is_live() -> bool:
    return os.environ.get("LIVE", "1") != "0"


def root(docname: str) -> str:
    return "../" * docname.count("/")


def source(cell) -> str:
    return "\n".join(block.astext() for box in cell.findall(nodes.container) if "cell_input" in box["classes"]
                     for block in box.findall(nodes.literal_block))  # fmt: skip


def add_live_buttons(app, doctree, docname):
    cells = [box for box in doctree.findall(nodes.container) if "cell" in box["classes"]]
    setup = [source(cell) for cell in cells[:1]]
    for cell in cells:
        if "tag_live-setup" in cell["classes"]:
            setup.append(source(cell))
        if "tag_live" not in cell["classes"]:
            continue
        if is_live():
            data = json.dumps({"root": f"{root(docname)}lite/", "code": ["\n\n".join(setup), source(cell)]}).replace("<", "\\u003c")
            html = f'<div class="live"><p class="live-note">{NOTE}</p><script type="application/json">{data}</script></div>'
            cell += nodes.raw("", html, format="html")


def add_launch_button(app, pagename, templatename, context, doctree):
    """Beside the theme's download button: the page as a notebook that runs."""
    if is_live() and (Path(app.srcdir) / f"{pagename}.ipynb").exists():
        context["header_buttons"].append({
            "type": "link", "text": "Live", "label": "live-button", "icon": "fas fa-rocket",
            "url": f"{root(pagename)}lite/notebooks/index.html?path={pagename}.ipynb",
            "tooltip": "Open this page as a live notebook: Python runs in your browser",
        })  # fmt: skip


def setup(app):
    app.connect("doctree-resolved", add_live_buttons)
    app.connect("html-page-context", add_launch_button, priority=900)  # when the theme has made its list of buttons
    if is_live():
        app.add_js_file("live.js", loading_method="defer")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
