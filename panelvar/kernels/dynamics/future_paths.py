"""The future of a vector autoregression as arrays: paths given some of their values, and what moves them.

Equation and section numbers are those of Luetkepohl (2005), unless another source is named.
"""

from __future__ import annotations

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.kernels.dynamics import dynamics
from panelvar.kernels.dynamics.lag_problem import lag_matrices


def conditional_forecast(coefficients: Array, factor: Array, path: Array, given: Array) -> tuple[Array, Array]:
    r"""Mean and covariance of the future given some of it (Waggoner and Zha 1999; Luetkepohl 2005, section 2.2).

    Stacked, the future is :math:`y = \bar y + M \varepsilon` with standard normal shocks. Conditions fix rows r of it:
    :math:`R \varepsilon = r - \bar y_r`, so that :math:`E\varepsilon = R'(RR')^{-1}(r - \bar y_r)` and
    :math:`\mathrm{Var}\,\varepsilon = I - R'(RR')^{-1}R`. Any factor of sigma gives the same answer.

    Parameters
    ----------
    coefficients : array (p, K, K)
    factor : array (K, K)
        F with F F' = sigma.
    path : array (steps, K)
        Unconditional forecasts.
    given : array (steps, K)
        Known values; NaN where the future is free.

    Returns
    -------
    values : array (steps, K)
    covariance : array (steps, K, K)
        Of each period's forecast errors, zero for what is given.

    Raises
    ------
    numpy.linalg.LinAlgError
        Conditions contradict or repeat one another.
    """
    steps, n_vars = path.shape
    effects = dynamics.responses(coefficients, steps - 1, factor)
    stacked = np.zeros((steps, n_vars, steps, n_vars))
    for ahead in range(steps):
        for back in range(ahead + 1):
            stacked[ahead, :, back] = effects[ahead - back]
    flat = stacked.reshape(steps * n_vars, steps * n_vars)
    known = ~np.isnan(given).ravel()
    rows = flat[known]
    # In units of its own error each condition is a direction: what is left of one beside others tells whether they hold
    # together.
    sizes = np.linalg.norm(rows, axis=1)
    if not sizes.all():
        raise np.linalg.LinAlgError
    # An orthonormal basis of the conditions: shocks within it are known, those outside are free.
    basis, triangle = np.linalg.qr(rows.T / sizes)
    if (np.abs(triangle.diagonal()) <= 1e-12).any():
        raise np.linalg.LinAlgError
    gap = (given - path).ravel()[known] / sizes
    shocks = basis @ np.linalg.solve(triangle.T, gap) if known.any() else np.zeros(flat.shape[1])
    free = flat - (flat @ basis) @ basis.T
    values = path + (flat @ shocks).reshape(steps, n_vars)
    values[~np.isnan(given)] = given[~np.isnan(given)]
    left = free.reshape(steps, n_vars, -1)
    return values, left @ left.swapaxes(1, 2)


def path_derivatives(coefficients: Array, moves: Array, history: Array, path: Array, terms: Array) -> Array:
    r"""Derivatives of point forecasts along directions of the coefficients, the data taken as they are.

    .. math:: d\hat y_h = dB' D_h + \sum_j \left(dA_j\,\hat y_{h-j} + A_j\,d\hat y_{h-j}\right)

    Parameters
    ----------
    coefficients : array (p, K, K)
    moves : array (D, m, K)
        Directions of all coefficients, those of the terms beside the lags first.
    history : array (p, K)
        The last observations, oldest first.
    path : array (steps, K)
        Point forecasts.
    terms : array (steps, d)
        The terms beside the lags in the periods forecast.

    Returns
    -------
    array (D, steps, K)
    """
    lags, count = len(coefficients), terms.shape[1]
    steps = lag_matrices(moves, count)
    whole = np.concatenate([history, path])
    slopes = np.zeros((len(moves), len(whole), path.shape[1]))
    slopes[:, lags:] = terms @ moves[:, :count]
    with np.errstate(over="ignore", invalid="ignore"):
        for period in range(lags, len(whole)):
            for lag in range(1, lags + 1):
                slopes[:, period] += steps[:, lag - 1] @ whole[period - lag]
                slopes[:, period] += slopes[:, period - lag] @ coefficients[lag - 1].T
    return slopes[:, lags:]


def shock_paths(coefficients: Array, factor: Array, steps: int) -> Array:
    """What one standard deviation of each future shock does to the path, (steps K, steps, K), shocks in time order."""
    n_vars = factor.shape[-1]
    responses = dynamics.moving_average(coefficients, steps - 1) @ factor
    paths = np.zeros((steps, n_vars, steps, n_vars))
    for first in range(steps):
        paths[first, :, first:] = responses[: steps - first].transpose(2, 0, 1)
    return paths.reshape(steps * n_vars, steps, n_vars)


def estimation_mse(transition: Array, coefficients: Array, sigma: Array, n_rows: int, steps: int) -> Array:
    r"""Mean squared error that estimated coefficients add to forecasts from an average origin (section 3.5).

    .. math:: \frac{\Omega(h)}{n} = \frac1n \sum_{i,j<h} \operatorname{tr}\left[(\mathbf B')^{h-1-i}\Gamma^{-1}
        \mathbf B^{h-1-j}\Gamma\right] \Phi_i\Sigma\Phi_j'

    with :math:`Z_{t+1} = \mathbf B Z_t` for the regressors and :math:`\Gamma = X'X/n = R'R/n`: the trace is the inner
    product of powers of :math:`R\,\mathbf B' R^{-1}`.

    Parameters
    ----------
    transition : array (m, m)
        :math:`R\,\mathbf B' R^{-1}`.
    coefficients : array (p, K, K)
    sigma : array (K, K)
    n_rows, steps : int

    Returns
    -------
    array (steps, K, K)
    """
    size = len(transition)
    powers = np.empty((steps, size, size))
    powers[0] = np.eye(size)
    for step in range(1, steps):
        powers[step] = powers[step - 1] @ transition
    flat = powers.reshape(steps, -1)
    inner = flat @ flat.T
    phi = dynamics.moving_average(coefficients, steps - 1)
    out = np.empty((steps, *sigma.shape))
    for step in range(steps):
        # Phi_i goes with the power step - i.
        weights = inner[: step + 1, : step + 1][::-1, ::-1]
        mixed = np.tensordot(weights, phi[: step + 1], axes=1)
        out[step] = np.einsum("iab,bc,idc->ad", phi[: step + 1], sigma, mixed) / n_rows
    return out
