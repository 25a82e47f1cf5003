"""Errors of rows of which the data name no entities: what the default is, and which clusters to consider."""

from __future__ import annotations

from dataclasses import dataclass, replace

from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import Note
from panelvar.estimates.covariance.covariances import HC, CovarianceEstimate
from panelvar.estimates.covariance.protocol import Scored
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.fit import Fit


@dataclass(frozen=True)
class DefaultOfPlainRows(HC):
    """HC1, with a note that nobody asked for it."""

    def __call__(self, fit: Scored, convention: Convention) -> CovarianceEstimate:
        """Estimate the covariance."""
        found = super().__call__(fit, convention)
        text = (
            "The data name no entities, so each row counts as one. The default standard errors are then robust to "
            "heteroskedasticity (HC1), and take the errors of different rows to be independent."
        )
        return replace(found, notes=(Note("default-errors", text), *found.notes))


def with_clusters_to_consider(estimate: CovarianceEstimate, fit: Fit) -> CovarianceEstimate:
    """Say by what to cluster where effects are absorbed and errors are not clustered, instead of what holds of panels.

    Parameters
    ----------
    estimate : CovarianceEstimate
    fit : Fit
        Of rows of which the data name no entities.
    """
    if estimate.by or not fit.effects or fit.absorbed is None:
        return estimate
    levels = {
        label: grouping.n_groups
        for label, grouping in zip(fit.effects, fit.absorbed.groupings, strict=True)
        if "[" not in label
    }
    listed = [f"Clustered({label!r}) ({count_of(count, 'cluster')})" for label, count in levels.items()]
    text = (
        f"Errors of rows of the same {' or '.join(levels)} may depend on one another, which these standard errors "
        f"leave out. Cluster by what decided the regressors: consider cov={' or '.join(listed)}."
    )
    notes = tuple(note for note in estimate.notes if note.code != "hc-inconsistent")
    return replace(estimate, notes=(*notes, Note("clusters-to-consider", text)))
