"""Rows of tests of cointegration in panels, and of the relations themselves."""

from __future__ import annotations

from functools import cache

from features.feature import Feature
from features.panel_roots_names import COINTEGRATION, part, statistic, system
from panel_cointegration.test_kao import slow as slow_kao
from panel_cointegration.test_pedroni import slow as slow_pedroni
from panel_cointegration.test_pedroni import standardised

from panelvar.panel_cointegration.pedroni import STATISTICS, TITLES

KAO = "tests/panel_cointegration/test_kao.py"
PEDRONI = "tests/panel_cointegration/test_pedroni.py"

SEVEN = "pedroni_test(*relation, lags=1, bandwidth=2)"
TAILS = f"{PEDRONI}::test_every_statistic_has_its_own_tail"
STATA_PEDRONI = {
    "group_adf": "xtcointtest pedroni, xtpedroni†",
    "group_t": "xtcointtest pedroni, xtpedroni†",
    "group_rho": "xtcointtest pedroni, xtpedroni†",
    "panel_adf": "ar(same), xtpedroni†",
    "panel_t": "ar(same), xtpedroni†",
    "panel_rho": "ar(same), xtpedroni†",
    "panel_v": "ar(same), xtpedroni†",
}


@cache
def pedroni(trend: str = "c", weighted: bool = True, convention: str = "default") -> dict[str, float]:
    """The seven statistics of gasoline, income and price, every sum a loop."""
    raw = slow_pedroni(system(), trend, [1] * 18, 2, weighted=weighted)
    return dict(zip(STATISTICS, standardised(raw, trend, 2, 18, convention), strict=True))


def seven(name: str) -> Feature:
    """The row of one of them."""
    first = name == "group_adf"
    return Feature(
        COINTEGRATION,
        f"Pedroni: {TITLES[name]}",
        SEVEN,
        statistic if first else part(f"Pedroni {TITLES[name]}"),
        lambda: pedroni()[name],
        (f"{PEDRONI}::test_every_step_entity_by_entity", TAILS),
        {"plm": "pco† pedroni99m()", "Stata": STATA_PEDRONI[name], "EViews": "coint(pedroni)"},
        remark={
            "panel_v": "rejects on the right, the other six on the left; xtcointtest has one tail for all",
            "group_adf": "pco takes the moments of two regressors for one, and no lags out: the guide",
        }.get(name, ""),
    )


PEDRONI_ROWS = [
    *(seven(name) for name in STATISTICS),
    Feature(
        COINTEGRATION,
        "Pedroni: no terms, or a trend",
        'pedroni_test(*relation, lags=1, bandwidth=2, trend="ct")',
        statistic,
        lambda: pedroni("ct")["group_adf"],
        (f"{PEDRONI}::test_every_step_entity_by_entity", f"{PEDRONI}::test_a_drift_decides_nothing_with_a_trend"),
        {"plm": "pco† type.stat = 1, 3", "Stata": "noconstant, trend", "EViews": "none, trend"},
    ),
    Feature(
        COINTEGRATION,
        "Pedroni: panel statistics without weights",
        "pedroni_test(*relation, lags=1, bandwidth=2, weighted=False)",
        part("Pedroni panel PP t"),
        lambda: pedroni(weighted=False)["panel_t"],
        (f"{PEDRONI}::test_every_step_entity_by_entity",),
        {"EViews": "coint(pedroni), beside the weighted"},
    ),
    Feature(
        COINTEGRATION,
        "Pedroni: moments as printed",
        'pedroni_test(*relation, lags=1, bandwidth=2, convention="published")',
        part("Pedroni panel rho"),
        lambda: pedroni(convention="published")["panel_rho"],
        (f"{PEDRONI}::test_moments_as_printed",),
        {"Stata": "xtpedroni†"},
        remark="one regressor: three printed moments are refuted by draws",
    ),
]

STATA_KAO = {
    "DF rho*": "modified Dickey-Fuller t",
    "DF t*": "Dickey-Fuller t",
    "DF rho": "unadjusted modified Dickey-Fuller t",
    "DF t": "unadjusted Dickey-Fuller t",
}
"""What xtcointtest kao calls the statistics."""
KAO_LOOPS = f"{KAO}::test_every_step_by_pooled_least_squares"


@cache
def kao(convention: str = "default") -> dict[str, float]:
    """The five statistics, with dummies for the countries."""
    return slow_kao(system(), 1, 2, published=convention == "published")


KAO_ROWS = [
    Feature(
        COINTEGRATION,
        "Kao: ADF",
        "kao_test(*relation, lags=1, bandwidth=2)",
        statistic,
        lambda: kao()["ADF"],
        (KAO_LOOPS, f"{KAO}::test_lags_and_variance_ratios_do_not_correct_twice"),
        remark="corrected by its lags alone, and not by the long-run variance once more",
    ),
    Feature(
        COINTEGRATION,
        "Kao: ADF as printed",
        'kao_test(*relation, lags=1, bandwidth=2, convention="published")',
        statistic,
        lambda: kao("published")["ADF"],
        (KAO_LOOPS,),
        {"Stata": "xtcointtest kao: augmented Dickey-Fuller t", "EViews": "coint(kao)"},
    ),
    *(
        Feature(
            COINTEGRATION,
            f"Kao: {name}",
            "kao_test(*relation, lags=1, bandwidth=2)",
            part(f"Kao {name}"),
            lambda name=name: kao()[name],
            (KAO_LOOPS, f"{KAO}::test_the_lower_tail_rejects"),
            {"Stata": f"xtcointtest kao: {stata}"},
        )
        for name, stata in STATA_KAO.items()
    ),
]

ROWS = [*PEDRONI_ROWS, *KAO_ROWS]
