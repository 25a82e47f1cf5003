"""What a fitted VAR reports, against textbook formulas computed the plain way."""

from __future__ import annotations

import contextlib
import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import panelvar as pv
from panelvar.core.base.errors import NumericalError, SpecificationError
from panelvar.systems.var.var_convention import VAR_PRESETS, VarConvention


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    y = np.zeros((90, 3))
    for row in range(1, 90):
        y[row] = [0.2, -0.1, 0.3] + np.array([[0.5, 0.2, 0], [0, 0.4, 0.1], [0.2, 0, 0.3]]) @ y[row - 1]
        y[row] += rng.standard_normal(3) @ [[1, 0.5, 0], [0, 1, 0.2], [0, 0, 1]]
    return pd.DataFrame(
        y, columns=["x", "y", "z"], index=pd.period_range("2000Q1", periods=90, freq="Q", name="quarter")
    )


@pytest.fixture(scope="module")
def model(frame):
    return pv.fit_var(frame, lags=2)


@pytest.fixture(scope="module")
def plain(frame):
    """The same model by hand: regressors, coefficients, residuals."""
    y = frame.to_numpy()
    x = np.column_stack([np.ones(88), y[1:-1], y[:-2]])
    params = np.linalg.lstsq(x, y[2:], rcond=None)[0]
    return x, y[2:], params, y[2:] - x @ params


def test_estimates_and_errors(model, plain):
    x, _, params, residuals = plain
    sigma = residuals.T @ residuals / (88 - 7)
    errors = np.sqrt(np.outer(np.diag(np.linalg.inv(x.T @ x)), np.diag(sigma)))
    np.testing.assert_allclose(model.params, params, atol=1e-13)
    np.testing.assert_allclose(model.sigma, sigma, rtol=1e-12)
    np.testing.assert_allclose(model.sigma_ml, sigma * 81 / 88, rtol=1e-12)
    np.testing.assert_allclose(model.std_errors, errors, rtol=1e-12)
    np.testing.assert_allclose(model.tstats, params / errors, rtol=1e-10)
    np.testing.assert_allclose(model.pvalues, 2 * stats.t.sf(np.abs(params / errors), 81), rtol=1e-9)
    np.testing.assert_allclose(model.cov, np.kron(sigma, np.linalg.inv(x.T @ x)), rtol=1e-10, atol=1e-14)
    assert list(model.params.index) == ["const", "L1.x", "L1.y", "L1.z", "L2.x", "L2.y", "L2.z"]
    assert list(model.params.columns) == ["x", "y", "z"]
    assert (model.nobs, model.n_regressors, model.df_resid, model.df_model) == (88, 7, 81, 7)


def test_intervals(model):
    interval = model.conf_int(level=0.9)
    error = model.std_errors.loc["L1.y", "x"]
    middle = model.params.loc["L1.y", "x"]
    low, high = interval.loc[("x", "L1.y")]
    assert (high - middle) / error == pytest.approx(stats.t.ppf(0.95, 81), rel=1e-10)
    assert high + low == pytest.approx(2 * middle, rel=1e-10)
    with pytest.raises(SpecificationError, match="alpha"):
        model.conf_int(level=0.05)
    with pytest.raises(TypeError):
        model.conf_int(0.95)


def test_fit_statistics(model, plain):
    _, target, _, residuals = plain
    rss, tss = (residuals**2).sum(axis=0), ((target - target.mean(axis=0)) ** 2).sum(axis=0)
    np.testing.assert_allclose(model.rsquared, 1 - rss / tss, rtol=1e-11)
    np.testing.assert_allclose(model.rsquared_adjusted, 1 - (rss / 81) / (tss / 87), rtol=1e-11)
    np.testing.assert_allclose(model.rmse, np.sqrt(rss / 81), rtol=1e-12)
    np.testing.assert_allclose(model.resids, residuals, atol=1e-12)
    np.testing.assert_allclose(model.resids + model.fitted_values, target, atol=1e-12)
    assert model.resids.index[0] == pd.Period("2000Q3")
    np.testing.assert_allclose(model.residual_correlation, np.corrcoef(residuals.T), atol=1e-12)


def test_likelihood_is_the_density_of_the_residuals(model, plain):
    residuals = plain[3]
    sigma = residuals.T @ residuals / 88
    expected = stats.multivariate_normal(cov=sigma).logpdf(residuals).sum()
    assert model.loglik == pytest.approx(expected, rel=1e-12)
    for name, column in zip(model.names, residuals.T, strict=True):
        alone = stats.norm(scale=np.sqrt(np.mean(column**2))).logpdf(column).sum()
        assert model.loglik_by_equation[name] == pytest.approx(alone, rel=1e-12)


