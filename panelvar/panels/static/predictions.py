"""Predictions of linear panel models for their own rows or new ones, with or without estimated effects, and limits.

Limits are of the expected value or of a new observation, for levels that the model has seen and others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arguments import read_flag, read_levels
from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.distributions import quantile
from panelvar.core.base.errors import DataError, Note, SpecificationError, choose, emit, needing_rows
from panelvar.core.base.quoting import shown
from panelvar.core.base.shared_parameters import documented
from panelvar.data.calendar.calendar import read_times
from panelvar.data.panel.dimensions import refuse_missing
from panelvar.data.panel.panel import Panel
from panelvar.data.sources.source import Coded, Source
from panelvar.estimates.bands.limits import normal_limits
from panelvar.estimates.bands.target import limit_columns, nested
from panelvar.estimates.covariance.covariances import CovarianceEstimate
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.fit import Fit
from panelvar.kernels.linear.least_squares import covariance_root
from panelvar.kernels.linear.variance_components import Components
from panelvar.panels.static.effect_precision import sum_variances
from panelvar.panels.static.effect_variances import effect_variances
from panelvar.panels.static.effects import (
    blup,
    dimension_of,
    leading_table,
    level_tables,
    shares_of_effect,
    unit_variances,
)
from panelvar.panels.static.fitted_model import FittedModel

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class PredictionRows:
    """Rows to predict, in the order of the panel they came in.

    Attributes
    ----------
    columns : list of (n,) arrays
        The regressors in use.
    index : Index
        Labels of the rows.
    order : (n,) array or None
        The place of each row in the caller's order.
    positions : tuple of (n,) arrays
        For each table of the model's effects, the level of each row; -1 where the model has not seen it.
    slopes : tuple of (n,) array or None
        The variables that multiply the tables.
    """

    columns: list[Array]
    index: pd.Index
    order: NDArray[np.intp] | None
    positions: tuple[NDArray[np.intp], ...] = ()
    slopes: tuple[Array | None, ...] = ()

    def arranged(self, values: Array) -> Array:
        """Put values into the caller's order."""
        if self.order is None:
            return values
        out = np.empty_like(values)
        out[self.order] = values
        return out


def prediction_rows(result: FittedModel, data: object, *, effects: bool) -> PredictionRows:
    """Collect the rows of a prediction, with or without the levels they belong to."""
    fit = result.fit
    if effects and fit.generalised and fit.components is None:
        raise SpecificationError(
            "Predictions of generalised least squares come without effects. Add estimated_effects() by entity."
        )
    if effects and not fit.effects:
        raise SpecificationError(f"{result.estimator} has no effects to add to a prediction. Leave out effects=True.")
    names = [dimension_of(fit, i) for i in range(len(fit.effects))] if effects else []
    if isinstance(data, str):
        raise SpecificationError(
            f"data={shown(data)} is a text. predict() predicts the fit's own rows, predict(effects=True) adds their "
            "effects, and predict(data) predicts other rows. Residuals are the attribute resids."
        )
    if data is None:
        fit.rows_or_refuse("A prediction of the model's own rows")
        # After first differences, these are the rows of the differences.
        own = fit.design if fit.family == "difference" else fit.source
        columns = [own.x[i] for i in fit.kept]
        if not effects:
            return PredictionRows(columns, own.index, None)
        positions = tuple(fit.source.group_by(name)[0].codes.astype(np.intp) for name in names)
        return PredictionRows(columns, own.index, None, positions, _slopes(fit, fit.source.panel, fit.source.kept))
    if effects or fit.source.formula is not None or fit.family == "difference":
        fit.rows_or_refuse("A prediction with effects, from a formula or of differences")
    dated = _needs_calendar(fit)
    panel = data if isinstance(data, Panel) else dated_like(fit.source.panel, data) if dated else _by_row(data)
    rows = read_rows(panel, data, _columns(fit, result.convention, panel))
    if not effects:
        return rows

    def levels(name: str) -> Any:
        if dated or isinstance(data, Panel):
            return _labels(fit, panel, name)
        return _labels_in(Source(data), fit, name)

    places = [fit.source.places_of(name, levels) for name in names]
    return replace(rows, positions=tuple(places), slopes=_slopes(fit, panel, None))


