"""Rows of tests of the number of relations in panels, from systems of every entity."""

from __future__ import annotations

from functools import cache

import numpy as np
from features.feature import Feature, reference
from features.panel_roots_names import COINTEGRATION, own, part, statistic, system

import panelvar as pv
from panelvar.cointegration.johansen_distribution import gamma_moments

JOHANSEN = "tests/panel_cointegration/test_johansen_fisher.py"
PVARS = "panels_pvars_johansen"
EVERY = f"{JOHANSEN}::test_every_statistic_of_every_rank"
SINGLE = f"{JOHANSEN}::test_every_entity_has_johansens_tests"
EVIEWS = f"{JOHANSEN}::test_eviews_combines_its_pvalues_so_and_ours_are_near_them"
HERE = f"{PVARS}/gasoline_3_lags2/johansen_Case3"


@cache
def countries(correction: str | None = None) -> list[pv.JohansenResult]:
    """Johansen's test of each country."""
    return [pv.johansen_test(values, lags=2, trend="c", correction=correction) for values in system()]


def fisher(pvalues: list[float]) -> float:
    """Twice the negative logarithms, summed."""
    return -2.0 * float(np.log(pvalues).sum())


def average() -> float:
    """The average trace statistic of rank 0 by the moments of its limit."""
    mean, variance = (float(each[0]) for each in gamma_moments("trace", "c", [3]))
    return float(np.sqrt(18.0 / variance) * (np.mean([each.trace[0] for each in countries()]) - mean))


JOHANSEN_ROWS = [
    Feature(
        COINTEGRATION,
        "Johansen-Fisher: trace tests, no relation",
        "johansen_fisher_test(*relation, lags=2, correction=None)",
        statistic,
        reference(f"{HERE}/Choi_P_statistic/0"),
        (SINGLE, EVIEWS),
        {"EViews": "coint(fisher)", "pvars": "pcoint.JO(), Choi_P"},
        {"pvars": (f"{PVARS}/*/johansen_*/Choi_P_statistic",)},
        remark="EViews takes p-values of MacKinnon, Haug and Michelis (1999)",
        tolerance=1e-7,
    ),
    Feature(
        COINTEGRATION,
        "Johansen-Fisher: higher ranks",
        "johansen_fisher_test(*relation, lags=2, correction=None)",
        part("P (r <= 1, trace)"),
        reference(f"{HERE}/Choi_P_statistic/1"),
        (EVERY, f"{JOHANSEN}::test_the_rank_is_the_first_that_is_not_rejected"),
        {"EViews": "coint(fisher)", "pvars": "pcoint.JO()"},
        {"pvars": (f"{PVARS}/*/johansen_*/Choi_P_statistic",)},
        tolerance=1e-7,
    ),
    Feature(
        COINTEGRATION,
        "Johansen-Fisher: largest eigenvalues",
        'johansen_fisher_test(*relation, lags=2, test="max", correction=None)',
        statistic,
        lambda: fisher([each.max_pvalues[0] for each in countries()]),
        (SINGLE, EVIEWS),
        {"EViews": "coint(fisher)"},
    ),
    Feature(
        COINTEGRATION,
        "Johansen-Fisher: Choi's Z and Pm",
        'johansen_fisher_test(*relation, lags=2, statistic="Z", correction=None)',
        statistic,
        reference(f"{HERE}/Choi_Z_statistic/0"),
        (EVERY,),
        {"pvars": "pcoint.JO(), Choi_Z, Choi_Pm"},
        {"pvars": (f"{PVARS}/*/johansen_*/Choi_Z_statistic", f"{PVARS}/*/johansen_*/Choi_Pm_statistic")},
        remark="and L*",
        tolerance=1e-6,
    ),
    Feature(
        COINTEGRATION,
        "Larsson, Lyhagen and Löthgren: average trace statistic",
        'johansen_fisher_test(*relation, lags=2, statistic="lr-bar", correction=None)',
        statistic,
        average,
        (EVERY,),
        {"pvars": "pcoint.JO(), LRbar"},
        remark="pvars has printed moments, of another test where the constant is in the relation: not compared",
    ),
    Feature(
        COINTEGRATION,
        "Johansen-Fisher: corrected for short samples",
        "johansen_fisher_test(*relation, lags=2)",
        statistic,
        lambda: fisher([each.trace_pvalues[0] for each in countries("reinsel-ahn")]),
        (SINGLE,),
        remark="of Reinsel and Ahn; or of Doornik. Without one, short panels reject far too often",
    ),
    Feature(
        COINTEGRATION,
        "Johansen-Fisher: the entities' own tests",
        'johansen_fisher_test(*relation, lags=2, trend="rc", correction=None)',
        own("trace_0", 6),
        reference(f"{PVARS}/gasoline_3_lags2/johansen_Case2/statistics/6/0"),
        (SINGLE,),
        {"EViews": "individual cross section results", "pvars": "$individual"},
        {"pvars": (f"{PVARS}/*/johansen_*/statistics", f"{PVARS}/*/johansen_*/pvalues")},
        remark="no terms, a constant or a trend, in the relations or not",
    ),
]

ROWS = [*JOHANSEN_ROWS]
