"""One QR against equation-by-equation least squares; batched refits against a loop of single fits."""

from __future__ import annotations

import numpy as np
import pytest

from panelvar.core.base.errors import NumericalError
from panelvar.kernels.dynamics import lag_problem
from panelvar.kernels.dynamics.lag_problem import LagProblem, kronecker_wald, lag_matrices, stack_lags
from panelvar.kernels.dynamics.restricted_lags import restricted_least_squares

EPS = np.finfo(float).eps


def random_walks(n: int, n_vars: int, level: float, seed: int, smooth: int = 1) -> np.ndarray:
    steps = np.random.default_rng(seed).standard_normal((n, n_vars))
    for _ in range(smooth):
        steps = np.cumsum(steps, axis=0)
    return steps + level


def build(y: np.ndarray, lags: int, deterministic: np.ndarray | None = None, rows=None, starts=(0,)) -> LagProblem:
    terms = np.ones((len(y), 1)) if deterministic is None else deterministic
    return LagProblem(stack_lags(y, lags, terms, rows), terms.shape[1], lags, y.shape[1], starts)


def scaled_condition(problem: LagProblem) -> float:
    x = problem.design[:, : problem.n_regressors]
    return float(np.linalg.cond(x / np.linalg.norm(x, axis=0)))


def test_layout_written_out():
    y = np.arange(10.0).reshape(5, 2)
    design = stack_lags(y, 2, np.arange(5.0)[:, None])
    np.testing.assert_array_equal(design[0], [2.0, *y[1], *y[0], *y[2]])
    np.testing.assert_array_equal(design[-1], [4.0, *y[3], *y[2], *y[4]])
    np.testing.assert_array_equal(stack_lags(y, 2, np.arange(5.0)[:, None], np.array([3]))[0], design[1])
    assert design.flags.f_contiguous


@pytest.mark.parametrize("lags", [1, 3])
def test_estimates_are_least_squares(lags):
    y = np.random.default_rng(0).standard_normal((80, 3))
    problem = build(y, lags)
    x, target = problem.design[:, : problem.n_regressors], problem.design[:, problem.n_regressors :]
    params = np.linalg.lstsq(x, target, rcond=None)[0]
    residuals = target - x @ params
    np.testing.assert_allclose(problem.params, params, atol=1e-13)
    np.testing.assert_allclose(problem.residuals, residuals, atol=1e-13)
    np.testing.assert_allclose(problem.inverse_factor @ problem.inverse_factor.T, np.linalg.inv(x.T @ x), atol=1e-14)
    factor = problem.scatter_factor
    np.testing.assert_allclose(factor @ factor.T, residuals.T @ residuals, rtol=1e-12)
    np.testing.assert_array_equal(factor, np.tril(factor))
    assert (np.diag(factor) > 0).all()


def test_lag_matrices_predict_like_the_coefficients():
    y = np.random.default_rng(1).standard_normal((40, 2))
    problem = build(y, 2)
    first, second = problem.coefficients
    fitted = problem.params[0] + first @ y[4] + second @ y[3]
    np.testing.assert_allclose(fitted, problem.design[3, :5] @ problem.params, atol=1e-14)


def test_every_shorter_order_is_read_from_one_factor():
    y = random_walks(90, 2, 5.0, 2)
    longest = 6
    factors = build(y, longest).scatter_factors_by_order()
    rows = np.arange(longest, len(y))
    for order in range(longest + 1):
        x = np.column_stack([np.ones(rows.size), *(y[rows - lag] for lag in range(1, order + 1))])
        residuals = y[rows] - x @ np.linalg.lstsq(x, y[rows], rcond=None)[0]
        np.testing.assert_allclose(factors[order].T @ factors[order], residuals.T @ residuals, rtol=1e-9)


def test_wald_of_exclusions_is_the_quadratic_form():
    problem = build(np.random.default_rng(3).standard_normal((60, 3)), 2)
    rows, columns = [2, 5], [0, 2]
    sigma = problem.scatter_factor @ problem.scatter_factor.T / problem.df_resid
    x = problem.design[:, : problem.n_regressors]
    covariance = np.kron(sigma, np.linalg.inv(x.T @ x))
    place = [column * problem.n_regressors + row for column in columns for row in rows]
    vector = problem.params.T.ravel()[place]
    expected = vector @ np.linalg.solve(covariance[np.ix_(place, place)], vector)
    block = sigma[np.ix_(columns, columns)]
    found = kronecker_wald(problem.params[np.ix_(rows, columns)], problem.inverse_factor[rows], block)
    assert found == pytest.approx(expected, rel=1e-11)


