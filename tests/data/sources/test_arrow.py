"""Tables of polars and Arrow are read by the C stream, to pandas' results, without loading their library."""

from __future__ import annotations

import datetime
import gc
import subprocess
import sys
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar.data.sources.arrow import from_arrow

RNG = np.random.default_rng(5)
FIRMS = ["ä", "b", "a longer name of a firm"]
FRAME = pd.DataFrame({"firm": np.repeat(FIRMS, 20), "year": np.tile(range(1990, 2010), 3)})
for _name in ("x", "w", "z"):
    FRAME[_name] = RNG.standard_normal(len(FRAME))
FRAME["y"] = FRAME["x"] + RNG.standard_normal(len(FRAME))
FRAME["w"] = FRAME["w"].abs() + 0.5
SHUFFLED = FRAME.sample(frac=1.0, random_state=0, ignore_index=True)
SYSTEM = pd.DataFrame(RNG.standard_normal((60, 3)).cumsum(axis=0), columns=["a", "b", "c"])


@pytest.fixture(params=["polars", "pyarrow"])
def table(request):
    """Make a table of another library from a frame."""
    library = pytest.importorskip(request.param)
    if request.param == "polars":
        return lambda frame: library.DataFrame({name: frame[name].to_list() for name in frame.columns})
    return lambda frame: library.table({name: frame[name].to_list() for name in frame.columns})


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
@pytest.mark.parametrize("frame", [FRAME, SHUFFLED], ids=["sorted", "shuffled"])
def test_panels_are_those_of_pandas(table, frame):
    theirs = table(frame)
    ours, other = pv.Panel(frame, "firm", "year"), pv.Panel(theirs, "firm", "year")
    assert repr(other) == repr(ours)
    for call in (
        lambda panel: pv.fit_fixed_effects(panel, "y ~ x + L(x) + C(firm):z", weights="w").params,
        lambda panel: pv.fit_pooled(panel, "y ~ x + C(firm)").std_errors,
        lambda panel: pv.fit_arellano_bond(panel, "y", ["x"]).params,
    ):
        pd.testing.assert_series_equal(call(other), call(ours))
    np.testing.assert_array_equal(other.column("x"), ours.column("x"))
    assert list(other.entity_labels) == list(ours.entity_labels)


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
def test_systems_and_series_are_those_of_pandas(table):
    theirs = table(SYSTEM)
    first, second = pv.fit_var(SYSTEM, lags=2), pv.fit_var(theirs, lags=2)
    pd.testing.assert_frame_equal(second.params, first.params)
    pd.testing.assert_frame_equal(second.resids, first.resids)
    beside = pv.fit_var(theirs, ["a", "b"], lags=1, exogenous=["c"])
    pd.testing.assert_frame_equal(beside.params, pv.fit_var(SYSTEM, ["a", "b"], lags=1, exogenous=["c"]).params)
    assert pv.adf_test(theirs, column="b").statistic == pv.adf_test(SYSTEM["b"]).statistic
    assert pv.johansen_test(theirs, lags=2).trace[0] == pv.johansen_test(SYSTEM, lags=2).trace[0]
    assert pv.ips_test(theirs).statistic == pv.ips_test(SYSTEM).statistic


def test_tables_beside_the_data_take_its_labels(table):
    dated = SYSTEM[["a", "b"]].set_axis(pd.period_range("1990Q1", periods=60, freq="Q"))
    theirs = table(SYSTEM[["c"]])
    model = pv.fit_var(dated, lags=1, exogenous=theirs)
    known = pv.fit_var(dated, lags=1, exogenous=SYSTEM[["c"]].set_axis(dated.index))
    pd.testing.assert_frame_equal(model.params, known.params)
    future = pd.DataFrame({"c": [1.0, 2.0]})
    np.testing.assert_array_equal(
        model.forecast(2, exogenous=table(future)).values, known.forecast(2, exogenous=future.to_numpy()).values
    )
    with pytest.raises(pv.DataError, match=r"exogenous has 10 rows; the data have 60|No label of exogenous"):
        pv.fit_var(dated, lags=1, exogenous=table(SYSTEM[["c"]].head(10)))


def test_columns_of_polars_are_arrays_without_labels():
    pl = pytest.importorskip("polars")
    weights = pl.Series(FRAME["w"].to_list())
    known = pv.fit_pooled(pv.Panel(FRAME, "firm", "year"), "y", ["x"], weights="w", cov="classical")
    given = pv.fit_pooled(pv.Panel(FRAME, "firm", "year"), "y", ["x"], weights=weights, cov="classical")
    pd.testing.assert_series_equal(given.params, known.params)
    arrays = {name: pl.Series(FRAME[name].to_list()) for name in FRAME.columns}
    assert repr(pv.Panel(arrays, "firm", "year")) == repr(pv.Panel(FRAME, "firm", "year"))
    dated = SYSTEM[["a", "b"]].set_axis(pd.period_range("1990Q1", periods=60, freq="Q"))
    beside = pl.Series("c", SYSTEM["c"].to_list())
    for fit in (
        lambda given: pv.fit_var(dated, lags=1, exogenous=given).params,
        lambda given: pv.fit_local_projections(dated, lags=1, horizon=2, shock=given).values,
    ):
        np.testing.assert_array_equal(fit(beside), fit(SYSTEM["c"].to_numpy()))
    assert pv.adf_test(pl.Series(SYSTEM["a"].to_list())).statistic == pv.adf_test(SYSTEM["a"]).statistic
    with pytest.raises(pv.DataError, match="nothing says which order"):
        pv.Panel(SHUFFLED, "firm", "year").with_columns(w=weights)


