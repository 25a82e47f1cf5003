r"""Saikkonen and Luetkepohl's trace statistics of many systems: levels and trends are taken out first, by GLS.

With :math:`y_t = \mu_0 + \mu_1 t + x_t` and x a vector autoregression of cointegrating rank r without terms,
:math:`A(L) x_t = u_t`, estimates at rank r of the system of y (which has the constant or the trend in its relations)
give A and the covariance of u. Generalised least squares of

.. math:: A(L) y_t = A(L) \mu_0 + A(L) \mu_1 t + u_t, \qquad t = 1, \dots, T,

everything before t = 1 being zero, gives :math:`\hat\mu`; Johansen's trace statistic without terms is taken of
:math:`y_t - \hat\mu_0 - \hat\mu_1 t`, for each r apart. Systems are stacked, (M, T, K).

References: Saikkonen and Luetkepohl (2000), Journal of Time Series Analysis 21; Trenkler (2008), Computational
Statistics 23; Arsova and Oersal (2018), Econometric Reviews 37.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.kernels.linear.unit_regressions import ESTIMATED, stacked_triangles
from panelvar.nonstationary.cointegration.reduced_rank import likelihood_terms, project
from panelvar.nonstationary.panel_cointegration.rank_regressions import RankRegressions, rank_columns, rank_regressions

CASES = {"c": "rc", "ct": "rt"}
"""Deterministic case of the system of y, by what is taken out."""


def adjusted_traces(stack: Array, trend: str, lags: int, *, rotated: bool = False) -> tuple[Array, NDArray[np.int8]]:
    """Trace statistics (M, K) of ranks 0, 1, ..., K - 1 of systems with the same lags, and the status of each system.

    Those that are ``rotated`` are, for rank r, of the K - r combinations that the first r relations do not span, whose
    rank is then zero: what factors leave of a system has no other distribution that is known (Arsova and Oersal 2018).
    """
    m, periods, k = stack.shape
    found = rank_regressions(stack, CASES[trend], lags)
    status = found.status.copy()
    statistics = np.full((m, k), np.nan)
    for rank in range(k):
        system, own, at = stack, found, rank
        if rotated and rank:
            system, at = _without_relations(stack, found, rank), 0
            own = rank_regressions(system, CASES[trend], lags)
            status = np.where(status == ESTIMATED, own.status, status)
        adjusted = system - _terms(system, trend, *_estimates(own, lags, at))
        left = rank_regressions(adjusted, "n", lags)
        status = np.where(status == ESTIMATED, left.status, status)
        statistics[:, rank] = (periods - lags) * likelihood_terms(left.eigenvalues[:, at:]).sum(axis=1)
    return statistics, status


def residuals_without_relations(stack: Array, trend: str, lags: int) -> Array:
    """Residuals (M, T - lags, K) of systems of y whose rank is zero."""
    columns, short = rank_columns(stack, CASES[trend], lags, lags)
    k = stack.shape[2]
    basis = np.linalg.qr(columns[..., :short])[0]
    change = columns[..., -k:]
    return np.asarray(change - basis @ (basis.swapaxes(1, 2) @ change))


def _estimates(found: RankRegressions, lags: int, rank: int) -> tuple[Array, Array]:
    """Maximum likelihood at a rank, from the triangle of the differenced rows.

    Coefficients (M, p, K, K) of the lags of y, and the triangle (M, K, K) of the errors.
    """
    r, short = found.triangles, found.short
    k = found.eigenvalues.shape[1]
    at = r.shape[2] - k
    levels, right, corner = r[:, short:at, short:at], r[:, short:at, at:], r[:, at:, at:]
    fitted = project(right, found.left, rank)
    long_run = np.asarray(np.linalg.solve(levels, fitted))
    beside = r[:, :short, at:] - r[:, :short, short:at] @ long_run
    short_run = np.asarray(np.linalg.solve(r[:, :short, :short], beside))
    errors = stacked_triangles(np.concatenate([right - fitted, corner], axis=1))
    # Coefficients of past changes stand behind the unrestricted terms, lag by lag.
    gamma = short_run[:, short - k * (lags - 1) :].reshape(len(r), lags - 1, k, k)
    coefficients = np.zeros((len(r), lags, k, k))
    coefficients[:, 0] = np.eye(k) + long_run[:, :k]
    coefficients[:, : lags - 1] += gamma
    coefficients[:, 1:] -= gamma
    return coefficients.swapaxes(2, 3), errors


def _terms(stack: Array, trend: str, coefficients: Array, errors: Array) -> Array:
    """The levels, or levels and trends, of systems by generalised least squares, (M, T, K)."""
    m, periods, k = stack.shape
    time = np.arange(1.0, periods + 1.0) / periods
    powers = np.stack([np.ones(periods), time], axis=1)[:, : 1 + (trend == "ct")]
    # A(L) of each term and of y, zero before the first period.
    columns = powers[None, :, :, None, None] * np.eye(k)
    columns = np.broadcast_to(columns, (m, *columns.shape[1:])).copy()
    filtered = stack.copy()
    for lag in range(1, coefficients.shape[1] + 1):
        own = coefficients[:, lag - 1]
        columns[:, lag:] -= powers[:-lag, :, None, None] * own[:, None, None]
        filtered[:, lag:] -= stack[:, :-lag] @ own.swapaxes(1, 2)
    # Errors of covariance R'R: rows times the inverse of R' have the covariance of a sphere.
    half = errors.swapaxes(1, 2)[:, None]
    rows = np.linalg.solve(half, np.concatenate([*np.moveaxis(columns, 2, 0), filtered[..., None]], axis=3))
    flat = rows.reshape(m, periods * k, -1)
    triangle = stacked_triangles(flat)
    found = np.linalg.solve(triangle[:, :-1, :-1], triangle[:, :-1, -1:])[..., 0]
    return np.asarray(powers @ found.reshape(m, powers.shape[1], k))


def _without_relations(stack: Array, found: RankRegressions, rank: int) -> Array:
    """The combinations (M, T, K - rank) that the first relations do not span."""
    short = found.short
    k = found.eigenvalues.shape[1]
    at = found.triangles.shape[2] - k
    relations = np.linalg.solve(found.triangles[:, short:at, short:at], found.left[..., :rank])[:, :k]
    basis = np.linalg.qr(relations, mode="complete")[0]
    return np.asarray(stack @ basis[..., rank:])
