"""Tests that the errors of a vector autoregression are not correlated over time."""

from __future__ import annotations

import math

import numpy as np

from panelvar.core.base.arguments import read_flag
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError, Note, SpecificationError, choose
from panelvar.core.base.unknown_arguments import answering
from panelvar.core.tables.frame_table import FrameTable, formats_of_tests
from panelvar.core.tables.test_result import TestResult, chi2_test, f_test
from panelvar.systems.diagnostics import residual_statistics as residual_tests
from panelvar.systems.diagnostics.tested_residuals import (
    require_freedom,
    tested_residuals,
    warn_of_crowding,
    warn_of_gaps,
    whole_lags,
)
from panelvar.systems.var.fitted_system import FittedSystem, require_fit

NULL = "the errors are not correlated over time"


@answering
def portmanteau_test(
    model: FittedSystem,
    *,
    lags: int = 10,
    statistic: str = "adjusted",
) -> TestResult:
    r"""Portmanteau test of no autocorrelation up to a lag (Luetkepohl 2005, section 4.4.3).

    With :math:`C_i` the autocovariances of the residuals, :math:`w_i` one, :math:`n/(n-i)` or :math:`(n+2)/(n-i)`,

    .. math:: Q = n \sum_{i=1}^h w_i\, \mathrm{tr}(C_i' C_0^{-1} C_i C_0^{-1}) \sim \chi^2(K^2 (h - p)).

    Parameters
    ----------
    model : FittedSystem
        The system whose residuals are tested.
    lags : int
        h, above the lag order p.
    statistic : {"plain", "adjusted", "ljung-box"}
        Weights, in the order above. R's vars has the first two as ``PT.asymptotic`` and ``PT.adjusted`` (statsmodels:
        ``adjusted=True``); gretl has the third.

    Returns
    -------
    TestResult

    Raises
    ------
    SpecificationError
        ``lags`` is not above the order, so there are no degrees of freedom.
    InsufficientDataError
        There are not fewer lags than rows, or the residuals have no more than K degrees of freedom. The statistic would
        then depend on the regressors alone.

    See Also
    --------
    serial_lm_test : for few lags, and in small samples.
    residual_correlogram : which correlations are large.

    Notes
    -----
    The distribution is approximate and gets better with h; for few lags use `serial_lm_test`. With exogenous variables
    or restrictions the degrees of freedom are a convention and not a theorem. Where coefficients take a third of the
    rows the test rejects far too often, and a warning says so.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]], lags=4)
    >>> test = pv.portmanteau_test(model, lags=12)
    >>> test.in_a_line()
    'chi2(72) = 111.6345, p = 0.0019'
    """
    require_fit(model)
    choose("statistic", statistic, ("plain", "adjusted", "ljung-box"))
    lags = whole_lags(lags, model.nobs)
    if lags <= model.lags:
        raise SpecificationError(
            f"lags={lags}: a portmanteau test of a VAR({model.lags}) needs more than {count_of(model.lags, 'lag')}. "
            "Use serial_lm_test for fewer."
        )
    require_freedom("A portmanteau test", model.nobs, model.nobs - model.df_resid, model.n_vars + 1)
    plain, adjusted = residual_tests.portmanteau(tested_residuals(model, "portmanteau"), lags)
    value = {"plain": plain, "adjusted": adjusted, "ljung-box": adjusted * (model.nobs + 2) / model.nobs}[statistic]
    df = model.n_vars**2 * lags - model._problem.n_lag_parameters
    name = f"Portmanteau ({statistic}, {count_of(lags, 'lag')})"
    return chi2_test(name, value, df, f"{NULL} up to lag {lags}", _doubts(model))


@answering
def serial_lm_test(
    model: FittedSystem,
    *,
    lags: int = 1,
    statistic: str = "lm",
    alone: bool = False,
) -> TestResult:
    r"""Breusch-Godfrey test of no autocorrelation up to a lag, or at that lag alone (Luetkepohl 2005, section 4.4).

    Residuals are regressed on the model's regressors and on h lags of themselves (zero before the sample), or on the
    h-th of them alone, with residual covariances :math:`\tilde\Sigma_R` without and :math:`\tilde\Sigma_e` with the
    lags; q = hK or K regressors are added:

    .. math:: LM = n \left(K - \mathrm{tr}(\tilde\Sigma_R^{-1}\tilde\Sigma_e)\right) \sim \chi^2(q K), \qquad
        LR = \left(n - m - q - \tfrac12(K - q + 1)\right)
        \ln\frac{\lvert\tilde\Sigma_R\rvert}{\lvert\tilde\Sigma_e\rvert} \sim \chi^2(q K),

    or Rao's F of the ratio of the determinants (Edgerton and Shukur 1999), whose size is much nearer to its level in
    small samples.

    Parameters
    ----------
    model : FittedSystem
        The system whose residuals are tested.
    lags : int
        h.
    statistic : {"lm", "lr", "f"}
        LR is corrected to second order (Anderson 2003). At one lag alone its factor is n - m - K - 1/2
        (Johansen 1995).
    alone : bool
        Test lag h and no shorter one: Stata's ``varlmar`` with ``statistic="lr"``, EViews' table "at lag h". A test of
        lag h alone has no power against errors correlated at other lags.

    Returns
    -------
    TestResult

    Raises
    ------
    InsufficientDataError
        There are too few rows for the auxiliary regression, which must leave K of them over.

    See Also
    --------
    serial_lm_table : lags 1 to h, alone and together.
    portmanteau_test : many lags together.
    VarResult.with_cov : errors that are robust to heteroskedasticity, not to autocorrelation.

    Notes
    -----
    Under the null the mean of LM is near n / (n - m) times its degrees of freedom, m being the coefficients of an
    equation: where they take a third of the rows it rejects far too often, and a warning says so. LR and F do not.

    The denominator of F is a real number by default. R's vars rounds it down for the p-value; gretl in the statistic
    too, and its auxiliary regression always has a constant: under ``convention="vars"`` and ``"gretl"`` so does this.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]], lags=4)
    >>> test = pv.serial_lm_test(model, lags=2, statistic="f")
    >>> test.in_a_line()
    'F(18, 501.12) = 1.4668, p = 0.0967'
    """
    require_fit(model)
    choose("statistic", statistic, ("lm", "lr", "f"))
    return _serial_lm(
        model, whole_lags(lags, model.nobs), statistic, read_flag("alone", alone), _doubts(model, statistic)
    )


