"""Least squares by Householder QR: a running R over row blocks, rank, solution, extended-precision refinement.

The rows of a model are never factored at once. Blocks of transformed columns ``[X, y]`` pass through a
`RowAccumulator`, which keeps their upper triangular R; `solve` reads coefficients, rank and residual sum of squares off
that small matrix, and `refine` removes what rounding cost, where `estimated_error` says that it cost anything.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.errors import NumericalError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
ExtendedArray = NDArray[np.longdouble]
Products = Callable[[ExtendedArray], tuple[ExtendedArray, ExtendedArray]]

RANK_TOLERANCE = 1e-12
"""Relative change of the columns, each on its raw scale, that a dependence may need and still count as exact.
Rounding leaves 1e-15 in exact dependences, up to 1e-13 after a two-way transform; NIST's Filip polynomial is at 3e-10."""

_EPSILON = float(np.finfo(np.float64).eps)


@cache
def _lapack() -> Any:
    # SciPy's subpackages cost tens of milliseconds to import: only a model that is fitted pays.
    from scipy.linalg import lapack

    return lapack


@cache
def _upper(columns: int) -> FloatArray:
    mask = np.asfortranarray(np.triu(np.ones((columns, columns))))
    mask.setflags(write=False)
    return mask


@cache
def _ones(size: int) -> FloatArray:
    ones = np.ones(size)
    ones.setflags(write=False)
    return ones


@cache
def _positions(size: int) -> IntArray:
    positions = np.arange(size)
    positions.setflags(write=False)
    return positions


class RowAccumulator:
    """The R factor of row blocks stacked on one another, without stacking them.

    With ``A = [A_1; A_2; ...]``, ``R_j`` is the triangular factor of ``[R_{j-1}; A_j]``, and ``R'R = A'A`` after the
    last block (Golub and Van Loan, *Matrix Computations*, 4th ed., section 6.5.3).

    Parameters
    ----------
    columns : int
        Number of columns of every block.

    Examples
    --------
    >>> import numpy as np
    >>> from panelvar.kernels.qr import RowAccumulator
    >>> accumulator = RowAccumulator(2)
    >>> for block in ([[3.0, 0.0]], [[4.0, 5.0], [0.0, 1.0]]):
    ...     accumulator.room(len(block))[...] = block
    ...     accumulator.update()
    >>> np.round(accumulator.r.T @ accumulator.r, 12)
    array([[25., 20.],
           [20., 26.]])
    """

    __slots__ = ("_buffer", "_columns", "_lwork", "_r", "_stack")

    def __init__(self, columns: int) -> None:
        self._columns = columns
        self._r = np.zeros((columns, columns), order="F")
        self._buffer = np.empty(0)
        self._stack = self._r
        self._lwork = 0

    def room(self, rows: int) -> FloatArray:
        """Scratch of shape ``(rows, columns)``, column-major, for the caller to fill before `update`.

        The same memory is handed out every time: fill it and call `update` before asking again.
        """
        columns = self._columns
        size = (columns + rows) * columns
        if self._buffer.size < size:
            self._buffer = np.empty(size)
        # A Fortran-ordered view of exactly this many rows: a slice of a taller one would be copied by LAPACK's wrapper.
        self._stack = self._buffer[:size].reshape((columns + rows, columns), order="F")
        return self._stack[columns:]

    def update(self) -> None:
        """Take in the rows written to the last `room`."""
        stack, columns = self._stack, self._columns
        if stack is self._r:
            return
        lapack = _lapack()
        if not self._lwork:
            # The optimum depends on the column count alone.
            self._lwork = max(int(lapack.dgeqrf_lwork(stack.shape[0], columns)[0]), 1)
        stack[:columns] = self._r
        factored = lapack.dgeqrf(stack, lwork=self._lwork, overwrite_a=1)[0]
        np.multiply(factored[:columns], _upper(columns), out=self._r)
        self._stack = self._r

    @property
    def r(self) -> FloatArray:
        """A copy of the ``(columns, columns)`` upper triangular factor; rows beyond the rank of few rows are zero."""
        return self._r.copy(order="F")


