r"""Bias of the least-squares estimates of a stable vector autoregression, to order one over the sample size.

With a fitted mean: Pope (1990), Biases of estimators in multivariate non-Gaussian autoregressions, J. Time Series
Analysis 11, 249-258. With a known one: Nicholls and Pope (1988), Australian J. Statistics 30A, 296-309.
"""

from __future__ import annotations

import numpy as np

from panelvar.base.arrays import Array
from panelvar.dynamics import dynamics
from panelvar.dynamics.second_moments import stacked_variance


def least_squares_bias(coefficients: Array, sigma: Array, nobs: int, *, constant: bool = True) -> Array:
    r"""Approximate bias of the lag coefficients.

    With A the companion matrix, :math:`\lambda` its roots, G the companion form's error covariance and
    :math:`\Gamma` the variance of the stacked lags, the estimate of A from n rows has the bias

    .. math:: -\frac1n\, G \left[(I - A')^{-1} + A'(I - A'^2)^{-1}
        + \sum_\lambda \lambda (I - \lambda A')^{-1}\right] \Gamma^{-1} + O(n^{-3/2})

    (Pope 1990, equation 9); without a constant the first inverse drops out. For K = p = 1 this is
    :math:`-(1 + 3\rho)/n` and :math:`-2\rho/n`. The scale of sigma cancels.

    Parameters
    ----------
    coefficients : array (..., p, K, K)
        A stable system, for which the caller checks: in others the formula has no meaning.
    sigma : array (..., K, K)
    nobs : int
        Rows explained.
    constant : bool
        Whether a constant is fitted beside the lags.

    Returns
    -------
    array (..., pK, K)
        Regressors by equations, lag 1 first.
    """
    matrix = dynamics.companion(coefficients)
    size, n_vars = matrix.shape[-1], sigma.shape[-1]
    whole, top = np.eye(size), np.eye(size, n_vars)
    # Only the first K rows of G are not zero: transposed, the first K columns of every inverse are all that is needed.
    total = np.linalg.solve(whole - matrix @ matrix, matrix @ top).astype(complex)
    if constant:
        total += np.linalg.solve(whole - matrix, np.broadcast_to(top, total.shape))
    for root in np.moveaxis(np.linalg.eigvals(matrix), -1, 0):
        scale = root[..., None, None]
        total += scale * np.linalg.solve(whole - scale * matrix, np.broadcast_to(top, total.shape))
    # Conjugate roots come in pairs, whose terms add up to a real matrix.
    bias: Array = np.linalg.solve(stacked_variance(coefficients, sigma), total.real @ sigma) / -nobs
    return bias
