"""Printed numbers: no negative zero, no digits hidden by rounding, stars in order."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelvar.base.errors import SpecificationError
from panelvar.tables.number_format import (
    check_digits,
    check_stars,
    format_count,
    format_number,
    format_pvalue,
    star_legend,
    stars_for,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (8.45481, "8.4548"),
        (-0.71106, "-0.7111"),
        (0.0, "0.0000"),
        (-0.0, "0.0000"),
        (0.00005, "0.0001"),
        (-1e-9, "-1.000e-09"),
        (3.456e-5, "3.456e-05"),
        (9999999.0, "9999999.0000"),
        (12345678.9, "1.235e+07"),
        (math.nan, "n/a"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
    ],
)
def test_number(value: float, text: str) -> None:
    assert format_number(value) == text


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


def test_count() -> None:
    assert [format_count(v) for v in (39, 39.0, 12.5, math.inf, math.nan)] == ["39", "39", "12.50", "inf", "n/a"]


def test_stars_follow_the_levels() -> None:
    paper = check_stars((0.001, 0.05, 0.01))
    assert paper == (0.05, 0.01, 0.001)
    assert [stars_for(p, paper) for p in (0.2, 0.05, 0.049, 0.0099, 0.0001, math.nan)] == ["", "", "*", "**", "***", ""]
    assert star_legend(paper) == "* p < 0.05, ** p < 0.01, *** p < 0.001"


@pytest.mark.parametrize("levels", [(0.0,), (1.0,), (5, 1), (0.05, 0.05), ("a",), (math.nan,), 0.05])
def test_levels_that_are_none(levels: object) -> None:
    with pytest.raises(SpecificationError, match="distinct significance levels"):
        check_stars(levels)  # type: ignore[arg-type]


@pytest.mark.parametrize("digits", [-1, 16, 2.5, True, "4"])
def test_digits_that_are_none(digits: object) -> None:
    with pytest.raises(SpecificationError, match="whole number of decimals"):
        check_digits(digits)  # type: ignore[arg-type]
