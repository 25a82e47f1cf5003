r"""Columns of a LaTeX table: how wide each is, how its numbers line up, and what its cells look like."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from panelvar.core.base.quoting import NO_BREAK, printable
from panelvar.core.faces.characters import wrap
from panelvar.core.faces.latex_characters import escape_latex, latex_width, latex_with_numerals, width_with_numerals
from panelvar.core.faces.mathematics import Math
from panelvar.core.faces.page_layout import Measured, Panel, arranged, split_at_point

if TYPE_CHECKING:
    from panelvar.core.faces.layout import Cell, Layout, Row

SIZES = (
    ("", 1.2),
    (r"\fontsize{10}{12}\selectfont", 1.0),
    (r"\fontsize{9}{11}\selectfont", 0.925),
    (r"\fontsize{8}{9.5}\selectfont", 0.85),
)
"""Sizes to try before columns are cut into panels: the command, and how much larger letters are than at ten points.

The first is that of the document, which may be twelve points. The others are the same in every document.
"""
GAP = 12
"""Points between columns."""
DIGIT = 5
"""Points of a digit."""
# A star above the line is as wide as this.
_STAR = 4.5
_LONGEST_NUMERAL = 30
# Points that no table is as wide as.
_ENDLESS = 1e9
_COLUMN = {"decimal": "r", "right": "r", "center": "c", "left": "l"}


def set_latex(text: str) -> str:
    """Write a text as LaTeX sets it: mathematics where it is a `Math`, letter by letter otherwise."""
    return text.latex if isinstance(text, Math) else latex_with_numerals(text)


def fold_latex(text: str, room: int) -> list[str]:
    """Fold words in lines of a width, each as LaTeX sets it."""
    if isinstance(text, Math):
        return [text.latex]
    return [latex_with_numerals(line) for line in wrap(printable(text), max(room, DIGIT), width_with_numerals)]


@dataclass(frozen=True)
class Numeral:
    """A number in its parts: its digits, and what hangs out to the right of them."""

    digits: str
    hanging: str
    stars: str

    @classmethod
    def read(cls, cell: Cell) -> Numeral:
        """Cut a printed number after its last digit."""
        text = printable(cell.text)
        last = re.search(r"[0-9](?=[^0-9]*$)", text)
        end = last.end() if last else len(text)
        return cls(text[:end], text[end:], printable(cell.stars))

    @property
    def lined_up(self) -> bool:
        """Whether its point lines up with others: an exponent, and what has no digits, lines up with nothing."""
        return bool(re.search("[0-9]", self.digits)) and not re.search(r"[0-9]e[-+][0-9]+$", self.digits)

    @property
    def behind(self) -> str:
        """Characters behind the integer digits, the point included."""
        return split_at_point(self.digits)[1] if self.lined_up else ""

    def write(self, decimals: int) -> str:
        """Set the number in a column with so many decimals: points line up, brackets and stars hang out."""
        body = latex_with_numerals(self.digits).replace(r"\textless{}", "$<$")
        hanging = latex_with_numerals(self.hanging) + starred(self.stars)
        missing = decimals - len(self.behind)
        if not self.lined_up or not missing:
            return body + (rf"\rlap{{{hanging}}}" if hanging else "")
        point = not self.behind
        phantom = rf"\phantom{{{'.' * point}{'0' * (missing - point)}}}"
        return body + (rf"\rlap{{{hanging}}}" if hanging else "") + phantom


def lines_up(cell: Cell) -> bool:
    """Whether a cell is a number in a column of numbers; what is longer than any number is folded like words."""
    return cell.align == "decimal" and len(cell.text) <= _LONGEST_NUMERAL


def starred(stars: str) -> str:
    """Set the signs that stand above a number."""
    return rf"\textsuperscript{{{escape_latex(stars)}}}" if stars else ""


def star_width(stars: str) -> float:
    """Points of the signs that stand above a number."""
    return _STAR * len(printable(stars))


@dataclass(frozen=True)
class _Column:
    """One column: its letter, the decimals its numbers line up by, the room right of its numbers and of its words."""

    letter: str
    decimals: int
    after_numbers: float
    after_words: float

    def closing(self, numbers: bool) -> str:
        """What closes the column's template, so that words stand in the middle over numbers and stars have room."""
        points = self.after_numbers if numbers else self.after_words
        return rf"@{{\hspace{{{points / 10.0:.2f}em}}}}" if points >= 0.05 else ""


