"""Rows at an earlier date of the same entity, and differences from them.

Rows are sorted by entity, then time. A position of -1 says that the earlier row does not exist.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from panelvar.base.arrays import Array, Positions
from panelvar.dynamics.runs import rows_with_lags
from panelvar.kernels.groups import Codes, Columns, split_columns


def lag_positions(entity_codes: Codes, time_positions: NDArray[np.integer], k: int = 1) -> Positions:
    """Find the row of the same entity k calendar periods earlier.

    Parameters
    ----------
    entity_codes : (n,) integer array
        Entity of each row; equal codes are adjacent.
    time_positions : (n,) signed integer array
        Calendar position of each row, increasing within an entity.
    k : int
        Periods to go back; negative values look ahead.

    Returns
    -------
    (n,) intp array
        Row positions, -1 where the entity has no row at that date. Gaps in time are not bridged.
    """
    n_rows = len(entity_codes)
    if k == 0:
        return np.arange(n_rows, dtype=np.intp)
    if k < 0:
        # Looking ahead is looking back with time reversed.
        found = lag_positions(entity_codes[::-1], -time_positions[::-1], -k)[::-1]
        return np.where(found < 0, -1, n_rows - 1 - found)
    positions = np.full(n_rows, -1, dtype=np.intp)
    # Without gaps the row is k rows up; with gaps it is nearer, never farther.
    hits = rows_with_lags(time_positions, k, entity_codes)
    positions[hits] = hits - k
    if k == 1 or not np.any((entity_codes[1:] == entity_codes[:-1]) & (np.diff(time_positions) != 1)):
        return positions
    starts = np.flatnonzero(np.concatenate([[True], entity_codes[1:] != entity_codes[:-1]]))
    first = np.repeat(starts, np.diff(np.append(starts, n_rows)))
    rows = np.flatnonzero((positions < 0) & (time_positions - time_positions[first] >= k))
    wanted = time_positions[rows] - k
    # Bisection for the last row dated no later than wanted; it lies between the entity's first row and the row above.
    low, high = np.maximum(first[rows], rows - k), rows
    for _ in range(k.bit_length()):
        middle = (low + high) // 2
        early = time_positions[middle] <= wanted
        low = np.where(early, middle, low)
        high = np.where(early, high, middle)
    found = time_positions[low] == wanted
    positions[rows[found]] = low[found]
    return positions


def previous_positions(entity_codes: Codes) -> Positions:
    """Find the previous row of the same entity, however long ago it is dated.

    Use `lag_positions` for differences in time: differencing consecutive rows bridges gaps, as R's plm does.

    Parameters
    ----------
    entity_codes : (n,) integer array
        Entity of each row; equal codes are adjacent.

    Returns
    -------
    (n,) intp array
        Row positions, -1 for the first row of each entity.
    """
    positions = np.arange(-1, len(entity_codes) - 1, dtype=np.intp)
    positions[1:][entity_codes[1:] != entity_codes[:-1]] = -1
    return positions


def first_difference(columns: Columns, positions: Positions) -> Array:
    """Subtract from each row its earlier row: ``x_i - x_positions[i]``, over the rows that have one.

    Parameters
    ----------
    columns : sequence of k (n,) arrays, or (n, k) array
    positions : (n,) intp array
        From `lag_positions` or `previous_positions`.

    Returns
    -------
    (m, k) array
        Column-major, for the m rows ``np.flatnonzero(positions >= 0)`` in their order.
    """
    parts = split_columns(columns)
    later = np.flatnonzero(positions >= 0)
    earlier = positions[later]
    out = np.empty((len(later), len(parts)), order="F")
    for j, column in enumerate(parts):
        np.subtract(column[later], column[earlier], out=out[:, j])
    return out
