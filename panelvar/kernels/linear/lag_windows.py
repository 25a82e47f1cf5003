r"""How much each lag counts in a long-run covariance: the kernels' weights, and rules for their bandwidths.

Distances are periods. L is the bandwidth: a whole number is the last lag with a weight, of the kernels that end; of the
quadratic spectral one it is the scale. Programs whose Bartlett weights are :math:`1 - j / b` call b, one more, the
bandwidth.

References: Newey and West (1987), Econometrica 55, and (1994), Review of Economic Studies 61; Gallant (1987),
*Nonlinear Statistical Models*; Andrews (1991), Econometrica 59; Andrews and Monahan (1992), Econometrica 60; Hobijn,
Franses and Ooms (2004), Statistica Neerlandica 58.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import choose
from panelvar.core.base.scaling import exponents, in_own_units

KERNELS = ("bartlett", "parzen", "quadratic-spectral")
RULES = ("short", "long", "schwert", "stata", "newey-west", "andrews")

# Of each kernel: its order q, the constant of its best bandwidth, the power of n that gives the pilot's lags.
_ORDERS = {
    "bartlett": (1, 1.1447, 2.0 / 9.0),
    "parzen": (2, 2.6614, 4.0 / 25.0),
    "quadratic-spectral": (2, 1.3221, 2.0 / 25.0),
}
# Andrews and Monahan (1992) keep the pilot's root this far from one.
_LARGEST_ROOT = 0.97

# Of the quadratic spectral kernel in powers of x squared: 3 (-1/2)^k / (k! (2k + 3)!!).
_SERIES = (1.0, -1 / 10, 1 / 280, -1 / 15120, 1 / 1330560, -1 / 172972800, 1 / 31135104000)


def kernel_weights(distance: ArrayLike, kernel: str, lags: ArrayLike) -> Array:
    r"""Return the weight of values so many periods apart.

    With :math:`z = d / (L + 1)`: Bartlett :math:`1 - z` (Newey and West 1987), Parzen :math:`1 - 6z^2 + 6z^3` up to 1/2
    and :math:`2(1 - z)^3` beyond (Gallant 1987), both zero from z = 1. Quadratic spectral, with
    :math:`x = 6\pi d / 5L`: :math:`3(\sin x / x - \cos x) / x^2` (Andrews 1991), which never ends.

    Parameters
    ----------
    distance : integer array
        Positive.
    kernel : {"bartlett", "parzen", "quadratic-spectral"}
    lags : float or array
        L, one for all or of a shape that `distance` is broadcast against. At zero every weight is zero.

    Returns
    -------
    array
        Of the common shape.
    """
    distance, lags = np.asarray(distance), np.asarray(lags, dtype=np.float64)
    if kernel == "quadratic-spectral":
        with np.errstate(over="ignore"):
            x = 1.2 * np.pi * distance / np.where(lags > 0.0, lags, 1.0)
        # Of bandwidths next to nothing, whose weights are nothing either, x and its square are kept in range. Of small
        # x, sine and cosine lose every digit of their difference: the Taylor series does not.
        x = np.clip(x, 1e-100, 1e100)
        square = np.square(np.minimum(x, 1.0))
        series = np.polynomial.polynomial.polyval(square, _SERIES)
        return np.where(lags > 0.0, np.where(x < 0.3, series, 3.0 / np.square(x) * (np.sin(x) / x - np.cos(x))), 0.0)
    z = np.minimum(distance / (lags + 1.0), 1.0)
    if kernel == "bartlett":
        return np.asarray(1.0 - z)
    return np.where(z <= 0.5, 1.0 - 6.0 * z**2 + 6.0 * z**3, 2.0 * (1.0 - z) ** 3)


def last_lag(kernel: str, lags: float, n: int) -> int:
    """Return the last lag with a weight that is not zero, among n periods: without an end, the longest there is.

    All of them must count, or a covariance need not be positive semi-definite. A bandwidth that is not a whole number
    reaches the lag above it.
    """
    if lags == 0.0:
        return 0
    return n - 1 if kernel == "quadratic-spectral" else min(int(np.ceil(lags)), n - 1)


def bandwidth_by_rule(series: Array, rule: str, kernel: str, weights: ArrayLike | None = None) -> Array:
    r"""Return the bandwidth that a rule gives, one for each stack of columns.

    By the number of periods alone: "short" and "long", the integer part of :math:`c\,(n/100)^{1/4}` with c = 4 and 12;
    "schwert", the longer rounded up; "stata", the integer part of :math:`4\,(n/100)^{2/9}`; none of them above n - 1.
    By the data: "newey-west" and "andrews", see `newey_west_bandwidth` and `andrews_bandwidth`.

    Parameters
    ----------
    series, weights
        As in `newey_west_bandwidth`.
    rule : {"short", "long", "schwert", "stata", "newey-west", "andrews"}
    kernel : {"bartlett", "parzen", "quadratic-spectral"}

    Returns
    -------
    (...) array
    """
    choose("bandwidth", rule, RULES)
    if rule == "newey-west":
        return newey_west_bandwidth(series, kernel, weights)
    if rule == "andrews":
        return andrews_bandwidth(series, kernel, weights)
    columns = _columns(series)
    n = columns.shape[-2]
    width = (4.0 if rule in ("short", "stata") else 12.0) * (n / 100.0) ** (2.0 / 9.0 if rule == "stata" else 0.25)
    lags = min(int(np.ceil(width) if rule == "schwert" else width), n - 1)
    return np.full(columns.shape[:-2], float(lags))


def newey_west_bandwidth(
    series: Array, kernel: str, weights: ArrayLike | None = None, *, pilot: int | None = None, whole: bool = True
) -> Array:
    r"""Bandwidth of Newey and West (1994), nonparametric, with the pilot that Hobijn, Franses and Ooms (2004) use.

    :math:`1.1447\,[(s_1/s_0)^2 n]^{1/3}` from :math:`n^{2/9}` autocovariances for Bartlett's kernel,
    :math:`2.6614\,[(s_2/s_0)^2 n]^{1/5}` from :math:`n^{4/25}` for Parzen's (both in whole lags), and
    :math:`1.3221\,[(s_2/s_0)^2 n]^{1/5}` from :math:`n^{2/25}` for the quadratic spectral one, where
    :math:`s_q = 2\sum_j j^q c_j` and :math:`s_0 = c_0 + 2\sum_j c_j`. Several columns are added up first.

    Parameters
    ----------
    series : (..., n, k) array, or (n,) array
        Columns that a covariance is computed of, or one series. Nothing is taken out of them.
    kernel : {"bartlett", "parzen", "quadratic-spectral"}
    weights : (k,) array, optional
        What the columns are multiplied by when they are added up. By default one over the root of their mean squares,
        so that units decide nothing; other programs take ones (arch), as Newey and West do.
    pilot : int, optional
        Lags of the autocovariances. arch takes :math:`4\,(n/100)^{2/9}` rounded up, with 4/25 for Parzen's and 2/25 for
        the quadratic spectral kernel in place of 2/9.
    whole : bool
        Whether bandwidths of kernels that end are cut to whole numbers.

    Returns
    -------
    (...) array
        At most n - 1.
    """
    columns = _in_weighted_units(_columns(series), weights)
    n = columns.shape[-2]
    order, constant, power = _ORDERS[kernel]
    lags = min(int(n**power) if pilot is None else pilot, n - 1)
    covariances = _autocovariances(columns.sum(axis=-1), lags)
    steps = np.arange(1, lags + 1, dtype=np.float64)
    ratio = _ratio(
        2.0 * (covariances[..., 1:] @ steps**order), covariances[..., 0] + 2.0 * covariances[..., 1:].sum(-1)
    )
    width = constant * np.square(ratio) ** (1.0 / (2 * order + 1)) * n ** (1.0 / (2 * order + 1))
    if whole and kernel != "quadratic-spectral":
        width = np.floor(width)
    return np.asarray(np.minimum(width, n - 1.0))


def andrews_bandwidth(series: Array, kernel: str, weights: ArrayLike | None = None, *, whole: bool = True) -> Array:
    r"""Bandwidth of Andrews (1991, eq. 6.4) with first-order autoregressions as the pilots.

    :math:`1.1447\,(\alpha_1 n)^{1/3}` for Bartlett's kernel, :math:`2.6614\,(\alpha_2 n)^{1/5}` for Parzen's (both in
    whole lags, at most n - 1) and :math:`1.3221\,(\alpha_2 n)^{1/5}` for the quadratic spectral one, where

    .. math:: \alpha_1 = \sum_a g_a \frac{4\rho_a^2}{(1-\rho_a)^2(1+\rho_a)^2}, \qquad
       \alpha_2 = \sum_a g_a \frac{4\rho_a^2}{(1-\rho_a)^4}

    and :math:`g_a` is the column's share in :math:`\sum_a \sigma_a^4 / (1-\rho_a)^4`: one, of a single series. Roots
    are kept within 0.97 (Andrews and Monahan 1992).

    Parameters
    ----------
    series, kernel, weights, whole
        As in `newey_west_bandwidth`. Weights multiply the columns: Andrews's :math:`w_a` are their fourth powers.

    Returns
    -------
    (...) array
    """
    columns = _in_weighted_units(_columns(series), weights)
    n = columns.shape[-2]
    before, after = columns[..., :-1, :], columns[..., 1:, :]
    cross = np.einsum("...tk,...tk->...k", after, before)
    rho = np.clip(_ratio(cross, np.square(before).sum(axis=-2)), -_LARGEST_ROOT, _LARGEST_ROOT)
    spread = np.square(np.square(after - rho[..., None, :] * before).mean(axis=-2)) / (1.0 - rho) ** 4
    total = spread.sum(axis=-1, keepdims=True)
    shares = np.where(total > 0.0, spread / np.where(total > 0.0, total, 1.0), 1.0 / columns.shape[-1])
    order, constant, _ = _ORDERS[kernel]
    curvature = 4.0 * rho**2 / ((1.0 - rho**2) ** 2 if order == 1 else (1.0 - rho) ** 4)
    width: Array = constant * ((shares * curvature).sum(axis=-1) * n) ** (1.0 / (2 * order + 1))
    if kernel == "quadratic-spectral":
        return width
    return np.asarray(np.minimum(np.floor(width) if whole else width, n - 1.0))


def _columns(series: Array) -> Array:
    """Series as columns: (n,) is one."""
    values = np.asarray(series, dtype=np.float64)
    return values[:, None] if values.ndim == 1 else values


def _in_weighted_units(columns: Array, weights: ArrayLike | None) -> Array:
    """Columns times their weights, over a power of two of the largest, or each over its root mean square."""
    if weights is not None:
        # A column that does not count may be the largest by far: what is left is measured once more.
        common = np.ldexp(columns, -exponents(columns, axis=(-2, -1))[..., None, None])
        weighted = common * in_own_units(np.asarray(weights, dtype=np.float64))
        return np.asarray(np.ldexp(weighted, -exponents(weighted, axis=(-2, -1))[..., None, None]))
    scaled = np.ldexp(columns, -exponents(columns, axis=-2)[..., None, :])
    size = np.sqrt(np.square(scaled).mean(axis=-2, keepdims=True))
    return np.asarray(scaled / np.where(size > 0.0, size, 1.0))


def _autocovariances(series: Array, lags: int) -> Array:
    """c_0, ..., c_lags of series (..., n), along a last axis; divisor n."""
    n = series.shape[-1]
    sums = [np.einsum("...t,...t->...", series[..., lag:], series[..., : n - lag]) for lag in range(lags + 1)]
    return np.asarray(np.stack(sums, axis=-1) / n)


def _ratio(numerator: Array, denominator: Array) -> Array:
    """Quotient, zero over zero being zero: a series that is zero throughout has no use for lags."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(numerator == 0.0, 0.0, numerator / denominator))
