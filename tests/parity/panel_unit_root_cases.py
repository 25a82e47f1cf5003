"""Tests of one variable of a panel: R plm's ``purtest``, and gretl."""

from __future__ import annotations

from functools import cache

from parity.runner import Case, Comparison, expected_tree
from reference_data import table

import panelvar as pv

TRENDS = {"none": "n", "intercept": "c", "trend": "ct"}
OPTIONS = {
    "hadri_HconsTRUE": {"errors": "heteroskedastic"},
    "hadri_HconsFALSE": {"errors": "homoskedastic"},
    "hadri_dfcorTRUE": {"errors": "heteroskedastic", "df_correction": True},
}


@cache
def grunfeld() -> pv.Panel:
    return pv.Panel(table("grunfeld"), "firm", "year")


def hadri(model: str, test: str) -> dict[str, float]:
    variable, terms = model.split("_")
    result = pv.hadri_test(grunfeld(), variable, trend=TRENDS[terms], **OPTIONS[test])
    return {"statistic": result.statistic, "p.value": result.pvalue}


RULES = {"SIC": "bic", "AIC": "aic", "Hall": "t-stat"}


def how_many(lags: str) -> dict[str, object]:
    """Options for lags that are given (``lags1``) or chosen by a rule."""
    return {"lags": RULES[lags], "max_lags": 4} if lags in RULES else {"lags": int(lags.removeprefix("lags"))}


def ips(model: str, lags: str) -> dict[str, object]:
    variable, terms = model.split("_")
    result = pv.ips_test(grunfeld(), variable, trend=TRENDS[terms], convention="plm", **how_many(lags))
    return {"statistic": result.statistic, "p.value": result.pvalue, "lags": result.individual["lags"].tolist()}


def llc(model: str, test: str) -> dict[str, object]:
    variable, terms = model.split("_")
    kind, lags = test.rsplit("_", 1)
    options = {"df_correction": kind == "levinlin_dfcor", "convention": "plm", **how_many(lags)}
    result = pv.llc_test(grunfeld(), variable, trend=TRENDS[terms], **options)
    return {"statistic": result.statistic, "p.value": result.pvalue, "lags": result.individual["lags"].tolist()}


def llc_of_gretl(model: str, lags: str) -> dict[str, object]:
    variable, terms = model.split("_")
    result = pv.llc_test(grunfeld(), variable, trend=TRENDS[terms], convention="gretl", **how_many(lags))
    return {"statistic": result.statistic, "p.value": result.pvalue}


CASES = [
    Case(
        "grunfeld_hadri",
        [
            Comparison(f"{model}/{test}", (lambda model=model, test=test: hadri(model, test)))
            for model, tests in expected_tree("grunfeld_hadri").items()
            for test in tests
        ],
        (),
        "plm",
    ),
    Case(
        "grunfeld_ips",
        [
            Comparison(f"{model}/{lags}", (lambda model=model, lags=lags: ips(model, lags)))
            for model, every in expected_tree("grunfeld_ips").items()
            for lags in every
        ],
        (),
        "plm",
    ),
    Case(
        "grunfeld_llc",
        [
            Comparison(f"{model}/{test}", (lambda model=model, test=test: llc(model, test)))
            for model, tests in expected_tree("grunfeld_llc").items()
            for test in tests
        ],
        (),
        "plm",
    ),
    Case(
        "grunfeld_llc_gretl",
        [
            Comparison(f"{model}/{lags}", (lambda model=model, lags=lags: llc_of_gretl(model, lags)))
            for model, every in expected_tree("grunfeld_llc_gretl").items()
            for lags in every
        ],
        (),
        "gretl",
    ),
]
