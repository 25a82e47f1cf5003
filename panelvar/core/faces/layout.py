"""What a table consists of: cells, rows and facts, and how they are laid out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from panelvar.core.base.arguments import read_whole
from panelvar.core.base.counting import ungrouped
from panelvar.core.base.errors import SpecificationError
from panelvar.core.base.quoting import NO_BREAK
from panelvar.core.faces.characters import Alignment
from panelvar.core.faces.number_format import (
    format_count,
    format_estimates,
    format_number,
    format_pvalue,
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One entry of a table.

    Parameters
    ----------
    text : str
        What is printed, unescaped and without stars. An empty text is an empty cell.
    value : float, int, str or None
        What `Table.to_frame` returns for the cell.
    stars : str
        Significance stars printed after the text.
    align : {"decimal", "left", "center", "right"}
        ``"decimal"`` lines up the decimal points of a column.
    continues : bool
        Whether the cell is one with the cell at its left, which then spans both columns: of headings over several
        columns. Its text and value are those of that cell.
    """

    text: str = ""
    value: float | int | str | None = None
    stars: str = ""
    align: Alignment = "decimal"
    continues: bool = False


def number(value: float, digits: int = 4, *, stars: str = "", brackets: str = "") -> Cell:
    """Make a cell of a number; ``brackets`` of two characters go around it."""
    text = format_number(value, digits)
    return Cell(f"{brackets[:1]}{text}{brackets[1:]}", float(value), stars)


def printed(text: str, value: float, *, stars: str = "", brackets: str = "") -> Cell:
    """Make a cell of a number that is printed together with others, by `format_estimates`."""
    return Cell(f"{brackets[:1]}{text}{brackets[1:]}", float(value), stars)


def probability(value: float, digits: int = 4, *, brackets: str = "") -> Cell:
    """Make a cell of a p-value."""
    return Cell(f"{brackets[:1]}{format_pvalue(value, digits)}{brackets[1:]}", float(value))


def count(value: float) -> Cell:
    """Make a cell of a count, or of degrees of freedom."""
    return Cell(format_count(value), _whole(value))


def _whole(value: float) -> float:
    """Return an integer where the value is one."""
    return int(value) if math.isfinite(value) and float(value).is_integer() else float(value)


def words(text: object, align: Alignment = "center") -> Cell:
    """Make a cell of words; a text of another kind, such as mathematics, stays what it is."""
    return Cell(text if isinstance(text, str) else str(text), str(text), align=align)


def spanning(headings: Iterable[tuple[str, int]]) -> tuple[Cell, ...]:
    """Make the cells of a row of headings, each over so many columns; an empty text is not a heading."""
    cells: list[Cell] = []
    for text, columns in headings:
        cells.append(Cell(text, text, align="center"))
        cells += [Cell(text, text, align="center", continues=True)] * (columns - 1)
    return tuple(cells)


def interval(lower: float, upper: float, digits: int = 4) -> Cell:
    """Make a cell of two limits, kept on one line."""
    ((low, high),) = format_estimates([(lower, upper)], digits=digits)
    return printed_interval(low, high)


