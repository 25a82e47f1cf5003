"""Published constants, such as critical values: tables that lie beside the code that uses them."""

from __future__ import annotations

import csv
from importlib.resources import files


def constants(room: str, table: str) -> list[dict[str, str]]:
    """Rows of a table of a room ("wing/room"), by column; lines that begin with # say where it is from."""
    text = files("panelvar").joinpath(*room.split("/"), "constants", f"{table}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
