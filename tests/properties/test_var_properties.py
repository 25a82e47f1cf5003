"""Properties of vector autoregressions that hold for any data."""

from __future__ import annotations

import contextlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import panelvar as pv
from panelvar.kernels.dynamics import dynamics
from panelvar.kernels.dynamics.lag_problem import LagProblem, stack_lags

EPS = np.finfo(float).eps

seeds = st.integers(0, 2**32 - 1)


def series(seed: int, n: int, n_vars: int, persistence: float, level: float) -> np.ndarray:
    steps = np.random.default_rng(seed).standard_normal((n, n_vars))
    y = np.empty_like(steps)
    y[0] = steps[0]
    for row in range(1, n):
        y[row] = persistence * y[row - 1] + steps[row]
    return y + level


@given(seeds, st.integers(1, 4), st.integers(1, 4), st.integers(0, 8))
def test_responses_are_corners_of_companion_powers(seed, n_vars, lags, horizon):
    coefficients = np.random.default_rng(seed).normal(scale=0.4, size=(lags, n_vars, n_vars))
    companion = dynamics.companion(coefficients)
    power = np.linalg.matrix_power(companion, horizon)
    scale = max(1.0, np.abs(power).max())
    last = dynamics.moving_average(coefficients, horizon)[-1]
    np.testing.assert_allclose(last, power[:n_vars, :n_vars], atol=1e-12 * scale)


@given(
    seeds,
    st.integers(1, 3),
    st.integers(1, 3),
    st.sampled_from([0.0, 0.5, 0.99, 1.0]),
    st.sampled_from([0.0, 10.0, 1e4]),
)
def test_batched_refits_equal_single_fits(seed, n_vars, lags, persistence, level):
    y = series(seed, 60, n_vars, persistence, level)
    problem = LagProblem(stack_lags(y, lags, np.ones((60, 1))), 1, lags, n_vars)
    innovations = problem.residuals[np.random.default_rng(seed).integers(0, problem.nobs, (3, problem.nobs))]
    refits = problem.refit(innovations)
    for draw in range(3):
        path = y.copy()
        for row in range(lags, 60):
            path[row] = problem.params[0] + innovations[draw, row - lags]
            path[row] += sum(problem.coefficients[lag] @ path[row - 1 - lag] for lag in range(lags))
        single = LagProblem(stack_lags(path, lags, np.ones((60, 1))), 1, lags, n_vars)
        x = single.design[:, : single.n_regressors]
        condition = np.linalg.cond(x / np.linalg.norm(x, axis=0))
        units = np.linalg.norm(single.design, axis=0)
        units = units[: single.n_regressors, None] / units[single.n_regressors :]
        difference = np.abs(refits.params[draw] - single.params) * units
        assert difference.max() <= 100 * EPS * condition * np.abs(single.params * units).max()


@given(seeds, st.sampled_from(["n", "c", "ct"]), st.sampled_from([1, 2]))
def test_rotating_the_variables_rotates_the_model(seed, trend, lags):
    """Least squares is equivariant: fitting y Q' gives the coefficients Q A Q'."""
    y = series(seed, 50, 3, 0.5, 0.0)
    rotation = np.linalg.qr(np.random.default_rng(seed + 1).standard_normal((3, 3)))[0]
    model, turned = (pv.fit_var(values, lags=lags, trend=trend) for values in (y, y @ rotation.T))
    np.testing.assert_allclose(turned.coefficients, rotation @ model.coefficients @ rotation.T, atol=1e-10)
    np.testing.assert_allclose(turned.moduli, model.moduli, atol=1e-9)
    np.testing.assert_allclose(turned.sigma, rotation @ model.sigma @ rotation.T, atol=1e-10)
    assert abs(turned.loglik - model.loglik) < 1e-8


@given(seeds, st.integers(-(10**4), 10**4))
def test_a_level_moves_the_constant_only(seed, level):
    y = series(seed, 50, 2, 0.8, 0.0)
    model, raised = pv.fit_var(y, lags=2), pv.fit_var(y + level, lags=2)
    np.testing.assert_allclose(raised.coefficients, model.coefficients, atol=1e-9 * (1 + abs(level)))
    np.testing.assert_allclose(raised.sigma, model.sigma, rtol=1e-8)


@given(seeds, st.permutations(range(3)))
def test_the_ordering_changes_the_shocks_and_not_their_sum_of_squares(seed, order):
    model = pv.fit_var(series(seed, 60, 3, 0.5, 0.0), ["a", "b", "c"], lags=1)
    ordering = [model.names[place] for place in order]
    first, second = model.impulse_responses(4), model.impulse_responses(4, ordering=ordering)
    total = np.einsum("hik,hjk->hij", first.values, first.values)
    np.testing.assert_allclose(np.einsum("hik,hjk->hij", second.values, second.values), total, atol=1e-12)
    reordered = pv.fit_var(pd.DataFrame(model.data.values, columns=list("abc")), ordering, lags=1).impulse_responses(4)
    place = np.argsort(order)
    np.testing.assert_allclose(second.values, reordered.values[:, place][:, :, place], atol=1e-12)


@given(seeds, st.sets(st.integers(3, 46), max_size=6))
def test_lags_never_cross_a_gap(seed, absent):
    """Every row used has all its periods; the estimates are those of exactly these rows."""
    y = series(seed, 50, 2, 0.5, 0.0)
    frame = pd.DataFrame(y, columns=["a", "b"], index=pd.Index(range(50), dtype=np.int64)).drop(sorted(absent))
    rows = [row for row in range(2, 50) if not {row, row - 1, row - 2} & absent]
    costly = len(rows) < 48 - len(absent)
    with pytest.warns(pv.PanelVarWarning, match="absent") if costly else contextlib.nullcontext():
        model = pv.fit_var(frame, lags=2)
    assert model.resids.index.tolist() == rows
    x = np.column_stack([np.ones(len(rows)), y[np.array(rows) - 1], y[np.array(rows) - 2]])
    np.testing.assert_allclose(model.params, np.linalg.lstsq(x, y[rows], rcond=None)[0], atol=1e-10)


@given(seeds, st.integers(1, 5))
def test_a_longer_model_never_fits_worse(seed, longest):
    selection = pv.select_lags(series(seed, 60, 2, 0.7, 5.0), max_lags=longest, min_lags=0)
    assert (np.diff(selection.loglik) >= -1e-9).all()


@given(seeds)
def test_forecasts_forget_where_they_start(seed):
    model = pv.fit_var(series(seed, 80, 2, 0.4, 3.0), lags=1)
    assume(model.is_stable and model.moduli[0] < 0.9)
    forecast = model.forecast(300)
    np.testing.assert_allclose(forecast.values[-1], model.mean(), atol=1e-8)
    assert (np.diff(forecast.std_errors, axis=0) >= -1e-12).all()
