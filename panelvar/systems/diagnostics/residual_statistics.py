r"""Test statistics of the residuals of a vector autoregression.

Below, U is the (n, K) matrix of residuals and :math:`C_i = \frac1n \sum_{t>i} u_t u_{t-i}'`. Section numbers
are those of Luetkepohl (2005) unless said otherwise.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import NumericalError
from panelvar.core.base.scaling import columns_in_own_units
from panelvar.kernels.linear.quadratic_form import quadratic_form

_ROUNDING = 32.0 * float(np.finfo(np.float64).eps)
_DEPENDENT = (
    "The residuals of the equations are linearly dependent, so their tests do not exist. An equation fits exactly, or "
    "is a combination of the others."
)
_DEPENDENT_PRODUCTS = (
    "The residuals, or the products of residuals, that the test regresses are linearly dependent or do not vary, so "
    "the test does not exist. The usual cause is residuals that are zero in almost every row, or of one size in all."
)


class RaoF(NamedTuple):
    """Rao's F approximation of a likelihood ratio."""

    statistic: float
    df: float
    df_denominator: float


class Moments(NamedTuple):
    """Statistics of third and fourth moments, each chi-squared with K degrees of freedom."""

    skewness: float
    kurtosis: float


def portmanteau(residuals: Array, lags: int) -> tuple[float, float]:
    r"""Portmanteau statistics (section 4.4.3), plain and adjusted.

    .. math:: Q = n \sum_{i=1}^h \mathrm{tr}(C_i' C_0^{-1} C_i C_0^{-1}), \qquad
        \bar Q = n^2 \sum_{i=1}^h \frac{1}{n - i} \mathrm{tr}(C_i' C_0^{-1} C_i C_0^{-1})

    Parameters
    ----------
    residuals : array (n, K)
    lags : int
        h.
    """
    n = len(residuals)
    # Residuals whitened by C_0 turn each trace into a sum of squares.
    white = standardised(residuals)
    traces = np.array([np.square(white[lag:].T @ white[: n - lag] / n).sum() for lag in range(1, lags + 1)])
    return float(n * traces.sum()), float(n**2 * (traces / (n - np.arange(1, lags + 1))).sum())


def standardised(residuals: Array) -> Array:
    r"""Residuals (n, K) freed of their correlation: :math:`U R^{-1} \sqrt n` with R the triangle of U.

    What does not change under linear transformations of the residuals is computed from these: however near they are to
    collinear, no covariance of them is formed, and no digit of it lost.

    Raises
    ------
    NumericalError
        They are linearly dependent.
    """
    basis, triangle = np.linalg.qr(columns_in_own_units(residuals))
    sizes = np.sqrt(np.einsum("ij,ij->j", triangle, triangle))
    # A column's own size is the measure.
    if (np.abs(triangle.diagonal()) <= _ROUNDING * math.sqrt(len(residuals)) * sizes).any():
        raise NumericalError(_DEPENDENT)
    return np.asarray(basis * math.sqrt(len(residuals)))


def symmetrically_standardised(residuals: Array) -> Array:
    r"""Residuals (n, K) freed of their correlation and changed as little as can be: :math:`U (U'U/n)^{-1/2}`.

    From the singular vectors of U, the root of n times the orthogonal factor of its polar decomposition.

    Raises
    ------
    NumericalError
        They are linearly dependent.
    """
    standardised(residuals)
    left, _, right = np.linalg.svd(residuals, full_matrices=False)
    return np.asarray(left @ right * math.sqrt(len(residuals)))


def lag_residuals(residuals: Array, lags: int) -> Array:
    """Residuals 1 to ``lags`` periods earlier, side by side, zero before the first: (n, K lags)."""
    n, n_vars = residuals.shape
    out = np.zeros((n, n_vars * lags))
    for lag in range(1, lags + 1):
        out[lag:, (lag - 1) * n_vars : lag * n_vars] = residuals[: n - lag]
    return out


def added_regressors(regressors: Array, added: Array, residuals: Array) -> tuple[Array, Array]:
    """Triangles F of what regressions of ``residuals`` leave, without and with the added regressors.

    Returns
    -------
    array (K, K), array (K or fewer, K)
        F'F are the cross products of the residuals of these regressions.
    """
    m, extra = regressors.shape[1], added.shape[1]
    triangle = np.linalg.qr(np.concatenate([regressors, added, residuals], axis=1))[1]
    right = triangle[:, m + extra :]
    return np.linalg.qr(right[m:])[1], right[m + extra :]


