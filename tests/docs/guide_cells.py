"""What the cells of a guide leave: for tests that hold a page's claims against the truth of its simulation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt

GUIDES = Path(__file__).resolve().parents[2] / "docs" / "guide"
CELL = re.compile(r"^```\{code-cell\} python\n(?:---\n.*?^---\n)?(.*?)^```$", re.M | re.S)


def names_of(guide: str, *places: int) -> dict[str, Any]:
    """The names that the cells at these places leave, run one after the other; a table at the end is not made."""
    cells = CELL.findall((GUIDES / f"{guide}.md").read_text(encoding="utf-8"))
    names: dict[str, Any] = {}
    for place in places:
        exec(cells[place].partition("\npv.compare(")[0], names)
    plt.close("all")
    return names
