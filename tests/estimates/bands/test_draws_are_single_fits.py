"""Draws of every bootstrap against single fits, for every kind of specification and up to a unit root.

Each data set is generated a period at a time and fitted by the public function; the two agree within 100 eps times the
condition number of the regressors (their columns scaled to one length), each coefficient in its regressor's units.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar import (
    BootstrapAfterBootstrap,
    MovingBlockBootstrap,
    ParametricBootstrap,
    RecursiveWildBootstrap,
    ResidualBootstrap,
)
from panelvar.estimates.bands.resampling import Pool
from panelvar.estimates.bands.target import Target
from panelvar.kernels.dynamics import dynamics
from panelvar.kernels.dynamics.autoregressive_bias import least_squares_bias
from panelvar.kernels.dynamics.lag_problem import lag_matrices
from panelvar.systems.var.drawable_system import DrawableSystem

EPSILON = np.finfo(float).eps
ROWS, DRAWS, LAGS = 96, 3, 2
LEFT_OUT = {"x": ["L1.y", "L2.y"], "y": ["L2.x"]}
ROOTS = {"stable": 0.5, "near a unit root": 0.97, "unit root": 1.0}
BASES = {
    "residual": ResidualBootstrap(DRAWS, seed=1),
    "wild": RecursiveWildBootstrap(DRAWS, seed=1),
    "moving block": MovingBlockBootstrap(DRAWS, seed=1),
    "parametric": ParametricBootstrap(DRAWS, seed=1),
}


def data(root):
    """Two variables and one exogenous, at a level of a hundred."""
    rng = np.random.default_rng(4)
    values = np.zeros((ROWS, 3))
    for row in range(1, ROWS):
        values[row, 2] = root * values[row - 1, 2] + rng.standard_normal()
        own = np.array([[root, 0.05], [0.0, root]]) @ values[row - 1, :2] + 0.3 * values[row, 2]
        values[row, :2] = own + rng.standard_normal(2)
    return pd.DataFrame(values + 100.0, columns=["x", "y", "oil"])


FITS = {
    "constant": lambda frame: pv.fit_var(frame[["x", "y"]], lags=LAGS),
    "trends": lambda frame: pv.fit_var(frame[["x", "y"]], lags=LAGS, trend="ctt"),
    "exogenous and seasons": lambda frame: pv.fit_var(frame, lags=LAGS, exogenous=["oil"], exogenous_lags=2, seasons=4),
    "restricted, GLS": lambda frame: pv.fit_restricted_var(frame[["x", "y"]], restrictions=LEFT_OUT, lags=LAGS),
    "restricted, least squares": lambda frame: pv.fit_restricted_var(
        frame[["x", "y"]], restrictions=LEFT_OUT, lags=LAGS, method="ols"
    ),
    "restricted, likelihood": lambda frame: pv.fit_restricted_var(
        frame[["x", "y"]], restrictions=LEFT_OUT, lags=LAGS, method="ml"
    ),
}


def generated(model, frame, params, innovations):
    """One data set: the deterministic and exogenous terms as they were, the variables a period at a time."""
    problem, path = model._problem, frame.copy()
    values = path[["x", "y"]].to_numpy(copy=True)
    first = ROWS - problem.nobs
    terms = problem.design[:, : problem.n_deterministic]
    for row in range(first, ROWS):
        past = [values[row - lag] for lag in range(1, LAGS + 1)]
        values[row] = np.concatenate([terms[row - first], *past]) @ params + innovations[row - first]
    path[["x", "y"]] = values
    return path


def sizes(problem):
    """Lengths of the regressors, and the condition number of the regressors scaled to length one."""
    x = problem.design[:, : problem.n_regressors]
    lengths = np.linalg.norm(x, axis=0)
    return lengths, np.linalg.cond(x / lengths)


def assert_within_digits(found, single, problem, lengths=None):
    """Compare coefficients (m, K), each times the size of its regressor."""
    own, condition = sizes(problem)
    units = (own if lengths is None else lengths)[:, None]
    allowed = 100 * EPSILON * condition * np.abs(single * units).max()
    assert np.abs((found - single) * units).max() <= allowed


def target_of(model):
    return Target(DrawableSystem(model._problem, 1.0), np.zeros(1), lambda draws: draws.form.factor)


@pytest.mark.parametrize("root", ROOTS.values(), ids=ROOTS)
@pytest.mark.parametrize("fit", FITS.values(), ids=FITS)
@pytest.mark.parametrize("source", BASES.values(), ids=BASES)
def test_a_batch_equals_a_loop(root, fit, source):
    frame = data(root)
    model = fit(frame)
    problem = model._problem
    (chunk,) = source.chunks(target_of(model), np.random.default_rng(1))
    drawn = source.resample(Pool(problem.residuals, problem.df_resid), DRAWS, problem.nobs, np.random.default_rng(1))[0]
    for draw in range(DRAWS):
        single = fit(generated(model, frame, problem.params, drawn[draw]))._problem
        lags = chunk.form.coefficients[draw]
        stacked = lags.swapaxes(1, 2).reshape(-1, 2)
        assert_within_digits(np.concatenate([chunk.form.beside[draw], stacked]), single.params, single)
        scale = np.linalg.norm(single.scatter_factor, axis=1, keepdims=True)
        difference = np.abs(chunk.form.factor[draw] - single.scatter_factor) / scale
        assert difference.max() <= 100 * EPSILON * sizes(single)[1]


def corrected(estimate, bias):
    """Kilian's rule for one draw."""

    def modulus(lags):
        return np.abs(np.linalg.eigvals(dynamics.companion(lag_matrices(lags, 0)))).max()

    if modulus(estimate) >= 1.0:
        return estimate
    share = 1.0
    while share > 0.0 and modulus(estimate - share * bias) >= 1.0:
        share -= 0.01
    return estimate - max(share, 0.0) * bias


