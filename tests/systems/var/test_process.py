"""Second moments and simulation of a system, and tests of coefficients of any equations."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import panelvar as pv
from panelvar.kernels.dynamics import dynamics
from panelvar.kernels.dynamics.second_moments import sample_autocovariances, stacked_variance

COEFFICIENTS = np.array([[[0.5, 0.1], [0.4, 0.5]], [[0.0, 0.0], [0.25, 0.0]]])
SIGMA = np.array([[0.09, 0.0], [0.0, 0.04]])


def system(**options):
    return pv.System(COEFFICIENTS, ["x", "y"], **{"sigma": SIGMA, "intercept": [0.02, 0.03], **options})


def fitted(trend="c", lags=2, **options):
    rng = np.random.default_rng(3)
    y = np.zeros((120, 2))
    for row in range(2, 120):
        y[row] = COEFFICIENTS[0] @ y[row - 1] + COEFFICIENTS[1] @ y[row - 2] + rng.standard_normal(2)
    return pv.fit_var(pd.DataFrame(y, columns=["x", "y"]), lags=lags, trend=trend, **options)


def test_autocovariances_of_a_textbook_system():
    """Luetkepohl (2005), section 2.1.4: the bivariate VAR(2) of (2.1.41), whose moments are printed to three digits."""
    found = system().autocovariances(3)
    assert_allclose(found.loc[0], [[0.131, 0.066], [0.066, 0.181]], atol=5e-4)
    assert_allclose(found.loc[1], [[0.072, 0.051], [0.104, 0.143]], atol=5e-4)
    assert_allclose(found.loc[2], [[0.046, 0.040], [0.113, 0.108]], atol=6e-4)
    assert_allclose(found.loc[3], [[0.035, 0.031], [0.093, 0.083]], atol=6e-4)


@pytest.mark.parametrize("root", [0.5, 0.97, 0.9999])
def test_the_variance_solves_its_equation(root):
    coefficients = np.array([[[root, 0.3], [0.0, 0.4]]])
    sigma = np.array([[1.0, 0.5], [0.5, 2.0]])
    gamma = stacked_variance(coefficients, sigma)
    assert_allclose(gamma, coefficients[0] @ gamma @ coefficients[0].T + sigma, rtol=1e-12)
    # The same by brute force: vec(Gamma) = (I - A kron A)^-1 vec(sigma).
    whole = np.linalg.solve(np.eye(4) - np.kron(coefficients[0], coefficients[0]), sigma.ravel()).reshape(2, 2)
    assert_allclose(gamma, whole, rtol=1e-15 / (1.0 - root) * 50)


def test_autocovariances_are_sums_of_products_of_responses():
    model = system()
    moving = dynamics.moving_average(COEFFICIENTS, 400)
    found = model.autocovariances(4)
    for lag in range(5):
        direct = sum(moving[i + lag] @ SIGMA @ moving[i].T for i in range(390))
        assert_allclose(found.loc[lag], direct, rtol=1e-12)
    deviations = np.sqrt(np.diag(found.loc[0]))
    assert_allclose(model.autocorrelations(4).loc[2], found.loc[2] / np.outer(deviations, deviations), rtol=1e-14)
    assert list(found.index.names) == ["lag", "variable"]
    assert list(found.columns) == ["x", "y"]


def test_a_simulated_path_follows_the_equations():
    errors = np.random.default_rng(0).standard_normal((30, 2))
    first = [[1.0, 2.0], [3.0, 4.0]]
    path = system(trend_slopes=[0.1, -0.2]).simulate(30, errors=errors, initial=first)
    y = [np.array(row) for row in first]
    for row in range(30):
        terms = np.array([0.02, 0.03]) + np.array([0.1, -0.2]) * (row + 1)
        y.append(terms + COEFFICIENTS[0] @ y[-1] + COEFFICIENTS[1] @ y[-2] + errors[row])
    assert_allclose(path, y[2:], rtol=1e-12)


def test_a_long_simulation_has_the_moments_of_the_process():
    model = system(intercept=[1.0, 1.0])
    path = model.simulate(200_000, seed=1)
    # The mean's standard error is about 0.003 here; autocovariances' below 0.002.
    assert_allclose(path.mean(), model.mean(), atol=0.015)
    sample = sample_autocovariances((path - path.mean()).to_numpy(), 2)
    for lag in range(3):
        assert_allclose(sample[lag], model.autocovariances(2).loc[lag], atol=0.005)
    assert model.simulate(5, seed=7).equals(model.simulate(5, seed=7))


def test_the_first_period_is_already_stationary():
    model = system(intercept=[1.0, 1.0])
    rng = np.random.default_rng(2)
    first = np.array([model.simulate(1, seed=rng).to_numpy()[0] for _ in range(4000)])
    assert_allclose(first.mean(axis=0), model.mean(), atol=0.03)
    assert_allclose(np.cov(first.T), model.autocovariances(0).loc[0], atol=0.02)


def test_exogenous_variables_and_seasons_are_simulated():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.standard_normal((80, 3)), columns=["x", "y", "oil"])
    model = pv.fit_var(frame, lags=1, exogenous=["oil"], exogenous_lags=1, seasons=4)
    problem = model._problem
    path = model.simulate(
        79, errors=problem.residuals, initial=frame[["x", "y"]].iloc[:1], exogenous=frame[["oil"]].to_numpy()
    )
    # Terms of the simulation begin at t = 1, those of the sample's first explained row at t = 2: the seasons differ.
    terms = model.terms.rows(1, 79, frame[["oil"]].to_numpy()) @ model.deterministics
    y = frame[["x", "y"]].to_numpy()[0]
    for row in range(79):
        y = terms[row] + model.coefficients[0] @ y + problem.residuals[row]
        assert_allclose(path.iloc[row], y, rtol=1e-10, atol=1e-12)
    with pytest.raises(pv.SpecificationError, match="Give exogenous= of shape"):
        model.simulate(10, initial=[[0.0, 0.0]])
    for trend in ("c", "n"):
        alone = pv.fit_var(frame, lags=1, exogenous=["oil"], trend=trend)
        with pytest.raises(pv.SpecificationError, match="Give initial= of shape"):
            alone.simulate(10, exogenous=np.zeros((10, 1)))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: pv.System(COEFFICIENTS).autocovariances(), pv.MissingInformationError, "sigma="),
        (lambda: pv.System([[[1.1]]], sigma=[[1]]).autocorrelations(), pv.NumericalError, "not stable"),
        (lambda: system().autocovariances(-1), pv.SpecificationError, "lags="),
        (lambda: pv.System(COEFFICIENTS, intercept=[0, 0]).simulate(5), pv.MissingInformationError, "sigma="),
        (lambda: pv.System(COEFFICIENTS, sigma=SIGMA).simulate(5), pv.MissingInformationError, "intercept"),
        (lambda: system().simulate(0), pv.SpecificationError, "periods="),
        (lambda: system().simulate(5, errors=np.zeros((4, 2))), pv.SpecificationError, r"errors has shape \(4, 2\)"),
        (lambda: system().simulate(5, initial=[[0, 0]]), pv.SpecificationError, r"expected \(2, 2\)"),
        (lambda: system().simulate(5, exogenous=[[1.0]]), pv.SpecificationError, "no exogenous"),
        (lambda: system(trend_slopes=[1, 1]).simulate(5), pv.SpecificationError, "initial="),
        (
            lambda: pv.System([[[3.0]]], sigma=[[1]], intercept=[0]).simulate(900, initial=[[1.0]]),
            pv.NumericalError,
            "overflows",
        ),
        (lambda: system().impulse_responses(4, cumulative="no"), pv.SpecificationError, "cumulative="),
        (lambda: system().variance_decomposition(4, normalised="no"), pv.SpecificationError, "normalised="),
        (lambda: system().simulate(5, seed="a"), pv.SpecificationError, "seed"),
    ],
)
def test_what_cannot_be_is_said(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_residual_autocorrelations_stop_at_gaps():
    frame = pd.DataFrame(np.random.default_rng(0).standard_normal((60, 2)), columns=["x", "y"])
    frame = frame.drop(index=[20, 21])
    with pytest.warns(pv.PanelVarWarning, match="absent"):
        model = pv.fit_var(frame, lags=1)
    found = model.residual_autocorrelations(3)
    u = model.resids
    scale = np.sqrt((u**2).mean())
    for lag in range(4):
        direct = np.zeros((2, 2))
        for period in u.index:
            if all(period - back in u.index for back in range(lag + 1)):
                direct += np.outer(u.loc[period], u.loc[period - lag])
        assert_allclose(found.loc[lag], direct / len(u) / np.outer(scale, scale), atol=1e-14)
    assert_allclose(np.diag(found.loc[0]), 1.0, rtol=1e-14)


# Coefficients of any equations


@pytest.mark.parametrize("convention", ["default", "stata", "gretl"])
@pytest.mark.parametrize("kind", ["classical", "HC1"])
def test_a_wald_test_of_lags_is_the_exclusion_test(convention, kind):
    model = fitted(convention=convention).with_cov(kind)
    found = model.wald_test(["[x]L1.y", "[x]L2.y"])
    known = model.exclusion_test(equations="x", variables="y")
    assert found.statistic == pytest.approx(known.statistic, rel=1e-10)
    assert found.pvalue == pytest.approx(known.pvalue, rel=1e-9)
    assert (found.distribution, found.df, found.df_denominator) == (known.distribution, known.df, known.df_denominator)


def test_restrictions_across_equations():
    model = fitted()
    found = model.wald_test("[x]L1.x = [y]L1.y")
    gap = model.params.loc["L1.x", "x"] - model.params.loc["L1.y", "y"]
    cov = model.cov
    a, b = ("x", "L1.x"), ("y", "L1.y")
    variance = cov.loc[a, a] + cov.loc[b, b] - 2.0 * cov.loc[a, b]
    assert found.statistic == pytest.approx(gap**2 / variance, rel=1e-10)
    assert (found.df, found.df_denominator) == (1, 2 * model.df_resid)
    combined = model.lincom("[x]L1.x - [y]L1.y", level=0.9)
    assert combined.estimate == pytest.approx(gap, rel=1e-12)
    assert combined.std_error == pytest.approx(np.sqrt(variance), rel=1e-10)
    assert combined.df == model.df_resid
    matrix = np.zeros((1, 10))
    matrix[0, 1], matrix[0, 7] = 1.0, -1.0
    assert model.wald_test(matrix).statistic == pytest.approx(found.statistic, rel=1e-10)
    assert model.wald_test({"[y]const": 0.0}).null == "[y]const = 0"
    with pytest.raises(pv.SpecificationError, match=r"'L1\.x' is not a coefficient.* \[x\]const, \[x\]L1\.x"):
        model.wald_test("L1.x")
    assert fitted(convention="stata").lincom("[x]L1.x").df is None


def test_an_error_correction_model_refuses_them():
    levels = pd.DataFrame(np.random.default_rng(0).standard_normal((80, 2)).cumsum(axis=0), columns=["x", "y"])
    model = pv.fit_vecm(levels, rank=1, lags=2)
    for call in (
        lambda: model.wald_test("[x]L1.y"),
        lambda: model.lincom("[x]L1.y"),
    ):
        with pytest.raises(pv.SpecificationError):
            call()


@pytest.mark.parametrize("options", [{}, {"identification": "cholesky", "shock_size": "sd"}])
def test_errors_of_long_run_effects_are_the_numerical_delta_method(options):
    model = fitted()
    errors = model.long_run_std_errors(**options).to_numpy()
    k, p, n = 2, 2, model.nobs
    theta = np.concatenate([model.coefficients.ravel(), model.sigma.to_numpy()[np.tril_indices(2)]])

    def effects(theta):
        sigma = np.zeros((2, 2))
        sigma[np.tril_indices(2)] = theta[p * k * k :]
        sigma = sigma + np.tril(sigma, -1).T
        known = pv.System(theta[: p * k * k].reshape(p, k, k), ["x", "y"], sigma=sigma)
        return known.long_run_effects(**options).to_numpy().ravel()

    step = 1e-6
    slopes = np.array(
        [(effects(theta + step * e) - effects(theta - step * e)) / (2 * step) for e in np.eye(len(theta))]
    )
    cov = np.zeros((len(theta), len(theta)))
    labels = [(i, f"L{j}.{v}") for j in (1, 2) for i in model.names for v in model.names]
    cov[:8, :8] = model.cov.loc[labels, labels].to_numpy()
    pairs = [(0, 0), (1, 0), (1, 1)]
    s = model.sigma.to_numpy()
    for a, (i, j) in enumerate(pairs):
        for b, (r, c) in enumerate(pairs):
            cov[8 + a, 8 + b] = (s[i, r] * s[j, c] + s[i, c] * s[j, r]) / n
    assert_allclose(errors.ravel(), np.sqrt(np.diag(slopes.T @ cov @ slopes)), rtol=1e-6)


def test_errors_of_long_run_effects_are_where_cumulative_responses_end():
    model = fitted()
    ended = model.impulse_responses(300, identification="cholesky", cumulative=True, bands=pv.DeltaMethod()).std_errors[
        -1
    ]
    assert_allclose(model.long_run_std_errors(identification="cholesky", shock_size="sd"), ended, rtol=1e-8)


def test_results_with_them_still_pickle():
    model = fitted()
    assert pickle.loads(pickle.dumps(model)).wald_test("[x]L1.y").pvalue == model.wald_test("[x]L1.y").pvalue


def test_first_values_have_the_stationary_deviation_in_any_units():
    """Dollars beside fractions: the first rows had hundreds of times the deviation of the small variable."""
    units = np.array([1e12, 1e-3])
    lags = np.array([[0.9, 0.1], [0.05, 0.6]]) * units[:, None] / units
    sigma = np.array([[1.0, 0.3], [0.3, 1.0]]) * np.outer(units, units)
    system = pv.System([lags], names=["gdp", "rate"], intercept=[0.0, 0.0], sigma=sigma)
    first = np.array([system.simulate(1, seed=seed).to_numpy()[0] for seed in range(500)])
    expected = np.sqrt(np.diag(system.autocovariances(0).to_numpy()))
    np.testing.assert_allclose(first.std(axis=0), expected, rtol=0.15)
    plain = pv.System([lags / (units[:, None] / units)], names=["gdp", "rate"], intercept=[0.0, 0.0],
                      sigma=sigma / np.outer(units, units))  # fmt: skip
    np.testing.assert_allclose(first[:9] / units, [plain.simulate(1, seed=k).to_numpy()[0] for k in range(9)])
