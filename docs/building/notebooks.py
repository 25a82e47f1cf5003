"""Every executed page can be taken home as a notebook: the link at its head, and the copies in plain Markdown."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import Any

import nbformat
from building.plain_markdown import Words, plain
from docutils import nodes
from jupyter_cache import get_cache
from pybtex.database import Entry
from sphinx.application import Sphinx

FOLDER = "_notebooks"
# The landing page shows; what one takes home begins behind it.
LANDING = "index"
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
    notebook = executed(app) / f"{name}.ipynb"
    if name == LANDING or doctree is None or not notebook.is_file() or not context.get("body"):
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


def author_and_year(entry: Entry) -> tuple[str, str]:
    """How the pages cite a work."""
    names = [
        " ".join(map(str, (*person.rich_prelast_names, *person.rich_last_names))) for person in entry.persons["author"]
    ]
    return f"{names[0]} et al." if len(names) > 2 else " and ".join(names), entry.fields["year"]


def words_of(app: Sphinx, page: str) -> Words:
    """What the roles and directives of a page stand for."""
    works = app.env.domains["cite"].bibdata.data.entries
    folder = dirname(page)

    def title(name: str) -> str:
        # A build of a few pages knows no titles of others.
        found = app.env.titles.get(normpath(join("/", folder, name))[1:])
        return name if found is None else found.astext()

    return Words(
        {key: author_and_year(entry) for key, entry in works.items()},
        title,
        lambda file: (Path(app.srcdir) / folder / file).read_text(encoding="utf-8"),
    )


def leave_figures_out(notebook: nbformat.NotebookNode) -> None:
    """Whoever runs the notebook has its figures, which are most of its weight; what was printed stays."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            output.get("data", {}).pop("image/svg+xml", None)


def copy(app: Sphinx, problem: Exception | None) -> None:
    """Write the notebooks beside the pages, their text in the Markdown that notebooks show."""
    if problem is not None or app.builder.format != "html" or not executed(app).is_dir():
        return
    for path in executed(app).rglob("*.ipynb"):
        page = path.relative_to(executed(app)).with_suffix("").as_posix()
        if page not in app.env.found_docs or page == LANDING:
            continue
        notebook = nbformat.read(path, as_version=4)
        words = words_of(app, page)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = plain(cell.source, words)
        notebook.cells = [cell for cell in notebook.cells if cell.source]
        leave_figures_out(notebook)
        copied = Path(app.outdir) / FOLDER / f"{page}.ipynb"
        copied.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, copied)


def setup(app: Sphinx) -> dict[str, bool]:
    """Join the steps to the build."""
    app.connect("html-page-context", add_link)
    app.connect("build-finished", fill, priority=400)
    app.connect("build-finished", copy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
