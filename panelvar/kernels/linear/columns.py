"""Columns that stay as somebody stores them: other numbers than doubles, rows in another order, or levels of a factor.

A pass over the rows takes a block of a column at a time, and a block is converted and put in order when it is taken. A
copy of the whole column, in doubles and in order, is made only for who asks for it. The columns of a factor share the
codes of its levels, so that they take the memory of the rows and not that of the rows times the levels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array, Mask, Positions

FEW_ROWS = 16_000
"""Rows up to which a column is copied at once: a copy that small is not worth a second conversion."""

# Doubles in a line of memory.
_LINE = 8


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
        # Places are in range: without checks and without a buffer this takes a quarter of the time. Values that do not
        # follow each other in memory would all be copied first.
        if isinstance(values, np.ndarray) and values.flags.c_contiguous:
            return self._doubles(values.take(places, mode="clip"))
        return self._doubles(values[places])

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

    @property
    def places(self) -> Positions | None:
        """Place among the stored values of each row, where each of these is one row and they are in another order."""
        return self._rows if self._every else None

    def as_stored(self) -> StoredColumn:
        """Return all values in the order in which they are stored."""
        return StoredColumn(self._values, self._doubles)


class FactorCodes:
    """The level of each row, and what indicators of the levels are multiplied by.

    Parameters
    ----------
    codes : (n,) integer array
        Level of each row, -1 where it is missing; rows of `n_levels` and more have none of the levels.
    n_levels : int
    multiplier : (n,) array, optional
        Ones if omitted.
    also : FactorCodes, optional
        Another level of each row, never the same one, whose indicator is in the columns too.
    """

    def __init__(
        self, codes: NDArray[Any], n_levels: int, multiplier: Array | None = None, also: FactorCodes | None = None
    ) -> None:
        self.codes = codes
        self.n_levels = n_levels
        self.multiplier = multiplier
        self.also = also

    @cached_property
    def absent(self) -> Mask:
        """Where all columns are missing."""
        absent: Mask = self.codes < 0
        return absent if self.multiplier is None else absent | np.isnan(self.multiplier)

    @cached_property
    def finite(self) -> bool:
        """Whether no multiplier is infinite."""
        return self.multiplier is None or not np.isinf(self.multiplier).any()

    @cached_property
    def sums(self) -> Array:
        """Sum (n_levels,) of each column; one that is not finite stands for all where a value is missing."""
        if self.multiplier is not None and not np.isfinite(total := self.multiplier.sum()):
            return np.full(self.n_levels, total)
        if self.codes.min(initial=0) < 0:
            return np.full(self.n_levels, np.nan)
        return self.along(None)

    def along(self, values: Array | None) -> Array:
        """Return the sum (n_levels,) of each column, of which no value is missing, times values (n,)."""
        # Counts of indicators are exact.
        sums = np.bincount(self.codes, times(values, self.multiplier), self.n_levels)[: self.n_levels]
        return sums.astype(np.float64, copy=False) if self.also is None else sums + self.also.along(values)

    def squares(self, weights: Array | None) -> Array:
        """Return the (weighted) sum of squares (n_levels,) of each column, of which no value is missing."""
        squares = FactorCodes(self.codes, self.n_levels, times(self.multiplier, self.multiplier)).along(weights)
        return squares if self.also is None else squares + self.also.squares(weights)

    def combined(self, loadings: Array, part: Any) -> Array:
        """Return some rows, of which no level is missing, of a combination of the columns.

        Parameters
        ----------
        loadings : (n_levels + 1,) array
            One a level, and zero for what is none of them.
        part : slice, or array of places
        """
        values: Array = loadings.take(self.codes[part], mode="clip")
        if self.multiplier is not None:
            values *= self.multiplier[part]
        return values if self.also is None else values + self.also.combined(loadings, part)

    @cached_property
    def limits(self) -> Array:
        """Smallest and largest value (2, n_levels) of each column of one level a row; NaN where a value is missing."""
        if self.absent.any():
            return np.full((2, self.n_levels), np.nan)
        # Rows of all other levels are zeros.
        zeros = np.bincount(self.codes, minlength=self.n_levels) < len(self.codes)
        limits = np.where(zeros[: self.n_levels + 1], 0.0, [[np.inf], [-np.inf]])
        values = 1.0 if self.multiplier is None else self.multiplier
        for limit, choose in zip(limits, (np.minimum, np.maximum), strict=True):
            choose.at(limit, self.codes, values)
        return limits[:, : self.n_levels]

    def times(self, values: Array) -> FactorCodes:
        """Return the columns, each of one level, times values (n,)."""
        return FactorCodes(self.codes, self.n_levels, times(values, self.multiplier))

    def take(self, rows: Positions | Mask) -> FactorCodes:
        """Return some rows."""
        multiplier = None if self.multiplier is None else self.multiplier[rows]
        also = None if self.also is None else self.also.take(rows)
        return FactorCodes(self.codes[rows], self.n_levels, multiplier, also)

    def differences(self, rows: Positions, before: Positions) -> FactorCodes:
        """Return the columns at some rows, each of one level, less those at rows before them; none misses a value."""
        now, then = self.codes[rows], self.codes[before]
        stays = now == then
        multiplier: Array | None = None
        left: Array = np.broadcast_to(-1.0, len(before))
        if self.multiplier is None:
            now[stays] = self.n_levels
        else:
            # What a level that stays is multiplied by is subtracted here, and not in sums of squares.
            multiplier, left = self.multiplier[rows], -self.multiplier[before]
            multiplier[stays] += left[stays]
        then[stays] = self.n_levels
        return FactorCodes(now, self.n_levels, multiplier, FactorCodes(then, self.n_levels, left))


class FactorColumn(StoredColumn):
    """The indicator of one level, times the multiplier of its factor.

    Parameters
    ----------
    factor : FactorCodes
    level : int
    """

    __slots__ = ("factor", "level")

    def __init__(self, factor: FactorCodes, level: int) -> None:
        super().__init__(factor.codes, np.asarray)
        self.factor = factor
        self.level = level

    def __getitem__(self, part: slice) -> Array:
        """Return consecutive rows."""
        if self._copy is not None:
            return self._copy[part]
        codes, multiplier = self.factor.codes[part], self.factor.multiplier
        column: Array = (codes == self.level).astype(np.float64)
        column[codes < 0] = np.nan
        if multiplier is not None:
            # Zero times what is infinite is refused, or left out, where it is found.
            with np.errstate(invalid="ignore"):
                column *= multiplier[part]
        also = self.factor.also
        return column if also is None else column + FactorColumn(also, self.level)[part]

    def sum(self) -> float:
        """Return the sum of all rows."""
        return float(self.factor.sums[self.level])


class Combination:
    """Values of a linear combination of columns that miss none, computed when a part is taken: levels stay codes.

    Parameters
    ----------
    columns : sequence of (n,) columns
    loadings : (k,) array
    """

    def __init__(self, columns: Sequence[Column], loadings: Array) -> None:
        self._columns = columns
        self._loadings = loadings

    def __len__(self) -> int:
        return int(self._columns[0].shape[0])

    def __getitem__(self, part: Any) -> Array:
        """Return the values of a slice, or at an array of places."""
        others, factors = self._parts
        values: Any = 0.0
        for factor, loadings in factors.items():
            values = values + factor.combined(loadings, part)
        for column, loading in others:
            values = values + loading * column[part]
        return np.asarray(values)

    @cached_property
    def _parts(self) -> tuple[list[tuple[Column, float]], dict[FactorCodes, Array]]:
        """The columns that are no levels and their loadings, and those of all levels, and of none, by factor."""
        others: list[tuple[Column, float]] = []
        factors: dict[FactorCodes, Array] = {}
        for place in np.flatnonzero(self._loadings).tolist():
            column, loading = self._columns[place], float(self._loadings[place])
            if isinstance(column, FactorColumn):
                factors.setdefault(column.factor, np.zeros(column.factor.n_levels + 1))[column.level] = loading
            else:
                others.append((column, loading))
        return others, factors


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
        return tuple((column[:] if isinstance(column, FactorColumn) else whole(column))[rows] for column in columns)
    stored = [column if isinstance(column, StoredColumn) else StoredColumn(column, np.asarray) for column in columns]
    # Columns in one order share the places, those of a factor its codes.
    places = {column.order: column.order_of(rows) for column in {each.order: each for each in stored}.values()}
    factors = {factor: factor.take(rows) for factor in factors_of(stored)}
    return tuple(
        FactorColumn(factors[column.factor], column.level)
        if isinstance(column, FactorColumn)
        else column.in_order(places[column.order])
        for column in stored
    )


def scattered_places(columns: Sequence[Column]) -> Positions | None:
    """Return where the rows are stored, if columns that have one order are read faster as they are stored.

    They are where rows that follow each other are each in another line of memory. Where a few places do not follow
    each other, or go up side by side, as those of data sorted by time do, lines are read once in either order.
    """
    first = columns[0]
    places = first.places if isinstance(first, StoredColumn) else None
    if places is None or not all(isinstance(each, StoredColumn) and each.places is places for each in columns):
        return None
    middle = len(places) // 2
    lines = np.sort(places[middle : middle + FEW_ROWS] // _LINE)
    return places if 2 * np.count_nonzero(np.diff(lines)) > len(lines) else None


def differences(columns: Sequence[Column], rows: Positions, before: Positions) -> list[Column]:
    """Return some rows of columns that miss no value, less the rows before them.

    Parameters
    ----------
    columns : sequence of columns
    rows, before : (m,) arrays
        Places of the rows, and of those before them.
    """
    return changed(
        columns, lambda factor: factor.differences(rows, before), lambda column: column[rows] - column[before]
    )


def changed(
    columns: Sequence[Column], of_factor: Callable[[FactorCodes], FactorCodes], of_column: Callable[[Array], Array]
) -> list[Column]:
    """Return what is made of columns: those of a factor are made together, and stay codes."""
    factors = {factor: of_factor(factor) for factor in factors_of(columns)}
    return [
        FactorColumn(factors[column.factor], column.level) if isinstance(column, FactorColumn) else of_column(column[:])
        for column in columns
    ]


def less(columns: Sequence[Column], numbers: Array) -> list[Column]:
    """Return columns less a number each; those of levels are as they are."""
    return [
        column if isinstance(column, FactorColumn) else column[:] - number
        for column, number in zip(columns, numbers, strict=True)
    ]


def measured(
    columns: Sequence[Column], of_factor: Callable[[FactorCodes], Array], of_column: Callable[[Array], float]
) -> Array:
    """Return a number a column (k,): those of a factor's columns are found together."""
    found = {factor: of_factor(factor) for factor in factors_of(columns)}
    return np.array([
        found[column.factor][column.level] if isinstance(column, FactorColumn) else of_column(column[:])
        for column in columns
    ])  # fmt: skip


def factor_columns(columns: Sequence[Column]) -> list[FactorColumn]:
    """Return the columns that are those of factors."""
    return [column for column in columns if isinstance(column, FactorColumn)]


def factors_of(columns: Sequence[Column]) -> list[FactorCodes]:
    """Return the factors that columns are of, each once."""
    return list(dict.fromkeys(column.factor for column in factor_columns(columns)))


def times(values: Array | None, multiplier: Array | None) -> Array | None:
    """Return the product of two arrays, of which None stands for ones."""
    if values is None:
        return multiplier
    return values if multiplier is None else values * multiplier
