"""Rows of tests of the number of relations in panels, from systems of every entity."""

from __future__ import annotations

from functools import cache

import numpy as np
from features.feature import Feature, reference
from features.panel_roots_names import COINTEGRATION, own, part, statistic, system
from nonstationary.panel_cointegration.test_saikkonen_luetkepohl import adjusted
from scipy import stats
from scipy.special import gammainc

import panelvar as pv
from panelvar.nonstationary.cointegration.johansen_distribution import gamma_moments
from panelvar.nonstationary.panel_cointegration.saikkonen_luetkepohl import trace_moments

JOHANSEN = "tests/nonstationary/panel_cointegration/test_johansen_fisher.py"
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
        'johansen_fisher_test(*relation, trend="c", lags=2, correction=None)',
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
        'johansen_fisher_test(*relation, trend="c", lags=2, correction=None)',
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
        'johansen_fisher_test(*relation, trend="c", lags=2, test="max", correction=None)',
        statistic,
        lambda: fisher([each.max_pvalues[0] for each in countries()]),
        (SINGLE, EVIEWS),
        {"EViews": "coint(fisher)"},
    ),
    Feature(
        COINTEGRATION,
        "Johansen-Fisher: Choi's Z and Pm",
        'johansen_fisher_test(*relation, trend="c", lags=2, statistic="Z", correction=None)',
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
        'johansen_fisher_test(*relation, trend="c", lags=2, statistic="lr-bar", correction=None)',
        statistic,
        average,
        (EVERY,),
        {"pvars": "pcoint.JO(), LRbar"},
        remark="pvars has printed moments, of another test where the constant is in the relation: not compared",
    ),
    Feature(
        COINTEGRATION,
        "Johansen-Fisher: corrected for short samples",
        'johansen_fisher_test(*relation, trend="c", lags=2)',
        statistic,
        lambda: fisher([each.trace_pvalues[0] for each in countries("reinsel-ahn")]),
        (SINGLE,),
        remark="of Reinsel and Ahn; or of Doornik. Without one, short panels reject far too often",
    ),
    Feature(
        COINTEGRATION,
        "Johansen-Fisher: the entities' own tests",
        'johansen_fisher_test(*relation, trend="rc", lags=2, correction=None)',
        own("trace_0", 6),
        reference(f"{PVARS}/gasoline_3_lags2/johansen_Case2/statistics/6/0"),
        (SINGLE,),
        {"EViews": "individual cross section results", "pvars": "$individual"},
        {"pvars": (f"{PVARS}/*/johansen_*/statistics", f"{PVARS}/*/johansen_*/pvalues")},
        remark="no terms, a constant or a trend, in the relations or not",
    ),
]


@cache
def adjusted_traces(factors: int = 0) -> np.ndarray:
    """Trace statistics of rank 0 of the countries, each after its constants and trends, or of what factors leave."""
    values = system()
    if factors:
        panel = values.transpose(1, 0, 2).reshape(19, 54)
        change = np.diff(panel, axis=0)
        change = change - change.mean(axis=0)
        size = np.sqrt((change**2).mean(axis=0))
        left, sizes, right = np.linalg.svd(change / size)
        common = np.vstack([np.zeros(54), (left[:, :factors] * sizes[:factors] @ right[:factors]).cumsum(axis=0)])
        values = (panel / size - common).reshape(19, 18, 3).transpose(1, 0, 2)
    return np.array([adjusted(each, 1, "ct", 0)[0] for each in values])


def scores(factors: int = 0) -> np.ndarray:
    """Normal scores of their p-values, with the correction of Reinsel and Ahn."""
    mean, variance = (each[0] for each in trace_moments("ct", 3))
    return stats.norm.isf(gammainc(mean**2 / variance, 15 / 18 * adjusted_traces(factors) * mean / variance))


PVARS_SL = "panels_pvars_sl"
STEPS = "tests/nonstationary/panel_cointegration/test_saikkonen_luetkepohl.py"
AS_PVARS = f"{PVARS_SL}/gasoline_3_lags1"

SAIKKONEN_LUETKEPOHL_ROWS = [
    Feature(
        COINTEGRATION,
        "Saikkonen and Lütkepohl over entities, Choi's Z",
        "saikkonen_luetkepohl_test(*relation, lags=1, factors=0)",
        statistic,
        lambda: scores().sum() / np.sqrt(18.0),
        (f"{STEPS}::test_every_step_entity_by_entity", f"{STEPS}::test_every_statistic_of_every_rank"),
        {"pvars": "pcoint.SL(), Choi_Z"},
        remark="corrected for short samples, as pvars's are not",
        tolerance=1e-6,
    ),
    Feature(
        COINTEGRATION,
        "The same after common factors are taken out",
        "saikkonen_luetkepohl_test(*relation, lags=1, factors=1)",
        statistic,
        lambda: scores(1).sum() / np.sqrt(18.0),
        (f"{STEPS}::test_what_factors_leave_is_tested_without_the_relations",),
        {"pvars": "pcoint.SL(n.factors = 1)"},
        remark="their number by the criteria of PANIC; speci.factors() of pvars has Onatski's too",
        tolerance=1e-6,
    ),
    Feature(
        COINTEGRATION,
        "Saikkonen and Lütkepohl: as pvars",
        'saikkonen_luetkepohl_test(*relation, lags=1, factors=1, statistic="Pm", convention="pvars")',
        statistic,
        reference(f"{AS_PVARS}/SL_trend_factors1/Choi_Pm_statistic/0"),
        (f"{STEPS}::test_what_factors_leave_is_tested_without_the_relations",),
        {"pvars": "pcoint.SL(), Choi_P, Choi_Pm, Choi_Z"},
        {"pvars": tuple(f"{PVARS_SL}/*/SL_*/Choi_{name}_statistic" for name in ("P", "Pm", "Z"))},
        tolerance=1e-6,
    ),
    Feature(
        COINTEGRATION,
        "Saikkonen and Lütkepohl: correlated entities (CAIN)",
        'saikkonen_luetkepohl_test(*relation, lags=1, factors=0, statistic="cain", convention="pvars")',
        statistic,
        reference(f"{AS_PVARS}/CAIN_SL_trend/CAIN_statistic/0"),
        (
            f"{STEPS}::test_published_example_of_correlated_entities",
            f"{STEPS}::test_scores_of_independent_entities_are_not_correlated",
        ),
        {"pvars": "pcoint.CAIN()"},
        {"pvars": (f"{PVARS_SL}/*/CAIN_*/CAIN_statistic",)},
        tolerance=1e-6,
    ),
    Feature(
        COINTEGRATION,
        "Saikkonen and Lütkepohl: the entities' own tests",
        'saikkonen_luetkepohl_test(*relation, trend="c", lags=1, factors=0, convention="pvars")',
        own("trace_0", 4),
        reference(f"{AS_PVARS}/SL_mean/statistics/4/0"),
        (f"{STEPS}::test_every_step_entity_by_entity",),
        {"pvars": "$individual"},
        {"pvars": (f"{PVARS_SL}/*/SL_*/statistics", f"{PVARS_SL}/*/SL_*/pvalues")},
        tolerance=1e-6,
    ),
]

ROWS = [*JOHANSEN_ROWS, *SAIKKONEN_LUETKEPOHL_ROWS]
