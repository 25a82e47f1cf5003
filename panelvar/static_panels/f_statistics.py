"""F statistics of a linear model: from sums of squares, or of the slopes under the result's covariance."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from panelvar.base.distributions import chi2_tail, f_tail
from panelvar.fit.conventions import Convention
from panelvar.fit.fit import Fit
from panelvar.kernels.qr import solve
from panelvar.kernels.rows import restored_norms
from panelvar.static_panels.restrictions import wald
from panelvar.static_panels.rsquared import total_sum_of_squares
from panelvar.tables.test_result import TestResult

if TYPE_CHECKING:
    from panelvar.static_panels.fit_statistics import FitStatistics


def joint_significance(result: FitStatistics) -> TestResult | None:
    """Build ``LinearResult.f_slopes``."""
    fit, classical = result.fit, result.f_classical
    first, slopes = int(fit.constant), len(fit.kept)
    if slopes == 0:
        return None
    likelihood = fit.components is not None and fit.components.likelihood is not None
    if result.covariance.classical and classical is not None and not likelihood:
        test = replace(classical, name="Joint significance")
        if np.isfinite(result.covariance.df):
            return test
        # The F has df_resid; the chi2 has the variance that the standard errors have.
        chi2 = slopes * test.statistic * (fit.residual_variance / result.s2 if result.s2 > 0.0 else 1.0)
        return replace(test, statistic=chi2, pvalue=chi2_tail(chi2, slopes), distribution="chi2", df_denominator=None)
    return wald(result, np.eye(slopes + first)[first:], np.zeros(slopes), "Joint significance", "all slopes are zero")


def classical_f(fit: Fit) -> TestResult | None:
    """Build ``LinearResult.f_classical``."""
    slopes = len(fit.kept)
    if slopes == 0:
        return None
    gain = fit.solution.r @ fit.slopes
    return _f_test("Classical F", float(gain @ gain), slopes, fit.rss, fit.residual_df, "all slopes are zero")


def dummies_f(fit: Fit) -> TestResult | None:
    """Build ``LinearResult.f_with_dummies``."""
    if fit.family != "fixed":
        return None
    total = total_sum_of_squares(fit)
    numerator = len(fit.kept) + fit.counts.absorbed
    return _f_test(
        "F with effects", total - fit.rss, numerator, fit.rss, fit.residual_df, "all slopes and effects are zero"
    )


def poolability_f(fit: Fit, convention: Convention) -> TestResult | None:
    """Build ``LinearResult.f_poolability``."""
    if fit.family != "fixed" or fit.counts.absorbed == 0:
        return None
    moments = fit.entity_moments
    centre, _ = moments.centre()
    triangle = moments.triangle(0.0, centre=centre)
    extra = 0
    if convention.effects_restricted == "all":
        norms = restored_norms(moments.r, [(moments.weights, moments.means)])
        pooled = solve(triangle, norms[:-1])
        restricted, extra = pooled.rss, len(pooled.kept) - len(fit.kept)
    else:
        basis = np.linalg.qr(triangle[:, :-1][:, fit.kept])[0]
        left = triangle[:, -1] - basis @ (basis.T @ triangle[:, -1])
        restricted = float(left @ left)
    if fit.counts.absorbed <= extra:
        return None
    return _f_test(
        "Poolability",
        restricted - fit.rss,
        fit.counts.absorbed - extra,
        fit.rss,
        fit.residual_df,
        f"no {' and '.join(fit.effects)} effects",
    )


def _f_test(name: str, gain: float, numerator: int, rss: float, df: int, null: str) -> TestResult:
    if rss > 0.0:
        statistic = (gain / numerator) / (rss / df)
    else:
        # An exact fit of something is infinitely significant; of nothing (a constant y), there is nothing to test.
        statistic = float("inf") if gain > 0.0 else float("nan")
    return TestResult(name, statistic, f_tail(statistic, numerator, df), "f", numerator, df, null)
