r"""Fully modified least squares and canonical cointegrating regressions.

With :math:`u_t = (u_{1t}, u_{2t}')'`, the error of the relation and the changes of the regressors, their long-run
covariances :math:`\Sigma, \Delta, \Omega` (`panelvar.kernels.linear.long_run`), and
:math:`\gamma = \Omega_{22}^{-1}\Omega_{21}`,

.. math::
   \text{FMOLS:}\quad & y_t^\ast = y_t - \gamma'u_{2t}, \quad x_t^\ast = x_t, \quad
   \sigma = n\,(\Delta_{12} - \gamma'\Delta_{22})' \\
   \text{CCR:}\quad & x_t^\ast = x_t - \Delta_{\cdot 2}'\Sigma^{-1}u_t, \quad
   y_t^\ast = y_t - \beta'\Delta_{\cdot 2}'\Sigma^{-1}u_t - \gamma'u_{2t}, \quad \sigma = 0

with :math:`\beta` of the first stage. What is left of the error has the long-run variance
:math:`a'\Omega a, a = (1, -\gamma')'`, which is :math:`\omega_{1\cdot2} = \Omega_{11} - \Omega_{12}\gamma` where
:math:`\gamma` is the entity's own.

References: Phillips and Hansen (1990), Review of Economic Studies 57; Park (1992), Econometrica 60; Phillips and Moon
(1999), Econometrica 67, of averages of the covariances over entities.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arguments import read_flag
from panelvar.core.base.arrays import Array, Mask
from panelvar.core.base.errors import CollinearityError, NumericalError, PanelVarError, SpecificationError
from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.presets import as_convention
from panelvar.kernels.linear.long_run import LongRunCovariance
from panelvar.kernels.linear.unit_regressions import stacked_triangles
from panelvar.nonstationary.relations.assembly import Pooling, assemble, read_pooling
from panelvar.nonstationary.relations.moments import LongRunChoices, RelationMoments, without_terms
from panelvar.nonstationary.relations.pooling import pooled_slopes
from panelvar.nonstationary.relations.relation_data import (
    RelationData,
    dependent_columns,
    read_long_run,
    read_relations,
)
from panelvar.nonstationary.relations.result import CointegratingResult
from panelvar.nonstationary.unit_roots.one_series import POWERS, check_trend
from panelvar.nonstationary.unit_roots.regressions import join_groups

# Of its long-run variance, what the changes of the regressors may leave of an error.
_NOTHING = 1e-13
# Of correlations: below it their inverse is rounding.
_LEAST_EIGENVALUE = 1e-13


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
    small_sample: bool = True,
    demean: bool = False,
    unusable: str = "drop",
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
    {regressor_trend, differenced (regressors), kernel, bandwidth, prewhiten, cov (relation), small_sample (relation)}
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
        read_pooling(method, cov, small_sample, scores=False),
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
    small_sample: bool = True,
    demean: bool = False,
    unusable: str = "drop",
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
    {regressor_trend, differenced (regressors), kernel, bandwidth, prewhiten, cov (relation), small_sample (relation)}
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
        read_pooling(method, cov, small_sample, scores=False),
        as_convention(convention),
        _read_modification(trend, regressor_trend, differenced, kernel, bandwidth, prewhiten),
        read_relations(data, y, x, trend, demean, unusable, missing, _fewest_periods),
        canonical=True,
    )


class _ErrorCovariances(NamedTuple):
    """Of each stack, errors at slopes (N, m) beside changes of the regressors; and their covariances."""

    slopes: Array
    errors: list[Array]
    covariances: list[LongRunCovariance]


class _Modification(NamedTuple):
    """How columns are modified; see `fit_fmols`. ``powers`` are the terms of the regressors."""

    powers: int
    differenced: bool
    kernel: str
    bandwidth: float | str
    prewhiten: bool


def _read_modification(
    trend: str, regressor_trend: str | None, differenced: bool, kernel: str, bandwidth: float | str, prewhiten: bool
) -> _Modification:
    differenced, prewhiten = read_flag("differenced", differenced), read_flag("prewhiten", prewhiten)
    powers = POWERS[check_trend(trend)]
    wanted = powers if regressor_trend is None else POWERS[check_trend(regressor_trend)]
    if wanted < powers:
        raise SpecificationError(
            f"regressor_trend={regressor_trend!r} has fewer terms than the relation (trend={trend!r}). Give it at "
            "least as many, because what enters the relation may also drive the regressors."
        )
    return _Modification(wanted, differenced, kernel, bandwidth, prewhiten)


def _fewest_periods(terms: int, regressors: int) -> int:
    # Changes take a period, errors and changes of the regressors a dimension each, and one more is the error's own.
    return max(terms + 2 * regressors + 2, regressors + 4)


def _fit(
    pooling: Pooling, convention: Convention, how: _Modification, found: RelationData, *, canonical: bool
) -> CointegratingResult:
    """Fit fully modified least squares, or the canonical regression."""
    found = found.dropping(_without_innovations(found, how))
    choices = read_long_run(how.kernel, how.bandwidth, how.prewhiten, found.system.periods - 1)
    while True:
        own = used = _estimate_covariances(found, found.first_stage.own_slopes(), how, choices)
        refused = _without_error(found, own)
        if pooling.shared and not refused:
            slopes = pooled_slopes(found.first_stage, by_precision=False).slopes
            used = _estimate_covariances(found, slopes, how, choices)
            # An average of covariances needs no inverse of each.
            refused = _without_error(found, used) if pooling.method == "weighted" else {}
        if not refused:
            break
        found = found.dropping(refused)
    shared = None
    long_run = join_groups([stack.places for stack in found.stacks], used.covariances)
    if pooling.shared:
        average = LongRunCovariance(*(values.mean(axis=0) for values in long_run))
        shared = _moments(found, used, average if pooling.method == "pooled" else None, canonical)
    return assemble(
        found,
        pooling,
        _moments(found, own, None, canonical),
        shared,
        long_run,
        convention,
        "Canonical cointegrating regression" if canonical else "Fully modified OLS",
        choices,
    )


def _estimate_covariances(
    found: RelationData, slopes: Array, how: _Modification, choices: LongRunChoices
) -> _ErrorCovariances:
    """Errors at slopes (m,) or (N, m), and their long-run covariances with the changes of the regressors."""
    slopes = np.broadcast_to(slopes, (found.system.n_entities, slopes.shape[-1]))
    errors, covariances = [], []
    for stack in found.stacks:
        left = without_terms(stack.y - (stack.x @ slopes[stack.places, :, None])[..., 0], stack.powers)
        changes = _innovations(stack.x, how.powers, how.differenced)
        errors.append(np.concatenate((left[:, 1:, None], changes), axis=2))
        covariances.append(choices(errors[-1]))
    return _ErrorCovariances(slopes, errors, covariances)


def _moments(
    found: RelationData, at: _ErrorCovariances, average: LongRunCovariance | None, canonical: bool
) -> RelationMoments:
    """Least squares of the modified columns: by each entity's own long-run covariances, or by an average of them."""
    parts = []
    for stack, errors, own in zip(found.stacks, at.errors, at.covariances, strict=True):
        used = own if average is None else average
        gamma = _slopes(used)
        x, y = stack.x[:, 1:], stack.y[:, 1:] - (errors[..., 1:] @ gamma[..., None])[..., 0]
        n, rows, m = x.shape
        shifts = np.zeros(m)
        if canonical:
            moved = errors @ _solve(used.contemporaneous, used.one_sided[..., 1:])
            x, y = x - moved, y - (moved @ at.slopes[stack.places, :, None])[..., 0]
        else:
            bias = used.one_sided[..., 0, 1:] - (gamma[..., None, :] @ used.one_sided[..., 1:, 1:])[..., 0, :]
            shifts = rows * bias
        moments = RelationMoments(
            stacked_triangles(np.concatenate((stack.terms[:, 1:], x, y[..., None]), axis=2)),
            np.broadcast_to(shifts, (n, m)),
            _variances(gamma, own),
            own.bandwidth,
            np.full(n, rows),
            np.full(n, stack.powers + m),
        )
        parts.append(moments)
    return join_groups([stack.places for stack in found.stacks], parts)


