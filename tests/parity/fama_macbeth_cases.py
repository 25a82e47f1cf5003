"""linearmodels' FamaMacBeth on four panels; ``debiased=False`` divides by T where the rest divides by T - 1."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from parity.panels import MODELS
from parity.runner import Case, Comparison
from reference_data import table
from scipy import stats

import panelvar as pv

FILE = "four_linearmodels_fama_macbeth"
COVARIANCES: dict[str, dict[str, Any]] = {
    "unadjusted": {},
    "not_debiased": {},
    "bartlett2": {"lags": 2},
    "parzen3": {"lags": 3, "kernel": "parzen"},
    "qs1.5": {"lags": 1.5, "kernel": "quadratic-spectral"},
}


@cache
def fit(data: str, key: str) -> pv.HeterogeneousResult:
    """The average over periods; few periods and left-out ones are warned about, which is tested elsewhere."""
    panel = pv.Panel(table(data), "firm", "year")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return pv.fit_fama_macbeth(panel, *MODELS[data], convention="linearmodels", **COVARIANCES[key])


def tree(data: str, key: str) -> dict[str, Any]:
    """Coefficients, errors, p-values and covariance."""
    result = fit(data, key)
    if key != "not_debiased":
        return {
            "params": result.params,
            "std_errors": result.std_errors,
            "pvalues": result.pvalues,
            "cov": result.cov.to_numpy(),
        }
    share = (result.n_periods - 1) / result.n_periods
    errors = result.std_errors * np.sqrt(share)
    tails = pd.Series(2.0 * stats.norm.sf(np.abs(result.params / errors)), index=errors.index)
    return {"params": result.params, "std_errors": errors, "pvalues": tails, "cov": result.cov.to_numpy() * share}


def comparisons() -> list[Comparison]:
    """Everything in the file."""
    out = []
    for data in ("grunfeld", "empluk", "gasoline", "scattered"):
        out += [Comparison(f"{data}/{key}", lambda d=data, k=key: tree(d, k)) for key in COVARIANCES]
        out.append(Comparison(f"{data}/nobs", lambda d=data: fit(d, "unadjusted").nobs))
        out.append(
            Comparison(
                f"{data}/all_params",
                lambda d=data: {str(year): row for year, row in fit(d, "unadjusted").individual.iterrows()},
            )
        )
    return out


CASES = [Case(FILE, comparisons(), (), "linearmodels")]