@pytest.mark.parametrize("form", ["log-determinant", "per-observation", "total", "lags-only"])
def test_criteria(frame, plain, form):
    fit = pv.fit_var(frame, lags=2, convention=VarConvention("own", criteria=form))
    n, count = 88, 18 if form == "lags-only" else 21
    log_det = np.linalg.slogdet(plain[3].T @ plain[3] / n)[1]
    base = {
        "log-determinant": log_det,
        "lags-only": log_det,
        "per-observation": -2 * fit.loglik / n,
        "total": -2 * fit.loglik,
    }
    scale = 1 if form == "total" else n
    assert fit.aic == pytest.approx(base[form] + 2 * count / scale, rel=1e-12)
    assert fit.bic == pytest.approx(base[form] + np.log(n) * count / scale, rel=1e-12)
    assert fit.hqic == pytest.approx(base[form] + 2 * np.log(np.log(n)) * count / scale, rel=1e-12)
    assert fit.fpe == pytest.approx((95 / 81) ** 3 * np.exp(log_det), rel=1e-11)


def test_everything_of_a_system_is_here(model):
    system = pv.System(model.coefficients, model.names, intercept=model.intercept, sigma=model.sigma)
    np.testing.assert_array_equal(system.roots, model.roots)
    np.testing.assert_allclose(system.impulse_responses(5).values, model.impulse_responses(5).values, atol=1e-14)
    assert system.equations() == model.equations()
    np.testing.assert_allclose(system.mean(), model.mean())
    pd.testing.assert_frame_equal(system.params, model.params)


def test_forecasts_by_hand(model, frame):
    forecast = model.forecast(3, level=0.8)
    y = frame.to_numpy()
    first = model.intercept + model.coefficients[0] @ y[-1] + model.coefficients[1] @ y[-2]
    second = model.intercept + model.coefficients[0] @ first + model.coefficients[1] @ y[-1]
    np.testing.assert_allclose(forecast.values[:2], [first, second], rtol=1e-12)
    phi = model.coefficients[0]
    sigma = model.sigma.to_numpy()
    np.testing.assert_allclose(forecast.covariance[0], sigma)
    np.testing.assert_allclose(forecast.covariance[1], sigma + phi @ sigma @ phi.T)
    np.testing.assert_allclose(forecast.upper - forecast.values, stats.norm.ppf(0.9) * forecast.std_errors)
    assert list(forecast.labels) == list(pd.period_range("2022Q3", periods=3, freq="Q"))
    table = forecast.to_frame()
    assert table.loc[pd.Period("2022Q3"), ("x", "forecast")] == first[0] or np.isclose(
        table.loc[pd.Period("2022Q3"), ("x", "forecast")], first[0]
    )
    with pytest.raises(SpecificationError, match="steps=0"):
        model.forecast(0)


@pytest.mark.parametrize("trend", ["n", "c", "t", "ct", "ctt"])
def test_forecasts_continue_the_trend(trend):
    """A deterministic path that the model fits up to small noise is continued."""
    time = np.arange(1.0, 81.0)
    noise = 1e-6 * np.random.default_rng(2).standard_normal(80)
    path = {
        "n": 0 * time,
        "c": 5 + 0 * time,
        "t": 0.5 * time,
        "ct": 3 + 0.5 * time,
        "ctt": 3 + 0.5 * time - 0.01 * time**2,
    }
    model = pv.fit_var((path[trend] + noise)[:, None], ["x"], lags=1, trend=trend)
    ahead = {"n": 0.0, "c": 5.0, "t": 0.5 * 85, "ct": 3 + 0.5 * 85, "ctt": 3 + 0.5 * 85 - 0.01 * 85**2}[trend]
    assert model.forecast(5).values[-1, 0] == pytest.approx(ahead, abs=1e-4)


def test_forecasts_need_the_last_periods(frame):
    broken = frame.copy()
    broken.iloc[-1, 0] = np.nan
    with pytest.warns(pv.PanelVarWarning, match="missing"):
        model = pv.fit_var(broken, lags=2)
    with pytest.raises(NumericalError, match="last 2 period"):
        model.forecast(2)


def test_granger_by_restricted_regressions(model, frame):
    """With one equation the F statistic is the textbook comparison of sums of squares."""
    y = frame.to_numpy()
    full = np.column_stack([np.ones(88), y[1:-1], y[:-2]])
    less = np.delete(full, [2, 5], axis=1)

    def squares(x):
        return np.sum((y[2:, 0] - x @ np.linalg.lstsq(x, y[2:, 0], rcond=None)[0]) ** 2)

    expected = (squares(less) - squares(full)) / 2 / (squares(full) / 81)
    test = model.granger_causality("x", "y")
    assert test.statistic == pytest.approx(expected, rel=1e-10)
    assert (test.distribution, test.df, test.df_denominator) == ("f", 2, 3 * 81)
    assert test.pvalue == pytest.approx(stats.f.sf(expected, 2, 243), rel=1e-10)
    assert test.null == "y does not Granger-cause x"
    single = pv.fit_var(frame, lags=2, convention="gretl").granger_causality("x", "y")
    assert (single.df, single.df_denominator) == (2, 81)
    chi2 = pv.fit_var(frame, lags=2, convention="stata").granger_causality("x", "y")
    assert chi2.distribution == "chi2"
    assert chi2.statistic == pytest.approx(2 * expected * 88 / 81, rel=1e-10)


