"""Coefficients in the rows of a table of results: which, in what order, with what below them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from panelvar.core.base.arguments import read_names
from panelvar.core.base.chosen_names import canonical, chosen_names
from panelvar.core.base.errors import SpecificationError, choose
from panelvar.core.faces.layout import Cell, Row, number, printed, printed_interval, probability
from panelvar.core.faces.number_format import Stars, format_estimates, stars_for
from panelvar.estimates.coefficients.printed_names import PrintedNames
from panelvar.estimates.coefficients.result_column import ResultColumn

if TYPE_CHECKING:
    from panelvar.reporting.comparison.columns import Column

Chosen = str | re.Pattern[str] | Sequence[str | re.Pattern[str]]

_CONSTANT = "const"
_LONG_RUN = "long run"
BELOW = ("std_errors", "tstats", "pvalues", "conf_int", "none")
_KINDS = {"std_errors": "std. error", "pvalues": "p", "conf_int": "interval"}
_BRACKETS = {"()": "parentheses", "[]": "brackets", "{}": "braces"}


class Precision(NamedTuple):
    """A line under the estimates.

    Attributes
    ----------
    what : str
        Of `BELOW`.
    brackets : str
        About it.
    """

    what: str
    brackets: str


def read_below(below: str | Sequence[str]) -> tuple[Precision, ...]:
    """Return the lines under an estimate, each in brackets of its own.

    Raises
    ------
    SpecificationError
        If a line is not one of those offered, or is named twice.
    """
    asked = [choose("below", name, BELOW) for name in read_names("below", below, "what stands under an estimate")]
    lines = [name for name in asked if name != "none"]
    if len(set(asked)) < len(asked) or (len(asked) > 1 and "none" in asked):
        raise SpecificationError(f"below={asked!r} must name each line once, or be 'none' alone.")
    free = [brackets for brackets in _BRACKETS if brackets != "[]" or "conf_int" not in lines]
    return tuple(Precision(name, "[]" if name == "conf_int" else free.pop(0)) for name in lines)


def legend_of(lines: Sequence[Precision], columns: Sequence[Column], level: float) -> str:
    """Say what stands under the estimates."""
    said = []
    for line in lines:
        words = {
            "std_errors": "standard errors",
            "pvalues": "p-values",
            "conf_int": f"{100.0 * level:g}% confidence intervals",
        }.get(line.what, "")
        if line.what == "tstats":
            normal = [column.name for column in columns if _ratio(column.model) == "z"]
            several = 0 < len(normal) < len(columns)
            words = "z statistics" if normal and not several else "t statistics"
            words += f" (z in {', '.join(normal)})" if several else ""
        said.append(f"{words} in {_BRACKETS[line.brackets]}")
    text = ", ".join(said)
    return f"{text.replace('standard', 'Standard', 1) if text.startswith('standard') else text}." if text else ""


def _ratio(model: ResultColumn) -> str:
    """What the ratio of an estimate to its error is called."""
    return "z" if model.distribution == "normal" else "t"


class Term(NamedTuple):
    """A row of coefficients.

    Attributes
    ----------
    name : str
    section : str
        What sets it apart from coefficients of that name in other results; mostly empty.
    """

    name: str
    section: str


def terms_of(models: Sequence[ResultColumn], keep: Chosen | None, drop: Chosen, order: Chosen) -> list[Term]:
    """Return the rows: coefficients as they appear, the constant last, those of ``order`` first.

    Raises
    ------
    SpecificationError
        If no column has what is kept, dropped or ordered, or nothing is left.
    """
    found = list(dict.fromkeys(str(name) for model in models for name in model.params.index))
    if _CONSTANT in found:
        found.remove(_CONSTANT)
        found.append(_CONSTANT)
    kept = found if keep is None else chosen_names("keep", keep, found)
    left_out = chosen_names("drop", drop, found)
    first = chosen_names("order", order, found)
    names = [name for name in dict.fromkeys((*first, *found)) if name in kept and name not in left_out]
    if not names:
        raise SpecificationError(f"keep={kept!r} and drop={left_out!r} leave no coefficient.")
    terms = []
    for name in names:
        sections = {_section(model, name) for model in models if name in model.params.index}
        terms += [Term(name, section) for section in sorted(sections)] if len(sections) > 1 else [Term(name, "")]
    return terms


def in_one_spelling(models: Sequence[ResultColumn]) -> list[ResultColumn]:
    """Return the results with one name for one coefficient, ``C(year)[T.1986]`` and ``i(year)[T.1986]``: the first."""
    first: dict[str, str] = {}
    found = []
    for model in models:
        names = [str(name) for name in model.params.index]
        forms = [canonical(name) for name in names]
        # A result that has both has two coefficients.
        called = {
            name: first.setdefault(form, name) if forms.count(form) == 1 else name
            for name, form in zip(names, forms, strict=True)
        }
        found.append(model if all(name == new for name, new in called.items()) else _renamed(model, called))
    return found


def _renamed(model: ResultColumn, called: Mapping[str, str]) -> ResultColumn:
    series = {name: getattr(model, name).rename(called) for name in ("params", "std_errors", "tstats", "pvalues")}
    return replace(
        model,
        conf_int=lambda **options: model.conf_int(**options).rename(called),
        long_run=tuple(called.get(name, name) for name in model.long_run),
        **series,
    )


def _section(model: ResultColumn, name: str) -> str:
    """A long-run coefficient of an error correction is not a slope of its regression."""
    return _LONG_RUN if name in model.long_run else ""


def coefficient_rows(
    terms: Sequence[Term],
    models: Sequence[ResultColumn | None],
    lines: Sequence[Precision],
    stars: Stars,
    digits: int,
    level: float,
    names: PrintedNames,
) -> list[Row]:
    """Print the coefficients of results side by side; a row none of them has is left out."""
    split = {term.name for term in terms if term.section}
    written = [_Written.of(model, terms, lines, digits, level) if model is not None else None for model in models]
    rows = []
    for term in terms:
        having = [
            each
            if each is not None
            and term.name in each.texts
            and (term.name not in split or _section(each.model, term.name) == term.section)
            else None
            for each in written
        ]
        if not any(each is not None for each in having):
            continue
        label = names.of(term.name) + (f" ({term.section})" if term.section else "")
        cells = tuple(each.estimate(term.name, stars) if each is not None else Cell() for each in having)
        rows.append(Row(label, cells, "estimate" if lines else ""))
        for line in lines:
            kind = _KINDS.get(line.what) or " or ".join(
                sorted({_ratio(each.model) for each in having if each is not None})
            )
            below = tuple(each.precision(term.name, line, digits) if each is not None else Cell() for each in having)
            rows.append(Row(label, below, kind, continues=True))
    return rows


class _Written(NamedTuple):
    """The numbers of a result's coefficients as its column prints them: estimate, error and limits, where shown."""

    model: ResultColumn
    texts: dict[str, dict[str, str]]

    @classmethod
    def of(
        cls, model: ResultColumn, terms: Sequence[Term], lines: Sequence[Precision], digits: int, level: float
    ) -> _Written:
        names = [name for name in dict.fromkeys(term.name for term in terms) if name in model.params.index]
        numbers = {"params": model.params, "std_errors": model.std_errors}
        shown = {line.what for line in lines}
        if "conf_int" in shown:
            limits = model.conf_int(level=level)
            numbers |= {end: limits[end] for end in ("lower", "upper")}
        kept = [what for what in numbers if what != "std_errors" or what in shown]
        groups = [[float(numbers[what][name]) for what in kept] for name in names]
        texts = format_estimates(groups, [float(model.std_errors[name]) for name in names], digits)
        return cls(model, {name: dict(zip(kept, text, strict=True)) for name, text in zip(names, texts, strict=True)})

    def estimate(self, name: str, stars: Stars) -> Cell:
        value, pvalue = float(self.model.params[name]), float(self.model.pvalues[name])
        return printed(self.texts[name]["params"], value, stars=stars_for(pvalue, stars))

    def precision(self, name: str, line: Precision, digits: int) -> Cell:
        texts = self.texts[name]
        if line.what == "conf_int":
            return printed_interval(texts["lower"], texts["upper"])
        value = float(getattr(self.model, line.what)[name])
        if line.what == "std_errors":
            return printed(texts["std_errors"], value, brackets=line.brackets)
        return (probability if line.what == "pvalues" else number)(value, digits, brackets=line.brackets)
