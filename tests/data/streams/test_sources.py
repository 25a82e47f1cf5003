"""Sources of a stream: one panel as files, tables, queries and partitions, with what each may hold."""

from __future__ import annotations

import datetime
import os

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar.data.chunks import read_once

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


def make(seed=5):
    rng = np.random.default_rng(seed)
    entities, periods = 40, 6
    frame = pd.DataFrame({
        "firm": np.repeat(np.arange(entities), periods), "year": np.tile(np.arange(2000, 2000 + periods), entities)
    })  # fmt: skip
    frame["region"] = np.array(["north", "east", "west", "south"])[frame["firm"] % 4]
    frame["x"], frame["z"] = rng.normal(size=len(frame)) + frame["firm"] % 3, rng.normal(size=len(frame))
    frame["y"] = frame["x"] - frame["z"] + frame["firm"] % 7 + rng.normal(size=len(frame))
    return frame.sample(frac=1.0, random_state=1).reset_index(drop=True)


def fitted(data, **options):
    return pv.fit_fixed_effects(
        pv.PanelStream(data, entity="firm", time="year"), "y", ["x", "z"], cov=pv.Clustered("region"), **options
    )


def held(frame):
    return pv.fit_fixed_effects(pv.Panel(frame, "firm", "year"), "y", ["x", "z"], cov=pv.Clustered("region"))


def assert_same(streamed, other):
    np.testing.assert_allclose(streamed.params, other.params, rtol=1e-11)
    np.testing.assert_allclose(streamed.std_errors, other.std_errors, rtol=1e-10)
    assert str(streamed) == str(other)


pytestmark = pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")


def files(frame, folder, **options):
    half = len(frame) // 2
    for number, part in enumerate((frame.iloc[:half], frame.iloc[half:])):
        parquet.write_table(
            pyarrow.Table.from_pandas(part, preserve_index=False), folder / f"{number}.parquet", **options
        )
    return folder


def of_polars(lazy):
    polars = pytest.importorskip("polars")
    return lambda frame, folder: (lambda table: table.lazy() if lazy else table)(polars.from_pandas(frame))


def of_duckdb(frame, folder):
    duckdb = pytest.importorskip("duckdb")
    pattern = str(files(frame, folder) / "*.parquet")
    return duckdb.sql(f"select *, x + 1 as more from read_parquet('{pattern}')")


def of_dask(frame, folder):
    dask = pytest.importorskip("dask.dataframe")
    return dask.from_pandas(frame, npartitions=3)


SOURCES = {
    "folder": files,
    "file": lambda frame, folder: files(frame, folder) and [folder / "0.parquet", str(folder / "1.parquet")],
    "pattern": lambda frame, folder: files(frame, folder, row_group_size=50) and str(folder / "*.parquet"),
    "table": lambda frame, folder: pyarrow.Table.from_pandas(frame),
    "batch": lambda frame, folder: pyarrow.RecordBatch.from_pandas(frame),
    "data set": lambda frame, folder: __import__("pyarrow.dataset").dataset.dataset(files(frame, folder)),
    "polars": of_polars(False),
    "polars, lazy": of_polars(True),
    "duckdb": of_duckdb,
    "dask": of_dask,
    "frame": lambda frame, folder: frame,
    "arrow stream": lambda frame, folder: [pyarrow.Table.from_pandas(frame.head(99)), frame.tail(len(frame) - 99)],
}


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_gives_the_same_result(name, tmp_path):
    frame = make()
    assert_same(fitted(SOURCES[name](frame, tmp_path)), held(frame))


