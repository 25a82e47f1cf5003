"""Entries of A and B that are one parameter: labels against a general optimiser over the parameters themselves."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from reference_data import table
from scipy.optimize import minimize

import panelvar as pv
from panelvar import DeltaMethod, ResidualBootstrap, ShortRun, SpecificationError, fit_svar
from panelvar.estimates.bands.target import Target
from panelvar.kernels.dynamics.reduced_form import ReducedForm
from panelvar.systems.var.drawable_system import DrawableSystem

NAMES = ("dl_realgdp", "dl_realcons", "dl_realinv")
NAN = np.nan
DIAGONAL = np.diag([NAN] * 3)


def a_of(*cells):
    return [[1, cells[0], cells[1]], [cells[2], 1, cells[3]], [cells[4], cells[5], 1]]


def equal(t):
    return np.array([[[1, 0, 0], [t[0], 1, 0], [t[1], t[0], 1]], np.diag(t[2:])])


def opposite(t):
    return np.array([[[1, t[0], 0], [0, 1, 0], [t[1], -t[0], 1]], np.diag(t[2:])])


def half(t):
    return np.array([np.eye(3), [[t[0], 0, 0], [t[1], t[2], 0], [0.5 * t[1], t[3], t[4]]]])


def one_size(t):
    return np.array([[[1, 0, 0], [t[0], 1, 0], [t[1], t[2], 1]], np.diag([t[3], t[3], t[4]])])


def across(t):
    return np.array([[[1, 0, 0], [t[0], 1, 0], [t[1], t[2], 1]], np.diag([t[3], t[4], -t[0]])])


CASES = {
    "equal": (ShortRun(a_of(0, 0, "x", 0, NAN, "x"), DIAGONAL), equal, [-0.4, -2.0, 0.8, 0.5, 3.0], 1),
    "opposite": (ShortRun(a_of("x", 0, 0, 0, NAN, "-x"), DIAGONAL), opposite, [-0.4, -2.0, 0.8, 0.5, 3.0], 1),
    "half": (ShortRun(b=[[NAN, 0, 0], ["x", NAN, 0], ["0.5*x", NAN, NAN]]), half, [0.8, 0.4, 0.5, 0.3, 3.0], 1),
    "one size": (
        ShortRun(a_of(0, 0, NAN, 0, NAN, NAN), [["s", 0, 0], [0, " s ", 0], [0, 0, NAN]]),
        one_size,
        [-0.4, -2, 0.1, 0.7, 3.0],
        1,
    ),
    "across": (
        ShortRun(a_of(0, 0, "x", 0, NAN, NAN), [[NAN, 0, 0], [0, NAN, 0], [0, 0, "-1 * x"]]),
        across,
        [-1.0, -2, 0.1, 0.7, 0.6],
        1,
    ),
}


@pytest.fixture(scope="module")
def model():
    return pv.fit_var(100 * table("us_macro")[list(NAMES)], lags=2)


def likelihood(pair, sigma):
    w = np.linalg.solve(pair[1], pair[0])
    return np.linalg.slogdet(w)[1] - 0.5 * np.trace(w @ sigma @ w.T)


@pytest.mark.parametrize("case", CASES)
def test_against_a_general_optimiser(model, case):
    scheme, form, start, spare = CASES[case]
    fit, sigma = fit_svar(model, scheme), model.sigma.to_numpy()

    def loss(t):
        return -likelihood(form(t), sigma)

    rough = minimize(loss, start, method="Nelder-Mead", options={"maxiter": 20_000, "xatol": 1e-9, "fatol": 1e-13})
    other = minimize(loss, rough.x, method="BFGS", options={"gtol": 1e-9})
    assert_allclose(fit.loglik / model.nobs + 1.5 * np.log(2 * np.pi), -other.fun, rtol=1e-9)
    assert_allclose(fit.pair, form(other.x), atol=2e-5)
    assert (fit.overidentification.df if fit.overidentification else 0) == spare
    # Errors by differences at the sigma that the form implies, and of each entry by the chain rule.
    implied, step = fit.sigma.to_numpy(), 1e-4
    moves = step * np.eye(len(start))
    curvature = np.array(
        [
            [
                -sum(i * j * likelihood(form(other.x + i * one + j * two), implied) for i in (1, -1) for j in (1, -1))
                / (4 * step**2)
                for two in moves
            ]
            for one in moves
        ]
    )
    slopes = np.array([(form(other.x + move) - form(other.x - move)) / (2 * step) for move in moves])
    spread = np.linalg.inv(curvature) / model.nobs
    errors = np.sqrt(np.maximum(np.einsum("ducv,de,eucv->ucv", slopes, spread, slopes), 0.0))
    assert_allclose(fit.pair_errors, errors, rtol=2e-4, atol=1e-9)


@pytest.mark.parametrize("case", CASES)
def test_derivatives_and_batches(model, case):
    scheme = CASES[case][0]
    shocks = model._shocks(scheme, "sd", None)
    form = ReducedForm(model.coefficients, np.linalg.cholesky(model.sigma))
    rng = np.random.default_rng(2)
    steps = np.zeros((3, *model.coefficients.shape))
    turned = rng.standard_normal((3, 3, 3))
    turned = turned + turned.swapaxes(1, 2)
    exact = shocks.derivatives(form, steps, turned)
    for d in range(3):
        ends = [
            shocks.impact(ReducedForm(model.coefficients, np.linalg.cholesky(model.sigma + h * turned[d])))
            for h in (1e-6, -1e-6)
        ]
        assert_allclose(exact[d], (ends[0] - ends[1]) / 2e-6, atol=1e-6 * max(1.0, np.abs(exact[d]).max()))
    target = Target(DrawableSystem(model._problem, model.df_resid), np.zeros(1), lambda draws: draws.form.factor)
    chunk = next(ResidualBootstrap(5, seed=3).chunks(target, np.random.default_rng(3))).form
    together = shocks.scheme.pairs(chunk, NAMES)
    for draw in range(5):
        one = ReducedForm(chunk.coefficients[draw], chunk.factor[draw])
        assert_allclose(together[draw], scheme.pairs(one, NAMES), atol=1e-7)


def test_two_ways_to_fit_are_announced(model):
    """Opposite reactions of two variables to each other: x fits, and so does -1 / x with the shocks exchanged."""
    scheme = ShortRun(a_of("x", 0, "-x", 0, NAN, NAN), DIAGONAL)
    with pytest.warns(pv.PanelVarWarning, match="only locally"):
        fit = fit_svar(model, scheme)
    a, b = fit.pair
    assert a[0, 1] == -a[1, 0]
    assert_allclose(fit.sigma, model.sigma, rtol=1e-9, atol=1e-12)
    other = a.copy()
    other[0, 1], other[1, 0] = -1.0 / a[0, 1], 1.0 / a[0, 1]
    sizes = np.diag([b[1, 1] / abs(a[0, 1]), b[0, 0] / abs(a[0, 1]), b[2, 2]])
    assert_allclose(likelihood(np.array([other, sizes]), model.sigma), likelihood(fit.pair, model.sigma), rtol=1e-10)


def test_ties_hold_with_long_run_zeros(model):
    scheme = ShortRun(
        b=[[NAN, "x", NAN], [NAN, NAN, "-x"], [NAN, NAN, NAN]], long_run={(NAMES[0], name): 0 for name in NAMES[1:]}
    )
    with pytest.warns(pv.PanelVarWarning, match="only locally"):
        fit = fit_svar(model, scheme)
    assert_allclose(fit.b.iloc[0, 1], -fit.b.iloc[1, 2], rtol=1e-12)
    assert_allclose(fit.b @ fit.b.to_numpy().T, model.sigma, rtol=1e-8)
    assert_allclose(fit.long_run.iloc[0, 1:], 0.0, atol=1e-12)
    with pytest.warns(pv.PanelVarWarning, match="only locally"):
        band = model.impulse_responses(3, identification=scheme, bands=DeltaMethod())
    assert_allclose(band.values[0], fit.b, atol=1e-12)
    assert_allclose(band.std_errors[0, 0, 1], band.std_errors[0, 1, 2], rtol=1e-8)


def test_mappings_and_frames_say_the_same(model):
    plain = fit_svar(model, CASES["equal"][0])
    frame = pd.DataFrame(a_of(0, 0, "x", 0, NAN, "x"), index=NAMES, columns=NAMES)
    mixed = fit_svar(model, ShortRun(frame.iloc[[1, 2, 0], [2, 0, 1]], DIAGONAL))
    assert_allclose(mixed.pair, plain.pair, atol=1e-9)
    x, y, z = NAMES
    named = {(x, y): 0, (x, z): 0, (y, x): "other", (y, z): 0, (z, y): "other"}
    assert_allclose(fit_svar(model, ShortRun(named, DIAGONAL)).pair, plain.pair, atol=1e-9)
    assert "A[dl_realcons, dl_realgdp]" in str(plain)


def test_bad_labels(model):
    for label in ("x y", "2x", "x + y", "nan", "0 * x", ""):
        with pytest.raises(SpecificationError, match="the label of an entry"):
            fit_svar(model, ShortRun(a_of(0, 0, label, 0, NAN, "x"), DIAGONAL))
    with pytest.raises(SpecificationError, match="long_run must hold numbers"):
        fit_svar(model, ShortRun(long_run={(NAMES[0], NAMES[1]): "x"}))
    with pytest.raises(SpecificationError, match="A is singular whatever"):
        fit_svar(model, ShortRun([["x", "x", 0], ["x", "x", 0], [0, 0, 1]], DIAGONAL))


def test_an_e_that_stands_twice_is_warned_about_since_statsmodels_reads_it_otherwise():
    y = np.random.default_rng(0).normal(size=(80, 2))
    model = pv.fit_var(y, lags=1)
    with pytest.warns(pv.PanelVarWarning, match='The label "E" stands at 2 entries, which are estimated as one'):
        shared = fit_svar(model, ShortRun(a=[[1, 0], [NAN, 1]], b=[["E", 0], [0, "E"]]))
    assert shared.b.to_numpy()[0, 0] == shared.b.to_numpy()[1, 1]
    # One entry is an entry of its own, and any other label is meant.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit_svar(model, ShortRun(a=[[1, 0], ["E", 1]], b=[[NAN, 0], [0, NAN]]))
        fit_svar(model, ShortRun(a=[[1, 0], [NAN, 1]], b=[["s", 0], [0, "s"]]))
