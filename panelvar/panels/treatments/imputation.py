"""The imputation estimator of Borusyak, Jaravel and Spiess."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arguments import read_whole
from panelvar.core.base.arrays import Array, Mask
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError, Note, choose, emit
from panelvar.core.base.labels import listed
from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.covariance.covariances import Covariance
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.fit import Fit
from panelvar.estimates.fit.presets import as_convention
from panelvar.panels.static.effects import level_tables
from panelvar.panels.static.finish import solved
from panelvar.panels.static.fixed import within_model
from panelvar.panels.treatments.cell_regressions import regress_on_cells
from panelvar.panels.treatments.group_time import ALL, Cells, GroupTimeFit
from panelvar.panels.treatments.influences import covariance_of_influences, influence_of_entities
from panelvar.panels.treatments.result import TreatmentEffects
from panelvar.panels.treatments.staggered import Staggered, note_small_cohorts, read_anticipation, read_staggered

# Notes of the regression of untreated rows that say nothing about the effects.
_OF_NO_USE = ("no-slopes", "singletons-kept")
ERRORS = ("conservative", "leave-out")
_NAMED = 5


@documented
def fit_imputation(
    data: object,
    y: str,
    *,
    cohort: Hashable | None = None,
    treatment: Hashable | None = None,
    anticipation: int = 0,
    leads: int = 5,
    errors: str = "conservative",
    weights: str | NDArray[Any] | None = None,
    cov: str | Covariance = "cluster",
    convention: str | Convention = "default",
    missing: str = "drop",
) -> TreatmentEffects:
    r"""Impute outcomes without treatment from untreated rows, and average what treated rows differ from them.

    The regression :math:`y_{it} = \alpha_i + \lambda_t + x_{it}'\beta + u_{it}` is fitted to the rows that are not
    treated (never, or not yet). Of a treated row :math:`\hat\tau_{it} = y_{it} - \hat\alpha_i - \hat\lambda_t -
    x_{it}'\hat\beta`, and the effect on a cohort in a period is the mean of these. It is the efficient linear estimator
    if errors are independent with one variance (Borusyak, Jaravel and Spiess 2024, Review of Economic Studies 91(6),
    3253-3285, theorem 2).

    An effect is a sum of outcomes with known weights, :math:`\hat\tau = \sum v_{it} y_{it}`. Its variance is estimated
    by :math:`\sum_i (\sum_t v_{it}\tilde\varepsilon_{it})^2` (their proposition 6): residuals of untreated rows, and
    of treated rows what their :math:`\hat\tau_{it}` differ from the mean of their cohort and period. That is too large
    on average, since effects differ within a cohort, and too small in a cohort of few entities: with
    ``errors="leave-out"`` the mean is that of the others.

    Parameters
    ----------
    data : Panel or DataFrame
        A DataFrame without a two-level index needs a formula with effects, which name its entity and period.
    y : str
        The outcome, ``"y"``, or a formula, ``"y ~ x | entity + time"``.
    {cohort, treatment, anticipation}
    leads : int
        Periods before treatment whose differences are estimated, to test trends: by a regression of untreated rows on
        indicators of the last so many, whatever the cohort, compared with earlier ones. At most all but the earliest.
    errors : {"conservative", "leave-out"}
        Whether a row's own effect is in the mean that it is compared with.
    {weights}
    cov : str or covariance object
        ``"cluster"``, by entity, or ``Clustered(column)``, by a column in which entities lie.
    {convention, missing}

    Returns
    -------
    TreatmentEffects
        Effects by cohort and period, and by period before treatment. Tests are normal.

    Raises
    ------
    DataError, SpecificationError, InsufficientDataError, CollinearityError
        See `panelvar.core.base.errors`; if the cohort of an entity changes, or the treatment is switched off.

    See Also
    --------
    fit_sun_abraham : Compares each cohort with the never treated and with its last period before treatment alone.

    Examples
    --------
    >>> import panelvar as pv
    >>> counties = pv.load_data("minimum_wage")
    >>> effects = pv.fit_imputation(counties, "lemp", cohort="first_treat")
    >>> effects.aggregate("overall").params.round(4).to_dict()
    {'overall': -0.0477}
    """
    chosen, early = as_convention(convention), read_anticipation(anticipation)
    choose("errors", errors, ERRORS)
    most = read_whole("leads", leads, 0)
    rows = read_staggered(data, y, cohort, treatment, weights, missing)
    rows, untreated, notes = _imputable(rows, early)
    cells, of_row = _treated_cells(rows, untreated)
    if errors == "leave-out" and (alone := np.bincount(of_row) == 1).any():
        raise InsufficientDataError(
            f"errors='leave-out' compares an entity with the others of its cohort and period, but "
            f"{count_of(int(alone.sum()), 'cohort and period has', 'cohorts and periods have')} one entity. Use "
            "errors='conservative'."
        )
    model = _Untreated.of(rows, untreated, chosen)
    after = _impute(model, rows, ~untreated, of_row, len(cells.since), leave_out=errors == "leave-out")
    leading, before, references = _estimate_leads(model, rows, untreated, most, chosen)
    influence = np.hstack([before.influence, after.influence])
    fit = GroupTimeFit(
        rows.design,
        rows.cohorts,
        leading.joined(cells),
        np.concatenate([before.coefficients, after.coefficients]),
        references,
        False,
        influence,
        partial(covariance_of_influences, influence, rows.design, f"{errors}, "),
        (
            *rows.cohorts.notes,
            *notes,
            *note_small_cohorts(rows),
            *(note for note in model.fit.notes if note.code not in _OF_NO_USE),
        ),
    )
    result = TreatmentEffects(
        fit, fit.estimate_covariance(cov), chosen, "Imputation", "all that are not treated, never or not yet"
    )
    emit(result.notes)
    return result


def _imputable(rows: Staggered, early: int) -> tuple[Staggered, Mask, list[Note]]:
    """Return the rows that are untreated or can be imputed, which of them are untreated, and what was left out."""
    notes: list[Note] = []
    untreated = ~rows.treated
    untreated[rows.treated] = rows.since[rows.treated] < -early
    if not untreated.any():
        raise InsufficientDataError("Every row is treated, so there is nothing to impute from.")
    entities, periods = rows.design.entities, rows.period
    known = np.zeros(entities.n_groups, dtype=bool)
    known[entities.codes[untreated]] = True
    seen = np.zeros(len(rows.cohorts.periods), dtype=bool)
    seen[periods[untreated]] = True
    alone, late = ~known[entities.codes], ~seen[periods]
    if alone.any():
        who = list(map(str, rows.design.entity_labels[~known]))
        text = (
            f"{count_of(int(alone.sum()), 'row')} of {count_of(len(who), 'entity', 'entities')} without an untreated "
            f"row are left out: {listed(who, _NAMED)}."
        )
        notes.append(Note("always-treated", text, warn=True))
    if (late & ~alone).any():
        labels = rows.design.panel.calendar.labels_at(np.unique(rows.design.panel.time_positions))[~seen]
        text = (
            f"{count_of(int((late & ~alone).sum()), 'row')} of periods in which all are treated are left out: "
            f"{listed(list(map(str, labels)), _NAMED)}."
        )
        notes.append(Note("no-comparison", text, warn=True))
    kept = ~alone & ~late
    if untreated[kept].all():
        raise InsufficientDataError(
            "No treated row can be imputed: there must be untreated rows of its entity and period."
        )
    return rows.take(kept), untreated[kept], notes


def _treated_cells(rows: Staggered, untreated: Mask) -> tuple[Cells, NDArray[np.intp]]:
    """Return the cells of the treated rows, and the cell of each of these."""
    chosen = ~untreated
    joint = rows.cohort[chosen] * len(rows.cohorts.periods) + rows.period[chosen]
    distinct, codes = np.unique(joint, return_inverse=True)
    at, when = np.divmod(distinct, len(rows.cohorts.periods))
    weights = rows.design.weights
    mass = np.bincount(codes, None if weights is None else weights[chosen]).astype(np.float64)
    return Cells(at, when, rows.cohorts.periods[when] - rows.cohorts.first[at], mass), codes


class _Untreated(NamedTuple):
    """The regression of the untreated rows.

    Attributes
    ----------
    fit : Fit
    entity, period : (n0,) arrays of int
        Of each row, as in the whole design.
    entity_effects, period_effects : (N,) and (T,) arrays
        NaN for those without a row.
    """

    fit: Fit
    entity: NDArray[np.intp]
    period: NDArray[np.intp]
    entity_effects: Array
    period_effects: Array

    @classmethod
    def of(cls, rows: Staggered, untreated: Mask, convention: Convention) -> _Untreated:
        """Fit it, and refuse rows whose effects cannot be compared."""
        entity, period = rows.design.entities.codes[untreated], rows.period[untreated]
        fit = solved(within_model(rows.design.take(np.flatnonzero(untreated)), "twoway", convention), "drop")
        absorbed = fit.absorbed
        assert absorbed is not None
        if absorbed.n_components != 1:
            raise InsufficientDataError(
                f"The untreated rows fall into {absorbed.n_components} parts that share neither an entity nor a "
                "period. Effects of entities and periods of different parts cannot be compared, so nothing can be "
                "imputed."
            )
        of_entities, of_periods = (
            table[grouping.codes] for table, grouping in zip(level_tables(fit), absorbed.groupings, strict=True)
        )
        entity_effects = np.full(rows.design.entities.n_groups, np.nan)
        period_effects = np.full(len(rows.cohorts.periods), np.nan)
        entity_effects[entity], period_effects[period] = of_entities, of_periods
        return cls(fit, entity.astype(np.intp), period, entity_effects, period_effects)


class _Estimated(NamedTuple):
    """Effects (p,) and what each entity adds to them, (N, p)."""

    coefficients: Array
    influence: Array


def _impute(
    model: _Untreated, rows: Staggered, treated: Mask, of_row: NDArray[np.intp], cells: int, *, leave_out: bool
) -> _Estimated:
    """Average what treated rows differ from their imputed outcomes, with the influences of entities on each average."""
    design = rows.design
    every = np.ones(design.nobs) if design.weights is None else design.weights
    x = np.array([design.x[place] for place in model.fit.kept]).reshape(-1, design.nobs)
    entity = design.entities.codes
    differences = design.y - model.entity_effects[entity] - model.period_effects[rows.period] - model.fit.slopes @ x
    weights = every[treated] / np.bincount(of_row, every[treated], cells)[of_row]
    effects: Array = np.bincount(of_row, weights * differences[treated], cells).astype(np.float64)
    squares = np.bincount(of_row, weights**2, cells)[of_row]
    departures = differences[treated] - np.bincount(of_row, weights**2 * differences[treated], cells)[of_row] / squares
    if leave_out:
        # Less the mean of the others.
        departures *= squares / (squares - weights**2)
    influence = -_weigh_residuals(model, rows, treated, of_row, weights, x, every * differences, every)
    influence[entity[treated], of_row] += weights * departures
    return _Estimated(effects, influence)


def _weigh_residuals(
    model: _Untreated,
    rows: Staggered,
    treated: Mask,
    of_row: NDArray[np.intp],
    weights: Array,
    x: Array,
    residuals: Array,
    every: Array,
) -> Array:
    r"""Return what the residuals of each entity's untreated rows take from each cell, (N, cells).

    With F the indicators of periods and the regressors, less their entity's means over its untreated rows, the weights
    of the untreated rows in an effect are :math:`-\Omega F (F'\Omega F)^{-1} F_1'w`, but for a number an entity,
    which its residuals do not see.
    """
    entities = rows.design.entities
    n, cells = entities.n_groups, int(of_row.max()) + 1
    present, places = np.unique(model.period, return_inverse=True)
    last, omega = len(present), every[~treated]
    at = model.entity * last + places
    mass = np.bincount(model.entity, omega, n)
    shares = np.bincount(at, omega, n * last).reshape(n, last) / mass[:, None]
    centres = [np.bincount(model.entity, omega * column[~treated], n) / mass for column in x]
    within = np.array([column - centre[entities.codes] for column, centre in zip(x, centres, strict=True)])
    within = within.reshape(len(x), len(treated))
    scale = np.sqrt(np.square(within[:, ~treated]) @ omega)
    within /= np.where(scale > 0.0, scale, 1.0)[:, None]
    own, other = within[:, ~treated], within[:, treated]
    # The products of F, indicators first.
    gram = np.empty((last + len(x),) * 2)
    gram[:last, :last] = np.diag(np.bincount(places, omega, last)) - shares.T @ (shares * mass[:, None])
    for j, column in enumerate(own, last):
        gram[:last, j] = gram[j, :last] = np.bincount(places, omega * column, last)
    gram[last:, last:] = (own * omega) @ own.T
    target = np.zeros((last + len(x), cells))
    entity, period = entities.codes[treated], np.searchsorted(present, rows.period[treated])
    target[:last] = np.bincount(period * cells + of_row, weights, last * cells).reshape(last, cells)
    for j, share in enumerate(shares.T):
        target[j] -= np.bincount(of_row, weights * share[entity], cells)
    for j, column in enumerate(other, last):
        target[j] = np.bincount(of_row, weights * column, cells)
    # The indicators of all periods add up to the entity's, so that one is left out.
    loadings = np.zeros_like(target)
    loadings[1:] = np.linalg.solve(gram[1:, 1:], target[1:])
    left = residuals[~treated]
    sums = [np.bincount(model.entity, left * column, n) for column in own]
    return np.column_stack([np.bincount(at, left, n * last).reshape(n, last), *sums]) @ loadings


def _estimate_leads(
    model: _Untreated, rows: Staggered, untreated: Mask, most: int, convention: Convention
) -> tuple[Cells, _Estimated, NDArray[np.int64]]:
    """Estimate differences before treatment from the untreated rows: cells, estimates and the references."""
    sample = rows.take(untreated)
    since = sample.since[sample.treated]
    periods = np.unique(since)
    chosen = periods[max(1, len(periods) - most) :]
    nobody, entities = np.zeros(0, dtype=np.intp), rows.design.entities.n_groups
    if not len(chosen):
        cells = Cells(nobody, nobody, np.zeros(0, dtype=np.int64), np.zeros(0))
        return cells, _Estimated(np.zeros(0), np.zeros((entities, 0))), np.zeros(0, dtype=np.int64)
    of_row = np.full(sample.design.nobs, len(chosen), dtype=np.intp)
    inside = since >= chosen[0]
    of_row[np.flatnonzero(sample.treated)[inside]] = np.searchsorted(chosen, since[inside])
    names = tuple(f"since[{each}]" for each in chosen)
    fit, found, kept = regress_on_cells(sample.design, of_row, names, convention)
    influence = np.zeros((entities, len(kept)))
    influence[np.unique(model.entity)] = influence_of_entities(fit, found, sample.design.entities)
    shared = np.full(len(kept), ALL, dtype=np.intp)
    weights = sample.design.weights
    mass = np.bincount(of_row, weights, len(chosen) + 1)[:-1].astype(np.float64)
    # Of several earlier periods none is the reference alone.
    references = periods[:1] if len(chosen) == len(periods) - 1 else periods[:0]
    return (
        Cells(shared, shared, chosen[kept].astype(np.int64), mass[kept]),
        _Estimated(fit.coefficients[found], influence),
        references,
    )
