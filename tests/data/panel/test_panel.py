"""The panel as an index: what it accepts, what order and memory it gives back, and what it refuses."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from reference_data import table

import panelvar as pv
from panelvar.core.base.errors import DataError, SpecificationError
from panelvar.data.panel.description import variation
from panelvar.data.panel.panel import Panel, as_panel


@pytest.fixture
def frame():
    """Three firms, the last with a gap; in order."""
    return pd.DataFrame(
        {
            "firm": ["a", "a", "a", "b", "b", "c", "c", "c"],
            "year": [2000, 2001, 2002, 2001, 2002, 2000, 2002, 2003],
            "x": [1.0, 2.0, 4.0, 10.0, 11.0, 20.0, 22.0, 25.0],
            "n": [1, 2, 3, 4, 5, 6, 7, 8],
            "who": list("uvuvuvuv"),
        }
    )


SHUFFLE = [5, 2, 7, 0, 3, 1, 6, 4]


def same(panel, other):
    assert panel.nobs == other.nobs
    assert panel.entity_labels.tolist() == other.entity_labels.tolist()
    np.testing.assert_array_equal(panel.starts, other.starts)
    np.testing.assert_array_equal(panel.entity_codes, other.entity_codes)
    np.testing.assert_array_equal(panel.time_positions, other.time_positions)
    np.testing.assert_array_equal(panel.column("x"), other.column("x"))


def test_what_a_panel_knows(frame):
    panel = Panel(frame, "firm", "year")
    assert (panel.nobs, len(panel), panel.n_entities, panel.n_periods) == (8, 8, 3, 4)
    assert panel.order is None
    assert panel.starts.tolist() == [0, 3, 5, 8]
    assert panel.entity_codes.tolist() == [0, 0, 0, 1, 1, 2, 2, 2]
    assert panel.entity_labels.tolist() == ["a", "b", "c"]
    assert panel.entity_labels.name == panel.entity_name == "firm"
    assert panel.time_positions.tolist() == [0, 1, 2, 1, 2, 0, 2, 3]
    assert panel.calendar.labels_at([0, 3]).tolist() == [2000, 2003]
    assert panel.time_name == "year"
    assert panel.names == ["x", "n", "who"]
    assert not panel.is_balanced
    assert panel.notes == ()
    assert repr(panel) == "Panel(8 rows, 3 entities by firm, 4 periods by year from 2000 to 2003, unbalanced)"


def test_every_way_in_is_the_same_panel(frame):
    panel = Panel(frame, "firm", "year")
    indexed = frame.set_index(["firm", "year"])
    same(panel, Panel(indexed))
    same(panel, as_panel(indexed))
    same(panel, Panel(indexed, "firm", "year"))
    same(panel, Panel(indexed, "firm"))
    same(panel, Panel(indexed, time="year"))
    same(panel, Panel(indexed.swaplevel(), "firm", "year"))
    same(panel, Panel(frame, frame["firm"], frame["year"]))
    same(panel, Panel(frame, frame["firm"].tolist(), frame["year"].to_numpy()))
    same(panel, Panel(frame.to_dict("list"), "firm", "year"))
    same(panel, Panel({name: frame[name].to_numpy() for name in frame}, "firm", "year"))
    same(panel, Panel(frame.astype({"firm": "category"}), "firm", "year"))
    same(panel, Panel(frame.astype({"firm": "string"}), "firm", "year"))
    same(panel, Panel(frame.astype({"firm": object}), "firm", "year"))
    same(panel, Panel(frame.astype({"year": "Int64"}), "firm", "year"))
    same(panel, Panel(frame.astype({"year": float}), "firm", "year"))
    same(panel, Panel(frame.astype({"year": "category", "firm": "category"}).set_index(["firm", "year"])))


@pytest.mark.parametrize("dtype", [str, object, "category", "string"])
def test_shuffled_rows_come_back_in_order(frame, dtype):
    shuffled = frame.astype({"firm": dtype}).iloc[SHUFFLE]
    panel = Panel(shuffled, "firm", "year")
    same(Panel(frame, "firm", "year"), panel)
    same(panel, Panel(shuffled.set_index(["firm", "year"])))
    np.testing.assert_array_equal(np.array(SHUFFLE)[panel.order], np.arange(8))
    assert panel.index.tolist() == list(range(8))
    assert list(panel.raw_column("who")) == list("uvuvuvuv")


def test_blocks_out_of_order_are_sorted(frame):
    blocks = frame.iloc[[3, 4, 0, 1, 2, 5, 6, 7]]
    same(Panel(frame, "firm", "year"), Panel(blocks, "firm", "year"))


def test_many_labels_take_the_other_route():
    firms = np.repeat([f"f{number:05d}" for number in range(1500)], 2)
    frame = pd.DataFrame({"firm": firms, "year": np.tile([1, 2], 1500), "x": np.arange(3000.0)})
    panel = Panel(frame, "firm", "year")
    assert (panel.n_entities, panel.order) == (1500, None)
    assert panel.entity_labels[1499] == "f01499"
    same(panel, Panel(frame.iloc[::-1], "firm", "year"))


@pytest.mark.parametrize("scale", [1, 10**9, 0.25])
def test_numeric_entities_near_and_far(scale):
    firm = np.array([3, 1, 2, 1, 3, 2]) * scale
    panel = Panel({"firm": firm, "year": [1, 1, 1, 2, 2, 2], "x": np.arange(6.0)}, "firm", "year")
    assert panel.entity_labels.tolist() == [1 * scale, 2 * scale, 3 * scale]
    assert panel.column("x").tolist() == [1, 3, 2, 5, 0, 4]


def test_a_calendar_too_long_for_a_grid():
    stamps = np.array(["1900-01-01T00:00:00.000000001", "2100-01-01", "1950-01-01T00:00:00.000000007"], dtype="M8[ns]")
    panel = Panel({"who": ["b", "a", "b"], "when": stamps, "x": [1.0, 2.0, 3.0]}, "who", "when")
    assert panel.column("x").tolist() == [2, 1, 3]
    assert panel.n_periods == 3
    with pytest.raises(DataError, match="too many for a calendar"):
        Panel({"when": np.array([-(2**62), 2**62 + 1]), "x": [1.0, 2.0]}, time="when")


def test_categories_are_entities_in_their_order_and_only_those_seen():
    order = pd.CategoricalDtype(["z", "unused", "a"])
    frame = pd.DataFrame({"who": pd.Series(["a", "z", "a"], dtype=order), "t": [1, 1, 2], "x": [1.0, 2.0, 3.0]})
    panel = Panel(frame, "who", "t")
    assert panel.entity_labels.tolist() == ["z", "a"]
    assert panel.column("x").tolist() == [2, 1, 3]


def test_levels_of_an_index_are_sorted():
    parts = {"b": pd.DataFrame({"x": [1.0, 2.0]}), "a": pd.DataFrame({"x": [3.0, 4.0]})}
    panel = Panel(pd.concat(parts))
    assert panel.entity_labels.tolist() == ["a", "b"]
    assert panel.column("x").tolist() == [3, 4, 1, 2]


def test_one_entity_is_a_time_series():
    quarters = pd.period_range("2001Q1", periods=4, freq="Q")
    for data, time in (
        (pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0]}, index=quarters), None),
        (pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "q": quarters}), "q"),
    ):
        panel = Panel(data, time=time)
        assert (panel.n_entities, panel.starts.tolist()) == (1, [0, 4])
        assert panel.calendar.future(1)[0] == pd.Period("2002Q1")
    assert Panel({"x": [1.0, 2.0]}).time_positions.tolist() == [0, 1]
    panel = Panel(pd.DataFrame({"x": [1.0, 2.0, 3.0]}, index=[2001, 1999, 2000]))
    assert panel.column("x").tolist() == [2, 3, 1]
    assert panel.entity_codes.tolist() == [0, 0, 0]


def test_without_time_rows_are_periods(frame):
    panel = Panel(frame.drop(columns="year").iloc[SHUFFLE], "firm")
    assert [note.code for note in panel.notes] == ["time-from-rows"]
    assert panel.time_positions.tolist() == [0, 1, 2, 0, 1, 0, 1, 2]
    assert panel.column("x").tolist() == [4, 1, 2, 10, 11, 20, 25, 22]
    assert (panel.n_periods, panel.calendar.n_positions) == (3, 3)
    dated = frame.drop(columns="year").set_axis(pd.to_datetime(frame["year"].astype(str)), axis=0)
    assert Panel(dated, "firm").time_positions.tolist() == [0, 1, 2, 1, 2, 0, 2, 3]


def test_notes_tell_how_time_was_read(frame):
    frame["year"] = 2 * frame["year"]
    assert [note.code for note in Panel(frame, "firm", "year").notes] == ["time-step"]
    assert Panel(frame, "firm", "year", freq=1).notes == ()


def test_float_columns_are_not_copied_and_not_writable(frame):
    values = np.arange(8.0)
    panel = Panel({"firm": frame["firm"].to_numpy(), "year": frame["year"].to_numpy(), "x": values}, "firm", "year")
    assert np.shares_memory(panel.column("x"), values)
    with pytest.raises(ValueError, match="read-only"):
        panel.column("x")[0] = 1.0
    assert values.flags.writeable
    panel = Panel(frame, "firm", "year")
    assert np.shares_memory(panel.column("x"), panel.column("x"))


def test_the_data_are_left_alone_and_may_change(frame):
    before = frame.copy(deep=True)
    panel = Panel(frame, "firm", "year")
    panel.column("n"), panel.lag("x"), panel.describe(), panel.with_columns(new=panel.lag("x"))
    pd.testing.assert_frame_equal(frame, before)
    frame.pop("x")
    frame["new"] = 1.0
    frame.index = list("abcdefgh")
    assert panel.column("x").tolist() == before["x"].tolist()
    assert panel.index.tolist() == before.index.tolist()
    assert "new" not in panel.names


@pytest.mark.parametrize(
    "values",
    [
        np.array([1, 2, 3], dtype=np.int8),
        np.array([1, 2, 3], dtype=np.float32),
        np.array([1, 2, 3], dtype=np.uint64),
        pd.Series([1, 2, 3], dtype="Int32"),
        pd.Series([1.0, 2.0, 3.0], dtype="Float64"),
        pd.Series(pd.arrays.SparseArray([1.0, 2.0, 3.0])),
        np.arange(1.0, 7.0).reshape(3, 2)[:, 0] / 2 + 0.5,
    ],
)
def test_numbers_become_float64(values):
    column = Panel(pd.DataFrame({"x": values})).column("x")
    assert column.dtype == np.float64
    assert column.flags.c_contiguous
    np.testing.assert_array_equal(column, [1.0, 2.0, 3.0])


def test_missing_values_of_nullable_types_are_nan():
    frame = pd.DataFrame({"i": pd.Series([1, None], dtype="Int64"), "b": pd.Series([None, True], dtype="boolean")})
    panel = Panel(frame)
    np.testing.assert_array_equal(panel.column("i"), [1.0, np.nan])
    np.testing.assert_array_equal(panel.column("b"), [np.nan, 1.0])


@pytest.mark.parametrize(
    ("values", "advice"),
    [
        (["1", "2"], "to_numeric"),
        (["1,5", "2,25"], r"its texts are numbers such as '1,5', and pandas.read_csv\(..., decimal=','\) reads them"),
        (["a", "2,25", "c"], "it holds texts such as 'a'; if they are numbers, pandas.to_numeric converts them; C"),
        (pd.Series(["1", 2], dtype=object), "to_numeric"),
        (pd.Series(["1", "2"], dtype="string"), "to_numeric"),
        (np.array(["1", "2"]), "to_numeric"),
        (np.array([1j, 2]), "real and imaginary"),
        (pd.to_datetime(["2001-01-01", "2002-01-01"]), "no unit"),
        (pd.period_range("2001", periods=2, freq="M"), "no unit"),
        (pd.to_timedelta([1, 2], unit="D"), "no unit"),
        (pd.Categorical([1, 2]), r"C\(bad\)"),
        (pd.Categorical([True, False]), r"C\(bad\)"),
    ],
)
def test_what_is_not_a_number_is_refused_by_name(values, advice):
    with pytest.raises(DataError, match=f"'bad' has dtype .*{advice}"):
        Panel(pd.DataFrame({"bad": values})).column("bad")


def test_unknown_names_suggest_the_nearest(frame):
    panel = Panel(frame.rename(columns={"x": "income"}), "firm", "year")
    with pytest.raises(DataError, match=r"Column 'incom' is not in the data\. Did you mean 'income'"):
        panel.column("incom")
    with pytest.raises(DataError, match="Did you mean 'income'"):
        panel.raw_column("INCOME")
    with pytest.raises(DataError, match=r"entity column 'frm' is not in the data\. Did you mean 'firm'"):
        Panel(frame, "frm", "year")
    with pytest.raises(DataError, match=r"time column 'firn'.*Did you mean 'firm'"):
        Panel(frame.set_index(["firm", "year"]), time="firn")
    with pytest.raises(DataError, match="Column None"):
        panel.column(None)


def test_duplicates_are_counted_and_named(frame):
    repeated = pd.concat([frame, frame.iloc[[2, 4, 4, 6, 7]]], ignore_index=True)
    with pytest.raises(DataError) as caught:
        Panel(repeated, "firm", "year")
    assert str(caught.value).startswith(
        "5 rows repeat an entity and period: (a, 2002) (rows 2 and 8), (b, 2002) (rows 4 and 9), "
        "(b, 2002) (rows 9 and 10), .... Every entity"
    )
    # Where the index has the same label twice, the places of the rows tell them apart.
    with pytest.raises(DataError, match=r"entity and period: \(a, 2002\) \(rows 2 and 8, counted from 0\), \("):
        Panel(repeated.set_index(["firm", "year"]))
    with pytest.raises(DataError, match=r"name its entity column"):
        Panel(frame, time="year")
    with pytest.raises(DataError, match=r"1 row repeats a period: 1 \(rows 0 and 1, counted from 0\)"):
        Panel(pd.DataFrame({"x": [1.0, 2.0]}, index=[1, 1]))


def test_two_labels_of_one_period_are_duplicates():
    frame = pd.DataFrame({"who": ["a", "a"], "day": pd.to_datetime(["2001-02-03", "2001-02-17"]), "x": [1.0, 2.0]})
    with pytest.raises(DataError, match=r"repeats? an entity and period"):
        Panel(frame, "who", "day", freq="M")
    assert Panel(frame, "who", "day").time_positions.tolist() == [0, 1]


@pytest.mark.parametrize("dtype", [object, "category", "string", str])
def test_missing_labels_are_counted_and_named(frame, dtype):
    frame.index = [f"row{number}" for number in range(8)]
    broken = frame.astype({"firm": object})
    broken.loc[["row1", "row6"], "firm"] = None
    if dtype is not str:
        broken = broken.astype({"firm": dtype})
    else:
        broken["firm"] = broken["firm"].where(broken["firm"].notna(), np.nan)
    message = r"'firm' \(entity\) is missing in 2 of 8 rows, first in rows 'row1', 'row6'"
    with pytest.raises(DataError, match=message):
        Panel(broken, "firm", "year")
    with pytest.raises(DataError, match=r"\(entity\) is missing in 2 of 8"):
        Panel(broken.set_index(["firm", "year"]))


def test_missing_times_are_counted(frame):
    frame["year"] = frame["year"].astype(float)
    frame.loc[3, "year"] = np.nan
    with pytest.raises(DataError, match=r"'year' \(time\) is missing in 1 of 8 rows, first in row 3"):
        Panel(frame, "firm", "year")
    with pytest.raises(DataError, match=r"Time \(time\) is missing in 1 of 2 rows"):
        Panel({"x": [1.0, 2.0]}, time=np.array(["2001-01-01", "NaT"], dtype="M8[D]"))


def test_bad_shapes_and_types(frame):
    with pytest.raises(DataError, match="no rows"):
        Panel(frame.iloc[:0], "firm", "year")
    with pytest.raises(DataError, match="no rows"):
        Panel({})
    with pytest.raises(DataError, match=r"differ in length: 'x' \(2\), 'y' \(3\)"):
        Panel({"x": [1, 2], "y": [1, 2, 3]})
    with pytest.raises(DataError, match=r"'x' has shape \(2, 2\)"):
        Panel({"x": [[1, 2], [3, 4]]})
    with pytest.raises(DataError, match="entity has 3 labels for 8 rows"):
        Panel(frame, [1, 2, 3], "year")
    with pytest.raises(DataError, match="Several columns are called 'x'"):
        Panel(frame.rename(columns={"n": "x"}), "firm", "year")
    with pytest.raises(DataError, match="several levels"):
        Panel(pd.concat({"top": frame}, axis=1))
    with pytest.raises(DataError, match="index has 3 levels"):
        Panel(frame.set_index(["firm", "year", "who"]))
    with pytest.raises(SpecificationError, match="or a mapping of names"):
        Panel(np.zeros((3, 2)))
    with pytest.raises(SpecificationError, match="Name two different columns"):
        Panel(frame, "year", "year")
    with pytest.raises(DataError, match="of types int, str"):
        Panel(frame.assign(firm=[1, "a", 1, "a", 1, "a", 1, "a"]), "firm", "year")
    with pytest.raises(SpecificationError, match="Panel already"):
        as_panel(Panel(frame, "firm", "year"), "firm")


def test_as_panel_returns_a_panel_itself(frame):
    panel = Panel(frame, "firm", "year")
    assert as_panel(panel) is panel


def test_names_need_not_be_texts():
    panel = Panel(pd.DataFrame({0: [1, 1], 1: [5, 6], 2: [1.0, 2.0]}), 0, 1)
    assert (panel.names, panel.entity_name, panel.column(2).tolist()) == ([2], "0", [1.0, 2.0])


def test_lags_differences_and_leads_keep_to_the_calendar(frame):
    panel = Panel(frame.iloc[SHUFFLE], "firm", "year")
    nan = np.nan
    np.testing.assert_array_equal(panel.lag("x"), [nan, 1, 2, nan, 10, nan, nan, 22])
    np.testing.assert_array_equal(panel.lag("x", 2), [nan, nan, 1, nan, nan, nan, 20, nan])
    np.testing.assert_array_equal(panel.lag("x", 3), [nan, nan, nan, nan, nan, nan, nan, 20])
    np.testing.assert_array_equal(panel.lead("x"), [2, 4, nan, 11, nan, nan, 25, nan])
    np.testing.assert_array_equal(panel.lag("x", -1), panel.lead("x"))
    np.testing.assert_array_equal(panel.difference("n"), [nan, 1, 1, nan, 1, nan, nan, 1])
    np.testing.assert_array_equal(panel.difference("x", 2), [nan, nan, 3, nan, nan, nan, 2, nan])
    np.testing.assert_array_equal(panel.lag(panel.column("x") ** 2), panel.lag("x") ** 2)
    np.testing.assert_array_equal(panel.lag(frame.iloc[SHUFFLE]["x"]), panel.lag("x"))
    np.testing.assert_array_equal(panel.lag("x", np.int64(1)), panel.lag("x"))
    np.testing.assert_array_equal(panel.lag("x", 0), panel.column("x"))
    np.testing.assert_array_equal(panel.lag("x", 10**6), np.full(8, nan))


def test_lags_are_refused_what_makes_no_sense(frame):
    panel = Panel(frame, "firm", "year")
    with pytest.raises(SpecificationError, match=r"must be an integer; got 1\.5"):
        panel.lag("x", 1.5)
    with pytest.raises(SpecificationError, match="at least 1; got 0"):
        panel.difference("x", 0)
    with pytest.raises(DataError, match=r"shape \(3,\) was given for a panel of 8 rows"):
        panel.lag(np.zeros(3))
    with pytest.raises(DataError, match="'who' has dtype"):
        panel.lag("who")


def test_columns_can_be_added(frame):
    shuffled = frame.iloc[SHUFFLE]
    panel = Panel(shuffled, "firm", "year")
    wider = panel.with_columns(
        panel_order=True, lagged=panel.lag("x"), doubled=2 * shuffled["x"], x=np.arange(8), who=list("abcdefgh")
    )
    assert wider.names == ["x", "n", "who", "lagged", "doubled"]
    assert panel.names == ["x", "n", "who"]
    np.testing.assert_array_equal(wider.column("lagged"), panel.lag("x"))
    np.testing.assert_array_equal(wider.column("doubled"), 2 * panel.column("x"))
    np.testing.assert_array_equal(wider.column("x"), np.arange(8))
    assert list(wider.raw_column("who")) == list("abcdefgh")
    np.testing.assert_array_equal(wider.lag("doubled"), 2 * panel.lag("x"))
    np.testing.assert_array_equal(panel.arrange(shuffled["x"].to_numpy()), panel.column("x"))
    again = wider.with_columns(more=pd.Series(panel.column("n"), index=panel.index))
    np.testing.assert_array_equal(again.column("more"), panel.column("n"))
    with pytest.raises(DataError, match="you cannot replace it"):
        panel.with_columns(year=np.zeros(8))
    with pytest.raises(DataError, match="'z' has 3 values"):
        panel.with_columns(z=[1, 2, 3])
    with pytest.raises(DataError, match="No label of column 'z' is in the index"):
        panel.with_columns(z=frame["x"].set_axis(list("abcdefgh")))
    with pytest.raises(DataError, match="3 values were given"):
        panel.arrange([1, 2, 3])


def test_an_array_for_unsorted_rows_must_say_its_order(frame):
    """Its values could be in the order of the data or of the panel, and either is what somebody means."""
    shuffled = frame.iloc[SHUFFLE]
    panel = Panel(shuffled, "firm", "year")
    doubled = 2 * shuffled["x"]
    for given in (doubled.to_numpy(), doubled.tolist()):
        with pytest.raises(DataError, match=r"'z' is an array.*Give a Series.*panel_order=True"):
            panel.with_columns(z=given)
    arranged = panel.with_columns(panel_order=True, z=panel.arrange(doubled.to_numpy()))
    np.testing.assert_array_equal(arranged.column("z"), 2 * panel.column("x"))
    np.testing.assert_array_equal(panel.with_columns(z=doubled).column("z"), 2 * panel.column("x"))
    # Where the data came sorted there is one order.
    ordered = Panel(frame, "firm", "year")
    np.testing.assert_array_equal(ordered.with_columns(z=ordered.lag("x")).column("z"), ordered.lag("x"))


def test_entity_and_time_are_columns_too(frame):
    for panel in (Panel(frame.iloc[SHUFFLE], "firm", "year"), Panel(frame.iloc[SHUFFLE].set_index(["firm", "year"]))):
        assert panel.column("year").tolist() == frame["year"].tolist()
        assert list(panel.raw_column("firm")) == frame["firm"].tolist()


def test_plain_arrays_do_not_load_pandas():
    code = (
        "import sys, numpy as np; from panelvar.data.panel.panel import Panel\n"
        "p = Panel({'i': np.array([1, 1, 2, 2]), 't': np.array([1, 2, 1, 2]), 'x': np.arange(4.0)}, 'i', 't')\n"
        "p.lag('x'), p.entity_codes, p.n_periods, p.is_balanced\n"
        "assert 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_description_counts_gaps(frame):
    description = Panel(frame, "firm", "year").describe()
    assert description.rows_per_entity == (2, 8 / 3, 3)
    assert (description.entities_with_gaps, description.missing_within, description.missing_cells) == (1, 1, 4)
    assert (description.first, description.last, description.balanced) == ("2000", "2003", False)
    assert description.others == ("who",)
    text = str(description)
    assert "2000 to 2003" in text and "1 periods, in 1 entities" in text and "Not numeric: who." in text
    assert max(map(len, text.splitlines())) <= 80
    assert "<table" in description._repr_html_()


def test_description_splits_variation_as_written_out():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"i": np.repeat(range(6), 5), "t": np.tile(range(5), 6)}).drop([3, 11, 12])
    frame["x"] = rng.normal(size=27) + frame["i"]
    frame["fixed"] = 0.1 * frame["i"]
    frame.loc[[1, 20], "x"] = np.nan
    frame["inf"] = frame["x"].where(frame["t"] > 0, np.inf)
    panel = Panel(frame.sample(frac=1, random_state=1), "i", "t")
    described = panel.describe()
    got = described.to_frame()
    x = frame["x"].dropna()
    firm = frame["i"][x.index]
    means = x.groupby(firm).mean()
    within = x - means[firm].to_numpy() + x.mean()
    expected = [x.mean(), x.std(), means.std(), within.std(), x.min(), x.max(), 2]
    np.testing.assert_allclose(got.loc["x"].to_numpy(float), expected, rtol=1e-13)
    assert got.loc["fixed", "within"] == 0.0
    n_infinite = int(np.isinf(frame["inf"]).sum())
    assert got.loc["inf", "missing"] == frame["inf"].isna().sum() > 0
    assert f"inf has {n_infinite} infinite values" in str(described)
    assert np.isfinite(got.loc["inf"].to_numpy(float)).all()


def test_description_of_published_data():
    # Grunfeld's data as Stata's xtsum describes them are the moments above; here against a plain recomputation.
    data = table("grunfeld")
    got = Panel(data, "firm", "year").describe().to_frame()
    for name in ("inv", "value", "capital"):
        groups = data.groupby("firm")[name]
        assert got.loc[name, "between"] == pytest.approx(groups.mean().std(), rel=1e-13)
        assert got.loc[name, "within"] == pytest.approx((data[name] - groups.transform("mean")).std(), rel=1e-13)


def test_description_of_nothing_and_of_one():
    empty = variation("x", np.array([np.nan, np.nan]), np.array([0, 0]))
    assert (empty.n_missing, np.isnan(empty.mean)) == (2, True)
    one = variation("x", np.array([3.0]), np.array([0]))
    assert (one.mean, one.minimum) == (3.0, 3.0)
    assert np.isnan([one.overall, one.between, one.within]).all()
    assert "n/a" in str(Panel({"x": [3.0]}).describe())
    assert "Rows" in str(Panel({"who": ["a"]}).describe())


def test_a_description_is_written_as_its_table_is():
    described = Panel({"x": [3.0, 4.0, 6.0], "who": ["a", "a", "b"], "t": [1, 2, 1]}, "who", "t").describe()
    table = described.summary()
    assert described.to_markdown() == table.to_markdown()
    assert described.to_html() == table.to_html()
    assert described.to_latex() == table.to_latex()
    assert r"\label{tab:panel}" in described.to_latex(label="tab:panel")


def test_masked_numbers_are_missing_and_masked_labels_refused():
    values = np.ma.masked_array([1.0, 2.0, 1e6, 4.0], mask=[0, 0, 1, 0])
    np.testing.assert_array_equal(Panel({"x": values}).column("x"), [1.0, 2.0, np.nan, 4.0])
    np.testing.assert_array_equal(Panel({"x": values.astype(int)}).column("x"), [1.0, 2.0, np.nan, 4.0])
    plain = Panel({"x": np.ma.masked_array([1, 2], mask=False)})
    np.testing.assert_array_equal(plain.column("x"), [1.0, 2.0])
    np.testing.assert_array_equal(plain.with_columns(z=values[1:3]).column("z"), [2.0, np.nan])
    with pytest.raises(DataError, match="masked"):
        Panel({"x": [1.0, 2.0], "who": np.ma.masked_array(["a", "b"], mask=[0, 1])}, "who")


def test_ragged_arrays_are_refused_in_words():
    frame = pd.DataFrame({"i": [1, 1, 2, 2], "t": [1, 2, 1, 2], "y": [1.0, 2.0, 0.5, 3.0]})
    panel = pv.Panel(frame, entity="i", time="t")
    with pytest.raises(pv.DataError, match="lists of different lengths"):
        pv.fit_pooled(panel, "y", [], weights=[[1, 2], [3]])


@pytest.mark.parametrize("unit", [2.0**-700, 2.0**700, 2.0**1000])
def test_descriptions_do_not_depend_on_units(unit):
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"i": np.repeat(np.arange(6), 5), "t": np.tile(np.arange(5), 6), "x": rng.standard_normal(30)})
    plain = Panel(frame, "i", "t").describe().to_frame()
    far = Panel(frame.assign(x=frame["x"] * unit), "i", "t").describe()
    np.testing.assert_array_equal(far.to_frame().iloc[:, :6] / unit, plain.iloc[:, :6])
    assert "0.0000" not in str(far)


def test_a_description_of_one_entity_says_what_it_lacks():
    frame = pd.DataFrame({"i": ["a"] * 3 + ["b"], "t": [1, 2, 3, 1], "x": [1.0, 4.0, 2.0, np.nan], "z": 1.0})
    found = pv.Panel(frame, "i", "t").describe()
    assert np.isnan(found.columns[0].between) and found.columns[1].between == 0.0
    assert "no deviation between entities: x." in " ".join(found.notes)


def test_entity_and_time_that_seem_swapped_are_said_to_be():
    frame = pd.DataFrame({"who": np.repeat([7, 8, 9], 4), "year": [*range(2001, 2005)] * 3, "x": np.arange(12.0)})
    assert Panel(frame, "who", "year").notes == ()
    for labels in (frame["year"], pd.to_datetime(frame["year"].astype(str))):
        (note,) = Panel(frame.assign(year=labels), "year", "who").notes
        assert note.warn and "Panel(data, entity='who', time='year')" in note.text
    with pytest.warns(pv.PanelVarWarning, match="If they are swapped"):
        pv.fit_pooled(Panel(frame.assign(y=frame["x"] ** 2), "year", "who"), "y ~ x")
    # Numbers of firms that happen to be years, of years.
    assert Panel(frame.assign(who=frame["who"] + 1990), "who", "year").notes == ()
