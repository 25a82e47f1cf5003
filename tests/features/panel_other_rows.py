"""Rows of pooled, between and differenced regressions, and of panels whose slopes differ by entity."""

from __future__ import annotations

import numpy as np
from features.feature import Feature, reference
from features.panel_names import OTHER, error, least_squares, params
from reference_data import table
from scipy.special import ndtri

HETEROGENEOUS = "tests/panels/heterogeneous/test_heterogeneous.py"


def along_a_line() -> float:
    """The lower limit of an effect, less what a line through the estimate before the event says."""
    return 0.5 + 0.1 - ndtri(0.975) * np.sqrt(0.04 + 0.09 + 2 * 0.01)


def weighted_means() -> float:
    """The slope of lwage in the regression of firms' means, weighted by their rows."""
    means = table("empluk").groupby("firm")[["lemp", "lwage", "lcapital", "loutput"]].mean()
    sizes = table("empluk").groupby("firm").size()
    return least_squares(means["lemp"], means.iloc[:, 1:], np.ones(len(means)), weights=sizes)[0]


def adjacent_differences() -> float:
    """The slope of ttl_exp in differences of neighbouring years only."""
    frame = table("nlswork").sort_values(["idcode", "year"])
    columns = ["ln_wage", "ttl_exp", "tenure"]
    steps = frame[["idcode", "year", *columns]].diff()
    kept = steps[(steps["idcode"] == 0) & (steps["year"] == 1)]
    return least_squares(kept["ln_wage"], kept[["ttl_exp", "tenure"]])[0]


def pooled_common_effects() -> float:
    """The pooled slope of value after partialling the periods' averages and a constant out of each firm's series."""
    frame = table("grunfeld")
    columns = ["inv", "value", "capital"]
    averages = frame.groupby("year")[columns].mean().to_numpy()
    common = np.column_stack([np.ones(20), averages])
    left = []
    for _, firm in frame.groupby("firm"):
        block = firm[columns].to_numpy()
        left.append(block - common @ (np.linalg.pinv(common) @ block))
    stacked = np.vstack(left)
    return least_squares(stacked[:, 0], stacked[:, 1:])[0]


def trends() -> float:
    """The mean over firms of the slope of value, each regression with a trend."""
    slopes = [
        least_squares(firm["inv"], firm[["value", "capital"]], np.ones(20), np.arange(20.0))[0]
        for _, firm in table("grunfeld").groupby("firm")
    ]
    return float(np.mean(slopes))


def chow() -> float:
    """Swamy's chi2 of equal coefficients: weighted squared distances from the weighted mean."""
    estimates, precisions = [], []
    for _, firm in table("grunfeld").groupby("firm"):
        x = np.column_stack([np.ones(20), firm[["value", "capital"]]])
        b = np.linalg.lstsq(x, firm["inv"].to_numpy(), rcond=None)[0]
        e = firm["inv"].to_numpy() - x @ b
        estimates.append(b)
        precisions.append(x.T @ x / (e @ e / 17))
    mean = np.linalg.solve(sum(precisions), sum(p @ b for p, b in zip(precisions, estimates, strict=True)))
    return float(sum((b - mean) @ p @ (b - mean) for p, b in zip(precisions, estimates, strict=True)))


