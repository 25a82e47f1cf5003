"""Delta-method variances of impulse responses."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from panelvar.errors import SpecificationError
from panelvar.identification.scheme import ReducedForm
from panelvar.kernels import dynamics
from panelvar.kernels.lag_problem import LagProblem
from panelvar.results.shocks import Shocks

Array = npt.NDArray[np.float64]


def response_variance(problem: LagProblem, sigma: Array, shocks: Shocks, horizon: int, cumulative: bool) -> Array:
    r"""Asymptotic variance of every response (Luetkepohl 2005, proposition 3.6).

    The covariance of the estimates is factored into directions; the variance is the sum over directions of the squared
    derivative of the response. The coefficients vary as :math:`\Sigma \otimes (X'X)^{-1}`: one direction for each
    column of :math:`R_{11}^{-1}` and of P, with :math:`P P' = \Sigma`. Independently of them, sigma varies like
    :math:`P E P'` with symmetric E, variance 2 / n on the diagonal and 1 / n off it.

    Returns
    -------
    array (horizon + 1, K, K)
    """
    n_vars, lags = problem.n_vars, problem.lags
    factor = dynamics.cholesky_impact(sigma)
    coefficients = problem.coefficients
    form = ReducedForm(coefficients, factor)
    base = dynamics.responses(coefficients, horizon, shocks.impact(form))
    spread = problem.inverse_factor[problem.n_deterministic :]
    steps = np.einsum("rs,ij->sjri", spread, factor).reshape(-1, lags, n_vars, n_vars).swapaxes(2, 3)
    rows, columns = np.tril_indices(n_vars)
    place = np.arange(rows.size)
    units = np.zeros((rows.size, n_vars, n_vars))
    size = np.sqrt(np.where(rows == columns, 2.0, 1.0) / problem.nobs)
    units[place, rows, columns] = units[place, columns, rows] = size
    directions = np.concatenate([steps, np.zeros((rows.size, lags, n_vars, n_vars))])
    sigma_steps = np.concatenate([np.zeros((steps.shape[0], n_vars, n_vars)), factor @ units @ factor.T])
    impacts = shocks.derivatives(form, directions, sigma_steps)
    if impacts is None:
        raise SpecificationError(
            f"No delta-method formula for {shocks.scheme.words} shocks: use ResidualBootstrap or MonteCarlo."
        )
    slopes = dynamics.response_derivatives(coefficients, base, directions, impacts)
    if cumulative:
        with np.errstate(over="ignore", invalid="ignore"):
            slopes = np.cumsum(slopes, axis=1)
    variance: Array = np.einsum("dhij,dhij->hij", slopes, slopes)
    return variance
