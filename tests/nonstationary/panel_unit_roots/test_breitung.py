"""Against the formulas entity by entity and period by period, and sizes under independence and correlation."""

from __future__ import annotations

import numpy as np
import pytest
from nonstationary.panel_unit_roots.panels import panel_of, walks

import panelvar as pv


def slow(values, lags, trend, robust):
    """The statistic, each sum a loop."""
    longest = max(lags)
    series = []
    for y, p in zip(values, lags, strict=True):
        dy = np.diff(y)
        columns = [np.ones(len(dy) - p)] if trend == "ct" else []
        columns += [dy[p - j : len(dy) - j] for j in range(1, p + 1)]
        weights = np.linalg.lstsq(np.column_stack(columns), dy[p:], rcond=None)[0][-p:] if p else np.empty(0)
        series.append([y[t] - sum(w * y[t - 1 - j] for j, w in enumerate(weights)) for t in range(longest, len(y))])
    x = np.array(series)
    n = x.shape[1] - 1
    levels, changes, errors = [], [], []
    for own in x:
        step = np.diff(own)
        level = {
            "n": [own[t - 1] for t in range(1, n + 1)],
            "c": [own[t - 1] - own[0] for t in range(1, n + 1)],
            "ct": [own[t - 1] - own[0] - (t - 1) / n * (own[n] - own[0]) for t in range(1, n)],
        }[trend]
        change = step
        if trend == "ct":
            change = [np.sqrt((n - t) / (n - t + 1)) * (step[t - 1] - step[t:].mean()) for t in range(1, n)]
        levels.append(level)
        changes.append(change)
        errors.append(step - step.mean() if trend == "ct" else step)
    covariance = np.array([[a @ b for b in errors] for a in errors]) / (n - (trend == "ct"))
    entities, rows = range(len(values)), range(len(levels[0]))
    if robust:
        top = sum(levels[i][t] * changes[i][t] for i in entities for t in rows)
        below = sum(levels[i][t] * covariance[i, j] * levels[j][t] for i in entities for j in entities for t in rows)
    else:
        top = sum(levels[i][t] * changes[i][t] / covariance[i, i] for i in entities for t in rows)
        below = sum(levels[i][t] ** 2 / covariance[i, i] for i in entities for t in rows)
    return top / np.sqrt(below)


@pytest.mark.parametrize("robust", [False, True])
@pytest.mark.parametrize("trend", ["n", "c", "ct"])
@pytest.mark.parametrize("lags", [0, 2, "aic", "t-stat"])
def test_every_step_in_loops(trend, lags, robust):
    values = walks(6, 40, seed=2) * np.array([[1.0], [0.5], [3.0], [2.0], [1.0], [0.7]]) + 5.0
    options = {"max_lags": 4} if isinstance(lags, str) else {}
    found = pv.breitung_test(panel_of(values), "y", lags=lags, trend=trend, robust=robust, **options)
    orders = [pv.adf_test(y, lags=lags, trend=trend, **options).lags for y in values]
    assert found.individual["lags"].tolist() == orders
    assert found.statistic == pytest.approx(slow(values, orders, trend, robust), rel=1e-9)
    rows = 39 - max(orders) - (trend == "ct")
    assert (found.nobs, set(found.individual["rows"])) == (6 * rows, {rows})


@pytest.mark.parametrize("trend", ["n", "c", "ct"])
def test_entities_have_their_own_statistics(trend):
    values = walks(5, 30, seed=4)
    found = pv.breitung_test(panel_of(values), "y", lags=1, trend=trend)
    own = [slow(values[[i]], [1], trend, robust=False) for i in range(5)]
    np.testing.assert_allclose(found.individual["ratio"], own, rtol=1e-9)


def test_units_of_one_entity():
    """They do not matter where each is over its own deviation, and weigh in the robust form."""
    values = walks(6, 40, seed=3)
    scaled = values * np.array([[1.0], [1e-3], [5.0], [1e4], [1.0], [2.0]])
    plain, other = (pv.breitung_test(panel_of(each), "y", lags=1, trend="ct") for each in (values, scaled))
    assert other.statistic == pytest.approx(plain.statistic, rel=1e-9)
    robust = pv.breitung_test(panel_of(scaled), "y", lags=1, trend="ct", robust=True)
    assert robust.statistic == pytest.approx(plain.individual["ratio"].iloc[3], abs=1e-3)


