"""Dynamics against their definitions: companion powers, explicit sums, finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from panelvar.core.base.errors import PanelVarError
from panelvar.kernels.dynamics import dynamics


@pytest.fixture
def coefficients() -> np.ndarray:
    return np.random.default_rng(3).normal(scale=0.25, size=(3, 4, 4))


@pytest.fixture
def sigma() -> np.ndarray:
    root = np.random.default_rng(4).normal(size=(4, 4))
    return root @ root.T + np.eye(4)


def test_companion_of_two_lags_written_out():
    first, second = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[5.0, 6.0], [7.0, 8.0]])
    expected = [[1, 2, 5, 6], [3, 4, 7, 8], [1, 0, 0, 0], [0, 1, 0, 0]]
    np.testing.assert_array_equal(dynamics.companion(np.stack([first, second])), expected)


def test_roots_solve_the_characteristic_equation(coefficients):
    for root in dynamics.companion_roots(coefficients):
        # Each eigenvalue z has det(I - A1/z - A2/z^2 - A3/z^3) = 0; multiplied by z^3 to be safe near zero.
        polynomial = np.eye(4) * root**3 - sum(coefficients[lag] * root ** (2 - lag) for lag in range(3))
        scale = np.linalg.norm(polynomial, 2) ** 4
        assert abs(np.linalg.det(polynomial)) < 1e-13 * max(scale, 1.0)


def test_roots_come_largest_first_and_pairs_stay_together(coefficients):
    roots = dynamics.companion_roots(coefficients)
    moduli = np.abs(roots)
    assert (np.diff(moduli) <= 0).all()
    for place in np.flatnonzero(roots.imag > 0):
        assert roots[place + 1] == roots[place].conjugate()


def test_a_root_cycles_and_halves_as_its_powers_do():
    root = 0.9 * np.exp(2j * np.pi / 7)
    roots = np.array([root, root.conjugate(), 0.8, -0.8, 1.0, 1.1, 0.0])
    np.testing.assert_allclose(dynamics.root_periods(roots), [7, 7, np.inf, 2, np.inf, np.inf, np.inf], rtol=1e-14)
    assert np.isinf(dynamics.root_periods(np.array([1.0 + 1e-9j, 1.0 - 1e-9j]))).all()
    # After its period a root is back on the real axis; after its half-life half of it is left.
    assert abs((root**7).imag) < 1e-15
    lives = dynamics.half_lives(roots)
    np.testing.assert_allclose(np.abs(roots[:4]) ** lives[:4], 0.5, rtol=1e-14)
    assert lives[4:].tolist() == [np.inf, np.inf, 0.0]


def test_no_lags_have_no_roots():
    assert dynamics.companion_roots(np.zeros((0, 2, 2))).shape == (0,)
    np.testing.assert_array_equal(dynamics.moving_average(np.zeros((0, 2, 2)), 2)[1:], np.zeros((2, 2, 2)))


def test_moving_average_is_the_corner_of_companion_powers(coefficients):
    companion = dynamics.companion(coefficients)
    power = np.eye(companion.shape[0])
    for phi in dynamics.moving_average(coefficients, 12):
        np.testing.assert_allclose(phi, power[:4, :4], atol=1e-14)
        power = companion @ power


def test_responses_are_moving_averages_times_the_impact(coefficients, sigma):
    impact = np.linalg.cholesky(sigma)
    expected = dynamics.moving_average(coefficients, 8) @ impact
    np.testing.assert_allclose(dynamics.responses(coefficients, 8, impact), expected, atol=1e-13)


def test_a_horizon_of_zero_is_the_impact(coefficients, sigma):
    np.testing.assert_array_equal(dynamics.responses(coefficients, 0, sigma)[0], sigma)


def test_batches_equal_single_calls(sigma):
    many = np.random.default_rng(5).normal(scale=0.2, size=(2, 3, 2, 4, 4))
    impact = np.linalg.cholesky(sigma)
    batched = dynamics.responses(many, 5, impact)
    roots = dynamics.companion_roots(many)
    assert batched.shape == (2, 3, 6, 4, 4)
    for place in np.ndindex(2, 3):
        np.testing.assert_allclose(batched[place], dynamics.responses(many[place], 5, impact), atol=1e-14)
        np.testing.assert_allclose(roots[place], dynamics.companion_roots(many[place]), atol=1e-13)
        np.testing.assert_allclose(
            dynamics.variance_shares(batched)[place], dynamics.variance_shares(batched[place]), atol=1e-14
        )


def test_responses_do_not_change_their_arguments(coefficients, sigma):
    before = coefficients.copy(), sigma.copy()
    dynamics.responses(coefficients, 4, sigma)
    np.testing.assert_array_equal(coefficients, before[0])
    np.testing.assert_array_equal(sigma, before[1])


def test_response_derivatives_match_differences(coefficients, sigma):
    rng = np.random.default_rng(6)
    impact = np.linalg.cholesky(sigma)
    steps, moves = rng.normal(size=(5, 3, 4, 4)), rng.normal(size=(5, 4, 4))
    base = dynamics.responses(coefficients, 6, impact)
    exact = dynamics.response_derivatives(coefficients, base, steps, moves)
    size = 1e-6
    for place in range(5):
        up = dynamics.responses(coefficients + size * steps[place], 6, impact + size * moves[place])
        down = dynamics.responses(coefficients - size * steps[place], 6, impact - size * moves[place])
        difference = (up - down) / (2 * size)
        np.testing.assert_allclose(exact[place], difference, atol=1e-8 * np.abs(difference).max())


def test_variance_shares_by_loops(coefficients, sigma):
    theta = dynamics.responses(coefficients, 5, np.linalg.cholesky(sigma))
    shares = dynamics.variance_shares(theta)
    for horizon in range(1, 7):
        for variable in range(4):
            parts = [sum(theta[s, variable, shock] ** 2 for s in range(horizon)) for shock in range(4)]
            np.testing.assert_allclose(shares[horizon - 1, variable], np.array(parts) / sum(parts), atol=1e-14)
    np.testing.assert_allclose(shares.sum(axis=2), 1.0, atol=1e-14)


def test_forecast_covariance_is_the_sum_of_orthogonal_squares(coefficients, sigma):
    theta = dynamics.responses(coefficients, 5, np.linalg.cholesky(sigma))
    expected = np.cumsum([matrix @ matrix.T for matrix in theta], axis=0)
    made = dynamics.forecast_covariance(coefficients, np.linalg.cholesky(sigma), 6)
    np.testing.assert_allclose(made, expected, rtol=1e-13)


def test_forecast_path_by_the_companion_form(coefficients):
    rng = np.random.default_rng(7)
    history, deterministic = rng.normal(size=(3, 4)), rng.normal(size=(5, 4))
    state = history[::-1].ravel()
    for step, values in enumerate(dynamics.forecast_path(coefficients, history, deterministic)):
        state = dynamics.companion(coefficients) @ state
        state[:4] += deterministic[step]
        np.testing.assert_allclose(values, state[:4], atol=1e-13)


def test_lag_sum_inverts_the_summed_responses(coefficients):
    small = 0.3 * coefficients
    total = dynamics.moving_average(small, 400).sum(axis=0)
    np.testing.assert_allclose(np.linalg.inv(dynamics.lag_sum(small)), total, rtol=1e-12)


def test_cholesky_in_an_ordering_is_the_factor_of_the_permuted_matrix(sigma):
    order = np.array([2, 0, 3, 1])
    impact = dynamics.cholesky_impact(sigma, order)
    np.testing.assert_allclose(impact @ impact.T, sigma, rtol=1e-13)
    arranged = impact[np.ix_(order, order)]
    np.testing.assert_array_equal(arranged, np.tril(arranged))
    assert (np.diag(arranged) > 0).all()


def test_an_ordered_factor_of_integers_is_that_of_floats():
    whole = np.array([[4, 1], [1, 4]])
    order = np.array([1, 0])
    expected = dynamics.cholesky_impact(whole.astype(float), order)
    np.testing.assert_array_equal(dynamics.cholesky_impact(whole, order), expected)
    np.testing.assert_allclose(expected, [[np.sqrt(3.75), 0.5], [0.0, 2.0]], rtol=1e-15)


def test_integers_are_forecast_like_floats():
    coefficients, history, rest = np.array([[[2, 1], [0, 1]]]), np.array([[1, 2]]), np.ones((3, 2), dtype=int)
    expected = dynamics.forecast_path(coefficients.astype(float), history.astype(float), rest.astype(float))
    path = dynamics.forecast_path(coefficients, history, rest)
    assert path.dtype == np.float64
    np.testing.assert_array_equal(path, expected)
    mixed = dynamics.forecast_path(0.5 * coefficients, history, rest)
    np.testing.assert_allclose(mixed[0], [3.0, 2.0])


@pytest.mark.parametrize(
    "call",
    [
        lambda a, s: dynamics.responses(a, -1),
        lambda a, s: dynamics.moving_average(a, -2),
        lambda a, s: dynamics.forecast_covariance(a, s, 0),
        lambda a, s: dynamics.forecast_path(a, np.zeros((4, 4)), np.zeros((2, 4))),
        lambda a, s: dynamics.forecast_path(a, np.zeros((2, 4)), np.zeros((2, 4))),
        lambda a, s: dynamics.forecast_path(a, np.zeros((3, 4)), np.zeros((2, 1))),
        lambda a, s: dynamics.cholesky_impact(s, np.array([0, 1, 1, 2])),
        lambda a, s: dynamics.cholesky_impact(s, np.array([0, 1])),
    ],
)
def test_arrays_that_do_not_fit_are_refused(coefficients, sigma, call):
    with pytest.raises(PanelVarError):
        call(coefficients, sigma)


def test_overflow_is_silent_and_not_finite():
    """Warnings are errors here: an explosive system must not raise one before its caller's own message."""
    coefficients, sigma = np.array([[[1.5, 0.1], [0.2, 2.0]]]), np.eye(2)
    responses = dynamics.responses(coefficients, 2000)
    assert not np.isfinite(responses[-1]).any()
    assert not np.isfinite(dynamics.variance_shares(responses)[-1]).any()
    assert not np.isfinite(dynamics.forecast_covariance(coefficients, sigma, 2000)[-1]).any()
    assert not np.isfinite(dynamics.forecast_path(coefficients, np.ones((1, 2)), np.zeros((2000, 2)))[-1]).any()


@pytest.mark.parametrize("batch", [(), (2,)])
def test_responses_that_died_out_stay_at_zero(batch):
    """A shock halves each period; one that grows beside it goes on."""
    halving = np.broadcast_to(0.5 * np.eye(2), (*batch, 1, 2, 2))
    found = dynamics.responses(halving, 3_000)
    assert np.array_equal(found[..., :1_000, 0, 0], np.broadcast_to(0.5 ** np.arange(1_000.0), (*batch, 1_000)))
    assert not found[..., 1_001:, :, :].any()
    both = np.broadcast_to(np.diag([0.5, 1.0]), (*batch, 1, 2, 2))
    assert (dynamics.responses(both, 3_000)[..., 1, 1] == 1.0).all()
