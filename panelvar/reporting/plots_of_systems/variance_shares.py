"""Forecast error variance decompositions: stacked shares, or each share in its bands."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import read_flag, refuse_other
from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.bands.target import Limits, said_levels
from panelvar.reporting.canvas.canvas import (
    BLUE,
    PALE,
    area,
    chosen_places,
    fitting,
    open_canvas,
    read_shown_names,
    tidy,
    write,
)
from panelvar.reporting.plots_of_systems.response_grid import (
    finished,
    line_with_bands,
    name_panels,
    name_periods,
    open_grid,
)
from panelvar.systems.responses.decomposition import OTHER_SHOCKS, VarianceDecomposition

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure


@documented
def plot_decomposition(
    decomposition: VarianceDecomposition,
    *,
    of: str | Sequence[str] | None = None,
    shocks: str | Sequence[str] | None = None,
    stacked: bool | None = None,
    ax: Axes | Sequence[Axes] | npt.NDArray[Any] | None = None,
    figure: Figure | SubFigure | None = None,
    figsize: Sequence[float] | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> Figure | SubFigure:
    """Draw the share of each shock in the forecast error variance of each variable, horizon by horizon.

    Shares are stacked. The share of shocks that a scheme does not identify, or that you do not choose, is grey. Shares
    with bands have no room in a stack: each is a line in its bands, with a row for each variable and a column for each
    shock.

    Parameters
    ----------
    decomposition : VarianceDecomposition
        The shares, with bands or without.
    {of, shocks}
    stacked : bool, optional
        Whether shares are stacked: by default where they have no bands.
    {ax (panels), figure, figsize, title, labels}

    Returns
    -------
    Figure
        One panel for each variable in ``figure.axes``; with bands one for each variable and shock, row by row.

    Raises
    ------
    SpecificationError
        If it is not a variance decomposition, a name is not a variable or a shock of the system, or where to draw is
        given twice.

    See Also
    --------
    FittedSystem.variance_decomposition : the numbers.
    plot_historical : what shocks contributed period by period.

    Examples
    --------
    The share of each shock in the variance of forecasts up to twelve quarters ahead:

    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]], lags=2)
    >>> figure = pv.plot_decomposition(model.variance_decomposition(12))
    """
    refuse_other(
        "plot_decomposition", decomposition, VarianceDecomposition, "what variance_decomposition of a system returns"
    )
    shown = read_shown_names(labels, (*decomposition.names, *decomposition.shocks, OTHER_SHOCKS))
    rows = chosen_places("of", of, decomposition.names)
    columns = chosen_places("shocks", shocks, decomposition.shocks)
    piled = not decomposition.limits if stacked is None else read_flag("stacked", stacked)
    draw = _stacked if piled else _in_bands
    return draw(decomposition, rows, columns, shown, (ax, figure, figsize, title))


def _stacked(
    decomposition: VarianceDecomposition,
    rows: Sequence[int],
    columns: Sequence[int],
    shown: Mapping[str, str],
    where: tuple[Any, Any, Any, Any],
) -> Figure | SubFigure:
    from matplotlib.ticker import MaxNLocator

    across = min(len(rows), 3 if len(rows) < 7 else 4)
    size = (2.7 * across + 1.7, 2.3 * math.ceil(len(rows) / across) + 0.9)
    canvas = open_canvas(
        *where, panels=len(rows), columns=across, size=size, least=1.6, named=True, sharex=True, sharey=True
    )
    horizons = np.arange(1, decomposition.horizon + 1)
    values = decomposition.values[:, rows]
    # Shares of correlated shocks add up to something else than one.
    highest = max(1.0, float(values.sum(axis=2).max()) - 1e-9)
    rest = decomposition.values[:, :, [k for k in range(len(decomposition.shocks)) if k not in columns]].sum(axis=2)
    if decomposition.others is not None:
        rest = rest + decomposition.others
    anything_else = decomposition.others is not None or len(columns) < len(decomposition.shocks)
    names = [shown[decomposition.shocks[k]] for k in columns] + [shown[OTHER_SHOCKS]] * anything_else
    for panel, i in zip(canvas.panels, rows, strict=True):
        base = np.zeros(decomposition.horizon)
        parts = [(decomposition.values[:, i, k], area(k)) for k in columns]
        if anything_else:
            parts.append((rest[:, i], {"color": PALE, "edgecolor": "white"}))
        for name, (share, style) in zip(names, parts, strict=True):
            panel.bar(horizons, share, bottom=base, width=0.86, linewidth=0.4, label=name, **style)
            base = base + share
        panel.set(ylim=(0.0, highest), xlim=(0.4, decomposition.horizon + 0.6))
        panel.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, min_n_ticks=1))
        write(
            panel.set_title,
            shown[decomposition.names[i]],
            fitting(canvas.panel_width, 10 * canvas.scale),
            fontsize=10 * canvas.scale,
        )
        panel.tick_params(labelsize=8 * canvas.scale)
        tidy(panel)
    for panel in canvas.leftmost:
        panel.set_ylabel("share", fontsize=9 * canvas.scale)
    name_periods(canvas, canvas.panel_width < 2.0, "Forecast horizon", "Horizon")
    # From the top down, as the shares are stacked.
    canvas.legend(canvas.panels[0].containers[::-1], names[::-1], "Shock")
    canvas.head(f"Forecast error variance by {decomposition.scheme} shocks", notes=decomposition.notes)
    canvas.foot(_how(decomposition, shown, banded=False))
    return canvas.figure


def _in_bands(
    decomposition: VarianceDecomposition,
    rows: Sequence[int],
    columns: Sequence[int],
    shown: Mapping[str, str],
    where: tuple[Any, Any, Any, Any],
) -> Figure | SubFigure:
    """Draw each share as a line in its bands, and without any what other shocks have."""
    names, shocks = decomposition.names, decomposition.shocks
    others = decomposition.others
    across = len(columns) + (others is not None)
    canvas, small = open_grid(*where, len(rows), across, "all")
    horizons = np.arange(1.0, decomposition.horizon + 1.0)
    lows = [float(each.lower[:, rows][:, :, columns].min()) for each in decomposition.limits]
    highs = [float(each.upper[:, rows][:, :, columns].max()) for each in decomposition.limits]
    for place, panel in enumerate(canvas.panels):
        row, column = rows[place // across], place % across
        if column == len(columns):
            assert others is not None
            line_with_bands(panel, horizons, others[:, row], (), BLUE, small)
        else:
            k = columns[column]
            limits = [Limits(each.lower[:, row, k], each.upper[:, row, k], each.level) for each in decomposition.limits]
            line_with_bands(panel, horizons, decomposition.values[:, row, k], limits, BLUE, small)
        finished(canvas, panel, small)
        panel.set_ylim(min(0.0, *lows, 0.0), max(1.0, *highs, 1.0))
    headings = [shown[shocks[k]] for k in columns] + [shown[OTHER_SHOCKS]] * (others is not None)
    name_panels(canvas, small, [(shown[names[row]],) for row in rows], headings)
    name_periods(canvas, small, "Forecast horizon", "Horizon")
    canvas.head(f"Shares of {decomposition.scheme} shocks in forecast error variances", notes=decomposition.notes)
    canvas.foot(_how(decomposition, shown, banded=True))
    return canvas.figure


def _how(decomposition: VarianceDecomposition, shown: Mapping[str, str], *, banded: bool) -> str:
    parts = []
    if decomposition.sums:
        parts.append(f"Shares of correlated shocks overlap, and add up to {decomposition.sums}")
    if decomposition.ordering is not None:
        parts.append(f"Ordering {', '.join(shown[name] for name in decomposition.ordering)}")
    if decomposition.limits and banded:
        bands = "bands" if len(decomposition.limits) > 1 else "band"
        parts.append(f"{said_levels(decomposition.limits)} {bands}: {decomposition.band_label}")
    elif decomposition.limits:
        parts.append(f"{said_levels(decomposition.limits)} bands are drawn with stacked=False")
    return "; ".join(parts) + "." if parts else ""
