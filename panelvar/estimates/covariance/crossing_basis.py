"""The basis of few-cluster inference where absorbed effects cut across the clusters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import NumericalError
from panelvar.estimates.covariance.cluster_adjustment import ClusterParts, segment_products
from panelvar.estimates.covariance.cluster_basis import ClusterBasis
from panelvar.estimates.covariance.local_blocks import Piece
from panelvar.estimates.fit.fit import Fit
from panelvar.kernels.absorption.orthonormal_block import Block, OrthonormalBlock
from panelvar.kernels.linear.groups import Grouping

if TYPE_CHECKING:
    from panelvar.kernels.absorption.absorb import Absorbed


LEVEL_LIMIT = 1000
"""Coefficients of the absorbed effects besides the largest, beyond which their basis (rows times their square) costs
too much."""

TABLE_LIMIT = 50_000_000
"""Numbers of a table: levels of the largest effect, or rows of the largest cluster, times columns of the basis."""

SMALL_BASIS = 60
"""Columns of a basis up to which every cluster's Gram matrix is kept, rather than the rows gone through again."""


def cluster_basis(fit: Fit, clusters: Grouping) -> ClusterBasis:
    """Return the basis of a fit cut up by clusters.

    Raises
    ------
    NumericalError
        If several effects are too large for it.
    """
    absorbed = fit.absorbed
    if absorbed is None or all(grouping.lies_within(clusters) for grouping in absorbed.groupings):
        return ClusterBasis(fit, clusters)
    return CrossingBasis(fit, clusters)


class _Sides(NamedTuple):
    """The largest effect, orthonormal within its levels, and the columns of the others with what they multiply."""

    grouping: Grouping
    columns: tuple[Array, ...]
    others: tuple[tuple[Grouping, Array | None], ...]