@dataclass(frozen=True)
class Columns:
    r"""How the columns of one panel are set.

    ``\tabcolsep`` is zero: the room between columns is glue of at least `GAP` that stretches to the table's width.
    """

    panel: Panel
    columns: dict[int, _Column]

    @property
    def specification(self) -> str:
        """The template of the tabular."""
        letters = "".join(column.letter + column.closing(column.letter == "r") for column in self.columns.values())
        return rf"l@{{\extracolsep{{{GAP / 10:g}em plus 1fil}}}}{letters}"

    def cell(self, run: Sequence[int], cell: Cell | None, text: str) -> str:
        """Write one line of a cell, in its own alignment where that is not the column's."""
        column = self.columns[run[-1]]
        if len(run) > 1:
            shown = "" if cell is None else text
            return rf"\multicolumn{{{len(run)}}}{{c{column.closing(numbers=False)}}}{{{shown}}}"
        if cell is None or not text:
            return ""
        letter = _COLUMN[cell.align]
        # Words at the right of a column whose numbers stand in the middle under them need no room of the numbers.
        apart = cell.align == "right" and column.after_words < column.after_numbers
        if letter == column.letter and not apart:
            return text
        return rf"\multicolumn{{1}}{{{letter}{column.closing(letter == 'r' and not apart)}}}{{{text}}}"


@dataclass(frozen=True)
class _Asked:
    """Points that a column asks for: digits, what hangs out of them, words, their longest part, intervals."""

    digits: int
    overhang: float
    words: int
    longest: int
    intervals: int


def _asked(rows: Sequence[Row], column: int) -> _Asked:
    digits = before = behind = overhang = words = longest = intervals = 0.0
    for row in rows:
        cell = row.cells[column]
        if row.spans(column):
            continue
        if lines_up(cell):
            numeral = Numeral.read(cell)
            width, decimals = width_with_numerals(numeral.digits), latex_width(numeral.behind)
            digits = max(digits, width)
            overhang = max(overhang, latex_width(numeral.hanging) + star_width(numeral.stars))
            if numeral.lined_up:
                before, behind = max(before, width - decimals), max(behind, decimals)
        else:
            text, stars = printable(cell.text), star_width(cell.stars)
            words = max(words, width_with_numerals(text) + stars)
            if NO_BREAK in text:
                intervals = max(intervals, width_with_numerals(text) + stars)
            # A long word is cut after its hyphens.
            longest = max([longest, *(width_with_numerals(word) + stars for word in re.split(r" |(?<=-)", text))])
    return _Asked(math.ceil(max(digits, before + behind)), overhang, *map(math.ceil, (words, longest, intervals)))


def _hang(asked: _Asked, last: bool) -> float:
    """Room that what hangs out needs besides the gap between columns."""
    return asked.overhang if last else max(0.0, asked.overhang - GAP / 2)


def side_by_side(table: Layout) -> Columns:
    """Arrange all columns side by side, however wide they are together."""
    return arranged_in_points(table, _ENDLESS)[0][1][0]


def arranged_in_points(table: Layout, room: float) -> list[tuple[str, list[Columns]]]:
    """Arrange the columns at each size that may serve, the largest first.

    The first is the largest at which all columns stand side by side, or cuts them into panels at the smallest.
    """
    rows = list(table.rows())
    stub = max(
        (0 if row.continues or row.heading else width_with_numerals(printable(row.label)) for row in rows), default=0
    )
    asked = [_asked(rows, j) for j in range(table.n_columns)]
    measured = [
        Measured(max(each.digits + math.ceil(_hang(each, False)), each.intervals), each.words, each.longest, DIGIT)
        for each in asked
    ]
    found = []
    for size, scale in SIZES:
        # The last column's stars do not hang into a gap.
        panels = arranged(table, measured, stub, int(room / scale) - GAP // 2, GAP, DIGIT)
        whole = len(panels) == 1 and (panels[0].stub >= stub or 2 * stub > room)
        if whole or size == SIZES[-1][0]:
            found.append((size, [_columns(table, panel, rows, asked) for panel in panels]))
    return found


def _columns(table: Layout, panel: Panel, rows: Sequence[Row], asked: Sequence[_Asked]) -> Columns:
    columns = {}
    for j, given in zip(panel.which, panel.widths, strict=True):
        base = _hang(asked[j], j == panel.which[-1])
        words = min(asked[j].words, given)
        numerals = [Numeral.read(row.cells[j]) for row in rows if lines_up(row.cells[j])]
        middle = max(0.0, (words - asked[j].digits) / 2) if numerals and asked[j].digits else 0.0
        after_words = max(0.0, max(words, asked[j].digits + base) - words) if middle else base
        columns[j] = _Column(
            _COLUMN[table.column_alignment(j)],
            max((len(numeral.behind) for numeral in numerals), default=0),
            max(base, middle),
            after_words,
        )
    return Columns(panel, columns)
