"""The portmanteau test of the levels' errors: against loops over entities, its size and its power."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from panels.dynamic.test_arellano_bond import FRAME
from scipy import stats

import panelvar as pv

COLLAPSED = pv.LagInstruments(collapse=True)
GAPS = FRAME.drop([(3, 2004), (7, 2001), (7, 2005), (11, 2006)])


def by_hand(found, frame, *, collapse=False, most=99):
    """The statistic of y on its lag and x, one product at a time."""
    wide = {name: frame[name].unstack().reindex(columns=range(2000, 2008)).to_numpy() for name in ("y", "x")}
    lagged = np.full_like(wide["y"], np.nan)
    lagged[:, 1:] = wide["y"][:, :-1]
    values = np.stack([wide["y"], lagged, wide["x"]])
    seen = ~np.isnan(values).any(axis=0)
    params = np.asarray(found.params)
    rows = np.stack([values[0] - np.tensordot(params, values[1:], axes=1), *(-values[1:])])
    rows = rows - rows[:, seen].mean(axis=1)[:, None, None]
    moments: dict[tuple, np.ndarray] = {}
    slopes: dict[tuple, np.ndarray] = {}
    for i in range(len(seen)):
        for t in range(1, 8):
            for s in range(8):
                lag = t - s
                if not (seen[i, t] and seen[i, t - 1] and seen[i, s] and (lag == -1 or 2 <= lag <= most)):
                    continue
                key = (lag,) if collapse else (lag, t)
                change = rows[:, i, t] - rows[:, i, t - 1]
                moments.setdefault(key, np.zeros(len(seen)))[i] += rows[0, i, s] * change[0]
                slope = rows[1:, i, s] * change[0] + rows[0, i, s] * change[1:]
                slopes[key] = slopes.get(key, 0.0) + slope
    products = np.array(list(moments.values())).T
    spread = products + found.fit.estimate.influence @ np.array(list(slopes.values())).T
    total = products.sum(axis=0)
    return float(total @ np.linalg.solve(spread.T @ spread, total)), products.shape[1]


@pytest.mark.parametrize("options", [{}, {"collapse": True}, {"most": 2}, {"most": 3, "collapse": True}])
@pytest.mark.parametrize("steps", [1, 2])
def test_it_is_the_sum_of_products_one_at_a_time(options, steps):
    found = pv.fit_arellano_bond(GAPS, "y", "x", steps=steps, instruments=COLLAPSED)
    statistic, df = by_hand(found, GAPS, **options)
    test = found.serial_portmanteau(collapse=options.get("collapse", False), max_order=options.get("most"))
    assert (test.statistic, test.df) == (pytest.approx(statistic, rel=1e-8), df)
    assert test.pvalue == pytest.approx(stats.chi2.sf(statistic, df), rel=1e-8)


def test_a_balanced_panel_has_all_covariances_that_uncorrelated_errors_imply():
    found = pv.fit_arellano_bond(FRAME, "y", "x", instruments=COLLAPSED)
    assert found.serial_portmanteau().df == 7 * 6 / 2 - 1
    assert found.serial_portmanteau(collapse=True).df == 6


def test_what_each_entity_adds_makes_the_covariance():
    for options in ({"steps": 1}, {}, {"cov": "uncorrected"}, {"steps": "iterated", "instruments": COLLAPSED}):
        found = pv.fit_arellano_bond(FRAME, "y", "x", **options)
        influence = found.fit.estimate.influence
        np.testing.assert_allclose(influence.T @ influence, found.cov, rtol=1e-10)


def test_levels_and_units_decide_nothing():
    plain = pv.fit_arellano_bond(GAPS, "y", "x", instruments=COLLAPSED).serial_portmanteau(collapse=True)
    moved = GAPS.sample(frac=1.0, random_state=3).assign(y=lambda f: f["y"] * 1e6, x=lambda f: f["x"] * 1e-3 + 5.0)
    moved = pv.fit_arellano_bond(moved, "y", "x", instruments=COLLAPSED).serial_portmanteau(collapse=True)
    assert moved.statistic == pytest.approx(plain.statistic, rel=1e-6)


def test_clusters_of_entities_add_up():
    each = pv.fit_arellano_bond(FRAME, "y", "x", instruments=COLLAPSED, cov=pv.Clustered("i"))
    plain = pv.fit_arellano_bond(FRAME, "y", "x", instruments=COLLAPSED)
    assert each.serial_portmanteau().statistic == pytest.approx(plain.serial_portmanteau().statistic, rel=1e-10)
    coarse = pv.fit_arellano_bond(FRAME, "y", "x", instruments=COLLAPSED, cov=pv.Clustered("region"))
    with pytest.raises(pv.InsufficientDataError, match="there are 20 for 20"):
        coarse.serial_portmanteau()
    assert coarse.serial_portmanteau(collapse=True).df == 6


def test_what_cannot_be_is_refused_in_words():
    found = pv.fit_arellano_bond(FRAME.query("t < 2003"), "y", "x", steps=1)
    with pytest.raises(pv.InsufficientDataError, match="three periods in a row"):
        found.serial_portmanteau()
    with pytest.raises(pv.SpecificationError, match="max_order"):
        found.serial_portmanteau(max_order=0)
    with pytest.raises(pv.SpecificationError, match="collapse"):
        found.serial_portmanteau(collapse="yes")
    with pytest.raises(pv.SpecificationError, match="equation='w' must be one of: 'y'"):
        found.serial_portmanteau("w")


def drawn(rng, correlation, entities=200, periods=7):
    """Errors of variances that differ between entities and grow over time, with a moving average if they are to."""
    effect, size = rng.standard_normal(entities), np.exp(0.4 * rng.standard_normal(entities))
    rows, before = [effect / 0.5 + rng.standard_normal(entities)], rng.standard_normal(entities)
    for t in range(periods + 20):
        fresh = rng.standard_normal(entities) * size * (1.0 + 0.05 * t)
        rows.append(0.5 * rows[-1] + effect + fresh + correlation * before)
        before = fresh
    index = pd.MultiIndex.from_product([range(entities), range(periods)], names=["i", "t"])
    return pd.DataFrame({"y": np.array(rows[-periods:]).T.ravel()}, index=index)


@pytest.mark.slow
@pytest.mark.parametrize("collapse", [False, True])
def test_size_under_heteroskedasticity_and_power_against_a_moving_average(collapse):
    rng = np.random.default_rng(4)
    draws = 300
    shares = []
    for correlation in (0.0, 0.4):
        found = [pv.fit_arellano_bond(drawn(rng, correlation), "y", instruments=COLLAPSED) for _ in range(draws)]
        shares.append(np.mean([each.serial_portmanteau(collapse=collapse).pvalue < 0.05 for each in found]))
    assert 0.025 <= shares[0] <= 0.08
    assert shares[1] > 0.3
