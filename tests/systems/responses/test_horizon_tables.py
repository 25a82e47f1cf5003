"""Tables of responses and shares: the columns of a shock or a variable stand under its name, and stay together."""

from __future__ import annotations

import csv
import io

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar.core.faces.files import render_csv

NAMES = ["infl", "unemp", "fedfunds"]


@pytest.fixture(scope="module")
def model():
    return pv.fit_var(pv.load_data("us_macro").loc["1985Q1":"1999Q4", NAMES], lags=1)


def headed(text: str, outer: str, inner: str) -> list[tuple[list[str], list[str]]]:
    """Of each panel of a printed table, the names over its columns and those of its columns."""
    lines = text.splitlines()
    above = [line.removeprefix(outer).split() for line in lines if line.startswith(outer)]
    below = [line.removeprefix(inner).split() for line in lines if line.startswith(inner)]
    return list(zip(above, below, strict=True))


def test_shares_of_a_variable_are_in_one_panel(model):
    shares = model.variance_decomposition(2)
    assert headed(shares.to_text(), "Variance of", "Share of shock") == [
        (["infl", "unemp"], NAMES * 2),
        (["fedfunds"], NAMES),
    ]
    assert r"Variance of & \multicolumn{3}{c}{infl} & \multicolumn{3}{c}{unemp} & \mult" in shares.to_latex(width=600)
    assert shares.to_html().count('<th scope="colgroup" colspan="3" class="over"') == 3
    names = next(csv.reader(io.StringIO(render_csv(shares.summary()))))
    assert names == ["row", *(f"{variable}: {shock}" for variable in NAMES for shock in NAMES)]


def test_responses_to_one_shock_that_are_too_wide_are_cut_under_its_name():
    values = np.random.default_rng(5).standard_normal((80, 4))
    model = pv.fit_var(pd.DataFrame(values, columns=["a", "b", "c", "d"]), lags=1)
    responses = model.impulse_responses(1, bands=pv.DeltaMethod())
    text = responses.to_text()
    assert max(map(len, text.splitlines())) <= 80
    assert headed(text, "Shock ", "Response of") == [
        ([shock], part) for shock in "abcd" for part in (["a", "b"], ["c", "d"])
    ]


def test_columns_are_named_alike_for_one_variable_and_for_many(model):
    one = pv.fit_var(pd.DataFrame({"infl": model.data.values[:, 0]}), lags=1)
    for each in (model, one):
        frame = each.impulse_responses(2).summary().to_frame()
        assert frame.columns.names == ["Shock", "Response of"] and frame.columns.is_unique
        np.testing.assert_array_equal(frame["infl", "infl"], each.impulse_responses(2).values[:, 0, 0])
        frame = each.variance_decomposition(2).summary().to_frame()
        assert frame.columns.names == ["Variance of", "Share of shock"] and frame.columns.is_unique


@pytest.mark.parametrize("bands", [None, pv.DeltaMethod()])
def test_of_many_periods_the_ends_are_shown(model, bands):
    long = model.impulse_responses(1_500, bands=bands)
    body = long.summary().to_frame()
    shown = list(dict.fromkeys(body.index.get_level_values(0)))
    assert shown == [*map(str, range(100)), "...", *map(str, range(1_401, 1_501))]
    rows = body if bands is None else body.xs("value", level=1)
    np.testing.assert_array_equal(rows.loc["1500"].to_numpy(float), long.values[1_500].ravel(order="F"))
    dots = body.xs("...", level=0).to_numpy(float) if bands else body.loc["..."].to_numpy(float)
    assert np.isnan(dots).all()
    every = model.impulse_responses(999, bands=bands).summary().to_frame()
    assert len(every.index.get_level_values(0).unique()) == 1_000 and "..." not in every.index.get_level_values(0)
