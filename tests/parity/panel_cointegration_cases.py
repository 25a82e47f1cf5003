"""Tests of cointegration in panels: R's pco, and a port of Stata's xtwest.

What pco gets wrong is rebuilt in ``test_pco_errors.py``.
"""

from __future__ import annotations

import math
import re
from functools import cache

import numpy as np
from parity.panel_unit_root_cases import TRENDS, grunfeld
from parity.runner import Case, Comparison, Exclusion, expected_tree, printed, within
from reference_data import table

import panelvar as pv
from panelvar.nonstationary.panel_cointegration.moments import pedroni_moments
from panelvar.nonstationary.panel_cointegration.pedroni import STATISTICS

ENTITIES, PERIODS, BANDWIDTH = 10, 20, 3
SQUARED = "weighted by the inverse squares of the long-run variances, not by the inverse variances"
REGRESSORS = {"value": ["value"], "both": ["value", "capital"], "option": ["value"]}
TWO = "standardised by the moments of two regressors; there is one"


def pedroni(model: str) -> dict[str, float]:
    """The group statistics before they are standardised."""
    y, x, terms = model.split("_")
    trend = TRENDS[terms]
    result = pv.pedroni_test(grunfeld(), y, x, trend=trend, lags=0, bandwidth=BANDWIDTH, convention="published")
    moments = pedroni_moments(trend, 1, "published")
    found = {
        name: test.statistic * math.sqrt(moments[like].variance) + math.sqrt(ENTITIES) * moments[like].mean
        for (name, like), test in zip(STATISTICS.items(), (result, *result.parts), strict=True)
        if name.startswith("group")
    }
    # It takes no lags out, and divides squares by the rows.
    found["group_adf"] *= math.sqrt((PERIODS - 1) / (PERIODS - 2))
    return found


def orders(cell: str) -> dict[str, object]:
    """Options for ``lags0-2_leads1_window3``."""
    asked: dict[str, object] = {}
    for option, numbers in re.findall(r"(lags|leads)([\d-]+)", cell):
        fewest, *most = map(int, numbers.split("-"))
        bounds = {option: "aic", f"min_{option}": fewest, f"max_{option}": most[0]} if most else {option: fewest}
        asked |= bounds
    return asked | {"bandwidth": int(cell.rpartition("window")[2])}


def westerlund(model: str, cell: str) -> dict[str, object]:
    x, trend = model.split("_")
    convention = "stata-westerlund" if x == "option" else "stata"
    found = pv.westerlund_test(grunfeld(), "inv", REGRESSORS[x], trend=trend, convention=convention, **orders(cell))
    tests = dict(zip(found.values, (found, *found.parts), strict=True))
    return {
        "test_stats": found.values,
        "z_scores": {name: test.statistic for name, test in tests.items()},
        "p_values": {name: test.pvalue for name, test in tests.items()},
        **{name: found.individual[name].tolist() for name in ("speed", "lags", "leads")},
    }


DATA = {"grunfeld": ["inv", "value", "capital"], "gasoline": ["lgaspcar", "lincomep", "lrpmg"]}
CASES_OF_PVARS = {"Case1": "n", "Case2": "rc", "Case3": "c", "Case4": "rt"}
ROUNDED = within(1e-4, absolute=1e-12, reason="R takes tail probabilities as one less the rest: small ones are rounded")


@cache
def panel(name: str) -> pv.Panel:
    return pv.Panel(table(name), "firm", "year")


def johansen(model: str, case: str) -> dict[str, object]:
    name, count, lags = model.split("_")
    y, *x = DATA[name][: int(count)]
    found = pv.johansen_fisher_test(
        panel(name),
        y,
        x,
        trend=CASES_OF_PVARS[case.removeprefix("johansen_")],
        lags=int(lags.removeprefix("lags")),
        correction=None,
    )
    ranks = range(int(count))
    single = found.individual
    pvalues = [single[f"trace_{rank}_pvalue"] for rank in ranks]
    combined = {each: [pv.combine_pvalues(own, statistic=each) for own in pvalues] for each in ("P", "Pm", "Z")}
    return {
        "statistics": single[[f"trace_{rank}" for rank in ranks]].to_numpy(),
        "pvalues": np.column_stack(pvalues),
        **{f"Choi_{each}_statistic": [test.statistic for test in tests] for each, tests in combined.items()},
        **{f"Choi_{each}_pvalue": [test.pvalue for test in tests] for each, tests in combined.items()},
    }


