"""Tables as a workbook, a sheet each: numbers are numbers at full precision, printed as the table prints them."""

from __future__ import annotations

import io
import math
import re
import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from panelvar.core.base.counting import ungrouped
from panelvar.core.base.errors import SpecificationError, not_installed
from panelvar.core.base.quoting import printable, shown
from panelvar.core.faces.characters import display_width
from panelvar.core.faces.page_layout import split_at_point

if TYPE_CHECKING:
    from panelvar.core.faces.layout import Cell, Layout, Row

_PRINTED = re.compile(
    r"(?P<before>[(\[<]?)(?P<number>-?(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.(?P<decimals>[0-9]+))?(?P<power>e[+-][0-9]+)?)(?P<percent>%?)"
    r"(?P<after>[)\]]?)"
)
_NOT_IN_SHEET_NAMES = re.compile(r"[\[\]:*?/\\']")
_LONGEST_SHEET_NAME = 31
# Excel keeps this name for itself.
_RESERVED = "history"
_LONGEST_CELL = 32000
_WIDEST_COLUMN = 40
# Widths of columns that an upright page holds.
_PAGE = 85.0
_SIDE = {"decimal": "right", "right": "right", "center": "center", "left": "left"}


def render_workbook(tables: Sequence[tuple[str, Layout]]) -> bytes:
    """Render tables as an Excel workbook: each on a sheet of its name, or of its title where it has none.

    Raises
    ------
    ImportError
        If openpyxl is not installed.
    SpecificationError
        If the folder of temporary files takes no more.
    """
    try:
        from openpyxl import Workbook
    except ImportError as error:
        raise ImportError(not_installed("A workbook needs", "openpyxl")) from error
    book = Workbook()
    book.remove(book.active)
    for name, (_, table) in zip(_sheet_names(tables), tables, strict=True):
        sheet = book.create_sheet(name)
        sheet.sheet_view.showGridLines = False
        _Writer(sheet, table).write()
    out = io.BytesIO()
    try:
        book.save(out)
    except Exception as error:
        # Where openpyxl finds lxml, a disk that is full is an error of lxml's own.
        if not isinstance(error, OSError) and type(error).__module__ != "lxml.etree":
            raise
        raise SpecificationError(
            f"The workbook cannot be written: openpyxl writes its sheets to {shown(tempfile.gettempdir())} first, and "
            "that failed. Make room there, or name another folder in the environment variable TMPDIR."
        ) from error
    return out.getvalue()


def _sheet_names(tables: Sequence[tuple[str, Layout]]) -> list[str]:
    """Names that Excel takes. They have at most 31 signs, and any two differ in more than capitals."""
    names: list[str] = []
    taken = {_RESERVED}
    for place, (name, table) in enumerate(tables, start=1):
        allowed = _NOT_IN_SHEET_NAMES.sub(" ", printable(name or table.title)).strip()[:_LONGEST_SHEET_NAME].strip()
        called = allowed or ("Table" if len(tables) == 1 else f"Table {place}")
        unique, copies = called, 1
        while unique.casefold() in taken:
            copies += 1
            ending = f" ({copies})"
            unique = called[: _LONGEST_SHEET_NAME - len(ending)].strip() + ending
        taken.add(unique.casefold())
        names.append(unique)
    return names


