"""Every study of the sizes of tests."""

from __future__ import annotations

from simulation import (
    sizes_of_dynamic_panels,
    sizes_of_panel_cointegration,
    sizes_of_panel_tests,
    sizes_of_panel_unit_roots,
    sizes_of_panel_vars,
    sizes_of_series_tests,
    sizes_of_var_tests,
)

STUDIES = (
    *sizes_of_panel_tests.STUDIES,
    *sizes_of_var_tests.STUDIES,
    *sizes_of_series_tests.STUDIES,
    *sizes_of_panel_unit_roots.STUDIES,
    *sizes_of_panel_cointegration.STUDIES,
    *sizes_of_panel_vars.STUDIES,
    *sizes_of_dynamic_panels.STUDIES,
)

PLAIN = "Panels without effects"
SHORT = "Panels with effects of entities"
FOUR = "The same with four regressors"
LONG = "Long panels with effects of entities"
LONG_RUN = "Panels with one long run"
QUIET = "Panels without causality"
WALK = "A random walk"
NOISE = "White noise"
WALKS = "Unrelated random walks"
RELATED = "Three variables with one relation"
STABLE = "A stable vector autoregression"
PERSISTENT = "Long panels with autocorrelated errors"
WANDERING = "Causality between random walks"
FORECASTS = "Two forecasts that are equally good"
OF_SERIES = ("T", "T = 40", "T = 60")
TREND = {"c": "", "ct": ', trend="ct"'}
PLACES = {
    "wooldridge effects": (PLAIN, "wooldridge_effects_test(pooled)", "N", "15 x 5", "30 x 6", "60 x 10"),
    "wooldridge serial": (SHORT, "wooldridge_serial_test(fixed)", "N", "15 x 5"),
    "within residuals": (SHORT, "breusch_godfrey_test(fixed)", "N x T", "60 x 10"),
    "mundlak": (SHORT, "mundlak_test(random)", "N", "15 x 5", "30 x 6", "60 x 10"),
    "mundlak, four": (FOUR, "mundlak_test(random)", "N", "15 x 5", "30 x 6", "60 x 10"),
    "hausman, own variances": (SHORT, 'hausman_test(fixed, random, sigma="own")', "N", "15 x 5", "30 x 6"),
    "modified wald": (LONG, "modified_wald_test(fixed)", "T", "10 x 20", "10 x 50"),
    "born-breitung q": (LONG, "born_breitung_test(fixed)", "N", "10 x 50"),
    "homogeneity": (LONG_RUN, "pooled_mean_group.homogeneity", "T", "10 x 20", "20 x 40", "30 x 100"),
    "panel granger, z-tilde": (QUIET, 'panel_granger_test(panel, "y", "x1")', "T", "10 x 15", "20 x 25"),
    "panel granger, z-bar": (
        QUIET,
        'panel_granger_test(panel, "y", "x1", statistic="z-bar")',
        "T",
        "10 x 15",
        "20 x 25",
        "30 x 50",
    ),
    **{
        f"{test}, {rule}, {trend}": (WALK, f'{test}_test(y, lags="{rule}"{TREND[trend]})', *OF_SERIES)
        for test, rule, trend in (
            ("adf", "aic", "c"),
            ("adf", "aic", "ct"),
            ("adf", "bic", "ct"),
            ("adf", "hqic", "c"),
            ("adf", "hqic", "ct"),
            ("adf", "t-stat", "c"),
            ("adf", "t-stat", "ct"),
            ("dfgls", "aic", "ct"),
            ("dfgls", "hqic", "ct"),
            ("dfgls", "t-stat", "ct"),
        )
    },
    "kpss, newey-west, ct": (NOISE, 'kpss_test(y, trend="ct")', "T", "T = 40"),
    "engle-granger, aic": (WALKS, 'engle_granger_test(y, lags="aic")', *OF_SERIES, "T = 200"),
    "engle-granger, hqic": (WALKS, 'engle_granger_test(y, lags="hqic")', *OF_SERIES),
    "engle-granger, t-stat": (WALKS, 'engle_granger_test(y, lags="t-stat")', *OF_SERIES),
    "relations": (RELATED, 'vecm.restriction_test(beta="y3 = 0")', *OF_SERIES),
    "exclusion beside relations": (RELATED, "vecm.exclusion_test(lags=1)", *OF_SERIES),
    "exclusion, HC1": (STABLE, 'robust.granger_causality("y1", ["y2", "y3"])', *OF_SERIES, "T = 120"),
    "effects, autoregressive": (PERSISTENT, "fixed_ar1.effects_test", "T", "10 x 20", "10 x 50"),
    "toda-yamamoto": (WANDERING, 'toda_yamamoto_test(data, "y1", ["y2", "y3"], lags=3)', *OF_SERIES),
    "diebold-mariano": (FORECASTS, 'accuracy.diebold_mariano("y1", 4)', "n", "T = 20", "T = 40"),
    "urzua": (STABLE, 'normality_test(model, statistic="urzua")', "T", "T = 40", "T = 120"),
}
"""Where notes on results have their rates from: study, call, what is few in the sample, samples."""

