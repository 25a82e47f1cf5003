"""Digits that rounding took from a least-squares solution, and how to get them back.

`estimated_error` says how much was lost, `refine` recomputes residuals and cross products in extended precision from
the raw columns, and `polish` does so only where it matters.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array, Positions
from panelvar.kernels.linear.columns import FactorCodes, FactorColumn, StoredColumn, factors_of
from panelvar.kernels.linear.qr import Solution

ExtendedArray = NDArray[np.longdouble]
Products = Callable[[ExtendedArray], tuple[ExtendedArray, ExtendedArray]]

_EPSILON = float(np.finfo(np.float64).eps)
_HAS_EXTENDED = float(np.finfo(np.longdouble).eps) < _EPSILON / 1000


class EstimatedError(NamedTuple):
    """What rounding may have cost a solution."""

    coefficients: float
    """Largest relative error of a coefficient that is not zero."""
    std_errors: float
    """Relative error of the standard errors."""


def estimated_error(solution: Solution, centre: Array | None = None) -> EstimatedError:
    r"""First-order estimate of the rounding error of a QR solution, worst coefficient.

    With column lengths :math:`c`, rows :math:`s_j` of :math:`R^{-1}`, residual r and condition number :math:`\kappa`,

    .. math:: |\delta b_j| \approx \epsilon \lVert s_j \rVert
       \left( \sqrt{\textstyle\sum_i c_i^2 b_i^2} + \kappa \lVert r \rVert \right)

    which is :math:`\epsilon(\kappa + \kappa^2 \lVert r \rVert / (\lVert A \rVert \lVert x \rVert))` column by column: a
    moderate condition number with a large residual costs as much as a large condition number. Root mean squares stand
    where a strict bound has sums: rounding errors do not conspire, and the bound is k squared times too high.

    Parameters
    ----------
    solution : Solution
    centre : array (k + 1,), optional
        Means of the regressors and of y, if a constant :math:`\bar y - \bar x'b` goes with the coefficients: its terms
        may nearly cancel, so it can be the worst.

    Notes
    -----
    It follows a bound of G. W. Stewart and J. Sun, *Matrix Perturbation Theory* (1990).
    """
    rank = solution.kept.shape[0]
    if rank == 0:
        return EstimatedError(0.0, 0.0)
    ones = np.ones(rank)
    b = solution.coefficients if not solution.dropped else solution.coefficients[solution.kept]
    size = abs(b)
    lengths = np.sqrt(ones.dot(solution.r * solution.r))
    spread = np.sqrt((solution.inverse_r * solution.inverse_r).dot(ones))
    parts = lengths * size
    errors = (math.sqrt(parts.dot(parts)) + solution.condition * math.sqrt(solution.rss)) * spread
    # A coefficient of exactly zero has no relative error.
    worst = float((errors / np.where(size > 0.0, size, np.inf)).max())
    if centre is not None:
        levels = centre[:-1] if not solution.dropped else centre[solution.kept]
        constant = abs(float(centre[-1]) - float(levels.dot(b)))
        error = abs(float(centre[-1])) + float(abs(levels).dot(size + errors))
        if constant > 0.0:
            worst = max(worst, error / constant)
    return EstimatedError(_EPSILON * worst, _EPSILON * solution.condition)


def polish(
    solution: Solution,
    products: Callable[[], Products],
    rows: int,
    centre: Array | None = None,
) -> Solution:
    """`refine` a solution where `estimated_error` says that rounding cost digits worth the time.

    In data of up to a thousand numbers, every coefficient is brought to 12 digits. An extended-precision pass costs
    more than the fit itself, so the digits asked of larger data fall in proportion, down to 9.

    Parameters
    ----------
    solution, centre
        As in `refine`.
    products : callable
        Makes the argument of `refine`; called only when it is needed.
    rows : int
        Number of rows of the data.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        error = estimated_error(solution, centre)
    limit = min(5e-13 * max(1.0, rows * (solution.coefficients.shape[0] + 1) / 1000), 1e-9)
    if error.coefficients <= limit and error.std_errors <= limit:
        return solution
    return refine(solution, products(), centre, factor=error.std_errors > limit)


