"""Forecasts of every entity of a panel, each from the end of its own rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from panelvar.core.base.arguments import read_horizon, read_levels
from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import (
    MissingInformationError,
    Note,
    NumericalError,
    SpecificationError,
)
from panelvar.core.base.labels import listed
from panelvar.core.base.quoting import shown
from panelvar.data.panel.series import VarData
from panelvar.estimates.bands.delta_method import DeltaMethod
from panelvar.estimates.bands.limits import normal_limits
from panelvar.estimates.bands.target import nested
from panelvar.kernels.dynamics import dynamics
from panelvar.kernels.dynamics.future_paths import conditional_forecast, path_derivatives
from panelvar.kernels.dynamics.gaps import on_every_period
from panelvar.kernels.dynamics.lag_problem import lag_matrices
from panelvar.kernels.dynamics.reduced_form import ReducedForm
from panelvar.kernels.linear.least_squares import covariance_root
from panelvar.systems.panel_var.drawable_panel import DrawablePanel
from panelvar.systems.panel_var.fit import PanelVarFit
from panelvar.systems.panel_var.rows import Ends, PanelVarRows, SystemRows
from panelvar.systems.responses.forecast import forecast_errors
from panelvar.systems.responses.panel_forecast import PanelForecast
from panelvar.systems.responses.shocks import positive_factor
from panelvar.systems.var.futures import read_conditions


def forecast_entities(
    fit: PanelVarFit, steps: int, level: float | Sequence[float], exogenous: Any, bands: object = None
) -> PanelForecast:
    """Forecast so many periods of every entity whose last p periods are observed.

    Parameters
    ----------
    fit : PanelVarFit
    steps, level, exogenous, bands
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
    if bands is not None and not (isinstance(bands, DeltaMethod) and bands.joint is None):
        raise SpecificationError(
            f"bands={shown(bands)}: forecasts of entities take DeltaMethod(), which counts the errors of coefficients "
            "and effects in each interval by itself, or None."
        )
    ends = rows.ends()
    chosen, notes = _forecast(rows, ends)
    ahead = (ends.last[chosen, None] + np.arange(1, steps + 1)).ravel()
    labels = ends.labels[chosen]
    index = pd.MultiIndex.from_arrays(
        [labels[np.repeat(np.arange(len(chosen)), steps)], panel.calendar.labels_at(ahead)],
        names=[panel.entity_name or "entity", panel.time_name or "time"],
    )
    terms, used = _terms(rows, ends.known[chosen], steps, index, exogenous), (np.cumsum(ends.in_use) - 1)[chosen]
    part = terms @ fit.params[:count]
    if fit.effects is not None:
        part = part + fit.effects[used][:, None]
    coefficients = lag_matrices(fit.params, count)
    values = dynamics.forecast_path(coefficients, ends.history[chosen], part)
    covariance = dynamics.forecast_covariance(coefficients, covariance_root(fit.sigma), steps)
    covariance = np.repeat(covariance[None], len(chosen), axis=0)
    if bands is not None:
        every = np.broadcast_to(terms, (len(chosen), steps, count))
        covariance += _estimation(fit, used, ends.history[chosen], values, every)
    errors = np.sqrt(covariance.diagonal(axis1=2, axis2=3))
    if not (np.isfinite(values).all() and np.isfinite(errors).all()):
        raise NumericalError("The forecasts overflow, because the system is explosive. Ask for fewer steps.")
    return PanelForecast(
        values,
        covariance,
        tuple(nested(levels, lambda each: normal_limits(values, errors, each))),
        rows.names,
        labels,
        index,
        notes,
        None if bands is None else "delta method",
        partial(_history, rows, chosen) if isinstance(rows, PanelVarRows) else None,
    )


