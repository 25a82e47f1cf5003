"""Vector error-correction models against moment matrices, numerical maximisation and loops."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from reference_data import table
from scipy import stats
from scipy.optimize import minimize

import panelvar as pv
from panelvar.nonstationary.cointegration.vecm_problem import VecmProblem

CASES = ("n", "rc", "c", "rt", "ct")
NAMES = ["lrm", "lry", "ibo", "ide"]


def denmark():
    return table("denmark")[NAMES]


def small(seed=5, n=120):
    """Three variables, one common trend less than variables, drift, and a relation with a constant."""
    rng = np.random.default_rng(seed)
    walk = np.cumsum(0.1 + rng.standard_normal((n, 2)), axis=0)
    third = 2.0 + walk[:, 0] - 0.5 * walk[:, 1] + rng.standard_normal(n)
    return pd.DataFrame(np.column_stack([third, walk]), columns=["a", "b", "c"])


def parts(y, lags, trend):
    """Z0, Z1 and Z2 by hand, and the periods (from 1) explained."""
    t = np.arange(lags, len(y))
    dy = np.diff(y, axis=0)
    one, time = np.ones((len(t), 1)), t[:, None] + 1.0
    z1 = [y[t - 1]] + ([one] if trend == "rc" else [time - 1.0] if trend == "rt" else [])
    z2 = {"n": [], "rc": [], "c": [one], "rt": [one], "ct": [one, time]}[trend]
    z2 = z2 + [dy[t - 1 - j] for j in range(1, lags)]
    return y[t] - y[t - 1], np.column_stack(z1), np.column_stack(z2) if z2 else np.zeros((len(t), 0)), t + 1


def concentrated(z0, z1, z2, beta):
    """Log likelihood (up to a constant) and least squares of z0 on z1 beta and z2."""
    x = np.column_stack([z1 @ beta, z2])
    coefficients = np.linalg.lstsq(x, z0, rcond=None)[0]
    u = z0 - x @ coefficients
    return -0.5 * len(u) * np.linalg.slogdet(u.T @ u / len(u))[1], coefficients, u, x


@pytest.mark.parametrize("trend", CASES)
@pytest.mark.parametrize(("lags", "rank"), [(1, 1), (2, 2), (3, 1)])
def test_against_moment_matrices(trend, lags, rank):
    data = denmark()
    model = pv.fit_vecm(data, rank=rank, lags=lags, trend=trend)
    z0, z1, z2, _ = parts(data.to_numpy(), lags, trend)
    n = len(z0)
    r0, r1 = ((z - z2 @ np.linalg.lstsq(z2, z, rcond=None)[0] if z2.size else z) for z in (z0, z1))
    s00, s11, s01 = r0.T @ r0 / n, r1.T @ r1 / n, r0.T @ r1 / n
    values, vectors = np.linalg.eig(np.linalg.solve(s11, s01.T @ np.linalg.solve(s00, s01)))
    order = np.argsort(-values.real)
    values, beta = values.real[order], vectors.real[:, order[:rank]]
    beta = beta @ np.linalg.inv(beta[:rank])
    assert_allclose(model.beta, beta, rtol=1e-6, atol=1e-8)
    llf, coefficients, u, x = concentrated(z0, z1, z2, beta)
    assert_allclose(model.short_run, coefficients, rtol=1e-6, atol=1e-8)
    assert_allclose(model.alpha, coefficients[:rank].T, rtol=1e-6, atol=1e-8)
    # The likelihood, by residuals and by eigenvalues (Johansen 1995, 6.14).
    constant = -0.5 * n * 4 * (1 + np.log(2 * np.pi))
    assert_allclose(model.loglik, llf + constant, rtol=1e-10)
    by_values = -0.5 * n * (np.linalg.slogdet(s00)[1] + np.log(1 - values[:rank]).sum())
    assert_allclose(model.loglik, by_values + constant, rtol=1e-10)
    # Sigma and errors, the relations taken as known.
    degrees = n - x.shape[1]
    assert model.df_resid == degrees
    sigma = u.T @ u / degrees
    assert_allclose(model.sigma, sigma, rtol=1e-7, atol=1e-12)
    spread = np.linalg.inv(x.T @ x).diagonal()
    assert_allclose(model.short_run_std_errors, np.sqrt(np.outer(spread, sigma.diagonal())), rtol=1e-6)
    # Errors of the relations (Luetkepohl 2005, 7.2.21), with dense products.
    free = r1[:, rank:]
    alpha = coefficients[:rank].T
    cov = np.kron(np.linalg.inv(free.T @ free), np.linalg.inv(alpha.T @ np.linalg.inv(sigma) @ alpha))
    expected = np.sqrt(cov.diagonal()).reshape(free.shape[1], rank)
    assert_allclose(model.beta_std_errors.iloc[rank:], expected, rtol=1e-5)
    assert (model.beta_std_errors.iloc[:rank] == 0).all(axis=None)


@pytest.mark.parametrize("trend", CASES)
def test_levels_model_is_the_same_model(trend):
    """The levels model's coefficients give the residuals of the differences, and its terms the confined ones."""
    data = denmark()
    model = pv.fit_vecm(data, rank=2, lags=3, trend=trend)
    z0, z1, z2, _ = parts(data.to_numpy(), 3, trend)
    _, _, u, _ = concentrated(z0, z1, z2, model.beta.to_numpy())
    assert_allclose(model.resids, u, atol=1e-10)
    a = model.coefficients
    assert_allclose(a.sum(axis=0) - np.eye(4), model.pi.to_numpy()[:, :4], atol=1e-10)
    gamma = model.gamma
    assert_allclose(gamma[0], -(a[1] + a[2]), atol=1e-10)
    assert_allclose(gamma[1], -a[2], atol=1e-10)
    assert_allclose(model.fitted_values + model.resids, data.to_numpy()[3:], atol=1e-10)
    assert model.moduli[:2] == pytest.approx([1.0, 1.0], abs=1e-9)
    # Deterministic terms of the levels: alpha times what is confined, at t - 1.
    if trend == "rc":
        assert_allclose(model.deterministics[0], model.pi["const"], rtol=1e-7)
    if trend == "rt":
        slope = model.pi["trend"].to_numpy()
        assert_allclose(model.deterministics[1], slope, atol=1e-11)
        assert_allclose(model.deterministics[0], model.short_run.loc["const"] - slope, atol=1e-8)
    # Relations by period, and R2 of the differences.
    before = model.relations.to_numpy()[2:-1]
    assert_allclose(before, z1 @ model.beta.to_numpy(), atol=1e-9)
    total = z0 - z0.mean(axis=0) if trend in ("c", "rt", "ct") else z0
    assert_allclose(model.rsquared, 1 - (u**2).sum(axis=0) / (total**2).sum(axis=0), rtol=1e-8)


