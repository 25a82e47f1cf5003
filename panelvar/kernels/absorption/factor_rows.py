r"""Transformed rows whose columns are mostly those of factors: all products of them are sums by level.

The indicators of a factor's levels, times a number a row or not, have one entry a row, and their differences two. Their
cross products are counts and sums by level, and those with other columns sums of these by level. Demeaning fills them,
but not their products:

.. math:: \tilde X'Q\tilde X = X'QX - H'M - M'H,
   \quad h_g = \sum_{i \in g} \bigl(q_i - \tfrac12 w_i E_g / W_g\bigr) x_i,
   \quad m_g = \sum_{i \in g} w_i x_i / W_g,

with :math:`E_g` and :math:`W_g` the sums of :math:`q_i` and of the weights; a row of H or M has no more entries than
its group has rows. A second effect is one factor more, eliminated from the cross products. Its last level is left out,
which a connected panel does not miss.

Cholesky of cross products loses digits with the square of the condition number, and the difference those by which the
means outweigh what is left. Both are bounded before any of this is used (`MOST_INFLATION`, `MOST_LOST`); where a bound
does not hold, the rows are transformed as any others are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array, Positions
from panelvar.kernels.linear.columns import Column, FactorCodes, FactorColumn, factor_columns, factors_of, times
from panelvar.kernels.linear.demeaned import middle, whole_groups
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.moments import PanelMoments, panel_moments
from panelvar.kernels.linear.qr import refine_last, solve, triangle_of
from panelvar.kernels.linear.rows import BLOCK_ROWS, MakesRows, TransformedRows, column_norms, combination

MOST_INFLATION = 5_000.0
"""Largest sum of variance inflation factors, times what the means outweigh: counts are exact, and rounding of the rest
stays below 1e-12."""
MOST_LOST = 1_000.0
"""Most times that what is subtracted may outweigh the variance of a coefficient."""
# Rows taken at a time, if the square of the columns is not more.
_ROWS = 1 << 16
# Cells a row up to which a table of groups by levels costs less than its entries.
_CELLS = 8


class _Piece(NamedTuple):
    """Rows of all columns: of each factor the places among all levels and the multipliers, and the other columns."""

    places: list[Positions]
    multipliers: list[Array | None]
    dense: Array


class _Table(NamedTuple):
    """Sums of columns by group: of levels (G, levels + 1), full or sparse, and of the other columns (G, k)."""

    levels: Any
    dense: Array


class FactorRows(TransformedRows):
    """Rows less their mean, the means of their groups, or two effects, whose products are sums by level.

    Made by `factor_rows`. Leverages, sums by clusters that effects cross, refinement and whatever else reads the rows
    themselves is as of all rows: blocks are transformed, with tables made when first asked for.

    Attributes
    ----------
    raw_norms : (k + 1,) array
        Euclidean norm of each (weighted) column.
    """

    __slots__ = (
        "_by", "_factors", "_lookups", "_make", "_order", "_origin", "_others", "_second", "_source", "_triangle",
        "_turn", "_width", "raw_norms",
    )  # fmt: skip

    def __init__(
        self,
        columns: Sequence[Column],
        by: Grouping | None,
        second: Grouping | None,
        make: Callable[[], tuple[Array, ...]] | None,
        **options: Any,
    ) -> None:
        super().__init__(columns, **options)
        if make is not None:
            self._tables, self.slopes = None, (None,) * len(self.groupings)
        self._make, self._by, self._second = make, by, second
        # What products are summed of, where the columns are combinations.
        self._source = self.columns
        coded = [place for place, column in enumerate(columns) if isinstance(column, FactorColumn)]
        self._others = [place for place, column in enumerate(columns) if not isinstance(column, FactorColumn)]
        others = [columns[place] for place in self._others]
        self._origin = np.zeros(len(others)) if by is None else middle(others)
        extra = 0 if second is None else second.n_groups - 1
        self._width = len(coded) + extra
        # Where each level of a factor stands; what is no column goes behind the last of them.
        lookups = {factor: np.full(factor.n_levels + 1, self._width) for factor in factors_of(columns)}
        for place, column in enumerate(factor_columns(columns)):
            lookups[column.factor][column.level] = place
        self._factors, self._lookups = list(lookups), list(lookups.values())
        for factor, lookup in lookups.items():
            if factor.also is not None:
                self._factors.append(factor.also)
                self._lookups.append(lookup)
        # The levels of the second effect come first in products, then the columns in their order.
        order = np.empty(len(columns), dtype=np.intp)
        order[coded], order[self._others] = np.arange(len(coded)), self._width + np.arange(len(others))
        self._order = np.concatenate((np.arange(len(coded), self._width), order))
        if second is not None:
            self._factors.append(FactorCodes(second.codes, second.n_groups - 1))
            self._lookups.append(np.arange(len(coded), self._width + 1))
        self._turn = np.eye(len(columns))
        self._triangle: Array | None = None

    @property
    def tables(self) -> tuple[Array, ...]:
        """The level tables, computed when first asked for."""
        if self._tables is None:
            assert self._make is not None
            self._tables = self._make()
        return self._tables

    def triangle(self) -> Array:
        """Return the R factor of all transformed rows; of combinations of columns, as that of all rows is found."""
        return super().triangle() if self._triangle is None else self._triangle

    def factored(self) -> bool:
        """Compute the R factor; return whether rounding is bounded."""
        if not self._tabulates(self._by):
            return False
        # What is out of range has no factor.
        with np.errstate(over="ignore", invalid="ignore"):
            whole = self._products(self.weights)
            between = np.zeros_like(whole)
            if self._by is not None:
                between = self._crossed(self._by, self._masses, roots=np.sqrt(1.0 / self._by.mass(self.weights)))
            triangle = triangle_of(whole - between, np.diagonal(whole), MOST_INFLATION)
        if triangle is None:
            return False
        first = len(triangle) - self.n_columns
        if first:
            effect, failure = _solved(triangle[:first, :first], triangle[:first, first:])
            if failure:
                return False
            self._turn = np.vstack((-effect, self._turn))
        lengths = np.sqrt(np.diagonal(whole)[first:])
        lengths[self._others] = column_norms([self.columns[place] for place in self._others], self.weights)
        self.raw_norms = lengths
        self._triangle = np.asfortranarray(triangle[first:, first:])
        self._refine()
        return True

    @property
    def _masses(self) -> Array:
        """The weight of each row, shape (n,)."""
        return np.broadcast_to(1.0, self.n_rows) if self.weights is None else self.weights

    def combined(self, loadings: Array) -> FactorRows:
        """Return the rows of linear combinations of the columns, of whose products the same combinations are taken."""
        rows = copy(self)
        rows.columns = tuple(combination(self.columns, loadings[:, j]) for j in range(loadings.shape[1]))
        rows.shift = None if self.shift is None else self.shift @ loadings
        rows.raw_norms = self.raw_norms @ np.abs(loadings)
        rows._turn, rows._triangle, rows._kept = self._turn @ loadings, None, None
        if self._make is not None:
            rows._tables, rows._make = None, partial(self._combined_tables, loadings)
        return rows

    def _combined_tables(self, loadings: Array) -> tuple[Array, ...]:
        return tuple(np.asfortranarray(table @ loadings) for table in self.tables)

    def _refine(self) -> None:
        """Compute the last column of the R factor again, from residuals."""
        triangle = self._triangle
        assert triangle is not None
        found = solve(triangle, self.raw_norms[:-1])
        residuals = self.residuals(found.coefficients)
        left = self.along(residuals if self.weights is None else residuals * np.sqrt(self.weights))[:-1]
        refine_last(triangle, found.inverse_r, left, float(residuals @ residuals))

    def residuals(self, coefficients: Array) -> Array:
        """Return ``y - X b`` of the transformed (weighted) rows, shape (n,)."""
        weights, by = self.weights, self._by
        loadings = self._turn @ np.append(-coefficients, 1.0)
        own = np.zeros(self._width + 1 + len(self._others))
        own[np.where(self._order < self._width, self._order, self._order + 1)] = loadings
        residuals = np.empty(self.n_rows)
        for start, stop in self._steps():
            piece = self._piece(start, stop)
            part = piece.dense @ own[self._width + 1 :]
            for index, multiplier in zip(piece.places, piece.multipliers, strict=True):
                level = own.take(index)
                part += level if multiplier is None else level * multiplier
            residuals[start:stop] = part
        if by is not None:
            residuals -= by.spread(by.means(residuals, weights))
        return residuals if weights is None else residuals * np.sqrt(weights)

    def along(self, values: Array) -> Array:
        r"""Return :math:`\tilde X'v` of the rows without the root of their weights, the dependent variable's last."""
        weights, by = self.weights, self._by
        if by is not None:
            level = by.spread(by.sums(values) / by.mass(weights))
            values = np.subtract(values, level if weights is None else level * weights, out=level)
        sums = np.zeros(self._width + 1 + len(self._others))
        for start, stop in self._steps():
            piece, part = self._piece(start, stop), values[start:stop]
            for index, multiplier in zip(piece.places, piece.multipliers, strict=True):
                weight = part if multiplier is None else part * multiplier
                sums[: self._width + 1] += np.bincount(index, weight, self._width + 1)
            sums[self._width + 1 :] += part @ piece.dense
        result: Array = np.delete(sums, self._width)[self._order] @ self._turn
        return result

    def squared(self, values: Array) -> tuple[Array, Array]:
        r"""Return :math:`\tilde X'Q\tilde X` of the rows without the root of their weights, and its size.

        Parameters
        ----------
        values : (n,) array
            The diagonal of Q.

        Returns
        -------
        products (k + 1, k + 1), size (k + 1,)
            ``size`` is of the order of all terms of the diagonal.
        """
        whole = self._products(values)
        products, by = whole, self._by
        if by is not None:
            mass = by.mass(self.weights)
            half = by.spread(0.5 * by.sums(values) / mass) * self._masses
            between = self._crossed(by, values - half, self._masses, roots=np.sqrt(1.0 / mass))
            products = whole - between - between.T
        # What is subtracted is no longer than the columns and what is left of them together.
        size = np.diagonal(whole) + np.abs(np.diagonal(products))
        return self._turn.T @ products @ self._turn, size @ np.square(self._turn)

    def clustered(self, clusters: Grouping, values: Array, constant: Array) -> tuple[Array, Array] | None:
        r"""Return :math:`\sum_c s_c s_c'` of sums :math:`s_c = \sum_{i \in c} (z_i, \tilde x_i v_i)`, and its size.

        Parameters
        ----------
        clusters : Grouping
        values, constant : (n,) arrays
            v and z.

        Returns
        -------
        products (k + 2, k + 2), size (k + 2,), or None
            The constant first. None where groups lie in several clusters, or rows are not sorted and groups are many.
        """
        by, weights = self._by, self.weights
        extra = [constant]
        if by is not None and by.n_groups == 1:
            # The mean of all rows is subtracted times what the multipliers of a cluster add up to.
            extra.append(values)
        elif by is not None:
            if not by.lies_within(clusters):
                return None
            gone = by.spread(by.sums(values) / by.mass(weights))
            values = values - (gone if weights is None else gone * weights)
        if not self._tabulates(clusters):
            return None
        size = self.n_columns
        turn = np.zeros((len(self._turn) + len(extra), size + 1))
        turn[: len(self._turn), 1:] = self._turn
        turn[len(self._turn), 0] = 1.0
        if len(extra) > 1:
            turn[-1, 1:] = -self._means() @ self._turn
        products = self._crossed(clusters, values, None, extra)
        return turn.T @ products @ turn, np.diagonal(products) @ np.square(turn)

    def _means(self) -> Array:
        """The (weighted) means of all columns about the origin."""
        weights = self._masses
        sums = np.zeros(self._width + 1 + len(self._others))
        for start, stop in self._steps():
            piece = self._piece(start, stop)
            for index, multiplier in zip(piece.places, piece.multipliers, strict=True):
                part = weights[start:stop] if multiplier is None else weights[start:stop] * multiplier
                sums[: self._width + 1] += np.bincount(index, part, self._width + 1)
            sums[self._width + 1 :] += weights[start:stop] @ piece.dense
        means: Array = np.delete(sums, self._width)[self._order] / weights.sum()
        return means

    def _steps(self) -> Iterator[tuple[int, int]]:
        step = self._step
        for start in range(0, self.n_rows, step):
            yield start, min(start + step, self.n_rows)

    @property
    def _step(self) -> int:
        """Rows taken at a time: as many numbers as products have."""
        return max(_ROWS, self._width**2)

    def _piece(self, start: int, stop: int) -> _Piece:
        places = [
            lookup.take(factor.codes[start:stop], mode="clip")
            for factor, lookup in zip(self._factors, self._lookups, strict=True)
        ]
        dense = np.empty((stop - start, len(self._others)), order="F")
        for j, (place, number) in enumerate(zip(self._others, self._origin, strict=True)):
            np.subtract(self._source[place][start:stop], number, out=dense[:, j])
        multipliers = [None if each.multiplier is None else each.multiplier[start:stop] for each in self._factors]
        return _Piece(places, multipliers, dense)

    def _products(self, values: Array | None) -> Array:
        """The products X'QX about the origin."""
        width, others = self._width + 1, len(self._others)
        levels, mixed, dense = np.zeros((width, width)), np.zeros((width, others)), np.zeros((others, others))
        for start, stop in self._steps():
            piece = self._piece(start, stop)
            q = None if values is None else values[start:stop]
            weighted = piece.dense if q is None else piece.dense * q[:, None]
            dense += piece.dense.T @ weighted
            for a, (index, multiplier) in enumerate(zip(piece.places, piece.multipliers, strict=True)):
                own = times(q, multiplier)
                np.einsum("ii->i", levels)[...] += np.bincount(index, times(own, multiplier), width)
                for b in range(a):
                    both = index * width + piece.places[b]
                    crossed = np.bincount(both, times(own, piece.multipliers[b]), width * width)
                    levels += crossed.reshape(width, width) + crossed.reshape(width, width).T
                for j in range(others):
                    mixed[:, j] += np.bincount(index, times(weighted[:, j], multiplier), width)
        return self._joined(levels, mixed, mixed.T, dense)

    def _joined(self, levels: Array, mixed: Array, turned: Array, dense: Array) -> Array:
        """Put products of levels and of other columns together, in the order of `_order`; what follows keeps its."""
        width = self._width
        whole = np.block([[levels[:width, :width], mixed[:width]], [turned[:, :width], dense]])
        order = np.append(self._order, np.arange(len(self._order), len(whole)))
        return whole[np.ix_(order, order)]

    def _tabulates(self, grouping: Grouping | None) -> bool:
        """Whether sums by group take no more memory than the rows: groups are few, or sorted."""
        return grouping is None or self._few(grouping) or grouping.starts is not None

    def _few(self, grouping: Grouping) -> bool:
        return grouping.n_groups * (self._width + 1) <= self.n_rows

    def _crossed(
        self,
        grouping: Grouping,
        left: Array,
        right: Array | None = None,
        extra: Sequence[Array] = (),
        roots: Array | None = None,
    ) -> Array:
        """The sum over groups of the products of the sums of rows times ``left``, and of rows times ``right``.

        Without ``right`` they are those of the first sums; ``extra`` (n,) arrays are columns more, as they are. All
        sums are multiplied by ``roots`` (G,), if given: in every row they would round alike, and add up.
        """
        weightings = [left] if right is None else [left, right]
        if self._few(grouping):
            tables: list[_Table] = []
            for start, stop in self._steps():
                codes = grouping.lookup(start, stop)(np.arange(grouping.n_groups))
                piece = self._piece(start, stop)
                found = [
                    self._full(piece, codes, grouping.n_groups, one[start:stop], [each[start:stop] for each in extra])
                    for one in weightings
                ]
                for total, part in zip(tables, found, strict=False):
                    total.levels[...] += part.levels
                    total.dense[...] += part.dense
                tables = tables or found
            return self._multiplied(tables, roots)
        starts = grouping.starts
        assert starts is not None
        whole = np.zeros((len(self._order) + len(extra),) * 2)
        for first, last in whole_groups(starts, self._step):
            start, stop = int(starts[first]), int(starts[last])
            piece, bounds = self._piece(start, stop), starts[first : last + 1] - start
            few = (last - first) * (self._width + 1) <= _CELLS * (stop - start)
            codes = np.repeat(np.arange(last - first), np.diff(bounds))
            parts = [each[start:stop] for each in extra]
            tables = []
            for one in weightings:
                table = self._full if few else self._sparse
                tables.append(table(piece, codes, last - first, one[start:stop], parts))
            whole += self._multiplied(tables, None if roots is None else roots[first:last])
        return whole

    def _full(self, piece: _Piece, codes: NDArray[Any], groups: int, weight: Array, extra: Sequence[Array]) -> _Table:
        width = self._width + 1
        levels = np.zeros(groups * width)
        for index, multiplier in zip(piece.places, piece.multipliers, strict=True):
            levels += np.bincount(codes * width + index, times(weight, multiplier), groups * width)
        return _Table(levels.reshape(groups, width), _dense_sums(piece, codes, groups, weight, extra))

    def _sparse(self, piece: _Piece, codes: NDArray[Any], groups: int, weight: Array, extra: Sequence[Array]) -> _Table:
        from scipy.sparse import csr_array

        # An entry a row and factor; those of a group that stand at one place are added in products.
        index = np.stack(piece.places, axis=1).astype(np.int32)
        data = np.stack([np.asarray(times(weight, each)) for each in piece.multipliers], axis=1)
        bounds = np.append(0, np.cumsum(np.bincount(codes, minlength=groups))) * index.shape[1]
        levels = csr_array((data.ravel(), index.ravel(), bounds.astype(np.int32)), shape=(groups, self._width + 1))
        return _Table(levels, _dense_sums(piece, codes, groups, weight, extra))

    def _multiplied(self, tables: Sequence[_Table], roots: Array | None) -> Array:
        if roots is not None:
            for table in tables:
                if isinstance(table.levels, np.ndarray):
                    table.levels[...] *= roots[:, None]
                else:
                    table.levels.data *= np.repeat(roots, np.diff(table.levels.indptr))
                table.dense[...] *= roots[:, None]
        left, right = tables[0], tables[-1]
        levels = left.levels.T @ right.levels
        mixed = left.levels.T @ right.dense
        turned = mixed.T if left is right else left.dense.T @ right.levels
        return self._joined(
            levels if isinstance(levels, np.ndarray) else levels.toarray(), mixed, turned, left.dense.T @ right.dense
        )


