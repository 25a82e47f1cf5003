"""Tests of one variable of a panel: R plm's ``purtest``, and gretl."""

from __future__ import annotations

from functools import cache

from parity.runner import Case, Comparison, Exclusion, expected_tree
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


NO_AVERAGES = "read off the table of ratios beside averages, which these are not"
TYPES = {"none": "n", "drift": "c", "trend": "ct"}


def cips(variable: str, model: str) -> dict[str, object]:
    terms, kind, lags, cut = model.split("_")
    order, trend = int(lags.removeprefix("lags")), TYPES[terms]
    if kind == "cmg":
        result = pv.cips_test(
            grunfeld(), variable, lags=order, trend=trend, truncated=cut == "truncatedTRUE", convention="plm"
        )
        ratios = result.individual["ratio"].tolist()
        return {"cips": result.statistic, "p_interpolated_bounded": result.pvalue, "individual_cadf_t": ratios}
    values = table("grunfeld").pivot(index="year", columns="firm", values=variable).to_numpy(dtype=float)
    if kind == "dmg":
        values = values - values.mean(axis=1, keepdims=True)
    ratios = [pv.adf_test(series, order, trend=trend).statistic for series in values.T]
    return {"cips": sum(ratios) / len(ratios), "individual_cadf_t": ratios}


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
    Case(
        "grunfeld_cips",
        [
            Comparison(f"{variable}/{model}", (lambda variable=variable, model=model: cips(variable, model)))
            for variable, models in expected_tree("grunfeld_cips").items()
            for model in models
            if not model.startswith("trend_dmg")
        ],
        (
            Exclusion(
                "*/trend_dmg_*", "repeats drift_dmg: of differences from the means, cipstest leaves the trend out"
            ),
            Exclusion("*/*_mg_*/p_interpolated_bounded", NO_AVERAGES),
            Exclusion("*/*_dmg_*/p_interpolated_bounded", NO_AVERAGES),
        ),
        "plm",
    ),
]
