"""Gaps in time: which rows have their lags, where runs of adjacent periods start, which row is so many periods before.

A lag never bridges a gap in time. Whatever has lags (a vector autoregression, local projections, the rows of a panel)
reads from here which of its rows have them. Rows are sorted by entity, then time; a position of -1 says that the
earlier row does not exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.errors import DataError
from panelvar.core.base.limits import LONGEST_CALENDAR


def rows_with_lags(periods: npt.NDArray[Any], lags: int, codes: npt.NDArray[Any] | None = None) -> Positions:
    """Rows that end a run: the ``lags`` rows before them are the ``lags`` periods before.

    Parameters
    ----------
    periods : (n,) signed integer array
        Calendar position of each row, increasing (within an entity).
    lags : int
        Not negative.
    codes : (n,) integer array, optional
        Entity of each row; equal codes are adjacent.

    Returns
    -------
    (m,) intp array
    """
    count = max(len(periods) - lags, 0)
    unbroken = periods[lags:] - periods[:count] == lags
    if codes is not None:
        unbroken &= codes[lags:] == codes[:count]
    return np.flatnonzero(unbroken) + lags


def run_starts(periods: Positions) -> tuple[int, ...]:
    """Rows that do not continue the row before them by one period; row 0 always."""
    return (0, *(np.flatnonzero(np.diff(periods) > 1) + 1).tolist())


def on_every_period(values: Array, periods: npt.NDArray[Any]) -> Array:
    """Values (n, ...) on all periods from the first row's to the last's, NaN where a period has no row.

    Raises
    ------
    DataError
        There are more than `LONGEST_CALENDAR` periods, most of them without a row.
    """
    span = int(periods[-1]) - int(periods[0]) + 1
    if span > max(LONGEST_CALENDAR, 2 * len(values)):
        raise DataError(
            f"The {len(values)} rows span {span} periods; the limit is {LONGEST_CALENDAR}. Check for a row with a "
            "wrong date, or give freq= if the calendar is finer than the data."
        )
    out = np.full((span, *values.shape[1:]), np.nan)
    out[periods - periods[0]] = values
    return out


def lag_positions(entity_codes: npt.NDArray[Any], time_positions: npt.NDArray[np.integer], k: int = 1) -> Positions:
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


def previous_positions(entity_codes: npt.NDArray[Any]) -> Positions:
    """Find the previous row of the same entity, however long ago it is dated.

    Use `lag_positions` for differences in time. Differencing consecutive rows bridges gaps, as the first-difference
    model of R's plm does.

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


def first_difference(columns: Sequence[Array] | Array, positions: Positions) -> Array:
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
    parts = columns.T if isinstance(columns, np.ndarray) else columns
    later = np.flatnonzero(positions >= 0)
    earlier = positions[later]
    out = np.empty((len(later), len(parts)), order="F")
    for j, column in enumerate(parts):
        np.subtract(column[later], column[earlier], out=out[:, j])
    return out
