"""Several dimensions of clusters: terms of the inclusion and exclusion, their factors, and what they leave negative."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import InsufficientDataError, Note
from panelvar.core.base.quoting import shown
from panelvar.estimates.covariance.protocol import Scored
from panelvar.estimates.fit.conventions import Convention, DofFactor
from panelvar.estimates.fit.small_samples import clustered_factor, counted
from panelvar.kernels.linear.groups import Grouping

_ROUNDING = 1e-14
"""Share of the sum of terms up to which what is left of them is rounding."""


def in_one_line(specification: Any) -> str:
    """A specification of clusters as its own representation, values given for rows by their type alone."""
    options = {field.name: repr(getattr(specification, field.name)) for field in fields(specification)}
    listed = [repr(by) if isinstance(by, str) else shown(by) for by in specification.by]
    options["by"] = f"({', '.join(listed)}{',' if len(listed) == 1 else ''})"
    return f"{type(specification).__name__}({', '.join(f'{name}={text}' for name, text in options.items())})"


def dimensions_of(fit: Scored, by: Sequence[Any], what: str) -> tuple[list[tuple[Grouping, str]], str, int]:
    """Return the dimensions of clusters, their labels in words, and the smallest number of clusters, at least two."""
    dimensions = [fit.group_by(column) for column in by]
    labels = " and ".join(label for _, label in dimensions)
    smallest = min(grouping.n_groups for grouping, _ in dimensions)
    if smallest < 2:
        raise InsufficientDataError(
            f"{what} by {labels} needs at least two clusters in each dimension; one dimension has only {smallest}."
        )
    return dimensions, labels, smallest


def term_factors(
    fit: Scored,
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
    k = counted(convention, fit.counts, fit.nested([clusters for clusters, _ in dimensions]))
    smallest = min(grouping.n_groups for grouping, _ in dimensions)
    groups = [smallest if convention.multiway_factor == "smallest" else one.n_groups for one in groupings]
    return [
        clustered_factor(fit.counts, k, count, group_factor=group_factor, dof_factor=dof_factor) for count in groups
    ], k


def one_way_factor(fit: Scored, convention: Convention, clusters: Grouping, groups: int) -> float:
    """Return the convention's factor of one dimension of clusters, so many groups counted."""
    return clustered_factor(
        fit.counts,
        counted(convention, fit.counts, fit.nested([clusters])),
        groups,
        group_factor=convention.cluster_group_factor,
        dof_factor=convention.cluster_dof_factor,
    )


def mended(fit: Scored, convention: Convention, matrix: Array, kind: str) -> tuple[Array, list[Note]]:
    """Repair a matrix that is not positive semi-definite if the convention does, and say what was found."""
    if convention.repair_multiway:
        matrix, changed = _repaired(fit, matrix)
        if changed:
            text = f"The {kind} covariance was not positive semi-definite. Its negative eigenvalues were set to zero."
            return matrix, [Note("covariance-repaired", text, warn=True)]
        if fit.recovery is None or not indefinite(matrix):
            return matrix, []
        text = (
            f"The {kind} covariance of the slopes is positive semi-definite, but with the constant it is not. Some "
            "combinations of slopes and constant have no standard error."
        )
        return matrix, [Note("covariance-indefinite", text)]
    if not indefinite(matrix):
        return matrix, []
    text = (
        f"The {kind} covariance is not positive semi-definite. Joint tests have no valid p-values, and some "
        "combinations of coefficients have no standard error. The default convention repairs the matrix "
        "(repair_multiway)."
    )
    slopes = fit.recovery is None or indefinite(matrix[1:, 1:])
    if not slopes:
        text += (
            " The covariance of the slopes alone is positive semi-definite, so this concerns only combinations with "
            "the constant."
        )
    notes = [Note("covariance-indefinite", text, warn=slopes)]
    negative = np.flatnonzero(np.diagonal(matrix) < 0.0)
    if len(negative):
        names = ", ".join(fit.names[i] for i in negative)
        text = f"The {kind} variance of {names} is negative, so there is no standard error."
        notes.append(Note("negative-variance", text, warn=True))
    return matrix, notes


def _repaired(fit: Scored, matrix: Array) -> tuple[Array, bool]:
    """Mend a multi-way matrix that is not positive semi-definite.

    With absorbed effects the scores of the recovered constant sum to zero within the effects, so its own block can be
    negative although nothing is wrong with the slopes: they are then left alone and the constant keeps only the part of
    its variance that comes from them.
    """
    lever = fit.recovery
    first = 0 if lever is None else 1
    slopes, changed = matrix[first:, first:], False
    if indefinite(slopes):
        slopes, changed = repair(slopes, fit.sandwich(fit.scores().gram())[first:, first:]), True
    if lever is None:
        return slopes, changed
    if not changed and matrix[0, 0] > 0.0:
        return matrix, False
    out = np.empty_like(matrix)
    out[1:, 1:] = slopes
    out[0, 1:] = out[1:, 0] = -(slopes @ lever)
    out[0, 0] = lever @ slopes @ lever
    return out, changed


def indefinite(covariance: Array) -> bool:
    """Whether a matrix has a negative eigenvalue, beyond rounding of 1e-12 of the largest of its correlations."""
    scale = np.sqrt(np.abs(np.diagonal(covariance)))
    scale = np.where(scale > 0.0, scale, 1.0)
    values = np.linalg.eigvalsh(covariance / scale / scale[:, None])
    return len(values) > 0 and bool(values[0] < -1e-12 * max(values[-1], 0.0))


def repair(covariance: Array, beside: Array) -> Array:
    """Return a matrix without its negative eigenvalues, relative to another covariance of the same coefficients.

    Multi-way clustering subtracts, so its matrix can have negative eigenvalues; they are set to zero, as Cameron,
    Gelbach and Miller (2011) propose. They decompose the matrix itself, so that their answer depends on
    the units of the regressors and on the base category of dummies. Eigenvalues relative to a covariance that changes
    with the coefficients (the heteroskedasticity-robust one) depend on neither.
    """
    scale = np.sqrt(np.abs(np.diagonal(beside)))
    scale = np.where(scale > 0.0, scale, 1.0)
    values, vectors = np.linalg.eigh(beside / scale / scale[:, None])
    # A coefficient without variance of its own (a dummy of one row) keeps the unit of its neighbours.
    values = np.where(values > 1e-12 * values[-1], values, values[-1])
    root = scale[:, None] * vectors * np.sqrt(values)
    back = (vectors / np.sqrt(values)).T / scale
    relative, turn = np.linalg.eigh(back @ covariance @ back.T)
    turned = root @ turn
    out: Array = (turned * np.maximum(relative, 0.0)) @ turned.T
    return out


def without_rounding(matrix: Array, gross: Array) -> Array:
    """Return a matrix whose terms were added and subtracted, zero where rounding alone is left of a variance.

    Parameters
    ----------
    matrix : (p, p) array
    gross : (p, p) array
        The sum of the terms, none subtracted.
    """
    nothing = np.abs(np.diagonal(matrix)) <= _ROUNDING * np.diagonal(gross)
    if not nothing.any():
        return matrix
    out = matrix.copy()
    out[nothing] = out[:, nothing] = 0.0
    return out


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
            grouping = grouping.crossed(dimensions[i][0])
        out.append(grouping)
    return out
