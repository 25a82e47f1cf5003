"""Tests of a system's coefficients: any restrictions of them, and lags absent from equations."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note
from panelvar.core.tables.frame_table import PVALUE, STATISTIC, FrameTable
from panelvar.core.tables.test_result import TestResult
from panelvar.estimates.coefficients.coefficients import Inference
from panelvar.estimates.covariance.covariances import CovarianceEstimate
from panelvar.systems.var.estimated_system import EstimatedSystem
from panelvar.systems.var.exclusion import Exclusion, granger_hypothesis, lags_hypothesis

if TYPE_CHECKING:
    from panelvar.estimates.coefficients.linear_combinations import LinearCombination


@dataclass(frozen=True, eq=False)
class Stacked:
    """Coefficients of all equations.

    Attributes
    ----------
    names : tuple of str
        ``"[equation]regressor"``, equation by equation, such as ``"[gdp]L1.cpi"``.
    coefficients : array (K m,)
    exact : bool
        Whether all residuals are zero.
    notes : tuple of Note
    """

    names: tuple[str, ...]
    coefficients: Array
    exact: bool
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, eq=False)
class StackedInference(Inference):
    """Tests and linear combinations of coefficients of any equations."""

    fit: Stacked
    covariance: CovarianceEstimate


@dataclass(frozen=True, init=False, eq=False, repr=False)
class SystemTests(EstimatedSystem):
    """A system whose equations are regressions on lags, so that their coefficients can be tested."""

    _in_brackets: ClassVar[str] = (
        "An equation is a column of a table, as in params[{key}], std_errors[{key}] and resids[{key}], or an entry, as "
        "in rsquared[{key}]."
    )

    @property
    @abstractmethod
    def _joint_df(self) -> float:
        """Degrees of freedom of the denominator of joint tests; infinite for chi-squared."""

    @property
    @abstractmethod
    def _single_df(self) -> float:
        """Degrees of freedom of the t of one combination of coefficients; infinite for the normal."""

    @abstractmethod
    def _stacked(self, df: float) -> StackedInference:
        """The coefficients of all equations with their covariance, and so many degrees of freedom."""

    @abstractmethod
    def _excluded(self, hypothesis: Exclusion) -> TestResult:
        """Test that lags are absent."""

    @property
    def stacked(self) -> StackedInference:
        """Coefficients of all equations in a row, ``"[equation]regressor"``, with joint limits (``conf_int``)."""
        return self._stacked(self._single_df)

    def wald_test(
        self,
        restrictions: str | Sequence[str] | Array | Mapping[str, float],
        values: Array | Sequence[float] | float | None = None,
    ) -> TestResult:
        """Test linear restrictions on coefficients of any equations.

        Parameters
        ----------
        restrictions : str, sequence of str, mapping or (q, K m) array
            ``"[x]L1.y = [y]L1.x"``, ``["[x]L1.y", "[x]L2.y"]`` (each zero), ``{"[x]L1.x": 1.0}``, or a matrix R of
            R b = q for the coefficients as `cov` has them, equation by equation.
        values : array, optional
            q when a matrix is given.

        Returns
        -------
        TestResult
            F or chi-squared, under the errors of `with_cov`; a convention may say which.

        Examples
        --------
        >>> import panelvar as pv
        >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=2)
        >>> model.wald_test("[unemp]L1.tbilrate + [unemp]L2.tbilrate = 0").in_a_line()
        'F(1, 390) = 10.8161, p = 0.0011'
        """
        return self._stacked(self._joint_df).wald_test(restrictions, values)

    def lincom(self, expression: str, *, level: float = 0.95) -> LinearCombination:
        """Estimate a linear combination of coefficients, such as ``"[x]L1.y + [x]L2.y"``, with error and limits.

        Parameters
        ----------
        expression : str
            In names of an equation and its regressor: ``"[x]L1.y + [x]L2.y"``.
        level : float
            Confidence level, at least 0.5.

        Returns
        -------
        LinearCombination
            Estimate, error, limits and p-value.

        Examples
        --------
        >>> import panelvar as pv
        >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=2)
        >>> combination = model.lincom("[unemp]L1.tbilrate + [unemp]L2.tbilrate")
        >>> round(combination.estimate, 4), round(combination.std_error, 4)
        (0.0216, 0.0066)
        """
        return self._stacked(self._single_df).lincom(expression, level=level)

    def granger_causality(self, caused: str | Sequence[str], causing: str | Sequence[str]) -> TestResult:
        """Test that the lags of some variables do not help to predict others (Luetkepohl 2005, section 3.6).

        Parameters
        ----------
        caused, causing : str or sequence of str
            Disjoint sets of variables.

        Returns
        -------
        TestResult
            F or chi-squared, as `wald_test` has it.

        See Also
        --------
        granger_table : all pairs of variables.
        granger_bootstrap_test : p-values that hold under heteroskedasticity.
        toda_yamamoto_test : levels that may have unit roots.

        Notes
        -----
        The Wald statistic has its usual limit only if the lags tested are stationary or cointegrated suitably (Toda and
        Phillips 1993). With integrated variables fit one lag more than needed and leave it out of the test
        (`toda_yamamoto_test`): ``result.exclusion_test(equations=..., variables=..., lags=range(1, p))``.

        Examples
        --------
        >>> import panelvar as pv
        >>> model = pv.fit_var(pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]], lags=2)
        >>> model.granger_causality("unemp", ["infl", "tbilrate"]).in_a_line()
        'F(4, 579) = 3.7670, p = 0.0049'
        """
        return self._excluded(granger_hypothesis(self.names, self.lags, caused, causing))

    def exclusion_test(
        self,
        *,
        equations: str | Sequence[str] | None = None,
        variables: str | Sequence[str] | None = None,
        lags: int | Sequence[int] | None = None,
    ) -> TestResult:
        """Wald test that lagged variables are absent from equations.

        Parameters
        ----------
        equations, variables : str or sequence of str, optional
            All by default. ``equations="x"`` alone is the joint test of every lag in the equation of x;
            ``variables="x"`` alone, of every lag of x in the whole system.
        lags : int or sequence of int, optional
            Lags tested; all by default. ``lags=p`` alone tests whether the last lag can go.

        Returns
        -------
        TestResult
            F or chi-squared, as `wald_test` has it.

        Examples
        --------
        >>> import panelvar as pv
        >>> model = pv.fit_var(pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]], lags=3)
        >>> model.exclusion_test(lags=3).in_a_line()
        'F(9, 567) = 3.5815, p = 0.0002'
        """
        return self._excluded(lags_hypothesis(self.names, self.lags, equations, variables, lags))

    def lag_exclusion_tests(self) -> FrameTable:
        """Wald tests that a lag can go, in each equation and in all of them.

        Returns
        -------
        FrameTable
            A row for each lag; columns (equation or "joint", "statistic" and "pvalue"), as `exclusion_test` reports
            them.
        """
        import pandas as pd

        columns = pd.MultiIndex.from_product(
            [(*self.names, "joint"), ("statistic", "pvalue")], names=["equation", None]
        )
        rows = []
        for lag in range(1, self.lags + 1):
            tests = [self.exclusion_test(equations=name, lags=lag) for name in self.names]
            tests.append(self.exclusion_test(lags=lag))
            rows.append([value for test in tests for value in (test.statistic, test.pvalue)])
        frame = pd.DataFrame(rows, index=pd.RangeIndex(1, self.lags + 1, name="lag"), columns=columns)
        formats = {"statistic": STATISTIC.called("F" if np.isfinite(self._joint_df) else "chi2"), "pvalue": PVALUE}
        null = "Null hypothesis: this lag of every variable is absent from the equation (joint: from every equation)."
        return FrameTable(frame, formats, "Exclusion of lags", notes=(null,))
