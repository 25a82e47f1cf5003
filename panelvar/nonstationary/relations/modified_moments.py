r"""What fully modified least squares and canonical cointegrating regressions make of an entity's columns.

With :math:`u_t = (u_{1t}, u_{2t}')'`, the error of the relation and the changes of the regressors, their long-run
covariances :math:`\Sigma, \Delta, \Omega` (`panelvar.kernels.linear.long_run`), and
:math:`\gamma = \Omega_{22}^{-1}\Omega_{21}`,

.. math::
   \text{FMOLS:}\quad & y_t^\ast = y_t - \gamma'u_{2t}, \quad x_t^\ast = x_t, \quad
   \sigma = n\,(\Delta_{12} - \gamma'\Delta_{22})' \\
   \text{CCR:}\quad & x_t^\ast = x_t - \Delta_{\cdot 2}'\Sigma^{-1}u_t, \quad
   y_t^\ast = y_t - \beta'\Delta_{\cdot 2}'\Sigma^{-1}u_t - \gamma'u_{2t}, \quad \sigma = 0

with :math:`\beta` of the first stage. What is left of the error has the long-run variance
:math:`a'\Omega a, a = (1, -\gamma')'`, which is :math:`\omega_{1\cdot2} = \Omega_{11} - \Omega_{12}\gamma` where
:math:`\gamma` is the entity's own.

References: Phillips and Hansen (1990), Review of Economic Studies 57; Park (1992), Econometrica 60; Phillips and Moon
(1999), Econometrica 67, of averages of the covariances over entities.
"""

from __future__ import annotations

import numpy as np

from panelvar.core.base.arrays import Array, Mask
from panelvar.kernels.linear.long_run import LongRunCovariance
from panelvar.kernels.linear.unit_regressions import stacked_triangles
from panelvar.nonstationary.relations.moments import RelationMoments, Stack, without_terms

# Of correlations: below it their inverse is rounding.
_LEAST_EIGENVALUE = 1e-13


def innovations(x: Array, powers: int, differenced: bool) -> Array:
    """Changes of regressors (n, T, m) less those of their terms: (n, T - 1, m).

    The terms' coefficients are estimated from the changes, or from the levels, which are then differenced.
    """
    if differenced:
        return without_terms(np.diff(x, axis=1), max(powers - 1, 0))
    return np.diff(without_terms(x, powers), axis=1)


def covariance_solve(matrix: Array, right: Array) -> Array:
    """Solve V X = B for covariances V (..., k, k), in units of their standard deviations."""
    sizes = np.sqrt(matrix.diagonal(axis1=-2, axis2=-1))
    scaled = matrix / (sizes[..., :, None] * sizes[..., None, :])
    return np.asarray(np.linalg.solve(scaled, right / sizes[..., :, None]) / sizes[..., :, None])


def nearly_singular(matrix: Array) -> Mask:
    """Whether covariances (..., k, k) have no inverse to speak of, as correlations."""
    sizes = np.sqrt(np.maximum(matrix.diagonal(axis1=-2, axis2=-1), 0.0))
    flat = (sizes == 0.0).any(axis=-1)
    safe = np.where(sizes > 0.0, sizes, 1.0)
    least = np.linalg.eigvalsh(matrix / (safe[..., :, None] * safe[..., None, :]))[..., 0]
    out: Mask = flat | (least < _LEAST_EIGENVALUE)
    return out


def fully_modified_moments(
    stack: Stack, errors: Array, used: LongRunCovariance, own: LongRunCovariance
) -> RelationMoments:
    """Fully modified least squares.

    Parameters
    ----------
    stack : Stack
    errors : (n, T - 1, 1 + m) array
        u of the second and later periods.
    used : LongRunCovariance
        The covariances that modify the columns: each entity's own, or an average.
    own : LongRunCovariance
        Each entity's own.
    """
    gamma = _slopes(used)
    target = stack.y[:, 1:] - (errors[..., 1:] @ gamma[..., None])[..., 0]
    shift = used.one_sided[..., 0, 1:] - (gamma[..., None, :] @ used.one_sided[..., 1:, 1:])[..., 0, :]
    return _regress(stack, stack.x[:, 1:], target, errors.shape[1] * shift, gamma, own)


def canonical_moments(
    stack: Stack, errors: Array, used: LongRunCovariance, own: LongRunCovariance, slopes: Array
) -> RelationMoments:
    """Canonical cointegrating regression; as `fully_modified_moments`, with the first stage's slopes (m,) or (n, m)."""
    gamma = _slopes(used)
    moved = errors @ covariance_solve(used.contemporaneous, used.one_sided[..., 1:])
    x = stack.x[:, 1:] - moved
    y = stack.y[:, 1:] - ((moved @ slopes[..., None]) + errors[..., 1:] @ gamma[..., None])[..., 0]
    return _regress(stack, x, y, np.zeros((len(x), x.shape[2])), gamma, own)


def conditional_variances(used: LongRunCovariance, own: LongRunCovariance) -> Array:
    """Long-run variances of errors less the changes times gamma, (n,): never negative."""
    return _variances(_slopes(used), own)


def _slopes(used: LongRunCovariance) -> Array:
    """Gamma, (..., m)."""
    return covariance_solve(used.two_sided[..., 1:, 1:], used.two_sided[..., 1:, :1])[..., 0]


def _variances(gamma: Array, own: LongRunCovariance) -> Array:
    weights = np.concatenate((np.ones((*gamma.shape[:-1], 1)), -gamma), axis=-1)
    return np.asarray(((weights[..., None, :] @ own.two_sided)[..., 0, :] * weights).sum(axis=-1))


def _regress(stack: Stack, x: Array, y: Array, shifts: Array, gamma: Array, own: LongRunCovariance) -> RelationMoments:
    n, rows, m = x.shape
    return RelationMoments(
        stacked_triangles(np.concatenate((stack.terms[:, 1:], x, y[..., None]), axis=2)),
        np.broadcast_to(shifts, (n, m)),
        _variances(gamma, own),
        own.bandwidth,
        np.full(n, rows),
        np.full(n, stack.powers + m),
    )
