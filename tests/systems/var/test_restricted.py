"""Zero restrictions in a vector autoregression, against dense GLS of the stacked system."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

import panelvar as pv
from panelvar import DeltaMethod, MonteCarlo, ResidualBootstrap, SpecificationError

NAMES = ["x", "y", "z"]
LEFT_OUT = {"x": ["L1.z", "L2.y", "L2.z"], "y": ["L2.x", "const"], "z": ["L1.x", "L2.x", "L2.z", "L2.y"]}


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(21)
    y = np.zeros((140, 3))
    mix = np.array([[1, 0, 0], [0.6, 1, 0], [0.3, -0.4, 1]])
    for t in range(2, 140):
        y[t] = [0.3, 0.0, 0.1] + np.array([[0.5, 0.2, 0], [0.1, 0.4, 0.2], [0, 0.3, 0.5]]) @ y[t - 1]
        y[t] += mix @ rng.standard_normal(3)
    return pd.DataFrame(y, columns=NAMES)


def dense(model, sigma):
    """GLS of the stacked equations with their own regressors and the nK x nK covariance."""
    x, y = model._problem.design[:, : model.n_regressors], model._problem.design[:, model.n_regressors :]
    n, free = len(x), model._problem.free
    wide = np.zeros((3 * n, int(free.sum())))
    at = 0
    for k in range(3):
        columns = np.flatnonzero(free[:, k])
        wide[k * n : (k + 1) * n, at : at + len(columns)] = x[:, columns]
        at += len(columns)
    weight = np.kron(np.linalg.inv(sigma), np.eye(n))
    moments = wide.T @ weight @ wide
    b = np.linalg.solve(moments, wide.T @ weight @ y.T.ravel())
    params = np.zeros(free.T.shape)
    params[free.T] = b
    return params.T, np.linalg.inv(moments)


def test_feasible_gls_is_gls_of_the_stacked_system(frame):
    model = pv.fit_restricted_var(frame, restrictions=LEFT_OUT, lags=2)
    full = pv.fit_var(frame, lags=2)
    params, _ = dense(model, full.sigma_ml)
    assert_allclose(model.params, params, atol=1e-11)
    assert model.params.loc["L1.z", "x"] == 0.0
    # Errors are those of GLS with the restricted residual covariance.
    _, cov = dense(model, model.sigma_df)
    free = model._problem.free.T.ravel()
    assert_allclose(model.cov.to_numpy()[np.ix_(free, free)], cov, atol=1e-12)
    assert_allclose(model.std_errors.T.to_numpy().ravel()[free] ** 2, np.diagonal(cov), rtol=1e-9)
    u = model.resids.to_numpy()
    degrees = model.nobs - model._problem.counts
    assert_allclose(model.sigma_df, u.T @ u / np.sqrt(np.outer(degrees, degrees)), rtol=1e-11)
    assert_allclose(model.sigma_ml, u.T @ u / model.nobs, rtol=1e-11)
    t = model.tstats.loc["L1.y", "x"]
    assert model.pvalues.loc["L1.y", "x"] == pytest.approx(2 * stats.t.sf(abs(t), degrees[0]))
    assert np.isnan(model.tstats.loc["L1.z", "x"])
    assert list(model.free["y"]) == [False, True, True, True, False, True, True]


def test_no_restrictions_are_least_squares(frame):
    full = pv.fit_var(frame, lags=2)
    for method in ("fgls", "ols", "ml"):
        model = pv.fit_restricted_var(frame, restrictions={}, lags=2, method=method)
        assert_allclose(model.params, full.params, atol=1e-11)
        assert_allclose(model.cov, full.cov, atol=1e-12)
        assert_allclose(model.sigma, full.sigma, rtol=1e-10)
        assert model.bic == pytest.approx(full.bic)
        assert model.fpe == pytest.approx(full.fpe)
        first = model.impulse_responses(4, bands=DeltaMethod())
        assert_allclose(
            first.std_errors, full.impulse_responses(4, bands=DeltaMethod()).std_errors, rtol=1e-8, atol=1e-14
        )


def test_ordinary_least_squares_equation_by_equation(frame):
    model = pv.fit_restricted_var(frame, restrictions=LEFT_OUT, lags=2, method="ols")
    x, y = model._problem.design[:, :7], model._problem.design[:, 7:]
    for k, name in enumerate(NAMES):
        columns = model._problem.free[:, k]
        b, rss, *_ = np.linalg.lstsq(x[:, columns], y[:, k], rcond=None)
        assert_allclose(model.params[name][columns], b, atol=1e-11)
        s2 = rss[0] / (model.nobs - columns.sum())
        errors = np.sqrt(s2 * np.diagonal(np.linalg.inv(x[:, columns].T @ x[:, columns])))
        assert_allclose(model.std_errors[name][columns], errors, rtol=1e-9)
        assert model.rmse[name] == pytest.approx(np.sqrt(s2))


def test_maximum_likelihood_is_a_fixed_point_and_the_highest(frame):
    model = pv.fit_restricted_var(frame, restrictions=LEFT_OUT, lags=2, method="ml")
    params, _ = dense(model, model.sigma_ml)
    assert_allclose(model.params, params, atol=1e-9)
    others = [pv.fit_restricted_var(frame, restrictions=LEFT_OUT, lags=2, method=m).loglik for m in ("fgls", "ols")]
    assert model.loglik > max(others)
    full = pv.fit_var(frame, lags=2)
    test = model.restriction_test(full)
    ratio = model.nobs * np.log(np.linalg.det(model.sigma_ml) / np.linalg.det(full.sigma_ml))
    assert test.statistic == pytest.approx(ratio)
    assert test.df == 9
    count = 21 - 9
    assert model.aic == pytest.approx(np.log(np.linalg.det(model.sigma_ml)) + 2 * count / model.nobs)
    with pytest.raises(SpecificationError, match="same variables"):
        model.restriction_test(pv.fit_var(frame, lags=1))


@pytest.mark.parametrize("method", ["fgls", "ols", "ml"])
def test_bootstrap_draws_keep_the_restrictions(frame, method):
    model = pv.fit_restricted_var(frame, restrictions=LEFT_OUT, lags=2, method=method)
    shocks = np.random.default_rng(0).standard_normal((3, model.nobs, 3))
    refits = model._problem.refit(shocks)
    for draw in range(3):
        path = frame.to_numpy().copy()
        for t in range(2, len(path)):
            row = np.concatenate([[1.0], path[t - 1], path[t - 2]])
            path[t] = row @ model.params.to_numpy() + shocks[draw, t - 2]
        again = pv.fit_restricted_var(pd.DataFrame(path, columns=NAMES), restrictions=LEFT_OUT, lags=2, method=method)
        assert_allclose(refits.params[draw], again.params, atol=1e-9)
        assert_allclose(refits.scatter_factor[draw], again._problem.scatter_factor, rtol=1e-8, atol=1e-9)
    assert (refits.params[:, ~model._problem.free] == 0.0).all()
    band = model.impulse_responses(5, bands=ResidualBootstrap(200, seed=1, interval="hall"))
    assert (band.lower <= band.upper).all()
    assert model.forecast(3, bands=ResidualBootstrap(200, seed=1)).values.shape == (3, 3)


def test_delta_method_under_restrictions(frame):
    """Against numerical derivatives with the dense covariance."""
    model = pv.fit_restricted_var(frame, restrictions=LEFT_OUT, lags=2)
    exact = model.impulse_responses(3, identification="reduced_form", shock_size="unit", bands=DeltaMethod())
    free = np.flatnonzero(model._problem.free.T.ravel())
    start, cov = model._problem.params.T.ravel(), model.cov.to_numpy()

    def values(vector):
        lags = vector.reshape(3, -1).T[1:].reshape(2, 3, 3).swapaxes(1, 2)
        return pv.System(lags).impulse_responses(3, identification="reduced_form", shock_size="unit").values.ravel()

    jacobian = []
    for place in free:
        step = np.zeros(len(start))
        step[place] = 1e-6
        jacobian.append((values(start + step) - values(start - step)) / 2e-6)
    jacobian = np.array(jacobian).T
    variance = np.einsum("ij,jk,ik->i", jacobian, cov[np.ix_(free, free)], jacobian)
    assert_allclose(exact.std_errors.ravel() ** 2, variance, rtol=1e-6, atol=1e-13)


def test_sequential_elimination(frame):
    """By t statistics, and by a criterion, a regression at a time."""
    model = pv.fit_restricted_var(frame, restrictions="t", lags=2, threshold=1.8, method="ols")
    x, y = model._problem.design[:, :7], model._problem.design[:, 7:]
    for strategy in ("t", "bic"):
        found = model if strategy == "t" else pv.fit_restricted_var(frame, restrictions="bic", lags=2)
        for k in range(3):
            kept = list(range(7))
            while True:
                part = x[:, kept]
                b, rss, *_ = np.linalg.lstsq(part, y[:, k], rcond=None)
                t = np.abs(b) / np.sqrt(rss[0] / (len(x) - len(kept)) * np.diagonal(np.linalg.inv(part.T @ part)))
                weak = int(np.argmin(t))
                trial = [c for c in kept if c != kept[weak]]
                left = np.linalg.lstsq(x[:, trial], y[:, k], rcond=None)[1][0]
                worse = np.log(left / rss[0]) - np.log(len(x)) / len(x) >= 0
                if (strategy == "t" and t[weak] >= 1.8) or (strategy == "bic" and worse):
                    break
                kept = trial
            assert np.flatnonzero(found._problem.free[:, k]).tolist() == kept
    assert "'t' left out 14 of 21 coefficients" in " ".join(note.text for note in model.notes)
    assert "0.0000" in str(model)


def test_restrictions_may_be_a_table(frame):
    by_names = pv.fit_restricted_var(frame, restrictions=LEFT_OUT, lags=2)
    table = by_names.free.astype(int)
    for given in (table, table.T, table.iloc[::-1, ::-1]):
        assert_allclose(pv.fit_restricted_var(frame, restrictions=given, lags=2).params, by_names.params)


def test_tests_count_what_is_not_zero_already(frame):
    model = pv.fit_restricted_var(frame, restrictions=LEFT_OUT, lags=2, convention="eviews")
    test = model.granger_causality("x", "y")
    assert test.df == 1
    assert test.statistic == pytest.approx((model.params.loc["L1.y", "x"] / model.std_errors.loc["L1.y", "x"]) ** 2)
    with pytest.raises(SpecificationError, match="already"):
        model.granger_causality("x", "z")


def test_what_cannot_be_is_refused(frame):
    for wrong, message in (
        ({"w": ["const"]}, "not an equation"),
        ({"x": ["L3.x"]}, "not a regressor"),
        ("ser", "'t'"),
        ([1, 0], "expected a mapping"),
        (pd.DataFrame({"x": [1]}), "labelled by"),
    ):
        with pytest.raises(SpecificationError, match=message):
            pv.fit_restricted_var(frame, restrictions=wrong, lags=2)
    with pytest.raises(SpecificationError, match="no regressor left"):
        pv.fit_restricted_var(frame, restrictions={"x": ["const", "L1.x", "L1.y", "L1.z"]}, lags=1)
    model = pv.fit_restricted_var(frame, restrictions=LEFT_OUT, lags=2)
    for source in (MonteCarlo(200, seed=1), pv.BootstrapAfterBootstrap(200, seed=1)):
        with pytest.raises(SpecificationError, match="ootstrap"):
            model.impulse_responses(2, bands=source)
    with pytest.raises(SpecificationError, match="'hall'"):
        model.impulse_responses(2, bands=ResidualBootstrap(200, seed=1, interval="studentised"))
    for cov in ("HC3", pv.Clustered("time", residuals="HC2")):
        with pytest.raises(SpecificationError, match="no leverage in common"):
            model.with_cov(cov)
    with pytest.raises(SpecificationError, match="threshold"):
        pv.fit_restricted_var(frame, restrictions="t", threshold=-1.0)


def test_restricted_coefficients_are_printed_without_an_error():
    y = np.random.default_rng(1).standard_normal((80, 2))
    model = pv.fit_restricted_var(y, restrictions={"y1": ["L1.y2"]}, columns=["y1", "y2"], lags=1)
    lines = str(model).splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("L1.y2"))
    assert lines[place].split()[1] == "0.0000"
    assert lines[place + 1].count("(") == 1
    assert "restricted to zero" in str(model)
    assert "restricted to zero" not in str(pv.fit_var(y, lags=1))


def test_joint_bands_of_shares_that_do_not_vary():
    """An equation without lags: the share of its own generalised shock is one at every horizon."""
    y = np.random.default_rng(3).standard_normal((80, 2))
    model = pv.fit_restricted_var(y, restrictions={"y1": ["L1.y1", "L1.y2"], "y2": ["L1.y1"]}, columns=["y1", "y2"])
    bands = pv.DeltaMethod(joint="sup-t", draws=500)
    shares = model.variance_decomposition(5, identification="generalised", bands=bands)
    np.testing.assert_allclose(shares.lower[:, 0, 0], 1.0)
    assert (shares.upper[:, 1, 0] > shares.lower[:, 1, 0]).all()
