"""Residuals of a linear panel model: against fitted values, as normal scores, by entity, over time, as a histogram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from panelvar.core.base.arguments import read_levels, refuse_other
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import choose
from panelvar.core.base.shared_parameters import documented
from panelvar.data.calendar.time_labels import as_text
from panelvar.estimates.bands.limits import normal_limits
from panelvar.panels.heterogeneous.averaged import AveragedResult
from panelvar.panels.static.residual_views import (
    LevelQuantiles,
    binned_means,
    normal_scores,
    quantiles_by_level,
    standardised,
)
from panelvar.panels.static.result import LinearResult
from panelvar.reporting.canvas.canvas import BLUE, GREY, VERMILLION, Canvas, open_canvas, read_shown_names, tidy
from panelvar.reporting.canvas.intervals import in_percent, name_places
from panelvar.reporting.canvas.time_axis import TimeAxis
from panelvar.reporting.plots_of_panels.scatter import draw_cloud

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

# What the two axes show, the horizontal one first; None stands for the dimension.
_AXES = {
    "fitted": ("Fitted value", "Residual"),
    "qq": ("Normal score", "Standardised residual"),
    "entity": ("Residual", None),
    "time": (None, "Residual"),
    "histogram": ("Standardised residual", "Density"),
}
KINDS = tuple(_AXES)
# More levels than this are drawn as bands of quantiles: boxes would be hairs.
_MOST_BOXES = 40
_BOX = "#A9CDE4"


@documented
def plot_residuals(
    result: LinearResult | AveragedResult,
    *,
    kind: str = "fitted",
    level: float | Sequence[float] = 0.95,
    ax: Axes | None = None,
    figure: Figure | SubFigure | None = None,
    figsize: Sequence[float] | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> Figure | SubFigure:
    r"""Draw the residuals of a fit.

    Parameters
    ----------
    result : LinearResult or AveragedResult
        With its rows.
    kind : {"fitted", "qq", "entity", "time", "histogram"}
        ``"fitted"``: against fitted values, with means of up to 20 bins of equally many rows and their intervals, which
        lie about zero where the form is right. ``"qq"``: standardised, against normal scores, with limits of each point
        by itself. ``"entity"``, ``"time"``: quantiles by entity, in the order of their medians, and by period: boxes
        of the middle half with lines from 5% to 95%, bands beyond 40. ``"histogram"``: standardised, with the normal
        density.
    level : float or sequence of float
        Coverage of the intervals of means, and of the limits of normal scores: one level, or several.
    {ax, figure, figsize, title, labels}

    Returns
    -------
    Figure

    Raises
    ------
    SpecificationError
        If it is not such a result, or there is no such kind or name.
    MissingInformationError
        If its rows were released (``without_rows``).
    InsufficientDataError, NumericalError
        If there is one period or entity where several are compared, or the residuals are too few or do not vary.

    See Also
    --------
    LinearResult.resids : the numbers.
    modified_wald_test : whether entities have one error variance.

    Notes
    -----
    Normal scores are Blom's :math:`\Phi^{-1}((i - 3/8)/(n + 1/4))`; the i-th of n ordered uniform values is
    Beta(i, n + 1 - i), which gives the limits. They hold for independent errors of one variance, which standardises all
    residuals: a curve that leaves the limits speaks of tails, or of variances that differ.

    Examples
    --------
    The spread of the residuals of each firm, in boxes:

    >>> import panelvar as pv
    >>> fit = pv.fit_fixed_effects(pv.load_data("grunfeld"), "invest ~ value + capital")
    >>> figure = pv.plot_residuals(fit, kind="entity")
    """
    expected = "the result of a linear panel model or of an average over entities"
    refuse_other("plot_residuals", result, (LinearResult, AveragedResult), expected)
    choose("kind", kind, KINDS)
    levels = read_levels(level)
    design, residuals = result._explained, result.resids.to_numpy()
    view = quantiles_by_level(design, kind, residuals) if kind in ("entity", "time") else None
    axes = tuple(name or (view.name if view else "") for name in _AXES[kind])
    names = read_shown_names(labels, (*axes, *(map(as_text, view.labels) if view else ())))
    if kind in ("qq", "histogram"):
        standardised(residuals)  # refuses what has no distribution, before a figure is made
    boxes = kind == "entity" and view is not None and len(view.labels) <= _MOST_BOXES
    height = max(0.22 * len(view.labels) + 1.1, 2.4) if boxes and view is not None else 4.4
    canvas = open_canvas(ax, figure, figsize, title, size=(6.4, height))
    ax = canvas.panels[0]
    if view is not None:
        if kind == "entity" and not boxes:
            axes = (f"{axes[1]}, in the order of medians", axes[0])
        foot = _levels(canvas, view, names, upright=not boxes, boxed=len(view.labels) <= _MOST_BOXES)
    elif kind == "fitted":
        foot = _against_fitted(ax, result.fitted_values.to_numpy(), residuals, levels)
    else:
        foot = _normal(ax, residuals, levels) if kind == "qq" else _histogram(ax, residuals)
    across, up = axes
    canvas.name_axes(names.get(across, across), names.get(up, up))
    ax.tick_params(labelsize=9 * canvas.scale)
    canvas.name(f"Residuals: {result.dependent}")
    canvas.foot(foot)
    tidy(ax)
    return canvas.figure


def _against_fitted(ax: Axes, fitted: Array, residuals: Array, levels: tuple[float, ...]) -> str:
    ax.axhline(0.0, color=GREY, linewidth=0.9, zorder=1)
    draw_cloud(ax, fitted, residuals, BLUE)
    bins = binned_means(fitted, residuals)
    if not len(bins.places):
        return ""
    for place, level in enumerate(levels):
        lower, upper = normal_limits(bins.means, bins.errors, level)
        ax.vlines(bins.places, lower, upper, color=VERMILLION, linewidth=1.8 + 1.2 * place, zorder=3)
    ax.plot(bins.places, bins.means, "o-", color=VERMILLION, markersize=4.5, linewidth=0.9, zorder=3)
    return f"Means of {len(bins.places)} bins of equally many rows, with {in_percent(levels)} intervals."


def _normal(ax: Axes, residuals: Array, levels: tuple[float, ...]) -> str:
    several = [normal_scores(residuals, level) for level in levels]
    scores = several[0]
    ends = scores.expected[[0, -1]]
    ax.plot(ends, ends, color=GREY, linewidth=0.9, zorder=1)
    for each in several:
        ax.fill_between(each.expected, each.lower, each.upper, color=GREY, alpha=0.2, linewidth=0, zorder=1)
    draw_cloud(ax, scores.expected, scores.observed, BLUE)
    return f"Band: {in_percent(levels)} of normal samples, at each point by itself."


def _histogram(ax: Axes, residuals: Array) -> str:
    values = standardised(residuals)
    ax.hist(values, bins="auto" if len(values) < 10_000 else 100, density=True, color=BLUE, alpha=0.55, linewidth=0)
    at = np.linspace(min(-3.5, values.min()), max(3.5, values.max()), 301)
    ax.plot(at, np.exp(-0.5 * at * at) / np.sqrt(2.0 * np.pi), color=VERMILLION, linewidth=1.6)
    return "Line: the normal density."


def _levels(canvas: Canvas, view: LevelQuantiles, names: Mapping[str, str], *, upright: bool, boxed: bool) -> str:
    ax, axis = canvas.panels[0], TimeAxis.of(view.labels) if view.in_time else None
    at = np.arange(float(len(view.labels))) if axis is None else axis.places
    low, lower, middle, upper, high = view.quantiles
    (ax.axhline if upright else ax.axvline)(0.0, color=GREY, linewidth=0.9, zorder=1)
    if boxed:
        apart = 1.0 if axis is None else axis.apart
        lines, across = (ax.vlines, ax.hlines) if upright else (ax.hlines, ax.vlines)
        lines(at, low, high, color=BLUE, linewidth=1.0, zorder=2)
        boxes = ax.bar if upright else ax.barh
        boxes(at, upper - lower, 0.6 * apart, lower, color=_BOX, edgecolor=BLUE, linewidth=0.8, zorder=2.5)
        across(middle, at - 0.3 * apart, at + 0.3 * apart, color=BLUE, linewidth=1.8, zorder=3)
        foot = "Lines from 5% to 95%, boxes from 25% to 75%, bars at medians."
    else:
        ax.fill_between(at, low, high, color=BLUE, alpha=0.18, linewidth=0)
        ax.fill_between(at, lower, upper, color=BLUE, alpha=0.3, linewidth=0)
        ax.plot(at, middle, color=BLUE, linewidth=1.4)
        foot = "Bands from 5% to 95% and from 25% to 75%, line at medians."
    if axis is not None:
        axis.finish(ax)
    elif upright:
        ax.set_xticks([])
    else:
        name_places(ax.yaxis, at, [names[as_text(label)] for label in view.labels], 24)
        ax.yaxis.set_tick_params(length=0)
        ax.set_ylim(-0.7, len(at) - 0.3)
    return foot
