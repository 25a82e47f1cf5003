"""The list of pages at the left leaves out the functions of other subjects: they are most of the weight of a page.

A page of the reference shows its neighbours; all others show the subjects, whose pages list the functions.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

# The switch that unfolds a list, and a list of generated pages of which none is the current one.
FUNCTIONS = re.compile(
    r"<input[^>]*>\s*<label[^>]*>(?:(?!</label>).)*</label>\s*<ul[^>]*>"
    r'(?:\s*<li class="toctree-l\d">\s*<a class="reference internal" href="(?:[^"]*generated/)?panelvar\.[^"/]*\.html">'
    r"(?:(?!</a>).)*</a>\s*</li>)+\s*</ul>",
    re.DOTALL,
)


def prune(app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Shorten the tree that the theme has made."""
    if tree := context.get("furo_navigation_tree"):
        context["furo_navigation_tree"] = FUNCTIONS.sub("", tree)


def setup(app: Sphinx) -> dict[str, bool]:
    """Come after the theme."""
    app.connect("html-page-context", prune, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
