"""The face of the project: its evidence, figures and citation are those of today."""

from __future__ import annotations

import importlib.util
import re

import pytest
from docs.built_pages import ROOT

README, LANDING = ROOT / "README.md", ROOT / "docs" / "index.md"


def numbers_reproduced() -> tuple[int, int]:
    """Numbers with decimals that agree to eight digits, and those that are compared less closely."""
    pages = (ROOT / "docs" / "evidence").rglob("*.md")
    (row,) = [line for page in pages for line in page.read_text(encoding="utf-8").splitlines() if "| **all** |" in line]
    cells = row.replace(",", "").partition("**all**")[2].split("|")[2:]
    compared, _, _, wider, printed, *_ = map(str.strip, cells)
    return int(compared), int(wider) + int(printed)


@pytest.mark.parametrize("page", [README, LANDING], ids=["README", "landing"])
def test_the_evidence_claimed_is_what_the_page_of_parity_counts(page):
    text = page.read_text(encoding="utf-8")
    closely, less = (count // 10_000 * 10_000 for count in numbers_reproduced())
    assert re.findall(r"[Mm]ore than ([\d,]+) numbers", text) == [f"{closely:,}"]
    assert f"{less:,} more agree" in text


def readme_figures():
    spec = importlib.util.spec_from_file_location("readme_figures", ROOT / "docs" / "building" / "readme_figures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_figures_of_the_readme_are_drawn_by_its_code():
    """A changed block needs ``python -m docs.building.readme_figures``."""
    figures = readme_figures()
    made = figures.pictures()
    assert len(made) == 2
    for picture, code in made.items():
        assert figures.digest(code) in (ROOT / picture).read_text(encoding="utf-8")


def test_the_landing_shows_eight_lines_for_a_regression_and_a_var():
    cells = re.findall(
        r"^```\{code-cell\} python\n---\n.*?^---\n(.*?)^```", LANDING.read_text(encoding="utf-8"), re.M | re.S
    )
    assert len(cells) == 2
    assert sum(len(cell.splitlines()) for cell in cells) == 8
    assert max(len(line) for cell in cells for line in cell.splitlines()) <= 80


def test_the_citation_is_of_this_version():
    given = dict(re.findall(r"^([\w-]+): *(.*)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.M))
    declared = dict(
        re.findall(r'^(version|license) = "(.*)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.M)
    )
    assert given["cff-version"] == "1.2.0"
    assert given["version"] == declared["version"]
    assert given["license"] == declared["license"]
    assert {"message", "title", "authors"} <= set(given)
