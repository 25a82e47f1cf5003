r"""The R2 set of a panel regression: one number for each question that R2 answers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.faces.layout import Cell, Row, number, words
from panelvar.core.faces.number_format import check_digits, format_number
from panelvar.core.tables.table import Presented, Table
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.fit import Fit
from panelvar.estimates.fit.fit_checks import rounding_of
from panelvar.kernels.absorption.factor_rows import moments_of
from panelvar.kernels.linear.groups import Grouping


@dataclass(frozen=True, repr=False)
class RSquared(Presented):
    r"""Coefficients of determination.

    Attributes
    ----------
    within, between, overall : float
        R2 of the data less entity means, of the entity means, and of the data. They are squared correlations of y with
        :math:`x'\hat\beta` in that dimension (Stata), or :math:`1 - RSS/TSS` there (linearmodels), as the convention
        says. NaN where the dimension has no variation.
    transformed : float
        :math:`1 - RSS/TSS` of the rows that were regressed: the two-way within R2 of two-way effects, the
        quasi-demeaned R2 of random effects (plm, EViews); or a squared correlation, as the convention says.
    with_dummies : float
        :math:`1 - RSS/TSS` with absorbed effects counted as regressors (equal to ``transformed`` without them).
    transformed_adjusted, with_dummies_adjusted : float
        The two adjusted for degrees of freedom, :math:`1 - (1 - R^2)(n - 1)/df`.

    See Also
    --------
    LinearResult : Has it as ``rsquared_table``.

    Examples
    --------
    >>> import panelvar as pv
    >>> r2 = pv.fit_fixed_effects(pv.load_data("grunfeld"), "invest ~ value + capital").rsquared_table
    >>> round(r2.within, 4), round(r2.between, 4), round(r2.overall, 4)
    (0.7667, 0.8266, 0.8117)
    """

    within: float
    between: float
    overall: float
    transformed: float
    with_dummies: float
    transformed_adjusted: float
    with_dummies_adjusted: float

    def summary(self, *, digits: int = 4) -> Table:
        """Return the set as a table: each R2, and the adjusted one where there is one.

        Parameters
        ----------
        digits : int
            Decimals.

        Returns
        -------
        Table
        """
        check_digits(digits)
        body = [Row(name.capitalize(), (number(getattr(self, name), digits), Cell())) for name in _PLAIN]
        body += [
            Row(label, (number(getattr(self, name), digits), number(getattr(self, f"{name}_adjusted"), digits)))
            for name, label in _ADJUSTED.items()
        ]
        header = Row("", (words("R2", "right"), words("Adjusted", "right")))
        return Table("Coefficients of determination", header=(header,), body=tuple(body))

    def __repr__(self) -> str:
        return f"<R2: {', '.join(f'{name} {format_number(getattr(self, name))}' for name in (*_PLAIN, *_ADJUSTED))}>"


_PLAIN = ("within", "between", "overall")
_ADJUSTED = {"transformed": "Of the rows regressed", "with_dummies": "With effects as regressors"}


def rsquared_of(fit: Fit, convention: Convention) -> RSquared:
    """Compute the R2 set of a fit, of the kinds that the convention reports."""
    moments = fit.entity_moments
    kept = fit.kept
    weights = moments.weights
    # A regressor that is not in use has a slope of zero; leaving it out would copy all means.
    slopes = fit.solution.coefficients
    y_means, fitted_means = moments.means[:, -1], moments.means[:, :-1] @ slopes
    y_size, fitted_size = _sizes(moments.raw_norms, slopes)
    y_within = _beyond_rounding(moments.r[:, -1], y_size)
    fitted_within = _beyond_rounding(moments.r[:, :-1][:, kept] @ fit.slopes, fitted_size)
    y_levels = _beyond_rounding(_centred(y_means, weights), y_size, weights)
    total_ss = total_sum_of_squares(fit)
    if convention.rsquared_kind == "correlation":
        fitted_levels = _beyond_rounding(_centred(fitted_means, weights), fitted_size, weights)
        within = _squared_correlation(y_within @ fitted_within, y_within @ y_within, fitted_within @ fitted_within)
        overall = _squared_correlation(
            y_within @ fitted_within + (weights * y_levels) @ fitted_levels,
            total_ss,
            fitted_within @ fitted_within + weights @ fitted_levels**2,
        )
        if counts_rows(fit, convention):
            overall = row_correlation(fit, fit.moment_groups) ** 2
        # Every entity counts once, except in a weighted between regression.
        weighted = fit.family == "between" and fit.design.weights is not None
        mass = weights if weighted else np.ones(len(y_means))
        y_size, fitted_size = _sizes(np.sqrt(mass @ np.square(moments.means)), slopes)
        y_between = _beyond_rounding(_centred(y_means, mass), y_size, mass)
        fitted_between = _beyond_rounding(_centred(fitted_means, mass), fitted_size, mass)
        between = _squared_correlation(
            (mass * y_between) @ fitted_between, mass @ y_between**2, mass @ fitted_between**2
        )
    else:
        level = fit.coefficients[0] if fit.constant else 0.0
        gaps = y_means - level - fitted_means
        residual_within = y_within - fitted_within
        within_rss = float(residual_within @ residual_within)
        within = _share(within_rss, float(y_within @ y_within))
        mass = weights if fit.source.weights is not None else np.ones(len(y_means))
        y_size = float(np.sqrt(mass @ np.square(y_means)))
        y_between = _beyond_rounding(_centred(y_means, mass), y_size, mass) if fit.constant else y_means
        between = _share(float(mass @ gaps**2), float(mass @ y_between**2))
        y_overall = y_levels if fit.constant else y_means
        overall = _share(within_rss + float(weights @ gaps**2), float(y_within @ y_within + weights @ y_overall**2))
    if fit.plain:
        # Without entities there is nothing to vary within or between.
        within = between = math.nan
    df = fit.residual_df
    centred_df = fit.counts.rows - int(fit.counts.constant)
    transformed = _share(fit.rss, fit.tss)
    with_dummies = _share(fit.rss, total_ss) if fit.family == "fixed" else transformed
    if convention.transformed_kind == "correlation" and (
        fit.family == "random" or not fit.counts.constant or fit.instrumented is not None
    ):
        # Elsewhere the rows are centred, and the two kinds are the same number.
        transformed, centred_df = _correlation_of_rows(fit), fit.counts.rows - 1
    within_df = centred_df - (fit.counts.absorbed if convention.adjusted_total == "less_effects" else 0)
    return RSquared(
        within=within,
        between=between,
        overall=overall,
        transformed=transformed,
        with_dummies=with_dummies,
        transformed_adjusted=1.0 - (1.0 - transformed) * within_df / df,
        with_dummies_adjusted=1.0 - (1.0 - with_dummies) * centred_df / df,
    )


def counts_rows(fit: Fit, convention: Convention) -> bool:
    """Whether the convention leaves the weights of fixed effects out of statistics of the levels."""
    weighted = fit.family == "fixed" and fit.weights is not None
    return weighted and convention.fixed_overall == "rows"


def row_correlation(fit: Fit, grouping: Grouping, levels: Array | None = None) -> float:
    """Return the correlation over rows, each counted once, of x'b with y or a grouping's levels; NaN where one is flat.

    Parameters
    ----------
    fit : Fit
    grouping : Grouping
        The grouping of the rows of its source.
    levels : (G,) array, optional
        A value for each group; the dependent variable if omitted.
    """
    fit.rows_or_refuse("The linear prediction")
    moments = moments_of(fit.source.columns, grouping)
    counts, slopes = moments.counts, fit.solution.coefficients
    first_within = moments.r[:, -1] if levels is None else np.zeros(len(moments.r))
    first = _centred(moments.means[:, -1] if levels is None else levels, counts)
    within, between = moments.r[:, :-1] @ slopes, _centred(moments.means[:, :-1] @ slopes, counts)
    # The roots come first: a product of two sums of squares leaves the floating-point range long before they do.
    spread = (
        math.sqrt(float(first_within @ first_within + counts @ first**2)),
        math.sqrt(float(within @ within + counts @ between**2)),
    )
    cross = float(first_within @ within + (counts * first) @ between)
    return cross / spread[0] / spread[1] if min(spread) > 0.0 else float("nan")


def total_sum_of_squares(fit: Fit) -> float:
    """Sum of squares of the dependent variable about its (weighted) mean, zero where it is rounding."""
    moments = fit.entity_moments
    y_within = moments.r[:, -1]
    total = float(y_within @ y_within + moments.weights @ _centred(moments.means[:, -1], moments.weights) ** 2)
    return total if total > rounding_of(float(moments.raw_norms[-1])) else 0.0


def _correlation_of_rows(fit: Fit) -> float:
    """Squared correlation of the transformed dependent variable with its fit, about plain means."""
    y = fit.regressor_rows("The squared correlation of the transformed rows").column(len(fit.centre) - 1)
    if fit.constant_column is not None:
        y = y + fit.constant_column * fit.centre[-1]
    fitted = y - fit.transformed_residuals
    # Sums exist for columns that are read a chunk at a time, too.
    y, fitted = (column - column.sum() / fit.counts.rows for column in (y, fitted))
    return _squared_correlation((y * fitted).sum(), (y * y).sum(), (fitted * fitted).sum())


def _sizes(norms: Array, slopes: Array) -> tuple[float, float]:
    """Return the scales on which y and x'b round: the Euclidean norms of their columns."""
    return float(norms[-1]), float(norms[:-1] @ np.abs(slopes))


def _beyond_rounding(values: Array, size: float, mass: Array | None = None) -> Array:
    """Return the values, or zeros where they are rounding of numbers of a given size, which would correlate too."""
    total = values @ values if mass is None else mass @ np.square(values)
    return values if total > rounding_of(size) else np.zeros_like(values)


def _centred(values: Array, weights: Array) -> Array:
    return np.asarray(values - weights @ values / weights.sum())


def _share(residual: float, total: float) -> float:
    return 1.0 - residual / total if total > 0.0 else float("nan")


def _squared_correlation(cross: float | Array, first: float | Array, second: float | Array) -> float:
    # The roots come first: a product of two sums of squares leaves the floating-point range long before they do.
    scale = math.sqrt(float(first)), math.sqrt(float(second))
    return (float(cross) / scale[0] / scale[1]) ** 2 if min(scale) > 0.0 else float("nan")
