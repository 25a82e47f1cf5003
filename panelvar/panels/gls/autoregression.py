r"""First-order autoregressive errors within units: estimates of the coefficient and the transform that removes it.

Rows are sorted by unit, then time. A row either follows another of its unit, some periods later, or starts a run:

.. math:: e_t = \rho^{d} e_{t-d} + v_t, \qquad
          \operatorname{var} v_t = \sigma^2 \frac{1 - \rho^{2d}}{1 - \rho^2}, \qquad
          \operatorname{var} e_{start} = \frac{\sigma^2}{1 - \rho^2},

:math:`\sigma^2` the variance of the innovations of one period.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.kernels.dynamics.gaps import lag_positions, previous_positions
from panelvar.kernels.linear.groups import Codes, Grouping

METHODS = ("regress", "freg", "tscorr", "dw", "theil", "nagar", "onestep")
"""Estimators of the coefficient, as Stata's ``rhotype()`` names them."""


class Runs(NamedTuple):
    """Which row each row follows.

    Attributes
    ----------
    previous : (n,) intp array
        Position of the row before; -1 for the start of a run.
    distance : (n,) float array
        Periods since then; 1 at a start.
    adjacent : (n,) bool array
        Whether the row follows another one by one period: a pair for estimates of the coefficient.
    """

    previous: NDArray[np.intp]
    distance: Array
    adjacent: NDArray[np.bool_]


def find_runs(codes: Codes, positions: NDArray[np.integer], gaps: str) -> Runs:
    """Link each row to the one before."""
    if gaps == "restart":
        previous = lag_positions(codes, positions, 1)
        return Runs(previous, np.ones(len(codes)), previous >= 0)
    previous = previous_positions(codes)
    follows = previous >= 0
    distance = np.ones(len(codes))
    if gaps == "exact":
        distance[follows] = positions[follows] - positions[previous[follows]]
    return Runs(previous, distance, follows & (distance == 1.0))


def estimate_coefficients(e: Array, runs: Runs, units: Grouping, method: str, k: int) -> Array:
    r"""Estimate the coefficient of each unit from its residuals.

    Sums are over the pairs of adjacent rows of a unit, or, marked ``all``, over its n rows; m counts the pairs.

    ===========  ====================================================================================
    ``regress``  :math:`\sum e_t e_{t-1} / \sum e_{t-1}^2`
    ``freg``     :math:`\sum e_t e_{t-1} / \sum e_t^2`
    ``tscorr``   :math:`\sum e_t e_{t-1} / \sum_{all} e_t^2`, always inside (-1, 1)
    ``dw``       :math:`1 - \tfrac12 \sum (e_t - e_{t-1})^2 / \sum_{all} e_t^2`
    ``theil``    ``tscorr`` times :math:`(n - k) / n`
    ``nagar``    :math:`(n^2 r_{dw} + k^2) / (n^2 - k^2)`
    ``onestep``  ``tscorr`` times :math:`n / m` (Baltagi and Wu 1999)
    ===========  ====================================================================================

    Where only a share s of the rows follows another, ``tscorr`` and ``theil`` tend to :math:`s\rho`, ``dw`` and
    ``nagar`` to :math:`1 - s(1 - \rho)`; the others to :math:`\rho`.

    Parameters
    ----------
    e : (n,) array
    runs : Runs
    units : Grouping
        One group for a coefficient pooled over all rows.
    method : str
        One of `METHODS`.
    k : int
        Coefficients of the regression.

    Returns
    -------
    (G,) array
        NaN where a unit has no pair, no residual, or too few rows for the method.
    """
    later = np.flatnonzero(runs.adjacent)
    codes, now, before = units.codes[later], e[later], e[runs.previous[later]]

    def total(values: Array) -> Array:
        sums: Array = np.bincount(codes, values, units.n_groups).astype(np.float64, copy=False)
        return sums

    products, pairs = total(now * before), total(np.ones(len(later)))
    squares, n = units.sums(e * e), units.sizes.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        if method == "regress":
            rho = products / total(before * before)
        elif method == "freg":
            rho = products / total(now * now)
        elif method in ("dw", "nagar"):
            rho = 1.0 - 0.5 * total(np.square(now - before)) / squares
            if method == "nagar":
                rho = np.where(n > k, (rho * n**2 + k**2) / (n**2 - k**2), np.nan)
        else:
            rho = products / squares
            if method == "theil":
                rho = np.where(n > k, rho * (n - k) / n, np.nan)
            elif method == "onestep":
                rho = rho * n / pairs
    return np.where((pairs > 0) & np.isfinite(rho), rho, np.nan)


def remove_autoregression(
    columns: Sequence[Array], runs: Runs, rho: Array, *, keep_starts: bool
) -> tuple[list[Array], NDArray[np.intp], float]:
    r"""Transform columns so that autoregressive errors become uncorrelated with the innovations' variance.

    .. math:: \tilde v_t = \Big(\frac{1 - \rho^2}{1 - \rho^{2d}}\Big)^{1/2} (v_t - \rho^d v_{t-d}), \qquad
              \tilde v_{start} = (1 - \rho^2)^{1/2} v_{start}

    (Prais and Winsten 1954; for unequal spacing Baltagi and Wu 1999). Starts are dropped where they have no
    stationary variance, :math:`|\rho| \ge 1`, or if they are not to be kept (Cochrane and Orcutt 1949).

    Parameters
    ----------
    columns : sequence of (n,) arrays
    runs : Runs
    rho : (n,) array
        The coefficient of each row's unit.
    keep_starts : bool

    Returns
    -------
    list of (m,) arrays
        The columns.
    (m,) intp array
        The rows that are left.
    float
        Log determinant of the transform, where every row is left: the sum of the logarithms of what a row is
        multiplied by.
    """
    start = runs.previous < 0
    stationary = np.abs(rho) < 1.0
    rows = np.flatnonzero(~start | (stationary & keep_starts))
    before, coefficient, distance = runs.previous[rows], rho[rows], runs.distance[rows]
    follows = before >= 0
    weight = np.where(follows, coefficient**distance, 0.0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        # The sum of rho^(2s) over s < d is (1 - rho^(2d)) / (1 - rho^2).
        log = 2.0 * np.log(np.abs(coefficient))
        squares = np.where(log == 0.0, distance, np.expm1(distance * log) / np.expm1(log))
    # A start with a coefficient outside the unit circle is not among the rows.
    gain = np.where(follows, 1.0 / np.sqrt(squares), np.sqrt(np.abs(1 - coefficient**2)))
    earlier = np.where(follows, before, 0)
    return [(column[rows] - weight * column[earlier]) * gain for column in columns], rows, float(np.log(gain).sum())
