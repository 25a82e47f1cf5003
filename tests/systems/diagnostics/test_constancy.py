"""Fluctuation tests of vector autoregressions, against regressions run row by row and simulated processes."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from reference_data import table
from scipy import stats
from simulation.mosum_quantiles import STEPS, WINDOWS, largest_increments

import panelvar as pv
from panelvar import InsufficientDataError, SpecificationError
from panelvar.systems.diagnostics import constancy, limit_processes


def series(rows: int = 100, seed: int = 2) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    y = np.zeros((rows, 2))
    for t in range(1, rows):
        y[t] = 0.5 + 0.4 * y[t - 1] + rng.standard_normal(2)
    index = pd.period_range("1990Q1", periods=rows, freq="Q")
    return pd.DataFrame(y, columns=["a", "b"], index=index)


def row_by_row(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A regression of all rows before each."""
    m = x.shape[1]
    out = []
    for t in range(m, len(x)):
        b = np.linalg.lstsq(x[:t], y[:t], rcond=None)[0]
        out.append((y[t] - x[t] @ b) / np.sqrt(1 + x[t] @ np.linalg.inv(x[:t].T @ x[:t]) @ x[t]))
    return np.array(out)


@pytest.mark.parametrize("trend", ["c", "ct", "n"])
def test_recursive_residuals_are_errors_of_regressions_before(trend):
    model = pv.fit_var(series(), lags=2, trend=trend)
    m = model.n_regressors
    x, y = model._problem.design[:, :m], model._problem.design[:, m:]
    w = row_by_row(x, y)
    # Their squares add up to those of the residuals.
    assert_allclose((w**2).sum(axis=0), (model.resids.to_numpy() ** 2).sum(axis=0), rtol=1e-8)
    sigma = np.sqrt((w**2).mean(axis=0))
    cumulated = w.cumsum(axis=0) / sigma / np.sqrt(len(w))
    found = pv.cusum_test(model, statistic="recursive")
    assert_allclose(found.paths, cumulated, atol=1e-8)
    assert list(found.paths.index) == list(model.resids.index[m:])
    share = np.arange(1, len(w) + 1) / len(w)
    expected = (np.abs(cumulated[:, 0]) / (1 + 2 * share)).max()
    assert found.tests["a"].statistic == pytest.approx(expected, rel=1e-8)
    squares = pv.cusum_test(model, statistic="squares")
    gap = (w**2).cumsum(axis=0) / (w**2).sum(axis=0) - share[:, None]
    assert_allclose(squares.paths, np.sqrt(len(w) / 2) * gap, atol=1e-8)
    assert squares.tests["b"].pvalue == pytest.approx(stats.kstwobign.sf(np.abs(squares.paths["b"]).max()), rel=1e-6)
    moving = pv.mosum_test(model, statistic="recursive", window=0.2)
    length = int(0.2 * len(w))
    sums = np.array([w[t : t + length].sum(axis=0) for t in range(len(w) - length + 1)]) / sigma / np.sqrt(len(w))
    assert_allclose(moving.paths, sums, atol=1e-8)
    theirs = pv.fit_var(series(), lags=2, trend=trend, convention="vars")
    spread = w.std(axis=0, ddof=1)
    path = w.cumsum(axis=0) / spread / np.sqrt(len(w))
    assert_allclose(pv.cusum_test(theirs, statistic="recursive").paths, path, atol=1e-8)


def test_moving_sums_of_residuals():
    model = pv.fit_var(series(), lags=1)
    u, n = model.resids.to_numpy(), model.nobs
    scale = np.sqrt((u**2).sum(axis=0) / model.df_resid * n)
    sums = np.array([u[t : t + 14].sum(axis=0) for t in range(n - 13)]) / scale
    found = pv.mosum_test(model)
    assert_allclose(found.paths, sums, atol=1e-12)
    assert found.paths.index[-1] == model.resids.index[-1]
    assert found.tests["b"].statistic == pytest.approx(np.abs(sums[:, 1]).max())
    assert found.window == 0.15
    assert pv.fit_var(series(), lags=1).nobs == 99
    assert len(pv.mosum_test(model, window=29 / 99).paths) == 99 - 29 + 1


