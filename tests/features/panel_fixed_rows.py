"""Rows of fixed effects: one, two and more, slopes by level, ranks, estimated effects, predictions, weights."""

from __future__ import annotations

import numpy as np
from features.feature import Feature, reference
from features.panel_names import FIXED, indicators, least_squares, params
from reference_data import table

import panelvar as pv

FIXED_TESTS = "tests/panels/static/test_fixed.py"
MANY = "tests/panels/static/test_slopes_and_many_effects.py"
KERNEL = "tests/kernels/absorption/test_many_effects.py"
ERRORS = "tests/panels/static/test_effect_errors.py"
LINEAR = "tests/panels/static/test_result.py"

ESTIMATES = (f"{FIXED_TESTS}::test_estimates", "tests/properties/test_static_panel.py::test_row_order_does_not_matter")


def three_dummies() -> float:
    """The slope of total experience with dummies for grade, period and region."""
    frame = table("nlswork")
    dummies = [indicators(frame[name]) for name in ("grade", "year", "south")]
    return least_squares(frame["ln_wage"], frame[["ttl_exp", "tenure"]], *dummies)[0]


def firm_trends() -> float:
    """The slope of value with a dummy and a trend for each firm."""
    frame = table("grunfeld")
    firms = indicators(frame["firm"])
    trend = (frame["year"].to_numpy() - 1945.0)[:, None]
    return least_squares(frame["inv"], frame[["value", "capital"]], firms, trend * firms)[0]


def rows_of_women_seen_twice() -> float:
    """Rows left when women with one row are dropped."""
    sizes = table("nlswork").groupby("idcode").size()
    return float(sizes[sizes > 1].sum())


def exact_df() -> float:
    """Rows less slopes less the rank of both sets of dummies, by singular values."""
    frame = table("empluk")
    dummies = np.column_stack([indicators(frame["firm"]), indicators(frame["year"])])
    return len(frame) - 3.0 - np.linalg.matrix_rank(dummies.T @ dummies)


def weighted_dummies() -> float:
    """The slope of lwage in weighted least squares with a dummy for each firm and year."""
    frame = table("empluk")
    dummies = [indicators(frame[name]) for name in ("firm", "year")]
    x = frame[["lwage", "lcapital", "loutput"]]
    return least_squares(frame["lemp"], x, *dummies, weights=frame["emp"])[0]


def deviation_error() -> float:
    """The standard error of the first firm's effect in deviation form, from the dense dummy-variable regression."""
    frame = table("grunfeld")
    firms = indicators(frame["firm"])
    design = np.column_stack([firms, frame[["value", "capital"]]])
    inverse = np.linalg.inv(design.T @ design)
    residuals = frame["inv"] - design @ (inverse @ design.T @ frame["inv"])
    pick = np.zeros(design.shape[1])
    pick[:10] = -0.1
    pick[0] += 1.0
    return float(np.sqrt(residuals @ residuals / (200 - 12) * pick @ inverse @ pick))


def twoway_error() -> float:
    """The error of the first firm's level, the periods' effects having mean zero."""
    frame = table("grunfeld")
    years = indicators(frame["year"])
    design = np.column_stack([indicators(frame["firm"]), years[:, 1:] - years[:, :1], frame[["value", "capital"]]])
    inverse = np.linalg.inv(design.T @ design)
    residuals = frame["inv"] - design @ (inverse @ design.T @ frame["inv"])
    return float(np.sqrt(residuals @ residuals / (200 - design.shape[1]) * inverse[0, 0]))


def prediction() -> float:
    """The mean effect and the slopes, for a row of a firm not seen, in two lines."""
    result = pv.fit_fixed_effects(pv.Panel(table("grunfeld"), "firm", "year"), "inv", ["value", "capital"])
    return float(result.params @ [1.0, 1000.0, 200.0])