def test_far_from_zero():
    values = walks(6, 40, seed=5)
    for trend in ("c", "ct"):
        near = pv.breitung_test(panel_of(values), "y", lags=2, trend=trend).statistic
        far = pv.breitung_test(panel_of(values + 1e7), "y", lags=2, trend=trend).statistic
        assert far == pytest.approx(near, rel=1e-6)


def shares(trend: str, robust: bool, *, entities: int, periods: int, weight: float = 0.0, root: float = 1.0) -> float:
    """Share of 400 panels of no lags in which the unit root is rejected; neighbours share errors by weight."""
    rejected = 0
    for seed in range(400):
        errors = np.random.default_rng([seed, entities]).standard_normal((periods, entities))
        errors += weight * np.roll(errors, 1, axis=1)
        y = errors.copy()
        for t in range(1, periods):
            y[t] += root * y[t - 1]
        rejected += pv.breitung_test(y, lags=0, trend=trend, robust=robust).pvalue < 0.05
    return rejected / 400


@pytest.mark.parametrize("trend", ["n", "c", "ct"])
def test_true_nulls_are_rejected_as_often_as_the_level_says(trend):
    assert 0.025 < shares(trend, False, entities=20, periods=50) < 0.085
    assert 0.015 < shares(trend, True, entities=10, periods=50) < 0.085


@pytest.mark.parametrize("trend", ["c", "ct"])
def test_the_robust_form_allows_for_correlated_neighbours(trend):
    plain, robust = (shares(trend, each, entities=10, periods=50, weight=0.8) for each in (False, True))
    assert plain > 0.07
    assert robust < 0.07


@pytest.mark.parametrize("robust", [False, True])
def test_stationary_entities_are_found(robust):
    assert shares("ct", robust, entities=20, periods=50, root=0.8) > 0.95
    found = pv.breitung_test(panel_of(walks(12, 60, root=0.6)), "y", lags=1, robust=robust)
    assert found.pvalue < 1e-4
    assert "all entities are stationary" in found.reading()
    assert ("robust" in found.name, found.choices["Errors"].startswith("correlated")) == (robust, robust)


def test_a_time_effect_is_taken_out():
    values = walks(8, 40, seed=7)
    shocks = 10.0 * walks(1, 40, seed=8)
    plain = pv.breitung_test(panel_of(values), "y", lags=1, demean=True)
    shifted = pv.breitung_test(panel_of(values + shocks), "y", lags=1, demean=True)
    assert shifted.statistic == pytest.approx(plain.statistic, rel=1e-9)


@pytest.mark.parametrize(
    ("values", "options", "error", "match"),
    [
        (walks(4, 4), {"lags": 0}, pv.InsufficientDataError, "too few periods"),
        (walks(4, 30), {"lags": 40}, pv.InsufficientDataError, "too few periods"),
        (walks(4, 30), {"trend": "ctt"}, pv.SpecificationError, "trend"),
        (walks(4, 30), {"robust": "yes"}, pv.SpecificationError, "robust"),
        (np.vstack([walks(3, 30), 0.5 ** np.arange(30)]), {"lags": 1}, pv.PanelVarError, "e3"),
        (np.vstack([walks(3, 30), 1.0 + np.arange(30)]), {"lags": 0, "trend": "ct"}, pv.PanelVarError, "e3"),
        (np.vstack([walks(3, 30), np.r_[np.nan, np.arange(29) ** 1.5]]), {"lags": 1}, pv.DataError, "same periods"),
    ],
)
def test_panels_that_cannot_be_tested_are_refused(values, options, error, match):
    with pytest.raises(error, match=match):
        pv.breitung_test(panel_of(values), "y", **options)


def test_an_entity_that_rests_after_the_lags_of_others():
    """The periods that the longest lags leave are those of all."""
    resting = np.r_[0.0, 1.0, 0.4, 0.9, np.full(26, 0.5)]
    moving = [np.diff(walks(1, 34, seed=seed)[0], n=3)[:30] for seed in range(3)]
    with pytest.raises(pv.NumericalError, match="'e3' does not change"):
        pv.breitung_test(panel_of(np.vstack([*moving, resting])), "y", lags="aic", max_lags=6, trend="n")
