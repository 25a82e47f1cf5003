"""Rows of tests of one variable of a panel in which every entity has a root of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from features.feature import Feature, reference
from features.panel_roots_names import (
    COUNTRIES,
    INDEPENDENT,
    chosen,
    fuel,
    own,
    part,
    ratios,
    series,
    statistic,
    stretches,
)
from scipy import stats

import panelvar as pv
from panelvar.nonstationary.panel_unit_roots.moments import augmented_ratio_moments, ratio_moments
from panelvar.nonstationary.unit_roots.distributions import simulated_tau_pvalue

IPS = "tests/nonstationary/panel_unit_roots/test_ips.py"
FISHER = "tests/nonstationary/panel_unit_roots/test_fisher.py"
COMBINED = "tests/nonstationary/panel_series/test_pvalue_combinations.py"

SINGLE = (f"{FISHER}::test_entities_have_the_tests_of_single_series", f"{COMBINED}::test_definitions")


def w_bar(of: Sequence[np.ndarray], lags: Sequence[int], trend: str = "c") -> float:
    """Im, Pesaran and Shin's W: the average ratio by the moments of its rows and lags."""
    rows = [len(y) - 1 - p for y, p in zip(of, lags, strict=True)]
    moments = augmented_ratio_moments(trend, rows, lags)
    gap = ratios(of, lags, trend).mean() - moments.mean.mean()
    return float(np.sqrt(len(of) / moments.variance.mean()) * gap)


def z_tilde() -> float:
    """Ratios whose error variance is that of the changes about their mean, by their moments."""
    found = []
    for y in series():
        change, level = np.diff(y) - np.diff(y).mean(), y[:-1] - y[:-1].mean()
        found.append(change @ level / np.sqrt(change @ change / 18.0 * (level @ level)))
    mean, variance = ratio_moments([19] * 10, tilde=True)
    return float(np.sqrt(10.0) * (np.mean(found) - mean.mean()) / np.sqrt(variance.mean()))


def hannan_quinn(n: int) -> float:
    return 2.0 * np.log(np.log(n))


def pvalues() -> np.ndarray:
    """Those of the firms' own ratios with one lag, by their distribution for 18 rows."""
    return simulated_tau_pvalue(ratios(series(), 1, "c"), "c", np.full(10, 18))


def of_phillips_perron_tests() -> float:
    """Choi's Z of the countries' own tests."""
    own = np.array([pv.phillips_perron_test(y, bandwidth=2).statistic for y in fuel()])
    return stats.norm.ppf(simulated_tau_pvalue(own, "c", np.full(18, 18))).sum() / np.sqrt(18.0)


def hartung(p: np.ndarray) -> float:
    z = stats.norm.ppf(p)
    n = len(p)
    rho = max(-1.0 / (n - 1), 1.0 - z.var(ddof=1))
    return float(z.sum() / np.sqrt(n + n * (n - 1) * (rho + 0.2 * np.sqrt(2.0 / (n + 1)) * (1.0 - rho))))


