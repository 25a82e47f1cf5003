"""Tail probabilities and critical values of unit-root tests, from published response surfaces, tables and a series."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array, Mask, Positions
from panelvar.core.base.constants import constants, numbers_by
from panelvar.core.base.errors import InsufficientDataError

SERIES_OF_PVALUES = 6
"""Series for which MacKinnon (1994) has p-values; his critical values (2010) go up to twelve."""

POWERS = np.arange(5.0)
"""Of polynomials."""

FAR = 1e50
"""A statistic so large that nothing changes beyond; its powers are numbers."""

SMALLEST_PVALUE, LARGEST_PVALUE = 1e-300, 1.0 - 2.0**-53
"""The first and last number between zero and one with a logarithm, an odds ratio and a normal score."""

# For the ratio of a bridge: where its probability is one but for rounding, and weights of a sum that converges there.
_NEAREST = 0.2
_BRIDGE = np.cumprod(np.array([1.0, *((k - 0.5) / k for k in range(1, 13))]))

NEAR_AN_END = 10
"""How many quantiles near an end fix the line that goes on beyond it."""

SHORTEST_GLS = 20
"""Periods with which the quantiles of the DF-GLS ratio begin; shorter series have those of so many."""

# Kwiatkowski, Phillips, Schmidt and Shin (1992), table 1.
KPSS = {
    "c": {0.10: 0.347, 0.05: 0.463, 0.025: 0.574, 0.01: 0.739},
    "ct": {0.10: 0.119, 0.05: 0.146, 0.025: 0.176, 0.01: 0.216},
}


def _surfaces() -> dict[tuple[str, ...], Array]:
    return numbers_by("nonstationary/unit_roots", "dickey_fuller", "quantity", "trend", "series", "level")


@cache
def _polynomials(statistic: str, trend: str, series: int) -> Array:
    """Weights of the two polynomials of a p-value, (5, 2): in the tail, and in the centre."""
    return np.array([_surfaces()[f"{statistic}_{part}", trend, str(series), ""] for part in ("tail", "centre")]).T


def tau_pvalue(statistic: float | Array, trend: str, series: int = 1) -> Array:
    """P-value of a Dickey-Fuller t ratio with ``series`` series in the relation (MacKinnon 1994, tables 3 and 4)."""
    split, least, most = map(float, _surfaces()["tau_limits", trend, str(series), ""][:3])
    within = np.minimum(np.maximum(statistic, least), min(most, FAR))
    found = _normal(within, within <= split, _polynomials("tau", trend, series))
    return np.maximum(found * (statistic >= least), statistic > most)


def bounded_tau_pvalue(statistic: Array, trend: str) -> tuple[Array, Mask]:
    """`tau_pvalue` without zero and one: ratios beyond the ends have the ends' p-values. Also which ratios are."""
    _, least, most, *_ = _surfaces()["tau_limits", trend, "1", ""]
    within = np.clip(statistic, least, most)
    return np.clip(tau_pvalue(within, trend), SMALLEST_PVALUE, LARGEST_PVALUE), within != statistic


def rho_pvalue(statistic: float | Array, trend: str) -> Array:
    """P-value of n times the estimated root less one (MacKinnon 1994, tables 5 and 6)."""
    split = _surfaces()["rho_limits", trend, "1", ""][0]
    # The tail's polynomial is of the logarithm.
    tail = np.asarray(statistic <= split)
    at = np.where(tail, np.log(-np.minimum(statistic, split)), np.minimum(statistic, FAR))
    return _normal(at, tail, _polynomials("rho", trend, 1))


def bridge_tau_pvalue(statistic: float | Array) -> Array:
    r"""P-value of a Dickey-Fuller t ratio without terms, of a cumulated series that ends where it began.

    In the limit the ratio is :math:`-\tfrac12 (\int V^2)^{-1/2}` of a Brownian bridge (Bai and Ng 2004):
    with :math:`\int V^2`, the limit of Cramer and von Mises' statistic, at :math:`x = 1/(4\tau^2)` (Anderson and
    Darling 1952),

    .. math:: P(\int V^2 < x) = \frac1{\pi\sqrt x} \sum_k \frac{\Gamma(k + 1/2)}{\Gamma(1/2)\,k!} \sqrt{4k + 1}
        \,e^{-y_k} K_{1/4}(y_k), \qquad y_k = \frac{(4k + 1)^2}{16x}.
    """
    from scipy.special import kve

    # Nearer to zero than this, the probability is one but for rounding.
    size = np.maximum(np.abs(np.minimum(statistic, 0.0)), _NEAREST)
    root = 4.0 * np.arange(len(_BRIDGE)) + 1.0
    y = np.square(root * size[..., None]) / 4.0
    terms = _BRIDGE * np.sqrt(root) * np.exp(-2.0 * y) * kve(0.25, y)
    return np.asarray(np.clip(2.0 / np.pi * size * terms.sum(axis=-1), SMALLEST_PVALUE, LARGEST_PVALUE))


