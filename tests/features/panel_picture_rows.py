"""Rows of pictures of panels, and of what they are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from features.feature import Feature
from features.panel_names import PICTURE, least_squares
from reference_data import table
from scipy import stats

PLOTS = "tests/reporting/plots_of_panels/test_panel_plots.py"
MARGINS = "tests/reporting/plots_of_panels/test_margins.py"
STUDIES = "tests/estimates/coefficients/test_event_study.py"
VIEWS = "tests/panels/static/test_residual_views.py"
PARTS = "tests/panels/static/test_within_between.py"


def drawn(place: int, marker: str = "o") -> Callable[[Any], float]:
    """Where along the horizontal axis a mark lies."""

    def number(figure: Any) -> float:
        from matplotlib import pyplot

        found = next(line for line in figure.axes[0].lines if line.get_marker() == marker)
        pyplot.close(figure)
        return float(found.get_xdata()[place])

    return number


def height(place: int, line: int) -> Callable[[Any], float]:
    """How high a place of a line lies."""

    def number(figure: Any) -> float:
        from matplotlib import pyplot

        pyplot.close(figure)
        return float(figure.axes[0].lines[line].get_ydata()[place])

    return number


def lowest_point(figure: Any) -> float:
    """How high the lowest point of a cloud lies."""
    from matplotlib import pyplot

    pyplot.close(figure)
    return float(np.asarray(figure.axes[0].collections[-1].get_offsets())[:, 1].min())


def first_mean(figure: Any) -> float:
    """Where the mean of the first entity lies."""
    from matplotlib import pyplot

    pyplot.close(figure)
    return float(np.asarray(figure.axes[1].collections[0].get_offsets())[0, 0])


def pooled_slope() -> float:
    """The slope of value over all rows of Grunfeld's data."""
    frame = table("grunfeld")
    return least_squares(frame["inv"], frame[["value", "capital"]], np.ones(len(frame)))[0]


def effect_at_200() -> float:
    """The slope of value where capital is 200, from least squares with their product."""
    frame = table("grunfeld")
    product = frame["value"] * frame["capital"]
    slopes = least_squares(frame["inv"], frame[["value", "capital"]], product, np.ones(len(frame)))
    return slopes[0] + 200.0 * slopes[2]


def bonferroni() -> float:
    """The upper limit of the first slope when two are covered at once, from demeaned columns."""
    frame = table("grunfeld")
    columns = ["inv", "value", "capital"]
    within = (frame[columns] - frame.groupby("firm")[columns].transform("mean")).to_numpy()
    y, x = within[:, 0], within[:, 1:]
    b = np.linalg.solve(x.T @ x, x.T @ y)
    df = len(y) - 10 - 2
    variance = np.sum((y - x @ b) ** 2) / df * np.linalg.inv(x.T @ x)
    return float(b[0] + stats.t.ppf(1.0 - 0.05 / 4.0, df) * np.sqrt(variance[0, 0]))


def mean_of_effects() -> float:
    """The mean of the coefficients of five years' indicators, by least squares with all indicators."""
    frame = table("grunfeld")
    years = [np.asarray(frame["year"] == year, dtype=float) for year in sorted(frame["year"].unique())]
    chosen = [each * (frame["firm"] < 6) for each in years]
    columns = [chosen[k] for k in range(20) if k != 14]
    firms = [np.asarray(frame["firm"] == firm, dtype=float) for firm in sorted(frame["firm"].unique())]
    slopes = least_squares(frame["inv"], np.column_stack(columns), *firms, *years[1:])
    return float(np.mean(slopes[14:19]))


def smallest_effect() -> float:
    """The smallest deviation of a firm's effect from the mean of all, by least squares with indicators."""
    frame = table("grunfeld")
    firms = [np.asarray(frame["firm"] == firm, dtype=float) for firm in sorted(frame["firm"].unique())]
    effects = np.array(least_squares(frame["inv"], frame[["value", "capital"]], *firms)[2:])
    return float((effects - effects.mean()).min())


def lowest_residual() -> float:
    """The smallest residual of pooled OLS over the residuals' standard deviation."""
    frame = table("grunfeld")
    x = np.column_stack([np.ones(len(frame)), frame[["value", "capital"]]])
    residuals = frame["inv"] - x @ np.linalg.lstsq(x, frame["inv"].to_numpy(), rcond=None)[0]
    return float(residuals.min() / residuals.std())