@pytest.mark.parametrize("kind", ["float32", "int16", "Int64", "boolean", "decimal"])
def test_numbers_of_any_width_are_read_as_doubles(kind, tmp_path):
    frame = make()
    if kind == "decimal":
        table = pyarrow.Table.from_pandas(frame)
        column = table["z"].cast(pyarrow.decimal128(20, 6), safe=False)
        table = table.set_column(table.schema.get_field_index("z"), "z", column)
        frame["z"] = column.cast("float64").to_pandas()
        assert_same(fitted(table), held(frame))
        return
    frame["z"] = (frame["z"] > 0 if kind == "boolean" else (10 * frame["z"]).round()).astype(kind)
    if kind[0].isupper() or kind == "boolean":
        frame.loc[[3, 60], "z"] = pd.NA
    assert_same(fitted(files(frame, tmp_path)), held(frame))


def test_labels_beyond_the_digits_of_doubles_stay_apart(tmp_path):
    frame = make()
    frame["firm"] = 2**53 + frame["firm"]
    result = fitted(files(frame, tmp_path))
    assert result.n_entities == 40
    assert_same(result, held(frame))


def test_dictionaries_of_row_groups_may_differ(tmp_path):
    frame = make()
    frame["firm"] = "f" + frame["firm"].astype(str).str.zfill(2)
    expected = held(frame)
    table = pyarrow.Table.from_batches(
        [
            pyarrow.RecordBatch.from_pandas(part.assign(firm=pd.Categorical(part["firm"])))
            for part in (frame.iloc[:50], frame.iloc[50:51], frame.iloc[51:])
        ]
    )
    assert_same(fitted(table), expected)
    parquet.write_table(table, tmp_path / "texts.parquet", row_group_size=37)
    assert_same(fitted(tmp_path / "texts.parquet"), expected)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_dates_in_any_unit(unit, tmp_path):
    frame = make()
    frame["year"] = pd.to_datetime(frame["year"].astype(str) + "-01-01").dt.as_unit(unit)
    files(frame, tmp_path)
    other = frame.iloc[120:].assign(year=frame["year"].iloc[120:].dt.date)
    parquet.write_table(pyarrow.Table.from_pandas(other, preserve_index=False), tmp_path / "1.parquet")
    assert isinstance(other["year"].iloc[0], datetime.date)
    assert_same(fitted(tmp_path), held(frame))


def test_dates_of_another_zone_are_refused():
    frame = make()
    frame["year"] = pd.to_datetime(frame["year"].astype(str) + "-01-01")
    zoned = frame.tail(30).assign(year=frame["year"].tail(30).dt.tz_localize("Asia/Shanghai"))
    with pytest.raises(pv.DataError, match=r"'year' holds dates of Asia/Shanghai in chunk 1 and dates in chunk 0"):
        fitted([frame.head(200), zoned])


def test_empty_files_add_nothing_and_wrong_ones_are_named(tmp_path):
    frame = make()
    files(frame, tmp_path)
    empty = pyarrow.Table.from_pandas(frame.head(0), preserve_index=False).cast(
        parquet.read_schema(tmp_path / "0.parquet")
    )
    parquet.write_table(empty, tmp_path / "2.parquet")
    assert_same(fitted(tmp_path), held(frame))
    with pytest.raises(pv.DataError, match=r"nowhere.*does not exist"):
        fitted(tmp_path / "nowhere.parquet")
    (tmp_path / "3.parquet").write_bytes(b"no Parquet")
    with pytest.raises(pv.DataError, match=r"3\.parquet cannot be read as a Parquet file"):
        fitted(tmp_path)
    parquet.write_table(pyarrow.Table.from_pandas(frame.drop(columns="z").head(3)), tmp_path / "3.parquet")
    with pytest.raises(pv.DataError, match=r"'z' is missing in .*3\.parquet"):
        fitted(tmp_path)
    bad = frame.tail(4).assign(x=[1.0, np.inf, 2.0, np.inf], firm=99)
    parquet.write_table(pyarrow.Table.from_pandas(bad, preserve_index=False), tmp_path / "3.parquet")
    with pytest.raises(pv.DataError, match=r"'x' is infinite in 2 of the rows of .*3\.parquet, first in row 1 of"):
        fitted(tmp_path)


