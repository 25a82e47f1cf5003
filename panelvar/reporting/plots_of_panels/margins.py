"""Marginal effects and predictions along what they were taken at: lines within bands, or points."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import is_number, read_levels, refuse_other
from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.errors import SpecificationError, choose
from panelvar.core.base.shared_parameters import documented
from panelvar.data.calendar.time_labels import as_text
from panelvar.estimates.bands.limits import JOINTS
from panelvar.panels.static.marginal_effects import MarginalEffects
from panelvar.panels.static.margins import Margins
from panelvar.reporting.canvas.canvas import GREY, Canvas, fitting, open_canvas, read_shown_names, tidy, write
from panelvar.reporting.canvas.intervals import Look, dodged, draw_estimates, draw_ribbon, ends, in_percent, name_places
from panelvar.reporting.canvas.time_axis import TimeAxis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

# More lines than this in a panel nobody tells apart.
_MOST_LINES = 12
# Bands of more lines than this cover one another.
_MOST_BANDS = 6
# Estimates along a line that are marked, and not a line alone.
_MARKED = 15
# More names than this have no room.
_NAMED = 60
# Letters that a name needs to lie level, and inches that ticks or a legend take beside panels.
_LEVEL_NAMES = 8
_BESIDE = 0.8
_STYLES = ("ribbon", "points")
# What `over=` calls entities, whose numbers are names.
_ENTITY = "entity"


@dataclass(frozen=True, eq=False)
class _Line:
    """Estimates that are one line: whose panel they are in, what the line is called, and which they are."""

    variable: str
    text: str
    rows: Positions


@dataclass(frozen=True, eq=False)
class _Bottom:
    """What lies along the bottom: numbers and periods where they are, other values one by one as they came.

    Attributes
    ----------
    places : (n,) array
        Of each estimate.
    texts : tuple of str
        Names of the places 0, 1, ...; empty for numbers and periods.
    time : TimeAxis or None
        What sets the ticks of whole numbers and periods; None where that is matplotlib or the texts.
    """

    places: Array
    texts: tuple[str, ...]
    time: TimeAxis | None

    @classmethod
    def of(cls, name: str, values: Sequence[Any], called: Collection[str] = ()) -> _Bottom:
        """Read values; numbers of entities, and those all of which are called something, are names."""
        if name != _ENTITY and not _are_names(values, called):
            places = np.array(values, dtype=np.float64)
            return cls(places, (), TimeAxis(places, {}, None) if (places == np.floor(places)).all() else None)
        if name != _ENTITY and all(map(_is_period, values)):
            import pandas as pd

            time = TimeAxis.of(pd.Index(values))
            return cls(time.places, (), time)
        texts = tuple(dict.fromkeys(map(_text, values)))
        return cls(np.array([texts.index(_text(value)) for value in values], dtype=np.float64), texts, None)

    def finish(self, panel: Axes, names: Mapping[str, str], room: float, one_by_one: bool) -> None:
        """Set the ticks, in so many inches: at each number where estimates stand side by side about it."""
        places = np.unique(self.places)
        if len(self.texts) > _NAMED:
            panel.set_xticks([])
        elif self.texts:
            letters = int(room / len(places) * 72.0 / 5.4)
            name_places(panel.xaxis, places, [names[text] for text in self.texts], max(letters, 12))
            if letters < _LEVEL_NAMES:
                panel.tick_params(axis="x", labelrotation=90)
        if self.texts:
            panel.set_xlim(-0.6, len(places) - 0.4)
        elif one_by_one and len(places) <= _MARKED and (self.time is None or not self.time.dates):
            panel.set_xticks(places)
            panel.margins(x=0.4 / len(places))
        elif self.time is not None:
            self.time.finish(panel)


@documented
def plot_margins(
    estimates: Margins,
    *,
    across: str | None = None,
    level: float | Sequence[float] | None = None,
    joint: str | None = None,
    style: str | None = None,
    ax: Axes | Sequence[Axes] | npt.NDArray[Any] | None = None,
    figure: Figure | SubFigure | None = None,
    figsize: Sequence[float] | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> Figure | SubFigure:
    """Draw marginal effects, elasticities or predictions along what they were taken at, with their intervals.

    A variable held at several values by ``at=``, or the groups of ``over=``, lie along the bottom; where more than one
    varies, a line for each value of the others. Effects of several variables have a panel each.

    Parameters
    ----------
    estimates : MarginalEffects or AdjustedPredictions
        Of ``LinearResult.marginal_effects`` or ``LinearResult.adjusted_predictions``.
    {across, level (margins), joint (margins), style (margins), ax (panels), figure, figsize, title}
    {labels (margins)}

    Returns
    -------
    Figure

    Raises
    ------
    SpecificationError
        If they are not such estimates, they were all taken at the same values (`plot_coefficients` draws those), or
        there are more than twelve lines in a panel.

    See Also
    --------
    LinearResult.marginal_effects, LinearResult.adjusted_predictions : the numbers.
    plot_coefficients : effects that do not vary.

    Examples
    --------
    Union membership raises the log wage, but less so with more experience:

    >>> import panelvar as pv
    >>> fit = pv.fit_pooled(pv.load_data("wage_panel"), "lwage ~ union * exper + educ")
    >>> figure = pv.plot_margins(fit.marginal_effects("union", at={"exper": [0, 5, 10, 15]}))
    """
    refuse_other("plot_margins", estimates, Margins, "what marginal_effects or adjusted_predictions returns")
    varying = estimates.varying
    if not varying:
        raise SpecificationError(
            "These estimates vary along nothing that could be an axis. Take them at several values, at={'x': [1, 2, "
            "3]}, or over the groups of a column. plot_coefficients draws single estimates."
        )
    levels = read_levels(estimates.level if level is None else level)
    if joint is not None:
        choose("joint", joint, JOINTS)
    across = _first(estimates, varying) if across is None else choose("across", across, varying)
    others = [name for name in varying if name != across]
    variables = list(dict.fromkeys(str(key.get("variable", "")) for key in estimates.keys))
    names = read_shown_names(labels, _known(estimates, varying, variables))
    bottom = _Bottom.of(across, [key[across] for key in estimates.keys], labels or ())
    lines = _lines(estimates, others, names, labels or ())
    looks = {text: Look.of(place) for place, text in enumerate(dict.fromkeys(line.text for line in lines))}
    if len(looks) > _MOST_LINES:
        raise SpecificationError(
            f"{len(looks)} lines are too many; you can tell at most {_MOST_LINES} apart. Ask for fewer values, or "
            "put another variable along the bottom with across=."
        )
    places = np.unique(bottom.places)
    if style is None:
        style = "points" if bottom.texts or len(places) < 3 or len(looks) > _MOST_BANDS else "ribbon"
    choose("style", style, _STYLES)
    single = [estimates.conf_int(level=each) for each in levels]
    together = None if joint is None else estimates.conf_int(level=levels[0], joint=joint)
    columns = min(len(variables), 3)
    down = -(-len(variables) // columns)
    width, height = (3.4 * columns, 2.7 * down + 0.7) if len(variables) > 1 else (6.4, 4.3)
    canvas = open_canvas(
        ax,
        figure,
        figsize,
        title,
        panels=len(variables),
        columns=columns,
        size=(width + 1.5 * any(looks), height),
        least=2.2,
        sharex=True,
    )
    marks: dict[str, Any] = {}
    for panel, variable in zip(canvas.panels, variables, strict=True):
        own = [line for line in lines if line.variable == variable]
        shifts = dodged(len(own), 0.5 * float(np.diff(places).min())) if style == "points" else np.zeros(len(own))
        for line, shift in zip(own, shifts, strict=True):
            rows = line.rows[np.argsort(bottom.places[line.rows], kind="stable")]
            at, values = bottom.places[rows] + shift, estimates.fit.coefficients[rows]
            size = 2.5 if len(places) > _NAMED else 6.0 if len(own) < 3 else 4.8
            intervals = [ends(each.iloc[rows]) for each in single]
            capped = None if together is None else ends(together.iloc[rows])
            marks[line.text] = _draw(panel, at, values, intervals, capped, looks[line.text], style, size)
        low, high = panel.get_ylim()
        if low <= 0.0 <= high:
            panel.axhline(0.0, color=GREY, linewidth=0.9, zorder=1)
        panel.tick_params(labelsize=9 * canvas.scale)
        tidy(panel)
    said = {text: mark for text, mark in marks.items() if text}
    room = canvas.panel_width - _BESIDE * (canvas.whole + bool(said and canvas.whole))
    for panel in canvas.lowest:
        bottom.finish(panel, names, room, style == "points")
    _name(canvas, estimates, variables, names, across)
    if said:
        alone = len(others) == 1 and not any("contrast" in key for key in estimates.keys)
        canvas.legend(list(said.values()), list(said), names[others[0]] if alone else None)
    canvas.foot(_foot(estimates, levels, joint, style))
    return canvas.figure


def _draw(
    panel: Axes, at: Array, values: Array, intervals: Any, capped: Any, look: Look, style: str, size: float
) -> Any:
    if style == "points":
        return draw_estimates(panel, at, values, intervals, look, upright=True, size=size, capped=capped)
    line = draw_ribbon(panel, at, values, intervals, look, joint=capped)
    if len(at) <= _MARKED:
        draw_estimates(panel, at, values, [], look, upright=True, size=4.5)
    return line


def _are_names(values: Sequence[Any], called: Collection[str]) -> bool:
    """Whether values are names: no numbers, or all called something."""
    return not all(map(is_number, values)) or all(_text(value) in called for value in values)


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else as_text(value)


def _is_period(value: object) -> bool:
    return isinstance(value, (datetime.date, np.datetime64)) or hasattr(value, "asfreq")


def _first(estimates: Margins, varying: Sequence[str]) -> str:
    """The first of what varies that has an order, or else the first."""
    for name in varying:
        if not _Bottom.of(name, [key[name] for key in estimates.keys]).texts:
            return name
    return varying[0]


def _known(estimates: Margins, varying: Sequence[str], variables: Sequence[str]) -> list[str]:
    """What `labels` may rename."""
    texts = [_text(key[name]) for key in estimates.keys for name in (*varying, "contrast") if name in key]
    return list(dict.fromkeys(filter(None, (estimates.dependent, *variables, *varying, *texts))))


def _lines(estimates: Margins, others: Sequence[str], names: Mapping[str, str], called: Collection[str]) -> list[_Line]:
    """Lines through what lies along the bottom: one for each variable, contrast and value of the others."""
    found: dict[tuple[str, str], list[int]] = {}
    keys = estimates.keys
    named = [name for name in others if _are_names([key[name] for key in keys], called)]
    for row, key in enumerate(keys):
        said = [names[str(key["contrast"])]] if "contrast" in key else []
        for name in others:
            value = names[_text(key[name])] if name in named else _text(key[name])
            said.append(value if len(others) == 1 and "contrast" not in key else f"{names[name]} = {value}")
        found.setdefault((str(key.get("variable", "")), ", ".join(said)), []).append(row)
    return [_Line(variable, text, np.array(rows, dtype=np.intp)) for (variable, text), rows in found.items()]


def _name(canvas: Canvas, estimates: Margins, variables: Sequence[str], names: Mapping[str, str], across: str) -> None:
    if len(variables) > 1:
        for panel, variable in zip(canvas.panels, variables, strict=True):
            write(panel.set_title, names[variable], fitting(canvas.panel_width, 9.5), fontsize=9.5)
        for panel in canvas.lowest:
            write(panel.set_xlabel, names[across], fitting(canvas.panel_width, 9.0), fontsize=9)
        canvas.head(estimates.title)
        return
    dependent, variable = names.get(estimates.dependent, ""), names.get(variables[0], "")
    if not isinstance(estimates, MarginalEffects):
        up = ["Prediction of ", dependent]
    elif estimates.elasticity is None:
        up = ["Effect of ", variable, " on ", dependent]
    else:
        kind = "Elasticity" if estimates.elasticity == "eyex" else "Semielasticity"
        up = [f"{kind} of ", dependent, " in ", variable]
    canvas.name_axes(names[across], up)
    canvas.name(estimates.title)


def _foot(estimates: Margins, levels: tuple[float, ...], joint: str | None, style: str) -> str:
    text = f"{in_percent(levels)} intervals of each estimate"
    if joint is not None:
        drawn = "capped" if style == "points" else "dashed"
        text += f"; {drawn}: {100.0 * levels[0]:g}% of all at once, {joint}"
    return f"{text}. Standard errors: {estimates.cov_label}, delta method."
