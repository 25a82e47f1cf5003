"""A table in a file, or several in one: the ending of its name says how they are written."""

from __future__ import annotations

import csv
import io
import math
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from panelvar.core.base.errors import SpecificationError
from panelvar.core.base.quoting import printable, shown
from panelvar.core.faces.document import render_document
from panelvar.core.faces.html import render_page
from panelvar.core.faces.latex import render_latex
from panelvar.core.faces.layout import keyed_rows
from panelvar.core.faces.markdown import render_markdown
from panelvar.core.faces.mathematics import joined
from panelvar.core.faces.spreadsheet import render_workbook
from panelvar.core.faces.text import render_text
from panelvar.core.faces.whole_files import written_whole

if TYPE_CHECKING:
    from panelvar.core.faces.layout import Cell, Layout

# A spreadsheet takes what begins so for a formula.
_FORMULA = re.compile(r"^\s*[=+\-@]")
# What LaTeX puts before a caption itself.
_COUNTED = re.compile(r"(?:Table|Tab\.)\s*(?:[A-Z]?[.-]?[0-9]{1,3}[a-z]?|[IVX]{1,5})\s*(?:[.:]\s*|$)", re.IGNORECASE)


class Filed(NamedTuple):
    """A table of a file.

    Attributes
    ----------
    table : Layout
    name : str
        What it is called in the file, where several are in one; before its own title.
    label : str or None
        For cross references in LaTeX.
    """

    table: Layout
    name: str = ""
    label: str | None = None

    def titled(self) -> Layout:
        """The table, its name before its title."""
        title = self.table.title
        if not self.name or title == self.name or title.startswith(f"{self.name}:"):
            return self.table
        return replace(self.table, title=joined(": ", [self.name, title] if title else [self.name]))


def save_filed(tables: Sequence[Filed], path: object) -> None:
    """Write tables to one file.

    Raises
    ------
    SpecificationError
        If the ending of the path says no form, the path cannot be written, or the form does not have an option.
    """
    if not isinstance(path, (str, os.PathLike)) or not isinstance(os.fspath(path), str):
        raise SpecificationError(f"path={shown(path)} must be the name of a file, such as 'table.tex'.")
    target = Path(path).expanduser()
    ending = target.suffix.lower()
    write = _WRITERS.get(ending)
    if write is None:
        raise SpecificationError(
            f"path={shown(str(path))} must end in one of {', '.join(_WRITERS)}, which says how to write the table."
        )
    if ending != ".tex" and any(each.label is not None for each in tables):
        raise SpecificationError(
            f"{'label' if len(tables) == 1 else 'labels'}= is for LaTeX; a file that ends in {target.suffix} has no "
            "cross references."
        )
    if ending == ".csv" and len(tables) > 1:
        raise SpecificationError(
            f"path={shown(str(path))} ends in .csv, and such a file holds one table. Write each table with its own "
            "save(path), or all to one file that ends in .xlsx."
        )
    content = write(tables)
    try:
        with written_whole(str(target)) as beside:
            Path(beside).write_bytes(content)
    except FileNotFoundError:
        raise SpecificationError(
            f"path={shown(str(path))} is in a folder that does not exist, {shown(str(target.parent))}. Make the "
            "folder first."
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SpecificationError(f"path={shown(str(path))} cannot be written: {reason}.") from error


def _latex(tables: Sequence[Filed]) -> bytes:
    floats = []
    for each in tables:
        # Two counts of the same tables would disagree in the end.
        counted = _COUNTED.match(each.name)
        named = each._replace(name=each.name[counted.end() :]) if counted else each
        floats.append(render_latex(named.titled(), each.label, captioned=counted is not None))
    return ("% \\usepackage{booktabs}\n" + "\n".join(floats)).encode()


_WRITERS: dict[str, Callable[[Sequence[Filed]], bytes]] = {
    ".tex": _latex,
    ".html": lambda tables: render_page([each.titled() for each in tables]).encode(),
    ".md": lambda tables: "\n".join(render_markdown(each.titled()) for each in tables).encode(),
    ".txt": lambda tables: "\n\n".join(render_text(each.titled()) + "\n" for each in tables).encode(),
    ".csv": lambda tables: render_csv(tables[0].table).encode(),
    ".xlsx": lambda tables: render_workbook([(each.name, each.titled()) for each in tables]),
    ".docx": lambda tables: render_document([each.titled() for each in tables]),
}


def render_csv(table: Layout) -> str:
    """Write the numbers behind the cells, at full precision, under one line of names.

    A text that a spreadsheet would compute has an apostrophe before it.
    """
    keyed = keyed_rows(table, table.foot)
    kept = [k for k in range(3) if k == 1 or any(key[k] for key, _ in keyed)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([("group", "row", "kind")[k] for k in kept] + _names(table))
    for key, row in keyed:
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