def test_rows_that_do_not_tell_regressors_apart_are_passed_over():
    """A dummy of later periods: no row before the first of them has an estimate of it."""
    rng = np.random.default_rng(1)
    x = np.column_stack([np.ones(40), np.arange(40) >= 20, rng.standard_normal(40)])
    y = rng.standard_normal((40, 2))
    q = np.linalg.qr(x)[0]
    found = constancy.recursive_residuals(q, y)
    assert found.shape == (19, 2)
    for t in range(21, 40):
        b = np.linalg.lstsq(x[:t], y[:t], rcond=None)[0]
        scale = np.sqrt(1 + x[t] @ np.linalg.inv(x[:t].T @ x[:t]) @ x[t])
        assert_allclose(found[t - 21], (y[t] - x[t] @ b) / scale, atol=1e-10)


def test_a_break_is_seen_by_all_and_one_that_is_undone_by_moving_sums():
    rng = np.random.default_rng(0)
    y = rng.standard_normal((240, 2))
    y[120:, 0] += 1.5
    model = pv.fit_var(y, ["a", "b"], lags=1)
    for found in (
        pv.cusum_test(model, statistic="recursive"),
        pv.mosum_test(model),
        pv.mosum_test(model, statistic="recursive"),
    ):
        assert found.tests["a"].pvalue < 0.05 < found.tests["b"].pvalue
    y = rng.standard_normal((240, 2))
    y[100:130, 0] += 1.5
    y[130:160, 0] -= 1.5
    model = pv.fit_var(y, ["a", "b"], lags=1)
    assert pv.mosum_test(model, window=0.1).tests["a"].pvalue < 0.01
    y = rng.standard_normal((240, 2))
    y[120:, 1] *= 2.5
    squares = pv.cusum_test(pv.fit_var(y, ["a", "b"], lags=1), statistic="squares")
    assert squares.tests["b"].pvalue < 0.001 < 0.05 < squares.tests["a"].pvalue
    assert "variance of the equation of b is constant" in squares.tests["b"].null


def test_the_tail_of_a_motion_between_rising_lines():
    # Brown, Durbin and Evans (1975), p. 154: 0.850, 0.948 and 1.143 at ten, five and one percent.
    for height, tail in ((0.850, 0.10), (0.948, 0.05), (1.143, 0.01)):
        assert limit_processes.motion_tail(height) == pytest.approx(tail, abs=3e-4)
    rng = np.random.default_rng(3)
    paths = np.cumsum(rng.standard_normal((4000, 4000)) / np.sqrt(4000), axis=1)
    strays = (np.abs(paths) / (1 + 2 * np.arange(1, 4001) / 4000)).max(axis=1)
    for height in (0.2, 0.4, 0.6, 0.9):
        # Paths seen at 4,000 moments stray a little less than all of them.
        share, tail = (strays > height).mean(), limit_processes.motion_tail(height)
        assert -3 * np.sqrt(tail * (1 - tail) / 4000) - 0.02 < share - tail < 3 * np.sqrt(0.25 / 4000)
    assert limit_processes.motion_tail(0.05) == pytest.approx(1.0, abs=1e-12)
    heights = np.linspace(0.01, 3.0, 300)
    assert (np.diff([limit_processes.motion_tail(height) for height in heights]) <= 1e-12).all()


def test_the_table_of_moving_sums_is_of_the_paths_it_says():
    """4,000 new paths, in three places of the table; and published critical values."""
    for name, values in largest_increments(4000, 9).items():
        for place in (0, 4, 9):
            for level in (0.2, 0.5, 0.9):
                height = float(np.quantile(values[:, place], level))
                tail = limit_processes.tail(height, f"{name} increments", WINDOWS[place])
                assert abs(tail - (1 - level)) < 4 * np.sqrt(level * (1 - level) / 4000)
    assert STEPS == 2000
    # Over half the sample the tail of a bridge's continuous path is 8c sum phi(2c(2j + 1)); that of 2,000 steps is
    # reached lower by 0.5826 sqrt(2 / 2000) (Asmussen, Glynn and Pitman 1995).
    for exact in (1.3751, 1.7778):
        tail = 8 * exact * sum(stats.norm.pdf(2 * exact * (2 * j + 1)) for j in range(4))
        assert limit_processes.tail(exact - 0.5826 * np.sqrt(2 / STEPS), "bridge increments", 0.5) == pytest.approx(
            tail, rel=0.05
        )
    # Chu, Hornik and Kuan (1995), table 1: increments of a motion over a tenth of the sample, in units of its root.
    assert limit_processes.tail(3.4681 * np.sqrt(0.1), "motion increments", 0.1) == pytest.approx(0.05, abs=0.004)


