"""Distributions of Johansen's statistics: a gamma approximation, and published quantiles."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arrays import Array
from panelvar.core.base.constants import numbers_by
from panelvar.core.base.errors import SpecificationError, choose

SOURCES = ("doornik", "mackinnon-haug-michelis", "osterwald-lenum")


def _surfaces() -> dict[tuple[str, ...], Array]:
    return numbers_by("nonstationary/cointegration", "johansen_gamma", "quantity", "trend")


def gamma_moments(
    statistic: str, trend: str, directions: npt.ArrayLike, rows: float | None = None
) -> tuple[Array, Array]:
    """Mean and variance of a statistic (Doornik 1998).

    Parameters
    ----------
    statistic : {"trace", "max"}
    trend : {"n", "rc", "c", "rt", "ct"}
    directions : array (K,)
        Variables less the rank under the null, q.
    rows : float, optional
        Size of the sample, for the trace's distribution in it; None for the asymptotic one.
    """
    q = np.asarray(directions, dtype=np.float64)
    one, two, three = (np.where(q == number, 1.0, 0.0) for number in (1, 2, 3))
    shape = np.stack([q**2, q, np.ones_like(q), one, two, np.sqrt(q), np.zeros_like(q)])
    prefix = "max_" if statistic == "max" else ""
    mean = _surfaces()[f"{prefix}mean", trend] @ shape
    variance = _surfaces()[f"{prefix}variance", trend] @ shape
    if rows is not None and statistic == "trace":
        small = np.stack([np.sqrt(q) / rows, q / rows, (q / rows) ** 2, one / rows, one, two, three])
        mean = mean * np.exp(_surfaces()["mean_sample", trend] @ small)
        variance = variance * np.exp(_surfaces()["variance_sample", trend] @ small)
    return mean, variance


def gamma_pvalues(statistic: str, trend: str, values: Array, rows: float | None = None) -> Array:
    """Tail probabilities of statistics (..., K) for ranks 0, 1, ..., K - 1 under the null."""
    return gamma_tail(values, *gamma_moments(statistic, trend, np.arange(values.shape[-1], 0, -1), rows))


def gamma_tail(values: Array, mean: Array, variance: Array) -> Array:
    """Tail probabilities of gamma distributions by their moments."""
    from scipy.special import gammaincc

    return np.asarray(gammaincc(mean**2 / variance, values * mean / variance))


def critical_values(
    source: str, statistic: str, trend: str, n_vars: int, level: float, rows: float | None = None
) -> Array:
    """Quantiles for ranks 0, 1, ..., K - 1 under the null, NaN beyond the end of a table.

    Raises
    ------
    SpecificationError
        The table does not have this case or level; the message says what it has.
    """
    from scipy.special import gammaincinv

    choose("source", source, SOURCES)
    q = np.arange(n_vars, 0, -1)
    if source == "doornik":
        mean, variance = gamma_moments(statistic, trend, q, rows)
        return np.asarray(gammaincinv(mean**2 / variance, level) * variance / mean)
    tables = numbers_by("nonstationary/cointegration", "johansen_critical", "source", "statistic", "trend", "level")
    known = [(key[2], float(key[3]), row) for key, row in tables.items() if key[:2] == (source, statistic)]
    for case, size, row in known:
        if case == trend and abs(size - level) < 1e-12:
            return np.append(row, [np.nan] * n_vars)[q - 1]
    has = "; ".join(
        f"{case}: {', '.join(f'{size:g}' for other, size, _ in known if other == case)}"
        for case in dict.fromkeys(case for case, _, _ in known)
    )
    raise SpecificationError(
        f"The tables of {source} have no {level:g} quantile of case {trend!r}; they have {has}. "
        "source='doornik' has every case and level."
    )
