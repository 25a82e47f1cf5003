"""What a panel holds: its shape, its gaps, and how much of each column varies between and within entities."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import DataError
from panelvar.core.base.labels import listed
from panelvar.core.base.scaling import exponents
from panelvar.core.faces.layout import Cell, Fact, Row, words
from panelvar.core.faces.number_format import format_count, format_number
from panelvar.core.tables.table import Presented, Table
from panelvar.data.calendar.time_labels import as_text
from panelvar.data.panel.panel_rows import PanelRows

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Variation:
    """Moments of one column over its finite values.

    With x_it the values, m_i the mean of entity i and m the mean of all:

    Attributes
    ----------
    name : str
    mean : float
        m.
    overall : float
        Standard deviation of x_it.
    between : float
        Standard deviation of m_i over entities; NaN with one entity.
    within : float
        Standard deviation of x_it - m_i + m, with the number of values less one below, as in Stata's ``xtsum``.
    minimum, maximum : float
    n_missing : int
        Values that are missing.
    n_infinite : int
        Values that are infinite, left out of the moments.
    """

    name: str
    mean: float
    overall: float
    between: float
    within: float
    minimum: float
    maximum: float
    n_missing: int
    n_infinite: int = 0


@dataclass(frozen=True, repr=False)
class PanelDescription(Presented):
    """Shape and variation of a panel; print it, or take `to_frame`.

    Attributes
    ----------
    nobs, n_entities, n_periods : int
        Rows, entities and distinct periods.
    entity_name, time_name : str
    first, last : str
        First and last period.
    rows_per_entity : (float, float, float)
        Least, mean and most rows an entity has.
    balanced : bool
        Whether every entity is observed in the same periods.
    entities_with_gaps : int
        Entities without a row in some period between their first and last.
    missing_within : int
        Such periods, over all entities.
    missing_cells : int
        Pairs of an entity and an observed period without a row.
    columns : tuple of Variation
        One for each numeric column.
    others : tuple of str
        Columns that are not numeric.
    notes : tuple of str
        How the labels were read, and what was left out.

    See Also
    --------
    Panel.describe : makes it.

    Examples
    --------
    >>> import panelvar as pv
    >>> description = pv.Panel(pv.load_data("grunfeld")).describe()
    >>> description.nobs, description.n_entities, description.balanced
    (220, 11, True)
    """

    nobs: int
    n_entities: int
    n_periods: int
    entity_name: str
    time_name: str
    first: str
    last: str
    rows_per_entity: tuple[int, float, int]
    balanced: bool
    entities_with_gaps: int
    missing_within: int
    missing_cells: int
    columns: tuple[Variation, ...]
    others: tuple[str, ...]
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each numeric column: mean, standard deviations, range and missing values."""
        import pandas as pd

        rows = [(*_moments(column), column.n_missing) for column in self.columns]
        index = pd.Index([column.name for column in self.columns], dtype=object)
        return pd.DataFrame(rows, index=index, columns=pd.Index(list(_HEADINGS), dtype=object))

    def summary(self) -> Table:
        """Return the description as a table, to be printed or written as Markdown, HTML or LaTeX."""
        least, mean, most = self.rows_per_entity
        shape = "balanced" if self.balanced else f"unbalanced, {format_count(self.missing_cells)} cells without a row"
        gaps = "none"
        if self.entities_with_gaps:
            gaps = f"{format_count(self.missing_within)} periods, in {format_count(self.entities_with_gaps)} entities"
        per_entity = format_count(least)
        if least != most:
            per_entity += f" to {format_count(most)}, mean {format_number(mean, 1)}"
        facts = (
            Fact("Rows", format_count(self.nobs)),
            Fact(f"Entities ({self.entity_name})", format_count(self.n_entities)),
            Fact(f"Periods ({self.time_name})", f"{format_count(self.n_periods)}, {self.first} to {self.last}"),
            Fact("Rows per entity", per_entity),
            Fact("Balance", shape),
            Fact("Gaps", gaps),
        )
        body = []
        for column in self.columns:
            cells = [Cell(text, value, align="right") for text, value in _printed(column)]
            cells.append(Cell(format_count(column.n_missing), column.n_missing, align="right"))
            body.append(Row(column.name, tuple(cells)))
        notes = list(self.notes)
        if body:
            notes.insert(0, "Overall, between and within are standard deviations: of all values, of the entities' "
                            "means, and of the values less their entity's mean.")  # fmt: skip
        header = (Row("", tuple(words(heading) for heading in _HEADINGS)),)
        return Table("Panel", header, tuple(body), facts=facts, notes=tuple(notes))

    # A description typed at the prompt is there to be read.
    __repr__ = Presented.__str__


