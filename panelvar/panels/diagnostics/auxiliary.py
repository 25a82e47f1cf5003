"""The parts of the tests: residuals in their rows, lags within entities, and auxiliary regressions.

No statistic depends on units. Residuals, the dependent variable and each regressor are therefore returned in units of
their own, powers of two that change no digit, so that squares and fourth powers stay in the range of floating-point
numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arguments import refuse_other
from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError, NumericalError, SpecificationError, choose
from panelvar.core.base.scaling import columns_in_own_units, in_own_units
from panelvar.data.formulas.design import Design
from panelvar.estimates.covariance.covariances import Covariance
from panelvar.estimates.fit.conventions import Convention
from panelvar.kernels.dynamics.gaps import lag_positions
from panelvar.kernels.linear.groups import Grouping
from panelvar.panels.static.finish import finish
from panelvar.panels.static.pooled import centred_model
from panelvar.panels.static.result import LinearResult

LAGS = ("calendar", "rows", "stacked")
ROUNDING = 1e-13
"""Residuals and sums this small beside what they were computed from are rounding."""


def linear_result(what: str, result: object) -> LinearResult:
    """Return the result of a linear panel model, or refuse anything else."""
    refuse_other(what, result, LinearResult, "the result of a linear panel model")
    assert isinstance(result, LinearResult)
    return result


def level_rows(result: LinearResult, what: str, families: Sequence[str] = (), *, instruments: bool = False) -> Design:
    """Return the level rows of a model that a test is derived for, or say why it is not."""
    linear_result(what, result)
    result.fit.rows_or_refuse(what)
    if not instruments:
        result.fit.refuse_instruments(what, "it is derived for least squares.")
    if families and result.fit.family not in families:
        wanted = " or ".join(families)
        raise SpecificationError(f"{what} is derived for {wanted} models, but this one is {result.fit.family}.")
    if result.fit.source.weights is not None:
        raise SpecificationError(f"{what} is not derived for analytic weights. Fit the model without them.")
    result.fit.refuse_exact(what)
    return result.fit.source


def refuse_rounding(what: str, fits: str, residuals: Array, levels: Array) -> None:
    """Refuse residuals that are rounding of the values they were computed from.

    Parameters
    ----------
    what : str
        The test.
    fits : str
        What fits exactly, with a verb: "the differenced model fits".
    residuals, levels : (n,) arrays
    """
    if residuals @ residuals <= ROUNDING**2 * (levels @ levels):
        raise NumericalError(f"{what} needs residuals, but {fits} exactly.")


def level_matrix(result: LinearResult) -> Array:
    """Return the untransformed regressors that have a coefficient, (n, k), each in its own units."""
    source = result.fit.source
    return columns_in_own_units(np.column_stack([*(source.x[i] for i in result.fit.kept), np.empty((source.nobs, 0))]))


def dependent(result: LinearResult) -> Array:
    """Return the untransformed dependent variable in its own units."""
    return in_own_units(result.fit.source.y)


def residuals_of_rows(result: LinearResult) -> Array:
    """Return the residuals of the transformed rows in their own units."""
    return in_own_units(np.asarray(result.fit.transformed_residuals))


def transformed_columns(result: LinearResult) -> tuple[Array, Array, Array]:
    """Return regressors (with the transformed constant, except after fixed effects), y and residuals of the regression.

    Each in its own units.
    """
    fit = result.fit
    rows = fit.rows_or_refuse("An auxiliary regression")
    columns = [rows.column(int(i)).copy() for i in fit.kept]
    if fit.constant and fit.family != "fixed" and fit.constant_column is not None:
        columns.insert(0, np.broadcast_to(np.asarray(fit.constant_column, dtype=np.float64), rows.n_rows).copy())
    matrix = columns_in_own_units(np.column_stack([*columns, np.empty((rows.n_rows, 0))]))
    return matrix, in_own_units(rows.column(rows.n_columns - 1)), residuals_of_rows(result)


def own_residuals(result: LinearResult) -> Array:
    """Return residuals of the regression, after random effects those of the levels, in their own units."""
    return in_own_units(result.resids.to_numpy()) if result.fit.family == "random" else residuals_of_rows(result)


def pooled_residuals(result: LinearResult) -> Array:
    """Return residuals of pooled OLS of the model's regressors in levels, in their own units."""
    fit = result.fit
    if fit.family == "pooled":
        return residuals_of_rows(result)
    x, y = level_matrix(result), dependent(result)
    if fit.source.constant:
        x, y = centre(x), centre(y)
    return in_own_units(small_regression(x, y).residuals)


def centre(values: Array) -> Array:
    """Subtract means, and what rounding left of them: a constant is fitted and far levels cost no digits."""
    moved: Array = values - values.mean(axis=0)
    moved -= moved.mean(axis=0)
    return moved


