r"""A preconditioner for the Laplacian of a weighted graph: elimination in rounds, exact while it is sparse.

The Schur complement of two crossed effects is the Laplacian of a graph on the levels of the smaller one: how strongly
two levels are linked by levels of the larger. If that graph is nearly a chain, a tree or a ring, conjugate gradients
alone need as many iterations as it is long. Eliminating vertex v of weights :math:`w_i` to its neighbours, :math:`s =
\sum w_i`, leaves the neighbours linked by :math:`w_i w_j / s`. Each round takes out a set of vertices of low degree no
two of which are neighbours, all at once:

- exactly, while the links that are left do not outgrow those of the beginning: of trees, chains and rings nothing else
  is needed, and the solution is exact;
- then by sampling: with the :math:`w_i` ascending and :math:`S_i = \sum_{j > i} w_j`, each neighbour i but the last is
  linked to one j > i, drawn with probability :math:`w_j / S_i`, by :math:`w_i S_i / s`. These d - 1 links have the
  exact ones, d (d - 1) / 2 of them, as their expectation, and keep the neighbours connected.

The rest is factored densely if it is small. If not, it is a well connected core, and its diagonal replaces it. All
weights stay sums of positive numbers: nothing cancels however weak a link is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Vertices that are factored densely at the end: milliseconds.
_CORE = 400
# The same of a core that is dense already, where elimination would take many rounds.
_DENSE_CORE = 1_500
_DENSE_SHARE = 0.1
# Vertices of more links are well connected, and rounds of them too small to be worth their cost.
_DENSE_DEGREE = 120
# Share of other vertices below which only leaves and chains are still taken out.
_SPARSE_SHARE = 0.02
# Exact elimination may add this share to the links of the beginning, and this number.
_GROWTH = 1.0
_ALLOWANCE = 5_000
# Passes over the vertices to find a set without neighbours; the first finds most of it.
_PASSES = 4


@dataclass(frozen=True, eq=False)
class _Round:
    """Vertices taken out together."""

    # Shares in which a vertex's neighbours inherit its right-hand side, (left, gone), and their transpose.
    spread: csr_array
    average: csr_array
    # One over the vertices' weights (gone, 1); zero for a vertex without neighbours.
    inverse: Array


class ApproximateCholesky:
    """An approximate inverse, symmetric and positive on every vector orthogonal to the indicators of the components.

    Parameters
    ----------
    links : (n, n) csr_array
        Symmetric, positive off the diagonal, and without a diagonal.

    Attributes
    ----------
    is_exact : bool
        Whether no link was sampled and no core replaced by its diagonal.

    References
    ----------
    Kyng and Sachdeva (2016), "Approximate Gaussian elimination for Laplacians: fast, sparse, and simple", FOCS;
    Gao, Kyng and Spielman (2023), "Robust and practical solution of Laplacian equations by approximate elimination",
    arXiv:2303.00709, on the ordered sampling.
    """

    def __init__(self, links: csr_array) -> None:
        from scipy.sparse import csr_array

        # The same data, the same preconditioner, the same digits.
        rng = np.random.default_rng(0)
        self.is_exact = True
        self._rounds: list[_Round] = []
        vertices, taken = np.arange(links.shape[0]), []
        budget = (1.0 + _GROWTH) * links.nnz + _ALLOWANCE
        while links.shape[0] > _CORE and not _is_dense(links):
            gone = _independent_set(links, rng)
            rows = links[np.flatnonzero(gone)]
            degrees = np.diff(rows.indptr).astype(np.float64)
            # Each vertex takes its links along and leaves those among its neighbours, both in both directions.
            self.is_exact &= links.nnz + float(degrees @ (degrees - 3.0)) <= budget
            average, inverse, links = _eliminated(links, rows, gone, None if self.is_exact else rng)
            taken.append((vertices[gone], average, inverse))
            vertices = vertices[~gone]
        self._keep_core(links)
        self._order = np.concatenate([*(own for own, _, _ in taken), vertices])
        # Neighbours are numbered in the order in which vertices are taken out: solving then reads slices.
        first = 0
        for own, average, inverse in taken:
            first += len(own)
            rank = np.argsort(self._order[first:]).astype(average.indices.dtype)
            average = csr_array((average.data, rank[average.indices], average.indptr), shape=average.shape)
            self._rounds.append(_Round(csr_array(average.T), average, inverse))

    def _keep_core(self, links: csr_array) -> None:
        from scipy.linalg import cho_factor
        from scipy.sparse.csgraph import connected_components

        degree = np.asarray(links.sum(axis=1)).ravel()
        self._scale = np.sqrt(np.where(degree > 0.0, degree, 1.0))[:, None]
        self._core: Array | None = None
        m = len(degree)
        if m > _DENSE_CORE:
            self.is_exact = False
            return
        matrix = -links.toarray()
        matrix /= self._scale
        matrix /= self._scale.T
        matrix[np.diag_indices(m)] = degree > 0.0
        _, component = connected_components(links, directed=False)
        # One null vector a component, added as in `LevelSystem`.
        square = np.square(self._scale[:, 0])
        null = self._scale[:, 0] / np.sqrt(np.bincount(component, square))[component]
        matrix += np.where(component[:, None] == component, np.outer(null, null), 0.0)
        self._core = np.asarray(cho_factor(matrix, lower=False, overwrite_a=True, check_finite=False)[0])

    def solve(self, target: Array) -> Array:
        """Apply the approximate inverse to each column of an (n, k) array."""
        from scipy.linalg import cho_solve

        solution, first = target[self._order], 0
        for step in self._rounds:
            last = first + len(step.inverse)
            solution[last:] += step.spread @ solution[first:last]
            solution[first:last] *= step.inverse
            first = last
        core = solution[first:]
        core /= self._scale
        if self._core is not None:
            core[:] = cho_solve((self._core, False), core, check_finite=False)
        core /= self._scale
        for step in reversed(self._rounds):
            last, first = first, first - len(step.inverse)
            solution[first:last] += step.average @ solution[last:]
        out: Array = np.empty_like(solution)
        out[self._order] = solution
        return out


def linked_levels(cross: csr_array, mass: Array, limit: int) -> csr_array | None:
    """Return the links (G_2, G_2) between levels of one effect through the levels of another, ``N' W_1^(-1) N``.

    Parameters
    ----------
    cross : (G_1, G_2) csr_array
        Masses N of the pairs of levels; repeated pairs add up.
    mass : (G_1,) array
        Row sums of N.
    limit : int
        Products of pairs beyond which nothing is computed.

    Returns
    -------
    csr_array or None
        Without the diagonal.
    """
    lengths = np.diff(cross.indptr)
    if float(np.square(lengths.astype(np.float64)).sum()) > limit:
        return None
    from scipy.sparse import csr_array

    shares = csr_array((cross.data / np.repeat(mass, lengths), cross.indices, cross.indptr), shape=cross.shape)
    return _without_diagonal(csr_array(csr_array(cross.T) @ shares))


def _without_diagonal(matrix: csr_array) -> csr_array:
    from scipy.sparse import csr_array

    row = np.repeat(np.arange(matrix.shape[0], dtype=matrix.indices.dtype), np.diff(matrix.indptr))
    keep = row != matrix.indices
    ends = np.concatenate([[0], np.cumsum(np.bincount(row[keep], minlength=matrix.shape[0]))])
    pointer = ends.astype(matrix.indptr.dtype)
    return csr_array((matrix.data[keep], matrix.indices[keep], pointer), shape=matrix.shape)


def _is_dense(links: csr_array) -> bool:
    m = links.shape[0]
    if m <= _DENSE_CORE:
        return bool(links.nnz > _DENSE_SHARE * m * m)
    degree = np.diff(links.indptr)
    return bool(degree.min() > 2 and np.count_nonzero(degree <= _DENSE_DEGREE) < _SPARSE_SHARE * m)


def _independent_set(links: csr_array, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Mark vertices of low degree no two of which are neighbours, the lowest degrees first (Luby's algorithm)."""
    degree = np.diff(links.indptr)
    has_links = degree > 0
    begins = links.indptr[:-1][has_links]
    priority = degree + rng.random(len(degree))
    priority[degree > max(2.0, min(float(np.quantile(degree, 0.75)), _DENSE_DEGREE))] = np.inf
    chosen = np.zeros(len(degree), dtype=bool)
    for _ in range(_PASSES):
        lowest = np.full(len(degree), np.inf)
        lowest[has_links] = np.minimum.reduceat(priority[links.indices], begins) if len(begins) else np.inf
        new = priority < lowest
        chosen |= new
        if 20 * np.count_nonzero(new) < np.count_nonzero(chosen):
            break
        # Neither the chosen nor their neighbours can be chosen again.
        priority[new] = np.inf
        touched = np.zeros(len(degree), dtype=bool)
        touched[has_links] = np.logical_or.reduceat(new[links.indices], begins) if len(begins) else False
        priority[touched] = np.inf
    return chosen


