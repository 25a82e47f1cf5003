"""Derivatives of impulse responses along the directions in which the estimates vary."""

from __future__ import annotations

import numpy as np

from panelvar.base.arrays import Array
from panelvar.base.errors import SpecificationError
from panelvar.dynamics import dynamics
from panelvar.dynamics.dynamics import lasting_derivatives, lasting_effects
from panelvar.dynamics.lag_problem import lag_matrices
from panelvar.identification.scheme import ReducedForm
from panelvar.responses.gradients import response_variances
from panelvar.responses.shocks import Shocks


def response_gradients(
    form: ReducedForm, moves: Array, nobs: int, shocks: Shocks, horizon: int, cumulative: bool
) -> Array:
    r"""Derivatives whose squares add up to the variance of every response (Luetkepohl 2005, proposition 3.6).

    The covariance of the coefficients is factored into directions. Independently of them, sigma varies like
    :math:`P E P'`, :math:`P P' = \Sigma`, with symmetric E, variance 2 / n on the diagonal and 1 / n off it.

    Parameters
    ----------
    form : ReducedForm
        One, or a batch of draws.
    moves : array (..., D, m, K)
        Directions of the coefficients (`panelvar.dynamics.lag_problem.LagProblem.directions`).
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
    base = dynamics.responses(form.coefficients, horizon, shocks.impact(form))
    directions, impacts = _directions(form, moves, nobs, shocks)
    slopes = dynamics.response_derivatives(form.coefficients, base, directions, impacts)
    if cumulative:
        with np.errstate(over="ignore", invalid="ignore"):
            slopes = np.cumsum(slopes, axis=-3)
    return slopes


def long_run_errors(form: ReducedForm, moves: Array, nobs: int, shocks: Shocks, unit_roots: int = 0) -> Array:
    r"""Standard errors of the long-run effects :math:`\Xi P` (proposition 3.6): :math:`d(\Xi P) = d\Xi\, P + \Xi\, dP`.

    Parameters
    ----------
    form, moves, nobs, shocks
        As in `response_gradients`; one form, no batch.
    unit_roots : int
        Of the system: :math:`\Xi` is `panelvar.dynamics.dynamics.lasting_effects`.

    Returns
    -------
    array (K, S)

    Raises
    ------
    SpecificationError
        The scheme has no formula for the derivatives of its shocks.
    """
    directions, impacts = _directions(form, moves, nobs, shocks)
    effects = lasting_effects(form.coefficients, unit_roots, form.sizes)
    turned = lasting_derivatives(form.coefficients, effects, directions, unit_roots, form.sizes)
    slopes = turned @ shocks.impact(form) + effects @ impacts
    errors: Array = np.sqrt((slopes**2).sum(axis=0))
    return errors


def _directions(form: ReducedForm, moves: Array, nobs: int, shocks: Shocks) -> tuple[Array, Array]:
    """Steps of the lag matrices (..., D, p, K, K) and of the impact matrix (..., D, K, S) in which estimates vary."""
    directions, sigma_steps = parameter_steps(form, moves, nobs)
    impacts = shocks.derivatives(form, directions, sigma_steps)
    if impacts is None:
        raise _no_formula(shocks)
    return directions, impacts


def parameter_steps(form: ReducedForm, moves: Array, nobs: int) -> tuple[Array, Array]:
    """Directions of coefficients (..., D, p, K, K) and of sigma (..., D, K, K) that add up to their covariance.

    Parameters
    ----------
    form, moves, nobs
        As in `response_gradients`.
    """
    factor = form.factor
    lags, n_vars = form.coefficients.shape[-3], factor.shape[-1]
    batch = factor.shape[:-2]
    steps = lag_matrices(moves, moves.shape[-2] - lags * n_vars)
    sigma_moves = _sigma_moves(factor, nobs)
    still = np.zeros((*batch, sigma_moves.shape[-3], lags, n_vars, n_vars))
    directions = np.concatenate([steps, still], axis=-4)
    return directions, np.concatenate([np.zeros((*batch, steps.shape[-4], n_vars, n_vars)), sigma_moves], axis=-3)


def response_errors(
    form: ReducedForm, spread: Array, nobs: int, shocks: Shocks, horizon: int, cumulative: bool
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
    sigma_moves = _sigma_moves(form.factor, nobs)
    still = np.broadcast_to(0.0, (*sigma_moves.shape[:-2], *form.coefficients.shape[-3:]))
    impacts = shocks.derivatives(form, still, sigma_moves)
    if impacts is None:
        raise _no_formula(shocks)
    base = dynamics.responses(form.coefficients, horizon, shocks.impact(form))
    moving = dynamics.moving_average(form.coefficients, horizon)
    with np.errstate(over="ignore", invalid="ignore"):
        moving = np.cumsum(moving, axis=-3) if cumulative else moving
        lags = form.coefficients.shape[-3]
        errors: Array = np.sqrt(response_variances(base, moving, form.factor, spread, impacts, lags))
    return errors


def _sigma_moves(factor: Array, nobs: int) -> Array:
    """Directions (..., D, K, K) in which sigma varies."""
    n_vars = factor.shape[-1]
    rows, columns = np.tril_indices(n_vars)
    place = np.arange(rows.size)
    units = np.zeros((rows.size, n_vars, n_vars))
    units[place, rows, columns] = units[place, columns, rows] = np.sqrt(np.where(rows == columns, 2.0, 1.0) / nobs)
    moves: Array = factor[..., None, :, :] @ units @ factor.swapaxes(-1, -2)[..., None, :, :]
    return moves


def _no_formula(shocks: Shocks) -> SpecificationError:
    words = shocks.scheme.words
    return SpecificationError(
        f"No delta-method formula for {words} shocks: use a bootstrap, such as MovingBlockBootstrap."
    )
