"""One-way variance components and maximum likelihood against dense matrices and generic optimisation."""

import numpy as np
import pytest
from scipy import optimize, stats
from twins import X, assert_matrix, gappy_frame, indicator

import panelvar as pv
from panelvar.kernels.linear.moments import panel_moments
from panelvar.panels.random_effects.variance_components_likelihood import OneWayLikelihood

COLUMN = {"entity": "entity", "time": "year"}
CASES = [(dimension, constant) for dimension in ("entity", "time") for constant in (True, False)]


def sample(kept=0.7, **options):
    return gappy_frame(seed=2, entities=14, periods=9, kept=kept, **options)


def fitted(frame, method, dimension="entity", constant=True, x=X, **options):
    panel = pv.Panel(frame, "entity", "year")
    return pv.fit_random_effects(
        panel, "y", x, effects=dimension, constant=constant, variance_components=method, **options
    )


def matrices(frame, dimension, constant=True):
    d, x = indicator(frame[COLUMN[dimension]]), frame[X].to_numpy()
    n = len(frame)
    return d, np.column_stack((np.ones(n), x)) if constant else x, frame["y"].to_numpy(), d @ np.linalg.pinv(d)


@pytest.mark.filterwarnings("ignore:The estimated variance")
@pytest.mark.parametrize(("dimension", "constant"), CASES)
@pytest.mark.parametrize("method", ["wallace-hussain", "amemiya"])
def test_unbalanced_components_make_both_forms_unbiased(method, dimension, constant):
    frame = sample()
    d, z, y, average = matrices(frame, dimension, constant)
    n = len(y)
    within = np.eye(n) - average
    if method == "wallace-hussain":
        maker = np.eye(n) - z @ np.linalg.pinv(z)
    else:
        maker = np.eye(n) - frame[X].to_numpy() @ np.linalg.pinv(within @ frame[X].to_numpy())
        if constant:
            maker = maker - np.full((n, n), 1 / n) @ maker
    left, right = [], []
    for form in (within, average):
        quadratic = maker.T @ form @ maker
        left.append([np.trace(quadratic), np.trace(quadratic @ d @ d.T)])
        right.append(y @ quadratic @ y)
    idiosyncratic, effect = np.linalg.solve(left, right)
    components = fitted(frame, method, dimension, constant).variance_components
    assert components.idiosyncratic == pytest.approx(idiosyncratic, rel=1e-10)
    assert components.effect_raw == pytest.approx(effect, rel=1e-8)


@pytest.mark.parametrize("method", ["wallace-hussain", "amemiya"])
def test_balanced_denominators_count_effects_only(method):
    frame = sample(1.0)
    _, z, y, average = matrices(frame, "entity")
    within = np.eye(len(y)) - average
    slopes = np.linalg.lstsq(z, y, rcond=None)[0][1:]
    if method == "amemiya":
        slopes = np.linalg.lstsq(within @ z[:, 1:], y, rcond=None)[0]
    e = y - z[:, 1:] @ slopes
    e = e - e.mean()
    idiosyncratic = e @ within @ e / (14 * 8)
    components = fitted(frame, method).variance_components
    assert components.idiosyncratic == pytest.approx(idiosyncratic, rel=1e-11)
    assert components.effect_raw == pytest.approx((e @ average @ e / 14 - idiosyncratic) / 9, rel=1e-10)


@pytest.mark.parametrize("convention", ["default", "plm"])
def test_nerlove(convention):
    frame = sample()
    fe = pv.fit_fixed_effects(pv.Panel(frame, "entity", "year"), "y", X)
    effects = fe.estimated_effects()["level"].to_numpy()
    counts = frame.groupby("entity").size().to_numpy()
    share = counts / counts.sum() if convention == "plm" else np.full(14, 1 / 14)
    components = fitted(frame, "nerlove", convention=convention).variance_components
    assert components.effect == pytest.approx(share @ (effects - share @ effects) ** 2 * 14 / 13, rel=1e-10)
    assert components.idiosyncratic == pytest.approx(fe.rss / len(frame), rel=1e-11)


def test_regressors_that_do_not_vary_within():
    """Amemiya's residuals would hold them: refused. Nerlove's effects hold them: warned. Wallace-Hussain is fine."""
    frame = sample()
    frame["size"] = np.random.default_rng(0).standard_normal(14)[frame["number"]]
    with pytest.raises(pv.SpecificationError, match="need regressors that vary within entity, and 'size' would"):
        fitted(frame, "amemiya", x=[*X, "size"])
    with pytest.warns(pv.PanelVarWarning, match=r"do not vary within entity .'size'."):
        fitted(frame, "nerlove", x=[*X, "size"])
    assert "size" in fitted(frame, "wallace-hussain", x=[*X, "size"]).params.index