def triangularize(matrix: FloatArray) -> FloatArray:
    """The square upper triangular R of one small matrix, ``R'R = matrix' matrix``.

    Parameters
    ----------
    matrix : array (rows, columns)
        Left as it is. With fewer rows than columns the last rows of R are zero.

    Returns
    -------
    array (columns, columns)
        Upper triangular; the signs of its rows are arbitrary.
    """
    rows, columns = matrix.shape
    factored: FloatArray = _lapack().dgeqrf(matrix)[0]
    if rows >= columns:
        return factored[:columns] * _upper(columns)
    r = np.zeros((columns, columns), order="F")
    r[:rows] = np.triu(factored)
    return r


@dataclass(frozen=True, slots=True)
class Dropped:
    """A column that carries nothing of its own."""

    index: int
    absorbed: bool
    """True if the transform left only rounding of it, False if it depends on columns that were kept."""
    on: tuple[tuple[int, float], ...]
    """``(kept column, coefficient)`` pairs that reproduce it; empty if absorbed."""


class Solution(NamedTuple):
    """Least-squares solution of r independent columns out of k."""

    coefficients: FloatArray
    """(k,), 0.0 where a column was dropped."""
    kept: IntArray
    """(r,) positions of the columns kept, ascending."""
    dropped: tuple[Dropped, ...]
    r: FloatArray
    """(r, r) upper triangular factor of the kept columns."""
    inverse_r: FloatArray
    """(r, r) its inverse: ``inverse_r @ inverse_r.T`` is the inverse of X'X."""
    rss: float
    """Residual sum of squares."""
    condition: float
    """Of the kept columns scaled to unit length, ``|R| |R^-1| / r`` in Frobenius norms: 1 for orthogonal columns,
    within a factor r below the spectral condition number and never above it."""


def solve(r_full: FloatArray, raw_norms: FloatArray, tolerance: float = RANK_TOLERANCE) -> Solution:
    r"""Least squares of y on X from the triangular factor of ``[X, y]``.

    A column is dropped when changing it and the columns before it by ``tolerance``, relative to the raw length of
    each, can make it an exact combination of them. With :math:`R^{-1} = (s_{ij})` that distance is
    :math:`1 / \sum_i |s_{ij}| \, \lVert x_i \rVert_{raw}`: units do not matter, and a column is absorbed when the
    transform left only the rounding of its raw values. Columns are judged from the first to the last, so that the last
    of a dependent set is dropped.

    Parameters
    ----------
    r_full : array (k + 1, k + 1)
        Upper triangular, from `RowAccumulator` or `triangularize`; y is the last column.
    raw_norms : array (k,)
        Euclidean norms of the columns of X before centring or any other transform.
    tolerance : float
        See above; raise it when the transform itself is less exact than rounding.

    Raises
    ------
    NumericalError
        If a number that arrived is not finite.

    Notes
    -----
    The distance is the componentwise backward error of N. J. Higham, *Accuracy and Stability of Numerical Algorithms*,
    2nd ed., equation (7.8), applied to the dependence of column j.
    """
    k = raw_norms.shape[0]
    inverse, failure = _lapack().dtrtri(r_full[:k, :k])
    if not failure:
        with np.errstate(over="ignore", invalid="ignore"):
            distances = raw_norms.dot(abs(inverse))
            # Written so that NaN fails it: whatever is unusual takes the careful way.
            if distances.max(initial=0.0) * tolerance < 1.0:
                solution = _read_off(r_full, inverse)
                if math.isfinite(solution.condition) and math.isfinite(solution.rss):
                    return solution
    return _solve_carefully(r_full, raw_norms, tolerance)


def _read_off(r_full: FloatArray, inverse: FloatArray) -> Solution:
    """The solution when every column of ``r_full`` but the last is independent."""
    rank = inverse.shape[0]
    r = r_full[:rank, :rank]
    # A triangular solve is backward stable; a product with the inverse is not.
    coefficients = _lapack().dtrtrs(r, r_full[:rank, rank])[0] if rank else np.zeros(0)
    squared_lengths = _ones(rank).dot(r * r)
    condition = math.sqrt(squared_lengths.dot(inverse * inverse).sum() / rank) if rank else 1.0
    remainder = float(r_full[rank, rank])
    return Solution(coefficients, _positions(rank), (), r, inverse, remainder * remainder, condition)