def read_rows(panel: Panel, data: object, columns: Sequence[Array] = ()) -> PredictionRows:
    """Return the rows of a panel under the labels that the caller's data have for them."""
    index, order = panel.index, panel.order
    labels = getattr(data, "index", None)
    if labels is not None and not isinstance(data, Panel):
        # These are the caller's own labels, in the panel's order.
        index = labels if order is None else labels[order]
    return PredictionRows(list(columns), index, order)


def _slopes(fit: Fit, panel: Panel, kept: NDArray[np.intp] | None) -> tuple[Array | None, ...]:
    """Return the variables on which effects have slopes, for each table, None for levels."""
    if fit.absorbed is None:
        return (None,) * len(fit.effects)
    columns = [
        None if slope is None else panel.column(label[label.rindex("[") + 1 : -1])
        for label, slope in zip(fit.effects, fit.absorbed.slopes, strict=True)
    ]
    return tuple(column if column is None or kept is None else column[kept] for column in columns)


@documented
def predict(self: FittedModel, data: object = None, *, effects: bool = False, unseen: str = "zero") -> pd.Series:
    r"""Predict the dependent variable, :math:`c + x_{it}'\hat\beta`.

    After first differences this predicts the *difference*, :math:`c + \Delta x_{it}'\hat\beta`, as Stata's
    ``predict`` does after ``regress D.y D.x``. For the model's own rows these are the ``fitted_values``. New rows
    must say their entity and time; a row without the period before is missing. linearmodels returns
    :math:`x_{it}'\hat\beta`, the level less an unknown effect: here that is ``frame[names] @ result.params``.

    Parameters
    ----------
    {data (prediction), effects (prediction), unseen}

    Returns
    -------
    Series
        A value for each row.

    Raises
    ------
    DataError
        If new rows lack a column, have values that are not numbers, or have unseen levels under ``unseen="raise"``.
    MissingInformationError
        If the model's own rows were released.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("fatalities")
    >>> fit = pv.fit_fixed_effects(states, "frate ~ beertax + unemp", cov="cluster")
    >>> fit.predict({"beertax": [0.5, 1.0], "unemp": [6.0, 6.0]}).round(3).to_list()
    [2.086, 1.88]
    """
    import pandas as pd

    choose("unseen", unseen, ("zero", "missing", "raise"))
    effects = read_flag("effects", effects)
    with needing_rows("predict()", "write predictions to a file (PanelStream.write_predictions)"):
        rows = prediction_rows(self, data, effects=effects)
    values = rows.arranged(predicted_values(self.fit, rows, effects=effects, unseen=unseen))
    return pd.Series(values, index=caller_index(rows), name="predicted")


def caller_index(rows: PredictionRows) -> pd.Index:
    """Return the labels of the rows in the caller's order."""
    return rows.index if rows.order is None else rows.index[np.argsort(rows.order)]


def predicted_values(fit: Fit, rows: PredictionRows, *, effects: bool, unseen: str) -> Array:
    """Return the predictions in the rows' own order."""
    values = np.full(len(rows.index), fit.coefficients[0] if fit.constant else 0.0)
    for column, slope in zip(rows.columns, fit.slopes, strict=True):
        values = values + slope * column
    return values + _effect_of(fit, rows, unseen) if effects else values


def _needs_calendar(fit: Fit) -> bool:
    """Whether a row's prediction depends on other rows of its entity, which must then be found."""
    from panelvar.data.formulas.formula import shifts

    formula = fit.source.formula
    return fit.family == "difference" or (formula is not None and shifts(formula))


def dated_like(source: Panel, data: Any) -> Panel:
    """Index new data as the model's panel was."""
    names = set(getattr(data, "columns", ()) if not isinstance(data, dict) else data)
    single = source.entity_name is None and source.n_entities == 1
    if source.time_name in names and (source.entity_name in names or single):
        return Panel(data, entity=source.entity_name, time=source.time_name)
    if getattr(getattr(data, "index", None), "nlevels", 1) == 2:
        return Panel(data)
    raise DataError(
        "The new data must say their entity and time, because the model takes differences or lags. Give a Panel, "
        f"columns {source.entity_name!r} and {source.time_name!r}, or a two-level index."
    )