class DenseLikelihood:
    """The normal log-likelihood of (coefficients, sigma_u, sigma_e), by the n x n covariance matrix.

    Restricted, the coefficients integrated out: Patterson and Thompson's, whose coefficients are those of GLS.
    """

    def __init__(self, frame, dimension, constant, *, restricted=False):
        self.d, self.x, self.y, _ = matrices(frame, dimension, constant)
        self.restricted = restricted

    def __call__(self, parameters):
        *beta, sigma_u, sigma_e = parameters
        omega = sigma_e**2 * np.eye(len(self.y)) + sigma_u**2 * self.d @ self.d.T
        e = self.y - self.x @ np.array(beta)
        value = -0.5 * (len(e) * np.log(2 * np.pi) + np.linalg.slogdet(omega)[1] + e @ np.linalg.solve(omega, e))
        if self.restricted:
            information = self.x.T @ np.linalg.solve(omega, self.x)
            value += 0.5 * (len(beta) * np.log(2 * np.pi) - np.linalg.slogdet(information)[1])
        return value

    def hessian(self, at, step=1e-4):
        k = len(at)
        out = np.empty((k, k))
        moves = np.eye(k) * step
        for i in range(k):
            for j in range(k):
                a, b = moves[i], moves[j]
                out[i, j] = self(at + a + b) - self(at + a - b) - self(at - a + b) + self(at - a - b)
        return out / (4 * step**2)


@pytest.mark.parametrize(("dimension", "constant"), CASES)
def test_maximum_likelihood(dimension, constant):
    """No other parameters are more likely, and standard errors are those of the observed information."""
    frame = sample()
    if dimension == "time":
        frame["y"] += 1.5 * np.random.default_rng(7).standard_normal(9)[frame["year"] - 2000]
    result = fitted(frame, "ml", dimension, constant)
    components = result.variance_components
    dense = DenseLikelihood(frame, dimension, constant)
    at = np.array([*result.params, components.sigma_u, components.sigma_e])
    assert result.loglik == pytest.approx(dense(at), rel=1e-11)
    best = optimize.minimize(lambda p: -dense(p), at + 0.05, method="BFGS", options={"gtol": 1e-6})
    assert -best.fun <= dense(at) + 1e-9
    np.testing.assert_allclose(np.abs(best.x), np.abs(at), atol=2e-5)
    information = -dense.hessian(at)
    errors = np.sqrt(np.diag(np.linalg.inv(information)))
    ours = components.std_errors()
    assert ours["sigma_u"] == pytest.approx(errors[-2], rel=1e-4)
    assert ours["sigma_e"] == pytest.approx(errors[-1], rel=1e-4)
    # rho by the delta method on the same information.
    u, e = components.sigma_u, components.sigma_e
    gradient = np.zeros(len(at))
    gradient[-2:] = np.array([2 * u * e**2, -2 * e * u**2]) / (u**2 + e**2) ** 2
    assert ours["rho"] == pytest.approx(np.sqrt(gradient @ np.linalg.inv(information) @ gradient), rel=1e-4)
    # Coefficients: the expected information, block diagonal (nlme, lme4).
    k = len(result.params)
    omega = e**2 * np.eye(len(frame)) + u**2 * dense.d @ dense.d.T
    assert_matrix(result.cov, np.linalg.inv(dense.x.T @ np.linalg.solve(omega, dense.x)))
    assert result.df_resid == len(frame) - k
    # The whole observed information (Stata): its block of the coefficients is not diagonal with the variances'.
    observed = fitted(frame, "ml", dimension, constant, convention="stata")
    np.testing.assert_allclose(observed.std_errors, errors[:k], rtol=1e-4)
    assert np.abs(observed.std_errors / result.std_errors - 1).max() > {"entity": 1e-3, "time": 1e-4}[dimension]


@pytest.mark.parametrize(("dimension", "constant"), CASES)
def test_restricted_maximum_likelihood(dimension, constant):
    """No variances are more likely for the residuals' part of the data; errors are those of its information."""
    frame = sample()
    if dimension == "time":
        frame["y"] += 1.5 * np.random.default_rng(7).standard_normal(9)[frame["year"] - 2000]
    result = fitted(frame, "reml", dimension, constant)
    components = result.variance_components
    dense = DenseLikelihood(frame, dimension, constant, restricted=True)

    def profile(sigmas):
        omega = sigmas[1] ** 2 * np.eye(len(frame)) + sigmas[0] ** 2 * dense.d @ dense.d.T
        weighted = np.linalg.solve(omega, dense.x)
        return dense(np.array([*np.linalg.solve(dense.x.T @ weighted, weighted.T @ dense.y), *sigmas]))

    at = np.array([components.sigma_u, components.sigma_e])
    assert components.likelihood.value == pytest.approx(profile(at), rel=1e-11)
    assert result.loglik == pytest.approx(profile(at), rel=1e-11)
    assert result.aic == pytest.approx(-2.0 * profile(at) + 2.0 * dense.x.shape[1], rel=1e-11)
    best = optimize.minimize(lambda s: -profile(s), at + 0.05, method="BFGS", options={"gtol": 1e-6})
    assert -best.fun <= profile(at) + 1e-9
    np.testing.assert_allclose(np.abs(best.x), at, atol=2e-5)
    moves = 1e-4 * np.eye(2)
    hessian = [
        [profile(at + a + b) - profile(at + a - b) - profile(at - a + b) + profile(at - a - b) for a in moves]
        for b in moves
    ]
    errors = np.sqrt(np.diag(np.linalg.inv(-np.array(hessian) / 4e-8)))
    ours = components.std_errors()
    np.testing.assert_allclose([ours["sigma_u"], ours["sigma_e"]], errors, rtol=1e-4)
    # s^2 = RSS / (n - p) is the estimate of the error variance itself, and no coefficient is in the likelihood.
    omega = at[1] ** 2 * np.eye(len(frame)) + at[0] ** 2 * dense.d @ dense.d.T
    assert_matrix(result.cov, np.linalg.inv(dense.x.T @ np.linalg.solve(omega, dense.x)))
    assert components.idiosyncratic == pytest.approx(result.rss / result.df_resid, rel=1e-12)
    stata = fitted(frame, "reml", dimension, constant, convention="stata")
    np.testing.assert_allclose(stata.std_errors, result.std_errors, rtol=1e-12)
    assert result.cov_label == "classical (restricted maximum likelihood)"


