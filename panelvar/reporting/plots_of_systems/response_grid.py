"""Impulse responses as a grid: a row for each responding variable, a column for each shock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import refuse_other
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import SpecificationError, choose
from panelvar.core.base.shared_parameters import documented
from panelvar.core.faces.characters import display_width
from panelvar.estimates.bands.target import Limits, said_levels
from panelvar.reporting.canvas.canvas import (
    GREY,
    PALETTE,
    Canvas,
    chosen_places,
    fitting,
    open_canvas,
    plain_ticks,
    read_shown_names,
    tidy,
    write,
)
from panelvar.systems.responses.responses import Responses

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

# With up to this many rows and columns every panel has a title of its own; with more, rows and columns are named once.
_TITLED = 3
# Narrower panels, in inches, have small letters and few ticks.
_NARROW = 2.2
# Room left and right of a panel, in inches. With less, the last tick of a panel and the first of the next read as one
# number, 10 and 0 as 100.
_APART = 0.09
# Inches of a row, what stands around it included, that is too low for more than two ticks.
_LOW = 0.9
# Points of the letters of a name beside a low row.
_SMALLEST_NAME = 5.0
_STEPS = [1, 2, 2.5, 5, 10]
# Lines of results drawn over one another differ in more than colour.
_STYLES: tuple[Literal["-", "--", "-.", ":"], ...] = ("-", "--", "-.", ":")


@documented
def plot_responses(
    responses: Responses | Mapping[str, Responses],
    *,
    of: str | Sequence[str] | None = None,
    shocks: str | Sequence[str] | None = None,
    share_y: str = "row",
    ax: Axes | Sequence[Axes] | npt.NDArray[Any] | None = None,
    figure: Figure | SubFigure | None = None,
    figsize: Sequence[float] | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> Figure | SubFigure:
    """Draw responses over the horizon, with bands at every level they have, and a line at zero.

    Parameters
    ----------
    responses : Responses, or a mapping of labels to several
        Several are drawn over one another, such as ``{"VAR": irf, "LP": projections}``: of the same variables to the
        same shocks, of one size. The first says which.
    {of, shocks, share_y, ax (panels), figure, figsize, title, labels}

    Returns
    -------
    Figure
        With the panels in ``figure.axes``, row by row.

    Raises
    ------
    SpecificationError
        If they are not responses, a name is not a variable or a shock of the system, several results are not of the
        same thing, or where to draw is given twice.

    See Also
    --------
    FittedSystem.impulse_responses : the numbers of a VAR.
    fit_local_projections : those of local projections.
    plot_decomposition : shares of the shocks.

    Examples
    --------
    Responses from a VAR and from local projections, with bands of 95%:

    >>> import panelvar as pv
    >>> macro = pv.load_data("us_macro")[["unemp", "tbilrate"]]
    >>> irf = pv.fit_var(macro, lags=4).impulse_responses(8, bands=pv.DeltaMethod())
    >>> figure = pv.plot_responses({"VAR": irf, "LP": pv.fit_local_projections(macro, lags=4, horizon=8)})
    """
    shared: Any = choose("share_y", share_y, ("row", "all", "none"))
    layers = dict(responses) if isinstance(responses, Mapping) else {"": responses}
    for label, layer in layers.items():
        which = f"plot_responses, for {label!r}," if label else "plot_responses"
        refuse_other(which, layer, Responses, "what impulse_responses or fit_local_projections returns")
    first = _comparable(layers)
    shown = read_shown_names(labels, (*first.names, *first.shocks, *(label for label in layers if label)))
    rows = chosen_places("of", of, first.names)
    columns = chosen_places("shocks", shocks, first.shocks)
    canvas, small = open_grid(ax, figure, figsize, title, len(rows), len(columns), shared)
    for place, panel in enumerate(canvas.panels):
        name, shock = first.names[rows[place // len(columns)]], first.shocks[columns[place % len(columns)]]
        panel.axhline(0.0, color=GREY, linewidth=0.8, zorder=1)
        for number, (label, layer) in enumerate(layers.items()):
            row, column = layer.names.index(name), layer.shocks.index(shock)
            limits = [
                Limits(each.lower[:, row, column], each.upper[:, row, column], each.level) for each in layer.limits
            ]
            periods = np.arange(layer.horizon + 1.0)
            line_with_bands(panel, periods, layer.values[:, row, column], limits, PALETTE[number], small, number, label)
        finished(canvas, panel, small)
    summed = first.cumulative if isinstance(first.cumulative, tuple) else ()
    names = [first.names[row] for row in rows]
    rows_named = [(shown[name], ", summed") if name in summed else (shown[name],) for name in names]
    name_panels(canvas, small, rows_named, [shown[first.shocks[column]] for column in columns])
    name_periods(canvas, small, "Periods after the shock", "Periods")
    canvas.head(
        _headline(layers, small and canvas.columns > 0),
        notes=[note for layer in layers.values() for note in layer.notes],
    )
    canvas.foot(_how(layers, shown))
    if len(layers) > 1:
        # Every panel has the same lines; those of the first stand for all.
        lines = [line for line in canvas.panels[0].lines if not str(line.get_label()).startswith("_")]
        canvas.legend(lines, [shown[label] for label in layers])
    return canvas.figure


def open_grid(
    ax: Any, figure: Any, figsize: Any, title: Any, rows: int, columns: int, shared: Any
) -> tuple[Canvas, bool]:
    """A grid of panels that share their horizontal axis, and whether they are small."""
    many = max(rows, columns) > _TITLED
    width, height = (1.85, 1.35) if many else (3.0, 2.3)
    # Panels shrink to fit a page, as long as they can be read.
    width, height = max(min(width, 15.0 / columns), 1.3), max(min(height, 11.0 / rows), 1.0)
    size = (max(width * columns + 0.8, 5.0), max(height * rows + 1.0, 3.0))
    canvas = open_canvas(
        ax,
        figure,
        figsize,
        title,
        panels=rows * columns,
        columns=columns,
        size=size,
        apart=_APART,
        sharex=True,
        sharey=shared,
    )
    return canvas, many or canvas.panel_width < _NARROW


def name_panels(
    canvas: Canvas,
    small: bool,
    rows: Sequence[tuple[str, ...]],
    columns: Sequence[str],
    between: tuple[bool, str] = (False, " \N{RIGHTWARDS ARROW} "),
) -> None:
    """Name each panel by shock and variable; small ones by a heading of each column and a name of each row.

    A row is a name and, where responses are summed over periods, a word for it; ``between`` says whether a panel is
    named by its row first, and what stands between the two names.
    """
    size = (8 if small else 10) * canvas.scale
    width = fitting(canvas.panel_width, size)
    if small and canvas.columns:
        room = (canvas.figure.bbox.height / canvas.figure.dpi - 1.1) / len(rows) - 0.1
        for panel, shock in zip(canvas.panels, columns, strict=False):
            write(panel.set_title, shock, width, lines=2, fontsize=size)
        for panel, row in zip(canvas.leftmost, rows, strict=True):
            # A name that would reach into the next row has smaller letters; one that is still too long is folded.
            fits = 72.0 * room / (0.6 * display_width("".join(row)) or 1.0)
            own = max(min(size, fits), _SMALLEST_NAME)
            write(panel.set_ylabel, row, fitting(room, own, least=6), lines=2, fontsize=own)
        canvas.figure.align_ylabels(canvas.leftmost)
        return
    for place, panel in enumerate(canvas.panels):
        row, column = rows[place // len(columns)], columns[place % len(columns)]
        pieces = (*row, between[1], column) if between[0] else (column, between[1], *row)
        write(panel.set_title, pieces, width, fontsize=size)


def name_periods(canvas: Canvas, small: bool, text: str, short: str) -> None:
    """Name the horizontal axis under the lowest panels, narrow ones in short."""
    size = (7 if small else 9) * canvas.scale
    for panel in canvas.lowest:
        panel.set_xlabel(text if canvas.panel_width > 2.0 else short, fontsize=size)


def _comparable(layers: Mapping[str, Responses]) -> Responses:
    """The first of several results, once they are of the same thing."""
    if not layers:
        raise SpecificationError("The mapping of responses is empty, so there is nothing to draw.")
    if len(layers) > len(PALETTE):
        raise SpecificationError(
            f"{len(layers)} results are too many for one figure; you can tell at most {len(PALETTE)} apart."
        )
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
                    f"{first_label!r} and {label!r} cannot share a figure. Their {what} differ: {own} and {other}."
                )
    return first


def line_with_bands(
    ax: Axes,
    places: Array,
    values: Array,
    limits: Sequence[Limits],
    colour: str,
    small: bool,
    style: int = 0,
    label: str = "",
) -> None:
    """Draw a line, and its bands, the widest palest."""
    for lower, upper, _ in limits:
        # Laid over one another, the narrower are the darker.
        ax.fill_between(places, lower, upper, color=colour, alpha=0.2, linewidth=0, zorder=2)
    ax.plot(
        places,
        values,
        color=colour,
        linewidth=1.4 if small else 1.8,
        linestyle=_STYLES[style % len(_STYLES)],
        # One period is a point.
        marker="o" if len(places) == 1 else None,
        zorder=3,
        # Matplotlib ignores a label that begins with an underscore.
        label=f" {label}" if label else None,
    )


def finished(canvas: Canvas, ax: Axes, small: bool) -> None:
    """Few ticks, numbers in full; in a low panel two or three."""
    from matplotlib.ticker import MaxNLocator

    ax.margins(x=0)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=4 if small else 6, integer=True, steps=_STEPS, min_n_ticks=2))
    low = canvas.whole and canvas.figure.bbox.height / canvas.figure.dpi * canvas.columns / len(canvas.panels) < _LOW
    ax.yaxis.set_major_locator(MaxNLocator(nbins=2 if low else 4 if small else 5, steps=_STEPS))
    plain_ticks(ax)
    ax.tick_params(labelsize=(7 if small else 9) * canvas.scale)
    tidy(ax)


def _headline(layers: Mapping[str, Responses], headed: bool) -> str:
    first = next(iter(layers.values()))
    what = first.subject if len(layers) == 1 else "Responses"
    if first.cumulative is True:
        what = f"Cumulative {what[0].lower()}{what[1:]}"
    return f"{what} (rows) to {first.scheme} shocks (columns)" if headed else f"{what} to {first.scheme} shocks"


def _how(layers: Mapping[str, Responses], shown: Mapping[str, str]) -> str:
    """The method, for the foot: the size of shocks, their ordering, and whose bands are made how."""
    first = next(iter(layers.values()))
    parts = [{"sd": "Shocks of one standard deviation", "unit": "Shocks of one unit"}[first.shock_size]]
    if first.ordering is not None:
        parts.append(f"ordering {', '.join(shown[name] for name in first.ordering)}")
    for label, layer in layers.items():
        if layer.limits and layer.band_label is not None:
            bands = "bands" if len(layer.limits) > 1 else "band"
            whose = f"{shown[label]}: " if label else ""
            parts.append(f"{whose}{said_levels(layer.limits)} {bands}: {layer.band_label}")
    return "; ".join(parts) + "."
