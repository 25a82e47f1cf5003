"""Several fits in one call: outcomes, regressors step by step, parts of the sample."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from panelvar.core.base.arguments import read_flag, read_names, refuse_other
from panelvar.core.base.errors import PanelVarError, SpecificationError, choose, emit
from panelvar.core.base.limits import MOST_FITS
from panelvar.core.base.quoting import one_line, shown
from panelvar.core.base.shared_parameters import documented
from panelvar.core.tables.table import Presented, Table
from panelvar.data.calendar.time_labels import as_text
from panelvar.data.panel.panel import Panel
from panelvar.data.panel.plain_rows import rows_of
from panelvar.panels.batches.estimators import read_estimator, read_options
from panelvar.panels.batches.together import fit_together
from panelvar.reporting.comparison.compare import compare

Fitted = TypeVar("Fitted")

STEPS = ("cumulative", "separate", "cumulative from none", "separate and none")


@dataclass(frozen=True, eq=False, repr=False)
class Fits(Mapping[Any, Fitted], Presented, Generic[Fitted]):
    """Results by label, in the order they were asked for: a mapping that `compare` takes, and that prints as its table.

    Attributes
    ----------
    results : mapping of label to result
        A label is a text, or an outcome and a text where there are several outcomes.

    See Also
    --------
    fit_many : makes it.
    compare : puts fits side by side.

    Examples
    --------
    >>> import panelvar as pv
    >>> fits = pv.fit_many(pv.fit_pooled, pv.load_data("grunfeld"), ["invest ~ value", "invest ~ value + capital"])
    >>> len(fits)
    2
    """

    results: Mapping[Any, Fitted]

    def __getitem__(self, label: Any) -> Fitted:
        try:
            return self.results[label]
        except (KeyError, TypeError):
            known = ", ".join(map(shown, itertools.islice(self.results, 12)))
            raise SpecificationError(
                f"{shown(label)} is not one of the {len(self)} fits, which are: {known}."
            ) from None

    def get(self, label: Any, default: Any = None) -> Any:
        """Return the result of a label, or something else where there is none.

        Parameters
        ----------
        label : label
            Of the fit.
        default : optional
            What is returned where there is none.

        Returns
        -------
        result
        """
        return self.results.get(label, default)

    def __contains__(self, label: object) -> bool:
        return label in self.results

    def __iter__(self) -> Iterator[Any]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)

    def summary(self) -> Table:
        """Return the results side by side, as `compare` puts them."""
        return compare(self.results)  # type: ignore[arg-type]

    def __repr__(self) -> str:
        return one_line(f"<{len(self)} fits: {', '.join(map(str, self.results))}>")


@documented
def fit_many(
    fit: Callable[..., Fitted],
    data: object,
    y: str | Sequence[str],
    x: str | Sequence[str] | None = None,
    *,
    steps: str | None = None,
    always: str | Sequence[str] = (),
    by: str | None = None,
    whole: bool = False,
    labels: Sequence[str] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Fits[Fitted]:
    """Fit one estimator to several outcomes, to regressors step by step, and to parts of the sample.

    Parameters
    ----------
    fit : callable
        An estimator that takes data, y and x, such as `fit_fixed_effects`.
    {data}
    y : str or sequence of str
        Outcomes; or formulas, such as ``"y ~ x1 + x2"``, without ``x``.
    x : str or sequence of str, optional
        Regressors: columns, or terms of a formula such as ``"L(income)"``.
    steps : {"cumulative", "separate", "cumulative from none", "separate and none"}, optional
        Add regressors one at a time, or take each alone, with or without a first fit that has none of them (csw, sw,
        csw0 and sw0 of fixest). By default all enter at once.
    always : str or sequence of str
        Regressors of every step.
    by : str, optional
        A column, the entity or the time: a fit for the rows of each of its values.
    whole : bool
        With ``by``, fit all rows first.
    labels : sequence of str, optional
        Names of the fits, in their order: by outcome, then part of the sample, then step.
    options : mapping, optional
        Further arguments of ``fit``, such as ``dict(cov="cluster")``.

    Returns
    -------
    Fits
        A mapping of label to result, which prints as a table; `compare` takes it with options.

    Raises
    ------
    SpecificationError
        If options do not go together, or ``fit`` refuses. The message says for which fit.
    DataError, InsufficientDataError, NumericalError
        As ``fit`` does.

    See Also
    --------
    compare : A table of the fits, with options.
    fit_panel_batch : One model, many data sets.

    Notes
    -----
    Parts of a sample keep the calendar: a lag that lies in another part is missing. To keep lags, split by something
    that does not change over time.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> models = pv.fit_many(pv.fit_fixed_effects, firms, "invest", ["value", "capital"], steps="cumulative")
    >>> list(models)
    ['(1)', '(2)']
    >>> models["(2)"].nobs
    220
    """
    read_estimator(fit)
    given = read_options(options)
    outcomes = read_names("y", y)
    if isinstance(data, (list, tuple)):
        raise SpecificationError(
            "data is a sequence. For many panels in one call use fit_panel_batch(fit, data, y, x)."
        )
    panel = rows_of(data)
    formulas = ["~" in name for name in outcomes]
    if not outcomes:
        raise SpecificationError("y names no outcome.")
    if any(formulas):
        if x is not None or steps is not None or tuple(read_names("always", always)) or not all(formulas):
            raise SpecificationError(
                "Formulas hold their regressors. Leave out x=, steps= and always=, or give names of columns."
            )
        lists: list[list[str] | None] = [None]
    else:
        lists = [*_lists(x, steps, always)]
    parts = _parts(panel, by, read_flag("whole", whole))
    n_fits = len(outcomes) * len(parts) * len(lists)
    if n_fits > MOST_FITS:
        raise SpecificationError(f"You asked for {n_fits} fits at once; the limit is {MOST_FITS}.")
    names = _labels(outcomes, [part for part, _ in parts], len(lists), all(formulas), labels)
    known = {*map(str, panel.names), panel.entity_name, panel.time_name}
    every = [
        (part, _model(known, outcome, regressors))
        for outcome, (_, part), regressors in itertools.product(outcomes, parts, lists)
    ]
    ready: dict[int, Any] = {}
    for _, part in parts:
        members = [i for i, (rows, _) in enumerate(every) if rows is part]
        found = fit_together(fit, part, [every[i][1] for i in members], given)
        ready.update({members[place]: result for place, result in found.items()})
    results: dict[Any, Fitted] = {}
    for i, (label, (rows, model)) in enumerate(zip(names, every, strict=True)):
        if i in ready:
            emit(ready[i].notes)
            results[label] = ready[i]
            continue
        try:
            results[label] = fit(rows, *model, **given)
        except PanelVarError as error:
            said = " / ".join(label) if isinstance(label, tuple) else label
            raise type(error)(f"Fit {said}: {error}") from error
    return Fits(results)


def _lists(x: str | Sequence[str] | None, steps: str | None, always: str | Sequence[str]) -> Iterator[list[str]]:
    """Yield the regressors of each step."""
    if x is None:
        raise SpecificationError("Regressors are missing. Give x, or formulas such as 'y ~ x1 + x2' for y.")
    regressors, base = list(read_names("x", x)), list(read_names("always", always))
    if steps is None:
        yield base + regressors
        return
    choose("steps", steps, STEPS)
    if not regressors:
        raise SpecificationError(f"steps={steps!r} takes the regressors of x one by one, and x is not given.")
    if "none" in steps:
        yield base
    for k, name in enumerate(regressors, start=1):
        yield base + (regressors[:k] if steps.startswith("cumulative") else [name])


def _parts(panel: Panel, by: str | None, whole: bool) -> list[tuple[str, Panel]]:
    """Return the parts of the sample and what they are called."""
    if by is None:
        if whole:
            raise SpecificationError("whole=True adds a fit to all rows to the fits of the parts, so it needs by=.")
        return [("", panel)]
    import pandas as pd

    refuse_other("by", by, str, "the name of a column, of the entity or of the time")
    named = {"entity": panel.entity_name, "time": panel.time_name}.get(by) or by
    values = panel[named]
    codes, levels = pd.factorize(values, sort=True)
    missing = int((codes < 0).sum())
    if missing:
        raise SpecificationError(
            f"by={by!r} is missing in {missing} of {panel.nobs} rows. Give these rows a value that no others have."
        )
    if len(levels) > MOST_FITS:
        raise SpecificationError(f"by={by!r} has {len(levels)} values; the limit of one call is {MOST_FITS} fits.")
    found = [
        (f"{named} = {as_text(level)}", panel.where(codes == k, panel_order=True)) for k, level in enumerate(levels)
    ]
    return [("all", panel), *found] if whole else found


def _model(known: Collection[str | None], outcome: str, regressors: list[str] | None) -> tuple[Any, ...]:
    """Return what the estimator takes after the data: a formula, or columns by name that are known."""
    if regressors is None:
        return (outcome,)
    if regressors and all(name in known for name in (outcome, *regressors)):
        return outcome, regressors

    def written(name: str) -> str:
        return name if name not in known or name.isidentifier() else f"`{name}`"

    return (f"{written(outcome)} ~ {' + '.join(map(written, regressors)) or '1'}",)


def _labels(
    outcomes: Sequence[str], parts: Sequence[str], steps: int, formulas: bool, labels: Sequence[str] | None
) -> list[Any]:
    """Return what each fit is called: by what differs, headings before."""
    every = list(itertools.product(range(len(outcomes)), range(len(parts)), range(steps)))
    if labels is not None:
        refuse_other("labels", labels, Sequence, "a list of texts")
        texts = not isinstance(labels, str) and all(isinstance(each, str) for each in labels)
        if not texts or not len(set(labels)) == len(labels) == len(every):
            raise SpecificationError(
                f"labels must be {len(every)} different texts, one for each fit; got {shown(labels)}."
            )
        return list(labels)
    names = []
    for outcome, part, step in every:
        name = [] if len(outcomes) == 1 else [f"({outcome + 1})" if formulas else outcomes[outcome]]
        name += [parts[part]] if parts[part] else []
        name += [f"({step + 1})"] if steps > 1 else []
        names.append((", ".join(name[:-1]), name[-1]) if len(name) > 1 else (name or ["(1)"])[0])
    if len(set(names)) < len(names):
        raise SpecificationError("Some outcomes are named twice. Give labels=, or name each outcome once.")
    return names
