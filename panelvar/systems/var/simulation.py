"""Samples of a vector autoregression: paths from given values, and first values drawn."""

from __future__ import annotations

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import NumericalError
from panelvar.kernels.dynamics.second_moments import stacked_variance
from panelvar.kernels.linear.least_squares import covariance_root


def run_forward(coefficients: Array, first: Array, moved: Array) -> Array:
    """Values (n, K) of a system that starts from ``first`` (p, K) and is moved by ``moved`` (n, K).

    Raises
    ------
    NumericalError
        The path overflows.
    """
    lags, k = len(first), moved.shape[1]
    path = np.concatenate([first, np.empty_like(moved)])
    # Newest lag first, as the coefficients are laid out.
    advance = coefficients.swapaxes(1, 2).reshape(-1, k)
    with np.errstate(over="ignore", invalid="ignore"):
        for row in range(len(moved)):
            past = path[row : row + lags][::-1].ravel()
            path[lags + row] = moved[row] + past @ advance
    if not np.isfinite(path).all():
        raise NumericalError("The simulated path overflows, because the system is explosive. Simulate fewer periods.")
    return path[lags:]


def draw_first_values(coefficients: Array, sigma: Array, rng: np.random.Generator) -> Array:
    """Draw values (p, K), less their mean, from the normal distribution that a stable system settles in."""
    lags, k = coefficients.shape[:2]
    root = covariance_root(stacked_variance(coefficients, sigma))
    newest_first = (root @ rng.standard_normal(len(root))).reshape(-1, k)[:lags]
    return np.asarray(newest_first[::-1])
