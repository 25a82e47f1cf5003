"""Impulse responses as a grid: a row for each responding variable, a column for each shock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from panelvar.errors import SpecificationError, choose
from panelvar.plots.canvas import BLUE, GREY, folded, literal, plain_ticks, pyplot, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from panelvar.results.responses import Responses

# Up to this many rows and columns every panel has a title of its own; beyond, rows and columns are named once.
_TITLED = 3
# Room left and right of a panel, in inches.
_APART = 0.09
_STEPS = [1, 2, 2.5, 5, 10]
_SHARED: dict[str, Literal["row", "all", "none"]] = {"row": "row", "all": "all", "none": "none"}


def plot_responses(
    responses: Responses,
    *,
    of: str | Sequence[str] | None = None,
    to: str | Sequence[str] | None = None,
    share_y: str = "row",
    figure: Figure | None = None,
) -> Figure:
    """Draw responses over the horizon, with their band if there is one and a line at zero.

    Parameters
    ----------
    responses : Responses
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
        If a name is not a variable of the system.
    """
    shared = _SHARED[choose("share_y", share_y, _SHARED)]
    rows = _chosen("of", of, responses.names)
    columns = _chosen("to", to, responses.shocks)
    small = max(len(rows), len(columns)) > _TITLED
    if figure is None:
        width, height = (1.85, 1.35) if small else (3.0, 2.3)
        size = (max(width * len(columns) + 0.8, 5.0), max(height * len(rows) + 0.9, 3.0))
        figure = _new_figure(size)
    grid = figure.subplots(len(rows), len(columns), sharex=True, sharey=shared, squeeze=False)
    for r, row in enumerate(rows):
        for c, column in enumerate(columns):
            ax = grid[r, c]
            _panel(ax, responses, row, column, small)
            if small:
                if r == 0:
                    literal(ax.set_title(folded(f"shock to {responses.shocks[column]}", 20), fontsize=8))
                if c == 0:
                    literal(ax.set_ylabel(folded(responses.names[row], 16), fontsize=8))
            else:
                names = (responses.shocks[column], responses.names[row])
                literal(ax.set_title(folded(f"{names[0]} \N{RIGHTWARDS ARROW} {names[1]}", 34), fontsize=10))
    figure.align_ylabels(list(grid[:, 0]))
    literal(figure.supxlabel("Periods after the shock", fontsize=9 if small else 10))
    literal(figure.suptitle(folded(_headline(responses), _characters(figure), 5), fontsize=10 if small else 11))
    return figure


def _new_figure(size: tuple[float, float]) -> Figure:
    draw = pyplot()
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    # Nearer, the last tick of a panel and the first of the next read as one number, 10 and 0 as 100.
    figure: Figure = draw.figure(figsize=size, layout=ConstrainedLayoutEngine(w_pad=_APART))
    return figure


def _chosen(option: str, names: str | Sequence[str] | None, known: tuple[str, ...]) -> list[int]:
    wanted = known if names is None else (names,) if isinstance(names, str) else tuple(names)
    if not wanted:
        raise SpecificationError(f"{option} is empty: name at least one of {', '.join(map(repr, known))}.")
    return [known.index(choose(option, name, known)) for name in wanted]


def _panel(ax: Axes, responses: Responses, row: int, column: int, small: bool) -> None:
    from matplotlib.ticker import MaxNLocator

    periods = np.arange(responses.horizon + 1)
    ax.axhline(0.0, color=GREY, linewidth=0.8, zorder=1)
    if responses.lower is not None and responses.upper is not None:
        ax.fill_between(
            periods,
            responses.lower[:, row, column],
            responses.upper[:, row, column],
            color=BLUE,
            alpha=0.2,
            linewidth=0,
            zorder=2,
        )
    ax.plot(periods, responses.values[:, row, column], color=BLUE, linewidth=1.4 if small else 1.8, zorder=3)
    ax.margins(x=0)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=4 if small else 6, integer=True, steps=_STEPS, min_n_ticks=2))
    ax.yaxis.set_major_locator(MaxNLocator(nbins=4 if small else 5, steps=_STEPS))
    plain_ticks(ax)
    ax.tick_params(labelsize=7 if small else 9)
    tidy(ax)


def _headline(responses: Responses) -> str:
    size = {"sd": "one-standard-deviation", "unit": "unit"}[responses.shock_size]
    text = f"{'Cumulative responses' if responses.cumulative else 'Responses'} to {size} {responses.scheme} shocks"
    if responses.ordering is not None:
        text += f", ordering {', '.join(responses.ordering)}"
    if responses.band_label is not None and responses.level is not None:
        text += f"; {100 * responses.level:g}% band: {responses.band_label}"
    return text


def _characters(figure: Figure) -> int:
    """Characters of a title that fit the width of a figure."""
    return max(int(figure.bbox.width / figure.dpi * 11), 20)
