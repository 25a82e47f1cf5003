"""Rows of what is asked after a fit: marginal effects, predictions, functions, joint tests by term, plain frames."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from features.feature import Feature, reference
from features.panel_names import QUESTION, lagged_traffic, traffic
from reference_data import table
from scipy.stats import t as student

from panelvar.estimates.coefficients.nonlinear import DerivedEstimates

EFFECTS = "tests/panels/static/test_marginal_effects.py"
MANY = "tests/reporting/comparison/test_fit_many.py"
BATCH = "tests/panels/batches/test_panel_batch.py"
ELASTICITIES = "tests/panels/static/test_elasticities.py"
PREDICTIONS = "tests/panels/static/test_adjusted_predictions.py"
OTHERS = "tests/estimates/coefficients/test_questions.py"


def first(found: DerivedEstimates) -> float:
    """The first estimate's standard error."""
    return float(found.std_errors.iloc[0])


def by_hand(share: Callable[[], float]) -> Callable[[], float]:
    """The error of the tax's coefficient plus a number times that of the product."""

    def error() -> float:
        result = traffic()
        rows = result.cov.loc[["beertax", "beertax:unrate"], ["beertax", "beertax:unrate"]].to_numpy()
        weights = np.array([1.0, share()])
        return math.sqrt(weights @ rows @ weights)

    return error


def mean_rate(year: int | None = None) -> float:
    """Mean unemployment, of a year or all."""
    frame = table("fatalities")
    return float((frame if year is None else frame[frame["year"] == year])["unrate"].mean())


def change() -> float:
    """Mean effect of 1988 against 1982: one coefficient."""
    return float(traffic().std_errors["C(year)[T.1988]"])


def lasting() -> float:
    """Error of the sum over lags."""
    return float(lagged_traffic().lincom("beertax + `L(beertax)`").std_error)


def ratio() -> float:
    """The error of a ratio by its two derivatives."""
    result = traffic()
    b = result.params[["beertax", "unrate"]].to_numpy()
    v = result.cov.loc[["beertax", "unrate"], ["beertax", "unrate"]].to_numpy()
    gradient = np.array([1.0 / b[1], -b[0] / b[1] ** 2])
    return math.sqrt(gradient @ v @ gradient)


def lower_end() -> float:
    """The smaller value of the ratio at which its t test has p = 0.05, by bisection."""
    result = traffic()
    b = result.params[["unrate", "I(perinck ** 2)"]].to_numpy()
    v = result.cov.loc[["unrate", "I(perinck ** 2)"], ["unrate", "I(perinck ** 2)"]].to_numpy()
    critical = student.ppf(0.975, result.df_inference)

    def gap(t: float) -> float:
        weights = np.array([1.0, -t])
        return abs(weights @ b) - critical * math.sqrt(weights @ v @ weights)

    inside = b[0] / b[1]
    outside = inside - 1e4
    for _ in range(200):
        middle = 0.5 * (inside + outside)
        inside, outside = (middle, outside) if gap(middle) <= 0.0 else (inside, middle)
    return inside


def years_alike(names: list[str]) -> float:
    """Wald's F of some coefficients, by the inverse of their covariance."""
    result = traffic()
    b, v = result.params[names].to_numpy(), result.cov.loc[names, names].to_numpy()
    return float(b @ np.linalg.solve(v, b)) / len(names)


def elasticity() -> float:
    """The error of the mean of x dy/dx / y, by its derivatives: of the numerator, and of the mean it is divided by."""
    result = traffic()
    tax, rate = table("fatalities")["beertax"].to_numpy(), table("fatalities")["unrate"].to_numpy()
    design = np.column_stack([np.ones(len(tax)), *result._design.x])
    mean = design @ result.params.to_numpy()
    share = tax * (result.params["beertax"] + result.params["beertax:unrate"] * rate) / mean
    gradient = -(share / mean) @ design / len(tax)
    gradient[result.names.index("beertax")] += (tax / mean).mean()
    gradient[result.names.index("beertax:unrate")] += (tax * rate / mean).mean()
    return math.sqrt(gradient @ result.cov.to_numpy() @ gradient)


