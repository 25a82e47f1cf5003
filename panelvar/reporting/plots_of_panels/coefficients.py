"""Coefficients of one fit or many, single equations or systems, with their intervals."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from panelvar.core.base.arguments import read_flag, read_levels, refuse_other
from panelvar.core.base.arrays import Array
from panelvar.core.base.chosen_names import chosen_names
from panelvar.core.base.errors import SpecificationError, choose
from panelvar.core.base.quoting import shown
from panelvar.core.base.shared_parameters import documented
from panelvar.core.faces.mathematics import joined
from panelvar.data.formulas.design import CONSTANT
from panelvar.estimates.bands.limits import JOINTS
from panelvar.estimates.coefficients.coefficient_plot import DrawnCoefficients
from panelvar.estimates.coefficients.printed_names import PrintedNames
from panelvar.reporting.canvas.canvas import GREY, Canvas, fitting, open_canvas, tidy, write
from panelvar.reporting.canvas.intervals import Look, dodged, draw_estimates, ends, in_percent, name_places

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

    from panelvar.estimates.coefficients.coefficients import Inference
    from panelvar.systems.var.estimated_system import EstimatedSystem
    from panelvar.systems.var.svar_result import SvarResult

Estimated: TypeAlias = "Inference | EstimatedSystem | SvarResult"

MINUS = "\N{MINUS SIGN}"
# More fits than this beside one another nobody tells apart.
_MOST_FITS = 12
_LEVEL = re.compile(r"\[(?:T\.)?([^\[\]]*)\](?=:|$)")
_CALL = re.compile(r"\b[iC]\(([^()]*(?:\([^()]*\)[^()]*)*)\)")


@dataclass(frozen=True)
class _Line:
    """One line of the picture: a coefficient, or a heading, which has no name."""

    name: str
    text: str


@documented
def plot_coefficients(
    results: Estimated | Mapping[str, Estimated] | Sequence[Estimated],
    *,
    keep: str | re.Pattern[str] | Sequence[str | re.Pattern[str]] | None = None,
    drop: str | re.Pattern[str] | Sequence[str | re.Pattern[str]] | None = None,
    order: str | re.Pattern[str] | Sequence[str | re.Pattern[str]] = (),
    sort: bool = False,
    level: float | Sequence[float] = 0.95,
    joint: str | None = None,
    constant: bool = False,
    headings: bool = True,
    values: bool = False,
    upright: bool = False,
    ax: Axes | None = None,
    figure: Figure | SubFigure | None = None,
    figsize: Sequence[float] | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> Figure | SubFigure:
    r"""Draw coefficients with their confidence intervals: of one fit, or of several side by side.

    Coefficients of a system stand under their equations and are named ``"[equation]regressor"``. A system is a vector
    autoregression of one entity or a panel, restricted or not, or an error-correction model (its differences, given the
    relations). The entries of a structural form are named ``"A[equation, variable]"``.

    Parameters
    ----------
    results : result, mapping of labels to results, or sequence of results
        Results of single equations or systems, marginal effects, functions of coefficients; without labels several are
        (1), (2), ...
    keep, drop : str, pattern or sequence of them, optional
        Coefficients to show, or to leave out: by name, by term (``"C(region)"``, all its columns), or by pattern
        (``"L(*)"``, ``"[income]*"``, ``re.compile(...)``).
    order : str, pattern or sequence of them
        Coefficients to show first, in this order.
    sort : bool
        Sort the others by the estimates of the first fit that has them, the largest first.
    level : float or sequence of float
        Coverage of the intervals: one level, or several, such as ``(0.68, 0.95)``, the lower drawn the thicker.
    joint : {"sup-t", "bonferroni"} or None
        Add a capped line that covers all coefficients shown of a fit at once, at the highest level.
    constant : bool
        Show the constant, whose size is seldom like that of the others.
    headings : bool
        Put the levels of a term, two or more, under its name, and those of an equation.
    values : bool
        Print each estimate and its interval on the right.
    upright : bool
        Draw intervals upright, names along the bottom.
    {ax, figure, figsize, title}
    labels : mapping of str to str, optional
        What coefficients, terms (their headings), equations and variables are called, as `compare` reads it: a name
        that is nowhere is passed over.

    Returns
    -------
    Figure

    Raises
    ------
    SpecificationError
        If a result has no coefficients, names or labels fit none, nothing is left to show, or ``joint=`` is given for a
        structural form, whose band has its own.

    See Also
    --------
    compare : the same as a table.
    plot_event_study : coefficients of periods about an event.
    plot_margins : marginal effects along what they were taken at.

    Examples
    --------
    The slopes of two estimators, with intervals of 68% and 95%:

    >>> import panelvar as pv
    >>> grunfeld = pv.load_data("grunfeld")
    >>> fits = {"OLS": pv.fit_pooled(grunfeld, "invest ~ value + capital")}
    >>> fits["Fixed effects"] = pv.fit_fixed_effects(grunfeld, "invest ~ value + capital")
    >>> figure = pv.plot_coefficients(fits, level=(0.68, 0.95))
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['value', 'capital']
    """
    fits = _fits(results)
    levels = read_levels(level)
    if joint is not None:
        choose("joint", joint, JOINTS)
    sort, constant, headings = read_flag("sort", sort), read_flag("constant", constant), read_flag("headings", headings)
    values, upright = read_flag("values", values), read_flag("upright", upright)
    names, hidden = _shown(fits, keep, drop, order, sort, constant)
    lines, term = _lines(names, _called(labels, fits), _equations(fits), headings, upright)
    places = np.arange(len(lines), dtype=np.float64)
    at = {line.name: place for line, place in zip(lines, places, strict=True) if line.name}
    step = 0.29 if len(fits) == 1 else 0.17 + 0.13 * len(fits)
    # A legend and printed values take their room from the lines.
    along, beside = step * len(lines) + 1.1, 1.5 * (len(fits) > 1)
    size = (max(4.5, 1.4 * along) + beside, 4.6) if upright else (6.4 + 1.5 * values + beside, max(along, 2.0))
    canvas = open_canvas(ax, figure, figsize, title, size=size)
    ax = canvas.panels[0]
    (ax.axhline if upright else ax.axvline)(0.0, color=GREY, linewidth=0.9, zorder=1)
    marks = []
    for place, (shift, result) in enumerate(zip(dodged(len(fits)), fits.values(), strict=True)):
        own = [name for name in at if name in result.names]
        spots = np.array([at[name] for name in own]) + shift
        estimates = result.estimates[own].to_numpy()
        intervals = [ends(result.limits(of=own, level=each)) for each in levels]
        capped = ends(result.limits(of=own, level=levels[0], joint=joint)) if joint else None
        size_of_marks = 6.0 if len(fits) <= 4 else 4.6
        look = Look.of(place)
        marks.append(
            draw_estimates(ax, spots, estimates, intervals, look, upright=upright, size=size_of_marks, capped=capped)
        )
        if values and not upright:
            _print_values(ax, spots, estimates, intervals[0], look.colour if len(fits) > 1 else "black", len(fits) > 1)
    _name_lines(canvas, lines, places, upright, term)
    if len(fits) > 1:
        _stripe(ax, lines, places, upright)
        canvas.legend(marks, list(fits))
    canvas.name(_title(fits))
    canvas.foot(_foot(fits, levels, joint, hidden))
    tidy(ax)
    return canvas.figure


def _fits(results: object) -> dict[str, DrawnCoefficients]:
    given: dict[str, object]
    if isinstance(results, Mapping):
        given = {str(label): result for label, result in results.items()}
    elif isinstance(results, Sequence) and not isinstance(results, str):
        given = {f"({k})": result for k, result in enumerate(results, start=1)}
    else:
        given = {"": results}
    if not given:
        raise SpecificationError("There is nothing to draw: results is empty.")
    if len(given) > _MOST_FITS:
        raise SpecificationError(
            f"{len(given)} fits are too many for one figure; you can tell at most {_MOST_FITS} apart."
        )
    fits: dict[str, DrawnCoefficients] = {}
    for label, result in given.items():
        which = f"plot_coefficients, for {label!r}," if label else "plot_coefficients"
        expected = (
            "results that have coefficients, one, a mapping or a list (plot_responses draws the responses of systems)"
        )
        if not hasattr(type(result), "_drawn_coefficients"):
            refuse_other(which, result, (), expected)
        drawn: Any = result
        fits[label] = drawn._drawn_coefficients
    return fits


def _shown(
    fits: Mapping[str, DrawnCoefficients], keep: Any, drop: Any, order: Any, sort: bool, constant: bool
) -> tuple[list[str], list[str]]:
    """Names to show in their order, and what is hidden without having been asked."""
    known = list(dict.fromkeys(name for result in fits.values() for name in result.names))
    wanted = known if keep is None else chosen_names("keep", keep, known)
    first = chosen_names("order", order, known)
    out = set() if drop is None else set(chosen_names("drop", drop, known))
    equations = _equations(fits)
    constants = [name for name in known if CONSTANT == (equations[name][1] if name in equations else name)]
    hidden = [] if constant or keep is not None else [name for name in constants if name not in (*first, *out)]
    if len(wanted) > len(hidden):
        out |= set(hidden)
    else:
        hidden = []
    rest = [name for name in wanted if name not in first]
    if sort:
        estimates = {name: next(r.estimates[name] for r in fits.values() if name in r.names) for name in rest}
        rest.sort(key=lambda name: -estimates[name])
    names = [name for name in (*first, *rest) if name in wanted and name not in out]
    if not names:
        raise SpecificationError(f"drop={shown(drop)} leaves no coefficient to show.")
    return names, hidden


def _called(labels: Mapping[str, str] | None, fits: Mapping[str, DrawnCoefficients]) -> PrintedNames:
    """What coefficients, terms, equations and regressors are called."""
    known = list(dict.fromkeys(name for result in fits.values() for name in result.names))
    equations = _equations(fits)
    return PrintedNames(
        labels, [*known, *(_term_of(name, equations) for name in known), *(text for _, text in equations.values())]
    )


def _equations(fits: Mapping[str, DrawnCoefficients]) -> dict[str, tuple[str, str]]:
    return {name: place for result in fits.values() for name, place in result.equations.items()}


def _term_of(name: str, equations: Mapping[str, tuple[str, str]]) -> str:
    """What a name stands under: its equation, or its term."""
    return equations[name][0] if name in equations else _LEVEL.sub("", name)


def _lines(
    names: list[str],
    called: PrintedNames,
    equations: Mapping[str, tuple[str, str]],
    headings: bool,
    upright: bool,
) -> tuple[list[_Line], str]:
    """Lines of the picture, and the name of the axis where they are the levels of one term."""
    lines: list[_Line] = []
    terms = [(term, list(own)) for term, own in itertools.groupby(names, lambda name: _term_of(name, equations))]
    alone = headings and upright and len(terms) == 1 and len(names) > 1
    for term, own in terms:
        above = called.given(term) or called.of(_plain(term))
        grouped = headings and len(own) > 1 and (alone or not upright)
        if grouped and not alone:
            lines.append(_Line("", above))
        for name in own:
            # A level is not a variable: if it has a variable's name in it, it keeps that.
            text = called.of(equations[name][1]) if name in equations else ", ".join(_LEVEL.findall(name))
            usual = called.of(name) if not text else text if grouped else joined(": ", (above, text))
            lines.append(_Line(name, called.given(name) or usual))
    return lines, above if alone else ""


def _plain(term: str) -> str:
    """A term without what only a formula needs: ``region`` for ``C(region)``, ``f × x`` for ``i(f, x, ref=0)``."""

    def arguments(call: re.Match[str]) -> str:
        return " × ".join(piece.strip() for piece in call[1].split(",") if "=" not in piece)

    return _CALL.sub(arguments, term).replace(":", " × ")


def _stripe(ax: Axes, lines: list[_Line], places: Array, upright: bool) -> None:
    """Shade every other coefficient, so that marks of several fits are seen to belong together."""
    named = [place for line, place in zip(lines, places, strict=True) if line.name]
    for place in named[::2]:
        (ax.axvspan if upright else ax.axhspan)(place - 0.5, place + 0.5, color="#F3F3F3", linewidth=0, zorder=0)


def _name_lines(canvas: Canvas, lines: list[_Line], places: Array, upright: bool, term: str) -> None:
    ax = canvas.panels[0]
    room = fitting((canvas.panel_width / len(lines)) if upright else 0.36 * canvas.panel_width, 9.0)
    # In letters of nine points, 0.58 of that wide.
    longest = max(len(line.text) for line in lines) * 0.58 * 9.0 / 72.0
    turned = upright and longest > 0.75 * canvas.panel_width / len(lines)
    axis = ax.xaxis if upright else ax.yaxis
    tall = 72.0 * (ax.get_position().height * ax.figure.bbox.height / ax.figure.dpi) / len(lines)
    name_places(axis, places, [line.text for line in lines], 24 if turned else room, 9.0 if upright else 0.85 * tall)
    for line, text in zip(lines, axis.get_ticklabels(), strict=True):
        if not line.name:
            text.set_fontweight("bold")
        if turned:
            text.set(rotation=40, ha="right", rotation_mode="anchor")
    axis.set_tick_params(length=0)
    if term:
        write(axis.set_label_text, term, 60, fontsize=10)
    limits = (-0.6, len(lines) - 0.4)
    if upright:
        ax.set_xlim(limits)
    else:
        ax.set_ylim(limits[::-1])


def _print_values(ax: Axes, places: Array, estimates: Array, limits: Any, colour: str, small: bool) -> None:
    for place, estimate, lower, upper in zip(places, estimates, *limits, strict=True):
        half = 0.5 * (upper - lower)
        # Two digits, or nearly, of what is uncertain.
        digits = min(max(math.ceil(1.2 - math.log10(half)), 0), 6) if half > 0.0 else 3
        numbers = (f"{number:.{digits}f}" for number in (estimate, lower, upper))
        ax.annotate(
            "{}  [{}, {}]".format(*numbers).replace("-", MINUS),
            (1.02, place),
            xycoords=ax.get_yaxis_transform(),
            va="center",
            fontsize=7 if small else 8,
            color=colour,
        )


def _title(fits: Mapping[str, DrawnCoefficients]) -> str:
    first = next(iter(fits.values()))
    if len(fits) == 1 and first.title:
        return first.title
    dependents = {result.dependent for result in fits.values()}
    return f"Coefficients: {first.dependent}" if len(dependents) == 1 and first.dependent else "Coefficients"


def _foot(
    fits: Mapping[str, DrawnCoefficients], levels: tuple[float, ...], joint: str | None, hidden: list[str]
) -> str:
    text = f"{in_percent(levels)} intervals"
    if len(levels) > 1:
        text += ", the lower the thicker"
    if joint is not None:
        text += f"; capped: all shown at once, {100.0 * levels[0]:g}%, {joint}"
    errors = list(dict.fromkeys(result.errors for result in fits.values()))
    if len(errors) == 1:
        text += f". Standard errors: {errors[0]}"
    else:
        text += ". Standard errors: " + "; ".join(f"{label}: {result.errors}" for label, result in fits.items())
    left_out = {0: "", 1: " The constant is not shown."}.get(len(hidden), " The constants are not shown.")
    return f"{text}.{left_out}"
