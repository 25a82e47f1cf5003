"""Effects by period about an event: the coefficients of one term in order of time, with the period left out."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arguments import is_number, read_labels, read_seed, read_whole, refuse_other, say_draws
from panelvar.core.base.arrays import Array, Mask
from panelvar.core.base.chosen_names import as_number, chosen_names, factors_of, level_of, levels_of
from panelvar.core.base.errors import PanelVarWarning, SpecificationError, check_level
from panelvar.core.base.expressions import syntax_tree
from panelvar.core.base.labels import listed, repeated
from panelvar.core.base.limits import LARGEST_WHOLE, MOST_DRAWS
from panelvar.core.base.quoting import shown
from panelvar.core.base.shared_parameters import documented
from panelvar.core.faces.layout import Cell, Fact, Row, number, printed, printed_interval, probability, words
from panelvar.core.faces.number_format import check_digits, format_estimates, pvalue_text
from panelvar.core.tables.table import Presented, Table
from panelvar.core.tables.test_result import TestResult
from panelvar.data.calendar.calendar import read_times
from panelvar.data.calendar.time_labels import DateLabels, IntegerLabels, as_text
from panelvar.estimates.coefficients.coefficients import Inference
from panelvar.estimates.coefficients.linear_combinations import LinearCombination, weighted_sum
from panelvar.estimates.coefficients.wald import zero_test
from panelvar.estimates.sensitivity.trend_sensitivity import TrendSensitivity, trend_sensitivity

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

# Steps between decimal numbers that differ by this much are the same.
_ROUNDING = 1e-9
_FACTOR = re.compile(r"\b[iC]\((?:[^()]|\([^()]*\))*\)")


@dataclass(frozen=True, eq=False, repr=False)
class EventStudy(Presented):
    r"""Effects by period about an event, relative to the period left out.

    Attributes
    ----------
    result : Inference
        The fit.
    term : str
        The term the coefficients belong to.
    names : tuple of str
        Name of each period's coefficient; empty for a reference.
    periods : Index
        Periods in order, with the references.
    references : (n,) array of bool
        Which periods are references, whose effect is zero by definition.
    before : (n,) array of bool
        Which periods lie before the event.
    level : float
        Coverage of the limits.
    draws : int
        Vectors drawn for the sup-t critical value.
    seed : int or Generator
        Their seed.
    multipliers : str
        What multiplies the influences of clusters in a draw.
    residual_leads : bool
        Whether effects before the event are residuals, which are measured from no period.

    See Also
    --------
    LinearResult.event_study : makes it.
    plot_event_study : draws it.

    Examples
    --------
    >>> import panelvar as pv
    >>> counties = pv.load_data("minimum_wage").query("first_treat in (0, 2006)")
    >>> fit = pv.fit_fixed_effects(counties, "lemp ~ i(year, treat, ref=2005)", effects="twoway")
    >>> study = fit.event_study(event=2006)
    >>> study.leads_test.in_a_line()
    'F(2, 1388) = 0.0187, p = 0.9815'

    The effects of each year, with pointwise and joint intervals of 95%:

    >>> figure = study.plot()
    """

    result: Inference
    term: str
    names: tuple[str, ...]
    periods: pd.Index
    references: Mask
    before: Mask
    level: float
    draws: int
    seed: int | np.random.Generator
    multipliers: str = "normal"
    residual_leads: bool = False

    @property
    def estimates(self) -> Array:
        """Effect of each period, zero at a reference."""
        return self._spread(self.result.params)

    @property
    def std_errors(self) -> Array:
        """Their standard errors, zero at a reference."""
        return self._spread(self.result.std_errors)

    def _spread(self, values: pd.Series) -> Array:
        return np.array([float(values[name]) if name else 0.0 for name in self.names])

    def conf_int(self, *, level: float | Sequence[float] | None = None, joint: str | None = None) -> pd.DataFrame:
        """Return limits of each period's effect; at a reference all are zero.

        Parameters
        ----------
        level : float or sequence of float, optional
            Coverage; or several, such as ``(0.68, 0.95)``; that of the study by default.
        joint : {"sup-t", "bonferroni"} or None
            Cover all periods at once, or each by itself (None).

        Returns
        -------
        DataFrame
            ``lower`` and ``upper`` at the highest level, by period; ``lower_68``, ``upper_68`` at another.
        """
        limits = self.result.conf_int(
            level=self.level if level is None else level,
            of=[name for name in self.names if name],
            joint=joint,
            draws=self.draws,
            seed=self.seed,
        )
        limits = limits.reindex(list(self.names)).set_axis(self.periods)
        limits.loc[self.references] = 0.0
        return limits

    @property
    def _draws_in_words(self) -> str:
        kind = "" if self.multipliers == "normal" else f" of {self.multipliers.capitalize()} multipliers"
        count, _, seed = say_draws(self.draws, self.seed).partition(", ")
        return f"{count}{kind}, {seed}"

    @property
    def leads_test(self) -> TestResult | None:
        """Joint test that all effects before the event are zero; None where no such effect is estimated."""
        return self._joint_test(self.before, "before the event")

    @property
    def effects_test(self) -> TestResult | None:
        """Joint test that all effects from the event on are zero; None where no such effect is estimated."""
        return self._joint_test(~self.before, "from the event on")

    def _joint_test(self, chosen: Mask, when: str) -> TestResult | None:
        names = self._estimated_in(chosen)
        return zero_test(self.result, names, "Wald", f"no effects {when}") if names else None

    def _estimated_in(self, chosen: Mask) -> list[str]:
        """Coefficients of chosen periods that are not references."""
        return [name for name, wanted in zip(self.names, chosen, strict=True) if name and wanted]

    @property
    def average_effect(self) -> LinearCombination | None:
        """Mean of the effects from the event on, with its error; None where no such effect is estimated."""
        names = self._estimated_in(~self.before)
        if not names:
            return None
        weights = np.array([1.0 / len(names) if name in names else 0.0 for name in self.result.names])
        return weighted_sum(self.result, weights, 0.0, "average effect", self.level)

    @documented
    def sensitivity(
        self,
        *,
        of: object = None,
        restriction: str = "relative magnitudes",
        bounds: Sequence[float] | NDArray[Any] | None = None,
        method: str | None = None,
        draws: int = 10_000,
        seed: int | np.random.Generator = 0,
    ) -> TrendSensitivity:
        """Bound how far trends depart from parallel ones, by those before the event, and see what remains of an effect.

        See `trend_sensitivity` for the restrictions and the intervals (Rambachan and Roth 2023).

        Parameters
        ----------
        of : label or "average", optional
            The period whose effect it is about, or the average of all from the event on; the first of these by default.
        {restriction (trends), bounds (trends), method (trends), draws (trends)}
        seed : int or Generator
            Their seed.

        Returns
        -------
        TrendSensitivity
            ``breakdown`` is the smallest bound whose interval has zero in it.

        Raises
        ------
        SpecificationError
            If not one period alone, with others before and after it, was left out; if periods are not evenly spaced; or
            as of `trend_sensitivity`.
        """
        names = [name for name in self.names if name]
        n_before = self._before_reference()
        after = np.flatnonzero(~self.references)[n_before:]
        weights = self._weights_of(of, after)
        places = [self.result.names.index(name) for name in names]
        found = trend_sensitivity(
            self.estimates[~self.references],
            covariance=np.asarray(self.result.cov)[np.ix_(places, places)],
            n_before=n_before,
            of=weights,
            restriction=restriction,
            bounds=bounds,
            method=method,
            level=self.level,
            draws=draws,
            seed=seed,
        )
        chosen = [as_text(period) for period in self.periods[after[weights != 0.0]]]
        label = f"period {chosen[0]}" if len(chosen) == 1 else f"average of periods {chosen[0]} to {chosen[-1]}"
        return replace(found, effect=label)

    def _before_reference(self) -> int:
        """How many effects lie before the one period left out."""
        left_out = np.flatnonzero(self.references)
        if self.residual_leads or len(left_out) != 1 or left_out[0] in (0, len(self.references) - 1):
            which = ", ".join(as_text(each) for each in self.periods[left_out]) or "none"
            raise SpecificationError(
                "Sensitivity to trends needs effects before and after the event that are measured from one period "
                f"between them; left out here: {which}. Use fit_sun_abraham, fit_callaway_santanna with "
                "base='universal', or an event study by two-way effects. Imputation and two stages measure effects "
                "before the event in another way than those after it, which says little of how far trends depart."
            )
        steps = np.diff(_in_time([as_text(each) for each in self.periods])[0])
        if np.ptp(steps) > _ROUNDING * steps.max():
            raise SpecificationError(
                f"Sensitivity to trends needs evenly spaced periods, and some between {as_text(self.periods[0])} and "
                f"{as_text(self.periods[-1])} have no effect."
            )
        return int(left_out[0])

    def _weights_of(self, of: object, after: NDArray[np.intp]) -> Array:
        """Weights of the effects after the period left out, for the one that is asked for."""
        since = after[~self.before[after]]
        if isinstance(of, str) and of == "average":
            return np.isin(after, since) / len(since)
        known = {_key(as_text(self.periods[place])): place for place in after.tolist()}
        place = int(since[0]) if of is None else known.get(_key(_label("of", of)), -1)
        if place < 0:
            choices = ", ".join(as_text(each) for each in self.periods[after])
            raise SpecificationError(f"of={shown(of)} must be 'average' or a period with an effect: {choices}.")
        weights: Array = (after == place).astype(np.float64)
        return weights

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each period.

        Returns
        -------
        DataFrame
            ``estimate``, ``std_error``, ``lower``, ``upper``, ``joint_lower`` and ``joint_upper`` (sup-t), and
            ``reference``, by period.
        """
        import pandas as pd

        frame = pd.DataFrame({"estimate": self.estimates, "std_error": self.std_errors}, index=self.periods)
        frame[["lower", "upper"]] = self.conf_int()
        frame[["joint_lower", "joint_upper"]] = self.conf_int(joint="sup-t")
        frame["reference"] = self.references
        return frame

    def summary(self, *, digits: int = 4) -> Table:
        """Return a table with a row for each period.

        Parameters
        ----------
        digits : int
            Decimals.

        Returns
        -------
        Table
        """
        digits = check_digits(digits)
        pointwise, joint = self.conf_int().to_numpy(), self.conf_int(joint="sup-t").to_numpy()
        pvalues = self.result.pvalues
        groups = np.column_stack([self.estimates, self.std_errors, pointwise, joint])
        texts = format_estimates(groups, self.std_errors, digits)
        body = []
        for k, (name, period) in enumerate(zip(self.names, self.periods, strict=True)):
            cells = (number(0.0, digits), words("reference"), Cell(), Cell(), Cell())
            if name:
                estimate, error, *ends = texts[k]
                cells = (
                    printed(estimate, self.estimates[k]),
                    printed(error, self.std_errors[k], brackets="()"),
                    probability(float(pvalues[name]), digits),
                    printed_interval(*ends[:2]),
                    printed_interval(*ends[2:]),
                )
            body.append(Row(as_text(period), cells))
        percent = f"{100.0 * self.level:g}%"
        header = Row("", tuple(map(words, ("Effect", "Std. error", "p", f"{percent} pointwise", f"{percent} sup-t"))))
        statistics = []
        tests = {"No effects before": self.leads_test, "No effects from the event on": self.effects_test}
        for label, test in tests.items():
            if test is not None:
                statistics.append(Fact(label, test.in_a_line(digits)))
        if (average := self.average_effect) is not None:
            numbers = (average.estimate, average.std_error, average.lower, average.upper)
            ((estimate, error, low, high),) = format_estimates([numbers], [average.std_error], digits)
            text = f"{estimate} ({error}), {pvalue_text(average.pvalue, digits)}, {percent} [{low}, {high}]"
            statistics.append(Fact("Average effect", text))
        dependent = getattr(self.result, "dependent", "")
        facts = (Fact("Term", self.term), Fact("Std. errors", self.result.cov_label))
        return Table(
            title="Event study",
            facts=(Fact("Dependent", dependent), *facts) if dependent else facts,
            header=(header,),
            body=tuple(body),
            statistics=tuple(statistics),
            notes=(f"The sup-t limits cover the effects of all periods at once ({self._draws_in_words}).",),
        )

    @documented
    def plot(
        self,
        *,
        level: float | Sequence[float] | None = None,
        joint: str | None = "sup-t",
        style: str = "points",
        ax: Axes | None = None,
        figure: Figure | SubFigure | None = None,
        figsize: Sequence[float] | None = None,
        title: str | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Figure | SubFigure:
        """Draw the effects with pointwise and joint intervals (`panelvar.plot_event_study`).

        Parameters
        ----------
        level : float or sequence of float, optional
            Coverage: one level, or several, the lower drawn the thicker; that of the study by default.
        {joint (event study), style (event study), ax, figure, figsize, title, labels (event study)}

        Returns
        -------
        Figure
        """
        from panelvar.reporting.plots_of_panels.event_study import plot_event_study

        return plot_event_study(
            self,
            level=level,
            joint=joint,
            style=style,
            ax=ax,
            figure=figure,
            figsize=figsize,
            title=title,
            labels=labels,
        )

    __repr__ = Presented.__str__


@documented
def event_study(
    self: Inference,
    term: str | re.Pattern[str] | Mapping[Any, str] | None = None,
    *,
    reference: object = None,
    event: object = None,
    level: float = 0.95,
    draws: int = 10_000,
    seed: int | np.random.Generator = 0,
) -> EventStudy:
    r"""Put the coefficients of a term in time: effects by period about an event, with pointwise and joint limits.

    Parameters
    ----------
    term : str, pattern, or mapping of periods to coefficients, optional
        The term whose columns are periods, ``"i(since, treated, ref=-1)"``; a pattern such as ``"*:treated"``; or,
        for indicators of your own, ``{-2: "lead2", 0: "event", 1: "lag1"}``. By default the one term of ``i()`` or
        ``C()`` whose levels are periods and which says with ``ref=`` what was left out.
    reference : label or sequence of labels, optional
        The period or periods left out. By default what ``ref=`` of the term says. A reference far outside the
        others (the code of those never treated) is not shown.
    event : label, optional
        First period of treatment. By default 0 where periods run from negative numbers to 0 or beyond, else the
        period after the last reference.
    level : float
        Coverage of the limits.
    {draws (sup-t), seed (sup-t)}

    Returns
    -------
    EventStudy
        Prints as a table; ``plot()`` draws it.

    Raises
    ------
    SpecificationError
        If you name no term and several have periods, or none has; if a term fits no coefficient; or if names do not
        say their period, or which period was left out.

    Notes
    -----
    The sup-t band covers the effects of all periods at once with probability ``level`` (see `conf_int`). It
    therefore rejects whole paths, which pointwise limits do not (Freyaldenhoven, Hansen, Perez Perez and Shapiro
    2021, NBER working paper 29170). ``leads_test`` tests the periods before the event jointly.

    Examples
    --------
    >>> import panelvar as pv
    >>> counties = pv.load_data("minimum_wage").query("first_treat in (0, 2006)")
    >>> fit = pv.fit_fixed_effects(counties, "lemp ~ i(year, treat, ref=2005)", effects="twoway")
    >>> fit.event_study(event=2006).estimates.round(3).tolist()
    [-0.004, 0.003, 0.0, -0.005, -0.041]
    """
    level, draws, seed = check_level(level), read_whole("draws", draws, 2, MOST_DRAWS), read_seed(seed)
    if term is None:
        term = _term_of_periods(self.names, reference)
    if isinstance(term, Mapping):
        if not term:
            raise SpecificationError("term is an empty mapping: expected a coefficient for each period.")
        written = ", ".join(map(str, term.values()))
        levels = [_label("term, the period", period) for period in term]
        names = [_one_name(period, name, self.names) for period, name in term.items()]
        if twice := repeated(names):
            raise SpecificationError(f"term gives two periods the same coefficient: {listed(list(map(repr, twice)))}.")
    else:
        refuse_other("term", term, (str, re.Pattern), "a term, a pattern, or a mapping of periods to coefficients")
        written = term if isinstance(term, str) else term.pattern
        names = chosen_names("term", term, self.names)
        levels = [_level_of(name) for name in names]
    known = {_key(each): each for each in levels}
    if len(known) < len(levels):
        raise SpecificationError(
            f"{shown(written)} fits several coefficients of one period: {', '.join(map(repr, names[:6]))}. Name one "
            "term, or give a mapping of periods to coefficients."
        )
    left_out = _named_references(names) if reference is None else _several(reference)
    if reference is None and not left_out:
        raise SpecificationError(
            f"{names[0]!r} does not say which period was left out. Give reference=, such as reference=-1, or "
            "reference=() if none was."
        )
    # Each reference counts once, however it is written.
    left_out = list({_key(each): each for each in left_out}.values())
    if both := [each for each in left_out if _key(each) in known]:
        raise SpecificationError(f"reference={both[0]} has a coefficient in {shown(written)}, so it was not left out.")
    first = [] if event is None else [_label("event", event)]
    if _are_periods(levels):
        # A text among numbers or dates is the name of those never treated, not a period.
        left_out = [each for each in left_out if _are_periods([*levels, each])]
        if not _are_periods([*levels, *first]):
            what = "dates" if _numbers(levels) is None else "numbers"
            raise SpecificationError(
                f"event={shown(event)} is not a period here: the periods are {what}, such as {levels[0]}."
            )
    labels = [*levels, *left_out, *first]
    positions, periods = _in_time(labels)
    n, end = len(levels), len(levels) + len(left_out)
    own = np.sort(positions[:n])
    apart = float(np.diff(own).max(initial=0.0)) or 1.0
    # A reference far outside is the code of those never treated, not a period.
    near = (positions[:end] >= own[0] - apart) & (positions[:end] <= own[-1] + apart)
    order = np.flatnonzero(near)[np.argsort(positions[:end][near], kind="stable")]
    at, references = positions[order], order >= n
    if event is not None:
        before = at < positions[end]
    elif (relative := _numbers([labels[place] for place in order])) is not None and relative[0] < 0.0 <= relative[-1]:
        before = relative < 0.0
    elif references.any():
        before = at <= at[references].max()
    else:
        raise SpecificationError(
            f"The periods do not say when the event is. Give event=, its first period, such as {labels[order[-1]]}."
        )
    chosen = tuple("" if place >= n else names[place] for place in order)
    return EventStudy(self, written, chosen, periods.take(order), references, before, level, draws, seed)


def _term_of_periods(names: Sequence[str], reference: object) -> str:
    """Return the one term whose columns are periods and that says which period was left out."""
    terms: dict[str, list[str]] = {}
    for name in names:
        factors = [level_of(factor) for factor in factors_of(name)]
        term = ":".join(term for term, _ in factors)
        if sum(bool(level) for _, level in factors) == 1 and _FACTOR.search(term):
            terms.setdefault(term, []).append(name)
    found = [
        term
        for term, own in terms.items()
        if (reference is not None or _named_references(own)) and _are_periods([_level_of(name) for name in own])
    ]
    if len(found) == 1:
        return found[0]
    if found:
        which = f"several terms have a column for each period: {listed(list(map(repr, found)), 12)}."
    else:
        which = (
            "no term has a column for each period and says with ref= which period was left out, as "
            f"i(since, treated, ref=-1) does. The coefficients are {listed(list(map(repr, names)), 12)}."
        )
    raise SpecificationError(f"An event study needs term=: {which}")


def _are_periods(levels: Sequence[str]) -> bool:
    if _numbers(levels) is not None:
        return True
    with warnings.catch_warnings():
        # It warns of texts that are not dates, which are not periods either.
        warnings.simplefilter("ignore", PanelVarWarning)
        _, calendar = read_times(np.array(levels, dtype=object))
    return isinstance(calendar.rule, (IntegerLabels, DateLabels))


def _level_of(name: str) -> str:
    found = levels_of(name)
    if len(found) != 1:
        what = "has no level in brackets" if not found else "has several levels in brackets"
        raise SpecificationError(
            f"{name!r} {what}, so its period is not known. Give a mapping of periods to coefficients, such as "
            "{-2: 'lead2', 0: 'event', 1: 'lag1'}."
        )
    return found[0]


def _one_name(period: object, name: object, known: Sequence[str]) -> str:
    refuse_other(f"term[{shown(period)}]", name, str, "the name of a coefficient")
    found = chosen_names(f"term[{shown(period)}]", str(name), known)
    if len(found) > 1:
        raise SpecificationError(f"term[{shown(period)}]={shown(name)} fits {len(found)} coefficients; name one.")
    return found[0]


def _several(reference: object) -> list[str]:
    if isinstance(reference, (str, bytes)) or not hasattr(reference, "__iter__"):
        return [_label("reference", reference)]
    return [_label("reference", each) for each in read_labels("reference", reference, "one period or several")]


def _label(option: str, value: object) -> str:
    """Write a period as the names of coefficients do."""
    if not (
        isinstance(value, str) or is_number(value) or hasattr(value, "strftime") or isinstance(value, np.datetime64)
    ):
        raise SpecificationError(f"{option}={shown(value)} is not a period: expected a number, a text or a date.")
    return as_text(value)


def _named_references(names: Sequence[str]) -> list[str]:
    """Return the references that a factor names, as ``i(year, ref=2000)`` or ``C(since, ref=[-1, 5])`` do."""
    written = re.sub(r"`[^`]*`", "name", names[0])
    for piece in _FACTOR.findall(written):
        tree = syntax_tree(piece, piece)
        for keyword in tree.keywords if isinstance(tree, ast.Call) else ():
            if keyword.arg == "ref":
                value = ast.literal_eval(keyword.value)
                return [as_text(each) for each in (value if isinstance(value, (list, tuple)) else [value])]
    return []


def _key(text: str) -> object:
    """Return what a label is compared by: for a number, its value."""
    value = as_number(text)
    return text if value is None else value


def _numbers(texts: Sequence[str]) -> Array | None:
    """Return the texts as numbers, or None unless all of them are numbers."""
    values = [as_number(text) for text in texts]
    return None if None in values else np.array(values, dtype=np.float64)


def _in_time(labels: list[str]) -> tuple[Array, pd.Index]:
    """Return the positions of labels in time, and the labels by their kind: whole numbers, numbers, or texts."""
    import pandas as pd

    values = _numbers(labels)
    if values is not None and ((values != np.floor(values)) | (np.abs(values) > LARGEST_WHOLE)).any():
        return values, pd.Index(values)
    given = np.array(labels, dtype=object) if values is None else values.astype(np.int64)
    positions, _ = read_times(given)
    return positions.astype(np.float64), pd.Index(given)
