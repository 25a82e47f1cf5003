"""Modified Wald test that all entities have the same error variance."""

from __future__ import annotations

import numpy as np

from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError, Note, emit
from panelvar.core.base.unknown_arguments import answering
from panelvar.core.tables.test_result import TestResult, chi2_test
from panelvar.estimates.sizes.known_sizes import size_notes
from panelvar.panels.diagnostics.auxiliary import level_rows, residuals_of_rows
from panelvar.panels.static.result import LinearResult


@answering
def modified_wald_test(result: LinearResult) -> TestResult:
    r"""Test groupwise heteroskedasticity (Stata ``xttest3``, gretl after fixed effects).

    .. math:: W = \sum_i \frac{(\hat\sigma_i^2 - \hat\sigma^2)^2}{V_i} \sim \chi^2(N), \qquad
              \hat\sigma_i^2 = \frac{1}{T_i}\sum_t e_{it}^2, \quad
              V_i = \frac{1}{T_i (T_i - 1)} \sum_t (e_{it}^2 - \hat\sigma_i^2)^2,

    with :math:`\hat\sigma^2` the residual variance over all rows (Greene 2000; Baum 2001).

    Parameters
    ----------
    result : LinearResult
        Fixed effects (or pooled OLS).

    Returns
    -------
    TestResult

    Raises
    ------
    InsufficientDataError
        If no entity has two rows.

    See Also
    --------
    fit_fgls : A variance for each entity.
    Clustered : Errors that are right anyway.

    Notes
    -----
    The test needs no normality, but large T: with few periods :math:`V_i` is poorly estimated and it rejects far too
    often (Baum 2001). Residuals must be uncorrelated across entities. An entity with two rows is left out: its within
    residuals have equal squares, so that :math:`V_i = 0`.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> fixed = pv.fit_fixed_effects(firms, "invest ~ value + capital")
    >>> pv.modified_wald_test(fixed)
    <Modified Wald (groupwise variances): chi2(11) = 1.488e+07, p < 0.0001>
    """
    design = level_rows(result, "The modified Wald test", ("pooled", "fixed"), instruments=True)
    entities = design.entities
    squares = np.square(residuals_of_rows(result))
    sizes = entities.sizes.astype(np.float64)
    variances = entities.means(squares)
    spread = entities.sums(np.square(squares - variances[entities.codes]))
    usable = (sizes > 1) & (spread > 1e-20 * sizes * variances**2)
    count = int(usable.sum())
    if count == 0:
        raise InsufficientDataError("No entity has residuals whose squares differ. The test needs more periods.")
    common = float(squares.mean())
    of_variance = spread[usable] / (sizes[usable] * (sizes[usable] - 1.0))
    statistic = float((np.square(variances[usable] - common) / of_variance).sum())
    notes = []
    if count < entities.n_groups:
        text = (
            f"The test leaves out {count_of(entities.n_groups - count, 'entity', 'entities')} with one row, or with "
            "equal squared residuals."
        )
        notes.append(Note("entities-left-out", text))
    notes += size_notes("modified wald", int(np.median(sizes[usable])))
    emit(notes)
    null = "the error variance is the same in every entity"
    return chi2_test("Modified Wald (groupwise variances)", statistic, count, null, notes)