def factor_rows(
    columns: Sequence[Column],
    by: Grouping | None,
    *,
    second: Grouping | None = None,
    make: Callable[[], tuple[Array, ...]] | None = None,
    **options: Any,
) -> FactorRows | None:
    """Return rows of which products are sums by level, or None where they are not, or lose digits.

    Parameters
    ----------
    columns : sequence of (n,) columns
        The regressors and, last, the dependent variable.
    by : Grouping or None
        The groups whose (weighted) means are subtracted; a single one for the mean of all rows.
    second : Grouping, optional
        A second effect, which is connected with the first.
    make : callable, optional
        Makes the level tables of `TransformedRows`.
    **options
        Those of `TransformedRows` that say what the tables are of.
    """
    if not factor_columns(columns) or columns[0].shape[0] <= BLOCK_ROWS:
        return None
    rows = FactorRows(columns, by, second, make, **options)
    return rows if rows.factored() else None


def moments_of(columns: Sequence[Column] | MakesRows, groups: Grouping, weights: Array | None = None) -> PanelMoments:
    """Return the moments of rows (see `panel_moments`), of factors from sums by level where these keep their digits."""
    rows = None if isinstance(columns, MakesRows) else factor_rows(columns, groups, weights=weights)
    if rows is None:
        return panel_moments(columns, groups, weights)
    counts = groups.sizes.astype(np.float64)
    return PanelMoments(counts, groups.mass(weights), groups.means_of(rows.columns, weights), rows.triangle())


def keeps_digits(products: Array, size: Array, basis: Array) -> bool:
    """Whether the variances that products of scores make are no small differences.

    Parameters
    ----------
    products : (k, k) array
    size : (k,) array
        Size of the terms that their diagonal is made of.
    basis : (k, k) array
        The inverse of the R factor.
    """
    inverse = basis @ basis.T
    variances = np.einsum("ij,jk,ik->i", inverse, products, inverse, optimize=True)
    # Rounding errors do not conspire: their squares add up.
    return bool((np.square(inverse) @ size <= MOST_LOST * variances).all())


def _dense_sums(piece: _Piece, codes: NDArray[Any], groups: int, weight: Array, extra: Sequence[Array]) -> Array:
    columns = [*(piece.dense * weight[:, None]).T, *extra]
    return np.stack([np.bincount(codes, column, groups) for column in columns], axis=1)


def _solved(upper: Array, right: Array) -> tuple[Array, int]:
    from scipy.linalg import lapack

    solution, failure = lapack.dtrtrs(upper, right)
    return solution, int(failure)
