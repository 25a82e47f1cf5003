"""Tail probabilities and critical values of unit-root tests, from published response surfaces and tables."""

from __future__ import annotations

from functools import cache

import numpy as np

from panelvar.base.arrays import Array
from panelvar.base.constants import constants

SERIES_OF_PVALUES = 6
"""Series for which MacKinnon (1994) has p-values; his critical values (2010) go up to twelve."""

# Kwiatkowski, Phillips, Schmidt and Shin (1992), table 1.
KPSS = {
    "c": {0.10: 0.347, 0.05: 0.463, 0.025: 0.574, 0.01: 0.739},
    "ct": {0.10: 0.119, 0.05: 0.146, 0.025: 0.176, 0.01: 0.216},
}


@cache
def _surfaces() -> dict[tuple[str, str, int, str], tuple[float, ...]]:
    return {
        (row["quantity"], row["trend"], int(row["series"]), row["level"]): tuple(float(row[f"c{k}"]) for k in range(5))
        for row in constants("unit_roots", "dickey_fuller")
    }


def tau_pvalue(statistic: float, trend: str, series: int = 1) -> float:
    """P-value of a Dickey-Fuller t ratio with ``series`` series in the relation (MacKinnon 1994, tables 3 and 4)."""
    from scipy.special import ndtr

    surfaces = _surfaces()
    split, least, most, *_ = surfaces["tau_limits", trend, series, ""]
    if statistic > most:
        return 1.0
    if statistic < least:
        return 0.0
    weights = surfaces["tau_tail" if statistic <= split else "tau_centre", trend, series, ""]
    return float(ndtr(np.polynomial.polynomial.polyval(statistic, weights)))


def rho_pvalue(statistic: float, trend: str) -> float:
    """P-value of n times the estimated root less one (MacKinnon 1994, tables 5 and 6)."""
    from scipy.special import ndtr

    surfaces = _surfaces()
    tail = statistic <= surfaces["rho_limits", trend, 1, ""][0]
    weights = surfaces["rho_tail" if tail else "rho_centre", trend, 1, ""]
    return float(ndtr(np.polynomial.polynomial.polyval(np.log(-statistic) if tail else statistic, weights)))


def tau_critical_values(trend: str, nobs: int, series: int = 1) -> dict[float, float]:
    """Critical values by level for a number of rows (MacKinnon 2010, tables 2 to 4)."""
    found = {}
    for level in ("0.01", "0.05", "0.10"):
        weights = _surfaces().get(("tau_critical", trend, series, level))
        if weights is not None:
            found[float(level)] = float(np.polynomial.polynomial.polyval(1.0 / nobs, weights))
    return found


@cache
def _gls_quantiles(trend: str) -> tuple[Array, Array, Array]:
    """Probabilities (P,), one over the periods (N,) and quantiles (N, P) of the simulated table, longest first."""
    rows = [row for row in constants("unit_roots", "dfgls_quantiles") if row.pop("trend") == trend][::-1]
    sizes = 1.0 / np.array([row.pop("periods") for row in rows], dtype=np.float64)
    return np.array(list(rows[0]), dtype=np.float64), sizes, np.array([list(row.values()) for row in rows], np.float64)


def _gls_at(trend: str, periods: int) -> tuple[Array, Array]:
    """Probabilities and quantiles for a number of periods, linear in one over it."""
    probabilities, sizes, quantiles = _gls_quantiles(trend)
    return probabilities, np.array([np.interp(1.0 / periods, sizes, column) for column in quantiles.T])


def gls_pvalue(statistic: float, trend: str, periods: int) -> float:
    """P-value of the DF-GLS ratio for a number of periods: normal scores interpolated between simulated quantiles."""
    from scipy.special import ndtr, ndtri

    probabilities, quantiles = _gls_at(trend, periods)
    scores = ndtri(probabilities)
    place = int(np.clip(np.searchsorted(quantiles, statistic), 1, len(quantiles) - 1))
    share = (statistic - quantiles[place - 1]) / (quantiles[place] - quantiles[place - 1])
    return float(ndtr(scores[place - 1] + share * (scores[place] - scores[place - 1])))


def gls_critical_values(trend: str, periods: int) -> dict[float, float]:
    """Critical values of the DF-GLS ratio by level for a number of periods."""
    probabilities, quantiles = _gls_at(trend, periods)
    return {level: float(quantiles[probabilities == level][0]) for level in (0.01, 0.025, 0.05, 0.10)}


def kpss_pvalue(statistic: float, trend: str) -> tuple[float, str]:
    """P-value by linear interpolation of the table, and "<" or ">" where the statistic is beyond its ends."""
    levels, values = np.array(list(KPSS[trend])), np.array(list(KPSS[trend].values()))
    bound = ">" if statistic < values[0] else "<" if statistic > values[-1] else ""
    return float(np.interp(statistic, values, levels)), bound
