"""Fluctuation tests: how far cumulated or moving sums of residuals stray, between boundaries."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from panelvar.base.arguments import read_levels, refuse_other
from panelvar.base.shared_parameters import documented
from panelvar.plots.canvas import (
    BLUE,
    GREY,
    VERMILLION,
    chosen_places,
    fitting,
    open_canvas,
    plain_ticks,
    read_shown_names,
    tidy,
    write,
)
from panelvar.plots.time_axis import TimeAxis
from panelvar.tables.number_format import pvalue_text
from panelvar.var_tests.constancy import CusumTests

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

_DASHES = ("--", ":", "-.")


@documented
def plot_constancy(
    tests: CusumTests,
    *,
    of: str | Sequence[str] | None = None,
    level: float | Sequence[float] = 0.95,
    ax: Axes | Sequence[Axes] | npt.NDArray[Any] | None = None,
    figure: Figure | SubFigure | None = None,
    figsize: Sequence[float] | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> Figure | SubFigure:
    """Draw the process of each equation and the boundaries that it leaves where coefficients are not constant.

    Parameters
    ----------
    tests : CusumTests
        As `panelvar.cusum_test` and `panelvar.mosum_test` return them.
    {of}
    level : float or sequence of float
        Probability that a process of constant coefficients stays within the boundaries, throughout.
    {ax (panels), figure, figsize, title, labels}

    Returns
    -------
    Figure
        One panel for each equation in ``figure.axes``.

    Raises
    ------
    SpecificationError
        They are no such tests, a name is not a variable of the system, or where to draw is given twice.
    """
    refuse_other("plot_constancy", tests, CusumTests, "what cusum_test or mosum_test returns")
    levels = read_levels(level)
    names = tuple(tests.paths.columns)
    shown = read_shown_names(labels, names)
    chosen = chosen_places("of", of, names)
    across = min(len(chosen), 2 if len(chosen) < 7 else 3)
    size = (max(4.0 * across, 5.0), 2.2 * math.ceil(len(chosen) / across) + 0.8)
    canvas = open_canvas(
        ax, figure, figsize, title, panels=len(chosen), columns=across, size=size, least=2.2, sharex=True, sharey=True
    )
    time = TimeAxis.of(tests.paths.index)
    for panel, k in zip(canvas.panels, chosen, strict=True):
        panel.axhline(0.0, color=GREY, linewidth=0.8)
        for dash, each in zip(_DASHES * len(levels), levels, strict=False):
            height = tests.boundaries(level=each).to_numpy()
            for boundary in (height, -height):
                panel.plot(time.places, boundary, dash, color=VERMILLION, linewidth=1.2)
        panel.plot(time.places, tests.paths.iloc[:, k].to_numpy(), color=BLUE, linewidth=1.6)
        panel.margins(x=0)
        pieces = (shown[names[k]], f", {pvalue_text(tests.tests[names[k]].pvalue)}")
        write(panel.set_title, pieces, fitting(canvas.panel_width, 10), fontsize=10)
        plain_ticks(panel)
        panel.tick_params(labelsize=8)
        time.finish(panel)
        tidy(panel)
    canvas.head(f"{tests.title} tests of constant coefficients")
    said = " and ".join(f"{100 * each:g}%" for each in reversed(levels))
    canvas.foot(f"Broken lines: what a process of constant coefficients stays between with a probability of {said}.")
    return canvas.figure