def held_rate() -> float:
    """The error of the mean prediction where the rate of unemployment is 4."""
    result = traffic()
    means = dict(zip(result.names[1:], (float(column.mean()) for column in result._design.x), strict=True))
    means |= {"unrate": 4.0, "beertax:unrate": 4.0 * means["beertax"]}
    return float(result.lincom("const + " + " + ".join(f"{v!r}*`{name}`" for name, v in means.items())).std_error)


YEARS = [f"C(year)[T.{year}]" for year in range(1983, 1989)]

ROWS = [
    Feature(
        QUESTION,
        "Average marginal effects through products, powers, logarithms, polynomials",
        'traffic.marginal_effects("beertax")',
        first,
        by_hand(mean_rate),
        (f"{EFFECTS}::test_averages_are_those_of_finite_differences", f"{EFFECTS}::test_every_linear_result_has_them"),
        {
            "plm": "marginaleffects† avg_slopes()",
            "Stata": "margins, dydx()",
        },
        {
            "plm": ("*_questions/average*", "fatalities_questions/poly"),
            "Stata": ("published_stata_margins/*/table",),
        },
        remark="exact derivatives, errors by the delta method, with the fit's degrees of freedom",
    ),
    Feature(
        QUESTION,
        "Marginal effects at values, and at means",
        'traffic.marginal_effects("beertax", at={"unrate": [4, 10]})',
        lambda found: found.std_errors.iloc[1],
        by_hand(lambda: 10.0),
        (
            f"{EFFECTS}::test_errors_are_those_of_the_combination",
            f"{EFFECTS}::test_means_are_of_the_rows_and_lags_have_their_own",
        ),
        {"plm": "marginaleffects† slopes(newdata =)", "Stata": "margins, dydx() at()"},
        {
            "plm": ("*_questions/at", "*_questions/means"),
            "Stata": ("published_stata_margins/*_atmeans/table",),
        },
    ),
    Feature(
        QUESTION,
        "Marginal effects over groups",
        'traffic.marginal_effects("beertax", over="time")',
        first,
        by_hand(lambda: mean_rate(1982)),
        (f"{EFFECTS}::test_averages_are_those_of_finite_differences",),
        {"plm": "marginaleffects† avg_slopes(by =)", "Stata": "margins, dydx() over()"},
        {"plm": ("*_questions/over",)},
    ),
    Feature(
        QUESTION,
        "Effects of categories, as changes from the reference",
        'traffic.marginal_effects("year")',
        lambda found: found.std_errors["year: 1988 - 1982"],
        change,
        (f"{EFFECTS}::test_effects_of_categories_are_changes",),
        {"plm": "marginaleffects† avg_comparisons()", "Stata": "margins, dydx(i.)"},
        {"Stata": ("published_stata_margins/mtcars_factor/table",)},
    ),
    Feature(
        QUESTION,
        "Marginal effects of lags, and of a change that lasts",
        'lagged_traffic.marginal_effects("beertax", lags=True)',
        first,
        lasting,
        (f"{EFFECTS}::test_a_change_that_lasts_is_the_sum_over_lags",),
        {"Stata": "margins, dydx(L.x)"},
    ),
    Feature(
        QUESTION,
        "Elasticities and semielasticities",
        'traffic.marginal_effects("beertax", elasticity="eyex")',
        first,
        elasticity,
        (
            f"{ELASTICITIES}::test_averages_are_those_of_finite_differences",
            f"{ELASTICITIES}::test_errors_allow_for_the_fitted_mean",
        ),
        {"plm": "marginaleffects† avg_slopes(slope =)", "Stata": "margins, eyex() dyex() eydx()"},
        {"plm": ("*_questions/elasticities*", "*_questions/eyex*")},
    ),
    Feature(
        QUESTION,
        "Adjusted predictions: averages, at values, over groups",
        'traffic.adjusted_predictions(at={"unrate": [4, 10]})',
        first,
        held_rate,
        (
            f"{PREDICTIONS}::test_they_are_averages_of_predictions",
            f"{PREDICTIONS}::test_errors_are_those_of_the_combination",
        ),
        {"plm": "marginaleffects† avg_predictions()", "Stata": "margins, at()"},
        {
            "plm": ("*_questions/predictions*",),
            "Stata": ("published_stata_margins/mtcars_prediction*/table",),
        },
    ),
    Feature(
        QUESTION,
        "Functions of coefficients, with the delta method",
        'traffic.nonlinear("beertax / unrate")',
        lambda found: found.std_errors.iloc[0],
        ratio,
        (
            f"{OTHERS}::test_derivatives_are_those_of_finite_differences",
            f"{OTHERS}::test_several_are_estimated_jointly",
        ),
        {
            "plm": "car† deltaMethod()",
            "Stata": "nlcom, testnl",
            "EViews": "Wald test",
            "gretl": "restrict (nonlinear)",
        },
        {"plm": ("*_questions/delta",)},
    ),
    Feature(
        QUESTION,
        "Fieller's set of a ratio: an interval, the outside of one, or the whole line",
        'traffic.nonlinear("unrate / `I(perinck ** 2)`")',
        lambda found: found.fieller["unrate / `I(perinck ** 2)`"].intervals[0][0],
        lower_end,
        (f"{OTHERS}::test_the_set_is_what_the_test_accepts", f"{OTHERS}::test_ratios_that_are_scaled_and_shifted"),
    ),
    Feature(
        QUESTION,
        "Joint tests of a term: all its coefficients zero, or equal",
        'traffic.joint_test("C(year)")',
        lambda test: test.statistic,
        lambda: years_alike(YEARS),
        (f"{OTHERS}::test_joint_tests_are_wald_tests", f"{OTHERS}::test_a_table_of_every_term"),
        {
            "plm": "car† linearHypothesis()",
            "Stata": "testparm",
            "EViews": "Wald test",
            "gretl": "omit --test-only",
            "linearmodels": "wald_test()",
            "pyfixest": "wald_test()",
        },
        {"plm": ("*_questions/joint*",)},
    ),
    Feature(
        QUESTION,
        "Joint test of the leads of an event study (parallel trends before)",
        'traffic.joint_test("C(year)", below=1985)',
        lambda test: test.statistic,
        lambda: years_alike(YEARS[:2]),
        (f"{OTHERS}::test_pretrends_of_an_event_study",),
        {"Stata": "testparm", "plm": "car† linearHypothesis()"},
    ),
    Feature(
        QUESTION,
        "Plain frames of coefficients, of the fit, of the rows",
        "traffic.tidy()",
        lambda frame: frame.set_index("term").loc["unrate", "std.error"],
        lambda: float(traffic().std_errors["unrate"]),
        (f"{OTHERS}::test_tidy_glance_and_augment", f"{OTHERS}::test_every_result_of_one_equation_has_them"),
        {"plm": "broom† tidy(), glance(), augment()", "pyfixest": "tidy()"},
        {"plm": ("*_questions/tidy", "*_questions/glance")},
    ),
    Feature(
        QUESTION,
        "Several outcomes, regressors step by step, parts of the sample in one call",
        'fit_many(fit_fixed_effects, *grunfeld, steps="cumulative")',
        lambda fits: fits["(2)"].params["capital"],
        reference("grunfeld_plm_fits/within_individual/coef/capital"),
        (f"{MANY}::test_steps_are_the_fits_one_by_one", f"{MANY}::test_outcomes_parts_and_steps"),
        {"pyfixest": "csw(), sw(), split="},
    ),
    Feature(
        QUESTION,
        "One model of many panels, such as a simulation's, in one call",
        "fit_panel_batch(fit_fixed_effects, [grunfeld[0]] * 3, *grunfeld[1:])",
        lambda batch: batch.params.loc[2, "capital"],
        reference("grunfeld_plm_fits/within_individual/coef/capital"),
        (
            f"{BATCH}::test_data_sets_of_one_shape_are_fitted_together",
            f"{BATCH}::test_panels_frames_and_arrays_are_one_thing",
        ),
    ),
]
