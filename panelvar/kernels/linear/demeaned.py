r"""Rows less the means of their groups, and the R factor of them, from one reading of the columns.

The means of whole groups are known as soon as a block that holds them is read, so that its cross products are added up
while it is still in the processor's cache. Cross products about one number a column, less those of the means about it,

.. math:: \sum_{it} (v_{it} - c)(v_{it} - c)' - \sum_i T_i (\bar v_i - c)(\bar v_i - c)',

are those of the demeaned rows, and no block is demeaned for them; where the means lie so far apart that this difference
would lose digits, blocks are demeaned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array, Positions
from panelvar.kernels.linear.columns import Column, StoredColumn, scattered_places
from panelvar.kernels.linear.groups import Columns, Grouping
from panelvar.kernels.linear.qr import CrossProducts, pays, triangle_of
from panelvar.kernels.linear.rows import BLOCK_ROWS, MakesRows, TransformedRows

STORED_BLOCK = BLOCK_ROWS // 2
"""Rows of which all columns are read at a time where they are read as they are stored."""

# Columns of which twice as many rows stay in the cache.
_FEW = 12
# Rows as they are stored whose sums by group are added up at a time, at least.
_PIECE = 2 * BLOCK_ROWS
# Groups whose means are multiplied at a time where their rows are not read along.
_MEANS = 2_000
# Rows that tell where a column lies.
_HEAD = 1_000


class DemeanedRows(TransformedRows):
    """Rows less the (weighted) means of their groups, so that sums of their combinations within a group are zero.

    The means are the only table.

    Attributes
    ----------
    origin : (k + 1,) array or None
        A number near the middle of each column, where what lies between it and the means does not outweigh the rows:
        cross products of ``column - origin`` and of demeaned rows then lose few digits. None where it would, and where
        groups are not read whole (`whole_groups`).
    """

    __slots__ = ("origin",)

    def __init__(self, columns: Sequence[Column], origin: Array | None, **options: Any) -> None:
        super().__init__(columns, **options)
        self.origin = origin

    def whole_groups(self) -> Iterator[tuple[int, int, int, int]]:
        """Yield runs of groups ``first:last`` and their rows ``start:stop``, at most `rows_together`."""
        return _runs(self.groupings[0], rows_together(self.n_columns))


def demeaned_rows(
    columns: Sequence[Column] | MakesRows,
    groups: Grouping,
    weights: Array | None = None,
    constant: Array | float | None = None,
) -> tuple[TransformedRows, Array]:
    """Return rows less the weighted means of their groups, and the R factor of all of them.

    Parameters
    ----------
    columns : sequence of (n,) arrays, or those of a stream
    groups : Grouping
    weights : (n,) array, optional
        Analytic weights, strictly positive.
    constant : (n,) array, float or None
        As in `TransformedRows`.

    Returns
    -------
    rows : TransformedRows
        The means are its only table; `DemeanedRows` where the columns are in memory.
    triangle : (k, k) array

    Examples
    --------
    >>> import numpy as np
    >>> from panelvar.kernels.linear.demeaned import demeaned_rows
    >>> from panelvar.kernels.linear.groups import Grouping
    >>> rows, triangle = demeaned_rows(
    ...     [np.array([1.0, 3.0, 2.0, 4.0, 9.0])], Grouping.from_codes(np.array([0, 0, 1, 1, 1]))
    ... )
    >>> rows.tables[0].tolist(), round(float(triangle[0, 0] ** 2), 4)
    ([[2.0], [5.0]], 28.0)
    """
    if isinstance(columns, MakesRows):
        means = groups.means_of(cast(Columns, columns), weights)
        rows = columns.transformed(groupings=(groups,), tables=(means,), weights=weights, constant=constant)
        return rows, rows.triangle()
    options: dict[str, Any] = {"groupings": (groups,), "weights": weights, "constant": constant}
    if groups.n_rows <= BLOCK_ROWS and groups.sums_lines:
        lines, means = _all_at_once(columns, groups, weights)
        rows = DemeanedRows(columns, None, tables=(means,), **options)
        rows.keep(lines.T)
        return rows, rows.triangle()
    origin, means, triangle = _read(columns, groups, weights)
    rows = DemeanedRows(columns, origin, tables=(means,), **options)
    return rows, rows.triangle() if triangle is None else triangle


def rows_together(columns: int) -> int:
    """Return how many rows of so many columns are read at a time."""
    return BLOCK_ROWS * (2 if columns <= _FEW else 1)


def read_whole(groups: Grouping, columns: int) -> bool:
    """Whether a block of many rows holds whole groups, of few columns as `CrossProducts` pay for."""
    if groups.n_rows <= BLOCK_ROWS or not pays(columns) or groups.starts is None:
        return False
    return groups.sums_lines and bool(groups.sizes.max() <= rows_together(columns))


def _all_at_once(columns: Sequence[Column], groups: Grouping, weights: Array | None) -> tuple[Array, Array]:
    """The demeaned columns (k, n) of few rows, a column a line, and the means (G, k)."""
    lines, last = np.array([column[:] for column in columns]), groups.n_groups
    with np.errstate(over="ignore", invalid="ignore"):
        levels = _levels(lines if weights is None else lines * weights, groups, groups.mass(weights), 0, last)
        lines -= groups.repeated(levels, 0, last)
    if weights is not None:
        lines *= np.sqrt(weights)
    return lines, levels.T


def _read(
    columns: Sequence[Column], groups: Grouping, weights: Array | None
) -> tuple[Array | None, Array, Array | None]:
    """An origin where it serves, the means (G, k), and the R factor where one reading gives it."""
    if read_whole(groups, len(columns)):
        origin = middle(columns)
        found = _less_origin(columns, origin, groups, weights)
        if found is not None:
            return origin, *found
        found = _less_means(columns, groups, weights)
        if found is not None:
            return None, *found
    return None, groups.means_of(columns, weights), None


def _less_origin(
    columns: Sequence[Column], origin: Array, groups: Grouping, weights: Array | None
) -> tuple[Array, Array] | None:
    """The means and the R factor, from products about an origin; None where rounding would be felt."""
    stored = stored_rows(columns, groups, weights)
    if stored is None:
        found = products_about(columns, origin, groups, weights, origin)
    elif products_about(columns, origin, _first_groups(groups, len(columns)), None) is None:
        return None
    else:
        found = stored.products_about(origin)
    if found is None:
        return None
    means, whole, between = found
    triangle = triangle_of(whole - between, np.diagonal(whole))
    return None if triangle is None else (means, triangle)


def products_about(
    columns: Sequence[Column],
    origin: Array,
    groups: Grouping,
    weights: Array | None,
    added: Array | float = 0.0,
    each: Callable[[Array, int, int], None] | None = None,
) -> tuple[Array, Array, Array] | None:
    """Return the means of groups that are `read_whole` and cross products of all rows and of the means.

    Parameters
    ----------
    columns : sequence of k (n,) arrays
    origin : (k,) array
        What is subtracted from the columns.
    groups : Grouping
    weights : (n,) array or None
    added : (k,) array or float
        What is added to the means about the origin.
    each : callable, optional
        Called with the rows ``start:stop`` about the origin, times their weights: (k, stop - start), start and stop.

    Returns
    -------
    means (G, k), whole (k, k), between (k, k)
        The products of demeaned rows are ``whole - between``. None instead of all three where those of the first rows
        have no factor (`triangle_of`).
    """
    mass, step = groups.mass(weights), rows_together(len(columns))
    roots = np.sqrt(mass)
    means = np.empty((groups.n_groups, len(columns)), order="F")
    whole, between = CrossProducts(len(columns), step), CrossProducts(len(columns), step)
    # What is out of range has no factor.
    with np.errstate(over="ignore", invalid="ignore"):
        for first, last, start, stop in _runs(groups, step):
            lines = whole.room(stop - start).T
            for line, column, number in zip(lines, columns, origin, strict=True):
                np.subtract(column[start:stop], number, out=line)
            weighted = lines if weights is None else lines * weights[start:stop]
            levels = _levels(weighted, groups, mass, first, last)
            np.multiply(levels, roots[first:last], out=between.room(last - first).T)
            np.add(levels.T, added, out=means[first:last])
            if each is not None:
                each(weighted, start, stop)
            if weights is not None:
                lines *= np.sqrt(weights[start:stop])
            whole.update()
            between.update()
            # The first block tells whether the columns are apart enough; all of them decide.
            if first == 0 and triangle_of(whole.sum - between.sum, np.diagonal(whole.sum)) is None:
                return None
        return (means, whole.sum, between.sum) if np.isfinite(whole.sum).all() else None


def _first_groups(groups: Grouping, columns: int) -> Grouping:
    """The groups of the first rows that are read together."""
    _, last, _, _ = next(_runs(groups, rows_together(columns)))
    assert groups.starts is not None
    return Grouping.from_starts(groups.starts[: last + 1])


class StoredRows(NamedTuple):
    """The rows of sorted groups in the order in which their columns are stored, in which groups are scattered.

    A gather of each column in the order of groups takes longer than all that is done with it: each row lies in another
    line of memory. Read as they are stored, only entries of tables by group are scattered.

    Attributes
    ----------
    columns : tuple of (n,) columns
    codes : (n,) array
        Group of each row.
    groups : Grouping
        The groups, with rows in their order.
    """

    columns: tuple[Column, ...]
    codes: NDArray[np.int32]
    groups: Grouping

    @property
    def piece(self) -> int:
        """Rows whose sums by group are added up at a time: so many that tables of these are not much longer."""
        return min(max(_PIECE, self.groups.n_groups), len(self.codes))

    def pieces(self) -> Iterator[tuple[int, int, Positions]]:
        """Yield pieces ``start:stop`` of the rows, and the groups of these (scratch)."""
        scratch = np.empty(self.piece, dtype=np.intp)
        for start in range(0, len(self.codes), self.piece):
            codes = scratch[: len(self.codes) - start]
            codes[...] = self.codes[start : start + len(codes)]
            yield start, start + len(codes), codes

    def blocks(
        self, start: int, stop: int, origin: Array, room: Callable[[int], Array]
    ) -> Iterator[tuple[int, int, Array]]:
        """Yield the blocks ``first:last`` of a piece, less an origin, in the ``room`` for so many rows."""
        plain = TransformedRows(self.columns, shift=origin)
        for first in range(start, stop, STORED_BLOCK):
            last = min(first + STORED_BLOCK, stop)
            block = room(last - first)
            plain.fill(first, last, block)
            yield first, last, block

    def products_about(self, origin: Array) -> tuple[Array, Array, Array] | None:
        """Return the means, and the cross products of rows and means about the origin, as `products_about` does."""
        groups, count = self.groups, len(self.columns)
        means = np.zeros((groups.n_groups, count), order="F")
        whole, between = CrossProducts(count, STORED_BLOCK), CrossProducts(count, _MEANS)
        # What is out of range has no factor.
        with np.errstate(over="ignore", invalid="ignore"):
            for start, stop, codes in self.pieces():
                for _ in self.blocks(start, stop, origin, whole.room):
                    whole.update()
                for column, number, sums in zip(self.columns, origin, means.T, strict=True):
                    sums += np.bincount(codes, column[start:stop] - number, groups.n_groups)
            mass = groups.mass()[:, None]
            for first in range(0, groups.n_groups, _MEANS):
                levels, counts = means[first : first + _MEANS], mass[first : first + _MEANS]
                levels /= counts
                np.multiply(levels, np.sqrt(counts), out=between.room(len(levels)))
                between.update()
                levels += origin
        return (means, whole.sum, between.sum) if np.isfinite(whole.sum).all() else None


def stored_rows(columns: Sequence[Column], groups: Grouping, weights: Array | None = None) -> StoredRows | None:
    """Return the rows of sorted groups as they are stored, if that is the faster order; None with weights."""
    places = scattered_places(columns) if weights is None else None
    if places is None:
        return None
    codes = np.empty(len(places), dtype=np.int32)
    codes[places] = np.repeat(np.arange(groups.n_groups, dtype=np.int32), groups.sizes)
    return StoredRows(tuple(cast(StoredColumn, column).as_stored() for column in columns), codes, groups)


def _less_means(columns: Sequence[Column], groups: Grouping, weights: Array | None) -> tuple[Array, Array] | None:
    """The means and the R factor: each block is demeaned. None where the columns are too close to dependent."""
    mass, step = groups.mass(weights), rows_together(len(columns))
    means = np.empty((groups.n_groups, len(columns)), order="F")
    products = CrossProducts(len(columns), step)
    for first, last, start, stop in _runs(groups, step):
        lines = products.room(stop - start).T
        for line, column in zip(lines, columns, strict=True):
            line[:] = column[start:stop]
        # A sum out of range is infinite and so is its mean: callers refuse it by the column's norm.
        with np.errstate(over="ignore", invalid="ignore"):
            weighted = lines if weights is None else lines * weights[start:stop]
            levels = _levels(weighted, groups, mass, first, last)
            lines -= groups.repeated(levels, first, last)
        means[first:last] = levels.T
        if weights is not None:
            lines *= np.sqrt(weights[start:stop])
        products.update()
        if first == 0 and products.triangle() is None:
            return None
    triangle = products.triangle()
    return None if triangle is None else (means, triangle)


def _levels(lines: Array, groups: Grouping, mass: Array, first: int, last: int) -> Array:
    """The means (k, last - first) of whole groups, of whose rows each line has a column, times their weights."""
    levels = groups.sums_of_lines(lines, first, last)
    levels /= mass[first:last]
    return levels


def middle(columns: Sequence[Column]) -> Array:
    """Return a number near the middle of each column, of so few digits that most columns less it are exact."""
    heads = np.array([column[:_HEAD] for column in columns], dtype=np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        centre, spread = heads.mean(axis=1), heads.std(axis=1)
        units = np.ldexp(1.0, np.frexp(spread)[1] - 3)
        rounded = np.where(np.ptp(heads, axis=1) > 0.0, np.rint(centre / units) * units, heads[:, 0])
    return np.where(np.isfinite(rounded), rounded, 0.0)


def _runs(groups: Grouping, step: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield runs of whole groups ``first:last`` and their rows ``start:stop``."""
    starts = groups.starts
    assert starts is not None
    for first, last in whole_groups(starts, step):
        yield first, last, int(starts[first]), int(starts[last])


def whole_groups(starts: Positions, most: int) -> Iterator[tuple[int, int]]:
    """Yield runs of groups ``first:last`` of at most so many rows together; a group of more comes alone.

    Parameters
    ----------
    starts : (G + 1,) integer array
        Row offsets of the groups.
    most : int
    """
    first, end = 0, len(starts) - 1
    while first < end:
        last = max(int(np.searchsorted(starts, starts[first] + most, side="right")) - 1, first + 1)
        yield first, last
        first = last
