"""Bootstrap bands of local projections against a loop over the same data sets."""

import numpy as np
import pytest
from streams import stream

import panelvar as pv


def data(n: int = 140) -> np.ndarray:
    rng = np.random.default_rng(0)
    y = np.zeros((n, 2))
    for t in range(1, n):
        y[t] = y[t - 1] @ np.array([[0.9, 0.1], [0.0, 0.8]]) + rng.standard_normal(2)
    return y


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"identification": "reduced_form", "shock_size": "unit", "cov": "HC0"},
        {"identification": "long_run", "cumulative": True},
        {"identification": "generalised", "trend": "ct", "seasons": 4},
        {"impact": "known"},
    ],
    ids=str,
)
@pytest.mark.parametrize("source", [pv.ResidualBootstrap, pv.MovingBlockBootstrap])
def test_every_draw_is_a_projection_of_a_generated_data_set(options, source):
    y = data()
    lp = pv.fit_local_projections(y, lags=2, horizon=5, **options)
    draws = source(draws=12, seed=3)
    values, errors, _ = lp.bootstrap.draws(draws)
    problem = lp.var._problem
    d = problem.n_deterministic
    chunks = draws.innovations(problem, 12, stream(3))
    innovations = np.concatenate([chunk.innovations for chunk in chunks])
    for b in range(12):
        own = y.copy()
        for t in range(2, len(y)):
            own[t] = problem.design[t - 2, :d] @ problem.params[:d] + innovations[b, t - 2]
            own[t] += own[t - 1] @ problem.params[d : d + 2] + own[t - 2] @ problem.params[d + 2 :]
        one = pv.fit_local_projections(own, lags=2, horizon=5, **options)
        np.testing.assert_allclose(values[b], one.values, rtol=0, atol=1e-9)
        np.testing.assert_allclose(errors[b], one.std_errors, rtol=0, atol=1e-9)


def test_studentised_limits_compare_with_the_response_that_generated_the_data():
    lp = pv.fit_local_projections(data(), lags=2, horizon=4)
    source = pv.ResidualBootstrap(199, seed=1, interval="studentised")
    band = lp.with_bands(source, level=0.9)
    values, errors, _ = lp.bootstrap.draws(source)
    truth = lp.var.impulse_responses(4).values
    ratios = ((values - truth) / np.where(errors > 0, errors, 1.0))[:, 3, 0, 1]
    low, high = np.quantile(ratios, [0.05, 0.95])
    estimate, error = lp.values[3, 0, 1], lp.std_errors[3, 0, 1]
    assert band.lower[3, 0, 1] == pytest.approx(estimate - high * error, rel=1e-10)
    assert band.upper[3, 0, 1] == pytest.approx(estimate - low * error, rel=1e-10)
    plain = lp.with_bands(pv.ResidualBootstrap(199, seed=1), level=0.9)
    np.testing.assert_allclose(plain.upper[3], np.quantile(values[:, 3], 0.95, axis=0), rtol=1e-10)
    assert "199 draws, seed 1, studentised" in band.band_label
    again = pv.fit_local_projections(data(), lags=2, horizon=4, bands=source, level=0.9)
    np.testing.assert_array_equal(again.lower, band.lower)


@pytest.mark.parametrize(
    "options",
    [{"lag_augmented": False}, {"cov": "HC3"}, {"sample": "common"}, {"shock": np.arange(140.0) % 7}],
    ids=["not augmented", "HC3", "common", "observed"],
)
def test_where_there_is_no_bootstrap(options):
    lp = pv.fit_local_projections(data(), lags=2, horizon=3, **options)
    with pytest.raises(pv.SpecificationError, match="lag-augmented"):
        lp.with_bands(pv.ResidualBootstrap(99, seed=1))
    with pytest.raises(pv.SpecificationError, match="Local projections have no bands="):
        lp.with_bands(pv.MonteCarlo(99, seed=1))


def test_data_of_a_corrected_autoregression():
    """The bias is that of the source, the truth the corrected system's, and limits are studentised."""
    y = data()
    lp = pv.fit_local_projections(y, lags=1, horizon=4)
    source = pv.BootstrapAfterBootstrap(199, seed=2, bias_draws=300)
    band = lp.with_bands(source, level=0.9)
    values, errors, truth = lp.bootstrap.draws(source)
    problem = lp.var._problem
    bias = source.estimated_bias(lp.bootstrap.model, stream(2))[0]
    system = pv.System(problem.params[1:].T - bias, sigma=lp.var.sigma)
    assert system.is_stable
    np.testing.assert_allclose(truth, system.impulse_responses(4).values, rtol=1e-10)
    ratios = ((values - truth) / np.where(errors > 0, errors, 1.0))[:, 4, 0, 0]
    low, high = np.quantile(ratios, [0.05, 0.95])
    assert band.lower[4, 0, 0] == pytest.approx(lp.values[4, 0, 0] - high * lp.std_errors[4, 0, 0], rel=1e-10)
    assert band.upper[4, 0, 0] == pytest.approx(lp.values[4, 0, 0] - low * lp.std_errors[4, 0, 0], rel=1e-10)
    assert "studentised" in band.band_label