def _without_innovations(found: RelationData, how: _Modification) -> dict[int, PanelVarError]:
    """Entities with a regressor that is a function of time, or changes that depend on one another.

    Nor may regressors depend on one another in the rows that are left, which are all but the first.
    """
    refused: dict[int, PanelVarError] = {}
    for stack in found.stacks:
        changes = _innovations(stack.x, how.powers, how.differenced)
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
        rest = np.concatenate((stack.terms[:, 1:], stack.x[:, 1:]), axis=2)
        left = dependent_columns(stacked_triangles(rest))[:, -stack.x.shape[2] :]
        for row in np.flatnonzero(left.any(axis=1) & ~flat.any(axis=1)):
            name = found.system.names[int(np.flatnonzero(left[row])[0])]
            label = found.system.labels[int(stack.places[row])]
            refused[int(stack.places[row])] = CollinearityError(
                f"Without its first period, {name!r} of {label!r} is a combination of the terms and the other "
                "regressors."
            )
    return refused


def _without_error(found: RelationData, at: _ErrorCovariances) -> dict[int, PanelVarError]:
    """Entities whose errors follow the changes of the regressors, or whose changes one another."""
    refused: dict[int, PanelVarError] = {}
    for stack, own in zip(found.stacks, at.covariances, strict=True):
        together = _nearly_singular(own.contemporaneous) | _nearly_singular(own.two_sided[:, 1:, 1:])
        known = own._replace(two_sided=np.where(together[:, None, None], np.eye(own.two_sided.shape[1]), own.two_sided))
        left = _variances(_slopes(known), known)
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


