"""The joint covariance of coefficients and sigma: by weights of entities moved a little, by loops, and in bands."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from quiet import quietly
from systems.panel_var.panel_var_twins import NAMES, panel_of

import panelvar as pv

SHORT = panel_of(seed=5, entities=80, periods=7)
GAPS = panel_of(seed=9, entities=70, periods=9, gaps=0.1)
WINDOW = pv.LagInstruments(last=4, collapse=True)


def fit(frame=SHORT, *, lags=1, **options):
    return quietly(pv.fit_panel_var, frame, NAMES, lags=lags, **{"method": "gmm", "instruments": WINDOW} | options)


def moved(fitted, entity, size):
    """Coefficients, equation by equation, and sigma with the weight of one entity moved."""
    weights = np.ones((1, fitted.rows.n_entities))
    weights[0, entity] += size
    params, sigma, _ = fitted.refits(weights)
    return params[0].T.ravel(), sigma[0]


def slopes(fitted, entity, size=1e-4):
    above, below = moved(fitted, entity, size), moved(fitted, entity, -size)
    return [(high - low) / (2.0 * size) for high, low in zip(above, below, strict=True)]


@pytest.mark.parametrize("transform", ["fd", "fod"])
@pytest.mark.parametrize(
    "options",
    [{}, {"frame": GAPS}, {"time_effects": True}, {"steps": 1, "lags": 2}],
    ids=["plain", "gaps", "time", "two"],
)
def test_as_many_moments_as_coefficients_move_as_entities_are_weighted(transform, options):
    """Where the moments are all zero at the estimates, nothing that the influence leaves out of account matters."""
    exact = pv.LagInstruments(first=2, last=1 + options.get("lags", 1), collapse=True)
    fitted = fit(transform=transform, instruments=exact, **options).fit
    ours = fitted.influences(None)
    for entity in (0, 3, 41):
        for own, slope in zip(ours, slopes(fitted, entity), strict=True):
            assert_allclose(own[entity], slope, rtol=1e-6, atol=1e-6 * np.abs(own).max())


@pytest.mark.parametrize("method", ["hahn-kuersteiner", "half-panel-jackknife", "corrected-moments"])
@pytest.mark.parametrize("time_effects", [False, True])
def test_corrected_least_squares_moves_as_entities_are_weighted(method, time_effects):
    frame = panel_of(seed=3, entities=40, periods=12, gaps=0.05)
    fitted = fit(frame, method=method, instruments=None, time_effects=time_effects).fit
    model = quietly(pv.fit_panel_var, frame, NAMES, method=method, time_effects=time_effects, cov="HC0")
    estimator = model.fit.covariances.args[0]
    rows = estimator.influence()
    sums = np.zeros((fitted.rows.n_entities, 8))
    whole = np.concatenate([rows.swapaxes(1, 2), estimator.sigma_influence(rows)], axis=1).reshape(len(rows), -1)
    np.add.at(sums, fitted.rows.entities.codes, whole)
    for entity in (0, 5, 22):
        slope = np.concatenate([each.ravel() for each in slopes(fitted, entity)])
        assert_allclose(sums[entity], slope, rtol=1e-6, atol=1e-6 * np.abs(sums).max())


def transformed(frame, transform):
    """Rows [lag of x and y, x and y] of every entity of a balanced panel, differenced or less later means, by loops."""
    out = {}
    for entity, own in frame.groupby("firm"):
        values = own[NAMES].to_numpy()
        level = np.column_stack([values[:-1], values[1:]])
        if transform == "fd":
            out[entity] = np.diff(level, axis=0)
            continue
        ahead = [level[t + 1 :] for t in range(len(level) - 1)]
        out[entity] = np.array(
            [np.sqrt(len(later) / (len(later) + 1)) * (level[t] - later.mean(axis=0)) for t, later in enumerate(ahead)]
        )
    return list(out.values())


@pytest.mark.parametrize("level_equation", [False, True])
@pytest.mark.parametrize("transform", ["fd", "fod"])
@pytest.mark.parametrize("steps", [1, 2, "iterated"])
def test_sigma_moves_with_its_own_rows_and_with_the_coefficients(transform, steps, level_equation):
    model = fit(transform=transform, steps=steps, level_equation=level_equation)
    coefficients, sigma = model.fit.influences(None)
    assert_allclose(coefficients.T @ coefficients, model.cov, rtol=1e-8, atol=1e-12)
    rows = transformed(SHORT, transform)
    first = model.params.to_numpy()
    n_rows = sum(map(len, rows))

    def weighed(weights, params):
        total = np.zeros((2, 2))
        for weight, own in zip(weights, rows, strict=True):
            left = own[:, 2:] - own[:, :2] @ params
            total += weight * left.T @ left
        counted = sum(weight * len(own) for weight, own in zip(weights, rows, strict=True)) - model.n_regressors
        if level_equation:
            counted -= 1  # the constant
        return total / counted / (2.0 if transform == "fd" else 1.0)

    assert_allclose(weighed(np.ones(80), first), model.sigma, rtol=1e-10)
    assert n_rows == 80 * 5
    for entity in (0, 17):
        step = coefficients[entity].reshape(2, 2).T
        ends = []
        for size in (1e-4, -1e-4):
            weights = np.ones(80)
            weights[entity] += size
            ends.append(weighed(weights, first + size * step))
        assert_allclose(sigma[entity], (ends[0] - ends[1]) / 2e-4, rtol=1e-6, atol=1e-9)


def impact_and_shares(params, sigma, horizon):
    """Cholesky responses and shares by powers, for derivatives by small steps."""
    impact, power, paths = np.linalg.cholesky(sigma), np.eye(2), []
    for _ in range(horizon + 1):
        paths.append(power @ impact)
        power = params.T @ power
    squares = np.cumsum(np.square(paths), axis=0)
    return np.array(paths), squares / squares.sum(axis=2, keepdims=True)


@pytest.mark.parametrize(
    "options", [{"transform": "fd"}, {}, {"level_equation": True}, {"method": "corrected-moments"}]
)
def test_errors_by_the_delta_method_are_those_of_the_joint_covariance(options):
    if "method" in options:
        options = options | {"instruments": None}
    model = fit(**options)
    coefficients, sigma = model.fit.influences(None)
    # Entities' own sums, or rows with the same cross products.
    params = model.params.to_numpy()
    slopes, size = [], 1e-5
    for own, moved_sigma in zip(coefficients, sigma, strict=True):
        step = own.reshape(2, 2).T
        ends = [
            impact_and_shares(params + sign * size * step, model.sigma + sign * size * moved_sigma, 5)
            for sign in (1.0, -1.0)
        ]
        slopes.append([(high - low) / (2.0 * size) for high, low in zip(*ends, strict=True)])
    responses, shares = (np.sqrt(np.sum(np.square(each), axis=0)) for each in zip(*slopes, strict=True))
    found = model.impulse_responses(5, bands=pv.DeltaMethod())
    assert_allclose(found.std_errors, responses, rtol=1e-6, atol=1e-8)
    decomposed = quietly(model.variance_decomposition, 6, bands=pv.DeltaMethod())
    reach = (decomposed.upper - decomposed.lower) / 2.0 / 1.959963984540054
    assert_allclose(reach, shares, rtol=1e-6, atol=1e-7)
    summed = model.impulse_responses(5, bands=pv.DeltaMethod(joint="sup-t", draws=500), cumulative=True)
    assert np.isfinite(summed.lower).all()


def test_unit_shocks_of_the_reduced_form_do_not_move_with_sigma():
    model = fit()
    alone = type(model)(replace(model.fit, influences=None))
    asked = {"identification": "reduced_form", "shock_size": "unit", "bands": pv.DeltaMethod()}
    first, second = (each.impulse_responses(4, **asked) for each in (model, alone))
    assert_allclose(first.std_errors, second.std_errors, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("transform", ["fd", "fod"])
def test_errors_of_the_impact_count_what_sigma_shares_with_the_coefficients(transform):
    """In short panels that is most of it in differences, and a good part in deviations."""
    model = fit(panel_of(seed=2, entities=200, periods=7), transform=transform)
    alone = type(model)(replace(model.fit, influences=None))
    first, second = (each.impulse_responses(0, bands=pv.DeltaMethod()).std_errors for each in (model, alone))
    assert first[0, 0, 0] > {"fd": 1.4, "fod": 1.15}[transform] * second[0, 0, 0]


@pytest.mark.parametrize("options", [{"transform": "fd"}, {"level_equation": True}])
def test_draws_have_the_joint_covariance(options):
    model = fit(panel_of(seed=2, entities=600, periods=7), **options)
    coefficients, sigma = model.fit.influences(None)
    joint = np.concatenate([coefficients, sigma[:, [0, 1, 1], [0, 0, 1]]], axis=1)
    expected = joint.T @ joint
    draws = model._drawable.posterior(8000, 3, np.random.default_rng(4))
    factor = draws.form.factor
    made = (factor @ factor.swapaxes(1, 2))[:, [0, 1, 1], [0, 0, 1]]
    drawn = np.concatenate([draws.form.coefficients[:, 0].reshape(8000, -1), made], axis=1)
    sizes = np.sqrt(expected.diagonal())
    found = np.cov(drawn.T) / sizes / sizes[:, None]
    assert_allclose(found, expected / sizes / sizes[:, None], atol=0.08)
    assert draws.future.shape == (8000, 3, 2)


def test_clusters_of_entities_and_other_errors_have_their_own():
    groups = panel_of(seed=5, entities=80, periods=7)
    groups["region"] = [int(name[1:]) % 40 for name in groups.index.get_level_values("firm")]
    model = fit(groups, cov=pv.Clustered("region"))
    coefficients, sigma = model.fit.influences(model.fit.cov)
    assert coefficients.shape == (40, 4) and sigma.shape == (40, 2, 2)
    assert_allclose(coefficients.T @ coefficients, model.cov, rtol=1e-8, atol=1e-12)
    plain = fit()
    other = plain.with_cov("uncorrected")
    coefficients, _ = other.fit.influences(other.fit.cov)
    assert_allclose(coefficients.T @ coefficients, other.cov, rtol=1e-8, atol=1e-12)
    again = other.with_cov("robust")
    bands = [each.impulse_responses(3, bands=pv.DeltaMethod()).lower for each in (plain, again, other)]
    assert_allclose(bands[0], bands[1], rtol=1e-12)
    assert np.abs(bands[0] - bands[2]).max() > 1e-4


def test_one_step_classical_errors_keep_their_coefficients():
    model = fit(steps=1, cov="classical", transform="fd")
    found = model.impulse_responses(3, bands=pv.DeltaMethod())
    assert np.isfinite(found.std_errors).all() and found.std_errors[0, 0, 0] > 0.0


def test_corrected_least_squares_takes_the_errors_asked_for():
    frame = panel_of(seed=3, entities=40, periods=12)
    model = fit(frame, method="corrected-moments", instruments=None, cov="HC1")
    for cov in ("HC1", "cluster", "driscoll-kraay"):
        changed = quietly(model.with_cov, cov)
        coefficients, sigma = changed.fit.influences(changed.fit.cov)
        assert_allclose(coefficients.T @ coefficients, changed.cov, rtol=1e-8, atol=1e-12)
        assert sigma.shape == (len(coefficients), 2, 2)
    classical = model.with_cov("classical")
    assert classical.fit.sigma_moves is None
    alone = np.sqrt(0.5 * classical.sigma.iloc[0, 0] / classical.nobs)
    assert classical.impulse_responses(0, bands=pv.DeltaMethod()).std_errors[0, 0, 0] == pytest.approx(alone)


def test_fewer_entities_than_coefficients_have_a_covariance_of_their_rank():
    frame = panel_of(seed=3, entities=5, periods=30)
    model = quietly(pv.fit_panel_var, frame, NAMES, lags=2, method="half-panel-jackknife")
    for bands in (pv.DeltaMethod(), pv.MonteCarlo(draws=50, seed=1)):
        found = quietly(model.impulse_responses, 4, bands=bands)
        assert np.isfinite(found.lower).all()


@pytest.mark.parametrize("method", ["hahn-kuersteiner", "half-panel-jackknife", "corrected-moments"])
@pytest.mark.parametrize("powers", [(300, 300), (-300, -300), (0, 300), (-200, 200), (490, 490)])
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_units_move_bands_by_their_own_power(method, powers):
    """Variances of sigma have the units of a variable to the fourth power, which are out of range before the rest."""
    frame = panel_of(seed=3, entities=40, periods=12)
    other = frame.assign(**{name: np.ldexp(frame[name], power) for name, power in zip(NAMES, powers, strict=True)})
    models = [fit(data, method=method, instruments=None) for data in (frame, other)]
    for bands in (pv.DeltaMethod(), pv.MonteCarlo(draws=30, seed=1)):
        first, second = (quietly(model.impulse_responses, 3, bands=bands) for model in models)
        for own, moved in ((first.lower, second.lower), (first.std_errors, second.std_errors)):
            back = np.ldexp(moved, -np.array(powers)[:, None])
            assert_allclose(back, own, rtol=1e-8, atol=1e-12)
    first, second = (np.asarray(model.long_run_std_errors()) for model in models)
    apart = np.subtract.outer(np.array(powers), np.array(powers))
    assert_allclose(np.ldexp(second, -apart), first, rtol=1e-8)


def test_the_foot_says_what_was_drawn():
    frame = panel_of(seed=3, entities=40, periods=12)
    labels = [
        fit(frame, method=method, instruments=None).impulse_responses(1, bands=pv.MonteCarlo(draws=500)).band_label
        for method in ("gmm", "within")
    ]
    assert labels[0].startswith("Monte Carlo (normal, jointly with sigma), 500 draws")
    assert labels[1].startswith("Monte Carlo (normal, inverse Wishart), 500 draws")