@pytest.mark.parametrize("trend", CASES)
def test_extreme_ranks(trend):
    data = denmark()
    with_all = pv.fit_vecm(data, rank=4, lags=2, trend=trend)
    levels = pv.fit_var(data, lags=2, trend={"rc": "c", "rt": "ct"}.get(trend, trend))
    assert_allclose(with_all.params, levels.params, rtol=1e-8, atol=1e-10)
    assert_allclose(with_all.loglik, levels.loglik, rtol=1e-12)
    if trend in ("n", "c"):
        assert_allclose(with_all.std_errors, levels.std_errors, rtol=1e-8)
    without = pv.fit_vecm(data, rank=0, lags=2, trend=trend)
    kept = {"rc": "n", "rt": "c"}.get(trend, trend)
    changes = pv.fit_var(data.diff().dropna(), lags=1, trend=kept)
    assert_allclose(without.loglik, changes.loglik, rtol=1e-12)
    assert_allclose(without.gamma[0], changes.coefficients[0], atol=1e-10)
    assert without.beta.shape == (len(without.relation_names), 0)
    assert without.n_vars == 4
    assert "At rank 0 the model is a vector autoregression of the differences." in str(without)


def test_likelihood_is_at_its_maximum():
    """Any other relation is less likely, and a numerical search does not do better."""
    data = small()
    model = pv.fit_vecm(data, rank=1, lags=2, trend="rc")
    z0, z1, z2, _ = parts(data.to_numpy(), 2, "rc")
    best = concentrated(z0, z1, z2, model.beta.to_numpy())[0]
    rng = np.random.default_rng(0)
    for _ in range(50):
        other = model.beta.to_numpy() + 0.1 * rng.standard_normal((4, 1))
        assert concentrated(z0, z1, z2, other)[0] < best

    def loss(free):
        return -concentrated(z0, z1, z2, np.array([1.0, *free])[:, None])[0]

    found = minimize(loss, np.array([-0.5, 0.2, 0.0]), method="BFGS", options={"gtol": 1e-8})
    assert -found.fun <= best + 1e-8
    assert_allclose(found.x, model.beta.to_numpy()[1:, 0], rtol=1e-4)


