"""The formula for the bias of least squares: known cases, its sums written out, and a simulation."""

from __future__ import annotations

import numpy as np
import pytest

from panelvar.kernels.dynamics import dynamics
from panelvar.kernels.dynamics.autoregressive_bias import corrected, largest_root, least_squares_bias
from panelvar.kernels.dynamics.second_moments import stacked_variance


@pytest.fixture
def coefficients() -> np.ndarray:
    """Three stable systems of two variables and two lags, (3, 2, 2, 2); roots up to 0.9, some of them complex."""
    drawn = np.random.default_rng(5).normal(size=(3, 2, 2, 2))
    largest = np.abs(dynamics.companion_roots(drawn)[:, 0])
    shrink = 0.9 / largest
    return drawn * np.stack([shrink, shrink**2], axis=1)[:, :, None, None]


@pytest.fixture
def sigma() -> np.ndarray:
    return np.array([[2.0, 0.6], [0.6, 1.0]])


def summed(coefficients, sigma, nobs, constant):
    """Pope's sums, term by term: of A'^k, A'^(2k+1) and tr(A^(k+1)) A'^k, and of the moving average's variance."""
    matrix = dynamics.companion(coefficients)
    size, n_vars = len(matrix), len(sigma)
    errors = np.zeros((size, size))
    errors[:n_vars, :n_vars] = sigma
    inner, variance, power = np.zeros((size, size)), np.zeros((size, size)), np.eye(size)
    for _ in range(2000):
        inner += constant * power.T + (power @ power @ matrix).T + np.trace(power @ matrix) * power.T
        variance += power @ errors @ power.T
        power = power @ matrix
    return (-(errors @ inner @ np.linalg.inv(variance)) / nobs)[:n_vars].T


@pytest.mark.parametrize("rho", [-0.5, 0.0, 0.3, 0.99])
def test_first_order_of_one_variable(rho):
    one = np.array([[[rho]]])
    assert least_squares_bias(one, np.eye(1), 80)[0, 0] == pytest.approx(-(1 + 3 * rho) / 80, rel=1e-12)
    none = least_squares_bias(one, np.eye(1), 80, constant=False)[0, 0]
    assert none == pytest.approx(-2 * rho / 80, rel=1e-12, abs=1e-16)


@pytest.mark.parametrize("constant", [True, False])
def test_the_sums_written_out(coefficients, sigma, constant):
    found = least_squares_bias(coefficients, np.broadcast_to(sigma, (3, 2, 2)), 50, constant=constant)
    assert found.shape == (3, 4, 2)
    for system, bias in zip(coefficients, found, strict=True):
        np.testing.assert_allclose(bias, summed(system, sigma, 50, constant), rtol=0, atol=1e-12)
        np.testing.assert_allclose(least_squares_bias(system, 7.0 * sigma, 50, constant=constant), bias, atol=1e-14)


def test_the_variance_reproduces_itself(coefficients, sigma):
    matrix = dynamics.companion(coefficients)
    errors = np.zeros((3, 4, 4))
    errors[:, :2, :2] = sigma
    found = stacked_variance(coefficients, np.broadcast_to(sigma, (3, 2, 2)))
    again = matrix @ found @ matrix.swapaxes(1, 2) + errors
    np.testing.assert_allclose(found, again, rtol=0, atol=1e-13 * np.abs(found).max())


@pytest.mark.slow
@pytest.mark.parametrize("constant", [True, False])
def test_the_mean_of_estimates(sigma, constant):
    """Over 40,000 samples of 200 rows, within four standard errors and what is of the order of 1/n squared."""
    matrix = np.array([[0.8, 0.1], [-0.2, 0.5]])
    rng, nobs, count = np.random.default_rng(8), 200, 40_000
    path = np.zeros((300 + nobs + 1, count, 2))
    for period in range(1, len(path)):
        path[period] = path[period - 1] @ matrix.T + rng.standard_normal((count, 2)) @ np.linalg.cholesky(sigma).T
    past, now = path[300:-1].swapaxes(0, 1), path[301:].swapaxes(0, 1)
    if constant:
        past, now = past - past.mean(axis=1, keepdims=True), now - now.mean(axis=1, keepdims=True)
    estimates = np.linalg.solve(past.swapaxes(1, 2) @ past, past.swapaxes(1, 2) @ now)
    error = estimates.std(axis=0) / np.sqrt(count)
    bias = least_squares_bias(matrix[None], sigma, nobs, constant=constant)
    assert (np.abs(estimates.mean(axis=0) - matrix.T - bias) < 4 * error + 10 / nobs**2).all()
    # What the formula finds is many standard errors wide.
    assert np.abs(bias / error).max() > 20


@pytest.mark.parametrize(("n_vars", "order"), [(1, 1), (2, 2)])
def test_the_correction_shrinks_by_hundredths_until_it_holds(n_vars, order):
    """Share by share and draw by draw, to the last bit, however many are tried at once."""
    rng = np.random.default_rng(order)
    middle = np.zeros((order * n_vars, n_vars))
    middle[:n_vars] = 0.96 * np.eye(n_vars)
    lags = middle + 0.03 * rng.standard_normal((12, order * n_vars, n_vars))
    for bias in (-0.1 * middle, -2.0 * middle):
        found = corrected(lags, bias)
        for draw, own in zip(found, lags, strict=True):
            share, kept = 1.0, own - bias
            while share > 0.0 and largest_root(kept[None])[0] >= 1.0:
                share -= 0.01
                kept = own - max(share, 0.0) * bias
            np.testing.assert_array_equal(draw, kept if largest_root(own[None])[0] < 1.0 else own)
