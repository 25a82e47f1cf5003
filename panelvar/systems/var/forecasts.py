"""What a fitted vector autoregression says about the future.

Forecasts take the future as unknown, or as given for some of the variables, and coefficients as known or as estimated
(Luetkepohl 2005, section 3.5).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import finite_array, is_number, read_horizon, read_levels
from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import MissingInformationError, NumericalError, SpecificationError, emit
from panelvar.core.base.quoting import shown
from panelvar.data.sources.alignment import by_label
from panelvar.data.sources.arrow import from_arrow
from panelvar.estimates.bands.delta_method import DeltaMethod
from panelvar.estimates.bands.drawable import Draws
from panelvar.estimates.bands.limits import normal_limits
from panelvar.estimates.bands.target import BandSource, nested
from panelvar.kernels.dynamics import dynamics
from panelvar.kernels.dynamics.future_paths import conditional_forecast, estimation_mse, path_derivatives, shock_paths
from panelvar.kernels.dynamics.lag_problem import LagProblem
from panelvar.kernels.dynamics.reduced_form import ReducedForm
from panelvar.kernels.linear.least_squares import covariance_root
from panelvar.systems.responses.forecast import Forecast, forecast_errors
from panelvar.systems.responses.gradients import EVERY
from panelvar.systems.responses.shocks import positive_factor
from panelvar.systems.var.drawable_system import DrawableSystem
from panelvar.systems.var.fit_measures import VarFitMeasures

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, init=False, eq=False, repr=False)
class VarForecasts(VarFitMeasures):
    """Forecasts, given the future of some variables or not; a part of `FittedSystem`."""

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
        terms = self._future_terms(self.data.values.shape[0] + 1, steps, exogenous)
        values = dynamics.forecast_path(self.coefficients, history, terms @ self.deterministics)
        covariance = dynamics.forecast_covariance(self.coefficients, covariance_root(self.sigma), steps)
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
            slopes = path_derivatives(form.coefficients, self.problem.directions(form.factor), history, values, terms)
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
        if self.terms.labels not in ((), ("const",)) or type(self.problem) is not LagProblem:
            raise SpecificationError(
                "Mean squared errors from an average origin need a stationary, unrestricted system with at most a "
                "constant beside the lags. Use forecast(bands=DeltaMethod())."
            )
        self._require_stable("mean squared errors from an average origin")
        problem, m, count = self.problem, self.n_regressors, self.terms.count
        step = np.zeros((m, m))
        step[:count, :count] = 1.0
        step[:, count : count + self.n_vars] = problem.params if self.lags else 0.0
        step[np.arange(count, m - self.n_vars), np.arange(count + self.n_vars, m)] = 1.0
        transition = problem.factor[:m, :m] @ step @ problem.inverse_factor
        known = dynamics.forecast_covariance(self.coefficients, covariance_root(self.sigma), steps)
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
        given = self._conditions(conditions, steps)
        plain = self.forecast(len(given), level=level, exogenous=exogenous)
        factor = positive_factor(self.sigma)
        try:
            values, covariance = conditional_forecast(self.coefficients, factor, plain.values, given)
        except np.linalg.LinAlgError:
            raise NumericalError("The conditions contradict or repeat one another. Leave out some.") from None
        errors = np.where(np.isnan(given), forecast_errors(covariance), 0.0)
        first, *inner = nested(read_levels(level), lambda each: normal_limits(values, errors, each))
        return replace(plain, values=values, **first._asdict(), inner=tuple(inner), covariance=covariance)

    def _conditions(self, conditions: Any, steps: int | None) -> Array:
        """Values where the future is given, NaN where it is free, (steps, K)."""
        import pandas as pd

        ahead = None if steps is None else read_horizon("steps", steps, 1, self.n_vars**2)
        if isinstance(conditions, Mapping):
            conditions = self._side_by_side(conditions, ahead)
        if isinstance(conditions, pd.Series):
            conditions = conditions.to_frame()
        if isinstance(conditions, pd.DataFrame):
            table = self._of_the_future("conditions", conditions, ahead)
            table = table.set_axis(list(map(str, table.columns)), axis=1)
            unknown = [name for name in table.columns if name not in self.names]
            if unknown:
                raise SpecificationError(f"{unknown} are not variables of this system: {list(self.names)}.")
            conditions = table.reindex(columns=list(self.names))
        try:
            given = np.array(conditions, dtype=np.float64)
        except (TypeError, ValueError, OverflowError):
            raise SpecificationError(
                f"conditions must be a dict, a DataFrame or an array (steps, {self.n_vars}) of numbers, NaN where the "
                f"future is free; got {shown(conditions)}."
            ) from None
        if given.ndim != 2 or given.shape[1] != self.n_vars or not len(given):
            raise SpecificationError(f"conditions have shape {given.shape}; expected (steps, {self.n_vars}).")
        if np.isinf(given).any() or np.isnan(given).all():
            raise SpecificationError("conditions must hold a finite value somewhere, and NaN where the future is free.")
        if ahead is None:
            return given
        if len(given) > ahead:
            raise SpecificationError(
                f"conditions cover {len(given)} periods, and steps={ahead} ends before the last. Give more steps=, or "
                "fewer conditions."
            )
        return np.concatenate([given, np.full((ahead - len(given), self.n_vars), np.nan)])

    def _side_by_side(self, conditions: Mapping[Any, Any], steps: int | None) -> Array:
        """Future values of each variable as columns of one table; a number stands for every step."""
        columns: dict[int, float | Array] = {}
        for name, values in conditions.items():
            if str(name) not in self.names:
                raise SpecificationError(f"{[name]} are not variables of this system: {list(self.names)}.")
            if hasattr(values, "index") and hasattr(values, "iloc"):
                values = self._of_the_future("conditions", values, steps)
            place = self.names.index(str(name))
            columns[place] = float(values) if is_number(values) else _column(f"conditions of {shown(name)}", values)
        lengths = [len(column) for column in columns.values() if isinstance(column, np.ndarray)]
        if columns and not lengths and steps is None:
            raise SpecificationError(
                "A single number is a condition on every step of the forecast. Give steps= to say how many there are."
            )
        given = np.full((max([*lengths, steps or 1]), self.n_vars), np.nan)
        for place, column in columns.items():
            given[: len(column) if isinstance(column, np.ndarray) else None, place] = column
        return given

    def _future_terms(self, first: int, steps: int, exogenous: Any) -> Array:
        """Values of the terms beside the lags in the periods after the data."""
        terms, past = self.terms, self.data.exogenous
        if past is None:
            if exogenous is not None:
                raise SpecificationError("The model has no exogenous variables. Leave out exogenous=.")
            return terms.rows(first, steps)
        names = list(terms.exogenous)
        if exogenous is None:
            raise MissingInformationError(
                f"A forecast of this model needs the next {count_of(steps, 'value')} of {names}. Give exogenous=."
            )
        exogenous = from_arrow(exogenous)
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
            raise NumericalError(
                "A forecast starts from the last values of the exogenous variables, and some of them are missing."
            )
        return terms.rows(first, steps, np.concatenate([known, future]))

    def _of_the_future(self, option: str, table: Any, steps: int | None = None) -> Any:
        """Put a table in the order of a forecast's periods; refuse one whose labels say that it is about others.

        It may leave out periods of a forecast of so many ``steps``, and has rows of missing values for them.
        """
        index = table.index
        if not len(index):
            return table
        ahead = self.data.future(max(len(index), steps or 0))
        if list(index) == list(range(len(index))) or not self.data.labels_extend:
            return table
        if index.is_unique and index.isin(ahead).all():
            return by_label(table, ahead, option)
        raise SpecificationError(
            f"The rows of {option} are labelled {index[0]!r} to {index[-1]!r}, but the forecast is of {ahead[0]!r} to "
            f"{ahead[-1]!r}. Give the rows of these periods, or an array."
        )

    @property
    def _drawable(self) -> DrawableSystem:
        """The system as the sources of bands see it."""
        degrees = self.problem.degrees
        own = degrees if isinstance(degrees, int) else np.asarray(degrees, dtype=np.float64)[:, None]
        return DrawableSystem(self.problem, own if self.convention.sigma == "df" else self.nobs)


def _column(what: str, values: Any) -> Array:
    """Numbers of one variable by period, NaN where it is free."""
    try:
        column = np.array(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        column = np.empty((0, 0))
    if column.ndim != 1 or not len(column):
        raise SpecificationError(
            f"{what} must be a number, or a list with one number for each period; got {shown(values)}."
        )
    return column
