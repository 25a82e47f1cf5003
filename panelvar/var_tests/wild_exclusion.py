r"""Wald statistics of excluded regressors in wild-bootstrap data sets with the regressors kept as they are.

With X = Q R, residuals :math:`\tilde u_t` of the equations E under the null and multipliers :math:`\eta_t`, the left
sides of a data set are fits under the null plus :math:`e_t = \eta_t \tilde u_t`. Excluded regressors have zero
coefficients in the fits, so that their estimates are :math:`H'e` with H the columns of :math:`X(X'X)^{-1}` that belong
to them, and residuals are :math:`e - QQ'e`: nothing is refitted.
"""

from __future__ import annotations

import numpy as np

from panelvar.base.arrays import Array


def wild_exclusion_statistics(
    orthonormal: Array, influence: Array, errors: Array, divisor: float, weights: Array | None
) -> Array:
    r"""Wald statistics of every data set.

    Parameters
    ----------
    orthonormal : array (n, m)
        Q.
    influence : array (n, q)
        H.
    errors : array (B, n, E)
        Errors e of each data set.
    divisor : float
        What residual cross products are divided by, for the covariance
        :math:`\hat\Sigma \otimes (X'X)^{-1}` of the estimates.
    weights : array (n,) or None
        With them the covariance is heteroskedasticity-consistent, of scores times weights.

    Returns
    -------
    array (B,)
        :math:`\mathrm{vec}(\hat b)'\hat V^{-1}\mathrm{vec}(\hat b)`.
    """
    draws, n, equations = errors.shape
    q = influence.shape[1]
    estimates = errors.swapaxes(1, 2) @ influence
    projected = errors.swapaxes(1, 2) @ orthonormal
    if weights is None:
        scatter = (errors.swapaxes(1, 2) @ errors - projected @ projected.swapaxes(1, 2)) / divisor
        # H'H is the block of (X'X)^-1; in its metric each equation's estimates are one vector.
        white = np.linalg.solve(np.linalg.cholesky(influence.T @ influence), estimates.swapaxes(1, 2))
        white = np.linalg.solve(np.linalg.cholesky(scatter), white.swapaxes(1, 2))
        return np.asarray((white**2).sum(axis=(1, 2)))
    residuals = errors - orthonormal @ projected.swapaxes(1, 2)
    weighted = influence * weights[:, None]
    scores = (residuals[..., None] * weighted[None, :, None, :]).reshape(draws, n, equations * q)
    stacked = estimates.reshape(draws, equations * q, 1)
    solved = np.linalg.solve(scores.swapaxes(1, 2) @ scores, stacked)
    return np.asarray((stacked * solved).sum(axis=(1, 2)))
