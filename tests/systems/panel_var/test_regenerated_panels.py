"""Bootstraps that generate a panel's data again: the recursion, the refits, and who may not."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from quiet import quietly
from systems.panel_var.panel_var_twins import NAMES, dummy_regression, panel_of

import panelvar as pv

METHODS = ["within", "hahn-kuersteiner", "half-panel-jackknife", "corrected-moments", "pooled"]
OPTIONS = [{}, {"time_effects": True}, {"exogenous": ["z"]}]


def fit(frame, lags=1, method="within", **options):
    return quietly(pv.fit_panel_var, frame, NAMES, lags=lags, method=method, **options)


def generated(model, errors):
    """Rows [terms, lags, Y], a row at a time: lags are those generated before, in a run of adjacent periods."""
    rows, d, k = model.fit.rows, model.terms.count, 2
    labels = list(model.resids.index)
    origin = rows.y - rows.x @ model.params.to_numpy() - model.resids.to_numpy()
    out, made = rows.columns.copy(), {}
    for place, (entity, year) in enumerate(labels):
        run = 0
        while (entity, year - run - 1) in made:
            run += 1
        for lag in range(1, min(run, model.lags) + 1):
            out[place, d + (lag - 1) * k : d + lag * k] = made[entity, year - lag]
        made[entity, year] = origin[place] + out[place, : d + model.lags * k] @ model.params.to_numpy() + errors[place]
        out[place, -k:] = made[entity, year]
    return out


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("lags", [1, 2])
@pytest.mark.parametrize("options", OPTIONS)
def test_refits_are_fits_of_the_data_generated(method, lags, options):
    frame = panel_of(seed=31, entities=20, periods=16)
    model = fit(frame, lags, method, **options)
    errors = np.random.default_rng(1).standard_normal((2, model.nobs, 2))
    recursion = model.fit.recursion
    data = recursion.data(errors, model.fit.params)
    params, sigma, _ = recursion.refit(data)
    for draw in range(2):
        assert_allclose(data[draw], generated(model, errors[draw]), rtol=0, atol=1e-10)
        other = frame.copy()
        other.loc[model.resids.index, NAMES] = data[draw][:, -2:]
        again = fit(other, lags, method, **options)
        assert_allclose(again.fit.rows.columns, data[draw], rtol=0, atol=1e-10)
        assert_allclose(params[draw], again.params, rtol=0, atol=1e-9)
        assert_allclose(sigma[draw], again.sigma, rtol=1e-8)


@pytest.mark.parametrize("lags", [1, 2])
def test_after_a_gap_lags_are_observed(lags):
    frame = panel_of(seed=32, periods=18, gaps=0.1)
    model = fit(frame, lags)
    errors = np.random.default_rng(1).standard_normal((1, model.nobs, 2))
    data = model.fit.recursion.data(errors, model.fit.params)
    expected = generated(model, errors[0])
    assert_allclose(data[0], expected, rtol=0, atol=1e-10)
    rows = [(*label, row[:-2], row[-2:]) for label, row in zip(model.resids.index, expected, strict=True)]
    params, residuals, whole, _ = dummy_regression(rows)
    found, sigma, _ = model.fit.recursion.refit(data)
    assert_allclose(found[0], params, rtol=0, atol=1e-10)
    assert_allclose(sigma[0], residuals.T @ residuals / (len(rows) - whole.shape[1]), rtol=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_the_residuals_give_the_data_back(method):
    model = fit(panel_of(seed=33, gaps=0.03, periods=18), 2, method)
    recursion = model.fit.recursion
    data = recursion.data(model.resids.to_numpy()[None], model.fit.params)
    assert_allclose(data[0], model.fit.rows.columns, rtol=0, atol=1e-9)
    params, sigma, _ = recursion.refit(data)
    assert_allclose(params[0], model.params, rtol=0, atol=1e-9)
    assert_allclose(sigma[0], model.sigma, rtol=1e-9)
    assert_allclose(recursion.left(data, model.fit.params)[0], model.resids, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    "source",
    [
        pv.RecursiveWildBootstrap(99, 1),
        pv.RecursiveWildBootstrap(99, 1, multiplier="mammen", joint="sup-t"),
        pv.ResidualBootstrap(99, 1, interval="hall"),
        pv.ParametricBootstrap(99, 1),
        pv.BootstrapAfterBootstrap(99, 1, bias_draws=99),
    ],
)
def test_sources_of_one_series_serve_panels(source):
    model = fit(panel_of(seed=34, entities=20, periods=20), 1)
    found = quietly(model.impulse_responses, 4, bands=source)
    assert np.isfinite(found.lower).all() and (found.lower <= found.upper).all()
    wide, narrow = (
        quietly(model.impulse_responses, 4, bands=each).upper[1] - model.impulse_responses(4).values[1]
        for each in (source, pv.DeltaMethod())
    )
    assert 0.2 < np.median(wide / narrow) < 5.0


def test_bootstrap_after_bootstrap_takes_out_the_bias_of_short_panels():
    model = fit(panel_of(seed=35, entities=60, periods=11), 1)
    truth = np.array([[0.4, 0.1], [0.2, 0.3]])
    source = pv.BootstrapAfterBootstrap(199, 1, bias_draws=199)
    plain, corrected = (
        quietly(model.impulse_responses, 1, shock_size="unit", identification="reduced_form", bands=each).draws[:, 1]
        for each in (pv.ResidualBootstrap(199, 1), source)
    )
    assert np.abs(corrected.mean(axis=0) - truth).max() < 0.5 * np.abs(plain.mean(axis=0) - truth).max()


def test_an_instrument_goes_along_with_generated_data():
    model = fit(panel_of(seed=36, entities=30, periods=20), 1)
    series = model.resids["x"] + 0.5 * np.random.default_rng(1).standard_normal(model.nobs)
    scheme = pv.ExternalInstrument(series, "x")
    found = quietly(model.impulse_responses, 2, identification=scheme, bands=pv.ResidualBootstrap(99, 1))
    assert_allclose(np.median(found.draws[:, 0], axis=0), found.values[0], atol=0.15)


def test_refused():
    model = fit(panel_of(seed=37, entities=10, periods=20), 1)
    for source, words in [
        (pv.MovingBlockBootstrap(99, 1), "blocks of one entity's periods"),
        (pv.BootstrapAfterBootstrap(99, 1, base=pv.MovingBlockBootstrap()), "blocks of one entity's periods"),
        (pv.BootstrapAfterBootstrap(99, 1, bias="pope"), "not for a panel"),
        (pv.ResidualBootstrap(99, 1, interval="studentised"), "covariance of every data set"),
    ]:
        with pytest.raises(pv.SpecificationError, match=words):
            quietly(model.impulse_responses, 2, bands=source)
    pooled = fit(panel_of(seed=37, entities=10, periods=20), 1, "pooled")
    with pytest.raises(pv.SpecificationError, match="lags and effects only"):
        quietly(pooled.impulse_responses, 2, bands=pv.BootstrapAfterBootstrap(99, 1))
    average = fit(panel_of(seed=37, entities=10, periods=20), 1, "mean-group")
    with pytest.raises(pv.SpecificationError, match="generate data, which this model cannot do"):
        quietly(average.impulse_responses, 2, bands=pv.ResidualBootstrap(99, 1))
