"""Clusters whose rows stand together, a block of whole ones at a time, laid out in equal lengths."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.rows import BLOCK_ROWS, TransformedRows

_SPREAD = 3
"""Rows of the largest cluster beside those of the average one, up to which clusters are laid out in equal lengths."""


def equal_lengths(grouping: Grouping) -> bool:
    """Whether clusters stand together, short and of about one size, so that they can be laid out alike."""
    if grouping.starts is None:
        return False
    largest = int(grouping.sizes.max())
    return largest <= BLOCK_ROWS // 4 and largest * grouping.n_groups <= _SPREAD * len(grouping.codes)


def whole_clusters(grouping: Grouping) -> Iterator[tuple[int, int, NDArray[np.intp]]]:
    """Yield blocks of whole groups: the first row, the one after the last, and where rows lie in equal lengths.

    A cell (group, place) holds a row of the block, or the number of its rows where the group is shorter.
    """
    starts = grouping.starts
    assert starts is not None
    first, size = 0, grouping.equal_size
    step = max(BLOCK_ROWS // size, 1) if size else 0
    while first < grouping.n_groups:
        last = first + step if step else int(np.searchsorted(starts, starts[first] + BLOCK_ROWS, side="right")) - 1
        last = min(last, grouping.n_groups)
        begin, end = int(starts[first]), int(starts[last])
        if size:
            cells = np.arange(end - begin).reshape(last - first, size)
        else:
            own = grouping.sizes[first:last]
            place = np.arange(int(own.max()))
            cells = np.where(place < own[:, None], (starts[first:last] - begin)[:, None] + place, end - begin)
        yield begin, end, cells
        first = last


def fill_block(rows: TransformedRows, start: int, stop: int, lead: int) -> Array:
    """Return some rows (m, lead + columns), after the constant if ``lead`` is one."""
    block = np.empty((stop - start, lead + rows.n_columns), order="F")
    rows.fill(start, stop, block[:, lead:])
    if lead:
        constant = rows.constant
        block[:, 0] = constant[start:stop] if isinstance(constant, np.ndarray) else constant
    return block


def laid_out(block: Array, cells: NDArray[np.intp]) -> Array:
    """Return a block's rows in groups of equal lengths, zero where a group is shorter."""
    if cells.size == len(block):
        return block
    return np.concatenate((block, np.zeros((1, block.shape[1]))))[cells.ravel()]


def stacked(block: Array, cells: NDArray[np.intp]) -> Array:
    """Return the columns (G, length, k) of a block's rows by group."""
    return laid_out(block, cells).T.reshape(block.shape[1], *cells.shape).transpose(1, 2, 0)
