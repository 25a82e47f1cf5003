"""Unit-root tests of one series: statsmodels, arch, R urca and tseries."""

from __future__ import annotations

from functools import cache

import numpy as np
from parity.runner import Case, Comparison, Exclusion, expected_tree
from reference_data import table

import panelvar as pv

R_TRENDS = {"none": "n", "drift": "c", "trend": "ct", "mu": "c", "tau": "ct", "constant": "c"}
R_TRENDS |= {"Level": "c", "Trend": "ct"}
BANDWIDTHS = {"auto": "newey-west", "legacy": "schwert", "nil": 0, "4": 4}


@cache
def series(data: str, name: str) -> np.ndarray:
    return table(data)[name].to_numpy()


def found(result, test: str) -> dict:
    values = {
        "statistic": result.statistic,
        "pvalue": result.pvalue,
        "p.value": result.pvalue,
        "lags": result.lags,
        "nobs": result.nobs,
        "critical": list(result.critical_values.values()),
    }
    if test.startswith("dfgls") or test.endswith("_rho"):
        del values["pvalue"]
    if test == "n":
        del values["critical"]
    return values


def python(y: np.ndarray, test: str):
    kind, trend, *rest = test.split("_")
    if kind == "adf":
        return pv.adf_test(y, lags=3 if rest[0] == "3" else rest[0].lower(), trend=trend)
    if kind == "kpss":
        return pv.kpss_test(y, bandwidth=BANDWIDTHS[rest[0]], trend=trend)
    if kind == "pp":
        return pv.phillips_perron_test(y, bandwidth=5, trend=trend, statistic=rest[0])
    return pv.dfgls_test(y, lags=3, trend=trend)


def in_r(y: np.ndarray, test: str):
    if test == "adftest":
        return pv.adf_test(y, lags=4, trend="ct")
    kind, option, *rest = test.split("_", 1 if test.startswith("pptest") else 3)
    if kind == "df":
        limits = {} if rest[0] == "Fixed" else {"max_lags": 6, "min_lags": 1}
        lags = 3 if rest[0] == "Fixed" else rest[0].lower()
        return pv.adf_test(y, lags=lags, trend=R_TRENDS[option], rows="common", **limits)
    if kind == "kpss":
        return pv.kpss_test(y, bandwidth=BANDWIDTHS.get(rest[0], rest[0]), trend=R_TRENDS[option])
    if kind == "pp":
        which = "tau" if rest[1] == "Z-tau" else "rho"
        return pv.phillips_perron_test(y, bandwidth=rest[0], trend=R_TRENDS[option], statistic=which, convention="urca")
    if kind == "ers":
        return pv.dfgls_test(y, lags=3, trend="ct" if option == "trend" else "c")
    if kind == "pptest":
        which = "rho" if option == "Z(alpha)" else "tau"
        return pv.phillips_perron_test(y, bandwidth="short", trend="ct", statistic=which, convention="tseries")
    return pv.kpss_test(y, bandwidth="short", trend=R_TRENDS[option])


def cointegrated(data: str, trend: str):
    return pv.engle_granger_test(table(data).iloc[:, 1:5], trend=trend)


def case(data: str, program: str, run, exclusions=()) -> Case:
    file = f"{data}_unit_roots_{program}"
    comparisons = [
        Comparison(
            f"{name}/{test}",
            (lambda name=name, test=test: found(run(series(data, name), test), test)),
        )
        for name, tests in expected_tree(file).items()
        for test in tests
        if name != "coint"
    ]
    if "coint" in expected_tree(file):
        comparisons += [
            Comparison(f"coint/{trend}", (lambda trend=trend: found(cointegrated(data, trend), trend)))
            for trend in expected_tree(file)["coint"]
        ]
    return Case(file, comparisons, exclusions)


GLS_PVALUE = Exclusion(
    "*/dfgls_*/pvalue",
    "arch simulated the limit; ours is simulated for the number of periods, and at 77 of them gretl's to 0.001",
)
RHO_PVALUE = Exclusion(
    "*/pp_*_rho/pvalue", "arch simulated this distribution anew; ours is MacKinnon's (1994), within 0.03 of it"
)
NO_TERMS = Exclusion("coint/n/critical", "statsmodels gives NaN: MacKinnon has none without a constant")

CASES = [
    built
    for data in ("denmark", "canada")
    for built in (
        case(data, "statsmodels", python, [NO_TERMS]),
        case(data, "arch", python, [GLS_PVALUE, RHO_PVALUE]),
        case(data, "urca", in_r),
    )
]
