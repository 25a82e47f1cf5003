r"""Second moments of a vector autoregression: those its coefficients imply, and those of a sample."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import NumericalError
from panelvar.kernels.dynamics.dynamics import companion

# The companion matrix of a system with its largest root an epsilon from one is spent after some fifty squarings.
MOST_DOUBLINGS = 60


def stacked_variance(coefficients: Array, sigma: Array) -> Array:
    r"""Variance of :math:`(y_t', \dots, y_{t-p+1}')'` of a stable system (Luetkepohl 2005, section 2.1.4).

    .. math:: \Gamma = \sum_{i=0}^\infty F^i S F^{i\prime}, \qquad F \text{ the companion matrix},
        \quad S = \begin{pmatrix} \Sigma & 0 \\ 0 & 0 \end{pmatrix}

    The sum is doubled: :math:`2^{k+1}` terms are :math:`\Gamma_k + F_k \Gamma_k F_k'` with :math:`F_{k+1} = F_k^2`, all
    of them positive semi-definite, so that nothing cancels.

    Parameters
    ----------
    coefficients : array (..., p, K, K)
        Of a stable system; the caller checks.
    sigma : array (..., K, K)

    Returns
    -------
    array (..., pK, pK)

    Raises
    ------
    NumericalError
        Powers of the coefficients overflow by rounding although the system is stable. The coefficients are then very
        large, for example because variables nearly depend on one another.
    """
    n_vars = sigma.shape[-1]
    power = companion(coefficients)
    total = np.zeros_like(power)
    total[..., :n_vars, :n_vars] = sigma
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(MOST_DOUBLINGS):
            # Units only ever delay this: whichever makes an entry smaller makes the one across the diagonal larger.
            if np.abs(power).max(initial=0.0) < 1e-18:
                break
            total = total + power @ total @ power.swapaxes(-2, -1)
            power = power @ power
    if not np.isfinite(total).all():
        raise NumericalError(
            "The system's variance cannot be computed, because rounding makes powers of its coefficients explode. The "
            "variables may nearly depend on one another, or have very different units."
        )
    return 0.5 * (total + total.swapaxes(-2, -1))


def autocovariances(coefficients: Array, sigma: Array, lags: int) -> Array:
    r"""Autocovariances :math:`\Gamma_h = E (y_t - \mu)(y_{t-h} - \mu)'` of a stable system, h = 0 to ``lags``.

    The first p are blocks of the stacked variance; later ones follow :math:`\Gamma_h = \sum_j A_j \Gamma_{h-j}`.

    Parameters
    ----------
    coefficients : array (p, K, K)
    sigma : array (K, K)
    lags : int

    Returns
    -------
    array (lags + 1, K, K)
    """
    order, n_vars = max(len(coefficients), 1), sigma.shape[0]
    first = stacked_variance(coefficients, sigma)[:n_vars].reshape(n_vars, order, n_vars).swapaxes(0, 1)
    out = np.empty((max(lags + 1, order), n_vars, n_vars))
    out[:order] = first
    for lag in range(order, lags + 1):
        out[lag] = (coefficients @ out[lag - len(coefficients) : lag][::-1]).sum(axis=0)
    return out[: lags + 1]


def sample_autocovariances(series: Array, lags: int, run_starts: Sequence[int] = (0,)) -> Array:
    r"""Autocovariances :math:`C_h = n^{-1} \sum_t u_t u_{t-h}'` of series of mean zero, h = 0 to ``lags``.

    Parameters
    ----------
    series : array (n, K)
    lags : int
    run_starts : sequence of int
        Rows that do not continue the row before them: no product reaches across one.

    Returns
    -------
    array (lags + 1, K, K)
    """
    rows, n_vars = series.shape
    out = np.zeros((lags + 1, n_vars, n_vars))
    for first, last in zip(run_starts, (*run_starts[1:], rows), strict=True):
        run = series[first:last]
        for lag in range(min(lags, len(run) - 1) + 1):
            out[lag] += run[lag:].T @ run[: len(run) - lag]
    return np.asarray(out / rows, dtype=np.float64)


def correlations(covariances: Array) -> Array:
    """Autocorrelations: autocovariances over the standard deviations of their two series.

    Parameters
    ----------
    covariances : array (lags + 1, K, K)

    Returns
    -------
    array (lags + 1, K, K)

    Raises
    ------
    NumericalError
        A variable has no variance.
    """
    deviations = np.sqrt(covariances[0].diagonal())
    if not (deviations > 0.0).all():
        raise NumericalError("A variable has no variance, and so no correlations, because its equation fits exactly.")
    return covariances / np.outer(deviations, deviations)
