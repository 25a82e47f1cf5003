"""A vector autoregression of order 0, which criteria may choose: means and a covariance, nothing to propagate."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import panelvar as pv

BANDS = (
    pv.DeltaMethod(),
    pv.ResidualBootstrap(draws=1000, seed=0),
    pv.MonteCarlo(draws=1000, seed=0),
    pv.BootstrapAfterBootstrap(draws=1000, seed=0),
)


@pytest.fixture(scope="module")
def noise():
    return pd.DataFrame(np.random.default_rng(0).normal(size=(100, 2)), columns=["a", "b"])


@pytest.fixture(scope="module")
def model(noise):
    return pv.fit_var(noise, lags=0)


@pytest.mark.parametrize("convention", ["default", "statsmodels", "vars", "gretl"])
@pytest.mark.parametrize("criterion", ["aic", "bic", "hqic", "fpe"])
def test_the_fit_chooses_the_order_that_the_comparison_chooses(noise, convention, criterion):
    chosen = pv.fit_var(noise, lags=criterion, max_lags=4, convention=convention)
    compared = pv.select_lags(noise, max_lags=4, convention=convention)
    assert chosen.lags == compared.order(criterion)
    assert f"among {compared.orders[0]} to 4" in chosen.notes[-1].text
    if convention == "statsmodels":
        assert chosen.lags == 0


def test_order_0_can_be_asked_into_a_choice_and_out_of_it(noise):
    assert pv.fit_var(noise, lags="bic", max_lags=4).lags == 1
    assert pv.fit_var(noise, lags="bic", max_lags=4, min_lags=0).lags == 0
    assert pv.fit_var(noise, lags="bic", max_lags=4, min_lags=1, convention="statsmodels").lags == 1
    assert pv.fit_restricted_var(noise, restrictions={}, lags="bic", max_lags=4, min_lags=0).lags == 0
    with pytest.raises(pv.SpecificationError, match="min_lags= applies when lags= names a criterion"):
        pv.fit_var(noise, lags=1, min_lags=0)
    with pytest.raises(pv.SpecificationError, match=r"max_lags=2 is below the shortest order, 3"):
        pv.fit_var(noise, lags="bic", max_lags=2, min_lags=3)


def test_its_estimates_are_means_and_their_covariance(noise, model):
    values = noise.to_numpy()
    sigma = np.cov(values.T, ddof=1)
    np.testing.assert_allclose(model.params.loc["const"], values.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(model.sigma, sigma, rtol=1e-12)
    np.testing.assert_allclose(model.std_errors.loc["const"], np.sqrt(sigma.diagonal() / 100), rtol=1e-12)
    assert model.is_stable
    assert model.roots.size == 0
    assert "Root moduli  none" in str(model)
    assert model.nobs == 100


def test_nothing_propagates(model):
    responses = model.impulse_responses(3)
    np.testing.assert_allclose(responses.values[0], np.linalg.cholesky(model.sigma), rtol=1e-12)
    assert not responses.values[1:].any()
    np.testing.assert_allclose(model.forecast(3).values, np.tile(model.params.loc["const"], (3, 1)), rtol=1e-12)
    np.testing.assert_allclose(
        model.approximate_mse(2), np.tile(model.sigma * (1.0 + 1.0 / 100.0), (2, 1, 1)), rtol=1e-12
    )
    gamma = model.autocovariances(2)
    np.testing.assert_allclose(np.asarray(gamma).reshape(3, 2, 2)[0], model.sigma, rtol=1e-12)
    assert not np.asarray(gamma).reshape(3, 2, 2)[1:].any()
    path = model.simulate(5, seed=1)
    assert path.shape == (5, 2)


@pytest.mark.parametrize("bands", BANDS, ids=lambda bands: type(bands).__name__)
def test_bands_hold_the_impact_and_are_nothing_after_it(model, bands):
    responses = model.impulse_responses(2, bands=bands)
    lower, upper = responses.lower, responses.upper
    assert (lower[0].diagonal() < upper[0].diagonal()).all()
    assert not lower[1:].any()
    assert not upper[1:].any()


def test_questions_about_lags_are_answered_in_words(noise, model):
    for ask in (
        lambda: model.granger_causality("a", "b"),
        lambda: model.exclusion_test(equations="a", variables="b"),
        lambda: pv.granger_table(model),
        lambda: pv.granger_bootstrap_test(model, "a", "b"),
    ):
        with pytest.raises(pv.SpecificationError, match="A model without lags has n"):
            ask()
    with pytest.raises(pv.SpecificationError, match="leaves nothing to estimate"):
        pv.fit_var(noise, lags=0, trend="n")


def test_its_roots_can_be_drawn(model):
    figure = model.plot_roots()
    assert figure.axes[0].get_legend() is None
    plt.close(figure)