def test_a_file_that_is_written_again_between_readings_is_noticed(tmp_path):
    frame = make()
    stream = pv.PanelStream(files(frame, tmp_path), entity="firm", time="year")
    os.utime(tmp_path / "1.parquet", ns=(1, 1))
    with pytest.raises(pv.DataError, match=r"1\.parquet has changed since it was first read"):
        pv.fit_pooled(stream, "y", "x")


def test_a_reader_of_batches_can_be_read_once(monkeypatch):
    table = pyarrow.Table.from_pandas(make())

    def reader():
        return pyarrow.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=50))

    # Few rows are kept.
    assert_same(fitted(reader()), held(make()))
    monkeypatch.setattr(read_once, "CHUNK_ROWS", 100)
    with pytest.raises(pv.SpecificationError, match="can be read only once"):
        fitted(reader())


def test_an_index_of_pandas_that_a_table_holds_is_columns():
    frame = make().sort_values("firm", kind="stable")
    table = pyarrow.Table.from_pandas(frame.set_index(["firm", "year"]))
    stream = pv.PanelStream(table, entity="firm", time="year")
    with pytest.warns(pv.PanelVarWarning, match="rows dropped for missing values"):
        streamed = pv.fit_pooled(stream, "y ~ L(x) + region")
    # In a panel it is seen that these rows are those that lags lose, which is worth a note and no warning.
    other = pv.fit_pooled(pv.Panel(frame, "firm", "year"), "y ~ L(x) + region")
    assert_same(streamed, other)


@pytest.mark.parametrize("effects", [False, True])
@pytest.mark.parametrize("fit", [pv.fit_fixed_effects, pv.fit_random_effects])
def test_predictions_are_written_a_chunk_at_a_time(fit, effects, tmp_path):
    frame = make()
    frame.loc[[4, 130], "x"] = np.nan
    (tmp_path / "source").mkdir()
    stream = pv.PanelStream(files(frame, tmp_path / "source"), entity="firm", time="year")
    streamed, other = fit(stream, "y", ["x", "z"]), fit(pv.Panel(frame, "firm", "year"), "y", ["x", "z"])
    target = tmp_path / "predicted" / "all.parquet"
    target.parent.mkdir()
    assert stream.write_predictions(streamed, target, effects=effects) == len(frame)
    written = parquet.read_table(target).to_pandas()
    assert written.columns.tolist() == ["firm", "year", "predicted"]
    assert (written["firm"].to_numpy() == frame["firm"].to_numpy()).all()
    expected = other.predict(pv.Panel(frame, "firm", "year"), effects=effects).sort_index()
    np.testing.assert_allclose(written["predicted"], expected, rtol=1e-10)
    assert written["predicted"].isna().sum() == 2
    # For other data, by a model of a panel with terms that a stream cannot compute for a fit.
    curved = pv.fit_pooled(pv.Panel(frame, "firm", "year"), "y ~ I(x ** 2) + z")
    polars = pytest.importorskip("polars")
    few = pv.PanelStream(polars.from_pandas(frame.head(30)), entity="firm", time="year")
    assert few.write_predictions(curved, target) == 30
    found = parquet.read_table(target).to_pandas()["predicted"]
    np.testing.assert_allclose(found, curved.predict(pv.Panel(frame.head(30), "firm", "year")).sort_index(), rtol=1e-12)


def test_predictions_that_cannot_be_written_leave_no_file(tmp_path):
    frame = make()
    stream = pv.PanelStream([frame.head(100), frame.tail(140).drop(columns="z")], entity="firm", time="year")
    result = pv.fit_pooled(pv.Panel(frame, "firm", "year"), "y", ["x", "z"])
    with pytest.raises(pv.DataError, match="'z' is missing in chunk 1"):
        stream.write_predictions(result, tmp_path / "half.parquet")
    assert not (tmp_path / "half.parquet").exists()
    whole = pv.PanelStream(frame, entity="firm", time="year")
    with pytest.raises(pv.DataError, match=r"file\.parquet cannot be written"):
        whole.write_predictions(result, tmp_path / "nowhere" / "file.parquet")
    with pytest.raises(pv.SpecificationError, match="must be a fitted model"):
        whole.write_predictions(frame, tmp_path / "file.parquet")


