"""What must hold of any panel: order of rows and names of entities are immaterial, lags keep to the calendar."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from panelvar.data.panel.dimensions import sorting_permutation, starts_if_sorted
from panelvar.data.panel.panel import Panel


@st.composite
def panels(draw):
    """Long data in a random order: unbalanced, with gaps, some values missing."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n_entities, n_periods = draw(st.integers(1, 6)), draw(st.integers(1, 9))
    cells = rng.permutation(n_entities * n_periods)[: draw(st.integers(1, n_entities * n_periods))]
    x = rng.normal(size=len(cells))
    x[rng.random(len(cells)) < 0.1] = np.nan
    return pd.DataFrame({"i": cells // n_periods, "t": 1990 + cells % n_periods, "x": x, "row": np.arange(len(cells))})


def slow_lag(frame, k):
    """Look every earlier row up by its labels."""
    known = {(i, t): x for i, t, x in zip(frame["i"], frame["t"], frame["x"], strict=True)}
    ordered = sorted(known)
    return [known.get((i, t - k), np.nan) for i, t in ordered], ordered


@given(panels(), st.integers(-4, 4))
def test_lags_are_looked_up_by_label(frame, k):
    panel = Panel(frame, "i", "t", freq=1)
    expected, ordered = slow_lag(frame, k)
    np.testing.assert_array_equal(panel.lag("x", k), expected)
    labels = zip(panel.column("i").tolist(), panel.column("t").tolist(), strict=True)
    assert list(labels) == ordered


@given(panels(), st.randoms(use_true_random=False))
def test_row_order_is_immaterial(frame, random):
    rows = list(range(len(frame)))
    random.shuffle(rows)
    panel, other = Panel(frame, "i", "t"), Panel(frame.iloc[rows], "i", "t")
    for name in ("x", "row", "t"):
        np.testing.assert_array_equal(panel.column(name), other.column(name))
    np.testing.assert_array_equal(panel.difference("x"), other.difference("x"))
    np.testing.assert_array_equal(panel.index, other.index)
    np.testing.assert_array_equal(panel.time_positions, other.time_positions)
    assert panel.describe().to_frame().equals(other.describe().to_frame())


@given(panels(), st.sampled_from(["number", "far", "text", "category", "level", "date"]))
def test_names_of_entities_are_immaterial(frame, kind):
    other = frame.copy()
    if kind == "number":
        other["i"] = 7 * other["i"] - 3
    elif kind == "far":
        other["i"] = 10**12 * other["i"]
    elif kind == "date":
        other["i"] = pd.Timestamp("2001-01-01") + pd.to_timedelta(other["i"], unit="D")
    else:
        other["i"] = other["i"].map("entity {:02d}".format)
    if kind == "category":
        other["i"] = other["i"].astype("category")
    panel = Panel(frame, "i", "t")
    relabelled = Panel(other.set_index(["i", "t"])) if kind == "level" else Panel(other, "i", "t")
    np.testing.assert_array_equal(panel.entity_codes, relabelled.entity_codes)
    np.testing.assert_array_equal(panel.column("row"), relabelled.column("row"))
    np.testing.assert_array_equal(panel.lag("x"), relabelled.lag("x"))
    assert panel.n_entities == len(relabelled.entity_labels)


@given(panels(), st.sampled_from(["date", "month", "period", "text", "quarter text", "step"]))
def test_kinds_of_time_are_immaterial(frame, kind):
    other = frame.copy()
    t = other["t"] - 1990
    if kind == "date":
        other["t"] = pd.to_datetime(other["t"].astype(str) + "-12-31")
    elif kind == "month":
        other["t"] = [pd.Timestamp("2001-01-31") + pd.offsets.MonthEnd(int(k)) for k in t]
    elif kind == "period":
        other["t"] = pd.PeriodIndex([pd.Period("2001-11", "M") + int(k) for k in t])
    elif kind == "text":
        other["t"] = "wave " + (t + 3).astype(str)
    elif kind == "quarter text":
        other["t"] = [f"{2001 + k // 4}Q{k % 4 + 1}" for k in t]
    else:
        other["t"] = 5 * t
    freq = 5 if kind == "step" else {"date": "Y", "month": "M"}.get(kind, 1)
    panel, relabelled = Panel(frame, "i", "t", freq=1), Panel(other, "i", "t", freq=freq)
    np.testing.assert_array_equal(panel.time_positions, relabelled.time_positions)
    for k in (1, 2, -1):
        np.testing.assert_array_equal(panel.lag("x", k), relabelled.lag("x", k))
    seen = relabelled.calendar.labels_at(relabelled.time_positions)
    assert list(seen) == list(other["t"].iloc[relabelled.order] if relabelled.order is not None else other["t"])


@given(panels(), st.integers(1, 4))
def test_a_lead_undoes_a_lag_where_both_exist(frame, k):
    panel = Panel(frame, "i", "t")
    there = panel.lead(panel.lag("row", k), k)
    has_later = ~np.isnan(panel.lead("row", k))
    np.testing.assert_array_equal(there[has_later], panel.column("row")[has_later])
    assert np.isnan(there[~has_later]).all()


@given(panels(), st.integers(1, 4))
def test_a_difference_is_a_value_less_its_lag(frame, k):
    panel = Panel(frame, "i", "t")
    np.testing.assert_array_equal(panel.difference("x", k), panel.column("x") - panel.lag("x", k))


@given(panels())
def test_a_lag_comes_from_the_entity_itself_one_period_earlier(frame):
    panel = Panel(frame, "i", "t")
    for name, step in (("i", 0), ("t", panel.calendar.step)):
        change = panel.difference(name)
        assert set(change[~np.isnan(change)]) <= {step}


@given(panels(), st.sampled_from([1, 10**10]))
def test_sorting_is_that_of_python(frame, spread):
    """Both ways to sort: into the cells of a grid, and by comparison where the grid is too large."""
    entities = frame["i"].to_numpy()
    times = (frame["t"].to_numpy() - 1990) * spread
    order = sorting_permutation(entities, int(entities.max()) + 1, times, int(times.max()) + 1)
    assert order.tolist() == sorted(range(len(frame)), key=lambda row: (entities[row], times[row]))
    starts = starts_if_sorted(entities[order], times[order])
    heads = [0, *(row for row in range(1, len(frame)) if entities[order[row]] != entities[order[row - 1]]), len(frame)]
    assert starts.tolist() == heads
    if len(frame) > 1:
        assert starts_if_sorted(entities[order[::-1]], times[order[::-1]]) is None
