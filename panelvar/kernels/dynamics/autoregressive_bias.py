r"""Bias of the least-squares estimates of a vector autoregression, and estimates less a bias.

To order one over the sample size the bias of stable systems has a formula; with a fitted mean: Pope (1990), Biases of
estimators in multivariate non-Gaussian autoregressions, J. Time Series Analysis 11, 249-258; with a known one: Nicholls
and Pope (1988), Australian J. Statistics 30A, 296-309. The rule that keeps corrected estimates stable is that of Kilian
(1998), Review of Economics and Statistics 80, 218-230.
"""

from __future__ import annotations

import numpy as np

from panelvar.core.base.arrays import Array, Mask
from panelvar.kernels.dynamics import dynamics
from panelvar.kernels.dynamics.lag_problem import LagProblem, Refits, lag_matrices
from panelvar.kernels.dynamics.second_moments import stacked_variance

_STEP = 0.01
"""By how much the correction shrinks at a time."""
_SHARES = np.maximum(np.subtract.accumulate([1.0] + [_STEP] * 101)[1:], 0.0)
_SHARES = _SHARES[: int(_SHARES.argmin()) + 1]
"""Shares of the bias that are taken out, one after another, until the system is stable."""
_AT_ONCE = 4096
"""Shares are tried together where systems are so few and small, as entries of their matrices."""
_SQUARINGS = 7


def least_squares_bias(coefficients: Array, sigma: Array, nobs: int, *, constant: bool = True) -> Array:
    r"""Approximate bias of the lag coefficients.

    With A the companion matrix, :math:`\lambda` its roots, G the companion form's error covariance and
    :math:`\Gamma` the variance of the stacked lags, the estimate of A from n rows has the bias

    .. math:: -\frac1n\, G \left[(I - A')^{-1} + A'(I - A'^2)^{-1}
        + \sum_\lambda \lambda (I - \lambda A')^{-1}\right] \Gamma^{-1} + O(n^{-3/2})

    (Pope 1990); without a constant the first inverse drops out. For K = p = 1 this is
    :math:`-(1 + 3\rho)/n` and :math:`-2\rho/n`. The scale of sigma cancels.

    Parameters
    ----------
    coefficients : array (..., p, K, K)
        A stable system, for which the caller checks: in others the formula has no meaning.
    sigma : array (..., K, K)
    nobs : int
        Rows explained.
    constant : bool
        Whether a constant is fitted beside the lags.

    Returns
    -------
    array (..., pK, K)
        Regressors by equations, lag 1 first.
    """
    # Solved in units of the errors, because the system has entries of every pair of variables.
    deviations = np.sqrt(sigma.diagonal(axis1=-2, axis2=-1))
    units = deviations[..., :, None] / deviations[..., None, :]
    coefficients, sigma = (
        coefficients / units[..., None, :, :],
        sigma / deviations[..., :, None] / deviations[..., None, :],
    )
    matrix = dynamics.companion(coefficients)
    size, n_vars = matrix.shape[-1], sigma.shape[-1]
    whole, top = np.eye(size), np.eye(size, n_vars)
    # Only the first K rows of G are not zero: transposed, the first K columns of every inverse are all that is needed.
    total = np.linalg.solve(whole - matrix @ matrix, matrix @ top).astype(complex)
    if constant:
        total += np.linalg.solve(whole - matrix, np.broadcast_to(top, total.shape))
    for root in np.moveaxis(np.linalg.eigvals(matrix), -1, 0):
        scale = root[..., None, None]
        total += scale * np.linalg.solve(whole - scale * matrix, np.broadcast_to(top, total.shape))
    # Conjugate roots come in pairs, whose terms add up to a real matrix.
    bias: Array = np.linalg.solve(stacked_variance(coefficients, sigma), total.real @ sigma) / -nobs
    back: Array = np.concatenate([units.swapaxes(-1, -2)] * coefficients.shape[-3], axis=-2)
    return bias * back


def corrected(lags: Array, bias: Array) -> Array:
    """Take the bias out of lag coefficients (B, pK, K), as far as each draw stays stable.

    Draws that are not stable to begin with are left alone.
    """
    full = lags - bias
    doubtful = np.flatnonzero(~(_surely_stable(full) & _surely_stable(lags)))
    if doubtful.size == 0:
        return full
    out = full
    already = largest_root(lags[doubtful]) < 1.0
    out[doubtful[~already]] = lags[doubtful[~already]]
    left = doubtful[already]
    left = left[largest_root(full[left]) >= 1.0]
    size = lags.shape[1]
    tried = 0
    while left.size:
        together = max(1, _AT_ONCE // (left.size * size**2))
        shares = _SHARES[tried : tried + together]
        tried += len(shares)
        trials = lags[left] - shares[:, None, None, None] * bias
        holds = (largest_root(trials.reshape(-1, *lags.shape[1:])) < 1.0).reshape(len(shares), -1)
        if tried == len(_SHARES):
            holds[-1] = True
        done = holds.any(axis=0)
        out[left[done]] = trials[holds.argmax(axis=0)[done], np.flatnonzero(done)]
        left = left[~done]
    return out


def largest_root(lags: Array) -> Array:
    """Largest modulus (B,) of the roots of lag coefficients (B, pK, K); infinite where these are not finite."""
    moduli = np.full(len(lags), np.inf)
    finite = np.isfinite(lags).all(axis=(1, 2))
    if finite.any():
        moduli[finite] = np.abs(dynamics.companion_roots(lag_matrices(lags[finite], 0))[..., 0])
    return moduli


def _surely_stable(lags: Array) -> Mask:
    """Whether a high power of the companion matrix is small: proof of stability at a fraction of the eigenvalues.

    In whatever units a norm below one proves it; units decide only how often the eigenvalues are asked after all.
    """
    power = dynamics.companion(lag_matrices(lags, 0))
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(_SQUARINGS):
            power = power @ power
        sums = np.abs(power).sum(axis=-1).max(axis=-1)
    return np.asarray(sums < 1.0)


def with_lags(problem: LagProblem, lags: Array) -> Array:
    """Coefficients (m, K) with these lags (pK, K), the deterministic terms fitted to what they leave."""
    from scipy.linalg.lapack import dtrtrs

    d, m = problem.n_deterministic, problem.n_regressors
    if not d:
        return lags
    rows = problem.factor[:d]
    terms = dtrtrs(rows[:, :d], rows[:, m:] - rows[:, d:m] @ lags)[0]
    return np.concatenate([terms, lags])


def terms_beside(problem: LagProblem, refits: Refits, lags: Array) -> Array:
    r"""Deterministic coefficients (B, d, K) of each draw's data, given other lag coefficients.

    By how much they move: :math:`-(D'D)^{-1} D'X (A - \hat A)`, with the cross products of each draw's own triangle.
    """
    d = problem.n_deterministic
    if not d:
        return refits.params[:, :0]
    m = problem.n_regressors
    # Data sets of an explosive system leave the range of numbers: whoever reads the draws says so.
    with np.errstate(over="ignore", invalid="ignore"):
        root = problem.factor[:m, :m].T @ refits.triangle
    # Terms differ in size (a squared trend beside a constant, exogenous variables), so each is divided by its own.
    sizes = problem.column_sizes[:d, None]
    terms = root[:, :d] / sizes
    moved = terms @ (root[:, d:].swapaxes(1, 2) @ (lags - refits.params[:, d:]))
    shift = np.linalg.solve(terms @ terms.swapaxes(1, 2), moved) / sizes
    return refits.params[:, :d] - shift
