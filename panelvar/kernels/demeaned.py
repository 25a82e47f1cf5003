"""Rows less the means of their groups, and the R factor of them, from one reading of the columns.

The means of whole groups are known as soon as a block that holds them is read, so that the block is demeaned and its
cross products are added up while it is still in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import numpy as np

from panelvar.base.arrays import Array, Positions
from panelvar.kernels.groups import Columns, Grouping
from panelvar.kernels.qr import CrossProducts, pays
from panelvar.kernels.rows import BLOCK_ROWS, MakesRows, TransformedRows, transformed_rows


def demeaned_rows(
    columns: Sequence[Array] | MakesRows,
    groups: Grouping,
    weights: Array | None = None,
    constant: Array | float | None = None,
) -> tuple[TransformedRows, Array]:
    """Return rows less the weighted means of their groups, and the R factor of all of them.

    Parameters
    ----------
    columns : sequence of (n,) arrays, or those of a stream
    groups : Grouping
    weights : (n,) array, optional
        Analytic weights, strictly positive.
    constant : (n,) array, float or None
        As in `TransformedRows`.

    Returns
    -------
    rows : TransformedRows
        The means are its only table.
    triangle : (k, k) array
    """
    if isinstance(columns, MakesRows):
        means, triangle = groups.means_of(cast(Columns, columns), weights), None
    else:
        means, triangle = _in_one_reading(columns, groups, weights)
    rows = transformed_rows(columns, groupings=(groups,), tables=(means,), weights=weights, constant=constant)
    return rows, rows.triangle() if triangle is None else triangle


def _in_one_reading(columns: Sequence[Array], groups: Grouping, weights: Array | None) -> tuple[Array, Array | None]:
    """The means (G, k), and the R factor where blocks hold whole groups and cross products do."""
    starts, many = groups.starts, groups.n_rows > BLOCK_ROWS
    if starts is None or not (many and pays(len(columns)) and groups.sums_lines and groups.sizes.max() <= BLOCK_ROWS):
        return groups.means_of(columns, weights), None
    mass = groups.mass(weights)
    means = np.empty((groups.n_groups, len(columns)), order="F")
    products = CrossProducts(len(columns), BLOCK_ROWS)
    for first, last in whole_groups(starts, BLOCK_ROWS):
        start, stop = int(starts[first]), int(starts[last])
        lines = products.room(stop - start).T
        for line, column in zip(lines, columns, strict=True):
            line[:] = column[start:stop]
        weight = None if weights is None else weights[start:stop]
        # A sum out of range is infinite and so is its mean: callers refuse it by the column's norm.
        with np.errstate(over="ignore", invalid="ignore"):
            levels = groups.sums_of_lines(lines if weight is None else lines * weight, first, last)
            levels /= mass[first:last]
            lines -= groups.repeated(levels, first, last)
        means[first:last] = levels.T
        if weight is not None:
            lines *= np.sqrt(weight)
        products.update()
        # The first block tells whether the columns are apart enough; the last decides.
        if first == 0 and products.triangle() is None:
            return groups.means_of(columns, weights), None
    return means, products.triangle()


def whole_groups(starts: Positions, most: int) -> Iterator[tuple[int, int]]:
    """Yield runs of groups ``first:last`` of at most so many rows together; no group may have more.

    Parameters
    ----------
    starts : (G + 1,) integer array
        Row offsets of the groups.
    most : int
    """
    first, end = 0, len(starts) - 1
    while first < end:
        last = int(np.searchsorted(starts, starts[first] + most, side="right")) - 1
        yield first, last
        first = last
