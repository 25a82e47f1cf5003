"""Tests of one variable of a panel: R plm's ``purtest``, and gretl."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import numpy as np
from parity.runner import Case, Comparison, Exclusion, expected_tree
from reference_data import table

import panelvar as pv
from panelvar.nonstationary.unit_roots.distributions import LARGEST_PVALUE

TRENDS = {"none": "n", "intercept": "c", "trend": "ct"}
OPTIONS = {
    "hadri_HconsTRUE": {"errors": "heteroskedastic"},
    "hadri_HconsFALSE": {"errors": "homoskedastic"},
    "hadri_dfcorTRUE": {"errors": "heteroskedastic", "small_sample": True},
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
    parts = {part.name: part for part in result.parts}
    found: dict[str, object] = {
        "statistic": result.statistic,
        "p.value": result.pvalue,
        "lags": result.individual["lags"].tolist(),
    }
    if terms != "trend":
        found["Ztbar"] = {"statistic": parts["Z-t-bar"].statistic, "p.value": parts["Z-t-bar"].pvalue}
    if lags == "lags0":
        found["tbar"] = parts["Average ratio (t-bar)"].statistic
    return found


NO_TREND = "of the moments with a constant under a trend: -2.605 where W is -0.425"


def llc(model: str, test: str) -> dict[str, object]:
    variable, terms = model.split("_")
    kind, lags = test.rsplit("_", 1)
    options = {"small_sample": kind == "levinlin_dfcor", "convention": "plm", **how_many(lags)}
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
    ratios = [pv.adf_test(series, lags=order, trend=trend).statistic for series in values.T]
    return {"cips": sum(ratios) / len(ratios), "individual_cadf_t": ratios}


STATISTICS = {"madwu": "P", "Pm": "Pm", "invnormal": "Z", "logit": "L*"}
CERTAIN, UNDEFINED = ("lags0", "SIC", "AIC", "Hall"), ("invnormal", "logit")
NO_CERTAINTY = "a p-value of 1, which has neither a normal score nor an odds ratio: combine_pvalues refuses it"


def fisher(model: str, lags: str) -> dict[str, object]:
    """Regressions of plm, and statistics of the p-values that it has, which are those of MacKinnon (1996)."""
    variable, terms = model.split("_")
    own = pv.fisher_test(grunfeld(), variable, trend=TRENDS[terms], convention="plm", **how_many(lags)).individual
    found = {
        "lags": own["lags"].tolist(),
        "individual_adf_rho": own["coefficient"].tolist(),
        "individual_adf_t": own["ratio"].tolist(),
    }
    pvalues = expected_tree("grunfeld_fisher")[model][lags]["individual_adf_p"]
    bounded = np.minimum(pvalues, LARGEST_PVALUE)
    for name, statistic in STATISTICS.items():
        if max(pvalues) < 1.0 or statistic in ("P", "Pm"):
            result = pv.combine_pvalues(bounded, statistic=statistic)
            df = {} if result.df is None else {"df": result.df}
            found[name] = {"statistic": result.statistic, "p.value": result.pvalue} | df
    if lags == "lags1":
        adjusted = pv.combine_pvalues(bounded).individual["adjusted_pvalue"]
        found["phansitest"] = {"p_hommel": adjusted.tolist()}
    return found


def at_every(file: str, computed: Callable[[str, str], object], but: str = "") -> list[Comparison]:
    """A comparison for each node of the second level of a file, by its two names; none where one begins with but."""
    return [
        Comparison(f"{outer}/{inner}", partial(computed, outer, inner))
        for outer, nodes in expected_tree(file).items()
        for inner in nodes
        if not (but and inner.startswith(but))
    ]


CASES = [
    Case("grunfeld_hadri", at_every("grunfeld_hadri", hadri), (), "plm"),
    Case("grunfeld_ips", at_every("grunfeld_ips", ips), (Exclusion("*_trend/*/Ztbar", NO_TREND),), "plm"),
    Case("grunfeld_llc", at_every("grunfeld_llc", llc), (), "plm"),
    Case("grunfeld_llc_gretl", at_every("grunfeld_llc_gretl", llc_of_gretl), (), "gretl"),
    Case(
        "grunfeld_cips",
        at_every("grunfeld_cips", cips, but="trend_dmg"),
        (
            Exclusion(
                "*/trend_dmg_*", "repeats drift_dmg: of differences from the means, cipstest leaves the trend out"
            ),
            Exclusion("*/*_mg_*/p_interpolated_bounded", NO_AVERAGES),
            Exclusion("*/*_dmg_*/p_interpolated_bounded", NO_AVERAGES),
        ),
        "plm",
    ),
    Case(
        "grunfeld_fisher",
        at_every("grunfeld_fisher", fisher),
        (
            Exclusion(
                "*/*/individual_adf_p",
                "of MacKinnon (1996), whose tables may not be taken over without consent; simulated here",
            ),
            *(Exclusion(f"capital_none/{lags}/{name}", NO_CERTAINTY) for lags in CERTAIN for name in UNDEFINED),
        ),
        "plm",
    ),
]
