"""A table in a file: the ending of its name says how it is written."""

from __future__ import annotations

import csv
import io
import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from panelvar.base.errors import SpecificationError
from panelvar.base.quoting import printable, shown
from panelvar.tables.document import render_document
from panelvar.tables.html import render_page
from panelvar.tables.latex import render_latex
from panelvar.tables.markdown import render_markdown
from panelvar.tables.spreadsheet import render_workbook
from panelvar.tables.text import render_text

if TYPE_CHECKING:
    from panelvar.tables.layout import Cell, Layout

# A spreadsheet takes what begins so for a formula.
_FORMULA = re.compile(r"^\s*[=+\-@]")


def save_table(table: Layout, path: object, label: str | None) -> None:
    """Write a table to a file; see `Presented.save`."""
    if not isinstance(path, (str, os.PathLike)) or not isinstance(os.fspath(path), str):
        raise SpecificationError(f"path={shown(path)} must be the name of a file, such as 'table.tex'.")
    target = Path(path)
    write = _WRITERS.get(target.suffix.lower())
    if write is None:
        raise SpecificationError(
            f"path={shown(str(path))} does not say by its ending how to write the table: it may end in "
            f"{', '.join(_WRITERS)}."
        )
    if label is not None and target.suffix.lower() != ".tex":
        raise SpecificationError(f"label= is for LaTeX; a file that ends in {target.suffix} has no cross references.")
    # All is rendered before the file is opened: what cannot be written does not empty a file that was there.
    content = write(table, label)
    try:
        target.write_bytes(content)
    except FileNotFoundError:
        raise SpecificationError(
            f"path={shown(str(path))}: there is no folder {shown(str(target.parent))}; make it first."
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SpecificationError(f"path={shown(str(path))} cannot be written: {reason}.") from error


def _latex(table: Layout, label: str | None) -> bytes:
    return f"% \\usepackage{{booktabs}}\n{render_latex(table, label)}".encode()


def _csv(table: Layout, label: str | None) -> bytes:
    return render_csv(table).encode()


_WRITERS: dict[str, Callable[[Layout, str | None], bytes]] = {
    ".tex": _latex,
    ".html": lambda table, label: render_page(table).encode(),
    ".md": lambda table, label: render_markdown(table).encode(),
    ".txt": lambda table, label: (render_text(table) + "\n").encode(),
    ".csv": _csv,
    ".xlsx": lambda table, label: render_workbook(table),
    ".docx": lambda table, label: render_document(table),
}


def render_csv(table: Layout) -> str:
    """Write the numbers behind the cells, at full precision, under one line of names.

    A text that a spreadsheet would compute has an apostrophe before it.
    """
    rows, under = [], ""
    for row in table.body:
        under = row.label if row.heading else under
        if not row.heading:
            rows.append((under, row))
    rows += [("", row) for row in table.foot]
    keys = [(heading, row.label, row.kind) for heading, row in rows]
    kept = [k for k in range(3) if k == 1 or any(key[k] for key in keys)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([("group", "row", "kind")[k] for k in kept] + _names(table))
    for key, (_, row) in zip(keys, rows, strict=True):
        writer.writerow([_text(key[k]) for k in kept] + [_value(cell) for cell in row.cells])
    return out.getvalue()


def _names(table: Layout) -> list[str]:
    """Names of columns, after the headings over several of them."""
    if not table.header:
        return [str(j) for j in range(table.n_columns)]
    named = table.naming()
    return [
        _text(": ".join(str(row.cells[j].text) for row in named if row.cells[j].text)) for j in range(table.n_columns)
    ]


def _value(cell: Cell) -> str:
    value = cell.value
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return _text(value) if isinstance(value, str) else repr(value)


def _text(text: str) -> str:
    text = printable(text)
    return f"'{text}" if _FORMULA.match(text) else text
