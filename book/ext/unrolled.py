"""The book's own Sphinx extension: it makes the pages self-contained, and finishes what Jupyter Book leaves open.

Front-end files come in here and not through `html_static_path` in _config.yml, because Jupyter Book loads every script
that it finds there into every page.
"""

import re
import struct
from dataclasses import dataclass, field
from pathlib import Path

from docutils import nodes
from pybtex.plugin import register_plugin
from pybtex.style.formatting.unsrt import Style as UnsrtStyle
from pybtex.style.labels import BaseLabelStyle
from sphinx import addnodes
from sphinxcontrib.bibtex.plugin import register_plugin as register_reference_style
from sphinxcontrib.bibtex.style.referencing import BracketStyle
from sphinxcontrib.bibtex.style.referencing.author_year import AuthorYearReferenceStyle

BOOK = Path(__file__).resolve().parents[1]
MARKER = re.compile(r"^\s*### (BEGIN|END) (SOLUTION|HIDDEN TESTS)\s*$")


# --- Front-end files and theme ----------------------------------------------------------------------------------------


def add_front_end(app, config):
    for folder in ("static", "vendor"):
        path = BOOK / folder
        if not path.is_dir():
            raise FileNotFoundError(f"{path} is missing: run `make front`")
        config.html_static_path.append(str(path))
    options = config.html_theme_options
    options.pop("repository_url", None)  # Jupyter Book's default names its own repository
    for bar in ("navbar_start", "navbar_center", "navbar_end", "navbar_persistent"):
        options.setdefault(bar, [])  # otherwise an empty header with a second search box appears
    options["footer_content_items"] = ["extra-footer"]
    options["logo"] = {"text": config.html_title, "alt_text": f"{config.html_title}: home"}
    options["show_toc_level"] = 2
    config.html_context["default_mode"] = "auto"


def drop_foreign_files(app, pagename, templatename, context, doctree):
    """Remove what would ask another host: thebe (always loaded by Jupyter Book), and any address with a host in it."""

    def is_ours(file):
        name = str(getattr(file, "filename", None) or file)
        body = str(getattr(file, "attributes", {}).get("body") or "")
        return not (name.startswith(("http:", "https:", "//")) or "thebe" in name or "THEBE" in body)

    for key in ("script_files", "css_files"):
        context[key] = [file for file in context.get(key, []) if is_ours(file)]


ICON = re.compile(r'"?(?P<name>[a-z0-9-]+)"?:\[\d+,\d+,\[(?P<also>[^\]]*)\],"[0-9a-f]*",(?:"[^"]*"|\[[^\]]*\])\],?')
ICON_RULE = re.compile(r'(?:\.fa-[a-z0-9-]+:before,?)+\{content:"[^"]*"\}')


def trim_icons(app, exception):
    """The theme's script (1.4 MB on every page) and its style know two thousand icons: keep those that the pages and scripts name."""
    if exception or app.builder.name != "html":
        return
    out = Path(app.outdir)
    scripts = [path for path in (out / "_static" / "scripts").glob("*.js") if path.name != "fontawesome.js"]
    files = [*out.glob("*.html"), *out.glob("[!_]*/**/*.html"), *scripts, *(out / "_static").glob("*.js")]
    used = {name for path in files for name in re.findall(r"\bfa-([a-z0-9-]+)", path.read_text(encoding="utf-8"))}

    def keep(match):
        names = {match["name"], *re.findall(r'"([a-z0-9-]+)"', match["also"])}
        return match[0] if names & used else ""

    def keep_rule(match):
        return match[0] if used & set(re.findall(r"\.fa-([a-z0-9-]+):", match[0])) else ""

    for name, pattern, kept in (("scripts/fontawesome.js", ICON, keep), ("styles/pydata-sphinx-theme.css", ICON_RULE, keep_rule)):
        file = out / "_static" / name
        file.write_text(pattern.sub(kept, file.read_text(encoding="utf-8")), encoding="utf-8")


SEARCH = re.compile(r'<script src="[^"]*(?:_static/searchtools|_static/language_data|searchindex)\.js"></script>\s*')


def leave_search_to_its_page(app, exception):
    """The theme loads the whole book's index into every page, for results as one types. Ours come on the search page alone."""
    if exception or app.builder.name != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        if page.name != "search.html":
            page.write_text(SEARCH.sub("", page.read_text(encoding="utf-8")), encoding="utf-8")


