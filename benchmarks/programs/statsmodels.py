"""statsmodels."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.regression.linear_model import OLS
from statsmodels.tsa.api import VAR
from statsmodels.tsa.stattools import adfuller

from benchmarks.programs.answers import Answer, Call, regressors_of

DRAWN = 10
"""Draws of bands that are timed; more would take minutes."""


def arrays(frame: pd.DataFrame) -> Call:
    design = np.column_stack((np.ones(len(frame)), frame[regressors_of(frame)]))
    y = frame["y"].to_numpy()

    def run() -> Answer:
        result = OLS(y, design).fit()
        result.pvalues, result.rsquared, result.fvalue  # noqa: B018
        return {"params": result.params, "std_errors": result.bse}

    return run


def pooled(frame: pd.DataFrame) -> Call:
    names = regressors_of(frame)

    def run() -> Answer:
        result = OLS(frame["y"], frame[names].assign(const=1.0)).fit()
        result.pvalues, result.rsquared, result.fvalue  # noqa: B018
        return {"params": result.params[names].to_numpy(), "std_errors": result.bse[names].to_numpy()}

    return run


def var(lags: int) -> Callable[[pd.DataFrame], Call]:
    def prepare(frame: pd.DataFrame) -> Call:
        def run() -> Answer:
            result = VAR(frame).fit(lags)
            result.pvalues  # noqa: B018
            return {
                "params": np.asarray(result.params),
                "std_errors": np.asarray(result.bse),
                "sigma": np.asarray(result.sigma_u),
            }

        return run

    return prepare


def selection(frame: pd.DataFrame) -> Call:
    return lambda: {"aic": np.array(VAR(frame).select_order(8).ics["aic"][1:])}


def responses(frame: pd.DataFrame) -> Call:
    model = VAR(frame).fit(2)
    return lambda: {"responses": model.irf(20).orth_irfs}


def bands(lags: int, draws: int) -> Callable[[pd.DataFrame], Call]:
    """Draw some of the bands' samples, and scale their time; the responses are told once."""

    def prepare(frame: pd.DataFrame) -> Call:
        model = VAR(frame).fit(lags)
        told = False

        def run() -> Answer | float:
            nonlocal told
            if not told:
                told = True
                return {"responses": model.irf(10).orth_irfs}
            start = time.perf_counter()
            model.irf_errband_mc(orth=True, repl=DRAWN, steps=10, seed=1)
            return (time.perf_counter() - start) * draws / DRAWN

        return run

    return prepare


def augmented_dickey_fuller(lags: int) -> Callable[[np.ndarray], Call]:
    def prepare(series: np.ndarray) -> Call:
        return lambda: {"statistic": np.array([adfuller(series, lags, autolag=None)[0]])}

    return prepare


JOBS: dict[str, Callable[[Any], Call]] = {
    "arrays": arrays,
    "pooled": pooled,
    "VAR": var(2),
    "lag selection": selection,
    "responses": responses,
    "bands": bands(4, 1000),
    "ADF": augmented_dickey_fuller(8),
}
