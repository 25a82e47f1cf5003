"""Estimates of a vector autoregression: coefficients, errors, residuals, measures of fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from panelvar.bands.limits import normal_limits
from panelvar.bands.target import limit_columns, nested
from panelvar.base.arguments import read_levels, read_whole, refuse_beyond
from panelvar.base.arrays import Array, Mask
from panelvar.base.distributions import quantiles, two_sided
from panelvar.base.errors import Note, NumericalError
from panelvar.covariance.covariances import HC, Classical, CovarianceEstimate, ScoredCovariance
from panelvar.covariance.influenced import Influenced
from panelvar.data.series import VarData
from panelvar.dynamics.lag_problem import LagProblem, coefficient_errors
from panelvar.dynamics.second_moments import correlations, sample_autocovariances
from panelvar.dynamics.terms import Terms, stacked_labels
from panelvar.fit.conventions import Convention
from panelvar.identification.scheme import Estimates, ReducedForm
from panelvar.responses.shocks import positive_factor
from panelvar.tables.coefficients import starred_rows, value_row
from panelvar.tables.layout import Fact, Row
from panelvar.tables.number_format import (
    NOT_AVAILABLE,
    Stars,
    format_count,
    format_degrees,
    format_number,
    format_significant,
    star_legend,
)
from panelvar.var_models.banded_system import BandedSystem
from panelvar.var_models.lag_selection import VarCriteria, information_criteria, log_likelihood
from panelvar.var_models.scored_system import equation_labels, scored_system
from panelvar.var_models.var_convention import VarConvention

if TYPE_CHECKING:
    import pandas as pd

CLASSICAL = Classical()
RULES = Convention("default")
"""Factors of robust errors: one factor n / (n - m), of each equation alike."""


@dataclass(frozen=True, init=False, eq=False, repr=False)
class VarEstimates(BandedSystem):
    r"""Estimates of a vector autoregression: coefficients with errors, residuals, measures of fit.

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
                "An equation fits exactly, or its coefficients are known (those of levels in a model of rank 0): "
                "standard errors are zero and t statistics undefined."
            )
        return self.problem.params / self._errors

    @cached_property
    def tstats(self) -> pd.DataFrame:
        """Coefficients over their standard errors."""
        return self._by_equation(self._ratios)

    @cached_property
    def pvalues(self) -> pd.DataFrame:
        """Two-sided tail probabilities of `tstats`, from the distribution of the convention."""
        return self._by_equation(two_sided(self._ratios, self._coefficient_df))

    @property
    def _coefficient_df(self) -> float | Array:
        """Degrees of freedom of `tstats`, of all equations alike or one by one; infinite for the normal."""
        normal = self.distribution == "normal"
        return np.inf if normal else np.asarray(self.problem.degrees, dtype=np.float64)

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

    # Fit

    @cached_property
    def resids(self) -> pd.DataFrame:
        """Residuals by period."""
        return self._by_period(self.problem.residuals)

    @cached_property
    def fitted_values(self) -> pd.DataFrame:
        """Fitted values by period."""
        return self._by_period(self.problem.design[:, self.n_regressors :] - self.problem.residuals)

    def residual_autocorrelations(self, lags: int = 10) -> pd.DataFrame:
        r"""Auto- and cross-correlations of the residuals, :math:`\mathrm{corr}(u_{it}, u_{k,t-h})`, h = 0 to ``lags``.

        :math:`n^{-1}\sum_t u_t u_{t-h}'` over standard deviations, products across gaps left out. Without serial
        correlation :math:`2/\sqrt n` bounds most of them, too widely at the first lags (Luetkepohl 2005, section 4.4).

        Parameters
        ----------
        lags : int
            Longest lag h.

        Returns
        -------
        DataFrame
            Rows (lag, variable), a column for each variable h periods earlier.
        """
        lags = read_whole("lags", lags, 0)
        refuse_beyond("lags", lags, len(self.problem.residuals))
        covariances = sample_autocovariances(self.problem.residuals, lags, self.problem.run_starts)
        return self._by_lag(correlations(covariances))

    def _by_period(self, values: Array, columns: Sequence[str] | None = None) -> pd.DataFrame:
        import pandas as pd

        labels = self._axes[1] if columns is None else list(columns)
        return pd.DataFrame(values, index=self.data.labels(self.periods), columns=labels)

    @property
    def _mean_removed(self) -> bool:
        """Whether total sums of squares are about the mean."""
        return self.terms.has_constant

    @cached_property
    def _squares(self) -> tuple[Array, Array]:
        """Residual and total sums of squares; total is about the mean if there is a constant."""
        scatter = self.problem.scatter_factor
        right = self.problem.factor[int(self._mean_removed) :, self.n_regressors :]
        return np.einsum("ij,ij->i", scatter, scatter), np.einsum("ij,ij->j", right, right)

    @cached_property
    def rsquared(self) -> pd.Series:
        """R-squared of each equation, about the mean if the model has a constant and about zero otherwise."""
        residual, total = self._squares
        return self._by_variable(1.0 - residual / total)

    @cached_property
    def rsquared_adjusted(self) -> pd.Series:
        """R-squared of each equation, adjusted for degrees of freedom."""
        residual, total = self._squares
        full = self.nobs - self._mean_removed
        return self._by_variable(1.0 - residual / total * full / self.problem.degrees)

    @cached_property
    def rmse(self) -> pd.Series:
        """Residual standard error of each equation, with n - m degrees of freedom."""
        return self._by_variable(np.sqrt(self._squares[0] / self.problem.degrees))

    @cached_property
    def loglik_by_equation(self) -> pd.Series:
        """Gaussian log likelihood of each equation by itself."""
        halves = 0.5 * np.log(self._squares[0])
        return self._by_variable([log_likelihood(self.nobs, 1, float(half)) for half in halves])

    @cached_property
    def loglik(self) -> float:
        r"""Gaussian log likelihood, :math:`-\frac n2 [K(1 + \ln 2\pi) + \ln|\tilde\Sigma|]` (section 3.4)."""
        return log_likelihood(self.nobs, self.n_vars, self._log_half_determinant)

    @cached_property
    def _log_half_determinant(self) -> float:
        """Half the log determinant of U'U."""
        if self.problem.dependent_columns:
            raise NumericalError(
                "The residual covariance is singular: an equation fits exactly or is a combination of the others, so "
                "the likelihood and the criteria do not exist."
            )
        return float(np.log(self.problem.scatter_factor.diagonal()).sum())

    @property
    def _criterion_parameters(self) -> int:
        """Coefficients of all equations that the criteria count."""
        return self.problem.n_free

    @cached_property
    def _criteria(self) -> VarCriteria:
        return information_criteria(
            self.convention.criteria,
            self.nobs,
            self.n_vars,
            self.lags,
            self.problem.n_deterministic,
            self._log_half_determinant,
            self._criterion_parameters,
        )

    @property
    def aic(self) -> float:
        """Akaike information criterion, in the form of the convention."""
        return self._criteria.aic

    @property
    def bic(self) -> float:
        """Schwarz information criterion, in the form of the convention."""
        return self._criteria.bic

    @property
    def hqic(self) -> float:
        """Hannan-Quinn information criterion, in the form of the convention."""
        return self._criteria.hqic

    @property
    def fpe(self) -> float:
        r"""Final prediction error, :math:`\left(\frac{n + m}{n - m}\right)^K |\tilde\Sigma|` (Luetkepohl 4.3.1)."""
        fpe = self._criteria.fpe
        if not np.isfinite(fpe):
            raise NumericalError(
                "The final prediction error, a determinant, leaves the range of numbers in these units: compare models "
                "by aic, or rescale the variables."
            )
        return fpe

    # Presentation

    def _facts(self, digits: int) -> tuple[Fact, ...]:
        criteria = ("aic", "bic", "hqic", "fpe")
        return (
            Fact("Observations", format_count(self.nobs)),
            Fact("Residual df", format_degrees(self.df_resid)),
            *(Fact(name.upper(), self._printed(name, digits)) for name in criteria),
            Fact("Log likelihood", self._printed("loglik", digits)),
            Fact("Convention", self.convention.name),
        )

    def _printed(self, name: str, digits: int) -> str:
        """Print a statistic; one that does not exist because an equation fits exactly is not available."""
        try:
            return (format_significant if name == "fpe" else format_number)(getattr(self, name), digits)
        except NumericalError:
            return NOT_AVAILABLE

    def _rows(self, levels: Stars, digits: int) -> tuple[Row, ...]:
        errors = self._errors
        try:
            pvalues = self.pvalues.to_numpy()
        except NumericalError:
            pvalues = np.ones(errors.shape)
        return starred_rows(self.regressor_names, self.problem.params, errors, pvalues, levels, digits, self._free)

    @property
    def _free(self) -> Mask | None:
        """Which coefficients have an error; None for all."""
        return None

    def _foot(self, digits: int) -> tuple[Row, ...]:
        return (
            value_row("R2", self.rsquared, digits),
            value_row("Adjusted R2", self.rsquared_adjusted, digits),
            value_row("Root MSE", self.rmse, digits),
        )

    def _table_notes(self, levels: Stars) -> tuple[str, ...]:
        notes = ["Standard errors in parentheses." + (f" {star_legend(levels)}." if levels else "")]
        if self._free is not None and not self._free.all():
            notes.append("Coefficients without a standard error are restricted to zero.")
        return (*notes, *dict.fromkeys(note.text for note in self.notes))