def size_images(app, pagename, templatename, context, doctree):
    """Pictures come when they are scrolled to, and their place is kept free for them, so that no line jumps."""
    sources = {name: app.srcdir / uri for uri, name in app.builder.images.items()}

    def attributes(match):
        tag, name = match[0], match[1]
        if name not in sources or not name.endswith(".png") or ' width="' in tag:
            return tag
        with open(sources[name], "rb") as file:
            width, height = struct.unpack(">II", file.read(24)[16:])
        return tag.replace("<img ", f'<img loading="lazy" width="{width}" height="{height}" ')

    if context.get("body"):
        context["body"] = re.sub(r'<img [^>]*src="[^"]*_images/([^"/]+)"[^>]*>', attributes, context["body"])


def repair_roles(app, pagename, templatename, context, doctree):
    """Bibliographies are marked up with roles that ARIA 1.2 no longer allows there."""
    if context.get("body"):
        body = context["body"].replace(' role="doc-biblioentry"', "")
        context["body"] = re.sub(r'(<div class="citation-list") role="list"|role="list" (class="citation-list")', r"\1\2", body)


# --- Solution pages ---------------------------------------------------------------------------------------------------


def finish_solution(app, doctree):
    """Tell a solution page from its exercise, and leave out nbgrader's markers."""
    docname = app.env.docname
    if not docname.startswith("solutions/"):
        return
    title = next(doctree.findall(nodes.title))
    text = re.sub(r"^Exercises?\b:?\s*", "", title.astext())
    if "solution" not in text.lower():
        title.children = []
        title += nodes.Text(f"Solutions: {text}")
    for block in doctree.findall(nodes.literal_block):
        kept = [line for line in block.astext().split("\n") if not MARKER.match(line)]
        block.rawsource = "\n".join(kept)
        block.children = []
        block += nodes.Text(block.rawsource)
    link = addnodes.pending_xref(
        "", nodes.inline(text="the exercise"), refdomain="std", reftype="doc", refexplicit=True,
        reftarget="/" + docname.replace("solutions/", "exercises/", 1), refdoc=docname, refwarn=True,
    )  # fmt: skip
    told = " first; then compare. A number by itself below a check is the marks for the answer above it."
    note = nodes.note("", nodes.paragraph("", "", nodes.Text("Work "), link, nodes.Text(told)))
    title.parent.insert(title.parent.index(title) + 1, note)


# --- Citations by author and year -------------------------------------------------------------------------------------


class AuthorYear(BaseLabelStyle):
    def format_labels(self, sorted_entries):
        for entry in sorted_entries:
            people = entry.persons.get("author") or entry.persons.get("editor") or []
            names = [" ".join(person.prelast_names + person.last_names) for person in people]
            who = names[0] if len(names) == 1 else " and ".join(names) if len(names) == 2 else f"{names[0]} et al." if names else entry.key
            yield f"{who}, {entry.fields.get('year', 'n.d.')}"


class Unrolled(UnsrtStyle):
    default_sorting_style = "author_year_title"
    default_label_style = AuthorYear


def _round():
    return BracketStyle(left="(", right=")")


@dataclass
class Parentheses(AuthorYearReferenceStyle):
    """Elman (1990); (Elman, 1990)."""

    bracket_parenthetical: BracketStyle = field(default_factory=_round)
    bracket_textual: BracketStyle = field(default_factory=_round)
    bracket_author: BracketStyle = field(default_factory=_round)
    bracket_label: BracketStyle = field(default_factory=_round)
    bracket_year: BracketStyle = field(default_factory=_round)


register_plugin("pybtex.style.formatting", "unrolled", Unrolled)
register_reference_style("sphinxcontrib.bibtex.style.referencing", "parentheses", Parentheses)


# --- API page: docstrings are written as the notebooks are, with $...$ and `code` -------------------------------------

COLON = "\ue000"  # stands for a colon that napoleon must not read as "type: description"


