"""Dickey-Fuller tests of one series: augmented, and with terms taken out by GLS."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note, choose
from panelvar.core.base.shared_parameters import documented
from panelvar.nonstationary.unit_roots.distributions import (
    SHORTEST_GLS,
    gls_critical_values,
    gls_pvalue,
    tau_critical_values,
    tau_pvalue,
)
from panelvar.nonstationary.unit_roots.lag_orders import choose_regressions, read_lags
from panelvar.nonstationary.unit_roots.one_series import (
    FLAT,
    POWERS,
    check_trend,
    deterministic,
    one_series,
    unit_root_result,
)
from panelvar.nonstationary.unit_roots.regressions import lagged_differences, trend_columns
from panelvar.nonstationary.unit_roots.result import UNIT_ROOT, SeriesTests, UnitRootResult, from_levels

ROWS = ("all", "common")
DISTANCE = {"c": -7.0, "ct": -13.5}
"""What the root by which series are quasi-differenced is below one, times T (Elliott, Rothenberg and Stock 1996)."""


@documented
def adf_test(
    data: Any,
    column: Hashable | None = None,
    *,
    lags: int | str = "aic",
    trend: str = "c",
    max_lags: int | None = None,
    min_lags: int = 0,
    rows: str = "all",
) -> UnitRootResult:
    r"""Test a unit root by an augmented Dickey-Fuller regression (Said and Dickey 1984).

    .. math:: \Delta y_t = d_t'\delta + \phi y_{t-1} + \sum_{j=1}^p \gamma_j \Delta y_{t-j} + u_t, \qquad
        \tau = \hat\phi / se(\hat\phi)

    Parameters
    ----------
    {data (one series), column, lags (Dickey-Fuller), trend (terms), max_lags (Dickey-Fuller), min_lags, rows}

    Returns
    -------
    UnitRootResult
        P-value of MacKinnon (1994), critical values of MacKinnon (2010). A small p-value speaks against the unit root.

    Raises
    ------
    DataError
        Values are missing inside the series, or the series does not vary.
    InsufficientDataError
        There are too few rows for the lags.

    See Also
    --------
    dfgls_test : more powerful near the unit root.
    kpss_test : the null of no unit root.
    phillips_perron_test : a long-run variance in place of lags.
    unit_root_table : many series and tests.

    Notes
    -----
    Use ``trend="c"`` for a series without a drift and ``"ct"`` for one that grows: a missing trend hides stationarity
    about a trend, and a needless one costs power. A break in the series often prevents a rejection (Perron 1989): plot
    the series first. The p-values are asymptotic. gretl has those of MacKinnon (1996), without lags for the sample
    size; they differ from these in the third digit.

    Examples
    --------
    >>> import panelvar as pv
    >>> macro = pv.load_data("us_macro")
    >>> test = pv.adf_test(macro["tbilrate"])
    >>> round(test.statistic, 3), round(test.pvalue, 3)
    (-2.014, 0.28)
    >>> round(pv.adf_test(macro["tbilrate"].diff().dropna()).statistic, 3)
    -6.016
    """
    check_trend(trend)
    choose("rows", rows, ROWS)
    series = one_series(data, column)
    tests = adf_tests(series.values, trend, lags, (min_lags, max_lags), rows)
    return unit_root_result(
        "Augmented Dickey-Fuller",
        series,
        tests,
        trend,
        UNIT_ROOT,
        lambda: tau_critical_values(trend, int(tests.nobs)),
        f"adf, {lags}, {trend}",
    )


@documented
def dfgls_test(
    data: Any,
    column: Hashable | None = None,
    *,
    lags: int | str = "aic",
    trend: str = "c",
    max_lags: int | None = None,
    min_lags: int = 0,
    rows: str = "all",
) -> UnitRootResult:
    r"""Test a unit root after GLS has taken the terms out (Elliott, Rothenberg and Stock 1996).

    The constant, or the constant and the trend, are estimated from series and terms that are quasi-differenced by
    :math:`1 - (1 + c/T) L`, with c = -7 or -13.5. A Dickey-Fuller regression without terms follows. Near the unit root
    the test is much more powerful than `adf_test`.

    Parameters
    ----------
    {data (one series), column, lags (Dickey-Fuller)}
    trend : {"c", "ct"}
        The terms taken out: a constant, or also a trend.
    {max_lags (Dickey-Fuller), min_lags, rows}

    Returns
    -------
    UnitRootResult
        P-value and critical values are for the number of periods, by interpolation of simulated quantiles
        (``nonstationary/unit_roots/constants/dfgls_quantiles.csv``); with a trend they agree with table 1
        of Elliott, Rothenberg and Stock.

    Raises
    ------
    DataError
        Values are missing inside the series, or the series does not vary.
    InsufficientDataError
        There are too few rows for the lags.

    See Also
    --------
    adf_test : terms in the regression instead.
    kpss_test : the null of no unit root.

    Notes
    -----
    With ``trend="c"`` the limit is that of the Dickey-Fuller ratio without terms. It is far off in samples of the usual
    length: at 77 periods its 5 percent critical value rejects 8 random walks of 100. With many lags in a short sample
    the right critical values are nearer to zero than these (Cheung and Lai 1995).

    Examples
    --------
    >>> import panelvar as pv
    >>> test = pv.dfgls_test(pv.load_data("us_macro")["unemp"])
    >>> round(test.statistic, 3), round(test.pvalue, 3), test.lags
    (-2.187, 0.035, 9)
    """
    check_trend(trend, ("c", "ct"))
    choose("rows", rows, ROWS)
    series = one_series(data, column)
    if len(series.values) < SHORTEST_GLS:
        text = (
            f"The simulated quantiles begin at {SHORTEST_GLS} periods; there are {len(series.values)}. The p-value is "
            f"that of {SHORTEST_GLS}, and too small."
        )
        series = series._replace(notes=(*series.notes, Note("few-periods", text)))
    return unit_root_result(
        "DF-GLS",
        series,
        dfgls_tests(series.values, trend, lags, (min_lags, max_lags), rows),
        trend,
        UNIT_ROOT,
        lambda: gls_critical_values(trend, len(series.values)),
        f"dfgls, {lags}, {trend}",
    )


def adf_tests(
    series: Array,
    trend: str,
    lags: int | str = "aic",
    limits: tuple[int, int | None] = (0, None),
    rows: str = "all",
) -> SeriesTests:
    """`adf_test` of series (..., T)."""
    choice = read_lags(lags, limits, series.shape[-1], POWERS[trend])
    found = choose_regressions(lagged_differences(series, POWERS[trend]), choice, common=rows == "common")
    return from_levels(found, found.ratios, tau_pvalue(found.ratios, trend), found.orders, choice.words)


def dfgls_tests(
    series: Array,
    trend: str,
    lags: int | str = "aic",
    limits: tuple[int, int | None] = (0, None),
    rows: str = "all",
) -> SeriesTests:
    """`dfgls_test` of series (..., T)."""
    periods = series.shape[-1]
    choice = read_lags(lags, limits, periods, 0)
    left = quasi_detrended(series, trend_columns(POWERS[trend], periods), DISTANCE[trend])
    found = choose_regressions(lagged_differences(left, 0), choice, common=rows == "common")
    found = found._replace(status=np.where(deterministic(left, series), FLAT, found.status))
    pvalue, bound = gls_pvalue(found.ratios, trend, periods)
    return from_levels(found, found.ratios, pvalue, found.orders, choice.words)._replace(bound=bound)


def quasi_detrended(series: Array, terms: Array, distance: float) -> Array:
    r"""Take out terms estimated by GLS under a root near one (Elliott, Rothenberg and Stock 1996).

    Series and terms are quasi-differenced by :math:`1 - (1 + c/T)L`, the first period kept as it is.

    Parameters
    ----------
    series : array (..., T)
    terms : array (T, d)
    distance : float
        c: -7 with a constant, -13.5 with a trend.
    """
    root = 1.0 + distance / len(terms)
    moved, both = terms.copy(), series.copy()
    moved[1:] -= root * terms[:-1]
    both[..., 1:] -= root * series[..., :-1]
    return np.asarray(series - (terms @ np.linalg.lstsq(moved, both.T, rcond=None)[0]).T)
