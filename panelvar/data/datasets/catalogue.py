"""What teaching data there are: what each set holds, in which units, where it is from and under what terms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from panelvar.core.base.constants import constants
from panelvar.core.faces.layout import Fact, Row, count, words
from panelvar.core.faces.number_format import format_count
from panelvar.core.tables.table import Presented, Table

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a data set.

    Attributes
    ----------
    name, meaning : str
    unit : str
        Empty for names, codes and pure numbers.
    """

    name: str
    meaning: str
    unit: str


@dataclass(frozen=True, repr=False)
class DataDescription(Presented):
    """What a data set holds and where it is from; print it, or take `to_frame`.

    Attributes
    ----------
    name, title : str
    entity : str
        The column that tells entities apart; empty for series of time alone.
    time : str
        The column of periods.
    rows : int
    source : str
        What the numbers were copied from, and who made them.
    licence : str
        The terms under which they may be passed on.
    reference : str
        The study that they come from, or a textbook that uses them.
    columns : tuple of Column

    See Also
    --------
    describe_data : makes it.
    load_data : the data themselves.

    Examples
    --------
    >>> import panelvar as pv
    >>> description = pv.describe_data("grunfeld")
    >>> description.rows, description.entity, description.time
    (220, 'firm', 'year')
    """

    name: str
    title: str
    entity: str
    time: str
    rows: int
    source: str
    licence: str
    reference: str
    columns: tuple[Column, ...]

    @property
    def index(self) -> list[str]:
        """Columns that say who and when a row is about: the index of what `load_data` returns."""
        return [name for name in (self.entity, self.time) if name]

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each column: its meaning and its unit."""
        import pandas as pd

        rows = [(column.meaning, column.unit) for column in self.columns]
        return pd.DataFrame(rows, index=[column.name for column in self.columns], columns=["meaning", "unit"])

    def summary(self) -> Table:
        """Return the description as a table, to be printed or written as Markdown, HTML or LaTeX."""
        body = [
            Row(column.name, (words(column.meaning, "left"), words(column.unit, "left"))) for column in self.columns
        ]
        facts = (
            Fact("Name", self.name),
            Fact("Rows", format_count(self.rows)),
            Fact("Index", ", ".join(self.index)),
        )
        notes = (f"Source: {self.source}", f"Licence: {self.licence}", f"Reference: {self.reference}")
        header = (Row("", (words("meaning", "left"), words("unit", "left"))),)
        return Table(self.title, header, tuple(body), facts=facts, notes=notes)

    # A description typed at the prompt is there to be read.
    __repr__ = Presented.__str__


@dataclass(frozen=True, repr=False)
class DataCatalogue(Presented):
    """The data sets that come with the library; print it, or take `to_frame`.

    Attributes
    ----------
    sets : tuple of DataDescription

    See Also
    --------
    load_data : makes it, without a name.

    Examples
    --------
    >>> import panelvar as pv
    >>> "grunfeld" in pv.load_data().names
    True
    """

    sets: tuple[DataDescription, ...]

    @property
    def names(self) -> list[str]:
        """What `load_data` takes."""
        return [each.name for each in self.sets]

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each set: title, entity, time, numbers of rows and columns, licence."""
        import pandas as pd

        rows = [(each.title, each.entity, each.time, each.rows, len(each.columns), each.licence) for each in self.sets]
        columns = ["title", "entity", "time", "rows", "columns", "licence"]
        return pd.DataFrame(rows, index=self.names, columns=columns)

    def summary(self) -> Table:
        """Return the list as a table, to be printed or written as Markdown, HTML or LaTeX."""
        body = [
            Row(each.name, (words(each.title, "left"), words(", ".join(each.index), "left"), count(each.rows)))
            for each in self.sets
        ]
        header = (Row("", (words("holds", "left"), words("index", "left"), words("rows"))),)
        notes = (
            (f"load_data({self.names[0]!r}) returns a data set. describe_data({self.names[0]!r}) says what is in it."),
        )
        return Table(f"{format_count(len(self.sets))} sets of teaching data", header, tuple(body), notes=notes)

    __repr__ = Presented.__str__


@cache
def catalogue() -> DataCatalogue:
    """Return every data set's description, read from the room's tables."""
    columns: dict[str, list[Column]] = {}
    for row in constants("data/datasets", "columns"):
        columns.setdefault(row["set"], []).append(Column(row["column"], row["meaning"], row["unit"]))
    sets = []
    for row in constants("data/datasets", "sets"):
        fields: dict[str, Any] = {**row, "rows": int(row["rows"]), "columns": tuple(columns[row["name"]])}
        sets.append(DataDescription(**fields))
    return DataCatalogue(tuple(sets))
