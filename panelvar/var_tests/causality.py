"""Granger causality, one pair or all pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from panelvar.base.errors import SpecificationError
from panelvar.tables.test_result import TestResult
from panelvar.var_models.system import System
from panelvar.var_models.var_result import VarResult, require_fit

if TYPE_CHECKING:
    import pandas as pd


def granger_causality(result: VarResult, caused: str | Sequence[str], causing: str | Sequence[str]) -> TestResult:
    """Test that the lags of ``causing`` are absent from the equations of ``caused``.

    Parameters
    ----------
    result : VarResult
    caused, causing : str or sequence of str
        Disjoint sets of variables.

    Returns
    -------
    TestResult
        As `VarResult.granger_causality`.

    Notes
    -----
    The Wald statistic has its usual limit only if the lags tested are stationary or cointegrated suitably (Toda and
    Phillips 1993). With integrated variables fit one lag more than needed and leave it out of the test (Toda and
    Yamamoto 1995): ``result.exclusion_test(equations=..., variables=..., lags=range(1, p))``.

    References
    ----------
    Luetkepohl (2005), section 3.6.
    """
    return result.granger_causality(caused, causing)


def granger_table(result: VarResult) -> pd.DataFrame:
    """Every variable tested against every other one.

    Parameters
    ----------
    result : VarResult
        Of at least two variables.

    Returns
    -------
    DataFrame
        Index (caused, causing); columns statistic, df, df_denominator (for F) and pvalue. No correction is made for
        the number of tests.
    """
    import pandas as pd

    if not isinstance(result, System):
        require_fit(result)
    if len(result.names) < 2:
        raise SpecificationError("Granger causality needs at least two variables.")
    pairs = [(left, right) for left in result.names for right in result.names if left != right]
    tests = [result.granger_causality(left, right) for left, right in pairs]
    rows = {
        "statistic": [test.statistic for test in tests],
        "df": [test.df for test in tests],
        "df_denominator": [test.df_denominator for test in tests],
        "pvalue": [test.pvalue for test in tests],
    }
    if tests[0].df_denominator is None:
        del rows["df_denominator"]
    return pd.DataFrame(rows, index=pd.MultiIndex.from_tuples(pairs, names=["caused", "causing"]))
