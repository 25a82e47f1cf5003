"""Projection on the dummies of effects, and on slopes that differ by level, held as one table of levels an effect.

The residual of a column x is ``x - sum_d table_d[codes_d] slope_d``, with slope 1 for a level of its own: real
subtraction, block by block, with no demeaned copy.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property, partial

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import DataError, NumericalError, SpecificationError
from panelvar.kernels.absorption.crossed_products import project_in_one_reading
from panelvar.kernels.absorption.level_system import LevelSystem
from panelvar.kernels.absorption.many_effects import FACTOR_LIMIT, EffectSystem
from panelvar.kernels.absorption.orthonormal_block import Block, OrthonormalBlock, rank_bound
from panelvar.kernels.linear.columns import Column
from panelvar.kernels.linear.groups import Columns, Grouping, split_columns
from panelvar.kernels.linear.rows import MakesRows, TransformedRows, subtract_tables

# Rows handled at a time: a dozen columns of them stay in the cache.
_BLOCK_ROWS = 8_000


class Absorbed(ABC):
    """Effects prepared once, for any number of columns.

    Attributes
    ----------
    groupings : tuple of Grouping
        One a table.
    slopes : tuple of (n,) array or None
        What each table is multiplied by; None for a level, which counts as it is.
    counts : tuple of int
        Levels of each table; for slopes, one more than those that are identified within their own effect: less one,
        it is what a table adds beyond a constant.
    weights : (n,) array or None
        Positive analytic weights.
    rank_is_exact : bool
        Whether `rank` is the rank, and not a bound from above.
    """

    rank_is_exact: bool = True

    def __init__(self, groupings: tuple[Grouping, ...], weights: Array | None) -> None:
        self.groupings = groupings
        self.slopes: tuple[Array | None, ...] = (None,) * len(groupings)
        self.counts = tuple(grouping.n_groups for grouping in groupings)
        self.weights = weights

    @property
    def n_components(self) -> int | None:
        """Connected components of the graph whose vertices are levels and whose edges are rows; None beyond two."""
        return None

    @property
    @abstractmethod
    def rank(self) -> int:
        """Rank of the matrix of all dummies: G for one effect, ``G_1 + G_2 - n_components`` for two, both exact.

        Beyond, or with slopes, exact while the system can be factored, else `orthonormal_block.rank_bound`.
        """

    @property
    def pair(self) -> LevelSystem | None:
        """The level system of exactly two effects with levels only; None otherwise."""
        return None

    def original(self, tables: Sequence[Array]) -> tuple[Array, ...]:
        """Turn tables into coefficients of the levels and of the slopes' variables as they were given."""
        return tuple(tables)

    @abstractmethod
    def tables(self, columns: Columns) -> tuple[Array, ...]:
        """Return the level tables of the (weighted) projection of each column on all dummies.

        Parameters
        ----------
        columns : sequence of k (n,) arrays, or (n, k) array

        Returns
        -------
        tuple of (G_d, k) arrays
            Column-major, one an effect. ``column - sum_d table_d[codes_d]`` is the residual. With two effects the
            second table has (weighted) sum zero over the rows of each connected component.

        Raises
        ------
        NumericalError
            If conjugate gradients do not converge.
        """

    def projected(self, columns: Sequence[Column] | MakesRows) -> tuple[tuple[Array, ...], Array | None]:
        """Return the tables and, where one reading gives it too, the R factor of the residuals."""
        return self.tables(columns), None  # type: ignore[arg-type]

    @abstractmethod
    def leverage(self) -> Array:
        """Return the diagonal of the projection on the dummies, ``h_i = w_i d_i' (D'WD)^+ d_i``.

        Returns
        -------
        (n,) array
            Between 0 and 1; they add up to `rank`.

        Raises
        ------
        NumericalError
            If both effects have too many levels for a direct factor.
        """


class _OneWay(Absorbed):
    """One effect: the tables are group means."""

    @property
    def n_components(self) -> int:
        return self.groupings[0].n_groups

    rank = n_components

    def tables(self, columns: Columns) -> tuple[Array, ...]:
        return (self.groupings[0].means_of(columns, self.weights),)

    def leverage(self) -> Array:
        grouping = self.groupings[0]
        shares = grouping.spread(1.0 / grouping.mass(self.weights))
        return shares if self.weights is None else shares * self.weights


