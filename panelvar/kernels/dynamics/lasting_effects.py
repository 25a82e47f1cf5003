r"""Where shocks take a system in the end, from its coefficients alone.

A stable system sums its responses, :math:`\Xi = (I - A_1 - \dots - A_p)^{-1}`; with s unit roots the responses of the
levels converge instead, to

.. math:: \Xi = \beta_\perp (\alpha_\perp' \Gamma \beta_\perp)^{-1} \alpha_\perp', \qquad
    I - \sum_j A_j = -\alpha\beta', \quad \Gamma = I + \sum_j (j - 1) A_j,

of rank s (Granger's theorem: Johansen 1995; Luetkepohl 2005, chapter 6). The orthogonal complements are the
singular vectors that belong to the s smallest singular values of the sum, every variable measured in units of
``sizes``.
Coefficients are laid out, and batched, as in `panelvar.kernels.dynamics.dynamics`.
"""

from __future__ import annotations

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import NumericalError
from panelvar.kernels.dynamics.dynamics import lag_sum
from panelvar.kernels.dynamics.unit_free_solves import summed_solve


def lasting_effects(coefficients: Array, unit_roots: int, sizes: Array) -> Array:
    r"""The matrix :math:`\Xi` of one system or a batch.

    Parameters
    ----------
    coefficients : array (..., p, K, K)
    unit_roots : int
        Number s of roots that are one by construction.
    sizes : array (..., K)
        Scale of each variable, such as the errors' standard deviations.

    Returns
    -------
    array (..., K, K)

    Raises
    ------
    NumericalError
        A stable system's effects overflow, a system is integrated twice, or coefficients are not finite.
    """
    total = lag_sum(coefficients)
    if not np.isfinite(total).all():
        raise NumericalError("The system explodes: its coefficients are not finite, and long-run effects do not exist.")
    if not unit_roots:
        effects = summed_solve(total, np.broadcast_to(np.eye(total.shape[-1]), total.shape), sizes)
        if not np.isfinite(effects).all():
            raise NumericalError("Long-run effects overflow, because the system has a root near one.")
        return effects
    scale = _ratio(sizes)
    left, _, right = np.linalg.svd(total / scale)
    across = right[..., -unit_roots:, :].swapaxes(-1, -2)
    beside = left[..., -unit_roots:]
    middle = beside.swapaxes(-1, -2) @ (_short_run(coefficients) / scale) @ across
    # Both sets of vectors and what stands between them are in units of the sizes.
    if (np.linalg.cond(middle) > 1e12).any():
        raise NumericalError(
            "The differences themselves have a unit root, so the levels are integrated twice and long-run effects do "
            "not exist."
        )
    return (across @ np.linalg.solve(middle, beside.swapaxes(-1, -2))) * scale


def lasting_derivatives(coefficients: Array, effects: Array, steps: Array, unit_roots: int, sizes: Array) -> Array:
    r"""Derivatives of `lasting_effects` along directions that keep the number of unit roots.

    With :math:`\Pi = I - \sum_j A_j`, a generalised inverse :math:`\Pi^-` of it, and s > 0,

    .. math:: d\Xi = -\Xi\, d\Pi\, \Pi^- (I - \Gamma\Xi) - (I - \Xi\Gamma)\, \Pi^- d\Pi\, \Xi - \Xi\, d\Gamma\, \Xi.

    Parameters
    ----------
    coefficients, unit_roots, sizes
        As in `lasting_effects`.
    effects : array (..., K, K)
        :math:`\Xi`.
    steps : array (..., D, p, K, K)
        Directions of the coefficients.

    Returns
    -------
    array (..., D, K, K)
    """
    moved = -steps.sum(axis=-3)
    xi = effects[..., None, :, :]
    if not unit_roots:
        return np.asarray(-xi @ moved @ xi)
    scale = _ratio(sizes)
    left, values, right = np.linalg.svd(lag_sum(coefficients) / scale)
    kept = values.shape[-1] - unit_roots
    loaded = right[..., :kept, :].swapaxes(-1, -2) / values[..., None, :kept]
    inverse = ((loaded @ left[..., :kept].swapaxes(-1, -2)) * scale)[..., None, :, :]
    gamma = _short_run(coefficients)[..., None, :, :]
    one = np.eye(effects.shape[-1])
    bent = (np.arange(steps.shape[-3])[:, None, None] * steps).sum(axis=-3)
    return np.asarray(
        -xi @ moved @ inverse @ (one - gamma @ xi) - (one - xi @ gamma) @ inverse @ moved @ xi - xi @ bent @ xi
    )


def _ratio(sizes: Array) -> Array:
    """Unit of row i over unit of column j, (..., K, K)."""
    return sizes[..., :, None] / sizes[..., None, :]


def _short_run(coefficients: Array) -> Array:
    lags, n_vars = coefficients.shape[-3], coefficients.shape[-1]
    weighted = np.arange(lags)[:, None, None] * coefficients
    return np.asarray(np.eye(n_vars) + weighted.sum(axis=-3))
