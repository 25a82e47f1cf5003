"""Which columns are exogenous regressors, instruments and endogenous regressors, from lists or from a formula."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from numpy.typing import NDArray

from panelvar.core.base.arguments import DROP_OR_RAISE, numbered, read_names
from panelvar.core.base.arrays import Mask
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import SpecificationError, choose
from panelvar.data.formulas.design import (
    Design,
    complete,
    dated_panel,
    make_design,
    makes_designs,
    name_weights,
    read_weights,
    without_weight,
)
from panelvar.data.formulas.formula_parts import advising_backticks, characters, closed, has_bracket, split_formula
from panelvar.data.panel.panel import Panel
from panelvar.data.panel.plain_rows import rows_of
from panelvar.kernels.linear.columns import Column
from panelvar.kernels.linear.k_class import Layout

if TYPE_CHECKING:
    from panelvar.data.formulas.categories import HasLevels
    from panelvar.data.formulas.formula import FormulaColumns

Names = Sequence[str] | str | None


class InstrumentedColumns(NamedTuple):
    """Columns of one model by part, the formula of its regressors, and all formulas that its columns are of."""

    dependent: str
    outcome: Column
    parts: tuple[dict[str, Column], ...]
    constant: bool | None
    formula: str | None
    written: tuple[str, ...] = ()

    @property
    def layout(self) -> Layout:
        """How many exogenous regressors, instruments and endogenous regressors there are."""
        exogenous, excluded, explained = self.parts
        _count(list(excluded), list(explained))
        return Layout(len(exogenous), len(excluded), len(explained))

    @property
    def of_model(self) -> FormulaColumns:
        """The same without the parts: regressors and instruments in the order of the design."""
        from panelvar.data.formulas.formula import FormulaColumns

        names = tuple(name for part in self.parts for name in part)
        columns = tuple(column for part in self.parts for column in part.values())
        return FormulaColumns(self.dependent, self.outcome, names, columns, self.constant is not False)


def build_instrumented(
    data: object,
    y: str,
    x: Names,
    endogenous: Names,
    instruments: Names,
    *,
    constant: bool | None,
    weights: str | NDArray[Any] | None,
    missing: str,
    plain: bool = False,
) -> tuple[Design, Layout]:
    """Collect the rows of a model with instruments; ``plain`` ones too, where it needs neither entities nor periods.

    Returns
    -------
    Design
        Its regressors are the exogenous ones, the excluded instruments, and the endogenous ones, in this order. Rows
        are complete in all of them. ``formula`` is that of the regressors.
    Layout
        How many there are of each.

    Raises
    ------
    SpecificationError
        If a column has two roles, there is no endogenous regressor, there are fewer instruments than endogenous
        regressors, or a formula cannot be read.
    DataError, InsufficientDataError
        As `panelvar.data.formulas.design.build_design`.
    """
    written = isinstance(y, str) and "~" in y
    if written and any(names is not None for names in (x, endogenous, instruments)):
        raise SpecificationError(
            "Give a formula with its instruments, 'y ~ x1 + [p ~ z1 + z2]', or lists of columns, but not both."
        )
    if makes_designs(data):
        if written:
            rows, layout = data.instrumented_design_of(y, constant=constant, weights=weights, missing=missing)
            return cast(Design, rows), layout
        lists = _named(y, x, endogenous, instruments)
        _count(list(lists[1]), list(lists[2]))
        everything = tuple(name for part in lists for name in part)
        rows = data.design_of(y, everything, constant=constant, weights=weights, missing=missing)
        return cast(Design, rows), Layout(*map(len, lists))
    choose("missing", missing, DROP_OR_RAISE)
    panel = rows_of(data) if plain else dated_panel(data)
    if not isinstance(y, str):
        raise SpecificationError(f"y must be a column name or a formula; got {type(y).__name__}.{numbered(y)}")
    weight = read_weights(panel, weights)
    if written:
        columns = from_formula(y, panel, left_out=without_weight(weight))
    else:
        lists = _named(y, x, endogenous, instruments)
        parts = tuple({name: panel.stored_column(name) for name in names} for names in lists)
        columns = InstrumentedColumns(y, panel.stored_column(y), parts, None, None)
    layout, model = columns.layout, columns.of_model
    constant = model.constant if constant is None else constant
    by = name_weights(weights)
    design = make_design(panel, model.y_name, model.x_names, model.y, model.x, constant, weight, columns.formula, by)
    return complete(design.with_columns(design.columns, written=columns.written), missing), layout


def _count(instruments: list[str], endogenous: list[str]) -> None:
    if not endogenous:
        raise SpecificationError(
            "No endogenous regressor is named. Name them and their instruments, as in endogenous=['p'], "
            "instruments=['z']. If there is none, use the estimator of the same name without instruments."
        )
    if len(instruments) < len(endogenous):
        raise SpecificationError(
            "The model needs as many instruments that are not regressors as it has endogenous regressors, or more. You "
            f"gave {count_of(len(endogenous), 'endogenous regressor')} ({', '.join(endogenous)}) and "
            f"{count_of(len(instruments), 'such instrument')} ({', '.join(instruments) or 'none'})."
        )


def _named(y: str, x: Names, endogenous: Names, instruments: Names) -> list[tuple[str, ...]]:
    """Return the names of exogenous regressors, instruments and endogenous regressors, each in one part alone."""
    lists = [
        read_names(what, names) for what, names in (("x", x), ("instruments", instruments), ("endogenous", endogenous))
    ]
    words = ("an exogenous regressor", "an instrument", "an endogenous regressor")
    part: dict[str, str] = {y: "the dependent variable"}
    for names, word in zip(lists, words, strict=True):
        for name in names:
            if name in part:
                twice = f"is {word} twice" if part[name] == word else f"is both {part[name]} and {word}"
                hint = ""
                if {part[name], word} == {words[0], words[1]}:
                    hint = " Exogenous regressors are their own instruments: name the other instruments only."
                raise SpecificationError(f"{name!r} {twice}.{hint}")
            part[name] = word
    return lists


def from_formula(
    formula: str, panel: Panel, like: HasLevels | None = None, left_out: Mask | None = None
) -> InstrumentedColumns:
    """Read ``y ~ x1 + [p ~ z1 + z2]``, ``y ~ x1 | p ~ z1 + z2``, or ``y ~ x1 + p | x1 + z1 + z2``."""
    with advising_backticks(formula, (*panel.names, panel.entity_name, panel.time_name)):
        return _from_formula(formula, panel, like, left_out)


def _from_formula(formula: str, panel: Panel, like: HasLevels | None, left_out: Mask | None) -> InstrumentedColumns:
    from panelvar.data.formulas.factors import Factors
    from panelvar.data.formulas.formula import absent_rows, parse

    factors = Factors(panel, like)
    left, exogenous, excluded, explained = _texts(formula, panel)
    texts = tuple(f"{left} ~ {exogenous} + {text}" for text in (excluded, explained))
    # Levels are those of the rows that miss nothing in any part.
    left_out = absent_rows(texts, factors, left_out)
    base = parse(f"{left} ~ {exogenous}", panel, factors, left_out)
    first = dict(zip(base.x_names, base.x, strict=True))
    parts = [first]
    for text in texts:
        more = parse(text, panel, factors, left_out)
        parts.append({name: column for name, column in zip(more.x_names, more.x, strict=True) if name not in first})
    return InstrumentedColumns(base.y_name, base.y, tuple(parts), base.constant, texts[1], texts)


def formulas_of(formula: str, panel: Panel) -> tuple[str, ...]:
    """Return formulas without instruments that have, together, all variables of one, with or without instruments."""
    split = split_formula(formula)
    if split.effects is None and split.instruments is None and not has_bracket(split.model):
        return (formula,)
    left, exogenous, excluded, explained = _texts(formula, panel)
    return tuple(f"{left} ~ {exogenous} + {text}" for text in (excluded, explained))


def _texts(formula: str, panel: Panel) -> tuple[str, str, str, str]:
    """Return the dependent variable, exogenous regressors, instruments and endogenous regressors of a formula."""
    from panelvar.data.formulas.formula import written_terms

    split = split_formula(formula)
    left, _, right = split.model.partition("~")
    outside, inside = _brackets(right, formula)
    if split.effects is not None and (inside is not None or split.instruments is not None):
        raise SpecificationError(
            f"{split.effects!r} after the bar are effects, and this function takes none. fit_iv_fixed_effects "
            "absorbs them."
        )
    if split.instruments is not None:
        if inside is not None:
            raise SpecificationError(f"{formula!r} has instruments in brackets and after a bar. Give them once.")
        (explained, excluded), exogenous = split.instruments, outside.strip() or "1"
    elif inside is not None:
        explained, _, excluded = inside.partition("~")
        exogenous = outside or "1"
    else:
        exogenous, explained, excluded = _bars(left, right, split.effects, formula)
        _refuse_effects(set(written_terms(f"{left} ~ 0 + {excluded or 1}")), panel, formula)
    texts = {"endogenous regressors": explained, "instruments": excluded}
    for what, text in texts.items():
        if not text.strip():
            raise SpecificationError(f"{formula!r} names no {what}. Write a formula such as 'y ~ x1 + [p ~ z1 + z2]'.")
    terms = {what: set(written_terms(f"{left} ~ 0 + {text}")) for what, text in texts.items()}
    own = set(written_terms(f"{left} ~ {exogenous}")) - {"1"}
    for what, other, both in (
        ("an exogenous regressor", "an instrument", own & terms["instruments"]),
        ("an exogenous regressor", "an endogenous regressor", own & terms["endogenous regressors"]),
        ("an endogenous regressor", "an instrument", terms["endogenous regressors"] & terms["instruments"]),
    ):
        if both:
            raise SpecificationError(f"{sorted(both)[0]!r} is both {what} and {other} in {formula!r}.")
    return left, exogenous, excluded, explained


def _refuse_effects(instruments: set[str], panel: Panel, formula: str) -> None:
    """Refuse an entity or period as an instrument: after a single bar they are meant as effects."""
    dimensions = {panel.entity_name, panel.time_name, "entity", "time", "twoway"}
    meant = sorted(instruments & {str(name) for name in dimensions if name is not None})
    if meant:
        raise SpecificationError(
            f"{formula!r} names no instruments, because {meant[0]!r} after a bar is an effect. Write 'y ~ x | firm "
            "+ year | p ~ z' in fit_iv_fixed_effects, or leave out the instruments and use fit_fixed_effects."
        )


def _brackets(right: str, formula: str) -> tuple[str, str | None]:
    """Split the right side of a formula into what is outside and what is inside its brackets."""
    tildes = [brackets for _, character, brackets in characters(right) if character == "~"]
    opened = [
        at
        for at, character, brackets in characters(right)
        if character == "[" and not brackets and not re.search(r"[\w.`)\]]$", right[:at])
    ]
    if not opened and not tildes:
        return right, None
    if len(opened) != 1 or tildes != ["["]:
        raise SpecificationError(
            f"{formula!r} cannot be read. Write all endogenous regressors and instruments in one pair of brackets, "
            "'y ~ x1 + [p1 + p2 ~ z1 + z2]'."
        )
    start, end = opened[0], closed(right, opened[0])
    before, after = right[:start].rstrip(), right[end:].lstrip()
    if before and not before.endswith("+"):
        raise SpecificationError(f"The '[' in {formula!r} must follow a plus sign.")
    outside = " ".join(part for part in (before.rstrip("+").rstrip(), after if before else after.lstrip("+")) if part)
    return outside, right[start + 1 : end - 1]


def _bars(left: str, right: str, after: str | None, formula: str) -> tuple[str, str, str]:
    """Split ``x1 + p | x1 + z`` (AER, plm) into exogenous, endogenous and excluded terms."""
    from panelvar.data.formulas.formula import written_terms

    if after is None:
        raise SpecificationError(
            f"{formula!r} has no instruments that can be read. Write 'y ~ x1 + [p ~ z1 + z2]' or 'y ~ x1 | p ~ z1 + "
            "z2'. You can also put all exogenous variables after one bar, 'y ~ x1 + p | x1 + z1 + z2'."
        )
    regressors = right.strip()
    exogenous = re.sub(r"(?<![\w.)`])\.(?![\w.(])", regressors, after)
    first, second = written_terms(f"{left} ~ {regressors}"), written_terms(f"{left} ~ {exogenous}")
    own = [term for term in first if term in second]
    if ("1" in first) != ("1" in second):
        raise SpecificationError(
            f"The constant stands on one side of '|' only in {formula!r}. Put it on both sides or on neither."
        )
    lead = own if "1" in first else ["0", *own]
    return (
        " + ".join(lead) or "1",
        " + ".join(term for term in first if term not in second),
        " + ".join(term for term in second if term not in first),
    )
