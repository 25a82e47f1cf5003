"""Columns that stay as somebody stores them: other numbers than doubles, or rows in another order.

A pass over the rows takes a block of a column at a time, and a block is converted and put in order when it is taken. A
copy of the whole column, in doubles and in order, is made only for who asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from panelvar.core.base.arrays import Array, Positions

FEW_ROWS = 16_000
"""Rows up to which a column is copied at once: a copy that small is not worth a second conversion."""


class StoredColumn:
    """A column of which a slice is an array of doubles.

    Parameters
    ----------
    values : array of any kind
        As stored; slices and arrays of places give parts of it.
    doubles : callable
        Converts a part of ``values``.
    rows : (n,) array, optional
        Place among ``values`` of each row; if omitted, the rows are in their order.
    every : bool
        Whether each of ``values`` is one row.
    """

    __slots__ = ("_copy", "_doubles", "_every", "_rows", "_values")

    def __init__(
        self, values: Any, doubles: Callable[[Any], Array], rows: Positions | None = None, every: bool = True
    ) -> None:
        self._values = values
        self._doubles = doubles
        self._rows = rows
        self._every = every
        self._copy: Array | None = None

    def __len__(self) -> int:
        return len(self._values if self._rows is None else self._rows)

    @property
    def shape(self) -> tuple[int]:
        """The number of rows, as an array has it."""
        return (len(self),)

    def __getitem__(self, part: slice) -> Array:
        """Return consecutive rows."""
        if self._copy is not None:
            return self._copy[part]
        values = self._values
        if self._rows is None:
            return self._doubles(values[part])
        places = self._rows[part]
        # Places are in range: without checks and without a buffer this takes a quarter of the time.
        return self._doubles(values.take(places, mode="clip") if isinstance(values, np.ndarray) else values[places])

    def whole(self) -> Array:
        """Return all rows, read-only; they are kept from then on."""
        if self._copy is None:
            copy = np.ascontiguousarray(self[:])
            copy.flags.writeable = False
            self._copy = copy
        return self._copy

    def sum(self) -> float:
        """Return the sum of all rows."""
        # Whatever the order of rows is, none of them is left out.
        parts: Any = StoredColumn(self._values, self._doubles) if self._every else self
        return float(np.sum([parts[start : start + FEW_ROWS].sum() for start in range(0, len(self), FEW_ROWS)]))

    def order_of(self, rows: Positions) -> Positions:
        """Return the places among the stored values of some rows."""
        return rows if self._rows is None else self._rows[rows]

    def in_order(self, places: Positions) -> StoredColumn:
        """Return the rows at places among the stored values."""
        return StoredColumn(self._values, self._doubles, places, every=False)

    @property
    def order(self) -> object:
        """What tells columns in one order from those in another."""
        return id(self._rows)


Column: TypeAlias = Array | StoredColumn
"""A variable of all rows: an array, or what gives one a block at a time."""


def whole(column: Column) -> Array:
    """Return a column as an array; a stored column keeps it."""
    return column.whole() if isinstance(column, StoredColumn) else column


def taken(columns: Sequence[Column], rows: Positions) -> tuple[Column, ...]:
    """Return some rows of columns; many rows are not copied but found again in every pass.

    Parameters
    ----------
    columns : sequence of columns
    rows : (m,) array
        Places of the rows.
    """
    if len(rows) <= FEW_ROWS:
        return tuple(whole(column)[rows] for column in columns)
    stored = [column if isinstance(column, StoredColumn) else StoredColumn(column, np.asarray) for column in columns]
    # Columns in one order share the places.
    places = {column.order: column.order_of(rows) for column in {each.order: each for each in stored}.values()}
    return tuple(column.in_order(places[column.order]) for column in stored)
