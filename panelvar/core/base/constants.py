"""Published constants, such as critical values: tables that lie beside the code that uses them."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

import numpy as np

from panelvar.core.base.arrays import Array


def constants(room: str, table: str) -> list[dict[str, str]]:
    """Rows of a table of a room ("wing/room"), by column; lines that begin with # say where it is from."""
    text = files("panelvar").joinpath(*room.split("/"), "constants", f"{table}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


@cache
def numbers_by(room: str, table: str, *keys: str) -> dict[tuple[str, ...], Array]:
    """Numbers of a table's rows in the order of the columns, without blanks, by what the columns ``keys`` say."""
    found = {}
    for row in constants(room, table):
        key = tuple(row.pop(name) for name in keys)
        found[key] = np.array([float(value) for value in row.values() if value])
    return found
