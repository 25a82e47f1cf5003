"""What each entity adds to the effects, its influence, and covariances of these."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import DataError, InsufficientDataError, SpecificationError
from panelvar.core.base.labels import listed
from panelvar.core.base.quoting import shown
from panelvar.data.formulas.design import Design
from panelvar.estimates.covariance.covariances import Clustered, Covariance, CovarianceEstimate
from panelvar.estimates.covariance.named import specification_of
from panelvar.estimates.fit.fit import Fit
from panelvar.kernels.linear.groups import Grouping

_NAMED = 5


def influence_of_entities(regression: Fit, places: NDArray[np.intp], entities: Grouping) -> Array:
    r"""Return what each entity adds to some coefficients of a regression, :math:`(X'X)^{-1} X_i'e_i`, (N, p)."""
    (sums,) = regression.scores().sums([entities])
    influence: Array = sums @ regression.solution.inverse_r.T[:, places]
    return influence


class ClusterSums(NamedTuple):
    """Sums of influences by cluster, (C, q); what the clusters are called, their columns and what asked for them."""

    sums: Array
    label: str
    by: tuple[str, ...]
    specification: Clustered


def sum_by_cluster(influence: Array, design: Design, cov: str | Covariance | None) -> ClusterSums:
    """Sum the influences of the entities of each cluster.

    Parameters
    ----------
    influence : (N, q) array
        What each entity adds to each effect, in the order of the design's entities.
    design : Design
    cov : str or covariance object
        ``"cluster"`` or ``Clustered(column)``: entities lie within the clusters.

    Raises
    ------
    SpecificationError
        If the covariance is of another kind, or has several dimensions.
    DataError
        If an entity has rows in several clusters.
    InsufficientDataError
        If there is one cluster only.
    """
    found = None if cov is None else specification_of(cov)
    if not (type(found) is Clustered and len(found.by) <= 1):
        raise SpecificationError(
            f"cov={shown(cov)} is not offered here: errors come from what each entity adds to the effects, so they are "
            "clustered, 'cluster' or Clustered('state'), by one column in which entities lie."
        )
    grouping, label = design.group_by(*(found.by or ("entity",)))
    codes = grouping.codes
    own = codes[design.entity_starts[:-1]]
    mixed = codes != np.repeat(own, design.entities.sizes)
    if mixed.any():
        who = design.entity_labels[np.unique(design.entities.codes[mixed])]
        raise DataError(
            f"Clusters by {label} cut across {count_of(len(who), 'entity', 'entities')}: "
            f"{listed(list(map(str, who)), _NAMED)}. An entity must lie within one cluster."
        )
    if grouping.n_groups < 2:
        raise InsufficientDataError(f"Errors clustered by {label} need at least two clusters; there is one.")
    sums = np.zeros((grouping.n_groups, influence.shape[1]))
    np.add.at(sums, own, influence)
    return ClusterSums(sums, label, found.by, found)


def covariance_of_influences(
    influence: Array, design: Design, what: str, cov: str | Covariance | None
) -> CovarianceEstimate:
    r"""Return :math:`\sum_c \psi_c \psi_c'`, with :math:`\psi_c` the sum of the influences of a cluster's entities.

    Parameters
    ----------
    influence : (N, p) array
        What each entity adds to each effect, in the order of the design's entities.
    design : Design
    what : str
        What stands before "clustered by" in words.
    cov : str or covariance object
        ``"cluster"`` or ``Clustered(column)``: entities lie within the clusters.

    Raises
    ------
    SpecificationError
        If the covariance is of another kind, or has several dimensions.
    DataError
        If an entity has rows in several clusters.
    InsufficientDataError
        If there is one cluster only.
    """
    found = sum_by_cluster(influence, design, cov)
    return CovarianceEstimate(
        found.sums.T @ found.sums,
        f"{what}clustered by {found.label}",
        np.inf,
        clusters=((found.label, len(found.sums)),),
        by=found.by,
        specification=found.specification,
    )
