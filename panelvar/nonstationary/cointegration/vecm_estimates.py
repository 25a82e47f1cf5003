"""Estimates of a vector error-correction model: relations, reactions, and the equations of the differences."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arrays import Array
from panelvar.core.base.distributions import two_sided
from panelvar.core.base.errors import Note
from panelvar.data.panel.series import VarData
from panelvar.estimates.covariance.covariances import CovarianceEstimate
from panelvar.kernels.dynamics.terms import Terms
from panelvar.nonstationary.cointegration.relations import Relations
from panelvar.nonstationary.cointegration.vecm_problem import VecmProblem
from panelvar.systems.var.fitted_system import FittedSystem
from panelvar.systems.var.scored_system import equation_labels
from panelvar.systems.var.system_tests import Stacked, StackedInference
from panelvar.systems.var.var_convention import VarConvention

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, init=False, eq=False, repr=False)
class VecmEstimates(FittedSystem):
    """What is estimated of a vector error-correction model: the relations, and the equations of the differences.

    What `VecmResult` adds are the effects of shocks and tests; its documentation lists the parameters.
    """

    problem: VecmProblem
    case: str
    relation_names: tuple[str, ...]
    normalised_on: tuple[str, ...] | None

    def __init__(
        self,
        problem: VecmProblem,
        data: VarData,
        periods: npt.NDArray[np.intp],
        terms: Terms,
        convention: VarConvention,
        notes: tuple[Note, ...],
        case: str,
        relation_names: tuple[str, ...],
        normalised_on: tuple[str, ...] | None,
    ) -> None:
        super().__init__(problem, data, periods, terms, convention, notes)
        self._set(case=case, relation_names=relation_names, normalised_on=normalised_on)

    @property
    def rank(self) -> int:
        """Number of relations, r."""
        return self.problem.rank

    @property
    def unit_roots(self) -> int:
        """Roots that are one by construction, K - r."""
        return self.n_vars - self.rank

    # The relations

    @cached_property
    def _cointegration(self) -> Relations:
        return Relations(self.problem, self._error_sigma, self.names, self.normalised_on)

    @property
    def _counts_average(self) -> bool:
        return self.convention.relations == "average"

    @property
    def _error_divisor(self) -> int:
        if self._counts_average and self.convention.coefficient_sigma == "df":
            return self.nobs - self.problem.n_free // self.n_vars
        return super()._error_divisor

    @property
    def _coefficient_df(self) -> float | Array:
        found = super()._coefficient_df
        return float(self._error_divisor) if self._counts_average and np.isfinite(found).all() else found

    @property
    def _error_sigma(self) -> Array:
        return self.sigma_ml * (self.nobs / self._error_divisor)

    @property
    def _criterion_parameters(self) -> int:
        if self._counts_average:
            return self.n_vars * (self.problem.n_short + self.n_vars)
        return super()._criterion_parameters

    def _of_relations(self, values: Array) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame(values, index=list(self.relation_names), columns=self._cointegration.labels)

    @cached_property
    def beta(self) -> pd.DataFrame:
        """Coefficients of the relations, a column each."""
        return self._of_relations(self._cointegration.beta)

    @cached_property
    def beta_std_errors(self) -> pd.DataFrame:
        r"""Standard errors of `beta`, zero where it is normalised (Luetkepohl 2005, 7.2.21).

        :math:`\mathrm{Var}\,\mathrm{vec}(\hat\beta_f') = (R_f'R_f)^{-1} \otimes (\alpha'\Sigma^{-1}\alpha)^{-1}` for
        the free rows f, with :math:`R_f` those variables less their regression on the other terms. Ratios are normal,
        given the normalisation: a variable that a relation is normalised on must be part of it.
        """
        return self._of_relations(self._cointegration.beta_errors)

    @cached_property
    def beta_tstats(self) -> pd.DataFrame:
        """Coefficients of the relations over their errors, missing where normalised."""
        beta, errors = self._cointegration.beta, self._cointegration.beta_errors
        with np.errstate(divide="ignore", invalid="ignore"):
            return self._of_relations(np.where(errors > 0.0, beta / errors, np.nan))

    @cached_property
    def beta_pvalues(self) -> pd.DataFrame:
        """Two-sided normal tail probabilities of `beta_tstats`, missing where normalised."""
        return self._of_relations(two_sided(self.beta_tstats.to_numpy(), np.inf))

    @cached_property
    def relations(self) -> pd.DataFrame:
        r"""Values of the relations, :math:`\beta'z_t`, in every period of the data; missing where a variable is.

        An equation of period t reacts to the value of period t - 1.
        """
        import pandas as pd

        periods = self.data.observed_periods()
        levels = self.data.values[periods]
        if self.case == "rc":
            levels = np.column_stack([levels, np.ones(len(levels))])
        elif self.case == "rt":
            levels = np.column_stack([levels, periods + 1.0])
        return pd.DataFrame(
            levels @ self._cointegration.beta, index=self.data.labels(periods), columns=self._cointegration.labels
        )

    # The equations of the differences

    @cached_property
    def short_run_names(self) -> tuple[str, ...]:
        """Rows of `short_run`: "ec1", ..., the terms in the equations, then "L(D(x))", ..., "L(D(y), p - 1)"."""
        beside = [label for place, label in enumerate(self.terms.labels) if place not in self.problem.confined]
        differences = [
            f"L(D({name}))" if lag == 1 else f"L(D({name}), {lag})"
            for lag in range(1, self.lags)
            for name in self.names
        ]
        return (*self._cointegration.labels, *beside, *differences)

    def _of_short_run(self, values: Array) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame(values, index=list(self.short_run_names), columns=self._axes[1])

    @cached_property
    def short_run(self) -> pd.DataFrame:
        """Coefficients of the equations of the differences, a column for each, the relations being regressors."""
        return self._of_short_run(self._cointegration.conditional[0])

    @cached_property
    def short_run_std_errors(self) -> pd.DataFrame:
        """Standard errors of `short_run`, the relations taken as known."""
        return self._of_short_run(self._cointegration.conditional_errors(self._error_sigma))

    @cached_property
    def short_run_tstats(self) -> pd.DataFrame:
        """`short_run` over its errors."""
        return self.short_run / self.short_run_std_errors

    @cached_property
    def short_run_pvalues(self) -> pd.DataFrame:
        """Two-sided tail probabilities of `short_run_tstats`, from the distribution of the convention."""
        return self._of_short_run(two_sided(self.short_run_tstats.to_numpy(), self._coefficient_df))

    @property
    def stacked(self) -> StackedInference:
        """`short_run` in a row, ``"[equation]ec1"``, the relations taken as known, with joint limits and tests."""
        params, spread = self._cointegration.conditional
        names = equation_labels(self.names, self.short_run_names)
        fit = Stacked(names, params.T.ravel(), bool(self._error_sigma.trace() == 0.0))
        covariance = np.kron(self._error_sigma, spread @ spread.T).astype(np.float64, copy=False)
        df = float(np.min(self._coefficient_df))
        return StackedInference(fit, CovarianceEstimate(covariance, "classical", df))

    @cached_property
    def alpha(self) -> pd.DataFrame:
        """Reactions of the variables (rows) to the relations (columns)."""
        return self.short_run.loc[self._cointegration.labels].T

    @cached_property
    def alpha_std_errors(self) -> pd.DataFrame:
        """Standard errors of `alpha`."""
        return self.short_run_std_errors.loc[self._cointegration.labels].T

    @property
    def gamma(self) -> Array:
        """Matrices of the lagged differences, (p - 1, K, K)."""
        stacked = self._cointegration.conditional[0][self._cointegration.first_difference :]
        return stacked.reshape(self.lags - 1, self.n_vars, self.n_vars).swapaxes(1, 2)

    @cached_property
    def pi(self) -> pd.DataFrame:
        r"""Long-run matrix :math:`\alpha\beta'`, equations by the variables of the relations."""
        return self._of_variables(self._cointegration.alpha @ self._cointegration.beta.T, self.relation_names)

    # Fit of the differences

    @property
    def _mean_removed(self) -> bool:
        return self.terms.has_constant and self.case != "rc"

    @cached_property
    def _squares(self) -> tuple[Array, Array]:
        """Residual and total sums of squares of the differences; about the mean if an equation has a constant."""
        scatter = self.problem.scatter_factor
        changes = self.problem.difference_rows[:, self.problem.n_regressors :]
        changes = changes - changes.mean(axis=0) if self._mean_removed else changes
        return np.einsum("ij,ij->i", scatter, scatter), np.einsum("ij,ij->j", changes, changes)
