"""Rows of formulas: factors with references, interactions, lags, polynomials, effects and instruments after bars."""

from __future__ import annotations

import numpy as np
from features.feature import Feature, reference
from features.panel_names import FORMULA, error, indicators, least_squares, params
from reference_data import table

NOTATION = "tests/data/formulas/test_formula_notation.py"
FORMULAS = "tests/data/formulas/test_formula.py"
EFFECTS = "tests/panels/static/test_effects_in_formulas.py"
TYPED = "tests/estimates/coefficients/test_names_as_typed.py"


def slopes_by_year() -> np.ndarray:
    """Slopes of the beer tax less that of 1982, with dummies for states and years."""
    frame = table("fatalities")
    years = indicators(frame["year"])
    return least_squares(
        frame["fatal"], years[:, 1:] * frame[["beertax"]].to_numpy(), indicators(frame["state"]), years
    )


def without_two_years() -> float:
    """The effect of 1984 over those of 1982 and 1988 together, with dummies for states."""
    frame = table("fatalities")
    years = indicators(frame["year"])
    return least_squares(frame["fatal"], years[:, [2, 1, 3, 4, 5]], indicators(frame["state"]))[0]


def of_sectors_and_years() -> float:
    """The slope of wages with a dummy for every firm and every pair of sector and year."""
    frame = table("empluk")
    pair = frame["sector"] * 10_000 + frame["year"]
    return least_squares(frame["lemp"], frame[["lwage"]], indicators(frame["firm"]), indicators(pair))[0]


def second_lag() -> float:
    """The slope of the second lag of value, beside the first, pooled."""
    frame = table("grunfeld")
    lags = [frame.groupby("firm")["value"].shift(lag) for lag in (1, 2)]
    rows = lags[1].notna().to_numpy()
    ones = np.ones(int(rows.sum()))
    return least_squares(frame["inv"][rows], lags[1][rows], lags[0][rows], ones)[0]


ROWS = [
    Feature(
        FORMULA,
        "An interaction with every level but one",
        'fit_fixed_effects(deaths, "fatal ~ i(year, beertax, ref=1982) | state + year")',
        params("i(year, beertax, ref=1982)[T.1988]"),
        lambda: slopes_by_year()[5],
        (
            f"{NOTATION}::test_references_are_left_out_of_an_event_study",
            f"{NOTATION}::test_interactions_leave_the_main_effect_to_the_formula",
        ),
        {"pyfixest": "i(year, beertax, ref=1982)", "Stata": "ib1982.year#c.beertax"},
        {
            "pyfixest": (
                "fatalities_pyfixest_formulas/interaction",
                "empluk_pyfixest_formulas/interaction",
                "minimum_wage_pyfixest_formulas/event_study",
            )
        },
        remark="a reference may be negative, a text or a date; `C(year, ref=1982):beertax` is the same",
    ),
    Feature(
        FORMULA,
        "Several references",
        'fit_fixed_effects(deaths, "fatal ~ i(year, ref=[1982, 1988]) | state")',
        params("i(year, ref=[1982, 1988])[T.1984]"),
        without_two_years,
        (f"{NOTATION}::test_references_are_left_out_of_an_event_study",),
        remark="fixest in R takes several; pyfixest 0.60 takes one",
    ),
    Feature(
        FORMULA,
        "Pairs of levels that occur",
        'fit_pooled(sized_firms, "lemp ~ lwage + i(sector, size)", convention="pyfixest")',
        params("i(sector, size)[T.2:large]"),
        reference("empluk_pyfixest_formulas/pairs/iid/coef/sector::2:size::large"),
        (f"{NOTATION}::test_two_factors_make_an_indicator_of_each_pair_that_occurs",),
        {"pyfixest": "i(sector, size)", "Stata": "i.sector#i.size"},
        {"pyfixest": ("empluk_pyfixest_formulas/pairs",)},
    ),
    Feature(
        FORMULA,
        "Effects of pairs, `firm + sector^year`",
        'fit_fixed_effects(empluk_panel, "lemp ~ lwage | firm + sector^year")',
        params("lwage"),
        of_sectors_and_years,
        (
            f"{EFFECTS}::test_pairs_of_levels_are_those_of_a_column_of_pairs",
            f"{EFFECTS}::test_effects_after_the_bar_are_those_of_the_argument",
        ),
        {"pyfixest": "| firm + sector^year", "Stata": "reghdfe†, absorb(firm sector#year)"},
        {"pyfixest": ("empluk_pyfixest_formulas/crossed_effects",)},
    ),
    Feature(
        FORMULA,
        "Instruments in the last part",
        'fit_iv_fixed_effects(empluk_panel, "lemp ~ lcapital | firm + year | lwage ~ loutput", convention="pyfixest")',
        error("lwage"),
        reference("empluk_pyfixest_formulas/instruments/iid/se/lwage"),
        (f"{EFFECTS}::test_instruments_stand_in_the_last_part",),
        {"pyfixest": "| firm + year | lwage ~ loutput", "plm": "| with all exogenous variables, which is read too"},
        {"pyfixest": ("empluk_pyfixest_formulas/instruments",)},
    ),
    Feature(
        FORMULA,
        "Orthogonal polynomials",
        'fit_pooled(empluk_panel, "lemp ~ lcapital + poly(lwage, 3)", convention="pyfixest")',
        params("poly(lwage, 3)[2]"),
        reference("empluk_pyfixest_formulas/polynomial/iid/coef/poly(lwage, 3)[2]"),
        (
            f"{NOTATION}::test_polynomials_are_those_of_r",
            f"{NOTATION}::test_new_data_are_predicted_by_the_fit_they_are_put_into",
        ),
        {"plm": "poly(lwage, 3)", "pyfixest": "poly(lwage, 3)"},
        {"pyfixest": ("empluk_pyfixest_formulas/polynomial",)},
        remark="predictions use the polynomials of the fit",
    ),
    Feature(
        FORMULA,
        "Several lags in a call",
        'fit_pooled(grunfeld_panel, "inv ~ L(value, 1:2)")',
        params("L(value, 2)"),
        second_lag,
        (
            f"{NOTATION}::test_short_notation_is_what_it_stands_for",
            f"{FORMULAS}::test_lags_use_the_calendar_of_all_rows",
        ),
        {"plm": "lag(value, 1:2)", "Stata": "L(1/2).value", "EViews": "value(-1 to -2)"},
        remark="a lag never reaches over a gap in the calendar",
    ),
    Feature(
        FORMULA,
        "Coefficients named by term or by pattern in tests",
        'fit_fixed_effects(deaths, "fatal ~ i(year, ref=1982) | state").wald_test("i(year, ref=1982)").df',
        float,
        6.0,
        (
            f"{TYPED}::test_a_term_or_a_pattern_tests_all_its_coefficients",
            f"{TYPED}::test_a_coefficient_is_found_however_it_is_written",
        ),
        {"Stata": "testparm i.year", "pyfixest": "in tables and plots"},
    ),
]