def test_a_dictionary_of_numbers_may_hold_zero_twice():
    pyarrow = pytest.importorskip("pyarrow")
    frame = make()
    halves = (2.0 * frame["x"]).round() / 2.0
    assert (np.signbit(halves) & (halves == 0.0)).any()
    assert (~np.signbit(halves) & (halves == 0.0)).any()
    table = pyarrow.table({
        "firm": frame["firm"], "year": frame["year"], "y": frame["y"], "x": pyarrow.array(halves).dictionary_encode()
    })  # fmt: skip
    streamed = pv.fit_pooled(pv.PanelStream(table, entity="firm", time="year"), "y ~ x")
    held = pv.fit_pooled(pv.Panel(frame.assign(x=pd.Categorical(halves + 0.0)), "firm", "year"), "y ~ x")
    np.testing.assert_allclose(streamed.params, held.params, rtol=1e-9)


@pytest.mark.parametrize("dimension", ["firm", "year"])
@pytest.mark.parametrize("nested", ["list", "struct"])
def test_nested_labels_are_refused_in_words(dimension, nested):
    pyarrow = pytest.importorskip("pyarrow")
    frame = make()[["firm", "year", "y", "x"]]
    values = [[value] if nested == "list" else {"a": value} for value in frame[dimension]]
    columns = {name: pyarrow.array(values if name == dimension else frame[name]) for name in frame}
    stream = pv.PanelStream(pyarrow.table(columns), entity="firm", time="year")
    with pytest.raises(pv.DataError, match=f"Column '{dimension}' has Arrow's type {nested}<"):
        pv.fit_pooled(stream, "y ~ x")


def changing(readings, kind):
    """A source whose rows are others from the reading of a number on, equal in number."""
    frame = make().sort_values(["firm", "year"], ignore_index=True)
    other = frame.copy()
    if kind == "one cell":
        other.loc[17, "x"] += 0.01
    elif kind == "rows of a column":
        other["x"] = np.roll(other["x"], 1)
    elif kind == "rounding":
        # As of a database that adds in any order.
        other["x"] *= 1.0 + 3e-16
    read = iter([frame] * readings)
    return pv.PanelStream(lambda: [next(read, other)], entity="firm", time="year")


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
@pytest.mark.parametrize("kind", ["one cell", "rows of a column", "rounding"])
@pytest.mark.parametrize(
    "fit",
    [
        lambda stream: pv.fit_fixed_effects(stream, "y ~ x", cov="cluster"),
        lambda stream: pv.fit_iv_pooled(stream, "y ~ [x ~ z]", cov="HC1"),
        lambda stream: pv.fit_arellano_bond(stream, "y ~ x"),
        lambda stream: pv.fit_panel_var(stream, ["y", "x"], lags=1),
    ],
    ids=["fixed effects", "instruments", "dynamic", "system"],
)
def test_a_source_whose_values_change_between_readings_is_refused(kind, fit):
    before, after = (np.ravel(fit(changing(readings, kind)).std_errors) for readings in (100, 0))
    outcomes = []
    for readings in range(1, 9):
        try:
            found = np.ravel(fit(changing(readings, kind)).std_errors)
        except pv.DataError as error:
            assert "The data have changed while a model was fitted" in str(error)
            outcomes.append("refused")
        else:
            outcomes.append("before" if np.allclose(found, before, rtol=1e-10) else "after")
            np.testing.assert_allclose(found, before if outcomes[-1] == "before" else after, rtol=1e-10)
    assert ("refused" in outcomes) == (kind != "rounding")
