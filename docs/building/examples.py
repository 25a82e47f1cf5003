"""Examples of docstrings that draw show their figure: matplotlib's own directive draws it while the page is read.

The sentence before the code says what is seen, and is the figure's alternative text.
"""

from __future__ import annotations

import doctest
import re
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

LIBRARY = Path(__file__).resolve().parents[2] / "panelvar"
DRAWS = re.compile(r"\.plot(?:_\w+)?\(")
MARKUP = re.compile(r"[`*]")


def paragraphs(lines: list[str]) -> list[list[str]]:
    """A docstring cut at its empty lines."""
    return [list(part) for filled, part in groupby(lines, key=lambda line: bool(line.strip())) if filled]


def with_figures(lines: list[str]) -> list[str]:
    """A docstring with a figure after each block of code that draws; the blocks before it are run first.

    Raises
    ------
    ValueError
        If no sentence before the block says what its figure shows.
    """
    shown: list[str] = []
    code, said = "", ""
    for part in paragraphs(lines):
        shown += [*part, ""]
        block = "\n".join(part)
        if not block.lstrip().startswith(">>> "):
            said = " ".join(line.strip() for line in part)
            continue
        new = "".join(example.source for example in doctest.DocTestParser().get_examples(block))
        code += new
        if DRAWS.search(new):
            if not said or said.startswith(".. "):
                raise ValueError(f"a sentence before {new.splitlines()[-1]!r} must say what is drawn")
            alt = MARKUP.sub("", said).rstrip(":.")
            # A context is drawn whenever its page is read; without one a figure that exists would do.
            shown += [".. plot::", "   :context: reset", f"   :alt: {alt}", ""]
            shown += [f"   {line}" for line in code.splitlines()] + [""]
    return shown


def draw(app: Sphinx, what: str, name: str, thing: object, options: Any, lines: list[str]) -> None:
    """Add the figures to the text that numpydoc has made of a docstring."""
    if not DRAWS.search("\n".join(lines)):
        return
    from sphinx.util import logging

    try:
        lines[:] = with_figures(lines)
    except ValueError as error:
        logging.getLogger(__name__).warning("%s: %s", name, error)
    # What a figure shows may change with any module.
    for path in LIBRARY.rglob("*.py"):
        app.env.note_dependency(str(path))


def setup(app: Sphinx) -> dict[str, bool]:
    """Come after numpydoc; bring the directive."""
    app.setup_extension("matplotlib.sphinxext.plot_directive")
    app.connect("autodoc-process-docstring", draw, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
