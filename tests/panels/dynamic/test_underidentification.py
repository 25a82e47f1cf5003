"""The test of underidentification: against a search by brute force, its size and its power."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from panels.dynamic.test_arellano_bond import FRAME
from scipy import optimize, stats

import panelvar as pv

COLLAPSED = pv.LagInstruments(collapse=True)


def criterion(moments, combination):
    """The criterion of one combination of the regressors, by the formula."""
    errors = moments @ combination
    total = errors.sum(axis=0)
    return float(total @ np.linalg.solve(errors.T @ errors, total))


def regressor_moments(found):
    return found.fit.estimate.problem.products.transpose(2, 0, 1)[:, :, : len(found.names)]


@pytest.mark.parametrize("window", [None, COLLAPSED])
def test_the_statistic_is_the_least_over_all_combinations(window):
    found = pv.fit_arellano_bond(FRAME, "y", "x", instruments=window)
    moments = regressor_moments(found)
    angles = np.linspace(0.0, np.pi, 20001)
    least = min(criterion(moments, np.array([np.cos(angle), np.sin(angle)])) for angle in angles)
    test = found.underidentification
    assert least * (1.0 - 1e-6) <= test.statistic <= least
    assert test.df == found.n_instruments - 1
    assert test.pvalue == pytest.approx(stats.chi2.sf(test.statistic, test.df), rel=1e-10)
    assert [each.name for each in test.parts] == ["L(y)", "x"]


def test_with_more_regressors_no_combination_has_less():
    found = pv.fit_arellano_bond(FRAME, "y", "x", predetermined="w", lags=2, instruments=COLLAPSED)
    moments = regressor_moments(found)
    test = found.underidentification
    rng = np.random.default_rng(2)
    assert min(criterion(moments, rng.standard_normal(4)) for _ in range(20000)) > test.statistic


def test_by_regressor_it_is_two_step_gmm_of_that_regressor_on_the_others():
    found = pv.fit_arellano_bond(FRAME, "y", "x", predetermined="w", instruments=COLLAPSED)
    problem, moments = found.fit.estimate.problem, regressor_moments(found)
    inverse = np.linalg.inv(problem.weight)
    slopes, target = moments[:, :, [0, 2]], moments[:, :, 1]
    for _ in range(2):
        total, aim = slopes.sum(axis=0), target.sum(axis=0)
        params = np.linalg.solve(total.T @ inverse @ total, total.T @ inverse @ aim)
        errors, weight = target - slopes @ params, inverse
        inverse = np.linalg.inv(errors.T @ errors)
    left = aim - total @ params
    assert found.underidentification.parts[1].statistic == pytest.approx(left @ weight @ left, rel=1e-8)


def test_one_regressor_needs_no_search():
    found = pv.fit_arellano_bond(FRAME, "y", instruments=COLLAPSED)
    test = found.underidentification
    assert test.statistic == pytest.approx(criterion(regressor_moments(found), np.ones(1)), rel=1e-9)
    assert (test.df, test.parts) == (found.n_instruments, ())


def test_units_and_the_steps_of_the_estimate_decide_nothing():
    plain = pv.fit_blundell_bond(FRAME, "y", "x", instruments=COLLAPSED).underidentification
    scaled = FRAME.assign(y=FRAME["y"] * 1e8, x=FRAME["x"] * 1e-6)
    moved = pv.fit_blundell_bond(scaled, "y", "x", instruments=COLLAPSED, steps=1).underidentification
    np.testing.assert_allclose(moved.statistic, plain.statistic, rtol=1e-6)
    np.testing.assert_allclose(
        [each.statistic for each in moved.parts], [each.statistic for each in plain.parts], rtol=1e-6
    )


def test_as_many_moments_as_entities_are_refused():
    with pytest.warns(pv.PanelVarWarning, match="22 moments for 20 entities"):
        found = pv.fit_arellano_bond(FRAME.loc[:19], "y", "x", steps=1)
        found_two = pv.fit_arellano_bond(FRAME.loc[:19], "y", "x")
    for each in (found, found_two):
        with pytest.raises(pv.InsufficientDataError, match=r"fewer moments than entities.*there are 22 for 20"):
            _ = each.underidentification


def rugged(entities, periods=12, seed=0):
    """Few entities for the moments of three lags of each of three variables: the criterion has dozens of minima."""
    rng = np.random.default_rng(seed)
    effect, year = rng.standard_normal((entities, 1)), rng.standard_normal(periods)
    x = rng.standard_normal((entities, periods)) + effect
    shock = rng.standard_normal((entities, periods))
    w = 0.5 * shock + rng.standard_normal((entities, periods))
    y = 0.5 * x + 0.6 * w + effect + year + shock
    for period in range(1, periods):
        y[:, period] += 0.4 * y[:, period - 1]
    index = pd.MultiIndex.from_product([range(entities), range(periods)], names=["i", "t"])
    return pd.DataFrame({"y": y.ravel(), "x": x.ravel(), "w": w.ravel()}, index=index)


WINDOW = {
    "lags": 2,
    "predetermined": "w",
    "time_effects": True,
    "steps": 1,
    "instruments": pv.LagInstruments(last=3),
}


def searched(moments, start):
    """A minimum near a start, by quasi-Newton steps of the formula alone; smooth in coordinates of unit moments."""

    def form(combination):
        errors = moments @ combination
        total = errors.sum(axis=0)
        solved = np.linalg.solve(errors.T @ errors, total)
        left = moments.sum(axis=0) - np.tensordot(errors @ solved, moments, axes=1)
        return float(total @ solved), 2.0 * left.T @ solved

    return float(optimize.minimize(form, start, jac=True, method="BFGS", options={"gtol": 1e-9}).fun)


@pytest.mark.parametrize("seed", [0, 1])
def test_of_many_minima_it_is_the_lowest_that_many_random_searches_find(seed):
    found = pv.fit_arellano_bond(rugged(120, seed=seed), "y", "x", **WINDOW)
    moments = regressor_moments(found)
    moments = moments / np.sqrt(np.einsum("glj,glj->l", moments, moments))[:, None]
    flat = moments.reshape(-1, moments.shape[2])
    moments = moments @ np.linalg.inv(np.linalg.qr(flat, mode="r"))
    rng = np.random.default_rng(seed)
    minima = np.array([searched(moments, rng.standard_normal(moments.shape[2])) for _ in range(60)])
    least = found.underidentification.statistic
    assert (minima > least * 1.01).sum() >= 10
    assert least == pytest.approx(minima.min(), rel=1e-9)


def test_of_many_minima_neither_order_nor_units_nor_chunks_choose_one():
    frame = rugged(80)
    plain = pv.fit_arellano_bond(frame, "y", "x", **WINDOW).underidentification.statistic
    rows = frame.reset_index()
    rng = np.random.default_rng(1)
    others = [
        rows.assign(i=-rows["i"]).set_index(["i", "t"]),
        rows.assign(i=rng.permutation(80)[rows["i"]]).set_index(["i", "t"]),
        frame.assign(y=frame["y"] * 1e8, x=frame["x"] * 1e-6, w=frame["w"] * -37.0),
    ]
    chunks = [
        pv.PanelStream([rows.iloc[at : at + size] for at in range(0, len(rows), size)], entity="i", time="t")
        for size in (7, 100)
    ]
    for each in (*others, *chunks):
        moved = pv.fit_arellano_bond(each, "y", "x", **WINDOW).underidentification.statistic
        assert moved == pytest.approx(plain, rel=1e-9)


def test_moments_whose_covariance_is_singular_for_some_combination_are_refused():
    found = pv.fit_arellano_bond(rugged(60), "y", "x", **WINDOW)
    with pytest.raises(pv.InsufficientDataError, match="13 coefficients takes at most 48 moments from 60"):
        _ = found.underidentification


def test_the_table_says_the_hypothesis_once():
    text = str(pv.fit_arellano_bond(FRAME, "y", "x", instruments=COLLAPSED).underidentification.summary())
    assert text.count("do not identify") == 1


def walk(rng, rho, entities=200, periods=7):
    """An autoregression with an exogenous regressor; a random walk without drift where rho is one."""
    effect = rng.standard_normal(entities) * (1.0 - rho)
    rows = [rng.standard_normal(entities)]
    x = rng.standard_normal((periods + 1, entities))
    for each in x[1:]:
        rows.append(rho * rows[-1] + each + effect + rng.standard_normal(entities) * (1.0 + 0.5 * (x[0] > 0.0)))
    index = pd.MultiIndex.from_product([range(entities), range(periods + 1)], names=["i", "t"])
    return pd.DataFrame({"y": np.array(rows).T.ravel(), "x": x.T.ravel()}, index=index)


@pytest.mark.slow
@pytest.mark.parametrize(("rho", "least", "most"), [(1.0, 0.03, 0.075), (0.5, 0.99, 1.0)])
def test_size_where_levels_say_nothing_of_differences_and_power_where_they_do(rho, least, most):
    rng = np.random.default_rng(11)
    draws = 300
    found = [pv.fit_arellano_bond(walk(rng, rho), "y", "x", steps=1, instruments=COLLAPSED) for _ in range(draws)]
    share = float(np.mean([each.underidentification.pvalue < 0.05 for each in found]))
    assert least <= share <= most
