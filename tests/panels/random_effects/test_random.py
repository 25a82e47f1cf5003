"""Random effects against generalised least squares with the explicit n x n covariance matrix."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from twins import X, assert_matrix, dummy_twin, gappy_frame, indicator

import panelvar as pv

CASES = [(dimension, constant) for dimension in ("entity", "time") for constant in (True, False)]
COLUMN = {"entity": "entity", "time": "year"}
BARE = pv.Convention("bare", cluster_group_factor=False, cluster_dof_factor="none")


def design_of(frame, constant):
    x = frame[X].to_numpy()
    return np.column_stack((np.ones(len(frame)), x)) if constant else x


def within_variance(frame, dimension):
    twin = dummy_twin(frame, [COLUMN[dimension]])
    return twin.rss / twin.df


def moment_estimate(frame, dimension, constant):
    """The effect's variance that equates the weighted between residual sum of squares to its expectation.

    With M = P - P X (X'PX)^- X'P and P the averaging matrix, E[y'My] = s_e^2 tr M + s_u^2 tr(M DD').
    """
    d, x, y = indicator(frame[COLUMN[dimension]]), design_of(frame, constant), frame["y"].to_numpy()
    average = d @ np.linalg.pinv(d)
    m = average - average @ x @ np.linalg.pinv(x.T @ average @ x) @ x.T @ average
    return (y @ m @ y - within_variance(frame, dimension) * np.trace(m)) / np.trace(m @ d @ d.T)


class DenseGLS:
    """GLS for given variances, with the residual variance re-estimated."""

    def __init__(self, frame, dimension, constant, idiosyncratic, effect):
        d, self.x, self.y = indicator(frame[COLUMN[dimension]]), design_of(frame, constant), frame["y"].to_numpy()
        n, k = self.x.shape
        self.omega = np.eye(n) + effect / idiosyncratic * d @ d.T
        inverse = np.linalg.inv(self.omega)
        self.bread = np.linalg.inv(self.x.T @ inverse @ self.x)
        self.params = self.bread @ self.x.T @ inverse @ self.y
        self.residuals = self.y - self.x @ self.params
        self.rss = float(self.residuals @ inverse @ self.residuals)
        self.s2 = self.rss / (n - k)
        values, vectors = np.linalg.eigh(self.omega)
        root = vectors @ np.diag(values**-0.5) @ vectors.T
        self.z, self.e = root @ self.x, root @ self.residuals
        self.blup = effect / idiosyncratic * d.T @ inverse @ self.residuals

    def sandwich(self, clusters, residuals):
        meat = np.zeros_like(self.bread)
        for cluster in np.unique(clusters):
            score = self.z[clusters == cluster].T @ residuals[clusters == cluster]
            meat += np.outer(score, score)
        return self.bread @ meat @ self.bread


def both(dimension="entity", constant=True, frame=None, **options):
    frame = gappy_frame(seed=2, entities=14, periods=9) if frame is None else frame
    panel = pv.Panel(frame, "entity", "year")
    result = pv.fit_random_effects(panel, "y", X, effects=dimension, constant=constant, **options)
    components = result.variance_components
    return frame, result, DenseGLS(frame, dimension, constant, components.idiosyncratic, components.effect)


@pytest.mark.parametrize(("dimension", "constant"), CASES)
def test_components_solve_the_moment_equations(dimension, constant):
    frame, result, _ = both(dimension, constant)
    components = result.variance_components
    assert components.idiosyncratic == pytest.approx(within_variance(frame, dimension), rel=1e-11)
    assert components.effect_raw == pytest.approx(moment_estimate(frame, dimension, constant), rel=1e-9)
    assert components.effect > 0.0


@pytest.mark.parametrize("kept", [0.7, 1.0])
@pytest.mark.parametrize("names", [["x1", "size"], ["x1", "shock"], ["x1", "size", "shock"]])
def test_regressors_that_vary_in_one_dimension_only(kept, names):
    """The within regression drops what is constant in time, the balanced between one what time alone moves."""
    frame = gappy_frame(seed=2, entities=14, periods=9, kept=kept)
    rng = np.random.default_rng(0)
    frame["size"] = rng.standard_normal(14)[frame["number"]]
    frame["shock"] = rng.standard_normal(9)[frame["year"] - 2000]
    result = pv.fit_random_effects(pv.Panel(frame, "entity", "year"), "y", names)
    d, y = indicator(frame["entity"]), frame["y"].to_numpy()
    x = np.column_stack((np.ones(len(frame)), frame[names]))
    full = np.hstack([d, x[:, 1:]])
    q = np.eye(len(frame)) - full @ np.linalg.pinv(full, rcond=1e-11)
    idiosyncratic = y @ q @ y / round(np.trace(q))
    average = d @ np.linalg.pinv(d)
    m = average - average @ x @ np.linalg.pinv(x.T @ average @ x, rcond=1e-11) @ x.T @ average
    effect = (y @ m @ y - idiosyncratic * np.trace(m)) / np.trace(m @ d @ d.T)
    components = result.variance_components
    assert components.idiosyncratic == pytest.approx(idiosyncratic, rel=1e-10)
    assert components.effect_raw == pytest.approx(effect, rel=1e-9)
    omega = np.eye(len(frame)) + effect / idiosyncratic * d @ d.T
    bread = np.linalg.inv(x.T @ np.linalg.solve(omega, x))
    np.testing.assert_allclose(result.params, bread @ x.T @ np.linalg.solve(omega, y), rtol=1e-9)


def test_harmonic_and_stata_versions():
    frame, result, _ = both(variance_components="harmonic")
    means = frame.groupby("entity")[["y", *X]].mean()
    counts = frame.groupby("entity").size()
    x = np.column_stack((np.ones(len(means)), means[X]))
    residuals = means["y"] - x @ np.linalg.lstsq(x, means["y"], rcond=None)[0]
    s2 = result.variance_components.idiosyncratic
    df = len(means) - 3
    effect = float(residuals @ residuals) / df - s2 * float((1 / counts).mean())
    assert result.variance_components.effect_raw == pytest.approx(effect, rel=1e-10)
    _, result, _ = both(variance_components="stata-sa")
    weighted = x * counts.to_numpy()[:, None]
    trace = np.trace(np.linalg.inv(x.T @ weighted) @ weighted.T @ weighted)
    effect = (float(counts @ residuals**2) - df * s2) / (len(frame) - trace)
    assert result.variance_components.effect_raw == pytest.approx(effect, rel=1e-10)


@pytest.mark.parametrize(("dimension", "constant"), CASES)
def test_estimates(dimension, constant):
    frame, result, dense = both(dimension, constant)
    np.testing.assert_allclose(result.params, dense.params, rtol=1e-10)
    assert_matrix(result.cov, dense.s2 * dense.bread)
    assert result.rss == pytest.approx(dense.rss, rel=1e-11)
    assert result.df_resid == len(frame) - len(dense.params)


@pytest.mark.parametrize(("dimension", "constant"), CASES)
@pytest.mark.parametrize("kind", ["HC0", "HC1", "HC2", "HC3"])
def test_heteroskedasticity_robust(dimension, constant, kind):
    """Rows are those of the symmetric root of the inverse covariance matrix."""
    _, result, dense = both(dimension, constant, cov=kind)
    n, k = dense.x.shape
    leverage = np.einsum("ij,jk,ik->i", dense.z, dense.bread, dense.z)
    power = {"HC0": 0.0, "HC1": 0.0, "HC2": 0.5, "HC3": 1.0}[kind]
    factor = n / (n - k) if kind == "HC1" else 1.0
    assert_matrix(result.cov, factor * dense.sandwich(np.arange(n), dense.e / (1 - leverage) ** power))


@pytest.mark.filterwarnings("ignore:Only .* clusters")
@pytest.mark.parametrize(("dimension", "constant"), CASES)
@pytest.mark.parametrize("by", ["entity", "year", "batch"])
def test_clustered(dimension, constant, by):
    frame, result, dense = both(dimension, constant, cov=pv.Clustered(by), convention=BARE)
    assert_matrix(result.cov, dense.sandwich(frame[by].to_numpy(), dense.e))


def test_clustering_by_entity_needs_no_root():
    """Summed over an entity the scores are X_i' Omega_i^-1 e_i, whichever root the rows are made with."""
    frame, result, dense = both()
    inverse = np.linalg.inv(dense.omega)
    meat = np.zeros((3, 3))
    for entity in frame["entity"].unique():
        rows = (frame["entity"] == entity).to_numpy()
        score = dense.x[rows].T @ inverse[np.ix_(rows, rows)] @ dense.residuals[rows]
        meat += np.outer(score, score)
    with pytest.warns(pv.PanelVarWarning, match="Only 14 clusters"):
        clustered = result.with_cov(pv.Clustered("entity", group_factor=False, dof_factor="none"))
    assert_matrix(clustered.cov, dense.bread @ meat @ dense.bread)


@pytest.mark.parametrize(("dimension", "constant"), CASES)
def test_effects_are_the_best_linear_unbiased_predictions(dimension, constant):
    frame, result, dense = both(dimension, constant)
    table = result.estimated_effects()["effect"]
    np.testing.assert_allclose(table.loc[np.unique(frame[COLUMN[dimension]])], dense.blup, rtol=1e-9)
    np.testing.assert_allclose(result.resids.loc[frame.index], dense.residuals, atol=1e-11)


@pytest.mark.parametrize(("dimension", "constant"), CASES)
def test_likelihood_is_that_of_the_data(dimension, constant):
    frame, result, dense = both(dimension, constant)
    n = len(frame)
    expected = stats.multivariate_normal.logpdf(dense.residuals, cov=dense.rss / n * dense.omega)
    assert result.loglik == pytest.approx(expected, rel=1e-11)
    assert result.aic == pytest.approx(-2 * expected + 2 * dense.x.shape[1], rel=1e-11)


def test_theta_is_the_formula_with_each_entitys_own_count():
    frame, result, _ = both()
    components = result.variance_components
    counts = frame.groupby("entity").size()
    theta = 1 - np.sqrt(components.idiosyncratic / (components.idiosyncratic + counts * components.effect))
    np.testing.assert_allclose(components.theta, theta, rtol=1e-13)
    assert components.rho == pytest.approx(components.effect / (components.effect + components.idiosyncratic))


def test_versions_agree_on_a_balanced_panel():
    frame = gappy_frame(seed=2, entities=10, periods=5, kept=1.0)
    estimates = [both(frame=frame, variance_components=name)[1] for name in ("baltagi-chang", "harmonic", "stata-sa")]
    for other in estimates[1:]:
        assert other.variance_components.effect == pytest.approx(estimates[0].variance_components.effect, rel=1e-11)
        np.testing.assert_allclose(other.std_errors, estimates[0].std_errors, rtol=1e-11)


def test_a_negative_variance_is_zero_with_a_warning():
    rng = np.random.default_rng(5)
    frame = gappy_frame(seed=2, entities=10, periods=5, kept=1.0)
    frame["y"] = rng.standard_normal(len(frame))
    frame["y"] -= 0.999 * frame.groupby("entity")["y"].transform("mean")
    panel = pv.Panel(frame, "entity", "year")
    with pytest.warns(pv.PanelVarWarning, match="set to 0"):
        result = pv.fit_random_effects(panel, "y", X)
    components = result.variance_components
    assert components.effect_raw < 0.0
    assert components.effect == 0.0
    pooled = pv.fit_pooled(panel, "y", X)
    np.testing.assert_allclose(result.params, pooled.params, rtol=1e-11)
    np.testing.assert_allclose(result.std_errors, pooled.std_errors, rtol=1e-11)


def test_too_few_entities_for_the_between_regression():
    """Three entities and three between coefficients: the variance is not estimable, and the result says so."""
    frame = gappy_frame(seed=2, entities=3, periods=9)
    with pytest.warns(pv.PanelVarWarning, match="not estimable"):
        result = pv.fit_random_effects(pv.Panel(frame, "entity", "year"), "y", X)
    assert np.isnan(result.variance_components.effect_raw)
    assert result.variance_components.effect == 0.0


def test_transformed_r2_kinds():
    """About the quasi-demeaned constant, about the mean, as a squared correlation: equal on balanced panels only."""
    frame, result, dense = both(convention="plm")
    theta = result.variance_components.theta
    codes = np.unique(frame["entity"], return_inverse=True)[1]
    y = frame["y"] - (theta[codes] * frame.groupby("entity")["y"].transform("mean"))
    fit = frame.assign(f=dense.x @ dense.params)
    fitted = fit["f"] - theta[codes] * fit.groupby("entity")["f"].transform("mean")
    assert result.rsquared == pytest.approx(np.corrcoef(y, fitted)[0, 1] ** 2, rel=1e-10)
    _, about_mean, _ = both(convention="linearmodels", variance_components="baltagi-chang")
    assert about_mean.rsquared == pytest.approx(1 - dense.rss / float(((y - y.mean()) ** 2).sum()), rel=1e-10)
    _, default, _ = both()
    z = 1 - theta[codes]
    projected = y - z * float(z @ y) / float(z @ z)
    assert default.rsquared_table.transformed == pytest.approx(1 - dense.rss / float(projected @ projected), rel=1e-10)
    assert len({round(value.rsquared_table.transformed, 6) for value in (result, about_mean, default)}) == 3


def test_weights_are_refused():
    panel = pv.Panel(gappy_frame(), "entity", "year")
    with pytest.raises(pv.SpecificationError, match="weights are not defined"):
        pv.fit_random_effects(panel, "y", X, weights="w")


def test_regressors_that_do_not_vary_over_time_have_no_r2_within():
    rng = np.random.default_rng(4)
    index = pd.MultiIndex.from_product([range(300), range(7)], names=["i", "t"])
    levels = np.repeat(rng.normal(size=(300, 2)) * [1e3, 1 / 3] + 0.1, 7, axis=0)
    frame = pd.DataFrame(levels, index=index, columns=["a", "b"])
    frame["y"] = frame["a"] / 1e3 + np.repeat(rng.normal(size=300), 7) + rng.normal(size=2100)
    for convention in ("default", "stata"):
        rsquared = pv.fit_random_effects(frame, "y", ["a", "b"], convention=convention).rsquared_table
        assert np.isnan(rsquared.within), convention
        assert 0.1 < rsquared.overall < rsquared.between
    frame["c"] = rng.normal(size=2100)
    assert pv.fit_random_effects(frame, "y", ["a", "b", "c"]).rsquared_table.within < 0.01
