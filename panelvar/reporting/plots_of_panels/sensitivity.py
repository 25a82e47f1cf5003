"""Intervals for an effect by how far trends may depart from parallel ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from panelvar.core.faces.number_format import format_number
from panelvar.estimates.sensitivity.trend_sensitivity import TrendSensitivity
from panelvar.reporting.canvas.canvas import BLUE, GREY, VERMILLION, open_canvas, read_shown_names, tidy

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure


def draw_sensitivity(
    found: TrendSensitivity,
    ax: Axes | None,
    figure: Figure | SubFigure | None,
    figsize: Sequence[float] | None,
    title: str | None,
    labels: Mapping[str, str] | None,
) -> Figure | SubFigure:
    """Draw the interval for each bound, with that for parallel trends to the left, and where zero comes in."""
    names = read_shown_names(labels, ("Bound", "Effect"))
    if "Bound" not in (labels or {}):
        names["Bound"] = f"Bound ({found.restriction})"
    if "Effect" not in (labels or {}):
        names["Effect"] = f"Effect: {found.effect}"
    canvas = open_canvas(ax, figure, figsize, title, size=(7.0, 4.3))
    panel = canvas.panels[0]
    order = np.argsort(found.bounds, kind="stable")
    bounds, limits = found.bounds[order], found.limits[order]
    step = float(np.diff(bounds).min(initial=np.inf)) if len(bounds) > 1 else max(float(bounds[0]), 1.0)
    start = bounds[0] - step
    panel.axhline(0.0, color=GREY, linewidth=0.9, zorder=1)
    (original,) = panel.plot([start, start], found.original, color=VERMILLION, linewidth=3.0, solid_capstyle="butt")
    panel.plot([start], [found.estimate], marker="o", color=VERMILLION, markersize=6.0, linestyle="none")
    marks: list[Artist] = [original]
    called = ["parallel trends"]
    inside = np.isfinite(limits).all(axis=1)
    lines = panel.vlines(bounds[inside], limits[inside, 0], limits[inside, 1], color=BLUE, linewidth=3.0)
    marks.append(lines)
    called.append("trends within the bound")
    if bounds[0] <= found.breakdown <= bounds[-1]:
        marks.append(panel.axvline(found.breakdown, color="black", linewidth=1.2, linestyle="--", zorder=1))
        called.append(f"breakdown: {format_number(found.breakdown, 4)}")
    panel.set_xticks([start, *bounds], ["parallel", *(f"{each:.3g}" for each in bounds)])
    panel.tick_params(labelsize=9 * canvas.scale)
    canvas.name_axes(names["Bound"], names["Effect"])
    canvas.legend(marks, called)
    canvas.name("Sensitivity to trends that are not parallel")
    canvas.foot(f"Intervals of {100.0 * found.level:g}% ({found.method}).")
    tidy(panel)
    return canvas.figure
