"""Every table of constants says where it is from, and what it was checked against or which command makes it."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from panelvar.core.base.constants import constants

TABLES = sorted(Path(str(files("panelvar"))).glob("*/*/constants/*.csv"))


def test_there_are_tables():
    assert len(TABLES) > 10


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_the_head_says_where_numbers_are_from(path: Path):
    lines = path.read_text(encoding="utf-8").splitlines()
    first = next(place for place, line in enumerate(lines) if not line.startswith("#"))
    head = " ".join(line.removeprefix("#").strip() for line in lines[:first])
    assert "Checked: " in head or "simulation" in head
    assert not any(line.startswith("#") for line in lines[first:])


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_every_row_is_whole(path: Path):
    rows = constants("/".join(path.parts[-4:-2]), path.stem)
    assert rows and all(None not in row and None not in row.values() for row in rows)
