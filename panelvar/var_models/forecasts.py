"""What a fitted vector autoregression says about the future, and about changes of its exogenous variables.

Forecasts take the future as unknown, or as given for some of the variables, and coefficients as known or as estimated
(Luetkepohl 2005, section 3.5).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panelvar.bands.delta_method import DeltaMethod
from panelvar.bands.drawable import Draws
from panelvar.bands.limits import normal_limits
from panelvar.bands.target import Band, BandSource, Target
from panelvar.base.arguments import read_flag, read_horizon
from panelvar.base.arrays import Array
from panelvar.base.errors import MissingInformationError, NumericalError, SpecificationError, check_level, emit
from panelvar.base.quoting import shown
from panelvar.data.alignment import by_label
from panelvar.dynamics import dynamics
from panelvar.dynamics.lag_problem import LagProblem, lag_matrices
from panelvar.identification.scheme import Identification, ReducedForm
from panelvar.responses.forecast import Forecast, forecast_errors
from panelvar.responses.gradients import EVERY
from panelvar.responses.responses import Responses, cumulated
from panelvar.responses.shocks import positive_factor
from panelvar.var_models.drawable_system import DrawableSystem
from panelvar.var_models.estimates import VarEstimates
from panelvar.var_models.published import finite_array

if TYPE_CHECKING:
    import pandas as pd


def conditional_forecast(coefficients: Array, factor: Array, path: Array, given: Array) -> tuple[Array, Array]:
    r"""Mean and covariance of the future given some of it (Waggoner and Zha 1999, eqs. 8 to 10; Luetkepohl 2005, 2.2).

    Stacked, the future is :math:`y = \bar y + M \varepsilon` with standard normal shocks. Conditions fix rows r of it:
    :math:`R \varepsilon = r - \bar y_r`, so that :math:`E\varepsilon = R'(RR')^{-1}(r - \bar y_r)` and
    :math:`\mathrm{Var}\,\varepsilon = I - R'(RR')^{-1}R`. Any factor of sigma gives the same answer.

    Parameters
    ----------
    coefficients : array (p, K, K)
    factor : array (K, K)
        F with F F' = sigma.
    path : array (steps, K)
        Unconditional forecasts.
    given : array (steps, K)
        Known values; NaN where the future is free.

    Returns
    -------
    values : array (steps, K)
    covariance : array (steps, K, K)
        Of each period's forecast errors, zero for what is given.

    Raises
    ------
    numpy.linalg.LinAlgError
        Conditions that contradict or repeat one another.
    """
    steps, n_vars = path.shape
    effects = dynamics.responses(coefficients, steps - 1, factor)
    stacked = np.zeros((steps, n_vars, steps, n_vars))
    for ahead in range(steps):
        for back in range(ahead + 1):
            stacked[ahead, :, back] = effects[ahead - back]
    flat = stacked.reshape(steps * n_vars, steps * n_vars)
    known = ~np.isnan(given).ravel()
    rows = flat[known]
    # In units of its own error each condition is a direction: what is left of one beside others tells whether they hold
    # together.
    sizes = np.linalg.norm(rows, axis=1)
    if not sizes.all():
        raise np.linalg.LinAlgError
    # An orthonormal basis of the conditions: shocks within it are known, those outside are free.
    basis, triangle = np.linalg.qr(rows.T / sizes)
    if (np.abs(triangle.diagonal()) <= 1e-12).any():
        raise np.linalg.LinAlgError
    gap = (given - path).ravel()[known] / sizes
    shocks = basis @ np.linalg.solve(triangle.T, gap) if known.any() else np.zeros(flat.shape[1])
    free = flat - (flat @ basis) @ basis.T
    values = path + (flat @ shocks).reshape(steps, n_vars)
    values[~np.isnan(given)] = given[~np.isnan(given)]
    left = free.reshape(steps, n_vars, -1)
    covariance: Array = left @ left.swapaxes(1, 2)
    return values, covariance


def path_derivatives(coefficients: Array, moves: Array, history: Array, path: Array, terms: Array) -> Array:
    r"""Derivatives of point forecasts along directions of the coefficients, the data taken as they are.

    .. math:: d\hat y_h = dB' D_h + \sum_j \left(dA_j\,\hat y_{h-j} + A_j\,d\hat y_{h-j}\right)

    Parameters
    ----------
    coefficients : array (p, K, K)
    moves : array (D, m, K)
        Directions of all coefficients, those of the terms beside the lags first.
    history : array (p, K)
        The last observations, oldest first.
    path : array (steps, K)
        Point forecasts.
    terms : array (steps, d)
        The terms beside the lags in the periods forecast.

    Returns
    -------
    array (D, steps, K)
    """
    lags, count = len(coefficients), terms.shape[1]
    steps = lag_matrices(moves, count)
    whole = np.concatenate([history, path])
    slopes = np.zeros((len(moves), len(whole), path.shape[1]))
    slopes[:, lags:] = terms @ moves[:, :count]
    with np.errstate(over="ignore", invalid="ignore"):
        for period in range(lags, len(whole)):
            for lag in range(1, lags + 1):
                slopes[:, period] += steps[:, lag - 1] @ whole[period - lag]
                slopes[:, period] += slopes[:, period - lag] @ coefficients[lag - 1].T
    return slopes[:, lags:]


def shock_paths(coefficients: Array, factor: Array, steps: int) -> Array:
    """What one standard deviation of each future shock does to the path, (steps K, steps, K), shocks in time order."""
    n_vars = factor.shape[-1]
    responses = dynamics.moving_average(coefficients, steps - 1) @ factor
    paths = np.zeros((steps, n_vars, steps, n_vars))
    for first in range(steps):
        paths[first, :, first:] = responses[: steps - first].transpose(2, 0, 1)
    return paths.reshape(steps * n_vars, steps, n_vars)


def estimation_mse(transition: Array, coefficients: Array, sigma: Array, n_rows: int, steps: int) -> Array:
    r"""Mean squared error that estimated coefficients add to forecasts from an average origin (3.5.11, 3.5.12).

    .. math:: \frac{\Omega(h)}{n} = \frac1n \sum_{i,j<h} \operatorname{tr}\left[(\mathbf B')^{h-1-i}\Gamma^{-1}
        \mathbf B^{h-1-j}\Gamma\right] \Phi_i\Sigma\Phi_j'

    with :math:`Z_{t+1} = \mathbf B Z_t` for the regressors and :math:`\Gamma = X'X/n = R'R/n`: the trace is the inner
    product of powers of :math:`R\,\mathbf B' R^{-1}`.

    Parameters
    ----------
    transition : array (m, m)
        :math:`R\,\mathbf B' R^{-1}`.
    coefficients : array (p, K, K)
    sigma : array (K, K)
    n_rows, steps : int

    Returns
    -------
    array (steps, K, K)
    """
    size = len(transition)
    powers = np.empty((steps, size, size))
    powers[0] = np.eye(size)
    for step in range(1, steps):
        powers[step] = powers[step - 1] @ transition
    flat = powers.reshape(steps, -1)
    inner = flat @ flat.T
    phi = dynamics.moving_average(coefficients, steps - 1)
    out = np.empty((steps, *sigma.shape))
    for step in range(steps):
        # Phi_i goes with the power step - i.
        weights = inner[: step + 1, : step + 1][::-1, ::-1]
        mixed = np.tensordot(weights, phi[: step + 1], axes=1)
        out[step] = np.einsum("iab,bc,idc->ad", phi[: step + 1], sigma, mixed) / n_rows
    return out


@dataclass(frozen=True, init=False, eq=False, repr=False)
class VarForecasts(VarEstimates):
    """Forecasts, given the future of some variables or not, and dynamic multipliers; a part of `FittedSystem`."""

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
            Future values of the exogenous variables of a VARX, taken as known; needed if there are any. An index that
            is not the default holds the periods of the forecast.
        bands : ResidualBootstrap, MonteCarlo, DeltaMethod, ..., optional
            Simulate the intervals: coefficients vary, and future errors are drawn as the source draws residuals
            (Luetkepohl 2005, section 3.5 and appendix D.3). `DeltaMethod` adds to the variance what the coefficients'
            errors contribute to first order, from the last observations on. By default intervals are normal and take
            the coefficients as known.

        Raises
        ------
        MissingInformationError
            The model has exogenous variables and their future was not given.
        SpecificationError
            Future values of another shape, or labelled with other periods than those of the forecast.
        NumericalError
            The last p periods are not all observed.
        """
        check_level(level)
        steps = read_horizon("steps", steps, 1, self.n_vars**2)
        history = self.data.values[len(self.data.values) - self.lags :]
        if not np.isfinite(history).all():
            raise NumericalError(
                f"The last {self.lags} period(s) hold missing values; a forecast starts from them. Drop or fill them."
            )
        terms = self._future_terms(self.data.values.shape[0] + 1, steps, exogenous)
        values = dynamics.forecast_path(self.coefficients, history, terms @ self.deterministics)
        covariance = dynamics.forecast_covariance(self.coefficients, self.sigma, steps)
        if not (np.isfinite(values).all() and np.isfinite(covariance).all()):
            raise NumericalError("The forecasts overflow: the system is explosive. Ask for fewer steps.")

        def statistic(draws: Draws) -> Array:
            form = draws.form
            assert form.beside is not None
            assert draws.future is not None
            return dynamics.forecast_path(form.coefficients, history, terms @ form.beside + draws.future)

        def gradients(form: ReducedForm, moves: Array, others: slice = EVERY) -> Array:
            estimated = path_derivatives(form.coefficients, moves, history, values, terms)
            return np.concatenate([estimated, shock_paths(form.coefficients, form.factor, steps)[others]])

        lower, upper = normal_limits(values, forecast_errors(covariance), level)
        asymptotic = isinstance(bands, DeltaMethod)
        band = self._band(bands, level, values, statistic, gradients if asymptotic else None, future_steps=steps)
        if asymptotic:
            form = self._form
            slopes = path_derivatives(form.coefficients, self.problem.directions(form.factor), history, values, terms)
            covariance = covariance + np.einsum("dsi,dsj->sij", slopes, slopes)
        notes = self._stability_notes() + (band.notes if band else ())
        emit(notes)
        return Forecast(
            values,
            band.lower if band else lower,
            band.upper if band else upper,
            covariance,
            self.names,
            self.data.future(steps),
            float(level),
            notes,
            self.data,
            band.draws if band else None,
            band.label if band else None,
        )

    def approximate_mse(self, steps: int = 8) -> Array:
        r"""Mean squared errors of forecasts with estimated coefficients, from an average origin.

        .. math:: \Sigma_{\hat y}(h) = \Sigma_y(h) + \Omega(h) / n

        (Luetkepohl 2005, (3.5.9) to (3.5.12)): to first order, and with the moments of the sample in place of the last
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
            A model with a trend, seasons, exogenous variables or restrictions, which has no average origin.
        NumericalError
            The system is not stable.
        """
        steps = read_horizon("steps", steps, 1, self.n_vars**2)
        if self.terms.labels not in ((), ("const",)) or type(self.problem) is not LagProblem:
            raise SpecificationError(
                "Mean squared errors from an average origin are those of a stationary system, unrestricted, with a "
                "constant or nothing beside the lags: use forecast(bands=DeltaMethod())."
            )
        self._require_stable("mean squared errors from an average origin")
        problem, m, count = self.problem, self.n_regressors, self.terms.count
        step = np.zeros((m, m))
        step[:count, :count] = 1.0
        step[:, count : count + self.n_vars] = problem.params if self.lags else 0.0
        step[np.arange(count, m - self.n_vars), np.arange(count + self.n_vars, m)] = 1.0
        transition = problem.factor[:m, :m] @ step @ problem.inverse_factor
        known = dynamics.forecast_covariance(self.coefficients, self.sigma, steps)
        return known + estimation_mse(transition, self.coefficients, self._error_sigma, self.nobs, steps)

    def conditional_forecast(
        self,
        conditions: pd.DataFrame | npt.ArrayLike,
        *,
        level: float = 0.95,
        exogenous: pd.DataFrame | npt.ArrayLike | None = None,
    ) -> Forecast:
        r"""Forecast given the future of some variables (Waggoner and Zha 1999; Doan, Litterman and Sims 1984).

        Parameters
        ----------
        conditions : DataFrame, Series or array (steps, K)
            A row a period ahead: values where the future is given, NaN where it is free. A DataFrame may leave out
            variables that are free throughout, and a Series is the one it is named after. An index that is not the
            default holds the periods of the forecast.
        level : float
            Probability of each interval, at least 0.5.
        exogenous : DataFrame or array (steps, M), optional
            Future values of the exogenous variables of a VARX, taken as known; needed if there are any.

        Returns
        -------
        Forecast
            Means and normal intervals of what is free, the coefficients taken as known; given values have no width.

        Raises
        ------
        SpecificationError
            Conditions of the wrong shape, infinite, of other periods, or on nothing.
        NumericalError
            Conditions that cannot hold together.

        Notes
        -----
        Conditions are on values, whatever shocks bring them about: the answer needs no identification.
        """
        import pandas as pd

        if isinstance(conditions, pd.Series):
            conditions = conditions.to_frame()
        if isinstance(conditions, pd.DataFrame):
            table = self._of_the_future("conditions", conditions)
            table = table.set_axis(list(map(str, table.columns)), axis=1)
            unknown = [name for name in table.columns if name not in self.names]
            if unknown:
                raise SpecificationError(f"{unknown} are not variables of this system: {list(self.names)}.")
            conditions = table.reindex(columns=list(self.names))
        try:
            given = np.array(conditions, dtype=np.float64)
        except (TypeError, ValueError):
            raise SpecificationError(
                f"conditions must be a DataFrame or an array (steps, {self.n_vars}) of numbers, NaN where the future "
                f"is free; got {shown(conditions)}."
            ) from None
        if given.ndim != 2 or given.shape[1] != self.n_vars or not len(given):
            raise SpecificationError(f"conditions have shape {given.shape}; expected (steps, {self.n_vars}).")
        if np.isinf(given).any() or np.isnan(given).all():
            raise SpecificationError("conditions must hold a finite value somewhere, and NaN where the future is free.")
        plain = self.forecast(len(given), level=level, exogenous=exogenous)
        factor = positive_factor(self.sigma)
        try:
            values, covariance = conditional_forecast(self.coefficients, factor, plain.values, given)
        except np.linalg.LinAlgError:
            raise NumericalError("The conditions contradict or repeat one another.") from None
        errors = np.where(np.isnan(given), forecast_errors(covariance), 0.0)
        lower, upper = normal_limits(values, errors, level)
        return replace(plain, values=values, lower=lower, upper=upper, covariance=covariance)

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
        values = dynamics.multipliers(
            self.coefficients, effects.swapaxes(1, 2), read_horizon("horizon", horizon, 0, self.n_vars * len(names))
        )
        if read_flag("cumulative", cumulative):
            values = cumulated(values, 0)
        if not np.isfinite(values).all():
            raise NumericalError("The multipliers overflow: the system is explosive. Shorten the horizon.")
        notes = self._stability_notes()
        emit(notes)
        return Responses(
            values, self.names, names, "exogenous", "exogenous", "unit", None, bool(cumulative), notes=notes
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
        if hasattr(exogenous, "index") and hasattr(exogenous, "iloc"):
            exogenous = self._of_the_future("exogenous", exogenous)
        if hasattr(exogenous, "columns"):
            exogenous = exogenous.set_axis(list(map(str, exogenous.columns)), axis=1)
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

    def _of_the_future(self, option: str, table: Any) -> Any:
        """Put a table in the order of a forecast's periods; refuse one whose labels say that it is about others."""
        index = table.index
        ahead = self.data.future(len(index))
        if list(index) == list(range(len(index))) or not self.data.labels_extend:
            return table
        if index.is_unique and index.isin(ahead).all():
            return by_label(table, ahead, option)
        raise SpecificationError(
            f"The rows of {option} are labelled {index[0]!r} to {index[-1]!r}; the forecast is of {ahead[0]!r} to "
            f"{ahead[-1]!r}. Give the rows of these periods, or an array."
        )

    @property
    def _drawable(self) -> DrawableSystem:
        """The system as the sources of bands see it."""
        degrees = self.problem.degrees
        own = degrees if isinstance(degrees, int) else np.asarray(degrees, dtype=np.float64)[:, None]
        return DrawableSystem(self.problem, own if self.convention.sigma == "df" else self.nobs)

    def _band(
        self,
        bands: BandSource | None,
        level: float,
        estimate: Array,
        statistic: Callable[[Draws], Array],
        gradients: Callable[..., Array] | None = None,
        *,
        uses_sigma: bool = True,
        future_steps: int = 0,
        scheme: Identification | None = None,
        draw_errors: Callable[[ReducedForm, Array], Array] | None = None,
    ) -> Band | None:
        if bands is None:
            return None
        if isinstance(bands, type):
            raise SpecificationError(f"bands={bands.__name__} is the class: call it, {bands.__name__}(...).")
        if not hasattr(bands, "band"):
            raise SpecificationError(
                f"bands={bands!r}: expected an object such as ResidualBootstrap(...), MonteCarlo(...), DeltaMethod() "
                "or None."
            )
        carried = None if scheme is None else scheme.carried
        many = scheme is not None and scheme.set_valued
        model = self._drawable
        target = Target(model, estimate, statistic, gradients, future_steps, uses_sigma, carried, many, draw_errors)
        return bands.band(target, check_level(level))
