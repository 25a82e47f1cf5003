"""Why Monte Carlo bands are wider than those of refitted normal data: refits are biased and skewed in small samples."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from reference_data import table
from scipy.special import chdtri

import panelvar as pv

HORIZON, DRAWS = 8, 3000
GROWTH = ["dl_realgdp", "dl_realcons", "dl_realinv"]


def refits(model: pv.VarResult, burn: int = 100) -> tuple[np.ndarray, np.ndarray]:
    """Lags and covariances of models fitted to normal data generated from the estimate, as statsmodels does it."""
    rng = np.random.default_rng(2)
    lags, (order, size) = np.asarray(model.coefficients), (model.lags, model.n_vars)
    constant, factor = model.params.loc["const"].to_numpy(), np.linalg.cholesky(np.asarray(model.sigma))
    rows = model.nobs
    data = np.zeros((DRAWS, rows + order + burn, size))
    data[:, :order] = constant
    for t in range(order, rows + order + burn):
        past = sum(data[:, t - 1 - lag] @ lags[lag].T for lag in range(order))
        data[:, t] = constant + past + rng.standard_normal((DRAWS, size)) @ factor.T
    data = data[:, burn:]
    past = [data[:, order - 1 - lag : rows + order - 1 - lag] for lag in range(order)]
    x, y = np.concatenate([np.ones((DRAWS, rows, 1)), *past], axis=2), data[:, order:]
    estimates = np.linalg.solve(x.transpose(0, 2, 1) @ x, x.transpose(0, 2, 1) @ y)
    errors = y - x @ estimates
    sigma = errors.transpose(0, 2, 1) @ errors / (rows - 1 - size * order)
    return estimates[:, 1:].reshape(DRAWS, order, size, size).swapaxes(2, 3), sigma


def responses(lags: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    found = [np.linalg.cholesky(sigma)]
    for horizon in range(1, HORIZON + 1):
        reach = range(min(lags.shape[1], horizon))
        found.append(sum(lags[:, lag] @ found[horizon - 1 - lag] for lag in reach))
    return np.stack(found, axis=1)


def ratio(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Average ratio of the widths of two 95 percent bands, by horizon; the zeros at impact left out."""
    one, two = (np.diff(np.quantile(draws, [0.025, 0.975], axis=0), axis=0)[0] for draws in (first, second))
    return np.array([(a[b > 0] / b[b > 0]).mean() for a, b in zip(one, two, strict=True)])


def posterior(model: pv.VarResult) -> np.ndarray:
    return model.impulse_responses(HORIZON, bands=pv.MonteCarlo(DRAWS, seed=1)).draws


@cache
def short() -> pv.VarResult:
    return pv.fit_var(table("us_macro")[GROWTH].dropna().reset_index(drop=True), lags=2)


@cache
def of_short() -> tuple[np.ndarray, np.ndarray]:
    return refits(short())


def test_refits_are_what_the_residual_bootstrap_gives():
    drawn = short().impulse_responses(HORIZON, bands=pv.ResidualBootstrap(DRAWS, seed=1)).draws
    found = ratio(drawn, responses(*of_short()))
    # Residuals have heavier tails than the normal, which the covariance feels and the coefficients do not.
    assert found[0] > 1.1
    np.testing.assert_allclose(found[1:], 1.0, atol=0.05)


def test_the_posterior_is_wider_and_the_more_so_the_later():
    found = ratio(posterior(short()), responses(*of_short()))
    assert found[1] == pytest.approx(1.03, abs=0.03)
    assert found[8] == pytest.approx(1.37, abs=0.07)


def test_bias_and_skewness_of_refits_are_the_difference():
    lags, sigma = of_short()
    around = lags - lags.mean(axis=0)
    estimate = np.asarray(short().coefficients)
    unbiased = responses(estimate + around, sigma)
    signs = np.where(np.random.default_rng(3).random(DRAWS) < 0.5, -1.0, 1.0)
    symmetric = responses(estimate + signs[:, None, None, None] * around, sigma)
    wide = posterior(short())
    assert ratio(wide, responses(lags, sigma))[8] > ratio(wide, unbiased)[8] + 0.15
    np.testing.assert_allclose(ratio(wide, symmetric), 1.02, atol=0.045)


def test_at_impact_the_difference_is_that_of_the_covariances():
    # The first variance is 66 s / chi2(64) in the posterior and s chi2(66) / 66 in refits.
    model = pv.fit_var(table("wgmacro").iloc[:75, -3:].reset_index(drop=True), lags=2)
    assert model.df_resid == 66
    wide, narrow = posterior(model)[:, 0, :1, :1], responses(*refits(model))[:, 0, :1, :1]
    tails = np.array([0.025, 0.975])
    inverse, direct = np.sqrt(66 / chdtri(64, tails)), np.sqrt(chdtri(66, tails) / 66)
    exact = np.ptp(inverse) / np.ptp(direct)
    assert ratio(wide[:, None], narrow[:, None])[0] == pytest.approx(exact, abs=0.04)
    assert 1.04 < exact < 1.08


def test_with_many_periods_they_are_the_same():
    rng = np.random.default_rng(4)
    data = np.zeros((2500, 2))
    for t in range(1, len(data)):
        data[t] = data[t - 1] @ np.array([[0.6, 0.2], [0.1, 0.4]]) + rng.standard_normal(2)
    model = pv.fit_var(data, lags=1)
    np.testing.assert_allclose(ratio(posterior(model), responses(*refits(model))), 1.0, atol=0.05)
