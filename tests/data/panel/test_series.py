"""A Series is a table of one column: it keeps its name and its calendar."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

import panelvar as pv


@pytest.fixture
def series():
    rng = np.random.default_rng(4)
    y = np.zeros(80)
    for t in range(1, 80):
        y[t] = 0.6 * y[t - 1] + rng.standard_normal()
    return pd.Series(y, index=pd.period_range("1990Q1", periods=80, freq="Q"), name="inflation")


def test_its_name_and_its_periods(series):
    model = pv.fit_var(series, lags=2)
    assert model.names == ("inflation",)
    assert str(model.forecast(1).labels[0]) == "2010Q1"
    assert_array_equal(model.params, pv.fit_var(series.to_frame(), lags=2).params)
    assert pv.fit_var(series.rename(None), lags=1).names == ("y1",)
    assert pv.fit_var(series, ["pi"], lags=1).names == ("pi",)
    assert list(pv.unit_root_table(series).index.unique("series")) == ["inflation"]
    beside = pv.fit_var(series, lags=1, exogenous=series.shift(1).fillna(0.0).rename(None) ** 2)
    assert beside.regressor_names == ("const", "x1", "L1.inflation")


def test_a_panel_is_not_beside_a_series(series):
    panel = pv.Panel(series.to_frame("x").assign(i=0, t=range(len(series))), "i", "t")
    for call in (pv.fit_var, pv.select_lags):
        with pytest.raises(pv.SpecificationError, match=r"column names or a table .* got Panel"):
            call(series.to_frame(), exogenous=panel)


def test_a_gap_is_not_bridged(series):
    holed = series.drop(series.index[[30, 31]])
    with pytest.warns(pv.PanelVarWarning, match=r"2 periods are absent.*reset_index\(drop=True\)"):
        model = pv.fit_var(holed, lags=1)
    assert model.nobs == 76
    with pytest.warns(pv.PanelVarWarning, match="2 period"):
        projected = pv.fit_local_projections(holed, lags=1, horizon=1)
    assert projected.names == ("inflation",)
    with pytest.raises(pv.DataError, match="gaps"):
        pv.fit_rolling_var(holed, window=30)


def test_a_lag_order_in_the_place_of_names(series):
    with pytest.raises(pv.SpecificationError, match="A lag order is lags=2"):
        pv.fit_var(series, 2)
