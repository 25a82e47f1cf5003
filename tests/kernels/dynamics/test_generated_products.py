"""Cross products of generated data, beside those of rows laid out one by one."""

from __future__ import annotations

import numpy as np
import pytest

from panelvar.kernels.dynamics import generated_products as module
from panelvar.kernels.dynamics.lag_problem import LagProblem, stack_lags


def build(n=101, n_vars=2, lags=2, terms=1, *, persistence=0.6, level=0.0, starts=(0,)):
    rng = np.random.default_rng(1)
    y = rng.standard_normal((n, n_vars))
    for row in range(1, n):
        y[row] += persistence * y[row - 1]
    beside = np.column_stack([np.ones(n), np.arange(n) / n, rng.standard_normal(n)])[:, :terms]
    return LagProblem(stack_lags(y + level, lags, beside), terms, lags, n_vars, starts)


def drawn(problem, count):
    picked = np.random.default_rng(2).integers(0, problem.nobs, (count, problem.nobs))
    return problem.residuals[picked]


def generated_design(problem, innovations, params):
    """[X*, Y*] of one draw, a period at a time."""
    d, m, k = problem.n_deterministic, problem.n_regressors, problem.n_vars
    design = problem.design.copy()
    for row in range(problem.nobs):
        if row:
            design[row, d:m] = np.concatenate([design[row - 1, m:], design[row - 1, d : m - k]])
        design[row, m:] = design[row, :m] @ params + innovations[row]
    return design


def laid_out(problem, innovations, params):
    """Cross products of [Z, U*] of one draw."""
    x = generated_design(problem, innovations, params)[:, : problem.n_regressors]
    rows = np.concatenate([x @ problem.inverse_factor, innovations], axis=1)
    return rows.T @ rows


def assert_equal(problem, innovations, params=None):
    found, far = problem._generated(params).gram(innovations)
    assert not far.any()
    for gram, own in zip(found, innovations, strict=True):
        expected = laid_out(problem, own, problem.params if params is None else params)
        sizes = np.sqrt(expected.diagonal())
        np.testing.assert_allclose(gram / sizes / sizes[:, None], expected / sizes / sizes[:, None], atol=2e-12)


@pytest.mark.parametrize(("n_vars", "lags"), [(1, 1), (1, 4), (2, 1), (3, 2), (5, 3)])
@pytest.mark.parametrize(("terms", "level"), [(0, 0.0), (1, 0.0), (1, 1e3), (2, 10.0), (3, 10.0)])
def test_products_are_those_of_the_rows(n_vars, lags, terms, level):
    problem = build(101, n_vars, lags, terms, level=level)
    assert_equal(problem, drawn(problem, 3))


def test_other_coefficients_generate_other_data():
    problem = build(terms=2)
    assert_equal(problem, drawn(problem, 3), problem.params * 0.9)


@pytest.mark.parametrize("stretch", [1, 3000])
def test_stretches_of_periods_cut_anywhere(stretch, monkeypatch):
    monkeypatch.setattr(module, "STRETCH_BYTES", stretch)
    problem = build(n_vars=3, lags=3)
    assert_equal(problem, drawn(problem, 4))


def test_systems_whose_products_would_lack_digits_have_none():
    assert build()._generated(None) is not None
    assert build(persistence=0.9999, n=2000)._generated(None) is None
    assert build(terms=0, level=100.0)._generated(None) is None
    assert build(lags=0)._generated(None) is None
    assert build(starts=(0, 40))._generated(None) is None
    problem = build()
    # An equation whose errors are a thousandth of what it explains.
    small = problem.design.copy()
    small[:, problem.n_regressors :] -= 0.999 * problem.residuals
    assert LagProblem(small, 1, 2, 2)._generated(None) is None


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [30.0, 1e160])
def test_draws_beyond_the_sample_are_solved_by_their_rows(size):
    problem = build()
    innovations = drawn(problem, 4)
    innovations[2] *= size
    gram, far = problem._generated(None).gram(innovations)
    assert far.tolist() == [False, False, True, False]
    np.testing.assert_array_equal(gram[2], np.eye(len(gram[2])))
    if size < 1e3:
        refits = problem.refit(innovations)
        for draw in range(4):
            design = generated_design(problem, innovations[draw], problem.params)
            single = LagProblem(design, 1, 2, 2)
            np.testing.assert_allclose(refits.params[draw], single.params, rtol=1e-10, atol=1e-12)
            np.testing.assert_allclose(refits.scatter_factor[draw], single.scatter_factor, rtol=1e-10, atol=1e-10)
