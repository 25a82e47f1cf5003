"""Why Monte Carlo bands are wider than those of refitted normal data: refits are biased and skewed in small samples."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from estimates.bands.posterior_widths import HORIZON, SYSTEMS, Comparison, fitted, ratio, simulated
from scipy.special import chdtri

import panelvar as pv

DRAWS = 8000
SHORT, GERMAN = "United States growth, VAR(2)", "West German growth, VAR(2)"
# What the guide on confidence bands prints.
PRINTED = {
    SHORT: [1.03, 1.14, 1.38, 1.50, 1.22, 1.11, 1.06, 1.04],
    "inflation, unemployment, interest, VAR(4)": [1.03, 1.09, 1.18, 1.25, 1.12, 1.09, 1.04, 0.98],
    GERMAN: [1.10, 1.30, 1.78, 2.11, 1.46, 1.05, 1.20, 1.16],
}


@cache
def compared(system: str) -> Comparison:
    return Comparison(fitted(system), DRAWS)


def test_refits_are_what_the_residual_bootstrap_gives():
    short = compared(SHORT)
    drawn = short.model.impulse_responses(HORIZON, bands=pv.ResidualBootstrap(DRAWS, seed=1)).draws
    found = ratio(drawn, short.refitted)
    # Residuals have heavier tails than the normal, which the covariance feels and the coefficients do not.
    assert found[0] > 1.1
    np.testing.assert_allclose(found[1:], 1.0, atol=0.05)


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_table_of_the_guide(system):
    np.testing.assert_allclose(compared(system).row(), PRINTED[system], rtol=0, atol=0.0051)


def test_bias_and_skewness_of_refits_are_the_difference():
    short = compared(SHORT)
    assert ratio(short.posterior, short.refitted)[8] > ratio(short.posterior, short.unbiased)[8] + 0.15
    np.testing.assert_allclose(ratio(short.posterior, short.symmetric), 1.02, atol=0.045)


def test_at_impact_the_difference_is_that_of_the_covariances():
    # The first variance is 66 s / chi2(64) in the posterior and s chi2(66) / 66 in refits.
    german = compared(GERMAN)
    assert german.model.df_resid == 66
    wide, narrow = (draws[:, :1, :1, :1] for draws in (german.posterior, german.refitted))
    tails = np.array([0.025, 0.975])
    inverse, direct = np.sqrt(66 / chdtri(64, tails)), np.sqrt(chdtri(66, tails) / 66)
    exact = np.ptp(inverse) / np.ptp(direct)
    assert ratio(wide, narrow)[0] == pytest.approx(exact, abs=0.04)
    assert 1.04 < exact < 1.08


@pytest.mark.slow
def test_with_more_rows_they_come_closer():
    shorter, longer = (Comparison(simulated(0.5, periods, seed=0), DRAWS).row()[2] for periods in (100, 500))
    assert 1.75 < shorter < 1.97
    assert 1.08 < longer < 1.20


@pytest.mark.slow
def test_with_many_periods_they_are_the_same():
    rng = np.random.default_rng(4)
    data = np.zeros((2500, 2))
    for t in range(1, len(data)):
        data[t] = data[t - 1] @ np.array([[0.6, 0.2], [0.1, 0.4]]) + rng.standard_normal(2)
    same = Comparison(pv.fit_var(data, lags=1), DRAWS)
    np.testing.assert_allclose(ratio(same.posterior, same.refitted)[:9], 1.0, atol=0.05)
