"""Two-way random effects against generalised least squares with the explicit n x n covariance matrix."""

import numpy as np
import pytest
from scipy import stats
from twins import X, assert_matrix, gappy_frame, indicator

import panelvar as pv
from panelvar.kernels.absorption import crossed_effects, level_system

METHODS = ["swamy-arora", "wallace-hussain", "amemiya", "nerlove"]
CASES = [(kept, constant) for kept in (0.6, 1.0) for constant in (True, False)]


def sample(kept=0.6, entities=14, periods=9, seed=2):
    frame = gappy_frame(seed=seed, entities=entities, periods=periods, kept=kept)
    shock = 1.5 * np.random.default_rng(7).standard_normal(periods)
    frame["y"] += shock[frame["year"] - 2000]
    return frame


def fitted(frame, constant=True, method="swamy-arora", **options):
    panel = pv.Panel(frame, "entity", "year")
    return pv.fit_random_effects(
        panel, "y", X, effects="twoway", constant=constant, variance_components=method, **options
    )


class Twin:
    """Dense matrices of one sample; quadratic forms and their expectations by the definition."""

    def __init__(self, frame, constant=True):
        self.dummies = [indicator(frame["entity"]), indicator(frame["year"])]
        x = frame[X].to_numpy()
        self.n = len(frame)
        self.x, self.y = np.column_stack((np.ones(self.n), x)) if constant else x, frame["y"].to_numpy()
        self.within = np.eye(self.n) - self.project(np.hstack(self.dummies))
        self.averages = [self.project(d) for d in self.dummies]
        self.slopes = x
        self.constant = constant

    @staticmethod
    def project(matrix):
        return matrix @ np.linalg.pinv(matrix, rcond=1e-11)

    def solved(self, forms):
        """Solve e'Ae = E[e'Ae] for (residual maker, A) pairs, the traces taken with n x n matrices."""
        left, right = [], []
        for maker, form in forms:
            quadratic = maker.T @ form @ maker
            left.append([np.trace(quadratic), *(np.trace(quadratic @ d @ d.T) for d in self.dummies)])
            right.append(self.y @ quadratic @ self.y)
        return np.linalg.solve(left, right)

    def unbiased(self, method):
        """The three variances that make all three forms unbiased."""
        eye = np.eye(self.n)
        within_x = self.within @ self.slopes
        within_maker = eye - self.project(within_x)
        if method == "swamy-arora":
            makers = [within_maker @ self.within]
            for average in self.averages:
                z = average @ self.x
                makers.append((eye - self.project(z)) @ average)
            return self.solved(list(zip(makers, [eye] * 3, strict=True)))
        if method == "wallace-hussain":
            maker = eye - self.project(self.x)
        else:
            maker = eye - self.slopes @ np.linalg.pinv(within_x)
            if self.constant:
                maker = maker - np.full((self.n, self.n), 1 / self.n) @ maker
        return self.solved([(maker, form) for form in (self.within, *self.averages)])

    def gls(self, idiosyncratic, effects):
        ratios = np.asarray(effects) / idiosyncratic
        self.omega = np.eye(self.n) + sum(r * d @ d.T for r, d in zip(ratios, self.dummies, strict=True))
        inverse = np.linalg.inv(self.omega)
        self.bread = np.linalg.inv(self.x.T @ inverse @ self.x)
        self.params = self.bread @ self.x.T @ inverse @ self.y
        self.residuals = self.y - self.x @ self.params
        self.rss = float(self.residuals @ inverse @ self.residuals)
        self.s2 = self.rss / (self.n - self.x.shape[1])
        self.blups = [r * d.T @ inverse @ self.residuals for r, d in zip(ratios, self.dummies, strict=True)]
        return self


def both(kept=0.6, constant=True, method="swamy-arora", **options):
    frame = sample(kept)
    result = fitted(frame, constant, method, **options)
    components = result.variance_components
    twin = Twin(frame, constant).gls(components.idiosyncratic, [d.variance for d in components.dimensions])
    return frame, result, twin


@pytest.mark.parametrize("constant", [True, False])
@pytest.mark.parametrize("method", ["swamy-arora", "wallace-hussain", "amemiya"])
def test_components_are_unbiased_on_unbalanced_panels(method, constant):
    _, result, twin = both(constant=constant, method=method)
    expected = twin.unbiased(method)
    components = result.variance_components
    ours = [components.idiosyncratic, *(d.variance_raw for d in components.dimensions)]
    np.testing.assert_allclose(ours, expected, rtol=1e-9)
    assert min(expected) > 0.0


def test_swamy_arora_is_unbiased_on_balanced_panels_too():
    for constant in (True, False):
        _, result, twin = both(1.0, constant)
        components = result.variance_components
        ours = [components.idiosyncratic, *(d.variance_raw for d in components.dimensions)]
        np.testing.assert_allclose(ours, twin.unbiased("swamy-arora"), rtol=1e-9)


