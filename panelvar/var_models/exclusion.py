"""Wald tests that lags are absent from equations: Granger causality, lag exclusion, joint significance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from panelvar.base.arguments import is_whole
from panelvar.base.arrays import Array
from panelvar.base.errors import NumericalError, SpecificationError
from panelvar.dynamics.lag_problem import LagProblem
from panelvar.identification.scheme import position, variables_of
from panelvar.tables.test_result import TestResult, chi2_test, f_test
from panelvar.var_models.var_convention import VarConvention

Names = tuple[str, ...]


def granger_test(
    problem: LagProblem,
    names: Names,
    convention: VarConvention,
    caused: str | Sequence[str],
    causing: str | Sequence[str],
    covariance: Array | None = None,
) -> TestResult:
    """Test that the lags of ``causing`` are absent from the equations of ``caused``, two disjoint sets."""
    left, right = variables_of(names, "caused", caused), variables_of(names, "causing", causing)
    both = sorted(set(left) & set(right))
    if both:
        raise SpecificationError(f"{both} are both caused and causing; the two sets must be disjoint.")
    null = f"{', '.join(right)} {'does' if len(right) == 1 else 'do'} not Granger-cause {', '.join(left)}"
    return _wald(
        problem, names, convention, "Granger causality", left, right, range(1, problem.lags + 1), null, covariance
    )


def lags_test(
    problem: LagProblem,
    names: Names,
    convention: VarConvention,
    equations: str | Sequence[str] | None,
    variables: str | Sequence[str] | None,
    lags: int | Sequence[int] | None,
    covariance: Array | None = None,
) -> TestResult:
    """Test that some lags of some variables are absent from some equations; None means all."""
    left = list(names) if equations is None else variables_of(names, "equations", equations)
    right = list(names) if variables is None else variables_of(names, "variables", variables)
    chosen = tested_lags(lags, problem.lags)
    spelled = f"lag {chosen[0]}" if len(chosen) == 1 else f"lags {', '.join(map(str, chosen))}"
    null = f"{spelled} of {', '.join(right)} absent from the equations of {', '.join(left)}"
    return _wald(problem, names, convention, "Exclusion of lags", left, right, chosen, null, covariance)


def tested_lags(lags: int | Sequence[int] | None, longest: int) -> list[int]:
    """Lags to be tested, in order; all by default.

    Raises
    ------
    SpecificationError
        No lags, or others than whole numbers from 1 to the longest.
    """
    if lags is None:
        return list(range(1, longest + 1))
    given: list[Any] = [lags] if np.ndim(lags) == 0 else list(np.asarray(lags, dtype=object).ravel())
    whole = all(map(is_whole, given))
    if not given or not whole or not all(1 <= lag <= longest for lag in given):
        raise SpecificationError(f"lags={lags!r}: expected lags between 1 and {longest}.")
    return sorted({int(lag) for lag in given})


def _wald(
    problem: LagProblem,
    names: Names,
    convention: VarConvention,
    title: str,
    equations: list[str],
    variables: list[str],
    lags: Sequence[int],
    null: str,
    covariance: Array | None,
) -> TestResult:
    first, n_vars = problem.n_deterministic, problem.n_vars
    regressors = [first + (lag - 1) * n_vars + position(names, variable) for lag in lags for variable in variables]
    columns = [position(names, equation) for equation in equations]
    if covariance is not None:
        places = [column * problem.n_regressors + row for column in columns for row in regressors]
        gap = problem.params[regressors][:, columns].T.ravel()
        block = covariance[np.ix_(places, places)]
        if np.linalg.matrix_rank(block, hermitian=True) < len(places):
            raise NumericalError("The robust covariance of the tested coefficients is singular: too few rows.")
        wald = float(gap @ np.linalg.solve(block, gap))
        return wald_of_convention(title, wald, len(places), null, convention, problem.df_resid, n_vars)
    factor = problem.scatter_factor
    sigma = factor @ factor.T / (problem.df_resid if convention.coefficient_sigma == "df" else problem.nobs)
    try:
        wald = problem.exclusion_statistic(regressors, columns, sigma)
    except np.linalg.LinAlgError:
        raise NumericalError("The residual covariance is singular: there is no test of these equations.") from None
    count = len(regressors) * len(columns)
    return wald_of_convention(title, wald, count, null, convention, problem.df_resid, n_vars)


def wald_of_convention(
    title: str, wald: float, count: int, null: str, convention: VarConvention, df_resid: int, n_vars: int
) -> TestResult:
    """Give a Wald statistic of ``count`` restrictions the reference distribution of the convention."""
    if convention.exclusion == "chi2":
        return chi2_test(title, wald, count, null)
    return f_test(title, wald / count, count, df_resid * (n_vars if convention.exclusion == "f-system" else 1), null)