def describe(panel: PanelRows, names: Sequence[Hashable]) -> PanelDescription:
    """Count entities, periods and gaps of a panel, and split the variation of its numeric columns."""
    rows = np.diff(panel.starts)
    spans = panel.time_positions[panel.starts[1:] - 1] - panel.time_positions[panel.starts[:-1]] + 1
    columns, others = [], []
    for name in names:
        panel.raw_column(name)  # an unknown name is refused; a column of texts is not
        try:
            numbers = panel.column(name)
        except DataError:
            others.append(str(name))
            continue
        columns.append(variation(str(name), numbers, panel.entity_codes))
    notes = [str(note) for note in panel.notes]
    if others:
        notes.append(f"Not numeric: {', '.join(others)}.")
    notes += [
        f"{column.name} has {column.n_infinite} infinite values. They are left out here, and the estimators refuse "
        "them."
        for column in columns
        if column.n_infinite
    ]
    alone = [column.name for column in columns if math.isnan(column.between)]
    if alone:
        notes.append(
            "These columns have values of one entity at most, so there is no deviation between entities: "
            f"{listed(alone)}."
        )
    first, last = panel.calendar.labels_at(np.array([0, panel.calendar.n_positions - 1]))
    return PanelDescription(
        nobs=panel.nobs,
        n_entities=panel.n_entities,
        n_periods=panel.n_periods,
        entity_name=panel.entity_name or "entity",
        time_name=panel.time_name or "time",
        first=as_text(first),
        last=as_text(last),
        rows_per_entity=(int(rows.min()), float(rows.mean()), int(rows.max())),
        balanced=panel.is_balanced,
        entities_with_gaps=int((spans > rows).sum()),
        missing_within=int((spans - rows).sum()),
        missing_cells=panel.n_entities * panel.n_periods - panel.nobs,
        columns=tuple(columns),
        others=tuple(others),
        notes=tuple(notes),
    )


_HEADINGS = ("mean", "overall", "between", "within", "min", "max", "missing")


def variation(name: str, values: Array, codes: NDArray[np.intp]) -> Variation:
    """Return the moments of a column; NaN where there are too few values for one.

    Parameters
    ----------
    name : str
    values : (n,) array
    codes : (n,) array
        Entity of each value, nondecreasing.
    """
    n_missing = int(np.isnan(values).sum())
    finite = np.isfinite(values)
    if not finite.all():
        values, codes = values[finite], codes[finite]
    n = len(values)
    n_infinite = len(finite) - n - n_missing
    if n == 0:
        nan = math.nan
        return Variation(name, nan, nan, nan, nan, nan, nan, n_missing, n_infinite)
    counts = np.bincount(codes)
    counts = counts[counts > 0]
    # Sums and squares are taken in units in which they are in range.
    unit = int(exponents(values))
    values = np.ldexp(values, -unit)
    # Deviations from each entity's first value: what does not vary within an entity comes out exactly so.
    base = values[np.cumsum(counts) - counts]
    seen = np.repeat(np.arange(len(counts)), counts)
    deviations = values - base[seen]
    shift = np.bincount(seen, deviations) / counts
    deviations -= shift[seen]
    means = base + shift
    within = math.sqrt(float(deviations @ deviations) / (n - 1)) if n > 1 else math.nan
    overall, between = _deviation(values), _deviation(means)
    moments = [float(values.mean()), overall, between, within, float(values.min()), float(values.max())]
    mean, overall, between, within, least, most = (math.ldexp(moment, unit) for moment in moments)
    return Variation(name, mean, overall, between, within, least, most, n_missing, n_infinite)


def _deviation(values: Array) -> float:
    return float(np.std(values - values[0], ddof=1)) if len(values) > 1 else math.nan


def _moments(column: Variation) -> tuple[float, ...]:
    return column.mean, column.overall, column.between, column.within, column.minimum, column.maximum


def _printed(column: Variation) -> list[tuple[str, float]]:
    """Print a column's moments with about four digits of its standard deviation."""
    scale = column.overall if column.overall > 0 else abs(column.mean)
    digits = 4
    # Beyond these, numbers are printed with an exponent and as many digits.
    if 1e-5 < scale < 1e7:
        digits = min(max(3 - math.floor(math.log10(scale)), 0), 8)
    return [(format_number(moment, digits), moment) for moment in _moments(column)]