def test_every_type_of_polars():
    pl = pytest.importorskip("polars")
    moment = datetime.datetime(2000, 1, 2, 3, 4, 5)
    data = pl.DataFrame(
        {
            "whole": [1, None, 3],
            "number": [1.5, None, 3.0],
            "truth": [True, None, False],
            "text": ["a", None, "bé, and what is too long for a view"],
            "day": [moment.date(), None, moment.date()],
            "stamp": [moment, None, moment],
            "zoned": pl.Series([moment, None, moment]).dt.replace_time_zone("Europe/Paris"),
            "length": [datetime.timedelta(days=1), None, datetime.timedelta(0)],
            "clock": [datetime.time(1), None, datetime.time(2)],
            "category": pl.Series(["x", None, "w"], dtype=pl.Categorical),
            "enum": pl.Series(["q", None, "p"], dtype=pl.Enum(["q", "p"])),
            "money": [Decimal("1.5"), None, Decimal("-2.25")],
            "small": pl.Series([1, 2, 255], dtype=pl.UInt8),
            "nothing": [None] * 3,
        }
    )
    for rows in (data, pl.concat([data.slice(0, 1), data.slice(1)], rechunk=False)):
        frame = from_arrow(rows)
        assert list(frame.columns) == data.columns
        assert frame.drop(columns="small").isna().iloc[1].all()
        assert frame["whole"].dropna().tolist() == [1, 3]
        assert frame["number"].dropna().tolist() == [1.5, 3.0]
        assert frame["truth"].dropna().tolist() == [True, False]
        assert frame["text"].dropna().tolist() == ["a", "bé, and what is too long for a view"]
        assert frame["day"].dropna().tolist() == [pd.Timestamp(moment.date())] * 2
        assert frame["stamp"].dropna().tolist() == [pd.Timestamp(moment)] * 2
        assert frame["zoned"].dropna().tolist() == [pd.Timestamp(moment, tz="Europe/Paris")] * 2
        assert frame["length"].dropna().tolist() == [pd.Timedelta(days=1), pd.Timedelta(0)]
        assert frame["clock"].dropna().tolist() == [pd.Timedelta(hours=1), pd.Timedelta(hours=2)]
        assert frame["category"].dropna().tolist() == ["x", "w"]
        assert list(frame["category"].cat.categories) == ["w", "x"]
        assert not frame["category"].cat.ordered
        assert list(frame["enum"].cat.categories) == ["q", "p"]
        assert frame["enum"].cat.ordered
        assert frame["money"].dropna().tolist() == [1.5, -2.25]
        assert frame["small"].tolist() == [1, 2, 255]
        assert frame["nothing"].isna().all()
    middle = from_arrow(data.slice(2, 1))
    assert middle["text"].tolist() == ["bé, and what is too long for a view"]
    assert middle["truth"].tolist() == [False]


def test_every_type_of_arrow():
    pa = pytest.importorskip("pyarrow")
    data = pa.table(
        {
            "whole": pa.array([1, None, 3], pa.int16()),
            # Older versions of pyarrow make them of NumPy's half floats alone.
            "half": pa.array(np.float16([1.5, 0.0, 2.5]), mask=np.array([False, True, False])),
            "text": ["a", None, "é"],
            "long": pa.array(["aa", None, ""], pa.large_string()),
            "viewed": pa.array(["short", None, "longer than twelve"], pa.string_view()),
            "day": pa.array([1, None, 2], pa.date32()),
            "date": pa.array([0, None, 86400000], pa.date64()),
            "coded": pa.array(["x", None, "w"]).dictionary_encode(),
            "money": pa.array([Decimal("1.25"), None, Decimal("-3.00")], pa.decimal128(10, 2)),
            "hundreds": pa.array([100, None, 300], pa.decimal256(40, -2)),
            "seconds": pa.array([1, None, 2], pa.time32("s")),
        }
    )
    for rows in (data, pa.concat_tables([data.slice(0, 2), data.slice(2)]), data.combine_chunks().to_batches()[0]):
        frame = from_arrow(rows)
        assert frame.isna().to_numpy().tolist() == [[place == 1] * 11 for place in range(3)]
        assert frame["whole"].dropna().tolist() == [1, 3]
        assert frame["half"].dropna().tolist() == [1.5, 2.5]
        assert frame["text"].dropna().tolist() == ["a", "é"]
        assert frame["long"].dropna().tolist() == ["aa", ""]
        assert frame["viewed"].dropna().tolist() == ["short", "longer than twelve"]
        assert frame["day"].dropna().tolist() == [pd.Timestamp("1970-01-02"), pd.Timestamp("1970-01-03")]
        assert frame["date"].dropna().tolist() == [pd.Timestamp("1970-01-01"), pd.Timestamp("1970-01-02")]
        assert frame["coded"].dropna().tolist() == ["x", "w"]
        assert frame["money"].dropna().tolist() == [1.25, -3.0]
        assert frame["hundreds"].dropna().tolist() == [100.0, 300.0]
    assert from_arrow(pa.chunked_array([[1, 2], [3]])).tolist() == [1, 2, 3]
    assert from_arrow(data.slice(0, 0)).shape == (0, 11)


