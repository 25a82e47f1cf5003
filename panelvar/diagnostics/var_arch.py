"""Test that the errors of a vector autoregression have a constant variance over time."""

from __future__ import annotations

from panelvar.diagnostics.var_serial import gaps, tested_residuals, whole_lags
from panelvar.errors import InsufficientDataError
from panelvar.identification.scheme import position
from panelvar.kernels import residual_tests
from panelvar.kernels.distributions import chi2_tail
from panelvar.results.test_result import TestResult
from panelvar.results.var_result import VarResult, require_fit


def arch_test(model: VarResult, lags: int = 1, *, equation: str | None = None) -> TestResult:
    r"""ARCH-LM test: squares and cross products of residuals regressed on their own lags.

    :math:`\tfrac12 n K(K+1) - n\, \mathrm{tr}(\hat\Omega\hat\Omega_0^{-1}) \sim \chi^2(h K^2 (K+1)^2 / 4)`
    (Luetkepohl 2005, 16.5.1); of one equation it is Engle's :math:`n R^2 \sim \chi^2(h)`.

    Parameters
    ----------
    model : VarResult
    lags : int
        h.
    equation : str, optional
        Test the residuals of one variable; all together by default.

    Returns
    -------
    TestResult

    Raises
    ------
    InsufficientDataError
        Too few rows for the auxiliary regression, which has h K (K + 1) / 2 regressors and a constant.

    Notes
    -----
    The first h rows are left out; gretl keeps them, with zeros for their lags, and so does ``convention="gretl"``. A
    rejection leaves estimates consistent but not their classical errors: see ``with_cov("HC1")`` and
    `MovingBlockBootstrap`.
    """
    require_fit(model)
    lags = whole_lags(lags, model.nobs)
    residuals = tested_residuals(model, "arch")
    if equation is not None:
        residuals = residuals[:, [position(model.names, equation)]]
    width = residuals.shape[1] * (residuals.shape[1] + 1) // 2
    padded = model.convention.arch_presample == "zero"
    rows = model.nobs - (0 if padded else lags)
    if rows - 1 < max(width, lags * width + 1):
        raise InsufficientDataError(
            f"{lags} lags of {width} products make {lags * width} regressors; {rows} rows are too few."
        )
    statistic, df = residual_tests.arch_lm(residuals, lags, padded=padded)
    name = f"ARCH-LM ({lags} lags)" if equation is None else f"ARCH-LM of {equation} ({lags} lags)"
    null = "the errors' variance does not depend on past errors"
    return TestResult(name, statistic, chi2_tail(statistic, df), "chi2", df, None, null, gaps(model))
