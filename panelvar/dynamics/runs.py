"""Runs of consecutive periods: where every lag is there, and where a row does not continue the one before it.

A lag never bridges a gap in time. Whatever has lags (a vector autoregression, local projections, the rows of a panel)
reads from here which of its rows have them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from panelvar.base.arrays import Array, Positions


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
    """Values (n, ...) on all periods from the first row's to the last's, NaN where a period has no row."""
    out = np.full((int(periods[-1]) - int(periods[0]) + 1, *values.shape[1:]), np.nan)
    out[periods - periods[0]] = values
    return out