ABOUT_LEVELS = "Power of panel unit-root tests: roots of 0.9 about levels"
ABOUT_TRENDS = "Power of panel unit-root tests: roots of 0.9 about trends"
POWER_PLACES = {
    ("harris-tzavalis", "c"): (ABOUT_LEVELS, "harris_tzavalis_test(y)"),
    ("harris-tzavalis", "ct"): (ABOUT_TRENDS, 'harris_tzavalis_test(y, trend="ct")'),
    ("llc", "c"): (ABOUT_LEVELS, "llc_test(y, lags=0)"),
    ("llc", "ct"): (ABOUT_TRENDS, 'llc_test(y, lags=0, trend="ct")'),
    ("ips", "c"): (ABOUT_LEVELS, "ips_test(y, lags=0)"),
    ("ips", "ct"): (ABOUT_TRENDS, 'ips_test(y, lags=0, trend="ct")'),
    ("breitung", "c"): (ABOUT_LEVELS, "breitung_test(y, lags=0)"),
    ("breitung", "ct"): (ABOUT_TRENDS, 'breitung_test(y, lags=0, trend="ct")'),
    ("fisher-adf", "c"): (ABOUT_LEVELS, "fisher_test(y, lags=0)"),
    ("fisher-adf", "ct"): (ABOUT_TRENDS, 'fisher_test(y, lags=0, trend="ct")'),
    ("fisher-pp", "c"): (ABOUT_LEVELS, 'fisher_test(y, test="pp")'),
    ("fisher-pp", "ct"): (ABOUT_TRENDS, 'fisher_test(y, test="pp", trend="ct")'),
    ("simes", "c"): (ABOUT_LEVELS, "simes_test(y, lags=0)"),
    ("panic", "c"): (ABOUT_LEVELS, "panic_test(y)"),
    ("panic", "ct"): (ABOUT_TRENDS, 'panic_test(y, trend="ct")'),
    ("moon-perron", "c"): (ABOUT_LEVELS, "moon_perron_test(y)"),
    ("moon-perron", "ct"): (ABOUT_TRENDS, 'moon_perron_test(y, trend="ct")'),
    ("demetrescu-hanck", "c"): (ABOUT_LEVELS, "demetrescu_hanck_test(y, lags=0)"),
    ("demetrescu-hanck", "ct"): (ABOUT_TRENDS, 'demetrescu_hanck_test(y, lags=0, trend="ct")'),
    ("cips", "c"): (ABOUT_LEVELS, "cips_test(y)"),
    ("cips", "ct"): (ABOUT_TRENDS, 'cips_test(y, trend="ct")'),
}
"""Whose power a battery of panel tests tells, by test and terms."""
