"""From the moments of the entities' relations to a result: means or shared slopes, covariance, residuals, labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from panelvar.core.base.arguments import read_flag
from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.errors import InsufficientDataError, Note, NumericalError, choose, emit
from panelvar.core.faces.layout import Fact
from panelvar.estimates.covariance.covariances import CovarianceEstimate
from panelvar.estimates.fit.conventions import Convention
from panelvar.kernels.linear.long_run import LongRunCovariance
from panelvar.nonstationary.panel_series.bandwidths import bandwidths_in_words
from panelvar.nonstationary.relations.moments import LongRunChoices, RelationMoments
from panelvar.nonstationary.relations.pooling import COVARIANCES, METHODS, group_mean, pooled_slopes
from panelvar.nonstationary.relations.relation_data import RelationData
from panelvar.nonstationary.relations.result import CointegratingResult, RelationFit
from panelvar.panels.heterogeneous.unit_fits import covariance_of_average

# The square of such a coefficient is a number, and so is a sum of many.
_SQUARABLE = 1e150
# The same of coefficients in the columns' own units, whose variances are squared once more.
_SQUARABLE_TWICE = 1e75
# Standard errors this small beside those from long-run variances are rounding.
_ALIKE = 1e-9
# Levels of regressors, beside what terms leave of them, whose squares leave two digits of the scores' covariance.
_HIGHEST_LEVEL = 1e7
_DEFAULT = {"group-mean": "sandwich", "pooled": "heterogeneous", "weighted": "estimated"}
_LABELS = {
    "estimated": "long-run variances",
    "heterogeneous": "long-run variances by entity",
    "sandwich": "sandwich over entities",
    "kernel": "kernel of scores",
}
_TERMS = {"n": "none", "c": "constant", "ct": "constant, trend", "ctt": "constant, trend, square"}
_WORDS = {"group-mean": "group mean", "pooled": "pooled", "weighted": "pooled, weighted"}


@dataclass(frozen=True, eq=False)
class Pooling:
    """How entities are put together.

    Attributes
    ----------
    method : str
        Of `METHODS`.
    cov : str or None
        Of `COVARIANCES`; None for the method's default.
    small_sample : bool
    """

    method: str
    cov: str | None
    small_sample: bool

    @property
    def shared(self) -> bool:
        """Whether entities share their slopes."""
        return self.method != "group-mean"

    def covariance_of(self, entities: int) -> str:
        """The covariance of so many entities, by its name."""
        if self.cov is None:
            return "estimated" if entities == 1 else _DEFAULT[self.method]
        if entities == 1 and self.cov == "sandwich":
            raise InsufficientDataError("cov='sandwich' needs several entities, and there is one. Use cov='estimated'.")
        return self.cov


def read_pooling(method: str, cov: str | None, small_sample: bool, *, scores: bool) -> Pooling:
    """Check how entities are to be put together; ``scores`` says whether a kernel of the scores is on offer."""
    choose("method", method, METHODS)
    allowed = [kind for kind in COVARIANCES[method] if scores or kind != "kernel"]
    return Pooling(
        method, None if cov is None else choose("cov", cov, allowed), read_flag("small_sample", small_sample)
    )


def assemble(
    found: RelationData,
    pooling: Pooling,
    own: RelationMoments,
    shared: RelationMoments | None,
    long_run: LongRunCovariance | None,
    convention: Convention,
    estimator: str,
    choices: LongRunChoices,
    orders: tuple[Positions, str] | None = None,
) -> CointegratingResult:
    """Put the entities together, and warn of what a reader should know.

    Parameters
    ----------
    own : RelationMoments
        Moments of each entity by itself.
    shared : RelationMoments or None
        Moments for the slopes that all entities share, if they do.
    long_run : LongRunCovariance or None
        Long-run covariances of the entities' errors and changes of regressors, as they were used.
    orders : (N, 2) array and text, optional
        Leads and lags, and what they are in words.
    """
    entities = found.system.n_entities
    kind = pooling.covariance_of(entities)
    if pooling.small_sample:
        own = own.corrected(shared=False)
        shared = None if shared is None else shared.corrected(shared=True)
    slopes = own.own_slopes()
    estimates, covariances = np.concatenate((own.terms_at(slopes), slopes), axis=1), own.own_covariances()
    names, order = _house_order(found)
    units = found.coefficient_units
    variances = covariances.diagonal(axis1=1, axis2=2)
    _refuse_rounding(found, own, variances)
    errors = np.sqrt(variances)
    _refuse_out_of_range(found, estimates, errors, _SQUARABLE_TWICE)
    _refuse_out_of_range(found, np.ldexp(estimates, units), np.ldexp(errors, units), _SQUARABLE)
    terms = estimates[:, : own.d]
    if shared is None:
        coefficients, matrix = group_mean(estimates, covariances, kind)
        measure = group_mean(estimates, covariances, "estimated")[1]
        matrix, alike = _without_rounding(matrix, measure)
        coefficients, matrix, powers = coefficients[order], matrix[np.ix_(order, order)], units[order]
    else:
        pooled = pooled_slopes(shared, by_precision=pooling.method == "weighted")
        coefficients, matrix = pooled.slopes, pooled.covariance(shared, kind)
        matrix, alike = _without_rounding(matrix, pooled.covariance(shared, "estimated"))
        slopes, terms, powers = coefficients, shared.terms_at(coefficients), units[own.d :]
    used = own if shared is None else shared
    fit = RelationFit(
        found.design(),
        names if shared is None else found.system.names,
        np.ldexp(coefficients, powers),
        names,
        np.ldexp(estimates, units)[:, order],
        np.ldexp(errors, units)[:, order],
        found.term_names,
        np.ldexp(terms, units[: own.d]),
        _residuals(found, slopes, terms),
        entities * own.d + (own.m if pooling.shared else entities * own.m),
        np.ldexp(used.variances, 2 * found.units[0]),
        used.bandwidths,
        used.rows,
        None if long_run is None else found.in_units(long_run),
        None if orders is None else orders[0],
        (*_facts(found.trend, choices, used), *(() if orders is None else (Fact("Leads, lags", orders[1]),))),
        (*found.system.notes, *_notes(kind), *alike),
    )
    matrix = np.ldexp(matrix, powers[:, None] + powers)
    emit(fit.notes)
    return CointegratingResult(
        fit,
        _estimate(matrix, kind, pooling, entities, convention),
        convention,
        estimator if entities == 1 else f"{estimator} ({_WORDS[pooling.method]})",
    )


def _facts(trend: str, choices: LongRunChoices, used: RelationMoments) -> tuple[Fact, ...]:
    """What a summary says of terms and long-run covariances."""
    return (
        Fact("Terms", _TERMS[trend]),
        Fact("Kernel", f"{choices.kernel}, prewhitened" if choices.prewhiten else choices.kernel),
        Fact("Bandwidth", bandwidths_in_words(used.bandwidths, choices.bandwidth)),
    )


def _house_order(found: RelationData) -> tuple[tuple[str, ...], list[int]]:
    """Names of an entity's coefficients, constant, regressors, trend; and where they stand among terms and slopes."""
    d, m = found.powers, found.system.n_regressors
    order = [*range(min(d, 1)), *range(d, d + m), *range(1, d)]
    written = (*found.term_names, *found.system.names)
    return tuple(written[place] for place in order), order


