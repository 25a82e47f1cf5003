r"""Dynamics of a vector autoregression, from its coefficients alone.

Every function takes leading batch axes, so a thousand bootstrap draws cost one call. The coefficients of

.. math:: y_t = D_t + A_1 y_{t-1} + \dots + A_p y_{t-p} + u_t

are an array of shape (..., p, K, K) whose entry [j - 1, i, k] moves variable i by variable k, j periods earlier.

Responses and forecasts are one recursion, run forward; their limit is in `panelvar.kernels.dynamics.lasting_effects`.

An explosive system leaves the range of floating-point numbers: values there are infinite or NaN, without a warning,
for the caller to check. Section numbers below are those of Luetkepohl (2005), *New Introduction to
Multiple Time Series Analysis*, Springer.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arrays import Array, ComplexArray
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import DataError, SpecificationError


def wide(coefficients: Array) -> Array:
    """Lay the lag matrices side by side.

    Parameters
    ----------
    coefficients : array (..., p, K, K)

    Returns
    -------
    array (..., K, pK)
        [A_1 ... A_p].
    """
    *batch, lags, n_vars, _ = coefficients.shape
    return coefficients.swapaxes(-3, -2).reshape(*batch, n_vars, lags * n_vars)


def companion(coefficients: Array) -> Array:
    """Companion matrix of a VAR(p), so that it reads as a VAR(1).

    Parameters
    ----------
    coefficients : array (..., p, K, K)

    Returns
    -------
    array (..., pK, pK)
        [A_1 ... A_p] over shifted identities. Without lags, the zeros (K, K) of one lag that does nothing.

    Examples
    --------
    >>> import numpy as np
    >>> from panelvar.kernels.dynamics.dynamics import companion
    >>> two_lags = np.array([[[0.5, 0.1], [0.0, 0.4]], [[0.2, 0.0], [0.0, 0.1]]])
    >>> companion(two_lags).tolist()
    [[0.5, 0.1, 0.2, 0.0], [0.0, 0.4, 0.0, 0.1], [1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]]
    """
    *batch, lags, n_vars, _ = coefficients.shape
    if lags == 0:
        return np.zeros((*batch, n_vars, n_vars))
    size = lags * n_vars
    matrix = np.zeros((*batch, size, size))
    matrix[..., :n_vars, :] = wide(coefficients)
    matrix[..., n_vars:, : size - n_vars] = np.eye(size - n_vars)
    return matrix


def companion_roots(coefficients: Array) -> ComplexArray:
    """Eigenvalues of the companion matrix, largest modulus first; all inside the unit circle means stable.

    They are the reciprocals of the roots of det(I - A_1 z - ... - A_p z^p), which some programs print instead.

    Parameters
    ----------
    coefficients : array (..., p, K, K)

    Returns
    -------
    complex array (..., pK)
        Of a conjugate pair, the one with positive imaginary part comes first.
    """
    if coefficients.shape[-3] == 0:
        return np.zeros((*coefficients.shape[:-3], 0), dtype=complex)
    roots = np.linalg.eigvals(companion(coefficients)).astype(complex)
    # A stable sort keeps LAPACK's order inside a conjugate pair, whose moduli are equal to the last bit.
    return np.take_along_axis(roots, np.argsort(-np.abs(roots), axis=-1, kind="stable"), axis=-1)


def root_periods(roots: ComplexArray) -> Array:
    r"""Periods of the cycles that roots make, :math:`2\pi / |\arg\lambda|`.

    Parameters
    ----------
    roots : complex array (...)

    Returns
    -------
    array (...)
        Infinite for a positive real root, which makes no cycle; 2 for a negative one, which changes sign.
    """
    angles = np.abs(np.angle(roots))
    # Rounding splits a repeated real root by the root of the machine's precision.
    cycles = angles > 1e-7
    return np.where(cycles, 2.0 * np.pi / np.where(cycles, angles, 1.0), np.inf)


def half_lives(roots: ComplexArray) -> Array:
    r"""Periods until what a root contributes is halved, :math:`\ln \tfrac12 / \ln|\lambda|`.

    Parameters
    ----------
    roots : complex array (...)

    Returns
    -------
    array (...)
        Infinite on the unit circle and outside it.
    """
    moduli = np.abs(roots)
    with np.errstate(divide="ignore"):
        return np.asarray(np.where(inside_the_circle(moduli), np.log(0.5) / np.log(moduli), np.inf))


def inside_the_circle(moduli: Array) -> npt.NDArray[np.bool_]:
    """Whether roots of these moduli die out.

    A root of exactly one, as error correction has, comes out of an eigenvalue routine a few roundings off. Roots that
    near count as on the circle.
    """
    return np.asarray(moduli < 1.0 - 1e-12)


# Products of the smallest numbers of all take a hundred times as long as others. After each so many periods responses
# that are all smaller than this are left at zero.
_STRETCH, _DIED_OUT = 1_000, 1e-290


def responses(coefficients: Array, horizon: int, impact: Array | None = None) -> Array:
    r"""Responses to shocks whose effect in period 0 is ``impact``.

    .. math:: \Theta_0 = \text{impact}, \qquad \Theta_h = \sum_{j=1}^{\min(h, p)} A_j \Theta_{h-j}

    Parameters
    ----------
    coefficients : array (..., p, K, K)
    horizon : int
        Last period; the result has rows 0 to ``horizon``.
    impact : array (..., K, S), optional
        Column s is the immediate effect of shock s. The identity gives the moving-average matrices Phi_h; a
        factor P with P P' = Sigma gives the orthogonalised Theta_h = Phi_h P (section 2.3.2).

    Returns
    -------
    array (..., horizon + 1, K, S)

    Raises
    ------
    SpecificationError
        The horizon is negative.
    """
    if horizon < 0:
        raise SpecificationError(f"horizon={horizon}: expected an integer of at least 0.")
    lags, n_vars = coefficients.shape[-3], coefficients.shape[-1]
    if impact is None:
        impact = np.broadcast_to(np.eye(n_vars), (*coefficients.shape[:-3], n_vars, n_vars))
    across = wide(coefficients)
    single = across.ndim == impact.ndim == 2
    batch = () if single else np.broadcast_shapes(across.shape[:-2], impact.shape[:-2])
    # Periods run backwards in the buffer, so that [Theta_{h-1}; ...; Theta_{h-p}] is one contiguous block, and the
    # periods before the shock are the zeros below Theta_0.
    buffer = np.zeros((*batch, (horizon + 1 + lags) * n_vars, impact.shape[-1]))
    top = horizon * n_vars
    buffer[..., top : top + n_vars, :] = impact
    reach, steps = lags * n_vars, range(top, 0, -n_vars) if lags else range(0)
    with np.errstate(over="ignore", invalid="ignore"):
        for first in range(0, len(steps), _STRETCH):
            stretch = steps[first : first + _STRETCH]
            if first and np.abs(buffer[..., stretch[0] : stretch[0] + reach, :]).max() < _DIED_OUT:
                break
            if not single:
                for top in stretch:
                    np.matmul(across, buffer[..., top : top + reach, :], out=buffer[..., top - n_vars : top, :])
            else:
                # A single system's products are so small that calling them is most of the time.
                for top in stretch:
                    np.dot(across, buffer[top : top + reach], out=buffer[top - n_vars : top])
    periods = buffer[..., : (horizon + 1) * n_vars, :].reshape(*batch, horizon + 1, n_vars, impact.shape[-1])
    return periods[..., ::-1, :, :]


def multipliers(coefficients: Array, effects: Array, horizon: int) -> Array:
    r"""Dynamic multipliers of exogenous variables: responses to one unit in period 0 only.

    .. math:: D_h = \sum_{j=1}^{\min(h, p)} A_j D_{h-j} + B_h, \qquad B_h = 0 \text{ for } h > s

    Parameters
    ----------
    coefficients : array (..., p, K, K)
    effects : array (..., s + 1, K, M)
        B_0, ..., B_s: effects of the exogenous variables 0 to s periods later.
    horizon : int

    Returns
    -------
    array (..., horizon + 1, K, M)
    """
    last = effects.shape[-3] - 1
    total = responses(coefficients, horizon, effects[..., 0, :, :]).copy()
    for lag in range(1, min(last, horizon) + 1):
        total[..., lag:, :, :] += responses(coefficients, horizon - lag, effects[..., lag, :, :])
    return total


def moving_average(coefficients: Array, horizon: int) -> Array:
    """Moving-average matrices Phi_0 = I, ..., Phi_horizon (section 2.1.2).

    Parameters
    ----------
    coefficients : array (..., p, K, K)
    horizon : int

    Returns
    -------
    array (..., horizon + 1, K, K)
    """
    return responses(coefficients, horizon)


def response_derivatives(coefficients: Array, base: Array, directions: Array, impacts: Array) -> Array:
    r"""Directional derivatives of `responses` in the coefficients and in the impact matrix.

    Differentiating the recursion gives
    :math:`d\Theta_h = \sum_j A_j\, d\Theta_{h-j} + \sum_j dA_j\, \Theta_{h-j}` with :math:`d\Theta_0` the derivative
    of the impact. With directions that factor the covariance of the estimates, the sum of squares over directions is
    the delta-method variance of every response: Luetkepohl's proposition 3.6 without a Kronecker product.

    Parameters
    ----------
    coefficients : array (..., p, K, K)
    base : array (..., horizon + 1, K, S)
        The responses themselves.
    directions : array (..., D, p, K, K)
        Derivatives of the coefficients.
    impacts : array (..., D, K, S)
        Derivatives of the impact matrix.

    Returns
    -------
    array (..., D, horizon + 1, K, S)
    """
    *batch, n_directions, n_vars, n_shocks = impacts.shape
    lags, periods = coefficients.shape[-3], base.shape[-3]
    across, width = wide(coefficients), n_directions * n_shocks
    # Latest period first, as in `responses`; the directions lie side by side, so that a period is one product a draw.
    buffer = np.zeros((*batch, (periods + lags) * n_vars, width))
    top = (periods - 1) * n_vars
    start = np.moveaxis(impacts, -3, -2)
    buffer[..., top : top + n_vars, :] = start.reshape(*batch, n_vars, width)
    moving = np.moveaxis(wide(directions), -3, -2).reshape(*batch, n_vars * n_directions, lags * n_vars)
    shown = np.zeros((*batch, (periods + lags) * n_vars, n_shocks))
    shown[..., : periods * n_vars, :] = base[..., ::-1, :, :].reshape(*batch, periods * n_vars, n_shocks)
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(periods - 1 if lags else 0):
            past = slice(top, top + lags * n_vars)
            top -= n_vars
            block = across @ buffer[..., past, :]
            block += (moving @ shown[..., past, :]).reshape(block.shape)
            buffer[..., top : top + n_vars, :] = block
    flat = buffer[..., : periods * n_vars, :].reshape(*batch, periods, n_vars, n_directions, n_shocks)
    return np.moveaxis(flat[..., ::-1, :, :, :], -2, -4)


def variance_shares(effects: Array, variances: Array | None = None) -> Array:
    r"""Forecast error variance decomposition from one-standard-deviation responses (section 2.3.3).

    .. math:: \omega_{ik}(h) = \sum_{s<h} \theta_{ik,s}^2 \Big/ \mathrm{MSE}_i(h)

    Parameters
    ----------
    effects : array (..., H, K, S)
        Responses of periods 0 to H - 1.
    variances : array (..., H, K) or None
        Forecast error variances; None where the shocks are orthogonal and complete, so that their squares add up.

    Returns
    -------
    array (..., H, K, S)
        Entry [h - 1, i, k]: share of shock k in the h-step forecast error variance of variable i.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        accumulated = np.cumsum(effects**2, axis=-3)
        total = accumulated.sum(axis=-1, keepdims=True) if variances is None else variances[..., None]
        return np.asarray(accumulated / total)


