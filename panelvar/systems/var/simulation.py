"""Samples of a vector autoregression: paths from given values, and first values drawn."""

from __future__ import annotations

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.kernels.dynamics.second_moments import stacked_variance
from panelvar.kernels.linear.least_squares import covariance_root


def run_forward(coefficients: Array, first: Array, moved: Array) -> Array:
    """Values (..., p + n, K) of a system that starts from ``first`` (p, K) and is moved by ``moved`` (..., n, K).

    An explosive one leaves the range of numbers.

    Parameters
    ----------
    coefficients : array (p, K, K)
    first : array (p, K)
        The oldest first.
    moved : array (..., n, K)
        Errors, and what the terms beside the lags add.
    """
    lags, k = first.shape
    batch, n = moved.shape[:-2], moved.shape[-2]
    path = np.empty((*batch, lags + n, k))
    path[..., :lags, :] = first
    path[..., lags:, :] = moved
    # Lags lie latest first among the coefficients, earliest first in the path.
    weights = coefficients[::-1].swapaxes(1, 2).reshape(-1, k)
    for row in range(lags, lags + n):
        path[..., row, :] += path[..., row - lags : row, :].reshape(*batch, -1) @ weights
    return path


def draw_first_values(coefficients: Array, sigma: Array, rng: np.random.Generator) -> Array:
    """Draw values (p, K), less their mean, from the normal distribution that a stable system settles in."""
    lags, k = coefficients.shape[:2]
    root = covariance_root(stacked_variance(coefficients, sigma))
    # The variance is of the newest value first.
    return np.asarray((root @ rng.standard_normal(len(root))).reshape(-1, k)[:lags][::-1])
