"""What a fitted vector autoregression leaves, and how well it fits: residuals, R-squared, likelihood, criteria."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from panelvar.core.base.arguments import read_whole, refuse_beyond
from panelvar.core.base.arrays import Array, Mask
from panelvar.core.base.errors import NumericalError
from panelvar.core.faces.layout import Fact, Row
from panelvar.core.faces.number_format import (
    NOT_AVAILABLE,
    Stars,
    format_count,
    format_degrees,
    format_number,
    format_significant,
    star_legend,
)
from panelvar.core.tables.coefficients import starred_rows, value_row
from panelvar.kernels.dynamics.second_moments import correlations, sample_autocovariances
from panelvar.systems.var.estimates import VarEstimates
from panelvar.systems.var.lag_selection import VarCriteria, information_criteria, log_likelihood

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, init=False, eq=False, repr=False)
class VarFitMeasures(VarEstimates):
    """Estimates with residuals, measures of fit and their table; a part of `FittedSystem`."""

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

    @property
    def _unexplained(self) -> Array:
        """Residual over total sum of squares of each equation, NaN where the total is zero."""
        residual, total = self._squares
        return np.divide(residual, total, out=np.full_like(total, np.nan), where=total > 0.0)

    @cached_property
    def rsquared(self) -> pd.Series:
        """R-squared of each equation, about the mean if the model has a constant and about zero otherwise.

        Missing where the variable does not vary, so that there is nothing to explain.
        """
        return self._by_variable(1.0 - self._unexplained)

    @cached_property
    def rsquared_adjusted(self) -> pd.Series:
        """R-squared of each equation, adjusted for degrees of freedom."""
        full = self.nobs - self._mean_removed
        return self._by_variable(1.0 - self._unexplained * full / self.problem.degrees)

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
        r"""Gaussian log likelihood, :math:`-\frac n2 [K(1 + \ln 2\pi) + \ln|\tilde\Sigma|]`."""
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
        r"""Final prediction error, :math:`\left(\frac{n + m}{n - m}\right)^K |\tilde\Sigma|` (Luetkepohl 2005)."""
        fpe = self._criteria.fpe
        if not np.isfinite(fpe):
            raise NumericalError(
                "The final prediction error, a determinant, leaves the range of numbers in these units. Compare models "
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