def forecast_covariance(coefficients: Array, root: Array, steps: int) -> Array:
    r"""Covariance of the forecast errors 1 to ``steps`` periods ahead, the coefficients taken as known (section 2.2).

    .. math:: \Sigma_y(h) = \sum_{s<h} \Phi_s \Sigma \Phi_s'

    Summed over :math:`\Phi_s P`: the large coefficients of variables that nearly depend on one another would otherwise
    leave variances below zero, by cancellation.

    Parameters
    ----------
    coefficients : array (..., p, K, K)
    root : array (..., K, K)
        P with :math:`P P' = \Sigma`.
    steps : int

    Returns
    -------
    array (..., steps, K, K)

    Raises
    ------
    SpecificationError
        There is less than one step.
    """
    if steps < 1:
        raise SpecificationError(f"steps={steps}: expected an integer of at least 1.")
    phi = moving_average(coefficients, steps - 1)
    with np.errstate(over="ignore", invalid="ignore"):
        paths = phi @ root[..., None, :, :]
        return np.asarray(np.cumsum(paths @ np.swapaxes(paths, -1, -2), axis=-3))


def forecast_path(coefficients: Array, history: Array, deterministic: Array) -> Array:
    """Point forecasts: the recursion of section 2.2.2, run forward; with shocks in ``deterministic``, simulated paths.

    Parameters
    ----------
    coefficients : array (..., p, K, K)
    history : array (..., p, K)
        The last p observations, oldest first.
    deterministic : array (..., steps, K)
        Contribution of the intercept, trends and whatever else in each forecast period.

    Returns
    -------
    array (..., steps, K)

    Raises
    ------
    DataError
        The history does not have p rows of K, or the deterministic part does not have K columns.
    """
    lags, n_vars, steps = coefficients.shape[-3], coefficients.shape[-1], deterministic.shape[-2]
    if history.shape[-2:] != (lags, n_vars) or deterministic.shape[-1] != n_vars:
        raise DataError(
            f"The history has shape {history.shape} and the deterministic part {deterministic.shape}. "
            f"{count_of(lags, 'lag')} of {count_of(n_vars, 'variable')} need ({lags}, {n_vars}) and (steps, {n_vars})."
        )
    path = np.empty((*deterministic.shape[:-2], lags + steps, n_vars))
    path[..., :lags, :] = history
    path[..., lags:, :] = deterministic
    with np.errstate(over="ignore", invalid="ignore"):
        for period in range(lags, lags + steps):
            for lag in range(1, lags + 1):
                moved = coefficients[..., lag - 1, :, :] @ path[..., period - lag, :, None]
                path[..., period, :] += moved[..., 0]
    return path[..., lags:, :]


