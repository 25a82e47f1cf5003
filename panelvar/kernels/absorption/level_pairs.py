"""Cross tables of two effects: sums over their pairs of levels, dense or sparse, and the components they connect.

A pair of levels that shares rows is a filled cell, and an edge between two levels. How many connected components the
levels fall into says how many of them are identified.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.kernels.linear.groups import Grouping

if TYPE_CHECKING:
    from scipy.sparse import csr_array


# Share of repeated neighbouring pairs that is worth adding up first.
_REPEATED = 0.1
# Steps from one level to others tried before the components are searched for in general.
_FLOOD_STEPS = 6


def merged(cross: csr_array) -> csr_array:
    """Add up repeated pairs that follow one another, as of a worker who stays with a firm, if they are many.

    Parameters
    ----------
    cross : (G_1, G_2) csr_array
        A row of data a cell, in the order of the data.
    """
    codes, starts = cross.indices, cross.indptr
    new = np.empty(len(codes), dtype=bool)
    np.not_equal(codes[1:], codes[:-1], out=new[1:])
    new[starts[:-1]] = True
    kept = np.flatnonzero(new)
    if len(kept) > (1.0 - _REPEATED) * len(codes):
        return cross
    from scipy.sparse import csr_array

    pointer = np.searchsorted(kept, starts).astype(starts.dtype)
    return csr_array((np.add.reduceat(cross.data, kept), codes[kept], pointer), shape=cross.shape)


@runtime_checkable
class CountsPairs(Protocol):
    """A grouping of rows that are not in memory, as those of a stream, which counts its pairs itself."""

    def pair_counts(self, other: Grouping, most_cells: int, weights: Array | None = None) -> Array | csr_array:
        """Count the rows, or sum weights, over each pair of groups, (G_1, G_2), dense up to so many cells."""


def pair_sums(first: Grouping, second: Grouping, values: Array | None, most_cells: int) -> Array | csr_array:
    """Sum values, or count rows, over each pair of groups.

    Parameters
    ----------
    first, second : Grouping
        Of the same n rows.
    values : (n,) array or None
    most_cells : int
        Cells up to which the table is dense.

    Returns
    -------
    (G_1, G_2) array or csr_array
        A sparse table may hold a pair more than once (its cells add up in every product), and the values themselves:
        they are not to be changed in place.
    """
    if isinstance(first, CountsPairs):
        return first.pair_counts(second, most_cells, values)
    shape = first.n_groups, second.n_groups
    codes, n_cells = second.codes, shape[0] * shape[1]
    if n_cells <= most_cells:
        pairs = first.spread(np.arange(shape[0]) * shape[1])
        pairs += codes
        return np.bincount(pairs, values, n_cells).astype(np.float64, copy=False).reshape(shape)
    from scipy.sparse import coo_array, csr_array

    mass = np.ones(len(codes)) if values is None else values
    if first.starts is not None:
        # Sorted rows are a compressed table as they stand.
        return merged(csr_array((mass, codes, first.starts.astype(codes.dtype)), shape=shape))
    return csr_array(coo_array((mass, (first.codes, codes)), shape=shape))


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