def lagrange_multiplier(n_rows: int, restricted: Array, unrestricted: Array) -> float:
    r"""LM statistic :math:`n (K - \mathrm{tr}(\tilde\Sigma_R^{-1} \tilde\Sigma_e))` (section 4.4).

    Parameters
    ----------
    n_rows : int
    restricted, unrestricted : array (K, K) and (r, K)
        Triangles of the residuals without and with the added regressors, from `added_regressors`. The residuals are
        standardised or products of such ones, so that about one is the measure of a value.

    Raises
    ------
    NumericalError
        The residuals are linearly dependent, or the regressors of both fit one of them exactly.
    """
    from scipy.linalg import solve_triangular

    sizes = np.maximum(np.sqrt(np.einsum("ij,ij->j", restricted, restricted)), math.sqrt(n_rows))
    if (np.abs(restricted.diagonal()) <= _ROUNDING * math.sqrt(n_rows) * sizes).any():
        raise NumericalError(_DEPENDENT_PRODUCTS)
    share = solve_triangular(restricted, unrestricted.T, trans="T")
    return float(n_rows * (len(restricted) - np.square(share).sum()))


def log_ratio(restricted: Array, unrestricted: Array) -> float:
    """Log of the ratio of two determinants of cross products, from their triangles."""
    return float(2.0 * np.log(np.abs(restricted.diagonal() / unrestricted.diagonal())).sum())


def rao_f(restricted: Array, unrestricted: Array, added: int, df: float) -> RaoF:
    r"""Rao's F of added regressors in all K equations (Rao 1973; Edgerton and Shukur 1999).

    .. math:: F = \left(\Lambda^{-1/s} - 1\right) \frac{N s - q}{K m}, \quad
        s = \sqrt{\frac{K^2 m^2 - 4}{K^2 + m^2 - 5}}, \quad q = \tfrac12 K m - 1

    with :math:`\Lambda` the ratio of determinants, m added regressors, and N = ``df``.
    """
    n_vars = len(restricted)
    product, total = n_vars * added, n_vars**2 + added**2 - 5.0
    s = math.sqrt((product**2 - 4.0) / total) if total > 0.0 else 1.0
    ratio = math.exp(log_ratio(restricted, unrestricted) / s)
    denominator = df * s - 0.5 * product + 1.0
    return RaoF((ratio - 1.0) * denominator / product, product, denominator)


def arch_lm(residuals: Array, lags: int, *, padded: bool = False) -> tuple[float, int]:
    r"""Multivariate ARCH-LM statistic and its degrees of freedom.

    The distinct products :math:`\mathrm{vech}(u_t u_t')` are regressed on a constant and their own lags:
    :math:`\tfrac12 n K (K + 1) - n\, \mathrm{tr}(\hat\Omega \hat\Omega_0^{-1})`, chi-squared with
    :math:`h K^2 (K + 1)^2 / 4`. One series gives Engle's :math:`n R^2`. The first h rows are left out, or with
    ``padded`` kept, zeros standing for what is before the sample. The statistic does not change under linear
    transformations of the residuals, which are standardised first.
    """
    white = standardised(residuals)
    rows, columns = np.tril_indices(white.shape[1])
    products = white[:, rows] * white[:, columns]
    width = products.shape[1]
    first = 0 if padded else lags
    left, past = products[first:], lag_residuals(products, lags)[first:]
    restricted, unrestricted = added_regressors(np.ones((len(left), 1)), past, left)
    return lagrange_multiplier(len(left), restricted, unrestricted), lags * width**2


def quadratic_terms(regressors: Array, *, cross: bool) -> Array:
    r"""Levels and squares, with ``cross`` also products, of regressors: linearly independent of each other and a one.

    Regressors are centred and scaled first, which leaves the span of one, :math:`x_i` and :math:`x_i x_j` (or
    :math:`x_i^2`) as it is and makes their squares distinguishable from their levels. With products of all of them the
    span is that of any other basis of the regressors too: an orthonormal one tells products of nearly collinear
    regressors apart. Columns that depend on those before them are left out.

    Parameters
    ----------
    regressors : array (n, m)
    cross : bool

    Returns
    -------
    array (n, r)
        Columns with sum zero.
    """
    n = len(regressors)
    regressors = columns_in_own_units(regressors)
    levels = regressors - regressors.mean(axis=0)
    sizes = np.sqrt((levels**2).sum(axis=0))
    # Each column is compared with itself.
    varying = sizes > 1e-12 * np.sqrt((regressors**2).sum(axis=0))
    levels = levels[:, varying] / sizes[varying] * math.sqrt(n)
    if cross and levels.shape[1]:
        basis, triangle = np.linalg.qr(levels)
        # Columns have length one, apart from the root of n.
        levels = basis[:, np.abs(triangle.diagonal()) > 1e-12 * math.sqrt(n)] * math.sqrt(n)
    width = levels.shape[1]
    rows, columns = np.triu_indices(width) if cross else (np.arange(width), np.arange(width))
    terms = np.concatenate([levels, levels[:, rows] * levels[:, columns]], axis=1)
    terms -= terms.mean(axis=0)
    sizes = np.sqrt((terms**2).sum(axis=0))
    # Products of regressors of size one: they have no units, and one is the size of what they would be if they varied.
    independent = np.abs(np.linalg.qr(terms)[1].diagonal()) > 1e-9 * np.maximum(sizes, 1.0)[: min(terms.shape)]
    return np.asarray(terms[:, np.flatnonzero(independent)] if width else terms)


