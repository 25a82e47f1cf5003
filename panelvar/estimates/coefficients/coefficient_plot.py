"""The picture of a result's own coefficients: a method of single equations and of systems."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from panelvar.core.base.shared_parameters import documented

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure


@documented
def plot(
    self: Any,
    *,
    keep: str | re.Pattern[str] | Sequence[str | re.Pattern[str]] | None = None,
    drop: str | re.Pattern[str] | Sequence[str | re.Pattern[str]] | None = None,
    level: float | Sequence[float] = 0.95,
    joint: str | None = None,
    ax: Axes | None = None,
    figure: Figure | SubFigure | None = None,
    figsize: Sequence[float] | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> Figure | SubFigure:
    """Draw the coefficients but the constant with their intervals; `panelvar.plot_coefficients` has more options.

    Parameters
    ----------
    keep, drop : str, pattern or sequence of them, optional
        Coefficients to show, or to leave out: names, terms for all their columns (``"C(region)"``), patterns.
    level : float or sequence of float
        Coverage of the intervals: one level, or several, the lower drawn the thicker.
    joint : {"sup-t", "bonferroni"} or None
        Add a capped line that covers all coefficients shown at once.
    {ax, figure, figsize, title}
    labels : mapping of str to str, optional
        What coefficients and variables are called.

    Returns
    -------
    Figure
    """
    from panelvar.reporting.plots_of_panels.coefficients import plot_coefficients

    where: dict[str, Any] = {"ax": ax, "figure": figure, "figsize": figsize, "title": title, "labels": labels}
    return plot_coefficients(self, keep=keep, drop=drop, level=level, joint=joint, **where)
