"""The pages of source code lead back to the page of each object, whatever name the reference lists it by."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

BACK = re.compile(r'(<a class="viewcode-back" href="[^"#]*)#[^"]*"')


def lead_to_the_page(
    app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Take the place within the page from each link: viewcode guesses it from the module that it met first."""
    if name.startswith("_modules/"):
        context["body"] = BACK.sub(r'\1"', context["body"])


def setup(app: Sphinx) -> dict[str, bool]:
    """Join the step to the build."""
    app.connect("html-page-context", lead_to_the_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
