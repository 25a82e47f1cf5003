"""Processes under which the nulls of unit roots, of stationarity and of no cointegration are true."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from simulation.sizes import Study

import panelvar as pv


class Series:
    """One series, or some."""

    def __init__(self, values: np.ndarray) -> None:
        self.y = values

    y: np.ndarray

    @cached_property
    def vecm(self):
        return pv.fit_vecm(self.y, ["y1", "y2", "y3"], rank=1, lags=2)


def walk(rng: np.random.Generator, periods: int) -> Series:
    """A random walk."""
    return Series(np.cumsum(rng.standard_normal(periods)))


def noise(rng: np.random.Generator, periods: int) -> Series:
    """White noise."""
    return Series(rng.standard_normal(periods))


def persistent(rng: np.random.Generator, periods: int) -> Series:
    """An AR(1) of 0.5."""
    values = rng.standard_normal(50 + periods)
    for period in range(1, len(values)):
        values[period] += 0.5 * values[period - 1]
    return Series(values[50:])


def walks(rng: np.random.Generator, periods: int) -> Series:
    """Two random walks."""
    return Series(np.cumsum(rng.standard_normal((periods, 2)), axis=0))


def drifting(rng: np.random.Generator, periods: int) -> Series:
    """Two random walks with drifts."""
    return Series(np.cumsum(0.5 + rng.standard_normal((periods, 2)), axis=0))


def cointegrated(rng: np.random.Generator, periods: int) -> Series:
    """Three series with the relation y1 = y2, to which the first alone reacts; y2 and y3 are random walks."""
    others = np.cumsum(rng.standard_normal((50 + periods, 2)), axis=0)
    first, errors = np.zeros(50 + periods), rng.standard_normal(50 + periods)
    for period in range(1, len(first)):
        first[period] = first[period - 1] - 0.5 * (first[period - 1] - others[period - 1, 0]) + errors[period]
    return Series(np.column_stack([first, others])[50:])


PERIODS = ((40,), (60,), (200,))
RULES = ("1", '"aic"', '"bic"', '"hqic"', '"t-stat"')

STUDIES = (
    Study(
        "A random walk",
        "One series.",
        PERIODS,
        walk,
        (
            *(f"adf_test(y, lags={rule})" for rule in RULES),
            *(f'adf_test(y, lags={rule}, trend="ct")' for rule in RULES),
            'adf_test(y, lags=1, trend="n")',
            'adf_test(y, lags=1, trend="ctt")',
            *(f"dfgls_test(y, lags={rule})" for rule in RULES),
            *(f'dfgls_test(y, lags={rule}, trend="ct")' for rule in RULES),
            "phillips_perron_test(y)",
            'phillips_perron_test(y, trend="ct")',
            'phillips_perron_test(y, statistic="rho")',
            'phillips_perron_test(y, bandwidth="newey-west")',
        ),
    ),
    Study(
        "White noise",
        "One series; the null of KPSS.",
        PERIODS,
        noise,
        (
            "kpss_test(y)",
            'kpss_test(y, trend="ct")',
            'kpss_test(y, bandwidth="schwert")',
            'kpss_test(y, bandwidth="short")',
            'kpss_test(y, bandwidth="short", trend="ct")',
        ),
    ),
    Study(
        "A stationary autoregression",
        "AR(1) of 0.5; the null of KPSS.",
        PERIODS,
        persistent,
        (
            "kpss_test(y)",
            'kpss_test(y, trend="ct")',
            'kpss_test(y, bandwidth="schwert")',
            'kpss_test(y, bandwidth="short")',
        ),
    ),
    Study(
        "Unrelated random walks",
        "Two of them. Case `c` of Johansen's, the default, is for levels that drift, which these do not.",
        PERIODS,
        walks,
        (
            *(f"engle_granger_test(y, lags={rule})" for rule in RULES),
            'engle_granger_test(y, trend="ct", lags=1)',
            "johansen_test(y, lags=2).trace_pvalues[0]",
            'johansen_test(y, lags=2, trend="rc").trace_pvalues[0]',
        ),
    ),
    Study(
        "Unrelated random walks with drifts",
        "Two of them, drifts of 0.5.",
        PERIODS,
        drifting,
        (
            "johansen_test(y, lags=2).trace_pvalues[0]",
            "johansen_test(y, lags=2).max_pvalues[0]",
            'johansen_test(y, lags=2, correction="reinsel-ahn").trace_pvalues[0]',
            'johansen_test(y, lags=2, correction="reinsel-ahn").max_pvalues[0]',
            'johansen_test(y, lags=2, correction="doornik").trace_pvalues[0]',
        ),
    ),
    Study(
        "Random walks with drifts by the bootstrap",
        "As before.",
        PERIODS,
        drifting,
        (
            "johansen_test(y, lags=2, bootstrap=ResidualBootstrap(99, seed=1)).trace_pvalues[0]",
            "johansen_test(y, lags=2, bootstrap=ResidualBootstrap(99, seed=1)).max_pvalues[0]",
        ),
        costly=True,
    ),
    Study(
        "Three variables with one relation",
        "$y_1 = y_2$ in the long run, and the first reacts to it by -0.5; the others are random walks. "
        "`vecm` has rank one and two lags.",
        PERIODS,
        cointegrated,
        (
            'vecm.restriction_test(beta="y3 = 0")',
            'vecm.restriction_test(known={"y1": 1, "y2": -1})',
            'vecm.restriction_test(alpha="y2 = 0")',
            'vecm.weak_exogeneity_test(["y2", "y3"])',
            "vecm.exclusion_test(lags=1)",
        ),
    ),
)
