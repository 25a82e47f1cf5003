"""Where each row of a panel belongs, and the caller's columns in that order."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import grouped, noun_after
from panelvar.core.base.errors import DataError, Note
from panelvar.data.calendar.calendar import Calendar, read_times
from panelvar.data.panel.dimensions import (
    comparable_keys,
    duplicates_error,
    find_dimensions,
    number_keys,
    refuse_missing,
    seem_swapped,
    sorting_permutation,
    starts_if_sorted,
)
from panelvar.data.sources.alignment import by_label, has_labels
from panelvar.data.sources.source import (
    Coded,
    Labels,
    Source,
    as_column,
    as_floats,
    labels_at,
    one_dimensional,
    stored,
)
from panelvar.kernels.linear.columns import FEW_ROWS, Column

if TYPE_CHECKING:
    from typing import Self

    import pandas as pd
    from pandas.api.extensions import ExtensionArray


class PanelRows:
    """Rows of data in order by entity, then time; `panelvar.data.panel.panel.Panel` says what its parts are."""

    plain: bool = False
    """Whether the data name no entities, so that each row is a separate one (`panelvar.data.panel.plain_rows`)."""

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
                text = "You gave no time, so the rows of each entity count as consecutive periods, in their order."
                notes = (Note("time-from-rows", text),)
        else:
            refuse_missing(source, times, "time", time_name)
            positions, calendar = read_times(times, freq=freq, name=time_name)
        keys: NDArray[Any] | None = None
        lookup: pd.Index | NDArray[Any] | None = None
        if entities is not None:
            refuse_missing(source, entities, "entity", entity_name)
            keys, lookup = comparable_keys(entities, entity_name)
        positions = narrowed(positions)
        starts, order = starts_if_sorted(keys, positions), None
        if starts is None:
            numbered = (np.zeros(source.n_rows, dtype=np.int64), 1) if keys is None else number_keys(keys)
            order = narrowed(sorting_permutation(*numbered, positions, int(positions.max()) + 1))
            del numbered
            positions = positions[order]
            keys = None if keys is None else keys[order]
            starts = starts_if_sorted(keys, positions)
            if starts is None:
                dimensions = entity_key or "entity", time_key or "time"
                raise duplicates_error(source, keys, lookup, positions, calendar, order, dimensions)
        self.nobs: int = source.n_rows
        self.n_entities: int = len(starts) - 1
        self.order: NDArray[np.signedinteger[Any]] | None = order
        self.starts: NDArray[np.intp] = starts
        if times is None and entities is not None:
            positions = narrowed(np.arange(self.nobs) - np.repeat(starts[:-1], np.diff(starts)))
            calendar = Calendar.of_integers(0, 1, int(positions.max()) + 1)
        self._positions: NDArray[np.signedinteger[Any]] = positions
        self.calendar: Calendar = calendar
        self.entity_name: str | None = entity_name
        self.time_name: str | None = time_name
        self.notes: tuple[Note, ...] = notes + calendar.notes
        if entities is not None and times is not None and seem_swapped(keys, lookup, calendar):
            text = (
                f"entity={entity_name!r} holds years or dates, and time={time_name!r} does not. If they are swapped, "
                f"write Panel(data, entity={time_name!r}, time={entity_name!r})."
            )
            self.notes = (*self.notes, Note("dimensions-swapped", text, warn=True))
        self._source = source
        self._heads = None if keys is None else keys[starts[:-1]]
        self._lookup = lookup
        self._dimensions: dict[Hashable, Labels | None] = {entity_key: entities, time_key: times}
        self._added: dict[Hashable, NDArray[Any] | ExtensionArray] = {}
        self._last_lag: tuple[int, NDArray[np.int64], NDArray[np.bool_]] | None = None

    @cached_property
    def time_positions(self) -> NDArray[np.int64]:
        """Calendar position of each row, from 0; shape (n,)."""
        return self._positions.astype(np.int64, copy=False)

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
            return len(np.unique(self._positions))
        return int(np.count_nonzero(np.bincount(self._positions)))

    @property
    def is_balanced(self) -> bool:
        """Whether every entity is observed in the same periods."""
        return self.nobs == self.n_entities * self.n_periods

    @cached_property
    def index(self) -> pd.Index:
        """The caller's row labels, in the panel's order."""
        index = self._source.index
        return index if self.order is None else index.take(self.order)

    @cached_property
    def pairs(self) -> pd.Index:
        """Entity and period of each row, in the panel's order; of a panel of one entity without a name the period."""
        import pandas as pd

        periods = self.calendar.labels_at(self.time_positions).rename(self.time_name)
        if self._heads is None:
            return periods
        entities = self.entity_labels.take(self.entity_codes)
        return pd.MultiIndex.from_arrays([entities, periods], names=[self.entity_name, self.time_name])

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
            If the name is unknown, or values are not real numbers (integers, booleans and nullable types are).
        """
        added = _hashable(name) in self._added
        values = as_floats(self._added[name] if added else self._stored(name), name)
        if self.order is not None and not added:
            values = values[self.order]
        values = values[:]
        values.flags.writeable = False
        return values

    def stored_column(self, name: Hashable) -> Column:
        """Return a column for passes over its rows: a large one that `column` would have to copy stays as it is stored.

        Parameters
        ----------
        name : label
            Name of the column.

        Returns
        -------
        (n,) array, or StoredColumn
            In the panel's order; a slice of either is an array of float64, and so is all of it, ``[:]``.

        Raises
        ------
        DataError
            If the name is unknown, or values are not real numbers.
        """
        if _hashable(name) in self._added:
            return as_column(self._added[name], name, None)
        return as_column(self._stored(name), name, self.order)

    def raw_column(self, name: Hashable) -> NDArray[Any] | ExtensionArray:
        """Return a column as it is stored, of any type, in the panel's order.

        Parameters
        ----------
        name : label
            Name of the column.

        Raises
        ------
        DataError
            If the name is unknown.
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
            If an array has another length, or labels repeat or are not those of the data.
        """
        return self._arranged(values, "the Series")

    def _arranged(self, values: Any, what: str) -> NDArray[Any] | ExtensionArray:
        values = one_dimensional(values, what.capitalize())
        if has_labels(values):
            if self.order is not None and values.index.equals(self.index):
                if values.index.equals(self._source.index):
                    raise DataError(
                        f"The index of {what} repeats labels, so nothing says whether it has the order of the data "
                        "or of the panel. Make it a column of the data."
                    )
                return stored(values)
            if not values.index.equals(self._source.index):
                named = (
                    self._source.index.nlevels == 1
                    and values.index.nlevels == 2
                    and list(values.index.names) == list(self.pairs.names)
                )
                return stored(by_label(values, self.pairs if named else self.index, what))
        elif len(values) != self.nobs:
            raise DataError(f"{len(values)} values were given for a panel of {self.nobs} rows.")
        array = stored(values)
        return array if self.order is None else array[self.order]

    def _selected(self, kept: NDArray[np.intp]) -> Self:
        """The panel of some rows, given in the panel's order, on the calendar from the first to the last of them."""
        panel = object.__new__(type(self))
        rows = kept if self.order is None else self.order[kept]
        chosen = np.sort(rows)
        order = np.searchsorted(chosen, rows)
        codes, starts = np.unique(self.entity_codes[kept], return_index=True)
        positions = self._positions[kept]
        first, last = int(positions.min()), int(positions.max())
        panel.nobs, panel.n_entities = len(kept), len(codes)
        panel.order = None if (np.diff(order) > 0).all() else order
        panel.starts = np.append(starts, len(kept))
        panel.plain = self.plain
        panel._positions = positions - first
        panel.calendar = self.calendar.between(first, last)
        panel.entity_name, panel.time_name, panel.notes = self.entity_name, self.time_name, self.notes
        panel._source = self._source.at(chosen)
        panel._heads = None if self._heads is None else self._heads[codes]
        panel._lookup = self._lookup
        panel._dimensions = {
            name: None if labels is None else labels_at(labels, chosen) for name, labels in self._dimensions.items()
        }
        panel._added = {name: values[kept] for name, values in self._added.items()}
        panel._last_lag = None
        return panel

    def __len__(self) -> int:
        return self.nobs


