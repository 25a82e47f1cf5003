"""`Panel`: where each row of the data belongs, and the columns in that order."""

from __future__ import annotations

import operator
from collections.abc import Hashable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from panelvar.base.arguments import read_flag
from panelvar.base.arrays import Array
from panelvar.base.errors import DataError, Note, SpecificationError
from panelvar.base.quoting import one_line
from panelvar.base.unknown_arguments import AnswersArguments, answering
from panelvar.data.alignment import by_label, has_labels
from panelvar.data.calendar import Calendar, read_times
from panelvar.data.dimensions import (
    comparable_keys,
    duplicates_error,
    find_dimensions,
    number_keys,
    refuse_missing,
    sorting_permutation,
    starts_if_sorted,
)
from panelvar.data.source import Coded, Labels, Source, as_floats, one_dimensional, stored
from panelvar.data.time_labels import as_text
from panelvar.dynamics.gaps import lag_positions

if TYPE_CHECKING:
    import pandas as pd
    from pandas.api.extensions import ExtensionArray

    from panelvar.data.description import PanelDescription


@answering
class Panel(AnswersArguments):
    """Rows of data indexed by entity and time.

    A panel is an index, not a copy: it finds the order of the rows by entity, then time, checks that no entity has two
    rows of the same period, and hands out the caller's columns in that order when they are asked for. The data are
    never modified. Time labels become integer positions on a calendar, so that lags know about gaps.

    Parameters
    ----------
    data : DataFrame or mapping of str to (n,) array
        One row for each entity and period, in any order.
    entity : column name, index level name or (n,) array, optional
        Who the row is about: integers, strings, categories (in the order of the categories), anything sortable. May be
        left out if ``data`` has a two-level index (entity, then time); otherwise leaving it out makes a panel of one
        entity, the form a vector autoregression takes.
    time : column name, index level name or (n,) array, optional
        When: integers, dates, `pandas.Period`, strings such as ``"1980Q1"``, anything sortable (strings in no known
        form are taken in alphabetical order, and every estimator warns of it). If left out, the second level of a
        two-level index, or the index of a single entity; with ``entity`` alone and no time in the index, the rows of
        each entity count as consecutive periods.
    freq : int or str, optional
        Spacing of the calendar, where the labels alone do not tell it; see `panelvar.data.calendar.read_times`.

    Attributes
    ----------
    nobs, n_entities : int
        Numbers of rows and entities.
    order : (n,) array or None
        Permutation from the caller's rows to the panel's; None if the data came sorted.
    starts : (n_entities + 1,) array
        Offset of the first row of each entity, and ``nobs``.
    time_positions : (n,) array
        Calendar position of each row, from 0.
    calendar : Calendar
        The labels of the positions.
    entity_name, time_name : str or None
        What the two dimensions are called in the data.
    notes : tuple of Note
        How the labels were read, where it matters.

    Raises
    ------
    DataError
        Unknown or duplicated column names, missing entity or time labels, labels that cannot be ordered, two rows for
        the same entity and period, arrays of unequal length, no rows.
    SpecificationError
        A ``freq`` that does not fit the labels, or an argument of a type that is not understood.

    Examples
    --------
    >>> import panelvar as pv
    >>> data = {"firm": [1, 1, 2, 2], "year": [2000, 2001, 2000, 2001], "x": [1.0, 3.0, 2.0, 7.0]}
    >>> pv.Panel(data, entity="firm", time="year").difference("x")
    array([nan,  2., nan,  5.])
    """

    def __init__(
        self,
        data: pd.DataFrame | Mapping[str, Any],
        entity: Hashable | NDArray[Any] | pd.Series | None = None,
        time: Hashable | NDArray[Any] | pd.Series | None = None,
        *,
        freq: int | str | None = None,
    ) -> None:
        source = Source(data)
        if source.n_rows == 0:
            raise DataError("The data have no rows; a panel needs at least one.")
        entities, entity_key, times, time_key = find_dimensions(source, entity, time)
        entity_name, time_name = _text(entity_key), _text(time_key)
        notes: tuple[Note, ...] = ()
        if times is None:
            positions, calendar = np.arange(source.n_rows), Calendar.of_integers(0, 1, source.n_rows)
            if entities is not None:
                text = "No time was given: the rows of each entity count as consecutive periods, in their order."
                notes = (Note("time-from-rows", text),)
        else:
            refuse_missing(source, times, "time", time_name)
            positions, calendar = read_times(times, freq=freq, name=time_name)
        keys: NDArray[Any] | None = None
        lookup: pd.Index | NDArray[Any] | None = None
        if entities is not None:
            refuse_missing(source, entities, "entity", entity_name)
            keys, lookup = comparable_keys(entities, entity_name)
        starts, order = starts_if_sorted(keys, positions), None
        if starts is None:
            codes, n_codes = (np.zeros(source.n_rows, dtype=np.int64), 1) if keys is None else number_keys(keys)
            order = sorting_permutation(codes, n_codes, positions, int(positions.max()) + 1)
            positions = positions[order]
            keys = None if keys is None else keys[order]
            starts = starts_if_sorted(keys, positions)
            if starts is None:
                raise duplicates_error(source, keys, lookup, positions, calendar, order)
        self.nobs: int = source.n_rows
        self.n_entities: int = len(starts) - 1
        self.order: NDArray[np.intp] | None = order
        self.starts: NDArray[np.intp] = starts
        if times is None and entities is not None:
            positions = np.arange(self.nobs) - np.repeat(starts[:-1], np.diff(starts))
            calendar = Calendar.of_integers(0, 1, int(positions.max()) + 1)
        self.time_positions: NDArray[np.int64] = positions
        self.calendar: Calendar = calendar
        self.entity_name: str | None = entity_name
        self.time_name: str | None = time_name
        self.notes: tuple[Note, ...] = notes + calendar.notes
        self._source = source
        self._heads = None if keys is None else keys[starts[:-1]]
        self._lookup = lookup
        self._dimensions: dict[Hashable, Labels | None] = {entity_key: entities, time_key: times}
        self._added: dict[Hashable, NDArray[Any] | ExtensionArray] = {}
        self._last_lag: tuple[int, NDArray[np.int64], NDArray[np.bool_]] | None = None

    @cached_property
    def entity_codes(self) -> NDArray[np.intp]:
        """Number of each row's entity, 0 to ``n_entities - 1``, nondecreasing; shape (n,)."""
        return np.repeat(np.arange(self.n_entities), np.diff(self.starts))

    @cached_property
    def entity_labels(self) -> pd.Index:
        """Labels of the entities, in the order of their codes."""
        import pandas as pd

        if self._heads is None:
            return pd.RangeIndex(1, name=self.entity_name)
        labels: Any = self._heads if self._lookup is None else self._lookup.take(self._heads)
        index: pd.Index = pd.Index(labels, name=self.entity_name)
        return index

    @cached_property
    def n_periods(self) -> int:
        """Number of distinct periods with at least one row."""
        if self.calendar.n_positions > 8 * self.nobs + 1024:
            return len(np.unique(self.time_positions))
        return int(np.count_nonzero(np.bincount(self.time_positions)))

    @property
    def is_balanced(self) -> bool:
        """Whether every entity is observed in the same periods."""
        return self.nobs == self.n_entities * self.n_periods

    @cached_property
    def index(self) -> pd.Index:
        """The caller's row labels, in the panel's order."""
        index = self._source.index
        return index if self.order is None else index.take(self.order)

    @property
    def names(self) -> list[Hashable]:
        """Names of the columns, those of the entity and time left out."""
        names = [name for name in self._source.names if name not in self._dimensions]
        return [*names, *(name for name in self._added if name not in names)]

    def column(self, name: Hashable) -> Array:
        """Return a column as float64 in the panel's order.

        Parameters
        ----------
        name : label
            Name of the column.

        Returns
        -------
        (n,) array
            Read-only; the caller's own memory if it is float64 and sorted, a copy otherwise.

        Raises
        ------
        DataError
            Unknown name, or values that are not real numbers (integers, booleans and nullable types are).
        """
        added = _hashable(name) in self._added
        values = as_floats(self._added[name] if added else self._stored(name), name)
        if self.order is not None and not added:
            values = values[self.order]
        values = values[:]
        values.flags.writeable = False
        return values

    def raw_column(self, name: Hashable) -> NDArray[Any] | ExtensionArray:
        """Return a column as it is stored, of any type, in the panel's order.

        Parameters
        ----------
        name : label
            Name of the column.

        Raises
        ------
        DataError
            Unknown name.
        """
        if _hashable(name) in self._added:
            return self._added[name]
        values = self._stored(name)
        return values if self.order is None else values[self.order]

    def _stored(self, name: Hashable) -> NDArray[Any] | ExtensionArray:
        if name in self._source:
            return self._source.raw(name)
        labels = self._dimensions.get(name) if name is not None else None
        if labels is None:
            raise self._source.unknown("Column", name, (*self._added, *self._dimensions))
        return stored(labels.labels.take(labels.codes)) if isinstance(labels, Coded) else labels

    def arrange(self, values: Any) -> NDArray[Any] | ExtensionArray:
        """Put values given for the caller's rows into the panel's order.

        Parameters
        ----------
        values : (n,) array or Series
            A Series is matched by its labels, whatever their order; an array by position.

        Raises
        ------
        DataError
            An array of another length, or labels that are not the data's or repeat.
        """
        return self._arranged(values, "the Series")

    def _arranged(self, values: Any, what: str) -> NDArray[Any] | ExtensionArray:
        values = one_dimensional(values, what.capitalize())
        if has_labels(values):
            if not values.index.equals(self._source.index):
                return stored(by_label(values, self.index, what))
        elif len(values) != self.nobs:
            raise DataError(f"{len(values)} values were given for a panel of {self.nobs} rows.")
        array = stored(values)
        return array if self.order is None else array[self.order]

    def lag(self, column: Hashable | Array, k: int = 1) -> Array:
        """Return the value ``k`` periods earlier on the calendar.

        Parameters
        ----------
        column : column name, Series or (n,) array
            An array is in the panel's order; a Series is matched by its labels.
        k : int
            Periods of the calendar, not rows. Negative: later.

        Returns
        -------
        (n,) array
            NaN where the entity has no row ``k`` periods earlier: no lag reaches across a gap or another entity.
        """
        values = self._values(column)
        # No row has a predecessor further away than the calendar is long.
        reach = self.calendar.n_positions
        k = max(-reach, min(_whole(k), reach))
        if k == 0:
            return values
        if self._last_lag is None or self._last_lag[0] != k:
            positions = lag_positions(self.entity_codes, self.time_positions, k)
            self._last_lag = (k, positions, positions < 0)
        _, positions, absent = self._last_lag
        lagged = values.take(positions, mode="wrap")
        lagged[absent] = np.nan
        return lagged

    def lead(self, column: Hashable | Array, k: int = 1) -> Array:
        """Return the value ``k`` periods later on the calendar: ``lag(column, -k)``."""
        return self.lag(column, -_whole(k))

    def difference(self, column: Hashable | Array, k: int = 1) -> Array:
        """Return the value less the value ``k`` periods earlier, ``x - lag(x, k)``; NaN where that is absent.

        Parameters
        ----------
        column : column name, Series or (n,) array
            An array is in the panel's order; a Series is matched by its labels.
        k : int
            Periods of the calendar, not rows.

        Raises
        ------
        SpecificationError
            If ``k`` is below 1.
        """
        if _whole(k) < 1:
            raise SpecificationError(f"A difference needs k of at least 1; got {k}.")
        values = self._values(column)
        difference = self.lag(values, k)
        np.subtract(values, difference, out=difference)
        return difference

    def _values(self, column: Any) -> Array:
        if isinstance(column, np.ndarray):
            if column.shape != (self.nobs,):
                raise DataError(f"An array of shape {column.shape} was given for a panel of {self.nobs} rows.")
            return as_floats(column, "array")
        if hasattr(column, "index") and hasattr(column, "dtype"):
            return as_floats(self._arranged(column, "the Series"), column.name)
        return self.column(column)

    def with_columns(self, *, panel_order: bool = False, **columns: Any) -> Panel:
        """Return a panel of the same rows with columns added or replaced.

        Parameters
        ----------
        panel_order : bool
            Whether arrays are in the panel's order, as `column`, `lag` and `arrange` return them. Only a panel whose
            data did not come sorted (``order`` is not None) needs to be told.
        **columns : (n,) arrays or Series
            A Series is matched by its labels, whatever their order; a row it does not name is missing.

        Raises
        ------
        DataError
            Wrong length, labels that are not the data's or repeat, the name of the entity or time column, or an array
            without ``panel_order=True`` where the rows of the data and of the panel are in different orders.

        Examples
        --------
        >>> import panelvar as pv
        >>> panel = pv.Panel({"year": [2001, 2000, 2002], "x": [3.0, 1.0, 7.0]}, time="year")
        >>> panel.with_columns(panel_order=True, before=panel.lag("x")).column("before")
        array([nan,  1.,  3.])
        """
        panel_order = read_flag("panel_order", panel_order)
        panel = object.__new__(Panel)
        panel.__dict__.update(self.__dict__)
        panel._added = dict(self._added)
        for name, values in columns.items():
            if name in self._dimensions:
                raise DataError(f"{name!r} says which rows belong together and cannot be replaced; make a new Panel.")
            if hasattr(values, "index") and hasattr(values, "dtype"):
                panel._added[name] = self._arranged(values, f"column {name!r}")
                continue
            values = one_dimensional(values, f"Column {name!r}")
            if len(values) != self.nobs:
                raise DataError(f"Column {name!r} has {len(values)} values for a panel of {self.nobs} rows.")
            if self.order is not None and not panel_order:
                raise DataError(
                    f"Column {name!r} is an array, and the rows of the data are not in the panel's order: it could be "
                    "in either. Give a Series with the index of the data; or, for what column(), lag() or "
                    "arrange(values) returned, with_columns(panel_order=True, ...)."
                )
            panel._added[name] = stored(values)
        return panel

    def describe(self) -> PanelDescription:
        """Count entities, periods and gaps, and split the variation of each numeric column."""
        from panelvar.data.description import PanelDescription, variation

        rows = np.diff(self.starts)
        spans = self.time_positions[self.starts[1:] - 1] - self.time_positions[self.starts[:-1]] + 1
        columns, others = [], []
        for name in self.names:
            try:
                values = self.column(name)
            except DataError:
                others.append(str(name))
                continue
            columns.append(variation(str(name), values, self.entity_codes))
        notes = [str(note) for note in self.notes]
        if others:
            notes.append(f"Not numeric: {', '.join(others)}.")
        notes += [
            f"{column.name} has {column.n_infinite} infinite values, left out here and refused by the estimators."
            for column in columns
            if column.n_infinite
        ]
        first, last = self.calendar.labels_at(np.array([0, self.calendar.n_positions - 1]))
        return PanelDescription(
            nobs=self.nobs,
            n_entities=self.n_entities,
            n_periods=self.n_periods,
            entity_name=self.entity_name or "entity",
            time_name=self.time_name or "time",
            first=as_text(first),
            last=as_text(last),
            rows_per_entity=(int(rows.min()), float(rows.mean()), int(rows.max())),
            balanced=self.is_balanced,
            entities_with_gaps=int((spans > rows).sum()),
            missing_within=int((spans - rows).sum()),
            missing_cells=self.n_entities * self.n_periods - self.nobs,
            columns=tuple(columns),
            others=tuple(others),
            notes=tuple(notes),
        )

    def __len__(self) -> int:
        return self.nobs

    def __repr__(self) -> str:
        first, last = self.calendar.labels_at(np.array([0, self.calendar.n_positions - 1]))
        shape = "balanced" if self.is_balanced else "unbalanced"
        return one_line(
            f"Panel({self.nobs} rows, {self.n_entities} entities by {self.entity_name or 'entity'}, "
            f"{self.n_periods} periods by {self.time_name or 'time'} from {as_text(first)} to {as_text(last)}, {shape})"
        )


def as_panel(data: object, entity: Any = None, time: Any = None) -> Panel:
    """Return a Panel as it is, and make one of anything else `Panel` accepts.

    Raises
    ------
    SpecificationError
        If ``data`` is a Panel already and ``entity`` or ``time`` is given again.
    """
    if isinstance(data, Panel):
        if entity is not None or time is not None:
            raise SpecificationError("data is a Panel already; leave out entity and time.")
        return data
    return Panel(data, entity, time)  # type: ignore[arg-type]


def _text(name: Hashable) -> str | None:
    return None if name is None else str(name)


def _hashable(name: Any) -> Hashable:
    if not isinstance(name, Hashable):
        raise DataError(f"A column is asked for by its name; got {type(name).__name__}.")
    return name


def _whole(k: Any) -> int:
    try:
        return operator.index(k)
    except TypeError:
        raise SpecificationError(f"A number of periods must be an integer; got {k!r}.") from None
