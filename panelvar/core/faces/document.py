"""Tables as a Word document: as wide as the page, with the rules of a journal, and words that Word folds itself."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from html import unescape
from typing import TYPE_CHECKING, Any

from panelvar.core.base.errors import not_installed
from panelvar.core.base.quoting import NO_BREAK, printable
from panelvar.core.faces.latex_characters import MINUS, latex_width
from panelvar.core.faces.layout import centred_counts
from panelvar.core.faces.mathematics import Math
from panelvar.core.faces.page_layout import Measured, Panel, arranged, shown_groups, split_at_point

if TYPE_CHECKING:
    from panelvar.core.faces.layout import Cell, Fact, Layout, Row

# Points: letters and notes, a digit, the room that Word leaves between columns.
_SIZE, _NOTE_SIZE, _DIGIT, _GAP = 10.0, 9.0, 5, 11
# Its letters are as wide as those that LaTeX sets, or narrower, and every machine has it or its like.
_FONT = "Times New Roman"
# Points of what is no digit, a hyphen as the minus sign that it is written as.
_LETTERS = {".": 2.5, ",": 2.5, " ": 2.5, "(": 3.3, ")": 3.3, "[": 3.3, "]": 3.3, "-": 5.64, "<": 5.64, "e": 4.4}
_MARKUP = re.compile(r"<(/?)(i|b|sub|sup)>|([^<]+)")


def render_document(tables: Sequence[Layout]) -> bytes:
    """Render tables as a Word document, one after another.

    Raises
    ------
    ImportError
        If python-docx is not installed.
    """
    try:
        from docx import Document
        from docx.shared import Pt
    except ImportError as error:
        raise ImportError(not_installed("A Word document needs", "python-docx")) from error
    document = Document()
    font = document.styles["Normal"].font
    font.name = _FONT
    font.size = Pt(_SIZE)
    document.core_properties.author = ""
    document.core_properties.comments = ""
    document.core_properties.title = printable(tables[0].title)[:200]
    for place, table in enumerate(tables):
        if place:
            document.add_paragraph()
        _Writer(document, centred_counts(table)).write()
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


class _Writer:
    """Writes a table to a document, from its title to its notes."""

    def __init__(self, document: Any, table: Layout) -> None:
        self.document = document
        self.table = table
        section = document.sections[0]
        self.room = int(section.page_width.pt - section.left_margin.pt - section.right_margin.pt)

    def write(self) -> None:
        from docx.shared import Pt

        table = self.table
        if table.title:
            self.paragraph(table.title, _SIZE + 1.0, bold=True)
        self.facts(table.facts)
        rows = list(table.rows())
        if rows:
            stub = max(0 if row.continues or row.heading else _width(row.label) for row in rows)
            measured = [_measure(rows, j) for j in range(table.n_columns)]
            for panel in arranged(table, measured, stub, self.room - _GAP, _GAP, _DIGIT):
                self.panel(panel)
                self.document.add_paragraph().paragraph_format.space_after = Pt(0)
        self.facts(table.statistics)
        for note in table.notes:
            self.paragraph(note, _NOTE_SIZE)

    def paragraph(self, text: str, size: float, *, bold: bool = False) -> None:
        from docx.shared import Pt

        paragraph = self.document.add_paragraph()
        paragraph.paragraph_format.space_after = Pt(2)
        paragraph.paragraph_format.keep_with_next = bold
        _write(paragraph, text, size, bold=bold)

    def grid(self, lines: int, widths: Sequence[float]) -> Any:
        """Add an empty table with columns of these widths."""
        from docx.shared import Pt

        grid = self.document.add_table(rows=lines, cols=len(widths))
        grid.autofit = False
        for column, width in zip(grid.columns, widths, strict=True):
            column.width = Pt(width)
            for cell in column.cells:
                cell.width = Pt(width)
                cell.paragraphs[0].paragraph_format.space_after = Pt(0)
        return grid

    def facts(self, facts: Sequence[Fact]) -> None:
        from docx.shared import Pt

        if not facts:
            return
        label = min(max(_width(fact.label) for fact in facts), self.room // 3) + _GAP
        grid = self.grid(len(facts), (label, self.room - label))
        for line, fact in zip(grid.rows, facts, strict=True):
            _write(line.cells[0].paragraphs[0], fact.label, _SIZE)
            _write(line.cells[1].paragraphs[0], fact.text, _SIZE)
        self.document.add_paragraph().paragraph_format.space_after = Pt(0)

    def panel(self, panel: Panel) -> None:
        table = self.table
        body = [row for group in shown_groups(table.body, panel) for row in group]
        foot = [row for group in shown_groups(table.foot, panel) for row in group]
        rows = [*table.header, *body, *foot]
        grid = self.grid(len(rows), [panel.stub + _GAP, *(width + _GAP for width in panel.widths)])
        tails = {j: _tail((*table.body, *table.foot), j) for j in panel.which}
        for k, (line, row) in enumerate(zip(grid.rows, rows, strict=True)):
            self.row(line, row, panel, tails)
            # In the order that Word wants them: no row is cut by the end of a page, the head stands on each.
            _property(line, "w:cantSplit")
            if k < len(table.header):
                _property(line, "w:tblHeader")
        sections = (len(table.header), len(table.header) + len(body))
        for k, row in enumerate(rows):
            if k == 0 or k in sections or row.rule:
                _rule(grid.rows[k]._tr.tc_lst, "top", 12 if k == 0 else 6)
        for k, row in enumerate(table.header):
            over = [run for run in row.runs(panel.which) if len(run) > 1 and row.cells[run[0]].text]
            _rule([grid.cell(k, panel.which.index(run[0]) + 1)._tc for run in over], "bottom", 6)
        _rule(grid.rows[len(rows) - 1]._tr.tc_lst, "bottom", 12)

    def row(self, line: Any, row: Row, panel: Panel, tails: dict[int, tuple[float, float]]) -> None:
        cells = line.cells
        if row.heading:
            over = cells[0].merge(cells[-1])
            _write(over.paragraphs[0], row.label, _SIZE, italic=True)
            return
        if not row.continues:
            _write(cells[0].paragraphs[0], row.label, _SIZE)
        for run in row.runs(panel.which):
            first, last = (panel.which.index(place) + 1 for place in (run[0], run[-1]))
            there = cells[first].merge(cells[last]) if last > first else cells[first]
            self.cell(there, row.cells[run[0]], panel.widths[first - 1], tails[run[0]])

    def cell(self, there: Any, cell: Cell, width: int, tail: tuple[float, float]) -> None:
        from docx.enum.text import WD_ALIGN_PARAGRAPH
        from docx.oxml import OxmlElement
        from docx.shared import Pt

        paragraph, text = there.paragraphs[0], printable(cell.text)
        if cell.align != "decimal" or len(text) > width // _DIGIT + 2:
            side = {"left": "LEFT", "center": "CENTER"}.get(cell.align, "RIGHT")
            paragraph.alignment = getattr(WD_ALIGN_PARAGRAPH, side)
            _write(paragraph, cell.text + cell.stars if cell.stars else cell.text, _SIZE)
            return
        if text:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            # If words make a column wider, its numbers stand in the middle. Room is left for what others have behind
            # the point: blanks in its place would count as letters, and fold the line where they do not fit.
            behind = _letters(split_at_point(text)[1] + printable(cell.stars))
            paragraph.paragraph_format.right_indent = Pt(max(0, width - tail[0]) / 2 + tail[1] - behind)
            _write(paragraph, text + cell.stars, _SIZE)
            there._tc.get_or_add_tcPr().append(OxmlElement("w:noWrap"))


def _write(paragraph: Any, text: str, size: float, *, bold: bool = False, italic: bool = False) -> None:
    """Write a text as runs of one size; a `Math` with its letters in italics and its scripts raised and lowered."""
    from docx.shared import Pt

    if not isinstance(text, Math):
        run = paragraph.add_run(MINUS.sub("\N{MINUS SIGN}", printable(text)))
        run.font.size, run.bold, run.italic = Pt(size), bold, italic
        return
    opened: list[str] = []
    for closes, tag, letters in _MARKUP.findall(text.html):
        if letters:
            run = paragraph.add_run(unescape(letters))
            run.font.size, run.bold, run.italic = Pt(size), bold or "b" in opened, "i" in opened
            run.font.subscript, run.font.superscript = "sub" in opened, "sup" in opened
        elif closes:
            opened.remove(tag)
        else:
            opened.append(tag)


def _property(line: Any, name: str) -> None:
    from docx.oxml import OxmlElement

    line._tr.get_or_add_trPr().append(OxmlElement(name))


def _rule(cells: Sequence[Any], side: str, eighths: int) -> None:
    """Draw a rule over or under cells, so many eighths of a point thick."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    for cell in cells:
        properties = cell.get_or_add_tcPr()
        borders = properties.find(qn("w:tcBorders"))
        if borders is None:
            borders = OxmlElement("w:tcBorders")
            # Word reads properties in one order only: borders before whether words are folded.
            following = properties.find(qn("w:noWrap"))
            properties.append(borders) if following is None else following.addprevious(borders)
        border = OxmlElement(f"w:{side}")
        for name, value in (("val", "single"), ("sz", str(eighths)), ("space", "0"), ("color", "auto")):
            border.set(qn(f"w:{name}"), value)
        borders.append(border)


