"""Fully modified least squares and canonical cointegrating regressions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arguments import read_flag
from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.errors import CollinearityError, NumericalError, PanelVarError, SpecificationError
from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.presets import as_convention
from panelvar.kernels.linear.long_run import LongRunCovariance
from panelvar.kernels.linear.unit_regressions import stacked_triangles
from panelvar.nonstationary.relations.assembly import Pooling, assemble, read_pooling
from panelvar.nonstationary.relations.modified_moments import (
    canonical_moments,
    conditional_variances,
    fully_modified_moments,
    innovations,
    nearly_singular,
)
from panelvar.nonstationary.relations.moments import LongRunChoices, RelationMoments
from panelvar.nonstationary.relations.pooling import pooled_slopes
from panelvar.nonstationary.relations.relation_data import (
    RelationData,
    dependent_columns,
    errors_at,
    read_long_run,
    read_relations,
)
from panelvar.nonstationary.relations.result import CointegratingResult
from panelvar.nonstationary.unit_roots.one_series import POWERS, check_trend
from panelvar.nonstationary.unit_roots.regressions import join_groups

# Of its long-run variance, what the changes of the regressors may leave of an error.
_NOTHING = 1e-13


@documented
def fit_fmols(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    method: str = "group-mean",
    trend: str = "c",
    regressor_trend: str | None = None,
    differenced: bool = True,
    kernel: str = "quadratic-spectral",
    bandwidth: float | str = "andrews",
    prewhiten: bool = True,
    cov: str | None = None,
    df_correction: bool = True,
    demean: bool = False,
    unusable: str = "raise",
    convention: str | Convention = "default",
    missing: str = "drop",
) -> CointegratingResult:
    r"""Estimate a cointegrating relation by fully modified least squares (Phillips and Hansen 1990).

    .. math:: y_{it} = d_t'\delta_i + x_{it}'\beta_i + u_{1it}, \qquad \Delta x_{it} = u_{2it} + \text{terms}

    It is least squares of :math:`y^+_{it} = y_{it} - \hat\gamma_i'\hat u_{2it}` on :math:`d_t` and :math:`x_{it}`, with
    :math:`\hat\gamma_i = \hat\Omega_{22}^{-1}\hat\Omega_{21}`. From the products of :math:`y^+` and :math:`x` it takes,
    for each row, the shift :math:`\hat\lambda^+_i = \hat\Delta_{12} - \hat\gamma_i'\hat\Delta_{22}`. The first
    correction is for errors and regressors that move together in the long run, the second for errors that follow the
    regressors' changes.

    Parameters
    ----------
    {data (relation), y (relation), x (relation), method (relation), trend (terms)}
    {regressor_trend, differenced (regressors), kernel, bandwidth, prewhiten, cov (relation), df_correction (relation)}
    {demean, unusable (cointegrating regression), convention (entities), missing}

    Returns
    -------
    CointegratingResult
        ``params`` and errors; each entity's ``individual`` estimates; ``long_run_covariances``; ``group_tests``.

    Raises
    ------
    DataError, CollinearityError, NumericalError
        An entity has gaps, does not vary, has regressors that depend on one another or on time, or has no error.
    InsufficientDataError
        Entities are too short, or you asked for errors from the spread over entities, and there is one.
    SpecificationError
        Options do not exist, or do not go together.

    See Also
    --------
    fit_dols : leads and lags in place of corrections.
    fit_ccr : transforms the regressors instead.
    pedroni_test : whether there is a relation.

    Notes
    -----
    The estimator assumes that regressors are I(1) and not cointegrated with one another, and that the relation's error
    is stationary: run unit-root tests (`cips_test` and its kin) and tests of cointegration first. Entities must be
    independent (``demean=True`` takes out a time effect of the same size for all).

    ``method="pooled"`` modifies the columns by averages of the long-run covariances over entities (Phillips and Moon
    1999). ``"weighted"`` modifies them by each entity's own, and entities count by the precision of their errors. The
    weighted form of Pedroni (2000) and Kao and Chiang (2000), which scales regressors by :math:`\Omega_{22i}^{-1/2}`
    too, is not offered: it needs the slopes beforehand and depends on the units of measurement (see the guide).

    In short panels a part of the bias of least squares stays, and errors are too small: the guide has the rates.
    `fit_dols` has leads and lags in place of the corrections. `fit_pooled_mean_group` fits dynamic models with a common
    long run, for regressors that the error does not move, I(0) or I(1).

    Examples
    --------
    >>> import panelvar as pv
    >>> grunfeld = pv.load_data("grunfeld")
    >>> relation = pv.fit_fmols(grunfeld, "invest ~ value + capital")
    >>> relation.params.round(3)
    const     -44.409
    value       0.100
    capital     0.263
    Name: params, dtype: float64
    """
    return _fit(
        read_pooling(method, cov, df_correction, scores=False),
        as_convention(convention),
        _read_modification(trend, regressor_trend, differenced, kernel, bandwidth, prewhiten),
        read_relations(data, y, x, trend, demean, unusable, missing, _fewest_periods),
        canonical=False,
    )


@documented
def fit_ccr(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    method: str = "group-mean",
    trend: str = "c",
    regressor_trend: str | None = None,
    differenced: bool = True,
    kernel: str = "quadratic-spectral",
    bandwidth: float | str = "andrews",
    prewhiten: bool = True,
    cov: str | None = None,
    df_correction: bool = True,
    demean: bool = False,
    unusable: str = "raise",
    convention: str | Convention = "default",
    missing: str = "drop",
) -> CointegratingResult:
    r"""Estimate a cointegrating relation by a canonical cointegrating regression (Park 1992).

    It is least squares of columns from which stationary parts of the errors and of the regressors' changes are taken,

    .. math:: x^\ast_{it} = x_{it} - \hat\Delta_{\cdot 2}'\hat\Sigma^{-1}\hat u_{it}, \qquad
       y^\ast_{it} = y_{it} - \hat\beta_i'\hat\Delta_{\cdot 2}'\hat\Sigma^{-1}\hat u_{it} - \hat\gamma_i'\hat u_{2it},

    with :math:`\hat u = (\hat u_1, \hat u_2')'` and :math:`\hat\beta_i` of least squares. In long samples it agrees
    with `fit_fmols`, whose notes hold here too.

    Parameters
    ----------
    {data (relation), y (relation), x (relation), method (relation), trend (terms)}
    {regressor_trend, differenced (regressors), kernel, bandwidth, prewhiten, cov (relation), df_correction (relation)}
    {demean, unusable (cointegrating regression), convention (entities), missing}

    Returns
    -------
    CointegratingResult

    Raises
    ------
    DataError, CollinearityError, NumericalError, InsufficientDataError, SpecificationError
        As `fit_fmols`.

    See Also
    --------
    fit_fmols, fit_dols : the other estimators of the same relation.
    johansen_test : whether there is a relation, and how many.

    Notes
    -----
    arch, EViews and Stata's ``cointreg`` have it for one series, and ``xtcointreg`` averages it over entities. A pooled
    relation transforms the columns as `fit_fmols` does: by averages of the covariances, and slopes that all entities
    share.

    Examples
    --------
    >>> import panelvar as pv
    >>> grunfeld = pv.load_data("grunfeld")
    >>> relation = pv.fit_ccr(grunfeld, "invest ~ value + capital")
    >>> relation.params.round(3)
    const     -28.601
    value       0.088
    capital     0.274
    Name: params, dtype: float64
    """
    return _fit(
        read_pooling(method, cov, df_correction, scores=False),
        as_convention(convention),
        _read_modification(trend, regressor_trend, differenced, kernel, bandwidth, prewhiten),
        read_relations(data, y, x, trend, demean, unusable, missing, _fewest_periods),
        canonical=True,
    )


@dataclass(frozen=True, eq=False)
class ErrorCovariances:
    """Errors and long-run covariances of each stack, at the slopes of the first stage."""

    slopes: Array
    errors: tuple[Array, ...]
    covariances: tuple[LongRunCovariance, ...]

    def together(self, places: Sequence[Positions]) -> LongRunCovariance:
        """Covariances of all entities, in their order, of stacks with such places."""
        names = [each.name for each in fields(LongRunCovariance)]
        parts = [tuple(getattr(part, name) for name in names) for part in self.covariances]
        return LongRunCovariance(*join_groups(places, parts))

    def average(self) -> LongRunCovariance:
        """Covariances averaged over all entities."""
        names = [each.name for each in fields(LongRunCovariance)]
        whole = (np.concatenate([getattr(part, name) for part in self.covariances]) for name in names)
        return LongRunCovariance(*(values.mean(axis=0) for values in whole))


class Modification(NamedTuple):
    """How columns are modified; see `fit_fmols`. ``powers`` are the terms of the regressors."""

    powers: int
    differenced: bool
    kernel: str
    bandwidth: float | str
    prewhiten: bool


def _read_modification(
    trend: str, regressor_trend: str | None, differenced: bool, kernel: str, bandwidth: float | str, prewhiten: bool
) -> Modification:
    differenced, prewhiten = read_flag("differenced", differenced), read_flag("prewhiten", prewhiten)
    powers = POWERS[check_trend(trend)]
    wanted = powers if regressor_trend is None else POWERS[check_trend(regressor_trend)]
    if wanted < powers:
        raise SpecificationError(
            f"regressor_trend={regressor_trend!r} has fewer terms than the relation (trend={trend!r}). Give it at "
            "least as many, because what enters the relation may also drive the regressors."
        )
    return Modification(wanted, differenced, kernel, bandwidth, prewhiten)


def _fewest_periods(terms: int, regressors: int) -> int:
    # Changes take a period, errors and changes of the regressors a dimension each, and one more is the error's own.
    return max(terms + 2 * regressors + 2, regressors + 4)


def _fit(
    pooling: Pooling, convention: Convention, how: Modification, found: RelationData, *, canonical: bool
) -> CointegratingResult:
    """Fit fully modified least squares, or the canonical regression."""
    found = found.dropping(_without_innovations(found, how))
    choices = read_long_run(how.kernel, how.bandwidth, how.prewhiten, found.system.periods - 1)
    own = _estimate_covariances(found, found.first_stage.own_slopes(), how, choices)
    refused = _without_error(found, own)
    if refused:
        found = found.dropping(refused)
        own = _estimate_covariances(found, found.first_stage.own_slopes(), how, choices)
    used, shared = own, None
    if pooling.shared:
        slopes = pooled_slopes(found.first_stage, by_precision=False).slopes
        used = _estimate_covariances(found, slopes, how, choices)
        shared = _moments(found, used, used.average() if pooling.method == "pooled" else None, canonical)
    return assemble(
        found,
        pooling,
        _moments(found, own, None, canonical),
        shared,
        used.together([stack.places for stack in found.stacks]),
        convention,
        "Canonical cointegrating regression" if canonical else "Fully modified OLS",
        choices,
    )


def _estimate_covariances(
    found: RelationData, slopes: Array, how: Modification, choices: LongRunChoices
) -> ErrorCovariances:
    """Errors at slopes (m,) or (N, m), and their long-run covariances with the changes of the regressors."""
    errors, covariances = [], []
    for stack in found.stacks:
        left = errors_at(stack, slopes if slopes.ndim == 1 else slopes[stack.places])
        changes = innovations(stack.x, how.powers, how.differenced)
        errors.append(np.concatenate((left[:, 1:, None], changes), axis=2))
        covariances.append(choices(errors[-1]))
    return ErrorCovariances(slopes, tuple(errors), tuple(covariances))


def _moments(
    found: RelationData, at: ErrorCovariances, average: LongRunCovariance | None, canonical: bool
) -> RelationMoments:
    parts = []
    for stack, errors, own in zip(found.stacks, at.errors, at.covariances, strict=True):
        used = own if average is None else average
        if canonical:
            slopes = at.slopes if at.slopes.ndim == 1 else at.slopes[stack.places]
            parts.append(canonical_moments(stack, errors, used, own, slopes))
        else:
            parts.append(fully_modified_moments(stack, errors, used, own))
    return join_groups([stack.places for stack in found.stacks], parts)


def _without_innovations(found: RelationData, how: Modification) -> dict[int, PanelVarError]:
    """Entities with a regressor that is a function of time, or changes that depend on one another."""
    refused: dict[int, PanelVarError] = {}
    for stack in found.stacks:
        changes = innovations(stack.x, how.powers, how.differenced)
        still = np.abs(changes).max(axis=1) <= 1e-13 * np.abs(stack.x).max(axis=1)
        flat = still | dependent_columns(stacked_triangles(changes))
        for row in np.flatnonzero(flat.any(axis=1)):
            place = int(stack.places[row])
            name, label = found.system.names[int(np.flatnonzero(flat[row])[0])], found.system.labels[place]
            refused[place] = CollinearityError(
                f"{name!r} of {label!r} is a function of time."
                if still[row].any()
                else f"The changes of {name!r} of {label!r} are a combination of those of the other regressors."
            )
    return refused


def _without_error(found: RelationData, at: ErrorCovariances) -> dict[int, PanelVarError]:
    """Entities whose errors follow the changes of the regressors, or whose changes one another."""
    refused: dict[int, PanelVarError] = {}
    for stack, own in zip(found.stacks, at.covariances, strict=True):
        together = nearly_singular(own.contemporaneous) | nearly_singular(own.two_sided[:, 1:, 1:])
        known = replace(own, two_sided=np.where(together[:, None, None], np.eye(own.two_sided.shape[1]), own.two_sided))
        left = conditional_variances(known, known)
        for row in np.flatnonzero(together | ~(left > _NOTHING * known.two_sided[:, 0, 0])):
            place = int(stack.places[row])
            label = found.system.labels[place]
            refused[place] = NumericalError(
                f"The error of {label!r} and the changes of its regressors move as one, perhaps because of an outlier. "
                "Their long-run covariances then have no inverse."
                if together[row]
                else f"The error of {label!r} follows the changes of its regressors, so its long-run variance given "
                "these is zero."
            )
    return refused
