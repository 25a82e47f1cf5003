"""Fluctuation tests: how far cumulated or moving sums of residuals stray, between boundaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from panelvar.core.base.arguments import read_levels, refuse_other
from panelvar.core.base.shared_parameters import documented
from panelvar.core.faces.number_format import pvalue_text
from panelvar.reporting.canvas.canvas import BLUE, GREY, VERMILLION, chosen_places, read_shown_names
from panelvar.reporting.canvas.time_axis import TimeAxis, open_panels
from panelvar.systems.diagnostics.constancy import CusumTests

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

_DASHES = ("--", ":", "-.")


@documented
def plot_constancy(
    tests: CusumTests,
    *,
    of: str | Sequence[str] | None = None,
    level: float | Sequence[float] = 0.95,
    ax: Axes | Sequence[Axes] | npt.NDArray[Any] | None = None,
    figure: Figure | SubFigure | None = None,
    figsize: Sequence[float] | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> Figure | SubFigure:
    """Draw the process of each equation, and the boundaries that it leaves where coefficients are not constant.

    Parameters
    ----------
    tests : CusumTests
        As `panelvar.cusum_test`, `panelvar.mosum_test` and `panelvar.fluctuation_test` return them.
    {of}
    level : float or sequence of float
        Probability that a process of constant coefficients stays within the boundaries, throughout.
    {ax (panels), figure, figsize, title, labels}

    Returns
    -------
    Figure
        One panel for each equation in ``figure.axes``.

    Raises
    ------
    SpecificationError
        If they are not such tests, a name is not a variable of the system, or where to draw is given twice.

    See Also
    --------
    cusum_test, mosum_test, fluctuation_test : the tests.
    plot_rolling : estimates over time.

    Examples
    --------
    The cumulated residuals of each equation stay within their boundaries:

    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=2)
    >>> figure = pv.plot_constancy(pv.cusum_test(model))
    >>> [panel.get_title() for panel in figure.axes]
    ['unemp, p = 0.4272', 'tbilrate, p = 0.1294']
    """
    refuse_other("plot_constancy", tests, CusumTests, "what cusum_test, mosum_test or fluctuation_test returns")
    levels = read_levels(level)
    names = tuple(tests.paths.columns)
    shown = read_shown_names(labels, names)
    chosen = chosen_places("of", of, names)
    canvas = open_panels(ax, figure, figsize, title, len(chosen), sharey=True)
    time = TimeAxis.of(tests.paths.index)
    # Largest components of many have no lower boundary.
    sides = (1.0, -1.0) if float(tests.paths.to_numpy().min()) < 0.0 else (1.0,)
    for panel, k in zip(canvas.panels, chosen, strict=True):
        panel.axhline(0.0, color=GREY, linewidth=0.8)
        for dash, each in zip(_DASHES * len(levels), levels, strict=False):
            height = tests.boundaries(level=each).to_numpy()
            for side in sides:
                panel.plot(time.places, side * height, dash, color=VERMILLION, linewidth=1.2)
        panel.plot(time.places, tests.paths.iloc[:, k].to_numpy(), color=BLUE, linewidth=1.6)
        time.finish_panel(canvas, panel, (shown[names[k]], f", {pvalue_text(tests.tests[names[k]].pvalue)}"))
    canvas.head(f"{tests.title} tests of constant coefficients")
    said = " and ".join(f"{100 * each:g}%" for each in reversed(levels))
    where = "between" if len(sides) == 2 else "below"
    canvas.foot(f"Broken lines: what a process of constant coefficients stays {where} with a probability of {said}.")
    return canvas.figure
