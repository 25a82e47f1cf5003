"""A preconditioner of the level system of several effects: its diagonal blocks, inverted one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.kernels.absorption.approximate_cholesky import ApproximateCholesky, linked_levels
from panelvar.kernels.absorption.orthonormal_block import Matrix, OrthonormalBlock

# Coefficients of small effects that are solved for together, densely.
_SMALL_ORDER = 400
# Products of pairs, for each cell of the cross table, worth spending on the links between levels of one effect.
_LINK_WORK = 12
# Levels of an effect whose links are counted to tell how many there are.
_COUNTED = 30
# Eigenvalue of the small effects' matrix (whose diagonal is at most one) that counts as zero.
_NULL = 1e-10


class BlockSystem(Protocol):
    """What the preconditioner asks of the system ``B - C'C`` of `panelvar.kernels.absorption.many_effects`."""

    first: OrthonormalBlock
    rest: tuple[tuple[OrthonormalBlock, int], ...]
    offsets: NDArray[np.intp]

    @property
    def diagonal(self) -> Array:
        """The diagonal, zero where a coefficient lies in the eliminated block."""

    def part(self, b: int) -> slice:
        """Where the coefficients of one basis function of the rest are."""

    def block(self, functions: Sequence[int]) -> Array:
        """The system among some basis functions, dense."""

    def level_coupling(self, b: int) -> Matrix | None:
        """C between the levels of the eliminated block and those of function b, None unless both are levels."""


class BlockPreconditioner:
    """The diagonal blocks of ``B - C'C``, inverted approximately (large effects) or exactly (small ones together).

    With the largest effect eliminated, what couples the levels of one other effect is the Laplacian of a graph
    (`approximate_cholesky`), whatever the remaining effects are. The small effects and slopes are coupled by a small
    dense matrix. Both inverses side by side leave out only what couples one effect to another *given* the largest,
    which is little where effects are told apart at all; what they leave out, the iterations find.

    Coefficients of slopes of many levels, and of effects whose links are too many to list, keep the diagonal.

    Parameters
    ----------
    system : BlockSystem
    """

    def __init__(self, system: BlockSystem) -> None:
        diagonal = system.diagonal
        self._inverse_diagonal = np.divide(1.0, diagonal, out=np.zeros_like(diagonal), where=diagonal > 0.0)[:, None]
        small, large = _by_size(system)
        self._small, self._small_inverse = _small_inverse(system, small, diagonal)
        found = {int(b): _large_factor(system, int(b)) for b in large}
        self._large = [(system.part(b), *factored) for b, factored in found.items() if factored is not None]

    def solve(self, target: Array) -> Array:
        """Apply the approximate inverse to each column of an (m, k) array."""
        out = target * self._inverse_diagonal
        for part, factor, root in self._large:
            out[part] = root * factor.solve(root * target[part])
        if len(self._small):
            out[self._small] = self._small_inverse @ target[self._small]
        return out


def _by_size(system: BlockSystem) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Tell the basis functions that are solved for together, densely, from the others."""
    widths = np.diff(system.offsets)
    # The smallest first, while all of them together stay small.
    order = np.argsort(widths, kind="stable")
    small = np.cumsum(widths[order]) <= _SMALL_ORDER
    return np.sort(order[small]), np.sort(order[~small])


def _small_inverse(system: BlockSystem, blocks: NDArray[np.intp], diagonal: Array) -> tuple[NDArray[np.intp], Array]:
    """Return the coefficients of the small effects that are identified, and the inverse of their block."""
    if not len(blocks):
        return np.zeros(0, dtype=np.intp), np.zeros((0, 0))
    index = np.concatenate([np.arange(system.offsets[b], system.offsets[b + 1]) for b in blocks])
    matrix = system.block([int(b) for b in blocks])
    alive = diagonal[index] > 0.0
    values, vectors = np.linalg.eigh(matrix[np.ix_(alive, alive)])
    # Positive where the matrix is not, so that no residual is lost.
    inverse = (vectors / np.where(values > _NULL, values, 1.0)) @ vectors.T
    return index[alive], inverse


def count_links(system: BlockSystem) -> float:
    """Estimate, from some of its levels, how many links the preconditioner would factor."""
    total = 0.0
    for b in _by_size(system)[1]:
        coupling = _linked_through(system, int(b))
        if coupling is not None and _is_worth_linking(coupling):
            levels = np.linspace(0, coupling.shape[1] - 1, min(_COUNTED, coupling.shape[1])).astype(np.intp)
            total += (coupling[:, levels].T @ coupling).nnz * coupling.shape[1] / len(levels)
    return total


def _linked_through(system: BlockSystem, b: int) -> Any:
    """Return the sparse coupling of levels with those of the eliminated effect; None if there is none."""
    coupling = system.level_coupling(b)
    return None if isinstance(coupling, np.ndarray) else coupling


def _is_worth_linking(coupling: Any) -> bool:
    lengths = np.diff(coupling.indptr).astype(np.float64)
    return bool(lengths @ lengths <= _LINK_WORK * coupling.nnz)


def _large_factor(system: BlockSystem, b: int) -> tuple[ApproximateCholesky, Array] | None:
    """Return the factor of one effect of levels given the eliminated one, and the root of its masses."""
    coupling, root, own = _linked_through(system, b), system.rest[b][0].root, system.first.root
    if coupling is None or root is None or own is None:
        return None
    # Back to masses: C is the cross table over the roots of both sides' masses.
    table = coupling.copy()
    table.data *= np.repeat(own, np.diff(table.indptr)) * root[table.indices]
    links = linked_levels(table, own * own, _LINK_WORK * table.nnz)
    return None if links is None else (ApproximateCholesky(links), root[:, None])
