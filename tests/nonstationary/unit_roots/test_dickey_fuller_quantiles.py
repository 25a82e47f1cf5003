"""The simulated distribution of the Dickey-Fuller ratio: drawn anew, at published critical values, at its ends."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from simulation.dickey_fuller_quantiles import TERMS, limits, ratios

import panelvar as pv
from panelvar.nonstationary.unit_roots.distributions import (
    at_an_end,
    simulated_tau_pvalue,
    tau_critical_values,
    tau_pvalue,
)


def pvalue(statistic, trend: str, rows: float) -> np.ndarray:
    statistics = np.atleast_1d(np.asarray(statistic, dtype=float))
    return simulated_tau_pvalue(statistics, trend, np.full(len(statistics), rows))


@pytest.mark.parametrize("trend", TERMS)
@pytest.mark.parametrize("rows", [25, 60, 250, 10**9])
def test_at_the_critical_values_of_mackinnon(trend, rows):
    for level, value in tau_critical_values(trend, rows).items():
        assert pvalue(value, trend, rows)[0] == pytest.approx(level, rel=0.02)


@pytest.mark.parametrize("trend", TERMS)
def test_the_limit_is_near_the_polynomials_of_mackinnon(trend):
    """Those of 1994 are within 0.004 of it."""
    statistics = np.linspace(-5.0, 1.0, 61)
    np.testing.assert_allclose(pvalue(statistics, trend, np.inf), tau_pvalue(statistics, trend), atol=4.5e-3)


@pytest.mark.parametrize("rows", [5, 6, 8, 10, 17, 25, 150, np.inf])
def test_ratios_drawn_anew_have_uniform_pvalues(rows):
    rng = np.random.default_rng(7)
    drawn = limits(40_000, rng) if np.isinf(rows) else ratios(int(rows), 40_000, rng)
    for trend, found in zip(TERMS, drawn, strict=True):
        shares = [np.mean(pvalue(found, trend, rows) < level) for level in (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)]
        np.testing.assert_allclose(shares, [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99], atol=0.009)
        assert shares[0] == pytest.approx(0.01, abs=0.002)


def test_fewer_rows_than_any_with_quantiles_are_refused():
    """A ratio of -5 with five rows is no rarity: 0.0256, where ten rows have 0.0041."""
    assert pvalue(-5.0, "c", 5)[0] == pytest.approx(0.0256, abs=0.001)
    assert pvalue(-5.0, "c", 10)[0] == pytest.approx(0.0041, abs=0.0003)
    for trend, rows in (("n", 2), ("c", 3), ("ct", 4)):
        with pytest.raises(pv.InsufficientDataError, match=f"begin at {rows + 1}; there are {rows}"):
            pvalue(-2.0, trend, rows)


def test_the_ratios_drawn_are_those_of_the_test():
    errors = np.random.default_rng(3).standard_normal((5, 30))
    drawn = ratios(30, 5, np.random.default_rng(3))
    for place, trend in enumerate(TERMS):
        own = [pv.adf_test(np.r_[0.0, np.cumsum(each)], lags=0, trend=trend).statistic for each in errors]
        np.testing.assert_allclose(drawn[place], own, rtol=1e-10)


@pytest.mark.parametrize("trend", TERMS)
@pytest.mark.parametrize("rows", [5, 10, 33, np.inf])
def test_pvalues_rise_with_the_ratio_up_to_the_ends(trend, rows):
    found = pvalue(np.linspace(-25.0, 12.0, 400), trend, rows)
    assert (found > 0.0).all()
    assert (found < 1.0).all()
    assert (np.diff(found) >= 0.0).all()
    inside = ~at_an_end(found)
    assert (np.diff(found[inside]) > 0.0).all()
    assert inside.sum() > 50
    # Three and six tenths of a standard deviation.
    assert pvalue(-1e4, trend, rows)[0] == pytest.approx(stats.norm.cdf(-3.6))


def test_each_ratio_has_its_own_rows():
    statistics, rows = np.array([-3.0, -3.0, -2.0, 1.0]), np.array([20.0, np.inf, 20.0, 77.0])
    found = simulated_tau_pvalue(statistics, "ct", rows)
    one_by_one = [pvalue(each, "ct", n)[0] for each, n in zip(statistics, rows, strict=True)]
    assert found.tolist() == one_by_one