def test_exclusions_of_lags(frame, model):
    """Dropping the last lag: the Wald statistic against the likelihood ratio, which it approaches."""
    test = model.exclusion_test(lags=2)
    assert test.df == 9
    assert test.null.startswith("lag 2 of x, y, z absent")
    assert model.exclusion_test(equations="x", variables="y").statistic == pytest.approx(
        model.granger_causality("x", "y").statistic
    )
    assert model.exclusion_test(equations="x", variables="y", lags=[1, 2]).df == 2
    assert model.exclusion_test(equations="x").df == 6


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.granger_causality("x", "x"), "disjoint"),
        (lambda m: m.granger_causality(["x", "y"], ["y", "z"]), "disjoint"),
        (lambda m: m.granger_causality("x", "w"), "not a variable"),
        (lambda m: m.granger_causality([], "x"), "empty"),
        (lambda m: m.exclusion_test(lags=3), "between 1 and 2"),
        (lambda m: m.exclusion_test(lags=[]), "between 1 and 2"),
        (lambda m: m.exclusion_test(variables="w"), "not a variable"),
    ],
)
def test_bad_tests_are_refused(model, call, message):
    with pytest.raises(SpecificationError, match=message):
        call(model)


def test_presets_are_data():
    assert set(VAR_PRESETS) == {"default", "statsmodels", "vars", "gretl", "stata", "eviews"}
    for name, preset in VAR_PRESETS.items():
        assert preset.name == name
    changed = VAR_PRESETS["stata"].but(sigma="df")
    assert (changed.sigma, changed.name) == ("df", "stata (modified)")
    with pytest.raises(SpecificationError, match="field"):
        changed.but(sigmas="df")
    with pytest.raises(SpecificationError, match="distribution"):
        VarConvention("own", distribution="z")
    with pytest.raises(SpecificationError, match="smallest_order"):
        VarConvention("own", smallest_order=2)
    with pytest.raises(SpecificationError, match="smallest_order=<DataFrame> must be a whole number from 0 to 1"):
        VarConvention("own", smallest_order=pd.DataFrame({"a": [0, 1]}))
    with pytest.raises(SpecificationError, match="auxiliary_constant='no' must be True or False"):
        VarConvention("own", auxiliary_constant="no")


def test_normal_distribution_by_convention(frame, model):
    other = pv.fit_var(frame, lags=2, convention="statsmodels")
    np.testing.assert_allclose(other.pvalues, 2 * stats.norm.sf(np.abs(model.tstats)), rtol=1e-9)
    reach = (other.conf_int()["upper"] - other.conf_int()["lower"]) / 2
    np.testing.assert_allclose(reach, stats.norm.ppf(0.975) * other.std_errors.T.to_numpy().ravel(), rtol=1e-10)


def test_results_are_frozen_and_do_not_share_labels(frame, model):
    with pytest.raises(AttributeError):
        model.sigma = None
    for array in (model._sigma, model.coefficients):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0.0
    twin = pv.fit_var(frame, lags=2)
    twin.params.index.name = "mine"
    assert model.params.index.name is None
    assert pv.fit_var(frame, lags=2).params.index.name is None


def test_a_labelled_sigma_is_made_when_it_is_read_and_leaves_the_model_alone(frame):
    model = pv.fit_var(frame, lags=2)
    before = model.impulse_responses(3, bands=pv.DeltaMethod())
    model.forecast(2)
    model.summary()
    assert "sigma" not in vars(model)
    np.testing.assert_array_equal(model.sigma, model._sigma)
    # Older versions of pandas refuse to write into the frame, newer ones write into a copy.
    with contextlib.suppress(ValueError):
        model.sigma.loc["x", "x"] = 9.0
    np.testing.assert_array_equal(model.impulse_responses(3, bands=pv.DeltaMethod()).values, before.values)
    with pytest.raises(ValueError, match="read-only"):
        model._sigma[0] = 0.0


