"""What a page needs beyond the theme: headings of tables with a name, no stray commas, a page for what is not there."""

import re
from pathlib import Path

BOOK = Path(__file__).resolve().parents[1]


def table_heads(app, pagename, templatename, context, doctree):
    """A heading needs a name. An empty corner becomes an ordinary cell; a formula alone gives no name, so it gets one: `x_t`."""

    def head(match):
        text = re.sub(r"<[^>]*>|\\\(|\\\)", "", match[2]).replace("\\", "").replace(chr(34), "&quot;").strip()
        if not text:
            return f'<td class="head{match[1]}"></td>'
        only_formula = not re.sub(r'<span class="math[^>]*>.*?</span>|<[^>]*>', "", match[2], flags=re.DOTALL).strip(" ,\n")
        return f'<th class="head{match[1]}" aria-label="{text}">{match[2]}</th>' if only_formula else match[0]

    if context.get("body"):
        context["body"] = re.sub(r'<th class="head([^"]*)">(.*?)</th>', head, context["body"], flags=re.DOTALL)


def glue_punctuation(app, pagename, templatename, context, doctree):
    """No line begins with the comma after a formula: for the browser a formula is a box, with a place to break behind it."""
    formula = r'<span class="math[^"]*">\\\([^<]{1,60}\\\)</span>'
    if context.get("body"):
        context["body"] = re.sub(rf"({formula}[,.;:?)]+)", r'<span class="glued">\1</span>', context["body"])


def add_root_files(app, config):
    config.html_extra_path.append(str(BOOK / "root"))


def setup(app):
    app.connect("config-inited", add_root_files)
    app.connect("html-page-context", table_heads, priority=10_000)
    app.connect("html-page-context", glue_punctuation, priority=10_000)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