def _normal(at: Array, tail: Mask, polynomials: Array) -> Array:
    """Normal probability of the polynomial of the tail, or of the centre."""
    from scipy.special import ndtr

    scores = at[..., None] ** POWERS @ polynomials
    # Of numbers, this is much faster than where.
    found: Array = ndtr(scores[..., 0] * tail + scores[..., 1] * ~tail)
    return found


def tau_critical_values(trend: str, nobs: int, series: int = 1) -> dict[float, float]:
    """Critical values by level for a number of rows (MacKinnon 2010, tables 2 to 4)."""
    found = {}
    for level in ("0.01", "0.05", "0.10"):
        weights = _surfaces().get(("tau_critical", trend, str(series), level))
        if weights is not None:
            value = 0.0
            for weight in reversed(weights.tolist()):
                value = weight + value / nobs
            found[float(level)] = value
    return found


def simulated_tau_pvalue(statistic: Array, trend: str, rows: Array | Positions, *, bounded: bool = True) -> Array:
    """P-values of Dickey-Fuller ratios (N,) for the rows of each regression (N,), infinite for the limit.

    Normal scores, linear between simulated quantiles; ratios beyond these have the p-values of the ends, see
    `at_an_end`. As other programs print numbers there, unbounded ones go on as they do near the end.

    Raises
    ------
    InsufficientDataError
        A regression has fewer rows than any with quantiles.
    """
    from scipy.special import ndtr

    found = np.empty(len(statistic))
    for size in np.unique(rows):
        own = rows == size
        scores, quantiles = _quantiles_at("dickey_fuller_quantiles", trend, float(size))
        values = statistic[own]
        found[own] = np.interp(values, quantiles, scores)
        if not bounded:
            ends = (np.r_[0, NEAR_AN_END], np.r_[-1, -1 - NEAR_AN_END])
            slopes = [np.diff(scores[end])[0] / np.diff(quantiles[end])[0] for end in ends]
            found[own] += slopes[0] * np.minimum(values - quantiles[0], 0.0)
            found[own] += slopes[1] * np.maximum(values - quantiles[-1], 0.0)
    return np.clip(ndtr(found), SMALLEST_PVALUE, LARGEST_PVALUE)


def at_an_end(pvalues: Array) -> Mask:
    """Which p-values of `simulated_tau_pvalue` are those of an end of the quantiles, and so bounds."""
    from scipy.special import ndtr

    scores, _, _ = _quantiles("dickey_fuller_quantiles", "c")
    return np.asarray((pvalues <= ndtr(scores[0])) | (pvalues >= ndtr(scores[-1])))


@cache
def _quantiles(table: str, trend: str) -> tuple[Array, Array, Array]:
    """What quantiles are named by (P,), one over the sizes (N,) and quantiles (N, P) of a table, longest first."""
    rows = [row for row in constants("nonstationary/unit_roots", table) if row.pop("trend") == trend][::-1]
    sizes = 1.0 / np.array([row.pop(next(iter(row))) for row in rows], dtype=np.float64)
    return np.array(list(rows[0]), dtype=np.float64), sizes, np.array([list(row.values()) for row in rows], np.float64)


def _quantiles_at(table: str, trend: str, size: float) -> tuple[Array, Array]:
    """Names and quantiles for a size, linear in one over it.

    Raises
    ------
    InsufficientDataError
        The size is below the first of the table.
    """
    names, sizes, quantiles = _quantiles(table, trend)
    if 1.0 / size > sizes[-1] * (1.0 + 1e-9):
        raise InsufficientDataError(
            f"The simulated quantiles begin at {round(1.0 / sizes[-1])}; there are {size:g}. More periods are needed."
        )
    return names, np.array([np.interp(1.0 / size, sizes, column) for column in quantiles.T])


def gls_pvalue(statistic: float | Array, trend: str, periods: int) -> tuple[Array, NDArray[np.str_]]:
    """P-value of the DF-GLS ratio for a number of periods, and "<" or ">" where it is beyond the simulated quantiles.

    Normal scores are interpolated between them.
    """
    from scipy.special import ndtr, ndtri

    probabilities, quantiles = _quantiles_at("dfgls_quantiles", trend, max(periods, SHORTEST_GLS))
    bound = np.where(statistic < quantiles[0], "<", np.where(statistic > quantiles[-1], ">", ""))
    return np.asarray(ndtr(np.interp(statistic, quantiles, ndtri(probabilities)))), bound


def gls_critical_values(trend: str, periods: int) -> dict[float, float]:
    """Critical values of the DF-GLS ratio by level for a number of periods."""
    probabilities, quantiles = _quantiles_at("dfgls_quantiles", trend, max(periods, SHORTEST_GLS))
    return {level: float(quantiles[probabilities == level][0]) for level in (0.01, 0.025, 0.05, 0.10)}


def kpss_pvalues(statistic: Array, trend: str) -> tuple[Array, NDArray[np.str_]]:
    """P-values by linear interpolation of the table, and "<" or ">" where a statistic is beyond its ends."""
    levels, values = np.array(list(KPSS[trend])), np.array(list(KPSS[trend].values()))
    bound = np.where(statistic < values[0], ">", np.where(statistic > values[-1], "<", ""))
    return np.interp(statistic, values, levels), bound
