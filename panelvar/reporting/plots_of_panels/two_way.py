"""What a two-way effects coefficient is made of: comparisons by their weights, and weights of effects by period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from panelvar.core.faces.number_format import format_number
from panelvar.data.calendar.time_labels import as_text
from panelvar.panels.decompositions.event_study_weights import EventStudyWeights
from panelvar.panels.decompositions.two_way_comparisons import KINDS, TwoWayDecomposition
from panelvar.panels.decompositions.two_way_weights import TwoWayWeights
from panelvar.reporting.canvas.canvas import BLUE, GREY, PALE, VERMILLION, open_canvas, read_shown_names, tidy
from panelvar.reporting.canvas.intervals import Look
from panelvar.reporting.canvas.time_axis import TimeAxis

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure


def draw_comparisons(
    parts: TwoWayDecomposition,
    ax: Axes | None,
    figure: Figure | SubFigure | None,
    figsize: Sequence[float] | None,
    title: str | None,
    labels: Mapping[str, str] | None,
) -> Figure | SubFigure:
    """Draw the estimate of each comparison against its weight, a mark for each kind, and the coefficient."""
    names = read_shown_names(labels, ("Weight", "Estimate"))
    canvas = open_canvas(ax, figure, figsize, title, size=(7.0, 4.3))
    panel = canvas.panels[0]
    panel.axhline(0.0, color=GREY, linewidth=0.9, zorder=1)
    marks, called = [], []
    for place, kind in enumerate(KINDS):
        own = [each for each in parts.comparisons if each.kind == kind]
        if own:
            look = Look.of(place)
            (mark,) = panel.plot(
                [each.weight for each in own], [each.estimate for each in own], linestyle="none", marker=look.marker,
                markersize=6.5, markerfacecolor="none" if look.hollow else look.colour, markeredgecolor=look.colour,
                alpha=0.85, clip_on=False, zorder=3,
            )  # fmt: skip
            marks.append(mark)
            called.append(f"{kind} ({100.0 * sum(each.weight for each in own):.1f}%)")
    marks.append(panel.axhline(parts.coefficient, color="black", linewidth=1.2, linestyle="--", zorder=2))
    called.append(f"their mean: {format_number(parts.coefficient, 4)}")
    panel.set_xlim(left=0.0)
    panel.tick_params(labelsize=9 * canvas.scale)
    canvas.name_axes(names["Weight"], names["Estimate"])
    canvas.legend(marks, called)
    canvas.name(f"Two-way effects: {parts.dependent}")
    canvas.foot("Each mark is one comparison. The line is their weighted mean, the two-way coefficient.")
    tidy(panel)
    return canvas.figure


def draw_weights(
    found: TwoWayWeights,
    ax: Axes | None,
    figure: Figure | SubFigure | None,
    figsize: Sequence[float] | None,
    title: str | None,
    labels: Mapping[str, str] | None,
) -> Figure | SubFigure:
    """Draw the weights of treated rows by period, as multiples of those of the average effect on the treated."""
    names = read_shown_names(labels, ("Period", "Weight"))
    if "Weight" not in (labels or {}):
        names["Weight"] = "Weight relative to the average effect on the treated"
    canvas = open_canvas(ax, figure, figsize, title, size=(7.0, 4.3))
    panel = canvas.panels[0]
    axis = TimeAxis.of(found.index.get_level_values("period"))
    panel.axhline(0.0, color=GREY, linewidth=0.9, zorder=1)
    marks: list[Artist] = []
    called = []
    for label, colour, marker, chosen in (
        ("positive", BLUE, "o", found.weights >= 0.0),
        ("negative", VERMILLION, "s", found.weights < 0.0),
    ):
        if chosen.any():
            # Rows of a cohort share their weight: where many lie upon one another, the mark is larger.
            places = np.column_stack([axis.places[chosen], np.round(found.multiples[chosen], 6)])
            spots, many = np.unique(places, axis=0, return_counts=True)
            area = 18.0 + 160.0 * many / len(found.weights)
            look: dict[str, Any] = {"marker": marker, "color": colour, "alpha": 0.75, "linewidths": 0, "zorder": 3}
            marks.append(panel.scatter(spots[:, 0], spots[:, 1], area, **look))
            share = 100.0 * found.weights[chosen].sum()
            called.append(f"{label} ({chosen.sum()} rows, {share:.1f}%)")
    marks.append(panel.axhline(1.0, color="black", linewidth=1.2, linestyle="--", zorder=2))
    called.append("average effect")
    axis.finish(panel)
    panel.tick_params(labelsize=9 * canvas.scale)
    canvas.name_axes(names["Period"], names["Weight"])
    canvas.legend(marks, called)
    canvas.name(f"Weights in the two-way coefficient: {found.dependent}")
    canvas.foot("Each mark is a treated row, or several of the same weight; larger marks are more rows.")
    tidy(panel)
    return canvas.figure


def draw_event_weights(
    found: EventStudyWeights,
    place: int,
    ax: Axes | None,
    figure: Figure | SubFigure | None,
    figsize: Sequence[float] | None,
    title: str | None,
    labels: Mapping[str, str] | None,
) -> Figure | SubFigure:
    """Draw the weights of all effects in one coefficient by period since treatment, a path for each cohort."""
    names = read_shown_names(labels, ("Period", "Weight"))
    if "Period" not in (labels or {}):
        names["Period"] = "Period of the effect, since treatment"
    since = found.since[place]
    canvas = open_canvas(ax, figure, figsize, title, size=(7.0, 4.3))
    panel = canvas.panels[0]
    panel.axhline(0.0, color=GREY, linewidth=0.9, zorder=1)
    panel.axvspan(since - 0.4, since + 0.4, color=PALE, linewidth=0, zorder=0)
    marks, called = [], []
    for number, cohort in enumerate(found.cohort.unique()):
        own = np.asarray(found.cohort == cohort)
        look = Look.of(number)
        order = np.argsort(found.cell_since[own])
        (mark,) = panel.plot(
            found.cell_since[own][order],
            found.weights[own, place][order],
            color=look.colour,
            marker=look.marker,
            markersize=5.5,
            markerfacecolor="none" if look.hollow else look.colour,
            linewidth=1.0,
            alpha=0.85,
            zorder=3,
        )
        marks.append(mark)
        called.append(as_text(cohort))
    panel.tick_params(labelsize=9 * canvas.scale)
    panel.locator_params(axis="x", integer=True)
    canvas.name_axes(names["Period"], names["Weight"])
    canvas.legend(marks, called, "Cohort")
    canvas.name(f"Weights in the coefficient of {since}: {found.dependent}")
    left_out = " and ".join(map(str, found.references))
    canvas.foot(
        f"Over cohorts, weights add to one in the shaded period, to -1 in {left_out}, and to zero in each other. "
        "Weights that differ from zero elsewhere let effects of other periods in."
    )
    tidy(panel)
    return canvas.figure
