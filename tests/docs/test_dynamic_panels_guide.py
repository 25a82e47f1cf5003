"""What the guide to dynamic panels says of its simulated data, held against the truth of the simulation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from docs.guide_cells import names_of

import panelvar as pv

LAG, WAGE = 0.6, -0.4


@pytest.fixture(scope="module")
def page() -> dict[str, Any]:
    """The names that the page's cells leave, up to the mistaken instruments."""
    return names_of("dynamic_panels", 0, 2, 3)


def test_pooled_and_within_lie_on_either_side_of_the_lag(page):
    intervals = {name: result.conf_int().loc["L(jobs)"] for name, result in page["results"].items()}
    assert intervals["pooled"].iloc[0] > LAG > intervals["within"].iloc[1]


@pytest.mark.parametrize("name", ["difference", "system", "corrected"])
def test_the_three_others_are_a_little_below_with_intervals_that_hold_the_truth(page, name):
    result = page["results"][name]
    assert result.params["L(jobs)"] < LAG
    for variable, truth in (("L(jobs)", LAG), ("wage", WAGE)):
        low, high = result.conf_int().loc[variable]
        assert low < truth < high


def test_the_instruments_that_the_page_advises_find_the_coefficient_of_wages(page):
    low, high = page["spelled"].conf_int().loc["wage"]
    assert low < WAGE < high


def test_the_mistaken_instruments_miss_it_and_pass_the_test_of_hansen(page):
    assert page["mistaken"].conf_int().loc["wage"].iloc[0] > WAGE
    assert page["mistaken"].hansen_j.pvalue > 0.1


def simulated(firms: int, seed: int) -> pd.DataFrame:
    """The page's simulation with more firms."""
    rng = np.random.default_rng(seed)
    effect = rng.standard_normal(firms)
    wage = rng.standard_normal((39, firms)) + 0.5 * effect
    jobs = np.zeros((39, firms))
    for t in range(1, 39):
        jobs[t] = LAG * jobs[t - 1] + WAGE * wage[t] + effect + rng.standard_normal(firms)
    index = pd.MultiIndex.from_product([range(firms), range(9)], names=["firm", "year"])
    return pd.DataFrame({"jobs": jobs[30:].T.ravel(), "wage": wage[30:].T.ravel()}, index=index)


def test_within_misses_a_third_of_the_lag_and_mistaken_wages_stay_wrong_however_many_firms(page):
    large = simulated(5_000, seed=1)
    within = pv.fit_fixed_effects(large, "jobs ~ L(jobs) + wage").params["L(jobs)"]
    assert (LAG - within) / LAG == pytest.approx(1 / 3, abs=0.03)
    instruments = [page["lags"], page["everywhere"]]
    mistaken = pv.fit_blundell_bond(large, "jobs", "wage", instruments=instruments)
    assert mistaken.params["wage"] > WAGE + 0.1


def test_without_x_within_misses_two_fifths_of_a_half():
    """Nickell's (1981) limit for many entities."""
    rho, rows = 0.5, 8
    part = 1.0 - (1.0 - rho**rows) / (rows * (1.0 - rho))
    bias = -(1.0 + rho) / (rows - 1) * part / (1.0 - 2.0 * rho / ((1.0 - rho) * (rows - 1)) * part)
    assert -bias / rho == pytest.approx(2 / 5, abs=0.02)


@pytest.mark.parametrize("regressors", [{}, {"predetermined": "wage"}, {"endogenous": "wage"}])
@pytest.mark.parametrize("steps", [1, 2])
def test_differences_and_deviations_agree_without_exogenous_regressors(page, regressors, steps):
    both = [
        pv.fit_arellano_bond(page["panel"], "jobs", transform=transform, steps=steps, **regressors).params
        for transform in ("fd", "fod")
    ]
    np.testing.assert_allclose(both[0], both[1], rtol=1e-9)


def test_differences_and_deviations_differ_with_exogenous_regressors(page):
    fits = [pv.fit_arellano_bond(page["panel"], "jobs", "wage", transform=each).params for each in ("fd", "fod")]
    assert np.max(np.abs(fits[0] - fits[1])) > 1e-4


@pytest.mark.parametrize(("balanced", "time_effects", "moves"), [(1, 0, True), (1, 1, False), (0, 1, True)])
def test_a_constant_added_to_y_changes_the_estimates_unless_period_effects_balance_it(
    page, balanced, time_effects, moves
):
    panel = page["panel"] if balanced else page["panel"].drop(page["panel"].sample(100, random_state=1).index)
    lags = [
        pv.fit_arellano_bond(panel.assign(jobs=panel["jobs"] + shift), "jobs", time_effects=bool(time_effects)).params[
            "L(jobs)"
        ]
        for shift in (0.0, 10.0)
    ]
    assert bool(abs(lags[0] - lags[1]) > 1e-6) is moves


def test_a_missing_row_costs_differences_one_row_more(page):
    whole, gap = (
        [pv.fit_arellano_bond(panel, "jobs", "wage", transform=each).nobs for each in ("fd", "fod")]
        for panel in (page["panel"], page["panel"].drop((3, 2014)))
    )
    assert whole[0] == whole[1]
    assert gap[0] == gap[1] - 1