@pytest.mark.parametrize("trend", CASES)
@pytest.mark.parametrize("rank", [0, 1, 2, 3])
def test_bootstrap_is_a_loop_of_single_fits(trend, rank):
    data = small(n=60)
    model = pv.fit_vecm(data, rank=rank, lags=2, trend=trend)
    problem = model._problem
    rng = np.random.default_rng(3)
    shocks = problem.residuals[rng.integers(0, model.nobs, (4, model.nobs))]
    refits = problem.refit(shocks)
    levels = {"rc": "c", "rt": "ct"}.get(trend, trend)
    terms = problem.design[:, : problem.n_deterministic]
    for draw in range(4):
        path = data.to_numpy().copy()
        for row in range(model.nobs):
            x = np.concatenate([terms[row], path[row + 1], path[row]])
            path[row + 2] = x @ problem.params + shocks[draw, row]
        again = pv.fit_vecm(pd.DataFrame(path), rank=rank, lags=2, trend=trend)
        assert again.trend == levels
        # The levels' condition is that of the loop's own fit as well.
        assert_allclose(refits.params[draw], again._problem.params, atol=2e-9)
        assert_allclose(refits.scatter_factor[draw], again._problem.scatter_factor, rtol=1e-9, atol=1e-9)
        # What a series carried beside has in common with the residuals.
    beside = rng.standard_normal((4, model.nobs, 1))
    carried = problem.refit(shocks, None, beside)
    for draw in range(4):
        path = data.to_numpy().copy()
        for row in range(model.nobs):
            x = np.concatenate([terms[row], path[row + 1], path[row]])
            path[row + 2] = x @ problem.params + shocks[draw, row]
        again = pv.fit_vecm(pd.DataFrame(path), rank=rank, lags=2, trend=trend)
        assert_allclose(carried.beside[draw], again.resids.to_numpy().T @ beside[draw], atol=1e-7)


def test_other_parameters_generate_the_data_too():
    problem = pv.fit_vecm(small(n=60), rank=1, lags=2, trend="c")._problem
    shocks = np.random.default_rng(1).standard_normal((2, problem.nobs, 3))
    params = problem.params * 0.9
    refits = problem.refit(shocks, params)
    path = small(n=60).to_numpy().copy()
    for row in range(problem.nobs):
        path[row + 2] = np.concatenate([[1.0], path[row + 1], path[row]]) @ params + shocks[1, row]
    again = pv.fit_vecm(path, rank=1, lags=2, trend="c")
    assert_allclose(refits.params[1], again._problem.params, atol=1e-9)


def test_units_and_order():
    data = small()
    base = pv.fit_vecm(data, rank=1, lags=2, trend="rt")
    units = np.array([1e5, 1e-3, 7.0])
    scaled = pv.fit_vecm(data * units, rank=1, lags=2, trend="rt")
    assert_allclose(scaled.loglik, base.loglik - base.nobs * np.log(units).sum(), rtol=1e-10)
    relation = base.beta["ec1"].to_numpy() * units[0] / np.append(units, 1.0)
    assert_allclose(scaled.beta["ec1"], relation, rtol=1e-7)
    assert_allclose(scaled.beta_tstats.iloc[1:], base.beta_tstats.iloc[1:], rtol=1e-7)
    turned = pv.fit_vecm(data[["c", "a", "b"]], rank=1, lags=2, trend="rt", normalise=["a"])
    assert_allclose(turned.beta.loc[base.beta.index], base.beta, rtol=1e-8)
    assert_allclose(turned.beta_std_errors.loc[base.beta.index], base.beta_std_errors, rtol=1e-7)
    assert_allclose(turned.alpha.loc[base.alpha.index], base.alpha, rtol=1e-7)


def test_normalisations_are_one_model():
    data = denmark()
    first = pv.fit_vecm(data, rank=2, lags=2, trend="rc")
    other = pv.fit_vecm(data, rank=2, lags=2, trend="rc", normalise=["ide", "lrm"])
    canonical = pv.fit_vecm(data, rank=2, lags=2, trend="rc", normalise="canonical")
    for model in (other, canonical):
        assert_allclose(model.pi, first.pi, rtol=1e-7, atol=1e-9)
        assert_allclose(model.params, first.params, rtol=1e-9, atol=1e-12)
    assert_allclose(other.beta.loc[["ide", "lrm"]], np.eye(2))
    with pytest.raises(pv.SpecificationError, match="no standard errors"):
        _ = canonical.beta_std_errors
    assert "ec2" in str(canonical)
    assert np.isnan(other.beta_pvalues.loc["ide", "ec1"])
    assert 0 < other.beta_pvalues.loc["lry", "ec1"] < 1


def test_restrictions_on_relations_by_search():
    data = small()
    model = pv.fit_vecm(data, rank=1, lags=2, trend="rc")
    test = model.restriction_test(beta="a + b = 0, const = 0")
    z0, z1, z2, _ = parts(data.to_numpy(), 2, "rc")

    def loss(free):
        return -concentrated(z0, z1, z2, np.array([1.0, -1.0, free[0], 0.0])[:, None])[0]

    found = minimize(loss, np.array([0.3]), method="BFGS", options={"gtol": 1e-9})
    full = concentrated(z0, z1, z2, model.beta.to_numpy())[0]
    assert_allclose(test.statistic, 2 * (full + found.fun), rtol=1e-7)
    assert test.df == 2
    assert_allclose(test.beta["ec1"], [1.0, -1.0, found.x[0], 0.0], rtol=1e-5, atol=1e-10)
    coefficients = concentrated(z0, z1, z2, test.beta.to_numpy())[1]
    assert_allclose(test.alpha["ec1"], coefficients[0], rtol=1e-7)
    as_matrix = model.restriction_test(beta=np.array([[1.0, 1, 0, 0], [0, 0, 0, 1.0]]))
    assert_allclose(as_matrix.statistic, test.statistic, rtol=1e-10)
    # Two relations: each of them obeys.
    two = pv.fit_vecm(denmark(), rank=2, lags=2, trend="rc").restriction_test(beta="lrm + lry = 0")
    assert two.df == 2
    assert_allclose(two.beta.loc["lrm"] + two.beta.loc["lry"], 0.0, atol=1e-9)


