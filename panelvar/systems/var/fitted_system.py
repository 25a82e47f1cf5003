"""A vector autoregression fitted to one entity's data: estimates, fit, forecasts, shocks and their histories."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import read_horizon, read_levels, read_seed, read_whole, refuse_beyond
from panelvar.core.base.arrays import Array
from panelvar.core.base.chosen_names import chosen_names
from panelvar.core.base.counting import count_of, kind_of
from panelvar.core.base.distributions import quantiles, two_sided
from panelvar.core.base.errors import (
    MissingInformationError,
    Note,
    NumericalError,
    SpecificationError,
    check_level,
    emit,
)
from panelvar.core.base.limits import MOST_DRAWS
from panelvar.core.base.shared_parameters import documented
from panelvar.core.faces.layout import Fact, Row
from panelvar.core.faces.number_format import (
    NOT_AVAILABLE,
    Stars,
    format_count,
    format_number,
    format_significant,
)
from panelvar.core.tables.coefficients import equation_rows, limits_side_by_side, value_row
from panelvar.core.tables.test_result import TestResult
from panelvar.data.panel.series import VarData
from panelvar.estimates.bands.delta_method import DeltaMethod
from panelvar.estimates.bands.drawable import Draws
from panelvar.estimates.bands.limits import normal_limits
from panelvar.estimates.bands.target import BandSource, limit_columns, nested
from panelvar.estimates.coefficients.stacked_estimates import StackedCoefficients, StackedInference, with_known
from panelvar.estimates.covariance.covariances import HC, Classical, Covariance, CovarianceEstimate, ScoredCovariance
from panelvar.estimates.covariance.influenced import Influenced
from panelvar.estimates.sizes.known_sizes import size_notes
from panelvar.kernels.dynamics import dynamics
from panelvar.kernels.dynamics.future_paths import conditional_forecast, estimation_mse, path_derivatives, shock_paths
from panelvar.kernels.dynamics.lag_problem import LagProblem, coefficient_errors, kronecker_wald
from panelvar.kernels.dynamics.reduced_form import ReducedForm
from panelvar.kernels.dynamics.second_moments import correlations, sample_autocovariances
from panelvar.kernels.dynamics.terms import Terms, stacked_labels
from panelvar.kernels.dynamics.unit_free_solves import lower_solve
from panelvar.kernels.linear.least_squares import covariance_root
from panelvar.kernels.linear.quadratic_form import quadratic_form
from panelvar.systems.identification.scheme import Estimates, Identification
from panelvar.systems.responses.decomposition import HistoricalDecomposition
from panelvar.systems.responses.forecast import Forecast, forecast_errors
from panelvar.systems.responses.gradients import EVERY
from panelvar.systems.responses.shocks import Shocks, positive_factor
from panelvar.systems.var.drawable_system import DrawableSystem
from panelvar.systems.var.estimated_system import EstimatedSystem
from panelvar.systems.var.exclusion import Exclusion
from panelvar.systems.var.futures import future_terms, read_conditions
from panelvar.systems.var.lag_selection import VarCriteria, information_criteria, log_likelihood
from panelvar.systems.var.persistence import Persistence
from panelvar.systems.var.scored_system import RULES, equation_labels, scored_system
from panelvar.systems.var.system import System
from panelvar.systems.var.var_convention import VarConvention

if TYPE_CHECKING:
    import pandas as pd

CLASSICAL = Classical()
_SINGULAR = "The residual covariance is singular, so there is no test of these equations."


@dataclass(frozen=True, init=False, eq=False, repr=False)
class FittedSystem(EstimatedSystem):
    r"""A `System` with the data that it was fitted to: what `VarResult`, `RestrictedVarResult` and `VecmResult` share.

    All of `System` is here too (``roots``, ``moduli``, ``is_stable``, ``equations()``, ``mean()``,
    ``long_run_effects()``).

    Parameters
    ----------
    problem, data, periods, terms, convention, notes
        As in `VarResult`.

    See Also
    --------
    fit_var, fit_restricted_var, fit_vecm : what makes fitted systems.
    System : the same without data.

    Examples
    --------
    >>> import panelvar as pv
    >>> macro = pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]]
    >>> model = pv.fit_var(macro, lags=2)
    >>> isinstance(model, pv.FittedSystem)
    True
    >>> model.structural_shocks().std().round(2).tolist()
    [0.98, 0.98, 0.98]

    The coefficients of each equation with their 95 percent intervals:

    >>> figure = model.plot()
    """

    _sigma: Array
    _problem: LagProblem
    data: VarData
    periods: npt.NDArray[np.intp]
    convention: VarConvention
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
            _sigma=problem.residual_covariance(convention.sigma),
            _problem=problem,
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

    def _estimates(self, factor: Array) -> Estimates:
        data, periods = self.data, self.periods
        rows = periods if data.places is None else np.searchsorted(data.places, periods)
        count = data.values.shape[0] if data.places is None else data.places.size
        form = ReducedForm(self.coefficients, factor)
        return Estimates(
            form, self.nobs, self._problem.residuals, rows, count, lambda _: data.labels(periods), self.unit_roots
        )

    # Counts

    @property
    def nobs(self) -> int:
        """Rows explained, n; the first p periods serve as lags only."""
        return self._problem.nobs

    @property
    def n_periods(self) -> int:
        """Periods explained: as many as rows."""
        return self.nobs

    @property
    def n_regressors(self) -> int:
        """Coefficients in each equation, m."""
        return self._problem.n_regressors

    @property
    def df_resid(self) -> int:
        """Residual degrees of freedom of each equation, n - m."""
        return self._problem.df_resid

    @property
    def df_model(self) -> int:
        """Coefficients in each equation, deterministic terms included."""
        return self._problem.n_regressors

    @property
    def distribution(self) -> str:
        """Reference distribution of `tstats`: "t" with `df_resid` degrees of freedom, or "normal"."""
        return self.convention.distribution

    # Estimates

    def with_cov(self, cov: str | Covariance) -> Self:
        """Return the same estimates with other errors of the coefficients, and of tests of them.

        Parameters
        ----------
        cov : str, Classical, HC, Clustered or another covariance of scores
            ``"classical"``, ``"robust"`` (HC1), ``"HC0"`` to ``"HC5"``, or an object such as ``HC("HC3")``:
            homoskedastic errors, or heteroskedasticity-consistent ones, jointly over the equations. A system with zero
            restrictions takes HC0 and HC1, since its equations share no leverage.
            ``Clustered(values)`` lets errors be correlated within groups of periods, given by a Series matched by
            labels or a value for each row of the data. A covariance of one's own derives from
            `panelvar.estimates.covariance.covariances.ScoredCovariance`. Sigma, responses and their bands stay as they
            are: see `MovingBlockBootstrap` for bands under heteroskedasticity.

        Returns
        -------
        VarResult, RestrictedVarResult or VecmResult
            The same estimates. In an error-correction model the errors of the equations change, the relations being
            taken as known. Those of the relations stay as they are.

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
        changed = self._under(found)
        # Computed now, so that an impossible covariance is refused here and a misleading one warns here.
        if changed._robust is not None:
            emit(changed._robust.notes)
        return changed

    def _under(self, specification: Classical | ScoredCovariance) -> Self:
        """The same estimates with errors of another specification."""
        return type(self)(
            self._problem, self.data, self.periods, self.terms, self.convention, self.notes, specification
        )

    @cached_property
    def robust_covariance(self) -> Array | None:
        """Covariance of all coefficients, equation by equation, (K m, K m); None if it is classical.

        That of `specification`; of restricted coefficients, zero where they are; in an error-correction model that of
        the levels, the relations taken as known.
        """
        if self._robust is not None:
            return self._robust.matrix
        if self._problem.restriction:
            # With a rank of zero and nothing beside the relations there is no direction.
            flat = self._directions.swapaxes(1, 2).reshape(len(self._directions), self.n_regressors * self.n_vars)
            return flat.T @ flat
        return None

    @cached_property
    def _robust(self) -> CovarianceEstimate | None:
        return None if isinstance(self.specification, Classical) else self.specification(self._scored, RULES)

    @property
    def cov_label(self) -> str:
        """The errors of the coefficients: "classical", the kind of HC, or how they are clustered."""
        if isinstance(self.specification, HC):
            return self.specification.kind
        return "classical" if self._robust is None else self._robust.label

    @cached_property
    def _scored(self) -> Influenced:
        """All equations as one model that covariances read."""
        return scored_system(self._problem, equation_labels(self.names, self.regressor_names), self.data, self.periods)

    @property
    def _error_divisor(self) -> int:
        """What the residual covariance behind the errors is divided by."""
        return self.df_resid if self.convention.coefficient_sigma == "df" else self.nobs

    @property
    def _error_sigma(self) -> Array:
        """Residual covariance behind the errors of the coefficients."""
        return self._problem.residual_covariance(self.convention.coefficient_sigma)

    @cached_property
    def _directions(self) -> Array:
        """Directions (D, m, K) whose squares add up to the variances of the coefficients."""
        return self._problem.directions(positive_factor(self._error_sigma))

    @cached_property
    def _errors(self) -> Array:
        problem, robust = self._problem, self.robust_covariance
        if robust is not None:
            errors = np.sqrt(robust.diagonal()).reshape(self.n_vars, -1).T
        else:
            errors = coefficient_errors(problem.inverse_factor, problem.scatter_factor, self._error_divisor)
        # After an exact fit the rounding of a coefficient that is zero would be significant.
        return np.where(problem.exact_equations, 0.0, errors)

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
        return self._problem.params / self._errors

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
        degrees = self._problem.degrees
        return float(degrees) if isinstance(degrees, int) else np.asarray(degrees, dtype=np.float64)

    @documented
    def conf_int(
        self,
        *,
        level: float | Sequence[float] = 0.95,
        of: str | re.Pattern[str] | Sequence[str | re.Pattern[str]] | None = None,
        joint: str | None = None,
        draws: int = 10_000,
        seed: int | np.random.Generator = 0,
    ) -> pd.DataFrame:
        """Confidence intervals of the coefficients, each by itself or several at once.

        Parameters
        ----------
        {level (coefficients), of (equations), joint (coefficients), draws (sup-t), seed (sup-t)}

        Returns
        -------
        DataFrame
            Rows (equation, regressor), columns lower and upper at the highest level; lower_68, upper_68 at another.

        Raises
        ------
        SpecificationError
            If a level is below 0.5, a name or pattern fits no coefficient, or an option is unknown.
        """
        import pandas as pd

        index = stacked_labels(self.names, self.regressor_names)
        names = equation_labels(self.names, self.regressor_names)
        places = slice(None) if of is None else [names.index(each) for each in chosen_names("of", of, names)]
        if joint is not None:
            inference = self._labelled_with(self._single_df)
            found = inference.conf_int(level=level, of=of, joint=joint, draws=draws, seed=seed)
            values, errors = (each.T.ravel()[places] for each in (self._problem.params, self._errors))
            return with_known(found.set_axis(index[places]), values, errors)
        read_whole("draws", draws, 2, MOST_DRAWS)
        read_seed(seed)

        def limits_at(each: float) -> tuple[Array, Array]:
            critical = None if self.distribution == "normal" else quantiles(each, np.asarray(self._coefficient_df))
            return normal_limits(self._problem.params, self._errors, each, critical)

        columns = limit_columns(nested(read_levels(level), limits_at))
        frame = pd.DataFrame({name: values.T.ravel() for name, values in columns.items()}, index=index)
        return frame if of is None else frame.iloc[places]

    @cached_property
    def cov(self) -> pd.DataFrame:
        """Covariance of all coefficients, sigma kron (X'X)^-1 or robust; labels (equation, regressor)."""
        import pandas as pd

        values = self.robust_covariance
        if values is None:
            moments = self._problem.inverse_factor @ self._problem.inverse_factor.T
            values = np.kron(self._error_sigma, moments).astype(np.float64, copy=False)
        index = stacked_labels(self.names, self.regressor_names)
        return pd.DataFrame(values, index=index, columns=index)

    @property
    def sigma_df(self) -> pd.DataFrame:
        """Residual covariance U'U / (n - m), a row and a column for each variable."""
        return self._of_variables(self._problem.residual_covariance("df"))

    @property
    def sigma_ml(self) -> pd.DataFrame:
        """Residual covariance U'U / n, a row and a column for each variable."""
        return self._of_variables(self._problem.residual_covariance("ml"))

    @property
    def residual_correlation(self) -> pd.DataFrame:
        """Correlations of the equations' errors."""
        factor = self._problem.scatter_factor
        unit = factor / np.sqrt(np.einsum("ij,ij->i", factor, factor))[:, None]
        return self._of_variables(unit @ unit.T)

    # Tests of coefficients

    @property
    def _joint_df(self) -> float:
        systems = {"chi2": np.inf, "f-system": self.n_vars * float(self.df_resid)}
        return systems.get(self.convention.exclusion, float(self.df_resid))

    @property
    def _single_df(self) -> float:
        return np.inf if self.distribution == "normal" else float(self.df_resid)

    def _stacked_with(self, df: float) -> StackedInference:
        return self._labelled_with(df)

    def _labelled_with(self, df: float) -> StackedInference:
        """The coefficients that `params` has, in a row."""
        if self._problem.dependent_columns:
            raise NumericalError(_SINGULAR)
        names = equation_labels(self.names, self.regressor_names)
        fit = StackedCoefficients(names, self._problem.params.T.ravel(), not self._problem.scatter_factor.any())
        return StackedInference(fit, CovarianceEstimate(self.cov.to_numpy(), self.cov_label, df))

    def _excluded(self, hypothesis: Exclusion) -> TestResult:
        problem, covariance = self._problem, self.robust_covariance
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
        return replace(test, notes=(*test.notes, *size_notes(f"exclusion, {self.cov_label}", self.nobs)))

    # Fit

    @property
    def _explained(self) -> Array:
        return self._problem.design[:, self.n_regressors :]

    @cached_property
    def resids(self) -> pd.DataFrame:
        """Residuals by period."""
        return self._by_period(self._problem.residuals)

    @cached_property
    def fitted_values(self) -> pd.DataFrame:
        """Fitted values by period."""
        return self._by_period(self._explained - self._problem.residuals)

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
        refuse_beyond("lags", lags, len(self._problem.residuals))
        covariances = sample_autocovariances(self._problem.residuals, lags, self._problem.run_starts)
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
        scatter = self._problem.scatter_factor
        right = self._problem.factor[int(self._mean_removed) :, self.n_regressors :]
        return np.einsum("ij,ij->i", scatter, scatter), np.einsum("ij,ij->j", right, right)

    @property
    def _unexplained(self) -> Array:
        """Residual over total sum of squares of each equation, NaN where the total is zero."""
        residual, total = self._squares
        ratio = np.divide(residual, total, out=np.full_like(total, np.nan), where=total > 0.0)
        # Of a constant alone the two sums are the same, up to rounding.
        return np.where(np.abs(ratio - 1.0) <= 4.0 * np.finfo(float).eps, 1.0, ratio)

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
        return self._by_variable(1.0 - self._unexplained * full / self._problem.degrees)

    @cached_property
    def rmse(self) -> pd.Series:
        """Residual standard error of each equation, with n - m degrees of freedom."""
        return self._by_variable(np.sqrt(self._squares[0] / self._problem.degrees))

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
        if self._problem.dependent_columns:
            raise NumericalError(
                "The residual covariance is singular: an equation fits exactly or is a combination of the others, so "
                "the likelihood and the criteria do not exist."
            )
        return float(np.log(self._problem.scatter_factor.diagonal()).sum())

    @property
    def _criterion_parameters(self) -> int:
        """Coefficients of all equations that the criteria count."""
        return self._problem.n_free

    @cached_property
    def _criteria(self) -> VarCriteria:
        return information_criteria(
            self.convention.criteria,
            self.nobs,
            self.n_vars,
            self.lags,
            self._problem.n_deterministic,
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

    # The future

    def forecast(
        self,
        steps: int = 8,
        *,
        level: float | Sequence[float] = 0.95,
        exogenous: pd.DataFrame | npt.ArrayLike | None = None,
        bands: BandSource | None = None,
    ) -> Forecast:
        """Forecast from the end of the data.

        Parameters
        ----------
        steps : int
            Periods ahead.
        level : float or sequence of float
            Probability of each interval, at least 0.5; several make intervals inside one another.
        exogenous : DataFrame or array (steps, M), optional
            Future values of the exogenous variables of a VARX, taken as known; needed if there are any. An index that
            is not the default holds the periods of the forecast.
        bands : ResidualBootstrap, MonteCarlo, DeltaMethod, ..., optional
            Simulate the intervals: coefficients vary, and future errors are drawn as the source draws residuals
            (Luetkepohl 2005, section 3.5 and appendix D). `DeltaMethod` adds to the variance what the coefficients'
            errors contribute to first order, from the last observations on. By default intervals are normal and take
            the coefficients as known.

        Returns
        -------
        Forecast
            To be printed, drawn (``plot()``) or taken as a table (``to_frame()``).

        Raises
        ------
        MissingInformationError
            The model has exogenous variables and their future was not given.
        SpecificationError
            Future values have another shape, or the labels of other periods than those of the forecast.
        NumericalError
            Some of the last p periods are not observed.

        See Also
        --------
        plot_forecast : draws it.
        evaluate_forecasts : how good forecasts have been.

        Examples
        --------
        >>> import panelvar as pv
        >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=2)
        >>> model.forecast(2, level=0.9).to_frame()["unemp"].round(2)
                 forecast  lower  upper  std_error
        quarter
        2009Q4       9.57   9.17   9.97       0.24
        2010Q1       9.24   8.47  10.01       0.47
        """
        levels = read_levels(level)
        steps = read_horizon("steps", steps, 1, self.n_vars**2)
        history = self.data.values[len(self.data.values) - self.lags :]
        if not np.isfinite(history).all():
            raise NumericalError(
                f"A forecast starts from the last {count_of(self.lags, 'period')}, and values are missing there. Drop "
                "these periods, or fill them."
            )
        terms = future_terms(self.data, self.terms, steps, exogenous)
        values = dynamics.forecast_path(self.coefficients, history, terms @ self.deterministics)
        covariance = dynamics.forecast_covariance(self.coefficients, covariance_root(self._sigma), steps)
        if not (np.isfinite(values).all() and np.isfinite(covariance).all()):
            raise NumericalError("The forecasts overflow, because the system is explosive. Ask for fewer steps.")

        def statistic(draws: Draws) -> Array:
            form = draws.form
            assert form.beside is not None
            assert draws.future is not None
            return dynamics.forecast_path(form.coefficients, history, terms @ form.beside + draws.future)

        def gradients(form: ReducedForm, moves: Array, others: slice = EVERY) -> Array:
            estimated = path_derivatives(form.coefficients, moves, history, values, terms)
            return np.concatenate([estimated, shock_paths(form.coefficients, form.factor, steps)[others]])

        errors = forecast_errors(covariance)
        asymptotic = isinstance(bands, DeltaMethod)
        band = self._band(bands, levels, values, statistic, gradients if asymptotic else None, future_steps=steps)
        if asymptotic:
            form = self._form
            slopes = path_derivatives(form.coefficients, self._problem.directions(form.factor), history, values, terms)
            covariance = covariance + np.einsum("dsi,dsj->sij", slopes, slopes)
        notes = self._stability_notes() + (band.notes if band else ())
        emit(notes)
        limits = band.limits if band else nested(levels, lambda each: normal_limits(values, errors, each))
        return Forecast(
            values,
            limits[0].lower,
            limits[0].upper,
            covariance,
            self.names,
            self.data.future(steps),
            limits[0].level,
            notes,
            self.data,
            band.draws if band else None,
            band.label if band else None,
            tuple(limits[1:]),
        )

    def approximate_mse(self, steps: int = 8) -> Array:
        r"""Mean squared errors of forecasts with estimated coefficients, from an average origin.

        .. math:: \Sigma_{\hat y}(h) = \Sigma_y(h) + \Omega(h) / n

        (Luetkepohl 2005, section 3.5): to first order, and with the moments of the sample in place of the last
        observations. ``forecast(bands=DeltaMethod())`` has the last observations.

        Parameters
        ----------
        steps : int
            Periods ahead.

        Returns
        -------
        array (steps, K, K)

        Raises
        ------
        SpecificationError
            The model has a trend, seasons, exogenous variables or restrictions, and therefore no average origin.
        NumericalError
            The system is not stable.
        """
        steps = read_horizon("steps", steps, 1, self.n_vars**2)
        if self.terms.labels not in ((), ("const",)) or type(self._problem) is not LagProblem:
            raise SpecificationError(
                "Mean squared errors from an average origin need a stationary, unrestricted system with at most a "
                "constant beside the lags. Use forecast(bands=DeltaMethod())."
            )
        self._require_stable("mean squared errors from an average origin")
        problem, m, count = self._problem, self.n_regressors, self.terms.count
        step = np.zeros((m, m))
        step[:count, :count] = 1.0
        step[:, count : count + self.n_vars] = problem.params if self.lags else 0.0
        step[np.arange(count, m - self.n_vars), np.arange(count + self.n_vars, m)] = 1.0
        transition = problem.factor[:m, :m] @ step @ problem.inverse_factor
        known = dynamics.forecast_covariance(self.coefficients, covariance_root(self._sigma), steps)
        return known + estimation_mse(transition, self.coefficients, self._error_sigma, self.nobs, steps)

    def conditional_forecast(
        self,
        conditions: Mapping[str, Any] | pd.DataFrame | npt.ArrayLike,
        *,
        steps: int | None = None,
        level: float | Sequence[float] = 0.95,
        exogenous: pd.DataFrame | npt.ArrayLike | None = None,
    ) -> Forecast:
        r"""Forecast given the future of some variables (Waggoner and Zha 1999; Doan, Litterman and Sims 1984).

        Parameters
        ----------
        conditions : dict, DataFrame, Series or array (steps, K)
            Variables to their future values, from the first period ahead on: ``{"rate": [5.0, 5.0, 4.5]}``, or a number
            that stands for all steps, ``{"rate": 5.0}``. A table has a row for each period ahead: values where the
            future is given, NaN where it is free. A DataFrame may leave out variables that are free throughout, and a
            Series is the one it is named after. An index that is not the default holds the periods of the forecast, or
            with ``steps`` some of them.
        steps : int, optional
            Periods ahead, at least as many as have conditions; those after the last are free. By default as many.
        level : float or sequence of float
            Probability of each interval, at least 0.5; several make intervals inside one another.
        exogenous : DataFrame or array (steps, M), optional
            Future values of the exogenous variables of a VARX, taken as known; needed if there are any.

        Returns
        -------
        Forecast
            Means and normal intervals of what is free, the coefficients taken as known; given values have no width.

        Raises
        ------
        SpecificationError
            Conditions have the wrong shape, infinite values or other periods, are on more periods than ``steps``, or on
            nothing.
        NumericalError
            The conditions cannot hold together.

        See Also
        --------
        VarResult.forecast : without conditions.

        Notes
        -----
        Conditions are on values, whatever shocks bring them about. The answer therefore needs no identification.

        Examples
        --------
        >>> import panelvar as pv
        >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=2)
        >>> model.conditional_forecast({"tbilrate": 2.0}, steps=4).to_frame()["unemp"]["forecast"].round(2).tolist()
        [9.39, 8.98, 8.51, 8.03]
        """
        given = read_conditions(self.data, conditions, steps)
        plain = self.forecast(len(given), level=level, exogenous=exogenous)
        factor = positive_factor(self._sigma)
        try:
            values, covariance = conditional_forecast(self.coefficients, factor, plain.values, given)
        except np.linalg.LinAlgError:
            raise NumericalError("The conditions contradict or repeat one another. Leave out some.") from None
        errors = np.where(np.isnan(given), forecast_errors(covariance), 0.0)
        first, *inner = nested(read_levels(level), lambda each: normal_limits(values, errors, each))
        found = replace(
            plain, values=values, **first._asdict(), inner=tuple(inner), covariance=covariance, given=np.asarray(given)
        )
        text = (
            f"These values are given, not forecast, and have no intervals: {found.conditions}. The others are "
            "forecasts if these come true, whatever shocks bring them about."
        )
        return replace(found, notes=(*found.notes, Note("conditional", text)))

    @property
    def _persistence(self) -> Persistence | None:
        return Persistence(self.moduli, self.nobs, self.lags)

    @property
    def _drawable(self) -> DrawableSystem:
        """The system as the sources of bands see it."""
        degrees = self._problem.degrees
        own = degrees if isinstance(degrees, int) else np.asarray(degrees, dtype=np.float64)[:, None]
        return DrawableSystem(self._problem, own if self.convention.sigma == "df" else self.nobs)

    # What shocks have done

    @documented
    def structural_shocks(
        self, *, identification: str | Identification = "cholesky", ordering: Sequence[str] | None = None
    ) -> pd.DataFrame:
        r"""Estimated shocks of variance one, by period: :math:`\hat\varepsilon_t = B^{-1}\hat u_t`.

        A scheme with fewer shocks than variables gives :math:`\hat\varepsilon_{st} = b_s'\Sigma^{-1}\hat u_t`, with
        :math:`b_s` the column of its impact matrix: the same numbers where the shocks are complete.

        Parameters
        ----------
        {identification, ordering}

        Returns
        -------
        DataFrame
            A row for each period, a column for each shock.

        Raises
        ------
        SpecificationError
            The shocks are correlated.
        """
        shocks = self._shocks(identification, "sd", ordering)
        emit(shocks.scheme.notes)
        return self._by_period(self._shock_values(shocks), shocks.names)

    def _shock_values(self, shocks: Shocks) -> Array:
        if not shocks.scheme.orthogonal:
            raise SpecificationError(
                f"{shocks.scheme.words} shocks are correlated, so the errors cannot be split into them. Use "
                "'cholesky', 'long_run' or another scheme of orthogonal shocks."
            )
        impact = shocks.system_impact(self.coefficients, self._sigma)
        residuals = self._problem.residuals
        if shocks.complete:
            # Rows in units of the errors.
            sizes = np.sqrt(self._sigma.diagonal())
            solved = np.linalg.solve(impact / sizes[:, None], (residuals / sizes).T)
            return np.asarray(solved.T, dtype=np.float64)
        factor = positive_factor(self._sigma)
        return np.asarray(lower_solve(factor, residuals.T).T @ lower_solve(factor, impact))

    @documented
    def historical_decomposition(
        self, *, identification: str | Identification = "cholesky", ordering: Sequence[str] | None = None
    ) -> HistoricalDecomposition:
        """Take each variable apart into a baseline and what each shock has contributed since the start of the sample.

        Parameters
        ----------
        {identification}
            The shocks must be orthogonal. Where they are fewer than the variables, ``others`` holds what the other
            shocks contributed.
        {ordering}

        Returns
        -------
        HistoricalDecomposition

        Raises
        ------
        NumericalError
            Contributions overflow: the system is explosive.

        See Also
        --------
        plot_historical : draws it.

        Notes
        -----
        Shocks before the sample are in the baseline, with the initial values: early periods say little. After a gap the
        decomposition starts again.

        Examples
        --------
        >>> import panelvar as pv
        >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=2)
        >>> model.historical_decomposition().to_frame()["unemp"].round(2).tail(1)
        part     baseline  unemp  tbilrate
        quarter
        2009Q3       5.92    4.6     -0.92
        """
        shocks = self._shocks(identification, "sd", ordering)
        values = self._shock_values(shocks)
        parts = values[:, None, :] * shocks.system_impact(self.coefficients, self._sigma)
        partial = parts.shape[2] < self.n_vars
        if partial:
            # The part of the residuals that the identified shocks leave belongs to all others together.
            rest = self._problem.residuals - parts.sum(axis=2)
            parts = np.concatenate([parts, rest[:, :, None]], axis=2)
        starts = np.array(self._problem.run_starts)
        actual = self._problem.design[:, self.n_regressors :]
        with np.errstate(over="ignore", invalid="ignore"):
            for row in range(len(parts)):
                first = starts[starts <= row].max()
                for lag in range(1, min(self.lags, row - first) + 1):
                    parts[row] += self.coefficients[lag - 1] @ parts[row - lag]
            baseline = actual - parts.sum(axis=2)
        if not (np.isfinite(parts).all() and np.isfinite(baseline).all()):
            raise NumericalError(
                f"Contributions of shocks overflow within {len(parts)} periods, because the system is explosive. Look "
                "for outliers, or fit fewer periods."
            )
        notes = self._stability_notes() + shocks.scheme.notes
        emit(notes)
        count = len(shocks.names)
        return HistoricalDecomposition(
            parts[:, :, :count],
            baseline,
            self.names,
            shocks.names,
            values,
            self.data.labels(self.periods),
            shocks.scheme.words,
            notes,
            parts[:, :, count] if partial else None,
        )

    # Presentation

    def _facts(self, digits: int) -> tuple[Fact, ...]:
        criteria = ("aic", "bic", "hqic", "fpe")
        return (
            Fact("Observations", format_count(self.nobs)),
            Fact("Residual df", format_count(self.df_resid)),
            *(Fact(name.upper(), self._printed(name, digits)) for name in criteria),
            Fact("Log likelihood", self._printed("loglik", digits)),
            Fact("Convention", self.convention.name),
            *self._errors_in_words,
        )

    @property
    def _errors_in_words(self) -> tuple[Fact, ...]:
        """What the table says of its errors, where they are not classical."""
        return () if self._robust is None else (Fact("Standard errors", self._robust.label),)

    def _printed(self, name: str, digits: int) -> str:
        """Print a statistic; one that does not exist because an equation fits exactly is not available."""
        try:
            return (format_significant if name == "fpe" else format_number)(getattr(self, name), digits)
        except NumericalError:
            return NOT_AVAILABLE

    def _rows(self, levels: Stars, digits: int, level: float | None) -> tuple[Row, ...]:
        errors = self._errors
        try:
            pvalues = self.pvalues.to_numpy()
        except NumericalError:
            pvalues = np.full(errors.shape, np.nan)
        limits = None if level is None else limits_side_by_side(self.conf_int(level=check_level(level)), self.n_vars)
        names, estimates = self.regressor_names, self._problem.params
        return equation_rows(names, estimates, errors, pvalues, levels, digits, self._free, limits)

    def _foot(self, digits: int) -> tuple[Row, ...]:
        return (
            value_row("R2", self.rsquared, digits),
            value_row("Adjusted R2", self.rsquared_adjusted, digits),
            value_row("Root MSE", self.rmse, digits),
        )


OF_A_PANEL = (
    "of a panel it takes the model of one entity, fit_var_batch(data, columns, lags=...).member(label). residual_table "
    "has the tests that a panel's residuals have"
)
"""What to do with the system of a panel where one of a series was expected."""


def require_fit(model: object, of_panels: str = OF_A_PANEL) -> None:
    """Say what was expected if something else than a fitted vector autoregression is given.

    Parameters
    ----------
    model : object
    of_panels : str
        What a panel's has instead.

    Raises
    ------
    MissingInformationError
        The system has no data.
    SpecificationError
        It is the system of a panel, or something else.
    """
    if isinstance(model, FittedSystem):
        return
    if isinstance(model, EstimatedSystem):
        raise SpecificationError(f"This is for a vector autoregression of one entity, made by fit_var; {of_panels}.")
    if isinstance(model, System):
        raise MissingInformationError("This needs the residuals, and the system has coefficients only: use fit_var.")
    raise SpecificationError(f"model is {kind_of(model)}; expected the result of fit_var.")
