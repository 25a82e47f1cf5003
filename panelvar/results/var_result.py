"""A fitted vector autoregression: what its estimates say about dynamics, causality and the future."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panelvar.bands.target import Band, BandSource, Draws, Target
from panelvar.errors import MissingInformationError, NumericalError, SpecificationError, check_level, emit
from panelvar.identification.scheme import Identification, ReducedForm
from panelvar.kernels import dynamics
from panelvar.results.decomposition import VarianceDecomposition
from panelvar.results.forecast import Forecast
from panelvar.results.lag_exclusion import granger_test, lags_test
from panelvar.results.published import finite_array
from panelvar.results.response_gradients import response_gradients
from panelvar.results.responses import Responses
from panelvar.results.shocks import choose_shocks
from panelvar.results.system import check_horizon, cumulated, decomposing_shocks, described_responses, shares_of
from panelvar.results.test_result import TestResult
from panelvar.results.var_estimates import VarEstimates

if TYPE_CHECKING:
    import pandas as pd

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, init=False, eq=False, repr=False)
class VarResult(VarEstimates):
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

    # Dynamics

    def impulse_responses(
        self,
        horizon: int = 10,
        *,
        identification: str | Identification = "cholesky",
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

        def statistic(draws: Draws) -> Array:
            paths = dynamics.responses(draws.form.coefficients, horizon, shocks.impact(draws.form))
            return cumulated(paths, 1) if cumulative else paths

        def gradients(form: ReducedForm, spread: Array) -> Array:
            return response_gradients(form, spread, self.nobs, shocks, horizon, cumulative)

        needs_sigma = shocks.scheme.needs_sigma or not shocks.unit
        band = self._band(bands, level, values, statistic, gradients, uses_sigma=needs_sigma)
        notes = self._stability_notes() + (band.notes if band else ())
        emit(notes)
        return described_responses(values, shocks, bool(cumulative), band, notes)

    def variance_decomposition(
        self,
        horizon: int = 10,
        *,
        identification: str | Identification = "cholesky",
        ordering: Sequence[str] | None = None,
        normalised: bool = False,
        bands: BandSource | None = None,
        level: float = 0.95,
    ) -> VarianceDecomposition:
        """Shares of the shocks in the forecast error variances, horizons 1 to ``horizon``.

        Parameters
        ----------
        horizon, identification, ordering, normalised
            As in `System.variance_decomposition`.
        bands : ResidualBootstrap or MonteCarlo, optional
        level : float
            Confidence level of the band at each point, at least 0.5.
        """
        check_level(level)
        plain = super().variance_decomposition(
            horizon, identification=identification, ordering=ordering, normalised=normalised
        )
        if bands is None:
            return plain
        shocks = decomposing_shocks(self.names, self.sigma, identification, ordering)
        complete = shocks.scheme.orthogonal and len(shocks.names) == self.n_vars

        def statistic(draws: Draws) -> Array:
            form, steps = draws.form, plain.horizon - 1
            values = dynamics.responses(form.coefficients, steps, shocks.impact(form))
            if complete:
                return shares_of(values, None, normalised)
            whole = dynamics.responses(form.coefficients, steps, form.factor)
            return shares_of(values, np.cumsum((whole**2).sum(axis=-1), axis=-2), normalised)

        band = self._band(bands, level, plain.values, statistic)
        if band is None:
            return plain
        emit(band.notes)
        return replace(
            plain,
            lower=band.lower,
            upper=band.upper,
            level=band.level,
            draws=band.draws,
            band_label=band.label,
            notes=plain.notes + band.notes,
        )

    def _band(
        self,
        bands: BandSource | None,
        level: float,
        estimate: Array,
        statistic: Callable[[Draws], Array],
        gradients: Callable[[ReducedForm, Array], Array] | None = None,
        *,
        uses_sigma: bool = True,
        future_steps: int = 0,
    ) -> Band | None:
        if bands is None:
            return None
        if isinstance(bands, type) or not hasattr(bands, "band"):
            raise SpecificationError(
                f"bands={bands!r}: expected an object such as ResidualBootstrap(...), MonteCarlo(...), DeltaMethod() "
                "or None."
            )
        divisor = self.df_resid if self.convention.sigma == "df" else self.nobs
        target = Target(self.problem, divisor, estimate, statistic, gradients, future_steps, uses_sigma)
        return bands.band(target, check_level(level))

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
        return granger_test(self.problem, self.names, self.convention, caused, causing, self.robust_covariance)

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
        return lags_test(self.problem, self.names, self.convention, equations, variables, lags, self.robust_covariance)

    # Forecasts

    def forecast(
        self,
        steps: int = 8,
        *,
        level: float = 0.95,
        exogenous: pd.DataFrame | npt.ArrayLike | None = None,
        bands: BandSource | None = None,
    ) -> Forecast:
        """Forecast from the end of the data.

        Parameters
        ----------
        steps : int
            Periods ahead.
        level : float
            Probability of each interval, at least 0.5.
        exogenous : DataFrame or array (steps, M), optional
            Future values of the exogenous variables of a VARX, taken as known; needed if there are any.
        bands : ResidualBootstrap, MonteCarlo, ..., optional
            Simulate the intervals: coefficients vary, and future errors are drawn as the source draws residuals
            (Luetkepohl 2005, section 3.5 and appendix D.3). By default intervals are normal and take the coefficients
            as known.

        Raises
        ------
        MissingInformationError
            The model has exogenous variables and their future was not given.
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
        terms = self._future_terms(self.data.values.shape[0] + 1, steps, exogenous)
        values = dynamics.forecast_path(self.coefficients, history, terms @ self.deterministics)
        covariance = dynamics.forecast_covariance(self.coefficients, self.sigma, steps)
        if not (np.isfinite(values).all() and np.isfinite(covariance).all()):
            raise NumericalError("The forecasts overflow: the system is explosive. Ask for fewer steps.")
        reach = float(ndtri((1.0 + level) / 2.0)) * np.sqrt(covariance.diagonal(axis1=1, axis2=2))

        def statistic(draws: Draws) -> Array:
            form = draws.form
            assert form.beside is not None
            assert draws.future is not None
            return dynamics.forecast_path(form.coefficients, history, terms @ form.beside + draws.future)

        band = self._band(bands, level, values, statistic, future_steps=steps)
        notes = self._stability_notes() + (band.notes if band else ())
        emit(notes)
        return Forecast(
            values,
            band.lower if band else values - reach,
            band.upper if band else values + reach,
            covariance,
            self.names,
            self.data.future(steps),
            float(level),
            notes,
            self.data,
            band.draws if band else None,
            band.label if band else None,
        )

    def _future_terms(self, first: int, steps: int, exogenous: Any) -> Array:
        """Values of the terms beside the lags in the periods after the data."""
        terms, past = self.terms, self.data.exogenous
        if past is None:
            if exogenous is not None:
                raise SpecificationError("The model has no exogenous variables: exogenous= has no place in a forecast.")
            return terms.rows(first, steps)
        names = list(terms.exogenous)
        if exogenous is None:
            raise MissingInformationError(
                f"A forecast of this model needs the next {steps} values of {names}: give exogenous=."
            )
        if hasattr(exogenous, "columns"):
            absent = [name for name in names if name not in exogenous.columns]
            if absent:
                raise SpecificationError(f"exogenous has no column {absent}; the model's are {names}.")
            exogenous = exogenous[names]
        future = finite_array("exogenous", exogenous)
        future = future[:, None] if future.ndim == 1 and len(names) == 1 else future
        if future.shape != (steps, len(names)):
            raise SpecificationError(f"exogenous has shape {future.shape}; expected {(steps, len(names))}: {names}.")
        known = past[past.shape[0] - terms.exogenous_lags :]
        if not np.isfinite(known).all():
            raise NumericalError("The last values of the exogenous variables are missing; a forecast starts from them.")
        return terms.rows(first, steps, np.concatenate([known, future]))

    def multipliers(self, horizon: int = 10, *, cumulative: bool = False) -> Responses:
        """Responses of every variable to one unit of each exogenous variable in period 0 alone.

        Parameters
        ----------
        horizon : int
            Last period; the result has ``horizon + 1`` rows.
        cumulative : bool
            Sum the responses over periods: the effect of a lasting change.

        Raises
        ------
        SpecificationError
            The model has no exogenous variables.
        """
        names = self.terms.exogenous
        if not names:
            raise SpecificationError("The model has no exogenous variables: fit_var(..., exogenous=...) adds them.")
        effects = self.deterministics[self.terms.n_deterministic :].reshape(-1, len(names), self.n_vars)
        values = dynamics.multipliers(self.coefficients, effects.swapaxes(1, 2), check_horizon(horizon))
        if cumulative:
            values = cumulated(values, 0)
        if not np.isfinite(values).all():
            raise NumericalError("The multipliers overflow: the system is explosive. Shorten the horizon.")
        notes = self._stability_notes()
        emit(notes)
        return Responses(
            values, self.names, names, "exogenous", "exogenous", "unit", None, bool(cumulative), notes=notes
        )
