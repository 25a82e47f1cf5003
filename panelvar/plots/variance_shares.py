"""Forecast error variance decompositions as stacked shares."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from panelvar.base.arguments import refuse_other
from panelvar.plots.canvas import GREY, PALETTE, check_figure, folded, literal, pyplot, tidy
from panelvar.responses.decomposition import VarianceDecomposition

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Areas may take a yellow too light for lines.
_COLOURS = (*PALETTE, "#F0E442", GREY)
# With more shocks than colours the later ones are hatched.
_HATCHES = ("", "///", "...", "xxx")


def plot_decomposition(decomposition: VarianceDecomposition, *, figure: Figure | None = None) -> Figure:
    """Draw the share of each shock in the forecast error variance of each variable, horizon by horizon.

    Parameters
    ----------
    decomposition : VarianceDecomposition
        Its bands, if any, are not drawn: stacked shares have no room for them.
    figure : Figure, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Figure
        One panel for each variable in ``figure.axes``.

    Raises
    ------
    SpecificationError
        If it is no variance decomposition.
    """
    refuse_other(
        "plot_decomposition", decomposition, VarianceDecomposition, "what variance_decomposition of a system returns"
    )
    check_figure(figure)
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
        for k, shock in enumerate(decomposition.shocks):
            share = decomposition.values[:, i, k]
            ax.bar(
                horizons,
                share,
                bottom=base,
                width=0.86,
                color=_COLOURS[k % len(_COLOURS)],
                hatch=_HATCHES[k // len(_COLOURS) % len(_HATCHES)],
                edgecolor="white",
                linewidth=0.4,
                label=folded(shock, 20),
            )
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
