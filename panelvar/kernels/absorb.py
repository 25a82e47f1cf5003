"""Exact projection on the dummies of one or two effects, held as one table of levels an effect.

The residual of a column x is ``x - sum_d table_d[codes_d]``: real subtraction, block by block, with no demeaned copy.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from panelvar.errors import DataError, SpecificationError
from panelvar.kernels.groups import Codes, Columns, FloatArray, Grouping, split_columns
from panelvar.kernels.level_system import LevelSystem

# Rows handled at a time: a dozen columns of them stay in the cache.
_BLOCK_ROWS = 8_000


def subtract_tables(
    columns: Columns,
    levels: Sequence[tuple[Codes, FloatArray]],
    rows: slice,
    out: FloatArray | None = None,
) -> FloatArray:
    """Subtract each row's levels from a block of rows: ``x_ij - sum_d table_d[codes_d[i], j]``.

    Parameters
    ----------
    columns : sequence of k (n,) arrays, or (n, k) array
    levels : sequence of (codes (n,), table (G_d, k)) pairs
        Column-major tables are fastest.
    rows : slice
        The rows of the block, step 1.
    out : (m, k) array, optional
        Where to write; column-major is fastest. Allocated if omitted.

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
    gathered = np.empty(stop - start)
    for j, column in enumerate(parts):
        target = out[:, j]
        source = column[start:stop]
        for index, table in tables:
            # mode="clip" spares a buffered copy; codes are in range.
            np.take(table[:, j], index, out=gathered, mode="clip")
            np.subtract(source, gathered, out=target)
            source = target
        if not tables:
            target[:] = source
    return out


class Absorbed(ABC):
    """Effects prepared once, for any number of columns.

    Attributes
    ----------
    groupings : tuple of Grouping
        One an effect.
    weights : (n,) array or None
        Positive analytic weights.
    """

    def __init__(self, groupings: tuple[Grouping, ...], weights: FloatArray | None) -> None:
        self.groupings = groupings
        self.weights = weights

    @property
    @abstractmethod
    def n_components(self) -> int:
        """Number of connected components of the graph whose vertices are levels and whose edges are rows."""

    @property
    @abstractmethod
    def rank(self) -> int:
        """Exact rank of the matrix of all dummies: G for one effect, ``G_1 + G_2 - n_components`` for two."""

    @abstractmethod
    def tables(self, columns: Columns) -> tuple[FloatArray, ...]:
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

    @abstractmethod
    def leverage(self) -> FloatArray:
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

    @property
    def rank(self) -> int:
        return self.groupings[0].n_groups

    def tables(self, columns: Columns) -> tuple[FloatArray, ...]:
        return (self.groupings[0].means_of(columns, self.weights),)

    def leverage(self) -> FloatArray:
        grouping = self.groupings[0]
        shares = (1.0 / grouping.mass(self.weights))[grouping.codes]
        return shares if self.weights is None else shares * self.weights


class _TwoWay(Absorbed):
    r"""Two effects: the larger is eliminated, the smaller solved for.

    With :math:`W_1, W_2` the diagonal matrices of the levels' masses, :math:`N` the cross table and
    :math:`\bar x` the means by level of the larger effect, the normal equations reduce to

    .. math:: (W_2 - N' W_1^{-1} N)\, b = D_2' W (x - D_1 \bar x), \qquad a = \bar x - W_1^{-1} N b.
    """

    def __init__(self, groupings: tuple[Grouping, ...], weights: FloatArray | None) -> None:
        super().__init__(groupings, weights)
        first, second = groupings
        self._swapped = first.n_groups < second.n_groups
        self._large, self._small = (second, first) if self._swapped else (first, second)

    @cached_property
    def _system(self) -> LevelSystem:
        return LevelSystem(self._large, self._small, self.weights)

    @property
    def n_components(self) -> int:
        return self._system.n_components

    @property
    def rank(self) -> int:
        return self._large.n_groups + self._small.n_groups - self.n_components

    def tables(self, columns: Columns) -> tuple[FloatArray, ...]:
        system = self._system
        parts = split_columns(columns)
        if not parts:
            return tuple(np.empty((grouping.n_groups, 0), order="F") for grouping in self.groupings)
        large = self._large.sums_of(parts, self.weights)
        large /= system.large_mass[:, None]
        small = system.solve(self._sums_of_rest(parts, large), large)
        large -= system.average_small(small)
        if not self._swapped:
            return large, small
        shift = system.component_means_of_large(large)
        large -= shift[system.large_components]
        small += shift[system.small_components]
        return small, large

    def _sums_of_rest(self, columns: Sequence[FloatArray], means: FloatArray) -> FloatArray:
        """Sum ``w (x - means)`` over each level of the smaller effect.

        Real subtraction, so that levels of the larger effect cost the smaller no digits.
        """
        n_rows, n_levels = len(self._small.codes), self._small.n_groups
        sums = np.zeros((n_levels, len(columns)), order="F")
        # Whole cycles of a balanced panel stay whole cycles, and a block is not shorter than the table it adds to.
        step = n_levels * -(-_BLOCK_ROWS // n_levels)
        rest = np.empty((min(step, n_rows), len(columns)), order="F")
        for start in range(0, n_rows, step):
            rows = slice(start, min(start + step, n_rows))
            block = subtract_tables(columns, [(self._large.codes, means)], rows, rest[: rows.stop - start])
            part = Grouping(self._small.codes[rows].astype(np.intp, copy=False), n_levels)
            sums += part.sums_of(block, None if self.weights is None else self.weights[rows])
        return sums

    def leverage(self) -> FloatArray:
        return self._system.leverage()


def absorb(groupings: Sequence[Grouping], weights: FloatArray | None = None) -> Absorbed:
    """Prepare the projection on the dummies of one or two effects.

    Parameters
    ----------
    groupings : sequence of one or two Grouping
        Rows may repeat a pair of levels, as with firm and industry effects.
    weights : (n,) positive array, optional
        Analytic weights.

    Returns
    -------
    Absorbed

    Raises
    ------
    SpecificationError
        For no effect, or more than two.
    DataError
        Without rows, or for codes or weights of different lengths.

    Notes
    -----
    Two effects are solved exactly: in closed form when every pair of levels carries the same mass, by Cholesky on
    the Schur complement of the smaller effect while that has at most `level_system.DIRECT_LIMIT` levels, and by
    preconditioned conjugate gradients beyond.

    References
    ----------
    Abowd, Creecy and Kramarz (2002), "Computing person and firm effects using linked longitudinal
    employer-employee data", LEHD TP-2002-06, on components and rank; Guimaraes and Portugal (2010), Stata Journal
    10(4), 628-649, on two-way demeaning.
    """
    effects = tuple(groupings)
    lengths = {len(grouping.codes) for grouping in effects}
    if weights is not None:
        lengths.add(len(weights))
    if len(lengths) > 1 or lengths == {0}:
        raise DataError(f"Codes and weights must be equally long, and not empty; their lengths are {sorted(lengths)}.")
    if len(effects) == 1:
        return _OneWay(effects, weights)
    if len(effects) == 2:
        return _TwoWay(effects, weights)
    raise SpecificationError(f"absorb takes one or two effects; {len(effects)} arrived.")
