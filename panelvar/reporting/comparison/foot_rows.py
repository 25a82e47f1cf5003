"""What stands under the coefficients of a table of results: counts, measures of fit, tests, how errors were made."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from panelvar.core.base.arguments import is_number, is_whole, read_names, refuse_other
from panelvar.core.base.chosen_names import column_of_levels
from panelvar.core.base.counting import grouped
from panelvar.core.base.errors import (
    CollinearityError,
    InsufficientDataError,
    MissingInformationError,
    NumericalError,
    PanelVarError,
    SpecificationError,
    choose,
)
from panelvar.core.base.quoting import shown
from panelvar.core.faces.layout import Cell, Row, count, number, probability, words
from panelvar.core.faces.mathematics import joined
from panelvar.core.tables.test_result import TestResult
from panelvar.estimates.coefficients.printed_names import PrintedNames
from panelvar.estimates.coefficients.result_column import ResultColumn

Own = Callable[[Any], Any] | Sequence[Any]
Missing = list[tuple[ResultColumn, str]]

_NOT_COMPUTED = (MissingInformationError, NumericalError, InsufficientDataError, CollinearityError)
"""Why a result may have no value for a statistic that its kind has."""


def _joint_test(column: ResultColumn, distribution: str) -> TestResult | None:
    """Return the joint test of results whose test has that distribution."""
    test: TestResult | None = column.statistic("f_statistic")
    return test if test is not None and test.distribution == distribution else None


def _joint(distribution: str, what: str) -> Callable[[ResultColumn], float | None]:
    return lambda column: getattr(_joint_test(column, distribution), what, None)


def _null(distribution: str) -> Callable[[ResultColumn], str | None]:
    """Say in words which coefficients the joint test of that distribution tests."""

    def value(column: ResultColumn) -> str | None:
        test = _joint_test(column, distribution)
        return None if test is None else test.null.removeprefix("all ").removesuffix(" are zero")

    return value


def _theta(column: ResultColumn) -> float | None:
    components = column.statistic("variance_components")
    return None if components is None or components.theta is None else float(np.mean(components.theta))


def _weakest(column: ResultColumn) -> float | None:
    """Smallest first-stage F given the other endogenous regressors, of a result with instruments."""
    stages = column.statistic("first_stage")
    return None if stages is None else float(stages["conditional_f"].min())


def _kind_of_rsquared(column: ResultColumn) -> str | None:
    label = column.statistic("rsquared_label")
    return (label.replace("R2", "").strip().lower() or "plain") if label else None


def _of_moments(test: str, what: str) -> Callable[[ResultColumn], float | None]:
    """Read a test of the moments of a dynamic panel, by the name that its result has for it.

    Raises
    ------
    NumericalError
        The test has no statistic; the message is its own note.
    """

    def value(column: ResultColumn) -> float | None:
        found: TestResult | None = column.statistic(test)
        if found is not None and not found.statistic == found.statistic and found.notes:
            raise NumericalError(found.notes[0].text)
        return getattr(found, what, None)

    return value


def _of_dependent(what: Callable[[Any], float]) -> Callable[[ResultColumn], float | None]:
    """Describe the dependent variable of a regression, each row counted once."""

    def value(column: ResultColumn) -> float | None:
        values = column.statistic("dependent_values")
        return None if values is None else float(what(values))

    return value


def in_text(text: str, mark: str, known: Collection[str], names: PrintedNames) -> str:
    """Put printed names in the place of the names that stand behind a mark in a text."""
    before, found, after = text.partition(mark)
    if not found or not known:
        return text
    # The longest first, as one name may hold another.
    either = "|".join(re.escape(name) for name in sorted(known, key=len, reverse=True))
    pieces = re.split(rf"(?<![\w`])({either})(?![\w`])", after)
    return joined("", [before + found, *(names.of(piece) if k % 2 else piece for k, piece in enumerate(pieces))])


# Label of a foot row, how it is printed, and what it shows: the name of a statistic, or what is made of the column;
# None where a result has nothing for it.
_FOOT: dict[str, tuple[str, Callable[..., Cell], str | Callable[[ResultColumn], Any]]] = {
    "dependent_mean": ("Mean of dependent", number, _of_dependent(np.mean)),
    "dependent_sd": ("SD of dependent", number, _of_dependent(lambda y: np.std(y, ddof=1))),
    "nobs": ("N", count, "nobs"),
    "entities": ("Entities", count, "n_entities"),
    "periods": ("Periods", count, "n_periods"),
    "effects": ("Effects", words, lambda column: ", ".join(column.effects) or None),
    "each_effect": ("", words, lambda column: None),
    "rsquared": ("R2", number, "rsquared"),
    "rsquared_adjusted": ("Adjusted R2", number, "rsquared_adjusted"),
    "rsquared_kind": ("Kind of R2", words, _kind_of_rsquared),
    "f": ("F", number, _joint("f", "statistic")),
    "f_pvalue": ("p of F", probability, _joint("f", "pvalue")),
    "f_kind": ("F is of", words, _null("f")),
    "chi2": ("Wald chi2", number, _joint("chi2", "statistic")),
    "chi2_pvalue": ("p of chi2", probability, _joint("chi2", "pvalue")),
    "chi2_kind": ("chi2 is of", words, _null("chi2")),
    "first_stage_f": ("First-stage F", number, _weakest),
    "overidentification_pvalue": ("p of overid. test", probability, "overidentification.pvalue"),
    "overidentification_kind": ("Test of it", words, "overidentification.name"),
    "instruments": ("Instruments", count, "n_instruments"),
    "ar1": ("AR(1): z", number, _of_moments("ar1", "statistic")),
    "ar1_pvalue": ("p of AR(1)", probability, _of_moments("ar1", "pvalue")),
    "ar2": ("AR(2): z", number, _of_moments("ar2", "statistic")),
    "ar2_pvalue": ("p of AR(2)", probability, _of_moments("ar2", "pvalue")),
    "sargan": ("Sargan: chi2", number, _of_moments("sargan", "statistic")),
    "sargan_df": ("Sargan: df", count, _of_moments("sargan", "df")),
    "sargan_pvalue": ("p of Sargan", probability, _of_moments("sargan", "pvalue")),
    "hansen": ("Hansen: chi2", number, _of_moments("hansen", "statistic")),
    "hansen_df": ("Hansen: df", count, _of_moments("hansen", "df")),
    "hansen_pvalue": ("p of Hansen", probability, _of_moments("hansen", "pvalue")),
    "difference_in_hansen": ("Diff.-in-Hansen: chi2", number, _of_moments("difference_in_hansen", "statistic")),
    "difference_in_hansen_df": ("Diff.-in-Hansen: df", count, _of_moments("difference_in_hansen", "df")),
    "difference_in_hansen_pvalue": ("p of diff.-in-Hansen", probability, _of_moments("difference_in_hansen", "pvalue")),
    "loglik": ("Log-likelihood", number, "loglik"),
    "aic": ("AIC", number, "aic"),
    "bic": ("BIC", number, "bic"),
    "rmse": ("Root MSE", number, "rmse"),
    "df_resid": ("Residual df", count, "df_resid"),
    "theta": ("Mean theta", number, _theta),
    "cov": ("Std. errors", words, lambda column: column.cov_label),
    "clusters": ("Clusters", words, lambda column: ", ".join(column.clusters) or None),
    "convention": ("Convention", words, lambda column: column.convention),
}
_KINDS = {
    "rsquared": "rsquared_kind",
    "rsquared_adjusted": "rsquared_kind",
    "f": "f_kind",
    "f_pvalue": "f_kind",
    "chi2": "chi2_kind",
    "chi2_pvalue": "chi2_kind",
    "overidentification_pvalue": "overidentification_kind",
}
"""Rows that may hold statistics of several kinds, and the row that then says which."""
_ASKED_FOR = {
    *("dependent_mean", "dependent_sd", "periods", "each_effect", "loglik", "aic", "bic", "rmse", "df_resid", "theta"),
    *("clusters", "convention", "ar1", "ar2", "sargan", "sargan_df", "sargan_pvalue", "hansen", "hansen_df"),
    *("hansen_pvalue", "difference_in_hansen", "difference_in_hansen_df", "difference_in_hansen_pvalue"),
    *_KINDS.values(),
}
FOOT = tuple(name for name in _FOOT if name not in _ASKED_FOR)
"""Foot rows of `compare` unless others are asked for."""


def read_foot(foot: Sequence[str] | Mapping[str, str]) -> dict[str, str | None]:
    """Return names of foot rows and what they are to be called; None: as here."""
    if not isinstance(foot, Mapping):
        return dict.fromkeys(choose("foot", name, _FOOT) for name in read_names("foot", foot, "rows"))
    for name, label in foot.items():
        choose("foot", name, _FOOT)
        refuse_other(f"foot={{{name!r}: ...}}", label, str, "a text")
    return dict(foot)


def read_own_rows(rows: Mapping[str, Own] | None, columns: Sequence[str]) -> dict[str, Own]:
    """Return the caller's rows.

    Raises
    ------
    SpecificationError
        If a row is neither a function nor one value for each column.
    """
    if rows is None:
        return {}
    refuse_other("rows", rows, Mapping, "a mapping of labels to values, one a column, or to functions of a result")
    for label, values in rows.items():
        refuse_other("rows, the label", label, str, "a text")
        if callable(values):
            continue
        if not isinstance(values, Sequence) or isinstance(values, str) or len(values) != len(columns):
            given = f"{len(values)} values" if isinstance(values, (list, tuple)) else shown(values)
            raise SpecificationError(
                f"rows={{{label!r}: ...}} is {given}: expected a list of {len(columns)}, one for each column "
                f"({', '.join(columns[:12])}), or a function of a result."
            )
    return dict(rows)


def own_row(label: str, values: Sequence[Any], digits: int) -> Row:
    """Print a caller's values as what they are: a count, a number, yes or no, words, nothing."""
    return Row(label, tuple(_own_cell(label, value, digits) for value in values))