def _by_row(data: Any) -> Panel:
    """Index data by row number: their labels need not be unique."""
    if hasattr(data, "reset_index"):
        levels = [name for name in data.index.names if name is not None and name not in data.columns]
        data = data.reset_index(level=levels) if levels else data
        data = data.reset_index(drop=True)
    return Panel(data)


def _columns(fit: Fit, convention: Convention, panel: Panel) -> list[Array]:
    """Regressors in use, from columns or by the model's formula with the model's categories."""
    source, names = fit.source, fit.slope_names
    if source.formula is None:
        columns = [panel.column(name) for name in names]
    else:
        from panelvar.data.formulas.formula import regressors

        terms, values, _ = regressors(source.formula, panel, source.levels_in_use)
        found = dict(zip(terms, values, strict=True))
        columns = [found[name] for name in names]
    if fit.family != "difference":
        return columns
    if convention.first_difference == "adjacent":
        return [panel.difference(column) for column in columns]
    # Each row less the row before, whatever its period; the first row of an entity has none.
    differences = [np.diff(column, prepend=np.nan) for column in columns]
    for difference in differences:
        difference[panel.starts[:-1]] = np.nan
    return differences


def _labels(fit: Fit, panel: Panel, name: str) -> Any:
    source = fit.source.panel
    if not source.plain and name == (source.entity_name or "entity"):
        return panel.entity_labels.take(panel.entity_codes)
    if not source.plain and name == (source.time_name or "time"):
        return panel.calendar.labels_at(panel.time_positions)
    return panel.raw_column(name)


def _labels_in(source: Source, fit: Fit, name: str) -> Any:
    """Return the levels of an effect that new rows, in their own order, belong to."""
    import pandas as pd

    panel = fit.source.panel
    dimensions = (None, None) if panel.plain else (panel.entity_name or "entity", panel.time_name or "time")
    if name in source:
        labels = source.labels(name)
    elif name in source.levels:
        labels = source.level(source.levels.index(name))
    elif name in dimensions and len(source.levels) == 2:
        labels = source.level(dimensions.index(name))
    else:
        raise DataError(
            f"The new data must say their {name!r}, because its effect is added. Give a column of that name, an index "
            "of two levels (entity, time), or a Panel."
        )
    refuse_missing(source, labels, "effect", name)
    if name == dimensions[1]:
        positions, calendar = read_times(labels, name=name)
        return calendar.labels_at(positions)
    return labels.labels.take(labels.codes) if isinstance(labels, Coded) else pd.Index(labels)


def _effect_of(fit: Fit, rows: PredictionRows, unseen: str) -> Array:
    if fit.components is not None:
        tables = blup(fit)
    else:
        tables = level_tables(fit)
        constant = float(fit.centre[-1] - fit.centre[:-1][fit.kept] @ fit.slopes)
        lead, reported = leading_table(fit), constant if fit.constant else 0.0
        tables = tuple(table - reported if i == lead else table for i, table in enumerate(tables))
    total: Array | float = 0.0
    missing = 0
    for table, positions, slope in zip(tables, rows.positions, rows.slopes, strict=True):
        found = positions >= 0
        missing += int((~found).sum())
        value = np.where(found, table[np.where(found, positions, 0)], np.nan)
        if unseen == "zero":
            zero = slope is None and (fit.constant or fit.components is not None)
            value = np.where(found, value, 0.0 if zero else float(np.mean(table)))
        total = total + (value if slope is None else value * slope)
    if missing and unseen == "raise":
        raise DataError(f"{count_of(missing, 'row belongs', 'rows belong')} to levels the model has not seen.")
    if missing and unseen == "zero":
        text = f"{count_of(missing, 'row belongs', 'rows belong')} to unseen levels, so the average effect is used."
        emit([Note("unseen-levels", text, True)])
    return np.asarray(total)


