"""Two columns of a panel within entities, beside the means of the entities."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import read_flag, refuse_other
from panelvar.core.base.counting import grouped
from panelvar.core.base.shared_parameters import documented
from panelvar.data.calendar.time_labels import as_text
from panelvar.data.formulas.design import dated_panel
from panelvar.panels.static.within_between import Line, WithinBetween, within_between
from panelvar.reporting.canvas.canvas import BLUE, GREY, VERMILLION, open_canvas, read_shown_names, tidy, write
from panelvar.reporting.plots_of_panels.scatter import draw_cloud, draw_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

# More means than this have no room for their names.
_NAMED = 15
# Nor have any in panels narrower than this, in inches.
_NARROW = 1.7


@documented
def plot_within_between(
    data: object,
    y: str,
    x: str,
    *,
    names: bool | None = None,
    ax: Sequence[Axes] | npt.NDArray[np.object_] | None = None,
    figure: Figure | SubFigure | None = None,
    figsize: Sequence[float] | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> Figure | SubFigure:
    r"""Draw how two columns move together within entities, and between them.

    On the left each row less its entity's mean (plus the mean of all), on the right the entities' means, on the same
    scales: a cloud that is narrow on the left varies little within entities. Lines are those of least squares; the
    dashed one, on both sides, is that of all rows.

    Parameters
    ----------
    {data}
    y, x : str
        Columns on the vertical and the horizontal axis, or expressions such as ``"exp(x)"``.
    names : bool, optional
        Name the means, as far as the names do not cover one another; by default where there are at most 15.
    {ax (panels), figure, figsize, title, labels}

    Returns
    -------
    Figure
        With the two panels in ``figure.axes``.

    Raises
    ------
    DataError
        If a column is unknown, or no row has both.

    See Also
    --------
    plot_scatter : all rows in one panel, with a line for each entity.
    fit_fixed_effects, fit_between : the slopes.

    Notes
    -----
    The slopes are those of `fit_fixed_effects`, `fit_between` and `fit_pooled` with one regressor. The pooled slope is
    a mean of the other two, weighted by how much x varies within and between entities.

    Examples
    --------
    Within states traffic deaths fall with the beer tax; between states they rise with it:

    >>> import panelvar as pv
    >>> figure = pv.plot_within_between(pv.load_data("fatalities"), y="frate", x="beertax")
    """
    for option, name in (("y=", y), ("x=", x)):
        refuse_other(option, name, Hashable, "the name of a column")
    panel = dated_panel(data)
    found = within_between(panel, y, x)
    texts = [as_text(label) for label in found.labels]
    called = read_shown_names(labels, (str(x), str(y), *texts))
    named = len(texts) <= _NAMED if names is None else read_flag("names", names)
    canvas = open_canvas(ax, figure, figsize, title, panels=2, columns=2, size=(8.4, 4.2), sharex=True, sharey=True)
    left, right = canvas.panels
    draw_cloud(left, found.within_x, found.within_y, BLUE)
    right.scatter(found.mean_x, found.mean_y, s=24 if len(texts) <= 60 else 9, color=VERMILLION, linewidths=0, zorder=3)
    draw_line(left, found.within, found.within_x, color=BLUE, linewidth=1.8, zorder=4)
    draw_line(right, found.between, found.mean_x, color=VERMILLION, linewidth=1.8, zorder=4)
    for panel_of, own in ((left, found.within_x), (right, found.mean_x)):
        draw_line(panel_of, found.pooled, own, color=GREY, linestyle="--", linewidth=1.2, zorder=4)
        tidy(panel_of)
        panel_of.tick_params(labelsize=9 * canvas.scale)
        write(panel_of.set_xlabel, called[str(x)], 40, fontsize=10 * canvas.scale)
    write(left.set_ylabel, called[str(y)], 40, fontsize=10 * canvas.scale)
    if named and canvas.panel_width > _NARROW:
        _name_means(right, found, [called[text] for text in texts])
    entity = str(panel.entity_name or "entity")
    # In a narrow panel the slope goes on a line of its own.
    room = 40 if canvas.panel_width > 3.2 else max(len(entity) + 9, 14)
    write(left.set_title, f"Within {entity}{_slope(found.within)}", room, fontsize=10 * canvas.scale)
    write(right.set_title, f"Between {entity}{_slope(found.between)}", room, fontsize=10 * canvas.scale)

    canvas.head(f"{called[str(y)]} on {called[str(x)]}")
    shown = f"{grouped(len(found.x))} rows of {grouped(len(found.labels))} entities"
    canvas.foot(f"{shown}. Dashed: all rows{_slope(found.pooled)}.")
    return canvas.figure


def _name_means(ax: Axes, found: WithinBetween, names: Sequence[str]) -> None:
    """Write names beside the means, the outermost first, where they cover no other name."""
    spots = ax.transData.transform(np.column_stack([found.mean_x, found.mean_y])) * 72.0 / ax.figure.dpi
    outermost = np.argsort(-np.abs((spots - spots.mean(axis=0)) / (spots.std(axis=0) + 1.0)).max(axis=1), kind="stable")
    taken: list[tuple[float, float, float]] = []
    for place in outermost:
        (across, up), width = spots[place], 4.6 * min(len(names[place]), 16) + 6.0
        if any(across < right and left < across + width and abs(up - y) < 10.0 for left, right, y in taken):
            continue
        taken.append((across, across + width, up))
        style: dict[str, Any] = {"xytext": (4, 3), "textcoords": "offset points", "fontsize": 8}
        write(ax.annotate, names[place], 16, xy=(found.mean_x[place], found.mean_y[place]), **style)


def _slope(line: Line | None) -> str:
    if line is None:
        return ", x does not vary"
    if not math.isfinite(line.slope):
        return ", slope beyond all numbers: rescale x"
    return f", slope {line.slope:.4g}".replace("-", "\N{MINUS SIGN}")
