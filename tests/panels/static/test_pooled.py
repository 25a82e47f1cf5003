"""Pooled OLS against dense least squares."""

import numpy as np
import pytest
from scipy import stats
from twins import X, allowed, assert_matrix, gappy_frame, pooled_twin

import panelvar as pv

CASES = [(constant, weighted) for constant in (True, False) for weighted in (True, False)]


def both(constant, weighted, **options):
    frame = gappy_frame()
    panel = pv.Panel(frame, "entity", "year")
    weights = "w" if weighted else None
    result = pv.fit_pooled(panel, "y", X, constant=constant, weights=weights, **options)
    return frame, result, pooled_twin(frame, constant, frame["w"] if weighted else None)


@pytest.mark.parametrize(("constant", "weighted"), CASES)
def test_estimates(constant, weighted):
    frame, result, twin = both(constant, weighted)
    np.testing.assert_allclose(result.params, twin.params, rtol=allowed(twin))
    assert_matrix(result.cov, twin.classical())
    assert (result.nobs, result.df_resid) == (len(frame), twin.df)
    assert result.rss == pytest.approx(twin.rss, rel=1e-12)
    assert result.sigma2 == pytest.approx(twin.rss / twin.df, rel=1e-12)
    assert list(result.params.index) == ["const", *X] if constant else X


@pytest.mark.parametrize(("constant", "weighted"), CASES)
def test_residuals_and_fitted_values_are_in_the_callers_order_of_labels(constant, weighted):
    frame, result, twin = both(constant, weighted)
    plain = frame["y"] - twin.design @ twin.coefficients
    np.testing.assert_allclose(result.resids.loc[frame.index], plain, atol=1e-12)
    np.testing.assert_allclose((result.fitted_values + result.resids).loc[frame.index], frame["y"], atol=1e-12)


@pytest.mark.parametrize(("constant", "weighted"), CASES)
def test_inference(constant, weighted):
    _, result, twin = both(constant, weighted)
    errors = np.sqrt(np.diagonal(twin.classical()))
    t = twin.params / errors
    np.testing.assert_allclose(result.pvalues, 2 * stats.t.sf(np.abs(t), twin.df), rtol=1e-10)
    half = stats.t.ppf(0.95, twin.df) * errors
    np.testing.assert_allclose(result.conf_int(level=0.9)["upper"], twin.params + half, rtol=1e-11)
    slopes = twin.params[-2:]
    wald = slopes @ np.linalg.solve(twin.classical()[-2:, -2:], slopes)
    assert result.f_statistic.statistic == pytest.approx(wald / 2, rel=1e-11)
    assert result.f_statistic.pvalue == pytest.approx(stats.f.sf(wald / 2, 2, twin.df), rel=1e-9)


@pytest.mark.parametrize("weighted", [True, False])
def test_r2_of_the_regression(weighted):
    frame, result, twin = both(True, weighted)
    w = frame["w"] / frame["w"].mean() if weighted else np.ones(len(frame))
    total = float(w @ (frame["y"] - np.average(frame["y"], weights=w)) ** 2)
    assert result.rsquared == pytest.approx(1 - twin.rss / total, rel=1e-12)
    adjusted = 1 - (twin.rss / twin.df) / (total / (len(frame) - 1))
    assert result.rsquared_adjusted == pytest.approx(adjusted, rel=1e-12)


def test_r2_without_a_constant_is_about_zero():
    frame, result, twin = both(False, False)
    assert result.rsquared == pytest.approx(1 - twin.rss / float(frame["y"] @ frame["y"]), rel=1e-12)


def squared_correlation(a, b):
    return np.corrcoef(a, b)[0, 1] ** 2


def test_the_panel_r2s_are_squared_correlations():
    frame, result, twin = both(True, False)
    frame["fit"] = twin.design @ twin.coefficients
    means = frame.groupby("entity")[["y", "fit"]].mean()
    within = frame[["y", "fit"]] - frame.groupby("entity")[["y", "fit"]].transform("mean")
    assert result.rsquared_table.within == pytest.approx(squared_correlation(within["y"], within["fit"]), rel=1e-11)
    assert result.rsquared_table.between == pytest.approx(squared_correlation(means["y"], means["fit"]), rel=1e-11)
    assert result.rsquared_table.overall == pytest.approx(squared_correlation(frame["y"], frame["fit"]), rel=1e-11)


@pytest.mark.parametrize("weighted", [True, False])
def test_likelihood_and_criteria(weighted):
    frame, result, twin = both(True, weighted)
    n = len(frame)
    w = frame["w"] / frame["w"].mean() if weighted else np.ones(n)
    plain = frame["y"] - twin.design @ twin.coefficients
    loglik = stats.norm.logpdf(plain, scale=np.sqrt(twin.rss / n / w)).sum()
    assert result.loglik == pytest.approx(loglik, rel=1e-12)
    assert result.aic == pytest.approx(-2 * loglik + 2 * 3, rel=1e-12)
    assert result.bic == pytest.approx(-2 * loglik + np.log(n) * 3, rel=1e-12)
    light = result.without_rows()
    assert (light.loglik, light.aic) == (result.loglik, result.aic)
    in_r = pv.fit_pooled(result._design.panel, "y", X, weights="w" if weighted else None, convention="plm")
    assert in_r.aic == pytest.approx(-2 * loglik + 2 * 4, rel=1e-12)


def test_the_scale_of_the_weights_does_not_matter():
    frame = gappy_frame()
    frame["w2"] = 1e6 * frame["w"]
    panel = pv.Panel(frame, "entity", "year")
    first, second = (pv.fit_pooled(panel, "y", X, weights=name) for name in ("w", "w2"))
    np.testing.assert_allclose(first.std_errors, second.std_errors, rtol=1e-13)
