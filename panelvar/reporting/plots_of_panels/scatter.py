"""Scatter of one column on another, entity by entity, with least-squares lines."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arguments import read_flag, refuse_other
from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import grouped
from panelvar.core.base.errors import DataError, Note, SpecificationError, emit
from panelvar.core.base.quoting import shown
from panelvar.core.base.shared_parameters import documented
from panelvar.data.formulas.expressions import variable
from panelvar.data.panel.panel import Panel
from panelvar.data.panel.plain_rows import rows_of
from panelvar.panels.static.result import LinearResult
from panelvar.panels.static.within_between import Line, least_squares_line
from panelvar.reporting.canvas.canvas import (
    BLUE,
    MARKERS,
    PALETTE,
    open_canvas,
    read_shown_names,
    rewritten,
    tidy,
    write,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.lines import Line2D


# More entities than this get one colour: nobody can tell apart, or look up, more.
_NAMED = len(PALETTE)
# Nobody sees the line of one entity among more than these.
_LINED = 100
# The more points a cloud has, the smaller and paler they are.
_FEW = 200
# More points than this are a bitmap in a vector file, which would be half a megabyte and more else.
_MANY = 2_000


@documented
def plot_scatter(
    source: Panel | pd.DataFrame | LinearResult,
    y: str | None = None,
    x: str | None = None,
    *,
    entity_lines: bool | None = None,
    pooled_line: bool = True,
    ax: Axes | None = None,
    figure: Figure | SubFigure | None = None,
    figsize: Sequence[float] | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> Figure | SubFigure:
    r"""Plot ``y`` against ``x`` with the least-squares line of each entity and of all rows together.

    The lines are those of :math:`y = a + b x`: they describe, without other regressors. If the lines of entities are
    parallel and far apart, and the pooled line has another slope, entity effects correct the difference.

    Parameters
    ----------
    source : Panel, DataFrame or LinearResult
        Data, all of whose rows with both values are shown; or a result, for the rows its model used. Plain data, which
        name no entities, are one cloud.
    y : str, optional
        Column on the vertical axis, or an expression such as ``"log(wage)"``. A result has its dependent variable
        there, and needs no name.
    x : str
        The same on the horizontal axis; for a result, one of its regressors, by name: ``x="value"``.
    entity_lines : bool, optional
        Draw the line of each entity: by default where there are at most 100, since nobody sees one among more. An
        entity whose ``x`` does not vary has none.
    pooled_line : bool
        Draw the line of all rows.
    {ax, figure, figsize, title, labels}

    Returns
    -------
    Figure

    Raises
    ------
    SpecificationError
        If it is neither, ``x`` is not a regressor of the result, ``y`` not its dependent variable, or a panel is given
        without ``y``.
    DataError
        If no row has both values.

    See Also
    --------
    plot_within_between : the same in two panels, within and between entities.
    plot_series : one column over time.

    Examples
    --------
    Traffic deaths against the beer tax, with a line for each state and one for all rows:

    >>> import panelvar as pv
    >>> figure = pv.plot_scatter(pv.load_data("fatalities"), x="beertax", y="frate")
    >>> figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()
    ('beertax', 'frate')
    """
    given: Any = source if isinstance(source, LinearResult) or not hasattr(source, "columns") else rows_of(source)
    refuse_other("plot_scatter", given, (Panel, LinearResult), "data or the result of a linear panel model")
    if x is None:
        raise SpecificationError("x is missing: the column on the horizontal axis. Give it by name: x=...")
    for option, name in (("x=", x), ("y=", y)):
        refuse_other(option, name, Hashable, "the name of a column")
    pooled_line = read_flag("pooled_line", pooled_line)
    across, up, codes, entities, up_name = _columns(given, x, y)
    called = read_shown_names(labels, (str(x), str(up_name), *entities))
    canvas = open_canvas(ax, figure, figsize, title, size=(6.4, 4.6))
    ax = canvas.panels[0]
    shown = np.unique(codes)
    named = len(shown) <= _NAMED
    entity_lines = len(shown) <= _LINED if entity_lines is None else read_flag("entity_lines", entity_lines)
    marks: list[tuple[Any, str]] = []
    if not named:
        draw_cloud(ax, across, up, BLUE)
        if entity_lines:
            _draw_lines(ax, across, up, codes)
    for k, entity in enumerate(shown if named else ()):
        mine = codes == entity
        colour, marker = PALETTE[k % _NAMED], MARKERS[k % _NAMED]
        points = ax.scatter(
            across[mine], up[mine], s=26, color=colour, marker=marker, alpha=0.85, linewidths=0, zorder=2
        )
        if len(shown) > 1:
            marks.append((points, called[entities[entity]]))
        if entity_lines and len(shown) > 1:
            line = least_squares_line(across[mine], up[mine])
            draw_line(ax, line, across[mine], color=colour, linewidth=1.6, alpha=0.9, zorder=3)
    if pooled_line:
        style: dict[str, Any] = {"color": "black", "linewidth": 2.0, "linestyle": "--", "zorder": 3}
        drawn = draw_line(ax, least_squares_line(across, up), across, label="all rows", **style)
        marks += [(line, "all rows") for line in drawn]
    canvas.name_axes(called[str(x)], called[str(up_name)])
    if marks:  # none where one entity alone has an x that does not vary
        legend = ax.legend(*zip(*marks, strict=True), loc="best", fontsize=9, frameon=False)
        for text, (_, name) in zip(legend.get_texts(), marks, strict=True):
            write(partial(rewritten, text), name, 24)
    kind = "entities, each with its line" if entity_lines else "entities"
    plain = (given if isinstance(given, Panel) else given.fit).plain
    canvas.name("" if named else f"{grouped(len(across))} rows" if plain else f"{len(shown)} {kind}", size=10.0)
    tidy(ax)
    return canvas.figure


def _columns(
    source: Panel | LinearResult, x: str, y: str | None
) -> tuple[Array, Array, NDArray[np.integer], list[str], str]:
    codes: NDArray[np.integer]
    labels: Any
    if isinstance(source, Panel):
        if y is None:
            raise SpecificationError("y is missing. A panel does not know which column goes on the vertical axis.")
        across, up = variable(source, x), variable(source, y)
        codes, labels, up_name = source.entity_codes, source.entity_labels, y
    else:
        source.fit.rows_or_refuse("A scatter plot")
        design = source._design
        if x not in design.names:
            raise SpecificationError(
                f"x={shown(x)} is not a regressor of this result; it has {', '.join(map(repr, design.names))}."
            )
        if y is not None and y != design.dependent:
            raise SpecificationError(
                f"y={shown(y)} is not the dependent variable of this result, which is {design.dependent!r}. Leave y "
                "out, or give the panel instead of the result."
            )
        across, up = design.x[design.names.index(x)], design.y
        up_name = design.dependent
        if design.plain:
            codes, labels = np.arange(design.nobs), np.arange(design.nobs)
        else:
            codes, labels = design.entities.codes, design.entity_labels
    both = np.isfinite(across) & np.isfinite(up)
    if not both.any():
        raise DataError(f"No row has both {x!r} and {up_name!r}, so there is nothing to plot.")
    if not both.all():
        text = (
            f"{grouped(int((~both).sum()))} of {grouped(len(both))} rows lack {x!r} or {up_name!r} and are not drawn."
        )
        emit([Note("rows-dropped", text, warn=True)])
    return across[both], up[both], codes[both], [str(label) for label in labels], up_name


def _draw_lines(ax: Axes, x: Array, y: Array, codes: NDArray[np.integer]) -> None:
    """Draw the line of each of many entities, all in one style, as one artist: a path with breaks."""
    order = np.argsort(codes, kind="stable")
    segments = []
    for rows in np.split(order, np.flatnonzero(np.diff(codes[order])) + 1):
        line = least_squares_line(x[rows], y[rows])
        if line is not None:
            ends = np.array([x[rows].min(), x[rows].max()])
            segments += [ends, line(ends)]
    if segments:
        along, height = (
            np.pad(part, ((0, 0), (0, 1)), constant_values=np.nan) for part in (segments[::2], segments[1::2])
        )
        ax.plot(along.ravel(), height.ravel(), color=BLUE, linewidth=0.7, alpha=0.3, zorder=3)


def draw_line(ax: Axes, line: Line | None, along: Array, **style: Any) -> list[Line2D]:
    """Draw a least-squares line over the range of a column; nothing if the column does not vary."""
    if line is None:
        return []
    ends = np.array([along.min(), along.max()])
    return ax.plot(ends, line(ends), **style)


def draw_cloud(ax: Axes, x: Array, y: Array, colour: str) -> None:
    """Draw a point for each row."""
    few = len(x) <= _FEW
    size, alpha = (18.0, 0.7) if few else (7.0, 0.35)
    ax.scatter(x, y, s=size, alpha=alpha, color=colour, linewidths=0, zorder=2, rasterized=len(x) > _MANY)
