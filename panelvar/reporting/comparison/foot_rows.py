"""What stands under the coefficients of a table of results: counts, measures of fit, tests, how errors were made."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from panelvar.core.base.arguments import is_number, is_whole, read_names, refuse_other
from panelvar.core.base.errors import SpecificationError, choose
from panelvar.core.base.quoting import shown
from panelvar.core.faces.layout import Cell, Row, count, degrees, number, probability, words
from panelvar.core.faces.mathematics import joined
from panelvar.estimates.coefficients.printed_names import PrintedNames

if TYPE_CHECKING:
    from panelvar.reporting.comparison.columns import Fitted

Own = Callable[[Any], Any] | Sequence[Any]


def _joint(distribution: str, what: str) -> Callable[[Fitted], float | None]:
    """Read the joint test of results whose test has that distribution."""

    def value(result: Fitted) -> float | None:
        test = result.f_statistic
        return None if test is None or test.distribution != distribution else getattr(test, what)

    return value


def _theta(result: Fitted) -> float | None:
    components = result.variance_components
    return None if components is None or components.theta is None else float(np.mean(components.theta))


def _weakest(result: Fitted) -> float | None:
    """Smallest first-stage F given the other endogenous regressors, of a result with instruments."""
    from panelvar.panels.instruments.result import InstrumentalResult

    return float(result.first_stage["conditional_f"].min()) if isinstance(result, InstrumentalResult) else None


def _overidentified(what: str) -> Callable[[Fitted], Any]:
    """Read the test of the instruments that there are more of than needed."""

    def value(result: Fitted) -> Any:
        from panelvar.panels.instruments.result import InstrumentalResult
        from panelvar.reporting.comparison.dynamic_column import DynamicColumn

        if not isinstance(result, (InstrumentalResult, DynamicColumn)):
            return None
        return getattr(result.overidentification, what, None)

    return value


def _null(distribution: str) -> Callable[[Fitted], str | None]:
    """Say in words which coefficients the joint test of that distribution tests."""

    def value(result: Fitted) -> str | None:
        test = result.f_statistic
        if test is None or test.distribution != distribution:
            return None
        return test.null.removeprefix("all ").removesuffix(" are zero")

    return value


def _kind_of(label: str) -> str | None:
    """Which R2 a label names; None where there is none."""
    return (label.replace("R2", "").strip().lower() or "plain") if label else None


def _of_dependent(what: Callable[[Any], float]) -> Callable[[Fitted], float | None]:
    """Describe the dependent variable of a regression, each row counted once."""

    def value(result: Fitted) -> float | None:
        from panelvar.panels.heterogeneous.averaged import AveragedResult
        from panelvar.panels.static.result import LinearResult

        if isinstance(result, LinearResult):
            return float(what(result.fit.source.y))
        return float(what(result.fit.design.y)) if isinstance(result, AveragedResult) else None

    return value


def clusters_of(result: Fitted) -> dict[str, int]:
    """How many clusters there are of what the errors are clustered by; nothing where they are not."""
    return dict(getattr(getattr(result, "covariance", None), "clusters", ()))


def in_text(text: str, mark: str, known: Collection[str], names: PrintedNames) -> str:
    """Put printed names in the place of the names that stand behind a mark in a text."""
    before, found, after = text.partition(mark)
    if not found or not known:
        return text
    # The longest first, as one name may hold another.
    either = "|".join(re.escape(name) for name in sorted(known, key=len, reverse=True))
    pieces = re.split(rf"(?<![\w`])({either})(?![\w`])", after)
    return joined("", [before + found, *(names.of(piece) if k % 2 else piece for k, piece in enumerate(pieces))])


def _measure(name: str) -> Callable[[Fitted], float | None]:
    """Read a measure that some results have."""
    return lambda result: getattr(result, name, None)


# Label of a foot row, how it is printed, and what it shows: None where a result has nothing for it.
_FOOT: dict[str, tuple[str, Callable[..., Cell], Callable[[Fitted], Any]]] = {
    "dependent_mean": ("Mean of dependent", number, _of_dependent(np.mean)),
    "dependent_sd": ("SD of dependent", number, _of_dependent(lambda y: np.std(y, ddof=1))),
    "nobs": ("N", count, lambda result: result.nobs),
    "entities": ("Entities", count, lambda result: result.n_entities),
    "periods": ("Periods", count, lambda result: result.n_periods),
    "effects": ("Effects", words, lambda result: ", ".join(result.effects) if result.effects else None),
    "each_effect": ("", words, lambda result: None),
    "rsquared": ("R2", number, lambda result: result.rsquared),
    "rsquared_adjusted": ("Adjusted R2", number, lambda result: result.rsquared_adjusted),
    "rsquared_kind": (
        "Kind of R2",
        words,
        lambda result: _kind_of(result.rsquared_label),
    ),
    "f": ("F", number, _joint("f", "statistic")),
    "f_pvalue": ("p of F", probability, _joint("f", "pvalue")),
    "f_kind": ("F is of", words, _null("f")),
    "chi2": ("Wald chi2", number, _joint("chi2", "statistic")),
    "chi2_pvalue": ("p of chi2", probability, _joint("chi2", "pvalue")),
    "chi2_kind": ("chi2 is of", words, _null("chi2")),
    "first_stage_f": ("First-stage F", number, _weakest),
    "overidentification_pvalue": ("p of overid. test", probability, _overidentified("pvalue")),
    "overidentification_kind": ("Test of it", words, _overidentified("name")),
    "loglik": ("Log-likelihood", number, _measure("loglik")),
    "aic": ("AIC", number, _measure("aic")),
    "bic": ("BIC", number, _measure("bic")),
    "rmse": ("Root MSE", number, lambda result: result.rmse),
    "df_resid": ("Residual df", degrees, lambda result: result.df_resid),
    "theta": ("Mean theta", number, _theta),
    "cov": ("Std. errors", words, lambda result: result.cov_label),
    "clusters": ("Clusters", words, lambda result: ", ".join(clusters_of(result)) or None),
    "convention": ("Convention", words, lambda result: result.convention.name),
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
    *("clusters", "convention", *_KINDS.values()),
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
        return count(int(value))
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
    models: Sequence[Fitted | None],
    names: PrintedNames,
    digits: int,
) -> list[Row]:
    """Make the rows under the coefficients of some results: the caller's functions first; no row without a value."""
    there = [model for model in models if model is not None]
    rows = [
        own_row(label, [None if model is None else value(model) for model in models], digits)
        for label, value in own.items()
        if callable(value)
    ]
    kinds = {model.rsquared_label for model in there if model.rsquared_label}
    for name in _with_kinds(list(wanted), there):
        if name == "each_effect":
            rows += _effect_rows(models, names)
            continue
        label = wanted.get(name) or (kinds.pop() if name == "rsquared" and len(kinds) == 1 else _FOOT[name][0])
        rows.append(Row(label, tuple(_foot_cell(name, model, names, digits) for model in models)))
    return [row for row in rows if any(cell.text for cell in row.cells)]


