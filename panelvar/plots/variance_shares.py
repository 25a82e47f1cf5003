"""Forecast error variance decompositions as stacked shares."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from panelvar.base.arguments import refuse_other
from panelvar.base.arrays import Array
from panelvar.base.unknown_arguments import answering
from panelvar.plots.canvas import BLUE, OTHER_SHOCKS, PALE, area, check_figure, folded, literal, pyplot, tidy
from panelvar.plots.response_grid import finished, line_with_band, named_panel, panels
from panelvar.responses.decomposition import VarianceDecomposition

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@answering
def plot_decomposition(decomposition: VarianceDecomposition, *, figure: Figure | None = None) -> Figure:
    """Draw the share of each shock in the forecast error variance of each variable, horizon by horizon.

    Shares are stacked; what a scheme that identifies fewer shocks than there are variables leaves to the others is
    grey. Shares with a band have no room in a stack: each is a line in its band, a row for each variable and a column
    for each shock.

    Parameters
    ----------
    decomposition : VarianceDecomposition
        The shares, with bands or without.
    figure : Figure, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Figure
        One panel for each variable in ``figure.axes``; with a band one for each variable and shock, row by row.

    Raises
    ------
    SpecificationError
        If it is no variance decomposition.
    """
    refuse_other(
        "plot_decomposition", decomposition, VarianceDecomposition, "what variance_decomposition of a system returns"
    )
    check_figure(figure)
    if decomposition.lower is not None and decomposition.upper is not None:
        return _in_bands(decomposition, decomposition.lower, decomposition.upper, figure)
    names = decomposition.names
    across = min(len(names), 3)
    down = math.ceil(len(names) / across)
    if figure is None:
        figure = pyplot().figure(figsize=(3.0 * across + 1.6, 2.5 * down + 0.6), layout="constrained")
    grid = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False).ravel()
    horizons = np.arange(1, decomposition.horizon + 1)
    # Shares of correlated shocks add up to something else than one.
    highest = max(1.0, float(decomposition.values.sum(axis=2).max()) - 1e-9)
    for i, name in enumerate(names):
        ax = grid[i]
        base = np.zeros(decomposition.horizon)
        parts = [(shock, decomposition.values[:, i, k], area(k)) for k, shock in enumerate(decomposition.shocks)]
        if len(decomposition.shocks) < len(names):
            rest = np.maximum(1.0 - decomposition.values[:, i].sum(axis=1), 0.0)
            parts.append((OTHER_SHOCKS, rest, {"color": PALE, "edgecolor": "white"}))
        for shock, share, style in parts:
            ax.bar(horizons, share, bottom=base, width=0.86, linewidth=0.4, label=folded(shock, 20), **style)
            base = base + share
        ax.set(ylim=(0.0, highest), xlim=(0.4, decomposition.horizon + 0.6))
        ax.xaxis.get_major_locator().set_params(integer=True)
        literal(ax.set_title(folded(name, 32), fontsize=10))
        ax.tick_params(labelsize=9)
        tidy(ax)
    for ax in grid[len(names) :]:
        ax.remove()
    for ax in grid[max(len(names) - across, 0) : len(names)]:
        ax.tick_params(labelbottom=True)
    handles, labels = grid[0].get_legend_handles_labels()
    # From the top down, as the shares are stacked.
    legend = figure.legend(
        handles[::-1], labels[::-1], title="Shock", loc="outside right upper", frameon=False, fontsize=9
    )
    literal(*legend.get_texts())
    figure.supxlabel("Forecast horizon", fontsize=10)
    figure.supylabel("Share of forecast error variance", fontsize=10)
    return figure


def _in_bands(decomposition: VarianceDecomposition, lower: Array, upper: Array, figure: Figure | None) -> Figure:
    """Draw each share as a line in its band."""
    names, shocks = decomposition.names, decomposition.shocks
    figure, grid, small = panels(figure, len(names), len(shocks), "all")
    horizons = np.arange(1.0, decomposition.horizon + 1.0)
    for r, name in enumerate(names):
        for c, shock in enumerate(shocks):
            ax = grid[r, c]
            limits = lower[:, r, c], upper[:, r, c]
            line_with_band(ax, horizons, decomposition.values[:, r, c], limits, BLUE, small)
            finished(ax, small)
            named_panel(ax, name, shock, r, c, small)
            ax.set_ylim(min(0.0, float(lower.min())), max(1.0, float(upper.max())))
    literal(figure.supxlabel("Forecast horizon", fontsize=9 if small else 10))
    title = f"Shares of {decomposition.scheme} shocks in forecast error variances"
    if decomposition.level is not None:
        title += f"; {100 * decomposition.level:g}% band: {decomposition.band_label}"
    literal(
        figure.suptitle(
            folded(title, max(int(figure.bbox.width / figure.dpi * 11), 20), 5), fontsize=10 if small else 11
        )
    )
    return figure