@pytest.mark.parametrize(
    "make",
    [
        pv.cusum_test,
        lambda m: pv.cusum_test(m, statistic="recursive"),
        lambda m: pv.cusum_test(m, statistic="squares"),
        pv.mosum_test,
        lambda m: pv.mosum_test(m, statistic="recursive", window=0.33),
    ],
)
def test_a_boundary_is_the_height_with_that_tail(make):
    found = make(pv.fit_var(series(), lags=1))
    height = found.boundary(level=0.9)
    assert limit_processes.tail(height, found.process, found.window) == pytest.approx(0.1, abs=1e-6)
    lines = found.boundaries(level=0.9)
    assert list(lines.index) == list(found.paths.index)
    assert lines.iloc[-1] == pytest.approx(height * (3.0 if found.process == "motion" else 1.0))
    outside = (found.paths["a"].abs() > lines).any()
    assert outside == (found.tests["a"].pvalue < 0.1)


@pytest.mark.slow
def test_size_of_the_recursive_tests():
    """Rejections at 5 percent of 400 stable systems of 150 rows: fewer than 5, as the limits are of whole paths."""
    rejected = np.zeros(3)
    rng = np.random.default_rng(5)
    for _ in range(400):
        y = np.zeros((150, 1))
        for t in range(1, 150):
            y[t] = 0.3 * y[t - 1] + rng.standard_normal()
        model = pv.fit_var(y, ["y"], lags=1)
        tests = (
            pv.cusum_test(model, statistic="recursive"),
            pv.cusum_test(model, statistic="squares"),
            pv.mosum_test(model),
        )
        rejected += [test.tests["y"].pvalue < 0.05 for test in tests]
    assert (rejected / 400 < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)).all()
    assert (rejected > 0).all()


def test_what_is_refused():
    frame = series()
    model = pv.fit_var(frame, lags=1)
    restricted = pv.fit_restricted_var(frame, restrictions={"a": ["const", "L1.a"]}, lags=1)
    for call in (pv.cusum_test, pv.mosum_test):
        with pytest.raises(SpecificationError, match="same regressors"):
            call(restricted, statistic="recursive")
        with pytest.raises(SpecificationError, match="statistic"):
            call(model, statistic="re")
        with pytest.raises(SpecificationError, match="expected the result of fit_var"):
            call(frame)
    for window in (0.01, 0.6, True, "h"):
        with pytest.raises(SpecificationError, match="window"):
            pv.mosum_test(model, window=window)
    with pytest.raises(InsufficientDataError, match="Use a larger window="):
        pv.mosum_test(pv.fit_var(series(16), lags=1), window=0.05)


def exact_solution(left: list[list[Fraction]], right: list[Fraction]) -> list[Fraction]:
    """Gaussian elimination in rational numbers."""
    n = len(right)
    rows = [[*row, value] for row, value in zip(left, right, strict=True)]
    for i in range(n):
        pivot = next(r for r in range(i, n) if rows[r][i])
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for r in range(i + 1, n):
            factor = rows[r][i] / rows[i][i]
            rows[r] = [a - factor * b for a, b in zip(rows[r], rows[i], strict=True)]
    out = [Fraction(0)] * n
    for i in reversed(range(n)):
        out[i] = (rows[i][n] - sum(rows[i][j] * out[j] for j in range(i + 1, n))) / rows[i][i]
    return out


def test_recursive_residuals_of_levels_keep_their_digits():
    """Canadian levels, whose first regressions are nearly collinear, in exact arithmetic."""
    model = pv.fit_var(table("canada")[["e", "prod", "rw", "U"]], lags=1)
    m = model.n_regressors
    x = [[Fraction(float(v)) for v in row] for row in model._problem.design[:, :m]]
    y = [Fraction(float(v)) for v in model._problem.design[:, m]]
    w = []
    for t in range(m, len(x)):
        moments = [[sum(row[i] * row[j] for row in x[:t]) for j in range(m)] for i in range(m)]
        cross = [sum(row[i] * value for row, value in zip(x[:t], y[:t], strict=True)) for i in range(m)]
        weights = exact_solution(moments, x[t])
        error = y[t] - sum(a * b for a, b in zip(weights, cross, strict=True))
        w.append(float(error) / np.sqrt(float(1 + sum(a * b for a, b in zip(x[t], weights, strict=True)))))
    expected = np.cumsum(w) / np.sqrt(np.sum(np.square(w)))
    assert_allclose(pv.cusum_test(model, statistic="recursive").paths["e"], expected, rtol=0, atol=1e-12)