ROWS = [
    Feature(
        INDEPENDENT,
        "Im, Pesaran and Shin's W",
        'ips_test(grunfeld, "inv", lags=1)',
        statistic,
        lambda: w_bar(series(), [1] * 10),
        (f"{IPS}::test_entities_have_the_ratios_of_single_tests", f"{IPS}::test_gretl"),
        {
            "plm": 'purtest(test = "ips", dfcor = TRUE)',
            "Stata": "xtunitroot ips, lags(1)",
            "EViews": "uroot(ips)",
            "gretl": "adf 1, of a panel",
        },
        remark="gretl's six digits are compared in its test",
    ),
    Feature(
        INDEPENDENT,
        "The same with variances over rows: plm",
        'ips_test(grunfeld, "inv", lags=1, convention="plm")',
        statistic,
        reference("grunfeld_ips/inv_intercept/lags1/statistic"),
        (f"{IPS}::test_entities_have_the_ratios_of_single_tests",),
        {"plm": "its default"},
        {"plm": ("grunfeld_ips/*_intercept/lags*",)},
    ),
    Feature(
        INDEPENDENT,
        "Its W with a trend",
        'ips_test(grunfeld, "inv", lags=1, trend="ct", convention="plm")',
        statistic,
        reference("grunfeld_ips/inv_trend/lags1/statistic"),
        (f"{IPS}::test_entities_have_the_ratios_of_single_tests",),
        {"plm": 'exo = "trend"', "Stata": "trend", "EViews": "exog=trend", "gretl": "--ct"},
        {"plm": ("grunfeld_ips/*_trend/lags*/statistic",)},
    ),
    Feature(
        INDEPENDENT,
        "Its average ratio with exact critical values",
        'ips_test(grunfeld, "inv", lags=0)',
        part("Average ratio"),
        lambda: ratios(series(), 0, "c").mean(),
        (f"{IPS}::test_the_average_has_critical_values_without_lags",),
        {"plm": 'ips.stat = "tbar"', "Stata": "xtunitroot ips", "EViews": "uroot(ips), no lags", "gretl": "adf 0"},
        {"plm": ("grunfeld_ips/*/lags0/tbar",)},
    ),
    Feature(
        INDEPENDENT,
        "Its Z of the average ratio",
        'ips_test(grunfeld, "inv", lags=1, convention="plm")',
        part("Z-t-bar"),
        reference("grunfeld_ips/inv_intercept/lags1/Ztbar/statistic"),
        (f"{IPS}::test_standardised_by_moments_without_lags", f"{IPS}::test_sizes_of_the_standardised_ratios"),
        {"plm": 'ips.stat = "Ztbar"'},
        {"plm": ("grunfeld_ips/*_intercept/*/Ztbar",)},
        remark="under a trend plm takes the moments of a constant: not compared",
    ),
    Feature(
        INDEPENDENT,
        "Its Z of ratios with the variance of the null",
        'ips_test(grunfeld, "inv", lags=0)',
        part("Z-t-tilde-bar"),
        z_tilde,
        (f"{IPS}::test_ratios_with_the_variance_of_the_null", f"{IPS}::test_sizes_of_the_standardised_ratios"),
        {"Stata": "xtunitroot ips"},
    ),
    Feature(
        INDEPENDENT,
        "Lags by rule: AIC, BIC, t",
        'ips_test(grunfeld, "inv", lags="aic", max_lags=4, convention="plm")',
        statistic,
        reference("grunfeld_ips/inv_intercept/AIC/statistic"),
        (f"{IPS}::test_entities_have_the_ratios_of_single_tests",),
        {"plm": 'lags = "AIC", "SIC", "Hall"', "Stata": "lags(aic 4), lags(bic 4)", "EViews": "info="},
        {"plm": tuple(f"grunfeld_ips/*/{rule}/statistic" for rule in ("SIC", "AIC", "Hall"))},
    ),
    Feature(
        INDEPENDENT,
        "Lags by rule: Hannan and Quinn",
        'ips_test(grunfeld, "inv", lags="hqic", max_lags=2)',
        statistic,
        lambda: w_bar(series(), [chosen(y, 2, "c", hannan_quinn) for y in series()]),
        (f"{FISHER}::test_entities_have_the_tests_of_single_series",),
        {"Stata": "lags(hqic 2)", "EViews": "info=hqc"},
    ),
    Feature(
        INDEPENDENT,
        "Entities with periods of their own",
        'ips_test(unequal, "inv", lags=1)',
        statistic,
        lambda: w_bar(stretches(), [1] * 10),
        (f"{IPS}::test_entities_of_unequal_lengths",),
        {
            "plm": "unbalanced panels",
            "Stata": "unbalanced panels",
            "EViews": "without balance",
            "gretl": "unbalanced panels",
        },
        remark="in the tests of p-values too; the others need the same periods",
    ),
    Feature(
        INDEPENDENT,
        "Fisher: Choi's Z of Dickey-Fuller tests",
        'fisher_test(grunfeld, "inv", lags=1)',
        statistic,
        lambda: stats.norm.ppf(pvalues()).sum() / np.sqrt(10),
        SINGLE,
        {
            "plm": 'purtest(test = "invnormal"), punitroots† pfisher()',
            "Stata": "xtunitroot fisher, dfuller",
            "EViews": "uroot(adf), Choi Z",
            "gretl": "adf, of a panel",
        },
        {"plm": ("grunfeld_fisher/*_intercept/*/invnormal", "grunfeld_fisher/*_intercept/*/individual_adf_t")},
        remark="plm's ratios are compared, and its Z of its own p-values, MacKinnon's (1996) for long series; here "
        "they are for the rows there are, and under convention= as there",
    ),
    Feature(
        INDEPENDENT,
        "Fisher: p-values of MacKinnon (1994)",
        'fisher_test(grunfeld, "inv", lags=1, convention="stata")',
        statistic,
        lambda: stats.norm.ppf([pv.adf_test(y, lags=1).pvalue for y in series()]).sum() / np.sqrt(10),
        SINGLE,
        {"plm": 'p.approx = "MacKinnon1994"', "Stata": "xtunitroot fisher, dfuller"},
        remark="for long series: too many rejections in short ones",
    ),
    Feature(
        INDEPENDENT,
        "Fisher: Maddala and Wu's P",
        'fisher_test(grunfeld, "inv", statistic="P", lags=1)',
        statistic,
        lambda: -2.0 * np.log(pvalues()).sum(),
        SINGLE,
        {
            "plm": 'test = "madwu"',
            "Stata": "xtunitroot fisher, xtfisher†, multipurt†",
            "EViews": "uroot(adf), chi-square",
            "gretl": "adf, of a panel",
        },
        {"plm": ("grunfeld_fisher/*_intercept/*/madwu", "grunfeld_fisher/*_trend/*/madwu")},
    ),
    Feature(
        INDEPENDENT,
        "Fisher: modified P",
        'fisher_test(grunfeld, "inv", statistic="Pm", lags=1)',
        statistic,
        lambda: (-2.0 * np.log(pvalues()).sum() - 20.0) / (2.0 * np.sqrt(10)),
        SINGLE,
        {"plm": 'test = "Pm"', "Stata": "xtunitroot fisher"},
        {"plm": ("grunfeld_fisher/*_intercept/*/Pm", "grunfeld_fisher/*_trend/*/Pm")},
    ),
    Feature(
        INDEPENDENT,
        "Fisher: logit L*",
        'fisher_test(grunfeld, "inv", statistic="L*", lags=1)',
        statistic,
        lambda: np.sqrt(3 * 54 / (np.pi**2 * 10 * 52)) * np.log(pvalues() / (1.0 - pvalues())).sum(),
        SINGLE,
        {
            "plm": 'test = "logit"',
            "Stata": "xtunitroot fisher",
            "gretl": "adf, of a panel",
        },
        {"plm": ("grunfeld_fisher/*_intercept/*/logit", "grunfeld_fisher/*_trend/*/logit")},
    ),
    Feature(
        INDEPENDENT,
        "Fisher: Hartung's, for correlated entities",
        'fisher_test(grunfeld, "inv", statistic="hartung", lags=1)',
        statistic,
        lambda: hartung(pvalues()),
        SINGLE,
        {"plm": "punitroots† pCADFtest(), Hartung()"},
        remark="of Demetrescu, Hassler and Tarcolea",
    ),
    Feature(
        INDEPENDENT,
        "Fisher: of Phillips-Perron tests",
        'fisher_test(gasoline, "lgaspcar", test="pp", bandwidth=2)',
        statistic,
        of_phillips_perron_tests,
        (f"{FISHER}::test_phillips_perron_tests_of_entities_of_unequal_lengths",),
        {"Stata": "pperron lags(2)", "EViews": "uroot(pp)"},
        remark="all the statistics",
    ),
    Feature(
        INDEPENDENT,
        "Simes's test (Hanck)",
        'simes_test(grunfeld, "inv", lags=1)',
        statistic,
        lambda: stats.false_discovery_control(pvalues()).min(),
        (f"{FISHER}::test_simes_names_the_entities_that_are_stationary", f"{COMBINED}::test_definitions"),
        {"plm": "phansitest(), punitroots† Simes()"},
        remark="holds its level under positive dependence",
    ),
    Feature(
        INDEPENDENT,
        "Which entities are stationary (Hommel)",
        "combine_pvalues(firm_pvalues)",
        own("adjusted_pvalue", 1),
        reference("grunfeld_fisher/inv_intercept/lags1/phansitest/p_hommel/1"),
        (
            f"{COMBINED}::test_adjusted_pvalues_are_those_of_the_closed_procedure",
            f"{FISHER}::test_plm_with_the_pvalues_of_mackinnon",
        ),
        {"plm": "phansitest()"},
        {"plm": ("grunfeld_fisher/*/lags1/phansitest",)},
        remark="also of simes_test",
    ),
    Feature(
        INDEPENDENT,
        "Any p-values combined",
        "combine_pvalues(pvalues)",
        statistic,
        lambda: stats.combine_pvalues(COUNTRIES, method="stouffer").statistic * -1.0,
        (f"{COMBINED}::test_published_statistics", f"{COMBINED}::test_published_pvalues_of_correlated_tests"),
        {"plm": "punitroots† Hartung(p)"},
        remark="all six statistics",
    ),
]