def lag_sum(coefficients: Array) -> Array:
    """I - A_1 - ... - A_p, whose inverse is the sum of all moving-average matrices (section 2.1).

    Parameters
    ----------
    coefficients : array (..., p, K, K)

    Returns
    -------
    array (..., K, K)
    """
    return np.asarray(np.eye(coefficients.shape[-1]) - coefficients.sum(axis=-3))


def cholesky_impact(sigma: Array, order: npt.NDArray[np.intp] | None = None) -> Array:
    """Lower factor of sigma in a chosen ordering, returned in the variables' own order.

    Parameters
    ----------
    sigma : array (..., K, K)
    order : array of int (K,), optional
        Positions of the variables from the first in the causal chain to the last. None keeps the order given.

    Returns
    -------
    array (..., K, K)
        P with P P' = sigma: triangular once rows and columns are arranged by ``order`` (section 2.3.2).

    Raises
    ------
    numpy.linalg.LinAlgError
        Sigma is not positive definite.
    SpecificationError
        The order does not name every position once.
    """
    factor = np.linalg.cholesky(sigma).astype(np.float64, copy=False)
    return factor if order is None else ordered_impact(factor, order)


def ordered_impact(factor: Array, order: npt.NDArray[np.intp]) -> Array:
    """Lower factor in a chosen ordering, from any root of sigma: by QR, which loses no digits of nearly singular ones.

    Parameters
    ----------
    factor : array (..., K, K)
        P with P P' = sigma.
    order : array of int (K,)
        As in `cholesky_impact`.

    Returns
    -------
    array (..., K, K)

    Raises
    ------
    SpecificationError
        The order does not name every position once.
    """
    if sorted(order.tolist()) != list(range(factor.shape[-1])):
        raise SpecificationError(
            f"order={order.tolist()}: expected every position from 0 to {factor.shape[-1] - 1} once."
        )
    upper: Any = np.linalg.qr(factor[..., order, :].swapaxes(-1, -2), mode="r")
    signs = np.where(upper.diagonal(axis1=-2, axis2=-1) < 0.0, -1.0, 1.0)
    index: Any = (..., order[:, None], order)
    impact = np.empty(factor.shape)
    impact[index] = (upper * signs[..., None]).swapaxes(-1, -2)
    return impact
