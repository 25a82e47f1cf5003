"""The series of a fitted system: its variables, fitted values and residuals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from panelvar.core.base.arguments import refuse_other
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import choose
from panelvar.core.base.shared_parameters import documented
from panelvar.reporting.canvas.canvas import BLUE, GREY, VERMILLION, chosen_places, read_shown_names
from panelvar.reporting.canvas.time_axis import TimeAxis, open_panels
from panelvar.systems.var.fitted_system import FittedSystem

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

_SHOWN = ("series", "fit", "residuals")


@documented
def plot_system(
    model: FittedSystem,
    *,
    show: str = "series",
    of: str | Sequence[str] | None = None,
    ax: Axes | Sequence[Axes] | npt.NDArray[Any] | None = None,
    figure: Figure | SubFigure | None = None,
    figsize: Sequence[float] | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> Figure | SubFigure:
    """Draw the series of a fitted system over time, a panel for each variable.

    Parameters
    ----------
    model : FittedSystem
        What `fit_var`, `fit_vecm` and their kin return.
    show : {"series", "fit", "residuals"}
        The variables; the variables and what the equations fit of them; or the residuals, between lines at twice their
        standard deviation.
    {of, ax (panels), figure, figsize, title, labels}

    Returns
    -------
    Figure
        One panel for each variable in ``figure.axes``.

    Raises
    ------
    SpecificationError
        If it is not a fitted system of one entity, a name is not a variable of it, or where to draw is given twice.

    See Also
    --------
    plot_series : the series of a panel.
    plot_forecast : what comes after.

    Examples
    --------
    The residuals of each equation, with lines at twice their standard deviation:

    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]], lags=2)
    >>> figure = pv.plot_system(model, show="residuals")
    >>> [panel.get_title() for panel in figure.axes]
    ['infl', 'unemp', 'tbilrate']
    """
    of_panels = "a panel's residuals are drawn by plot_series(model.resids, 'name of a variable')"
    refuse_other("plot_system", model, FittedSystem, f"a fitted vector autoregression of one series; {of_panels}")
    choose("show", show, _SHOWN)
    shown = read_shown_names(labels, model.names)
    chosen = chosen_places("of", of, model.names)
    canvas = open_panels(ax, figure, figsize, title, len(chosen), 1.9)
    residuals = model.resids
    deviations = residuals.to_numpy().std(axis=0)
    periods = model.data.observed_periods()
    whole = TimeAxis.of(model.data.labels(periods))
    explained = TimeAxis.of(residuals.index)
    for panel, k in zip(canvas.panels, chosen, strict=True):
        if show == "residuals":
            panel.axhline(0.0, color=GREY, linewidth=0.8)
            for limit in (-2.0, 2.0):
                panel.axhline(limit * deviations[k], color=VERMILLION, linewidth=1.0, linestyle="--")
            _line(panel, explained, residuals.iloc[:, k].to_numpy(), color=BLUE, linewidth=1.2)
        else:
            _line(panel, whole, model.data.values[periods, k], color="black", linewidth=1.2)
        if show == "fit":
            fit = model.fitted_values.iloc[:, k].to_numpy()
            _line(panel, explained, fit, color=VERMILLION, linewidth=1.2, linestyle="--")
        (explained if show == "residuals" else whole).finish_panel(canvas, panel, shown[model.names[k]])
    if show == "fit":
        canvas.legend(canvas.panels[0].lines, ["actual", "fitted"])
    canvas.head({"series": "Series of the system", "fit": "Actual and fitted", "residuals": "Residuals"}[show])
    canvas.foot("Broken lines: twice the standard deviation." if show == "residuals" else "")
    return canvas.figure


def _line(ax: Axes, time: TimeAxis, values: Array, **style: Any) -> None:
    ax.plot(*time.broken(values), **style)