def _solve_carefully(r_full: FloatArray, raw_norms: FloatArray, tolerance: float) -> Solution:
    """`solve` for dependent columns and for units so far apart that squares overflow."""
    if not np.isfinite(r_full).all() or not np.isfinite(raw_norms).all():
        columns = np.flatnonzero(~(np.isfinite(r_full).all(axis=0) & np.isfinite(np.append(raw_norms, 0.0)))).tolist()
        raise NumericalError(
            f"Sums of squares of columns {columns} are not finite (the last of {r_full.shape[1]} is the dependent "
            "variable). Remove infinite values, or use larger units: a column's values must stay below about 1e150."
        )
    # Powers of two, so that no digit changes; a dead column keeps its scale.
    exponents = np.frexp(np.append(raw_norms, abs(r_full[:, -1]).max()))[1]
    work = np.ldexp(r_full, -exponents)
    norms = np.ldexp(raw_norms, -exponents[:-1])
    active = list(range(norms.shape[0]))
    dropped = []
    while True:
        rank = _leading_rank(work, norms[active], tolerance)
        if rank == len(active):
            break
        dropped.append(_describe(work, rank, active, norms, tolerance, exponents))
        del active[rank]
        work = triangularize(np.delete(work, rank, axis=1))
    rank = len(active)
    solution = _read_off(work, _lapack().dtrtri(work[:rank, :rank])[0] if rank else np.zeros((0, 0)))
    kept = np.array(active, dtype=np.intp)
    units, unit_of_y = exponents[kept], int(exponents[-1])
    coefficients = np.zeros(norms.shape[0])
    with np.errstate(over="ignore", under="ignore"):
        coefficients[kept] = np.ldexp(solution.coefficients, unit_of_y - units)
        r = np.ldexp(solution.r, units)
        inverse = np.ldexp(solution.inverse_r, -units[:, None])
        rss = float(np.ldexp(solution.rss, 2 * unit_of_y))
    if not (math.isfinite(rss) and np.isfinite(coefficients).all()):
        raise NumericalError(
            "The coefficients or the residual sum of squares overflow. Express the dependent variable in larger units, "
            "or the regressors in smaller ones."
        )
    return Solution(coefficients, kept, tuple(dropped), r, inverse, rss, solution.condition)


def _leading_rank(work: FloatArray, norms: FloatArray, tolerance: float) -> int:
    """How many columns come before the first dependent one."""
    count = norms.shape[0]
    if count == 0:
        return 0
    zeros = np.flatnonzero(np.diagonal(work)[:count] == 0.0)
    lead = int(zeros[0]) if zeros.size else count
    if lead == 0:
        return 0
    with np.errstate(over="ignore", invalid="ignore"):
        distances = norms[:lead].dot(abs(_lapack().dtrtri(work[:lead, :lead])[0]))
        dependent = np.flatnonzero(~(distances * tolerance < 1.0))
    return int(dependent[0]) if dependent.size else lead


def _describe(
    work: FloatArray, position: int, active: list[int], norms: FloatArray, tolerance: float, exponents: IntArray
) -> Dropped:
    """Say what the column at ``position`` of the working triangle is made of."""
    index = active[position]
    column = work[: position + 1, position]
    if math.sqrt(column.dot(column)) <= tolerance * norms[index]:
        return Dropped(index, True, ())
    earlier = np.array(active[:position], dtype=np.intp)
    combination = _lapack().dtrtrs(work[:position, :position], column[:position])[0]
    # Coefficients that are zero but for rounding would only clutter the message.
    share = abs(combination) * norms[earlier]
    named = np.flatnonzero(share > 1e-8 * share.max())
    units = np.ldexp(combination, exponents[index] - exponents[earlier])
    return Dropped(index, False, tuple((int(earlier[i]), float(units[i])) for i in named))


