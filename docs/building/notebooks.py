"""Every executed page can be taken home as a notebook: the copies, and the link at its head."""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import nbformat
from docutils import nodes
from jupyter_cache import get_cache
from sphinx.application import Sphinx

FOLDER = "_notebooks"
LINK = '<p class="page-notebook"><a href="{address}" download>Download this page as a notebook</a>{files}</p>\n'
FILES = " (it reads files of <code>{folder}</code>: run it at the root of a clone)"
# Files that only a clone has.
READ = re.compile(r"\"((?:examples|tests)/[^\"]*)/[^/\"]+\"")


def executed(app: Sphinx) -> Path:
    """Where myst-nb leaves the notebooks that it has run."""
    return Path(app.outdir).parent / "jupyter_execute"


def what_it_reads(notebook: Path) -> str:
    """What the link says of the files of a clone that the code reads."""
    code = "".join(cell.source for cell in nbformat.read(notebook, as_version=4).cells if cell.cell_type == "code")
    return "".join(FILES.format(folder=folder) for folder in dict.fromkeys(READ.findall(code)))


def add_link(app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Put the link below the title of a page that was executed."""
    # The landing page shows; what one takes home begins behind it.
    notebook = executed(app) / f"{name}.ipynb"
    if name == "index" or doctree is None or not notebook.is_file() or not context.get("body"):
        return
    address = context["pathto"](f"{FOLDER}/{name}.ipynb", resource=True)
    head, end, rest = context["body"].partition("</h1>\n")
    context["body"] = head + end + LINK.format(address=address, files=what_it_reads(notebook)) + rest


def fill(app: Sphinx, problem: Exception | None) -> None:
    """Give notebooks the outputs of their pages where these come from the cache: myst-nb writes them without."""
    if problem is not None or not executed(app).is_dir():
        return
    cache = get_cache(app.config.nb_execution_cache_path)
    for path in executed(app).rglob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        if not any(cell.get("outputs") for cell in notebook.cells):
            with suppress(KeyError):  # a page that is gone, or that has no code
                nbformat.write(cache.merge_match_into_notebook(notebook)[1], path)


def copy(app: Sphinx, problem: Exception | None) -> None:
    """Copy the notebooks beside the pages."""
    if problem is None and app.builder.format == "html" and executed(app).is_dir():
        shutil.copytree(executed(app), Path(app.outdir) / FOLDER, dirs_exist_ok=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """Join the steps to the build."""
    app.connect("html-page-context", add_link)
    app.connect("build-finished", fill, priority=400)
    app.connect("build-finished", copy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
