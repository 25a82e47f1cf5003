"""Texts of the pages for the search: a browser that opens the site from the disk may not fetch the pages themselves."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from lxml.html import document_fromstring
from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

CLASSES = ("headerlink", "page-notebook", "sphx-glr-download-link-note", "sphx-glr-footer", "highlight")
NOISE = " | ".join(
    [".//h1", ".//script", ".//style", *(f".//*[contains(concat(' ', @class, ' '), ' {name} ')]" for name in CLASSES)]
)
LONGEST = 30_000
"""Characters of one page."""


def text_of(page: str) -> str:
    """What a page says, without its title, code and links to itself."""
    found = document_fromstring(page).xpath("//*[@role='main']")
    if not found:
        return ""
    main = found[0]
    for part in main.xpath(NOISE):
        if part.getparent() is not None:
            part.drop_tree()
    return " ".join(" ".join(main.itertext()).split())[:LONGEST]


def write_excerpts(app: Sphinx, failed: Exception | None) -> None:
    """Write the texts as a script, which a page may load from the disk."""
    if failed is not None or app.builder.format != "html":
        return
    folder = Path(app.outdir)
    pages = {name: folder / f"{name}.html" for name in sorted(app.env.found_docs)}
    texts = {name: text_of(path.read_text(encoding="utf-8")) for name, path in pages.items() if path.exists()}
    content = f"const PAGES = {json.dumps(texts, ensure_ascii=False)};\n"
    (folder / "_static" / "excerpts.js").write_text(content, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx when to write them; and let it find the stem of each word once, not once a page."""
    SearchEnglish.stem = cache(SearchEnglish.stem)
    app.connect("build-finished", write_excerpts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
