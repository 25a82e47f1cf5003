"""Notebooks to take home: their text is Markdown that every notebook shows."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path

import pytest
from docs.built_pages import HTML

ROOT = Path(__file__).resolve().parents[2]
BUILDER = runpy.run_path(str(ROOT / "docs" / "building" / "plain_markdown.py"))
WORDS = BUILDER["Words"](
    {"nickell1981": ("Nickell", "1981"), "breitung2022": ("Breitung et al.", "2022")},
    {"/stories/jobs": "Jobs and wages"}.__getitem__,
    {"../table.md": "| {term}`lag` |"}.__getitem__,
)


def plain(text: str) -> str:
    return BUILDER["plain"](text, WORDS)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{term}`difference GMM`, {term}`weak <weak instrument>`", "difference GMM, weak"),
        ("{py:func}`~panelvar.fit_var`, {py:class}`panelvar.Panel`", "`fit_var`, `panelvar.Panel`"),
        ("{py:func}`fits <panelvar.fit_many>`", "fits"),
        ("{doc}`/stories/jobs`, {doc}`a\nstory </stories/jobs>`", "Jobs and wages, a story"),
        ("{cite:t}`nickell1981,breitung2022`", "Nickell (1981), Breitung et al. (2022)"),
        ("as {cite:p}`nickell1981,breitung2022`.", "as (Nickell, 1981; Breitung et al., 2022)."),
        (
            "[the `Panel` page](../guide/x.md#y), [here](https://example.org)",
            "the `Panel` page, [here](https://example.org)",
        ),
        ("`[a](b)` and ``{term}`x` ``", "`[a](b)` and ``{term}`x` ``"),
        ("one <!-- said\nto writers -->two", "one two"),
    ],
)
def test_roles_and_links_become_their_words(written, expected):
    assert plain(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (
            ":::{dropdown} How {term}`GMM` works\n:class-container: rows\n\n- [a](b.md)\n:::\nAfter",
            "**How GMM works**\n\n- a\n\nAfter",
        ),
        (
            ":::{admonition} When not to\n:class: warning\nNever.\n\n```r\nlm(y ~ x)\n```\n:::",
            "> **When not to**\n>\n> Never.\n>\n> ```r\n> lm(y ~ x)\n> ```",
        ),
        (":::{note}\nHere.\n:::", "> **Note**\n>\n> Here."),
        ("::::{div} wide\n:::{dropdown} In\nText\n:::\nMore\n::::", "**wide**\n\n**In**\n\nText\n\nMore"),
        ("Before\n```{toctree}\na\n```\n```{include} ../table.md\n```", "Before\n\n| lag |"),
        ("```python\nx = '{term}`x` [a](b)'\n```", "```python\nx = '{term}`x` [a](b)'\n```"),
        ("````md\n```{note}\n```\n````", "````md\n```{note}\n```\n````"),
    ],
)
def test_directives_become_a_heading_and_what_they_hold(written, expected):
    assert plain(written) == expected


@pytest.mark.built
def test_no_notebook_shows_what_only_sphinx_understands():
    notebooks = sorted((HTML / "_notebooks").rglob("*.ipynb"))
    assert len(notebooks) > 50
    raw = {
        path.name: found
        for path in notebooks
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "markdown"
        for found in re.findall(
            r"\{[\w:-]+\}`.*|^ *:::.*|^ *```\{.*|\]\((?![a-z]+:).*", "".join(cell["source"]), flags=re.MULTILINE
        )
    }
    assert raw == {}


@pytest.mark.built
def test_every_page_whose_code_runs_has_a_notebook():
    """As the page on installation says; the landing page is no page to take home."""
    docs = ROOT / "docs"
    made = {"_build", "stories", "generated", "presets"}
    sources = [
        path
        for path in docs.rglob("*.md")
        if not made & set(path.relative_to(docs).parts)
        and path != docs / "index.md"
        and "```{code-cell}" in path.read_text(encoding="utf-8")
    ]
    assert len(sources) > 30
    built = [HTML / path.relative_to(docs).with_suffix(".html") for path in sources]
    assert [page.name for page in built if 'class="page-notebook"' not in page.read_text(encoding="utf-8")] == []
