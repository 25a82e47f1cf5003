"""Maximum and restricted maximum likelihood of two random effects against dense likelihoods and optimisation."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from panels.random_effects.test_crossed import Twin, fitted, sample
from scipy import optimize, stats
from twins import X, assert_matrix

import panelvar as pv
from panelvar.kernels.absorption import level_system
from panelvar.kernels.absorption.absorb import absorb
from panelvar.kernels.absorption.crossed_effects import Crossing
from panelvar.kernels.linear.rows import TransformedRows
from panelvar.panels.random_effects import crossed_likelihood
from panelvar.panels.random_effects.crossed_likelihood import CrossedLikelihood, CrossedSample

CASES = [(kept, constant, method) for kept in (0.6, 1.0) for constant in (True, False) for method in ("ml", "reml")]


class Likelihood:
    """Of (coefficients, first ratio, second ratio, error variance) with the n x n covariance matrix."""

    def __init__(self, frame, constant, method):
        self.twin = Twin(frame, constant)
        self.restricted = method == "reml"

    def omega(self, ratios):
        return np.eye(self.twin.n) + sum(r * d @ d.T for r, d in zip(ratios, self.twin.dummies, strict=True))

    def full(self, parameters):
        *beta, first, second, variance = parameters
        x, y, omega = self.twin.x, self.twin.y, self.omega((first, second))
        e = y - x @ np.array(beta)
        value = np.linalg.slogdet(omega)[1] + e @ np.linalg.solve(omega, e) / variance
        free = len(y) - (len(beta) if self.restricted else 0)
        value += free * np.log(2 * np.pi * variance)
        if self.restricted:
            value += np.linalg.slogdet(x.T @ np.linalg.solve(omega, x))[1]
        return -0.5 * value

    def gls(self, ratios):
        weighted = np.linalg.solve(self.omega(ratios), self.twin.x)
        return np.linalg.solve(self.twin.x.T @ weighted, weighted.T @ self.twin.y)

    def variance(self, ratios):
        e = self.twin.y - self.twin.x @ self.gls(ratios)
        free = self.twin.n - (self.twin.x.shape[1] if self.restricted else 0)
        return e @ np.linalg.solve(self.omega(ratios), e) / free

    def profile(self, ratios, variance=None):
        variance = self.variance(ratios) if variance is None else variance
        return self.full([*self.gls(ratios), *ratios, variance])


def hessian(function, at, steps):
    moves = np.diag(steps)
    out = [
        [function(at + a + b) - function(at + a - b) - function(at - a + b) + function(at - a - b) for a in moves]
        for b in moves
    ]
    return np.array(out) / (4 * np.outer(steps, steps))


def both(kept, constant, method, **options):
    frame = sample(kept)
    result = fitted(frame, constant, method, **options)
    components = result.variance_components
    ratios = np.array([d.variance for d in components.dimensions]) / components.idiosyncratic
    return frame, result, components, ratios, Likelihood(frame, constant, method)


@pytest.mark.parametrize(("kept", "constant", "method"), CASES)
def test_nothing_is_more_likely(kept, constant, method):
    _, result, components, ratios, dense = both(kept, constant, method)
    assert components.likelihood.value == pytest.approx(dense.profile(ratios), rel=1e-11)
    best = optimize.minimize(
        lambda logs: -dense.profile(np.exp(logs)), np.log(ratios) + 0.3, method="BFGS", options={"gtol": 1e-6}
    )
    assert -best.fun <= components.likelihood.value + 1e-9
    np.testing.assert_allclose(np.exp(best.x), ratios, rtol=1e-4)
    np.testing.assert_allclose(result.params, dense.gls(ratios), rtol=1e-9)
    assert components.idiosyncratic == pytest.approx(dense.variance(ratios), rel=1e-10)
    omega = components.idiosyncratic * dense.omega(ratios)
    assert_matrix(result.cov, np.linalg.inv(dense.twin.x.T @ np.linalg.solve(omega, dense.twin.x)))
    assert result.loglik == pytest.approx(dense.profile(ratios), rel=1e-11)


@pytest.mark.parametrize(("kept", "constant", "method"), CASES)
def test_standard_errors_of_the_variances(kept, constant, method):
    """From second differences of the dense likelihood in the standard deviations themselves."""
    _, _, components, ratios, dense = both(kept, constant, method)

    def of_sigmas(sigmas):
        return dense.profile((sigmas[:2] / sigmas[2]) ** 2, sigmas[2] ** 2)

    sigmas = np.sqrt(components.idiosyncratic * np.append(ratios, 1.0))
    cov = np.linalg.inv(-hessian(of_sigmas, sigmas, np.full(3, 1e-4)))
    errors = components.std_errors()
    ours = [errors["sigma_entity"], errors["sigma_year"], errors["sigma_e"]]
    np.testing.assert_allclose(ours, np.sqrt(np.diag(cov)), rtol=1e-4)
    total = np.hypot(*sigmas[:2])
    gradient = np.array([*(sigmas[:2] / total), 0.0])
    assert errors["sigma_u"] == pytest.approx(np.sqrt(gradient @ cov @ gradient), rel=1e-4)
    square = sigmas @ sigmas
    gradient = 2 * sigmas * np.array([sigmas[2] ** 2, sigmas[2] ** 2, -(total**2)]) / square**2
    assert errors["rho"] == pytest.approx(np.sqrt(gradient @ cov @ gradient), rel=1e-4)


@pytest.mark.parametrize(("kept", "constant"), [(0.6, True), (0.6, False), (1.0, True)])
def test_observed_information_of_all_parameters(kept, constant):
    """Under Stata's convention the coefficients' block of the inverse of the whole Hessian, for ML alone."""
    frame, result, components, ratios, dense = both(kept, constant, "ml", convention="stata")
    at = np.array([*result.params, *ratios, components.idiosyncratic])
    cov = np.linalg.inv(-hessian(dense.full, at, 1e-4 * np.maximum(np.abs(at), 0.1)))
    errors = np.sqrt(np.diag(cov))[: len(result.params)]
    # Second differences of a value of some hundreds.
    np.testing.assert_allclose(result.std_errors, errors, rtol=1e-4)
    assert np.abs(result.std_errors / fitted(frame, constant, "ml").std_errors - 1).max() > 1e-5
    restricted = fitted(frame, constant, "reml")
    stata = fitted(frame, constant, "reml", convention="stata")
    np.testing.assert_allclose(stata.std_errors, restricted.std_errors, rtol=1e-12)


@pytest.mark.parametrize("method", ["ml", "reml"])
def test_likelihood_ratios(method):
    frame, _, components, _, dense = both(0.6, True, method)
    panel = pv.Panel(frame, "entity", "year")
    alone = {
        effects: pv.fit_random_effects(panel, "y", X, effects=effects, variance_components=method)
        for effects in ("entity", "time")
    }
    value = components.likelihood.value
    joint = components.likelihood_ratio()
    assert joint.statistic == pytest.approx(2 * (value - dense.profile(np.zeros(2))), rel=1e-9)
    mixture = 0.5 * stats.chi2.sf(joint.statistic, 1) + 0.25 * stats.chi2.sf(joint.statistic, 2)
    assert joint.pvalue == pytest.approx(mixture, rel=1e-9)
    assert "chibar2(012)" in str(joint)
    for effect, other in (("entity", "time"), ("year", "entity")):
        test = components.likelihood_ratio(effect)
        expected = 2 * (value - alone[other].variance_components.likelihood.value)
        assert test.statistic == pytest.approx(expected, rel=1e-9)
        assert test.pvalue == pytest.approx(0.5 * stats.chi2.sf(test.statistic, 1), rel=1e-9)
        assert "chibar2(01)" in str(test)
        assert f"sigma_{effect} = 0" in test.null
    with pytest.raises(pv.SpecificationError, match="effect"):
        components.likelihood_ratio("region")


@pytest.mark.parametrize("method", ["ml", "reml"])
def test_the_boundary_of_one_effect(method):
    """Nothing between years: one-way likelihood of the entity, a warning, no standard error of zero."""
    frame = sample()
    frame["y"] -= 0.999 * frame.groupby("year")["y"].transform("mean")
    with pytest.warns(
        pv.PanelVarWarning, match=r"variance of the year effect is 0.*one-way random effects of the entity"
    ):
        result = fitted(frame, method=method)
    one = pv.fit_random_effects(pv.Panel(frame, "entity", "year"), "y", X, variance_components=method)
    np.testing.assert_allclose(result.params, one.params, rtol=1e-9)
    np.testing.assert_allclose(result.std_errors, one.std_errors, rtol=1e-9)
    components = result.variance_components
    assert components.likelihood.value == pytest.approx(one.variance_components.likelihood.value, rel=1e-12)
    errors, alone = components.std_errors(), one.variance_components.std_errors()
    assert np.isnan(errors["sigma_year"])
    assert errors["sigma_entity"] == pytest.approx(alone["sigma_u"], rel=1e-7)
    assert errors["sigma_e"] == pytest.approx(alone["sigma_e"], rel=1e-7)
    assert components.likelihood_ratio("year").pvalue == 1.0
    # No second effect of any size is more likely.
    dense = Likelihood(frame, True, method)
    ratio = one.variance_components.effect / one.variance_components.idiosyncratic
    top = components.likelihood.value
    assert all(dense.profile(np.array([ratio * a, b])) < top for a in (0.5, 1.0, 2.0) for b in (1e-6, 1e-2, 1.0))


def test_the_boundary_of_both_effects():
    frame = sample(1.0)
    for unit in ("entity", "year"):
        frame["y"] -= 0.999 * frame.groupby(unit)["y"].transform("mean")
    with pytest.warns(
        pv.PanelVarWarning,
        match=("variance of the entity and the year effect is 0, so the coefficients equal pooled OLS"),
    ):
        result = fitted(frame, method="ml")
    pooled = pv.fit_pooled(pv.Panel(frame, "entity", "year"), "y", X)
    np.testing.assert_allclose(result.params, pooled.params, rtol=1e-9)
    assert result.loglik == pytest.approx(pooled.loglik, rel=1e-12)
    assert result.variance_components.likelihood_ratio().pvalue == 1.0


def test_what_cannot_be_maximised_is_refused(monkeypatch):
    exact = sample()
    level = exact["number"] + 0.5 * exact["year"]
    exact["y"] = 1.0 + exact["x1"] + level
    with pytest.raises(pv.PanelVarError, match=r"exactly"):
        fitted(exact, method="ml")
    monkeypatch.setattr(level_system, "DIRECT_LIMIT", 5)
    with pytest.raises(pv.NumericalError, match="9 levels, and the limit is 5"):
        fitted(sample(), method="ml")


@pytest.mark.parametrize("restricted", [False, True])
@pytest.mark.parametrize("shape", [(14, 9), (8, 20)])
def test_derivatives_of_the_profile(shape, restricted):
    """Slope and curvature are those of the value, on the boundary from one side."""
    frame = sample(entities=shape[0], periods=shape[1])
    design = pv.fit_pooled(pv.Panel(frame, "entity", "year"), "y", X).fit.source
    groupings = (design.entities, design.times)
    absorbed = absorb(groupings)
    tables = absorbed.tables(design.columns)
    within = TransformedRows(design.columns, groupings=groupings, tables=tables).triangle()
    inner = CrossedSample(Crossing(groupings), within, tables, design.nobs, constant=True, restricted=restricted)
    dense = Likelihood(frame, True, "reml" if restricted else "ml")
    for ratios in ([0.5, 2.0], [3.0, 0.1], [0.01, 30.0]):
        at = np.array(ratios)
        found = CrossedLikelihood(inner, at)
        assert found.value == pytest.approx(dense.profile(at), rel=1e-12)
        steps = 1e-4 * at
        for d, move in enumerate(np.diag(steps)):
            numeric = (dense.profile(at + move) - dense.profile(at - move)) / (2 * steps[d])
            assert found.slope[d] == pytest.approx(numeric, rel=1e-5, abs=1e-6)
        numeric = hessian(dense.profile, at, steps)
        np.testing.assert_allclose(found.curvature, numeric, rtol=1e-4, atol=1e-4 * np.abs(numeric).max())
    for ratios in ([0.0, 0.4], [0.3, 0.0], [0.0, 0.0]):
        at = np.array(ratios)
        found = CrossedLikelihood(inner, at)
        assert found.value == pytest.approx(dense.profile(at), rel=1e-12)
        for d in range(2):
            moves = [at + step * np.eye(2)[d] for step in (1e-5, 2e-5)]
            numeric = (4 * dense.profile(moves[0]) - dense.profile(moves[1]) - 3 * dense.profile(at)) / 2e-5
            assert found.slope[d] == pytest.approx(numeric, rel=1e-3, abs=1e-3)
    assert crossed_likelihood.find_maximum(inner, []).value >= max(
        dense.profile(np.array(r)) for r in ([0.3, 0.1], [1, 1])
    )


@given(st.integers(0, 2**32), st.floats(-3, 3), st.floats(-3, 3), st.sampled_from(["ml", "reml"]))
@settings(max_examples=25, deadline=None)
def test_any_mixture_of_variances_is_found(seed, first, second, method):
    """Six decades of either standard deviation, most with one of the ratios at or near its boundary."""
    rng = np.random.default_rng(seed)
    met = rng.random((9, 8)) < 0.7
    met[0], met[:, 0] = True, True
    entity, year = np.nonzero(met)
    frame = pd.DataFrame({"entity": entity, "year": year + 2000, **{x: rng.standard_normal(len(entity)) for x in X}})
    effect, shock = 10.0**first * rng.standard_normal(9), 10.0**second * rng.standard_normal(8)
    frame["y"] = frame[X].sum(axis=1) + effect[entity] + shock[year] + rng.standard_normal(len(entity))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        components = fitted(frame, method=method).variance_components
    dense = Likelihood(frame, True, method)
    grid = [0.0, *np.logspace(-6, 6, 7)]
    best = max(dense.profile(np.array([a, b])) for a in grid for b in grid)
    assert components.likelihood.value >= best - 1e-7
    ratios = np.array([d.variance for d in components.dimensions]) / components.idiosyncratic
    assert components.likelihood.value == pytest.approx(dense.profile(ratios), rel=1e-8)
    near = [ratios * moves for moves in np.array([[1.05, 1], [1, 1.05], [0.95, 1], [1, 0.95]])]
    assert all(dense.profile(moved) <= components.likelihood.value + 1e-7 for moved in near)