def _effect_rows(models: Sequence[Fitted | None], names: PrintedNames) -> list[Row]:
    """A row for each effect: which models have it."""
    effects = dict.fromkeys(effect for model in models if model is not None for effect in model.effects)
    return [
        Row(
            called if (called := names.of(effect)).endswith("effects") else called + " effects",
            tuple(Cell() if model is None else words("yes" if effect in model.effects else "no") for model in models),
        )
        for effect in effects
    ]


def _with_kinds(foot: Sequence[str], models: Sequence[Fitted]) -> list[str]:
    """Add a row that says which kind a statistic is, below each row that holds several kinds."""
    several = {
        kind
        for kind in set(_KINDS.values())
        if len({value for model in models if (value := _FOOT[kind][2](model)) is not None}) > 1
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


def _foot_cell(name: str, result: Fitted | None, names: PrintedNames, digits: int) -> Cell:
    if result is None:
        return Cell()
    if name == "effects":
        return words(", ".join(map(names.of, result.effects)))
    _, write, value_of = _FOOT[name]
    value = value_of(result)
    if value is None:
        return Cell()
    clusters = clusters_of(result)
    if name == "clusters":
        return words(joined(", ", [joined("", (f"{count} (", names.of(by), ")")) for by, count in clusters.items()]))
    if name == "cov":
        return words(in_text(value, "by ", clusters, names))
    return write(value) if write in (count, degrees, words) else write(value, digits)
