"""One effect: a level of its own, slopes on variables, or both, with a basis that is orthonormal within each group.

Blocks meet in their cross products, over pairs of groups, and in what their spans share, which bounds their rank.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.core.base.scaling import exponents
from panelvar.kernels.absorption.level_pairs import pair_sums
from panelvar.kernels.linear.groups import Columns, Grouping, split_columns

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Matrix: TypeAlias = "Array | csr_array"

# Share of a basis function's square left by the others, below which it depends on them.
_DEPENDENT = 1e-12
# Cells of a cross table that is held dense whatever its filling.
DENSE_CELLS = 100_000


@dataclass(frozen=True, eq=False)
class Block:
    """One effect: a level of its own, slopes on variables, or both, in every group.

    Attributes
    ----------
    grouping : Grouping
        The groups.
    level : bool
        Whether each group has a constant.
    slopes : tuple of (n,) arrays
        Variables on which each group has its own slope.
    """

    grouping: Grouping
    level: bool = True
    slopes: tuple[Array, ...] = ()

    @property
    def size(self) -> int:
        """Coefficients in each group."""
        return int(self.level) + len(self.slopes)


class OrthonormalBlock:
    """A block whose basis is orthonormal within each group.

    Attributes
    ----------
    block : Block
    root : (G,) array or None
        Roots of the groups' masses, if there is a constant.
    triangle : (G, p, p) array
        Upper triangular: original function j is ``sum_k triangle[g, k, j] columns[k]``; a row is zero where the
        function depends on those before it.
    """

    def __init__(self, block: Block, weights: Array | None) -> None:
        self.block = block
        grouping, codes = block.grouping, block.grouping.codes
        count, p = grouping.n_groups, block.size
        self.triangle = np.zeros((count, p, p))
        self._weights = weights
        columns: list[Array] = []
        self.root: Array | None = None
        if block.level:
            self.root = np.sqrt(grouping.mass(weights))
            self.triangle[:, 0, 0] = self.root
            if block.slopes:
                columns.append((1.0 / self.root)[codes])
        for variable in block.slopes:
            j = len(columns)
            # The variable is in a unit of its own, so that no square leaves the range of numbers.
            unit = exponents(variable)
            rest = np.ldexp(variable, -unit)
            total = grouping.sums(rest * rest, weights)
            # Twice is enough (Kahan): the second pass removes what rounding left of the first.
            for _ in range(2):
                for k, column in enumerate(columns):
                    share = grouping.sums(column * rest, weights)
                    self.triangle[:, k, j] += share
                    rest = rest - share[codes] * column
            left = grouping.sums(rest * rest, weights)
            alive = left > _DEPENDENT * total
            norm = np.sqrt(np.where(alive, left, 1.0))
            self.triangle[:, j, j] = np.where(alive, norm, 0.0)
            self.triangle[:, :, j] = np.ldexp(self.triangle[:, :, j], unit)
            columns.append(rest * np.where(alive, 1.0 / norm, 0.0)[codes])
        # A constant alone is never spread over the rows unless asked for.
        self._columns = tuple(columns)

    @cached_property
    def columns(self) -> tuple[Array, ...]:
        """The basis (n,) each, the constant (one over the root of the group's mass) first if there is one."""
        if self._columns or self.root is None:
            return self._columns
        return ((1.0 / self.root)[self.block.grouping.codes],)

    def is_level(self, j: int) -> bool:
        """Whether function j is the constant."""
        return self.block.level and j == 0

    def sums_of(self, columns: Columns, j: int) -> Array:
        """Sum ``w z_j x`` within each group for every column x: (G, k)."""
        grouping = self.block.grouping
        if self.root is not None and j == 0:
            return grouping.sums_of(columns, self._weights) / self.root[:, None]
        return grouping.sums_of([self.columns[j] * column[:] for column in split_columns(columns)], self._weights)

    def table(self, coefficients: Array, j: int) -> tuple[Array, Array | None]:
        """Turn coefficients (G, k) of function j into a level table and what it is multiplied by (None for one)."""
        if self.root is not None and j == 0:
            return np.asfortranarray(coefficients / self.root[:, None]), None
        return np.asfortranarray(coefficients), self.columns[j]

    @cached_property
    def alive(self) -> NDArray[np.bool_]:
        """Which coefficients (G, p) are identified within their own group."""
        return np.diagonal(self.triangle, axis1=1, axis2=2) > 0.0

    def raw(self, coefficients: Array) -> Array:
        """Turn coefficients (G, p) of the orthonormal basis into those of the original functions, by substitution."""
        out = np.zeros_like(coefficients)
        for j in reversed(range(self.block.size)):
            left = coefficients[:, j] - np.einsum("gk,gk->g", self.triangle[:, j, j + 1 :], out[:, j + 1 :])
            pivot = self.triangle[:, j, j]
            out[:, j] = np.where(pivot > 0.0, left / np.where(pivot > 0.0, pivot, 1.0), 0.0)
        return out


def cross_products(first: OrthonormalBlock, i: int, second: OrthonormalBlock, j: int, weights: Array | None) -> Matrix:
    """Cross products of two basis functions, ``sum_r w_r z_ir v_jr`` over each pair of groups.

    Parameters
    ----------
    first, second : OrthonormalBlock
    i, j : int
        Which function of each.
    weights : (n,) array or None

    Returns
    -------
    (G_1, G_2) array or csr_array
    """
    if first.root is None or second.root is None or i or j:
        values = first.columns[i] * second.columns[j]
        if weights is not None:
            values *= weights
        return cross_table(first.block.grouping, second.block.grouping, values)
    table = cross_table(first.block.grouping, second.block.grouping, weights)
    if isinstance(table, np.ndarray):
        table /= first.root[:, None]
        table /= second.root
        return table
    # Its numbers may be the weights themselves.
    table.data = table.data / np.repeat(first.root, np.diff(table.indptr))
    table.data /= second.root[table.indices]
    return table


def cross_table(first: Grouping, second: Grouping, values: Array | None) -> Matrix:
    """Sum values, or count rows, over each pair of groups: `level_pairs.pair_sums`, dense where well filled.

    Parameters
    ----------
    first, second : Grouping
    values : (n,) array or None

    Returns
    -------
    (G_1, G_2) array or csr_array
    """
    return pair_sums(first, second, values, max(DENSE_CELLS, len(first.codes)))


def rank_bound(blocks: Sequence[OrthonormalBlock], components: Callable[[int, int], int]) -> int:
    r"""Bound the rank of all effects from above.

    .. math:: rank \le \sum_b \Big( r_b - \max_{a < b} s_{ab} c_{ab} \Big)

    with :math:`r_b` the exact rank of block b alone, :math:`c_{ab}` the connected components of the graph of two
    groupings, and :math:`s_{ab}` the functions (the constant, or a slope's variable) that both blocks contain: in every
    component, such a function times the component's indicator lies in both spans. For blocks of levels it is the
    count of reghdfe's ``dofadjustments(pairwise)``.

    Parameters
    ----------
    blocks : sequence of OrthonormalBlock
    components : callable
        ``components(a, b)`` counts the connected components of the groupings of two blocks.

    Returns
    -------
    int
        Degrees of freedom reckoned with it are too few rather than too many, so that errors are conservative.

    References
    ----------
    Correia (2017), "Linear models with high-dimensional fixed effects: an efficient and feasible estimator"
    (degrees of freedom).
    """
    total = 0
    for later, block in enumerate(blocks):
        shared = 0
        for earlier, other in enumerate(blocks[:later]):
            functions = _shared_functions(other, block)
            if functions:
                shared = max(shared, functions * components(earlier, later))
        total += int(np.count_nonzero(block.alive)) - shared
    return total


def _shared_functions(a: OrthonormalBlock, b: OrthonormalBlock) -> int:
    """Count functions that are sure to lie, on every component, in the spans of both blocks, and to be independent."""
    counts = [int(a.block.level and b.block.level)]
    for own, other in ((a, b), (b, a)):
        # Independent on every component only if they are so within every group of their own block.
        if own.alive.all():
            counts.append(counts[0] + sum(_contains(other, variable) for variable in own.block.slopes))
    return max(counts)


def _contains(block: OrthonormalBlock, variable: Array) -> bool:
    if any(variable is own or np.array_equal(variable, own) for own in block.block.slopes):
        return True
    grouping = block.block.grouping
    first = np.empty(grouping.n_groups)
    first[grouping.codes] = variable
    return block.block.level and bool(np.array_equal(first[grouping.codes], variable))
