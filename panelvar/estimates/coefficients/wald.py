"""Wald tests of linear restrictions, and the reasons why a test may not exist."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note
from panelvar.core.tables.test_result import TestResult, chi2_test, f_test
from panelvar.estimates.coefficients.linear_combinations import Estimated, in_units_of_errors
from panelvar.estimates.covariance.covariances import CovarianceEstimate
from panelvar.kernels.linear.quadratic_form import quadratic_form


def wald(result: Estimated, matrix: Array, target: Array, name: str, null: str) -> TestResult:
    r"""Test :math:`R\beta = q` by :math:`(R b - q)'(R V R')^{-1}(R b - q)`, over its rank as F when V's df are finite.

    Where :math:`RVR'` is singular and the gap lies outside its range, the statistic would depend on how the hypothesis
    is written (on the base category of dummies, for example), so a note takes its place. Where the gap lies in the
    range, the rank is the numerator's degrees of freedom. An indefinite matrix (a multi-way one that the convention
    leaves unrepaired) is inverted as it is, with a note.
    """
    covariance, q = result.covariance, len(matrix)
    matrix, target, _ = in_units_of_errors(matrix, target, covariance.matrix)
    gap = matrix @ result.fit.coefficients - target
    variance = matrix @ covariance.matrix @ matrix.T
    df = covariance.df
    if not np.isfinite(variance).all():
        text = "The covariance of the restrictions is not finite, so there is no statistic."
        return referred(name, math.nan, q, df, null, Note("no-covariance", text, warn=True))
    form = quadratic_form(gap, variance)
    rank = int(form.rank)
    notes: tuple[Note, ...] = ()
    if not form.positive:
        text = "The covariance of the restrictions is not positive definite, so the statistic has no valid p-value."
        notes = (Note("indefinite-test", text, warn=True),)
    if result.fit.exact and rank == 0:
        text = "The residuals and the standard errors are zero, so there is no test."
        return referred(name, math.nan, q, df, null, Note("exact-fit", text))
    if not form.determined:
        return referred(name, math.nan, q, df, null, *notes, deficient_note(covariance, q, rank))
    if rank == 0:
        text = (
            "The restrictions hold exactly and have no standard error (they may concern coefficients that were "
            "left out), so there is no test."
        )
        return referred(name, math.nan, q, df, null, Note("no-variance", text, warn=True))
    if rank < q:
        text = f"The covariance of the {q} restrictions has rank {rank}; the others hold exactly and are not tested."
        notes = (Note("rank-deficient-test", text), *notes)
    statistic = float(form.statistic)
    if covariance.degrees is not None:
        contrasts = matrix.T @ form.directions[:, form.used]
        return _hotelling(statistic, rank, covariance.degrees(contrasts), name, null, notes)
    return referred(name, statistic, rank, df, null, *notes)


def zero_test(result: Estimated, names: Sequence[str], name: str, null: str) -> TestResult:
    """Test that the coefficients of some names are all zero."""
    known = result.fit.names
    restrictions = np.eye(len(known))[[known.index(each) for each in names]]
    return wald(result, restrictions, np.zeros(len(names)), name, null)


def referred(name: str, statistic: float, q: int, df: float, null: str, *notes: Note) -> TestResult:
    """Refer a Wald statistic of q restrictions to chi-squared or F."""
    if np.isinf(df):
        return chi2_test(name, statistic, q, null, notes)
    return f_test(name, statistic / q, q, df, null, notes)


def deficient_note(covariance: CovarianceEstimate, q: int, rank: int) -> Note:
    """Say that a covariance has no variance in some of the directions tested, and why."""
    why = (
        "It has no variance in some directions. Usual causes are several functions of one coefficient, dummies of the "
        "dimension that errors are clustered by, and a multi-way matrix that was repaired"
    )
    groups = min((count for _, count in covariance.clusters), default=q + 1)
    if groups <= q:
        why = f"{groups} clusters give it no higher rank"
    text = (
        f"The covariance ({covariance.label}) of the {q} restrictions has rank {rank} only. {why}. A statistic would "
        "depend on how the restrictions are written (on the base category of dummies, for example), so none is given. "
        "Test fewer restrictions at once, or use another covariance."
    )
    return Note("rank-deficient-test", text, warn=True)


def _hotelling(statistic: float, rank: int, eta: float, name: str, null: str, notes: tuple[Note, ...]) -> TestResult:
    r"""HTZ: :math:`\frac{\eta - r + 1}{\eta r} Q \sim F(r, \eta - r + 1)` (Pustejovsky and Tipton 2018)."""
    denominator = eta - rank + 1.0
    if not denominator > 0.0:
        text = (
            f"HTZ has eta = {eta:.4g} degrees of freedom, too few for {rank} restrictions at once, so there is no "
            "p-value. Test fewer restrictions, or use wild_bootstrap_test."
        )
        return TestResult(name, statistic / rank, float("nan"), "f", rank, None, null, (*notes, Note("no-df", text)))
    value = denominator / (eta * rank) * statistic
    return f_test(name, value, rank, denominator, null, notes)
