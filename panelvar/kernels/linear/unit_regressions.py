"""A regression for each entity, all entities of one length at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.kernels.linear.qr import ROUNDING

ESTIMATED, SHORT, DEPENDENT = 0, 1, 2
"""What became of an entity: a regression, too few rows for one, regressors that depend on one another."""

_TOLERANCE = 1e-12
# Rows gathered at once: bounds the scratch, far above the cost of a call.
_ROWS_AT_ONCE = 1 << 17


@dataclass(frozen=True, eq=False)
class UnitRegressions:
    r"""Least squares of each of N entities on p coefficients, the constant first where there is one.

    Attributes
    ----------
    coefficients : (N, p) array
        NaN for an entity without a regression.
    triangles : (N, p, p) array
        Upper triangular :math:`R_i` with :math:`R_i'R_i = Z_i'Z_i`, the columns in the order they were given in, the
        constant first.
    targets : (N, p) array
        :math:`R_i b_i`.
    rss : (N,) array
        Residual sums of squares.
    df : (N,) array
        Rows less p.
    status : (N,) array
        `ESTIMATED`, `SHORT` or `DEPENDENT`.
    """

    coefficients: Array
    triangles: Array
    targets: Array
    rss: Array
    df: NDArray[np.intp]
    status: NDArray[np.int8]

    @cached_property
    def variances(self) -> Array:
        """Residual variances, shape (N,), NaN without a degree of freedom."""
        return np.asarray(self.rss / np.where(self.df > 0, self.df, np.nan))

    @cached_property
    def inverses(self) -> Array:
        """:math:`R_i^{-1}`, shape (N, p, p)."""
        return np.asarray(np.linalg.solve(self.triangles, np.eye(self.triangles.shape[-1])[None]), float)

    @cached_property
    def covariances(self) -> Array:
        r"""Classical covariances :math:`s_i^2 (Z_i'Z_i)^{-1}`, shape (N, p, p), NaN without a degree of freedom."""
        scaled = np.sqrt(self.variances)[:, None, None] * self.inverses
        return scaled @ scaled.transpose(0, 2, 1)

    def take(self, which: NDArray[np.intp]) -> UnitRegressions:
        """Return the regressions of some of the entities."""
        parts = (self.coefficients, self.triangles, self.targets, self.rss, self.df, self.status)
        return UnitRegressions(*(part[which] for part in parts))  # type: ignore[arg-type]


def unit_regressions(
    columns: Sequence[Array], starts: NDArray[np.intp], *, constant: bool, fewest: int | None = None
) -> UnitRegressions:
    """Regress the last column on the others, entity by entity.

    The rows of an entity are centred on their means, their columns scaled by powers of two, and factored by Householder
    QR, in stacks of entities that have the same number of rows; the constant follows from the means. A column counts
    as dependent where a relative change of 1e-12 of the raw columns would make it so.

    Parameters
    ----------
    columns : sequence of (n,) arrays
        Regressors and, last, the dependent variable; rows sorted by entity.
    starts : (N + 1,) array
        Row offsets of the entities.
    constant : bool
        Whether each regression has a constant.
    fewest : int, optional
        Rows an entity must have, by default one more than coefficients; not less than coefficients.

    Returns
    -------
    UnitRegressions
    """
    k, first = len(columns) - 1, int(constant)
    p = k + first
    sizes = np.diff(starts)
    n_units = len(sizes)
    status = np.where(sizes < (p + 1 if fewest is None else max(p, fewest)), SHORT, ESTIMATED).astype(np.int8)
    coefficients = np.full((n_units, p), np.nan)
    targets = np.full((n_units, p), np.nan)
    triangles = np.tile(np.eye(p), (n_units, 1, 1))
    rss = np.full(n_units, np.nan)
    for size in np.unique(sizes[status == ESTIMATED]):
        alike = np.flatnonzero((sizes == size) & (status == ESTIMATED))
        step = max(1, _ROWS_AT_ONCE // int(size))
        for units in np.array_split(alike, -(-len(alike) // step)):
            rows = starts[units][:, None] + np.arange(size)
            block = np.stack([column[rows] for column in columns], axis=2)
            if size == k:
                # Fewer rows than columns with y: a row of zeros makes the triangle whole.
                block = np.pad(block, ((0, 0), (0, 1), (0, 0)))
            r, means, norms = _triangles(block, constant)
            dependent = _dependent(r[:, :k, :k], norms[:, :k])
            status[units[dependent]] = DEPENDENT
            units, r, means = units[~dependent], r[~dependent], means[~dependent]
            slopes = np.asarray(np.linalg.solve(r[:, :k, :k], r[:, :k, k:])[:, :, 0], dtype=np.float64)
            _without_rounding(r, slopes, norms[~dependent])
            triangles[units, first:, first:] = r[:, :k, :k]
            targets[units, first:] = r[:, :k, k]
            coefficients[units, first:] = slopes
            rss[units] = r[:, k, k] ** 2 if size > p else 0.0
            if constant:
                root = np.sqrt(float(size))
                triangles[units, 0, 0] = root
                triangles[units, 0, 1:] = root * means[:, :k]
                targets[units, 0] = root * means[:, k]
                coefficients[units, 0] = means[:, k] - np.einsum("ij,ij->i", means[:, :k], slopes)
    return UnitRegressions(coefficients, triangles, targets, rss, sizes - p, status)


def _without_rounding(r: Array, slopes: Array, norms: Array) -> None:
    """Set to zero, in place, residuals that are rounding, and slopes of dependent variables that do not vary."""
    k = slopes.shape[1]
    # A column's own length before centring is the measure; of residuals, that of the terms that cancel in them.
    flat = np.sqrt(np.square(r[:, :, k]).sum(axis=1)) <= ROUNDING * norms[:, k]
    slopes[flat] = 0.0
    r[flat, :, k] = 0.0
    exact = np.abs(r[:, k, k]) <= ROUNDING * (norms[:, k] + np.einsum("ij,ij->i", norms[:, :k], np.abs(slopes)))
    r[exact, k, k] = 0.0


def stacked_triangles(matrices: Array) -> Array:
    """Upper triangular R of each of a stack of matrices, by Householder QR.

    Parameters
    ----------
    matrices : (..., n, k) array
        With at least as many rows as columns.

    Returns
    -------
    (..., k, k) array
        The signs of its rows are arbitrary.
    """
    return np.asarray(np.linalg.qr(matrices, mode="r"))


def _triangles(block: Array, constant: bool) -> tuple[Array, Array, Array]:
    """R of each entity's (centred) rows, the means, and the norms of the raw columns."""
    means = block.mean(axis=1)
    # Powers of two change no digit, and keep squares in range.
    units = np.frexp(np.abs(block).max(axis=1))[1]
    norms = np.ldexp(np.sqrt(np.square(np.ldexp(block, -units[:, None, :])).sum(axis=1)), units)
    if constant:
        block = block - means[:, None, :]
    r = stacked_triangles(np.ldexp(block, -units[:, None, :]))
    return np.ldexp(r, units[:, None, :]), means, norms


def _dependent(r: Array, norms: Array) -> NDArray[np.bool_]:
    """Which entities have a column that a relative change of the tolerance makes dependent on the others."""
    k = r.shape[-1]
    if k == 0:
        return np.zeros(len(r), dtype=bool)
    scaled = r / np.where(norms > 0.0, norms, 1.0)[:, None, :]
    singular = (np.abs(np.diagonal(scaled, axis1=1, axis2=2)) <= _TOLERANCE).any(axis=1)
    scaled[singular] = np.eye(k)
    inverse = np.linalg.solve(scaled, np.eye(k)[None])
    return np.asarray(singular | ~(np.abs(inverse).sum(axis=1).max(axis=1) * _TOLERANCE < 1.0))
