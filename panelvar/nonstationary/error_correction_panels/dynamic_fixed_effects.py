"""Dynamic fixed effects: an ARDL panel with common slopes in error-correction form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from panelvar.core.base.arguments import read_entity_terms
from panelvar.core.base.errors import CollinearityError, Note, emit
from panelvar.core.base.shared_parameters import documented
from panelvar.data.formulas.design import CONSTANT
from panelvar.data.formulas.formula_parts import with_effects
from panelvar.estimates.covariance.covariances import Covariance
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.presets import as_convention
from panelvar.nonstationary.error_correction_panels.ardl_rows import (
    SPEED,
    ArdlRows,
    Orders,
    ardl_rows,
    lost_rows,
    read_orders,
)
from panelvar.nonstationary.error_correction_panels.error_correction import ErrorCorrectionFit, ErrorCorrectionResult
from panelvar.nonstationary.error_correction_panels.error_correction_form import (
    bias_notes,
    largest_moduli,
)
from panelvar.nonstationary.error_correction_panels.solved_long_run import solved_for_long_run
from panelvar.panels.static.finish import finish
from panelvar.panels.static.fixed import within_model
from panelvar.panels.static.result import LinearResult


@documented
def fit_dynamic_fixed_effects(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    lags: int | Sequence[int] | dict[str, int] = 1,
    short_run: Sequence[str] | str = (),
    effects: str | Sequence[str] | None = None,
    constant: bool | None = None,
    trend: str = "c",
    cov: str | Covariance = "classical",
    convention: str | Convention = "default",
    missing: str = "drop",
) -> ErrorCorrectionResult:
    r"""Fit an ARDL panel with common slopes and fixed effects, and solve it for the long run.

    .. math:: \Delta y_{it} = \phi\, y_{i,t-1} + b'x_{it} + \sum_{j=1}^{p-1}\lambda_j\Delta y_{i,t-j}
              + \sum_{j=0}^{q-1}\delta_j'\Delta x_{i,t-j} + \mu_i + \varepsilon_{it}, \qquad
              \hat\theta = -\hat b/\hat\phi

    Parameters
    ----------
    {data, y (levels), x (levels)}
    lags : int, (p, q), (p, q1, ..., qk) or mapping of names to int
        Orders of the ARDL: p lags of y (1 or more), q of each regressor (0 or more).
    {short_run, effects, constant (within)}
    trend : {"c", "ct"}
        The effects alone, or a linear trend beside them, in periods of the calendar from one.
    {cov}
        ``"cluster"`` is xtpmg's ``cluster(panel)``.
    {convention, missing}

    Returns
    -------
    ErrorCorrectionResult
        ``reduced_form`` is the fixed-effects regression; errors of the long run are by the delta method from its
        covariance.

    Raises
    ------
    CollinearityError
        If a regressor is absorbed or depends on the others.
    DataError, SpecificationError, InsufficientDataError
        See `panelvar.core.base.errors`.

    See Also
    --------
    fit_pooled_mean_group : Short runs that differ.
    fit_ardl_mean_group : Short and long runs that differ.
    fit_arellano_bond : Few periods.

    Notes
    -----
    This is Stata's ``xtpmg, dfe``. With T fixed, the coefficient of the lagged dependent variable is biased by a term
    of order 1/T (Nickell 1981, Econometrica 49). If slopes differ over entities, neither long run nor speed is
    consistent for an average, however long the panel is (Pesaran and Smith 1995). Use it as a benchmark for the other
    two.

    Examples
    --------
    >>> import panelvar as pv
    >>> import numpy as np
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> x = rng.standard_normal((20, 60)).cumsum(axis=1)
    >>> y = 2 * x + rng.standard_normal((20, 60))
    >>> index = pd.MultiIndex.from_product([range(20), range(60)], names=["country", "year"])
    >>> frame = pd.DataFrame({"x": x.ravel(), "y": y.ravel()}, index=index)
    >>> fit = pv.fit_dynamic_fixed_effects(frame, "y ~ x", cov="cluster")
    >>> fit.long_run.round(4).to_dict()
    {'x': 2.0031}
    >>> print(round(fit.speed, 4))
    -0.9698
    """
    trended = read_entity_terms(trend, constants=False)[1]
    chosen = as_convention(convention)
    y, effects = with_effects(y, x, effects)
    rows = ardl_rows(data, y, x, short_run=short_run, constant=constant, trend=trended, missing=missing)
    orders = read_orders("lags", lags, rows.source.dependent, rows.long_run)
    rows.refuse_beyond("lags", orders)
    design = rows.design(orders)
    design = design.with_notes(*rows.source.notes, *lost_rows(rows, design.nobs))
    reduced = finish(within_model(design, effects, chosen), cov, chosen, "drop")
    lost = [name for name in design.names if name not in reduced.names]
    if lost:
        raise CollinearityError(
            f"{', '.join(map(repr, lost))} cannot be estimated beside the other regressors and the effects "
            f"({'; '.join(note.text for note in reduced.notes if note.code.startswith('regressor-'))}). Leave "
            f"{'it' if len(lost) == 1 else 'them'} out."
        )
    result = _solve_for_long_run(reduced, rows, orders, chosen)
    emit(result.fit.notes[len(reduced.fit.notes) :])
    return result


def _solve_for_long_run(
    reduced: LinearResult, rows: ArdlRows, orders: Orders, convention: Convention
) -> ErrorCorrectionResult:
    """Solve the reduced form for the long run, with its covariance by the delta method."""
    k = len(rows.long_run)
    given = reduced.names
    short = (*rows.short_names(orders), *((CONSTANT,) if CONSTANT in given else ()))
    order = [given.index(name) for name in (*rows.long_run, rows.lagged, *short)]
    estimate = reduced.covariance
    coefficients, matrix = solved_for_long_run(
        reduced.fit.coefficients[order], estimate.matrix[np.ix_(order, order)], k
    )
    speed = float(coefficients[k])
    names = (*rows.long_run, SPEED, *short)
    design = reduced.fit.source
    n = design.entities.n_groups
    dependent, own = rows.source.dependent, coefficients[None, k + 1 :]
    root = float(largest_moduli(dependent, orders.y, coefficients[k : k + 1], own, short)[0])
    notes = list(bias_notes(design.nobs / n))
    if speed >= 0.0 or root >= 1.0:
        text = (
            f"The speed of error correction is {speed:.4g} and the largest autoregressive root has modulus {root:.4g}. "
            "Deviations do not die out, so there is no long run."
        )
        notes.append(Note("no-error-correction", text, warn=True))
    light = replace(
        design,
        names=(*rows.long_run, rows.lagged),
        x=tuple(design.x[design.names.index(name)] for name in (*rows.long_run, rows.lagged)),
    )
    fit = ErrorCorrectionFit(
        source=rows.source,
        design=light,
        names=names,
        coefficients=coefficients,
        long_run=np.tile(coefficients[:k], (n, 1)),
        own=np.tile(coefficients[k:], (n, 1)),
        own_errors=None,
        variances=np.full(n, reduced.sigma2),
        roots=np.full(n, root),
        orders=np.tile(np.array([orders.y, *orders.x], dtype=np.intp), (n, 1)),
        residuals=np.asarray(reduced.resids.to_numpy(), dtype=np.float64),
        parameters=reduced.nobs - reduced.df_resid,
        notes=(*reduced.fit.notes, *notes),
    )
    return ErrorCorrectionResult(
        fit,
        replace(estimate, matrix=matrix, degrees=None),
        convention,
        "Dynamic fixed effects",
        reduced.loglik,
        None,
        reduced,
    )
