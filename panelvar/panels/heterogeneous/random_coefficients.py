"""Averages of coefficients that differ by entity: their mean, the pooled slope, Swamy's weighted mean."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.kernels.linear.unit_regressions import UnitRegressions, stacked_triangles


def mean_group(coefficients: Array) -> tuple[Array, Array]:
    r"""Average coefficients over entities (Pesaran and Smith 1995).

    .. math:: \bar b = \frac1N \sum_i b_i, \qquad V = \frac{1}{N(N-1)} \sum_i (b_i - \bar b)(b_i - \bar b)'

    Parameters
    ----------
    coefficients : (N, p) array

    Returns
    -------
    (p,) array, (p, p) array
        The mean and its covariance.
    """
    n_units = len(coefficients)
    mean = coefficients.mean(axis=0)
    apart = coefficients - mean
    return mean, apart.T @ apart / (n_units * (n_units - 1))


def pooled_slopes(triangles: Array, targets: Array, slopes: Array) -> tuple[Array, Array]:
    r"""Pool slopes that differ by entity, and estimate the covariance without a model of the errors.

    .. math:: b = \Big(\sum_i A_i\Big)^{-1} \sum_i A_i b_i, \qquad
              V = \Big(\sum_i A_i\Big)^{-1} \frac{N}{N-1}\sum_i A_i (b_i - \bar b)(b_i - \bar b)' A_i
                  \Big(\sum_i A_i\Big)^{-1}

    with :math:`A_i = X_i'M_iX_i = R_i'R_i`, and :math:`\bar b` the plain mean (Pesaran 2006).

    Parameters
    ----------
    triangles : (N, k, k) array
        :math:`R_i`.
    targets : (N, k) array
        :math:`R_i b_i`.
    slopes : (N, k) array
        :math:`b_i`.

    Returns
    -------
    (k,) array, (k, k) array
    """
    n_units, k = slopes.shape
    stacked = np.concatenate((triangles, targets[:, :, None]), axis=2).reshape(n_units * k, k + 1)
    r = stacked_triangles(stacked)
    inverse = np.linalg.solve(r[:k, :k], np.eye(k))
    moved = np.einsum("iab,ib->ia", triangles, slopes - slopes.mean(axis=0))
    scores = np.einsum("iab,ia->ib", triangles, moved) @ inverse @ inverse.T
    return inverse @ r[:k, k], scores.T @ scores * (n_units / (n_units - 1))


class RandomCoefficients(NamedTuple):
    """Swamy's estimator.

    Attributes
    ----------
    mean : (p,) array
        Weighted mean of the coefficients.
    covariance : (p, p) array
        Its covariance.
    dispersion : (p, p) array
        Covariance of the coefficients over entities that the weights use.
    fallback : bool
        Whether the difference that estimates it without bias was not positive semi-definite.
    predictions : (N, p) array
        Best linear unbiased predictions of each entity's coefficients.
    constancy : float
        Chi-squared statistic of equal coefficients, with p(N - 1) degrees of freedom.
    """

    mean: Array
    covariance: Array
    dispersion: Array
    fallback: bool
    predictions: Array
    constancy: float


def random_coefficients(units: UnitRegressions, *, unbiased: bool = True) -> RandomCoefficients:
    r"""Weigh each entity's coefficients by the inverse of their variance (Swamy 1970).

    With :math:`V_i = s_i^2 (Z_i'Z_i)^{-1}` and :math:`S` the sample covariance of the :math:`b_i`,

    .. math:: \Delta = S - \frac1N \sum_i V_i, \qquad b = \Big(\sum_i (\Delta + V_i)^{-1}\Big)^{-1}
              \sum_i (\Delta + V_i)^{-1} b_i, \qquad V = \Big(\sum_i (\Delta + V_i)^{-1}\Big)^{-1};

    where :math:`\Delta` is not positive semi-definite, :math:`S` takes its place (Swamy 1971). Predictions are
    :math:`b + \Delta(\Delta + V_i)^{-1}(b_i - b)`; the statistic is :math:`\sum_i (b_i - b^*)' V_i^{-1} (b_i - b^*)`,
    :math:`b^*` the mean weighted by :math:`V_i^{-1}`.

    Parameters
    ----------
    units : UnitRegressions
        At least two, all estimated, none of which fits exactly.
    unbiased : bool
        False takes :math:`S` at once.
    """
    b = units.coefficients
    n_units, p = b.shape
    mean, spread = mean_group(b)
    sample = n_units * spread
    # In units of the coefficients' own spread, nothing below depends on the units of the regressors.
    size = np.sqrt(np.diagonal(units.covariances.mean(axis=0)) + np.diagonal(sample))
    scaled = (b - mean) / size
    variances = units.covariances / np.outer(size, size)
    dispersion = sample / np.outer(size, size)
    fallback = False
    if unbiased:
        difference = dispersion - variances.mean(axis=0)
        eigenvalues = np.linalg.eigvalsh(difference)
        fallback = bool(eigenvalues[0] < -1e-14 * p)
        dispersion = dispersion if fallback else difference
    roots = np.linalg.cholesky(dispersion + variances)
    weighed = np.linalg.solve(roots, np.concatenate((np.tile(np.eye(p), (n_units, 1, 1)), scaled[:, :, None]), axis=2))
    coefficients, inverse, _ = _least_squares(weighed)
    left = np.linalg.solve(roots, (scaled - coefficients)[:, :, None])
    moved = np.linalg.solve(roots.transpose(0, 2, 1), left)[:, :, 0] @ dispersion
    # Under equal coefficients the triangles over the residual deviations are the roots of the precisions.
    precise = np.concatenate(
        (units.triangles * size, np.einsum("iab,ib->ia", units.triangles * size, scaled)[:, :, None]), axis=2
    )
    constancy = _least_squares(precise / np.sqrt(units.rss / units.df)[:, None, None])[2]
    return RandomCoefficients(
        mean + size * coefficients,
        inverse @ inverse.T * np.outer(size, size),
        dispersion * np.outer(size, size),
        fallback,
        mean + size * (coefficients + moved),
        constancy,
    )


def _least_squares(stacked: Array) -> tuple[Array, Array, float]:
    """Return coefficients, inverse triangle and residual sum of squares of stacked (N, p, p + 1) blocks."""
    p = stacked.shape[1]
    r = stacked_triangles(stacked.reshape(-1, p + 1))
    inverse: Array = np.asarray(np.linalg.solve(r[:p, :p], np.eye(p)), dtype=np.float64)
    return inverse @ r[:p, p], inverse, float(r[p, p] ** 2)
