"""Binned scatter: means of y by bins of x, with controls and effects held fixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from panelvar.core.base.arguments import read_flag, refuse_other
from panelvar.core.base.counting import grouped
from panelvar.core.base.errors import check_level
from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.covariance.covariances import Covariance
from panelvar.panels.diagnostics.binned_means import binned_means
from panelvar.reporting.canvas.canvas import BLUE, GREY, open_canvas, read_shown_names, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure


@documented
def plot_binned(
    data: object,
    y: str,
    x: str,
    *,
    controls: str | Sequence[str] | None = None,
    effects: str | Sequence[str] | None = None,
    bins: int = 20,
    cov: str | Covariance | None = None,
    level: float = 0.95,
    line: bool = True,
    ax: Axes | None = None,
    figure: Figure | SubFigure | None = None,
    figsize: Sequence[float] | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> Figure | SubFigure:
    r"""Draw the mean of y in bins of x, with controls and effects held fixed.

    Each bin holds as many rows. With its indicator :math:`1_{j}(x)`, :math:`y = \sum_j \beta_j 1_j(x) + w'\gamma +
    \alpha + u` is fitted to all rows, and the point of bin j is :math:`\hat\beta_j + \bar w'\hat\gamma +
    \bar\alpha`: the mean of y there at the mean of the controls and effects (Cattaneo, Crump, Farrell and Feng 2024).
    It is drawn at the mean of x in the bin.

    Parameters
    ----------
    {data (rows)}
    y : str
        Column on the vertical axis, or an expression such as ``"exp(y)"``.
    x : str
        Column on the horizontal axis, or an expression such as ``"exp(x)"``.
    controls : str or sequence of str, optional
        What is held fixed: columns, or terms of a formula such as ``"C(region)"``.
    effects : {"entity", "time", "twoway"}, a column name, or several of them, optional
        Effects that are absorbed, as `fit_fixed_effects` takes them; none by default.
    bins : int
        Bins of x, 2 to 200; fewer where values of x repeat. A rough curve needs few, a sample of n rows bears about
        :math:`n^{1/3}` times a constant.
    {cov (rows)}
    level : float
        Level of the intervals, each for itself.
    line : bool
        Draw the least-squares line with the same controls and effects.
    {ax, figure, figsize, title, labels}

    Returns
    -------
    Figure

    Raises
    ------
    DataError, SpecificationError
        If a column is unknown, x does not vary, or controls or effects leave nothing of a bin.

    See Also
    --------
    plot_scatter : Every row.
    plot_margins : Predictions of a fitted model.

    Notes
    -----
    The controls enter the regression beside the bins. To take them out of x and y first and to bin the residuals of x
    gives another curve, which is right only where the relation is linear, and which can hide that it is not (the same
    article). Intervals are of the mean of a bin, not of a curve at a point.

    Examples
    --------
    Traffic deaths fall with the beer tax within states:

    >>> import panelvar as pv
    >>> states = pv.load_data("fatalities")
    >>> figure = pv.plot_binned(states, "frate", "beertax", effects=["state", "year"], bins=8)
    """
    for option, name in (("y", y), ("x", x)):
        refuse_other(option, name, str, "the name of a column")
    level, line = check_level(level), read_flag("line", line)
    found = binned_means(data, y, x, controls, effects, bins, cov, level)
    called = read_shown_names(labels, (x, y))
    canvas = open_canvas(ax, figure, figsize, title, size=(6.4, 4.4))
    panel = canvas.panels[0]
    reach = [found.means - found.low, found.high - found.means]
    panel.errorbar(
        found.centres, found.means, yerr=reach, fmt="o", color=BLUE, markersize=5, elinewidth=1.1, capsize=0, zorder=3
    )
    if line:
        ends = np.array([found.centres[0], found.centres[-1]])
        panel.plot(ends, found.y_mean + found.slope * (ends - found.x_mean), color=GREY, linewidth=1.4, zorder=2)
    canvas.name_axes(called[x], called[y])
    canvas.name(f"{len(found.centres)} bins of {grouped(found.nobs)} rows; {100 * level:g}% intervals", size=10.0)
    tidy(panel)
    return canvas.figure
