"""Guides that simulate: what their prose and pictures say of the estimates, and the rates that no table has."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from docs.guide_cells import names_of

import panelvar as pv

SIZES = Path(__file__).resolve().parents[1] / "simulation" / "sizes.csv"


def interval(result: Any, name: str) -> tuple[float, float]:
    low, high = result.conf_int().loc[name]
    return low, high


def test_corrected_estimates_are_near_the_lag_and_fixed_effects_far_below():
    results = names_of("bias_corrected_panels", 0)["results"]
    assert interval(results["within"], "L(y)")[1] < 0.6
    for name in ("moments", "expansion"):
        low, high = interval(results[name], "L(y)")
        assert low < 0.6 < high


def test_least_squares_of_levels_is_too_high_and_the_others_closer():
    fits = names_of("cointegrating_regressions", 0)["fits"]
    least_squares = fits.pop("least squares")
    assert least_squares.params["price"] == pytest.approx(1.075, abs=0.0005)
    assert interval(least_squares, "price")[0] > 1.0
    assert all(abs(fit.params["price"] - 1.0) < 0.04 for fit in fits.values())
    assert 1.0 < interval(fits["FMOLS, pooled"], "price")[0] < 1.01
    assert interval(fits["DOLS, group mean"], "price")[0] < 1.0


def rates(study: str, call: str) -> list[float]:
    """Per cent of true nulls that a call rejected at 5%, by size of the panel, as the simulations left them."""
    with SIZES.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.reader(lines) if row[:2] == [study, call]]
    return [100.0 * int(row[4]) / int(row[3]) for row in rows]


FACTOR = "Panel unit roots: random walks with a strong common factor"


def test_independence_is_as_costly_under_a_factor_as_the_guide_to_panel_unit_roots_says():
    for call in ("ips_test(y, lags=0)", "fisher_test(y, lags=0)"):
        found = rates(FACTOR, call)
        assert round(min(found)) >= 23
        assert round(max(found)) <= 42
    moon_perron = rates(FACTOR, "moon_perron_test(y)")
    assert [round(min(moon_perron[::3])), round(max(moon_perron[::3]))] == [14, 24]
    assert [round(min(moon_perron[2::3])), round(max(moon_perron[2::3]))] == [8, 9]
    for call in ("cips_test(y)", "panic_test(y)", "simes_test(y, lags=0)", "demetrescu_hanck_test(y, lags=0)"):
        found = rates(FACTOR, call)
        assert len(found) == 9
        assert max(found) < 8.0


def test_other_programs_levin_lin_chu_rejects_as_often_as_the_guide_says():
    walks = "Panel unit roots: independent random walks"
    constant = rates(walks, 'llc_test(y, lags=0, convention="gretl")')
    drifts = rates(f"{walks} with drifts", 'llc_test(y, lags=0, trend="ct", convention="stata")')
    assert [round(min(constant)), round(max(constant))] == [11, 72]
    assert [round(min(drifts)), round(max(drifts))] == [18, 98]


def rate(test, entities: int, periods: int, draws: int, root: float = 0.0) -> float:
    """How often a test of fixed effects rejects at 5% where errors have this autocorrelation."""
    rng = np.random.default_rng(1)
    index = pd.MultiIndex.from_product([range(entities), range(periods)], names=["entity", "time"])
    rejected = 0
    for _ in range(draws):
        errors = rng.standard_normal((entities, periods))
        errors[:, 0] /= np.sqrt(1.0 - root**2)
        for t in range(1, periods):
            errors[:, t] += root * errors[:, t - 1]
        frame = pd.DataFrame({"y": errors.ravel(), "x": rng.standard_normal(len(index))}, index=index)
        rejected += test(pv.fit_fixed_effects(frame, "y", "x")).pvalue < 0.05
    return rejected / draws


@pytest.mark.parametrize(("entities", "said"), [(10, 0.41), (25, 0.7), (50, 0.92)])
def test_the_wald_test_of_variances_rejects_as_often_as_its_guide_says(entities, said):
    assert rate(pv.modified_wald_test, entities, periods=20, draws=60) == pytest.approx(said, abs=0.2)


def test_the_robust_test_of_serial_correlation_misses_what_is_nearly_a_random_walk():
    shape = {"entities": 48, "periods": 17, "draws": 20, "root": 0.98}
    assert rate(lambda fixed: pv.born_breitung_test(fixed, statistic="hr"), **shape) < 0.3
    assert rate(lambda fixed: pv.born_breitung_test(fixed, statistic="lm"), **shape) == 1.0


def test_errors_of_fama_and_macbeth_are_less_than_half_of_the_spread_where_entities_have_effects():
    rng = np.random.default_rng(1)
    index = pd.MultiIndex.from_product([range(152), range(19)], names=["entity", "time"])
    found = []
    for _ in range(60):
        columns = rng.standard_normal((2, 152, 1)) + rng.standard_normal((2, 152, 19))
        frame = pd.DataFrame({"y": columns[0].ravel(), "x": columns[1].ravel()}, index=index)
        result = pv.fit_fama_macbeth(frame, "y", ["x"])
        found.append((result.params["x"], result.std_errors["x"]))
    slopes, errors = np.transpose(found)
    assert errors.mean() < 0.5 * slopes.std()
