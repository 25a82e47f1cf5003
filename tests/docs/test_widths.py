"""Code and what it printed fit the column of a page: at most 88 letters a line."""

from __future__ import annotations

import re

import pytest
from docs.built_pages import ROOT
from docs.test_executed_pages import notebooks

DOCS = ROOT / "docs"
WIDEST = 88
MADE = {"_build", "generated", "presets", "stories"}
FENCE = re.compile(r"^(```+)(?:\{code-cell\}|python)[^\n]*\n(.*?)^\1", re.MULTILINE | re.DOTALL)
# Options of a cell, which no reader sees.
OPTIONS = re.compile(r"\A(?:---\n.*?\n---\n|(?::[^\n]*\n)+)", re.DOTALL)
# The text of a story before its first line of code.
HEAD = re.compile(r'\A""".*?"""', re.DOTALL)
COLUMNS = re.compile(r"\S {2,}\S")


def wide(text: str) -> list[str]:
    return [line for line in text.splitlines() if len(line) > WIDEST]


def test_the_code_of_pages_fits_their_column():
    found = {
        path.relative_to(DOCS).as_posix(): lines
        for path in sorted(DOCS.rglob("*.md"))
        if not MADE & set(path.relative_to(DOCS).parts)
        for lines in [wide("".join(OPTIONS.sub("", code) for _, code in FENCE.findall(path.read_text("utf-8"))))]
        if lines
    }
    assert found == {}


def test_the_code_of_stories_fits_their_column():
    found = {
        path.name: [line for line in wide(HEAD.sub("", path.read_text("utf-8"))) if not line.startswith("#")]
        for path in sorted((DOCS / "gallery").glob("plot_*.py"))
    }
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.built
def test_printed_columns_fit_their_page():
    """Sentences that are printed wrap, as does LaTeX; columns cannot."""
    found = [
        (page, number, line)
        for page, cells in notebooks().items()
        for number, cell in enumerate(cells)
        for output in cell.get("outputs", ())
        if "text/html" not in output.get("data", ()) and "image/svg+xml" not in output.get("data", ())
        for line in wide("".join(output.get("text", output.get("data", {}).get("text/plain", ""))))
        if COLUMNS.search(line) and not line.endswith("\\\\")
    ]
    assert found == []