def condition_entities(
    fit: PanelVarFit, conditions: Any, steps: int | None, level: float | Sequence[float], exogenous: Any
) -> PanelForecast:
    """Forecast every entity given the future of some variables.

    Parameters
    ----------
    fit : PanelVarFit
    conditions, steps, level, exogenous
        As in `panelvar.systems.panel_var.result.PanelVarResult.conditional_forecast`.
    """
    rows = fit.rows
    if not isinstance(rows, PanelVarRows):
        raise SpecificationError("A stream keeps no rows that conditions could follow. Fit the panel in memory.")
    ends = rows.ends()
    chosen = _forecast(rows, ends)[0]
    given = [
        _conditions_of(_history(rows, chosen, place), ends.labels[entity], conditions, steps)
        for place, entity in enumerate(chosen.tolist())
    ]
    if all(own is None for own in given):
        raise SpecificationError(
            f"conditions name no entity that has a forecast. Entities: {listed(ends.labels[chosen].tolist())}."
        )
    longest = max(len(own) for own in given if own is not None)
    plain = forecast_entities(fit, longest, level, exogenous)
    factor, coefficients = positive_factor(fit.sigma), lag_matrices(fit.params, rows.terms.count)
    values, covariance = plain.values.copy(), np.empty_like(plain.covariance)
    errors, conditions_of = np.empty_like(values), np.full_like(values, np.nan)
    for place, own in enumerate(given):
        known = conditions_of[place]
        known[: 0 if own is None else len(own)] = np.empty((0, rows.n_vars)) if own is None else own
        try:
            values[place], covariance[place] = conditional_forecast(coefficients, factor, plain.values[place], known)
        except np.linalg.LinAlgError:
            raise NumericalError("The conditions contradict or repeat one another. Leave out some.") from None
        free = np.isnan(known)
        covariance[place] *= free[:, :, None] & free[:, None, :]
        errors[place] = forecast_errors(covariance[place])
    limits = nested([each.level for each in plain.limits], lambda level: normal_limits(values, errors, level))
    text = (
        "Values that were given are not forecast and have no intervals. The others are forecasts if these come true, "
        "whatever shocks bring them about."
    )
    notes = (*plain.notes, Note("conditional", text))
    return replace(plain, values=values, covariance=covariance, limits=tuple(limits), notes=notes, given=conditions_of)


def _conditions_of(history: VarData, entity: object, conditions: Any, steps: int | None) -> Array | None:
    """The conditions on an entity's future: its own rows of a table by entity and period, or what all have."""
    if getattr(getattr(conditions, "index", None), "nlevels", 1) == 2:
        own = conditions.index.get_level_values(0) == entity
        if not own.any():
            return None
        conditions = conditions[own].droplevel(0)
    return read_conditions(history, conditions, steps)


def _history(rows: PanelVarRows, chosen: Positions, place: int) -> VarData:
    """The periods of an entity from its first row to its last."""
    panel, entity = rows.panel, int(chosen[place])
    own = slice(int(panel.starts[entity]), int(panel.starts[entity + 1]))
    periods = panel.time_positions[own]
    columns = np.column_stack([panel.column(name)[own] for name in rows.sources[: rows.n_vars]])
    calendar = panel.calendar.between(int(periods[0]), int(periods[-1]))
    return VarData(
        on_every_period(columns, periods), rows.names, periods - periods[0], panel.calendar.labels_at(periods), calendar
    )


def _estimation(fit: PanelVarFit, used: Positions, history: Array, path: Array, terms: Array) -> Array:
    r"""What estimated coefficients and effects add to the covariances of forecasts, (N, steps, K, K).

    To first order :math:`d\alpha_i = \bar u_i - d\hat B'\bar x_i` over the :math:`T_i` rows of an entity; of many
    entities an entity's own errors hardly move the coefficients, so both parts are taken as independent.
    """
    rows = fit.rows
    if not isinstance(rows, PanelVarRows):
        raise SpecificationError("A stream keeps no rows, which DeltaMethod() needs. Leave bands= out.")
    count, factor = rows.n_vars, covariance_root(fit.sigma)
    moves = DrawablePanel(fit).directions(ReducedForm(lag_matrices(fit.params, rows.terms.count), factor))
    noise = np.zeros((count, 1 + rows.n_regressors, count))
    means = rows.entities.means_of(rows.x)
    added = np.empty((*path.shape, count))
    for place, entity in enumerate(used.tolist()):
        ones = np.concatenate([np.ones((path.shape[1], 1)), terms[place]], axis=1)
        own = np.concatenate([np.zeros((len(moves), 1, count)), moves], axis=1)
        if fit.effects is not None:
            own[:, 0] = -np.einsum("m,dmk->dk", means[entity], moves)
            noise[:, 0] = factor.T / np.sqrt(rows.sizes[entity])
            own = np.concatenate([own, noise])
        slopes = path_derivatives(lag_matrices(fit.params, rows.terms.count), own, history[place], path[place], ones)
        added[place] = np.einsum("dsi,dsj->sij", slopes, slopes)
    return added


def _forecast(rows: SystemRows, ends: Ends) -> tuple[Positions, tuple[Note, ...]]:
    """Places of the entities in use whose last periods are all observed, and how many others there are."""
    chosen = np.flatnonzero(ends.in_use & np.isfinite(ends.history).all(axis=(1, 2)))
    end = "last period" if rows.lags == 1 else f"last {rows.lags} periods"
    if not chosen.size:
        raise NumericalError(f"A forecast starts from the {end} of an entity, and every entity misses a value there.")
    if len(chosen) < len(ends.labels):
        text = (
            f"{len(ends.labels) - len(chosen)} of {len(ends.labels)} entities have no forecast: they miss a value in "
            f"their {end}, or the model does not use them."
        )
        return chosen, (Note("no-forecast", text, warn=True),)
    return chosen, ()


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
