"""Rows of data: tables of other libraries, rows chosen on the calendar, series that find their rows, names answered."""

from __future__ import annotations

import numpy as np
from features.feature import Feature, reference
from features.panel_names import DATA, least_squares, params
from reference_data import table

ARROW = "tests/data/sources/test_arrow.py"
COLUMNS = "tests/data/panel/test_panel_columns.py"
ARGUMENTS = "tests/core/base/test_foreign_arguments.py"


def since_1945() -> float:
    """The slope of last year's value in Grunfeld's later years, of which the first has no year before it."""
    frame = table("grunfeld")
    later = frame[frame["year"] >= 1945]
    lagged = later.groupby("firm")["value"].shift(1)
    rows = lagged.notna().to_numpy()
    return least_squares(later["inv"][rows], lagged[rows], np.ones(int(rows.sum())))[0]


def weighted_by_capital() -> float:
    """The slope of value when rows weigh as much as their capital."""
    frame = table("grunfeld")
    root = np.sqrt(frame["capital"].to_numpy())
    return least_squares(frame["inv"] * root, frame["value"] * root, root)[0]


def between_value() -> float:
    """The standard deviation of the firms' means of value."""
    return float(table("grunfeld").groupby("firm")["value"].mean().std())


ROWS = [
    Feature(
        DATA,
        "Tables of polars and Arrow",
        'fit_pooled(Panel(grunfeld_polars, "firm", "year"), "inv", ["value", "capital"])',
        params("value"),
        reference("grunfeld_plm_fits/pooling/coef/value"),
        (
            f"{ARROW}::test_panels_are_those_of_pandas",
            f"{ARROW}::test_systems_and_series_are_those_of_pandas",
            f"{ARROW}::test_every_type_of_arrow",
            f"{ARROW}::test_neither_library_is_loaded_for_a_table_of_polars",
        ),
        {"pyfixest": "polars, converted by its to_pandas()"},
        remark="by the Arrow C stream, without loading either library",
    ),
    Feature(
        DATA,
        "Rows by a condition, on the same calendar",
        'fit_pooled(grunfeld_panel.where(grunfeld_panel["year"] >= 1945), "inv ~ L(value)")',
        params("L(value)"),
        since_1945,
        (
            f"{COLUMNS}::test_where_keeps_rows_and_the_calendar",
            f"{COLUMNS}::test_where_makes_the_panel_of_the_rows_alone",
        ),
        {"plm": "subset =", "Stata": "if", "gretl": "smpl --restrict"},
        remark="a period left out is a gap, which no lag bridges",
    ),
    Feature(
        DATA,
        "Variation within and between entities, of some columns",
        'grunfeld_panel.describe("value").columns[0].between',
        float,
        between_value,
        (f"{COLUMNS}::test_descriptions_of_some_columns",),
        {"Stata": "xtsum value"},
    ),
    Feature(
        DATA,
        "Series that find their rows by entity and time",
        'fit_pooled(grunfeld_panel, "inv", "value", weights=grunfeld_panel.to_frame()["capital"][::-1])',
        params("value"),
        weighted_by_capital,
        (
            f"{COLUMNS}::test_what_comes_from_a_panel_finds_its_rows",
            f"{COLUMNS}::test_labels_that_repeat_are_matched_only_where_there_is_no_doubt",
        ),
        {"plm": "pseries", "linearmodels": "a two-level index"},
    ),
]
