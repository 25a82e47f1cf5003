"""Tests of one series that correct by a long-run variance: KPSS and Phillips-Perron.

The variance and its bandwidth: `panelvar.kernels.linear.long_run` and `panelvar.kernels.linear.lag_windows`.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import choose
from panelvar.core.base.scaling import columns_in_own_units
from panelvar.core.base.shared_parameters import documented
from panelvar.kernels.linear.lag_windows import KERNELS
from panelvar.kernels.linear.least_squares import least_squares
from panelvar.kernels.linear.long_run import long_run_covariance
from panelvar.kernels.linear.unit_regressions import ESTIMATED
from panelvar.nonstationary.unit_roots.distributions import (
    KPSS,
    kpss_pvalues,
    rho_pvalue,
    tau_critical_values,
    tau_pvalue,
)
from panelvar.nonstationary.unit_roots.one_series import (
    FLAT,
    NO_VARIANCE,
    POWERS,
    check_trend,
    deterministic,
    one_series,
    read_bandwidth,
    unit_root_result,
)
from panelvar.nonstationary.unit_roots.regressions import (
    EXACT,
    FEWEST_DF,
    LevelRegressions,
    lagged_differences,
    level_regressions,
    trend_columns,
)
from panelvar.nonstationary.unit_roots.result import (
    STATIONARY,
    UNIT_ROOT,
    SeriesTests,
    UnitRootResult,
    from_levels,
    too_short,
)


@documented
def kpss_test(
    data: Any,
    column: Hashable | None = None,
    *,
    bandwidth: float | str = "newey-west",
    trend: str = "c",
    kernel: str = "bartlett",
) -> UnitRootResult:
    r"""Test stationarity (Kwiatkowski, Phillips, Schmidt and Shin 1992): the null is that there is no unit root.

    With :math:`S_t` the cumulated residuals of a regression on the terms and :math:`\lambda^2` their long-run variance,

    .. math:: \eta = \frac{1}{T^2 \lambda^2} \sum_t S_t^2.

    Parameters
    ----------
    {data (one series), column, bandwidth}
    trend : {"c", "ct"}
        Stationary about a level, or about a trend.
    {kernel}

    Returns
    -------
    UnitRootResult
        The p-value interpolates their table 1, which ends at 0.01 and 0.10. Beyond these it is a bound, and the printed
        result and a note say so. A small p-value speaks against stationarity.

    Raises
    ------
    DataError
        Values are missing inside the series, or the series does not vary.
    InsufficientDataError
        There are too few rows.

    See Also
    --------
    adf_test, dfgls_test, phillips_perron_test : the null of a unit root.
    hadri_test : the same null for a panel.

    Notes
    -----
    Use it beside `adf_test`, not in its place: neither null can be proved. With few lags it rejects far too often for
    stationary series that are persistent; with many lags it has no power. A break makes it reject: plot the series
    first.

    Examples
    --------
    >>> import panelvar as pv
    >>> test = pv.kpss_test(pv.load_data("us_macro")["unemp"])
    >>> round(test.statistic, 3), round(test.pvalue, 3)
    (0.233, 0.1)
    """
    check_trend(trend, ("c", "ct"))
    choose("kernel", kernel, KERNELS)
    series = one_series(data, column)
    return unit_root_result(
        "KPSS",
        series,
        kpss_tests(series.values, trend, bandwidth, kernel),
        trend,
        STATIONARY[trend],
        lambda: KPSS[trend],
        f"kpss, {bandwidth}, {trend}",
    )


@documented
def phillips_perron_test(
    data: Any,
    column: Hashable | None = None,
    *,
    bandwidth: float | str = "short",
    trend: str = "c",
    statistic: str = "tau",
    kernel: str = "bartlett",
    convention: str = "default",
) -> UnitRootResult:
    r"""Test a unit root with a long-run variance in place of lags (Phillips and Perron 1988).

    :math:`y_t = d_t'\delta + \rho y_{t-1} + u_t` is fitted and :math:`\tau` or :math:`n(\hat\rho - 1)` corrected, see
    `panelvar.nonstationary.unit_roots.long_run.phillips_perron`.

    Parameters
    ----------
    {data (one series), column, bandwidth}
        T is the rows of the regression. arch's default is "schwert".
    {trend (terms)}
    statistic : {"tau", "rho"}
        :math:`Z_\tau` or :math:`Z_\rho` (also called :math:`Z_\alpha`).
    {kernel}
    convention : {"default", "urca", "tseries"}
        How the spread of the lagged level is measured in the correction. "default": by the regression itself (arch and
        Stata). "urca": by the closed form of Phillips and Perron, with y in place of its lag. "tseries", which always
        has a trend: by the closed form with :math:`n^2` in one place where the exact one has :math:`n^2 - 1`.

    Returns
    -------
    UnitRootResult
        P-value of MacKinnon (1994); critical values (2010) for tau only.

    Raises
    ------
    DataError
        Values are missing inside the series, or the series does not vary.
    InsufficientDataError
        There are too few rows.

    See Also
    --------
    adf_test, dfgls_test : lags in the regression.
    kpss_test : the null of no unit root.

    Notes
    -----
    When changes are negatively correlated (moving averages) it rejects much too often, whatever the bandwidth (Schwert
    1989): use `dfgls_test` or `adf_test` then.

    Examples
    --------
    >>> import panelvar as pv
    >>> test = pv.phillips_perron_test(pv.load_data("us_macro")["unemp"], bandwidth=8)
    >>> round(test.statistic, 3), round(test.pvalue, 3)
    (-2.312, 0.168)
    """
    check_trend(trend)
    choose("statistic", statistic, ("tau", "rho"))
    choose("kernel", kernel, KERNELS)
    choose("convention", convention, ("default", "urca", "tseries"))
    series = one_series(data, column)
    return unit_root_result(
        f"Phillips-Perron Z-{statistic}",
        series,
        phillips_perron_tests(series.values, trend, bandwidth, kernel, statistic, convention),
        trend,
        UNIT_ROOT,
        lambda: tau_critical_values(trend, len(series.values) - 1) if statistic == "tau" else {},
    )


def kpss_tests(
    series: Array, trend: str, bandwidth: float | str = "newey-west", kernel: str = "bartlett"
) -> SeriesTests:
    """`kpss_test` of series (..., T)."""
    n, powers = series.shape[-1], POWERS[trend]
    if n - powers < FEWEST_DF:
        return too_short(series, n, powers)
    # No statistic depends on the units, and squares are in range.
    series = columns_in_own_units(series.T).T
    terms = trend_columns(powers, n)
    left = series - (terms @ least_squares(terms, series.T)).T
    status = np.where(deterministic(left, series), FLAT, ESTIMATED)
    widths, rule, _, long_run, status = _long_run(left, status, bandwidth, kernel)
    statistics = np.square(left.cumsum(axis=-1)).sum(axis=-1) / (n**2 * long_run)
    pvalues, bounds = kpss_pvalues(statistics, trend)
    none, nobs, regressors = (np.full(status.shape, each) for each in (np.nan, n, powers))
    return SeriesTests(statistics, pvalues, none, widths, nobs, regressors, status, rule, bounds)


def phillips_perron_tests(
    series: Array,
    trend: str,
    bandwidth: float | str = "short",
    kernel: str = "bartlett",
    statistic: str = "tau",
    convention: str = "default",
) -> SeriesTests:
    """`phillips_perron_test` of series (..., T)."""
    n, powers = series.shape[-1] - 1, POWERS[trend]
    if n - powers - 1 < FEWEST_DF:
        return too_short(series, n, powers + 1)
    # No statistic depends on the units, and squares are in range.
    series = columns_in_own_units(series.T).T
    level = level_regressions(lagged_differences(series, powers), 0, residuals=True)
    assert level.residuals is not None
    widths, rule, gamma, long_run, status = _long_run(level.residuals, level.status, bandwidth, kernel)
    spread = None if convention == "default" else _spread(series, trend, convention)
    tau, rho = phillips_perron(level, gamma, long_run, spread)
    value, pvalue = (tau, tau_pvalue(tau, trend)) if statistic == "tau" else (rho, rho_pvalue(rho, trend))
    if spread is not None:
        status = np.where((status == ESTIMATED) & ~(spread > 0.0), EXACT, status)
    return from_levels(level._replace(status=status), value, pvalue, widths, rule)


def phillips_perron(
    level: LevelRegressions, gamma: Array, long_run: Array, mean_square: Array | None = None
) -> tuple[Array, Array]:
    r"""Statistics :math:`Z_\tau` and :math:`Z_\rho` of regressions of differences on terms and the lagged level.

    With :math:`\gamma_0 = RSS / n`, :math:`\lambda^2` the long-run variance of the residuals, s the residual standard
    error and se that of the root (Phillips and Perron 1988; Hamilton 1994, 17.6.8 and 17.6.12):

    .. math:: Z_\tau = \frac{\sqrt{\gamma_0}}{\lambda}\,\tau - \frac{\lambda^2 - \gamma_0}{2\lambda}\,\frac{n\,se}{s},
        \qquad Z_\rho = n(\hat\rho - 1) - \frac{\lambda^2 - \gamma_0}{2}\,\frac{n^2 se^2}{s^2}

    Parameters
    ----------
    level : LevelRegressions
        Without lags.
    gamma, long_run : array (...)
        :math:`\gamma_0` and :math:`\lambda^2`, summed alike: without lags, they are equal.
    mean_square : array (...), optional
        Used for :math:`s^2 / (n\,se)^2`, the mean square of the lagged level about its terms over n.
    """
    n, root = level.nobs, np.sqrt(long_run)
    # Of an exact fit both are zero.
    spread = np.sqrt(np.where(level.rss > 0.0, level.rss, np.nan) / level.df)
    if mean_square is None:
        scaled = n * level.std_error / spread
    else:
        # The closed forms round to nothing where the level hardly varies about its terms.
        scaled = np.where(mean_square > 0.0, mean_square, np.nan) ** -0.5
    tau = np.sqrt(gamma) / root * level.ratios - 0.5 * (long_run - gamma) / root * scaled
    rho = n * level.coefficient - 0.5 * (long_run - gamma) * scaled**2
    return np.asarray(tau), np.asarray(rho)


def _spread(series: Array, trend: str, convention: str) -> Array:
    """Mean square of each level about its terms, over n, in R's closed forms (Phillips and Perron 1988)."""
    check_trend(trend, ("ct",) if convention == "tseries" else ("c", "ct"))
    n = series.shape[-1] - 1
    level = series[..., 1:] if convention == "urca" else series[..., :-1]
    if trend == "c":
        return np.asarray(np.square(level - level.mean(axis=-1, keepdims=True)).sum(axis=-1) / n**2)
    if convention == "tseries":
        terms = trend_columns(2, n)
        left = level - (terms @ least_squares(terms, level.T)).T
        return np.asarray(np.square(left).sum(axis=-1) / n**2 * (1.0 - 1.0 / n**2))
    squares, total = np.square(level).sum(axis=-1) / n**2, level.sum(axis=-1) / n**1.5
    sloped = level @ np.arange(1, n + 1) / n**2.5
    return np.asarray(
        (1.0 - n**-2.0) * squares
        - 12.0 * sloped**2
        + 12.0 * (1.0 + 1.0 / n) * sloped * total
        - (4.0 + 6.0 / n + 2.0 / n**2) * total**2
    )


def _long_run(
    residuals: Array, status: NDArray[Any], bandwidth: float | str, kernel: str
) -> tuple[Array, str, Array, Array, NDArray[Any]]:
    """Bandwidths, what chose them, variances, long-run variances (NaN where there are none), and the status."""
    rule = bandwidth if isinstance(bandwidth, str) else "given"
    read_bandwidth(bandwidth, kernel, residuals.shape[-1])
    known = status == ESTIMATED
    if np.count_nonzero(~known):
        # Of no consequence, and without trouble.
        residuals = np.where(known[..., None], residuals, 1.0)
    found = long_run_covariance(residuals[..., None], kernel, bandwidth)
    gamma, long_run = found.contemporaneous[..., 0, 0], found.two_sided[..., 0, 0]
    positive = known & (long_run > 0.0)
    if np.count_nonzero(~positive):
        long_run = np.where(positive, long_run, np.nan)
        status = np.where(known & ~positive, NO_VARIANCE, status)
    return found.bandwidth, rule, gamma, long_run, status
