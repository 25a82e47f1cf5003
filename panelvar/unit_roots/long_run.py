"""Tests of one series that correct by a long-run variance: KPSS and Phillips-Perron.

The variance and its bandwidth: `panelvar.kernels.long_run` and `panelvar.kernels.lag_windows`.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from panelvar.base.arguments import read_whole, refuse_beyond
from panelvar.base.arrays import Array
from panelvar.base.errors import CollinearityError, Note, NumericalError, choose, emit
from panelvar.base.shared_parameters import documented
from panelvar.kernels.lag_windows import KERNELS, bandwidth_by_rule
from panelvar.kernels.least_squares import least_squares
from panelvar.kernels.long_run import long_run_variance
from panelvar.tables.known_sizes import size_notes
from panelvar.unit_roots import regressions as dickey_fuller
from panelvar.unit_roots.distributions import KPSS, kpss_pvalue, rho_pvalue, tau_critical_values, tau_pvalue
from panelvar.unit_roots.one_series import POWERS, check_trend, enough, not_exact, one_series, varying
from panelvar.unit_roots.result import UnitRootResult


@documented
def kpss_test(
    data: Any,
    bandwidth: float | str = "newey-west",
    *,
    column: Hashable | None = None,
    trend: str = "c",
    kernel: str = "bartlett",
) -> UnitRootResult:
    r"""Test of stationarity of Kwiatkowski, Phillips, Schmidt and Shin (1992): the null is that there is no unit root.

    With :math:`S_t` the cumulated residuals of a regression on the terms and :math:`\lambda^2` their long-run variance,

    .. math:: \eta = \frac{1}{T^2 \lambda^2} \sum_t S_t^2.

    Parameters
    ----------
    {data (one series), bandwidth, column}
    trend : {"c", "ct"}
        Stationary about a level, or about a trend.
    {kernel}

    Returns
    -------
    UnitRootResult
        The p-value interpolates their table 1, which ends at 0.01 and 0.10: beyond, it is a bound, and the printed
        result and a note say so. A small p-value speaks against stationarity.

    Notes
    -----
    Use it beside `adf_test`, not in its place: neither null can be proved. With few lags persistent stationary series
    are rejected far too often; with many the test has no power.
    """
    check_trend(trend, ("c", "ct"))
    choose("kernel", kernel, KERNELS)
    values, name, notes = one_series(data, column)
    n = len(values)
    enough(n, POWERS[trend], name)
    terms = dickey_fuller.trend_columns(POWERS[trend], 1, n)
    left = varying(values - terms @ least_squares(terms, values), values, name)
    width, rule = chosen_bandwidth(left, bandwidth, kernel)
    variance = positive(float(long_run_variance(left, kernel, width)), name)
    statistic = float(np.square(np.cumsum(left)).sum() / (n**2 * variance))
    pvalue, bound = kpss_pvalue(statistic, trend)
    if bound:
        text = f"The published table ends at {pvalue:g}: the p-value is {'above' if bound == '>' else 'below'} it."
        notes = (*notes, Note("pvalue-bound", text))
    notes = (*notes, *size_notes(f"kpss, {bandwidth}, {trend}", n))
    emit(notes)
    return UnitRootResult(
        f"KPSS ({width:g} lags, trend {trend!r})",
        statistic,
        pvalue,
        "none",
        null=f"the series is stationary about a {'level' if trend == 'c' else 'trend'}",
        notes=notes,
        lags=width,
        nobs=n,
        trend=trend,
        critical_values=dict(KPSS[trend]),
        lags_rule=rule,
        bound=bound,
    )


@documented
def phillips_perron_test(
    data: Any,
    bandwidth: float | str = "short",
    *,
    column: Hashable | None = None,
    trend: str = "c",
    statistic: str = "tau",
    kernel: str = "bartlett",
    convention: str = "default",
) -> UnitRootResult:
    r"""Phillips-Perron test of a unit root: no lags in the regression, a long-run variance in their place.

    :math:`y_t = d_t'\delta + \rho y_{t-1} + u_t` is fitted and :math:`\tau` or :math:`n(\hat\rho - 1)` corrected, see
    `panelvar.unit_roots.regressions.phillips_perron`.

    Parameters
    ----------
    {data (one series), bandwidth}
        T is the rows of the regression. arch's default is "schwert".
    {column, trend (terms)}
    statistic : {"tau", "rho"}
        :math:`Z_\tau` or :math:`Z_\rho` (also called :math:`Z_\alpha`).
    {kernel}
    convention : {"default", "urca", "tseries"}
        How the spread of the lagged level is measured in the correction: by the regression itself (arch, Stata, and
        Phillips and Perron); by their closed form, with y in place of its lag (urca); the same with a trend's exact
        :math:`n^2 - 1` rounded to :math:`n^2` (tseries, which always has a trend).

    Returns
    -------
    UnitRootResult
        P-value of MacKinnon (1994); critical values (2010) for tau only.

    Notes
    -----
    With negatively correlated changes (moving averages) it rejects much too often, whatever the bandwidth (Schwert
    1989): `dfgls_test` or `adf_test` then.
    """
    check_trend(trend)
    choose("statistic", statistic, ("tau", "rho"))
    choose("kernel", kernel, KERNELS)
    choose("convention", convention, ("default", "urca", "tseries"))
    values, name, notes = one_series(data, column)
    n, powers = len(values) - 1, POWERS[trend]
    enough(n, powers + 1, name)
    terms = dickey_fuller.trend_columns(powers, 0, n)
    columns = np.column_stack([terms, values[:-1], values[1:]])
    try:
        level = not_exact(dickey_fuller.regression(columns, powers), name)
    except np.linalg.LinAlgError:
        raise CollinearityError(f"{name!r} is a deterministic trend: there is nothing to test.") from None
    width, rule = chosen_bandwidth(level.residuals, bandwidth, kernel)
    long_run = positive(float(long_run_variance(level.residuals, kernel, width)), name)
    spread = None if convention == "default" else _spread(values, trend, convention)
    found = dickey_fuller.phillips_perron(level, n, long_run, spread)
    emit(notes)
    value = found[0] if statistic == "tau" else found[1]
    return UnitRootResult(
        f"Phillips-Perron Z-{statistic} ({width:g} lags, trend {trend!r})",
        value,
        tau_pvalue(value, trend) if statistic == "tau" else rho_pvalue(value, trend),
        "none",
        null="the series has a unit root",
        notes=notes,
        lags=width,
        nobs=n,
        trend=trend,
        critical_values=tau_critical_values(trend, n) if statistic == "tau" else {},
        lags_rule=rule,
        coefficient=level.coefficient - 1.0,
    )


def _spread(values: Array, trend: str, convention: str) -> float:
    """Mean square of the level about its terms, over n, in R's closed forms (Phillips and Perron 1988, p. 341)."""
    check_trend(trend, ("ct",) if convention == "tseries" else ("c", "ct"))
    n = len(values) - 1
    level = values[1:] if convention == "urca" else values[:-1]
    if trend == "c":
        return float(np.square(level - level.mean()).sum() / n**2)
    if convention == "tseries":
        terms = dickey_fuller.trend_columns(2, 1, n)
        left = level - terms @ least_squares(terms, level)
        return float(left @ left / n**2 * (1.0 - 1.0 / n**2))
    squares, total = level @ level / n**2, level.sum() / n**1.5
    sloped = np.arange(1, n + 1) @ level / n**2.5
    return float(
        (1.0 - n**-2.0) * squares
        - 12.0 * sloped**2
        + 12.0 * (1.0 + 1.0 / n) * sloped * total
        - (4.0 + 6.0 / n + 2.0 / n**2) * total**2
    )


def chosen_bandwidth(residuals: Array, bandwidth: float | str, kernel: str) -> tuple[float, str]:
    """Bandwidth by a rule, and its name."""
    if isinstance(bandwidth, str):
        return float(bandwidth_by_rule(residuals, bandwidth, kernel)), bandwidth
    fraction = isinstance(bandwidth, (float, np.floating)) and kernel == "quadratic-spectral"
    if not (fraction and np.isfinite(bandwidth) and bandwidth >= 0.0):
        refuse_beyond("bandwidth", read_whole("bandwidth", bandwidth, 0), len(residuals))
    return float(bandwidth), "given"


def positive(variance: float, name: str) -> float:
    """Return a long-run variance, or say that it is zero."""
    if not variance > 0.0:
        raise NumericalError(f"The residuals of {name!r} have no long-run variance: the series is deterministic.")
    return variance
