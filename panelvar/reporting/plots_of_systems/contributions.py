"""Historical decompositions as stacked areas around the path they explain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import refuse_other
from panelvar.core.base.shared_parameters import documented
from panelvar.reporting.canvas.canvas import GREY, PALE, area, chosen_places, open_canvas, read_shown_names
from panelvar.reporting.canvas.time_axis import TimeAxis
from panelvar.systems.responses.decomposition import OTHER_SHOCKS, HistoricalDecomposition

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure


@documented
def plot_historical(
    decomposition: HistoricalDecomposition,
    *,
    of: str | Sequence[str] | None = None,
    shocks: str | Sequence[str] | None = None,
    ax: Axes | Sequence[Axes] | npt.NDArray[Any] | None = None,
    figure: Figure | SubFigure | None = None,
    figsize: Sequence[float] | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> Figure | SubFigure:
    """Draw what the shocks contributed to each variable, stacked, with the variable less its baseline as a line.

    Where a scheme identifies fewer shocks than there are variables, or you choose some of them, the contribution of the
    others is drawn in grey.

    Parameters
    ----------
    decomposition : HistoricalDecomposition
        As ``historical_decomposition()`` of a fitted system returns it.
    {of, shocks, ax (panels), figure, figsize, title, labels}

    Returns
    -------
    Figure
        One panel for each variable in ``figure.axes``.

    Raises
    ------
    SpecificationError
        If it is not a historical decomposition, a name is not a variable or a shock of the system, or where to draw is
        given twice.

    See Also
    --------
    FittedSystem.historical_decomposition : the numbers.
    plot_decomposition : average shares in place of single periods.

    Examples
    --------
    What shocks to each variable have added to unemployment, quarter by quarter:

    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=2)
    >>> figure = pv.plot_historical(model.historical_decomposition(), of="unemp")
    """
    refuse_other(
        "plot_historical", decomposition, HistoricalDecomposition, "what historical_decomposition of a fit returns"
    )
    shown = read_shown_names(labels, (*decomposition.names, *decomposition.shocks, OTHER_SHOCKS))
    rows = chosen_places("of", of, decomposition.names)
    columns = chosen_places("shocks", shocks, decomposition.shocks)
    size = (8.0, max(min(2.1, 13.0 / len(rows)), 1.2) * len(rows) + 0.8)
    canvas = open_canvas(ax, figure, figsize, title, panels=len(rows), size=size, sharex=True)
    time = TimeAxis.of(decomposition.index)
    spare = [k for k in range(len(decomposition.shocks)) if k not in columns]
    anything_else = decomposition.others is not None or bool(spare)
    names = [shown[decomposition.shocks[k]] for k in columns] + [shown[OTHER_SHOCKS]] * anything_else
    for panel, row in zip(canvas.panels, rows, strict=True):
        parts = [(decomposition.contributions[:, row, k], area(k)) for k in columns]
        if anything_else:
            rest = decomposition.contributions[:, row][:, spare].sum(axis=1)
            rest = rest if decomposition.others is None else rest + decomposition.others[:, row]
            parts.append((rest, {"color": PALE}))
        above, below = np.zeros((2, len(time.places)))
        for name, (part, style) in zip(names, parts, strict=True):
            bottom = np.where(part >= 0.0, above, below)
            edges, (top, base) = _stepwise(time, part + bottom, bottom)
            panel.stairs(top, edges, baseline=base, fill=True, linewidth=0, label=name, **style)
            above += np.maximum(part, 0.0)
            below += np.minimum(part, 0.0)
        edges, (middles,) = _stepwise(time, sum(part for part, _ in parts))
        panel.plot(0.5 * (edges[:-1] + edges[1:]), middles, color="black", linewidth=1.1)
        panel.axhline(0.0, color=GREY, linewidth=0.8)
        time.finish_panel(canvas, panel, shown[decomposition.names[row]])
    canvas.legend(canvas.panels[0].patches, names, "Shock")
    canvas.head(f"Contributions of {decomposition.scheme} shocks", notes=decomposition.notes)
    canvas.foot("Line: the variable less its baseline, which is what the contributions add up to.")
    return canvas.figure


def _stepwise(time: TimeAxis, *values: Any) -> tuple[Any, list[Any]]:
    """Edges of steps and their heights; absent periods are steps of no height."""
    open_after = np.flatnonzero(~time.adjacent)
    edges = np.insert(np.append(time.places, time.ends[-1]), open_after + 1, time.ends[open_after])
    return edges, [np.insert(np.asarray(each, dtype=np.float64), open_after + 1, np.nan) for each in values]
