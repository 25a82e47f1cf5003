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


FALLING = {
    "range": lambda index: pd.RangeIndex(1800, 1800 + len(index)),
    "every second": lambda index: pd.RangeIndex(1800, 1800 + 2 * len(index), 2),
    "periods": lambda index: index,
    "dates": lambda index: pd.date_range("1990-01-01", periods=len(index), freq="QS"),
}


@pytest.mark.parametrize("labels", FALLING.values(), ids=FALLING)
def test_rows_from_the_last_to_the_first_are_put_in_order(series, labels):
    frame = series.to_frame().assign(rate=series.shift(2).fillna(0.0) ** 2)
    rising = frame.set_axis(labels(frame.index))
    falling = rising[::-1]
    calls = [
        lambda data: pv.fit_var(data, lags=1).forecast(2).to_frame(),
        lambda data: pv.fit_var(data, lags=2).params,
        lambda data: pv.fit_var(data["inflation"], lags=1, exogenous=data["rate"].to_numpy()).resids,
        lambda data: pv.adf_test(data, column="inflation", lags=2).summary().to_frame(),
        lambda data: pd.DataFrame([str(pv.johansen_test(data, lags=2))]),
        lambda data: pv.fit_local_projections(data, lags=1, horizon=3).to_frame(),
        lambda data: pv.fit_local_projections(data, shock="rate", lags=1, horizon=3).to_frame(),
    ]
    for call in calls:
        pd.testing.assert_frame_equal(call(falling), call(rising), check_freq=False)
