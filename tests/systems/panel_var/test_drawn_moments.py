"""Draws of entities by whitened cross products, beside QR decompositions of moments with entities repeated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from quiet import quietly
from reference_data import table
from systems.panel_var.panel_var_twins import NAMES, panel_of

import panelvar as pv
from panelvar.panels.dynamic.instrument_moments import StackedMoments
from panelvar.panels.dynamic.weighting import root_of_moments
from panelvar.systems.panel_var.drawn_moments import DrawnProblem, WhitenedMoments

COLLAPSED = pv.LagInstruments(collapse=True)
FISCAL = ["grants", "revenues", "expenditures"]
SMALL = panel_of(seed=5, entities=150, periods=7)


def municipalities():
    """Levels far from zero, and places of all sizes."""
    return table("dahlberg").set_index(["id", "year"])


def with_outliers():
    """Four entities that move a thousand times as much: the moments of any draw are almost theirs alone."""
    frame = SMALL.copy()
    frame.loc[frame.index.levels[0][:4].tolist(), NAMES] *= 1000.0
    return frame


def with_a_twin(apart):
    """A variable beside nearly the same, so that instruments and errors are nearly dependent."""
    return SMALL.assign(x2=SMALL["x"] + apart * np.random.default_rng(1).standard_normal(len(SMALL)))


# What is fitted, and whether draws of it have cross products as good as their QR decomposition.
CASES = {
    "all lags": (SMALL, NAMES, {"instruments": pv.LagInstruments(last=4)}, True),
    "collapsed": (SMALL, NAMES, {"instruments": COLLAPSED}, True),
    "levels, time effects": (
        SMALL,
        NAMES,
        {"instruments": COLLAPSED, "level_equation": True, "transform": "fd", "time_effects": True},
        True,
    ),
    "gaps, exogenous": (panel_of(seed=1, entities=150, periods=8, gaps=0.1), NAMES, {"exogenous": ["z"]}, True),
    "each equation": (SMALL, NAMES, {"instruments": COLLAPSED, "joint": False}, True),
    "iterated": (SMALL, NAMES, {"instruments": COLLAPSED, "steps": "iterated"}, True),
    "municipalities": (municipalities(), FISCAL, {"instruments": COLLAPSED}, True),
    "near twins": (with_a_twin(0.3), ["x", "y", "x2"], {"instruments": COLLAPSED}, True),
    "nearer twins": (with_a_twin(1e-3), ["x", "y", "x2"], {"instruments": COLLAPSED}, False),
    "more than a block": (panel_of(seed=2, entities=3000, periods=5), NAMES, {}, True),
    "outliers": (with_outliers(), NAMES, {"instruments": COLLAPSED}, False),
    "too many": (panel_of(seed=5, entities=60, periods=9), NAMES, {}, False),
}


def repeated(found, counts):
    """The problem with each entity as often as it is drawn, whose weights are those of an ordinary fit."""
    problem = found.problem
    products = np.repeat(problem.products, counts.astype(int), axis=2)
    weight = found.model.kept.instruments.weight(found.row_covariances(), counts)
    return replace(problem, moments=StackedMoments(products), total=products.sum(axis=2), weight=weight)


def draws_of(entities, count):
    """Counts of entities in some draws."""
    return np.random.default_rng(1).multinomial(entities, np.full(entities, 1.0 / entities), size=count).astype(float)


def condition(moments):
    """Condition number of moments of unit length."""
    return np.linalg.cond(moments / np.sqrt(np.square(moments).sum(axis=0)))


@pytest.mark.parametrize("case", CASES)
def test_draws_are_those_of_repeated_entities(case, monkeypatch):
    frame, names, options, fast = CASES[case]
    model = quietly(pv.fit_panel_var, frame, names, method="gmm", **options)
    found, taken, every = model.fit.gmm, [], WhitenedMoments.roots

    def watched(self, *arguments):
        roots = every(self, *arguments)
        taken.append(roots is not None)
        return roots

    monkeypatch.setattr(WhitenedMoments, "roots", watched)
    weights = draws_of(model.n_entities, 3)
    params = model.fit.refits(weights).params
    assert taken
    assert set(taken) == {fast}
    errors = np.asarray(model.std_errors)
    for own, ours in zip(weights, params, strict=True):
        slow = replace(found, problem=repeated(found, own))
        moments = slow.problem.errors(slow.params)
        rank = np.linalg.matrix_rank(moments / np.sqrt(np.square(moments).sum(axis=0)), tol=1e-6)
        # Rounding of either way moves estimates by some units of it times the condition, in standard errors; that of a
        # generalised inverse is of the least size that it keeps.
        allowed = 1e-13 * (condition(moments) if rank == moments.shape[1] else 1e6)
        assert np.abs((ours - slow.params[model.fit.refits.order]) / errors).max() < allowed


def test_careful_draws_are_the_qr_decomposition_of_weighted_moments():
    model = quietly(pv.fit_panel_var, with_outliers(), NAMES, method="gmm", instruments=COLLAPSED)
    sample, params = model.fit.gmm.problem, model.fit.gmm.params
    (counts,) = draws_of(model.n_entities, 1)
    problem = DrawnProblem.of(sample, counts, sample.total, sample.weight, WhitenedMoments.of(sample))
    assert problem.whitened.roots(counts, params, 1) is None
    (root,) = problem.roots(params)
    expected = root_of_moments(StackedMoments(sample.products * np.sqrt(counts)).errors(params))
    assert_array_equal(root.upper, expected.upper)
    assert_array_equal(root.sizes, expected.sizes)


def test_a_singular_weight_of_the_sample_leaves_all_draws_to_qr():
    """Two of the instruments are the same, so that the one-step weight has no triangle."""
    frame = SMALL.assign(again=SMALL["z"])
    sets = [pv.LagInstruments(NAMES, 1, collapse=True), pv.StandardInstruments(["again", "z"])]
    model = quietly(pv.fit_panel_var, frame, NAMES, method="gmm", exogenous=["z"], instruments=sets)
    assert model.fit.gmm.problem.initial_root.upper is None
    assert model.fit.refits.whitened is None
    weights = draws_of(150, 2)
    params = model.fit.refits(weights).params
    for own, ours in zip(weights, params, strict=True):
        slow = replace(model.fit.gmm, problem=repeated(model.fit.gmm, own))
        assert_allclose(ours, slow.params[model.fit.refits.order], rtol=1e-9, atol=1e-11)


def drawn(seed, lengths, scale=1.0):
    """A problem of one equation with 60 entities and moments (60, L) that are uncorrelated but for these lengths."""
    rng = np.random.default_rng(seed)
    count = len(lengths)
    white = np.linalg.qr(rng.standard_normal((60, count)))[0]
    turn = np.linalg.qr(rng.standard_normal((count, count)))[0]
    triangle = np.linalg.qr(np.diag(lengths) @ turn, mode="r")
    return white, white @ triangle * scale, triangle * scale


@pytest.mark.parametrize("least", [1.0, 1e-2, 1e-4])
@pytest.mark.parametrize("scale", [1.0, 1e-60, 1e60])
def test_a_root_is_the_triangle_of_the_qr_decomposition(least, scale):
    """Of moments in their own coordinates, whatever their condition and units."""
    white, moments, triangle = drawn(0, np.geomspace(1.0, least, 5), scale)
    whitened = WhitenedMoments(np.stack([np.zeros_like(white), white], axis=1), triangle)
    (root,) = whitened.roots(np.ones(60), np.zeros((1, 1)), 1)
    expected = root_of_moments(moments)
    assert_allclose(root.sizes, expected.sizes, rtol=1e-13)
    signs = np.sign(expected.upper.diagonal())
    assert_allclose(root.upper, signs[:, None] * expected.upper, atol=1e-13 / least)


def test_dependent_moments_have_no_fast_root():
    """Where the covariance counts as singular in its own coordinates, it does however it is found."""
    for least, there in ((1e-5, True), (1e-8, False)):
        white, moments, triangle = drawn(0, np.array([1.0, 1.0, 1.0, least]))
        whitened = WhitenedMoments(np.stack([np.zeros_like(white), white], axis=1), triangle)
        assert (root_of_moments(moments).upper is not None) == there
        assert (whitened.roots(np.ones(60), np.zeros((1, 1)), 1) is not None) == there


@pytest.mark.parametrize(("size", "there"), [(1e-1, True), (1e-3, False), (0.0, False), (np.nan, False)])
def test_whitened_moments_that_are_nearly_dependent_have_no_fast_root(size, there):
    """The sample's weight has little to do with this draw's."""
    white, _, triangle = drawn(0, np.ones(4))
    white = white.copy()
    white[:, 3] = white[:, 2] + size * white[:, 3]
    whitened = WhitenedMoments(np.stack([np.zeros_like(white), white], axis=1), triangle)
    assert (whitened.roots(np.ones(60), np.zeros((1, 1)), 1) is not None) == there


def test_draws_of_fewer_entities_than_moments_have_no_fast_root():
    white, _, triangle = drawn(0, np.ones(4))
    whitened = WhitenedMoments(np.stack([np.zeros_like(white), white], axis=1), triangle)
    for count, there in ((3, False), (40, True)):
        counts = (np.arange(60) < count).astype(float)
        assert (whitened.roots(counts, np.zeros((1, 1)), 1) is not None) == there


def test_one_step_draws_have_no_weights_of_their_own():
    assert quietly(pv.fit_panel_var, SMALL, NAMES, method="gmm", steps=1).fit.refits.whitened is None
