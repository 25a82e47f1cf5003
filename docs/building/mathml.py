"""Formulas as MathML, made while the pages are built: a browser shows them without a network and without JavaScript."""

from __future__ import annotations

import re
from typing import Any
from xml.sax.saxutils import escape

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

# Commands that the converter leaves as they are, in words that it knows.
UNKNOWN = {r"\arg": r"\operatorname{arg}", r"\lVert": "\N{DOUBLE VERTICAL LINE}", r"\rVert": "\N{DOUBLE VERTICAL LINE}"}
COMMAND = re.compile(r"\\[A-Za-z]+")
LEFT_OVER = re.compile(r">\\([A-Za-z]+|\|)<")


def mathml(tex: str, display: str) -> str:
    """The MathML of a formula, which keeps the TeX as its label; what cannot be read fails the build."""
    try:
        made = convert(COMMAND.sub(lambda found: UNKNOWN.get(found[0], found[0]), tex), display=display)
    except Exception as problem:
        raise ExtensionError(f"This formula cannot be read: {tex}") from problem
    if left := LEFT_OVER.search(made):
        raise ExtensionError(f"The command {left[0][1:-1]} of this formula cannot be read: {tex}")
    quoted = escape(" ".join(tex.split()), {'"': "&quot;"})
    return made.replace("<math ", f'<math aria-label="{quoted}" ', 1)


def visit_inline(translator: Any, node: nodes.math) -> None:
    """A formula in a line of text."""
    translator.body.append(mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def visit_block(translator: Any, node: nodes.math_block) -> None:
    """A formula on a line of its own, with its number if it has one."""
    translator.body.append(translator.starttag(node, "div", CLASS="math"))
    if node["number"]:
        translator.body.append(f'<span class="eqno">({node["number"]})')
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    translator.body.append(mathml(node.astext(), "block"))
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Offer the renderer to Sphinx, which `html_math_renderer = "mathml"` chooses."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