def rows_where(panel: PanelRows, mask: NDArray[np.bool_]) -> str:
    """Count the rows where a mask holds, and name the first of them."""
    where = np.flatnonzero(mask)
    listing = ", ".join(repr(label) for label in panel.index[where[:3]].tolist())
    return f"{grouped(len(where))} of {grouped(panel.nobs)} rows, first in {noun_after(len(where), 'row')} {listing}"


def refuse_infinite(panel: PanelRows, name: Hashable, column: Array) -> None:
    """Refuse a column with values that are infinite, saying where."""
    infinite = np.isinf(column)
    if infinite.any():
        where = rows_where(panel, infinite)
        if ":" in str(name) and name not in panel.names:
            raise DataError(f"The product {str(name)!r} is infinite in {where}. Rescale the variables it is made of.")
        raise DataError(f"Column {name!r} is infinite in {where}. Remove these values or set them to missing.")


def narrowed(positions: NDArray[np.signedinteger[Any]]) -> NDArray[np.signedinteger[Any]]:
    """Return positions, from 0, in the shortest integers that hold them: every panel keeps them as long as it lives."""
    if len(positions) <= FEW_ROWS:
        return positions
    return positions.astype(np.min_scalar_type(-int(positions.max()) - 1), copy=False)


def _text(name: Hashable) -> str | None:
    return None if name is None else str(name)


def _hashable(name: Any) -> Hashable:
    if not isinstance(name, Hashable):
        raise DataError(f"Ask for a column by its name, which is a text; got {type(name).__name__}.")
    return name