def printed_interval(lower: str, upper: str) -> Cell:
    """Make a cell of two limits that are printed together with others, by `format_estimates`."""
    text = f"[{lower},{NO_BREAK}{upper}]"
    return Cell(text, text.replace(NO_BREAK, " "), align="center")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table.

    Parameters
    ----------
    label : str
        Name of the row, printed in the first column unless ``continues``.
    cells : tuple of Cell
        One for each column after the first.
    kind : str
        What the row holds (``"estimate"``, ``"std. error"``) where a label has several rows; the second level of
        the index of `Table.to_frame`.
    continues : bool
        Whether the row belongs to the one above and repeats its label, which is then not printed.
    heading : bool
        Whether the label is a heading of the rows below it, across all columns; its cells are empty.
    rule : bool
        Whether a rule sets the row apart from those above it.
    groups : bool
        Whether the cells of a row of the header head groups of columns, be they of one column each, and the labels of
        this row and the one below say what names stand there: `Table.to_frame` names columns by both.
    """

    label: str
    cells: tuple[Cell, ...]
    kind: str = ""
    continues: bool = False
    heading: bool = False
    rule: bool = False
    groups: bool = False

    def spans(self, column: int) -> bool:
        """Whether a cell is one with a neighbour."""
        after = self.cells[column + 1 : column + 2]
        return self.cells[column].continues or any(cell.continues for cell in after)

    def runs(self, which: Iterable[int] | None = None) -> list[list[int]]:
        """Places of cells that are one, together, of the columns ``which`` (all by default)."""
        runs: list[list[int]] = []
        for place in range(len(self.cells)) if which is None else which:
            if self.cells[place].continues and runs:
                runs[-1].append(place)
            else:
                runs.append([place])
        return runs


def pairs(outer_names: Sequence[str], inner_names: Sequence[str], outer: str = "", inner: str = "") -> tuple[Row, Row]:
    """Head the columns of all pairs of two kinds of name, the second under the first; the kinds have names too."""
    over = spanning((name, len(inner_names)) for name in outer_names)
    return Row(outer, over, groups=True), Row(inner, tuple(words(name) for _ in outer_names for name in inner_names))


@dataclass(frozen=True, slots=True)
class Fact:
    """A labelled value above or below the columns, such as the number of observations."""

    label: str
    text: str


@dataclass(frozen=True, repr=False)
class Layout:
    """The parts of a `panelvar.core.tables.table.Table`, as the renderers read them."""

    title: str = ""
    header: tuple[Row, ...] = ()
    body: tuple[Row, ...] = ()
    foot: tuple[Row, ...] = ()
    facts: tuple[Fact, ...] = ()
    statistics: tuple[Fact, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for row in self.rows():
            if len(row.cells) != self.n_columns:
                raise SpecificationError(
                    f"row {row.label!r} has {len(row.cells)} cells where the table has {self.n_columns} columns. "
                    "Fill the missing ones with Cell()."
                )

    @property
    def n_columns(self) -> int:
        """Number of columns after the one with the row labels."""
        first = next(self.rows(), None)
        return len(first.cells) if first is not None else 0

    def rows(self) -> Iterator[Row]:
        """Iterate over header, body and foot."""
        yield from self.header
        yield from self.body
        yield from self.foot

    def naming(self) -> tuple[Row, ...]:
        """Rows of the header that name columns: the first, and where it heads groups of them those below."""
        above = list(takewhile(lambda row: row.groups or any(cell.continues for cell in row.cells), self.header))
        return self.header[: len(above) + 1]

    def column_alignment(self, column: int) -> Alignment:
        """How a column as a whole lines up: at the point if it has numbers, else as its first cell with a text."""
        column = read_whole("column", column, 0, self.n_columns - 1)
        aligned = [row.cells[column].align for row in (*self.body, *self.foot) if row.cells[column].text]
        return "decimal" if "decimal" in aligned else (aligned or ["center"])[0]


def keyed_rows(table: Layout, foot: Sequence[Row]) -> list[tuple[tuple[str, str, str], Row]]:
    """Return the rows of the body and the foot that are no headings, by the heading above, the label and kind."""
    keyed, under = [], ""
    for row in table.body:
        under = row.label if row.heading else under
        if not row.heading:
            keyed.append(((under, row.label, row.kind), row))
    return keyed + [(("", row.label, row.kind), row) for row in foot]


def centred_counts(table: Layout) -> Layout:
    """Centre the rows of the foot that hold whole numbers alone, as journals set the number of observations.

    Lined up at the point of coefficients above them, which they do not have, they would hang left in their columns.
    """
    foot = tuple(
        replace(row, cells=tuple(replace(cell, align="center") for cell in row.cells)) if _counts(row) else row
        for row in table.foot
    )
    return replace(table, foot=foot)


def _counts(row: Row) -> bool:
    texts = [cell.text for cell in row.cells if cell.text]
    return all(ungrouped(text).isdecimal() for text in texts) and not any(cell.stars for cell in row.cells)