@cache
def entities(model: str, case: str) -> pv.PanelTestResult:
    """Saikkonen and Luetkepohl's tests, CAIN first."""
    name, count, lags = model.split("_")
    y, *x = DATA[name][: int(count)]
    return pv.saikkonen_luetkepohl_test(
        panel(name),
        y,
        x,
        trend="ct" if "trend" in case else "c",
        lags=int(lags.removeprefix("lags")),
        factors=int(case[-1]) if "factors" in case else 0,
        statistic="cain",
        convention="pvars",
    )


def saikkonen_luetkepohl(model: str, case: str) -> dict[str, object]:
    found, count = entities(model, case), int(model.split("_")[1])
    ranks, single = range(count), found.individual
    pvalues = [single[f"trace_{rank}_pvalue"] for rank in ranks]
    told = {"statistics": single[[f"trace_{rank}" for rank in ranks]].to_numpy(), "pvalues": np.column_stack(pvalues)}
    if case.startswith("CAIN"):
        tests = (found, *found.parts)[:count]
        return told | {
            "CAIN_statistic": [test.statistic for test in tests],
            "CAIN_pvalue": [test.pvalue for test in tests],
        }
    combined = {each: [pv.combine_pvalues(own, statistic=each) for own in pvalues] for each in ("P", "Pm", "Z")}
    return told | {
        **{f"Choi_{each}_statistic": [test.statistic for test in tests] for each, tests in combined.items()},
        **{f"Choi_{each}_pvalue": [test.pvalue for test in tests] for each, tests in combined.items()},
    }


CASES = [
    Case(
        "grunfeld_pco",
        [
            Comparison(f"{model}/empirical", (lambda model=model: pedroni(model)))
            for model in expected_tree("grunfeld_pco")
        ],
        (Exclusion("*/empirical/panel_*", SQUARED), Exclusion("*/standardized", TWO)),
        "default",
    ),
    Case(
        "grunfeld_westerlund",
        [
            Comparison(f"{model}/{cell}", (lambda model=model, cell=cell: westerlund(model, cell)))
            for model, every in expected_tree("grunfeld_westerlund").items()
            for cell in every
        ],
        (),
        "stata",
    ),
    Case(
        "panels_pvars_johansen",
        [
            Comparison(f"{model}/{case}", (lambda model=model, case=case: johansen(model, case)), ROUNDED)
            for model, every in expected_tree("panels_pvars_johansen").items()
            for case in every
        ],
        (Exclusion("*/*/LRbar_*", "standardised by moments printed elsewhere; those of Case2 are of another test"),),
        "default",
    ),
    Case(
        "panels_pvars_sl",
        [
            Comparison(f"{model}/{case}", (lambda model=model, case=case: saikkonen_luetkepohl(model, case)), ROUNDED)
            for model, every in expected_tree("panels_pvars_sl").items()
            for case in every
        ]
        + [
            Comparison(
                f"{model}/{case}/correlation",
                (lambda model=model, case=case: float(entities(model, case).choices["Correlation of residuals"])),
                printed(decimals=4),
            )
            for model, every in expected_tree("panels_pvars_sl").items()
            for case in every
            if case.startswith("CAIN")
        ],
        (
            Exclusion("*/*/LRbar_*", "standardised by moments printed elsewhere"),
            Exclusion("*/*/Hartung_*", "bounded below by -1/N for -1/(N - 1); a second guard is not offered"),
            Exclusion("*/*/factors/*", "correlations of normal scores behind the statistics that are compared"),
        ),
        "default",
    ),
]
