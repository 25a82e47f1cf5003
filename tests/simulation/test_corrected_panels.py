"""Bias and coverage of corrected least squares with dummies in autoregressions of panels."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import panelvar as pv

pytestmark = pytest.mark.slow


def drawn(rng: np.random.Generator, entities: int, periods: int, rho: float) -> pv.Panel:
    """A stationary autoregression with effects and an exogenous regressor that is correlated with them."""
    burn = 60
    effects = rng.standard_normal(entities)
    x = rng.standard_normal((entities, periods + 1 + burn)) + 0.5 * effects[:, None]
    y = np.zeros((entities, periods + 1 + burn))
    for t in range(1, periods + 1 + burn):
        y[:, t] = rho * y[:, t - 1] + (1 - rho) * effects + 0.5 * x[:, t] + rng.standard_normal(entities)
    rows = {"y": y[:, burn:].ravel(), "x": x[:, burn:].ravel()}
    frame = pd.DataFrame(rows).assign(
        i=np.repeat(np.arange(entities), periods + 1), t=np.tile(np.arange(periods + 1), entities)
    )
    return pv.Panel(frame, "i", "t")


@pytest.mark.parametrize(("entities", "periods", "rho"), [(100, 5, 0.5), (100, 10, 0.5), (200, 20, 0.9)])
def test_corrected_moments_are_unbiased_and_their_errors_cover(entities, periods, rho) -> None:
    rng, samples = np.random.default_rng(7), 400
    found = []
    for _ in range(samples):
        result = pv.fit_bias_corrected_moments(drawn(rng, entities, periods, rho), "y", "x")
        found.append([result.params.iloc[0], result.std_errors.iloc[0], result.within.params.iloc[0]])
    estimates, errors, within = np.array(found).T
    # Three Monte Carlo errors; and less than a tenth of what least squares are biased by.
    bias = abs(estimates.mean() - rho)
    assert bias < 3.0 * estimates.std() / np.sqrt(samples)
    assert bias < 0.1 * abs(within.mean() - rho)
    covered = np.mean(np.abs(estimates - rho) < 1.96 * errors)
    assert 0.92 <= covered <= 0.98
    assert 0.9 < np.median(errors) / estimates.std() < 1.1


def test_a_root_is_not_always_found_where_series_are_persistent_and_short() -> None:
    rng, samples, found = np.random.default_rng(9), 300, []
    for _ in range(samples):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*no zero that can be reached", pv.PanelVarWarning)
            result = pv.fit_bias_corrected_moments(drawn(rng, 100, 5, 0.9), "y", "x")
        found.append([result.params.iloc[0], np.isfinite(result.std_errors.iloc[0]), result.within.params.iloc[0]])
    estimates, solved, within = np.array(found).T
    assert 0.4 < solved.mean() < 0.9
    # Where the moments are nearest to zero is no worse a place than the roots: together they are centred.
    assert abs(estimates.mean() - 0.9) < 0.02 < abs(within.mean() - 0.9)


def test_the_approximate_bias_is_most_of_the_bias_and_draws_give_its_errors() -> None:
    rng, rho, samples = np.random.default_rng(11), 0.5, 60
    found = []
    for _ in range(samples):
        panel = drawn(rng, 20, 10, rho)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pv.PanelVarWarning)
            result = pv.fit_lsdvc(panel, "y", "x", initial="ab", draws=40, seed=1)
        found.append([result.params.iloc[0], result.std_errors.iloc[0], result.within.params.iloc[0]])
    estimates, errors, within = np.array(found).T
    assert abs(estimates.mean() - rho) < 0.25 * abs(within.mean() - rho)
    assert 0.8 < np.median(errors) / estimates.std() < 1.2