def test_restrictions_on_reactions_by_search():
    """A numerical search over beta and psi with alpha = A psi, sigma concentrated out."""
    data = small()
    model = pv.fit_vecm(data, rank=1, lags=2, trend="c")
    z0, z1, z2, _ = parts(data.to_numpy(), 2, "c")
    r0, r1 = (z - z2 @ np.linalg.lstsq(z2, z, rcond=None)[0] for z in (z0, z1))

    def search(span, start, relation=None):
        def loss(free):
            beta = np.array([1.0, *free[:2]]) if relation is None else relation(free)
            psi = free[2:] if relation is None else free[1:]
            u = r0 - np.outer(r1 @ beta, span @ psi)
            return 0.5 * len(u) * np.linalg.slogdet(u.T @ u / len(u))[1]

        return minimize(loss, start, method="BFGS", options={"gtol": 1e-7})

    full = concentrated(z0, z1, z2, model.beta.to_numpy())[0]
    beta, alpha = model.beta["ec1"].to_numpy(), model.alpha["ec1"].to_numpy()
    span = np.eye(3)[:, [0, 2]]
    found = search(span, np.array([*beta[1:], alpha[0], alpha[2]]))
    test = model.weak_exogeneity_test("b")
    assert_allclose(test.statistic, 2 * (full + found.fun), rtol=1e-6)
    assert test.df == 1
    assert_allclose(test.beta["ec1"], [1.0, *found.x[:2]], rtol=1e-4)
    assert_allclose(test.alpha["ec1"], [found.x[2], 0.0, found.x[3]], rtol=1e-3, atol=1e-12)
    # Both at once: b does not react and the coefficients of b and c are opposite.
    both = model.restriction_test(alpha="b = 0", beta="b + 2*c = 0")
    joint = search(span, np.array([beta[1], alpha[0], alpha[2]]), lambda free: np.array([1.0, free[0], -free[0] / 2]))
    assert_allclose(both.statistic, 2 * (full + joint.fun), rtol=1e-6)
    assert both.df == 2
    assert both.null == "beta: b + 2*c = 0; alpha: b = 0"


def test_known_relations():
    data = denmark()
    model = pv.fit_vecm(data, rank=2, lags=2, trend="rc")
    test = model.restriction_test(known={"ibo": 1, "ide": -1})
    z0, z1, z2, _ = parts(data.to_numpy(), 2, "rc")
    known = np.array([0, 0, 1.0, -1.0, 0])

    def loss(free):
        return -concentrated(z0, z1, z2, np.column_stack([known, [1.0, free[0], 0.0, free[1], free[2]]]))[0]

    start = test.beta["ec2"] / test.beta.loc["lrm", "ec2"]
    start = start - start["ibo"] * known
    found = minimize(loss, start.to_numpy()[[1, 3, 4]], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-10})
    full = concentrated(z0, z1, z2, model.beta.to_numpy())[0]
    assert_allclose(test.statistic, 2 * (full + found.fun), rtol=1e-6)
    assert test.df == 1 * (5 - 2)
    assert test.null == "ibo - ide stationary"
    assert_allclose(test.beta["ec1"], known)
    assert_allclose(test.alpha, concentrated(z0, z1, z2, test.beta.to_numpy())[1][:2].T, rtol=1e-7)
    # Every relation known: nothing is left to estimate.
    two = model.restriction_test(known=[{"lrm": 1, "lry": -1}, {"ibo": 1}])
    fixed = concentrated(z0, z1, z2, np.array([[1.0, 0], [-1, 0], [0, 1], [0, 0], [0, 0]]))[0]
    assert_allclose(two.statistic, 2 * (full - fixed), rtol=1e-9)
    assert two.df == 6
    by_array = model.restriction_test(known=known)
    assert_allclose(by_array.statistic, test.statistic)


