"""The result of `fit_var`, and tests of coefficients of systems fitted to one entity's data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from panelvar.core.base.errors import NumericalError, SpecificationError, emit
from panelvar.core.tables.test_result import TestResult
from panelvar.estimates.coefficients.result_column import ResultColumn
from panelvar.estimates.covariance.covariances import HC, Classical, Covariance, CovarianceEstimate, ScoredCovariance
from panelvar.estimates.sizes.known_sizes import size_notes
from panelvar.kernels.dynamics.lag_problem import kronecker_wald
from panelvar.kernels.linear.quadratic_form import quadratic_form
from panelvar.systems.var.exclusion import Exclusion
from panelvar.systems.var.fitted_system import FittedSystem
from panelvar.systems.var.scored_system import equation_labels
from panelvar.systems.var.system_tests import Stacked, StackedInference, SystemTests

if TYPE_CHECKING:
    import pandas as pd

# What the foot of a table of results shows of an equation, and the Series that holds it.
_OF_EQUATIONS = {
    "rsquared": "rsquared",
    "rsquared_adjusted": "rsquared_adjusted",
    "rmse": "rmse",
    "loglik": "loglik_by_equation",
}
_SINGULAR = "The residual covariance is singular, so there is no test of these equations."


@dataclass(frozen=True, init=False, eq=False, repr=False)
class CoefficientTests(SystemTests, FittedSystem):
    """A fitted system whose equations are regressions on lags, so that their coefficients can be tested."""

    @property
    def _joint_df(self) -> float:
        systems = {"chi2": np.inf, "f-system": self.n_vars * float(self.df_resid)}
        return systems.get(self.convention.exclusion, float(self.df_resid))

    @property
    def _single_df(self) -> float:
        return np.inf if self.distribution == "normal" else float(self.df_resid)

    def _stacked(self, df: float) -> StackedInference:
        if self.problem.dependent_columns:
            raise NumericalError(_SINGULAR)
        names = equation_labels(self.names, self.regressor_names)
        fit = Stacked(names, self.problem.params.T.ravel(), not self.problem.scatter_factor.any())
        return StackedInference(fit, CovarianceEstimate(self.cov.to_numpy(), self.cov_kind, df))

    def _table_columns(self) -> list[ResultColumn]:
        """Give a column of a table of results for each equation; coefficients set to zero are left out."""
        limits = self.conf_int
        columns = []
        for place, name in enumerate(self.names):

            def conf_int(*, level: float, name: str = name) -> pd.DataFrame:
                found = limits(level=level)
                return found[found.index.get_level_values(0) == name].droplevel(0)

            params = self.params[name]
            columns.append(
                ResultColumn(
                    self,
                    name,
                    f"{'' if self._free is None else 'restricted '}VAR({self.lags})",
                    params if self._free is None else params[self._free[:, place]],
                    self.std_errors[name],
                    self.tstats[name],
                    self.pvalues[name],
                    conf_int,
                    self.distribution,
                    self.cov_kind,
                    self.convention.name,
                    self.notes,
                    partial(self._statistic, name),
                    equation=name,
                )
            )
        return columns

    def _statistic(self, equation: str, name: str) -> Any:
        """Give what stands in the foot of an equation's column."""
        if name == "rsquared_label":
            return "R2"
        if name in ("nobs", "df_resid"):
            return getattr(self, name)
        attribute = _OF_EQUATIONS.get(name)
        return None if attribute is None else float(getattr(self, attribute)[equation])

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
            raise NumericalError(
                "The covariance of the tested coefficients is singular, because there are too few rows."
            )
        test = hypothesis.result(float(form.statistic), len(places), problem, self.convention)
        return replace(test, notes=(*test.notes, *size_notes(f"exclusion, {self.cov_kind}", self.nobs)))


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

    See Also
    --------
    fit_var : makes it.
    FittedSystem : what it shares with restricted and error-correction models.
    PanelVarResult : the result for panels.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]], lags=2)
    >>> model.moduli.round(3)[:3].tolist()
    [0.955, 0.829, 0.829]
    >>> model.granger_causality("unemp", "tbilrate").in_a_line()
    'F(2, 579) = 1.6778, p = 0.1877'
    >>> model.impulse_responses(8).response("unemp", "tbilrate").round(3).iloc[-1].tolist()
    [0.114]

    The responses of each variable to each shock, with bands of 95%:

    >>> figure = model.impulse_responses(12, bands=pv.DeltaMethod()).plot()
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
            `panelvar.estimates.covariance.covariances.ScoredCovariance`. Sigma, responses and their bands stay as they
            are: see `MovingBlockBootstrap` for bands under heteroskedasticity.

        Returns
        -------
        VarResult
            The same estimates.

        Raises
        ------
        SpecificationError
            The covariance is another one, or clusters have a name other than ``"time"``.
        DataError
            Groups are missing, or are not as many as the data have rows.

        Examples
        --------
        >>> import panelvar as pv
        >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=2)
        >>> model.granger_causality("unemp", "tbilrate").in_a_line()
        'F(2, 390) = 5.9573, p = 0.0028'
        >>> model.with_cov("HC1").granger_causality("unemp", "tbilrate").in_a_line()
        'F(2, 390) = 3.3003, p = 0.0379'
        """
        from panelvar.estimates.covariance.named import specification_of

        found = specification_of(cov) or HC("HC1")
        if not isinstance(found, (Classical, ScoredCovariance)) or found.over_time:
            raise SpecificationError(
                f"cov={cov!r}: a vector autoregression takes 'classical', 'HC0' to 'HC5' and Clustered(...). Errors "
                "robust to correlation over time are not offered. Add lags instead."
            )
        changed = VarResult(self.problem, self.data, self.periods, self.terms, self.convention, self.notes, found)
        # Computed now, so that an impossible covariance is refused here and a misleading one warns here.
        if changed._robust is not None:
            emit(changed._robust.notes)
        return changed
