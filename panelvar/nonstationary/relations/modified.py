"""The steps that fully modified least squares and canonical cointegrating regressions share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from panelvar.core.base.arguments import read_flag
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import CollinearityError, NumericalError, PanelVarError, SpecificationError, emit
from panelvar.estimates.fit.conventions import Convention
from panelvar.kernels.linear.long_run import LongRunCovariance
from panelvar.kernels.linear.unit_regressions import stacked_triangles
from panelvar.nonstationary.relations.assembly import Pooling, assembled
from panelvar.nonstationary.relations.modified_moments import (
    canonical_moments,
    conditional_variances,
    innovations,
    modified_moments,
    nearly_singular,
)
from panelvar.nonstationary.relations.moments import LongRunChoices, RelationMoments, merged
from panelvar.nonstationary.relations.pooling import pooled_slopes
from panelvar.nonstationary.relations.relation_data import (
    RelationData,
    RelationSource,
    dependent_columns,
    errors_at,
    read_long_run,
)
from panelvar.nonstationary.relations.result import CointegratingResult
from panelvar.nonstationary.unit_roots.one_series import POWERS, check_trend
from panelvar.nonstationary.unit_roots.regressions import in_order

# Of its long-run variance, what the changes of the regressors may leave of an error.
_NOTHING = 1e-13


@dataclass(frozen=True, eq=False)
class Modified:
    """Errors and long-run covariances of each stack, at the slopes of the first stage."""

    slopes: Array
    errors: tuple[Array, ...]
    covariances: tuple[LongRunCovariance, ...]

    def average(self) -> LongRunCovariance:
        """Covariances averaged over all entities."""
        return LongRunCovariance(
            *(
                np.concatenate([getattr(each, name) for each in self.covariances]).mean(axis=0)
                for name in ("contemporaneous", "strictly_one_sided", "two_sided", "bandwidth")
            )
        )


@dataclass(frozen=True)
class Modification:
    """How columns are modified, as the caller said; see `panelvar.fit_fmols`."""

    regressor_trend: str | None
    differenced: bool
    kernel: str
    bandwidth: float | str
    prewhiten: bool


def fit_modified(
    kind: str, source: RelationSource, how: Modification, pooling: Pooling, convention: Convention
) -> CointegratingResult:
    """Fit by "fmols" or "ccr"."""
    differenced, prewhiten = read_flag("differenced", how.differenced), read_flag("prewhiten", how.prewhiten)
    powers = _regressor_powers(source.trend, how.regressor_trend)
    found = source.read(_needed)
    found = found.dropping(_without_innovations(found, powers, differenced), source.unusable)
    choices = read_long_run(how.kernel, how.bandwidth, prewhiten, found.system.periods - 1)
    own = _modified(found, found.first_stage.own_slopes(), powers, differenced, choices)
    refused = _without_error(found, own)
    if refused:
        found = found.dropping(refused, source.unusable)
        own = _modified(found, found.first_stage.own_slopes(), powers, differenced, choices)
    used, moments, shared = own, _moments(kind, found, own, None), None
    if pooling.shared:
        slopes = pooled_slopes(found.first_stage, by_precision=False).slopes
        used = _modified(found, slopes, powers, differenced, choices)
        shared = _moments(kind, found, used, used.average() if pooling.method == "pooled" else None)
    result = assembled(
        found,
        pooling,
        moments,
        shared,
        _together(found, used.covariances),
        convention,
        {"fmols": "Fully modified OLS", "ccr": "Canonical cointegrating regression"}[kind],
        choices,
    )
    emit(result.notes)
    return result


def _regressor_powers(trend: str, regressor_trend: str | None) -> int:
    powers = POWERS[check_trend(trend)]
    if regressor_trend is None:
        return powers
    wanted = POWERS[check_trend(regressor_trend)]
    if wanted < powers:
        raise SpecificationError(
            f"regressor_trend={regressor_trend!r} has fewer terms than the relation (trend={trend!r}). Give it at "
            "least as many, because what enters the relation may also drive the regressors."
        )
    return wanted


def _needed(terms: int, regressors: int) -> int:
    # Changes take a period, errors and changes of the regressors a dimension each, and one more is the error's own.
    return max(terms + 2 * regressors + 2, regressors + 4)


def _modified(found: RelationData, slopes: Array, powers: int, differenced: bool, choices: LongRunChoices) -> Modified:
    """Errors at slopes (m,) or (N, m), and their long-run covariances with the changes of the regressors."""
    errors, covariances = [], []
    for stack in found.stacks:
        left = errors_at(stack, slopes if slopes.ndim == 1 else slopes[stack.places])
        changes = innovations(stack.x, powers, differenced)
        errors.append(np.concatenate((left[:, 1:, None], changes), axis=2))
        covariances.append(choices(errors[-1]))
    return Modified(slopes, tuple(errors), tuple(covariances))


def _moments(kind: str, found: RelationData, at: Modified, average: LongRunCovariance | None) -> RelationMoments:
    parts = []
    for stack, errors, own in zip(found.stacks, at.errors, at.covariances, strict=True):
        used = own if average is None else average
        if kind == "fmols":
            parts.append(modified_moments(stack, errors, used, own))
        else:
            slopes = at.slopes if at.slopes.ndim == 1 else at.slopes[stack.places]
            parts.append(canonical_moments(stack, errors, used, own, slopes))
    return merged([stack.places for stack in found.stacks], parts)


def _together(found: RelationData, parts: Sequence[LongRunCovariance]) -> LongRunCovariance:
    """Covariances of all entities, in their order."""
    places = [stack.places for stack in found.stacks]
    names = ("contemporaneous", "strictly_one_sided", "two_sided", "bandwidth")
    return LongRunCovariance(*(in_order(places, [getattr(part, name) for part in parts]) for name in names))


def _without_innovations(found: RelationData, powers: int, differenced: bool) -> dict[int, PanelVarError]:
    """Entities with a regressor that is a function of time, or changes that depend on one another."""
    refused: dict[int, PanelVarError] = {}
    for stack in found.stacks:
        changes = innovations(stack.x, powers, differenced)
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


def _without_error(found: RelationData, at: Modified) -> dict[int, PanelVarError]:
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
