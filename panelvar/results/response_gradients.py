"""Derivatives of impulse responses along the directions in which the estimates vary."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from panelvar.errors import SpecificationError
from panelvar.identification.scheme import ReducedForm
from panelvar.kernels import dynamics
from panelvar.results.shocks import Shocks

Array = npt.NDArray[np.float64]


def response_gradients(
    form: ReducedForm, spread: Array, nobs: int, shocks: Shocks, horizon: int, cumulative: bool
) -> Array:
    r"""Derivatives whose squares add up to the variance of every response (Luetkepohl 2005, proposition 3.6).

    The covariance of the estimates is factored into directions. The coefficients vary as
    :math:`\Sigma \otimes (X'X)^{-1}`: one direction for each column of S and of P, with :math:`S S' = (X'X)^{-1}` and
    :math:`P P' = \Sigma`. Independently of them, sigma varies like :math:`P E P'` with symmetric E, variance 2 / n on
    the diagonal and 1 / n off it.

    Parameters
    ----------
    form : ReducedForm
        One, or a batch of draws.
    spread : array (..., m, m)
        S.
    nobs : int
        n.

    Returns
    -------
    array (..., D, horizon + 1, K, S)

    Raises
    ------
    SpecificationError
        The scheme has no formula for the derivatives of its shocks.
    """
    factor = form.factor
    lags, n_vars = form.coefficients.shape[-3], factor.shape[-1]
    batch = factor.shape[:-2]
    base = dynamics.responses(form.coefficients, horizon, shocks.impact(form))
    moving = spread[..., spread.shape[-2] - lags * n_vars :, :]
    steps = np.einsum("...rs,...ij->...sjri", moving, factor)
    steps = steps.reshape(*batch, -1, lags, n_vars, n_vars).swapaxes(-1, -2)
    rows, columns = np.tril_indices(n_vars)
    place = np.arange(rows.size)
    units = np.zeros((rows.size, n_vars, n_vars))
    size = np.sqrt(np.where(rows == columns, 2.0, 1.0) / nobs)
    units[place, rows, columns] = units[place, columns, rows] = size
    sigma_moves = factor[..., None, :, :] @ units @ factor.swapaxes(-1, -2)[..., None, :, :]
    still = np.zeros((*batch, rows.size, lags, n_vars, n_vars))
    directions = np.concatenate([steps, still], axis=-4)
    sigma_steps = np.concatenate([np.zeros((*batch, steps.shape[-4], n_vars, n_vars)), sigma_moves], axis=-3)
    impacts = shocks.derivatives(form, directions, sigma_steps)
    if impacts is None:
        raise SpecificationError(
            f"No delta-method formula for {shocks.scheme.words} shocks: use ResidualBootstrap or MonteCarlo."
        )
    slopes = dynamics.response_derivatives(form.coefficients, base, directions, impacts)
    if cumulative:
        with np.errstate(over="ignore", invalid="ignore"):
            slopes = np.cumsum(slopes, axis=-3)
    return slopes