def _own_cell(label: str, value: Any, digits: int) -> Cell:
    if value is None or (isinstance(value, str) and not value):
        return Cell()
    if isinstance(value, (bool, np.bool_)):
        return words("yes" if value else "no")
    if is_whole(value):
        # A year is no count: what the caller's whole numbers are is not known.
        return Cell(str(int(value)), int(value))
    if is_number(value):
        return number(float(value), digits)
    if isinstance(value, str):
        return Cell(value, str(value), align="center")
    raise SpecificationError(
        f"rows={{{label!r}: ...}} has {shown(value)}: expected numbers, texts, True, False or None (an empty cell)."
    )


def foot_rows(
    wanted: Mapping[str, str | None],
    own: Mapping[str, Own],
    models: Sequence[ResultColumn | None],
    names: PrintedNames,
    digits: int,
    missing: Missing,
    displayed: Collection[str],
) -> list[Row]:
    """Make the rows under the coefficients of some results: the caller's functions first; no row without a value.

    Of a statistic that cannot be computed the reason is added to ``missing``. Coefficients that the table shows are
    ``displayed``.
    """
    there = [model for model in models if model is not None]
    rows = [
        own_row(label, _own_values(label, value, models, missing), digits)
        for label, value in own.items()
        if callable(value)
    ]
    kinds = {label for model in there if (label := model.statistic("rsquared_label"))}
    for name in _with_kinds(list(wanted), there):
        if name == "each_effect":
            rows += _effect_rows(models, names, displayed)
            continue
        label = wanted.get(name) or (kinds.pop() if name == "rsquared" and len(kinds) == 1 else _FOOT[name][0])
        rows.append(Row(label, tuple(_foot_cell(name, label, model, names, digits, missing) for model in models)))
    return [row for row in rows if any(cell.text for cell in row.cells)]


