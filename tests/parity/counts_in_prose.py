"""The paragraph of the README and the landing page that counts what agrees: written from the counts, never by hand."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", ROOT / "docs" / "index.md")
MARK = "<!-- `python -m tests.parity.report` writes the next paragraph. -->\n"
WIDTH = 120


def paragraph(compared: int, wholes: int, wider: int, printed: int) -> str:
    """What agrees, in words; the four counts are columns of the page of parity."""
    text = (
        f"In the tests, {compared:,} numbers with decimals that R, Python packages, gretl, Stata and books gave come "
        f"out to eight digits, and so do {wholes:,} whole numbers (rows, lags, zeros). Of {wider + printed:,} more, "
        f"{printed:,} agree in every digit that was printed, and {wider:,} within a wider tolerance, each for a stated "
        "reason."
    )
    return textwrap.fill(text, WIDTH) + "\n"


def with_counts(page: str, counted: str) -> str:
    """The page with ``counted`` in the place of the paragraph that follows its mark."""
    replaced, times = re.subn(f"(?<={re.escape(MARK)})(?:.+\n)+", counted, page)
    if times != 1:
        raise ValueError(f"The page has {times} marked paragraphs, not one.")
    return replaced


def counts_of_the_page() -> dict[str, int]:
    """The last row of the page of parity, by column."""
    lines = (ROOT / "docs" / "evidence" / "parity.md").read_text(encoding="utf-8").splitlines()
    (head,) = [line for line in lines if line.startswith("| program |")]
    (last,) = [line for line in lines if line.startswith("| **all** |")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in (head, last)]
    whole = [(name, cell.replace(",", "")) for name, cell in zip(*cells, strict=True)]
    return {name: int(cell) for name, cell in whole if cell.isdigit()}
