"""A column of a panel over time: a line for each entity, or a few among the spread of all."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from panelvar.core.base.arguments import read_flag, read_labels, refuse_other
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import DataError, SpecificationError
from panelvar.core.base.quoting import shown
from panelvar.core.base.shared_parameters import documented
from panelvar.data.calendar.time_labels import as_text
from panelvar.data.formulas.design import dated_panel
from panelvar.data.panel.panel import Panel
from panelvar.panels.static.residual_views import quantiles_by
from panelvar.reporting.canvas.canvas import GREY, PALETTE, open_canvas, read_shown_names, tidy
from panelvar.reporting.canvas.time_axis import TimeAxis
from panelvar.systems.var.fitted_system import FittedSystem

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

_STYLES: tuple[Any, ...] = ("-", (0, (5, 2)))
# More entities than this get one colour: nobody can tell apart, or look up, more.
_NAMED = len(PALETTE) * len(_STYLES)
# More lines than this are a bitmap in a vector file.
_MANY = 300


@documented
def plot_series(
    data: object,
    column: str,
    *,
    entities: Hashable | Sequence[Hashable] | None = None,
    spread: bool | None = None,
    ax: Axes | None = None,
    figure: Figure | SubFigure | None = None,
    figsize: Sequence[float] | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> Figure | SubFigure:
    """Draw a column over time, entity by entity; a line breaks where a period is missing.

    With up to 12 entities each has its own colour. With more, all lines are pale, the median of each period is
    drawn, and the entities that you name stand out.

    Parameters
    ----------
    {data}
    column : str
        What is drawn.
    entities : label or sequence of labels, optional
        Entities that stand out, at most 12.
    spread : bool, optional
        Draw bands from 5% to 95% and from 25% to 75% of the entities in each period, instead of their lines. By default
        where there are more than 300 entities.
    {ax, figure, figsize, title, labels}

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        If a column or an entity is unknown, or a column has no value.
    SpecificationError
        If there are more entities than can be told apart, or a fitted system is given in place of data.

    See Also
    --------
    plot_system : the series of a fitted VAR.
    plot_within_between : two columns, within and between entities.

    Examples
    --------
    Traffic deaths in every state, with New York and Texas in colour:

    >>> import panelvar as pv
    >>> figure = pv.plot_series(pv.load_data("fatalities"), "frate", entities=["ny", "tx"])
    """
    refuse_other("column=", column, Hashable, "the name of a column")
    if isinstance(data, FittedSystem):
        raise SpecificationError("plot_series draws columns of data; plot_system draws the series of a fitted system.")
    panel = dated_panel(data)
    values = panel.column(column)
    if not np.isfinite(values).any():
        raise DataError(f"{shown(column)} has no finite value, so there is nothing to plot.")
    texts = [as_text(label) for label in panel.entity_labels]
    chosen = _chosen(panel, entities)
    called = read_shown_names(labels, (str(column), *texts))
    few = panel.n_entities <= _NAMED and not chosen
    banded = panel.n_entities > _MANY if spread is None else read_flag("spread", spread)
    axis = TimeAxis.of(panel.calendar.labels_at(np.arange(panel.calendar.n_positions)))
    canvas = open_canvas(ax, figure, figsize, title, size=(7.2, 4.2))
    ax = canvas.panels[0]
    own = chosen or (list(range(panel.n_entities)) if few else [])
    foot = "" if few else _draw_all(ax, panel, values, axis, banded)
    marks = []
    dots: dict[str, Any] = {"marker": ".", "markersize": 4} if panel.calendar.n_positions <= 60 else {}
    for k, entity in enumerate(own):
        rows = slice(panel.starts[entity], panel.starts[entity + 1])
        path = axis.at(panel.time_positions[rows]).broken(values[rows])
        colour, style = PALETTE[k % len(PALETTE)], _STYLES[k // len(PALETTE)]
        marks += ax.plot(*path, color=colour, linestyle=style, linewidth=1.6, zorder=4, **dots)
    axis.finish(ax)
    ax.tick_params(labelsize=9 * canvas.scale)
    ax.margins(x=0.02)
    if len(own) > 1 or chosen:
        canvas.legend(marks, [called[texts[entity]] for entity in own])
    canvas.name_axes("", called[str(column)])
    canvas.name(called[str(column)] if panel.n_entities > 1 else f"{called[str(column)]}: {called[texts[0]]}")
    canvas.foot(foot)
    tidy(ax)
    return canvas.figure


def _chosen(panel: Panel, entities: Any) -> list[int]:
    if entities is None:
        return []
    if isinstance(entities, str) or not hasattr(entities, "__iter__"):
        entities = [entities]
    wanted = read_labels("entities", entities, "labels of entities")
    if len(wanted) > _NAMED:
        raise SpecificationError(f"entities= names {len(wanted)} entities; you can tell at most {_NAMED} apart.")
    known = panel.entity_labels
    places = []
    for label in wanted:
        place = next((k for k, each in enumerate(known) if each == label), None)
        if place is None:
            listed = ", ".join(repr(each) for each in known[:12].tolist())
            more = f" and {len(known) - 12} more" if len(known) > 12 else ""
            raise DataError(f"entities={shown(label)} is not an entity of the panel. There are: {listed}{more}.")
        places.append(place)
    return list(dict.fromkeys(places))


def _draw_all(ax: Axes, panel: Panel, values: Array, axis: TimeAxis, banded: bool) -> str:
    n_periods = panel.calendar.n_positions
    low, lower, middle, upper, high = quantiles_by(panel.time_positions, n_periods, values)
    if banded:
        ax.fill_between(axis.places, low, high, color=GREY, alpha=0.2, linewidth=0)
        ax.fill_between(axis.places, lower, upper, color=GREY, alpha=0.35, linewidth=0)
    else:
        paths = [
            axis.at(panel.time_positions[first:last]).broken(values[first:last])
            for first, last in zip(panel.starts[:-1], panel.starts[1:], strict=True)
        ]
        # One path with a hole after each entity.
        across, up = (np.concatenate([np.append(path[k], np.nan) for path in paths]) for k in (0, 1))
        ax.plot(across, up, color=GREY, alpha=0.35, linewidth=0.7, rasterized=len(paths) > _MANY)
    ax.plot(axis.places, middle, color="black", linewidth=1.8, zorder=3)
    how = "bands from 5% to 95% and from 25% to 75%" if banded else "thin: each by itself"
    return f"{panel.n_entities} entities; {how}; black: the median of each period."
