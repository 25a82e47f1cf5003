"""R lm and sandwich: pooled OLS and its heteroskedasticity-consistent and clustered covariances.

Claimed under ``convention="default"``, with sandwich's choices as explicit arguments: ``cadjust`` is ``group_factor``,
types HC2 and HC3 of ``vcovCL`` are CR2 and CR3, times (G - 1) / G without ``cadjust``, type HC1 is
``dof_factor="(n-1)/(n-k)"``, one factor for each term of the inclusion-exclusion is ``multiway_factor="each"``; of
``vcovPL``, ``adjust`` is ``factor="n/(n-k)"``, and ``aggregate=FALSE`` is Newey-West within entities.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
from parity.panels import MODELS, answered
from parity.runner import Case, Comparison, Exclusion
from reference_data import table

import panelvar as pv
from panelvar.estimates.fit.presets import as_convention

EACH_TERM = as_convention("default").but(multiway_factor="each", repair_multiway=False)
CLUSTERS = {"entity": ("entity",), "time": ("time",), "entity_time": ("entity", "time")}


@cache
def pooled(data: str, cov: object = "classical") -> pv.LinearResult:
    """Pooled OLS; the warning about few clusters is tested elsewhere."""
    panel = pv.Panel(table(data), "firm", "year")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return pv.fit_pooled(panel, *MODELS[data], cov=cov, convention=EACH_TERM)


def counting_variance(data: str) -> pv.LinearResult:
    """R's criteria count the error variance as a parameter."""
    return replace(pooled(data), convention=EACH_TERM.but(criteria_count_variance=True))


def unadjusted_intersection(data: str, factor: str) -> pd.Series:
    """``multi0=TRUE``: the term of the intersections, here the rows, is HC0 whatever the others are."""
    entity, time = (
        pooled(data, pv.Clustered(by, group_factor=True, dof_factor=factor)).cov for by in ("entity", "time")
    )
    variances = entity + time - pooled(data, pv.HC("HC0")).cov
    return pd.Series(np.sqrt(np.diagonal(variances)), index=entity.index)


def f_statistic(result: pv.LinearResult) -> dict:
    """R's fstatistic."""
    test = result.f_statistic
    return {"value": test.statistic, "numdf": test.df, "dendf": test.df_denominator}


def comparisons(data: str) -> list[Comparison]:
    """Every number of ``DATA_sandwich_lm.json`` that this version computes."""
    out = [
        Comparison("coef", lambda: pooled(data).params),
        Comparison("se", lambda: pooled(data).std_errors),
        Comparison("sigma2", lambda: pooled(data).sigma2),
        Comparison("r2", lambda: pooled(data).rsquared),
        Comparison("adj_r2", lambda: pooled(data).rsquared_adjusted),
        Comparison("F", lambda: f_statistic(pooled(data))),
        Comparison("logLik", lambda: pooled(data).loglik),
        Comparison("AIC", lambda: counting_variance(data).aic),
        Comparison("BIC", lambda: counting_variance(data).bic),
        Comparison("vcovHC/const", lambda: pooled(data).std_errors),
    ]
    out += [
        Comparison(f"vcovHC/{kind}", lambda kind=kind: pooled(data, pv.HC(kind)).std_errors)
        for kind in ("HC0", "HC1", "HC2", "HC3", "HC4", "HC4m", "HC5")
    ]
    # Lags "NW1987" are floor(T^(1/4)), "P2009" and "max" are T - 1.
    periods = pooled(data).n_periods
    for rule, lags in (("NW1987", int(periods**0.25)), ("P2009", periods - 1), ("max", periods - 1)):
        for word, factor in (("TRUE", "n/(n-k)"), ("FALSE", "none")):
            for aggregate, kind in (("TRUE", pv.DriscollKraay), ("FALSE", pv.PanelNeweyWest)):
                cov = kind(lags, factor=factor)
                path = f"vcovPL/aggregate{aggregate}_lag{rule}_adjust{word}"
                out.append(Comparison(path, lambda cov=cov: pooled(data, cov).std_errors))
    for word, pairwise in (("TRUE", True), ("FALSE", False)):
        cov = pv.PanelCorrected(pairwise)
        out.append(Comparison(f"vcovPC/pairwise{word}", lambda cov=cov: pooled(data, cov).std_errors))
    for name, by in CLUSTERS.items():
        for kind, factor in (("HC0", "none"), ("HC1", "(n-1)/(n-k)")):
            for word, adjust in (("TRUE", True), ("FALSE", False)):
                cov = pv.Clustered(*by, group_factor=adjust, dof_factor=factor)
                path = f"vcovCL_{name}/{kind}_cadjust{word}"
                out.append(Comparison(path, lambda cov=cov: pooled(data, cov).std_errors))
        for hc, kind in (("HC2", "CR2"), ("HC3", "CR3")):
            for word, factor in (("TRUE", "none"), ("FALSE", "(G-1)/G")):
                cov = pv.BiasReduced(*by, kind=kind, factor=factor)
                path = f"vcovCL_{name}/{hc}_cadjust{word}"
                out.append(Comparison(path, lambda cov=cov: pooled(data, cov).std_errors))
    for kind, factor in (("HC0", "none"), ("HC1", "(n-1)/(n-k)")):
        path = f"vcovCL_entity_time_multi0TRUE/{kind}_cadjustTRUE"
        out.append(Comparison(path, lambda factor=factor: unadjusted_intersection(data, factor)))
    return out


LAST_FIRM = (
    "a sandwich error: vcovPL(aggregate = FALSE) takes the firm of the last row, in order of time, for the number of "
    "firms, and leaves the lagged products of those after it out (tests/parity/test_sandwich_errors.py rebuilds them)"
)
EXCLUSIONS = {"staggered": [Exclusion("vcovPL/aggregateFALSE*", LAST_FIRM)]}
CASES = [
    Case(
        f"{data}_sandwich_lm",
        answered(f"{data}_sandwich_lm", comparisons(data), EXCLUSIONS.get(data, ())),
        EXCLUSIONS.get(data, ()),
        "default",
        {"(Intercept)": "const"},
    )
    for data in MODELS
]
