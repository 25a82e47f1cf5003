"""The orthonormal basis of a fit, cut up by clusters: what few-cluster inference is computed from."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from panelvar.covariances import lies_within
from panelvar.errors import NumericalError
from panelvar.fit import Fit
from panelvar.kernels.cluster_adjustment import ClusterParts, regressor_parts
from panelvar.kernels.groups import Grouping

FloatArray = NDArray[np.float64]

LEVEL_LIMIT = 1000
"""Levels of effects that cut across the clusters, beyond which a basis (rows times levels squared) costs too much."""

BATCH_ROWS = 4000
"""Rows of small clusters whose basis is formed in one step."""


@dataclass(frozen=True, eq=False)
class ClusterBasis:
    r"""Basis of everything but the effects nested in the clusters.

    Effects that lie within clusters cost nothing: the transformed regressors are orthogonal to them, cluster by
    cluster. Effects that cut across clusters (periods, when clusters are entities) join the basis, less their means
    within a nested effect.

    Attributes
    ----------
    fit : Fit
    clusters : Grouping
    """

    fit: Fit
    clusters: Grouping

    @cached_property
    def _sides(self) -> tuple[Grouping | None, tuple[tuple[Grouping, FloatArray | None], ...]]:
        """The nested effect that is projected out by means, and the effects of the basis with their slopes."""
        if self.fit.absorbed is None:
            return None, ()
        groupings = self.fit.absorbed.groupings
        slopes = self.fit.absorbed.slopes
        inside = [i for i, g in enumerate(groupings) if lies_within(g, self.clusters)]
        if len(inside) == len(groupings):
            return None, ()
        levels = [i for i in inside if slopes[i] is None]
        finest = max(levels, key=lambda i: groupings[i].n_groups, default=None)
        others = tuple((g, slopes[i]) for i, g in enumerate(groupings) if i != finest)
        return None if finest is None else groupings[finest], others

    @property
    def crossing(self) -> bool:
        """Whether some absorbed effect cuts across the clusters."""
        return bool(self._sides[1])

    @cached_property
    def constant(self) -> FloatArray | float | None:
        """The transformed constant, where no absorbed effect contains it."""
        return self.fit.constant_column if self.fit.constant and self.fit.absorbed is None else None

    @cached_property
    def targets(self) -> FloatArray:
        """T, each coefficient as a combination of the basis, shape (q, p)."""
        fit = self.fit
        root = fit.solution.inverse_r.T
        k = len(root)
        first = 0 if self.constant is None else 1
        effects = self._effect_root.shape[1] if self.crossing else 0
        out = np.zeros((effects + first + k, len(fit.names)))
        out[effects + first :, int(fit.constant) :] = root
        if fit.constant:
            out[effects + first :, 0] = -(root @ fit.centre[:-1][fit.kept])
            if first:
                out[effects, 0] = 1.0 / np.sqrt(fit.constant_mass)
            elif effects and self._sides[0] is None:
                z = np.broadcast_to(np.asarray(fit.constant_column), fit.counts.rows)
                total = np.zeros(self._effect_root.shape[0])
                for index, _ in self._batches:
                    total += z[index] @ self._effect_columns(index)
                out[:effects, 0] = total @ self._effect_root / fit.constant_mass
        return out

    @cached_property
    def parts(self) -> ClusterParts:
        """Gram matrix and scores of each cluster."""
        fit = self.fit
        if not self.crossing:
            return regressor_parts(
                fit.rows_or_refuse("Few-cluster inference"),
                fit.kept,
                fit.solution.coefficients,
                fit.solution.inverse_r,
                self.constant,
                fit.constant_mass,
                self.clusters,
            )
        q, groups = len(self.targets), self.clusters.n_groups
        out = ClusterParts(np.empty((groups, q, q)), np.empty((groups, q)))
        for group, (basis, residuals) in enumerate(self.blocks()):
            np.matmul(basis.T, basis, out=out.gram[group])
            np.matmul(basis.T, residuals, out=out.scores[group])
        return out

    def blocks(self) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Yield basis rows (m, q) and transformed residuals (m,) of each cluster."""
        fit = self.fit
        rows = fit.rows_or_refuse("Few-cluster inference")
        regressors = np.column_stack([rows.column(j) for j in fit.kept]) if len(fit.kept) else None
        residuals = fit.transformed_residuals
        for index, edges in self._batches:
            pieces = []
            if self.crossing:
                pieces.append(self._effect_columns(index) @ self._effect_root)
            if self.constant is not None:
                z = np.broadcast_to(np.asarray(self.constant), fit.counts.rows)
                pieces.append(z[index, None] / np.sqrt(fit.constant_mass))
            if regressors is not None:
                pieces.append(regressors[index] @ fit.solution.inverse_r)
            basis, own = np.hstack(pieces), residuals[index]
            for low, high in itertools.pairwise(edges):
                yield basis[low:high], own[low:high]

    @cached_property
    def cluster_rows(self) -> list[NDArray[np.intp]]:
        """Row numbers of each cluster."""
        order = np.argsort(self.clusters.codes, kind="stable")
        return np.split(order, np.cumsum(self.clusters.sizes)[:-1])

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

    def _effect_columns(self, index: NDArray[np.intp]) -> FloatArray:
        """Dummies of the crossing effects in some rows, less their means within the nested effect, weighted."""
        within, effects = self._sides
        out = np.zeros((len(index), sum(g.n_groups for g, _ in effects)), order="F")
        offset = 0
        for grouping, slope in effects:
            out[np.arange(len(index)), offset + grouping.codes[index]] = 1.0 if slope is None else slope[index]
            offset += grouping.n_groups
        weights = self.fit.design.weights
        if within is not None:
            levels, codes = np.unique(within.codes[index], return_inverse=True)
            local = Grouping.from_codes(codes.astype(np.int64), len(levels))
            out -= local.means_of(out, None if weights is None else weights[index])[codes]
        return out if weights is None else out * np.sqrt(weights[index])[:, None]

    @cached_property
    def _effect_root(self) -> FloatArray:
        """F with F F' the pseudo-inverse of the Gram matrix of the crossing effects' columns, shape (levels, rank)."""
        size = sum(g.n_groups for g, _ in self._sides[1])
        if size > LEVEL_LIMIT:
            raise NumericalError(
                f"The absorbed effects that cut across the clusters have {size} levels: their leverage blocks need a "
                f"basis of that size, and {LEVEL_LIMIT} is the limit. Cluster by a dimension in which they are nested, "
                "or use Clustered (CR1)."
            )
        gram = np.zeros((size, size))
        for index, _ in self._batches:
            columns = self._effect_columns(index)
            gram += columns.T @ columns
        values, vectors = np.linalg.eigh(gram)
        good = values > 1e-10 * values[-1]
        root: FloatArray = vectors[:, good] / np.sqrt(values[good])
        return root
