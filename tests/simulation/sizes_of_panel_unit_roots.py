"""Processes under which the nulls of tests of one variable of a panel are true."""

from __future__ import annotations

import numpy as np
from simulation.sizes import Study
from simulation.sizes_of_panel_tests import stationary

PANELS = ((10, 25), (25, 50), (50, 100))


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

STUDIES = (
    Study(
        "Independent random walks",
        "Each entity a random walk of its own.",
        PANELS,
        walking,
        (
            'harris_tzavalis_test(y, trend="n")',
            "harris_tzavalis_test(y)",
            'harris_tzavalis_test(y, convention="stata")',
            "llc_test(y, lags=0)",
            'llc_test(y, lags=0, trend="n")',
            "llc_test(y, lags=1)",
            'llc_test(y, lags="bic", max_lags=4)',
            'llc_test(y, lags="aic", max_lags=4)',
            'llc_test(y, lags="t-stat", max_lags=4)',
            'llc_test(y, lags=0, convention="gretl")',
            "ips_test(y, lags=0)",
            "ips_test(y, lags=0).parts[0]",
            "ips_test(y, lags=1)",
            'ips_test(y, lags="aic", max_lags=4)',
            'ips_test(y, lags="bic", max_lags=4)',
            'ips_test(y, lags="t-stat", max_lags=4)',
            *CIPS,
        ),
    ),
    Study(
        "Independent random walks with drifts",
        "Each with a drift of its own, standard normal.",
        PANELS,
        drifting,
        (
            'harris_tzavalis_test(y, trend="ct")',
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
        "Random walks with a strong common factor",
        "Errors of every entity and period are a common shock times a loading, uniform between 1 and 3, and their own.",
        PANELS,
        shocked,
        ("ips_test(y, lags=0)", "ips_test(y, lags=0, demean=True)", *CIPS),
    ),
    Study(
        "Panels of white noise",
        "No autocorrelation.",
        PANELS,
        noise,
        (
            "hadri_test(y)",
            'hadri_test(y, errors="homoskedastic")',
            'hadri_test(y, errors="serial")',
            'hadri_test(y, trend="ct")',
            'hadri_test(y, trend="ct", df_correction=True)',
        ),
    ),
    Study(
        "Panels of stationary autoregressions",
        "First-order autoregressions of root 0.5.",
        PANELS,
        persistent,
        ("hadri_test(y)", 'hadri_test(y, errors="serial")', 'hadri_test(y, errors="serial", trend="ct")'),
    ),
)
