"""Tail probabilities and quantiles, from `scipy.special` (a tenth of the cost of `scipy.stats`)."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from panelvar.base.arrays import Array


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
    lower = -np.abs(statistic)
    normal = isinstance(df, float) and np.isinf(df)
    tail = special.ndtr(lower) if normal else special.stdtr(df, lower)
    doubled: Array = 2.0 * tail
    return doubled


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
    if np.isnan(statistic):
        return float("nan")
    if np.isinf(denominator):
        return chi2_tail(numerator * statistic, numerator)
    return float(_special().fdtrc(numerator, denominator, max(statistic, 0.0)))


def chi2_tail(statistic: float, df: float) -> float:
    """P-value of a chi-squared statistic."""
    if np.isnan(statistic):
        return float("nan")
    return float(_special().chdtrc(df, max(statistic, 0.0)))
