"""Rules for limits, against their definitions written out, and what joint bands promise."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import ndtri
from streams import stream

import panelvar as pv
from panelvar import DeltaMethod, MonteCarlo, ResidualBootstrap, SpecificationError
from panelvar.estimates.bands.limits import bonferroni_quantile, limits, sup_t_quantile


@pytest.fixture(scope="module")
def draws():
    rng = np.random.default_rng(1)
    steps = rng.standard_normal((400, 6, 2))
    cells = np.cumsum(steps, axis=1) + 0.3 * steps**2
    cells[:, 0, 1] = 0.0
    return cells


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(0)
    y = np.zeros((120, 2))
    for row in range(1, 120):
        y[row] = np.array([[0.7, 0.1], [0.2, 0.5]]) @ y[row - 1] + rng.standard_normal(2)
    return pv.fit_var(y, ["x", "y"], lags=1)


def inside(draws, lower, upper, axes):
    return ((draws >= lower) & (draws <= upper)).all(axis=axes).mean(axis=0)


def test_hall_reflects_the_percentiles(draws):
    point = np.full((6, 2), 0.4)
    low, high = limits(point, draws, 0.9, "percentile")
    assert_allclose(low, np.quantile(draws, 0.05, axis=0), atol=1e-14)
    below, above = limits(point, draws, 0.9, "hall")
    assert_allclose(below, 2 * point - high, atol=1e-14)
    assert_allclose(above, 2 * point - low, atol=1e-14)


def test_studentised_limits_are_those_of_the_ratios(draws):
    point, own = np.full((6, 2), 0.4), np.full((6, 2), 1.5)
    each = 1.0 + np.random.default_rng(3).random(draws.shape)
    low, high = limits(point, draws, 0.9, "studentised", errors=(own, each))
    ratios = (draws - point) / each
    cell = (4, 0)
    assert low[cell] == pytest.approx(0.4 - 1.5 * np.quantile(ratios[(slice(None), *cell)], 0.95))
    assert high[cell] == pytest.approx(0.4 - 1.5 * np.quantile(ratios[(slice(None), *cell)], 0.05))


@pytest.mark.parametrize("interval", ["percentile", "hall", "studentised"])
@pytest.mark.parametrize("over", ["path", "all"])
def test_sup_t_holds_its_share_of_the_draws_and_no_more_than_needed(draws, interval, over):
    point = draws.mean(axis=0)
    each = np.ones(draws.shape)
    errors = (np.ones(point.shape), each)
    low, high = limits(point, draws, 0.9, interval, "sup-t", over, errors)
    if interval == "hall":
        low, high = 2 * point - high, 2 * point - low
    axes = 1 if over == "path" else (1, 2)
    share = inside(draws, low, high, axes)
    assert (np.atleast_1d(share) >= 0.9 - (1 / 400 if interval == "studentised" else 0)).all()
    # One order statistic less on either side would hold too little of draws to come.
    assert (np.atleast_1d(share) <= 0.9 + 2 * 6 * (1 if over == "path" else 2) / 400).all()


@pytest.mark.parametrize("interval", ["percentile", "hall", "studentised"])
@pytest.mark.parametrize("over", ["path", "all"])
def test_sup_t_is_wider_than_pointwise_and_narrower_than_bonferroni(interval, over):
    """With as many draws as the tails of a Bonferroni band in eleven cells need."""
    rng = np.random.default_rng(2)
    draws = np.cumsum(rng.standard_normal((8000, 6, 2)), axis=1)
    draws[:, 0, 1] = 0.0
    point, errors = np.zeros((6, 2)), (draws.std(axis=0), np.broadcast_to(draws.std(axis=0), draws.shape))
    varying = np.ones((6, 2), dtype=bool)
    varying[0, 1] = False
    reach = []
    for joint in (None, "sup-t", "bonferroni"):
        low, high = limits(point, draws, 0.9, interval, joint, over, errors)
        reach.append((high - low)[varying])
    assert (reach[0] < reach[1]).all()
    assert (reach[1] < reach[2]).all()


def test_sup_t_leaves_each_draw_out_of_the_box_it_is_counted_in():
    """By the definition: the share of draws inside the box of the others, interpolated between two boxes."""
    draws = np.random.default_rng(7).standard_normal((80, 4)).cumsum(axis=1)
    n, level = len(draws), 0.8
    boxes, shares = [], []
    for k in range(1, 20):
        inside = 0
        for left_out in range(n):
            others = np.sort(np.delete(draws, left_out, axis=0), axis=0)
            inside += bool(((draws[left_out] >= others[k - 1]) & (draws[left_out] <= others[-k])).all())
        ordered = np.sort(draws, axis=0)
        boxes.append((ordered[k - 1], ordered[-k]))
        shares.append(inside / n)
    assert (np.diff(shares) <= 0).all()
    last = max(place for place, share in enumerate(shares) if share >= level)
    weight = (shares[last] - level) / (shares[last] - shares[last + 1])
    expected = [
        (1 - weight) * np.array(boxes[last][side]) + weight * np.array(boxes[last + 1][side]) for side in (0, 1)
    ]
    found = limits(np.zeros(4), draws, level, "percentile", "sup-t")
    assert_allclose(found[0], expected[0], atol=1e-13)
    assert_allclose(found[1], expected[1], atol=1e-13)


@pytest.mark.parametrize(("count", "cells"), [(400, 13), (1000, 41)])
def test_sup_t_holds_its_share_of_draws_to_come(count, cells):
    """Boxes that hold the share of their own draws hold 1 to 3 points less of others."""
    rng = np.random.default_rng(8)
    root = np.linalg.cholesky(0.9 ** np.abs(np.subtract.outer(np.arange(cells), np.arange(cells))))
    later = rng.standard_normal((20_000, cells)) @ root.T
    held = []
    for _ in range(30):
        box = limits(np.zeros(cells), rng.standard_normal((count, cells)) @ root.T, 0.9, "percentile", "sup-t")
        held.append(((later >= box[0]) & (later <= box[1])).all(axis=1).mean())
    assert abs(np.mean(held) - 0.9) < 4 * np.std(held) / np.sqrt(len(held)) + 0.001


@pytest.mark.parametrize("alike", [0.0, 0.5, 0.9])
def test_a_box_that_holds_its_share_of_its_own_draws_holds_less_of_others(alike):
    """What the guide on bands says of 40 periods and 400 draws; the first sentence of the test above, by itself."""
    rng = np.random.default_rng(10)
    root = np.linalg.cholesky(alike ** np.abs(np.subtract.outer(np.arange(40), np.arange(40))))
    later = rng.standard_normal((5000, 40)) @ root.T
    held = []
    for _ in range(30):
        draws = rng.standard_normal((400, 40)) @ root.T
        ranks = draws.argsort(axis=0).argsort(axis=0)
        depth = np.sort(np.minimum(ranks, 399 - ranks).min(axis=1))[::-1][359]
        ordered = np.sort(draws, axis=0)
        held.append(((later >= ordered[depth]) & (later <= ordered[399 - depth])).all(axis=1).mean())
    assert 0.80 < np.mean(held) < 0.87


def test_too_few_draws_for_a_joint_band_give_the_range_of_the_draws():
    draws = np.random.default_rng(9).standard_normal((50, 30))
    low, high = limits(np.zeros(30), draws, 0.9, "percentile", "sup-t")
    assert_allclose(low, draws.min(axis=0))
    assert_allclose(high, draws.max(axis=0))


def test_a_constant_cell_keeps_its_value_and_does_not_count(draws):
    point = draws.mean(axis=0)
    low, high = limits(point, draws, 0.9, "percentile", "bonferroni")
    assert low[0, 1] == high[0, 1] == 0.0
    tail = 0.05 / 5
    assert_allclose(low[1:, 1], np.quantile(draws[:, 1:, 1], tail, axis=0), atol=1e-14)
    without, _ = limits(point[1:, 1:], draws[:, 1:, 1:], 0.9, "percentile", "sup-t")
    together, _ = limits(point, draws, 0.9, "percentile", "sup-t")
    assert_allclose(together[1:, 1:], without)


def test_sup_t_of_one_cell_is_the_pointwise_interval():
    slopes = np.random.default_rng(0).standard_normal((3, 1, 1))
    assert sup_t_quantile(slopes, 0.95, 200_000, 1, "path")[0, 0] == pytest.approx(ndtri(0.975), abs=0.01)
    # Two independent cells: the square root of the level each.
    apart = np.zeros((2, 2, 1))
    apart[0, 0], apart[1, 1] = 1.0, 2.0
    found = sup_t_quantile(apart, 0.9, 200_000, 1, "path")
    assert_allclose(found, ndtri((1 + np.sqrt(0.9)) / 2), atol=0.01)


def test_delta_method_bands_of_paths(model):
    alone = model.impulse_responses(8, bands=DeltaMethod())
    joint = model.impulse_responses(8, bands=DeltaMethod(joint="sup-t", seed=3))
    safe = model.impulse_responses(8, bands=DeltaMethod(joint="bonferroni"))
    whole = model.impulse_responses(8, bands=DeltaMethod(joint="sup-t", over="all", seed=3))
    widths = [float((band.upper - band.lower).sum()) for band in (alone, joint, safe, whole)]
    assert widths[0] < widths[1] < widths[2]
    assert widths[1] < widths[3]
    assert "sup-t over each path" in joint.band_label
    ratio = (safe.upper - safe.values)[1:, 0, 0] / safe.std_errors[1:, 0, 0]
    assert_allclose(ratio, ndtri(1 - 0.025 / 9))


def test_studentised_bands_of_a_var(model):
    """Each draw's error is the delta method's in a fit to that draw's data."""
    source = ResidualBootstrap(400, seed=2, interval="studentised")
    band = model.impulse_responses(4, bands=source, level=0.9)
    plain = model.impulse_responses(4, bands=ResidualBootstrap(400, seed=2), level=0.9)
    assert_allclose(band.draws, plain.draws)
    errors = model.impulse_responses(4, bands=DeltaMethod()).std_errors
    each = np.empty(band.draws.shape)
    pool = model._problem.residuals - model._problem.residuals.mean(axis=0)
    pool = pool * np.sqrt(model.nobs / model.df_resid)
    chosen = stream(2).integers(0, model.nobs, (400, model.nobs), dtype=np.uint32)
    for draw in range(400):
        path = model.data.values.copy()
        for row in range(1, len(path)):
            path[row] = model.intercept + model.coefficients[0] @ path[row - 1] + pool[chosen[draw, row - 1]]
        each[draw] = pv.fit_var(path, lags=1).impulse_responses(4, bands=DeltaMethod()).std_errors
    with np.errstate(invalid="ignore"):
        ratios = (band.draws - model.impulse_responses(4).values) / each
    expected = band.values - np.quantile(np.nan_to_num(ratios), 0.95, axis=0) * errors
    assert_allclose(band.lower, expected, atol=1e-9)


