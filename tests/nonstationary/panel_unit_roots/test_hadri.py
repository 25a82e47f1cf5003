"""Against KPSS statistics entity by entity, and plm's numbers."""

from __future__ import annotations

import numpy as np
import pytest
from nonstationary.panel_unit_roots.panels import panel_of, walks

import panelvar as pv
from panelvar.nonstationary.panel_series.terms import detrend
from panelvar.nonstationary.panel_unit_roots.hadri import MOMENTS

# What the statistics are is tested here, in panels in which the tests reject too often.
pytestmark = pytest.mark.filterwarnings("ignore:.*of true nulls at 5%")


@pytest.mark.parametrize("trend", ["c", "ct"])
def test_entities_have_the_statistics_of_kpss(trend):
    values = walks(5, 60, root=0.4)
    found = pv.hadri_test(panel_of(values), "y", trend=trend, errors="serial", bandwidth=3)
    own = [pv.kpss_test(series, bandwidth=3, trend=trend).statistic for series in values]
    np.testing.assert_allclose(found.individual["statistic"], own, rtol=1e-10)
    mean, variance = MOMENTS[trend]
    assert found.statistic == pytest.approx(np.sqrt(5 / variance) * (np.mean(own) - mean))


@pytest.mark.parametrize("errors", ["homoskedastic", "heteroskedastic"])
@pytest.mark.parametrize("small_sample", [False, True])
def test_variances_by_loops(errors, small_sample):
    values = 100.0 + walks(4, 15) * np.array([[1.0], [2.0], [5.0], [0.5]])
    left = []
    for series in values:
        design = np.column_stack([np.ones(15), np.arange(15.0)])
        left.append(series - design @ np.linalg.lstsq(design, series, rcond=None)[0])
    np.testing.assert_allclose(detrend(values, 2), left, atol=1e-11)
    squares = [sum(residuals**2) / (13 if small_sample else 15) for residuals in left]
    used = [np.mean(squares)] * 4 if errors == "homoskedastic" else squares
    own = [
        sum(sum(residuals[: t + 1]) ** 2 for t in range(15)) / 15**2 / variance
        for residuals, variance in zip(left, used, strict=True)
    ]
    found = pv.hadri_test(panel_of(values), "y", trend="ct", errors=errors, small_sample=small_sample)
    assert found.statistic == pytest.approx(np.sqrt(4 / (11 / 6300)) * (np.mean(own) - 1 / 15), rel=1e-10)


def test_bandwidths_by_rule_are_those_of_each_series():
    values = walks(4, 80, root=0.6)
    found = pv.hadri_test(panel_of(values), "y", errors="serial")
    own = [pv.kpss_test(series).lags for series in values]
    assert found.individual["bandwidth"].tolist() == own
    assert found.choices["Bandwidth"].endswith("(newey-west)")


def test_walks_are_rejected_and_the_null_is_said():
    found = pv.hadri_test(panel_of(walks(10, 60)), "y")
    assert found.pvalue < 1e-6
    assert "some entity has a unit root" in found.reading()
    assert "stationary about a level" in str(found.summary())


def test_a_deterministic_trend_is_refused_by_name():
    values = walks(3, 20)
    values[1] = 3.0 + 2.0 * np.arange(20)
    with pytest.raises(pv.NumericalError, match="'e1' follows its terms exactly"):
        pv.hadri_test(panel_of(values), "y", trend="ct")


@pytest.mark.parametrize("test", [pv.hadri_test, pv.harris_tzavalis_test, pv.ips_test, pv.llc_test])
def test_entities_that_the_means_take_away_are_refused(test):
    """What is left of entities that are all alike is rounding."""
    values = np.tile(walks(1, 30) + 1.0 / 3.0, (3, 1))
    with pytest.raises(pv.NumericalError, match="demean=True leaves nothing"):
        test(panel_of(values), "y", demean=True)
