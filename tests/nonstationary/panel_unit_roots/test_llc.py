"""Against every step taken entity by entity with least squares, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from nonstationary.panel_unit_roots.panels import panel_of, walks

import panelvar as pv
from panelvar.nonstationary.panel_unit_roots.moments import levin_lin_chu_adjustment

# What the statistics are is tested here, in panels in which the tests reject too often.
pytestmark = pytest.mark.filterwarnings("ignore:.*of true nulls at 5%")

POWERS = {"n": 0, "c": 1, "ct": 2}


def left(columns: np.ndarray, y: np.ndarray) -> np.ndarray:
    return y - columns @ np.linalg.lstsq(columns, y, rcond=None)[0] if columns.shape[1] else y


def time_powers(count: int, powers: int) -> np.ndarray:
    return np.arange(count, dtype=float)[:, None] ** np.arange(powers)


def slow(values, lags, trend, *, powers, width, read_at, convention="default", small_sample=False):
    """The adjusted ratio: equations (2) to (12) of the paper, in loops."""
    changes, levels, ratios = [], [], []
    for y, p in zip(values, lags, strict=True):
        dy = np.diff(y)
        rows = len(dy) - p
        others = [time_powers(rows, POWERS[trend])] + [dy[p - j : len(dy) - j, None] for j in range(1, p + 1)]
        columns = np.hstack(others)
        e, v = left(columns, dy[p:]), left(columns, y[p:-1])
        u = left(np.column_stack([columns, y[p:-1]]), dy[p:])
        deviation = np.sqrt(u @ u / (rows - columns.shape[1] - 1 if small_sample else rows))
        x = left(time_powers(len(dy), powers), dy)
        variance = x @ x + 2 * sum((1 - j / (width + 1)) * (x[j:] @ x[:-j]) for j in range(1, width + 1))
        changes.append(e / deviation)
        levels.append(v / deviation)
        ratios.append(np.sqrt(variance / len(dy)) / deviation)
    e, v = np.concatenate(changes), np.concatenate(levels)
    delta = (e @ v) / (v @ v)
    squares = ((e - delta * v) ** 2).sum()
    error = np.sqrt(squares / (len(e) - small_sample) / (v @ v))
    adjust = levin_lin_chu_adjustment(trend, read_at, convention)
    return (delta / error - np.mean(ratios) * len(e) ** 2 / squares * error * adjust.mean) / adjust.sd, ratios


@pytest.mark.parametrize("trend", ["n", "c", "ct"])
@pytest.mark.parametrize("lags", [0, 2, "aic", "t-stat"])
def test_every_step_entity_by_entity(trend, lags):
    values = walks(6, 40, seed=2) * np.array([[1.0], [1e-3], [5.0], [1e4], [1.0], [2.0]])
    options = {"max_lags": 4} if isinstance(lags, str) else {}
    found = pv.llc_test(panel_of(values), "y", lags=lags, trend=trend, **options)
    orders = [pv.adf_test(y, lags=lags, trend=trend, **options).lags for y in values]
    assert found.individual["lags"].tolist() == orders
    rows = 39 - np.array(orders)
    assert (found.nobs, found.individual["rows"].tolist()) == (rows.sum(), rows.tolist())
    statistic, ratios = slow(values, orders, trend, powers=int(trend == "ct"), width=11, read_at=rows.mean())
    assert found.statistic == pytest.approx(statistic, rel=1e-9)
    np.testing.assert_allclose(found.individual["deviation_ratio"], ratios, rtol=1e-9)
    assert set(found.individual["bandwidth"]) == {11.0}


@pytest.mark.parametrize("trend", ["n", "c", "ct"])
@pytest.mark.parametrize(
    ("convention", "powers", "width", "read_at", "table"),
    [
        ("plm", {"n": 0, "c": 1, "ct": 2}, 11, 38, "plm"),
        ("gretl", {"n": 0, "c": 1, "ct": 2}, 10, 35, "gretl"),
        ("stata", {"n": 0, "c": 1, "ct": 2}, 10, 35, "stata"),
    ],
)
@pytest.mark.parametrize("small_sample", [False, True])
def test_conventions(trend, convention, powers, width, read_at, table, small_sample):
    """Of 38 periods 3.21 T^(1/3) is 10.79, of 35 rows 10.50."""
    values = walks(5, 38, seed=4)
    options = {"lags": 2, "trend": trend, "convention": convention, "small_sample": small_sample}
    found = pv.llc_test(panel_of(values), "y", **options)
    expected, _ = slow(
        values,
        [2] * 5,
        trend,
        powers=powers[trend],
        width=width,
        read_at=read_at,
        convention=table,
        small_sample=small_sample,
    )
    assert found.statistic == pytest.approx(expected, rel=1e-9)


def test_rows_of_the_comparison():
    values = walks(5, 40, seed=5)
    found = pv.llc_test(values.T, lags="bic", max_lags=4, rows="common")
    assert found.individual["rows"].tolist() == [35] * 5
    assert found.individual["lags"].max() < 4


def test_lags_that_stay_in_plm():
    """From 1.96 on, errors over rows: a stricter rule than the default's 1.645 in long series."""
    values = walks(40, 100, seed=9)
    options = {"lags": "t-stat", "max_lags": 4}
    usual, plm = (pv.llc_test(values.T, convention=each, **options).individual for each in ("default", "plm"))
    assert (plm["lags"] <= usual["lags"]).all()
    assert plm["lags"].sum() < usual["lags"].sum()
    bounded = pv.llc_test(values.T, convention="plm", min_lags=2, rows="common", **options).individual
    assert bounded["lags"].tolist() == np.maximum(plm["lags"], 2).tolist()
    assert bounded["rows"].tolist() == [95] * 40


