"""Delta-method errors of impulse responses, of what they lead to and of variance shares.

They come from derivatives along the directions in which the estimates vary; where the impact does not depend on the
coefficients, from the variances themselves, without a derivative for every direction. Equation numbers are those of
Luetkepohl (2005).
"""

from __future__ import annotations

import numpy as np

from panelvar.core.base.arrays import Array, Mask
from panelvar.core.base.errors import SpecificationError
from panelvar.kernels.dynamics import dynamics
from panelvar.kernels.dynamics.lag_problem import lag_matrices
from panelvar.kernels.dynamics.lasting_effects import lasting_derivatives, lasting_effects
from panelvar.kernels.dynamics.reduced_form import ReducedForm
from panelvar.systems.responses.shocks import Shocks, cumulated
from panelvar.systems.responses.sigma_moves import SigmaMoves, normal_moves


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
    return np.maximum(variances, 0.0)


def share_gradients(values: Array, slopes: Array, whole: Array, whole_slopes: Array, normalised: bool) -> Array:
    r"""Derivatives of shares in forecast error variances (Luetkepohl 2005, proposition 3.6).

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


EVERY = slice(None)
"""All directions in which sigma varies."""


def response_gradients(
    form: ReducedForm,
    moves: Array,
    nobs: int,
    shocks: Shocks,
    horizon: int,
    cumulative: Mask,
    others: slice = EVERY,
    joint: SigmaMoves | None = None,
) -> Array:
    r"""Derivatives whose squares add up to the variance of every response (Luetkepohl 2005, proposition 3.6).

    The covariance of the coefficients is factored into directions. Sigma varies with them as ``joint`` says, or
    independently of them as that of normal errors does (`panelvar.systems.responses.sigma_moves.normal_moves`).

    Parameters
    ----------
    form : ReducedForm
        One, or a batch of draws.
    moves : array (..., D, m, K)
        Directions of the coefficients (`panelvar.estimates.bands.drawable.Drawable`).
    nobs : int
        n.
    cumulative : array of bool (K,)
        Which variables' responses are summed over periods.
    others : slice
        Which of the directions of sigma alone to take; those of the coefficients come before them.
    joint : SigmaMoves or None

    Returns
    -------
    array (..., D, horizon + 1, K, S)

    Raises
    ------
    SpecificationError
        The scheme has no formula for the derivatives of its shocks.
    """
    base = dynamics.responses(form.coefficients, horizon, shocks.impact(form))
    directions, impacts = _directions(form, moves, nobs, shocks, others, joint)
    slopes = dynamics.response_derivatives(form.coefficients, base, directions, impacts)
    return cumulated(slopes, -3, cumulative)


def long_run_errors(
    form: ReducedForm, moves: Array, nobs: int, shocks: Shocks, unit_roots: int = 0, joint: SigmaMoves | None = None
) -> Array:
    r"""Standard errors of the long-run effects :math:`\Xi P` (proposition 3.6): :math:`d(\Xi P) = d\Xi\, P + \Xi\, dP`.

    Parameters
    ----------
    form, moves, nobs, shocks
        As in `response_gradients`; one form, no batch.
    unit_roots : int
        Of the system: :math:`\Xi` is `panelvar.kernels.dynamics.lasting_effects.lasting_effects`.
    joint : SigmaMoves or None

    Returns
    -------
    array (K, S)

    Raises
    ------
    SpecificationError
        The scheme has no formula for the derivatives of its shocks.
    """
    directions, impacts = _directions(form, moves, nobs, shocks, joint=joint)
    effects = lasting_effects(form.coefficients, unit_roots, form.sizes)
    turned = lasting_derivatives(form.coefficients, effects, directions, unit_roots, form.sizes)
    slopes = turned @ shocks.impact(form) + effects @ impacts
    return np.asarray(np.sqrt((slopes**2).sum(axis=0)))


def _directions(
    form: ReducedForm,
    moves: Array,
    nobs: int,
    shocks: Shocks,
    others: slice = EVERY,
    joint: SigmaMoves | None = None,
) -> tuple[Array, Array]:
    """Steps of the lag matrices (..., D, p, K, K) and of the impact matrix (..., D, K, S) in which estimates vary."""
    directions, sigma_steps = parameter_steps(form, moves, nobs, others, joint)
    return directions, _move_impact(form, shocks, directions, sigma_steps)


def _move_impact(form: ReducedForm, shocks: Shocks, directions: Array, sigma_steps: Array) -> Array:
    """Derivatives of the impact matrix (..., D, K, S), or a refusal of schemes that have no formula."""
    impacts = shocks.derivatives(form, directions, sigma_steps)
    if impacts is None:
        raise SpecificationError(
            f"The delta method has no formula for {shocks.scheme.words} shocks. Use a bootstrap, such as "
            "MovingBlockBootstrap."
        )
    return impacts


def parameter_steps(
    form: ReducedForm, moves: Array, nobs: int, others: slice = EVERY, joint: SigmaMoves | None = None
) -> tuple[Array, Array]:
    """Directions of coefficients (..., D, p, K, K) and of sigma (..., D, K, K) that add up to their covariance.

    Parameters
    ----------
    form, moves, nobs, others, joint
        As in `response_gradients`.
    """
    factor = form.factor
    lags, n_vars = form.coefficients.shape[-3], factor.shape[-1]
    batch = factor.shape[:-2]
    steps = lag_matrices(moves, moves.shape[-2] - lags * n_vars)
    with_them: Array = np.zeros((*batch, steps.shape[-4], n_vars, n_vars))
    if joint is None:
        sigma_moves = normal_moves(factor, nobs)[..., others, :, :]
    else:
        with_them, alone = joint.along(moves), joint.alone[others]
        sigma_moves = np.broadcast_to(alone, (*batch, *alone.shape))
    still = np.zeros((*batch, sigma_moves.shape[-3], lags, n_vars, n_vars))
    directions = np.concatenate([steps, still], axis=-4)
    return directions, np.concatenate([with_them, sigma_moves], axis=-3)


def response_errors(
    form: ReducedForm, spread: Array, nobs: int, shocks: Shocks, horizon: int, cumulative: Mask
) -> Array:
    """Standard errors of every response in every draw, for schemes whose shocks do not depend on the coefficients.

    Parameters
    ----------
    form : ReducedForm
        A batch of draws.
    spread : array (..., m, m)
        A root of the inverse moments of the regressors.
    nobs, shocks, horizon, cumulative
        As in `response_gradients`.

    Returns
    -------
    array (..., horizon + 1, K, S)

    Raises
    ------
    SpecificationError
        The scheme has no formula for the derivatives of its shocks.
    """
    sigma_moves = normal_moves(form.factor, nobs)
    still = np.broadcast_to(0.0, (*sigma_moves.shape[:-2], *form.coefficients.shape[-3:]))
    impacts = _move_impact(form, shocks, still, sigma_moves)
    base = dynamics.responses(form.coefficients, horizon, shocks.impact(form))
    moving = cumulated(dynamics.moving_average(form.coefficients, horizon), -3, cumulative)
    with np.errstate(over="ignore", invalid="ignore"):
        lags = form.coefficients.shape[-3]
        return np.sqrt(response_variances(base, moving, form.factor, spread, impacts, lags))
