"""Few-cluster inference where several large effects cut across the clusters: one projection a cluster and step.

No basis of the effects is formed. What is needed of a cluster g is :math:`M E_g v`, the residual on the whole model of
a column that is v in the rows of g and zero elsewhere: absorbing it costs what absorbing a regressor does.

This serves what `panelvar.estimates.covariance.crossing_basis` cannot hold. CR2 of 20,000 rows in 6 clusters, with
4,000 and 1,200 crossing levels, takes 4.6 s and 5 MB here. A basis of the smaller effect would take 11 s and 237 MB,
and its cost grows with rows times the square of its levels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import NumericalError
from panelvar.estimates.covariance.cluster_adjustment import Adjusted
from panelvar.estimates.covariance.local_blocks import lanczos
from panelvar.estimates.fit.fit import Fit
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.rows import subtract_tables

if TYPE_CHECKING:
    pass


WORK = 200_000_000
"""Rows times clusters times columns that are projected in one round."""


@dataclass(frozen=True, eq=False)
class ProjectedBlocks:
    """A fit with absorbed effects of any number and size, cut up by a few clusters."""

    fit: Fit
    clusters: Grouping

    def check(self, columns: int, why: NumericalError) -> None:
        """Refuse what would take too many projections, for the reason no basis could be formed either."""
        work = float(self.fit.counts.rows) * self.clusters.n_groups * columns
        if work > WORK:
            raise NumericalError(
                f"{why} Clusters can be projected one by one only if there are at most "
                f"{WORK / (self.fit.counts.rows * columns):.0f} of them; there are {self.clusters.n_groups}."
            )

    @cached_property
    def rows(self) -> list[NDArray[np.intp]]:
        """Row numbers of each cluster."""
        order = np.argsort(self.clusters.codes, kind="stable")
        return np.split(order, np.cumsum(self.clusters.sizes)[:-1])

    @cached_property
    def _basis(self) -> Array:
        """Transformed regressors, orthonormal (n, k)."""
        rows = self.fit.rows_or_refuse("Few-cluster inference")
        columns = np.array([rows.column(j) for j in self.fit.kept]).reshape(-1, rows.n_rows).T
        return columns @ self.fit.solution.inverse_r

    @cached_property
    def direction(self) -> Array:
        """What each row contributes to each coefficient, (n, p), the constant's part in the effects left out."""
        fit = self.fit
        slopes = self._basis @ fit.solution.inverse_r.T
        if not fit.constant:
            return slopes
        lead = -(slopes @ fit.lever)
        lead += np.asarray(fit.constant_column) / fit.constant_mass
        return np.column_stack((lead, slopes))

    def residual(self, columns: Array) -> Array:
        """Return what the whole model leaves of transformed columns (n, m)."""
        absorbed, weights = self.fit.absorbed, self.fit.weights
        assert absorbed is not None
        root = None if weights is None else np.sqrt(weights)[:, None]
        raw = np.asfortranarray(columns if root is None else columns / root)
        levels = [(g.codes, t) for g, t in zip(absorbed.groupings, absorbed.tables(raw), strict=True)]
        out = subtract_tables(raw, levels, slice(0, len(raw)), slopes=absorbed.slopes)
        if root is not None:
            out *= root
        out -= self._basis @ (self._basis.T @ out)
        return out

    def embedded(self, group: int, values: Array) -> Array:
        """Return columns (n, m) that are zero outside a cluster."""
        out = np.zeros((self.fit.counts.rows, values.shape[1]), order="F")
        out[self.rows[group]] = values
        return out

    def adjust(self, power: float) -> Adjusted:
        """Adjust the scores by :math:`(I - H_{gg})^{+power}`: 0 (CR0), -1/2 (CR2) or -1 (CR3)."""
        groups, p = self.clusters.n_groups, self.direction.shape[1]
        adjusted, singular = self.direction.copy(), 0
        # Coefficients differ in units: each is compared with its own.
        lengths = np.sqrt(np.square(self.direction).sum(axis=0))
        if power != 0.0:
            for group, rows in enumerate(self.rows):
                lost = False
                for j in range(p):
                    adjusted[rows, j], dropped = self._power(group, self.direction[rows, j], power, lengths[j])
                    lost |= dropped and j >= int(self.fit.constant)
                singular += int(lost)
        pairs = np.empty((groups, p, groups, p))
        for group, rows in enumerate(self.rows):
            left = self.residual(self.embedded(group, adjusted[rows]))
            for j in range(p):
                pairs[:, :, group, j] = self.clusters.sums_of(adjusted * left[:, j : j + 1])
        own = np.einsum("gpgq->pqg", pairs)
        # What the projection takes from every pair, of coefficients in units of their own, as products of couplings.
        taken = -pairs / lengths[:, None, None] / lengths
        for group, rows in enumerate(self.rows):
            scaled = adjusted[rows] / lengths
            taken[group, :, group] += scaled.T @ scaled
        values, vectors = np.linalg.eigh(taken.reshape(groups * p, groups * p))
        roots = (vectors * np.sqrt(np.maximum(values, 0.0))).reshape(groups, p, -1) * lengths[:, None]
        moves = self.clusters.sums_of(adjusted * self.fit.transformed_residuals[:, None])
        return Adjusted(moves, 0.5 * (own + own.swapaxes(0, 1)), roots.transpose(1, 2, 0), singular)

    def _power(self, group: int, start: Array, power: float, length: float) -> tuple[Array, bool]:
        norm = float(np.linalg.norm(start))
        if norm <= 1e-14 * length:
            return np.zeros_like(start), False
        rows = self.rows[group]

        def apply(values: Array) -> Array:
            left: Array = self.residual(self.embedded(group, values[:, None]))[rows, 0]
            return left

        solution, dropped = lanczos(apply, start / norm, power)
        found: Array = norm * solution
        return found, dropped
