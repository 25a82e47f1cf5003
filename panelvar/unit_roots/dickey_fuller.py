"""Dickey-Fuller tests of one series: augmented, and with terms taken out by GLS."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, TypeAlias

import numpy as np

from panelvar.base.arguments import read_whole
from panelvar.base.arrays import Array
from panelvar.base.errors import CollinearityError, Note, SpecificationError, choose, emit
from panelvar.base.shared_parameters import documented
from panelvar.tables.known_sizes import size_notes
from panelvar.unit_roots import regressions as dickey_fuller
from panelvar.unit_roots.distributions import (
    gls_critical_values,
    gls_pvalue,
    tau_critical_values,
    tau_pvalue,
)
from panelvar.unit_roots.one_series import POWERS, check_trend, enough, not_exact, one_series, varying
from panelvar.unit_roots.result import UnitRootResult

RULES = ("aic", "bic", "t-stat")
SIGNIFICANT = 1.6448536269514722
"""Absolute t ratio above which the last lag stays: two-sided, 10 percent, normal."""
NULL = "the series has a unit root"

Chosen: TypeAlias = tuple[dickey_fuller.Regression, int, str]
"""A regression, its lags, and the rule that chose them."""


@documented
def adf_test(
    data: Any,
    lags: int | str = "aic",
    *,
    column: Hashable | None = None,
    trend: str = "c",
    max_lags: int | None = None,
    min_lags: int = 0,
    rows: str = "all",
) -> UnitRootResult:
    r"""Augmented Dickey-Fuller test of a unit root (Said and Dickey 1984).

    .. math:: \Delta y_t = d_t'\delta + \phi y_{t-1} + \sum_{j=1}^p \gamma_j \Delta y_{t-j} + u_t, \qquad
        \tau = \hat\phi / se(\hat\phi)

    Parameters
    ----------
    {data (one series), lags (Dickey-Fuller), column, trend (terms), max_lags (Dickey-Fuller), min_lags, rows}

    Returns
    -------
    UnitRootResult
        P-value of MacKinnon (1994), critical values of MacKinnon (2010). A small p-value speaks against the unit root.

    Raises
    ------
    DataError
        Missing values inside the series; a series that does not vary.
    InsufficientDataError
        Too few rows for the lags.

    Notes
    -----
    ``trend="c"`` for a series without a drift, ``"ct"`` for one that grows: a missing trend hides stationarity about a
    trend, a needless one costs power. A rejection does not follow from a break, but a break often prevents one (Perron
    1989). The p-values are asymptotic; gretl's, from MacKinnon (1996), are for the sample size and differ in the third
    digit.

    Examples
    --------
    >>> import numpy as np
    >>> import panelvar as pv
    >>> walk = np.cumsum(np.random.default_rng(0).standard_normal(200))
    >>> pv.adf_test(walk).pvalue > 0.1
    True
    >>> pv.adf_test(np.diff(walk)).pvalue < 0.01
    True
    """
    check_trend(trend)
    values, name, notes = one_series(data, column)
    found = _regress(values, lags, (min_lags, max_lags), POWERS[trend], rows, name)
    notes = (*notes, *size_notes(f"adf, {lags}, {trend}", len(values)))
    emit(notes)
    critical = tau_critical_values(trend, len(found[0].residuals))
    return _tested("Augmented Dickey-Fuller", found, trend, tau_pvalue(found[0].ratio, trend), critical, notes)


@documented
def dfgls_test(
    data: Any,
    lags: int | str = "aic",
    *,
    column: Hashable | None = None,
    trend: str = "c",
    max_lags: int | None = None,
    min_lags: int = 0,
    rows: str = "all",
) -> UnitRootResult:
    r"""Dickey-Fuller test after terms are taken out by GLS (Elliott, Rothenberg and Stock 1996).

    Constant, or constant and trend, are estimated from series and terms quasi-differenced by
    :math:`1 - (1 + c/T) L`, c = -7 or -13.5, and a Dickey-Fuller regression without terms follows. Near the unit root
    it is much more powerful than `adf_test`.

    Parameters
    ----------
    {data (one series), lags (Dickey-Fuller), column}
    trend : {"c", "ct"}
        The terms taken out: a constant, or also a trend.
    {max_lags (Dickey-Fuller), min_lags, rows}

    Returns
    -------
    UnitRootResult
        P-value and critical values are for the number of periods, by interpolation of simulated quantiles
        (``unit_roots/constants/dfgls_quantiles.csv``); with a trend they agree with table 1
        of Elliott, Rothenberg and Stock.

    Notes
    -----
    With ``trend="c"`` the limit is that of the Dickey-Fuller ratio without terms, which is far off in samples of the
    usual length: at 77 periods its 5 percent critical value rejects a random walk in 8 of 100. Many lags in a short
    sample bring critical values nearer to zero than these (Cheung and Lai 1995).
    """
    check_trend(trend, ("c", "ct"))
    values, name, notes = one_series(data, column)
    terms = dickey_fuller.trend_columns(POWERS[trend], 1, len(values))
    detrended = varying(dickey_fuller.quasi_detrended(values, terms, -7.0 if trend == "c" else -13.5), values, name)
    found = _regress(detrended, lags, (min_lags, max_lags), 0, rows, name)
    notes = (*notes, *size_notes(f"dfgls, {lags}, {trend}", len(values)))
    emit(notes)
    pvalue = gls_pvalue(found[0].ratio, trend, len(values))
    return _tested("DF-GLS", found, trend, pvalue, gls_critical_values(trend, len(values)), notes)


def _tested(
    name: str, found: Chosen, trend: str, pvalue: float, critical: dict[float, float], notes: tuple[Note, ...]
) -> UnitRootResult:
    regression, order, rule = found
    return UnitRootResult(
        f"{name} ({order} lags, trend {trend!r})",
        regression.ratio,
        pvalue,
        "none",
        null=NULL,
        notes=notes,
        lags=order,
        nobs=len(regression.residuals),
        trend=trend,
        critical_values=critical,
        lags_rule=rule,
        coefficient=regression.coefficient,
    )


def _regress(
    values: Array, lags: int | str, limits: tuple[int, int | None], powers: int, rows: str, name: str
) -> Chosen:
    """Choose the lags and run the regression; also how they were chosen."""
    choose("rows", rows, ("all", "common"))
    shortest, max_lags = read_whole("min_lags", limits[0], 0), limits[1]
    terms = dickey_fuller.trend_columns(powers, 0, len(values))
    change = len(values) - 1
    longest, rule = 0, "given"
    if isinstance(lags, str):
        kind = choose("lags", lags, RULES)
        # The longest that leaves two degrees of freedom, too: a short series has a default.
        room = max(min(len(values) // 2 - powers - 1, (change - powers - 3) // 2), 0)
        longest = min(int(np.ceil(12.0 * (len(values) / 100.0) ** 0.25)), room)
        longest = max(longest, shortest) if max_lags is None else read_whole("max_lags", max_lags, shortest)
        enough(change - longest, powers + 1 + longest, name)
        columns = dickey_fuller.lagged_differences(values, longest, terms)
        order = chosen_order(dickey_fuller.lag_criteria(columns, longest), kind, shortest)
        rule = f"{kind}, {shortest} to {longest}"
    elif max_lags is not None or shortest:
        raise SpecificationError("max_lags= and min_lags= apply when lags= names a rule, such as lags='aic'.")
    else:
        order = read_whole("lags", lags, 0)
    enough(change - order, powers + 1 + order, name)
    skipped = longest - order if rows == "common" and longest > order else 0
    columns = dickey_fuller.lagged_differences(values, order, terms, skipped)
    try:
        found = dickey_fuller.regression(columns, powers)
    except np.linalg.LinAlgError:
        raise CollinearityError(
            f"The lagged level, the lagged differences and the terms of {name!r} are combinations of one another (a "
            "deterministic series, or a very short one): there is nothing to test."
        ) from None
    return not_exact(found, name), order, rule


def chosen_order(found: dickey_fuller.Criteria, kind: str, shortest: int = 0) -> int:
    """Lag order by a rule, ``shortest`` or more."""
    if kind == "t-stat":
        return max(int(np.flatnonzero(found.ratios >= SIGNIFICANT)[-1]), shortest)
    return shortest + int(np.argmin((found.aic if kind == "aic" else found.bic)[shortest:]))