@pytest.mark.parametrize("restricted", [False, True])
def test_profile_slope_is_its_derivative(restricted):
    frame = sample().sort_values(["entity", "year"])
    panel = pv.Panel(frame, "entity", "year")
    design = fitted(frame, "ml")._design
    profile = OneWayLikelihood(panel_moments(design.columns, design.entities), constant=True, restricted=restricted)
    for ratio in (0.0, 0.01, 0.3, 5.0, 400.0):
        step = 1e-5 * (1.0 + ratio)
        numeric = (profile.value(ratio + step) - profile.value(ratio - step)) / (2 * step)
        assert profile.slope(ratio) == pytest.approx(numeric, rel=1e-5, abs=1e-7)
    assert panel.nobs - 3 * restricted == profile.degrees


def test_likelihood_ratio_is_half_a_chi2():
    frame = sample()
    result = fitted(frame, "ml")
    pooled = pv.fit_pooled(pv.Panel(frame, "entity", "year"), "y", X)
    test = result.variance_components.likelihood_ratio()
    assert test.statistic == pytest.approx(2 * (result.loglik - pooled.loglik), rel=1e-9)
    assert test.pvalue == pytest.approx(0.5 * stats.chi2.sf(test.statistic, 1), rel=1e-9)
    assert "chibar2(01)" in str(test)
    assert "chibar2(01)" in str(test.summary())


def test_the_boundary():
    """Nothing between entities beyond the noise: zero, with a warning, p = 1 and no standard errors."""
    frame = sample(1.0)
    frame["y"] -= 0.999 * frame.groupby("entity")["y"].transform("mean")
    with pytest.warns(pv.PanelVarWarning, match="likelihood is highest where the variance of the entity effect is 0"):
        result = fitted(frame, "ml")
    pooled = pv.fit_pooled(pv.Panel(frame, "entity", "year"), "y", X)
    np.testing.assert_allclose(result.params, pooled.params, rtol=1e-10)
    assert result.variance_components.likelihood_ratio().pvalue == 1.0
    assert np.isnan(result.variance_components.std_errors()["sigma_u"])
    with pytest.raises(pv.MissingInformationError, match="'ml'"):
        fitted(sample(), "swamy-arora").variance_components.std_errors()


def test_wald_and_hausman_take_the_likelihood_variance():
    frame = sample()
    result = fitted(frame, "ml")
    slopes = result.params[1:].to_numpy()
    expected = slopes @ np.linalg.solve(result.cov.to_numpy()[1:, 1:], slopes)
    assert result.f_slopes.statistic == pytest.approx(expected, rel=1e-10)
    assert result.cov_label == "classical (maximum likelihood)"


@pytest.mark.parametrize(
    ("theirs", "ours"), [("swar", "swamy-arora"), ("walhus", "wallace-hussain"), ("MLE", "ml"), ("REML", "reml")]
)
def test_names_of_other_programs_are_answered(theirs, ours):
    with pytest.raises(pv.SpecificationError, match=f"Did you mean '{ours}'"):
        fitted(sample(), theirs)
    with pytest.raises(pv.SpecificationError, match="Did you mean 'twoway'"):
        pv.fit_random_effects(pv.Panel(sample(), "entity", "year"), "y", X, effects="twoways")


def test_labels_name_the_method():
    frame = sample()
    for method, label in {
        "wallace-hussain": "Wallace-Hussain",
        "amemiya": "Amemiya",
        "nerlove": "Nerlove",
        "ml": "maximum likelihood",
        "reml": "restricted maximum likelihood",
    }.items():
        assert fitted(frame, method).estimator == f"Random effects (entity; {label})"
    with pytest.raises(pv.SpecificationError, match="variance_components"):
        fitted(frame, "wallace")
