"""A vector autoregression of a panel as StataNow's xtvar prints it: two steps, deviations, all lags as instruments."""

from __future__ import annotations

from functools import cache

from parity.dynamic_gmm_cases import quietly
from parity.runner import Case, Comparison, printed
from reference_data import table

import panelvar as pv


@cache
def municipalities() -> pv.PanelVarResult:
    rows = table("dahlberg").set_index(["id", "year"])
    return quietly(pv.fit_panel_var, rows, ["grants", "revenues", "expenditures"], lags=2, transform="fod", steps=2)


def granger() -> pv.TestResult:
    return municipalities().granger_causality("expenditures", "grants")


CASES = [
    Case(
        "published_stata_xtvar",
        [
            Comparison("xtvar_lags2/N", lambda: municipalities().nobs),
            Comparison("xtvar_lags2/N_g", lambda: municipalities().n_entities),
            Comparison("xtvar_lags2/moments", lambda: 3 * municipalities().n_instruments),
            Comparison("xtvar_lags2/hansen", lambda: municipalities().hansen_j.statistic, printed(decimals=2)),
            Comparison("xtvar_lags2/hansen_df", lambda: municipalities().hansen_j.df),
            Comparison("xtvar_lags2/hansenp", lambda: municipalities().hansen_j.pvalue, printed(decimals=3)),
            Comparison(
                "xtvar_lags2/granger/expenditures from grants", lambda: granger().statistic, printed(decimals=1)
            ),
            Comparison("xtvar_lags2/granger/df", lambda: granger().df),
        ],
        preset="default",
    ),
]
