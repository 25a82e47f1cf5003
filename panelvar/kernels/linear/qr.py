r"""Least squares by Householder QR: a running R over row blocks, its rank and its solution.

The rows of a model are never factored at once. Blocks of transformed columns ``[X, y]`` pass through a
`RowAccumulator`, which keeps their upper triangular R; `solve` reads coefficients, rank and residual sum of squares off
that small matrix. `panelvar.kernels.linear.refinement` restores what rounding took from the solution.

For many rows of well conditioned columns, the cross products (`CrossProducts`) give the same factor in less time.
Cholesky of :math:`A'A` loses digits with the square of the condition number of A, and Householder QR of A does not. On
the columns scaled to unit length, :math:`\lVert R^{-1} \rVert_F^2` is the sum of their variance inflation factors (the
last column, the dependent variable, among them), and bounds that square. While the sum is at most `MOST_INFLATION`, the
factor agrees with that of QR to 1e-12. If it is larger, or a square leaves the range of numbers, cross products give no
factor, and QR is used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.errors import NumericalError

RANK_TOLERANCE = 1e-12
"""Relative change of the columns, each on its raw scale, that a dependence may need and still count as exact.
Rounding leaves 1e-15 in exact dependences, up to 1e-13 after a two-way transform; NIST's Filip data stand at 3e-10."""


ROUNDING = 1e-14
"""Length of what is rounding, relative to that of the columns it was computed from."""


@cache
def _lapack() -> Any:
    # SciPy's subpackages cost tens of milliseconds to import: only a model that is fitted pays.
    from scipy.linalg import lapack

    return lapack


@cache
def _upper(columns: int) -> Array:
    mask = np.asfortranarray(np.triu(np.ones((columns, columns))))
    mask.setflags(write=False)
    return mask


@cache
def _ones_and_positions(size: int) -> tuple[Array, Positions]:
    ones, positions = np.ones(size), np.arange(size)
    ones.setflags(write=False)
    positions.setflags(write=False)
    return ones, positions


class RowAccumulator:
    """The R factor of row blocks stacked on one another, without stacking them.

    With ``A = [A_1; A_2; ...]``, ``R_j`` is the triangular factor of ``[R_{j-1}; A_j]``, and ``R'R = A'A`` after the
    last block (Golub and Van Loan, *Matrix Computations*, 4th ed., section 6.5).

    Parameters
    ----------
    columns : int
        Number of columns of every block.

    Examples
    --------
    >>> import numpy as np
    >>> from panelvar.kernels.linear.qr import RowAccumulator
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

    def room(self, rows: int) -> Array:
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
    def r(self) -> Array:
        """A copy of the ``(columns, columns)`` upper triangular factor; rows beyond the rank of few rows are zero."""
        return self._r.copy(order="F")


def triangularize(matrix: Array) -> Array:
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
    if rows == 0:
        return np.zeros((columns, columns), order="F")
    factored: Array = _lapack().dgeqrf(matrix)[0]
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
    share: float = 0.0
    """Share of its raw length that the transform left."""


class Solution(NamedTuple):
    """Least-squares solution of r independent columns out of k."""

    coefficients: Array
    """(k,), 0.0 where a column was dropped."""
    kept: Positions
    """(r,) positions of the columns kept, ascending."""
    dropped: tuple[Dropped, ...]
    r: Array
    """(r, r) upper triangular factor of the kept columns."""
    inverse_r: Array
    """(r, r) its inverse: ``inverse_r @ inverse_r.T`` is the inverse of X'X."""
    rss: float
    """Residual sum of squares."""
    condition: float
    """``|R| |R^-1| / r`` in Frobenius norms, of the kept columns scaled to unit length: 1 for orthogonal columns,
    within a factor r below the spectral condition number and never above it."""
    constant: float | None = None
    """The constant of centred columns, where refinement has computed it; None leaves it to the algebra of means."""


