"""The long run that a regression in levels and differences implies."""

from __future__ import annotations

import numpy as np

from panelvar.core.base.arrays import Array


def solved_for_long_run(coefficients: Array, matrix: Array, k: int) -> tuple[Array, Array]:
    r"""Solve levels and speed, :math:`\theta = -b/\phi`, with the covariance by the delta method.

    Parameters
    ----------
    coefficients : (p,) array
        Coefficients of the k levels, of the lagged dependent variable, and others.
    matrix : (p, p) array
        Covariance of the coefficients.
    k : int
    """
    solved, derivative = coefficients.copy(), np.eye(len(coefficients))
    solved[:k] = -coefficients[:k] / coefficients[k]
    derivative[:k, :k] = -np.eye(k) / coefficients[k]
    derivative[:k, k] = -solved[:k] / coefficients[k]
    return solved, derivative @ matrix @ derivative.T