class _TwoWay(Absorbed):
    """Two effects: the larger is eliminated, the smaller solved for."""

    def __init__(self, groupings: tuple[Grouping, ...], weights: Array | None) -> None:
        super().__init__(groupings, weights)
        first, second = groupings
        self._swapped = first.n_groups < second.n_groups
        self._large, self._small = (second, first) if self._swapped else (first, second)

    @cached_property
    def pair(self) -> LevelSystem:
        return LevelSystem(self._large, self._small, self.weights)

    @property
    def n_components(self) -> int:
        return self.pair.n_components

    @property
    def rank(self) -> int:
        return self._large.n_groups + self._small.n_groups - self.n_components

    def tables(self, columns: Columns) -> tuple[Array, ...]:
        system = self.pair
        if not isinstance(columns, MakesRows):
            columns = split_columns(columns)
        if not len(columns):
            return tuple(np.empty((grouping.n_groups, 0), order="F") for grouping in self.groupings)
        large = self._large.sums_of(columns, self.weights)
        large /= system.large_mass[:, None]
        small = system.solve(self._sums_of_rest(columns, large), large)
        large -= system.average_small(small)
        return self._in_order(large, small)

    def projected(self, columns: Sequence[Column] | MakesRows) -> tuple[tuple[Array, ...], Array | None]:
        found = None if isinstance(columns, MakesRows) else project_in_one_reading(columns, self.pair)
        if found is None:
            return super().projected(columns)
        large, small, triangle = found
        return self._in_order(large, small), triangle

    def _in_order(self, large: Array, small: Array) -> tuple[Array, Array]:
        """Tables as the effects were given; that of the second adds up to zero over the rows of a component."""
        if not self._swapped:
            return large, small
        system = self.pair
        shift = system.component_means_of_large(large)
        large -= shift[system.large_components]
        small += shift[system.small_components]
        return small, large

    def _sums_of_rest(self, columns: Columns, means: Array) -> Array:
        """Sum ``w (x - means)`` over each level of the smaller effect."""
        # Real subtraction, so that levels of the larger effect cost the smaller no digits.
        n_rows, n_levels = self._small.n_rows, self._small.n_groups
        if isinstance(columns, MakesRows):
            less = columns.transformed(groupings=(self._large,), tables=(means,), weights=self.weights)
            (found,) = less.summed(partial(_sums_of_blocks, less, self._small, self.weights))
            return found
        sums = np.zeros((n_levels, len(columns)), order="F")
        # Whole cycles of a balanced panel stay whole cycles, and a block is not shorter than the table it adds to.
        step = n_levels * -(-_BLOCK_ROWS // n_levels)
        rest = np.empty((min(step, n_rows), len(columns)), order="F")
        less_means = TransformedRows(list(columns), groupings=(self._large,), tables=(means,))
        for start in range(0, n_rows, step):
            rows = slice(start, min(start + step, n_rows))
            block = rest[: rows.stop - start]
            less_means.fill(start, rows.stop, block)
            part = Grouping(self._small.codes[rows].astype(np.intp, copy=False), n_levels)
            sums += part.sums_of(block, None if self.weights is None else self.weights[rows])
        return sums

    def leverage(self) -> Array:
        return self.pair.leverage()


def _sums_of_blocks(rows: TransformedRows, levels: Grouping, weights: Array | None) -> list[Array]:
    """Sum rows over the levels of an effect, each with the root of its weight once more."""
    sums = np.zeros((levels.n_groups, rows.n_columns), order="F")
    for start, stop, block in rows.blocks():
        if weights is not None:
            block *= np.sqrt(weights[start:stop])[:, None]
        levels.add_sums(block, start, stop, sums)
    return [sums]


class _ManyWay(Absorbed):
    """Three or more effects, or slopes: the largest block is eliminated, the others solved for together."""

    def __init__(self, blocks: Sequence[Block], weights: Array | None) -> None:
        super().__init__(tuple(b.grouping for b in blocks for _ in range(b.size)), weights)
        self._blocks = tuple(OrthonormalBlock(block, weights) for block in blocks)
        self.slopes = tuple(
            None if block.is_level(j) else block.columns[j] for block in self._blocks for j in range(block.block.size)
        )
        self.counts = tuple(
            block.block.grouping.n_groups if block.is_level(j) else int(block.alive[:, j].sum()) + 1
            for block in self._blocks
            for j in range(block.block.size)
        )
        self._system = EffectSystem(self._blocks, weights)
        self.rank_is_exact = self._system.is_direct

    @cached_property
    def rank(self) -> int:
        if not self.rank_is_exact:
            return rank_bound(self._blocks, self._system.components)
        return int(np.count_nonzero(self._system.first.alive)) + self._system.rank

    def tables(self, columns: Columns) -> tuple[Array, ...]:
        system, parts = self._system, split_columns(columns)
        first = [system.first.sums_of(parts, j) for j in range(system.first.block.size)]
        theta = np.zeros((0, len(parts)))
        if system.order:
            noise = 4.0 * np.finfo(np.float64).eps * np.sqrt(sum(np.square(part).sum(axis=0) for part in first))
            theta = system.solve(self._sums_of_rest(parts, first), noise)
            for part, move in zip(first, system.couple(theta), strict=True):
                part -= move
        # Nothing follows the eliminated block where it is the only one.
        rest = iter(np.split(theta, system.offsets[1:-1]))
        by_block = [
            first if i == system.eliminated else [next(rest) for _ in range(block.block.size)]
            for i, block in enumerate(self._blocks)
        ]
        return self._normalised([table for group in by_block for table in group])

    def _sums_of_rest(self, columns: Sequence[Column], first: list[Array]) -> Array:
        """Sum ``w z (x - projection on the eliminated block)`` over each group of the others."""
        system, n_rows = self._system, len(columns[0])
        own = system.first.block.grouping
        tables, slopes = zip(*(system.first.table(part, j) for j, part in enumerate(first)), strict=True)
        levels = [(own.codes, table) for table in tables]
        sums = np.zeros((system.order, len(columns)), order="F")
        widest = max(block.block.grouping.n_groups for block, _ in system.rest)
        step = max(_BLOCK_ROWS, widest)
        scratch = np.empty((min(step, n_rows), len(columns)), order="F")
        for start in range(0, n_rows, step):
            stop = min(start + step, n_rows)
            rest = subtract_tables(columns, levels, slice(start, stop), scratch[: stop - start], slopes)
            if self.weights is not None:
                rest *= self.weights[start:stop, None]
            for b, (block, j) in enumerate(system.rest):
                part = sums[system.part(b)]
                values = rest if block.is_level(j) else rest * block.columns[j][start:stop, None]
                block.block.grouping.add_sums(values, start, stop, part)
        for b, (block, j) in enumerate(system.rest):
            if block.root is not None and j == 0:
                sums[system.part(b)] /= block.root[:, None]
        return sums

    def _normalised(self, tables: list[Array]) -> tuple[Array, ...]:
        """Turn levels into values, those of every effect but the first with levels of mean zero over the rows."""
        levels = [i for i, slope in enumerate(self.slopes) if slope is None]
        out = [np.asfortranarray(table) for table in tables]
        for position in levels:
            mass = self.groupings[position].mass(self.weights)
            out[position] /= np.sqrt(mass)[:, None]
            if position != levels[0]:
                shift = mass @ out[position] / mass.sum()
                out[position] -= shift
                out[levels[0]] += shift
        return tuple(out)

    def original(self, tables: Sequence[Array]) -> tuple[Array, ...]:
        out = [np.array(table) for table in tables]
        position = 0
        for block in self._blocks:
            p = block.block.size
            if p > int(block.block.level):
                if block.block.level:
                    out[position] *= np.sqrt(block.block.grouping.mass(self.weights))[:, None]
                for j in range(out[position].shape[1]):
                    raw = block.raw(np.column_stack([table[:, j] for table in out[position : position + p]]))
                    for k in range(p):
                        out[position + k][:, j] = raw[:, k]
            position += p
        return tuple(out)

    def leverage(self) -> Array:
        system = self._system
        if not system.is_direct:
            raise NumericalError(
                "These effects are too many to compute leverages. Without the largest effect, the system has "
                f"{system.order} coefficients; the limit is {FACTOR_LIMIT}, or fewer where the work would be "
                "heavy. Use a covariance that needs no leverages, such as HC1 or clustered."
            )
        own = system.first.block.grouping
        out = np.zeros(len(own.codes))
        for z in system.first.columns:
            out += z * z
        if system.order:
            inverse = system.inverse
            rest = [
                (block.block.grouping.codes.astype(np.intp) + system.offsets[b], block.columns[j])
                for b, (block, j) in enumerate(system.rest)
            ]
            for index, v in rest:
                for other, u in rest:
                    out += v * u * inverse[index, other]
            order = np.argsort(own.codes, kind="stable")
            starts = np.concatenate([[0], np.cumsum(own.sizes)])
            for begin, couplings in system.pieces():
                end = begin + len(couplings[0])
                rows = order[starts[begin] : starts[end]]
                group = own.codes[rows] - begin
                products = [part @ inverse for part in couplings]
                for j, product in enumerate(products):
                    z = system.first.columns[j][rows]
                    for index, v in rest:
                        out[rows] -= 2.0 * z * v[rows] * product[group, index[rows]]
                    for k, other in enumerate(couplings):
                        square = np.einsum("ij,ij->i", product, other)
                        out[rows] += z * system.first.columns[k][rows] * square[group]
        return out if self.weights is None else out * self.weights


def absorb(effects: Sequence[Grouping | Block], weights: Array | None = None) -> Absorbed:
    r"""Prepare the projection on the dummies, and slopes by level, of any number of effects.

    Parameters
    ----------
    effects : sequence of Grouping or Block
        A `Grouping` is an effect with levels only. Rows may repeat a pair of levels, as with firm and industry effects.
    weights : (n,) positive array, optional
        Analytic weights.

    Returns
    -------
    Absorbed

    Raises
    ------
    SpecificationError
        If there is no effect.
    DataError
        If there are no rows, or codes or weights have different lengths.

    Notes
    -----
    Of two effects the larger is eliminated. With :math:`W_1, W_2` the diagonal matrices of the levels' masses,
    :math:`N` the cross table and :math:`\bar x` the means by level of the larger effect, the normal equations reduce to

    .. math:: (W_2 - N' W_1^{-1} N)\, b = D_2' W (x - D_1 \bar x), \qquad a = \bar x - W_1^{-1} N b.

    They are solved exactly: in closed form when every pair of levels carries the same mass, by Cholesky on
    the Schur complement of the smaller effect while that has at most `level_system.DIRECT_LIMIT` levels, and by
    preconditioned conjugate gradients beyond. More effects, and slopes, likewise: by pivoted Cholesky while the
    effects other than the largest have at most `many_effects.FACTOR_LIMIT` coefficients, by conjugate gradients
    beyond, to a relative residual of `effect_iterations.PRECISION`. Conjugate gradients that make slow progress go on
    with an approximate factor of the graph of levels (`approximate_cholesky`).

    References
    ----------
    Abowd, Creecy and Kramarz (2002), "Computing person and firm effects using linked longitudinal
    employer-employee data", LEHD TP-2002-06, on components and rank; Guimaraes and Portugal (2010), Stata Journal
    10(4), 628-649, on two-way demeaning.

    Examples
    --------
    >>> import numpy as np
    >>> from panelvar.kernels.absorption.absorb import absorb
    >>> from panelvar.kernels.linear.groups import Grouping
    >>> firm = Grouping.from_codes(np.array([0, 0, 1, 1, 2, 2]))
    >>> year = Grouping.from_codes(np.array([0, 1, 0, 1, 0, 1]))
    >>> column = np.array([1.0, 2.0, 5.0, 7.0, 4.0, 8.0])
    >>> effects = absorb([firm, year])
    >>> by_firm, by_year = effects.tables([column])
    >>> left = column - by_firm[firm.codes, 0] - by_year[year.codes, 0]
    >>> effects.rank, [round(float(value), 4) for value in left]
    (4, [0.6667, -0.6667, 0.1667, -0.1667, -0.8333, 0.8333])
    """
    blocks = [effect if isinstance(effect, Block) else Block(effect) for effect in effects]
    if not blocks:
        raise SpecificationError("absorb takes one effect or more; got none.")
    lengths = {block.grouping.n_rows for block in blocks}
    if weights is not None:
        lengths.add(len(weights))
    if len(lengths) > 1 or lengths == {0}:
        raise DataError(
            f"Codes and weights must have one length, which is not zero; their lengths are {sorted(lengths)}."
        )
    if len(blocks) <= 2 and all(block.level and not block.slopes for block in blocks):
        groupings = tuple(block.grouping for block in blocks)
        return _OneWay(groupings, weights) if len(groupings) == 1 else _TwoWay(groupings, weights)
    return _ManyWay(blocks, weights)
