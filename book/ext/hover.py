"""A term of the glossary, used in the text as {term}`...`, shows the first sentence of its definition under the pointer."""

import itertools
import re

from docutils import nodes

GLOSSARY = "chapters/front/glossary"


def definitions(env) -> dict[str, str]:
    """The first sentence of each definition, by the anchor of its term. It must do without formulas: a tooltip is plain text."""
    found = {}
    for item in env.get_doctree(GLOSSARY).findall(nodes.definition_list_item):
        paragraph = next(item.findall(nodes.paragraph))
        before_formula = itertools.takewhile(lambda node: not isinstance(node, nodes.math), paragraph.children)
        sentence = re.match(r".*?[.](?=\s|$)", "".join(node.astext() for node in before_formula), re.S)
        for term in item.findall(nodes.term):
            if sentence is None:
                raise ValueError(f"glossary, {term.astext()!r}: the first sentence must end in a full stop and hold no formula")
            found |= dict.fromkeys(term["ids"], sentence.group().replace("\n", " "))
    return found


def add_tooltips(app, doctree, docname):
    if GLOSSARY not in app.env.all_docs:
        return
    if not hasattr(app, "glossary_definitions"):
        app.glossary_definitions = definitions(app.env)
    for reference in doctree.findall(nodes.reference):
        anchor = str(reference.get("refuri", "")).rpartition("#")[2] or reference.get("refid", "")
        if anchor in app.glossary_definitions:
            reference["reftitle"] = app.glossary_definitions[anchor]
            reference["classes"].append("term-link")


def setup(app):
    app.connect("doctree-resolved", add_tooltips)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