def test_dictionaries_may_repeat_labels_or_miss_one():
    pa = pytest.importorskip("pyarrow")
    codes = pa.array([0, 1, None, 2, 3])
    data = pa.table({"x": pa.DictionaryArray.from_arrays(codes, pa.array(["b", None, "a", "b"]))})
    column = from_arrow(data)["x"]
    assert column.isna().tolist() == [False, True, True, False, False]
    assert column.dropna().tolist() == ["b", "a", "b"]
    assert list(column.cat.categories) == ["a", "b"]
    assert from_arrow(data.slice(3, 2))["x"].tolist() == ["a", "b"]


def test_ordered_categories_keep_their_order_over_batches():
    """A later batch may know more of them; where two batches disagree the order is not known."""
    pa = pytest.importorskip("pyarrow")

    def batch(labels):
        return pa.DictionaryArray.from_arrays(pa.array(range(len(labels))), pa.array(labels), ordered=True)

    column = from_arrow(pa.table({"x": pa.chunked_array([batch(["lo", "hi"]), batch(["lo", "hi", "most"])])}))["x"]
    assert column.tolist() == ["lo", "hi", "lo", "hi", "most"]
    assert list(column.cat.categories) == ["lo", "hi", "most"]
    assert column.cat.ordered
    with pytest.raises(pv.DataError, match="ordered categories of column 'x' differ between batches"):
        from_arrow(pa.table({"x": pa.chunked_array([batch(["lo", "hi"]), batch(["hi", "lo"])])}))


def test_what_is_not_read_is_named():
    pl = pytest.importorskip("polars")
    with pytest.raises(pv.DataError, match=r"Column 'parts' has Arrow's type '\+L', which holds neither"):
        pv.Panel(pl.DataFrame({"x": [1.0], "parts": [[1]]}))
    with pytest.raises(pv.SpecificationError, match=r"got LazyFrame\. Its collect\(\) makes a table of it"):
        pv.Panel(pl.DataFrame({"x": [1.0]}).lazy())
    with pytest.raises(pv.SpecificationError, match="The data do not say which column is the entity"):
        pv.fit_random_effects(pl.DataFrame(SYSTEM.to_dict("list")), "a", ["b"])


def test_a_stream_that_fails_says_so():
    pa = pytest.importorskip("pyarrow")

    def broken():
        yield pa.record_batch({"x": [1.0]})
        raise OSError("the disk is gone")

    reader = pa.RecordBatchReader.from_batches(pa.schema({"x": pa.float64()}), broken())
    with pytest.raises(pv.DataError, match=r"The Arrow stream of the data failed: .*the disk is gone"):
        from_arrow(reader)


def test_the_data_may_go_and_nothing_is_held():
    pa = pytest.importorskip("pyarrow")
    gc.collect()
    before = pa.total_allocated_bytes()
    data = pa.table({"x": pa.array(range(100_000), pa.float64())})
    frame = from_arrow(data)
    del data
    gc.collect()
    assert pa.total_allocated_bytes() < before + 100_000
    assert frame["x"].sum() == 100_000 * 99_999 / 2


@pytest.mark.parametrize("hidden", [(), ("pyarrow",)], ids=["both", "polars alone"])
def test_neither_library_is_loaded_for_a_table_of_polars(hidden):
    pytest.importorskip("polars")
    code = f"""
import sys
for name in {hidden!r}:
    sys.modules[name] = None
import polars, panelvar
assert sys.modules.get("pyarrow") is None
data = polars.DataFrame({{"i": ["a"] * 5 + ["b"] * 5, "t": list(range(5)) * 2, "x": [1.0, 2, 4, 3, 5, 2, 1, 0, 4, 9]}})
data = data.with_columns(y=polars.col("x") * 2 + polars.col("t") ** 2, g=polars.col("i").cast(polars.Categorical))
fit = panelvar.fit_fixed_effects(panelvar.Panel(data, "i", "t"), "y", ["x"], cov="classical")
assert fit.nobs == 10
if {hidden!r}:
    assert sys.modules["pyarrow"] is None
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_the_library_loads_neither():
    code = "import sys, panelvar; panelvar.fit_pooled; sys.exit(bool({'polars', 'pyarrow'} & {*sys.modules}))"
    subprocess.run([sys.executable, "-c", code], check=True)
