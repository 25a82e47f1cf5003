r"""Meats with serial correlation: products of scores at two dates, weighted by a kernel of their distance.

.. math:: M = \sum_{t} \sum_{s} w(|t - s|)\, S_t S_s'

Distances are between dates, not between rows, so that a lag never reaches across a gap as if it were not there. With
these kernels M is positive semi-definite for any dates: each is the Fourier transform of a nonnegative function.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.estimates.covariance.protocol import ScoreSums
from panelvar.kernels.linear.lag_windows import kernel_weights, last_lag

Integers = NDArray[np.integer]


def lagged_gram(sums: Array, dates: Integers, kernel: str, lags: float) -> Array:
    """Return the meat of sums of scores by date (Driscoll and Kraay 1998).

    Parameters
    ----------
    sums : (T, p) array
    dates : (T,) integer array
        Increasing.
    kernel, lags
        As in `panelvar.kernels.linear.lag_windows.kernel_weights`.
    """
    gram = sums.T @ sums
    for step in range(1, last_lag(kernel, lags, len(dates)) + 1):
        weights = kernel_weights(dates[step:] - dates[:-step], kernel, lags)
        cross = (sums[step:] * weights[:, None]).T @ sums[:-step]
        gram += cross + cross.T
    return gram


def lagged_gram_within(scores: ScoreSums, codes: Integers, dates: Integers, kernel: str, lags: float) -> Array:
    """Return the meat of pairs of scores of the same entity in the orthonormal basis, from one pass over the rows.

    Parameters
    ----------
    scores : ScoreSums
        Rows sorted by entity, then date.
    codes : (n,) integer array
        Entity of each row.
    dates : (n,) integer array
    kernel, lags
        As in `panelvar.kernels.linear.lag_windows.kernel_weights`.
    """
    reach = last_lag(kernel, lags, int(np.bincount(codes).max()))
    gram = np.zeros((scores.size, scores.size))
    # The last rows of a block are earlier dates of the next one.
    tail = np.empty((0, scores.size))
    for start, stop, block in scores.blocks():
        gram += block.T @ block
        first = start - len(tail)
        rows = np.concatenate((tail, block))
        code, date = codes[first:stop], dates[first:stop]
        for step in range(1, min(reach, len(rows) - 1) + 1):
            later = max(len(tail), step)
            earlier = slice(later - step, len(rows) - step)
            same = code[later:] == code[earlier]
            weights = np.zeros(len(same))
            weights[same] = kernel_weights(date[later:][same] - date[earlier][same], kernel, lags)
            cross = (rows[later:] * weights[:, None]).T @ rows[earlier]
            gram += cross + cross.T
        tail = rows[len(rows) - min(reach, len(rows)) :].copy()
    return gram
