"""Rows with all their lags, and starts of runs, against definitions a row at a time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelvar.kernels.dynamics.gaps import lag_positions, on_every_period, rows_with_lags, run_starts

PERIODS = st.lists(st.integers(0, 30), max_size=20, unique=True).map(lambda values: np.array(sorted(values), dtype=int))


@given(PERIODS, st.integers(0, 25))
def test_rows_with_lags_have_every_period_before_them(periods, lags):
    there = set(periods.tolist())
    expected = [row for row, now in enumerate(periods) if all(now - lag in there for lag in range(lags + 1))]
    assert rows_with_lags(periods, lags).tolist() == expected


@given(st.lists(PERIODS, min_size=1, max_size=4), st.integers(1, 4))
def test_runs_do_not_cross_entities(parts, lags):
    periods = np.concatenate(parts)
    codes = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    found = rows_with_lags(periods, lags, codes)
    by_lag = [lag_positions(codes, periods, lag) >= 0 for lag in range(1, lags + 1)]
    assert found.tolist() == np.flatnonzero(np.all(by_lag, axis=0)).tolist()


@given(PERIODS)
def test_a_run_starts_where_the_period_before_has_no_row(periods):
    starts = [0] + [row for row in range(1, len(periods)) if periods[row] - periods[row - 1] > 1]
    assert run_starts(periods) == tuple(starts)


@pytest.mark.parametrize("shape", [(3,), (3, 2)])
def test_periods_without_a_row_are_missing(shape):
    values = np.arange(1.0, 1.0 + np.prod(shape)).reshape(shape)
    grid = on_every_period(values, np.array([4, 5, 8]))
    assert grid.shape == (5, *shape[1:])
    np.testing.assert_array_equal(grid[[0, 1, 4]], values)
    assert np.isnan(grid[2:4]).all()
