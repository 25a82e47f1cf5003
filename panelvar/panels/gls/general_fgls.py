"""General feasible GLS: an unrestricted covariance of an entity's errors over time, the same for all entities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from panelvar.core.base.arguments import read_flag
from panelvar.core.base.errors import InsufficientDataError, Note, NumericalError, SpecificationError, choose
from panelvar.core.base.shared_parameters import documented
from panelvar.data.formulas.design import Design, build_design
from panelvar.estimates.covariance.covariances import Covariance
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.presets import as_convention
from panelvar.panels.gls.ar1 import FreedRows
from panelvar.panels.gls.error_covariance import unit_covariances, whiten
from panelvar.panels.gls.result import ErrorStructure, GLSResult
from panelvar.panels.gls.whitened_model import check_levels, demean, residuals_of, whitened_model
from panelvar.panels.static.finish import finish
from panelvar.panels.static.first_difference import differenced_model

MODELS = ("pooled", "within", "difference")
# With fewer groups than this times its side, a covariance is poorly estimated.
_GROUPS_PER_SIDE = 5


@documented
def fit_general_fgls(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    model: str = "within",
    within: str = "entity",
    pairwise: bool = True,
    constant: bool | None = None,
    cov: str | Covariance = "classical",
    convention: str | Convention = "default",
    missing: str = "drop",
    collinear: str = "drop",
) -> GLSResult:
    r"""Fit by feasible GLS with an unrestricted error covariance within entities (plm's ``pggls``).

    .. math:: \hat\omega_{ts} = \frac{1}{N_{ts}} \sum_i \hat u_{it} \hat u_{is}, \qquad
              \hat\beta = \Big(\sum_i X_i'\hat\Omega_i^{-1}X_i\Big)^{-1} \sum_i X_i'\hat\Omega_i^{-1}y_i

    with :math:`\hat u` the residuals of pooled OLS, fixed effects or first differences, :math:`N_{ts}` the entities
    that have both periods, and :math:`\hat\Omega_i` the rows and columns of the periods that entity i has. The
    covariance of the coefficients is the first factor.

    Parameters
    ----------
    {data, y, x}
    model : {"pooled", "within", "difference"}
        The rows to take: as they are (the general random-effects estimator, whose effects are part of the covariance),
        less the means of entities, or differences of adjacent periods.
    within : {"entity", "time"}
        ``"entity"``: one covariance over time for all entities. ``"time"``: one covariance across entities for all
        periods; effects of periods are taken out (plm's ``effect = "time"``).
    pairwise : bool
        Unbalanced panels: covariances from the entities that have both periods (pggls), or (False) from those that have
        all periods, which is positive semi-definite.
    {constant}
        It belongs to the pooled model, and to differences under the conventions that have one.
    {cov, convention, missing, collinear}

    Returns
    -------
    GLSResult
        ``error_covariance`` is the covariance over time (across entities).

    Raises
    ------
    InsufficientDataError
        If there are more periods than entities (``within="time"``: more entities than periods), so that the covariance
        has no inverse.
    NumericalError
        If the pairwise covariance of an unbalanced panel is not positive definite. In both cases the ``"plm"``
        convention goes on with a warning, as pggls does: rows that depend on the rows before them, or whose variance
        given those is negative, get no weight.
    DataError, SpecificationError, CollinearityError
        See `panelvar.core.base.errors`.

    See Also
    --------
    fit_fgls : One coefficient of autocorrelation, or covariances across entities.
    fit_fixed_effects : Least squares, clustered by entity.
    fit_first_difference : Least squares of differences.

    Notes
    -----
    Use it for many entities and few periods: T(T + 1)/2 covariances are estimated from N entities. Standard errors take
    them as known and are too small unless N is many times T. ``cov="cluster"`` allows for covariances that differ
    between entities. Regressors must be strictly exogenous.

    The demeaned rows of an entity sum to zero, so that their covariance is singular: it is inverted on the space of
    such rows. On a balanced panel that is the same as leaving out any one period (Wooldridge 2010, section 10.5). On an
    unbalanced panel the pairwise covariance is singular up to noise, and pggls inverts that noise.

    References
    ----------
    Wooldridge (2010), Econometric Analysis of Cross Section and Panel Data, 2nd ed., chapters 7 and 10; Im, Ahn,
    Schmidt and Wooldridge (1999), Journal of Econometrics 93; Kiefer (1980), ibid. 14.

    Examples
    --------
    >>> import panelvar as pv
    >>> men = pv.load_data("wage_panel")
    >>> fit = pv.fit_general_fgls(men, "lwage ~ union + married + exper", model="within")
    >>> fit.params.round(4).to_dict()
    {'union': 0.0668, 'married': 0.0603, 'exper': 0.0589}
    >>> fit.error_covariance.shape
    (8, 8)
    """
    choose("model", model, MODELS)
    choose("within", within, ("entity", "time"))
    if model == "difference" and within == "time":
        raise SpecificationError(
            "model='difference' needs within='entity': entities have no order in which to take differences."
        )
    pairwise = read_flag("pairwise", pairwise)
    chosen = as_convention(convention)
    source = build_design(data, y, x, constant=constant, missing=missing)
    check_levels(source)
    design, notes = _rows(source, model, within, chosen, constant)
    dates, units = (design.entities, design.times) if within == "entity" else (design.times, design.entities)
    ones = np.ones(design.nobs) if design.constant else None
    u = residuals_of(design.arrays, ones)
    drop = chosen.singular_errors == "drop"
    side, groups = units.n_groups, dates.n_groups
    sides, plural = ("periods", "entities") if within == "entity" else ("entities", "periods")
    if side - int(model == "within") > groups and not drop:
        raise InsufficientDataError(
            f"The {side} x {side} covariance of the errors of {side} {sides} cannot be inverted, because {groups} "
            f"{plural} give it rank {groups} at most. Use fit_fgls with autocorrelation='ar1', or cluster. "
            f"convention='plm' does what plm's pggls does: {sides} beyond the first {groups} get no weight."
        )
    covariance = unit_covariances(u, units, dates, pairwise=pairwise)
    try:
        columns, logs, dropped = whiten(
            [*design.arrays, np.ones(design.nobs)],
            covariance,
            units,
            dates,
            singular=chosen.singular_errors,
            centred=model == "within" and not drop,
        )
    except NumericalError as error:
        raise NumericalError(
            f"{error} In an unbalanced panel each pair has its own rows. pairwise=False uses the complete ones; "
            "fit_pooled and fit_fixed_effects with cov='cluster' need no such covariance."
        ) from None
    if dropped:
        text = (
            f"The covariance of the errors is not positive definite. {dropped} of {design.nobs} rows carry no weight "
            "(as in pggls), because they depend on the rows before them or have a negative variance given those."
        )
        notes.append(Note("singular-errors", text, warn=True))
    elif groups < _GROUPS_PER_SIDE * side:
        text = (
            f"{side * (side + 1) // 2} error covariances of {side} {sides} are estimated from {groups} {plural}, so "
            "the standard errors are too small."
        )
        notes.append(Note("few-groups", text, warn=True))
    words = (("Rows", model), ("Error covariance", f"unrestricted within {within}"))
    transformed = whitened_model(
        design,
        FreedRows(columns[:-1], columns[-1], np.arange(design.nobs), None),
        estimator=f"General FGLS ({model}; within {within})",
        total=chosen.transformed_total,
        error_variance=1.0,
        mixed=within,
        notes=tuple(notes),
    )
    result = finish(transformed, cov, chosen, collinear)
    likelihood = None
    if not dropped and model == "pooled":
        left = float(np.square(result.fit.transformed_residuals).sum())
        likelihood = -0.5 * (design.nobs * float(np.log(2.0 * np.pi)) + logs + left)
    labels = design.time_labels if within == "entity" else design.entity_labels
    structure = ErrorStructure(words, labels, covariance=covariance, log_likelihood=likelihood)
    fit = replace(result.fit, model=replace(result.fit.model, source=source))
    return GLSResult(fit, result.covariance, result.convention, result.estimator, structure)


def _rows(
    source: Design, model: str, within: str, convention: Convention, constant: bool | None
) -> tuple[Design, list[Note]]:
    """Return the rows of the regression."""
    if model == "difference":
        moved = differenced_model(source, convention, constant)
        return moved.design, list(moved.notes)
    if model == "within":
        *x, y = demean(source.arrays, source.entities if within == "entity" else source.times)
        return replace(source, x=tuple(x), y=y, constant=False), []
    return source, []
