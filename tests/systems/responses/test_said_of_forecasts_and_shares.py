"""What tables and figures say of forecasts under conditions, and of shares that add up to more than one."""

from __future__ import annotations

import numpy as np
import pytest

import panelvar as pv


@pytest.fixture(scope="module")
def model():
    return pv.fit_var(pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]], lags=2)


def texts(figure) -> str:
    return " ".join([*(each.get_text() for each in figure.texts), figure.get_suptitle()])


def test_a_conditional_forecast_says_what_was_given(model):
    found = model.conditional_forecast({"tbilrate": [2.0, 2.0, 2.5], "infl": [np.nan, 3.0]}, steps=4)
    said = "infl in 2010Q1, tbilrate in 2009Q4 to 2010Q2"
    assert found.conditions == said
    table = found.summary()
    assert table.title == "Conditional forecasts"
    assert next((fact.label, fact.text) for fact in table.facts) == ("Given", said)
    assert f"given, not forecast, and have no intervals: {said}." in " ".join(table.notes)
    assert f"given {said}>" in repr(found)
    drawn = texts(found.plot())
    assert "Conditional forecasts" in drawn and f"Given (dots): {said}." in " ".join(drawn.split())


def test_a_forecast_without_conditions_says_nothing_of_them(model):
    found = model.forecast(4)
    assert found.conditions == "" and found.summary().title == "Forecasts"
    assert repr(found).startswith("<Forecast of")


@pytest.mark.parametrize("bands", [None, pv.DeltaMethod()])
def test_shares_of_correlated_shocks_say_that_they_overlap(model, bands):
    found = model.variance_decomposition(4, identification="generalised", bands=bands)
    sums = found.values.sum(axis=2)
    said = f"{sums.min():.2f} to {sums.max():.2f}"
    assert sums.max() > 1.1
    assert ("Shares add up to", said) in [(fact.label, fact.text) for fact in found.summary().facts]
    assert [note.code for note in found.notes].count("shares-overlap") == 1
    assert f"overlap, and add up to {said}" in texts(found.plot())


def test_shares_that_add_up_to_one_say_nothing(model):
    for options in ({}, {"identification": "generalised", "normalised": True}):
        found = model.variance_decomposition(4, **options)
        assert found.sums == "" and all(note.code != "shares-overlap" for note in found.notes)


def test_shares_have_fixed_decimals(model):
    cells = [cell.text for row in model.variance_decomposition(8).summary().body for cell in row.cells]
    assert {len(text.partition(".")[2]) for text in cells} == {4}
