"""Cluster sums of a fit for the wild bootstrap, with any dimensions of the covariance and of the signs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import NumericalError, SpecificationError
from panelvar.estimates.covariance.cell_sums import CellSums
from panelvar.estimates.covariance.cluster_basis import ClusterBasis
from panelvar.estimates.covariance.crossing_basis import LEVEL_LIMIT, CrossingBasis, cluster_basis
from panelvar.estimates.covariance.local_blocks import Piece, sum_cells
from panelvar.estimates.covariance.projected_blocks import ProjectedBlocks
from panelvar.estimates.fit.fit import Fit
from panelvar.kernels.linear.groups import Grouping
from panelvar.panels.few_clusters import wild_cluster as kernel
from panelvar.panels.few_clusters.crossed_levels import MOST_LEVELS, CrossedLevels, crossed_levels

if TYPE_CHECKING:
    from scipy.sparse import csr_array


CELLS = 100_000_000
"""The most pairs of clusters, with a level of a crossing effect in common, that are held."""


def jackknife_scores(
    fit: Fit, clusters: Grouping, matrix: Array, *, impose_null: bool, variant: str
) -> tuple[kernel.Scores, Array]:
    """Return scores and sample moves of one dimension whose residuals or covariance leave a cluster out."""
    basis = cluster_basis(fit, clusters)
    if (isinstance(basis, CrossingBasis) and basis.obstacle is not None) or not basis.compact:
        raise SpecificationError(
            f"statistic={variant!r} leaves out each cluster in turn. That needs effects that are nested in the "
            "clusters, or few levels of the effects that cut across them. Use statistic='11'."
        )
    return kernel.one_way_scores(basis.parts, basis.targets @ matrix.T, impose_null=impose_null, variant=variant)


def scores(
    fit: Fit,
    finest: Grouping,
    covariance: Sequence[tuple[Grouping, float]],
    bootstrap: Grouping,
    matrix: Array,
    *,
    impose_null: bool,
) -> tuple[kernel.Scores, list[Array]]:
    """Return the scores, and the sample's moves (C, r) of each of the dimensions, given with their signed factors."""
    basis = cluster_basis(fit, finest)
    crossed = crossed_levels(fit, finest) if isinstance(basis, CrossingBasis) else None
    if crossed is not None:
        return _crossed_scores(crossed, covariance, bootstrap, matrix, impose_null=impose_null)
    if isinstance(basis, CrossingBasis) and basis.obstacle is not None:
        why = NumericalError(
            f"Besides the largest, the effects that cut across the clusters have {basis.columns} coefficients. At most "
            f"{MOST_LEVELS} can be solved for, or {LEVEL_LIMIT} where effects are poorly connected."
        )
        blocks = ProjectedBlocks(fit, bootstrap)
        blocks.check(2, why)
        return _projected_scores(blocks, covariance, matrix, impose_null=impose_null)
    sums = _Sums(fit, [grouping for grouping, _ in covariance], bootstrap, matrix, impose_null=impose_null)
    for piece in basis.pieces():
        sums.add(piece)
    return sums.scores([factor for _, factor in covariance])


def _crossed_scores(
    crossed: CrossedLevels,
    covariance: Sequence[tuple[Grouping, float]],
    bootstrap: Grouping,
    matrix: Array,
    *,
    impose_null: bool,
) -> tuple[kernel.Scores, list[Array]]:
    """Return the scores from the regressors' basis and sparse sums of the effects' columns."""
    fit, groupings = crossed.fit, [grouping for grouping, _ in covariance]
    sums = _Sums(fit, groupings, bootstrap, matrix, impose_null=impose_null)
    rows = []
    # Transformed regressors alone make the basis of a fit whose effects are all nested.
    for piece in ClusterBasis(fit, bootstrap).pieces():
        sums.add(piece)
        rows.append(sums.columns_of(piece))
    direction, residuals = (np.concatenate(one) for one in zip(*rows, strict=True))
    found, moves = sums.scores([factor for _, factor in covariance])
    terms = [
        term._replace(levels=[crossed.sums(column, grouping) for column in direction.T])
        for term, grouping in zip(found.terms, groupings, strict=True)
    ]
    levels = [crossed.sums(column, bootstrap) for column in residuals.T]
    return kernel.multiplied_out(found._replace(terms=terms, levels=levels, solve=crossed.solve)), moves


def _projected_scores(
    blocks: ProjectedBlocks, covariance: Sequence[tuple[Grouping, float]], matrix: Array, *, impose_null: bool
) -> tuple[kernel.Scores, list[Array]]:
    """Return the scores where no basis of the effects can be formed, by a projection for each bootstrap cluster."""
    from scipy.sparse import csr_array

    fit, bootstrap = blocks.fit, blocks.clusters
    direction = blocks.direction @ matrix.T
    residuals = fit.transformed_residuals[:, None]
    columns = residuals
    if impose_null:
        columns = np.hstack((residuals, direction @ np.linalg.inv(matrix @ fit.bread @ matrix.T)))
    r, count = len(matrix), columns.shape[1]
    maps = [np.empty((r, count, grouping.n_groups, bootstrap.n_groups)) for grouping, _ in covariance]
    for group, rows in enumerate(blocks.rows):
        left = blocks.residual(blocks.embedded(group, columns[rows]))
        for (grouping, _), out in zip(covariance, maps, strict=True):
            for s in range(r):
                out[s, :, :, group] = grouping.sums_of(direction[:, s : s + 1] * left).T
    terms = [
        kernel.Term(factor, [[csr_array(one) for one in row] for row in out], np.zeros((r, grouping.n_groups, 0)))
        for (grouping, factor), out in zip(covariance, maps, strict=True)
    ]
    estimate = np.array([bootstrap.sums_of(direction * column[:, None]).T for column in columns.T])
    moves = [grouping.sums_of(direction * residuals) for grouping, _ in covariance]
    return kernel.Scores(estimate, np.zeros((count, bootstrap.n_groups, 0)), terms), moves


