"""Keeps pages light while they are built: what they hold is written and read again several times."""

from __future__ import annotations

import gc

from docutils import nodes
from sphinx.application import Sphinx

NEW_OBJECTS = 200_000
"""Objects made between two searches for cycles, which go through all pages in memory."""


def keep_one_document(app: Sphinx, page: nodes.document) -> None:
    """Have all parts of a page know the page alone.

    Cells of tables of functions are parsed as documents that stay with them, whose settings hold all that is known of
    the site (5 MB a page, with the source of every module).
    """
    for node in page.findall(nodes.Element):
        if node is not page:
            node.document = page


def setup(app: Sphinx) -> dict[str, bool]:
    """Come first, when a page has been read."""
    gc.set_threshold(NEW_OBJECTS, 20, 20)
    app.connect("doctree-read", keep_one_document, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