def test_dependent_columns_do_not_depend_on_units():
    y = np.random.default_rng(4).standard_normal((50, 2))
    assert build(y, 2).dependent_columns == ()
    assert build(y * [1e-12, 1e12], 2).dependent_columns == ()
    copied = np.column_stack([y, 3e-9 * y[:, 0]])
    # L1 and L2 of the copy, and the copy's own error.
    assert build(copied, 2).dependent_columns == (3, 6, 9)
    level = np.column_stack([y[:, 0], np.full(50, 7.0)])
    assert build(level, 1).dependent_columns[0] == 2
    # A level 1e8 above its variation is no constant.
    assert build(y + 1e8, 1).dependent_columns == ()
    # Nor is a series that differs from another in its eleventh digit the same.
    noise = np.random.default_rng(5).standard_normal(50)
    assert build(np.column_stack([y, y[:, 0] + 1e-11 * noise]), 1).dependent_columns == ()


@pytest.mark.parametrize("seed", range(30))
def test_combinations_are_found_whatever_the_level(seed):
    rng = np.random.default_rng(seed)
    n, level = int(rng.choice([20, 100, 1000])), rng.choice([0.0, 1e3, 1e6])
    y = np.cumsum(rng.standard_normal((n, 2)), axis=0) + level
    together = np.column_stack([y, y @ rng.standard_normal(2) + rng.choice([0.0, 100.0])])
    assert build(together, 1).dependent_columns[0] == 3


SERIES = {
    "white noise": (random_walks(80, 3, 0.0, 5, smooth=0), 2),
    "random walks": (random_walks(80, 3, 0.0, 6), 2),
    "near unit root at a level of 1e4": (random_walks(80, 3, 1e4, 7), 2),
    "twice integrated at a level of 1e4": (random_walks(80, 2, 1e4, 8, smooth=2), 3),
    "units a million apart": (random_walks(80, 2, 3.0, 9) * [1e-3, 1e3], 2),
}


@pytest.mark.parametrize("name", SERIES)
@pytest.mark.parametrize("trend", [0, 1])
def test_batched_refits_equal_a_loop_of_fits(name, trend):
    y, lags = SERIES[name]
    terms = np.column_stack([np.ones(len(y)), np.arange(1.0, len(y) + 1)])[:, : 1 + trend]
    problem = build(y, lags, terms)
    innovations = problem.residuals[np.random.default_rng(10).integers(0, problem.nobs, (20, problem.nobs))]
    refits = problem.refit(innovations)
    for draw in range(20):
        path = y.copy()
        for row in range(lags, len(y)):
            path[row] = terms[row] @ problem.params[: 1 + trend] + innovations[draw, row - lags]
            path[row] += sum(problem.coefficients[lag] @ path[row - 1 - lag] for lag in range(lags))
        single = build(path, lags, terms)
        allowed = 100 * EPS * scaled_condition(single)
        # Each coefficient in the units of its own regressor and equation.
        units = np.linalg.norm(single.design, axis=0)
        units = units[: single.n_regressors, None] / units[single.n_regressors :]
        difference = np.abs(refits.params[draw] - single.params) * units
        assert difference.max() <= allowed * np.abs(single.params * units).max()
        scale = np.linalg.norm(single.scatter_factor, axis=1, keepdims=True)
        assert (np.abs(refits.scatter_factor[draw] - single.scatter_factor) <= allowed * scale).all()


def test_refits_start_again_after_a_gap():
    y = random_walks(60, 2, 10.0, 11)
    y[30:33] = np.nan
    rows = np.array([row for row in range(2, 60) if np.isfinite(y[row - 2 : row + 1]).all()])
    starts = (0, int(np.flatnonzero(np.diff(rows) > 1)[0]) + 1)
    problem = build(y, 2, rows=rows, starts=starts)
    innovations = problem.residuals[np.random.default_rng(12).integers(0, problem.nobs, (5, problem.nobs))]
    refits = problem.refit(innovations)
    for draw in range(5):
        path = y.copy()
        for place, row in enumerate(rows):
            path[row] = problem.params[0] + innovations[draw, place]
            path[row] += problem.coefficients[0] @ path[row - 1] + problem.coefficients[1] @ path[row - 2]
        single = build(path, 2, rows=rows, starts=starts)
        np.testing.assert_allclose(refits.params[draw], single.params, rtol=1e-9, atol=1e-11)


def test_the_original_innovations_give_the_original_fit():
    problem = build(random_walks(70, 3, 1e3, 13), 2)
    refits = problem.refit(np.stack([problem.residuals] * 2))
    np.testing.assert_allclose(refits.params, np.stack([problem.params] * 2), rtol=1e-9)
    np.testing.assert_allclose(refits.scatter_factor[0], problem.scatter_factor, rtol=1e-10, atol=1e-12)


def laid_out(problem, innovations):
    """Rows [X* R11^-1, U*] of a draw, from data generated a period at a time."""
    d, m, p, k = problem.n_deterministic, problem.n_regressors, problem.lags, problem.n_vars
    x = problem.design[:, :m].copy()
    for row in range(1, problem.nobs):
        if row not in problem.run_starts:
            latest = x[row - 1] @ problem.params + innovations[row - 1]
            x[row, d:m] = np.concatenate([latest, x[row - 1, d : d + (p - 1) * k]])
    return np.concatenate([x @ problem.inverse_factor, innovations], axis=1)


