"""From a design to a regression for each entity, with notes on the entities that are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from panelvar.core.base.arguments import DROP_OR_RAISE, is_whole, read_flag
from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import (
    CollinearityError,
    InsufficientDataError,
    Note,
    NumericalError,
    SpecificationError,
    choose,
    emit,
)
from panelvar.core.base.limits import LARGEST_WHOLE
from panelvar.core.base.quoting import shown
from panelvar.data.formulas.design import CONSTANT, Design
from panelvar.estimates.covariance.covariances import CovarianceEstimate
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.fit_checks import check_scale
from panelvar.kernels.linear.rows import column_norms
from panelvar.kernels.linear.unit_regressions import DEPENDENT, SHORT, UnitRegressions, unit_regressions
from panelvar.panels.heterogeneous.result import HeterogeneousFit, HeterogeneousResult

if TYPE_CHECKING:
    import pandas as pd

TREND = "trend"
# With fewer rows than this per entity, the bias of a lagged dependent variable is a fair share of its coefficient.
_LONG = 30
# Residuals this small beside the dependent variable are rounding.
_EXACT = 1e-13
# The square of a coefficient below this, and a sum of many such squares, is still a finite number.
_SQUARABLE = 1e150


@dataclass(frozen=True, eq=False)
class UnitFits:
    """Regressions of the entities that have one, the rows they used, and what was left out."""

    design: Design
    units: UnitRegressions
    names: tuple[str, ...]
    notes: tuple[Note, ...]

    def average(
        self,
        source: Design,
        coefficients: Array,
        matrix: Array,
        label: str,
        convention: Convention,
        estimator: str,
        *,
        names: tuple[str, ...] | None = None,
        notes: Sequence[Note] = (),
        period_labels: pd.Index | None = None,
    ) -> HeterogeneousResult:
        """Return a result of an average of the regressions, its covariance and emit its notes."""
        matrix, alike = self._without_rounding(matrix, names or self.names)
        found = (*source.notes, *self.notes, *_lagged_dependent_notes(source, self.design), *notes, *alike)
        fit = HeterogeneousFit(
            source, self.design, self.units, self.names, names or self.names, coefficients, found, period_labels
        )
        covariance = covariance_of_average(matrix, label, len(self.units.rss), convention)
        result = HeterogeneousResult(fit, covariance, convention, estimator)
        emit(result.notes)
        return result

    def _without_rounding(self, matrix: Array, names: tuple[str, ...]) -> tuple[Array, list[Note]]:
        """Set variances of averages to zero where the coefficients differ by rounding alone, and say so."""
        y = float(np.abs(self.design.y).max())
        # The size that a coefficient would have if its regressor explained all of the dependent variable.
        largest = {name: np.abs(column).max() for name, column in zip(self.design.names, self.design.x, strict=True)}
        sizes = np.array([y if name == CONSTANT else y / largest[name] for name in names])
        none = matrix.diagonal() <= (_EXACT * sizes) ** 2
        if not none.any():
            return matrix, []
        matrix = matrix.copy()
        matrix[none] = 0.0
        matrix[:, none] = 0.0
        text = (
            f"The coefficients of {', '.join(names[i] for i in np.flatnonzero(none))} are the same in all regressions "
            "that are averaged, so the average has no standard error and no test."
        )
        return matrix, [Note("no-variance", text, warn=True)]


def with_trend(design: Design, trend: bool) -> Design:
    """Add a linear trend: the period's position on the calendar, from one."""
    if not read_flag("trend", trend):
        return design
    if TREND in design.names:
        raise SpecificationError(f"A regressor is already called {TREND!r}. Rename it, or take trend='c' or 'n'.")
    return replace(
        design, names=(*design.names, TREND), x=(*design.x, np.asarray(design.time_positions + 1.0, dtype=np.float64))
    )