def _own_values(
    label: str, function: Callable[[Any], Any], models: Sequence[ResultColumn | None], missing: Missing
) -> list[Any]:
    """Call a caller's function of each result; what a result does not have leaves an empty cell and its reason."""
    values: list[Any] = []
    for model in models:
        value = None
        if model is not None:
            try:
                value = function(model.result)
            except (PanelVarError, AttributeError) as error:
                missing.append((model, f"{label}: {error}"))
            except LookupError as error:
                missing.append((model, f"{label}: the result has no {error}."))
        values.append(value)
    explained = {id(model) for model, text in missing if text.startswith(f"{label}: ")}
    if all(value is None or (isinstance(value, str) and not value) for value in values):
        text = f"{label}: the function of rows= returned nothing, so this row is left out."
        missing += [(model, text) for model in models if model is not None and id(model) not in explained]
    return values


def _has_effect(model: ResultColumn, effect: str) -> bool:
    """Whether a model has effects of a dimension: absorbed, random, or a dummy of each level among the regressors."""
    if effect in model.effects:
        return True
    return any(column_of_levels(name) == effect for name in map(str, model.params.index))


def _effect_rows(models: Sequence[ResultColumn | None], names: PrintedNames, displayed: Collection[str]) -> list[Row]:
    """A row for each effect, and each column whose dummies are not in the table: which models have it."""
    there = [model for model in models if model is not None]
    hidden = [name for model in there for name in map(str, model.params.index) if name not in displayed]
    effects = dict.fromkeys(effect for model in there for effect in model.effects)
    effects |= dict.fromkeys(column for name in hidden if (column := column_of_levels(name)) is not None)
    return [
        Row(
            called if (called := names.of(effect)).endswith("effects") else called + " effects",
            tuple(
                Cell() if model is None else words("yes" if _has_effect(model, effect) else "no") for model in models
            ),
        )
        for effect in effects
    ]


