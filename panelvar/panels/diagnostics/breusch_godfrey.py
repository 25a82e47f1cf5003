"""Breusch-Godfrey test of serial correlation of any order on the transformed rows of a panel model."""

from __future__ import annotations

import numpy as np

from panelvar.core.base.arguments import read_whole
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError, SpecificationError, choose
from panelvar.core.base.quoting import shown
from panelvar.core.base.unknown_arguments import answering
from panelvar.core.tables.test_result import TestResult, chi2_test, f_test
from panelvar.estimates.sizes.known_sizes import size_notes
from panelvar.panels.diagnostics.auxiliary import (
    LAGS,
    find_lags,
    level_rows,
    refuse_rounding,
    small_regression,
    transformed_columns,
)
from panelvar.panels.static.result import LinearResult


@answering
def breusch_godfrey_test(
    result: LinearResult,
    *,
    lags: int = 1,
    statistic: str = "chi2",
    lag_by: str | None = None,
) -> TestResult:
    r"""Test serial correlation up to an order by an auxiliary regression (plm ``pbgtest``).

    The residuals e of the (quasi-)demeaned regression are regressed on its regressors and on
    :math:`e_{t-1}, \dots, e_{t-p}`, zero where the row does not exist. The statistic is n times the (uncentred) R2 of
    this regression, or the F of the lags (Breusch 1978; Godfrey 1978).

    Parameters
    ----------
    result : LinearResult
        Pooled, fixed, random effects or first differences.
    lags : int
        Lags p.
    statistic : {"chi2", "f"}
        n times R2, or the F of the lags.
    lag_by : {"calendar", "rows", "stacked"}, optional
        Calendar periods, never across a gap or an entity; consecutive rows of an entity; or consecutive rows of the
        data, so that the first rows of an entity get the last residuals of the one before (plm does this: it hands the
        rows to a test for one time series). Default: calendar, or rows under a convention that bridges gaps.

    Returns
    -------
    TestResult

    Raises
    ------
    InsufficientDataError
        If an order has no row with a predecessor, or no degrees of freedom are left.

    See Also
    --------
    born_breitung_test : Fixed effects, few periods.
    durbin_watson_test : Order one.

    Notes
    -----
    With fixed effects and short T, residuals have correlation -1/(T-1) under the null and the test over-rejects: use
    `wooldridge_within_test` or `born_breitung_test`. The test assumes homoskedastic errors. Under ``"stacked"`` the
    degrees of freedom of F do not count absorbed effects.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("fatalities")
    >>> pooled = pv.fit_pooled(states, "frate ~ beertax + unemp")
    >>> pv.breusch_godfrey_test(pooled, lags=2)
    <Breusch-Godfrey (order 2): chi2(2) = 223.8236, p < 0.0001>
    """
    level_rows(result, "The Breusch-Godfrey test", ("pooled", "fixed", "random", "difference"))
    if isinstance(lags, str) and lags in LAGS:
        raise SpecificationError(f"lags={lags!r} must be a whole number. How lags are counted is lag_by={lags!r}.")
    p = read_whole("lags", lags, 1)
    choose("statistic", statistic, ("chi2", "f"))
    fit = result.fit
    x, _, e = transformed_columns(result)
    df = len(e) - x.shape[1] - p
    if fit.absorbed is not None and not (isinstance(lag_by, str) and lag_by == "stacked"):
        df -= fit.counts.absorbed + 1
    if df <= 0:
        raise InsufficientDataError(
            f"{count_of(len(e), 'row leaves', 'rows leave')} no degrees of freedom for lags={shown(p)}."
        )
    added = np.zeros((len(e), p))
    for k in range(1, p + 1):
        rows, before = find_lags(result, fit.design, k, lag_by)
        if len(rows) == 0:
            raise InsufficientDataError(f"No row has a predecessor {count_of(k, 'period')} earlier.")
        added[rows, k - 1] = e[before]
    full = small_regression(np.column_stack([x, added]), e)
    total, rss = float(e @ e), float(full.residuals @ full.residuals)
    refuse_rounding("The Breusch-Godfrey test", "the auxiliary regression fits", full.residuals, e)
    null = f"no serial correlation up to order {p}"
    share = fit.design.times.n_groups / fit.design.entities.n_groups
    notes = size_notes("within residuals", share) if fit.family == "fixed" else ()
    name = f"Breusch-Godfrey (order {p})"
    if statistic == "chi2":
        observed = len(e) * (1.0 - rss / total)
        return chi2_test(name, observed, p, null, notes)
    observed = (total - rss) / p / (rss / df)
    return f_test(name, observed, p, df, null, notes)