def test_bandwidths_of_ones_own():
    values = walks(5, 40, seed=6)
    wide = pv.llc_test(values.T, lags=1, bandwidth=7)
    expected, _ = slow(values, [1] * 5, "c", powers=0, width=7, read_at=38)
    assert wide.statistic == pytest.approx(expected, rel=1e-9)
    chosen = pv.llc_test(values.T, lags=1, bandwidth="newey-west", kernel="parzen").individual["bandwidth"]
    assert chosen.nunique() > 1


def test_short_panels_have_bandwidths_within_their_changes():
    found = pv.llc_test(walks(6, 9).T, lags=0)
    assert found.individual["bandwidth"].tolist() == [6.0] * 6
    assert pv.llc_test(walks(6, 7).T, lags=0, convention="gretl").individual["bandwidth"].tolist() == [3.0] * 6


def test_stationary_entities_are_found():
    found = pv.llc_test(panel_of(walks(12, 60, root=0.6)), "y", lags=1)
    assert found.pvalue < 1e-6
    assert "all entities are stationary" in found.reading()
    assert {"Bandwidth", "Kernel", "Lags", "Root less one"} < set(found.choices)


def test_a_time_effect_is_taken_out():
    values = walks(8, 40, seed=7)
    shocks = 10.0 * walks(1, 40, seed=8)
    plain = pv.llc_test(panel_of(values), "y", lags=1, demean=True)
    shifted = pv.llc_test(panel_of(values + shocks), "y", lags=1, demean=True)
    assert shifted.statistic == pytest.approx(plain.statistic, rel=1e-9)


@pytest.mark.parametrize(
    ("values", "options", "error", "match"),
    [
        (walks(4, 8), {"lags": 0}, pv.InsufficientDataError, "begins at 8 rows"),
        (walks(4, 30), {"lags": 40}, pv.InsufficientDataError, "too few periods"),
        (
            walks(4, 12),
            {"lags": "t-stat", "max_lags": 9, "convention": "plm"},
            pv.InsufficientDataError,
            "too few periods",
        ),
        (walks(4, 30), {"rows": "some"}, pv.SpecificationError, "rows"),
        (walks(4, 30), {"bandwidth": 29}, pv.PanelVarError, "bandwidth"),
        (walks(4, 30), {"bandwidth": "wide"}, pv.SpecificationError, "bandwidth"),
        (walks(4, 30), {"convention": "eviews"}, pv.SpecificationError, "convention"),
        (walks(4, 30), {"trend": "ctt"}, pv.SpecificationError, "trend"),
        (np.vstack([walks(3, 30), 0.5 ** np.arange(30)]), {"lags": 1}, pv.PanelVarError, "e3"),
        (np.vstack([walks(3, 30), 1.0 + np.arange(30)]), {"lags": 1, "trend": "ct"}, pv.PanelVarError, "e3"),
        (np.vstack([walks(3, 30), np.r_[np.nan, np.arange(29) ** 1.5]]), {"lags": 1}, pv.DataError, "same periods"),
    ],
)
def test_panels_that_cannot_be_tested_are_refused(values, options, error, match):
    with pytest.raises(error, match=match):
        pv.llc_test(panel_of(values), "y", **options)