def fit_units(
    design: Design,
    *,
    min_rows: int | None,
    unusable: str,
    unit: str = "entity",
    instead: str = " Use fit_pooled.",
    exact: str | None = None,
) -> UnitFits:
    """Regress entity by entity and leave out the entities that have no regression; refuse to average a single one.

    ``exact`` is what the convention does with entities that have as many rows as coefficients; None where a residual
    variance is needed.
    """
    choose("unusable", unusable, DROP_OR_RAISE)
    names = (*((CONSTANT,) if design.constant else ()), *design.names)
    least = len(names) + int(exact is None)
    needed = len(names) if exact == "kept" else len(names) + 1
    if min_rows is not None:
        if not is_whole(min_rows) or not least <= min_rows <= LARGEST_WHOLE:
            raise SpecificationError(
                f"min_rows={shown(min_rows)} must be a whole number of at least {least}, because each {unit} has "
                f"{count_of(len(names), 'coefficient')}{' and needs a residual variance' if exact is None else ''}."
            )
        needed = int(min_rows)
    check_scale(design, column_norms(design.columns, None))
    grouping = design.entities
    units = unit_regressions(design.arrays, design.entity_starts, constant=design.constant, fewest=needed)
    lost = ~(np.abs(units.coefficients[units.status == 0]) < _SQUARABLE).all(axis=0)
    if lost.any():
        text = ", ".join(repr(names[i]) for i in np.flatnonzero(lost))
        raise NumericalError(
            f"In some {unit}, coefficients of {text} or their squares leave the range of floating-point numbers. "
            "Rescale the column."
        )
    plural = {"entity": "entities"}.get(unit, f"{unit}s")
    short, dependent = int((units.status == SHORT).sum()), int((units.status == DEPENDENT).sum())
    determined = int(((units.status == 0) & (units.df == 0)).sum())
    notes = []
    if determined:
        text = (
            f"{determined} of {grouping.n_groups} {plural} have as many rows as coefficients. Their regressions "
            "fit exactly and have no standard errors, but they count in the average like any other."
        )
        notes.append(Note("exact-entities", text, warn=True))
    if not short and not dependent:
        if grouping.n_groups < 2:
            raise InsufficientDataError(f"An average over {plural} needs at least two, and there is one.{instead}")
        return UnitFits(design, units, names, tuple(notes))
    reasons = []
    if short:
        reasons.append(f"{short} with fewer than {needed} rows")
    if dependent:
        reasons.append(
            f"{dependent} whose regressors do not vary, or depend on one another, within the {unit} "
            f"({', '.join(map(repr, names))})"
        )
    left_out = np.flatnonzero(units.status)
    first = ", ".join(map(str, design.entity_labels[left_out[:3]]))
    text = f"{len(left_out)} of {grouping.n_groups} {plural} have no regression (first {first}): {'; '.join(reasons)}."
    kept = np.flatnonzero(units.status == 0)
    kind = CollinearityError if dependent > short else InsufficientDataError
    if unusable == "raise":
        raise kind(f"{text} unusable='drop' leaves them out.")
    if len(kept) < 2:
        raise kind(f"{text} An average needs at least two.")
    rows = np.flatnonzero((units.status == 0)[grouping.codes])
    note = Note("entities-left-out", text.replace("have no regression", "left out"), warn=True)
    return UnitFits(design.take(rows), units.take(kept), names, (note, *notes))


def _lagged_dependent_notes(source: Design, used: Design) -> tuple[Note, ...]:
    """Say what a lagged dependent variable, recognised in a formula, does to every entity's regression."""
    y = source.dependent
    if not any(name == f"L({y})" or name.startswith(f"L({y},") for name in source.names):
        return ()
    mean = float(used.entities.sizes.mean())
    text = (
        f"The lagged dependent variable biases every entity's regression by a term of order 1/T (T is {mean:.4g} on "
        "average here), and averaging over entities does not remove it."
    )
    return (Note("lagged-dependent", text, warn=mean < _LONG),)


def refuse_exact(design: Design, rss: Array, why: str) -> None:
    """Refuse entities whose residuals are rounding, because they have no variance to weigh by."""
    exact = np.flatnonzero(rss <= _EXACT**2 * design.entities.sums(np.square(design.y)))
    if len(exact):
        first = ", ".join(map(str, design.entity_labels[exact[:3]]))
        raise NumericalError(
            f"The regressions of {count_of(len(exact), 'entity', 'entities')} fit exactly (first {first}), {why}"
        )


def covariance_of_average(matrix: Array, label: str, n_units: int, convention: Convention) -> CovarianceEstimate:
    """Attach the inference of averages over entities: t with N - 1, or the normal."""
    df = float(n_units - 1) if convention.heterogeneous_distribution == "t" else np.inf
    return CovarianceEstimate(matrix, label, df)