@pytest.mark.parametrize("method", ["wallace-hussain", "amemiya"])
def test_balanced_denominators_are_the_textbook_ones(method):
    """e'Qe / ((N-1)(T-1)) and e'P_d e / G_d (Baltagi 2013, section 3.3)."""
    _, result, twin = both(1.0, method=method)
    slopes = np.linalg.lstsq(twin.x, twin.y, rcond=None)[0][1:]
    if method == "amemiya":
        slopes = np.linalg.lstsq(twin.within @ twin.slopes, twin.y, rcond=None)[0]
    e = twin.y - twin.slopes @ slopes
    e = e - e.mean()
    n_entities, n_periods = 14, 9
    idiosyncratic = e @ twin.within @ e / ((n_entities - 1) * (n_periods - 1))
    one = e @ twin.averages[0] @ e / n_entities
    two = e @ twin.averages[1] @ e / n_periods
    expected = [idiosyncratic, (one - idiosyncratic) / n_periods, (two - idiosyncratic) / n_entities]
    components = result.variance_components
    ours = [components.idiosyncratic, *(d.variance_raw for d in components.dimensions)]
    np.testing.assert_allclose(ours, expected, rtol=1e-10)


@pytest.mark.parametrize(("convention", "by_rows"), [("default", False), ("plm", True)])
def test_nerlove_takes_the_variance_of_the_fixed_effects(convention, by_rows):
    _, result, twin = both(method="nerlove", convention=convention)
    design = np.hstack([*twin.dummies, twin.slopes])
    solution = np.linalg.lstsq(design, twin.y, rcond=None)[0]
    start = 0
    for dummies, ours in zip(twin.dummies, result.variance_components.dimensions, strict=True):
        groups = dummies.shape[1]
        effects = solution[start : start + groups]
        share = dummies.mean(axis=0) if by_rows else np.full(groups, 1 / groups)
        expected = share @ (effects - share @ effects) ** 2 * groups / (groups - 1)
        assert ours.variance == pytest.approx(expected, rel=1e-9)
        start += groups
    residuals = twin.y - design @ solution
    assert result.variance_components.idiosyncratic == pytest.approx(residuals @ residuals / twin.n, rel=1e-10)


@pytest.mark.parametrize(("kept", "constant"), CASES)
@pytest.mark.parametrize("method", METHODS)
def test_estimates_and_standard_errors_are_dense_gls(kept, constant, method):
    """Standard errors are those of s^2 (X' Omega^-1 X)^-1: the error variance is in them (R plm 2.6 leaves it out)."""
    frame, result, twin = both(kept, constant, method)
    np.testing.assert_allclose(result.params, twin.params, rtol=1e-9)
    assert_matrix(result.cov, twin.s2 * twin.bread)
    assert result.rss == pytest.approx(twin.rss, rel=1e-10)
    assert result.df_resid == len(frame) - len(twin.params)


def test_the_error_variance_belongs_into_the_covariance():
    """Scaling y by 10 scales the errors by 10 and the covariance by 100; without the variance it would not move."""
    frame = sample()
    first = fitted(frame)
    second = fitted(frame.assign(y=10.0 * frame["y"]))
    np.testing.assert_allclose(second.std_errors, 10.0 * first.std_errors, rtol=1e-9)


@pytest.mark.parametrize(("kept", "constant"), CASES)
def test_likelihood_is_that_of_the_data(kept, constant):
    _, result, twin = both(kept, constant)
    expected = stats.multivariate_normal.logpdf(twin.residuals, cov=twin.rss / twin.n * twin.omega)
    assert result.loglik == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(("kept", "constant"), CASES)
def test_effects_are_the_best_linear_unbiased_predictions(kept, constant):
    frame, result, twin = both(kept, constant)
    effects = result.estimated_effects()["effect"]
    np.testing.assert_allclose(effects.loc["entity"], twin.blups[0], rtol=1e-8)
    np.testing.assert_allclose(effects.loc["year"], twin.blups[1], rtol=1e-8)
    np.testing.assert_allclose(result.resids.loc[frame.index], twin.residuals, atol=1e-10)
    inside = result.predict(effects=True).loc[frame.index]
    expected = twin.y - twin.residuals + twin.dummies[0] @ twin.blups[0] + twin.dummies[1] @ twin.blups[1]
    np.testing.assert_allclose(inside, expected, rtol=1e-9)


