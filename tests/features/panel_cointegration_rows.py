"""Rows of tests of cointegration in panels, and of the relations themselves."""

from __future__ import annotations

from functools import cache

import numpy as np
from features.feature import Feature, reference
from features.panel_roots_names import COINTEGRATION, part, pvalue, statistic, system
from nonstationary.panel_cointegration.test_error_correction import NAMES as FOUR
from nonstationary.panel_cointegration.test_error_correction import scores
from nonstationary.panel_cointegration.test_error_correction import slow as slow_error_correction
from nonstationary.panel_cointegration.test_kao import slow as slow_kao
from nonstationary.panel_cointegration.test_pedroni import slow as slow_pedroni
from nonstationary.panel_cointegration.test_pedroni import standardised
from nonstationary.panel_cointegration.test_variance_ratio import slow as slow_variance_ratio
from streams import stream

from panelvar.nonstationary.panel_cointegration.error_correction_bootstrap import null_models, samples
from panelvar.nonstationary.panel_cointegration.moments import variance_ratio_moments
from panelvar.nonstationary.panel_cointegration.pedroni import STATISTICS, TITLES

ECM = "tests/nonstationary/panel_cointegration/test_error_correction.py"
KAO = "tests/nonstationary/panel_cointegration/test_kao.py"
RATIO = "tests/nonstationary/panel_cointegration/test_variance_ratio.py"
PEDRONI = "tests/nonstationary/panel_cointegration/test_pedroni.py"

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


PCO_ERRS = {
    "group_adf": "pco takes no lags out",
    "panel_adf": "pco squares the weights, and has the residual itself on the right too",
    "panel_t": "pco squares the weights",
    "panel_rho": "pco squares the weights",
    "panel_v": (
        "rejects on the right, the others on the left; pco squares weights; xtcointtest's code of 2018 takes "
        "p-values from absolute values, so that either side of any statistic rejects"
    ),
}


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
        {
            "plm": "pco† pedroni99()" + ("; dcce† panel_coint_test()" if name in ("group_t", "group_rho") else ""),
            "Stata": STATA_PEDRONI[name],
            "EViews": "coint(pedroni)",
        },
        {} if name in PCO_ERRS else {"plm": (f"grunfeld_pco/*/empirical/{name}",)},
        remark=PCO_ERRS.get(name, "pco's before it takes the moments of two regressors for one"),
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
        {
            "plm": "dcce† panel_coint_test()",
            "Stata": "xtcointtest kao: augmented Dickey-Fuller t",
            "EViews": "coint(kao)",
        },
        remark="the lower tail rejects here; p-values of xtcointtest's code of 2018 are of absolute values",
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


def variance_ratio(name: str, trend: str = "c") -> float:
    """The average of the countries' ratios, or the pooled ratio, by its moments."""
    own, pooled = slow_variance_ratio(system(), trend)
    moments = variance_ratio_moments(trend, 2)[name]
    ratio = np.mean(own) if name == "group" else pooled
    return float(np.sqrt(18.0 / moments.variance) * (ratio - moments.mean))


RATIO_ROWS = [
    Feature(
        COINTEGRATION,
        "Westerlund 2005: variance ratio, some entities",
        "westerlund_variance_ratio_test(*relation)",
        statistic,
        lambda: variance_ratio("group"),
        (f"{RATIO}::test_sums_entity_by_entity", f"{RATIO}::test_the_lower_tail_rejects"),
        {"Stata": "xtcointtest westerlund"},
        remark="moments drawn for one to seven regressors",
    ),
    Feature(
        COINTEGRATION,
        "Westerlund 2005: variance ratio, all entities",
        "westerlund_variance_ratio_test(*relation)",
        part("Westerlund panel variance ratio"),
        lambda: variance_ratio("panel"),
        (f"{RATIO}::test_sums_entity_by_entity",),
        {"Stata": "xtcointtest westerlund, allpanels"},
    ),
    Feature(
        COINTEGRATION,
        "Westerlund 2005: trend",
        'westerlund_variance_ratio_test(*relation, trend="ct")',
        statistic,
        lambda: variance_ratio("group", "ct"),
        (f"{RATIO}::test_sums_entity_by_entity", f"{RATIO}::test_units_orders_and_drifts_decide_nothing"),
        {"Stata": "trend"},
    ),
]


