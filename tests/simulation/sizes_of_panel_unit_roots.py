"""Processes under which the nulls of tests of one variable of a panel are true."""

from __future__ import annotations

import numpy as np
from simulation.sizes import Study
from simulation.sizes_of_panel_tests import stationary

PANELS = tuple((entities, periods) for entities in (10, 25, 50) for periods in (25, 50, 100))
POWER = ((3, 13), (5, 25), *PANELS)
"""With two panels as they are often met, in which no test finds much."""


class Variable:
    """A table with a column for each entity."""

    def __init__(self, values: np.ndarray) -> None:
        self.y = values.T


def walking(rng: np.random.Generator, entities: int, periods: int) -> Variable:
    return Variable(rng.standard_normal((entities, periods)).cumsum(axis=1))


def drifting(rng: np.random.Generator, entities: int, periods: int) -> Variable:
    drifts = rng.standard_normal((entities, 1))
    return Variable((drifts + rng.standard_normal((entities, periods))).cumsum(axis=1))


def noise(rng: np.random.Generator, entities: int, periods: int) -> Variable:
    return Variable(rng.standard_normal((entities, periods)))


def persistent(rng: np.random.Generator, entities: int, periods: int) -> Variable:
    return Variable(stationary(rng, entities, periods, 0.5))


def shocked(rng: np.random.Generator, entities: int, periods: int) -> Variable:
    loadings, shocks = rng.uniform(1.0, 3.0, (entities, 1)), rng.standard_normal(periods)
    return Variable((loadings * shocks + rng.standard_normal((entities, periods))).cumsum(axis=1))


def reverting(rng: np.random.Generator, entities: int, periods: int) -> Variable:
    return Variable(stationary(rng, entities, periods, 0.9))


def reverting_to_trends(rng: np.random.Generator, entities: int, periods: int) -> Variable:
    slopes = rng.standard_normal((entities, 1))
    return Variable(slopes * np.arange(periods) + stationary(rng, entities, periods, 0.9))


CIPS = (
    'cips_test(y, trend="n")',
    "cips_test(y)",
    "cips_test(y, truncated=True)",
    "cips_test(y, lags=1)",
    'cips_test(y, lags="aic", max_lags=4)',
    'cips_test(y, lags="bic", max_lags=4)',
    'cips_test(y, lags="t-stat", max_lags=4)',
    'cips_test(y, trend="ct")',
    'cips_test(y, trend="ct", lags=1)',
    'cips_test(y, trend="ct", lags="aic", max_lags=4)',
    'cips_test(y, trend="ct", lags="bic", max_lags=4)',
    'cips_test(y, trend="ct", lags="t-stat", max_lags=4)',
)

FACTORS = (
    "panic_test(y)",
    "panic_test(y).parts[1]",
    "panic_test(y).parts[2]",
    "panic_test(y).parts[3]",
    "panic_test(y).parts[4]",
    'panic_test(y, trend="ct")',
    'panic_test(y, trend="ct").parts[2]',
    'panic_test(y, trend="ct").parts[3]',
    'panic_test(y, trend="ct").parts[4]',
    "moon_perron_test(y)",
    "moon_perron_test(y).parts[0]",
    "moon_perron_test(y, small_sample=False)",
    'moon_perron_test(y, trend="ct")',
    "demetrescu_hanck_test(y, lags=0)",
    'demetrescu_hanck_test(y, lags="bic", max_lags=4)',
    'demetrescu_hanck_test(y, lags=0, statistic="hs")',
    'demetrescu_hanck_test(y, lags=0, trend="ct")',
)
"""Of panels whose entities share factors or shocks; PANIC's parts are Choi's Z, P_a, P_b and PMSB."""

