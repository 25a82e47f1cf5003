"""Gaussian forecasts of a vector autoregression given the future of some of its variables."""

from __future__ import annotations

import numpy as np

from panelvar.base.arrays import Array
from panelvar.dynamics import dynamics


def conditional_forecast(coefficients: Array, factor: Array, path: Array, given: Array) -> tuple[Array, Array]:
    r"""Mean and covariance of the future given some of it (Waggoner and Zha 1999, eqs. 8 to 10; Luetkepohl 2005, 2.2).

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
        Conditions that contradict or repeat one another.
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
    # An orthonormal basis of the conditions: shocks within it are known, those outside are free.
    basis, triangle = np.linalg.qr(rows.T)
    if known.any() and np.abs(triangle.diagonal()).min() <= 1e-12 * np.abs(triangle.diagonal()).max():
        raise np.linalg.LinAlgError
    gap = (given - path).ravel()[known]
    shocks = basis @ np.linalg.solve(triangle.T, gap) if known.any() else np.zeros(flat.shape[1])
    free = flat - (flat @ basis) @ basis.T
    values = path + (flat @ shocks).reshape(steps, n_vars)
    values[~np.isnan(given)] = given[~np.isnan(given)]
    left = free.reshape(steps, n_vars, -1)
    covariance: Array = left @ left.swapaxes(1, 2)
    return values, covariance
