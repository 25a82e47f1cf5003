"""R (plm, sandwich, clubSandwich, lm with dummies): what the other R files leave out, on Grunfeld's data."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import pandas as pd
from parity.runner import Case, Comparison, Exclusion
from reference_data import table

import panelvar as pv

SLOPES = ["value", "capital"]


@cache
def panel() -> pv.Panel:
    """Grunfeld's data with a third way to group rows."""
    frame = table("grunfeld")
    return pv.Panel(frame.assign(block=frame["firm"] % 3 * 10 + frame["year"] // 10), "firm", "year")


@cache
def fit(name: str) -> Any:
    """A model of Grunfeld's investment; the warnings about few clusters are tested elsewhere."""
    model = (panel(), "inv", SLOPES)
    makers: dict[str, Callable[[], Any]] = {
        "pcce_p": lambda: pv.fit_common_correlated_effects(*model, pooled=True, convention="plm"),
        "pcce_mg": lambda: pv.fit_common_correlated_effects(*model, convention="plm"),
        "pmg_mg_trend": lambda: pv.fit_mean_group(*model, trend="ct", convention="plm"),
        "pmg_cmg_trend": lambda: pv.fit_common_correlated_effects(*model, trend="ct", convention="plm"),
        "pooled": lambda: pv.fit_pooled(*model, convention="plm"),
        "within": lambda: pv.fit_fixed_effects(*model),
        "twoway": lambda: pv.fit_fixed_effects(*model, effects="twoway"),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return makers[name]()


def under(name: str, cov: Any) -> pv.LinearResult:
    """The model under another covariance."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return fit(name).with_cov(cov)


def joint(kind: str) -> dict[str, float | None]:
    """clubSandwich's HTZ test that both slopes are zero."""
    test = under("pooled", pv.BiasReduced("entity", kind=kind)).wald_test(SLOPES)
    return {"F": test.statistic, "df": test.df_denominator, "p.value": test.pvalue}


def predictions(column: str) -> dict[str, float]:
    """Expected values, or their errors, of three rows."""
    found = fit("within").predict_interval(effects=True)[column]
    return {f"row{row}": found.iloc[row] for row in (0, 56, 199)}


def by_firm(values: pd.Series) -> dict[str, float]:
    """Labels as texts, as JSON has them."""
    return {str(label): value for label, value in values.items()}


UNADJUSTED = {"group_factor": False, "dof_factor": "none"}
comparisons = [
    *(
        Comparison(f"{name}/{part}", lambda n=name, f=field: getattr(fit(n), f))
        for name in ("pcce_p", "pcce_mg", "pmg_mg_trend", "pmg_cmg_trend")
        for part, field in (("coef", "params"), ("se", "std_errors"))
    ),
    Comparison("fixef_dmean/value", lambda: by_firm(fit("within").estimated_effects()["deviation"])),
    *(Comparison(f"htz_{kind}/test", lambda k=kind: joint(k)) for kind in ("CR0", "CR2", "CR3")),
    Comparison(
        "cluster_three/se",
        lambda: under("pooled", pv.Clustered("entity", "time", "block", **UNADJUSTED)).std_errors,
    ),
    *(
        Comparison(f"dummies_twoway_{kind}/se", lambda k=kind: under("twoway", pv.HC(k)).std_errors)
        for kind in ("HC0", "HC1", "HC2", "HC3", "HC4")
    ),
    Comparison("predict_oneway/fit", lambda: predictions("predicted")),
    Comparison("predict_oneway/se", lambda: predictions("std_error")),
]

CASES = [
    Case(
        "grunfeld_plm_more",
        comparisons,
        [
            Exclusion(
                "fixef_dmean/se",
                "plm prints the standard errors of the levels for deviations too; ours are those of the deviations "
                "(tests/panels/static/test_effect_errors.py)",
            )
        ],
        "plm",
        {"(Intercept)": "const"},
    )
]
