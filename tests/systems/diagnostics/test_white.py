"""White's test of a system, against its regressions written out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import panelvar as pv
from panelvar import InsufficientDataError, SpecificationError


def series(rows: int = 120, seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    y = np.zeros((rows, 2))
    for t in range(1, rows):
        y[t] = 3.0 + 0.4 * y[t - 1] + np.array([[1.0, 0.0], [0.5, 1.0]]) @ rng.standard_normal(2)
    return pd.DataFrame(y, columns=["a", "b"])


@pytest.mark.parametrize("cross", [False, True])
@pytest.mark.parametrize("trend", ["c", "n", "ct"])
def test_white_is_an_auxiliary_regression(cross, trend):
    """Lags, trend, their squares and products beside a constant, each product of residuals by itself."""
    frame = series()
    model = pv.fit_var(frame, lags=2, trend=trend)
    y, n = frame.to_numpy(), 118
    raw = [y[1:119], y[:118]] + ([np.arange(3.0, 121.0)[:, None]] if trend == "ct" else [])
    z = np.hstack(raw)
    m = z.shape[1]
    wide = [np.ones(n), *z.T]
    wide += [z[:, i] * z[:, j] for i in range(m) for j in range(m) if (i <= j if cross else i == j)]
    x = np.column_stack(wide)
    x = x / np.abs(x).max(axis=0)
    u = model.resids.to_numpy()
    products = np.column_stack([u[:, 0] ** 2, u[:, 0] * u[:, 1], u[:, 1] ** 2])
    left = np.column_stack([p - x @ np.linalg.lstsq(x, p, rcond=None)[0] for p in products.T])
    gap = products - products.mean(axis=0)
    r = x.shape[1] - 1
    found = pv.white_test(model, cross_terms=cross)
    expected = n * (3 - np.trace(np.linalg.inv(gap.T @ gap) @ left.T @ left))
    assert found.statistic == pytest.approx(expected, rel=1e-8)
    assert found.df == 3 * r
    assert found.pvalue == pytest.approx(stats.chi2.sf(expected, 3 * r), rel=1e-7)
    assert list(found.products) == [("a", "a"), ("a", "b"), ("b", "b")]
    for place, pair in enumerate(found.products):
        share = 1 - (left[:, place] ** 2).sum() / (gap[:, place] ** 2).sum()
        test, row = found.products[pair], found.table.loc[pair]
        assert (test.statistic, test.df) == (pytest.approx(n * share, rel=1e-8), r)
        assert row["f"] == pytest.approx(share / r / ((1 - share) / (n - 1 - r)), rel=1e-8)
        assert row["f_pvalue"] == pytest.approx(stats.f.sf(row["f"], r, n - 1 - r), rel=1e-8)
        assert (row["chi2"], row["pvalue"]) == (test.statistic, test.pvalue)
    assert "covariance of a and b" in str(found)
    assert "variance of a" in found.summary().to_text()


@pytest.mark.parametrize("cross", [False, True])
def test_units_and_levels_do_not_matter(cross):
    """Squares of series far from zero are their levels to many digits; the test is of what is left."""
    frame = series()
    far = frame * [1.0, 1e4] + [1e5, -1e6]
    first, second = (pv.white_test(pv.fit_var(data, lags=1), cross_terms=cross) for data in (frame, far))
    assert second.df == first.df
    assert second.statistic == pytest.approx(first.statistic, rel=1e-6)


def test_the_square_of_a_dummy_is_not_counted():
    frame = series()
    dummy = (np.arange(120) % 3 == 0).astype(float)
    found = pv.white_test(pv.fit_var(frame, lags=1, exogenous=dummy))
    assert found.df == 3 * (2 + 2 + 1)
    seasons = pv.white_test(pv.fit_var(frame, lags=1, seasons=4))
    assert seasons.df == 3 * (2 + 2 + 3)
    crossed = pv.white_test(pv.fit_var(frame, lags=1, seasons=4), cross_terms=True)
    assert crossed.df == 3 * (2 + 3 + 3 + 2 * 3)


def test_variances_that_follow_a_regressor_are_found():
    rng = np.random.default_rng(0)
    y = np.zeros((300, 2))
    for t in range(1, 300):
        y[t] = 0.5 * y[t - 1] + rng.standard_normal(2) * np.array([np.sqrt(0.3 + y[t - 1, 0] ** 2), 1.0])
    found = pv.white_test(pv.fit_var(y, ["a", "b"], lags=1))
    assert found.pvalue < 1e-4
    assert found.products["a", "a"].pvalue < 1e-4 < 0.01 < found.products["b", "b"].pvalue


def test_its_size_under_constant_variances():
    """Rejections of 500 systems whose errors are normal with one covariance."""
    rng = np.random.default_rng(1)
    rejected = 0
    for _ in range(500):
        y = rng.standard_normal((200, 2))
        rejected += pv.white_test(pv.fit_var(y, lags=1)).pvalue < 0.05
    assert abs(rejected / 500 - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 500)


def test_what_has_no_test():
    with pytest.raises(InsufficientDataError, match="cross_terms=False"):
        pv.white_test(pv.fit_var(series(30), lags=3), cross_terms=True)
    with pytest.raises(SpecificationError, match="cross_terms"):
        pv.white_test(pv.fit_var(series(), lags=1), cross_terms="yes")
    with pytest.raises(SpecificationError, match="expected the result of fit_var"):
        pv.white_test(series())