def table(match):
    """A Markdown table as reStructuredText; its second line only separates the head from the rest."""
    lines = match[0].rstrip("\n").split("\n")
    indent = " " * (len(lines[0]) - len(lines[0].lstrip()))
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    made = ["", ".. list-table::", "   :header-rows: 1", ""]
    for row in [rows[0], *rows[2:]]:
        made += [f"   {'* -' if first else '  -'} {cell}" for first, cell in zip([True] + [False] * len(row), row)]
    return "\n".join((indent + line).rstrip() for line in made) + "\n\n"


def sections(lines):
    """A section written in one line, as `Returns: h (H, B).`, with its head on a line of its own, as napoleon wants it."""
    text = re.sub(r"(?<=\.) (?=(?:Args|Returns|Raises|Source): )", "\n", "\n".join(lines))
    made, rest = [], text.split("\n")
    while rest:
        head = re.match(r"(Returns|Raises): (.+)", rest[0])
        body = []
        while head and rest and rest[0].strip() and not (body and re.match(r"\w+:( |$)", rest[0])):
            body.append(rest.pop(0).strip())
        if not head:
            made.append(rest.pop(0))
            continue
        body = " ".join(body).removeprefix(f"{head[1]}: ")
        if head[1] == "Returns":
            made += ["", "Returns:", "    " + re.sub(r":(?=\s)", COLON, body), ""]
            continue
        cases = [re.match(r"((?:\w+Error(?:, )?)+)[ ,]*(.+)", case) for case in body.split("; ")]
        if all(cases):
            made += ["", "Raises:", *(f"    {case[1].rstrip(', ')}: {case[2].rstrip('.')}." for case in cases), ""]
        else:
            made += ["", f"Raises{COLON} {body}", ""]
    return made


def translate_docstring(app, what, name, obj, options, lines):
    kept = []
    if what in ("function", "method", "class"):
        lines[:] = sections(lines)

    def keep(text):
        kept.append(text)
        return f"\ue001{len(kept) - 1}\ue002"

    def display(match):
        body = " ".join(match[2].split())
        return keep(f"\n{match[1]}.. math::\n\n{match[1]}   {body}\n")

    code = r"\1.. rubric:: Usage\n\n\1.. code-block:: python\n"
    text = re.sub(r"^( *)Usage:\n(?=\n +\S)", code, "\n".join(lines) + "\n", flags=re.MULTILINE)
    text = re.sub(r"(?:^ *\|.*\|[ ]*$\n?){2,}", table, text, flags=re.MULTILINE)
    text = re.sub(r"^([ ]*)\$\$(.+?)\$\$[ ]*$", display, text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"(?<![:`\w])`([^`]+)`(?![`_])", lambda m: keep(rf"\ ``{' '.join(m[1].split())}``\ "), text)
    text = re.sub(r"(?<!\\)\$([^$]+?)\$", lambda m: keep(rf"\ :math:`{' '.join(m[1].split())}`\ "), text)
    text = re.sub("\ue001(\\d+)\ue002", lambda m: kept[int(m[1])], text)
    if what in ("property", "attribute", "data"):
        text = re.sub(r":(?=\s)", COLON, text)
    lines[:] = text.split("\n")


def restore_colons(app, what, name, obj, options, lines):
    lines[:] = [line.replace(COLON, ":") for line in lines]


def skip_member(app, what, name, obj, skip, options):
    """Skip what another package wrote, and a named tuple's fields, which its signature lists already."""
    foreign = callable(obj) and not str(getattr(obj, "__module__", None)).startswith("rnncore")
    field_of_tuple = (getattr(obj, "__doc__", None) or "").startswith("Alias for field number")
    return True if foreign or field_of_tuple else None


def setup(app):
    app.add_css_file("book.css")
    app.add_js_file("a11y.js", loading_method="defer")
    app.connect("config-inited", add_front_end)
    app.connect("html-page-context", drop_foreign_files, priority=10_000)
    app.connect("html-page-context", repair_roles, priority=10_000)
    app.connect("html-page-context", size_images, priority=10_000)
    app.connect("build-finished", trim_icons)
    app.connect("build-finished", leave_search_to_its_page)
    app.connect("autodoc-process-docstring", translate_docstring, priority=300)  # napoleon comes at 500
    app.connect("autodoc-process-docstring", restore_colons, priority=700)
    app.connect("autodoc-skip-member", skip_member)
    app.connect("doctree-read", finish_solution, priority=100)  # before the titles are collected
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
