"""Order of the rows of a panel: is it already by entity, then time, and if not, the permutation that makes it so."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_SPARSE = 8
"""Cells of the entity-by-period grid per row up to which the grid is filled in rather than the rows sorted."""


def starts_if_sorted(entities: NDArray[Any] | None, times: NDArray[np.int64]) -> NDArray[np.intp] | None:
    """Return the row offsets of the entities if the rows are sorted by entity, then strictly by time.

    Parameters
    ----------
    entities : (n,) array or None
        Entity of each row, of any type that compares; None if there is one entity. n >= 1.
    times : (n,) integer array
        Time of each row.

    Returns
    -------
    (G + 1,) array or None
        First row of each of the G entities, and n; None if the rows are not in order or a time repeats.
    """
    n = len(times)
    rising = times[1:] > times[:-1]
    if entities is None:
        return np.array([0, n]) if rising.all() else None
    changes = np.flatnonzero(entities[1:] != entities[:-1])
    rising[changes] = True
    if not rising.all() or not (entities[changes + 1] > entities[changes]).all():
        return None
    starts = np.empty(len(changes) + 2, dtype=np.intp)
    starts[0] = 0
    np.add(changes, 1, out=starts[1:-1])
    starts[-1] = n
    return starts


def sorting_permutation(
    entities: NDArray[np.int64], n_entities: int, times: NDArray[np.int64], n_times: int
) -> NDArray[np.intp]:
    """Return the permutation that sorts rows by entity, then time; rows with equal keys keep their order.

    Parameters
    ----------
    entities, times : (n,) integer arrays
        In ``0..n_entities - 1`` and ``0..n_times - 1``; not every value need occur.

    Returns
    -------
    (n,) array
        ``entities[order]`` is nondecreasing, and so is ``times[order]`` within an entity.
    """
    n = len(entities)
    if n_entities * n_times >= 2**62:
        return np.lexsort((times, entities))
    cell = entities * np.int64(n_times) + times
    if n_entities * n_times <= _SPARSE * n + 1024:
        # The panel fills a good part of its grid: dropping the rows into their cells is a sort in linear time.
        grid = np.full(n_entities * n_times, -1, dtype=np.intp)
        grid[cell] = np.arange(n)
        order = grid[grid >= 0]
        if len(order) == n:
            return order
    return np.argsort(cell, kind="stable")
