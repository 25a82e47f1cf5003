"""Formulas as MathML, made while the pages are built: a browser shows them without a network and without JavaScript."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

# Commands that the converter leaves as they are, in words that it knows.
UNKNOWN = {r"\arg": r"\operatorname{arg}", r"\lVert": "\N{DOUBLE VERTICAL LINE}", r"\rVert": "\N{DOUBLE VERTICAL LINE}"}
COMMAND = re.compile(r"\\[A-Za-z]+")
LEFT_OVER = re.compile(r">\\([A-Za-z]+|\|)<")

# What stands in an environment of its own has its own lines and columns.
ENVIRONMENT = re.compile(r"\\begin\{(\w+\*?)\}.*?\\end\{\1\}", re.DOTALL)

NAMESPACE = "http://www.w3.org/1998/Math/MathML"
THIN = "0.1667em"
# Functions that the converter writes as if they were variables.
FUNCTIONS = {"arg", "cos", "det", "dim", "exp", "ker", "lg", "ln", "log", "sin", "tan"}
# What browsers space as operators and TeX does not.
TIGHT = {"/", "|", *map(unicodedata.lookup, ("DOUBLE VERTICAL LINE", "HORIZONTAL ELLIPSIS", "DOWN TACK", "INFINITY"))}
PRIMES = {"\N{PRIME}", "\N{DOUBLE PRIME}"}
CLOSING = {")", "]", "}"}
# Elements whose first child bears the others, and all whose children have places: nothing may come between.
INDEXED = {"msub", "msup", "msubsup", "munder", "mover", "munderover"}
PLACED = INDEXED | {"mfrac", "mroot", "mtable", "mtr"}


def core(element: ElementTree.Element) -> ElementTree.Element:
    """What bears the indices and accents of an element."""
    while element.tag.rpartition("}")[2] in INDEXED and len(element):
        element = element[0]
    return element


def text_of(element: ElementTree.Element) -> str:
    """The character or name that an element shows; nothing for a group."""
    return (element.text or "").strip() if not len(element) else ""


def is_operator(element: ElementTree.Element) -> bool:
    """Whether the browser spaces the element by itself."""
    return core(element).tag.endswith("}mo")


def is_function(element: ElementTree.Element) -> bool:
    """Whether it is the name of a function, such as log."""
    name = text_of(core(element))
    return name in FUNCTIONS or (is_operator(element) and name.isalpha())


def needs_space(before: ElementTree.Element, after: ElementTree.Element) -> bool:
    """Whether a thin space belongs between two neighbours, of which one is the name of a function."""
    if is_function(before):
        return is_function(after) or not is_operator(after) or text_of(core(after)) == "|"
    return is_function(after) and (not is_operator(before) or text_of(core(before)) in CLOSING)


def lower_prime(element: ElementTree.Element) -> None:
    """Set the prime of X' beside X: the character is raised already, and as an index it would fly off."""
    kind = element.tag.rpartition("}")[2]
    if kind not in {"msup", "msubsup"}:
        return
    base, *lower, prime = element
    while len(prime) == 1:
        prime = prime[0]
    if text_of(prime) not in PRIMES:
        return
    primed = ElementTree.Element(f"{{{NAMESPACE}}}mrow")
    mark = ElementTree.Element(f"{{{NAMESPACE}}}mo", lspace="0", rspace="0")
    mark.text = text_of(prime)
    primed.extend([base, mark])
    element[:] = [primed, *lower] if lower else [base, mark]
    element.tag = f"{{{NAMESPACE}}}{'msub' if lower else 'mrow'}"


def spaced(made: str) -> str:
    """The converter's MathML as TeX sets it: spaces about names of functions, slashes, bars and dots, and primes."""
    root = ElementTree.fromstring(made)
    for element in list(root.iter()):
        lower_prime(element)
        if element.tag.endswith("}mi") and element.text == "~":
            element.tag, element.text = f"{{{NAMESPACE}}}mo", "\N{TILDE OPERATOR}"
        if element.tag.rpartition("}")[2] not in PLACED:
            for before, after in reversed(list(pairwise(element))):
                if needs_space(before, after):
                    space = ElementTree.Element(f"{{{NAMESPACE}}}mspace", width=THIN)
                    element.insert(list(element).index(after), space)
    for element in root.iter():
        if element.tag.endswith("}mo") and (text_of(element) in TIGHT or is_function(element)):
            element.set("lspace", "0")
            element.set("rspace", "0")
    ElementTree.register_namespace("", NAMESPACE)
    return ElementTree.tostring(root, encoding="unicode", short_empty_elements=False)


def in_lines(tex: str) -> str:
    """The formula with its lines and columns in the environment that the converter knows."""
    known = tex.replace("{aligned}", "{align*}")
    outside = ENVIRONMENT.sub("", known)
    return rf"\begin{{align*}}{known}\end{{align*}}" if "&" in outside or r"\\" in outside else known


def mathml(tex: str, display: str) -> str:
    """The MathML of a formula, which keeps the TeX as its label; what cannot be read fails the build."""
    known = COMMAND.sub(lambda found: UNKNOWN.get(found[0], found[0]), in_lines(tex))
    try:
        made = convert(known, display=display)
        set_as = spaced(made)
    except Exception as problem:
        raise ExtensionError(f"This formula cannot be read: {tex}") from problem
    if left := LEFT_OVER.search(made):
        raise ExtensionError(f"The command {left[0][1:-1]} of this formula cannot be read: {tex}")
    quoted = escape(" ".join(tex.split()), {'"': "&quot;"})
    return set_as.replace("<math ", f'<math aria-label="{quoted}" ', 1)


def visit_inline(translator: Any, node: nodes.math) -> None:
    """A formula in a line of text, which does not end before the hyphen of "h-step"."""
    translator.body.append(mathml(node.astext(), "inline"))
    following = node.next_node(descend=False, siblings=True)
    if isinstance(following, nodes.Text) and following.startswith("-"):
        translator.body.append("\N{WORD JOINER}")
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
