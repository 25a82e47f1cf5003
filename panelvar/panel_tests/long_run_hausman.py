"""Hausman's test of a long run that entities share."""

from __future__ import annotations

import numpy as np

from panelvar.base.errors import Note, SpecificationError
from panelvar.heterogeneous.error_correction import ErrorCorrectionResult
from panelvar.panel_tests.contrast import contrast_test
from panelvar.tables.test_result import TestResult


def long_run_hausman(consistent: ErrorCorrectionResult, efficient: ErrorCorrectionResult, sigma: str) -> TestResult:
    r"""Compare the long-run coefficients of two estimators of an ARDL panel.

    .. math:: H = (\theta_c - \theta_e)'(V_c - V_e)^{-}(\theta_c - \theta_e) \sim \chi^2(k)

    Parameters
    ----------
    consistent : ErrorCorrectionResult
        Consistent whatever the dispersion of the long run: the mean group.
    efficient : ErrorCorrectionResult
        Efficient if all entities share it: pooled mean group, dynamic fixed effects.
    sigma : str
        ``"own"``; the mean group's covariance is no multiple of a residual variance.
    """
    if sigma != "own":
        raise SpecificationError(
            f"sigma={sigma!r} rescales covariances to one residual variance; those of long-run coefficients are "
            "dispersions over entities or inverse information: use sigma='own'."
        )
    first, second = consistent.long_run, efficient.long_run
    if consistent.dependent != efficient.dependent:
        raise SpecificationError(
            f"The results explain different variables: {consistent.dependent!r} and {efficient.dependent!r}."
        )
    shared = [name for name in first.index if name in second.index]
    if not shared:
        raise SpecificationError("The results share no long-run coefficient to compare.")
    notes = _differences(consistent, efficient)
    difference = consistent.cov.loc[shared, shared].to_numpy() - efficient.cov.loc[shared, shared].to_numpy()
    return contrast_test(
        np.asarray(first[shared].to_numpy() - second[shared].to_numpy(), dtype=np.float64),
        difference,
        np.asarray(consistent.std_errors[shared].to_numpy(), dtype=np.float64),
        notes,
        null="all entities have the same long run (both estimators are consistent)",
        advice="compare the entities' long runs with the pooled one, or use the likelihood-ratio test .homogeneity",
    )


def _differences(consistent: ErrorCorrectionResult, efficient: ErrorCorrectionResult) -> list[Note]:
    """Say so where the models differ by more than what is tested, or the second is not efficient."""
    notes = []
    one, other = consistent.design, efficient.design
    same = one.nobs == other.nobs and one.index.equals(other.index)
    if not same:
        rows = f"{one.nobs} and {other.nobs} rows" if one.nobs != other.nobs else f"different {one.nobs} rows"
        text = (
            f"The two results were estimated on {rows}: their long runs may differ because the samples do. Fit both on "
            "the same rows."
        )
        notes.append(Note("hausman-samples", text, warn=True))
    if set(consistent.names) != set(efficient.names):
        text = "The two results have different terms or lag orders: their long runs may differ for that reason."
        notes.append(Note("hausman-regressors", text, warn=True))
    for result in (consistent, efficient):
        if result.reduced_form is not None and not result.reduced_form.covariance.classical:
            text = (
                "The test takes the second estimator as efficient; with robust errors it is not, and the difference of "
                "the covariances is not the covariance of the difference. Fit it with cov='classical'."
            )
            notes.append(Note("classical-covariances", text, warn=True))
    return notes