ROWS = [
    Feature(
        OTHER,
        "Pooled OLS",
        "fit_pooled(*grunfeld)",
        params("value"),
        reference("grunfeld_plm_fits/pooling/coef/value"),
        ("tests/panels/static/test_pooled.py::test_estimates", "tests/panels/static/test_pooled.py::test_inference"),
        {
            "plm": 'plm(model = "pooling")',
            "Stata": "regress",
            "EViews": "ls",
            "gretl": "panel --pooled",
            "linearmodels": "PooledOLS",
            "pyfixest": "feols",
        },
        {
            "plm": ("*_plm_fits/pooling", "*_sandwich_lm/coef"),
            "Stata": ("published_stata_grunfeld_pooled/regress_ols",),
            "gretl": ("*_gretl/pooled/coeff", "*_gretl/pooled/vcv"),
            "linearmodels": ("*_linearmodels/pooled/unadjusted_debiased*",),
            "pyfixest": ("*_pyfixest/pooled/iid_ssc_default",),
        },
    ),
    Feature(
        OTHER,
        "Weighted least squares",
        'fit_pooled(*grunfeld, weights="capital")',
        params("value"),
        lambda: least_squares(
            table("grunfeld")["inv"],
            table("grunfeld")[["value", "capital"]],
            np.ones(200),
            weights=table("grunfeld")["capital"],
        )[0],
        (
            "tests/panels/static/test_pooled.py::test_estimates",
            "tests/panels/static/test_pooled.py::test_the_scale_of_the_weights_does_not_matter",
        ),
        {
            "plm": "plm(weights = )",
            "Stata": "regress [aweight]",
            "gretl": "wls",
            "linearmodels": "PooledOLS(weights=)",
            "pyfixest": "feols(weights=)",
        },
        {"Stata": ("published_stata_grunfeld_pooled/cluster_wls_small",)},
    ),
    Feature(
        OTHER,
        "Between, by entity",
        "fit_between(*empluk)",
        params("lwage"),
        reference("empluk_plm_fits/between_individual/coef/lwage"),
        ("tests/panels/static/test_between.py::test_against_a_loop",),
        {
            "plm": 'plm(model = "between")',
            "Stata": "xtreg, be",
            "gretl": "panel --between",
            "linearmodels": "BetweenOLS",
        },
        {
            "plm": ("*_plm_fits/between_individual",),
            "Stata": ("published_stata_grunfeld_xtreg/xtreg_be_header",),
            "gretl": ("*_gretl/between/coeff", "*_gretl/between/vcv"),
            "linearmodels": ("*_linearmodels/between/unadjusted_debiased*",),
        },
    ),
    Feature(
        OTHER,
        "Between, weighted by rows",
        "fit_between(*empluk, wls=True)",
        params("lwage"),
        weighted_means,
        (
            "tests/panels/static/test_between.py::test_against_a_loop",
            "tests/panels/static/test_between.py::test_wls_differs_on_an_unbalanced_panel",
        ),
        {"Stata": "xtreg, be wls", "linearmodels": "BetweenOLS.fit(reweight=True)"},
        {"Stata": ("published_stata_nlswork/be_wls",), "linearmodels": ("*_linearmodels/between/reweight_True",)},
    ),
    Feature(
        OTHER,
        "Between, by time",
        'fit_between(*empluk, effects="time")',
        params("lwage"),
        reference("empluk_plm_fits/between_time/coef/lwage"),
        ("tests/panels/static/test_between.py::test_against_a_loop",),
        {"plm": 'model = "between", effect = "time"'},
        {"plm": ("*_plm_fits/between_time",)},
    ),
    Feature(
        OTHER,
        "First differences, adjacent periods only",
        "fit_first_difference(*women)",
        params("ttl_exp"),
        adjacent_differences,
        (
            "tests/panels/static/test_first_difference.py::test_against_a_loop",
            "tests/panels/static/test_first_difference.py::test_rows_after_a_gap_are_counted",
        ),
        {"Stata": "regress D.y D.x, noconstant", "gretl": "ols diff(y) diff(x)", "linearmodels": "FirstDifferenceOLS"},
        {"linearmodels": ("*_linearmodels/fd/unadjusted_debiased*",)},
    ),
    Feature(
        OTHER,
        "First differences with a constant, rows as they follow",
        'fit_first_difference(*empluk, convention="plm")',
        params("lwage"),
        reference("empluk_plm_fits/fd/coef/lwage"),
        (
            "tests/panels/static/test_first_difference.py::test_against_a_loop",
            "tests/panels/static/test_first_difference.py::test_the_intercept_is_asked_for_or_a_convention",
        ),
        {"plm": 'plm(model = "fd")', "Stata": "regress D.y D.x", "EViews": "ls d(y) c d(x)"},
        {
            "plm": ("*_plm_fits/fd/coef", "*_plm_fits/fd/vcov", "*_plm_fits/fd_nointercept"),
            "Stata": ("published_stata_fatalities/xtserial/first_difference_regression",),
        },
    ),
    Feature(
        OTHER,
        "Mean group",
        "fit_mean_group(*grunfeld)",
        params("value"),
        reference("grunfeld_extra/pmg_mg/coef/value"),
        (f"{HETEROGENEOUS}::test_mean_group", f"{HETEROGENEOUS}::test_coverage_of_the_mean_with_ten_entities"),
        {"plm": 'pmg(model = "mg")', "Stata": "xtmg†; xtpmg†, mg"},
        {"plm": ("grunfeld_extra/pmg_mg",)},
    ),
    Feature(
        OTHER,
        "Mean group, periods demeaned",
        "fit_mean_group(*grunfeld, demean=True)",
        params("value"),
        reference("grunfeld_extra/pmg_dmg/coef/value"),
        (f"{HETEROGENEOUS}::test_mean_group_with_trend_and_periods_demeaned",),
        {"plm": 'pmg(model = "dmg")'},
        {"plm": ("grunfeld_extra/pmg_dmg",)},
    ),
    Feature(
        OTHER,
        "Averages over periods (Fama-MacBeth)",
        'fit_fama_macbeth(*grunfeld, lags=2, convention="linearmodels")',
        params("value"),
        reference("four_linearmodels_fama_macbeth/grunfeld/bartlett2/params/value"),
        ("tests/panels/heterogeneous/test_fama_macbeth.py::test_average_and_covariance",),
        {"linearmodels": "FamaMacBeth", "Stata": "xtfmb†", "plm": "pmg() with the index turned round"},
        {"linearmodels": ("four_linearmodels_fama_macbeth",)},
    ),
    Feature(
        OTHER,
        "Effects of staggered treatment by cohort and period (Sun and Abraham)",
        'fit_sun_abraham(castle, "l_homicide", cohort="effyear").aggregate("overall")',
        params("overall"),
        reference("castle_sunab/whole/overall/estimate/overall"),
        (
            "tests/panels/treatments/test_cell_regressions.py::test_sun_abraham_with_dummies",
            "tests/panels/treatments/test_cell_regressions.py::test_effects_are_differences_of_differences_of_means",
        ),
        {"Stata": "eventstudyinteract†", "pyfixest": 'event_study(estimator="saturated")'},
    ),
    Feature(
        OTHER,
        "Effects of staggered treatment by cohort and period (Callaway and Sant'Anna)",
        'fit_callaway_santanna(castle, "l_homicide", cohort="effyear").aggregate("overall")',
        params("overall"),
        reference("castle_did/never/simple/estimate/overall"),
        (
            "tests/panels/treatments/test_callaway_santanna.py::test_effects_and_errors_by_definition",
            "tests/panels/treatments/test_two_by_two.py::test_changes_by_definition",
        ),
        {"Stata": "csdid†"},
    ),
    Feature(
        OTHER,
        "Effects of staggered treatment by imputation (Borusyak, Jaravel and Spiess)",
        'fit_imputation(castle, "l_homicide", cohort="effyear").aggregate("overall")',
        params("overall"),
        reference("castle_didimputation/static/estimate"),
        (
            "tests/panels/treatments/test_imputation.py::test_effects_and_errors_by_definition",
            "tests/panels/treatments/test_imputation.py::test_leads_are_those_of_a_regression_of_untreated_rows",
        ),
        {"Stata": "did_imputation†"},
    ),
    Feature(
        OTHER,
        "Effects of staggered treatment in two stages (Gardner)",
        'fit_two_stage(castle, "l_homicide", cohort="effyear").aggregate("overall")',
        params("overall"),
        reference("castle_did2s/plain/overall/estimate/overall"),
        (
            "tests/panels/treatments/test_two_stage.py::test_effects_and_errors_by_the_moments_of_both_stages",
            "tests/panels/treatments/test_two_stage.py::test_averages_are_regressions_on_the_indicators_of_many_cells",
        ),
        {"Stata": "did2s†", "pyfixest": "did2s()"},
    ),
    Feature(
        OTHER,
        "Two-way coefficient of a staggered treatment as a mean of comparisons (Goodman-Bacon)",
        'decompose_two_way_effects(castle, "l_homicide", cohort="effyear")',
        lambda found: found.coefficient,
        reference("castle_bacondecomp/plain/coefficient"),
        (
            "tests/panels/decompositions/test_two_way_comparisons.py::test_comparisons_are_differences_of_means",
            "tests/panels/decompositions/test_two_way_comparisons.py::test_with_regressors_by_dense_regressions",
        ),
        {"Stata": "bacondecomp†"},
    ),
    Feature(
        OTHER,
        "Effects of staggered treatment by extended two-way regression (Wooldridge)",
        'fit_extended_two_way(castle, "l_homicide", cohort="effyear", convention="pyfixest").aggregate("overall")',
        params("overall"),
        reference("castle_etwfe/notyet_plain/simple/estimate/overall"),
        (
            "tests/panels/treatments/test_extended_two_way.py::test_effects_and_errors_by_definition",
            "tests/panels/treatments/test_extended_two_way.py::test_an_effect_is_the_mean_over_the_rows_of_its_cell",
        ),
        {"Stata": "jwdid†"},
    ),
    Feature(
        OTHER,
        "What remains of an effect if trends are not parallel (Rambachan and Roth)",
        "trend_sensitivity([0.1, 0.5], covariance=[[0.04, 0.01], [0.01, 0.09]], n_before=1, "
        'restriction="smoothness", bounds=[0])',
        lambda found: found.limits[0, 0],
        along_a_line,
        (
            "tests/estimates/sensitivity/test_trend_sensitivity.py::test_the_test_by_all_vertices",
            "tests/estimates/sensitivity/test_trend_sensitivity.py::test_the_fixed_length_is_the_shortest",
            "tests/simulation/test_sensitivity.py::test_the_table_has_every_case_and_keeps_its_promise",
        ),
        {"Stata": "honestdid†"},
    ),
    Feature(
        OTHER,
        "Weights of effects in a two-way coefficient (de Chaisemartin and D'Haultfoeuille)",
        'weigh_two_way_effects(castle, "l_homicide", cohort="effyear")',
        lambda found: found.coefficient,
        reference("castle_twowayfeweights/all/coefficient"),
        (
            "tests/panels/decompositions/test_two_way_weights.py::test_weights_by_dense_regression",
            "tests/panels/decompositions/test_two_way_weights.py::test_spreads_are_the_smallest",
        ),
        {"Stata": "twowayfeweights†"},
    ),
    Feature(
        OTHER,
        "Weights of effects in a two-way event study (Sun and Abraham)",
        'weigh_event_study(castle, "l_homicide", cohort="effyear")',
        lambda found: found.coefficients[found.since == 0][0],
        reference("castle_sunab/whole/two_way/estimate/0"),
        (
            "tests/panels/decompositions/test_event_study_weights.py::test_weights_by_regressions_of_indicators",
            "tests/panels/decompositions/test_event_study_weights.py::test_coefficients_are_weighted_sums_of_effects",
        ),
        {"Stata": "eventstudyweights†"},
    ),
    Feature(
        OTHER,
        "Mean group, with trends",
        'fit_mean_group(*grunfeld, trend="ct")',
        params("value"),
        trends,
        (f"{HETEROGENEOUS}::test_mean_group_with_trend_and_periods_demeaned",),
        {"plm": "pmg(trend = TRUE)", "Stata": "xtmg†, trend"},
        {"plm": ("grunfeld_plm_more/pmg_mg_trend", "grunfeld_plm_more/pmg_cmg_trend")},
    ),
    Feature(
        OTHER,
        "Common correlated effects, mean group",
        "fit_common_correlated_effects(*grunfeld)",
        params("value"),
        reference("grunfeld_extra/pmg_cmg/coef/value"),
        (f"{HETEROGENEOUS}::test_common_correlated_effects",),
        {"plm": 'pmg(model = "cmg"); pcce(model = "mg")', "Stata": "xtmg†, cce; xtdcce2†"},
        {"plm": ("grunfeld_extra/pmg_cmg", "grunfeld_plm_more/pcce_mg")},
    ),
    Feature(
        OTHER,
        "Common correlated effects, pooled",
        "fit_common_correlated_effects(*grunfeld, pooled=True)",
        params("value"),
        pooled_common_effects,
        (f"{HETEROGENEOUS}::test_common_correlated_effects",),
        {"plm": 'pcce(model = "p")', "Stata": "xtdcce2†, pooled()"},
        {"plm": ("grunfeld_plm_more/pcce_p",)},
    ),
    Feature(
        OTHER,
        "Swamy's random coefficients",
        'fit_swamy(*grunfeld, convention="plm")',
        error("value"),
        reference("grunfeld_extra/pvcm_random/se/value"),
        (f"{HETEROGENEOUS}::test_swamy", f"{HETEROGENEOUS}::test_indefinite_dispersion_falls_back_with_a_warning"),
        {"plm": 'pvcm(model = "random")', "Stata": "xtrc"},
        {"plm": ("grunfeld_extra/pvcm_random",)},
    ),
    Feature(
        OTHER,
        "Test that coefficients do not differ (Swamy)",
        'fit_swamy(*grunfeld, convention="plm").constancy.statistic',
        float,
        chow,
        (
            f"{HETEROGENEOUS}::test_constancy_is_the_chow_test_with_entity_variances",
            f"{HETEROGENEOUS}::test_few_rows_inflate_the_constancy_statistic_as_the_note_says",
        ),
        {"plm": "summary(pvcm())", "Stata": "xtrc"},
    ),
    Feature(
        OTHER,
        "Coefficients entity by entity",
        'fit_mean_group(*grunfeld).individual["value"]',
        lambda values: values.iloc[0],
        reference("grunfeld_extra/pvcm_within/coef/values/0/1"),
        (f"{HETEROGENEOUS}::test_batches_equal_single_regressions",),
        {"plm": 'pvcm(model = "within")', "Stata": "xtrc, betas; statsby"},
        {"plm": ("grunfeld_extra/pvcm_within",)},
    ),
]
