r"""Effects that cut across clusters, for the wild bootstrap: sums over clusters that are as sparse as the rows.

Of the effects' columns F, the largest effect's :math:`F_1` are orthonormal, and the others' are too, each within its
levels. With :math:`C = F_1'F_2`, sums :math:`s = F'u` have the projection :math:`F (F'F)^- s`, where

.. math:: z_2 = (F_2'F_2 - C'C)^- (s_2 - C's_1), \qquad z_1 = s_1 - C z_2, \qquad (F'F)^- s = (z_1, z_2).

Levels of the largest effect that lie within a cluster are left out of :math:`s_1` and :math:`z_1`: residuals and
transformed regressors sum to zero in them, cluster by cluster. One Cholesky factor serves all draws. No leverage is
needed, and no basis of the effects.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.estimates.covariance.crossing_basis import blocks_of
from panelvar.estimates.fit.fit import Fit
from panelvar.kernels.absorption.many_effects import EffectSystem
from panelvar.kernels.absorption.orthonormal_block import OrthonormalBlock
from panelvar.kernels.linear.groups import Grouping

if TYPE_CHECKING:
    from scipy.sparse import csr_array


MOST_LEVELS = 6_000
"""Most coefficients of the effects besides the largest that are solved for: a factor of so many takes 288 MB."""

CONNECTED = 1e-5
"""Reciprocal condition of their system (its diagonal is one) below which squares have cost too many digits."""


@dataclass(frozen=True, eq=False)
class CrossedLevels:
    """The columns of all effects, row by row, and the factor of their cross products.

    Attributes
    ----------
    fit : Fit
    entries : list of (positions, values)
        For each function of an effect, the column each row is in and the non-zero there.
    coupling : (m, q) csr_array
        C', less levels that lie within a cluster.
    factor : (m, m) array
        Upper Cholesky factor of :math:`F_2'F_2 - C'C`.
    """

    fit: Fit
    entries: list[tuple[NDArray[np.intp], Array]]
    coupling: csr_array
    factor: Array

    @property
    def columns(self) -> int:
        """Columns of F."""
        return int(sum(self.coupling.shape))

    def sums(self, values: Array, clusters: Grouping) -> csr_array:
        """Return :math:`u'F_h` of each cluster, (clusters, columns), from transformed values (n,)."""
        from scipy.sparse import coo_array, csr_array

        codes = clusters.codes.astype(np.intp)
        parts, columns, groups = [], [], []
        for position, column in self.entries:
            used = np.flatnonzero(column)
            parts.append(column[used] * values[used])
            columns.append(position[used])
            groups.append(codes[used])
        entries = np.concatenate(parts), (np.concatenate(groups), np.concatenate(columns))
        return csr_array(coo_array(entries, shape=(clusters.n_groups, self.columns)))

    def solve(self, sums: Array) -> Array:
        """Multiply sums (columns, b) by :math:`(F'F)^-`."""
        from scipy.linalg import cho_solve

        first = self.coupling.shape[1]
        out = np.empty_like(sums)
        rest = sums[first:] - self.coupling @ sums[:first]
        # Older versions of SciPy refuse to solve for nothing.
        if rest.size:
            out[first:] = cho_solve((self.factor, False), rest, overwrite_b=True, check_finite=False)
        np.subtract(sums[:first], self.coupling.T @ out[first:], out=out[:first])
        return out


def crossed_levels(fit: Fit, clusters: Grouping) -> CrossedLevels | None:
    """Return the effects of a fit that cut across clusters; None where their system is too large, or poorly connected.

    What two levels have in common is then known to few digits, because it is a difference of cross products.
    """
    from scipy.sparse import csr_array

    absorbed = fit.absorbed
    assert absorbed is not None
    blocks = blocks_of(absorbed)
    largest = max(block.size * block.grouping.n_groups for block in blocks)
    if sum(block.size * block.grouping.n_groups for block in blocks) - largest > MOST_LEVELS:
        return None
    system = EffectSystem([OrthonormalBlock(block, fit.weights) for block in blocks], fit.weights)
    factor = _factor(system)
    if factor is None:
        return None
    grouping = system.first.block.grouping
    crossing = np.flatnonzero(~_within(grouping, clusters))
    place = np.full(grouping.n_groups, -1, dtype=np.intp)
    place[crossing] = np.arange(len(crossing))
    position = place[grouping.codes]
    root = np.ones(len(position)) if fit.weights is None else np.sqrt(fit.weights)
    entries = [
        (position + j * len(crossing), np.where(position < 0, 0.0, root * column))
        for j, column in enumerate(system.first.columns)
    ]
    start = len(crossing) * len(entries)
    entries += [
        (block.block.grouping.codes + (start + system.offsets[b]), root * block.columns[j])
        for b, (block, j) in enumerate(system.rest)
    ]
    chosen = np.concatenate([crossing + j * grouping.n_groups for j in range(system.first.block.size)])
    coupling = csr_array(system.coupling_table()[chosen].T) if system.order else csr_array((0, start))
    return CrossedLevels(fit, entries, coupling, factor)


def _factor(system: EffectSystem) -> Array | None:
    """Return the upper Cholesky factor of the system of the effects besides the largest; None if it has few digits."""
    from scipy.linalg.lapack import dpocon, dpotrf

    if system.order == 0:
        return np.zeros((0, 0))
    gram = np.asfortranarray(system.completed())
    # Column by column, since its absolute values would take as much memory again.
    norm = max(float(np.abs(column).sum()) for column in gram.T)
    factor, failed = dpotrf(gram, lower=0, overwrite_a=1, clean=0)
    if failed or dpocon(factor, norm, uplo="U")[0] < CONNECTED:
        return None
    return np.asarray(factor)


def _within(levels: Grouping, clusters: Grouping) -> NDArray[np.bool_]:
    """Return which levels lie within one cluster."""
    first = np.empty(levels.n_groups, dtype=np.intp)
    first[levels.codes] = clusters.codes
    within = np.ones(levels.n_groups, dtype=bool)
    within[levels.codes[first[levels.codes] != clusters.codes]] = False
    return within
