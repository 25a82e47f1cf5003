"""The pages of source code are light, and lead back to the page of each object by whatever name it is listed."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

BACK = re.compile(r'(<a class="viewcode-back" href="[^"#]*)#[^"]*"')
# Names, operators, brackets and spaces look like the text; they are most of the tags. So are the lines of a docstring.
PLAIN = re.compile(r'<span class="(?:n|o|p|w)">([^<]*)</span>')
LINES = '</span>\n<span class="sd">'


def lead_to_the_page(
    app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Take the place within the page from each link, which viewcode guesses from the module that it met first."""
    if name.startswith("_modules/"):
        body = PLAIN.sub(r"\1", BACK.sub(r'\1"', context["body"]))
        context["body"] = body.replace(LINES, "\n")


def setup(app: Sphinx) -> dict[str, bool]:
    """Join the step to the build."""
    app.connect("html-page-context", lead_to_the_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
