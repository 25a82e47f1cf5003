"""Estimated effects in order, with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from panelvar.core.base.arguments import read_flag, read_levels, refuse_other
from panelvar.core.base.shared_parameters import documented
from panelvar.data.calendar.time_labels import as_text
from panelvar.panels.static.effects import effect_intervals
from panelvar.panels.static.result import LinearResult
from panelvar.reporting.canvas.canvas import BLUE, GREY, open_canvas, read_shown_names, tidy
from panelvar.reporting.canvas.intervals import Look, draw_estimates, in_percent, name_places
from panelvar.reporting.canvas.time_axis import TimeAxis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

# More levels than this have no room for their names.
_NAMED = 60
_KINDS = {
    "deviation": "Effect, deviation from the mean",
    "level": "Effect with the constant",
    "effect": "Predicted random effect",
}


@documented
def plot_effects(
    result: LinearResult,
    effect: str | None = None,
    *,
    kind: str = "deviation",
    sort: bool | None = None,
    level: float | Sequence[float] = 0.95,
    ax: Axes | None = None,
    figure: Figure | SubFigure | None = None,
    figsize: Sequence[float] | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> Figure | SubFigure:
    """Draw the estimated effects of entities (or periods, or other levels), each with its interval.

    The plot names up to 60 levels, one below the other. It draws more levels from the smallest to the largest, without
    names. Effects of periods lie along time.

    Parameters
    ----------
    result : LinearResult
        With fixed or random effects.
    effect : str, optional
        Which of several effects, as ``result.effects`` names them; the first by default.
    kind : {"deviation", "level"}
        Fixed effects as deviations from their mean over rows, or with the constant. Random effects are deviations.
    sort : bool, optional
        From the smallest to the largest; False: in the order of their labels, periods along time. By default all but
        periods are sorted.
    level : float or sequence of float
        Coverage of the intervals: one level, or several, such as ``(0.68, 0.95)``, the lower drawn the thicker.
    {ax, figure, figsize, title, labels}

    Returns
    -------
    Figure

    Raises
    ------
    SpecificationError
        If it is not such a result, has no effects, or not this one.
    MissingInformationError
        If its rows were released (``without_rows``).

    See Also
    --------
    LinearResult.estimated_effects : the numbers.
    plot_within_between : how entities differ, before any fit.

    Notes
    -----
    The errors are those of `LinearResult.estimated_effects`. The variance of an effect falls with its own rows alone,
    so that the largest and smallest of many estimates owe their place partly to error. Random effects are drawn towards
    the mean accordingly. Where the errors are not known (more than two effects, slopes by level) there are no
    intervals.

    Examples
    --------
    The effect of each firm on its investment, in order, with intervals of 95%:

    >>> import panelvar as pv
    >>> fit = pv.fit_fixed_effects(pv.load_data("grunfeld"), "invest ~ value + capital")
    >>> figure = pv.plot_effects(fit)
    >>> figure.axes[0].get_yticklabels()[0].get_text()
    'General Electric'
    """
    refuse_other("plot_effects", result, LinearResult, "the result of a linear panel model with effects")
    levels = read_levels(level)
    found = effect_intervals(result, effect, kind, levels)
    sort = not found.in_time if sort is None else read_flag("sort", sort)
    texts = np.array([as_text(label) for label in found.labels], dtype=object)
    names = read_shown_names(labels, (found.dimension, *texts))
    order = np.argsort(found.estimates, kind="stable") if sort else np.arange(len(texts))
    axis = TimeAxis.of(found.labels) if found.in_time and not sort else None
    named = len(texts) <= _NAMED and axis is None
    places = np.arange(float(len(order))) if axis is None else axis.places
    if named and not sort:
        places = places[::-1]
    size = (6.4, max(0.2 * len(order) + 1.1, 2.4)) if named else (6.4, 4.4)
    canvas = open_canvas(ax, figure, figsize, title, size=size)
    ax = canvas.panels[0]
    estimates = found.estimates[order]
    limits = [(lower[order], upper[order]) for lower, upper, _ in found.limits]
    if found.kind != "level":
        (ax.axvline if named else ax.axhline)(0.0, color=GREY, linewidth=0.9, zorder=1)
    if named:
        draw_estimates(ax, places, estimates, limits, Look.of(0), upright=False, size=5.0)
        name_places(ax.yaxis, places, [names[text] for text in texts[order]], 28)
        ax.yaxis.set_tick_params(length=0)
        ax.set_ylim(-0.7, len(order) - 0.3)
        canvas.name_axes(_KINDS[found.kind], "")
    elif axis is not None:
        small = 5.0 if len(order) <= _NAMED else 2.5
        draw_estimates(ax, places, estimates, limits, Look.of(0), upright=True, size=small)
        axis.finish(ax)
        canvas.name_axes(names[found.dimension], _KINDS[found.kind])
    else:
        for each in limits:
            ax.vlines(places, *each, color=BLUE, alpha=0.35, linewidth=max(min(1.2, 300.0 / len(order)), 0.2))
        ax.plot(places, estimates, ".", color=BLUE, markersize=2.5)
        ax.margins(x=0.01)
        ordered = ", from the smallest effect to the largest" if sort else ""
        canvas.name_axes(f"{names[found.dimension]}{ordered}", _KINDS[found.kind])
    ax.tick_params(labelsize=9 * canvas.scale)
    canvas.name(f"Effects: {names[found.dimension]}")
    if limits:
        canvas.foot(f"{in_percent(levels)} intervals, each by itself.")
    tidy(ax)
    return canvas.figure
