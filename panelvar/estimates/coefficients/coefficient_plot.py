"""The picture of a result's own coefficients: a method of single equations and of systems, and what it is made of."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any

from panelvar.core.base.shared_parameters import documented

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure


@dataclass(frozen=True, eq=False)
class DrawnCoefficients:
    """What is drawn of a result, which has it as ``_drawn_coefficients``.

    Attributes
    ----------
    estimates : Series
        By name.
    limits : callable
        Of ``level=``, ``of=`` and ``joint=``, as `Inference.conf_int`.
    errors : str
        How the errors were estimated.
    dependent : str
        The dependent variable; empty for systems.
    title : str
        Of the picture, where it is of this result alone; empty for the usual one.
    equations : mapping of names to (heading, text)
        Of systems: the equation, or matrix, that a name stands under, and the rest of it.
    """

    estimates: pd.Series
    limits: Callable[..., pd.DataFrame]
    errors: str
    dependent: str = ""
    title: str = ""
    equations: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def of_system(
        cls,
        estimates: pd.Series,
        limits: Callable[..., pd.DataFrame],
        errors: str,
        equations: Sequence[str],
        regressors: Sequence[str],
    ) -> DrawnCoefficients:
        """Coefficients of equations that have the same regressors, one equation after the other."""
        places = dict(zip(estimates.index, product(equations, regressors), strict=True))
        return cls(estimates, limits, errors, equations=places)

    @property
    def names(self) -> list[str]:
        """Names of the coefficients."""
        return list(self.estimates.index)


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