ROWS = [
    Feature(
        PICTURE,
        "Coefficients of one fit or many, at several levels",
        'plot_coefficients({"pooled": pooled, "within": within}, level=(0.68, 0.95))',
        drawn(0),
        pooled_slope,
        (
            f"{PLOTS}::test_coefficients_and_their_intervals_are_the_results",
            f"{PLOTS}::test_several_fits_stand_side_by_side",
            f"{PLOTS}::test_names_are_kept_dropped_and_ordered_by_term_and_pattern",
        ),
        {"Stata": "coefplot†", "pyfixest": "coefplot()"},
    ),
    Feature(
        PICTURE,
        "Limits that cover several coefficients at once",
        'within.conf_int(of=["value", "capital"], joint="bonferroni")',
        lambda limits: limits.loc["value", "upper"],
        bonferroni,
        (
            f"{STUDIES}::test_joint_limits_use_one_critical_value",
            f"{STUDIES}::test_sup_t_is_the_quantile_of_the_largest_ratio",
        ),
        {"pyfixest": "confint(joint=True)", "Stata": "test, mtest(bonferroni)"},
        remark="Bonferroni, or sup-t by simulation",
    ),
    Feature(
        PICTURE,
        "Event study, pointwise and sup-t, leads tested together",
        'fit_fixed_effects(grunfeld_panel, "inv ~ C(year, ref=1949):I(firm < 6)", effects="twoway")'
        '.event_study("C(year, ref=1949):I(firm < 6)").average_effect.estimate',
        float,
        mean_of_effects,
        (
            f"{STUDIES}::test_an_event_study_holds_the_coefficients_in_time",
            f"{STUDIES}::test_leads_and_effects_are_tested_together",
            f"{PLOTS}::test_an_event_study_draws_both_bands_and_marks_the_reference",
        ),
        {"Stata": "eventdd†; coefplot†", "pyfixest": "iplot()"},
        remark="with `plot_event_study`",
    ),
    Feature(
        PICTURE,
        "Marginal effects and predictions along a variable, in bands",
        'fit_pooled(grunfeld_panel, "inv ~ value * capital")'
        '.marginal_effects("value", at={"capital": [100, 200, 300]}).plot()',
        height(1, 0),
        effect_at_200,
        (
            f"{MARGINS}::test_numbers_have_a_line_within_its_band",
            f"{MARGINS}::test_a_second_variable_has_a_line_a_value",
            f"{MARGINS}::test_categories_have_points_and_are_named_in_their_order",
        ),
        {"plm": "marginaleffects† plot_slopes(), plot_predictions()", "Stata": "marginsplot"},
        remark="a line a value of a second variable; points along categories; joint limits",
    ),
    Feature(
        PICTURE,
        "Residuals: fitted, normal scores, by entity, over time",
        'plot_residuals(pooled, kind="qq")',
        lowest_point,
        lowest_residual,
        (
            f"{PLOTS}::test_residuals_against_fitted_values_are_the_results",
            f"{VIEWS}::test_normal_scores_are_bloms",
            f"{VIEWS}::test_binned_means_are_means_of_bins",
            f"{PLOTS}::test_boxes_are_quantiles_of_each_period",
        ),
        {"Stata": "rvfplot; qnorm", "EViews": "View, Actual, Fitted, Residual", "gretl": "GUI"},
    ),
    Feature(
        PICTURE,
        "Effects in order, with intervals",
        "plot_effects(within)",
        drawn(0),
        smallest_effect,
        (
            f"{PLOTS}::test_effects_are_in_order_with_their_intervals",
            "tests/panels/static/test_effect_errors.py::test_effects_have_the_intervals_of_their_errors",
            "tests/panels/static/test_effect_errors.py::test_predicted_random_effects_have_hendersons_errors",
        ),
        {"Stata": "serrbar"},
        remark="fixed, or predicted random effects",
    ),
    Feature(
        PICTURE,
        "Within against between",
        'plot_within_between(grunfeld_panel, "inv", "value")',
        first_mean,
        lambda: float(table("grunfeld").groupby("firm")["value"].mean().iloc[0]),
        (f"{PARTS}::test_slopes_are_the_estimators", f"{PLOTS}::test_within_and_between_on_the_same_scales"),
    ),
    Feature(
        PICTURE,
        "Series of entities",
        'plot_series(grunfeld_panel, "inv")',
        height(3, 0),
        lambda: float(table("grunfeld").query("firm == 1").sort_values("year")["inv"].iloc[3]),
        (
            f"{PLOTS}::test_series_break_where_a_period_is_missing",
            f"{PLOTS}::test_series_of_many_entities_are_pale_with_a_median",
        ),
        {"Stata": "xtline", "EViews": "line(panel=individual)", "gretl": "panplot"},
    ),
]
