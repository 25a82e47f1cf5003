"""Rows of tests of one variable of a panel with one root for all entities, and of stationarity as the null."""

from __future__ import annotations

import numpy as np
from features.feature import Feature, reference
from features.panel_roots_names import (
    INDEPENDENT,
    STATIONARY,
    demeaned,
    fuel,
    left,
    pvalue,
    series,
    statistic,
    time_powers,
)
from nonstationary.panel_unit_roots.test_breitung import slow as slow_breitung
from nonstationary.panel_unit_roots.test_llc import slow as slow_llc
from scipy.integrate import quad

LLC = "tests/nonstationary/panel_unit_roots/test_llc.py"
HT = "tests/nonstationary/panel_unit_roots/test_harris_tzavalis.py"
BREITUNG = "tests/nonstationary/panel_unit_roots/test_breitung.py"
HADRI = "tests/nonstationary/panel_unit_roots/test_hadri.py"

LLC_LOOPS = (f"{LLC}::test_every_step_entity_by_entity", f"{LLC}::test_conventions")


def under_the_null(trend: str, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Quadratic forms in the errors whose ratio is the pooled root less one."""
    sums = np.tril(np.ones((steps, steps)), -1)
    terms = time_powers(steps, trend)
    forms = sums.T @ (np.eye(steps) - terms @ np.linalg.pinv(terms))
    return 0.5 * (forms + forms.T), forms @ sums


def pooled_root(values: np.ndarray, trend: str) -> float:
    """Of the regression on a dummy, and a trend, for every entity."""
    dummies = np.kron(np.eye(len(values)), time_powers(values.shape[1] - 1, trend))
    x = np.column_stack([values[:, :-1].ravel(), dummies])
    return float(np.linalg.lstsq(x, values[:, 1:].ravel(), rcond=None)[0][0])


def harris_tzavalis(trend: str, steps: int) -> float:
    """The pooled root, standardised by the moments of a ratio of quadratic forms in normal errors."""
    top, below = under_the_null(trend, steps)
    mean = np.trace(top) / np.trace(below)
    gap = top - mean * below
    variance = 2.0 * np.trace(gap @ gap) / np.trace(below) ** 2
    return float(np.sqrt(10.0 / variance) * (pooled_root(series(), trend) - 1.0 - mean))


def imhof() -> float:
    """Probability of a smaller pooled root, by the integral of Imhof (1961)."""
    values = fuel("lrpmg")
    top, below = under_the_null("c", 18)
    weights = np.linalg.eigvalsh(top - (pooled_root(values, "c") - 1.0) * below)

    def wave(u: float) -> float:
        angle = 9.0 * np.arctan(weights * u).sum()
        return float(np.sin(angle) / u * np.exp(-4.5 * np.log1p((weights * u) ** 2).sum()))

    return 0.5 - quad(wave, 0.0, np.inf, epsabs=1e-13, limit=400)[0] / np.pi


def kpss(bandwidth: int) -> float:
    """KPSS statistics with Bartlett's weights, averaged and standardised."""
    found = []
    for y in series():
        u = left(np.ones((20, 1)), y)
        variance = u @ u + 2 * sum((1 - j / (bandwidth + 1)) * (u[j:] @ u[:-j]) for j in range(1, bandwidth + 1))
        found.append(np.sum(np.cumsum(u) ** 2) / (20.0 * variance))
    return float(np.sqrt(10.0 * 45.0) * (np.mean(found) - 1.0 / 6.0))


COMMON_ROOT_ROWS = [
    Feature(
        INDEPENDENT,
        "Levin, Lin and Chu, constant",
        'llc_test(grunfeld, "inv", lags=1)',
        statistic,
        lambda: slow_llc(series(), [1] * 10, "c", powers=0, width=9, read_at=18)[0],
        LLC_LOOPS,
        {"plm": 'purtest(test = "levinlin")', "Stata": "xtunitroot llc", "EViews": "uroot(llc)", "gretl": "levinlin"},
        remark="changes are not centred before their long-run variance, as the test's table was drawn; the others "
        "centre them and reject far too often: the rows below",
    ),
    Feature(
        INDEPENDENT,
        "The same with the changes centred: plm",
        'llc_test(grunfeld, "inv", lags=1, convention="plm")',
        statistic,
        reference("grunfeld_llc/inv_intercept/levinlin_lags1/statistic"),
        LLC_LOOPS,
        {"plm": 'exo = "intercept"'},
        {"plm": ("grunfeld_llc/*_intercept/levinlin_lags*",)},
    ),
    Feature(
        INDEPENDENT,
        "The same: gretl",
        'llc_test(grunfeld, "inv", lags=1, convention="gretl")',
        statistic,
        reference("grunfeld_llc_gretl/inv_intercept/lags1/statistic"),
        LLC_LOOPS,
        {"gretl": "levinlin 1"},
        {"gretl": ("grunfeld_llc_gretl/*_intercept",)},
    ),
    Feature(
        INDEPENDENT,
        "The same: Stata",
        'llc_test(grunfeld, "inv", lags=1, convention="stata")',
        statistic,
        lambda: slow_llc(series(), [1] * 10, "c", powers=1, width=8, read_at=18, convention="stata")[0],
        LLC_LOOPS,
        {"Stata": "lags(1)"},
        remark="after its code, which has a misprint in the table: 0.971 for 0.871 at 40 rows with a trend",
    ),
    Feature(
        INDEPENDENT,
        "Levin, Lin and Chu, no terms",
        'llc_test(grunfeld, "inv", lags=1, trend="n", convention="plm")',
        statistic,
        reference("grunfeld_llc/inv_none/levinlin_lags1/statistic"),
        LLC_LOOPS,
        {"plm": 'exo = "none"', "Stata": "noconstant", "EViews": "exog=none", "gretl": "--nc"},
        {"plm": ("grunfeld_llc/*_none/levinlin_lags*",), "gretl": ("grunfeld_llc_gretl/*_none",)},
    ),
    Feature(
        INDEPENDENT,
        "Levin, Lin and Chu, trend",
        'llc_test(grunfeld, "inv", lags=1, trend="ct", convention="plm")',
        statistic,
        reference("grunfeld_llc/inv_trend/levinlin_lags1/statistic"),
        LLC_LOOPS,
        {"plm": 'exo = "trend"', "Stata": "trend", "EViews": "exog=trend", "gretl": "--ct"},
        {"plm": ("grunfeld_llc/*_trend/levinlin_lags*",), "gretl": ("grunfeld_llc_gretl/*_trend",)},
        remark="plm and gretl detrend the changes: such a test rejects half of true nulls; the default centres them",
    ),
    Feature(
        INDEPENDENT,
        "Its lags chosen by BIC, AIC or t",
        'llc_test(grunfeld, "inv", lags="bic", max_lags=4, convention="plm")',
        statistic,
        reference("grunfeld_llc/inv_intercept/levinlin_SIC/statistic"),
        (*LLC_LOOPS, f"{LLC}::test_lags_that_stay_in_plm"),
        {"plm": 'lags = "SIC", "AIC", "Hall"', "Stata": "lags(bic 4), lags(aic 4)", "EViews": "info="},
        {"plm": tuple(f"grunfeld_llc/*/levinlin_{rule}" for rule in ("SIC", "AIC", "Hall"))},
        remark="t is not among Stata's; gretl takes a vector of lags",
    ),
    Feature(
        INDEPENDENT,
        "Its variances over degrees of freedom",
        'llc_test(grunfeld, "inv", lags=1, small_sample=True, convention="plm")',
        statistic,
        reference("grunfeld_llc/inv_intercept/levinlin_dfcor_lags1/statistic"),
        LLC_LOOPS,
        {"plm": "dfcor = TRUE"},
        {"plm": ("grunfeld_llc/*/levinlin_dfcor_lags*",)},
    ),
    Feature(
        INDEPENDENT,
        "Its long-run variance: bandwidth and kernel",
        'llc_test(grunfeld, "inv", lags=1, bandwidth=4)',
        statistic,
        lambda: slow_llc(series(), [1] * 10, "c", powers=0, width=4, read_at=18)[0],
        (f"{LLC}::test_bandwidths_of_ones_own",),
        {"plm": "q = 4", "Stata": "kernel(bartlett 4), parzen, quadraticspectral", "EViews": "kernel and bandwidth"},
        remark="rules: the paper's, Newey and West's, Andrews's and others",
    ),
    Feature(
        INDEPENDENT,
        "Means of the periods taken out",
        'llc_test(grunfeld, "inv", lags=1, demean=True)',
        statistic,
        lambda: slow_llc(demeaned(series()), [1] * 10, "c", powers=0, width=9, read_at=18)[0],
        (f"{LLC}::test_a_time_effect_is_taken_out",),
        {"Stata": "demean"},
        remark="also in the tests below",
    ),
    Feature(
        INDEPENDENT,
        "Harris and Tzavalis",
        'harris_tzavalis_test(grunfeld, "inv")',
        statistic,
        lambda: harris_tzavalis("c", 19),
        (
            f"{HT}::test_the_pooled_root_is_that_of_a_regression_on_dummies",
            f"{HT}::test_moments_are_those_of_quadratic_forms",
        ),
        {"Stata": "xtunitroot ht, altt"},
        remark='without terms and with a trend too: trend="n", "ct" (noconstant, trend)',
    ),
    Feature(
        INDEPENDENT,
        "Harris and Tzavalis, moments of the periods",
        'harris_tzavalis_test(grunfeld, "inv", trend="ct", convention="stata")',
        statistic,
        lambda: harris_tzavalis("ct", 20),
        (f"{HT}::test_statistic_pvalue_and_conventions",),
        {"Stata": "xtunitroot ht, trend"},
        remark="rejects too often where periods are few",
    ),
    Feature(
        INDEPENDENT,
        "Harris and Tzavalis, exact for any number of entities",
        'harris_tzavalis_test(gasoline, "lrpmg").parts[0]',
        pvalue,
        imhof,
        (f"{HT}::test_the_exact_p_value_is_the_share_of_smaller_roots_of_panels_with_a_unit_root",),
        remark="for normal errors of one variance",
        tolerance=1e-6,
    ),
    Feature(
        INDEPENDENT,
        "Breitung, constant",
        'breitung_test(grunfeld, "inv", lags=1)',
        statistic,
        lambda: slow_breitung(series(), [1] * 10, "c", robust=False),
        (f"{BREITUNG}::test_every_step_in_loops",),
        {"Stata": "xtunitroot breitung, lags(1)", "EViews": "uroot(breit)"},
        remark="without terms too",
    ),
    Feature(
        INDEPENDENT,
        "Breitung, trend",
        'breitung_test(grunfeld, "inv", lags=1, trend="ct")',
        statistic,
        lambda: slow_breitung(series(), [1] * 10, "ct", robust=False),
        (
            f"{BREITUNG}::test_every_step_in_loops",
            f"{BREITUNG}::test_true_nulls_are_rejected_as_often_as_the_level_says",
        ),
        {"Stata": "trend", "EViews": "exog=trend"},
    ),
    Feature(
        INDEPENDENT,
        "Breitung and Das: correlated entities",
        'breitung_test(grunfeld, "inv", lags=1, robust=True)',
        statistic,
        lambda: slow_breitung(series(), [1] * 10, "c", robust=True),
        (f"{BREITUNG}::test_the_robust_form_allows_for_correlated_neighbours",),
        {"Stata": "robust"},
    ),
]

HADRI_ROWS = [
    Feature(
        STATIONARY,
        "Hadri, a variance for each entity",
        'hadri_test(grunfeld, "inv", errors="heteroskedastic")',
        statistic,
        reference("grunfeld_hadri/inv_intercept/hadri_HconsTRUE/statistic"),
        (f"{HADRI}::test_variances_by_loops",),
        {
            "plm": 'purtest(test = "hadri"), punitroots† phadri()',
            "Stata": "xtunitroot hadri, robust",
            "EViews": "uroot(hadri), heteroscedastic",
            "tspdlib": "pd_kpss, het",
        },
        {"plm": ("grunfeld_hadri/*_intercept/hadri_HconsTRUE",)},
    ),
    Feature(
        STATIONARY,
        "Hadri, one variance",
        'hadri_test(grunfeld, "inv", errors="homoskedastic")',
        statistic,
        reference("grunfeld_hadri/inv_intercept/hadri_HconsFALSE/statistic"),
        (f"{HADRI}::test_variances_by_loops",),
        {
            "plm": "Hcons = FALSE",
            "Stata": "xtunitroot hadri",
            "EViews": "uroot(hadri)",
            "tspdlib": "pd_kpss, hom",
        },
        {"plm": ("grunfeld_hadri/*_intercept/hadri_HconsFALSE",)},
    ),
    Feature(
        STATIONARY,
        "Hadri about trends",
        'hadri_test(grunfeld, "inv", trend="ct", errors="heteroskedastic")',
        statistic,
        reference("grunfeld_hadri/inv_trend/hadri_HconsTRUE/statistic"),
        (f"{HADRI}::test_variances_by_loops",),
        {"plm": 'exo = "trend"', "Stata": "trend", "EViews": "exog=trend", "tspdlib": "model = 2"},
        {"plm": ("grunfeld_hadri/*_trend/hadri_Hcons*",)},
    ),
    Feature(
        STATIONARY,
        "Hadri, variances over degrees of freedom",
        'hadri_test(grunfeld, "inv", errors="heteroskedastic", small_sample=True)',
        statistic,
        reference("grunfeld_hadri/inv_intercept/hadri_dfcorTRUE/statistic"),
        (f"{HADRI}::test_variances_by_loops",),
        {"plm": "dfcor = TRUE", "Stata": "its default"},
        {"plm": ("grunfeld_hadri/*/hadri_dfcorTRUE",)},
    ),
    Feature(
        STATIONARY,
        "Hadri, autocorrelated errors",
        'hadri_test(grunfeld, "inv", bandwidth=3)',
        statistic,
        lambda: kpss(3),
        (
            f"{HADRI}::test_entities_have_the_statistics_of_kpss",
            f"{HADRI}::test_bandwidths_by_rule_are_those_of_each_series",
        ),
        {
            "plm": "punitroots† phadri(bw = 3)",
            "Stata": "kernel(bartlett 3)",
            "EViews": "kernel and bandwidth",
            "tspdlib": "varm, bwl",
        },
        remark="still rejects too often: the guide; Stata averages the long-run variances over entities",
    ),
]
