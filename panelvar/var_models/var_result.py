"""The result of `fit_var`, and tests of coefficients: any restrictions of them, and lags absent from equations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from panelvar.base.arrays import Array
from panelvar.base.errors import Note, NumericalError, SpecificationError, emit
from panelvar.covariance.covariances import HC, Classical, Covariance, CovarianceEstimate, ScoredCovariance
from panelvar.dynamics.lag_problem import kronecker_wald
from panelvar.kernels.quadratic_form import quadratic_form
from panelvar.static_panels.inference import Inference
from panelvar.tables.known_sizes import size_notes
from panelvar.tables.test_result import TestResult
from panelvar.var_models.exclusion import Exclusion, granger_hypothesis, lags_hypothesis
from panelvar.var_models.fitted_system import FittedSystem
from panelvar.var_models.scored_system import equation_labels

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.static_panels.inference import LinearCombination


_SINGULAR = "The residual covariance is singular: there is no test of these equations."


@dataclass(frozen=True, eq=False)
class Stacked:
    """Coefficients of all equations.

    Attributes
    ----------
    names : tuple of str
        ``"[equation]regressor"``, equation by equation, such as ``"[gdp]L1.cpi"``.
    coefficients : array (K m,)
    rss : float
        Residual sum of squares of all equations.
    notes : tuple of Note
    """

    names: tuple[str, ...]
    coefficients: Array
    rss: float
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, eq=False)
class StackedInference(Inference):
    """Tests and linear combinations of coefficients of any equations."""

    fit: Stacked
    covariance: CovarianceEstimate


@dataclass(frozen=True, init=False, eq=False, repr=False)
class CoefficientTests(FittedSystem):
    """A fitted system whose equations are regressions on lags, so that their coefficients can be tested."""

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
            F or chi-squared, as the convention says, under the errors of `with_cov`.
        """
        systems = {"chi2": np.inf, "f-system": self.n_vars * float(self.df_resid)}
        df = systems.get(self.convention.exclusion, float(self.df_resid))
        return self._stacked(df).wald_test(restrictions, values)

    def lincom(self, expression: str, *, level: float = 0.95) -> LinearCombination:
        """Estimate a linear combination of coefficients, such as ``"[x]L1.y + [x]L2.y"``, with error and limits.

        Parameters
        ----------
        expression : str
            In names ``"[equation]regressor"``.
        level : float
            Confidence level, at least 0.5.
        """
        df = np.inf if self.distribution == "normal" else float(self.df_resid)
        return self._stacked(df).lincom(expression, level=level)

    def _stacked(self, df: float) -> StackedInference:
        if self.problem.dependent_columns:
            raise NumericalError(_SINGULAR)
        names = equation_labels(self.names, self.regressor_names)
        rss = float(np.square(self.problem.scatter_factor).sum())
        fit = Stacked(names, self.problem.params.T.ravel(), rss)
        return StackedInference(fit, CovarianceEstimate(self.cov.to_numpy(), self.cov_kind, df))

    def granger_causality(self, caused: str | Sequence[str], causing: str | Sequence[str]) -> TestResult:
        """Test that the lags of some variables do not help to predict others (Luetkepohl 2005, section 3.6.1).

        Parameters
        ----------
        caused, causing : str or sequence of str
            Disjoint sets of variables.

        Returns
        -------
        TestResult
            F or chi-squared, as the convention says.

        Notes
        -----
        The Wald statistic has its usual limit only if the lags tested are stationary or cointegrated suitably (Toda and
        Phillips 1993). With integrated variables fit one lag more than needed and leave it out of the test
        (`toda_yamamoto_test`): ``result.exclusion_test(equations=..., variables=..., lags=range(1, p))``.
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
            F or chi-squared, as the convention says.
        """
        return self._excluded(lags_hypothesis(self.names, self.lags, equations, variables, lags))

    def _excluded(self, hypothesis: Exclusion) -> TestResult:
        problem, covariance = self.problem, self.robust_covariance
        rows, columns = hypothesis.regressors(self.names, problem.n_deterministic), hypothesis.columns(self.names)
        if covariance is None:
            sigma = self._error_sigma[columns][:, columns]
            try:
                wald = kronecker_wald(problem.params[rows][:, columns], problem.inverse_factor[rows], sigma)
            except np.linalg.LinAlgError:
                raise NumericalError(_SINGULAR) from None
            return hypothesis.result(wald, len(rows) * len(columns), problem, self.convention)
        places = [column * self.n_regressors + row for column in columns for row in rows]
        if self._free is not None:
            free = self._free.T.ravel()
            places = [place for place in places if free[place]]
            if not places:
                raise SpecificationError(
                    f"All of these coefficients are restricted to zero already: {hypothesis.null}."
                )
        block, gap = covariance[np.ix_(places, places)], problem.params.T.ravel()[places]
        form = quadratic_form(gap, block)
        if form.rank < len(places):
            raise NumericalError("The covariance of the tested coefficients is singular: too few rows.")
        test = hypothesis.result(float(form.statistic), len(places), problem, self.convention)
        return replace(test, notes=(*test.notes, *size_notes(f"exclusion, {self.cov_kind}", self.nobs)))

    def lag_exclusion_tests(self) -> pd.DataFrame:
        """Wald tests that a lag can go, in each equation and in all of them.

        Returns
        -------
        DataFrame
            A row a lag; columns (equation or "joint", "statistic" and "pvalue"), as `exclusion_test` reports them.
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
        return pd.DataFrame(rows, index=pd.RangeIndex(1, self.lags + 1, name="lag"), columns=columns)


@dataclass(frozen=True, init=False, eq=False, repr=False)
class VarResult(CoefficientTests):
    r"""A vector autoregression estimated by least squares: a `FittedSystem` with tests of its coefficients.

    Made by `panelvar.fit_var`. All of `System` is here too (``roots``, ``moduli``, ``is_stable``, ``equations()``,
    ``mean()``, ``long_run_effects()``).

    Parameters
    ----------
    problem : LagProblem
        The least-squares problem; its attributes are the arrays behind the labelled ones.
    data : VarData
    periods : array of int (n,)
        Calendar periods explained.
    terms : Terms
    convention : VarConvention
    notes : tuple of Note
        Rows dropped, and whatever else a reader should know.
    specification : Classical or ScoredCovariance
        Errors of the coefficients: see `with_cov`.

    Attributes
    ----------
    sigma : array (K, K)
        Residual covariance of the convention: behind responses, decompositions and forecast intervals.
    """

    def with_cov(self, cov: str | Covariance) -> VarResult:
        """Return the same estimates with other errors of the coefficients, and of tests of them.

        Parameters
        ----------
        cov : str, Classical, HC, Clustered or another covariance of scores
            ``"classical"``, ``"robust"`` (HC1), ``"HC0"`` to ``"HC5"``, or an object such as ``HC("HC3")``:
            homoskedastic errors, or heteroskedasticity-consistent ones, jointly over the equations.
            ``Clustered(values)`` lets errors be correlated within groups of periods, given by a Series matched by
            labels or a value for each row of the data. A covariance of one's own derives from
            `panelvar.covariance.covariances.ScoredCovariance`. Sigma, responses and their bands stay as they are: see
            `MovingBlockBootstrap` for bands under heteroskedasticity.

        Raises
        ------
        SpecificationError
            Another covariance, or clusters by a name other than ``"time"``.
        DataError
            Groups that are missing, or as many as the data do not have.
        """
        from panelvar.covariance.named import specification_of

        found = specification_of(cov) or HC("HC1")
        if not isinstance(found, (Classical, ScoredCovariance)) or found.over_time:
            raise SpecificationError(
                f"cov={cov!r}: a vector autoregression takes 'classical', 'HC0' to 'HC5' and Clustered(...). Errors "
                "robust to correlation over time are not offered: add lags."
            )
        changed = VarResult(self.problem, self.data, self.periods, self.terms, self.convention, self.notes, found)
        # Made now, so that what cannot be is refused here and what misleads is warned about here.
        if changed._robust is not None:
            emit(changed._robust.notes)
        return changed
