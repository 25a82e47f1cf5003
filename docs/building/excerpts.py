"""Texts of the pages for the search: a browser that opens the site from the disk may not fetch the pages themselves."""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

from bs4 import BeautifulSoup, SoupStrainer
from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

NOISE = "h1, .headerlink, .page-notebook, .sphx-glr-download-link-note, .sphx-glr-footer, div.highlight, script, style"
# The rest of a page, the tree above all, would take most of the time.
MAIN = SoupStrainer(role="main")
LONGEST = 30_000
"""Characters of one page."""


def text_of(page: str) -> str:
    """What a page says, without its title, code and links to itself."""
    main = BeautifulSoup(page, "html.parser", parse_only=MAIN).select_one("[role=main]")
    if main is None:
        return ""
    for part in main.select(NOISE):
        part.decompose()
    return " ".join(main.get_text(" ").split())[:LONGEST]


def text_in(path: Path) -> str:
    """What the page of a file says."""
    return text_of(path.read_text(encoding="utf-8"))


def read(paths: list[Path], processes: int) -> list[str]:
    """What pages say, read by as many processes as the build has."""
    if processes < 2:
        return [text_in(path) for path in paths]
    with ProcessPoolExecutor(processes) as pool:
        return list(pool.map(text_in, paths, chunksize=10))


def write_excerpts(app: Sphinx, failed: Exception | None) -> None:
    """Write the texts as a script, which a page may load from the disk."""
    if failed is not None or app.builder.format != "html":
        return
    folder = Path(app.outdir)
    pages = {name: folder / f"{name}.html" for name in sorted(app.env.found_docs)}
    there = [name for name, path in pages.items() if path.exists()]
    texts = dict(zip(there, read([pages[name] for name in there], app.parallel), strict=True))
    content = f"const PAGES = {json.dumps(texts, ensure_ascii=False)};\n"
    (folder / "_static" / "excerpts.js").write_text(content, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx when to write them; and let it find the stem of each word once, not once a page."""
    SearchEnglish.stem = cache(SearchEnglish.stem)
    app.connect("build-finished", write_excerpts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