@dataclass(frozen=True, eq=False)
class CrossingBasis(ClusterBasis):
    r"""Basis of the absorbed effects besides the largest, less their projection on it, and of the regressors.

    The largest effect needs no basis, however many levels it has: its part of a cluster's block is known cell by cell
    (`panelvar.estimates.covariance.local_blocks`). A level that lies within one cluster does not need even that.
    """

    @cached_property
    def _largest(self) -> tuple[Block, tuple[tuple[Grouping, Array | None], ...]]:
        """The effect with the most coefficients, and the columns of the others with what they multiply."""
        absorbed = self.fit.absorbed
        assert absorbed is not None
        blocks = blocks_of(absorbed)
        # If effects are equally large, one that is nested in the clusters is taken: it costs nothing at all.
        largest = max(blocks, key=lambda b: (b.size * b.grouping.n_groups, b.grouping.lies_within(self.clusters)))
        pairs = zip(absorbed.groupings, absorbed.slopes, strict=True)
        return largest, tuple((grouping, slope) for grouping, slope in pairs if grouping is not largest.grouping)

    @property
    def columns(self) -> int:
        """Coefficients of all effects but the largest."""
        return sum(grouping.n_groups for grouping, _ in self._largest[1])

    @cached_property
    def obstacle(self) -> NumericalError | None:
        """Why a basis would be too large, as an error; None where it is not."""
        largest, columns = self._largest[0], self.columns
        levels, rows = largest.grouping.n_groups, int(self.clusters.sizes.max())
        if columns > LEVEL_LIMIT:
            return NumericalError(
                "The absorbed effects cut across the clusters. Leverages then need a basis with a column for each "
                f"coefficient of all effects but the largest (which has {levels} levels). These are {columns} "
                f"columns; the limit is {LEVEL_LIMIT}. Cluster by a dimension in which all effects are nested, or "
                "use Clustered (CR1)."
            )
        if columns * max(levels * largest.size, rows) > TABLE_LIMIT:
            return NumericalError(
                f"Leverages need two tables of the {columns} coefficients of all effects but the largest: one by "
                f"its {levels} levels, one by the {rows} rows of the largest cluster. They would hold more than "
                f"{TABLE_LIMIT:.0e} numbers, the limit. Cluster by a dimension in which all effects are nested, or "
                "use Clustered (CR1)."
            )
        return None

    @cached_property
    def pairs(self) -> float:
        """Pairs of clusters with a level of the largest effect in common, counted level by level."""
        clusters = self.clusters.n_groups
        cells = np.unique(self._largest[0].grouping.codes.astype(np.int64) * clusters + self.clusters.codes)
        sharing = np.bincount(cells // clusters).astype(np.float64)
        return float(np.square(sharing[sharing > 1.0]).sum())

    @cached_property
    def _sides(self) -> _Sides:
        if self.obstacle is not None:
            raise self.obstacle
        largest, others = self._largest
        weights = self.fit.weights
        columns = OrthonormalBlock(largest, weights).columns
        if weights is not None:
            columns = tuple(column * np.sqrt(weights) for column in columns)
        return _Sides(largest.grouping, columns, others)

    @cached_property
    def _cells(self) -> Array:
        """The largest effect's columns (n, b), zero in levels that lie within one cluster."""
        grouping, columns, _ = self._sides
        first = np.empty(grouping.n_groups, dtype=np.intp)
        first[grouping.codes] = self.clusters.codes
        inside = np.ones(grouping.n_groups, dtype=bool)
        inside[grouping.codes[first[grouping.codes] != self.clusters.codes]] = False
        if inside.all():
            return np.zeros((len(grouping.codes), 0))
        return np.column_stack([np.where(inside[grouping.codes], 0.0, column) for column in columns])

    @property
    def compact(self) -> bool:
        """Whether small Gram matrices of the basis are all that is needed of a cluster."""
        return self._cells.shape[1] == 0 and self.size <= SMALL_BASIS

    @property
    def size(self) -> int:
        """Columns q of the basis."""
        return len(self.fit.kept) + int(self._root.shape[1])

    @property
    def targets(self) -> Array:
        """T, each coefficient as a combination of the basis, shape (q, p): where `compact`, all of it."""
        out = np.zeros((self.size, len(self.fit.names)))
        for index, _ in self._batches:
            regressors = np.zeros((len(index), len(self.fit.kept)))
            piece = self._piece(index, regressors, np.zeros(len(index)))
            if self.fit.constant:
                out[:, 0] += piece.basis.T @ piece.direction[:, 0]
        out[self._root.shape[1] :] = self._from_regressors
        return out

    def runs(self) -> Iterator[ClusterParts]:
        """Yield the Gram matrices and scores of some clusters at a time."""
        for piece, edges in self.batches():
            gram = segment_products(np.column_stack((piece.basis, piece.residuals)), np.asarray(edges))
            yield ClusterParts(gram[:, :-1, :-1], gram[:, :-1, -1])

    def _piece(self, index: slice | NDArray[np.intp], regressors: Array, residuals: Array) -> Piece:
        """Form the columns of some rows from their transformed regressors and residuals."""
        fit = self.fit
        slopes = regressors @ fit.solution.inverse_r
        basis = np.hstack((self._effect_columns(index) @ self._root, slopes))
        direction = slopes @ self._from_regressors
        if fit.constant:
            direction[:, 0] += self._lead[index]
        levels = self._sides.grouping.codes[index].astype(np.intp)
        return Piece(index, basis, self._cells[index], levels, direction, residuals, np.sqrt(np.diagonal(fit.bread)))

    @cached_property
    def _lead(self) -> Array:
        """The transformed constant's contribution to its coefficient, less levels that lie within one cluster."""
        grouping, columns, _ = self._sides
        lead = self._constant_at(slice(None)) / self.fit.constant_mass
        nested = (
            [column - cell for column, cell in zip(columns, self._cells.T, strict=True)]
            if (self._cells.shape[1])
            else list(columns)
        )
        for column in nested:
            lead = lead - column * grouping.sums(column * lead)[grouping.codes]
        return lead

    def _effect_columns(self, index: slice | NDArray[np.intp]) -> Array:
        """Weighted dummies (and slopes) of the other effects in some rows, less their projection on the largest."""
        grouping, columns, _ = self._sides
        out = self._raw_columns(index)
        codes = grouping.codes[index]
        for column, table in zip(columns, self._tables, strict=True):
            out -= column[index, None] * table[codes]
        return out

    def _raw_columns(self, index: slice | NDArray[np.intp]) -> Array:
        others = self._sides.others
        weights = self.fit.weights
        rows = len(self.clusters.codes[index])
        out = np.zeros((rows, sum(grouping.n_groups for grouping, _ in others)))
        values = np.ones(rows) if weights is None else np.sqrt(weights[index])
        offset = 0
        for grouping, slope in others:
            out[np.arange(rows), offset + grouping.codes[index]] = values if slope is None else values * slope[index]
            offset += grouping.n_groups
        return out

    def _mass_of(self, grouping: Grouping, slope: Array | None) -> Array:
        """Sum of squares of each raw column of one effect."""
        weights = self.fit.weights
        return grouping.mass(weights) if slope is None else grouping.sums(slope * slope, weights)

    @cached_property
    def _tables(self) -> list[Array]:
        """Products of the largest effect's columns with those of the others, (levels, columns) each."""
        from scipy.sparse import coo_array

        grouping, columns, others = self._sides
        weights = self.fit.weights
        width = sum(other.n_groups for other, _ in others)
        tables = []
        for column in columns:
            value = column if weights is None else column * np.sqrt(weights)
            offset, table = 0, np.zeros((grouping.n_groups, width))
            for other, slope in others:
                entries = (value if slope is None else value * slope, (grouping.codes, other.codes))
                shape = (grouping.n_groups, other.n_groups)
                table[:, offset : offset + other.n_groups] = coo_array(entries, shape=shape).toarray()
                offset += other.n_groups
            tables.append(table)
        return tables

    @cached_property
    def _root(self) -> Array:
        """F with F F' the pseudo-inverse of the Gram matrix of the other effects' columns, shape (columns, rank)."""
        width = sum(grouping.n_groups for grouping, _ in self._sides.others)
        if width == 0:
            return np.zeros((0, 0))
        # In units of each column before the projection: of effects that are nested in the largest nothing is left.
        mass = np.concatenate([self._mass_of(grouping, slope) for grouping, slope in self._sides.others])
        root = np.diag(1.0 / np.sqrt(np.where(mass > 0.0, mass, 1.0)))
        # Twice, as in "CholeskyQR2": the second pass makes up for the digits that squares lose.
        for _ in range(2):
            gram = np.zeros((root.shape[1],) * 2)
            for index, _ in self._batches:
                columns = self._effect_columns(index) @ root
                gram += columns.T @ columns
            values, vectors = np.linalg.eigh(gram)
            good = values > 1e-10 * values.max(initial=1e-10)
            root = root @ (vectors[:, good] / np.sqrt(values[good]))
        return root


def blocks_of(absorbed: Absorbed) -> list[Block]:
    """Return the absorbed effects, tables of one grouping (levels and slopes) together."""
    out = []
    for grouping in dict.fromkeys(absorbed.groupings):
        slopes = [s for g, s in zip(absorbed.groupings, absorbed.slopes, strict=True) if g is grouping]
        given = tuple(slope for slope in slopes if slope is not None)
        out.append(Block(grouping, any(slope is None for slope in slopes), given))
    return out