def _with_kinds(foot: Sequence[str], models: Sequence[ResultColumn]) -> list[str]:
    """Add a row that says which kind a statistic is, below each row that holds several kinds."""
    several = {
        kind
        for kind in set(_KINDS.values())
        if len({value for model in models if (value := _value_of(kind, "", model, [])) is not None}) > 1
    }
    found: list[str] = []
    for name in foot:
        if name in _KINDS.values():
            if name in several and name not in found:
                found.append(name)
            continue
        found.append(name)
        kind = _KINDS.get(name)
        # Under the last of the rows it is about, unless the caller has put it somewhere.
        last = [row for row in foot if _KINDS.get(row) == kind][-1] == name
        if kind in several and last and kind not in foot:
            found.append(kind)
    return found


def _value_of(name: str, label: str, column: ResultColumn, missing: Missing) -> Any:
    try:
        shown_as = _FOOT[name][2]
        return column.statistic(shown_as) if isinstance(shown_as, str) else shown_as(column)
    except _NOT_COMPUTED as error:
        missing.append((column, f"{label}: {error}"))
        return None


def _foot_cell(
    name: str, label: str, column: ResultColumn | None, names: PrintedNames, digits: int, missing: Missing
) -> Cell:
    if column is None:
        return Cell()
    if name == "effects":
        return words(", ".join(map(names.of, column.effects)))
    write, value = _FOOT[name][1], _value_of(name, label, column, missing)
    if value is None:
        return Cell()
    if name == "clusters":
        named = {names.of(by): many for by, many in column.clusters.items()}
        text = joined(", ", [joined("", (f"{grouped(many)} (", name, ")")) for name, many in named.items()])
        return replace(words(text), value=", ".join(f"{many} ({name})" for name, many in named.items()))
    if name == "cov":
        return words(in_text(value, "by ", column.clusters, names))
    return write(value) if write in (count, words) else write(value, digits)
