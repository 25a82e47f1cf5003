"""The pages that ran while they were built: warnings where they were announced, and the numbers of their prose."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from docs.built_pages import ROOT, BuiltPage, built_pages

EXECUTED = ROOT / "docs" / "_build" / "jupyter_execute"
ELSEWHERE = Path(__file__).parent / "numbers_from_elsewhere.csv"
NUMBER = re.compile(r"(?<![\w.,/])[-−]?(?:\d[\d,]*)?\.\d+(?:e[-+]?\d+)?(?![\w.]\d)")


def notebooks() -> dict[str, list[dict]]:
    """The cells of each executed page."""
    found = {
        path.relative_to(EXECUTED).with_suffix("").as_posix(): json.loads(path.read_text(encoding="utf-8"))["cells"]
        for path in sorted(EXECUTED.rglob("*.ipynb"))
    }
    if not found:
        raise FileNotFoundError(f"{EXECUTED} holds no page: build the documentation first (the README has the command)")
    return found


def said_on_stderr(cell: dict) -> str:
    return "".join("".join(each["text"]) for each in cell.get("outputs", ()) if each.get("name") == "stderr")


@pytest.mark.built
def test_cells_warn_where_the_page_announces_it_and_nowhere_else():
    wrong = []
    for page, cells in notebooks().items():
        for number, cell in enumerate(cells):
            announced = "warns" in cell["metadata"].get("tags", ())
            if bool(said_on_stderr(cell)) != announced:
                wrong.append((page, number, said_on_stderr(cell)[:200] or "nothing"))
    assert wrong == []


@pytest.mark.built
def test_every_executed_page_shows_what_it_prints():
    assert [page for page, cells in notebooks().items() if not any(cell.get("outputs") for cell in cells)] == []


@pytest.mark.built
def test_every_guide_has_a_figure():
    guides = {page: cells for page, cells in notebooks().items() if page.startswith("guide/")}
    assert guides
    figures = {
        page: sum("image/svg+xml" in each.get("data", ()) for cell in cells for each in cell.get("outputs", ()))
        for page, cells in guides.items()
    }
    assert [page for page, count in figures.items() if not count] == []


def value(text: str) -> float:
    return abs(float(text.replace(",", "").replace("−", "-")))


def decimals(text: str) -> int:
    return len(text.partition("e")[0].partition(".")[2])


def unexplained(page: BuiltPage, elsewhere: set[str]) -> list[str]:
    """The decimal numbers of the prose that no output of the page rounds to, and that come from nowhere else."""
    printed = [value(found) for found in re.findall(r"[-−]?(?:\d[\d,]*)?\.?\d+(?:e[-+]?\d+)?", "\n".join(page.outputs))]
    missing = []
    for found in NUMBER.findall(" ".join(page.prose)):
        near = 0.5 * 10.0 ** -decimals(found) * (1.0 + 1e-9)
        wanted = value(found)
        if found.lstrip("-−") in elsewhere or any(
            abs(each - wanted) <= near or abs(100.0 * each - wanted) <= near for each in printed
        ):
            continue
        missing.append(found)
    return missing


def told() -> dict[str, set[str]]:
    """Numbers that pages take from elsewhere: a table that a simulation wrote, or a source that is named."""
    numbers: dict[str, set[str]] = {}
    for page in (ROOT / "docs" / "guide").glob("*.md"):
        for path in re.findall(
            r"^```\{include\} (.*/tests/simulation/.*\.md)$", page.read_text(encoding="utf-8"), re.M
        ):
            found = NUMBER.findall((page.parent / path).read_text(encoding="utf-8"))
            numbers.setdefault(f"guide/{page.stem}", set()).update(each.lstrip("-−") for each in found)
    with ELSEWHERE.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            assert row["source"].strip(), row
            numbers.setdefault(row["page"], set()).add(row["number"])
    return numbers


@pytest.mark.built
def test_numbers_in_prose_are_those_that_the_page_printed():
    sources = told()
    ran = set(notebooks())
    pages = [page for page in built_pages() if page.outputs and page.name.removesuffix(".html") in ran | set(stories())]
    assert pages
    found = {
        page.name: unexplained(page, sources.get(page.name.removesuffix(".html"), set()) | sources.get("*", set()))
        for page in pages
    }
    assert {name: numbers for name, numbers in found.items() if numbers} == {}


def stories() -> list[str]:
    """The pages of the gallery."""
    return [page.name.removesuffix(".html") for page in built_pages() if page.name.startswith("stories/plot_")]


def test_a_wrong_number_in_prose_is_found():
    page = BuiltPage(
        Path("x.html"), prose=["a slope of 0.312 or −1.50, at 12.5%, not 0.313"], outputs=["0.31249 -1.4951 .125"]
    )
    assert unexplained(page, set()) == ["0.313"]
    assert unexplained(page, {"0.313"}) == []