@answering
def serial_lm_table(
    model: FittedSystem,
    *,
    lags: int = 4,
    statistic: str = "lm",
) -> FrameTable:
    """Run Breusch-Godfrey tests at each lag alone and of all lags up to it (Stata's varlmar, EViews' arlm).

    Parameters
    ----------
    model : FittedSystem
        The system whose residuals are tested.
    lags : int
        Longest lag.
    statistic : {"lm", "lr", "f"}
        Which statistic: see `serial_lm_test`.

    Returns
    -------
    FrameTable
        A row for each lag; columns ("alone" or "together", "statistic", "df", "df_denominator" for F, "pvalue").

    Raises
    ------
    InsufficientDataError
        There are too few rows for the auxiliary regression with all lags.

    See Also
    --------
    serial_lm_test : one of these tests, with its formula.
    portmanteau_test : many lags together.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]], lags=4)
    >>> pv.serial_lm_table(model, lags=2)["together"].round(3)
         statistic  df  pvalue
    lag
    1       13.583   9   0.138
    2       27.910  18   0.063
    """
    import pandas as pd

    require_fit(model)
    choose("statistic", statistic, ("lm", "lr", "f"))
    lags = whole_lags(lags, model.nobs)
    notes = _doubts(model, statistic)
    fields = ["statistic", "df", *(["df_denominator"] if statistic == "f" else []), "pvalue"]
    rows = []
    # The longest first: it is what too few rows refuse.
    for lag in range(lags, 0, -1):
        tests = [_serial_lm(model, lag, statistic, alone, notes) for alone in (True, False)]
        rows.append([getattr(test, field) for test in tests for field in fields])
    columns = pd.MultiIndex.from_product([("alone", "together"), fields])
    frame = pd.DataFrame(rows[::-1], index=pd.RangeIndex(1, lags + 1, name="lag"), columns=columns)
    null = "Null hypothesis: no serial correlation, at this lag alone or at all lags up to it together."
    told = (null, *(note.text for note in notes))
    return FrameTable(
        frame, formats_of_tests(statistic.upper()), "Breusch-Godfrey tests of serial correlation", notes=told
    )


def _serial_lm(model: FittedSystem, lags: int, form: str, alone: bool, notes: tuple[Note, ...]) -> TestResult:
    """One auxiliary regression, with options that have been checked."""
    problem = model._problem
    added = model.n_vars if alone else lags * model.n_vars
    regressors = problem.tested_regressors
    own = regressors.shape[1]
    # Without a constant in the model, a convention that has one adds it.
    more = form == "f" and model.convention.auxiliary_constant and not model.terms.has_constant
    left = model.nobs - own - added - more
    if left < model.n_vars:
        raise InsufficientDataError(
            f"{count_of(1 if alone else lags, 'lag adds', 'lags add')} {added + more} regressors to {own}. This "
            f"needs {own + added + more + model.n_vars} rows, and there are {model.nobs}. Use fewer lags."
        )
    if form == "f" and model.convention.auxiliary_constant:
        own = problem.lags * problem.n_vars + 1
    residuals = residual_tests.standardised(problem.residuals)
    past = residual_tests.lag_residuals(residuals, lags)[:, -added:]
    if more:
        past = np.concatenate([np.ones((model.nobs, 1)), past], axis=1)
    restricted, unrestricted = residual_tests.added_regressors(regressors, past, residuals)
    null = f"{NULL} {'at' if alone else 'up to'} lag {lags}"
    spelled = f"lag {lags} alone" if alone else f"{lags} lags"
    rows = model.nobs - own - added - 0.5 * (model.n_vars - added + 1)
    if form != "f":
        df = added * model.n_vars
        if form == "lm":
            value = residual_tests.lagrange_multiplier(model.nobs, restricted, unrestricted)
        else:
            value = rows * residual_tests.log_ratio(restricted, unrestricted)
        name = f"Breusch-Godfrey {form.upper()} ({spelled})"
        return chi2_test(name, value, df, null, notes)
    found = residual_tests.rao_f(restricted, unrestricted, added, rows)
    value, denominator = found.statistic, found.df_denominator
    whole = float(math.floor(denominator))
    if model.convention.rao_denominator == "whole":
        value *= whole / denominator
    if model.convention.rao_denominator != "real":
        denominator = whole
    name = f"Breusch-Godfrey, Rao's F ({spelled})"
    return f_test(name, value, found.df, denominator, null, notes)


def _doubts(model: FittedSystem, form: str = "lm") -> tuple[Note, ...]:
    """Say so where rows bridge gaps, or are few for a test that is chi-squared in large samples."""
    if form != "lm":
        return warn_of_gaps(model)
    consequence = (
        "Chi-squared limits are far too low, and the test rejects too often where errors are not correlated. "
        "serial_lm_test(statistic='f') keeps its level."
    )
    return warn_of_gaps(model) + warn_of_crowding(model, 1.0 / 3.0, consequence)
