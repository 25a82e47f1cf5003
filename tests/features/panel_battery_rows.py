"""Rows of many tests in one table."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from features.feature import Feature
from features.panel_cointegration_rows import kao
from features.panel_individual_root_rows import w_bar
from features.panel_roots_names import BATTERIES, series

ROOTS = "tests/nonstationary/panel_unit_roots/test_battery.py"
RELATIONS = "tests/nonstationary/panel_cointegration/test_battery.py"


def entry(*place: str) -> Callable[[pd.DataFrame], float]:
    """Statistic of a row of the table."""
    return lambda frame: frame.loc[place, "statistic"]


ROWS = [
    Feature(
        BATTERIES,
        "Unit-root tests of several variables, in levels and differences",
        'panel_unit_root_table(grunfeld, ["inv", "value"], lags=1).to_frame()',
        entry("value", "difference", "ips"),
        lambda: w_bar(np.diff(series("value"), axis=1), [1] * 10),
        (
            f"{ROOTS}::test_every_entry_is_what_the_test_itself_says",
            f"{ROOTS}::test_the_printed_table_groups_tests_by_null_and_counts_those_that_reject",
        ),
        {"Stata": "multipurt†, two tests", "EViews": "uroot(sum), a variable at a time"},
        remark="twelve tests; nulls and alternatives, how many reject, and a note where T is too short to tell",
    ),
    Feature(
        BATTERIES,
        "Other terms for differences than for levels",
        'panel_unit_root_table(grunfeld, "inv", tests="ips", trend=("ct", "c"), lags=1).to_frame()',
        entry("inv", "level", "ips"),
        lambda: w_bar(series(), [1] * 10, "ct"),
        (f"{ROOTS}::test_terms_may_differ_between_levels_and_differences",),
    ),
    Feature(
        BATTERIES,
        "Cointegration tests of one relation",
        "panel_cointegration_table(*relation, lags=1).to_frame()",
        lambda frame: frame.loc["kao: Kao DF rho", "statistic"],
        lambda: kao()["DF rho"],
        (
            f"{RELATIONS}::test_every_statistic_has_a_row_and_is_what_the_test_says",
            f"{RELATIONS}::test_the_printed_table_says_what_is_rejected_against_what",
        ),
        remark="Pedroni's seven, Kao's five, Westerlund's four and two, and the tests of ranks",
    ),
]
