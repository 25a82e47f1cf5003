"""Granger causality by a fixed-design wild bootstrap, against data sets fitted one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from streams import stream

import panelvar as pv
from panelvar import SpecificationError
from panelvar.kernels.linear.draws import wild_multipliers

NAMES = ["x", "y", "z"]


def series(rows: int, effect: float, seed: int, *, moving: bool = False) -> pd.DataFrame:
    """y moves x with a lag; with ``moving`` the variance follows the past of both."""
    rng = np.random.default_rng(seed)
    y = np.zeros((rows, 3))
    for t in range(1, rows):
        scale = np.sqrt(0.3 + 0.6 * y[t - 1, 1] ** 2) if moving else 1.0
        y[t] = 0.3 * y[t - 1] + rng.standard_normal(3) * np.array([scale, 1.0, 1.0])
        y[t, 0] += effect * y[t - 1, 1]
    return pd.DataFrame(y, columns=NAMES)


def wald(y: np.ndarray, x: np.ndarray, equations: list[int], tested: list[int], kind: str) -> float:
    """Of the stacked coefficients, with their whole covariance."""
    n, m = x.shape
    inverse = np.linalg.inv(x.T @ x)
    b = inverse @ x.T @ y
    u = y - x @ b
    if kind == "classical":
        cov = np.kron(u.T @ u / (n - m), inverse)
    else:
        h = np.einsum("ij,jk,ik->i", x, inverse, x)
        scale = {"HC0": np.ones(n), "HC1": np.full(n, np.sqrt(n / (n - m))), "HC2": (1 - h) ** -0.5, "HC3": 1 / (1 - h)}
        scores = np.array([np.kron(scale[kind][t] * u[t], x[t]) for t in range(n)])
        bread = np.kron(np.eye(y.shape[1]), inverse)
        cov = bread @ scores.T @ scores @ bread
    places = [equation * m + row for equation in equations for row in tested]
    gap = b.T.ravel()[places]
    return float(gap @ np.linalg.solve(cov[np.ix_(places, places)], gap))


@pytest.mark.parametrize("kind", ["classical", "HC0", "HC1", "HC2", "HC3"])
@pytest.mark.parametrize(("caused", "causing"), [("x", "y"), (["x", "z"], "y"), ("z", ["x", "y"])])
def test_every_draw_is_a_fit_of_a_data_set(kind, caused, causing):
    """Restricted least squares, random signs, unrestricted least squares, the Wald test: 39 times."""
    model = pv.fit_var(series(60, 0.15, 1), lags=2)
    if kind != "classical":
        model = model.with_cov(kind)
    x, y = model._problem.design[:, :7], model._problem.design[:, 7:]
    left, right = ([NAMES.index(name) for name in group] for group in (caused, causing))
    tested = [1 + 3 * lag + place for place in right for lag in range(2)]
    kept = [column for column in range(7) if column not in tested]
    fit = np.empty_like(y)
    for k in range(3):
        design = x[:, kept] if k in left else x
        fit[:, k] = design @ np.linalg.lstsq(design, y[:, k], rcond=None)[0]
    for multiplier in ("rademacher", "normal", "mammen"):
        eta = wild_multipliers(multiplier, (39, 58), stream(5))
        observed = wald(y, x, left, tested, kind)
        drawn = np.array([wald(fit + each[:, None] * (y - fit), x, left, tested, kind) for each in eta])
        found = pv.granger_bootstrap_test(model, caused, causing, draws=39, seed=5, multiplier=multiplier)
        assert found.pvalue == pytest.approx((1 + (drawn >= observed).sum()) / 40)
        plain = model.granger_causality(caused, causing)
        assert (found.statistic, found.df) == (plain.statistic, plain.df)


@pytest.mark.parametrize("kind", ["mammen", "normal", "rademacher"])
def test_multipliers_have_mean_zero_and_variance_one(kind):
    eta = wild_multipliers(kind, (200, 1000), np.random.default_rng(0))
    assert abs(eta.mean()) < 4 / np.sqrt(eta.size)
    assert eta.var() == pytest.approx(1.0, abs=0.02)


def test_chunks_and_conventions_do_not_matter():
    frame = series(150, 0.1, 2)
    many = pv.granger_bootstrap_test(pv.fit_var(frame, lags=1), "x", "y", draws=20_000, seed=3)
    stata = pv.granger_bootstrap_test(pv.fit_var(frame, lags=1, convention="stata"), "x", "y", draws=20_000, seed=3)
    assert stata.distribution == "chi2"
    assert stata.pvalue == many.pvalue
    # The distribution of the classical statistic is the robust one of its coefficient.
    robust = pv.fit_var(frame, lags=1, convention="stata").with_cov("HC0")
    assert many.pvalue == pytest.approx(robust.granger_causality("x", "y").pvalue, abs=0.02)
    again = pv.granger_bootstrap_test(pv.fit_var(frame, lags=1), "x", "y", draws=20_000, seed=3)
    assert again.pvalue == many.pvalue
    assert "20,000 draws" in str(many)


def test_an_effect_is_found():
    test = pv.granger_bootstrap_test(pv.fit_var(series(200, 0.5, 4), lags=1), "x", "y", seed=0)
    assert test.pvalue == 1 / 1000


@pytest.mark.slow
def test_its_size_where_variances_move():
    """500 samples of 80 rows at 5 percent: the classical F rejects 18 percent, HC1 with F 8, the bootstrap 5."""
    plain = wild = 0
    for seed in range(500):
        model = pv.fit_var(series(80, 0.0, seed, moving=True), lags=1)
        plain += model.granger_causality("x", "y").pvalue < 0.05
        wild += pv.granger_bootstrap_test(model.with_cov("HC1"), "x", "y", draws=199, seed=seed).pvalue <= 0.05
    error = np.sqrt(0.05 * 0.95 / 500)
    assert plain / 500 > 0.05 + 6 * error
    assert abs(wild / 500 - 0.05) < 3 * error


def test_what_is_refused():
    frame = series(60, 0.0, 6)
    model = pv.fit_var(frame, lags=1)
    with pytest.raises(SpecificationError, match="disjoint"):
        pv.granger_bootstrap_test(model, "x", ["x", "y"])
    with pytest.raises(SpecificationError, match="multiplier"):
        pv.granger_bootstrap_test(model, "x", "y", multiplier="webb")
    with pytest.raises(SpecificationError, match="draws"):
        pv.granger_bootstrap_test(model, "x", "y", draws=0)
    with pytest.raises(SpecificationError, match="all their regressors"):
        pv.granger_bootstrap_test(pv.fit_restricted_var(frame, restrictions={"x": ["L1.z"]}, lags=1), "x", "y")
    with pytest.raises(SpecificationError, match="expected the result of fit_var"):
        pv.granger_bootstrap_test(frame, "x", "y")


@pytest.mark.filterwarnings("ignore:7 rows less 3 coefficients:panelvar.PanelVarWarning")
@pytest.mark.parametrize("unit", [0.1, 0.3, 0.7, 1.1, 1.3, 1.7, 1.9])
def test_draws_that_repeat_a_short_series_count_in_every_unit(unit):
    """Of 2^7 patterns of signs two repeat the sample; in other units they differ from it by other rounding."""
    frame = series(8, 0.15, 1)[["x", "y"]]
    first, second = (
        pv.granger_bootstrap_test(pv.fit_var(data, lags=1), "x", "y", draws=2000, seed=1).pvalue
        for data in (frame, unit * frame)
    )
    assert first == second