def refine(
    solution: Solution,
    products: Products,
    centre: Array | None = None,
    *,
    factor: bool = True,
    steps: int = 4,
) -> Solution:
    r"""Remove the rounding error of a solution, with residuals in extended precision.

    The factor first: with :math:`P = R^{-1}` as computed, :math:`P'X'XP = S'S` is close to the identity, so its
    Cholesky factor is accurate however ill-conditioned X is, and :math:`R^{-1} := P S^{-1}`. Then the coefficients, by
    :math:`b := b + R^{-1} R^{-T} X'(y - Xb)` until the correction stops shrinking.

    Parameters
    ----------
    solution : Solution
    products : callable
        ``products(C)`` takes a ``(k + 1, m)`` long-double matrix and returns ``(Z'ZC, squares)``, with Z the
        transformed columns ``[X, y]`` in the order of ``solution.coefficients``, and the sums of squares of the m
        columns of ZC. `cross_products` makes one; for more rows than fit in memory, add up the answers of chunks.
    centre : array (k + 1,), optional
        Means that were subtracted from X and y, to compute the constant as well. The columns of Z are then
        ``[z, X, y]`` with z the transformed constant (ones, for centred columns), so that C has one row more.
    factor : bool
        Refine R too. It costs k times as much as the coefficients alone, and matters for standard errors when
        ``estimated_error(...).std_errors`` is large.
    steps : int
        Most corrections of the coefficients.

    Notes
    -----
    These are the corrected seminormal equations of A. Bjorck, *Numerical Methods for Least Squares Problems* (1996),
    with residuals in higher precision. The attainable error is that of `estimated_error` with the long double's
    epsilon. If the platform's long double is no longer than a double (Windows, ARM Macs), the solution is returned as
    it came.
    """
    kept = solution.kept
    if kept.shape[0] == 0 or not _HAS_EXTENDED:
        return solution
    size = solution.coefficients.shape[0] + 1
    means = None
    if centre is not None:
        means, products = _centre_exactly(centre, products)
    inverse = solution.inverse_r.astype(np.longdouble)
    r = solution.r
    if factor:
        mapping = np.zeros((size, kept.shape[0]), dtype=np.longdouble)
        mapping[kept] = inverse
        gram = inverse.T @ products(mapping)[0][kept]
        inverse = inverse @ _invert_upper(_cholesky_upper(gram))
        r = _invert_upper(inverse).astype(np.float64)
    b = solution.coefficients[kept].astype(np.longdouble)
    mapping = np.zeros((size, 1), dtype=np.longdouble)
    mapping[-1] = 1.0
    rss, previous = np.longdouble(solution.rss), np.longdouble(np.inf)
    # Seminormal equations leave at most this share of an error: a small correction needs no second look.
    left = min(1.0, _EPSILON * (kept.shape[0] * solution.condition) ** 2)
    for _ in range(steps):
        mapping[kept, 0] = -b
        cross, squares = products(mapping)
        projected = inverse.T @ cross[kept, 0]
        explained = projected @ projected
        if not explained < previous:
            break
        previous = explained
        correction = inverse @ projected
        b = b + correction
        rss = squares[0] - explained
        if (abs(correction) * left <= _EPSILON / 16 * abs(b)).all():
            break
    coefficients = np.zeros(size - 1)
    coefficients[kept] = b
    return solution._replace(
        coefficients=coefficients,
        r=r,
        inverse_r=inverse.astype(np.float64),
        rss=max(float(rss), 0.0),
        constant=None if means is None else float(means[-1] - means[kept] @ b),
    )


def _centre_exactly(centre: Array, products: Products) -> tuple[ExtendedArray, Products]:
    """The means of ``[X, y]`` to more digits than ``centre`` holds, and the products of columns less those means."""
    # Rounding leaves up to epsilon times its level of z in a centred column: nothing, until the level is a million
    # times the column's variation.
    first = np.zeros((centre.shape[0] + 1, 1), dtype=np.longdouble)
    first[0] = 1.0
    along = products(first)[0][:, 0]
    mass, along = along[0], along[1:]

    def centred(mapping: ExtendedArray) -> tuple[ExtendedArray, ExtendedArray]:
        cross, squares = products(np.concatenate((np.zeros((1, mapping.shape[1]), dtype=np.longdouble), mapping)))
        level = along @ mapping
        return cross[1:] - np.outer(along, level / mass), squares - level * level / mass

    return centre + along / mass, centred


def _cholesky_upper(matrix: ExtendedArray) -> ExtendedArray:
    """Upper triangular S with ``S'S = matrix``; NumPy's own works in double only."""
    size = matrix.shape[0]
    s = np.zeros_like(matrix)
    for i in range(size):
        row = matrix[i, i:] - s[:i, i] @ s[:i, i:]
        s[i, i:] = row / np.sqrt(row[0])
    return s


def _invert_upper(matrix: ExtendedArray) -> ExtendedArray:
    """Inverse of an upper triangular matrix, by back substitution."""
    size = matrix.shape[0]
    inverse = np.zeros_like(matrix)
    for i in range(size - 1, -1, -1):
        inverse[i, i] = 1.0 / matrix[i, i]
        inverse[i, i + 1 :] = -(matrix[i, i + 1 :] @ inverse[i + 1 :, i + 1 :]) / matrix[i, i]
    return inverse


