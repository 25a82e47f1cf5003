"""Files of predictions: what is never overwritten, what residuals are, and which columns are read."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from data.streams.chunked_panels import cut, make, panel_of, stream_of

import panelvar as pv
from panelvar.data.streams.parquet_target import ParquetTarget

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

pytestmark = pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")


def panel_on_disk(folder, name="own.parquet"):
    frame = make()
    folder.mkdir(exist_ok=True)
    frame.to_parquet(folder / name)
    return frame, folder / name


def refused(stream, path, match, kind=pv.SpecificationError):
    fitted = pv.fit_pooled(stream, "y", ["x"])
    with pytest.raises(kind, match=match):
        stream.write_predictions(fitted, path)


@pytest.mark.parametrize("given", ["file", "folder", "pattern", "list", "data set", "link"])
def test_what_a_stream_reads_is_not_overwritten(given, tmp_path):
    _, path = panel_on_disk(tmp_path / "data")
    make(seed=1).assign(firm=lambda data: data["firm"] + 1000).to_parquet(path.with_name("second.parquet"))
    before = path.read_bytes()
    (tmp_path / "link").symlink_to(tmp_path / "data")
    source = {
        "file": path,
        "folder": path.parent,
        "pattern": str(path.parent / "*.parquet"),
        "list": [path.with_name("second.parquet"), path],
        "data set": __import__("pyarrow.dataset").dataset.dataset(path.parent),
        "link": tmp_path / "link",
    }[given]
    refused(stream_of(source), path, r"own\.parquet is a file that the stream reads\. Write the predictions elsewhere")
    refused(stream_of(source), tmp_path / "link" / "own.parquet", "is a file that the stream reads")
    assert path.read_bytes() == before
    assert sorted(one.name for one in path.parent.iterdir()) == ["own.parquet", "second.parquet"]


def test_what_is_no_file_of_predictions_is_not_overwritten_whatever_reads_it(tmp_path):
    polars = pytest.importorskip("polars")
    frame, path = panel_on_disk(tmp_path)
    before = path.read_bytes()
    for source in (polars.scan_parquet(path), lambda: iter([pd.read_parquet(path)]), frame):
        refused(stream_of(source), path, r"own\.parquet exists and is not a file of predictions", pv.DataError)
    text = tmp_path / "notes.parquet"
    text.write_text("no Parquet")
    refused(stream_of(frame), text, "exists and is not a file of predictions", pv.DataError)
    assert path.read_bytes() == before
    assert text.read_text() == "no Parquet"


def test_predictions_do_not_become_data_of_the_stream(tmp_path):
    _, path = panel_on_disk(tmp_path / "data")
    (path.parent / "deeper").mkdir()
    for source, inside in ((path.parent, "deeper/p.parquet"), (str(path.parent / "*.parquet"), "p.parquet")):
        refused(stream_of(source), path.parent / inside, "would be one of the files that the stream reads")
    stream = stream_of(str(path.parent / "*.parquet"))
    fitted = pv.fit_pooled(stream, "y", ["x"])
    assert stream.write_predictions(fitted, path.parent / "deeper" / "p.parquet") == 180


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("x.csv", r"'x\.csv' ends in '\.csv', but the file of predictions is a Parquet file. Write 'x\.parquet'"),
        (None, "path=None must be the path of a file; got NoneType"),
    ],
)
def test_paths_of_other_formats_are_refused(path, message):
    refused(stream_of(make()), path, message)


def test_predictions_that_fail_leave_the_earlier_ones(tmp_path):
    frame = make()
    path = tmp_path / "p.parquet"
    whole = stream_of(frame)
    fitted = pv.fit_pooled(whole, "y", ["x"])
    whole.write_predictions(fitted, path)
    before = path.read_bytes()
    part = stream_of([frame.head(100), frame.tail(80).drop(columns="x")])
    with pytest.raises(pv.DataError, match="'x' is missing in chunk 1"):
        part.write_predictions(fitted, path)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["p.parquet"]
    # One that goes well takes their place.
    assert whole.write_predictions(fitted, path, residuals=True) == 180
    assert parquet.read_schema(path).names == ["firm", "year", "predicted", "residual"]
    assert [one.name for one in tmp_path.iterdir()] == ["p.parquet"]


@pytest.mark.parametrize("effects", [False, True])
@pytest.mark.parametrize(
    "formula", ["y ~ x + z", "y ~ x + z | firm + year", "y ~ x + z | firm + region^year", "y ~ x | region^v2^year"]
)
def test_residuals_of_fixed_effects_are_those_of_the_fit(formula, effects, tmp_path):
    frame = make().assign(v2=lambda data: data["firm"] // 7 % 3)
    stream = stream_of(cut(frame, [40, 90]))
    fitted, held = pv.fit_fixed_effects(stream, formula), pv.fit_fixed_effects(panel_of(frame), formula)
    stream.write_predictions(fitted, tmp_path / "p.parquet", effects=effects, residuals=True)
    written = pd.read_parquet(tmp_path / "p.parquet")
    np.testing.assert_allclose(written["residual"].loc[held.resids.index], held.resids, rtol=1e-9, atol=1e-11)
    expected = held.predict(panel_of(frame), effects=effects)
    np.testing.assert_allclose(written["predicted"].loc[expected.index], expected, rtol=1e-9, atol=1e-11)


def test_residuals_of_random_effects_are_those_of_the_fit(tmp_path):
    frame = make()
    stream = stream_of(cut(frame, [40]))
    held = pv.fit_random_effects(panel_of(frame), "y", ["x"])
    stream.write_predictions(pv.fit_random_effects(stream, "y", ["x"]), tmp_path / "p.parquet", residuals=True)
    written = pd.read_parquet(tmp_path / "p.parquet")["residual"]
    np.testing.assert_allclose(written.loc[held.resids.index], held.resids, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("formula", ["y ~ x + C(region)", "y ~ L(x)", "y ~ x | region"])
def test_predictions_read_the_columns_that_they_need(formula, tmp_path):
    frame = make().sort_values("firm", kind="stable").reset_index(drop=True)
    first, second = cut(frame, [90])
    stream = stream_of([first, second.drop(columns=["w", "v"])])
    fitted = pv.fit_pooled(stream, formula) if "|" not in formula else pv.fit_fixed_effects(stream, formula)
    effects = "|" in formula
    assert stream.write_predictions(fitted, tmp_path / "p.parquet", effects=effects, residuals=True) == len(frame)
    # Without residuals not even the dependent variable.
    other = stream_of([first.drop(columns="y"), second.drop(columns=["w", "v", "y"])])
    assert other.write_predictions(fitted, tmp_path / "p.parquet", effects=effects) == len(frame)


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        (("y", ["x", "z"]), r"'predicted' is infinite, first in row 3 of chunk 0, because a column of the model is"),
        (("y ~ x",), r"'x' is infinite in 1 of 90 rows, first in row 3"),
        (("y ~ L(x)",), r"'x' is infinite in 1 of \d+ rows, first in row 3 of chunk 0"),
    ],
)
def test_infinite_predictions_are_refused(formula, message, tmp_path):
    frame = make().sort_values("firm", kind="stable").reset_index(drop=True)
    fitted = pv.fit_pooled(panel_of(frame), *formula)
    frame.loc[3, "x"] = np.inf
    with pytest.raises(pv.DataError, match=message):
        stream_of(cut(frame, [90])).write_predictions(fitted, tmp_path / "p.parquet")
    assert not list(tmp_path.iterdir())


def test_pairs_of_levels_that_a_stream_had_not_are_unseen(tmp_path):
    frame = make()
    few = frame[(frame["region"] != "a") | (frame["year"] != 2003)]
    formula = "y ~ x | firm + region^year"
    fitted, held = (pv.fit_fixed_effects(of, formula) for of in (stream_of(cut(few, [70])), panel_of(few)))
    other = stream_of(frame)
    other.write_predictions(fitted, tmp_path / "p.parquet", effects=True, unseen="missing")
    expected = held.predict(panel_of(frame), effects=True, unseen="missing").sort_index()
    written = pd.read_parquet(tmp_path / "p.parquet")["predicted"]
    np.testing.assert_allclose(written, expected, rtol=1e-9, atol=1e-11)
    assert written.isna().sum() > few["x"].isna().sum()


def test_two_writers_of_one_file_do_not_share_what_is_half_written(tmp_path):
    path = tmp_path / "predictions.parquet"
    tables = [pyarrow.table({"firm": [1], "year": [2000], "predicted": [value]}) for value in (1.0, 2.0)]
    with ParquetTarget(path, None) as first, ParquetTarget(path, None) as second:
        first.write(tables[0])
        second.write(tables[1])
        second.write(tables[1])
        first.write(tables[0])
    # The first entered is the last to leave.
    assert parquet.read_table(path)["predicted"].to_pylist() == [1.0, 1.0]
    assert [one.name for one in tmp_path.iterdir()] == ["predictions.parquet"]


def test_labels_that_arrow_does_not_store_are_refused_in_words(tmp_path):
    frame = make()
    frame["firm"] = [("a", number) for number in frame["firm"]]
    stream = pv.PanelStream(frame, entity="firm", time="year")
    fitted = pv.fit_pooled(stream, "y", ["x"])
    with pytest.raises(pv.DataError, match=r"Column 'firm' cannot be written .* Turn the values into texts"):
        stream.write_predictions(fitted, tmp_path / "predictions.parquet")
    assert not list(tmp_path.iterdir())
