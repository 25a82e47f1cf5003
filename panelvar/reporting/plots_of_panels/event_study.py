"""Event studies: effects by period with pointwise and joint limits, the period left out marked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from panelvar.core.base.arguments import read_levels, refuse_other
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import SpecificationError, choose
from panelvar.core.base.quoting import NO_BREAK
from panelvar.core.base.shared_parameters import documented
from panelvar.data.calendar.time_labels import as_text
from panelvar.estimates.bands.limits import JOINTS
from panelvar.estimates.coefficients.equation_estimates import EquationEstimates
from panelvar.estimates.coefficients.event_study import EventStudy
from panelvar.reporting.canvas.canvas import GREY, open_canvas, read_shown_names, tidy
from panelvar.reporting.canvas.intervals import Look, dodged, draw_estimates, draw_ribbon, ends, in_percent
from panelvar.reporting.canvas.time_axis import TimeAxis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

_MOST_STUDIES = 6


@documented
def plot_event_study(
    source: EventStudy | EquationEstimates | Mapping[str, EventStudy | EquationEstimates],
    term: str | re.Pattern[str] | Mapping[Any, str] | None = None,
    *,
    reference: object = None,
    event: object = None,
    level: float | Sequence[float] | None = None,
    joint: str | None = "sup-t",
    style: str = "points",
    ax: Axes | None = None,
    figure: Figure | SubFigure | None = None,
    figsize: Sequence[float] | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> Figure | SubFigure:
    """Draw effects by period about an event, relative to the period left out.

    Intervals of each period by itself are thick, those that hold all periods at once thin and capped. Periods left out
    are hollow marks at zero; a dashed line stands before the event.

    Parameters
    ----------
    source : EventStudy, LinearResult, or mapping of labels to several
        What ``event_study()`` of a result returns; or a result, with the ``term`` it is to be read from.
    term : str, pattern or mapping of periods to coefficients, optional
        As of `LinearResult.event_study`; for results. The one term of periods need not be named.
    reference, event : label, optional
        The period left out, and the first of treatment, as of `LinearResult.event_study`; for results.
    level : float or sequence of float, optional
        Coverage: one level, or several, the lower drawn the thicker. By default 95%, or what the study says.
    {joint (event study), style (event study), ax, figure, figsize, title, labels (event study)}

    Returns
    -------
    Figure

    Raises
    ------
    SpecificationError
        If they are neither studies nor results, or `LinearResult.event_study` refuses them.

    See Also
    --------
    LinearResult.event_study : the numbers.
    plot_coefficients : any coefficients.

    Examples
    --------
    What a rise of the minimum wage did to teenage employment, year by year, with pointwise and joint intervals:

    >>> import panelvar as pv
    >>> counties = pv.load_data("minimum_wage").query("first_treat in (0, 2006)")
    >>> fit = pv.fit_fixed_effects(counties, "lemp ~ i(year, treat, ref=2005)", effects="twoway")
    >>> figure = pv.plot_event_study(fit, event=2006)
    """
    studies = _studies(source, term, reference, event)
    if joint is not None:
        choose("joint", joint, JOINTS)
    choose("style", style, ("points", "ribbon"))
    names = read_shown_names(labels, ("Period", "Effect"))
    if "Effect" not in (labels or {}):
        left_out = {tuple(as_text(each) for each in study.periods[study.references]) for study in studies.values()}
        references = left_out.pop()
        names["Effect"] = f"Effect relative to {', '.join(references)}" if references and not left_out else "Effect"
    first = next(iter(studies.values()))
    levels = read_levels(first.level if level is None else level)
    axis, at = _in_time(studies)
    canvas = open_canvas(ax, figure, figsize, title, size=(7.0, 4.3))
    ax = canvas.panels[0]
    ax.axhline(0.0, color=GREY, linewidth=0.9, zorder=1)
    marks = []
    shifts = dodged(len(studies), 0.5 * axis.apart) if style == "points" else np.zeros(len(studies))
    for place, ((label, study), shift) in enumerate(zip(studies.items(), shifts, strict=True)):
        spots, estimates = at[label] + shift, study.estimates
        intervals = [ends(study.conf_int(level=each)) for each in levels]
        capped = ends(study.conf_int(level=levels[0], joint=joint)) if joint else None
        look, hollow = Look.of(place), study.references
        if style == "points":
            size = 6.0 if len(studies) < 3 else 4.8
            mark = draw_estimates(
                ax, spots, estimates, intervals, look, upright=True, size=size, capped=capped, hollow=hollow
            )
        else:
            mark = draw_ribbon(ax, spots, estimates, intervals, look, joint=capped)
            draw_estimates(ax, spots, estimates, [], look, upright=True, size=4.5, hollow=hollow)
        marks.append(mark)
    before, after = (at[next(iter(at))][part] for part in (first.before, ~first.before))
    if len(before) and len(after):
        ax.axvline(0.5 * (before.max() + after.min()), color=GREY, linewidth=0.9, linestyle="--", zorder=1)
    axis.finish(ax)
    ax.tick_params(labelsize=9 * canvas.scale)
    canvas.name_axes(names["Period"], names["Effect"])
    if len(studies) > 1:
        canvas.legend(marks, list(studies))
    dependents = list(dict.fromkeys(str(getattr(study.result, "dependent", "")) for study in studies.values()))
    canvas.name(f"Event study: {dependents[0]}" if len(dependents) == 1 else "Event study")
    canvas.foot(_foot(studies, levels, joint, style))
    tidy(ax)
    return canvas.figure


def _studies(source: object, term: Any, reference: object, event: object) -> dict[str, EventStudy]:
    given = dict(source) if isinstance(source, Mapping) else {"": source}
    if not 1 <= len(given) <= _MOST_STUDIES:
        raise SpecificationError(
            f"{len(given)} event studies cannot be drawn in one figure; it takes one to {_MOST_STUDIES}."
        )
    studies: dict[str, EventStudy] = {}
    for label, each in given.items():
        which = f"plot_event_study, for {label!r}," if label else "plot_event_study"
        refuse_other(
            which, each, (EventStudy, EquationEstimates), "what event_study() of a result returns, or a result"
        )
        if isinstance(each, EventStudy):
            if any(given is not None for given in (term, reference, event)):
                raise SpecificationError(
                    f"{which} is not for an event study, which has its own term, reference and event."
                )
            studies[str(label)] = each
        elif isinstance(each, EquationEstimates):
            studies[str(label)] = each.event_study(term, reference=reference, event=event)
    return studies


def _in_time(studies: Mapping[str, EventStudy]) -> tuple[TimeAxis, dict[str, Array]]:
    """The axis of all studies, and where the periods of each lie."""
    indexes = [study.periods for study in studies.values()]
    axis = TimeAxis.of(indexes[0].append(indexes[1:]) if len(indexes) > 1 else indexes[0])
    parts = np.split(axis.places, np.cumsum([len(index) for index in indexes])[:-1])
    return axis, dict(zip(studies, parts, strict=True))


def _foot(studies: Mapping[str, EventStudy], levels: tuple[float, ...], joint: str | None, style: str) -> str:
    text = f"{in_percent(levels)} intervals of each period"
    if joint is not None:
        drawn = "capped" if style == "points" else "dashed"
        text += f"; {drawn}: {100.0 * levels[0]:g}% of all periods at once, {joint}"
    tests = {label: study.leads_test for label, study in studies.items()}
    # A test is not torn apart at the end of a line.
    lines = {label: test.in_a_line(3).replace(" ", NO_BREAK) for label, test in tests.items() if test is not None}
    said = [f"{label}{': ' if label else ''}{line}" for label, line in lines.items()]
    if said:
        text += f". No effects before the event: {'; '.join(said)}"
    errors = list(dict.fromkeys(study.result.cov_label for study in studies.values()))
    return f"{text}. Standard errors: {', '.join(errors)}."
