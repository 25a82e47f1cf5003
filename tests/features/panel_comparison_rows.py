"""Rows of tables of results: several fits side by side or one below another, and what stands under them."""

from __future__ import annotations

import numpy as np
from features.feature import Feature
from features.panel_names import SIDE_BY_SIDE, least_squares
from reference_data import table

PRINTED = "tests/reporting/comparison/test_printed_tables.py"


def pooled_slope() -> float:
    """The slope of value over all rows of Grunfeld's data."""
    frame = table("grunfeld")
    return least_squares(frame["inv"], frame[["value", "capital"]], np.ones(len(frame)))[0]


def within_slope(place: int) -> float:
    """A slope with an indicator of every firm."""
    frame = table("grunfeld")
    firms = [np.asarray(frame["firm"] == firm, dtype=float) for firm in sorted(frame["firm"].unique())]
    return least_squares(frame["inv"], frame[["value", "capital"]], *firms)[place]


ROWS = [
    Feature(
        SIDE_BY_SIDE,
        "Coefficients chosen, ordered and left out by name, term or pattern",
        'compare(pooled, within, keep="c*", drop="const").to_frame().loc[("capital", "estimate"), "(2)"]',
        float,
        lambda: within_slope(1),
        (f"{PRINTED}::test_keep_and_drop_take_terms_and_patterns",),
        {"Stata": "esttab, keep() drop() order()†", "pyfixest": "etable(keep, drop)"},
    ),
    Feature(
        SIDE_BY_SIDE,
        "Names of variables, also within terms and interactions",
        'compare(pooled, labels={"value": "Market value"}).to_frame().loc[("Market value", "estimate"), "(1)"]',
        float,
        pooled_slope,
        (
            f"{PRINTED}::test_names_of_terms_and_variables_name_their_columns",
            f"{PRINTED}::test_one_mapping_of_names_serves_many_tables",
        ),
        {"Stata": "esttab, coeflabels()†", "pyfixest": "etable(labels)"},
    ),
    Feature(
        SIDE_BY_SIDE,
        "Several lines below an estimate; signs of significance of choice",
        'compare(pooled, below=["std_errors", "pvalues"], stars={"+": 0.1, "*": 0.05})'
        '.to_frame().loc[("value", "estimate"), "(1)"]',
        float,
        pooled_slope,
        (f"{PRINTED}::test_two_lines_below_and_signs_of_choice",),
        {"Stata": "esttab, cells() starlevels()†", "pyfixest": "etable(coef_fmt, signif_code)"},
        remark="pyfixest has other levels, not other signs",
    ),
    Feature(
        SIDE_BY_SIDE,
        "Rows of one's own, and of each effect; the mean of the dependent variable",
        'compare(pooled, foot=["dependent_mean", "each_effect"], rows={"Controls": ["yes"]})'
        '.to_frame().loc[("Mean of dependent", ""), "(1)"]',
        float,
        lambda: float(np.mean(table("grunfeld")["inv"])),
        (f"{PRINTED}::test_own_rows_and_notes", f"{PRINTED}::test_foot_rows_of_choice"),
        {"Stata": "estadd, esttab, indicate()†", "pyfixest": "etable(custom_model_stats)"},
    ),
    Feature(
        SIDE_BY_SIDE,
        "Groups of results under headings, or one below another",
        'compare({"All": [pooled], "Within": [within]}, stack=True)'
        '.to_frame().loc[("Within", "value", "estimate"), "(1)"]',
        float,
        lambda: within_slope(0),
        (f"{PRINTED}::test_groups_of_columns_under_headings", f"{PRINTED}::test_groups_one_below_another"),
        {"Stata": "esttab, mgroups()†", "pyfixest": "etable(head_order)"},
        remark="Stata's stands groups side by side; one below another they are appended",
    ),
    Feature(
        SIDE_BY_SIDE,
        "No row of two kinds: F and chi-squared, R2's, t and z, slopes and long-run coefficients apart",
        'compare(pooled, within, random, foot=["rsquared"]).to_frame().loc[("value", "estimate"), "(2)"]',
        float,
        lambda: within_slope(0),
        (
            "tests/reporting/comparison/test_compare.py::test_a_row_of_several_kinds_of_r2_says_which",
            f"{PRINTED}::test_long_run_coefficients_are_not_in_the_rows_of_slopes",
            f"{PRINTED}::test_ratios_of_two_kinds_are_told_apart",
        ),
    ),
]