@documented
def predict_interval(
    self: FittedModel,
    data: object = None,
    *,
    kind: str = "confidence",
    level: float | Sequence[float] = 0.95,
    effects: bool = False,
    unseen: str = "zero",
) -> pd.DataFrame:
    r"""Predict the dependent variable, with limits.

    Parameters
    ----------
    {data (prediction)}
    kind : {"confidence", "prediction"}
        Limits for the expected value, or for a new observation, whose error adds :math:`\sigma_e^2` (of a row of
        weight one).
    level : float or sequence of float
        Coverage, 0.5 or more; or several, such as ``(0.68, 0.95)``.
    {effects (prediction), unseen}

    Returns
    -------
    DataFrame
        ``predicted``, ``std_error``, ``lower`` and ``upper`` at the highest level; ``lower_68``, ``upper_68`` at
        another.

    Raises
    ------
    DataError, MissingInformationError
        As `predict`.

    Notes
    -----
    Let V be the covariance of the coefficients, z a row with its constant, :math:`s^2` the residual variance.
    Without effects the variance is :math:`z'Vz`, that of the average entity; ``kind="prediction"`` adds the
    variance of each effect and of the error. With the fixed effects of seen levels f it is
    :math:`s^2 f'(D'WD)^+ f + (x - \bar x_f)'V(x - \bar x_f)`. For an unseen level, the variance of its effect over
    levels (Stata's ``sigma_u`` squared) is added to that of the average. With random effects of share
    :math:`\gamma_i = T_i\sigma_\mu^2 / (\sigma_e^2 + T_i\sigma_\mu^2)` it is
    :math:`(z - \gamma_i\bar z_i)'V(z - \gamma_i\bar z_i) + \sigma_\mu^2 (1 - \gamma_i)` (Henderson 1975).

    Errors are taken as independent, and variance components as known. Effects estimated from few rows have wide
    limits. The variance of unseen effects is overstated there, since it contains their estimation error.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("fatalities")
    >>> fit = pv.fit_pooled(states, "frate ~ beertax")
    >>> found = fit.predict_interval({"beertax": [1.0]}, kind="prediction")
    >>> found[["predicted", "lower", "upper"]].round(2).iloc[0].to_list()
    [2.22, 1.15, 3.29]
    """
    import pandas as pd

    levels, fit, covariance = read_levels(level), self.fit, self.covariance
    choose("kind", kind, ("confidence", "prediction"))
    choose("unseen", unseen, ("zero", "missing", "raise"))
    effects = read_flag("effects", effects)
    rows = prediction_rows(self, data, effects=effects)
    values = predicted_values(fit, rows, effects=effects, unseen=unseen)
    x = np.column_stack([*rows.columns, np.empty((len(values), 0))])
    if not effects:
        z = np.column_stack([np.ones(len(x)), x]) if fit.constant else x
        variance = _quadratic(z, covariance.matrix)
    elif fit.components is not None:
        variance = _random(fit, covariance, x, rows.positions[0])
    else:
        variance = _fixed(fit, covariance, x, rows, unseen)
    if kind == "prediction":
        variance = variance + _error_variance(self, effects=effects)
    # A prediction that is missing (an unseen level) has no limits either.
    errors = np.where(np.isnan(values), np.nan, np.sqrt(variance))
    limits = nested(levels, lambda level: normal_limits(values, errors, level, quantile(level, covariance.df)))
    table = {"predicted": values, "std_error": errors, **limit_columns(limits)}
    return pd.DataFrame({name: rows.arranged(column) for name, column in table.items()}, index=caller_index(rows))


def _quadratic(rows: Array, matrix: Array) -> Array:
    if not np.isfinite(matrix).all():
        return np.full(len(rows), np.nan)
    # Rounding cannot make a sum of squares negative where the level of a regressor dwarfs its variation.
    moved = rows @ covariance_root(matrix)
    out: Array = np.einsum("ij,ij->i", moved, moved)
    return out


def _error_variance(result: FittedModel, *, effects: bool) -> float:
    """Return the variance of a new observation about its expected value, with effects unless they are estimated."""
    fit = result.fit
    if fit.family == "random" and fit.components is not None:
        variances = effect_variances(fit, result.convention)
        assert variances is not None
        return variances.idiosyncratic + (0.0 if effects else variances.effect)
    if fit.family == "pooled":
        return fit.residual_variance
    if fit.family == "fixed":
        return fit.residual_variance + (0.0 if effects else sum(_spread(fit)))
    raise SpecificationError(
        f"{result.estimator} does not estimate the variance of an observation. kind='prediction' needs a pooled, "
        "fixed-effects or random-effects model."
    )


