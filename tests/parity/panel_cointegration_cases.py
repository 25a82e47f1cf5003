"""Tests of cointegration in panels: R's pco. What it gets wrong is rebuilt in ``test_pco_errors.py``."""

from __future__ import annotations

import math

from parity.panel_unit_root_cases import TRENDS, grunfeld
from parity.runner import Case, Comparison, Exclusion, expected_tree

import panelvar as pv
from panelvar.panel_cointegration.moments import pedroni_moments
from panelvar.panel_cointegration.pedroni import STATISTICS

ENTITIES, PERIODS, BANDWIDTH = 10, 20, 3
SQUARED = "weighted by the inverse squares of the long-run variances, not by the inverse variances"
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


CASES = [
    Case(
        "grunfeld_pco",
        [
            Comparison(f"{model}/empirical", (lambda model=model: pedroni(model)))
            for model in expected_tree("grunfeld_pco")
        ],
        (Exclusion("*/empirical/panel_*", SQUARED), Exclusion("*/standardized", TWO)),
    ),
]
