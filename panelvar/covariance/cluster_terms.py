"""Several dimensions of clusters: terms of the inclusion and exclusion, their factors, and what they leave negative."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from panelvar.base.arrays import Array
from panelvar.base.errors import Note
from panelvar.data.design import compact
from panelvar.fit import scores as sandwich
from panelvar.fit.conventions import Convention, DofFactor
from panelvar.fit.fit import Fit
from panelvar.fit.small_samples import clustered_factor, counted
from panelvar.kernels.groups import Grouping


def term_factors(
    fit: Fit,
    convention: Convention,
    dimensions: Sequence[tuple[Grouping, str]],
    groupings: Sequence[Grouping],
    group_factor: bool | None = None,
    dof_factor: DofFactor | None = None,
) -> tuple[list[float], int]:
    """Return the small-sample factor of every term of the inclusion-exclusion, and the coefficients it counts.

    Parameters
    ----------
    fit, convention
    dimensions : sequence of (grouping, label)
    groupings : sequence of Grouping
        `with_intersections` of the dimensions.
    group_factor, dof_factor
        As in `Clustered`.
    """
    group_factor = convention.cluster_group_factor if group_factor is None else group_factor
    dof_factor = convention.cluster_dof_factor if dof_factor is None else dof_factor
    nested = tuple(
        tuple(lies_within(effect, clusters) for clusters, _ in dimensions)
        for effect in (fit.absorbed.groupings if fit.absorbed is not None else ())
    )
    k = counted(convention, fit.counts, nested)
    smallest = min(grouping.n_groups for grouping, _ in dimensions)
    groups = [smallest if convention.multiway_factor == "smallest" else one.n_groups for one in groupings]
    return [
        clustered_factor(fit.counts, k, count, group_factor=group_factor, dof_factor=dof_factor) for count in groups
    ], k


def mended(fit: Fit, convention: Convention, matrix: Array, kind: str) -> tuple[Array, list[Note]]:
    """Repair a matrix that is not positive semi-definite if the convention does, and say what was found."""
    if convention.repair_multiway:
        matrix, changed = _repaired(fit, matrix)
        text = f"The {kind} covariance was not positive semi-definite; its negative eigenvalues were set to zero."
        return matrix, [Note("covariance-repaired", text, warn=True)] if changed else []
    negative = np.flatnonzero(np.diagonal(matrix) < 0.0)
    if len(negative) == 0:
        return matrix, []
    names = ", ".join(fit.names[i] for i in negative)
    text = (
        f"The {kind} variance of {names} is negative: there is no standard error. The default convention repairs the "
        "matrix (repair_multiway)."
    )
    return matrix, [Note("negative-variance", text, warn=True)]


def _repaired(fit: Fit, matrix: Array) -> tuple[Array, bool]:
    """Mend a multi-way matrix that is not positive semi-definite.

    With absorbed effects the scores of the recovered constant sum to zero within the effects, so its own block can be
    negative although nothing is wrong with the slopes: they are then left alone and the constant keeps only the part of
    its variance that comes from them.
    """
    if fit.absorbed is None or not fit.constant:
        return sandwich.repair(matrix)
    slopes, changed = sandwich.repair(matrix[1:, 1:])
    if not changed and matrix[0, 0] > 0.0:
        return matrix, False
    lever = fit.centre[:-1][fit.kept]
    out = np.empty_like(matrix)
    out[1:, 1:] = slopes
    out[0, 1:] = out[1:, 0] = -(slopes @ lever)
    out[0, 0] = lever @ slopes @ lever
    return out, changed


def signs(dimensions: int) -> list[int]:
    """Sign of each intersection: plus for an odd number of dimensions, minus for an even one."""
    return [1 if size % 2 else -1 for size in map(len, _subsets(dimensions))]


def _subsets(dimensions: int) -> list[tuple[int, ...]]:
    return [c for size in range(1, dimensions + 1) for c in itertools.combinations(range(dimensions), size)]


def with_intersections(dimensions: Sequence[tuple[Grouping, str]]) -> list[Grouping]:
    """Return the grouping of every non-empty subset of the dimensions, single ones first."""
    out = []
    for subset in _subsets(len(dimensions)):
        grouping = dimensions[subset[0]][0]
        for i in subset[1:]:
            other = dimensions[i][0]
            combined = grouping.codes.astype(np.int64) * other.n_groups + other.codes
            grouping = Grouping.from_codes(*compact(combined))
        out.append(grouping)
    return out


def lies_within(effect: Grouping, clusters: Grouping) -> bool:
    """Whether every level of an effect lies within one cluster."""
    if effect is clusters:
        return True
    first = np.empty(effect.n_groups, dtype=clusters.codes.dtype)
    first[effect.codes] = clusters.codes
    return bool((first[effect.codes] == clusters.codes).all())
