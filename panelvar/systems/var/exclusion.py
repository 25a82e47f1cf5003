"""Hypotheses that lags are absent from equations: which coefficients they concern, and how their tests end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from panelvar.core.base.arguments import is_whole
from panelvar.core.base.errors import SpecificationError
from panelvar.core.base.quoting import shown
from panelvar.core.tables.test_result import TestResult, chi2_test, f_test
from panelvar.kernels.dynamics.lag_problem import LagProblem
from panelvar.systems.identification.scheme import position, variables_of
from panelvar.systems.var.var_convention import VarConvention

Names = tuple[str, ...]


class Exclusion(NamedTuple):
    """The hypothesis that lags of variables are absent from equations.

    Attributes
    ----------
    name : str
        Name of the test.
    equations, variables : list of str
    lags : list of int
    null : str
        The hypothesis in words.
    """

    name: str
    equations: list[str]
    variables: list[str]
    lags: list[int]
    null: str

    def regressors(self, names: Names, first: int) -> list[int]:
        """Places among an equation's regressors, whose lags begin at ``first``."""
        return [
            first + (lag - 1) * len(names) + position(names, variable)
            for lag in self.lags
            for variable in self.variables
        ]

    def columns(self, names: Names) -> list[int]:
        """Places of the equations."""
        return [position(names, equation) for equation in self.equations]

    def result(self, wald: float, count: int, problem: LagProblem, convention: VarConvention) -> TestResult:
        """Give a Wald statistic of ``count`` coefficients the reference distribution of the convention."""
        if convention.exclusion == "chi2":
            return chi2_test(self.name, wald, count, self.null)
        rows = problem.df_resid * (problem.n_vars if convention.exclusion == "f-system" else 1)
        return f_test(self.name, wald / count, count, rows, self.null)


def granger_hypothesis(
    names: Names, lags: int, caused: str | Sequence[str], causing: str | Sequence[str], name: str = "Granger causality"
) -> Exclusion:
    """That the first lags of ``causing`` are absent from the equations of ``caused``, two disjoint sets."""
    left, right = variables_of(names, "caused", caused), variables_of(names, "causing", causing)
    both = sorted(set(left) & set(right))
    if both:
        raise SpecificationError(f"{both} are both caused and causing; the two sets must be disjoint.")
    if lags == 0:
        raise SpecificationError("A model without lags has no Granger causality to test. Fit one lag or more.")
    null = f"{', '.join(right)} {'does' if len(right) == 1 else 'do'} not Granger-cause {', '.join(left)}"
    return Exclusion(name, left, right, list(range(1, lags + 1)), null)


def lags_hypothesis(
    names: Names,
    longest: int,
    equations: str | Sequence[str] | None,
    variables: str | Sequence[str] | None,
    lags: int | Sequence[int] | None,
    what: str = "lag",
    expected: str | None = None,
) -> Exclusion:
    """That some lags of some variables are absent from some equations; None means all.

    Raises
    ------
    SpecificationError
        A name is unknown, or a lag is not a whole number from 1 to the longest (``expected`` says so).
    """
    if longest == 0:
        raise SpecificationError("A model without lags has no lags to exclude. Fit one lag or more.")
    left = list(names) if equations is None else variables_of(names, "equations", equations)
    right = list(names) if variables is None else variables_of(names, "variables", variables)
    given: list[Any] = list(range(1, longest + 1)) if lags is None else list(np.asarray(lags, dtype=object).ravel())
    if not given or not all(map(is_whole, given)) or not all(1 <= lag <= longest for lag in given):
        raise SpecificationError(f"lags={shown(lags)}: {expected or f'expected lags between 1 and {longest}'}.")
    chosen = sorted({int(lag) for lag in given})
    spelled = f"{what} {chosen[0]}" if len(chosen) == 1 else f"{what}s {', '.join(map(str, chosen))}"
    null = f"{spelled} of {', '.join(right)} absent from the equations of {', '.join(left)}"
    return Exclusion("Exclusion of lags", left, right, chosen, null)