class _Sums:
    """Running sums over pieces of rows."""

    def __init__(
        self, fit: Fit, dimensions: Sequence[Grouping], bootstrap: Grouping, matrix: Array, *, impose_null: bool
    ) -> None:
        self.dimensions, self.bootstrap = dimensions, bootstrap
        self.matrix = matrix
        self.middle = np.linalg.inv(matrix @ fit.bread @ matrix.T)
        self.columns = 1 + (len(matrix) if impose_null else 0)
        self.same = len(dimensions) == 1 and dimensions[0] is bootstrap
        r, n = len(matrix), fit.counts.rows
        self.estimate = np.zeros((self.columns, r, bootstrap.n_groups))
        self.moves = [[np.zeros(grouping.n_groups) for _ in range(r)] for grouping in dimensions]
        self.left: list[list[Array]] = []
        self.right: list[Array] = []
        # The contribution of each row to the own sums of the pairs of clusters it is in.
        self.products = np.empty((0 if self.same else n, r, self.columns))
        self.cells: list[tuple[NDArray[np.intp], Array, Array, Array, slice]] = []

    def columns_of(self, piece: Piece) -> tuple[Array, Array]:
        """Return what each row contributes to the restrictions (m, r), and the columns of residuals."""
        direction = piece.direction @ self.matrix.T
        residuals = piece.residuals[:, None]
        return direction, residuals if self.columns == 1 else np.hstack((residuals, direction @ self.middle))

    def scores(self, factors: Sequence[float]) -> tuple[kernel.Scores, list[Array]]:
        """Return the scores, given the signed factor of each dimension, and the sample's moves."""
        terms = [
            kernel.Term(factor, self.own_of(number), np.stack(self.left[number]))
            for number, factor in enumerate(factors)
        ]
        return kernel.Scores(self.estimate, np.stack(self.right), terms), [np.stack(one, axis=1) for one in self.moves]

    def add(self, piece: Piece) -> None:
        """Add the rows of a piece."""
        where, rows = piece.where, len(piece.residuals)
        start, stop, _ = where.indices(rows + (where.start or 0)) if isinstance(where, slice) else (0, rows, 1)
        direction, residuals = self.columns_of(piece)
        if not self.right:
            q = piece.basis.shape[1]
            self.right = [np.zeros((self.bootstrap.n_groups, q), order="F") for _ in range(self.columns)]
            self.left = [
                [np.zeros((grouping.n_groups, q), order="F") for _ in self.matrix] for grouping in self.dimensions
            ]
        products = direction[:, :, None] * residuals[:, None, :]
        if not self.same:
            self.products[start:stop] = products
        for j in range(self.columns):
            self.bootstrap.add_sums(piece.basis * residuals[:, j : j + 1], start, stop, self.right[j])
            for s in range(len(self.matrix)):
                self.bootstrap.add_sums(products[:, s, j : j + 1], start, stop, self.estimate[j, s][:, None])
        for number, grouping in enumerate(self.dimensions):
            for s, column in enumerate(direction.T):
                grouping.add_sums(piece.basis * column[:, None], start, stop, self.left[number][s])
                grouping.add_sums(products[:, s, :1], start, stop, self.moves[number][s][:, None])
        if piece.cells.shape[1]:
            self.cells.append((piece.levels, piece.cells, direction, residuals, slice(start, stop)))

    def own_of(self, number: int) -> Sequence[Sequence[Array | csr_array]]:
        """Return the own sums of one dimension, less the part that the cells of the largest effect take away."""
        r = len(self.matrix)
        if self.same and not self.cells:
            return [[self.estimate[j, s] for j in range(self.columns)] for s in range(r)]
        grouping = self.dimensions[number]
        own = [[self._pairs(grouping, s, j) for j in range(self.columns)] for s in range(r)]
        if not self.cells:
            return own
        levels, cells, direction, residuals = (np.concatenate([one[i] for one in self.cells]) for i in range(4))
        left = sum_cells(cells, levels, grouping.codes.astype(np.intp), direction)
        right = sum_cells(cells, levels, self.bootstrap.codes.astype(np.intp), residuals)
        width = 1 + int(max(left.levels.max(initial=0), right.levels.max(initial=0)))
        _check_pairs(left, right, width)
        for s in range(r):
            sides = left.matrix(np.eye(r)[s], grouping.n_groups, width)
            for j in range(self.columns):
                other = right.matrix(np.eye(self.columns)[j], self.bootstrap.n_groups, width)
                own[s][j] = own[s][j] - sides @ other.T
        return own

    def _pairs(self, grouping: Grouping, s: int, j: int) -> csr_array:
        from scipy.sparse import coo_array, csr_array, diags_array

        if self.same:
            return csr_array(diags_array(self.estimate[j, s]))
        entries = (self.products[:, s, j], (grouping.codes, self.bootstrap.codes))
        return csr_array(coo_array(entries, shape=(grouping.n_groups, self.bootstrap.n_groups)))


def _check_pairs(left: CellSums, right: CellSums, width: int) -> None:
    """Refuse products of cells with too many entries."""
    pairs = float(np.bincount(left.levels, minlength=width) @ np.bincount(right.levels, minlength=width))
    if pairs > CELLS:
        raise NumericalError(
            "The bootstrap needs every pair of clusters with a level of the crossing effect in common. There are about "
            f"{pairs:.0e}, and the limit is {CELLS:.0e}. Draw signs by fewer clusters (bootstrap_cluster=)."
        )