@pytest.mark.parametrize("root", ROOTS.values(), ids=ROOTS)
@pytest.mark.parametrize("fit", list(FITS.values())[:3], ids=list(FITS)[:3])
@pytest.mark.parametrize("base", BASES.values(), ids=BASES)
def test_a_corrected_batch_equals_a_loop(root, fit, base):
    """Both steps: the bias is a mean of single fits, and so is what is corrected by it a single fit."""
    assert_corrected_draws_are_single_fits(data(root), fit, base, "bootstrap")


@pytest.mark.parametrize("root", [0.5, 0.9])
@pytest.mark.parametrize("base", BASES.values(), ids=BASES)
def test_a_batch_corrected_by_the_formula_equals_a_loop(root, base):
    assert_corrected_draws_are_single_fits(data(root), FITS["constant"], base, "pope")


def assert_corrected_draws_are_single_fits(frame, fit, base, kind):
    model = fit(frame)
    problem, d = model._problem, model._problem.n_deterministic
    source = BootstrapAfterBootstrap(DRAWS, seed=2, bias_draws=5, base=base, bias=kind)
    (chunk,) = source.chunks(target_of(model), np.random.default_rng(2))
    rng = np.random.default_rng(2)
    if kind == "bootstrap":
        first = base.resample(Pool(problem.residuals, problem.df_resid), 5, problem.nobs, rng)[0]
        fits = [fit(generated(model, frame, problem.params, shocks))._problem.params[d:] for shocks in first]
        bias = np.mean(fits, axis=0) - problem.params[d:]
    else:
        bias = least_squares_bias(problem.coefficients, problem.residual_covariance("df"), problem.nobs)
    centre = corrected(problem.params[d:], bias)
    x, y = problem.design[:, : problem.n_regressors], problem.design[:, problem.n_regressors :]
    lengths = np.linalg.norm(x[:, :d], axis=0)
    terms = np.linalg.lstsq(x[:, :d] / lengths, y - x[:, d:] @ centre, rcond=None)[0] / lengths[:, None]
    generating = np.concatenate([terms, centre])
    second = base.resample(Pool(y - x @ generating, problem.df_resid), DRAWS, problem.nobs, rng)[0]
    for draw in range(DRAWS):
        single = fit(generated(model, frame, generating, second[draw]))._problem
        lags = corrected(single.params[d:], bias)
        found = chunk.form.coefficients[draw].swapaxes(1, 2).reshape(-1, 2)
        own_x, own_y = single.design[:, : single.n_regressors], single.design[:, single.n_regressors :]
        left = own_y - own_x[:, d:] @ lags
        beside = np.linalg.lstsq(own_x[:, :d] / lengths, left, rcond=None)[0] / lengths[:, None]
        expected = np.concatenate([beside, lags])
        assert_within_digits(np.concatenate([chunk.form.beside[draw], found]), expected, single)
