"""Forecasts with their intervals, after the last periods of the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import read_whole, refuse_other
from panelvar.core.base.arrays import Array
from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.bands.target import Limits, said_levels
from panelvar.reporting.canvas.canvas import BLUE, GREY, chosen_places, read_shown_names
from panelvar.reporting.canvas.time_axis import TimeAxis, open_panels
from panelvar.reporting.plots_of_systems.response_grid import line_with_bands
from panelvar.systems.responses.forecast import Forecast

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure


@documented
def plot_forecast(
    forecast: Forecast,
    *,
    of: str | Sequence[str] | None = None,
    past: int | None = None,
    ax: Axes | Sequence[Axes] | npt.NDArray[Any] | None = None,
    figure: Figure | SubFigure | None = None,
    figsize: Sequence[float] | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> Figure | SubFigure:
    """Draw the forecast of each variable and its intervals at every level, after the last periods of the data.

    Parameters
    ----------
    forecast : Forecast
        As ``forecast()`` of a fitted system returns it.
    {of}
    past : int, optional
        Periods of the data drawn before the forecast; three times its steps by default, or all there are.
    {ax (panels), figure, figsize, title, labels}

    Returns
    -------
    Figure
        One panel for each variable in ``figure.axes``.

    Raises
    ------
    SpecificationError
        If it is not a forecast, a name is not a variable of the system, ``past`` is not an integer of at least 0, or
        where to draw is given twice.

    See Also
    --------
    FittedSystem.forecast : the numbers.
    evaluate_forecasts : how good forecasts have been.

    Examples
    --------
    Two series with forecasts of eight quarters, in fans of 50% and 90%:

    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=2)
    >>> figure = pv.plot_forecast(model.forecast(8, level=(0.5, 0.9)), past=40)
    >>> [panel.get_title() for panel in figure.axes]
    ['unemp', 'tbilrate']
    """
    refuse_other("plot_forecast", forecast, Forecast, "what forecast of a fit returns")
    wanted = 3 * forecast.steps if past is None else read_whole("past", past, 0)
    shown = read_shown_names(labels, forecast.names)
    rows = chosen_places("of", of, forecast.names)
    canvas = open_panels(ax, figure, figsize, title, len(rows))
    time, history = _path(forecast, wanted)
    for panel, k in zip(canvas.panels, rows, strict=True):
        _panel(panel, forecast, k, time, history)
        time.finish_panel(canvas, panel, shown[forecast.names[k]])
    canvas.head("Conditional forecasts" if forecast.conditions else "Forecasts", notes=forecast.notes)
    how = forecast.band_label or "normal, the coefficients taken as known"
    intervals = "intervals" if len(forecast.limits) > 1 else "interval"
    given = f" Given (dots): {forecast.conditions}." if forecast.conditions else ""
    canvas.foot(f"{said_levels(forecast.limits)} {intervals}: {how}.{given}")
    return canvas.figure


def _path(forecast: Forecast, wanted: int) -> tuple[TimeAxis, Array]:
    """Places of the last periods of the data and of those of the forecast, and the data, without absent periods."""
    history = np.empty((0, len(forecast.names)))
    index = forecast.labels
    if forecast.data is not None and wanted:
        first = forecast.data.values.shape[0] - wanted
        periods = forecast.data.observed_periods()
        periods = periods[periods >= first]
        history = forecast.data.values[periods]
        index = forecast.data.labels(periods).append(forecast.labels)
    return TimeAxis.of(index), history


def _panel(ax: Axes, forecast: Forecast, k: int, time: TimeAxis, history: Array) -> None:
    past, ahead = time.places[: len(history)], time.places[len(history) :]
    values = forecast.values[:, k]
    limits = [Limits(lower[:, k], upper[:, k], level) for lower, upper, level in forecast.limits]
    if len(history):
        ax.plot(*time.broken(history[:, k]), color="black", linewidth=1.4, zorder=3)
        ax.axvline(past[-1], color=GREY, linewidth=0.8, linestyle=":", zorder=0)
        # The fan opens at the last observation, which is known.
        last = history[-1, k]
        ahead, values = np.append(past[-1], ahead), np.append(last, values)
        limits = [Limits(np.append(last, lower), np.append(last, upper), level) for lower, upper, level in limits]
    line_with_bands(ax, ahead, values, limits, BLUE, False)
    if forecast.given is not None:
        ax.plot(time.places[len(history) :], forecast.given[:, k], ".", color="black", markersize=6, zorder=4)