def test_exclusion_of_lagged_differences():
    data = denmark()
    model = pv.fit_vecm(data, rank=1, lags=3, trend="c", convention="stata")
    z0, z1, z2, _ = parts(data.to_numpy(), 3, "c")
    _, b, u, x = concentrated(z0, z1, z2, model.beta.to_numpy())
    sigma = u.T @ u / len(u)
    cov = np.kron(sigma, np.linalg.inv(x.T @ x))
    # ec1, const, then four differences of lag one and of lag two.
    places = [equation * 10 + row for equation in (0, 2) for row in (3, 7)]
    gap = b.T.ravel()[places]
    expected = gap @ np.linalg.solve(cov[np.ix_(places, places)], gap)
    test = model.exclusion_test(equations=["lrm", "ibo"], variables="lry")
    assert_allclose(test.statistic, expected, rtol=1e-8)
    assert test.df == 4
    assert test.distribution == "chi2"
    default = pv.fit_vecm(data, rank=1, lags=3, trend="c").exclusion_test(lags=2)
    assert default.distribution == "f"
    assert default.df == 16


def test_where_shocks_lead():
    model = pv.fit_vecm(denmark(), rank=1, lags=2, trend="c")
    far = model.impulse_responses(400, identification="reduced_form", shock_size="unit").values
    assert_allclose(far[-1], model.long_run_impact, atol=1e-9)
    assert np.linalg.matrix_rank(model.long_run_impact.to_numpy(), tol=1e-8) == 3
    assert_allclose(model.beta.to_numpy().T @ model.long_run_impact.to_numpy(), 0.0, atol=1e-9)
    orthogonal = model.impulse_responses(400).values[-1]
    assert_allclose(model.long_run_effects(identification="cholesky", shock_size="sd"), orthogonal, atol=1e-9)
    # Rank 0: the sums of the responses of the differences.
    without = pv.fit_vecm(denmark(), rank=0, lags=2, trend="c")
    changes = pv.fit_var(denmark().diff().dropna(), lags=1)
    assert_allclose(without.long_run_impact, changes.long_run_effects(), rtol=1e-7, atol=1e-9)
    assert (pv.fit_vecm(denmark(), rank=4, lags=2).long_run_impact == 0).all(axis=None)


def test_all_that_a_system_does():
    data = denmark()
    model = pv.fit_vecm(data, rank=1, lags=2, trend="rc")
    system = pv.System(model.coefficients, NAMES, intercept=model.intercept, sigma=model.sigma)
    with warnings.catch_warnings():
        # Whether roots of one are inside the unit circle is for rounding to say.
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        plain = system.impulse_responses(8)
    responses = model.impulse_responses(8, bands=pv.ResidualBootstrap(draws=200, seed=1))
    assert_allclose(responses.values, plain.values)
    assert (responses.lower <= responses.upper).all()
    assert (
        model.impulse_responses(4, bands=pv.MovingBlockBootstrap(draws=200, seed=1, block_length=5)).draws.shape[0]
        == 200
    )
    wild = pv.RecursiveWildBootstrap(draws=200, seed=1)
    unit = model.impulse_responses(4, identification="reduced_form", shock_size="unit", bands=wild)
    assert unit.draws.shape[0] == 200
    delta = model.impulse_responses(8, bands=pv.DeltaMethod())
    assert (delta.upper - delta.lower)[1:].min() > 0
    forecast = model.forecast(4, bands=pv.ResidualBootstrap(draws=300, seed=2))
    assert_allclose(forecast.values, model.forecast(4).values)
    path = data.to_numpy()[-2:]
    for _ in range(4):
        path = np.vstack([path, model.intercept + model.coefficients[0] @ path[-1] + model.coefficients[1] @ path[-2]])
    assert_allclose(forecast.values, path[2:], rtol=1e-10)
    shares = model.variance_decomposition(8, bands=pv.ResidualBootstrap(draws=200, seed=1))
    assert_allclose(shares.values.sum(axis=2), 1.0)
    history = model.historical_decomposition()
    assert_allclose(history.actual, data.to_numpy()[2:], rtol=1e-8)
    assert pv.portmanteau_test(model, lags=8).df == 16 * (8 - 1) - 4
    assert pv.serial_lm_test(model, lags=2).df == 32
    assert pv.normality_test(model).df == 8
    assert pv.arch_test(model, lags=1).df == 100
    assert "Error-correction model" in repr(model)
    text = str(model)
    for piece in ("ec1", "lrm - 0.9691", "L(D(lry))", "Residual df"):
        assert piece in text
    assert "D(lrm)" in model.summary().to_latex()