class _Writer:
    """Writes a table to a sheet, line after line."""

    def __init__(self, sheet: Any, table: Layout) -> None:
        self.sheet = sheet
        self.table = table
        self.line = 0
        self.decimals = [0] * table.n_columns
        self.hanging = [""] * table.n_columns
        for row in (*table.body, *table.foot):
            for j, cell in enumerate(row.cells):
                if found := _as_number(cell):
                    self.decimals[j] = max(self.decimals[j], _decimals(found))
                    self.hanging[j] = max(self.hanging[j], found["after"] + printable(cell.stars), key=len)

    def write(self) -> None:
        table = self.table
        if table.title:
            self.text(self.next_line(), 1, table.title, bold=True)
        for fact in table.facts:
            self.fact(fact.label, fact.text)
        if table.title or table.facts:
            self.next_line()
        first = self.line + 1
        for row in table.header:
            self.heading(row)
        self.rule(first, "top", "medium")
        for line, row in enumerate(table.header, start=first):
            for run in row.runs():
                if len(run) > 1 and row.cells[run[0]].text:
                    self.rule(line, "bottom", "thin", [j + 2 for j in run])
        for k, section in enumerate((table.body, table.foot)):
            for place, row in enumerate(section):
                self.row(row)
                if place == 0 and (k or table.header or table.body) and self.line > first:
                    self.rule(self.line, "top", "thin")
        self.rule(self.line, "bottom", "medium")
        for fact in table.statistics:
            self.fact(fact.label, fact.text)
        for note in table.notes:
            self.text(self.next_line(), 1, note)
        self.widths(first)
        self.page()

    def page(self) -> None:
        """Print all columns on one page, across it where they are wide: a sheet cut in pages is no table."""
        self.sheet.sheet_properties.pageSetUpPr.fitToPage = True
        self.sheet.page_setup.fitToWidth, self.sheet.page_setup.fitToHeight = 1, 0
        if sum(column.width for column in self.sheet.column_dimensions.values()) > _PAGE:
            self.sheet.page_setup.orientation = "landscape"

    def next_line(self) -> int:
        self.line += 1
        return self.line

    def text(self, line: int, column: int, text: str, side: str = "left", *, bold: bool = False) -> None:
        """Write a text as a text, whatever it begins with."""
        from openpyxl.styles import Alignment, Font

        if not text:
            return
        cell = self.sheet.cell(line, column)
        cell.value = printable(text)[:_LONGEST_CELL]
        # openpyxl takes what begins with '=' for a formula, and "#N/A" for an error.
        cell.data_type = "s"
        cell.quotePrefix = True
        cell.alignment = Alignment(horizontal=side)
        if bold:
            cell.font = Font(bold=True)

    def fact(self, label: str, text: str) -> None:
        line = self.next_line()
        self.text(line, 1, label)
        plain = ungrouped(text)
        if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", plain) and len(plain) < 16:
            cell = self.sheet.cell(line, 2, float(plain) if "." in plain else int(plain))
            cell.number_format = _fixed(len(split_at_point(plain)[1]) - 1, grouped=plain != text)
        else:
            self.text(line, 2, text)

    def heading(self, row: Row) -> None:
        line = self.next_line()
        self.text(line, 1, row.label, bold=True)
        for run in row.runs():
            cell = row.cells[run[0]]
            self.text(line, run[0] + 2, cell.text, "center" if len(run) > 1 else self.side(run[0], cell), bold=True)
            if len(run) > 1:
                self.sheet.merge_cells(start_row=line, end_row=line, start_column=run[0] + 2, end_column=run[-1] + 2)

    def row(self, row: Row) -> None:
        from openpyxl.styles import Alignment

        line = self.next_line()
        if not row.continues:
            self.text(line, 1, row.label, bold=row.heading)
        for j, cell in enumerate(row.cells):
            found = _as_number(cell)
            if found is None:
                self.text(line, j + 2, cell.text + cell.stars, self.side(j, cell))
                continue
            written = self.sheet.cell(line, j + 2, cell.value)
            written.number_format = self.format(j, found, printable(cell.stars))
            written.alignment = Alignment(horizontal="right")
        if row.rule:
            self.rule(line, "top", "thin")

    def side(self, column: int, cell: Cell) -> str:
        """Side of a text: over numbers, which stand at the right, words do not stand in the middle."""
        over_numbers = cell.align == "center" and self.table.column_alignment(column) == "decimal"
        return "right" if over_numbers else _SIDE[cell.align]

    def format(self, column: int, found: re.Match[str], stars: str) -> str:
        """Make a number format that prints what the table prints, its point under the others of the column."""
        after = found["after"] + stars
        missing = self.decimals[column] - _decimals(found)
        # An underscore leaves as much room as the character behind it takes.
        room = ("_." if missing and not _decimals(found) else "") + "_0" * missing
        room += "".join(f"_{sign}" for sign in self.hanging[column][len(after) :])
        ending = (f'"{after}"' if after else "") + room
        if found["before"] == "<":
            return f'"<{found["number"]}"{ending}'
        digits = (
            _fixed(_decimals(found), grouped="," in found["whole"])
            + ("E+00" if found["power"] else "")
            + found["percent"]
        )
        if found["before"]:
            return f'"{found["before"]}"{digits}{ending};"{found["before"]}-"{digits}{ending}'
        return digits + ending

    def rule(self, line: int, side: str, style: str, columns: Sequence[int] | None = None) -> None:
        """Draw a rule over or under some columns of a line, or the whole of it."""
        from openpyxl.styles import Border, Side

        for column in columns or range(1, self.table.n_columns + 2):
            cell = self.sheet.cell(max(line, 1), column)
            sides = {name: getattr(cell.border, name) for name in ("top", "bottom")}
            cell.border = Border(**{**sides, side: Side(style=style)})

    def widths(self, first: int) -> None:
        from openpyxl.utils import get_column_letter

        labels: Sequence[str] = [
            *(row.label for row in self.table.rows() if not row.heading),
            *(fact.label for fact in (*self.table.facts, *self.table.statistics)),
        ]
        widths = [max(map(_width, labels), default=0)]
        for j in range(self.table.n_columns):
            cells = (row.cells[j] for row in self.table.rows() if not row.spans(j))
            widths.append(max((_width(cell.text + cell.stars) for cell in cells), default=0))
        for k, width in enumerate(widths, start=1):
            self.sheet.column_dimensions[get_column_letter(k)].width = min(max(width, 6), _WIDEST_COLUMN) + 2
        self.sheet.freeze_panes = self.sheet.cell(1, 2)


def _width(text: str) -> int:
    return display_width(printable(text))


def _fixed(decimals: int, *, grouped: bool = False) -> str:
    whole = "#,##0" if grouped else "0"
    return f"{whole}." + "0" * decimals if decimals > 0 else whole


def _decimals(found: re.Match[str]) -> int:
    return len(found["decimals"] or "")


def _as_number(cell: Cell) -> re.Match[str] | None:
    """Read how a cell prints its value; None where it prints something else."""
    value = cell.value
    found = _PRINTED.fullmatch(printable(cell.text))
    if found is None or isinstance(value, (str, bool)) or value is None or not math.isfinite(value):
        return None
    if '"' in cell.stars or (found["before"] == "<" and found["percent"]):
        return None
    printed = float(ungrouped(found["number"])) / (100.0 if found["percent"] else 1.0)
    last = 10.0 ** -_decimals(found) / (100.0 if found["percent"] else 1.0)
    if found["power"]:
        last *= 10.0 ** int(found["power"][1:])
    agrees = value <= printed if found["before"] == "<" else abs(printed - value) <= 0.51 * last + 1e-12 * abs(value)
    return found if agrees else None
