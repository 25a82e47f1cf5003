"""An upper bound of the rank of several absorbed effects, from what each pair of them is sure to share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from panelvar.base.arrays import Array
from panelvar.kernels.orthonormal_block import OrthonormalBlock


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
    Correia (2017), "Linear models with high-dimensional fixed effects: an efficient and feasible estimator", section 3
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