class SmallRegression(NamedTuple):
    """A small regression: coefficients, residuals, (X'X)^-1, rank."""

    coefficients: Array
    residuals: Array
    bread: Array
    rank: int


def small_regression(x: Array, y: Array) -> SmallRegression:
    """Regress y on the columns of x, scaled to length one first; columns that depend on others share coefficients.

    Raises
    ------
    NumericalError
        If a coefficient's variance leaves the range of numbers.
    """
    if x.shape[1] == 0:
        return SmallRegression(np.empty(0), y.copy(), np.empty((0, 0)), 0)
    norms = np.sqrt(np.square(x).sum(axis=0))
    norms[norms == 0.0] = 1.0
    left, values, right = np.linalg.svd(x / norms, full_matrices=False)
    used = values > 1e-11 * values[0]
    root = (right[used].T / values[used]) / norms[:, None]
    coefficients = root @ (left[:, used].T @ y)
    residuals = y - left[:, used] @ (left[:, used].T @ y)
    # The residuals are projected once more, because the first projection rounds on the scale of y.
    residuals = residuals - left[:, used] @ (left[:, used].T @ residuals)
    with np.errstate(over="ignore"):
        bread = root @ root.T
    if not np.isfinite(bread).all():
        raise NumericalError(
            "A regressor of an auxiliary regression is too small to be squared. Rescale the variables."
        )
    return SmallRegression(coefficients, residuals, bread, int(used.sum()))


def clustered_slope(
    what: str, x: Array, y: Array, codes: NDArray[np.integer], *, place: int
) -> tuple[float, float, int]:
    """Return a coefficient of y on x, its error clustered by ``codes``, with Stata's factor, and how many clusters.

    Raises
    ------
    InsufficientDataError
        If there are fewer than two clusters, or no more rows than coefficients.
    NumericalError
        If the regression fits exactly, or scores that add up to zero in every cluster leave no variance.
    """
    fit, (n, k) = small_regression(x, y), x.shape
    if fit.rank < k or n <= k:
        raise InsufficientDataError(
            f"{what} needs more rows: {count_of(n, 'row')} cannot identify the {count_of(k, 'coefficient')} of its "
            "auxiliary regression."
        )
    refuse_rounding(what, "the auxiliary regression fits", fit.residuals, y)
    grouping = Grouping.from_codes(np.unique(codes, return_inverse=True)[1].astype(np.int64))
    groups = grouping.n_groups
    if groups < 2:
        raise InsufficientDataError(f"{what} needs at least two entities.")
    moves = (x @ fit.bread[:, place]) * fit.residuals
    sums = grouping.sums(moves)
    variance = float(sums @ sums)
    if variance <= ROUNDING**2 * float(moves @ moves):
        raise NumericalError(f"{what} has no variance to test by, because the scores add up to zero in every entity.")
    error = float(np.sqrt(variance * groups / (groups - 1) * (n - 1) / (n - k)))
    return float(fit.coefficients[place]), error, groups


def adjacency(result: LinearResult, lag_by: str | None, offered: Sequence[str] = ("calendar", "rows")) -> str:
    """Say which row precedes another: as asked for, or as the result's convention takes differences."""
    if lag_by is None:
        return "rows" if result.convention.first_difference == "consecutive" else "calendar"
    return choose("lag_by", lag_by, offered)


def find_lags(result: LinearResult, design: Design, order: int, lag_by: str | None) -> tuple[Positions, Positions]:
    """Find the rows that have a predecessor ``order`` steps back, and their predecessors.

    ``lag_by`` is ``"calendar"``, ``"rows"`` (consecutive rows of an entity, however far apart: plm) or ``"stacked"``
    (consecutive rows of the data, across entities too); None follows the convention.
    """
    lag_by = adjacency(result, lag_by, LAGS)
    codes = design.entities.codes
    if lag_by == "calendar":
        previous = lag_positions(codes, design.time_positions, order)
        rows = np.flatnonzero(previous >= 0)
        return rows, previous[rows]
    rows = np.arange(order, design.nobs)
    if lag_by == "rows":
        rows = rows[codes[rows - order] == codes[rows]]
    return rows, rows - order


def fit_auxiliary(
    design: Design,
    y: Array,
    columns: Sequence[Array],
    names: Sequence[str],
    *,
    cov: str | Covariance,
    convention: Convention,
) -> LinearResult:
    """Fit OLS without a constant of y on given columns in the rows of a design, under any covariance."""
    auxiliary = replace(design, y=y, x=tuple(columns), names=tuple(names), constant=False)
    return finish(centred_model(auxiliary), cov, convention, "drop")
