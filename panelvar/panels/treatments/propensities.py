"""Propensities of treatment by a logit, for comparisons that weigh who is compared."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array, Mask

_STEPS = 60
_CONVERGED = 1e-12
# From here on no one is comparable: a control would stand for a thousand treated.
HIGHEST = 0.999


class Propensities(NamedTuple):
    r"""Probabilities of treatment, :math:`p_i = 1 / (1 + e^{-x_i'\gamma})`, by maximum likelihood.

    Attributes
    ----------
    values : (m,) array
        The probabilities.
    scores : (m, k) array
        :math:`w_i (d_i - p_i) x_i`.
    inverse : (k, k) array
        The inverse of :math:`\sum_i w_i p_i (1 - p_i) x_i x_i'`.
    """

    values: Array
    scores: Array
    inverse: Array


def fit_propensities(treated: Mask, x: Array, weights: Array) -> Propensities | None:
    """Fit a logit by Newton's method.

    Parameters
    ----------
    treated : (m,) array of bool
    x : (m, k) array
        Covariates of similar scale, a constant among them.
    weights : (m,) array

    Returns
    -------
    Propensities or None
        None where the covariates tell some treated apart from all others: a propensity is `HIGHEST` or more.
    """
    coefficients = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        values: Array = 1.0 / (1.0 + np.exp(-np.clip(x @ coefficients, -40.0, 40.0)))
        scores = (weights * (treated - values))[:, None] * x
        curvature = (x * (weights * values * (1.0 - values))[:, None]).T @ x
        try:
            step = np.linalg.solve(curvature, scores.sum(axis=0))
        except np.linalg.LinAlgError:
            return None
        coefficients = coefficients + step
        if np.abs(step).max() <= _CONVERGED * max(1.0, np.abs(coefficients).max()):
            break
    if not values.max() < HIGHEST:
        return None
    return Propensities(values, scores, np.asarray(np.linalg.inv(curvature), dtype=np.float64))
