"""The list of pages at the left leaves out what other pages list better, and what is most of the weight of a page.

Stories stand in the gallery as pictures, pages of programs in a table: both are unfolded only beside themselves.
A page of the reference shows its neighbours; all others show the subjects, whose pages list the functions.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

# Pages that list others themselves.
INDEXES = ("stories/index", "coming_from/index")

# The switch that unfolds a list.
SWITCH = r"<input[^>]*>\s*<label[^>]*>(?:(?!</label>).)*</label>\s*"
# A list of generated pages of which none is the current one.
FUNCTIONS = re.compile(
    rf"{SWITCH}<ul[^>]*>"
    r'(?:\s*<li class="toctree-l\d">\s*<a class="reference internal" href="(?:[^"]*generated/)?panelvar\.[^"/]*\.html">'
    r"(?:(?!</a>).)*</a>\s*</li>)+\s*</ul>",
    re.DOTALL,
)
# An entry that is not above the current page, with a list that has no further lists in it.
FOLDED = re.compile(
    rf'(<a class="reference internal" href="(?:\.\./)*(?:{"|".join(INDEXES)})\.html">(?:(?!</a>).)*</a>)'
    rf"{SWITCH}<ul>(?:(?!</?ul).)*</ul>",
    re.DOTALL,
)


def shorten(tree: str) -> str:
    """The tree of the theme without those lists."""
    return FOLDED.sub(r"\1", FUNCTIONS.sub("", tree))


def prune(app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Shorten the tree that the theme has made."""
    if tree := context.get("furo_navigation_tree"):
        context["furo_navigation_tree"] = shorten(tree)


def setup(app: Sphinx) -> dict[str, bool]:
    """Come after the theme."""
    app.connect("html-page-context", prune, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
