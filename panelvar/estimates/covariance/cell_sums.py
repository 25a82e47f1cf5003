"""Sums over cells, the rows of one level of a crossing effect in one cluster, and what they give pairs of clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import NumericalError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

PAIRS = 50_000_000
"""Pairs of clusters with a level in common up to which their covariances are summed."""


class CellSums(NamedTuple):
    """Sums over cells: a sparse matrix of clusters by levels for each column."""

    clusters: NDArray[np.intp]
    levels: NDArray[np.intp]
    values: Array

    def matrix(self, column: Array, groups: int, width: int) -> csr_array:
        """Return the matrix (G, width) of a combination of the columns."""
        from scipy.sparse import coo_array, csr_array

        return csr_array(coo_array((self.values @ column, (self.clusters, self.levels)), shape=(groups, width)))

    def pair_sums(self, contrasts: Array, couplings: Array) -> tuple[float, Array]:
        r"""Return what cells add to :math:`\sum_{gh} (tr H_{gh})^2 + tr(H_{gh}H_{gh})`, and to each :math:`H_{gg}`.

        :math:`H_{gh}` (r, r) sums the products of the cells of two clusters and those of their couplings (r, q, G).
        """
        r, _, groups = couplings.shape
        width = int(self.levels.max(initial=0)) + 1
        sparse = [self.matrix(column, groups, width) for column in contrasts.T]
        refuse_pairs(float(np.square(abs(sparse[0]).sign().sum(axis=0)).sum()))
        pairs = {(s, t): sparse[s] @ sparse[t].T for s in range(r) for t in range(r)}
        dense = np.swapaxes(couplings, 1, 2)
        total, own = 0.0, np.empty((r, r, groups))
        for (s, t), pair in pairs.items():
            total += float(pairs[s, s].multiply(pairs[t, t]).sum() + pair.multiply(pairs[t, s]).sum())
            total += 2.0 * float((dense[s] * (pairs[t, t] @ dense[s] + pairs[t, s] @ dense[t])).sum())
            own[s, t] = pair.diagonal()
        return total, own


def refuse_pairs(shared: float) -> None:
    """Refuse degrees of freedom from too many pairs of clusters.

    Raises
    ------
    NumericalError
        If there are more than `PAIRS` pairs.
    """
    if shared > PAIRS:
        raise NumericalError(
            "The degrees of freedom need the covariance of every pair of clusters that share a level of the "
            f"crossing effect. There are about {shared:.0e} such pairs; the limit is {PAIRS:.0e}. Use df='groups'."
        )