@pytest.mark.parametrize(("k", "lags", "terms"), [(1, 1, 0), (2, 3, 1), (3, 2, 2), (7, 1, 1)])
@pytest.mark.parametrize("periods", [1, 10, 500])
def test_rows_do_not_depend_on_how_they_are_cut(k, lags, terms, periods, monkeypatch):
    """Stretches, gaps and the end cut each other anywhere."""
    n = 120
    y = random_walks(n, k, 0.0, 3)
    problem = build(y, lags, np.ones((n, terms)) * np.arange(n)[:, None] ** np.arange(terms), starts=(0, 41, 42, 90))
    monkeypatch.setattr(lag_problem, "CHUNK_BYTES", 3 * periods * 8 * problem.design.shape[1])
    innovations = np.random.default_rng(4).standard_normal((3, problem.nobs, k))
    found = [(part, rows.copy()) for part, rows in problem._stretches(innovations, *problem._recursion(None))]
    assert [rows.shape[1] for _, rows in found[:-1]] == [periods] * (len(found) - 1)
    rows = np.concatenate([rows for _, rows in found], axis=1)
    for draw in range(3):
        expected = laid_out(problem, innovations[draw])
        np.testing.assert_allclose(rows[draw], expected, rtol=0, atol=1e-10 * np.abs(expected).max())
    whole = problem.refit(innovations)
    monkeypatch.undo()
    np.testing.assert_allclose(whole.params, problem.refit(innovations).params, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("pieces", [1, 7])
def test_an_ill_conditioned_draw_is_solved_by_qr(pieces, monkeypatch):
    """Draws whose cross products are no good are laid out again, and equal a single fit all the same."""
    n = 60
    y = random_walks(n, 2, 0.0, 14)
    y[0] = 0.0
    problem = build(y, 1)
    calm = problem.residuals[np.random.default_rng(1).integers(0, n - 1, (3, n - 1))]
    innovations = calm.copy()
    # The second variable of this draw follows the first, but for a millionth.
    path = y.copy()
    for row in range(1, n):
        path[row, 0] = problem.params[0, 0] + path[row - 1] @ problem.params[1:, 0] + calm[1, row - 1, 0]
        path[row, 1] = path[row, 0] + 1e-6 * calm[1, row - 1, 1]
        innovations[1, row - 1] = path[row] - problem.params[0] - path[row - 1] @ problem.params[1:]
    sent = []

    def remember(gram, n_regressors):
        lower, poor = own(gram, n_regressors)
        sent.append(poor.tolist())
        return lower, poor

    monkeypatch.setattr(lag_problem, "CHUNK_BYTES", problem.design.nbytes // pieces)
    own = lag_problem._lower_factors
    monkeypatch.setattr(lag_problem, "_lower_factors", remember)
    refits = problem.refit(innovations)
    assert sent == [[1]]
    single = build(path, 1)
    allowed = 100 * EPS * scaled_condition(single)
    assert np.abs(refits.params[1] - single.params).max() <= allowed * np.abs(single.params).max()
    alone = problem.refit(innovations[[0, 2]])
    np.testing.assert_allclose(refits.params[[0, 2]], alone.params, rtol=1e-11)


def test_a_draw_beyond_cholesky_sends_its_chunk_to_qr():
    problem = build(random_walks(60, 2, 0.0, 14), 1)
    innovations = problem.residuals[np.random.default_rng(1).integers(0, 59, (3, 59))]
    expected = problem.refit(innovations[[0, 2]])
    # Constant innovations of zero: an equation that fits exactly, whose scatter has no Cholesky factor.
    innovations[1] = 0.0
    found = problem.refit(innovations)
    np.testing.assert_allclose(found.params[[0, 2]], expected.params, rtol=1e-10)
    np.testing.assert_allclose(found.scatter_factor[1], 0.0, atol=1e-12)


def test_chunks_fit_the_stated_memory():
    problem = build(random_walks(500, 7, 0.0, 15), 4)
    assert problem.chunk_size() * problem.design.nbytes <= lag_problem.CHUNK_BYTES
    large = build(random_walks(3000, 20, 0.0, 15), 4)
    assert large.design.nbytes > lag_problem.CHUNK_BYTES / 4
    assert large.chunk_size() == lag_problem.FEWEST_DRAWS


def test_lag_matrices_of_batches():
    params = np.arange(2 * 5 * 2.0).reshape(2, 5, 2)
    matrices = lag_matrices(params, 1)
    assert matrices.shape == (2, 2, 2, 2)
    assert matrices[1, 0, 0, 1] == params[1, 2, 0]


def test_shared_arrays_cannot_be_written():
    problem = build(random_walks(30, 2, 0.0, 16), 1)
    for array in (problem.params, problem.factor, problem.residuals, problem.scatter_factor, problem.inverse_factor):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0


def test_collinear_regressors_under_restrictions_are_refused_in_words():
    top = np.array([[1.0, 2.0, 2.0], [0.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
    free = np.array([[True, True], [True, False], [True, True]])
    with pytest.raises(NumericalError, match="linearly dependent"):
        restricted_least_squares(top, np.ones((3, 2)), np.eye(2), free)
