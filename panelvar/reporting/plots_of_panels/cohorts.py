"""Who is treated when: a row for each cohort, a cell for each period."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from panelvar.core.base.counting import count_of
from panelvar.core.base.shared_parameters import documented
from panelvar.data.calendar.time_labels import as_text
from panelvar.data.formulas.design import dated_panel
from panelvar.panels.treatments.cohorts import NEVER, read_cohorts
from panelvar.reporting.canvas.canvas import BLUE, GREY, open_canvas, read_shown_names, tidy
from panelvar.reporting.canvas.time_axis import TimeAxis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

# Height of a row, and the height of a figure beside its rows.
_ROW, _REST = 0.32, 1.4
# The share of a cell's colour that stays where the fewest rows are.
_PALEST = 0.25


@documented
def plot_cohorts(
    data: object,
    *,
    cohort: Hashable | None = None,
    treatment: Hashable | None = None,
    ax: Axes | None = None,
    figure: Figure | SubFigure | None = None,
    figsize: Sequence[float] | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> Figure | SubFigure:
    """Draw who is treated when: a row for each cohort, with its entities counted, and a cell for each period.

    Cells are grey before treatment and blue from its first period on. They are the paler the fewer of the cohort's
    entities have a row in the period, and missing where none has.

    Parameters
    ----------
    {data, cohort, treatment, ax, figure, figsize, title}
    labels : mapping of str to str, optional
        What the axes are called instead of ``"Period"`` and ``"Cohort"``.

    Returns
    -------
    Figure

    Raises
    ------
    DataError, SpecificationError, InsufficientDataError
        As of `fit_event_study`, if the columns do not say who is treated when.

    See Also
    --------
    fit_event_study : What the treatment does, by cohort and period.

    Examples
    --------
    Counties of three years of a first rise of the minimum wage, and those without one:

    >>> import panelvar as pv
    >>> figure = pv.plot_cohorts(pv.load_data("minimum_wage"), cohort="first_treat")
    """
    panel = dated_panel(data)
    cohorts = read_cohorts(panel, cohort, treatment)
    names = read_shown_names(labels, ("Period", "Cohort"))
    positions, period = np.unique(panel.time_positions, return_inverse=True)
    axis = TimeAxis.of(panel.calendar.labels_at(positions))
    # The never treated come last.
    of_entity = np.where(cohorts.of_entity == NEVER, len(cohorts.first), cohorts.of_entity)
    sizes = np.bincount(of_entity, minlength=len(cohorts.first) + 1)
    cell = of_entity[panel.entity_codes] * len(positions) + period
    shares = np.bincount(cell, minlength=len(sizes) * len(positions)).reshape(len(sizes), -1)
    called = [*(as_text(label) for label in cohorts.labels), "never"]
    shown = np.flatnonzero(sizes)
    canvas = open_canvas(ax, figure, figsize, title, size=(7.0, _REST + _ROW * max(len(shown), 4)))
    panel_axes = canvas.panels[0]
    width = float(np.diff(axis.places).min(initial=np.inf)) if len(positions) > 1 else 1.0
    from matplotlib.colors import to_rgba

    for row, place in enumerate(shown):
        observed = np.flatnonzero(shares[place])
        on = cohorts.periods[observed] >= cohorts.first[place] if place < len(cohorts.first) else observed < 0
        strength = _PALEST + (1.0 - _PALEST) * shares[place, observed] / sizes[place]
        panel_axes.broken_barh(
            [(axis.places[each] - 0.46 * width, 0.92 * width) for each in observed],
            (row - 0.4, 0.8),
            facecolors=[to_rgba(BLUE if t else GREY, s if t else 0.45 * s) for t, s in zip(on, strength, strict=True)],
            linewidth=0,
        )
    panel_axes.set_yticks(range(len(shown)), [f"{called[each]} ({sizes[each]:,})" for each in shown])
    panel_axes.invert_yaxis()
    axis.finish(panel_axes)
    panel_axes.tick_params(labelsize=9 * canvas.scale)
    canvas.name_axes(names["Period"], names["Cohort"])
    canvas.name("Who is treated when")
    entities = count_of(panel.n_entities, "entity", "entities")
    pale = "; pale: some of the cohort have no row" if (shares[shown] < sizes[shown, None]).any() else ""
    canvas.foot(f"Blue: treated. Cohorts by first period of treatment, with their entities; {entities} in all{pale}.")
    tidy(panel_axes)
    return canvas.figure
