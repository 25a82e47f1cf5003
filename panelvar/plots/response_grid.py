"""Impulse responses as a grid: a row for each responding variable, a column for each shock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from panelvar.base.arguments import refuse_other
from panelvar.base.arrays import Array
from panelvar.base.errors import SpecificationError, choose
from panelvar.base.unknown_arguments import answering
from panelvar.plots.canvas import GREY, PALETTE, chosen_places, folded, literal, open_canvas, plain_ticks, tidy
from panelvar.responses.responses import Responses

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

# Up to this many rows and columns every panel has a title of its own; beyond, rows and columns are named once.
_TITLED = 3
# Room left and right of a panel, in inches.
_APART = 0.09
_STEPS = [1, 2, 2.5, 5, 10]
# Lines of results drawn over one another differ in more than colour.
_STYLES: tuple[Literal["-", "--", "-.", ":"], ...] = ("-", "--", "-.", ":")
_PERIODS = "Periods after the shock"


@answering
def plot_responses(
    responses: Responses | Mapping[str, Responses],
    *,
    of: str | Sequence[str] | None = None,
    to: str | Sequence[str] | None = None,
    share_y: str = "row",
    figure: Figure | None = None,
) -> Figure:
    """Draw responses over the horizon, with their band if there is one and a line at zero.

    Parameters
    ----------
    responses : Responses, or a mapping of labels to several
        Several are drawn over one another, such as ``{"VAR": irf, "LP": projections}``: of the same variables to the
        same shocks, of one size. The first says which.
    of : str or sequence of str, optional
        Responding variables, one row each; all by default.
    to : str or sequence of str, optional
        Shocks, one column each; all by default.
    share_y : {"row", "all", "none"}
        Which panels have one vertical scale. Within a row all responses are in the same unit, so that a shared scale
        shows which shocks matter; ``"none"`` shows the shape of small ones.
    figure : Figure, optional
        Where to draw; a new figure, sized for the grid, by default.

    Returns
    -------
    Figure
        With the panels in ``figure.axes``, row by row.

    Raises
    ------
    SpecificationError
        If they are no responses, a name is not a variable of the system, or several results are not of the same thing.
    """
    shared: Any = choose("share_y", share_y, ("row", "all", "none"))
    layers = dict(responses) if isinstance(responses, Mapping) else {"": responses}
    for label, layer in layers.items():
        which = f"plot_responses, for {label!r}," if label else "plot_responses"
        refuse_other(which, layer, Responses, "what impulse_responses or fit_local_projections returns")
    first = _comparable(layers)
    rows = chosen_places("of", of, first.names)
    columns = chosen_places("to", to, first.shocks)
    figure, grid, small = panels(figure, len(rows), len(columns), shared)
    for r, row in enumerate(rows):
        for c, column in enumerate(columns):
            ax = grid[r, c]
            ax.axhline(0.0, color=GREY, linewidth=0.8, zorder=1)
            for place, (label, layer) in enumerate(layers.items()):
                own_row, own_column = layer.names.index(first.names[row]), layer.shocks.index(first.shocks[column])
                _draw(ax, layer, own_row, own_column, small, place, label)
            finished(ax, small)
            named_panel(ax, first.names[row], first.shocks[column], r, c, small)
    figure.align_ylabels(list(grid[:, 0]))
    if len(layers) == 1:
        literal(figure.supxlabel(_PERIODS, fontsize=9 if small else 10))
    # Characters that fit the width of the figure.
    fitting = max(int(figure.bbox.width / figure.dpi * 11), 20)
    literal(figure.suptitle(folded(_headline(layers), fitting, 5), fontsize=10 if small else 11))
    if len(layers) > 1:
        # A label of the whole figure and a legend below it would share one place.
        for ax in grid[-1]:
            literal(ax.set_xlabel(_PERIODS, fontsize=7 if small else 9))
        # Every panel has the same lines; those of the first stand for all.
        lines = [line for line in grid[0, 0].lines if not line.get_label().startswith("_")]
        legend = figure.legend(
            lines, list(layers), loc="outside lower center", ncols=len(lines), frameon=False, fontsize=8 if small else 9
        )
        literal(*legend.get_texts())
    return figure


def panels(figure: Figure | SubFigure | None, rows: int, columns: int, shared: Any) -> tuple[Any, Any, bool]:
    """A figure with a grid of panels, and whether they are so many that rows and columns are named once."""
    small = max(rows, columns) > _TITLED
    width, height = (1.85, 1.35) if small else (3.0, 2.3)
    size = (max(width * columns + 0.8, 5.0), max(height * rows + 0.9, 3.0))
    # Nearer, the last tick of a panel and the first of the next read as one number, 10 and 0 as 100.
    canvas = open_canvas(
        None,
        figure,
        None,
        None,
        panels=rows * columns,
        columns=columns,
        size=size,
        apart=_APART,
        sharex=True,
        sharey=shared,
    )
    return canvas.figure, np.array(canvas.panels, dtype=object).reshape(rows, columns), small


def named_panel(ax: Axes, name: str, shock: str, row: int, column: int, small: bool) -> None:
    """Name a panel by shock and variable, or a column by its shock and a row by its variable."""
    if not small:
        literal(ax.set_title(folded(f"{shock} \N{RIGHTWARDS ARROW} {name}", 34), fontsize=10))
    if small and row == 0:
        literal(ax.set_title(folded(f"shock to {shock}", 20), fontsize=8))
    if small and column == 0:
        literal(ax.set_ylabel(folded(name, 16), fontsize=8))


def _comparable(layers: Mapping[str, Responses]) -> Responses:
    """The first of several results, once they are of the same thing."""
    if not layers:
        raise SpecificationError("There is nothing to draw: the mapping of responses is empty.")
    if len(layers) > len(PALETTE):
        raise SpecificationError(f"{len(layers)} results in one figure: at most {len(PALETTE)} can be told apart.")
    first_label, first = next(iter(layers.items()))
    for label, layer in layers.items():
        for what, own, other in (
            ("variables", sorted(first.names), sorted(layer.names)),
            ("shocks", sorted(first.shocks), sorted(layer.shocks)),
            ("shock_size", first.shock_size, layer.shock_size),
            ("cumulative", first.cumulative, layer.cumulative),
        ):
            if own != other:
                raise SpecificationError(
                    f"{first_label!r} and {label!r} are not of the same thing: {what} {own} and {other}."
                )
    return first


def _draw(ax: Axes, responses: Responses, row: int, column: int, small: bool, place: int, label: str) -> None:
    periods, colour = np.arange(responses.horizon + 1.0), PALETTE[place]
    limits = None
    if responses.lower is not None and responses.upper is not None:
        limits = responses.lower[:, row, column], responses.upper[:, row, column]
    line_with_band(ax, periods, responses.values[:, row, column], limits, colour, small, place, label)


def line_with_band(
    ax: Axes,
    places: Array,
    values: Array,
    limits: tuple[Array, Array] | None,
    colour: str,
    small: bool,
    style: int = 0,
    label: str = "",
) -> None:
    """Draw a line, and its band if there is one."""
    if limits is not None:
        ax.fill_between(places, *limits, color=colour, alpha=0.2, linewidth=0, zorder=2)
    ax.plot(
        places,
        values,
        color=colour,
        linewidth=1.4 if small else 1.8,
        linestyle=_STYLES[style % len(_STYLES)],
        zorder=3,
        # A label that begins with an underscore is none to matplotlib.
        label=f" {label}" if label else None,
    )


def finished(ax: Axes, small: bool) -> None:
    """Few ticks, numbers in full."""
    from matplotlib.ticker import MaxNLocator

    ax.margins(x=0)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=4 if small else 6, integer=True, steps=_STEPS, min_n_ticks=2))
    ax.yaxis.set_major_locator(MaxNLocator(nbins=4 if small else 5, steps=_STEPS))
    plain_ticks(ax)
    ax.tick_params(labelsize=7 if small else 9)
    tidy(ax)


def _headline(layers: Mapping[str, Responses]) -> str:
    first = next(iter(layers.values()))
    size = {"sd": "one-standard-deviation", "unit": "unit"}[first.shock_size]
    what = first.subject if len(layers) == 1 else "Responses"
    text = f"{f'Cumulative {what[0].lower()}{what[1:]}' if first.cumulative else what} to {size} {first.scheme} shocks"
    if first.ordering is not None:
        text += f", ordering {', '.join(first.ordering)}"
    for label, layer in layers.items():
        if layer.band_label is not None and layer.level is not None:
            whose = f"{label} " if label else ""
            text += f"; {whose}{100 * layer.level:g}% band: {layer.band_label}"
    return text
