"""A table of tests or of roots: a DataFrame to those who compute with it, a table to those who read it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from panelvar.core.base.arguments import read_whole
from panelvar.core.base.counting import grouped
from panelvar.core.base.errors import CallError
from panelvar.core.faces.layout import Cell, Fact, Row, count, number, probability, spanning, words
from panelvar.core.faces.number_format import check_digits
from panelvar.core.tables.table import Presented, Table
from panelvar.core.tables.test_result import TestResult

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd


class Column(NamedTuple):
    """How a column is printed.

    Attributes
    ----------
    heading : str
        Over the column.
    write : callable
        Makes a cell of a value and a number of decimals.
    """

    heading: str
    write: Callable[[Any, int], Cell]

    def called(self, heading: str) -> Column:
        """The same kind of values under another heading."""
        return self._replace(heading=heading)


def _whole(value: float, digits: int) -> Cell:
    return count(value)


def _share(value: float, digits: int) -> Cell:
    return Cell(f"{100.0 * value:.3g}%", float(value), align="right")


def _words(value: object, digits: int) -> Cell:
    return words(value, "left")


def _if_any(value: float, digits: int) -> Cell:
    return Cell() if value != value else number(value, digits)


STATISTIC = Column("Statistic", number)
"""Numbers."""
OPTIONAL = Column("Statistic", _if_any)
"""Numbers; an empty cell for NaN."""
PVALUE = Column("p", probability)
"""Probabilities."""
DEGREES = Column("df", _whole)
"""Degrees of freedom and other numbers that are mostly whole."""
COUNT = Column("N", _whole)
"""Numbers of things."""
SHARE = Column("Share", _share)
"""Shares, in percent."""
WORDS = Column("", _words)
"""Texts."""


_AT_THE_PROMPT = 60


@dataclass(frozen=True, eq=False, repr=False)
class FrameTable(Presented):
    """A DataFrame that prints as a table: columns, rows and methods of the frame are its own.

    ``table["pvalue"]``, ``table.loc[...]``, ``table.columns``, ``len(table)``, ``table.to_csv(...)`` and all else that
    a DataFrame has are answered by the frame; what a table has (``to_latex``, ``to_html``, ``to_markdown``) is the
    table's. Where a program asks for a DataFrame itself: ``table.to_frame()``.

    Attributes
    ----------
    frame : DataFrame
        One level of row labels, or two; one level of columns, or two.
    formats : dict of str to Column
        How columns are printed, by the last level of their names; those not named here are not printed. A column
        ``bound`` holds the sign ("<", ">") of p-values that are bounds.
    title : str
    facts : tuple of Fact
        Labelled values over the columns.
    notes : tuple of str
        Sentences under the table.

    See Also
    --------
    TestResult : one test.
    compare : a table of fits.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=2)
    >>> table = pv.granger_table(model)
    >>> len(table), table["pvalue"].round(4).tolist()
    (2, [0.0028, 0.0937])
    """

    frame: pd.DataFrame
    formats: Mapping[str, Column]
    title: str = ""
    facts: tuple[Fact, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def __call__(self, *args: object, **options: object) -> NoReturn:
        """Say that the table is there already: other programs have methods where a result here has an attribute."""
        raise CallError("This is a table and not a method. Leave out the parentheses after its name.")

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the frame: all columns, at full precision."""
        return self.frame.copy()

    def summary(self, *, digits: int = 4, rows: int | None = None) -> Table:
        """Return the table, to be printed or written in any form.

        Parameters
        ----------
        digits : int
            Decimals.
        rows : int, optional
            Print no more rows than these, the first and the last ones; all by default.

        Returns
        -------
        Table
        """
        import pandas as pd

        check_digits(digits)
        left_out = 0 if rows is None else max(len(self.frame) - read_whole("rows", rows, 2), 0)
        frame = self.frame
        if frame.index.nlevels == 1 and frame.index.name is None and frame.index.equals(pd.RangeIndex(len(frame))):
            # Rows without labels: the first column says what they are.
            frame = frame.set_index(frame.columns[0]).rename_axis([self.formats[_last(frame.columns[0])].heading])
        two_rows, two_columns = frame.index.nlevels > 1, frame.columns.nlevels > 1
        names = [_last(name) for name in frame.columns]
        shown = [(at, self.formats[name]) for at, name in enumerate(names) if name in self.formats]
        columns = [[column.write(value, digits) for value in frame.iloc[:, at]] for at, column in shown]
        if "bound" in names:
            bounds = frame.iloc[:, names.index("bound")]
            columns = [
                [_mark(cell, sign) for cell, sign in zip(cells, bounds, strict=True)] if column == PVALUE else cells
                for cells, (_, column) in zip(columns, shown, strict=True)
            ]
        if two_rows:
            columns.insert(0, [words(key[1], "left") for key in frame.index])
        body, before = [], None
        for label, cells in zip(frame.index, zip(*columns, strict=True), strict=True):
            first = label[0] if two_rows else label
            body.append(Row(str(first), cells, continues=two_rows and first == before))
            before = first
        notes = self.notes
        if left_out:
            above = (len(body) - left_out + 1) // 2
            body[above : above + left_out] = [Row("...", (Cell(),) * len(columns))]
            body[above + 1] = replace(body[above + 1], continues=False)
            notes = (*notes, f"{grouped(left_out)} of {grouped(len(frame))} rows are not shown.")
        rows_called, *inner = (_as_heading(name) for name in frame.index.names)
        headings = [*(Cell(name, name, align="left") for name in inner)]
        headings += [
            Cell(column.heading, names[at], align="left" if column.write is _words else "center")
            for at, column in shown
        ]
        header = [Row(rows_called, tuple(headings))]
        if two_columns:
            groups = [(str(name), len(list(run))) for name, run in groupby(frame.columns[at][0] for at, _ in shown)]
            header.insert(0, Row("", spanning([("", 1)] * two_rows + groups)))
        return Table(
            title=self.title if body else f"{self.title}: none".removeprefix(": "),
            facts=self.facts,
            header=tuple(header) if body else (),
            body=tuple(body),
            notes=notes,
        )

    def __getitem__(self, key: Any) -> Any:
        """Columns of the frame, or rows chosen by a mask."""
        return self.frame[key]

    def __len__(self) -> int:
        return len(self.frame)

    def __iter__(self) -> Iterator[Hashable]:
        return iter(self.frame)

    def __contains__(self, name: object) -> bool:
        return name in self.frame

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[np.generic]:
        return self.frame.to_numpy(dtype=dtype, copy=bool(copy))

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(name for name in dir(self.frame) if not name.startswith("_"))})

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    else:

        def __getattr__(self, name):
            if not name.startswith("_") and name not in self.__dataclass_fields__ and hasattr(self.frame, name):
                return getattr(self.frame, name)
            return super().__getattr__(name)

    def __repr__(self) -> str:
        """Typed at the prompt, it is there to be read: not more of it than a prompt holds."""
        return self.summary(rows=_AT_THE_PROMPT).to_text()


