r"""Weights of moments: a root of their covariance S, and what dividing by it gives.

With :math:`S = R'R`, GMM is least squares of :math:`R'^{-1}Z'y` on :math:`R'^{-1}Z'X`. A covariance estimated from the
entities' own moments takes its R from their QR decomposition, which loses half the digits that their cross products
would lose. Moments are scaled to variance one first, so that units do not decide what counts as zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from panelvar.core.base.arrays import Array, Mask, Positions
from panelvar.kernels.linear.qr import RowAccumulator, triangularize
from panelvar.kernels.linear.rows import BLOCK_ROWS

SINGULAR = 1e-12
"""Reciprocal condition, of moments of variance one, below which their covariance is singular."""


@dataclass(frozen=True, eq=False)
class Root:
    """A root of a covariance S of L moments.

    Attributes
    ----------
    sizes : (L,) array
        Roots of its diagonal.
    upper : (L, L) array or None
        Upper triangle R of the correlations, where they have full rank.
    spectral : (L, rank) array or None
        Otherwise: eigenvectors of the correlations over the roots of their eigenvalues.
    """

    sizes: Array
    upper: Array | None
    spectral: Array | None = None

    @property
    def rank(self) -> int:
        """Moments that do not depend on others."""
        return len(self.sizes) if self.spectral is None else self.spectral.shape[1]

    def divided(self, moments: Array) -> Array:
        """:math:`R'^{-1}` times moments (L, ...)."""
        scaled = moments / self.sizes.reshape(-1, *(1,) * (moments.ndim - 1))
        flat = scaled.reshape(len(scaled), -1)
        if self.upper is None:
            assert self.spectral is not None
            solved = self.spectral.T @ flat
        else:
            solved = triangular(self.upper, flat, transposed=True)
        return np.asarray(solved.reshape(-1, *moments.shape[1:]), dtype=np.float64)

    def undivided(self, values: Array) -> Array:
        """:math:`R^{-1}` times values (rank, ...): with `divided`, the inverse of S."""
        flat = values.reshape(len(values), -1)
        if self.upper is None:
            assert self.spectral is not None
            solved = self.spectral @ flat
        else:
            solved = triangular(self.upper, flat)
        scaled = solved.reshape(-1, *values.shape[1:])
        return np.asarray(scaled / self.sizes.reshape(-1, *(1,) * (scaled.ndim - 1)), dtype=np.float64)


class StackedRows:
    """Rows of entities of which only the cross products count: of several blocks no more are kept than columns.

    Cross products are those of the triangle of a QR decomposition of the rows, which loses none of their digits. Rows
    of clusters are summed instead.

    Parameters
    ----------
    n_clusters : int
        Clusters of the entities, where rows come with clusters.
    """

    def __init__(self, n_clusters: int = 0) -> None:
        self._blocks: list[Array] = []
        self._clusters = n_clusters

    def add(self, block: Array, groups: Positions | None = None) -> None:
        """Take in rows (n, w) of entities, and their clusters."""
        if groups is not None:
            self._blocks = self._blocks or [np.zeros((self._clusters, block.shape[1]))]
            np.add.at(self._blocks[0], groups, block)
            return
        self._blocks.append(block)
        if len(self._blocks) > 1 and sum(map(len, self._blocks)) > 2 * block.shape[1]:
            self._blocks = [triangularize(np.concatenate(self._blocks))]

    @property
    def rows(self) -> Array:
        """Rows with the same cross products, those of a single block as they are."""
        return self._blocks[0] if len(self._blocks) == 1 else np.concatenate(self._blocks)


def sum_clusters(rows: Array, groups: Positions | None) -> Array:
    """Sum rows (N, ...) of entities by their clusters; without clusters they stay as they are."""
    if groups is None:
        return rows
    sums = np.zeros((int(groups.max()) + 1, *rows.shape[1:]))
    np.add.at(sums, groups, rows)
    return sums


def root_of_covariance(covariance: Array) -> Root:
    """The root of a covariance (L, L)."""
    sizes = positive(np.sqrt(covariance.diagonal()))
    correlations = covariance / sizes / sizes[:, None]
    try:
        upper = np.asarray(np.linalg.cholesky(correlations).T, dtype=np.float64)
    except np.linalg.LinAlgError:
        return _root_of_correlations(sizes, correlations)
    if reciprocal_condition(upper) ** 2 > SINGULAR:
        return Root(sizes, upper)
    return _root_of_correlations(sizes, correlations)


def root_of_moments(moments: Array) -> Root:
    r"""The root of :math:`\sum_i g_ig_i'` for moments g (N, L) of entities."""
    sizes = positive(np.sqrt(np.einsum("ij,ij->j", moments, moments)))
    if len(moments) >= moments.shape[1]:
        upper = _triangle(moments, sizes)
        if reciprocal_condition(upper) ** 2 > SINGULAR:
            return Root(sizes, upper)
    scaled, parts = moments / sizes, []
    for rows, columns in separate(scaled != 0.0):
        _, values, vectors = np.linalg.svd(scaled[np.ix_(rows, columns)], full_matrices=False)
        parts.append((columns, values**2, vectors.T))
    return _spectral(sizes, parts)


def _triangle(moments: Array, sizes: Array) -> Array:
    """The triangle of the QR decomposition of moments (N, L) over their sizes; of many, a block of rows at a time.

    So no copy of all is made, of which a decomposition at once makes three.
    """
    if len(moments) <= BLOCK_ROWS:
        upper: Any = np.linalg.qr(moments / sizes, mode="r")
        return np.asarray(upper)
    accumulator = RowAccumulator(moments.shape[1])
    for start in range(0, len(moments), BLOCK_ROWS):
        part = moments[start : start + BLOCK_ROWS]
        np.divide(part, sizes, out=accumulator.room(len(part)))
        accumulator.update()
    return accumulator.r


def _root_of_correlations(sizes: Array, correlations: Array) -> Root:
    parts = []
    for _, columns in separate(correlations != 0.0):
        parts.append((columns, *np.linalg.eigh(correlations[np.ix_(columns, columns)])))
    return _spectral(sizes, parts)


def _spectral(sizes: Array, parts: Sequence[tuple[Positions, Array, Array]]) -> Root:
    """The root of correlations of which each part has the moments, eigenvalues and eigenvectors."""
    largest = max(float(values.max(initial=0.0)) for _, values, _ in parts)
    kept = [values > SINGULAR * largest for _, values, _ in parts]
    spectral, start = np.zeros((len(sizes), sum(int(used.sum()) for used in kept))), 0
    for (columns, values, vectors), used in zip(parts, kept, strict=True):
        stop = start + int(used.sum())
        spectral[columns, start:stop] = vectors[:, used] / np.sqrt(values[used])
        start = stop
    return Root(sizes, None, spectral)


def separate(present: Mask) -> list[tuple[Positions, Positions]]:
    """Rows and columns of the parts of a matrix that share no row and no column, from where it has entries (n, L).

    Moments of windows of time that no entity links are such parts.
    """
    columns = np.arange(present.shape[1])
    while True:
        rows = np.where(present, columns, len(columns)).min(axis=1, initial=len(columns))
        reached = np.where(present, rows[:, None], columns).min(axis=0, initial=len(columns))
        # A part is named after its first column, and a name that was given another name has that.
        reached = reached[reached]
        if np.array_equal(reached, columns):
            return [(np.flatnonzero(rows == name), np.flatnonzero(columns == name)) for name in np.unique(columns)]
        columns = reached


def positive(sizes: Array) -> Array:
    """The sizes, with one in the place of zero."""
    return np.where(sizes > 0.0, sizes, 1.0)


def reciprocal_condition(upper: Array) -> float:
    """Reciprocal condition number of an upper triangle, in the largest column sum."""
    if not upper.diagonal().all():
        return 0.0
    from scipy.linalg.lapack import dtrtri

    inverse, _ = dtrtri(np.asfortranarray(upper))
    return float(1.0 / (np.abs(upper).sum(axis=0).max() * np.abs(inverse).sum(axis=0).max()))


def triangular(upper: Array, right: Array, *, transposed: bool = False) -> Array:
    """Solve with an upper triangle, or its transpose."""
    from scipy.linalg.lapack import dtrtrs

    solved, _ = dtrtrs(np.asfortranarray(upper), right, trans=int(transposed))
    return np.asarray(solved, dtype=np.float64)
