"""What is said of sources that cannot be read, lack a column or hold something else, and which results are pickled."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pandas as pd
import pytest
from data.streams.chunked_panels import cut, make, stream_of

import panelvar as pv

pyarrow = pytest.importorskip("pyarrow")
dataset = pytest.importorskip("pyarrow.dataset")


@pytest.fixture
def frame():
    return make(missing=0).sort_values("firm", kind="stable").reset_index(drop=True)


@pytest.fixture
def folder(frame, tmp_path):
    return on_disk(tmp_path / "data", *cut(frame, [90]))


def on_disk(folder, *frames):
    folder.mkdir()
    for name, part in zip("abc", frames, strict=False):
        part.to_parquet(folder / f"{name}.parquet", index=False)
    return folder


def fitted(data, **options):
    return pv.fit_fixed_effects(stream_of(data), "y", ["x"], cov="cluster", **options)


def refused(message, data, kind=pv.DataError):
    with pytest.raises(kind, match=message):
        fitted(data)


# ---- files


def test_a_file_that_changed_asks_for_a_new_stream(folder):
    stream = stream_of(folder)
    os.utime(folder / "b.parquet", ns=(1, 1))
    for _ in range(2):
        with pytest.raises(pv.DataError, match=r"has changed since it was first read. Make a new PanelStream and fit"):
            pv.fit_pooled(stream, "y", "x")
    assert pv.fit_pooled(stream_of(folder), "y", "x").nobs == 180


def test_a_file_that_is_gone_or_damaged_is_named(folder):
    stream = stream_of(folder)
    (folder / "b.parquet").unlink()
    with pytest.raises(pv.DataError, match=r"b\.parquet is not there any more"):
        pv.fit_pooled(stream, "y", "x")
    content = bytearray((folder / "a.parquet").read_bytes())
    content[200:3000] = b"\xff" * 2800
    (folder / "a.parquet").write_bytes(content)
    refused(r"a\.parquet cannot be read: ", folder)
    refused(r"a\.parquet cannot be read: ", dataset.dataset(folder))


def test_columns_that_are_missing_in_the_first_file_are_missing_there(frame, tmp_path):
    first, second = cut(frame, [90])
    folder = on_disk(tmp_path / "data", first.drop(columns="x"), second)
    refused(r"'x' is not in .*a\.parquet, the first of 2 files\.", folder)
    wide = frame.assign(**{f"more{place}": 0.0 for place in range(9)}).drop(columns="x")
    refused(r"'x' is not in the data\. Columns: firm, .*, more4, \.\.\.\.", wide)


def test_texts_in_one_chunk_are_found_there(frame, tmp_path):
    first, second = cut(frame, [90])
    second = second.assign(x=second["x"].astype(str))
    refused(r"In .*b\.parquet: Column 'x' has dtype", on_disk(tmp_path / "data", first, second))
    refused(r"In chunk 1: Column 'x' has dtype", [first, second])
    with pytest.raises(pv.DataError, match=r"In chunk 1: Column 'x' has dtype"):
        pv.fit_pooled(stream_of([first, second]), "y ~ log(x + 10)")
    result = fitted([first, frame.tail(90)])
    with pytest.raises(pv.DataError, match=r"In chunk 1: Column 'x' has dtype"):
        stream_of([first, second]).write_predictions(result, tmp_path / "p.parquet")


def test_folders_that_hold_periods_in_their_names_are_read_as_data_sets(frame, tmp_path):
    for year, part in frame.groupby("year"):
        folder = tmp_path / f"year={year}"
        folder.mkdir()
        part.drop(columns="year").to_parquet(folder / "part.parquet", index=False)
    refused(r"'year' is not in .*It is in the names of the folders: pyarrow\.dataset\.dataset\(folder", tmp_path)
    assert fitted(dataset.dataset(tmp_path, partitioning="hive")).nobs == 180


def test_paths_say_what_they_are(folder, tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    refused("The folder .*empty has no file whose name ends in .parquet", tmp_path / "empty")
    refused("'s3://bucket/x.parquet' is an address", "s3://bucket/x.parquet")
    refused(r"a\.parquet is given twice", [folder / "a.parquet", folder])
    refused("The list of data is empty", [], pv.SpecificationError)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert fitted("~/data").nobs == 180


# ---- other sources


def test_functions_that_return_no_chunks_are_refused(frame):
    refused("must return an iterator or a list of DataFrames; it returned int", lambda: 3, pv.SpecificationError)
    refused("it returned DataFrame", lambda: frame, pv.SpecificationError)


def test_failures_of_duckdb_are_said(frame, tmp_path):
    duckdb = pytest.importorskip("duckdb")
    refused("a relation of DuckDB.*got DuckDBPyConnection", duckdb.connect(), pv.SpecificationError)
    first, second = cut(frame, [90])
    folder = on_disk(tmp_path / "data", first, second.drop(columns="x"))
    refused("The query of DuckDB cannot be read: .*b.parquet", duckdb.sql(f"select * from '{folder}/*.parquet'"))
    connection = duckdb.connect()
    relation = connection.sql(f"select * from '{folder}/a.parquet'")
    connection.close()
    refused("The query of DuckDB cannot be read: .*closed", relation)


def test_failures_of_polars_are_said(frame):
    polars = pytest.importorskip("polars")
    refused(
        "The query of polars cannot be read: .*nope", polars.from_pandas(frame).lazy().with_columns(polars.col("nope"))
    )


def test_partitions_of_dask_that_lack_a_column_are_named(frame):
    dask = pytest.importorskip("dask.dataframe")
    parts = cut(frame, [90])
    parts[1] = parts[1].drop(columns="x")
    refused(
        "chunk 1 of the Dask frame lacks the column",
        dask.from_map(lambda place: parts[place], [0, 1], meta=parts[0].iloc[:0]),
    )


# ---- rows


def test_rows_are_named_without_numpy_and_apart_where_labels_repeat(frame):
    refused(
        r"\(row 179 \(number 179 from 0\) of chunk 0 and row 179 \(number 180 from 0\)",
        pd.concat((frame, frame.tail(1))),
    )
    with pytest.raises(pv.DataError, match=r"comes again in row 0 of chunk 1, after another"):
        pv.fit_first_difference(stream_of([frame, frame.head(1).assign(year=1990)]), "y", "x")


@pytest.mark.parametrize("missing", [0, 5])
def test_rows_that_weights_or_clusters_lack_are_named(missing, frame):
    frame.loc[frame.index[:missing], "y"] = np.nan
    frame["v"] = np.where(frame.index >= 170, -1.0, 1.0)
    frame["region"] = frame["region"].where(frame.index != 178)
    parts = cut(frame, [90])
    with pytest.raises(
        pv.DataError, match="Weights must be strictly positive; 10 are not, first that of row 170 of chunk 1"
    ):
        pv.fit_pooled(stream_of(parts), "y", ["x"], weights="v")
    with pytest.raises(
        pv.DataError, match=r"'region' is missing in 1 of the \d+ rows of the model, first in row 178 of"
    ):
        pv.fit_pooled(stream_of(parts), "y", ["x"], cov=pv.Clustered("region"))


def test_days_of_a_file_are_dates_for_differences_too(frame, tmp_path):
    frame["year"] = pd.to_datetime(frame["year"].astype(str) + "-01-01")
    expected = pv.fit_first_difference(pv.Panel(frame, "firm", "year"), "y", ["x"])
    days = frame.assign(year=frame["year"].dt.date)
    days.to_parquet(tmp_path / "days.parquet")
    assert pyarrow.parquet.read_schema(tmp_path / "days.parquet").field("year").type == "date32"
    assert str(pv.fit_first_difference(stream_of(tmp_path / "days.parquet"), "y", ["x"])) == str(expected)


# ---- pickles


@pytest.mark.parametrize("source", ["files", "frames", "iterator", "table", "data set", "polars"])
def test_results_whose_data_can_be_read_again_are_pickled(source, frame, folder):
    data = {
        "files": lambda: folder,
        "frames": lambda: cut(frame, [90]),
        "iterator": lambda: iter(cut(frame, [90])),
        "table": lambda: pyarrow.Table.from_pandas(frame),
        "data set": lambda: dataset.dataset(folder),
        "polars": lambda: pytest.importorskip("polars").scan_parquet(folder / "*.parquet"),
    }[source]()
    result = fitted(data)
    again = pickle.loads(pickle.dumps(result))
    assert str(again) == str(result)
    assert str(again.with_cov("HC1")) == str(result.with_cov("HC1"))


@pytest.mark.parametrize("source", ["function", "DuckDB"])
def test_results_whose_data_last_no_longer_than_the_session_say_what_can_be_pickled(source, frame, folder):
    data, what = {
        "function": lambda: (lambda: iter([frame]), "A function that returns DataFrames"),
        "DuckDB": lambda: (pytest.importorskip("duckdb").sql(f"select * from '{folder}/*.parquet'"), "A relation of"),
    }[source]()
    result = fitted(data)
    with pytest.raises(
        pv.SpecificationError,
        match=rf"{what}.* cannot be pickled, because it reads its data again. Pickle result\.without_rows\(\)",
    ):
        pickle.dumps(result)
    assert pickle.loads(pickle.dumps(result.without_rows())).params.equals(result.params)


def test_iterators_whose_rows_are_not_kept_are_not_pickled(frame, monkeypatch):
    monkeypatch.setattr("panelvar.data.chunks.read_once.CHUNK_ROWS", 100)
    with pytest.raises(pv.SpecificationError, match="An iterator cannot be pickled"):
        pickle.dumps(stream_of(iter(cut(frame, [90]))))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are of POSIX")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    pipe = tmp_path / "rows.parquet"
    os.mkfifo(pipe)
    with pytest.raises(pv.DataError, match="is no file that can be read twice"):
        pv.PanelStream(pipe, entity="firm", time="year")
    with pytest.raises(pv.DataError, match="is no file that can be read twice"):
        pv.PanelStream(str(tmp_path / "*.parquet"), entity="firm", time="year")
