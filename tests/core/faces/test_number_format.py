"""Printed numbers: no negative zero, no digits hidden by rounding, stars in order."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import panelvar as pv
from panelvar.core.base.counting import count_of, ungrouped
from panelvar.core.base.errors import SpecificationError
from panelvar.core.faces.number_format import (
    check_digits,
    check_stars,
    format_count,
    format_degrees,
    format_estimates,
    format_number,
    format_pvalue,
    star_legend,
    stars_for,
)
from panelvar.core.tables.table import Table
from panelvar.data.formulas.design import rows_dropped


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (8.45481, "8.4548"),
        (-0.71106, "-0.7111"),
        (0.0, "0.0000"),
        (-0.0, "0.0000"),
        (0.00005, "0.0001"),
        (-1e-9, "-1.000e-09"),
        (3.456e-5, "0.00003456"),
        (3.456e-7, "0.0000003456"),
        (3.456e-8, "3.456e-08"),
        (9999999.0, "9999999.0000"),
        (12345678.9, "1.235e+07"),
        (math.nan, "n/a"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
    ],
)
def test_number(value: float, text: str) -> None:
    assert format_number(value) == text


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.00999, 2, "0.01"),
        (0.00451, 2, "0.0045"),
        (-0.00451, 2, "-0.0045"),
        (0.0049999, 2, "0.0050"),
        (0.000451, 2, "0.00045"),
        (0.0000451, 2, "0.000045"),
        (0.0000000451, 2, "4.5e-08"),
        (0.000456, 3, "0.000456"),
        (0.0000456, 3, "0.0000456"),
        (0.04, 1, "0.040"),
        (0.4, 0, "0.40"),
    ],
)
def test_a_small_number_keeps_the_form_of_its_column_where_that_is_no_longer(
    value: float, digits: int, text: str
) -> None:
    assert format_number(value, digits) == text


@given(st.floats(), st.integers(0, 15))
def test_a_number_reads_back(value: float, digits: int) -> None:
    text = format_number(value, digits)
    assert not (set(text) <= set("-0.") and text.startswith("-"))
    if math.isfinite(value):
        back = float(text)
        assert (back == 0.0) == (value == 0.0)
        assert abs(back - value) <= max(0.51 * 10.0**-digits, 0.06 * abs(value))
        assert len(text) <= 10 + digits


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "<0.0001"), (4.9e-5, "<0.0001"), (5.1e-5, "0.0001"), (1.0, "1.0000"), (math.nan, "n/a")]
)
def test_pvalue(value: float, text: str) -> None:
    assert format_pvalue(value) == text


@pytest.mark.parametrize("printed", [format_count, format_degrees])
def test_count(printed: Callable[[float], str]) -> None:
    assert [printed(v) for v in (39, 39.0, 12.5, math.inf, math.nan)] == ["39", "39", "12.50", "inf", "n/a"]


def _tables(entities: int, periods: int) -> list[Table]:
    """Summaries of an unbalanced panel: the first entity has rows for three periods in four, with gaps between."""
    rng = np.random.default_rng(0)
    keys = [np.repeat(np.arange(entities), periods), np.tile(np.arange(periods), entities)]
    frame = pd.DataFrame({"unit": keys[0], "date": keys[1], "x": rng.normal(size=entities * periods)})
    frame["y"] = frame["x"] + rng.normal(size=len(frame))
    panel = pv.Panel(frame[(frame["unit"] > 0) | (frame["date"] % 4 != 1)], entity="unit", time="date")
    fit, averaged = (estimate(panel, "y", ["x"]) for estimate in (pv.fit_fixed_effects, pv.fit_mean_group))
    foot = ("nobs", "entities", "periods", "df_resid")
    others = (averaged, panel.describe(), pv.cluster_diagnostics(fit))
    return [fit.summary(), *(each.summary() for each in others), pv.compare(fit, foot=foot)]


def _texts(tables: list[Table]) -> list[str]:
    facts = [f"{fact.label}: {fact.text}" for table in tables for fact in (*table.facts, *table.statistics)]
    return [*facts, *(cell.text for table in tables for row in table.rows() for cell in row.cells)]


def _numerals(texts: list[str]) -> list[str]:
    """Texts with a number of four digits or more that has no decimal point and no commas.

    Means and dates are no counts, and degrees of freedom in brackets are parted by commas.
    """
    others = r"mean \d+|, 0 to \d+|[Ft]\([\d, ]+\)"
    return [text for text in texts if re.search(r"(?<![\d.])\d{4,}(?![\d.])", re.sub(others, "", text))]


@pytest.mark.parametrize(("entities", "periods"), [(1500, 8), (12, 6000)])
def test_counts_have_commas_between_thousands_wherever_they_are_printed(entities: int, periods: int) -> None:
    tables = _tables(entities, periods)
    texts = _texts(tables)
    assert not _numerals(texts)
    rows = entities * periods - periods // 4
    df = rows - entities - 1
    assert {f"Observations: {rows:,}", f"Residual df: {df:,}", f"{rows:,}", f"{df:,}", f"Inference: t({df})"} <= set(
        texts
    )
    # What programs read has none.
    table = tables[-1]
    assert table.to_frame().loc["N"].to_numpy().tolist() == [[rows]]
    assert f"| N | {rows} |" in table.to_markdown() and f"- Observations: {rows}\n" in tables[0].to_markdown()


def test_files_hold_numbers_and_print_them_with_commas(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    fit, *_, table = _tables(1500, 8)
    table.save(tmp_path / "t.csv")
    assert "N,,11998\n" in (tmp_path / "t.csv").read_text()
    found = {}
    for each in (fit, table):
        each.save(tmp_path / "t.xlsx")
        for label, cell, *_ in openpyxl.load_workbook(tmp_path / "t.xlsx").active.iter_rows():
            found[label.value] = (cell.value, cell.number_format.partition("_")[0])
    assert found["Observations"] == found["N"] == (11998, "#,##0") and found["Periods"][1] == "0"


def test_a_year_of_the_caller_is_no_count() -> None:
    fit = pv.fit_pooled(pv.load_data("grunfeld"), "invest ~ value")
    assert "1980" in str(pv.compare(fit, rows={"Year": [1980]}))


def test_notes_count_rows_with_commas() -> None:
    assert count_of(1, "row") == "1 row" and count_of(12345, "row") == "12,345 rows"
    assert rows_dropped(1234, 1234567, [("x", 1234)]).text == (
        "1,234 of 1,234,567 rows dropped for missing values: x (1,234)."
    )
    assert [ungrouped(text) for text in ("1,234", "-1,234.5", "12,34", "1,2 a", "1234")] == [
        "1234",
        "-1234.5",
        "12,34",
        "1,2 a",
        "1234",
    ]


def test_stars_follow_the_levels() -> None:
    paper = check_stars((0.001, 0.05, 0.01))
    assert paper == (("*", 0.05), ("**", 0.01), ("***", 0.001))
    assert [stars_for(p, paper) for p in (0.2, 0.05, 0.049, 0.0099, 0.0001, math.nan)] == ["", "", "*", "**", "***", ""]
    assert star_legend(paper) == "* p < 0.05, ** p < 0.01, *** p < 0.001"


def test_signs_of_the_callers() -> None:
    own = check_stars({"**": 0.01, "+": 0.1, "*": 0.05})
    assert own == (("+", 0.1), ("*", 0.05), ("**", 0.01))
    assert [stars_for(p, own) for p in (0.2, 0.09, 0.04, 0.001, math.nan)] == ["", "+", "*", "**", ""]
    assert star_legend(own) == "+ p < 0.1, * p < 0.05, ** p < 0.01"


@pytest.mark.parametrize("sign", ["", "5", "a b", "(", ".", "*****", 1, None])
def test_signs_that_are_none(sign: object) -> None:
    with pytest.raises(SpecificationError, match="expected a sign"):
        check_stars({sign: 0.1})  # type: ignore[dict-item]


@pytest.mark.parametrize("levels", [(0.0,), (1.0,), (5, 1), (0.05, 0.05), ("a",), (math.nan,), 0.05])
def test_levels_that_are_none(levels: object) -> None:
    with pytest.raises(SpecificationError, match="distinct significance levels"):
        check_stars(levels)  # type: ignore[arg-type]


@pytest.mark.parametrize("digits", [-1, 16, 2.5, True, "4"])
def test_digits_that_are_none(digits: object) -> None:
    with pytest.raises(SpecificationError, match="whole number of decimals"):
        check_digits(digits)  # type: ignore[arg-type]


def test_stars_are_switched_off_and_on():
    assert check_stars(False) == check_stars(()) == ()
    assert check_stars(True) == check_stars((0.1, 0.05, 0.01))


def test_summaries_and_comparisons_read_the_same_stars():
    rng = np.random.default_rng(0)
    model = pv.fit_var(rng.standard_normal((60, 2)).cumsum(axis=0), lags=1)
    vecm = pv.fit_vecm(rng.standard_normal((60, 2)).cumsum(axis=0), rank=1, lags=2)
    for result in (model, vecm):
        assert "***" in result.summary().to_text()
        assert "*" not in result.summary(stars=False).to_text()
        assert result.summary(stars=True).to_text() == result.summary().to_text()


@pytest.mark.parametrize(
    ("numbers", "digits", "texts"),
    [
        # Numbers that show their digits stay as they are.
        ((0.11013, 0.01190, 0.0867, 0.1336), 4, ["0.1101", "0.0119", "0.0867", "0.1336"]),
        # The square of experience: t = -5.11.
        ((-4.042e-4, 7.91e-5, -5.594e-4, -2.49e-4), 4, ["-0.0004042", "0.0000791", "-0.0005594", "-0.0002490"]),
        ((2.67e-5, 2.02e-5, -1.3e-5, 6.66e-5), 4, ["0.0000267", "0.0000202", "-0.0000130", "0.0000666"]),
        ((0.5, 0.00523), 4, ["0.50000", "0.00523"]),
        ((-4.042e-4, 7.91e-5), 3, ["-0.0004042", "0.0000791"]),
        ((-4.042e-4, 7.91e-5), 2, ["-0.000404", "0.000079"]),
        ((0.0123, 0.0012), 3, ["0.0123", "0.0012"]),
        ((0.142, 0.036), 3, ["0.142", "0.036"]),
        ((0.01, 0.0045), 2, ["0.0100", "0.0045"]),
        ((12345678.9, 2345678.91), 4, ["12345679", "2345679"]),
        ((12345678.9, 0.5), 4, ["12345678.900", "0.500"]),
        ((3.1e-13, 1.2e-13), 4, ["3.100e-13", "1.200e-13"]),
        ((math.nan, 0.5, math.inf), 4, ["n/a", "0.5000", "inf"]),
        ((0.0, 0.0), 4, ["0.0000", "0.0000"]),
    ],
)
def test_numbers_of_a_coefficient_have_one_form_and_three_digits_each(
    numbers: tuple[float, ...], digits: int, texts: list[str]
) -> None:
    assert format_estimates([numbers], digits=digits) == [texts]


def test_coefficients_of_a_column_have_one_form() -> None:
    assert format_estimates([(0.0137,), (3.332e-6,)]) == [["0.0137"], ["0.00000333"]]
    assert format_estimates([(0.0137,), (3.332e-13,)]) == [["1.370e-02"], ["3.332e-13"]]


def test_what_is_zero_beside_its_error_shows_no_digits() -> None:
    assert format_estimates([(1e-17, 0.05)], [0.05]) == [["0.0000", "0.0500"]]
    assert format_estimates([(-1e-17, 0.05)], [0.05]) == [["0.0000", "0.0500"]]
    # Five thousandths of an error may be read.
    assert format_estimates([(0.00025, 0.05)], [0.05]) == [["0.000250", "0.050000"]]


@given(st.lists(st.floats(1e-9, 1e9), min_size=1, max_size=4), st.integers(4, 8))
def test_each_number_of_a_coefficient_shows_three_digits(numbers: list[float], digits: int) -> None:
    (texts,) = format_estimates([numbers], digits=digits)
    assert len({"e" in text for text in texts}) == 1
    for value, text in zip(numbers, texts, strict=True):
        assert abs(float(text) - value) <= 0.00501 * value
