"""The dimensions of a wild cluster bootstrap: by which errors are clustered and by which signs are drawn."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

import numpy as np

from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError, Note, SpecificationError
from panelvar.estimates.covariance.cluster_terms import signs, term_factors, with_intersections
from panelvar.estimates.covariance.covariances import HOPELESS_CLUSTERS
from panelvar.panels.static.result import LinearResult


class Clustering:
    """Dimensions of the covariance and of the signs."""

    def __init__(self, result: LinearResult, cluster: Any, bootstrap_cluster: Any) -> None:
        design = result.fit.design
        self.given = _listed(cluster)
        self.dimensions = [design.group_by(one) for one in self.given]
        for grouping, label in self.dimensions:
            if grouping.n_groups < 2:
                raise InsufficientDataError(
                    f"A wild cluster bootstrap by {label} needs at least two clusters, and there is one."
                )
        self.groupings = with_intersections(self.dimensions)
        if bootstrap_cluster is None:
            drawn = [min(self.dimensions, key=lambda one: one[0].n_groups)]
        elif isinstance(bootstrap_cluster, str) and bootstrap_cluster == "intersection":
            drawn = self.dimensions
        else:
            drawn = [design.group_by(one) for one in _listed(bootstrap_cluster)]
        # Equal clusters become the same object, so that a single dimension is recognised.
        same = [next((d for d in self.dimensions if np.array_equal(d[0].codes, one[0].codes)), one) for one in drawn]
        self.bootstrap = with_intersections(same)[-1]
        self.label = " and ".join(label for _, label in drawn)
        if self.bootstrap.n_groups < 2:
            raise InsufficientDataError(f"Signs drawn by {self.label} need at least two clusters, and there is one.")
        others = [one for one in same if all(one[0] is not d[0] for d in self.dimensions)]
        self.finest = with_intersections([*self.dimensions, *others])[-1]

    @property
    def covariance_text(self) -> str:
        """Words for the clusters of the covariance where they differ from those whose signs are drawn."""
        labels = " and ".join(label for _, label in self.dimensions)
        return "" if labels == self.label else f", errors by {labels}"

    def factors(self, result: LinearResult) -> list[float]:
        """Small-sample factors of the covariance's terms, signed."""
        found, _ = term_factors(result.fit, result.convention, self.dimensions, self.groupings)
        return [sign * factor for sign, factor in zip(signs(len(self.dimensions)), found, strict=True)]


def _listed(cluster: Any) -> list[Any]:
    """Return the dimensions as a list: a list of names or of arrays has several, anything else is one."""
    if isinstance(cluster, (list, tuple)) and all(isinstance(one, str) or np.ndim(one) == 1 for one in cluster):
        if not cluster:
            raise SpecificationError("A wild cluster bootstrap needs at least one dimension, but the list is empty.")
        return list(cluster)
    return [cluster]


def small_sample_notes(
    clustering: Clustering,
    weights: str,
    count: int,
    enumerated: bool,
    alpha: float,
    infeasible: int,
    pieces: tuple[tuple[float, float], ...],
) -> tuple[Note, ...]:
    """Return notes on what few clusters cannot tell, and on draws that do not count."""
    notes = []
    groups, label = clustering.bootstrap.n_groups, clustering.label
    patterns = 2.0 ** min(groups - 1, 1000)
    if patterns * alpha <= 1.0:
        smallest = f"{1.0 / patterns:.4g}"
        if weights == "rademacher":
            text = (
                f"There are {groups} clusters by {label}. Rademacher signs then give {patterns:g} distinct values of "
                f"|t|, the smallest possible p-value is {smallest}, and the confidence set is unbounded."
            )
        else:
            text = (
                f"There are {groups} clusters by {label}. The {weights} weights give more distinct draws than the "
                f"{patterns:g} of Rademacher signs, but no more information, and the p-value depends on the weights "
                "chosen."
            )
        text += " No bootstrap and no small-sample correction makes inference from so few clusters reliable."
        notes.append(Note("no-method-can-help", text, warn=True))
    elif enumerated and patterns * alpha < 20.0:
        text = (
            f"{groups} clusters give {count} distinct values of |t|, so p-values move in steps of {1.0 / count:.4g}. "
            "weights='webb' gives more values."
        )
        notes.append(Note("few-distinct-draws", text))
    fewest, dimension = min(((one.n_groups, name) for one, name in clustering.dimensions), key=itemgetter(0))
    if fewest <= HOPELESS_CLUSTERS < groups:
        text = (
            f"Errors are clustered by {dimension} ({fewest} clusters), and signs are drawn by {label} ({groups}). More "
            f"draws then differ, but {fewest} clusters are too few to estimate a variance from, and the bootstrap is "
            "right only if errors are unrelated across the finer clusters."
        )
        notes.append(Note("no-method-can-help", text, warn=True))
    if infeasible:
        text = f"{infeasible} of {count_of(count, 'draw')} have no positive multi-way variance, so they do not count."
        notes.append(Note("infeasible-draws", text, warn=infeasible > 0.01 * count))
    if len(pieces) > 1:
        notes.append(Note("disjoint-set", f"The confidence set consists of {len(pieces)} intervals.", warn=True))
    return tuple(notes)
