"""Historical decompositions as stacked bars around the path they explain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from panelvar.base.arguments import refuse_other
from panelvar.base.unknown_arguments import answering
from panelvar.data.time_labels import as_text
from panelvar.plots.canvas import (
    GREY,
    OTHER_SHOCKS,
    PALE,
    area,
    check_figure,
    chosen_places,
    folded,
    literal,
    plain_ticks,
    pyplot,
    tidy,
)
from panelvar.responses.decomposition import HistoricalDecomposition

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@answering
def plot_historical(
    decomposition: HistoricalDecomposition,
    *,
    of: str | Sequence[str] | None = None,
    figure: Figure | None = None,
) -> Figure:
    """Draw what the shocks contributed to each variable, stacked, with the variable less its baseline as a line.

    Where a scheme identifies fewer shocks than there are variables, what the others contributed is drawn too, in grey.

    Parameters
    ----------
    decomposition : HistoricalDecomposition
        As ``historical_decomposition()`` of a fitted system returns it.
    of : str or sequence of str, optional
        Variables, a panel each; all by default.
    figure : Figure, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Figure
        One panel for each variable in ``figure.axes``.

    Raises
    ------
    SpecificationError
        If it is no historical decomposition, or a name is not a variable of the system.
    """
    refuse_other(
        "plot_historical", decomposition, HistoricalDecomposition, "what historical_decomposition of a fit returns"
    )
    check_figure(figure)
    rows = chosen_places("of", of, decomposition.names)
    draw = pyplot()
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    if figure is None:
        figure = draw.figure(figsize=(8.0, 2.2 * len(rows) + 0.8), layout="constrained")
    grid = figure.subplots(len(rows), 1, sharex=True, squeeze=False)[:, 0]
    texts = [as_text(label) for label in decomposition.index]
    places = np.arange(len(texts))
    for ax, row in zip(grid, rows, strict=True):
        above, below = np.zeros(len(places)), np.zeros(len(places))
        parts = [
            (shock, decomposition.contributions[:, row, s], area(s)) for s, shock in enumerate(decomposition.shocks)
        ]
        if decomposition.others is not None:
            parts.append((OTHER_SHOCKS, decomposition.others[:, row], {"color": PALE}))
        for shock, part, style in parts:
            bottom = np.where(part >= 0.0, above, below)
            ax.bar(places, part, bottom=bottom, width=1.0, linewidth=0, label=folded(shock, 20), **style)
            above += np.maximum(part, 0.0)
            below += np.minimum(part, 0.0)
        ax.plot(places, sum(part for _, part, _ in parts), color="black", linewidth=1.2)
        ax.axhline(0.0, color=GREY, linewidth=0.8)
        ax.margins(x=0)
        literal(ax.set_title(folded(decomposition.names[row], 60), fontsize=10))
        plain_ticks(ax)
        ax.tick_params(labelsize=8)
        tidy(ax)
    grid[-1].xaxis.set_major_locator(MaxNLocator(nbins=7, integer=True))
    grid[-1].xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: texts[round(value)] if 0 <= round(value) < len(texts) else "")
    )
    handles, labels = grid[0].get_legend_handles_labels()
    legend = figure.legend(handles, labels, title="Shock", loc="outside right upper", frameon=False, fontsize=9)
    literal(*legend.get_texts())
    literal(figure.suptitle(f"Contributions of {decomposition.scheme} shocks", fontsize=11))
    return figure
