"""Derivatives of variance shares along the directions in which the estimates vary."""

from __future__ import annotations

import numpy as np

from panelvar.base.arrays import Array


def share_gradients(values: Array, slopes: Array, whole: Array, whole_slopes: Array, normalised: bool) -> Array:
    r"""Derivatives of shares in forecast error variances (Luetkepohl 2005, proposition 3.6, (3.7.8)).

    With :math:`N_h = \sum_{s<h} \theta_s^2` of one shock and :math:`V_h` the same of all,
    :math:`d(N/V) = (dN - (N/V)\,dV) / V`.

    Parameters
    ----------
    values : array (..., H, K, S)
        Responses to the shocks, periods 0 to H - 1.
    slopes : array (..., D, H, K, S)
        Their derivatives.
    whole, whole_slopes : array (..., H, K, K), (..., D, H, K, K)
        The same for shocks that make up all of the forecast errors.
    normalised : bool
        Shares scaled to sum to one over the shocks.

    Returns
    -------
    array (..., D, H, K, S)
    """
    part = np.cumsum(values**2, axis=-3)[..., None, :, :, :]
    total = np.cumsum((whole**2).sum(axis=-1), axis=-2)[..., None, :, :, None]
    part_slopes = 2.0 * np.cumsum(values[..., None, :, :, :] * slopes, axis=-3)
    total_slopes = 2.0 * np.cumsum((whole[..., None, :, :, :] * whole_slopes).sum(axis=-1), axis=-2)[..., None]
    shares = part / total
    out: Array = (part_slopes - shares * total_slopes) / total
    if normalised:
        sums = shares.sum(axis=-1, keepdims=True)
        out = (out - shares / sums * out.sum(axis=-1, keepdims=True)) / sums
    return out