def _eliminated(
    links: csr_array, rows: csr_array, gone: NDArray[np.bool_], rng: np.random.Generator | None
) -> tuple[csr_array, Array, csr_array]:
    """Take out vertices; new links among their neighbours are exact without a random generator.

    Returns
    -------
    average : (gone, left) csr_array
        Shares of each vertex's neighbours.
    inverse : (gone, 1) array
        One over the vertices' weights; zero for a vertex without neighbours.
    links : (left, left) csr_array
        Between the vertices that are left.
    """
    from scipy.sparse import csr_array

    left = np.flatnonzero(~gone)
    position = np.zeros(len(gone), dtype=rows.indices.dtype)
    position[left] = np.arange(len(left))
    neighbours = position[rows.indices]
    lengths = np.diff(rows.indptr)
    total = np.asarray(rows.sum(axis=1)).ravel()
    inverse = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0.0)
    shape = (len(total), len(left))
    weights = csr_array((rows.data, neighbours, rows.indptr), shape=shape)
    average = csr_array((rows.data * np.repeat(inverse, lengths), neighbours, rows.indptr), shape=shape)
    rest = links[left][:, left]
    if rng is None:
        rest = _without_diagonal(csr_array(rest + csr_array(average.T) @ weights))
    else:
        rest = csr_array(rest + _sampled_links(weights, average, rng))
    return average, inverse[:, None], rest


def _sampled_links(weights: csr_array, shares: csr_array, rng: np.random.Generator) -> csr_array:
    """Draw the links among the neighbours of each row's vertex; expectation ``shares' @ weights`` off its diagonal."""
    from scipy.sparse import coo_array, csr_array

    pointer, lengths = weights.indptr, np.diff(weights.indptr)
    row = np.repeat(np.arange(len(lengths)), lengths)
    order = np.lexsort((weights.data, row))
    share, neighbour = shares.data[order], weights.indices[order]
    running = np.cumsum(share)
    end = pointer[1:][row]
    tail = np.maximum(running[end - 1] - running, 0.0)
    first = np.flatnonzero(np.arange(len(row)) < end - 1)
    drawn = np.searchsorted(running, running[first] + rng.random(len(first)) * tail[first], side="right")
    second = np.clip(drawn, first + 1, end[first] - 1)
    value = weights.data[order][first] * tail[first]
    one, other = neighbour[first], neighbour[second]
    size = weights.shape[1]
    both = (np.concatenate([value, value]), (np.concatenate([one, other]), np.concatenate([other, one])))
    return csr_array(coo_array(both, shape=(size, size)))
