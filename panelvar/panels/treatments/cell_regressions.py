"""Regressions with an indicator for each cell of treatment: two-way effects, and Sun and Abraham's."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array, Mask
from panelvar.core.base.errors import InsufficientDataError, Note, emit
from panelvar.core.base.shared_parameters import documented
from panelvar.data.formulas.design import Design
from panelvar.estimates.coefficients.nonlinear import through
from panelvar.estimates.covariance.covariances import Covariance, CovarianceEstimate
from panelvar.estimates.covariance.named import covariance_of, resolve
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.fit import Fit
from panelvar.estimates.fit.presets import as_convention
from panelvar.kernels.linear.columns import FactorCodes, FactorColumn
from panelvar.panels.static.finish import solved
from panelvar.panels.static.fixed import within_model
from panelvar.panels.treatments.comparisons import compare_with_never
from panelvar.panels.treatments.group_time import ALL, Cells, GroupTimeFit, name_cells
from panelvar.panels.treatments.influences import influence_of_entities
from panelvar.panels.treatments.result import TreatmentEffects
from panelvar.panels.treatments.staggered import Staggered, note_small_cohorts, read_anticipation, read_staggered


@documented
def fit_two_way_event_study(
    data: object,
    y: str,
    *,
    cohort: Hashable | None = None,
    treatment: Hashable | None = None,
    anticipation: int = 0,
    weights: str | NDArray[Any] | None = None,
    cov: str | Covariance | None = "cluster",
    convention: str | Convention = "default",
    missing: str = "drop",
) -> TreatmentEffects:
    r"""Regress on entity effects, period effects and an indicator for each period since treatment.

    .. math:: y_{it} = \alpha_i + \lambda_t + \sum_{e \ne -1} \delta_e 1\{t - g_i = e\} + x_{it}'\beta + u_{it}

    One effect stands for all cohorts. Where cohorts have different effects, :math:`\delta_e` is a weighted sum of
    effects of other periods too, with negative weights among them (Sun and Abraham 2021, Journal of Econometrics
    225(2), proposition 3): use `fit_sun_abraham` then.

    Parameters
    ----------
    data : Panel or DataFrame
        A DataFrame without a two-level index needs a formula with effects, which name its entity and period.
    y : str
        The outcome, ``"y"``, or a formula, ``"y ~ x | entity + time"``.
    {cohort, treatment, anticipation, weights, cov (rows), convention, missing}

    Returns
    -------
    TreatmentEffects
        Effects by period since treatment. A note says where no entity is never treated: two periods before treatment
        are then left out, the last and the first, without which effects and a trend are not told apart.

    Raises
    ------
    DataError, SpecificationError, InsufficientDataError
        See `panelvar.core.base.errors`; if the cohort of an entity changes, or the treatment is switched off.

    See Also
    --------
    fit_sun_abraham : Effects that differ by cohort.
    fit_fixed_effects : Effects of regressors that may go up and down.

    Examples
    --------
    >>> import panelvar as pv
    >>> counties = pv.load_data("minimum_wage")
    >>> effects = pv.fit_two_way_event_study(counties, "lemp", cohort="first_treat")
    >>> effects.params.round(3).to_dict()["since[0]"]
    -0.018
    """
    chosen, anticipated = as_convention(convention), read_anticipation(anticipation)
    rows = read_staggered(data, y, cohort, treatment, weights, missing)
    cells, of_row, references, said = cells_since_treatment(rows, anticipated)
    notes = (*rows.cohorts.notes, *note_small_cohorts(rows), *said)
    comparison = "the never treated and those not treated yet or already"
    return estimate_cells(rows, cells, of_row, references, notes, cov, chosen, "Two-way event study", comparison)


def cells_since_treatment(
    rows: Staggered, anticipation: int
) -> tuple[Cells, NDArray[np.intp], NDArray[np.int64], list[Note]]:
    """Make a cell of each period since treatment, all cohorts together, but for those left out.

    Returns
    -------
    tuple
        The cells, the cell of each row (their number for rows in none), the periods left out, and what to say of them.

    Raises
    ------
    InsufficientDataError
        If there is no period before treatment, or one alone where no entity is never treated.
    """
    base = -1 - anticipation
    before = rows.since[rows.treated & (rows.since <= base)]
    if not len(before):
        raise InsufficientDataError(
            f"No entity is observed {-base} or more periods before its treatment, which effects are measured from."
        )
    last = int(before.max())
    references, notes = [last], list[Note]()
    if rows.treated.all():
        first = int(before.min())
        if first == last:
            raise InsufficientDataError(
                f"No entity is never treated, and {first} is the only period before treatment. Effects cannot be told "
                "from a trend."
            )
        references.insert(0, first)
        text = (
            "No entity is never treated, so effects by period since treatment are known only up to a trend. Those "
            f"of {first} and {last} are set to zero."
        )
        notes.append(Note("two-references", text, warn=True))
    since = np.where(rows.treated, rows.since, last)
    distinct, codes = np.unique(since, return_inverse=True)
    kept = ~np.isin(distinct, references)
    mass = _mass(rows, rows.treated, codes[rows.treated], len(distinct))
    nowhere = np.full(int(kept.sum()), ALL, dtype=np.intp)
    cells = Cells(nowhere, nowhere, distinct[kept], mass[kept])
    of_row = np.where(kept, np.cumsum(kept) - 1, kept.sum())[codes]
    return cells, of_row, np.array(references), notes


@documented
def fit_sun_abraham(
    data: object,
    y: str,
    *,
    cohort: Hashable | None = None,
    treatment: Hashable | None = None,
    anticipation: int = 0,
    weights: str | NDArray[Any] | None = None,
    cov: str | Covariance | None = "cluster",
    convention: str | Convention = "default",
    missing: str = "drop",
) -> TreatmentEffects:
    r"""Regress on entity effects, period effects and an indicator for each cohort and period since treatment.

    .. math:: y_{it} = \alpha_i + \lambda_t + \sum_g \sum_{e \ne -1} \delta_{g,e} 1\{g_i = g, t - g = e\}
              + x_{it}'\beta + u_{it}

    Each cohort is compared with its last period before treatment and with the entities that are never treated, so that
    effects of one cohort do not enter those of another (Sun and Abraham 2021, Journal of Econometrics 225(2), 175-199,
    their interaction-weighted estimator). Where no entity is never treated, the cohort treated last is the comparison,
    and the periods from its treatment on are left out.

    Parameters
    ----------
    data : Panel or DataFrame
        A DataFrame without a two-level index needs a formula with effects, which name its entity and period.
    y : str
        The outcome, ``"y"``, or a formula, ``"y ~ x | entity + time"``.
    {cohort, treatment, anticipation, weights, cov (rows), convention, missing}

    Returns
    -------
    TreatmentEffects
        Effects by cohort and period. `TreatmentEffects.aggregate` averages them with the rows of each cell as weights,
        taken as known (as R's ``sunab`` does).

    Raises
    ------
    DataError, SpecificationError, InsufficientDataError
        See `panelvar.core.base.errors`; if the cohort of an entity changes, or the treatment is switched off.

    See Also
    --------
    fit_two_way_event_study : One effect for all cohorts.

    Examples
    --------
    >>> import panelvar as pv
    >>> counties = pv.load_data("minimum_wage")
    >>> effects = pv.fit_sun_abraham(counties, "lemp", cohort="first_treat")
    >>> effects.aggregate("cohort").params.round(4).to_dict()
    {'cohort[2004]': -0.0797, 'cohort[2006]': -0.0229, 'cohort[2007]': -0.0261}
    """
    chosen, base = as_convention(convention), -1 - read_anticipation(anticipation)
    sample = compare_with_never(read_staggered(data, y, cohort, treatment, weights, missing), base)
    rows, cohorts = sample.rows, sample.rows.cohorts
    # The reference period of a row's cohort is no cell of its own.
    inside = sample.treated.copy()
    inside[inside] = rows.since[inside] != sample.bases[rows.cohort[inside]]
    cells, of_row = cells_of_cohorts(rows, inside)
    references = np.setdiff1d(sample.bases[np.unique(cells.cohort)], cells.since)
    notes = (*cohorts.notes, *sample.notes, *note_small_cohorts(rows))
    return estimate_cells(rows, cells, of_row, references, notes, cov, chosen, "Sun-Abraham", sample.comparison)


def cells_of_cohorts(rows: Staggered, inside: Mask) -> tuple[Cells, NDArray[np.intp]]:
    """Make a cell of each cohort and period of the chosen rows; return them and the cell of each row.

    The cell of other rows is the number of cells.
    """
    cohorts = rows.cohorts
    joint = rows.cohort * len(cohorts.periods) + rows.period
    distinct, codes = np.unique(joint[inside], return_inverse=True)
    of_row = np.full(len(joint), len(distinct), dtype=np.intp)
    of_row[inside] = codes
    at, when = np.divmod(distinct, len(cohorts.periods))
    mass = _mass(rows, inside, codes, len(distinct))
    return Cells(at, when, cohorts.periods[when] - cohorts.first[at], mass), of_row


def _mass(rows: Staggered, chosen: Mask, codes: NDArray[np.intp], count: int) -> Array:
    """Return the sum of the weights of the chosen rows in each cell."""
    weights = rows.design.weights
    return np.bincount(codes, None if weights is None else weights[chosen], count).astype(np.float64)


def estimate_cells(
    rows: Staggered,
    cells: Cells,
    of_row: NDArray[np.intp],
    references: NDArray[np.int64],
    notes: tuple[Note, ...],
    cov: str | Covariance | None,
    convention: Convention,
    estimator: str,
    comparison: str,
) -> TreatmentEffects:
    """Regress on the cells, beside the design's regressors and the effects of entities and periods."""
    design = rows.design
    names = name_cells(cells, rows.cohorts, design)
    regression, found, kept = regress_on_cells(design, of_row, names, convention)
    fit = GroupTimeFit(
        design,
        rows.cohorts,
        cells.take(kept),
        regression.coefficients[found],
        references,
        regression.exact,
        influence_of_entities(regression, found, design.entities),
        partial(_covariance_of_some, regression, found, convention),
        (*notes, *regression.notes),
    )
    result = TreatmentEffects(fit, fit.estimate_covariance(cov), convention, estimator, comparison)
    emit(result.notes)
    return result


def regress_on_cells(
    design: Design, of_row: NDArray[np.intp], names: Sequence[str], convention: Convention
) -> tuple[Fit, NDArray[np.intp], NDArray[np.intp]]:
    """Regress on indicators of cells beside the design's regressors and both effects.

    Returns
    -------
    tuple
        The fit, the places of the cells among its coefficients, and the places among the cells of those that have one.
    """
    codes = FactorCodes(of_row, len(names))
    columns = [FactorColumn(codes, level) for level in range(len(names))]
    whole = design.with_columns((*columns, *design.columns), names=(*names, *design.names), constant=False)
    regression = solved(within_model(whole, "twoway", convention), "drop")
    place = {name: at for at, name in enumerate(names)}
    found = [at for at, name in enumerate(regression.names) if name in place]
    kept = [place[regression.names[at]] for at in found]
    return regression, np.array(found, dtype=np.intp), np.array(kept, dtype=np.intp)


def _covariance_of_some(
    regression: Fit, places: NDArray[np.intp], convention: Convention, cov: str | Covariance | None
) -> CovarianceEstimate:
    """Estimate the covariance of some coefficients of a regression."""
    specification = resolve(cov, regression, convention)
    whole = covariance_of(specification, regression, convention)
    return replace(through(whole, np.eye(len(whole.matrix))[places]), specification=specification)