def test_delta_method_directions():
    """The covariance of the levels' coefficients is that of the short run, moved."""
    data = small()
    model = pv.fit_vecm(data, rank=1, lags=2, trend="c")
    z0, z1, z2, _ = parts(data.to_numpy(), 2, "c")
    _, _, u, x = concentrated(z0, z1, z2, model.beta.to_numpy())
    cov = np.kron(u.T @ u / model.df_resid, np.linalg.inv(x.T @ x))
    # x is [ec, const, D1]; levels are [const, L1, L2]: A1 = I + alpha beta' + Gamma, A2 = -Gamma.
    move = np.zeros((7, 5))
    move[0, 1] = 1.0
    move[1:4, 0] = model.beta["ec1"]
    move[1:4, 2:] = np.eye(3)
    move[4:, 2:] = -np.eye(3)
    big = np.kron(np.eye(3), move)
    assert_allclose(model.cov, big @ cov @ big.T, rtol=1e-7, atol=1e-12)
    assert_allclose(model.std_errors.T.to_numpy().ravel() ** 2, (big @ cov @ big.T).diagonal(), rtol=1e-7)
    assert (model.pvalues <= 1).all(axis=None)


def test_residuals_beside_relations_in_auxiliary_regressions():
    model = pv.fit_vecm(small(), rank=1, lags=2, trend="rc")
    kept = model._problem.tested_regressors
    assert kept.shape[1] == 4
    assert_allclose(kept.T @ model.resids.to_numpy(), 0.0, atol=1e-8)


def test_seasons_exogenous_gaps():
    data = denmark()
    other = np.random.default_rng(4).standard_normal((len(data), 1))
    model = pv.fit_vecm(data, rank=1, lags=2, trend="rc", seasons=4, exogenous=other, exogenous_lags=1)
    assert list(model.short_run_names)[:6] == ["ec1", "season1", "season2", "season3", "x1", "L1.x1"]
    ahead = model.forecast(2, exogenous=np.zeros((2, 1)))
    assert ahead.values.shape == (2, 4)
    assert model.multipliers(4).values.shape == (5, 4, 1)
    dated = small().set_index(pd.RangeIndex(1900, 2020))
    with pytest.warns(pv.PanelVarWarning, match="absent"):
        gapped = pv.fit_vecm(dated.drop(1950), rank=1, lags=2, trend="rt")
    assert gapped.nobs == 118 - 3
    assert len(gapped.relations) == 119
    refits = gapped._problem.refit(gapped._problem.residuals[None])
    assert_allclose(refits.params[0], gapped._problem.params, atol=1e-9)


def test_lags_by_criterion_and_weak_identification():
    data = denmark()
    chosen = pv.fit_vecm(data, rank=1, lags="bic", trend="rc", max_lags=4)
    assert chosen.lags == pv.fit_var(data, lags="bic", max_lags=4).lags
    assert any(note.code == "lags-selected" for note in chosen.notes)
    # A variable that has no part in the relation cannot carry it.
    rng = np.random.default_rng(1)
    walk = np.cumsum(rng.standard_normal((200, 2)), axis=0)
    frame = pd.DataFrame(np.column_stack([walk, walk[:, 0] + rng.standard_normal(200)]), columns=["x", "w", "y"])
    odd = pv.fit_vecm(frame, rank=1, lags=1, normalise="w")
    good = pv.fit_vecm(frame, rank=1, lags=1, normalise="y")
    assert abs(odd.beta.loc["y", "ec1"]) > 20
    assert abs(good.beta.loc["w", "ec1"]) < 0.05


def test_twice_integrated_variables_are_noticed():
    rng = np.random.default_rng(2)
    twice = np.cumsum(np.cumsum(rng.standard_normal((300, 2)), axis=0), axis=0)
    model = pv.fit_vecm(twice, rank=1, lags=2, trend="n")
    assert model.moduli[1] > 0.9
    explosive = pv.fit_vecm(twice * 1.05 ** np.arange(300)[:, None], rank=1, lags=1, trend="n")
    with pytest.warns(pv.PanelVarWarning, match="explosive"):
        explosive.impulse_responses(4)


