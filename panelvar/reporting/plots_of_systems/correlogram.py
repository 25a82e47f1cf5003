"""Correlograms of residuals: a row for each equation, a column for each earlier residual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import refuse_other
from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.bands.target import said_levels
from panelvar.reporting.canvas.canvas import BLUE, GREY, chosen_places, read_shown_names
from panelvar.reporting.plots_of_systems.response_grid import finished, name_panels, name_periods, open_grid
from panelvar.systems.diagnostics.correlogram import Correlogram

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure


@documented
def plot_correlogram(
    correlogram: Correlogram,
    *,
    of: str | Sequence[str] | None = None,
    level: float | Sequence[float] = 0.95,
    ax: Axes | Sequence[Axes] | npt.NDArray[Any] | None = None,
    figure: Figure | SubFigure | None = None,
    figsize: Sequence[float] | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> Figure | SubFigure:
    """Draw correlations of residuals with earlier ones, lag by lag, before limits that hold without any.

    Parameters
    ----------
    correlogram : Correlogram
        As `panelvar.residual_correlogram` returns it.
    {of}
    level : float or sequence of float
        Probability that a correlation stays within the limits if errors are not correlated over time.
    {ax (panels), figure, figsize, title, labels}

    Returns
    -------
    Figure
        A panel for each pair of equations in ``figure.axes``, row by row.

    Raises
    ------
    SpecificationError
        If it is not a correlogram, a name is not a variable of the system, or where to draw is given twice.

    See Also
    --------
    residual_correlogram : the numbers.
    serial_lm_test, portmanteau_test : tests of many correlations together.

    Examples
    --------
    Correlations of residuals with earlier ones, and what 95% of them would stay within without serial correlation:

    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=2)
    >>> figure = pv.plot_correlogram(pv.residual_correlogram(model, lags=8))
    """
    refuse_other("plot_correlogram", correlogram, Correlogram, "what residual_correlogram returns")
    limits = correlogram.limits(level=level)
    shown = read_shown_names(labels, correlogram.names)
    chosen = chosen_places("of", of, correlogram.names)
    canvas, small = open_grid(ax, figure, figsize, title, len(chosen), len(chosen), "all")
    lags = np.arange(1, correlogram.lags + 1)
    highest = max(float(np.abs(correlogram.values[:, chosen][:, :, chosen]).max()), float(limits[0].upper.max()))
    for place, panel in enumerate(canvas.panels):
        row, column = chosen[place // len(chosen)], chosen[place % len(chosen)]
        for lower, upper, _ in limits:
            panel.fill_between(lags, lower[:, row, column], upper[:, row, column], color=GREY, alpha=0.2, linewidth=0)
        panel.axhline(0.0, color=GREY, linewidth=0.8)
        panel.vlines(lags, 0.0, correlogram.values[:, row, column], color=BLUE, linewidth=1.2 if small else 2.2)
        panel.plot(lags, correlogram.values[:, row, column], "o", color=BLUE, markersize=2.0 if small else 3.0)
        finished(canvas, panel, small)
        panel.set(xlim=(0.4, correlogram.lags + 0.6), ylim=(-1.1 * highest, 1.1 * highest))
    names = [shown[correlogram.names[k]] for k in chosen]
    name_panels(canvas, small, [(name,) for name in names], names, (True, " and earlier "))
    name_periods(canvas, small, "Lag", "Lag")
    canvas.head("Residual correlations (rows) with earlier ones (columns)" if small else "Residual correlations")
    canvas.foot(f"Grey: {said_levels(limits)} limits for residuals of errors that are not correlated over time.")
    return canvas.figure