STUDIES = (
    Study(
        "Panel unit roots: independent random walks",
        "Each entity a random walk of its own.",
        PANELS,
        walking,
        (
            'harris_tzavalis_test(y, trend="n")',
            "harris_tzavalis_test(y)",
            "harris_tzavalis_test(y).parts[0]",
            'harris_tzavalis_test(y, convention="stata")',
            "breitung_test(y, lags=0)",
            'breitung_test(y, lags=0, trend="n")',
            "breitung_test(y, lags=1)",
            'breitung_test(y, lags="bic", max_lags=4)',
            "breitung_test(y, lags=0, robust=True)",
            "llc_test(y, lags=0)",
            'llc_test(y, lags=0, trend="n")',
            "llc_test(y, lags=1)",
            'llc_test(y, lags="bic", max_lags=4)',
            'llc_test(y, lags="aic", max_lags=4)',
            'llc_test(y, lags="t-stat", max_lags=4)',
            'llc_test(y, lags=0, convention="gretl")',
            "ips_test(y, lags=0)",
            "ips_test(y, lags=0).parts[0]",
            "ips_test(y, lags=0).parts[1]",
            "ips_test(y, lags=0).parts[2]",
            "ips_test(y, lags=1)",
            'ips_test(y, lags="aic", max_lags=4)',
            'ips_test(y, lags="bic", max_lags=4)',
            'ips_test(y, lags="t-stat", max_lags=4)',
            "fisher_test(y, lags=0)",
            'fisher_test(y, lags=0, statistic="P")',
            'fisher_test(y, lags=0, statistic="Pm")',
            'fisher_test(y, lags=0, statistic="L*")',
            'fisher_test(y, lags=0, statistic="hartung")',
            "fisher_test(y, lags=1)",
            'fisher_test(y, lags="bic", max_lags=4)',
            'fisher_test(y, lags="aic", max_lags=4)',
            'fisher_test(y, test="pp")',
            "simes_test(y, lags=0)",
            'simes_test(y, lags="bic", max_lags=4)',
            *CIPS,
            *FACTORS,
        ),
    ),
    Study(
        "Panel unit roots: independent random walks with drifts",
        "Each with a drift of its own, standard normal.",
        PANELS,
        drifting,
        (
            'harris_tzavalis_test(y, trend="ct")',
            'harris_tzavalis_test(y, trend="ct").parts[0]',
            'breitung_test(y, lags=0, trend="ct")',
            'breitung_test(y, lags=1, trend="ct")',
            'breitung_test(y, lags="bic", max_lags=4, trend="ct")',
            'breitung_test(y, lags=0, robust=True, trend="ct")',
            'fisher_test(y, lags=0, trend="ct")',
            'fisher_test(y, lags="bic", max_lags=4, trend="ct")',
            'fisher_test(y, test="pp", trend="ct")',
            'llc_test(y, lags=0, trend="ct")',
            'llc_test(y, lags=1, trend="ct")',
            'llc_test(y, lags="bic", max_lags=4, trend="ct")',
            'llc_test(y, lags="aic", max_lags=4, trend="ct")',
            'llc_test(y, lags="t-stat", max_lags=4, trend="ct")',
            'llc_test(y, lags=0, trend="ct", convention="stata")',
            'llc_test(y, lags=0, trend="ct", convention="gretl")',
            'ips_test(y, lags=0, trend="ct")',
            'ips_test(y, lags=1, trend="ct")',
            'ips_test(y, lags="aic", max_lags=4, trend="ct")',
            'ips_test(y, lags="bic", max_lags=4, trend="ct")',
            'ips_test(y, lags="t-stat", max_lags=4, trend="ct")',
        ),
    ),
    Study(
        "Panel unit roots: random walks with a strong common factor",
        "Errors of every entity and period are a common shock times a loading, uniform between 1 and 3, and their own.",
        PANELS,
        shocked,
        (
            "ips_test(y, lags=0)",
            "ips_test(y, lags=0, demean=True)",
            "breitung_test(y, lags=0, robust=True)",
            "fisher_test(y, lags=0)",
            'fisher_test(y, lags=0, statistic="hartung")',
            "simes_test(y, lags=0)",
            *CIPS,
            *FACTORS,
        ),
    ),
    Study(
        "Panel unit roots: white noise",
        "No autocorrelation.",
        PANELS,
        noise,
        (
            'hadri_test(y, errors="heteroskedastic")',
            'hadri_test(y, errors="homoskedastic")',
            'hadri_test(y, errors="serial")',
            'hadri_test(y, trend="ct", errors="heteroskedastic")',
            'hadri_test(y, trend="ct", errors="heteroskedastic", small_sample=True)',
        ),
    ),
    Study(
        "Panel unit roots: roots of 0.5, which tests of stationarity should not reject",
        "First-order autoregressions of root 0.5.",
        PANELS,
        persistent,
        (
            'hadri_test(y, errors="heteroskedastic")',
            'hadri_test(y, errors="serial")',
            'hadri_test(y, errors="serial", trend="ct")',
        ),
    ),
    Study(
        "Power of panel unit-root tests: roots of 0.9 about levels",
        "Every entity is a stationary first-order autoregression of root 0.9.",
        POWER,
        reverting,
        (
            "harris_tzavalis_test(y)",
            "llc_test(y, lags=0)",
            'llc_test(y, lags="bic", max_lags=4)',
            "ips_test(y, lags=0)",
            'ips_test(y, lags="bic", max_lags=4)',
            "cips_test(y)",
            'cips_test(y, lags="bic", max_lags=4)',
            "harris_tzavalis_test(y).parts[0]",
            "breitung_test(y, lags=0)",
            "breitung_test(y, lags=0, robust=True)",
            "fisher_test(y, lags=0)",
            'fisher_test(y, test="pp")',
            "simes_test(y, lags=0)",
            "panic_test(y)",
            "panic_test(y).parts[3]",
            "moon_perron_test(y)",
            "demetrescu_hanck_test(y, lags=0)",
        ),
        power=True,
    ),
    Study(
        "Power of panel unit-root tests: roots of 0.9 about trends",
        "Every entity is a trend, its slope standard normal, and a stationary first-order autoregression of root 0.9.",
        POWER,
        reverting_to_trends,
        (
            'harris_tzavalis_test(y, trend="ct")',
            'llc_test(y, lags=0, trend="ct")',
            'llc_test(y, lags="bic", max_lags=4, trend="ct")',
            'ips_test(y, lags=0, trend="ct")',
            'ips_test(y, lags="bic", max_lags=4, trend="ct")',
            'cips_test(y, trend="ct")',
            'breitung_test(y, lags=0, trend="ct")',
            'fisher_test(y, lags=0, trend="ct")',
            'fisher_test(y, test="pp", trend="ct")',
            'panic_test(y, trend="ct")',
            'moon_perron_test(y, trend="ct")',
            'demetrescu_hanck_test(y, lags=0, trend="ct")',
        ),
        power=True,
    ),
    Study(
        "Power of panel tests of stationarity: random walks",
        "Every entity is a random walk.",
        POWER,
        walking,
        (
            'hadri_test(y, errors="heteroskedastic")',
            'hadri_test(y, errors="serial")',
            'hadri_test(y, trend="ct", errors="heteroskedastic")',
        ),
        power=True,
    ),
)