def solve(r_full: Array, raw_norms: Array, tolerance: float = RANK_TOLERANCE) -> Solution:
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
    2nd ed., chapter 7, applied to the dependence of column j.
    """
    k = raw_norms.shape[0]
    inverse, failure = _invert_triangle(r_full[:k, :k])
    if not failure:
        with np.errstate(over="ignore", invalid="ignore"):
            distances = raw_norms.dot(abs(inverse))
            # Written so that NaN fails it: whatever is unusual takes the careful way.
            if distances.max(initial=0.0) * tolerance < 1.0:
                solution = _read_off(r_full, inverse)
                if math.isfinite(solution.condition) and math.isfinite(solution.rss):
                    return solution
    return _solve_carefully(r_full, raw_norms, tolerance)


def refine_last(triangle: Array, inverse_r: Array, along: Array, squares: float) -> None:
    """Compute the last column of an R factor again, in place, from the residuals of its least squares.

    Parameters
    ----------
    triangle : (k + 1, k + 1) array
    inverse_r : (k, k) array
        See `Solution`.
    along : (k,) array
        Products of the columns with the residuals, which are zero but for rounding.
    squares : float
        Sum of squares of the residuals.
    """
    step = inverse_r.T @ along
    triangle[:-1, -1] += step
    triangle[-1, -1] = np.sqrt(max(squares - float(step @ step), 0.0))


def _invert_triangle(r: Array) -> tuple[Array, int]:
    """The inverse of an upper triangle, and 1 + the position of an exact zero on its diagonal, or 0."""
    if r.shape[0] == 0:
        return np.zeros((0, 0)), 0
    inverse, failure = _lapack().dtrtri(r)
    return inverse, failure


def _read_off(r_full: Array, inverse: Array) -> Solution:
    """The solution when every column of ``r_full`` but the last is independent."""
    rank = inverse.shape[0]
    r = r_full[:rank, :rank]
    # A triangular solve is backward stable; a product with the inverse is not.
    coefficients = _lapack().dtrtrs(r, r_full[:rank, rank])[0] if rank else np.zeros(0)
    ones, positions = _ones_and_positions(rank)
    squared_lengths = ones.dot(r * r)
    condition = math.sqrt(squared_lengths.dot(inverse * inverse).sum() / rank) if rank else 1.0
    remainder = float(r_full[rank, rank])
    return Solution(coefficients, positions, (), r, inverse, remainder * remainder, condition)


def _solve_carefully(r_full: Array, raw_norms: Array, tolerance: float) -> Solution:
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
        # Whatever depends on the columns before `rank` depends on them and more: all of it goes at once.
        gone = _dependents(work, rank, norms[active], tolerance)
        dropped += [_describe(work, rank, position, active, norms, tolerance, exponents) for position in gone]
        active = np.delete(active, gone).tolist()
        work = triangularize(np.delete(work, gone, axis=1))
    rank, found = len(active), tuple(sorted(dropped, key=lambda item: item.index))
    solution = _read_off(work, _invert_triangle(work[:rank, :rank])[0])
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
    return Solution(coefficients, kept, found, r, inverse, rss, solution.condition)


def _leading_rank(work: Array, norms: Array, tolerance: float) -> int:
    """How many columns come before the first dependent one."""
    lead = norms.shape[0]
    inverse, failure = _invert_triangle(work[:lead, :lead])
    if failure:
        lead = failure - 1
        inverse = _invert_triangle(work[:lead, :lead])[0]
    with np.errstate(over="ignore", invalid="ignore"):
        dependent = np.flatnonzero(~(norms[:lead].dot(abs(inverse)) * tolerance < 1.0))
    return int(dependent[0]) if dependent.size else lead


def _dependents(work: Array, rank: int, norms: Array, tolerance: float) -> list[int]:
    """Positions, ``rank`` the first, of the columns that depend on those before ``rank``."""
    if rank + 1 == len(norms):
        return [rank]
    combinations = _lapack().dtrtrs(work[:rank, :rank], work[:rank, rank + 1 : len(norms)])[0] if rank else 0.0
    own = np.sqrt(np.square(work[rank:, rank + 1 : len(norms)]).sum(axis=0))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        distances = (norms[:rank] @ np.abs(combinations) if rank else 0.0) + norms[rank + 1 :]
        later = np.flatnonzero(~(distances * tolerance < own))
    return [rank, *(rank + 1 + later).tolist()]


def _describe(
    work: Array, rank: int, position: int, active: list[int], norms: Array, tolerance: float, exponents: Positions
) -> Dropped:
    """Say what the column at ``position`` of the working triangle is made of: columns before ``rank``."""
    index = active[position]
    column = work[: position + 1, position]
    length = math.sqrt(column.dot(column))
    if length <= tolerance * norms[index]:
        return Dropped(index, True, (), length / norms[index] if length else 0.0)
    earlier = np.array(active[:rank], dtype=np.intp)
    combination = _lapack().dtrtrs(work[:rank, :rank], column[:rank])[0]
    # Coefficients that are zero but for rounding would only clutter the message.
    share = abs(combination) * norms[earlier]
    named = np.flatnonzero(share > 1e-8 * share.max())
    units = np.ldexp(combination, exponents[index] - exponents[earlier])
    return Dropped(index, False, tuple((int(earlier[i]), float(units[i])) for i in named))


MOST_INFLATION = 200.0
"""Largest sum of variance inflation factors at which cross products are factored: rounding stays below 1e-13."""
# Below this many columns QR is as fast.
_FEWEST = 4
# BLAS multiplies whole groups of four columns at full speed.
_LANES = 4
UNPACKED = 1_000_000
"""OpenBLAS multiplies up to so many numbers as they lie; more of them it packs first, at a third of the speed."""
# Squares between these lose no digits to underflow and cannot overflow in a product.
_SMALLEST, _LARGEST = 1e-200, 1e200


def pays(columns: int) -> bool:
    """Whether cross products of this many columns are faster than QR."""
    return columns >= _FEWEST


class CrossProducts:
    """The cross products of row blocks, added up.

    Parameters
    ----------
    columns : int
        Number of columns of every block.
    rows : int
        Rows of the longest block.
    """

    __slots__ = ("_buffer", "_columns", "_stack", "_sum", "_width")

    def __init__(self, columns: int, rows: int) -> None:
        self._columns = columns
        self._width = max(-(-columns // _LANES), 2) * _LANES
        self._buffer = np.empty(rows * self._width)
        self._sum = np.zeros((self._width, self._width))
        self._stack = self._buffer[:0].reshape(0, self._width)

    def room(self, rows: int) -> Array:
        """Scratch of shape ``(rows, columns)``, column-major, for the caller to fill before `update`."""
        if rows != len(self._stack):
            self._stack = self._buffer[: rows * self._width].reshape((rows, self._width), order="F")
            self._stack[:, self._columns :] = 0.0
        return self._stack[:, : self._columns]

    def update(self) -> None:
        """Add the cross products of the rows written to the last `room`."""
        stack, width = self._stack, self._width
        # What overflows here has no factor.
        with np.errstate(over="ignore", invalid="ignore"):
            if _LANES * width * len(stack) <= UNPACKED:
                # The upper triangle in strips. A strip by itself would be a symmetric product, which is always packed.
                for start in range(0, self._columns, _LANES):
                    first = start if start + _LANES < width else start - _LANES
                    strip = stack[:, start : start + _LANES]
                    self._sum[start : start + _LANES, first:] += np.dot(strip.T, stack[:, first:])
            else:
                self._sum += stack.T @ stack

    @property
    def sum(self) -> Array:
        """The cross products (columns, columns) of all rows so far."""
        upper = np.triu(self._sum[: self._columns, : self._columns])
        return upper + np.triu(upper, 1).T

    def triangle(self) -> Array | None:
        """Return the R factor (columns, columns) of all rows so far, or None where QR is needed."""
        return triangle_of(self._sum[: self._columns, : self._columns])


def triangle_of(gram: Array, whole: Array | None = None, most: float = MOST_INFLATION) -> Array | None:
    """Factor a cross-product matrix ``R'R``, or return None where the columns are too close to dependent.

    Parameters
    ----------
    gram : (k, k) array
    whole : (k,) array, optional
        Sums of squares before something was subtracted from the cross products: the share of it that is left counts
        as an inflation does, since rounding is that of the whole.
    most : float
        Largest sum of variance inflation factors; k is the least that there can be.

    Returns
    -------
    (k, k) array or None
        Upper triangular, with a positive diagonal.
    """
    lapack = _lapack()
    squares = np.diagonal(gram)
    # Written so that NaN fails it.
    if not (squares.min() > _SMALLEST and squares.max() < _LARGEST):
        return None
    length = np.sqrt(squares)
    factor, failure = lapack.dpotrf(gram / length / length[:, None], lower=0, clean=1)
    if failure:
        return None
    inverse, failure = lapack.dtrtri(factor)
    inflation = np.square(inverse).sum(axis=1)
    if failure or not (inflation if whole is None else inflation * (whole / squares)).sum() <= most:
        return None
    return np.asfortranarray(factor * length)
