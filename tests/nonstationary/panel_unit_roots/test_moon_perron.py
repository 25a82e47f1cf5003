"""Against projections and traces written out, and what divisors and factors do."""

from __future__ import annotations

import math

import numpy as np
import pytest
from nonstationary.panel_unit_roots.panels import driven, panel_of, quadratic_spectral, walks

import panelvar as pv

# What the statistics are is tested here, in panels in which the tests reject too often.
pytestmark = pytest.mark.filterwarnings("ignore:.*of true nulls at 5%")


def written_out(values: np.ndarray, count: int, trend: str, lost: int) -> tuple[float, float]:
    """t_a and t_b with matrices (N, T), as in the paper."""
    entities, periods = values.shape
    if trend == "ct":
        time = np.column_stack([np.ones(periods), np.arange(periods)])
        values = values @ (np.eye(periods) - time @ np.linalg.inv(time.T @ time) @ time.T)
    elif trend == "c":
        values = values - values[:, [0]]
    before, now, rows = values[:, :-1], values[:, 1:], periods - 1
    root = np.trace(before @ now.T) / np.trace(before @ before.T)
    errors = now - root * before
    loadings = np.linalg.eigh(errors @ errors.T)[1][:, ::-1][:, :count]
    off = np.eye(entities) - loadings @ np.linalg.inv(loadings.T @ loadings) @ loadings.T
    pairs = np.array([quadratic_spectral(each) for each in off @ errors]) * rows / (rows - lost)
    short, long, fourth = pairs[:, 0].mean(), pairs[:, 1].mean(), (pairs[:, 1] ** 2).mean()
    bias = -short / 2.0 if trend == "ct" else (long - short) / 2.0
    bottom = np.trace(before.T @ off @ before)
    distance = math.sqrt(entities) * rows * ((np.trace(before.T @ off @ now) - entities * rows * bias) / bottom - 1.0)
    first, second = (15.0 / 4.0, 4.0) if trend == "ct" else (2.0, 1.0)
    return (
        distance / math.sqrt(first * fourth / long**2),
        distance * math.sqrt(bottom / (entities * rows**2) * second * long / fourth),
    )


@pytest.mark.parametrize(("trend", "lost"), [("n", 1), ("c", 1), ("ct", 3)])
@pytest.mark.parametrize("count", [0, 2])
def test_the_statistics_as_written_out(trend, lost, count):
    values = driven(8, 40, (1.0, 1.0), 1.0, seed=3) * 2.0 + 5.0
    for corrected in (True, False):
        found = pv.moon_perron_test(panel_of(values), "y", factors=count, trend=trend, small_sample=corrected)
        first, second = written_out(values, count, trend, lost * corrected)
        assert found.statistic == pytest.approx(second, rel=1e-7)
        assert found.parts[0].statistic == pytest.approx(first, rel=1e-7)


def test_what_does_not_matter():
    values = driven(8, 40, (1.0, 1.0), 1.0, seed=3)
    plain = {trend: pv.moon_perron_test(panel_of(values), "y", trend=trend) for trend in ("c", "ct")}
    levels = np.linspace(-50.0, 50.0, 8)[:, None]
    moved = pv.moon_perron_test(panel_of(values + levels), "y", trend="c")
    sloped = pv.moon_perron_test(panel_of(values + levels * np.arange(40.0)), "y", trend="ct")
    assert moved.statistic == pytest.approx(plain["c"].statistic, rel=1e-9)
    assert sloped.statistic == pytest.approx(plain["ct"].statistic, rel=1e-8)


def test_a_factor_is_found_and_taken_out():
    values = driven(20, 60, (1.0,), 1.0, seed=5)
    found = pv.moon_perron_test(panel_of(values), "y")
    assert found.choices["Factors"] == "1 (BIC3, 0 to 5)"
    assert pv.moon_perron_test(panel_of(values), "y", factors=1).statistic == found.statistic
    assert 0.0 < found.individual["own_share"].min() < found.individual["own_share"].max() < 1.0
    assert found.nobs == 20 * 59


@pytest.mark.slow
def test_the_divisor_decides_the_size_with_a_trend():
    """By rows, as the paper has it, true nulls of 20 entities are rejected several times too often in 50 periods."""
    rates = {}
    for corrected in (True, False):
        found = [
            pv.moon_perron_test(walks(20, 50, seed).T, trend="ct", factors=0, small_sample=corrected).pvalue < 0.05
            for seed in range(200)
        ]
        rates[corrected] = np.mean(found)
    assert rates[True] < 0.12 < 0.2 < rates[False]


def test_stationary_panels_are_rejected():
    values = driven(20, 60, (0.8,), 0.8, seed=7)
    found = pv.moon_perron_test(panel_of(values), "y")
    assert found.pvalue < 1e-6
    assert found.reading() == "Rejected at 5 percent: some entities are stationary."
    about_a_trend = pv.moon_perron_test(panel_of(driven(20, 60, (0.5,), 0.5, seed=7)), "y", trend="ct")
    assert about_a_trend.pvalue < 1e-3


def unequal() -> np.ndarray:
    values = walks(6, 30)
    values[2, :3] = np.nan
    return values


@pytest.mark.parametrize(
    ("values", "options", "error", "match"),
    [
        (unequal(), {}, pv.DataError, "27 to 30 observations per entity, the fewest in 'e2'"),
        (np.vstack([walks(6, 30), np.arange(30.0)]), {"trend": "ct"}, pv.NumericalError, "'e6' changes by its terms"),
        (np.vstack([walks(1, 30), 2.0 * walks(1, 30)]), {"factors": 1}, pv.CollinearityError, "'e0' is a combination"),
        (walks(6, 5), {}, pv.InsufficientDataError, "5 periods are too few"),
        (walks(6, 30), {"factors": 6}, pv.InsufficientDataError, "factors=6 is too many"),
        (walks(6, 30), {"factors": 1, "max_factors": 2}, pv.SpecificationError, "You gave the number by factors="),
        (walks(6, 30), {"trend": "ctt"}, pv.SpecificationError, "trend"),
        (walks(6, 30), {"kernel": "flat"}, pv.SpecificationError, "kernel"),
        (walks(6, 30), {"small_sample": 1}, pv.SpecificationError, "small_sample"),
    ],
)
def test_panels_that_cannot_be_tested_are_refused(values, options, error, match):
    with pytest.raises(error, match=match):
        pv.moon_perron_test(panel_of(values), "y", **options)
