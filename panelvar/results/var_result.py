"""A fitted vector autoregression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from panelvar.bands import Band, BandSource, ParameterDraws, Target
from panelvar.errors import Note, NumericalError, SpecificationError, check_level, emit
from panelvar.kernels import dynamics
from panelvar.kernels.lag_problem import LagProblem
from panelvar.results.criteria import VarCriteria, information_criteria, log_likelihood
from panelvar.results.decomposition import VarianceDecomposition
from panelvar.results.forecast import Forecast
from panelvar.results.lag_exclusion import granger_test, lags_test
from panelvar.results.response_variance import response_variance
from panelvar.results.responses import Responses
from panelvar.results.shocks import choose_shocks
from panelvar.results.system import TREND_POWERS, System, check_horizon, cumulated
from panelvar.results.test_result import TestResult
from panelvar.results.var_convention import VarConvention
from panelvar.results.var_data import VarData

if TYPE_CHECKING:
    import pandas as pd

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, init=False, eq=False, repr=False)
class VarResult(System):
    r"""A vector autoregression estimated by least squares: a `System` with its data, errors and tests.

    Made by `panelvar.fit_var`. All of `System` is here too (``roots``, ``moduli``, ``is_stable``, ``equations()``,
    ``mean()``, ``long_run_effects()``).

    Parameters
    ----------
    problem : LagProblem
        The least-squares problem; its attributes are the arrays behind the labelled ones.
    data : VarData
    periods : array of int (n,)
        Calendar periods explained.
    convention : VarConvention
    notes : tuple of Note
        Rows dropped, and whatever else a reader should know.

    Attributes
    ----------
    sigma : array (K, K)
        Residual covariance of the convention: behind responses, decompositions and forecast intervals.
    """

    sigma: Array
    problem: LagProblem
    data: VarData
    periods: npt.NDArray[np.intp]
    convention: VarConvention
    notes: tuple[Note, ...]

    def __init__(
        self,
        problem: LagProblem,
        data: VarData,
        periods: npt.NDArray[np.intp],
        trend: str,
        convention: VarConvention,
        notes: tuple[Note, ...] = (),
    ) -> None:
        self._set(
            coefficients=problem.coefficients,
            names=data.names,
            trend=trend,
            deterministics=problem.params[: problem.n_deterministic],
            sigma=self._covariance(problem, convention.sigma),
            problem=problem,
            data=data,
            periods=periods,
            convention=convention,
            notes=notes,
        )

    def _in_short(self) -> str:
        return f"{super()._in_short()}; n = {self.nobs}"

    def _no_intercept(self) -> Array:
        return np.zeros(self.n_vars)

    @staticmethod
    def _covariance(problem: LagProblem, kind: str) -> Array:
        factor = problem.scatter_factor
        covariance: Array = factor @ factor.T / (problem.df_resid if kind == "df" else problem.nobs)
        covariance.setflags(write=False)
        return covariance

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
    def params(self) -> pd.DataFrame:
        """Coefficients, a row for each regressor and a column for each equation."""
        return self._by_equation(self.problem.params)

    @cached_property
    def _errors(self) -> Array:
        spread = np.sqrt(np.einsum("ij,ij->i", self.problem.inverse_factor, self.problem.inverse_factor))
        scatter = self.problem.scatter_factor
        divisor = self.df_resid if self.convention.coefficient_sigma == "df" else self.nobs
        errors: Array = spread[:, None] * np.sqrt(np.einsum("ij,ij->i", scatter, scatter) / divisor)
        return errors

    @cached_property
    def std_errors(self) -> pd.DataFrame:
        """Standard errors, arranged like `params`: square roots of the diagonal of sigma kron (X'X)^-1."""
        return self._by_equation(self._errors)

    @cached_property
    def _ratios(self) -> Array:
        if not self._errors.all():
            raise NumericalError("An equation fits exactly: its standard errors are zero and t statistics undefined.")
        ratios: Array = self.problem.params / self._errors
        return ratios

    @cached_property
    def tstats(self) -> pd.DataFrame:
        """Coefficients over their standard errors."""
        return self._by_equation(self._ratios)

    @cached_property
    def pvalues(self) -> pd.DataFrame:
        """Two-sided tail probabilities of `tstats`, from the distribution of the convention."""
        from scipy.special import ndtr, stdtr

        below = -np.abs(self._ratios)
        return self._by_equation(2.0 * (ndtr(below) if self.distribution == "normal" else stdtr(self.df_resid, below)))

    def conf_int(self, *, level: float = 0.95) -> pd.DataFrame:
        """Confidence intervals of the coefficients.

        Parameters
        ----------
        level : float
            Confidence level, at least 0.5.

        Returns
        -------
        DataFrame
            Rows (equation, regressor), columns lower and upper.
        """
        import pandas as pd
        from scipy.special import ndtri, stdtrit

        upper = (1.0 + check_level(level)) / 2.0
        reach = (ndtri(upper) if self.distribution == "normal" else stdtrit(self.df_resid, upper)) * self._errors
        index = pd.MultiIndex.from_product([self.names, self.regressor_names], names=["equation", "regressor"])
        limits = [(self.problem.params + sign * reach).T.ravel() for sign in (-1.0, 1.0)]
        return pd.DataFrame(dict(zip(("lower", "upper"), limits, strict=True)), index=index)

    @cached_property
    def cov(self) -> pd.DataFrame:
        """Covariance of all coefficients, sigma kron (X'X)^-1; labels (equation, regressor)."""
        import pandas as pd

        moments = self.problem.inverse_factor @ self.problem.inverse_factor.T
        values = np.kron(self._covariance(self.problem, self.convention.coefficient_sigma), moments)
        index = pd.MultiIndex.from_product([self.names, self.regressor_names], names=["equation", "regressor"])
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
        import pandas as pd

        factor = self.problem.scatter_factor
        unit = factor / np.sqrt(np.einsum("ij,ij->i", factor, factor))[:, None]
        return pd.DataFrame(unit @ unit.T, index=self._axes[1], columns=self._axes[1])

    # Fit

    @cached_property
    def resids(self) -> pd.DataFrame:
        """Residuals by period."""
        return self._by_period(self.problem.residuals)

    @cached_property
    def fitted_values(self) -> pd.DataFrame:
        """Fitted values by period."""
        return self._by_period(self.problem.design[:, self.n_regressors :] - self.problem.residuals)

    def _by_period(self, values: Array) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame(values, index=self.data.labels(self.periods), columns=self._axes[1])

    @cached_property
    def _squares(self) -> tuple[Array, Array]:
        """Residual and total sums of squares; total is about the mean if there is a constant."""
        scatter = self.problem.scatter_factor
        right = self.problem.factor[int(0 in TREND_POWERS[self.trend]) :, self.n_regressors :]
        return np.einsum("ij,ij->i", scatter, scatter), np.einsum("ij,ij->j", right, right)

    @cached_property
    def rsquared(self) -> pd.Series:
        """R-squared of each equation, about the mean if the model has a constant and about zero otherwise."""
        import pandas as pd

        residual, total = self._squares
        return pd.Series(1.0 - residual / total, index=self._axes[1])

    @cached_property
    def rsquared_adjusted(self) -> pd.Series:
        """R-squared of each equation, adjusted for degrees of freedom."""
        import pandas as pd

        residual, total = self._squares
        full = self.nobs - (0 in TREND_POWERS[self.trend])
        return pd.Series(1.0 - residual / total * full / self.df_resid, index=self._axes[1])

    @cached_property
    def rmse(self) -> pd.Series:
        """Residual standard error of each equation, with n - m degrees of freedom."""
        import pandas as pd

        return pd.Series(np.sqrt(self._squares[0] / self.df_resid), index=self._axes[1])

    @cached_property
    def llf_by_equation(self) -> pd.Series:
        """Gaussian log likelihood of each equation by itself."""
        import pandas as pd

        halves = 0.5 * np.log(self._squares[0])
        values = [log_likelihood(self.nobs, 1, float(half)) for half in halves]
        return pd.Series(values, index=self._axes[1])

    @cached_property
    def llf(self) -> float:
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

    @cached_property
    def _criteria(self) -> VarCriteria:
        return information_criteria(
            self.convention.criteria,
            self.nobs,
            self.n_vars,
            self.lags,
            self.problem.n_deterministic,
            self._log_half_determinant,
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
        return self._criteria.fpe

    # Dynamics

    def impulse_responses(
        self,
        horizon: int = 10,
        *,
        identification: str = "cholesky",
        shock_size: str = "sd",
        ordering: Sequence[str] | None = None,
        cumulative: bool = False,
        bands: BandSource | None = None,
        level: float = 0.95,
    ) -> Responses:
        """Responses of every variable to every shock, periods 0 to ``horizon``, with bands if asked for.

        Parameters
        ----------
        horizon, identification, shock_size, ordering, cumulative
            As in `System.impulse_responses`.
        bands : ResidualBootstrap, MonteCarlo or DeltaMethod, optional
            Where the bands come from; none by default.
        level : float
            Confidence level of the band at each point, at least 0.5.
        """
        check_level(level)
        shocks = choose_shocks(self.names, self.sigma, identification, shock_size, ordering)
        horizon = check_horizon(horizon)
        values = self._responses(shocks, horizon, cumulative)

        def statistic(draws: ParameterDraws) -> Array:
            paths = dynamics.responses(draws.coefficients, horizon, shocks.impact_from_factor(draws.sigma_factor))
            return cumulated(paths, 1) if cumulative else paths

        def variance() -> Array:
            return response_variance(self.problem, self.sigma, shocks, horizon, cumulative)

        band = self._band(bands, level, values, statistic, variance)
        notes = self._stability_notes() + (band.notes if band else ())
        emit(notes)
        described = {"lower": band.lower, "upper": band.upper, "std_errors": band.std_errors} if band else {}
        return Responses(
            values,
            self.names,
            identification,
            shock_size,
            shocks.ordering,
            bool(cumulative),
            **described,
            level=band.level if band else None,
            draws=band.draws if band else None,
            band_label=band.label if band else None,
            notes=notes,
        )

    def variance_decomposition(
        self,
        horizon: int = 10,
        *,
        ordering: Sequence[str] | None = None,
        bands: BandSource | None = None,
        level: float = 0.95,
    ) -> VarianceDecomposition:
        """Shares of the orthogonalised shocks in the forecast error variances, horizons 1 to ``horizon``.

        Parameters
        ----------
        horizon, ordering
            As in `System.variance_decomposition`.
        bands : ResidualBootstrap or MonteCarlo, optional
        level : float
            Confidence level of the band at each point, at least 0.5.
        """
        check_level(level)
        plain = super().variance_decomposition(horizon, ordering=ordering)
        if bands is None:
            return plain
        shocks = choose_shocks(self.names, self.sigma, "cholesky", "sd", ordering)

        def statistic(draws: ParameterDraws) -> Array:
            impact = shocks.impact_from_factor(draws.sigma_factor)
            return dynamics.variance_shares(dynamics.responses(draws.coefficients, plain.horizon - 1, impact))

        band = self._band(bands, level, plain.values, statistic, None)
        if band is None:
            return plain
        emit(band.notes)
        return VarianceDecomposition(
            plain.values,
            plain.names,
            plain.ordering,
            plain.std_errors,
            band.lower,
            band.upper,
            band.level,
            band.draws,
            band.label,
            plain.notes + band.notes,
        )

    def _band(self, bands, level, estimate, statistic, variance) -> Band | None:  # type: ignore[no-untyped-def]
        if bands is None:
            return None
        if isinstance(bands, type) or not hasattr(bands, "band"):
            raise SpecificationError(
                f"bands={bands!r}: expected ResidualBootstrap(...), MonteCarlo(...), DeltaMethod() or None."
            )
        divisor = self.df_resid if self.convention.sigma == "df" else self.nobs
        band: Band = bands.band(Target(self.problem, divisor, estimate, statistic, variance), check_level(level))
        return band

    # Tests

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
        """
        return granger_test(self.problem, self.names, self.convention, caused, causing)

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
        return lags_test(self.problem, self.names, self.convention, equations, variables, lags)

    # Forecasts

    def forecast(self, steps: int = 8, *, level: float = 0.95) -> Forecast:
        """Forecast from the end of the data, with intervals that take the coefficients as known.

        Parameters
        ----------
        steps : int
            Periods ahead.
        level : float
            Probability of each interval, at least 0.5.

        Raises
        ------
        NumericalError
            The last p periods are not all observed.
        """
        from scipy.special import ndtri

        check_level(level)
        steps = check_horizon(steps, 1, "steps")
        history = self.data.values[-self.lags :]
        if not np.isfinite(history).all():
            raise NumericalError(
                f"The last {self.lags} period(s) hold missing values; a forecast starts from them. Drop or fill them."
            )
        n_periods = self.data.values.shape[0]
        terms = trend_terms(self.trend, n_periods + 1, steps) @ self.deterministics
        values = dynamics.forecast_path(self.coefficients, history, terms)
        sigma = self.sigma
        covariance = dynamics.forecast_covariance(self.coefficients, sigma, steps)
        if not (np.isfinite(values).all() and np.isfinite(covariance).all()):
            raise NumericalError("The forecasts overflow: the system is explosive. Ask for fewer steps.")
        reach = float(ndtri((1.0 + level) / 2.0)) * np.sqrt(covariance.diagonal(axis1=1, axis2=2))
        notes = self._stability_notes()
        emit(notes)
        labels = self.data.future(steps)
        return Forecast(
            values, values - reach, values + reach, covariance, self.names, labels, float(level), notes, self.data
        )


def trend_terms(trend: str, first: int, count: int) -> Array:
    """Deterministic regressors (count, d): powers of the time index, which is ``first`` in the first row."""
    powers = TREND_POWERS[trend]
    if powers == (0,):
        return np.ones((count, 1))
    time = np.arange(first, first + count, dtype=np.float64)
    return np.column_stack([time**power for power in powers]) if powers else np.empty((count, 0))
