"""Connected components of the graph of two groupings, from their cross table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from panelvar.base.arrays import Array

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Steps from one level to others tried before the components are searched for in general.
_FLOOD_STEPS = 6


def bipartite_components(cross: Array | csr_array) -> tuple[int, NDArray[np.intp], NDArray[np.intp]]:
    """Find the components of the graph whose vertices are levels and whose edges are filled cells.

    Parameters
    ----------
    cross : (G_1, G_2) array or sparse array
        Positive where a pair of levels shares rows, zero elsewhere; no row or column is empty.

    Returns
    -------
    int, (G_1,) array, (G_2,) array
        How many there are, and the component of each level of either side.
    """
    n_first, n_second = cross.shape
    # Most panels are one component, and a few steps from any level reach all of it.
    reached = np.zeros(n_second)
    reached[0] = 1.0
    for _ in range(_FLOOD_STEPS):
        rows = (cross @ reached > 0.0).astype(np.float64)
        reached = (cross.T @ rows > 0.0).astype(np.float64)
        if rows.all() and reached.all():
            return 1, np.zeros(n_first, dtype=np.intp), np.zeros(n_second, dtype=np.intp)
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    table = csr_array(cross)
    index = table.indices.dtype
    edges = csr_array(
        (
            np.ones(table.nnz, dtype=np.int8),
            table.indices + index.type(n_first),
            np.concatenate([table.indptr, np.full(n_second, table.nnz, dtype=index)]),
        ),
        shape=(n_first + n_second, n_first + n_second),
    )
    count, labels = connected_components(edges, directed=False)
    return int(count), labels[:n_first].astype(np.intp), labels[n_first:].astype(np.intp)
