"""Columns, rows and descriptions of a panel, and how what comes from a panel finds its rows again."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pandas as pd
import pytest

import panelvar as pv


def frame() -> pd.DataFrame:
    """Three firms with gaps, rows in no order, an index that is not counted."""
    made = pd.DataFrame(
        {
            "firm": [*"aaaabbbcc"],
            "year": [2000, 2001, 2002, 2004, 2001, 2002, 2003, 2000, 2003],
            "x": [1.0, 2.0, 4.0, 7.0, 10.0, 12.0, 15.0, 20.0, 26.0],
            "who": [*"uvuvuvuvu"],
        }
    )
    return made.sample(frac=1.0, random_state=4).set_axis(range(100, 109))


@pytest.fixture
def panel() -> pv.Panel:
    return pv.Panel(frame(), "firm", "year")


def test_columns_are_named_and_counted(panel):
    assert list(panel.columns) == panel.names == list(panel) == ["x", "who"]
    assert isinstance(panel.columns, pd.Index)
    assert "x" in panel
    assert "firm" in panel
    assert "z" not in panel
    assert [] not in panel


def test_brackets_return_the_column_under_the_callers_labels(panel):
    data = frame()
    for name in ("x", "who", "firm", "year"):
        column = panel[name]
        assert column.name == name
        assert column.index.equals(panel.index)
        pd.testing.assert_series_equal(column.sort_index(), data[name], check_dtype=False)
    table = panel[["who", "x"]]
    pd.testing.assert_frame_equal(table.sort_index(), data[["who", "x"]], check_dtype=False)
    np.testing.assert_array_equal(panel["x"], panel.column("x"))
    assert panel[[]].shape == (9, 0)


def test_names_of_frames_and_columns_are_answered(panel):
    for name, here in (
        ("x", r"Write panel\['x'\] for the column\.$"),
        ("iloc", r"Here it is where\(condition\)\.$"),
        ("df", r"Here it is to_frame\(\)\.$"),
        ("entities", r"Here it is entity_labels\.$"),
        ("summary", r"Here it is describe\(\)\.$"),
        ("discribe", r"Did you mean 'describe'\?$"),
    ):
        assert not hasattr(panel, name)
        with pytest.raises(AttributeError, match=here):
            getattr(panel, name)
    again = pickle.loads(pickle.dumps(panel))
    np.testing.assert_array_equal(copy.deepcopy(again).lag("x"), panel.lag("x"))


def test_what_brackets_return_is_a_copy():
    data = frame().sort_values(["firm", "year"])
    panel = pv.Panel(data, "firm", "year")
    column = panel["x"]
    column.iloc[0] = -1.0
    assert panel.column("x")[0] == data["x"].iloc[0] == 1.0


@pytest.mark.parametrize(
    ("wanted", "error", "message"),
    [
        ("wh", pv.DataError, r"'wh' is not in the data\. Did you mean 'who'"),
        (["x", "z"], pv.DataError, "'z' is not in the data"),
        (slice(0, 3), pv.SpecificationError, r"To choose rows, use where\(condition\) or head\(n\)"),
        (np.ones(9, dtype=bool), pv.SpecificationError, r"To choose rows, use where\(condition\)"),
        ({"x"}, pv.DataError, "Ask for a column by its name, which is a text; got set"),
    ],
)
def test_brackets_refuse_what_is_no_name(panel, wanted, error, message):
    with pytest.raises(error, match=message):
        panel[wanted]


def test_frames_are_indexed_by_entity_and_time(panel):
    table = panel.to_frame()
    assert list(table.index.names) == ["firm", "year"]
    assert table.loc[("b", 2003), "x"] == 15.0
    again = pv.Panel(table)
    assert repr(again) == repr(panel)
    np.testing.assert_array_equal(again.lag("x"), panel.lag("x"))
    pd.testing.assert_frame_equal(panel.to_frame("x"), table[["x"]])
    pd.testing.assert_frame_equal(panel.head(2), table.iloc[:2])
    assert len(panel.head()) == 5
    assert panel.head(0).empty
    with pytest.raises(pv.SpecificationError, match="n="):
        panel.head(-1)
    with pytest.raises(pv.DataError, match="'z' is not in the data"):
        panel.to_frame(["z"])
    one = pv.Panel({"t": [2001, 2000], "x": [1.0, 2.0]}, time="t")
    assert one.to_frame().index.tolist() == [2000, 2001]
    assert repr(pv.Panel(one.to_frame())) == repr(one)


def test_where_keeps_rows_and_the_calendar(panel):
    kept = panel.where(panel["x"] > 2.0)
    assert (kept.nobs, kept.n_entities, len(kept)) == (7, 3, 7)
    np.testing.assert_array_equal(kept.column("x"), [4.0, 7.0, 10.0, 12.0, 15.0, 20.0, 26.0])
    assert list(kept.entity_labels) == ["a", "b", "c"]
    # A period left out is a gap: 2004 has no predecessor, as it had none before.
    np.testing.assert_array_equal(kept.lag("x"), [np.nan, np.nan, np.nan, 10.0, 12.0, np.nan, np.nan])
    assert kept["who"].index.equals(kept.index)
    pd.testing.assert_series_equal(kept["who"], panel["who"][panel["x"] > 2.0])
    even = panel.where(panel["year"] % 2 == 0)
    np.testing.assert_array_equal(even.difference("x", 2), [np.nan, 3.0, 3.0, np.nan, np.nan])
    assert np.isnan(even.difference("x")).all()


def test_where_makes_the_panel_of_the_rows_alone(panel):
    data = frame()
    kept, known = panel.where(panel["firm"] != "b"), pv.Panel(data[data["firm"] != "b"], "firm", "year")
    assert repr(kept) == repr(known)
    assert str(kept.describe()) == str(known.describe())
    assert kept.index.equals(known.index)
    np.testing.assert_array_equal(kept.time_positions, known.time_positions)
    np.testing.assert_array_equal(kept.starts, known.starts)
    assert kept.calendar.future(2).equals(known.calendar.future(2))
    pd.testing.assert_series_equal(
        pv.fit_pooled(kept, "x ~ year", cov="classical").params,
        pv.fit_pooled(known, "x ~ year", cov="classical").params,
    )
    one = panel.where(panel["firm"] == "b")
    assert pv.fit_var(one, ["x"], lags=0).nobs == 3
    # Selected again, with columns added in between.
    both = panel.with_columns(twice=2.0 * panel["x"]).where(panel["x"] > 1.0)
    both = both.where(both["twice"] < 40.0)
    np.testing.assert_array_equal(both["twice"], 2.0 * both.column("x"))


def test_where_begins_the_calendar_with_the_first_row(panel):
    late = panel.where(panel["year"] >= 2002)
    assert "from 2002 to 2004" in repr(late)
    assert late.time_positions.min() == 0
    assert late.calendar.n_positions == 3
    quarters = pd.Series(pd.period_range("2000Q1", periods=8, freq="Q").astype(str), name="q")
    dated = pv.Panel(pd.DataFrame({"q": quarters, "x": np.arange(8.0)}), time="q")
    assert list(dated.where(dated["x"] > 4.0).calendar.labels_at([0, 2])) == ["2001Q2", "2001Q4"]


@pytest.mark.parametrize(
    ("condition", "error", "message"),
    [
        (lambda panel: panel["x"] > 100.0, pv.DataError, "holds in none of 9 rows"),
        (lambda panel: panel["x"], pv.SpecificationError, "True and False; got values of dtype float64"),
        (lambda panel: panel.column("x") > 2.0, pv.DataError, "nothing says which order"),
        (lambda panel: [True] * 3, pv.DataError, "3 values for a panel of 9 rows"),
        (lambda panel: (panel["x"] > 2.0).iloc[:5], pv.DataError, "has no value for some rows"),
        (lambda panel: (panel["x"] > 2.0).astype(object).where(panel["x"] > 1.0, pd.NA), pv.DataError, "has no value"),
        (lambda panel: pd.Series([True] * 9, index=range(9)), pv.DataError, "No label of the condition"),
        (lambda panel: "x > 2", pv.PanelVarError, "The condition"),
        (lambda panel: ["yes"] * 9, pv.PanelVarError, "nothing says which order"),
    ],
)
def test_where_refuses_what_is_no_condition(panel, condition, error, message):
    with pytest.raises(error, match=message):
        panel.where(condition(panel))


def test_arrays_are_told_or_in_order(panel):
    told = panel.where(panel.column("x") > 2.0, panel_order=True)
    assert told.nobs == 7
    data = frame().sort_values(["firm", "year"])
    assert pv.Panel(data, "firm", "year").where((data["x"] > 2.0).to_numpy()).nobs == 7
    unknown = pd.array([True, None] + [False] * 7, dtype="boolean")
    assert pv.Panel(data, "firm", "year").where(unknown).nobs == 1


def test_descriptions_of_some_columns(panel):
    assert [each.name for each in panel.describe("x").columns] == ["x"]
    both = panel.describe(["who", "x"])
    assert both.others == ("who",)
    assert [each.name for each in both.columns] == ["x"]
    assert str(panel.describe()) == str(panel.describe(["x", "who"]))
    with pytest.raises(pv.DataError, match="'z' is not in the data"):
        panel.describe(["z"])


def test_what_comes_from_a_panel_finds_its_rows(panel):
    data = frame()
    data["log"] = np.log(panel["x"])
    np.testing.assert_allclose(data["log"], np.log(data["x"]))
    added = panel.with_columns(log=np.log(panel["x"]))
    np.testing.assert_array_equal(added.column("log"), np.log(panel.column("x")))
    by_pair = panel.to_frame()["x"].sample(frac=1.0, random_state=1)
    np.testing.assert_array_equal(panel.with_columns(z=by_pair).column("z"), panel.column("x"))


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
def test_labels_that_repeat_are_matched_only_where_there_is_no_doubt():
    data = frame().set_axis([0, 1, 2, 0, 1, 2, 0, 1, 2])
    panel = pv.Panel(data, "firm", "year")
    np.testing.assert_array_equal(panel.with_columns(z=panel["x"]).column("z"), panel.column("x"))
    np.testing.assert_array_equal(panel.with_columns(z=data["x"]).column("z"), panel.column("x"))
    alike = pv.Panel(data.set_axis([0] * 9), "firm", "year")
    with pytest.raises(
        pv.DataError, match="repeats labels, so nothing says whether it has the order of the data or of the panel"
    ):
        alike.with_columns(z=alike["x"])