def with_constant(solution: Solution, means: FloatArray, total_weight: float) -> Solution:
    r"""Put a constant before a solution in centred columns, by algebra.

    .. math:: b_0 = \bar y - \bar x'b, \qquad
       R_{[1, X]} = \begin{pmatrix} \sqrt{w} & \sqrt{w}\,\bar x' \\ 0 & R_{X - \bar x} \end{pmatrix}

    exactly, because centred columns are orthogonal to the ones. Centring first keeps the digits that a large level
    takes from a factorization of the raw columns, and ``inverse_r`` then gives the constant its variance.

    Parameters
    ----------
    solution : Solution
        Of k centred (or within-transformed) columns.
    means : array (k + 1,)
        Means of the columns and of y, weighted if the rows were.
    total_weight : float
        Number of rows, or the sum of their weights.

    Returns
    -------
    Solution
        Of k + 1 columns: the constant is column 0 and every position has moved up by one. ``condition`` stays that of
        the centred columns: the level of a regressor costs no digits.
    """
    rank = solution.kept.shape[0]
    kept_means = means[solution.kept]
    root = math.sqrt(total_weight)
    coefficients = np.empty(means.shape[0])
    coefficients[0] = means[-1] - means[:-1].dot(solution.coefficients)
    coefficients[1:] = solution.coefficients
    r = np.zeros((rank + 1, rank + 1), order="F")
    r[0, 0] = root
    r[0, 1:] = root * kept_means
    r[1:, 1:] = solution.r
    inverse = np.zeros((rank + 1, rank + 1), order="F")
    inverse[0, 0] = 1.0 / root
    inverse[0, 1:] = -kept_means.dot(solution.inverse_r)
    inverse[1:, 1:] = solution.inverse_r
    kept = np.zeros(rank + 1, dtype=np.intp)
    kept[1:] = solution.kept + 1
    dropped = tuple(
        Dropped(entry.index + 1, entry.absorbed, tuple((i + 1, value) for i, value in entry.on))
        for entry in solution.dropped
    )
    return Solution(coefficients, kept, dropped, r, inverse, solution.rss, solution.condition)


class EstimatedError(NamedTuple):
    """What rounding may have cost a solution."""

    coefficients: float
    """Largest relative error of a coefficient that is not zero."""
    std_errors: float
    """Relative error of the standard errors."""


def estimated_error(solution: Solution, constant: bool = False) -> EstimatedError:
    r"""First-order bound of the rounding error of a QR solution, worst coefficient.

    With column lengths :math:`c`, rows :math:`s_j` of :math:`R^{-1}` and residual r,

    .. math:: |\delta b_j| \le \epsilon \lVert s_j \rVert \sum_i c_i (|b_i| + \lVert s_i \rVert \lVert r \rVert)

    which is :math:`\epsilon(\kappa + \kappa^2 \lVert r \rVert / (\lVert A \rVert \lVert x \rVert))` column by column: a
    moderate condition number with a large residual costs as much as a large condition number.

    Parameters
    ----------
    solution : Solution
    constant : bool
        Column 0 is a constant put there by `with_constant`: the other columns are then judged centred.

    Notes
    -----
    G. W. Stewart and J. Sun, *Matrix Perturbation Theory* (1990), section III.5, with columnwise perturbations.
    """
    kept, first = solution.kept, int(constant)
    if kept.shape[0] <= first:
        return EstimatedError(0.0, 0.0)
    r, inverse = solution.r[first:, first:], solution.inverse_r[first:, first:]
    b = abs(solution.coefficients[kept])
    lengths = np.sqrt(_ones(r.shape[0]).dot(r * r))
    spread = np.sqrt((inverse * inverse).dot(_ones(r.shape[0])))
    errors = (lengths.dot(b[first:]) + lengths.dot(spread) * math.sqrt(solution.rss)) * spread
    if constant:
        levels = abs(solution.r[0, 1:]) / solution.r[0, 0]
        # The constant is a difference of terms that may nearly cancel.
        errors = np.append(levels.dot(errors + b[1:]) + b[0], errors)
    b[b == 0.0] = np.inf
    return EstimatedError(_EPSILON * float((errors / b).max()), _EPSILON * float(lengths.dot(spread)))