def test_rules_without_meaning_are_refused(model):
    with pytest.raises(SpecificationError, match="no meaning for MonteCarlo"):
        MonteCarlo(interval="hall")
    with pytest.raises(SpecificationError, match="no formula"):
        model.forecast(3, bands=ResidualBootstrap(200, seed=1, interval="studentised"))
    with pytest.raises(SpecificationError, match="sup-t"):
        ResidualBootstrap(joint="simultaneous")
    with pytest.raises(SpecificationError, match="over="):
        DeltaMethod(over="both")


def test_units_do_not_decide_which_cells_vary():
    slopes = np.random.default_rng(1).standard_normal((6, 4, 2, 3))
    slopes[:, 0, 0, 1] = 0.0
    units = np.ldexp(1.0, [[0, 60, -60], [-300, 0, 300]])
    for over in ("path", "all"):
        assert_array_equal(sup_t_quantile(slopes * units, 0.9, 500, 1, over), sup_t_quantile(slopes, 0.9, 500, 1, over))
        sizes = np.sqrt((slopes**2).sum(axis=0))
        assert_array_equal(bonferroni_quantile(sizes * units, 0.9, over), bonferroni_quantile(sizes, 0.9, over))


def test_a_path_that_does_not_vary_at_all_has_a_critical_value_too():
    slopes = np.random.default_rng(2).standard_normal((6, 4, 3))
    slopes[:, :, 2] = 0.0
    found = sup_t_quantile(slopes, 0.9, 500, 1, "path")
    assert found.shape == (4, 3)
    assert (found[:, 2] == 0.0).all()
