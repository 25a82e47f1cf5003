"""Processes under which the nulls of the tests of vector autoregressions are true."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd
from simulation.sizes import Study

import panelvar as pv
from panelvar.systems.responses.forecast_accuracy import ForecastAccuracy

NAMES = ("y1", "y2", "y3")


class System:
    """Three series, and the models of them that calls name."""

    def __init__(self, values: np.ndarray, instrument: np.ndarray) -> None:
        self.data = pd.DataFrame(values, columns=list(NAMES))
        self.instrument = pd.Series(instrument)

    data: pd.DataFrame

    @cached_property
    def model(self):
        return pv.fit_var(self.data, lags=1)

    @cached_property
    def longer(self):
        return pv.fit_var(self.data, lags=2)

    @cached_property
    def levels(self):
        return pv.fit_var(self.data, lags=4)

    @cached_property
    def stata(self):
        return pv.fit_var(self.data, lags=1, convention="stata")

    @cached_property
    def robust(self):
        return self.model.with_cov("HC1")

    @cached_property
    def without(self):
        others = {name: [f"L1.{other}" for other in NAMES if other != name] for name in NAMES}
        return pv.fit_restricted_var(self.data, restrictions=others, lags=1)

    @cached_property
    def moving(self):
        return pv.fit_rolling_var(self.data, window=3 * len(self.data) // 10)

    @cached_property
    def growing(self):
        return pv.fit_rolling_var(self.data, window=3 * len(self.data) // 10, expanding=True)

    @cached_property
    def svar(self):
        return pv.fit_svar(self.model, pv.ShortRun(b=np.diag([np.nan] * 3)))

    @cached_property
    def proxy(self):
        return pv.ExternalInstrument(self.instrument, "y1")


def independent(rng: np.random.Generator, periods: int) -> System:
    """Three unrelated AR(1) of 0.5, and noise as an instrument."""
    values = rng.standard_normal((50 + periods, 3))
    for period in range(1, len(values)):
        values[period] += 0.5 * values[period - 1]
    return System(values[50:], rng.standard_normal(periods))


def walks(rng: np.random.Generator, periods: int) -> System:
    """Three unrelated random walks."""
    return System(np.cumsum(rng.standard_normal((periods, 3)), axis=0), rng.standard_normal(periods))


class Forecasts:
    """Errors of two equally good forecasts of one series, one and four periods ahead."""

    def __init__(self, rng: np.random.Generator, origins: int) -> None:
        shocks = rng.standard_normal((2, origins + 3))
        ahead = np.stack([shocks[:, 3 - lag : 3 - lag + origins] for lag in range(4)])
        errors = np.full((2, origins, 4, 1), np.nan)
        errors[:, :, 0, 0], errors[:, :, 3, 0] = ahead[0], ahead.sum(axis=0)
        self.accuracy = ForecastAccuracy(*errors, "other forecast", ("y1",), pd.RangeIndex(origins))


PERIODS = ((40,), (60,), (120,))

STUDIES = (
    Study(
        "A stable vector autoregression",
        "Three unrelated AR(1) of 0.5; `model` has one lag and a constant, `longer` two lags, `stata` is `model` under "
        "that convention (chi-squared for F), `robust` has HC1, `without` the lags of other "
        "variables left out. The instrument is noise.",
        PERIODS,
        independent,
        (
            'model.granger_causality("y1", "y2")',
            'model.granger_causality("y1", ["y2", "y3"])',
            'model.granger_causality(["y1", "y2"], "y3")',
            'stata.granger_causality("y1", ["y2", "y3"])',
            'robust.granger_causality("y1", ["y2", "y3"])',
            'model.with_cov("HC3").granger_causality("y1", ["y2", "y3"])',
            "longer.exclusion_test(lags=2)",
            'model.wald_test("[y1]L1.y1 = [y2]L1.y2")',
            "without.restriction_test(model)",
            'instantaneous_causality_test(model, "y1")',
            "portmanteau_test(model, lags=8)",
            'portmanteau_test(model, lags=8, statistic="plain")',
            'portmanteau_test(model, lags=8, statistic="ljung-box")',
            "serial_lm_test(model, lags=4)",
            'serial_lm_test(model, lags=4, statistic="lr")',
            'serial_lm_test(model, lags=4, statistic="f")',
            "serial_lm_test(model, lags=4, alone=True)",
            "normality_test(model)",
            'normality_test(model, statistic="doornik-hansen")',
            'normality_test(model, statistic="urzua")',
            "arch_test(model)",
            'arch_test(model, equation="y1")',
            "white_test(model)",
            "white_test(model, cross_terms=True)",
            'cusum_test(model).tests["y1"]',
            'cusum_test(model, statistic="recursive").tests["y1"]',
            'cusum_test(model, statistic="squares").tests["y1"]',
            'mosum_test(model).tests["y1"]',
            'mosum_test(model, statistic="recursive").tests["y1"]',
            "instrument_relevance_test(model, proxy)",
            'instrument_relevance_test(model, proxy, cov="classical")',
        ),
    ),
    Study(
        "Windows of a stable vector autoregression",
        "As before, one lag; `moving` has windows of three tenths of the periods, `growing` a sample that expands from "
        "there.",
        ((60,), (120,), (240,)),
        independent,
        ('fluctuation_test(moving).tests["y1"]', 'fluctuation_test(growing).tests["y1"]'),
        costly=True,
    ),
    Study(
        "A structural vector autoregression",
        "As before; `svar` has a diagonal B, three restrictions more than needed.",
        PERIODS,
        independent,
        ("svar.overidentification",),
        costly=True,
    ),
    Study(
        "Causality by the wild bootstrap",
        "As before, 199 draws.",
        PERIODS,
        independent,
        (
            'granger_bootstrap_test(model, "y1", ["y2", "y3"], draws=199, seed=1)',
            'granger_bootstrap_test(robust, "y1", ["y2", "y3"], draws=199, seed=1)',
        ),
        costly=True,
    ),
    Study(
        "Causality between random walks",
        "Three unrelated random walks; `levels` is a vector autoregression of four lags.",
        PERIODS,
        walks,
        (
            'toda_yamamoto_test(data, "y1", "y2", lags=1)',
            'toda_yamamoto_test(data, "y1", ["y2", "y3"], lags=1)',
            'toda_yamamoto_test(data, "y1", ["y2", "y3"], lags=3)',
            'levels.exclusion_test(equations="y1", variables=["y2", "y3"], lags=[1, 2, 3])',
        ),
    ),
    Study(
        "Two forecasts that are equally good",
        "Errors of both are noise one period ahead and sums of four shocks four periods ahead; T forecasts.",
        ((20,), (40,), (200,)),
        Forecasts,
        ('accuracy.diebold_mariano("y1")', 'accuracy.diebold_mariano("y1", 4)'),
    ),
)