def _innovations(x: Array, powers: int, differenced: bool) -> Array:
    """Changes of regressors (n, T, m) less those of their terms: (n, T - 1, m).

    The terms' coefficients are estimated from the changes, or from the levels, which are then differenced.
    """
    if differenced:
        return without_terms(np.diff(x, axis=1), max(powers - 1, 0))
    return np.diff(without_terms(x, powers), axis=1)


def _solve(matrix: Array, right: Array) -> Array:
    """Solve V X = B for covariances V (..., k, k), in units of their standard deviations."""
    sizes = np.sqrt(matrix.diagonal(axis1=-2, axis2=-1))
    scaled = matrix / (sizes[..., :, None] * sizes[..., None, :])
    return np.asarray(np.linalg.solve(scaled, right / sizes[..., :, None]) / sizes[..., :, None])


def _nearly_singular(matrix: Array) -> Mask:
    """Whether covariances (..., k, k) have no inverse to speak of, as correlations."""
    sizes = np.sqrt(np.maximum(matrix.diagonal(axis1=-2, axis2=-1), 0.0))
    flat = (sizes == 0.0).any(axis=-1)
    safe = np.where(sizes > 0.0, sizes, 1.0)
    least = np.linalg.eigvalsh(matrix / (safe[..., :, None] * safe[..., None, :]))[..., 0]
    return np.asarray(flat | (least < _LEAST_EIGENVALUE))


def _slopes(used: LongRunCovariance) -> Array:
    """Gamma, (..., m)."""
    return _solve(used.two_sided[..., 1:, 1:], used.two_sided[..., 1:, :1])[..., 0]


def _variances(gamma: Array, own: LongRunCovariance) -> Array:
    """Long-run variances of errors less the changes times gamma, (n,): never negative."""
    weights = np.concatenate((np.ones((*gamma.shape[:-1], 1)), -gamma), axis=-1)
    return np.asarray(((weights[..., None, :] @ own.two_sided)[..., 0, :] * weights).sum(axis=-1))
