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
from panelvar.core.base.errors import InsufficientDataError, choose, emit
from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.covariance.covariances import Covariance
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.presets import as_convention
from panelvar.panels.treatments.cell_regressions import regress_on_cells
from panelvar.panels.treatments.group_time import ALL, Cells, GroupTimeFit
from panelvar.panels.treatments.influences import covariance_of_influences, influence_of_entities
from panelvar.panels.treatments.result import TreatmentEffects
from panelvar.panels.treatments.staggered import Staggered, note_small_cohorts, read_anticipation, read_staggered
from panelvar.panels.treatments.untreated import Untreated, imputable, treated_cells

ERRORS = ("conservative", "leave-out")


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
    fit_two_stage : The same effects, with errors from the moments of both regressions.
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
    rows, untreated, notes = imputable(rows, early)
    cells, of_row = treated_cells(rows, untreated)
    if errors == "leave-out" and (alone := np.bincount(of_row) == 1).any():
        raise InsufficientDataError(
            f"errors='leave-out' compares an entity with the others of its cohort and period, but "
            f"{count_of(int(alone.sum()), 'cohort and period has', 'cohorts and periods have')} one entity. Use "
            "errors='conservative'."
        )
    model = Untreated.of(rows, untreated, chosen)
    after = _impute(model, rows, of_row, len(cells.since), leave_out=errors == "leave-out")
    leading, before, references = _estimate_leads(rows, untreated, most, chosen)
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
            *model.notes,
        ),
    )
    result = TreatmentEffects(
        fit, fit.estimate_covariance(cov), chosen, "Imputation", "all that are not treated, never or not yet"
    )
    emit(result.notes)
    return result


class _Estimated(NamedTuple):
    """Effects (p,) and what each entity adds to them, (N, p)."""

    coefficients: Array
    influence: Array


def _impute(model: Untreated, rows: Staggered, of_row: NDArray[np.intp], cells: int, *, leave_out: bool) -> _Estimated:
    """Average what treated rows differ from their imputed outcomes, with the influences of entities on each average."""
    design, treated = rows.design, ~model.rows
    every = (np.ones(design.nobs) if design.weights is None else design.weights)[treated]
    differences = model.differences[treated]
    weights = every / np.bincount(of_row, every, cells)[of_row]
    effects: Array = np.bincount(of_row, weights * differences, cells).astype(np.float64)
    squares = np.bincount(of_row, weights**2, cells)[of_row]
    departures = differences - np.bincount(of_row, weights**2 * differences, cells)[of_row] / squares
    if leave_out:
        # Less the mean of the others.
        departures *= squares / (squares - weights**2)
    influence = -model.weigh_residuals(treated, of_row, weights).taken
    influence[design.entities.codes[treated], of_row] += weights * departures
    return _Estimated(effects, influence)


def _estimate_leads(
    rows: Staggered, untreated: Mask, most: int, convention: Convention
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
    influence[np.unique(rows.design.entities.codes[untreated])] = influence_of_entities(
        fit, found, sample.design.entities
    )
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
