"""Wooldridge's extended two-way regression: an indicator for each treated cohort and period, with regressors."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import choose
from panelvar.core.base.shared_parameters import documented
from panelvar.data.calendar.time_labels import as_text
from panelvar.data.formulas.design import Design
from panelvar.estimates.covariance.covariances import Covariance
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.presets import as_convention
from panelvar.kernels.linear.columns import Column, FactorCodes, FactorColumn
from panelvar.panels.treatments.callaway_santanna import CONTROLS
from panelvar.panels.treatments.cell_regressions import cells_of_cohorts, estimate_cells
from panelvar.panels.treatments.comparisons import compare_with_never
from panelvar.panels.treatments.group_time import name_cells, period_labels
from panelvar.panels.treatments.result import TreatmentEffects
from panelvar.panels.treatments.staggered import Staggered, note_small_cohorts, read_anticipation, read_staggered

# A regressor's departures from its cell's mean that are this small beside the regressor are rounding.
_ROUNDING = 1e-10


@documented
def fit_extended_two_way(
    data: object,
    y: str,
    *,
    cohort: Hashable | None = None,
    treatment: Hashable | None = None,
    control: str = "not-yet",
    anticipation: int = 0,
    weights: str | NDArray[Any] | None = None,
    cov: str | Covariance | None = "cluster",
    convention: str | Convention = "default",
    missing: str = "drop",
) -> TreatmentEffects:
    r"""Regress on entity effects, period effects, and an indicator for each cohort and period from treatment on.

    .. math:: y_{it} = \alpha_i + \lambda_t + x_{it}'(\beta + \gamma_{g_i} + \pi_t) + \sum_{g, t \ge g}
              1\{g_i = g\} 1_t \, (\delta_{gt} + (x_{it} - \bar x_{gt})'\theta_{gt}) + u_{it}

    This is the extended two-way regression of Wooldridge (2025, Empirical Economics 69(5), 2545-2587). Regressors have
    a slope in every cohort and in every period, so that trends need be parallel only among entities with the same
    values of them; and effects differ with them. :math:`\bar x_{gt}` is the mean over the rows of cohort g in period t,
    so that :math:`\delta_{gt}` is the mean effect on these rows. In a balanced panel it is the cohort's mean where the
    regressor does not change in time, as in Wooldridge's equation. What entity effects take up, :math:`\beta` and
    :math:`\gamma_g` of a regressor that does not change in time, is left out.

    Without regressors and in a balanced panel, the effects are those of `fit_imputation`, or, with
    ``control="never"``, of `fit_sun_abraham`. R's ``etwfe`` and Stata's ``jwdid`` are this regression; by default
    ``etwfe`` has effects of cohorts in place of those of entities, which give the same estimates if the panel is
    balanced and no regressor changes in time. Its ``ivar=`` asks for those of entities. With ``convention="pyfixest"``
    errors are those of ``etwfe`` with ``ivar=``; without, its small-sample factor counts the effects of cohorts too.

    Parameters
    ----------
    data : Panel or DataFrame
        A DataFrame without a two-level index needs a formula with effects, which name its entity and period.
    y : str
        The outcome, ``"y"``, or a formula, ``"y ~ x | entity + time"``.
    {cohort, treatment}
    control : {"not-yet", "never"}
        Whom cohorts are compared with: all rows that are not treated, never or not yet; or the never treated, which
        adds indicators of the periods before treatment too, but for the last.
    {anticipation, weights, cov (rows), convention, missing}

    Returns
    -------
    TreatmentEffects
        Effects by cohort and period. `TreatmentEffects.aggregate` averages them with the rows of each cell as weights,
        taken as known (as ``emfx`` of ``etwfe`` does).

    Raises
    ------
    DataError, SpecificationError, InsufficientDataError
        See `panelvar.core.base.errors`; if the cohort of an entity changes, or the treatment is switched off.

    See Also
    --------
    fit_imputation : The same comparison, with one slope for each regressor.
    fit_callaway_santanna : Regressors of the period before treatment, doubly robust.

    Examples
    --------
    >>> import panelvar as pv
    >>> counties = pv.load_data("minimum_wage")
    >>> effects = pv.fit_extended_two_way(counties, "lemp ~ lpop", cohort="first_treat")
    >>> effects.aggregate("overall").params.round(4).to_dict()
    {'overall': -0.0506}
    """
    chosen, base = as_convention(convention), -1 - read_anticipation(anticipation)
    choose("control", control, CONTROLS)
    sample = compare_with_never(read_staggered(data, y, cohort, treatment, weights, missing), base)
    rows, cohorts = sample.rows, sample.rows.cohorts
    inside = sample.treated.copy()
    since = rows.since[inside]
    inside[inside] = since > base if control == "not-yet" else since != sample.bases[rows.cohort[inside]]
    cells, of_row = cells_of_cohorts(rows, inside)
    references = np.zeros(0, dtype=np.int64)
    comparison = "all that are not treated, never or not yet"
    if control == "never":
        references = np.setdiff1d(sample.bases[np.unique(cells.cohort)], cells.since)
        comparison = sample.comparison
    names = name_cells(cells, cohorts, rows.design)
    design = _interacted(rows, of_row, names, np.where(sample.treated, rows.cohort, -1))
    notes = (*cohorts.notes, *sample.notes, *note_small_cohorts(rows))
    return estimate_cells(
        rows._replace(design=design), cells, of_row, references, notes, cov, chosen, "Extended two-way", comparison
    )


def _interacted(rows: Staggered, of_row: NDArray[np.intp], cells: Sequence[str], cohort: NDArray[np.intp]) -> Design:
    """Return the design with the products of its regressors and indicators of cells, cohorts and periods.

    Parameters
    ----------
    rows : Staggered
    of_row : (n,) array of int
        Cell of each row, the number of cells for rows in none.
    cells : sequence of str
        Names of the cells.
    cohort : (n,) array of int
        Cohort of each row, -1 for those of the comparison.
    """
    design = rows.design
    *regressors, y = design.columns
    if not regressors:
        return design
    own, of_cohort = np.unique(cohort, return_inverse=True)
    seen, of_period = np.unique(rows.period, return_inverse=True)
    in_cohorts = [f"cohort[{as_text(rows.cohorts.labels[each])}]" for each in own[1:]]
    in_periods = [f"period[{as_text(label)}]" for label in period_labels(design).take(seen[1:])]
    columns: list[Column] = []
    names: list[str] = []
    for name, column in zip(design.names, regressors, strict=True):
        # Effects take up the mean, which would cost digits in the products.
        x = column[:] - column[:].mean()
        every = [(of_row, cells, _less_means(x, of_row, len(cells), design.weights)), (of_period - 1, in_periods, x)]
        if not _constant_within(column[:], design):
            columns.append(column)
            names.append(name)
            every.append((of_cohort - 1, in_cohorts, x))
        for codes, levels, values in every:
            for level, product in _products(codes, len(levels), values):
                columns.append(product)
                names.append(f"{levels[level]}:{name}")
    return design.with_columns((*columns, y), names=tuple(names))


def _products(codes: NDArray[np.intp], n_levels: int, values: Array) -> Iterator[tuple[int, FactorColumn]]:
    """Yield each level with the product of its indicator and values, but for those that are zero in all rows."""
    # Rows of the reference, whose code is -1, have none of the levels.
    levels = np.where(codes < 0, n_levels, codes)
    factor = FactorCodes(levels, n_levels, values)
    for level in np.unique(levels[(values != 0.0) & (levels < n_levels)]).tolist():
        yield level, FactorColumn(factor, level)


def _less_means(x: Array, of_row: NDArray[np.intp], cells: int, weights: Array | None) -> Array:
    """Return a regressor less its mean in each cell; zeros where it does not vary, and in rows of no cell."""
    mass = np.bincount(of_row, weights, cells + 1)[:cells]
    means = np.bincount(of_row, x if weights is None else weights * x, cells + 1)[:cells] / mass
    inside = of_row < cells
    centred = np.zeros(len(x))
    centred[inside] = x[inside] - means[of_row[inside]]
    largest = np.zeros(cells + 1)
    np.maximum.at(largest, of_row, np.abs(centred))
    centred[largest[of_row] <= _ROUNDING * np.abs(x).max()] = 0.0
    return centred


def _constant_within(column: Array, design: Design) -> bool:
    """Return whether a column does not change within any entity."""
    starts = design.entity_starts[:-1]
    return bool((np.maximum.reduceat(column, starts) == np.minimum.reduceat(column, starts)).all())