def _width(text: str) -> int:
    return latex_width(printable(text)) + 1


def _tail(rows: Sequence[Row], column: int) -> tuple[float, float]:
    """Width of the numbers of a column, and of what is behind the decimal point."""
    longest = before = 0.0
    for row in rows:
        cell = row.cells[column]
        if cell.align == "decimal":
            whole, behind = split_at_point(printable(cell.text))
            longest = max(longest, _letters(behind + printable(cell.stars)))
            before = max(before, _letters(whole))
    return before + longest + 1.0, longest


def _letters(number: str) -> float:
    """Points that the letters of a printed number take in the document's font."""
    return sum(_LETTERS.get(letter, float(_DIGIT)) for letter in number)


def _measure(rows: Sequence[Row], column: int) -> Measured:
    numerals, words, longest = math.ceil(_tail(rows, column)[0]), 0, 0
    for row in rows:
        cell = row.cells[column]
        if cell.align != "decimal" and not row.spans(column):
            text = printable(cell.text) + printable(cell.stars)
            words = max(words, _width(text))
            if NO_BREAK in text:
                numerals = max(numerals, math.ceil(_letters(text)) + 1)
            longest = max([longest, *(_width(word) for word in re.split(r" |(?<=-)", text))])
    return Measured(numerals, words, longest, _DIGIT)