def refine(
    solution: Solution,
    products: Products,
    means: NDArray[Any] | None = None,
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
    means : array (k,), optional
        For a solution `with_constant`: the means given there. Column 0 of Z is then ones and the others are centred, as
        they were for the factorization; the level of a regressor costs no digits here either.
    factor : bool
        Refine R too. It costs k times as much as the coefficients alone, and matters for standard errors when
        ``estimated_error(...).std_errors`` is large.
    steps : int
        Most corrections of the coefficients.

    Notes
    -----
    A. Bjorck, *Numerical Methods for Least Squares Problems* (1996), section 2.9.3 (corrected seminormal equations,
    here with residuals in higher precision). The attainable error is that of `estimated_error` with the long double's
    epsilon; where the platform's long double is a double, the solution keeps the accuracy it had.
    """
    kept = solution.kept
    rank, size = kept.shape[0], solution.coefficients.shape[0] + 1
    if rank == 0:
        return solution
    b = solution.coefficients[kept].astype(np.longdouble)
    inverse = solution.inverse_r.astype(np.longdouble)
    if means is not None:
        # In centred columns the constant is the mean residual and uncorrelated with the slopes.
        b[0] = 0.0
        inverse[0, 1:] = 0.0
    if factor:
        mapping = np.zeros((size, rank), dtype=np.longdouble)
        mapping[kept] = inverse
        gram = inverse.T @ products(mapping)[0][kept]
        inverse = inverse @ _invert_upper(_cholesky_upper(gram))
    mapping = np.zeros((size, 1), dtype=np.longdouble)
    mapping[-1] = 1.0
    rss, previous = np.longdouble(solution.rss), np.longdouble(np.inf)
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
        rss = max(squares[0] - explained, np.longdouble(0.0))
        if (abs(correction) <= _EPSILON / 16 * abs(b)).all():
            break
    if means is not None:
        levels = means[kept[1:] - 1].astype(np.longdouble)
        b[0] += means[-1] - levels @ b[1:]
        inverse[0, 1:] -= levels @ inverse[1:, 1:]
    coefficients = np.zeros(size - 1)
    coefficients[kept] = b
    r = _invert_upper(inverse).astype(np.float64) if factor else solution.r
    return Solution(coefficients, kept, solution.dropped, r, inverse.astype(np.float64), float(rss), solution.condition)


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
    columns: Sequence[NDArray[Any]],
    tables: Sequence[tuple[IntArray | None, NDArray[Any]]] = (),
    weights: FloatArray | None = None,
    *,
    rows: int = 2048,
) -> Products:
    r"""The `Products` of columns in memory: ``C -> (Z'WZC, diag(C'Z'WZC))`` with Z the raw columns less level tables.

    Subtraction, products and sums are all in long double. The tables may be double: for a projection (centring, one-way
    or two-way effects) the rounding of a table lies in the span of the effects, to which the transformed columns are
    orthogonal, so that it enters squared.

    Parameters
    ----------
    columns : sequence of k + 1 arrays (n,)
        Raw columns of X, then y. A constant is a column of ones.
    tables : sequence of (codes, table)
        ``table`` is ``(G, k + 1)``, subtracted at ``codes``, ``(n,)``; codes None subtracts its only row everywhere.
    weights : array (n,), optional
        Analytic weights.
    rows : int
        Rows taken at a time.
    """
    n, count = columns[0].shape[0], len(columns)

    def products(mapping: ExtendedArray) -> tuple[ExtendedArray, ExtendedArray]:
        cross = np.zeros((count, mapping.shape[1]), dtype=np.longdouble)
        squares = np.zeros(mapping.shape[1], dtype=np.longdouble)
        for start in range(0, n, rows):
            part = slice(start, min(start + rows, n))
            block = np.empty((part.stop - start, count), dtype=np.longdouble)
            for j, column in enumerate(columns):
                block[:, j] = column[part]
            for codes, table in tables:
                block -= table if codes is None else table[codes[part]]
            combined = block @ mapping
            weighted = combined if weights is None else combined * weights[part, None]
            cross += block.T @ weighted
            squares += (combined * weighted).sum(axis=0)
        return cross, squares

    return products
