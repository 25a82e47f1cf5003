r"""Delta-method variances of responses, without a derivative for every direction of the coefficients.

Equation numbers are those of Luetkepohl (2005).
"""

from __future__ import annotations

import numpy as np

from panelvar.base.arrays import Array


def response_variances(base: Array, moving: Array, factor: Array, spread: Array, impacts: Array, lags: int) -> Array:
    r"""Variances of responses whose impact does not depend on the coefficients (proposition 3.6).

    With :math:`\operatorname{Var}(\operatorname{vec}\hat B) = \Sigma \otimes (X'X)^{-1}`, the coefficients' part of
    the variance of :math:`\Theta_h = \Phi_h B` is

    .. math:: \sum_{i, j < h} \left[\Phi_{h-1-i}\, \Sigma\, \Phi_{h-1-j}'\right]_{kk}
              \left[Z_i' (X'X)^{-1} Z_j\right]_{ss}, \qquad Z_i = (\Theta_i', \dots, \Theta_{i-p+1}')',

    the diagonal of a product of Kronecker products, which never need be formed; that of the impact is
    :math:`[\Phi_h]_k \operatorname{Var}(b_s) [\Phi_h]_k'`.

    Parameters
    ----------
    base : array (..., H, K, S)
        Responses of periods 0 to H - 1.
    moving : array (..., H, K, K)
        Moving-average matrices; cumulated, they give the variances of cumulated responses.
    factor : array (..., K, K)
        F with F F' = sigma.
    spread : array (..., m, m)
        A root of :math:`(X'X)^{-1}`, the lags being the last pK regressors.
    impacts : array (..., D, K, S)
        Derivatives of the impact matrix along the directions in which sigma varies.
    lags : int
        p.

    Returns
    -------
    array (..., H, K, S)
    """
    periods, n_vars, n_shocks = base.shape[-3:]
    batch = base.shape[:-3]
    by_shock = np.moveaxis(impacts, -1, -3).swapaxes(-1, -2)
    covariance = by_shock @ by_shock.swapaxes(-1, -2)
    rows = np.ascontiguousarray(moving).reshape(*batch, 1, periods * n_vars, n_vars)
    own = ((rows @ covariance) * rows).sum(axis=-1)
    variances: Array = own.swapaxes(-1, -2).reshape(*batch, periods, n_vars, n_shocks)
    if lags == 0 or periods == 1:
        return variances
    # Axes (k, time, shock) of Phi F, latest period first, and (s, time, direction) of Z'S: their Gram matrices.
    errors = np.moveaxis(moving @ factor[..., None, :, :], -2, -3)[..., ::-1, :][..., 1:, :]
    past = np.zeros((*batch, n_shocks, periods - 1, lags * n_vars))
    for lag in range(min(lags, periods - 1)):
        shown = np.moveaxis(base[..., : periods - 1 - lag, :, :], -1, -3)
        past[..., lag:, lag * n_vars : (lag + 1) * n_vars] = shown
    past = past @ spread[..., None, -lags * n_vars :, :]
    left, right = errors @ errors.swapaxes(-1, -2), past @ past.swapaxes(-1, -2)
    for period in range(1, periods):
        size = (*batch, -1, period * period)
        first = left[..., periods - 1 - period :, periods - 1 - period :].reshape(size)
        second = right[..., :period, :period].reshape(size)
        variances[..., period, :, :] += first @ second.swapaxes(-1, -2)
    # A difference of rounded terms can be a little below the zero it stands for.
    floored: Array = np.maximum(variances, 0.0)
    return floored
