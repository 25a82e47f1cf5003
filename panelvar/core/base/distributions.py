r"""Tail probabilities and quantiles of test statistics.

Those of the normal, t, F and chi-square distributions come from `scipy.special`, at a tenth of the cost of
`scipy.stats`; that of a weighted sum of chi-squares, :math:`Q = \sum_j \lambda_j \chi^2_1`, by inversion (Imhof 1961).
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from panelvar.core.base.arrays import Array


@cache
def _special() -> Any:
    # SciPy's subpackages cost tens of milliseconds to import: only a model that is fitted pays.
    from scipy import special

    return special


def two_sided(statistic: Array, df: float | Array) -> Array:
    """Two-sided p-values of t statistics with ``df`` degrees of freedom; the normal when ``df`` is infinite.

    One number for all statistics, or one each (then all finite).
    """
    special = _special()
    lower = -abs(statistic)
    normal = isinstance(df, float) and math.isinf(df)
    tail = special.ndtr(lower) if normal else special.stdtr(df, lower)
    doubled: Array = 2.0 * tail
    return doubled


def ratios(estimates: Array, errors: Array) -> Array:
    """Estimates over their standard errors; NaN where there is no error."""
    out = np.full(estimates.shape, np.nan)
    np.divide(estimates, errors, out=out, where=errors > 0.0)
    return out


def quantiles(level: float, df: Array) -> Array:
    """Values exceeded in absolute terms with probability ``1 - level`` by t variables with ``df`` (p,), all finite."""
    out: Array = _special().stdtrit(df, 0.5 + 0.5 * level)
    return out


def quantile(level: float, df: float) -> float:
    """Value exceeded in absolute terms with probability ``1 - level`` by a t (or normal) variable."""
    special = _special()
    upper = 0.5 + 0.5 * level
    return float(special.ndtri(upper) if np.isinf(df) else special.stdtrit(df, upper))


def f_tail(statistic: float, numerator: float, denominator: float) -> float:
    """P-value of an F statistic; a scaled chi-squared when ``denominator`` is infinite."""
    if math.isnan(statistic):
        return float("nan")
    if math.isinf(denominator):
        return chi2_tail(numerator * statistic, numerator)
    return float(_special().fdtrc(numerator, denominator, max(statistic, 0.0)))


def chi2_tail(statistic: float, df: float) -> float:
    """P-value of a chi-squared statistic; one of no restrictions is as expected."""
    if math.isnan(statistic):
        return float("nan")
    if df == 0.0:
        return 1.0
    return float(_special().chdtrc(df, max(statistic, 0.0)))


def t_tail(statistic: float, df: float) -> float:
    """Two-sided p-value of one t statistic; the normal when ``df`` is infinite."""
    return float(two_sided(np.array([statistic]), float(df))[0])


def normal_tail(statistic: float, *, sides: int = 2) -> float:
    """P-value of a normal statistic: both tails, or the upper one."""
    both = t_tail(statistic, math.inf)
    if sides == 2 or math.isnan(both):
        return both
    return 0.5 * both if statistic >= 0.0 else 1.0 - 0.5 * both


def probability_below_zero(weights: Array, df: int = 1) -> float:
    r"""Return :math:`P(\sum_j \lambda_j \chi^2_h < 0)` of independent chi-squares with h degrees of freedom.

    .. math:: P(Q < 0) = \frac12 - \frac1\pi \int_0^\infty \frac{\sin \theta(u)}{u \rho(u)} du, \qquad
              \theta(u) = \frac h2 \sum_j \arctan(\lambda_j u), \qquad \rho(u) = \prod_j (1 + \lambda_j^2 u^2)^{h/4}

    (Imhof 1961, Biometrika 48, at x = 0). The integral is over the logarithm of u, by the trapezoidal rule,
    which converges geometrically there; the absolute error is about 1e-13.

    Parameters
    ----------
    weights : (m,) array
        At least three of them not zero, or the integral converges slowly.
    df : int
        h, the same for all.
    """
    scale = float(np.abs(weights).max())
    if scale == 0.0 or (weights >= 0.0).all():
        return 0.0
    if (weights <= 0.0).all():
        return 1.0
    scaled = weights / scale
    # Below exp(-40) the integrand is u times a constant; above, the product has died.
    grid = np.arange(-40.0, 40.0, 0.02)
    u = np.exp(grid)[:, None] * scaled
    angle = 0.5 * df * np.arctan(u).sum(axis=1)
    decay = -0.25 * df * np.log1p(u * u).sum(axis=1)
    integral = 0.02 * float((np.sin(angle) * np.exp(decay)).sum())
    return min(max(0.5 - integral / math.pi, 0.0), 1.0)
