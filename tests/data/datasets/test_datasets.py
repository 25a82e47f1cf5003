"""The teaching data: whole, described, with sources and terms, small, and fit for the estimators as they are."""

from __future__ import annotations

import csv
import gzip
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from reference_data import REFERENCE

import panelvar as pv

ROOM = Path(pv.__file__).parent / "data" / "datasets"
NAMES = pv.load_data().names


def test_there_are_eight_and_no_file_is_left_over():
    assert len(NAMES) == 8
    assert {path.name for path in (ROOM / "data").iterdir()} == {f"{name}.csv.gz" for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_set_is_what_its_description_says(name):
    data, described = pv.load_data(name), pv.describe_data(name)
    assert list(data.index.names) == described.index
    assert [*data.index.names, *data.columns] == [column.name for column in described.columns]
    assert len(data) == described.rows
    assert not data.index.has_duplicates
    assert all(data[column].dtype.kind in "if" for column in data)
    for said in (described.title, described.source, described.licence, described.reference):
        assert len(said) > 20
    assert all(column.meaning for column in described.columns)


@pytest.mark.parametrize("name", NAMES)
def test_a_set_is_small_and_packed_without_a_date(name):
    packed = (ROOM / "data" / f"{name}.csv.gz").read_bytes()
    assert len(packed) <= 100_000
    # Bytes 4 to 7 of a gzip file are its time of day, and the flag that a file's name follows is the fourth of byte 3.
    assert packed[4:8] == b"\0\0\0\0"
    assert packed[3] & 8 == 0
    assert gzip.decompress(packed).endswith(b"\n")


def test_all_sets_together_are_a_small_part_of_the_package():
    """A twelfth at most, as a wheel packs files; what the whole weighs is on the page of speed."""
    files = [path for path in ROOM.parent.parent.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    packed = {path: len(zlib.compress(path.read_bytes(), 6)) for path in files}
    assert 12 * sum(size for path, size in packed.items() if path.parent == ROOM / "data") <= sum(packed.values())


def test_missing_values_are_those_of_the_source():
    missing = {name: int(pv.load_data(name).isna().sum().sum()) for name in NAMES}
    assert missing == dict.fromkeys(NAMES, 0) | {"fatalities": 2}
    fatalities = pv.load_data("fatalities")
    assert fatalities.index[fatalities["jail"].isna()].tolist() == [("ca", 1988)]


def test_a_set_changed_by_its_user_is_whole_when_loaded_again():
    first = pv.load_data("grunfeld")
    first["invest"] = 0.0
    assert pv.load_data("grunfeld")["invest"].iloc[0] == 317.6


def exact(name: str, columns: list[str]) -> np.ndarray:
    """Columns of reference data to the last bit, which older pandas does not read."""
    with (REFERENCE / "data" / f"{name}.csv").open(encoding="utf-8") as file:
        return np.array([[float(row[column]) for column in columns] for row in csv.DictReader(file)])


def test_numbers_agree_with_those_of_other_packages():
    """R's plm has ten of the corporations; AER, plm and urca have others, and statsmodels the levels of the US."""
    grunfeld = pv.load_data("grunfeld").drop("American Steel", level="firm")
    np.testing.assert_array_equal(grunfeld, exact("grunfeld", ["inv", "value", "capital"]))
    firms = ["emp", "wage", "capital", "output"]
    np.testing.assert_array_equal(pv.load_data("employment")[firms], exact("empluk", firms))
    deaths, published = pv.load_data("fatalities"), exact("fatalities", ["fatal", "beertax"])
    np.testing.assert_allclose(deaths["frate"], published[:, 0], rtol=1e-11)
    # Of single precision, with the digits that it has.
    np.testing.assert_array_equal(deaths["beertax"].astype(np.float32), published[:, 1].astype(np.float32))
    money = ["lrm", "lry", "lpy", "ibo", "ide"]
    np.testing.assert_array_equal(pv.load_data("danish_money"), exact("denmark", money))
    levels = ["realgdp", "realcons", "realinv"]
    np.testing.assert_array_equal(pv.load_data("us_macro")[levels], exact("us_levels", levels)[1:])


def test_columns_computed_from_others_are_what_they_say():
    deaths = pv.load_data("fatalities")
    np.testing.assert_allclose(deaths["frate"], deaths["fatal"] / deaths["pop"] * 10_000, rtol=1e-11)
    counties = pv.load_data("minimum_wage")
    np.testing.assert_array_equal(counties["treat"] == 1, counties["first_treat"] > 0)
    macro = pv.load_data("us_macro")
    np.testing.assert_allclose(macro["realint"], macro["tbilrate"] - macro["infl"], atol=0.011)
    inflation = 400 * np.log(macro["cpi"]).diff()
    np.testing.assert_allclose(macro["infl"][1:], inflation[1:], atol=0.006)


def test_panels_are_estimated_and_series_fitted_as_they_come():
    fit = pv.fit_fixed_effects(pv.load_data("fatalities"), "frate ~ beertax", cov="cluster")
    # Stock and Watson's equation (10.15).
    assert fit.params["beertax"] == pytest.approx(-0.6559, abs=5e-5)
    assert fit.n_entities == 48
    macro = pv.load_data("us_macro")
    assert isinstance(macro.index, pd.PeriodIndex)
    assert pv.fit_var(macro[["infl", "unemp", "fedfunds"]].loc["1960Q1":"2000Q4"], lags=4).nobs == 160


def test_the_list_and_a_description_read_as_tables():
    catalogue = pv.load_data()
    assert catalogue.to_frame().loc["employment", "rows"] == 1031
    text = repr(catalogue)
    assert all(name in text for name in NAMES)
    assert max(map(len, text.splitlines())) <= 80
    described = pv.describe_data("us_macro")
    assert described.to_frame().loc["fedfunds", "unit"] == "percent a year"
    assert "Public domain" in repr(described)


@pytest.mark.parametrize(
    ("asked", "meant"),
    [("grunfield", "grunfeld"), ("Grunfeld", "grunfeld"), ("mpdta", "minimum_wage"), ("wagepan", "wage_panel"),
     ("EmplUK", "employment"), ("Produc", "public_capital"), ("macrodata", "us_macro")],
)  # fmt: skip
def test_a_name_that_is_not_known_is_answered(asked, meant):
    with pytest.raises(pv.SpecificationError, match=f"Did you mean '{meant}'.*Choose one of: 'grunfeld'"):
        pv.load_data(asked)
    with pytest.raises(pv.SpecificationError, match=f"Did you mean '{meant}'"):
        pv.describe_data(asked)


def test_what_is_like_no_name_is_told_what_there_is():
    with pytest.raises(pv.SpecificationError, match=r"name=3 is not known\. Choose one of"):
        pv.load_data(3)


def test_terms_that_ask_to_be_passed_on_are():
    """The file of terms names every set, and has the notices that two packages ask to be passed on."""
    notices = (ROOM / "NOTICES.md").read_text(encoding="utf-8")
    for name in NAMES:
        assert f"`{name}`" in notices
    for copyright in ("Copyright (c) 2017 Kevin Sheppard", "Copyright (c) 2025 Jordan Deklerk"):
        assert copyright in notices