def _spread(fit: Fit) -> list[float]:
    """Sample variance over levels of each of one or two effects."""
    _one_or_two(fit)
    return [float(table.var(ddof=1)) if len(table) > 1 else 0.0 for table in level_tables(fit)]


def _one_or_two(fit: Fit) -> None:
    assert fit.absorbed is not None
    if len(fit.absorbed.groupings) > 1 and fit.absorbed.pair is None:
        raise SpecificationError(
            "Intervals that include effects exist for one effect and for two, without slopes. predict() gives the "
            "values for any number."
        )


def _random(fit: Fit, covariance: CovarianceEstimate, x: Array, positions: NDArray[np.intp]) -> Array:
    c = fit.components
    if not isinstance(c, Components):
        raise SpecificationError(
            "Intervals that include random effects exist for one effect. predict() gives the values for two."
        )
    grouping = fit.rows_or_refuse("A prediction with effects").groupings[0]
    share = shares_of_effect(c, grouping)
    means = grouping.means_of(fit.source.columns)[:, fit.kept]
    seen = positions >= 0
    place = np.where(seen, positions, 0)
    shrink = np.where(seen, share[place], 0.0)
    z, centre = x, means[place]
    if fit.constant:
        one = np.ones((len(x), 1))
        z, centre = np.hstack([one, x]), np.hstack([one, centre])
    return _quadratic(z - shrink[:, None] * centre, covariance.matrix) + c.effect * (1.0 - shrink)


def _fixed(fit: Fit, covariance: CovarianceEstimate, x: Array, rows: PredictionRows, unseen: str) -> Array:
    """Return the variance of the expected value with fixed effects, for any combination of seen and unseen levels."""
    _one_or_two(fit)
    seen = [positions >= 0 for positions in rows.positions]
    if not fit.constant and not np.logical_and.reduce(seen).all() and unseen != "missing":
        raise SpecificationError("Limits for unseen levels need the constant. Fit with constant=True.")
    first = int(fit.constant)
    slope_cov = covariance.matrix[first:, first:]
    centre = fit.centre[:-1][fit.kept]
    levers = [table[:, :-1][:, fit.kept] for table in fit.regressor_rows("A prediction with effects").tables]
    places = [np.where(s, p, 0) for s, p in zip(seen, rows.positions, strict=True)]
    # Regressors are measured from the means of the first effect's level, or from the grand mean where it is unseen.
    gap = x - np.where(seen[0][:, None], levers[0][places[0]], centre)
    if len(seen) == 1:
        unit = np.where(seen[0], unit_variances(fit)[0][places[0]], 1.0 / fit.counts.rows)
    else:
        gap -= np.where(seen[1][:, None], levers[1][places[1]], 0.0)
        unit = _two_way_unit(fit, seen, places)
    unseen_effects = [np.where(s, 0.0, spread) for s, spread in zip(seen, _spread(fit), strict=True)]
    added: Array = np.sum(unseen_effects, axis=0)
    return fit.residual_variance * unit + _quadratic(gap, slope_cov) + added


def _two_way_unit(fit: Fit, seen: list[NDArray[np.bool_]], places: list[NDArray[np.intp]]) -> Array:
    """Variance, for a unit error variance, of the part of a prediction that is not due to the slopes."""
    absorbed = fit.absorbed
    assert absorbed is not None
    pair = absorbed.pair
    assert pair is not None
    first, second = unit_variances(fit)
    per_row = 1.0 / fit.counts.rows
    unit = np.where(seen[0], first[places[0]], np.where(seen[1], second[places[1]] + per_row, per_row))
    both = np.flatnonzero(seen[0] & seen[1])
    first_is_large = absorbed.groupings[0] is pair.large
    large, small = (places[0], places[1]) if first_is_large else (places[1], places[0])
    apart = both[pair.large_components[large[both]] != pair.small_components[small[both]]]
    if len(apart):
        raise DataError(
            f"{count_of(len(apart), 'row joins', 'rows join')} levels of unconnected blocks of the two effects, whose "
            "sum is not identified. Predict rows within a component (estimated_effects()['component'])."
        )
    unit[both] = sum_variances(pair, large[both], small[both])
    return unit
