r"""Meats with serial correlation: products of scores at two dates, weighted by a kernel of their distance.

.. math:: M = \sum_{t} \sum_{s} w(|t - s|)\, S_t S_s'

Distances are between dates, not between rows, so that a lag never reaches across a gap as if it were not there. With
these kernels M is positive semi-definite for any dates: each is the Fourier transform of a nonnegative function.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from panelvar.base.arrays import Array
from panelvar.covariance.protocol import ScoreSums

Integers = NDArray[np.integer]

KERNELS = ("bartlett", "parzen", "quadratic-spectral")


def kernel_weights(distance: Integers, kernel: str, lags: float) -> Array:
    r"""Return the weight of pairs of scores so many periods apart.

    With :math:`z = d / (L + 1)`: Bartlett :math:`1 - z` (Newey and West 1987), Parzen :math:`1 - 6z^2 + 6z^3` up to 1/2
    and :math:`2(1 - z)^3` beyond (Gallant 1987), both zero from z = 1. Quadratic spectral, with
    :math:`x = 6\pi d / 5L`: :math:`3(\sin x / x - \cos x) / x^2` (Andrews 1991), which never ends.

    Parameters
    ----------
    distance : (m,) integer array
        Positive.
    kernel : {"bartlett", "parzen", "quadratic-spectral"}
    lags : float
        L, a whole number but for the quadratic spectral kernel. At zero every weight is zero.
    """
    if kernel == "quadratic-spectral":
        if lags == 0:
            return np.zeros(len(distance))
        x = 1.2 * np.pi * distance / lags
        with np.errstate(over="ignore"):  # of bandwidths next to nothing, whose weights are zero
            spectral: Array = 3.0 / np.square(x) * (np.sin(x) / x - np.cos(x))
        return spectral
    z = np.minimum(distance / (lags + 1.0), 1.0)
    if kernel == "bartlett":
        return 1.0 - z
    return np.where(z <= 0.5, 1.0 - 6.0 * z**2 + 6.0 * z**3, 2.0 * (1.0 - z) ** 3)


def lagged_gram(sums: Array, dates: Integers, kernel: str, lags: float) -> Array:
    """Return the meat of sums of scores by date (Driscoll and Kraay 1998).

    Parameters
    ----------
    sums : (T, p) array
    dates : (T,) integer array
        Increasing.
    kernel, lags
        As in `kernel_weights`.
    """
    gram = sums.T @ sums
    reach = len(dates) - 1 if kernel == "quadratic-spectral" else min(int(lags), len(dates) - 1)
    for step in range(1, reach + 1):
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
        As in `kernel_weights`.
    """
    longest = int(np.bincount(codes).max()) - 1
    reach = longest if kernel == "quadratic-spectral" else min(int(lags), longest)
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
