"""Tests that the errors of a vector autoregression are not correlated over time."""

from __future__ import annotations

import math

import numpy as np

from panelvar.diagnostics.var_residuals import crowded, gaps, require_freedom, tested_residuals, whole_lags
from panelvar.errors import InsufficientDataError, Note, SpecificationError, choose
from panelvar.kernels import residual_tests
from panelvar.kernels.distributions import chi2_tail, f_tail
from panelvar.results.test_result import TestResult
from panelvar.results.var_result import VarResult, require_fit

NULL = "the errors are not correlated over time"


def portmanteau_test(model: VarResult, lags: int = 10, *, kind: str = "adjusted") -> TestResult:
    r"""Portmanteau test of no autocorrelation up to a lag (Luetkepohl 2005, section 4.4.3).

    With :math:`C_i` the autocovariances of the residuals, :math:`w_i` one, :math:`n/(n-i)` or :math:`(n+2)/(n-i)`,

    .. math:: Q = n \sum_{i=1}^h w_i\, \mathrm{tr}(C_i' C_0^{-1} C_i C_0^{-1}) \sim \chi^2(K^2 (h - p)).

    Parameters
    ----------
    model : VarResult
    lags : int
        h, above the lag order p.
    kind : {"plain", "adjusted", "ljung-box"}
        Weights as above: R's ``PT.asymptotic``, its ``PT.adjusted`` (statsmodels' ``adjusted=True``), gretl's.

    Returns
    -------
    TestResult

    Raises
    ------
    SpecificationError
        ``lags`` not above the order: there are no degrees of freedom.
    InsufficientDataError
        Not fewer lags than rows, or no more than K degrees of freedom in the residuals: the statistic is then a number
        of the regressors alone.

    Notes
    -----
    The distribution is approximate and gets better with h; for low orders use `serial_lm_test`. With exogenous
    variables or restrictions the degrees of freedom are the same convention, not a theorem. Where coefficients take a
    third of the rows it rejects far too often, and a warning says so.
    """
    require_fit(model)
    choose("kind", kind, ("plain", "adjusted", "ljung-box"), {"asymptotic": "plain", "box-pierce": "plain"})
    lags = whole_lags(lags, model.nobs)
    if lags <= model.lags:
        raise SpecificationError(
            f"lags={lags}: a portmanteau test of a VAR({model.lags}) needs more lags than that; use serial_lm_test for "
            "few."
        )
    require_freedom("A portmanteau test", model.nobs, model.nobs - model.df_resid, model.n_vars + 1)
    plain, adjusted = residual_tests.portmanteau(tested_residuals(model, "portmanteau"), lags)
    value = {"plain": plain, "adjusted": adjusted, "ljung-box": adjusted * (model.nobs + 2) / model.nobs}[kind]
    df = model.n_vars**2 * lags - model.problem.n_lag_parameters
    name = f"Portmanteau ({kind}, {lags} lags)"
    notes = gaps(model) + _too_often(model)
    return TestResult(name, value, chi2_tail(value, df), "chi2", df, None, f"{NULL} up to lag {lags}", notes)


def serial_lm_test(model: VarResult, lags: int = 1, *, form: str = "lm") -> TestResult:
    r"""Breusch-Godfrey test of no autocorrelation up to a lag (Luetkepohl 2005, section 4.4.4).

    Residuals are regressed on the model's regressors and on h lags of themselves (zero before the sample), with
    residual covariances :math:`\tilde\Sigma_R` without and :math:`\tilde\Sigma_e` with the lags:

    .. math:: LM = n \left(K - \mathrm{tr}(\tilde\Sigma_R^{-1}\tilde\Sigma_e)\right) \sim \chi^2(h K^2),

    or Rao's F of the ratio of their determinants (Edgerton and Shukur 1999), whose size is much nearer to its level in
    small samples.

    Parameters
    ----------
    model : VarResult
    lags : int
        h.
    form : {"lm", "f"}

    Returns
    -------
    TestResult

    Raises
    ------
    InsufficientDataError
        Too few rows for the auxiliary regression: K must be left over.

    Notes
    -----
    Under the null the mean of LM is near n / (n - m) times its degrees of freedom, m being the coefficients of an
    equation: where they take a third of the rows it rejects far too often, and a warning says so. F does not.

    The denominator of F is a real number by default. R's vars rounds it down for the p-value; gretl in the statistic
    too, and its auxiliary regression always has a constant: under ``convention="vars"`` and ``"gretl"`` so does this.
    """
    require_fit(model)
    choose("form", form, ("lm", "f"), {"bg": "lm", "es": "f", "rao": "f", "chi2": "lm"})
    lags = whole_lags(lags, model.nobs)
    problem = model.problem
    added = lags * model.n_vars
    regressors = problem.tested_regressors
    counted = regressors.shape[1]
    # Without a constant in the model, a convention that has one adds it.
    more = form == "f" and model.convention.auxiliary_constant and not model.terms.has_constant
    left = model.nobs - counted - added - more
    if left < model.n_vars:
        raise InsufficientDataError(
            f"{lags} lag(s) add {added + more} regressors to {counted}: {model.nobs} rows are too few, "
            f"{counted + added + more + model.n_vars} are needed. Use fewer lags."
        )
    if form == "f" and model.convention.auxiliary_constant:
        counted = problem.lags * problem.n_vars + 1
    past = residual_tests.lagged_residuals(problem.residuals, lags)
    if more:
        past = np.concatenate([np.ones((model.nobs, 1)), past], axis=1)
    restricted, unrestricted = residual_tests.added_regressors(regressors, past, problem.residuals)
    null, notes = f"{NULL} up to lag {lags}", gaps(model)
    if form == "lm":
        value = residual_tests.lagrange_multiplier(model.nobs, restricted, unrestricted)
        df = lags * model.n_vars**2
        notes += _too_often(model)
        return TestResult(
            f"Breusch-Godfrey LM ({lags} lags)", value, chi2_tail(value, df), "chi2", df, None, null, notes
        )
    rows = model.nobs - counted - added - 0.5 * (model.n_vars - added + 1)
    found = residual_tests.rao_f(restricted, unrestricted, added, rows)
    value, denominator = found.statistic, found.df_denominator
    whole = float(math.floor(denominator))
    if model.convention.rao_denominator == "whole":
        value *= whole / denominator
    if model.convention.rao_denominator != "real":
        denominator = whole
    name = f"Breusch-Godfrey, Rao's F ({lags} lags)"
    return TestResult(name, value, f_tail(value, found.df, denominator), "f", found.df, denominator, null, notes)


def _too_often(model: VarResult) -> tuple[Note, ...]:
    return crowded(
        model,
        1.0 / 3.0,
        "chi-squared limits are far too low, and errors without correlation are rejected too often. "
        "serial_lm_test(form='f') keeps its level.",
    )
