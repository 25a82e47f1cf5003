"""Estimates of a vector autoregression: coefficients and their errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import read_levels
from panelvar.core.base.arrays import Array
from panelvar.core.base.distributions import quantiles, two_sided
from panelvar.core.base.errors import Note, NumericalError
from panelvar.data.panel.series import VarData
from panelvar.estimates.bands.limits import normal_limits
from panelvar.estimates.bands.target import limit_columns, nested
from panelvar.estimates.covariance.covariances import HC, Classical, CovarianceEstimate, ScoredCovariance
from panelvar.estimates.covariance.influenced import Influenced
from panelvar.estimates.fit.conventions import Convention
from panelvar.kernels.dynamics.lag_problem import LagProblem, coefficient_errors
from panelvar.kernels.dynamics.reduced_form import ReducedForm
from panelvar.kernels.dynamics.terms import Terms, stacked_labels
from panelvar.systems.identification.scheme import Estimates
from panelvar.systems.responses.shocks import positive_factor
from panelvar.systems.var.banded_system import BandedSystem
from panelvar.systems.var.scored_system import equation_labels, scored_system
from panelvar.systems.var.var_convention import VarConvention

if TYPE_CHECKING:
    import pandas as pd

CLASSICAL = Classical()
RULES = Convention("default")
"""Factors of robust errors: one factor n / (n - m), of each equation alike."""


@dataclass(frozen=True, init=False, eq=False, repr=False)
class VarEstimates(BandedSystem):
    """Estimates of a vector autoregression: coefficients with errors.

    What `FittedSystem` adds are forecasts and responses; its documentation lists the parameters.
    """

    sigma: Array
    problem: LagProblem
    data: VarData
    periods: npt.NDArray[np.intp]
    convention: VarConvention
    notes: tuple[Note, ...]
    specification: Classical | ScoredCovariance

    def __init__(
        self,
        problem: LagProblem,
        data: VarData,
        periods: npt.NDArray[np.intp],
        terms: Terms,
        convention: VarConvention,
        notes: tuple[Note, ...] = (),
        specification: Classical | ScoredCovariance = CLASSICAL,
    ) -> None:
        self._set(
            coefficients=problem.coefficients,
            names=data.names,
            terms=terms,
            deterministics=problem.params[: problem.n_deterministic],
            sigma=self._covariance(problem, convention.sigma),
            problem=problem,
            data=data,
            periods=periods,
            convention=convention,
            notes=notes,
            specification=specification,
        )

    def _in_short(self) -> str:
        return f"{super()._in_short()}; n = {self.nobs}"

    def _no_intercept(self) -> Array:
        return np.zeros(self.n_vars)

    @staticmethod
    def _covariance(problem: LagProblem, kind: str) -> Array:
        covariance = problem.residual_covariance(kind)
        covariance.setflags(write=False)
        return covariance

    def _estimates(self, factor: Array) -> Estimates:
        data, periods = self.data, self.periods
        rows = periods if data.places is None else np.searchsorted(data.places, periods)
        count = data.values.shape[0] if data.places is None else data.places.size
        form = ReducedForm(self.coefficients, factor)
        return Estimates(
            form, self.nobs, self.problem.residuals, rows, count, lambda: data.labels(periods), self.unit_roots
        )

    # Counts

    @property
    def nobs(self) -> int:
        """Rows explained, n; the first p periods serve as lags only."""
        return self.problem.nobs

    @property
    def n_regressors(self) -> int:
        """Coefficients in each equation, m."""
        return self.problem.n_regressors

    @property
    def df_resid(self) -> int:
        """Residual degrees of freedom of each equation, n - m."""
        return self.problem.df_resid

    @property
    def df_model(self) -> int:
        """Coefficients in each equation, deterministic terms included."""
        return self.problem.n_regressors

    @property
    def distribution(self) -> str:
        """Reference distribution of `tstats`: "t" with `df_resid` degrees of freedom, or "normal"."""
        return self.convention.distribution

    # Estimates

    @cached_property
    def robust_covariance(self) -> Array | None:
        """Covariance of all coefficients, equation by equation, (K m, K m); None if it is classical.

        That of `specification`; of restricted coefficients, zero where they are; in an error-correction model that of
        the levels, the relations taken as known.
        """
        if self.problem.restriction:
            # With a rank of zero and nothing beside the relations there is no direction.
            flat = self._directions.swapaxes(1, 2).reshape(len(self._directions), self.n_regressors * self.n_vars)
            return flat.T @ flat
        return None if self._robust is None else self._robust.matrix

    @cached_property
    def _robust(self) -> CovarianceEstimate | None:
        return None if isinstance(self.specification, Classical) else self.specification(self.scored, RULES)

    @property
    def cov_kind(self) -> str:
        """The errors of the coefficients: "classical", the kind of HC, or how they are clustered."""
        if isinstance(self.specification, HC):
            return self.specification.kind
        return "classical" if self._robust is None else self._robust.label

    @cached_property
    def scored(self) -> Influenced:
        """All equations as one model that covariances read."""
        return scored_system(self.problem, equation_labels(self.names, self.regressor_names), self.data, self.periods)

    @property
    def _error_divisor(self) -> int:
        """What the residual covariance behind the errors is divided by."""
        return self.df_resid if self.convention.coefficient_sigma == "df" else self.nobs

    @property
    def _error_sigma(self) -> Array:
        """Residual covariance behind the errors of the coefficients."""
        return self._covariance(self.problem, self.convention.coefficient_sigma)

    @cached_property
    def _directions(self) -> Array:
        """Directions (D, m, K) whose squares add up to the variances of the coefficients."""
        return self.problem.directions(positive_factor(self._error_sigma))

    @cached_property
    def _errors(self) -> Array:
        robust = self.robust_covariance
        if robust is not None:
            return np.sqrt(robust.diagonal()).reshape(self.n_vars, -1).T
        return coefficient_errors(self.problem.inverse_factor, self.problem.scatter_factor, self._error_divisor)

    @cached_property
    def std_errors(self) -> pd.DataFrame:
        """Standard errors, arranged like `params`: square roots of the diagonal of `cov`."""
        return self._by_equation(self._errors)

    @cached_property
    def _ratios(self) -> Array:
        if not self._errors.all():
            raise NumericalError(
                "An equation fits exactly, or its coefficients are known (those of levels in a model of rank 0). Its "
                "standard errors are zero, and its t statistics do not exist."
            )
        return self.problem.params / self._errors

    @cached_property
    def tstats(self) -> pd.DataFrame:
        """Coefficients over their standard errors."""
        return self._by_equation(self._ratios)

    @cached_property
    def pvalues(self) -> pd.DataFrame:
        """Two-sided tail probabilities of `tstats`, from the distribution of the convention."""
        return self._by_equation(two_sided(self._ratios, self._coefficient_df), copy=False)

    @property
    def _coefficient_df(self) -> float | Array:
        """Degrees of freedom of `tstats`, of all equations alike or one by one; infinite for the normal."""
        if self.distribution == "normal":
            return np.inf
        degrees = self.problem.degrees
        return float(degrees) if isinstance(degrees, int) else np.asarray(degrees, dtype=np.float64)

    def conf_int(self, *, level: float | Sequence[float] = 0.95) -> pd.DataFrame:
        """Confidence intervals of the coefficients.

        Parameters
        ----------
        level : float or sequence of float
            Confidence level, at least 0.5; or several, such as ``(0.68, 0.95)``.

        Returns
        -------
        DataFrame
            Rows (equation, regressor), columns lower and upper at the highest level; lower_68, upper_68 at another.
        """
        import pandas as pd

        def limits_at(each: float) -> tuple[Array, Array]:
            critical = None if self.distribution == "normal" else quantiles(each, np.asarray(self._coefficient_df))
            return normal_limits(self.problem.params, self._errors, each, critical)

        columns = limit_columns(nested(read_levels(level), limits_at))
        index = stacked_labels(self.names, self.regressor_names)
        return pd.DataFrame({name: values.T.ravel() for name, values in columns.items()}, index=index)

    @cached_property
    def cov(self) -> pd.DataFrame:
        """Covariance of all coefficients, sigma kron (X'X)^-1 or robust; labels (equation, regressor)."""
        import pandas as pd

        values = self.robust_covariance
        if values is None:
            moments = self.problem.inverse_factor @ self.problem.inverse_factor.T
            values = np.kron(self._error_sigma, moments).astype(np.float64, copy=False)
        index = stacked_labels(self.names, self.regressor_names)
        return pd.DataFrame(values, index=index, columns=index)

    @property
    def sigma_df(self) -> Array:
        """Residual covariance U'U / (n - m)."""
        return self._covariance(self.problem, "df")

    @property
    def sigma_ml(self) -> Array:
        """Residual covariance U'U / n."""
        return self._covariance(self.problem, "ml")

    @property
    def residual_correlation(self) -> pd.DataFrame:
        """Correlations of the equations' errors."""
        factor = self.problem.scatter_factor
        unit = factor / np.sqrt(np.einsum("ij,ij->i", factor, factor))[:, None]
        return self._of_variables(unit @ unit.T)
