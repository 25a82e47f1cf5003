"""Forecasts with their intervals, after the last periods of the data."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from panelvar.base.arguments import read_whole, refuse_other
from panelvar.base.unknown_arguments import answering
from panelvar.data.time_labels import as_text
from panelvar.plots.canvas import BLUE, GREY, check_figure, folded, literal, plain_ticks, pyplot, tidy
from panelvar.responses.forecast import Forecast

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@answering
def plot_forecast(forecast: Forecast, *, past: int | None = None, figure: Figure | None = None) -> Figure:
    """Draw the forecast of each variable and its interval, after the last periods of the data.

    Parameters
    ----------
    forecast : Forecast
        As ``forecast()`` of a fitted system returns it.
    past : int, optional
        Periods of the data drawn before the forecast; three times its steps by default, or all there are.
    figure : Figure, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Figure
        One panel for each variable in ``figure.axes``. On the horizontal axis 0 is the last period of the data; ticks
        carry the periods' own labels.

    Raises
    ------
    SpecificationError
        It is no forecast, or ``past`` not an integer of at least 0.
    """
    refuse_other("plot_forecast", forecast, Forecast, "what forecast of a fit returns")
    check_figure(figure)
    if past is not None:
        past = read_whole("past", past, 0)
    names = forecast.names
    across = min(len(names), 2)
    down = math.ceil(len(names) / across)
    if figure is None:
        figure = pyplot().figure(figsize=(max(4.2 * across, 5.0), 2.3 * down + 0.8), layout="constrained")
    grid = figure.subplots(down, across, sharex=True, squeeze=False).ravel()
    shown = 3 * forecast.steps if past is None else int(past)
    labels = _labels(forecast, shown)
    for k, name in enumerate(names):
        _panel(grid[k], forecast, k, shown, labels)
        literal(grid[k].set_title(folded(name, 40), fontsize=10))
    for ax in grid[len(names) :]:
        ax.remove()
    for ax in grid[max(len(names) - across, 0) : len(names)]:
        ax.tick_params(labelbottom=True)
    literal(figure.suptitle(f"Forecasts and {100 * forecast.level:g}% intervals", fontsize=11))
    return figure


def _labels(forecast: Forecast, shown: int) -> dict[int, str]:
    """What each place on the axis is called: 0 is the last period of the data."""
    texts = {step + 1: as_text(label) for step, label in enumerate(forecast.labels)}
    if forecast.data is not None:
        rows = forecast.data.observed_periods()[-max(shown, 1) :]
        last = forecast.data.values.shape[0] - 1
        texts |= {int(row) - last: as_text(label) for row, label in zip(rows, forecast.data.labels(rows), strict=True)}
    return texts


def _panel(ax: Axes, forecast: Forecast, k: int, shown: int, labels: dict[int, str]) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    steps = np.arange(1, forecast.steps + 1)
    values, lower, upper = (array[:, k] for array in (forecast.values, forecast.lower, forecast.upper))
    if forecast.data is not None and shown:
        history = forecast.data.values[-shown:, k]
        ax.plot(np.arange(1 - len(history), 1), history, color="black", linewidth=1.4, zorder=3)
        # The fan opens at the last observation, which is known.
        steps = np.arange(forecast.steps + 1)
        values, lower, upper = (np.append(history[-1], array) for array in (values, lower, upper))
    ax.fill_between(steps, lower, upper, color=BLUE, alpha=0.2, linewidth=0, zorder=1)
    ax.plot(steps, values, color=BLUE, linewidth=1.8, marker="o" if forecast.steps == 1 else None, zorder=3)
    ax.axvline(0.0, color=GREY, linewidth=0.8, linestyle=":", zorder=0)
    # As many labels as fit side by side.
    nbins = min(max(40 // max(map(len, labels.values())), 2), 5)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=nbins, integer=True))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: labels.get(round(value), "")))
    plain_ticks(ax)
    ax.tick_params(labelsize=9)
    tidy(ax)
