"""Forecasts of every entity of a panel, each from the end of its own rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from panelvar.core.base.arguments import read_horizon, read_levels
from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import (
    MissingInformationError,
    Note,
    NumericalError,
    SpecificationError,
    emit,
)
from panelvar.estimates.bands.limits import normal_limits
from panelvar.estimates.bands.target import limit_columns, nested
from panelvar.kernels.dynamics import dynamics
from panelvar.kernels.dynamics.lag_problem import lag_matrices
from panelvar.kernels.linear.least_squares import covariance_root
from panelvar.systems.panel_var.fit import PanelVarFit
from panelvar.systems.panel_var.rows import Ends, SystemRows
from panelvar.systems.responses.forecast import forecast_errors

if TYPE_CHECKING:
    import pandas as pd


def forecast_entities(fit: PanelVarFit, steps: int, level: float | Sequence[float], exogenous: Any) -> pd.DataFrame:
    """Forecast so many periods of every entity whose last p periods are observed.

    Parameters
    ----------
    fit : PanelVarFit
    steps, level, exogenous
        As in `panelvar.systems.panel_var.result.PanelVarResult.forecast`.
    """
    import pandas as pd

    levels = read_levels(level)
    rows, panel, count = fit.rows, fit.rows.panel, fit.rows.terms.count
    steps = read_horizon("steps", steps, 1, rows.n_vars**2)
    if fit.period_effects is not None:
        raise SpecificationError(
            "The effects of future periods are not known, so this model has no forecasts. Fit it with "
            "time_effects=False."
        )
    if fit.individual is not None:
        raise SpecificationError(
            "Each entity has its own coefficients here. Forecast one of them with "
            "fit_var_batch(...).member(label).forecast()."
        )
    ends = rows.ends()
    chosen = _forecast(rows, ends)
    ahead = (ends.last[chosen, None] + np.arange(1, steps + 1)).ravel()
    index = pd.MultiIndex.from_arrays(
        [ends.labels[np.repeat(chosen, steps)], panel.calendar.labels_at(ahead)],
        names=[panel.entity_name or "entity", panel.time_name or "time"],
    )
    part = _terms(rows, ends.known[chosen], steps, index, exogenous) @ fit.params[:count]
    if fit.effects is not None:
        part = part + fit.effects[(np.cumsum(ends.in_use) - 1)[chosen]][:, None]
    coefficients = lag_matrices(fit.params, count)
    values = dynamics.forecast_path(coefficients, ends.history[chosen], part)
    errors = forecast_errors(dynamics.forecast_covariance(coefficients, covariance_root(fit.sigma), steps))
    if not (np.isfinite(values).all() and np.isfinite(errors).all()):
        raise NumericalError("The forecasts overflow, because the system is explosive. Ask for fewer steps.")
    errors = np.broadcast_to(errors, values.shape)
    limits = nested(levels, lambda each: normal_limits(values, errors, each))
    parts = {"forecast": values, **limit_columns(limits), "std_error": errors}
    columns = pd.MultiIndex.from_product([rows.names, parts], names=["variable", None])
    return pd.DataFrame(np.stack(list(parts.values()), axis=3).reshape(len(index), -1), index, columns)


def _forecast(rows: SystemRows, ends: Ends) -> Positions:
    """Places of the entities in use whose last periods are all observed."""
    chosen = np.flatnonzero(ends.in_use & np.isfinite(ends.history).all(axis=(1, 2)))
    end = "last period" if rows.lags == 1 else f"last {rows.lags} periods"
    if not chosen.size:
        raise NumericalError(f"A forecast starts from the {end} of an entity, and every entity misses a value there.")
    if len(chosen) < len(ends.labels):
        text = (
            f"{len(ends.labels) - len(chosen)} of {len(ends.labels)} entities have no forecast: they miss a value in "
            f"their {end}, or the model does not use them."
        )
        emit((Note("no-forecast", text, warn=True),))
    return chosen


def _terms(rows: SystemRows, known: Array, steps: int, index: Any, exogenous: Any) -> Array:
    """Values of the terms beside the lags in the periods forecast, (N, steps, d) or (steps, d)."""
    terms, count = rows.terms, len(known)
    if not terms.exogenous:
        if exogenous is not None:
            raise SpecificationError("The model has no exogenous variables. Leave exogenous= out.")
        return np.broadcast_to(terms.rows(1, steps), (count, steps, terms.count))
    names = list(terms.exogenous)
    if exogenous is None:
        raise MissingInformationError(
            f"A forecast of this model needs exogenous=, with the next {count_of(steps, 'value')} of "
            f"{', '.join(names)} of each entity."
        )
    if getattr(getattr(exogenous, "index", None), "nlevels", 1) != 2 or not hasattr(exogenous, "columns"):
        raise SpecificationError("exogenous must be a DataFrame with an index (entity, period).")
    if not exogenous.index.is_unique:
        raise SpecificationError("exogenous has several rows of the same entity and period.")
    table = exogenous.set_axis(list(map(str, exogenous.columns)), axis=1)
    absent = [name for name in names if name not in table.columns]
    if absent:
        raise SpecificationError(
            f"exogenous lacks {', '.join(absent)}. It needs all exogenous variables of the model: {', '.join(names)}."
        )
    future = table[names].reindex(index).to_numpy(np.float64, na_value=np.nan).reshape(count, steps, len(names))
    lacking = ~np.isfinite(future).all(axis=(1, 2))
    if lacking.any():
        entity, period = index[int(lacking.argmax()) * steps]
        raise MissingInformationError(
            f"exogenous needs values in the {count_of(steps, 'period')} after each entity's last. It lacks some of "
            f"{int(lacking.sum())} of {count} entities, such as those of {entity} from {period} on."
        )
    if not np.isfinite(known).all():
        raise NumericalError("A forecast starts from the last values of the exogenous variables, and some are missing.")
    whole = np.concatenate([known, future], axis=1)
    return np.stack([terms.rows(1, steps, own) for own in whole])
