"""A DataFrame that prints as a table."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar.core.faces.layout import Fact
from panelvar.core.tables.frame_table import COUNT, DEGREES, OPTIONAL, PVALUE, SHARE, STATISTIC, WORDS, FrameTable

FORMATS = {"statistic": STATISTIC.called("F"), "pvalue": PVALUE, "nobs": COUNT}


def pairs() -> pd.DataFrame:
    index = pd.MultiIndex.from_tuples([("a", "b"), ("a", "c"), ("b", "c")], names=["caused", "causing"])
    values = {"statistic": [1.23456, -12.5, np.nan], "pvalue": [0.25, 1e-9, np.nan], "nobs": [10, 20, 30]}
    return pd.DataFrame({**values, "kept": ["x", "y", "z"]}, index=index)


def test_text() -> None:
    table = FrameTable(pairs(), FORMATS, "Pairs", (Fact("Trend", "c"),), ("A note.",))
    assert (
        repr(table)
        == str(table)
        == """\
Pairs
========================================
Trend  c
----------------------------------------
Caused  Causing     F         p      N
----------------------------------------
a       b          1.2346    0.2500  10
        c        -12.5000   <0.0001  20
b       c        n/a       n/a       30
========================================
A note."""
    )


def test_it_answers_as_the_frame_does() -> None:
    frame = pairs()
    table = FrameTable(frame, FORMATS)
    assert table["pvalue"].equals(frame["pvalue"])
    assert table[table["pvalue"] < 0.5].equals(frame[frame["pvalue"] < 0.5])
    assert table.loc[("a", "c"), "statistic"] == -12.5
    assert table.pvalue.iloc[0] == 0.25
    assert len(table) == 3 and list(table) == list(frame) and "kept" in table and "x" not in table
    assert table.shape == (3, 4) and table.columns.equals(frame.columns) and table.index.equals(frame.index)
    np.testing.assert_array_equal(np.asarray(FrameTable(frame[["nobs"]], FORMATS)), [[10], [20], [30]])
    assert np.asarray(table[["pvalue"]], dtype=float).dtype == np.float64
    assert table.round(2).loc[("a", "b"), "statistic"] == 1.23
    assert table.to_csv() == frame.to_csv()
    taken = table.to_frame()
    taken.loc[("a", "b"), "pvalue"] = 1.0
    assert table.frame.equals(pairs())
    # What a table has is the table's.
    assert r"\toprule" in table.to_latex() and table.to_html().startswith("<div ") and "---" in table.to_markdown()
    assert {"loc", "pvalue", "to_latex", "summary"} <= set(dir(table))
    for again in (copy.deepcopy(table), pickle.loads(pickle.dumps(table))):
        assert str(again) == str(table)


def test_what_neither_has_is_refused() -> None:
    table = FrameTable(pairs(), FORMATS)
    with pytest.raises(AttributeError, match="'FrameTable' object has no attribute 'statistics'"):
        table.statistics  # noqa: B018
    with pytest.raises(KeyError, match="x"):
        table["x"]
    assert not hasattr(table, "_repr_png_")
    with pytest.raises(pv.SpecificationError, match="digits"):
        table.summary(digits=-1)


def test_a_prompt_shows_the_ends_of_a_long_table() -> None:
    index = pd.MultiIndex.from_product([range(100), ("adf", "pp")], names=["series", "test"])
    table = FrameTable(pd.DataFrame({"nobs": range(200)}, index=index), FORMATS, "Many")
    shown = repr(table).splitlines()
    assert len(shown) == 67
    assert shown[4].split() == ["0", "adf", "0"] and shown[-3].split() == ["pp", "199"]
    assert shown[34:36] == ["...", "85      adf   170"]
    assert shown[-1] == "140 of 200 rows are not shown."
    # What is printed or written is whole.
    assert len(str(table).splitlines()) == 205
    assert len(table.summary(rows=200).body) == 200
    with pytest.raises(pv.SpecificationError, match="rows=1"):
        table.summary(rows=1)


def test_columns_in_groups_and_bounds() -> None:
    columns = pd.MultiIndex.from_product([("one", "two"), ("statistic", "pvalue")])
    frame = pd.DataFrame([[1.0, 0.5, 2.0, 0.04]], index=pd.RangeIndex(1, 2, name="lag"), columns=columns)
    table = FrameTable(frame, FORMATS).summary()
    assert [cell.text for cell in table.header[0].cells] == ["one", "one", "two", "two"]
    assert [cell.continues for cell in table.header[0].cells] == [False, True, False, True]
    assert table.to_frame().loc["1", ("two", "pvalue")] == 0.04
    bounded = pd.DataFrame({"pvalue": [0.01, 0.1, 0.05], "bound": ["<", ">", ""]}, index=["x", "y", "z"])
    cells = [row.cells[0] for row in FrameTable(bounded, {"pvalue": PVALUE}).summary().body]
    assert [cell.text for cell in cells] == ["<0.0100", ">0.1000", "0.0500"]
    assert [cell.value for cell in cells] == [0.01, 0.1, 0.05]


def test_rows_without_labels_are_called_by_their_first_column() -> None:
    formats = {"criterion": WORDS.called("Criterion"), "share": SHARE.called("Share"), "df": DEGREES}
    formats["gain"] = OPTIONAL.called("Gain")
    frame = pd.DataFrame({"criterion": ["size", "bias"], "share": [0.1, 0.05], "df": [2, 2.5], "gain": [np.nan, 1.0]})
    table = FrameTable(frame, formats, "Values").summary()
    assert table.header[0].label == "Criterion"
    assert [row.label for row in table.body] == ["size", "bias"]
    assert [[cell.text for cell in row.cells] for row in table.body] == [["10%", "2", ""], ["5%", "2.50", "1.0000"]]
    empty = FrameTable(frame.iloc[:0], formats, "Values")
    assert empty.summary().title == "Values: none" and len(empty) == 0
    assert str(empty).startswith("Values: none\n")


def test_an_attribute_that_is_called_says_that_it_is_a_table() -> None:
    with pytest.raises(TypeError, match="Leave out the parentheses"):
        FrameTable(pairs(), FORMATS)()
