"""The orthonormal basis of a fit, cut up by clusters: what few-cluster inference is computed from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.estimates.covariance.cluster_adjustment import ClusterParts, regressor_parts
from panelvar.estimates.covariance.local_blocks import Piece
from panelvar.estimates.fit.fit import Fit
from panelvar.kernels.linear.groups import Grouping

BATCH_ROWS = 4000
"""Rows of small clusters whose basis is formed in one step."""


@dataclass(frozen=True, eq=False)
class ClusterBasis:
    r"""Basis W of the transformed constant and regressors, all absorbed effects being nested in the clusters.

    Effects that lie within clusters cost nothing: the transformed regressors are orthogonal to them, cluster by
    cluster. `panelvar.estimates.covariance.crossing_basis.CrossingBasis` is for effects that cut across the clusters.

    Attributes
    ----------
    fit : Fit
    clusters : Grouping
    """

    fit: Fit
    clusters: Grouping

    @property
    def compact(self) -> bool:
        """Whether small Gram matrices of the basis are all that is needed of a cluster."""
        return True

    @property
    def size(self) -> int:
        """Columns q of the basis."""
        return len(self.fit.kept) + int(self.constant is not None)

    @cached_property
    def constant(self) -> Array | float | None:
        """The transformed constant, where no absorbed effect contains it."""
        return self.fit.constant_column if self.fit.constant and self.fit.absorbed is None else None

    @property
    def targets(self) -> Array:
        """T, each coefficient as a combination of the basis, shape (q, p)."""
        return self._from_regressors

    @cached_property
    def _from_regressors(self) -> Array:
        """Coefficients as combinations of the transformed constant and regressors."""
        fit = self.fit
        root = fit.solution.inverse_r.T
        lead = int(self.constant is not None)
        out = np.zeros((lead + len(root), len(fit.names)))
        out[lead:, int(fit.constant) :] = root
        if fit.constant:
            out[lead:, 0] = -(root @ fit.lever)
            if lead:
                out[0, 0] = 1.0 / np.sqrt(fit.constant_mass)
        return out

    @cached_property
    def parts(self) -> ClusterParts:
        """Gram matrix and scores of each cluster."""
        return ClusterParts(*map(np.concatenate, zip(*self.runs(), strict=True)))

    def runs(self) -> Iterator[ClusterParts]:
        """Yield the Gram matrices and scores of some clusters at a time."""
        fit = self.fit
        for run in regressor_parts(
            fit.rows_or_refuse("Few-cluster inference"),
            fit.kept,
            fit.solution.coefficients,
            fit.solution.inverse_r,
            self.constant,
            fit.constant_mass,
            self.clusters,
        ):
            yield run._replace(scores=np.zeros_like(run.scores)) if fit.exact else run

    def pieces(self) -> Iterator[Piece]:
        """Yield the rows in the order of the panel, some thousand at a time."""
        fit = self.fit
        for start, stop, block in fit.rows_or_refuse("Few-cluster inference").blocks():
            residuals = block[:, -1] - block[:, :-1] @ fit.solution.coefficients
            yield self._piece(slice(start, stop), block[:, fit.kept], residuals)

    def batches(self) -> Iterator[tuple[Piece, list[int]]]:
        """Yield several whole clusters at a time, and where each begins among their rows."""
        fit = self.fit
        rows = fit.rows_or_refuse("Few-cluster inference")
        regressors = [rows.column(j) for j in fit.kept]
        residuals = fit.transformed_residuals
        for index, edges in self._batches:
            block = np.empty((len(index), len(regressors)))
            for j, column in enumerate(regressors):
                block[:, j] = column[index]
            yield self._piece(index, block, residuals[index]), edges

    def _piece(self, index: slice | NDArray[np.intp], regressors: Array, residuals: Array) -> Piece:
        """Form the columns of some rows from their transformed regressors and residuals."""
        fit = self.fit
        basis = regressors @ fit.solution.inverse_r
        if self.constant is not None:
            basis = np.column_stack((self._constant_at(index) / np.sqrt(fit.constant_mass), basis))
        rows = len(basis)
        none, targets = np.zeros(rows, dtype=np.intp), self.targets
        lengths = np.sqrt(np.square(targets).sum(axis=0))
        return Piece(index, basis, np.zeros((rows, 0)), none, basis @ targets, residuals, lengths)

    def _constant_at(self, index: slice | NDArray[np.intp]) -> Array:
        column: Array = np.broadcast_to(np.asarray(self.fit.constant_column, dtype=float), self.fit.counts.rows)
        return column[index]

    @cached_property
    def _batches(self) -> list[tuple[NDArray[np.intp], list[int]]]:
        """Rows of several whole clusters at a time, and where each begins among them: small clusters in few steps."""
        order = np.argsort(self.clusters.codes, kind="stable")
        ends = np.cumsum(self.clusters.sizes)
        out, first, start = [], 0, 0
        while first < len(ends):
            last = max(int(np.searchsorted(ends, start + BATCH_ROWS, side="right")), first + 1)
            out.append((order[start : ends[last - 1]], [0, *(ends[first:last] - start).tolist()]))
            first, start = last, int(ends[last - 1])
        return out
