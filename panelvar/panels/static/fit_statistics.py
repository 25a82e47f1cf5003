"""Measures and classical tests of the fit of a linear panel model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from panelvar.core.base.errors import Note
from panelvar.core.tables.test_result import TestResult, f_test
from panelvar.estimates.covariance.covariances import CovarianceEstimate
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.fit import Fit
from panelvar.estimates.fit.fit_checks import rounding_of
from panelvar.kernels.linear.qr import solve
from panelvar.panels.static.rsquared import total_sum_of_squares


def log_likelihood(fit: Fit, convention: Convention) -> float:
    """Return the Gaussian log-likelihood of the rows, as the convention reports it; NaN after an exact fit."""
    n = fit.counts.rows
    if fit.exact:
        return float("nan")
    likelihood = None if fit.components is None else fit.components.likelihood
    if likelihood is not None and likelihood.restricted:
        return likelihood.value
    value = -0.5 * n * (np.log(2.0 * np.pi * fit.rss / n) + 1.0)
    jacobian = convention.loglik_jacobian
    if fit.design.weights is not None and jacobian != "none":
        value += 0.5 * np.log(fit.design.weights).sum()
    if fit.components is not None and jacobian == "full":
        value += fit.components.log_determinant
    return float(value)


def effects_and_slopes_test(fit: Fit, covariance: CovarianceEstimate) -> TestResult | None:
    """Test that slopes and absorbed effects are all zero; None without absorbed effects, or by 2SLS."""
    numerator = len(fit.kept) + fit.counts.absorbed
    if fit.family != "fixed" or fit.instrumented is not None or numerator == 0:
        return None
    gain = total_sum_of_squares(fit) - fit.rss
    null, notes = "all slopes and effects are zero", classical_note("The F with effects", covariance)
    return f_of_gain(fit, "F with effects", gain, numerator, null, notes)


def pooling_test(fit: Fit, covariance: CovarianceEstimate, convention: Convention) -> TestResult | None:
    """Test absorbed effects against pooled OLS; None without effects that pooled OLS lacks, or by 2SLS."""
    if fit.family != "fixed" or fit.counts.absorbed == 0 or fit.instrumented is not None:
        return None
    moments = fit.entity_moments
    centre, _ = moments.centre()
    triangle = moments.triangle(0.0, centre=centre)
    extra = 0
    if convention.effects_restricted == "all":
        pooled = solve(triangle, moments.raw_norms[:-1])
        restricted, extra = pooled.rss, len(pooled.kept) - len(fit.kept)
    else:
        basis = np.linalg.qr(triangle[:, :-1][:, fit.kept])[0]
        left = triangle[:, -1] - basis @ (basis.T @ triangle[:, -1])
        restricted = float(left @ left)
    numerator = fit.counts.absorbed - extra
    if numerator <= 0:
        return None
    null = f"no {' and '.join(fit.effects)} effects"
    notes = classical_note("The poolability test", covariance)
    return f_of_gain(fit, "Poolability", restricted - fit.rss, numerator, null, notes)


def classical_note(what: str, *covariances: CovarianceEstimate) -> list[Note]:
    """Return a note that a test takes classical errors, where a result has others."""
    if all(covariance.classical for covariance in covariances):
        return []
    text = f"{what} uses classical covariances. The robust covariance of the result does not enter."
    return [Note("classical-covariances", text, warn=True)]


def f_of_gain(fit: Fit, name: str, gain: float, numerator: int, null: str, notes: Sequence[Note] = ()) -> TestResult:
    """Return the F of what restrictions add to the sum of squares, over the residual variance of the fit."""
    statistic, found = ratio_of_gain(fit, name, gain, numerator)
    return f_test(name, statistic, numerator, fit.residual_df, null, (*found, *notes))


def ratio_of_gain(fit: Fit, name: str, gain: float, numerator: int) -> tuple[float, tuple[Note, ...]]:
    """Return the statistic of `f_of_gain`, and notes on it."""
    if not fit.exact:
        return (gain / numerator) / (fit.rss / fit.residual_df), ()
    # If an exact fit explains something, it is infinitely significant; if y is constant, there is nothing to test.
    something = gain > rounding_of(float(fit.model.raw_norms[-1]))
    why = "so F is infinite" if something else "and there is nothing to test"
    note = Note("exact-fit", f"{name}: the residuals are zero, {why}.")
    return float("inf") if something else float("nan"), (note,)
