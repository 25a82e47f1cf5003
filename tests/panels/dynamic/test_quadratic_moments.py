"""Quadratic moments: against products one at a time and a search without derivatives; their gain and their errors."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from panels.dynamic.test_arellano_bond import FRAME
from scipy.optimize import minimize

import panelvar as pv

COLLAPSED = pv.LagInstruments(collapse=True)
GAPS = FRAME.drop([(3, 2004), (7, 2001), (7, 2005), (11, 2006)])
KINDS = ("noserial", "iid")


def by_hand(frame, params, kind):
    """Products of the residuals of y on its lag and x, entity by entity and one at a time."""
    wide = {name: frame[name].unstack().reindex(columns=range(2000, 2008)).to_numpy() for name in ("y", "x")}
    errors = np.full_like(wide["y"], np.nan)
    errors[:, 1:] = wide["y"][:, 1:] - params[0] * wide["y"][:, :-1] - params[1] * wide["x"][:, 1:]
    errors -= np.nanmean(errors)
    columns = [[row[t + 1] * (row[t] - row[t - 1]) for row in errors] for t in range(1, 7)]
    if kind == "iid":
        columns += [[row[t] ** 2 - row[t - 1] ** 2 for row in errors] for t in range(1, 8)]
    products = np.nan_to_num(np.array(columns).T)
    return products[:, (products != 0.0).any(axis=0)]


def stacked(found, frame, params, kind):
    """All moments of the entities at given coefficients."""
    linear = found.fit.estimate.problem.products.transpose(2, 0, 1)
    return np.hstack([linear[:, :, 2] - linear[:, :, :2] @ params, by_hand(frame, params, kind)])


def blind(frame, kind):
    """The least criterion of the two-step weights that a search without derivatives finds, and how many moments."""
    found = pv.fit_arellano_bond(frame, "y", "x", nonlinear=kind, instruments=COLLAPSED, steps=1)
    first = np.asarray(found.params)
    at = stacked(found, frame, first, kind)
    inverse = np.linalg.inv(at.T @ at)

    def criterion(params):
        total = stacked(found, frame, params, kind).sum(axis=0)
        return total @ inverse @ total

    options = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 4000}
    ends = [
        minimize(criterion, start, method="Nelder-Mead", options=options)
        for start in (first, np.array([1.0, 0.5]), np.array([0.0, 0.0]))
    ]
    return min(ends, key=lambda end: end.fun), at.shape[1]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("frame", [FRAME, GAPS], ids=["whole", "gaps"])
def test_the_two_step_estimate_is_the_least_that_a_blind_search_finds(kind, frame):
    found = pv.fit_arellano_bond(frame, "y", "x", nonlinear=kind, instruments=COLLAPSED)
    end, moments = blind(frame, kind)
    np.testing.assert_allclose(found.params, end.x, atol=1e-6)
    assert found.hansen_j.statistic == pytest.approx(end.fun, rel=1e-8)
    assert found.hansen_j.df == moments - 2
    assert found.n_instruments == moments == len(found.instrument_names)


def test_the_weights_of_the_one_step_estimates_take_the_moments_apart():
    found = pv.fit_arellano_bond(FRAME, "y", "x", nonlinear="noserial", instruments=COLLAPSED, steps=1)
    linear = pv.fit_arellano_bond(FRAME, "y", "x", instruments=COLLAPSED, steps=1)
    problem = linear.fit.estimate.problem
    at = np.asarray(linear.params)
    count = problem.n_moments
    errors, products = stacked(linear, FRAME, at, "noserial")[:, :count], by_hand(FRAME, at, "noserial")
    assumed = problem.weight
    scale = np.trace(np.linalg.solve(assumed, errors.T @ errors)) / count
    inverse = np.zeros((count + products.shape[1],) * 2)
    inverse[:count, :count] = np.linalg.inv(assumed * scale)
    inverse[count:, count:] = np.linalg.inv(products.T @ products)

    def criterion(params):
        total = stacked(linear, FRAME, params, "noserial").sum(axis=0)
        return total @ inverse @ total

    best = criterion(np.asarray(found.params))
    for move in np.vstack([np.eye(2), -np.eye(2)]) * 1e-4:
        assert criterion(np.asarray(found.params) + move) > best


@pytest.mark.parametrize("kind", KINDS)
def test_how_two_step_estimates_follow_their_weights_is_a_derivative(kind):
    problem = pv.fit_arellano_bond(GAPS, "y", "x", nonlinear=kind, instruments=COLLAPSED).fit.estimate.problem
    at = problem.one_step.params
    moved = problem.correction(problem.two_step(at), at)
    for place in range(2):
        step = np.zeros((2, 1))
        step[place] = 1e-4
        slope = (problem.two_step(at + step).params - problem.two_step(at - step).params) / 2e-4
        np.testing.assert_allclose(moved[:, place], slope[:, 0], rtol=1e-5, atol=1e-8)


def test_iterated_estimates_are_their_own_second_step():
    found = pv.fit_arellano_bond(FRAME, "y", "x", nonlinear="noserial", steps="iterated", instruments=COLLAPSED)
    again = found.fit.estimate.problem.two_step(found.fit.estimate.params)
    np.testing.assert_allclose(again.params, found.fit.estimate.params, rtol=1e-8)


def test_levels_units_and_order_decide_nothing():
    options = {"nonlinear": "iid", "instruments": COLLAPSED, "time_effects": True}
    plain = pv.fit_arellano_bond(GAPS, "y", "x", **options)
    moved = GAPS.sample(frac=1.0, random_state=3).assign(y=lambda f: f["y"] * 1e5, x=lambda f: f["x"] * 1e-3 + 2.0)
    moved = pv.fit_arellano_bond(moved, "y", "x", **options)
    np.testing.assert_allclose(moved.params["L(y)"], plain.params["L(y)"], rtol=1e-7)
    np.testing.assert_allclose(moved.params["x"], plain.params["x"] * 1e8, rtol=1e-7)
    np.testing.assert_allclose(moved.std_errors["L(y)"], plain.std_errors["L(y)"], rtol=1e-6)
    np.testing.assert_allclose(moved.hansen_j.statistic, plain.hansen_j.statistic, rtol=1e-6)


def test_every_test_of_the_moments_counts_the_quadratic_ones():
    found = pv.fit_arellano_bond(FRAME, "y", "x", lags=2, nonlinear="noserial", instruments=COLLAPSED)
    tests = found.instrument_tests()
    assert tests["quadratic"].df == 4.0
    assert tests["quadratic"].statistic > 0.0
    plain = pv.fit_arellano_bond(FRAME, "y", "x", lags=2, instruments=COLLAPSED)
    assert found.sargan.statistic == pytest.approx(plain.sargan.statistic, rel=1e-12)
    assert found.underidentification.statistic == pytest.approx(plain.underidentification.statistic, rel=1e-9)
    assert found.lag_selection().table.loc[2, "hansen"] == pytest.approx(found.hansen_j.statistic, rel=1e-9)
    assert found.instrument_names[-1] == "u(2007) D.u(2006)"
    assert np.isfinite(found.ar_test(2).statistic)
    assert found.serial_portmanteau(collapse=True).df == 5
    assert "quadratic moments" in str(found.summary())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"nonlinear": "both"}, "nonlinear='both' is not known"),
        ({"nonlinear": "iid", "steps": "cu"}, "is available with steps=1, 2 or 'iterated'"),
        ({"nonlinear": "iid", "steps": 1, "cov": "classical"}, "cov='robust' or 'uncorrected'"),
        ({"nl": True}, "Here it is nonlinear"),
    ],
)
def test_what_cannot_be_is_refused_in_words(options, words):
    with pytest.raises(pv.SpecificationError, match=re.escape(words)):
        pv.fit_arellano_bond(FRAME, "y", "x", instruments=COLLAPSED, **options)


def test_three_levels_in_a_row_are_needed():
    with pytest.raises(pv.InsufficientDataError, match="nonlinear='noserial' needs entities with three periods"):
        pv.fit_arellano_bond(FRAME.query("t < 2003"), "y", nonlinear="noserial")


@pytest.mark.slow
def test_they_help_where_the_process_is_persistent():
    """200 entities, 7 periods, a coefficient of .9: differences with levels alone are far off."""
    rng = np.random.default_rng(1)
    entities, draws = 200, 100
    found = []
    for _ in range(draws):
        effect = rng.standard_normal(entities)
        rows = [effect / 0.1 + rng.standard_normal(entities) / np.sqrt(1.0 - 0.81)]
        for _ in range(6):
            rows.append(0.9 * rows[-1] + effect + rng.standard_normal(entities))
        index = pd.MultiIndex.from_product([range(entities), range(7)], names=["i", "t"])
        frame = pd.DataFrame({"y": np.array(rows).T.ravel()}, index=index)
        fits = [pv.fit_arellano_bond(frame, "y", nonlinear=kind) for kind in (None, *KINDS)]
        found.append([fit.params["L(y)"] for fit in fits])
    bias = np.mean(found, axis=0) - 0.9
    spread = np.sqrt(np.mean((np.array(found) - 0.9) ** 2, axis=0))
    assert bias[0] < -0.2
    assert (bias[1:] > -0.1).all()
    assert (spread[1:] < 0.5 * spread[0]).all()


@pytest.mark.slow
def test_corrected_errors_cover_where_the_moments_identify():
    rng = np.random.default_rng(6)
    entities, draws, covered = 200, 200, 0
    for _ in range(draws):
        effect = rng.standard_normal(entities)
        rows = [effect / 0.5 + rng.standard_normal(entities) / np.sqrt(0.75)]
        for _ in range(6):
            rows.append(0.5 * rows[-1] + effect + rng.standard_normal(entities))
        index = pd.MultiIndex.from_product([range(entities), range(7)], names=["i", "t"])
        frame = pd.DataFrame({"y": np.array(rows).T.ravel()}, index=index)
        lower, upper = pv.fit_arellano_bond(frame, "y", nonlinear="noserial").conf_int().loc["L(y)"]
        covered += lower < 0.5 < upper
    assert 0.9 <= covered / draws <= 0.98
