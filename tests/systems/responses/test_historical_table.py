"""The table of a historical decomposition: every part of every variable in every period, in each form of a table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import panelvar as pv

NAMES = ["infl", "unemp", "fedfunds"]


@pytest.fixture(scope="module")
def model():
    return pv.fit_var(pv.load_data("us_macro").loc["1985Q1":"1999Q4", NAMES], lags=1)


def test_parts_add_up_to_the_data(model):
    history = model.historical_decomposition(identification=pv.Cholesky(shocks=("price", "demand", "policy")))
    frame = history.to_frame()
    parts = ["baseline", "price", "demand", "policy"]
    assert list(frame.columns) == [(name, part) for name in NAMES for part in parts]
    np.testing.assert_allclose(frame.T.groupby(level=0, sort=False).sum().T, history.actual, rtol=1e-12)
    table = history.summary().to_frame()
    assert isinstance(table, pd.DataFrame) and table.shape == frame.shape
    np.testing.assert_array_equal(table.to_numpy(dtype=float), frame.to_numpy())
    text = str(history)
    assert max(map(len, text.splitlines())) <= 80
    assert "1999Q4" in text and "policy" in text and "Cholesky" in text
    assert "<table" in history.to_html() and r"\toprule" in history.to_latex()


def test_shocks_that_are_not_identified_have_a_column(model):
    signs = pv.ShortRun(b=[[None, 0, 0], [None, None, 0], [None, None, None]], shocks=["price", "demand", "policy"])
    whole = model.historical_decomposition(identification=signs)
    assert "other shocks" not in whole.to_text()
    generator = np.random.default_rng(3)
    proxy = pd.Series(generator.standard_normal(60), index=pd.period_range("1985Q1", periods=60, freq="Q"))
    with pytest.warns(pv.PanelVarWarning):
        partial = model.historical_decomposition(identification=pv.ExternalInstrument(proxy, "fedfunds"))
    assert "other shocks" in partial.to_text()
    np.testing.assert_allclose(
        partial.to_frame()["unemp"].sum(axis=1), partial.actual[:, NAMES.index("unemp")], rtol=1e-12
    )


def test_variables_keep_their_parts_together(model):
    history = model.historical_decomposition(identification=pv.Cholesky(shocks=("price", "demand", "policy")))
    lines = str(history.summary(first="1990Q1", last="1990Q4")).splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split()[1:] for line in lines if line.startswith("Variable")] == [["infl", "unemp"], ["fedfunds"]]
    assert [len(line.split()) - 1 for line in lines if line.startswith("Part")] == [8, 4]
    assert any("1990Q1 to 1990Q4" in line for line in lines)
    latex = history.to_latex()
    assert latex.count(r"\multicolumn{4}{c}{unemp}") == latex.count(r"\multicolumn{4}{c}{infl}") > 0


def test_periods_are_chosen_by_their_labels(model):
    history = model.historical_decomposition()
    every = history.summary().to_frame()
    assert list(history.summary(first="1999Q1").to_frame().index) == ["1999Q1", "1999Q2", "1999Q3", "1999Q4"]
    assert history.summary(last=pd.Period("1985Q3")).to_frame().equals(every.iloc[:2])
    assert history.summary(first="1990", last="1990").to_frame().equals(every.loc["1990Q1":"1990Q4"])
    plain = pv.fit_var(np.random.default_rng(2).standard_normal((30, 2))).historical_decomposition()
    assert list(plain.summary(first=28).to_frame().index) == ["28", "29"]
    for each, first, last in (
        (history, "soon", None),
        (history, "1999Q4", "1998Q1"),
        (history, None, "1950Q1"),
        (history, ["1990Q1"], None),
        (plain, "3", "4"),
        (plain, True, None),
    ):
        with pytest.raises(pv.SpecificationError, match=r"there is no such period\. The periods run from 1"):
            each.summary(first=first, last=last)