def test_results_survive_pickling(frame, model):
    again = pickle.loads(pickle.dumps(model))
    pd.testing.assert_frame_equal(again.params, model.params)
    # Before and after its labelled covariance was made.
    fresh = pv.fit_var(frame, lags=2)
    first = pickle.loads(pickle.dumps(fresh))
    pd.testing.assert_frame_equal(first.sigma, fresh.sigma)
    second = pickle.loads(pickle.dumps(fresh))
    pd.testing.assert_frame_equal(second.sigma, fresh.sigma)
    np.testing.assert_array_equal(second.impulse_responses(2).values, first.impulse_responses(2).values)
    # A pickled array may come back in another memory order, and a product of it in another order of summation.
    np.testing.assert_allclose(again.forecast(2).values, model.forecast(2).values, rtol=1e-13)


def test_the_caller_s_data_are_neither_changed_nor_watched(frame):
    mine = frame.copy()
    model = pv.fit_var(mine, lags=2)
    before = model.forecast(1).values.copy()
    pd.testing.assert_frame_equal(mine, frame)
    mine.iloc[-1] = 1000.0
    np.testing.assert_array_equal(model.forecast(1).values, before)


def test_printing(model):
    assert "log" in str(model).lower()
    assert "L1.x" in str(model)
    assert str(model.impulse_responses(1)).startswith("Impulse responses")
    assert "<table" in model._repr_html_()
    for result in (model.variance_decomposition(2), model.forecast(2), pv.System([[[0.5]]])):
        assert str(result)
        assert "<table" in result._repr_html_()


def test_a_model_fitted_without_a_constant_has_mean_zero(frame):
    assert pv.fit_var(frame, trend="n").mean().tolist() == [0.0, 0.0, 0.0]


def test_typed_at_a_prompt_a_result_is_one_line(frame, model):
    plain = model.impulse_responses(3)
    results = {
        "<VAR(2) of x, y, z; trend 'c'; n = 88>": model,
        "<VAR(1) of y1; trend 'n'>": pv.System([[[0.5]]]),
        "<Responses of x, y, z to Cholesky shocks of one standard deviation, periods 0 to 3>": plain,
        "<Forecast of x, y, z: 2022Q3 to 2022Q4 (2 steps), 95% intervals>": model.forecast(2),
        "<Variance decomposition, ordering x, y, z, horizons 1 to 4>": model.variance_decomposition(4),
    }
    for text, result in results.items():
        assert repr(result) == text
    bands = pv.MonteCarlo(200, seed=1)
    banded = model.impulse_responses(2, bands=bands, level=0.9, cumulative=True)
    assert repr(banded).endswith(f"periods 0 to 2; 90% band: {bands.label}>")
    assert repr(model.variance_decomposition(2, bands=bands, level=0.9)).endswith(f"; 90% band: {bands.label}>")
    assert repr(pv.select_lags(frame, max_lags=3)).startswith("<Lag orders 1 to 3: aic ")
    test = model.granger_causality("x", "y")
    assert repr(test) == f"<{str(test).partition('. Null')[0]}>"
    assert str(test).endswith(f"Null: {test.null}")
    wide = pv.System(np.zeros((1, 9, 9)))
    assert repr(wide) == "<VAR(1) of y1, y2, y3, y4, y5, ... (9 variables); trend 'n'>"


def test_a_source_of_bands_is_an_object_not_its_class(model):
    with pytest.raises(SpecificationError, match="bands="):
        model.impulse_responses(2, bands=pv.MonteCarlo)
    with pytest.raises(SpecificationError, match="'cholesky'"):
        model.impulse_responses(2, identification="orth")
    with pytest.raises(SpecificationError, match="'generalised'"):
        model.impulse_responses(2, identification="girf")


@pytest.mark.parametrize("unit", [1e4, 1e8, 1e12])
def test_robust_tests_do_not_depend_on_units(unit):
    y = np.random.default_rng(8).standard_normal((200, 3))
    units = np.array([1.0, unit, 1.0 / unit])
    plain, moved = (pv.fit_var(y * each, lags=2).with_cov("HC1") for each in (1.0, units))
    np.testing.assert_allclose(moved.lag_exclusion_tests(), plain.lag_exclusion_tests(), rtol=1e-9)
    one, other = (pv.granger_bootstrap_test(model, ["y1", "y3"], "y2", draws=99, seed=1) for model in (plain, moved))
    assert (other.statistic, other.pvalue) == (pytest.approx(one.statistic, rel=1e-9), one.pvalue)


def test_a_variable_that_does_not_vary_has_no_rsquared():
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(50, 2)), columns=["a", "b"])
    frame.loc[1:, "b"] = 2.0
    with pytest.warns(pv.PanelVarWarning, match=r"The equation of b fits exactly"):
        model = pv.fit_var(frame, lags=1)
    assert np.isnan(model.rsquared["b"]) and np.isnan(model.rsquared_adjusted["b"])
    assert 0.0 < model.rsquared["a"] < 1.0
    assert "n/a" in str(model)
