"""Rows in no order of their groups: each takes its row of a table of all groups, or is added to it.

A row of a table lies in one or two lines of memory, its columns in as many as there are columns. So tables are
row-major, and a row is taken or added whole, however many groups there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array, Positions
from panelvar.kernels.linear.columns import Column, FactorColumn, factors_of
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.rows import BLOCK_ROWS, TransformedRows


class ScatteredGrouping(Grouping):
    """Rows of a chunk in no order, by the groups of all chunks. Many groups may have no row here.

    Parameters
    ----------
    codes : (n,) array
        From 0 to ``n_groups`` - 1, which is not verified.
    n_groups : int
    """

    def __init__(self, codes: Positions, n_groups: int) -> None:
        super().__init__(codes, n_groups)
        self.__dict__.update(starts=None, equal_size=0, cycles=False)

    def add_sums(self, block: Array, start: int, stop: int, out: Array) -> None:
        """Add a block of rows, each to the row of its group in ``out``, which is row-major."""
        for first in range(start, stop, BLOCK_ROWS):
            last = min(first + BLOCK_ROWS, stop)
            add_rows(out, self.codes[first:last], block[first - start : last - start])


class ScatteredRows(TransformedRows):
    """`TransformedRows` whose tables are row-major and of all groups, as rows of `ScatteredGrouping` take them."""

    __slots__ = ()

    def fill(self, start: int, stop: int, out: Array) -> None:
        """Write transformed rows ``start:stop`` into ``out`` (see `TransformedRows.fill`)."""
        level = np.empty((stop - start, self.n_columns))
        for place, (grouping, table) in enumerate(zip(self.groupings, self.tables, strict=True)):
            # mode="clip" spares a check of every code; they are in range.
            table.take(grouping.codes[start:stop], axis=0, out=level, mode="clip")
            if place:
                out -= level
                continue
            out[...] = level
            for j, column in enumerate(self.columns):
                np.subtract(column[start:stop], out[:, j], out=out[:, j])
        if self.shift is not None:
            out -= self.shift
        self._weigh(start, stop, out)


def add_rows(table: Array, codes: NDArray[np.integer], rows: Array) -> None:
    """Add each row to the row of a table that its code names, in their order.

    Parameters
    ----------
    table : (G, k) array
        Row-major, or every column is gone through; changed in place.
    codes : (m,) array
        Not verified.
    rows : (m, k) array
    """
    adder = _adder()
    if adder is None or not table.flags.c_contiguous:
        for j in range(table.shape[1]):
            np.add.at(table[:, j], codes, rows[:, j])
        return
    count, columns = rows.shape
    # The matrix with a one in each column, in the row that the code names, times the rows.
    places = np.arange(count + 1, dtype=codes.dtype)
    ones, lines = np.ones(count), np.ascontiguousarray(rows)
    adder(len(table), count, columns, places, codes, ones, lines.reshape(-1), table.reshape(-1))


def add_by_level(table: Array, codes: Positions, columns: Sequence[Column]) -> None:
    """Add columns, some of them levels, each row to the row of a table that its code names: an entry a row and factor.

    Parameters
    ----------
    table : (G, k) array
        Row-major; changed in place.
    codes : (n,) array
    columns : sequence of k (n,) columns
        Of levels of which none is missing, one a row.
    """
    groups, width = table.shape
    lookups = {factor: np.full(factor.n_levels + 1, -1) for factor in factors_of(columns)}
    for place, column in enumerate(columns):
        if isinstance(column, FactorColumn):
            lookups[column.factor][column.level] = place
        else:
            table[:, place] += np.bincount(codes, column[:], groups)
    for factor, lookup in lookups.items():
        places = lookup[factor.codes]
        rows = places >= 0
        values = 1.0 if factor.multiplier is None else factor.multiplier[rows]
        np.add.at(table.reshape(-1), codes[rows] * width + places[rows], values)


@cache
def _adder() -> Callable[..., Any] | None:
    """SciPy's product of a sparse matrix, column by column, with a dense one, added to what is there.

    Its public face makes a new table each time, which costs more than the rows where groups are many.
    """
    try:
        from scipy.sparse._sparsetools import csc_matvecs
    except ImportError:
        return None
    found: Callable[..., Any] = csc_matvecs
    return found