def cross_products(
    columns: Sequence[NDArray[Any] | StoredColumn],
    tables: Sequence[tuple[NDArray[Any] | None, NDArray[Any]]] = (),
    weights: Array | None = None,
    *,
    slopes: Sequence[NDArray[Any] | None] = (),
    rows: int = 2048,
) -> Products:
    r"""The `Products` of columns in memory: ``C -> (Z'WZC, diag(C'Z'WZC))`` with Z the raw columns less level tables.

    Subtraction, products and sums are all in long double. The tables may be double: for a projection (centring, one-way
    or two-way effects) the rounding of a table lies in the span of the effects, to which the transformed columns are
    orthogonal, so that it enters squared.

    Parameters
    ----------
    columns : sequence of k + 1 arrays (n,)
        Raw columns of X, then y; before them z if the constant is wanted.
    tables : sequence of (codes, table)
        ``table`` is ``(G, k + 1)``, subtracted at ``codes``, ``(n,)``; codes None subtracts its only row everywhere.
    weights : array (n,), optional
        Analytic weights.
    slopes : sequence of (n,) array or None, optional
        What each table is multiplied by; None, or nothing at all, stands for one.
    rows : int
        Rows taken at a time.
    """
    factors = slopes or (None,) * len(tables)
    n = columns[0].shape[0]
    coded = [place for place, column in enumerate(columns) if isinstance(column, FactorColumn)]
    plain = [place for place, column in enumerate(columns) if not isinstance(column, FactorColumn)]
    levels = list(_levels_of(columns))
    by_place = [np.asarray(table)[:, plain] for _, table in tables]

    def products(mapping: ExtendedArray) -> tuple[ExtendedArray, ExtendedArray]:
        width = mapping.shape[1]
        # The last row is that of rows without a level.
        own = np.vstack((mapping, np.zeros((1, width), dtype=np.longdouble)))
        cross, squares = np.zeros_like(own), np.zeros(width, dtype=np.longdouble)
        # Of levels, the tables are combined before they are subtracted, and multiplied after the weighted rows are
        # summed: rows x levels are never formed.
        combinations = [_combined(table, coded, mapping) for _, table in tables] if coded else []
        sums = [np.zeros_like(each) for each in combinations]
        for start in range(0, n, rows):
            part = slice(start, min(start + rows, n))
            block = np.empty((part.stop - start, len(plain)), dtype=np.longdouble)
            for j, place in enumerate(plain):
                block[:, j] = columns[place][part]
            at = [np.broadcast_to(0, len(block)) if codes is None else codes[part] for codes, _ in tables]
            times = [None if factor is None else factor[part, None].astype(np.longdouble) for factor in factors]
            for each, table, slope in zip(at, by_place, times, strict=True):
                block -= table[each] if slope is None else table[each] * slope
            combined = block @ mapping[plain]
            for lookup, codes, multiplier in levels:
                level = own[lookup.take(codes[part], mode="clip")]
                combined += level if multiplier is None else level * multiplier[part, None]
            for each, combination, slope in zip(at, combinations, times, strict=False):
                combined -= combination[each] if slope is None else combination[each] * slope
            weighted = combined if weights is None else combined * weights[part, None]
            cross[plain] += block.T @ weighted
            for lookup, codes, multiplier in levels:
                values = weighted if multiplier is None else weighted * multiplier[part, None]
                np.add.at(cross, lookup.take(codes[part], mode="clip"), values)
            for each, total, slope in zip(at, sums, times, strict=False):
                np.add.at(total, each, weighted if slope is None else weighted * slope)
            squares += (combined * weighted).sum(axis=0)
        for (_, table), total in zip(tables, sums, strict=False):
            for place in coded:
                cross[place] -= table[:, place] @ total
        return cross[:-1], squares

    return products


def _levels_of(
    columns: Sequence[NDArray[Any] | StoredColumn],
) -> Iterator[tuple[Positions, NDArray[Any], Array | None]]:
    """Give for each factor the place of the column of each level, one behind the last for none; codes; multiplier."""
    lookups = {factor: np.full(factor.n_levels + 1, len(columns)) for factor in factors_of(columns)}
    for place, column in enumerate(columns):
        if isinstance(column, FactorColumn):
            lookups[column.factor][column.level] = place
    for factor, lookup in lookups.items():
        some: FactorCodes | None = factor
        while some is not None:
            yield lookup, some.codes, some.multiplier
            some = some.also


def _combined(table: NDArray[Any], coded: list[int], mapping: ExtendedArray) -> ExtendedArray:
    """Return a table of the coded columns times their rows of the mapping, a column at a time."""
    combined = np.zeros((len(table), mapping.shape[1]), dtype=np.longdouble)
    for place in coded:
        combined += table[:, place, None] * mapping[place]
    return combined
