"""Causality between all pairs of variables, between sets of them at the same time, and in levels."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from panelvar.core.base.errors import NumericalError, PanelVarWarning, SpecificationError, emit
from panelvar.core.base.shared_parameters import documented
from panelvar.core.base.unknown_arguments import answering
from panelvar.core.tables.frame_table import FrameTable, frame_of_tests
from panelvar.core.tables.test_result import TestResult, chi2_test
from panelvar.estimates.sizes.known_sizes import size_notes
from panelvar.systems.diagnostics import residual_statistics as residual_tests
from panelvar.systems.identification.scheme import position, variables_of
from panelvar.systems.var.estimated_system import EstimatedSystem
from panelvar.systems.var.exclusion import granger_hypothesis
from panelvar.systems.var.fitted_system import FittedSystem, require_fit
from panelvar.systems.var.var import fit_var, lag_order
from panelvar.systems.var.var_convention import VarConvention, var_convention

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.systems.panel_var.result import PanelVarResult
    from panelvar.systems.var.restricted import RestrictedVarResult
    from panelvar.systems.var.var_result import VarResult


@answering
def granger_table(result: VarResult | RestrictedVarResult | PanelVarResult) -> FrameTable:
    """Test whether each variable helps to forecast each other one (Granger causality).

    Parameters
    ----------
    result : VarResult, RestrictedVarResult or PanelVarResult
        A system of at least two variables.

    Returns
    -------
    FrameTable
        Index (caused, causing); columns statistic, df, df_denominator (for F) and pvalue. No correction is made for
        the number of tests.

    Raises
    ------
    SpecificationError
        The system has only one variable.

    See Also
    --------
    VarResult.granger_causality : one test, of sets of variables too.
    granger_bootstrap_test : p-values that hold under heteroskedasticity.
    toda_yamamoto_test : levels that may have unit roots.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=2)
    >>> pv.granger_table(model)["pvalue"].round(4)
    caused    causing
    unemp     tbilrate    0.0028
    tbilrate  unemp       0.0937
    Name: pvalue, dtype: float64
    """
    import pandas as pd

    if not isinstance(result, EstimatedSystem):
        require_fit(result)
    if len(result.names) < 2:
        raise SpecificationError("Granger causality needs at least two variables.")
    pairs = [(left, right) for left in result.names for right in result.names if left != right]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PanelVarWarning)
        tests = [result.granger_causality(left, right) for left, right in pairs]
    emit(dict.fromkeys(note for test in tests for note in test.notes))
    null = "Null hypothesis: the causing variable does not Granger-cause the caused one."
    index = pd.MultiIndex.from_tuples(pairs, names=["caused", "causing"])
    said = dict.fromkeys(note.text for test in tests for note in test.notes)
    return frame_of_tests(tests, index, "Granger causality", (null, "No correction for the number of tests.", *said))


@answering
def instantaneous_causality_test(
    model: FittedSystem, first: str | Sequence[str], second: str | Sequence[str] | None = None
) -> TestResult:
    r"""Test that the errors of two sets of variables are uncorrelated (Luetkepohl 2005, section 3.6).

    :math:`n\, \sigma_{12}' \widehat{\mathrm{Var}}^{-1} \sigma_{12} \sim \chi^2(K_1 K_2)`, with the variance that
    normal errors give the elements of the residual covariance.

    Parameters
    ----------
    model : FittedSystem
        The system whose errors are tested.
    first, second : str or sequence of str
        Disjoint sets; the second is by default all other variables. The test is symmetric.

    Returns
    -------
    TestResult

    Raises
    ------
    SpecificationError
        A set is empty, or the sets overlap.

    See Also
    --------
    VarResult.granger_causality : causality over time.
    Cholesky : an order of causes within the period, which data alone cannot give.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]], lags=2)
    >>> test = pv.instantaneous_causality_test(model, "tbilrate")
    >>> test.in_a_line()
    'chi2(2) = 42.2802, p < 0.0001'
    """
    require_fit(model)
    left = variables_of(model.names, "first", first)
    others = [name for name in model.names if name not in left]
    right = others if second is None else variables_of(model.names, "second", second)
    both = sorted(set(left) & set(right))
    if both or not left or not right:
        raise SpecificationError(f"The two sets, {left} and {right}, must be disjoint and not empty.")
    places = [[position(model.names, name) for name in names] for names in (left, right)]
    try:
        value = residual_tests.instantaneous(model._problem.residual_covariance("ml"), model.nobs, places[0], places[1])
    except np.linalg.LinAlgError:
        raise NumericalError("The residual covariance is singular, so there is no test of its elements.") from None
    df = len(left) * len(right)
    null = f"the errors of {', '.join(left)} and {', '.join(right)} are uncorrelated"
    return chi2_test("Instantaneous causality", value, df, null)


@documented
def toda_yamamoto_test(
    data: pd.DataFrame | Any,
    caused: str | Sequence[str],
    causing: str | Sequence[str],
    *,
    lags: int,
    integration: int = 1,
    columns: Sequence[Hashable] | None = None,
    trend: str = "c",
    exogenous: Any = None,
    convention: str | VarConvention = "default",
) -> TestResult:
    r"""Test Granger causality in levels that may be integrated or cointegrated (Toda and Yamamoto 1995).

    A VAR of order ``lags + integration`` is fitted to the levels, and the first ``lags`` lags of the causing variables
    are tested: the Wald statistic is :math:`\chi^2` whatever the rank of cointegration (J. Econometrics 66).

    Parameters
    ----------
    {data (system)}
    caused, causing : str or sequence of str
        Disjoint sets of variables.
    lags : int
        Lag order of the system, chosen beforehand, for instance by `select_lags` on the levels.
    integration : int
        Largest order of integration that you think possible.
    {columns (system), trend (system), exogenous, convention (system)}

    Returns
    -------
    TestResult
        The Wald statistic, chi-squared; so it is also under conventions that report other exclusions as F.

    Raises
    ------
    SpecificationError
        The sets of variables overlap, a variable does not exist, or there is no lag.
    DataError, InsufficientDataError, CollinearityError
        As `fit_var`, of the order ``lags + integration``.

    See Also
    --------
    VarResult.granger_causality : for variables without unit roots.
    johansen_test : how many relations hold between the levels.

    Notes
    -----
    You need no pretest of unit roots or of the rank. The price is power: ``integration`` lags are estimated for
    nothing.

    Examples
    --------
    >>> import panelvar as pv
    >>> macro = pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]]
    >>> test = pv.toda_yamamoto_test(macro, "unemp", "tbilrate", lags=2)
    >>> test.in_a_line()
    'chi2(2) = 2.3089, p = 0.3152'
    """
    order, extra = lag_order(lags), lag_order(integration, 1, "integration")
    rules = var_convention(convention).but(exclusion="chi2")
    model = fit_var(data, columns, lags=order + extra, trend=trend, exogenous=exogenous, convention=rules)
    hypothesis = granger_hypothesis(model.names, order, caused, causing, "Toda-Yamamoto causality")
    null = f"{hypothesis.null} (lags 1 to {order} of a VAR({order + extra}) in levels)"
    test = model._excluded(hypothesis._replace(null=null))
    few = size_notes("toda-yamamoto", model.nobs / (model.nobs - model.df_resid))
    return replace(test, notes=(*test.notes, *few))
