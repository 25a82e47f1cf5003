"""Periods lie where they belong: dates as dates, numbers as numbers, anything else in turn."""

import itertools

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

mpl.use("Agg")

import matplotlib.dates as mdates
import matplotlib.pyplot as plt

import panelvar as pv
from panelvar.reporting.canvas.time_axis import TimeAxis


@pytest.mark.parametrize(
    "index",
    [
        pd.period_range("2000-01", periods=3, freq="M"),
        pd.date_range("2000-01-01", periods=3, freq="MS"),
        pd.date_range("2000-01-01", periods=3, freq="MS", tz="Europe/Rome"),
        pd.Index([pd.Timestamp(f"2000-0{month}-01").date() for month in (1, 2, 3)], dtype=object),
    ],
)
def test_dates_of_any_kind(index):
    axis = TimeAxis.of(index)
    assert axis.dates
    np.testing.assert_array_equal(axis.places, mdates.date2num(np.array(["2000-01", "2000-02", "2000-03"], "M8[D]")))


@pytest.mark.parametrize("width", [1.0, 3.0, 9.0])
@pytest.mark.parametrize(
    "index",
    [
        pd.period_range("1950Q1", periods=240, freq="Q"),
        pd.date_range("2020-01-01", periods=40, freq="D"),
        pd.Index(range(1900, 2020)),
        pd.Index([f"group {chr(97 + k)}" for k in range(20)]),
        pd.Index(np.arange(1959, 1980, 0.25)),
    ],
)
def test_ticks_go_side_by_side(index, width):
    axis = TimeAxis.of(index)
    figure, ax = plt.subplots(figsize=(width + 0.6, 2.0), layout="constrained")
    ax.plot(axis.places, np.zeros(len(index)))
    axis.finish(ax)
    ax.tick_params(labelsize=8)
    figure.canvas.draw()
    left, right = ax.get_xlim()
    inside = [
        label.get_window_extent()
        for label, place in zip(ax.get_xticklabels(), ax.get_xticks(), strict=True)
        if label.get_text() and left <= place <= right
    ]
    assert inside
    for one, next_one in itertools.pairwise(inside):
        assert one.x1 < next_one.x0


def test_numbers_are_themselves():
    assert TimeAxis.of(pd.Index([1990, 1991, 1995])).places.tolist() == [1990.0, 1991.0, 1995.0]
    assert TimeAxis.of(pd.RangeIndex(3)).texts == {}


def test_anything_else_stands_in_turn():
    axis = TimeAxis.of(pd.Index(["a", "b"]))
    assert axis.places.tolist() == [0.0, 1.0]
    assert axis.texts == {0.0: "a", 1.0: "b"}


def test_periods_end_where_the_next_begins_unless_one_is_absent():
    quarters = TimeAxis.of(pd.period_range("2001Q1", periods=4, freq="Q"))
    np.testing.assert_array_equal(quarters.ends[:3], quarters.places[1:])
    assert TimeAxis.of(pd.Index([1990, 1991, 1995, 1996])).ends.tolist() == [1991.0, 1992.0, 1996.0, 1997.0]
    assert TimeAxis.of(pd.Index([1990])).ends.tolist() == [1991.0]


@pytest.mark.filterwarnings("ignore:1 period is absent")
def test_a_weekend_is_no_gap_between_days_of_business():
    """What a model of such days takes for adjacent is drawn so, in every picture of a system over time."""
    days = pd.bdate_range("2024-01-01", periods=40)
    axis = TimeAxis.of(days)
    assert axis.adjacent.all()
    np.testing.assert_array_equal(axis.ends[:-1], axis.places[1:])
    values = np.random.default_rng(0).standard_normal((40, 2))
    absent = 12
    for kept, holes in ((np.arange(40), 0), (np.delete(np.arange(40), absent), 1)):
        model = pv.fit_var(pd.DataFrame(values[kept], index=days[kept], columns=["a", "b"]), lags=1, trend="n")
        assert model.nobs == len(kept) - 1 - holes
        for figure in (pv.plot_system(model), pv.plot_forecast(model.forecast(2), past=40)):
            path = np.asarray(figure.axes[0].lines[0].get_ydata())
            assert np.isnan(path).sum() == holes
            if holes:
                assert np.flatnonzero(np.isnan(path)).tolist() == [absent]
        tops = pv.plot_historical(model.historical_decomposition()).axes[0].patches[0].get_data().values
        assert np.isnan(tops).sum() == holes


def test_numbers_that_are_not_whole_are_adjacent_where_they_are_as_near_as_usual():
    axis = TimeAxis.of(pd.Index([1990.0, 1990.25, 1990.5, 1991.0, 1991.25]))
    assert axis.adjacent.tolist() == [True, True, False, True]
    assert np.isnan(axis.broken(np.arange(5.0))[1]).tolist() == [False, False, False, True, False, False]
    assert np.isnan(axis.broken(np.arange(2.0))[1]).tolist() == [False, False]
    assert TimeAxis.of(pd.Index([0.5])).adjacent.tolist() == []
