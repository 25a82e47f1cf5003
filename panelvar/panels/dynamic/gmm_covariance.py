"""Standard errors of estimates by moments: which ones a caller may ask for, and how they are reported."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from panelvar.core.base.counting import count_of, kind_of
from panelvar.core.base.errors import InsufficientDataError, SpecificationError, choose
from panelvar.estimates.covariance.covariances import Clustered, CovarianceEstimate
from panelvar.panels.dynamic.gmm_estimate import STEP_WORDS, GmmEstimate, entity_groups, refuse_covariance

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
            f"cov is {kind_of(cov)}; dynamic panels take {', '.join(map(repr, COVARIANCES))} or Clustered(...)."
        )
    return choose("cov", cov, COVARIANCES), ()


def with_other_errors(found: GmmEstimate, cov: object) -> GmmEstimate:
    """The same estimates with standard errors of another kind, or by other clusters after one step.

    Raises
    ------
    SpecificationError
        Estimates of so many steps, or with quadratic moments, do not have them.
    """
    kind, by = read_covariance(cov)
    refuse_covariance(kind, found.steps)
    quadratic = found.problem is not found.problem.linear
    if quadratic and kind == "classical":
        raise SpecificationError(
            "Quadratic moments (nonlinear=) have no classical errors. Use 'robust', or 'uncorrected' after two steps."
        )
    groups, label = entity_groups(found.model, by)
    same = (groups is None and found.groups is None) or (
        groups is not None and found.groups is not None and np.array_equal(groups, found.groups)
    )
    # The clusters that weights of later steps were made with stay, unless others are named, which are refused.
    if not by and found.steps != 1:
        groups, label, same = found.groups, found.group_label, True
    if same:
        other = replace(found, cov_kind=kind, groups=groups, group_label=label)
        for name in ("step", "second_step"):
            if name in vars(found):
                vars(other)[name] = vars(found)[name]
        return other
    if found.steps != 1 or quadratic:
        raise SpecificationError(
            "The weights of these moments were made by cluster, so other clusters change the estimates. Give "
            f"cov=Clustered({by[0]!r}) to the estimator, or take estimates of one step (steps=1)."
        )
    problem, sums = found.model.sum_moments(balanced=found.convention.balanced_deviations, groups=groups)
    return replace(found, problem=problem, sums=sums, cov_kind=kind, groups=groups, group_label=label)


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