def formats_of_tests(symbol: str) -> dict[str, Column]:
    """How the numbers of tests are printed, their statistic under its symbol."""
    return {
        "statistic": STATISTIC.called(symbol),
        "df": DEGREES,
        "df_denominator": DEGREES.called("df of errors"),
        "pvalue": PVALUE,
    }


def frame_of_tests(tests: Sequence[TestResult], index: pd.Index, title: str, notes: tuple[str, ...]) -> FrameTable:
    """Put tests of one distribution, F or chi-squared, in a row each: statistic, df, df_denominator (for F), pvalue."""
    import pandas as pd

    denominator = () if tests[0].df_denominator is None else ("df_denominator",)
    columns = {name: [getattr(test, name) for test in tests] for name in ("statistic", "df", *denominator, "pvalue")}
    formats = formats_of_tests("F" if denominator else "chi2")
    return FrameTable(pd.DataFrame(columns, index=index), formats, title, notes=notes)


def _last(name: Any) -> str:
    """The name of a column without that of its group."""
    return str(name[-1] if isinstance(name, tuple) else name)


def _mark(cell: Cell, sign: str) -> Cell:
    """A p-value beyond which the tables of a test do not go."""
    return replace(cell, text=f"{sign}{cell.text.lstrip('<')}") if sign else cell


def _as_heading(name: object) -> str:
    """The name of an index level as a heading; none where it has none."""
    text = "" if name is None else str(name)
    return text[:1].upper() + text[1:]
