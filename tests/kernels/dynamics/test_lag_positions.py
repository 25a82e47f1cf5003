"""Lags by calendar and by row against a dictionary of dates."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelvar.kernels.dynamics.gaps import first_difference, lag_positions, previous_positions

entities = st.lists(st.sets(st.integers(0, 12), min_size=1, max_size=8), max_size=5)


def rows(dates_by_entity):
    codes = [entity for entity, dates in enumerate(dates_by_entity) for _ in dates]
    times = [date for dates in dates_by_entity for date in sorted(dates)]
    return np.array(codes, dtype=np.int32), np.array(times, dtype=np.int64)


@given(entities, st.integers(-15, 15))
def test_lags_equal_a_search_by_date(dates_by_entity, k):
    codes, times = rows(dates_by_entity)
    where = {pair: row for row, pair in enumerate(zip(codes, times, strict=True))}
    expected = [where.get((code, time - k), -1) for code, time in zip(codes, times, strict=True)]
    assert lag_positions(codes, times, k).tolist() == expected


@given(entities, st.integers(1, 6))
def test_lags_never_cross_an_entity_or_a_gap(dates_by_entity, k):
    codes, times = rows(dates_by_entity)
    positions = lag_positions(codes, times, k)
    found = np.flatnonzero(positions >= 0)
    assert np.array_equal(codes[positions[found]], codes[found])
    assert np.array_equal(times[positions[found]] + k, times[found])


@given(entities, st.integers(1, 6))
def test_a_lead_undoes_a_lag(dates_by_entity, k):
    codes, times = rows(dates_by_entity)
    lags, leads = lag_positions(codes, times, k), lag_positions(codes, times, -k)
    found = np.flatnonzero(lags >= 0)
    assert np.array_equal(leads[lags[found]], found)
    assert np.count_nonzero(leads >= 0) == len(found)


@given(entities)
def test_previous_rows_bridge_gaps_but_not_entities(dates_by_entity):
    codes, _ = rows(dates_by_entity)
    expected = [row - 1 if row and codes[row - 1] == codes[row] else -1 for row in range(len(codes))]
    assert previous_positions(codes).tolist() == expected


@pytest.mark.parametrize("k", [1, 2, 7])
def test_without_gaps_the_lag_is_k_rows_up(k):
    codes, times = np.repeat(np.arange(3), 5), np.tile(np.arange(5), 3)
    expected = np.where(times >= k, np.arange(15) - k, -1)
    assert np.array_equal(lag_positions(codes, times, k), expected)


def test_a_difference_takes_rows_that_have_an_earlier_one():
    codes = np.array([0, 0, 0, 1, 1])
    times = np.array([0, 1, 3, 1, 2])
    columns = [np.array([1.0, 4.0, 9.0, 16.0, 25.0]), np.arange(5.0)]
    by_date = first_difference(columns, lag_positions(codes, times))
    assert by_date.tolist() == [[3.0, 1.0], [9.0, 1.0]]
    by_row = first_difference(np.column_stack(columns), previous_positions(codes))
    assert by_row.tolist() == [[3.0, 1.0], [5.0, 1.0], [9.0, 1.0]]
    assert by_row.flags.f_contiguous
