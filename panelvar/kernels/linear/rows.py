"""Transformed rows: the columns of a model minus its level tables, block by block.

Every within-type transform in the library is ``column - shift - sum_d table_d[codes_d]``, times the square root of the
analytic weight. No transformed copy is kept: the rows are rebuilt into a small scratch wherever a pass needs them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypedDict, Unpack

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.kernels.linear.columns import Column, Combination, StoredColumn, factor_columns, measured
from panelvar.kernels.linear.groups import Codes, Columns, Grouping, split_columns
from panelvar.kernels.linear.qr import CrossProducts, RowAccumulator, pays, triangularize
from panelvar.kernels.linear.refinement import Products, cross_products

BLOCK_ROWS = 8000
"""Rows of one block: at a dozen columns it stays within the second-level cache."""


_SQUARED = 100_000
"""Numbers squared at a time: they stay in the cache."""
_FEWEST = 500
"""Rows of many columns squared at a time."""


def subtract_tables(
    columns: Columns,
    levels: Sequence[tuple[Codes, Array]],
    rows: slice,
    out: Array | None = None,
    slopes: Sequence[Array | None] = (),
) -> Array:
    """Subtract each row's levels from a block of rows: ``x_ij - sum_d table_d[codes_d[i], j] slope_d[i]``.

    Parameters
    ----------
    columns : sequence of k (n,) arrays, or (n, k) array
    levels : sequence of (codes (n,), table (G_d, k)) pairs
        Column-major tables are fastest.
    rows : slice
        The rows of the block, step 1.
    out : (m, k) array, optional
        Where to write; column-major is fastest. Allocated if omitted.
    slopes : sequence of (n,) array or None, optional
        What each table is multiplied by, one an entry of `levels`; None, or nothing at all, stands for one.

    Returns
    -------
    (m, k) array
        `out`.
    """
    parts = split_columns(columns)
    start, stop, _ = rows.indices(len(parts[0]))
    if out is None:
        out = np.empty((stop - start, len(parts)), order="F")
    # Gathering needs machine integers: converted once a block instead of once a column.
    tables = [(codes[start:stop].astype(np.intp, copy=False), table) for codes, table in levels]
    factors = [None if slope is None else slope[start:stop] for slope in slopes or [None] * len(tables)]
    gathered = np.empty(stop - start)
    for j, column in enumerate(parts):
        target = out[:, j]
        source = column[start:stop]
        for (index, table), factor in zip(tables, factors, strict=True):
            # mode="clip" spares a buffered copy; codes are in range.
            table[:, j].take(index, out=gathered, mode="clip")
            if factor is not None:
                gathered *= factor
            np.subtract(source, gathered, out=target)
            source = target
        if not tables:
            target[:] = source
    return out


class Transform(TypedDict, total=False):
    """What `TransformedRows` subtracts from columns and multiplies them by; it says what each is."""

    shift: Array | None
    groupings: Sequence[Grouping]
    tables: Sequence[Array]
    slopes: Sequence[Array | None]
    weights: Array | None
    constant: Array | float | None


class TransformedRows:
    """Rows of ``[X, y]`` with a shift and level tables subtracted and weights applied.

    Parameters
    ----------
    columns : sequence of (n,) arrays
        The regressors and, last, the dependent variable, untransformed.
    shift : (k + 1,) array or None
        One number subtracted from each column (the grand mean of a pooled model).
    groupings, tables : sequences of Grouping and (G, k + 1) array
        Subtracted from each column: ``table[codes[i], j]`` from row i of column j.
    slopes : sequence of (n,) array or None
        What each table is multiplied by (effects with slopes); None, or nothing at all, stands for one.
    weights : (n,) array or None
        Analytic weights; each transformed row is multiplied by their square root.
    constant : (n,) array, float or None
        The transformed constant, times the root of the weights; None without one. It goes with the rows and is not one
        of their columns, which are orthogonal to it.
    """

    __slots__ = ("_constant", "_kept", "_tables", "columns", "groupings", "shift", "slopes", "weights")

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        shift: Array | None = None,
        groupings: Sequence[Grouping] = (),
        tables: Sequence[Array] = (),
        slopes: Sequence[Array | None] = (),
        weights: Array | None = None,
        constant: Array | float | None = None,
    ) -> None:
        self.columns = tuple(columns)
        self.shift = shift
        self.groupings = tuple(groupings)
        self._tables: tuple[Array, ...] | None = tuple(tables)
        self.slopes = tuple(slopes) or (None,) * len(tables)
        self.weights = weights
        self._constant = constant
        self._kept: Array | None = None

    @property
    def tables(self) -> tuple[Array, ...]:
        """The level tables (G, k + 1), one a grouping."""
        return self._tables or ()

    @property
    def constant(self) -> Array | float | None:
        """The transformed constant."""
        return self._constant

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self.columns[0].shape[0])

    @property
    def keeps_rows(self) -> bool:
        """Whether the rows are few enough to be transformed once and kept; else a block is scratch."""
        return self.n_rows <= BLOCK_ROWS

    @property
    def n_columns(self) -> int:
        """Number of columns, the dependent variable included."""
        return len(self.columns)

    def fill(self, start: int, stop: int, out: Array) -> None:
        """Write transformed rows ``start:stop`` into ``out`` of shape (stop - start, k + 1), column-major."""
        if self.shift is not None and not self.tables:
            for j, column in enumerate(self.columns):
                np.subtract(column[start:stop], self.shift[j], out=out[:, j])
            self._weigh(start, stop, out)
            return
        levels = [grouping.lookup(start, stop) for grouping in self.groupings]
        for j, column in enumerate(self.columns):
            source, target = column[start:stop], out[:, j]
            for look_up, table, slope in zip(levels, self.tables, self.slopes, strict=True):
                level = look_up(table[:, j])
                np.subtract(source, level if slope is None else level * slope[start:stop], out=target)
                source = target
            if not levels:
                target[:] = source
        if self.shift is not None:
            out -= self.shift
        self._weigh(start, stop, out)

    def _weigh(self, start: int, stop: int, out: Array) -> None:
        if self.weights is not None:
            out *= np.sqrt(self.weights[start:stop])[:, None]

    @property
    def _group_rows(self) -> int:
        """Rows of every group, if one effect's levels are all that is subtracted and its groups are equally large."""
        return self.groupings[0].equal_size if len(self.groupings) == 1 and self.slopes[0] is None else 0

    def block_bounds(self) -> Iterator[tuple[int, int]]:
        """Yield the first row of each block and the one after its last; whole groups where they are equally large."""
        size, step = self._group_rows, BLOCK_ROWS
        if 0 < size <= BLOCK_ROWS:
            step = BLOCK_ROWS // size * size
        for start in range(0, self.n_rows, step):
            yield start, min(start + step, self.n_rows)

    def blocks(self) -> Iterator[tuple[int, int, Array]]:
        """Yield ``(start, stop, block)``; the block is scratch and is overwritten by the next one."""
        n = self.n_rows
        if n <= BLOCK_ROWS:
            # A small model is transformed once and its rows are kept: later passes cost nothing.
            kept = self._kept
            if kept is None:
                kept = np.empty((n, self.n_columns), order="F")
                self.fill(0, n, kept)
                self.keep(kept)
            yield 0, n, kept
            return
        scratch = np.empty((BLOCK_ROWS, self.n_columns), order="F")
        for start, stop in self.block_bounds():
            block = scratch[: stop - start]
            self.fill(start, stop, block)
            yield start, stop, block

    def read(self, start: int, stop: int) -> Array:
        """Return transformed rows ``start:stop``, shape (stop - start, k + 1)."""
        if self.keeps_rows:
            return next(self.blocks())[2][start:stop]
        out = np.empty((stop - start, self.n_columns), order="F")
        self.fill(start, stop, out)
        return out

    def keep(self, block: Array) -> None:
        """Keep all rows, transformed (n, k + 1), of a small model."""
        block.flags.writeable = False
        self._kept = block

    def summed(self, make: Callable[[], list[Array]]) -> list[Array]:
        """Return the sums over all rows that one pass over `blocks` makes; rows that lie apart are passed apart."""
        return make()

    def triangle(self) -> Array:
        """Return the R factor, shape (k + 1, k + 1), of all transformed rows.

        Many rows of well conditioned columns are factored by their cross products (see `panelvar.kernels.linear.qr`),
        all others by QR.
        """
        if self.n_rows <= BLOCK_ROWS:
            return triangularize(next(self.blocks())[2])
        if pays(self.n_columns):
            triangle = self._triangle_of_products()
            if triangle is not None:
                return triangle
        accumulator = RowAccumulator(self.n_columns)
        for start, stop in self.block_bounds():
            self.fill(start, stop, accumulator.room(stop - start))
            accumulator.update()
        return accumulator.r

    def _triangle_of_products(self) -> Array | None:
        products = CrossProducts(self.n_columns, BLOCK_ROWS)
        for start, stop in self.block_bounds():
            self.fill(start, stop, products.room(stop - start))
            products.update()
            # The first block tells whether the columns are apart enough; all of them decide.
            if start == 0 and products.triangle() is None:
                return None
        return products.triangle()

    def column(self, j: int) -> Array:
        """Return transformed column ``j`` in full, shape (n,)."""
        if self._kept is not None:
            return self._kept[:, j]
        out = np.empty((self.n_rows, 1), order="F")
        levels = [(g.codes, table[:, j : j + 1]) for g, table in zip(self.groupings, self.tables, strict=True)]
        subtract_tables((self.columns[j],), levels, slice(0, self.n_rows), out, self.slopes)
        if self.shift is not None:
            out -= self.shift[j]
        self._weigh(0, self.n_rows, out)
        return out[:, 0]

    def combined(self, loadings: Array) -> TransformedRows:
        """Return the rows of linear combinations of the columns; what is subtracted is combined alike.

        Parameters
        ----------
        loadings : (k + 1, m) array
            One combination a column. A column that is taken as it is, is not copied.
        """
        return TransformedRows(
            [combination(self.columns, loadings[:, j]) for j in range(loadings.shape[1])],
            shift=None if self.shift is None else self.shift @ loadings,
            groupings=self.groupings,
            tables=[np.asfortranarray(table @ loadings) for table in self.tables],
            slopes=self.slopes,
            weights=self.weights,
            constant=self.constant,
        )

    def products(self) -> Products:
        """Return the cross products of ``[X, y]`` in extended precision, with the constant first if there is one."""
        columns: list[Column] = list(self.columns)
        slopes, weights = self.slopes, self.weights
        tables: list[tuple[NDArray[Any] | None, Array]] = [
            (grouping.codes, table) for grouping, table in zip(self.groupings, self.tables, strict=True)
        ]
        if self.shift is not None:
            tables.append((None, self.shift[None, :]))
            slopes = (*slopes, None)
        if self.constant is not None:
            # The transformed constant goes first; nothing is subtracted from it.
            z = self.constant if weights is None else self.constant / np.sqrt(weights)
            columns.insert(0, np.broadcast_to(z, self.n_rows))
            tables = [(codes, np.insert(table, 0, 0.0, axis=1)) for codes, table in tables]
        return cross_products(columns, tables, weights, slopes=slopes)

    def residuals(self, coefficients: Array) -> Array:
        """Return ``y - X b`` of the transformed (weighted) rows, shape (n,)."""
        residuals = np.empty(self.n_rows)
        for start, stop, block in self.blocks():
            np.subtract(block[:, -1], block[:, :-1] @ coefficients, out=residuals[start:stop])
        return residuals


