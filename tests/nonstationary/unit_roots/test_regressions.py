"""Regressions of many series at once against one dense regression for each series and lag order."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from panelvar.kernels.linear.unit_regressions import DEPENDENT, ESTIMATED, SHORT
from panelvar.nonstationary.unit_roots import regressions
from panelvar.nonstationary.unit_roots.distributions import gls_pvalue, kpss_pvalues, rho_pvalue, tau_pvalue
from panelvar.nonstationary.unit_roots.lag_orders import LagChoice, choose_regressions, lag_orders
from panelvar.nonstationary.unit_roots.regressions import (
    APART,
    EXACT,
    by_length,
    in_order,
    lagged_differences,
    level_regressions,
)

LONGEST = 5


def walks(count=6, periods=40, seed=0):
    rng = np.random.default_rng(seed)
    return np.cumsum(rng.standard_normal((count, periods)), axis=1) + rng.standard_normal((count, 1))


def dense(y, lags, powers, first=None, extra=None, beside=None):
    """One regression, row by row from period ``first`` on, by least squares of columns of length one."""
    first = lags + 1 if first is None else first
    rows, left = [], []
    for t in range(first, len(y)):
        row = [float(t) ** power for power in range(powers)]
        row += [] if extra is None else list(extra[t])
        row.append(y[t - 1])
        for lag in range(1, lags + 1):
            row += [] if beside is None else list(beside[t - lag])
            row.append(y[t - lag] - y[t - lag - 1])
        rows.append(row)
        left.append(y[t] - y[t - 1])
    x, change = np.array(rows), np.array(left)
    place = powers + (0 if extra is None else extra.shape[1])
    n, k = x.shape

    def fit(columns, target):
        sizes = np.linalg.norm(columns, axis=0)
        weights = np.linalg.lstsq(columns / sizes, target, rcond=None)[0] / sizes
        return weights, target - columns @ weights

    weights, residuals = fit(x, change)
    others = np.delete(x, place, axis=1)
    rest = (fit(others, target)[1] if others.size else target for target in (x[:, place], change))
    level_left, change_left = rest
    rss = residuals @ residuals
    last = fit(x[:, :-1], x[:, -1])[1] if lags else np.full(n, np.nan)
    return SimpleNamespace(
        coefficient=weights[place],
        std_error=np.sqrt(rss / (n - k) / (level_left @ level_left)),
        rss=rss,
        nobs=n,
        df=n - k,
        residuals=residuals,
        level_left=level_left,
        change_left=change_left,
        last_ratio=abs(weights[-1]) / np.sqrt(rss / (n - k) / (last @ last)),
    )


def agree(found, unit, expected, rtol=1e-9):
    assert (found.nobs[unit], found.df[unit], found.status[unit]) == (expected.nobs, expected.df, ESTIMATED)
    for name in ("coefficient", "std_error", "rss"):
        assert_allclose(getattr(found, name)[unit], getattr(expected, name), rtol=rtol)
    assert_allclose(found.ratios[unit], expected.coefficient / expected.std_error, rtol=rtol)
    if found.residuals is not None:
        for name in ("residuals", "level_left", "change_left"):
            values = getattr(found, name)[unit]
            assert not values[: -expected.nobs].any()
            scale = np.abs(getattr(expected, name)).max()
            assert_allclose(values[-expected.nobs :], getattr(expected, name), atol=1e-10 * scale)


@pytest.mark.parametrize("powers", range(4))
def test_one_triangle_holds_every_order(powers):
    series = walks()
    compared = lag_orders(lagged_differences(series, powers), LONGEST)
    for order in range(LONGEST + 1):
        level = compared.level(np.full(len(series), order))
        for unit, y in enumerate(series):
            expected = dense(y, order, powers, first=LONGEST + 1)
            agree(level, unit, expected)
            n, k = expected.nobs, expected.nobs - expected.df
            assert_allclose(compared.rss[unit, order], expected.rss, rtol=1e-10)
            for rule, weight in (("aic", 2.0), ("bic", np.log(n)), ("hqic", 2.0 * np.log(np.log(n)))):
                value = n * np.log(expected.rss / n) + weight * k
                assert_allclose(compared.criteria(rule)[unit, order], value, rtol=1e-10, atol=1e-10)
            if order:
                assert_allclose(compared.ratios()[unit, order], expected.last_ratio, rtol=1e-8)


@pytest.mark.parametrize("lost", [0, LONGEST])
def test_an_order_for_each_series(lost):
    series, orders = walks(9), np.array([3, 0, 1, 0, 3, 5, 2, 0, 1])
    found = level_regressions(lagged_differences(series, 2), orders, lost=lost, residuals=True)
    assert_array_equal(found.orders, orders)
    for unit, y in enumerate(series):
        agree(found, unit, dense(y, orders[unit], 2, first=max(lost, orders[unit]) + 1))


@pytest.mark.parametrize("own", [False, True], ids=["for all", "for each"])
def test_columns_beside_the_terms(own):
    """Cross-section averages: their lagged level and difference among the terms, their lagged differences by order."""
    series = walks(5, 60)
    averages = np.stack([series.mean(axis=0), np.square(series).mean(axis=0)], axis=1)
    if own:
        averages = averages + walks(10, 60, seed=3).reshape(5, 60, 2)
    changes = np.diff(averages, axis=-2, prepend=np.nan)
    extra = np.concatenate([np.roll(averages, 1, axis=-2), changes], axis=-1)
    columns = lagged_differences(series, 1, extra, changes)
    orders = np.array([0, 2, 1, 2, 3])
    found = level_regressions(columns, orders, residuals=True)
    compared = lag_orders(columns, 3)
    common = compared.level(orders)
    for unit, y in enumerate(series):
        its = [each[unit] if own else each for each in (extra, changes)]
        agree(found, unit, dense(y, orders[unit], 1, None, *its))
        agree(common, unit, dense(y, orders[unit], 1, 4, *its))
        for order in range(1, 4):
            expected = dense(y, order, 1, 4, *its)
            assert_allclose(compared.ratios()[unit, order], expected.last_ratio, rtol=1e-8)
            assert_allclose(compared.rss[unit, order], expected.rss, rtol=1e-9)


def test_units_change_no_digit():
    series, averages = walks(4, 50), walks(2, 50, seed=5).T
    units = np.array([-400, -3, 0, 450])
    orders = np.array([2, 0, 1, 2])
    plain, scaled = (
        lagged_differences(y, 2, x, x)
        for y, x in ((series, averages), (np.ldexp(series, units[:, None]), 2.0**300 * averages))
    )
    for run in (
        lambda columns: level_regressions(columns, orders, residuals=True),
        lambda columns: lag_orders(columns, 2).level(orders),
    ):
        before, after = run(plain), run(scaled)
        for name in ("coefficient", "std_error", "status", "ratios"):
            assert_array_equal(getattr(after, name), getattr(before, name))
        assert_array_equal(after.rss, np.ldexp(before.rss, 2 * units))
        if before.residuals is not None:
            assert_array_equal(after.residuals, np.ldexp(before.residuals, units[:, None]))
            assert_array_equal(after.level_left, np.ldexp(before.level_left, units[:, None]))
    for rule in ("aic", "bic", "hqic", "t-stat"):
        assert_array_equal(lag_orders(scaled, 2).chosen(rule), lag_orders(plain, 2).chosen(rule))


@pytest.mark.parametrize("powers", [0, 2])
def test_one_series_is_a_row_of_many(powers):
    series, orders = walks(5), np.array([1, 0, 4, 1, 2])
    many = level_regressions(lagged_differences(series, powers), orders, residuals=True)
    compared = lag_orders(lagged_differences(series, powers), LONGEST)
    for unit, y in enumerate(series):
        columns = lagged_differences(y, powers)
        one = level_regressions(columns, orders[unit], residuals=True)
        for found, whole in zip(one, many, strict=True):
            assert_allclose(found, whole[unit], rtol=1e-13, atol=1e-14)
        alone = lag_orders(columns, LONGEST)
        assert_allclose(alone.criteria("hqic"), compared.criteria("hqic")[unit], rtol=1e-13)
        assert alone.chosen("t-stat", 1) == compared.chosen("t-stat", 1)[unit]
        assert_allclose(alone.level(2).ratios, compared.level(np.full(5, 2)).ratios[unit], rtol=1e-12)


@pytest.mark.parametrize(("name", "value"), [("_AT_ONCE", 300), ("LAID_OUT", 0)])
def test_pieces_and_blocks_are_the_whole(name, value, monkeypatch):
    series, orders = walks(7, 60), np.array([2, 0, 2, 1, 0, 2, 2])
    columns = lagged_differences(series, 1)
    whole = level_regressions(columns, orders, residuals=True), lag_orders(columns, 3).criteria("bic")
    monkeypatch.setattr(regressions, name, value)
    monkeypatch.setattr(regressions, "BLOCK", 16)
    parts = level_regressions(columns, orders, residuals=True), lag_orders(columns, 3).criteria("bic")
    for found, expected in zip((*parts[0], parts[1]), (*whole[0], whole[1]), strict=True):
        assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


def test_what_is_wrong_with_one_series_stops_no_other():
    time = np.arange(40.0)
    good = walks(3)
    spike = good[0].copy()
    spike[-1] = 1e140
    series = np.array([good[0], 0.1 * time, 0.5**time, spike, good[1], np.tile([1.0, 2.0], 20), good[2]])
    found = level_regressions(lagged_differences(series, 1), np.zeros(7, dtype=int), residuals=True)
    # A straight line is its lag plus a constant; so is one that falls by halves, and one that alternates.
    assert_array_equal(found.status, [ESTIMATED, EXACT, EXACT, APART, ESTIMATED, EXACT, ESTIMATED])
    assert_array_equal(found.coefficient[[2, 5]].round(12), [-0.5, -2.0])
    assert_array_equal(found.rss[[1, 2, 5]], 0.0)
    assert not found.residuals[[1, 2, 5]].any()
    assert np.isnan(found.residuals[3]).all()
    assert np.isnan(found.ratios[[1, 2, 3, 5]]).all()
    assert np.isnan(found.coefficient[3])
    alone = level_regressions(lagged_differences(good, 1), np.zeros(3, dtype=int), residuals=True)
    for whole, expected in zip(found, alone, strict=True):
        assert_allclose(whole[[0, 4, 6]], expected, rtol=1e-13, atol=1e-14)

    with_trend = level_regressions(lagged_differences(series, 2), np.zeros(7, dtype=int))
    assert with_trend.status[1] == DEPENDENT
    for name in ("coefficient", "std_error", "rss", "ratios"):
        assert np.isnan(getattr(with_trend, name)[1])
    common = lag_orders(lagged_differences(series, 2), 2).level(np.zeros(7, dtype=int))
    assert_array_equal(common.status, with_trend.status)
    # Too few rows for the order of one, and none at all for that of another.
    orders = np.array([0, 0, 0, 0, 18, 0, 60])
    short = level_regressions(lagged_differences(series, 1), orders, residuals=True)
    assert_array_equal(short.status[[0, 4, 6]], [ESTIMATED, SHORT, SHORT])
    assert_array_equal(short.nobs[[4, 6]], [21, 0])
    assert_array_equal(short.df[[4, 6]], [1, -62])
    assert np.isnan(short.residuals[4]).all()


def test_a_duplicate_among_the_extra_columns():
    """Where the average is the series itself, that entity alone has nothing to say."""
    series = walks(3)
    extra = np.tile(walks(1, seed=9)[0], (3, 1))
    extra[1] = np.roll(series[1], 1)
    found = level_regressions(lagged_differences(series, 1, extra[:, :, None]), np.array([1, 1, 1]))
    assert_array_equal(found.status, [ESTIMATED, DEPENDENT, ESTIMATED])


@pytest.mark.parametrize("shortest", [0, 2])
@pytest.mark.parametrize("rule", ["aic", "bic", "hqic", "t-stat"])
@pytest.mark.parametrize("common", [False, True], ids=["all", "common"])
def test_orders_chosen_one_by_one(rule, shortest, common):
    rng = np.random.default_rng(7)
    # Errors with two lags of their own, so that rules find something.
    errors = rng.standard_normal((12, 80))
    for t in range(2, 80):
        errors[:, t] += 0.3 * errors[:, t - 1] - 0.4 * errors[:, t - 2]
    series = np.cumsum(errors, axis=1)
    columns = lagged_differences(series, 1)
    found = choose_regressions(columns, LagChoice(rule, shortest, LONGEST), common=common)
    wanted = []
    for unit, y in enumerate(series):
        fits = [dense(y, order, 1, first=LONGEST + 1) for order in range(LONGEST + 1)]
        if rule == "t-stat":
            kept = [order for order in range(1, LONGEST + 1) if fits[order].last_ratio >= 1.6448536269514722]
            order = max(kept[-1] if kept else 0, shortest)
        else:
            n = fits[0].nobs
            weight = {"aic": 2.0, "bic": np.log(n), "hqic": 2.0 * np.log(np.log(n))}[rule]
            values = [n * np.log(fit.rss / n) + weight * (n - fit.df) for fit in fits]
            order = min(range(shortest, LONGEST + 1), key=values.__getitem__)
        wanted.append(order)
        agree(found, unit, fits[order] if common else dense(y, order, 1))
    assert_array_equal(found.orders, wanted)
    assert len(set(wanted)) > 1
    with_residuals = choose_regressions(columns, LagChoice(rule, shortest, LONGEST), common=common, residuals=True)
    assert_allclose(with_residuals.ratios, found.ratios, rtol=1e-10)
    assert_allclose(np.square(with_residuals.residuals).sum(axis=1), found.rss, rtol=1e-10)


def test_a_higher_bar_keeps_fewer_lags():
    compared = lag_orders(lagged_differences(walks(40, 60), 1), 6)
    assert compared.chosen("t-stat", significant=1.28).mean() > compared.chosen("t-stat", significant=2.58).mean()
    assert_array_equal(compared.chosen("t-stat", significant=np.inf), 0)


def test_a_longest_order_without_rows():
    found = choose_regressions(lagged_differences(walks(3, 20), 1), LagChoice("bic", 0, 9))
    assert_array_equal(found.status, SHORT)
    assert_array_equal(found.orders, 9)


def test_stretches_of_one_length_and_back_in_order():
    stretches = [walks(1, length, seed)[0] for seed, length in enumerate((30, 25, 30, 41, 25))]
    places, answers = [], []
    for these, series in by_length(stretches):
        places.append(these)
        answers.append(level_regressions(lagged_differences(series, 1), 1).ratios)
        assert [len(stretches[place]) for place in these] == [series.shape[1]] * len(series)
    assert [len(each) for each in places] == [2, 2, 1]
    for ratio, y in zip(in_order(places, answers), stretches, strict=True):
        expected = dense(y, 1, 1)
        assert ratio == pytest.approx(expected.coefficient / expected.std_error, rel=1e-9)


def test_pvalues_of_many_are_those_of_each():
    statistics = np.array([-30.0, -19.0, -3.1, -2.9, -1.6, -1.0, 0.4, 0.8, 3.0, 1e120, np.nan])
    for trend in ("n", "c", "ct", "ctt"):
        for pvalue in (tau_pvalue, rho_pvalue):
            found = pvalue(statistics, trend)
            assert_allclose(found, [pvalue(value, trend) for value in statistics.tolist()], rtol=1e-13)
            assert np.isnan(found[-1])
            assert found[-2] == 1.0
    for trend in ("c", "ct"):
        found = gls_pvalue(statistics, trend, 70)
        each = [gls_pvalue(value, trend, 70) for value in statistics]
        assert_allclose(found[0], [own for own, _ in each])
        assert_array_equal(found[1], [bound for _, bound in each])
        pvalues, bounds = kpss_pvalues(np.array([0.0, 0.13, 0.5, 9.0]), trend)
        alone = [kpss_pvalues(np.array(value), trend) for value in (0.0, 0.13, 0.5, 9.0)]
        assert_array_equal(pvalues, [value for value, _ in alone])
        assert bounds.tolist() == [str(bound) for _, bound in alone]
