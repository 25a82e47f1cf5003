"""Standard errors of estimates by moments: which ones a caller may ask for, and how they are reported."""

from __future__ import annotations

import numpy as np

from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError, SpecificationError, choose
from panelvar.estimates.covariance.covariances import Clustered, CovarianceEstimate
from panelvar.panels.dynamic.gmm_estimate import STEP_WORDS, GmmEstimate

COVARIANCES = ("robust", "classical", "uncorrected")


def read_covariance(cov: object) -> tuple[str, tuple[object, ...]]:
    """The kind of errors that is asked for, and what clusters them (empty: the entities).

    Raises
    ------
    SpecificationError
        The covariance is one of scores of rows, or its name is unknown.
    """
    if cov is None or (isinstance(cov, str) and cov == "cluster"):
        return "robust", ()
    if isinstance(cov, Clustered):
        return "robust", cov.by
    if not isinstance(cov, str):
        raise SpecificationError(
            f"cov is a {type(cov).__name__}; dynamic panels take {', '.join(map(repr, COVARIANCES))} or Clustered(...)."
        )
    return choose("cov", cov, COVARIANCES), ()


def estimated_covariance(found: GmmEstimate, *, small_sample: bool) -> CovarianceEstimate:
    """The covariance of the coefficients with its label and degrees of freedom."""
    label = {
        "robust": "robust" if found.steps in (1, "cu") else "Windmeijer",
        "classical": "classical",
        "uncorrected": f"{STEP_WORDS[found.steps]}, uncorrected",
    }[found.cov_kind]
    if found.problem.clustered:
        label = f"{label}, clustered by {found.group_label}"
    matrix, df = found.covariance, np.inf
    if small_sample:
        rows, count, groups = found.model.nobs, found.problem.n_regressors, found.n_clusters
        classical = found.cov_kind == "classical"
        if rows <= count or (groups < 2 and not classical):
            found_rows, coefficients = count_of(rows, "row"), count_of(count, "coefficient")
            if classical:
                raise InsufficientDataError(
                    f"small_sample=True needs more rows than coefficients; there are {found_rows} and {coefficients}."
                )
            raise InsufficientDataError(
                "small_sample=True needs more rows than coefficients, and at least two clusters of entities; there are "
                f"{found_rows}, {coefficients} and {count_of(groups, 'cluster')}."
            )
        if classical:
            matrix, df = matrix * rows / (rows - count), float(rows - count)
        else:
            matrix, df = matrix * (rows - 1.0) / (rows - count) * groups / (groups - 1.0), float(groups - 1)
    return CovarianceEstimate(matrix, label, df)
