"""The two-stage estimator of Gardner."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array, Mask
from panelvar.core.base.errors import Note, emit
from panelvar.core.base.labels import listed
from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.covariance.covariances import Covariance
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.presets import as_convention
from panelvar.panels.treatments.group_time import ALL, Cells, GroupTimeFit
from panelvar.panels.treatments.influences import covariance_of_influences
from panelvar.panels.treatments.result import TreatmentEffects
from panelvar.panels.treatments.staggered import Staggered, note_small_cohorts, read_anticipation, read_staggered
from panelvar.panels.treatments.untreated import Untreated, imputable, treated_cells

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# What the untreated rows' regression leaves of an indicator that it explains, as a share of the indicator's square.
_NOTHING = 1e-10


@documented
def fit_two_stage(
    data: object,
    y: str,
    *,
    cohort: Hashable | None = None,
    treatment: Hashable | None = None,
    anticipation: int = 0,
    weights: str | NDArray[Any] | None = None,
    cov: str | Covariance = "cluster",
    convention: str | Convention = "default",
    missing: str = "drop",
) -> TreatmentEffects:
    r"""Fit outcomes without treatment to untreated rows, and regress what all rows differ from them on indicators.

    The first regression, :math:`y_{it} = \alpha_i + \lambda_t + x_{it}'\beta + u_{it}`, is fitted to the rows that are
    not treated (never, or not yet). The second takes :math:`\hat\tau_{it} = y_{it} - \hat\alpha_i - \hat\lambda_t -
    x_{it}'\hat\beta` of all rows, without a constant, on an indicator for each cohort and period from treatment on,
    and one for each period before it but the last (Gardner 2022, "Two-stage differences in differences",
    arXiv:2207.05943; R's and Stata's did2s). The effects are those of `fit_imputation`.

    With Z the columns of the first regression, D those of the second, v its residuals and :math:`Z_0` the untreated
    rows of Z, the moments of both give what entity i adds to the effects,

    .. math:: \psi_i = (D'D)^{-1} \left[ D_i'v_i - D'Z (Z_0'Z_0)^{-1} Z_{0i}'u_i \right],

    and the covariance is :math:`\sum_i \psi_i \psi_i'`, without a small-sample factor. Averages over cells have the
    errors of a regression on the indicator of all of them: their weights are shares of rows, which are estimated, so
    that what effects of cells differ from their average counts as sampling. Errors of averages are larger than those of
    `fit_imputation`, which takes the weights as known, where effects differ much by cohort or period.

    Before treatment an effect is the mean of :math:`\hat u_{it}` so many periods before it, over all cohorts. These are
    residuals: they are small by construction, since the first regression was fitted to the same rows, and they add to
    zero over the periods of an entity. So the last period is left out as it follows from the others, which stay what
    they are without it: nothing is measured from it. Those of `fit_imputation` are coefficients of indicators that are
    in the regression of the untreated rows beside its effects, measured from earlier periods. To find a trend before
    treatment, use those: they are in the units of the effects.

    Parameters
    ----------
    data : Panel or DataFrame
        A DataFrame without a two-level index needs a formula with effects, which name its entity and period.
    y : str
        The outcome, ``"y"``, or a formula, ``"y ~ x | entity + time"``.
    {cohort, treatment, anticipation, weights}
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
    fit_imputation : The same effects, with errors for weights that are known, and other tests of trends.

    Examples
    --------
    >>> import panelvar as pv
    >>> counties = pv.load_data("minimum_wage")
    >>> effects = pv.fit_two_stage(counties, "lemp", cohort="first_treat")
    >>> effects.aggregate("overall").std_errors.round(4).to_dict()
    {'overall': 0.0135}
    """
    chosen, early = as_convention(convention), read_anticipation(anticipation)
    rows = read_staggered(data, y, cohort, treatment, weights, missing)
    rows, untreated, notes = imputable(rows, early)
    after, codes = treated_cells(rows, untreated)
    model = Untreated.of(rows, untreated, chosen)
    before, references = _cells_before(rows, untreated, -1 - early)
    # Each row's cell, that of none being the last.
    cells = before.joined(after)
    of_row = np.full(rows.design.nobs, len(cells.since), dtype=np.intp)
    ahead = np.flatnonzero(untreated & rows.treated)
    ahead = ahead[rows.since[ahead] != -1 - early]
    of_row[ahead] = np.searchsorted(before.since, rows.since[ahead])
    of_row[~untreated] = codes + len(before.since)
    fit = _regress(model, cells, of_row, references, notes)
    result = TreatmentEffects(
        fit, fit.estimate_covariance(cov), chosen, "Two-stage", "all that are not treated, never or not yet"
    )
    emit(result.notes)
    return result


def _cells_before(rows: Staggered, untreated: Mask, last: int) -> tuple[Cells, NDArray[np.int64]]:
    """Return the periods before treatment but the last, and that as the reference."""
    ahead = untreated & rows.treated
    weights = rows.design.weights
    since, codes = np.unique(rows.since[ahead], return_inverse=True)
    mass = np.bincount(codes, None if weights is None else weights[ahead]).astype(np.float64)
    own = since != last
    shared = np.full(int(own.sum()), ALL, dtype=np.intp)
    return Cells(shared, shared, since[own], mass[own]), since[~own]


def _regress(
    model: Untreated, cells: Cells, of_row: NDArray[np.intp], references: NDArray[np.int64], notes: list[Note]
) -> GroupTimeFit:
    """Regress differences on indicators of cells, with the influence of entities through both regressions."""
    from scipy.sparse import csr_array

    rows, design = model.staggered, model.staggered.design
    inside = of_row < len(cells.since)
    weights = (np.ones(design.nobs) if design.weights is None else design.weights)[inside]
    own, entity, differences = of_row[inside], design.entities.codes[inside], model.differences[inside]
    shares = weights / cells.mass[own]
    effects: Array = np.bincount(own, shares * differences, len(cells.since)).astype(np.float64)
    weighed = model.weigh_residuals(inside, own, shares)
    influence = -weighed.taken
    # An entity has one row in a cell at most.
    influence[entity, own] += shares * (differences - effects[own])
    masses = csr_array((weights, (entity, own)), shape=influence.shape)
    kept = _left_by(model, cells, masses, weighed.squares)
    if not kept.all():
        names = [f"since[{each}]" for each in cells.since[~kept]]
        text = (
            f"{listed(names)}: these rows are fitted without error by the effects of entities and periods alone, so "
            "their residuals say nothing and are left out."
        )
        notes = [*notes, Note("leads-left-out", text)]
        cells, effects, influence, masses = cells.take(kept), effects[kept], influence[:, kept], masses[:, kept]
    return GroupTimeFit(
        design,
        rows.cohorts,
        cells,
        effects,
        references,
        False,
        influence,
        partial(covariance_of_influences, influence, design, ""),
        (*rows.cohorts.notes, *notes, *note_small_cohorts(rows), *model.notes),
        masses,
        residual_leads=True,
    )


def _left_by(model: Untreated, cells: Cells, masses: csr_array, squares: Array) -> Mask:
    """Return which cells the regression of the untreated rows leaves something of: all from treatment on."""
    untreated, entities = model.rows, model.staggered.design.entities
    weights = model.staggered.design.weights
    of_entities = np.bincount(
        entities.codes[untreated], None if weights is None else weights[untreated], entities.n_groups
    )
    between = (masses.multiply(masses).T @ (1.0 / of_entities)) / cells.mass
    left: Mask = (cells.cohort != ALL) | (1.0 - between - squares * cells.mass > _NOTHING)
    return left
