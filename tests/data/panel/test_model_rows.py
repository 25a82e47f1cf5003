"""Columns of the data at a model's rows, in memory and of a stream, for what a model does not have itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar.data.formulas.design import Design, build_design
from panelvar.data.panel.model_rows import ModelRows


@pytest.fixture
def frame():
    rng = np.random.default_rng(5)
    rows = pd.DataFrame({"firm": np.repeat(["c", "a", "b"], 6), "year": np.tile(np.arange(6), 3)})
    rows["y"], rows["x"] = rng.standard_normal((2, 18))
    rows["latitude"] = rows["firm"].map({"a": 50.5, "b": -3.0, "c": 12.25})
    rows["code"] = np.arange(18)
    rows["name"] = "n"
    rows.loc[[3, 8], "x"] = np.nan
    return rows.sample(frac=1.0, random_state=1)


def test_a_column_has_a_value_for_each_row_used(frame):
    design = build_design(pv.Panel(frame, "firm", "year"), "y", ["x"])
    assert isinstance(design, ModelRows)
    used = frame.dropna().sort_values(["firm", "year"])
    for name in ("latitude", "code", "y", "year"):
        np.testing.assert_array_equal(design.column(name), used[name])
    assert design.column("code").dtype == np.float64
    with pytest.raises(pv.DataError, match="latitud"):
        design.column("latitud")
    with pytest.raises(pv.DataError, match="name"):
        design.column("name")


def test_values_that_the_models_rows_lack_are_refused(frame):
    frame.loc[[0, 3], "latitude"] = [np.nan, np.inf]
    design = build_design(pv.Panel(frame, "firm", "year"), "y", ["x"])
    with pytest.raises(pv.DataError, match="'latitude' is missing or infinite in 1 of the 16 rows of the model"):
        design.column("latitude")


def test_a_stream_reads_the_column_with_its_chunks(frame):
    chunks = [frame.iloc[:7], frame.iloc[7:11], frame.iloc[11:]]
    design = build_design(pv.PanelStream(chunks, "firm", "year"), "y", ["x"])
    assert isinstance(design, ModelRows)
    assert not isinstance(design, Design)
    column = design.column("latitude")
    read = [column[start:stop].copy() for start, stop, _ in rows_of(design).blocks()]
    np.testing.assert_array_equal(np.concatenate(read), frame.dropna()["latitude"])
    assert column.sum() == pytest.approx(frame.dropna()["latitude"].sum())
    with pytest.raises(pv.DataError, match="latitud"):
        design.column("latitud")


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("y", "The dependent variable"),
        ("x", "A regressor"),
        ("arrays", "A regressor"),
        ("time_positions", "The period"),
        ("index", "A label"),
    ],
)
def test_what_has_a_value_for_each_row_is_refused_by_the_rows_of_a_stream(frame, name, what):
    design = build_design(pv.PanelStream(frame, "firm", "year"), "y", ["x"])
    assert not hasattr(ModelRows, name)
    with pytest.raises(pv.MissingInformationError, match=f"{what} has a value for each row, and a stream"):
        getattr(design, name)
    with pytest.raises(AttributeError, match="nothing"):
        design.nothing  # noqa: B018


def test_means_have_the_means_of_a_column(frame):
    fit = pv.fit_between(pv.Panel(frame, "firm", "year"), "y", []).fit
    used = frame.sort_values(["firm", "year"]).groupby("firm")["code"].mean()
    np.testing.assert_allclose(fit.design.column("code"), used)


def test_a_system_has_its_variables(frame):
    data = pd.DataFrame(np.random.default_rng(0).standard_normal((30, 2)), columns=["a", "b"])
    design = pv.fit_var(data, lags=2)._scored.design
    np.testing.assert_array_equal(design.column("b"), data["b"][2:])
    with pytest.raises(pv.DataError, match="'c' is no variable"):
        design.column("c")


def rows_of(design):
    from panelvar.kernels.linear.rows import transformed_rows

    return transformed_rows(design.columns)