def seen_interval() -> float:
    """The error of the expected investment of the first row, from the dense dummy-variable regression."""
    frame = table("grunfeld")
    design = np.column_stack([indicators(frame["firm"]), frame[["value", "capital"]]])
    inverse = np.linalg.inv(design.T @ design)
    residuals = frame["inv"] - design @ (inverse @ design.T @ frame["inv"])
    return float(np.sqrt(residuals @ residuals / (200 - 12) * design[0] @ inverse @ design[0]))


def unseen_interval() -> float:
    """The error of a firm not seen: that of the average, and the variance of the effects over firms."""
    result = pv.fit_fixed_effects(pv.Panel(table("grunfeld"), "firm", "year"), "inv", ["value", "capital"])
    z = np.array([1.0, 1000.0, 200.0])
    effects = result.estimated_effects()["deviation"]
    return float(np.sqrt(z @ result.cov.to_numpy() @ z + effects.var(ddof=1)))


NEW = '{"firm": [99], "year": [1960], "value": [1000.0], "capital": [200.0]}'

ROWS = [
    Feature(
        FIXED,
        "Entity effects",
        "fit_fixed_effects(*empluk)",
        params("lwage"),
        reference("empluk_plm_fits/within_individual/coef/lwage"),
        ESTIMATES,
        {
            "plm": 'plm(model = "within")',
            "Stata": "xtreg, fe; areg",
            "EViews": "fixed (cross-section)",
            "gretl": "panel --fixed-effects",
            "linearmodels": "PanelOLS(entity_effects=True)",
            "pyfixest": 'feols("y ~ x | firm")',
        },
        {
            "plm": ("*_plm_fits/within_individual",),
            "Stata": ("published_stata_grunfeld_xtreg/xtreg_fe", "published_stata_nlswork/fe/params"),
            "gretl": ("*_gretl/fe/coeff", "*_gretl/fe/stderr", "*_gretl/fe/vcv"),
            "linearmodels": ("*_linearmodels/fe_entity/unadjusted_debiased*",),
            "pyfixest": ("*_pyfixest/fe_entity/iid_ssc_default",),
        },
    ),
    Feature(
        FIXED,
        "Time effects",
        'fit_fixed_effects(*empluk, effects="time")',
        params("lwage"),
        reference("empluk_plm_fits/within_time/coef/lwage"),
        ESTIMATES,
        {
            "plm": 'effect = "time"',
            "Stata": "areg, absorb(year)",
            "EViews": "fixed (period)",
            "linearmodels": "PanelOLS(time_effects=True)",
            "pyfixest": 'feols("y ~ x | year")',
        },
        {
            "plm": ("*_plm_fits/within_time",),
            "linearmodels": ("*_linearmodels/fe_time/unadjusted_debiased*",),
            "pyfixest": ("*_pyfixest/fe_time/iid_ssc_default",),
        },
    ),
    Feature(
        FIXED,
        "Two-way effects, balanced and unbalanced (exact)",
        'fit_fixed_effects(*empluk, effects="twoway")',
        params("lwage"),
        reference("empluk_plm_fits/within_twoways/coef/lwage"),
        (*ESTIMATES, "tests/properties/test_static_panel.py::test_two_way_effects_equal_the_dummy_regression"),
        {
            "plm": 'effect = "twoways"',
            "Stata": "xtreg, fe with i.year; reghdfe†",
            "EViews": "fixed (both)",
            "gretl": "panel --time-dummies",
            "linearmodels": "PanelOLS, both effects",
            "pyfixest": 'feols("y ~ x | firm + year")',
        },
        {
            "plm": ("*_plm_fits/within_twoways/coef", "*_plm_fits/within_twoways/vcov"),
            "gretl": ("*_gretl/fe_twoway/coeff", "*_gretl/fe_twoway/stderr"),
            "linearmodels": ("*_linearmodels/fe_twoway/unadjusted_debiased*",),
            "pyfixest": ("*_pyfixest/fe_twoway/iid_ssc_default",),
        },
    ),
    Feature(
        FIXED,
        "Three and more effects",
        'fit_fixed_effects(*women, effects=("grade", "time", "south"))',
        params("ttl_exp"),
        three_dummies,
        (f"{MANY}::test_estimates_equal_those_with_dummies", f"{KERNEL}::test_iterations_agree_with_the_factor"),
        {
            "Stata": "areg, absorb(a b c) (19); reghdfe†",
            "linearmodels": "AbsorbingLS",
            "pyfixest": 'feols("y ~ x | a + b + c")',
        },
        {"pyfixest": ("nlswork_pyfixest/three_effects",)},
    ),
    Feature(
        FIXED,
        "Slopes that differ by level",
        'fit_fixed_effects(*grunfeld, effects="entity[year]")',
        params("value"),
        firm_trends,
        (
            f"{MANY}::test_estimates_equal_those_with_dummies",
            f"{KERNEL}::test_residuals_are_those_of_dense_least_squares",
        ),
        {
            "Stata": "reghdfe†, absorb(firm##c.year)",
            "linearmodels": "AbsorbingLS(interactions=)",
        },
        remark="fixest in R writes firm[year]; pyfixest 0.60 does not read it",
    ),
    Feature(
        FIXED,
        "Rank of two effects, exact when panels fall apart",
        'fit_fixed_effects(*empluk, effects="twoway").df_resid',
        float,
        exact_df,
        (
            f"{FIXED_TESTS}::test_unconnected_blocks_and_singletons",
            "tests/properties/test_absorb_properties.py::test_rank_and_leverage_are_those_of_the_dummies",
        ),
        {"Stata": "reghdfe†"},
    ),
    Feature(
        FIXED,
        "Rank of three and more: exact, or a stated bound",
        'fit_fixed_effects(*empluk, effects=("entity", "time", "sector")).df_resid',
        float,
        exact_df,
        (
            f"{KERNEL}::test_the_rank_is_exact_and_its_bound_a_bound",
            f"{KERNEL}::test_the_bound_is_the_rank_where_pairs_tell_all",
        ),
        {"Stata": "reghdfe†, dofadjustments(pairwise)"},
        remark="sectors are unions of firms and add nothing",
    ),
    Feature(
        FIXED,
        "Singletons dropped on request, until none is left",
        'fit_fixed_effects(*women, convention="pyfixest").nobs',
        float,
        rows_of_women_seen_twice,
        (
            f"{FIXED_TESTS}::test_singletons_are_dropped_where_the_convention_says_so",
            f"{MANY}::test_singletons_go_until_none_is_left_in_any_effect",
        ),
        {
            "Stata": "reghdfe†",
            "linearmodels": "PanelOLS(singletons=False)",
            "pyfixest": 'fixef_rm="singleton" (default)',
        },
        {"pyfixest": ("nlswork_pyfixest/singletons",)},
    ),
    Feature(
        FIXED,
        "The constant with its standard error",
        'within.std_errors["const"]',
        float,
        reference("grunfeld_plm_fits/within_individual/within_intercept/se"),
        (f"{FIXED_TESTS}::test_estimates",),
        {
            "plm": "within_intercept()",
            "Stata": "_cons of xtreg, fe",
            "EViews": "C",
            "gretl": "const",
            "linearmodels": "a constant among the regressors",
        },
        {
            "plm": ("*_plm_fits/within_*/within_intercept",),
            "Stata": (
                "published_stata_grunfeld_xtreg/xtreg_fe/params/_cons",
                "published_stata_nlswork/fe/params/_cons",
            ),
            "gretl": ("*_gretl/fe/coeff/0", "*_gretl/fe/stderr/0"),
            "linearmodels": ("*_linearmodels/fe_entity/unadjusted_debiasedTrue/std_errors/const",),
        },
    ),
    Feature(
        FIXED,
        "Estimated effects as levels, with standard errors",
        'within.estimated_effects()["std_error"]',
        lambda errors: errors.iloc[0],
        reference("grunfeld_plm_fits/within_individual/fixef_level_se/1"),
        (
            f"{ERRORS}::test_effects_and_their_errors_in_both_forms",
            f"{FIXED_TESTS}::test_estimated_effects_and_their_errors",
        ),
        {
            "plm": "summary(fixef())",
            "Stata": "predict, u (no errors)",
            "EViews": "effects view (no errors)",
            "gretl": "$ahat (no errors)",
            "linearmodels": "estimated_effects (no errors)",
            "pyfixest": "fixef() (no errors)",
        },
        {
            "plm": ("*_plm_fits/within_individual/fixef_level*", "*_plm_fits/within_time/fixef_level*"),
            "Stata": ("published_stata_nlswork/predictions_re_fe",),
        },
    ),
    Feature(
        FIXED,
        "Estimated effects as deviations, with standard errors",
        'within.estimated_effects()["std_error_deviation"]',
        lambda errors: errors.iloc[0],
        deviation_error,
        (f"{ERRORS}::test_effects_and_their_errors_in_both_forms",),
        {"plm": 'summary(fixef(type = "dmean"))'},
        {"plm": ("grunfeld_plm_more/fixef_dmean/value",)},
        "plm prints the errors of the levels for them",
    ),
    Feature(
        FIXED,
        "Two-way effects with standard errors",
        'twoway.estimated_effects().loc["firm", "std_error"]',
        lambda errors: errors.iloc[0],
        twoway_error,
        (
            f"{ERRORS}::test_effects_and_their_errors_in_both_forms",
            f"{ERRORS}::test_differences_mean_something_only_within_a_component",
        ),
        {
            "plm": "fixef(effect = ) (no errors)",
            "EViews": "effects view (no errors)",
            "pyfixest": "fixef() (no errors)",
        },
        {"plm": ("grunfeld_plm_fits/within_twoways/fixef_level_*",)},
        "plm's values err on unbalanced panels (parity page)",
    ),
    Feature(
        FIXED,
        "Predictions for seen and unseen entities",
        f"within.predict({NEW}, effects=True)",
        lambda values: values.iloc[0],
        prediction,
        (
            f"{LINEAR}::test_predictions_for_seen_and_unseen_entities",
            f"{LINEAR}::test_predictions_with_effects_are_the_fitted_values",
        ),
        {
            "plm": "predict()",
            "Stata": "predict, xb; xbu (seen)",
            "EViews": "Forecast",
            "gretl": "fcast",
            "linearmodels": "predict()",
            "pyfixest": "predict()",
        },
        {"plm": ("grunfeld_plm_more/predict_oneway/fit",), "Stata": ("published_stata_nlswork/predictions_re_fe",)},
    ),
    Feature(
        FIXED,
        "Prediction intervals, seen entities",
        'within.predict_interval(effects=True)["std_error"]',
        lambda errors: errors.iloc[0],
        seen_interval,
        (f"{ERRORS}::test_intervals_of_seen_levels",),
        {"plm": "lm() with dummies, predict(se.fit = TRUE)"},
        {"plm": ("grunfeld_plm_more/predict_oneway",)},
    ),
    Feature(
        FIXED,
        "Prediction intervals, unseen entities",
        f'within.predict_interval({NEW}, effects=True)["std_error"]',
        lambda errors: errors.iloc[0],
        unseen_interval,
        (
            f"{ERRORS}::test_unseen_levels_add_the_variance_of_their_effect",
            f"{ERRORS}::test_intervals_of_one_unseen_level",
        ),
    ),
    Feature(
        FIXED,
        "Weights (weighted within = weighted least squares with dummies)",
        'fit_fixed_effects(*empluk, effects="twoway", weights="emp")',
        params("lwage"),
        weighted_dummies,
        (f"{FIXED_TESTS}::test_estimates", f"{FIXED_TESTS}::test_two_way_effects_add_up"),
        {
            "plm": "plm(weights = )",
            "Stata": "areg [aweight]; reghdfe†",
            "linearmodels": "PanelOLS(weights=)",
            "pyfixest": "feols(weights=)",
        },
        {"Stata": ("published_stata_boottest/areg_two_way_cluster_aweight",)},
    ),
]
