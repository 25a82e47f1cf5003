"""External instruments: the algebra written out, recovery, alignment, bootstraps that carry the series."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from quiet import quietly
from streams import stream

import panelvar as pv
from panelvar import (
    BootstrapAfterBootstrap,
    DataError,
    DeltaMethod,
    ExternalInstrument,
    MonteCarlo,
    MovingBlockBootstrap,
    RecursiveWildBootstrap,
    ResidualBootstrap,
    SpecificationError,
)
from panelvar.estimates.bands.resampling import Pool

NAMES = ("x", "y", "z")
IMPACT = np.array([[1.0, 0.5, -0.4], [0.6, 1.0, 0.3], [-0.5, 0.4, 0.8]])
FIRST = np.array([[0.5, 0.1, 0.0], [0.2, 0.3, 0.1], [0.0, 0.2, 0.4]])


def generated(rows, seed, noise=0.7):
    rng = np.random.default_rng(seed)
    shocks = rng.standard_normal((rows, 3))
    y = np.zeros((rows, 3))
    for t in range(1, rows):
        y[t] = 0.3 + FIRST @ y[t - 1] + IMPACT @ shocks[t]
    proxies = 2.0 + 0.5 * shocks[:, [1]] + noise * rng.standard_normal((rows, 2))
    return y, proxies


@pytest.fixture(scope="module")
def data():
    return generated(240, 5)


@pytest.fixture(scope="module")
def model(data):
    return pv.fit_var(data[0], NAMES, lags=2)


def test_one_instrument_is_a_vector_of_covariances(data, model):
    residuals, proxy = model._problem.residuals, data[1][2:, 0]
    covariances = np.array([np.cov(residuals[:, k], proxy)[0, 1] for k in range(3)])
    unit = model.impulse_responses(5, identification=ExternalInstrument(data[1][:, 0], "y"), shock_size="unit")
    assert unit.shocks == ("y",)
    assert_allclose(unit.values[0, :, 0], covariances / covariances[1], rtol=1e-12)
    sd = model.impulse_responses(5, identification=ExternalInstrument(data[1][:, 0], "y", shock="policy"))
    assert sd.shocks == ("policy",)
    size = covariances[1] / np.sqrt(covariances @ np.linalg.solve(model.sigma, covariances))
    assert_allclose(sd.values, unit.values * size, rtol=1e-11)
    assert "First stage" in sd.notes[0].text
    assert not sd.notes[0].warn


def test_several_instruments_are_two_stage_least_squares(data, model):
    residuals = model._problem.residuals
    unit = model.impulse_responses(0, identification=ExternalInstrument(data[1], "y"), shock_size="unit").values[
        0, :, 0
    ]
    z = np.column_stack([np.ones(model.nobs), data[1][2:]])
    fitted = z @ np.linalg.lstsq(z, residuals[:, 1], rcond=None)[0]
    assert_allclose(
        unit, residuals.T @ (fitted - fitted.mean()) / (residuals[:, 1] @ (fitted - fitted.mean())), rtol=1e-11
    )


@pytest.mark.parametrize("columns", [1, 2])
def test_the_first_stage_against_least_squares(data, model, columns):
    from panelvar.systems.identification.instruments_of_shocks import first_stage

    proxies = data[1][2:, :columns].copy()
    proxies[:40, 0] = np.nan
    stage = first_stage(model._problem.residuals[:, 1], proxies)
    left, z = model._problem.residuals[40:, 1], np.column_stack([np.ones(model.nobs - 40), proxies[40:]])
    slopes = np.linalg.lstsq(z, left, rcond=None)[0]
    rest, inverse = left - z @ slopes, np.linalg.inv(z.T @ z)
    n, m = z.shape
    classical = rest @ rest / (n - m) * inverse
    robust = n / (n - m) * inverse @ (z.T * rest**2) @ z @ inverse
    for ours, cov in ((stage.classical, classical), (stage.robust, robust)):
        assert_allclose(ours, slopes[1:] @ np.linalg.solve(cov[1:, 1:], slopes[1:]) / columns, rtol=1e-10)
    assert_allclose(stage.rsquared, 1.0 - rest @ rest / ((left - left.mean()) @ (left - left.mean())), rtol=1e-12)
    assert stage.nobs == n


def test_the_impact_is_recovered():
    y, proxies = generated(20_000, 3)
    model = pv.fit_var(y, NAMES, lags=1)
    sd = model.impulse_responses(0, identification=ExternalInstrument(proxies[:, 0], "y")).values[0, :, 0]
    assert_allclose(sd, IMPACT[:, 1], atol=0.04)
    shares = model.variance_decomposition(1, identification=ExternalInstrument(proxies[:, 0], "y")).values[0, :, 0]
    assert_allclose(shares, IMPACT[:, 1] ** 2 / (IMPACT**2).sum(axis=1), atol=0.04)


def test_a_series_is_matched_by_label(data):
    index = pd.period_range("1960Q1", periods=240, freq="Q")
    model = pv.fit_var(pd.DataFrame(data[0], index=index, columns=NAMES), lags=2)
    series = pd.Series(data[1][:, 0], index=index)
    shuffled = series.iloc[100:].sample(frac=1.0, random_state=1)
    padded = series.where(np.arange(240) >= 100)
    one, other = (
        model.impulse_responses(3, identification=ExternalInstrument(given, "y")).values
        for given in (shuffled, padded.to_numpy())
    )
    assert_allclose(one, other, rtol=1e-13)
    residuals, proxy = model._problem.residuals[98:], series.to_numpy()[100:]
    covariances = (residuals - residuals.mean(axis=0)).T @ (proxy - proxy.mean())
    assert_allclose(one[0, :, 0] / one[0, 1, 0], covariances / covariances[1], rtol=1e-12)
    holes = data[0].copy()
    holes[50] = np.nan
    with pytest.warns(pv.PanelVarWarning):
        gappy = pv.fit_var(pd.DataFrame(holes, index=index, columns=NAMES), lags=2)
    by_label = gappy.impulse_responses(3, identification=ExternalInstrument(series, "y")).values
    by_row = gappy.impulse_responses(3, identification=ExternalInstrument(series.to_numpy(), "y")).values
    assert_allclose(by_label, by_row, rtol=1e-13)


@pytest.mark.parametrize(
    "source",
    [
        ResidualBootstrap(draws=6, seed=11),
        MovingBlockBootstrap(draws=6, seed=11, block_length=15),
        RecursiveWildBootstrap(draws=6, seed=11, multiplier="normal"),
    ],
)
def test_a_batch_of_draws_equals_a_loop(data, model, source):
    """Each data set is generated, fitted and instrumented by itself."""
    proxy = data[1].copy()
    proxy[60:75] = np.nan
    scheme = ExternalInstrument(proxy, "y")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        band = model.impulse_responses(4, identification=scheme, bands=source)
    pool = Pool(model._problem.residuals, model.df_resid, proxy[2:])
    drawn, carried = source.resample(pool, 6, model.nobs, stream(11))
    for draw in range(6):
        y = data[0].copy()
        for t in range(2, len(y)):
            x = np.concatenate([[1.0], y[t - 1], y[t - 2]])
            y[t] = x @ model._problem.params + drawn[draw, t - 2]
        own = pv.fit_var(y, NAMES, lags=2)
        series = np.concatenate([np.full((2, 2), np.nan), carried[draw]])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            alone = own.impulse_responses(4, identification=ExternalInstrument(series, "y"))
        assert_allclose(band.draws[draw], alone.values, rtol=1e-9, atol=1e-11)


def test_a_restricted_system_carries_the_instrument_too(data):
    """Zero restrictions change the residuals of every draw, and with them their covariances with the instrument."""
    zero = {"x": ["L1.z", "L2.z"], "z": ["L2.x"]}
    model = pv.fit_restricted_var(data[0], restrictions=zero, columns=NAMES, lags=2)
    source = MovingBlockBootstrap(draws=4, seed=3, block_length=15)
    band = quietly(lambda: model.impulse_responses(3, identification=ExternalInstrument(data[1], "y"), bands=source))
    pool = Pool(model._problem.residuals, model.df_resid, data[1][2:])
    drawn, carried = source.resample(pool, 4, model.nobs, stream(3))
    for draw in range(4):
        y = data[0].copy()
        for t in range(2, len(y)):
            y[t] = np.concatenate([[1.0], y[t - 1], y[t - 2]]) @ model._problem.params + drawn[draw, t - 2]
        own = pv.fit_restricted_var(y, restrictions=zero, columns=NAMES, lags=2)
        series = np.concatenate([np.full((2, 2), np.nan), carried[draw]])
        alone = quietly(lambda: own.impulse_responses(3, identification=ExternalInstrument(series, "y")))  # noqa: B023
        assert_allclose(band.draws[draw], alone.values, rtol=1e-8, atol=1e-10)


def test_bands_and_what_has_none(data, model):
    scheme = ExternalInstrument(data[1][:, 0], "y")
    for source in (
        MovingBlockBootstrap(draws=200, seed=1),
        ResidualBootstrap(draws=200, seed=1, interval="hall"),
        BootstrapAfterBootstrap(draws=200, seed=1, bias_draws=200, base=MovingBlockBootstrap()),
    ):
        unit = model.impulse_responses(4, identification=scheme, shock_size="unit", bands=source, level=0.9)
        assert (unit.lower <= unit.upper).all()
        assert_allclose(unit.draws[:, 0, 1, 0], 1.0)
        assert unit.lower[0, 0, 0] < 0.5 / 1.0 < unit.upper[0, 0, 0]
    shares = model.variance_decomposition(
        3, identification=scheme, bands=MovingBlockBootstrap(draws=200, seed=1), level=0.9
    )
    assert (shares.draws >= 0.0).all()
    assert (shares.draws <= 1.0).all()
    with pytest.raises(SpecificationError, match="MovingBlockBootstrap"):
        model.impulse_responses(2, identification=scheme, bands=MonteCarlo(200, seed=1))
    with pytest.raises(SpecificationError, match="The delta method has no formula"):
        model.impulse_responses(2, identification=scheme, bands=DeltaMethod())
    with pytest.warns(pv.PanelVarWarning, match="far too narrow"):
        model.impulse_responses(2, identification=scheme, bands=RecursiveWildBootstrap(200, seed=1), level=0.9)


def test_the_shock_itself(data, model):
    scheme = ExternalInstrument(data[1][:, 0], "y", shock="policy")
    shocks = model.structural_shocks(identification=scheme)
    assert shocks.columns.tolist() == ["policy"]
    values = shocks["policy"].to_numpy()
    assert_allclose(values @ values / model.df_resid, 1.0, rtol=1e-10)
    history = model.historical_decomposition(identification=scheme)
    assert history.contributions.shape == (model.nobs, 3, 1)
    assert_allclose(history.actual, data[0][2:], atol=1e-11)


def test_a_weak_instrument_warns(data, model):
    noise = np.random.default_rng(2).standard_normal(240)
    with pytest.warns(pv.PanelVarWarning, match="Below 10 the instrument is weak"):
        model.impulse_responses(2, identification=ExternalInstrument(noise, "y"))
    test = pv.instrument_relevance_test(model, ExternalInstrument(data[1], "y"))
    assert test.distribution == "f"
    assert (test.df, test.df_denominator) == (2, model.nobs - 3)
    plain = pv.instrument_relevance_test(model, ExternalInstrument(data[1], "y"), cov="classical")
    assert plain.statistic != test.statistic


def test_bad_instruments(data, model):
    def respond(series, variable="y"):
        return model.impulse_responses(2, identification=ExternalInstrument(series, variable))

    with pytest.raises(SpecificationError, match="'w' is not a variable"):
        respond(data[1], "w")
    with pytest.raises(DataError, match="expected a value for each of the data's 240 rows"):
        respond(data[1][2:])
    with pytest.raises(DataError, match="do not vary"):
        respond(np.ones(240))
    with pytest.raises(DataError, match="collinear"):
        respond(np.column_stack([data[1][:, 0], data[1][:, 0]]))
    with pytest.raises(DataError, match="infinite"):
        respond(np.where(np.arange(240) == 5, np.inf, data[1][:, 0]))
    with pytest.raises(DataError, match="No label of the instrument"):
        respond(pd.Series([1.0, 2.0], index=["a", "b"]))
    with pytest.raises(DataError, match="repeats labels"):
        respond(pd.Series([1.0, 2.0], index=[5, 5]))
    with pytest.raises(pv.InsufficientDataError, match="at least 4"):
        respond(pd.Series([1.0, 2.0, 3.0], index=[5, 6, 7]))
    with pytest.raises(pv.MissingInformationError, match="needs residuals"):
        pv.System(model.coefficients, NAMES, sigma=model.sigma).impulse_responses(
            2, identification=ExternalInstrument(data[1], "y")
        )
    with pytest.raises(SpecificationError, match="name of a variable"):
        ExternalInstrument(data[1], 1)
    with pytest.raises(SpecificationError, match="expected ExternalInstrument"):
        pv.instrument_relevance_test(model, "cholesky")


def test_it_shows_itself_in_one_line_and_asks_for_values():
    scheme = pv.ExternalInstrument(pd.Series(np.arange(50.0)), "x", shock="policy")
    assert repr(scheme) == "ExternalInstrument(<Series>, 'x', shock='policy')"
    with pytest.raises(SpecificationError, match=r"such as data\['z'\]"):
        pv.ExternalInstrument("z", "x")
