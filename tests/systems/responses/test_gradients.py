"""Variances of responses against the sum of squared derivatives over all directions."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from panelvar.kernels.dynamics import dynamics
from panelvar.kernels.dynamics.lag_problem import lag_matrices
from panelvar.systems.responses.gradients import response_variances


def squares_of_derivatives(coefficients, base, factor, spread, impacts, n_deterministic, cumulative):
    m, n_vars = spread.shape[-1], factor.shape[-1]
    moves = np.einsum("rs,ij->sjri", spread, factor).reshape(m * n_vars, m, n_vars)
    steps = lag_matrices(moves, n_deterministic)
    directions = np.concatenate([steps, np.zeros((len(impacts), *coefficients.shape))])
    change = np.concatenate([np.zeros((len(steps), *impacts.shape[1:])), impacts])
    slopes = dynamics.response_derivatives(coefficients, base, directions, change)
    return np.sum((np.cumsum(slopes, axis=1) if cumulative else slopes) ** 2, axis=0)


@pytest.mark.parametrize("cumulative", [False, True])
@pytest.mark.parametrize(("lags", "n_vars", "horizon"), [(1, 1, 6), (2, 3, 8), (4, 2, 3), (3, 4, 0), (0, 2, 4)])
def test_they_are_squares_of_derivatives(lags, n_vars, horizon, cumulative):
    rng = np.random.default_rng(lags + 10 * n_vars)
    m, batch = 2 + lags * n_vars, 3
    coefficients = rng.normal(scale=0.4 / max(lags, 1), size=(batch, lags, n_vars, n_vars))
    factor = np.tril(rng.normal(size=(batch, n_vars, n_vars))) + 2.0 * np.eye(n_vars)
    spread, impacts = rng.normal(size=(batch, m, m)), rng.normal(size=(batch, 4, n_vars, n_vars - (n_vars > 2)))
    impact = rng.normal(size=(batch, *impacts.shape[-2:]))
    base = dynamics.responses(coefficients, horizon, impact)
    moving = dynamics.moving_average(coefficients, horizon)
    moving = np.cumsum(moving, axis=1) if cumulative else moving
    found = response_variances(base, moving, factor, spread, impacts, lags)
    assert found.shape == base.shape
    for draw in range(batch):
        parts = (array[draw] for array in (coefficients, base, factor, spread, impacts))
        expected = squares_of_derivatives(*parts, 2, cumulative)
        assert_allclose(found[draw], expected, rtol=1e-11, atol=1e-13 * expected.max())
