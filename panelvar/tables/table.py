"""One table for everything the library prints; text, Markdown, HTML, LaTeX and DataFrame are views of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from panelvar.base.errors import SpecificationError
from panelvar.tables.characters import NO_BREAK
from panelvar.tables.number_format import format_count, format_number, format_pvalue

if TYPE_CHECKING:
    import pandas as pd

Alignment = Literal["decimal", "left", "center", "right"]


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
    """

    text: str = ""
    value: float | int | str | None = None
    stars: str = ""
    align: Alignment = "decimal"


def number(value: float, digits: int = 4, *, stars: str = "", brackets: str = "") -> Cell:
    """Make a cell of a number; ``brackets`` of two characters go around it."""
    text = format_number(value, digits)
    return Cell(f"{brackets[:1]}{text}{brackets[1:]}", float(value), stars)


def probability(value: float, digits: int = 4, *, brackets: str = "") -> Cell:
    """Make a cell of a p-value."""
    return Cell(f"{brackets[:1]}{format_pvalue(value, digits)}{brackets[1:]}", float(value))


def count(value: float) -> Cell:
    """Make a cell of a count or of degrees of freedom."""
    whole = math.isfinite(value) and float(value).is_integer()
    return Cell(format_count(value), int(value) if whole else float(value))


def words(text: object, align: Alignment = "center") -> Cell:
    """Make a cell of words."""
    return Cell(str(text), str(text), align=align)


def interval(lower: float, upper: float, digits: int = 4) -> Cell:
    """Make a cell of two limits, kept on one line."""
    text = f"[{format_number(lower, digits)},{NO_BREAK}{format_number(upper, digits)}]"
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
    """

    label: str
    cells: tuple[Cell, ...]
    kind: str = ""
    continues: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """A labelled value above or below the columns, such as the number of observations."""

    label: str
    text: str


@dataclass(frozen=True, repr=False)
class Table:
    """A title, facts, columns of cells and notes, ready to be printed.

    Parameters
    ----------
    title : str
        One line over the table.
    header : tuple of Row
        Column names, one row or more; the first row names the columns of `to_frame`.
    body, foot : tuple of Row
        The rows, and those set apart below a rule.
    facts, statistics : tuple of Fact
        Labelled values above the columns, and below them.
    notes : tuple of str
        Sentences under the table.

    Raises
    ------
    SpecificationError
        If a row has more or fewer cells than the header has columns.
    """

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
                    f"row {row.label!r} has {len(row.cells)} cells where the table has {self.n_columns} columns; "
                    "fill the missing ones with Cell()."
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

    def column_alignment(self, column: int) -> Alignment:
        """How a column as a whole lines up: as its first non-empty cell of the body, or of the foot."""
        for row in (*self.body, *self.foot):
            if row.cells[column].text:
                return row.cells[column].align
        return "center"

    def to_text(self, width: int = 80) -> str:
        """Render as plain text no wider than ``width`` terminal columns.

        Long labels and notes are wrapped; columns that do not fit are stacked below in further panels, each under
        the same row labels.

        Raises
        ------
        SpecificationError
            If ``width`` is below 40.
        """
        from panelvar.tables.text import render_text

        return render_text(self, width)

    def to_markdown(self) -> str:
        """Render as a Markdown pipe table; names are escaped."""
        from panelvar.tables.markdown import render_markdown

        return render_markdown(self)

    def to_html(self) -> str:
        """Render as an HTML table; names are escaped."""
        from panelvar.tables.html import render_html

        return render_html(self)

    def to_latex(self, *, label: str | None = None) -> str:
        r"""Render as a LaTeX ``table`` float (needs ``\usepackage{booktabs}``); names are escaped.

        Parameters
        ----------
        label : str, optional
            Written into ``\label`` for cross references, such as ``"tab:main"``.
        """
        from panelvar.tables.latex import render_latex

        return render_latex(self, label)

    def to_frame(self, *, foot: bool = True) -> pd.DataFrame:
        """Return the numbers behind the cells, at full precision.

        Parameters
        ----------
        foot : bool
            Whether the rows of the foot follow those of the body.

        Returns
        -------
        DataFrame
            Indexed by row label, or by label and kind where a label has several rows; one column for each of the
            table's. Columns of numbers alone are numeric, others hold objects; an empty cell is NaN or None.
        """
        import pandas as pd

        rows = (*self.body, *self.foot) if foot else self.body
        index: pd.Index
        if any(row.kind for row in rows):
            index = pd.MultiIndex.from_tuples([(row.label, row.kind) for row in rows], names=[None, None])
        else:
            index = pd.Index([row.label for row in rows], dtype=object)
        names = [cell.value for cell in self.header[0].cells] if self.header else list(map(str, range(self.n_columns)))
        columns = [
            pd.Series([row.cells[j].value for row in rows], index=index, dtype=object).infer_objects()
            for j in range(self.n_columns)
        ]
        if not columns:
            return pd.DataFrame(index=index)
        frame = pd.concat(columns, axis=1)
        frame.columns = pd.Index(names, dtype=object)
        return frame

    def __str__(self) -> str:
        return self.to_text()

    # A table typed at the prompt is there to be read.
    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.to_html()
