"""Tests that the errors of a vector autoregression are not correlated over time."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from panelvar.errors import InsufficientDataError, Note, SpecificationError, choose, emit
from panelvar.kernels import residual_tests
from panelvar.kernels.distributions import chi2_tail, f_tail
from panelvar.results.test_result import TestResult
from panelvar.results.var_result import VarResult, require_fit

Array = npt.NDArray[np.float64]

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
        Not fewer lags than rows.

    Notes
    -----
    The distribution is approximate and gets better with h; for low orders use `serial_lm_test`. With exogenous
    variables or restrictions the degrees of freedom are the same convention, not a theorem.
    """
    require_fit(model)
    choose("kind", kind, ("plain", "adjusted", "ljung-box"), {"asymptotic": "plain", "box-pierce": "plain"})
    lags = whole_lags(lags, model.nobs)
    if lags <= model.lags:
        raise SpecificationError(
            f"lags={lags}: a portmanteau test of a VAR({model.lags}) needs more lags than that; use serial_lm_test for "
            "few."
        )
    plain, adjusted = residual_tests.portmanteau(tested_residuals(model, "portmanteau"), lags)
    value = {"plain": plain, "adjusted": adjusted, "ljung-box": adjusted * (model.nobs + 2) / model.nobs}[kind]
    df = model.n_vars**2 * lags - model.problem.n_lag_parameters
    name = f"Portmanteau ({kind}, {lags} lags)"
    return TestResult(name, value, chi2_tail(value, df), "chi2", df, None, f"{NULL} up to lag {lags}", gaps(model))


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
        Too few rows for the auxiliary regression.

    Notes
    -----
    The denominator of F is a real number by default. R's vars rounds it down for the p-value; gretl in the statistic
    too, and its auxiliary regression always has a constant: under ``convention="vars"`` and ``"gretl"`` so does this.
    """
    require_fit(model)
    choose("form", form, ("lm", "f"), {"bg": "lm", "es": "f", "rao": "f", "chi2": "lm"})
    lags = whole_lags(lags, model.nobs)
    problem = model.problem
    added = lags * model.n_vars
    if problem.df_resid - added < model.n_vars:
        raise InsufficientDataError(
            f"{lags} lags add {added} regressors to the {problem.n_regressors} of each equation: {model.nobs} rows are "
            "too few."
        )
    regressors = problem.tested_regressors
    counted = regressors.shape[1]
    past = residual_tests.lagged_residuals(problem.residuals, lags)
    if form == "f" and model.convention.auxiliary_constant:
        counted = problem.lags * problem.n_vars + 1
        if not model.terms.has_constant:
            # Without it in the model, the constant is among the regressors added.
            past = np.concatenate([np.ones((model.nobs, 1)), past], axis=1)
    restricted, unrestricted = residual_tests.added_regressors(regressors, past, problem.residuals)
    null, notes = f"{NULL} up to lag {lags}", gaps(model)
    if form == "lm":
        value = residual_tests.lagrange_multiplier(model.nobs, restricted, unrestricted)
        df = lags * model.n_vars**2
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


def whole_lags(lags: int, rows: int) -> int:
    """Return a number of lags as int, or say what was expected."""
    if isinstance(lags, bool) or not isinstance(lags, (int, np.integer)) or lags < 1:
        raise SpecificationError(f"lags={lags!r}: expected an integer of at least 1.")
    if lags >= rows:
        raise InsufficientDataError(f"{lags} lags of residuals of {rows} rows.")
    return int(lags)


def tested_residuals(model: VarResult, test: str) -> Array:
    """Residuals of a model, about their mean if the convention takes it out for this test."""
    residuals = model.problem.residuals
    centred: Array = residuals - residuals.mean(axis=0) if test in model.convention.centred else residuals
    return centred


def gaps(model: VarResult) -> tuple[Note, ...]:
    """Warn that residuals are taken as consecutive where they are not."""
    breaks = len(model.problem.run_starts) - 1
    if not breaks:
        return ()
    text = f"The rows have {breaks} gap(s), across which residuals are taken as consecutive."
    notes = (Note("gaps-bridged", text, warn=True),)
    emit(notes)
    return notes
