"""Examples that draw: the reference shows their figures, and says what is seen to those who do not see them."""

from __future__ import annotations

import inspect
import pkgutil
import re
import runpy
from pathlib import Path

import pytest
from docs.built_pages import HTML, read

ROOT = Path(__file__).resolve().parents[2]
BUILDER = runpy.run_path(str(ROOT / "docs" / "building" / "examples.py"))
PAGES = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "api").glob("*.md"))
LISTED = {name: pkgutil.resolve_name(name) for name in re.findall(r"^ {3}(panelvar\.[\w.]+)$", PAGES, re.MULTILINE)}
DRAWING = [
    name
    for name, thing in LISTED.items()
    if name.startswith("panelvar.plot_") or (inspect.isclass(thing) and hasattr(thing, "plot"))
]


def test_a_figure_follows_the_code_that_draws_it_and_needs_all_code_before():
    text = ["Draw.", "", "The `data`:", "", ">>> x = 1", ">>> x", "1", "", "All of", "them:", "", ">>> x.plot()", "2"]
    added = [line for line in BUILDER["with_figures"](text)[len(text) + 1 :] if line]
    assert BUILDER["with_figures"](text)[: len(text)] == text
    assert added == [
        ".. plot::",
        "   :context: reset",
        "   :alt: All of them",
        "   x = 1",
        "   x",
        "   x.plot()",
    ]


def test_what_a_figure_shows_must_be_said():
    with pytest.raises(ValueError, match=r"x.plot\(\)"):
        BUILDER["with_figures"]([".. rubric:: Examples", "", ">>> x.plot()"])


def test_there_are_plots():
    assert len(DRAWING) > 25


@pytest.mark.parametrize("name", DRAWING)
def test_the_example_draws_and_says_what(name):
    lines = BUILDER["with_figures"]((inspect.getdoc(LISTED[name]) or "").splitlines())
    said = [line.partition(":alt: ")[2] for line in lines if ":alt: " in line]
    assert said
    assert all(len(each.split()) > 4 for each in said)


@pytest.mark.built
@pytest.mark.parametrize("name", DRAWING)
def test_the_page_shows_the_figure(name):
    page = read(HTML / "api" / "generated" / f"{name}.html")
    drawn = [text for address, text in page.pictures if f"/{name.replace('.', '-')}-" in address]
    assert drawn
    assert all(drawn)