def jarque_bera(residuals: Array) -> Moments:
    r"""Skewness and kurtosis of residuals made uncorrelated by the Cholesky factor (section 4.5).

    :math:`n b_1'b_1 / 6` and :math:`n (b_2 - 3)'(b_2 - 3) / 24` of the standardised series' third and fourth moments.
    Residuals are taken as they are, about zero. A triangle from QR is the Cholesky factor but for signs, which squares
    of moments do not see.
    """
    return standardised_moments(standardised(residuals))


def standardised_moments(white: Array) -> Moments:
    """The same of series (n, K) that are uncorrelated with variance one already."""
    n = len(white)
    third, fourth = (white**3).mean(axis=0), (white**4).mean(axis=0) - 3.0
    return Moments(float(n * third @ third / 6.0), float(n * fourth @ fourth / 24.0))


def doornik_hansen(residuals: Array) -> Moments:
    """Skewness and kurtosis of residuals standardised without an ordering, transformed to normality.

    Doornik and Hansen (2008), Oxford Bulletin of Economics and Statistics 70, 927-939: residuals are standardised by
    the symmetric square root of their correlation matrix (about zero, as they are), then each series about its mean;
    skewness is transformed by D'Agostino's and kurtosis by Wilson and Hilferty's approximation, and squares of both are
    added up.

    Raises
    ------
    NumericalError
        They are linearly dependent, or do not vary about their mean.
    """
    n = len(residuals)
    scaled = columns_in_own_units(residuals)
    sizes = np.sqrt((scaled**2).mean(axis=0))
    if not sizes.all():
        raise NumericalError(_DEPENDENT)
    white = symmetrically_standardised(scaled / sizes)
    white = white - white.mean(axis=0)
    spreads = np.sqrt((white**2).mean(axis=0))
    if (spreads <= _ROUNDING).any():
        raise NumericalError(_DEPENDENT)
    white /= spreads
    skewness, kurtosis = (white**3).mean(axis=0), (white**4).mean(axis=0)
    first, second = _skewness_score(skewness, n), _kurtosis_score(skewness, kurtosis, n)
    return Moments(float(first @ first), float(second @ second))


def _skewness_score(skewness: Array, n: int) -> Array:
    """D'Agostino's normal score of a skewness coefficient."""
    beta = 3.0 * (n**2 + 27.0 * n - 70.0) * (n + 1.0) * (n + 3.0) / ((n - 2.0) * (n + 5.0) * (n + 7.0) * (n + 9.0))
    omega = -1.0 + math.sqrt(2.0 * (beta - 1.0))
    delta = 1.0 / math.sqrt(0.5 * math.log(omega))
    y = skewness * math.sqrt((omega - 1.0) / 2.0 * (n + 1.0) * (n + 3.0) / (6.0 * (n - 2.0)))
    return np.asarray(delta * np.log(y + np.sqrt(y**2 + 1.0)))


def _kurtosis_score(skewness: Array, kurtosis: Array, n: int) -> Array:
    """Normal score of a kurtosis coefficient: a gamma distribution fitted to it, then Wilson and Hilferty."""
    square = skewness**2
    delta = (n - 3.0) * (n + 1.0) * (n**2 + 15.0 * n - 4.0)
    a = (n - 2.0) * (n + 5.0) * (n + 7.0) * (n**2 + 27.0 * n - 70.0) / (6.0 * delta)
    c = (n - 7.0) * (n + 5.0) * (n + 7.0) * (n**2 + 2.0 * n - 5.0) / (6.0 * delta)
    k = (n + 5.0) * (n + 7.0) * (n**3 + 37.0 * n**2 + 11.0 * n - 313.0) / (12.0 * delta)
    alpha = a + square * c
    chi = np.maximum((kurtosis - 1.0 - square) * 2.0 * k, 0.0)
    return np.asarray((np.cbrt(chi / (2.0 * alpha)) - 1.0 + 1.0 / (9.0 * alpha)) * np.sqrt(9.0 * alpha))


def instantaneous(residual_covariance: Array, n_rows: int, first: list[int], second: list[int]) -> float:
    r"""Wald statistic of no correlation between the errors of two sets of variables (section 3.6).

    :math:`n \sigma_{12}' (2 D^+ (\Sigma \otimes \Sigma) D^{+\prime})_{12}^{-1} \sigma_{12}`, with the asymptotic
    covariance :math:`\sigma_{ik}\sigma_{jl} + \sigma_{il}\sigma_{jk}` of the elements (i, j) and (k, l).
    """
    pairs = [(i, j) for i in first for j in second]
    # Correlations: products of four standard deviations leave the range of numbers before sigma does.
    size = np.sqrt(residual_covariance.diagonal())
    sigma = residual_covariance / size[:, None] / size
    gap = np.array([sigma[i, j] for i, j in pairs])
    spread = np.array([[sigma[i, k] * sigma[j, m] + sigma[i, m] * sigma[j, k] for k, m in pairs] for i, j in pairs])
    return float(n_rows * quadratic_form(gap, spread).statistic)
