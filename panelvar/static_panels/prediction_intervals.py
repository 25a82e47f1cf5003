"""Intervals around predictions: of the expected value or of a new observation, for seen and unseen levels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from panelvar.base.arrays import Array
from panelvar.base.distributions import quantile
from panelvar.base.errors import DataError, SpecificationError, choose
from panelvar.fit.fit import Fit
from panelvar.kernels.effect_precision import sum_variances
from panelvar.kernels.variance_components import Components
from panelvar.static_panels.effects import level_tables, unit_variances
from panelvar.static_panels.predictions import PredictionRows, caller_index, predicted_values, prediction_rows

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.static_panels.result import LinearResult


def predict_interval(
    result: LinearResult, data: object, *, kind: str, level: float, effects: bool, unseen: str
) -> pd.DataFrame:
    """Build ``LinearResult.predict_interval``."""
    import pandas as pd

    choose("kind", kind, ("confidence", "prediction"))
    choose("unseen", unseen, ("zero", "missing", "raise"))
    fit = result.fit
    rows = prediction_rows(result, data, effects=effects)
    values = predicted_values(result, rows, effects=effects, unseen=unseen)
    x = np.column_stack([*rows.columns, np.empty((len(values), 0))])
    if not effects:
        variance = _of_coefficients(result, x)
    elif fit.components is not None:
        variance = _random(result, x, rows.positions[0])
    else:
        variance = _fixed(result, x, rows, unseen)
    if kind == "prediction":
        variance = variance + _error_variance(result, effects=effects)
    # A prediction that is missing (an unseen level) has no limits either.
    errors = np.where(np.isnan(values), np.nan, np.sqrt(variance))
    half = quantile(level, result.covariance.df) * errors
    table = {"predicted": values, "std_error": errors, "lower": values - half, "upper": values + half}
    return pd.DataFrame({name: rows.arranged(column) for name, column in table.items()}, index=caller_index(rows))


def _of_coefficients(result: LinearResult, x: Array) -> Array:
    z = np.column_stack([np.ones(len(x)), x]) if result.fit.constant else x
    return _quadratic(z, result.covariance.matrix)


def _quadratic(rows: Array, matrix: Array) -> Array:
    out: Array = np.einsum("ij,ij->i", rows @ matrix, rows)
    return out


def _error_variance(result: LinearResult, *, effects: bool) -> float:
    """Variance of a new observation about its expected value, its effects included unless they are estimated."""
    fit = result.fit
    if fit.family == "random" and fit.components is not None:
        variances = result.variance_components
        assert variances is not None
        return variances.idiosyncratic + (0.0 if effects else variances.effect)
    if fit.family == "pooled":
        return fit.residual_variance
    if fit.family == "fixed":
        return fit.residual_variance + (0.0 if effects else sum(_spread(fit)))
    raise SpecificationError(
        f"{result.estimator} does not estimate the variance of an observation: kind='prediction' needs a pooled, "
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
            "Intervals that include effects are available for one effect and for two, without slopes; predict() gives "
            "the values for any number."
        )


def _random(result: LinearResult, x: Array, positions: NDArray[np.intp]) -> Array:
    fit = result.fit
    c = fit.components
    if not isinstance(c, Components):
        raise SpecificationError(
            "Intervals that include random effects are available for one effect; predict() gives the values for two."
        )
    grouping = fit.rows_or_refuse("A prediction with effects").groupings[0]
    counts = grouping.sizes.astype(np.float64)
    total = c.idiosyncratic + counts * c.effect
    share = counts * c.effect / np.where(total > 0.0, total, 1.0)
    means = grouping.means_of([fit.source.x[i] for i in fit.kept]) if len(fit.kept) else np.empty((len(counts), 0))
    seen = positions >= 0
    place = np.where(seen, positions, 0)
    shrink = np.where(seen, share[place], 0.0)
    z, centre = x, means[place]
    if fit.constant:
        one = np.ones((len(x), 1))
        z, centre = np.hstack([one, x]), np.hstack([one, centre])
    return _quadratic(z - shrink[:, None] * centre, result.covariance.matrix) + c.effect * (1.0 - shrink)


def _fixed(result: LinearResult, x: Array, rows: PredictionRows, unseen: str) -> Array:
    """Variance of the expected value with fixed effects: every combination of seen and unseen levels."""
    fit = result.fit
    _one_or_two(fit)
    absorbed = fit.absorbed
    assert absorbed is not None
    seen = [positions >= 0 for positions in rows.positions]
    if not fit.constant and not np.logical_and.reduce(seen).all() and unseen != "missing":
        raise SpecificationError("Limits for unseen levels need the constant: fit with constant=True.")
    first = int(fit.constant)
    slope_cov = result.covariance.matrix[first:, first:]
    centre = fit.centre[:-1][fit.kept]
    levers = [table[:, :-1][:, fit.kept] for table in fit.regressor_rows("A prediction with effects").tables]
    places = [np.where(s, p, 0) for s, p in zip(seen, rows.positions, strict=True)]
    unit = np.zeros(len(x))
    added = np.zeros(len(x))
    # What the regressors are measured from: the first effect's own means, or the grand mean where it is not seen.
    gap = x - np.where(seen[0][:, None], levers[0][places[0]], centre)
    if len(seen) == 1:
        unit = np.where(seen[0], unit_variances(fit)[0][places[0]], 1.0 / fit.counts.rows)
    else:
        gap -= np.where(seen[1][:, None], levers[1][places[1]], 0.0)
        unit = _two_way_unit(fit, seen, places, unseen)
    for s, spread in zip(seen, _spread(fit) if not all(s.all() for s in seen) else [0.0] * len(seen), strict=True):
        added += np.where(s, 0.0, spread)
    return fit.residual_variance * unit + _quadratic(gap, slope_cov) + added


def _two_way_unit(fit: Fit, seen: list[NDArray[np.bool_]], places: list[NDArray[np.intp]], unseen: str) -> Array:
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
            f"{len(apart)} row(s) join levels of unconnected blocks of the two effects: their sum is not identified. "
            "Predict rows within a component (estimated_effects()['component'])."
        )
    unit[both] = sum_variances(pair, large[both], small[both])
    return unit