def test_rows_are_the_symmetric_root_of_the_inverse_covariance_matrix():
    """So that robust covariances are defined by the data alone, whatever the order of rows, labels and effects."""
    for kept in (0.6, 1.0):
        frame, result, twin = both(kept, constant=False)
        place = np.argsort(frame.reset_index().sort_values(["entity", "year"]).index.to_numpy(), kind="stable")
        z = np.column_stack([result.fit.rows.column(j) for j in range(2)])[place]
        np.testing.assert_allclose(z.T @ z, np.linalg.inv(twin.bread), rtol=1e-9)
        values, vectors = np.linalg.eigh(twin.omega)
        symmetric = vectors @ np.diag(values**-0.5) @ vectors.T @ twin.x
        np.testing.assert_allclose(z, symmetric, atol=1e-12)


def test_more_periods_than_entities():
    """The larger effect is eliminated, whichever it is."""
    frame = sample(entities=9, periods=15, seed=5)
    result = fitted(frame)
    components = result.variance_components
    twin = Twin(frame).gls(components.idiosyncratic, [d.variance for d in components.dimensions])
    np.testing.assert_allclose(result.params, twin.params, rtol=1e-9)
    assert_matrix(result.cov, twin.s2 * twin.bread)
    effects = result.estimated_effects()["effect"]
    np.testing.assert_allclose(effects.loc["entity"], twin.blups[0], rtol=1e-8, atol=1e-12)


def test_no_time_variance_is_one_way():
    frame = sample()
    frame["y"] -= 0.999 * frame.groupby("year")["y"].transform("mean")
    with pytest.warns(pv.PanelVarWarning, match=r"year effect is -.*one-way random effects of the entity"):
        result = fitted(frame)
    entity, year = result.variance_components.dimensions
    assert year.variance == 0.0
    assert year.variance_raw < 0.0
    twin = Twin(frame).gls(result.variance_components.idiosyncratic, [entity.variance, 0.0])
    np.testing.assert_allclose(result.params, twin.params, rtol=1e-9)


def test_too_few_periods_for_their_between_regression():
    frame = sample(periods=3, kept=1.0)
    with pytest.warns(pv.PanelVarWarning, match="variance of the year effect is not estimable"):
        result = fitted(frame)
    assert np.isnan(result.variance_components.dimensions[1].variance_raw)
    assert result.variance_components.dimensions[1].variance == 0.0


@pytest.mark.parametrize("method", ["swamy-arora", "wallace-hussain", "nerlove", "ml", "reml"])
def test_few_levels_are_warned_about(method):
    """Seven periods less three coefficients leave four degrees of freedom, eight leave five."""
    periods = 8 if method in ("wallace-hussain", "nerlove") else 10
    lost = {"wallace-hussain": 1, "nerlove": 1}.get(method, 3)
    few = sample(entities=14, periods=4 + lost, kept=1.0)
    with pytest.warns(
        pv.PanelVarWarning, match=rf"year effect comes from {4 + lost} levels, with 4 degrees of freedom"
    ):
        result = fitted(few, method=method)
    assert any(note.code == "effect-variance-few-levels" for note in result.notes)
    enough = fitted(sample(entities=14, periods=periods, kept=1.0), method=method)
    assert not any(note.code == "effect-variance-few-levels" for note in enough.notes)


def test_summary_names_both_variances():
    text = str(fitted(sample()).summary())
    assert "Std. dev. of entity" in text
    assert "Std. dev. of year" in text


def test_a_level_of_a_million_costs_no_digits():
    frame = sample()
    near, far = fitted(frame), fitted(frame.assign(x1=frame["x1"] + 1e6, y=frame["y"] + 1e6))
    np.testing.assert_allclose(far.params[1:], near.params[1:], rtol=1e-7)
    np.testing.assert_allclose(far.std_errors[1:], near.std_errors[1:], rtol=1e-7)


@pytest.mark.parametrize("method", ["harmonic", "stata-sa"])
def test_methods_that_exist_one_way_only(method):
    with pytest.raises(pv.SpecificationError, match="for one effect only"):
        fitted(sample(), method=method)


def test_a_determinant_that_cannot_be_factored_costs_the_likelihood_alone(monkeypatch):
    monkeypatch.setattr(crossed_effects, "DETERMINANT_LIMIT", 5)
    monkeypatch.setattr(level_system, "DIRECT_LIMIT", 5)
    result = fitted(sample(), cov="HC1")
    assert np.isfinite(result.std_errors).all()
    with pytest.raises(pv.NumericalError, match="limit is 5"):
        result.loglik  # noqa: B018
    light = result.without_rows()
    assert light.params.equals(result.params)
    with pytest.raises(pv.MissingInformationError, match="likelihood"):
        light.loglik  # noqa: B018


def test_without_rows_keeps_the_components():
    light = fitted(sample()).without_rows()
    assert len(light.variance_components.dimensions) == 2
    with pytest.raises(pv.MissingInformationError):
        light.estimated_effects()