def model():
    return pv.fit_vecm(denmark(), rank=1, lags=2, trend="rc")


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: pv.fit_vecm(denmark(), rank=5, lags=2), pv.SpecificationError, "rank=5: 4 variables have at most 4"),
        (lambda: pv.fit_vecm(denmark(), rank=True, lags=2), pv.SpecificationError, "rank=True must be a whole number"),
        (
            lambda: pv.fit_vecm(denmark(), rank="trace", lags=2),
            pv.SpecificationError,
            "rank='trace' must be a whole number",
        ),
        (lambda: pv.fit_vecm(denmark(), rank=1, lags=2, trend="ci"), pv.SpecificationError, "Did you mean 'rc'"),
        (lambda: pv.fit_vecm(denmark(), rank=1, lags=2, normalise="ibx"), pv.SpecificationError, "Did you mean 'ibo'"),
        (lambda: pv.fit_vecm(denmark(), rank=2, lags=2, normalise="ibo"), pv.SpecificationError, "2 different"),
        (lambda: model().with_cov("newey-west"), pv.SpecificationError, "Add lags instead"),
        (lambda: model().wald_test("[lrm]L1.lry"), pv.SpecificationError, "functions of alpha"),
        (lambda: model().lincom("[lrm]L2.lry"), pv.SpecificationError, "functions of alpha"),
        (lambda: model().wald_test("[lrm]L(D(lpy))"), pv.SpecificationError, "names of coefficients"),
        (lambda: model().granger_causality("lrm", "ibo"), pv.SpecificationError, "toda_yamamoto_test"),
        (lambda: model().lag_exclusion_tests(), pv.SpecificationError, "select_lags"),
        (lambda: model().exclusion_test(lags=2), pv.SpecificationError, "1 lagged difference"),
        (lambda: model().restriction_test(), pv.SpecificationError, "Nothing is restricted"),
        (lambda: model().restriction_test(beta="lrm = 1"), pv.SpecificationError, "homogeneous"),
        (lambda: model().restriction_test(beta="lpy = 0"), pv.SpecificationError, "not a coefficient"),
        (lambda: model().restriction_test(beta={"lrm": 0}), pv.SpecificationError, "equations such as"),
        (lambda: model().restriction_test(alpha=np.eye(4)), pv.SpecificationError, "fewer directions"),
        (
            lambda: model().restriction_test(known={"ibo": 1}, alpha="ibo = 0"),
            pv.SpecificationError,
            "Give known= alone",
        ),
        (lambda: model().restriction_test(known=[{"ibo": 1}, {"ide": 1}]), pv.SpecificationError, "rank is 1"),
        (lambda: model().restriction_test(known={"ibx": 1}), pv.SpecificationError, "not a variable"),
        (lambda: model().restriction_test(known=np.zeros(5)), pv.SpecificationError, "not zero"),
        (lambda: model().restriction_test(known=np.ones(4)), pv.SpecificationError, "5 rows"),
        (lambda: model().weak_exogeneity_test("x"), pv.SpecificationError, "'x'"),
        (
            lambda: pv.fit_vecm(denmark(), rank=0, lags=2).weak_exogeneity_test("ibo"),
            pv.SpecificationError,
            "no relations",
        ),
        (
            lambda: model().impulse_responses(4, bands=pv.BootstrapAfterBootstrap(draws=20)),
            pv.SpecificationError,
            "rank of the long-run",
        ),
        (lambda: model().impulse_responses(4, bands=pv.MonteCarlo(draws=20)), pv.SpecificationError, "bootstrap"),
        (
            lambda: model().impulse_responses(4, bands=pv.ResidualBootstrap(draws=20, interval="studentised")),
            pv.SpecificationError,
            "no studentised intervals",
        ),
        (lambda: model().mean(), pv.NumericalError, "not stable"),
        (lambda: model().impulse_responses(4, identification="long_run"), pv.SpecificationError, "do not die out"),
        (
            lambda: model().impulse_responses(
                4, identification=pv.SignRestrictions({("lrm", "s"): "+"}, zero={("lry", "s"): "long-run"})
            ),
            pv.SpecificationError,
            "do not die out",
        ),
    ],
)
def test_bad_input(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_names_of_other_programs():
    with pytest.raises(AttributeError, match="alpha_std_errors"):
        _ = model().stderr_alpha
    with pytest.raises(AttributeError, match="coefficients"):
        _ = model().var_rep
    with pytest.raises(AttributeError, match="rank"):
        _ = model().coint_rank


def test_kernel_takes_what_a_levels_problem_has():
    base = pv.fit_var(small(), lags=2, trend="c")._problem
    problem = VecmProblem(base.design, 1, 2, 3, base.run_starts, rank=1, confined=(0,))
    assert_allclose(problem.difference_rows[:, :3], np.diff(small().to_numpy(), axis=0)[:-1])
    assert problem.n_levels == 4
    assert problem.n_short == 3
    assert problem.n_free == 3 * 4 + 3


@pytest.mark.slow
def test_coverage_of_the_relations():
    """Normal 95% intervals of a relation's coefficient, 200 periods, 1,000 samples."""
    hits = 0
    for seed in range(1000):
        rng = np.random.default_rng(seed)
        walk = np.cumsum(rng.standard_normal(200))
        y = np.column_stack([0.5 * walk + rng.standard_normal(200), walk])
        fitted = pv.fit_vecm(y, rank=1, lags=1, trend="rc")
        value, error = fitted.beta.iloc[1, 0], fitted.beta_std_errors.iloc[1, 0]
        hits += abs(value + 0.5) < 1.96 * error
    assert 0.90 < hits / 1000 < 0.97


@pytest.mark.parametrize("trend", ["n", "rc"])
def test_rank_zero_with_nothing_beside_has_no_coefficients_to_err(trend):
    walks = np.cumsum(np.random.default_rng(4).standard_normal((60, 2)), axis=0)
    model = pv.fit_vecm(walks, rank=0, lags=1, trend=trend)
    assert (model.std_errors.to_numpy() == 0.0).all()
    assert (model.cov.to_numpy() == 0.0).all()
    with pytest.raises(pv.NumericalError, match="its coefficients are known"):
        _ = model.tstats


@pytest.mark.parametrize("trend", ["n", "rc", "c", "rt", "ct"])
def test_gretl_counts(trend):
    """Errors divide by n less the average of the free parameters; criteria count the coefficients of the levels."""
    options = {"rank": 2, "lags": 3, "trend": trend}
    gretl = pv.fit_vecm(denmark(), convention="gretl", **options)
    ours = pv.fit_vecm(denmark(), **options)
    n, k = gretl.nobs, gretl.n_vars
    divisor = n - ours._problem.n_free // k
    ratio = np.sqrt(ours.df_resid / divisor)
    assert_allclose(
        gretl.short_run_std_errors, ours.short_run_std_errors * np.sqrt(ours.df_resid / divisor), rtol=1e-12
    )
    assert_allclose(gretl.beta_std_errors, ours.beta_std_errors * ratio, rtol=1e-9)
    terms = {"n": 0, "rc": 0, "c": 1, "rt": 1, "ct": 2}[trend]
    count = k * (3 * k + terms)
    assert gretl.aic == pytest.approx((-2 * gretl.loglik + 2 * count) / n, rel=1e-12)
    assert gretl.bic == pytest.approx((-2 * gretl.loglik + np.log(n) * count) / n, rel=1e-12)
    assert gretl.hqic == pytest.approx((-2 * gretl.loglik + 2 * np.log(np.log(n)) * count) / n, rel=1e-12)
    assert_allclose(gretl.sigma, ours.sigma_ml, rtol=1e-12)
    ratios = gretl.short_run_tstats.to_numpy()
    assert_allclose(gretl.short_run_pvalues, 2 * stats.t.sf(np.abs(ratios), divisor), rtol=1e-9)


@pytest.mark.parametrize("powers", [(0, 0, 0), (40, -40, 0), (-40, 0, 40), (0, 40, -40)])
def test_restrictions_that_mix_variables_in_any_units(powers):
    """Directions left free were orthonormal in the units of the data: small coefficients lost their digits."""
    rng = np.random.default_rng(11)
    walk = np.cumsum(rng.standard_normal((200, 2)), axis=0)
    levels = np.column_stack([walk[:, 0] + 0.5 * walk[:, 1], walk]) + rng.standard_normal((200, 3)) * [1.0, 0.1, 0.1]
    units = np.ldexp(1.0, powers)
    plain, moved = (pv.fit_vecm(levels * unit, ["x", "y", "z"], rank=1, lags=2) for unit in (np.ones(3), units))
    for row in ([[1.0, 1.0, 0.0]], [[1.0, 1.0, 2.0]], [[0.0, 1.0, -1.5]]):
        one, other = plain.restriction_test(beta=row), moved.restriction_test(beta=row * units)
        assert other.statistic == pytest.approx(one.statistic, rel=1e-8)
        factor = other.beta["ec1"] * units / one.beta["ec1"]
        np.testing.assert_allclose(factor, factor.iloc[0], rtol=1e-7)
    one = plain.restriction_test(alpha=[[1.0, 1.0, 0.0]])
    other = moved.restriction_test(alpha=[[1.0, 1.0, 0.0]] / units)
    assert other.statistic == pytest.approx(one.statistic, rel=1e-8)
    known = [{"x": 1.0, "y": -1.0, "z": -0.5}]
    turned = [{name: value / unit for (name, value), unit in zip(known[0].items(), units, strict=True)}]
    one, other = plain.restriction_test(known=known), moved.restriction_test(known=turned)
    assert other.statistic == pytest.approx(one.statistic, rel=1e-8)


def test_statsmodels_divides_by_the_rows_in_an_error_correction_model():
    """Its VECM does, where its VAR takes degrees of freedom; so do Stata's, whose p-values are normal too."""
    data = denmark()
    model, stata = (pv.fit_vecm(data, rank=1, lags=2, trend="rc", convention=name) for name in ("statsmodels", "stata"))
    assert model.convention.name == "statsmodels"
    assert_allclose(model.short_run_std_errors, stata.short_run_std_errors, rtol=1e-12)
    assert_allclose(model.beta_std_errors, stata.beta_std_errors, rtol=1e-12)
    assert_allclose(model.sigma, stata.sigma, rtol=1e-12)
    default = pv.fit_vecm(data, rank=1, lags=2, trend="rc")
    assert (default.short_run_std_errors > 1.04 * model.short_run_std_errors).all().all()
    assert pv.fit_var(data, lags=2, convention="statsmodels").convention.sigma == "df"


def test_a_model_without_coefficients_prints():
    model = pv.fit_vecm(small(), rank=0, lags=1, trend="n")
    assert model.short_run.empty
    for text in (str(model), model.to_latex(threeparttable=True), model.to_html(), model.to_markdown()):
        assert "R2" in text