def _residuals(found: RelationData, slopes: Array, terms: Array) -> Array:
    """Residuals of the long-run relation, in the order of the rows and the caller's units."""
    own = np.broadcast_to(slopes, (found.system.n_entities, slopes.shape[-1]))
    out: list[Array] = [np.empty(0)] * found.system.n_entities
    for stack in found.stacks:
        left = stack.y - (stack.x @ own[stack.places, :, None])[..., 0]
        left = left - (stack.terms @ terms[stack.places, :, None])[..., 0]
        for place, row in zip(stack.places, left, strict=True):
            out[place] = row
    residuals = np.asarray(np.ldexp(np.concatenate(out), found.units[0]))
    if not np.abs(residuals).max() < _SQUARABLE:
        raise NumericalError(
            f"Residuals of {found.system.dependent!r}, or their squares, leave the range of numbers. Rescale the "
            "columns, or look for outliers."
        )
    return residuals


def _estimate(matrix: Array, kind: str, pooling: Pooling, entities: int, convention: Convention) -> CovarianceEstimate:
    """The covariance with its inference: by the spread over entities that of averages, else the normal."""
    if kind != "sandwich":
        return CovarianceEstimate(matrix, _LABELS[kind], np.inf)
    label = _LABELS[kind] if pooling.shared else "dispersion over entities"
    return covariance_of_average(matrix, label, entities, convention)


def _refuse_rounding(found: RelationData, own: RelationMoments, variances: Array) -> None:
    """Refuse variances (N, d + m) that have no digits left: those of scores are sums in which squared levels cancel."""
    lost = (variances < 0.0).any(axis=1)
    if own.meats is not None:
        lost |= (own.levels() > _HIGHEST_LEVEL).any(axis=1)
    if lost.any():
        raise NumericalError(
            f"{found.system.called(int(lost.argmax()))} has coefficients whose variances are rounding, because a "
            "regressor hardly varies beside its mean. Subtract its mean."
        )


def _refuse_out_of_range(found: RelationData, estimates: Array, errors: Array, most: float) -> None:
    """Refuse coefficients and errors of which sums of squares are no numbers."""
    lost = ~((np.abs(estimates) < most) & (errors < most)).all(axis=1)
    if lost.any():
        label = found.system.labels[int(np.flatnonzero(lost)[0])]
        raise NumericalError(
            f"Coefficients of {label!r}, or their squares, leave the range of numbers. Rescale the columns, or look "
            "for outliers."
        )


def _without_rounding(matrix: Array, measure: Array) -> tuple[Array, tuple[Note, ...]]:
    """Set to zero variances that are rounding beside those from long-run variances: entities that do not differ."""
    none = matrix.diagonal() <= _ALIKE**2 * measure.diagonal()
    if not none.any():
        return matrix, ()
    matrix = np.where(none | none[:, None], 0.0, matrix)
    text = (
        "The estimates of all entities are equal, so their spread gives no standard error and no test. Use "
        "cov='estimated', which does not need the spread."
    )
    return matrix, (Note("no-variance", text, warn=True),)


def _notes(kind: str) -> tuple[Note, ...]:
    how = (
        "Errors are from how far entities lie apart"
        if kind == "sandwich"
        else "Inference is by the normal distribution, which holds as the periods (and entities) grow"
    )
    text = f"{how}. R2 is that of the relation in levels, which the estimator does not maximise."
    return (Note("inference", text),)