@cache
def error_correction() -> dict[str, float]:
    """Westerlund's four statistics of the countries, standardised."""
    raw = slow_error_correction(system(), [(1, 0)] * 18, "c", 2)
    return dict(zip(FOUR, scores(raw, "c", 2, 18), strict=True))


def drawn() -> float:
    """Share of panels without cointegration, and the data, whose Gt is not above that of the data."""
    orders = [(1, 0)] * 18
    models = null_models(system(), "c", np.full(18, 1), np.full(18, 0))
    panels = samples(models, 19, 19, stream(1))
    here = slow_error_correction(system(), orders, "c", 2)[0]
    below = sum(slow_error_correction(panel, orders, "c", 2)[0] <= here for panel in panels)
    return (1 + below) / 20


ECM_PROGRAMS = {"plm": "Westerlund†, dcce† cointegration_test()", "Stata": "xtwest†"}
PORT = "grunfeld_westerlund"

WESTERLUND_ROWS = [
    *(
        Feature(
            COINTEGRATION,
            f"Westerlund 2007: {kind} {name}",
            "westerlund_test(*relation, lags=1, bandwidth=2)",
            statistic if name == "Gt" else part(f"Westerlund {kind} {name}"),
            lambda name=name: error_correction()[name],
            (f"{ECM}::test_every_step_entity_by_entity",),
            ECM_PROGRAMS,
            remark="moments drawn again, and choices that hold the level: the guide" if name == "Gt" else "",
        )
        for name, kind in zip(FOUR, ("group", "group", "pooled", "pooled"), strict=True)
    ),
    Feature(
        COINTEGRATION,
        "Westerlund 2007: as xtwest",
        'westerlund_test(*firms, lags=1, convention="stata")',
        statistic,
        reference(f"{PORT}/both_c/lags1_leads0_window2/z_scores/Gt"),
        (f"{ECM}::test_the_rule_for_the_bandwidth_is_over_the_rows",),
        {"Stata": "xtwest†", "Python": "Westerlund"},
        {"Python": (f"{PORT}/value_*", f"{PORT}/both_*")},
        remark="xtwest's numbers by its port",
    ),
    Feature(
        COINTEGRATION,
        "Westerlund 2007: as the option westerlund",
        'westerlund_test(firms[0], "inv", "value", lags=0, trend="ct", convention="stata-westerlund")',
        part("Westerlund pooled Pa"),
        reference(f"{PORT}/option_ct/lags0_leads0_window2/z_scores/Pa"),
        (f"{ECM}::test_moments_of_the_option_connect_the_two_columns_that_stata_prints",),
        {"plm": "Westerlund†, westerlund", "Stata": "xtwest†, westerlund", "Python": "Westerlund, westerlund"},
        {"Python": (f"{PORT}/option_*",)},
    ),
    Feature(
        COINTEGRATION,
        "Westerlund 2007: lags and leads by a criterion",
        'westerlund_test(*firms, lags="aic", leads="aic", max_lags=1, max_leads=1, convention="stata")',
        part("Westerlund group Ga"),
        reference(f"{PORT}/both_c/lags0-1_leads0-1_window2/z_scores/Ga"),
        (f"{ECM}::test_each_entity_has_lags_and_leads_of_its_own",),
        {"plm": "Westerlund†", "Stata": "xtwest†, lags(0 1) leads(0 1)", "Python": "Westerlund"},
        {"Python": (f"{PORT}/*/lags0-*",)},
        remark="AIC, in R's package BIC too; here also HQ, and all on the same rows unless as xtwest",
    ),
    Feature(
        COINTEGRATION,
        "Westerlund 2007: p-values from draws of whole periods",
        "westerlund_test(*relation, lags=1, bandwidth=2, draws=19, seed=1)",
        pvalue,
        drawn,
        (
            f"{ECM}::test_panels_that_are_drawn_follow_the_recursion",
            f"{ECM}::test_what_entities_share_stays_together_in_the_draws",
        ),
        {"plm": "Westerlund† bootstrap, dcce† n_bootstrap", "Stata": "xtwest†, bootstrap(#)", "Python": "Westerlund"},
        remark="entities may share shocks",
    ),
]

ROWS = [*PEDRONI_ROWS, *KAO_ROWS, *RATIO_ROWS, *WESTERLUND_ROWS]
