"""Several results side by side, as journals print them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from panelvar.base.arguments import read_names, refuse_other
from panelvar.base.errors import SpecificationError, check_level, choose
from panelvar.base.unknown_arguments import answering
from panelvar.tables.layout import Cell, Fact, Row, count, degrees, interval, number, probability, words
from panelvar.tables.number_format import check_digits, check_stars, star_legend, stars_for
from panelvar.tables.table import Table

if TYPE_CHECKING:
    from panelvar.bias_corrected.corrected_result import CorrectedResult
    from panelvar.comparison.dynamic_column import DynamicColumn
    from panelvar.dynamic_panels.dynamic_result import DynamicPanelResult
    from panelvar.heterogeneous.averaged import AveragedResult
    from panelvar.panel_var_models.result import PanelVarResult
    from panelvar.panel_var_models.side_by_side import StackedColumn
    from panelvar.static_panels.result import LinearResult

    Fitted: TypeAlias = LinearResult | AveragedResult | DynamicColumn | StackedColumn
    Given: TypeAlias = LinearResult | AveragedResult | DynamicPanelResult | CorrectedResult | PanelVarResult

_CONSTANT = "const"
_BELOW = {
    "std_errors": ("std. error", "Standard errors in parentheses."),
    "tstats": ("t", "t statistics in parentheses."),
    "pvalues": ("p", "p-values in parentheses."),
    "conf_int": ("interval", "{level:g}% confidence intervals in brackets."),
    "none": ("", ""),
}


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
    from panelvar.instruments.result import InstrumentalResult

    return float(result.first_stage["conditional_f"].min()) if isinstance(result, InstrumentalResult) else None


def _overidentified(what: str) -> Callable[[Fitted], Any]:
    """Read the test of the instruments that there are more of than needed."""

    def value(result: Fitted) -> Any:
        from panelvar.comparison.dynamic_column import DynamicColumn
        from panelvar.instruments.result import InstrumentalResult

        if not isinstance(result, (InstrumentalResult, DynamicColumn)):
            return None
        return getattr(result.overidentification, what, None)

    return value


def _null(distribution: str) -> Callable[[Fitted], str | None]:
    """Which coefficients the joint test of that distribution is of, in words."""

    def value(result: Fitted) -> str | None:
        test = result.f_statistic
        if test is None or test.distribution != distribution:
            return None
        return test.null.removeprefix("all ").removesuffix(" are zero")

    return value


def _kind_of(label: str) -> str | None:
    """Which R2 a label names; None where there is none."""
    return (label.replace("R2", "").strip().lower() or "plain") if label else None


# Label of a foot row, how it is printed, and what it shows: None where a result has nothing for it.
_FOOT: dict[str, tuple[str, Callable[..., Cell], Callable[[Fitted], Any]]] = {
    "nobs": ("N", count, lambda result: result.nobs),
    "entities": ("Entities", count, lambda result: result.n_entities),
    "periods": ("Periods", count, lambda result: result.n_periods),
    "effects": ("Effects", words, lambda result: ", ".join(result.effects) if result.effects else None),
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
    "rmse": ("Root MSE", number, lambda result: result.rmse),
    "df_resid": ("Residual df", degrees, lambda result: result.df_resid),
    "theta": ("Mean theta", number, _theta),
    "cov": ("Std. errors", words, lambda result: result.cov_label),
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
FOOT = tuple(
    name for name in _FOOT if name not in {"periods", "rmse", "df_resid", "theta", "convention", *_KINDS.values()}
)
"""Foot rows of `compare` unless others are asked for."""
DEFAULT_STARS = (0.1, 0.05, 0.01)


@answering
def compare(
    results: Given | Mapping[str, Given] | Sequence[Given],
    *more: Given,
    below: str = "std_errors",
    stars: Sequence[float] | bool = DEFAULT_STARS,
    digits: int = 4,
    level: float = 0.95,
    keep: Sequence[str] | None = None,
    order: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
    foot: Sequence[str] = FOOT,
    title: str = "",
) -> Table:
    """Put estimates side by side, each with its precision below.

    Parameters
    ----------
    results : mapping of label to result, or sequence of results, or one
        One column each, in the order given; without labels they are (1), (2), ... Results of single equations:
        LinearResult, HeterogeneousResult, ErrorCorrectionResult, CointegratingResult,
        DynamicPanelResult, CorrectedResult; or a PanelVarResult, its equations one below another, coefficients named
        ``"[equation]regressor"``.
    *more : results
        Further columns, as in ``compare(pooled, fixed, random)``.
    below : {"std_errors", "tstats", "pvalues", "conf_int", "none"}
        What stands under each estimate.
    stars : sequence of float, or False
        Significance levels: an estimate gets one star for each that its p-value is below. False or ``()`` for none.
    digits : int
        Decimals.
    level : float
        Level of the intervals of ``below="conf_int"``.
    keep : sequence of str, optional
        Coefficients to show; all by default.
    order : sequence of str
        Coefficients to show first, in this order. The others follow as they appear, the constant last.
    labels : mapping of str to str, optional
        Printed names of coefficients and dependent variables.
    foot : sequence of str
        Rows under the coefficients, of: ``nobs``, ``entities``, ``periods``, ``effects``, ``rsquared``,
        ``rsquared_adjusted``, ``rsquared_kind``, ``f``, ``f_pvalue``, ``f_kind``, ``chi2``, ``chi2_pvalue``,
        ``chi2_kind``, ``first_stage_f`` (the smallest conditional one), ``overidentification_pvalue``,
        ``overidentification_kind``, ``rmse``, ``df_resid``, ``theta``, ``cov``, ``convention``. A row no result has
        anything for is left out. Where a row holds statistics of several kinds (a plain and a within R2, F's of other
        hypotheses, Sargan's and Hansen's test) the row that says which is added below it.
    title : str
        Line over the table.

    Returns
    -------
    Table

    Raises
    ------
    SpecificationError
        No results; something that is not a linear result; an unknown coefficient or option.
    """
    columns = _columns(results, more)
    if isinstance(stars, bool):
        stars = DEFAULT_STARS if stars else ()
    models = tuple(columns.values())
    check_digits(digits)
    levels = check_stars(stars)
    choose("below", below, _BELOW)
    level = check_level(level)
    foot = [choose("foot", name, _FOOT) for name in read_names("foot", foot, "rows")]
    if labels is not None:
        refuse_other("labels", labels, Mapping, "a mapping of names to printed names")
    refuse_other("title", title, str, "a text")
    rename = {str(name): str(label) for name, label in (labels or {}).items()}
    terms = _terms(models, keep, order)
    body = [row for term in terms for row in _term_rows(term, models, below, levels, digits, level, rename)]
    kinds = {model.rsquared_label for model in models if model.rsquared_label}
    foot = _with_kinds(foot, models)
    names = {name: _FOOT[name][0] for name in foot} | ({"rsquared": kinds.pop()} if len(kinds) == 1 else {})
    foot_rows = [Row(names[name], tuple(_foot_cell(name, model, digits) for model in models)) for name in foot]
    dependents = [rename.get(model.dependent, model.dependent) for model in models]
    header = [Row("", tuple(map(words, columns)))]
    facts: tuple[Fact, ...] = ()
    if len(set(dependents)) == 1:
        facts = (Fact("Dependent", dependents[0]),)
    else:
        header.append(Row("Dependent", tuple(map(words, dependents))))
    estimators = [model.estimator for model in models]
    if len(models) > 1 and len(set(estimators)) == 1:
        facts = (*facts, Fact("Estimator", estimators[0]))
    elif estimators != list(columns):
        header.append(Row("", tuple(map(words, estimators))))
    legend = _BELOW[below][1].format(level=100.0 * level)
    if levels:
        legend = f"{legend} {star_legend(levels)}.".strip()
    return Table(
        title=title,
        facts=facts,
        header=tuple(header),
        body=tuple(body),
        foot=tuple(row for row in foot_rows if any(cell.text for cell in row.cells)),
        notes=(*([legend] if legend else []), *_warnings(columns)),
    )


def _with_kinds(foot: Sequence[str], models: Sequence[Fitted]) -> list[str]:
    """Below rows that hold statistics of several kinds, a row that says which; no such row where there is one kind."""
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


def _foot_cell(name: str, result: Fitted, digits: int) -> Cell:
    _, write, value_of = _FOOT[name]
    value = value_of(result)
    if value is None:
        return Cell()
    return write(value) if write in (count, degrees, words) else write(value, digits)


def _columns(results: Given | Mapping[str, Given] | Sequence[Given], more: tuple[Given, ...]) -> dict[str, Fitted]:
    from panelvar.bias_corrected.corrected_result import CorrectedResult
    from panelvar.comparison.dynamic_column import DynamicColumn
    from panelvar.dynamic_panels.dynamic_result import DynamicPanelResult
    from panelvar.heterogeneous.averaged import AveragedResult
    from panelvar.panel_var_models.result import PanelVarResult
    from panelvar.panel_var_models.side_by_side import StackedColumn
    from panelvar.static_panels.result import LinearResult

    if more and isinstance(results, (Mapping, Sequence)):
        raise SpecificationError("Give the results one by one, or in one mapping or list; not both.")
    dynamic = (DynamicPanelResult, CorrectedResult)
    if more or isinstance(results, (LinearResult, AveragedResult, PanelVarResult, *dynamic)):
        results = [results, *more]  # type: ignore[list-item]
    if isinstance(results, Mapping):
        columns = {str(label): result for label, result in results.items()}
    elif isinstance(results, Sequence) and not isinstance(results, str):
        columns = {f"({k})": result for k, result in enumerate(results, start=1)}
    else:
        raise SpecificationError(
            f"results is a {type(results).__name__}: expected a mapping of labels to results, or a list of results."
        )
    if not columns:
        raise SpecificationError("results is empty: give at least one result to compare.")
    found: dict[str, Fitted] = {}
    for label, result in columns.items():
        if isinstance(result, PanelVarResult):
            found[label] = StackedColumn(result)
            continue
        if isinstance(result, dynamic):
            found[label] = DynamicColumn(result)
            continue
        if not isinstance(result, (LinearResult, AveragedResult)):
            raise SpecificationError(
                f"results[{label!r}] is a {type(result).__name__}: compare() takes single-equation results; print a "
                "system of equations with its own summary()."
            )
        found[label] = result
    return found


def _terms(models: Sequence[Fitted], keep: Sequence[str] | None, order: Sequence[str]) -> list[str]:
    found = list(dict.fromkeys(str(name) for model in models for name in model.params.index))
    if _CONSTANT in found:
        found.remove(_CONSTANT)
        found.append(_CONSTANT)
    first = [choose("order", name, found) for name in dict.fromkeys(read_names("order", order, "coefficients"))]
    kept = found if keep is None else [choose("keep", name, found) for name in read_names("keep", keep, "coefficients")]
    return [name for name in dict.fromkeys((*first, *found)) if name in kept]


def _term_rows(
    term: str,
    models: Sequence[Fitted],
    below: str,
    levels: Sequence[float],
    digits: int,
    level: float,
    rename: Mapping[str, str],
) -> list[Row]:
    label = rename.get(term, term)
    estimates, precisions = [], []
    for model in models:
        if term not in model.params.index:
            estimates.append(Cell())
            precisions.append(Cell())
            continue
        stars = stars_for(float(model.pvalues[term]), levels)
        estimates.append(number(float(model.params[term]), digits, stars=stars))
        if below == "conf_int":
            limits = model.conf_int(level=level)
            precisions.append(interval(float(limits["lower"][term]), float(limits["upper"][term]), digits))
        elif below != "none":
            write = probability if below == "pvalues" else number
            precisions.append(write(float(getattr(model, below)[term]), digits, brackets="()"))
    if below == "none":
        return [Row(label, tuple(estimates))]
    return [
        Row(label, tuple(estimates), "estimate"),
        Row(label, tuple(precisions), _BELOW[below][0], continues=True),
    ]


def _warnings(columns: Mapping[str, Fitted]) -> list[str]:
    """Say each warning once, with the columns it is about; plain notes stay with each result's summary."""
    about: dict[str, list[str]] = {}
    for label, result in columns.items():
        for note in result.notes:
            if note.warn and label not in about.setdefault(note.text, []):
                about[note.text].append(label)
    return [f"{', '.join(labels)}: {text}" for text, labels in about.items()]
