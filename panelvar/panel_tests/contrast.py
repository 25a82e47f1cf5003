"""Hausman's quadratic form of the difference of two estimators."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from panelvar.base.arrays import Array
from panelvar.base.distributions import chi2_tail
from panelvar.base.errors import Note, emit
from panelvar.tables.test_result import TestResult


def contrast_test(
    gap: Array,
    difference: Array,
    units: Array,
    notes: Sequence[Note],
    *,
    null: str,
    advice: str,
    absolute: bool = False,
) -> TestResult:
    r"""Test that a difference of estimates is noise, :math:`d'\hat V_d^{-}d \sim \chi^2(\mathrm{rank})`, and warn.

    Parameters
    ----------
    gap : (k,) array
        d.
    difference : (k, k) array
        Its covariance, as the difference of those of the estimators.
    units : (k,) array
        Errors of the consistent estimator: scaled by them, units do not decide what counts as zero.
    notes : sequence of Note
    null : str
        The hypothesis, in words.
    advice : str
        What to do where the covariance is not positive definite; continues "read the statistic with care, or".
    absolute : bool
        Report the absolute value of a negative statistic, as plm does, instead of the value without a p-value.

    Returns
    -------
    TestResult
    """
    values, vectors = np.linalg.eigh(difference / np.outer(units, units))
    projected = vectors.T @ (gap / units)
    used = np.abs(values) > 1e-10 * max(float(np.abs(values).max()), 1e-300)
    statistic = float(np.sum(projected[used] ** 2 / values[used]))
    rank = int(used.sum())
    found = list(notes)
    if np.abs(values).max() < 1e-10:
        found.append(Note("estimators-equal", "The two covariances coincide: there is nothing to test.", warn=True))
    if (values[used] < 0.0).any():
        found.append(_indefinite(statistic, advice, absolute))
    emit(found)
    statistic = abs(statistic) if absolute else statistic
    pvalue = chi2_tail(statistic, rank) if rank and statistic >= 0.0 else float("nan")
    return TestResult("Hausman", statistic, pvalue, "chi2", float(rank), None, null, tuple(found))


def _indefinite(statistic: float, advice: str, absolute: bool) -> Note:
    """Say that the difference of the covariances is not positive definite, and what that means."""
    text = "The difference of the covariances is not positive definite"
    if statistic < 0.0:
        given = "what is given is its absolute value, as plm does, which has no null distribution"
        text += (
            f" and the statistic is negative ({statistic:.4g}): {given if absolute else 'no p-value exists'}. "
            f"{advice[0].upper()}{advice[1:]}."
        )
    else:
        text += f": read the statistic with care, or {advice}."
    return Note("hausman-not-positive", text, warn=True)
