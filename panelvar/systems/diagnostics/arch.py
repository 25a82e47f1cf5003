"""Test that the errors of a vector autoregression have a constant variance over time."""

from __future__ import annotations

from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError
from panelvar.core.base.unknown_arguments import answering
from panelvar.core.tables.test_result import TestResult, chi2_test
from panelvar.systems.diagnostics import residual_statistics as residual_tests
from panelvar.systems.diagnostics.tested_residuals import tested_residuals, warn, warn_of_gaps, whole_lags
from panelvar.systems.identification.scheme import position
from panelvar.systems.var.fitted_system import FittedSystem, require_fit


@answering
def arch_test(
    model: FittedSystem,
    *,
    lags: int = 1,
    equation: str | None = None,
) -> TestResult:
    r"""ARCH-LM test: squares and cross products of residuals regressed on their own lags.

    :math:`\tfrac12 n K(K+1) - n\, \mathrm{tr}(\hat\Omega\hat\Omega_0^{-1}) \sim \chi^2(h K^2 (K+1)^2 / 4)`
    (Luetkepohl 2005). For one equation it is Engle's :math:`n R^2 \sim \chi^2(h)`.

    Parameters
    ----------
    model : FittedSystem
        The system whose residuals are tested.
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
        The auxiliary regression has h K (K + 1) / 2 regressors and a constant, and leaves no row over. The statistic
        would be the number of rows times that of products, whatever the errors are.
    NumericalError
        Products of residuals are linearly dependent or do not vary.

    See Also
    --------
    white_test : variances that depend on the regressors.
    VarResult.with_cov : errors of the coefficients that hold under heteroskedasticity.
    MovingBlockBootstrap : bands that do.

    Notes
    -----
    With w = K (K + 1) / 2 products, q = h w regressors and :math:`\nu` rows less one, the statistic of normal products
    has the mean of the chi-squared and about :math:`(1 - w/\nu)(1 - q/\nu)` of its variance (it is a Pillai trace):
    where that is less than a half it hardly rejects, and a warning says so. With fewer rows left over than products
    some combinations of these are fitted exactly, and the statistic has a floor, which the warning gives.

    The test leaves out the first h rows. gretl keeps them, with zeros for their lags, and so does
    ``convention="gretl"``. After a rejection the estimates are still consistent, but their classical errors are not:
    see ``with_cov("HC1")`` and `MovingBlockBootstrap`.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]], lags=2)
    >>> test = pv.arch_test(model, lags=2)
    >>> test.in_a_line()
    'chi2(72) = 311.3540, p < 0.0001'
    """
    require_fit(model)
    lags = whole_lags(lags, model.nobs)
    residuals = tested_residuals(model, "arch")
    if equation is not None:
        place = position(model.names, equation)
        residuals, equation = residuals[:, [place]], model.names[place]
    width = residuals.shape[1] * (residuals.shape[1] + 1) // 2
    padded = model.convention.arch_presample == "zero"
    rows = model.nobs - (0 if padded else lags)
    freedom, regressors = rows - 1, lags * width
    left = freedom - regressors
    if left < 1:
        raise InsufficientDataError(
            f"{count_of(lags, 'lag')} of {count_of(width, 'product')} of errors make "
            f"{count_of(regressors, 'regressor')} beside a constant. This needs {regressors + 2} rows, and there are "
            f"{rows}. Use fewer lags, or equation=."
        )
    notes = warn_of_gaps(model)
    share = (1.0 - width / freedom) * (1.0 - regressors / freedom)
    if left < width:
        notes += warn(
            "exact-products",
            f"The test regresses {width} products of errors on {regressors} regressors and a constant. {rows} rows "
            f"leave {count_of(left, 'degree')} of freedom, so some products are fitted exactly, and the statistic is "
            f"at least {rows * (width - left)} whatever the errors are. Use fewer lags, or equation=.",
        )
    elif share < 0.5:
        notes += warn(
            "few-rows",
            f"The test has {regressors} regressors and a constant for {rows} rows. Its statistic then has only "
            f"{share:.0%} of the variance of its chi-squared distribution, and hardly ever rejects. Use fewer lags, or "
            "equation=.",
        )
    statistic, df = residual_tests.arch_lm(residuals, lags, padded=padded)
    name = f"ARCH-LM{'' if equation is None else f' of {equation}'} ({count_of(lags, 'lag')})"
    return chi2_test(name, statistic, df, "the errors' variance does not depend on past errors", notes)
