r"""Factors of a panel that may have unit roots, and how many stochastic trends they share.

Levels :math:`X_{ti} = d_t'\delta_i + \lambda_i'F_t + e_{ti}` may have unit roots in F, in e, or in both. Principal
components of their changes find both, whatever the roots are. Sums of the components over time undo the differencing:
:math:`\hat F_t = \sum_{s \le t} \hat f_s`, :math:`\hat e_{ti} = \sum_{s \le t} \hat z_{si}`. Principal components of
the levels themselves find the factors only if e is stationary.

Reference: Bai and Ng (2004), Econometrica 72, 1127-1177.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.kernels.linear.least_squares import least_squares
from panelvar.kernels.linear.principal_components import FactorCounts, count_factors, principal_components


class CumulatedComponents(NamedTuple):
    """Factors and idiosyncratic parts of a panel's levels, up to their first values.

    Attributes
    ----------
    factors : array (..., T - 1, r)
        Cumulated, the most important first; their changes have mean square one.
    loadings : array (..., N, r)
    idiosyncratic : array (..., T - 1, N)
        Cumulated, in the units of the levels.
    """

    factors: Array
    loadings: Array
    idiosyncratic: Array


def changes(levels: Array, trend: str) -> Array:
    """Changes (..., T - 1, N) of levels (..., T, N), about their means where each series has a trend (``"ct"``)."""
    found: Array = np.diff(levels, axis=-2)
    return found - found.mean(axis=-2, keepdims=True) if trend == "ct" else found


def counted(differences: Array, most: int) -> FactorCounts:
    """How many factors, up to so many, each criterion finds in changes (..., T - 1, N)."""
    periods, series = differences.shape[-2:]
    return count_factors(principal_components(differences, 0).eigenvalues, periods, series, most)


def cumulated_components(differences: Array, count: int) -> CumulatedComponents:
    """Decompose changes (..., T - 1, N) by so many factors, and cumulate both parts."""
    found = principal_components(differences, count)
    left = differences - found.common
    return CumulatedComponents(found.factors.cumsum(axis=-2), found.loadings, left.cumsum(axis=-2))


def main_directions(factors: Array, count: int) -> Array:
    """The combinations (T, m) of factors (T, r), about their terms, that vary most: where trends are, if they are."""
    vectors = np.linalg.eigh(factors.T @ factors)[1]
    return np.asarray(factors @ vectors[:, ::-1][:, :count])


def corrected_trend_statistic(paths: Array, lags: int) -> float:
    r"""MQ_c of m series (T, m) about their terms: their null is that all m are stochastic trends.

    With :math:`\Sigma_1` the sum of autocovariances, with Bartlett weights, of the residuals of a first-order vector
    autoregression, :math:`T(\nu - 1)` of the smallest eigenvalue :math:`\nu` of

    .. math:: \tfrac12 \Bigl[\sum_t (Y_t Y_{t-1}' + Y_{t-1}Y_t') - T(\Sigma_1 + \Sigma_1')\Bigr]
        \Bigl(\sum_t Y_{t-1}Y_{t-1}'\Bigr)^{-1}.
    """
    periods, before, now = len(paths), paths[:-1], paths[1:]
    residuals = now - before @ least_squares(before, now)
    past = np.zeros((paths.shape[1], paths.shape[1]))
    for lag in range(1, lags + 1):
        past += (1.0 - lag / (lags + 1.0)) * (residuals[:-lag].T @ residuals[lag:])
    return periods * _smallest_root_less_one(before, now, past + past.T)


def filtered_trend_statistic(paths: Array, lags: int) -> float:
    r"""MQ_f of m series (T, m) about their terms: as MQ_c, of what a vector autoregression of their changes filters.

    With :math:`\Pi(L) = I - \Pi_1 L - \dots - \Pi_p L^p` estimated from the changes, :math:`T(\nu - 1)` of the smallest
    eigenvalue of the first-order root of :math:`\Pi(L) Y_t`, made symmetric.
    """
    filtered = paths
    if lags:
        steps = np.diff(paths, axis=0)
        lagged = np.hstack([steps[lags - lag : len(steps) - lag] for lag in range(1, lags + 1)])
        weights = least_squares(lagged, steps[lags:])
        levels = np.hstack([paths[lags - lag : len(paths) - lag] for lag in range(1, lags + 1)])
        filtered = paths[lags:] - levels @ weights
    before, now = filtered[:-1], filtered[1:]
    return len(paths) * _smallest_root_less_one(before, now, np.zeros((paths.shape[1], paths.shape[1])))


def _smallest_root_less_one(before: Array, now: Array, correction: Array) -> float:
    """The smallest eigenvalue of the first-order root, symmetric, less one."""
    # Taken of the changes: of the levels, one would be subtracted of a number next to it.
    steps = now - before
    cross = steps.T @ before
    numerator = 0.5 * (cross + cross.T - correction)
    factor: Array = np.linalg.qr(before)[1]
    half = np.linalg.solve(factor.T, numerator)
    whole = np.linalg.solve(factor.T, half.T)
    return float(np.linalg.eigvalsh(0.5 * (whole + whole.T))[0])
