r"""Processes that cumulate residuals, and how far a Brownian motion strays.

Recursive residuals: Brown, Durbin and Evans (1975), Techniques for testing the constancy of regression relationships
over time, J. Royal Statistical Society B 37, 149-163. Moving sums: Chu, Hornik and Kuan (1995), MOSUM tests for
parameter constancy, Biometrika 82, 603-617.
"""

from __future__ import annotations

import math

import numpy as np

from panelvar.base.arrays import Array


def recursive_residuals(regressors: Array, left: Array) -> Array:
    r"""Standardised errors of predictions from the rows before (Brown, Durbin and Evans 1975, eq. 2).

    .. math:: w_t = \frac{y_t - x_t'b_{t-1}}{\sqrt{1 + x_t'(X_{t-1}'X_{t-1})^{-1}x_t}}

    The triangle of the rows so far is updated by one row after the other, so that nothing is inverted.

    Parameters
    ----------
    regressors : array (n, m)
        Well scaled: an orthonormal basis of them gives the same residuals.
    left : array (n, K)

    Returns
    -------
    array (n - s, K)
        s is m, or the first number of rows whose regressors are linearly independent.
    """
    n, m = regressors.shape
    rows = np.concatenate([regressors, left], axis=1)
    state: Array
    start = m
    while True:
        state = np.asarray(np.linalg.qr(rows[:start], mode="r"))[:m]
        pivots = np.abs(state[:, :m].diagonal())
        if pivots.min() > 1e-10 * math.sqrt(start / n) or start == n:
            break
        start += 1
    out = np.empty((n - start, left.shape[1]))
    for place in range(start, n):
        x, y = rows[place, :m], rows[place, m:]
        along = np.linalg.solve(state[:, :m].T, x)
        out[place - start] = (y - along @ state[:, m:]) / math.sqrt(1.0 + along @ along)
        state = np.asarray(np.linalg.qr(np.concatenate([state, rows[place : place + 1]]), mode="r"))[:m]
    return out


def moving_sums(values: Array, length: int) -> Array:
    """Sums of ``length`` consecutive rows, (n - length + 1, K)."""
    total = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    return np.asarray(total[length:] - total[:-length])


def motion_tail(height: float) -> float:
    r"""P that a Brownian motion on [0, 1] leaves :math:`\pm\lambda(1 + 2t)`.

    Doob's (1949) sum of images over the distribution of the end:

    .. math:: 1 - \sum_{k=-\infty}^{\infty} (-1)^k e^{-4k^2\lambda^2}
        \left[\Phi\left((3 - 2k)\lambda\right) - \Phi\left((-3 - 2k)\lambda\right)\right]
    """
    from scipy.special import ndtr

    if height < 0.05:
        # The series has not settled yet; the motion has left the lines to more digits than there are.
        return 1.0
    k = np.arange(-150, 151)
    inside = (-1.0) ** k * np.exp(-4.0 * k**2 * height**2) * (ndtr((3 - 2 * k) * height) - ndtr((-3 - 2 * k) * height))
    return float(min(1.0, max(0.0, 1.0 - inside.sum())))