class MakesRows(ABC):
    """Columns that are not in memory and make transformed rows of themselves, as those of a stream do."""

    @abstractmethod
    def __len__(self) -> int:
        """Return how many there are."""

    @abstractmethod
    def transformed(self, **transform: Unpack[Transform]) -> TransformedRows:
        """Return the rows."""


def transformed_rows(columns: Sequence[Column] | MakesRows, **transform: Unpack[Transform]) -> TransformedRows:
    """Return the transformed rows of columns, in memory or not (see `TransformedRows`)."""
    if isinstance(columns, MakesRows):
        return columns.transformed(**transform)
    return TransformedRows(columns, **transform)


def combination(columns: Sequence[Column], loadings: Array) -> Column:
    """Return a linear combination of columns; one that is taken as it is, is not copied, and levels stay codes."""
    used = np.flatnonzero(loadings).tolist()
    if len(used) == 1 and loadings[used[0]] == 1.0:
        return columns[used[0]]
    if factor_columns([columns[j] for j in used]):
        return StoredColumn(Combination(columns, loadings), np.asarray)
    out = np.zeros(columns[0].shape[0])
    for j in used:
        out += loadings[j] * columns[j][:]
    return out


def restored_norms(triangle: Array, levels: Sequence[tuple[Array, Array]]) -> Array:
    r"""Return the size of each column before levels were subtracted, without reading the columns again.

    :math:`\bigl(\lVert \tilde x \rVert^2 + \sum_d \sum_g m_{dg} a_{dg}^2\bigr)^{1/2}` with levels :math:`a_{dg}` of
    masses :math:`m_{dg}`. With one grouping it is the norm of the raw column; with two it leaves out their cross
    product, and is the scale on which the subtraction was rounded.

    Parameters
    ----------
    triangle : (k, k) array
        R of the transformed columns.
    levels : sequence of (masses (G,), levels (G, k)) pairs
    """
    # An overflow is seen in the norm, and refused there.
    with np.errstate(over="ignore", invalid="ignore"):
        squares: Array = np.square(triangle).sum(axis=0)
        for mass, level in levels:
            step = max(_SQUARED // max(level.shape[1], 1), _FEWEST)
            for first in range(0, len(level), step):
                squares += mass[first : first + step] @ np.square(level[first : first + step])
        return np.asarray(np.sqrt(squares))


def column_norms(columns: Sequence[Column], weights: Array | None = None) -> Array:
    """Return the Euclidean norm of each (weighted) column before any transform.

    Parameters
    ----------
    columns : sequence of k (n,) arrays
    weights : (n,) array, optional

    Returns
    -------
    (k,) array
        Infinite where a square overflows.
    """
    # An overflow is seen in the norm, and refused there.
    with np.errstate(over="ignore"):
        return np.sqrt(
            measured(
                columns,
                lambda factor: factor.squares(weights),
                lambda values: values.dot(values) if weights is None else (values * weights).dot(values),
            )
        )
